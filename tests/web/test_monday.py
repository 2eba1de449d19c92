"""The doors of the Monday page: a week at a glance, cells that are told and cells that are not."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import insert

from server.actions import facts
from server.domain.people import Role
from server.parts import Parts
from server.store import tables as t
from tests.research.conftest import WEEK, Town
from tests.web.test_subsidies import Desk


@pytest.fixture
def desk(parts: Parts, program: httpx.AsyncClient) -> Desk:
    return Desk(parts, program)


@pytest.fixture
def town(parts: Parts) -> Town:
    return Town(parts.store)


async def get(desk: Desk, path: str) -> httpx.Response:
    return await desk.call("ling", "GET", path)


async def test_a_week_says_where_what_was_asked_and_what_changed(desk: Desk, town: Town) -> None:
    first, second, tiny = [await town.school(name) for name in ("一中", "二中", "小校")]
    big, other, three = await town.pupils(40, first), await town.pupils(20, second), await town.pupils(3, tiny)
    await town.person(Role.RESEARCHER, login="ling")
    for pupil in big[:6]:
        earlier = await town.ask(pupil, week=WEEK - timedelta(weeks=1))
        await town.suggest(earlier, timedelta(seconds=30), "solved")
    for n, pupil in enumerate([*big[:30], *other[:8]]):
        question = await town.ask(pupil, answered=False, state="waiting" if n % 3 == 0 else "resolved")
        await town.suggest(question, timedelta(seconds=30), "still_stuck" if n % 3 == 0 else "solved")
    for pupil in [*three, *other[8:11]]:
        await town.ask(pupil, answered=False, state="waiting")
    for pupil in big[:4]:
        await town.ask(pupil, "一次函数")
    await facts.follow(town.store)
    await facts.tell(town.store)

    city = (await get(desk, "/api/research/week")).json()
    schools = (await get(desk, "/api/research/week?grade=8&subject=math")).json()
    empty = (await get(desk, "/api/research/week?subject=history")).json()
    alone = (await get(desk, f"/api/research/week?school={tiny}")).json()

    assert (city["week"], city["weeks"]) == (str(WEEK), [str(WEEK), str(WEEK - timedelta(weeks=1))])
    others = 3 + 4  # of the tiny school, and of the other point: they hide each other
    assert (city["total"]["asked"], city["total"]["askers"], city["before"]["asked"]) == (41 + others, 41 + others, 6)
    assert city["total"]["stuck"]["share"] == pytest.approx(13 / 42, abs=1e-4), "of 38 with a video, 4 with an answer"
    assert 25 < city["total"]["median_s"] < 36 and 25 < city["before"]["median_s"] < 36
    [row] = city["rows"]
    assert (row["grade"], row["enrolled"], row["cells"][0]["askers"]) == (8, 63, 41)
    assert row["cells"][0]["rate"]["share"] == pytest.approx(41 / 63, abs=1e-4)
    assert [each["point"]["name"] for each in city["risen"]] == ["勾股定理"]
    assert city["fallen"] == [] and [each["point"]["name"] for each in city["hardest"]] == ["勾股定理"]
    assert [(each["week"], each["asked"]) for each in city["line"]] == [
        (str(WEEK - timedelta(weeks=1)), 6),
        (str(WEEK), 41 + others),
    ]
    told = [(each["school"], each["cells"][0]["askers"]) for each in schools["rows"]]
    assert told == [("一中", 30), ("二中", 11)]
    assert (empty["total"]["asked"], empty["rows"], empty["points"]) == (0, [], [])
    assert (alone["total"]["asked"], alone["rows"]) == (0, []), "three pupils are told of nowhere by themselves"


async def test_an_exemplar_shows_the_answer_and_never_the_pupil(desk: Desk, town: Town, parts: Parts) -> None:
    pupils = await town.pupils(9, await town.school("一中"))
    teacher = await town.person(Role.TEACHER)
    await town.person(Role.RESEARCHER, login="ling")
    asked = [await town.ask(pupil, text="我叫真名，第三题不会") for pupil in pupils]
    for question, pupil in zip(asked, pupils, strict=True):
        await answer(parts, town, question, teacher, has_pupil=pupil == pupils[0])
    for pupil in pupils[:4]:
        await town.ask(pupil, "一次函数")
    await facts.follow(town.store)
    await facts.tell(town.store)
    cell = f"week={WEEK}&subject=math&stage=junior&grade=8"

    found = await get(desk, f"/api/research/exemplars?{cell}&point=勾股定理")
    small = await get(desk, f"/api/research/exemplars?{cell}&point=一次函数")
    wrong = await get(desk, f"/api/research/exemplars?{cell.replace('junior', 'x')}&point=勾股定理")

    [*five] = found.json()["exemplars"]
    assert len(five) == 5
    assert {each["text"] for each in five} == {"在直角三角形中求斜边"}
    assert all("masked-1.jpg" in each["photo_url"] and each["answer"]["video_url"] for each in five)
    assert not any(word in found.text for word in ("真名", "person", "演示", "一中", *map(str, pupils)))
    assert (small.status_code, wrong.status_code) == (404, 400)


async def answer(parts: Parts, town: Town, question: UUID, teacher: UUID, *, has_pupil: bool) -> None:
    await town.session(question, teacher, timedelta(minutes=1), timedelta(minutes=3))
    [session] = await town.sql("SELECT * FROM live_sessions WHERE question_id = %(id)s", id=question)
    async with parts.store.engine.begin() as connection:
        await connection.execute(
            insert(t.answers).values(
                id=uuid4(), question_id=question, session_id=session.id, teacher_id=teacher, subject="math", grade=8,
                state="published", problem_text="在直角三角形中求斜边", video_key="film.mp4", made_at=session.ended_at,
                pages={"1": "masked-1.jpg"}, has_pupil=has_pupil, duration_ms=1_000,
            )
        )  # fmt: skip
