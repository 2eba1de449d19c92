"""The doors of quotas: what research staff owe in a quarter and did for it."""

from datetime import date
from typing import Any

from starlette.responses import Response

from server.actions import quota
from server.actions.errors import BadRequest
from server.domain.people import Role
from server.domain.quota import BadEntry, Quarter, Target, today
from server.live import protocol as wire
from server.quota_file import quota_csv
from server.store import quotas
from server.web.door import Call, Door, Reply

RESEARCHER = frozenset({Role.RESEARCHER})
HEAD = frozenset({Role.RESEARCH_HEAD})


async def show_quotas(call: Call[Any]) -> wire.QuotaBoard:
    """One's own; the head of research sees everybody's. The quarter that runs, or the one that is asked for."""
    asked, is_head = call.query.get("quarter"), call.person.is_a(Role.RESEARCH_HEAD)
    async with call.parts.store.work() as work:
        now = work.began
        quarter = Quarter.of(today(now)) if asked is None else _quarter(asked)
        return await quotas.board(work, quarter, now, None if is_head else call.person.id, is_head)


async def quotas_file(call: Call[None]) -> Response:
    board = await show_quotas(call)
    headers = {"Content-Disposition": f'attachment; filename="quotas-{board.quarter}.csv"'}
    return Response(quota_csv(board), media_type="text/csv", headers=headers)


async def note_work(call: Call[wire.NoteWork]) -> Reply:
    body = call.body
    async with call.parts.store.work() as work:
        now = work.began
        await quota.note(work, call.person, body.kind, _day(body.day), body.note, call.key, now)
    return Reply(await show_quotas(call), status=201)


async def change_entry(call: Call[wire.NoteWork]) -> wire.QuotaBoard:
    body = call.body
    async with call.parts.store.work() as work:
        now = work.began
        await quota.change(work, call.person, call.id(), body.kind, _day(body.day), body.note, now)
    return await show_quotas(call)


async def strike_entry(call: Call[None]) -> wire.QuotaBoard:
    async with call.parts.store.work() as work:
        await quota.strike(work, call.person, call.id(), work.began)
    return await show_quotas(call)


async def set_target(call: Call[wire.SetTarget]) -> wire.QuotaBoard:
    body = call.body
    target = Target(body.target, body.lectures, body.lessons)
    async with call.parts.store.work() as work:
        now = work.began
        await quota.set_target(work, call.person, call.id(), _quarter(body.quarter), body.kind, target, now)
    return await show_quotas(call)


def _quarter(text: str) -> Quarter:
    try:
        return Quarter.read(text)
    except BadEntry as error:
        raise BadRequest(str(error)) from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadRequest("a day is written like 2026-03-02") from error


DOORS = (
    Door("GET", "/api/research/quotas", show_quotas, RESEARCHER | HEAD, "What is owed in a quarter, and was done",
         reply=wire.QuotaBoard, tag="quotas", query=("quarter",)),
    Door("GET", "/api/research/quotas.csv", quotas_file, RESEARCHER | HEAD, "The same as a file",
         content_type="text/csv", tag="quotas", query=("quarter",)),
    Door("POST", "/api/research/entries", note_work, RESEARCHER, "Note what one did", wire.NoteWork, wire.QuotaBoard,
         201, needs_key=True, tag="quotas", query=("quarter",)),
    Door("POST", "/api/research/entries/{id}/change", change_entry, RESEARCHER, "Word it anew", wire.NoteWork,
         wire.QuotaBoard, tag="quotas", query=("quarter",)),
    Door("POST", "/api/research/entries/{id}/strike", strike_entry, RESEARCHER, "It counts no more",
         reply=wire.QuotaBoard, tag="quotas", query=("quarter",)),
    Door("POST", "/api/research/staff/{id}/target", set_target, HEAD, "Set what somebody owes in a quarter",
         wire.SetTarget, wire.QuotaBoard, tag="quotas", query=("quarter",)),
)  # fmt: skip
