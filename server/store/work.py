"""The unit of work: one transaction in which state, the events that announce it and the jobs it causes are written."""

import json
import math
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, event, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from server.domain.board import Operation
from server.domain.dispatch import Ready, Shift, Waiting
from server.domain.people import Certification, PersonId, Stage, Subject
from server.domain.question import AnswerId, Question, QuestionId, State
from server.domain.subsidy import Entry, Fact, Policy
from server.store import tables as t


@dataclass(frozen=True)
class Outgoing:
    """An event on its way: the relay loads what `ref` names and tells `channel`; `body` is for events that are lines
    of a log and therefore carry themselves."""

    id: int
    channel: str
    kind: str
    ref: UUID
    body: Any = None


Sent = Callable[[Sequence[Outgoing]], None]
Record = Row[*tuple[Any, ...]]  # a row with its columns as attributes


def person_channel(person: UUID) -> str:
    return f"person:{person}"


def session_channel(session: UUID) -> str:
    return f"session:{session}"


DUTY_CHANNEL = "duty"  # alarms for the duty administrator
RESTED_S = 1.0  # a connection unused for so long may have died meanwhile


class Work:
    """One transaction. Leaving its block without `commit` rolls everything back, events and jobs included."""

    def __init__(self, session: AsyncSession, sent: Sent) -> None:
        self.session = session
        self._sent = sent
        self._events: list[dict[str, Any]] = []
        self._jobs: list[dict[str, Any]] = []

    async def commit(self) -> None:
        await self.session.flush()
        outgoing = await self._write_outbox()
        for job in self._jobs:
            await self.session.execute(_DEFER, job)
        await self.session.commit()
        self._events, self._jobs = [], []
        if outgoing:
            self._sent(outgoing)

    async def connection(self) -> AsyncConnection:
        """For the matcher's index, which writes in the same transaction."""
        await self.session.flush()
        return await self.session.connection()

    async def now(self) -> datetime:
        """The database's clock: months and leases count by it, whatever a node's own clock says."""
        found: datetime = (await self.session.execute(select(func.clock_timestamp()))).scalar_one()
        return found

    # --- events and jobs ---

    def tell(self, channel: str, kind: str, ref: UUID, body: Any = None) -> None:
        event = {"channel": channel, "kind": kind, "ref": ref, "body": body}
        if body is not None or event not in self._events:
            self._events.append(event)

    def tell_student(self, question: Question) -> None:
        self.tell(person_channel(question.student_id), "question", question.id)

    def tell_teacher(self, teacher: PersonId) -> None:
        self.tell(person_channel(teacher), "duty", teacher)

    def defer(self, task: str, *, queue: str, lock: str | None = None, **args: str) -> None:
        """A job that exists exactly if this transaction commits."""
        self._jobs.append({"queue": queue, "task": task, "lock": lock, "args": json.dumps(args)})

    async def _write_outbox(self) -> list[Outgoing]:
        if not self._events:
            return []
        ids = await self.session.execute(insert(t.outbox).returning(t.outbox.c.id), self._events)
        return [Outgoing(id=id, **event) for id, event in zip(ids.scalars(), self._events, strict=True)]

    # --- questions ---

    def add_question(self, question: Question) -> None:
        self.session.add(question)

    async def question(self, id: UUID) -> Question | None:
        """The question, locked until the transaction ends."""
        return await self.session.get(Question, id, with_for_update=True, populate_existing=True)

    async def waiting_question(self, id: UUID) -> Question | None:
        """The question, locked, if it is waiting and nobody else is busy with it."""
        found = await self.session.scalars(
            select(Question)
            .where(t.questions.c.id == id, t.questions.c.state == State.WAITING)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        return found.one_or_none()

    async def peek(self, id: UUID) -> Question | None:
        """The question as it is, not locked."""
        return await self.session.get(Question, id, populate_existing=True)

    async def remember(self, account: UUID, key: str, fingerprint: bytes, resource: UUID) -> tuple[UUID, bytes]:
        """First come, first kept: the resource and fingerprint under this key, ours if the key was new."""
        wanted = upsert(t.idempotency).values(account_id=account, key=key, fingerprint=fingerprint, resource=resource)
        await self.session.execute(wanted.on_conflict_do_nothing())
        row = await self.session.execute(
            select(t.idempotency.c.resource, t.idempotency.c.fingerprint).where(
                t.idempotency.c.account_id == account, t.idempotency.c.key == key
            )
        )
        kept, print_ = row.one()
        return kept, print_

    async def attach(self, question: UUID, media: Sequence[UUID]) -> None:
        if media:
            rows = [{"question_id": question, "position": i, "media_id": id} for i, id in enumerate(media)]
            await self.session.execute(insert(t.question_media), rows)

    async def followers_of(self, leader: UUID) -> list[Question]:
        """Locked, oldest first."""
        found = await self.session.scalars(
            select(Question)
            .where(t.questions.c.leader_id == leader)
            .order_by(t.questions.c.received_at, t.questions.c.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return list(found)

    async def unread_texts(self, before: datetime, limit: int = 50) -> list[UUID]:
        """Questions without files that nobody has matched."""
        q = t.questions.c
        found = await self.session.scalars(
            select(q.id)
            .where(
                q.state == State.RECEIVED,
                q.received_at < before,
                ~select(t.question_media.c.question_id).where(t.question_media.c.question_id == q.id).exists(),
            )
            .order_by(q.received_at)
            .limit(limit)
        )
        return list(found)

    async def stuck_in_pipeline(self, before: datetime, limit: int = 50) -> list[UUID]:
        found = await self.session.scalars(
            select(t.questions.c.id)
            .where(
                t.questions.c.state.in_([State.RECEIVED, State.READING, State.MATCHED]),
                t.questions.c.received_at < before,
            )
            .order_by(t.questions.c.received_at)
            .limit(limit)
        )
        return list(found)

    async def behind(self, question: Question, limit: int = 50) -> list[Record]:
        """Id and student of those who wait behind this question for the same subject, or follow one that does."""
        q, leader = t.questions.c, t.questions.alias("leader")
        asked_at = func.coalesce(leader.c.received_at, q.received_at)
        found = await self.session.execute(
            select(q.id, q.student_id)
            .join_from(t.questions, leader, q.leader_id == leader.c.id, isouter=True)
            .where(func.coalesce(leader.c.state, q.state) == State.WAITING, q.subject == question.subject)
            .where(asked_at > question.received_at)
            .order_by(asked_at)
            .limit(limit)
        )
        return list(found)

    async def crowd(self, leader: Question) -> list[Record]:
        """Id and student of those who follow it."""
        q = t.questions.c
        found = await self.session.execute(select(q.id, q.student_id).where(q.leader_id == leader.id))
        return list(found)

    async def add_suggestion(
        self, question: UUID, answer: UUID, verdict: str, confidence: float, reasons: Sequence[Mapping[str, Any]]
    ) -> None:
        row = {"id": uuid4(), "question_id": question, "answer_id": answer, "verdict": verdict}
        await self.session.execute(
            insert(t.suggestions).values(**row, confidence=confidence, reasons=[dict(r) for r in reasons])
        )

    async def judge_suggestion(self, question: UUID, answer: UUID | None, outcome: str) -> None:
        """The pupil's word on the video shown: a label for the matcher."""
        s = t.suggestions.c
        await self.session.execute(
            update(t.suggestions)
            .where(s.question_id == question, s.answer_id == answer, s.outcome.is_(None))
            .values(outcome=outcome)
        )

    # --- dispatch ---

    async def waiting(self, subject: Subject | None = None, limit: int = 50) -> list[Waiting]:
        """The head of the queue, oldest first; stages of one subject together."""
        q = t.questions.c
        query = select(
            q.id, q.subject, q.grade, q.received_at, q.followers, q.offers_made, q.knowledge_point, q.refused_by
        ).where(q.state == State.WAITING)
        if subject is not None:
            query = query.where(q.subject == subject)
        found = await self.session.execute(query.order_by(q.received_at, q.id).limit(limit))
        return [_waiting(row) for row in found]

    async def ready(self, subjects: Iterable[Subject] | None = None, limit: int = 200) -> list[Ready]:
        """Teachers on shift, present, willing and free, who are certified for one of these subjects."""
        wanted = None if subjects is None else [str(subject) for subject in subjects]
        found = await self.session.execute(_READY, {"subjects": wanted, "limit": limit})
        return [
            Ready(
                id=row.teacher_id,
                certifications=frozenset(
                    Certification(Subject(subject), Stage(stage))
                    for subject, stage in zip(row.subjects, row.stages, strict=True)
                ),
                ready_since=row.since,
                answered_tonight=row.answered_tonight,
                earned_tonight_fen=row.earned_tonight_fen,
                rating_sum=row.rating_sum,
                rating_count=row.rating_count,
            )
            for row in found
        ]

    async def claim_free(self, ranked: Sequence[PersonId]) -> PersonId | None:
        """The first of these teachers whom nobody else offers to at this moment; locked until the work ends."""
        found = await self.session.execute(_CLAIM, {"ranked": list(ranked)})
        return found.scalar_one_or_none()

    async def open_offer(self, question: Question, teacher: PersonId, now: datetime, expires_at: datetime) -> None:
        await self.session.flush()
        row = {"id": uuid4(), "question_id": question.id, "teacher_id": teacher, "state": "open"}
        await self.session.execute(
            insert(t.offers).values(
                **row, assignment_epoch=question.assignment_epoch, made_at=now, expires_at=expires_at
            )
        )

    async def offer(self, id: UUID) -> Record | None:
        """Not locked: an offer changes only under its question's lock."""
        found = await self.session.execute(select(t.offers).where(t.offers.c.id == id))
        return found.one_or_none()

    async def open_offer_to(self, teacher: PersonId) -> Record | None:
        o = t.offers.c
        found = await self.session.execute(select(t.offers).where(o.teacher_id == teacher, o.state == "open"))
        return found.one_or_none()

    async def open_offer_of(self, question: UUID) -> Record | None:
        o = t.offers.c
        found = await self.session.execute(select(t.offers).where(o.question_id == question, o.state == "open"))
        return found.one_or_none()

    async def lapsed_offers(self, now: datetime, limit: int = 100) -> list[Record]:
        """Id and question of open offers past their time."""
        o = t.offers.c
        found = await self.session.execute(
            select(o.id, o.question_id)
            .where(o.state == "open", o.expires_at <= now)
            .order_by(o.expires_at)
            .limit(limit)
        )
        return list(found)

    async def close_offer(self, id: UUID, state: str, now: datetime) -> None:
        await self.session.execute(
            update(t.offers).where(t.offers.c.id == id, t.offers.c.state == "open").values(state=state, closed_at=now)
        )

    async def unalarmed(self, before: datetime, limit: int = 50) -> list[UUID]:
        q = t.questions.c
        found = await self.session.scalars(
            select(q.id)
            .where(q.state.in_([State.WAITING, State.OFFERED]), q.alarmed_at.is_(None), q.received_at < before)
            .order_by(q.received_at)
            .limit(limit)
        )
        return list(found)

    async def unpromised(self, now: datetime, limit: int = 50) -> list[UUID]:
        """Waiting questions that nobody on duty could take and whose promised time is missing or past."""
        found = await self.session.scalars(_UNPROMISED, {"now": now, "limit": limit})
        return list(found)

    async def on_duty(self, subject: Subject, stage: Stage) -> int:
        """How many teachers are on duty for this, busy ones included."""
        found = await self.session.execute(_ON_DUTY, {"subject": str(subject), "stage": str(stage)})
        return int(found.scalar_one())

    async def roster(self, subject: Subject, stage: Stage, now: datetime) -> list[Shift]:
        s, c = t.shifts.c, t.certifications.c
        found = await self.session.execute(
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
        found = await self.session.execute(
            select(s.starts_at, s.ends_at)
            .where(s.teacher_id == teacher, s.ends_at > now)
            .order_by(s.starts_at)
            .limit(1)
        )
        row = found.one_or_none()
        return None if row is None else (row.starts_at, row.ends_at)

    async def wish(self, teacher: PersonId, wish: str, now: datetime, lease_until: datetime) -> None:
        """What the teacher chose; the queue position of a teacher counts from `since`."""
        row = {"teacher_id": teacher, "wish": wish, "since": now, "lease_until": lease_until, "lapses": 0}
        change = {key: value for key, value in row.items() if key != "teacher_id"}
        await self.session.execute(
            upsert(t.presence).values(**row).on_conflict_do_update(index_elements=["teacher_id"], set_=change)
        )

    async def renew(self, people: Sequence[UUID], lease: timedelta) -> None:
        """One statement a node: everybody whose socket is here is present for another lease."""
        await self.session.execute(_RENEW_PRESENCE, {"people": list(people), "lease": lease})
        await self.session.execute(_RENEW_SESSIONS, {"people": list(people)})

    async def busy(self, teacher: PersonId) -> bool:
        s = t.live_sessions.c
        found = await self.session.execute(select(s.id).where(s.teacher_id == teacher, s.ended_at.is_(None)))
        return found.first() is not None

    async def count_lapse(self, teacher: PersonId) -> int:
        p = t.presence.c
        found = await self.session.execute(
            update(t.presence).where(p.teacher_id == teacher).values(lapses=p.lapses + 1).returning(p.lapses)
        )
        return int(found.scalar_one_or_none() or 0)

    async def forgive_lapses(self, teacher: PersonId) -> None:
        await self.session.execute(update(t.presence).where(t.presence.c.teacher_id == teacher).values(lapses=0))

    # --- live sessions ---

    async def open_session(self, question: Question, teacher: PersonId, now: datetime) -> UUID:
        id = uuid4()
        await self.session.flush()
        await self.session.execute(
            insert(t.live_sessions).values(
                id=id,
                question_id=question.id,
                teacher_id=teacher,
                student_id=question.student_id,
                assignment_epoch=question.assignment_epoch,
                opened_at=now,
                teacher_seen_at=now,
                student_seen_at=now,
            )
        )
        return id

    async def live_session(self, id: UUID, *, lock: bool = False) -> Record | None:
        query = select(t.live_sessions).where(t.live_sessions.c.id == id)
        found = await self.session.execute(query.with_for_update() if lock else query)
        return found.one_or_none()

    async def open_session_of(self, question: UUID) -> Record | None:
        s = t.live_sessions.c
        found = await self.session.execute(
            select(t.live_sessions).where(s.question_id == question, s.ended_at.is_(None)).with_for_update()
        )
        return found.one_or_none()

    async def lost_sessions(self, gone_after: timedelta, limit: int = 50) -> list[Record]:
        s = t.live_sessions.c
        found = await self.session.execute(
            select(s.id, s.question_id)
            .where(s.ended_at.is_(None), s.teacher_seen_at < func.clock_timestamp() - gone_after)
            .limit(limit)
        )
        return list(found)

    async def end_session(self, id: UUID, why: str, now: datetime) -> None:
        s = t.live_sessions.c
        await self.session.execute(
            update(t.live_sessions)
            .where(s.id == id, s.ended_at.is_(None))
            .values(ended_at=now, ended_why=why, version=s.version + 1)
        )
        self.tell(session_channel(id), "session", id)

    async def append(self, session: UUID, op: Operation) -> int:
        """Number one operation. The caller has locked the session and seen that the operation is new."""
        s = t.live_sessions.c
        found = await self.session.execute(
            update(t.live_sessions).where(s.id == session).values(next_seq=s.next_seq + 1).returning(s.next_seq - 1)
        )
        seq = int(found.scalar_one())
        await self.session.execute(
            insert(t.board_operations).values(
                session_id=session, seq=seq, op_id=op.id, author=op.author, kind=op.kind, body=op.body, at_ms=op.at_ms
            )
        )
        return seq

    async def operation_seq(self, session: UUID, op_id: str) -> int | None:
        b = t.board_operations.c
        found = await self.session.execute(select(b.seq).where(b.session_id == session, b.op_id == op_id))
        return found.scalar_one_or_none()

    async def log(self, session: UUID) -> list[Operation]:
        b = t.board_operations.c
        found = await self.session.execute(select(t.board_operations).where(b.session_id == session).order_by(b.seq))
        return [Operation(row.seq, row.op_id, row.author, row.kind, row.body, row.at_ms) for row in found]

    # --- answers ---

    async def add_answer(self, question: Question, session: UUID, problem_text: str, now: datetime) -> AnswerId:
        id = uuid4()
        await self.session.flush()
        await self.session.execute(
            insert(t.answers).values(
                id=id,
                question_id=question.id,
                session_id=session,
                teacher_id=question.teacher_id,
                subject=question.subject,
                grade=question.grade,
                state="rendering",
                problem_text=problem_text,
                made_at=now,
            )
        )
        return AnswerId(id)

    async def answer(self, id: UUID, *, lock: bool = False) -> Record | None:
        query = select(t.answers).where(t.answers.c.id == id)
        found = await self.session.execute(query.with_for_update() if lock else query)
        return found.one_or_none()

    async def answer_of_session(self, session: UUID) -> Record | None:
        found = await self.session.execute(select(t.answers).where(t.answers.c.session_id == session))
        return found.one_or_none()

    async def publish_answer(self, id: UUID, video: str, poster: str, duration_ms: int, now: datetime) -> None:
        a = t.answers.c
        await self.session.execute(
            update(t.answers)
            .where(a.id == id)
            .values(
                state="published",
                video_key=video,
                poster_key=poster,
                duration_ms=duration_ms,
                published_at=now,
                version=a.version + 1,
            )
        )

    async def fail_answer(self, id: UUID) -> None:
        a = t.answers.c
        await self.session.execute(update(t.answers).where(a.id == id).values(state="failed", version=a.version + 1))

    # --- what has served its time ---

    async def forget_expired(self) -> None:
        clock = func.clock_timestamp()
        for table in (t.tickets, t.sign_ins):
            await self.session.execute(delete(table).where(table.c.expires_at < clock))
        keys = t.idempotency.c
        await self.session.execute(delete(t.idempotency).where(keys.created_at < clock - timedelta(days=30)))

    # --- media ---

    async def media(self, id: UUID, *, lock: bool = False) -> Record | None:
        query = select(t.media).where(t.media.c.id == id)
        found = await self.session.execute(query.with_for_update() if lock else query)
        return found.one_or_none()

    async def media_of_question(self, question: UUID) -> list[Record]:
        q = t.question_media.c
        found = await self.session.execute(
            select(t.media)
            .join(t.question_media, q.media_id == t.media.c.id)
            .where(q.question_id == question)
            .order_by(q.position)
        )
        return list(found)

    async def recordings_of(self, session: UUID) -> list[Record]:
        m = t.media.c
        found = await self.session.execute(
            select(t.media).where(m.session_id == session, m.kind == "recording").order_by(m.start_ms, m.created_at)
        )
        return list(found)

    async def add_media(self, **row: Any) -> None:
        await self.session.execute(insert(t.media).values(**row))

    async def change_media(self, id: UUID, **change: Any) -> None:
        await self.session.execute(update(t.media).where(t.media.c.id == id).values(**change))

    async def unused_media(self, before: datetime) -> list[UUID]:
        """Files older than that which nothing uses."""
        m = t.media.c
        used = select(t.question_media.c.media_id).where(t.question_media.c.media_id == m.id).exists()
        found = await self.session.scalars(
            select(m.id).where(m.created_at < before, m.session_id.is_(None), ~used).order_by(m.created_at).limit(1_000)
        )
        return list(found)

    async def is_used(self, media: UUID) -> bool:
        used = select(t.question_media.c.media_id).where(t.question_media.c.media_id == media)
        return await self.session.scalar(used) is not None

    async def forget_media(self, id: UUID) -> None:
        await self.session.execute(delete(t.media).where(t.media.c.id == id))

    # --- money ---

    async def policies(self) -> list[Policy]:
        found = await self.session.execute(select(t.policies))
        return [Policy(row.id, row.valid_from, row.valid_to, row.live_answer_fen) for row in found]

    async def post(self, fact: Fact, policy: Policy, question: QuestionId, entries: Sequence[Entry]) -> UUID | None:
        """The fact's entries, once; None when it was posted before."""
        id = uuid4()
        row = {"id": id, "fact_key": fact.key, "work": fact.work, "policy_id": policy.id, "teacher_id": fact.teacher}
        posted = await self.session.execute(
            upsert(t.ledger_transactions)
            .values(**row, question_id=question, done_at=fact.done_at)
            .on_conflict_do_nothing(index_elements=["fact_key"])
            .returning(t.ledger_transactions.c.id)
        )
        if posted.scalar_one_or_none() is None:
            return None
        lines = [
            {"transaction_id": id, "line": i, "account": entry.account, "amount_fen": entry.amount_fen}
            for i, entry in enumerate(entries)
        ]
        await self.session.execute(insert(t.ledger_entries), lines)
        return id


class Store:
    """The door to the database: makes units of work and read-only connections."""

    def __init__(self, engine: AsyncEngine, sent: Sent = lambda events: None) -> None:
        self.engine = engine
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
        self.sent = sent

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        async with AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield Work(session, lambda events: self.sent(events))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """For SELECTs that need not agree with one another: no BEGIN and no ROLLBACK around them."""
        async with self._autocommit.connect() as connection:
            yield connection

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
        async with self._autocommit.connect() as connection:
            await connection.execute(delete(t.outbox).where(t.outbox.c.id.in_(ids)))


def open_engine(url: str, *, pool: int = 10) -> AsyncEngine:
    """The engine for a PostgreSQL URL of any spelling, on psycopg."""
    plain = url.split("://", 1)[1]
    engine = create_async_engine(
        f"postgresql+psycopg://{plain}",
        pool_size=pool,
        max_overflow=pool,
        pool_timeout=10,
        pool_use_lifo=True,  # the connection last used has its statements prepared and its pages at hand
        skip_autocommit_rollback=True,
        connect_args={"options": "-c timezone=UTC -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000"},
    )
    event.listen(engine.sync_engine, "checkin", _note_rest)
    event.listen(engine.sync_engine, "checkout", partial(_wake, engine.sync_engine.dialect))
    return engine


def _note_rest(_: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info["rests_since"] = time.monotonic()


def _wake(dialect: Dialect, connection: DBAPIConnection, record: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
    """A connection that lay idle is asked whether it lives; at each use (`pool_pre_ping`) that would cost as much as
    the statement. One that dies within RESTED_S fails one call, and takes the others of its time out of the pool."""
    if time.monotonic() - record.info.get("rests_since", math.inf) > RESTED_S:
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error


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


_DEFER = text("""
    SELECT procrastinate_defer_jobs_v1(ARRAY[
        ROW(:queue, :task, 0, :lock, NULL, CAST(:args AS jsonb), NULL)
    ]::procrastinate_job_to_defer_v1[])
""")

_FREE = """
    p.wish = 'ready' AND p.lease_until > clock_timestamp()
    AND EXISTS (SELECT FROM shifts s WHERE s.teacher_id = p.teacher_id
                AND clock_timestamp() BETWEEN s.starts_at AND s.ends_at)
    AND NOT EXISTS (SELECT FROM offers o WHERE o.teacher_id = p.teacher_id AND o.state = 'open')
    AND NOT EXISTS (SELECT FROM live_sessions l WHERE l.teacher_id = p.teacher_id AND l.ended_at IS NULL)
"""

# Tonight counts from five in the morning in the city's own time.
_READY = text(f"""
    SELECT p.teacher_id, p.since, c.subjects, c.stages, tonight.answered AS answered_tonight,
           tonight.earned AS earned_tonight_fen, rated.total AS rating_sum, rated.n AS rating_count
    FROM presence p
    JOIN LATERAL (SELECT array_agg(subject) AS subjects, array_agg(stage) AS stages FROM certifications
                  WHERE account_id = p.teacher_id) c ON c.subjects IS NOT NULL
    JOIN LATERAL (SELECT count(*) AS answered, coalesce(-sum(e.amount_fen), 0)::bigint AS earned
                  FROM ledger_transactions l
                  JOIN ledger_entries e ON e.transaction_id = l.id AND e.account = 'owed:' || p.teacher_id
                  WHERE l.teacher_id = p.teacher_id AND l.done_at >= (
                      date_trunc('day', clock_timestamp() AT TIME ZONE 'Asia/Shanghai' - interval '5 hours')
                      + interval '5 hours') AT TIME ZONE 'Asia/Shanghai') tonight ON true
    JOIN LATERAL (SELECT coalesce(sum(CASE s.outcome WHEN 'solved' THEN 5 ELSE 2 END), 0)::int AS total,
                         count(*)::int AS n
                  FROM answers a JOIN suggestions s ON s.answer_id = a.id
                  WHERE a.teacher_id = p.teacher_id AND s.outcome IN ('solved', 'still_stuck')) rated ON true
    WHERE {_FREE}
      AND (CAST(:subjects AS text[]) IS NULL OR c.subjects && CAST(:subjects AS text[]))
    ORDER BY p.since, p.teacher_id
    LIMIT :limit
""")  # noqa: S608 - composed of constants of this module

_CLAIM = text(f"""
    SELECT p.teacher_id FROM presence p
    WHERE p.teacher_id = ANY(CAST(:ranked AS uuid[])) AND {_FREE}
    ORDER BY array_position(CAST(:ranked AS uuid[]), p.teacher_id)
    LIMIT 1 FOR UPDATE OF p SKIP LOCKED
""")  # noqa: S608 - composed of constants of this module

_ON_DUTY_FOR = """
    SELECT FROM presence p
    JOIN certifications c ON c.account_id = p.teacher_id
    WHERE p.wish = 'ready' AND p.lease_until > clock_timestamp()
      AND EXISTS (SELECT FROM shifts s WHERE s.teacher_id = p.teacher_id
                  AND clock_timestamp() BETWEEN s.starts_at AND s.ends_at)
"""

_ON_DUTY = text(
    _ON_DUTY_FOR.replace("SELECT FROM", "SELECT count(*) FROM") + " AND c.subject = :subject AND c.stage = :stage"
)

_UNPROMISED = text(f"""
    SELECT q.id FROM questions q
    WHERE q.state = 'waiting' AND (q.promised_at IS NULL OR q.promised_at < :now)
      AND NOT EXISTS ({_ON_DUTY_FOR} AND c.subject = q.subject AND c.stage = CASE
          WHEN q.grade <= 6 THEN 'primary' WHEN q.grade <= 9 THEN 'junior' ELSE 'senior' END)
    ORDER BY q.received_at LIMIT :limit
""")  # noqa: S608 - composed of constants of this module

_RENEW_PRESENCE = text("""
    UPDATE presence SET lease_until = clock_timestamp() + :lease
    WHERE teacher_id = ANY(CAST(:people AS uuid[])) AND wish <> 'off'
""")

_RENEW_SESSIONS = text("""
    UPDATE live_sessions
    SET teacher_seen_at = CASE WHEN teacher_id = ANY(CAST(:people AS uuid[])) THEN clock_timestamp()
                               ELSE teacher_seen_at END,
        student_seen_at = CASE WHEN student_id = ANY(CAST(:people AS uuid[])) THEN clock_timestamp()
                               ELSE student_seen_at END
    WHERE ended_at IS NULL
      AND (teacher_id = ANY(CAST(:people AS uuid[])) OR student_id = ANY(CAST(:people AS uuid[])))
""")
