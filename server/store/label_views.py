"""What research staff and reviewers see of labels: questions to say something of, what is held, models with their
cards. Nobody is named."""

from typing import Any

from server.domain.people import Stage, Subject
from server.live import protocol as wire
from server.store import labels
from server.store.lines import Record
from server.store.views import doubts_of
from server.store.work import Store

MOST = 30
FEWEST_TOLD = 5  # held-out questions of a class: of a smaller group nothing is told
LONGEST = 500


class _Word:
    """One word of a model as `doubts_of` reads it."""

    def __init__(self, kind: str, value: str, confidence: float) -> None:
        self.kind, self.value, self.confidence = kind, value, confidence


async def to_say(store: Store, subject: Subject, stage: Stage) -> wire.ToSayList:
    rows = await labels.to_say(store, str(subject), str(stage), MOST)
    return wire.ToSayList(questions=[_to_say(row) for row in rows])


def _to_say(row: Record) -> wire.ToSay:
    words = [
        _Word(kind, value, sure)
        for kind, value, sure, by in (
            ("subject", row.told_subject, row.subject_sure, row.subject_by),
            ("stage", row.told_stage, row.stage_sure, row.stage_by),
        )
        if by == "model"
    ]
    return wire.ToSay(
        question_id=row.id,
        subject=Subject(row.subject),
        grade=row.grade,
        text=row.text[:LONGEST],
        asked_at=row.received_at,
        doubts=doubts_of(row.subject, row.grade, words),
        point=row.knowledge_point,
        point_sure=row.point_sure,
        difficulty=row.difficulty,
        difficulty_by=row.difficulty_by,
    )


async def held(store: Store) -> wire.HeldQuestions:
    return wire.HeldQuestions(
        questions=[
            wire.HeldQuestion(
                question_id=row.id,
                subject=Subject(row.subject),
                grade=row.grade,
                text=row.text[:LONGEST],
                asked_at=row.received_at,
                told=row.value,
                confidence=round(row.confidence, 2),
            )
            for row in await labels.held(store, MOST)
        ]
    )


async def models(store: Store) -> wire.LabelModels:
    return wire.LabelModels(models=[_model(row) for row in await labels.models(store)])


def _model(row: Record) -> wire.LabelModel:
    card: dict[str, Any] = row.card
    held_out = card.get("held_out")
    return wire.LabelModel(
        number=row.id,
        kind=row.kind,
        scope=row.scope,
        made_at=row.made_at,
        serves=row.serves_id,
        why=card["why"],
        labels=card["labels"],
        problems=card["problems"],
        bar=card.get("bar"),
        held_out=_marks(held_out),
        before=_marks(card.get("before")),
        confusion=[
            wire.ClassMarks(label=label, count=sum(told.values()), told=told)
            for label, told in sorted((held_out or {}).get("confusion", {}).items())
            if sum(told.values()) >= FEWEST_TOLD
        ],
    )


def _marks(found: dict[str, Any] | None) -> wire.LabelMarks | None:
    if found is None:
        return None
    precision = found["precision"]
    return wire.LabelMarks(
        texts=found["texts"],
        accuracy=round(found["accuracy"], 4),
        said=round(found["said"], 4),
        precision=None if precision is None else round(precision, 4),
        at_90=round(found["at_90"], 4),
    )
