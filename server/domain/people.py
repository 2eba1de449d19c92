"""People: who they are to the service, and what each may do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType
from uuid import UUID

PersonId = NewType("PersonId", UUID)


class Role(StrEnum):
    """The roles of the service; a person may hold several."""

    STUDENT = "student"
    GUARDIAN = "guardian"
    TEACHER = "teacher"
    LECTURER = "lecturer"
    REVIEWER = "reviewer"
    RESEARCHER = "researcher"
    RESEARCH_HEAD = "research_head"  # sets what research staff owe in a quarter
    DUTY_ADMIN = "duty_admin"
    FINANCE = "finance"
    AUDITOR = "auditor"
    SCHOOL_ADMIN = "school_admin"
    OPERATOR = "operator"


class Subject(StrEnum):
    CHINESE = "chinese"
    MATH = "math"
    ENGLISH = "english"
    PHYSICS = "physics"
    CHEMISTRY = "chemistry"
    BIOLOGY = "biology"
    HISTORY = "history"
    GEOGRAPHY = "geography"
    POLITICS = "politics"
    SCIENCE = "science"


class Stage(StrEnum):
    PRIMARY = "primary"  # grades 1-6
    JUNIOR = "junior"  # grades 7-9
    SENIOR = "senior"  # grades 10-12


def stage_of(grade: int) -> Stage:
    """The stage of a school grade, 1 to 12."""
    if not 1 <= grade <= 12:
        raise ValueError(f"a grade is 1 to 12, not {grade}")
    return Stage.PRIMARY if grade <= 6 else Stage.JUNIOR if grade <= 9 else Stage.SENIOR


@dataclass(frozen=True)
class Certification:
    """What a teacher may answer (名师认定)."""

    subject: Subject
    stage: Stage


@dataclass(frozen=True)
class Person:
    """Whoever is signed in, as far as rules need to know: no name, no school."""

    id: PersonId
    login: str
    roles: frozenset[Role]
    nickname: str
    grade: int | None = None

    def is_a(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)
