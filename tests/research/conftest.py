"""A city whose pupils may be counted, and questions written straight into the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from server.actions.facts import SHANGHAI
from server.domain.consent import WORDING
from server.domain.people import Role
from server.store import tables as t
from server.store.lines import Record
from server.store.work import Store, open_engine

WEEK = date(2026, 3, 2)  # a Monday


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    engine = open_engine(database_url)
    yield Store(engine)
    await engine.dispose()


class Town:
    """Schools, pupils and what they asked; each statement is a transaction of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._people = 0

    async def sql(self, query: str, **params: Any) -> list[Record]:
        async with self.store.work() as work:
            found = await work.rows(query + (" RETURNING 1" if not query.startswith("SELECT") else ""), params)
            await work.commit()
        return found

    async def _insert(self, table: Any, **row: Any) -> None:
        async with self.store.engine.begin() as connection:
            await connection.execute(insert(table).values(**row))

    async def school(self, name: str) -> UUID:
        id = uuid4()
        await self._insert(t.schools, id=id, name=name)
        return id

    async def person(self, *roles: Role, school: UUID | None = None, grade: int | None = None, login: str = "") -> UUID:
        id, self._people = uuid4(), self._people + 1
        login = login or f"person{self._people}"
        await self._insert(t.accounts, id=id, login=login, nickname=f"演示·{login}", roles=sorted(roles), grade=grade)
        await self._insert(t.identities, account_id=id, real_name=f"真名{self._people}", school_id=school)
        return id

    async def agree(self, child: UUID, given: bool = True) -> None:
        row = {"child_id": child, "purpose": "research", "given": given, "wording": WORDING, "source": "import"}
        await self._insert(t.consents, **row)

    async def pupils(self, count: int, school: UUID, grade: int = 8) -> list[UUID]:
        pupils = [await self.person(Role.STUDENT, school=school, grade=grade) for _ in range(count)]
        for pupil in pupils:
            await self.agree(pupil)
        return pupils

    async def ask(
        self,
        pupil: UUID,
        point: str | None = "勾股定理",
        *,
        week: date = WEEK,
        day: int = 0,
        state: str = "resolved",
        grade: int = 8,
        subject: str = "math",
        answered: bool = True,
        **more: Any,
    ) -> UUID:
        """On an evening of the week; answered two minutes later unless `answered` says no."""
        id = uuid4()
        at = datetime.combine(week + timedelta(days=day), datetime.min.time(), SHANGHAI) + timedelta(hours=19)
        await self._insert(
            t.questions,
            **{
                "id": id, "student_id": pupil, "subject": subject, "grade": grade, "received_at": at,
                "text": "题", "read_text": "", "state": state, "state_since": at, "version": 1, "followers": 0,
                "assignment_epoch": 0, "offers_made": 0, "refused_by": [], "knowledge_point": point,
                "answered_at": at + timedelta(minutes=2) if answered else None, **more,
            },
        )  # fmt: skip
        return id

    async def suggest(
        self, question: UUID, after: timedelta, outcome: str | None = None, verdict: str = "same"
    ) -> None:
        [row] = await self.sql("SELECT received_at FROM questions WHERE id = %(id)s", id=question)
        about = {"question_id": question, "answer_id": uuid4(), "verdict": verdict, "confidence": 0.99, "reasons": []}
        await self._insert(t.suggestions, id=uuid4(), outcome=outcome, made_at=row.received_at + after, **about)

    async def session(self, question: UUID, teacher: UUID, after: timedelta, lasts: timedelta) -> None:
        """One that ended with an answer."""
        query = "SELECT received_at, student_id FROM questions WHERE id = %(id)s"
        [row] = await self.sql(query, id=question)
        begin = row.received_at + after
        await self._insert(
            t.live_sessions, id=uuid4(), question_id=question, teacher_id=teacher, student_id=row.student_id,
            assignment_epoch=1, opened_at=begin, teacher_seen_at=begin, student_seen_at=begin,
            ended_at=begin + lasts, ended_why="finished",
        )  # fmt: skip


@pytest.fixture
def town(store: Store) -> Town:
    return Town(store)
