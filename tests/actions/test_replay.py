"""An answer as ink and voice, from the moment its session ended."""

from __future__ import annotations

from uuid import UUID

import pytest

from server.actions import answer
from server.actions.errors import BadRequest
from server.domain.people import Person
from server.store.views import Views
from server.store.work import Outgoing, Store
from tests.actions.conftest import SaysSo
from tests.actions.test_path_of_a_question import STROKE, accept, finish, publish, question, settle
from tests.builders import World


@pytest.fixture
async def views(store: Store) -> Views:
    async def sign(key: str, filename: str | None) -> str:
        return f"/files/{key}"

    return Views(store, sign)


async def draw(store: Store, who: Person, session: UUID, epoch: int, kind: str, **body: object) -> int:
    async with store.work() as work:
        return await answer.draw(work, who, session, epoch, f"{kind}-{len(str(body))}", kind, body)


async def test_the_replay_is_there_when_the_session_ends_and_its_voice_a_moment_later(
    store: Store, world: World, finder: SaysSo, views: Views, told: list[Outgoing]
) -> None:
    await world.policy()
    student, teacher = await world.student(), await world.teacher()
    id = await world.ask(student)
    await settle(store, finder, id)
    session = await accept(store, teacher, id)
    epoch = (await question(store, id)).assignment_epoch
    await draw(store, teacher, session, epoch, "stroke", **STROKE)
    await draw(store, student, session, epoch, "say", text="为什么乘 12？")
    await draw(store, student, session, epoch, "lost", page="p1")
    made = await finish(store, teacher, session, id)

    at_once = await views.replay(made, student.id)
    told.clear()
    async with store.work() as work:
        await answer.make_headway(work, made, 1, voice_key="answers/v.m4a", start_ms=700, duration_ms=60_000)
    async with store.work() as work:
        await answer.make_headway(work, made, 1, progress=40)
    soon = await views.replay(made, teacher.id)
    other = await views.replay(made, (await world.student("other")).id)

    assert at_once is not None and (at_once.answer.state, at_once.voice_url) == ("rendering", None)
    assert [line.kind for line in at_once.log] == ["page", "text", "stroke", "say", "lost"]
    assert soon is not None and (soon.voice_url, soon.start_ms) == ("/files/answers/v.m4a", 700)
    assert (soon.answer.progress, soon.answer.duration_ms) == (40, 60_000)
    assert {event.ref for event in told} == {id, teacher.id}
    assert other is not None and "say" not in {line.kind for line in other.log}


async def test_headway_of_a_film_that_is_done_changes_nothing(
    store: Store, world: World, finder: SaysSo, views: Views
) -> None:
    await world.policy()
    teacher = await world.teacher()
    id = await world.ask(await world.student())
    await settle(store, finder, id)
    made = await finish(store, teacher, await accept(store, teacher, id), id)
    await publish(store, finder, made)

    async with store.work() as work:
        await answer.make_headway(work, made, 1, progress=40)

    view = await views.answer(made)
    assert view is not None and (view.state, view.progress) == ("published", 100)


async def test_only_the_pupil_says_that_the_pupil_is_lost(store: Store, world: World, finder: SaysSo) -> None:
    student, teacher = await world.student(), await world.teacher()
    id = await world.ask(student)
    await settle(store, finder, id)
    session = await accept(store, teacher, id)
    epoch = (await question(store, id)).assignment_epoch

    with pytest.raises(BadRequest):
        await draw(store, teacher, session, epoch, "lost", page="p1")
    with pytest.raises(BadRequest):
        await draw(store, student, session, epoch, "lost", page="")
    assert await draw(store, student, session, epoch, "lost", page="p1") == 3
