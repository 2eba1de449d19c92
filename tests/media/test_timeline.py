"""A board's log becomes what a viewer sees, in order and in time."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from media.timeline import Drawn, Erased, Formula, Shape, Span, Timeline, Turned, Written, timeline

PAGE = {"kind": "page", "at_ms": 0, "author": "t", "page": "p1", "paper": "photo", "media": "m1", "aspect": 7500}


def stroke(at_ms: int, id: str = "s1", page: str = "p1", author: str = "t", lasts: int = 100) -> dict[str, Any]:
    points = [[0, 0, 0, 500], [100, 0, lasts // 2, 500], [200, 0, lasts, 500]]
    made = {"kind": "stroke", "at_ms": at_ms, "author": author, "id": id, "page": page}
    return {**made, "tool": "pen", "color": "#000000", "width": 30, "points": points}


def text(at_ms: int, id: str = "x1") -> dict[str, Any]:
    made = {"kind": "text", "at_ms": at_ms, "author": "t", "id": id, "page": "p1"}
    return {**made, "x": 0, "y": 0, "text": "解", "color": "#000000", "size": 300}


def erase(at_ms: int, mark: str, author: str = "t") -> dict[str, Any]:
    return {"kind": "erase", "at_ms": at_ms, "author": author, "stroke": mark}


def times(line: Timeline, kind: type) -> list[int]:
    return [change.at_ms for change in line.changes if isinstance(change, kind)]


def test_a_stroke_appears_point_by_point_and_ends_when_the_pen_was_lifted() -> None:
    line = timeline([PAGE, stroke(5000, lasts=400)])

    assert times(line, Drawn) == [4600, 4800, 5000]
    assert [change.points for change in line.changes if isinstance(change, Drawn)] == [1, 2, 3]


def test_a_stroke_whose_clock_says_more_than_the_session_begins_with_it() -> None:
    line = timeline([PAGE, stroke(100, lasts=400)])

    assert times(line, Drawn) == [0, 100, 100]


def test_two_hands_drawing_at_once_are_woven_together() -> None:
    line = timeline([PAGE, stroke(1000, "a", lasts=600), stroke(1100, "b", author="s", lasts=600)])

    drawn = [(change.at_ms, change.stroke.id) for change in line.changes if isinstance(change, Drawn)]
    assert drawn == [(400, "a"), (500, "b"), (700, "a"), (800, "b"), (1000, "a"), (1100, "b")]


def test_the_first_page_lies_open_and_others_wait_to_be_turned_to() -> None:
    second = {**PAGE, "page": "p2", "at_ms": 50, "paper": "blank", "media": None}

    line = timeline(
        [PAGE, second, {"kind": "turn", "at_ms": 900, "page": "p2"}, {"kind": "turn", "at_ms": 950, "page": "?"}]
    )

    assert [(change.at_ms, change.page) for change in line.changes if isinstance(change, Turned)] == [
        (0, "p1"),
        (900, "p2"),
    ]
    assert (line.pages["p1"].media, line.pages["p2"].media) == ("m1", None)


def test_what_means_nothing_on_the_board_means_nothing_in_the_film() -> None:
    log = [
        PAGE,
        stroke(100, page="nowhere"),
        stroke(200, "a"),
        stroke(300, "a"),
        erase(400, "a", author="s"),
        erase(500, "b"),
    ]

    line = timeline(log)

    assert len(times(line, Drawn)) == 3 and times(line, Erased) == []


def test_strokes_and_texts_can_be_erased_once() -> None:
    line = timeline([PAGE, stroke(100), text(200), erase(300, "s1"), erase(400, "x1"), erase(500, "x1")])

    assert times(line, Written) == [200] and times(line, Erased) == [300, 400]


def test_what_was_said_is_kept_beside_the_picture() -> None:
    line = timeline([PAGE, {"kind": "say", "at_ms": 700, "author": "s", "text": "懂了"}])

    assert [(said.at_ms, said.author, said.text) for said in line.said] == [(700, "s", "懂了")]


def test_dead_time_is_cut_at_both_ends_and_never_in_the_middle() -> None:
    log = [PAGE, stroke(20_000), stroke(90_000, "s2"), {"kind": "turn", "at_ms": 500_000, "page": "p1"}]

    line = timeline(log, cut=True)

    assert line.start_ms == 19_900 - 500
    assert line.duration_ms == 90_000 - line.start_ms + 1500
    assert times(line, Turned) == [0, 500_000 - line.start_ms]
    assert times(line, Drawn) == [500, 550, 600, 70_500, 70_550, 70_600]


def test_a_voice_that_is_heard_is_not_dead_time() -> None:
    line = timeline([PAGE, stroke(20_000)], [Span(8_000, 31_000)], cut=True)

    assert (line.start_ms, line.duration_ms) == (7_500, 31_000 - 7_500 + 1500)


def test_nothing_is_cut_unless_asked() -> None:
    line = timeline([PAGE, stroke(20_000)], [Span(8_000, 31_000)])

    assert (line.start_ms, line.duration_ms) == (0, 32_500)


def test_an_empty_log_still_lasts_long_enough_to_be_shown() -> None:
    assert timeline([]).duration_ms >= 1000
    assert timeline([], cut=True).duration_ms >= 1000


@given(
    st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 5_000), st.booleans()), max_size=20),
    st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 60_000)), max_size=3),
    st.booleans(),
)
def test_everything_happens_in_order_and_within_the_film(
    strokes: list[tuple[int, int, bool]], voices: list[tuple[int, int]], cut: bool
) -> None:
    log: list[dict[str, Any]] = [PAGE]
    for number, (at, lasts, erased) in enumerate(sorted(strokes)):
        log.append(stroke(at, f"s{number}", lasts=lasts))
        if erased:
            log.append(erase(at, f"s{number}"))
    spans = [Span(min(pair), max(pair)) for pair in voices]

    line = timeline(log, spans, cut)

    moments = [change.at_ms for change in line.changes]
    assert moments == sorted(moments)
    assert all(0 <= moment < line.duration_ms for moment in moments)
    assert len(times(line, Drawn)) == 3 * len(strokes)
    assert all(0 <= span.start_ms - line.start_ms <= span.end_ms - line.start_ms < line.duration_ms for span in spans)


def test_what_is_put_again_after_an_undo_is_there_at_once_and_can_go_again() -> None:
    line = timeline([PAGE, stroke(1000), erase(2000, "s1"), stroke(9000), erase(9500, "s1")])

    drawn = [(c.at_ms, c.stroke.id, c.points) for c in line.changes if isinstance(c, Drawn)]
    gone = [(c.at_ms, c.mark) for c in line.changes if isinstance(c, Erased)]
    assert drawn == [(900, "s1", 1), (950, "s1", 2), (1000, "s1", 3), (9000, "s1 2", 3)]
    assert gone == [(2000, "s1"), (9500, "s1 2")]


def test_a_laser_shows_what_it_points_at_and_is_gone_a_moment_later() -> None:
    line = timeline([PAGE, {**stroke(1000), "tool": "laser"}, stroke(5000)])

    assert times(line, Drawn) == [900, 950, 1000, 4900, 4950, 5000]
    assert times(line, Erased) == [1700]


def test_shapes_and_formulas_are_there_at_once() -> None:
    figure = {"lines": [[[0, 0], [9, 9]]], "areas": [], "labels": [{"x": 5, "y": 5, "size": 200, "text": "x"}]}
    shape = {**stroke(1000), "kind": "shape", "shape": "line", "figure": figure}
    formula = {**text(2000, "f1"), "kind": "formula", "tex": "x^2"}

    line = timeline([PAGE, shape, formula, erase(3000, "f1")])

    written = [change.text for change in line.changes if isinstance(change, Written)]
    assert [type(mark) for mark in written] == [Shape, Formula]
    assert times(line, Erased) == [3000]


def test_a_photo_is_framed_only_while_nothing_lies_on_it() -> None:
    frame = {"kind": "frame", "at_ms": 10, "author": "t", "page": "p1", "quarter": 1, "crop": [[0, 0], [10_000, 5_000]]}

    bare = timeline([PAGE, {**frame, "aspect": 5000}])
    covered = timeline([PAGE, stroke(900), {**frame, "aspect": 5000}])

    assert (bare.pages["p1"].quarter, bare.pages["p1"].aspect) == (1, 5000)
    assert (covered.pages["p1"].quarter, covered.pages["p1"].aspect) == (0, 7500)
