"""A week as the Monday page and the archived reports see it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from server.domain.monday import Figures, Filter, Monday, PointFigures, Row, Share, monday
from server.domain.people import Subject
from server.domain.release import Point, Unit
from server.live import protocol as wire
from server.store import facts
from server.store.work import Work

WEEK, YEAR = timedelta(weeks=1), timedelta(weeks=52)
WEEKS_BACK = 26  # of the line through time


async def week_view(work: Work, asked: date | None, wanted: Filter) -> wire.MondayView:
    """The week that is asked for, or the last that was told; with what may be chosen beside it."""
    weeks = await facts.weeks_told(work)
    schools = await facts.schools(work)
    week = asked or (weeks[0] if weeks else None)
    if week is None:
        view = view_of(None, Monday.empty(), schools)
    else:
        view = view_of(week, await monday_of(work, week, wanted), schools)
        line = await facts.by_week(work, week, WEEKS_BACK, wanted)
        view.line = [wire.WeekSum(week=str(row.week), asked=row.asked, unanswered=row.unanswered) for row in line]
    view.weeks = [str(each) for each in weeks]
    view.schools = [wire.SchoolName(id=id, name=name) for id, name in schools.items()]
    return view


async def monday_of(work: Work, week: date, wanted: Filter, units: Iterable[Unit] | None = None) -> Monday:
    """A week beside the one before and the one a year before; its units may be at hand."""
    return monday(
        wanted,
        await facts.told(work, week, wanted.subject) if units is None else units,
        await facts.total(work, week - WEEK, wanted),
        await facts.askers_by_point(work, week - WEEK, wanted),
        await facts.askers_by_point(work, week - YEAR, wanted),
        await facts.enrolled(work),
    )


def view_of(week: date | None, found: Monday, schools: Mapping[UUID, str]) -> wire.MondayView:
    return wire.MondayView(
        week=None if week is None else str(week),
        weeks=[],
        schools=[],
        total=_figures(found.total),
        before=_figures(found.before),
        columns=[_name(point) for point in found.columns],
        rows=[_row(row, schools) for row in found.rows],
        points=_points(found.points),
        risen=_points(found.risen),
        fallen=_points(found.fallen),
        hardest=_points(found.hardest),
        line=[],
    )


def _share(share: Share | None) -> wire.ShareView | None:
    if share is None:
        return None
    return wire.ShareView(share=round(share.share, 5), low=round(share.low, 5), high=round(share.high, 5))


def _figures(figures: Figures) -> wire.WeekFigures:
    tally = figures.tally
    return wire.WeekFigures(
        asked=tally.asked,
        askers=figures.askers,
        solved=tally.solved,
        unanswered=tally.unanswered,
        reopened=tally.reopened,
        stuck=_share(figures.stuck),
        median_s=figures.wait(0.5),
        p95_s=figures.wait(0.95),
    )


def _name(point: Point) -> wire.PointName:
    return wire.PointName(subject=Subject(point.subject), stage=point.stage, name=point.name)


def _points(points: Sequence[PointFigures]) -> list[wire.PointWeek]:
    return [
        wire.PointWeek(
            point=_name(each.point),
            figures=_figures(each.figures),
            rate=_share(each.rate),
            week=_share(each.week),
            year=_share(each.year),
        )
        for each in points
    ]


def _row(row: Row, schools: Mapping[UUID, str]) -> wire.HeatRow:
    return wire.HeatRow(
        grade=row.grade,
        school=None if row.school is None else schools.get(row.school),
        school_id=row.school,
        enrolled=row.enrolled,
        cells=[
            None
            if cell is None
            else wire.HeatCell(asked=cell.tally.asked, askers=cell.askers, rate=_share(cell.rate(row.enrolled or 0)))
            for cell in row.cells
        ],
    )
