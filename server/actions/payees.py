"""Teachers' bank accounts: brought in by finance, sealed in the database, opened for a bank's batch alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from server.actions.errors import Moved
from server.domain.subsidy.payee import Payee
from server.store.payees import Payees, Sealed
from server.store.work import Work
from server.vault import SealBroken, Vault

PURPOSE = "payees"


class AccountsMissing(Moved):
    """有教师没有收款账户，先导入账户再下载批量表。"""

    code, en = "accounts_missing", "Some teachers have no bank account: bring the accounts in first."


class NothingOrdered(Moved):
    """这个月没有待发放的款项：先生成发放，或者都已经有银行的回音了。"""

    code, en = "nothing_ordered", "Nothing is on its way this month: order payouts first, or all have the bank's word."


class AccountsLocked(Moved):
    """收款账户打不开：服务的密钥换过了，请重新导入账户。"""

    code, en = "accounts_locked", "The accounts don't open: the service's secret was changed. Bring them in again."


@dataclass(frozen=True)
class Transfer:
    """A line of a bank's batch form."""

    login: str
    name: str
    number: str
    bank: str
    branch: str
    school: str
    fen: int

    def __repr__(self) -> str:
        return f"Transfer({self.login!r}, {self.fen} fen)"


@dataclass(frozen=True)
class NotTaken:
    """An account that can't be a teacher's; `row` is its place in what was given."""

    row: int
    column: str
    zh: str
    en: str


async def bring_in(work: Work, vault: Vault, payees: Sequence[Payee], by: UUID | None) -> list[NotTaken]:
    """All or none. Who is paid is who teaches here, under the name that the roster knows."""
    store = Payees(work)
    known = {row.login: row for row in await store.teachers([each.login for each in payees])}
    wrong = []
    for n, each in enumerate(payees):
        row = known.get(each.login)
        if row is None:
            wrong.append(NotTaken(n, "login", "没有这名教师", "no teacher signs in so"))
        elif row.real_name is not None and row.real_name != each.name:
            wrong.append(NotTaken(n, "name", "与名册上的姓名不同", "is not the name on the roster"))
    if wrong:
        return wrong
    for each in payees:
        teacher: UUID = known[each.login].id
        sealed = vault.seal(each.number, teacher.bytes)
        await store.put(Sealed(teacher, each.bank, each.branch, each.number[-4:], sealed))
    await store.note([known[each.login].id for each in payees], by, "set", "import")
    await work.commit()
    return []


async def batch(work: Work, vault: Vault, month: date, by: UUID) -> list[Transfer]:
    """The month's ordered payouts with their numbers, and an audit row for each number that was read. Raises
    NothingOrdered, AccountsMissing and AccountsLocked."""
    store = Payees(work)
    rows = await store.ordered(month)
    if not rows:
        raise NothingOrdered
    if any(row.sealed is None for row in rows):
        raise AccountsMissing
    try:
        found = [
            Transfer(
                row.login, row.name, vault.open(bytes(row.sealed), row.teacher_id.bytes), row.bank, row.branch,
                row.school or "", row.fen,
            )
            for row in rows
        ]  # fmt: skip
    except SealBroken as error:
        raise AccountsLocked from error
    await store.note([row.teacher_id for row in rows], by, "read", f"batch {month:%Y-%m}")
    await work.commit()
    return found
