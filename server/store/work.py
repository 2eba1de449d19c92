"""The unit of work: one transaction in which state, the events that announce it and the jobs it causes are written."""

import json
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from psycopg.pq import TransactionStatus
from psycopg.types.json import Jsonb
from sqlalchemy import CursorResult, Executable, and_, delete, func, insert, make_url, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from matcher import statements
from matcher.statements import Driver
from server.domain.board import Operation
from server.domain.dispatch import Ready, Shift, Waiting
from server.domain.edition import FOREVER
from server.domain.people import Certification, PersonId, Stage, Subject
from server.domain.question import AnswerId, PageProblem, Question, State, Verdict
from server.domain.session import SILENT_ENDS
from server.store import tables as t
from server.store.lines import AT_HAND, Lines, Record, begin, clock, insertion, open_engine

__all__ = [
    "DUTY_CHANNEL",
    "IdempotencyRecord",
    "Outgoing",
    "Record",
    "Store",
    "Work",
    "gallery_channel",
    "lecture_channel",
    "open_engine",
    "person_channel",
    "room_channel",
    "session_channel",
    "staff_channel",
]


@dataclass(frozen=True)
class Outgoing:
    """An event on its way: the relay loads what `ref` names and tells `channel`; `body` is for events that carry
    themselves, as lines of a log do."""

    id: int
    channel: str
    kind: str
    ref: UUID
    body: Any = None


Sent = Callable[[Sequence[Outgoing]], None]

READY_HEAD = 200  # of all who wait for a question, those looked at first, whatever they are certified for
READY_AT_ONCE = 16  # teachers of a certification among whom the best is chosen: those who have waited longest
VOICE_SLACK = timedelta(seconds=5)  # a recorder stops a little later, and its clock is another
DEVICES_KEPT = timedelta(days=90)  # after the last sign-in: a month's work is reviewed well within


def person_channel(person: UUID) -> str:
    return f"person:{person}"


def session_channel(session: UUID) -> str:
    return f"session:{session}"


def gallery_channel(session: UUID) -> str:
    """Where those hear a session who follow its question: the board and the teacher's voice."""
    return f"gallery:{session}"


def lecture_channel(lecture: UUID) -> str:
    """What happens to a lecture itself: its time, its seats, its state."""
    return f"lecture:{lecture}"


def room_channel(lecture: UUID) -> str:
    """The board and what is said, for all in the room."""
    return f"room:{lecture}"


def staff_channel(lecture: UUID) -> str:
    """What is held back in a room, for its lecturer and reviewers."""
    return f"staff:{lecture}"


DUTY_CHANNEL = "duty"  # alarms for the duty administrator


class IdempotencyRecord(NamedTuple):
    """What a request has made, under its sender's key."""

    account_id: UUID
    key: str
    fingerprint: bytes
    resource: UUID


class Overtaken(Exception):
    """A question was changed that the work had not locked."""


