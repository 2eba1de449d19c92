"""The auditor's side of the books, read-only: is everything as it was posted, and does it follow from the facts?"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from itertools import groupby

from server.domain.subsidy.policy import date_of
from server.domain.subsidy.reckon import entries_of, reckon
from server.store.books import GENESIS, Books, policies_of, seal_of
from server.store.lines import Record
from server.store.work import Store

SHANGHAI = timezone(timedelta(hours=8))
ROWS = 1_000  # transactions that are read at a time


@dataclass
class Verdict:
    """What `dayi ledger verify` says; empty `wrong` means that everything holds."""

    transactions: int = 0
    sealed: int = 0
    unsealed: int = 0
    statements: int = 0
    recomputed: int = 0
    head: str = GENESIS.hex()
    wrong: list[str] = field(default_factory=list)


async def verify(store: Store) -> Verdict:
    """Every transaction sums to zero, the chain of seals holds, statements and payouts add up, and reckoning all facts
    again gives, for the months that were reckoned, the cents that were posted."""
    found = Verdict()
    async with store.work(one_view=True) as work:
        for row in await work.rows(_UNBALANCED):
            found.wrong.append(f"transaction {row.transaction_id} sums to {row.fen} fen")
        before, seq = GENESIS, 0
        while rows := await work.rows(_SEALED, {"after": seq, "limit": ROWS}):
            for row in rows:
                seq += 1
                if row.seq != seq:
                    found.wrong.append(f"seal {seq} is missing")
                    seq = row.seq
                before = seal_of(before, row)
                if before != bytes(row.hash):
                    found.wrong.append(f"seal {seq} does not fit transaction {row.id}")
                    before = bytes(row.hash)
        found.sealed, found.head = seq, before.hex()
        count = (await work.rows(_COUNTS))[0]
        found.transactions, found.statements = count.transactions, count.statements
        found.unsealed = count.transactions - seq
        for row in await work.rows(_STATEMENTS):
            found.wrong.append(f"statement {row.month} of {row.teacher_id} says {row.fen}, its postings {row.claimed}")
        for row in await work.rows(_PAYOUTS):
            found.wrong.append(f"payouts of {row.teacher_id} are {row.paid} fen, its postings {row.posted}")
        found.recomputed, wrong = await _recomputed(Books(work))
        found.wrong += wrong
    return found


async def _recomputed(books: Books) -> tuple[int, list[str]]:
    """The business facts of reckoned months that were compared, and those whose facts do not come to what was posted.
    While facts wait that were written after the last reckoning, there is nothing to compare with."""
    rulings, last = await books.policies(), await books.last_reckoned()
    if not rulings or last is None or await books.work.rows(_LATE, {"month": last}):
        return 0, []
    since = date_of(rulings[0].policy.from_day)
    wanted = {
        line.fact.id: entries_of(line)
        for statement in reckon(await books.facts(since), policies_of(rulings)).statements
        if statement.month <= last.year * 12 + last.month - 1
        for line in statement.lines
    }
    posted = await books.posted(since, until=last)
    wrong = [
        f"{id} comes to {wanted.get(id, {})}, posted are {posted.get(id, {})}"
        for id in sorted(wanted.keys() | posted.keys())
        if wanted.get(id, {}) != posted.get(id, {})
    ]
    return len(wanted), wrong


async def export(store: Store, form: str) -> Iterator[str]:
    """The ledger as text for `hledger` or `beancount`, oldest first; for Beancount its accounts are named its way."""
    async with store.work(one_view=True) as work:
        accounts = [row.account for row in await work.rows("SELECT DISTINCT account FROM ledger_entries ORDER BY 1")]
        first = (await work.rows("SELECT min(done_at) FROM ledger_transactions"))[0][0]
        rows = await work.rows(_ENTRIES)
    return _hledger(accounts, rows) if form == "hledger" or first is None else _beancount(accounts, first, rows)


def _hledger(accounts: Sequence[str], rows: Sequence[Record]) -> Iterator[str]:
    yield "; Dayi: the subsidy ledger. 1 CNY is 100 fen.\ncommodity 1000.00 CNY\n"
    for account in accounts:
        yield f"account {account}"
    yield ""
    for _, lines in groupby(rows, key=lambda row: row.id):
        entries = list(lines)
        head = entries[0]
        yield f"{_day(head.done_at)} * ({head.id}) {head.fact_key}  ; kind:{head.kind}, month:{head.month:%Y-%m}"
        for entry in entries:
            yield f"    {entry.account}  {_yuan(entry.amount_fen)} CNY"
        yield ""


def _beancount(accounts: Sequence[str], first: datetime, rows: Sequence[Record]) -> Iterator[str]:
    yield '; Dayi: the subsidy ledger. 1 CNY is 100 fen.\noption "operating_currency" "CNY"\n'
    for account in accounts:
        yield f"{_day(first)} open {_beancount_name(account)} CNY"
    yield ""
    for _, lines in groupby(rows, key=lambda row: row.id):
        entries = list(lines)
        head = entries[0]
        yield f"{_day(head.done_at)} * {json.dumps(head.fact_key, ensure_ascii=False)}"
        for entry in entries:
            yield f"  {_beancount_name(entry.account)}  {_yuan(entry.amount_fen)} CNY"
        yield ""


ROOTS = {"budget": "Expenses", "owed": "Liabilities", "held": "Liabilities", "tax": "Liabilities", "bank": "Assets"}


def _beancount_name(account: str) -> str:
    """Beancount's accounts have five roots and parts that begin with a capital letter or a digit."""
    first, _, rest = account.partition(":")
    part = rest.replace("_", "-")
    return f"{ROOTS[first]}:{first.capitalize()}:{part[:1].upper()}{part[1:]}"


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def _yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


