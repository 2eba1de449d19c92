"""One track of a take on its way out of the room: its newest parts for the playlists, its segments for the store.

Nothing here waits for the store: what it does not take is kept for a while and tried again, and the room goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from media.cmaf import SEGMENT, SEGMENT_PARTS
from media.storage import FolderStorage, S3Storage, StorageError
from server import observe
from server.actions.lecture_air import segment_key
from server.domain.replay import Edge
from server.live.bus import Bus, BusDown

UNKEPT = 64  # segments that wait for the store: four minutes; then the oldest is a gap in the replay
BEHIND = 3  # so many wait: the lecturer is told
REST_S = (1.0, 15.0)  # between two tries of a store that is away or full
LISTED = 6  # segments of a live playlist
KEPT_S = 60  # how long its bytes are at hand for every node

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ways:
    """Where a node's tracks go."""

    storage: FolderStorage | S3Storage
    bus: Bus
    tasks: set[asyncio.Task[None]]  # of tracks that are over too: their last segments are on the way


class Rendition:
    """`mark` tells the tracks of a lecture apart in names: none is the lecturer's sound. Without `listed` it is on the
    air and is not kept."""

    def __init__(
        self,
        ways: Ways,
        lecture: UUID,
        number: int,
        begun_at: datetime,
        *,
        beginning: tuple[str, bytes],
        mime: str,
        mark: str = "",
        first: int = 0,
        listed: Callable[[int, int, int], Awaitable[None]] | None,
    ) -> None:
        self._ways, self.lecture, self.number, self._begun_at = ways, lecture, number, begun_at
        self._beginning, self._mime, self._mark, self._listed = beginning, mime, mark, listed
        self.cut_at = first  # the segment that grows
        self._open: list[bytes] = []
        self._open_samples: list[int] = []
        self._segments: deque[int] = deque(maxlen=LISTED)  # samples of the newest
        self._unkept: deque[tuple[int, bytes, int]] = deque(maxlen=UNKEPT)
        self._wake = asyncio.Event()
        self._shared: list[tuple[str, bytes]] = [(f"{mark}{number}.mp4", beginning[1])]
        self._over = False
        self._told_over = False
        for work in (self._keep(), self._share()):
            task = asyncio.create_task(work, name="lecture to the store and the playlists")
            ways.tasks.add(task)
            task.add_done_callback(ways.tasks.discard)

    @property
    def is_kept(self) -> bool:
        return len(self._unkept) < BEHIND

    def _edge(self) -> Edge:
        first = self.cut_at - len(self._segments)
        whole = list(self._segments)
        return Edge(
            self.number, self._begun_at, first, whole, list(self._open_samples), first * SEGMENT, self._told_over
        )

    def add(self, made: bytes, samples: int) -> None:
        self._shared.append((f"{self._mark}{self.number}.{self.cut_at}.{len(self._open)}", made))
        self._open.append(made)
        self._open_samples.append(samples)
        if len(self._open) == SEGMENT_PARTS:
            self._cut()
        self._wake.set()

    def go_to(self, segment: int) -> None:
        """What comes now belongs to this one; what lies between was never there."""
        if segment > self.cut_at:
            if self._open:
                self._cut()
            self._segments.clear()
            self.cut_at = segment

    def end(self, *, over: bool) -> None:
        """Nothing is added any more; `over`: a player need not ask again."""
        if self._open:
            self._cut()
        self._over, self._told_over = True, over
        self._wake.set()

    def _cut(self) -> None:
        data, samples = b"".join(self._open), sum(self._open_samples)
        if self._listed is not None:
            if len(self._unkept) == UNKEPT:
                observe.segment("lost")
                log.error("a segment is lost: the store has not taken it", extra={"lecture": str(self.lecture)})
            self._unkept.append((self.cut_at, data, samples))
        self._shared.append((f"{self._mark}{self.number}.{self.cut_at}", data))
        self._segments.append(samples)
        self.cut_at += 1
        self._open, self._open_samples = [], []

    async def _keep(self) -> None:
        """To the store, and then into the list; until it is over and nothing waits."""
        rest = REST_S[0]
        begun = False
        while True:
            while not self._unkept:
                if self._over:
                    return
                self._wake.clear()
                await self._wake.wait()
            number, data, samples = self._unkept[0]
            assert self._listed is not None
            try:
                if not begun:
                    await self._ways.storage.put(*self._beginning, self._mime)
                    begun = True
                key = segment_key(self.lecture, self.number, number, self._mark)
                await self._ways.storage.put(key, data, self._mime)
                await self._listed(number, samples, len(data))
                observe.segment("written")
            except Exception as error:
                kind = logging.WARNING if isinstance(error, StorageError) else logging.ERROR
                log.log(kind, "a segment waits for the store", extra={"why": repr(error)})
                await asyncio.sleep(rest)
                rest = min(2 * rest, REST_S[1])
                continue
            rest = REST_S[0]
            if (
                self._unkept and self._unkept[0][0] == number
            ):  # else it was pushed out meanwhile, and is kept all the same
                self._unkept.popleft()

    async def _share(self) -> None:
        """What playlists need, in Redis for a minute: every node serves them."""
        known: Edge | None = None
        while True:
            edge = self._edge()
            if edge != known:
                some, self._shared = self._shared, []
                items = {f"{self.lecture}.{name}": data for name, data in some}
                items[f"{self.lecture}.{self._mark}edge"] = msgspec.json.encode(edge)
                with suppress(BusDown):  # then the live playlist rests; the segments are in the store
                    await self._ways.bus.keep(items, KEPT_S)
                known = edge
            if self._edge() == known:
                if self._over:
                    return
                self._wake.clear()
                await self._wake.wait()
