"""The books: what a fact posts, what a month claims, who may do what, and that nothing posted ever changes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.actions import subsidy
from server.actions.subsidy import AppealsOpen, MonthClosed, MonthNotOver, PolicyWrong, SecondPerson
from server.domain.subsidy.facts import FactRefused
from server.store.audit import verify
from server.store.work import Outgoing, Store
from server.subsidy_file import FactLine
from tests.builders import World
from tests.subsidy.office import LONG_AFTER, an_office, lesson, rates

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


async def test_a_fact_is_posted_once_and_the_teacher_hears_of_it(world: World, told: list[Outgoing]) -> None:
    office, teacher = await an_office(world, rates()), await world.teacher("wang", on_duty=False)
    work = lesson("wang", "2026-03-02 19:00")

    assert (await office.facts(work), await office.facts(lesson("wang", "2026-03-02 19:00", id=work.id))) == (1, 0)

    assert await office.balances() == {"budget:answering": 2_000, f"owed:{teacher.id}": -2_000}
    assert [event.kind for event in told].count("earned") == 1


async def test_what_is_held_is_reserved_until_another_person_releases_it(world: World) -> None:
    office, teacher = await an_office(world, rates()), await world.teacher("wang", on_duty=False)
    held = lesson("wang", "2026-03-02 19:00", flags=("same_device",))
    refused = lesson("wang", "2026-03-03 19:00", flags=("own_child",))
    await office.facts(held, refused)
    assert await office.balances() == {"budget:answering": 4_000, f"held:{teacher.id}": -4_000}

    with pytest.raises(SecondPerson):
        await office.review(held.id, "release", by=teacher)
    await office.review(held.id, "release")
    await office.review(refused.id, "refuse")

    assert await office.balances() == {"budget:answering": 2_000, f"owed:{teacher.id}": -2_000}


async def test_a_pair_is_held_at_once_for_the_pupils_share_too(world: World) -> None:
    """The works of the pupil's other teachers are looked at, and nothing of theirs is posted for it."""
    office = await an_office(world, rates(more="[holds]\npair_share = 0.2"))
    crony, others = await world.teacher("crony", on_duty=False), [f"t{n}" for n in range(4)]
    for login in others:
        await world.teacher(login, on_duty=False)
    day = (f"2026-03-{n:02d} 19:00" for n in range(1, 29))
    await office.facts(*(lesson(who, next(day), pupil="p") for who in others * 2))
    before = await office.count("ledger_transactions")

    await office.facts(*(lesson("crony", next(day), pupil="p") for _ in range(3)))

    balance = await office.balances()
    assert (balance[f"held:{crony.id}"], f"owed:{crony.id}" in balance) == (-6_000, False)
    assert await office.count("ledger_transactions") == before + 3


async def test_a_correction_reverses_what_its_fact_had_posted(world: World) -> None:
    office = await an_office(world, rates())
    wang, li = await world.teacher("wang", on_duty=False), await world.teacher("li", on_duty=False)
    wrong = lesson("wang", "2026-03-02 19:00")
    await office.facts(wrong)

    await office.facts(lesson("li", "2026-03-02 19:00", replaces=wrong.id))

    assert await office.balances() == {"budget:answering": 2_000, f"owed:{li.id}": -2_000}
    assert await office.count("ledger_transactions") == 3
    assert wang.id != li.id


