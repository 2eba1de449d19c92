"""What the commands that look after the data have in common."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from server.settings import Settings

if TYPE_CHECKING:
    from server.store.work import Store

T = TypeVar("T")


def with_store(settings: Settings, do: "Callable[[Store], Awaitable[T]]") -> T:
    """Does it on the database of the settings, or of a `dayi run` in this data folder, or on one of our own."""
    from server.cli import servers
    from server.store.work import Store, open_engine

    async def with_engine(url: str) -> T:
        engine = open_engine(url)
        try:
            return await do(Store(engine))
        finally:
            await engine.dispose()

    with servers(settings) as connected:
        return asyncio.run(with_engine(connected.database_url))
