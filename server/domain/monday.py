"""The page of a Monday: what was asked in a week, where, and what changed; made of what is told and nothing else."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from server.domain.people import Stage, stage_of
from server.domain.release import SCHOOL, K, Point, Tally, Unit
from server.domain.statistics import difference, quantile, wilson

COLUMNS = 8  # knowledge points of the heat map
LISTED = 5  # of those that rose, fell, or are the hardest

Enrolled = Mapping[tuple[UUID, int], int]  # pupils of a school and grade


@dataclass(frozen=True)
class Filter:
    """What a researcher asks for; nothing of it: the whole city."""

    subject: str | None = None
    grade: int | None = None
    school: UUID | None = None

    def takes(self, unit: Unit) -> bool:
        return (
            (self.subject is None or unit.subject == self.subject)
            and (self.grade is None or unit.grade == self.grade)
            and (self.school is None or unit.school == self.school)
        )

    def base(self, enrolled: Enrolled, stage: Stage | None = None) -> int:
        """The pupils who could have asked."""
        return sum(
            pupils
            for (school, grade), pupils in enrolled.items()
            if (self.school is None or school == self.school)
            and (self.grade is None or grade == self.grade)
            and (stage is None or stage_of(grade) is stage)
        )


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval."""

    share: float
    low: float
    high: float


@dataclass
class Figures:
    """Sums of units. `askers` counts a pupil once in each unit."""

    askers: int = 0
    tally: Tally = field(default_factory=Tally)

    def add(self, unit: Unit) -> None:
        self.askers += unit.askers
        self.tally.add(unit.tally)

    def rate(self, enrolled: int) -> Share | None:
        """The share of pupils who asked; none where more asked than are enrolled, as pupils of another grade do."""
        return share_of(self.askers, enrolled)

    @property
    def stuck(self) -> Share | None:
        """Of those who saw a video or an answer; of fewer than K no share is told."""
        return share_of(self.tally.stuck, self.tally.saw) if self.tally.saw >= K else None

    def wait(self, share: float) -> float | None:
        return quantile(self.tally.waits, share)


@dataclass(frozen=True)
class PointFigures:
    """A knowledge point in a week, and how much its rate grew since the week before and the year before. Where fewer
    than K asked then, or nobody, K - 1 is taken: it grew at least so much."""

    point: Point
    figures: Figures
    rate: Share | None
    week: Share | None
    year: Share | None


@dataclass(frozen=True)
class Row:
    """A line of the heat map: a grade, or a school, or the others that are too small to be named."""

    grade: int
    school: UUID | None
    enrolled: int | None
    cells: list[Figures | None]  # none: fewer than K pupils, or nobody


@dataclass(frozen=True)
class Monday:
    total: Figures
    before: Figures
    columns: list[Point]
    rows: list[Row]
    points: list[PointFigures]  # most asked first
    risen: list[PointFigures]
    fallen: list[PointFigures]
    hardest: list[PointFigures]

    @classmethod
    def empty(cls) -> "Monday":
        return cls(Figures(), Figures(), [], [], [], [], [], [])


def monday(
    wanted: Filter,
    units: Iterable[Unit],
    before: Figures,
    week_before: Mapping[Point, int],
    year_before: Mapping[Point, int],
    enrolled: Enrolled,
) -> Monday:
    """From the units of a week; of the week before its figures, and of both earlier weeks who asked about each point,
    all as the filter has them."""
    taken = [unit for unit in units if wanted.takes(unit)]
    now = _by_point(taken)
    base = {stage: wanted.base(enrolled, stage) for stage in Stage}
    points = [
        PointFigures(
            point,
            figures,
            figures.rate(base[point.stage]),
            _grown(figures.askers, week_before.get(point, 0), base[point.stage]) if week_before else None,
            _grown(figures.askers, year_before.get(point, 0), base[point.stage]) if year_before else None,
        )
        for point, figures in now.items()
    ]
    points.sort(key=lambda each: (-each.figures.askers, each.point.subject, each.point.stage, each.point.name or ""))
    gone = [
        PointFigures(point, Figures(), None, _grown(0, askers, base[point.stage]), None)
        for point, askers in week_before.items()
        if point not in now
    ]
    columns = [each.point for each in points if each.point.name is not None][:COLUMNS]
    total = Figures()
    for unit in taken:
        total.add(unit)
    return Monday(
        total=total,
        before=before,
        columns=columns,
        rows=_rows(wanted, taken, columns, enrolled),
        points=points,
        risen=_first(points, lambda each: each.week.low if each.week and each.week.low > 0 else 0),
        fallen=_first([*points, *gone], lambda each: -each.week.high if each.week and each.week.high < 0 else 0),
        hardest=_first(points, _hard),
    )


def _hard(each: PointFigures) -> float:
    """By the interval's lower end; where nobody was stuck, that is nothing but rounding."""
    return each.figures.stuck.low if each.figures.stuck and each.figures.tally.stuck else 0


def _first(points: Iterable[PointFigures], by: Callable[[PointFigures], float]) -> list[PointFigures]:
    """Those of which it holds for sure, the surest first; what nobody has labelled yet is no finding."""
    found = [each for each in points if each.point.name is not None and by(each) > 0]
    return sorted(found, key=by, reverse=True)[:LISTED]


def _by_point(units: Iterable[Unit]) -> dict[Point, Figures]:
    found: dict[Point, Figures] = defaultdict(Figures)
    for unit in units:
        if unit.point is not None:
            found[unit.point].add(unit)
    return dict(found)


def share_of(some: int, of: int) -> Share | None:
    return Share(some / of, *wilson(some, of)) if 0 < of >= some else None


def _grown(now: int, then: int, enrolled: int) -> Share | None:
    """What is not told may be up to K - 1: taken for the side that makes the change smaller."""
    now, then = max(now, K - 1), max(then, K - 1)
    return Share(*difference(now, enrolled, then, enrolled)) if max(now, then) <= enrolled else None


def _rows(wanted: Filter, units: Sequence[Unit], columns: Sequence[Point], enrolled: Enrolled) -> list[Row]:
    """Schools of the grade that is asked for, else grades."""
    lines: dict[tuple[int, UUID | None, bool], dict[Point, Figures]] = defaultdict(lambda: defaultdict(Figures))
    for unit in units:
        if unit.point is not None and unit.grade is not None:
            by_school = wanted.grade is not None
            line = (unit.grade, unit.school, unit.level == SCHOOL) if by_school else (unit.grade, wanted.school, True)
            lines[line][unit.point].add(unit)
    rows = [
        Row(
            grade,
            school,
            _enrolled_of(wanted, grade, school, enrolled) if named else None,
            [cells.get(column) for column in columns],
        )
        for (grade, school, named), cells in lines.items()
    ]
    rows = [row for row in rows if any(row.cells)]
    return sorted(rows, key=lambda row: (row.grade, row.enrolled is None, -_askers(row), str(row.school)))


def _enrolled_of(wanted: Filter, grade: int, school: UUID | None, enrolled: Enrolled) -> int:
    if wanted.grade is None and wanted.school is None:
        return wanted.base({key: pupils for key, pupils in enrolled.items() if key[1] == grade})
    return 0 if school is None else enrolled.get((school, grade), 0)


def _askers(row: Row) -> int:
    return sum(cell.askers for cell in row.cells if cell is not None)