class Work:
    """One transaction. Leaving its block without `commit` rolls everything back, events and jobs included.

    What runs at every question goes to the driver as SQL; the rest goes through SQLAlchemy, which costs four times as
    much (docs/adr/0007). Both are in the one transaction. A question is one object for the whole work, however often it
    is asked for; what changed of it is written by `flush`, at the latest by `commit`.
    """

    def __init__(self, connection: AsyncConnection, driver: Driver, began: datetime, sent: Sent) -> None:
        self._connection, self._line = connection, driver
        self.began = began
        """By the database's clock."""
        self._is_committed = False
        self._sent = sent
        self._questions: dict[UUID, tuple[Question, tuple[Any, ...]]] = {}  # and its columns as they are stored
        self._added: list[Question] = []
        self._events: list[dict[str, Any]] = []
        self._jobs: list[dict[str, Any]] = []

    @property
    def _driver(self) -> Driver:
        self._must_be_open()
        return self._line

    def _must_be_open(self) -> None:
        assert not self._is_committed, "what comes after the commit is a work of its own"

    async def commit(self) -> None:
        await self.flush()
        outgoing = await self._write_outbox()
        for job in self._jobs:
            await self._rows(_DEFER, job)
        await self._driver.commit()
        self._events, self._jobs = [], []
        self._is_committed = True
        if outgoing:
            self._sent(outgoing)

    async def rollback(self) -> None:
        """Begin anew, as if nothing had been done here."""
        await self._driver.rollback()
        self.began = await begin(self._driver)
        self._questions, self._added, self._events, self._jobs = {}, [], [], []

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """What fails in this block costs the block alone, not the transaction."""
        await self.flush()
        await self._driver.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            await self._driver.execute("ROLLBACK TO SAVEPOINT attempt")
            raise
        finally:
            await self._driver.execute("RELEASE SAVEPOINT attempt")

    async def connection(self) -> AsyncConnection:
        """For the matcher's index, which writes in the same transaction."""
        self._must_be_open()
        return self._connection

    async def execute(
        self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Through SQLAlchemy, for what is rare."""
        return await (await self.connection()).execute(statement, rows)

    async def _scalars(self, statement: Executable) -> list[Any]:
        return list((await self.execute(statement)).scalars())

    async def now(self) -> datetime:
        """The database's clock: months and leases count by it, whatever a node's own clock says."""
        return await clock(self._driver)

    # --- rows ---

    async def rows(self, query: str, params: Mapping[str, Any] | None = None) -> list[Record]:
        """For the books (server/store/books.py), which are kept in the same transaction."""
        return await statements.rows(self._driver, query, params)

    async def _rows(self, query: str, params: Mapping[str, Any] | None = None) -> list[Record]:
        return await statements.rows(self._driver, query, params)

    async def _row(self, query: str, params: Mapping[str, Any] | None = None) -> Record | None:
        """The first, if there is one."""
        found = await statements.rows(self._driver, query, params)
        return found[0] if found else None

    async def _value(self, query: str, params: Mapping[str, Any] | None = None) -> Any:
        found = await statements.rows(self._driver, query, params)
        return found[0][0] if found else None

    async def _insert(self, table: str, *rows: Mapping[str, Any]) -> None:
        await statements.write(self._driver, *insertion(table, rows))

    async def _write(self, query: str, params: Mapping[str, Any]) -> int:
        """How many rows it changed."""
        return await statements.write(self._driver, query, params)

    # --- events and jobs ---

    def tell(self, channel: str, kind: str, ref: UUID, body: Any = None) -> None:
        event = {"channel": channel, "kind": kind, "ref": ref, "body": body}
        if body is not None or event not in self._events:
            self._events.append(event)

    def tell_student(self, question: Question) -> None:
        self.tell(person_channel(question.student_id), "question", question.id)

    def tell_asked(self, question: Question) -> None:
        """A question without files that has just been received: nothing is to be read to tell it."""
        sent = {"subject": question.subject, "grade": question.grade, "text": question.text}
        body = sent | {"received_at": question.received_at.isoformat()}
        self.tell(person_channel(question.student_id), "asked", question.id, body)

    def tell_session(self, session: UUID) -> None:
        """To its two, and to who watches."""
        self.tell(session_channel(session), "session", session)
        self.tell(gallery_channel(session), "gallery", session)

    def tell_teacher(self, teacher: PersonId) -> None:
        self.tell(person_channel(teacher), "duty", teacher)

    def defer(self, task: str, *, queue: str, lock: str | None = None, **args: str) -> None:
        """A job that exists exactly if this transaction commits."""
        self._jobs.append({"queue": queue, "task": task, "lock": lock, "args": json.dumps(args)})

    async def _write_outbox(self) -> list[Outgoing]:
        if not self._events:
            return []
        query, params = insertion("outbox", [{**event, "body": _json(event["body"])} for event in self._events])
        ids = sorted(row.id for row in await self._rows(f"{query} RETURNING id", params))  # numbered in their order
        return [Outgoing(id, **event) for id, event in zip(ids, self._events, strict=True)]

    # --- questions ---

    def add_question(self, question: Question) -> None:
        self._added.append(question)

    async def question(self, id: UUID) -> Question | None:
        """The question, locked until the transaction ends."""
        return self._known(await self._row(f"{_SELECT_QUESTION} WHERE id = %(id)s FOR UPDATE", {"id": id}))

    async def questions(self, ids: Sequence[UUID]) -> list[Question]:
        """These questions, locked in the order of their ids."""
        query = f"{_SELECT_QUESTION} WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE"
        return [self._object(row) for row in await self._rows(query, {"ids": list(ids)})]

    async def waiting_question(self, id: UUID) -> Question | None:
        """The question, locked, if it is waiting and nobody else is busy with it."""
        query = f"{_SELECT_QUESTION} WHERE id = %(id)s AND state = 'waiting' FOR UPDATE SKIP LOCKED"
        return self._known(await self._row(query, {"id": id}))

    async def peek(self, id: UUID) -> Question | None:
        """The question as it is, not locked."""
        return self._known(await self._row(f"{_SELECT_QUESTION} WHERE id = %(id)s", {"id": id}))

    async def flush(self, but: Sequence[Question] = ()) -> None:
        """Write what is new and what has changed of the questions, save those of which more is to come."""
        if self._added:
            await self._insert("questions", *map(_values, self._added))
        for question in self._added:
            self._questions[question.id] = question, _stored(question)
        self._added = []
        alike: dict[tuple[str, ...], list[Question]] = {}
        for question, stored in self._questions.values():
            changed = tuple(name for name, old in zip(_COLUMNS, stored, strict=True) if getattr(question, name) != old)
            if changed and not any(question is each for each in but):
                alike.setdefault(changed, []).append(question)
        for names, questions in alike.items():
            await self._write_changes(questions, names)

    async def _write_changes(self, questions: Sequence[Question], names: tuple[str, ...]) -> None:
        """In one statement; all of them have changed in the same columns."""
        params = {f"{n}_{at}": getattr(q, n) for at, q in enumerate(questions) for n in ("id", "version", *names)}
        if await self._write(_change(names, len(questions)), params) != len(questions):
            raise Overtaken(", ".join(str(question.id) for question in questions))
        for question in questions:
            question.version += 1
            self._questions[question.id] = question, _stored(question)

    def _known(self, row: Record | None) -> Question | None:
        return None if row is None else self._object(row)

    def _object(self, row: Record) -> Question:
        """The one of this row: that which the work knows, brought up to date, or a new one."""
        values = _loaded(row)
        question = self._questions[row.id][0] if row.id in self._questions else Question(**values)
        for name, value in values.items():
            setattr(question, name, value)
        self._questions[row.id] = question, _stored(question)
        return question

    async def remember(self, account: UUID, key: str, fingerprint: bytes, resource: UUID) -> tuple[UUID, bytes]:
        """First come, first kept: the resource and fingerprint under this key, ours if the key was new."""
        [kept] = await self.remember_each([IdempotencyRecord(account, key, fingerprint, resource)])
        return kept.resource, kept.fingerprint

    async def remember_each(self, records: Sequence[IdempotencyRecord]) -> list[IdempotencyRecord]:
        """What is kept under each of these keys, no two of which are the same."""
        if not records:
            return []
        rows = [record._asdict() for record in sorted(records)]  # in one order for all, so that none wait in a ring
        query, params = insertion("idempotency", rows)
        found = {(row.account_id, row.key): row for row in await self._rows(f"{query} {_REMEMBER}", params)}
        kept = [found[record.account_id, record.key] for record in records]
        return [IdempotencyRecord(row.account_id, row.key, bytes(row.fingerprint), row.resource) for row in kept]

    async def attach(self, question: UUID, media: Sequence[UUID]) -> None:
        if media:
            rows = [{"question_id": question, "position": i, "media_id": id} for i, id in enumerate(media)]
            await self.execute(insert(t.question_media), rows)

    async def followers_of(self, leader: UUID) -> list[Question]:
        """Locked, oldest first."""
        query = f"{_SELECT_QUESTION} WHERE leader_id = %(leader)s ORDER BY received_at, id FOR UPDATE"
        return [self._object(row) for row in await self._rows(query, {"leader": leader})]

    async def unread_texts(self, before: datetime, limit: int = 50) -> list[UUID]:
        """Questions that nobody has matched though nothing is to be read: without files, or put right by their
        pupils."""
        q = t.questions.c
        has_files = select(t.question_media.c.question_id).where(t.question_media.c.question_id == q.id).exists()
        asked = and_(q.state == State.RECEIVED, q.received_at < before, ~has_files)
        corrected = and_(q.state == State.READING, q.corrected_at < before)
        found = await self._scalars(select(q.id).where(or_(asked, corrected)).order_by(q.received_at).limit(limit))
        return list(found)

    async def stuck_in_pipeline(self, before: datetime, limit: int = 50) -> list[UUID]:
        found = await self._scalars(
            select(t.questions.c.id)
            .where(
                t.questions.c.state.in_([State.RECEIVED, State.READING, State.MATCHED]),
                func.coalesce(t.questions.c.corrected_at, t.questions.c.received_at) < before,
            )
            .order_by(t.questions.c.received_at)
            .limit(limit)
        )
        return list(found)

    async def behind(self, question: Question, limit: int = 50) -> list[Record]:
        """Id and student of those who wait behind this question for the same subject, or follow one that does."""
        place = {"subject": question.subject, "received_at": question.received_at, "limit": limit}
        return await self._rows(_BEHIND, place)

    async def is_followed(self, leader: UUID) -> bool:
        query = "SELECT EXISTS (SELECT FROM questions WHERE leader_id = %(id)s AND state = 'following')"
        return bool(await self._value(query, {"id": leader}))

    async def crowd(self, leader: Question) -> list[Record]:
        """Id and student of those who follow it."""
        return await self._rows("SELECT id, student_id FROM questions WHERE leader_id = %(id)s", {"id": leader.id})

    async def add_suggestion(
        self, question: UUID, answer: UUID, verdict: str, confidence: float, reasons: Sequence[Mapping[str, Any]]
    ) -> None:
        row = {"id": uuid4(), "question_id": question, "answer_id": answer, "verdict": verdict}
        await self._insert(
            "suggestions", {**row, "confidence": confidence, "reasons": Jsonb([dict(r) for r in reasons])}
        )

    async def judge_suggestions(self, question: UUID, outcome: str) -> None:
        """One word on all that the pupil has said nothing of."""
        query = "UPDATE suggestions SET outcome = %(outcome)s WHERE question_id = %(question)s AND outcome IS NULL"
        await self._write(query, {"question": question, "outcome": outcome})

    async def keep_problems(self, question: UUID, problems: Sequence[PageProblem]) -> None:
        """What a page shows, numbered from 1; what was known of it before is replaced."""
        await self._write("DELETE FROM page_problems WHERE question_id = %(id)s", {"id": question})
        rows = [{"question_id": question, "number": n, **asdict(problem)} for n, problem in enumerate(problems, 1)]
        await self._insert("page_problems", *rows)

    async def page_problem(self, question: UUID, number: int) -> Record | None:
        query = "SELECT * FROM page_problems WHERE question_id = %(id)s AND number = %(number)s"
        return await self._row(query, {"id": question, "number": number})

    async def judge_suggestion(self, question: UUID, answer: UUID | None, outcome: str) -> None:
        """The pupil's word on the video shown: a label for the matcher."""
        await self._write(_JUDGE, {"question": question, "answer": answer, "outcome": outcome})

    # --- what is said of matches ---

    async def pair(self, question: UUID, known: UUID) -> Record | None:
        """A question and what it was matched with: an answer it was shown, or the question that it follows."""
        return await self._row(_PAIR, {"question": question, "known": known})

    async def add_label(
        self, question: UUID, known: UUID, source: str, same: bool, confidence: float | None, person: UUID
    ) -> None:
        """The last word of each source counts."""
        row = {"question": question, "known": known, "source": source, "same": same}
        await self._write(_LABEL, {**row, "confidence": confidence, "person": person})

    async def labels(self, *, since_tightened: bool = False) -> list[Record]:
        """Every judged pair, oldest first: subject, question and known, both texts (NULL where one is gone), the
        confidence told and the slope and shift that had made it; a teacher's word counts before the pupil's."""
        return await self._rows(_LABELS, {"since_tightened": since_tightened})

    async def certifications(self, teacher: UUID) -> frozenset[Certification]:
        c = t.certifications.c
        found = await self.execute(select(c.subject, c.stage).where(c.account_id == teacher))
        return frozenset(Certification(Subject(row.subject), Stage(row.stage)) for row in found)

    async def add_calibration(self, made_by: str, calibration: Mapping[str, Any], report: Mapping[str, Any]) -> int:
        row = {"made_by": made_by, "slope": calibration["slope"], "shift": calibration["shift"]}
        row |= {"bars": Jsonb(dict(calibration["bars"])), "report": Jsonb(dict(report))}
        row |= {"verifier_id": calibration["verifier"]}
        query, params = insertion("calibrations", [row])
        return int(await self._value(f"{query} RETURNING id", params))

    async def add_verifier(self, trees: Mapping[str, Any]) -> int:
        query, params = insertion("verifiers", [{"trees": Jsonb(dict(trees))}])
        return int(await self._value(f"{query} RETURNING id", params))

    async def calibration_in_force(self) -> tuple[int, datetime | None]:
        """Its number and since when; 0 before the first."""
        query = "SELECT id, adopted_at FROM calibrations WHERE adopted_at IS NOT NULL ORDER BY adopted_at DESC LIMIT 1"
        found = await self._row(query)
        return (0, None) if found is None else (found.id, found.adopted_at)

    async def adopt_calibration(self, id: int) -> bool | None:
        """False when it is in force or was; None when there is none of this number."""
        query = "SELECT adopted_at FROM calibrations WHERE id = %(id)s FOR UPDATE"
        found = await self._row(query, {"id": id})
        if found is None or found.adopted_at is not None:
            return None if found is None else False
        await self._write("UPDATE calibrations SET adopted_at = clock_timestamp() WHERE id = %(id)s", {"id": id})
        return True

    # --- dispatch ---

    async def waiting(self, subjects: Collection[Subject] | None = None, limit: int = 50) -> list[Waiting]:
        """The heads of these subjects' queues, or of all for which somebody is free; of each the oldest first."""
        if subjects is None:
            found = await self._rows(_WAITING, {"limit": limit})
        else:
            found = await self._rows(_WAITING_FOR, {"subjects": sorted(map(str, subjects)), "limit": limit})
        return [_waiting(row) for row in found]

    async def ready(self, wanted: Iterable[Certification]) -> list[Ready]:
        """Teachers on shift, present, willing and free: for each certification those who have waited longest."""
        pairs = sorted({(str(one.subject), str(one.stage)) for one in wanted})
        asked = {"subjects": [subject for subject, _ in pairs], "stages": [stage for _, stage in pairs]}
        return [
            Ready(
                id=row.teacher_id,
                certifications=_certified(tuple(row.subjects), tuple(row.stages)),
                ready_since=row.since,
                answered_tonight=row.answered_tonight,
                earned_tonight_fen=row.earned_tonight_fen,
                rating_sum=row.rating_sum,
                rating_count=row.rating_count,
            )
            for row in await self._rows(_READY, asked)
        ]

    async def offer_each(
        self, pairs: Sequence[tuple[Question, PersonId]], now: datetime, expires_at: datetime
    ) -> set[PersonId]:
        """Each question is offered to its teacher under its next epoch, if she is free and nobody else offers her
        something at this moment: the teachers who have an offer now. They are locked until the work ends."""
        wanted = {
            "ids": [uuid4() for _ in pairs],
            "questions": [question.id for question, _ in pairs],
            "teachers": [teacher for _, teacher in pairs],
            "epochs": [question.assignment_epoch + 1 for question, _ in pairs],
        }
        times = {"made_at": now, "expires_at": expires_at}
        return {row.teacher_id for row in await self._rows(_OFFER, wanted | times)}

    async def offer(self, id: UUID) -> Record | None:
        """Not locked: an offer changes only under its question's lock."""
        return await self._row("SELECT * FROM offers WHERE id = %(id)s", {"id": id})

    async def open_offer_to(self, teacher: PersonId) -> Record | None:
        return await self._row("SELECT * FROM offers WHERE teacher_id = %(id)s AND state = 'open'", {"id": teacher})

    async def open_offer_of(self, question: UUID) -> Record | None:
        return await self._row("SELECT * FROM offers WHERE question_id = %(id)s AND state = 'open'", {"id": question})

    async def lapsed_offers(self, now: datetime, limit: int = 100) -> list[Record]:
        """Id and question of open offers past their time."""
        o = t.offers.c
        found = await self.execute(
            select(o.id, o.question_id)
            .where(o.state == "open", o.expires_at <= now)
            .order_by(o.expires_at)
            .limit(limit)
        )
        return list(found)

    async def close_offer(self, id: UUID, state: str, now: datetime) -> None:
        query = "UPDATE offers SET state = %(state)s, closed_at = %(now)s WHERE id = %(id)s AND state = 'open'"
        await self._write(query, {"id": id, "state": state, "now": now})

    async def unalarmed(self, before: datetime, limit: int = 50) -> list[UUID]:
        q = t.questions.c
        found = await self._scalars(
            select(q.id)
            .where(q.state.in_([State.WAITING, State.OFFERED]), q.alarmed_at.is_(None), q.received_at < before)
            .order_by(q.received_at)
            .limit(limit)
        )
        return list(found)

    async def unpromised(self, now: datetime, limit: int = 50) -> list[UUID]:
        """Waiting questions that nobody on duty could take and whose promised time is missing or past."""
        found = await self._rows(_UNPROMISED, {"now": now, "limit": limit})
        return [row.id for row in found]

    async def on_duty(self, subject: Subject, stage: Stage) -> int:
        """How many teachers are on duty for this, busy ones included."""
        return int(await self._value(_ON_DUTY, {"subject": subject, "stage": stage}))

    async def roster(self, subject: Subject, stage: Stage, now: datetime) -> list[Shift]:
        s, c = t.shifts.c, t.certifications.c
        found = await self.execute(
            select(s.teacher_id, s.starts_at, s.ends_at)
            .join(t.certifications, c.account_id == s.teacher_id)
            .where(c.subject == subject, c.stage == stage, s.ends_at > now)
            .order_by(s.starts_at)
            .limit(100)
        )
        certified = frozenset({Certification(subject, stage)})
        return [Shift(row.teacher_id, certified, row.starts_at, row.ends_at) for row in found]

    # --- presence ---

    async def next_shift(self, teacher: PersonId, now: datetime) -> tuple[datetime, datetime] | None:
        s = t.shifts.c
        found = await self.execute(
            select(s.starts_at, s.ends_at)
            .where(s.teacher_id == teacher, s.ends_at > now)
            .order_by(s.starts_at)
            .limit(1)
        )
        row = found.one_or_none()
        return None if row is None else (row.starts_at, row.ends_at)

    async def wish(self, teacher: PersonId, wish: str, now: datetime, lease_until: datetime) -> None:
        """What the teacher chose; from `since` on she waits for a question."""
        row = {"teacher_id": teacher, "wish": wish, "since": now, "lease_until": lease_until, "lapses": 0}
        change = {key: value for key, value in row.items() if key != "teacher_id"}
        await self.execute(
            upsert(t.presence).values(**row).on_conflict_do_update(index_elements=["teacher_id"], set_=change)
        )

    async def renew(self, people: Sequence[UUID], lease: timedelta) -> None:
        """People whose socket is here are present for another lease."""
        await self._write(_RENEW_PRESENCE, {"people": list(people), "lease": lease})
        await self._write(_RENEW_SESSIONS, {"people": list(people)})

    async def busy(self, teacher: PersonId) -> bool:
        s = t.live_sessions.c
        found = await self.execute(select(s.id).where(s.teacher_id == teacher, s.ended_at.is_(None)))
        return found.first() is not None

    async def count_lapse(self, teacher: PersonId) -> int:
        p = t.presence.c
        found = await self.execute(
            update(t.presence).where(p.teacher_id == teacher).values(lapses=p.lapses + 1).returning(p.lapses)
        )
        return int(found.scalar_one_or_none() or 0)

    async def forgive_lapses(self, teacher: PersonId) -> None:
        await self._write("UPDATE presence SET lapses = 0 WHERE teacher_id = %(id)s AND lapses > 0", {"id": teacher})

    # --- live sessions ---

    async def open_session(self, question: Question, teacher: PersonId, now: datetime, kind: str = "live") -> UUID:
        await self.flush()
        id = uuid4()
        row = {"id": id, "question_id": question.id, "teacher_id": teacher, "student_id": question.student_id}
        seen = {"opened_at": now, "teacher_seen_at": now, "student_seen_at": now, "kind": kind}
        await self._insert("live_sessions", {**row, "assignment_epoch": question.assignment_epoch, **seen})
        return id

    async def open_alone(self, teacher: PersonId, kind: str, now: datetime, **more: Any) -> UUID:
        """A session without a question: a lesson, or a retake (`more` says of what, and from where)."""
        id = uuid4()
        seen = {"opened_at": now, "teacher_seen_at": now, "student_seen_at": now, "assignment_epoch": 0}
        await self._insert("live_sessions", {"id": id, "teacher_id": teacher, "kind": kind, **seen, **more})
        return id

    async def add_lesson(self, session: UUID, **about: Any) -> None:
        await self._insert("lessons", {"session_id": session, **about})

    async def lesson(self, session: UUID) -> Record | None:
        return await self._row("SELECT * FROM lessons WHERE session_id = %(id)s", {"id": session})

    async def hold_teacher(self, teacher: PersonId) -> None:
        """Nobody offers this teacher anything, nor begins anything as her, until the work ends."""
        await self._rows("SELECT id FROM accounts WHERE id = %(id)s FOR UPDATE", {"id": teacher})
        await self._rows("SELECT teacher_id FROM presence WHERE teacher_id = %(id)s FOR UPDATE", {"id": teacher})

    async def live_session(self, id: UUID, *, lock: bool = False) -> Record | None:
        query = "SELECT * FROM live_sessions WHERE id = %(id)s"
        return await self._row(query + " FOR UPDATE" if lock else query, {"id": id})

    async def open_session_of(self, question: UUID) -> Record | None:
        query = "SELECT * FROM live_sessions WHERE question_id = %(id)s AND ended_at IS NULL FOR UPDATE"
        return await self._row(query, {"id": question})

    async def lost_sessions(self, gone_after: timedelta, limit: int = 50) -> list[Record]:
        s = t.live_sessions.c
        found = await self.execute(
            select(s.id, s.question_id)
            .where(
                s.ended_at.is_(None),
                s.question_id.is_not(None),
                s.teacher_seen_at < func.clock_timestamp() - gone_after,
            )
            .limit(limit)
        )
        return list(found)

    async def overdue_sessions(self, lasts: timedelta, limit: int = 50) -> list[Record]:
        """Open ones of which something may be due: their whole time, or the silence that ends one."""
        wanted = {"lasts": lasts, "silent": SILENT_ENDS, "limit": limit}
        return await self._rows(_OVERDUE, wanted)

    async def change_session(self, id: UUID, **change: Any) -> None:
        s = t.live_sessions.c
        await self.execute(update(t.live_sessions).where(s.id == id).values(**change, version=s.version + 1))
        self.tell_session(id)

    async def stir(self, session: UUID) -> None:
        """A sign of life that is no line of the board."""
        await self._write("UPDATE live_sessions SET active_at = clock_timestamp() WHERE id = %(id)s", {"id": session})

    async def session_before(self, question: UUID) -> Record | None:
        """The last session that this question lost."""
        query = "SELECT * FROM live_sessions WHERE question_id = %(id)s AND ended_at IS NOT NULL"
        return await self._row(f"{query} ORDER BY ended_at DESC LIMIT 1", {"id": question})

    async def rest(self, teacher: PersonId, breath_s: int) -> None:
        """How long the teacher breathes between two questions, from now on."""
        query = "UPDATE presence SET breath_s = %(breath)s, rests_until = NULL WHERE teacher_id = %(id)s"
        await self._write(query, {"id": teacher, "breath": breath_s})

    async def breathe(self, teacher: PersonId) -> None:
        """The work is done: the teacher waits anew, after the breath that she chose."""
        await self._write(_BREATHE, {"id": teacher})

    async def rate_answer(self, id: UUID, teacher: PersonId, stars: int) -> None:
        """The asking pupil's stars; another time they replace the first, in the teacher's sum too."""
        await self._write(_RATE, {"id": id, "teacher": teacher, "stars": stars})

    async def end_session(self, id: UUID, why: str, now: datetime) -> None:
        await self._write(_END_SESSION, {"id": id, "why": why, "now": now})
        self.tell_session(id)

    async def append(self, session: UUID, *lines: Operation) -> int:
        """Number operations; the number of the last. The caller has locked the session and seen that they are new."""
        seq = int(await self._value(_NEXT_SEQ, {"id": session, "count": len(lines)}))
        rows = [
            {"session_id": session, "seq": seq - len(lines) + i, "op_id": op.id, "body": Jsonb(op.body)}
            | {"author": op.author, "kind": op.kind, "at_ms": op.at_ms}
            for i, op in enumerate(lines, 1)
        ]
        await self._insert("board_operations", *rows)
        return seq

    async def operation_seq(self, session: UUID, op_id: str) -> int | None:
        query = "SELECT seq FROM board_operations WHERE session_id = %(session)s AND op_id = %(op)s"
        found: int | None = await self._value(query, {"session": session, "op": op_id})
        return found

    async def lock_pen(self, session: UUID, locked: bool) -> None:
        await self._write(
            "UPDATE live_sessions SET pen_locked = %(on)s WHERE id = %(id)s", {"on": locked, "id": session}
        )

    async def board_snapshot(self, session: UUID) -> str | None:
        """The newest, as JSON (`Board.snapshot`)."""
        found: str | None = await self._value(
            "SELECT body FROM board_snapshots WHERE session_id = %(id)s", {"id": session}
        )
        return found

    async def keep_snapshot(self, session: UUID, seq: int, body: str) -> None:
        await self._write(_KEEP_SNAPSHOT, {"session": session, "seq": seq, "body": body})

    async def log(self, session: UUID, after: int = 0) -> list[Operation]:
        b = t.board_operations.c
        found = await self.execute(
            select(t.board_operations).where(b.session_id == session, b.seq > after).order_by(b.seq)
        )
        return [Operation(row.seq, row.op_id, row.author, row.kind, row.body, row.at_ms) for row in found]

    # --- answers ---

    async def add_answer(self, question: Question, session: UUID, now: datetime, **more: Any) -> AnswerId:
        """Of a question."""
        await self.flush()
        about: dict[str, Any] = {"question_id": question.id, "problem_text": question.problem_text}
        about |= {"teacher_id": question.teacher_id}
        about |= {"subject": question.subject, "grade": question.grade}
        return await self.write_answer(**about, session_id=session, made_at=now, **more)

    async def write_answer(self, **row: Any) -> AnswerId:
        id = AnswerId(uuid4())
        await self.execute(insert(t.answers).values(id=id, state="rendering", **row))
        return id

    async def answer(self, id: UUID, *, lock: bool = False) -> Record | None:
        query = "SELECT * FROM answers WHERE id = %(id)s"
        return await self._row(query + " FOR UPDATE" if lock else query, {"id": id})

    async def watchers_of(self, answer: UUID) -> list[Record]:
        """Id and pupil of the questions that were shown it."""
        query = """
            SELECT q.id, q.student_id FROM suggestions s JOIN questions q ON q.id = s.question_id
            WHERE s.answer_id = %(id)s ORDER BY s.made_at DESC LIMIT 500
        """
        return await self._rows(query, {"id": answer})

    async def answer_of_session(self, session: UUID) -> Record | None:
        query = "SELECT * FROM answers WHERE session_id = %(id)s AND split_from IS NULL"
        return await self._row(query, {"id": session})

    async def change_answer(self, id: UUID, **change: Any) -> None:
        a = t.answers.c
        await self.execute(update(t.answers).where(a.id == id).values(**change, version=a.version + 1))

    async def voices_of(self, session: UUID) -> list[tuple[Record, int]]:
        """Recordings of a session and of those that it goes on from, each with the moment until which it counts: nobody
        is heard in a session that is over, however long a file goes on."""
        found: list[tuple[Record, int]] = []
        until = FOREVER
        at: UUID | None = session
        while at is not None:
            row = await self.live_session(at)
            assert row is not None
            end = until
            if row.ended_at is not None and row.ended_at >= row.opened_at:  # else the clock was set back
                lasted = row.ended_at - row.opened_at + VOICE_SLACK
                end = min(until, row.from_ms + round(lasted.total_seconds() * 1000))
            found += [(recording, end) for recording in await self.recordings_of(at)]
            until = min(until, row.from_ms)
            at = row.goes_on_from
        return found

    async def add_edition(self, answer: UUID, **row: Any) -> None:
        """A film that was made; the one before it is superseded."""
        await self.supersede(answer)
        await self.execute(upsert(t.editions).values(answer_id=answer, **row).on_conflict_do_nothing())

    async def supersede(self, answer: UUID) -> None:
        await self._write(_SUPERSEDE, {"id": answer})

    async def edition(self, answer: UUID, number: int) -> Record | None:
        query = "SELECT * FROM editions WHERE answer_id = %(id)s AND number = %(number)s"
        return await self._row(query, {"id": answer, "number": number})

    async def unheard(self, answer: UUID) -> Record | None:
        """The edition that is watched, with `voice_key`, as long as more of it is to be heard."""
        return await self._row(_UNHEARD, {"id": answer})

    async def change_edition(self, answer: UUID, number: int, **change: Any) -> None:
        e = t.editions.c
        await self.execute(update(t.editions).where(e.answer_id == answer, e.number == number).values(**change))

    async def superseded(self, rest: timedelta, limit: int = 100) -> list[Record]:
        """Editions whose objects nobody watches any more; of an answer that was taken down, every one."""
        return await self._rows(_SUPERSEDED, {"rest": rest, "limit": limit})

    async def files_gone(self, answer: UUID, number: int) -> None:
        query = """
            UPDATE editions SET files_gone_at = clock_timestamp(), heard_ms = NULL, cues = '[]'
            WHERE answer_id = %(id)s AND number = %(n)s
        """
        await self._write(query, {"id": answer, "n": number})

    async def is_trusted(self, teacher: UUID) -> bool:
        return await self._value("SELECT trusted_at FROM accounts WHERE id = %(id)s", {"id": teacher}) is not None

    async def trust(self, teacher: UUID, on: bool) -> None:
        query = "UPDATE accounts SET trusted_at = CASE WHEN %(on)s THEN clock_timestamp() END WHERE id = %(id)s"
        await self._write(query, {"id": teacher, "on": on})

    async def add_review(self, **row: Any) -> None:
        await self._insert("reviews", {"id": uuid4(), **row})

    # --- children ---

    async def add_consents(self, *rows: Mapping[str, Any]) -> None:
        await self.execute(insert(t.consents), list(rows))

    async def consents_of(self, child: UUID) -> frozenset[str]:
        """The purposes that are agreed to now."""
        found = await self._rows(_CONSENTS, {"child": child})
        return frozenset(row.purpose for row in found if row.given)

    async def is_pupil_of_the_school_of(self, child: UUID, staff: UUID) -> bool:
        return bool(await self._value(_SAME_SCHOOL, {"child": child, "staff": staff}))

    async def is_guardian_of(self, child: UUID, guardian: UUID) -> bool:
        query = "SELECT EXISTS (SELECT FROM guardians WHERE child_id = %(child)s AND guardian_id = %(guardian)s)"
        return bool(await self._value(query, {"child": child, "guardian": guardian}))

    async def guardian_refused(self, child: UUID, purpose: str) -> bool:
        """Whether the last word on it is the guardian's own no."""
        return bool(await self._value(_REFUSED, {"child": child, "purpose": purpose}))

    async def answers_with_pupil(self, child: UUID) -> list[UUID]:
        """Those in which this child is heard, or will be when they are made."""
        return [row.id for row in await self._rows(_WITH_PUPIL, {"child": child})]

    async def recordings_by(self, child: UUID) -> list[Record]:
        query = "SELECT * FROM media WHERE owner_id = %(id)s AND kind = 'recording'"
        return await self._rows(query, {"id": child})

    async def note_reads(self, reader: UUID, why: str, *children: UUID, thing: UUID | None = None) -> None:
        rows = [{"reader_id": reader, "child_id": child, "why": why, "thing_id": thing} for child in children]
        if rows:
            await self.execute(insert(t.child_reads), rows)

    # --- what has served its time ---

    async def forget_expired(self) -> None:
        clock = func.clock_timestamp()
        for table in (t.tickets, t.sign_ins):
            await self.execute(delete(table).where(table.c.expires_at < clock))
        keys = t.idempotency.c
        await self.execute(delete(t.idempotency).where(keys.created_at < clock - timedelta(days=30)))
        await self.execute(delete(t.device_sign_ins).where(t.device_sign_ins.c.last_at < clock - DEVICES_KEPT))

    # --- media ---

    async def media(self, id: UUID, *, lock: bool = False) -> Record | None:
        query = select(t.media).where(t.media.c.id == id)
        found = await self.execute(query.with_for_update() if lock else query)
        return found.one_or_none()

    async def media_of_question(self, question: UUID) -> list[Record]:
        return await self._rows(_MEDIA_OF_QUESTION, {"id": question})

    async def recordings_of(self, session: UUID) -> list[Record]:
        query = "SELECT * FROM media WHERE session_id = %(id)s AND kind = 'recording' ORDER BY start_ms, created_at"
        return await self._rows(query, {"id": session})

    async def add_media(self, **row: Any) -> None:
        await self.execute(insert(t.media).values(**row))

    async def change_media(self, id: UUID, **change: Any) -> None:
        await self.execute(update(t.media).where(t.media.c.id == id).values(**change))

    async def unused_media(self, before: datetime) -> list[UUID]:
        """Files older than that which nothing uses."""
        m = t.media.c
        used = or_(
            select(t.question_media.c.media_id).where(t.question_media.c.media_id == m.id).exists(),
            select(t.lectures.c.id).where(t.lectures.c.cover_id == m.id).exists(),
            select(t.lecture_materials.c.lecture_id).where(t.lecture_materials.c.material_id == m.id).exists(),
        )
        found = await self._scalars(
            select(m.id).where(m.created_at < before, m.session_id.is_(None), ~used).order_by(m.created_at).limit(1_000)
        )
        return list(found)

    async def is_used(self, media: UUID) -> bool:
        return bool(await self._value(_IS_USED, {"id": media}))

    async def forget_media(self, id: UUID) -> None:
        await self.execute(delete(t.media).where(t.media.c.id == id))


class Store:
    """The door to the database: makes units of work and read-only connections. What runs at every question has
    connections of its own (`open_engine`, `often`); where there are none it takes the others."""

    def __init__(
        self, engine: AsyncEngine, sent: Sent = lambda events: None, *, often: AsyncEngine | None = None
    ) -> None:
        self.engine = engine
        self.sent = sent
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")  # a work says BEGIN itself
        self._lines = Lines(self._autocommit)
        self._often = Lines(often, AT_HAND) if often else self._lines

    async def close(self) -> None:
        await self._lines.close()
        await self._often.close()

    @asynccontextmanager
    async def work(self, *, often: bool = False, one_view: bool = False) -> AsyncIterator[Work]:
        """`one_view` for what only reads, and must agree from the first statement to the last."""
        async with (self._often if often else self._lines).one() as (connection, driver):
            try:
                began = await begin(driver, one_view=one_view)
                yield Work(connection, driver, began, lambda events: self.sent(events))
            finally:
                if driver.pgconn.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN):
                    await driver.rollback()

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[Work]:
        """For what only looks, and looks often: no BEGIN and no ROLLBACK around it."""
        async with self._lines.one() as (connection, driver):
            yield Work(connection, driver, await clock(driver), lambda events: self.sent(events))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """For SELECTs that need not agree with one another: no BEGIN and no ROLLBACK around them."""
        async with self._autocommit.connect() as connection:
            yield connection

    async def rows(self, query: str, params: Mapping[str, Any], *, often: bool = False) -> list[Record]:
        """One statement of its own, straight through the driver."""
        async with (self._often if often else self._lines).one() as (_, driver):
            return await statements.rows(driver, query, params)

    async def unsent(self, older_than: timedelta, limit: int = 500) -> list[Outgoing]:
        """Events whose sender died, or met a dead Redis, before it could say that they were sent."""
        o = t.outbox.c
        async with self.reading() as connection:
            found = await connection.execute(
                select(o.id, o.channel, o.kind, o.ref, o.body)
                .where(o.at <= func.clock_timestamp() - older_than)
                .order_by(o.id)
                .limit(limit)
            )
            return [Outgoing(row.id, row.channel, row.kind, row.ref, row.body) for row in found]

    async def mark_sent(self, ids: Sequence[int]) -> None:
        await self.rows("DELETE FROM outbox WHERE id = ANY(%(ids)s) RETURNING id", {"ids": list(ids)}, often=True)


