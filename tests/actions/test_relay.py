"""The outbox is told, whatever becomes of one of its events."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from server.live.bus import Bus
from server.live.protocol import DutyChanged
from server.relay import AT_ONCE, Relay
from server.store import tables as t
from server.store.views import Views
from server.store.work import Outgoing, Record, Store
from tests.builders import World
from tests.live.classroom import until


class OneBroken(Views):
    """Every event is a teacher's duty, and one of them can't be read."""

    async def event(self, outgoing: Outgoing) -> DutyChanged:
        if outgoing.kind == "broken":
            raise KeyError("a row that should be there")
        return DutyChanged(duty=await self.duty(outgoing.ref))


async def outbox(store: Store, ref: UUID, kinds: list[str]) -> None:
    """Committed a minute ago by somebody who died."""
    rows = [
        {"channel": "person:x", "kind": kind, "ref": ref, "at": func.now() - text("interval '1 minute'")}
        for kind in kinds
    ]
    async with store.engine.begin() as connection:
        for row in rows:
            await connection.execute(insert(t.outbox).values(row))


@pytest.mark.parametrize("first", [0, 3, AT_ONCE])
async def test_an_event_that_can_not_be_told_keeps_nobody_from_hearing_the_others(
    store: Store, world: World, redis_url: str, first: int
) -> None:
    teacher = await world.teacher(on_duty=False)
    good = AT_ONCE + 6
    await outbox(store, teacher.id, ["duty"] * first + ["broken"] + ["duty"] * (good - first))
    bus = Bus(redis_url)
    relay = Relay(store, OneBroken(store, lambda key, name: _no_file()), bus)

    await relay.sweep()
    await relay.sweep()

    told = await bus.position("person:x")
    async with store.engine.connect() as connection:
        left = (await connection.execute(select(t.outbox.c.kind))).scalars().all()
    await bus.stop()
    assert told.offset == good
    assert left == ["broken"]


async def _no_file() -> str:
    return str(uuid4())


class Counting(Store):
    """Counts what is read; holds the readings up while `gate` is shut."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.reads, self.gate = 0, asyncio.Event()

    async def rows(self, query: str, params: Mapping[str, Any], *, often: bool = False) -> list[Record]:
        self.reads += 1
        found = await super().rows(query, params, often=often)
        await self.gate.wait()
        return found


async def test_who_asks_for_questions_before_a_reading_shares_it_and_who_comes_later_reads_anew(
    store: Store, world: World
) -> None:
    pupil = await world.student()
    id, other = await world.ask(pupil), await world.ask(pupil, "another")
    counting = Counting(store.engine)
    views = Views(counting, lambda key, name: _no_file())

    together = [asyncio.create_task(views.question(each)) for each in (id, other, id, uuid4())]
    await until(lambda: counting.reads == 1)
    later = asyncio.create_task(views.question(id))
    counting.gate.set()
    first, beside, same, nothing = await asyncio.gather(*together)
    anew = await later

    assert first is not None and beside is not None and anew is not None and nothing is None
    assert same == first and (first.id, beside.id) == (id, other)
    assert anew.version > first.version
    assert counting.reads == 2
