"""A lecturer's microphone on a node: who is heard, what is kept, what becomes of what is lost, twice, or too much."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import av
import pytest
from sqlalchemy import func, update

from media.cmaf import SEGMENT, initialisation
from media.storage import FolderStorage, Stat, StorageFull
from server.actions import lecture_air, lecture_room
from server.actions.errors import BadRequest, NotAllowed, NotHere
from server.air import Studio
from server.domain.people import Person, Role
from server.domain.replay import sequence
from server.edges import INIT, Edges
from server.listeners import Listeners
from server.live.bus import Bus
from server.live.hub import Hub
from server.live.protocol import Air, Aired
from server.store import tables as t
from server.store.lecture_views import Wanted
from server.store.lines import Record
from server.store.views import Views
from server.store.work import Store, room_channel
from tests.actions.test_lectures import lecturer
from tests.actions.test_rooms import lecture, pupil, views
from tests.actions.test_rooms import start as begin
from tests.builders import World
from tests.sounds import clicks, heard_in, recorded

__all__ = ["lecture", "lecturer", "pupil", "views"]

SAID = recorded(clicks(9.0, [1.0, 4.0, 8.0]))


async def start(store: Store, who: Person, id: UUID) -> int:
    """It has been on air for a minute."""
    epoch = await begin(store, who, id)
    async with store.engine.begin() as connection:
        minute = {"started_at": func.clock_timestamp() - timedelta(minutes=1)}
        await connection.execute(update(t.lectures).where(t.lectures.c.id == id).values(**minute))
    return epoch


class Ear:
    """A page in the room, as the hub sees it."""

    def __init__(self, person: UUID) -> None:
        self.id, self.person_id, self.person_key, self.sign_in = uuid4().hex[:8], person, str(person), "s"
        self.lane = None
        self.frames: list[str] = []

    def tell(self, frame: str) -> None:
        self.frames.append(frame)

    def replay(self, frames: list[str]) -> None:
        self.frames += frames

    def offer(self, frame: str) -> None:
        self.frames.append(frame)

    def changed(self, channel: str) -> None: ...

    def dropped(self, channel: str) -> None: ...

    def silent_s(self, now: float) -> float:
        return 0.0

    def check(self, now: float) -> None: ...

    def close(self, code: int) -> None: ...


class Fills(FolderStorage):
    """A folder whose disk may be full."""

    full = False

    async def put(self, key: str, data: bytes | Path, content_type: str) -> Stat:
        if self.full:
            raise StorageFull("no space left")
        return await super().put(key, data, content_type)


class Node:
    def __init__(self, store: Store, redis_url: str, storage: Fills) -> None:
        self.bus = Bus(redis_url)
        self.hub = Hub(self.bus)
        self.storage = storage
        self.studio = Studio(store, storage, self.bus, self.hub)
        self.edges = Edges(self.bus, storage)

    async def stop(self) -> None:
        await self.studio.stop()
        await self.hub.stop()


@pytest.fixture
async def open_node(store: Store, redis_url: str, tmp_path: Path) -> AsyncIterator[Callable[[], Node]]:
    storage = Fills(tmp_path / "objects", "a secret of the tests")
    await storage.prepare()
    nodes: list[Node] = []

    def open_() -> Node:
        nodes.append(Node(store, redis_url, storage))
        nodes[-1].hub.start()
        return nodes[-1]

    yield open_
    for node in nodes:
        await node.stop()


def slice_of(id: UUID, epoch: int, at: int = 0, until: int | None = None, take: str = "t1", **more: Any) -> Air:
    """As if the take had begun as long ago as it lasts: nobody speaks ahead of the clock."""
    given = {"type": "audio/webm;codecs=opus", "ago_ms": 9_000, **more}
    return Air(lecture=id, room_epoch=epoch, take=take, at=at, bytes=base64.b64encode(SAID[at:until]).decode(), **given)


async def until(is_true: Callable[[], Any]) -> Any:
    """What other tasks and a child come to; nobody tells when."""
    async with asyncio.timeout(10):
        while not (found := await is_true()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def heard(ear: Ear) -> list[str]:
    return [frame for frame in ear.frames if '"frame":"sound"' in frame]


async def segments(views: Views, id: UUID, count: int) -> list[Any]:
    async def enough() -> list[Any]:
        found = await views.replays.segments(id)
        return found if len(found) >= count else []

    return await until(enough)


async def show(store: Store, who: Person, id: UUID, shown: bool) -> None:
    async with store.work() as work:
        await lecture_air.show_replay(work, who, id, shown)


async def ended(store: Store, by: Person, id: UUID) -> Record:
    async with store.work() as work:
        await lecture_room.end(work, by, id, await work.now())
    return (await store.rows("SELECT * FROM lectures WHERE id = %(id)s", {"id": id}))[0]


async def test_she_is_heard_on_every_node_and_again_afterwards(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, views: Views, open_node: Callable[[], Node]
) -> None:
    epoch = await start(store, lecturer, lecture)
    here, there = open_node(), open_node()
    ear, own = Ear(pupil.id), Ear(lecturer.id)
    await there.hub.join(ear, room_channel(lecture), None)
    here.hub.enter(own, 0.0)
    await here.hub.join(own, room_channel(lecture), None)

    # a piece that came twice, one that is too far ahead, and the rest
    assert (await here.studio.hears(lecturer, slice_of(lecture, epoch, 0, 6_000))).at == 6_000
    assert (await here.studio.hears(lecturer, slice_of(lecture, epoch, 4_000, 7_000))).at == 7_000
    assert (await here.studio.hears(lecturer, slice_of(lecture, epoch, 9_000, 9_500))).at == 7_000
    room = await views.rooms.state(lecture)
    assert room is not None and room.take is not None and not room.take.muted
    last = await here.studio.hears(lecturer, slice_of(lecture, epoch, 7_000, muted=True, last=True))

    assert (last.at, last.state) == (len(SAID), "on")
    kept = await segments(views, lecture, 3)
    assert [each.samples for each in kept[:2]] == [SEGMENT] * 2
    whole = initialisation() + b"".join(
        [await here.storage.read(lecture_air.segment_key(lecture, 1, each.number)) for each in kept]
    )
    assert heard_in(whole) == pytest.approx([1.0, 4.0, 8.0], abs=0.06)
    assert await here.storage.read(lecture_air.initialisation_key(lecture)) == initialisation()
    assert await heard(ear) and not await heard(own)  # nobody hears herself
    room = await views.rooms.state(lecture)
    assert room is not None and room.take is None

    # any node serves the newest parts, and asks the store once however many ask
    edge = await there.edges.edge(lecture)
    assert edge is not None and (edge.take, len(edge.segments)) == (1, 3)
    assert await there.edges.data(lecture, "1.0.3.m4s")
    found = await asyncio.gather(*(there.edges.data(lecture, "1.0.m4s") for _ in range(50)))
    assert len(set(found)) == 1 and await there.edges.data(lecture, INIT) == initialisation()
    assert [await there.edges.data(lecture, name) for name in ("9.9.m4s", "../x", "1.0.m4s.", "1.m4s")] == [None] * 4


async def test_only_the_page_that_draws_is_heard_and_a_node_that_has_not_got_a_take_says_so(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, open_node: Callable[[], Node]
) -> None:
    here, there = open_node(), open_node()
    early = await here.studio.hears(lecturer, slice_of(lecture, 0))
    first = await start(store, lecturer, lecture)
    assert (await here.studio.hears(lecturer, slice_of(lecture, first))).state == "on"
    second = await start(store, lecturer, lecture)

    answers = [
        early,  # before it was on air
        await here.studio.hears(pupil, slice_of(lecture, second, take="x")),
        await here.studio.hears(pupil, slice_of(lecture, second)),  # somebody else's take
        await here.studio.hears(lecturer, slice_of(lecture, first, take="t2")),
        await there.studio.hears(lecturer, slice_of(lecture, second, 5_000)),  # begun on another node
        await there.studio.hears(lecturer, slice_of(lecture, second)),
        await here.studio.hears(lecturer, slice_of(lecture, second, take="t3", type="text/html")),
        await here.studio.hears(lecturer, slice_of(uuid4(), second, take="t3")),
    ]

    assert [answer.state for answer in answers] == ["over", "over", "over", "fenced", "gone", "gone", "busy", "over"]
    await here.studio._look()  # the older tab's take ends within a second
    assert (await here.studio.hears(lecturer, slice_of(lecture, first, 5_000))).state == "gone"
    assert (await there.studio.hears(lecturer, slice_of(lecture, second, take="t4"))).state == "on"
    await ended(store, lecturer, lecture)
    await there.studio._look()
    assert (await there.studio.hears(lecturer, slice_of(lecture, second, take="t5"))).state == "over"


async def test_a_full_disk_costs_the_room_nothing_and_is_made_up_for(
    store: Store, lecturer: Person, lecture: UUID, views: Views, open_node: Callable[[], Node], monkeypatch: Any
) -> None:
    monkeypatch.setattr("server.rendition.REST_S", (0.01, 0.02))
    epoch = await start(store, lecturer, lecture)
    node = open_node()
    node.storage.full = True
    ear = Ear(uuid4())
    await node.hub.join(ear, room_channel(lecture), None)
    long = recorded(clicks(20.0, [1.0]))
    data = base64.b64encode(long).decode()
    told = slice_of(lecture, epoch, ago_ms=20_000)
    await node.studio.hears(
        lecturer, Air(lecture=lecture, room_epoch=epoch, take="t1", type=told.type, at=0, ago_ms=20_000, bytes=data)
    )

    async def waits() -> Aired | None:
        answer = await node.studio.hears(lecturer, slice_of(lecture, epoch, len(long), len(long)))
        return None if answer.kept else answer

    await until(waits)  # she is told
    await until(lambda: heard(ear))
    assert await node.edges.data(lecture, "1.0.m4s")  # and playlists go on, out of Redis
    node.storage.full = False

    assert [each.number for each in (await segments(views, lecture, 4))[:4]] == [0, 1, 2, 3]


async def test_what_comes_faster_than_anybody_speaks_is_dropped(
    store: Store, lecturer: Person, lecture: UUID, open_node: Callable[[], Node]
) -> None:
    epoch = await start(store, lecturer, lecture)
    node = open_node()
    await node.studio.hears(lecturer, slice_of(lecture, epoch, ago_ms=0))

    async def gone() -> bool:
        return (await node.studio.hears(lecturer, slice_of(lecture, epoch, len(SAID), len(SAID)))).state == "gone"

    assert await until(gone)


async def test_a_replay_is_for_whom_it_was_open_counts_each_viewer_once_and_is_swept(
    store: Store,
    lecturer: Person,
    lecture: UUID,
    pupil: Person,
    world: World,
    views: Views,
    open_node: Callable[[], Node],
) -> None:
    epoch = await start(store, lecturer, lecture)
    node = open_node()
    await node.studio.hears(lecturer, slice_of(lecture, epoch, last=True))
    await segments(views, lecture, 3)
    other, removed = await world.student("anybody"), await world.student("removed")
    listeners = Listeners(views)
    assert await listeners.may(pupil, lecture) and not await listeners.may(other, lecture)
    assert await views.replays.open_to(pupil, lecture) is None  # it goes on
    async with store.work() as work:
        await lecture_room.RoomBook(work).rule(lecture, removed.id, lecturer.id, muted=True, removed=True)
        await work.commit()
    over = await ended(store, lecturer, lecture)

    assert not await Listeners(views).may(pupil, lecture)
    listed = await views.lectures.catalogue(other.id, Wanted(over=True, words="函数"))
    waits = await views.lectures.catalogue(other.id, Wanted(over=True, reviewed_first=True))
    assert ([each.id for each in listed.lectures], waits.lectures) == ([lecture], [])
    assert [await views.replays.open_to(who, lecture) is not None for who in (pupil, other, lecturer, removed)] == [
        True, True, True, False,
    ]  # fmt: skip
    with pytest.raises(BadRequest):
        async with store.work() as work:
            await lecture_air.watch(work, pupil, lecture, 9_000, [(5_000, 4_000)], 4_000)
    for spans in ([(0, 3_000)], [(1_000, 3_000)], [(2_000, 6_000), (0, 500)]):
        async with store.work() as work:
            await lecture_air.watch(work, pupil, lecture, 9_000, spans, spans[-1][1])
    watched = await store.rows("SELECT spans::text, at_ms FROM lecture_watches", {})
    assert (watched[0].spans, watched[0].at_ms) == ("{[0,6000)}", 500)  # one row: the page that spoke last stood there
    for at_ms in (-1, 99_000):
        with pytest.raises(BadRequest):
            async with store.work() as work:
                await lecture_air.watch(work, pupil, lecture, 9_000, [], at_ms)
    seen = await store.rows("SELECT count(*) FROM lecture_watches w WHERE w.lecture_id = %(id)s", {"id": lecture})
    assert seen[0].count == 1

    # Its lecturer takes it away, a reviewer shows it; where a city reviews first, nobody sees it before that.
    reviewer = await world.person("reviewer", Role.REVIEWER)
    strict = replace(views, replays_reviewed=True).replays
    assert await strict.open_to(pupil, lecture) is None and await strict.open_to(reviewer, lecture) is not None
    for who, shown in ((lecturer, False), (reviewer, True), (lecturer, False)):
        await show(store, who, lecture, shown)
        assert (await strict.open_to(pupil, lecture) is not None) is shown
        assert (await views.replays.open_to(pupil, lecture) is not None) is shown
    for who, refusal in ((lecturer, NotAllowed), (pupil, NotHere)):
        with pytest.raises(refusal):
            await show(store, who, lecture, True)
    await show(store, reviewer, lecture, True)

    await lecture_air.sweep_lectures(store, node.storage, timedelta(days=60))
    assert await views.replays.open_to(pupil, lecture) is not None
    await lecture_air.sweep_lectures(store, node.storage, timedelta(0))

    assert await views.replays.open_to(pupil, lecture) is None
    assert await node.storage.list(f"lectures/{lecture}/") == [] and over.swept_at is None
    assert await views.replays.segments(lecture) == []


async def test_a_player_that_asks_for_what_is_not_there_yet_waits_for_it(
    store: Store, lecturer: Person, lecture: UUID, open_node: Callable[[], Node]
) -> None:
    epoch = await start(store, lecturer, lecture)
    node = open_node()
    await node.studio.hears(lecturer, slice_of(lecture, epoch, 0, 5_000))
    await until(lambda: node.edges.edge(lecture))
    asked = asyncio.create_task(node.edges.reached(lecture, sequence(1, 1), 2))
    part = asyncio.create_task(node.edges.data(lecture, "1.1.2.m4s"))

    await node.studio.hears(lecturer, slice_of(lecture, epoch, 5_000))

    edge, data = await asked, await part
    assert edge is not None and (len(edge.segments) > 1 or len(edge.parts) > 2)
    with av.open(io.BytesIO(initialisation() + (data or b""))) as opened:
        assert next(opened.demux(opened.streams.audio[0])).pts == SEGMENT + 2 * 5_120
