"""How much of a lesson was watched: rules without a player."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.domain import library

LENGTH = 300_000
spans = st.lists(st.tuples(st.integers(-5_000, LENGTH + 5_000), st.integers(-5_000, LENGTH + 5_000)), max_size=30)


@given(spans)
def test_what_was_seen_is_one_set_of_moments_in_whatever_order_it_was_told(told: list[library.Span]) -> None:
    seen = library.merged(told, LENGTH)

    assert seen == library.merged(reversed(told), LENGTH) == library.merged([*seen, *told], LENGTH)
    assert all(0 <= start < end <= LENGTH for start, end in seen)
    assert all(before[1] + library.GAP_MS < after[0] for before, after in pairwise(seen))
    assert all(
        any(a <= max(0, start) and min(LENGTH, end) <= b for a, b in seen)
        for start, end in told
        if start < end and min(end, LENGTH) > max(start, 0)
    )


@given(spans, spans, st.integers(0, 600))
def test_nobody_sees_more_in_a_time_than_a_player_plays(
    known: list[library.Span], told: list[library.Span], seconds: int
) -> None:
    before = library.merged(known, LENGTH)

    after = library.watched(before, told, LENGTH, timedelta(seconds=seconds))

    assert library.seen_ms(after) - library.seen_ms(before) <= seconds * 1000 * library.RATE + library.GAP_MS
    assert library.merged([*before, *after], LENGTH) == after, "nothing that was seen is forgotten"
    assert 0 <= library.share(after, LENGTH) <= 1


def test_a_minute_played_counts_and_an_hour_told_in_a_minute_does_not() -> None:
    minute = timedelta(minutes=1)

    assert library.watched([(0, 10_000)], [(10_000, 70_000)], LENGTH, minute) == [(0, 70_000)]
    assert library.watched([(0, 10_000)], [(0, LENGTH)], LENGTH, minute) == [(0, 10_000)]
    assert library.watched([], [(0, 20_000)], LENGTH, None) == [(0, 20_000)]
    assert library.watched([], [(0, 200_000)], LENGTH, None) == []
