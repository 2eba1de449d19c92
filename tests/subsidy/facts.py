"""Facts and policies for tests, in a line each; times are Shanghai's."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any

from server.domain.subsidy.facts import Fact, check
from server.domain.subsidy.policy import Policy, parse
from server.domain.subsidy.reckon import Line, Reckoning, Statement, month_name, reckon

POLICIES = Path(__file__).parents[2] / "deploy" / "policies"
SHANGHAI = timezone(timedelta(hours=8))
_ids = count(1)


def at(moment: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI).timestamp())


def work(kind: str, teacher: str, moment: str, minutes: float = 10, **more: Any) -> Fact:
    id = more.pop("id", None) or f"{kind}:{next(_ids)}"
    start = at(moment)
    fact = Fact(id, kind, teacher, start, start + round(minutes * 60), start + round(minutes * 60), **more)
    check(fact)
    return fact


def note(kind: str, moment: str = "2026-01-01", **more: Any) -> Fact:
    id = more.pop("id", None) or f"{kind}:{next(_ids)}"
    start = at(moment)
    fact = Fact(id, kind, start=start, end=start, recorded=more.pop("recorded", start), **more)
    check(fact)
    return fact


def shipped(name: str) -> Policy:
    return parse((POLICIES / f"{name}.toml").read_text())


def a_policy(
    more: str = "", *, rate: str = 'work = ["session"]\nyuan = 20', valid: str = "valid_from = 2026-01-01"
) -> Policy:
    return parse(f'[policy]\nname = "试行"\n{valid}\nlevels = ["认定", "名师"]\n\n[[rate]]\n{rate}\n\n{more}')


def line_of(done: Reckoning, fact: Fact | str) -> Line:
    id = fact if isinstance(fact, str) else fact.id
    return next(line for statement in done.statements for line in statement.lines if line.fact.id == id)


def statement_of(done: Reckoning, teacher: str, month: str) -> Statement:
    return next(each for each in done.statements if each.teacher == teacher and month_name(each.month) == month)


def earned(done: Reckoning) -> dict[tuple[str, str], int]:
    return {(each.teacher, month_name(each.month)): each.fen for each in done.statements}


__all__ = ["a_policy", "at", "earned", "line_of", "note", "reckon", "shipped", "statement_of", "work"]
