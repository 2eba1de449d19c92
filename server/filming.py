"""A lecture that is over becomes one video: its board, its pages and its sound, part by part.

The film's clock is the lecture's, so that chapters, captions and what was watched mean the same in both.
"""

import asyncio
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
from media.cmaf import initialisation
from media.render import Kept, News, Progress, RenderJob, render
from media.storage import FolderStorage, ObjectMissing, S3Storage, StorageUnavailable
from media.voices import Voice
from server.actions import lecture_film
from server.actions.lecture_air import segment_key
from server.domain.board import Operation
from server.domain.figure import shown
from server.domain.replay import Segment
from server.parts import Backstage
from server.store.captions import SHOWN
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

Storage = FolderStorage | S3Storage


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
        since = await work.now() - lecture.ended_at
    await asyncio.sleep(max(0.0, (SETTLED - since).total_seconds()))
    segments = await parts.views.replays.segments(id)
    async with parts.store.work() as work:
        log = await RoomBook(work).log(id)
    captions = await parts.store.rows(SHOWN, {"id": id})
    with tempfile.TemporaryDirectory(prefix="dayi-film-") as folder:
        place = Path(folder)
        job = RenderJob(
            log=[_line(op) for op in log],
            images=await _pages(parts, id, place),
            voices=await _voices(parts.storage, id, segments, place),
            captions=[Caption(*cue) for row in captions for cue in row.cues],
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
    more = len(await parts.views.replays.segments(id)) > len(segments)
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


async def _voices(storage: Storage, id: UUID, segments: Sequence[Segment], place: Path) -> list[Voice]:
    """Each take is a voice. A segment that is missing is a hole in its clock, which is heard as silence; the take then
    begins where its first one does."""
    voices: list[Voice] = []
    for take, of_take in groupby(segments, key=lambda segment: segment.take):
        path = place / f"take-{take}"
        begins: int | None = None
        with path.open("wb") as file:
            file.write(initialisation())
            for segment in of_take:
                try:
                    data = await storage.read(segment_key(id, take, segment.number))
                except ObjectMissing:
                    continue
                begins = segment.at_ms if begins is None else begins
                file.write(data)
        if begins is not None:
            voices.append(Voice(path, begins))
    return voices
