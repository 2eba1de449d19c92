"""A teacher's side: duty, offers, the shared board, and the answer that comes of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from server.actions import label
from server.actions.ask import promote_follower
from server.actions.dispatch import dispatch
from server.actions.errors import (
    BadRequest,
    BusyTeaching,
    Fenced,
    NotHere,
    OfferGone,
    OffShift,
    PenLocked,
    SessionOver,
)
from server.actions.ports import Finder, Rules, Sought
from server.actions.subsidy import answer_rated, session_held
from server.domain.board import MARKS, MAX_OPERATIONS, Board, BoardError, Operation, check, packed
from server.domain.label import Difficulty
from server.domain.people import Person, PersonId, Stage, Subject
from server.domain.question import Actor, AnswerId, MoveRefused, Question, StaleAssignment, State, Verdict
from server.domain.session import BETWEEN_THE_TWO, BREATHS_S, Clock, Due
from server.store.work import Record, Work, gallery_channel, person_channel, session_channel

LAPSES_ALLOWED = 2  # offers in a row that a teacher may let pass before the page asks whether she is still there
BOARD_STAYS = frozenset({"handed_back", "teacher_gone", "silent"})  # for the colleague who goes on
MOST_POINTS = 5  # knowledge points of an answer
PUPILS_ONLY = frozenset({"lost"})
TEACHERS_ONLY = frozenset({"page", "frame", "turn", "order", "lock"})
DRAWING = MARKS | {"erase"}  # what a pupil whose pen is locked may not do
SNAPSHOT_EVERY = 500  # operations of a board: a page that joins late reads fewer than twice as many


async def go_on_duty(work: Work, rules: Rules, teacher: Person, wish: str, now: datetime) -> None:
    """Ready, away or off. Ready needs a shift on the roster; going off needs no open session."""
    if wish == "ready":
        shift = await work.next_shift(teacher.id, now)
        if shift is None or shift[0] > now:
            raise OffShift
    elif wish == "off" and await work.busy(teacher.id):
        raise BusyTeaching
    await work.wish(teacher.id, wish, now, now + rules.lease)
    if wish != "ready":
        await _give_back_offer(work, teacher.id, now)
    work.tell_teacher(teacher.id)
    await dispatch(work, rules, now)
    await work.commit()


async def accept(work: Work, teacher: Person, offer_id: UUID, now: datetime) -> UUID:
    """The offer becomes a live session; its first pages are the pupil's photos. Returns the session's id."""
    offer = await work.offer(offer_id)
    if offer is None or offer.teacher_id != teacher.id:
        raise NotHere
    question = await work.question(offer.question_id)
    assert question is not None
    offer = await work.offer(offer_id)
    assert offer is not None
    if offer.state == "accepted":
        session = await work.open_session_of(question.id)
        if session is not None and session.teacher_id == teacher.id:
            return UUID(str(session.id))
    if offer.state != "open" or offer.expires_at <= now:
        raise OfferGone
    try:
        question.accept(teacher.id, now)
    except (StaleAssignment, MoveRefused) as error:
        raise OfferGone from error
    await work.close_offer(offer_id, "accepted", now)
    await work.forgive_lapses(teacher.id)
    session_id = await work.open_session(question, teacher.id, now)
    await first_pages(work, session_id, question)
    work.tell_teacher(teacher.id)
    await tell_of_taking(work, question)
    await work.commit()
    return session_id


async def tell_of_taking(work: Work, question: Question) -> None:
    """A teacher has it: its pupil, its crowd and those who wait behind it hear so."""
    work.tell_student(question)
    for row in await work.behind(question):
        work.tell(person_channel(row.student_id), "question", row.id)
    await _tell_crowd(work, question)


async def first_pages(work: Work, session_id: UUID, question: Question) -> None:
    """The board that another teacher left, if there is one: nothing has to be drawn again. Else the pupil's photos."""
    before = await work.session_before(question.id)
    lost = before is not None and before.ended_why in BOARD_STAYS
    left = [op for op in await work.log(before.id) if op.kind != "lost"] if before and lost else []
    if any(op.author == "teacher" for op in left):
        await work.append(session_id, *(replace(op, at_ms=0) for op in left))
        return
    photos = [media for media in await work.media_of_question(question.id) if media.kind == "photo"]
    pages: list[tuple[str, dict[str, Any]]] = [
        (
            "page",
            {
                "page": f"p{i}",
                "paper": "photo",
                "aspect": _aspect(photo.width, photo.height),
                "media": str(photo.id),
            },
        )
        for i, photo in enumerate(photos, 1)
    ]
    if not pages:
        pages = [("page", {"page": "p1", "paper": "blank", "aspect": 6000})]
        if question.text:
            lines = question.text[:480]
            pages.append(
                (
                    "text",
                    {"id": "asked", "page": "p1", "x": 400, "y": 300, "text": lines, "color": "#1f2937", "size": 320},
                )
            )
    for i, (kind, body) in enumerate(pages):
        await work.append(session_id, Operation(0, f"first-{i}", "student", kind, check(kind, body), 0))


