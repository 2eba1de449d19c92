"""What a pupil's page loads: all that is not over, the newest of the rest, and earlier ones when asked for."""

from datetime import timedelta
from uuid import UUID, uuid4

import httpx
from sqlalchemy import update

from server.actions import answer, ask
from server.actions.ports import Found
from server.domain.people import Person
from server.domain.question import Verdict
from server.parts import Parts
from server.store import tables as t
from server.store.views import HISTORY
from server.web.auth import make_token
from tests.actions.conftest import SaysSo
from tests.builders import RULES, World


async def _page(parts: Parts, program: httpx.AsyncClient, person: Person, query: str = "") -> dict:
    token = await make_token(parts.store, person.login, 1)
    answered = await program.get(f"/api/student{query}", headers={"Authorization": f"Bearer {token}"})
    assert answered.status_code == 200, answered.text
    return answered.json()


async def _asked_long_ago(parts: Parts, world: World, student: Person, count: int) -> list[str]:
    """So many questions, oldest first; all but the oldest are withdrawn."""
    ids = [await world.ask(student, f"第 {n} 题") for n in range(count)]
    async with parts.store.engine.begin() as connection:
        for n, id in enumerate(ids):
            received = await world.now() - timedelta(days=count - n)
            state = "waiting" if n == 0 else "withdrawn"
            row = update(t.questions).where(t.questions.c.id == id)
            await connection.execute(row.values(received_at=received, state=state))
    return [str(id) for id in ids]


async def test_a_pupil_turns_back_through_every_question_and_an_open_one_is_never_out_of_sight(
    parts: Parts, program: httpx.AsyncClient
) -> None:
    world = World(parts.store)
    student = await world.student()
    ids = await _asked_long_ago(parts, world, student, 2 * HISTORY + 3)

    first = await _page(parts, program, student)
    second = await _page(parts, program, student, f"?before={first['earlier']}")
    third = await _page(parts, program, student, f"?before={second['earlier']}")

    newest_first = ids[::-1]
    assert [q["id"] for q in first["questions"]] == [*newest_first[:HISTORY], ids[0]]
    assert [q["id"] for q in second["questions"]] == newest_first[HISTORY : 2 * HISTORY]
    assert [q["id"] for q in third["questions"]] == newest_first[2 * HISTORY :]
    assert third["earlier"] is None


async def test_nobody_pages_by_the_question_of_another(parts: Parts, program: httpx.AsyncClient) -> None:
    world = World(parts.store)
    student, other = await world.student(), await world.student("other")
    await world.ask(student)
    theirs = await world.ask(other)

    for before in (theirs, uuid4()):
        page = await _page(parts, program, student, f"?before={before}")
        assert (page["questions"], page["earlier"]) == ([], None)


async def test_who_follows_is_told_how_it_stands_with_the_question_that_leads(
    parts: Parts, program: httpx.AsyncClient
) -> None:
    world, finder = World(parts.store), SaysSo()
    await world.policy()
    asker, follower = await world.student(), await world.student("follower")
    leader = await world.ask(asker)
    await _settle(parts, finder, leader)
    finder.found = Found(Verdict.OPEN, leader, 0.99)
    await _settle(parts, finder, await world.ask(follower))
    waiting = (await _page(parts, program, follower))["questions"][0]

    teacher = await world.teacher()
    async with parts.store.work() as work:
        offer = await work.open_offer_of(leader)
        assert offer is not None
        await answer.accept(work, teacher, offer.id, await work.now())
    answering = (await _page(parts, program, follower))["questions"][0]

    assert (waiting["state"], waiting["leader_state"], waiting["place"]) == ("following", "waiting", 1)
    assert (answering["state"], answering["leader_state"], answering["place"]) == ("following", "answering", None)


async def _settle(parts: Parts, finder: SaysSo, id: UUID) -> None:
    async with parts.store.work() as work:
        await ask.settle(work, finder, RULES, id, None, await work.now())
