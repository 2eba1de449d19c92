"""Comparable text as words: synonyms folded, small words left out, and which words decide what a problem is."""

from __future__ import annotations

import re
from functools import lru_cache

from matcher.normalize import canonical

MOST_WORDS = 500
"""Words of a text that are aligned; a longer problem is compared by its beginning."""


def _word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FOLDED = (
    "几=多少 =?=多少 总共=共 一共=共 共有=共 共计=共 合计=共 总计=共 合起来=共 加起来=共 总数=总 总和=和 "
    "总长=全长 全程=全长 "
    "要是=如果 若=如果 假如=如果 假设=如果 假若=如果 倘若=如果 那么=则 "
    "原先=原来 本来=原来 起初=原来 起先=原来 最初=原来 原计划=计划 原打算=计划 打算=计划 预计=计划 预定=计划 准备=计划 "
    "实际上=实际 余下=剩下 还剩=剩下 还余=剩下 还剩下=剩下 剩余=剩下 剩=剩下 等于=是 为=是 "
    "以下=下列 叙述=说法 论述=说法 表述=说法 描述=说法 不正确=错误 不对=错误 错的=错误 恰好=正好 刚好=正好 恰=正好 "
    "购买=买 购进=买 买来=买 买进=买 卖出=卖 售出=卖 出售=卖 销售=卖 卖价=售价 运进=运来 运到=运来 运回=运来 运出=运走 "
    "动身=出发 启程=出发 抵达=到达 做完=完成 干完=完成 修完=修 走=行 行驶=行 行走=行 行进=行 前进=行 时速=每时行 "
    "桔子=橘子 桔=橘 枝=支 栽=种 栽种=种 种植=种 植=种 这里面=其中 钱=元 块=元 质量=重 重量=重 平米=平方米 "
    "节约=节 节省=节 "
    "分钟=分 小时=时 钟头=时 星期=周 礼拜=周 日=天 长度=长 宽度=宽 高度=高 深度=深 厚度=厚 "
    "矩形=长方形 立方体=正方体 圆形=圆 约数=因数 公约数=公因数 相对=相向 面对面=相向 平均每=每 平均分=等分 一齐=一起 "
    "同时=一起 能够=能 可以=能 可=能 大约=约 缴纳=交 缴=交 支付=付 增长=增加 上涨=增加 降低=下降 学生=同学 使=让 "
    "哪个=哪 哪些=哪 哪种=哪 除以=÷ 乘以=× 乘=× 加上=+ 加=+ 减去=- 减=- 没有=没 未=没")
_LEFT_OUT = (
    "个 的 了 是 有 求 问 请 请问 则 这 那 已知 设 条件 提示 就 用 在 呢 吗 啊 怎么 然后 知道 嗯 那个 就是 "
    "算一算 知 已 得 要 需 需要 应 应该 一 它 其 着 呀 吧 将 把 该 此")
SAME_WORDS = {**dict(pair.rsplit("=", 1) for pair in _FOLDED.split()), **dict.fromkeys(_LEFT_OUT.split(), "")}
"""Words folded into one; the empty string leaves a word out of the comparison."""
UNIT_WORDS = _word_set(
    "平方千米 平方厘米 平方分米 平方毫米 平方米 立方厘米 立方分米 立方米 千米 厘米 分米 毫米 米 公顷 千克 毫克 "
    "克 吨 毫升 升 秒 元 角 度 年 月 天 周 岁 时 分 斤")
NEGATION_WORDS = _word_set(
    "不 非 无 未 没 没有 错误 不是 不能 不可能 不正确 不属于 不包括 不符合 不利于 不合理 有利于 可能 正确 属于 "
    "符合 包括 能 能够 合理 无关 有关 不同 相同")
