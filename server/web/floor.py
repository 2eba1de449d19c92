"""The doors of the floor: a pupil is asked to speak, says yes or rather writes, and may be cut off."""

from server.actions import floor
from server.camera import picture_channel
from server.domain.people import Role
from server.live import protocol as wire
from server.store.work import room_channel
from server.web.door import Call, Door
from server.web.pulse import number_in

STUDENT = frozenset({Role.STUDENT})
LECTURER = frozenset({Role.LECTURER})
KEEPERS = LECTURER | {Role.REVIEWER}


async def ask_to_speak(call: Call[None]) -> wire.HandsView:
    async with call.parts.store.work() as work:
        await floor.ask(work, call.person, call.id(), number_in(call), work.began)
    return await call.parts.views.pulse.hands(call.id())


async def say_yes(call: Call[wire.SayYes]) -> wire.FloorOpened:
    body = call.body
    async with call.parts.store.work() as work:
        number = await floor.say_yes(work, call.person, call.id(), body.page, body.may_keep, work.began)
    return wire.FloorOpened(number=number)


async def leave_floor(call: Call[None]) -> None:
    async with call.parts.store.work() as work:
        await floor.leave(work, call.person, call.id())


async def cut_off(call: Call[wire.CutFloor]) -> None:
    async with call.parts.store.work() as work:
        pupil = await floor.cut(work, call.person, call.id(), call.body.then)
    if pupil is not None and call.body.then == "remove":
        for channel in (room_channel(call.id()), picture_channel(call.id())):
            await call.parts.hub.expel(pupil, channel)


DOORS = (
    Door("POST", "/api/lectures/{id}/hands/{number}/speak", ask_to_speak, LECTURER, "Ask this pupil to speak",
         reply=wire.HandsView, tag="rooms"),
    Door("POST", "/api/lectures/{id}/floor/yes", say_yes, STUDENT, "This page will be heard", wire.SayYes,
         wire.FloorOpened, tag="rooms"),
    Door("POST", "/api/lectures/{id}/floor/leave", leave_floor, STUDENT, "Said; or rather in writing", tag="rooms"),
    Door("POST", "/api/lectures/{id}/floor/cut", cut_off, KEEPERS, "Nobody hears it any more", wire.CutFloor,
         tag="rooms"),
)  # fmt: skip
