"""Lectures: a lecturer plans, changes and cancels; pupils enrol, wait, move up and leave."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from server.actions.errors import (
    BadLecture,
    BadRequest,
    Clash,
    KeyReused,
    LectureFixed,
    LecturerBusy,
    ListFull,
    NotEnrolling,
    NotHere,
    Refusal,
    SeatsTaken,
    TooManyPages,
    TooManyPlaces,
)
from server.actions.lecture_film import leave_behind
from server.actions.pulse import falls_still
from server.actions.subsidy import lecture_held
from server.domain.lecture import (
    AHEAD,
    MOST_AHEAD,
    BadPlan,
    LectureMoveRefused,
    LectureState,
    PlaceState,
    Plan,
    Seats,
    checked,
    due,
    is_open_to,
    moved,
    overlap,
    placed,
)
from server.domain.people import Person
from server.store.lectures import LectureBook
from server.store.work import Record, Work, lecture_channel, person_channel, room_channel

MOST_PAGES = 50  # of all materials of a lecture; a board has sixty
NAME = 80  # characters of a material's
WHY = 200
ENROLLING = (LectureState.OPEN, LectureState.LIVE)
NOT_HELD = "没有开讲"


@dataclass(frozen=True)
class Place:
    """A pupil's place after enrolling; `ahead` of those on the waiting list."""

    state: PlaceState
    ahead: int | None = None


# --- the lecturer --------------------------------------------------------------------------------------------------


async def plan(work: Work, lecturer: Person, wanted: Plan, cover: UUID | None, key: str, now: datetime) -> UUID:
    """A new lecture, planned; asking twice with one key plans one."""
    id = await planned(work, lecturer, wanted, cover, key, now)
    await work.commit()
    return id


async def planned(work: Work, lecturer: Person, wanted: Plan, cover: UUID | None, key: str, now: datetime) -> UUID:
    """The same, for a work that does more."""
    id = uuid4()
    fingerprint = hashlib.sha256(repr(("lecture", wanted, cover)).encode("utf-8", "surrogatepass")).digest()
    known, kept = await work.remember(lecturer.id, key, fingerprint, id)
    if kept != fingerprint:
        raise KeyReused
    if known != id:
        return known
    book = LectureBook(work)
    await book.add(id, lecturer.id, await fit(book, lecturer.id, wanted, cover, None, now), cover)
    return id


async def change(work: Work, lecturer: Person, id: UUID, wanted: Plan, cover: UUID | None, now: datetime) -> None:
    """As long as it has not begun. Seats are never fewer than are taken; who waits moves up into new ones."""
    book = LectureBook(work)
    lecture = await _own(book, lecturer, id)
    if LectureState(lecture.state) not in AHEAD:
        raise LectureFixed
    fitting = await fit(book, lecturer.id, wanted, cover, id, now)
    if fitting.capacity < lecture.taken:
        raise SeatsTaken
    await book.replan(id, fitting, cover)
    await _move_up(work, book, lecture)
    if (fitting.starts_at, fitting.ends_at) != (lecture.starts_at, lecture.ends_at):
        await book.tell_all(lecture, "changed")
    work.tell(lecture_channel(id), "lecture", id)
    await work.commit()


async def open_up(work: Work, lecturer: Person, id: UUID, now: datetime) -> None:
    """From now on pupils find it and may enrol."""
    book = LectureBook(work)
    lecture = await _own(book, lecturer, id)
    if LectureState(lecture.state) is LectureState.OPEN:
        return
    if lecture.ends_at <= now:
        raise LectureFixed
    await _go(work, book, lecture, LectureState.OPEN)
    await work.commit()


async def cancel(work: Work, lecturer: Person, id: UUID, why: str) -> None:
    """Everybody with a place is told why."""
    why = " ".join(why.split())
    if not 1 <= len(why) <= WHY:
        raise BadRequest("say in at most 200 characters why")
    book = LectureBook(work)
    lecture = await _own(book, lecturer, id)
    if LectureState(lecture.state) is LectureState.CANCELLED:
        return
    await _go(work, book, lecture, LectureState.CANCELLED, why)
    await work.commit()


async def add_material(work: Work, lecturer: Person, id: UUID, material: UUID, name: str) -> None:
    """An upload of the lecturer's becomes pages of this lecture's board."""
    name = " ".join(name.split())[:NAME]
    book = LectureBook(work)
    lecture = await _own(book, lecturer, id)
    media = await work.media(material)
    if media is None or media.owner_id != lecturer.id or media.kind != "material" or media.state != "ready":
        raise NotHere
    if not name or LectureState(lecture.state) not in (*AHEAD, LectureState.LIVE):
        raise BadRequest if not name else LectureFixed
    if await book.has_material(id, material):
        return
    if await book.pages_of(id) + len(media.pages) > MOST_PAGES:
        raise TooManyPages
    if not await book.add_material(id, material, name):
        raise NotHere
    await work.commit()


async def remove_material(work: Work, lecturer: Person, id: UUID, material: UUID) -> None:
    """Only before it begins: later its pages may lie on the board."""
    book = LectureBook(work)
    lecture = await _own(book, lecturer, id)
    if LectureState(lecture.state) not in AHEAD:
        raise LectureFixed
    if not await book.remove_material(id, material):
        raise NotHere
    await work.commit()