async def test_a_late_fact_goes_to_the_next_month_and_a_closed_one_never_opens(world: World, store: Store) -> None:
    office, teacher = await an_office(world, rates()), await world.teacher("wang", on_duty=False)
    await office.facts(first := lesson("wang", "2026-03-02 19:00"))
    await office.reckon(MARCH)
    await office.close(MARCH)

    await office.facts(lesson("wang", "2026-03-31 23:55"), FactLine(id="void:1", kind="void", replaces=first.id))
    await office.facts(lesson("wang", "2026-04-01 00:30"), lesson("wang", "2026-04-02 19:00"))
    await office.reckon(APRIL)

    assert await office.statements() == {(teacher.id, MARCH): 2_000, (teacher.id, APRIL): 4_000}  # + 3 works − 1
    with pytest.raises(MonthClosed):
        await office.reckon(MARCH)
    for statement in (
        "UPDATE subsidy_months SET closed_at = NULL, closed_by = NULL",
        "DELETE FROM subsidy_months",
        "UPDATE subsidy_statements SET fen = 0",
        "DELETE FROM statement_claims",
        "UPDATE subsidy_facts SET body = '{}'",
        "DELETE FROM ledger_seals",
    ):
        with pytest.raises(DBAPIError):
            async with store.engine.begin() as connection:
                await connection.execute(text(statement))
    assert (await verify(store)).wrong == []


async def test_a_correction_of_an_earlier_policys_work_is_posted_after_the_policy_has_changed(
    world: World, store: Store
) -> None:
    """Paid in March under the old policy, found wrong in April under the new one: what was paid comes back in April."""
    office = await an_office(world, rates("20", until="2026-04-01"), rates("30", valid="2026-04-01"))
    teacher = await world.teacher("wang", on_duty=False)
    await office.facts(wrong := lesson("wang", "2026-03-02 19:00"), lesson("wang", "2026-03-03 19:00"))
    await office.accounts("wang")
    await office.reckon(MARCH)
    await office.close(MARCH)
    async with store.work() as work:
        assert await subsidy.order_payouts(work, office.closer, MARCH) == 1

    await office.facts(FactLine(id="void:1", kind="void", replaces=wrong.id), lesson("wang", "2026-04-02 19:00"))
    await office.reckon(APRIL)
    await office.close(APRIL)

    assert await office.statements() == {(teacher.id, MARCH): 4_000, (teacher.id, APRIL): 1_000}  # 30 − 20
    async with store.work() as work:
        assert await subsidy.order_payouts(work, office.closer, APRIL) == 1
    assert await office.balances() == {"budget:answering": 5_000, "bank:transfers": -5_000}
    assert (await verify(store)).wrong == []


async def test_two_people_close_a_month_when_no_appeal_is_open(world: World, store: Store) -> None:
    office, teacher = await an_office(world, rates()), await world.teacher("wang", on_duty=False)
    await office.facts(lesson("wang", "2026-03-02 19:00"))
    async with store.work() as work:
        await subsidy.reckon_month(work, office.reckoner, MARCH, LONG_AFTER)
    statement = (await store.rows("SELECT id FROM subsidy_statements", {}))[0].id
    async with store.work() as work:
        appeal = await subsidy.appeal(work, teacher, statement, "少算了一题", LONG_AFTER)

    with pytest.raises(SecondPerson):
        await office.close(MARCH, by=office.reckoner)
    with pytest.raises(AppealsOpen):
        await office.close(MARCH)
    later = LONG_AFTER + subsidy.APPEAL + timedelta(seconds=1)
    async with store.work() as work:
        with pytest.raises(AppealsOpen):
            await subsidy.close_month(work, office.closer, MARCH, later)
    async with store.work() as work:
        await subsidy.reply(work, office.closer, appeal, "已补记到四月")
    async with store.work() as work:
        await subsidy.close_month(work, office.closer, MARCH, later)

    async with store.work() as work:
        with pytest.raises(MonthClosed):
            await subsidy.appeal(work, teacher, statement, "还是少", later)


async def test_months_are_reckoned_in_order_and_only_when_they_are_over(world: World, store: Store) -> None:
    office = await an_office(world, rates())
    await world.teacher("wang", on_duty=False)
    await office.facts(lesson("wang", "2026-03-02 19:00"), lesson("wang", "2026-05-02 19:00"))

    with pytest.raises(MonthNotOver):
        await office.reckon(APRIL)
    async with store.work() as work:
        with pytest.raises(MonthNotOver):
            await subsidy.reckon_month(work, office.reckoner, MARCH, LONG_AFTER.replace(year=2026, month=3, day=31))
    for month in (MARCH, APRIL, date(2026, 5, 1)):
        await office.reckon(month)
    assert await office.count("subsidy_statements") == 2


