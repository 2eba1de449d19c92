"""Policies, facts and statements as files: the formats of docs/subsidies.md, read whole or refused with a line."""

import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from server.domain.subsidy.facts import Fact, FactRefused, check
from server.domain.subsidy.policy import FAR, Policy, date_of, parse
from server.domain.subsidy.pools import PoolUse
from server.domain.subsidy.reckon import Line, Reckoning, Statement, month_name, reckon

FORMAT = "dayi-statements/1"


class FactLine(msgspec.Struct, forbid_unknown_fields=True, gc=False, omit_defaults=True):
    """One line of a facts file; which fields count depends on `kind`."""

    id: str
    kind: str
    teacher: str = ""
    start: datetime | None = None
    end: datetime | None = None
    recorded: datetime | None = None
    active_s: int | None = None
    pupil: str = ""
    followers: int = 0
    attendance: int = 0
    flags: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()  # ids of what proves it; for people, the figures do not depend on it
    replaces: str = ""
    of: str = ""
    resolved: bool | None = None
    asked_again: bool | None = None
    rating: int | None = None
    decision: str = ""
    level: str = ""
    staff: str = ""
    school: str = ""
    reward: str = ""
    agreed_fen: int | None = None
    pupils: int = 0
    points_x100: int = 0
    approved_by: str = ""
    rating_sum: int = 0
    rating_count: int = 0
    reason: str = ""  # of a review or correction, in words


class FileRefused(ValueError):
    """A file can't be used; the message says where and why."""


_LINE = msgspec.json.Decoder(FactLine)


def fact_of(line: FactLine) -> Fact:
    """Raises FactRefused."""
    start = _seconds(line, line.start)
    end = start if line.end is None else _seconds(line, line.end)
    recorded = end if line.recorded is None else _seconds(line, line.recorded)
    intern = sys.intern  # a million facts name a few thousand people
    fact = Fact(
        line.id, intern(line.kind), intern(line.teacher), start, end, recorded, line.active_s, intern(line.pupil),
        line.followers, line.attendance, line.flags, line.replaces, line.of, line.resolved, line.asked_again,
        line.rating, intern(line.decision), intern(line.level), intern(line.staff), intern(line.school),
        intern(line.reward), line.agreed_fen, line.pupils, line.points_x100, line.approved_by, line.rating_sum,
        line.rating_count,
    )  # fmt: skip
    check(fact)
    return fact


def _seconds(line: FactLine, moment: datetime | None) -> int:
    """A time without an offset would be another moment on another machine."""
    if moment is None:
        return 0
    if moment.tzinfo is None:
        raise FactRefused(f"{line.id}: a time has an offset, such as 2026-03-01T19:00:00+08:00")
    return int(moment.timestamp())


def read_lines(path: Path, *, once: bool = False) -> Iterator[tuple[int, FactLine]]:
    """The lines of a JSONL file and their numbers; with `once` a line that was told before, byte for byte, is left
    out: it can only say the same again, and is known by its digest before it costs anything. Raises FileRefused."""
    told: set[bytes] = set()
    with path.open("rb") as file:
        for number, text in enumerate(file, 1):
            plain = text.strip()
            if not plain:
                continue
            if once:
                digest = hashlib.blake2b(plain, digest_size=16).digest()
                before = len(told)
                told.add(digest)
                if len(told) == before:
                    continue
            try:
                yield number, _LINE.decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise FileRefused(f"{path}: line {number}: {error}") from error


def read_facts(path: Path) -> Iterator[Fact]:
    """The facts of a JSONL file. Raises FileRefused with the line."""
    for number, line in read_lines(path, once=True):
        try:
            yield fact_of(line)
        except (FactRefused, OverflowError) as error:
            raise FileRefused(f"{path}: line {number}: {error}") from error


