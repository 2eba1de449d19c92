"""The doors of a room's pulse: polls, raised hands, "I'm lost", and the list of who may not speak."""

from typing import Any

from server.actions import pulse
from server.actions.errors import NotHere
from server.domain.people import Role
from server.domain.pulse import Poll
from server.live import protocol as wire
from server.web.door import Call, Door, Reply

STUDENT = frozenset({Role.STUDENT})
LECTURER = frozenset({Role.LECTURER})
KEEPERS = LECTURER | {Role.REVIEWER}


async def ask(call: Call[wire.AskPoll]) -> Reply:
    body = call.body
    poll = Poll(body.text, tuple(body.options), body.right)
    async with call.parts.store.work() as work:
        view = await pulse.ask(work, call.person, call.id(), body.poll_id, poll, work.began)
    return Reply(view, status=201)


async def answer(call: Call[wire.AnswerPoll]) -> None:
    await call.parts.polling.join((call.id(), number_in(call)), (call.person.id, call.body.option))


async def close(call: Call[None]) -> wire.PollView:
    async with call.parts.store.work() as work:
        return await pulse.close(work, call.person, call.id(), number_in(call))


async def raise_hand(call: Call[None]) -> wire.HandPlace:
    return await call.parts.raising.join(call.id(), call.person.id)


async def withdraw_hand(call: Call[None]) -> None:
    async with call.parts.store.work() as work:
        await pulse.withdraw_hand(work, call.person, call.id())


async def take_hand(call: Call[None]) -> wire.HandsView:
    async with call.parts.store.work() as work:
        await pulse.take_hand(work, call.person, call.id(), number_in(call))
    return await call.parts.views.pulse.hands(call.id())


async def hand_done(call: Call[None]) -> wire.HandsView:
    async with call.parts.store.work() as work:
        await pulse.hand_done(work, call.person, call.id(), number_in(call))
    return await call.parts.views.pulse.hands(call.id())


async def lost(call: Call[None]) -> None:
    await call.parts.losing.join(call.id(), call.person.id)


async def muted(call: Call[None]) -> wire.Muted:
    if await call.parts.views.rooms.side(call.person, call.id()) not in ("lecturer", "reviewer"):
        raise NotHere
    return wire.Muted(pupils=await call.parts.views.pulse.muted(call.id()))


def number_in(call: Call[Any]) -> int:
    """Of a line, a poll or a hand, in the path."""
    text = str(call.path["number"])
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise NotHere
    return int(text)


DOORS = (
    Door("POST", "/api/lectures/{id}/polls", ask, LECTURER, "Ask the room; a quiz names the right option",
         wire.AskPoll, wire.PollView, 201, tag="rooms"),
    Door("POST", "/api/lectures/{id}/polls/{number}/answer", answer, STUDENT, "One's answer, until it is closed",
         wire.AnswerPoll, tag="rooms"),
    Door("POST", "/api/lectures/{id}/polls/{number}/close", close, LECTURER, "No answers any more",
         reply=wire.PollView, tag="rooms"),
    Door("POST", "/api/lectures/{id}/hand", raise_hand, STUDENT, "Raise a hand; it stays where it is in the line",
         reply=wire.HandPlace, tag="rooms"),
    Door("POST", "/api/lectures/{id}/hand/withdraw", withdraw_hand, STUDENT, "Take the hand down", tag="rooms"),
    Door("POST", "/api/lectures/{id}/hands/{number}/take", take_hand, LECTURER, "Give this pupil the word",
         reply=wire.HandsView, tag="rooms"),
    Door("POST", "/api/lectures/{id}/hands/{number}/done", hand_done, LECTURER, "Take the word back",
         reply=wire.HandsView, tag="rooms"),
    Door("POST", "/api/lectures/{id}/lost", lost, STUDENT, "I have lost the thread", tag="rooms"),
    Door("GET", "/api/lectures/{id}/muted", muted, KEEPERS, "Who may not speak or be there", reply=wire.Muted,
         tag="rooms"),
)  # fmt: skip
