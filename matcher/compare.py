"""Lays two problems side by side: what agrees, what moved, what was exchanged; and the figures of a verdict."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from matcher.lexical import rarity
from matcher.normalize import Problem, Quantity, canonical

MOST_WORDS = 500
"""Words of a text that are aligned; a longer problem is compared by its beginning."""
SHORTEST_MOVE = 3
"""Words that must stand together to count as moved to another place."""


def _word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FOLDED = (
    "几=多少 总共=共 一共=共 共有=共 共计=共 要是=如果 若=如果 原先=原来 打算=计划 动身=出发 余下=剩下 "
    "还剩=剩下 还余=剩下 那么=则 等于=是 为=是 叙述=说法 恰好=正好 刚好=正好 购买=买 购进=买 买来=买 做完=完成 "
    "桔子=橘子 这里面=其中 钱=元 走=行 行驶=行 总长=全长 质量=重 重量=重 平米=平方米 块=元 总数=总 节约=节 "
    "实际上=实际 =?=多少")
_LEFT_OUT = (
    "个 的 了 是 有 求 问 请 请问 则 这 那 一 已知 设 条件 提示 就 用 在 呢 吗 啊 怎么 然后 知道 嗯 那个 就是 "
    "算一算 知 已 得")
SAME_WORDS = {**dict(pair.rsplit("=", 1) for pair in _FOLDED.split()), **dict.fromkeys(_LEFT_OUT.split(), "")}
"""Words folded into one; the empty string leaves a word out of the comparison."""
UNIT_WORDS = _word_set(
    "平方千米 平方厘米 平方分米 平方毫米 平方米 立方厘米 立方分米 立方米 千米 厘米 分米 毫米 米 公顷 千克 毫克 "
    "克 吨 毫升 升 小时 分钟 秒 元 角 度 年 月 天 周 岁 时 分")
NEGATION_WORDS = _word_set(
    "不 非 无 未 没 没有 错误 不是 不能 不可能 不正确 不属于 不包括 不符合 不利于 不合理 有利于 可能 正确 属于 "
    "符合 包括 能 能够 合理 无关 有关 不同 相同")
RELATION_WORDS = _word_set(
    "多 少 大 小 高 低 长 短 宽 快 慢 早 迟 晚 贵 便宜 远 近 增加 减少 提高 降低 增产 减产 上升 下降 超过 节约 "
    "最大 最小 最多 最少 最高 最低 至少 至多 倍 比 和 差 积 商 乘 除以 除 加 减 加上 减去 平均 共 剩下 周长 "
    "面积 体积 表面积 侧面积 底面积 容积 半径 直径 底 边长 棱长 相向 同向 背向 相反 相遇 追 正比例 反比例 奇数 "
    "偶数 质数 合数 因数 倍数 公因数 公倍数 顺 逆 进 出 买 卖 来 去 前 后 左 右 东 西 南 北 原来 现在 原价 现价 "
    "实际 计划 第一 第二 第三 每 全 半 递增 递减 内 外 上 下 首 末 甲 乙 丙 丁 男 女 用去 已经 未 还 速度 时间 "
    "路程 收入 支出 顺时针 逆时针 都 运来 运走 平方 立方 百分之 几分之 分子 分母 被 先 再 圆柱 圆锥 正方形 "
    "长方形 三角形 等边三角形 正方体 长方体 平行四边形 梯形 充分 必要 直角 今年 去年 盐 水 "
    "sin cos tan log ln arcsin arccos 椭圆 双曲线 抛物线")
OPERATORS = frozenset("+-×÷=<>≤≥≠±*∪∩")
_NAME = (
    "小[明红华丽强刚芳敏军东亮雨娟杰林兰英王李张刘陈赵周青勇玲美云燕平冬伟文莉龙虎宁静欣洋辉峰涛波磊斌雪梅霞萍]|"
    "([明红丽兰乐亮莎芳强洋])\\1|[王李张刘陈赵周吴孙马黄杨徐朱林何高](?=老师|叔叔|阿姨|师傅|大爷|大伯|大妈|奶奶|爷爷)")
_WHOLE = _word_set("多少 大小 大家 小学 比赛 和平")
"""Words that hold a deciding word without deciding anything."""
_WORDS = sorted({*SAME_WORDS, *UNIT_WORDS, *NEGATION_WORDS, *RELATION_WORDS, *_WHOLE} - {"=?"}, key=len, reverse=True)
_WORD = re.compile(rf"(?P<number>\d+/\d+%?|\d+(?:\.\d+)?%?)|(?P<name>{_NAME})|(?P<word>{'|'.join(_WORDS)})|"
                   r"(?P<other>=\?|[a-z]+|[A-Z]|[α-ω∠△π√∑∞∈□()]|[+×÷=<>≤≥≠±*^-]|[\u3400-\u9fff])")
NAME = "〈人〉"


@dataclass(frozen=True, slots=True)
class Exchange:
    """Where one side says something else in the same place; either side may be empty at the ends of a moved part."""

    asked: tuple[str, ...]
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Two rows of words and which of them found their like."""

    asked: tuple[str, ...]
    known: tuple[str, ...]
    asked_found: tuple[bool, ...]
    known_found: tuple[bool, ...]
    exchanges: tuple[Exchange, ...]
    moved: int
    """Words found at another place."""

    @property
    def only_asked(self) -> tuple[str, ...]:
        return tuple(w for w, found in zip(self.asked, self.asked_found, strict=True) if not found)

    @property
    def only_known(self) -> tuple[str, ...]:
        return tuple(w for w, found in zip(self.known, self.known_found, strict=True) if not found)


