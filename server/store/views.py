"""What pages see: read-only views of questions, duty, sessions, earnings, with signed addresses for their files.

A view's `version` is the database's clock in microseconds when it was read: every change is followed by its own event,
so the newest version a page holds is the truth, whatever order views arrive in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from media.cuts import after
from server.domain.board import Operation
from server.domain.dispatch import Presence, expected_wait
from server.domain.edition import Mask, as_pictured, pictures, shown
from server.domain.label import Kind
from server.domain.people import Subject, stage_of
from server.domain.question import Question, State, Verdict
from server.domain.session import BETWEEN_THE_TWO, LASTS
from server.live import protocol as wire
from server.store.lecture_views import LectureViews
from server.store.pulse_views import PulseViews
from server.store.replay_views import ReplayViews
from server.store.room_views import RoomViews
from server.store.work import Outgoing, Record, Store
from server.together import Together

SignGet = Callable[[str, str | None], Awaitable[str]]
HISTORY = 20  # questions of a page
LATEST_EARNINGS = 200
PAIRS = 10  # to judge at a time


@dataclass(frozen=True)
class Views:
    """Reads views from the store; `sign` gives a stored key a short-lived address."""

    store: Store
    sign: SignGet
    session_lasts: timedelta = LASTS
    reminder: str = ""
    replays_reviewed: bool = False  # before pupils may watch them
    _questions: Together[Store, UUID, Record | None] = field(
        default_factory=lambda: Together(_read_questions), init=False
    )
    _duties: Together[Store, UUID, Record] = field(default_factory=lambda: Together(_read_duties), init=False)

    @property
    def lectures(self) -> LectureViews:
        return LectureViews(self.store, self.media_view, self.sign)

    @property
    def rooms(self) -> RoomViews:
        return RoomViews(self.store, self.lectures, self.pulse)

    @property
    def pulse(self) -> PulseViews:
        return PulseViews(self.store)

    @property
    def replays(self) -> ReplayViews:
        return ReplayViews(self.store, self.lectures, self.pulse, self.replays_reviewed)

    # --- pupils ---

    async def question(self, id: UUID) -> wire.QuestionView | None:
        """Read after the call."""
        row = await self._questions.join(self.store, id)
        return None if row is None else await self._question(row)

    async def questions_of(
        self, student: UUID, before: UUID | None = None
    ) -> tuple[list[wire.QuestionView], UUID | None]:
        """Newest first, and the one before which there are more. The first page has all that are not over."""
        wanted = {"student": student, "before": before, "limit": HISTORY + 1}
        rows = await self.store.rows(_QUESTIONS_OF, wanted)
        page = rows[:HISTORY]
        more = page[-1].id if len(rows) > HISTORY else None
        if more is not None and before is None:
            known = [row.id for row in page]
            page += await self.store.rows(_OPEN_QUESTIONS_OF, {"student": student, "known": known})
        return [await self._question(row) for row in page], more

    async def owner_of_question(self, id: UUID) -> UUID | None:
        found = await self.store.rows("SELECT student_id FROM questions WHERE id = %(id)s", {"id": id})
        return found[0].student_id if found else None

    async def _question(self, q: Record) -> wire.QuestionView:
        suggestions = await self._suggestions(q.id) if q.has_suggestions else []
        state = State(q.state)
        queued, promise = state, q.promised_at
        if state is State.FOLLOWING and q.leader_state is not None:  # it waits where its leader waits
            queued, promise = State(q.leader_state), q.leader_promise
        place = wait = None
        if q.ahead is not None:
            place, expected = q.ahead + 1, expected_wait(q.ahead, q.on_duty)
            wait = None if expected is None else round(expected.total_seconds())
        return wire.QuestionView(
            id=q.id,
            version=_version(q.read_at),
            state=state,
            turned_away=q.turned_away,
            subject=q.subject,
            grade=q.grade,
            text=q.text,
            read_text=q.corrected_text or q.read_text,
            corrected=q.corrected_text != "",
            received_at=q.received_at,
            media=await self._media_of_question(q.id) if q.has_media else [],
            problems=await self._problems(q.id) if q.has_problems else [],
            chosen=q.chosen,
            verdict=q.verdict,
            followers=q.crowd,
            leader_state=State(q.leader_state) if state is State.FOLLOWING and q.leader_state else None,
            place=place,
            wait_s=wait,
            promised_at=promise if queued is State.WAITING and wait is None else None,
            suggestion=await self._suggestion(suggestions, q.answer_id, state),
            worked_examples=[
                await self._suggested(row) for row in suggestions if Verdict(row.verdict) is Verdict.SIMILAR
            ],
            answer=await self._own_answer(q) if q.answer_id is not None else None,
            more_answers=await self._more_answers(q.id) if q.has_parts else [],
            being_recorded=q.being_recorded,
            session_id=q.session_id,
            watch_id=q.watch_id,
            teacher_name=q.teacher_name if state in {State.ANSWERING, State.ANSWERED, State.RESOLVED} else None,
            answered_at=q.answered_at,
        )

    async def _problems(self, question: UUID) -> list[wire.ProblemView]:
        query = "SELECT * FROM page_problems WHERE question_id = %(id)s ORDER BY number"
        return [
            wire.ProblemView(number=p.number, media_id=p.media_id, text=p.text, box=p.box)
            for p in await self.store.rows(query, {"id": question})
        ]

    async def _suggestions(self, question: UUID) -> Sequence[Record]:
        return await self.store.rows(_SUGGESTIONS, {"question": question})

    async def _suggestion(
        self, rows: Sequence[Record], answer_id: UUID | None, state: State
    ) -> wire.SuggestionView | None:
        if state not in {State.SUGGESTED, State.RESOLVED}:
            return None
        for row in rows:
            if row.answer_id == answer_id and Verdict(row.verdict) is not Verdict.SIMILAR:
                return await self._suggested(row)
        return None

    async def _suggested(self, row: Record) -> wire.SuggestionView:
        return wire.SuggestionView(
            answer=await self._answer(row),
            verdict=Verdict(row.verdict),
            confidence=row.confidence,
            reasons=[msgspec.convert(reason, wire.Reason) for reason in row.reasons],
        )

    async def _more_answers(self, question: UUID) -> list[wire.AnswerView]:
        return [view for _, view in await self.answers(_PARTS, {"question": question})]

    async def _own_answer(self, q: Record) -> wire.AnswerView | None:
        found = await self.store.rows(_OWN_ANSWER, {"question": q.id, "answer": q.answer_id})
        return await self._answer(found[0]) if found else None

    async def answer(self, id: UUID, viewer: UUID | None = None) -> wire.AnswerView | None:
        """What a reviewer said of it is for its teacher."""
        found = await self.store.rows(_ANSWER, {"id": id})
        if not found:
            return None
        view = await self._answer(found[0])
        if viewer == found[0].teacher_id and view.review == "sent_back":
            said = await self.store.rows(_SENT_BACK, {"id": id})
            view.review_words = said[0].words if said else None
        return view

    async def may_watch(self, person: UUID, answer: UUID, *, reviews: bool = False) -> bool:
        """Who made it, asked it or had it suggested, the teachers who were offered a question like it, and the one whom
        its pupil is with just now; a lesson everybody. And whoever reviews, what is ready."""
        found = await self.store.rows(_MAY_WATCH, {"person": person, "answer": answer, "reviews": reviews})
        return bool(found[0].may)

    async def pupil_of_answer(self, id: UUID) -> UUID | None:
        query = "SELECT q.student_id FROM answers a JOIN questions q ON q.id = a.question_id WHERE a.id = %(id)s"
        found = await self.store.rows(query, {"id": id})
        return found[0].student_id if found else None

    async def answers(self, query: str, params: Mapping[str, Any]) -> list[tuple[Record, wire.AnswerView]]:
        """Rows with the columns of ANSWER_COLUMNS, each with its view."""
        return [(row, await self._answer(row)) for row in await self.store.rows(query, params)]

    async def _answer(self, row: Record) -> wire.AnswerView:
        return wire.AnswerView(
            id=row.answer_id,
            state=row.answer_state,
            subject=row.subject,
            stage=stage_of(row.grade),
            problem_text=row.problem_text,
            teacher_name=row.teacher_name,
            made_at=row.made_at,
            duration_ms=row.duration_ms,
            video_url=await self.sign(row.video_key, None) if row.video_key else None,
            poster_url=await self.sign(row.poster_key, None) if row.poster_key else None,
            captions_url=await self.sign(row.captions_key, None) if row.captions_key else None,
            progress=row.progress,
            knowledge_points=row.knowledge_points,
            stars=row.stars,
            remaking=row.answer_state == "published" and row.rendered_edition < row.edition,
            is_cut=bool(row.shown_cuts),
            is_masked=bool(row.shown_masks),
            title=row.title,
            review=row.review,
        )

    async def replay(self, id: UUID, viewer: UUID) -> wire.ReplayView | None:
        """None for what is no longer to be watched."""
        found = await self.store.rows(_REPLAY, {"id": id})
        if not found or found[0].answer_state == "withdrawn":
            return None
        row = found[0]
        made = row.answer_state == "published"
        cuts, masks = (row.shown_cuts, row.shown_masks) if made else (row.cuts, row.masks)
        taken = row.shown_taken_id if made else row.taken_session_id
        ops = [
            Operation(line.seq, line.id, line.author, line.kind, line.body, line.at_ms)
            for line in await self._lines(taken or row.session_id, after=0)
            if line.kind != "say" or _may_read(line.author, viewer, row)
        ]
        spec = [(start, end) for start, end in cuts], [Mask(**mask) for mask in masks]
        seen = shown(ops) if not any(spec) else await asyncio.to_thread(shown, ops, *spec)
        media = await self._photos(taken or row.session_id)
        if row.pages is not None:
            framed = {picture.page: picture for picture in pictures(ops, *spec) if picture.page in row.pages}
            seen = [as_pictured(op, framed) for op in seen if op.kind != "frame" or op.body["page"] not in framed]
            media = {page: await self._picture(row.answer_id, row.pages[page]) for page in framed}
        wanted = {op.body.get("media") for op in seen}
        return wire.ReplayView(
            answer=await self._answer(row),
            log=[_line(op, cuts) for op in seen],
            media={name: view for name, view in media.items() if name in wanted},
            voice_url=await self.sign(row.voice_key, None) if row.voice_key else None,
            start_ms=row.start_ms,
        )

    async def _picture(self, answer: UUID, key: str) -> wire.MediaView:
        return wire.MediaView(id=answer, kind="photo", content_type="image/jpeg", url=await self.sign(key, None))

    # --- files ---

    async def media(self, id: UUID) -> wire.MediaView | None:
        found = await self.store.rows("SELECT * FROM media WHERE id = %(id)s", {"id": id})
        return await self.media_view(found[0]) if found else None

    async def media_view(self, row: Record) -> wire.MediaView:
        return wire.MediaView(
            id=row.id,
            kind=row.kind,
            content_type=row.content_type,
            url=await self.sign(row.key, None) if row.key else "",
            thumb_url=await self.sign(row.thumb_key, None) if row.thumb_key else None,
            width=row.width,
            height=row.height,
            duration_ms=row.duration_ms,
            peaks=row.peaks,
        )

    async def _media_of_question(self, question: UUID) -> list[wire.MediaView]:
        found = await self.store.rows(_MEDIA_OF_QUESTION, {"question": question})
        return [await self.media_view(row) for row in found]

    # --- teachers ---

    async def duty(self, teacher: UUID) -> wire.DutyView:
        row = await self._duties.join(self.store, teacher)
        offer = await self._offer(row) if row.offer_id else None
        if row.session_id is not None:
            presence = Presence.ANSWERING
        elif offer is not None:
            presence = Presence.OFFERED
        else:
            presence = Presence(row.wish or "off")
        return wire.DutyView(
            version=_version(row.read_at),
            presence=presence,
            offer=offer,
            session_id=row.session_id,
            alone=row.session_kind not in (None, "live"),
            waiting=row.waiting,
            breath_s=row.breath_s or 0,
            rests_until=row.rests_until,
        )

    async def _offer(self, row: Record) -> wire.OfferView:
        suggestions = await self._suggestions(row.question_id) if row.has_suggestions else []
        return wire.OfferView(
            id=row.offer_id,
            question_id=row.question_id,
            subject=row.subject,
            grade=row.grade,
            text=row.text,
            read_text=row.read_text,
            media=await self._media_of_question(row.question_id) if row.has_media else [],
            followers=row.followers,
            asked_at=row.received_at,
            made_at=row.made_at,
            expires_at=row.expires_at,
            worked_examples=[await self._suggested(each) for each in suggestions],
        )

    async def earnings(self, teacher: UUID) -> wire.EarningsView:
        rows = await self.store.rows(_EARNINGS, {"teacher": teacher, "limit": LATEST_EARNINGS})
        earned = (await self.store.rows(_EARNED, {"teacher": teacher}))[0]
        lines = [_earning(row) for row in rows]
        return wire.EarningsView(total_fen=earned.total, month_fen=earned.month, lines=lines)

    async def earned(self, transaction: UUID) -> wire.Earned:
        row = (await self.store.rows(_EARNING, {"id": transaction}))[0]
        return wire.Earned(line=_earning(row), total_fen=row.total)

    # --- sessions ---

    async def session(self, id: UUID, me: str) -> wire.SessionView | None:
        found = await self.store.rows(_SESSION, {"id": id})
        return await self._session(found[0], me) if found else None

    async def side_in_session(self, person: UUID, id: UUID) -> str | None:
        """ "teacher", "student", "follower" of an open one's question, or None for a stranger."""
        found = await self.store.rows(_SIDE, {"id": id, "person": person})
        return found[0].side if found else None

    async def seats(self, id: UUID) -> Record | None:
        """Whose the two seats of an open session are, and whether the pupil's pen is locked."""
        found = await self.store.rows(_SEATS, {"id": id})
        return found[0] if found else None

    async def board_watched(
        self, id: UUID
    ) -> tuple[wire.BoardSnapshot | None, list[wire.BoardLine], dict[str, wire.MediaView]]:
        """The board as who follows sees it: without what the two said to each other."""
        snapshot, lines, media = await self.board(id)
        if snapshot is not None:
            snapshot.said = []
        return snapshot, [line for line in lines if line.kind not in BETWEEN_THE_TWO], media

    async def board(
        self, id: UUID
    ) -> tuple[wire.BoardSnapshot | None, list[wire.BoardLine], dict[str, wire.MediaView]]:
        """What the board's log amounted to when that was last kept, and the lines since."""
        kept = await self.store.rows("SELECT body FROM board_snapshots WHERE session_id = %(id)s", {"id": id})
        snapshot = msgspec.json.decode(kept[0].body, type=wire.BoardSnapshot) if kept else None
        lines = await self._lines(id, after=0 if snapshot is None else snapshot.seq)
        return snapshot, lines, await self._photos(id)

    async def _lines(self, session: UUID, after: int) -> list[wire.BoardLine]:
        rows = await self.store.rows(
            "SELECT * FROM board_operations WHERE session_id = %(id)s AND seq > %(after)s ORDER BY seq",
            {"id": session, "after": after},
        )
        return [
            wire.BoardLine(seq=r.seq, id=r.op_id, author=r.author, kind=r.kind, body=r.body, at_ms=r.at_ms)
            for r in rows
        ]

    async def _photos(self, session: UUID) -> dict[str, wire.MediaView]:
        """What a board's pages may show, by its id."""
        query = """
            SELECT coalesce(l.question_id, a.question_id) AS question_id
            FROM live_sessions l LEFT JOIN answers a ON a.id = l.answer_id WHERE l.id = %(id)s
        """
        asked = await self.store.rows(query, {"id": session})
        return {str(view.id): view for view in await self._media_of_question(asked[0].question_id)}

    async def _session(self, row: Record, me: str) -> wire.SessionView:
        inside = me != "follower"
        return wire.SessionView(
            id=row.id,
            version=_version(row.read_at),
            question_id=row.question_id,
            state="open" if row.ended_at is None else "ended",
            me="teacher" if me == "teacher" else "student" if inside else "follower",
            teacher_name=row.teacher_name,
            assignment_epoch=row.assignment_epoch,
            opened_at=row.opened_at - timedelta(milliseconds=row.from_ms),  # where its clock began
            ended_at=row.ended_at,
            subject=row.subject,
            grade=row.grade,
            text=row.text if inside else "",  # the pupil's own words, voice and video are for the teacher
            read_text=row.read_text if inside else "",
            media=await self._media_of_question(row.question_id) if row.has_media and inside else [],
            followers=row.followers,
            peer_online=row.student_online if me == "teacher" else row.teacher_online,
            ended_why=row.ended_why,
            ends_at=row.opened_at + self.session_lasts,
            active_at=row.active_at,
            paused_at=row.paused_at,
            kind=row.kind,
            title=row.title,
            keeps_pupil=row.keeps_pupil,
            **(await self._for_the_teacher(row) if me == "teacher" and row.ended_at is None else {}),
        )

    # --- matches ---

    async def pairs(self, teacher: UUID) -> list[wire.PairView]:
        """What this teacher may judge, the most doubtful first."""
        rows = await self.store.rows(_PAIRS, {"teacher": teacher, "limit": PAIRS})
        return [
            wire.PairView(
                question_id=row.question_id,
                known_id=row.known_id,
                subject=row.subject,
                grade=row.grade,
                asked=row.asked,
                known=row.known,
                verdict=Verdict(row.verdict),
                confidence=row.confidence,
                outcome=row.outcome,
                asked_at=row.received_at,
            )
            for row in rows
        ]

    async def _for_the_teacher(self, row: Record) -> dict[str, Any]:
        """What the pupil was explained lately, knowledge points to choose from at the end, the city's reminder."""
        if row.question_id is None:
            return {}
        stage = stage_of(row.grade)
        wanted = {"id": row.question_id, "student": row.student_id, "subject": row.subject, "stage": stage}
        related = await self.store.rows(_RELATED, wanted)
        points = await self.store.rows(_POINTS, wanted)
        said = await self.store.rows(_SAID_BY_MODELS, {"id": row.question_id})
        return {
            "related": [
                wire.RelatedView(answer_id=r.id, problem_text=r.problem_text[:200], answered_at=r.made_at)
                for r in related
            ],
            "knowledge_points": [each.point for each in points],
            "doubts": doubts_of(row.subject, row.grade, said),
            "difficulty": next((each.value for each in said if each.kind == Kind.DIFFICULTY), None),
            "reminder": self.reminder,
        }

    # --- events ---

    async def event(self, outgoing: Outgoing) -> wire.AnyEvent | None:
        """The event that an outbox row announces, read afresh; None when its thing is gone."""
        match outgoing.kind:
            case "question":
                question = await self.question(outgoing.ref)
                return None if question is None else wire.QuestionChanged(question=question)
            case "asked":
                return wire.QuestionChanged(question=_asked(outgoing.ref, **outgoing.body))
            case "duty":
                return wire.DutyChanged(duty=await self.duty(outgoing.ref))
            case "earned":
                return await self.earned(outgoing.ref)
            case "board":
                return wire.BoardGrew(line=msgspec.convert(outgoing.body, wire.BoardLine))
            case "session" | "gallery":
                session = await self.session(outgoing.ref, "student" if outgoing.kind == "session" else "follower")
                return None if session is None else wire.SessionChanged(session=session)
            case "lecture":
                lecture = await self.lectures.lecture(outgoing.ref)
                return None if lecture is None else wire.LectureChanged(lecture=lecture)
            case "line":
                return wire.LineChanged(line=msgspec.convert(outgoing.body, wire.LineView))
            case "room":
                room = await self.rooms.state(outgoing.ref)
                return None if room is None else wire.RoomChanged(room=room)
            case "poll":
                return wire.PollChanged(poll=msgspec.convert(outgoing.body, wire.PollView))
            case "hands":
                return wire.HandsChanged(hands=await self.pulse.hands(outgoing.ref))
            case "lost":
                return wire.LostChanged(lost=await self.pulse.lost(outgoing.ref))
            case "place":
                return msgspec.convert(outgoing.body, wire.PlaceChanged)
            case "precision":
                return msgspec.convert(outgoing.body, wire.PrecisionAlarm)
            case "alarm":
                question = await self.question(outgoing.ref)
                if question is None:
                    return None
                return wire.Alarm(
                    question_id=question.id,
                    subject=question.subject,
                    stage=stage_of(question.grade),
                    waiting_since=question.received_at,
                )
            case _:
                raise AssertionError(f"no view for {outgoing.kind!r}")

    # --- figures ---

    async def queue_age(self) -> timedelta:
        """How long the oldest waiting question has waited."""
        query = "SELECT clock_timestamp() - min(received_at) AS age FROM questions WHERE state = 'waiting'"
        age: timedelta | None = (await self.store.rows(query, {}))[0].age
        return age or timedelta(0)


