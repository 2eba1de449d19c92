"""Every page gets every event once and in order, whatever happens to its network, its node or Redis."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from server.embedded import EmbeddedRedis
from server.live.channel import RING_EVENTS
from server.live.hub import LINGER_S, Hub
from server.live.protocol import Close
from tests.live.classroom import Node, Page, SchoolDesk, an_event, until


class Reader:
    """A page that reads a channel through all its disconnects; fails at the first gap or double."""

    def __init__(self, nodes: list[Node], channel: str, chance: random.Random) -> None:
        self.nodes, self.channel, self.chance = nodes, channel, chance
        self.position = {"epoch": "", "offset": 0}
        self.numbers: list[int] = []
        self.disconnects = 0

    async def read(self, until_number: int, start: dict[str, Any]) -> None:
        self.position = start
        while not self.numbers or self.numbers[-1] < until_number:
            page = await self.chance.choice(self.nodes).page(resume={self.channel: self.position})
            await self._read_a_while(page, until_number)
            self.disconnects += 1

    async def _read_a_while(self, page: Page, until_number: int) -> None:
        for _ in range(self.chance.randint(0, 60)):
            frame = await page.next("event")
            assert frame["epoch"] == self.position["epoch"]
            assert frame["offset"] == self.position["offset"] + 1
            self.position = {"epoch": frame["epoch"], "offset": frame["offset"]}
            self.numbers.append(frame["event"]["n"])
            if self.numbers[-1] >= until_number:
                break
        if self.chance.random() < 0.5:
            page.vanish()
        else:
            await page.leave()


async def last_known(node: Node, channel: str) -> dict[str, Any]:
    position = await node.bus.position(channel)
    return {"epoch": position.epoch, "offset": position.offset}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_with_random_disconnects_every_page_sees_each_event_once_in_order(
    node: Node, other_node: Node, seed: int
) -> None:
    nodes, events = [node, other_node], 400
    start = await last_known(node, "c")
    readers = [Reader(nodes, "c", random.Random(seed * 100 + number)) for number in range(12)]

    async def teach() -> None:
        chance = random.Random(seed)
        for number in range(1, events + 1):
            await chance.choice(nodes).bus.publish("c", number, an_event(number))

    async with asyncio.TaskGroup() as together:
        for reader in readers:
            together.create_task(reader.read(events, start))
        together.create_task(teach())

    assert all(reader.numbers == list(range(1, events + 1)) for reader in readers)
    assert sum(reader.disconnects for reader in readers) > 20


async def test_a_page_that_missed_more_than_the_ring_is_served_from_redis(node: Node) -> None:
    start = await last_known(node, "c")
    await node.page("c")  # so that the node's ring is in use
    count = RING_EVENTS + 100
    await node.bus.publish_many([("c", number, an_event(number)) for number in range(1, count + 1)])

    page = await node.page(resume={"c": start})

    assert [(await page.next("event"))["offset"] for _ in range(count)] == list(range(1, count + 1))


async def test_a_page_that_missed_more_than_is_kept_loads_a_snapshot_and_goes_on_from_there(node: Node) -> None:
    start = await last_known(node, "c")
    await node.bus.publish_many([("c", number, an_event(number)) for number in range(1, 1502)])
    page = await node.bare_page()

    await page.hello(node.desk.ticket(), {"c": start})

    assert (await page.next("welcome"))["resync"] == ["c"]
    snapshot = await last_known(node, "c")
    await node.bus.publish("c", "next", an_event(1502))
    assert (await page.subscribe("c", snapshot))["offset"] == 1501
    assert (await page.next("event"))["offset"] == 1502


async def test_a_replay_larger_than_a_snapshot_asks_for_the_snapshot(node: Node) -> None:
    start = await last_known(node, "c")
    await node.bus.publish_many([("c", number, an_event(number, size=10_000)) for number in range(1, 31)])
    page = await node.page()

    await page.send(frame="subscribe", id="1", channel="c", position=start)

    assert (await page.next("resync"))["channel"] == "c"


async def test_a_page_of_another_epoch_loads_a_snapshot(node: Node) -> None:
    page = await node.bare_page()

    await page.hello(node.desk.ticket(), {"c": {"epoch": "of old", "offset": 3}})

    assert (await page.next("welcome"))["resync"] == ["c"]
    assert node.hub.members("c") == 0


async def test_the_welcome_comes_before_what_was_missed_in_each_channel(node: Node, desk: SchoolDesk) -> None:
    starts = {channel: await last_known(node, channel) for channel in ("a", "b")}
    await node.bus.publish_many([(channel, number, an_event(number)) for channel in "ab" for number in (1, 2)])
    page = await node.bare_page()

    await page.hello(desk.ticket(), starts)

    assert (await page.next("welcome"))["resumed"] == starts
    told = [await page.next("event") for _ in range(4)]
    assert [(frame["channel"], frame["offset"]) for frame in told] == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


async def test_a_node_that_missed_messages_fills_the_hole_before_it_tells_more(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await node.page("c")
    deaf: list[bool] = []
    heard = Hub.heard
    monkeypatch.setattr(Hub, "heard", lambda hub, envelope: deaf.append(True) if not deaf[2:] else heard(hub, envelope))
    for number in range(1, 4):
        await node.bus.publish("c", number, an_event(number))
    await until(lambda: len(deaf) == 3)

    await node.bus.publish("c", 4, an_event(4))

    assert [(await page.next("event"))["offset"] for _ in range(4)] == [1, 2, 3, 4]


@pytest.mark.usefixtures("quick_sweeps")
async def test_a_node_that_missed_the_last_message_finds_out_by_itself(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await node.page("c")
    monkeypatch.setattr(Hub, "heard", lambda hub, envelope: None)

    await node.bus.publish("c", 1, an_event(1))

    assert (await page.next("event"))["offset"] == 1


@pytest.mark.usefixtures("quick_sweeps")
async def test_a_channel_that_nobody_listens_to_is_let_go_after_a_while(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = [0.0]
    monkeypatch.setattr(node.hub, "_clock", lambda: time.monotonic() + ahead[0])
    page = await node.page("c")
    await page.leave()
    await until(lambda: node.hub.members("c") == 0)
    assert "c" in node.hub._channels

    ahead[0] = LINGER_S + 1

    await until(lambda: "c" not in node.hub._channels)
    ahead[0] = 0.0
    again = await node.page("c")
    await node.bus.publish("c", 1, an_event(1))
    assert (await again.next("event"))["offset"] == 1


async def test_redis_killed_and_empty_on_return_makes_every_page_load_its_snapshot(
    own_redis: EmbeddedRedis, desk: SchoolDesk
) -> None:
    async with Node(own_redis.url, desk) as node:
        page = await node.page("c")
        await node.bus.publish("c", 1, an_event(1))
        seen = await page.next("event")

        own_redis.kill()
        assert (await page.next("degraded"))["on"]
        late, later = await node.bare_page(), await node.bare_page()
        await late.hello(desk.ticket(), {"c": {"epoch": seen["epoch"], "offset": 1}})
        welcome = await late.next("welcome")
        assert welcome["degraded"] and list(welcome["resumed"]) == ["c"]  # the node's own ring knows
        await later.hello(desk.ticket(), {"unheard of": {"epoch": seen["epoch"], "offset": 1}})
        assert (await later.next("welcome"))["resync"] == ["unheard of"]
        shutil.rmtree(own_redis.folder / "data")
        own_redis.start()

        for listening in (page, late):
            assert (await listening.next("resync"))["channel"] == "c"
        for each in (page, late, later):
            assert not (await each.next("degraded"))["on"]
        snapshot = await last_known(node, "c")
        assert snapshot["epoch"] != seen["epoch"] and snapshot["offset"] == 0
        await page.subscribe("c", snapshot)
        await node.bus.publish("c", 2, an_event(2))
        assert (await page.next("event"))["offset"] == 1


async def test_while_redis_is_away_ink_still_passes_on_the_same_node(
    own_redis: EmbeddedRedis, desk: SchoolDesk
) -> None:
    async with Node(own_redis.url, desk) as node:
        page = await node.page("c")
        own_redis.kill()
        assert (await page.next("degraded"))["on"]

        node.hub.whisper("c", '{"frame":"ink"}')

        assert await page.next("ink") == {"frame": "ink"}


async def test_a_page_that_does_not_read_is_cut_and_resumes_while_the_others_are_on_time(node: Node) -> None:
    start = await last_known(node, "c")
    slow = [await node.page("c", max_queue=1) for _ in range(2)]
    others = [await node.page("c") for _ in range(10)]
    for page in slow:
        page.stop_reading()
    events, size, longest = 400, 20_000, 0.0

    for number in range(1, events + 1):  # 8 MB: more than the kernel holds for a page that doesn't read
        began = time.monotonic()
        await node.bus.publish("c", number, an_event(number, size))
        for page in others:
            assert (await page.next("event"))["offset"] == number
        longest = max(longest, time.monotonic() - began)
    await until(lambda: node.hub.members("c") == len(others))

    assert longest < 3.0  # neither of the slow ones' four seconds was waited for
    for page in slow:
        page.read_again()
        offset = await _last_offset(page)
        assert page.socket.close_code == Close.RESUME
        await _reads_on(node, {**start, "offset": offset}, events)


async def _reads_on(node: Node, position: dict[str, Any], last: int) -> None:
    """Resumes, or is told to load a snapshot where more was missed than a snapshot weighs."""
    page = await node.bare_page()
    await page.hello(node.desk.ticket(), {"c": position})
    welcome = await page.next("welcome")
    for offset in range(position["offset"] + 1, last + 1) if welcome["resumed"] else ():
        assert (await page.next("event"))["offset"] == offset
    assert welcome["resumed"] == {"c": position} or welcome["resync"] == ["c"]


async def _last_offset(page: Page) -> int:
    offset = 0
    try:
        while True:
            frame = await page.next("event")
            assert frame["offset"] == offset + 1
            offset = frame["offset"]
    except ConnectionClosed:
        return offset


async def test_a_page_that_takes_nothing_is_cut_though_little_waits_for_it(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await node.page("c")
    connection = next(node.hub.sockets())

    async def stuck(message: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(connection, "_send", stuck)
    await node.bus.publish("c", 1, an_event(1))
    await until(lambda: connection._pump is not None)  # type: ignore[attr-defined]
    now = time.monotonic()
    connection.check(now)
    connection.check(now + 1)
    assert node.hub.members("c") == 1

    connection.check(now + 5)

    assert node.hub.members("c") == 0
    page.vanish()


async def test_a_page_that_is_behind_gets_no_live_ink_but_every_event(node: Node) -> None:
    page = await node.page("c", max_queue=1)
    connection = next(node.hub.sockets())
    page.stop_reading()
    number = 0
    while connection._queued < 70_000:  # type: ignore[attr-defined]
        number += 1
        await node.bus.publish("c", number, an_event(number, 20_000))
        await until(lambda: node.hub._channels["c"].top == number)  # noqa: B023

    node.hub.whisper("c", '{"frame":"ink"}')
    node.hub.whisper("c", '{"frame":"signal"}', droppable=False)
    page.read_again()

    assert [(await page.next("event"))["offset"] for _ in range(number)] == list(range(1, number + 1))
    assert await page.next("signal") == {"frame": "signal"}