# --- how a question is kept ----------------------------------------------------------------------------------------

_COLUMNS = tuple(field.name for field in fields(Question))
_POSTGRESQL = make_url("postgresql+psycopg://").get_dialect()()
_TYPES = {name: t.questions.c[name].type.compile(_POSTGRESQL) for name in _COLUMNS}
_SELECT_QUESTION = f"SELECT {', '.join(_COLUMNS)} FROM questions"  # noqa: S608 - the names of our own fields


def _values(question: Question) -> dict[str, Any]:
    return {name: getattr(question, name) for name in _COLUMNS}


@lru_cache
def _change(names: tuple[str, ...], count: int) -> str:
    sets = ", ".join(f"{name} = new.{name}" for name in names)
    columns = "id", "version", *names
    rows = ", ".join(
        "(" + ", ".join(f"CAST(%({name}_{at})s AS {_TYPES[name]})" for name in columns) + ")" for at in range(count)
    )
    return f"""
        UPDATE questions SET {sets}, version = questions.version + 1
        FROM (VALUES {rows}) AS new ({", ".join(columns)})
        WHERE questions.id = new.id AND questions.version = new.version
    """  # noqa: S608 - our own fields


def _stored(question: Question) -> tuple[Any, ...]:
    return tuple([*value] if isinstance(value, list) else value for value in _values(question).values())


