"""Labels of a question: what is said of it, by whom, and whose word stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.domain.people import Stage, Subject

LONGEST_POINT = 60


class Kind(StrEnum):
    """What a label is about."""

    SUBJECT = "subject"
    STAGE = "stage"
    POINT = "point"
    DIFFICULTY = "difficulty"
    FITNESS = "fitness"


class Difficulty(StrEnum):
    """What a pupil does not manage."""

    CONCEPT = "concept"
    METHOD = "method"
    READING = "reading"
    CALCULATION = "calculation"


class Fitness(StrEnum):
    """Whether it is a question at all; the last two are held for the reviewer."""

    QUESTION = "question"
    NO_QUESTION = "no_question"
    INAPPROPRIATE = "inappropriate"


class Source(StrEnum):
    """Who said so."""

    MODEL = "model"
    TEACHER = "teacher"
    RESEARCHER = "researcher"
    REVIEWER = "reviewer"


VALUES: dict[Kind, frozenset[str]] = {
    Kind.SUBJECT: frozenset(Subject),
    Kind.STAGE: frozenset(Stage),
    Kind.DIFFICULTY: frozenset(Difficulty),
    Kind.FITNESS: frozenset(Fitness),
}
MAY_SAY: dict[Source, frozenset[Kind]] = {
    Source.TEACHER: frozenset({Kind.SUBJECT, Kind.STAGE, Kind.POINT, Kind.DIFFICULTY}),
    Source.RESEARCHER: frozenset(Kind),
    Source.REVIEWER: frozenset({Kind.FITNESS}),
}


@dataclass(frozen=True)
class Label:
    """`confidence` is a model's; a person has none."""

    kind: Kind
    value: str
    source: Source
    made_at: datetime
    confidence: float | None = None


def is_value(kind: Kind, value: str) -> bool:
    """Whether it can be said at all. A point must besides be one of the taxonomy, where there is one."""
    known = VALUES.get(kind)
    return value in known if known is not None else 1 <= len(value) <= LONGEST_POINT and value == value.strip()


def standing(labels: Iterable[Label]) -> dict[Kind, Label]:
    """The label that counts of each kind: a person's last word, whatever a model says later; else the model's last."""
    found: dict[Kind, Label] = {}
    for label in sorted(labels, key=lambda each: each.made_at):
        present = found.get(label.kind)
        if present is None or label.source is not Source.MODEL or present.source is Source.MODEL:
            found[label.kind] = label
    return found
