"""A store on a database of the test's own, what it told, and a matcher that says what the test wants."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

import pytest

from matcher.embed import Embedder
from server.actions.ports import Found
from server.domain.people import Stage, Subject
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

    async def expect(self, work: Work, problems: Sequence[tuple[str, Subject]]) -> None:
        await self.ready()

    async def find(
        self, work: Work, text: str, subject: Subject, stage: Stage, *, from_photo: bool, figure: str | None = None
    ) -> Found:
        await self.ready()
        if self.fails:
            raise RuntimeError("the matcher is down")
        return self.found

    async def learn(
        self,
        work: Work,
        id: UUID,
        kind: Literal["answer", "open"],
        text: str,
        subject: Subject,
        stage: Stage,
        figure: str | None = None,
    ) -> None:
        self.known[id] = kind
        self.figures[id] = figure

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