async def _read_questions(store: Store, ids: Sequence[UUID]) -> list[Record | None]:
    """Of all who are asked for at one moment, in one statement."""
    found = {row.id: row for row in await store.rows(_QUESTION, {"ids": [*{*ids}]}, often=True)}
    return [found.get(id) for id in ids]


async def _read_duties(store: Store, teachers: Sequence[UUID]) -> list[Record]:
    found = {row.teacher: row for row in await store.rows(_DUTY, {"teachers": [*{*teachers}]}, often=True)}
    return [found[teacher] for teacher in teachers]


def _line(op: Operation, cuts: Any) -> wire.BoardLine:
    at_ms = after(op.at_ms, cuts)
    return wire.BoardLine(seq=op.seq, id=op.id, author=op.author, kind=op.kind, body=dict(op.body), at_ms=at_ms)


def _may_read(author: str, viewer: UUID, row: Record) -> bool:
    """What was typed is for the two of the session; what the pupil typed is kept with the guardian's word alone."""
    if viewer == row.student_id:
        return True
    return viewer == row.teacher_id and (author == "teacher" or row.keeps_pupil)


def doubts_of(subject: str, grade: int, said: Sequence[Any]) -> list[wire.Doubt]:
    """Where models' words (kind, value, confidence) are not what the pupil chose."""
    chosen = {"subject": str(subject), "stage": str(stage_of(grade))}
    return [
        wire.Doubt(kind=each.kind, chosen=chosen[each.kind], told=each.value, confidence=round(each.confidence, 2))
        for each in said
        if each.kind in chosen and each.value != chosen[each.kind]
    ]


