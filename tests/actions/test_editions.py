"""A teacher cuts an answer after it was taught, has all of it again, and takes it down."""

from __future__ import annotations

from uuid import UUID

import pytest

from server.actions import answer, edition
from server.actions.errors import BadRequest, Moved, NotHere
from server.domain.people import Person
from server.domain.question import State
from server.store.views import Views
from server.store.work import Outgoing, Record, Store
from tests.actions.conftest import SaysSo
from tests.actions.test_path_of_a_question import accept, finish, publish, question, settle
from tests.actions.test_session import views
from tests.builders import RULES, World

__all__ = ["views"]


@pytest.fixture
async def made(store: Store, world: World, finder: SaysSo) -> tuple[Person, Person, UUID, UUID]:
    """Pupil, teacher, question and its published answer of a minute."""
    await world.policy()
    student, teacher = await world.student(), await world.teacher()
    id = await world.ask(student)
    await settle(store, finder, id)
    answered = await finish(store, teacher, await accept(store, teacher, id), id)
    await publish(store, finder, answered)
    return student, teacher, id, answered


async def row(store: Store, id: UUID) -> Record:
    async with store.work() as work:
        found = await work.answer(id)
    assert found is not None
    return found


async def cut(store: Store, teacher: Person, id: UUID, *cuts: tuple[int, int], whole: bool = False) -> None:
    async with store.work() as work:
        await edition.edit(work, RULES, teacher, id, cuts, whole=whole)


async def rendered(store: Store, finder: SaysSo, id: UUID, length_ms: int) -> None:
    wanted = await row(store, id)
    film = answer.Film(
        f"v{wanted.edition}.mp4",
        "p.jpg",
        length_ms,
        "v.m4a",
        shown_cuts=wanted.cuts,
        shown_masks=wanted.masks,
        shown_taken_id=wanted.taken_session_id,
    )
    async with store.work() as work:
        await answer.publish(work, finder, id, wanted.edition, film, await work.now())


async def test_an_edition_is_watched_until_the_next_is_made_and_cuts_add_up(
    store: Store, finder: SaysSo, views: Views, made: tuple[Person, Person, UUID, UUID]
) -> None:
    _, teacher, _, id = made
    await cut(store, teacher, id, (10_000, 20_000), (0, 5_000))

    meanwhile = await views.answer(id)
    assert meanwhile is not None and meanwhile.remaking and meanwhile.video_url == "/files/answers/v.mp4"
    with pytest.raises(Moved):
        await cut(store, teacher, id, (0, 1_000))
    await rendered(store, finder, id, 45_000)
    await cut(store, teacher, id, (4_000, 6_000))  # around where the second was
    await rendered(store, finder, id, 43_000)

    after = await views.answer(id)
    assert after is not None and (after.remaking, after.is_cut, after.video_url) == (False, True, "/files/v3.mp4")
    assert (await row(store, id)).shown_cuts == [[0, 5_000], [9_000, 21_000]]
    await cut(store, teacher, id, whole=True)
    await rendered(store, finder, id, 60_000)
    whole = await views.answer(id)
    assert whole is not None and not whole.is_cut


async def test_a_film_of_an_edition_that_is_no_longer_wanted_is_not_shown(
    store: Store, finder: SaysSo, made: tuple[Person, Person, UUID, UUID]
) -> None:
    _, teacher, _, id = made
    await cut(store, teacher, id, (0, 5_000))

    async with store.work() as work:
        await answer.publish(work, finder, id, 1, answer.Film("old.mp4", "p.jpg", 1), await work.now())

    assert (await row(store, id)).video_key == "answers/v.mp4"


async def test_an_edition_that_can_not_be_made_leaves_the_one_that_is_there(
    store: Store, finder: SaysSo, views: Views, made: tuple[Person, Person, UUID, UUID]
) -> None:
    _, teacher, _, id = made
    await cut(store, teacher, id, (0, 5_000))

    async with store.work() as work:
        await answer.render_failed(work, finder, RULES, id, await work.now())

    view = await views.answer(id)
    assert view is not None and (view.state, view.remaking, view.is_cut) == ("published", False, False)


@pytest.mark.parametrize("cuts", [[(5, 5)], [(-1, 5)], [(0, 59_900)], [(0, 40_000), (20_000, 60_000)], [(0, 1)] * 51])
async def test_cuts_that_make_no_sense_are_refused(
    store: Store, made: tuple[Person, Person, UUID, UUID], cuts: list[tuple[int, int]]
) -> None:
    _, teacher, _, id = made

    with pytest.raises(BadRequest):
        await cut(store, teacher, id, *cuts)


async def test_who_takes_an_answer_down_takes_it_from_all_who_were_shown_it(
    store: Store,
    world: World,
    finder: SaysSo,
    views: Views,
    told: list[Outgoing],
    made: tuple[Person, Person, UUID, UUID],
) -> None:
    _, teacher, id, answered = made
    told.clear()

    with pytest.raises(NotHere):
        async with store.work() as work:
            await edition.take_down(work, finder, await world.teacher("li"), answered)
    for _ in range(2):
        async with store.work() as work:
            await edition.take_down(work, finder, teacher, answered)

    assert answered not in finder.known
    assert await views.replay(answered, teacher.id) is None
    assert (await question(store, id)).state is State.ANSWERED
    assert id in {event.ref for event in told}
    with pytest.raises(Moved):
        await cut(store, teacher, answered, (0, 5_000))
