"""Teachers' accounts as the database keeps them, and who set or read one."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from server.store.lines import Record, insertion
from server.store.work import Work


@dataclass(frozen=True)
class Sealed:
    """A row of payee_accounts."""

    teacher: UUID
    bank: str
    branch: str
    ending: str
    sealed: bytes


class Payees:
    """What may be asked and written; nothing here opens a seal."""

    def __init__(self, work: Work) -> None:
        self.work = work

    async def teachers(self, logins: Sequence[str]) -> list[Record]:
        """id, login and real name of those who teach."""
        return await self.work.rows(_TEACHERS, {"logins": list(logins)})

    async def put(self, row: Sealed) -> None:
        values = {
            "teacher_id": row.teacher,
            "bank": row.bank,
            "branch": row.branch,
            "ending": row.ending,
            "sealed": row.sealed,
        }
        query, params = insertion("payee_accounts", [values])
        changed = ", ".join(f"{name} = excluded.{name}" for name in ("bank", "branch", "ending", "sealed"))
        await self.work.rows(f"{query} ON CONFLICT (teacher_id) DO UPDATE SET {changed} RETURNING teacher_id", params)

    async def note(self, teachers: Sequence[UUID], person: UUID | None, act: str, why: str) -> None:
        """The audit row for each account that was set or read."""
        rows = [{"teacher_id": each, "person_id": person, "act": act, "why": why} for each in teachers]
        for n in range(0, len(rows), 1_000):
            query, params = insertion("payee_log", rows[n : n + 1_000])
            await self.work.rows(f"{query} RETURNING id", params)

    async def ordered(self, month: object) -> list[Record]:
        """Payouts of a month that are ordered, with the sealed account: `fen` is after tax that others withhold."""
        return await self.work.rows(_ORDERED, {"month": month})


_TEACHERS = """
    SELECT a.id, a.login, i.real_name FROM accounts a LEFT JOIN identities i ON i.account_id = a.id
    WHERE a.login = ANY(%(logins)s) AND 'teacher' = ANY(a.roles)
"""
_ORDERED = """
    SELECT p.id, p.teacher_id, a.login, a.nickname, coalesce(i.real_name, a.nickname) AS name, c.name AS school,
           -e.amount_fen AS fen, y.bank, y.branch, y.sealed
    FROM payouts p JOIN accounts a ON a.id = p.teacher_id
    JOIN ledger_transactions l ON l.fact_key = 'payout:' || p.id
    JOIN ledger_entries e ON e.transaction_id = l.id AND e.account = 'bank:transfers'
    LEFT JOIN identities i ON i.account_id = p.teacher_id LEFT JOIN schools c ON c.id = i.school_id
    LEFT JOIN payee_accounts y ON y.teacher_id = p.teacher_id
    WHERE p.month = %(month)s AND p.state = 'ordered' ORDER BY a.login
"""
