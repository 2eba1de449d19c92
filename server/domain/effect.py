"""Whether teaching a topic helped: its rate before and after for those who were reached, beside a control.

The week in which it was taught is left out; four whole weeks before are compared with four whole weeks after, once.

*Schools* are the control where a lecture was open to some of them. Before and after are added up first, so that weeks
which resemble their neighbours claim nothing (Bertrand, Duflo and Mullainathan 2004, Quarterly Journal of Economics
119, 249-275, section IV.C); a school is one draw, however many pupils it has, so that what pupils of a school share
claims nothing either (Donald and Lang 2007, Review of Economics and Statistics 89, 221-233). Schools count by their
pupils; the variance is the HC2 of that weighted mean (MacKinnon and White 1985, Journal of Econometrics 29, 305-325),
its degrees of freedom those of Bell and McCaffrey (2002, Survey Methodology 28, 169-181), put together as Welch does
(1947, Biometrika 34, 28-35). Counts may vary more than Poisson's as they like: nothing is assumed of them.

*Topics* are the control where everybody was reached: one topic was taught, and how much others of its size changed in
the same weeks is what it would have changed by chance (Conley and Taber 2011, Review of Economics and Statistics 93,
113-125; as a prediction interval of Student's t on logarithms). Topics are taught when they are at a height, from which
they fall by themselves: this is the weaker comparison, and pages say so.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from server.domain.release import K, hides
from server.domain.statistics import Z

WEEKS = 4
FEWEST_SCHOOLS = 4  # on either side
FEWEST_TOPICS = 8
FEWEST_FREEDOM = 3.0  # degrees; below, the interval would be of no use
ALIKE = 2.0  # a control topic was asked at least half and at most twice as often before


class Verdict(StrEnum):
    """What can be said of it."""

    SHORT = "short"  # the topic was not known for long enough before
    FEW = "few"  # so few asked that it can't be told
    THIN = "thin"  # the rates are told, but there is too little to compare them with
    TOLD = "told"


class Method(StrEnum):
    SCHOOLS = "schools"
    TOPICS = "topics"


@dataclass(frozen=True)
class Window:
    """Mondays of the weeks that are compared."""

    before: tuple[date, ...]
    after: tuple[date, ...]

    @property
    def known_from(self) -> date:
        """The Monday from which it can be told."""
        return self.after[-1] + timedelta(weeks=1)


def window(taught: date) -> Window:
    """Around the week of this day."""
    week = taught - timedelta(days=taught.weekday())
    return Window(
        tuple(week - timedelta(weeks=n) for n in range(WEEKS, 0, -1)),
        tuple(week + timedelta(weeks=n) for n in range(1, WEEKS + 1)),
    )


class Question(NamedTuple):
    """Where and when one was asked, and by whom; it never leaves the process that counts."""

    school: UUID | None
    grade: int
    week: date
    pupil: int


@dataclass(frozen=True)
class Cluster:
    """A school: its pupils, and what they asked before and after."""

    enrolled: int
    before: int
    after: int

    @property
    def change(self) -> float:
        """In questions of 1,000 pupils a week."""
        return 1000 * (self.after - self.before) / self.enrolled / WEEKS


@dataclass(frozen=True)
class Change:
    """With its 95 % interval: questions of 1,000 pupils a week by schools, shares of what was expected by topics."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Rates:
    """Questions of 1,000 enrolled pupils a week."""

    before: float
    after: float


@dataclass(frozen=True)
class Effect:
    verdict: Verdict
    method: Method | None = None
    reached: Rates | None = None
    control: Rates | None = None
    change: Change | None = None
    units: int = 0  # schools that were reached, or control topics
    control_units: int = 0  # schools that were not
    grades: tuple[int, ...] = ()  # whose questions are counted


Enrolled = Mapping[tuple[UUID, int], int]


def beside_schools(
    asked: Sequence[Question],
    when: Window,
    enrolled: Enrolled,
    reached: frozenset[UUID],
    left_out: frozenset[UUID],
    grades: frozenset[int],
    of_stage: frozenset[int],
) -> Effect:
    """A lecture for these schools and grades; `left_out` are schools that another lecture on the topic reached. Where
    too few of other grades asked to be told of, the whole stage is compared."""

    def side(q: Question) -> int:
        if q.school is None or q.school in left_out or q.grade not in grades:
            return 2
        return 0 if q.school in reached else 1

    if grades != of_stage and not _is_hidden(asked, when, side):
        return beside_schools(asked, when, enrolled, reached, left_out, of_stage, of_stage)
    rest_exists = any(side(q) == 2 for q in asked) or bool(left_out) or grades != of_stage
    if not may_be_told(asked, when, side, 3 if rest_exists else 2):
        return Effect(Verdict.FEW)
    sides = [
        _clusters(asked, when, enrolled, grades, schools)
        for schools in (reached, {school for school, _ in enrolled} - reached - left_out)
    ]
    rates = [_rates(clusters) for clusters in sides]
    found = change_of(*sides) if min(map(len, sides)) >= FEWEST_SCHOOLS else None
    return Effect(
        Verdict.THIN if found is None else Verdict.TOLD,
        Method.SCHOOLS,
        rates[0],
        rates[1],
        found,
        len(sides[0]),
        len(sides[1]),
        tuple(sorted(grades)),
    )


