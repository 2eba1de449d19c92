"""The books: facts, policies, the ledger, months and statements, in the transaction of a unit of work.

Locks, always in this order: what accrues shares the books, and takes its teacher; what reckons a month has the books to
itself. PostgreSQL serves who waits in turn, so a closer is not starved by those who write.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import text

from server.domain.subsidy.facts import Fact
from server.domain.subsidy.policy import FAR, Policy, day_number, parse
from server.store.lines import Record, insertion
from server.store.work import Work
from server.subsidy_file import FactLine, fact_of

_BOOKS = 20_266  # the advisory lock of all money
CROWD = 8  # accounts on one browser; a family has fewer
GENESIS = bytes(32)  # what the first seal follows


@dataclass(frozen=True)
class Posting:
    """One balanced transaction, as it is to be written; positive is debit."""

    key: str
    kind: str
    work: str
    teacher: UUID
    month: date
    done_at: datetime
    entries: Mapping[str, int]
    fact: str | None = None
    policy: UUID | None = None
    question: UUID | None = None
    cause: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Ruling:
    """A policy in force, under its id."""

    id: UUID
    policy: Policy


class Books:
    """What may be asked of the books and written into them; nothing here decides."""

    def __init__(self, work: Work) -> None:
        self.work = work

    # --- locks ---

    async def take_teacher(self, teacher: UUID) -> None:
        query = "SELECT pg_advisory_xact_lock_shared(%(books)s), pg_advisory_xact_lock(hashtextextended(%(id)s, 6))"
        await self.work.rows(query, {"books": _BOOKS, "id": str(teacher)})

    async def take_pool(self, name: str) -> None:
        await self.work.rows("SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 7))", {"name": name})

    async def take_all(self) -> None:
        await self.work.rows("SELECT pg_advisory_xact_lock(%(books)s)", {"books": _BOOKS})

    async def only_read(self) -> None:
        """From here on the transaction can write nothing."""
        await self.work.execute(text("SET TRANSACTION READ ONLY"))

    # --- facts ---

    async def add_fact(self, line: FactLine, source: str, by: UUID | None = None, teacher: UUID | None = None) -> bool:
        """False when a fact of this id is there. `teacher` is whose books it touches, if it names nobody itself."""
        body = msgspec.to_builtins(line, str_keys=True)
        for known in ("id", "kind", "teacher", "start"):
            body.pop(known, None)
        row = {
            "id": line.id,
            "kind": line.kind,
            "teacher_id": UUID(line.teacher) if line.teacher else teacher,
            "of_id": line.of or line.replaces or None,
            "starts_at": line.start,
            "body": json.dumps(body, ensure_ascii=False, default=str),
            "source": source,
            "written_by": by,
        }
        query, params = insertion("subsidy_facts", [row])
        return bool(await self.work.rows(f"{query} ON CONFLICT (id) DO NOTHING RETURNING id", params))

    async def fact(self, id: str) -> Record | None:
        found = await self.work.rows("SELECT * FROM subsidy_facts WHERE id = %(id)s", {"id": id})
        return found[0] if found else None

    async def count_words(self, of: str, kind: str) -> int:
        """How many notes of a kind there are on a fact."""
        query = "SELECT count(*) FROM subsidy_facts WHERE of_id = %(of)s AND kind = %(kind)s"
        return int((await self.work.rows(query, {"of": of, "kind": kind}))[0][0])

    async def facts_of(self, teacher: UUID, since: date, pairs: bool = False) -> list[Fact]:
        """Those of a teacher; with `pairs` also the works of others with the same pupils."""
        query = _FACTS_AND_PAIRS if pairs else _FACTS_OF
        return [_fact(row) for row in await self.work.rows(query, {"teacher": teacher, "since": since})]

    async def facts(self, since: date) -> list[Fact]:
        """All, of works those since a day."""
        return [_fact(row) for row in await self.work.rows(_FACTS, {"since": since})]

    async def ties(self, teacher: UUID, student: UUID, pupil: str) -> Record:
        """`own_child`, and `same_device`: both signed in on one browser of late. One on which a crowd signs in is a
        school's, and says nothing."""
        params = {"teacher": teacher, "student": student, "pupil": pupil, "crowd": CROWD}
        return (await self.work.rows(_TIES, params))[0]

    # --- policies ---

    async def policies(self) -> list[Ruling]:
        """Those in force, in their order."""
        rows = await self.work.rows(
            "SELECT id, document, valid_to FROM policies WHERE approved_at IS NOT NULL ORDER BY valid_from"
        )
        return [Ruling(row.id, _parsed(row.document, row.valid_to)) for row in rows]

    async def policy(self, id: UUID) -> Record | None:
        """Locked."""
        found = await self.work.rows("SELECT * FROM policies WHERE id = %(id)s FOR UPDATE", {"id": id})
        return found[0] if found else None

    async def propose(self, policy: Policy, valid_from: date, valid_to: date | None, by: UUID) -> UUID:
        id = uuid4()
        row = {"id": id, "valid_from": valid_from, "valid_to": valid_to, "document": policy.text, "proposed_by": by}
        query, params = insertion("policies", [row])
        await self.work.rows(f"{query} RETURNING id", params)
        return id

    async def approve(self, id: UUID, by: UUID, ends: UUID | None, valid_from: date) -> None:
        """In force from its day on; the open one before it, if any, ends that day."""
        if ends is not None:
            query = "UPDATE policies SET valid_to = %(day)s WHERE id = %(id)s RETURNING id"
            await self.work.rows(query, {"id": ends, "day": valid_from})
        query = "UPDATE policies SET approved_by = %(by)s, approved_at = now() WHERE id = %(id)s RETURNING id"
        await self.work.rows(query, {"id": id, "by": by})

    # --- the ledger ---

    async def posted(
        self, since: date, teacher: UUID | None = None, until: date | None = None
    ) -> dict[str, dict[str, int]]:
        """What the accounts got for each business fact of works since a day, of one teacher or of all; `until` is the
        last month of postings that count."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for row in await self.work.rows(_POSTED, {"since": since, "teacher": teacher, "until": until}):
            found[row.fact][row.account] = row.fen
        return found

    async def count_postings(self, fact: str) -> int:
        query = "SELECT count(*) FROM ledger_transactions WHERE coalesce(cause->>'fact', fact_id) = %(fact)s"
        return int((await self.work.rows(query, {"fact": fact}))[0][0])

    async def post(self, posting: Posting) -> UUID | None:
        """Its id; None when this key was posted before."""
        entries = {account: fen for account, fen in posting.entries.items() if fen}
        assert sum(entries.values()) == 0 and len(entries) >= 2, f"{posting.key} does not balance"
        id = uuid4()
        row = {
            "id": id,
            "fact_key": posting.key,
            "kind": posting.kind,
            "work": posting.work,
            "policy_id": posting.policy,
            "teacher_id": posting.teacher,
            "question_id": posting.question,
            "fact_id": posting.fact,
            "month": posting.month,
            "cause": None if posting.cause is None else json.dumps(posting.cause, ensure_ascii=False),
            "done_at": posting.done_at,
        }
        query, params = insertion("ledger_transactions", [row])
        if not await self.work.rows(f"{query} ON CONFLICT (fact_key) DO NOTHING RETURNING id", params):
            return None
        lines = [
            {"transaction_id": id, "line": line, "account": account, "amount_fen": fen}
            for line, (account, fen) in enumerate(sorted(entries.items()))
        ]
        query, params = insertion("ledger_entries", lines)
        await self.work.rows(f"{query} RETURNING line", params)
        return id

    async def spent(self, account: str, first: date, until: date) -> int:
        """Fen debited to a budget line for works of these months."""
        params = {"account": account, "first": first, "until": until}
        return int((await self.work.rows(_SPENT, params))[0][0])

    async def balance(self, account: str) -> int:
        query = "SELECT coalesce(sum(amount_fen), 0)::bigint FROM ledger_entries WHERE account = %(account)s"
        return int((await self.work.rows(query, {"account": account}))[0][0])

    async def seal(self) -> int:
        """Adds to the chain what was committed since; how many."""
        await self.work.rows("SELECT pg_advisory_xact_lock(%(seals)s)", {"seals": _BOOKS + 1})
        last = await self.work.rows("SELECT seq, hash FROM ledger_seals ORDER BY seq DESC LIMIT 1")
        seq, before = (last[0].seq, bytes(last[0].hash)) if last else (0, GENESIS)
        rows = []
        for transaction in await self.work.rows(_UNSEALED):
            seq, before = seq + 1, seal_of(before, transaction)
            rows.append({"seq": seq, "transaction_id": transaction.id, "hash": before})
        for n in range(0, len(rows), 1_000):
            query, params = insertion("ledger_seals", rows[n : n + 1_000])
            await self.work.rows(f"{query} RETURNING seq", params)
        return len(rows)

    # --- months ---

    async def months(self) -> list[Record]:
        return await self.work.rows("SELECT * FROM subsidy_months ORDER BY month")

    async def month(self, month: date) -> Record | None:
        """Locked."""
        found = await self.work.rows(
            "SELECT * FROM subsidy_months WHERE month = %(month)s FOR UPDATE", {"month": month}
        )
        return found[0] if found else None

    async def last_reckoned(self) -> date | None:
        found: date | None = (await self.work.rows("SELECT max(month) FROM subsidy_months"))[0][0]
        return found

    async def first_month(self) -> date | None:
        """The first with anything unclaimed."""
        found: date | None = (await self.work.rows(_FIRST_UNCLAIMED))[0][0]
        return found

    async def add_month(self, month: date, by: UUID, appeal_until: datetime) -> None:
        query, params = insertion("subsidy_months", [{"month": month, "reckoned_by": by, "appeal_until": appeal_until}])
        await self.work.rows(f"{query} RETURNING month", params)

    async def close_month(self, month: date, by: UUID) -> None:
        query = (
            "UPDATE subsidy_months SET closed_by = %(by)s, closed_at = now() WHERE month = %(month)s RETURNING month"
        )
        await self.work.rows(query, {"month": month, "by": by})

    async def unclaimed(self, month: date) -> list[Record]:
        """Accruals and adjustments up to this month that are on no statement: id, teacher, fen owed, fen held."""
        return await self.work.rows(_UNCLAIMED, {"month": month})

    async def add_statement(self, month: date, teacher: UUID, fen: int, held: int, claims: Sequence[UUID]) -> UUID:
        id = uuid4()
        row = {"id": id, "month": month, "teacher_id": teacher, "fen": fen, "held_fen": held}
        query, params = insertion("subsidy_statements", [row])
        await self.work.rows(f"{query} RETURNING id", params)
        query = """INSERT INTO statement_claims (transaction_id, statement_id)
                   SELECT unnest(CAST(%(ids)s AS uuid[])), %(statement)s RETURNING statement_id"""
        await self.work.rows(query, {"ids": list(claims), "statement": id})
        return id

    async def statement(self, id: UUID) -> Record | None:
        query = "SELECT s.*, m.appeal_until, m.closed_at FROM subsidy_statements s JOIN subsidy_months m USING (month)"
        found = await self.work.rows(f"{query} WHERE s.id = %(id)s", {"id": id})
        return found[0] if found else None

    async def add_appeal(self, statement: UUID, words: str) -> UUID:
        id = uuid4()
        query, params = insertion("subsidy_appeals", [{"id": id, "statement_id": statement, "words": words}])
        await self.work.rows(f"{query} RETURNING id", params)
        return id

    async def reply(self, appeal: UUID, reply: str, by: UUID) -> bool:
        query = """UPDATE subsidy_appeals SET reply = %(reply)s, replied_by = %(by)s
                   WHERE id = %(id)s AND reply IS NULL RETURNING id"""
        return bool(await self.work.rows(query, {"id": appeal, "reply": reply, "by": by}))

    async def open_appeals(self, month: date) -> int:
        query = """SELECT count(*) FROM subsidy_appeals a JOIN subsidy_statements s ON s.id = a.statement_id
                   WHERE s.month = %(month)s AND a.reply IS NULL"""
        return int((await self.work.rows(query, {"month": month}))[0][0])

    # --- appraisal ---

    async def comment(self, teacher: UUID, first: date, until: date, words: str) -> None:
        """The last word counts."""
        row = {"teacher_id": teacher, "first": first, "until": until, "words": words}
        query, params = insertion("appraisal_comments", [row])
        change = "ON CONFLICT (teacher_id, first, until) DO UPDATE SET words = excluded.words, written_at = now()"
        await self.work.rows(f"{query} {change} RETURNING teacher_id", params)

    async def comment_of(self, teacher: UUID, first: date, until: date) -> str:
        query = """SELECT words FROM appraisal_comments
                   WHERE teacher_id = %(teacher)s AND first = %(first)s AND until = %(until)s"""
        found = await self.work.rows(query, {"teacher": teacher, "first": first, "until": until})
        return str(found[0].words) if found else ""

    # --- payouts ---

    async def due(self, month: date) -> list[Record]:
        """Teachers who have an account, and the fen that closed statements up to this month leave to be paid."""
        return await self.work.rows(_DUE, {"month": month})

    async def order_payout(self, month: date, teacher: UUID, fen: int, by: UUID) -> UUID | None:
        row = {"id": uuid4(), "month": month, "teacher_id": teacher, "fen": fen, "state": "ordered", "ordered_by": by}
        query, params = insertion("payouts", [row])
        conflict = "ON CONFLICT (month, teacher_id) WHERE state <> 'bounced' DO NOTHING RETURNING id"
        found = await self.work.rows(f"{query} {conflict}", params)
        return found[0].id if found else None

    async def payout(self, id: UUID) -> Record | None:
        """Locked."""
        found = await self.work.rows("SELECT * FROM payouts WHERE id = %(id)s FOR UPDATE", {"id": id})
        return found[0] if found else None

    async def settle_payout(self, id: UUID, state: str, why: str | None) -> None:
        query = "UPDATE payouts SET state = %(state)s, why = %(why)s, settled_at = now() WHERE id = %(id)s RETURNING id"
        await self.work.rows(query, {"id": id, "state": state, "why": why})

    async def entries_of(self, key: str) -> dict[str, int]:
        query = """SELECT e.account, e.amount_fen FROM ledger_entries e
                   JOIN ledger_transactions l ON l.id = e.transaction_id WHERE l.fact_key = %(key)s"""
        return {row.account: row.amount_fen for row in await self.work.rows(query, {"key": key})}


def seal_of(before: bytes, transaction: Record) -> bytes:
    """SHA-256 over the seal before and everything that the transaction says."""
    said = [
        before.hex(), str(transaction.id), transaction.fact_key, transaction.kind, transaction.work,
        str(transaction.teacher_id), str(transaction.month), transaction.fact_id or "",
        transaction.done_at.astimezone(UTC).isoformat(), [list(entry) for entry in transaction.entries],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).digest()


@lru_cache(maxsize=256)
def _parsed(document: str, valid_to: date | None) -> Policy:
    """The row's end counts: an open policy ends where the next one begins."""
    policy = parse(document)
    return replace(policy, to_day=FAR if valid_to is None else day_number(valid_to))


