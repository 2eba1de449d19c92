"""A recording that a page sends in slices while it is made, and the limited child that packs it: a camera, a voice.

What goes wrong with it ends it alone.
"""

from __future__ import annotations

import time

from media.stream import Overrun, Packager


class Incoming:
    """`burst` and `rate` are the bytes, and the bytes a second, beyond which it is no recording of a person."""

    def __init__(self, name: str, *, burst: int, rate: int, silent_s: float) -> None:
        self.name = name
        self.received = 0
        self.heard_at = self._begun = time.monotonic()
        self.is_dropped = False
        self.packager: Packager | None = None
        self._burst, self._rate, self._silent_s = burst, rate, silent_s

    @property
    def is_over(self) -> bool:
        return self.is_dropped or self.packager is None or self.packager.is_over

    @property
    def is_silent(self) -> bool:
        return time.monotonic() - self.heard_at > self._silent_s

    def take(self, at: int, data: bytes) -> None:
        """What follows on what has come; a piece that is there is passed over, one that is missing is waited for."""
        assert self.packager is not None
        self.heard_at = time.monotonic()
        if at > self.received:
            return
        fresh = data[self.received - at :]
        if self.received + len(fresh) > self._burst + self._rate * (self.heard_at - self._begun):
            self.drop()
            return
        try:
            self.packager.take(fresh)
        except Overrun:
            self.drop()
            return
        self.received += len(fresh)

    def drop(self) -> None:
        """What comes is not what it should be, or nobody is to hear it."""
        self.is_dropped = True
        if self.packager is not None:
            self.packager.kill()