def just_asked(question: Question) -> wire.QuestionView:
    """What its pupil sees of a question without files that has just been received."""
    return _asked(question.id, question.subject, question.grade, question.text, question.received_at)


def _asked(id: UUID, subject: str, grade: int, text: str, received_at: datetime | str) -> wire.QuestionView:
    at = datetime.fromisoformat(received_at) if isinstance(received_at, str) else received_at
    return wire.QuestionView(
        id=id,
        version=_version(at),
        state=State.RECEIVED,
        subject=Subject(subject),
        grade=grade,
        text=text,
        read_text="",
        received_at=at,
        media=[],
    )


def _version(read_at: datetime) -> int:
    return round(read_at.timestamp() * 1_000_000)


def _earning(row: Any) -> wire.EarningView:
    return wire.EarningView(
        id=row.id,
        amount_fen=row.amount_fen,
        work=row.work,
        done_at=row.done_at,
        question_id=row.question_id,
        subject=row.subject,
        summary=(row.problem_text or "")[:80],
    )


ANSWER_COLUMNS = """
    a.id AS answer_id, a.state AS answer_state, a.subject, a.grade, a.problem_text, a.made_at, a.duration_ms,
    a.video_key, a.poster_key, a.captions_key, a.progress, a.knowledge_points, a.stars,
    a.edition, a.rendered_edition, a.shown_cuts, a.shown_masks, a.title, a.review, at.nickname AS teacher_name
"""
LISTED = "a.state = 'published' AND a.review IN ('not_needed', 'approved')"
_KEEPS_PUPIL = """
    (SELECT count(*) = 2 FROM (SELECT DISTINCT ON (purpose) given FROM consents
                               WHERE child_id = l.student_id AND purpose IN ('recording', 'public_video')
                               ORDER BY purpose, id DESC) said WHERE given) AS keeps_pupil
"""
_SENT_BACK = """
    SELECT words FROM reviews WHERE answer_id = %(id)s AND decision = 'sent_back' ORDER BY at DESC LIMIT 1
"""
_ANSWER = f"""
    SELECT {ANSWER_COLUMNS}, a.teacher_id FROM answers a JOIN accounts at ON at.id = a.teacher_id WHERE a.id = %(id)s
"""  # noqa: S608 - composed of constants of this module

