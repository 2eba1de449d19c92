"""Comparable text: one form for what means the same, nothing lost that matters, bounded whatever comes."""

import time
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.normalize import FORM, LONGEST, canonical, normalize
from server.demo.problems import problems
from tests.matcher.problems import ALL, APPLES, CHOICE

PIECES = st.sampled_from([
    "小明有", "苹果", "每小时行", "千米", "，", "。", "？", "多少", " ", "(1/2)", "老师，", "A. ", "B. ", "\n",
    "x²", "½", "．", "求", "12．",
])
STORMS = [
    "苹" * 100_000, "a\u0301\u0302\u0303" * 25_000, "\u0301" * 100_000, "1." * 50_000, "老师" * 50_000, "ﷺ" * 50_000,
    "(" * 100_000, "\\frac{" * 20_000, " \n" * 50_000, "十" * 100_000, "A." * 50_000, "?" * 100_000,
    ",?" * 50_000,
]
SPELLINGS = [("012", "12"), ("2.50", "2.5"), ("2/4", "1/2"), ("40.0%", "40%"), ("3/0", "3/0")]


@pytest.mark.parametrize(
    ("given_text", "same_as"),
    [
        ("３个", "3个"),
        ("行驶了5km", "行驶了5千米"),
        ("重5公斤", "重5千克"),
        ("面积是6cm²", "面积是6平方厘米"),
        ("它的(2/3)是多少", "它的2/3是多少"),
        ("它的三分之二是多少", "它的2/3是多少"),
        ("它的百分之二十五是多少", "它的25%是多少"),
        (r"它的$\frac{2}{3}$是多少", "它的2/3是多少"),
        ("二十五个苹果分给五人", "25个苹果分给五人"),
        ("21．小明有3个苹果", "小明有3个苹果"),
        ("例10 小明有3个苹果", "小明有3个苹果"),
        ("老师好，请问小明有3个苹果怎么做啊", "小明有3个苹果"),
        ("水果店運來蘋果3個", "水果店运来苹果3个"),
        ("三千二百千克，两千五百瓦", "3200千克,2500瓦"),
        ("80，81和85的平均数是几", "80;81和85的平均数是几"),
        ("共有多少棵？，我做出来是55，老师说不对", "共有多少棵"),
    ],
)
def test_what_means_the_same_reads_the_same(given_text: str, same_as: str) -> None:
    assert normalize(given_text).text.rstrip("?。") == normalize(same_as).text.rstrip("?。")


def test_a_problem_is_taken_apart() -> None:
    problem = normalize(APPLES)

    assert problem.numbers == ("25", "12", "180")
    assert [quantity.unit for quantity in problem.quantities] == ["箱", "千克", "千克"]
    assert problem.asks == "还剩多少千克苹果"


def test_options_are_kept_apart_from_the_stem() -> None:
    problem = normalize(CHOICE)

    assert dict(problem.options) == {"A": "21", "B": "23", "C": "25", "D": "27"}
    assert problem.numbers == ()


def test_letters_of_a_figure_are_no_options() -> None:
    problem = normalize("△ABC的内角A、B、C成等差数列，则△ABC是（）．\nA. 直角三角形\nB. 钝角三角形\nC. 等边三角形")

    assert list(problem.options) == ["A", "B", "C"]
    assert problem.options["C"] == "等边三角形"
    assert "内角A" in problem.stem


@pytest.mark.parametrize(("number", "plain"), SPELLINGS)
def test_equal_numbers_have_one_spelling(number: str, plain: str) -> None:
    assert canonical(number) == plain


@pytest.mark.parametrize(("text", "numbers"), [
    ("12、18和24的最大公因数是多少？", ("12", "18", "24")),
    ("3：4的比值是多少？", ("3", "4")),
    ("18:24化成最简整数比是多少？", ("18", "24")),
    ("2∶3＝4∶x，求x", ("2", "3", "4")),
    ("7、8、9三个数的最小公倍数是多少？", ("7", "8", "9")),
    ("3、5个苹果重1千克，每个苹果重多少？", ("5", "1")),
    ("3：水果店有5个苹果，卖了2个，还剩几个？", ("5", "2")),
])
def test_a_number_that_begins_a_row_is_no_label_of_the_problem(text: str, numbers: tuple[str, ...]) -> None:
    assert normalize(text).numbers == numbers


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=20).map("".join), st.sampled_from(ALL)))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalize(text)

    assert normalize(once.text).text == once.text


def test_another_comparable_text_is_another_form() -> None:
    """What is kept beside entries in the bank is taken for the text of the present form."""
    texts = "\n".join(normalize(text).text for text in (*ALL, *(problem.text for problem in problems())))

    assert {FORM: crc32(texts.encode())} == {1: 3_270_543_959}, "comparable text has changed: raise FORM"


@given(st.lists(st.integers(1, 99_999), min_size=1, max_size=6))
def test_the_numbers_of_a_problem_survive_in_order(numbers: list[int]) -> None:
    text = "，".join(f"第{'甲乙丙丁戊己'[i]}组有{n}人" for i, n in enumerate(numbers)) + "，一共有多少人？"

    assert normalize(text).numbers == tuple(map(str, numbers))


@pytest.mark.parametrize("storm", STORMS)
def test_a_storm_of_characters_is_bounded(storm: str) -> None:
    began = time.perf_counter()

    problem = normalize(storm)

    assert len(problem.text) <= LONGEST and len(problem.original) <= LONGEST
    assert time.perf_counter() - began < 1.0


@pytest.mark.parametrize("nothing", ["", " ", "？", "3", "😀😀"])
def test_too_little_to_compare_is_empty(nothing: str) -> None:
    assert normalize(nothing).is_empty