def _aspect(width: int | None, height: int | None) -> int:
    return min(50_000, max(1_000, round(10_000 * (height or 3) / (width or 4))))


async def decline(work: Work, rules: Rules, teacher: Person, offer_id: UUID, now: datetime) -> None:
    offer = await work.offer(offer_id)
    if offer is None or offer.teacher_id != teacher.id:
        raise NotHere
    question = await work.question(offer.question_id)
    assert question is not None
    offer = await work.offer(offer_id)
    assert offer is not None
    if offer.state != "open":
        return
    await work.forgive_lapses(teacher.id)
    await _take_back_offer(work, question, offer, "declined", Actor.TEACHER, now)
    await dispatch(work, rules, now)
    await work.commit()


async def lapse(work: Work, rules: Rules, offer_id: UUID, question_id: UUID, now: datetime) -> None:
    """An offer's time is over: on to the next teacher. Who lets two pass in a row is taken to be away."""
    question = await work.question(question_id)
    offer = await work.offer(offer_id)
    if question is None or offer is None or offer.state != "open" or offer.expires_at > now:
        return
    await _take_back_offer(work, question, offer, "lapsed", Actor.SYSTEM, now)
    if await work.count_lapse(offer.teacher_id) >= LAPSES_ALLOWED:
        await work.wish(offer.teacher_id, "away", now, now + rules.lease)
    await dispatch(work, rules, now)
    await work.commit()


async def _give_back_offer(work: Work, teacher: PersonId, now: datetime) -> None:
    open_offer = await work.open_offer_to(teacher)
    if open_offer is None:
        return
    question = await work.question(open_offer.question_id)
    offer = await work.offer(open_offer.id)
    if question is not None and offer is not None and offer.state == "open":
        await _take_back_offer(work, question, offer, "declined", Actor.TEACHER, now)


async def _take_back_offer(
    work: Work, question: Question, offer: Record, state: str, actor: Actor, now: datetime
) -> None:
    question.take_back(actor, now)
    await work.close_offer(offer.id, state, now)
    work.tell_student(question)
    work.tell_teacher(offer.teacher_id)


