"""The doors of the bank: search and facets over all questions and answers, kept searches, a photo to search by."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID

from server.actions import bank
from server.actions.errors import BadRequest, NotAllowed, NotHere
from server.bank import sought
from server.domain.bank import PERIODS, UNLABELLED, Outcome, Search
from server.domain.label import LONGEST_POINT, Difficulty
from server.domain.people import Role, Stage, Subject
from server.live import protocol as wire
from server.store import taxonomies
from server.store.bank_views import BankViews
from server.store.cohorts import CohortBook
from server.store.lines import Record
from server.store.work import Work
from server.web.door import Call, Door, Reply

READERS = frozenset({Role.RESEARCHER, Role.SCHOOL_ADMIN})
LONGEST_WORDS = 500
FURTHEST = 2_000  # questions that somebody leafs past
NAMES = (
    "q", "figure", "subject", "stage", "grade", "point", "difficulty", "outcome", "topic", "school", "weeks", "until",
)  # fmt: skip
E = TypeVar("E", Subject, Stage, Difficulty, Outcome)


async def find(call: Call[None]) -> wire.BankView:
    search, skip = search_of(call.query), _number(call.query, "skip", range(FURTHEST + 1)) or 0
    async with call.parts.store.work() as work:
        school = await _rights(work, call, search)
        found = await sought(call.parts.finder, work, search)
        return await BankViews(call.parts.views, work, school).found(search, found, skip)


async def look_at_photo(call: Call[wire.ReadPhoto]) -> Reply:
    async with call.parts.store.work() as work:
        id = await bank.look_at(work, call.person, call.body.media_id)
    return Reply(wire.BankPhoto(id=id, state="reading", problems=[]), status=201)


async def photo(call: Call[None]) -> wire.BankPhoto:
    """What was read of it, for whoever had it read."""
    async with call.parts.store.work() as work:
        row = await CohortBook(work).photo(call.id())
    if row is None or row.owner_id != call.person.id:
        raise NotHere
    problems = [wire.BankProblem(text=each["text"], figure=each["figure"]) for each in row.problems]
    return wire.BankPhoto(id=row.id, state=row.state, problems=problems)


# --- cohorts -------------------------------------------------------------------------------------------------------


async def cohorts(call: Call[Any]) -> wire.Cohorts:
    async with call.parts.store.work() as work:
        rows = await CohortBook(work).seen_by(call.person.id, shared=_shares(call))
    return wire.Cohorts(cohorts=[_cohort(row, call) for row in rows])


async def cohort(call: Call[None]) -> wire.CohortView:
    """As it is to be opened now: what was renamed or replaced since is what it became. Another's that is not shared is
    as if it were not there."""
    async with call.parts.store.work() as work:
        row = await CohortBook(work).cohort(call.id(), call.person.id, shared=_shares(call))
        if row is None:
            raise NotHere
        view = _cohort(row, call)
        search = search_of(view.search)
        if search.point not in (None, UNLABELLED) and search.subject and search.stage and row.taxonomy_id:
            assert search.point is not None
            now = await taxonomies.now_called(work, search.subject, search.stage, search.point, row.taxonomy_id)
            if now is not None and now != search.point:
                view.search = {**view.search, "point": now}
                view.moved = [wire.BankMoved(what="point", was=search.point, now=now)]
    return view


async def keep_cohort(call: Call[wire.KeepCohort]) -> Reply:
    body = call.body
    async with call.parts.store.work() as work:
        search = await _checked(work, call, body.search)
        await bank.keep(work, call.person, body.title, search, body.shared)
    return Reply(await cohorts(call), status=201)


async def change_cohort(call: Call[wire.ChangeCohort]) -> wire.Cohorts:
    body = call.body
    async with call.parts.store.work() as work:
        search = None if body.search is None else await _checked(work, call, body.search)
        await bank.change(work, call.person, call.id(), body.title, search, body.shared)
    return await cohorts(call)


async def forget_cohort(call: Call[None]) -> wire.Cohorts:
    async with call.parts.store.work() as work:
        await bank.forget(work, call.person, call.id())
    return await cohorts(call)


def _shares(call: Call[Any]) -> bool:
    return call.person.is_a(Role.RESEARCHER)


def _cohort(row: Record, call: Call[Any]) -> wire.CohortView:
    mine = row.owner_id == call.person.id
    return wire.CohortView(
        id=row.id,
        title=row.title,
        search=row.search,
        shared=row.shared,
        mine=mine,
        who="" if mine else row.nickname,
        made_at=row.made_at,
    )


async def _checked(work: Work, call: Call[Any], given: Mapping[str, str]) -> dict[str, str]:
    if unknown := sorted(set(given) - set(NAMES)):
        raise BadRequest(f"there is no {unknown[0][:40]} to look for")
    await _rights(work, call, search_of(given))
    return {name: given[name] for name in NAMES if given.get(name)}


# --- what is asked for ---------------------------------------------------------------------------------------------


async def _rights(work: Work, call: Call[Any], search: Search) -> UUID | None:
    """Research staff see the city; a school's staff what is told of their school, and no other."""
    if call.person.is_a(Role.RESEARCHER):
        return None
    school = await CohortBook(work).school_of(call.person.id)
    if school is None or search.school not in (None, school):
        raise NotAllowed
    return school


