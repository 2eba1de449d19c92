"""A subsidy policy (补贴办法): a document that a city writes, checked whole before it may rule over money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from server.domain.subsidy.document import Field, Kind, Mistake, PolicyRefused, Read, Section, read
from server.domain.subsidy.document import schema as document_schema
from server.domain.subsidy.facts import STAFF, Work

DAYS = ("workday", "weekend", "holiday")
UNITS = ("piece", "minute", "lesson_hour")
ROUNDINGS = ("down", "up", "half_up")
PERIODS = ("piece", "lesson", "day", "month", "term")
POOL_PERIODS = ("month", "term", "year")
WHEN_EXHAUSTED = ("stop", "pro_rata", "carry", "level")
POOL_BY = ("city", "school", "pupil")
EPOCH_DAY = date(1970, 1, 1)
FAR = 10**6  # a day that never comes
SCALE = 10_000  # of coefficients and shares


def _works(zh: str, en: str) -> Field:
    return Field(Kind.WORDS, zh, en, words=tuple(Work), default=())


_LEVELS = Field(Kind.NAMES, "适用的教师级别；不写就是全部", "levels it is for; all when left out", default=())
_STAFF = Field(Kind.WORDS, "own 本校（编内），external 外聘；不写就是都算", "own or external staff; both when left out",
               words=STAFF, default=())  # fmt: skip
_BUDGET = "经费科目（账户名）"

SECTIONS: Mapping[str, Section] = {
    "policy": Section(
        "办法", "the policy itself",
        {
            "name": Field(Kind.TEXT, "名称", "its name", needed=True),
            "valid_from": Field(Kind.DATE, "生效日（含）", "first day", needed=True),
            "valid_to": Field(Kind.DATE, "失效日（不含）；不写就是一直有效",
                              "the day after the last; open when left out"),
            "levels": Field(Kind.NAMES, "教师级别，从低到高", "levels of teachers, lowest first",
                            needed=True, default=()),
            "default_level": Field(Kind.TEXT, "没有认定级别的教师算哪一级；不写就是第一级",
                                   "the level of a teacher without one; the first when left out"),
            "default_staff": Field(Kind.WORD, "没有登记的教师算 own 还是 external", "own or external when not said",
                                   words=STAFF, default="own"),
            "lesson_minutes": Field(Kind.COUNT, "一课时多少分钟", "minutes of a lesson hour", default=45,
                                    lowest=1, highest=240),
            "budget": Field(Kind.ACCOUNT, f"{_BUDGET}；不写就是 answering", "the budget line; answering when left out",
                            default="answering"),
            "basis": Field(Kind.TEXT, "依据的文件", "the regulation it expresses"),
        },
        needed=True,
    ),
    "calendar": Section(
        "校历", "the school calendar",
        {
            "holidays": Field(Kind.DATES, "按节假日算的日子", "days that are holidays", default=frozenset()),
            "workdays": Field(Kind.DATES, "调休上班的周末", "weekend days that are worked", default=frozenset()),
        },
    ),
    "term": Section(
        "学期", "terms",
        {
            "name": Field(Kind.TEXT, "学期名", "its name", needed=True),
            "from": Field(Kind.DATE, "第一天", "first day", needed=True),
            "to": Field(Kind.DATE, "最后一天的下一天", "the day after the last", needed=True),
        },
        many=True,
    ),
    "rate": Section(
        "标准", "rates; at most one fits a work",
        {
            "work": Field(Kind.WORDS, "哪些工作", "kinds of work", needed=True, words=tuple(Work), default=()),
            "level": _LEVELS,
            "staff": _STAFF,
            "day": Field(Kind.WORDS, "workday 工作日，weekend 周末，holiday 节假日；不写就是都算",
                         "kinds of day; all when left out", words=DAYS, default=()),
            "unit": Field(Kind.WORD, "计量：piece 次，minute 分钟，lesson_hour 课时", "what is counted",
                          words=UNITS, default="piece"),
            "yuan": Field(Kind.YUAN, "每单位多少元", "yuan a unit", default=0, highest=100_000),
            "by_agreement": Field(Kind.FLAG, "按协议价；没有协议的按 yuan（指导价）",
                                  "the price agreed with the teacher, or else `yuan`, the guide price", default=False),
            "rounding": Field(Kind.WORD, "数量怎样取整：down 舍，up 进，half_up 四舍五入", "how quantities are rounded",
                              words=ROUNDINGS, default="half_up"),
            "step": Field(Kind.HUNDREDTHS, "数量取整到几个单位，如 0.5 课时", "to how many units, such as 0.5",
                          default=100, highest=100),
            "points": Field(Kind.HUNDREDTHS, "时间银行积分：选积分的教师得积分、不得钱；没有 yuan 时都得积分",
                            "time-bank points a unit, instead of money for who chose so", default=0, highest=10_000),
            "bonus": Field(Kind.HUNDREDTHS, "评价积分（与钱无关，另加）", "bonus points a unit, beside the money",
                           default=0, highest=10_000),
            "effect": Field(Kind.FLAG, "是否乘效果系数", "whether the coefficient of effect applies", default=False),
        },
        many=True, needed=True,
    ),
    "effectiveness": Section(
        "效果系数", "the coefficient of effect, for each teacher and month",
        {
            "prior_count": Field(Kind.COUNT, "向平均值收缩的样本数", "average works that everybody is lent",
                                 default=10, lowest=1, highest=10_000),
            "mean_share": Field(Kind.RATIO, "解决且没有再问的平均比例", "the mean share resolved and not asked again",
                                default=8_000, highest=1),
            "mean_rating": Field(Kind.RATIO, "平均评分", "the mean rating", default=42_000, lowest=1, highest=5),
            "share_weight": Field(Kind.RATIO, "比例每高 1，系数加多少", "added for a share higher by 1",
                                  default=5_000, highest=10),
            "rating_weight": Field(Kind.RATIO, "评分每高 1 分，系数加多少", "added for a star more",
                                   default=0, highest=10),
            "low": Field(Kind.RATIO, "系数最低", "lowest coefficient", needed=True, default=10_000, highest=10),
            "high": Field(Kind.RATIO, "系数最高", "highest coefficient", needed=True, default=10_000, highest=10),
        },
    ),
    "limit": Section(
        "保底与封顶", "floors and caps of one teacher",
        {
            "per": Field(Kind.WORD, "按什么：piece 次，lesson 课时，day 天，month 月，term 学期", "of what",
                         needed=True, words=PERIODS, default="month"),
            "work": _works("只算哪些工作；不写就是全部", "only these works; all when left out"),
            "staff": _STAFF,
            "min_yuan": Field(Kind.YUAN, "保底", "floor"),
            "max_yuan": Field(Kind.YUAN, "封顶", "cap"),
        },
        many=True,
    ),
    "pool": Section(
        "总量与资金池", "control totals and pools",
        {
            "name": Field(Kind.ACCOUNT, _BUDGET, "its name, which is the budget line", needed=True, default=""),
            "work": _works("哪些工作从这里出；不写就是全部", "works paid out of it; all when left out"),
            "staff": _STAFF,
            "per": Field(Kind.WORD, "周期", "its period", words=POOL_PERIODS, default="year"),
            "year_starts_month": Field(Kind.COUNT, "年度从几月开始", "the month in which a year begins",
                                       default=1, lowest=1, highest=12),
            "monthly": Field(Kind.FLAG, "按月放款：到第 m 个月最多用掉 m 份", "released month by month", default=False),
            "yuan": Field(Kind.YUAN, "总额", "the total"),
            "yuan_per_pupil": Field(Kind.YUAN, "生均，乘在校学生数", "for each pupil enrolled"),
            "by": Field(Kind.WORD, "city 全市一个，school 每校一个，pupil 每名学生一个", "one for whom",
                        words=POOL_BY, default="city"),
            "when_exhausted": Field(
                Kind.WORD, "不够时：stop 停发，pro_rata 按比例，carry 转下期，level 多拿少补（削高）",
                "when it does not suffice: stop, pro_rata, carry to the next period, or level the highest down",
                needed=True, words=WHEN_EXHAUSTED, default="stop"),
        },
        many=True,
    ),
    "holds": Section(
        "待核", "what is held for review; overlapping works and flags of the platform always are",
        {
            "shorter_than_s": Field(Kind.COUNT, "短于多少秒", "works shorter than this", default=0, highest=3_600),
            "outside_shift": Field(Kind.FLAG, "不在值班时间内开始", "sessions that begin outside a shift",
                                   default=False),
            "blank_board": Field(Kind.FLAG, "没有笔迹也没有录音", "sessions without ink and without speech",
                                 default=False),
            "pair_share": Field(Kind.RATIO, "一对师生占任何一方当月次数超过多少",
                                "share of one pair in the teacher's or the pupil's month",
                                default=0, highest=1),
            "pair_from": Field(Kind.COUNT, "当月至少几次才看占比", "looked at from so many works on", default=10,
                               lowest=1, highest=10_000),
        },
    ),
    "payout": Section(
        "发放", "how statements are paid out",
        {
            "withheld_share": Field(Kind.RATIO, "由别处代扣代缴的税占多少", "share of tax that is withheld elsewhere",
                                    default=0, highest=1),
        },
    ),
    "time_bank": Section(
        "时间银行", "points that are redeemed for leave",
        {
            "expires_months": Field(Kind.COUNT, "积分几个月后失效", "months after which points expire",
                                    needed=True, default=12, lowest=1, highest=120),
            "points_per_leave_day": Field(Kind.HUNDREDTHS, "一天假多少积分", "points for a day of leave",
                                          needed=True, default=800, highest=10_000),
        },
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Rate:
    """What a unit of some work earns."""

    path: str
    line: int
    work: tuple[str, ...]
    level: tuple[str, ...]
    staff: tuple[str, ...]
    day: tuple[str, ...]
    unit: str
    fen: int
    by_agreement: bool
    rounding: str
    step_x100: int
    points_x100: int
    bonus_x100: int
    effect: bool


@dataclass(frozen=True)
class Effectiveness:
    """The coefficient's terms, times 10,000 but for the count."""

    prior_count: int
    mean_share: int
    mean_rating: int
    share_weight: int
    rating_weight: int
    low: int
    high: int


