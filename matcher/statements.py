"""Prepared statements on a psycopg connection, without a cursor for each (docs/adr/0076).

The conversions and the errors are the driver's own. What is left out is its cursor, which takes longer than to send the
statement, and finds out each time what it had found out the last time.

Statements are in the driver's spelling: `%(name)s` for a parameter, and `%%` for a percent sign; where there are no
parameters, a `%` is a `%`. Rows are named tuples. The connection is one that was opened with `prepare_threshold=None`.
"""

import re
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection as PsycopgConnection
from psycopg import errors, generators
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from sqlalchemy.ext.asyncio import AsyncConnection

Driver = PsycopgConnection[Any]

KEPT = 400  # of a connection: what runs at every question, and a search for each scope of the matcher
_PLACE = re.compile(r"%(?:\((\w+)\)s|%)")
_PREPARED_ANEW = errors.FeatureNotSupported, errors.InvalidSqlStatementName
"""A table is no longer what it was when the statement was prepared, or the server has forgotten it."""


@dataclass(slots=True)
class Statement:
    """One that a connection has prepared."""

    key: tuple[str, tuple[int, ...]]  # the query, and the types of its parameters
    name: bytes
    row: Any = None  # makes one of its columns; known when there is a first result


async def driver_of(connection: AsyncConnection) -> Driver:
    """The driver's own connection under this one; what it does is in the same transaction."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, PsycopgConnection)
    return driver


async def rows(driver: Driver, query: str, params: Mapping[str, Any] | None = None) -> list[Any]:
    """All rows; none of a statement that gives none."""
    async with driver.lock:
        statement = await _give(driver, query, params)
        return _rows(driver, statement, await _done(driver, statement, generators.execute(driver.pgconn)))


async def write(driver: Driver, query: str, params: Mapping[str, Any] | None = None) -> int:
    """How many rows it has changed."""
    async with driver.lock:
        statement = await _give(driver, query, params)
        return (await _done(driver, statement, generators.execute(driver.pgconn))).command_tuples or 0


async def send(driver: Driver, query: str, params: Mapping[str, Any]) -> Statement:
    """The server is at it while the caller does something else; nothing else may be sent before `receive`."""
    statement = await _give(driver, query, params)
    await driver.wait(generators.send(driver.pgconn))
    return statement


async def receive(driver: Driver, statement: Statement) -> list[Any]:
    """The rows of what was sent."""
    return _rows(driver, statement, await _done(driver, statement, generators.fetch_many(driver.pgconn)))


async def simple_query(driver: Driver, script: str) -> tuple[Any, ...]:
    """Statements without parameters in one message, which nobody keeps; the only row of the last."""
    async with driver.lock:
        result = await _run(driver, script.encode())
        kept = _kept_of(driver)
        kept.transformer.set_pgresult(result)
        [row] = kept.transformer.load_rows(0, result.ntuples, tuple)
        return row


class _Kept:
    """What a connection has prepared, each when it was first given parameters of these types. The driver itself must
    prepare nothing: at a ROLLBACK it would have the server forget these as well."""

    def __init__(self, driver: Driver) -> None:
        if driver.prepare_threshold is not None:
            raise ValueError("the connection is to be opened with prepare_threshold=None")
        self.transformer = Transformer(driver)
        self.statements: OrderedDict[tuple[str, tuple[int, ...]], Statement] = OrderedDict()
        self.numbers = count()


_KEPT: WeakKeyDictionary[Driver, _Kept] = WeakKeyDictionary()


def _kept_of(driver: Driver) -> _Kept:
    found = _KEPT.get(driver)
    if found is None:
        found = _KEPT[driver] = _Kept(driver)
    return found


async def _give(driver: Driver, query: str, params: Mapping[str, Any] | None) -> Statement:
    """Hand it to the connection, which has yet to send it."""
    kept = _kept_of(driver)
    if not driver.autocommit and driver.pgconn.transaction_status == TransactionStatus.IDLE:
        await _run(driver, b"BEGIN")
    text, values, formats = query, None, None
    types: tuple[int, ...] = ()
    if params is not None:
        text, names = _numbered(query)
        values = kept.transformer.dump_sequence([params[name] for name in names], _as_they_come(len(names)))
        types, formats = kept.transformer.types or (), kept.transformer.formats
    statement = kept.statements.get((query, types)) or await _prepare(driver, kept, (query, types), text)
    kept.statements.move_to_end(statement.key)
    driver.pgconn.send_query_prepared(statement.name, values, param_formats=formats)
    return statement


async def _prepare(driver: Driver, kept: _Kept, key: tuple[str, tuple[int, ...]], text: str) -> Statement:
    if len(kept.statements) >= KEPT:
        _, longest_unused = kept.statements.popitem(last=False)
        await _run(driver, b"DEALLOCATE " + longest_unused.name)
    statement = Statement(key, b"kept_%d" % next(kept.numbers))
    driver.pgconn.send_prepare(statement.name, text.encode(), key[1])
    _last(driver, await driver.wait(generators.execute(driver.pgconn)))
    kept.statements[key] = statement
    return statement


async def _run(driver: Driver, script: bytes) -> PGresult:
    driver.pgconn.send_query(script)
    return _last(driver, await driver.wait(generators.execute(driver.pgconn)))


async def _done(driver: Driver, statement: Statement, answer: PQGen[list[PGresult]]) -> PGresult:
    try:
        return _last(driver, await driver.wait(answer))
    except _PREPARED_ANEW:
        _kept_of(driver).statements.pop(statement.key, None)
        raise


def _last(driver: Driver, results: Sequence[PGresult]) -> PGresult:
    """The last of them, if all went well."""
    for result in results:
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise errors.error_from_result(result, encoding=driver.info.encoding)
    return results[-1]


def _rows(driver: Driver, statement: Statement, result: PGresult) -> list[Any]:
    if result.status != ExecStatus.TUPLES_OK:
        return []
    if statement.row is None:
        statement.row = _row_of(tuple((result.fname(at) or b"").decode() for at in range(result.nfields)))
    transformer = _kept_of(driver).transformer
    transformer.set_pgresult(result)
    return transformer.load_rows(0, result.ntuples, statement.row)


@lru_cache(2_000)
def _numbered(query: str) -> tuple[str, tuple[str, ...]]:
    """The query as the server takes it, and its parameters in the order of their numbers."""
    numbers: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        return "%" if found[1] is None else f"${numbers.setdefault(found[1], len(numbers) + 1)}"

    return _PLACE.sub(place, query), tuple(numbers)


@lru_cache
def _as_they_come(count: int) -> list[PyFormat]:
    return [PyFormat.AUTO] * count


_NAMED: Callable[..., Any] = namedtuple  # of columns that only the statement knows


@lru_cache(2_000)
def _row_of(columns: tuple[str, ...]) -> Any:
    return _NAMED("Row", columns, rename=True)._make
