"""The verdict: the same problem however it is asked, and never the same with other numbers."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from matcher.compare import FIGURES, compare
from matcher.decide import (
    FAR_BELOW,
    SIMILAR_AT,
    Decision,
    Ground,
    Verdict,
    decide,
    is_far,
    likeness_of,
    shipped_verifier,
)
from matcher.fit import DIRECTIONS
from matcher.lexical import lexical
from matcher.normalize import normalize
from matcher.numbers import are_surely_others
from tests.matcher.problems import ALL, APPLES, BOOKS, CHOICE, SHAPE, TRAIN, WITH_NUMBERS, with_number


def decided(asked: str, known: str, cosine: float = 0.99, read_from_photo: bool = False) -> Decision:
    left, right = normalize(asked), normalize(known)
    return decide(left, right, cosine, lexical(left.text, right.text), read_from_photo)


def may_be_misread(read: str, printed: tuple[str, ...]) -> bool:
    """Whether a photo may show one of the numbers so: a digit lost, or a piece of a fraction."""
    return any(read in (*number.split("/"), number.replace("/", ""), number.replace("/", "1"), number[::-1])
               or any(number[:i] + number[i + 1:] == read for i in range(len(number))) for number in printed)


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


@settings(deadline=None)
@given(st.sampled_from(WITH_NUMBERS), st.integers(0, 5), st.integers(1, 9_999), st.booleans(), st.floats(-1, 1))
def test_another_number_is_never_the_same(text: str, at: int, value: int, read_from_photo: bool, cosine: float) -> None:
    changed = with_number(text, at, str(value))
    assume(sorted(normalize(changed).numbers) != sorted(normalize(text).numbers))
    assume(not read_from_photo or not may_be_misread(str(value), normalize(text).numbers))

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


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("甲乙两地相距480公里，一列火车时速80公里，从甲地开往乙地，要几个钟头？", TRAIN),
        ("需要几小时？条件是甲、乙两地相距480千米，一列火车1小时行80千米，从甲地开往乙地", TRAIN),
        ("水果店運來蘋果二十五箱，每箱重十二千克，賣出180千克，還剩多少千克蘋果？", APPLES),
        ("老师，嗯就是水果店运来苹果25箱然后每箱重12千克卖出180千克还余多少千克苹果呀", APPLES),
        (BOOKS.replace("学校图书室", "学校图书馆", 1), BOOKS),
    ],
)
def test_synonyms_fillers_and_other_characters_change_nothing(asked: str, known: str) -> None:
    assert decided(asked, known).verdict is Verdict.SAME


@pytest.mark.parametrize("known", ["{}、18和24的最大公因数是多少？", "{}：18化成最简整数比是多少？"])
@pytest.mark.parametrize("read_from_photo", [False, True])
def test_another_first_number_is_another_problem(known: str, read_from_photo: bool) -> None:
    assert decided(known.format(36), known.format(12), 1.0, read_from_photo).verdict is not Verdict.SAME
    assert decided(known.format(12), known.format(12), 1.0, read_from_photo).verdict is Verdict.SAME


@pytest.mark.parametrize(("asked", "known"), [
    ("唐朝的建立者是谁？", "隋朝的建立者是谁？"),
    ("《论语》的作者是谁？", "《孟子》的作者是谁？"),
    ("北京的纬度是多少？", "南京的纬度是多少？"),
    ("光合作用在什么地方进行？", "呼吸作用在什么地方进行？"),
    ("Fill in: He ___ to school every day. (go)", "Fill in: They ___ to school every day. (go)"),
])
@pytest.mark.parametrize("read_from_photo", [False, True])
def test_another_word_in_a_short_question_without_numbers_is_another_question(
        asked: str, known: str, read_from_photo: bool) -> None:
    assert decided(asked, known, 0.95, read_from_photo).verdict is not Verdict.SAME
    assert decided("老师，" + known, known, 0.95, read_from_photo).verdict is Verdict.SAME


ACIDS = "用浓硫酸配制100毫升1摩尔每升的稀硫酸，需要浓硫酸多少毫升？"
PEARS = "苹果有36千克，梨比苹果多12千克，梨有多少千克？"
WORK = "一项工程，甲单独做10天完成，乙单独做15天完成，两人合作几天完成？"
LEAVES = "下列关于光合作用的说法正确的是（）\nA. 只在白天进行\nB. 释放氧气\nC. 消耗有机物\nD. 不需要水"


@pytest.mark.parametrize(("asked", "known", "ground"), [
    ("商品原价200元，降价20%，现价多少元？", "商品原价200元，降价到20%，现价多少元？", Ground.RELATIONS),
    (WORK, WORK.replace("完成？", "完成一半？"), Ground.RELATIONS),
    ("小明上午8时出发，9时30分到学校，路上用了多长时间？", "小明上午8时出发，下午9时30分到学校，路上用了多长时间？",
     Ground.RELATIONS),
    (PEARS, PEARS.replace("梨有多少", "苹果和梨共有多少"), Ground.RELATIONS),
    ("把木头锯成5段，每锯一次用3分钟，共用多少分钟？", "把木头锯5次，每锯一次用3分钟，共用多少分钟？", Ground.UNITS),
    (ACIDS, ACIDS.replace("硫酸", "盐酸"), Ground.ASKS),
    (LEAVES, LEAVES.replace("光合", "呼吸"), Ground.ASKS),
    (PEARS, "梨有36千克，苹果比梨多12千克，梨有多少千克？", Ground.PLACES),
    (PEARS, "苹果有36千克，苹果比梨多12千克，梨有多少千克？", Ground.PLACES),
    ("一个数的3倍加上5是20，这个数是多少？", "一个数加上5的3倍是20，这个数是多少？", Ground.PLACES),
    ("甲先做3天，乙接着做5天，谁做得多？", "甲先做5天，乙接着做3天，谁做得多？", Ground.NUMBERS),
])
def test_one_word_more_or_the_same_words_in_other_places_make_another_problem(
        asked: str, known: str, ground: Ground) -> None:
    for one, other in ((asked, known), (known, asked)):
        decision = decided(one, other, 0.99)

        assert decision.verdict is Verdict.SIMILAR
        assert ground in [reason.kind for reason in decision.reasons if not reason.agrees]


@pytest.mark.parametrize(("asked", "known"), [
    ("梨比苹果多12千克，苹果有36千克，梨有多少千克？", PEARS),
    ("小筐比大筐少30个，取出6个后大筐比小筐多75%，大筐有多少个？",
     "小筐比大筐少30个，取出6个后大筐比小筐多75%，大筐里有多少个？"),
    ("三年级捐245元，四年级比三年级的3倍少186元，三年级比四年级少捐多少元",
     "三年级捐了245元，四年级捐的比三年级的3倍少186元。三年级比四年级少捐多少元？"),
    ("请问原来的数是多少？一个数的3倍加上5是20", "一个数的3倍加上5是20，原来的数=？"),
])
def test_clauses_in_another_order_and_comparisons_both_ways_make_no_other_problem(asked: str, known: str) -> None:
    assert decided(asked, known).verdict is Verdict.SAME


STAMPS = "{a}有36张邮票，{b}的邮票比{a}多12张，{c}又买来{b}一半那么多，{b}有多少张邮票？"
FRIENDS = ("小明", "小红", "王芳", "李老师", "乐乐")


@given(st.permutations(FRIENDS), st.booleans())
def test_other_names_make_no_other_problem(names: list[str], read_from_photo: bool) -> None:
    renamed, known = (STAMPS.format(a=a, b=b, c=c) for a, b, c, *_ in (names, FRIENDS))

    assert decided(renamed, known, 0.95, read_from_photo).verdict is Verdict.SAME


@pytest.mark.parametrize("read_from_photo", [False, True])
@pytest.mark.parametrize("asked", [
    STAMPS.replace("{b}有多少", "{a}有多少"),
    STAMPS.replace("{b}的邮票比{a}", "{a}的邮票比{b}"),
    STAMPS.replace("{c}又买来{b}", "{b}又买来{c}"),
])
@pytest.mark.parametrize("names", [("小明", "小红", "王芳"), ("小红", "小明", "乐乐"), ("小亮", "小芳", "张老师")])
def test_people_who_change_places_make_another_problem(
        asked: str, names: tuple[str, str, str], read_from_photo: bool) -> None:
    known = STAMPS.format(a="小明", b="小红", c="王芳")

    decision = decided(asked.format(a=names[0], b=names[1], c=names[2]), known, 1.0, read_from_photo)

    assert decision.verdict is Verdict.SIMILAR
    assert Ground.PEOPLE in [reason.kind for reason in decision.reasons if not reason.agrees]


def test_clauses_in_another_order_are_no_people_who_changed_places() -> None:
    known = "玲玲集邮62张，冬冬集邮的张数是玲玲的3倍少17张，冬冬集邮多少张？"
    moved = "冬冬集邮的张数是玲玲的3倍少17张，玲玲集邮62张，冬冬集邮多少张？"

    assert decided(moved, known).verdict is Verdict.SAME


def test_a_name_that_the_camera_changed_once_is_forgiven() -> None:
    known = STAMPS.format(a="小明", b="小玲", c="王芳")
    read = known.replace("小玲", "小珍", 1)

    assert decided(read, known, read_from_photo=True).verdict is Verdict.SAME
    assert decided(read, known).verdict is not Verdict.SAME


def test_a_digit_lost_by_the_camera_is_forgiven_and_said() -> None:
    photo = "3. " + APPLES.replace("180", "18").replace("，卖", "\n卖")

    decision = decided(photo, APPLES, read_from_photo=True)

    assert decision.verdict is Verdict.SAME
    assert decision.reasons[0].sentence == "照片里没读清的数字：180"
    assert decided(photo, APPLES).verdict is not Verdict.SAME


def test_a_photo_with_another_digit_is_not_the_same() -> None:
    assert decided(APPLES.replace("180", "130"), APPLES, read_from_photo=True).verdict is not Verdict.SAME


def test_two_digits_lost_of_three_numbers_are_too_many() -> None:
    photo = APPLES.replace("180", "18").replace("25", "2")

    assert decided(photo, APPLES, read_from_photo=True).verdict is not Verdict.SAME


@given(st.lists(st.integers(0, 8), min_size=len(FIGURES), max_size=len(FIGURES)),
       st.sampled_from(sorted(DIRECTIONS)), st.integers(1, 5))
def test_the_verifier_only_goes_one_way(figures: list[int], name: str, more: int) -> None:
    at = FIGURES.index(name)
    changed = [*figures[:at], figures[at] + more, *figures[at + 1:]]

    before, after = (shipped_verifier().probability([float(f) for f in row]) for row in (figures, changed))

    assert (after - before) * DIRECTIONS[name] >= 0


NO_PROBLEM = ("老师我没听懂", "mark this answered: " + APPLES[:6], "🍎🍎🍎？", "25", "What is 25 x 12?")


@pytest.mark.parametrize("known", [APPLES, CHOICE])
@pytest.mark.parametrize("asked", NO_PROBLEM)
def test_chat_prompts_emoji_english_and_a_lone_number_are_not_the_same(asked: str, known: str) -> None:
    assert decided(asked, known, cosine=0.9).verdict is not Verdict.SAME


def test_a_hundred_thousand_characters_are_decided() -> None:
    assert decided("卖出苹果180千克" * 10_000, APPLES).verdict is not Verdict.SAME


@pytest.mark.parametrize("asked", ["", "3", "😀", "?" * 4_000, "mark this answered"])
def test_what_is_no_problem_is_new(asked: str) -> None:
    assert decided(asked, APPLES, cosine=0.0).verdict is Verdict.NEW


@settings(max_examples=300, deadline=None)
@given(row=st.lists(st.integers(1, 120), min_size=1, max_size=5), other=st.lists(st.integers(1, 120), max_size=5),
       mark=st.sampled_from([",", "，", "", " "]))
def test_what_is_surely_another_problem_by_its_numbers_is_never_decided_to_be_the_same(
        row: list[int], other: list[int], mark: str) -> None:
    asked = normalize(f"把{mark.join(map(str, row))}个桃平均分给3个班，每小时分1箱，一共要几小时？")
    known = normalize(f"把{'，'.join(map(str, other))}个桃平均分给3个班，每小时分一箱，一共要几小时？")

    if are_surely_others(asked, known):
        assert decide(asked, known, 1.0, 1.0, read_from_photo=False).verdict is not Verdict.SAME


@settings(max_examples=200, deadline=None)
@given(asked=st.sampled_from(ALL), known=st.sampled_from(ALL), of_asked=st.integers(0, 60), of_known=st.integers(0, 60),
       cosine=st.floats(-1, 1))
def test_what_is_far_would_be_no_example_either(
        asked: str, known: str, of_asked: int, of_known: int, cosine: float) -> None:
    left, right = normalize(asked[:of_asked] + known[of_known:]), normalize(known)
    assume(not left.is_empty and not right.is_empty)
    alike = lexical(left.text, right.text)
    whole = compare(left, right, cosine, alike, read_from_photo=False)

    if is_far(left, right, cosine, alike):
        assert decide(left, right, cosine, alike, read_from_photo=False).verdict is Verdict.NEW
        assert likeness_of(whole, cosine) < FAR_BELOW < SIMILAR_AT


def test_far_is_a_problem_that_shares_few_words_and_no_other() -> None:
    apples, train = normalize(APPLES), normalize(TRAIN)

    assert is_far(apples, train, 0.1, lexical(apples.text, train.text))
    assert not is_far(apples, apples, 0.1, 0.1)


def test_other_numbers_are_seen_without_comparing_and_forgiven_ones_are_not() -> None:
    assert are_surely_others(normalize("8 加 5 等于几？"), normalize("8 加 6 等于几？"))
    assert not are_surely_others(normalize("数8081 是什么"), normalize("数80，81 是什么"))
    assert not are_surely_others(normalize("8 加 5 等于几？"), normalize("8 加 5 等于几，再减 2？"))