async def test_payouts_are_ordered_once_and_what_bounces_is_owed_again(world: World, store: Store) -> None:
    taxed = rates(more="[payout]\nwithheld_share = 0.1")
    office, teacher = await an_office(world, taxed), await world.teacher("wang", on_duty=False)
    await office.facts(lesson("wang", "2026-03-02 19:00"))
    await office.accounts("wang")
    await office.reckon(MARCH)
    await office.close(MARCH)

    ordered = []
    for _ in range(2):
        async with store.work() as work:
            ordered.append(await subsidy.order_payouts(work, office.closer, MARCH))
    assert ordered == [1, 0]
    balance = await office.balances()
    assert balance == {"budget:answering": 2_000, "tax:withheld_elsewhere": -200, "bank:transfers": -1_800}

    payout = (await store.rows("SELECT id FROM payouts", {}))[0].id
    async with store.work() as work:
        await subsidy.settle_payout(work, office.closer, payout, "bounced", "账号不符", LONG_AFTER)
    assert await office.balances() == {"budget:answering": 2_000, f"owed:{teacher.id}": -2_000}
    async with store.work() as work:
        assert await subsidy.order_payouts(work, office.closer, MARCH) == 1
    assert (await verify(store)).wrong == []


async def test_a_policy_takes_two_people_and_an_open_month(world: World, store: Store) -> None:
    office, _ = await an_office(world, rates()), await world.teacher("wang", on_duty=False)
    await office.facts(lesson("wang", "2026-03-02 19:00"))
    await office.reckon(MARCH)

    async def proposed(document: str) -> object:
        async with store.work() as work:
            return await subsidy.propose(work, office.reckoner, document)

    async def approved(id: object, by: object = office.closer) -> None:
        async with store.work() as work:
            await subsidy.approve(work, by, id)  # type: ignore[arg-type]

    with pytest.raises(PolicyWrong, match="第 8 行"):
        await proposed(rates("-1")["document"])
    too_early = await proposed(rates("30", valid="2026-03-15")["document"])
    good = await proposed(rates("30", valid="2026-04-10")["document"])
    with pytest.raises(SecondPerson):
        await approved(good, office.reckoner)
    with pytest.raises(MonthClosed):
        await approved(too_early)
    await approved(good)

    await office.facts(lesson("wang", "2026-04-09 19:00"), lesson("wang", "2026-04-10 19:00"))
    await office.reckon(APRIL)
    assert sorted((await office.statements()).values()) == [2_000, 5_000]


async def test_an_import_is_taken_whole_or_refused_with_the_fact(world: World) -> None:
    office = await an_office(world, rates())
    await world.teacher("wang", on_duty=False)
    good = lesson("wang", "2026-03-02 19:00")
    for wrong, said in (
        (lesson("nobody", "2026-03-02 19:00"), "nobody signs in as 'nobody'"),
        (lesson("wang", "2026-03-02 19:00", id="session:1"), "the platform's own"),
        (lesson("wang", "2026-03-02 19:00", -5), "it ends before it begins"),
        (FactLine(id="v", kind="void", replaces="gone"), "there is no fact gone"),
    ):
        with pytest.raises(FactRefused, match=said):
            await office.facts(good, wrong)
    assert await office.count("subsidy_facts") == 0

    await office.facts(good)
    with pytest.raises(FactRefused, match="told before, and differently"):
        await office.facts(lesson("wang", "2026-03-02 20:00", id=good.id))


