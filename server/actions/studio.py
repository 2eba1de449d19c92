"""What a teacher records alone: an answer to a question that waits, a lesson without a question, an answer anew from a
moment on. The board, the microphone and the video are those of a live session."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation

from media.cuts import before
from server.actions.answer import (
    MOST_POINTS,
    answer_and_question,
    first_pages,
    review_wanted,
    tell_of_taking,
)
from server.actions.edition import LEAST_LEFT_MS, retaken
from server.actions.errors import BadRequest, BusyTeaching, Moved, NotHere, SessionOver
from server.actions.ports import Rules
from server.domain.board import Operation, check, packed
from server.domain.edition import in_order, until
from server.domain.people import Certification, Person, Subject, stage_of
from server.domain.question import AnswerId, MoveRefused
from server.store.work import Record, Work

PAGE = {"page": "p1", "paper": "blank", "aspect": 6000}
LINES = 500  # of a copied log, written at a time


async def take_waiting(work: Work, teacher: Person, question_id: UUID, now: datetime) -> UUID:
    """A waiting question is answered by a recording; its pupil gets the video. The session's id."""
    peeked = await work.peek(question_id)
    if peeked is None or Certification(peeked.subject, peeked.stage) not in await work.certifications(teacher.id):
        raise NotHere
    await _is_free(work, teacher)
    question = await work.waiting_question(question_id)
    if question is None:
        raise Moved
    try:
        question.take(teacher.id, now)
    except MoveRefused as error:
        raise Moved from error
    try:
        async with work.attempt():
            session = await work.open_session(question, teacher.id, now, "answer")
    except UniqueViolation as error:
        raise BusyTeaching from error
    await first_pages(work, session, question)
    work.tell_teacher(teacher.id)
    await tell_of_taking(work, question)
    await work.commit()
    return session


async def begin_lesson(
    work: Work, teacher: Person, title: str, subject: Subject, grade: int, knowledge_point: str, now: datetime
) -> UUID:
    """A lesson of a few minutes on one knowledge point."""
    session = await begun(work, teacher, title, subject, grade, knowledge_point, now)
    await work.commit()
    return session


async def begun(
    work: Work, teacher: Person, title: str, subject: Subject, grade: int, knowledge_point: str, now: datetime
) -> UUID:
    """The same, for a work that does more."""
    title, point = title.strip(), knowledge_point.strip()
    if not 1 <= len(title) <= 80 or not 1 <= len(point) <= 60 or not 1 <= grade <= 12:
        raise BadRequest
    if Certification(subject, stage_of(grade)) not in await work.certifications(teacher.id):
        raise NotHere
    session = await _open(work, teacher, "lesson", now)
    await work.add_lesson(session, title=title, subject=subject, grade=grade, knowledge_point=point)
    await work.append(session, Operation(0, "first-0", "teacher", "page", check("page", PAGE), 0))
    return session


async def retake(work: Work, teacher: Person, answer_id: UUID, at_ms: int, now: datetime) -> UUID:
    """The board as it stood at a moment of what can be watched now, to go on from there anew."""
    answer, _ = await answer_and_question(work, answer_id)
    if answer.teacher_id != teacher.id:
        raise NotHere
    if answer.state != "published" or answer.rendered_edition < answer.edition:
        raise Moved
    if not LEAST_LEFT_MS <= at_ms <= answer.duration_ms:
        raise BadRequest
    here = before(answer.start_ms + at_ms, answer.shown_cuts)
    base = answer.shown_taken_id or answer.session_id
    more = {"goes_on_from": base, "from_ms": here, "answer_id": answer_id}
    session = await _open(work, teacher, "retake", now, **more)
    log = [replace(op, body=packed(op.body)) for op in until(in_order(await work.log(base)), here)]
    for at in range(0, len(log), LINES):
        await work.append(session, *log[at : at + LINES])
    await work.commit()
    return session


async def has_question(work: Work, session_id: UUID) -> bool:
    session = await work.live_session(session_id)
    return session is None or session.question_id is not None