_UNBALANCED = """
    SELECT transaction_id, sum(amount_fen) AS fen FROM ledger_entries GROUP BY 1 HAVING sum(amount_fen) <> 0
"""
_SEALED = """
    SELECT s.seq, s.hash, l.id, l.fact_key, l.kind, l.work, l.teacher_id, l.month, l.fact_id, l.done_at,
           (SELECT json_agg(json_build_array(e.account, e.amount_fen) ORDER BY e.line)
            FROM ledger_entries e WHERE e.transaction_id = l.id) AS entries
    FROM ledger_seals s JOIN ledger_transactions l ON l.id = s.transaction_id
    WHERE s.seq > %(after)s ORDER BY s.seq LIMIT %(limit)s
"""
_COUNTS = """
    SELECT (SELECT count(*) FROM ledger_transactions) AS transactions,
           (SELECT count(*) FROM subsidy_statements) AS statements
"""
_STATEMENTS = """
    SELECT s.month, s.teacher_id, s.fen, coalesce(-sum(e.amount_fen), 0)::bigint AS claimed
    FROM subsidy_statements s
    LEFT JOIN statement_claims c ON c.statement_id = s.id
    LEFT JOIN ledger_entries e ON e.transaction_id = c.transaction_id AND e.account = 'owed:' || s.teacher_id
    GROUP BY s.id HAVING s.fen <> coalesce(-sum(e.amount_fen), 0)
"""
_PAYOUTS = """
    WITH paid AS (SELECT teacher_id, sum(fen)::bigint AS fen FROM payouts WHERE state <> 'bounced' GROUP BY 1),
    posted AS (SELECT l.teacher_id, sum(e.amount_fen)::bigint AS fen
               FROM ledger_transactions l JOIN ledger_entries e ON e.transaction_id = l.id
               WHERE l.kind IN ('payout', 'bounce') AND e.account = 'owed:' || l.teacher_id GROUP BY 1)
    SELECT coalesce(paid.teacher_id, posted.teacher_id) AS teacher_id, coalesce(paid.fen, 0) AS paid,
           coalesce(posted.fen, 0) AS posted
    FROM paid FULL JOIN posted USING (teacher_id) WHERE coalesce(paid.fen, 0) <> coalesce(posted.fen, 0)
"""
_LATE = """
    SELECT id FROM subsidy_facts WHERE recorded_at > (SELECT reckoned_at FROM subsidy_months WHERE month = %(month)s)
"""
_ENTRIES = """
    SELECT l.id, l.fact_key, l.kind, l.month, l.done_at, e.account, e.amount_fen
    FROM ledger_transactions l JOIN ledger_entries e ON e.transaction_id = l.id
    ORDER BY l.done_at, l.posted_at, l.id, e.line
"""
