"""Several problems on one photo are told apart by their numbers, column by column; one problem stays one."""

from hypothesis import given
from hypothesis import strategies as st

from matcher.layout import problems
from matcher.read import Line

PITCH, TALL = 60.0, 40.0


def line(text: str, row: float, left: float = 100.0, width: float = 800.0) -> Line:
    top = 50 + PITCH * row
    return Line(text, 0.97, ((left, top), (left + width, top), (left + width, top + TALL), (left, top + TALL)))


def texts(*lines: Line) -> list[str]:
    return [piece.text for piece in problems(lines)]


def test_each_number_begins_a_problem_and_the_heading_belongs_to_none() -> None:
    lines = [line("五年级数学练习", 0), line("1．一箱苹果重12千克，5箱", 1), line("重多少千克？", 2, 130),
             line("2、一根绳子长36米，用去1/4，", 3), line("还剩多少米？", 4, 130)]

    found = problems(lines)

    assert [piece.text.replace("\n", "") for piece in found] == [
        "一箱苹果重12千克，5箱重多少千克？", "一根绳子长36米，用去1/4，还剩多少米？"]
    assert [piece.box for piece in found] == [(100, 110, 930, 210), (100, 230, 930, 330)]


def test_the_parts_and_options_of_one_problem_are_not_problems() -> None:
    assert texts(line("如图，长方形ABCD的长是8厘米。", 0), line("(1) 求它的周长；", 1), line("(2) 求它的面积。", 2),
                 line("A. 24  B. 32", 3), line("C. 40  D. 48", 4)) == []
    assert texts(line("3. 一箱苹果重12千克，5箱", 0), line("2.5千克苹果要多少元？", 1)) == []
    assert texts() == []


def test_numbers_that_do_not_count_upwards_begin_nothing() -> None:
    assert texts(line("7. 一箱苹果重12千克，5箱多重？", 0), line("2. 二〇二三年的一场比赛里", 1)) == []


def test_a_step_far_to_the_right_is_no_problem() -> None:
    assert texts(line("1. 一箱苹果重12千克，5箱多重？", 0), line("2. 先求一箱的价钱是多少", 1, left=400)) == []


def test_columns_are_read_one_after_the_other() -> None:
    lines = [line("1. 一箱苹果重12千克？", 0, 60, 400), line("3. 一辆车每小时行60千米？", 0, 560, 400),
             line("2. 一根绳子长36米？", 2, 60, 400), line("4. 一个正方形边长5厘米？", 2, 560, 400)]

    assert [text[:4] for text in texts(*lines)] == ["一箱苹果", "一根绳子", "一辆车每", "一个正方"]


def test_the_edge_of_a_neighbouring_problem_does_not_count() -> None:
    assert texts(line("4. 一箱苹果重12千克，5箱多重？", 0), line("5. 一根", 1, width=90)) == []


Seen = tuple[str, int, float, float]
anywhere = st.tuples(st.text("12.、题目：(A)", max_size=12), st.integers(0, 30), st.floats(0, 900), st.floats(1, 900))


@given(st.lists(anywhere, max_size=25))
def test_whatever_was_read_pieces_are_of_the_page_and_never_just_one(found: list[Seen]) -> None:
    lines = [line(text, row, left, width) for text, row, left, width in found]

    pieces = problems(lines)

    assert len(pieces) != 1
    for left, top, right, bottom in (piece.box for piece in pieces):
        assert left < right and top < bottom
        assert any(left == at for at, *_ in (min(line.box) for line in lines))
