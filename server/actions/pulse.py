"""The pulse of a room on air: the lecturer asks and sees the answers at once, gives the word, and sees who is lost.

What pupils do here comes from hundreds at the same moment, so each of these takes many of them (server/together.py):
one transaction, and one event for whom it concerns.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from server.actions.errors import BadRequest, Moved, Muted, NotHere, Refusal, RoomClosed, TooFast
from server.domain.floor import FloorEnd
from server.domain.lecture import LectureState
from server.domain.people import Person
from server.domain.pulse import MOST_POLLS, BadPoll, HandState, Poll, checked, may_raise, window_of
from server.live.protocol import HandPlace, PollView
from server.store.floors import FloorBook
from server.store.lectures import LectureBook
from server.store.pulse import PulseBook
from server.store.pulse_views import poll_view
from server.store.work import Record, Work, room_channel, staff_channel

# --- polls ---------------------------------------------------------------------------------------------------------


async def ask(work: Work, lecturer: Person, id: UUID, poll_id: UUID, wanted: Poll, now: datetime) -> PollView:
    """The room may answer from now on; a poll that was open is closed. The same id is asked once."""
    lecture = await _taught_by(work, lecturer, id)
    book = PulseBook(work)
    known = await book.poll_of(id, poll_id)
    if known is not None:
        return poll_view(known, staff=True)
    try:
        poll = checked(wanted)
    except BadPoll as error:
        raise BadRequest(str(error)) from error
    _is_on_air(lecture)
    await _close(work, id)
    asked = await book.ask(id, poll_id, poll, _clock(lecture, now))
    if asked.number > MOST_POLLS:
        raise BadRequest(f"a lecture has at most {MOST_POLLS} polls")
    _tell(work, asked)
    await work.commit()
    return poll_view(asked, staff=True)


async def close(work: Work, lecturer: Person, id: UUID, number: int) -> PollView:
    """No answers any more; of a quiz the room is told which was right. Closing twice is closing."""
    await _taught_by(work, lecturer, id)
    book = PulseBook(work)
    poll = await book.poll(id, number)
    if poll is None:
        raise NotHere
    if poll.closed_at is not None:
        return poll_view(poll, staff=True)
    closed = await _close(work, id)
    assert closed is not None
    await work.commit()
    return poll_view(closed, staff=True)


async def answer(work: Work, id: UUID, number: int, answers: Sequence[tuple[UUID, int]]) -> list[int | Refusal]:
    """Pupils with the option of each, in the order in which they came: the last word of a pupil is what counts."""
    lecture = await LectureBook(work).look(id)  # who ends it closes the poll, which is locked here
    book = PulseBook(work)
    poll = await book.poll(id, number)
    if lecture is None or poll is None:
        return [NotHere() for _ in answers]
    listeners = await book.listeners(id, [pupil for pupil, _ in answers])
    is_open = poll.closed_at is None and LectureState(lecture.state) is LectureState.LIVE
    outcome: list[int | Refusal] = []
    fresh: dict[UUID, int] = {}
    for pupil, option in answers:
        if pupil not in listeners:
            outcome.append(NotHere())
        elif not 1 <= option <= len(poll.options):
            outcome.append(BadRequest("there is no such option"))
        elif not is_open:
            outcome.append(Moved())
        else:
            fresh[pupil] = option
            outcome.append(option)
    counted = await book.answer(id, number, fresh) if fresh else None
    if counted is not None:
        _tell(work, counted)
        await work.commit()
    return outcome


async def _close(work: Work, id: UUID) -> Record | None:
    closed = await PulseBook(work).close(id)
    if closed is not None:
        _tell(work, closed)
    return closed


def _tell(work: Work, poll: Record) -> None:
    """The room learns what is right when it is closed; the lecturer's page knows already."""
    work.tell(room_channel(poll.lecture_id), "poll", poll.lecture_id, msgspec.to_builtins(poll_view(poll, staff=False)))


# --- hands ---------------------------------------------------------------------------------------------------------


async def raise_hands(work: Work, id: UUID, pupils: Sequence[UUID], now: datetime) -> list[HandPlace | Refusal]:
    """Pupils who want the word, in this order; a hand that is up stays where it is."""
    lecture = await LectureBook(work).lecture(id)
    if lecture is None:
        return [NotHere() for _ in pupils]
    book = PulseBook(work)
    listeners, known = await book.listeners(id, pupils), await book.hands_of(id, pupils)
    up = {pupil: hand.number for pupil, hand in known.items() if hand.state in (HandState.RAISED, HandState.TAKEN)}
    is_live = LectureState(lecture.state) is LectureState.LIVE
    outcome: dict[UUID, Refusal] = {}
    fresh: list[UUID] = []
    for pupil in dict.fromkeys(pupils):
        last = known[pupil].raised_at if pupil in known else None
        if pupil not in listeners:
            outcome[pupil] = NotHere()
        elif not is_live:
            outcome[pupil] = RoomClosed()
        elif pupil in up:
            continue
        elif not listeners[pupil]:
            outcome[pupil] = Muted()
        elif not may_raise(last, now):
            outcome[pupil] = TooFast()
        else:
            fresh.append(pupil)
    if fresh:
        up |= await book.raise_hands(id, fresh, now)
        work.tell(staff_channel(id), "hands", id)
    waiting = await book.ahead(id)
    by_voice = await FloorBook(work).by_voice(list(up))
    if fresh:
        await work.commit()
    return [
        outcome[p]
        if p in outcome
        else HandPlace(number=up[p], ahead=_before(up[p], waiting), by_voice=by_voice.get(p, "no"))
        for p in pupils
    ]


