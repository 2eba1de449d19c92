"""The demo's boards: logs as the board knows them, as long as an answer, with everything on the page."""

from functools import cache
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest

from server.demo import photos
from server.demo.boards import BLANK_ASPECT, BLANK_PAGE, LONGEST, PHOTO_PAGE, SHORTEST, Op, answer_board, runs, text_ems
from server.demo.handwriting import GLYPHS, can_write, glyph
from server.demo.photos import Photo, shoot
from server.demo.problems import Problem, problem, problems
from server.domain.board import PAGE_WIDTH, Operation, check, replay

CHOICE = problem("english-senior-05")
FORMULA = problem("math-junior-08")


@cache  # a quarter of a second each, and nobody changes one
def shot(problem_text: str, seed: int) -> Photo:
    """Not exposed: a board goes by where the words are."""
    with patch.object(photos, "_exposed", return_value=b""):
        return shoot(problem_text, seed)


def board_of(found: Problem, seed: int = 1) -> tuple[Photo, list[Op]]:
    photo = shot(found.text, seed)
    return photo, answer_board(found, photo, "photo-1", seed)


def body(op: Op) -> dict[str, Any]:
    return {key: value for key, value in op.items() if key not in ("kind", "at_ms")}


@pytest.mark.parametrize("found", problems()[::4], ids=lambda found: found.code)
def test_a_board_is_a_log_that_the_rules_accept_unchanged(found: Problem) -> None:
    photo, log = board_of(found)

    times = [op["at_ms"] for op in log]

    assert times == sorted(times)
    assert SHORTEST - 1 <= times[-1] <= LONGEST  # pauses are rounded down to whole milliseconds
    assert log[0]["kind"] == "page" and log[0]["paper"] == "photo" and log[0]["aspect"] == photo.aspect
    for op in log:
        assert check(op["kind"], body(op)) == body(op)


@pytest.mark.parametrize("found", problems()[::4], ids=lambda found: found.code)
def test_everything_is_drawn_on_its_page(found: Problem) -> None:
    photo, log = board_of(found)
    heights = {PHOTO_PAGE: photo.aspect, BLANK_PAGE: BLANK_ASPECT}

    for op in log:
        if op["kind"] == "stroke":
            assert all(0 <= x <= PAGE_WIDTH and 0 <= y <= heights[op["page"]] for x, y, _, _ in op["points"])
        if op["kind"] == "text":
            assert op["x"] + op["size"] * text_ems(op["text"]) <= PAGE_WIDTH, op["text"]
            assert 0 <= op["y"] <= heights[op["page"]] - op["size"]


def test_one_pen_writes_one_stroke_at_a_time() -> None:
    _, log = board_of(FORMULA)

    strokes = [op for op in log if op["kind"] == "stroke"]

    for before, after in pairwise(strokes):
        assert before["at_ms"] + before["points"][-1][2] <= after["at_ms"]


def test_a_board_is_the_same_for_a_seed_and_another_hand_for_another() -> None:
    photo = shot(FORMULA.text, 1)

    first, again, other = (answer_board(FORMULA, photo, "m", seed) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_replayed_it_shows_marks_on_the_photo_and_the_explanation_on_the_next_page() -> None:
    _, log = board_of(FORMULA)

    board = replay(
        Operation(at, f"o{at}", "teacher", op["kind"], body(op), op["at_ms"]) for at, op in enumerate(log, 1)
    )

    pages = [mark["page"] for mark in board.marks.values()]
    assert board.current == BLANK_PAGE
    assert pages.count(PHOTO_PAGE) >= 3
    assert pages.count(BLANK_PAGE) >= 30
    assert [said["text"] for said in board.said][1 : 1 + len(FORMULA.explanation)] == list(FORMULA.explanation)


def test_formulas_are_ink_and_chinese_words_are_text() -> None:
    cut = runs("x=10，售价 70 元，y=4500")

    assert [(run.text.strip(), run.inked) for run in cut] == [
        ("x=10", True),
        ("，售价", False),
        ("70", True),
        ("元，", False),
        ("y=4500", True),
    ]


def test_no_option_is_pointed_at_before_the_explanation() -> None:
    photo, log = board_of(CHOICE)
    options = min(word.line for word in photo.words if word.text == "A.")
    below = min(min(y for _, y in word.corners) for word in photo.words if word.line == options)

    marked = [point[1] for op in log if op["kind"] == "stroke" and op["page"] == PHOTO_PAGE for point in op["points"]]

    assert marked and max(marked) < below


def test_the_alphabet_has_every_digit_letter_and_sign_of_the_formulas() -> None:
    ascii_signs = {sign for found in problems() for line in found.explanation for sign in line if sign.isascii()}

    assert all(can_write(sign) for sign in ascii_signs - {'"'})
    for sign in GLYPHS:
        assert glyph(sign).strokes and glyph(sign).advance > 1
        assert all(stroke[:, 0].min() > -1.5 and len(stroke) >= 2 for stroke in glyph(sign).strokes), sign
