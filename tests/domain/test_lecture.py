"""A lecture's plan, states and seats, and its entry in a calendar."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import lecture
from server.domain.calendar import LINE, Entry, ics
from server.domain.lecture import MOVES, BadPlan, LectureState, PlaceState, Plan, Seats
from server.domain.people import Stage, Subject

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)


def a_plan(**other: Any) -> Plan:
    plan = {
        "title": " 一次函数  怎么看图 ",
        "about": "",
        "subject": Subject.MATH,
        "stage": Stage.JUNIOR,
        "grades": (8, 7, 8),
        "knowledge_points": ("一次函数", "一次函数"),
        "starts_at": NOW + timedelta(days=1),
        "ends_at": NOW + timedelta(days=1, hours=1),
        "capacity": 800,
    }
    return Plan(**(plan | other))


def test_a_plan_is_put_in_order() -> None:
    fit = lecture.checked(a_plan(), NOW)

    assert (fit.title, fit.grades, fit.knowledge_points) == ("一次函数 怎么看图", (7, 8), ("一次函数",))


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("title", {"title": " "}),
        ("title", {"title": "长" * 61}),
        ("about", {"about": "长" * 1_001}),
        ("knowledge_points", {"knowledge_points": tuple(map(str, range(9)))}),
        ("grades", {"grades": ()}),
        ("grades", {"grades": (6, 7)}),
        ("starts_at", {"starts_at": NOW - timedelta(minutes=1)}),
        ("starts_at", {"starts_at": NOW.replace(tzinfo=None) + timedelta(days=1)}),
        ("starts_at", {"starts_at": NOW + timedelta(days=500), "ends_at": NOW + timedelta(days=500, hours=1)}),
        ("ends_at", {"ends_at": NOW + timedelta(days=1, minutes=9)}),
        ("ends_at", {"ends_at": NOW + timedelta(days=1, hours=4)}),
        ("capacity", {"capacity": 0}),
        ("capacity", {"capacity": 5_001}),
        ("schools", {"schools": frozenset(uuid4() for _ in range(301))}),
    ],
)
def test_a_plan_that_makes_no_sense_names_the_field(field: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadPlan) as refused:
        lecture.checked(a_plan(**wrong), NOW)

    assert refused.value.field == field


def test_a_lecture_ends_as_over_or_cancelled_and_then_stays() -> None:
    ends = {state for state, onward in MOVES.items() if not onward}

    assert ends == {LectureState.OVER, LectureState.CANCELLED}
    assert lecture.moved(LectureState.OPEN, LectureState.LIVE) is LectureState.LIVE
    with pytest.raises(lecture.LectureMoveRefused):
        lecture.moved(LectureState.OVER, LectureState.LIVE)


def test_what_was_not_held_is_cancelled_and_what_was_left_on_is_closed() -> None:
    end = NOW

    assert lecture.due(LectureState.OPEN, end, NOW) is LectureState.CANCELLED
    assert lecture.due(LectureState.OPEN, end, NOW - timedelta(seconds=1)) is None
    assert lecture.due(LectureState.LIVE, end, NOW + timedelta(minutes=29)) is None
    assert lecture.due(LectureState.LIVE, end, NOW + timedelta(minutes=30)) is LectureState.OVER
    assert lecture.due(LectureState.OVER, end, NOW + timedelta(days=9)) is None


def test_a_lecture_starts_from_a_quarter_of_an_hour_before() -> None:
    start, end = NOW, NOW + timedelta(hours=1)

    assert lecture.may_start(LectureState.OPEN, start, end, NOW - timedelta(minutes=15))
    assert not lecture.may_start(LectureState.OPEN, start, end, NOW - timedelta(minutes=16))
    assert not lecture.may_start(LectureState.OPEN, start, end, end)
    assert not lecture.may_start(LectureState.PLANNED, start, end, NOW)


def test_one_after_the_other_is_no_clash() -> None:
    hour = timedelta(hours=1)

    assert not lecture.overlap(NOW, NOW + hour, [(NOW + hour, NOW + 2 * hour), (NOW - hour, NOW)])
    assert lecture.overlap(NOW, NOW + hour, [(NOW + hour / 2, NOW + 2 * hour)])


@given(st.integers(1, 60), st.data())
def test_however_they_come_seats_are_never_oversold_and_the_order_is_kept(capacity: int, data: st.DataObject) -> None:
    taken = waiting = 0
    everybody: list[PlaceState | None] = []
    for count in data.draw(st.lists(st.integers(0, 40), max_size=8)):
        group = lecture.placed(Seats(capacity, taken, waiting), count)
        assert len(group) == count
        taken += group.count(PlaceState.SEATED)
        waiting += group.count(PlaceState.WAITING)
        everybody += group

    assert taken == min(capacity, len(everybody))
    assert everybody == [PlaceState.SEATED] * taken + [PlaceState.WAITING] * waiting


def test_the_waiting_list_has_an_end() -> None:
    seats = Seats(1, 1, lecture.MOST_WAITING - 1)

    assert lecture.placed(seats, 2) == [PlaceState.WAITING, None]


def an_entry(**other: Any) -> Entry:
    entry = {
        "uid": "lecture-1@dayi",
        "title": "函数; 图象, 和\\斜率",
        "about": "第一行\n第二行" + "很长的介绍" * 40,
        "where": "https://dayi.test/lectures",
        "starts_at": NOW,
        "ends_at": NOW + timedelta(hours=1),
        "changed_at": NOW,
        "sequence": 3,
    }
    return Entry(**(entry | other))


def test_a_calendar_entry_has_folded_lines_and_escaped_words() -> None:
    text = ics(an_entry())

    assert all(len(line.encode()) <= LINE for line in text.split("\r\n"))
    unfolded = text.replace("\r\n ", "")
    assert "SUMMARY:函数\\; 图象\\, 和\\\\斜率" in unfolded
    assert "DESCRIPTION:第一行\\n第二行" in unfolded
    assert "DTSTART:20261127T080000Z" in unfolded and "DTEND:20261127T090000Z" in unfolded
    assert "TRIGGER:-PT15M" in unfolded and text.endswith("END:VCALENDAR\r\n")


def test_a_line_break_in_a_title_adds_no_line_to_the_calendar() -> None:
    text = ics(an_entry(title="课\r\nATTENDEE:mailto:x@y\rZ\x00", cancelled=True))

    assert not any(line.startswith("ATTENDEE") for line in text.replace("\r\n ", "").split("\r\n"))
    assert "STATUS:CANCELLED" in text and "VALARM" not in text