def _json(value: Any) -> Jsonb | None:
    return None if value is None else Jsonb(value)


def _loaded(row: Record) -> dict[str, Any]:
    values: dict[str, Any] = row._asdict()
    values["subject"], values["state"] = Subject(row.subject), State(row.state)
    values["verdict"] = None if row.verdict is None else Verdict(row.verdict)
    return values


@lru_cache(maxsize=1_000)
def _certified(subjects: tuple[str, ...], stages: tuple[str, ...]) -> frozenset[Certification]:
    """Many teachers have the same, and dispatch looks at two hundred."""
    pairs = zip(subjects, stages, strict=True)
    return frozenset(Certification(Subject(subject), Stage(stage)) for subject, stage in pairs)


def _waiting(row: Record) -> Waiting:
    return Waiting(
        id=row.id,
        subject=row.subject,
        stage=_stage(row.grade),
        received_at=row.received_at,
        followers=row.followers,
        offers_made=row.offers_made,
        knowledge_point=row.knowledge_point,
        refused_by=frozenset(PersonId(UUID(teacher)) for teacher in row.refused_by),
    )


def _stage(grade: int) -> Stage:
    return Stage.PRIMARY if grade <= 6 else Stage.JUNIOR if grade <= 9 else Stage.SENIOR


_DEFER = """
    SELECT procrastinate_defer_jobs_v1(ARRAY[
        ROW(%(queue)s, %(task)s, 0, %(lock)s, NULL, CAST(%(args)s AS jsonb), NULL)
    ]::procrastinate_job_to_defer_v1[])
"""

