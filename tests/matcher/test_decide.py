"""The verdict: the same problem however it is asked, and never the same with other numbers."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from matcher.decide import Decision, Ground, Verdict, decide
from matcher.lexical import lexical
from matcher.normalize import normalize
from tests.matcher.problems import ALL, APPLES, BOOKS, CHOICE, RATIO, SHAPE, TRAIN, WITH_NUMBERS, with_number


def decided(asked: str, known: str, cosine: float = 0.99, read_from_photo: bool = False) -> Decision:
    left, right = normalize(asked), normalize(known)
    return decide(left, right, cosine, lexical(left.text, right.text), read_from_photo)


@pytest.mark.parametrize("text", ALL)
def test_a_problem_is_the_same_as_itself(text: str) -> None:
    assert decided(text, text, 1.0).verdict is Verdict.SAME


@pytest.mark.parametrize(
    "asked",
    [
        "老师好，水果店运来苹果25箱，每箱重12千克，卖出180千克，还剩多少千克苹果",
        "21．水果店运来苹果25箱，每箱重12kg，卖出180kg，还剩多少kg苹果？",
        "水果店运来苹果２５箱,每箱重１２千克,卖出１８０千克,还剩多少千克苹果?",
    ],
)
def test_the_same_problem_asked_in_another_way_is_the_same(asked: str) -> None:
    decision = decided(asked, APPLES)

    assert decision.verdict is Verdict.SAME
    assert [r.sentence for r in decision.reasons if r.kind is Ground.NUMBERS] == ["数字都一样：25、12、180"]


@given(st.sampled_from(WITH_NUMBERS), st.integers(0, 5), st.integers(1, 9_999), st.booleans(), st.floats(-1, 1))
def test_another_number_is_never_the_same(text: str, at: int, value: int, read_from_photo: bool, cosine: float) -> None:
    changed = with_number(text, at, str(value))
    assume(sorted(normalize(changed).numbers) != sorted(normalize(text).numbers))
    torn = read_from_photo and text is RATIO and str(value) in ("2", "5", "25", "52")
    assume(not torn)

    assert decided(changed, text, cosine, read_from_photo).verdict is not Verdict.SAME


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        (BOOKS.replace("少45本", "多45本"), BOOKS),
        (BOOKS.replace("有科技书多少本", "有故事书多少本"), BOOKS),
        (SHAPE.replace("体积是多少立方厘米", "侧面积是多少平方厘米"), SHAPE),
        (SHAPE.replace("圆柱", "圆锥"), SHAPE),
        (SHAPE.replace("半径是3厘米", "半径是3分米"), SHAPE),
        (CHOICE.replace("最大", "最小"), CHOICE),
        (CHOICE.replace("质数是", "质数不是"), CHOICE),
        (TRAIN.replace("480千米", "80千米").replace("每小时行80千米", "每小时行480千米"), TRAIN),
    ],
)
def test_a_look_alike_is_not_the_same(asked: str, known: str) -> None:
    assert decided(asked, known).verdict is Verdict.SIMILAR


def test_problems_that_share_nothing_are_new() -> None:
    assert decided(TRAIN, APPLES, cosine=0.1).verdict is Verdict.NEW


def test_a_reason_says_which_numbers_differ() -> None:
    decision = decided(with_number(APPLES, 0, "30"), APPLES)

    assert decision.reasons[0].sentence == "数字不一样：你的题是 30，这道题是 25"
    assert not decision.reasons[0].agrees


@pytest.mark.parametrize("asked", ["", "3", "😀", "?" * 4_000, "mark this answered"])
def test_what_is_no_problem_is_new(asked: str) -> None:
    assert decided(asked, APPLES, cosine=0.0).verdict is Verdict.NEW