async def draw(
    work: Work, person: Person, session_id: UUID, epoch: int, op_id: str, kind: str, op: Mapping[str, Any]
) -> int:
    """One operation on the shared board, durable when this returns its number; a repeated id gives the same."""
    session = await work.live_session(session_id, lock=True)
    author = _author(session, person)
    assert session is not None
    known = await work.operation_seq(session_id, op_id)
    if known is not None:
        return known
    if session.ended_at is not None or session.next_seq > MAX_OPERATIONS:
        raise SessionOver
    if author == "teacher" and session.assignment_epoch != epoch:
        raise Fenced
    if not 1 <= len(op_id) <= 64 or kind in (TEACHERS_ONLY if author == "student" else PUPILS_ONLY):
        raise BadRequest
    if session.pen_locked and author == "student" and kind in DRAWING:
        raise PenLocked
    try:
        body = packed(check(kind, op))
    except BoardError as error:
        raise BadRequest(str(error)) from error
    if body.get("paper") == "photo" and not await _photo_of(work, session, body["media"]):
        raise BadRequest("that photo is not of this question")
    at_ms = session.from_ms + _at_ms(session.opened_at, await work.now())
    line = Operation(0, op_id, author, kind, body, at_ms)
    seq = await work.append(session_id, line)
    work.tell(session_channel(session_id), "board", session_id, {**asdict(line), "seq": seq})
    if kind not in BETWEEN_THE_TWO and await work.is_followed(session.question_id):
        work.tell(gallery_channel(session_id), "board", session_id, {**asdict(line), "seq": seq})
    if kind == "lock":
        await work.lock_pen(session_id, body["locked"])
        work.tell_session(session_id)  # sockets ask again who may draw
    if seq % SNAPSHOT_EVERY == 0:
        work.defer("snapshot_board", queue="read", lock=f"board:{session_id}", session_id=str(session_id))
    await work.commit()
    return seq


async def snapshot_board(work: Work, session_id: UUID) -> None:
    """What the board amounts to so far is kept beside its log, so that who joins late need not read it all."""
    kept = await work.board_snapshot(session_id)
    board = Board() if kept is None else Board.restored(json.loads(kept))
    for op in await work.log(session_id, after=board.seq):
        board.apply(op)
    await work.keep_snapshot(session_id, board.seq, json.dumps(board.snapshot(), ensure_ascii=False))
    await work.commit()


def _at_ms(opened_at: datetime, now: datetime) -> int:
    """When it entered the log, counted from the opening of the session; a stroke enters it at pen-up."""
    return max(0, round((now - opened_at).total_seconds() * 1000))


async def _photo_of(work: Work, session: Record, media_id: str) -> bool:
    if session.question_id is None:
        return False
    return any(str(media.id) == media_id for media in await work.media_of_question(session.question_id))


def _author(session: Record | None, person: Person) -> str:
    """Which side of the session this person is; a stranger is told that there is none."""
    if session is not None and session.teacher_id == person.id:
        return "teacher"
    if session is not None and session.student_id == person.id and session.kind == "live":
        return "student"
    raise NotHere


async def hand_back(work: Work, rules: Rules, teacher: Person, session_id: UUID, epoch: int, now: datetime) -> None:
    """The teacher can't answer this one: back to its old place, to be offered to others."""
    session, question = await _session_and_question(work, teacher, session_id)
    if session.ended_why == "handed_back":
        return
    if session.ended_at is not None:
        raise SessionOver
    _fence(question, teacher, epoch)
    await _lose(work, question, session_id, "handed_back", Actor.TEACHER, now)
    await dispatch(work, rules, now)
    await work.commit()


async def teacher_gone(work: Work, rules: Rules, session_id: UUID, question_id: UUID, now: datetime) -> None:
    """No sign of life for a minute: the question goes on, and what was drawn is kept with the session."""
    question = await work.question(question_id)
    session = await work.live_session(session_id, lock=True)
    if question is None or session is None or session.ended_at is not None:
        return
    if await work.now() - session.teacher_seen_at < rules.gone_after or question.state is not State.ANSWERING:
        return
    await work.wish(session.teacher_id, "away", now, now)
    await _lose(work, question, session_id, "teacher_gone", Actor.SYSTEM, now)
    await dispatch(work, rules, now)
    await work.commit()


async def _lose(work: Work, question: Question, session_id: UUID, why: str, actor: Actor, now: datetime) -> None:
    teacher = question.teacher_id
    assert teacher is not None
    question.take_back(actor, now)
    await work.end_session(session_id, why, now)
    await work.breathe(teacher)
    work.tell_student(question)
    work.tell_teacher(teacher)
    await _tell_crowd(work, question)


