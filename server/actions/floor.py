"""A pupil is heard in a lecture: asked by the lecturer, with the school's and the guardian's word, and a yes on the
phone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from media.storage import FolderStorage, S3Storage
from server.actions.errors import BadRequest, Fenced, Moved, NotAllowed, NotHere, RoomClosed
from server.actions.lecture_air import LONGEST_AGO_MS, NAME, segment_key
from server.actions.lecture_film import withdraw_film
from server.actions.lecture_room import kept_by
from server.actions.pulse import give_the_word, lower_hand_of
from server.domain.floor import MOVES, WRITES_INSTEAD, FloorEnd, FloorState, until
from server.domain.lecture import LectureState
from server.domain.people import Person
from server.domain.pulse import HandState
from server.store.floors import FloorBook
from server.store.lecture_films import LectureFilmBook
from server.store.lectures import LectureBook
from server.store.pulse import PulseBook
from server.store.rooms import RoomBook
from server.store.work import Store, Work, room_channel, staff_channel

MARK = "v"  # of the tracks of pupils, beside the lecturer's
MOST_VOICES = 500  # of a lecture
AT_ONCE = 500  # objects that are deleted


class NoVoice(NotAllowed):
    """学校或家长没有同意这位同学用语音发言，请让他写下来。"""

    code, en = "no_voice", "The school or the guardian has not agreed that this pupil speaks; ask in writing."


async def ask(work: Work, lecturer: Person, id: UUID, hand_number: int, now: datetime) -> None:
    """This pupil has the word, and is asked to speak. Asked twice is asked once."""
    hand = await give_the_word(work, lecturer, id, hand_number)
    floors = FloorBook(work)
    known = await floors.now(id)
    if known is not None and known.hand == hand_number:
        return
    if (await floors.by_voice([hand.pupil_id])).get(hand.pupil_id, "no") == "no":
        raise NoVoice
    await floors.ask(id, hand_number, hand.pupil_id, until(FloorState.ASKED, now))
    await _tell(work, id)
    await work.commit()


async def say_yes(work: Work, pupil: Person, id: UUID, page: UUID, may_keep: bool, now: datetime) -> int:
    """This page of the pupil's is heard from now on; the floor. `may_keep` is what the page said would become of it:
    less may be done with it, and no more."""
    lecture = await LectureBook(work).lecture(id)
    floors = FloorBook(work)
    floor = await floors.now(id)
    if lecture is None or floor is None or floor.pupil_id != pupil.id:
        raise NotHere
    if LectureState(lecture.state) is not LectureState.LIVE:
        raise RoomClosed
    if floor.page == page:
        return int(floor.number)
    if FloorState.OPEN not in MOVES[FloorState(floor.state)] or floor.until_at <= now:
        raise Moved
    allowed = (await floors.by_voice([pupil.id])).get(pupil.id, "no")
    if allowed == "no":
        raise NoVoice
    kept = may_keep and allowed == "kept"
    await floors.open(id, floor.number, page, kept, until(FloorState.OPEN, now))
    await _tell(work, id)
    await work.commit()
    return int(floor.number)


async def leave(work: Work, pupil: Person, id: UUID) -> None:
    """Said, or rather in writing. Twice is once."""
    lecture = await LectureBook(work).lecture(id)
    if lecture is None or pupil.id not in await PulseBook(work).listeners(id, [pupil.id]):
        raise NotHere
    floor = await FloorBook(work).now(id)
    if floor is None or floor.pupil_id != pupil.id:
        return
    why = FloorEnd.DECLINED if FloorState(floor.state) is FloorState.ASKED else FloorEnd.DONE
    await _end(work, id, why)
    await work.commit()


async def cut(work: Work, keeper: Person, id: UUID, then: Literal["mute", "remove"] | None) -> UUID | None:
    """By the lecturer or a reviewer: nothing more of it is heard, nor ever again what was said; who was cut off."""
    await kept_by(LectureBook(work), keeper, id)
    floor = await FloorBook(work).now(id)
    if floor is None:
        return None
    await _end(work, id, FloorEnd.CUT)
    if then is not None:
        await RoomBook(work).rule(id, floor.pupil_id, keeper.id, muted=True, removed=then == "remove")
        await lower_hand_of(work, id, floor.pupil_id)
    await work.commit()
    return UUID(str(floor.pupil_id))


async def end_overdue(work: Work, id: UUID, now: datetime) -> None:
    """Nobody said yes, or the time to speak is over."""
    await LectureBook(work).lecture(id)
    floor = await FloorBook(work).now(id)
    if floor is not None and floor.until_at <= now:
        await _end(work, id, FloorEnd.LATE if FloorState(floor.state) is FloorState.ASKED else FloorEnd.LIMIT)
        await work.commit()


async def lost(work: Work, id: UUID, number: int) -> None:
    """Nothing comes of it any more."""
    await LectureBook(work).lecture(id)
    floor = await FloorBook(work).now(id)
    if floor is not None and floor.number == number:
        await _end(work, id, FloorEnd.LOST)
        await work.commit()


async def _end(work: Work, id: UUID, why: FloorEnd) -> None:
    await FloorBook(work).end(id, why)
    if why not in WRITES_INSTEAD:
        await PulseBook(work).lower(id, HandState.DONE)
    if why is FloorEnd.CUT:
        _forget(work, id)
    await _tell(work, id)


async def _tell(work: Work, id: UUID) -> None:
    """The room is told that somebody speaks, and no name."""
    await LectureBook(work).change(id)
    work.tell(room_channel(id), "room", id)
    work.tell(staff_channel(id), "hands", id)


# --- what is recorded ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BegunVoice:
    number: int
    start_ms: int  # on the lecture's clock
    now_ms: int
    kept: bool


async def begin(work: Work, pupil: Person, id: UUID, number: int, page: str, name: str, ago_ms: int) -> BegunVoice:
    """A recording of the page that said yes, while the floor is its pupil's."""
    if not 1 <= len(name) <= NAME or not 0 <= ago_ms <= LONGEST_AGO_MS:
        raise BadRequest
    book, floors = LectureBook(work), FloorBook(work)
    lecture = await book.lecture(id)
    floor = await floors.floor(id, number)
    if lecture is None or floor is None or floor.pupil_id != pupil.id:
        raise NotHere
    now = await work.now()
    is_open = FloorState(floor.state) is FloorState.OPEN and now < floor.until_at
    if not is_open or LectureState(lecture.state) is not LectureState.LIVE:
        raise RoomClosed
    if str(floor.page) != page:
        raise Fenced
    if await floors.voice_named(id, name) is not None:
        raise Moved  # it was begun elsewhere
    now_ms = await book.clock(lecture, now)
    start_ms = max(0, now_ms - ago_ms)
    voice = await floors.begin_voice(id, number, name, start_ms)
    if voice > MOST_VOICES:
        raise BadRequest
    await work.commit()
    return BegunVoice(voice, start_ms, now_ms, bool(floor.kept))


