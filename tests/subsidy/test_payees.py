"""Teachers' accounts: checked when they come in, sealed in the database, read for a bank's batch, noted each time."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.actions import payees, subsidy
from server.actions.payees import AccountsLocked, AccountsMissing, NothingOrdered
from server.domain.subsidy.payee import Payee, checks
from server.payee_file import read_payees
from server.store import office
from server.store.work import Store
from server.vault import SealBroken, Vault
from tests.builders import World
from tests.subsidy.office import VAULT, an_office, lesson, rates

MARCH = date(2026, 3, 1)
CARD, OTHER = "6222021234567890128", "6228480402564890018"
HEADING = "login,name,bank,account,branch"


def csv(*rows: str) -> bytes:
    return "\n".join([HEADING, *rows]).encode()


def test_a_file_of_accounts_is_read_as_banks_print_them() -> None:
    found, rows, mistakes = read_payees(csv(f"Wang ,王芳,工商银行,{CARD[:4]} {CARD[4:8]}-{CARD[8:]},102100099996"))

    assert (mistakes, rows) == ([], [2])
    assert found == [Payee("wang", "王芳", "工商银行", CARD, "102100099996")]
    assert CARD not in repr(found) and "0128" in repr(found)


@pytest.mark.parametrize("digit", range(19))
def test_every_single_wrong_digit_of_a_card_is_found(digit: int) -> None:
    wrong = CARD[:digit] + str((int(CARD[digit]) + 1) % 10) + CARD[digit + 1 :]

    assert checks(CARD) and not checks(wrong)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (f"wang,王芳,工商银行,{CARD[:-1]}9,", "the card's check digit is wrong"),
        ("wang,王芳,工商银行,6.2e+18,", "digits only; in a spreadsheet, format the column as text"),
        ("wang,王芳,工商银行,１２３４５６７８９,", "digits only"),
        ("wang,王芳,工商银行,1234567,", "8 to 30 digits"),
        ("wang,王芳,,12345678,", "must not be empty"),
        ("wang,王芳,工商银行,12345678,10210", "12 digits"),
        ("wang,=1+1,工商银行\u202e,12345678,", "control characters"),
    ],
)
def test_a_number_that_no_bank_has_is_told_by_row_and_column_and_never_repeated(row: str, said: str) -> None:
    _, _, mistakes = read_payees(csv(f"li,李明,农业银行,{OTHER},", row, f"li,李明,农业银行,{OTHER},"))

    told = "\n".join(map(str, mistakes))
    assert said in told and "第 3 行" in told and "repeats row 2" in told
    assert row.split(",")[3][:6] not in told and OTHER not in told


def test_a_number_whose_last_digits_a_spreadsheet_lost_is_refused() -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(HEADING.split(","))
    book.active.append(["wang", "王芳", "工商银行", float(CARD), ""])
    out = io.BytesIO()
    book.save(out)

    _, _, [mistake] = read_payees(out.getvalue())

    assert (mistake.row, mistake.column) == (2, "account") and "format the column as text" in mistake.en


def test_a_seal_opens_for_its_owner_and_with_its_secret_alone() -> None:
    vault = Vault("secret", payees.PURPOSE)
    sealed = vault.seal(CARD, b"wang")

    assert vault.open(sealed, b"wang") == CARD and sealed != vault.seal(CARD, b"wang")
    for other, owner in ((vault, b"li"), (Vault("another", payees.PURPOSE), b"wang"), (Vault("secret", "x"), b"wang")):
        with pytest.raises(SealBroken):
            other.open(sealed, owner)
    with pytest.raises(SealBroken):
        vault.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), b"wang")


async def test_only_teachers_under_the_name_on_the_roster_are_taken_and_all_or_none(world: World, store: Store) -> None:
    wang = await world.teacher("wang", on_duty=False)
    await world.student("ming")
    async with store.engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO identities (account_id, real_name) VALUES (:id, '王芳')"), {"id": wang.id}
        )
    good = Payee("wang", "王芳", "工商银行", CARD)

    async with store.work() as work:
        wrong = await payees.bring_in(
            work, VAULT, [good, Payee("ming", "小明", "x", CARD), Payee("wang", "王方", "x", CARD)], None
        )

    assert [(each.row, each.column) for each in wrong] == [(1, "login"), (2, "name")]
    assert await store.rows("SELECT 1 FROM payee_accounts", {}) == []


async def test_the_number_is_nowhere_in_the_database_and_each_read_leaves_a_row(world: World, store: Store) -> None:
    office_, wang = await an_office(world, rates()), await world.teacher("wang", on_duty=False)
    await office_.facts(lesson("wang", "2026-03-02 19:00"))
    async with store.work() as work:
        assert await payees.bring_in(work, VAULT, [Payee("wang", "王芳", "工商银行", CARD)], office_.closer.id) == []
    await office_.reckon(MARCH)
    await office_.close(MARCH)
    async with store.work() as work:
        await subsidy.order_payouts(work, office_.closer, MARCH)

    async with store.work() as work:
        [transfer] = await payees.batch(work, VAULT, MARCH, office_.closer.id)
    async with store.work() as work:
        with pytest.raises(AccountsLocked):
            await payees.batch(work, Vault("another secret", payees.PURPOSE), MARCH, office_.closer.id)

    assert (transfer.number, transfer.fen) == (CARD, 2_000) and CARD not in repr(transfer)
    for table in await store.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", {}):
        rows = await store.rows(f'SELECT t::text AS said FROM "{table.tablename}" t', {})
        assert not any(CARD in row.said or CARD.encode().hex() in row.said for row in rows), table
    shown = await office.payees(store)
    assert [(each.login, each.account) for each in shown.payees] == [("wang", "•••• 0128")]
    assert [(note.act, note.why, note.accounts) for note in shown.notes] == [
        ("read", "batch 2026-03", 1),
        ("set", "import", 1),
    ]
    assert await office.account_of(store, wang.id) == "工商银行 •••• 0128"
    with pytest.raises(DBAPIError):
        async with store.engine.begin() as connection:
            await connection.execute(text("DELETE FROM payee_log"))


async def test_who_has_no_account_is_named_before_the_batch_and_stays_owed(world: World, store: Store) -> None:
    office_ = await an_office(world, rates())
    for login in ("wang", "li"):
        await world.teacher(login, on_duty=False)
        await office_.facts(lesson(login, "2026-03-02 19:00"))
    await office_.accounts("wang")
    await office_.reckon(MARCH)
    await office_.close(MARCH)

    assert await office.without_account(store) == ["演示·li"]
    async with store.work() as work:
        with pytest.raises(NothingOrdered):
            await payees.batch(work, VAULT, MARCH, office_.closer.id)
    async with store.work() as work:
        assert await subsidy.order_payouts(work, office_.closer, MARCH) == 1
    assert await office.without_account(store) == ["演示·li"]
    await office_.accounts("li")
    async with store.work() as work:
        assert await subsidy.order_payouts(work, office_.closer, MARCH) == 1
    assert await office.without_account(store) == []
    async with store.work() as work:
        assert len(await payees.batch(work, VAULT, MARCH, office_.closer.id)) == 2

    async with store.engine.begin() as connection:
        await connection.execute(text("DELETE FROM payee_accounts"))
    async with store.work() as work:
        with pytest.raises(AccountsMissing):
            await payees.batch(work, VAULT, MARCH, office_.closer.id)
