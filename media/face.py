"""A lecturer's camera as it was on the air -> at each moment of the film what it showed, small, in a corner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from media.ink import Box

SIZE = (216, 162)  # a sixth of the film's width
MARGIN = 16
HELD_MS = 1_000  # after that a picture that has no successor is none
EACH_TICKS = 2  # of the film: half as often as the board, at half the cost


@dataclass(frozen=True, slots=True)
class Shot:
    """What a camera showed beside one take, from its beginning on; times in the file are those since start_ms."""

    path: Path
    start_ms: int = 0


def corner(width: int) -> Box:
    """Where it is in a film as wide as that."""
    left = (width - MARGIN - SIZE[0]) & ~1
    return left, MARGIN, left + SIZE[0], MARGIN + SIZE[1]


class Faces:
    """Asked for moments in their order."""

    def __init__(self, shots: Sequence[Shot]) -> None:
        self._coming = _pictures(sorted(shots, key=lambda shot: shot.start_ms))
        self._next = next(self._coming, None)
        self._shown: tuple[float, Any] | None = None
        self._fitted: tuple[float, Any] | None = None

    def at(self, now_ms: float) -> Any:
        """The picture in its size, the same object as long as it is the same; None where there is none."""
        while self._next is not None and self._next[0] <= now_ms:
            self._shown, self._next = self._next, next(self._coming, None)
        if self._shown is None or now_ms - self._shown[0] > HELD_MS:
            return None
        if self._fitted is None or self._fitted[0] != self._shown[0]:
            moment, frame = self._shown
            self._fitted = moment, frame.reformat(width=SIZE[0], height=SIZE[1], format="yuv420p")
        return self._fitted[1]


def _pictures(shots: Sequence[Shot]) -> Iterator[tuple[float, Any]]:
    """With their moments. Of two cameras the later one is seen; what can't be read is no picture."""
    for shot, following in zip(shots, [*shots[1:], None], strict=True):
        try:
            with av.open(str(shot.path), format="mov", options={"codec_whitelist": "h264"}) as opened:
                opened.streams.video[0].codec_context.thread_count = 1
                for frame in opened.decode(video=0):
                    moment = shot.start_ms + 1000 * float(frame.time or 0)
                    if following is not None and moment >= following.start_ms:
                        break
                    yield moment, frame
        except (av.FFmpegError, IndexError):
            continue
