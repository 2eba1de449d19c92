"""Files on their way from a phone into the store: parts put by signed addresses, then checked whole and made safe.

A part is an object of its own, `incoming/<upload>/<number>`, so an upload resumes part by part on every kind of
store, and a recording can arrive while it is made.
"""

import hashlib
import tempfile
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

from media.intake import Kind, Taken, take_in
from media.limits import EmptyFile, Refused
from media.storage import FolderStorage, ObjectMissing, S3Storage
from server.actions.errors import BadRequest, Moved, NotAllowed, NotHere, Refusal, SessionOver
from server.domain.consent import voice_is_kept
from server.domain.people import Person, Role
from server.store.work import Record, Store, Work

UploadKind = Literal["photo", "voice", "video", "recording", "material"]
Storage = FolderStorage | S3Storage

PART_SIZE = 512 * 1024
MAX_BYTES: dict[str, int] = {
    "photo": 20 * 1024 * 1024,
    "voice": 20 * 1024 * 1024,
    "video": 100 * 1024 * 1024,
    "recording": 60 * 1024 * 1024,
    "material": 50 * 1024 * 1024,
}
PART_URL_LASTS = timedelta(minutes=15)
UNUSED_AFTER = timedelta(days=7)  # a question that waits on a phone without a network may still ask for its photo
RECORDING_PARTS = 4_000  # small slices while it is made: each of a second or more


class TooManyBytes(Refusal):
    """文件太大了，请拍小一点或者录短一点。"""

    code, en, status = "too_large", "The file is too large: take a smaller photo or a shorter recording.", 413


class Incomplete(Refusal):
    """文件没有传完整，请继续上传。"""

    code, en, status = "incomplete", "The file has not arrived whole: upload what is missing.", 409


class Corrupted(Refusal):
    """文件在路上损坏了，请再传一次。"""

    code, en, status = "corrupted", "The file was damaged on its way: upload it again.", 422


class UnusableFile(Refusal):
    """这个文件不能用，请换一个。"""

    code, en, status = "unusable", "This file can't be used; please choose another.", 422

    def __init__(self, why: Refused) -> None:
        super().__init__(why.en)
        self.code, self.en = why.code, why.en
        self._zh = why.zh

    @property
    def zh(self) -> str:
        return self._zh


async def start(
    store: Store, owner: Person, kind: UploadKind, content_type: str, session_id: UUID | None, ago_ms: int
) -> UUID:
    """An upload that may begin; a recording belongs to a session that its owner teaches, or in which the pupil may be
    heard afterwards, and began `ago_ms` before now."""
    if (kind == "recording") != (session_id is not None) or not 0 <= ago_ms <= 86_400_000:
        raise BadRequest
    if not (content_type.isascii() and content_type.isprintable()) or len(content_type) > 100:
        raise BadRequest
    if kind == "recording" and not content_type.startswith(("audio/", "video/")):
        raise BadRequest  # it is kept as it came, so it must not be a page
    if kind == "material" and not owner.is_a(Role.LECTURER):
        raise NotAllowed
    if kind != "photo" and not owner.is_a(Role.STUDENT, Role.TEACHER, Role.LECTURER):
        raise NotAllowed  # who searches the bank has photos to search by, and nothing else
    start_ms = 0
    async with store.work() as work:
        if session_id is not None:
            session = await work.live_session(session_id)
            if session is None or not await _may_be_heard(work, session, owner.id):
                raise NotHere
            if session.ended_at is not None:
                raise SessionOver
            open_ms = round((await work.now() - session.opened_at).total_seconds() * 1000)
            start_ms = session.from_ms + max(0, open_ms - ago_ms)
        id = uuid4()
        await work.add_media(
            id=id,
            owner_id=owner.id,
            kind=kind,
            state="arriving",
            content_type=content_type,
            session_id=session_id,
            start_ms=start_ms,
        )
        await work.commit()
    return id


async def arrived(store: Store, storage: Storage, owner: Person, id: UUID) -> tuple[Record, list[int]]:
    """The upload and the numbers of the parts that are there."""
    async with store.work() as work:
        media = _own(await work.media(id), owner)
    return media, sorted(await _parts(storage, id))


