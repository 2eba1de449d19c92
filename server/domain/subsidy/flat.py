"""Subsidy: work done -> a balanced double entry in whole fen, under a policy that was in force that day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from server.domain.people import PersonId


class Work(StrEnum):
    """The kinds of work that a policy has a rate for."""

    LIVE_ANSWER = "live_answer"


@dataclass(frozen=True)
class Policy:
    """A rule (补贴办法) with its period of validity; rates are fen a piece."""

    id: UUID
    valid_from: datetime
    valid_to: datetime | None
    live_answer_fen: int

    def covers(self, moment: datetime) -> bool:
        return self.valid_from <= moment and (self.valid_to is None or moment < self.valid_to)


@dataclass(frozen=True)
class Fact:
    """Something that was done, by whom and when; `key` names it once and for all."""

    key: str
    work: Work
    teacher: PersonId
    done_at: datetime


@dataclass(frozen=True)
class Entry:
    """One line of a double entry; positive is debit, negative is credit."""

    account: str
    amount_fen: int


class NoPolicy(Exception):
    """No subsidy policy was in force on that day."""


def policy_for(moment: datetime, policies: Sequence[Policy]) -> Policy:
    in_force = [policy for policy in policies if policy.covers(moment)]
    if not in_force:
        raise NoPolicy
    return max(in_force, key=lambda policy: policy.valid_from)


def accrue(fact: Fact, policy: Policy) -> tuple[Entry, Entry]:
    """The two entries of one finished piece of work: the budget spends what the teacher is owed."""
    assert policy.covers(fact.done_at)
    match fact.work:
        case Work.LIVE_ANSWER:
            fen = policy.live_answer_fen
    return Entry("budget:answering", fen), Entry(f"owed:{fact.teacher}", -fen)
