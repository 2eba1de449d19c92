"""A change of model while questions are asked: the bank is embedded anew beside the old one, and nothing is missed."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest

from matcher.calibrate import Calibration, Learned
from matcher.compare import FIGURES
from matcher.decide import base_version
from matcher.embed import SHIPPED, Embedder, ModelRefused
from matcher.index import Index, models
from matcher.match import Matcher, Prepared
from server import matching
from server.actions import judge
from server.actions.ports import Sought
from server.app import backstage
from server.domain.people import Stage, Subject
from server.domain.question import Verdict
from server.matching import MatcherFinder
from server.settings import Settings, SettingsError
from server.store.work import Store

PEACHES = "一棵桃树去年收了36千克桃子，今年收的是去年的3倍，今年收了多少千克？"
ROPE = "一根绳子长48米，剪去它的四分之一，还剩多少米？"


@pytest.fixture
def old(embedder: Embedder) -> MatcherFinder:
    return MatcherFinder(lambda: Matcher(embedder))


@pytest.fixture
def new(embedder: Embedder) -> MatcherFinder:
    """As another process has it whose settings name another model."""
    return MatcherFinder(lambda: Matcher(embedder, Index(embedder.dimension, "a:newer'model")), "newer")


@pytest.fixture
def loads(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped model is not read from the disk again."""
    monkeypatch.setattr(matching.Embedder, "load", lambda name: embedder)


async def learn(store: Store, finder: MatcherFinder, text: str) -> UUID:
    id = uuid4()
    async with store.work() as work:
        await finder.learn(work, "answer", [Sought(id, text, Subject.MATH, Stage.PRIMARY)])
        await work.commit()
    return id


async def found(store: Store, finder: MatcherFinder, text: str) -> UUID | None:
    async with store.work() as work:
        return (await finder.find(work, [Sought(uuid4(), text, Subject.MATH, Stage.PRIMARY)]))[0].entry


async def states(store: Store) -> dict[str, tuple[str, int]]:
    async with store.reading() as connection:
        return {model.name: (model.state, model.entries) for model in await models(connection)}


async def refilled(store: Store, finder: MatcherFinder) -> None:
    while await finder.refill(store, batch=2):
        pass


async def test_trees_learned_from_labels_judge_in_every_process_once_they_are_adopted(
    store: Store, old: MatcherFinder, embedder: Embedder
) -> None:
    peaches = await learn(store, old, PEACHES)
    elsewhere = MatcherFinder(lambda: Matcher(embedder))
    never = [[[-1, -40.0, 0, 0]]]  # one leaf: nothing is the same any more

    for release, expected in ((0, None), (1, peaches)):  # trees learned on another release's are left out
        trees = {"on": base_version() + release, "figures": list(FIGURES), "trees": never}
        async with store.work() as work:
            number = await judge.propose(work, Learned(Calibration(), trees, {}))
        before = await found(store, elsewhere, PEACHES)
        async with store.work() as work:
            await judge.adopt(work, number)

        assert before == (peaches if release == 0 else None)
        assert [await found(store, finder, PEACHES) for finder in (old, elsewhere)] == [expected, expected]


async def test_both_models_answer_while_the_bank_is_embedded_anew(
    store: Store, old: MatcherFinder, new: MatcherFinder, loads: None
) -> None:
    peaches, rope = await learn(store, old, PEACHES), await learn(store, old, ROPE)
    for _ in range(3):
        await learn(store, old, f"{uuid4()}是哪一年？")
    assert await found(store, new, PEACHES) == peaches
    assert await states(store) == {"": ("serving", 5), "newer": ("filling", 0)}

    assert await new.refill(store, batch=2)
    assert await states(store) == {"": ("serving", 5), "newer": ("filling", 2)}
    meanwhile = await learn(store, new, "12乘以25等于多少？")
    for finder in (old, new):
        assert await found(store, finder, "12乘以25等于多少？") == meanwhile
        assert await found(store, finder, ROPE) == rope

    await refilled(store, new)

    assert await states(store) == {"": ("retired", 6), "newer": ("serving", 6)}
    for finder in (old, new):
        assert await found(store, finder, PEACHES) == peaches