async def _tell_crowd(work: Work, question: Question) -> None:
    """Who follows hears how it stands with the question it follows."""
    for row in await work.crowd(question):
        work.tell(person_channel(row.student_id), "question", row.id)


async def session_overdue(work: Work, rules: Rules, session_id: UUID, question_id: UUID, now: datetime) -> None:
    """A session's time is over: it becomes an answer as it is. Or nobody is there: the question goes on."""
    question = await work.question(question_id)
    session = await work.live_session(session_id, lock=True)
    if question is None or session is None or session.ended_at is not None or question.state is not State.ANSWERING:
        return
    clock = Clock(session.opened_at, session.active_at, session.paused_at)
    match clock.due(now, rules.session_lasts):
        case Due.TIME:
            assert question.teacher_id is not None
            question.finish(question.teacher_id, question.assignment_epoch, now)
            await _become_answer(work, rules, session, question, (), now)
        case Due.SILENCE:
            await work.wish(session.teacher_id, "away", now, now)
            await _lose(work, question, session_id, "silent", Actor.SYSTEM, now)
            await dispatch(work, rules, now)
        case _:
            return
    await work.commit()


async def pause(work: Work, teacher: Person, session_id: UUID, on: bool, now: datetime) -> None:
    """The teacher stops for a moment: nobody is asked whether they are still there."""
    session, _ = await _session_and_question(work, teacher, session_id)
    if session.ended_at is not None:
        raise SessionOver
    if (session.paused_at is not None) != on:
        await work.change_session(session_id, paused_at=now if on else None, active_at=now)
        await work.commit()


async def still_here(work: Work, person: Person, session_id: UUID) -> None:
    """A sign of life of either side."""
    session = await work.live_session(session_id)
    _author(session, person)
    assert session is not None
    if session.ended_at is None:
        await work.stir(session_id)
        await work.commit()


async def breathe(work: Work, teacher: Person, breath_s: int) -> None:
    """How long the teacher wants to breathe between two questions; choosing ends the breath under way."""
    if breath_s not in BREATHS_S:
        raise BadRequest
    await work.rest(teacher.id, breath_s)
    work.tell_teacher(teacher.id)
    await work.commit()


async def rate(work: Work, student: Person, answer_id: UUID, stars: int, now: datetime) -> None:
    """What the pupil who asked thinks of the answer, one to five; another time it replaces the first."""
    if not 1 <= stars <= 5:
        raise BadRequest
    peeked = await work.answer(answer_id)
    question = None if peeked is None or peeked.question_id is None else await work.question(peeked.question_id)
    if peeked is None or question is None or question.student_id != student.id or peeked.state == "withdrawn":
        raise NotHere
    if peeked.stars == stars:
        return
    await work.rate_answer(answer_id, peeked.teacher_id, stars)
    await answer_rated(work, answer_id, stars, now)
    work.tell_student(question)
    await work.commit()


async def finish(
    work: Work,
    rules: Rules,
    teacher: Person,
    session_id: UUID,
    epoch: int,
    recordings: Sequence[UUID],
    now: datetime,
    knowledge_points: Sequence[str] = (),
    difficulty: Difficulty | None = None,
    really: tuple[Subject | None, Stage | None] = (None, None),
) -> AnswerId:
    """The session becomes an answer: its video is rendered by a job, the work is paid; repeating it changes nothing."""
    if len(knowledge_points) > MOST_POINTS or any(not 1 <= len(p.strip()) <= 60 for p in knowledge_points):
        raise BadRequest
    session, question = await _session_and_question(work, teacher, session_id)
    done = await work.answer_of_session(session_id)
    if done is not None:
        return AnswerId(done.id)
    if session.ended_at is not None:
        raise SessionOver
    own = {media.id for media in await work.recordings_of(session_id) if media.owner_id == teacher.id}
    if not own.issuperset(recordings):
        raise NotHere
    try:
        question.finish(teacher.id, epoch, now)
    except (StaleAssignment, MoveRefused) as error:
        raise Fenced from error
    answer = await _become_answer(work, rules, session, question, knowledge_points, now)
    await label.taught(work, teacher.id, question, knowledge_points, difficulty, *really)
    await work.commit()
    return answer


