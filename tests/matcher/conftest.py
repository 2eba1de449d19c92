"""The shipped model once, and a matcher on a database of the test's own."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from matcher.embed import Embedder
from matcher.match import Matcher


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return Embedder.load()


@pytest.fixture
def matcher(embedder: Embedder) -> Matcher:
    return Matcher(embedder)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[AsyncConnection]:
    """One transaction, rolled back at the end."""
    engine = create_async_engine(database_url, connect_args={"prepare_threshold": None})
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()
