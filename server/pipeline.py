"""Reading photos, in a child of the worker, and what follows from it."""

import asyncio
import logging
import struct
import sys
from datetime import timedelta
from uuid import UUID

import msgspec

from media.storage import FolderStorage, ObjectMissing, S3Storage, StorageUnavailable
from server.actions import ask
from server.actions.ports import Finder, Rules
from server.domain.question import PageProblem
from server.reading import OnePhoto
from server.store.work import Store

log = logging.getLogger(__name__)

MAX_PHOTO = 20 * 1024 * 1024


class ReadingFailed(Exception):
    """The reading process died or took too long; it is started anew for the next photo."""


class ReadingProcess:
    """One child that reads photos, one at a time; a photo that kills it or hangs it costs that photo only.

    Frames on its pipes: four bytes of length, big-endian, then a JPEG in and a OnePhoto as JSON out.
    """

    def __init__(self, patience: timedelta) -> None:
        self._patience = patience.total_seconds()
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def read(self, photo: bytes) -> OnePhoto:
        """What the photo says; raises ReadingFailed."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._patience):
                    return await self._ask(photo)
            except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
                await self._kill()
                raise ReadingFailed(repr(error)) from error

    async def warm(self) -> None:
        """Load the models before the first photo comes; that takes longer than a photo may."""
        async with self._turn:
            try:
                async with asyncio.timeout(120):  # a fresh installation compiles its modules first
                    await self._ask(b"")
                log.info("ready to read")
            except (TimeoutError, OSError, asyncio.IncompleteReadError):
                log.exception("the reading process does not start")
                await self._kill()

    async def _ask(self, photo: bytes) -> OnePhoto:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "server.reading",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(struct.pack(">I", len(photo)) + photo)
        await self._child.stdin.drain()
        (length,) = struct.unpack(">I", await self._child.stdout.readexactly(4))
        return msgspec.json.decode(await self._child.stdout.readexactly(length), type=OnePhoto)

    async def _kill(self) -> None:
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            child.kill()
            await child.wait()

    async def stop(self) -> None:
        await self._kill()


async def read_question(
    store: Store,
    storage: FolderStorage | S3Storage,
    finder: Finder,
    rules: Rules,
    reader: ReadingProcess,
    id: UUID,
) -> None:
    """The job of one question with files. What can't be read goes on unread: a teacher has eyes."""
    async with store.work() as work:
        question = await ask.begin_reading(work, id, await work.now())
        if question is None:
            return
        media = await work.media_of_question(id)
    texts: list[str] = []
    figures: list[str] = []
    problems: list[PageProblem] = []
    for item in media:
        key = {"photo": item.key, "video": item.thumb_key}.get(item.kind)
        if key is None:
            continue
        try:
            read = await reader.read(await storage.read(key, MAX_PHOTO))
            texts.append(read.text)
            figures += [read.figure] if read.figure else []
            problems += [PageProblem(item.id, each.text, each.box, each.figure) for each in read.problems]
        except (ReadingFailed, ObjectMissing, StorageUnavailable) as error:
            log.warning("a photo goes on unread", extra={"question": str(id), "why": repr(error)})
    if problems:
        async with store.work() as work:
            await ask.hold_for_choice(work, id, problems, await work.now())
        return
    await finder.ready()
    async with store.work() as work:
        figure = figures[0] if figures else None
        await ask.settle(work, finder, rules, id, "\n".join(texts), await work.now(), figure)