async def sign_parts(store: Store, storage: Storage, owner: Person, id: UUID, numbers: Iterable[int]) -> dict[str, str]:
    """A signed address for each part."""
    async with store.work() as work:
        media = _own(await work.media(id), owner)
        await _refuse_late_recording(work, media)
    if media.state != "arriving":
        raise Moved
    most = RECORDING_PARTS if media.kind == "recording" else -(-MAX_BYTES[media.kind] // PART_SIZE)
    wanted = sorted(set(numbers))
    if not wanted or len(wanted) > 200 or wanted[0] < 0:
        raise BadRequest
    if wanted[-1] >= most:
        raise TooManyBytes
    ttl = round(PART_URL_LASTS.total_seconds())
    return {str(n): await storage.sign_put(part_key(id, n), ttl, PART_SIZE, "application/octet-stream") for n in wanted}


async def complete(store: Store, storage: Storage, owner: Person, id: UUID, parts: int, size: int, sha256: str) -> None:
    """Checks that all arrived unharmed, makes the file safe and keeps it. Repeating it changes nothing.

    Raises Incomplete, Corrupted, TooManyBytes, or UnusableFile with a sentence that a child understands.
    """
    async with store.work() as work:
        media = _own(await work.media(id), owner)
        if media.state == "ready":
            return
        if media.state == "refused":
            raise Moved
        await _refuse_late_recording(work, media)
    if size < 1:
        raise UnusableFile(EmptyFile())
    if size > MAX_BYTES[media.kind]:
        raise TooManyBytes
    with tempfile.TemporaryDirectory(prefix="dayi-upload-") as folder:
        source = Path(folder) / "source"
        try:
            digest = await compose(storage, id, parts, source, size)
        except Incomplete:
            if await _is_ready(store, id):  # the phone asked twice, and the first time has just taken the parts away
                return
            raise
        if digest != sha256.lower():
            await discard_parts(storage, id)
            raise Corrupted
        await _keep(store, storage, media, source, digest)
    await discard_parts(storage, id)


async def _keep(store: Store, storage: Storage, media: Record, source: Path, digest: str) -> None:
    """First the objects, then the row that names them: a row never points at nothing."""
    if media.kind == "recording":
        key = f"recordings/{media.id}"
        stored = await storage.put(key, source, media.content_type)
        change = {"state": "ready", "key": key, "size": stored.size, "sha256": digest}
    else:
        try:
            taken = await take_in(source, Kind(media.kind), source.parent / "out")
        except Refused as refusal:
            await _change(store, media.id, {"state": "refused"})
            await discard_parts(storage, media.id)
            raise UnusableFile(refusal) from refusal
        change = await _put_taken(storage, media.id, taken) | {"sha256": digest}
    await _change(store, media.id, change)


async def _put_taken(storage: Storage, id: UUID, taken: Taken) -> dict[str, object]:
    key = f"media/{id}/{taken.file.name}"
    await storage.put(key, taken.file, taken.content_type)
    for page in sorted(taken.file.parent.glob("page-*.jpg"))[1:]:
        await storage.put(f"media/{id}/{page.name}", page, taken.content_type)
    thumb = f"media/{id}/thumbnail.jpg" if taken.thumbnail else None
    if taken.thumbnail and thumb:
        await storage.put(thumb, taken.thumbnail, "image/jpeg")
    return {
        "state": "ready",
        "key": key,
        "thumb_key": thumb,
        "content_type": taken.content_type,
        "size": taken.size,
        "width": taken.width or None,
        "height": taken.height or None,
        "duration_ms": taken.duration_ms or None,
        "peaks": list(taken.peaks) or None,
        "pages": [list(size) for size in taken.pages] or None,
        "page_texts": list(taken.page_texts) or None,
    }


async def _is_ready(store: Store, id: UUID) -> bool:
    async with store.work() as work:
        media = await work.media(id)
    return media is not None and media.state == "ready"


async def _change(store: Store, id: UUID, change: dict[str, object]) -> None:
    async with store.work() as work:
        media = await work.media(id, lock=True)
        if media is not None and media.state == "arriving":
            await work.change_media(id, **change)
        await work.commit()


async def compose(storage: Storage, id: UUID, parts: int, target: Path, size: int) -> str:
    """Puts the parts together in order; the SHA-256 of the whole. Raises Incomplete when one is missing."""
    stored = await _parts(storage, id)
    if parts < 1 or any(n not in stored for n in range(parts)) or sum(stored[n] for n in range(parts)) != size:
        raise Incomplete
    try:
        return await _join(storage, id, range(parts), target)
    except ObjectMissing as error:
        raise Incomplete from error


async def _join(storage: Storage, id: UUID, numbers: Iterable[int], target: Path) -> str:
    digest = hashlib.sha256()
    with target.open("wb") as file:
        for n in numbers:
            data = await storage.read(part_key(id, n), PART_SIZE)
            digest.update(data)
            file.write(data)
    return digest.hexdigest()


async def salvage(store: Store, storage: Storage, id: UUID) -> None:
    """What arrived of a recording whose browser was lost is kept as if it had been completed, once the session is over.

    A part that is missing is a gap in what is heard; without the first, which says how the rest is written, nothing is.
    """
    async with store.work() as work:
        media = await work.media(id)
    if media is None or media.state != "arriving":
        return
    stored = sorted(await _parts(storage, id))
    if stored[:1] == [0]:
        with tempfile.TemporaryDirectory(prefix="dayi-upload-") as folder:
            source = Path(folder) / "source"
            await _keep(store, storage, media, source, await _join(storage, id, stored, source))
    else:
        await _change(store, id, {"state": "refused"})
    await discard_parts(storage, id)


async def sweep(store: Store, storage: Storage) -> None:
    """Forgets files that no question and no session uses: never completed, refused, or never asked with.

    The row stops offering its objects before they go, and goes itself when they are gone: a row never points at
    nothing, and what a crash leaves half done is done by the next sweep.
    """
    async with store.work() as work:
        unused = await work.unused_media(work.began - UNUSED_AFTER)
    for id in unused:
        await forget_file(store, storage, id)


async def forget_file(store: Store, storage: Storage, id: UUID) -> None:
    """Its objects and its row, unless something uses it."""
    async with store.work() as work:
        media = await work.media(id, lock=True)
        if media is None or await work.is_used(id):
            return
        await work.change_media(id, state="refused")
        await work.commit()
    for prefix in (f"incoming/{id}/", f"media/{id}/"):
        for stat in await storage.list(prefix, RECORDING_PARTS):
            await storage.delete(stat.key)
    async with store.work() as work:
        await work.forget_media(id)
        await work.commit()


async def discard_parts(storage: Storage, id: UUID) -> None:
    for stat in await storage.list(f"incoming/{id}/", RECORDING_PARTS):
        await storage.delete(stat.key)


async def _parts(storage: Storage, id: UUID) -> dict[int, int]:
    """Number and size of the parts that arrived; one that is larger than was signed for does not count."""
    found = await storage.list(f"incoming/{id}/", RECORDING_PARTS)
    return {int(stat.key.rsplit("/", 1)[1]): stat.size for stat in found if stat.size <= PART_SIZE}


def part_key(id: UUID, number: int) -> str:
    return f"incoming/{id}/{number:05d}"


async def _may_be_heard(work: Work, session: Record, person: UUID) -> bool:
    """A child's voice is taken only as long as the guardian's word for it stands."""
    if session.teacher_id == person:
        return True
    return session.student_id == person and session.kind == "live" and voice_is_kept(await work.consents_of(person))


async def _refuse_late_recording(work: Work, media: Record) -> None:
    """What is said after the session ended, or after losing it, belongs to no answer."""
    session = None if media.session_id is None else await work.live_session(media.session_id)
    if session is None:
        return
    if session.ended_at is not None:
        raise SessionOver
    if not await _may_be_heard(work, session, media.owner_id):
        raise NotHere


def _own(media: Record | None, owner: Person) -> Record:
    if media is None or media.owner_id != owner.id:
        raise NotHere
    return media
