"""Turns what a pupil sent (typed, spoken or read from a photo) into a problem whose parts can be compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

FORM = 1
"""Of comparable text: to be raised whenever a text's comparable form changes, so that what was kept in the old form is
not taken for the new one."""
LONGEST = 4_000
"""Characters that are looked at; the longest problem of the public bank has about 1,500."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of the problem with the part it plays."""

    value: str
    """Canonical: `25`, `1/3`, `12.5%`; equal values are equal strings."""
    unit: str
    """Canonical unit behind the number (`千米`, `元`), or the measure word, or empty."""
    before: str
    """Up to four characters in front, within the clause."""
    after: str
    """Up to four characters behind, within the clause."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem in comparable form. `normalize(problem.text).text == problem.text`."""

    original: str
    """What was given, cut to LONGEST characters, for showing to people."""
    text: str
    """Comparable text: one form for each character, unit and fraction; no numbering, no chat."""
    stem: str = ""
    """`text` without the options."""
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Letter to text, in the order printed."""
    quantities: tuple[Quantity, ...] = ()
    """The numbers of the stem in order, with their roles."""
    asks: str = ""
    """The clause that asks."""

    @property
    def numbers(self) -> tuple[str, ...]:
        """The values of the stem's quantities in order."""
        return tuple(q.value for q in self.quantities)

    @property
    def is_empty(self) -> bool:
        """Whether there is too little to compare: fewer than four letters, digits or signs."""
        return len(self.text) < 4


# --- characters -------------------------------------------------------------------------------------------------

_SCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿˣ₀₁₂₃₄₅₆₇₈₉₊₋ₙₘₐₓ", "0123456789+-nx0123456789+-nmax")
_SUPERSCRIPT = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿˣ]+")
_SUBSCRIPT = re.compile(r"[₀₁₂₃₄₅₆₇₈₉₊₋ₙₘₐₓ]+")
_VULGAR = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5", "⅘": "4/5",
           "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8"}
_PUNCTUATION = str.maketrans({
    "﹕": ":", "：": ":", "∶": ":", "，": ",", "、": ",", "；": ";", "？": "?", "！": "!", "（": "(", "）": ")",
    "【": "(", "】": ")", "［": "[", "］": "]", "“": '"', "”": '"', "‘": "'", "’": "'", "「": '"', "」": '"',
    "—": "-", "–": "-", "−": "-", "﹣": "-", "～": "~", "〜": "~", "…": " ", "•": "·", "⋅": "·", "∙": "·",
    "✕": "×", "✖": "×", "╳": "×", "∗": "*", "㎡": "平方米", "℃": "度", "°": "度", "￥": "元", "¥": "元",
    "≦": "≤", "≧": "≥", "⩽": "≤", "⩾": "≥", "＝": "=", "﹢": "+", "％": "%", "﹪": "%", "．": "。",
})
_TRADITIONAL = str.maketrans(
    "個隻雙條張臺輛顆頭買賣圓錢價貨標準開關進運還剛幾點鐘時間後來過說數學題級師問請應該對錯誤確認這裡邊與內長"
    "寬體積計畫劃實際減單獨項績隊車輪駛離趕達線產麼爾歲兒們給讀書頁報紙筆練習紅藍綠黃銀鐵銅鋼電燈視機務廠農場"
    "園樹種樓層門戶環節約費總額稅國貿動態變轉換類屬於別異從當較優選擇語歷東漢齊趙吳陳劉孫馬楊許羅鄭謝韓馮鄧蕭"
    "葉蔣蘇呂盧鍾譚陸賈韋鄒龍萬嚴術參賽獎狀況圖聲響紀錄廣島灣亞歐業無論據議證覺聽寫連續斷設備資訊網絡質濃縮鹽"
    "藥醫療溫濕氣壓強熱帶飛艦軍戰爭階義鄉鎮縣繼遺傳細劑濾鹼氫鈉鉀鈣鎂鋁鋅錳鉻鎳鉛結構鍵誘導緣觸發齒滾擺彈勢衝"
    "拋橢極軸稱釋餘為爲兩塊組倉庫糧麥雞鴨豬魚橋籃鬆髮將會勻順員廳廢並卻衛愛樣測驗補舊圍鋪磚牆鏡鋸繩絲紗織縫褲"
    "襯襪遠慮滿號誰講讓識調詞詩訂記試課談謂貴購賺虧則創劇勞勝區協啟啓嗎嘗團壞壯夾奪妳媽婦寧審屆帳幣幹彎徑復慶"
    "憶懷戲擴擔擠攝敗敵晝暫曆槍樂檢權歡殘毀決沒淺滅濟灑災煙燒爺狹獲現盤眾礎禮穀窮競筍簡純納終絕統經維緊編繪罰"
    "職聯聰膠臉興艱著蘋藝處虛蟲裝製複規親觀診評詳諸豐負財責賦贏跡軌軟輕載輸辦遞適遲邏郵鄰醬鑽閉閱陣陰陽險隨雜"
    "難靈靜韻頂預頻顏願顯風飯飲館駕驚鬥鮮鳥麗黨齡濱嶺蘭傑偉華週遊遙鎖鑰錶衹祇",
    "个只双条张台辆颗头买卖圆钱价货标准开关进运还刚几点钟时间后来过说数学题级师问请应该对错误确认这里边与内长"
    "宽体积计画划实际减单独项绩队车轮驶离赶达线产么尔岁儿们给读书页报纸笔练习红蓝绿黄银铁铜钢电灯视机务厂农场"
    "园树种楼层门户环节约费总额税国贸动态变转换类属于别异从当较优选择语历东汉齐赵吴陈刘孙马杨许罗郑谢韩冯邓萧"
    "叶蒋苏吕卢钟谭陆贾韦邹龙万严术参赛奖状况图声响纪录广岛湾亚欧业无论据议证觉听写连续断设备资讯网络质浓缩盐"
    "药医疗温湿气压强热带飞舰军战争阶义乡镇县继遗传细剂滤碱氢钠钾钙镁铝锌锰铬镍铅结构键诱导缘触发齿滚摆弹势冲"
    "抛椭极轴称释余为为两块组仓库粮麦鸡鸭猪鱼桥篮松发将会匀顺员厅废并却卫爱样测验补旧围铺砖墙镜锯绳丝纱织缝裤"
    "衬袜远虑满号谁讲让识调词诗订记试课谈谓贵购赚亏则创剧劳胜区协启启吗尝团坏壮夹夺你妈妇宁审届账币干弯径复庆"
    "忆怀戏扩担挤摄败敌昼暂历枪乐检权欢残毁决没浅灭济洒灾烟烧爷狭获现盘众础礼谷穷竞笋简纯纳终绝统经维紧编绘罚"
    "职联聪胶脸兴艰着苹艺处虚虫装制复规亲观诊评详诸丰负财责赋赢迹轨软轻载输办递适迟逻邮邻酱钻闭阅阵阴阳险随杂"
    "难灵静韵顶预频颜愿显风饭饮馆驾惊斗鲜鸟丽党龄滨岭兰杰伟华周游遥锁钥表只只")
