"""A lecture that is over becomes one video: its board, its pages and its sound, part by part.

The film's clock is the lecture's, so that chapters, captions and what was watched mean the same in both.
"""

import asyncio
import logging
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

from media.captions import Caption
from media.cmaf import RATE, SEGMENT, initialisation
from media.face import Shot
from media.render import Kept, News, Progress, RenderJob, render
from media.storage import FolderStorage, ObjectMissing, S3Storage, StorageUnavailable
from media.voices import Voice
from server.actions import lecture_captions, lecture_film
from server.actions.floor import MARK as VOICE
from server.actions.lecture_air import beginning_key, segment_key
from server.camera import MARK as PICTURE
from server.child import ChildFailed
from server.domain.board import Operation
from server.domain.figure import shown
from server.domain.finding import shown_first, spread
from server.domain.replay import Segment, pieces
from server.parts import Backstage
from server.store.captions import SHOWN, CaptionBook, TextBook
from server.store.lecture_films import Footage
from server.store.lecture_views import page_id, page_key
from server.store.lectures import MATERIALS
from server.store.lines import Record
from server.store.rooms import RoomBook

SETTLED = timedelta(seconds=10)  # after its end: the last segments are in the store
MAX_PAGE = 20 * 1024 * 1024
MAX_PART = 200 * 1024 * 1024
MAX_PARTS = 1_000
TELL_EVERY_S = 2.0
CHAPTER = "第"  # and a number: 第 3

LEAST_SAID = 16  # characters that a file says of a page; what says less is a scan
TYPED = ("text", "formula")
AT_ONCE, PIECES = 4, 4  # segments that are heard as one piece, and pieces of a job: a minute
HEARD_WITHIN = timedelta(minutes=2)

Storage = FolderStorage | S3Storage
log = logging.getLogger(__name__)


class Reel:
    """The parts of a film that are made, kept for a worker that takes it up after this one died."""

    def __init__(self, storage: Storage, prefix: str) -> None:
        self._storage, self._prefix = storage, prefix

    async def fetch(self, out: Path) -> None:
        for stat in await self._storage.list(self._prefix, MAX_PARTS):
            await self._storage.download(stat.key, out / stat.key.rsplit("/", 1)[1], MAX_PART)

    async def keep(self, file: Path) -> None:
        with suppress(StorageUnavailable):  # it costs a later try, not this one
            await self._storage.put(self._prefix + file.name, file, "video/x-matroska")


async def film_lecture(parts: Backstage, id: UUID) -> None:
    """Safe to repeat; nothing where the lecture isn't over, or is swept."""
    lecture = await _over(parts, id)
    if lecture is None:
        return
    async with parts.store.work() as work:
        since = work.began - lecture.ended_at
    await asyncio.sleep(max(0.0, (SETTLED - since).total_seconds()))
    segments, spoken = await parts.views.replays.segments(id), await parts.views.replays.voices(id)
    async with parts.store.work() as work:
        lines = await RoomBook(work).log(id)
    captions = await parts.store.rows(SHOWN, {"id": id})
    with tempfile.TemporaryDirectory(prefix="dayi-film-") as folder:
        place = Path(folder)
        job = RenderJob(
            log=[_line(op) for op in lines],
            images=await _pages(parts, id, place),
            voices=[
                *await _voices(parts.storage, id, segments, place),
                *await _voices(parts.storage, id, spoken, place, VOICE),
            ],
            captions=[Caption(*cue) for row in captions for cue in row.cues],
            shots=await _shots(parts.storage, id, await parts.views.replays.pictures(id), place),
            cut=False,
            codec=parts.settings.video_codec,
            chapters=CHAPTER,
        )
        out = place / "out"
        out.mkdir()
        prefix = f"lectures/{id}/film/"
        reel = Reel(parts.storage, f"{prefix}{job.digest()}/")
        await reel.fetch(out)
        teller = _Teller(parts, id, reel)
        made = await render(job, out, teller.hears)
        footage = Footage(
            f"lectures/{id}/film{made.video.suffix}",
            f"lectures/{id}/poster.jpg",
            made.content_type,
            made.duration_ms,
            made.size,
        )
        await parts.storage.put(footage.video_key, made.video, made.content_type)
        await parts.storage.put(footage.poster_key, made.poster, "image/jpeg")
    now = await parts.views.replays.segments(id), await parts.views.replays.voices(id)
    if set(spoken) - set(now[1]):
        return  # somebody in it took the word back: it is for nobody, and another one is wanted
    more = len(now[0]) + len(now[1]) > len(segments) + len(spoken)
    async with parts.store.work() as work:
        await lecture_film.publish(work, id, footage, more=more)
    for stat in await parts.storage.list(prefix, MAX_PARTS):
        await parts.storage.delete(stat.key)


class _Teller:
    def __init__(self, parts: Backstage, lecture: UUID, reel: Reel) -> None:
        self._parts, self._lecture, self._reel = parts, lecture, reel
        self._told = 0.0

    async def hears(self, news: News) -> None:
        match news:
            case Kept(file):
                await self._reel.keep(file)
            case Progress(done) if time.monotonic() - self._told >= TELL_EVERY_S:
                self._told = time.monotonic()
                async with self._parts.store.work() as work:
                    await lecture_film.make_headway(work, self._lecture, round(100 * done))
            case _:
                pass