async def keep(work: Work, id: UUID, voice: int, number: int, samples: int, size: int) -> bool:
    """A segment is in the store; False where it must not be, since somebody took the word back meanwhile."""
    kept = await FloorBook(work).keep(id, voice, number, samples, size)
    await work.commit()
    return kept


def _forget(work: Work, id: UUID) -> None:
    """Not while a film is made of them; that one is thrown away (server/filming.py)."""
    work.defer("forget_floors", queue="film", lock=f"film:{id}", lecture_id=str(id))


async def take_back(work: Work, child: UUID) -> None:
    """A word of the guardian's is gone: the child is not heard any more, what is kept of it is in no replay, and films
    are made without it. Part of the work that writes the word down."""
    floors = FloorBook(work)
    await _silence(work, await floors.of_child(child))
    for id in await floors.offer_no_more(child):
        _forget(work, id)
        await withdraw_film(work, id)


async def allow(work: Work, school: UUID, on: bool) -> None:
    """Whether the pupils of a school may speak in lectures, as its administrator says."""
    query = "UPDATE schools SET lecture_voice = %(on)s WHERE id = %(id)s RETURNING id"
    await work.rows(query, {"id": school, "on": on})
    if not on:
        await _silence(work, await FloorBook(work).of_school(school))
    await work.commit()


async def _silence(work: Work, floors: Iterable[tuple[UUID, int]]) -> None:
    for id, number in sorted(floors):
        await LectureBook(work).lecture(id)
        floor = await FloorBook(work).now(id)
        if floor is not None and floor.number == number:
            await _end(work, id, FloorEnd.TAKEN_BACK)


async def forget_floors(store: Store, storage: FolderStorage | S3Storage, id: UUID) -> None:
    """The recordings of floors that are not kept, and a film that was withdrawn: the objects, then their rows. Safe to
    repeat."""
    async with store.work() as work:
        voices = [row.number for row in await FloorBook(work).unkept(id)]
        film = await LectureFilmBook(work).film(id)
    if film is not None and film.video_key is None:
        for stat in await storage.list(f"lectures/{id}/film.", AT_ONCE):
            await storage.delete(stat.key)
    for voice in voices:
        prefix = segment_key(id, voice, 0, MARK).rpartition("/")[0]
        while some := await storage.list(f"{prefix}/{MARK}", AT_ONCE):
            for stat in some:
                await storage.delete(stat.key)
        async with store.work() as work:
            await FloorBook(work).drop_segments(id, voice)
            await work.commit()
