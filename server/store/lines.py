"""Connections to PostgreSQL, and SQL handed straight to the driver for what runs at every question."""

import logging
import math
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Row, event
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from matcher.statements import Driver, driver_of, simple_query

log = logging.getLogger(__name__)

RESTED_S = 1.0  # a connection unused for so long may have died meanwhile

# A server that vanishes (a failover, a pulled cable) says no goodbye, and by the system's own defaults a connection
# would wait a quarter of an hour for it, an idle one two hours.
NETWORK = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
# Our statements are short: to compile one (jit) costs more than it saves, and what a kept plan reckons with would have
# it done at each use in a large city.
OPTIONS = "-c timezone=UTC -c jit=off -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000"
POOL = 14
ONE_PLAN = " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off"
OFTEN_POOL = 8
AT_HAND = OFTEN_POOL // 2  # who goes past `Lines` finds some in the pool

Record = Row[*tuple[Any, ...]]  # a row with its columns as attributes


def open_engine(url: str, *, pool: int | None = None, often: bool = False) -> AsyncEngine:
    """The engine for a PostgreSQL URL of any spelling, on psycopg, with at most `pool` connections, by
    default what its purpose needs.

    `often` is for what runs at every question: each statement keeps the one plan that its connection has made for it,
    by indexes. To plan such a statement takes longer than to run it, and what is planned while a table is small is
    still in force when it is large. Its connections are in autocommit mode: a transaction is begun by `begin`.
    """
    plain = url.split("://", 1)[1]
    engine = create_async_engine(
        f"postgresql+psycopg://{plain}",
        pool_size=pool or (OFTEN_POOL if often else POOL),
        max_overflow=0,  # one beyond the pool would be closed after each use: under load every second one was a new one
        pool_timeout=10,
        pool_use_lifo=True,  # the connection last used has its statements prepared and its pages at hand
        skip_autocommit_rollback=True,
        isolation_level="AUTOCOMMIT" if often else None,  # set once, not at each use
        connect_args={**NETWORK, "prepare_threshold": None, "options": OPTIONS + ONE_PLAN * often},
    )
    event.listen(engine.sync_engine, "checkin", _note_rest)
    event.listen(engine.sync_engine, "checkout", partial(_wake, engine.sync_engine.dialect))
    return engine


def _note_rest(_: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info["rests_since"] = time.monotonic()


def _wake(dialect: Dialect, connection: DBAPIConnection, record: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
    """A connection that lay idle is asked whether it lives; at each use (`pool_pre_ping`) that would cost as much as
    the statement. One that dies within RESTED_S fails one call, which its sender repeats."""
    if time.monotonic() - record.info.get("rests_since", math.inf) > RESTED_S:
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error


class Line(NamedTuple):
    connection: AsyncConnection
    driver: Driver
    """The driver's own connection under it; what it does is in the same transaction."""


class Lines:
    """Connections of an engine in autocommit mode. Up to `at_hand` of those that were just used are used again without
    going through the engine's pool: the way out of it and back takes as long as a statement."""

    def __init__(self, engine: AsyncEngine, at_hand: int = 0) -> None:
        self._engine, self._most = engine, at_hand
        self._at_hand: list[tuple[Line, float]] = []  # with when it was last used, which is last if it was the latest
        self._wanted = 0  # who waits for one of the pool

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Line]:
        line = await self._take()
        try:
            yield line
        finally:
            await self._put_back(line)

    async def close(self) -> None:
        self._most = 0
        for line in self._emptied():
            await self._put_back(line)
        await self._engine.dispose()

    async def _take(self) -> Line:
        if self._at_hand:
            line, since = self._at_hand.pop()
            if time.monotonic() - since <= RESTED_S or await self._lives(line):
                return line
            for other in self._emptied():  # all were connections to what does not answer any more
                await self._put_away(other)
        self._wanted += 1
        try:
            connection = await self._engine.connect()
        finally:
            self._wanted -= 1
        return Line(connection, await driver_of(connection))

    def _emptied(self) -> list[Line]:
        lines, self._at_hand = [line for line, _ in self._at_hand], []
        return lines

    async def _lives(self, line: Line) -> bool:
        """As `_wake` does for those of the pool."""
        lives = False
        try:
            await simple_query(line.driver, "SELECT 1")
            lives = True
        except psycopg.Error:
            log.info("a connection has died while nobody used it")
        finally:
            if not lives:
                await self._put_away(line)
        return lives

    async def _put_back(self, line: Line) -> None:
        connection, driver = line
        if driver.pgconn.transaction_status != TransactionStatus.IDLE:  # broken, or left in the middle of something
            await self._put_away(line)
        elif self._wanted or len(self._at_hand) >= self._most or connection.in_transaction():
            await connection.close()
        else:
            self._at_hand.append((line, time.monotonic()))

    async def _put_away(self, line: Line) -> None:
        await line.connection.invalidate()
        await line.connection.close()


async def begin(driver: Driver, *, one_view: bool = False) -> datetime:
    """Begins a transaction on a connection in autocommit mode, and asks the database's clock in the same message: the
    driver's own BEGIN would be a round trip that brings nothing back. With `one_view` it only reads, and all that it
    reads is of the same moment."""
    how = " ISOLATION LEVEL REPEATABLE READ, READ ONLY" if one_view else ""
    return await clock(driver, f"BEGIN{how}; ")


async def clock(driver: Driver, first: str = "") -> datetime:
    """The database's clock, behind a first statement in the same message."""
    at: datetime
    [at] = await simple_query(driver, f"{first}SELECT clock_timestamp()")
    return at


def insertion(table: str, rows: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """An INSERT of rows with the same columns, and its parameters."""
    groups = [", ".join(f"%({name}_{i})s" for name in rows[0]) for i in range(len(rows))]
    values = ", ".join(f"({group})" for group in groups)
    params = {f"{name}_{i}": value for i, row in enumerate(rows) for name, value in row.items()}
    return f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES {values}", params  # noqa: S608 - names from our code
