"""Text questions go to the workers; what none of them takes is settled where it was asked."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from uuid import UUID

import pytest

from matcher.embed import Embedder
from matcher.match import Matcher
from server.actions import ask
from server.actions.ports import Finder, Found, Sought
from server.domain.people import Person
from server.domain.question import Question, QuestionId, State
from server.live.bus import Bus
from server.matching import MatcherFinder
from server.store.work import Store, Work
from server.texts import Texts
from tests.actions.conftest import SaysSo
from tests.builders import RULES, World
from tests.live.classroom import until


class Loading(SaysSo):
    """Says when somebody waits for it, and lets them when it is told to."""

    def __init__(self) -> None:
        super().__init__(loaded=asyncio.Event())
        self.awaited = asyncio.Event()

    async def ready(self) -> None:
        self.awaited.set()
        await super().ready()


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    bus = Bus(redis_url)
    yield bus
    await bus.stop()


@pytest.fixture
async def student(world: World) -> Person:
    return await world.student()


async def state_of(store: Store, question: object) -> State:
    async with store.work() as work:
        found = await work.peek(question)  # type: ignore[arg-type]
    assert found is not None
    return found.state


async def test_a_worker_takes_what_a_web_process_hands_over(
    store: Store, world: World, student: Person, bus: Bus
) -> None:
    here, there = SaysSo(), SaysSo()
    web, worker = Texts(store, here, RULES, bus), Texts(store, there, RULES, bus)
    taking = asyncio.create_task(worker.take())
    asked = [await world.ask(student) for _ in range(12)]

    for id in asked:
        web.soon(id)
    await until(lambda: set(there.known) == set(asked))
    await web.flush()
    await worker.flush()
    taking.cancel()
    with suppress(asyncio.CancelledError):
        await taking

    assert here.known == {}
    assert {await state_of(store, id) for id in asked} == {State.WAITING}


async def test_what_no_worker_takes_is_settled_where_it_was_asked(
    store: Store, world: World, student: Person, bus: Bus
) -> None:
    here = SaysSo()
    web = Texts(store, here, RULES, bus)
    watching = asyncio.create_task(web.watch())
    id = await world.ask(student)

    web.soon(id)
    await until(lambda: id in here.known)
    watching.cancel()
    await web.flush()

    assert await state_of(store, id) is State.WAITING
    assert await bus.call_back("texts", [str(id)]) == [False]


async def test_without_redis_a_text_is_settled_where_it_was_asked(store: Store, world: World, student: Person) -> None:
    nowhere = Bus("redis://127.0.0.1:1/0")
    web = Texts(store, SaysSo(), RULES, nowhere)
    id = await world.ask(student)

    web.soon(id)
    await web.flush()
    await nowhere.stop()

    assert await state_of(store, id) is State.WAITING


async def test_a_question_can_be_withdrawn_before_the_matcher_is_there(
    store: Store, world: World, student: Person, bus: Bus
) -> None:
    finder = Loading()
    texts = Texts(store, finder, RULES, bus)
    id = await world.ask(student)
    texts.soon(id)
    flushing = asyncio.create_task(texts.flush())
    await finder.awaited.wait()

    async with store.work() as work:
        await ask.withdraw(work, finder, RULES, student, id, await work.now())
    assert finder.loaded is not None
    finder.loaded.set()
    await flushing

    assert await state_of(store, id) is State.WITHDRAWN


async def settled_here(store: Store, finder: Finder, asked: Sequence[UUID]) -> list[Question]:
    """What became of questions that came in one moment."""
    nowhere = Bus("redis://127.0.0.1:1/0")
    texts = Texts(store, finder, RULES, nowhere)
    for id in asked:
        texts.soon(id)
    await texts.flush()
    await nowhere.stop()
    async with store.work() as work:
        found = {question.id: question for question in await work.questions(asked)}
    return [found[QuestionId(id)] for id in asked]


async def test_texts_of_one_moment_share_transactions_and_each_gets_a_teacher_of_its_own(
    store: Store, world: World
) -> None:
    teachers = {(await world.teacher(f"teacher{number}")).id for number in range(8)}
    asked = [await world.ask(await world.student(f"pupil{number}")) for number in range(12)]
    commits: list[int] = []
    store.sent = lambda events: commits.append(len(events))

    found = await settled_here(store, SaysSo(), asked)

    offered = [question for question in found if question.state is State.OFFERED]
    assert {question.teacher_id for question in offered} == teachers
    assert [question.state for question in found].count(State.WAITING) == 4
    assert len(commits) < len(asked)


async def test_those_who_ask_the_same_in_one_moment_see_one_another(store: Store, world: World) -> None:
    teacher = await world.teacher()
    asked = [
        await world.ask(await world.student(f"pupil{number}"), "一个长方形长 12 厘米，宽 7 厘米，求它的面积。")
        for number in range(7)
    ]

    found = await settled_here(store, MatcherFinder(lambda: Matcher(Embedder.load())), asked)

    [leader] = [question for question in found if question.state is State.OFFERED]
    assert (leader.teacher_id, leader.followers) == (teacher.id, 6)
    assert {question.leader_id for question in found if question is not leader} == {leader.id}


async def test_one_that_fails_keeps_nobody_of_its_moment_from_being_matched(
    store: Store, world: World, student: Person
) -> None:
    class Choosy(SaysSo):
        async def find(self, work: Work, sought: Sequence[Sought]) -> list[Found]:
            if any(each.text == "no" for each in sought):
                raise RuntimeError("the matcher fails with this one")
            return await super().find(work, sought)

    finder = Choosy()
    bad = await world.ask(student, "no")
    asked = [await world.ask(student, f"yes {number}") for number in range(5)]

    found = await settled_here(store, finder, [bad, *asked])

    assert {question.state for question in found} == {State.WAITING}
    assert set(finder.known) >= set(asked)
