"""Lecturers' microphones and cameras that came to this node: packed once, and handed to rooms, store and playlists; the
voices of pupils who have the floor are server/speech.py's.

A take lives here and nowhere else. When this process dies, the page hears from another that its take is gone and begins
the next one; what is lost is what was under way.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from media import picture
from media.cmaf import MIME, PART, RATE, initialisation
from media.picture_cmaf import MIME as PICTURE_MIME
from media.storage import FolderStorage, S3Storage
from media.stream import Overrun, Packager, format_of
from server import camera
from server.actions import lecture_air
from server.actions.errors import BadRequest, Fenced, Moved, NotHere, Refusal, RoomClosed
from server.camera import Camera, picture_channel
from server.domain.people import Person, Role
from server.live.bus import Bus
from server.live.hub import Hub
from server.live.protocol import Air, Aired, Picture, Sound, encode
from server.rendition import Rendition, Ways
from server.speech import Rostrum
from server.store.work import Store, room_channel

LOOK_S = 1.0  # how often it is asked whether the lecture, and this page in it, are still on the air
SILENT_S = 60.0  # a take of which nothing came for so long is over
STALE_MS = 3_000  # what arrives so late goes to the replay alone: the room is further on
AHEAD_MS = 5_000  # nobody has spoken for longer than there was time
MOST_HERE = 32  # takes of a node
MOST_BYTES = 128 * 1024 * 1024  # of a take: three hours at five times the usual rate

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
    rendition: Rendition
    muted: bool = False
    received: int = 0
    heard_at: float = 0.0
    state: str = "on"
    samples: int = 0
    camera: Camera | None = None
    pictured: int = 0  # segments of it that have, or may have, a picture
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)  # its camera comes or goes

    def now_ms(self) -> int:
        return round((time.monotonic() - self.began) * 1000)


class Studio:
    """The takes of this node. `watch` runs beside it; `stop` ends them all."""

    def __init__(self, store: Store, storage: FolderStorage | S3Storage, bus: Bus, hub: Hub) -> None:
        self._store, self._hub = store, hub
        self._ways = Ways(storage, bus, set())
        self._takes: dict[tuple[UUID, str], Take] = {}
        self._opening = asyncio.Lock()
        self._rostrum = Rostrum(store, self._ways, hub)

    async def hears(self, person: Person, slice: Air) -> Aired:
        """A slice of a recording, which begins with its first one; only the page that draws is on the air."""
        if slice.track == "voice":
            heard = await self._rostrum.hears(person, slice)
            return _answer(slice, heard.state, heard.at, heard.kept)
        return await (self._sees if slice.track == "camera" else self._listens)(person, slice)

    async def _listens(self, person: Person, slice: Air) -> Aired:
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
        kept = take.rendition.is_kept
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
        packager = await Packager.open(lambda made, samples: self._heard(take, made, samples), form)
        begun_at = datetime.now(UTC) - timedelta(milliseconds=begun.now_ms - begun.start_ms)
        take = Take(
            lecture=slice.lecture,
            person=person.id,
            name=slice.take,
            epoch=slice.room_epoch,
            number=begun.number,
            start_ms=begun.start_ms,
            began=now - begun.now_ms / 1000,
            begun_at=begun_at,
            packager=packager,
            rendition=Rendition(
                self._ways,
                slice.lecture,
                begun.number,
                begun_at,
                beginning=(lecture_air.initialisation_key(slice.lecture), initialisation()),
                mime=MIME,
                listed=lambda number, samples, size: self._list(take, number, samples, size),
            ),
            heard_at=now,
        )
        self._takes[take.lecture, take.name] = take
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
        take.rendition.add(made, samples)

    async def _list(self, take: Take, number: int, samples: int, size: int) -> None:
        async with self._store.work() as work:
            await lecture_air.keep(work, take.lecture, take.number, number, samples, size)

    # The camera of a take.

    async def _sees(self, person: Person, slice: Air) -> Aired:
        """It goes with the take beside which it was begun, and never ends that."""
        take = self._takes.get((slice.lecture, slice.beside))
        if take is None or take.person != person.id or take.state != "on":
            return _answer(slice, "gone")
        shown = take.camera
        if shown is None or shown.name != slice.take:
            form = picture.format_of(slice.type)
            if slice.at > 0 or slice.last:
                return _answer(slice, "gone")
            if form is None or not 0 <= slice.after_ms <= take.now_ms() - take.start_ms + AHEAD_MS:
                return _answer(slice, "busy")
            shown = await self._show(take, slice.take, form, slice.after_ms)
        if shown.is_over:
            return _answer(slice, "busy")  # what it sends is no picture: asked again, less often
        try:
            shown.take(slice.at, base64.b64decode(slice.bytes, validate=True))
        except ValueError:
            return _answer(slice, "busy")
        if slice.last:
            await self._hide(take)
        kept = shown.rendition is None or shown.rendition.is_kept
        return Aired(lecture=take.lecture, take=shown.name, at=shown.received, state="on", kept=kept)

    async def _show(self, take: Take, name: str, form: str, after_ms: int) -> Camera:
        await self._hide(take, over=False)

        def track(beginning: bytes) -> Rendition:
            return Rendition(
                self._ways,
                take.lecture,
                take.number,
                take.begun_at,
                beginning=(lecture_air.beginning_key(take.lecture, take.number, camera.MARK), beginning),
                mime=PICTURE_MIME,
                mark=camera.MARK,
                listed=lambda number, samples, size: self._list_picture(take, number, samples, size),
            )

        shown = Camera(name, track, lambda made, number: self._seen(take, shown, made, number))
        async with take.changing:
            await shown.open(form, after_ms, take.pictured)
            take.camera = shown
            async with self._store.work() as work:
                await lecture_air.picture(work, take.lecture, take.number, True)
        return shown

    def _seen(self, take: Take, shown: Camera, made: bytes, number: int) -> None:
        at_ms, now = camera.moment_ms(take.start_ms, number), take.now_ms()
        if at_ms > now + AHEAD_MS:
            shown.drop()
            return
        if take.camera is shown and at_ms > now - STALE_MS:
            key, data = shown.joined(made, number)
            seen = Picture(lecture=take.lecture, take=take.number, n=number, at_ms=at_ms, key=key, bytes=data)
            self._hub.whisper(picture_channel(take.lecture), encode(seen).decode())

    async def _hide(self, take: Take, *, over: bool = True) -> None:
        """The camera is off; the sound goes on."""
        async with take.changing:
            shown, take.camera = take.camera, None
            if shown is None:
                return
            await shown.close(over=over)
            if shown.rendition is not None:
                take.pictured = shown.rendition.cut_at
            if over:
                async with self._store.work() as work:
                    await lecture_air.picture(work, take.lecture, take.number, False)

    async def _list_picture(self, take: Take, number: int, samples: int, size: int) -> None:
        async with self._store.work() as work:
            await lecture_air.keep_picture(work, take.lecture, take.number, number, samples, size)

    # The end.

    def _drop(self, take: Take) -> None:
        """What comes is no speech of a person's."""
        take.state = "gone"
        take.packager.kill()

    async def _end(self, take: Take, state: str) -> None:
        """What was said is kept to its last syllable."""
        if self._takes.pop((take.lecture, take.name), None) is None:
            return
        await self._hide(take)
        await take.packager.close()
        take.state = state
        take.rendition.end(over=state == "over")
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
        await self._rostrum.look()
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
            elif take.camera is not None and (take.camera.is_over or take.camera.is_silent):
                await self._hide(take)

    async def stop(self) -> None:
        """This process ends: what is packed is kept; the pages begin new takes elsewhere."""
        await self._rostrum.stop()
        for take in list(self._takes.values()):
            del self._takes[take.lecture, take.name]
            if take.camera is not None:
                await take.camera.close(over=False)
            await take.packager.close()
            take.state = "gone"
            take.rendition.end(over=False)
        tasks = list(self._ways.tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _answer(slice: Air, state: str, at: int = 0, kept: bool = True) -> Aired:
    told = {"lecture": slice.lecture, "take": slice.take, "at": at, "state": state, "kept": kept}
    return msgspec.convert(told, Aired)
