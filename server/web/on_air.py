"""The doors of who looks after lectures: what is on air or to come, and what came of one."""

from server.actions.errors import NotHere
from server.domain.people import Role
from server.live import protocol as wire
from server.store.lecture_figures import LectureFigures
from server.web.door import Call, Door

REVIEWER = frozenset({Role.REVIEWER})
KEEPERS = REVIEWER | {Role.LECTURER}


async def on_air(call: Call[None]) -> wire.OnAir:
    return await LectureFigures(call.parts.views).on_air()


async def lecture_figures(call: Call[None]) -> wire.LectureFigures:
    if await call.parts.views.rooms.side(call.person, call.id()) not in ("lecturer", "reviewer"):
        raise NotHere
    found = await LectureFigures(call.parts.views).of(call.id())
    if found is None:
        raise NotHere
    return found


DOORS = (
    Door("GET", "/api/on-air", on_air, REVIEWER, "Lectures on air, and those to come", reply=wire.OnAir, tag="rooms"),
    Door("GET", "/api/lectures/{id}/figures", lecture_figures, KEEPERS, "What came of a lecture",
         reply=wire.LectureFigures, tag="rooms"),
)  # fmt: skip
