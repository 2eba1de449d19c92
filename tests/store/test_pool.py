"""The pool of connections to PostgreSQL."""

import asyncio

from sqlalchemy import text

from server.store.work import open_engine


async def test_a_busy_pool_keeps_its_connections_and_who_finds_none_waits(database_url: str) -> None:
    engine = open_engine(database_url, pool=3)

    async def backend() -> int:
        async with engine.connect() as connection:
            return int((await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one())

    rounds = [await asyncio.gather(*(backend() for _ in range(12))) for _ in range(4)]
    await engine.dispose()

    assert len({pid for pids in rounds for pid in pids}) <= 3
