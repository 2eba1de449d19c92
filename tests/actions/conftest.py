"""A store on a database of the test's own, what it told, and a matcher that says what the test wants."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

import pytest

from matcher.embed import Embedder
from server.actions.ports import Found, Sought
from server.domain.question import Verdict
from server.store.work import Outgoing, Store, Work, open_engine
from tests.builders import World


@dataclass
class SaysSo:
    """A `Finder` that gives the verdict it was told to give, and remembers what it learned."""

    found: Found = Found(Verdict.NEW)
    fails: bool = False
    known: dict[UUID, str] = field(default_factory=dict)
    figures: dict[UUID, str | None] = field(default_factory=dict)
    loaded: asyncio.Event | None = None  # set once it can answer; None: it can

    async def ready(self) -> None:
        if self.loaded is not None:
            await self.loaded.wait()

    async def expect(self, work: Work, sought: Sequence[Sought]) -> list[list[Sought]]:
        await self.ready()
        return [[*sought]]

    async def find(self, work: Work, sought: Sequence[Sought]) -> list[Found]:
        await self.ready()
        if self.fails:
            raise RuntimeError("the matcher is down")
        return [self.found for _ in sought]

    async def learn(self, work: Work, kind: Literal["answer", "open"], problems: Sequence[Sought]) -> None:
        for each in problems:
            self.known[each.id] = kind
            self.figures[each.id] = each.figure

    async def forget(self, work: Work, id: UUID) -> None:
        self.known.pop(id, None)


@pytest.fixture
def told() -> list[Outgoing]:
    """The events that commits announced."""
    return []


@pytest.fixture
async def store(database_url: str, told: list[Outgoing]) -> AsyncIterator[Store]:
    engine = open_engine(database_url, pool=40)
    yield Store(engine, told.extend)
    await engine.dispose()


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return Embedder.load()


@pytest.fixture
def finder() -> SaysSo:
    return SaysSo()


@pytest.fixture
async def world(store: Store) -> World:
    return World(store)
