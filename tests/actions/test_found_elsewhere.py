"""A pupil who asks under a wrong subject, or at the border of two stages, gets the answered video all the same."""

from uuid import UUID, uuid4

import pytest

from matcher.embed import Embedder
from matcher.match import Match, Matcher
from server.actions import ask
from server.actions.ports import Sought
from server.domain.people import Certification, Person, Stage, Subject
from server.domain.question import Question, State, Verdict
from server.matching import MatcherFinder
from server.store.views import Views
from server.store.work import Store
from tests.actions.test_path_of_a_question import answered, question
from tests.builders import RULES, World

TOWER = "一座水塔高25米，电视塔是它的12倍，电视塔高多少米？"
SEEN = "如图，一个圆柱的底面半径是3厘米，高是10厘米，它的体积是多少立方厘米？"


async def signed(key: str, name: str | None) -> str:
    return f"/files/{key}"


@pytest.fixture
def finder(embedder: Embedder) -> MatcherFinder:
    return MatcherFinder(lambda: Matcher(embedder))


async def asked(
    store: Store, finder: MatcherFinder, pupil: Person, subject: Subject, grade: int = 8, text: str = TOWER
) -> Question:
    """Asked and settled."""
    async with store.work() as work:
        asking = ask.Asking(pupil.id, ask.Wanted(subject, grade, text), str(uuid4()))
        made = await ask.ask(work, asking, await work.now())
    async with store.work(often=True) as work:
        await ask.settle(work, finder, RULES, made.question.id, None, await work.now())
    return await question(store, made.question.id)


@pytest.fixture
async def made(store: Store, world: World, finder: MatcherFinder) -> UUID:
    """The published answer of a problem that was asked under mathematics in grade 8."""
    await world.policy()
    teacher = await world.teacher()
    first = await asked(store, finder, await world.student("first"), Subject.MATH)
    return await answered(store, finder, teacher, first.id)


@pytest.mark.parametrize(("subject", "grade"), [(Subject.PHYSICS, 8), (Subject.MATH, 10), (Subject.MATH, 6)])
async def test_the_video_of_another_subject_or_stage_is_shown_and_says_where_it_is_from(
    store: Store, world: World, finder: MatcherFinder, made: UUID, subject: Subject, grade: int
) -> None:
    shown = await asked(store, finder, await world.student("second"), subject, grade, "老师，" + TOWER)

    assert (shown.state, shown.answer_id, shown.subject) == (State.SUGGESTED, made, subject)
    view = await Views(store, signed).question(shown.id)
    assert view is not None and view.suggestion is not None
    assert (view.suggestion.answer.subject, view.suggestion.answer.stage) == (Subject.MATH, Stage.JUNIOR)
    assert {reason.kind for reason in view.suggestion.reasons if reason.agrees} >= {"numbers", "words"}


async def test_not_my_question_leads_back_to_the_teachers_of_the_chosen_subject(
    store: Store, world: World, finder: MatcherFinder, made: UUID
) -> None:
    physicist = await world.teacher("li", Certification(Subject.PHYSICS, Stage.JUNIOR))
    pupil = await world.student("second")
    shown = await asked(store, finder, pupil, Subject.PHYSICS)

    async with store.work() as work:
        await ask.back_to_queue(work, RULES, pupil, shown.id, "not_mine", await work.now())

    back = await question(store, shown.id)
    assert (back.state, back.teacher_id, back.answer_id) == (State.OFFERED, physicist.id, None)


async def test_a_crowd_is_joined_within_ones_own_subject_alone(
    store: Store, world: World, finder: MatcherFinder
) -> None:
    one, two, three = [await world.student(name) for name in ("one", "two", "three")]
    first = await asked(store, finder, one, Subject.MATH)

    second, third = [await asked(store, finder, pupil, Subject.PHYSICS) for pupil in (two, three)]

    assert (second.state, second.verdict) == (State.WAITING, Verdict.NEW)
    assert (third.state, third.leader_id) == (State.FOLLOWING, second.id)
    assert (await question(store, first.id)).followers == 0


async def test_other_numbers_and_an_unseen_figure_are_not_pushed_from_elsewhere(
    store: Store, world: World, finder: MatcherFinder, made: UUID
) -> None:
    async with store.work() as work:
        await finder.learn(work, "answer", [Sought(uuid4(), SEEN, Subject.MATH, Stage.JUNIOR, figure="a" * 16)])
        await work.commit()

    pupil = await world.student("second")
    numbers = await asked(store, finder, pupil, Subject.PHYSICS, text=TOWER.replace("12", "13"))
    figure = await asked(store, finder, pupil, Subject.PHYSICS, text=SEEN)

    assert (numbers.state, figure.state) == (State.WAITING, State.WAITING)


async def test_who_is_answered_where_they_asked_costs_no_second_search(
    store: Store, world: World, embedder: Embedder, made: UUID
) -> None:
    class Narrow(Matcher):
        async def match_elsewhere(self, *asked: object, **more: object) -> list[Match | None]:
            raise AssertionError("looked for elsewhere")

    finder = MatcherFinder(lambda: Narrow(embedder))

    pupil = await world.student("second")
    assert (await asked(store, finder, pupil, Subject.MATH, grade=9)).answer_id == made
