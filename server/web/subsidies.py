"""The doors of the money: a teacher's month, the finance office, the auditor's look, and what is public."""

import asyncio
import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from starlette.responses import Response

from server.actions import payees, subsidy
from server.actions.errors import BadRequest, NotHere
from server.domain.people import Role
from server.domain.subsidy.appraisal import Figure
from server.domain.subsidy.document import PolicyRefused
from server.domain.subsidy.policy import date_of, parse
from server.domain.subsidy.reckon import Line
from server.domain.subsidy.simulate import Row
from server.live import protocol as wire
from server.payee_file import read_payees
from server.people_file import Mistake, UnreadableFile
from server.statement_files import appraisal_pdf, batch_csv, batch_xlsx, statement_pdf
from server.store import audit, office
from server.vault import Vault
from server.web.door import Call, Door, Reply

TEACHER = frozenset({Role.TEACHER})
FINANCE = frozenset({Role.FINANCE})
READERS = frozenset({Role.FINANCE, Role.AUDITOR})
PAYEES_FILE = 2 * 1024 * 1024  # bytes in base64: some ten thousand accounts
MISTAKES = 100  # of a file that are told at once
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


# --- a teacher -----------------------------------------------------------------------------------------------------


async def my_month(call: Call[None]) -> wire.TeacherMonth:
    """The month as the facts have it now, each line with its cause; and what was closed before."""
    store, me = call.parts.store, call.person.id
    async with store.work() as work:
        now = work.began
        month = _month(call.query["month"]) if "month" in call.query else subsidy.month_now(now)
        found = await subsidy.teachers_month(work, me, month)
    summaries = await office.summaries(store, me)
    closed = await office.statements(store, teacher=me)
    lines = [] if found.statement is None else found.statement.lines
    return wire.TeacherMonth(
        month=office.name_of(month),
        policy=found.policy,
        fen=sum(line.fen for line in lines),
        held_fen=sum(line.held_fen for line in lines),
        points_balance_x100=0 if found.statement is None else found.statement.points_balance_x100,
        bonus_x100=0 if found.statement is None else found.statement.bonus_x100,
        lines=[_line(line, summaries.get(line.fact.id, "")) for line in reversed(lines)],
        statements=closed,
        appeals=await office.appeals(store, me),
        appeal_until=found.appeal_until,
        account=await office.account_of(store, me),
    )


async def make_appeal(call: Call[wire.AppealStatement]) -> None:
    async with call.parts.store.work() as work:
        await subsidy.appeal(work, call.person, call.body.statement_id, call.body.words, work.began)


async def statement_file(call: Call[None]) -> Response:
    """A teacher's own; finance and auditors see everybody's."""
    store = call.parts.store
    async with store.work() as work:
        row = await subsidy.statement_of(work, call.id())
        if row is None or (row.teacher_id != call.person.id and not call.person.is_a(*READERS)):
            raise NotHere
    [statement] = [each for each in await office.statements(store, teacher=row.teacher_id) if each.id == row.id]
    lines = await office.claimed(store, row.id)
    data = await asyncio.to_thread(statement_pdf, statement.teacher, statement, lines)
    return _file(data, "application/pdf", f"{statement.month}.pdf")


async def my_appraisal(call: Call[None]) -> wire.AppraisalView:
    return await _appraisal(call, call.person.id)


async def comment_appraisal(call: Call[wire.CommentAppraisal]) -> None:
    body = call.body
    async with call.parts.store.work() as work:
        await subsidy.comment(work, call.person, _day(body.first), _day(body.until), body.words)


async def appraisal_file(call: Call[None]) -> Response:
    """One's own; finance and auditors name a teacher."""
    asked = call.asked_id("teacher")
    if asked is not None and asked != call.person.id and not call.person.is_a(*READERS):
        raise NotHere
    teacher = asked or call.person.id
    name = (await office.teacher_names(call.parts.store)).get(str(teacher))
    if name is None:
        raise NotHere
    found = await _appraisal(call, teacher)
    data = await asyncio.to_thread(appraisal_pdf, name, found)
    return _file(data, "application/pdf", f"appraisal-{found.first}.pdf")