def search_of(query: Mapping[str, str]) -> Search:
    """Raises BadRequest for what makes no sense; of words that are too long, the beginning is looked for."""
    subject, stage = _one_of(Subject, query, "subject"), _one_of(Stage, query, "stage")
    point = query.get("point", "").replace("\0", "")[:LONGEST_POINT] or None
    if point is not None and (subject is None or stage is None):
        raise BadRequest("a knowledge point needs its subject and stage")
    figure = query.get("figure") or None
    if figure is not None and not _FIGURE.fullmatch(figure):
        raise BadRequest("figure is the hash of a drawing")
    return Search(
        words=query.get("q", "").replace("\0", "").strip()[:LONGEST_WORDS],
        figure=figure,
        subject=subject,
        stage=stage,
        grade=_number(query, "grade", range(1, 13)),
        point=point,
        difficulty=_one_of(Difficulty, query, "difficulty"),
        outcome=_one_of(Outcome, query, "outcome"),
        topic=_number(query, "topic", range(1, 1 << 31)),
        school=_id(query.get("school", "")),
        weeks=_number(query, "weeks", PERIODS) or Search.weeks,
        until=_week(query.get("until", "")),
    )


def _one_of(kind: type[E], query: Mapping[str, str], name: str) -> E | None:
    try:
        return kind(query[name]) if query.get(name) else None
    except ValueError as error:
        raise BadRequest(f"there is no such {name}") from error


def _number(query: Mapping[str, str], name: str, among: range | tuple[int, ...]) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) in among):
        raise BadRequest(f"there is no such {name}")
    return int(text)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise BadRequest("school is an id") from error


def _week(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
        return None if day is None else day - timedelta(days=day.weekday())
    except (ValueError, OverflowError) as error:
        raise BadRequest("until is a day") from error


_FIGURE = re.compile("[0-9a-f]{16}")

DOORS = (
    Door("GET", "/api/research/bank", find, READERS, "Search and facets over all questions and answers",
         reply=wire.BankView, tag="research", query=(*NAMES, "skip")),
    Door("POST", "/api/research/bank/photos", look_at_photo, READERS, "Read a photo to search by, and throw it away",
         wire.ReadPhoto, wire.BankPhoto, 201, tag="research"),
    Door("GET", "/api/research/bank/photos/{id}", photo, READERS, "What was read of a photo to search by",
         reply=wire.BankPhoto, tag="research"),
    Door("GET", "/api/research/cohorts", cohorts, READERS, "Kept searches: one's own, and those that are shared",
         reply=wire.Cohorts, tag="research"),
    Door("POST", "/api/research/cohorts", keep_cohort, READERS, "Keep a search under a name", wire.KeepCohort,
         wire.Cohorts, 201, tag="research"),
    Door("GET", "/api/research/cohorts/{id}", cohort, READERS, "A kept search as it is to be opened now",
         reply=wire.CohortView, tag="research"),
    Door("POST", "/api/research/cohorts/{id}", change_cohort, READERS, "Rename a kept search, change it, share it",
         wire.ChangeCohort, wire.Cohorts, tag="research"),
    Door("POST", "/api/research/cohorts/{id}/forget", forget_cohort, READERS, "Forget a kept search",
         reply=wire.Cohorts, tag="research"),
)  # fmt: skip
