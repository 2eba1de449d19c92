"""A pupil's side of a question: ask, be matched, say whether it helped, withdraw, reopen."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from server.actions.dispatch import dispatch, promise_or_dispatch
from server.actions.errors import BadRequest, EmptyQuestion, FileUsed, KeyReused, Moved, NotHere, Refusal, TooLate
from server.actions.ports import Finder, Found, Rules, Sought
from server.actions.subsidy import answer_judged
from server.domain.people import Person, PersonId, Subject
from server.domain.question import (
    LEADS,
    MOVES,
    WITH_TEACHER,
    Actor,
    AnswerId,
    MoveRefused,
    PageProblem,
    Question,
    QuestionId,
    State,
    TooLateToReopen,
    Verdict,
)
from server.store.work import IdempotencyRecord, Work

log = logging.getLogger(__name__)

MAX_TEXT = 5_000
MAX_MEDIA = 9


@dataclass(frozen=True)
class Wanted:
    """What a pupil sends: at least a word or a file."""

    subject: Subject
    grade: int
    text: str = ""
    media: Sequence[UUID] = ()

    @property
    def words(self) -> str:
        return self.text.replace("\x00", "").strip()

    def fingerprint(self) -> bytes:
        parts = (self.subject, str(self.grade), self.text, *map(str, self.media))
        return sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True)
class Asked:
    question: Question
    is_new: bool


@dataclass(frozen=True)
class Asking:
    """Who asks what, under the key of the page's request."""

    student: PersonId
    wanted: Wanted
    key: str


async def ask(work: Work, asking: Asking, now: datetime) -> Asked:
    """Durable before it returns. The same key and content is the same question; with other content KeyReused."""
    wanted = asking.wanted
    if (fault := _fault(wanted)) is not None:
        raise fault
    question = _received(asking, now)
    [kept] = await work.remember_each([_record(asking, question)])
    if kept.fingerprint != wanted.fingerprint():
        raise KeyReused
    if kept.resource != question.id:
        return await _known(work, kept.resource)
    for media_id in wanted.media:
        media = await work.media(media_id, lock=True)
        if media is None or media.owner_id != asking.student or media.state != "ready" or media.kind == "recording":
            raise NotHere
        if await work.is_used(media_id):
            raise FileUsed
    work.add_question(question)
    await work.flush()
    await work.attach(question.id, wanted.media)
    if wanted.media:
        work.defer("read_question", queue="read", question_id=str(question.id))
    work.tell_student(question)
    await work.commit()
    return Asked(question, is_new=True)


async def ask_texts(work: Work, asks: Sequence[Asking], now: datetime) -> list[Asked | Refusal]:
    """Questions without files that came in one moment, as `ask` would take each, in their order and in one transaction,
    which costs far less. No two of them are one pupil's under one key."""
    given: list[Asked | Refusal] = []
    faults = [_fault(each.wanted) for each in asks]
    came = [_received(each, now + at * _A_TICK) for at, each in enumerate(asks)]
    sound = [at for at, fault in enumerate(faults) if fault is None]
    records = await work.remember_each([_record(asks[at], came[at]) for at in sound])
    kept = dict(zip(sound, records, strict=True))
    for at, (each, question, fault) in enumerate(zip(asks, came, faults, strict=True)):
        if fault is not None:
            given.append(fault)
        elif kept[at].fingerprint != each.wanted.fingerprint():
            given.append(KeyReused())
        elif kept[at].resource != question.id:
            given.append(await _known(work, kept[at].resource))
        else:
            work.add_question(question)
            work.tell_asked(question)
            given.append(Asked(question, is_new=True))
    await work.commit()
    return given


_A_TICK = timedelta(microseconds=1)  # between two of one moment: the order in which they came is their place


def _fault(wanted: Wanted) -> Refusal | None:
    if not wanted.words and not wanted.media:
        return EmptyQuestion()
    if len(wanted.words) > MAX_TEXT or len(wanted.media) > MAX_MEDIA or not 1 <= wanted.grade <= 12:
        return BadRequest()
    if len(set(wanted.media)) < len(wanted.media):
        return BadRequest("a file is named twice")
    return None


