"""Texts that are asked in one moment are taken in one transaction, and each as if it were alone."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from server.actions.ask import Asked, Asking, Wanted
from server.actions.errors import BadRequest, EmptyQuestion, KeyReused
from server.asking import asking
from server.domain.people import Person, Subject
from server.live.protocol import QuestionChanged
from server.store.views import Views, just_asked
from server.store.work import Outgoing, Store
from tests.builders import World


def wanted(text: str, grade: int = 8) -> Wanted:
    return Wanted(Subject.MATH, grade, text)


async def asked(store: Store, asks: Sequence[Asking]) -> list[Asked | BaseException]:
    """What becomes of those who ask in one moment."""
    together = asking(store)
    return await asyncio.gather(*(together.join(None, each) for each in asks), return_exceptions=True)


async def no_file(key: str, name: str | None) -> str:
    raise AssertionError("a text has no file")


def questions(given: Sequence[Asked | BaseException]) -> list[Asked]:
    return [each for each in given if isinstance(each, Asked)]


@pytest.fixture
async def pupils(world: World) -> list[Person]:
    return [await world.student(f"pupil{number}") for number in range(6)]


@pytest.fixture
def commits(store: Store) -> list[Sequence[Outgoing]]:
    told: list[Sequence[Outgoing]] = []
    store.sent = told.append
    return told


async def test_those_of_one_moment_share_a_transaction_and_keep_their_order(
    store: Store, pupils: list[Person], commits: list[Sequence[Outgoing]]
) -> None:
    given = questions(await asked(store, [Asking(p.id, wanted(f"{n} 加 5？"), "k") for n, p in enumerate(pupils)]))

    assert len(commits) == 1 and len(commits[0]) == len(pupils)
    assert [each.question.text for each in given] == [f"{n} 加 5？" for n in range(6)]
    assert [each.question.student_id for each in given] == [pupil.id for pupil in pupils]
    assert all(each.is_new for each in given)
    times = [each.question.received_at for each in given]
    assert times == sorted(set(times))


async def test_a_repeat_in_the_same_moment_is_the_same_question(store: Store, pupils: list[Person]) -> None:
    twice = Asking(pupils[0].id, wanted("3 加 5？"), "k")
    given = questions(await asked(store, [twice, Asking(pupils[1].id, wanted("3 加 5？"), "k"), twice, twice]))
    again = questions(await asked(store, [twice]))

    assert len({each.question.id for each in given + again}) == 2
    assert [each.is_new for each in given + again] == [True, True, False, False, False]


async def test_what_is_refused_costs_the_others_nothing_and_keeps_no_key(store: Store, pupils: list[Person]) -> None:
    await asked(store, [Asking(pupils[0].id, wanted("3 加 5？"), "taken")])

    empty, other, high, fine = await asked(
        store,
        [
            Asking(pupils[1].id, wanted(" \x00 "), "free"),
            Asking(pupils[0].id, wanted("3 加 6？"), "taken"),
            Asking(pupils[2].id, wanted("3 加 5？", grade=13), "k"),
            Asking(pupils[3].id, wanted("3 加 5？"), "k"),
        ],
    )
    [later] = questions(await asked(store, [Asking(pupils[1].id, wanted("3 加 7？"), "free")]))

    assert isinstance(empty, EmptyQuestion) and isinstance(other, KeyReused) and isinstance(high, BadRequest)
    assert isinstance(fine, Asked) and fine.is_new
    assert later.is_new


async def test_what_the_database_can_not_write_fails_alone(store: Store, pupils: list[Person]) -> None:
    broken = Asking(pupils[0].id, wanted("3 加 \ud800？"), "k")

    failed, *fine = await asked(store, [broken, *(Asking(p.id, wanted("3 加 5？"), "k") for p in pupils[1:])])

    assert isinstance(failed, UnicodeEncodeError)
    assert [each.is_new for each in questions(fine)] == [True] * 5


async def test_what_is_shown_and_told_of_a_new_question_is_what_would_be_read_of_it(
    store: Store, pupils: list[Person], commits: list[Sequence[Outgoing]]
) -> None:
    views = Views(store, no_file)
    [new] = questions(await asked(store, [Asking(pupils[0].id, wanted("1 加 1？"), "k")]))
    shown = just_asked(new.question)

    [[at_once]] = commits
    [late] = await store.unsent(timedelta(0))
    read = await views.question(new.question.id)

    assert read is not None and shown.version <= read.version
    assert shown == msgspec.structs.replace(read, version=shown.version)
    assert [await views.event(each) for each in (at_once, late)] == [QuestionChanged(question=shown)] * 2