"""Characters of problems copied from Hong Kong's and Taiwan's pages, those with one simplified form."""
_LATEX_WORDS = {
    "times": "×", "div": "÷", "cdot": "·", "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥",
    "geqslant": "≥", "ne": "≠", "neq": "≠", "pi": "π", "alpha": "α", "beta": "β", "theta": "θ", "omega": "ω",
    "angle": "∠", "triangle": "△", "circ": "度", "infty": "∞", "in": "∈", "cup": "∪", "cap": "∩", "sqrt": "√",
    "left": "", "right": "", "mathrm": "", "text": "", "rm": "", "quad": "", "qquad": "", "displaystyle": "", "pm": "±",
    "perp": "⊥", "parallel": "∥", "sum": "∑", "cdots": "", "ldots": "", "dots": "", "overline": "", "vec": "",
}
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]{1,60})\}\s*\{([^{}]{1,60})\}")
_LATEX_WORD = re.compile(r"\\([A-Za-z]+)")

_STOPS = re.compile(r"([,。:;!?~]{3})[,。:;!?~]{5,}")
"""Long runs say nothing, and would take the patterns below long."""

# --- numbers ----------------------------------------------------------------------------------------------------

_DIGIT = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_STEP = {"十": 10, "百": 100, "千": 1_000, "万": 10_000}
_HAN = "零〇一二两三四五六七八九十百千万"
_COUNTABLE = (
    "[个只本支枝名人条张台件辆棵株朵头匹瓶盒箱袋筐包层排行列道页次倍组份套双块根段户间天年月周岁元角分米吨班位]|"
    "千[米克]|小时|[厘分毫]米|平方|立方|公[里顷斤]|毫?升|[秒度斤]")
_HAN_FRACTION = re.compile(f"([{_HAN}]{{1,8}}|\\d{{1,6}})分之([{_HAN}]{{1,8}}|\\d{{1,6}})")
_HAN_NUMERAL = "(?:[零〇一二两三四五六七八九十百万]|千(?![克米瓦]))"
_HAN_NUMBER = re.compile(
    f"(?<![{_HAN}几第初])(?={_HAN_NUMERAL}*?(?:[十百万]|千(?![克米瓦]))){_HAN_NUMERAL}{{2,9}}(?!{_HAN_NUMERAL}|[几分])")
