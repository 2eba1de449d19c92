"""What finance, auditors, teachers and the public see of the books: read-only, and by nickname."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from server.domain.subsidy.document import PolicyRefused
from server.domain.subsidy.payee import masked
from server.domain.subsidy.policy import parse
from server.live import protocol as wire
from server.store.books import Books
from server.store.lines import Record
from server.store.views import Views
from server.store.work import Store

K = 5  # teachers behind a public figure, at least


def name_of(month: date) -> str:
    return f"{month:%Y-%m}"


async def statements(
    store: Store, *, month: date | None = None, teacher: UUID | None = None
) -> list[wire.StatementView]:
    rows = await store.rows(_STATEMENTS, {"month": month, "teacher": teacher})
    return [_statement(row) for row in rows]


async def appeals(store: Store, teacher: UUID | None = None) -> list[wire.AppealView]:
    rows = await store.rows(_APPEALS, {"teacher": teacher})
    return [
        wire.AppealView(
            id=row.id,
            statement_id=row.statement_id,
            month=name_of(row.month),
            teacher=row.nickname,
            words=row.words,
            reply=row.reply,
        )
        for row in rows
    ]


async def months(store: Store) -> list[wire.MonthView]:
    """Newest first; the open ones with what is accrued for them."""
    return [
        wire.MonthView(
            month=name_of(row.month),
            state="closed" if row.closed_at else "reckoned" if row.reckoned_at else "open",
            statements=row.statements,
            fen=row.fen,
            paid_fen=row.paid,
            appeal_until=row.appeal_until,
            reckoned_by=row.reckoned_by,
            closed_by=row.closed_by,
        )
        for row in await store.rows(_MONTHS, {})
    ]


async def holds(store: Store, views: Views) -> list[wire.HoldView]:
    """Held work that no review has decided, oldest first, with what shows how it was done."""
    rows = await store.rows(_HOLDS, {})
    nearby: dict[str, list[wire.NearbyWork]] = defaultdict(list)
    for row in await store.rows(_NEARBY, {"facts": [row.id for row in rows]}):
        nearby[row.hold].append(wire.NearbyWork(fact=row.id, work=row.kind, start=row.starts_at, end=row.ends_at))
    devices: dict[str, list[wire.SharedDevice]] = defaultdict(list)
    shared = [row for row in rows if "same_device" in row.body.get("flags", ()) and _evidence(row.body, "question")]
    for row in await store.rows(
        _DEVICES,
        {
            "facts": [row.id for row in shared],
            "teachers": [row.teacher_id for row in shared],
            "questions": [_evidence(row.body, "question") for row in shared],
        },
    ):
        devices[row.fact].append(wire.SharedDevice(teacher_at=row.teacher_at, pupil_at=row.pupil_at))
    return [
        wire.HoldView(
            fact=row.id,
            work=row.kind,
            teacher=row.nickname,
            start=row.starts_at,
            end=row.ends_at,
            active_s=row.body.get("active_s"),
            fen=row.fen,
            why=(row.cause or {}).get("why", []),
            answer=await views.answer(row.answer_id) if row.answer_id else None,
            strokes=len(row.ink or ()),
            ink=sorted({_thousandth(at, row) for at in row.ink or ()}),
            speech=[[_thousandth(at, row), _thousandth(at + lasts, row)] for at, lasts in row.speech or ()],
            nearby=nearby[row.id],
            devices=devices[row.id],
        )
        for row in rows
    ]


def _thousandth(at_ms: float, row: Record) -> int:
    """Where a moment of a session lies in its time."""
    length = (row.ends_at - row.starts_at).total_seconds() if row.ends_at is not None else 0
    return max(0, min(1_000, round(at_ms / length))) if length else 0


def _evidence(body: Mapping[str, Any], kind: str) -> UUID | None:
    found = next((each for each in body.get("evidence", ()) if each.startswith(f"{kind}:")), None)
    return None if found is None else UUID(found.partition(":")[2])


async def without_account(store: Store) -> list[str]:
    """Who is owed by closed months and can't be paid."""
    return [row.nickname for row in await store.rows(_WITHOUT_ACCOUNT, {})]


