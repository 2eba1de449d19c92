"""Reading photos and hearing voice notes, in children of the worker, and what follows from it."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from media.storage import FolderStorage, ObjectMissing, S3Storage, StorageUnavailable
from server.actions import ask
from server.actions.ports import Finder, Rules
from server.child import Child, ChildFailed
from server.domain.question import PageProblem, Question
from server.hearing import OneVoice
from server.reading import OnePhoto
from server.store.lines import Record
from server.store.work import Store

log = logging.getLogger(__name__)

MAX_PHOTO = 20 * 1024 * 1024
MAX_SOUND = {"voice": 20 * 1024 * 1024, "video": 100 * 1024 * 1024}  # of what is kept; a film's sound lies in its file
HEARD_BY = 0.9  # of the time in the pipeline; the rest is for matching


class ReadingProcess:
    """One child that reads photos, one at a time; a photo that kills it or hangs it costs that photo only."""

    def __init__(self, patience: timedelta, program: Sequence[str] = ("-m", "server.reading")) -> None:
        """`program` is what Python is to run."""
        self._child = Child(program, OnePhoto, patience)

    async def read(self, photo: bytes) -> OnePhoto:
        """What the photo says; raises ChildFailed."""
        return await self._child.ask(photo)

    async def warm(self) -> None:
        """Load the models before the first photo comes; that takes longer than a photo may."""
        try:
            await self._child.warm()
            log.info("ready to read")
        except ChildFailed:
            log.exception("the reading process does not start")

    async def stop(self) -> None:
        await self._child.stop()


class HearingProcess:
    """One child that writes down voice notes, one at a time, where a speech model is configured."""

    def __init__(self, model: str, patience: timedelta, program: Sequence[str] = ("-m", "server.hearing")) -> None:
        """`program` is what Python is to run, with the model as its last argument."""
        self.is_on = model != ""
        self._child = Child([*program, model], OneVoice, patience, _surroundings(model))

    async def hear(self, voice: bytes, within: timedelta) -> str:
        """What the voice note says; raises ChildFailed. It waits for its turn and for the model no longer than
        `within`: a note that comes too late would only keep the next one waiting."""
        if within <= timedelta():
            raise ChildFailed("its time was over before its turn came")
        try:
            async with asyncio.timeout(within.total_seconds()):
                said = await self._child.ask(voice)
        except TimeoutError as error:
            raise ChildFailed("its time was over before it was heard") from error
        if said.refused:
            raise ChildFailed(said.refused)
        log.info("a voice note was heard", extra={"ms": said.ms, "is_clear": said.text != ""})
        return said.text

    async def warm(self) -> str:
        """Load the model: why it is refused, else nothing. One that does not load in time is tried again with the next
        note."""
        if not self.is_on:
            return ""
        try:
            said = await self._child.warm()
        except ChildFailed as error:
            log.error("the hearing process does not start: voice notes go on unheard", extra={"why": repr(error)})
            return ""
        if said.refused:
            log.error("voice notes go on unheard", extra={"why": said.refused})
        else:
            log.info("ready to hear")
        return said.refused

    async def stop(self) -> None:
        await self._child.stop()


def _surroundings(model: str) -> dict[str, str]:
    """A folder needs no network, and asks for none."""
    offline = {"HF_HUB_OFFLINE": "1"} if Path(model).expanduser().is_dir() else {}
    return {"HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false", **offline}


async def _begun(store: Store, id: UUID) -> tuple[Question, list[Record]] | None:
    """The question, taken up, with its files; None when it has moved on meanwhile."""
    async with store.work() as work:
        question = await ask.begin_reading(work, id, work.began)
    if question is None:
        return None
    async with store.looking() as work:
        return question, await work.media_of_question(id)


async def read_question(
    store: Store,
    storage: FolderStorage | S3Storage,
    finder: Finder,
    rules: Rules,
    reader: ReadingProcess,
    hearer: HearingProcess,
    id: UUID,
) -> None:
    """The job of one question with files. What can't be read goes on unread: a teacher has eyes. Where nothing could be
    read, what its pupil said is heard next; beside a photo that was read it is a remark (docs/adr/0043)."""
    begun = await _begun(store, id)
    if begun is None:
        return
    _, media = begun
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
        except (ChildFailed, ObjectMissing, StorageUnavailable) as error:
            log.warning("a photo goes on unread", extra={"question": str(id), "why": repr(error)})
    if problems:
        async with store.work() as work:
            await ask.hold_for_choice(work, id, problems, work.began)
        return
    if hearer.is_on and not any(texts) and any(item.kind in MAX_SOUND for item in media):
        async with store.work() as work:
            await ask.hold_for_hearing(work, id)
        return
    await finder.ready()
    async with store.work(often=True) as work:
        figure = figures[0] if figures else None
        await ask.settle(work, finder, rules, id, "\n".join(texts), work.began, figure)


async def hear_question(
    store: Store,
    storage: FolderStorage | S3Storage,
    finder: Finder,
    rules: Rules,
    hearer: HearingProcess,
    id: UUID,
) -> None:
    """The job of one question of which only its pupil's voice is left to go by. What can't be heard goes on unheard."""
    begun = await _begun(store, id)
    if begun is None:
        return
    question, media = begun
    texts: list[str] = []
    for item in (item for item in media if item.kind in MAX_SOUND):
        async with store.work() as work:
            left = question.received_at + rules.pipeline_budget * HEARD_BY - work.began
        try:
            texts.append(await hearer.hear(await storage.read(item.key, MAX_SOUND[item.kind]), left))
        except (ChildFailed, ObjectMissing, StorageUnavailable) as error:
            log.warning("a voice goes on unheard", extra={"question": str(id), "why": repr(error)})
    await finder.ready()
    async with store.work(often=True) as work:
        await ask.settle(work, finder, rules, id, "\n".join(filter(None, texts)), work.began)