def _fact(row: Record) -> Fact:
    body = row.body if isinstance(row.body, dict) else json.loads(row.body)
    known = {"id": row.id, "kind": row.kind, "start": row.starts_at, **body}
    named = row.kind not in ("outcome", "review", "void") and row.teacher_id is not None
    line = msgspec.convert({"recorded": row.recorded_at, **known}, FactLine)
    line.teacher = str(row.teacher_id) if named else ""
    return fact_of(line)


def policies_of(rulings: Iterable[Ruling]) -> list[Policy]:
    return [ruling.policy for ruling in rulings]


_WORKS = "('session', 'answer', 'shown', 'lecture', 'shift', 'substitution', 'visit')"
_FACT_COLUMNS = "f.id, f.kind, f.teacher_id, f.starts_at, f.body, f.recorded_at"
_SINCE = "CAST(%(since)s AS timestamp) AT TIME ZONE 'Asia/Shanghai'"
_FACTS = f"SELECT {_FACT_COLUMNS} FROM subsidy_facts f WHERE f.kind NOT IN {_WORKS} OR f.starts_at >= {_SINCE}"  # noqa: S608
_FACTS_OF = f"""
    WITH own AS (SELECT {_FACT_COLUMNS} FROM subsidy_facts f WHERE f.teacher_id = %(teacher)s
                 AND (f.kind NOT IN {_WORKS} OR f.starts_at >= {_SINCE}))
    SELECT * FROM own
    UNION SELECT {_FACT_COLUMNS} FROM subsidy_facts f JOIN own ON f.of_id = own.id
    WHERE f.teacher_id IS DISTINCT FROM %(teacher)s
"""  # noqa: S608 - composed of constants of this module
_FACTS_AND_PAIRS = f"""
    {_FACTS_OF}
    UNION SELECT {_FACT_COLUMNS} FROM subsidy_facts f
    WHERE f.kind IN {_WORKS} AND f.starts_at >= {_SINCE}
      AND f.body->>'pupil' IN (SELECT body->>'pupil' FROM own WHERE body->>'pupil' IS NOT NULL)
"""  # noqa: S608 - composed of constants of this module
_TIES = """
    SELECT EXISTS (SELECT FROM kinships WHERE teacher_id = %(teacher)s AND pupil = %(pupil)s) AS own_child,
           EXISTS (SELECT FROM device_sign_ins a JOIN device_sign_ins b USING (device)
                   WHERE a.account_id = %(teacher)s AND b.account_id = %(student)s
                     AND (SELECT count(*) FROM device_sign_ins c WHERE c.device = a.device) <= %(crowd)s) AS same_device
"""
_POSTED = f"""
    SELECT coalesce(l.cause->>'fact', l.fact_id) AS fact, e.account, sum(e.amount_fen)::bigint AS fen
    FROM ledger_transactions l JOIN ledger_entries e ON e.transaction_id = l.id
    WHERE l.kind IN ('accrual', 'adjustment') AND l.done_at >= {_SINCE}
      AND (CAST(%(teacher)s AS uuid) IS NULL OR l.teacher_id = %(teacher)s)
      AND (CAST(%(until)s AS date) IS NULL OR l.month <= %(until)s)
    GROUP BY 1, 2 HAVING sum(e.amount_fen) <> 0
"""  # noqa: S608 - composed of constants of this module
_SPENT = """
    SELECT coalesce(sum(e.amount_fen), 0)::bigint
    FROM ledger_entries e JOIN ledger_transactions l ON l.id = e.transaction_id
    WHERE e.account = %(account)s AND l.month >= %(first)s AND l.month < %(until)s
"""
_UNSEALED = """
    SELECT l.id, l.fact_key, l.kind, l.work, l.teacher_id, l.month, l.fact_id, l.done_at,
           (SELECT json_agg(json_build_array(e.account, e.amount_fen) ORDER BY e.line)
            FROM ledger_entries e WHERE e.transaction_id = l.id) AS entries
    FROM ledger_transactions l WHERE NOT EXISTS (SELECT FROM ledger_seals s WHERE s.transaction_id = l.id)
    ORDER BY l.posted_at, l.id
"""
_UNCLAIMED = """
    SELECT l.id, l.teacher_id,
           coalesce(-sum(e.amount_fen) FILTER (WHERE e.account = 'owed:' || l.teacher_id), 0)::bigint AS fen,
           coalesce(-sum(e.amount_fen) FILTER (WHERE e.account = 'held:' || l.teacher_id), 0)::bigint AS held
    FROM ledger_transactions l JOIN ledger_entries e ON e.transaction_id = l.id
    WHERE l.kind IN ('accrual', 'adjustment') AND l.month <= %(month)s
      AND NOT EXISTS (SELECT FROM statement_claims c WHERE c.transaction_id = l.id)
    GROUP BY l.id, l.teacher_id ORDER BY l.teacher_id, l.posted_at, l.id
"""
_FIRST_UNCLAIMED = """
    SELECT min(l.month) FROM ledger_transactions l WHERE l.kind IN ('accrual', 'adjustment')
    AND NOT EXISTS (SELECT FROM statement_claims c WHERE c.transaction_id = l.id)
"""
_DUE = """
    SELECT s.teacher_id, (sum(s.fen) - coalesce((
        SELECT sum(p.fen) FROM payouts p WHERE p.teacher_id = s.teacher_id AND p.state <> 'bounced'), 0))::bigint AS fen
    FROM subsidy_statements s JOIN subsidy_months m USING (month)
    WHERE m.closed_at IS NOT NULL AND s.month <= %(month)s
      AND EXISTS (SELECT FROM payee_accounts y WHERE y.teacher_id = s.teacher_id)
    GROUP BY s.teacher_id ORDER BY s.teacher_id
"""