_HAN_DIGIT = re.compile(f"(?<![{_HAN}几第初星期周\\d])[二两三四五六七八九十](?=(?:{_COUNTABLE})(?!形))")
"""五人 and 5人 are the same; 三角形, 第三天 and 周五 are no counts, and 8、9三个数 has no 93."""
_BARE_FRACTION = re.compile(r"(?<![\d./])\((\d{1,6})/(\d{1,6})\)(?![\d/])|(?<![\d./(])(\d{1,6})/(\d{1,6})(?![\d./])")
_NUMBER = re.compile(r"\d+/\d+%?|\d+(?:\.\d+)?%?")
_THOUSANDS = re.compile(r"(?<![\d,])(\d{1,3}(?:,\d{3})+)(?![\d,])")

# --- units ------------------------------------------------------------------------------------------------------

_UNITS = {
    "km": "千米", "公里": "千米", "dm": "分米", "cm": "厘米", "公分": "厘米", "mm": "毫米", "m": "米",
    "kg": "千克", "公斤": "千克", "g": "克", "mg": "毫克", "t": "吨", "l": "升", "ml": "毫升",
    "小时": "小时", "h": "小时", "min": "分钟", "s": "秒", "块钱": "元", "块": "块", "人民币": "元", "圆": "元",
    "km2": "平方千米", "mm2": "平方毫米",
    "mm3": "立方毫米", "m2": "平方米", "dm2": "平方分米", "cm2": "平方厘米", "m3": "立方米", "dm3": "立方分米",
    "cm3": "立方厘米", "km/h": "千米/小时", "m/s": "米/秒", "m/min": "米/分钟",
}
_HAN_UNITS = ("平方千米|平方厘米|平方分米|平方毫米|平方米|立方厘米|立方分米|立方米|千米|厘米|分米|毫米|米|公顷|亩|"
              "千克|毫克|克|吨|毫升|升|小时|分钟|秒|元|角|度|年|月|日|天|周|岁|时|分|"
              "[个只本支枝名人条张台件辆棵株朵头匹瓶盒箱袋筐包车层排行列道题页次倍组份套双把块根段户间]")
_LATIN_UNIT = re.compile(
    r"(?<=[\d%)少几])(km/h|m/min|m/s|(?:km|dm|cm|mm|m)\^?2|(?:dm|cm|mm|m)\^?3|km|dm|cm|mm|mg|kg|min|ml|m|g|t|l|h|s)"
    r"(?![A-Za-z0-9^_=+])", re.IGNORECASE)
_UNIT_AFTER = re.compile(f"(?:{_HAN_UNITS})")

# --- chat -------------------------------------------------------------------------------------------------------

_ROW = r"\s*\d+(?:\.\d+)?(?:/\d+)?%?\s*(?:[,:;=和与及的这两三]|化成)"
"""A number and what goes on after a number before it: 12, 18 and 24; 3:4 is."""
_LABEL = re.compile(
    r"^[\s(\[]*(?:例|第|题|练习)?\s*\d{1,3}\s*"
    rf"(?:题\s*[.。,:·]?|[。·)\]]|[,:](?!{_ROW})|\.(?!\d)|\.(?=\d+\.\d))\s*(?=\S)|^例\s*\d{{0,2}}\s*(?=\S)")
_OPENERS = re.compile(
    r"^(?:老师(?:们)?(?:老师)?(?:您好|你好|好)?|您好|你好|请问(?:一下)?|麻烦|问一道题|问一下|问个题|求助|求教|"
    r"这(?:道)?题(?:目)?(?:不会|怎么做|怎么写|怎么算|我不会|好难)?|帮(?:我|忙)(?:看看|看一下|看下|解一下|解)?(?:这(?:道)?题)?|"
    r"有(?:一)?道题(?:不会)?|题目(?:是|如下)?|就是|那个|嗯+|呃+|啊|哎)[\s,。:;!?~]*")
_CLOSERS = re.compile(
    r"[\s,。:;!?~]*(?:(?:要|求)?(?:详细)?(?:解答|过程|答案|思路|步骤|讲解)|求(?:详细)?(?:解答|过程|答案|解析|讲解)|谢谢(?:老师|了|您)?|"
    r"(?:这(?:道)?题)?(?:怎么|如何)(?:做|算|写|解|列式)(?:呀|啊|呢)?|(?:我)?不会(?:做|写)?|急+|在线等|拜托了?|麻烦(?:老师|了|您)+|"
    r"(?:请|麻烦)?老师(?:给|帮)?(?:我)?讲(?:一下|讲|解)?|(?:最好)?用方程怎么(?:做|解)|(?:这(?:道)?题)?(?:怎么|该怎么)想|"
    r"(?:呢|呀|啊|吗|嘛|哦|吧)(?=[?!。\s]*$))[\s,。:;!?~]*$")
