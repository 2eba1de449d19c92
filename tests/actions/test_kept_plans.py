"""What runs at every question keeps the plans that its connections make, also those made before anybody asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from matcher.statements import driver_of
from server.actions import ask
from server.domain.people import Subject
from server.store.views import Views
from server.store.work import Store, open_engine
from tests.actions.conftest import SaysSo
from tests.builders import RULES, World

OPEN_ENDS = {"ix_questions_queue", "ix_presence_ready"}
"""Indexes of nothing but what is open just now: to read one through is to read that."""
_KEPT = "SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%%$1%%'"


async def test_no_kept_plan_of_a_new_city_reads_a_table_through(database_url: str) -> None:
    engine = open_engine(database_url, pool=1, often=True)
    store = Store(engine)
    world, finder = World(store), SaysSo()
    await world.policy()
    pupil, teacher = await world.student(), await world.teacher()

    for words in ("第一题", "第二题"):
        async with store.work() as work:
            wanted = ask.Wanted(Subject.MATH, 8, words)
            [asked] = await ask.ask_texts(work, [ask.Asking(pupil.id, wanted, words)], work.began)
        assert isinstance(asked, ask.Asked)
        async with store.work() as work:
            await ask.settle_texts(work, finder, RULES, [asked.question.id], work.began)
        views = Views(store, no_address)
        assert await views.question(asked.question.id)
        assert await views.duty(teacher.id)
    statements = [row.statement for row in await store.rows(_KEPT, {})]
    plans = {each: await plan(engine, each) for each in statements}
    await engine.dispose()

    read_through = {scan for each in plans.values() for scan in scans(each) if not is_narrow(scan)}
    assert len(plans) > 10
    assert not read_through


async def no_address(key: str, name: str | None) -> str:
    raise AssertionError("nothing has a file")


async def plan(engine: AsyncEngine, statement: str) -> dict[str, Any]:
    async with engine.connect() as connection:
        driver = await driver_of(connection)
        told = await driver.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {statement}".encode(), prepare=False)
        [(found,)] = await told.fetchall()
    return found[0]["Plan"]


def scans(node: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Table or index of each scan, and whether it is looked up there."""
    kind = node["Node Type"]
    if kind in {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan"}:
        yield node.get("Relation Name", ""), node.get("Index Name", ""), "Index Cond" in node
    for inner in node.get("Plans", []):
        yield from scans(inner)


def is_narrow(scan: tuple[str, str, bool]) -> bool:
    _, index, is_looked_up = scan
    return is_looked_up or index in OPEN_ENDS
