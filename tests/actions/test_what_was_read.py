"""The pupil puts right what was read, or taps the problem that is meant; the question is matched again."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from matcher.figure import Figure
from matcher.read import Line, Reading
from server.actions import ask
from server.actions.errors import BadRequest, EmptyQuestion, Moved, NotHere
from server.actions.ports import Example, Found
from server.actions.upkeep import end_late_readings, match_forgotten
from server.domain.people import Person
from server.domain.question import PageProblem, Question, State, Verdict
from server.reading import told as told_of
from server.store.work import Outgoing, Store
from tests.actions.conftest import SaysSo
from tests.actions.test_path_of_a_question import accept, answered, count, question, settle
from tests.builders import RULES, World

RIGHT = "一座水塔高25米，电视塔是它的72倍，电视塔高多少米？"


async def correct(store: Store, finder: SaysSo, pupil: Person, id: UUID, text: str = RIGHT) -> bool:
    async with store.work() as work:
        return await ask.correct(work, finder, RULES, pupil, id, text, await work.now())


async def choose(store: Store, finder: SaysSo, pupil: Person, id: UUID, number: int) -> bool:
    async with store.work() as work:
        return await ask.choose(work, finder, RULES, pupil, id, number, await work.now())


async def read(store: Store, finder: SaysSo, id: UUID, text: str) -> None:
    async with store.work() as work:
        await ask.settle(work, finder, RULES, id, text, await work.now())


async def shown(store: Store, id: UUID) -> list[tuple[str, str | None]]:
    query = "SELECT verdict, outcome FROM suggestions WHERE question_id = %(id)s ORDER BY made_at"
    return [(row.verdict, row.outcome) for row in await store.rows(query, {"id": id})]


async def page_of(store: Store, world: World, pupil: Person, *texts: str) -> UUID:
    """A question whose photo shows these problems, held for its pupil's word."""
    id, photo = await world.ask(pupil, text="怎么做？"), uuid4()
    async with store.work() as work:
        file = {"kind": "photo", "state": "ready", "content_type": "image/jpeg", "key": "k"}
        await work.add_media(id=photo, owner_id=pupil.id, **file)
        await work.attach(id, [photo])
        problems = [PageProblem(photo, text, [0.1, n / 20, 0.9, (n + 1) / 20]) for n, text in enumerate(texts)]
        await ask.hold_for_choice(work, id, problems, await work.now())
    return id


async def test_a_wrong_video_goes_when_the_pupil_puts_the_reading_right(
    store: Store, world: World, finder: SaysSo
) -> None:
    teacher, other, pupil = await world.teacher(), await world.student("other"), await world.student()
    await world.policy()
    known = await world.ask(other)
    await settle(store, finder, known)
    made = await answered(store, finder, teacher, known)
    id = await world.ask(pupil, text="看不清")
    finder.found = Found(Verdict.SAME, made, 0.97)
    await read(store, finder, id, "一座水塔高25米，电视塔是它的12倍，电视塔高多少米？")
    assert (await question(store, id)).state is State.SUGGESTED

    finder.found = Found(Verdict.SIMILAR, None, 0.2, examples=[Example(made, 0.2, [])])
    assert await correct(store, finder, pupil, id)
    await settle(store, finder, id)

    asked = await question(store, id)
    assert (asked.state, asked.verdict, asked.problem_text) == (State.OFFERED, Verdict.SIMILAR, RIGHT)
    assert asked.read_text != RIGHT and not asked.from_photo
    assert await shown(store, id) == [("same", "set_aside"), ("similar", None)]


async def test_the_place_in_the_queue_is_kept_and_a_crash_in_between_loses_nothing(
    store: Store, world: World, finder: SaysSo
) -> None:
    first, second = await world.student("first"), await world.student("second")
    id, later = await world.ask(first), await world.ask(second, text="别的题")
    for each in (id, later):
        await settle(store, finder, each)
    before = (await question(store, id)).received_at

    await correct(store, finder, first, id)
    assert (await question(store, id)).state is State.READING
    async with store.work() as work:
        forgotten = await work.unread_texts(await work.now() + timedelta(seconds=1))
        late = await work.stuck_in_pipeline(await work.now() - timedelta(seconds=5))
        await work.rollback()

    assert (forgotten, late) == ([id], [])
    await settle(store, finder, id)
    async with store.work() as work:
        assert [waiting.id for waiting in await work.waiting([(await question(store, id)).subject])] == [id, later]
    assert (await question(store, id)).received_at == before


