"""A lecturer's camera beside her microphone on a node: who is sent it, what is kept, and what ends it alone."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from media.cmaf import SEGMENT
from media.picture_cmaf import KEY_PARTS
from server.actions import lecture_air
from server.camera import MARK, picture_channel
from server.desk import ServiceDesk
from server.domain.people import Person
from server.live.protocol import Air, Aired
from server.store.views import Views
from server.store.work import Store, room_channel
from tests.actions.test_air import (
    SAID,
    Ear,
    Node,
    ended,
    heard,
    lecture,
    lecturer,
    open_node,
    pupil,
    segments,
    slice_of,
    start,
    until,
    views,
)
from tests.builders import World
from tests.pictures import filmed, flashes_in

__all__ = ["lecture", "lecturer", "open_node", "pupil", "views"]

SHOWN = filmed(6.0, [2.0])


def shot(id: UUID, epoch: int, at: int = 0, until: int | None = None, **more: Any) -> Air:
    given: dict[str, Any] = {"take": "c1", "track": "camera", "beside": "t1", "after_ms": 1_000, "type": "video/webm"}
    data = base64.b64encode(more.pop("data", SHOWN)[at:until]).decode()
    return Air(lecture=id, room_epoch=epoch, at=at, ago_ms=0, bytes=data, **{**given, **more})


async def seen(ear: Ear) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in ear.frames if '"frame":"picture"' in frame]


async def test_the_picture_goes_to_who_wants_it_is_kept_once_and_swept_with_the_sound(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, views: Views, open_node: Callable[[], Node]
) -> None:
    epoch = await start(store, lecturer, lecture)
    here, there = open_node(), open_node()
    looks, listens = Ear(pupil.id), Ear(uuid4())
    for ear in (looks, listens):
        await there.hub.join(ear, room_channel(lecture), None)
    await there.hub.join(looks, picture_channel(lecture), None)
    assert (await here.studio.hears(lecturer, shot(lecture, epoch))).state == "gone"  # beside nothing
    await here.studio.hears(lecturer, slice_of(lecture, epoch, 0, 8_000, ago_ms=4_000))

    # a piece that came twice, one that is too far ahead, and the rest
    assert (await here.studio.hears(lecturer, shot(lecture, epoch, 0, 20_000))).at == 20_000
    assert (await here.studio.hears(lecturer, shot(lecture, epoch, 9_000, 30_000))).at == 30_000
    assert (await here.studio.hears(lecturer, shot(lecture, epoch, 50_000, 60_000))).at == 30_000
    room = await views.rooms.state(lecture)
    assert room is not None and room.take is not None and room.take.picture
    await here.studio.hears(lecturer, shot(lecture, epoch, 30_000))

    async def to_the_end() -> list[dict[str, Any]]:
        parts = await seen(looks)
        return parts if parts and parts[-1]["n"] >= 30 else []

    parts = await until(to_the_end)
    last = await here.studio.hears(lecturer, shot(lecture, epoch, len(SHOWN), last=True))
    assert (last.at, last.state) == (len(SHOWN), "on")
    room = await views.rooms.state(lecture)
    assert room is not None and room.take is not None and not room.take.picture  # and the sound goes on
    await until(lambda: heard(listens))
    assert not await seen(listens)
    numbers = [part["n"] for part in parts]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert [part["key"] for part in parts] == [number % KEY_PARTS == 0 for number in numbers]
    first = next(n for n, part in enumerate(parts) if part["key"])  # who comes begins here
    again = b"".join(base64.b64decode(part["bytes"]) for part in parts[first:])
    assert flashes_in(again) == pytest.approx([3.0], abs=0.07)  # its second second, on the sound's clock

    async def kept() -> list[Any]:
        found = await views.replays.pictures(lecture)
        return found if len(found) == 2 else []

    assert next((each.number, each.samples) for each in await until(kept)) == (0, SEGMENT)
    keys = [lecture_air.segment_key(lecture, 1, number, MARK) for number in (0, 1)]
    beginning = await here.storage.read(lecture_air.beginning_key(lecture, 1, MARK))
    stored = beginning + b"".join([await here.storage.read(key) for key in keys])
    assert flashes_in(stored) == pytest.approx([3.0], abs=0.07)
    edge = await there.edges.edge(lecture, MARK)
    assert edge is not None and (edge.take, edge.over) == (1, True)
    found = await asyncio.gather(*(there.edges.data(lecture, "p1.0.m4s") for _ in range(50)))
    assert len(set(found)) == 1 and await there.edges.data(lecture, "p1.mp4") == beginning
    assert [await there.edges.data(lecture, name) for name in ("p9.mp4", "q1.mp4", "p1.9.m4s", "pp1.0.m4s")] == [
        None
    ] * 4

    # on again: another recording, whose segments come after
    assert (await here.studio.hears(lecturer, shot(lecture, epoch, take="c2", last=False))).state == "on"
    await ended(store, lecturer, lecture)
    await here.studio._look()
    assert (await here.studio.hears(lecturer, shot(lecture, epoch, len(SHOWN), take="c2"))).state == "gone"
    await here.studio.stop()  # what was on its way to the store is there
    await lecture_air.sweep_lectures(store, here.storage, timedelta(0))
    assert await views.replays.pictures(lecture) == [] and await here.storage.list(f"lectures/{lecture}/") == []


async def test_what_is_wrong_with_a_camera_ends_the_picture_and_never_the_sound(
    store: Store,
    lecturer: Person,
    lecture: UUID,
    pupil: Person,
    views: Views,
    open_node: Callable[[], Node],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    epoch = await start(store, lecturer, lecture)
    node = open_node()
    await node.studio.hears(lecturer, slice_of(lecture, epoch, 0, 6_000))

    async def answer(slice: Air) -> Aired:
        return await node.studio.hears(lecturer, slice)

    async def pictured() -> bool:
        state = await views.rooms.state(lecture)
        assert state is not None and state.take is not None and state.take.number == 1
        return state.take.picture

    async def gone() -> bool:
        await node.studio._look()
        return not await pictured()

    # no camera's type, a time that has not come, no base64, and somebody else's
    assert (await answer(shot(lecture, epoch, type="text/html"))).state == "busy"
    assert (await answer(shot(lecture, epoch, after_ms=10_000_000))).state == "busy"
    assert (await answer(shot(lecture, epoch, after_ms=-1))).state == "busy"
    assert (await node.studio.hears(pupil, shot(lecture, epoch))).state == "gone"
    # no picture, an older recording's rest, one that is faster than anybody moves, and silence
    assert (await answer(shot(lecture, epoch, take="junk", data=b"<html>" * 3_000))).state == "on"
    await until(gone)
    assert (await answer(shot(lecture, epoch, 5_000, take="old"))).state == "gone"
    assert (await answer(shot(lecture, epoch, take="fast", after_ms=9_000, data=filmed(12.0)))).state == "on"
    await until(gone)
    assert (await answer(shot(lecture, epoch, take="flood", data=bytes(1_300_000)))).at == 0
    await until(gone)
    assert (await answer(shot(lecture, epoch, 0, 20_000, take="quiet"))).state == "on"
    assert await pictured()
    monkeypatch.setattr("server.camera.SILENT_S", 0.0)
    await until(gone)
    # the child of a picture dies; the sound's goes on to the end
    monkeypatch.setattr("server.camera.SILENT_S", 60.0)
    await answer(shot(lecture, epoch, 0, 20_000, take="killed"))
    shown = node.studio._takes[lecture, "t1"].camera
    assert shown is not None
    shown.drop()
    await until(gone)
    last = await answer(slice_of(lecture, epoch, 6_000, last=True))
    assert (last.at, last.state) == (len(SAID), "on") and len(await segments(views, lecture, 3)) == 3


async def test_only_who_is_in_the_room_may_listen_to_its_picture(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, world: World, views: Views
) -> None:
    await start(store, lecturer, lecture)
    desk = ServiceDesk(store, views)
    other = await world.student("anybody")

    may = [await desk.may_listen(who, picture_channel(lecture)) for who in (lecturer, pupil, other)]

    assert may == [True, True, False]
