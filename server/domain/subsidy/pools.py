"""Money that many draw on: control totals and pools, and what happens when they are exhausted.

A pool outlives the policy that speaks of it: one of the same name, group and period goes on under the next policy, with
what it has spent of its period and the works that it carries.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from server.domain.subsidy.facts import WORKS
from server.domain.subsidy.policy import FAR, Policy, Pool, date_of, day_number

if TYPE_CHECKING:
    from server.domain.subsidy.reckon import Line

Sameness = tuple[str, str, str, int]
Enrolments = Mapping[str, Sequence[tuple[int, int, str, int]]]  # school -> (day, recorded, id, pupils), in order


@dataclass(frozen=True, slots=True)
class PoolUse:
    """What a pool gave in one of its slices: a month of a pool that is released monthly, else its whole period."""

    pool: str
    group: str  # a school, a pupil, or empty for the city
    first_month: int
    budget_fen: int  # what there was to give, with what earlier slices of the period had left
    claimed_fen: int
    paid_fen: int
    carried_fen: int
    exhausted_on: int | None  # the day of the first work that was not paid in full


@dataclass(frozen=True, slots=True)
class _Slice:
    """A part of a period: `share` of `shares` of its total are released by its end."""

    period: int  # the month in which the period begins
    first_month: int
    share: int
    shares: int


def name_pools(policies: Sequence[Policy], lines: Sequence[Line]) -> None:
    """Each line is told which pool it draws on, if any."""
    for policy in policies:
        for pool in policy.pools:
            for line in lines:
                if line.policy is policy and (line.fen or line.held_fen) and _draws(pool, line):
                    line.pool = pool.name


def settle_pools(policies: Sequence[Policy], lines: Sequence[Line], enrolments: Enrolments) -> list[PoolUse]:
    """Changes the lines to what their pools can give."""
    uses: list[PoolUse] = []
    purses: dict[tuple[Sameness, str], _Purse] = defaultdict(_Purse)
    for n, policy in enumerate(policies):
        for pool in policy.pools:
            groups: dict[str, list[Line]] = defaultdict(list)
            for line in lines:
                if line.policy is policy and line.pool == pool.name and line.fen:
                    groups[_group(pool, line)].append(line)
            same, after = _same(pool), _goes_on(policies[n + 1 : n + 2], pool)
            carrying = {group for (known, group), purse in purses.items() if known == same and purse.waiting}
            for group in sorted(groups.keys() | carrying):
                uses += _settle(policy, pool, group, groups[group], enrolments, purses[same, group], after)
    return uses


@dataclass(slots=True)
class _Purse:
    """What a pool takes with it from one policy to the next."""

    spent: dict[int, int] = field(default_factory=lambda: defaultdict(int))  # by the month in which the period begins
    waiting: list[Line] = field(default_factory=list)


def _same(pool: Pool) -> Sameness:
    """What two policies' pools have in common if they are one."""
    return pool.name, pool.by, pool.per, pool.year_starts_month


def _goes_on(next_policy: Sequence[Policy], pool: Pool) -> tuple[Policy, Pool] | None:
    return next(((policy, each) for policy in next_policy for each in policy.pools if _same(each) == _same(pool)), None)