async def keep_time(work: Work, id: UUID, now: datetime) -> None:
    """A lecture that was not held is cancelled, a room that was left on is closed."""
    book = LectureBook(work)
    lecture = await book.lecture(id)
    to = None if lecture is None else due(LectureState(lecture.state), lecture.ends_at, now)
    if lecture is None or to is None:
        return
    if to is LectureState.OVER:
        await book.clock(lecture, now)
        await book.change(id, state=to, ended_at=now)
        await falls_still(work, id)
        await lecture_held(work, lecture, now)
        await leave_behind(work, id)
        work.tell(lecture_channel(id), "lecture", id)
        work.tell(room_channel(id), "room", id)
    else:
        await _go(work, book, lecture, to, NOT_HELD)
    await work.commit()


async def fit(
    book: LectureBook, lecturer: UUID, wanted: Plan, cover: UUID | None, but: UUID | None, now: datetime
) -> Plan:
    """The plan as this lecturer may have it. Raises BadLecture or LecturerBusy."""
    try:
        fitting = checked(wanted, now)
    except BadPlan as error:
        raise BadLecture(str(error)) from error
    if await book.unknown_schools(sorted(fitting.schools)):
        raise BadLecture("schools: one of them is not known")
    if cover is not None:
        media = await book.work.media(cover)
        if media is None or media.owner_id != lecturer or media.kind != "photo" or media.state != "ready":
            raise BadLecture("cover_id: there is no such picture")
    if overlap(fitting.starts_at, fitting.ends_at, await book.busy_slots(lecturer, but)):
        raise LecturerBusy
    return fitting


async def _own(book: LectureBook, lecturer: Person, id: UUID) -> Record:
    lecture = await book.lecture(id)
    if lecture is None or lecture.lecturer_id != lecturer.id:
        raise NotHere
    return lecture


async def _go(work: Work, book: LectureBook, lecture: Record, to: LectureState, why: str | None = None) -> None:
    try:
        moved(LectureState(lecture.state), to)
    except LectureMoveRefused as error:
        raise LectureFixed from error
    await book.change(lecture.id, state=to, cancelled_why=why)
    if to is LectureState.CANCELLED:
        await book.tell_all(lecture, "cancelled")
    work.tell(lecture_channel(lecture.id), "lecture", lecture.id)


# --- pupils --------------------------------------------------------------------------------------------------------


async def enrol(work: Work, id: UUID, pupils: Sequence[UUID], now: datetime) -> list[Place | Refusal]:
    """Pupils who came in this order, each with a seat, a place on the waiting list or a word why not.

    All in one transaction: a lecture's row is locked once for a crowd, not once for each (docs/adr/0060). Who holds a
    place keeps it.
    """
    book = LectureBook(work)
    lecture = await book.lecture(id)
    if lecture is None or LectureState(lecture.state) is LectureState.PLANNED:
        return [NotHere() for _ in pupils]
    comers = await book.comers(lecture, pupils)
    is_over = LectureState(lecture.state) not in ENROLLING or lecture.ends_at <= now
    outcome: dict[UUID, Place | Refusal] = {}
    fresh: list[UUID] = []
    for pupil in dict.fromkeys(pupils):
        comer = comers.get(pupil)
        if comer is None or not is_open_to(lecture.school_ids, comer.school):
            outcome[pupil] = NotHere()
        elif comer.state in (PlaceState.SEATED, PlaceState.WAITING):
            outcome[pupil] = Place(comer.state, comer.ahead if comer.state is PlaceState.WAITING else None)
        elif is_over:
            outcome[pupil] = NotEnrolling()
        elif comer.clashes:
            outcome[pupil] = Clash()
        elif comer.held >= MOST_AHEAD:
            outcome[pupil] = TooManyPlaces()
        else:
            fresh.append(pupil)
    taken: list[tuple[UUID, PlaceState]] = []
    ahead = lecture.waiting
    seats = Seats(lecture.capacity, lecture.taken, lecture.waiting)
    for pupil, state in zip(fresh, placed(seats, len(fresh)), strict=True):
        if state is None:
            outcome[pupil] = ListFull()
            continue
        outcome[pupil] = Place(state, ahead if state is PlaceState.WAITING else None)
        ahead += state is PlaceState.WAITING
        taken.append((pupil, state))
    if taken:
        await book.take_places(lecture, taken)
        work.tell(lecture_channel(id), "lecture", id)
        await work.commit()
    return [outcome[pupil] for pupil in pupils]


async def leave(work: Work, pupil: Person, id: UUID) -> None:
    """The place goes to the first of those who wait. Leaving twice is leaving."""
    book = LectureBook(work)
    lecture = await book.lecture(id)
    if lecture is None:
        raise NotHere
    if LectureState(lecture.state) not in ENROLLING:
        raise LectureFixed
    left = await book.leave(id, pupil.id)
    if left is None:
        if await book.has_left(id, pupil.id):
            return
        raise NotHere
    await _move_up(work, book, lecture)
    work.tell(lecture_channel(id), "lecture", id)
    await work.commit()


async def _move_up(work: Work, book: LectureBook, lecture: Record) -> None:
    told = {"lecture_id": str(lecture.id), "title": lecture.title, "why": "moved_up"}
    for pupil in await book.move_up(lecture.id):
        work.tell(person_channel(pupil), "place", lecture.id, told)
