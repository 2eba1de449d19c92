"""Reads the text of a photographed problem, offline, with the models in RapidOCR's wheel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.figure import Figure, figures

LONGEST_SIDE = 960
"""Pixels of the longer side given to the detector: 0.44–0.68 s a photo on a core instead of 1.2–2.7 s, at no loss."""
LEGIBLE_FROM = 0.8
"""Mean confidence over the characters: photographs of print, harsh ones too, are read at 0.9 and more."""
MOST_PIXELS = 40_000_000
THREADS = 1
"""Per process: the workers are as many as the cores."""

Box = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """One run of text as found: its corners in pixels (clockwise from the upper left), confidence from 0 to 1."""

    text: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class Reading:
    """What a photo says. `confidence` is the mean over the characters, 0 when nothing was read."""

    text: str = ""
    lines: tuple[Line, ...] = ()
    confidence: float = 0.0
    width: int = 0
    height: int = 0
    figures: tuple[Figure, ...] = ()

    @property
    def is_legible(self) -> bool:
        """Whether the text may be compared with known problems. Handwriting and what only looks like text is not."""
        return self.confidence >= LEGIBLE_FROM


class Reader:
    """The models in memory; make one for each process and keep it (it takes about a second)."""

    def __init__(self, threads: int = THREADS) -> None:
        from rapidocr import RapidOCR

        cv2.setNumThreads(threads)
        self._engine = RapidOCR(params={
            "Global.log_level": "critical",
            "Det.limit_type": "max",
            "Det.limit_side_len": LONGEST_SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        })

    def read(self, image: bytes) -> Reading:
        """The text of a JPEG, PNG or WebP image; an empty Reading when it shows none or can't be decoded."""
        pixels = _decode(image)
        if pixels is None:
            return Reading()
        lines = _in_order(self._with_fractions(pixels, self._lines(pixels)))
        if not lines:
            return Reading()
        weight = sum(len(line.text) for line in lines)
        confidence = sum(line.confidence * len(line.text) for line in lines) / weight
        return Reading("\n".join(" ".join(line.text for line in row) for row in rows(lines)), lines, confidence,
                       pixels.shape[1], pixels.shape[0], figures(pixels, lines))

    def _lines(self, pixels: NDArray[np.uint8]) -> list[Line]:
        # The engine keeps the switches of its last call: say them each time.
        found: Any = self._engine(pixels, use_det=True, use_cls=True, use_rec=True)
        if found is None or found.boxes is None or found.txts is None:
            return []
        return [Line(text.strip(), float(score), cast(Box, tuple((float(x), float(y)) for x, y in box)))
                for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True) if text.strip()]

    def _with_fractions(self, pixels: NDArray[np.uint8], lines: list[Line]) -> list[Line]:
        """Stacked fractions as (2/3): those read as one tall box, and those read as two boxes above each other."""
        if len(lines) < 2:
            return lines
        usual = float(np.median([height(line) for line in lines for _ in line.text]))
        lines = [self._halved(pixels, line) if _is_tall(line, usual) else line for line in lines]
        lines = _stacked(lines, usual)
        return lines + [read for gap in _gaps(lines, usual) if (read := self._halved(pixels, gap)).text]

    def _halved(self, pixels: NDArray[np.uint8], line: Line) -> Line:
        """The tall box read again, its upper half above its lower; as it was when one of them says nothing."""
        left, top, right, bottom = bounds(line)
        middle = (top + bottom) / 2
        parts = [self._again(pixels, left, a, right, b) for a, b in ((top, middle), (middle, bottom))]
        if not all(_PART.fullmatch(part) for part in parts) or not any(c.isdigit() for c in "".join(parts)):
            return line
        return replace(line, text="({}/{})".format(*parts))

    def _again(self, pixels: NDArray[np.uint8], left: float, top: float, right: float, bottom: float) -> str:
        crop = pixels[max(0, round(top)):round(bottom), max(0, round(left)):round(right)]
        if min(crop.shape[:2]) < 4:
            return ""
        wider = cv2.copyMakeBorder(crop, 4, 4, 12, 12, cv2.BORDER_REPLICATE)
        found: Any = self._engine(wider, use_det=False, use_cls=False, use_rec=True)
        return "" if not found.txts else _BAR.sub("", found.txts[0].strip())


_reader: Reader | None = None


def read_photo(data: bytes) -> Reading:
    """`Reader.read` with a reader made at the first call: for the processes of a pool."""
    global _reader
    if _reader is None:
        _reader = Reader()
    return _reader.read(data)