def _received(asking: Asking, now: datetime) -> Question:
    wanted = asking.wanted
    return Question(
        id=QuestionId(uuid4()),
        student_id=asking.student,
        subject=wanted.subject,
        grade=wanted.grade,
        text=wanted.words,
        received_at=now,
        state_since=now,
    )


def _record(asking: Asking, question: Question) -> IdempotencyRecord:
    return IdempotencyRecord(asking.student, asking.key, asking.wanted.fingerprint(), question.id)


async def _known(work: Work, id: UUID) -> Asked:
    known = await work.peek(id)
    assert known is not None
    return Asked(known, is_new=False)


async def begin_reading(work: Work, id: UUID, now: datetime) -> Question | None:
    """A worker takes the question up; None when it has moved on meanwhile."""
    question = await work.question(id)
    if question is None or question.state not in _UNSETTLED:
        return None
    if question.state is State.RECEIVED:
        question.move(State.READING, Actor.SYSTEM, now)
        work.tell_student(question)
        await work.commit()
    return question


async def settle(
    work: Work, finder: Finder, rules: Rules, id: UUID, read_text: str | None, now: datetime, figure: str | None = None
) -> None:
    """What was read decides the way: the answered video, the crowd that asks the same, or the queue.

    `read_text` is None when nothing had to be read, or was read before; `figure` is the hash of the figure beside it.
    A matcher that fails sends the question to a teacher.
    """
    question = await _read(work, id, read_text, figure)
    if question is None:
        return
    try:
        matched = await _find(work, finder, [question])
    except Exception:
        log.exception("matching failed; the question goes to a teacher", extra={"question": str(id)})
        await work.rollback()
        question = await _read(work, id, read_text, figure)
        if question is None:
            return
        matched = [(question, None)]
    await _send_on(work, finder, rules, matched, now)


async def settle_texts(work: Work, finder: Finder, rules: Rules, ids: Sequence[UUID], now: datetime) -> None:
    """Texts of one moment as `settle` would settle each, oldest first, in one transaction, which costs far less. What
    fails with one of them is raised, and none is settled."""
    pending = [question for question in await work.questions(ids) if question.state in _UNSETTLED]
    pending.sort(key=lambda question: question.received_at)
    await _send_on(work, finder, rules, await _find(work, finder, pending), now)


_UNSETTLED = frozenset({State.RECEIVED, State.READING})
_TO_TEACHERS = frozenset({Verdict.NEW, Verdict.SIMILAR})


async def hold_for_choice(work: Work, id: UUID, problems: Sequence[PageProblem], now: datetime) -> None:
    """A photo shows several problems: the question waits, as long as reading may take, for its pupil to tap one."""
    question = await work.question(id)
    if question is None or question.state not in _UNSETTLED or question.chosen is not None:
        return
    if question.state is State.RECEIVED:
        question.move(State.READING, Actor.SYSTEM, now)
    question.read_text = "\n".join(problem.text for problem in problems).replace("\x00", "")[:MAX_TEXT]
    await work.keep_problems(question.id, problems)
    work.tell_student(question)
    await work.commit()


async def hold_for_hearing(work: Work, id: UUID) -> None:
    """Nothing could be read of a question in which its pupil speaks: it waits, as long as reading may take, to be
    heard, in a queue of its own, so that no photo waits for a voice."""
    question = await work.question(id)
    if question is None or question.state is not State.READING:
        return
    work.defer("hear_question", queue="hear", question_id=str(id))
    await work.commit()


async def _read(work: Work, id: UUID, read_text: str | None, figure: str | None) -> Question | None:
    """The question with what was read, locked; None when somebody else has settled it. What its pupil said of it stays,
    however late a reading comes."""
    question = await work.question(id)
    if question is None or question.state not in _UNSETTLED:
        return None
    if read_text is not None and question.corrected_at is None:
        question.read_text, question.figure = read_text.replace("\x00", "")[:MAX_TEXT], figure
    return question


