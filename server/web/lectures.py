"""The doors of lectures: the catalogue and a pupil's places, a lecturer's plans and materials."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.responses import Response

from server.actions import lecture_room, teach
from server.actions.errors import BadRequest, NotHere, Refusal, RoomClosed, TooEarly
from server.camera import picture_channel
from server.domain.calendar import Entry, ics
from server.domain.lecture import Plan
from server.domain.people import Role, Subject
from server.domain.room import LineState
from server.live import protocol as wire
from server.parts import Backstage
from server.store.lecture_views import Wanted
from server.store.room_views import Side
from server.store.work import lecture_channel, person_channel, room_channel, staff_channel
from server.web.air import live_sound
from server.web.door import Call, Door, Reply
from server.web.pulse import number_in

STUDENT = frozenset({Role.STUDENT})
LECTURER = frozenset({Role.LECTURER})
WATCHERS = STUDENT | LECTURER | {Role.REVIEWER}
KEEPERS = LECTURER | {Role.REVIEWER}  # of a room's order
LONGEST_SEARCH = 60


# --- pupils --------------------------------------------------------------------------------------------------------


async def catalogue(call: Call[None]) -> wire.Lectures:
    query = call.query
    after, _, after_id = query.get("after", "").partition("/")
    wanted = Wanted(
        subject=subject_in(query.get("subject", "")),
        grade=grade_in(query.get("grade", "")),
        words=query.get("words", "")[:LONGEST_SEARCH].replace("\0", ""),
        free_from=_moment(query.get("free_from", "")),
        free_until=_moment(query.get("free_until", "")),
        after=_moment(after),
        after_id=_id(after_id),
        over=query.get("over") == "1",
        reviewed_first=call.parts.views.replays_reviewed,
    )
    if (wanted.after is None) != (wanted.after_id is None):
        raise BadRequest("after is the beginning and the id of a lecture")
    return await call.parts.views.lectures.catalogue(call.person.id, wanted)


async def mine(call: Call[None]) -> wire.MyLectures:
    position = await call.parts.position(person_channel(call.person.id))
    lectures = await call.parts.views.lectures.mine(call.person.id)
    return wire.MyLectures(lectures=lectures, epoch=position.epoch, offset=position.offset)


async def snapshot(call: Call[None]) -> wire.LectureSnapshot:
    position = await call.parts.position(lecture_channel(call.id()))
    return wire.LectureSnapshot(lecture=await show(call), epoch=position.epoch, offset=position.offset)


async def show(call: Call[Any]) -> wire.LectureView:
    view = await call.parts.views.lectures.seen_by(call.person, call.id())
    if view is None:
        raise NotHere
    return view


async def enrol(call: Call[None]) -> wire.PlaceView:
    """Answered with the place alone: thousands may ask at once."""
    place = await call.parts.enrolling.join(call.id(), call.person.id)
    return wire.PlaceView(state=place.state, ahead=place.ahead)


async def leave(call: Call[None]) -> wire.LectureView:
    async with call.parts.store.work() as work:
        await teach.leave(work, call.person, call.id())
    return await show(call)


async def calendar(call: Call[None]) -> Response:
    view = await show(call)
    entry = Entry(
        uid=f"lecture-{view.id}@dayi",
        title=view.title,
        about=f"{view.lecturer_name}\n{view.about}".strip(),
        where=f"{call.parts.settings.origin}/lectures#lecture={view.id}",
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        changed_at=datetime.fromtimestamp(view.version / 1_000_000, view.starts_at.tzinfo),
        sequence=view.version // 1_000_000 - round(datetime(2026, 1, 1, tzinfo=view.starts_at.tzinfo).timestamp()),
        cancelled=view.state == "cancelled",
    )
    headers = {"Content-Disposition": f'attachment; filename="lecture-{view.id}.ics"'}
    return Response(ics(entry), headers=headers, media_type="text/calendar; charset=utf-8")


# --- the lecturer --------------------------------------------------------------------------------------------------


async def lecturer_state(call: Call[Any]) -> wire.LecturerState:
    views = call.parts.views.lectures
    return wire.LecturerState(lectures=await views.of_lecturer(call.person.id), schools=await views.schools())


async def plan(call: Call[wire.PlanLecture]) -> Reply:
    async with call.parts.store.work() as work:
        id = await teach.plan(work, call.person, plan_of(call.body), call.body.cover_id, call.key, work.began)
    view = await call.parts.views.lectures.seen_by(call.person, id)
    assert view is not None
    return Reply(view, status=201)


async def change(call: Call[wire.PlanLecture]) -> wire.LectureView:
    async with call.parts.store.work() as work:
        await teach.change(work, call.person, call.id(), plan_of(call.body), call.body.cover_id, work.began)
    return await show(call)


async def open_up(call: Call[None]) -> wire.LectureView:
    async with call.parts.store.work() as work:
        await teach.open_up(work, call.person, call.id(), work.began)
    return await show(call)


async def cancel(call: Call[wire.CancelLecture]) -> wire.LectureView:
    async with call.parts.store.work() as work:
        await teach.cancel(work, call.person, call.id(), call.body.why)
    return await show(call)


async def materials(call: Call[None]) -> list[wire.MaterialView]:
    view = await call.parts.views.lectures.seen_by(call.person, call.id())
    if view is None:
        raise NotHere
    if not call.person.is_a(Role.REVIEWER) and not await _teaches(call):
        raise NotHere
    return await call.parts.views.lectures.materials(call.id())


async def add_material(call: Call[wire.AddMaterial]) -> wire.LectureView:
    async with call.parts.store.work() as work:
        await teach.add_material(work, call.person, call.id(), call.body.material_id, call.body.name)
    return await show(call)


async def remove_material(call: Call[None]) -> wire.LectureView:
    async with call.parts.store.work() as work:
        await teach.remove_material(work, call.person, call.id(), call.id("material_id"))
    return await show(call)


async def _teaches(call: Call[Any]) -> bool:
    query = "SELECT FROM lectures WHERE id = %(id)s AND lecturer_id = %(person)s"
    return bool(await call.parts.store.rows(query, {"id": call.id(), "person": call.person.id}))


# --- the room ------------------------------------------------------------------------------------------------------


async def start(call: Call[None]) -> wire.RoomSnapshot:
    async with call.parts.store.work() as work:
        await lecture_room.start(work, call.person, call.id(), work.began)
    return await show_room(call)


async def end(call: Call[None]) -> wire.LectureView:
    async with call.parts.store.work() as work:
        await lecture_room.end(work, call.person, call.id(), work.began)
    return await show(call)


async def show_room(call: Call[Any]) -> wire.RoomSnapshot:
    side = await call.parts.views.rooms.side(call.person, call.id())
    if side is None:
        raise await _why_not(call)
    if side == "pupil":
        view = await call.parts.entering.join(call.id(), call.person.id)
    else:
        view = await _for_staff(call.parts, side, call.id())
    view.sound = live_sound(call, view.lecture)
    return view


async def enter(parts: Backstage, lecture: UUID, pupils: Sequence[UUID]) -> Sequence[wire.RoomSnapshot | Refusal]:
    """The room for pupils who come in at the same moment; `parts.entering` brings them together."""
    place = await _place(parts, lecture)
    views = await parts.views.rooms.for_pupils(lecture, pupils)
    return [NotHere() for _ in pupils] if views is None else [place(view) for view in views]


async def _for_staff(parts: Backstage, side: Side, lecture: UUID) -> wire.RoomSnapshot:
    place = await _place(parts, lecture)
    at = await parts.position(staff_channel(lecture))
    view = await parts.views.rooms.for_staff(side, lecture)
    if view is None:
        raise NotHere
    view.staff = wire.StaffChannel(channel=staff_channel(lecture), epoch=at.epoch, offset=at.offset)
    return place(view)


async def _place(parts: Backstage, lecture: UUID) -> Callable[[wire.RoomSnapshot], wire.RoomSnapshot]:
    """Where the channels stand before the room is read, for its pages to listen on from there."""
    room, pictures = await asyncio.gather(
        parts.position(room_channel(lecture)), parts.position(picture_channel(lecture))
    )

    def place(view: wire.RoomSnapshot) -> wire.RoomSnapshot:
        view.epoch, view.offset = room.epoch, room.offset
        view.pictures = wire.PictureChannel(
            channel=picture_channel(lecture), epoch=pictures.epoch, offset=pictures.offset
        )
        return view

    return place


async def _why_not(call: Call[Any]) -> Refusal:
    """A pupil with a seat is told that it is too early, or over; everybody else that there is nothing."""
    view = await call.parts.views.lectures.seen_by(call.person, call.id())
    if view is None or view.place is None or view.place.state != "seated":
        return NotHere()
    return TooEarly() if view.state == "open" else RoomClosed() if view.state != "live" else NotHere()


async def say(call: Call[wire.SayInRoom]) -> wire.LineView:
    body = call.body
    line = lecture_room.Line(call.person, body.line_id, body.kind, body.text)
    return await call.parts.saying.join(call.id(), line)


async def vote(call: Call[None]) -> None:
    if await call.parts.views.rooms.side(call.person, call.id()) != "pupil":
        raise NotHere
    await call.parts.voting.join((call.id(), number_in(call)), call.person.id)


async def judge(call: Call[wire.JudgeLine]) -> wire.LineView:
    async with call.parts.store.work() as work:
        return await lecture_room.judge(work, call.person, call.id(), number_in(call), LineState(call.body.becomes))


async def rule(call: Call[wire.RuleAuthor]) -> None:
    async with call.parts.store.work() as work:
        author = await lecture_room.rule(work, call.person, call.id(), number_in(call), call.body.rule)
    if call.body.rule == "remove":
        for channel in (room_channel(call.id()), picture_channel(call.id())):
            await call.parts.hub.expel(author, channel)


async def slow_down(call: Call[wire.SlowDown]) -> None:
    async with call.parts.store.work() as work:
        await lecture_room.slow_down(work, call.person, call.id(), call.body.slow_s)


async def attendance(call: Call[None]) -> wire.Attendance:
    if await call.parts.views.rooms.side(call.person, call.id()) not in ("lecturer", "reviewer"):
        raise NotHere
    return await call.parts.views.rooms.attendance(call.id())


def plan_of(body: wire.PlanLecture) -> Plan:
    return Plan(
        title=body.title,
        about=body.about,
        subject=body.subject,
        stage=body.stage,
        grades=tuple(body.grades),
        knowledge_points=tuple(body.knowledge_points),
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        capacity=body.capacity,
        schools=frozenset(body.schools),
    )


def subject_in(text: str) -> Subject | None:
    try:
        return Subject(text) if text else None
    except ValueError as error:
        raise BadRequest("there is no such subject") from error


def grade_in(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:3]) <= 12:
        raise BadRequest("a grade is 1 to 12")
    return int(text)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text[:40])
    except ValueError as error:
        raise BadRequest("a time is written as ISO 8601 says") from error
    if moment.tzinfo is None:
        raise BadRequest("a time needs its zone")
    return moment


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise BadRequest("that is no id") from error


DOORS = (
    Door("GET", "/api/lectures", catalogue, STUDENT, "Lectures that one may enrol in, or with over=1 watch again",
         reply=wire.Lectures, tag="lectures",
         query=("subject", "grade", "words", "free_from", "free_until", "after", "over")),
    Door("GET", "/api/lectures/mine", mine, STUDENT, "Where one holds a place", reply=wire.MyLectures, tag="lectures"),
    Door("GET", "/api/lectures/{id}", snapshot, WATCHERS, "A lecture", reply=wire.LectureSnapshot, tag="lectures"),
    Door("POST", "/api/lectures/{id}/enrol", enrol, STUDENT, "A seat, or a place on the waiting list",
         reply=wire.PlaceView, tag="lectures"),
    Door("POST", "/api/lectures/{id}/leave", leave, STUDENT, "Give the place back", reply=wire.LectureView,
         tag="lectures"),
    Door("GET", "/api/lectures/{id}/calendar", calendar, WATCHERS, "For a phone's calendar", tag="lectures",
         content_type="text/calendar"),
    Door("GET", "/api/lecturer", lecturer_state, LECTURER, "A lecturer's page as it stands",
         reply=wire.LecturerState, tag="lectures"),
    Door("POST", "/api/lectures", plan, LECTURER, "Plan a lecture", wire.PlanLecture, wire.LectureView, 201,
         needs_key=True, tag="lectures"),
    Door("POST", "/api/lectures/{id}/change", change, LECTURER, "Change the plan", wire.PlanLecture, wire.LectureView,
         tag="lectures"),
    Door("POST", "/api/lectures/{id}/open", open_up, LECTURER, "Let pupils enrol", reply=wire.LectureView,
         tag="lectures"),
    Door("POST", "/api/lectures/{id}/cancel", cancel, LECTURER, "It will not be held", wire.CancelLecture,
         wire.LectureView, tag="lectures"),
    Door("GET", "/api/lectures/{id}/materials", materials, LECTURER | {Role.REVIEWER}, "The pages that are brought",
         reply=list[wire.MaterialView], tag="lectures"),
    Door("POST", "/api/lectures/{id}/materials", add_material, LECTURER, "An upload becomes pages of the board",
         wire.AddMaterial, wire.LectureView, tag="lectures"),
    Door("POST", "/api/lectures/{id}/materials/{material_id}/remove", remove_material, LECTURER, "Leave one out",
         reply=wire.LectureView, tag="lectures"),
    # the room
    Door("POST", "/api/lectures/{id}/start", start, LECTURER, "On air; from now on this page draws",
         reply=wire.RoomSnapshot, tag="rooms"),
    Door("POST", "/api/lectures/{id}/end", end, KEEPERS, "It is over, for everybody", reply=wire.LectureView,
         tag="rooms"),
    Door("GET", "/api/lectures/{id}/room", show_room, WATCHERS, "The room with its whole board",
         reply=wire.RoomSnapshot, tag="rooms"),
    Door("POST", "/api/lectures/{id}/say", say, WATCHERS, "A line of chat, or a question", wire.SayInRoom,
         wire.LineView, tag="rooms"),
    Door("POST", "/api/lectures/{id}/lines/{number}/vote", vote, STUDENT, "I have the same question", tag="rooms"),
    Door("POST", "/api/lectures/{id}/lines/{number}/judge", judge, KEEPERS, "Show, hide, or answered", wire.JudgeLine,
         wire.LineView, tag="rooms"),
    Door("POST", "/api/lectures/{id}/lines/{number}/author", rule, KEEPERS, "What its author may do from now on",
         wire.RuleAuthor, tag="rooms"),
    Door("POST", "/api/lectures/{id}/slow", slow_down, KEEPERS, "The pace of the room", wire.SlowDown, tag="rooms"),
    Door("GET", "/api/lectures/{id}/attendance", attendance, KEEPERS, "Who was there, and for how long",
         reply=wire.Attendance, tag="rooms"),
)  # fmt: skip