def _decode(image: bytes) -> NDArray[np.uint8] | None:
    if not image:
        return None
    pixels = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None or pixels.shape[0] * pixels.shape[1] > MOST_PIXELS or min(pixels.shape[:2]) < 8:
        return None
    return cast("NDArray[np.uint8]", pixels)


def _in_order(lines: list[Line]) -> tuple[Line, ...]:
    """From top to bottom, and from left to right within a row."""
    return tuple(line for row in rows(lines) for line in row)


_PART = re.compile(r"[\dA-Za-zπ√+²³]{1,5}")
_BAR = re.compile(r"^[-_—一]+(?=\w)|(?<=\w)[-_—一.]+$")
"""A fraction's bar at the edge of its upper or lower half."""


def _is_tall(line: Line, usual: float) -> bool:
    """A box much higher than a line and hardly wider than a character or two."""
    left, top, right, bottom = bounds(line)
    return len(line.text) <= 4 and bottom - top > 1.25 * usual and right - left < 0.9 * (bottom - top)


def _gaps(lines: list[Line], usual: float) -> list[Line]:
    """Empty boxes where a row has room for a fraction between two pieces of text."""
    gaps = []
    for row in rows(lines):
        for here, there in pairwise(row):
            (_, top, left, bottom), (right, top2, _, bottom2) = bounds(here), bounds(there)
            if 0.35 * usual < right - left < 2.5 * usual:
                middle = (top + bottom + top2 + bottom2) / 4
                up, down = middle - 0.9 * usual, middle + 0.9 * usual
                gaps.append(Line("", 0.5, ((left, up), (right, up), (right, down), (left, down))))
    return gaps


def _stacked(lines: list[Line], usual: float) -> list[Line]:
    """Two small boxes, one right below the other within a line of text, are a fraction."""
    rest = list(lines)
    for upper in lines:
        for lower in lines:
            if upper in rest and lower in rest and _are_stacked(upper, lower, usual) and _within(upper, lower, lines):
                rest.remove(lower)
                whole = Line(f"({upper.text}/{lower.text})", min(upper.confidence, lower.confidence),
                             (upper.box[0], upper.box[1], lower.box[2], lower.box[3]))
                rest[rest.index(upper)] = whole
    return rest


def _are_stacked(upper: Line, lower: Line, usual: float) -> bool:
    if upper is lower or not (_PART.fullmatch(upper.text) and _PART.fullmatch(lower.text)):
        return False
    (left, top, right, bottom), (left2, top2, right2, bottom2) = bounds(upper), bounds(lower)
    across = min(right, right2) - max(left, left2)
    return across > 0.5 * min(right - left, right2 - left2) and abs(top2 - bottom) < 0.4 * usual and top2 > top \
        and max(bottom - top, bottom2 - top2) < 1.1 * usual


def _within(upper: Line, lower: Line, lines: list[Line]) -> bool:
    """Whether a longer line stands at the height of the bar between the two."""
    bar = (bounds(upper)[3] + bounds(lower)[1]) / 2
    return any(abs(_middle(line) - bar) < 0.45 * height(line) for line in lines if len(line.text) > 5)


def bounds(line: Line) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    xs, ys = [x for x, _ in line.box], [y for _, y in line.box]
    return min(xs), min(ys), max(xs), max(ys)


def rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines whose middles lie within half a line's height of each other stand in one row, however the page leans."""
    slope = _slope(lines)

    def level(line: Line) -> float:
        return _middle(line) - slope * sum(x for x, _ in line.box) / 4

    found: list[list[Line]] = []
    for line in sorted(lines, key=level):
        last = found[-1] if found else None
        if last and level(line) - level(last[-1]) < 0.5 * min(height(line), height(last[-1])):
            last.append(line)
        else:
            found.append([line])
    return [sorted(row, key=lambda line: line.box[0][0]) for row in found]


def _slope(lines: Sequence[Line]) -> float:
    """How much the page's lines fall to the right: the median over the longer ones."""
    tops = [line.box[:2] for line in lines if line.box[1][0] - line.box[0][0] > 4 * height(line)]
    slopes = [(right[1] - left[1]) / (right[0] - left[0]) for left, right in tops]
    return float(np.median(slopes)) if slopes else 0.0


def _middle(line: Line) -> float:
    return sum(y for _, y in line.box) / 4


def height(line: Line) -> float:
    (_, top_left), (_, top_right), (_, bottom_right), (_, bottom_left) = line.box
    return max(1.0, (bottom_left + bottom_right - top_left - top_right) / 2)
