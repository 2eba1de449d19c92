"""What may be told of a week: groups too small to tell are put together until nobody can be reckoned out of them.

A week is cut once into *units*, each of at least K pupils, along one tree: city, subject, knowledge point, grade,
school. Everything that anybody is shown is a sum of whole units, so no series of filters tells more than the units do
(docs/adr/0105). The test tries every world of a small city: from what is told, no small group can be told apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from server.domain.people import Stage

K = 5  # pupils behind anything that is told
CITY, SUBJECT, POINT, GRADE, SCHOOL = range(5)  # how far down the tree a unit lies


class Point(NamedTuple):
    """A knowledge point; its name is its own within a subject and stage. No name: not labelled yet."""

    subject: str
    stage: Stage
    name: str | None


class Cell(NamedTuple):
    """Where a question belongs, as finely as anything is told. No school: a pupil of none."""

    point: Point
    grade: int
    school: UUID | None


@dataclass
class Tally:
    """Counts of questions; the waits by their bin (server/domain/statistics.py)."""

    asked: int = 0
    saw: int = 0  # a video or a whole answer
    solved: int = 0
    stuck: int = 0  # still, after the video
    reopened: int = 0
    unanswered: int = 0
    waits: dict[int, int] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        self.asked += other.asked
        self.saw += other.saw
        self.solved += other.solved
        self.stuck += other.stuck
        self.reopened += other.reopened
        self.unanswered += other.unanswered
        for bin, count in other.waits.items():
            self.waits[bin] = self.waits.get(bin, 0) + count


@dataclass
class Crowd:
    """Those who asked, numbered, and what they asked; it never leaves the process that counts."""

    tally: Tally = field(default_factory=Tally)
    pupils: set[int] = field(default_factory=set)

    def add(self, other: "Crowd") -> None:
        self.tally.add(other.tally)
        self.pupils |= other.pupils


@dataclass(frozen=True)
class Unit:
    """One number that is told. At `level` SCHOOL it is a cell; above it, what was left over below that place."""

    level: int
    subject: str | None
    point: Point | None
    grade: int | None
    school: UUID | None
    askers: int
    tally: Tally


def release(cells: Mapping[Cell, Crowd], k: int = K) -> list[Unit]:
    """The units of a week, in the order of the tree. What is too small even for the whole city is told nowhere."""
    units: list[Unit] = []

    def below(level: int, inside: Sequence[Cell]) -> Crowd:
        """Who could not be told of below a place. The parts become one unit where their sum hides each of them; else
        they are a part of the place above."""
        if level == SCHOOL:
            crowd = cells[inside[0]]
            if len(crowd.pupils) < k:
                return crowd
            units.append(_unit(SCHOOL, inside[0], crowd))
            return Crowd()
        deeper = [list(group) for _, group in groupby(inside, key=lambda cell: _path(cell)[level])]
        parts = [part for part in (below(level + 1, group) for group in deeper) if part.pupils]
        whole = Crowd()
        for part in parts:
            whole.add(part)
        if not hides([len(part.pupils) for part in parts], len(whole.pupils), k):
            return whole
        units.append(_unit(level, inside[0], whole))
        return Crowd()

    if cells:
        below(CITY, sorted(cells, key=_order))
    return units


def hides(parts: Sequence[int], pupils: int, k: int) -> bool:
    """Whether the sum of these parts may be told, given the pupils of each and of all together (who asks in two parts
    is one): at least k, of two parts or more; and fewer than k - 1 of each, or each would be known to be that."""
    return len(parts) > 1 and pupils >= k and sum(parts) < len(parts) * (k - 1)


def _unit(level: int, inside: Cell, crowd: Crowd) -> Unit:
    return Unit(
        level,
        inside.point.subject if level >= SUBJECT else None,
        inside.point if level >= POINT else None,
        inside.grade if level >= GRADE else None,
        inside.school if level >= SCHOOL else None,
        len(crowd.pupils),
        crowd.tally,
    )


def _path(cell: Cell) -> tuple[str, Point, int, UUID | None]:
    return cell.point.subject, cell.point, cell.grade, cell.school


def _order(cell: Cell) -> tuple[str, str, str, int, str]:
    point = cell.point
    return point.subject, point.stage, point.name or "", cell.grade, str(cell.school or "")
