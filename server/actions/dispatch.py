"""Bringing waiting questions and ready teachers together, and being honest when nobody is there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from server.actions.ports import Rules
from server.domain.dispatch import Ready, Waiting, may_take, promise, queue_order, rank
from server.domain.people import Certification, PersonId, Subject
from server.domain.question import Question, State
from server.store.work import DUTY_CHANNEL, Work

TRIED_AT_ONCE = 16  # teachers, best first: that all of them are taken at this moment is seldom
NEW_ROUND_AFTER = timedelta(seconds=30)  # when all on duty have refused, they are asked again after this


async def dispatch(
    work: Work, rules: Rules, now: datetime, subject: Subject | None = None, held: Sequence[Question] = ()
) -> int:
    """Offer what waits (of one subject, or of all) to whom is free; the number of offers made. `held` have just come to
    wait, and the database need not know of it yet."""
    await work.flush(but=held)
    come = {question.id: question for question in held}
    waiting = [each for each in await work.waiting(subject) if each.id not in come]
    waiting += map(_waiting, held)
    if not waiting:
        return 0
    ready = await work.ready({Certification(question.subject, question.stage) for question in waiting})
    made = 0
    for question in queue_order(waiting, now):
        if not ready:
            break
        taken = await _offer(work, rules, question, ready, now, come.get(question.id))
        if taken is not None:
            ready = [teacher for teacher in ready if teacher.id != taken.id]
            made += 1
    return made


async def _offer(
    work: Work, rules: Rules, waiting: Waiting, ready: list[Ready], now: datetime, held: Question | None
) -> Ready | None:
    able = rank(waiting, ready, now) or rank(_forgiving(waiting), ready, now)
    if not able:
        return None
    question = held or await work.waiting_question(waiting.id)
    if question is None:
        return None
    if not any(may_take(waiting, teacher) for teacher in able):
        if now - question.state_since < NEW_ROUND_AFTER:
            return None
        question.refused_by = []
    left = able
    while left:
        tried, rest = left[:TRIED_AT_ONCE], left[TRIED_AT_ONCE:]
        expires_at = now + rules.offer_lasts
        chosen, is_offered = await work.offer_to_first(question, [teacher.id for teacher in tried], now, expires_at)
        if chosen is None:
            left = rest
        elif is_offered:
            question.offer_to(chosen, now)
            work.tell_student(question)
            work.tell_teacher(chosen)
            return next(teacher for teacher in tried if teacher.id == chosen)
        else:  # taken between the statement's beginning and its lock
            left = [teacher for teacher in left if teacher.id != chosen]
    return None


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
    for subject, group in groupby(sorted(questions, key=_subject), key=_subject):
        held = [question for question in group if question.state is State.WAITING]
        if held and await dispatch(work, rules, now, subject, held) == 0:
            for question in held:
                await give_promise(work, question, now)


def _subject(question: Question) -> Subject:
    return question.subject


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