_ATTEMPT = re.compile(
    r"[\s,。;!?]*(?:我|同学|答案)(?:自己)?(?:做出来|算出来|算的|做的|得到的?|得出|写的|觉得|认为|选的?|的答案)(?:结果)?(?:是|为|得|了)?"
    r"[^。;?!]{0,12}?(?:,?(?:老师说)?(?:不对|错了|对吗|对不对|是不是|不知道[^,。]{0,6}))[\s,。;?!]*$")

_OPTION = re.compile(r"(?:(?<=^)|(?<=[^A-Za-z0-9]))\(?([A-H])\)?[.。,:)](?!\d+[A-Za-z])")
_CLAUSE = re.compile(r"[,。;?!:\n]")
_ASK = re.compile(r"多少|几|什么|哪|谁|求|=\?|正确|错误|属于|等于|是\(|\(\)|为何|怎样|如何|吗|_{2,}")


def normalize(text: str) -> Problem:
    """The problem in comparable form. Never raises; takes at most a few milliseconds whatever the text."""
    return _normalize(text[: 4 * LONGEST])


@lru_cache(maxsize=20_000)
def _normalize(text: str) -> Problem:
    original = _bounded(text)
    return restored(original.strip(), _comparable(original))


@lru_cache(maxsize=5_000)
def restored(original: str, comparable: str) -> Problem:
    """The problem whose comparable text was kept in the present FORM: a sixth of the work of `normalize`."""
    stem, options = _split_options(comparable)
    return Problem(original, comparable, stem, MappingProxyType(options), _quantities(stem), _asks(stem))


@lru_cache(maxsize=20_000)
def atoms(text: str) -> tuple[str, ...]:
    """The characters of comparable text that carry meaning; a number or a Latin word is one atom."""
    return tuple(_ATOM.findall(text))


_ATOM = re.compile(r"\d+/\d+%?|\d+(?:\.\d+)?%?|[a-z]+|[A-Z]|[α-ω∠△π√∑∞∈]|[+×÷=<>≤≥≠±*-]|[\u3400-\u9fff]")


_PLAIN = re.compile(r"[\n -~\u2014\u2018-\u201d\u3000-\u3011\u4e00-\u9fff\uff01-\uff5e×÷°π□△∠]*")
"""Characters that stay what they are and stand alone; nearly every text is of them and needs no look at each."""


def _bounded(text: str) -> str:
    """Without control and combining characters, at most LONGEST characters."""
    if _PLAIN.fullmatch(text):
        return text[:LONGEST]
    kept = (c if not unicodedata.category(c).startswith("C") else ("\n" if c in "\n\r" else " ")
            for c in text if not unicodedata.combining(c))
    return "".join(kept)[:LONGEST]


def _comparable(text: str) -> str:
    for _ in range(12):
        changed = _one_pass(text)
        if changed == text:
            break
        text = changed
    return text


def _one_pass(text: str) -> str:
    text = _latex(text)
    if not (is_plain := _PLAIN.fullmatch(text) is not None):
        for sign, plain in _VULGAR.items():
            text = text.replace(sign, f"({plain})")
        text = _SUPERSCRIPT.sub(lambda m: "^" + m[0].translate(_SCRIPTS), text)
        text = _SUBSCRIPT.sub(lambda m: m[0].translate(_SCRIPTS), text)
    text = re.sub(r"^(\s*\d{1,3})，(?=\d)", r"\1;", text)  # "80，81和85" is no eightieth problem
    text = re.sub(r"(?<=\d)[．·。](?=\d)", ".", text).translate(_PUNCTUATION)
    text = unicodedata.normalize("NFKC", text).translate(_PUNCTUATION).translate(_TRADITIONAL)
    text = (text if is_plain else "".join(c for c in text if not unicodedata.combining(c)))[:LONGEST]
    text = _STOPS.sub(r"\1", _join(text))
    text = _THOUSANDS.sub(lambda m: m[0].replace(",", "") if m[0].count(",") > 0 and len(m[0]) > 6 else m[0], text)
    text = _HAN_FRACTION.sub(_han_fraction, text)
    text = _HAN_NUMBER.sub(lambda m: str(_han_value(m[0])), text)
    text = _HAN_DIGIT.sub(lambda m: str(_han_value(m[0])), text)
    text = _BARE_FRACTION.sub(lambda m: f"{m[1] or m[3]}/{m[2] or m[4]}", text)
    text = _LATIN_UNIT.sub(lambda m: _UNITS.get(m[1].lower().replace("^", ""), m[1]), text)
    text = text.replace("平米", "平方米")
    for word in ("公里", "公分", "公斤", "块钱"):
        text = text.replace(word, _UNITS[word])
    return _without_chat(text)


