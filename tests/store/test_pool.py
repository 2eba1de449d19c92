"""The pool of connections to PostgreSQL, and what its connections have prepared."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from matcher import statements
from matcher.embed import Embedder
from matcher.match import Matcher
from server.actions.upkeep import upkeep
from server.domain.people import Certification, Stage, Subject
from server.matching import MatcherFinder
from server.store.lines import Line, Lines
from server.store.work import Store, Work, open_engine
from tests.builders import RULES
from tests.databases import SLEEPS, under_way

MATH = Certification(Subject.MATH, Stage.PRIMARY)
_LEFT_OVER = "SELECT to_regclass('left_over'), (SELECT count(*) FROM procrastinate_jobs)"
_SCANS = "SELECT sum(seq_scan) AS scans FROM pg_stat_xact_user_tables WHERE relname IN ('offers', 'presence', 'shifts')"

SLEEPS_ON = SLEEPS.replace("; END", "; EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(60); END")


async def test_a_busy_pool_keeps_its_connections_and_who_finds_none_waits(database_url: str) -> None:
    engine = open_engine(database_url, pool=3)

    async def backend() -> int:
        async with engine.connect() as connection:
            return int((await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one())

    rounds = [await asyncio.gather(*(backend() for _ in range(12))) for _ in range(4)]
    await engine.dispose()

    assert len({pid for pids in rounds for pid in pids}) <= 3


async def test_what_is_prepared_for_a_question_outlives_a_round_of_upkeep(database_url: str) -> None:
    """At a ROLLBACK the driver by itself forgets all that its connection has prepared, and upkeep looks each second."""
    engine = open_engine(database_url, pool=1)
    store = Store(engine)

    async def prepared() -> set[str]:
        rows = await store.rows("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%%rating_sum%%'", {})
        return {row.name for row in rows}

    async with store.work() as work:
        await work.ready({MATH})
        await work.commit()
    before = await prepared()
    await upkeep(store, MatcherFinder(lambda: Matcher(Embedder.load())), RULES)
    after = await prepared()
    await engine.dispose()

    assert before
    assert before <= after


async def test_a_plan_made_while_tables_are_empty_reads_no_table_through(database_url: str) -> None:
    engine = open_engine(database_url, pool=1, often=True)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE offers, presence, shifts"))

    async def scans(work: Work) -> int:
        [row] = await work.rows(_SCANS)
        return int(row.scans)

    async with Store(engine).work() as work:
        before = await scans(work)
        await work.ready({MATH})
        after = await scans(work)
    await engine.dispose()

    assert after == before


async def test_what_a_work_did_before_it_was_left_or_cancelled_never_happened(database_url: str) -> None:
    engine = open_engine(database_url, pool=1)
    store = Store(engine)
    under_way = asyncio.Event()

    async def left() -> None:
        async with store.work() as work:
            await work.execute(text("CREATE TABLE left_over ()"))
            work.defer("never", queue="never")
            raise LookupError

    async def waits() -> None:
        async with store.work() as work:
            await work.execute(text("CREATE TABLE left_over ()"))
            under_way.set()
            await work.rows("SELECT pg_sleep(60)")

    with pytest.raises(LookupError):
        await left()
    waiting = asyncio.create_task(waits())
    await under_way.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    [found] = await store.rows(_LEFT_OVER, {})
    async with store.work(often=True) as work:
        began, [clock] = work.began, await work.rows("SELECT transaction_timestamp() AS began")
    await engine.dispose()

    assert found == (None, 0)
    assert abs(began - clock.began) < timedelta(seconds=1)


async def test_after_its_commit_a_work_takes_nothing_more(database_url: str) -> None:
    engine = open_engine(database_url, pool=1)
    async with Store(engine).work() as work:
        await work.commit()
        with pytest.raises(AssertionError, match="a work of its own"):
            await work.rows("SELECT 1")
    await engine.dispose()


async def backend(line: Line) -> int:
    [row] = await statements.rows(line.driver, "SELECT pg_backend_pid() AS pid")
    return int(row.pid)


@pytest.fixture
async def two(database_url: str) -> AsyncIterator[Lines]:
    """Two connections, both of which may stay at hand."""
    lines = Lines(open_engine(database_url, pool=2, often=True), at_hand=2)
    yield lines
    await lines.close()


async def test_a_connection_that_was_just_used_is_used_again(two: Lines) -> None:
    async with two.one() as line:
        first = await backend(line)
    async with two.one() as line, two.one() as other:
        again, another = await backend(line), await backend(other)

    assert again == first != another


async def test_who_waits_for_a_connection_gets_the_next_that_is_put_back(two: Lines) -> None:
    async with two.one() as kept:
        async with two.one() as line:
            pid = await backend(line)
            begun = asyncio.Event()
            waiting = asyncio.create_task(backend_of_one(two, begun))
            await begun.wait()
        assert await waiting == pid
        assert await backend(kept) != pid


async def backend_of_one(lines: Lines, begun: asyncio.Event | None = None) -> int:
    if begun is not None:
        begun.set()
    async with lines.one() as line:
        return await backend(line)


async def test_a_connection_that_was_left_in_the_middle_of_something_is_not_used_again(two: Lines) -> None:
    async with two.one() as line:
        left = await backend(line)
        await statements.simple_query(line.driver, "BEGIN; SELECT 1")

    assert await backend_of_one(two) != left


@pytest.mark.parametrize("query", [SLEEPS, SLEEPS_ON])
async def test_who_is_cancelled_leaves_one_that_can_be_used_or_none(two: Lines, query: str) -> None:
    begun: asyncio.Future[asyncio.Event] = asyncio.get_running_loop().create_future()

    async def waits() -> None:
        async with two.one() as line:
            begun.set_result(under_way(line.driver))
            await statements.rows(line.driver, query)

    waiting = asyncio.create_task(waits())
    await (await begun).wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert await backend_of_one(two) > 0


async def test_one_that_has_died_while_it_rested_is_not_used_again(
    two: Lines, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rested = await backend_of_one(two)
    engine = open_engine(database_url, pool=1)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": rested})
    await engine.dispose()
    monkeypatch.setattr("server.store.lines.RESTED_S", 0.0)

    assert await backend_of_one(two) != rested