@dataclass(frozen=True)
class Limit:
    """A floor, a cap or both for each of a teacher's pieces, lesson hours, days, months or terms."""

    path: str
    per: str
    work: frozenset[str]
    staff: frozenset[str]
    min_fen: int | None
    max_fen: int | None


@dataclass(frozen=True)
class Pool:
    """Money that many draw on."""

    path: str
    name: str
    work: frozenset[str]
    staff: frozenset[str]
    per: str
    year_starts_month: int
    monthly: bool
    fen: int | None
    fen_per_pupil: int | None
    by: str
    when_exhausted: str


@dataclass(frozen=True)
class Holds:
    """What is held for review beside overlaps and flags; zero and false: nothing."""

    shorter_than_s: int = 0
    outside_shift: bool = False
    blank_board: bool = False
    pair_share: int = 0
    pair_from: int = 10


@dataclass(frozen=True)
class TimeBank:
    """How long points live, and what a day of leave costs."""

    expires_months: int
    points_per_leave_day_x100: int


@dataclass(frozen=True)
class Term:
    """A school term; days counted from 1970-01-01, the last not included."""

    name: str
    from_day: int
    to_day: int


@dataclass(frozen=True)
class Policy:
    """A policy in force from a day (included) to a day (not included)."""

    name: str
    text: str
    from_day: int
    to_day: int
    levels: tuple[str, ...]
    default_level: str
    default_staff: str
    lesson_s: int
    budget: str
    holidays: frozenset[int]
    workdays: frozenset[int]
    terms: tuple[Term, ...]
    rates: Mapping[tuple[str, str, str, str], Rate]  # by work, level, staff, kind of day
    effectiveness: Effectiveness | None
    limits: tuple[Limit, ...]
    pools: tuple[Pool, ...]
    holds: Holds
    time_bank: TimeBank | None
    withheld_share: int  # times 10,000

    def kind_of_day(self, day: int) -> str:
        if day in self.holidays:
            return "holiday"
        return "weekend" if (day + 3) % 7 >= 5 and day not in self.workdays else "workday"  # day 0 was a Thursday

    def covers(self, day: int) -> bool:
        return self.from_day <= day < self.to_day


