"""A finance office for tests: two people, teachers, facts that come in, months that are closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert

from server.actions import payees, subsidy
from server.domain.people import Person, Role
from server.domain.subsidy.payee import Payee
from server.store import tables as t
from server.store.work import Store
from server.subsidy_file import FactLine
from server.vault import Vault
from tests.builders import World, a_policy

SHANGHAI = timezone(timedelta(hours=8))
NO_TIME = timedelta(0)
LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)
VAULT = Vault("a secret of the tests", payees.PURPOSE)
_ids = count(1)


class Office:
    """`reckoner` reckons and proposes, `closer` closes and approves."""

    def __init__(self, store: Store, reckoner: Person, closer: Person) -> None:
        self.store, self.reckoner, self.closer = store, reckoner, closer

    async def facts(self, *lines: FactLine) -> int:
        async with self.store.work() as work:
            return await subsidy.import_facts(work, list(lines), self.reckoner.id, await work.now())

    async def reckon(self, month: date, by: Person | None = None) -> subsidy.Closed:
        async with self.store.work() as work:
            return await subsidy.reckon_month(work, by or self.reckoner, month, LONG_AFTER, -timedelta(days=10_000))

    async def close(self, month: date, by: Person | None = None) -> None:
        async with self.store.work() as work:
            await subsidy.close_month(work, by or self.closer, month, LONG_AFTER)

    async def review(self, fact: str, decision: str, by: Person | None = None) -> None:
        async with self.store.work() as work:
            await subsidy.review(work, by or self.closer, fact, decision, "看过录像", await work.now())

    async def accounts(self, *logins: str) -> None:
        """These teachers have one at a bank."""
        found = [Payee(login, await self._name(login), "工商银行", f"95588{n:08d}") for n, login in enumerate(logins)]
        async with self.store.work() as work:
            assert await payees.bring_in(work, VAULT, found, self.reckoner.id) == []

    async def _name(self, login: str) -> str:
        query = """SELECT i.real_name FROM identities i JOIN accounts a ON a.id = i.account_id
                   WHERE a.login = %(login)s"""
        rows = await self.store.rows(query, {"login": login})
        return str(rows[0].real_name) if rows else "某"

    async def balances(self) -> dict[str, int]:
        """Each account's fen, positive for debit; those at zero are left out."""
        rows = await self.store.rows(
            "SELECT account, sum(amount_fen)::bigint AS fen FROM ledger_entries GROUP BY 1 HAVING sum(amount_fen) <> 0",
            {},
        )
        return {row.account: row.fen for row in rows}

    async def statements(self) -> dict[tuple[UUID, date], int]:
        rows = await self.store.rows("SELECT teacher_id, month, fen FROM subsidy_statements", {})
        return {(row.teacher_id, row.month): row.fen for row in rows}

    async def count(self, table: str) -> int:
        return int((await self.store.rows(f"SELECT count(*) FROM {table}", {}))[0][0])


async def an_office(world: World, *policies: dict[str, Any]) -> Office:
    reckoner, closer = await world.person("kuaiji", Role.FINANCE), await world.person("chuna", Role.FINANCE)
    async with world.store.engine.begin() as connection:
        for policy in policies or (a_policy(),):
            await connection.execute(insert(t.policies).values(id=uuid4(), approved_at=func.now(), **policy))
    return Office(world.store, reckoner, closer)


def lesson(teacher: str, moment: str, minutes: int = 10, kind: str = "answer", **more: Any) -> FactLine:
    """A work of a kind that is imported; the flat policy of tests pays it as it pays a session."""
    start = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
    id = more.pop("id", None) or f"import:{next(_ids)}"
    return FactLine(id=id, kind=kind, teacher=teacher, start=start, end=start + timedelta(minutes=minutes), **more)


def rates(yuan: str = "20", more: str = "", valid: str = "2020-01-01", until: str | None = None) -> dict[str, Any]:
    """The columns of a policy that pays answers."""
    ends = "" if until is None else f"valid_to = {until}\n"
    document = f"""[policy]
name = "试行"
valid_from = {valid}
{ends}levels = ["认定"]

[[rate]]
work = ["session", "answer"]
yuan = {yuan}

{more}"""
    found: dict[str, Any] = {"valid_from": date.fromisoformat(valid), "document": document}
    return found if until is None else {**found, "valid_to": date.fromisoformat(until)}


def months(first: date, number: int) -> Sequence[date]:
    return [date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1) for n in range(number)]
