"""What people say of matches: it helps at once, it is a label, and labels move the bars in two steps or by alarm."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from matcher.calibrate import Calibration, Judged, Label, Learned, refitted, report
from matcher.decide import SAME_AT
from matcher.match import Match, Outcome, WorkedExample
from server.actions import ask, judge
from server.actions.errors import Moved, NotHere
from server.actions.ports import Example, Found
from server.domain.people import Certification, Person, Stage, Subject
from server.domain.question import State, Verdict
from server.matching import calibration_in_force, found
from server.store.views import Views
from server.store.work import Outgoing, Store
from tests.actions.conftest import SaysSo
from tests.actions.test_path_of_a_question import answered, count, question, settle
from tests.builders import RULES, World


@pytest.fixture
def views(store: Store) -> Views:
    async def sign(key: str, _: str | None) -> str:
        return key

    return Views(store, sign)


async def say(store: Store, finder: SaysSo, teacher: Person, id: UUID, known: UUID, *, same: bool) -> None:
    async with store.work() as work:
        await judge.judge(work, finder, RULES, teacher, id, known, same, await work.now())


async def a_known_answer(store: Store, world: World, finder: SaysSo, teacher: Person) -> UUID:
    await world.policy()
    known = await world.ask(await world.student("known"))
    await settle(store, finder, known)
    made = await answered(store, finder, teacher, known)
    await world.ready(teacher, "off")
    return made


async def shown_video(store: Store, world: World, finder: SaysSo, made: UUID, login: str = "xiaoming",
                      confidence: float = 0.8) -> tuple[Person, UUID]:
    pupil = await world.student(login)
    finder.found = Found(Verdict.SAME, made, confidence)
    id = await world.ask(pupil)
    await settle(store, finder, id)
    finder.found = Found(Verdict.NEW)
    return pupil, id


async def labels(store: Store) -> list[Label]:
    async with store.work() as work:
        return await judge.said(work)


async def test_a_teacher_takes_back_a_video_of_another_problem(store: Store, world: World, finder: SaysSo,
                                                               views: Views) -> None:
    teacher = await world.teacher()
    made = await a_known_answer(store, world, finder, teacher)
    _, id = await shown_video(store, world, finder, made)
    [pair] = await views.pairs(teacher.id)
    assert (pair.question_id, pair.known_id, pair.verdict) == (id, made, Verdict.SAME)

    await say(store, finder, teacher, id, made, same=False)

    asked = await question(store, id)
    assert (asked.state, asked.answer_id) == (State.WAITING, None)
    assert await labels(store) == [Label("math", 0.8, same=False)]
    assert await views.pairs(teacher.id) == []


async def test_a_teacher_takes_a_question_out_of_the_wrong_crowd(store: Store, world: World, finder: SaysSo,
                                                                 views: Views) -> None:
    teacher = await world.teacher(on_duty=False)
    leader = await world.ask(await world.student("one"))
    await settle(store, finder, leader)
    finder.found = Found(Verdict.OPEN, leader, 0.75)
    follower = await world.ask(await world.student("two"))
    await settle(store, finder, follower)
    assert [pair.known_id for pair in await views.pairs(teacher.id)] == [leader]

    await say(store, finder, teacher, follower, leader, same=False)

    assert (await question(store, follower)).state is State.WAITING
    assert (await question(store, leader)).followers == 0
    assert await labels(store) == [Label("math", 0.75, same=False)]


async def test_a_teacher_gives_the_video_to_those_who_wait_for_what_was_answered(
    store: Store, world: World, finder: SaysSo
) -> None:
    teacher = await world.teacher()
    made = await a_known_answer(store, world, finder, teacher)
    finder.found = Found(Verdict.SIMILAR, None, 0.6, examples=[Example(made, 0.6, [])])
    leader = await world.ask(await world.student("one"))
    await settle(store, finder, leader)
    finder.found = Found(Verdict.OPEN, leader, 0.9)
    follower = await world.ask(await world.student("two"))
    await settle(store, finder, follower)

    await say(store, finder, teacher, leader, made, same=True)

    for id in (leader, follower):
        got = await question(store, id)
        assert (got.state, got.answer_id, got.leader_id) == (State.SUGGESTED, made, None)
    assert await labels(store) == [Label("math", 0.6, same=True, pushed=False)]


async def test_who_may_not_teach_it_or_names_a_pair_that_never_was_says_nothing(
    store: Store, world: World, finder: SaysSo, views: Views
) -> None:
    teacher = await world.teacher()
    made = await a_known_answer(store, world, finder, teacher)
    stranger = await world.teacher("stranger", Certification(Subject.CHINESE, Stage.PRIMARY), on_duty=False)
    _, id = await shown_video(store, world, finder, made)

    assert await views.pairs(stranger.id) == []
    for who, known in ((stranger, made), (teacher, uuid4())):
        with pytest.raises(NotHere):
            await say(store, finder, who, id, known, same=False)
    assert (await question(store, id)).state is State.SUGGESTED


async def test_every_word_of_a_pupil_is_a_label_and_a_teachers_counts_before_it(
    store: Store, world: World, finder: SaysSo
) -> None:
    teacher = await world.teacher()
    made = await a_known_answer(store, world, finder, teacher)
    glad, glad_id = await shown_video(store, world, finder, made, "glad", 0.99)
    wrong, wrong_id = await shown_video(store, world, finder, made, "wrong", 0.72)
    stuck, stuck_id = await shown_video(store, world, finder, made, "stuck", 0.9)
    async with store.work() as work:
        await ask.solved(work, glad, glad_id, await work.now())
    for who, id, why in ((wrong, wrong_id, "not_mine"), (stuck, stuck_id, "still_stuck")):
        async with store.work() as work:
            await ask.back_to_queue(work, RULES, who, id, why, await work.now())

    assert [(label.confidence, label.same) for label in await labels(store)] == [
        (0.99, True), (0.72, False), (0.9, True)]
    await say(store, finder, teacher, wrong_id, made, same=True)
    assert {(label.confidence, label.same) for label in await labels(store)} == {
        (0.99, True), (0.72, True), (0.9, True)}


async def test_who_leaves_a_crowd_labels_the_match(store: Store, world: World, finder: SaysSo) -> None:
    leader = await world.ask(await world.student("one"))
    await settle(store, finder, leader)
    pupil = await world.student("two")
    finder.found = Found(Verdict.OPEN, leader, 0.75)
    follower = await world.ask(pupil)
    await settle(store, finder, follower)

    async with store.work() as work:
        await ask.back_to_queue(work, RULES, pupil, follower, "not_mine", await work.now())

    assert await labels(store) == [Label("math", 0.75, same=False)]


async def judged_wrong(store: Store, world: World, finder: SaysSo, times: int) -> None:
    teacher = await world.teacher()
    made = await a_known_answer(store, world, finder, teacher)
    for n in range(times):
        _, id = await shown_video(store, world, finder, made, f"pupil{n}", SAME_AT + 0.02)
        await say(store, finder, teacher, id, made, same=False)


async def test_a_calibration_is_reported_first_and_in_force_everywhere_once_adopted(
    store: Store, world: World, finder: SaysSo
) -> None:
    await judged_wrong(store, world, finder, 4)
    async with store.work() as work:
        present = await calibration_in_force(work)
        said = await judge.said(work)
        proposed = refitted(said, present)
        told = report(said, present, said, proposed)
        number = await judge.propose(work, Learned(proposed, None, {"subjects": told}))
    async with store.work() as work:
        assert await calibration_in_force(work) == present == Calibration()
    assert told["math"]["before"]["pushed"] == 4 and told["math"]["after"]["pushed"] == 0

    async with store.work() as work:
        await judge.adopt(work, number)

    async with store.work() as work:
        raised = await calibration_in_force(work)
        with pytest.raises(Moved):
            await judge.adopt(work, number)
        with pytest.raises(NotHere):
            await judge.adopt(work, number + 1)
    assert raised.bar("math") > present.bar("math")


async def test_labels_come_with_both_texts_and_the_word_before_the_calibration_of_their_time(
    store: Store, world: World, finder: SaysSo
) -> None:
    teacher = await world.teacher()
    made = await a_known_answer(store, world, finder, teacher)
    calibration = Calibration(1.5, -0.5)
    async with store.work() as work:
        number = await judge.propose(work, Learned(calibration, None, {}))
    async with store.work() as work:
        await judge.adopt(work, number)
    _, id = await shown_video(store, world, finder, made, confidence=calibration.probability(0.85))
    await say(store, finder, teacher, id, made, same=False)

    async with store.work() as work:
        [pair] = await judge.judged(work)

    text = (await question(store, id)).problem_text
    assert pair == Judged("math", text, text, str(made), False, False, True, pytest.approx(0.85))


async def test_a_drop_in_precision_rings_and_raises_the_bar_once(
    store: Store, world: World, finder: SaysSo, told: list[Outgoing]
) -> None:
    await judged_wrong(store, world, finder, 3)
    told.clear()

    async with store.work() as work:
        assert await judge.watch_precision(work, Calibration()) == ["math"]
    async with store.work() as work:
        tight = await calibration_in_force(work)
        assert await judge.watch_precision(work, tight) == []

    assert tight.bar("math") > Calibration().bar("math") == tight.bar("physics")
    [alarm] = told
    assert (alarm.channel, alarm.kind, alarm.body["subject"]) == ("duty", "precision", "math")
    assert await count(store, "calibrations") == 1


SURE = Match(Outcome.SAME, UUID(int=1), 0.75, (), "x", (WorkedExample(UUID(int=2), "y", 0.4, ()),))
OPEN = Match(Outcome.OPEN, UUID(int=1), 0.75, (), "x", ())
ALIKE = Match(Outcome.SIMILAR, None, 0.62, (), None, (WorkedExample(UUID(int=2), "y", 0.62, ()),))


@pytest.mark.parametrize(("match", "bar", "sureness", "verdict", "entry"), [
    (SURE, 0.7, 1.0, Verdict.SAME, 1),
    (SURE, 0.8, 1.0, Verdict.SIMILAR, None),
    (SURE, 0.7, 0.5, Verdict.SIMILAR, None),
    (OPEN, 0.7, 1.0, Verdict.OPEN, 1),
    (OPEN, 0.8, 1.0, Verdict.NEW, None),
    (ALIKE, 0.7, 1.0, Verdict.SIMILAR, None),
    (ALIKE, 0.6, 1.0, Verdict.SAME, 2),
    (Match(Outcome.NEW), 0.5, 1.0, Verdict.NEW, None),
])
def test_the_bar_in_force_decides_what_is_pushed(
    match: Match, bar: float, sureness: float, verdict: Verdict, entry: int | None
) -> None:
    said = found(match, Calibration(bars={"*": bar}), "math", sureness)

    assert (said.verdict, said.entry) == (verdict, None if entry is None else UUID(int=entry))
    assert said.entry not in [example.answer for example in said.examples]


async def test_a_word_on_a_match_of_long_ago_is_still_a_label(store: Store, world: World, finder: SaysSo) -> None:
    teacher = await world.teacher()
    made = await a_known_answer(store, world, finder, teacher)
    pupil, id = await shown_video(store, world, finder, made)
    async with store.work() as work:
        await ask.solved(work, pupil, id, await work.now() + timedelta(days=3))

    await say(store, finder, teacher, id, made, same=False)

    assert (await question(store, id)).state is State.RESOLVED
    assert await labels(store) == [Label("math", 0.8, same=False)]
