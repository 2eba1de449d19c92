"""Research staff note what they did for their quarter's quota; the head of research sets what is owed."""

import hashlib
from datetime import date, datetime
from uuid import UUID, uuid4

from server.actions.errors import BadRequest, KeyReused, NotHere, QuarterClosed
from server.domain.people import Person
from server.domain.quota import MOST, BadEntry, Quarter, Target, TeachingWork, checked
from server.store.quotas import Quotas
from server.store.work import Work


async def note(work: Work, person: Person, kind: TeachingWork, day: date, said: str, key: str, now: datetime) -> UUID:
    """Noting it twice with one key is noting it once."""
    id = uuid4()
    fingerprint = hashlib.sha256(repr(("entry", kind, day, said)).encode("utf-8", "surrogatepass")).digest()
    known, kept = await work.remember(person.id, key, fingerprint, id)
    if kept != fingerprint:
        raise KeyReused
    if known == id:
        words = _fit(kind, day, said, now)
        await Quotas(work).word(id, person.id, kind, day, words)
        await work.commit()
    return known


async def change(work: Work, person: Person, id: UUID, kind: TeachingWork, day: date, said: str, now: datetime) -> None:
    """Other words, another day or kind; the earlier ones stay to be read. Neither quarter may be closed."""
    quotas = Quotas(work)
    known = await quotas.entry(id)
    if known is None or known.person_id != person.id or known.struck:
        raise NotHere
    _is_open(known.day, now)
    words = _fit(kind, day, said, now)
    if (kind, day, words) != (TeachingWork(known.kind), known.day, known.note):
        await quotas.word(id, person.id, kind, day, words)
        await work.commit()


async def strike(work: Work, person: Person, id: UUID, now: datetime) -> None:
    """It counts no more. Striking it twice is striking it."""
    quotas = Quotas(work)
    known = await quotas.entry(id)
    if known is None or known.person_id != person.id:
        raise NotHere
    _is_open(known.day, now)
    if not known.struck:
        await quotas.word(id, person.id, known.kind, known.day, known.note, struck=True)
        await work.commit()


async def set_target(
    work: Work, head: Person, person: UUID, quarter: Quarter, kind: TeachingWork, target: Target, now: datetime
) -> None:
    if not 0 <= target.count <= MOST:
        raise BadRequest(f"0 to {MOST}")
    quotas = Quotas(work)
    if not await quotas.is_staff(person):
        raise NotHere
    if quarter.is_closed(now):
        raise QuarterClosed
    await quotas.set(person, quarter, kind, target, head.id)
    await work.commit()


def _fit(kind: TeachingWork, day: date, said: str, now: datetime) -> str:
    try:
        words = checked(kind, day, said, now)
    except BadEntry as error:
        raise BadRequest(str(error)) from error
    _is_open(day, now)
    return words


def _is_open(day: date, now: datetime) -> None:
    if Quarter.of(day).is_closed(now):
        raise QuarterClosed
