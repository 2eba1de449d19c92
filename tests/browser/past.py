"""Weeks that are over, for research to look at: schools of a test's own, and what their pupils asked, written past the
service; and research's work on them, done at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from server.actions import facts
from server.actions.facts import SHANGHAI, monday
from server.bank import index_words
from server.domain.consent import WORDING
from server.store.work import Store, open_engine
from tests.service import Service, plain

THIS_WEEK = monday(datetime.now(UTC))
LAST_WEEK = THIS_WEEK - timedelta(weeks=1)


def pupils_of(city: Service, school: str, count: int, grade: int) -> list[UUID]:
    """New ones of a new school, who are counted; they sign in as "<the school's name>-<number>", as the demo's do."""
    home, pupils = uuid4(), [uuid4() for _ in range(count)]
    with psycopg.connect(plain(city.database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO schools (id, name) VALUES (%s, %s)", (home, school))
        cursor.executemany(
            """INSERT INTO accounts (id, login, nickname, roles, grade, demo, password_hash)
               SELECT %s, %s, '演示·某', '{student}', %s, true, password_hash FROM accounts WHERE login = 'pupil8'""",
            [(pupil, f"{school}-{n}", grade) for n, pupil in enumerate(pupils)],
        )
        cursor.executemany("INSERT INTO identities VALUES (%s, '某人', %s)", [(pupil, home) for pupil in pupils])
        cursor.executemany(
            """INSERT INTO consents (child_id, purpose, given, wording, source)
               VALUES (%s, 'research', true, %s, 'import')""",
            [(pupil, WORDING) for pupil in pupils],
        )
    return pupils


def ask(
    city: Service, pupils: Sequence[UUID], point: str, *, text: str, week: date = LAST_WEEK, state: str = "resolved",
    subject: str = "math",
) -> list[UUID]:  # fmt: skip
    """One question of each, photographed on the week's first evening, and answered unless it was withdrawn."""
    at = datetime.combine(week, datetime.min.time(), SHANGHAI) + timedelta(hours=19)
    asked = [uuid4() for _ in pupils]
    with psycopg.connect(plain(city.database_url)) as connection, connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO questions (id, student_id, subject, grade, received_at, text, read_text, state, state_since,
                   version, followers, assignment_epoch, offers_made, refused_by, answered_at, knowledge_point)
               SELECT %s, id, %s, grade, %s, '', %s, %s, %s, 1, 0, 1, 1, '{}', %s, %s FROM accounts WHERE id = %s""",
            [
                (id, subject, at, text, state, at, None if state == "withdrawn" else at, point, pupil)
                for id, pupil in zip(asked, pupils, strict=True)
            ],
        )
    return asked


def tell(city: Service) -> None:
    """Counted, told and found by words."""
    work(city, facts.rebuild, index_words)


def work(city: Service, *steps: Callable[[Store], Awaitable[Any]]) -> None:
    """What a worker does by itself, now."""

    async def do() -> None:
        engine = open_engine(city.database_url)
        for step in steps:
            await step(Store(engine))
        await engine.dispose()

    with ThreadPoolExecutor(1) as aside:  # a browser test has a loop of its own in this thread
        aside.submit(asyncio.run, do()).result()
