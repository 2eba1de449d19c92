"""What people say a question is about; and what models say where nobody has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from server.actions import ask
from server.actions.errors import BadRequest, NotHere
from server.actions.ports import Finder, Rules
from server.domain.label import MAY_SAY, Difficulty, Fitness, Kind, Source, is_value
from server.domain.people import Person, Stage, Subject
from server.domain.question import Question
from server.store import taxonomies
from server.store.bank import Bank
from server.store.facts import Facts
from server.store.labels import Labels
from server.store.work import Record, Work

BATCH = 100  # questions that are labelled in one transaction: half a second of a core


@dataclass(frozen=True)
class Said:
    """A model's word on a text."""

    model: int
    value: str
    confidence: float


class Reader(Protocol):
    """The models that serve."""

    async def read(self, due: Sequence[Record]) -> list[Mapping[Kind, Said]]:
        """For each text what is sure enough to be said."""
        ...


async def say(work: Work, person: Person, source: Source, id: UUID, kind: Kind, value: str) -> None:
    """One word on one question. Research staff speak of questions that are counted, reviewers of what may be held."""
    await _say(work, person, source, id, kind, value)
    await work.commit()


async def judge(work: Work, finder: Finder, rules: Rules, reviewer: Person, id: UUID, kind: Kind, value: str) -> None:
    """A reviewer's word on what is held. What is no question waits for no teacher any more."""
    if kind is Kind.FITNESS and value.strip() != Fitness.QUESTION:
        await ask.turn_away(work, finder, rules, id, await work.now())
    await _say(work, reviewer, Source.REVIEWER, id, kind, value)
    await work.commit()


async def _say(work: Work, person: Person, source: Source, id: UUID, kind: Kind, value: str) -> None:
    value = value.strip()
    if kind not in MAY_SAY[source] or not is_value(kind, value):
        raise BadRequest
    question = await work.question(id)
    labels = Labels(work)
    if question is None or not (source is Source.REVIEWER or await labels.is_counted(id)):
        raise NotHere
    if kind is Kind.POINT:
        if not await is_point(work, question, value):
            raise BadRequest("the taxonomy in force has no such point")
        question.knowledge_point = value
    await labels.add(id, kind, value, source, person.id)
    if kind is Kind.FITNESS:  # what is held is counted and shown nowhere, at once
        await Facts(work).renew([id])
        await Bank(work).follow([id])


async def is_point(work: Work, question: Question, name: str) -> bool:
    """Whether it can be a label of this question: one of its subject and stage, where the taxonomy has any."""
    _, points = await taxonomies.in_force(work)
    here = {p.name for p in points if (p.subject, p.stage) == (question.subject, question.stage)}
    return not here or name in here


async def taught(
    work: Work,
    teacher: UUID,
    question: Question,
    points: Sequence[str],
    difficulty: Difficulty | None,
    subject: Subject | None,
    stage: Stage | None,
) -> None:
    """A teacher's word at the end of a session, in the session's own transaction. What was asked as another subject
    stays where it was asked: it is a label, and moves nothing."""
    labels = Labels(work)
    told: list[tuple[Kind, str | None]] = [
        (Kind.POINT, points[0] if points else None),
        (Kind.DIFFICULTY, difficulty),
        (Kind.SUBJECT, subject),
        (Kind.STAGE, stage),
    ]
    for kind, value in told:
        if value is not None:
            await labels.add(question.id, kind, str(value), Source.TEACHER, teacher)


async def label_due(work: Work, reader: Reader, limit: int = BATCH) -> int:
    """One batch of questions that no model has seen; how many of them nobody is busy with. All of it or nothing; doing
    it twice changes nothing. Without a model there is nothing to say, and they are struck off as well."""
    labels = Labels(work)
    due = await labels.take_due(limit)
    if not due:
        return 0
    read = await reader.read(due)
    free = await labels.free([row.id for row in due])
    said = [(row, found) for row, found in zip(due, read, strict=True) if row.id in free]
    rows = [
        {"question_id": row.id, "kind": str(kind), "value": s.value, "model_id": s.model, "confidence": s.confidence}
        for row, found in said
        for kind, s in found.items()
    ]
    if rows:
        await labels.add_guesses(rows)
        await labels.set_points({row.id: found[Kind.POINT].value for row, found in said if Kind.POINT in found})
    await work.commit()
    return len(free)


async def begin_night(work: Work, task: str, since: datetime) -> bool:
    """True for one worker a night."""
    mine = await Labels(work).begin_night(task, since)
    await work.commit()
    return mine
