"""The one video of a lecture: wanted when the lecture ends, made by a worker, and made anew when somebody asks."""

from uuid import UUID

from server.actions.errors import NotHere
from server.domain.lecture import LectureState
from server.domain.people import Person, Role
from server.store.lecture_films import Footage, LectureFilmBook
from server.store.lectures import LectureBook
from server.store.work import Work


async def leave_behind(work: Work, id: UUID) -> None:
    """In the transaction that ends it: a video, and what its pages say."""
    await want_film(work, id)
    work.defer("read_lecture", queue="film", lock=f"texts:{id}", lecture_id=str(id))


async def want_film(work: Work, id: UUID) -> None:
    """In the transaction of whoever has a reason: the lecture ended, or its captions are others now."""
    await LectureFilmBook(work).want(id)
    work.defer("film_lecture", queue="film", lock=f"film:{id}", lecture_id=str(id))


async def withdraw_film(work: Work, id: UUID) -> None:
    """Somebody in it has taken the word back: nobody watches it any more, and it is made without them."""
    book = LectureFilmBook(work)
    if await book.film(id) is not None:
        await book.withdraw(id)
        await want_film(work, id)


async def again(work: Work, person: Person, id: UUID) -> None:
    """Asked for by its lecturer or a reviewer; one that is under way goes on."""
    lecture = await LectureBook(work).lecture(id)
    if lecture is None or LectureState(lecture.state) is not LectureState.OVER or lecture.swept_at is not None:
        raise NotHere
    if lecture.lecturer_id != person.id and not person.is_a(Role.REVIEWER):
        raise NotHere
    found = await LectureFilmBook(work).film(id)
    if found is None or found.state != "making":
        await want_film(work, id)
        await work.commit()


async def make_headway(work: Work, id: UUID, progress: int) -> None:
    await LectureFilmBook(work).come_to(id, progress)
    await work.commit()


async def publish(work: Work, id: UUID, footage: Footage, *, more: bool) -> None:
    """It can be watched; with `more` of the recording there meanwhile it is made once more."""
    book = LectureFilmBook(work)
    if await book.keep(id, footage) and more:
        await want_film(work, id)
    await work.commit()


async def give_up(work: Work, id: UUID) -> None:
    """It could not be made; an earlier one stays."""
    await LectureFilmBook(work).fail(id)
    await work.commit()
