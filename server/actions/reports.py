"""Weekly reports: made once when a week was told, for the city and each school that has something to be told of."""

from datetime import date, timedelta
from uuid import UUID

from server.actions.facts import monday
from server.domain.monday import Filter
from server.live import protocol as wire
from server.store import facts, reports
from server.store.weeks import monday_of, view_of
from server.store.work import Store

LATE = timedelta(weeks=4)  # older weeks than that are not reported on when a service was down


async def archive(store: Store) -> list[date]:
    """Archives the reports that are missing; which weeks they are of."""
    async with store.work() as work:
        weeks = await reports.weeks_without(work, monday(work.began) - LATE)
    for week in weeks:
        async with store.work() as work:
            units, names = await facts.told(work, week), await facts.schools(work)
            schools = sorted({unit.school for unit in units if unit.school is not None}, key=str)
            views: dict[UUID | None, wire.MondayView] = {}
            for school in (None, *schools):
                found = await monday_of(work, week, Filter(school=school), units)
                views[school] = view_of(week, found, names)
            await reports.archive(work, week, views)
            await work.commit()
    return weeks
