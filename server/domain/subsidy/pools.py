"""Money that many draw on: control totals and pools, and what happens when they are exhausted."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from server.domain.subsidy.facts import WORKS
from server.domain.subsidy.policy import FAR, Policy, Pool, date_of, day_number

if TYPE_CHECKING:
    from server.domain.subsidy.reckon import Line

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
    for policy in policies:
        for pool in policy.pools:
            groups: dict[str, list[Line]] = defaultdict(list)
            for line in lines:
                if line.policy is policy and line.pool == pool.name and line.fen:
                    groups[_group(pool, line)].append(line)
            for group in sorted(groups):
                uses += _settle(policy, pool, group, groups[group], enrolments)
    return uses


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


def _settle(policy: Policy, pool: Pool, group: str, lines: Sequence[Line], enrolments: Enrolments) -> list[PoolUse]:
    slices: dict[int, tuple[_Slice, list[Line]]] = {}
    for line in sorted(lines, key=lambda line: (line.fact.start, line.fact.id)):
        slice = _slice(policy, pool, line.day, line.month)
        if slice is None:
            line.fen, line.status, line.why = 0, "unpaid", (*line.why, f"outside the terms of pool {pool.name}")
        else:
            slices.setdefault(slice.first_month, (slice, []))[1].append(line)
    uses: list[PoolUse] = []
    spent: dict[int, int] = defaultdict(int)
    waiting: list[Line] = []  # carried from one slice to the next
    while slices:
        slice, own = slices.pop(min(slices))
        budget = max(0, _total(pool, group, slice, enrolments) * slice.share // slice.shares - spent[slice.period])
        for line in waiting:
            line.month = slice.first_month
        claims = [*waiting, *own]
        claimed = sum(line.fen for line in claims)
        waiting, short_on = _give(pool, budget, claims)
        carried = sum(line.fen for line in waiting)
        paid = sum(line.fen for line in claims) - carried
        spent[slice.period] += paid
        uses.append(PoolUse(pool.name, group, slice.first_month, budget, claimed, paid, carried, short_on))
        if waiting:
            after = _next(policy, pool, slice)
            most = 0 if after is None else _total(pool, group, after, enrolments)
            for line in waiting:
                if line.fen > most:  # it would wait for ever
                    why = (
                        f"pool {pool.name} has no later period" if after is None else f"more than pool {pool.name} has"
                    )
                    line.fen, line.status, line.why = 0, "unpaid", (*line.why, why)
            waiting = [line for line in waiting if line.fen]
            if waiting and after is not None:
                slices.setdefault(after.first_month, (after, []))
    return uses


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


def _next(policy: Policy, pool: Pool, slice: _Slice) -> _Slice | None:
    """The slice after this one, if the policy lasts so long."""
    if pool.per == "term":
        month = slice.first_month + 1
        last = max(_month_of(term.to_day - 1) for term in policy.terms)
        while month <= last:
            for term in policy.terms:
                day = max(_first_day(month), term.from_day)
                found = _slice(policy, pool, day, month) if _month_of(day) == month and day < term.to_day else None
                if found is not None and found.first_month > slice.first_month:
                    return found
            month += 1
        return None
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