def day_number(day: date) -> int:
    return (day - EPOCH_DAY).days


def date_of(day: int) -> date:
    return EPOCH_DAY + timedelta(days=day)


def parse(text: str) -> Policy:
    """The policy that a document describes. Raises PolicyRefused with every mistake and its line."""
    done = read(text, SECTIONS)
    found = done.sections
    head = found["policy"]
    if head is None:
        raise PolicyRefused(sorted(done.mistakes))
    _check_head(done, head)
    terms = _terms(done, found["term"])
    _check_rates(done, head, found["rate"])
    _check_limits(done, found["limit"], terms)
    _check_pools(done, found["pool"], terms)
    _check_effect(done, found["effectiveness"], found["rate"])
    if any(rate["points"] for rate in found["rate"]) and found["time_bank"] is None:
        done.wrong("rate", "有积分就要写 [time_bank]", "points need a section [time_bank]")
    if done.mistakes:
        raise PolicyRefused(sorted(done.mistakes))
    calendar = found["calendar"] or {"holidays": frozenset(), "workdays": frozenset()}
    return Policy(
        name=head["name"],
        text=text,
        from_day=day_number(head["valid_from"]),
        to_day=FAR if head["valid_to"] is None else day_number(head["valid_to"]),
        levels=head["levels"],
        default_level=head["default_level"] or head["levels"][0],
        default_staff=head["default_staff"],
        lesson_s=head["lesson_minutes"] * 60,
        budget=head["budget"],
        holidays=frozenset(map(day_number, calendar["holidays"])),
        workdays=frozenset(map(day_number, calendar["workdays"])),
        terms=terms,
        rates=_rates(done, head, found["rate"]),
        effectiveness=_effectiveness(found["effectiveness"]),
        limits=tuple(_limit(each) for each in found["limit"]),
        pools=tuple(_pool(each) for each in found["pool"]),
        holds=_holds(found["holds"]),
        time_bank=_time_bank(found["time_bank"]),
        withheld_share=0 if found["payout"] is None else found["payout"]["withheld_share"],
    )