@lru_cache(maxsize=20_000)
def words(text: str) -> tuple[str, ...]:
    """Comparable text as words: numbers in one spelling, names alike, synonyms folded, small words left out."""
    found = []
    for match in _WORD.finditer(text):
        if match.lastgroup == "number" or match["number"]:
            found.append(canonical(match[0]))
        elif match["name"]:
            found.append(NAME)
        elif word := SAME_WORDS.get(match[0], match[0]):
            found.append(word)
        if len(found) >= MOST_WORDS:
            break
    return tuple(found)


def align(asked: Sequence[str], known: Sequence[str]) -> Alignment:
    """The longest common runs in order, then runs of SHORTEST_MOVE words and more that stand elsewhere."""
    asked_found, known_found = [False] * len(asked), [False] * len(known)
    replaced = []
    for op, a1, a2, k1, k2 in SequenceMatcher(None, asked, known, autojunk=False).get_opcodes():
        if op == "equal":
            asked_found[a1:a2] = [True] * (a2 - a1)
            known_found[k1:k2] = [True] * (k2 - k1)
        elif op == "replace":
            replaced.append((a1, a2, k1, k2))
    moved = _find_moved(asked, known, asked_found, known_found)
    exchanges = []
    for a1, a2, k1, k2 in replaced:
        left = tuple(asked[i] for i in range(a1, a2) if not asked_found[i])
        right = tuple(known[i] for i in range(k1, k2) if not known_found[i])
        if left and right:
            exchanges.append(Exchange(left, right))
    return Alignment(tuple(asked), tuple(known), tuple(asked_found), tuple(known_found), tuple(exchanges), moved)


def _find_moved(asked: Sequence[str], known: Sequence[str], asked_found: list[bool], known_found: list[bool]) -> int:
    moved = 0
    for _ in range(6):
        left = [w if not found else f"<{i}" for i, (w, found) in enumerate(zip(asked, asked_found, strict=True))]
        right = [w if not found else f">{i}" for i, (w, found) in enumerate(zip(known, known_found, strict=True))]
        run = SequenceMatcher(None, left, right, autojunk=False).find_longest_match()
        if run.size < SHORTEST_MOVE and not (run.size == 2 and any(_is_number(w) for w in left[run.a:run.a + 2])):
            break
        asked_found[run.a:run.a + run.size] = [True] * run.size
        known_found[run.b:run.b + run.size] = [True] * run.size
        moved += run.size
    return moved


# --- figures ------------------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Comparison:
    """Two problems side by side, with the figures in the order of FIGURES."""

    stems: Alignment
    figures: tuple[float, ...]
    numbers_lost: tuple[str, ...]
    """Numbers of the known problem that the asked one lacks."""
    numbers_new: tuple[str, ...]
    numbers_exchanged: tuple[tuple[str, str], ...]
    """(asked, known) at the same place."""
    numbers_misplaced: bool
    """The same numbers, but playing each other's parts."""
    units_exchanged: tuple[tuple[str, str], ...]
    words_exchanged: tuple[tuple[str, str], ...]
    """Relations, negations or operators (asked, known) that differ at the same place."""
    things_exchanged: tuple[tuple[str, str], ...]
    """(asked, known): in one place one speaks of a thing of the problem, the other of another thing of it."""
    options_differ: tuple[str, ...]
    """Letters whose texts differ."""
    ask_likeness: float


