"""What playlists are made of on this node: where each take stands, and the bytes of its newest parts and segments.

Asked by however many players, Redis and the store are asked once: what is under way is shared, what came is kept for a
moment (where a take stands) or as long as there is room (bytes, which never change).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from media.cmaf import initialisation
from media.storage import FolderStorage, ObjectMissing, S3Storage
from server import observe
from server.actions.floor import MARK as VOICE
from server.actions.lecture_air import beginning_key, segment_key
from server.domain.replay import Edge, sequence
from server.live.bus import Bus, BusDown

FRESH_S = 0.05  # a quarter of a part
PATIENCE_S = 6.0  # that a player may wait for a part to come: a segment and a half
ROOM = 32 * 1024 * 1024  # bytes kept
INIT = "init.mp4"

T = TypeVar("T")
_NAME = re.compile(r"([pv]?)(\d{1,3})\.(\d{1,4})(\.\d{1,2})?\.m4s")
_BEGINNING = re.compile(r"([pv])(\d{1,3})\.mp4")


class _Once(Generic[T]):
    """Callers of one name while it is under way get the one answer."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[T]] = {}

    async def __call__(self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        task = self._under_way.get(name)
        if task is None:
            task = self._under_way[name] = asyncio.ensure_future(_asked(ask))
            task.add_done_callback(lambda _: self._under_way.pop(name, None))
        return await asyncio.shield(task)


async def _asked(ask: Callable[[], Awaitable[T]]) -> T:
    return await ask()


class Edges:
    def __init__(self, bus: Bus, storage: FolderStorage | S3Storage) -> None:
        self._bus, self._storage = bus, storage
        self._edges: dict[tuple[UUID, str], tuple[Edge | None, float]] = {}
        self._bytes: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._edge_once: _Once[Edge | None] = _Once()
        self._bytes_once: _Once[bytes | None] = _Once()

    async def edge(self, lecture: UUID, mark: str = "") -> Edge | None:
        """Where the track on the air stands that has this mark; None when nothing of it came for a minute."""
        known, at = self._edges.get((lecture, mark), (None, 0.0))
        if time.monotonic() - at < FRESH_S:
            return known
        return await self._edge_once(f"{lecture}{mark}", lambda: self._fetch_edge(lecture, mark))

    async def reached(self, lecture: UUID, number: int, part: int | None, mark: str = "") -> Edge | None:
        """The edge once it holds the segment with this media sequence number, or this part of it; after PATIENCE_S as
        it is."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            edge = await self.edge(lecture, mark)
            if edge is None or _holds(edge, number, part) or time.monotonic() > deadline:
                return edge
            await asyncio.sleep(FRESH_S)

    async def data(self, lecture: UUID, name: str) -> bytes | None:
        """The bytes of `init.mp4`, `TAKE.SEGMENT.m4s` or `TAKE.SEGMENT.PART.m4s`, or with its mark of another track, of
        which each take has a beginning, `pTAKE.mp4`; None when there are none."""
        if name == INIT:
            return initialisation()
        found, beginning = _NAME.fullmatch(name), _BEGINNING.fullmatch(name)
        if found is None and beginning is None:
            return None
        key = f"{lecture}/{name}"
        if key in self._bytes:
            self._bytes.move_to_end(key)
            return self._bytes[key]
        if beginning is not None and beginning[1] == VOICE:
            return initialisation()  # the sound's own
        if beginning is not None:
            stored = beginning_key(lecture, int(beginning[2]), beginning[1])
            return await self._bytes_once(key, lambda: self._kept(key, self._held(f"{lecture}.{name}", stored)))
        assert found is not None
        return await self._bytes_once(key, lambda: self._kept(key, self._fetch(lecture, found)))

    async def _kept(self, key: str, fetched: Awaitable[bytes | None]) -> bytes | None:
        """Kept before anybody who waits is told: who comes next finds it."""
        data = await fetched
        if data is not None:
            self._bytes[key] = data
            self._size += len(data)
            while self._size > ROOM:
                self._size -= len(self._bytes.popitem(last=False)[1])
        return data

    async def _fetch_edge(self, lecture: UUID, mark: str) -> Edge | None:
        try:
            kept = await self._bus.kept(f"{lecture}.{mark}edge")
        except BusDown:
            kept = None
        edge = None if kept is None else msgspec.json.decode(kept, type=Edge)
        now = time.monotonic()
        self._edges = {id: held for id, held in self._edges.items() if now - held[1] < PATIENCE_S}
        self._edges[lecture, mark] = edge, now
        return edge

    async def _fetch(self, lecture: UUID, name: re.Match[str]) -> bytes | None:
        """A part that is not there yet is waited for: players ask for the next one before it is."""
        mark, take, number, part = name[1], int(name[2]), int(name[3]), name[4]
        if part is not None:
            await self.reached(lecture, sequence(take, number), int(part[1:]), mark)
        stored = None if part is not None else segment_key(lecture, take, number, mark)
        return await self._held(f"{lecture}.{mark}{take}.{number}{part or ''}", stored)

    async def _held(self, name: str, stored: str | None) -> bytes | None:
        """From Redis while it is new, then from the store."""
        try:
            kept = await self._bus.kept(name)
        except BusDown:
            kept = None
        if kept is not None or stored is None:
            return kept
        observe.segment("read")
        try:
            return await self._storage.read(stored)
        except ObjectMissing:
            return None


def _holds(edge: Edge, number: int, part: int | None) -> bool:
    growing = sequence(edge.take, edge.first + len(edge.segments))
    if number < growing:
        return True
    return edge.over or (part is not None and number == growing and part < len(edge.parts))
