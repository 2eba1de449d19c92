"""Bringing waiting questions and ready teachers together, and being honest when nobody is there."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from server.actions.ports import Rules
from server.domain.dispatch import Ready, Waiting, may_take, promise, queue_order, rank
from server.domain.people import Certification, PersonId, Subject
from server.domain.question import Question, QuestionId, State
from server.store.work import DUTY_CHANNEL, Work

NEW_ROUND_AFTER = timedelta(seconds=30)  # when all on duty have refused, they are asked again after this


async def dispatch(
    work: Work,
    rules: Rules,
    now: datetime,
    subjects: Collection[Subject] | None = None,
    held: Sequence[Question] = (),
) -> None:
    """Offer what waits (of these subjects, or of all) to whom is free. `held` have just come to wait, and the database
    need not know of it yet."""
    await work.flush(but=held)
    come = {question.id: question for question in held}
    waiting = [each for each in await work.waiting(subjects) if each.id not in come]
    waiting += map(_waiting, held)
    if not waiting:
        return
    ready = await work.ready({Certification(question.subject, question.stage) for question in waiting})
    left = queue_order(waiting, now)
    while chosen := await _choose(work, left, ready, now, come):
        pairs = [(come[question.id], teacher) for question, teacher in chosen]
        offered = await work.offer_each(pairs, now, now + rules.offer_lasts)
        for question, teacher in pairs:
            if teacher in offered:
                question.offer_to(teacher, now)
                work.tell_student(question)
                work.tell_teacher(teacher)
        tried = {teacher for _, teacher in chosen}
        ready = [teacher for teacher in ready if teacher.id not in tried]  # whom others offer to at this moment, too
        left = [question for question, teacher in chosen if teacher not in offered]


async def _choose(
    work: Work, waiting: Sequence[Waiting], ready: Sequence[Ready], now: datetime, come: dict[QuestionId, Question]
) -> list[tuple[Waiting, PersonId]]:
    """For each question in its turn the best of the teachers who are left for it; without those for which there is
    none, and those that somebody else is busy with. A question for which there is one is locked, and in `come`."""
    chosen: list[tuple[Waiting, PersonId]] = []
    free = list(ready)
    for question in waiting:
        able = rank(question, free, now) or rank(_forgiving(question), free, now)
        if not able:
            continue
        locked = come.get(question.id) or await work.waiting_question(question.id)
        if locked is None:
            continue
        come[question.id] = locked
        if not may_take(question, able[0]):
            if now - locked.state_since < NEW_ROUND_AFTER:
                continue
            locked.refused_by = []
        chosen.append((question, able[0].id))
        free = [teacher for teacher in free if teacher.id != able[0].id]
    return chosen


def _waiting(question: Question) -> Waiting:
    return Waiting(
        question.id,
        question.subject,
        question.stage,
        question.received_at,
        question.followers,
        question.offers_made,
        question.knowledge_point,
        frozenset(PersonId(UUID(teacher)) for teacher in question.refused_by),
    )


def _forgiving(waiting: Waiting) -> Waiting:
    return Waiting(
        waiting.id, waiting.subject, waiting.stage, waiting.received_at, waiting.followers, waiting.offers_made
    )


async def promise_or_dispatch(work: Work, rules: Rules, questions: Sequence[Question], now: datetime) -> None:
    """These have just come to wait: offer them, or say when somebody will be there."""
    held = [question for question in questions if question.state is State.WAITING]
    if not held:
        return
    await dispatch(work, rules, now, {question.subject for question in held}, held)
    for question in held:
        if question.state is State.WAITING:
            await give_promise(work, question, now)


async def give_promise(work: Work, question: Question, now: datetime) -> None:
    """A time from the roster while nobody is on duty for it; the duty administrator hears of it when there is none."""
    if await work.on_duty(question.subject, question.stage):
        return
    roster = await work.roster(question.subject, question.stage, now)
    promised = promise(question.subject, question.stage, roster, now)
    if promised == now and question.promised_at is not None and question.promised_at <= now:
        return  # a shift has begun and nobody has come yet: that was said, and is not said again each second
    question.promised_at = promised
    if question.promised_at is None:
        work.tell(DUTY_CHANNEL, "alarm", question.id)
    work.tell_student(question)
