"""Drills of the promises: a killed node, a Redis that comes back empty; ask, assign and answer go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from server.embedded import EmbeddedPostgres, EmbeddedRedis
from tests.conftest import create_database, drop_database
from tests.service import Program, Service, running, wait_until


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A Redis that this test may kill."""
    with EmbeddedRedis(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def city(postgres: EmbeddedPostgres, own_redis: EmbeddedRedis, template: str, tmp_path: Path) -> Iterator[Service]:
    name = create_database(postgres, template)
    with running(Service(tmp_path, postgres.url_of(name), own_redis.url, settings={"DAYI_LEASE_S": "600"})) as service:
        service.seed()
        yield service
    drop_database(postgres, name)


def questions(city: Service) -> int:
    with psycopg.connect(city.database_url.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT count(*) FROM questions").fetchone()
    assert row is not None
    return int(row[0])


def test_a_node_killed_right_after_the_ask_loses_and_doubles_nothing(city: Service) -> None:
    first, second = city.web(), city.web()
    city.worker()
    pupil, teacher = Program("pupil8").sign_in(first), Program("teacher2").sign_in(second)
    teacher.call(second, "POST", "/api/duty", {"presence": "ready"})
    key = str(uuid4())

    asked = pupil.ask(first, "一根绳子长 12 米，用去三分之一，还剩几米？", key)
    first.kill()
    again = pupil.ask(second, "一根绳子长 12 米，用去三分之一，还剩几米？", key)

    assert again["id"] == asked["id"]
    assert questions(city) == 1
    wait_until(lambda: teacher.duty(second)["offer"], lambda: f"no offer came:\n{second.said()}")
    assert teacher.duty(second)["offer"]["question_id"] == asked["id"]


def test_with_redis_away_and_empty_on_its_return_questions_are_asked_and_answered(
    city: Service, own_redis: EmbeddedRedis
) -> None:
    node = city.web()
    city.worker()
    pupil, teacher = Program("pupil8").sign_in(node), Program("teacher2").sign_in(node)
    teacher.call(node, "POST", "/api/duty", {"presence": "ready"})

    own_redis.kill()
    asked = pupil.ask(node, "没有 Redis 的时候问的题：6 乘 7 等于几？")
    wait_until(lambda: teacher.duty(node)["offer"], lambda: f"no offer came:\n{node.said()}")
    offer = teacher.duty(node)["offer"]
    session = teacher.call(node, "POST", f"/api/offers/{offer['id']}/accept")
    body = {"assignment_epoch": session["assignment_epoch"], "recordings": []}
    answer = teacher.call(node, "POST", f"/api/sessions/{session['id']}/finish", body)
    own_redis.start()

    assert offer["question_id"] == asked["id"]
    wait_until(
        lambda: teacher.call(node, "GET", f"/api/answers/{answer['id']}")["state"] == "published",
        lambda: "the video was not made",
    )
    wait_until(lambda: events_waiting(city) == 0, lambda: "the outbox is not told after Redis came back")


def events_waiting(city: Service) -> int:
    with psycopg.connect(city.database_url.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT count(*) FROM outbox").fetchone()
    assert row is not None
    return int(row[0])