def beside_topics(
    asked: Sequence[Question], when: Window, enrolled: int, others: Sequence[tuple[int, int]], grades: Sequence[int]
) -> Effect:
    """A lecture for everybody, or a micro-lesson; `others` are topics of the same subject and stage that nobody taught,
    with what was asked of them before and after."""
    if enrolled < K or not may_be_told(asked, when, lambda _: 0, 1):
        return Effect(Verdict.FEW)
    mine = Cluster(enrolled, *(sum(q.week in weeks for q in asked) for weeks in (when.before, when.after)))
    alike = [(b, a) for b, a in others if mine.before / ALIKE <= b <= mine.before * ALIKE]
    found = _among(mine, alike) if len(alike) >= FEWEST_TOPICS else None
    return Effect(
        Verdict.THIN if found is None else Verdict.TOLD,
        Method.TOPICS,
        _rates([mine]),
        None,
        found,
        len(alike),
        grades=tuple(grades),
    )


def change_of(reached: Sequence[Cluster], control: Sequence[Cluster]) -> Change | None:
    """How much more the rate of those who were reached changed; None where the interval would be of no use."""
    (one, var_one, df_one), (other, var_other, df_other) = _mean(reached), _mean(control)
    var = var_one + var_other
    if var <= 0:
        return None
    freedom = var**2 / (var_one**2 / df_one + var_other**2 / df_other)
    if freedom < FEWEST_FREEDOM:
        return None
    half = student(freedom) * math.sqrt(var)
    return Change(one - other, one - other - half, one - other + half)


def _mean(clusters: Sequence[Cluster]) -> tuple[float, float, float]:
    """The mean of the changes by pupils, its HC2 variance, and the degrees of freedom if a school's change varies as
    one over its pupils."""
    total = sum(each.enrolled for each in clusters)
    weights = [each.enrolled / total for each in clusters]
    mean = sum(w * each.change for w, each in zip(weights, clusters, strict=True))
    squares = [w * w / (1 - w) for w in weights]  # of what each residual weighs in the variance
    var = sum(c * (each.change - mean) ** 2 for c, each in zip(squares, clusters, strict=True))
    own = [c * (1 / w - 1) for c, w in zip(squares, weights, strict=True)]
    fourth = sum(c * c for c in squares)
    freedom = sum(own) ** 2 / (sum(each * each for each in own) + sum(squares) ** 2 - fourth)
    return mean, var, freedom


def _among(mine: Cluster, others: Sequence[tuple[int, int]]) -> Change | None:
    changes = [math.log((after + 0.5) / (before + 0.5)) for before, after in others]
    mean = sum(changes) / len(changes)
    var = sum((each - mean) ** 2 for each in changes) / (len(changes) - 1)
    half = student(len(changes) - 1) * math.sqrt(var * (1 + 1 / len(changes)))
    apart = math.log((mine.after + 0.5) / (mine.before + 0.5)) - mean
    return None if half == 0 else Change(*(math.exp(value) - 1 for value in (apart, apart - half, apart + half)))


def student(freedom: float) -> float:
    """Student's t with 2.5 % beyond it, at most 0.2 % off from three degrees on (Abramowitz and Stegun 26.7.5)."""
    z, terms = Z, 0.0
    for n, row in enumerate(_EXPANSION, 1):
        terms += sum(c * z**p for p, c in row.items()) / freedom**n
    return z + terms


_EXPANSION: Sequence[Mapping[int, float]] = (
    {3: 1 / 4, 1: 1 / 4},
    {5: 5 / 96, 3: 16 / 96, 1: 3 / 96},
    {7: 3 / 384, 5: 19 / 384, 3: 17 / 384, 1: -15 / 384},
    {9: 79 / 92160, 7: 776 / 92160, 5: 1482 / 92160, 3: -1920 / 92160, 1: -945 / 92160},
)


# --- what may be told of it ----------------------------------------------------------------------------------------


def may_be_told(asked: Sequence[Question], when: Window, side: Callable[[Question], int], sides: int) -> bool:
    """The page of topics tells each week that at least K asked about. So what is told here may leave no group smaller
    than K, of pupils of one side or of weeks that are told nowhere."""
    for weeks in (when.before, when.after):
        inside = [q for q in asked if q.week in weeks]
        if any(len({q.pupil for q in inside if side(q) == n}) < K for n in range(sides)):
            return False
        by_week = [{q.pupil for q in inside if q.week == week} for week in weeks]
        small = [pupils for pupils in by_week if len(pupils) < K]
        if small and not hides([len(pupils) for pupils in small], len(set[int]().union(*small)), K):
            return False
    return True


def _is_hidden(asked: Sequence[Question], when: Window, side: Callable[[Question], int]) -> bool:
    """Whether those on neither side are enough to stay out of what is told."""
    return all(len({q.pupil for q in asked if q.week in w and side(q) == 2}) >= K for w in (when.before, when.after))


def _clusters(
    asked: Sequence[Question],
    when: Window,
    enrolled: Enrolled,
    grades: frozenset[int],
    schools: frozenset[UUID] | set[UUID],
) -> list[Cluster]:
    """Those of these schools that have pupils of the grades."""
    found = []
    counts: dict[UUID, list[int]] = {school: [0, 0] for school in schools}
    for q in asked:
        if q.school in counts and q.grade in grades:
            counts[q.school][0] += q.week in when.before
            counts[q.school][1] += q.week in when.after
    for school, (before, after) in counts.items():
        pupils = sum(enrolled.get((school, grade), 0) for grade in grades)
        if pupils:
            found.append(Cluster(pupils, before, after))
    return found


def _rates(clusters: Sequence[Cluster]) -> Rates | None:
    pupils = sum(each.enrolled for each in clusters)
    if not pupils:
        return None
    return Rates(
        *(1000 * n / pupils / WEEKS for n in (sum(c.before for c in clusters), sum(c.after for c in clusters)))
    )