def compare(asked: Problem, known: Problem, cosine: float, lexical: float, read_from_photo: bool) -> Comparison:
    """All that `decide` looks at; pure."""
    stems = align(words(asked.stem), words(known.stem))
    numbers = _unlabelled(asked, known) if read_from_photo else asked.numbers
    lost, new = _difference(known.numbers, numbers), _difference(numbers, known.numbers)
    exchanged = tuple(pair for pair in _pairs(stems, _is_number) if pair[0] in new and pair[1] in lost)
    roles, worst_role, crossed = _roles(asked.quantities, known.quantities)
    units = _units_exchanged(asked.quantities, known.quantities) + tuple(_pairs(stems, UNIT_WORDS.__contains__))
    decisive = tuple(_pairs(stems, _is_decisive))
    letters, option_share, options_differ = _options(asked, known)
    ask = _ask_found(stems, words(known.asks), known=True)
    ask_back = _ask_found(stems, words(asked.asks), known=False)
    values = {
        "cosine": cosine,
        "lexical": lexical,
        "photo": float(read_from_photo),
        "length": math.log1p(len(stems.known)),
        "asked_length": math.log1p(len(stems.asked)),
        "known_covered": _covered(stems.known, stems.known_found),
        "asked_covered": _covered(stems.asked, stems.asked_found),
        "known_missing": _weight(stems.only_known),
        "asked_missing": _weight(stems.only_asked),
        "exchanged_weight": sum(min(_weight(e.asked), _weight(e.known)) for e in stems.exchanges),
        "exchanges": float(len(stems.exchanges)),
        "slips": float(sum(_is_slip(e) for e in stems.exchanges)),
        "own_exchanges": float(len(_own_exchanges(stems))),
        "odd_exchanges": float(sum(e.asked != e.known and not _twice(e, stems.exchanges) for e in stems.exchanges)),
        "moved": stems.moved / max(1, len(stems.known)),
        "numbers": float(len(known.numbers)),
        "numbers_lost": float(len(lost)),
        "numbers_lost_share": len(lost) / max(1, len(known.numbers)),
        "fractions_lost": float(sum("/" in n for n in lost)),
        "numbers_new": float(len(new)),
        "numbers_exchanged": float(len(exchanged)),
        "numbers_misread": float(sum(_may_be_misread(a, k) for a, k in exchanged)),
        "role_likeness": roles,
        "worst_role": worst_role,
        "numbers_crossed": float(crossed),
        "units_exchanged": float(len(set(units))),
        "decisive_exchanged": float(len(decisive)),
        "decisive_only_asked": float(sum(_is_decisive(w) for w in stems.only_asked)),
        "decisive_only_known": float(sum(_is_decisive(w) for w in stems.only_known)),
        "negations_differ": float(_count_difference(stems, NEGATION_WORDS)),
        "operators_only_asked": float(sum(w in OPERATORS for w in stems.only_asked)),
        "operators_only_known": float(sum(w in OPERATORS for w in stems.only_known)),
        "units_differ": float(_count_difference(stems, UNIT_WORDS)),
        "latin_only_asked": float(sum(w[0].isascii() and w[0].isalpha() for w in stems.only_asked)),
        "latin_only_known": float(sum(w[0].isascii() and w[0].isalpha() for w in stems.only_known)),
        "plain_only_asked": float(sum(_is_plain(w) for w in stems.only_asked)),
        "plain_only_known": float(sum(_is_plain(w) for w in stems.only_known)),
        "longest_only_asked": float(_longest_run(stems.asked_found)),
        "longest_only_known": float(_longest_run(stems.known_found)),
        "ask_found": ask,
        "ask_back": ask_back,
        "ask_exchanged": float(sum(bool({*e.known} & {*words(known.asks)}) for e in stems.exchanges)),
        "options_both": float(letters),
        "options_known": float(len(known.options)),
        "options_asked": float(len(asked.options)),
        "option_likeness": option_share,
        "options_differ": float(len(options_differ)),
    }
    assert tuple(values) == FIGURES
    return Comparison(stems, tuple(values.values()), lost, new, exchanged, crossed > 0, tuple(dict.fromkeys(units)),
                      decisive, _own_exchanges(stems), options_differ, ask)