async def test_leave_is_redeemed_only_for_points_that_are_there(world: World) -> None:
    """Earned under one policy, redeemed under the next: approved by somebody who exists, and never on credit."""
    hours = """
[[rate]]
work = ["shift"]
unit = "minute"
points = 0.01
[time_bank]
expires_months = 12
points_per_leave_day = 8
"""
    office = await an_office(world, rates(more=hours, until="2026-04-01"), rates("30", valid="2026-04-01"))
    teacher = await world.teacher("wang", on_duty=False)
    await office.facts(*(lesson("wang", f"2026-03-0{n} 18:00", n * 100, "shift") for n in (1, 3)))
    day = lesson("wang", "2026-04-02 08:00").start

    def leave(id: str, points: int, by: str = "chuna") -> FactLine:
        return FactLine(id, "redemption", "wang", day, points_x100=points * 100, approved_by=by)

    with pytest.raises(FactRefused, match="l1: more points than there are"):
        await office.facts(leave("l1", 5))
    with pytest.raises(FactRefused, match="l2: nobody signs in as 'no'"):
        await office.facts(leave("l2", 1, "no"))
    await office.facts(leave("l3", 3))

    async with world.store.work() as work:
        found = await subsidy.teachers_month(work, teacher.id, APRIL)
    assert found.statement is not None
    assert (found.statement.points_redeemed_x100, found.statement.points_balance_x100) == (300, 100)


async def test_verify_finds_what_a_superuser_changed(world: World, store: Store) -> None:
    office = await an_office(world, rates())
    await world.teacher("wang", on_duty=False)
    await office.facts(*(lesson("wang", f"2026-03-0{day} 19:00") for day in (1, 2, 3)))
    await office.reckon(MARCH)
    good = await verify(store)
    assert (good.wrong, good.sealed, good.unsealed, good.recomputed) == ([], 3, 0, 3)

    async with store.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE ledger_entries DISABLE TRIGGER USER"))
        await connection.execute(text("UPDATE ledger_entries SET amount_fen = amount_fen * 2"))

    said = "\n".join((await verify(store)).wrong)
    assert "seal 1 does not fit" in said and "says 6000, its postings 12000" in said and "comes to" in said


async def test_the_ledger_can_be_changed_by_no_role_that_owns_it(world: World, store: Store) -> None:
    """By permission, not only by trigger: a service that is no superuser has not even the right."""
    office = await an_office(world, rates())
    await world.teacher("wang", on_duty=False)
    async with store.engine.begin() as connection:
        await connection.execute(text("DROP ROLE IF EXISTS dayi_service"))
        await connection.execute(text("CREATE ROLE dayi_service NOSUPERUSER"))
        owned = await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        for table in owned.scalars().all():
            await connection.execute(text(f"ALTER TABLE {table} OWNER TO dayi_service"))
    await office.facts(lesson("wang", "2026-03-02 19:00"))

    for change in (
        "UPDATE ledger_entries SET amount_fen = 0",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_entries",
        "UPDATE ledger_transactions SET month = '2026-01-01'",
        "DELETE FROM subsidy_facts",
        "UPDATE subsidy_facts SET kind = 'x'",
    ):
        async with store.engine.connect() as connection:
            await connection.execute(text("SET LOCAL ROLE dayi_service"))
            with pytest.raises(DBAPIError, match="permission denied"):
                await connection.execute(text(change))
    async with store.engine.begin() as connection:
        await connection.execute(text("REASSIGN OWNED BY dayi_service TO CURRENT_USER"))
        await connection.execute(text("DROP ROLE dayi_service"))


async def test_a_pool_with_pro_rata_is_settled_when_the_month_is_reckoned(world: World, store: Store) -> None:
    pool = '[[pool]]\nname = "p"\nper = "month"\nyuan = 50\nwhen_exhausted = "pro_rata"'
    office = await an_office(world, rates(more=pool))
    teachers = [await world.teacher(login, on_duty=False) for login in ("wang", "li", "zhao")]
    await office.facts(*(lesson(each.login, "2026-03-02 19:00") for each in teachers))
    assert (await office.balances())["budget:p"] == 6_000

    await office.reckon(MARCH)

    assert (await office.balances())["budget:p"] == 5_000
    assert sorted((await office.statements()).values()) == [1_666, 1_667, 1_667]
    assert (await verify(store)).wrong == []
