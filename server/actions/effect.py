"""What came of teaching a topic, reckoned once, the night after the last week that it needs."""

from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

from server.actions.facts import SHANGHAI, last_night, monday
from server.domain.effect import (
    WEEKS,
    Effect,
    Question,
    Verdict,
    Window,
    beside_schools,
    beside_topics,
    window,
)
from server.domain.people import Stage, stage_of
from server.store import facts
from server.store.proposals import ProposalBook
from server.store.work import Record, Store

GROUPED_BACK = timedelta(
    days=27
)  # a new topic holds questions of the four weeks before it was found (server/topics.py)


async def compare(store: Store) -> int:
    """Tells of those that can be told of now; how many."""
    count = 0
    while await _one(store):
        count += 1
    return count


async def _one(store: Store) -> bool:
    async with store.work() as work:
        book = ProposalBook(work)
        told = monday(last_night(await work.now()))  # weeks before this one are grouped
        proposal = await book.to_compare(told - timedelta(weeks=WEEKS))
        if proposal is None:
            return False
        taught = proposal.taught_at.astimezone(SHANGHAI).date()
        found = await _effect(book, proposal, window(taught))
        await book.keep_effect(proposal.id, {**asdict(found), "taught_on": str(taught)})
        await work.commit()
    return True


async def _effect(book: ProposalBook, proposal: Record, when: Window) -> Effect:
    if proposal.born_on - GROUPED_BACK > when.before[0]:
        return Effect(Verdict.SHORT)
    asked = _numbered(await book.asked(proposal.topic, [*when.before, *when.after]))
    enrolled = await facts.enrolled(book.work)
    of_stage = frozenset(grade for grade in range(1, 13) if stage_of(grade) is Stage(proposal.stage))
    enrolled = {key: pupils for key, pupils in enrolled.items() if key[1] in of_stage}
    since, until = when.before[0], when.after[-1] + timedelta(days=6)
    elsewhere = await book.reached_otherwise(proposal.id, proposal.topic, since, until)
    if proposal.to_schools and all(row.schools for row in elsewhere):
        left_out = frozenset(UUID(str(s)) for row in elsewhere for s in row.schools) - set(proposal.to_schools)
        reached, grades = frozenset(proposal.to_schools), frozenset(proposal.to_grades)
        return beside_schools(asked, when, enrolled, reached, left_out, grades, of_stage)
    others = await book.untaught(proposal.topic, when.before[0] + GROUPED_BACK, when.before, when.after)
    return beside_topics(asked, when, sum(enrolled.values()), others, sorted(of_stage))


def _numbered(rows: list[Record]) -> list[Question]:
    numbers: dict[UUID, int] = {}
    return [Question(r.school_id, r.grade, r.week, numbers.setdefault(r.pupil_id, len(numbers))) for r in rows]