async def _send_on(
    work: Work, finder: Finder, rules: Rules, matched: Sequence[tuple[Question, Found | None]], now: datetime
) -> None:
    """Each goes the way that what was found says; those who are to wait are offered together."""
    queued = []
    for question, found in matched:
        if question.state is State.RECEIVED:
            question.move(State.READING, Actor.SYSTEM, now)
        question.move(State.MATCHED, Actor.SYSTEM, now)
        question.verdict = found.verdict if found else Verdict.NEW
        if found is not None and found.verdict not in _TO_TEACHERS:
            if await _answer_or_follow(work, finder, rules, question, found, now):
                continue
            question.verdict = Verdict.NEW  # what was found is gone by now
            await _make_findable(work, finder, question)
        await _queue(work, question, found, now)
        queued.append(question)
    await promise_or_dispatch(work, rules, queued, now)
    for question, _ in matched:
        work.tell_student(question)
    await work.commit()


async def _answer_or_follow(
    work: Work, finder: Finder, rules: Rules, question: Question, found: Found, now: datetime
) -> bool:
    match found.verdict:
        case Verdict.SAME:
            return await _suggest(work, question, found, now)
        case Verdict.OPEN:
            return await _follow(work, finder, rules, question, found, now)
        case _:
            return False


async def _find(work: Work, finder: Finder, questions: Sequence[Question]) -> list[tuple[Question, Found | None]]:
    """What is known of each; who goes to a teacher is findable from now on. Nothing was written before: what fails here
    is rolled back whole, and needs no savepoint."""
    matched: list[tuple[Question, Found | None]] = []
    asked = {question.id: question for question in questions if question.problem_text}
    for group in await finder.expect(work, [_sought(question) for question in asked.values()]):
        found = await finder.find(work, group)
        to_teachers = [each for each, what in zip(group, found, strict=True) if what.verdict in _TO_TEACHERS]
        if to_teachers:
            await finder.learn(work, "open", to_teachers)
        for each, what in zip(group, found, strict=True):
            question = asked[QuestionId(each.id)]
            question.confidence = what.confidence if what.entry is not None else None
            matched.append((question, what))
    return matched + [(question, Found(Verdict.NEW)) for question in questions if question.id not in asked]


def _sought(question: Question) -> Sought:
    return Sought(
        question.id, question.problem_text, question.subject, question.stage, question.from_photo, question.figure
    )


async def _suggest(work: Work, question: Question, found: Found, now: datetime) -> bool:
    assert found.entry is not None
    answer = await work.answer(found.entry)
    if answer is None or answer.state != "published":
        return False
    question.suggest(AnswerId(found.entry), now)
    await work.add_suggestion(question.id, found.entry, found.verdict, found.confidence, found.reasons)
    return True


async def _follow(work: Work, finder: Finder, rules: Rules, question: Question, found: Found, now: datetime) -> bool:
    assert found.entry is not None
    await work.flush(but=[question])  # the other may have come to wait in this very work
    leader = await work.question(found.entry)
    if leader is None or leader.id == question.id or leader.state not in LEADS:
        return False
    if leader.state is State.WAITING and question.received_at < leader.received_at:
        await _take_the_lead(work, finder, rules, question, leader, now)
        return True
    question.follow(leader, now)
    work.tell_student(leader)
    if leader.teacher_id is not None:
        work.tell_teacher(leader.teacher_id)
    return True


async def _take_the_lead(
    work: Work, finder: Finder, rules: Rules, question: Question, younger: Question, now: datetime
) -> None:
    """Nobody's place gets worse by joining: the crowd has that of the oldest."""
    crowd = await work.followers_of(younger.id)
    question.take_the_lead(younger, now)
    for follower in crowd:
        follower.leader_id = question.id
        work.tell_student(follower)
    work.tell_student(younger)
    await finder.forget(work, younger.id)
    await _make_findable(work, finder, question)
    await promise_or_dispatch(work, rules, [question], now)


async def _queue(work: Work, question: Question, found: Found | None, now: datetime) -> None:
    for example in found.examples if found else ():
        await work.add_suggestion(question.id, example.answer, Verdict.SIMILAR, example.confidence, example.reasons)
    question.move(State.WAITING, Actor.SYSTEM, now)


