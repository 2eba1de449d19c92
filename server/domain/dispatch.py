"""Dispatch: which waiting question is offered to which teacher next, and what a pupil is promised meanwhile.

Hard rules exclude; soft rules score. Everything here is a pure choice among values, so a whole evening can be
replayed in a test.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server.domain.people import Certification, PersonId, Stage, Subject
from server.domain.question import QuestionId

OFFER_LASTS = timedelta(seconds=15)
RELAX_AFTER_OFFERS = 3  # then the knowledge point no longer counts
ALARM_AFTER = timedelta(seconds=60)  # then the duty administrator sees it
GONE_AFTER = timedelta(seconds=60)  # a teacher silent for so long has lost the session
LEASE = timedelta(seconds=30)  # presence without a heartbeat
TYPICAL_ANSWER = timedelta(minutes=6)  # the guess for the wait before the evening has figures of its own


class Presence(StrEnum):
    """Where a teacher is (DESIGN, Words)."""

    OFF = "off"
    READY = "ready"
    OFFERED = "offered"
    ANSWERING = "answering"
    AWAY = "away"


@dataclass(frozen=True)
class Waiting:
    """A question in the queue, as dispatch sees it."""

    id: QuestionId
    subject: Subject
    stage: Stage
    received_at: datetime
    followers: int = 0
    offers_made: int = 0
    knowledge_point: str | None = None
    refused_by: frozenset[PersonId] = frozenset()


@dataclass(frozen=True)
class Ready:
    """A teacher who could take a question now."""

    id: PersonId
    certifications: frozenset[Certification]
    ready_since: datetime
    answered_tonight: int = 0
    earned_tonight_fen: int = 0
    rating_sum: int = 0
    rating_count: int = 0
    knowledge_points: frozenset[str] = frozenset()


def may_take(question: Waiting, teacher: Ready) -> bool:
    """The hard rules; presence, shift and open offers were checked when `teacher` was made Ready."""
    return (
        Certification(question.subject, question.stage) in teacher.certifications
        and teacher.id not in question.refused_by
    )


def shrunk_rating(total: int, count: int, prior_mean: float = 4.0, prior_weight: int = 10) -> float:
    """A teacher's mean rating (1-5) pulled towards the prior: m + (sum - n·m)/(n + w), so that two stars of luck
    do not outweigh a year of work (the Bayesian mean)."""
    return (prior_mean * prior_weight + total) / (prior_weight + count)


def urgency(question: Waiting, now: datetime) -> float:
    """Minutes waited, plus the crowd: twenty followers weigh like ten more minutes, and age always wins in the end
    because it alone has no bound (nobody starves)."""
    age = max(0.0, (now - question.received_at).total_seconds() / 60)
    return age + min(10.0, question.followers / 2)


def fitness(question: Waiting, teacher: Ready, now: datetime) -> float:
    """How well this teacher suits this question; each term is about one point wide."""
    knows = question.knowledge_point in teacher.knowledge_points and question.offers_made < RELAX_AFTER_OFFERS
    idle = min(1.0, max(0.0, (now - teacher.ready_since).total_seconds() / 600))
    fairness = 1 / (1 + teacher.answered_tonight / 4) + 1 / (1 + teacher.earned_tonight_fen / 10_000)
    rating = (shrunk_rating(teacher.rating_sum, teacher.rating_count) - 4.0) / 2
    return (1.0 if knows else 0.0) + idle + fairness + rating


def queue_order(questions: Iterable[Waiting], now: datetime) -> list[Waiting]:
    """Most urgent first; among equals the older, so the order never depends on the order of the argument."""
    return sorted(questions, key=lambda q: (-urgency(q, now), q.received_at, q.id))


def rank(question: Waiting, teachers: Iterable[Ready], now: datetime) -> list[Ready]:
    """The teachers who may take this question, best first."""
    able = [teacher for teacher in teachers if may_take(question, teacher)]
    return sorted(able, key=lambda t: (-fitness(question, t, now), t.id))


def expected_wait(ahead: int, teachers_on_duty: int, typical: timedelta = TYPICAL_ANSWER) -> timedelta | None:
    """An honest wait: the rounds of answers before this one's turn, and half an answer for those under way; None when
    nobody is on duty."""
    if teachers_on_duty <= 0:
        return None
    return typical * (ahead // teachers_on_duty) + typical / 2


@dataclass(frozen=True)
class Shift:
    """A stretch of duty on the roster (值班)."""

    teacher: PersonId
    certifications: frozenset[Certification]
    starts_at: datetime
    ends_at: datetime


def promise(subject: Subject, stage: Stage, roster: Sequence[Shift], now: datetime) -> datetime | None:
    """When somebody certified is next on duty; None when the roster has nobody."""
    starts = [
        max(shift.starts_at, now)
        for shift in roster
        if shift.ends_at > now and Certification(subject, stage) in shift.certifications
    ]
    return min(starts, default=None)
