"""`dayi bench statement`: what one statement of a question's path costs the process that sends it, and a connection.

A view's worth of columns is read by a key, over and over, in this process: by the driver's own cursor, and as kept by
`matcher.statements`; and a connection is taken and put back, past the engine's pool and through it. CPU of this process
alone; the four take turns.
"""

import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median
from uuid import uuid4

from psycopg import AsyncConnection
from psycopg.rows import namedtuple_row

from matcher import statements
from matcher.statements import driver_of
from server.embedded import services
from server.store.lines import AT_HAND, Lines, open_engine

ROUNDS, TIMES = 7, 1_000
QUERY = """
    SELECT wanted.id, clock_timestamp() AS read_at, clock_timestamp() AS received_at, 'math' AS subject, 8 AS grade,
           '一个长方形长 5 厘米' AS text, NULL::uuid AS leader_id, NULL::timestamptz AS promised_at, 0.5 AS confidence,
           true AS has_media, 'waiting' AS state, 3 AS ahead
    FROM unnest(CAST(%(ids)s AS uuid[])) AS wanted (id)
"""


async def main(argv: Sequence[str]) -> int:
    """Prints a Markdown table."""
    with tempfile.TemporaryDirectory() as folder, services(Path(folder)) as urls:
        plain, often = open_engine(urls.database, pool=2), open_engine(urls.database, often=True)
        pooled, at_hand = Lines(plain.execution_options(isolation_level="AUTOCOMMIT")), Lines(often, AT_HAND)
        params = {"ids": [uuid4()]}
        reference = await AsyncConnection.connect(urls.database.replace("+psycopg", ""), autocommit=True)
        async with reference, often.connect() as connection:
            driver = await driver_of(connection)

            async def by_cursor() -> None:
                cursor = reference.cursor(row_factory=namedtuple_row)
                await cursor.execute(QUERY, params, prepare=True)
                await cursor.fetchall()

            async def kept() -> None:
                await statements.rows(driver, QUERY, params)

            async def out_of_pool() -> None:
                async with pooled.one():
                    pass

            async def from_hand() -> None:
                async with at_hand.one():
                    pass

            ways: dict[str, Callable[[], Awaitable[None]]] = {
                "a statement by the driver's cursor": by_cursor,
                "the same, kept": kept,
                "a connection out of the pool and back": out_of_pool,
                "one at hand": from_hand,
            }
            taken: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(ROUNDS):
                for name, way in ways.items():
                    taken[name].append(await _cost(way))
        await pooled.close()
        await at_hand.close()
    print("| µs of CPU | median | least |\n|---|---|---|")
    for name, costs in taken.items():
        print(f"| {name} | {median(costs):.0f} | {min(costs):.0f} |")
    return 0


async def _cost(way: Callable[[], Awaitable[None]]) -> float:
    """Microseconds of this process's CPU."""
    begun = time.process_time()
    for _ in range(TIMES):
        await way()
    return (time.process_time() - begun) / TIMES * 1e6