def share_out(total: int, claims: Sequence[int]) -> list[int]:
    """A total in proportion to the claims, to the fen (largest remainder; of equal ones the first)."""
    whole = sum(claims)
    if whole == 0:
        return [0] * len(claims)
    shares = [claim * total // whole for claim in claims]
    by_rest = sorted(range(len(claims)), key=lambda i: (-(claims[i] * total % whole), i))
    for i in by_rest[: total - sum(shares)]:
        shares[i] += 1
    return shares


def level_down(total: int, claims: Sequence[int]) -> list[int]:
    """Nobody gets more than one level, which is as high as the total allows; who claims less gets it whole."""
    given = [0] * len(claims)
    left = total
    order = sorted(range(len(claims)), key=lambda i: (claims[i], i))
    for done, i in enumerate(order):
        others = len(order) - done
        given[i] = min(claims[i], left // others)
        if claims[i] > left // others:  # from here on all are cut to the level; the odd fen go to the first
            level, odd = divmod(left, others)
            for n, j in enumerate(sorted(order[done:])):
                given[j] = level + (n < odd)
            break
        left -= given[i]
    return given


def _draws(pool: Pool, line: Line) -> bool:
    kind = line.fact.kind
    fits = not pool.work or kind in pool.work or kind not in WORKS
    return fits and (not pool.staff or line.staff in pool.staff)


def _group(pool: Pool, line: Line) -> str:
    return {"city": "", "school": line.school, "pupil": line.fact.pupil}[pool.by]


def _settle(
    policy: Policy,
    pool: Pool,
    group: str,
    lines: Sequence[Line],
    enrolments: Enrolments,
    purse: _Purse,
    goes_on: tuple[Policy, Pool] | None,
) -> list[PoolUse]:
    slices: dict[int, tuple[_Slice, list[Line]]] = {}
    waiting, purse.waiting = purse.waiting, []  # carried from one slice to the next
    if waiting and (first := _first(policy, pool)) is not None:
        slices[first.first_month] = first, []
    for line in sorted(lines, key=lambda line: (line.fact.start, line.fact.id)):
        slice = _slice(policy, pool, line.day, line.month)
        if slice is None:
            line.fen, line.status, line.why = 0, "unpaid", (*line.why, f"outside the terms of pool {pool.name}")
        else:
            slices.setdefault(slice.first_month, (slice, []))[1].append(line)
    uses: list[PoolUse] = []
    while slices:
        slice, own = slices.pop(min(slices))
        released = _total(pool, group, slice, enrolments) * slice.share // slice.shares
        budget = max(0, released - purse.spent[slice.period])
        for line in waiting:
            line.month = slice.first_month
        claims = [*waiting, *own]
        claimed = sum(line.fen for line in claims)
        waiting, short_on = _give(pool, budget, claims)
        carried = sum(line.fen for line in waiting)
        paid = sum(line.fen for line in claims) - carried
        purse.spent[slice.period] += paid
        uses.append(PoolUse(pool.name, group, slice.first_month, budget, claimed, paid, carried, short_on))
        if waiting:
            after = _next(policy, pool, slice)
            if after is not None:
                waiting = _still_waiting(pool, _total(pool, group, after, enrolments), waiting)
                if waiting:
                    slices.setdefault(after.first_month, (after, []))
            elif goes_on is not None and (first := _first(*goes_on)) is not None:
                purse.waiting += _still_waiting(pool, _total(goes_on[1], group, first, enrolments), waiting)
                waiting = []
            else:
                waiting = _still_waiting(pool, None, waiting)
    return uses


def _still_waiting(pool: Pool, most: int | None, lines: Sequence[Line]) -> list[Line]:
    """Those that a later period can pay, which has so much; what would wait for ever is not paid."""
    why = f"pool {pool.name} has no later period" if most is None else f"more than pool {pool.name} has"
    for line in lines:
        if line.fen > (most or 0):
            line.fen, line.status, line.why = 0, "unpaid", (*line.why, why)
    return [line for line in lines if line.fen]


def _give(pool: Pool, budget: int, claims: Sequence[Line]) -> tuple[list[Line], int | None]:
    """Changes the lines to what they get; gives those that are carried on, and the day on which money ran out."""
    claimed = sum(line.fen for line in claims)
    if claimed <= budget:
        return [], None
    short_on: int | None = None
    match pool.when_exhausted:
        case "pro_rata":
            given = share_out(budget, [line.fen for line in claims])
        case "level":
            given = _levelled(budget, claims)
        case "carry":
            return _carry(pool, budget, claims)
        case _:
            given, left = [], budget
            for line in claims:
                given.append(min(line.fen, left))
                left -= given[-1]
    for line, fen in zip(claims, given, strict=True):
        if fen != line.fen:
            short_on = line.day if short_on is None else min(short_on, line.day)
            line.fen, line.why = fen, (*line.why, f"pool {pool.name}: {pool.when_exhausted}")
    return [], short_on


def _carry(pool: Pool, budget: int, claims: Sequence[Line]) -> tuple[list[Line], int | None]:
    """Whole lines, in their order: what does not fit waits, and so does all that comes after it."""
    for n, line in enumerate(claims):
        if line.fen > budget:
            for late in claims[n:]:
                why = f"pool {pool.name}: carried"
                late.why = late.why if why in late.why else (*late.why, why)
            return list(claims[n:]), line.day
        budget -= line.fen
    return [], None


def _levelled(budget: int, claims: Sequence[Line]) -> list[int]:
    """Teachers are levelled down, then each one's lines in proportion."""
    places: dict[str, list[int]] = defaultdict(list)
    for n, line in enumerate(claims):
        places[line.fact.teacher].append(n)
    teachers = sorted(places)
    totals = level_down(budget, [sum(claims[n].fen for n in places[teacher]) for teacher in teachers])
    given = [0] * len(claims)
    for teacher, total in zip(teachers, totals, strict=True):
        for n, fen in zip(places[teacher], share_out(total, [claims[n].fen for n in places[teacher]]), strict=True):
            given[n] = fen
    return given


def _slice(policy: Policy, pool: Pool, day: int, month: int) -> _Slice | None:
    """The slice in which a work is paid; None outside all terms."""
    if pool.per == "month":
        return _Slice(month, month, 1, 1)
    if pool.per == "year":
        period, months = month - (month - (pool.year_starts_month - 1)) % 12, 12
    else:
        term = next((term for term in policy.terms if term.from_day <= day < term.to_day), None)
        if term is None:
            return None
        period = _month_of(term.from_day)
        months = _month_of(term.to_day - 1) - period + 1
    if not pool.monthly:
        return _Slice(period, period, 1, 1)
    return _Slice(period, month, month - period + 1, months)


def _first(policy: Policy, pool: Pool) -> _Slice | None:
    """The first slice of the policy's days."""
    month = _month_of(policy.from_day)
    return _of_terms(policy, pool, month) if pool.per == "term" else _slice(policy, pool, policy.from_day, month)


def _of_terms(policy: Policy, pool: Pool, month: int, after: int = -1) -> _Slice | None:
    """The first slice of a term from this month on that begins after another."""
    last = max(_month_of(term.to_day - 1) for term in policy.terms)
    for each in range(month, last + 1):
        for term in policy.terms:
            day = max(_first_day(each), term.from_day)
            found = _slice(policy, pool, day, each) if _month_of(day) == each and day < term.to_day else None
            if found is not None and found.first_month > after:
                return found
    return None


def _next(policy: Policy, pool: Pool, slice: _Slice) -> _Slice | None:
    """The slice after this one, if the policy lasts so long."""
    if pool.per == "term":
        return _of_terms(policy, pool, slice.first_month + 1, slice.first_month)
    step = 12 if pool.per == "year" and not pool.monthly else 1
    month = slice.first_month + step
    if policy.to_day != FAR and _first_day(month) >= policy.to_day:
        return None
    return _slice(policy, pool, _first_day(month), month)


def _total(pool: Pool, group: str, slice: _Slice, enrolments: Enrolments) -> int:
    if pool.fen is not None:
        return pool.fen
    assert pool.fen_per_pupil is not None
    if pool.by == "pupil":
        return pool.fen_per_pupil
    schools = enrolments if pool.by == "city" else [group]
    return pool.fen_per_pupil * sum(_pupils(enrolments.get(school, ()), slice) for school in schools)


def _pupils(counted: Sequence[tuple[int, int, str, int]], slice: _Slice) -> int:
    """As last counted when the slice began; before the first count, that first count."""
    if not counted:
        return 0
    at = bisect_right(counted, (_first_day(slice.first_month) + 1, -1, "", 0)) - 1
    return counted[max(0, at)][3]


def _month_of(day: int) -> int:
    found = date_of(day)
    return found.year * 12 + found.month - 1


def _first_day(month: int) -> int:
    return day_number(date(month // 12, month % 12 + 1, 1))