FIGURES = (
    "cosine", "lexical", "photo", "length", "asked_length", "known_covered", "asked_covered", "known_missing",
    "asked_missing", "exchanged_weight", "exchanges", "slips", "own_exchanges", "odd_exchanges", "moved", "numbers",
    "numbers_lost", "numbers_lost_share", "fractions_lost", "numbers_new", "numbers_exchanged", "numbers_misread",
    "role_likeness", "worst_role", "numbers_crossed", "units_exchanged", "decisive_exchanged",
    "decisive_only_asked", "decisive_only_known", "negations_differ", "operators_only_asked",
    "operators_only_known", "units_differ", "latin_only_asked", "latin_only_known", "plain_only_asked",
    "plain_only_known", "longest_only_asked", "longest_only_known", "ask_found", "ask_back", "ask_exchanged",
    "options_both", "options_known", "options_asked", "option_likeness", "options_differ",
)
"""What the verifier is given, in this order; training and deciding read the same list."""


def _unlabelled(asked: Problem, known: Problem) -> tuple[str, ...]:
    """The numbers asked, the first without the problem's number before it: `14.3年前` is 14. and 3年前."""
    numbers = asked.numbers
    if numbers and "." in numbers[0] and known.numbers and asked.stem.startswith(numbers[0]):
        _, _, behind = numbers[0].partition(".")
        if behind == known.numbers[0]:
            return (behind, *numbers[1:])
    return numbers


def _difference(these: Iterable[str], those: Iterable[str]) -> tuple[str, ...]:
    """What these have more often than those, in order."""
    spare = Counter(those)
    rest = []
    for item in these:
        if spare[item] > 0:
            spare[item] -= 1
        else:
            rest.append(item)
    return tuple(rest)


def _is_number(word: str) -> bool:
    return word[:1].isdigit()


def _is_decisive(word: str) -> bool:
    return word in RELATION_WORDS or word in NEGATION_WORDS or word in OPERATORS


def _is_plain(word: str) -> bool:
    return "\u3400" <= word[0] <= "\u9fff" and not _is_decisive(word) and word not in UNIT_WORDS


def _pairs(stems: Alignment, wanted: object) -> list[tuple[str, str]]:
    """Words of a class that stand against each other in an exchange."""
    assert callable(wanted)
    found = []
    for exchange in stems.exchanges:
        left = [w for w in exchange.asked if wanted(w)]
        right = [w for w in exchange.known if wanted(w)]
        found += [(a, k) for a, k in zip(left, right, strict=False) if a != k]
    return found


def _roles(asked: Sequence[Quantity], known: Sequence[Quantity]) -> tuple[float, float, int]:
    """Mean and worst likeness of the places of equal numbers, and how many stand where another one belongs."""
    likeness, crossed = [], 0
    for quantity in known:
        own = max((_role(a, quantity) for a in asked if a.value == quantity.value), default=None)
        if own is None:
            continue
        likeness.append(own)
        other = max((_role(a, quantity) for a in asked if a.value != quantity.value), default=0.0)
        if other > own + 0.25:
            crossed += 1
    if not likeness:
        return 1.0, 1.0, 0
    return sum(likeness) / len(likeness), min(likeness), crossed


def _role(left: Quantity, right: Quantity) -> float:
    """How alike two places are: the characters around, those nearest count most; 0 to 1."""
    before = _near(left.before[::-1], right.before[::-1])
    after = _near(left.after, right.after)
    unit = 1.0 if left.unit == right.unit else 0.0
    return 0.4 * before + 0.4 * after + 0.2 * unit


def _near(left: str, right: str) -> float:
    if not left and not right:
        return 1.0
    shares = (0.4, 0.3, 0.2, 0.1)
    return sum(share for share, a, b in zip(shares, left, right, strict=False) if a == b or (a in right and b in left))