_REPLAY = f"""
    SELECT {ANSWER_COLUMNS}, a.session_id, a.voice_key, a.start_ms, a.teacher_id, a.cuts, a.masks, a.pages,
           a.taken_session_id, a.shown_taken_id, l.student_id, {_KEEPS_PUPIL}
    FROM answers a JOIN accounts at ON at.id = a.teacher_id JOIN live_sessions l ON l.id = a.session_id
    WHERE a.id = %(id)s
"""  # noqa: S608 - composed of constants of this module

# Who asked the same while it was taught asked it too, and need not wait for a reviewer.
_FOLLOWED = """a.state = 'published' AND s.reasons @> '[{"kind": "followed"}]'"""

# A question's own answer: the one made in its own session, not one that was suggested.
_OWN_ANSWER = f"""
    SELECT {ANSWER_COLUMNS} FROM answers a JOIN accounts at ON at.id = a.teacher_id
    WHERE a.question_id = %(question)s AND a.id = %(answer)s AND a.state <> 'withdrawn'
"""  # noqa: S608 - composed of constants of this module
_PARTS = f"""
    SELECT {ANSWER_COLUMNS} FROM answers a JOIN accounts at ON at.id = a.teacher_id
    WHERE a.question_id = %(question)s AND a.split_from IS NOT NULL AND a.state <> 'withdrawn' ORDER BY a.made_at
"""  # noqa: S608 - composed of constants of this module
_SUGGESTIONS = f"""
    SELECT s.verdict, s.confidence, s.reasons, {ANSWER_COLUMNS}
    FROM suggestions s JOIN answers a ON a.id = s.answer_id JOIN accounts at ON at.id = a.teacher_id
    WHERE s.question_id = %(question)s AND s.outcome IS DISTINCT FROM 'set_aside' AND ({LISTED} OR {_FOLLOWED})
    ORDER BY s.made_at DESC, s.confidence DESC
"""  # noqa: S608 - composed of constants of this module
_MAY_WATCH = f"""
    SELECT EXISTS (SELECT FROM answers a WHERE a.id = %(answer)s AND a.teacher_id = %(person)s)
        OR EXISTS (SELECT FROM answers a JOIN questions q ON q.id = a.question_id
                   WHERE a.id = %(answer)s AND q.student_id = %(person)s)
        OR EXISTS (SELECT FROM suggestions s JOIN questions q ON q.id = s.question_id
                   JOIN answers a ON a.id = s.answer_id
                   WHERE a.id = %(answer)s AND q.student_id = %(person)s AND ({LISTED} OR {_FOLLOWED}))
        OR EXISTS (SELECT FROM suggestions s JOIN offers o ON o.question_id = s.question_id
                   JOIN answers a ON a.id = s.answer_id
                   WHERE a.id = %(answer)s AND o.teacher_id = %(person)s AND {LISTED})
        OR EXISTS (SELECT FROM answers a WHERE a.id = %(answer)s AND a.question_id IS NULL AND {LISTED})
        OR %(reviews)s AND EXISTS (SELECT FROM answers a WHERE a.id = %(answer)s AND a.state = 'published')
        OR EXISTS (SELECT FROM answers a JOIN questions q ON q.id = a.question_id
                   JOIN live_sessions l ON l.student_id = q.student_id AND l.ended_at IS NULL
                   WHERE a.id = %(answer)s AND l.teacher_id = %(person)s) AS may
"""  # noqa: S608 - composed of constants of this module

