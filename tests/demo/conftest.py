"""The demo is loaded into a database of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server.store.work import Store, open_engine


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    engine = open_engine(database_url)
    yield Store(engine)
    await engine.dispose()
