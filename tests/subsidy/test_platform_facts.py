"""What the service writes into the books itself beside sessions: lectures that were given, and stars."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, update

from server.actions import answer, lecture_room
from server.actions.upkeep import end_lectures
from server.domain.people import Person
from server.domain.subsidy.facts import FactRefused
from server.store import tables as t
from server.store.rooms import RoomBook
from server.store.work import Store
from tests.actions.conftest import SaysSo
from tests.actions.test_lectures import enrol, lecturer
from tests.actions.test_path_of_a_question import finish
from tests.actions.test_rooms import lecture, pupil, start
from tests.actions.test_session import lesson
from tests.builders import RULES, World
from tests.subsidy.office import an_office
from tests.subsidy.office import lesson as imported

__all__ = ["lecture", "lecturer", "lesson", "pupil"]
LECTURES = """[policy]
name = "直播"
valid_from = 2020-01-01
levels = ["认定"]

[[rate]]
work = ["lecture"]
unit = "minute"
rounding = "down"
yuan = 2

[[rate]]
work = ["session"]
yuan = 20
effect = true

[effectiveness]
share_weight = 0
rating_weight = 1
low = 0.5
high = 1.5
"""
POLICY = {"valid_from": date(2020, 1, 1), "document": LECTURES}


async def owed(store: Store, teacher: Person) -> tuple[int, int]:
    """Fen owed and fen held."""
    query = "SELECT coalesce(-sum(amount_fen), 0)::bigint FROM ledger_entries WHERE account = %(account)s"
    both = [await store.rows(query, {"account": f"{kind}:{teacher.id}"}) for kind in ("owed", "held")]
    return int(both[0][0][0]), int(both[1][0][0])


async def on_air_for(store: Store, id: UUID, minutes: int, slot: int = 60) -> None:
    """The lecture began so many minutes ago, at the beginning of its slot, and its pupils with it."""
    begun = func.now() - timedelta(minutes=minutes, seconds=1)  # one moment for all: the slot lasts to the microsecond
    times = {"started_at": begun, "starts_at": begun, "ends_at": begun + timedelta(minutes=slot)}
    async with store.engine.begin() as connection:
        await connection.execute(update(t.lectures).where(t.lectures.c.id == id).values(**times))
        await connection.execute(update(t.lecture_attendance).values(from_at=begun))


async def come(store: Store, id: UUID, *people: Person) -> None:
    async with store.work() as work:
        await RoomBook(work).note_here(id, "web-1", [who.id for who in people])
        await work.commit()


async def end(store: Store, who: Person, id: UUID) -> None:
    async with store.work() as work:
        await lecture_room.end(work, who, id, await work.now())


async def test_a_lecture_is_a_fact_with_its_minutes_and_those_who_came(
    store: Store, world: World, lecturer: Person, lecture: UUID, pupil: Person
) -> None:
    office = await an_office(world, POLICY)
    late = await world.student("late")
    await enrol(store, lecture, late)
    await start(store, lecturer, lecture)
    await come(store, lecture, pupil, lecturer)
    await on_air_for(store, lecture, 40)
    await come(store, lecture, late)  # a moment before the end: looked in, did not attend

    await end(store, lecturer, lecture)
    await end(store, lecturer, lecture)

    [fact] = await store.rows("SELECT * FROM subsidy_facts", {})
    assert (fact.id, fact.kind, fact.teacher_id) == (f"lecture:{lecture}", "lecture", lecturer.id)
    assert fact.body["attendance"] == 1 and fact.body["evidence"] == [f"lecture:{lecture}"]
    assert 2_400 <= fact.body["active_s"] < 2_460
    assert await owed(store, lecturer) == (8_000, 0)  # forty whole minutes at two yuan, once
    with pytest.raises(FactRefused, match="the platform's own"):
        await office.facts(imported("lecturer", "2026-03-02 19:00", id=f"lecture:{lecture}:2", kind="lecture"))


async def test_a_room_left_on_earns_its_slot_and_an_empty_one_is_held(
    store: Store, world: World, lecturer: Person, lecture: UUID, finder: SaysSo
) -> None:
    await an_office(world, POLICY)
    await start(store, lecturer, lecture)
    await on_air_for(store, lecture, 95, slot=60)

    await end_lectures(store, finder, RULES)

    [fact] = await store.rows("SELECT body FROM subsidy_facts", {})
    assert (fact.body["active_s"], fact.body["flags"]) == (3_600, ["nobody_came"])
    assert await owed(store, lecturer) == (0, 12_000)


async def test_stars_move_the_coefficient_at_once_and_the_last_ones_count(
    store: Store, world: World, lesson: tuple[Person, Person, UUID, UUID]
) -> None:
    student, teacher, id, session = lesson
    async with store.engine.begin() as connection:
        await connection.execute(update(t.policies).values(document=LECTURES))
    made = await finish(store, teacher, session, id)
    earned = [sum(await owed(store, teacher))]

    for stars in (1, 5, 5):
        async with store.work() as work:
            await answer.rate(work, student, made, stars, await work.now())
        earned.append(sum(await owed(store, teacher)))

    # (1 + 42) / 11 and (5 + 42) / 11 instead of 4.2: 0.2909 less, 0.0727 more
    assert earned == [2_000, 1_418, 2_145, 2_145]
    rows = await store.rows("SELECT of_id, body->>'rating' AS stars FROM subsidy_facts WHERE kind = 'outcome'", {})
    assert [(row.of_id, row.stars) for row in rows] == [(f"session:{session}", "1"), (f"session:{session}", "5")]
