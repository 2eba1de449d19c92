"""A lecturer's camera beside her microphone: packed by a child of its own, so that it can end and the sound goes on.

The picture lives on the sound's clock: the page says how long after the take its camera began.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from uuid import UUID

from media import picture
from media.cmaf import PART, RATE, SEGMENT_PARTS
from media.picture_cmaf import KEY_PARTS
from media.stream import Overrun, Packager
from server.rendition import Rendition

MARK = "p"
SILENT_S = 5.0  # nothing came for so long: the room sees no picture that stands still
AHEAD_MS = 5_000  # nobody has been seen for longer than there was time
MOST_BURST, MOST_RATE = 1024 * 1024, 100_000  # bytes, and bytes a second: three times what our page asks a recorder for


def picture_channel(lecture: UUID) -> str:
    """Its parts, for who is in the room and wants to see."""
    return f"picture:{lecture}"


class Camera:
    """One recording of it. `seen` gets each part with its number on the sound's clock."""

    def __init__(self, name: str, rendition: Callable[[bytes], Rendition], seen: Callable[[bytes, int], None]) -> None:
        self.name = name
        self.received = 0
        self.heard_at = self._begun = time.monotonic()
        self.beginning = b""
        self.is_dropped = False
        self.rendition: Rendition | None = None
        self._made, self._seen = rendition, seen
        self._packager: Packager | None = None

    async def open(self, form: str, after_ms: int, first: int) -> None:
        """No part is made of a segment before `first`: an earlier recording filled those."""
        self._packager = await Packager.open(self._packed, form, after_ms, first, module="media.picture")

    @property
    def is_over(self) -> bool:
        return self.is_dropped or self._packager is None or self._packager.is_over

    @property
    def pid(self) -> int:
        assert self._packager is not None
        return self._packager.pid

    @property
    def is_silent(self) -> bool:
        return time.monotonic() - self.heard_at > SILENT_S

    def take(self, at: int, data: bytes) -> None:
        """What follows on what has come; a piece that is there is passed over, one that is missing is waited for."""
        assert self._packager is not None
        self.heard_at = time.monotonic()
        if at > self.received:
            return
        fresh = data[self.received - at :]
        if self.received + len(fresh) > MOST_BURST + MOST_RATE * (self.heard_at - self._begun):
            self.drop()
            return
        try:
            self._packager.take(fresh)
        except Overrun:
            self.drop()
            return
        self.received += len(fresh)

    def drop(self) -> None:
        """What comes is no camera's."""
        self.is_dropped = True
        if self._packager is not None:
            self._packager.kill()

    async def close(self, *, over: bool) -> None:
        if self._packager is not None:
            await self._packager.close()
        if self.rendition is not None:
            self.rendition.end(over=over)

    def _packed(self, made: bytes, number: int) -> None:
        if number == picture.BEGINNING:
            self.beginning = made
            return
        if self.rendition is None:
            self.rendition = self._made(self.beginning)
        self.rendition.go_to(number // SEGMENT_PARTS)
        self.rendition.add(made, PART)
        self._seen(made, number)

    def joined(self, made: bytes, number: int) -> tuple[bool, str]:
        """Whether a page may begin with this part, and the bytes as a page gets them."""
        is_key = number % KEY_PARTS == 0
        return is_key, base64.b64encode(self.beginning + made if is_key else made).decode()


def moment_ms(start_ms: int, number: int) -> int:
    return start_ms + round(number * PART * 1000 / RATE)
