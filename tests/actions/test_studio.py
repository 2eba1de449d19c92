"""What teachers record alone: answers to waiting questions, lessons, answers anew from a moment on."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from server.actions import answer, edition, studio, upkeep
from server.actions.errors import BusyTeaching, Moved, NotHere, SessionOver
from server.actions.ports import Found, Rules
from server.domain.edition import FOREVER
from server.domain.people import Certification, Person, Stage, Subject
from server.domain.question import State, Verdict
from server.store import shelf
from server.store.library import LibraryViews
from server.store.views import Views
from server.store.work import Store
from tests.actions.conftest import SaysSo
from tests.actions.test_editions import cut, made, rendered, row
from tests.actions.test_path_of_a_question import STROKE, accept, publish, question, settle, the_offer
from tests.actions.test_session import views
from tests.builders import RULES, World

__all__ = ["made", "views"]


async def take(store: Store, teacher: Person, id: UUID) -> UUID:
    async with store.work() as work:
        return await studio.take_waiting(work, teacher, id, await work.now())


async def lesson(store: Store, teacher: Person, title: str = "移项要变号", point: str = "一元一次方程") -> UUID:
    async with store.work() as work:
        return await studio.begin_lesson(work, teacher, title, Subject.MATH, 8, point, await work.now())


async def retake(store: Store, teacher: Person, id: UUID, at_ms: int) -> UUID:
    async with store.work() as work:
        return await studio.retake(work, teacher, id, at_ms, await work.now())


async def keep(store: Store, teacher: Person, session: UUID) -> UUID:
    async with store.work() as work:
        return await studio.keep(work, RULES, teacher, session, [], await work.now())


async def draw(store: Store, who: Person, session: UUID, epoch: int = 0, id: str = "s1") -> None:
    async with store.work() as work:
        await answer.draw(work, who, session, epoch, f"op-{id}", "stroke", {**STROKE, "id": id})


async def taught(
    store: Store, world: World, finder: SaysSo, teacher: Person, pupil: Person, point: str
) -> tuple[UUID, UUID]:
    """A question, and its answer about this point as the bank has it."""
    asked = await world.ask(pupil)
    await settle(store, finder, asked)
    session = await accept(store, teacher, asked)
    epoch = (await question(store, asked)).assignment_epoch
    async with store.work() as work:
        done = await answer.finish(work, RULES, teacher, session, epoch, [], await work.now(), [point])
    await publish(store, finder, done)
    return asked, done


async def test_a_waiting_question_is_answered_while_its_pupil_sleeps(
    store: Store, world: World, finder: SaysSo, views: Views
) -> None:
    await world.policy()
    student, teacher = await world.student(), await world.teacher(on_duty=False)
    id = await world.ask(student)
    await settle(store, finder, id)
    [offered] = (await shelf.waiting(store, teacher.id)).questions

    session = await take(store, teacher, id)
    seen, board, duty = await views.question(id), await views.session(session, "teacher"), await views.duty(teacher.id)
    epoch = (await question(store, id)).assignment_epoch
    await draw(store, teacher, session, epoch)
    async with store.work() as work:
        done = await answer.finish(work, RULES, teacher, session, epoch, [], await work.now())
    await publish(store, finder, done)

    assert offered.question_id == id
    assert seen is not None and (seen.state, seen.session_id, seen.being_recorded) == (State.ANSWERING, None, True)
    assert board is not None and (board.kind, duty.alone, duty.session_id) == ("answer", True, session)
    assert (await question(store, id)).state is State.ANSWERED and finder.known[done] == "answer"
    facts = await store.rows("SELECT kind, body FROM subsidy_facts WHERE id = %(id)s", {"id": f"session:{session}"})
    assert [fact.kind for fact in facts] == ["answer"]


async def test_the_pupil_is_no_part_of_a_recording(store: Store, world: World, finder: SaysSo, views: Views) -> None:
    student, teacher = await world.student(), await world.teacher(on_duty=False)
    id = await world.ask(student)
    await settle(store, finder, id)
    session = await take(store, teacher, id)

    assert await views.side_in_session(student.id, session) is None
    with pytest.raises(NotHere):
        await draw(store, student, session)


async def test_nobody_takes_what_is_taken_or_not_theirs_and_nobody_does_two_things_at_once(
    store: Store, world: World, finder: SaysSo
) -> None:
    teacher, other = await world.teacher(on_duty=False), await world.teacher("li", on_duty=False)
    stranger = await world.teacher("chen", Certification(Subject.CHINESE, Stage.JUNIOR), on_duty=False)
    first, second = [await world.ask(await world.student(name)) for name in ("a", "b")]
    for id in (first, second):
        await settle(store, finder, id)
    await take(store, teacher, first)

    with pytest.raises(Moved):
        await take(store, other, first)
    with pytest.raises(NotHere):
        await take(store, stranger, second)
    with pytest.raises(BusyTeaching):
        await take(store, teacher, second)
    with pytest.raises(BusyTeaching):
        await lesson(store, teacher)
    await world.ready(other)  # dispatch gives the second to whoever is free
    assert (await the_offer(store, second)).teacher_id == other.id
    with pytest.raises(BusyTeaching):
        await lesson(store, other)


async def test_a_teacher_who_goes_in_the_middle_leaves_the_question_where_it_was(
    store: Store, world: World, finder: SaysSo
) -> None:
    teacher = await world.teacher(on_duty=False)
    id = await world.ask(await world.student())
    await settle(store, finder, id)
    await take(store, teacher, id)

    await upkeep.find_absent(store, finder, Rules(gone_after=timedelta(0)))

    assert (await question(store, id)).state is State.WAITING


async def test_a_lesson_is_watched_by_everybody_and_answers_nobodys_question(
    store: Store, world: World, finder: SaysSo, views: Views
) -> None:
    teacher, pupil = await world.teacher(on_duty=False), await world.student()
    session = await lesson(store, teacher)
    await draw(store, teacher, session)
    done = await keep(store, teacher, session)
    assert await keep(store, teacher, session) == done
    early = await views.may_watch(pupil.id, done)
    await publish(store, finder, done)

    view, replay = await views.answer(done), await views.replay(done, pupil.id)
    assert view is not None and (view.title, view.state) == ("移项要变号", "published")
    assert view.knowledge_points == ["一元一次方程"]
    assert replay is not None and [line.kind for line in replay.log] == ["page", "stroke"]
    assert not early and await views.may_watch(pupil.id, done)
    assert finder.known == {}
    assert [each.id for each in (await shelf.lessons(views, teacher.id)).lessons] == [done]
    assert await store.rows("SELECT id FROM subsidy_facts", {}) == []


async def test_a_lesson_is_beside_a_video_that_was_found_before_anybody_taught(
    store: Store, world: World, finder: SaysSo, views: Views
) -> None:
    teacher, first, second = await world.teacher(), await world.student(), await world.student("later")
    _, known = await taught(store, world, finder, teacher, first, "倍数")
    session = await lesson(store, teacher, "几倍怎么看", "倍数")
    await draw(store, teacher, session)
    made = await keep(store, teacher, session)
    await publish(store, finder, made)

    finder.found = Found(Verdict.SAME, known, 0.97)
    again = await world.ask(second)
    await settle(store, finder, again)

    assert (await question(store, again)).state is State.SUGGESTED
    assert [each.id for each in await LibraryViews(views).beside(second.id, again)] == [made]


async def test_a_lesson_that_is_dropped_or_empty_comes_to_nothing(store: Store, world: World, finder: SaysSo) -> None:
    teacher = await world.teacher(on_duty=False)
    dropped, empty = await lesson(store, teacher), None
    async with store.work() as work:
        await studio.drop(work, teacher, dropped, await work.now())
    empty = await lesson(store, teacher)
    await upkeep.end_overdue(store, finder, Rules(session_lasts=timedelta(0)))
    drawn = await lesson(store, teacher)
    await draw(store, teacher, drawn)
    await upkeep.end_overdue(store, finder, Rules(session_lasts=timedelta(0)))

    assert [each.session_id for each in await store.rows("SELECT session_id FROM answers", {})] == [drawn]
    with pytest.raises(SessionOver):
        await keep(store, teacher, empty)


async def test_a_retake_goes_on_from_a_moment_and_takes_the_place_of_what_followed(
    store: Store, finder: SaysSo, views: Views, made: tuple[Person, Person, UUID, UUID]
) -> None:
    student, teacher, _, id = made
    whole = await row(store, id)
    await store.rows("UPDATE board_operations SET at_ms = 30000 WHERE kind = 'stroke' RETURNING seq", {})
    await cut(store, teacher, id, (1_000, 2_000))
    await rendered(store, finder, id, 59_000)

    session = await retake(store, teacher, id, 9_000)
    view = await views.session(session, "teacher")
    await draw(store, teacher, session, id="anew")
    assert await keep(store, teacher, session) == id == await keep(store, teacher, session)
    meanwhile = await views.replay(id, student.id)
    await rendered(store, finder, id, 20_000)
    after = await views.replay(id, student.id)

    assert view is not None and view.kind == "retake" and view.question_id is None
    async with store.work() as work:
        opened = (await work.live_session(session)).opened_at  # type: ignore[union-attr]
        log = await work.log(session)
    assert opened - view.opened_at == timedelta(milliseconds=10_000)
    assert max(op.at_ms for op in log) >= 10_000 and "s1" not in {op.body.get("id") for op in log}
    assert meanwhile is not None and "anew" not in {line.body.get("id") for line in meanwhile.log}
    assert after is not None and "anew" in {line.body.get("id") for line in after.log}
    kept = await row(store, id)
    assert (kept.session_id, kept.shown_taken_id) == (whole.session_id, session)
    assert kept.shown_cuts == [[1_000, 2_000]]
    whys = [(each.why, each.is_shown) for each in (await _editions(store, teacher, id))]
    assert whys == [("retaken", True), ("cut", False), ("made", False)]


async def _editions(store: Store, teacher: Person, id: UUID) -> list[shelf.wire.EditionView]:
    found = await shelf.editions(store, teacher.id, id)
    assert found is not None
    return found.editions


async def test_an_earlier_edition_comes_back_whatever_came_after_it(
    store: Store, world: World, finder: SaysSo, made: tuple[Person, Person, UUID, UUID]
) -> None:
    _, teacher, _, id = made
    session = await retake(store, teacher, id, 9_000)
    await draw(store, teacher, session, id="anew")
    await keep(store, teacher, session)
    await rendered(store, finder, id, 20_000)

    async with store.work() as work:
        await edition.restore(work, RULES, teacher, id, 1)
    await rendered(store, finder, id, 60_000)

    now = await row(store, id)
    assert (now.shown_taken_id, now.rendered_edition) == (None, 3)
    with pytest.raises(NotHere):
        async with store.work() as work:
            await edition.restore(work, RULES, await world.teacher("li"), id, 1)


async def test_voices_count_until_the_moment_of_the_retake(
    store: Store, finder: SaysSo, made: tuple[Person, Person, UUID, UUID]
) -> None:
    _, teacher, _, id = made
    first = (await row(store, id)).session_id
    session = await retake(store, teacher, id, 9_000)
    await draw(store, teacher, session, id="anew")
    await keep(store, teacher, session)
    await rendered(store, finder, id, 20_000)
    again = await retake(store, teacher, id, 5_000)
    async with store.work() as work:
        for at, of in enumerate((first, session, again)):
            media = {"kind": "recording", "state": "ready", "content_type": "audio/webm", "key": f"r{at}"}
            await work.add_media(id=UUID(int=at + 1), owner_id=teacher.id, session_id=of, start_ms=0, **media)
        voices = await work.voices_of(again)

    assert {recording.key: until for recording, until in voices} == {"r2": FOREVER, "r1": 5_000, "r0": 5_000}