async def test_what_is_withdrawn_during_a_change_does_not_come_back(
    store: Store, old: MatcherFinder, new: MatcherFinder, loads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    peaches = await learn(store, old, PEACHES)
    await found(store, new, ROPE)  # makes itself known
    prepare = Matcher.prepare_each
    embedding, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slowly(matcher: Matcher, texts: Sequence[str]) -> list[Prepared]:
        loop.call_soon_threadsafe(embedding.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
        return prepare(matcher, texts)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Matcher, "prepare_each", slowly)
        step = asyncio.create_task(new.refill(store))
        await embedding.wait()
        async with store.work() as work:
            await old.forget(work, peaches)
            await work.commit()
        go_on.set()
        await step

    for finder in (old, new):
        assert await found(store, finder, PEACHES) is None


async def test_a_retired_models_entries_go_after_a_while(
    store: Store, old: MatcherFinder, new: MatcherFinder, loads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    peaches = await learn(store, old, PEACHES)
    await found(store, new, PEACHES)
    await refilled(store, new)
    await store.rows("UPDATE matcher_models SET since = now() - interval '1 h' WHERE state = 'retired' RETURNING 1", {})

    await refilled(store, new)

    assert await states(store) == {"newer": ("serving", 1)}
    assert await found(store, new, PEACHES) == peaches


async def test_a_model_that_is_gone_costs_matches_and_no_question(
    store: Store, old: MatcherFinder, new: MatcherFinder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(name: object) -> Embedder:
        raise ModelRefused("its folder was deleted")

    monkeypatch.setattr(matching.Embedder, "load", gone)
    peaches = await learn(store, old, PEACHES)

    assert await found(store, new, PEACHES) is None
    await refilled(store, new)
    assert await found(store, new, PEACHES) == peaches


async def test_a_model_of_the_same_name_and_another_dimension_is_refused_with_the_way_out(
    store: Store, old: MatcherFinder, embedder: Embedder
) -> None:
    await learn(store, old, PEACHES)

    async with store.engine.connect() as connection:
        with pytest.raises(ModelRefused, match=r"makes vectors of 384 numbers but its entries have 192: set the model"):
            await Index(384, embedder.version).register(connection, "same-name")


def test_a_damaged_model_in_the_settings_keeps_a_process_from_starting_and_says_the_way_out(tmp_path: Path) -> None:
    damaged = tmp_path / "model"
    shutil.copytree(SHIPPED, damaged)
    (damaged / "tokenizer.json").write_text("{")
    settings = Settings(
        database_url="postgresql://nowhere.invalid/", redis_url="redis://nowhere.invalid", data_dir=tmp_path,
        secret="of this test alone", model=str(damaged),
    )  # fmt: skip

    with pytest.raises(SettingsError, match=r"DAYI_MODEL: .*damaged or missing.*leave the setting empty"):
        backstage(settings)


async def test_models_of_different_dimensions_stand_side_by_side(
    store: Store, old: MatcherFinder, embedder: Embedder
) -> None:
    peaches = await learn(store, old, PEACHES)
    wide = Index(2 * embedder.dimension, "wide")
    problem = Matcher(embedder).prepare(PEACHES)
    vector = np.concatenate([problem.vector, problem.vector])

    async with store.engine.begin() as connection:
        await wide.register(connection, "wide", [("math", "primary")])
        [missing] = await wide.missing(connection, 2)
        await wide.fill(connection, [(missing, problem.problem, vector)])
        assert await wide.serve(connection)
        nearest = await wide.nearest(connection, vector, problem.problem, "math", "primary")

    assert [(each.id, round(each.cosine, 2)) for each in nearest] == [(peaches, 1.0)]



async def test_a_problem_that_leans_on_its_figure_is_pushed_only_for_the_same_figure(
    store: Store, old: MatcherFinder
) -> None:
    text = "如图，长方形ABCD的长是8厘米，宽是5厘米，阴影部分的面积是多少平方厘米？"
    mine, near, other = "00ff00ff00ff00ff", "00ff00ff00ff00fe", "ff00ff00ff00ff00"
    id = uuid4()
    async with store.work() as work:
        await old.learn(work, "answer", [Sought(id, text, Subject.MATH, Stage.PRIMARY, figure=mine)])
        await work.commit()

    said = {}
    for figure in (near, other, None):
        async with store.work() as work:
            asked = Sought(uuid4(), text, Subject.MATH, Stage.PRIMARY, from_photo=True, figure=figure)
            [said[figure]] = await old.find(work, [asked])

    assert said[near].entry == id
    assert said[other].verdict is said[None].verdict is Verdict.SIMILAR
    assert said[other].confidence < said[near].confidence