PROBLEM_TEXT = "coalesce(nullif({0}.corrected_text, ''), nullif({0}.read_text, ''), {0}.text)"
_READ_TEXT = "coalesce(nullif(q.corrected_text, ''), q.read_text) AS read_text"
# As SQL's own EXISTS it would be a hash of the whole table, where the plan is made while the table is small.
_EXISTS = "(SELECT true FROM {0} LIMIT 1) IS NOT NULL"
_HAS_SUGGESTIONS = f"{_EXISTS.format('suggestions s WHERE s.question_id = q.id')} AS has_suggestions"
_HAS_MEDIA = f"{_EXISTS.format('question_media m WHERE m.question_id = q.id')} AS has_media"
STAGE = "CASE WHEN {0}.grade <= 6 THEN 'primary' WHEN {0}.grade <= 9 THEN 'junior' ELSE 'senior' END"

# A reviewer's last word was that it is no question.
_TURNED_AWAY = """
    coalesce((SELECT h.value <> 'question' FROM labels h WHERE h.question_id = q.id AND h.kind = 'fitness'
              AND h.source = 'reviewer' ORDER BY h.id DESC LIMIT 1), false)
"""

# `crowd`: who leads counts followers; who follows sees how many ask with it. `ahead` and `on_duty` are of those in the
# queue, a follower's by its leader's place; for whom a teacher is being asked, is next. What most questions do not have
# is only asked for when it is there: a view of a text question is one statement.
_QUESTION_COLUMNS = f"""
    SELECT q.*, clock_timestamp() AS read_at, coalesce(leader.followers, q.followers) AS crowd,
           leader.state AS leader_state, leader.promised_at AS leader_promise,
           q.state = 'withdrawn' AND {_TURNED_AWAY} AS turned_away,
           CASE WHEN live.kind = 'live' THEN live.id END AS session_id,
           coalesce(live.kind = 'answer', false) AS being_recorded,
           {_EXISTS.format("answers p WHERE p.question_id = q.id AND p.split_from IS NOT NULL")} AS has_parts,
           taught.nickname AS teacher_name, {_HAS_SUGGESTIONS}, {_HAS_MEDIA},
           {_EXISTS.format("page_problems p WHERE p.question_id = q.id")} AS has_problems,
           CASE coalesce(leader.state, q.state) WHEN 'offered' THEN 0 WHEN 'waiting' THEN
               (SELECT count(*) FROM questions other
                WHERE other.state IN ('waiting', 'offered') AND other.subject = q.subject
                  AND {STAGE.format("other")} = {STAGE.format("q")}
                  AND (other.received_at, other.id) < (coalesce(leader.received_at, q.received_at),
                                                       coalesce(leader.id, q.id))) END AS ahead,
           CASE WHEN q.state = 'following' THEN
               (SELECT l.id FROM live_sessions l
                WHERE l.question_id = q.leader_id AND l.kind = 'live' AND l.ended_at IS NULL) END AS watch_id,
           CASE coalesce(leader.state, q.state) WHEN 'offered' THEN 1 WHEN 'waiting' THEN
               (SELECT count(*) FROM presence p JOIN certifications c ON c.account_id = p.teacher_id
                WHERE p.wish = 'ready' AND p.lease_until > clock_timestamp()
                  AND c.subject = q.subject AND c.stage = {STAGE.format("q")}) END AS on_duty
    FROM questions q
    LEFT JOIN LATERAL (SELECT * FROM questions WHERE id = q.leader_id LIMIT 1) leader ON true
    LEFT JOIN LATERAL (SELECT * FROM live_sessions WHERE question_id = q.id AND ended_at IS NULL LIMIT 1) live ON true
    LEFT JOIN accounts taught ON taught.id = q.teacher_id
"""  # noqa: S608 - composed of constants of this module
_QUESTION = _QUESTION_COLUMNS + " WHERE q.id = ANY(%(ids)s)"
_QUESTIONS_OF = f"""{_QUESTION_COLUMNS}
    WHERE q.student_id = %(student)s
      AND (CAST(%(before)s AS uuid) IS NULL OR (q.received_at, q.id) <
           (SELECT known.received_at, known.id FROM questions known
            WHERE known.id = %(before)s AND known.student_id = %(student)s))
    ORDER BY q.received_at DESC, q.id DESC LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module
_OPEN_QUESTIONS_OF = f"""{_QUESTION_COLUMNS}
    WHERE q.student_id = %(student)s AND q.state NOT IN ('answered', 'resolved', 'withdrawn') AND q.id <> ALL(%(known)s)
    ORDER BY q.received_at DESC, q.id DESC
