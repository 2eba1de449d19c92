"""Labels: given by models where they are sure, by people always; whose word stands, and what is learned from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from matcher.classify import Classifier
from server.actions import answer, label
from server.actions.errors import BadRequest, NotHere
from server.actions.facts import follow, monday
from server.domain.label import Difficulty, Kind, Label, Source, standing
from server.domain.people import Person, PersonId, Role, Stage, Subject
from server.hands import own_process
from server.labelling import Labeller, train
from server.store import label_views
from server.store.labels import Labels
from server.store.views import Views
from server.store.work import Store
from tests.actions.conftest import SaysSo
from tests.actions.test_path_of_a_question import accept, question, settle
from tests.builders import RULES, World
from tests.research.conftest import Town
from tests.research.texts import POINTS, texts

LATELY = monday(datetime.now(UTC)) - timedelta(days=7)


def a_model(labels: dict[str, str] | None = None) -> bytes:
    """Tells the three points, or what each is to be called."""
    given = [(text, (labels or {}).get(point, point)) for point in POINTS for text in texts(point)]
    asked, told = zip(*given, strict=True)
    return Classifier.fit(asked, told, asked).to_bytes()


async def serve(store: Store, kind: Kind, scope: str, weights: bytes) -> int:
    async with store.work() as work:
        id = await Labels(work).add_model(kind, scope, weights, {"why": "serves"}, serves=True)
        await work.commit()
    return id


async def due(store: Store, *questions: UUID) -> None:
    async with store.work() as work:
        for id in questions:
            await work.rows("INSERT INTO to_label VALUES (%(id)s) RETURNING 1", {"id": id})
        await work.commit()


async def labels_of(store: Store, id: UUID) -> dict[Kind, Label]:
    async with store.work() as work:
        return standing(await Labels(work).of(id))


async def point_of(store: Store, id: UUID) -> str | None:
    return (await question(store, id)).knowledge_point


@pytest.fixture
def finder() -> SaysSo:
    return SaysSo()


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


@pytest.fixture
async def pupil(town: Town) -> UUID:
    [found] = await town.pupils(1, await town.school("甲校"))
    return found


async def researcher(town: Town) -> Person:
    return Person(PersonId(await town.person(Role.RESEARCHER)), "r", frozenset({Role.RESEARCHER}), "r")


async def say(store: Store, person: Person, id: UUID, kind: Kind, value: str, by: Source = Source.RESEARCHER) -> None:
    async with store.work() as work:
        await label.say(work, person, by, id, kind, value)


async def test_a_model_labels_what_it_is_sure_of_once_and_a_person_corrects_it_for_good(
    store: Store, town: Town, pupil: UUID
) -> None:
    number = await serve(store, Kind.POINT, "math:junior", a_model())
    await serve(store, Kind.SUBJECT, "", a_model({"概率": "physics", "勾股定理": "math", "因式分解": "math"}))
    sure = await town.ask(pupil, None, week=LATELY, text=texts("概率")[3])
    nothing = await town.ask(pupil, None, week=LATELY, text="")
    confirmed = await town.ask(pupil, "自己写的", text=texts("概率")[4])
    other = await town.ask(pupil, None, week=LATELY, text=texts("概率")[5], subject="physics")
    asked = (sure, nothing, confirmed, other)
    labeller = Labeller(store)
    for _ in range(2):  # a worker that died after its commit does it again
        await due(store, *asked)
        await labeller.label()

    assert [await point_of(store, id) for id in asked] == ["概率", None, "自己写的", None]
    found = await labels_of(store, sure)
    assert found[Kind.POINT].source is Source.MODEL and (found[Kind.POINT].confidence or 0) > 0.6
    assert await labels_of(store, nothing) == {}
    rows = await town.sql(
        "SELECT model_id, count(*) AS said FROM labels WHERE question_id = %(id)s AND kind = 'point' GROUP BY 1",
        id=sure,
    )
    assert [(row.model_id, row.said) for row in rows] == [(number, 1)]
    assert (await question(store, sure)).subject is Subject.MATH  # a model's word moves nothing
    await follow(store)
    listed = (await label_views.to_say(store, Subject.MATH, Stage.JUNIOR)).questions
    assert listed[0].question_id == sure and [doubt.told for doubt in listed[0].doubts] == ["physics"]
    assert nothing not in [each.question_id for each in listed]

    who = await researcher(town)
    await say(store, who, sure, Kind.POINT, "勾股定理")
    await say(store, who, sure, Kind.SUBJECT, "math")
    await due(store, sure)
    await labeller.label()

    assert await point_of(store, sure) == "勾股定理"
    found = await labels_of(store, sure)
    assert (found[Kind.POINT].source, found[Kind.SUBJECT].value) == (Source.RESEARCHER, "math")
    by = await town.sql("SELECT person_id FROM labels WHERE question_id = %(id)s AND source = 'researcher'", id=sure)
    assert {row.person_id for row in by} == {who.id}
    assert sure not in [
        each.question_id for each in (await label_views.to_say(store, Subject.MATH, Stage.JUNIOR)).questions
    ]


async def test_without_a_model_nothing_is_said_and_nothing_waits(store: Store, town: Town, pupil: UUID) -> None:
    id = await town.ask(pupil, None, week=LATELY, text=texts("概率")[0])
    await due(store, id)

    await Labeller(store).label()

    assert await labels_of(store, id) == {}
    assert await town.sql("SELECT question_id FROM to_label") == []
    assert (await label_views.models(store)).models == []


async def test_weights_that_are_no_model_say_nothing(store: Store, town: Town, pupil: UUID) -> None:
    await serve(store, Kind.POINT, "math:junior", b"\x80\x04pickled")
    id = await town.ask(pupil, None, week=LATELY, text=texts("概率")[0])
    await due(store, id)

    await Labeller(store).label()

    assert await labels_of(store, id) == {}


async def test_what_a_researcher_may_not_say(store: Store, town: Town, pupil: UUID) -> None:
    who = await researcher(town)
    counted = await town.ask(pupil, None, week=LATELY, text="题一")
    hidden = await town.ask(
        await town.person(Role.STUDENT, grade=8), None, week=LATELY, text="题二"
    )  # its guardian agreed to nothing
    await follow(store)

    with pytest.raises(NotHere):
        await say(store, who, hidden, Kind.POINT, "概率")
    for kind, value in ((Kind.SUBJECT, "magic"), (Kind.POINT, ""), (Kind.POINT, "x" * 61), (Kind.DIFFICULTY, "hard")):
        with pytest.raises(BadRequest):
            await say(store, who, counted, kind, value)
    with pytest.raises(BadRequest):
        await say(store, who, counted, Kind.POINT, "概率", Source.REVIEWER)
    assert [each.question_id for each in (await label_views.to_say(store, Subject.MATH, Stage.JUNIOR)).questions] == [
        counted
    ]


async def test_what_a_model_takes_for_no_question_is_held_until_the_reviewer_speaks(
    store: Store, town: Town, pupil: UUID
) -> None:
    await serve(
        store, Kind.FITNESS, "", a_model({"概率": "inappropriate", "勾股定理": "question", "因式分解": "question"})
    )
    id = await town.ask(pupil, None, week=LATELY, text=texts("概率")[2], state="waiting", answered=False)
    await due(store, id)
    await Labeller(store).label()
    await follow(store)
    reviewer = Person(PersonId(await town.person(Role.REVIEWER)), "v", frozenset({Role.REVIEWER}), "v")

    held = (await label_views.held(store)).questions
    assert [(each.question_id, each.told) for each in held] == [(id, "inappropriate")]
    assert (await label_views.to_say(store, Subject.MATH, Stage.JUNIOR)).questions == []
    assert (await question(store, id)).state == "waiting"  # a wrong word of a model costs nobody an answer
    assert await town.sql("SELECT FROM research_facts") == [], "and no Monday counts it"

    async with store.work() as work:
        await label.judge(work, SaysSo(), RULES, reviewer, id, Kind.FITNESS, "question")

    assert (await label_views.held(store)).questions == []
    assert len((await label_views.to_say(store, Subject.MATH, Stage.JUNIOR)).questions) == 1
    assert len(await town.sql("SELECT FROM research_facts")) == 1, "counted again at once"


async def test_what_a_reviewer_finds_no_question_waits_for_no_teacher_and_its_pupil_is_told(
    store: Store, world: World, town: Town, finder: SaysSo
) -> None:
    await world.policy()
    teacher, children = await world.teacher(), [await world.student(name) for name in ("a", "b", "c")]
    reviewer = Person(PersonId(await town.person(Role.REVIEWER)), "v", frozenset({Role.REVIEWER}), "v")
    ids = [await world.ask(child, text) for child, text in zip(children, texts("概率"), strict=False)]
    for id in ids:
        await settle(store, finder, id)
    taught, offered, _ = ids
    await accept(store, teacher, taught)
    other = await world.teacher("other")
    assert (await question(store, offered)).teacher_id == other.id

    for id in ids:
        for _ in range(2):  # pressed twice
            async with store.work() as work:
                await label.judge(work, finder, RULES, reviewer, id, Kind.FITNESS, "no_question")

    assert [(await question(store, id)).state for id in ids] == ["answering", "withdrawn", "withdrawn"]
    open_ = await town.sql("SELECT teacher_id FROM offers WHERE state = 'open'")
    assert open_ == [], "the teacher who was asked is free again"
    assert await town.sql("SELECT FROM research_facts") == []

    async def sign(key: str, _: str | None) -> str:
        return key

    seen = [await Views(store, sign).question(id) for id in ids]
    assert [each is not None and each.turned_away for each in seen] == [False, True, True]


async def test_a_teacher_says_it_all_at_the_end_of_a_session(store: Store, world: World, finder: SaysSo) -> None:
    await world.policy()
    pupil, teacher = await world.student(), await world.teacher()
    id = await world.ask(pupil, texts("概率")[0])
    await settle(store, finder, id)
    assert [row.question_id for row in await store.rows("SELECT question_id FROM to_label", {})] == [id]
    await serve(store, Kind.SUBJECT, "", a_model({"概率": "physics", "勾股定理": "math", "因式分解": "math"}))
    await serve(store, Kind.DIFFICULTY, "", a_model({"概率": "concept", "勾股定理": "method", "因式分解": "reading"}))
    await Labeller(store).label()
    session = await accept(store, teacher, id)

    async def sign(key: str, _: str | None) -> str:
        return key

    views = Views(store, sign)
    seen, theirs = await views.session(session, "teacher"), await views.session(session, "student")
    assert seen is not None and theirs is not None
    assert ([doubt.told for doubt in seen.doubts], seen.difficulty) == (["physics"], "concept")
    assert (theirs.doubts, theirs.difficulty) == ([], None)
    epoch = (await question(store, id)).assignment_epoch
    async with store.work() as work:
        now = await work.now()
        await answer.finish(
            work, RULES, teacher, session, epoch, [], now, ["概率"], Difficulty.READING, (Subject.PHYSICS, None)
        )

    found = await labels_of(store, id)
    assert {kind: (each.value, each.source) for kind, each in found.items()} == {
        Kind.POINT: ("概率", Source.TEACHER),
        Kind.DIFFICULTY: ("reading", Source.TEACHER),
        Kind.SUBJECT: ("physics", Source.TEACHER),
    }
    asked = await question(store, id)
    assert (asked.subject, asked.knowledge_point) == (Subject.MATH, "概率")


async def test_models_are_learned_from_what_people_said_alone(store: Store, town: Town, pupil: UUID) -> None:
    places = ("学校", "公园", "工厂", "码头")
    for point in POINTS:
        for place in places:
            for text in texts(point):
                await town.ask(pupil, point, text=place + text)
    guessed = await town.ask(pupil, None, week=LATELY, text="不知道是什么的题")
    model = await serve(store, Kind.DIFFICULTY, "", a_model())
    async with store.work() as work:
        row = {"question_id": guessed, "kind": "point", "value": "概率", "model_id": model, "confidence": 0.99}
        await Labels(work).add_guesses([row])
        await Labels(work).set_points({guessed: "概率"})
        await work.commit()

    with own_process() as pool:
        lessons = {(kind, scope): lesson for kind, scope, lesson in await train(store, pool)}

    points = lessons[Kind.POINT, "math:junior"]
    assert (
        points.serves and points.card["labels"] == len(POINTS) * len(places) * 16
    )  # the model's own word is no lesson
    assert lessons[Kind.DIFFICULTY, ""].card["why"] == "too_few"
    shown = {each.kind: each for each in (await label_views.models(store)).models if each.kind != Kind.DIFFICULTY}
    assert shown[Kind.POINT].serves == shown[Kind.POINT].number
    assert shown[Kind.POINT].held_out is not None and shown[Kind.POINT].held_out.accuracy > 0.9
    assert shown[Kind.SUBJECT].why == "too_few" and shown[Kind.SUBJECT].serves is None


async def test_one_worker_a_night_begins_and_none_on_the_first_day(store: Store) -> None:
    async def begins(hours: int) -> bool:
        async with store.work() as work:
            return await label.begin_night(work, "task", now + timedelta(hours=hours))

    now = datetime.now(UTC)
    assert [await begins(0), await begins(-1), await begins(1), await begins(-1)] == [False, False, True, False]


async def test_a_question_that_somebody_is_busy_with_is_labelled_when_it_is_free(
    store: Store, town: Town, pupil: UUID
) -> None:
    await serve(store, Kind.POINT, "math:junior", a_model())
    id = await town.ask(pupil, None, week=LATELY, text=texts("概率")[1])
    await due(store, id)
    labeller = Labeller(store)

    async with store.work() as busy:
        held = await busy.question(id)
        assert held is not None
        async with store.work() as work:
            assert await label.label_due(work, labeller.reading(Labels(work))) == 0
        held.corrected_text = texts("概率")[2]  # the trigger's line, while ours is fresh
        await busy.commit()
    assert await point_of(store, id) is None
    await labeller.label()

    assert await point_of(store, id) == "概率"
