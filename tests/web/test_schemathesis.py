"""Made-up calls to every door by its own description: nothing breaks, and what comes back is what is described."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server.demo.people import PASSWORD, people
from server.domain.people import Role
from server.embedded import EmbeddedRedis
from server.store.work import Store, open_engine
from server.web.auth import make_token
from server.web.door import Door
from server.web.routes import DOORS
from tests.databases import Databases
from tests.service import Node, Service, running, wait_until

EXAMPLES = 10  # a door
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def city(
    databases: Databases, redis_server: EmbeddedRedis, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("city")
    with (
        databases.lent(template) as name,
        running(Service(folder, databases.url_of(name), redis_server.url)) as service,
    ):
        service.seed()
        service.web()
        yield service


@pytest.fixture(scope="module")
def node(city: Service) -> Node:
    return city.nodes[0]


@pytest.fixture(scope="module")
def tokens(city: Service) -> dict[Role, str]:
    """A pupil's and a teacher's."""

    async def make() -> dict[Role, str]:
        engine = open_engine(city.database_url)
        try:
            logins = {Role.STUDENT: "pupil8", Role.TEACHER: "teacher1"}
            return {role: await make_token(Store(engine), login, 1) for role, login in logins.items()}
        finally:
            await engine.dispose()

    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, make()).result()


@pytest.fixture(scope="module")
def schema(node: Node) -> Any:
    return schemathesis.openapi.from_url(f"{node.origin}/api/openapi.json")


@pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door.method} {door.path}")
def test_no_call_breaks_a_door_or_gets_what_is_not_described(
    door: Door, node: Node, schema: Any, tokens: dict[Role, str]
) -> None:
    operation = schema[door.path][door.method]
    role = Role.TEACHER if isinstance(door.who, frozenset) and Role.STUDENT not in door.who else Role.STUDENT
    session = requests.Session()

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    def explore(case: Any) -> None:
        answer = case.call(
            base_url=node.origin,
            session=session,
            headers={"Authorization": f"Bearer {tokens[role]}", "Origin": node.origin},
        )
        case.validate_response(answer, checks=CHECKS)

    with session:
        if door.path == "/api/sign-out":  # the token must outlive this door: a sign-in of its own
            session.post(f"{node.origin}/api/sign-in", json={"login": "pupil9", "password": PASSWORD})
            explore_without_token = given(case=operation.as_strategy())(
                lambda case: case.validate_response(case.call(base_url=node.origin, session=session), checks=CHECKS)
            )
            settings(max_examples=2, deadline=None, derandomize=True, database=None)(explore_without_token)()
        else:
            explore()


def test_after_all_of_that_the_log_is_json_and_names_nobody(node: Node, tokens: dict[Role, str]) -> None:
    pupil = next(person for person in people() if person.login == "pupil8")
    headers = {"Authorization": f"Bearer {tokens[Role.STUDENT]}", "Idempotency-Key": "canary-key"}
    with requests.Session() as session:
        session.post(f"{node.origin}/api/sign-in", json={"login": "canary-login", "password": "canary-password"})
        session.post(
            f"{node.origin}/api/activate", json={"login": "canary", "code": "canary", "password": "canary-password"}
        )
        session.get(f"{node.origin}/api/canary?canary=1")
        session.post(f"{node.origin}/api/questions", json={"canary": 1}, headers=headers)
        asked = session.post(
            f"{node.origin}/api/questions",
            json={"subject": "math", "grade": 8, "text": "canary-text 3 加 5"},
            headers=headers,
        )
        assert asked.status_code == 201
        id = asked.json()["id"]
        wait_until(
            lambda: session.get(f"{node.origin}/api/questions/{id}", headers=headers).json()["state"] != "received",
            lambda: f"nobody read it:\n{node.said()}",
        )

    lines = [json.loads(line) for line in node.log.read_text().splitlines()]

    assert {"POST /api/questions", "POST /api/sign-in"} <= {
        f"{line.get('method')} {line.get('door')}" for line in lines
    }
    assert all(line["timestamp"] and line["level"] for line in lines)
    told = json.dumps(lines, ensure_ascii=False)
    for personal in ("canary", pupil.login, pupil.nickname, id, *tokens.values()):
        assert personal not in told
