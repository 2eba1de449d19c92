"""What an edition shows of a board's log: no trace of what was cut away or masked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.domain.board import Operation, opened, pack, replay
from server.domain.edition import FOREVER, Mask, pictures, shown

PAGE = {"page": "p1", "paper": "blank", "aspect": 7500}
LEFT_HALF = Mask("p1", 0, 0, 5000, 7500)


def log(*lines: tuple[int, str, dict[str, Any]], author: str = "teacher") -> list[Operation]:
    """A page, and what happens on it."""
    first = Operation(1, "first-0", author, "page", PAGE, 0)
    rest = [Operation(n, f"op{n}", author, kind, body, at) for n, (at, kind, body) in enumerate(lines, 2)]
    return [first, *rest]


def stroke(at: int, id: str, *places: tuple[int, int], tool: str = "pen", page: str = "p1") -> tuple[int, str, Any]:
    """Drawn within a tenth of a second for each point, and finished at that moment."""
    points = pack([[x, y, 100 * n, 500] for n, (x, y) in enumerate(places)])
    body = {"id": id, "page": page, "tool": tool, "color": "#000000", "width": 40, "points": points}
    return at, "stroke", body


def erase(at: int, id: str) -> tuple[int, str, Any]:
    return at, "erase", {"stroke": id}


def text(at: int, id: str, x: int, words: str) -> tuple[int, str, Any]:
    return at, "text", {"id": id, "page": "p1", "x": x, "y": 500, "text": words, "color": "#000000", "size": 300}


def places(ops: Sequence[Operation]) -> set[tuple[int, int]]:
    """Every place where there is ink at some time."""
    return {(p[0], p[1]) for op in ops if op.kind == "stroke" for p in opened(op.body)["points"]}


def texts(ops: Sequence[Operation]) -> list[str]:
    return [op.body["text"] for op in ops if op.kind == "text"]


def board_at(ops: Sequence[Operation], moment: int) -> set[tuple[int, int]]:
    """Ink that lies on the board then."""
    board = replay(op for op in ops if op.at_ms <= moment)
    return {(p[0], p[1]) for mark in board.marks.values() if mark["kind"] == "stroke" for p in mark["points"]}


def test_what_lies_under_a_mask_for_good_is_nowhere_in_the_log() -> None:
    seen = shown(
        log(
            stroke(5_000, "a", (1000, 900), (4000, 900), (8000, 900)),
            text(6_000, "t", 4_500, "王小明"),
            text(7_000, "u", 8_000, "解"),
        ),
        masks=[LEFT_HALF],
    )

    assert places(seen) == {(8000, 900)}
    assert texts(seen) == ["解"]
    assert [op.seq for op in seen] == list(range(1, len(seen) + 1))
    [cover] = [op for op in seen if op.kind == "shape"]
    assert cover.body["points"] == [[0, 0], [5000, 7500]]


def test_a_fast_line_across_a_mask_is_broken_where_it_crosses() -> None:
    seen = shown(log(stroke(1_000, "a", (1000, 900), (9000, 900))), masks=[Mask("p1", 4000, 0, 5000, 7500)])

    assert [len(opened(op.body)["points"]) for op in seen if op.kind == "stroke"] == [1, 1]


def test_what_is_drawn_under_a_mask_that_goes_comes_when_it_goes() -> None:
    for_a_while = Mask("p1", 0, 0, 5000, 7500, 2_000, 8_000)
    seen = shown(
        log(
            stroke(1_000, "before", (1000, 100)),
            stroke(5_000, "stays", (1000, 900), (9000, 900)),
            stroke(6_000, "goes", (2000, 900)),
            erase(7_000, "goes"),
            erase(9_000, "stays"),
        ),
        masks=[for_a_while],
    )

    assert (2000, 900) not in places(seen)
    assert board_at(seen, 7_500) == {(1000, 100), (9000, 900)}
    assert board_at(seen, 8_500) == {(1000, 100), (9000, 900), (1000, 900)}
    assert board_at(seen, 9_000) == {(1000, 100)}
    assert not any(op.kind == "shape" and op.at_ms < 2_000 for op in seen)


def test_what_came_and_went_in_a_cut_was_never_there() -> None:
    seen = shown(
        log(
            stroke(1_000, "a", (1, 1)),
            stroke(2_500, "name", (2, 2)),
            erase(3_000, "name"),
            stroke(3_200, "kept", (3, 3)),
            stroke(3_400, "point", (4, 4), tool="laser"),
            (3_500, "say", {"text": "我叫王小明"}),
            stroke(6_000, "b", (5, 5)),
        ),
        cuts=[(2_000, 5_000)],
    )

    assert places(seen) == {(1, 1), (3, 3), (5, 5)}
    assert not any(op.kind == "say" for op in seen)


def test_nothing_of_what_follows_an_end_that_was_cut_off_shows() -> None:
    seen = shown(
        log(
            stroke(3_000, "half", (1, 1), (2, 2), (3, 3), (4, 4)),
            stroke(6_000, "later", (9, 9)),
            (7_000, "page", {**PAGE, "page": "p2"}),
        ),
        cuts=[(2_850, FOREVER)],
    )

    assert places(seen) == {(1, 1), (2, 2)}  # drawn at 2.7 and 2.8 s
    assert [op.body["page"] for op in seen if op.kind == "page"] == ["p1"]


def test_a_part_shows_only_the_pages_that_are_on_top_in_it() -> None:
    photo = {"page": "p1", "paper": "photo", "aspect": 7500, "media": "m1"}
    whole = [
        Operation(1, "a", "student", "page", photo, 0),
        Operation(2, "b", "teacher", *_moved(stroke(1_000, "one", (1, 1)))),
        Operation(3, "c", "teacher", "page", {**PAGE, "page": "p2"}, 5_000),
        Operation(4, "d", "teacher", "turn", {"page": "p2"}, 5_000),
        Operation(5, "e", "teacher", *_moved(stroke(7_000, "two", (2, 2), page="p2"))),
    ]

    first, second = shown(whole, [(6_000, FOREVER)]), shown(whole, [(0, 6_000)])

    assert places(first) == {(1, 1)} and places(second) == {(2, 2)}
    assert [picture.media for picture in pictures(whole, [(6_000, FOREVER)])] == ["m1"]
    assert pictures(whole, [(0, 6_000)]) == []


def _moved(line: tuple[int, str, Any]) -> tuple[str, Any, int]:
    at, kind, body = line
    return kind, body, at


def test_a_photo_loses_the_pixels_that_are_never_seen_and_no_others() -> None:
    photo = {"page": "p1", "paper": "photo", "aspect": 7500, "media": "m1"}
    turned = {"page": "p1", "quarter": 1, "crop": [[0, 0], [9000, 9000]], "aspect": 6000}
    whole = [
        Operation(1, "a", "student", "page", photo, 0),
        Operation(2, "b", "teacher", "frame", turned, 10),
        Operation(3, "c", "teacher", "page", {**PAGE, "page": "p2"}, 5_000),
        Operation(4, "d", "teacher", "turn", {"page": "p2"}, 5_000),
    ]
    box = (100, 100, 900, 900)

    def boxes(*masks: Mask) -> tuple[tuple[int, int, int, int], ...]:
        [picture] = pictures(whole, masks=masks)
        assert (picture.quarter, picture.crop, picture.aspect) == (1, ((0, 0), (9000, 9000)), 6000)
        return picture.boxes

    assert boxes(Mask("p1", *box)) == (box,)
    assert boxes(Mask("p1", *box, 0, 5_000)) == (box,)  # as long as the page is on top
    assert boxes(Mask("p1", *box, 0, 4_000)) == ()
    assert boxes(Mask("p2", *box)) == ()


def test_a_clock_that_was_set_back_turns_nothing_round() -> None:
    seen = shown(log(stroke(9_000, "a", (1, 1)), erase(4_000, "a"), stroke(5_000, "b", (2, 2))))

    assert [op.at_ms for op in seen] == sorted(op.at_ms for op in seen)
    assert board_at(seen, 9_000) == {(2, 2)}


def test_an_edition_without_cuts_and_masks_shows_the_log_as_it_is() -> None:
    whole = log(stroke(1_000, "a", (1, 1), (2, 2)), text(2_000, "t", 10, "好"), erase(3_000, "a"))

    assert shown(whole) == whole


moments = st.integers(0, 20_000)
drawn = st.tuples(
    moments, st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 7_500)), min_size=1, max_size=8), st.booleans()
)
spans = st.tuples(moments, moments).filter(lambda span: span[0] < span[1])


@given(st.lists(drawn, max_size=8), spans, st.booleans())
def test_no_ink_that_only_a_mask_hid_is_in_the_log(
    strokes: list[tuple[int, list[tuple[int, int]], bool]], span: tuple[int, int], for_good: bool
) -> None:
    mask = LEFT_HALF if for_good else Mask("p1", 0, 0, 5000, 7500, *span)
    lines: list[tuple[int, str, Any]] = []
    for n, (at, line, goes) in enumerate(sorted(strokes)):
        lines.append(stroke(at + 800, f"s{n}", *line))
        if goes:
            lines.append(erase(at + 1_500, f"s{n}"))
    whole = log(*sorted(lines, key=lambda line: line[0]))
    seen = shown(whole, masks=[mask])

    allowed = set()  # where ink lies at a moment at which the mask does not
    for op in (op for op in whole if op.kind == "stroke"):
        gone = next((o.at_ms for o in whole if o.kind == "erase" and o.body["stroke"] == op.body["id"]), FOREVER)
        points = opened(op.body)["points"]
        for x, y, ms, _ in points:
            comes = op.at_ms - points[-1][2] + ms
            if x > 5_000 or comes < mask.from_ms or gone > mask.to_ms:
                allowed.add((x, y))
    assert places(seen) <= allowed
    assert board_at(seen, FOREVER) <= board_at(whole, FOREVER)
    if not for_good:
        edge = 5_000 + 0.7 * 40 + 21
        far = {place for place in places(whole) if place[0] > edge}
        assert {place for place in board_at(seen, FOREVER) if place in far} == board_at(whole, FOREVER) & far
