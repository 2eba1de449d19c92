"""Topics in the service: who is counted, what a person did stays, and nothing that fewer than five asked is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from server.actions import topic
from server.actions.errors import BadRequest, NotHere
from server.actions.facts import follow, monday
from server.domain.label import Kind
from server.domain.people import Person, PersonId, Role, Stage, Subject
from server.live import protocol as wire
from server.store import topic_views
from server.store.work import Store
from server.topics import group, parted
from tests.research.conftest import Town
from tests.research.test_labels import a_model, due, serve
from tests.research.texts import POINTS, texts

NOW = datetime.now(UTC)
LAST_WEEK = monday(NOW) - timedelta(days=7)
END = LAST_WEEK + timedelta(days=6)


async def listed(store: Store) -> dict[int, wire.TopicView]:
    found = await topic_views.listed(store, Subject.MATH, Stage.JUNIOR, NOW)
    return {each.number: each for each in found.topics}


@pytest.fixture
def pool() -> Iterator[Executor]:
    """A thread: the process of its own is only so that a worker's other work goes on."""
    with ThreadPoolExecutor(1) as found:
        yield found


async def part(given: object) -> list[tuple[list[int], dict[str, object]]]:
    return await asyncio.to_thread(parted, given)  # type: ignore[arg-type]


@pytest.fixture
async def asked(town: Town, store: Store) -> dict[str, list[UUID]]:
    """Last week ten pupils asked about three points; of another, whose guardian agreed to nothing, nothing counts."""
    pupils = await town.pupils(10, await town.school("甲校"))
    found = {
        point: [await town.ask(pupils[n % 10], point, week=LAST_WEEK, day=n % 5, text=text)
                for n, text in enumerate(texts(point))]
        for point in POINTS
    }  # fmt: skip
    silent = await town.person(Role.STUDENT, grade=8)
    found["silent"] = [await town.ask(silent, week=LAST_WEEK, text=text) for text in texts("概率")]
    await follow(store)
    return found


async def topic_of(town: Town, questions: list[UUID]) -> int:
    """The one that most of them are in."""
    rows = await town.sql(
        "SELECT topic_id FROM topic_members WHERE question_id = ANY(%(ids)s) GROUP BY 1 ORDER BY count(*) DESC",
        ids=questions,
    )
    return int(rows[0].topic_id)


async def test_topics_are_told_in_weeks_and_keep_what_a_person_did(
    store: Store, town: Town, pool: Executor, asked: dict[str, list[UUID]]
) -> None:
    person = Person(PersonId(await town.person(Role.RESEARCHER)), "r", frozenset({Role.RESEARCHER}), "r")
    assert await group(store, pool, END, fresh=True) == 48  # the silent pupil's are not looked at
    one, two, three = [await topic_of(town, asked[point]) for point in POINTS]
    assert len({one, two, three}) == 3
    first = await listed(store)
    assert first[one].askers[0] == 10 and first[one].is_new is (END >= LAST_WEEK) and first[one].growth is None
    assert first[one].name is None and first[one].terms and 1 <= len(first[one].exemplars) <= 5
    silent = set(texts("概率")) - {row.text for row in await town.sql("SELECT text FROM questions")}
    assert not silent

    async with store.work() as work:
        await topic.rename(work, person, one, "  直角三角形 的  斜边 ")
    async with store.work() as work:
        await topic.merge(work, person, two, three)
    for fresh in (True, False, True):
        await group(store, pool, END, fresh=fresh)

    after = await listed(store)
    assert after[one].name == "直角三角形 的 斜边" and two not in after
    assert await topic_of(town, asked["概率"]) == await topic_of(town, asked["因式分解"]) == three

    async with store.work() as work:
        await topic.split(work, person, three, part)
    halves_before = {row.topic_id: row.n for row in await town.sql(
        "SELECT topic_id, count(*) AS n FROM topic_members GROUP BY 1")}  # fmt: skip
    await group(store, pool, END, fresh=True)
    halves_after = {row.topic_id: row.n for row in await town.sql(
        "SELECT topic_id, count(*) AS n FROM topic_members GROUP BY 1")}  # fmt: skip
    assert len(halves_before) >= 3 and set(halves_before) == set(halves_after)
    edits = await town.sql("SELECT kind, person_id FROM topic_edits ORDER BY id")
    assert [(row.kind, row.person_id) for row in edits] == [(kind, person.id) for kind in ("rename", "merge", "split")]


async def test_what_a_person_may_not_do_to_a_topic(
    store: Store, town: Town, pool: Executor, asked: dict[str, list[UUID]]
) -> None:
    person = Person(PersonId(await town.person(Role.RESEARCHER)), "r", frozenset({Role.RESEARCHER}), "r")
    await group(store, pool, END, fresh=True)
    one = await topic_of(town, asked["概率"])

    async with store.work() as work:
        with pytest.raises(NotHere):
            await topic.rename(work, person, 10**6, "甲")
        for name in ("长" * 61, "甲\u202e乙"):
            with pytest.raises(BadRequest):
                await topic.rename(work, person, one, name)
        with pytest.raises(BadRequest):
            await topic.merge(work, person, one, one)


async def test_nothing_that_fewer_than_five_asked_or_that_is_held_is_told(
    store: Store, town: Town, pool: Executor, asked: dict[str, list[UUID]]
) -> None:
    [few] = await town.pupils(1, await town.school("乙校"), grade=11)
    for text in texts("概率"):
        await town.ask(few, "概率", week=LAST_WEEK, text=text, grade=11)
    words = dict.fromkeys(POINTS, "question") | {"概率": "inappropriate"}
    number = await serve(store, Kind.FITNESS, "", a_model(words))
    held = asked["概率"]
    async with store.work() as work:
        for id in held:
            await work.rows(
                "INSERT INTO labels (question_id, kind, value, source, model_id, confidence) "
                "VALUES (%(id)s, 'fitness', 'inappropriate', 'model', %(model)s, 0.9) RETURNING 1",
                {"id": id, "model": number},
            )
        await work.commit()
    await due(store)
    await follow(store)

    await group(store, pool, END, fresh=True)

    assert (await topic_views.listed(store, Subject.MATH, Stage.SENIOR, NOW)).topics == []
    assert await town.sql("SELECT 1 AS one FROM topic_members WHERE question_id = ANY(%(ids)s)", ids=held) == []
    assert all("红球" not in text for each in (await listed(store)).values() for text in each.exemplars)
    assert topic_views.growth([10, 4, 5, 15]) == 1.0 and topic_views.growth([4, 9, 9, 9]) is None
