"""What people say of matches, and what the matcher learns from it: labels, calibrations, the alarm when it errs."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from matcher.calibrate import (
    LATEST,
    Calibration,
    Judged,
    Label,
    Learned,
    has_dropped,
    report,
    tightened,
)
from server.actions.ask import leave_crowd
from server.actions.dispatch import promise_or_dispatch
from server.actions.errors import Moved, NotHere
from server.actions.ports import Finder, Rules
from server.domain.people import Certification, Person
from server.domain.question import Actor, AnswerId, State, Verdict
from server.store.work import DUTY_CHANNEL, Record, Work

log = logging.getLogger(__name__)


async def judge(
    work: Work, finder: Finder, rules: Rules, teacher: Person, id: UUID, known: UUID, same: bool, now: datetime
) -> None:
    """A teacher looked at both problems. The word is a label, and it helps at once: who was sent the wrong video, or
    put into the wrong crowd, goes back to the old place; who waits for what was answered gets the video."""
    peeked = await work.peek(id)
    leader = await work.question(peeked.leader_id) if peeked and peeked.leader_id else None
    question = await work.question(id)
    pair = await work.pair(id, known)
    if question is None or pair is None:
        raise NotHere
    if Certification(question.subject, question.stage) not in await work.certifications(teacher.id):
        raise NotHere
    await work.add_label(id, known, "teacher", same, pair.confidence, teacher.id)
    if not same and question.state is State.FOLLOWING and question.leader_id == known:
        leave_crowd(work, question, leader)
        question.move(State.WAITING, Actor.TEACHER, now)
        await promise_or_dispatch(work, rules, [question], now)
    elif not same and question.state is State.SUGGESTED and question.answer_id == known:
        question.back_to_queue(Actor.TEACHER, now)
        await promise_or_dispatch(work, rules, [question], now)
    elif same and question.state is State.WAITING and pair.is_published:
        reasons = pair.reasons or []
        for each in [question, *await work.followers_of(id)]:
            each.suggest(AnswerId(known), now, Actor.TEACHER)
            await work.add_suggestion(each.id, known, Verdict.SAME, pair.confidence or 1.0, reasons)
            work.tell_student(each)
        question.followers = 0
        await finder.forget(work, id)
    work.tell_student(question)
    await work.flush()
    await work.commit()


async def propose(work: Work, learned: Learned) -> int:
    """What was learned from all labels, kept under a number but not in force."""
    proposed = asdict(learned.calibration)
    if learned.trees is not None:
        proposed["verifier"] = await work.add_verifier(learned.trees)
    id = await work.add_calibration("operator", proposed, learned.report)
    await work.commit()
    return id


async def adopt(work: Work, id: int) -> None:
    """In force from now on, everywhere. Raises NotHere for one that was never made, Moved for one already adopted."""
    adopted = await work.adopt_calibration(id)
    if adopted is None:
        raise NotHere
    if not adopted:
        raise Moved
    await work.commit()


async def watch_precision(work: Work, present: Calibration) -> list[str]:
    """Tightens the bar of each subject whose latest pushes were wrong too often, and rings. Labels that were looked at
    when a bar was tightened last do not count again."""
    rows = await work.labels(since_tightened=True)
    alarmed: list[str] = []
    calibration = present
    for subject in sorted({row.subject for row in rows}):
        latest = [_label(row) for row in rows if row.subject == subject and row.pushed][-LATEST:]
        if has_dropped(latest):
            calibration = tightened(latest, calibration, subject)
            alarmed.append(subject)
    if alarmed:
        labels = [_label(row) for row in rows]
        told = {"alarmed": alarmed, "subjects": report(labels, present, labels, calibration)}
        id = await work.add_calibration("alarm", asdict(calibration), told)
        await work.adopt_calibration(id)
        for subject in alarmed:
            worst = next(row for row in reversed(rows) if row.subject == subject and not row.same)
            body = {"subject": subject, "bar": calibration.bar(subject)}
            work.tell(DUTY_CHANNEL, "precision", worst.question_id, body)
            log.error("matches of a subject were wrong too often; its bar was raised", extra={"subject": subject})
        await work.commit()
    return alarmed


async def judged(work: Work) -> list[Judged]:
    """Every judged pair with its texts, oldest first."""
    return [
        Judged(
            subject=row.subject,
            asked=row.asked or "",
            known=row.known or "",
            known_id=str(row.known_id),
            from_photo=bool(row.from_photo),
            same=row.same,
            pushed=row.pushed,
            confidence=_label(row).confidence,
        )
        for row in await work.labels()
    ]


async def said(work: Work) -> list[Label]:
    """Every judged pair, oldest first."""
    return [_label(row) for row in await work.labels()]


def by_subject(labels: Sequence[Label]) -> dict[str, list[Label]]:
    subjects = sorted({label.subject for label in labels})
    return {subject: [label for label in labels if label.subject == subject] for subject in subjects}


def _label(row: Record) -> Label:
    """What was told had gone through the calibration of its time: labels speak of the verifier's own word."""
    confidence = Calibration(row.slope, row.shift).confidence(row.confidence)
    return Label(row.subject, confidence, row.same, row.pushed)
