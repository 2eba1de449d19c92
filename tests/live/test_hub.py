"""A large room: told in slices, and still each event once and in order, whoever comes and goes meanwhile."""

from __future__ import annotations

import asyncio
import json
import random
from uuid import UUID, uuid4

import pytest

from server.live.bus import Bus
from server.live.channel import SLICE
from server.live.hub import Hub
from server.live.protocol import Close, Position
from tests.live.classroom import an_event, until


class Listener:
    """A socket that takes down what it is told."""

    def __init__(self) -> None:
        self.id = uuid4().hex
        self.person_id: UUID = uuid4()
        self.sign_in = self.id
        self.lane = None
        self.start = 0
        self.offsets: list[int] = []
        self.resynced = False

    def tell(self, frame: str) -> None:
        told = json.loads(frame)
        if told["frame"] == "event":
            self.offsets.append(told["offset"])

    def replay(self, frames: list[str]) -> None:
        for frame in frames:
            self.tell(frame)

    def offer(self, frame: str) -> None:
        raise AssertionError("nobody whispers here")

    def changed(self, channel: str) -> None:
        raise AssertionError("no session changes here")

    def dropped(self, channel: str) -> None:
        self.resynced = True

    def silent_s(self, now: float) -> float:
        return 0.0

    def check(self, now: float) -> None:
        return

    def close(self, code: Close) -> None:
        raise AssertionError("nobody is closed here")

    def has_each_once(self, last: int) -> bool:
        return self.offsets == list(range(self.start + 1, last + 1))


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whoever_comes_and_goes_while_a_large_room_is_told_hears_each_event_once(
    redis_url: str, seed: int
) -> None:
    chance, hub, events = random.Random(seed), Hub(Bus(redis_url)), 60
    hub.start()
    room = [Listener() for _ in range(3 * SLICE)]
    for listener in room:
        await hub.join(listener, "room", None)

    async def come_and_go() -> None:
        for _ in range(400):
            listener = chance.choice(room)
            hub.quit(listener, "room")
            if chance.random() < 0.5:
                await asyncio.sleep(0)
            known = listener.offsets[-1] if listener.offsets else 0
            epoch = (await hub.bus.position("room")).epoch if chance.random() < 0.1 else hub._channels["room"].epoch
            assert await hub.join(listener, "room", Position(epoch=epoch, offset=known))
            await asyncio.sleep(0)

    async def teach() -> None:
        for number in range(1, events + 1):
            await hub.bus.publish("room", number, an_event(number))

    await asyncio.gather(come_and_go(), teach())
    await until(lambda: all(len(listener.offsets) >= events for listener in room))

    assert all(listener.has_each_once(events) for listener in room)
    await hub.stop()


async def test_a_new_epoch_in_the_middle_of_telling_a_large_room_leaves_nothing_of_the_old(redis_url: str) -> None:
    hub = Hub(Bus(redis_url))
    hub.start()
    room = [Listener() for _ in range(3 * SLICE)]
    for listener in room:
        await hub.join(listener, "room", None)
    held = hub._channels["room"]
    told = await hub.bus.publish("room", 1, an_event(1))
    await until(lambda: held.is_telling or room[0].offsets)

    hub._begin_epoch(held, Position(epoch="new", offset=0))
    before = [list(listener.offsets) for listener in room]
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert told.offset == 1 and all(listener.resynced for listener in room)
    assert [listener.offsets for listener in room] == before
    await hub.stop()
