"""What was said in a lecture, in writing: its lecturer brings it, or the speech model hears it; a reviewer looks."""

from collections.abc import Sequence
from uuid import UUID

from media.captions import Caption
from server.actions.errors import NotHere
from server.actions.lecture_film import want_film
from server.domain.lecture import LectureState
from server.domain.people import Person, Role
from server.store.captions import CaptionBook
from server.store.lectures import LectureBook
from server.store.work import Record, Work


async def bring(work: Work, person: Person, id: UUID, cues: Sequence[Caption], *, reviewed_first: bool) -> None:
    """In the place of those before; where a city reviews replays first, pupils see them when a reviewer has looked."""
    await _own(work, person, id)
    await CaptionBook(work).keep(id, "brought", "waiting" if reviewed_first else "shown", cues)
    if not reviewed_first:
        await want_film(work, id)
    await work.commit()


async def remove(work: Work, person: Person, id: UUID) -> None:
    await _own(work, person, id)
    await CaptionBook(work).drop(id)
    await want_film(work, id)
    await work.commit()


async def show(work: Work, reviewer: Person, id: UUID, shown: bool) -> None:
    """A reviewer's word on them."""
    await _over(work, id)
    book = CaptionBook(work)
    found = await book.captions(id)
    if not reviewer.is_a(Role.REVIEWER) or found is None:
        raise NotHere
    state = "shown" if shown else "refused"
    if found.state != state:
        await book.judge(id, state)
        await want_film(work, id)
        await work.commit()


async def hear(work: Work, id: UUID) -> None:
    """The speech model begins; not where there are captions already."""
    book = CaptionBook(work)
    if await book.captions(id) is None:
        await book.keep(id, "heard", "waiting", [], heard_ms=0)
        _go_on(work, id)
        await work.commit()


async def heard(work: Work, id: UUID, cues: Sequence[Caption], next_ms: int | None, *, reviewed_first: bool) -> None:
    """More was heard; without a next moment it is all, and they are shown unless a reviewer looks first."""
    book = CaptionBook(work)
    found = await book.captions(id)
    if found is None or found.source != "heard" or found.heard_ms is None:
        return
    known = [Caption(*cue) for cue in found.cues]
    every = [*known, *cues]
    if next_ms is not None:
        await book.keep(id, "heard", "waiting", every, heard_ms=next_ms)
        _go_on(work, id)
    elif every:
        await book.keep(id, "heard", "waiting" if reviewed_first else "shown", every)
        if not reviewed_first:
            await want_film(work, id)
    else:
        await book.drop(id)
    await work.commit()


def _go_on(work: Work, id: UUID) -> None:
    work.defer("hear_lecture", queue="hear", lock=f"captions:{id}", lecture_id=str(id))


async def _own(work: Work, person: Person, id: UUID) -> None:
    if (await _over(work, id)).lecturer_id != person.id:
        raise NotHere


async def _over(work: Work, id: UUID) -> Record:
    lecture = await LectureBook(work).lecture(id)
    if lecture is None or LectureState(lecture.state) is not LectureState.OVER or lecture.swept_at is not None:
        raise NotHere
    return lecture
