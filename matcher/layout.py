"""Where one problem ends and the next begins on a photographed page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from matcher.read import Line, bounds, height, rows

SHORTEST = 6
"""Characters of a problem; a shorter piece is the edge of its neighbour on the page."""
INDENT = 1.6
"""Line heights by which the numbers of one column may stand out of line: a page is held askew."""
GUTTER = 1.2
"""Line heights of empty paper between two columns."""

_NUMBERED = re.compile(r"^\s*(?:第\s*(\d{1,2})\s*题|[*☆★]?(?:例\s*)?(\d{1,2})\s*[.．、,，:：](?!\d))")
"""`3.`, `12、`, `例4:`, `第5题`; a decimal is none. `(1)` numbers the parts of a problem, not problems."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One problem of a page: its text, and left, top, right, bottom in the photo's pixels."""

    text: str
    box: tuple[float, float, float, float]


def problems(lines: Sequence[Line]) -> tuple[Piece, ...]:
    """The problems of a page from top to bottom, column by column; none where the page shows just one.

    A page has several when at least two lines begin with numbers that count upwards by one, or when each of its columns
    begins with one. What stands above the first number (a heading) belongs to no problem.
    """
    columns = _columns(lines)
    pieces = [piece for column in columns for piece in _in_column(column, fewest=2 if len(columns) == 1 else 1)]
    return tuple(pieces) if len(pieces) > 1 else ()


def _in_column(column: list[Line], fewest: int) -> list[Piece]:
    grouped = rows(column)
    starts = _starts(grouped)
    if len(starts) < fewest:
        return []
    ends = [*starts[1:], len(grouped)]
    found = (grouped[start:end] for start, end in zip(starts, ends, strict=True))
    return [_piece(group) for group in found if sum(len(line.text) for row in group for line in row) >= SHORTEST]


def _starts(grouped: Sequence[Sequence[Line]]) -> list[int]:
    """The rows that begin a problem: numbered by one more than the last, and no farther right than the numbers are."""
    numbered = [(at, number, bounds(row[0])[0]) for at, row in enumerate(grouped) if (number := _number(row[0].text))]
    best: list[int] = []
    for first in range(len(numbered)):
        chain, last = [numbered[first][0]], numbered[first]
        for at, number, left in numbered[first + 1:]:
            if number == last[1] + 1 and abs(left - last[2]) <= INDENT * height(grouped[at][0]):
                chain.append(at)
                last = at, number, left
        if len(chain) > len(best):
            best = chain
    return best


def _number(text: str) -> int:
    """The problem's number that a line begins with, 0 for none."""
    found = _NUMBERED.match(text)
    return int(found[1] or found[2]) if found else 0


def _columns(lines: Sequence[Line]) -> list[list[Line]]:
    """The columns from left to right, cut where no line crosses a gutter of paper and both sides are numbered."""
    if not lines:
        return []
    usual = sorted(height(line) for line in lines)[len(lines) // 2]
    edges = sorted((bounds(line)[0], bounds(line)[2]) for line in lines)
    reach, cut = edges[0][1], None
    for left, right in edges[1:]:
        if left - reach > GUTTER * usual:
            cut = (reach + left) / 2
            break
        reach = max(reach, right)
    if cut is None:
        return [list(lines)]
    sides = [line for line in lines if bounds(line)[0] < cut], [line for line in lines if bounds(line)[0] >= cut]
    if not all(any(_number(line.text) for line in side) for side in sides):
        return [list(lines)]  # two columns of options, or a figure with words beside the text
    return [sides[0], *_columns(sides[1])]


def _piece(group: Sequence[Sequence[Line]]) -> Piece:
    boxes = [bounds(line) for row in group for line in row]
    left, top, right, bottom = zip(*boxes, strict=True)
    text = "\n".join(" ".join(line.text for line in row) for row in group)
    return Piece(_NUMBERED.sub("", text, count=1).strip(), (min(left), min(top), max(right), max(bottom)))
