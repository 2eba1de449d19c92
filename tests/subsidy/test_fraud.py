"""What would be easy money is held for review: own children, shared devices, the same question twice."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, update

from server.actions import answer, ask
from server.actions.people import Newcomer, UnknownChildren, bring_in
from server.domain.people import Person, Role
from server.store import office, sign_ins
from server.store import tables as t
from server.store.views import Views
from server.store.work import Store
from tests.actions.conftest import SaysSo
from tests.builders import JUNIOR_MATH, RULES, World

CERTIFIED = frozenset({JUNIOR_MATH})
TEACHER = Newcomer("wang", "王芳", "王老师", frozenset({Role.TEACHER}), certifications=CERTIFIED)


async def unsigned(key: str, filename: str | None = None) -> str:
    return key


async def answered(store: Store, finder: SaysSo, teacher: Person, id: UUID) -> UUID:
    """The question goes to the teacher, who answers it; the id of the session."""
    async with store.work() as work:
        await ask.settle(work, finder, RULES, id, None, await work.now())
    async with store.work() as work:
        offer = await work.open_offer_of(id)
        assert offer is not None
        session = await answer.accept(work, teacher, offer.id, await work.now())
    async with store.work() as work:
        found = await work.peek(id)
        assert found is not None
        await answer.finish(work, RULES, teacher, session, found.assignment_epoch, [], await work.now())
    return session


async def flags(store: Store, session: UUID) -> set[str]:
    rows = await store.rows("SELECT body FROM subsidy_facts WHERE id = %(id)s", {"id": f"session:{session}"})
    return set(rows[0].body.get("flags", ())) - {"blank_board"}


async def held(store: Store) -> int:
    query = "SELECT coalesce(-sum(amount_fen), 0)::bigint FROM ledger_entries WHERE account LIKE 'held:%%'"
    return int((await store.rows(query, {}))[0][0])


async def signed_in(store: Store, device: bytes, *people: Person) -> None:
    async with store.engine.begin() as connection:
        for person in people:
            await sign_ins.remember_device(connection, person.id, device)


async def test_a_session_with_ones_own_child_is_held(store: Store, world: World, finder: SaysSo) -> None:
    await world.policy()
    own, other, teacher = await world.student("own"), await world.student("other"), await world.teacher()
    await bring_in(store, [Newcomer(**{**TEACHER.__dict__, "children": frozenset({"own"})})])

    with_own = await answered(store, finder, teacher, await world.ask(own))
    await world.ready(teacher)
    with_other = await answered(store, finder, teacher, await world.ask(other, "7 × 8 等于多少？"))

    assert (await flags(store, with_own), await flags(store, with_other)) == ({"own_child"}, set())
    assert await held(store) == 2_000
    kept = await store.rows("SELECT * FROM kinships", {})
    assert [row.teacher_id for row in kept] == [teacher.id] and str(own.id) not in str(kept)


async def test_a_roster_changes_children_only_where_it_speaks_of_them(store: Store, world: World) -> None:
    await world.student("own")
    with_child = Newcomer(**{**TEACHER.__dict__, "children": frozenset({"own"})})

    async def known() -> int:
        return int((await store.rows("SELECT count(*) FROM kinships", {}))[0][0])

    await bring_in(store, [with_child])
    await bring_in(store, [TEACHER])
    assert await known() == 1
    with pytest.raises(UnknownChildren, match="wang: nobody"):
        await bring_in(store, [Newcomer(**{**TEACHER.__dict__, "children": frozenset({"nobody"})})])
    assert await known() == 1
    await bring_in(store, [Newcomer(**{**TEACHER.__dict__, "children": frozenset()})])
    assert await known() == 0


async def test_one_device_on_both_sides_is_held_with_the_times_and_a_schools_computer_is_not(
    store: Store, world: World, finder: SaysSo
) -> None:
    await world.policy()
    pupil, teacher = await world.student(), await world.teacher()
    classmates = [await world.student(f"s{n}") for n in range(8)]
    await signed_in(store, b"school", teacher, *classmates)
    await signed_in(store, b"home", teacher, pupil)

    at_school = await answered(store, finder, teacher, await world.ask(classmates[0]))
    await world.ready(teacher)
    at_home = await answered(store, finder, teacher, await world.ask(pupil, "7 × 8 等于多少？"))

    assert (await flags(store, at_school), await flags(store, at_home)) == (set(), {"same_device"})
    holds = await office.holds(store, Views(store, unsigned))
    assert [(hold.fact, hold.why, hold.fen) for hold in holds] == [(f"session:{at_home}", ["same_device"], 2_000)]
    [device] = holds[0].devices
    assert device.teacher_at <= device.pupil_at


async def test_what_is_held_is_shown_with_ink_speech_and_the_work_around_it(
    store: Store, world: World, finder: SaysSo
) -> None:
    await world.policy()
    pupil, teacher = await world.student(), await world.teacher()
    await signed_in(store, b"home", teacher, pupil)
    session = await answered(store, finder, teacher, await world.ask(pupil))
    began = (await store.rows("SELECT starts_at FROM subsidy_facts", {}))[0].starts_at
    async with store.engine.begin() as connection:
        await connection.execute(
            insert(t.media).values(
                id=uuid4(), owner_id=teacher.id, kind="recording", state="ready", key="k", content_type="audio/webm",
                session_id=session, start_ms=0, duration_ms=1,
            )
        )  # fmt: skip
        for seq, at_ms in ((1_001, 0), (1_002, 10**9)):
            stroke = {"session_id": session, "seq": seq, "op_id": str(seq), "author": "teacher", "kind": "stroke"}
            await connection.execute(insert(t.board_operations).values(**stroke, body={}, at_ms=at_ms))
        near = {"kind": "shift", "teacher_id": teacher.id, "source": "import", "starts_at": began - timedelta(hours=1)}
        body = {"end": (began + timedelta(hours=1)).isoformat()}
        await connection.execute(insert(t.subsidy_facts).values(id="shift:1", body=body, **near))

    [hold] = await office.holds(store, Views(store, unsigned))

    assert (hold.strokes, hold.ink) == (2, [0, 1_000])
    assert len(hold.speech) == 1
    assert [(each.fact, each.work) for each in hold.nearby] == [("shift:1", "shift")]


async def test_a_question_that_is_reopened_and_answered_again_is_held(
    store: Store, world: World, finder: SaysSo
) -> None:
    await world.policy()
    pupil, teacher = await world.student(), await world.teacher()
    id = await world.ask(pupil)
    first = await answered(store, finder, teacher, id)
    async with store.work() as work:
        await ask.back_to_queue(work, RULES, pupil, id, "still_stuck", await work.now())
    await world.ready(teacher)

    again = await answered(store, finder, teacher, id)

    assert (await flags(store, first), await flags(store, again)) == (set(), {"answered_before"})
    assert await held(store) == 2_000


async def test_a_device_is_forgotten_ninety_days_after_its_last_sign_in(store: Store, world: World) -> None:
    old, new = await world.student("old"), await world.student("new")
    await signed_in(store, b"phone", old, new)
    async with store.engine.begin() as connection:
        then = func.now() - timedelta(days=91)
        await connection.execute(
            update(t.device_sign_ins).where(t.device_sign_ins.c.account_id == old.id).values(last_at=then)
        )

    async with store.work() as work:
        await work.forget_expired()
        await work.commit()

    assert [row.account_id for row in await store.rows("SELECT account_id FROM device_sign_ins", {})] == [new.id]
