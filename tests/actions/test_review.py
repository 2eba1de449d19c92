"""Where a city wants somebody to look first: what others than those who asked are shown, and when."""

from __future__ import annotations

from uuid import UUID

import pytest

from server.actions import answer, edition, review
from server.actions.errors import BadRequest, Moved
from server.actions.ports import Found, Rules
from server.domain.people import Person, Role
from server.domain.question import State, Verdict
from server.store import shelf
from server.store.views import Views
from server.store.work import Store
from tests.actions.conftest import SaysSo
from tests.actions.test_editions import rendered, row
from tests.actions.test_path_of_a_question import accept, publish, question, settle
from tests.actions.test_session import views
from tests.builders import World

__all__ = ["views"]
TRUSTED = Rules(review="trusted")


@pytest.fixture
async def reviewer(world: World) -> Person:
    return await world.person("shen", Role.REVIEWER)


async def answered(store: Store, finder: SaysSo, teacher: Person, id: UUID, rules: Rules = TRUSTED) -> UUID:
    session = await accept(store, teacher, id)
    async with store.work() as work:
        epoch = (await question(store, id)).assignment_epoch
        made = await answer.finish(work, rules, teacher, session, epoch, [], await work.now())
    await publish(store, finder, made)
    return made


async def queue(views: Views, reviewer: Person) -> list[UUID]:
    return [each.answer.id for each in (await shelf.reviews(views, reviewer.id, "trusted")).answers]


async def test_who_asked_is_answered_at_once_and_the_bank_waits_for_the_reviewer(
    store: Store, world: World, finder: SaysSo, views: Views, reviewer: Person
) -> None:
    teacher, leader, follower = await world.teacher(), await world.student(), await world.student("too")
    id = await world.ask(leader)
    await settle(store, finder, id)
    also = await world.ask(follower)
    finder.found = Found(Verdict.OPEN, id, 0.9)
    await settle(store, finder, also)

    made = await answered(store, finder, teacher, id)

    assert made not in finder.known
    own, same = await views.question(id), await views.question(also)
    assert own is not None and own.answer is not None and own.answer.video_url is not None
    assert same is not None and same.state is State.SUGGESTED and same.suggestion is not None
    assert await queue(views, reviewer) == [made]
    assert not await views.may_watch((await world.student("x")).id, made)
    async with store.work() as work:
        await review.approve(work, finder, reviewer, made)
    assert finder.known == {made: "answer"} and await queue(views, reviewer) == []
    with pytest.raises(BadRequest):
        async with store.work() as work:
            await review.take_down(work, finder, reviewer, made, " ")


async def test_what_is_sent_back_waits_again_once_it_was_changed(
    store: Store, world: World, finder: SaysSo, views: Views, reviewer: Person
) -> None:
    teacher, student = await world.teacher(), await world.student()
    id = await world.ask(student)
    await settle(store, finder, id)
    made = await answered(store, finder, teacher, id)

    async with store.work() as work:
        await review.send_back(work, finder, reviewer, made, "第二页有同学的名字，请遮住")
    told, others = await views.answer(made, teacher.id), await views.answer(made, student.id)
    with pytest.raises(Moved):
        async with store.work() as work:
            await review.approve(work, finder, reviewer, made)
    async with store.work() as work:
        await edition.edit(work, TRUSTED, teacher, made, veils=[edition.Veil("p1", 0, 0, 3_000, 900)])
    await rendered(store, finder, made, 60_000)

    assert told is not None and told.review_words == "第二页有同学的名字，请遮住"
    assert others is not None and others.review_words is None
    [waiting] = (await shelf.reviews(views, reviewer.id, "trusted")).answers
    assert waiting.answer.id == made and waiting.earlier == ["第二页有同学的名字，请遮住"]
    assert (await row(store, made)).shown_masks == [
        {"page": "p1", "left": 0, "top": 0, "right": 3_000, "bottom": 900, "from_ms": 0, "to_ms": 86_400_000}
    ]


async def test_less_of_what_was_approved_stays_approved_and_more_of_it_does_not(
    store: Store, world: World, finder: SaysSo, reviewer: Person
) -> None:
    teacher = await world.teacher()
    id = await world.ask(await world.student())
    await settle(store, finder, id)
    made = await answered(store, finder, teacher, id)
    async with store.work() as work:
        await review.approve(work, finder, reviewer, made)

    async with store.work() as work:
        await edition.edit(work, TRUSTED, teacher, made, [(0, 5_000)])
    await rendered(store, finder, made, 55_000)
    assert (await row(store, made)).review == "approved" and made in finder.known
    async with store.work() as work:
        await edition.edit(work, TRUSTED, teacher, made, whole=True)
    await rendered(store, finder, made, 60_000)

    assert (await row(store, made)).review == "waiting" and made not in finder.known


async def test_trusted_teachers_need_no_look_unless_everybody_does(
    store: Store, world: World, finder: SaysSo, reviewer: Person
) -> None:
    teacher = await world.teacher()
    async with store.work() as work:
        await review.trust(work, reviewer, teacher.id, True)
    found = []
    for name, rules in (("a", TRUSTED), ("b", Rules(review="all")), ("c", Rules())):
        id = await world.ask(await world.student(name))
        await settle(store, finder, id)
        found.append((await row(store, await answered(store, finder, teacher, id, rules))).review)

    assert found == ["not_needed", "waiting", "not_needed"]


async def test_a_reviewer_takes_down_for_everybody_and_never_judges_her_own(
    store: Store, world: World, finder: SaysSo, views: Views, reviewer: Person
) -> None:
    teacher, student = await world.teacher(), await world.student()
    both = Person(teacher.id, teacher.login, teacher.roles | {Role.REVIEWER}, teacher.nickname)
    id = await world.ask(student)
    await settle(store, finder, id)
    made = await answered(store, finder, teacher, id)

    assert await queue(views, both) == []
    with pytest.raises(review.OwnAnswer):
        async with store.work() as work:
            await review.approve(work, finder, both, made)
    async with store.work() as work:
        await review.take_down(work, finder, reviewer, made, "讲错了题")

    seen = await views.question(id)
    assert seen is not None and seen.answer is None
    assert await views.replay(made, student.id) is None