async def _appraisal(call: Call[None], teacher: UUID) -> wire.AppraisalView:
    """Of the days that are asked for, or else of the term that began last, or without terms of half a year."""
    async with call.parts.store.work() as work:
        now = work.began
        month = subsidy.month_now(now)
        terms = [
            wire.TermView(name=term.name, first=str(date_of(term.from_day)), until=str(date_of(term.to_day)))
            for term in await subsidy.terms_begun(work, subsidy.day_now(now))
        ]
        usual = terms[0] if terms else wire.TermView("", str(_half_year_before(month)), str(_month_after(month)))
        first, until = _day(call.query.get("first", usual.first)), _day(call.query.get("until", usual.until))
        found, comment = await subsidy.appraisal(work, teacher, first, until)
    return wire.AppraisalView(
        first=str(first),
        until=str(until),
        terms=terms,
        works=_figure(None if found is None else found.works),
        minutes=_figure(None if found is None else found.minutes),
        resolved=_figure(None if found is None else found.resolved),
        rating=_figure(None if found is None else found.rating),
        comment=comment,
    )


# --- finance and auditors ------------------------------------------------------------------------------------------


async def the_office(call: Call[Any]) -> wire.OfficeView:
    store = call.parts.store
    return wire.OfficeView(
        may_change=call.person.is_a(Role.FINANCE),
        months=await office.months(store),
        holds=await office.holds(store, call.parts.views),
        policies=await office.policies(store, call.person.id),
        appeals=await office.appeals(store),
        without_account=await office.without_account(store),
    )


async def statement_lines(call: Call[None]) -> wire.StatementLines:
    found = await office.statement_lines(call.parts.store, call.id())
    if found is None:
        raise NotHere
    return found


async def month_statements(call: Call[None]) -> wire.MonthStatements:
    month = _month(call.query.get("month", ""))
    return wire.MonthStatements(
        month=office.name_of(month), statements=await office.statements(call.parts.store, month=month)
    )


async def move_month(call: Call[wire.MoveMonth]) -> wire.OfficeView:
    month = _month(call.body.month)
    async with call.parts.store.work() as work:
        now = work.began
        match call.body.step:
            case "reckon":
                await subsidy.reckon_month(work, call.person, month, now)
            case "close":
                await subsidy.close_month(work, call.person, month, now)
            case "pay":
                await subsidy.order_payouts(work, call.person, month)
    return await the_office(call)


async def review_hold(call: Call[wire.ReviewHold]) -> wire.OfficeView:
    body = call.body
    async with call.parts.store.work() as work:
        await subsidy.review(work, call.person, body.fact, body.decision, body.reason, work.began)
    return await the_office(call)


async def reply_to_appeal(call: Call[wire.ReplyToAppeal]) -> None:
    async with call.parts.store.work() as work:
        await subsidy.reply(work, call.person, call.id(), call.body.words)


async def propose_policy(call: Call[wire.ProposePolicy]) -> Reply:
    async with call.parts.store.work() as work:
        await subsidy.propose(work, call.person, call.body.document)
    return Reply(await the_office(call), status=201)


async def approve_policy(call: Call[None]) -> wire.OfficeView:
    async with call.parts.store.work() as work:
        await subsidy.approve(work, call.person, call.id())
    return await the_office(call)


async def simulate(call: Call[wire.Simulate]) -> wire.SimulationView:
    try:
        draft = parse(call.body.document)
    except PolicyRefused as error:
        raise subsidy.PolicyWrong(str(error)) from error
    first, until = _day(call.body.first), _day(call.body.until)
    async with call.parts.store.work() as work:
        found = await subsidy.simulate(work, draft, first, until)
    names = await office.teacher_names(call.parts.store)
    return wire.SimulationView(
        now_fen=found.now_fen,
        draft_fen=found.draft_fen,
        draft_held_fen=found.draft_held_fen,
        gain=found.gain,
        lose=found.lose,
        same=found.same,
        runs_out=found.runs_out,
        months=_compared(found.by_month),
        schools=_compared(found.by_school),
        spent=_compared(found.spent),
        teachers=_compared([(names.get(name, name), now, after) for name, now, after in found.by_teacher]),
    )