async def account_of(store: Store, teacher: UUID) -> str | None:
    rows = await store.rows("SELECT bank, ending FROM payee_accounts WHERE teacher_id = %(id)s", {"id": teacher})
    return f"{rows[0].bank} {masked(rows[0].ending)}" if rows else None


async def payees(store: Store) -> wire.PayeesView:
    """Everybody who teaches, with the account where there is one: never more of it than its ending."""
    rows = await store.rows(_PAYEES, {})
    return wire.PayeesView(
        payees=[
            wire.PayeeView(teacher=row.nickname, login=row.login, bank=row.bank, account=masked(row.ending))
            for row in rows
            if row.bank is not None
        ],
        missing=[row.nickname for row in rows if row.bank is None],
        notes=[
            wire.PayeeNote(at=row.at, who=row.nickname, act=row.act, why=row.why, accounts=row.accounts)
            for row in await store.rows(_PAYEE_NOTES, {})
        ],
    )


async def policies(store: Store, me: UUID) -> list[wire.PolicyView]:
    """Newest first."""
    return [
        wire.PolicyView(
            id=row.id,
            name=_name(row.document),
            valid_from=str(row.valid_from),
            valid_to=None if row.valid_to is None else str(row.valid_to),
            document=row.document,
            in_force=row.approved_at is not None,
            proposed_by=row.proposer,
            approved_by=row.approver,
            mine=row.proposed_by == me,
        )
        for row in await store.rows(_POLICIES, {})
    ]


async def teacher_names(store: Store) -> dict[str, str]:
    rows = await store.rows("SELECT id, nickname FROM accounts WHERE 'teacher' = ANY(roles)", {})
    return {str(row.id): row.nickname for row in rows}


async def summaries(store: Store, teacher: UUID) -> dict[str, str]:
    """The problem behind a teacher's sessions, by the fact's id."""
    query = "SELECT session_id, problem_text FROM answers WHERE teacher_id = %(teacher)s AND split_from IS NULL"
    rows = await store.rows(query, {"teacher": teacher})
    return {f"session:{row.session_id}": (row.problem_text or "")[:80] for row in rows}


async def trace(store: Store, views: Views, id: str) -> wire.TraceView | None:
    async with store.work() as work:
        fact = await Books(work).fact(id)
    if fact is None:
        return None
    notes = await store.rows("SELECT * FROM subsidy_facts WHERE of_id = %(id)s ORDER BY recorded_at", {"id": id})
    entries: dict[UUID, list[Record]] = defaultdict(list)
    rows = await store.rows(_POSTINGS, {"id": id})
    for row in rows:
        entries[row.id].append(row)
    owner = await store.rows("SELECT nickname FROM accounts WHERE id = %(id)s", {"id": fact.teacher_id})
    on = await store.rows(_STATEMENTS_OF_FACT, {"id": id})
    answer = next((each[7:] for each in fact.body.get("evidence", []) if each.startswith("answer:")), None)
    return wire.TraceView(
        fact=_fact(fact),
        teacher=owner[0].nickname if owner else "",
        notes=[_fact(row) for row in notes],
        answer=await views.answer(UUID(answer)) if answer else None,
        postings=[_posting(lines) for lines in entries.values()],
        statements=[_statement(row) for row in on],
    )


async def claimed(store: Store, statement: UUID) -> Sequence[Record]:
    """The postings on a statement, in the order of the work; their fen add up to the statement's."""
    return await store.rows(_CLAIMED, {"id": statement})


async def statement_lines(store: Store, id: UUID) -> wire.StatementLines | None:
    rows = await store.rows(f"{_STATEMENT} WHERE s.id = %(id)s", {"id": id})
    if not rows:
        return None
    lines = [
        wire.ClaimedLine(
            fact=line.fact,
            work=line.work,
            at=line.done_at,
            kind=line.kind,
            status=line.status,
            fen=line.fen,
            held_fen=line.held_fen,
            summary=line.summary,
        )
        for line in await claimed(store, id)
    ]
    return wire.StatementLines(statement=_statement(rows[0]), lines=lines)