async def _become_answer(
    work: Work, rules: Rules, session: Record, question: Question, knowledge_points: Sequence[str], now: datetime
) -> AnswerId:
    """What finishing causes, whoever finished."""
    review = await review_wanted(work, rules, session.teacher_id)
    answer = await work.add_answer(question, session.id, now, review=review)
    question.answer_id = answer
    if knowledge_points:
        points = list(dict.fromkeys(point.strip() for point in knowledge_points))
        question.knowledge_point = points[0]
        await work.change_answer(answer, knowledge_points=points)
    await work.end_session(session.id, "finished", now)
    await session_held(work, question, session.id, session.teacher_id, answer, now)
    work.defer("render_answer", queue="render", lock=f"answer:{answer}", answer_id=str(answer))
    await work.breathe(session.teacher_id)
    work.tell_student(question)
    work.tell_teacher(session.teacher_id)
    await _tell_crowd(work, question)
    await dispatch(work, rules, now)
    return answer


async def review_wanted(work: Work, rules: Rules, teacher: UUID) -> str:
    """Whether a reviewer looks at what this teacher makes before others than those who asked are shown it."""
    needed = rules.review == "all" or (rules.review == "trusted" and not await work.is_trusted(teacher))
    return "waiting" if needed else "not_needed"


def is_listed(answer: Record) -> bool:
    """Whether it may be shown to others than those who asked."""
    return answer.state == "published" and answer.review in ("not_needed", "approved")


async def answer_and_question(work: Work, answer_id: UUID) -> tuple[Record, Question | None]:
    """Both locked, the question first as everywhere; a lesson has none."""
    peeked = await work.answer(answer_id)
    if peeked is None:
        raise NotHere
    question = None if peeked.question_id is None else await work.question(peeked.question_id)
    answer = await work.answer(answer_id, lock=True)
    assert answer is not None
    return answer, question


def tell_both(work: Work, answer: Record, question: Question | None) -> None:
    if question is not None:
        work.tell_student(question)
    work.tell_teacher(answer.teacher_id)


def is_to_be_rendered(answer: Record, edition: int) -> bool:
    """Of this edition there is no film, and none of a later one is wanted."""
    waits = answer.state == "rendering" or answer.rendered_edition < answer.edition
    return waits and answer.state not in ("withdrawn", "failed") and answer.edition == edition


async def make_headway(work: Work, answer_id: UUID, edition: int, **made: Any) -> None:
    """The voice is there, or more of the film: whoever waits for it sees that."""
    answer, question = await answer_and_question(work, answer_id)
    if not is_to_be_rendered(answer, edition):
        return
    await work.change_answer(answer_id, **made)
    tell_both(work, answer, question)
    await work.commit()


@dataclass(frozen=True)
class Film:
    """What the object store holds of a rendered answer, and what of the session it shows."""

    video_key: str
    poster_key: str
    duration_ms: int
    voice_key: str | None = None
    start_ms: int = 0
    shown_cuts: Sequence[Sequence[int]] = ()
    captions_key: str | None = None
    shown_masks: Sequence[Mapping[str, Any]] = ()
    shown_taken_id: UUID | None = None
    pages: Mapping[str, str] | None = None
    has_pupil: bool = False

    @property
    def keys(self) -> list[str]:
        named = (self.video_key, self.poster_key, self.voice_key, self.captions_key)
        return [key for key in (*named, *(self.pages or {}).values()) if key]


