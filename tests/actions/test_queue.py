"""A long queue that nobody can take hides nothing behind it."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import insert, select

from server.actions.upkeep import renew_promises
from server.domain.people import Certification, Stage, Subject
from server.store import tables as t
from server.store.work import Store
from tests.actions.conftest import SaysSo
from tests.builders import RULES, World

MANY = 60  # more than is looked at in one round


async def waiting(store: Store, world: World, subject: Subject, grade: int, count: int = 1) -> list[object]:
    """Ids of questions that wait, the first the oldest."""
    pupil = await world.student(f"pupil-{uuid4().hex[:8]}")
    now = await world.now()
    question = {"student_id": pupil.id, "subject": subject, "grade": grade, "received_at": now, "state_since": now}
    rest = {"text": "题", "read_text": "", "state": "waiting", "version": 1, "followers": 0, "assignment_epoch": 0}
    rows = [{"id": uuid4(), **question, **rest, "offers_made": 0, "refused_by": []} for _ in range(count)]
    async with store.engine.begin() as connection:
        await connection.execute(insert(t.questions), rows)
    return [row["id"] for row in rows]


async def test_sixty_questions_without_a_teacher_do_not_hide_the_one_that_has_one(store: Store, world: World) -> None:
    await waiting(store, world, Subject.MATH, 8, MANY)
    await waiting(store, world, Subject.PHYSICS, 12, MANY)
    [mine] = await waiting(store, world, Subject.PHYSICS, 8)

    await world.teacher("zhao", Certification(Subject.PHYSICS, Stage.JUNIOR))

    async with store.engine.connect() as connection:
        offered = (await connection.execute(select(t.offers.c.question_id))).scalars().all()
    assert offered == [mine]


async def test_sixty_questions_that_no_roster_covers_do_not_keep_another_from_its_promise(
    store: Store, world: World
) -> None:
    await waiting(store, world, Subject.MATH, 8, MANY)
    [mine] = await waiting(store, world, Subject.PHYSICS, 8)
    await world.teacher("zhao", Certification(Subject.PHYSICS, Stage.JUNIOR), on_duty=False)

    await renew_promises(store, SaysSo(), RULES)

    async with store.engine.connect() as connection:
        promised = await connection.scalar(select(t.questions.c.promised_at).where(t.questions.c.id == mine))
    assert promised is not None