# The change that changes nothing makes the row that is known come back.
_REMEMBER = """
    ON CONFLICT (account_id, key) DO UPDATE SET key = excluded.key RETURNING account_id, key, resource, fingerprint
"""

# "Not my question" is a word on the matcher, not on the teacher.
_JUDGE = """
    WITH judged AS (UPDATE suggestions SET outcome = %(outcome)s
                    WHERE question_id = %(question)s AND answer_id = %(answer)s AND outcome IS NULL RETURNING answer_id)
    INSERT INTO ratings (teacher_id, total, count)
    SELECT a.teacher_id, sum(CASE %(outcome)s WHEN 'solved' THEN 5 ELSE 2 END), count(*)
    FROM judged JOIN answers a ON a.id = judged.answer_id
    WHERE %(outcome)s IN ('solved', 'still_stuck') GROUP BY a.teacher_id
    ON CONFLICT (teacher_id) DO UPDATE SET total = ratings.total + excluded.total,
                                           count = ratings.count + excluded.count
"""

_PAIR = """
    SELECT s.confidence, s.reasons, a.state = 'published' AS is_published
    FROM suggestions s JOIN answers a ON a.id = s.answer_id
    WHERE s.question_id = %(question)s AND s.answer_id = %(known)s
    UNION ALL
    SELECT q.confidence, NULL, false FROM questions q WHERE q.id = %(question)s AND q.leader_id = %(known)s
    LIMIT 1
"""
_LABEL = """
    INSERT INTO match_labels (question_id, known_id, source, same, confidence, person_id)
    VALUES (%(question)s, %(known)s, %(source)s, %(same)s, %(confidence)s, %(person)s)
    ON CONFLICT (question_id, known_id, source) DO UPDATE SET same = excluded.same, person_id = excluded.person_id,
        made_at = clock_timestamp()
"""

