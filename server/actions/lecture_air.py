"""The sound of a lecture: takes of the lecturer's microphone begin and end, their segments are kept and one day swept;
a pupil watches a lecture again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from media.storage import FolderStorage, S3Storage
from server.actions.errors import BadRequest, Fenced, Moved, NotAllowed, NotHere, RoomClosed
from server.domain.lecture import LectureState
from server.domain.people import Person, Role
from server.domain.replay import believed
from server.store.lectures import LectureBook
from server.store.takes import TakeBook
from server.store.work import Store, Work, lecture_channel, room_channel

LONGEST_AGO_MS = 30_000
MOST_TAKES = 500  # of a lecture: one each half minute
NAME = 64  # characters
SWEPT_AT_ONCE = 20
AT_ONCE = 500  # objects of a lecture that is swept


@dataclass(frozen=True)
class Begun:
    number: int
    start_ms: int  # on the lecture's clock
    now_ms: int


async def begin(work: Work, person: Person, id: UUID, epoch: int, name: str, ago_ms: int) -> Begun:
    """The microphone is on: what was on before has ended. The page that draws speaks, and no other."""
    if not 1 <= len(name) <= NAME or not 0 <= ago_ms <= LONGEST_AGO_MS:
        raise BadRequest
    book, takes = LectureBook(work), TakeBook(work)
    lecture = await book.lecture(id)
    if lecture is None or lecture.lecturer_id != person.id:
        raise NotHere
    if LectureState(lecture.state) is not LectureState.LIVE:
        raise RoomClosed
    if lecture.epoch != epoch:
        raise Fenced
    if await takes.named(id, name) is not None:
        raise Moved  # it was begun elsewhere, and what it is packed with is there
    now_ms = await book.clock(lecture, await work.now())
    start_ms = max(0, now_ms - ago_ms)
    number = await takes.begin(id, name, epoch, start_ms)
    if number > MOST_TAKES:
        raise BadRequest
    await _tell(work, book, id, epoch)
    return Begun(number, start_ms, now_ms)


async def mute(work: Work, id: UUID, number: int, muted: bool) -> None:
    book = LectureBook(work)
    lecture = await book.lecture(id)
    if lecture is not None:
        await TakeBook(work).mute(id, number, muted)
        await _tell(work, book, id, lecture.epoch)


async def end(work: Work, id: UUID, number: int) -> None:
    book = LectureBook(work)
    lecture = await book.lecture(id)
    if lecture is not None and await TakeBook(work).end(id, number):
        await _tell(work, book, id, lecture.epoch)


async def keep(work: Work, id: UUID, take: int, number: int, samples: int, size: int) -> None:
    """A segment is in the store: from now on it is listed."""
    await TakeBook(work).keep(id, take, number, samples, size)
    await work.commit()


async def picture(work: Work, id: UUID, number: int, shown: bool) -> None:
    """The camera beside a take is on, or no more."""
    book = LectureBook(work)
    lecture = await book.lecture(id)
    if lecture is not None and await TakeBook(work).picture(id, number, shown):
        await _tell(work, book, id, lecture.epoch)


async def keep_picture(work: Work, id: UUID, take: int, number: int, samples: int, size: int) -> None:
    await TakeBook(work).keep_picture(id, take, number, samples, size)
    await work.commit()


async def _tell(work: Work, book: LectureBook, id: UUID, epoch: int) -> None:
    await book.change(id, epoch=epoch)  # a later version, so that pages believe it
    work.tell(room_channel(id), "room", id)
    await work.commit()


async def show_replay(work: Work, person: Person, id: UUID, shown: bool) -> None:
    """Pupils may watch it, or no more. What was taken away comes back by a reviewer alone."""
    book = LectureBook(work)
    lecture = await book.lecture(id)
    if lecture is None or LectureState(lecture.state) is not LectureState.OVER:
        raise NotHere
    if not person.is_a(Role.REVIEWER):
        if lecture.lecturer_id != person.id:
            raise NotHere
        if shown:
            raise NotAllowed
    await book.change(id, replay_shown=shown)
    work.tell(lecture_channel(id), "lecture", id)
    await work.commit()


async def watch(
    work: Work, viewer: Person, id: UUID, lasts_ms: int, spans: Sequence[tuple[int, int]], at_ms: int
) -> None:
    """What was played of a replay: merged with what was before, and no more than the time since allows; and where it
    stands now."""
    if not 0 <= at_ms <= lasts_ms + 1_000 or any(not 0 <= start < end <= lasts_ms + 1_000 for start, end in spans):
        raise BadRequest
    takes = TakeBook(work)
    before = await takes.watched(id, viewer.id)
    since = None if before is None else before.now - before.told_at
    await takes.watch(id, viewer.id, believed(spans, since), at_ms)
    await work.commit()


async def sweep_lectures(store: Store, storage: FolderStorage | S3Storage, kept: timedelta) -> None:
    """Recordings that have served their time: first the lecture offers them no longer, then their objects go."""
    async with store.work() as work:
        old = await TakeBook(work).outlived(kept, SWEPT_AT_ONCE)
    for id in old:
        while some := await storage.list(f"lectures/{id}/", AT_ONCE):
            for stat in some:
                await storage.delete(stat.key)
        async with store.work() as work:
            await TakeBook(work).forget(id)
            await work.commit()


def segment_key(lecture: UUID, take: int, number: int, mark: str = "") -> str:
    """`mark` is that of a track beside the lecturer's sound."""
    return f"lectures/{lecture}/{take:04d}/{mark}{number:05d}.m4s"


def initialisation_key(lecture: UUID) -> str:
    return f"lectures/{lecture}/init.mp4"


def beginning_key(lecture: UUID, take: int, mark: str) -> str:
    """What a player needs before the segments of such a track."""
    return f"lectures/{lecture}/{take:04d}/{mark}.mp4"
