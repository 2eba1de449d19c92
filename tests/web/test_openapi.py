"""The document of the doors is true and sound, so that a program can be written from it alone."""

from typing import Any

import httpx
import pytest
import schemathesis
from jsonschema_rs import Draft202012Validator

from server.web import openapi
from server.web.routes import DOORS


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi.document(DOORS)


def test_every_door_is_in_it(document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}

    assert described == {(door.method, door.path) for door in DOORS}


def test_a_tool_that_knows_openapi_reads_it(document: dict[str, Any]) -> None:
    schema = schemathesis.openapi.from_dict(document)

    schema.validate()
    assert sum(1 for _ in schema.get_all_operations()) == len(DOORS)


def test_every_schema_is_sound_and_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    for schema in schemas.values():
        Draft202012Validator({**schema, "components": {"schemas": schemas}})
    for reference in _references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door.method} {door.path}")
def test_an_operation_says_what_its_door_asks_for(document: dict[str, Any], door: Any) -> None:
    operation = document["paths"][door.path][door.method.lower()]
    headers = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "header"}

    assert bool(operation["security"]) == (door.who != "anyone")
    assert ("Idempotency-Key" in headers) == door.needs_key
    assert ("X-CSRF-Token" in headers) == (door.who != "anyone" and not door.safe)
    assert ("requestBody" in operation) == (door.body is not None)
    assert str(door.success) in operation["responses"] and "default" in operation["responses"]


@pytest.mark.parametrize(
    "door", [d for d in DOORS if d.body is not None], ids=lambda door: f"{door.method} {door.path}"
)
def test_no_body_takes_a_field_that_is_not_described(document: dict[str, Any], door: Any) -> None:
    """Or somebody gives himself a role, a price or a place in the queue."""
    schema = document["components"]["schemas"][door.body.__name__]

    assert schema["additionalProperties"] is False
    assert not schema["properties"].keys() & {"id", "role", "roles", "state", "points", "school", "student_id"}


async def test_it_is_served_to_everybody(program: httpx.AsyncClient, document: dict[str, Any]) -> None:
    answer = await program.get("/api/openapi.json")

    assert answer.json() == document


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for item in value.values() for found in _references(item)]
    return [found for item in value for found in _references(item)] if isinstance(value, list) else []