def _latex(text: str) -> str:
    if "\\" not in text and "$" not in text:
        return text
    for _ in range(4):
        text = _LATEX_FRACTION.sub(r"(\1/\2)", text)
    text = _LATEX_WORD.sub(lambda m: _LATEX_WORDS.get(m[1], m[1]), text)
    return re.sub(r"[$\\{}]", "", text)


def _join(text: str) -> str:
    """Spaces mean nothing, except between two digits or two Latin words; a line break may fall within a number."""
    text = re.sub(r"(?<=\d)\n(?=\d+(?![\d.。,:、·]))", "", text)
    return re.sub(r"(?<=[A-Za-z0-9])\s+(?=[A-Za-z0-9])|\s+", lambda m: " " if _between_words(m) else "", text.strip())


def _between_words(space: re.Match[str]) -> bool:
    text, start, end = space.string, space.start(), space.end()
    return start > 0 and end < len(text) and text[start - 1].isascii() and text[end].isascii() \
        and text[start - 1].isalnum() and text[end].isalnum()


def _without_chat(text: str) -> str:
    text = _LABEL.sub("", text, count=1)
    text = _OPENERS.sub("", text, count=1)
    text = _ATTEMPT.sub("", text, count=1)
    return _CLOSERS.sub("", text, count=1)


def _han_fraction(match: re.Match[str]) -> str:
    bottom, top = (int(g) if g.isdecimal() else _han_value(g) for g in match.groups())
    return f"{top}%" if bottom == 100 else f"{top}/{bottom}"


def _han_value(word: str) -> int:
    """三百二十 → 320."""
    total = section = digit = 0
    for char in word:
        if char in _DIGIT:
            digit = _DIGIT[char] if digit == 0 else digit * 10 + _DIGIT[char]
        elif char == "万":
            total, section, digit = total + (section + digit) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * _STEP[char], 0
    return total + section + digit


def _split_options(text: str) -> tuple[str, dict[str, str]]:
    """Stem and options: the longest run of letters from A, the last of them ("内角A,B,C" is a run as well)."""
    marks: list[re.Match[str]] = []
    run: list[re.Match[str]] = []
    for match in _OPTION.finditer(text):
        if match[1] == "A":
            run = [match]
        elif run and ord(match[1]) == ord(run[-1][1]) + 1:
            run.append(match)
        if len(run) >= len(marks):
            marks = list(run)
    if len(marks) < 2:
        return text, {}
    ends = [m.start() for m in marks[1:]] + [len(text)]
    options = {m[1]: text[m.end():end].strip(" ,。;") for m, end in zip(marks, ends, strict=True)}
    return text[: marks[0].start()].rstrip(" ,。;("), options


def _quantities(stem: str) -> tuple[Quantity, ...]:
    found = []
    for match in _NUMBER.finditer(stem):
        unit = _UNIT_AFTER.match(stem, match.end())
        before = _CLAUSE.split(stem[max(0, match.start() - 4):match.start()])[-1]
        after = _CLAUSE.split(stem[match.end():match.end() + 4])[0]
        found.append(Quantity(canonical(match[0]), unit[0] if unit else "", before, after))
    return tuple(found)


@lru_cache(maxsize=10_000)
def canonical(number: str) -> str:
    """One spelling for one value: `012` → `12`, `2.50` → `2.5`, `2/4` → `1/2`, `40.0%` → `40%`."""
    percent = number.endswith("%")
    digits = number.rstrip("%")[:40]
    top, _, bottom = digits.partition("/")
    if bottom and int(bottom) == 0:
        return number
    if bottom:
        text = str(Fraction(top) / Fraction(bottom))
    else:
        text = digits.lstrip("0") or "0"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        text = "0" + text if text.startswith(".") else text or "0"
    return text + "%" if percent else text


def _asks(stem: str) -> str:
    """The last clause that asks something, else the last clause."""
    clauses = [c for c in _CLAUSE.split(stem) if c.strip()]
    asking = [c for c in clauses if _ASK.search(c)]
    return (asking or clauses or [""])[-1]
