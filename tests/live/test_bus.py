"""Redis between processes: numbering, history, epochs, and what happens when Redis is away."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from server.embedded import EmbeddedRedis
from server.live.bus import Bus, BusDown, Envelope, Whisper
from server.live.protocol import Position
from tests.live.classroom import an_event, until


class Ear:
    """Takes down what a bus hears."""

    def __init__(self) -> None:
        self.events: list[Envelope] = []
        self.whispers: list[Whisper] = []
        self.words: list[bytes] = []
        self.health: list[bool] = []

    def heard(self, envelope: Envelope) -> None:
        self.events.append(envelope)

    def whispered(self, whisper: Whisper) -> None:
        self.whispers.append(whisper)

    def called(self, word: bytes) -> None:
        self.words.append(word)

    def degraded(self, on: bool) -> None:
        self.health.append(on)

    async def mend(self) -> None:
        return


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    bus = Bus(redis_url)
    yield bus
    await bus.stop()


@pytest.fixture
async def fragile(own_redis: EmbeddedRedis) -> AsyncIterator[tuple[Bus, Ear]]:
    """A bus that listens, on a Redis that may be killed."""
    bus, ear = Bus(own_redis.url), Ear()
    bus.start(ear)
    await until(lambda: ear.health == [False])
    yield bus, ear
    await bus.stop()


async def test_offsets_of_a_channel_grow_by_one(bus: Bus) -> None:
    told = [await bus.publish("c", number, an_event(number)) for number in range(1, 4)]
    other = await bus.publish("d", 1, an_event(1))

    assert [position.offset for position in told] == [1, 2, 3] and other.offset == 1
    assert len({position.epoch for position in told}) == 1 and other.epoch != told[0].epoch
    assert await bus.position("c") == told[-1]


async def test_an_event_is_told_once_however_often_it_is_published(bus: Bus, redis_url: str) -> None:
    listening, ear = Bus(redis_url), Ear()
    listening.start(ear)
    await listening.listen("c")

    told = await asyncio.gather(*(bus.publish("c", "same", an_event(1)) for _ in range(50)))
    await bus.publish("c", "other", an_event(2))

    assert {position.offset for position in told} == {1}
    await until(lambda: len(ear.events) == 2)
    assert [envelope.offset for envelope in ear.events] == [1, 2]
    await listening.stop()


async def test_many_events_go_out_in_one_round_trip_and_in_order(bus: Bus) -> None:
    told = await bus.publish_many([("c", number, an_event(number)) for number in range(5)] + [("d", 1, an_event(1))])

    assert [position.offset for position in told] == [1, 2, 3, 4, 5, 1]
    assert await bus.publish_many([]) == []


async def test_history_gives_exactly_what_came_after(bus: Bus) -> None:
    first = await bus.publish("c", 1, an_event(1))
    for number in range(2, 6):
        await bus.publish("c", number, an_event(number))

    missed = await bus.since("c", first)

    assert missed is not None
    assert [envelope.offset for envelope in missed] == [2, 3, 4, 5]
    assert await bus.since("c", await bus.position("c")) == []


async def test_history_that_is_no_longer_kept_is_said_to_be_gone(redis_url: str) -> None:
    bus = Bus(redis_url, keep_events=100)
    first = await bus.publish("c", 0, an_event(0))
    await bus.publish_many([("c", number, an_event(number)) for number in range(1, 500)])

    recent = Position(epoch=first.epoch, offset=450)

    assert await bus.since("c", first) is None
    assert [envelope.offset for envelope in await bus.since("c", recent) or ()] == list(range(451, 501))
    await bus.stop()


@pytest.mark.parametrize("offset", [7, 10**15])
async def test_a_position_ahead_of_the_channel_is_of_another_time(bus: Bus, offset: int) -> None:
    told = await bus.publish("c", 1, an_event(1))

    assert await bus.since("c", Position(epoch=told.epoch, offset=offset)) is None
    assert await bus.since("c", Position(epoch="another", offset=1)) is None


async def test_an_emptied_redis_begins_a_new_epoch(bus: Bus, redis_url: str) -> None:
    before = await bus.publish("c", 1, an_event(1))
    redis.Redis.from_url(redis_url).flushall()

    after = await bus.publish("c", 2, an_event(2))

    assert after.offset == 1 and after.epoch != before.epoch
    assert await bus.since("c", before) is None


async def test_a_redis_that_forgot_only_the_history_gives_out_no_offset_twice(bus: Bus, redis_url: str) -> None:
    before = await bus.publish("c", 1, an_event(1))
    redis.Redis.from_url(redis_url).delete("dayi:{c}:stream", "dayi:{c}:seen")  # as an eviction does

    after = await bus.publish("c", 2, an_event(2))

    assert after == Position(epoch=before.epoch, offset=2)
    assert [envelope.offset for envelope in await bus.since("c", before) or ()] == [2]
    assert await bus.since("c", Position(epoch=before.epoch, offset=0)) is None


async def test_what_nobody_uses_expires(redis_url: str) -> None:
    bus = Bus(redis_url, keep_s=0.05)
    await bus.publish("c", 1, an_event(1))

    await until(lambda: not redis.Redis.from_url(redis_url).keys("dayi:*"))

    assert (await bus.position("c")).offset == 0
    await bus.stop()


async def test_a_channel_is_heard_only_while_it_is_listened_to(bus: Bus) -> None:
    ear = Ear()
    bus.start(ear)
    await bus.listen("c")
    await bus.publish("c", 1, an_event(1))
    await bus.unlisten("c")
    await bus.listen("d")
    await bus.publish("c", 2, an_event(2))

    await bus.publish("d", 3, an_event(3))

    await until(lambda: len(ear.events) == 2)
    assert [(envelope.channel, envelope.offset) for envelope in ear.events] == [("c", 1), ("d", 1)]


async def test_a_whisper_reaches_other_nodes_and_not_its_own(bus: Bus, redis_url: str) -> None:
    other, own_ear, other_ear = Bus(redis_url), Ear(), Ear()
    bus.start(own_ear)
    other.start(other_ear)
    await bus.listen("c")
    await other.listen("c")

    whispers = [Whisper("c", f'{{"ink":"墨 {n}"}}', False, "socket1") for n in range(100)]
    for each in whispers:
        bus.whisper(each)
    await until(lambda: len(other_ear.whispers) == 100)
    await bus.call(b"out someone")

    await until(lambda: own_ear.words and other_ear.words)
    assert other_ear.whispers == whispers
    assert own_ear.whispers == []
    await other.stop()


async def test_a_killed_redis_fails_at_once_and_comes_back_by_itself(
    own_redis: EmbeddedRedis, fragile: tuple[Bus, Ear]
) -> None:
    bus, ear = fragile
    await bus.listen("c")
    before = await bus.publish("c", 1, an_event(1))

    own_redis.kill()
    with pytest.raises(BusDown):
        await bus.publish("c", 2, an_event(2))
    await until(lambda: ear.health == [False, True])
    with pytest.raises(BusDown):
        await bus.listen("d")

    shutil.rmtree(own_redis.folder / "data")
    own_redis.start()
    await until(lambda: ear.health == [False, True, False])
    after = await bus.publish("c", 2, an_event(2))
    await until(lambda: ear.events[-1].position == after)
    assert after.epoch != before.epoch


async def test_a_redis_that_restarted_with_its_data_begins_a_new_epoch_as_its_last_second_may_be_lost(
    own_redis: EmbeddedRedis, fragile: tuple[Bus, Ear]
) -> None:
    bus, ear = fragile
    before = await bus.publish("c", 1, an_event(1))

    own_redis.stop()
    await until(lambda: ear.health[-1])
    own_redis.start()
    await until(lambda: not ear.health[-1])

    assert (await bus.position("c")).epoch != before.epoch


async def test_a_hung_redis_costs_half_a_second_and_no_lag(own_redis: EmbeddedRedis, fragile: tuple[Bus, Ear]) -> None:
    bus, ear = fragile
    await bus.publish("c", 1, an_event(1))
    os.kill(own_redis.pid, signal.SIGSTOP)
    try:
        waited = []
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(BusDown):
                await bus.publish("c", 2, an_event(2))
            waited.append(time.monotonic() - began)
            await until(lambda: ear.health == [False, True])
        assert waited[1] < waited[0] / 2  # only the first waits its half second
    finally:
        os.kill(own_redis.pid, signal.SIGCONT)
    await until(lambda: ear.health == [False, True, False])
    assert (await bus.publish("c", 2, an_event(2))).offset >= 2


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 8)), max_size=30))
def test_any_mix_of_repeats_numbers_each_event_once(redis_server: EmbeddedRedis, tries: list[tuple[str, int]]) -> None:
    async def publish_all() -> dict[str, list[int]]:
        bus = Bus(redis_server.url)
        told: dict[str, dict[int, int]] = {"a": {}, "b": {}}
        for channel, number in tries:
            offset = (await bus.publish(channel, number, an_event(number))).offset
            assert told[channel].setdefault(number, offset) == offset
        await bus.stop()
        return {channel: list(numbers.values()) for channel, numbers in told.items()}

    redis.Redis.from_url(redis_server.url).flushall()

    assert all(offsets == list(range(1, len(offsets) + 1)) for offsets in asyncio.run(publish_all()).values())


@pytest.mark.parametrize("turns", range(16))
async def test_a_bus_that_is_stopped_at_any_moment_of_its_start_stops(redis_url: str, turns: int) -> None:
    bus = Bus(redis_url)
    bus.start(Ear())
    for _ in range(turns):
        await asyncio.sleep(0)

    async with asyncio.timeout(60):
        await bus.stop()

    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("bus")]
