"""Pupils who speak in lectures, as far as their sockets reached this node: packed once, told to the room, kept or not.

The floor is the database's: while slices come it is asked whether it is still this pupil's, so who is cut off is heard
no more, whatever a page sends.
"""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from media.cmaf import MIME, PART, RATE, initialisation
from media.stream import Packager, format_of
from server.actions import floor
from server.actions.errors import Fenced, Moved, NotHere, Refusal, RoomClosed
from server.actions.floor import MARK
from server.actions.lecture_air import beginning_key, segment_key
from server.domain.people import Person, Role
from server.incoming import Incoming
from server.live.hub import Hub
from server.live.protocol import Air, Spoken, encode
from server.rendition import Rendition, Ways
from server.store.floors import SPEAKS
from server.store.work import Store, room_channel

SILENT_S = 10.0  # nothing came for so long: the word goes on
ASKED_EVERY_S = 0.25  # whether the floor is still the pupil's, while pieces come
STALE_MS = 3_000  # what arrives so late is not for the room any more
AHEAD_MS = 5_000  # nobody has spoken for longer than there was time
MOST_BURST, MOST_RATE = 256 * 1024, 12_000  # bytes, and bytes a second: four times what our page asks a recorder for
MOST_HERE = 32  # voices of a node
MOST_FLOORS = 100_000  # of a lecture, in which nobody gets so far

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Heard:
    """What the page is told of its slice."""

    at: int
    state: str
    kept: bool = True


class Speech(Incoming):
    """One recording of a floor."""

    def __init__(self, lecture: UUID, person: UUID, number: int, name: str, begun: floor.BegunVoice) -> None:
        super().__init__(name, burst=MOST_BURST, rate=MOST_RATE, silent_s=SILENT_S)
        self.lecture, self.person, self.floor = lecture, person, number
        self.voice, self.start_ms = begun.number, begun.start_ms
        self.began = time.monotonic() - begun.now_ms / 1000  # when the lecture's clock stood at 0, by this process's
        self.begun_at = datetime.now(UTC) - timedelta(milliseconds=begun.now_ms - begun.start_ms)
        self.asked_at = time.monotonic()
        self.samples = 0
        self.rendition: Rendition | None = None

    def now_ms(self) -> int:
        return round((time.monotonic() - self.began) * 1000)


class Rostrum:
    """The speeches of this node."""

    def __init__(self, store: Store, ways: Ways, hub: Hub) -> None:
        self._store, self._ways, self._hub = store, ways, hub
        self._speeches: dict[tuple[UUID, str], Speech] = {}

    async def hears(self, person: Person, slice: Air) -> Heard:
        speech = self._speeches.get((slice.lecture, slice.take))
        if speech is None and slice.at > 0:
            return Heard(0, "gone")
        if speech is None:
            try:
                speech = await self._begin(person, slice)
            except Fenced:
                return Heard(0, "fenced")
            except Moved:
                return Heard(0, "gone")
            except (NotHere, RoomClosed):
                return Heard(0, "over")
            except (Refusal, OSError):
                return Heard(0, "busy")
        if speech.person != person.id or not await self._has_the_floor(speech):
            return Heard(0, "over")
        if speech.is_over:  # it is no speech of a person's
            await self._lose(speech)
            return Heard(0, "over")
        try:
            speech.take(slice.at, base64.b64decode(slice.bytes, validate=True))
        except ValueError:
            return Heard(speech.received, "on")
        if slice.last:
            await self._end(speech)
        kept = speech.rendition is None or speech.rendition.is_kept
        return Heard(speech.received, "on", kept)

    async def _begin(self, person: Person, slice: Air) -> Speech:
        form = format_of(slice.type)
        if not person.is_a(Role.STUDENT) or not 0 < slice.room_epoch <= MOST_FLOORS:
            raise NotHere
        if form is None or len(self._speeches) >= MOST_HERE:
            raise Refusal
        async with self._store.work() as work:
            begun = await floor.begin(
                work, person, slice.lecture, slice.room_epoch, slice.beside, slice.take, slice.ago_ms
            )
        for other in [each for each in self._speeches.values() if each.lecture == slice.lecture]:
            await self._end(other)
        speech = Speech(slice.lecture, person.id, slice.room_epoch, slice.take, begun)
        speech.packager = await Packager.open(lambda made, samples: self._packed(speech, made, samples), form)

        async def listed(number: int, samples: int, size: int) -> None:
            await self._list(speech, number, samples, size)

        speech.rendition = Rendition(
            self._ways,
            slice.lecture,
            begun.number,
            speech.begun_at,
            beginning=(beginning_key(slice.lecture, begun.number, MARK), initialisation()),
            mime=MIME,
            mark=MARK,
            listed=listed if begun.kept else None,
        )
        self._speeches[speech.lecture, speech.name] = speech
        return speech

    async def _has_the_floor(self, speech: Speech) -> bool:
        """Asked anew each quarter of a second at the most."""
        now = time.monotonic()
        if now - speech.asked_at < ASKED_EVERY_S:
            return not speech.is_dropped
        speech.asked_at = now
        return await self._asked([speech]) == [speech]

    async def _asked(self, speeches: Sequence[Speech]) -> list[Speech]:
        """Those who still have it; the others are not heard any more."""
        still = []
        for speech in speeches:
            rows = await self._store.rows(SPEAKS, {"lecture": speech.lecture, "floor": speech.floor})
            if rows and not rows[0].late:
                still.append(speech)
            else:
                speech.drop()
                await self._end(speech)
        return still

    def _packed(self, speech: Speech, made: bytes, samples: int) -> None:
        at_ms, number = speech.start_ms + round(speech.samples * 1000 / RATE), speech.samples // PART
        now = speech.now_ms()
        if speech.is_dropped:
            return
        if at_ms > now + AHEAD_MS:
            speech.drop()
            return
        speech.samples += samples
        if at_ms > now - STALE_MS:
            data = base64.b64encode(made).decode()
            spoken = Spoken(lecture=speech.lecture, take=speech.voice, n=number, at_ms=at_ms, bytes=data)
            self._hub.whisper(room_channel(speech.lecture), encode(spoken).decode(), but=str(speech.person))
        assert speech.rendition is not None
        speech.rendition.add(made, samples)

    async def _list(self, speech: Speech, number: int, samples: int, size: int) -> None:
        """What must not be kept any more is not there either."""
        async with self._store.work() as work:
            kept = await floor.keep(work, speech.lecture, speech.voice, number, samples, size)
        if not kept:
            await self._ways.storage.delete(segment_key(speech.lecture, speech.voice, number, MARK))

    async def _end(self, speech: Speech) -> None:
        """What was said until now is kept to its last syllable, where it is kept."""
        if self._speeches.pop((speech.lecture, speech.name), None) is None:
            return
        assert speech.packager is not None and speech.rendition is not None
        await speech.packager.close()
        speech.rendition.end(over=True)

    async def look(self) -> None:
        """Ends what nobody is to hear any more, and gives the word back where nothing comes of it."""
        for speech in await self._asked(list(self._speeches.values())):
            if speech.is_over or speech.is_silent:
                await self._lose(speech)

    async def _lose(self, speech: Speech) -> None:
        await self._end(speech)
        async with self._store.work() as work:
            await floor.lost(work, speech.lecture, speech.floor)

    async def stop(self) -> None:
        """This process ends; the pages go on at another."""
        for speech in list(self._speeches.values()):
            await self._end(speech)
