"""The doors of the research staff's Monday: a week at a glance, and the questions that stand for it."""

from datetime import date, timedelta

from server.actions.errors import BadRequest, NotHere
from server.domain.monday import Filter
from server.domain.people import Role, Stage, Subject
from server.domain.release import K, Point
from server.live import protocol as wire
from server.store import facts
from server.store.exemplars import exemplars
from server.store.weeks import week_view
from server.web.door import Call, Door

RESEARCHER = frozenset({Role.RESEARCHER})
GRADES = {Stage.PRIMARY: (1, 6), Stage.JUNIOR: (7, 9), Stage.SENIOR: (10, 12)}
FACETS = ("week", "subject", "grade", "school")


async def week(call: Call[None]) -> wire.MondayView:
    """The last whole week unless another is asked for; a week that was never told is one in which nobody asked."""
    async with call.parts.store.work() as work:
        return await week_view(work, _week(call), _filter(call))


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


DOORS = (
    Door("GET", "/api/research/week", week, RESEARCHER, "A week at a glance: where what was not understood",
         reply=wire.MondayView, tag="research", query=FACETS),
    Door("GET", "/api/research/exemplars", show_exemplars, RESEARCHER, "Five questions that stand for a cell",
         reply=wire.Exemplars, tag="research", query=(*FACETS, "stage", "point")),
)  # fmt: skip
