"""The path of one question through the actions, on the real database."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from server.actions import answer, ask
from server.actions.errors import BadRequest, EmptyQuestion, Fenced, KeyReused, Moved, NotHere, OfferGone, OffShift
from server.actions.ports import Example, Found
from server.actions.upkeep import upkeep
from server.domain.people import Person, Subject
from server.domain.question import Question, State, Verdict
from server.store import tables as t
from server.store.work import Outgoing, Record, Store
from tests.actions.conftest import SaysSo
from tests.builders import JUNIOR_MATH, POLICY_FEN, RULES, World

STROKE = {
    "id": "s1",
    "page": "p1",
    "tool": "pen",
    "color": "#0072b2",
    "width": 40,
    "points": [[100, 100, 0, 500], [200, 220, 40, 600]],
}


async def settle(store: Store, finder: SaysSo, id: UUID) -> None:
    async with store.work() as work:
        await ask.settle(work, finder, RULES, id, None, await work.now())


async def question(store: Store, id: UUID) -> Question:
    async with store.work() as work:
        found = await work.peek(id)
    assert found is not None
    return found


async def the_offer(store: Store, id: UUID) -> Record:
    async with store.work() as work:
        offer = await work.open_offer_of(id)
    assert offer is not None
    return offer


async def accept(store: Store, teacher: Person, id: UUID) -> UUID:
    offer = await the_offer(store, id)
    async with store.work() as work:
        return await answer.accept(work, teacher, offer.id, await work.now())


async def finish(store: Store, teacher: Person, session: UUID, id: UUID) -> UUID:
    epoch = (await question(store, id)).assignment_epoch
    async with store.work() as work:
        return await answer.finish(work, RULES, teacher, session, epoch, [], await work.now())


async def publish(store: Store, finder: SaysSo, id: UUID) -> None:
    async with store.work() as work:
        film = answer.Film("answers/v.mp4", "answers/p.jpg", 60_000)
        await answer.publish(work, finder, id, 1, film, await work.now())


async def answered(store: Store, finder: SaysSo, teacher: Person, id: UUID) -> UUID:
    session = await accept(store, teacher, id)
    made = await finish(store, teacher, session, id)
    await publish(store, finder, made)
    return made


async def count(store: Store, table: str) -> int:
    async with store.reading() as connection:
        return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_a_new_question_is_offered_accepted_answered_and_paid(
    store: Store, world: World, finder: SaysSo, told: list[Outgoing]
) -> None:
    await world.policy()
    student, teacher = await world.student(), await world.teacher()

    id = await world.ask(student)
    await settle(store, finder, id)
    assert (await question(store, id)).state is State.OFFERED
    session = await accept(store, teacher, id)
    made = await finish(store, teacher, session, id)
    await publish(store, finder, made)

    done = await question(store, id)
    assert (done.state, done.answer_id, done.teacher_id) == (State.ANSWERED, made, teacher.id)
    assert finder.known == {made: "answer"}
    async with store.reading() as connection:
        entries = (await connection.execute(select(t.ledger_entries.c.account, t.ledger_entries.c.amount_fen))).all()
    assert sorted(tuple(entry) for entry in entries) == [
        ("budget:answering", POLICY_FEN),
        (f"owed:{teacher.id}", -POLICY_FEN),
    ]
    assert {"question", "duty", "earned", "session"} <= {event.kind for event in told}


async def test_a_repeated_key_is_the_same_question_and_another_body_is_refused(store: Store, world: World) -> None:
    student = await world.student()

    first = await world.ask(student, "一加一等于几？", key="k1")
    again = await world.ask(student, "一加一等于几？", key="k1")

    assert first == again
    assert await count(store, "questions") == 1
    with pytest.raises(KeyReused):
        await world.ask(student, "一加二等于几？", key="k1")


async def test_fifty_double_taps_at_once_are_one_question(store: Store, world: World) -> None:
    student = await world.student()

    ids = await asyncio.gather(*(world.ask(student, key="tap") for _ in range(50)))

    assert len(set(ids)) == 1
    assert await count(store, "questions") == 1


@pytest.mark.parametrize(("text", "grade", "refusal"), [("  ", 8, EmptyQuestion), ("x" * 6000, 8, BadRequest)])
async def test_an_empty_or_endless_question_is_refused(
    world: World, text: str, grade: int, refusal: type[Exception]
) -> None:
    student = await world.student()

    with pytest.raises(refusal):
        await world.ask(student, text, grade=grade)


async def test_somebody_elses_file_can_not_be_asked_with(store: Store, world: World) -> None:
    student, other = await world.student(), await world.student("other")
    media = uuid4()
    async with store.work() as work:
        await work.add_media(id=media, owner_id=other.id, kind="photo", state="ready", content_type="x", key="k")
        await work.commit()

    asking = ask.Asking(student.id, ask.Wanted(Subject.MATH, 8, "", [media]), "k")
    async with store.work() as work:
        with pytest.raises(NotHere):
            await ask.ask(work, asking, work.began)


async def test_the_same_question_gets_the_video_and_no_teacher(store: Store, world: World, finder: SaysSo) -> None:
    await world.policy()
    student, next_one, teacher = await world.student(), await world.student("next"), await world.teacher()
    first = await world.ask(student)
    await settle(store, finder, first)
    made = await answered(store, finder, teacher, first)
    finder.found = Found(Verdict.SAME, made, 0.997, [{"kind": "numbers", "agrees": True, "asked": "25", "known": "25"}])

    second = await world.ask(next_one)
    await settle(store, finder, second)

    suggested = await question(store, second)
    assert (suggested.state, suggested.answer_id, suggested.offers_made) == (State.SUGGESTED, made, 0)
    async with store.work() as work:
        await ask.solved(work, next_one, second, await work.now())
    assert (await question(store, second)).state is State.RESOLVED
    async with store.reading() as connection:
        assert (await connection.execute(select(t.suggestions.c.outcome))).scalar_one() == "solved"


@pytest.mark.parametrize("why", ["not_mine", "still_stuck"])
async def test_not_my_question_and_still_stuck_go_back_to_the_old_place(
    store: Store, world: World, finder: SaysSo, why: str
) -> None:
    await world.policy()
    student, teacher = await world.student(), await world.teacher()
    made = await answered_by(store, world, finder, student, teacher)
    finder.found = Found(Verdict.SAME, made, 0.99)
    early = await world.ask(student, "早来的题 7 + 8")
    await settle(store, finder, early)
    await world.ready(teacher, "away")
    finder.found = Found(Verdict.NEW)
    late = await world.ask(await world.student("late"), "晚来的题 9 + 1")
    await settle(store, finder, late)

    async with store.work() as work:
        await ask.back_to_queue(work, RULES, student, early, why, await work.now())
    await world.ready(teacher)

    assert (await question(store, early)).state is State.OFFERED
    assert (await question(store, late)).state is State.WAITING
    async with store.reading() as connection:
        assert (await connection.execute(select(t.suggestions.c.outcome))).scalar_one() == why


async def answered_by(store: Store, world: World, finder: SaysSo, student: Person, teacher: Person) -> UUID:
    id = await world.ask(student, "先前的题 3 × 4")
    await settle(store, finder, id)
    return await answered(store, finder, teacher, id)


async def test_other_numbers_are_shown_as_an_example_and_keep_their_place(
    store: Store, world: World, finder: SaysSo
) -> None:
    await world.policy()
    student, teacher = await world.student(), await world.teacher()
    made = await answered_by(store, world, finder, student, teacher)
    finder.found = Found(Verdict.SIMILAR, examples=[Example(made, 0.8, [])])

    id = await world.ask(student, "别的数 30 × 4")
    await settle(store, finder, id)

    asked = await question(store, id)
    assert (asked.state, asked.verdict) == (State.OFFERED, Verdict.SIMILAR)
    assert await count(store, "suggestions") == 1


async def test_who_asks_what_is_being_answered_follows_and_gets_the_video(
    store: Store, world: World, finder: SaysSo
) -> None:
    await world.policy()
    teacher, student = await world.teacher(), await world.student()
    leader = await world.ask(student)
    await settle(store, finder, leader)
    session = await accept(store, teacher, leader)
    finder.found = Found(Verdict.OPEN, leader, 0.99)
    crowd = [await world.ask(await world.student(f"s{i}")) for i in range(3)]
    for id in crowd:
        await settle(store, finder, id)
    assert (await question(store, leader)).followers == 3

    made = await finish(store, teacher, session, leader)
    assert {(await question(store, id)).state for id in crowd} == {State.FOLLOWING}
    await publish(store, finder, made)

    for id in crowd:
        follower = await question(store, id)
        assert (follower.state, follower.answer_id) == (State.SUGGESTED, made)
    assert await count(store, "ledger_transactions") == 1


async def test_when_the_leader_withdraws_the_oldest_follower_leads(store: Store, world: World, finder: SaysSo) -> None:
    student = await world.student()
    leader = await world.ask(student)
    await settle(store, finder, leader)
    finder.found = Found(Verdict.OPEN, leader, 0.99)
    crowd = [await world.ask(await world.student(f"s{i}")) for i in range(3)]
    for id in crowd:
        await settle(store, finder, id)

    async with store.work() as work:
        await ask.withdraw(work, finder, RULES, student, leader, await work.now())

    first, *others = [await question(store, id) for id in crowd]
    assert (first.state, first.followers) == (State.WAITING, 2)
    assert {(o.state, o.leader_id) for o in others} == {(State.FOLLOWING, first.id)}
    assert finder.known == {first.id: "open"}


async def test_a_matcher_that_fails_never_keeps_a_question_from_a_teacher(
    store: Store, world: World, finder: SaysSo
) -> None:
    student, _ = await world.student(), await world.teacher()
    finder.fails = True

    id = await world.ask(student)
    await settle(store, finder, id)

    assert (await question(store, id)).state is State.OFFERED


async def test_declined_goes_to_the_next_and_never_twice_to_the_same(
    store: Store, world: World, finder: SaysSo
) -> None:
    student = await world.student()
    teachers = {t.id: t for t in [await world.teacher("a"), await world.teacher("b")]}
    id = await world.ask(student)
    await settle(store, finder, id)
    first = await the_offer(store, id)

    async with store.work() as work:
        await answer.decline(work, RULES, teachers[first.teacher_id], first.id, await work.now())

    second = await the_offer(store, id)
    assert second.teacher_id != first.teacher_id
    async with store.work() as work:
        await answer.decline(work, RULES, teachers[second.teacher_id], second.id, await work.now())
    assert (await question(store, id)).state is State.WAITING


async def test_a_lapsed_offer_goes_to_the_next_and_can_not_be_accepted_late(
    store: Store, world: World, finder: SaysSo
) -> None:
    student = await world.student()
    teachers = {t.id: t for t in [await world.teacher("a"), await world.teacher("b")]}
    id = await world.ask(student)
    await settle(store, finder, id)
    offer = await the_offer(store, id)

    later = await world.now() + RULES.offer_lasts + timedelta(seconds=1)
    async with store.work() as work:
        await answer.lapse(work, RULES, offer.id, id, later)

    assert (await the_offer(store, id)).teacher_id != offer.teacher_id
    async with store.work() as work:
        with pytest.raises(OfferGone):
            await answer.accept(work, teachers[offer.teacher_id], offer.id, later)


async def test_sixteen_teachers_never_share_a_question(store: Store, world: World, finder: SaysSo) -> None:
    student = await world.student()
    await asyncio.gather(*(world.teacher(f"t{i}") for i in range(16)))
    ids = [await world.ask(student, f"第 {i} 题") for i in range(30)]

    await asyncio.gather(*(settle(store, finder, id) for id in ids))
    await upkeep(store, finder, RULES)

    async with store.reading() as connection:
        o = t.offers.c
        rows = (await connection.execute(select(o.question_id, o.teacher_id).where(o.state == "open"))).all()
    assert len(rows) == 16
    assert len({row.question_id for row in rows}) == 16
    assert len({row.teacher_id for row in rows}) == 16


async def test_sixteen_accepts_of_one_offer_open_one_session(store: Store, world: World, finder: SaysSo) -> None:
    student, teacher = await world.student(), await world.teacher()
    id = await world.ask(student)
    await settle(store, finder, id)
    offer = await the_offer(store, id)

    async def take() -> UUID:
        async with store.work() as work:
            return await answer.accept(work, teacher, offer.id, await work.now())

    sessions = await asyncio.gather(*(take() for _ in range(16)))

    assert len(set(sessions)) == 1
    assert await count(store, "live_sessions") == 1


async def test_a_teacher_who_lost_the_question_can_not_draw_or_finish(
    store: Store, world: World, finder: SaysSo
) -> None:
    await world.policy()
    student, teacher = await world.student(), await world.teacher()
    id = await world.ask(student)
    await settle(store, finder, id)
    session = await accept(store, teacher, id)
    epoch = (await question(store, id)).assignment_epoch
    async with store.engine.begin() as connection:
        await connection.execute(
            t.live_sessions.update().values(teacher_seen_at=func.clock_timestamp() - timedelta(seconds=90))
        )

    await upkeep(store, finder, RULES)

    lost = await question(store, id)
    assert (lost.state, lost.teacher_id) == (State.WAITING, None)
    async with store.work() as work:
        with pytest.raises(Moved):
            await answer.draw(work, teacher, session, epoch, "op", "stroke", STROKE)
    async with store.work() as work:
        with pytest.raises((Fenced, Moved)):
            await answer.finish(work, RULES, teacher, session, epoch, [], await work.now())
    assert await count(store, "ledger_transactions") == 0


async def test_both_draw_and_a_repeated_operation_is_numbered_once(store: Store, world: World, finder: SaysSo) -> None:
    student, teacher = await world.student(), await world.teacher()
    id = await world.ask(student)
    await settle(store, finder, id)
    session = await accept(store, teacher, id)
    epoch = (await question(store, id)).assignment_epoch

    async def draw(person: Person, op_id: str, mark: str) -> int:
        async with store.work() as work:
            return await answer.draw(work, person, session, epoch, op_id, "stroke", {**STROKE, "id": mark})

    seqs = await asyncio.gather(*(draw([student, teacher][i % 2], f"op{i % 10}", f"s{i % 10}") for i in range(40)))

    assert len(set(seqs)) == 10
    async with store.work() as work:
        assert [op.seq for op in await work.log(session)] == list(range(1, 13))  # a page and its text come first


async def test_a_stranger_and_a_hostile_stroke_are_refused(store: Store, world: World, finder: SaysSo) -> None:
    student, teacher, stranger = await world.student(), await world.teacher(), await world.student("stranger")
    id = await world.ask(student)
    await settle(store, finder, id)
    session = await accept(store, teacher, id)

    async with store.work() as work:
        with pytest.raises(NotHere):
            await answer.draw(work, stranger, session, 2, "x", "stroke", STROKE)
    async with store.work() as work:
        with pytest.raises(BadRequest):
            await answer.draw(work, student, session, 2, "x", "turn", {"page": "p1"})
    async with store.work() as work:
        with pytest.raises(BadRequest):
            await answer.draw(work, student, session, 2, "x", "stroke", {**STROKE, "points": [[float("nan"), 0, 0, 0]]})


async def test_nobody_on_duty_gives_a_promise_from_the_roster(store: Store, world: World, finder: SaysSo) -> None:
    student = await world.student()
    teacher = await world.teacher(on_duty=False)
    async with store.engine.begin() as connection:
        starts = await world.now() + timedelta(hours=2)
        await connection.execute(t.shifts.update().values(starts_at=starts, ends_at=starts + timedelta(hours=3)))

    id = await world.ask(student)
    await settle(store, finder, id)

    assert (await question(store, id)).promised_at == starts
    with pytest.raises(OffShift):
        await world.ready(teacher)


async def test_who_lets_two_offers_pass_is_taken_to_be_away(store: Store, world: World, finder: SaysSo) -> None:
    student, _ = await world.student(), await world.teacher()
    for i in range(2):
        id = await world.ask(student, f"第 {i} 题")
        await settle(store, finder, id)
        offer = await the_offer(store, id)
        async with store.work() as work:
            later = await work.now() + timedelta(seconds=16)
            await answer.lapse(work, RULES, offer.id, id, later)

    async with store.reading() as connection:
        assert (await connection.execute(select(t.presence.c.wish))).scalar_one() == "away"


async def test_who_got_a_question_waits_behind_those_who_got_none(store: Store, world: World, finder: SaysSo) -> None:
    wanted = {JUNIOR_MATH}
    await world.policy()
    pupil = await world.student()
    first, second = await world.teacher("first"), await world.teacher("second")
    asked = await world.ask(pupil, "第一题")
    async with store.work() as work:
        before = [ready.id for ready in await work.ready(wanted)]
        question = await work.question(asked)
        assert question is not None
        now = await work.now()
        assert await work.offer_each([(question, first.id)], now, now) == {first.id}
        await work.execute(t.offers.update().values(state="lapsed"))
        behind = [ready.id for ready in await work.ready(wanted)]
        began = await work.now()
        await work.breathe(second.id)
        waits = {ready.id: ready.ready_since for ready in await work.ready(wanted)}

    assert (before, behind) == ([first.id, second.id], [second.id, first.id])
    assert waits[first.id] < began <= waits[second.id]


async def test_the_ledger_refuses_change_and_imbalance(store: Store, world: World, finder: SaysSo) -> None:
    await world.policy()
    student, teacher = await world.student(), await world.teacher()
    await answered_by(store, world, finder, student, teacher)

    for statement in (
        "UPDATE ledger_entries SET amount_fen = 1",
        "DELETE FROM ledger_entries",
        "DELETE FROM ledger_transactions",
        "INSERT INTO ledger_entries SELECT id, 9, 'budget:answering', 5 FROM ledger_transactions",
    ):
        with pytest.raises(DBAPIError):
            async with store.engine.begin() as connection:
                await connection.execute(text(statement))


async def test_a_reopened_question_keeps_its_age_and_is_offered_again(
    store: Store, world: World, finder: SaysSo
) -> None:
    await world.policy()
    student, teacher = await world.student(), await world.teacher()
    id = await world.ask(student)
    await settle(store, finder, id)
    await answered(store, finder, teacher, id)
    before = (await question(store, id)).received_at

    async with store.work() as work:
        await ask.back_to_queue(work, RULES, student, id, "still_stuck", await work.now())

    again = await question(store, id)
    assert (again.state, again.received_at) == (State.OFFERED, before)


async def test_questions_and_money_survive_a_killed_database(store: Store) -> None:
    """No `off` for what a person was told: the setting itself is the promise (RELIABILITY, facts)."""
    async with store.reading() as connection:
        for setting in ("synchronous_commit", "fsync", "full_page_writes"):
            assert (await connection.execute(text(f"SHOW {setting}"))).scalar_one() == "on"
