"""The doors of what leaves the page: data taken away by project, and archived weekly reports."""

import asyncio
from collections import defaultdict
from datetime import date
from typing import Any, Literal
from uuid import UUID

from starlette.responses import Response

from server.actions import projects
from server.actions.errors import BadRequest, NotHere
from server.domain.deidentify import COLUMNS
from server.domain.people import Role
from server.live import protocol as wire
from server.report_file import report_pdf
from server.store import reports
from server.store.cohorts import CohortBook
from server.store.projects import Projects
from server.store.work import Work
from server.web.auth import proven_again
from server.web.door import Call, Door, Reply

RESEARCHER = frozenset({Role.RESEARCHER})
NOWHERE = UUID(int=0)  # the school of who has none
READERS = frozenset({Role.RESEARCHER, Role.SCHOOL_ADMIN})  # of reports: a school's staff of their own


async def show_projects(call: Call[None]) -> wire.ProjectsView:
    return await _projects(call)


async def ask_project(call: Call[wire.AskProject]) -> Reply:
    body = call.body
    first, until, expires = _day(body.first), _day(body.until), _day(body.expires_on)
    async with call.parts.store.work() as work:
        await projects.ask(work, call.person, body.title, body.purpose, first, until, expires, work.began)
    return Reply(await _projects(call), status=201)


async def decide_project(call: Call[wire.DecideProject]) -> wire.ProjectsView:
    async with call.parts.store.work() as work:
        await projects.decide(work, call.person, call.id(), call.body.approve)
    return await _projects(call)


async def make_export(call: Call[wire.MakeExport]) -> Reply:
    async with call.parts.store.work() as work:
        await projects.begin(work, call.person, call.id(), call.body.form)
    return Reply(await _projects(call), status=201)


async def fetch_export(call: Call[wire.FetchExport]) -> wire.ExportAddress:
    """Noted before the address is given out, to who says the password once more."""
    async with call.parts.store.work() as work:
        if await Projects(work).export(call.id()) is None:
            raise NotHere
    await proven_again(call, call.body.password)
    lasts = call.parts.settings.signed_url_s
    async with call.parts.store.work() as work:
        return wire.ExportAddress(url=await projects.fetch(work, call.parts.storage, call.person, call.id(), lasts))


async def list_reports(call: Call[None]) -> wire.Reports:
    """Of the city, or of the school that is asked for; a school's staff those of their own."""
    school = call.asked_id("school")
    if school is None and "school" in call.query:
        raise BadRequest
    async with call.parts.store.work() as work:
        own = await _only_school(work, call)
        if own is not None and school not in (None, own):
            raise NotHere
        found = await reports.reports(work, own or school)
        schools = await reports.schools_with_reports(work) if own is None else []
    return wire.Reports(
        reports=[wire.ReportLine(id=row.id, week=str(row.week), made_at=row.made_at) for row in found],
        schools=[wire.SchoolName(id=row.id, name=row.name) for row in schools],
    )


async def show_report(call: Call[None]) -> wire.Report:
    async with call.parts.store.work() as work:
        own = await _only_school(work, call)
        found = await reports.report(work, call.id())
    if found is None or own not in (None, found[0].school_id):
        raise NotHere
    row, week = found
    return wire.Report(school=row.name, made_at=row.made_at, week=week)


async def report_file(call: Call[None]) -> Response:
    found = await show_report(call)
    data = await asyncio.to_thread(report_pdf, found)
    named = {"Content-Disposition": f'attachment; filename="weekly-{found.week.week}.pdf"'}
    return Response(data, media_type="application/pdf", headers=named)


async def _only_school(work: Work, call: Call[Any]) -> UUID | None:
    """None for research staff, who may see all of them."""
    if call.person.is_a(Role.RESEARCHER):
        return None
    return await CohortBook(work).school_of(call.person.id) or NOWHERE


async def _projects(call: Call[Any]) -> wire.ProjectsView:
    async with call.parts.store.work() as work:
        rows, exports, log = await Projects(work).all()
    files: dict[UUID, list[wire.ExportLine]] = defaultdict(list)
    for each in exports:
        files[each.project_id].append(
            wire.ExportLine(
                id=each.id,
                form=each.form,
                state=each.state,
                asked_at=each.asked_at,
                rows=each.rows,
                left_out=each.left_out,
                size=each.size,
            )
        )
    notes: dict[UUID, list[wire.ProjectNote]] = defaultdict(list)
    for each in log:
        notes[each.project_id].append(wire.ProjectNote(at=each.at, act=each.act, who=each.nickname))
    return wire.ProjectsView(
        projects=[
            wire.ProjectView(
                id=row.id,
                title=row.title,
                purpose=row.purpose,
                first=str(row.first),
                until=str(row.until),
                expires_on=str(row.expires_on),
                state=_state(row.approved, row.is_over),
                asked_by=row.asker,
                decided_by=row.decider,
                mine=row.asked_by == call.person.id,
                exports=files[row.id],
                log=notes[row.id],
            )
            for row in rows
        ],
        columns=[wire.ColumnView(name=name, kind=kind, zh=zh, en=en) for name, kind, zh, en in COLUMNS],
    )


def _state(approved: bool | None, is_over: bool) -> Literal["asked", "approved", "refused", "expired"]:
    if approved is None:
        return "asked"
    if not approved:
        return "refused"
    return "expired" if is_over else "approved"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise projects.BadProject from error


DOORS = (
    Door("GET", "/api/research/projects", show_projects, RESEARCHER, "Projects that take data away",
         reply=wire.ProjectsView, tag="research"),
    Door("POST", "/api/research/projects", ask_project, RESEARCHER, "Ask for a project; another person approves",
         wire.AskProject, wire.ProjectsView, 201, tag="research"),
    Door("POST", "/api/research/projects/{id}/decide", decide_project, RESEARCHER,
         "Approve or refuse, being another person", wire.DecideProject, wire.ProjectsView, tag="research"),
    Door("POST", "/api/research/projects/{id}/exports", make_export, RESEARCHER, "Have a file made",
         wire.MakeExport, wire.ProjectsView, 201, tag="research"),
    Door("POST", "/api/research/exports/{id}/fetch", fetch_export, RESEARCHER, "The address of a file; it is noted",
         wire.FetchExport, wire.ExportAddress, tag="research"),
    Door("GET", "/api/research/reports", list_reports, READERS, "Archived weekly reports", reply=wire.Reports,
         tag="research", query=("school",)),
    Door("GET", "/api/research/reports/{id}", show_report, READERS, "A weekly report", reply=wire.Report,
         tag="research"),
    Door("GET", "/api/research/reports/{id}/pdf", report_file, READERS, "The same as PDF",
         content_type="application/pdf", tag="research"),
)  # fmt: skip
