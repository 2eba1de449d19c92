"""The life of a question: its states, who may move it, and what each move keeps true."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from server.domain.people import PersonId, Stage, Subject, stage_of

QuestionId = NewType("QuestionId", UUID)
AnswerId = NewType("AnswerId", UUID)


class State(StrEnum):
    RECEIVED = "received"
    READING = "reading"
    MATCHED = "matched"
    SUGGESTED = "suggested"
    FOLLOWING = "following"
    WAITING = "waiting"
    OFFERED = "offered"
    ANSWERING = "answering"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


class Actor(StrEnum):
    STUDENT = "student"
    TEACHER = "teacher"
    REVIEWER = "reviewer"
    SYSTEM = "system"


class Verdict(StrEnum):
    SAME = "same"
    OPEN = "open"
    SIMILAR = "similar"
    NEW = "new"


_S, _T, _R, _Y = Actor.STUDENT, Actor.TEACHER, Actor.REVIEWER, Actor.SYSTEM

# The whole policy: from -> to, and whose move it is.
MOVES: dict[tuple[State, State], frozenset[Actor]] = {
    (State.RECEIVED, State.READING): frozenset({_Y}),
    (State.RECEIVED, State.WAITING): frozenset({_Y}),  # the pipeline failed or ran out of time
    (State.READING, State.MATCHED): frozenset({_Y}),
    (State.READING, State.WAITING): frozenset({_Y}),
    (State.MATCHED, State.SUGGESTED): frozenset({_Y}),
    (State.MATCHED, State.FOLLOWING): frozenset({_Y}),
    (State.MATCHED, State.WAITING): frozenset({_Y}),
    (State.SUGGESTED, State.READING): frozenset({_S}),  # the pupil says what the problem is: it is matched again
    (State.FOLLOWING, State.READING): frozenset({_S}),
    (State.WAITING, State.READING): frozenset({_S}),
    (State.WAITING, State.FOLLOWING): frozenset({_Y}),  # an older question turned out to ask the same
    (State.SUGGESTED, State.RESOLVED): frozenset({_S}),  # "solved"
    (State.SUGGESTED, State.WAITING): frozenset({_S, _T}),  # "not my question" | "still stuck" | split by a teacher
    (State.WAITING, State.SUGGESTED): frozenset({_T}),  # merged: it is what was answered
    (State.FOLLOWING, State.SUGGESTED): frozenset({_T, _Y}),  # the leader was answered | merged with what was answered
    (State.FOLLOWING, State.WAITING): frozenset({_S, _T, _Y}),  # "not my question" | split | the leader was withdrawn
    (State.WAITING, State.OFFERED): frozenset({_Y}),
    (State.WAITING, State.ANSWERING): frozenset({_T}),  # taken from the queue, to be answered by a recording
    (State.OFFERED, State.WAITING): frozenset({_T, _Y}),  # declined | lapsed
    (State.OFFERED, State.ANSWERING): frozenset({_T}),
    (State.ANSWERING, State.ANSWERED): frozenset({_T}),
    (State.ANSWERING, State.WAITING): frozenset({_T, _Y}),  # handed back | teacher gone for a minute
    (State.ANSWERED, State.RESOLVED): frozenset({_S}),
    (State.ANSWERED, State.WAITING): frozenset({_S}),  # reopened
    (State.RESOLVED, State.WAITING): frozenset({_S}),  # reopened
    **{
        (state, State.WITHDRAWN): frozenset({_S, _R})  # a reviewer: it is no question, or not to be shown to a teacher
        for state in (
            State.RECEIVED,
            State.READING,
            State.MATCHED,
            State.SUGGESTED,
            State.FOLLOWING,
            State.WAITING,
            State.OFFERED,
        )
    },
    (State.ANSWERING, State.WITHDRAWN): frozenset({_S}),  # a teacher who is at it ends it herself
}

WITH_TEACHER = frozenset({State.OFFERED, State.ANSWERING})
LEADS = frozenset({State.WAITING, State.OFFERED, State.ANSWERING, State.ANSWERED, State.RESOLVED})
REOPEN_WITHIN = timedelta(days=7)
PIPELINE_BUDGET = timedelta(seconds=20)  # after this a question goes to a teacher unread


class QuestionError(Exception):
    """The question cannot do that."""


class MoveRefused(QuestionError):
    """The question is no longer where you think it is; the page will show where it is now."""

    def __init__(self, state: State, to: State, actor: Actor) -> None:
        super().__init__(f"{actor} may not move a question from {state} to {to}")
        self.state, self.to, self.actor = state, to, actor


class StaleAssignment(QuestionError):
    """This question has gone to another teacher."""


class TooLateToReopen(QuestionError):
    """A question can be reopened within seven days of its answer."""


@dataclass(frozen=True)
class PageProblem:
    """One of the problems that a photo shows; `box` is left, top, right, bottom in shares of the photo, 0 to 1."""

    media_id: UUID
    text: str
    box: list[float]
    figure: str | None = None


@dataclass(kw_only=True)
class Question:
    """One pupil's question; `received_at` is its age for ever, whatever it goes through."""

    id: QuestionId
    student_id: PersonId
    subject: Subject
    grade: int
    received_at: datetime
    text: str = ""  # what the pupil typed
    read_text: str = ""  # what was read from photos and voice; of a page of problems, the one that is meant
    corrected_text: str = ""  # the problem in the pupil's own words, after seeing what was read
    corrected_at: datetime | None = None  # when the pupil last said what the problem is
    chosen: int | None = None  # the number of the problem meant, on a photo that shows several
    figure: str | None = None  # a perceptual hash of the figure beside the problem
    confidence: float | None = None  # that what was found is the same problem
    state: State = State.RECEIVED
    state_since: datetime
    version: int = 1
    verdict: Verdict | None = None
    leader_id: QuestionId | None = None  # whom it follows
    followers: int = 0
    teacher_id: PersonId | None = None  # named exactly while a teacher has it
    assignment_epoch: int = 0  # every assignment and every loss of one raises it: the fence
    offers_made: int = 0
    refused_by: list[str] = field(default_factory=list)  # teachers who declined or let it lapse in this round
    answer_id: AnswerId | None = None  # the answer made for it, or the suggested one
    promised_at: datetime | None = None
    answered_at: datetime | None = None
    alarmed_at: datetime | None = None
    knowledge_point: str | None = None

    @property
    def stage(self) -> Stage:
        return stage_of(self.grade)

    @property
    def problem_text(self) -> str:
        """The problem as text: what the pupil corrected it to, else what was read of its files, else what was typed.
        Beside a photo, typed words are a remark ("why does the sign change?"), and would only make the problem look
        like another."""
        return self.corrected_text or self.read_text or self.text

    @property
    def from_photo(self) -> bool:
        """Whether its numbers may be misread."""
        return self.read_text != "" and self.corrected_text == ""

    def move(self, to: State, actor: Actor, now: datetime) -> None:
        """The only way a question changes state; raises MoveRefused when the table has no such move."""
        if actor not in MOVES.get((self.state, to), frozenset()):
            raise MoveRefused(self.state, to, actor)
        if self.state in WITH_TEACHER and to is not State.ANSWERING:
            self.assignment_epoch += 1
            if to is not State.ANSWERED:
                self.teacher_id = None
        if to is not State.FOLLOWING:
            self.leader_id = None
        self.state, self.state_since = to, now

    def offer_to(self, teacher: PersonId, now: datetime) -> None:
        self.move(State.OFFERED, Actor.SYSTEM, now)
        self.teacher_id = teacher
        self.assignment_epoch += 1
        self.offers_made += 1
        self.promised_at = None

    def accept(self, teacher: PersonId, now: datetime) -> None:
        if self.teacher_id != teacher:
            raise StaleAssignment
        self.move(State.ANSWERING, Actor.TEACHER, now)

    def take(self, teacher: PersonId, now: datetime) -> None:
        """A teacher answers it by a recording, without its pupil."""
        self.move(State.ANSWERING, Actor.TEACHER, now)
        self.teacher_id = teacher
        self.assignment_epoch += 1
        self.promised_at = None

    def take_back(self, actor: Actor, now: datetime) -> None:
        """The offer was declined or lapsed, or the session was handed back or lost."""
        if self.teacher_id is not None and str(self.teacher_id) not in self.refused_by:
            self.refused_by = [*self.refused_by, str(self.teacher_id)]
        self.move(State.WAITING, actor, now)

    def finish(self, teacher: PersonId, epoch: int, now: datetime) -> None:
        self.fence(teacher, epoch)
        self.move(State.ANSWERED, Actor.TEACHER, now)
        self.answered_at = now

    def fence(self, teacher: PersonId, epoch: int) -> None:
        """Raises StaleAssignment unless this teacher still has the question under this epoch."""
        if self.state not in WITH_TEACHER or self.teacher_id != teacher or self.assignment_epoch != epoch:
            raise StaleAssignment

    def follow(self, leader: "Question", now: datetime) -> None:
        assert leader.id != self.id and leader.state in LEADS
        self.move(State.FOLLOWING, Actor.SYSTEM, now)
        self.leader_id = leader.id
        leader.followers += 1

    def lead_instead_of(self, leader: "Question", now: datetime) -> None:
        """The leader is gone: this follower takes its place before a teacher, with the crowd that is left."""
        assert self.leader_id == leader.id
        self.move(State.WAITING, Actor.SYSTEM, now)
        self.followers = max(0, leader.followers - 1)
        leader.followers = 0

    def suggest(self, answer: AnswerId, now: datetime, actor: Actor = Actor.SYSTEM) -> None:
        self.move(State.SUGGESTED, actor, now)
        self.answer_id, self.promised_at = answer, None

    def take_the_lead(self, younger: "Question", now: datetime) -> None:
        """One that has waited longer asks the same as a waiting one: the crowd follows the older from now on."""
        assert self.received_at < younger.received_at and younger.state is State.WAITING
        self.move(State.WAITING, Actor.SYSTEM, now)
        self.followers = younger.followers + 1
        younger.move(State.FOLLOWING, Actor.SYSTEM, now)
        younger.leader_id, younger.followers, younger.promised_at = self.id, 0, None

    def read_anew(self, now: datetime) -> None:
        """Its pupil said what the problem is: what was found for it before no longer counts."""
        self.move(State.READING, Actor.STUDENT, now)
        self.answer_id, self.verdict, self.promised_at = None, None, None
        self.followers = 0

    def back_to_queue(self, actor: Actor, now: datetime) -> None:
        """From a suggestion, a leader or an answer back to the queue, at the old place."""
        if self.state in {State.ANSWERED, State.RESOLVED}:
            if self.answered_at is None or now - self.answered_at > REOPEN_WITHIN:
                raise TooLateToReopen
            self.refused_by = []
            self.offers_made = 0
        self.move(State.WAITING, actor, now)
        self.answer_id = None
        self.teacher_id = None
