"""The session around the board: its time, silence, a pause, a colleague, what is confirmed at its end, a breath."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from server.actions import answer
from server.actions.errors import BadRequest, NotHere, SessionOver
from server.actions.upkeep import upkeep
from server.domain.people import Person
from server.domain.question import State
from server.store import tables as t
from server.store.views import Views
from server.store.work import Record, Store
from tests.actions.conftest import SaysSo
from tests.actions.test_path_of_a_question import STROKE, accept, count, finish, publish, question, settle
from tests.builders import RULES, World

LONG_AGO = timedelta(minutes=8)


@pytest.fixture
async def views(store: Store) -> Views:
    async def sign(key: str, filename: str | None) -> str:
        return f"/files/{key}"

    return Views(store, sign, reminder="不讲新课")


@pytest.fixture
async def lesson(store: Store, world: World, finder: SaysSo) -> tuple[Person, Person, UUID, UUID]:
    """Pupil, teacher, question and session; the teacher has drawn a stroke."""
    await world.policy()
    student, teacher = await world.student(), await world.teacher()
    id = await world.ask(student)
    await settle(store, finder, id)
    session = await accept(store, teacher, id)
    epoch = (await question(store, id)).assignment_epoch
    async with store.work() as work:
        await answer.draw(work, teacher, session, epoch, "s1", "stroke", STROKE)
    return student, teacher, id, session


async def age(store: Store, session: UUID, **times: timedelta) -> None:
    """These times of the session lie so far back."""
    now = None
    async with store.work() as work:
        now = await work.now()
    async with store.engine.begin() as connection:
        values = {name: now - back for name, back in times.items()}
        await connection.execute(update(t.live_sessions).where(t.live_sessions.c.id == session).values(**values))


async def the_session(store: Store, id: UUID) -> Record:
    async with store.work() as work:
        found = await work.live_session(id)
    assert found is not None
    return found


async def test_after_half_an_hour_a_session_is_an_answer_as_it_is(
    store: Store, finder: SaysSo, lesson: tuple[Person, Person, UUID, UUID]
) -> None:
    _, _, id, session = lesson
    await age(store, session, opened_at=timedelta(minutes=31))

    await upkeep(store, finder, RULES)
    await upkeep(store, finder, RULES)

    assert (await question(store, id)).state is State.ANSWERED
    assert (await the_session(store, session)).ended_why == "finished"
    assert await count(store, "answers") == await count(store, "ledger_transactions") == 1


async def test_seven_silent_minutes_give_the_question_back_and_a_sign_of_life_does_not(
    store: Store, world: World, finder: SaysSo, lesson: tuple[Person, Person, UUID, UUID]
) -> None:
    student, teacher, id, session = lesson
    await age(store, session, active_at=LONG_AGO)
    async with store.work() as work:
        await answer.still_here(work, student, session)
    await upkeep(store, finder, RULES)
    assert (await the_session(store, session)).ended_at is None

    await age(store, session, active_at=LONG_AGO)
    await upkeep(store, finder, RULES)

    assert (await the_session(store, session)).ended_why == "silent"
    assert (await question(store, id)).state is State.WAITING
    assert await count(store, "answers") == 0
    async with store.work() as work:
        await answer.still_here(work, teacher, session)  # too late, and no mistake
    with pytest.raises(NotHere):
        async with store.work() as work:
            await answer.still_here(work, await world.student("stranger"), session)


async def test_a_paused_session_is_not_ended_for_silence(
    store: Store, finder: SaysSo, lesson: tuple[Person, Person, UUID, UUID]
) -> None:
    _, teacher, _, session = lesson
    async with store.work() as work:
        await answer.pause(work, teacher, session, True, await work.now())
    await age(store, session, active_at=LONG_AGO)

    await upkeep(store, finder, RULES)

    assert (await the_session(store, session)).ended_at is None
    async with store.work() as work:
        await answer.pause(work, teacher, session, False, await work.now())
    assert (await the_session(store, session)).paused_at is None


async def test_a_colleague_goes_on_with_the_board_that_is_there(
    store: Store, world: World, lesson: tuple[Person, Person, UUID, UUID]
) -> None:
    _, teacher, id, session = lesson
    colleague = await world.teacher("li")
    epoch = (await question(store, id)).assignment_epoch
    async with store.work() as work:
        await answer.hand_back(work, RULES, teacher, session, epoch, await work.now())

    went_on = await accept(store, colleague, id)

    async with store.work() as work:
        before, after = await work.log(session), await work.log(went_on)
    assert [(op.id, op.author, op.kind, op.body) for op in after] == [
        (op.id, op.author, op.kind, op.body) for op in before
    ]
    assert {op.at_ms for op in after} == {0} and any(op.kind == "stroke" for op in after)
    with pytest.raises(SessionOver):
        async with store.work() as work:
            await answer.pause(work, teacher, session, True, await work.now())


async def test_the_teacher_confirms_what_it_was_about_and_the_next_is_proposed_that(
    store: Store, world: World, finder: SaysSo, views: Views, lesson: tuple[Person, Person, UUID, UUID]
) -> None:
    student, teacher, id, session = lesson
    epoch = (await question(store, id)).assignment_epoch
    for points in (["x" * 61], ["a"] * 6, [" "]):
        with pytest.raises(BadRequest):
            async with store.work() as work:
                await answer.finish(work, RULES, teacher, session, epoch, [], await work.now(), points)
    async with store.work() as work:
        now = await work.now()
        made = await answer.finish(work, RULES, teacher, session, epoch, [], now, ["整数倍", "整数倍 ", "列式"])
    await publish(store, finder, made)
    next_id = await world.ask(student, "一根绳子长 9 米，用去三分之一，还剩几米？")
    await settle(store, finder, next_id)
    next_session = await accept(store, teacher, next_id)

    theirs, mine = await views.session(next_session, "student"), await views.session(next_session, "teacher")

    view = await views.answer(made)
    assert view is not None and view.knowledge_points == ["整数倍", "列式"]
    assert mine is not None and mine.knowledge_points == ["整数倍"] and mine.reminder == "不讲新课"
    assert [related.answer_id for related in mine.related] == [made]
    assert theirs is not None and (theirs.related, theirs.knowledge_points, theirs.reminder) == ([], [], "")
    assert await views.may_watch(teacher.id, made)


async def test_the_pupil_who_asked_rates_and_may_think_again(
    store: Store, world: World, lesson: tuple[Person, Person, UUID, UUID]
) -> None:
    student, teacher, id, session = lesson
    made = await finish(store, teacher, session, id)

    for stars in (3, 5):
        async with store.work() as work:
            await answer.rate(work, student, made, stars, await work.now())

    async with store.engine.connect() as connection:
        rated = (await connection.execute(t.ratings.select())).all()
    assert [tuple(row) for row in rated] == [(teacher.id, 5, 1)]
    other = await world.student("other")
    for who, stars, refusal in ((other, 5, NotHere), (student, 0, BadRequest), (student, 6, BadRequest)):
        with pytest.raises(refusal):
            async with store.work() as work:
                await answer.rate(work, who, made, stars, await work.now())


async def test_the_next_question_comes_after_the_breath_that_the_teacher_chose(
    store: Store, world: World, finder: SaysSo, views: Views, lesson: tuple[Person, Person, UUID, UUID]
) -> None:
    _, teacher, id, session = lesson
    async with store.work() as work:
        await answer.breathe(work, teacher, 60)
    await finish(store, teacher, session, id)
    next_id = await world.ask(await world.student("next"), "一根绳子长 9 米，用去三分之一，还剩几米？")
    await settle(store, finder, next_id)
    await upkeep(store, finder, RULES)

    duty = await views.duty(teacher.id)
    assert (await question(store, next_id)).state is State.WAITING
    assert duty.breath_s == 60 and duty.rests_until is not None
    with pytest.raises(BadRequest):
        async with store.work() as work:
            await answer.breathe(work, teacher, 61)

    async with store.work() as work:
        await answer.breathe(work, teacher, 60)  # "I'm ready": the breath under way ends
    await upkeep(store, finder, RULES)
    assert (await question(store, next_id)).state is State.OFFERED