# "Still stuck" says of the video that it did not help, not that it was of another problem. `pushed`: the pupil was
# shown it as the same problem, so that its being wrong is the matcher's error.
_LABELS = """
    WITH said AS (
        SELECT s.question_id, s.answer_id AS known_id, 1 AS weight, s.outcome <> 'not_mine' AS same, s.confidence,
               true AS pushed, s.made_at AS at, s.made_at AS told_at
        FROM suggestions s WHERE s.verdict = 'same' AND s.outcome IN ('solved', 'not_mine', 'still_stuck')
        UNION ALL
        SELECT l.question_id, l.known_id, CASE l.source WHEN 'teacher' THEN 0 ELSE 1 END, l.same, l.confidence,
               coalesce(q.verdict = 'open' OR s.verdict = 'same', true), l.made_at,
               coalesce(s.made_at, q.received_at)
        FROM match_labels l JOIN questions q ON q.id = l.question_id
        LEFT JOIN LATERAL (SELECT verdict, made_at FROM suggestions
                           WHERE question_id = l.question_id AND answer_id = l.known_id
                           ORDER BY made_at LIMIT 1) s ON true
        WHERE l.confidence IS NOT NULL
    ), last AS (
        SELECT DISTINCT ON (question_id, known_id) * FROM said ORDER BY question_id, known_id, weight, at DESC
    )
    SELECT q.subject, last.confidence, last.same, last.pushed, last.question_id, last.known_id, last.at,
           coalesce(c.slope, 1) AS slope, coalesce(c.shift, 0) AS shift,
           q.read_text <> '' AND coalesce(q.corrected_text, '') = '' AS from_photo,
           CASE WHEN q.state <> 'withdrawn' THEN coalesce(nullif(q.corrected_text, ''), nullif(q.read_text, ''), q.text)
           END AS asked,
           coalesce(a.problem_text, nullif(leader.corrected_text, ''), nullif(leader.read_text, ''), leader.text)
               AS known
    FROM last JOIN questions q ON q.id = last.question_id
    LEFT JOIN answers a ON a.id = last.known_id
    LEFT JOIN questions leader ON leader.id = last.known_id
    LEFT JOIN LATERAL (SELECT slope, shift FROM calibrations WHERE adopted_at <= last.told_at
                       ORDER BY adopted_at DESC LIMIT 1) c ON true
    WHERE NOT %(since_tightened)s OR last.at > coalesce((
        SELECT max(adopted_at) FROM calibrations WHERE made_by = 'alarm' AND report->'alarmed' ? q.subject
    ), '-infinity')
    ORDER BY last.at, last.question_id
"""

