"""The doors of the research staff's Monday: a week at a glance, and the questions that stand for it."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from server.actions.errors import BadRequest, NotHere
from server.domain.monday import Figures, Filter, Monday, PointFigures, Row, Share, monday
from server.domain.people import Role, Stage, Subject
from server.domain.release import K, Point
from server.live import protocol as wire
from server.store import facts
from server.store.exemplars import exemplars
from server.store.work import Work
from server.web.door import Call, Door

RESEARCHER = frozenset({Role.RESEARCHER})
WEEK, YEAR = timedelta(weeks=1), timedelta(weeks=52)
WEEKS_BACK = 26  # of the line through time
GRADES = {Stage.PRIMARY: (1, 6), Stage.JUNIOR: (7, 9), Stage.SENIOR: (10, 12)}
FACETS = ("week", "subject", "grade", "school")


async def week(call: Call[None]) -> wire.MondayView:
    """The last whole week unless another is asked for; a week that was never told is one in which nobody asked."""
    wanted = _filter(call)
    async with call.parts.store.work() as work:
        weeks = await facts.weeks_told(work)
        asked = _week(call) or (weeks[0] if weeks else None)
        schools = await facts.schools(work)
        if asked is None:
            return _empty(schools)
        found = await the_week(work, asked, wanted)
        line = await facts.by_week(work, asked, WEEKS_BACK, wanted)
    return wire.MondayView(
        week=str(asked),
        weeks=[str(each) for each in weeks],
        schools=[wire.SchoolName(id=id, name=name) for id, name in schools.items()],
        total=_figures(found.total),
        before=_figures(found.before),
        columns=[_name(point) for point in found.columns],
        rows=[_row(row, schools) for row in found.rows],
        points=_points(found.points),
        risen=_points(found.risen),
        fallen=_points(found.fallen),
        hardest=_points(found.hardest),
        line=[wire.WeekSum(week=str(row.week), asked=row.asked, unanswered=row.unanswered) for row in line],
    )


async def the_week(work: Work, week: date, wanted: Filter) -> Monday:
    """A week beside the one before and the one a year before."""
    now, before, year = [await facts.told(work, each, wanted.subject) for each in (week, week - WEEK, week - YEAR)]
    return monday(wanted, now, before, year, await facts.enrolled(work))


async def show_exemplars(call: Call[None]) -> wire.Exemplars:
    """Of a cell that is told; of one that is not, as if it were not there."""
    wanted, week, name = _filter(call), _week(call), call.query.get("point", "")
    if wanted.subject is None or week is None or call.query.get("stage") not in list(Stage):
        raise BadRequest
    point = Point(wanted.subject, Stage(call.query["stage"]), name)
    async with call.parts.store.work() as work:
        units = await facts.told(work, week, wanted.subject)
    if sum(unit.askers for unit in units if unit.point == point and wanted.takes(unit)) < K:
        raise NotHere
    lowest, highest = GRADES[point.stage] if wanted.grade is None else (wanted.grade, wanted.grade)
    grades = {"from_grade": lowest, "to_grade": highest}
    cell = {"week": week, "subject": wanted.subject, "point": name, "school": wanted.school, **grades}
    return wire.Exemplars(exemplars=await exemplars(call.parts.views, cell))


def _filter(call: Call[None]) -> Filter:
    subject, grade = call.query.get("subject"), call.query.get("grade")
    if subject is not None and subject not in list(Subject):
        raise BadRequest
    if grade is not None and grade not in map(str, range(1, 13)):
        raise BadRequest
    school = call.asked_id("school")
    if school is None and "school" in call.query:
        raise BadRequest
    return Filter(subject, None if grade is None else int(grade), school)


def _week(call: Call[None]) -> date | None:
    if "week" not in call.query:
        return None
    try:
        week = date.fromisoformat(call.query["week"])
    except ValueError as error:
        raise BadRequest from error
    return week - timedelta(days=week.weekday())


def _empty(schools: dict[UUID, str]) -> wire.MondayView:
    nothing = _figures(Figures())
    return wire.MondayView(
        week=None,
        weeks=[],
        schools=[wire.SchoolName(id=id, name=name) for id, name in schools.items()],
        total=nothing,
        before=nothing,
        columns=[],
        rows=[],
        points=[],
        risen=[],
        fallen=[],
        hardest=[],
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


def _row(row: Row, schools: dict[UUID, str]) -> wire.HeatRow:
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


DOORS = (
    Door("GET", "/api/research/week", week, RESEARCHER, "A week at a glance: where what was not understood",
         reply=wire.MondayView, tag="research", query=FACETS),
    Door("GET", "/api/research/exemplars", show_exemplars, RESEARCHER, "Five questions that stand for a cell",
         reply=wire.Exemplars, tag="research", query=(*FACETS, "stage", "point")),
)  # fmt: skip