def read_policies(paths: Sequence[Path]) -> list[Policy]:
    """Raises PolicyRefused, and FileRefused for what is no text."""
    found = []
    for path in paths:
        try:
            found.append(parse(path.read_text(encoding="utf-8")))
        except UnicodeDecodeError as error:
            raise FileRefused(f"{path}: not UTF-8") from error
    return found


def compute(policies: Sequence[Path], facts: Path, out: Path) -> Reckoning:
    """The command `dayi subsidy compute`. Raises FileRefused, FactRefused and PolicyRefused."""
    known = read_policies(policies)
    done = reckon(read_facts(facts), known)
    with out.open("wb") as file:
        for chunk in written(known, done):
            file.write(chunk)
    return done


def written(policies: Sequence[Policy], done: Reckoning) -> Iterator[bytes]:
    """The statements file, a statement a line: the same bytes for the same facts and policies, always."""
    encode = msgspec.json.encode
    head = {
        "format": FORMAT,
        "policies": [_policy(policy) for policy in sorted(policies, key=lambda policy: policy.from_day)],
        "fen": sum(statement.fen for statement in done.statements),
        "held_fen": sum(statement.held_fen for statement in done.statements),
    }
    yield encode(head)[:-1] + b',\n"statements":[\n'
    yield from _listed(encode(statement_dict(statement)) for statement in done.statements)
    yield b'],\n"pools":[\n'
    yield from _listed(encode(pool_dict(use)) for use in done.pools)
    yield b'],\n"refused":[\n'
    yield from _listed(encode({"fact": each.fact, "why": each.why}) for each in done.refused)
    yield b"]}\n"


def _listed(items: Iterable[bytes]) -> Iterator[bytes]:
    before = b""
    for item in items:
        yield before + item
        before = b",\n"
    yield b"\n" if before else b""


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "name": policy.name,
        "valid_from": str(date_of(policy.from_day)),
        "valid_to": None if policy.to_day == FAR else str(date_of(policy.to_day)),
        "sha256": hashlib.sha256(policy.text.encode()).hexdigest(),
    }


def statement_dict(statement: Statement) -> dict[str, Any]:
    found: dict[str, Any] = {
        "month": month_name(statement.month),
        "teacher": statement.teacher,
        "fen": statement.fen,
        "held_fen": statement.held_fen,
    }
    if bonus := statement.bonus_x100:
        found["bonus_x100"] = bonus
    points = {
        "earned": statement.points_earned_x100,
        "redeemed": statement.points_redeemed_x100,
        "expired": statement.points_expired_x100,
        "balance": statement.points_balance_x100,
    }
    if any(points.values()):
        found["points_x100"] = points
    found["lines"] = [line_dict(line) for line in statement.lines]
    return found


def line_dict(line: Line) -> dict[str, Any]:
    found: dict[str, Any] = {
        "fact": line.fact.id,
        "work": line.fact.kind,
        "day": str(date_of(line.day)),
        "status": line.status,
        "fen": line.fen,
    }
    if line.policy is not None:
        found["policy"] = str(date_of(line.policy.from_day))
    if line.rate is not None:
        found |= {"rate": line.rate.path, "units_x100": line.units_x100, "base_fen": line.base_fen}
        if line.rate.effect:
            found["coefficient_x10000"] = line.coefficient
    if line.held_fen:
        found["held_fen"] = line.held_fen
    if line.points_x100:
        found["points_x100"] = line.points_x100
    if line.bonus_x100:
        found["bonus_x100"] = line.bonus_x100
    if line.pool:
        found["pool"] = line.pool
    if line.why:
        found["why"] = line.why
    return found


def pool_dict(use: PoolUse) -> dict[str, Any]:
    return {
        "pool": use.pool,
        "group": use.group,
        "from_month": month_name(use.first_month),
        "budget_fen": use.budget_fen,
        "claimed_fen": use.claimed_fen,
        "paid_fen": use.paid_fen,
        "carried_fen": use.carried_fen,
        "exhausted_on": None if use.exhausted_on is None else str(date_of(use.exhausted_on)),
    }