RELATION_WORDS = _word_set(
    "多 少 大 小 高 低 矮 长 短 宽 快 慢 早 迟 晚 贵 便宜 远 近 增加 减少 提高 降低 增产 减产 上升 下降 超过 节约 "
    "最大 最小 最多 最少 最高 最低 至少 至多 倍 比 和 差 积 商 乘 除以 除 加 减 加上 减去 平均 共 剩下 周长 "
    "面积 体积 表面积 侧面积 底面积 容积 半径 直径 底 边长 棱长 相向 同向 背向 相反 相遇 追 正比例 反比例 奇数 "
    "偶数 质数 合数 因数 倍数 公因数 公倍数 顺 逆 进 出 买 卖 来 去 前 后 左 右 东 西 南 北 原来 现在 原价 现价 "
    "实际 计划 第一 第二 第三 每 全 半 递增 递减 内 外 上 下 首 末 甲 乙 丙 丁 男 女 用去 已经 未 还 速度 时间 "
    "路程 收入 支出 顺时针 逆时针 都 运来 运走 平方 立方 百分之 几分之 分子 分母 被 先 再 圆柱 圆锥 正方形 "
    "长方形 三角形 等边三角形 正方体 长方体 平行四边形 梯形 充分 必要 直角 今年 去年 盐 水 "
    "上午 下午 sin cos tan log ln arcsin arccos 椭圆 双曲线 抛物线")
PLAIN_NEGATIONS = _word_set("不 非 无 没 不是 不能 不可能 错误")
LOOK_ALIKE = frozenset({("-", "="), ("=", "-"), ("-", "一"), ("×", "*"), ("*", "×")})
"""Signs that are read or typed for each other and never make another problem."""
_KINDS = (
    "多 少 | 大 小 | 高 低 矮 | 长 短 | 宽 | 快 慢 | 早 迟 晚 | 贵 便宜 | 远 近 | 增加 减少 增产 减产 下降 上升 提高 | "
    "最大 最小 | 最多 最少 | 最高 最低 | 至少 至多 | 和 差 积 商 | 乘 除以 除 加 减 加上 减去 | "
    "周长 面积 体积 表面积 侧面积 底面积 容积 棱长 边长 | 半径 直径 | 相向 同向 背向 相反 | 正比例 反比例 | "
    "奇数 偶数 | "
    "质数 合数 | 因数 倍数 公因数 公倍数 | 顺 逆 | 进 出 | 买 卖 | 前 后 | 左 右 | 上 下 | 东 西 南 北 | 原来 现在 | "
    "原价 现价 | 实际 计划 | 第一 第二 第三 | 递增 递减 | 内 外 | 甲 乙 丙 丁 | 男 女 | 用去 剩下 | 运来 运走 | "
    "收入 支出 | 顺时针 逆时针 | 速度 时间 路程 | 平方 立方 | 分子 分母 | 圆柱 圆锥 | 正方形 长方形 三角形 等边三角形 "
    "平行四边形 梯形 | 正方体 长方体 | 充分 必要 | 今年 去年 | 已经 没 | 上午 下午 | sin cos tan | 椭圆 双曲线 抛物线 |"
    " 正确 错误 | 属于 不属于 | 符合 不符合 | 包括 不包括 | 有利于 不利于 | 有关 无关 | 相同 不同 | "
    "合理 不合理 | 可能 不可能 | 能 不能 | "
    "+ - × ÷ | < > ≤ ≥ = ≠")
KINDS = {word: number for number, row in enumerate(_KINDS.split(" | ")) for word in row.split()}
"""Deciding words by what they decide."""
OPERATORS = frozenset("+-×÷=<>≤≥≠±*∪∩")
DECISIVE = RELATION_WORDS | NEGATION_WORDS | OPERATORS
_GIVEN = (
    "明红华丽强刚芳敏军东亮雨娟杰林兰英青勇玲美云燕平冬伟文莉龙虎宁静欣洋辉峰涛波磊斌"
    "雪梅霞萍笑佳乐晶莹娜婷琳琪慧浩宇航鹏飞阳凡贝豆甜奇聪海超艳珍玉莲菲莎瑞瑶欢")
_SURNAMES = (
    "王李张刘陈赵周吴孙马黄杨徐朱林何郭罗郑谢宋唐许邓韩冯曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁"
    "沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史陶贺顾毛郝龚邵万钱严武戚莫孔向汤")
