"""Boards that converge, hostile operations that end at the door."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.domain.board import BoardError, Operation, check, replay

points = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 50), st.integers(0, 1000)),
    min_size=1,
    max_size=5,
).map(lambda found: [[x, y, i * 50 + ms, p] for i, (x, y, ms, p) in enumerate(found)])
names = st.sampled_from(["a", "b", "c"])
strokes = st.builds(
    lambda id, page, points: (
        "stroke",
        {"id": id, "page": page, "tool": "pen", "color": "#000000", "width": 30, "points": points},
    ),
    names,
    st.sampled_from(["p1", "p2"]),
    points,
)
others = st.one_of(
    st.sampled_from(["p1", "p2"]).map(lambda page: ("page", {"page": page, "paper": "blank", "aspect": 7500})),
    st.sampled_from(["p1", "p2"]).map(lambda page: ("turn", {"page": page})),
    names.map(lambda id: ("erase", {"stroke": id})),
    st.just(("say", {"text": "看这里"})),
)
logs = st.lists(st.tuples(st.one_of(strokes, others), st.sampled_from(["teacher", "student"])), max_size=25).map(
    lambda ops: [
        Operation(i, f"op{i}", who, kind, check(kind, body), i) for i, ((kind, body), who) in enumerate(ops, 1)
    ]
)


@given(logs, st.randoms())
def test_two_boards_fed_the_same_log_in_any_order_and_often_are_identical(log: list[Operation], shuffle: Any) -> None:
    again = [*log, *log]
    shuffle.shuffle(again)

    assert replay(again).digest() == replay(log).digest()


@given(st.recursive(st.none() | st.floats() | st.text() | st.integers(), lambda inner: st.lists(inner, max_size=4)))
def test_whatever_comes_as_points_is_a_stroke_or_a_refusal(value: Any) -> None:
    body = {"id": "s", "page": "p1", "tool": "pen", "color": "#000000", "width": 30, "points": value}

    try:
        kept = check("stroke", body)
    except BoardError:
        return
    assert all(isinstance(n, int) for point in kept["points"] for n in point)


def test_what_was_not_asked_for_is_dropped() -> None:
    assert check("turn", {"page": "p1", "author": "teacher", "onclick": "x"}) == {"page": "p1"}