_WAITING_COLUMNS = """
    SELECT id, subject, grade, received_at, followers, offers_made, knowledge_point, refused_by
    FROM questions WHERE state = 'waiting'
"""
_WAITING_FOR = f"""
    SELECT head.* FROM unnest(CAST(%(subjects)s AS text[])) AS asked (subject)
    CROSS JOIN LATERAL ({_WAITING_COLUMNS} AND subject = asked.subject ORDER BY received_at, id LIMIT %(limit)s) head
"""  # noqa: S608 - composed of constants of this module

_BEHIND = """
    WITH later AS (SELECT id, student_id, received_at FROM questions
                   WHERE state = 'waiting' AND subject = %(subject)s AND received_at > %(received_at)s)
    SELECT id, student_id, received_at FROM later
    UNION ALL SELECT f.id, f.student_id, later.received_at FROM questions f JOIN later ON f.leader_id = later.id
    ORDER BY received_at LIMIT %(limit)s
"""

_END_SESSION = """
    UPDATE live_sessions SET ended_at = %(now)s, ended_why = %(why)s, version = version + 1
    WHERE id = %(id)s AND ended_at IS NULL
"""
_NEXT_SEQ = """
    UPDATE live_sessions SET next_seq = next_seq + %(count)s, active_at = clock_timestamp()
    WHERE id = %(id)s RETURNING next_seq - 1
"""

_OVERDUE = """
    SELECT id, question_id FROM live_sessions
    WHERE ended_at IS NULL
      AND (opened_at <= clock_timestamp() - %(lasts)s
           OR active_at <= clock_timestamp() - %(silent)s AND question_id IS NOT NULL)
    ORDER BY opened_at LIMIT %(limit)s
"""

_BREATHE = """
    UPDATE presence SET since = clock_timestamp(),
           rests_until = CASE WHEN breath_s > 0 THEN clock_timestamp() + make_interval(secs => breath_s) END
    WHERE teacher_id = %(id)s
"""

_RATE = """
    WITH before AS (SELECT id, stars FROM answers WHERE id = %(id)s FOR UPDATE),
         rated AS (UPDATE answers a SET stars = %(stars)s FROM before WHERE a.id = before.id RETURNING before.stars)
    INSERT INTO ratings (teacher_id, total, count)
    SELECT %(teacher)s, %(stars)s - coalesce(stars, 0), CASE WHEN stars IS NULL THEN 1 ELSE 0 END FROM rated
    ON CONFLICT (teacher_id) DO UPDATE SET total = ratings.total + excluded.total,
                                           count = ratings.count + excluded.count
"""

_SUPERSEDE = """
    UPDATE editions SET superseded_at = clock_timestamp() WHERE answer_id = %(id)s AND superseded_at IS NULL
"""
_UNHEARD = """
    SELECT e.*, a.voice_key FROM editions e JOIN answers a ON a.id = e.answer_id AND a.rendered_edition = e.number
    WHERE a.id = %(id)s AND a.state = 'published' AND a.voice_key IS NOT NULL
      AND e.heard_ms IS NOT NULL AND e.superseded_at IS NULL
"""
_SUPERSEDED = """
    SELECT * FROM editions WHERE files_gone_at IS NULL AND superseded_at <= clock_timestamp() - %(rest)s
    ORDER BY superseded_at LIMIT %(limit)s
"""
_CONSENTS = """
    SELECT DISTINCT ON (purpose) purpose, given FROM consents WHERE child_id = %(child)s ORDER BY purpose, id DESC
"""
_REFUSED = """
    SELECT said.source = 'guardian' AND NOT said.given FROM consents said
    WHERE said.child_id = %(child)s AND said.purpose = %(purpose)s ORDER BY said.id DESC LIMIT 1
"""
_SAME_SCHOOL = """
    SELECT EXISTS (SELECT FROM identities c JOIN identities s ON s.school_id = c.school_id
                   JOIN accounts a ON a.id = c.account_id AND 'student' = ANY(a.roles)
                   WHERE c.account_id = %(child)s AND s.account_id = %(staff)s)
"""
_WITH_PUPIL = """
    SELECT a.id FROM answers a JOIN live_sessions l ON l.id = a.session_id
    WHERE l.student_id = %(child)s AND a.state IN ('rendering', 'published')
      AND (a.has_pupil OR a.rendered_edition < a.edition)
"""

_KEEP_SNAPSHOT = """
    INSERT INTO board_snapshots (session_id, seq, body) VALUES (%(session)s, %(seq)s, %(body)s)
    ON CONFLICT (session_id) DO UPDATE SET seq = excluded.seq, body = excluded.body
    WHERE board_snapshots.seq < excluded.seq
"""

_MEDIA_OF_QUESTION = """
    SELECT m.* FROM question_media q JOIN media m ON m.id = q.media_id WHERE q.question_id = %(id)s ORDER BY q.position
"""

_IS_USED = """
    SELECT EXISTS (SELECT FROM question_media WHERE media_id = %(id)s)
        OR EXISTS (SELECT FROM lectures WHERE cover_id = %(id)s)
        OR EXISTS (SELECT FROM lecture_materials WHERE material_id = %(id)s)
"""

# Who is taken is read once and hashed: a plan made while these tables were empty would else go through all of them for
# each teacher, at every question of a new city's first evening. What must be looked up for each teacher is a scalar
# subquery, which stays behind what is read from the row; as EXISTS it would become a join of all of them.
_WILLING = """
    p.wish = 'ready' AND p.lease_until > clock_timestamp()
    AND (p.rests_until IS NULL OR p.rests_until <= clock_timestamp())
"""
_UNTAKEN = """
    (SELECT true FROM offers WHERE teacher_id = p.teacher_id AND state = 'open') IS NULL
    AND (SELECT true FROM live_sessions WHERE teacher_id = p.teacher_id AND ended_at IS NULL) IS NULL
"""
_FREE = f"{_WILLING} AND {_UNTAKEN}"
_ON_SHIFT = """
    (SELECT true FROM shifts s WHERE s.teacher_id = p.teacher_id AND s.ends_at >= clock_timestamp()
                               AND s.starts_at <= clock_timestamp() LIMIT 1)
"""

_STAGE_OF = "CASE WHEN {0}.grade <= 6 THEN 'primary' WHEN {0}.grade <= 9 THEN 'junior' ELSE 'senior' END"

