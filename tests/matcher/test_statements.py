"""What is prepared on a connection: kept past a rollback, prepared anew when its table changed, and not without end."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import psycopg
import pytest

from matcher import statements
from matcher.statements import Driver
from tests.databases import SLEEPS, under_way

NAMES = "SELECT name, statement FROM pg_prepared_statements"


async def opened(database_url: str, *, autocommit: bool = True) -> Driver:
    url = database_url.replace("+psycopg", "")
    return await psycopg.AsyncConnection.connect(url, autocommit=autocommit, prepare_threshold=None)


@pytest.fixture
async def driver(database_url: str) -> AsyncIterator[Driver]:
    async with await opened(database_url) as connection:
        yield connection


async def prepared(driver: Driver, part: str) -> list[str]:
    cursor = await driver.execute(NAMES)
    return [name for name, statement in await cursor.fetchall() if part in statement]


async def test_parameters_are_numbered_once_each_and_a_percent_sign_is_one(driver: Driver) -> None:
    query = "SELECT CAST(%(a)s AS int) + CAST(%(b)s AS int) + CAST(%(a)s AS int) AS sum, 7 %% 4 AS rest"

    assert await statements.rows(driver, query, {"a": 2, "b": 10, "more": 0}) == [(14, 3)]
    assert await statements.rows(driver, "SELECT 7 % 4 AS rest") == [(3,)]


async def test_rows_have_their_columns_as_attributes_and_the_drivers_types(driver: Driver) -> None:
    id = uuid4()

    [row] = await statements.rows(driver, "SELECT CAST(%(id)s AS uuid) AS id, '[1]'::jsonb, NULL AS none", {"id": id})

    assert (row.id, row.jsonb, row.none) == (id, [1], None)
    assert isinstance(row.id, UUID)


async def test_a_statement_is_prepared_once_for_parameters_of_the_same_types(driver: Driver) -> None:
    query = "SELECT coalesce(%(n)s, 0) AS kept_once"
    for n in (1, 2, 3):
        await statements.rows(driver, query, {"n": n})
    once = await prepared(driver, "kept_once")
    await statements.rows(driver, query, {"n": 2**40})

    assert (len(once), len(await prepared(driver, "kept_once"))) == (1, 2)


async def test_what_is_prepared_outlives_a_rollback(driver: Driver) -> None:
    await statements.simple_query(driver, "BEGIN; SELECT 1")
    await statements.rows(driver, "SELECT 1 AS outlives")
    await driver.rollback()

    assert len(await prepared(driver, "outlives")) == 1
    assert await statements.rows(driver, "SELECT 1 AS outlives") == [(1,)]


async def test_a_table_that_changed_fails_one_call_as_it_does_with_the_driver(driver: Driver) -> None:
    await driver.execute("CREATE TEMPORARY TABLE shelf (a int)")
    await statements.write(driver, "INSERT INTO shelf VALUES (1)")
    await statements.rows(driver, "SELECT * FROM shelf")
    await driver.execute("ALTER TABLE shelf ADD COLUMN b int DEFAULT 2")

    with pytest.raises(psycopg.errors.FeatureNotSupported):
        await statements.rows(driver, "SELECT * FROM shelf")

    [row] = await statements.rows(driver, "SELECT * FROM shelf")
    assert (row.a, row.b) == (1, 2)


async def test_those_unused_for_longest_make_room(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "KEPT", 2)
    for n in (1, 2, 1, 3):
        await statements.rows(driver, f"SELECT {n} AS makes_room")

    left = [statement for _, statement in await (await driver.execute(NAMES)).fetchall()]

    assert sorted(left) == ["SELECT 1 AS makes_room", "SELECT 3 AS makes_room"]


async def test_it_says_how_many_rows_were_changed(driver: Driver) -> None:
    await driver.execute("CREATE TEMPORARY TABLE shelf AS SELECT generate_series(1, 5) AS n")

    assert await statements.write(driver, "UPDATE shelf SET n = 0 WHERE n > %(least)s", {"least": 3}) == 2
    assert await statements.rows(driver, "DELETE FROM shelf WHERE n = 0") == []


async def test_errors_are_the_drivers_and_the_connection_goes_on(driver: Driver) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        await statements.rows(driver, "SELECT 1 / CAST(%(n)s AS int)", {"n": 0})
    with pytest.raises(psycopg.errors.UndefinedTable):
        await statements.rows(driver, "SELECT * FROM nowhere")
    with pytest.raises(psycopg.errors.SyntaxError):
        await statements.simple_query(driver, "BEGIN; SELEKT 1")
    await driver.rollback()

    assert await statements.rows(driver, "SELECT 1 / CAST(%(n)s AS int) AS n", {"n": 1}) == [(1,)]


async def test_one_that_is_cancelled_leaves_a_connection_that_can_be_used(driver: Driver) -> None:
    begun = under_way(driver)
    waiting = asyncio.create_task(statements.rows(driver, SLEEPS))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert await statements.rows(driver, "SELECT 1 AS n") == [(1,)]


async def test_what_was_sent_is_received_while_the_caller_did_something_else(driver: Driver) -> None:
    sent = await statements.send(driver, "SELECT CAST(%(n)s AS int) AS n", {"n": 5})

    assert await statements.receive(driver, sent) == [(5,)]


async def test_outside_autocommit_a_transaction_is_begun_as_the_driver_would(database_url: str) -> None:
    async with await opened(database_url, autocommit=False) as driver:
        await statements.write(driver, "CREATE TABLE never ()")
        await driver.rollback()
        assert await statements.rows(driver, "SELECT to_regclass('never') AS there") == [(None,)]


async def test_a_connection_whose_driver_prepares_for_itself_is_refused(database_url: str) -> None:
    """At a ROLLBACK it would have the server forget what is kept here."""
    async with await psycopg.AsyncConnection.connect(database_url.replace("+psycopg", "")) as driver:
        with pytest.raises(ValueError, match="prepare_threshold=None"):
            await statements.rows(driver, "SELECT 1")
