"""The door for the server: same, open, similar or new, with the entry, the reasons and the worked examples."""

from uuid import uuid4

import numpy as np
import pytest
from psycopg.errors import DataException
from sqlalchemy.ext.asyncio import AsyncConnection

from matcher.index import Kind
from matcher.match import Match, Matcher, Outcome, Prepared, Within
from tests.matcher.problems import APPLES, RATIO, TRAIN, with_number
from tests.matcher.test_index import shelved


async def asked(matcher: Matcher, connection: AsyncConnection, text: str, read_from_photo: bool = False) -> Match:
    [match] = await matcher.match(connection, [within(matcher, text, read_from_photo)])
    return match


def within(matcher: Matcher, text: str, read_from_photo: bool = False) -> Within:
    return Within(matcher.prepare(text), "math", "primary", read_from_photo)


async def test_an_answered_problem_is_the_same_with_the_reason(matcher: Matcher, connection: AsyncConnection) -> None:
    apples, _ = await shelved(matcher, connection, APPLES, TRAIN)

    match = await asked(matcher, connection, "老师，" + APPLES)

    assert (match.verdict, match.entry_id, match.known_text) == (Outcome.SAME, apples, APPLES)
    assert "数字都一样：25、12、180" in [reason.sentence for reason in match.reasons]


async def test_a_problem_being_answered_now_is_open(matcher: Matcher, connection: AsyncConnection) -> None:
    [id] = await shelved(matcher, connection, APPLES, kind=Kind.OPEN)

    match = await asked(matcher, connection, APPLES)

    assert (match.verdict, match.entry_id) == (Outcome.OPEN, id)


async def test_an_answer_goes_before_an_open_question(matcher: Matcher, connection: AsyncConnection) -> None:
    await shelved(matcher, connection, APPLES, kind=Kind.OPEN)
    [answered] = await shelved(matcher, connection, APPLES)

    match = await asked(matcher, connection, APPLES)

    assert (match.verdict, match.entry_id) == (Outcome.SAME, answered)


async def test_other_numbers_are_a_worked_example(matcher: Matcher, connection: AsyncConnection) -> None:
    apples, _ = await shelved(matcher, connection, APPLES, TRAIN)

    match = await asked(matcher, connection, with_number(APPLES, 1, "15"))

    assert (match.verdict, match.entry_id) == (Outcome.SIMILAR, None)
    assert match.worked_examples[0].entry_id == apples


async def test_an_open_question_is_no_worked_example(matcher: Matcher, connection: AsyncConnection) -> None:
    await shelved(matcher, connection, APPLES, kind=Kind.OPEN)

    match = await asked(matcher, connection, with_number(APPLES, 1, "15"))

    assert match == Match(Outcome.NEW)


async def test_a_problem_unlike_all_others_is_new(matcher: Matcher, connection: AsyncConnection) -> None:
    await shelved(matcher, connection, APPLES, TRAIN)

    match = await asked(matcher, connection, "解释一下光合作用和呼吸作用有什么区别")

    assert match == Match(Outcome.NEW)


async def test_a_photo_that_lost_a_fraction_is_never_taken_for_another_fraction(
        matcher: Matcher, connection: AsyncConnection) -> None:
    await shelved(matcher, connection, RATIO)

    match = await asked(matcher, connection, RATIO.replace("2/5", "3/7"), read_from_photo=True)

    assert match.verdict is Outcome.SIMILAR


async def test_an_empty_text_is_new(matcher: Matcher, connection: AsyncConnection) -> None:
    await matcher.add(connection, uuid4(), Kind.ANSWER, matcher.prepare(""), None, None)

    assert await asked(matcher, connection, "") == Match(Outcome.NEW)


async def test_several_at_once_are_told_what_each_alone_is_told(matcher: Matcher, connection: AsyncConnection) -> None:
    await shelved(matcher, connection, APPLES, TRAIN)
    await shelved(matcher, connection, RATIO, kind=Kind.OPEN)
    texts = (TRAIN, "", with_number(APPLES, 1, "15"), RATIO, "解释一下光合作用和呼吸作用有什么区别", "老师，" + APPLES)

    together = await matcher.match(connection, [within(matcher, text) for text in texts])

    assert together == [await asked(matcher, connection, text) for text in texts]
    assert [match.verdict for match in together] == ["same", "new", "similar", "open", "new", "same"]


async def test_one_that_fails_among_several_leaves_the_connection_to_be_used(
        matcher: Matcher, connection: AsyncConnection) -> None:
    await shelved(matcher, connection, APPLES)
    spoilt = Within(Prepared(matcher.prepare(TRAIN).problem, np.zeros(3, np.float32)), "math", "primary")

    with pytest.raises(DataException):
        await matcher.match(connection, [within(matcher, APPLES), spoilt, within(matcher, RATIO)])

    await connection.rollback()
    assert (await asked(matcher, connection, APPLES)).verdict is Outcome.NEW
