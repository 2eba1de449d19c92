"""Facts × policies → statements: a pure function that gives the same cents whatever order its facts come in.

In this order: a rate fits the work (kind, level, staff, kind of day); quantity × rate, rounded half up to a fen; × the
coefficient of effect; floors and caps of the piece and the lesson hour; then floor and cap of day, month and term, in
the order in which the work was done; then the pools, over all teachers. What is held claims nothing until it is
released.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from server.domain.subsidy.facts import EXCLUSIVE, WORKS, Fact, Note, Work, counting, day_of
from server.domain.subsidy.policy import (
    FAR,
    SCALE,
    Effectiveness,
    Limit,
    Policy,
    Rate,
    TimeBank,
    date_of,
    in_order,
)
from server.domain.subsidy.pools import PoolUse, name_pools, settle_pools

PAID, HELD, REFUSED, UNPAID = "paid", "held", "refused", "unpaid"
TOP_UP = "top_up"
BLANK_BOARD = "blank_board"  # a flag that holds a session only where the policy says so
RESOLVABLE = frozenset({Work.SESSION, Work.ANSWER})


@dataclass(slots=True)
class Line:
    """What one work came to, and why."""

    fact: Fact
    policy: Policy | None
    rate: Rate | None
    day: int
    month: int  # of the statement it is on: year × 12 + month − 1
    staff: str
    school: str
    units_x100: int = 0
    base_fen: int = 0
    coefficient: int = SCALE
    fen: int = 0
    held_fen: int = 0
    points_x100: int = 0
    bonus_x100: int = 0
    status: str = PAID
    why: tuple[str, ...] = ()
    pool: str = ""


@dataclass(slots=True)
class Statement:
    """A teacher's month."""

    month: int
    teacher: str
    lines: list[Line] = field(default_factory=list)
    points_earned_x100: int = 0
    points_redeemed_x100: int = 0
    points_expired_x100: int = 0
    points_balance_x100: int = 0

    @property
    def fen(self) -> int:
        return sum(line.fen for line in self.lines)

    @property
    def held_fen(self) -> int:
        return sum(line.held_fen for line in self.lines)

    @property
    def bonus_x100(self) -> int:
        return sum(line.bonus_x100 for line in self.lines)


class Refused(NamedTuple):
    """A note that changes nothing, and why."""

    fact: str
    why: str


@dataclass(frozen=True, slots=True)
class Reckoning:
    """All statements by month and teacher, what the pools gave, and the notes that were refused."""

    statements: list[Statement]
    pools: list[PoolUse]
    refused: list[Refused]


def reckon(facts: Iterable[Fact], policies: Sequence[Policy], *, pools: bool = True) -> Reckoning:
    """The statements that follow from the facts. Without `pools`, what each would get if there were enough: so a few
    teachers can be reckoned alone. Raises FactRefused and PolicyRefused."""
    known = Known(counting(facts), in_order(policies))
    lines: list[Line] = []
    for teacher in sorted(known.works):
        lines += _of_teacher(known, teacher)
    name_pools(known.policies, lines)
    uses = settle_pools(known.policies, lines, known.enrolments) if pools else []
    statements = _statements(lines)
    refused = _bank(known, statements)
    return Reckoning([statements[key] for key in sorted(statements)], uses, sorted([*refused, *known.refused]))


def month_of(day: int) -> int:
    date = date_of(day)
    return date.year * 12 + date.month - 1


