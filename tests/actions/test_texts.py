"""Text questions go to the workers; what none of them takes is settled where it was asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from server.actions import ask
from server.domain.people import Person
from server.domain.question import State
from server.live.bus import Bus
from server.store.work import Store
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
