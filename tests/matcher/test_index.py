"""The index on the real PostgreSQL: found in the same transaction, gone when removed, scoped, exact and by HNSW."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from matcher import index
from matcher.index import Kind, remove
from matcher.match import Matcher
from tests.matcher.problems import ALL, APPLES, TRAIN


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


@pytest.mark.parametrize("exact_up_to", [index.EXACT_UP_TO, 0])
async def test_each_problem_finds_itself_first(matcher: Matcher, connection: AsyncConnection, exact_up_to: int,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "EXACT_UP_TO", exact_up_to)
    ids = await shelved(matcher, connection, *ALL)

    firsts = [(await found(matcher, connection, text))[0] for text in ALL]

    assert firsts == ids


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
    engine = create_async_engine(database_url)
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


@pytest.mark.parametrize("exact_up_to", [index.EXACT_UP_TO, 0])
async def test_answers_and_open_questions_of_a_scope_are_found_whether_it_is_compared_whole_or_not(
        matcher: Matcher, connection: AsyncConnection, exact_up_to: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "EXACT_UP_TO", exact_up_to)
    [answer] = await shelved(matcher, connection, TRAIN)
    [open_one] = await shelved(matcher, connection, APPLES, kind=Kind.OPEN)
    anywhere, elsewhere = uuid4(), uuid4()
    await matcher.add(connection, anywhere, Kind.OPEN, matcher.prepare(APPLES), None, None)
    await matcher.add(connection, elsewhere, Kind.ANSWER, matcher.prepare(APPLES), "math", "senior")

    near = await found(matcher, connection, APPLES, "math", "primary")
    answers = await found(matcher, connection, APPLES, "math", "primary", (Kind.ANSWER,))
    everywhere = await found(matcher, connection, APPLES)

    assert set(near) == {answer, open_one, anywhere} and near[-1] == answer
    assert answers == [answer]
    assert set(everywhere) == {answer, open_one, anywhere, elsewhere}


ODD = ["", "'; DROP TABLE matcher_entries; --", "100%_\\ :a & !b | 'c'", "苹" * 100_000, "\x00苹果"]


@pytest.mark.parametrize("text", ODD)
async def test_odd_text_is_kept_and_looked_up(matcher: Matcher, connection: AsyncConnection, text: str) -> None:
    await shelved(matcher, connection, text)

    assert len(await found(matcher, connection, text)) <= 1
    assert await found(matcher, connection, APPLES + text)
