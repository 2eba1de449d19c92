"""A matcher that still loads delays matching, and nothing else."""

import asyncio

from server.actions import ask
from server.domain.question import State
from server.pipeline import Texts
from server.store.work import Store
from tests.actions.conftest import SaysSo
from tests.builders import RULES, World


class Loading(SaysSo):
    """Says when somebody waits for it, and lets them when it is told to."""

    def __init__(self) -> None:
        super().__init__(loaded=asyncio.Event())
        self.awaited = asyncio.Event()

    async def ready(self) -> None:
        self.awaited.set()
        await super().ready()


async def test_a_question_can_be_withdrawn_before_the_matcher_is_there(store: Store, world: World) -> None:
    finder = Loading()
    texts = Texts(store, finder, RULES)
    student = await world.student()
    id = await world.ask(student)
    texts.soon(id)
    await finder.awaited.wait()

    async with store.work() as work:
        await ask.withdraw(work, finder, RULES, student, id, await work.now())
    assert finder.loaded is not None
    finder.loaded.set()
    await texts.flush()

    async with store.work() as work:
        question = await work.peek(id)
    assert question is not None
    assert question.state is State.WITHDRAWN
