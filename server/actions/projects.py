"""Taking data away: a project asks with a purpose, another person approves, a worker writes the file, time ends it."""

import asyncio
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.actions.errors import BadRequest, Moved, NotHere
from server.actions.facts import SHANGHAI
from server.actions.upload import Storage
from server.domain.deidentify import Asked, alike, cells, pseudonym
from server.domain.people import Person
from server.export_files import TYPES, Form, Writer, writer
from server.store import facts
from server.store.projects import Projects
from server.store.work import Store, Work

LONGEST = timedelta(days=366)  # that a project may last
MOST_DAYS = timedelta(days=5 * 366)  # of questions


class BadProject(BadRequest):
    """请写明名称和用途（至少 10 个字）；日期先后要对，有效期不超过一年。"""

    code = "bad_project"
    en = "Give a name and a purpose of at least 10 characters; dates in order, valid for at most a year."


class OwnProject(Moved):
    """自己申请的项目要由另一位教研员决定。"""

    code, en = "own_project", "Another researcher decides on what you asked for."


class NotInForce(Moved):
    """这个项目没有获批，或者已经到期。"""

    code, en = "not_in_force", "This project is not approved, or is over."


async def ask(
    work: Work, who: Person, title: str, purpose: str, first: date, until: date, expires: date, now: datetime
) -> UUID:
    today = now.astimezone(SHANGHAI).date()
    title, purpose = title.strip(), purpose.strip()
    if not (1 <= len(title) <= 80 and 10 <= len(purpose) <= 1_000):
        raise BadProject
    if not (first < until <= first + MOST_DAYS and today <= expires <= today + LONGEST):
        raise BadProject
    projects = Projects(work)
    dates = {"first": first, "until": until, "expires_on": expires}
    id = await projects.add(title=title, purpose=purpose, asked_by=who.id, **dates)
    await projects.note(id, "asked", who.id)
    await work.commit()
    return id


async def decide(work: Work, who: Person, id: UUID, approve: bool) -> None:
    projects = Projects(work)
    project = await projects.project(id)
    if project is None:
        raise NotHere
    if project.asked_by == who.id:
        raise OwnProject
    if project.decided_by is not None:
        raise Moved
    await projects.decide(id, who.id, approve)
    await projects.note(id, "approved" if approve else "refused", who.id)
    await work.commit()


async def begin(work: Work, who: Person, id: UUID, form: Form) -> UUID:
    """The file is made by a worker."""
    projects = Projects(work)
    if await projects.project(id) is None:
        raise NotHere
    export = await projects.add_export(project_id=id, form=form, asked_by=who.id)
    found = await projects.export(export)
    if found is None or not found.in_force:
        raise NotInForce
    await projects.note(id, "made", who.id, export)
    work.defer("make_export", queue="read", export_id=str(export))
    await work.commit()
    return export


async def make(store: Store, storage: Storage, secret: str, id: UUID) -> None:
    """Writes the file, a day at a time; doing it twice writes the same rows."""
    async with store.work() as work:
        export = await Projects(work).export(id)
        names = await facts.school_names(work)
    if export is None or export.state != "making":
        return
    key = project_key(secret, export.project_id)
    with tempfile.TemporaryDirectory(prefix="dayi-export-") as folder:
        path = Path(folder) / f"questions.{export.form}"
        out = await asyncio.to_thread(writer, export.form, path)
        rows = left_out = 0
        for day in _days(export.first, export.until):
            async with store.work() as work:
                asked = await Projects(work).asked_on(day)
            kept, lost = await asyncio.to_thread(_add, out, asked, key, names)
            rows, left_out = rows + kept, left_out + lost
        await asyncio.to_thread(out.done)
        stat = await storage.put(key_of(id, export.form), path, TYPES[export.form])
    async with store.work() as work:
        await Projects(work).change_export(id, "ready", rows=rows, left_out=left_out, size=stat.size)
        await work.commit()


async def give_up(store: Store, id: UUID) -> None:
    async with store.work() as work:
        await Projects(work).change_export(id, "failed")
        await work.commit()


async def fetch(work: Work, storage: Storage, who: Person, id: UUID, lasts_s: int) -> str:
    """The address of a file, given out once it is noted who takes it."""
    projects = Projects(work)
    export = await projects.export(id)
    if export is None or export.state != "ready":
        raise NotHere
    if not export.in_force:
        raise NotInForce
    await projects.note(export.project_id, "downloaded", who.id, id)
    await work.commit()
    return await storage.sign_get(key_of(id, export.form), lasts_s, f"{export.title}.{export.form}")


async def expire(store: Store, storage: Storage) -> None:
    """Files of projects that are over are deleted."""
    async with store.work() as work:
        expired = await Projects(work).expired()
    for export in expired:
        await storage.delete(key_of(export.id, export.form))
        async with store.work() as work:
            await Projects(work).change_export(export.id, "gone")
            await Projects(work).note(export.project_id, "expired", None, export.id)
            await work.commit()


def key_of(export: UUID, form: str) -> str:
    return f"exports/{export}/questions.{form}"


def project_key(secret: str, project: UUID) -> bytes:
    """Of its pseudonyms: nobody has it who has the database alone."""
    about = f"dayi research project {project}".encode()
    return HKDF(SHA256(), length=32, salt=None, info=about).derive(secret.encode())


def _add(out: Writer, asked: list[Asked], key: bytes, names: dict[UUID, str]) -> tuple[int, int]:
    """How many of a day's rows were written, and left out; in the order of pseudonyms, which tells nothing of time."""
    kept, left_out = alike(asked)
    rows = [cells(row, pseudonym(key, row), None if row.school is None else names.get(row.school)) for row in kept]
    out.add(sorted(rows, key=lambda row: str(row[0])))
    return len(rows), left_out


def _days(first: date, until: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((until - first).days)]