async def _make_findable(work: Work, finder: Finder, question: Question) -> None:
    if not question.problem_text:
        return
    try:
        async with work.attempt():
            await finder.learn(work, "open", [_sought(question)])
    except Exception:
        log.exception("an open question could not be indexed", extra={"question": str(question.id)})


async def give_up_reading(work: Work, rules: Rules, id: UUID, now: datetime) -> None:
    """The pipeline's time is over: the question goes on to a teacher as it is."""
    question = await work.question(id)
    if question is None or question.state not in _UNSETTLED:
        return
    question.move(State.WAITING, Actor.SYSTEM, now)
    question.verdict = Verdict.NEW
    work.tell_student(question)
    await promise_or_dispatch(work, rules, [question], now)
    await work.commit()


async def solved(work: Work, student: Person, id: UUID, now: datetime) -> None:
    """ "Solved": of a suggested video or of one's own answer."""
    question = await _own(work, student, id)
    _try_move(question, State.RESOLVED, now)
    question.answered_at = question.answered_at or now
    await work.judge_suggestion(question.id, question.answer_id, "solved")
    await answer_judged(work, question, solved=True, now=now)
    work.tell_student(question)
    await work.commit()


async def back_to_queue(work: Work, rules: Rules, student: Person, id: UUID, outcome: str, now: datetime) -> None:
    """ "Not my question" or "still stuck": back to the queue at the old place, which `received_at` keeps."""
    question, leader = await _own_and_leader(work, student, id)
    if question.state not in {State.SUGGESTED, State.FOLLOWING, State.ANSWERED, State.RESOLVED}:
        raise Moved
    if question.state is State.FOLLOWING and question.leader_id is not None:
        await work.add_label(id, question.leader_id, "pupil", False, question.confidence, student.id)
    leave_crowd(work, question, leader)
    await work.judge_suggestion(question.id, question.answer_id, outcome)
    await answer_judged(work, question, solved=False, now=now)
    try:
        question.back_to_queue(Actor.STUDENT, now)
    except TooLateToReopen as error:
        raise TooLate from error
    except MoveRefused as error:
        raise Moved from error
    work.tell_student(question)
    await promise_or_dispatch(work, rules, [question], now)
    await work.commit()


async def correct(
    work: Work, finder: Finder, rules: Rules, student: Person, id: UUID, text: str, now: datetime
) -> bool:
    """The pupil puts right what was read. True when it is now to be settled again; a teacher who has the question sees
    the correction at once."""
    text = text.replace("\x00", "").strip()
    if not text:
        raise EmptyQuestion
    if len(text) > MAX_TEXT:
        raise BadRequest
    question, leader = await _own_and_leader(work, student, id)
    if question.corrected_text == text:
        return False
    question.corrected_text = text
    return await _read_anew(work, finder, rules, question, leader, now)


async def choose(
    work: Work, finder: Finder, rules: Rules, student: Person, id: UUID, number: int, now: datetime
) -> bool:
    """The pupil taps the problem that is meant, of those on the photo. True when it is now to be settled again."""
    question, leader = await _own_and_leader(work, student, id)
    problem = await work.page_problem(id, number)
    if problem is None:
        raise NotHere
    if question.chosen == number and not question.corrected_text:
        return False
    first = question.chosen is None
    question.chosen, question.read_text, question.figure = number, problem.text, problem.figure
    question.corrected_text = ""
    if first and question.state is State.READING:  # it was held for this word
        question.corrected_at = now
        work.tell_student(question)
        await work.commit()
        return True
    return await _read_anew(work, finder, rules, question, leader, now)


