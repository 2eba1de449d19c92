"""Facts follow what happens to questions, in whatever order and however often; a rebuild changes nothing."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from server.actions import facts
from server.domain.people import Role
from server.store.work import Store
from tests.research.conftest import WEEK, Town

STATES = ("waiting", "suggested", "answered", "resolved", "withdrawn")


async def kept(town: Town) -> tuple[list[Any], list[Any]]:
    """All that is counted and all that is told."""
    found = [tuple(row) for row in await town.sql("SELECT * FROM research_facts ORDER BY question_id")]
    return found, [tuple(row) for row in await town.sql("SELECT * FROM research_units ORDER BY week, number")]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_following_it_comes_to_the_same_as_counting_everything_anew(
    store: Store, town: Town, seed: int
) -> None:
    rng = random.Random(seed)
    schools = [await town.school(f"学校{n}") for n in range(3)]
    pupils = [pupil for school in schools for pupil in await town.pupils(6, school)]
    teacher = await town.person(Role.TEACHER)
    asked: list[UUID] = []

    async def something() -> None:
        question = rng.choice(asked) if asked else None
        what = rng.randrange(10) if question else 0
        if question is None or what <= 3:
            point = rng.choice(["勾股定理", "一次函数", None])
            when = {"week": WEEK - timedelta(days=7 * rng.randrange(2)), "day": rng.randrange(7)}
            asked.append(await town.ask(rng.choice(pupils), point, state="waiting", answered=False, **when))
        elif what == 4:
            state = rng.choice(STATES)
            answered = "received_at + interval '3 min'" if state in ("answered", "resolved") else "answered_at"
            await town.sql(
                f"UPDATE questions SET state = %(state)s, answered_at = {answered} WHERE id = %(id)s",
                state=state,
                id=question,
            )
        elif what == 5:
            label = rng.choice(["勾股定理", "相似三角形", None])
            await town.sql("UPDATE questions SET knowledge_point = %(p)s WHERE id = %(id)s", p=label, id=question)
        elif what == 6:
            said = rng.choice([None, "solved", "still_stuck", "not_mine"])
            await town.suggest(question, timedelta(seconds=rng.randrange(1, 900)), said)
        elif what == 7:
            opened = timedelta(seconds=rng.randrange(1, 9_000))
            await town.session(question, teacher, opened, timedelta(minutes=4))
            await town.sql("UPDATE questions SET state = 'answered' WHERE id = %(id)s", id=question)
        elif what == 8:
            for table in ("suggestions", "live_sessions"):
                await town.sql(f"DELETE FROM {table} WHERE question_id = %(id)s", id=question)
            await town.sql("DELETE FROM questions WHERE id = %(id)s", id=question)
            asked.remove(question)
        else:
            child = rng.choice(pupils)
            await town.agree(child, rng.random() < 0.7)
            school = rng.choice(schools)
            await town.sql("UPDATE identities SET school_id = %(s)s WHERE account_id = %(c)s", s=school, c=child)

    for _ in range(6):
        for _ in range(25):
            await something()
        await facts.follow(store)
    await facts.tell(store)
    followed = await kept(town)
    await facts.rebuild(store)

    assert len(followed[0]) > 10
    assert sum(row[8] for row in followed[1]) > 0
    assert await kept(town) == followed


async def test_a_fact_says_what_became_of_the_question(store: Store, town: Town) -> None:
    [pupil, silent] = await town.pupils(2, await town.school("一中"))
    teacher = await town.person(Role.TEACHER)
    pushed = await town.ask(pupil, answered=False)
    await town.suggest(pushed, timedelta(seconds=1), verdict="similar")
    await town.suggest(pushed, timedelta(seconds=8), "solved")
    reopened = await town.ask(pupil, state="waiting", day=6)
    await town.session(reopened, teacher, timedelta(minutes=1), timedelta(minutes=1))
    lost = await town.ask(pupil, None, state="waiting", answered=False)
    withdrawn = await town.ask(pupil, state="withdrawn", answered=False)
    uncounted = await town.ask(silent)
    await town.agree(silent, False)

    await facts.follow(store)

    query = "SELECT question_id, week, day, saw, solved, stuck, reopened, unanswered, wait FROM research_facts"
    found = {row.question_id: row for row in await town.sql(query)}
    assert uncounted not in found, "whose guardian did not agree is not counted"
    assert [found[pushed][n] for n in (3, 4, 5, 6, 7, 8)] == [True, True, False, False, False, 12]
    assert [found[reopened][n] for n in (1, 2)] == [WEEK, WEEK + timedelta(days=6)]
    assert [found[reopened][n] for n in (3, 4, 5, 6, 7, 8)] == [True, False, True, True, False, 23]
    assert [found[lost][n] for n in (3, 4, 5, 6, 7, 8)] == [False, False, False, False, True, None]
    assert found[withdrawn].unanswered is False


async def test_a_week_is_told_when_it_is_over_and_then_once_a_night(store: Store, town: Town) -> None:
    pupils = await town.pupils(8, await town.school("一中"))
    running = facts.monday(datetime.now(UTC))
    for pupil in pupils:
        await town.ask(pupil)
        await town.ask(pupil, week=running)
    late = await town.ask(pupils[0], point="一次函数")
    await facts.follow(store)

    told = await facts.tell(store)
    await town.sql("UPDATE questions SET knowledge_point = '勾股定理' WHERE id = %(id)s", id=late)
    await facts.follow(store)
    at_once = await facts.tell(store)
    await town.sql(
        "UPDATE research_weeks SET told_at = told_at - interval '1 day', changed_at = told_at WHERE told_at IS NOT NULL"
    )
    next_night = await facts.tell(store)

    assert (told, at_once, next_night) == ([WEEK], [], [WEEK])
    assert [(row.asked, row.askers) for row in await town.sql("SELECT * FROM research_units")] == [(9, 8)]
