"""The index on the real PostgreSQL: found in the same transaction, gone when removed, scoped, exact and by HNSW."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from matcher.index import Kind, Near, Scope, remove
from matcher.match import Matcher
from matcher.normalize import FORM, normalize
from tests.matcher.problems import ALL, APPLES, TRAIN

WITH_AND_WITHOUT_HNSW = [[("math", "primary")], []]


async def shelved(matcher: Matcher, connection: AsyncConnection, *texts: str, kind: Kind = Kind.ANSWER) -> list[UUID]:
    ids = [uuid4() for _ in texts]
    for id, text in zip(ids, texts, strict=True):
        await matcher.add(connection, id, kind, matcher.prepare(text), "math", "primary")
    return ids


async def found(matcher: Matcher, connection: AsyncConnection, text: str, subject: str | None = None,
                stage: str | None = None, kinds: tuple[Kind, ...] = tuple(Kind)) -> list[UUID]:
    asked = matcher.prepare(text)
    nearest = await matcher.index.nearest(connection, asked.vector, asked.problem, subject, stage, kinds)
    return [candidate.id for candidate in nearest]


async def test_a_search_for_several_finds_each_its_own_and_may_be_given_up(matcher: Matcher,
                                                                           connection: AsyncConnection) -> None:
    ids = await shelved(matcher, connection, *ALL)
    near = [Near(made.vector, made.problem, "math", "primary") for made in matcher.prepare_each(ALL)]

    firsts = [each[0].id async for each in matcher.index.nearest_each(connection, near)]
    given_up = matcher.index.nearest_each(connection, near)
    first = (await anext(given_up))[0].id
    await given_up.aclose()

    assert firsts == ids
    assert [first, *await found(matcher, connection, ALL[0], "math", "primary")][:2] == [ids[0], ids[0]]


@pytest.mark.parametrize("scopes", WITH_AND_WITHOUT_HNSW)
async def test_each_problem_finds_itself_first(matcher: Matcher, connection: AsyncConnection,
                                               scopes: list[Scope]) -> None:
    await matcher.index.register(connection, "", scopes)
    ids = await shelved(matcher, connection, *ALL)

    firsts = [(await found(matcher, connection, text, "math", "primary"))[0] for text in ALL]

    assert firsts == ids


async def test_hnsw_of_a_scope_answers_its_questions(matcher: Matcher, connection: AsyncConnection) -> None:
    await matcher.index.register(connection, "", [("math", "primary"), ("math", "junior")])
    await shelved(matcher, connection, *ALL)
    await connection.execute(sql("SET LOCAL enable_sort = off"))  # so small a scope is compared whole otherwise
    used = sql("SELECT indexrelname FROM pg_stat_all_indexes WHERE indexrelname LIKE '%math%' "
               "AND pg_stat_get_xact_numscans(indexrelid) > 0")

    await found(matcher, connection, APPLES, "math", "primary")

    assert (await connection.execute(used)).scalars().all() == [matcher.index.index_name("math", "primary")]


async def test_the_larger_a_scope_the_broader_its_search(matcher: Matcher, connection: AsyncConnection) -> None:
    await matcher.index.register(connection, "", [("math", "primary")])
    breadths = []
    for held in (-1, 5_000, 80_000, 5_000_000):  # -1: PostgreSQL has not counted yet
        await connection.execute(sql("UPDATE pg_class SET reltuples = :held WHERE relname = :index"),
                                 {"held": held, "index": matcher.index.index_name("math", "primary")})
        await found(matcher, connection, APPLES, "math", "primary")
        breadths.append(int((await connection.execute(sql("SHOW hnsw.ef_search"))).scalar_one()))

    assert breadths == [100, 151, 457, 1_000]


async def test_a_search_is_broad_from_its_first_step(matcher: Matcher, connection: AsyncConnection) -> None:
    """HNSW gives no more than it looks among: the breadth of the transaction before would show."""
    await matcher.index.register(connection, "", [("math", "primary")])
    await shelved(matcher, connection, *(f"小明有{n}个苹果，送给小红{n + 3}个，还剩几个？" for n in range(20, 50)))
    for setting in ("hnsw.ef_search = 1", "enable_sort = off"):
        await connection.execute(sql(f"SET LOCAL {setting}"))
    prepared = matcher.prepare("圆的半径是三厘米")

    near = await matcher.index.nearest(connection, prepared.vector, prepared.problem, "math", "primary")

    assert len(near) == 10


async def test_adding_again_replaces(matcher: Matcher, connection: AsyncConnection) -> None:
    [id] = await shelved(matcher, connection, APPLES, kind=Kind.OPEN)

    await matcher.add(connection, id, Kind.ANSWER, matcher.prepare(TRAIN), "math", "primary")

    prepared = matcher.prepare(TRAIN)
    [only] = await matcher.index.nearest(connection, prepared.vector, prepared.problem, None, None)
    assert (only.id, only.kind, only.problem.original) == (id, Kind.ANSWER, TRAIN)
    assert only.cosine > 0.99 and only.lexical == pytest.approx(1)


async def test_removed_is_gone_and_removing_twice_does_no_harm(matcher: Matcher, connection: AsyncConnection) -> None:
    [id] = await shelved(matcher, connection, APPLES)

    await remove(connection, id)
    await remove(connection, id)

    assert await found(matcher, connection, APPLES) == []


async def test_an_entry_that_was_not_committed_is_not_there(matcher: Matcher, database_url: str) -> None:
    engine = create_async_engine(database_url, connect_args={"prepare_threshold": None})
    async with engine.connect() as writer, engine.connect() as reader:
        [id] = await shelved(matcher, writer, APPLES)

        before = await found(matcher, reader, APPLES)
        await writer.commit()
        after = await found(matcher, reader, APPLES)
    await engine.dispose()

    assert (before, after) == ([], [id])


async def test_subject_stage_and_kind_narrow_the_search(matcher: Matcher, connection: AsyncConnection) -> None:
    [id] = await shelved(matcher, connection, APPLES)

    assert await found(matcher, connection, APPLES, "math", "primary") == [id]
    assert await found(matcher, connection, APPLES, "physics") == []
    assert await found(matcher, connection, APPLES, "math", "senior") == []
    assert await found(matcher, connection, APPLES, kinds=(Kind.OPEN,)) == []


@pytest.mark.parametrize("scopes", WITH_AND_WITHOUT_HNSW)
async def test_answers_and_open_questions_of_a_scope_are_found_whether_it_has_hnsw_or_not(
        matcher: Matcher, connection: AsyncConnection, scopes: list[Scope]) -> None:
    await matcher.index.register(connection, "", scopes)
    [answer] = await shelved(matcher, connection, TRAIN)
    [open_one] = await shelved(matcher, connection, APPLES, kind=Kind.OPEN)
    anywhere, of_no_stage, elsewhere = uuid4(), uuid4(), uuid4()
    await matcher.add(connection, of_no_stage, Kind.ANSWER, matcher.prepare(APPLES), "math", None)
    await matcher.add(connection, anywhere, Kind.OPEN, matcher.prepare(APPLES), None, None)
    await matcher.add(connection, elsewhere, Kind.ANSWER, matcher.prepare(APPLES), "math", "senior")

    near = await found(matcher, connection, APPLES, "math", "primary")
    answers = await found(matcher, connection, APPLES, "math", "primary", (Kind.ANSWER,))
    everywhere = await found(matcher, connection, APPLES)
    of_a_subject = await found(matcher, connection, APPLES, "math")

    assert set(near) == {answer, open_one, anywhere, of_no_stage} and near[-1] == answer
    assert set(answers) == {answer, of_no_stage}
    assert set(everywhere) == set(of_a_subject) == {answer, open_one, anywhere, of_no_stage, elsewhere}


async def test_what_was_kept_in_another_form_is_normalised_anew(matcher: Matcher, connection: AsyncConnection) -> None:
    [id] = await shelved(matcher, connection, APPLES)
    now = await connection.execute(sql("SELECT comparable, form FROM matcher_entries"))
    assert now.one() == (normalize(APPLES).text, FORM)

    for kept in ("comparable = 'of an older release', form = -1", "comparable = NULL, form = NULL"):
        await connection.execute(sql(f"UPDATE matcher_entries SET {kept}"))
        asked = matcher.prepare(APPLES)
        [only] = await matcher.index.nearest(connection, asked.vector, asked.problem, "math", "primary")

        assert (only.id, only.problem) == (id, normalize(APPLES))


ODD = ["", "'; DROP TABLE matcher_entries; --", "100%_\\ :a & !b | 'c'", "苹" * 100_000, "\x00苹果"]


@pytest.mark.parametrize("text", ODD)
async def test_odd_text_is_kept_and_looked_up(matcher: Matcher, connection: AsyncConnection, text: str) -> None:
    await shelved(matcher, connection, text)

    assert len(await found(matcher, connection, text)) <= 1
    assert await found(matcher, connection, APPLES + text)