def month_name(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def half_up(dividend: int, divisor: int) -> int:
    """The nearest whole number; a half goes up."""
    return (2 * dividend + divisor) // (2 * divisor)


def entries_of(line: Line) -> dict[str, int]:
    """The double entry of a line: the budget spends what the teacher is owed, or what is held until a review."""
    if line.policy is None or not (line.fen or line.held_fen):
        return {}
    teacher, budget = line.fact.teacher, line.pool or line.policy.budget
    entries = {f"budget:{budget}": line.fen + line.held_fen}
    entries |= {f"owed:{teacher}": -line.fen, f"held:{teacher}": -line.held_fen}
    return {account: fen for account, fen in entries.items() if fen}


# --- what is known beside the works --------------------------------------------------------------------------------


class _Standing(NamedTuple):
    """How a teacher stands from a moment on."""

    start: int
    recorded: int
    id: str
    fact: Fact


@dataclass(slots=True)
class Outcome:
    """What became of a work: of each word the last one counts."""

    resolved: bool | None = None
    asked_again: bool | None = None
    rating: int | None = None


class Known:
    """The facts sorted by what they are."""

    def __init__(self, facts: Sequence[Fact], policies: Sequence[Policy]) -> None:
        self.policies = policies
        self.starts = [policy.from_day for policy in policies]
        self.works: dict[str, list[Fact]] = defaultdict(list)
        self.standings: dict[str, list[_Standing]] = defaultdict(list)
        self.outcomes: dict[str, Outcome] = {}
        self.reviews: dict[str, Fact] = {}
        self.surveys: dict[str, list[Fact]] = defaultdict(list)
        self.redemptions: dict[str, list[Fact]] = defaultdict(list)
        self.enrolments: dict[str, list[tuple[int, int, str, int]]] = defaultdict(list)
        self.refused: list[Refused] = []
        self.of_pupil: dict[tuple[str, int], int] = defaultdict(int)  # works of a pupil's month, whoever did them
        self._days: dict[int, tuple[int, str]] = {}
        notes: list[Fact] = []
        for fact in facts:
            if fact.kind in WORKS:
                self.works[fact.teacher].append(fact)
            else:
                notes.append(fact)
        notes.sort(key=lambda fact: (fact.recorded, fact.id))
        for fact in notes:
            self._note(fact)
        for each in self.standings.values():
            each.sort()
        for enrolment in self.enrolments.values():
            enrolment.sort()
        if notes:
            self._forget_strays(notes)
        if any(policy.holds.pair_share for policy in policies):
            self._count_pupils()

    def _note(self, fact: Fact) -> None:
        match fact.kind:
            case Note.OUTCOME:
                known = self.outcomes.setdefault(fact.of, Outcome())
                known.resolved = known.resolved if fact.resolved is None else fact.resolved
                known.asked_again = known.asked_again if fact.asked_again is None else fact.asked_again
                known.rating = known.rating if fact.rating is None else fact.rating
            case Note.REVIEW:
                self.reviews[fact.of] = fact
            case Note.SURVEY:
                self.surveys[fact.teacher].append(fact)
            case Note.STANDING | Note.REVOKED:
                self.standings[fact.teacher].append(_Standing(fact.start, fact.recorded, fact.id, fact))
            case Note.ENROLMENT:
                self.enrolments[fact.school].append((day_of(fact.start), fact.recorded, fact.id, fact.pupils))
            case Note.REDEMPTION:
                self.redemptions[fact.teacher].append(fact)

    def _forget_strays(self, notes: Sequence[Fact]) -> None:
        works = {fact.id for each in self.works.values() for fact in each}
        strays = [fact for fact in notes if fact.of and fact.of not in works]
        self.refused += [Refused(fact.id, "about no work that counts") for fact in strays]

    def _count_pupils(self) -> None:
        for works in self.works.values():
            for fact in works:
                if fact.pupil:
                    self.of_pupil[fact.pupil, month_of(day_of(fact.start))] += 1

    def policy(self, day: int) -> Policy | None:
        at = bisect_right(self.starts, day) - 1
        return self.policies[at] if at >= 0 and self.policies[at].covers(day) else None

    def standing(self, teacher: str, moment: int) -> Fact | None:
        each = self.standings.get(teacher)
        if not each:
            return None
        at = bisect_right(each, moment, key=attrgetter("start")) - 1
        return each[at].fact if at >= 0 else None

    def day(self, day: int, policy: Policy | None) -> tuple[int, str]:
        """Month and kind of a day."""
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = month_of(day), "" if policy is None else policy.kind_of_day(day)
        return found


# --- one teacher ---------------------------------------------------------------------------------------------------


def _of_teacher(known: Known, teacher: str) -> list[Line]:
    works = known.works[teacher]
    works.sort(key=lambda fact: (fact.start, fact.id))
    shifts = [(fact.start, fact.end) for fact in works if fact.kind == Work.SHIFT]
    lines = []
    busy_until, busy_with = 0, ""
    for fact in works:
        line = _line(known, fact)
        if line.status != REFUSED:
            holds = [flag for flag in fact.flags if flag != BLANK_BOARD]
            if fact.kind in EXCLUSIVE:
                if fact.start < busy_until:
                    holds.append(f"overlaps {busy_with}")
                if fact.end > busy_until:
                    busy_until, busy_with = fact.end, fact.id
            if line.policy is not None and line.status == PAID:
                holds += _holds(line.policy, fact, shifts)
                if holds:
                    line.status, line.why = HELD, tuple(holds)
        lines.append(line)
    _hold_pairs(known, lines)
    for line in lines:
        if line.status == HELD and (review := known.reviews.get(line.fact.id)) is not None:
            line.status, line.why = PAID, (*line.why, f"released by review {review.id}")
    _effect(known, teacher, lines)
    for policy in known.policies:
        if policy.limits:
            own = [line for line in lines if line.policy is policy]
            lines = [line for line in lines if line.policy is not policy] + _limited(policy, own)
    return lines


def _line(known: Known, fact: Fact) -> Line:
    day = day_of(fact.start)
    policy = known.policy(day)
    standing = known.standing(fact.teacher, fact.start)
    month, kind_of_day = known.day(day, policy)
    if policy is None:
        return Line(fact, None, None, day, month, "", "", status=UNPAID, why=("no policy was in force on that day",))
    level, staff, school = policy.default_level, policy.default_staff, ""
    if standing is not None:
        level, staff, school = standing.level or level, standing.staff or staff, standing.school
    line = Line(fact, policy, None, day, month, staff, school)
    if standing is not None and standing.kind == Note.REVOKED:
        line.status, line.why = REFUSED, ("the teacher's certification was revoked",)
        return line
    review = known.reviews.get(fact.id)
    if review is not None and review.decision == "refuse":
        line.status, line.why = REFUSED, (f"refused by review {review.id}",)
    if level not in policy.levels:
        line.status, line.why = UNPAID, (f"the policy knows no level {level!r}",)
        return line
    rate = policy.rates.get((fact.kind, level, staff, kind_of_day))
    if rate is None:
        line.status, line.why = UNPAID, ("the policy has no rate for this work",)
        return line
    line.rate = rate
    line.units_x100 = _units_x100(policy, rate, fact)
    line.bonus_x100 = half_up(line.units_x100 * rate.bonus_x100, 100)
    fen = rate.fen
    if rate.by_agreement and standing is not None and standing.agreed_fen is not None:
        fen = standing.agreed_fen
    wants_time = standing is not None and standing.reward == "time"
    if rate.points_x100 and (wants_time or not fen):
        line.points_x100 = half_up(line.units_x100 * rate.points_x100, 100)
    else:
        line.base_fen = line.fen = half_up(line.units_x100 * fen, 100)
    return line


def _units_x100(policy: Policy, rate: Rate, fact: Fact) -> int:
    """The quantity in hundredths of the rate's unit, rounded to its step."""
    if rate.unit == "piece":
        return 100
    unit_s = 60 if rate.unit == "minute" else policy.lesson_s
    dividend, divisor = fact.seconds * 100, unit_s * rate.step_x100
    match rate.rounding:
        case "down":
            steps = dividend // divisor
        case "up":
            steps = -(-dividend // divisor)
        case _:
            steps = half_up(dividend, divisor)
    return steps * rate.step_x100


def _holds(policy: Policy, fact: Fact, shifts: Sequence[tuple[int, int]]) -> list[str]:
    found, rules = [], policy.holds
    if rules.blank_board and BLANK_BOARD in fact.flags:
        found.append(BLANK_BOARD)
    if fact.kind in RESOLVABLE and fact.seconds < rules.shorter_than_s:
        found.append(f"shorter than {rules.shorter_than_s} s")
    if rules.outside_shift and fact.kind == Work.SESSION:
        at = bisect_right(shifts, (fact.start, FAR * SCALE)) - 1
        if at < 0 or all(fact.start > end for _, end in shifts[max(0, at - 7) : at + 1]):
            found.append("began outside a shift")
    return found


def _hold_pairs(known: Known, lines: Sequence[Line]) -> None:
    """One pupil and one teacher make more of either's month than the policy lets pass."""
    months: dict[tuple[int, int], list[Line]] = defaultdict(list)
    for line in lines:
        if line.policy is not None and line.policy.holds.pair_share and line.fact.pupil and line.status in (PAID, HELD):
            months[line.policy.from_day, line.month].append(line)
    for (_, month), each in months.items():
        assert each[0].policy is not None
        rules = each[0].policy.holds
        counts: dict[str, int] = defaultdict(int)
        for line in each:
            counts[line.fact.pupil] += 1
        for line in each:
            count, pupils = counts[line.fact.pupil], known.of_pupil[line.fact.pupil, month]
            if len(each) >= rules.pair_from and count * SCALE > len(each) * rules.pair_share:
                line.status, line.why = HELD, (*line.why, f"{count} of {len(each)} works of the month with one pupil")
            if pupils >= rules.pair_from and count * SCALE > pupils * rules.pair_share:
                line.status, line.why = HELD, (*line.why, f"{count} of {pupils} works of the pupil's month")


def _effect(known: Known, teacher: str, lines: Sequence[Line]) -> None:
    """The coefficient of each month; then what is not paid is set aside."""
    counts: dict[tuple[int, int], list[int]] = {}  # resolved, known, stars, rated
    for line in lines:
        policy = line.policy
        if policy is None or policy.effectiveness is None or line.status == REFUSED or line.fact.kind not in RESOLVABLE:
            continue
        outcome = known.outcomes.get(line.fact.id)
        if outcome is None:
            continue
        count = counts.setdefault((policy.from_day, line.month), [0, 0, 0, 0])
        if outcome.resolved is not None or outcome.asked_again:
            count[0] += bool(outcome.resolved) and not outcome.asked_again
            count[1] += 1
        if outcome.rating is not None:
            count[2] += outcome.rating
            count[3] += 1
    for survey in known.surveys.get(teacher, ()):
        day = day_of(survey.start)
        policy = known.policy(day)
        if policy is not None and policy.effectiveness is not None:
            count = counts.setdefault((policy.from_day, month_of(day)), [0, 0, 0, 0])
            count[2] += survey.rating_sum
            count[3] += survey.rating_count
    coefficients: dict[tuple[int, int], int] = {}
    for line in lines:
        rate, policy = line.rate, line.policy
        if rate is not None and rate.effect and policy is not None and policy.effectiveness is not None:
            key = policy.from_day, line.month
            if key not in coefficients:
                coefficients[key] = coefficient(policy.effectiveness, *counts.get(key, (0, 0, 0, 0)))
            line.coefficient = coefficients[key]
            line.fen = half_up(line.base_fen * line.coefficient, SCALE)
        if line.status != PAID:
            line.held_fen = line.fen if line.status == HELD else 0
            line.fen = line.points_x100 = line.bonus_x100 = 0


def coefficient(terms: Effectiveness, resolved: int, known: int, stars: int, rated: int) -> int:
    """Times 10,000. Who has few works is lent `prior_count` average ones: 1 + weight × (share − mean share) + weight ×
    (rating − mean rating), each product rounded half up, and all of it kept between `low` and `high`."""
    n, r = known + terms.prior_count, rated + terms.prior_count
    by_share = resolved * SCALE + terms.prior_count * terms.mean_share - terms.mean_share * n
    by_rating = stars * SCALE + terms.prior_count * terms.mean_rating - terms.mean_rating * r
    raw = (
        SCALE + half_up(terms.share_weight * by_share, SCALE * n) + half_up(terms.rating_weight * by_rating, SCALE * r)
    )
    return min(terms.high, max(terms.low, raw))


# --- floors and caps -----------------------------------------------------------------------------------------------


def _limited(policy: Policy, lines: list[Line]) -> list[Line]:
    narrow = [limit for limit in policy.limits if limit.per in ("piece", "lesson")]
    for line in lines if narrow else ():
        if line.base_fen and line.status in (PAID, HELD):
            _clamp(policy, [limit for limit in narrow if _under(limit, line)], line)
    for per in ("day", "month", "term"):
        here = [limit for limit in policy.limits if limit.per == per]
        if not here:
            continue
        for limit in here:
            if limit.min_fen is not None:
                lines += _top_ups(policy, limit, lines)
        lines.sort(key=lambda line: (line.fact.start, line.fact.id))
        for limit in here:
            if limit.max_fen is not None:
                _cap(policy, limit, limit.max_fen, lines)
    return lines


def _under(limit: Limit, line: Line) -> bool:
    kind = line.fact.kind
    if kind == TOP_UP:
        return not limit.staff or line.staff in limit.staff
    return (not limit.work or kind in limit.work) and (not limit.staff or line.staff in limit.staff)


def _clamp(policy: Policy, limits: Sequence[Limit], line: Line) -> None:
    """All floors, then all caps: where a long work's floor by the lesson is above its cap by the piece, that wins."""
    lessons = 100
    if line.rate is not None and line.rate.unit != "piece":
        is_lesson = line.rate.unit == "lesson_hour"
        lessons = line.units_x100 if is_lesson else half_up(line.fact.seconds * 100, policy.lesson_s)
    fen = line.held_fen if line.status == HELD else line.fen
    bounds = [(limit, "floor", limit.min_fen) for limit in limits] + [(limit, "cap", limit.max_fen) for limit in limits]
    for limit, word, each in bounds:
        if each is None:
            continue
        bound = half_up(each * lessons, 100) if limit.per == "lesson" else each
        if fen < bound if word == "floor" else fen > bound:
            fen, line.why = bound, (*line.why, f"{word} of a {limit.per} ({limit.path})")
    if line.status == HELD:
        line.held_fen = fen
    else:
        line.fen = fen


def _period(policy: Policy, per: str, line: Line) -> int | None:
    """The day, month or term of a line; None outside all terms."""
    if per == "day":
        return line.day
    if per == "month":
        return line.month
    return next((term.from_day for term in policy.terms if term.from_day <= line.day < term.to_day), None)


def _top_ups(policy: Policy, limit: Limit, lines: Sequence[Line]) -> list[Line]:
    """For each period with paid work that comes to less than the floor."""
    sums: dict[int, int] = defaultdict(int)
    last: dict[int, Line] = {}
    for line in lines:
        period = _period(policy, limit.per, line)
        if period is not None and line.status == PAID and line.fen and _under(limit, line):
            sums[period] += line.fen
            last[period] = line
    assert limit.min_fen is not None
    found = []
    for period, total in sums.items():
        if total < limit.min_fen:
            after = last[period]
            id = f"top-up:{after.fact.teacher}:{limit.path}:{policy.from_day}:{period}"
            fact = Fact(id, TOP_UP, after.fact.teacher, after.fact.start, after.fact.end)
            missing = limit.min_fen - total
            line = Line(fact, policy, None, after.day, after.month, after.staff, after.school)
            line.base_fen = line.fen = missing
            line.why = (f"floor of a {limit.per} ({limit.path})",)
            found.append(line)
    return found


def _cap(policy: Policy, limit: Limit, most: int, lines: Sequence[Line]) -> None:
    """The first come first: what goes beyond is not paid."""
    sums: dict[int, int] = defaultdict(int)
    for line in lines:
        if not line.fen or not _under(limit, line):
            continue
        period = _period(policy, limit.per, line)
        if period is None:
            continue
        room = most - sums[period]
        if line.fen > room:
            line.fen = room
            line.why = (*line.why, f"cap of the {limit.per} ({limit.path})")
        sums[period] += line.fen


# --- statements and the time bank ----------------------------------------------------------------------------------


def _statements(lines: Iterable[Line]) -> dict[tuple[int, str], Statement]:
    found: dict[tuple[int, str], Statement] = {}
    for line in lines:
        key = line.month, line.fact.teacher
        statement = found.get(key)
        if statement is None:
            statement = found[key] = Statement(*key)
        statement.lines.append(line)
    for statement in found.values():
        statement.lines.sort(key=lambda line: (line.fact.start, line.fact.id))
    return found


class _Lot(NamedTuple):
    """Points that were earned together."""

    expires: int
    points_x100: int


def _bank(known: Known, statements: dict[tuple[int, str], Statement]) -> list[Refused]:
    """Points earned, redeemed first in first out, and expired, month by month."""
    refused = []
    earned: dict[str, dict[int, list[_Lot]]] = defaultdict(lambda: defaultdict(list))
    horizon = 0
    for (month, teacher), statement in statements.items():
        horizon = max(horizon, month)
        for line in statement.lines:
            if line.points_x100:
                assert line.policy is not None and line.policy.time_bank is not None
                expires = month + line.policy.time_bank.expires_months
                earned[teacher][month].append(_Lot(expires, line.points_x100))
                statement.points_earned_x100 += line.points_x100
    for each in known.redemptions.values():
        horizon = max(horizon, *(month_of(day_of(fact.start)) for fact in each))
    for teacher in sorted(earned.keys() | known.redemptions.keys()):
        wanted: dict[int, list[Fact]] = defaultdict(list)
        for fact in sorted(known.redemptions.get(teacher, ()), key=lambda fact: (fact.start, fact.id)):
            wanted[month_of(day_of(fact.start))].append(fact)
        lots: list[_Lot] = []
        for month in range(min([*earned[teacher], *wanted]), horizon + 1):
            lapsed = sum(lot.points_x100 for lot in lots if lot.expires <= month)
            lots = sorted([*(lot for lot in lots if lot.expires > month), *earned[teacher].get(month, ())])
            spent = 0
            for fact in wanted.get(month, ()):
                if fact.points_x100 > sum(lot.points_x100 for lot in lots):
                    refused.append(Refused(fact.id, "more points than there are"))
                    continue
                lots = _without(lots, fact.points_x100)
                spent += fact.points_x100
            if lapsed or spent or (month, teacher) in statements:
                statement = statements.setdefault((month, teacher), Statement(month, teacher))
                statement.points_expired_x100, statement.points_redeemed_x100 = lapsed, spent
                statement.points_balance_x100 = sum(lot.points_x100 for lot in lots)
    return refused


def _without(lots: Sequence[_Lot], points_x100: int) -> list[_Lot]:
    left = []
    for lot in lots:
        taken = min(lot.points_x100, points_x100)
        points_x100 -= taken
        if taken < lot.points_x100:
            left.append(_Lot(lot.expires, lot.points_x100 - taken))
    return left


def leave_days_x100(bank: TimeBank, points_x100: int) -> int:
    """Hundredths of a day of leave that points buy, rounded down."""
    return points_x100 * 100 // bank.points_per_leave_day_x100