async def _read_anew(
    work: Work, finder: Finder, rules: Rules, question: Question, leader: Question | None, now: datetime
) -> bool:
    work.tell_student(question)
    if question.state in WITH_TEACHER:
        assert question.teacher_id is not None
        question.corrected_at = now
        work.tell_teacher(question.teacher_id)
        session = await work.open_session_of(question.id)
        if session is not None:
            work.tell_session(session.id)
        await work.commit()
        return False
    leave_crowd(work, question, leader)
    try:
        question.read_anew(now)
    except MoveRefused as error:
        raise Moved from error
    question.corrected_at = now
    await work.judge_suggestions(question.id, "set_aside")
    await finder.forget(work, question.id)
    await promote_follower(work, finder, rules, question, now)
    await work.commit()
    return True


async def withdraw(work: Work, finder: Finder, rules: Rules, student: Person, id: UUID, now: datetime) -> None:
    """The pupil needs it no longer. Its followers keep their place: the oldest of them leads from now on."""
    question, leader = await _own_and_leader(work, student, id)
    await _leave(work, finder, rules, question, leader, Actor.STUDENT, now)
    await work.commit()


async def turn_away(work: Work, finder: Finder, rules: Rules, id: UUID, now: datetime) -> None:
    """A reviewer says that it is no question, or not fit to be one: it leaves the queue, in the caller's transaction.
    What a teacher is at, or has answered, stays."""
    question, leader = await _with_leader(work, id)
    if question is not None and Actor.REVIEWER in MOVES.get((question.state, State.WITHDRAWN), frozenset()):
        await _leave(work, finder, rules, question, leader, Actor.REVIEWER, now)


async def _leave(
    work: Work, finder: Finder, rules: Rules, question: Question, leader: Question | None, by: Actor, now: datetime
) -> None:
    id = question.id
    leave_crowd(work, question, leader)
    teacher = question.teacher_id if question.state in {State.OFFERED, State.ANSWERING} else None
    _try_move(question, State.WITHDRAWN, now, by)
    if teacher is not None:
        offer = await work.open_offer_of(id)
        if offer is not None:
            await work.close_offer(offer.id, "withdrawn", now)
        session = await work.open_session_of(id)
        if session is not None:
            await work.end_session(session.id, "withdrawn", now)
        work.tell_teacher(teacher)
    await finder.forget(work, id)
    await promote_follower(work, finder, rules, question, now)
    work.tell_student(question)
    await work.flush()
    if teacher is not None:
        await dispatch(work, rules, now)


async def promote_follower(work: Work, finder: Finder, rules: Rules, leader: Question, now: datetime) -> None:
    """The crowd of a leader that is gone: its oldest follower waits for a teacher, the others follow that one."""
    crowd = await work.followers_of(leader.id)
    if not crowd:
        return
    first, *others = crowd
    first.lead_instead_of(leader, now)
    first.followers = len(others)
    await work.flush()
    for follower in others:
        follower.leader_id = first.id
        work.tell_student(follower)
    work.tell_student(first)
    await _make_findable(work, finder, first)
    await promise_or_dispatch(work, rules, [first], now)


async def _own_and_leader(work: Work, student: Person, id: UUID) -> tuple[Question, Question | None]:
    question, leader = await _with_leader(work, id)
    if question is None or question.student_id != student.id:
        raise NotHere
    return question, leader


async def _with_leader(work: Work, id: UUID) -> tuple[Question | None, Question | None]:
    """The question and the one that it follows, both locked, the leader first as everywhere."""
    peeked = await work.peek(id)
    leader = await work.question(peeked.leader_id) if peeked and peeked.leader_id else None
    return await work.question(id), leader


def leave_crowd(work: Work, question: Question, leader: Question | None) -> None:
    """The crowd gets smaller by this one, if it still follows."""
    if leader is not None and question.leader_id == leader.id:
        leader.followers = max(0, leader.followers - 1)
        work.tell_student(leader)
        if leader.teacher_id is not None:
            work.tell_teacher(leader.teacher_id)


async def _own(work: Work, student: Person, id: UUID) -> Question:
    question = await work.question(id)
    if question is None or question.student_id != student.id:
        raise NotHere
    return question


def _try_move(question: Question, to: State, now: datetime, by: Actor = Actor.STUDENT) -> None:
    try:
        question.move(to, by, now)
    except MoveRefused as error:
        raise Moved from error