async def read_lecture(parts: Backstage, id: UUID) -> None:
    """What the pages that were shown say, each from its first moment, by the file where it knew, else as the reader
    sees it; and what was typed. A page that can't be read is found by nothing."""
    if await _over(parts, id) is None:
        return
    async with parts.store.work() as work:
        lines = await RoomBook(work).log(id)
    said: dict[str, tuple[str, UUID, int]] = {}  # by the id that a board gives to a page's picture
    for material in await parts.store.rows(MATERIALS, {"lecture": id}):
        texts = material.page_texts or [""] * len(material.pages)
        for number, text in enumerate(texts, 1):
            said[str(page_id(material.id, number))] = text, material.id, number
    found: list[tuple[int, str, str]] = []
    for at_ms, media in shown_first(lines):
        if media in said:
            text, material_id, number = said[media]
            found.append((at_ms, "page", text if len(text) >= LEAST_SAID else await _read(parts, material_id, number)))
    found += [(op.at_ms, "board", str(op.body.get("text") or op.body.get("tex"))) for op in lines if op.kind in TYPED]
    async with parts.store.work() as work:
        await TextBook(work).keep(id, [each for each in found if each[2].strip()])
        await work.commit()
    if parts.hearer.is_on:
        async with parts.store.work() as work:
            await lecture_captions.hear(work, id)


async def _read(parts: Backstage, material: UUID, number: int) -> str:
    try:
        return (await parts.reader.read(await parts.storage.read(page_key(material, number), MAX_PAGE))).text
    except (ChildFailed, ObjectMissing) as error:
        log.warning("a page goes on unread", extra={"material": str(material), "why": repr(error)})
        return ""


async def hear_lecture(parts: Backstage, id: UUID) -> None:
    """A minute of what was said; then the next one waits for its turn behind pupils' voice notes."""
    if await _over(parts, id) is None:
        return
    async with parts.store.work() as work:
        captions = await CaptionBook(work).captions(id)
    if captions is None or captions.source != "heard" or captions.heard_ms is None:
        return  # the lecturer has brought others, or all is heard
    ahead = [each for each in await parts.views.replays.segments(id) if each.at_ms >= captions.heard_ms]
    heard: list[Caption] = []
    for some in pieces(ahead, AT_ONCE)[:PIECES]:
        data = [initialisation()]
        for segment in some:
            with suppress(ObjectMissing):
                data.append(await parts.storage.read(segment_key(id, segment.take, segment.number)))
        if len(data) > 1:
            heard += await captioned(parts, b"".join(data), some[0].at_ms, some[-1].ends_ms)
        ahead = ahead[len(some) :]
    async with parts.store.work() as work:
        reviewed_first = parts.views.replays_reviewed
        await lecture_captions.heard(work, id, heard, ahead[0].at_ms if ahead else None, reviewed_first=reviewed_first)


async def captioned(parts: Backstage, piece: bytes, from_ms: int, to_ms: int) -> list[Caption]:
    """What is said in a piece of sound (MP4), as lines; none where it can't be heard."""
    try:
        text = await parts.hearer.hear(piece, HEARD_WITHIN)
    except ChildFailed as error:
        log.warning("a piece goes on unheard", extra={"from_ms": from_ms, "why": repr(error)})
        return []
    return [Caption(*line) for line in spread(text, from_ms, to_ms)]


async def give_up_film(parts: Backstage, id: UUID) -> None:
    async with parts.store.work() as work:
        await lecture_film.give_up(work, id)


async def _over(parts: Backstage, id: UUID) -> Record | None:
    query = "SELECT * FROM lectures WHERE id = %(id)s AND state = 'over' AND swept_at IS NULL"
    found = await parts.store.rows(query, {"id": id})
    return found[0] if found else None


def _line(op: Operation) -> Mapping[str, Any]:
    return {**shown(op.body), "kind": op.kind, "at_ms": op.at_ms, "seq": op.seq, "author": op.author}


async def _pages(parts: Backstage, id: UUID, place: Path) -> dict[str, Path]:
    """The pictures of the pages that were brought; one that is lost is a blank page."""
    images: dict[str, Path] = {}
    for material in await parts.store.rows(MATERIALS, {"lecture": id}):
        for number in range(1, len(material.pages) + 1):
            path = place / f"{material.id}-{number}.jpg"
            with suppress(ObjectMissing):
                await parts.storage.download(page_key(material.id, number), path, MAX_PAGE)
                images[str(page_id(material.id, number))] = path
    return images


async def _voices(storage: Storage, id: UUID, segments: Sequence[Segment], place: Path, mark: str = "") -> list[Voice]:
    """Each take is a voice. A segment that is missing is a hole in its clock, which is heard as silence; the take then
    begins where its first one does."""
    voices: list[Voice] = []
    for take, of_take in groupby(segments, key=lambda segment: segment.take):
        path = place / f"take-{mark}{take}"
        begins: int | None = None
        with path.open("wb") as file:
            file.write(initialisation())
            for segment in of_take:
                try:
                    data = await storage.read(segment_key(id, take, segment.number, mark))
                except ObjectMissing:
                    continue
                begins = segment.at_ms if begins is None else begins
                file.write(data)
        if begins is not None:
            voices.append(Voice(path, begins))
    return voices


async def _shots(storage: Storage, id: UUID, segments: Sequence[Segment], place: Path) -> list[Shot]:
    """What the camera showed beside each take; their times are those of the take."""
    shots: list[Shot] = []
    for take, of_take in groupby(segments, key=lambda segment: segment.take):
        path, some = place / f"shot-{take}", list(of_take)
        with path.open("wb") as file:
            try:
                file.write(await storage.read(beginning_key(id, take, PICTURE)))
            except ObjectMissing:
                continue
            for segment in some:
                with suppress(ObjectMissing):
                    file.write(await storage.read(segment_key(id, take, segment.number, PICTURE)))
        start = some[0].at_ms - round(some[0].number * SEGMENT * 1000 / RATE)
        shots.append(Shot(path, start))
    return shots