async def published(store: Store) -> wire.PublicView:
    """Totals by school and month, but for those that are kept back."""
    rows: dict[date, list[Record]] = defaultdict(list)
    for row in await store.rows(_PUBLIC, {}):
        rows[row.month].append(row)
    found = []
    for month in sorted(rows, reverse=True):
        by_size = sorted(rows[month], key=lambda row: (row.teachers, row.school))
        hidden = kept_back([row.teachers for row in by_size])
        names = {row.school for row in by_size[:hidden]}
        for row in sorted(rows[month], key=lambda row: str(row.school)):
            shown = row.school not in names
            found.append(
                wire.PublicRow(
                    school=row.school,
                    month=name_of(month),
                    teachers=row.teachers if shown else None,
                    fen=row.fen if shown else None,
                )
            )
    return wire.PublicView(k=K, rows=found)


def kept_back(teachers: Sequence[int]) -> int:
    """How many of a month's schools, smallest first, show no figure: those of fewer than k teachers, and as many more
    as it takes for those kept back to be two schools and k teachers together. The month's total may be known from
    elsewhere, and so would be the difference."""
    hidden = sum(each < K for each in teachers)
    while 0 < hidden < len(teachers) and (hidden < 2 or sum(teachers[:hidden]) < K):
        hidden += 1
    return hidden


def _name(document: str) -> str:
    try:
        return parse(document).name
    except PolicyRefused:
        return "?"


def _statement(row: Record) -> wire.StatementView:
    return wire.StatementView(
        id=row.id,
        month=name_of(row.month),
        teacher_id=row.teacher_id,
        teacher=row.nickname,
        fen=row.fen,
        held_fen=row.held_fen,
        payout=row.payout,
        payout_id=row.payout_id,
    )


def _fact(row: Record) -> wire.FactView:
    body: dict[str, Any] = {key: value for key, value in row.body.items() if key != "pupil"}
    if row.starts_at is not None:
        body["start"] = row.starts_at.isoformat()
    return wire.FactView(id=row.id, kind=row.kind, recorded_at=row.recorded_at, source=row.source, body=body)


def _posting(lines: Sequence[Record]) -> wire.PostingView:
    first = lines[0]
    return wire.PostingView(
        id=first.id,
        key=first.fact_key,
        kind=first.kind,
        month=name_of(first.month),
        posted_at=first.posted_at,
        seal=first.seq,
        entries=[wire.EntryView(account=line.account, fen=line.amount_fen) for line in lines],
    )