# The head of each queue for which somebody is free: a long one without a teacher hides nothing behind it. While nobody
# waits, nobody looks for who is free.
_WAITING = f"""
    WITH asked AS MATERIALIZED (
        SELECT DISTINCT subject, {_STAGE_OF.format("questions")} AS stage FROM questions WHERE state = 'waiting'
    ), free AS MATERIALIZED (
        SELECT DISTINCT c.subject, c.stage
        FROM (SELECT p.teacher_id FROM presence p WHERE {_FREE} AND {_ON_SHIFT}) able
        JOIN certifications c ON c.account_id = able.teacher_id
        WHERE (SELECT EXISTS (SELECT FROM asked))
    )
    SELECT w.* FROM asked JOIN free USING (subject, stage)
    CROSS JOIN LATERAL ({_WAITING_COLUMNS} AND subject = asked.subject
                        AND {_STAGE_OF.format("questions")} = asked.stage
                        ORDER BY received_at, id LIMIT %(limit)s) w
"""  # noqa: S608 - composed of constants of this module

# Each certification is read for itself, with a plain limit: the planner then keeps one plan for all. Those who have
# waited longest are at the head of an index; what the head has too few of is looked for among all who are certified for
# it, as a rare subject in a large city, or one whose teachers are nearly all taken: the whole index would be walked for
# it. Tonight counts from five in the morning in the city's own time.
_READY = f"""
    WITH free AS MATERIALIZED (
        SELECT DISTINCT able.teacher_id, able.since
        FROM unnest(CAST(%(subjects)s AS text[]), CAST(%(stages)s AS text[])) AS wanted (subject, stage)
        CROSS JOIN LATERAL (
            WITH head AS MATERIALIZED (
                SELECT p.teacher_id, p.since
                FROM (SELECT p.* FROM presence p WHERE {_WILLING} ORDER BY p.since, p.teacher_id LIMIT {READY_HEAD}) p
                WHERE (SELECT true FROM certifications c WHERE c.account_id = p.teacher_id
                       AND c.subject = wanted.subject AND c.stage = wanted.stage) AND {_UNTAKEN} AND {_ON_SHIFT}
                ORDER BY p.since, p.teacher_id LIMIT {READY_AT_ONCE}
            )
            SELECT teacher_id, since FROM head
            UNION ALL
            SELECT other.teacher_id, other.since FROM (SELECT count(*) AS found FROM head) seen
            CROSS JOIN LATERAL (
                SELECT p.teacher_id, p.since
                FROM (
                    SELECT p.* FROM certifications c
                    CROSS JOIN LATERAL (SELECT p.teacher_id, p.since FROM presence p
                                        WHERE p.teacher_id = c.account_id AND {_WILLING} OFFSET 0) p
                    WHERE c.subject = wanted.subject AND c.stage = wanted.stage AND seen.found < {READY_AT_ONCE}
                    ORDER BY p.since, p.teacher_id OFFSET 0
                ) p
                WHERE {_UNTAKEN} AND {_ON_SHIFT}
                ORDER BY p.since, p.teacher_id LIMIT {READY_AT_ONCE}
            ) other
        ) able
    ), evening AS MATERIALIZED (
        SELECT (date_trunc('day', clock_timestamp() AT TIME ZONE 'Asia/Shanghai' - interval '5 hours')
                + interval '5 hours') AT TIME ZONE 'Asia/Shanghai' AS began
    )
    SELECT free.teacher_id, free.since, c.subjects, c.stages, tonight.answered AS answered_tonight,
           tonight.earned AS earned_tonight_fen,
           coalesce(r.total, 0) AS rating_sum, coalesce(r.count, 0) AS rating_count
    FROM free
    CROSS JOIN LATERAL (SELECT array_agg(subject) AS subjects, array_agg(stage) AS stages
                        FROM certifications WHERE account_id = free.teacher_id) c
    CROSS JOIN LATERAL (SELECT count(*) AS answered, coalesce(-sum(e.amount_fen), 0)::bigint AS earned
                        FROM ledger_transactions l
                        JOIN ledger_entries e ON e.transaction_id = l.id AND e.account = 'owed:' || free.teacher_id
                        WHERE l.teacher_id = free.teacher_id AND l.done_at >= (SELECT evening.began FROM evening)
                        ) tonight
    LEFT JOIN ratings r ON r.teacher_id = free.teacher_id
    ORDER BY free.since, free.teacher_id
"""  # noqa: S608 - composed of constants of this module

# Who gets an offer goes to the end of those who wait: at the head of the index stands then who is free. What the
# statement sees of offers may be a moment older than its lock: who has got another one meanwhile gets none.
_OFFER = f"""
    WITH wanted AS (
        SELECT * FROM unnest(CAST(%(ids)s AS uuid[]), CAST(%(questions)s AS uuid[]), CAST(%(teachers)s AS uuid[]),
                             CAST(%(epochs)s AS int[])) AS each (id, question_id, teacher_id, epoch)
    ), chosen AS MATERIALIZED (
        SELECT p.teacher_id FROM presence p
        WHERE p.teacher_id = ANY(CAST(%(teachers)s AS uuid[])) AND {_FREE} AND {_ON_SHIFT}
        ORDER BY p.teacher_id FOR UPDATE OF p SKIP LOCKED
    ), claimed AS (
        UPDATE presence SET since = clock_timestamp() FROM chosen WHERE presence.teacher_id = chosen.teacher_id
    )
    INSERT INTO offers (id, question_id, teacher_id, state, assignment_epoch, made_at, expires_at)
    SELECT id, question_id, teacher_id, 'open', epoch, %(made_at)s, %(expires_at)s
    FROM wanted JOIN chosen USING (teacher_id)
    ON CONFLICT (teacher_id) WHERE state = 'open' DO NOTHING RETURNING teacher_id
"""  # noqa: S608 - composed of constants of this module

_ON_DUTY_FOR = """
    SELECT FROM presence p
    JOIN certifications c ON c.account_id = p.teacher_id
    WHERE p.wish = 'ready' AND p.lease_until > clock_timestamp()
      AND EXISTS (SELECT FROM shifts s WHERE s.teacher_id = p.teacher_id
                  AND clock_timestamp() BETWEEN s.starts_at AND s.ends_at)
"""

_ON_DUTY = (
    _ON_DUTY_FOR.replace("SELECT FROM", "SELECT count(*) FROM") + " AND c.subject = %(subject)s AND c.stage = %(stage)s"
)

_UNPROMISED = f"""
    SELECT q.id FROM questions q
    WHERE q.state = 'waiting' AND (q.promised_at < %(now)s OR q.promised_at IS NULL AND EXISTS (
          SELECT FROM shifts s JOIN certifications c ON c.account_id = s.teacher_id
          WHERE s.ends_at > %(now)s AND c.subject = q.subject AND c.stage = {_STAGE_OF.format("q")}))
      AND NOT EXISTS ({_ON_DUTY_FOR} AND c.subject = q.subject AND c.stage = {_STAGE_OF.format("q")})
    ORDER BY q.received_at LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module

_RENEW_PRESENCE = """
    UPDATE presence SET lease_until = clock_timestamp() + %(lease)s
    WHERE teacher_id = ANY(CAST(%(people)s AS uuid[])) AND wish <> 'off'
"""

_RENEW_SESSIONS = """
    UPDATE live_sessions
    SET teacher_seen_at = CASE WHEN teacher_id = ANY(CAST(%(people)s AS uuid[])) THEN clock_timestamp()
                               ELSE teacher_seen_at END,
        student_seen_at = CASE WHEN student_id = ANY(CAST(%(people)s AS uuid[])) THEN clock_timestamp()
                               ELSE student_seen_at END
    WHERE ended_at IS NULL
      AND (teacher_id = ANY(CAST(%(people)s AS uuid[])) OR student_id = ANY(CAST(%(people)s AS uuid[])))
"""
