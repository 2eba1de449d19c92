"""A proposal to teach what many asked: a lecture or a micro-lesson, made from a topic and taken over by one person."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from server.domain.lecture import MOST_POINTS, POINT, TITLE
from server.domain.people import Stage, stage_of
from server.domain.release import K

LASTS = timedelta(days=21)  # then nobody has taken it, and it expires
ASKED_WITHIN = timedelta(weeks=26)  # who asked longer ago has gone on to other things
INVITED_FOR = timedelta(weeks=4)  # after it was held, or published, who asks now is invited still
NOTE, WHY = 500, 200


class Form(StrEnum):
    """What is to be taught; a lecture by a lecturer, a micro-lesson by a teacher who is certified for it."""

    LECTURE = "lecture"
    LESSON = "lesson"


class ProposalState(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    DECLINED = "declined"  # by the one person who was wished for
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class BadProposal(ValueError):
    """Nothing can be proposed so."""


@dataclass(frozen=True)
class Proposed:
    """What a researcher suggests."""

    form: Form
    title: str
    grades: tuple[int, ...]
    knowledge_points: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Slot:
    """When a lecture is planned for somebody, and for whom it is to be open; no schools: all of them."""

    starts_at: datetime
    ends_at: datetime
    capacity: int
    about: str = ""
    schools: frozenset[UUID] = frozenset()


def checked(wanted: Proposed, stage: Stage) -> Proposed:
    """With its words trimmed and its grades in order. Raises BadProposal."""
    title, note = " ".join(wanted.title.split()), wanted.note.strip()
    points = tuple(dict.fromkeys(" ".join(point.split()) for point in wanted.knowledge_points))
    grades = tuple(sorted(set(wanted.grades)))
    if not 1 <= len(title) <= TITLE or len(note) > NOTE:
        raise BadProposal(f"a title of 1 to {TITLE} characters, a note of at most {NOTE}")
    if not grades or any(not 1 <= grade <= 12 or stage_of(grade) is not stage for grade in grades):
        raise BadProposal("grades: at least one, all of the topic's stage")
    if len(points) > MOST_POINTS or any(not 1 <= len(point) <= POINT for point in points):
        raise BadProposal(f"at most {MOST_POINTS} knowledge points, each of 1 to {POINT} characters")
    if wanted.form is Form.LESSON and not points:
        raise BadProposal("a micro-lesson is about a knowledge point")
    return replace(wanted, title=title, note=note, grades=grades, knowledge_points=points)


def told_invited(cells: Iterable[int], before: int | None) -> int:
    """How many were invited, as its lecturer and research staff are told: the sum of schools' grades with at least K of
    them; 0 stands for fewer. A later number is told only when it is K more, so that no single pupil makes it grow."""
    now = sum(count for count in cells if count >= K)
    return now if before is None or now - before >= K else before