async def test_upkeep_settles_what_its_process_forgot(store: Store, world: World, finder: SaysSo) -> None:
    pupil = await world.student()
    id = await world.ask(pupil)
    await settle(store, finder, id)
    await correct(store, finder, pupil, id)
    await store.rows("UPDATE questions SET corrected_at = corrected_at - interval '9 s' RETURNING id", {})

    await match_forgotten(store, finder, RULES)

    assert (await question(store, id)).state is State.WAITING


async def test_who_followed_a_misread_question_is_not_left_behind(store: Store, world: World, finder: SaysSo) -> None:
    pupil, second, third = [await world.student(name) for name in ("one", "two", "three")]
    leader, follower, last = await world.ask(pupil), await world.ask(second), await world.ask(third)
    await settle(store, finder, leader)
    finder.found = Found(Verdict.OPEN, leader, 0.99)
    for each in (follower, last):
        await settle(store, finder, each)

    finder.found = Found(Verdict.NEW)
    await correct(store, finder, pupil, leader)
    await settle(store, finder, leader)

    ahead, crowd = await question(store, follower), await question(store, last)
    assert (ahead.state, ahead.followers) == (State.WAITING, 1)
    assert (crowd.state, crowd.leader_id) == (State.FOLLOWING, follower)
    alone = await question(store, leader)
    assert (alone.state, alone.followers) == (State.WAITING, 0)


async def test_an_older_question_that_joins_younger_ones_leads_them(store: Store, world: World, finder: SaysSo) -> None:
    old, young, younger = [await world.student(name) for name in ("old", "young", "younger")]
    oldest, leader, follower = await world.ask(old), await world.ask(young), await world.ask(younger)
    await settle(store, finder, leader)
    finder.found = Found(Verdict.OPEN, leader, 0.99)
    await settle(store, finder, follower)

    await settle(store, finder, oldest)

    first, joined, joined_too = [await question(store, id) for id in (oldest, leader, follower)]
    assert (first.state, first.followers) == (State.WAITING, 2)
    assert [(each.state, each.leader_id, each.followers) for each in (joined, joined_too)] == [
        (State.FOLLOWING, oldest, 0), (State.FOLLOWING, oldest, 0)]
    assert set(finder.known) == {oldest}


async def test_a_follower_that_was_misread_leaves_the_crowd(store: Store, world: World, finder: SaysSo) -> None:
    pupil, second = await world.student("one"), await world.student("two")
    leader, follower = await world.ask(pupil), await world.ask(second)
    await settle(store, finder, leader)
    finder.found = Found(Verdict.OPEN, leader, 0.99)
    await settle(store, finder, follower)

    finder.found = Found(Verdict.NEW)
    await correct(store, finder, second, follower)
    await settle(store, finder, follower)

    assert (await question(store, leader)).followers == 0
    assert (await question(store, follower)).state is State.WAITING


async def test_a_teacher_who_has_the_question_sees_the_correction_at_once(
    store: Store, world: World, finder: SaysSo, told: list[Outgoing]
) -> None:
    teacher, pupil = await world.teacher(), await world.student()
    id = await world.ask(pupil)
    await settle(store, finder, id)
    session = await accept(store, teacher, id)
    told.clear()

    assert not await correct(store, finder, pupil, id)

    assert (await question(store, id)).state is State.ANSWERING
    assert {(event.channel, event.kind) for event in told} == {
        (f"person:{pupil.id}", "question"), (f"person:{teacher.id}", "duty"), (f"session:{session}", "session"),
        (f"gallery:{session}", "gallery")}


async def test_saying_the_same_twice_changes_nothing(store: Store, world: World, finder: SaysSo) -> None:
    pupil = await world.student()
    id = await world.ask(pupil)
    await settle(store, finder, id)

    assert await correct(store, finder, pupil, id)
    assert not await correct(store, finder, pupil, id)


@pytest.mark.parametrize(("text", "error"), [(" \x00 ", EmptyQuestion), ("长" * 100_000, BadRequest)])
async def test_a_correction_without_words_or_without_end_is_refused(
    store: Store, world: World, finder: SaysSo, text: str, error: type[Exception]
) -> None:
    pupil = await world.student()
    id = await world.ask(pupil)
    await settle(store, finder, id)

    with pytest.raises(error):
        await correct(store, finder, pupil, id, text)