async def keep(
    work: Work,
    rules: Rules,
    teacher: Person,
    session_id: UUID,
    recordings: Sequence[UUID],
    now: datetime,
    knowledge_points: Sequence[str] = (),
) -> AnswerId:
    """A lesson or a retake is done; repeating it changes nothing."""
    if len(knowledge_points) > MOST_POINTS or any(not 1 <= len(p.strip()) <= 60 for p in knowledge_points):
        raise BadRequest
    session = await _own(work, teacher, session_id)
    if session.ended_why == "finished":
        done = await work.answer_of_session(session_id)
        return AnswerId(session.answer_id if done is None else done.id)
    if session.ended_at is not None:
        raise SessionOver
    own = {media.id for media in await work.recordings_of(session_id) if media.owner_id == teacher.id}
    if not own.issuperset(recordings):
        raise NotHere
    points = list(dict.fromkeys(point.strip() for point in knowledge_points))
    return await _become_answer(work, rules, session, points, now)


async def _become_answer(work: Work, rules: Rules, session: Record, points: Sequence[str], now: datetime) -> AnswerId:
    if session.kind == "retake":
        answer, question = await answer_and_question(work, session.answer_id)
        if answer.state != "published" or answer.rendered_edition < answer.edition:
            raise Moved  # taken down meanwhile, or edited in another tab
        await work.end_session(session.id, "finished", now)
        await work.breathe(session.teacher_id)
        await retaken(work, rules, answer, question, session.id, session.from_ms)
        return AnswerId(answer.id)
    about = await work.lesson(session.id)
    assert about is not None
    id = await work.write_answer(
        session_id=session.id,
        title=about.title,
        problem_text=about.title,
        teacher_id=session.teacher_id,
        subject=about.subject,
        grade=about.grade,
        knowledge_points=list(dict.fromkeys([about.knowledge_point, *points])),
        made_at=now,
        review=await review_wanted(work, rules, session.teacher_id),
    )
    await work.end_session(session.id, "finished", now)
    work.defer("render_answer", queue="render", lock=f"answer:{id}", answer_id=str(id))
    await work.breathe(session.teacher_id)
    work.tell_teacher(session.teacher_id)
    await work.commit()
    return id


async def drop(work: Work, teacher: Person, session_id: UUID, now: datetime) -> None:
    """A lesson or a retake comes to nothing; an answer that was to be taken anew stays as it is."""
    session = await _own(work, teacher, session_id)
    if session.ended_at is None:
        await _end(work, session, now)
        await work.commit()
    elif session.ended_why != "dropped":
        raise SessionOver


async def time_is_over(work: Work, rules: Rules, session_id: UUID, now: datetime) -> None:
    """What was recorded in the whole time becomes what it was meant to be; where nothing was, nothing comes of it."""
    session = await work.live_session(session_id, lock=True)
    if session is None or session.ended_at is not None or now < session.opened_at + rules.session_lasts:
        return
    fresh = [op for op in await work.log(session_id) if op.kind == "stroke" and op.at_ms > session.from_ms]
    if fresh or await work.recordings_of(session_id):
        try:
            await _become_answer(work, rules, session, (), now)
            return
        except Moved:
            pass
    await _end(work, session, now)
    await work.commit()


async def _end(work: Work, session: Record, now: datetime) -> None:
    await work.end_session(session.id, "dropped", now)
    work.tell_teacher(session.teacher_id)


async def _own(work: Work, teacher: Person, session_id: UUID) -> Record:
    session = await work.live_session(session_id, lock=True)
    if session is None or session.teacher_id != teacher.id or session.question_id is not None:
        raise NotHere
    return session


async def _is_free(work: Work, teacher: Person) -> None:
    await work.hold_teacher(teacher.id)
    if await work.busy(teacher.id) or await work.open_offer_to(teacher.id) is not None:
        raise BusyTeaching


async def _open(work: Work, teacher: Person, kind: str, now: datetime, **more: UUID | int) -> UUID:
    await _is_free(work, teacher)
    try:
        async with work.attempt():
            session = await work.open_alone(teacher.id, kind, now, **more)
    except UniqueViolation as error:
        raise BusyTeaching from error
    work.tell_teacher(teacher.id)
    return session