async def settle_payout(call: Call[wire.SettlePayout]) -> None:
    async with call.parts.store.work() as work:
        await subsidy.settle_payout(work, call.person, call.id(), call.body.outcome, call.body.why, work.began)


async def show_payees(call: Call[None]) -> wire.PayeesView:
    return await office.payees(call.parts.store)


async def import_payees(call: Call[wire.ImportPayees]) -> wire.PayeesImported:
    """All or none; what is wrong is told by row and column, and no number is repeated."""
    try:
        found, rows, mistakes = await asyncio.to_thread(read_payees, call.body.file)
    except UnreadableFile as error:
        return wire.PayeesImported(accounts=0, mistakes=[str(error)])
    if not mistakes:
        async with call.parts.store.work() as work:
            wrong = await payees.bring_in(work, _vault(call), found, call.person.id)
        mistakes = [Mistake(rows[each.row], each.column, each.zh, each.en) for each in wrong]
    accounts = 0 if mistakes else len(found)
    return wire.PayeesImported(accounts=accounts, mistakes=[str(each) for each in mistakes[:MISTAKES]])


async def batch_file(call: Call[None]) -> Response:
    """The month's ordered payouts in a bank's batch form: `form` is csv or xlsx."""
    month, form = _month(call.query.get("month", "")), call.query.get("form", "xlsx")
    async with call.parts.store.work() as work:
        transfers = await payees.batch(work, _vault(call), month, call.person.id)
    name = office.name_of(month)
    if form == "csv":
        return _file(batch_csv(name, transfers), "text/csv", f"payouts-{name}.csv")
    return _file(await asyncio.to_thread(batch_xlsx, name, transfers), XLSX, f"payouts-{name}.xlsx")


def _vault(call: Call[Any]) -> Vault:
    return Vault(call.parts.settings.signing_secret(), payees.PURPOSE)


async def trace(call: Call[None]) -> wire.TraceView:
    found = await office.trace(call.parts.store, call.parts.views, call.query.get("fact", "")[:200].replace("\0", ""))
    if found is None:
        raise NotHere
    return found


async def verify(call: Call[None]) -> wire.VerifyView:
    found = await audit.verify(call.parts.store)
    return wire.VerifyView(
        transactions=found.transactions,
        sealed=found.sealed,
        statements=found.statements,
        recomputed=found.recomputed,
        head=found.head,
        wrong=found.wrong[:100],
    )


async def published(call: Call[None]) -> wire.PublicView:
    return await office.published(call.parts.store)


# --- small things --------------------------------------------------------------------------------------------------


def _month(text: str) -> date:
    found = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text)
    if not found:
        raise BadRequest("a month is written YYYY-MM")
    return date(int(found.group(1)), int(found.group(2)), 1)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadRequest("a day is written YYYY-MM-DD") from error
    if not 2000 <= day.year <= 2200:
        raise BadRequest("a day from 2000 to 2200")
    return day


