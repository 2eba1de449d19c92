"""A node is cut off from the database or from Redis, either way: both sides together never assign a question twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from sqlalchemy.exc import OperationalError

from server.store.lines import NETWORK, open_engine
from tests.faults.checker import double_assigned
from tests.faults.city import City
from tests.faults.conftest import Found
from tests.faults.links import Link
from tests.service import PATIENCE_S, Node, Program, wait_until


@pytest.fixture(scope="module")
def whole_city(a_city: Found) -> Iterator[City]:
    """A web node with links to its servers, one without, and a worker."""
    with a_city() as city:
        ways = {"database": city.link_to_database(), "redis": city.link_to_redis()}
        city.web(**city.through(**ways))
        city.web()
        city.worker()
        yield city


@pytest.fixture
def city(whole_city: City) -> City:
    whole_city.rest()
    return whole_city


@pytest.fixture
def to_database(city: City) -> Iterator[Link]:
    yield city.links[0]
    city.links[0].heal()


@pytest.fixture
def to_redis(city: City) -> Iterator[Link]:
    yield city.links[1]
    city.links[1].heal()


@pytest.fixture
def aside() -> Iterator[Callable[..., Future[Any]]]:
    with ThreadPoolExecutor() as threads:
        yield threads.submit


def offered(city: City, text: str) -> tuple[Program, Any]:
    """A teacher, and what is offered to that teacher."""
    near, far = city.nodes[:2]
    teacher = Program("teacher2").sign_in(near)
    teacher.ready(far)
    Program("pupil8").sign_in(far).ask(far, text)
    wait_until(lambda: teacher.duty(far)["offer"], lambda: f"no offer came:\n{far.said()}")
    return teacher, teacher.duty(far)["offer"]


def sessions(city: City, offer: Any) -> list[str]:
    found = city.rows("SELECT id FROM live_sessions WHERE question_id = %s", offer["question_id"])
    return [str(row.id) for row in found]


def readiness(node: Node) -> int:
    try:
        with urlopen(f"{node.origin}/readyz", timeout=PATIENCE_S) as answer:
            return int(answer.status)
    except HTTPError as refusal:
        with refusal:
            return refusal.code


def test_an_accept_held_up_on_its_way_to_the_database_finds_the_session_that_was_opened_meanwhile(
    city: City, to_database: Link, aside: Callable[..., Future[Any]]
) -> None:
    near, far = city.nodes[:2]
    teacher, offer = offered(city, "分区的题：5 加 8 等于几？")

    to_database.hold()
    held = aside(teacher.accept, near, offer)
    opened = teacher.accept(far, offer)
    to_database.heal()

    assert held.result(PATIENCE_S)["id"] == opened["id"]
    assert sessions(city, offer) == [opened["id"]]


def test_a_node_that_does_not_reach_its_database_says_that_it_is_not_ready_until_it_does(
    city: City, to_database: Link
) -> None:
    near = city.nodes[0]

    to_database.hold()
    unready = readiness(near)
    to_database.heal()

    assert unready == 503
    wait_until(lambda: readiness(near) == 200, lambda: f"does not recover:\n{near.said()}")


def test_a_decline_held_up_on_its_way_to_the_database_does_not_undo_the_accept(
    city: City, to_database: Link, aside: Callable[..., Future[Any]]
) -> None:
    near, far = city.nodes[:2]
    teacher, offer = offered(city, "改主意的题：5 乘 8 等于几？")

    to_database.hold()
    held = aside(teacher.call, near, "POST", f"/api/offers/{offer['id']}/decline")
    opened = teacher.accept(far, offer)
    to_database.heal()

    assert held.result(PATIENCE_S)["session_id"] == opened["id"]
    assert sessions(city, offer) == [opened["id"]]
    assert city.question(offer["question_id"]).state == "answering"


def test_an_accept_whose_commit_nobody_heard_of_is_the_session_that_a_repeat_gets(
    city: City, to_database: Link, aside: Callable[..., Future[Any]]
) -> None:
    near, far = city.nodes[:2]
    teacher, offer = offered(city, "没有回音的题：5 减 4 等于几？")

    to_database.lose_replies_after(b"INTO live_sessions", b"COMMIT")
    unheard = aside(teacher.accept, near, offer)
    to_database.wait_lost()
    again = teacher.accept(far, offer)
    to_database.heal()

    assert sessions(city, offer) == [again["id"]]
    assert isinstance(unheard.exception(PATIENCE_S), Exception)
    wait_until(lambda: readiness(near) == 200, lambda: f"does not recover:\n{near.said()}")


@pytest.mark.parametrize("how", ["held", "deaf"])
def test_a_node_cut_off_from_redis_assigns_with_the_others_and_its_offers_are_heard_on_their_pages(
    city: City, to_redis: Link, how: str
) -> None:
    near, far = city.nodes[:2]
    pupils = [Program(f"pupil{n}").sign_in(far) for n in (7, 8, 9)]
    teachers = [Program("teacher1").sign_in(far), Program("teacher2").sign_in(far)]
    pages = [teacher.page(far) for teacher in teachers]
    for teacher, page in zip(teachers, pages, strict=True):
        page.subscribe(teacher.me["channel"])

    {"held": to_redis.hold, "deaf": to_redis.lose_replies}[how]()
    asked = [
        pupil.ask((near, far)[n % 2], f"{how}：第 {n} 位同学的题，{n} 加 1 等于几？")["id"]
        for n, pupil in enumerate(pupils)
    ]
    for teacher in teachers:
        teacher.ready(near)
    offers = [
        page.event(lambda event: event["type"] == "duty" and event["duty"]["offer"])["duty"]["offer"] for page in pages
    ]
    for teacher, offer in zip(teachers, offers, strict=True):
        teacher.accept(near, offer)
    to_redis.heal()

    assert len({offer["question_id"] for offer in offers}) == 2
    assert {offer["question_id"] for offer in offers} < set(asked)
    assert double_assigned(city) == 0
    wait_until(lambda: city.untold() == 0, lambda: "the outbox is not told")


async def test_a_database_that_takes_a_connection_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORK, "connect_timeout", 2)  # the least that the driver knows
    with Link("/nowhere") as silence:
        silence.hold()
        engine = open_engine(f"postgresql://dayi@127.0.0.1:{silence.port}/dayi")

        with pytest.raises(OperationalError):
            async with asyncio.timeout(PATIENCE_S), engine.connect():
                pass

        await engine.dispose()
