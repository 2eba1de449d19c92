"""Of hundreds of teachers on duty, those whom a question is offered to are found, however rare their subject."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from server.domain.people import Certification, Role, Stage, Subject
from server.store import tables as t
from server.store.work import READY_AT_ONCE, READY_HEAD, Store
from tests.builders import World

COMMON = Certification(Subject.MATH, Stage.JUNIOR)
SCARCE = Certification(Subject.PHYSICS, Stage.SENIOR)  # many are certified, and nearly all of them are taken
RARE = Certification(Subject.BIOLOGY, Stage.SENIOR)
TEACHERS = 3 * READY_HEAD
HOUR = timedelta(hours=1)

Free = dict[Certification, list[UUID]]


@pytest.fixture
async def free(store: Store) -> Free:
    """A city of teachers, most of them free; of each certification those who are, the longest waiting first."""
    draw = random.Random(11)
    now = await World(store).now()
    pupil = uuid4()
    rows: dict[Any, list[dict[str, Any]]] = {
        table: []
        for table in (t.accounts, t.certifications, t.shifts, t.presence, t.questions, t.offers, t.live_sessions)
    }
    rows[t.accounts].append({"id": pupil, "login": "pupil", "nickname": "", "roles": [Role.STUDENT], "grade": 8})
    waits: list[tuple[Any, UUID, set[Certification]]] = []
    for number in range(TEACHERS):
        id, since = uuid4(), now - draw.random() * HOUR
        able = {COMMON} if number % 3 else {SCARCE}
        able |= {RARE} if number % 100 == 7 else set()
        taken = draw.random() < (0.98 if SCARCE in able else 0.3)
        why = draw.choice(["away", "gone", "rests", "off shift", "offer", "session"]) if taken else ""
        rows[t.accounts].append(
            {"id": id, "login": f"teacher-{number}", "nickname": "", "roles": [Role.TEACHER], "grade": None}
        )
        rows[t.certifications] += [{"account_id": id, "subject": c.subject, "stage": c.stage} for c in able]
        begins = now + HOUR if why == "off shift" else now - HOUR
        rows[t.shifts].append({"id": uuid4(), "teacher_id": id, "starts_at": begins, "ends_at": begins + 4 * HOUR})
        wish, lease = "away" if why == "away" else "ready", now - HOUR if why == "gone" else now + HOUR
        rests = now + HOUR if why == "rests" else None
        rows[t.presence].append(
            {"teacher_id": id, "wish": wish, "since": since, "lease_until": lease, "lapses": 0, "rests_until": rests}
        )
        if why == "offer":
            question = {"id": uuid4(), "student_id": pupil, "subject": Subject.MATH, "grade": 8, "text": "题"}
            moved = {"received_at": now, "state_since": now, "state": "offered", "teacher_id": id, "version": 1}
            counts = {"read_text": "", "followers": 0, "refused_by": [], "assignment_epoch": 1, "offers_made": 1}
            rows[t.questions].append({**question, **moved, **counts})
            about = {"id": uuid4(), "question_id": question["id"], "teacher_id": id, "state": "open"}
            rows[t.offers].append({**about, "assignment_epoch": 1, "made_at": now, "expires_at": now + HOUR})
        if why == "session":
            seen = {"opened_at": now, "teacher_seen_at": now, "student_seen_at": now, "assignment_epoch": 0}
            rows[t.live_sessions].append({"id": uuid4(), "teacher_id": id, "kind": "lesson", **seen})
        if not why:
            waits.append((since, id, able))
    async with store.engine.begin() as connection:
        for table, each in rows.items():
            await connection.execute(insert(table), each)
    return {c: [id for _, id, able in sorted(waits, key=lambda w: w[:2]) if c in able] for c in (COMMON, SCARCE, RARE)}


async def found(store: Store, *wanted: Certification) -> list[UUID]:
    async with store.work(often=True) as work:
        return [ready.id for ready in await work.ready(wanted)]


@pytest.mark.parametrize("wanted", [COMMON, SCARCE, RARE], ids=lambda c: c.subject)
async def test_those_who_have_waited_longest_come_first_whatever_they_are_certified_for(
    store: Store, free: Free, wanted: Certification
) -> None:
    assert await found(store, wanted) == free[wanted][:READY_AT_ONCE]
    assert free[wanted]
    assert (len(free[wanted]) < READY_AT_ONCE) == (wanted is not COMMON)


async def test_for_several_certifications_nobody_is_named_twice(store: Store, free: Free) -> None:
    several = await found(store, COMMON, SCARCE, RARE)

    assert len(several) == len({*several})
    assert {*several} == {id for ids in free.values() for id in ids[:READY_AT_ONCE]}
