"""Whether teaching helped: the interval holds the truth as often as it says, and small groups stay hidden."""

from __future__ import annotations

import math
from datetime import date, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from server.domain.effect import (
    WEEKS,
    Cluster,
    Question,
    Verdict,
    beside_schools,
    beside_topics,
    change_of,
    may_be_told,
    student,
    window,
)
from server.domain.proposal import told_invited
from server.domain.release import K

WHEN = window(date(2026, 3, 11))
SCHOOLS = [UUID(int=n) for n in range(1, 13)]
STAGE = frozenset({7, 8, 9})


def test_student_is_students() -> None:
    for freedom in (3, 3.7, 5, 12, 200):
        assert student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=2e-3)


def test_the_week_itself_is_left_out() -> None:
    assert (WHEN.before[0], WHEN.before[-1]) == (date(2026, 2, 9), date(2026, 3, 2))
    assert (WHEN.after[0], WHEN.known_from) == (date(2026, 3, 16), date(2026, 4, 13))


def some(rng: np.random.Generator, count: int, effect: float, spread: float) -> list[Cluster]:
    """Schools of very different sizes and rates; their counts vary more than Poisson's, by school and window."""
    sizes = np.maximum(40, rng.lognormal(5.7, 0.5, count)).astype(int)
    found = []
    for size, rate in zip(sizes, 3 * rng.gamma(4, 1 / 4, count), strict=True):
        shaken = rng.gamma(4 / spread, spread / 4, 2)
        before = rng.poisson(size * rate * WEEKS / 1000 * shaken[0])
        after = rng.poisson(size * max(0.0, rate + effect) * WEEKS / 1000 * shaken[1])
        found.append(Cluster(int(size), int(before), int(after)))
    return found


@pytest.mark.parametrize(("one", "other"), [(4, 4), (4, 30), (12, 25)])
@pytest.mark.parametrize("spread", [1.0, 3.0])
def test_the_interval_holds_the_truth_95_times_of_100(one: int, other: int, spread: float) -> None:
    rng = np.random.default_rng(11)
    tries = [(change_of(some(rng, one, e, spread), some(rng, other, 0, spread)), e) for e in (0.0, -1.0) * 600]
    told = [(change, effect) for change, effect in tries if change is not None]

    holds = [change.low <= effect <= change.high for change, effect in told]
    claims = [not change.low <= 0 <= change.high for change, effect in told if effect == 0]

    assert len(told) > 500
    assert 0.92 <= np.mean(holds) <= 0.985
    assert np.mean(claims) <= 0.085, "no effect is called one no more often than it may"


def test_topics_that_nobody_taught_are_what_chance_does() -> None:
    rng = np.random.default_rng(5)
    holds, claims = [], []
    for _ in range(800):
        sizes = rng.uniform(60, 110, 13)
        counts = [(int(rng.poisson(n)), int(rng.poisson(n * rng.gamma(8, 1 / 8)))) for n in sizes]
        (before, after), others = counts[0], counts[1:]
        asked = [Question(None, 8, WHEN.before[n % 4], n) for n in range(before)]
        asked += [Question(None, 8, WHEN.after[n % 4], n) for n in range(after)]
        found = beside_topics(asked, WHEN, 9_000, others, [7, 8, 9])
        if found.change is not None:
            holds.append(found.change.low <= 0 <= found.change.high)
            claims.append(found.change.high < 0)
    assert len(holds) > 600 and np.mean(holds) >= 0.92 and np.mean(claims) <= 0.05


def test_too_little_is_called_too_little() -> None:
    asked = [Question(SCHOOLS[n % 2], 8, week, n) for n in range(40) for week in (*WHEN.before, *WHEN.after)]
    enrolled = {(school, 8): 300 for school in SCHOOLS[:2]}
    thin = beside_schools(asked, WHEN, enrolled, frozenset(SCHOOLS[:1]), frozenset(), STAGE, STAGE)
    assert (thin.verdict, thin.change) == (Verdict.THIN, None) and thin.reached is not None
    few = beside_schools(asked[:60], WHEN, enrolled, frozenset(SCHOOLS[:1]), frozenset(), STAGE, STAGE)
    assert (few.verdict, few.reached) == (Verdict.FEW, None)
    assert beside_topics(asked, WHEN, 0, [(40, 40)] * 9, [8]).verdict is Verdict.FEW
    assert beside_topics(asked, WHEN, 600, [(160, 160)] * 7, [8]).verdict is Verdict.THIN
    assert change_of([Cluster(100, 3, 3)] * 5, [Cluster(100, 3, 3)] * 5) is None, "no spread, no claim"


GROUPS = st.lists(
    st.builds(
        Question,
        st.sampled_from([*SCHOOLS[:3], None]),
        st.sampled_from([8, 9]),
        st.sampled_from([*WHEN.before, *WHEN.after]),
        st.integers(0, 60),
    ),
    max_size=400,
)


@given(GROUPS, st.booleans())
def test_what_is_told_leaves_no_small_group_behind(asked: list[Question], of_eight: bool) -> None:
    """The reader knows each week of five askers or more, and what is told here; the rest is five or nobody's."""
    enrolled = {(school, grade): 200 for school in SCHOOLS[:3] for grade in STAGE}
    grades = frozenset({8}) if of_eight else STAGE
    found = beside_schools(asked, WHEN, enrolled, frozenset(SCHOOLS[:1]), frozenset(), grades, STAGE)
    if found.reached is None:
        return
    told = frozenset(found.grades)
    for weeks in (WHEN.before, WHEN.after):
        inside = [q for q in asked if q.week in weeks]
        sides = [
            {q.pupil for q in inside if q.school == SCHOOLS[0] and q.grade in told},
            {q.pupil for q in inside if q.school in SCHOOLS[1:] and q.grade in told},
            {q.pupil for q in inside if q.school is None or q.grade not in told},
        ]
        assert all(len(side) >= K for side in sides[:2]) and (not sides[2] or len(sides[2]) >= K)
        hidden = [{q.pupil for q in inside if q.week == week} for week in weeks]
        hidden = [pupils for pupils in hidden if len(pupils) < K]
        assert not hidden or (len(hidden) > 1 and len(set[int]().union(*hidden)) >= K)


def test_a_hidden_week_stays_hidden() -> None:
    full = [Question(SCHOOLS[0], 8, week, n) for week in (*WHEN.before, *WHEN.after) for n in range(9)]
    one_small = [q for q in full if q.week != WHEN.after[0] or q.pupil < 2]
    assert may_be_told(full, WHEN, lambda _: 0, 1) and not may_be_told(one_small, WHEN, lambda _: 0, 1)


@given(st.lists(st.integers(0, 12), max_size=8), st.lists(st.integers(0, 12), max_size=8))
def test_numbers_of_invited_grow_by_five_or_not_at_all(first: list[int], later: list[int]) -> None:
    one = told_invited(first, None)
    two = told_invited(later, one)
    assert (one == 0 or one >= K) and (two == one or two - one >= K)


def test_a_window_is_whole_weeks_whatever_the_day() -> None:
    assert {window(date(2026, 3, 9) + timedelta(days=n)) for n in range(7)} == {WHEN}
    assert math.isclose(Cluster(500, 10, 20).change, 5.0)