def _half_year_before(month: date) -> date:
    at = month.year * 12 + month.month - 6
    return date(at // 12, at % 12 + 1, 1)


def _month_after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _figure(found: Figure | None) -> wire.FigureView | None:
    if found is None:
        return None
    peers = [] if found.peers is None else list(found.peers)
    return wire.FigureView(value=found.value, low=found.low, high=found.high, peers=peers, facts=list(found.facts))


def _compared(rows: list[Row]) -> list[wire.SimulatedRow]:
    return [wire.SimulatedRow(name=name, now_fen=now, draft_fen=draft) for name, now, draft in rows]


def _line(line: Line, summary: str) -> wire.MoneyLine:
    return wire.MoneyLine(
        fact=line.fact.id,
        work=line.fact.kind,
        at=datetime.fromtimestamp(line.fact.start, UTC),
        fen=line.fen,
        held_fen=line.held_fen,
        points_x100=line.points_x100,
        status=line.status,
        rate=None if line.rate is None else line.rate.path,
        units_x100=line.units_x100,
        base_fen=line.base_fen,
        coefficient_x10000=line.coefficient,
        why=list(line.why),
        summary=summary,
    )


def _file(data: bytes, kind: str, name: str) -> Response:
    return Response(data, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


DOORS = (
    Door("GET", "/api/subsidy/mine", my_month, TEACHER, "A month of one's own, each line with its cause",
         reply=wire.TeacherMonth, tag="subsidy", query=("month",)),
    Door("GET", "/api/subsidy/appraisal", my_appraisal, TEACHER, "One's own appraisal of some days",
         reply=wire.AppraisalView, tag="subsidy", query=("first", "until")),
    Door("POST", "/api/subsidy/appraisal", comment_appraisal, TEACHER, "One's own comment on it", wire.CommentAppraisal,
         tag="subsidy"),
    Door("GET", "/api/subsidy/appraisal/pdf", appraisal_file, TEACHER | READERS, "An appraisal as PDF",
         content_type="application/pdf", tag="subsidy", query=("first", "until", "teacher")),
    Door("POST", "/api/subsidy/appeals", make_appeal, TEACHER, "Object to a statement", wire.AppealStatement,
         tag="subsidy"),
    Door("GET", "/api/subsidy/statements/{id}/pdf", statement_file, TEACHER | READERS, "A statement as PDF",
         content_type="application/pdf", tag="subsidy"),
    Door("GET", "/api/subsidy/office", the_office, READERS, "Months, holds, policies, appeals", reply=wire.OfficeView,
         tag="subsidy"),
    Door("GET", "/api/subsidy/statements", month_statements, READERS, "The statements of a month",
         reply=wire.MonthStatements, tag="subsidy", query=("month",)),
    Door("GET", "/api/subsidy/statements/{id}", statement_lines, READERS, "The postings on a statement",
         reply=wire.StatementLines, tag="subsidy"),
    Door("GET", "/api/subsidy/payees", show_payees, READERS, "Teachers' accounts, masked, and who read them",
         reply=wire.PayeesView, tag="subsidy"),
    Door("POST", "/api/subsidy/payees", import_payees, FINANCE, "Bring in teachers' accounts from a file",
         wire.ImportPayees, wire.PayeesImported, tag="subsidy", max_body=PAYEES_FILE),
    Door("POST", "/api/subsidy/months", move_month, FINANCE, "Reckon, close or pay out a month", wire.MoveMonth,
         wire.OfficeView, tag="subsidy"),
    Door("POST", "/api/subsidy/reviews", review_hold, FINANCE, "Release or refuse what is held", wire.ReviewHold,
         wire.OfficeView, tag="subsidy"),
    Door("POST", "/api/subsidy/appeals/{id}/reply", reply_to_appeal, FINANCE, "Answer an appeal", wire.ReplyToAppeal,
         tag="subsidy"),
    Door("POST", "/api/subsidy/policies", propose_policy, FINANCE, "Propose a policy", wire.ProposePolicy,
         wire.OfficeView, 201, tag="subsidy"),
    Door("POST", "/api/subsidy/policies/{id}/approve", approve_policy, FINANCE, "Put another's proposal in force",
         reply=wire.OfficeView, tag="subsidy"),
    Door("POST", "/api/subsidy/simulations", simulate, READERS, "What a draft would have paid", wire.Simulate,
         wire.SimulationView, tag="subsidy"),
    Door("POST", "/api/subsidy/payouts/{id}", settle_payout, FINANCE, "The bank's word: paid, or bounced and why",
         wire.SettlePayout, tag="subsidy"),
    Door("GET", "/api/subsidy/batch", batch_file, FINANCE, "Ordered payouts in a bank's batch form",
         content_type="*/*", tag="subsidy", query=("month", "form")),
    Door("GET", "/api/subsidy/trace", trace, READERS, "From a fact to its payout", reply=wire.TraceView, tag="subsidy",
         query=("fact",)),
    Door("GET", "/api/subsidy/verify", verify, READERS, "Is everything as it was posted?", reply=wire.VerifyView,
         tag="subsidy"),
    Door("GET", "/api/subsidy/public", published, "anyone", "Totals by school and month, small groups kept back",
         reply=wire.PublicView, tag="subsidy"),
)  # fmt: skip
