"""Makes training pairs from a problem: the same asked again (photo, voice, typing), and look-alikes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

# How often RapidOCR misreads a printed character, by class: (changed, lost); measured on rendered phone photographs.
READING_ERRORS = {"han": (0.009, 0.002), "digit": (0.007, 0.02), "latin": (0.022, 0.022), "mark": (0.06, 0.09)}
FRACTION_LOST, FRACTION_TORN = 0.43, 0.35

def _pairs(table: str) -> list[tuple[str, str]]:
    """`a b | c d` as pairs."""
    return [(a, b) for a, b in (row.split() for row in table.split(" | "))]


CONFUSED_DIGITS = {
    "0": "O6oD", "1": "l7I", "2": "z3", "3": "85", "4": "9", "5": "63", "6": "5b8", "7": "1", "8": "36B", "9": "4g",
}
CONFUSED_HAN = [
    "未末", "己已巳", "人入八", "千干于", "日曰目", "大太犬", "土士", "天夫", "行汀", "货贷", "堆推", "栽裁",
    "甲申由", "时吋", "第策", "米来", "比此", "间问", "果呆", "今令", "元无", "块快", "水永", "往住", "全金",
    "小少",
]
SYNONYMS = _pairs(
    "多少 几 | 是多少 =? | 一共 总共 | 一共 共 | 一共 合计 | 一共 合起来 | 一共 加起来 | 如果 要是 | 如果 若 | "
    "如果 假如 | "
    "计划 打算 | 原计划 原打算 | 计划 预计 | 原来 原先 | 原来 本来 | 原来 起初 | 出发 动身 | 每小时行 每小时走 | "
    "每小时行驶 时速 | 每小时 1小时 | 每小时 一小时 | 每分钟 一分钟 | 每天 一天 | 每箱 一箱 | 每千克 1千克 | "
    "每本 一本 | "
    "每个 1个 | 每人 一个人 | 说法 叙述 | 说法 描述 | 错误的 不正确的 | 其中 这里面 | 则 那么 | 使 让 | 共有 总共有 | "
    "剩下 余下 | 还剩 还余 | 剩下 剩余 | 购买 买 | 买来 购进 | 运来 运到 | 运来 运进 | 卖出 售出 | 出售 卖 | "
    "是多少 等于多少 | "
    "多少元 多少钱 | 多少元 多少块 | 求 问 | 需要 要 | 可以 能 | 实际 实际上 | 已经 已 | 正好 恰好 | 刚好 正好 | "
    "完成 做完 | "
    "平均分 等分 | 同时 一起 | 全长 总长 | 全程 全长 | 重 质量是 | 售价 卖价 | 千克 公斤 | 千米 公里 | "
    "同学 学生 | 桔子 橘子 | "
    "得到 得 | 长方形 矩形 | 正方体 立方体 | 小时 个小时 | 分钟 分 | 小时 时 | 因数 约数 | 公因数 公约数 | 平均每 每 | "
    "相向而行 面对面走 | 相遇 碰面 | 种植 种 | 栽 种 | 星期 周 | 比较 比 | 照这样计算 照这样 | 照这样计算 按这个速度 | "
    "除以 ÷ | 乘以 × | 乘 × | 加上 加 | 减去 减 | 占 是 | 相当于 是 | 几分之几 多少 | 增加 增长 | 降低 减少 | "
    "支付 付 | "
    "百分之几 多少 | 求出 求 | 下列 以下 | 下面 以下 | 哪个 哪一个 | 什么 哪个")
HOMOPHONES = [
    "的得地", "做作坐座", "在再", "像象向", "园圆元员原", "租族组", "电点店", "话花化画", "行形型", "是事时式",
    "其期七齐", "用永", "他她它", "到道", "长常", "面免", "题提", "果过", "车彻", "高糕", "分份", "树数", "和合河",
    "校效", "级及", "生声", "班般", "油由", "水睡", "米迷", "走奏", "种中", "共工", "多朵", "少绍", "每美", "第弟",
]
SPOKEN_IN = ("嗯", "那个", "就是", "就", "然后", "呃", "这个", "对吧")
SMALL = "的了是有个一这那着就也都才又再而且把将被给从在于与和里上中该其所"
UNSPOKEN = [
    "学校", "商店", "工厂", "同学们", "小朋友", "某", "一个", "一种", "一批", "一些", "一条", "一台", "一辆", "正好",
    "已知", "如果", "那么", "这个", "一共", "照这样计算", "的", "了", "其中", "结果", "现在", "实际", "准备", "为了",
    "根据", "平均", "应", "需要", "能", "可以", "每",
]
UNIT_SHORT = _pairs(
    "平方厘米 cm² | 平方米 m² | 立方厘米 cm³ | 立方米 m³ | 千米 km | 厘米 cm | 分米 dm | 毫米 mm | 千克 kg | "
    "毫升 ml | 米 m | 克 g | 吨 t | 升 L")
NAMES = [
    "小明", "小红", "小华", "小丽", "小强", "小刚", "小芳", "小敏", "小军", "小东", "小亮", "亮亮", "丽丽",
    "小亚", "小佳", "小凡", "小琪", "笑笑", "佳佳", "欢欢", "贝贝", "李明", "王芳", "张强", "陈明", "李华", "王伟",
    "红红", "明明", "兰兰", "乐乐", "小雨", "小娟", "小杰", "小林", "小兰", "小英", "小王", "小李", "小张",
]
SURNAMES = "王李张刘陈赵周吴孙马"
OPENERS = [
    "老师，", "老师好，", "请问", "老师我想问一下，", "作业里有一道，", "问一道题，", "这题不会：", "求助！",
    "有个题是这样的，", "帮我看看这道题 ", "嗯 ", "这个题目，", "老师您好 ", "麻烦讲一下 ",
]
CLOSERS = [
    "怎么做", "求过程", "这题怎么想", "怎么列式", "求详细解答", "，谢谢老师", "呢", "啊", "？？？", "怎么算啊",
    "，不会做", "，用方程怎么做", "，答案是多少",
]
ATTEMPTS = [
    "，我做出来是{n}，老师说不对", " 我算的是{n}对吗", " 答案是{n}但是不知道为什么", "，我得{n}，对不对",
    "，我觉得是{n}", "，答案给的{n}怎么来的",
]

# Words whose exchange makes another problem of the same look.
OPPOSITES = _pairs(
    "多 少 | 增加 减少 | 提高 降低 | 大 小 | 快 慢 | 长 短 | 高 低 | 贵 便宜 | 早 迟 | 最大 最小 | 最多 最少 | "
    "至多 至少 | 周长 面积 | 表面积 体积 | 半径 直径 | 和 差 | 积 商 | 除以 乘 | 加上 减去 | 奇数 偶数 | "
    "质数 合数 | 相向 同向 | 上升 下降 | 用去 剩下 | 卖出 运来 | 已经看 还没看 | 递增 递减 | 正比例 反比例 | "
    "原价 现价 | 第一 第二 | 原计划 实际 | 比 是 | 乘 除以 | 因数 倍数 | 顺时针 逆时针 | 左 右 | 东 西 | 宽 高 | "
    "最高 最低 | 甲 乙 | 男 女 | 苹果 梨 | 平方 立方 | 侧面积 底面积 | 公因数 公倍数 | 外 内 | 买 卖 | "
    "收入 支出 | 都设 都不设 | 圆柱 圆锥 | 正方形 长方形 | 正方形 三角形 | 充分 必要 | sin cos | 今年 去年 | "
    "已经 还没")
NEGATIONS = _pairs(
    "正确的 错误的 | 正确 不正确 | 属于 不属于 | 可能 不可能 | 有利于 不利于 | 符合 不符合 | 能够 不能够 | "
    "是 不是 | 包括 不包括 | 能 不能 | 合理的 不合理的 | 有关 无关 | 相同 不同")
OPERATORS = _pairs(
    "+ - | - + | × ÷ | ÷ × | > < | < > | ≥ ≤ | ≤ ≥ | = ≠")
UNIT_SWAPS = _pairs(
    "千克 克 | 千米 米 | 厘米 分米 | 米 分米 | 小时 分钟 | 元 角 | 吨 千克 | 平方米 平方分米 | 升 毫升 | "
    "天 小时 | 分钟 秒 | 厘米 米 | 克 千克 | 角 元")

NUMBER = re.compile(r"\(\d+/\d+\)|\d+/\d+|\d+(?:\.\d+)?")
TELLING = re.compile("[A-Za-z0-9=一二两三四五六七八九十半几多少每比倍同分平最不没无]")
"""A clause with one of these belongs to the problem; others may only paint the scene."""
PERSON = re.compile("|".join(sorted(NAMES, key=len, reverse=True)))

Change = Callable[[str, random.Random], str | None]
"""Another version of a text, or None when the text gives no occasion for it."""


def asked_again(text: str, rng: random.Random, others: Sequence[str], keeps_ask: bool = False) -> str:
    """The same problem as a photo, a voice or a keyboard would give it; `others` supply stray characters.

    `keeps_ask` leaves out what may undo a changed question: dropping it, and tearing fractions.
    """
    way = rng.random()
    if way < 0.05:
        return text
    if way < 0.40:
        stress = rng.choice((0.6, 1.0, 1.0, 1.5, 2.5))
        if rng.random() < 0.15:
            text = _varied(text, rng, others, keeps_ask, 1)
        return _photographed(_maybe(0.15, omit_options, text, rng), rng, others, stress, tears=not keeps_ask)
    if way < 0.66:
        return _maybe(0.3, spoken, own_words(text, rng, keeps_ask), rng)
    return _varied(text, rng, others, keeps_ask, rng.choice((1, 1, 2, 2, 3)))


def _varied(text: str, rng: random.Random, others: Sequence[str], keeps_ask: bool, times: int) -> str:
    versions: list[Change] = [
        synonyms, synonyms, synonyms, spoken, spoken, latin_units, other_names, clauses_moved, ask_first, attempt,
        omit_ask, omit_options, lambda t, r: typos(t, r, others), homophones, commas_lost, shortened, han_numbers]
    if keeps_ask:
        versions.remove(omit_ask)
    for change in rng.sample(versions, times):
        text = change(text, rng) or text
    return text


def changed(text: str, rng: random.Random) -> tuple[str, str] | None:
    """Another problem that looks like this one, and the kind of change."""
    kinds: dict[str, Change] = {
        "numbers": rng.choice((one_number, one_number, all_numbers)), "swapped": numbers_swapped, "opposite": opposite,
        "negated": negated, "operator": operator, "unit": unit, "asks": asks_another, "inserted": not_inserted,
        "wider": wider_ask}
    for kind in rng.sample([*kinds, "numbers", "numbers", "opposite", "asks", "unit"], 7):
        version = kinds[kind](text, rng)
        if version is not None and version != text:
            return version, kind
    return None


# --- the same problem --------------------------------------------------------------------------------------------

def synonyms(text: str, rng: random.Random) -> str | None:
    there = [(a, b) for a, b in SYNONYMS if a in text]
    for a, b in rng.sample(there, min(len(there), rng.choice((1, 2)))):
        text = text.replace(a, b)
    return text if there else None


def spoken(text: str, rng: random.Random) -> str:
    body = _maybe(0.5, commas_lost, text, rng)
    for _ in range(rng.choice((0, 0, 1, 2))):
        at = rng.randrange(len(body) + 1)
        body = body[:at] + rng.choice(SPOKEN_IN) + rng.choice(("", " ", "，")) + body[at:]
    return (rng.choice(OPENERS) if rng.random() < 0.8 else "") + body.rstrip("．。？?") + \
        (rng.choice(CLOSERS) if rng.random() < 0.7 else "")


def own_words(text: str, rng: random.Random, keeps_ask: bool = False) -> str:
    """Told shortly, in a pupil's words: a scene left out, small words gone, synonyms, some characters lost."""
    body, rest = _stem(text)
    parts = re.split(r"(?<=[，,。．；;])", body)
    if len(parts) > 2:
        parts = [p for p in parts if rng.random() > 0.5 or TELLING.search(p) or p is parts[-1]]
    short = "".join(parts) or body
    for word in rng.sample(UNSPOKEN, rng.randrange(4, len(UNSPOKEN) // 2)):
        if word not in "平均每应能" or rng.random() < 0.2:
            short = short.replace(word, "", 1) if len(short) > 10 else short
    share = rng.choice((0.0, 0.0, 0.05, 0.1))
    short = "".join(c for c in short if c not in SMALL or rng.random() > 3 * share or c in "和")
    short = _retold(short, rng, rng.choice((0.0, 0.0, 0.1, 0.2, 0.35)))
    short = synonyms(synonyms(short, rng) or short, rng) or short
    for change in (clauses_moved, ask_first, commas_lost, latin_units, other_names):
        short = _maybe(0.2, change, short, rng)
    return short + (rest if rng.random() < 0.4 else "")


def _retold(text: str, rng: random.Random, share: float) -> str:
    """Words that only paint the scene left out or put otherwise; the last clause, which asks, and what tells stay."""
    end = max(text.rfind(c, 0, len(text) - 2) for c in "，,。．；;") + 1

    def told(match: re.Match[str]) -> str:
        counted = _COUNT.match(text[: match.start()][-1:])  # its unit stays
        if rng.random() >= share or match.end() > end or counted:
            return match[0]
        if rng.random() < 0.3:
            return rng.choice(SCENERY)
        first = rng.randrange(len(match[0]))
        return match[0][:first] + match[0][first + rng.randrange(1, 4):]

    return _SCENE.sub(told, text)


_SCENE = re.compile(f"(?:(?!{TELLING.pattern})[一-龥]){{2,5}}")
_COUNT = re.compile("[0-9%)一二两三四五六七八九十百千万半几每]")
SCENERY = ("小明家", "店里", "大家", "学校里", "现在", "我们", "爸爸", "同学", "他们", "家里", "有人", "后来")


def homophones(text: str, rng: random.Random) -> str | None:
    """As a speech model or a hurried keyboard writes."""
    there = [(at, group) for at, char in enumerate(text) for group in HOMOPHONES if char in group]
    for at, group in rng.sample(there, min(len(there), rng.choice((1, 1, 2, 4)))):
        text = text[:at] + rng.choice(group) + text[at + 1:]
    return text if there else None


def han_numbers(text: str, rng: random.Random) -> str | None:
    """Whole numbers up to 99 and simple fractions as they are spoken."""
    share = rng.choice((0.4, 1.0))

    def told(match: re.Match[str]) -> str:
        if rng.random() >= share:
            return match[0]
        return _han(match[3]) if match[3] else f"{_han(match[2])}分之{_han(match[1])}"

    version = re.sub(r"\((\d{1,2})/(\d{1,2})\)|(?<![\d./A-Za-z^(])([1-9]\d?)(?=[一-龥])", told, text)
    return version if version != text else None


def _han(number: str) -> str:
    digits = "零一二三四五六七八九"
    tens, ones = divmod(int(number), 10)
    head = {0: "", 1: "十"}.get(tens, digits[tens] + "十")
    return head + (digits[ones] if ones or not tens else "")


def latin_units(text: str, rng: random.Random) -> str | None:
    if not any(re.search(rf"\d{a}", text) for a, _ in UNIT_SHORT):
        return None
    for a, b in UNIT_SHORT:
        text = re.sub(rf"(?<=\d){a}", b, text)
    return text


def other_names(text: str, rng: random.Random) -> str | None:
    there = sorted(set(PERSON.findall(text)))
    if not there:
        return re.sub(f"[{SURNAMES}](?=老师|叔叔|阿姨|师傅|大爷)", rng.choice(SURNAMES), text)
    new = dict(zip(there, rng.sample([n for n in NAMES if n not in there], len(there)), strict=True))
    return PERSON.sub(lambda m: new[m[0]], text)


def clauses_moved(text: str, rng: random.Random) -> str | None:
    body, rest = _stem(text)
    parts = [p for p in re.split(r"[，,。．；;]", body) if p]
    if len(parts) < 3:
        return None
    at = rng.randrange(len(parts) - 2)
    parts[at], parts[at + 1] = parts[at + 1], parts[at]
    return "，".join(parts) + rest


def ask_first(text: str, rng: random.Random) -> str | None:
    body, rest = _stem(text)
    parts = [p for p in re.split(r"[，,。．；;]", body.rstrip("？?．。")) if p]
    if len(parts) < 2:
        return None
    told, asked = "，".join(parts[:-1]), parts[-1]
    orders = (f"请问{asked}？{told}", f"{asked}？条件是{told}", f"{asked}？（{told}）", f"{told}，请问{asked}")
    return rng.choice(orders) + rest


def attempt(text: str, rng: random.Random) -> str:
    return text + rng.choice(ATTEMPTS).format(n=rng.randrange(1, 900))


def omit_ask(text: str, rng: random.Random) -> str | None:
    body, _ = _stem(text)
    parts = re.split(r"(?<=[，,。．；;])", body)
    told = "".join(parts[:-1]).rstrip("，,。．；;")
    return told if len(told) > 14 else None


def omit_options(text: str, rng: random.Random) -> str | None:
    body, rest = _stem(text)
    return body if rest and len(body) > 10 else None


def typos(text: str, rng: random.Random, others: Sequence[str]) -> str:
    chars = list(text)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(chars))
        if _class(chars[at]) == "han" and chars[at] not in "一二三四五六七八九十":
            chars[at] = _stray(others, rng)
    return "".join(chars)


def commas_lost(text: str, rng: random.Random) -> str:
    return re.sub("[，,。．；;]", lambda m: rng.choice(("", " ", m[0])), text)


def shortened(text: str, rng: random.Random) -> str | None:
    """Small words left out, as in a hurried message."""
    small = ["一个", "一种", "一批", "的", "了", "共", "已知", "如果", "那么", "这个", "一共", "正好", "每人", "学校"]
    there = [w for w in small if w in text]
    for word in rng.sample(there, min(len(there), 3)):
        text = text.replace(word, "", 1)
    return text if there else None


def _photographed(text: str, rng: random.Random, others: Sequence[str], stress: float, tears: bool) -> str:
    strays: list[str] = []
    if tears:
        text = re.sub(r"\((\d+)/(\d+)\)|(?<!\d)(\d+)/(\d+)(?!\d)", lambda m: _torn(m, rng, strays), text)
    if rng.random() < 0.3 * stress:
        strays += [_junk(rng) for _ in range(rng.choice((1, 1, 2, 3)))]
    read = "".join(_misread(c, rng, others, stress) for c in text)
    if rng.random() < 0.7:
        read = f"{rng.randrange(1, 40)}{rng.choice('．.、,· ')}" + read
    width = rng.randrange(16, 40)
    lines = [read[i:i + width] for i in range(0, len(read), width)]
    for stray in strays:
        at = rng.randrange(len(lines))
        spot = rng.choice((0, len(lines[at]), rng.randrange(len(lines[at]) + 1)))
        if rng.random() < 0.4:
            lines.insert(at + 1, stray)
        else:
            lines[at] = lines[at][:spot] + stray + lines[at][spot:]
    lines = [line for line in lines if len(lines) < 3 or rng.random() > 0.02 * stress]
    if len(lines) > 3 and rng.random() < 0.04:
        lines = lines[:-1] if tears and rng.random() < 0.5 else lines[1:]
    if rng.random() < 0.05:
        other = rng.choice(others)[:rng.randrange(10, 60)]
        lines = [*lines, other] if rng.random() < 0.5 else [other, *lines]
    return "\n".join(lines)


def _junk(rng: random.Random) -> str:
    """What a reader makes of a smudge, a frame or a formula it cannot read."""
    return rng.choice((
        str(rng.randrange(1, 60)), str(rng.randrange(1, 2000)), f"{rng.randrange(1, 6)}/", "-1", "1+", "x", "n", "m",
        "11", "·", "。", "一", f"{rng.randrange(1, 50)}.{rng.randrange(1, 9)}", "(", "π", "e"))


def _torn(match: re.Match[str], rng: random.Random, strays: list[str]) -> str:
    """What is left of a stacked fraction in its line; pieces that land in another line are added to `strays`."""
    top, bottom = (match[1], match[2]) if match[1] else (match[3], match[4])
    luck = rng.random()
    if luck < FRACTION_LOST:
        return ""
    if luck < FRACTION_LOST + FRACTION_TORN:
        left, moved = rng.choice(((top, bottom), (bottom, top), ("", top), ("", bottom), (rng.choice("号导言÷一"), "")))
        strays += [moved] if moved and rng.random() < 0.6 else []
        return rng.choice((left, left, left, f"{top}{bottom}", f" {left} "))
    return match[0]


def _misread(char: str, rng: random.Random, others: Sequence[str], stress: float) -> str:
    changed_share, lost_share = READING_ERRORS[_class(char)]
    luck = rng.random() / stress
    if luck < lost_share:
        return ""
    if luck >= lost_share + changed_share:
        return char
    if char in CONFUSED_DIGITS:
        return rng.choice(CONFUSED_DIGITS[char])
    for group in CONFUSED_HAN:
        if char in group:
            return rng.choice(group)
    return _stray(others, rng) if _class(char) == "han" else rng.choice("·.,、1|lxX()")


# --- another problem ----------------------------------------------------------------------------------------------

def one_number(text: str, rng: random.Random) -> str | None:
    found = list(NUMBER.finditer(_stem(text)[0]))
    if not found:
        return None
    spot = rng.choice(found)
    return text[:spot.start()] + another_number(spot[0], rng) + text[spot.end():]


def all_numbers(text: str, rng: random.Random) -> str | None:
    body, rest = _stem(text)
    version = NUMBER.sub(lambda m: another_number(m[0], rng) if rng.random() < 0.85 else m[0], body)
    return version + rest if version != body else None


def another_number(number: str, rng: random.Random) -> str:
    """Of the same kind and about the same size."""
    if "/" in number:
        bottom = rng.randrange(2, 13)
        shown = f"{rng.randrange(1, bottom)}/{bottom}"
        return f"({shown})" if number.startswith("(") else shown
    if rng.random() < 0.4:
        at = rng.choice([i for i, c in enumerate(number) if c.isdigit()])
        return number[:at] + rng.choice([d for d in "123456789" if d != number[at]]) + number[at + 1:]
    value = float(number)
    if "." in number:
        return f"{value * rng.uniform(0.4, 2.2):.{len(number.split('.')[1])}f}"
    return str(max(1, round(value * rng.uniform(0.3, 3)) + rng.choice((0, 1))))


def numbers_swapped(text: str, rng: random.Random) -> str | None:
    found = list(NUMBER.finditer(_stem(text)[0]))
    pairs = [(a, b) for i, a in enumerate(found) for b in found[i + 1:] if a[0] != b[0]]
    if not pairs:
        return None
    a, b = rng.choice(pairs)
    return text[:a.start()] + b[0] + text[a.end():b.start()] + a[0] + text[b.end():]


def opposite(text: str, rng: random.Random) -> str | None:
    either_way = [*OPPOSITES, *((b, a) for a, b in OPPOSITES)]
    return _exchanged(text, either_way, rng, spare=re.compile("多少|大小|小时|小[一-龥]|大[米家小]"))


def negated(text: str, rng: random.Random) -> str | None:
    """Only in the clause that asks: elsewhere the word "是" decides nothing."""
    return _exchanged(text, [*NEGATIONS[:-1], *((b, a) for a, b in NEGATIONS)], rng, spare=re.compile("是多少|是不是"))


def not_inserted(text: str, rng: random.Random) -> str | None:
    """A "not" before what is asked or claimed."""
    body, rest = _stem(text)
    spots = [m.start() for m in re.finditer("一定|可能|正确|属于|相等|相同|等于|符合|能(?=[被够])|会", body)]
    if not spots:
        return None
    at = rng.choice(spots)
    return body[:at] + "不" + body[at:] + rest


def wider_ask(text: str, rng: random.Random) -> str | None:
    """和 and 共 in the question: of both instead of one, or the mean."""
    body, rest = _stem(text)
    cut = max(body.rfind(c, 0, len(body) - 2) for c in "，,。．；;")
    told, asked = body[:cut + 1], body[cut + 1:]
    if not told or "多少" not in asked or len(asked) < 5:
        return None
    if "一共" in asked:
        return told + asked.replace("一共", rng.choice(("平均每份", "平均", "还剩")), 1) + rest
    return told + rng.choice((asked.replace("多少", "一共多少", 1), asked.replace("多少", "平均多少", 1),
                              asked.replace("多少", "还剩多少", 1), asked.replace("多少", "比原来多多少", 1))) + rest


def operator(text: str, rng: random.Random) -> str | None:
    return _exchanged(text, OPERATORS, rng, spare=re.compile("=[?？多]"))


def unit(text: str, rng: random.Random) -> str | None:
    there = [(m, b) for a, b in UNIT_SWAPS for m in re.finditer(rf"(?<=[\d)]){a}", text)]
    if not there:
        return None
    spot, new = rng.choice(there)
    return text[:spot.start()] + new + text[spot.end():]


def asks_another(text: str, rng: random.Random) -> str | None:
    """The last clause asks for another of the things the problem speaks of."""
    body, rest = _stem(text)
    cut = max(body.rfind(c, 0, len(body) - 2) for c in "，,。．；;")
    told, asked = body[:cut + 1], body[cut + 1:]
    if not told or len(asked) < 3:
        return None
    thing = _another_thing(told, asked, rest, rng)
    if thing is not None and rng.random() < 0.7:
        return thing
    for a, b in rng.sample(OPPOSITES, len(OPPOSITES)):
        for old, new in ((a, b), (b, a)):
            if old in asked.replace("多少", "") and new in told and len(old) * len(new) > 0 and old not in "比是":
                return told + asked.replace(old, new, 1) + rest
    return thing


def _another_thing(told: str, asked: str, rest: str, rng: random.Random) -> str | None:
    """五年级 for 六年级, 足球 for 篮球, one person for another: of what the problem itself speaks of."""
    people = sorted(set(PERSON.findall(told)) - set(PERSON.findall(asked)))
    named = PERSON.search(asked)
    if people and named:
        return told + asked.replace(named[0], rng.choice(people)) + rest
    pairs = [(old, new) for old in _kinds_of_things(asked) for new in _kinds_of_things(told)
             if old[1] == new[1] and old != new and new not in asked and old in told]
    if not pairs:
        return None
    old, new = rng.choice(sorted(pairs))
    return told + asked.replace(old, new, 1) + rest


def _kinds_of_things(text: str) -> set[str]:
    """Two characters, the second a kind (树, 球, 级 …)."""
    kinds = "树球年书花车级班队数天月人生笔鸡鸭兔羊牛布油纸地场校桶杯水盐工"
    return set(re.findall(f"(?=([一-龥][{kinds}]))", text)) - {"多数", "个数", "小数"}


def _exchanged(text: str, table: Sequence[tuple[str, str]], rng: random.Random, spare: re.Pattern[str]) -> str | None:
    body, rest = _stem(text)
    kept = [range(*m.span()) for m in spare.finditer(body)]
    there = [(m, b) for a, b in table for m in re.finditer(re.escape(a), body) if not any(m.start() in k for k in kept)]
    if not there:
        return None
    spot, new = rng.choice(there)
    return body[:spot.start()] + new + body[spot.end():] + rest


def _stem(text: str) -> tuple[str, str]:
    first = re.search(r"\n?\s*A[.．、]", text)
    return (text[:first.start()], text[first.start():]) if first else (text, "")


def _class(char: str) -> str:
    if "\u3400" <= char <= "\u9fff":
        return "han"
    if char.isdigit() and char.isascii():
        return "digit"
    return "latin" if char.isascii() and char.isalpha() else "mark"


def _stray(others: Sequence[str], rng: random.Random) -> str:
    for _ in range(8):
        text = rng.choice(others)
        char = text[rng.randrange(len(text))]
        if _class(char) == "han":
            return char
    return "的"


def _maybe(share: float, change: Change, text: str, rng: random.Random) -> str:
    return (change(text, rng) or text) if rng.random() < share else text