def in_order(policies: Sequence[Policy]) -> list[Policy]:
    """By their days; each must begin on the day when the one before ends. Raises PolicyRefused."""
    ordered = sorted(policies, key=lambda policy: policy.from_day)
    for before, after in pairwise(ordered):
        if before.to_day == after.from_day:
            continue
        lines = read(after.text, SECTIONS)
        ends = "永不失效" if before.to_day == FAR else f"到 {date_of(before.to_day)} 为止"
        until = "has no end" if before.to_day == FAR else f"ends on {date_of(before.to_day)}"
        word, en = ("重叠", "overlaps") if before.to_day > after.from_day else ("中断", "leaves a gap after")
        mistake = Mistake(
            lines.line("policy.valid_from"),
            "policy.valid_from",
            f"与《{before.name}》在时间上{word}：它{ends}",
            f"{en} “{before.name}”, which {until}",
        )
        raise PolicyRefused([mistake])
    return ordered


def schema() -> dict[str, Any]:
    """The JSON Schema of a policy."""
    return document_schema("Dayi subsidy policy (补贴办法)", SECTIONS)


# --- what must hold together ---------------------------------------------------------------------------------------


def _check_head(done: Read, head: dict[str, Any]) -> None:
    if head["valid_from"] and head["valid_to"] and head["valid_to"] <= head["valid_from"]:
        done.wrong("policy.valid_to", "失效日要在生效日之后", "must be after valid_from")
    if head["default_level"] and head["default_level"] not in head["levels"]:
        done.wrong("policy.default_level", f"没有“{head['default_level']}”这一级", "unknown level")