"""

# What is looked up for each teacher stands with a limit, as it does in a question's view: as a plain join, a plan made
# while nobody had an offer would read all of them for each.
_DUTY = f"""
    SELECT who.id AS teacher, clock_timestamp() AS read_at, p.wish, p.breath_s,
           CASE WHEN p.rests_until > clock_timestamp() THEN p.rests_until END AS rests_until,
           live.id AS session_id, live.kind AS session_kind, o.id AS offer_id, o.made_at, o.expires_at,
           q.id AS question_id, q.subject, q.grade, q.text, {_READ_TEXT}, q.followers, q.received_at,
           {_HAS_SUGGESTIONS}, {_HAS_MEDIA},
           (SELECT count(*) FROM questions w WHERE w.state = 'waiting' AND (
                SELECT true FROM certifications c
                WHERE c.account_id = who.id AND c.subject = w.subject AND c.stage = {STAGE.format("w")})) AS waiting
    FROM unnest(CAST(%(teachers)s AS uuid[])) AS who (id)
    LEFT JOIN presence p ON p.teacher_id = who.id
    LEFT JOIN LATERAL (
        SELECT id, kind FROM live_sessions WHERE teacher_id = who.id AND ended_at IS NULL LIMIT 1
    ) live ON true
    LEFT JOIN LATERAL (SELECT * FROM offers WHERE teacher_id = who.id AND state = 'open' LIMIT 1) o ON true
    LEFT JOIN LATERAL (SELECT * FROM questions WHERE id = o.question_id LIMIT 1) q ON true