async def publish(
    work: Work, finder: Finder, answer_id: UUID, edition: int, film: Film, now: datetime, *, hears: bool = False
) -> None:
    """The video is there: to all who followed, and, as soon as nobody has to look at it first, into the bank. A later
    edition takes the place of the one before, for all who may watch it. With `hears` a speech model writes it down."""
    answer, question = await answer_and_question(work, answer_id)
    if not is_to_be_rendered(answer, edition):
        return
    done = {"state": "published", "progress": 100, "rendered_edition": edition}
    await work.change_answer(answer_id, published_at=answer.published_at or now, **done, **asdict(film))
    kept = {"cuts": film.shown_cuts, "masks": film.shown_masks, "taken_session_id": film.shown_taken_id}
    about = {"why": _why(answer, film), "duration_ms": film.duration_ms, "keys": film.keys}
    heard = {"heard_ms": 0} if hears and film.voice_key else {}
    await work.add_edition(answer_id, number=edition, **about, **kept, **heard)
    if heard:
        defer_hearing(work, answer_id)
    tell_both(work, answer, question)
    if answer.review in ("waiting", "sent_back"):
        await finder.forget(work, answer_id)
    elif answer.state != "published":
        await into_the_bank(work, finder, answer, question)
    if answer.published_at is None and question is not None and answer.split_from is None:
        await finder.forget(work, question.id)
        for follower in await work.followers_of(question.id):
            follower.suggest(AnswerId(answer_id), now)
            reason = {"kind": "followed", "agrees": True, "asked": "", "known": ""}
            await work.add_suggestion(follower.id, answer_id, Verdict.SAME, follower.confidence or 1.0, [reason])
            work.tell_student(follower)
    await work.commit()


def defer_hearing(work: Work, answer_id: UUID) -> None:
    work.defer("hear_answer", queue="hear", lock=f"captions:{answer_id}", answer_id=str(answer_id))


def _why(answer: Record, film: Film) -> str:
    """What is new about an edition, in a word."""
    if answer.rendered_edition == 0:
        return "made"
    if film.shown_taken_id != answer.shown_taken_id:
        return "retaken"
    if [*film.shown_masks] != answer.shown_masks:
        return "masked" if film.shown_masks else "whole"
    if [*film.shown_cuts] != answer.shown_cuts:
        return "cut" if film.shown_cuts else "whole"
    return "made again"


async def into_the_bank(work: Work, finder: Finder, answer: Record, question: Question | None) -> None:
    """Whoever asks the same finds it from now on. A lesson answers nobody's problem."""
    if question is None or not answer.problem_text:
        return
    figure = question.figure if answer.split_from is None else None
    known = Sought(answer.id, answer.problem_text, question.subject, question.stage, figure=figure)
    await finder.learn(work, "answer", [known])


async def render_failed(work: Work, finder: Finder, rules: Rules, answer_id: UUID, now: datetime) -> None:
    """No video can be made of it: the pupil had the live answer; the followers go on to a teacher."""
    answer, question = await answer_and_question(work, answer_id)
    if answer.state == "published" and answer.rendered_edition < answer.edition:
        back = {"cuts": answer.shown_cuts, "masks": answer.shown_masks, "taken_session_id": answer.shown_taken_id}
        await work.change_answer(answer_id, edition=answer.rendered_edition, progress=100, **back)
        work.tell_teacher(answer.teacher_id)
        await work.commit()
        return
    if answer.state != "rendering":
        return
    await work.change_answer(answer_id, state="failed")
    if question is not None and answer.split_from is None:
        await finder.forget(work, question.id)
        await promote_follower(work, finder, rules, question, now)
    tell_both(work, answer, question)
    await work.commit()


async def _session_and_question(work: Work, teacher: Person, session_id: UUID) -> tuple[Record, Question]:
    """Both locked, the question first as everywhere."""
    peeked = await work.live_session(session_id)
    if peeked is None or peeked.teacher_id != teacher.id or peeked.question_id is None:
        raise NotHere
    question = await work.question(peeked.question_id)
    session = await work.live_session(session_id, lock=True)
    assert question is not None
    assert session is not None
    return session, question


def _fence(question: Question, teacher: Person, epoch: int) -> None:
    try:
        question.fence(teacher.id, epoch)
    except StaleAssignment as error:
        raise Fenced from error
