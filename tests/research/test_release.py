"""What is told of a week: no small group can be reckoned out of it, whatever is filtered and whoever knows the rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import product
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from server.domain.people import Stage
from server.domain.release import CITY, SCHOOL, Cell, Crowd, K, Point, Tally, Unit, release

SCHOOLS = [UUID(int=n) for n in range(1, 4)]
POINTS = [Point("math", Stage.JUNIOR, name) for name in ("勾股定理", "一次函数")]


def crowd(first: int, pupils: int) -> Crowd:
    """Asked once by each of so many pupils, who are numbered from `first`."""
    return Crowd(Tally(asked=pupils), set(range(first, first + pupils)))


def told(units: Iterable[Unit]) -> tuple[tuple[object, ...], ...]:
    return tuple((u.level, u.subject, u.point, u.grade, u.school, u.tally.asked, u.askers) for u in units)


def test_from_what_is_told_no_small_group_of_a_small_city_can_be_told_apart() -> None:
    """Every world of two points, two grades and two schools with 0 to 4 pupils in each of six cells, k = 3: whoever
    knows the rule and all that is told finds at least two sizes for every group under k, at every level of the tree and
    across it (a school's or a grade's own total)."""
    k = 3
    cells = [Cell(point, grade, school) for point in POINTS for grade in (7, 8) for school in SCHOOLS[:2]][:6]
    groups: dict[object, list[int]] = defaultdict(list)
    for n, cell in enumerate(cells):
        for group in (cell, (cell.point, cell.grade), cell.point, cell.school, cell.grade, (cell.school, cell.grade)):
            groups[group].append(n)
    sizes: dict[object, dict[object, set[int]]] = defaultdict(lambda: defaultdict(set))

    for counts in product(range(5), repeat=len(cells)):
        world = {cell: crowd(10 * n, size) for n, (cell, size) in enumerate(zip(cells, counts, strict=True)) if size}
        seen = told(release(world, k))
        for group, members in groups.items():
            sizes[seen][group].add(sum(counts[n] for n in members))

    revealed = [
        (seen, group, found)
        for seen, by_group in sizes.items()
        for group, found in by_group.items()
        if len(found) == 1 and 0 < min(found) < k
    ]
    assert len(sizes) > 100
    assert revealed == []


worlds = st.dictionaries(
    st.builds(
        Cell,
        st.builds(Point, st.sampled_from(["math", "art"]), st.just(Stage.JUNIOR), st.sampled_from(["a", "b", None])),
        st.sampled_from([7, 8, 9]),
        st.sampled_from([*SCHOOLS, None]),
    ),
    st.lists(st.integers(0, 40), min_size=1, max_size=12),
)


@given(worlds)
def test_every_unit_has_k_pupils_and_nothing_is_counted_twice(asked: dict[Cell, list[int]]) -> None:
    cells = {cell: Crowd(Tally(asked=len(who)), set(who)) for cell, who in asked.items()}

    units = release(cells)

    assert all(unit.askers >= K for unit in units)
    own = {Cell(u.point, u.grade, u.school) for u in units if u.level == SCHOOL and u.point and u.grade}
    assert own == {cell for cell, who in asked.items() if len(set(who)) >= K}
    untold = sum(len(who) for who in asked.values()) - sum(unit.tally.asked for unit in units)
    assert untold >= 0
    if any(unit.level == CITY for unit in units):
        assert untold == 0


@given(worlds)
def test_units_do_not_depend_on_the_order_of_the_cells(asked: dict[Cell, list[int]]) -> None:
    cells = {cell: Crowd(Tally(asked=len(who)), set(who)) for cell, who in asked.items()}

    assert told(release(cells)) == told(release(dict(reversed(cells.items()))))


def test_a_school_of_three_pupils_is_told_only_within_others() -> None:
    """Whatever they ask: three are fewer than five."""
    cells = {
        Cell(POINTS[0], 8, SCHOOLS[0]): crowd(0, 3),
        Cell(POINTS[0], 8, SCHOOLS[1]): crowd(10, 4),
        Cell(POINTS[0], 8, SCHOOLS[2]): crowd(20, 9),
    }

    units = release(cells)

    assert [(unit.school, unit.askers) for unit in units] == [(SCHOOLS[2], 9), (None, 7)]


def test_two_cells_at_their_largest_are_not_told_even_as_a_sum() -> None:
    """4 + 4 can be nothing else when both are under 5."""
    cells = {Cell(POINTS[0], 8, SCHOOLS[n]): crowd(10 * n, 4) for n in range(2)}

    assert release(cells) == []
