"""Drills of the promises: a killed node, a Redis that comes back empty; ask, assign and answer go on."""

from __future__ import annotations

from uuid import uuid4

from tests.faults.city import City
from tests.service import Program, wait_until


def test_a_node_killed_right_after_the_ask_loses_and_doubles_nothing(city: City) -> None:
    first, second = city.web(), city.web()
    city.worker()
    pupil, teacher = Program("pupil8").sign_in(first), Program("teacher2").sign_in(second)
    teacher.ready(second)
    key = str(uuid4())

    asked = pupil.ask(first, "一根绳子长 12 米，用去三分之一，还剩几米？", key)
    first.kill()
    again = pupil.ask(second, "一根绳子长 12 米，用去三分之一，还剩几米？", key)

    assert again["id"] == asked["id"]
    assert city.count("SELECT count(*) FROM questions") == 1
    wait_until(lambda: teacher.duty(second)["offer"], lambda: f"no offer came:\n{second.said()}")
    assert teacher.duty(second)["offer"]["question_id"] == asked["id"]


def test_with_redis_away_and_empty_on_its_return_questions_are_asked_and_answered(city: City) -> None:
    node = city.web()
    city.worker()
    pupil, teacher = Program("pupil8").sign_in(node), Program("teacher2").sign_in(node)
    teacher.ready(node)

    city.redis.kill()
    asked = pupil.ask(node, "没有 Redis 的时候问的题：6 乘 7 等于几？")
    wait_until(lambda: teacher.duty(node)["offer"], lambda: f"no offer came:\n{node.said()}")
    offer = teacher.duty(node)["offer"]
    session = teacher.accept(node, offer)
    answer = teacher.finish(node, session)
    city.redis.start()

    assert offer["question_id"] == asked["id"]
    wait_until(
        lambda: teacher.call(node, "GET", f"/api/answers/{answer['id']}")["state"] == "published",
        lambda: "the video was not made",
    )
    wait_until(lambda: city.untold() == 0, lambda: "the outbox is not told after Redis came back")
