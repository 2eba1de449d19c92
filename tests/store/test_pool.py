"""The pool of connections to PostgreSQL, and what its connections have prepared."""

import asyncio

from sqlalchemy import text

from matcher.embed import Embedder
from matcher.match import Matcher
from server.actions.upkeep import upkeep
from server.domain.people import Certification, Stage, Subject
from server.matching import MatcherFinder
from server.store.work import Store, Work, open_engine
from tests.builders import RULES

MATH = Certification(Subject.MATH, Stage.PRIMARY)
_SCANS = "SELECT sum(seq_scan) AS scans FROM pg_stat_xact_user_tables WHERE relname IN ('offers', 'presence', 'shifts')"


async def test_a_busy_pool_keeps_its_connections_and_who_finds_none_waits(database_url: str) -> None:
    engine = open_engine(database_url, pool=3)

    async def backend() -> int:
        async with engine.connect() as connection:
            return int((await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one())

    rounds = [await asyncio.gather(*(backend() for _ in range(12))) for _ in range(4)]
    await engine.dispose()

    assert len({pid for pids in rounds for pid in pids}) <= 3


async def test_what_is_prepared_for_a_question_outlives_a_round_of_upkeep(database_url: str) -> None:
    """At a ROLLBACK the driver forgets all that its connection has prepared, and upkeep looks each second."""
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
