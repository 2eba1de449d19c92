"""The clock of an answer before and after its cuts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media.cuts import after, before, merged, more

moments = st.integers(0, 100_000)
spans = st.lists(st.tuples(moments, moments), max_size=8)


@given(spans, moments, moments)
def test_time_never_runs_back_and_goes_on_outside_of_cuts(given_: list[tuple[int, int]], one: int, other: int) -> None:
    cuts = merged(given_)
    early, late = sorted((one, other))

    assert 0 <= after(early, cuts) <= after(late, cuts) <= late
    if not any(start < late and early < end for start, end in cuts):
        assert after(late, cuts) - after(early, cuts) == late - early


@given(spans, moments)
def test_what_is_shown_at_a_moment_lies_at_that_moment(given_: list[tuple[int, int]], shown: int) -> None:
    cuts = merged(given_)

    assert after(before(shown, cuts), cuts) == shown


@given(spans, spans)
def test_cutting_twice_leaves_out_what_both_cuts_left_out(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    cuts = merged(first)

    both = more(cuts, second)

    gone = sum(end - start for start, end in merged(second))
    assert after(300_000, both) == after(300_000, cuts) - gone


def test_spans_that_touch_or_mean_nothing_become_the_fewest() -> None:
    assert merged([(5, 9), (-3, 2), (9, 12), (30, 20), (7, 8)]) == [(0, 2), (5, 12)]