def _terms(done: Read, raw: Sequence[dict[str, Any]]) -> tuple[Term, ...]:
    if any(each["from"] is None or each["to"] is None for each in raw):
        return ()
    terms = [Term(each["name"], day_number(each["from"]), day_number(each["to"])) for each in raw]
    for each, term in zip(raw, terms, strict=True):
        if term.to_day <= term.from_day:
            done.wrong(f"{each['path']}.to", "学期要先开始后结束", "a term ends after it begins")
    paths = {term: each["path"] for each, term in zip(raw, terms, strict=True)}
    terms.sort(key=lambda term: term.from_day)
    for before, after in pairwise(terms):
        if after.from_day < before.to_day:
            done.wrong(f"{paths[after]}.from", f"与{before.name}重叠", f"overlaps {before.name}")
    return tuple(terms)


def _check_rates(done: Read, head: dict[str, Any], rates: Sequence[dict[str, Any]]) -> None:
    taken: dict[tuple[str, str, str, str], str] = {}
    for rate in rates:
        path = rate["path"]
        for level in rate["level"]:
            if level not in head["levels"]:
                done.wrong(f"{path}.level", f"没有“{level}”这一级", f"unknown level {level!r}")
        if not rate["work"]:
            done.wrong(f"{path}.work", "至少一种工作", "name one kind of work at least")
        if not (rate["yuan"] or rate["points"] or rate["bonus"]):
            done.wrong(f"{path}.yuan", "没有钱也没有积分", "neither yuan nor points")
        if not rate["step"]:
            done.wrong(f"{path}.step", "取整单位要大于 0", "must be more than 0")
        for key in _keys(head["levels"], rate):
            if key in taken:
                other = taken[key]
                line = done.line(other)
                done.wrong(path, f"与第 {line} 行的标准重叠：{' '.join(key)}", f"overlaps line {line}: {' '.join(key)}")
                break
            taken[key] = path


