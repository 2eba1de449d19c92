"""What a poll may ask, and where a room was lost: rules without a room."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import pulse
from server.domain.pulse import WINDOW_MS, BadPoll, Poll


@pytest.mark.parametrize(
    "poll",
    [
        Poll(" ", ("a", "b")),
        Poll("x" * 121, ("a", "b")),
        Poll("只有一个选项？", ("a",)),
        Poll("七个选项？", tuple("abcdefg")),
        Poll("两个一样？", ("甲", " 甲 ")),
        Poll("一个空的？", ("甲", "  ")),
        Poll("太长的选项？", ("甲", "x" * 41)),
        Poll("哪个对？", ("甲", "乙"), right=0),
        Poll("哪个对？", ("甲", "乙"), right=3),
    ],
)
def test_what_makes_no_poll_is_refused(poll: Poll) -> None:
    with pytest.raises(BadPoll):
        pulse.checked(poll)


def test_a_poll_is_kept_with_its_words_trimmed() -> None:
    assert pulse.checked(Poll("  顶点 在\n哪里？ ", (" (1, 2)", "(2,1) "), 2)) == Poll(
        "顶点 在 哪里？", ("(1, 2)", "(2,1)"), 2
    )


taps = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 20 * WINDOW_MS)), max_size=200)


@given(taps, st.integers(0, 25 * WINDOW_MS))
def test_however_often_they_tap_each_is_lost_once_a_window_and_nobody_is_forgotten(
    taps: list[tuple[int, int]], until_ms: int
) -> None:
    counts = Counter(window for window, _ in {(pulse.window_of(at_ms), pupil) for pupil, at_ms in taps})

    line = pulse.time_line(counts, until_ms)

    assert sum(line) == len({(at_ms // WINDOW_MS, pupil) for pupil, at_ms in taps})
    assert len(line) * WINDOW_MS > until_ms
    assert all(line[window] == count for window, count in counts.items())


@given(st.lists(st.integers(0, 60), max_size=60), st.integers(0, 400))
def test_marks_cover_every_window_in_which_many_were_lost_and_never_overlap(line: list[int], came: int) -> None:
    found = pulse.marks(line, came)

    many = [window for window, count in enumerate(line) if count >= max(pulse.LEAST_LOST, came * pulse.LOST_SHARE)]
    assert all(any(m.from_ms <= window * WINDOW_MS < m.to_ms for m in found) for window in many)
    assert all(before.to_ms < after.from_ms for before, after in pairwise(found))
    assert max((m.most for m in found), default=None) == max((line[window] for window in many), default=None)


def test_a_mark_begins_before_the_taps() -> None:
    assert pulse.marks([0, 0, 9, 12, 1, 0], came=60) == [pulse.Mark(WINDOW_MS, 4 * WINDOW_MS, 12)]
