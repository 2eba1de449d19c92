"""Lecturers' microphones that came to this node: packed once, and handed to the rooms, the store and the playlists.

A take lives here and nowhere else. When this process dies, the page hears from another that its take is gone and begins
the next one; what is lost is what was under way. Nothing here waits for the store: what it does not take is kept for a
while and tried again, and the room hears it all the same.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from media.cmaf import MIME, PART, RATE, SEGMENT, SEGMENT_PARTS, initialisation
from media.storage import FolderStorage, S3Storage, StorageError
from media.stream import Overrun, Packager, format_of
from server import observe
from server.actions import lecture_air
from server.actions.errors import BadRequest, Fenced, Moved, NotHere, Refusal, RoomClosed
from server.domain.people import Person, Role
from server.domain.replay import Edge
from server.live.bus import Bus, BusDown
from server.live.hub import Hub
from server.live.protocol import Air, Aired, Sound, encode
from server.store.work import Store, room_channel

LOOK_S = 1.0  # how often it is asked whether the lecture, and this page in it, are still on the air
SILENT_S = 60.0  # a take of which nothing came for so long is over
STALE_MS = 3_000  # what arrives so late goes to the replay alone: the room is further on
AHEAD_MS = 5_000  # nobody has spoken for longer than there was time
UNKEPT = 64  # segments that wait for the store: four minutes; then the oldest is a gap in the replay
BEHIND = 3  # so many wait: the lecturer is told
REST_S = (1.0, 15.0)  # between two tries of a store that is away or full
MOST_HERE = 32  # takes of a node
MOST_BYTES = 128 * 1024 * 1024  # of a take: three hours at five times the usual rate
LISTED = 6  # segments of a live playlist
KEPT_S = 60  # how long its bytes are at hand for every node

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Take:
    """One take on its way."""

    lecture: UUID
    person: UUID
    name: str
    epoch: int
    number: int
    start_ms: int
    began: float  # when the lecture's clock stood at 0, by this process's
    begun_at: datetime
    packager: Packager
    muted: bool = False
    received: int = 0
    heard_at: float = 0.0
    state: str = "on"
    samples: int = 0
    open: list[bytes] = field(default_factory=list)
    open_samples: list[int] = field(default_factory=list)
    segments: deque[int] = field(default_factory=lambda: deque(maxlen=LISTED))  # samples of the newest
    cut: int = 0  # segments so far
    unkept: deque[tuple[int, bytes, int]] = field(default_factory=lambda: deque(maxlen=UNKEPT))
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    shared: list[tuple[str, bytes]] = field(default_factory=list)

    def now_ms(self) -> int:
        return round((time.monotonic() - self.began) * 1000)

    @property
    def edge(self) -> Edge:
        first = self.cut - len(self.segments)
        whole = list(self.segments)
        over = self.state == "over"
        return Edge(self.number, self.begun_at, first, whole, list(self.open_samples), first * SEGMENT, over)


class Studio:
    """The takes of this node. `watch` runs beside it; `stop` ends them all."""

    def __init__(self, store: Store, storage: FolderStorage | S3Storage, bus: Bus, hub: Hub) -> None:
        self._store, self._storage, self._bus, self._hub = store, storage, bus, hub
        self._takes: dict[tuple[UUID, str], Take] = {}
        self._tasks: set[asyncio.Task[None]] = set()  # of takes that are over too: their last segments are on the way
        self._opening = asyncio.Lock()

    async def hears(self, person: Person, slice: Air) -> Aired:
        """A slice of a take, which begins with its first one; only the page that draws is heard."""
        take = self._takes.get((slice.lecture, slice.take))
        if take is None and slice.at > 0:
            return _answer(slice, "gone")
        if take is None:
            async with self._opening:
                take = self._takes.get((slice.lecture, slice.take))
                try:
                    take = take or await self._begin(person, slice)
                except Fenced:
                    return _answer(slice, "fenced")
                except Moved:
                    return _answer(slice, "gone")
                except (NotHere, RoomClosed):
                    return _answer(slice, "over")
                except (Refusal, OSError):
                    return _answer(slice, "busy")
        if take.person != person.id:
            return _answer(slice, "over")
        if take.state != "on" or take.packager.is_over:
            return _answer(slice, take.state if take.state != "on" else "gone")
        self._receive(take, slice)
        if slice.muted != take.muted:
            take.muted = slice.muted
            async with self._store.work() as work:
                await lecture_air.mute(work, take.lecture, take.number, take.muted)
        if slice.last:
            await self._end(take, "gone")
        kept = len(take.unkept) < BEHIND
        return Aired(lecture=take.lecture, take=take.name, at=take.received, state="on", kept=kept)

    def _receive(self, take: Take, slice: Air) -> None:
        take.heard_at = time.monotonic()
        if slice.at > take.received:
            return  # a piece is missing before it: the page sends from where we are
        try:
            data = base64.b64decode(slice.bytes, validate=True)
        except ValueError:
            return
        fresh = data[take.received - slice.at :]
        if take.received + len(fresh) > MOST_BYTES:
            self._drop(take)
            return
        try:
            take.packager.take(fresh)
        except Overrun:
            self._drop(take)
            return
        take.received += len(fresh)

    async def _begin(self, person: Person, slice: Air) -> Take:
        form = format_of(slice.type)
        if not person.is_a(Role.LECTURER):
            raise NotHere
        if form is None or len(self._takes) >= MOST_HERE:
            raise BadRequest
        async with self._store.work() as work:
            begun = await lecture_air.begin(work, person, slice.lecture, slice.room_epoch, slice.take, slice.ago_ms)
        for other in [each for each in self._takes.values() if each.lecture == slice.lecture]:
            await self._end(other, "fenced" if other.epoch != slice.room_epoch else "gone")
        now = time.monotonic()
        take: Take
        packager = await Packager.open(form, lambda made, samples: self._heard(take, made, samples))
        take = Take(
            lecture=slice.lecture,
            person=person.id,
            name=slice.take,
            epoch=slice.room_epoch,
            number=begun.number,
            start_ms=begun.start_ms,
            began=now - begun.now_ms / 1000,
            begun_at=datetime.now(UTC) - timedelta(milliseconds=begun.now_ms - begun.start_ms),
            packager=packager,
            heard_at=now,
        )
        self._takes[take.lecture, take.name] = take
        tasks = [
            asyncio.create_task(self._keep(take), name="lecture to the store"),
            asyncio.create_task(self._share(take), name="lecture to the playlists"),
        ]
        self._tasks.update(tasks)
        for task in tasks:
            task.add_done_callback(self._tasks.discard)
        return take

    # What is packed.

    def _heard(self, take: Take, made: bytes, samples: int) -> None:
        at_ms = take.start_ms + round(take.samples * 1000 / RATE)
        number = take.samples // PART
        take.samples += samples
        now = take.now_ms()
        if at_ms > now + AHEAD_MS:
            self._drop(take)
            return
        if take.state == "on" and at_ms > now - STALE_MS:
            data = base64.b64encode(made).decode()
            sound = Sound(lecture=take.lecture, take=take.number, n=number, at_ms=at_ms, bytes=data)
            self._hub.whisper(room_channel(take.lecture), encode(sound).decode(), but=str(take.person))
        take.shared.append((f"{take.number}.{take.cut}.{len(take.open)}", made))
        take.open.append(made)
        take.open_samples.append(samples)
        if len(take.open) == SEGMENT_PARTS:
            self._cut(take)
        take.wake.set()

    def _cut(self, take: Take) -> None:
        data, samples = b"".join(take.open), sum(take.open_samples)
        if len(take.unkept) == UNKEPT:
            observe.segment("lost")
            log.error("a segment is lost: the store has not taken it", extra={"lecture": str(take.lecture)})
        take.unkept.append((take.cut, data, samples))
        take.shared.append((f"{take.number}.{take.cut}", data))
        take.segments.append(samples)
        take.cut += 1
        take.open, take.open_samples = [], []

    async def _keep(self, take: Take) -> None:
        """To the store, and then into the list; until the take is over and nothing waits."""
        rest = REST_S[0]
        begun = False
        while True:
            while not take.unkept:
                if take.state != "on":
                    return
                take.wake.clear()
                await take.wake.wait()
            number, data, samples = take.unkept[0]
            try:
                if not begun:
                    await self._storage.put(lecture_air.initialisation_key(take.lecture), initialisation(), MIME)
                    begun = True
                key = lecture_air.segment_key(take.lecture, take.number, number)
                await self._storage.put(key, data, MIME)
                await self._list(take, number, samples, len(data))
                observe.segment("written")
            except Exception as error:
                kind = logging.WARNING if isinstance(error, StorageError) else logging.ERROR
                log.log(kind, "a segment waits for the store", extra={"why": repr(error)})
                await asyncio.sleep(rest)
                rest = min(2 * rest, REST_S[1])
                continue
            rest = REST_S[0]
            if (
                take.unkept and take.unkept[0][0] == number
            ):  # else it was pushed out meanwhile, and is kept all the same
                take.unkept.popleft()

    async def _list(self, take: Take, number: int, samples: int, size: int) -> None:
        async with self._store.work() as work:
            await lecture_air.keep(work, take.lecture, take.number, number, samples, size)

    async def _share(self, take: Take) -> None:
        """What playlists need, in Redis for a minute: every node serves them."""
        known: Edge | None = None
        while True:
            edge = take.edge
            if edge != known:
                some, take.shared = take.shared, []
                items = {f"{take.lecture}.{name}": data for name, data in some}
                items[f"{take.lecture}.edge"] = msgspec.json.encode(edge)
                with suppress(BusDown):  # then the live playlist rests; the segments are in the store
                    await self._bus.keep(items, KEPT_S)
                known = edge
            if take.edge == known:
                if take.state != "on":
                    return
                take.wake.clear()
                await take.wake.wait()

    # The end.

    def _drop(self, take: Take) -> None:
        """What comes is no speech of a person's."""
        take.state = "gone"
        take.packager.kill()
        take.wake.set()

    async def _end(self, take: Take, state: str) -> None:
        """What was said is kept to its last syllable."""
        if self._takes.pop((take.lecture, take.name), None) is None:
            return
        await take.packager.close()
        if take.open:
            self._cut(take)
        take.state = state
        take.wake.set()
        async with self._store.work() as work:
            await lecture_air.end(work, take.lecture, take.number)

    async def watch(self) -> None:
        """Ends takes whose lecture is over, whose page is no longer the one that draws, or of which nothing comes."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self._look()
            except Exception:
                log.exception("takes could not be looked at")

    async def _look(self) -> None:
        takes = list(self._takes.values())
        if not takes:
            return
        query = "SELECT id, state, epoch FROM lectures WHERE id = ANY(%(ids)s)"
        rows = await self._store.rows(query, {"ids": list({take.lecture for take in takes})})
        known = {row.id: row for row in rows}
        for take in takes:
            row = known.get(take.lecture)
            if row is None or row.state != "live":
                await self._end(take, "over")
            elif row.epoch != take.epoch:
                await self._end(take, "fenced")
            elif take.packager.is_over or take.state != "on" or time.monotonic() - take.heard_at > SILENT_S:
                await self._end(take, "gone")

    async def stop(self) -> None:
        """This process ends: what is packed is kept; the pages begin new takes elsewhere."""
        for take in list(self._takes.values()):
            del self._takes[take.lecture, take.name]
            await take.packager.close()
            if take.open:
                self._cut(take)
            take.state = "gone"
            take.wake.set()
        tasks = list(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _answer(slice: Air, state: str) -> Aired:
    return msgspec.convert({"lecture": slice.lecture, "take": slice.take, "at": 0, "state": state}, Aired)