def _units_exchanged(asked: Sequence[Quantity], known: Sequence[Quantity]) -> tuple[tuple[str, str], ...]:
    """Units that differ behind the same number in the same place."""
    found = []
    for quantity in known:
        same = [a for a in asked if a.value == quantity.value and _near(a.before[::-1], quantity.before[::-1]) >= 0.6]
        if same and quantity.unit in UNIT_WORDS and all(a.unit in UNIT_WORDS and a.unit != quantity.unit for a in same):
            found.append((same[0].unit, quantity.unit))
    return tuple(found)


def _may_be_misread(asked: str, known: str) -> bool:
    """One digit lost, or one of a confusable pair."""
    if len(known) == len(asked) + 1:
        return any(known[:i] + known[i + 1:] == asked for i in range(len(known)))
    return False


def _count_difference(stems: Alignment, group: frozenset[str]) -> int:
    left = Counter(w for w in stems.only_asked if w in group)
    right = Counter(w for w in stems.only_known if w in group)
    return sum(((left - right) + (right - left)).values())


def _is_slip(exchange: Exchange) -> bool:
    """One character typed or read wrong (题积 for 体积): one character apart, and no word that decides."""
    left, right = "".join(exchange.asked), "".join(exchange.known)
    if len(left) != len(right) or sum(a != b for a, b in zip(left, right, strict=True)) != 1:
        return False
    return not any(_is_number(w) or _is_decisive(w) or w in UNIT_WORDS for w in exchange.asked)


def _own_exchanges(stems: Alignment) -> tuple[tuple[str, str], ...]:
    """Exchanges of a word that the known problem has elsewhere for one that the asked problem has elsewhere."""
    found = []
    for exchange in stems.exchanges:
        left = "".join(w for w in exchange.asked if w in stems.known and not _is_number(w))
        right = "".join(w for w in exchange.known if w in stems.asked and not _is_number(w))
        if left and right and len(exchange.asked) <= 4 and len(exchange.known) <= 4:
            found.append((left, right))
    return tuple(found)


def _twice(exchange: Exchange, exchanges: Sequence[Exchange]) -> bool:
    """The same exchange made more than once: another name, not another meaning."""
    return sum(e == exchange for e in exchanges) > 1


def _weight(row: Iterable[str]) -> float:
    return sum(_one_weight(w) for w in row)


@lru_cache(maxsize=20_000)
def _one_weight(word: str) -> float:
    """Seldom words weigh more; between 0.2 and 1.5."""
    return max(0.2, min(1.5, rarity(word) / 4))


def _covered(row: Sequence[str], found: Sequence[bool]) -> float:
    whole = _weight(row)
    return sum(_one_weight(w) for w, f in zip(row, found, strict=True) if f) / whole if whole else 0.0


def _longest_run(found: Sequence[bool]) -> int:
    longest = run = 0
    for one in found:
        run = 0 if one else run + 1
        longest = max(longest, run)
    return longest


def _ask_found(stems: Alignment, ask: Sequence[str], known: bool) -> float:
    """Share of the words of the asking clause that were found on the other side; 1 when it has none."""
    row, found = (stems.known, stems.known_found) if known else (stems.asked, stems.asked_found)
    other = stems.asked if known else stems.known
    if any(tuple(other[i:i + len(ask)]) == tuple(ask) for i in range(len(other) - len(ask) + 1)):
        return 1.0
    start = next((i for i in range(len(row) - len(ask), -1, -1) if tuple(row[i:i + len(ask)]) == tuple(ask)), None)
    if start is None or not ask:
        return 1.0
    return _covered(ask, found[start:start + len(ask)])


def _options(asked: Problem, known: Problem) -> tuple[int, float, tuple[str, ...]]:
    """Letters on both sides, mean likeness of their texts (1 when there are none), letters whose texts differ."""
    letters = [letter for letter in known.options if letter in asked.options]
    if not letters:
        return 0, 1.0, ()
    likeness = {letter: _likeness(asked.options[letter], known.options[letter]) for letter in letters}
    return len(letters), sum(likeness.values()) / len(letters), tuple(x for x in letters if likeness[x] < 0.5)


def _likeness(left: str, right: str) -> float:
    if left == right:
        return 1.0
    return SequenceMatcher(None, left[:200], right[:200], autojunk=False).ratio()
