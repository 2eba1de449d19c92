"""What leaves the house: no row is the only one of its kind, and no two projects know the same pupil."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from server.domain.deidentify import COLUMNS, Asked, alike, cells, pseudonym, wait_of
from server.domain.people import stage_of
from server.domain.release import K

DAY = date(2026, 3, 2)
SCHOOLS = [UUID(int=n) for n in range(4)]


def asked(pupil: int, school: UUID | None = SCHOOLS[0], grade: int = 8) -> Asked:
    who = UUID(int=1000 + pupil)
    flags = (False, True, True, False, False, False)
    return Asked(who, DAY, school, grade, stage_of(grade), "math", "勾股定理", *flags, 12)


days = st.lists(
    st.integers(0, 40).flatmap(
        # a pupil has one school and grade
        lambda n: st.just(asked(n, [*SCHOOLS, None][n % 5], 6 + n // 5 % 4))
    ),
    max_size=60,
)


@given(days)
def test_of_each_place_and_day_at_least_five_pupils_are_alike(rows: list[Asked]) -> None:
    kept, left_out = alike(rows)

    alone: dict[object, set[UUID]] = defaultdict(set)
    for row in kept:
        alone[row.school, row.grade, row.stage].add(row.pupil)
    assert all(len(pupils) >= K for pupils in alone.values())
    assert len(kept) + left_out == len(rows)


@given(days)
def test_a_row_tells_its_place_to_nobody_through_another_row_of_its_pupil(rows: list[Asked]) -> None:
    """Whoever has a blurred row finds no row under the same pseudonym that says more."""
    kept, _ = alike(rows)

    places: dict[str, set[object]] = defaultdict(set)
    for row in kept:
        places[pseudonym(b"k" * 32, row)].add((row.school, row.grade))
    assert all(len(found) == 1 for found in places.values())


def test_nothing_of_two_projects_joins() -> None:
    kept, _ = alike([asked(n) for n in range(30)])

    first, second = ({pseudonym(key * 32, row) for row in kept} for key in (b"a", b"b"))

    assert (len(first), len(second), first & second) == (30, 30, set())


def test_a_wait_is_told_by_its_bin() -> None:
    assert [wait_of(None), wait_of(0), wait_of(12)] == [(None, None), (1, 1), (8, 10)]


def test_a_row_has_every_column_of_the_dictionary() -> None:
    assert len(cells(asked(1), "x", "一中")) == len(COLUMNS)
