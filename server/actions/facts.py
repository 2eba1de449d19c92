"""The facts of questions follow what happens to them, and each night what is told of the weeks follows the facts."""

from datetime import date, datetime, timedelta, timezone

from server.domain.release import release
from server.store.bank import Bank
from server.store.facts import Facts
from server.store.work import Store

SHANGHAI = timezone(timedelta(hours=8))
NIGHT_H = 4  # o'clock: what changed before is told from then on, and not again before the next night


async def follow(store: Store) -> int:
    """Makes the facts of questions anew that changed; how many. One transaction a batch, safe to repeat and to kill."""
    count = 0
    while True:
        async with store.work() as work:
            facts = Facts(work)
            if not await facts.take_turn():
                return count
            questions = await facts.due()
            if not questions:
                return count
            await facts.renew(questions)
            await Bank(work).follow(questions)
            await work.commit()
        count += len(questions)


async def rebuild(store: Store) -> None:
    """Every fact from its question alone, and every week told anew: the same as what following has made."""
    async with store.work() as work:
        facts = Facts(work)
        await facts.wait_turn()
        await facts.renew_all()
        await work.commit()
    async with store.work() as work:
        now = work.began
        weeks = await Facts(work).weeks_over(monday(now))
    await _tell(store, weeks)


async def tell(store: Store) -> list[date]:
    """Tells the weeks that are over and changed since the last night; the week that runs is told of when it is over, so
    that nobody sees one question come. Which they were."""
    async with store.work() as work:
        now = work.began
        weeks = await Facts(work).weeks_to_tell(monday(now), last_night(now))
    await _tell(store, weeks)
    return weeks


async def _tell(store: Store, weeks: list[date]) -> None:
    if weeks:
        async with store.work() as work:
            await Facts(work).count_enrolled()
            await work.commit()
    for week in weeks:
        async with store.work() as work:
            facts = Facts(work)
            await facts.wait_turn()
            await facts.tell(week, release(await facts.cells(week)))
            await Bank(work).tell(week)
            await work.commit()


def monday(now: datetime) -> date:
    """The first day of the week that runs in the city."""
    today = now.astimezone(SHANGHAI).date()
    return today - timedelta(days=today.weekday())


def last_night(now: datetime) -> datetime:
    local = now.astimezone(SHANGHAI)
    night = local.replace(hour=NIGHT_H, minute=0, second=0, microsecond=0)
    return night if night <= local else night - timedelta(days=1)
