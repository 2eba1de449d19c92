"""What is said in a lecture's room and who was there: rules without a room."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import room

START = datetime(2026, 11, 27, 11, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("加我微信 abc", "contact"),
        ("我的电话138 0013-8000", "contact"),
        ("１３８００１３８０００", "contact"),
        ("一三八零零一三八零零零 晚上打给我", "contact"),
        ("q q号 一二三四五六七", "contact"),
        ("看这里 http://x.y", "link"),
        ("答案在 jieti。com", "link"),
        ("发到 a.b@mail", "link"),
        ("你 妈 的", "abuse"),
        ("傻​逼", "abuse"),
        ("老师为什么要移项？", None),
        ("圆周率是 3.14159265", None),
        ("1+2+3+4+5+6=21", None),
        ("第 12 题第 3 问，x=2024", None),
        ("操场上有 35 人", None),
        ("滚动摩擦和垃圾分类有关系吗", None),
    ],
)
def test_ways_to_reach_a_child_and_abuse_are_looked_at_first(text: str, why: str | None) -> None:
    assert room.why_held(text) == why


def test_a_pupil_speaks_at_the_rooms_pace() -> None:
    assert room.may_speak(None, 60, START)
    assert not room.may_speak(at(-29), 30, START)
    assert room.may_speak(at(-30), 30, START)
    assert not room.may_speak(at(-1), 0, START), "nobody types two lines a second"


@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 5_000)), max_size=30), st.integers(0, 120))
def test_being_there_is_counted_once_however_many_pages_tell_of_it(spans: list[tuple[int, int]], gap: int) -> None:
    intervals = [(at(start), at(end)) for start, end in spans]
    found = room.merged(intervals, timedelta(seconds=gap))

    assert all(one[1] + timedelta(seconds=gap) < two[0] for one, two in pairwise(found))
    assert room.merged([*found, *intervals], timedelta(seconds=gap)) == found
    if gap == 0:
        seconds = {second for start, end in spans for second in range(start, end)}
        assert sum((end - start).total_seconds() for start, end in found) == len(seconds)


def test_only_the_time_on_air_counts_and_a_lock_screen_is_no_absence() -> None:
    there = [(at(-600), at(100)), (at(130), at(400)), (at(1_000), at(5_000))]

    assert room.attended(there, at(0), at(1_200)) == timedelta(seconds=400 + 200)