"""  # noqa: S608 - composed of constants of this module

# What nobody on the staff has judged yet. What a pupil called wrong comes first, then what was least sure.
_PAIRS = f"""
    WITH mine AS (SELECT subject, stage FROM certifications WHERE account_id = %(teacher)s),
    shown AS (
        SELECT s.question_id, s.answer_id AS known_id, a.problem_text AS known, s.verdict, s.confidence, s.outcome
        FROM suggestions s JOIN answers a ON a.id = s.answer_id
        WHERE s.made_at > now() - interval '14 days' AND a.state = 'published'
          AND (s.outcome IS NULL OR s.outcome IN ('not_mine', 'still_stuck'))
        UNION ALL
        SELECT q.id, q.leader_id, {PROBLEM_TEXT.format("leader")}, q.verdict, q.confidence, NULL
        FROM questions q JOIN questions leader ON leader.id = q.leader_id WHERE q.state = 'following'
    )
    SELECT shown.*, q.subject, q.grade, q.received_at, {PROBLEM_TEXT.format("q")} AS asked
    FROM shown JOIN questions q ON q.id = shown.question_id
    JOIN mine ON mine.subject = q.subject AND mine.stage = {STAGE.format("q")}
    WHERE q.state <> 'withdrawn' AND NOT EXISTS (
        SELECT FROM match_labels l
        WHERE l.question_id = shown.question_id AND l.known_id = shown.known_id AND l.source = 'teacher')
    ORDER BY shown.outcome = 'not_mine' DESC NULLS LAST, abs(coalesce(shown.confidence, 1) - 0.7), q.received_at DESC
    LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module

_EARNING_COLUMNS = """
    SELECT l.id, l.work, l.done_at, l.question_id, l.teacher_id, -e.amount_fen AS amount_fen, q.subject,
           coalesce(nullif(q.text, ''), nullif(q.corrected_text, ''), q.read_text) AS problem_text
    FROM ledger_transactions l
    JOIN ledger_entries e ON e.transaction_id = l.id AND e.account = 'owed:' || l.teacher_id
    LEFT JOIN questions q ON q.id = l.question_id
"""
_MEDIA_OF_QUESTION = """
    SELECT m.* FROM question_media q JOIN media m ON m.id = q.media_id WHERE q.question_id = %(question)s
    ORDER BY q.position
"""

