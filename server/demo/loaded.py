"""What a loaded demo has, and whether it is loaded. Each start asks that: nothing heavy is imported here."""

from datetime import UTC, date, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import func, select

from server.actions.facts import monday
from server.demo.problems import Problem, problems
from server.store import tables as t
from server.store.work import Store

ANSWERED = 12
ROSTER_DAYS = 14


def demo_id(name: str) -> UUID:
    """The same thing has the same id in every demo, so that loading twice changes nothing."""
    return uuid5(NAMESPACE_URL, f"dayi-demo:{name}")


async def is_loaded(store: Store) -> bool:
    """Whether there is nothing to load: a start need not wait for the models then."""
    wanted = [demo_id(f"answer:{problem.code}") for problem in answered_problems(ANSWERED)]
    async with store.reading() as connection:
        answers = await connection.execute(select(func.count()).where(t.answers.c.id.in_(wanted)))
        soon = func.clock_timestamp() + timedelta(days=ROSTER_DAYS / 2)
        shifts_left = await connection.execute(select(func.count()).where(t.shifts.c.ends_at > soon))
        versions = await connection.execute(select(func.count()).select_from(t.taxonomies))
        last = asked_id(monday(datetime.now(UTC)) - timedelta(weeks=1), 0)
        weeks = await connection.execute(select(func.count()).where(t.questions.c.id == last))
        whole = answers.scalar_one() == len(wanted)
        return bool(whole and shifts_left.scalar_one() and versions.scalar_one() and weeks.scalar_one())


def asked_id(week: date, number: int) -> UUID:
    """A question of the demo's past weeks (server/demo/weeks.py)."""
    return demo_id(f"asked in {week}:{number}")


def answered_problems(count: int) -> list[Problem]:
    """Those that the demo answers, spread over subjects and stages; those with a sibling in other numbers first, since
    they show the most."""
    varied = {problem.variant_of for problem in problems() if problem.variant_of}
    originals = [problem for problem in problems() if problem.variant_of is None]
    ranked = sorted(originals, key=lambda p: (p.code not in varied, p.code))
    taken: list[Problem] = []
    for _ in range(count):
        fewest = min(
            (p for p in ranked if p not in taken),
            key=lambda p: (sum(q.subject == p.subject for q in taken), sum(q.stage == p.stage for q in taken)),
        )
        taken.append(fewest)
    return taken
