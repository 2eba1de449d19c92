"""Many write while months are closed: not a fen is lost, doubled or paid above a cap."""

from __future__ import annotations

import asyncio
from datetime import date

from server.actions import subsidy
from server.actions.subsidy import MonthClosed
from server.domain.people import Person
from server.store.audit import verify
from server.store.work import Store
from tests.builders import World
from tests.subsidy.office import Office, an_office, lesson, months, rates

WRITERS, WORKS, MONTHS = 12, 15, 90


async def test_twelve_write_while_two_close_ninety_months_and_not_a_fen_is_off(world: World, store: Store) -> None:
    office = await an_office(world, rates("12.34"))
    teachers = [await world.teacher(f"t{n}", on_duty=False) for n in range(WRITERS)]
    to_close = months(date(2020, 1, 1), MONTHS)
    await office.facts(lesson("t0", "2020-01-01 12:00"))
    passed = [asyncio.Event() for _ in to_close]

    async def write(n: int) -> int:
        """Works of all the months, also of those that are closed by now, all the while that months are closed."""
        for made in range(WORKS):
            await passed[made * MONTHS // WORKS].wait()
            month = to_close[(made * 37 + n * 7) % MONTHS]
            await office.facts(lesson(f"t{n}", f"{month:%Y-%m}-{made + 1:02d} 19:{n:02d}", 1))
        return WORKS

    async def close(person: Person) -> int:
        closed = 0
        for month, event in zip(to_close, passed, strict=True):
            event.set()
            try:
                await office.reckon(month, by=person)
                closed += 1
            except MonthClosed:
                continue  # the other closer was first
        return closed

    closers = asyncio.gather(close(office.reckoner), close(office.closer))
    made = await asyncio.gather(*(write(n) for n in range(WRITERS)))
    closed = await closers
    last = months(to_close[-1], 2)[1]
    await office.reckon(last)  # claims what came after its own month was closed

    assert sum(closed) == MONTHS and len(teachers) == WRITERS
    wanted = (sum(made) + 1) * 1_234
    assert sum((await office.statements()).values()) == wanted
    assert (await office.balances())["budget:answering"] == wanted
    found = await verify(store)
    assert (found.wrong, found.unsealed) == ([], 0)


async def _at_once(office: Office, logins: list[str]) -> None:
    """Forty accruals in the same moment."""
    await asyncio.gather(
        *(office.facts(lesson(login, f"2026-03-{n % 28 + 1:02d} {n // 28 + 18}:00")) for n, login in enumerate(logins))
    )


async def test_forty_accruals_at_a_teachers_cap_come_to_exactly_the_cap(world: World) -> None:
    office = await an_office(world, rates("20", more='[[limit]]\nper = "month"\nmax_yuan = 333.33'))
    teacher = await world.teacher("wang", on_duty=False)

    await _at_once(office, ["wang"] * 40)

    assert await office.balances() == {"budget:answering": 33_333, f"owed:{teacher.id}": -33_333}


async def test_forty_accruals_of_forty_teachers_come_to_exactly_what_the_pool_has(world: World) -> None:
    pool = '[[pool]]\nname = "p"\nper = "month"\nyuan = 333.33\nwhen_exhausted = "stop"'
    office = await an_office(world, rates("20", more=pool))
    logins = [f"t{n}" for n in range(40)]
    for login in logins:
        await world.teacher(login, on_duty=False)

    await _at_once(office, logins)

    assert (await office.balances())["budget:p"] == 33_333
    await office.reckon(date(2026, 3, 1))
    assert sum((await office.statements()).values()) == 33_333


async def test_two_who_order_payouts_at_once_pay_once(world: World, store: Store) -> None:
    office = await an_office(world, rates())
    await world.teacher("wang", on_duty=False)
    await office.facts(lesson("wang", "2026-03-02 19:00"))
    await office.accounts("wang")
    await office.reckon(date(2026, 3, 1))
    await office.close(date(2026, 3, 1))

    async def order() -> int:
        async with store.work() as work:
            return await subsidy.order_payouts(work, office.closer, date(2026, 3, 1))

    assert sorted(await asyncio.gather(*(order() for _ in range(8)))) == [0] * 7 + [1]
    assert (await office.balances())["bank:transfers"] == -2_000