def _keys(levels: Sequence[str], rate: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [
        (str(work), level, staff, day)
        for work in rate["work"]
        for level in rate["level"] or levels
        for staff in rate["staff"] or STAFF
        for day in rate["day"] or DAYS
    ]


def _check_limits(done: Read, limits: Sequence[dict[str, Any]], terms: Sequence[Term]) -> None:
    for limit in limits:
        path, low, high = limit["path"], limit["min_yuan"], limit["max_yuan"]
        if low is None and high is None:
            done.wrong(path, "保底和封顶至少写一个", "neither a floor nor a cap")
        if limit["per"] == "term" and not terms:
            done.wrong(f"{path}.per", "没有写 [[term]]", "there is no [[term]]")
        if low is None:
            continue
        for other in limits:  # a floor of a piece that is above a cap of the month can never be paid
            wider = PERIODS.index(other["per"]) >= PERIODS.index(limit["per"])
            if wider and _meet(limit, other) and other["max_yuan"] is not None and other["max_yuan"] < low:
                line = done.line(f"{other['path']}.max_yuan")
                done.wrong(
                    f"{path}.min_yuan", f"保底高于第 {line} 行的封顶", f"this floor is above the cap on line {line}"
                )


def _meet(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether some work may fall under both."""
    return all(not a[key] or not b[key] or not set(a[key]).isdisjoint(b[key]) for key in ("work", "staff"))


def _check_pools(done: Read, pools: Sequence[dict[str, Any]], terms: Sequence[Term]) -> None:
    for n, pool in enumerate(pools):
        path = pool["path"]
        if (pool["yuan"] is None) == (pool["yuan_per_pupil"] is None):
            done.wrong(path, "yuan 和 yuan_per_pupil 写且只写一个", "give yuan or yuan_per_pupil, and not both")
        if pool["per"] == "term" and not terms:
            done.wrong(f"{path}.per", "没有写 [[term]]", "there is no [[term]]")
        if pool["when_exhausted"] in ("pro_rata", "level") and pool["per"] != "month" and not pool["monthly"]:
            done.wrong(
                f"{path}.when_exhausted",
                "全年按比例会改动已结清的月份：请加 monthly = true",
                "over a longer period it would change months that are closed: add monthly = true",
            )
        for other in pools[:n]:
            if _meet(pool, other):
                line = done.line(other["path"])
                done.wrong(path, f"与第 {line} 行的资金池重叠", f"draws on the same work as the pool on line {line}")
        if any(other["name"] == pool["name"] for other in pools[:n]):
            done.wrong(f"{path}.name", "名字重复", "this name is taken")


def _check_effect(done: Read, effect: dict[str, Any] | None, rates: Sequence[dict[str, Any]]) -> None:
    if effect is None:
        for rate in rates:
            if rate["effect"]:
                done.wrong(f"{rate['path']}.effect", "没有写 [effectiveness]", "there is no [effectiveness]")
    elif effect["low"] > effect["high"]:
        done.wrong("effectiveness.low", "最低高于最高", "low is above high")


# --- from tables to values -----------------------------------------------------------------------------------------


def _rates(done: Read, head: dict[str, Any], raw: Sequence[dict[str, Any]]) -> dict[tuple[str, str, str, str], Rate]:
    found: dict[tuple[str, str, str, str], Rate] = {}
    for each in raw:
        rate = Rate(
            path=each["path"],
            line=done.line(each["path"]),
            work=each["work"],
            level=each["level"],
            staff=each["staff"],
            day=each["day"],
            unit=each["unit"],
            fen=each["yuan"],
            by_agreement=each["by_agreement"],
            rounding=each["rounding"],
            step_x100=each["step"],
            points_x100=each["points"],
            bonus_x100=each["bonus"],
            effect=each["effect"],
        )
        found |= dict.fromkeys(_keys(head["levels"], each), rate)
    return found


def _effectiveness(raw: dict[str, Any] | None) -> Effectiveness | None:
    if raw is None:
        return None
    return Effectiveness(**{name: raw[name] for name in Effectiveness.__dataclass_fields__})


def _limit(raw: dict[str, Any]) -> Limit:
    works = frozenset(map(str, raw["work"]))
    return Limit(raw["path"], raw["per"], works, frozenset(raw["staff"]), raw["min_yuan"], raw["max_yuan"])


def _pool(raw: dict[str, Any]) -> Pool:
    return Pool(
        path=raw["path"],
        name=raw["name"],
        work=frozenset(map(str, raw["work"])),
        staff=frozenset(raw["staff"]),
        per=raw["per"],
        year_starts_month=raw["year_starts_month"],
        monthly=raw["monthly"],
        fen=raw["yuan"],
        fen_per_pupil=raw["yuan_per_pupil"],
        by=raw["by"],
        when_exhausted=raw["when_exhausted"],
    )


def _holds(raw: dict[str, Any] | None) -> Holds:
    return Holds() if raw is None else Holds(**{name: raw[name] for name in Holds.__dataclass_fields__})


def _time_bank(raw: dict[str, Any] | None) -> TimeBank | None:
    return None if raw is None else TimeBank(raw["expires_months"], raw["points_per_leave_day"])
