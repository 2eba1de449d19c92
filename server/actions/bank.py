"""Searches of the bank that research staff keep, and photos that they search by."""

import logging
from collections.abc import Mapping
from typing import Protocol
from uuid import UUID, uuid4

from media.storage import ObjectMissing, StorageUnavailable
from server.actions.errors import BadRequest, Moved, NotHere
from server.actions.upload import MAX_BYTES, Storage, forget_file
from server.child import ChildFailed
from server.domain.people import Person, Role
from server.reading import OnePhoto
from server.store.cohorts import CohortBook
from server.store.work import Record, Store, Work

log = logging.getLogger(__name__)

MOST_COHORTS = 200
LONGEST_TITLE = 60
MOST_PROBLEMS = 20
LONGEST_READ = 500


class NameTaken(Moved):
    """您已经有一个同名的收藏，请换个名字。"""

    code, en = "name_taken", "You have a saved search of that name: choose another."


class TooManyCohorts(Moved):
    """收藏太多了，请先删掉不用的。"""

    code, en = "too_many_cohorts", "Too many saved searches: delete some first."


# --- cohorts -------------------------------------------------------------------------------------------------------


async def keep(work: Work, who: Person, title: str, search: Mapping[str, str], shared: bool) -> UUID:
    """Private, or for all research staff."""
    book, title = CohortBook(work), _title(title)
    if shared and not who.is_a(Role.RESEARCHER):
        raise BadRequest("only research staff share with research staff")
    if await book.count(who.id) >= MOST_COHORTS:
        raise TooManyCohorts
    if await book.is_taken(who.id, title):
        raise NameTaken
    id = uuid4()
    await book.add(id, who.id, title, search, shared)
    await work.commit()
    return id


async def change(
    work: Work, who: Person, id: UUID, title: str | None, search: Mapping[str, str] | None, shared: bool | None
) -> None:
    """Of one's own; what another shares is that one's to change."""
    book = CohortBook(work)
    await _own(book, who, id)
    if shared and not who.is_a(Role.RESEARCHER):
        raise BadRequest("only research staff share with research staff")
    if title is not None:
        title = _title(title)
        if await book.is_taken(who.id, title, beside=id):
            raise NameTaken
    await book.change(id, title, search, shared)
    await work.commit()


async def forget(work: Work, who: Person, id: UUID) -> None:
    book = CohortBook(work)
    await _own(book, who, id)
    await book.forget(id)
    await work.commit()


async def _own(book: CohortBook, who: Person, id: UUID) -> Record:
    await book.count(who.id)  # two pages of one person wait for each other
    found = await book.cohort(id, who.id, shared=False)
    if found is None:
        raise NotHere
    return found


def _title(title: str) -> str:
    title = " ".join(title.split())
    if not 1 <= len(title) <= LONGEST_TITLE or not title.isprintable():
        raise BadRequest("a name has 1 to 60 characters")
    return title


# --- photos --------------------------------------------------------------------------------------------------------


class Reader(Protocol):
    """Reads a photo; raises ChildFailed."""

    async def read(self, photo: bytes) -> OnePhoto: ...


async def look_at(work: Work, who: Person, media_id: UUID) -> UUID:
    """A photo that was uploaded is read by a worker, as a pupil's is, and thrown away."""
    media = await work.media(media_id, lock=True)
    if media is None or media.owner_id != who.id or media.state != "ready" or media.kind != "photo":
        raise NotHere
    book = CohortBook(work)
    if await book.is_photo(media_id) or await work.is_used(media_id):
        raise Moved
    id = uuid4()
    await book.add_photo(id, who.id, media_id)
    work.defer("read_to_search", queue="read", photo_id=str(id))
    await work.commit()
    return id


async def read(store: Store, storage: Storage, reader: Reader, id: UUID) -> None:
    """What the photo says is kept for an hour for whoever asked, the photo not at all; safe to repeat."""
    async with store.work() as work:
        photo = await CohortBook(work).photo(id)
        media = None if photo is None else await work.media(photo.media_id)
    if photo is None or photo.state != "reading":
        return
    state, problems = "failed", []
    try:
        if media is not None and media.key:
            found = await reader.read(await storage.read(media.key, MAX_BYTES["photo"]))
            pieces = [(each.text, each.figure) for each in found.problems] or [(found.text, found.figure)]
            problems = [
                {"text": " ".join(text.replace("\0", "").split())[:LONGEST_READ], "figure": figure}
                for text, figure in pieces[:MOST_PROBLEMS]
                if text.strip() or figure
            ]
            state = "read"
    except (ChildFailed, ObjectMissing, StorageUnavailable) as error:
        log.warning("a photo to search by is not read", extra={"photo": str(id), "why": repr(error)})
    async with store.work() as work:
        await CohortBook(work).read(id, state, problems)
        await work.commit()
    await forget_file(store, storage, photo.media_id)


async def forget_photos(store: Store) -> None:
    """What was read to search by, an hour later."""
    async with store.work() as work:
        await CohortBook(work).forget_photos()
        await work.commit()