_NAME = (
    f"小[{_GIVEN}王李张刘陈赵周吴孙马黄杨徐朱何郭]|(?P<twice>[{_GIVEN}])(?P=twice)|[{_SURNAMES}][{_GIVEN}]{{1,2}}(?![公里米])|"
    f"[{_SURNAMES}](?=老师|叔叔|阿姨|师傅|大爷|大伯|大妈|奶奶|爷爷|伯伯|大叔|大娘)")
_WHOLE = _word_set(
    "多少 大小 大家 小学 小数 小组 比赛 比例 比例尺 和平 若干 余数 早上 晚上 上学 学校 以上 以下 以内 "
    "上海 北京 "
    "南京 江西 山东 广东 河南 河北 湖南 湖北 东西 左右 前往 出现 进行 回来 起来 下列 下面 上面 中间 其他 其余 分别 "
    "部分 分数 平方根 可能性 因为 所以 为了 认为 作为 成为 同学 原料 日期 平均数 时候 当时 这时 时间 要求 将来 "
    "将军 加工 参加 加快 加热 附加 "
    "减数 加数 乘数 乘法 加法 减法 除法 除数 未知 未知数 去掉 无关 无论 非常 非负 无理数 有理数 无穷")
"""Words that hold a deciding word without deciding anything."""
_WORDS = sorted(
    {*SAME_WORDS, *(w for w in SAME_WORDS.values() if w.isalpha()), *UNIT_WORDS, *NEGATION_WORDS, *RELATION_WORDS,
     *_WHOLE} - {"=?"}, key=len, reverse=True)
_COUNTED = (
    "时分秒天年月周只本支枝名人条张台件辆棵株朵头匹瓶盒箱袋筐包层排行列"
    "题页次倍组份套双根段户间米千克吨升元块小平立")
"""Before these 一 counts; elsewhere it says little."""


def _any_of(row: list[str]) -> str:
    """A pattern of all of them, the longest first, by their first characters: that tries a tenth as many branches."""
    by_first: dict[str, list[str]] = {}
    for word in row:
        by_first.setdefault(word[0], []).append(word[1:])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in by_first.items())


_WORD = re.compile(
    rf"(?P<number>\d+/\d+%?|\d+(?:\.\d+)?%?)|(?P<name>{_NAME})|(?P<one>一(?=[{_COUNTED}]))|(?P<word>{_any_of(_WORDS)})|"
    r"(?P<other>=\?|(?:(?!sin|cos|tan|log|lim)[a-z])+|[A-Z]|[α-ω∠△π√∑∞∈□()]|[+×÷=<>≤≥≠±*^-]|[\u3400-\u9fff])")
NAME = "〈人〉"
ONE = "一"


@lru_cache(maxsize=20_000)
def words(text: str) -> tuple[str, ...]:
    """Comparable text as words: numbers in one spelling, names alike, synonyms folded, small words left out."""
    found = []
    for match in _WORD.finditer(text):
        if match.lastgroup == "number" or match["number"]:
            found.append(canonical(match[0]))
        elif match["name"]:
            found.append(NAME)
        elif match["one"]:
            found.append(ONE)
        elif word := SAME_WORDS.get(match[0], match[0]):
            found.append(word)
        if len(found) >= MOST_WORDS:
            break
    return tuple(found)


@lru_cache(maxsize=20_000)
def people(text: str) -> tuple[str, ...]:
    """Who stands behind each NAME of the text's words, in their order."""
    return tuple(match[0] for match in _WORD.finditer(text) if match["name"])


def folded(word: str) -> str:
    """Its synonym that stands for all of them; empty for a word that is left out."""
    return SAME_WORDS.get(word, word)


def is_number(word: str) -> bool:
    return word[:1].isdigit()


def is_decisive(word: str) -> bool:
    return word in DECISIVE


@lru_cache(maxsize=20_000)
def is_plain(word: str) -> bool:
    return "\u3400" <= word[0] <= "\u9fff" and not is_decisive(word) and word not in UNIT_WORDS
