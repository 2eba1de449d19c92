"""Topics as research staff see them: in whole weeks, and nothing that fewer than five pupils asked."""

from datetime import date, datetime, timedelta

from server.actions.facts import monday
from server.domain.people import Stage, Subject
from server.live import protocol as wire
from server.store import topics
from server.store.work import Store

WEEKS = 4
FEWEST = 5
MOST = 60
LONGEST = 300


async def listed(store: Store, subject: Subject, stage: Stage, now: datetime) -> wire.TopicList:
    weeks = [monday(now) - timedelta(weeks=n) for n in range(1, WEEKS + 1)]
    rows = await topics.listed(store, str(subject), str(stage), weeks, FEWEST, MOST)
    texts = await topics.texts(store, [id for row in rows for id in row.exemplars])
    return wire.TopicList(
        weeks=[week.isoformat() for week in weeks],
        topics=[
            wire.TopicView(
                number=row.id,
                name=row.name,
                terms=row.terms,
                exemplars=[texts[id][:LONGEST] for id in row.exemplars if id in texts],
                born_on=row.born_on.isoformat(),
                is_new=_is_new(row.born_on, weeks),
                askers=[told(askers, askers) for askers in row.askers],
                asked=[told(asked, askers) for asked, askers in zip(row.asked, row.askers, strict=True)],
                growth=growth(row.askers),
                proposals=row.proposals,
            )
            for row in rows
        ],
    )


def told(count: int, askers: int) -> int | None:
    return count if askers >= FEWEST else None


def growth(askers: list[int]) -> float | None:
    """The last week beside the mean of those before, where all that is compared may be told."""
    before = [count for count in askers[1:] if count >= FEWEST]
    if askers[0] < FEWEST or not before:
        return None
    return round(askers[0] / (sum(before) / len(before)), 2)


def _is_new(born: date, weeks: list[date]) -> bool:
    return born >= weeks[0]
