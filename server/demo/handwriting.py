"""A pen's alphabet: digits, letters and signs as hand-drawn lines, so that a demo teacher's formulas are real ink."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]  # points (x to the right, y downwards from the top of a capital), in grid units

CAPITAL = 7  # grid units from the base line to the top of a capital or digit
SMALL = 0.6  # size of raised and lowered signs

# Each stroke lists its points as two digits, x and y, y upwards: base line 2, top of small letters 6, of capitals 9.
# A point written twice is a corner; the pen rounds all others.
GLYPHS: dict[str, str] = {
    "0": "29 07 04 22 44 47 29",
    "1": "07 19 19 12",
    "2": "07 19 39 47 35 02 02 42",
    "3": "08 29 48 46 25 25 45 43 22 03",
    "4": "29 04 04 54|37 31",
    "5": "09 05 05 36 44 32 02|09 49",
    "6": "39 17 04 12 32 44 35 15 04",
    "7": "09 49 49 22",
    "8": "38 19 07 26 44 32 12 04 26 47 38",
    "9": "47 39 19 07 15 35 47 47 42",
    "a": "46 26 04 22 34 46 46 43 52",
    "b": "09 03 03 05 26 44 32 12 03",
    "c": "45 36 16 04 12 32 43",
    "d": "46 36 16 04 12 32 45 49 49 43 52",
    "e": "04 44 45 36 16 04 12 32 43",
    "f": "49 38 27 22|06 46",
    "g": "46 26 04 13 33 46 46 41 20 01",
    "h": "09 02 02 04 26 45 42",
    "i": "16 12 22|18 18",
    "j": "26 26 21 10 01|28 28",
    "k": "09 02|46 04 04 42",
    "l": "19 13 22 32",
    "m": "06 02 02 05 26 32 32 35 56 62",
    "n": "06 02 02 05 26 46 42",
    "o": "26 05 03 22 43 45 26",
    "p": "06 00 00 05 26 45 43 22 03",
    "q": "46 26 04 22 43 46 46 40",
    "r": "06 02 02 04 26 46",
    "s": "45 36 16 05 34 43 32 02",
    "t": "29 23 32 42|06 46",
    "u": "06 03 12 32 45 46 46 43 52",
    "v": "06 22 22 46",
    "w": "06 12 12 35 35 52 52 66",
    "x": "06 42|46 02",
    "y": "06 24|46 10 00",
    "z": "06 46 46 02 02 42",
    "A": "02 29 29 42|14 34",
    "B": "09 02|09 29 37 25 05 05 35 43 32 02",
    "C": "48 29 07 04 22 43",
    "D": "09 02|09 29 47 44 22 02",
    "E": "49 09 09 02 02 42|05 35",
    "F": "49 09 09 02|05 35",
    "G": "48 29 07 04 22 43 45 45 25",
    "H": "09 02|49 42|05 45",
    "I": "09 29|19 12|02 22",
    "J": "39 33 22 03",
    "K": "09 02|49 05 05 42",
    "L": "09 02 02 42",
    "M": "02 09 09 34 34 69 69 62",
    "N": "02 09 09 42 42 49",
    "O": "29 07 04 22 44 47 29",
    "P": "02 09 09 39 47 35 05",
    "Q": "29 07 04 22 44 47 29|34 51",
    "R": "02 09 09 39 47 35 05 05 42",
    "S": "48 29 08 06 25 44 32 03",
    "T": "09 49|29 22",
    "U": "09 04 22 44 49",
    "V": "09 22 22 49",
    "W": "09 12 12 36 36 52 52 69",
    "X": "09 42|49 02",
    "Y": "09 25 25 49|25 22",
    "Z": "09 49 49 02 02 42",
    "α": "46 33 22 03 05 26 44 52",
    "π": "06 56|16 12|46 43 52",
    "ρ": "00 05 26 45 43 22 03",
    "μ": "06 00|05 03 22 43 46 46 43 52",
    "Δ": "02 29 29 42 42 02",
    "△": "02 29 29 42 42 02",
    "Φ": "28 07 04 23 44 47 28|29 29 22",
    "Ω": "02 12 12 05 08 29 48 45 32 32 42",
    "+": "05 45|27 23",
    "-": "05 45",
    "−": "05 45",
    "×": "07 43|47 03",
    "÷": "05 45|28 28|22 22",
    "±": "06 46|28 24|02 42",
    "=": "06 46|04 44",
    "≠": "06 46|04 44|38 12",
    "<": "48 05 05 42",
    ">": "08 45 45 02",
    "≤": "48 06 06 44|02 42",
    "≥": "08 46 46 04|02 42",
    "/": "39 01",
    "(": "29 07 03 21",
    ")": "09 27 23 01",
    "[": "29 09 09 01 01 21",
    "]": "09 29 29 21 21 01",
    "{": "39 28 26 15 15 24 22 31",
    "}": "09 18 16 25 25 14 12 01",
    "|": "19 11",
    ".": "12 12",
    ",": "13 00",
    ":": "15 15|12 12",
    ";": "15 15|13 00",
    "'": "19 17",
    "!": "19 14|12 12",
    "?": "08 29 47 25 24|22 22",
    "%": "49 02|19 08 17 28 19|44 33 42 53 44",
    "°": "19 08 17 28 19",
    "·": "15 15",
    "√": "04 15 22 22 49 49 59",
    "→": "05 65|47 65 65 43",
    "↑": "29 22|07 29 29 47",
    "∠": "49 02 02 52",
    "⊥": "29 22|02 42",
    "⇌": "06 56 56 48|54 04 04 12",
    "✓": "05 22 22 79",
}
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+−n", strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ₙ", "0123456789+−n", strict=True))
COMPOSED = {"℃": "°C"}
NARROW = 3.0  # grid units for a space


@dataclass(frozen=True)
class Glyph:
    """Smooth strokes in grid units, x from 0, y downwards from the top of a capital; `advance` to the next sign."""

    strokes: tuple[Curve, ...]
    advance: float


def can_write(character: str) -> bool:
    return character == " " or any(character in table for table in (GLYPHS, RAISED, LOWERED, COMPOSED))


@cache
def glyph(character: str) -> Glyph:
    """The strokes of one sign that `can_write`. Raises KeyError for others."""
    if character == " ":
        return Glyph((), NARROW)
    if character in COMPOSED:
        return _beside(*(glyph(part) for part in COMPOSED[character]))
    if character in RAISED:
        return _scaled(glyph(RAISED[character]), -1.2)
    if character in LOWERED:
        return _scaled(glyph(LOWERED[character]), CAPITAL * (1 - SMALL) + 1.4)
    strokes = tuple(_smooth(_points(part)) for part in GLYPHS[character].split("|"))
    return Glyph(strokes, max(float(stroke[:, 0].max()) for stroke in strokes) + 1.6)


def width(text: str) -> float:
    """Grid units that a formula takes."""
    return sum(glyph(character).advance for character in text)


def _points(part: str) -> Curve:
    return np.array([(int(pair[0]), 9 - int(pair[1])) for pair in part.split()], float)


def _smooth(points: Curve, steps: int = 6) -> Curve:
    """A Catmull-Rom curve through the points; through a doubled point it turns sharply."""
    if len(points) == 2:
        dot = np.array_equal(points[0], points[1])
        end = points[1] + (0.35, 0.25) if dot else points[1]
        return cast(Curve, np.linspace(points[0], end, 3 if dot else steps))
    padded = np.vstack([points[:1], points, points[-1:]])
    curve = [points[0]]
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        if np.array_equal(start, end):
            continue
        for t in np.linspace(0, 1, steps + 1)[1:]:
            pull = (end - before) * t + (2 * before - 5 * start + 4 * end - after) * t**2
            curve.append(start + 0.5 * (pull + (3 * start - before - 3 * end + after) * t**3))
    return np.array(curve)


def _scaled(sign: Glyph, drop: float) -> Glyph:
    return Glyph(tuple(stroke * SMALL + np.array([0.0, drop]) for stroke in sign.strokes), sign.advance * SMALL + 0.3)


def _beside(*signs: Glyph) -> Glyph:
    strokes: list[Curve] = []
    right = 0.0
    for sign in signs:
        strokes += [stroke + np.array([right, 0.0]) for stroke in sign.strokes]
        right += sign.advance
    return Glyph(tuple(strokes), right)