def _before(number: int, waiting: Sequence[int]) -> int:
    return sum(other < number for other in waiting)


async def withdraw_hand(work: Work, pupil: Person, id: UUID) -> None:
    """Down again, also while having the word. Withdrawing twice is withdrawing."""
    if await LectureBook(work).lecture(id) is None or pupil.id not in await PulseBook(work).listeners(id, [pupil.id]):
        raise NotHere
    await lower_hand_of(work, id, pupil.id)
    await work.commit()


async def lower_hand_of(work: Work, id: UUID, pupil: UUID) -> None:
    """Of who withdraws it, was muted or removed."""
    had_the_word = await PulseBook(work).lower(id, HandState.WITHDRAWN, pupil)
    await word_moved(work, id, FloorEnd.TAKEN_BACK if had_the_word else None)


async def take_hand(work: Work, lecturer: Person, id: UUID, number: int) -> None:
    """This pupil has the word from now on; who had it before has had it."""
    await give_the_word(work, lecturer, id, number)
    await work.commit()


async def give_the_word(work: Work, lecturer: Person, id: UUID, number: int) -> Record:
    """The hand, in the transaction of who goes on with it."""
    _is_on_air(await _taught_by(work, lecturer, id))
    book = PulseBook(work)
    hand = await book.hand(id, number)
    if hand is None:
        raise NotHere
    if hand.state == HandState.TAKEN:
        return hand
    if hand.state != HandState.RAISED:
        raise Moved
    await book.lower(id, HandState.DONE)
    await book.take(id, number)
    await word_moved(work, id, FloorEnd.DONE)
    return hand


async def hand_done(work: Work, lecturer: Person, id: UUID, number: int) -> None:
    """The word is the lecturer's again, or a hand that was up is left unheard. Twice is once."""
    await _taught_by(work, lecturer, id)
    book = PulseBook(work)
    hand = await book.hand(id, number)
    if hand is None:
        raise NotHere
    if hand.state not in (HandState.RAISED, HandState.TAKEN):
        return
    had_the_word = await book.lower(id, HandState.DONE, hand.pupil_id)
    await word_moved(work, id, FloorEnd.DONE if had_the_word else None)
    await work.commit()


async def word_moved(work: Work, id: UUID, why: FloorEnd | None) -> None:
    """Who waits concerns the lecturer alone; that the word moved, the room, which is told no name. Who has the word no
    more is heard no more, and is told `why`; None where nobody had it."""
    work.tell(staff_channel(id), "hands", id)
    if why is not None:
        await FloorBook(work).fall_silent(id, why)
        await LectureBook(work).change(id)
        work.tell(room_channel(id), "room", id)


# --- lost ----------------------------------------------------------------------------------------------------------


async def lost(work: Work, id: UUID, pupils: Sequence[UUID], now: datetime) -> list[int | Refusal]:
    """Pupils who have lost the thread, each once a window of the lecture's clock; the window it counts in."""
    lecture = await LectureBook(work).lecture(id)
    if lecture is None:
        return [NotHere() for _ in pupils]
    book = PulseBook(work)
    listeners = await book.listeners(id, pupils)
    if LectureState(lecture.state) is not LectureState.LIVE:
        return [RoomClosed() if pupil in listeners else NotHere() for pupil in pupils]
    window = window_of(_clock(lecture, now))
    if await book.lose(id, window, list(listeners)):
        work.tell(staff_channel(id), "lost", id)
        await work.commit()
    return [window if pupil in listeners else NotHere() for pupil in pupils]


# --- the end -------------------------------------------------------------------------------------------------------


async def falls_still(work: Work, id: UUID) -> None:
    """The lecture is over: what was asked is closed. Part of the work that ends it."""
    await _close(work, id)
    await PulseBook(work).lower(id, HandState.DONE)
    await FloorBook(work).fall_silent(id, FloorEnd.TAKEN_BACK)


async def _taught_by(work: Work, lecturer: Person, id: UUID) -> Record:
    lecture = await LectureBook(work).lecture(id)
    if lecture is None or lecture.lecturer_id != lecturer.id:
        raise NotHere
    return lecture


def _is_on_air(lecture: Record) -> None:
    if LectureState(lecture.state) is not LectureState.LIVE:
        raise RoomClosed


def _clock(lecture: Record, now: datetime) -> int:
    """The lecture's own, which the board's log and the replay go by."""
    at_ms: int = max(0, round((now - lecture.started_at).total_seconds() * 1000))
    return at_ms