_EARNING = f"""
    SELECT line.*, (SELECT -sum(e.amount_fen) FROM ledger_entries e
                    WHERE e.account = 'owed:' || line.teacher_id)::bigint AS total
    FROM ({_EARNING_COLUMNS} WHERE l.id = %(id)s) line
"""  # noqa: S608 - composed of constants of this module
_EARNINGS = _EARNING_COLUMNS + " WHERE l.teacher_id = %(teacher)s ORDER BY l.done_at DESC LIMIT %(limit)s"
_EARNED = """
    SELECT coalesce(-sum(e.amount_fen), 0)::bigint AS total,
           coalesce(-sum(e.amount_fen) FILTER (
               WHERE date_trunc('month', l.done_at AT TIME ZONE 'Asia/Shanghai')
                   = date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai')), 0)::bigint AS month
    FROM ledger_entries e JOIN ledger_transactions l ON l.id = e.transaction_id
    WHERE e.account = 'owed:' || CAST(%(teacher)s AS text)
"""

_RELATED = """
    SELECT a.id, a.problem_text, a.made_at FROM answers a JOIN questions q ON q.id = a.question_id
    WHERE q.student_id = %(student)s AND a.subject = %(subject)s AND a.state = 'published' AND q.id <> %(id)s
    ORDER BY a.made_at DESC LIMIT 3
"""

# First what the question is known to be about (a person's word, or a model's that is sure), then that of answers like
# it, then what the subject is asked most; of these, where there is a taxonomy, what it has.
_POINTS = f"""
    WITH known AS (
        SELECT p.name FROM taxonomy_points p WHERE p.taxonomy_id = (SELECT max(id) FROM taxonomies)
            AND p.subject = %(subject)s AND p.stage = %(stage)s)
    SELECT point FROM (
        SELECT q.knowledge_point AS point, 0 AS far FROM questions q WHERE q.id = %(id)s
        UNION ALL
        SELECT known.knowledge_point, 1 FROM suggestions s JOIN answers a ON a.id = s.answer_id
        JOIN questions known ON known.id = a.question_id WHERE s.question_id = %(id)s
        UNION ALL
        SELECT often.knowledge_point, 2 FROM (
            SELECT q.knowledge_point, count(*) FROM questions q
            WHERE q.subject = %(subject)s AND {STAGE.format("q")} = %(stage)s AND q.knowledge_point IS NOT NULL
              AND q.received_at > now() - interval '90 days'
              AND (q.knowledge_point IN (SELECT name FROM known) OR NOT EXISTS (SELECT FROM known))
            GROUP BY q.knowledge_point ORDER BY 2 DESC, 1 LIMIT 6) often
    ) near WHERE point IS NOT NULL GROUP BY point ORDER BY min(far), point LIMIT 6
"""  # noqa: S608 - composed of constants of this module
_SAID_BY_MODELS = """
    SELECT DISTINCT ON (kind) kind, value, confidence FROM labels
    WHERE question_id = %(id)s AND source = 'model' AND kind IN ('subject', 'stage', 'difficulty')
    ORDER BY kind, id DESC
"""

_SIDE = """
    SELECT CASE WHEN l.teacher_id = %(person)s THEN 'teacher'
                WHEN l.kind <> 'live' THEN NULL -- a teacher records alone
                WHEN l.student_id = %(person)s THEN 'student'
                WHEN l.ended_at IS NULL AND EXISTS (
                    SELECT FROM questions f WHERE f.leader_id = l.question_id AND f.student_id = %(person)s
                        AND f.state = 'following') THEN 'follower' END AS side
    FROM live_sessions l WHERE l.id = %(id)s
"""
_SEATS = """
    SELECT teacher_id, CASE WHEN kind = 'live' THEN student_id END AS student_id, pen_locked
    FROM live_sessions WHERE id = %(id)s AND ended_at IS NULL
"""
_SESSION = f"""
    SELECT l.*, {_HAS_MEDIA}, clock_timestamp() AS read_at, coalesce(n.title, '') AS title, {_KEEPS_PUPIL},
           coalesce(q.subject, n.subject, a.subject) AS subject, coalesce(q.grade, n.grade, a.grade) AS grade,
           coalesce(q.text, '') AS text, coalesce(q.followers, 0) AS followers,
           coalesce(nullif(q.corrected_text, ''), q.read_text, a.problem_text, '') AS read_text,
           taught.nickname AS teacher_name,
           l.teacher_seen_at > clock_timestamp() - interval '30 seconds' AS teacher_online,
           l.student_seen_at > clock_timestamp() - interval '30 seconds' AS student_online
    FROM live_sessions l LEFT JOIN questions q ON q.id = l.question_id JOIN accounts taught ON taught.id = l.teacher_id
    LEFT JOIN lessons n ON n.session_id = l.id LEFT JOIN answers a ON a.id = l.answer_id
    WHERE l.id = %(id)s
"""  # noqa: S608 - composed of constants of this module