_STATEMENT = """
    SELECT s.id, s.month, s.teacher_id, a.nickname, s.fen, s.held_fen, p.state AS payout, p.id AS payout_id
    FROM subsidy_statements s JOIN accounts a ON a.id = s.teacher_id
    LEFT JOIN LATERAL (SELECT id, state FROM payouts p WHERE p.month = s.month AND p.teacher_id = s.teacher_id
                       ORDER BY (p.state <> 'bounced') DESC, p.ordered_at DESC LIMIT 1) p ON true
"""
_STATEMENTS = f"""
    {_STATEMENT}
    WHERE (CAST(%(month)s AS date) IS NULL OR s.month = %(month)s)
      AND (CAST(%(teacher)s AS uuid) IS NULL OR s.teacher_id = %(teacher)s)
    ORDER BY s.month DESC, s.fen DESC, a.nickname
"""
_STATEMENTS_OF_FACT = f"""
    {_STATEMENT}
    WHERE s.id IN (SELECT c.statement_id FROM statement_claims c JOIN ledger_transactions l ON l.id = c.transaction_id
                   WHERE coalesce(l.cause->>'fact', l.fact_id) = %(id)s)
    ORDER BY s.month
"""  # noqa: S608 - composed of constants of this module
_APPEALS = """
    SELECT p.id, p.statement_id, s.month, a.nickname, p.words, p.reply
    FROM subsidy_appeals p JOIN subsidy_statements s ON s.id = p.statement_id JOIN accounts a ON a.id = s.teacher_id
    WHERE CAST(%(teacher)s AS uuid) IS NULL OR s.teacher_id = %(teacher)s
    ORDER BY p.reply IS NOT NULL, p.made_at DESC LIMIT 200
"""
_MONTHS = """
    WITH months AS (SELECT month FROM subsidy_months UNION SELECT l.month FROM ledger_transactions l
                    WHERE l.kind IN ('accrual', 'adjustment')
                      AND NOT EXISTS (SELECT FROM statement_claims c WHERE c.transaction_id = l.id))
    SELECT months.month, m.reckoned_at, m.closed_at, m.appeal_until, r.nickname AS reckoned_by, c.nickname AS closed_by,
           (SELECT count(*) FROM subsidy_statements s WHERE s.month = months.month) AS statements,
           CASE WHEN m.month IS NOT NULL
                THEN coalesce((SELECT sum(s.fen) FROM subsidy_statements s WHERE s.month = months.month), 0)
                ELSE coalesce((SELECT -sum(e.amount_fen) FROM ledger_transactions l
                               JOIN ledger_entries e ON e.transaction_id = l.id AND e.account = 'owed:' || l.teacher_id
                               WHERE l.month = months.month AND l.kind IN ('accrual', 'adjustment')), 0)
           END::bigint AS fen,
           coalesce((SELECT sum(p.fen) FROM payouts p
                     WHERE p.month = months.month AND p.state = 'paid'), 0)::bigint AS paid
    FROM months LEFT JOIN subsidy_months m ON m.month = months.month
    LEFT JOIN accounts r ON r.id = m.reckoned_by LEFT JOIN accounts c ON c.id = m.closed_by
    ORDER BY months.month DESC
"""
_HOLDS = """
    WITH held AS (
        SELECT coalesce(l.cause->>'fact', l.fact_id) AS id, -sum(e.amount_fen)::bigint AS fen,
               (array_agg(l.cause ORDER BY l.posted_at DESC))[1] AS cause
        FROM ledger_transactions l
        JOIN ledger_entries e ON e.transaction_id = l.id AND e.account = 'held:' || l.teacher_id
        GROUP BY 1 HAVING sum(e.amount_fen) <> 0)
    SELECT f.id, f.kind, f.teacher_id, f.starts_at, CAST(f.body->>'end' AS timestamptz) AS ends_at, f.body, a.nickname,
           held.fen, held.cause, n.id AS answer_id,
           (SELECT array_agg(b.at_ms) FROM board_operations b
            WHERE b.session_id = n.session_id AND b.author = 'teacher' AND b.kind = 'stroke') AS ink,
           (SELECT json_agg(json_build_array(m.start_ms, coalesce(m.duration_ms, 0)) ORDER BY m.start_ms) FROM media m
            WHERE m.session_id = n.session_id AND m.owner_id = f.teacher_id AND m.kind = 'recording') AS speech
    FROM held JOIN subsidy_facts f ON f.id = held.id JOIN accounts a ON a.id = f.teacher_id
    LEFT JOIN answers n ON 'session:' || n.session_id = f.id AND n.split_from IS NULL
    WHERE NOT EXISTS (SELECT FROM subsidy_facts r WHERE r.of_id = f.id AND r.kind = 'review')
    ORDER BY f.starts_at LIMIT 200
"""
_NEARBY = """
    WITH held AS (SELECT id, teacher_id, starts_at, coalesce(CAST(body->>'end' AS timestamptz), starts_at) AS ends_at
                  FROM subsidy_facts WHERE id = ANY(%(facts)s)),
    works AS (SELECT held.id AS hold, f.id, f.kind, f.starts_at, CAST(f.body->>'end' AS timestamptz) AS ends_at,
                     held.starts_at AS from_, held.ends_at AS to_
              FROM held JOIN subsidy_facts f ON f.teacher_id = held.teacher_id AND f.id <> held.id
              WHERE f.body->>'end' IS NOT NULL AND f.starts_at > held.starts_at - interval '1 day'
                AND f.starts_at < held.ends_at + interval '12 hours')
    SELECT hold, id, kind, starts_at, ends_at FROM works
    WHERE (starts_at < to_ AND ends_at > from_) OR (kind = 'shift' AND ends_at > from_ - interval '12 hours')
    ORDER BY hold, starts_at
"""
_DEVICES = """
    SELECT w.fact, a.last_at AS teacher_at, b.last_at AS pupil_at
    FROM unnest(CAST(%(facts)s AS text[]), CAST(%(teachers)s AS uuid[]), CAST(%(questions)s AS uuid[]))
         AS w (fact, teacher, question)
    JOIN questions q ON q.id = w.question
    JOIN device_sign_ins a ON a.account_id = w.teacher
    JOIN device_sign_ins b ON b.account_id = q.student_id AND b.device = a.device
    ORDER BY w.fact, a.last_at
"""
_WITHOUT_ACCOUNT = """
    SELECT a.nickname
    FROM subsidy_statements s JOIN subsidy_months m USING (month) JOIN accounts a ON a.id = s.teacher_id
    WHERE m.closed_at IS NOT NULL AND NOT EXISTS (SELECT FROM payee_accounts y WHERE y.teacher_id = a.id)
    GROUP BY a.id HAVING sum(s.fen) > coalesce((
        SELECT sum(p.fen) FROM payouts p WHERE p.teacher_id = a.id AND p.state <> 'bounced'), 0)
    ORDER BY a.nickname
"""
_PAYEES = """
    SELECT a.nickname, a.login, y.bank, y.ending FROM accounts a LEFT JOIN payee_accounts y ON y.teacher_id = a.id
    WHERE 'teacher' = ANY(a.roles) AND a.disabled_at IS NULL ORDER BY a.login
"""
_PAYEE_NOTES = """
    SELECT l.at, a.nickname, l.act, l.why, count(*) AS accounts FROM payee_log l
    LEFT JOIN accounts a ON a.id = l.person_id
    GROUP BY l.at, a.nickname, l.act, l.why ORDER BY l.at DESC LIMIT 50
"""
_POLICIES = """
    SELECT p.*, a.nickname AS proposer, b.nickname AS approver FROM policies p
    LEFT JOIN accounts a ON a.id = p.proposed_by LEFT JOIN accounts b ON b.id = p.approved_by
    ORDER BY p.valid_from DESC, p.proposed_at DESC
"""
_POSTINGS = """
    SELECT l.id, l.fact_key, l.kind, l.month, l.posted_at, s.seq, e.account, e.amount_fen
    FROM ledger_transactions l JOIN ledger_entries e ON e.transaction_id = l.id
    LEFT JOIN ledger_seals s ON s.transaction_id = l.id
    WHERE coalesce(l.cause->>'fact', l.fact_id) = %(id)s OR l.fact_key IN (
        SELECT kinds.kind || p.id FROM statement_claims c
        JOIN ledger_transactions claimed ON claimed.id = c.transaction_id
        JOIN subsidy_statements s ON s.id = c.statement_id
        JOIN payouts p ON p.month = s.month AND p.teacher_id = s.teacher_id
        CROSS JOIN (VALUES ('payout:'), ('bounce:')) AS kinds (kind)
        WHERE coalesce(claimed.cause->>'fact', claimed.fact_id) = %(id)s)
    ORDER BY l.posted_at, l.id, e.line
"""
_CLAIMED = """
    SELECT l.done_at, l.work, l.kind, coalesce(l.cause->>'fact', l.fact_id) AS fact,
           coalesce(l.cause->>'status', 'paid') AS status,
           coalesce((SELECT -e.amount_fen FROM ledger_entries e
                     WHERE e.transaction_id = l.id AND e.account = 'owed:' || l.teacher_id), 0)::bigint AS fen,
           coalesce((SELECT -e.amount_fen FROM ledger_entries e
                     WHERE e.transaction_id = l.id AND e.account = 'held:' || l.teacher_id), 0)::bigint AS held_fen,
           left(coalesce(a.problem_text, ''), 40) AS summary
    FROM statement_claims c JOIN ledger_transactions l ON l.id = c.transaction_id
    LEFT JOIN answers a ON 'session:' || a.session_id = l.fact_id AND a.split_from IS NULL
    WHERE c.statement_id = %(id)s ORDER BY l.done_at, l.posted_at, l.id
"""
_PUBLIC = """
    SELECT s.month, coalesce(c.name, '') AS school, count(*) AS teachers, sum(s.fen)::bigint AS fen
    FROM subsidy_statements s JOIN subsidy_months m ON m.month = s.month AND m.closed_at IS NOT NULL
    LEFT JOIN identities i ON i.account_id = s.teacher_id LEFT JOIN schools c ON c.id = i.school_id
    GROUP BY 1, 2
"""
