"""What research staff look for in the bank, and how its questions are counted by every facet.

A count is a sum over rows that say of a question no more than its week's units tell (server/domain/release.py), so it
may be of any filters at once (docs/adr/0107).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from server.domain.label import Difficulty
from server.domain.people import Stage, Subject
from server.domain.taxonomy import Point

UNLABELLED = "-"  # as a knowledge point that is looked for: those that have none yet
PERIODS = (1, 4, 13, 26, 52)  # weeks


class Outcome(StrEnum):
    """What became of a question; several may hold."""

    SEEN = "seen"  # a video was pushed, or a teacher answered
    SOLVED = "solved"
    STUCK = "stuck"
    REOPENED = "reopened"
    UNANSWERED = "unanswered"


@dataclass(frozen=True)
class Search:
    """What somebody looks for; what is None or empty does not matter. A knowledge point needs its subject and stage."""

    words: str = ""
    figure: str | None = None
    subject: Subject | None = None
    stage: Stage | None = None
    grade: int | None = None
    point: str | None = None
    difficulty: Difficulty | None = None
    outcome: Outcome | None = None
    topic: int | None = None
    school: UUID | None = None
    weeks: int = PERIODS[2]
    until: date | None = None  # the last week; none: the latest

    @property
    def seeks(self) -> bool:
        """Whether it is a search, and not filters alone."""
        return bool(self.words) or self.figure is not None


FACETS = ("subject", "stage", "grade", "point", "difficulty", "school")
"""Columns by which rows are counted; outcomes are sums, weeks and topics stand beside."""


def chosen(search: Search) -> list[str]:
    """The facets that a search narrows, in their order."""
    return [name for name in FACETS if getattr(search, name) is not None]


@dataclass
class Counts:
    """How many questions there are, by each value of each facet; with all other filters, without its own."""

    total: int
    values: dict[str, dict[Any, int]]


def counted(rows: Iterable[Any], search: Search) -> Counts:
    """From sums with a mask each: bit n is set where the nth chosen filter does not take the row. `facet` names what
    the row is a sum by, `value` which."""
    own = {name: 1 << n for n, name in enumerate(chosen(search))}
    values: dict[str, dict[Any, int]] = defaultdict(dict)
    total = 0
    for row in rows:
        if row.facet == "total":
            if row.mask == 0:
                total = row.n
                values["outcome"] = {each: getattr(row, each) for each in Outcome if getattr(row, each)}
        elif row.mask in (0, own.get(row.facet)) and row.n:
            known = values[row.facet]
            known[row.value] = known.get(row.value, 0) + row.n
    return Counts(total, dict(values))


def without(counts: Counts, search: Search) -> dict[str, int]:
    """How many questions there would be without each of the chosen filters, where there would be any."""
    found = {name: sum(counts.values.get(name, {}).values()) for name in chosen(search)}
    return {name: count for name, count in found.items() if count > 0}


@dataclass(frozen=True)
class Branch:
    """A knowledge point of the taxonomy, or one that is not of it, with the questions of all that is below."""

    name: str
    depth: int
    asked: int


def tree(points: Sequence[Point], asked: Mapping[str | None, int]) -> list[Branch]:
    """The points of one subject and stage that anybody asked about, in the taxonomy's order, each below its area; then
    labels that the taxonomy in force does not have, the most asked first."""
    known = {point.code: point for point in points}
    sums: dict[str, int] = defaultdict(int)
    for point in points:
        count = asked.get(point.name, 0)
        for each in _upwards(point, known):
            sums[each.code] += count
    branches = [
        Branch(point.name, len(_upwards(point, known)) - 1, sums[point.code])
        for point in _ordered(points)
        if sums[point.code]
    ]
    names = {point.name for point in points}
    rest = [(name, count) for name, count in asked.items() if name is not None and name not in names]
    branches += [Branch(name, 0, count) for name, count in sorted(rest, key=lambda pair: (-pair[1], pair[0]))]
    if asked.get(None):
        branches.append(Branch(UNLABELLED, 0, asked[None]))
    return branches


def under(points: Sequence[Point], name: str) -> list[str]:
    """A point and all that is below it, by name."""
    known = {point.code: point for point in points}
    return [name, *(p.name for p in points if p.name != name and any(up.name == name for up in _upwards(p, known)))]


def _upwards(point: Point, known: Mapping[str, Point]) -> list[Point]:
    """From a point to its topmost area; an import lets no circle in."""
    way = [point]
    while way[-1].parent is not None and way[-1].parent in known:
        way.append(known[way[-1].parent])
    return way


def _ordered(points: Sequence[Point]) -> list[Point]:
    """Each area before what is below it, and all of that before the next."""
    below: dict[str | None, list[Point]] = defaultdict(list)
    codes = {point.code for point in points}
    for point in points:
        below[point.parent if point.parent in codes else None].append(point)

    def walk(code: str | None) -> list[Point]:
        return [each for point in below[code] for each in (point, *walk(point.code))]

    return walk(None)