async def test_what_is_over_or_not_yet_read_or_not_ones_own_is_not_put_right(
    store: Store, world: World, finder: SaysSo
) -> None:
    pupil, stranger = await world.student(), await world.student("stranger")
    id = await world.ask(pupil)
    with pytest.raises(Moved):
        await correct(store, finder, pupil, id)
    await settle(store, finder, id)
    with pytest.raises(NotHere):
        await correct(store, finder, stranger, id)
    async with store.work() as work:
        await ask.withdraw(work, finder, RULES, pupil, id, await work.now())
    with pytest.raises(Moved):
        await correct(store, finder, pupil, id)


async def test_a_page_of_problems_waits_for_a_tap_and_the_tapped_one_is_matched(
    store: Store, world: World, finder: SaysSo
) -> None:
    pupil = await world.student()
    id = await page_of(store, world, pupil, *(f"第{n}道题：{n}加{n}等于多少？" for n in range(1, 13)))
    assert (await question(store, id)).state is State.READING
    assert await count(store, "page_problems") == 12

    assert await choose(store, finder, pupil, id, 7)
    await settle(store, finder, id)

    asked = await question(store, id)
    assert (asked.state, asked.chosen, asked.problem_text) == (State.WAITING, 7, "第7道题：7加7等于多少？")
    assert asked.from_photo and finder.known == {id: "open"}


async def test_a_pupil_who_taps_nothing_gets_a_teacher_in_time_and_may_tap_later(
    store: Store, world: World, finder: SaysSo
) -> None:
    pupil = await world.student()
    id = await page_of(store, world, pupil, "一加一等于多少？", "二加二等于多少？")
    await store.rows("UPDATE questions SET received_at = received_at - interval '60 s' RETURNING id", {})

    await end_late_readings(store, finder, RULES)
    assert (await question(store, id)).state is State.WAITING
    assert await choose(store, finder, pupil, id, 2)
    await settle(store, finder, id)

    asked: Question = await question(store, id)
    assert (asked.state, asked.read_text) == (State.WAITING, "二加二等于多少？")


async def test_another_problem_of_the_page_can_be_tapped_instead_and_a_missing_one_cannot(
    store: Store, world: World, finder: SaysSo
) -> None:
    pupil, stranger = await world.student(), await world.student("stranger")
    id = await page_of(store, world, pupil, "一加一等于多少？", "二加二等于多少？")
    await choose(store, finder, pupil, id, 1)
    await settle(store, finder, id)

    assert await choose(store, finder, pupil, id, 2)
    for who, number in ((pupil, 3), (pupil, -1), (stranger, 1)):
        with pytest.raises(NotHere):
            await choose(store, finder, who, id, number)

    assert (await question(store, id)).read_text == "二加二等于多少？"


async def test_a_late_reading_does_not_overwrite_the_pupils_word(store: Store, world: World, finder: SaysSo) -> None:
    pupil = await world.student()
    id = await page_of(store, world, pupil, "一加一等于多少？", "二加二等于多少？")
    await choose(store, finder, pupil, id, 1)

    await read(store, finder, id, "整页的文字")

    assert (await question(store, id)).read_text == "一加一等于多少？"


def test_each_problem_of_a_page_has_the_figure_that_stands_by_it() -> None:
    def line(text: str, top: float) -> Line:
        return Line(text, 0.98, ((50, top), (800, top), (800, top + 40), (50, top + 40)))

    words = {"1. 如图，求三角形的面积。": 0, "2. 小明有5支笔，又买来3支。": 400, "3. 求阴影部分的面积。": 500}
    lines = tuple(line(text, top) for text, top in words.items())
    drawn = (Figure((100, 60, 400, 360), "a" * 16), Figure((100, 560, 300, 800), "b" * 16))

    said = told_of(Reading("…", lines, 0.98, 1000, 900, drawn))

    assert [problem.figure for problem in said.problems] == ["a" * 16, None, "b" * 16]
    assert said.figure == "a" * 16
    assert said.problems[0].box == [0.05, 0.0, 0.8, 40 / 900]


async def test_the_figure_of_a_photo_goes_with_its_question_to_the_matcher(
    store: Store, world: World, finder: SaysSo
) -> None:
    id = await world.ask(await world.student())

    async with store.work() as work:
        await ask.settle(work, finder, RULES, id, "如图，求面积。", await work.now(), "c" * 16)

    assert (await question(store, id)).figure == finder.figures[id] == "c" * 16
