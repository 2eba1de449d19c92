"""Appraisal (骨干教师评价): what a teacher did in a term and how well it worked, beside peers, with its uncertainty."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import quantiles

from server.domain.subsidy.facts import WORKS, Fact, counting
from server.domain.subsidy.policy import Policy, in_order
from server.domain.subsidy.reckon import HELD, PAID, Known, reckon

PEERS = 5  # fewer teachers than this make no quartiles: one could be found out
LENT = 10  # average ratings that everybody is lent, as in the coefficient of effect
Z = 1.96  # of a 95 % interval


@dataclass(frozen=True)
class Figure:
    """A figure, its 95 % interval, the quartiles of peers, and the facts behind it; None where nothing is known."""

    value: float | None
    low: float | None
    high: float | None
    peers: tuple[float, float, float] | None
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Appraisal:
    """One teacher's term."""

    teacher: str
    works: Figure  # how many
    minutes: Figure  # active
    resolved: Figure  # share resolved and not asked again
    rating: Figure  # 1 to 5, shrunk to the mean of all


def appraise(facts: Iterable[Fact], policies: Sequence[Policy], first: int, until: int) -> dict[str, Appraisal]:
    """By teacher, for works of the days from `first` to before `until` that count or are held."""
    told = list(facts)
    known = Known(counting(told), in_order(policies))
    works: dict[str, list[Fact]] = {}
    for statement in reckon(told, policies, pools=False).statements:
        for line in statement.lines:
            if first <= line.day < until and line.fact.kind in WORKS and line.status in (PAID, HELD):
                works.setdefault(line.fact.teacher, []).append(line.fact)
    judged = {teacher: _judged(known, own) for teacher, own in works.items()}
    stars = [rating for each in judged.values() for _, rating in each.ratings]
    mean = sum(stars) / len(stars) if stars else 0.0
    rows = {
        teacher: {
            "works": (float(len(own)), None, None, [fact.id for fact in own]),
            "minutes": (sum(fact.seconds for fact in own) / 60, None, None, [fact.id for fact in own]),
            "resolved": _share(judged[teacher]),
            "rating": _rating(judged[teacher], mean),
        }
        for teacher, own in works.items()
    }
    names = ("works", "minutes", "resolved", "rating")
    peers = {
        name: _quartiles([value for row in rows.values() if (value := row[name][0]) is not None]) for name in names
    }
    return {
        teacher: Appraisal(teacher, *(Figure(*row[name][:3], peers[name], tuple(row[name][3])) for name in names))
        for teacher, row in sorted(rows.items())
    }


@dataclass(frozen=True)
class _Judged:
    """What pupils said of works: those with a known outcome, those resolved for good, and the ratings."""

    known: list[str]
    good: int
    ratings: list[tuple[str, int]]


_Row = tuple[float | None, float | None, float | None, list[str]]


def _judged(known: Known, works: Sequence[Fact]) -> _Judged:
    outcomes = [(fact.id, known.outcomes[fact.id]) for fact in works if fact.id in known.outcomes]
    told = [(id, each) for id, each in outcomes if each.resolved is not None or each.asked_again]
    return _Judged(
        known=[id for id, _ in told],
        good=sum(bool(each.resolved) and not each.asked_again for _, each in told),
        ratings=[(id, each.rating) for id, each in outcomes if each.rating is not None],
    )


def _share(judged: _Judged) -> _Row:
    """With Wilson's interval, which stays within 0 and 1 and is honest about three works."""
    n = len(judged.known)
    if n == 0:
        return None, None, None, []
    share = judged.good / n
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return share, max(0.0, middle - half), min(1.0, middle + half), judged.known


def _rating(judged: _Judged, mean: float) -> _Row:
    """Shrunk to the mean; the interval takes ratings to spread by a star, which few do not."""
    n = len(judged.ratings)
    if n == 0:
        return None, None, None, []
    value = (sum(rating for _, rating in judged.ratings) + LENT * mean) / (n + LENT)
    half = Z / sqrt(n + LENT)
    return value, max(1.0, value - half), min(5.0, value + half), [id for id, _ in judged.ratings]


def _quartiles(values: Sequence[float]) -> tuple[float, float, float] | None:
    if len(values) < PEERS:
        return None
    first, middle, third = quantiles(values, n=4, method="inclusive")
    return first, middle, third
