"""A lecturer's camera beside her microphone: packed by a child of its own, so that it can end and the sound goes on.

The picture lives on the sound's clock: the page says how long after the take its camera began.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from uuid import UUID

from media import picture
from media.cmaf import PART, RATE, SEGMENT_PARTS
from media.picture_cmaf import KEY_PARTS
from media.stream import Packager
from server.incoming import Incoming
from server.rendition import Rendition

MARK = "p"
SILENT_S = 5.0  # nothing came for so long: the room sees no picture that stands still
AHEAD_MS = 5_000  # nobody has been seen for longer than there was time
MOST_BURST, MOST_RATE = 1024 * 1024, 100_000  # bytes, and bytes a second: three times what our page asks a recorder for


def picture_channel(lecture: UUID) -> str:
    """Its parts, for who is in the room and wants to see."""
    return f"picture:{lecture}"


class Camera(Incoming):
    """One recording of it. `seen` gets each part with its number on the sound's clock."""

    def __init__(self, name: str, rendition: Callable[[bytes], Rendition], seen: Callable[[bytes, int], None]) -> None:
        super().__init__(name, burst=MOST_BURST, rate=MOST_RATE, silent_s=SILENT_S)
        self.beginning = b""
        self.rendition: Rendition | None = None
        self._made, self._seen = rendition, seen

    async def open(self, form: str, after_ms: int, first: int) -> None:
        """No part is made of a segment before `first`: an earlier recording filled those."""
        self.packager = await Packager.open(self._packed, form, after_ms, first, module="media.picture")

    @property
    def pid(self) -> int:
        assert self.packager is not None
        return self.packager.pid

    async def close(self, *, over: bool) -> None:
        if self.packager is not None:
            await self.packager.close()
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
