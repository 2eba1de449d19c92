"""The figure of a problem: where a photo shows one, whether words lean on one, whether two photos show the same.

The hash says of each cell of the figure whether it has more ink than half of the cells (average hash), taken of thick
and softened strokes and of the figure cut to its edges: paper, lamp, distance and a small turn do not count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the server takes the two questions below without what reads photos
    import numpy as np
    from numpy.typing import NDArray

    from matcher.read import Line

NEAR = 10
"""Bits of 64 by which the hashes of two photos of one figure may differ. Of six drawings, each photographed at four to
seven angles, photos of one differed by 8 bits at most, photos of two by 16 at least; hashes of frequencies or of
gradients kept the two less apart."""
WORKED_ON = 900
"""Pixels of the longer side while figures are looked for."""
LEAST, MOST = 0.08, 0.75
"""A figure's width and height, as shares of the photo: less is a mark, more is the sheet or the desk."""
CELLS, FINE, THICK, SOFT = 8, 128, 11, 7.0
"""Cells a side; pixels a side on which strokes are made THICK and blurred by SOFT."""

_NAMED = re.compile(r"[如右左下上]图|图[中示形所]|看图|附图|统计图|示意图|图象|图像|数轴上|阴影")


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing on a photo: left, top, right, bottom in pixels, and its hash as 16 hexadecimal digits."""

    box: tuple[float, float, float, float]
    hash: str


def names_figure(text: str) -> bool:
    """Whether a problem says that it has a figure."""
    return _NAMED.search(text) is not None


def same_figure(one: str | None, other: str | None) -> bool:
    """Whether two hashes are of one figure; what is missing is not the same."""
    if one is None or other is None:
        return False
    return (int(one, 16) ^ int(other, 16)).bit_count() <= NEAR


def figures(pixels: NDArray[np.uint8], lines: Sequence[Line]) -> tuple[Figure, ...]:
    """Drawings beside the lines of text, the largest first; those that reach the photo's edge are no figures."""
    import cv2
    import numpy as np

    from matcher.read import bounds, height

    if not lines:
        return ()
    scale = min(1.0, WORKED_ON / max(pixels.shape[:2]))
    grey = cv2.cvtColor(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    ink = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY_INV, 31, 14)
    for line in lines:
        if len(line.text) > 2:  # the letters at a figure's corners are part of it
            around = 0.2 * height(line) * scale
            left, top, right, bottom = (edge * scale for edge in bounds(line))
            corner, opposite = (int(left - around), int(top - around)), (int(right + around), int(bottom + around))
            cv2.rectangle(ink, corner, opposite, 0, -1)
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((13, 13), np.uint8))
    _, _, found, _ = cv2.connectedComponentsWithStats(joined)
    down, across = ink.shape
    kept = []
    for left, top, width, high, area in found[1:]:
        inside = left > 2 and top > 2 and left + width < across - 2 and top + high < down - 2
        sized = LEAST * max(down, across) <= min(width, high) and width <= MOST * across and high <= MOST * down
        if inside and sized:
            box = (left / scale, top / scale, (left + width) / scale, (top + high) / scale)
            kept.append((int(area), Figure(box, _hash(ink[top : top + high, left : left + width]))))
    return tuple(figure for _, figure in sorted(kept, key=lambda pair: -pair[0]))


def _hash(ink: NDArray[Any]) -> str:
    import cv2
    import numpy as np

    fine = (cv2.resize(ink, (FINE, FINE), interpolation=cv2.INTER_AREA) > 40).astype(np.float32)
    soft = cv2.GaussianBlur(cv2.dilate(fine, np.ones((THICK, THICK), np.uint8)), (0, 0), SOFT)
    cells = cv2.resize(soft, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    bits = "".join("1" if value > np.median(cells) else "0" for value in cells.ravel())
    return f"{int(bits, 2):016x}"
