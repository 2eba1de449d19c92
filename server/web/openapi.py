"""/api/openapi.json, written from the doors: what each takes, gives and refuses."""

import json
import re
from asyncio import to_thread
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server import __version__
from server.live.protocol import Problem
from server.web.door import CSRF_HEADER, KEY_HEADER, Door

_PARAMETER = re.compile(r"\{(\w+)\}")
_REF = "#/components/schemas/{name}"


def document(doors: Sequence[Door]) -> dict[str, Any]:
    """An OpenAPI 3.1 document of all doors."""
    types = [kind for door in doors for kind in (door.body, door.reply) if kind is not None]
    _, schemas = msgspec.json.schema_components([*types, Problem], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for door in doors:
        paths.setdefault(door.path, {})[door.method.lower()] = _operation(door)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dayi (答疑)",
            "version": __version__,
            "description": "Everything a page does. Events come over the socket: docs/protocol.md.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "`dayi token LOGIN`"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "dayi", "description": "`__Host-dayi` over https"},
            },
        },
    }


def route(doors: tuple[Door, ...]) -> Route:
    """The document's own route; it is public, and the same for everybody."""

    async def endpoint(request: Request) -> Response:
        body = await to_thread(_written, doors)
        return Response(body, media_type="application/json", headers={"Cache-Control": "no-cache"})

    return Route("/api/openapi.json", endpoint, name="openapi")


@cache  # a quarter of a second's work, spared at each start: few ask for it
def _written(doors: tuple[Door, ...]) -> bytes:
    return json.dumps(document(doors), ensure_ascii=False).encode()


def _operation(door: Door) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": door.handle.__name__,
        "summary": door.summary,
        "tags": [door.tag],
        "parameters": _parameters(door),
        "responses": {
            str(door.success): {"description": "Done", **_content(door)},
            **({str(door.no): {"description": "No", **_content(door)}} if door.no else {}),
            "default": {"description": "Refused", "content": _json(Problem)},
        },
        "security": [] if door.who == "anyone" else [{"token": []}, {"cookie": []}],
    }
    if isinstance(door.who, frozenset):
        operation["description"] = f"For: {', '.join(sorted(door.who))}."
    if door.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(door.body)}
    return operation


def _parameters(door: Door) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
        for name in _PARAMETER.findall(door.path)
    ]
    found += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in door.query]
    if door.needs_key:
        schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"}
        found.append({"name": KEY_HEADER, "in": "header", "required": True, "schema": schema})
    if door.who != "anyone" and not door.safe:
        note = "needed with the cookie, not with a token"
        found.append({"name": CSRF_HEADER, "in": "header", "schema": {"type": "string"}, "description": note})
    return found


def _content(door: Door) -> dict[str, Any]:
    if door.reply is not None:
        return {"content": _json(door.reply)}
    return {"content": {door.content_type: {}}} if door.success == 200 else {}


def _json(kind: Any) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=_REF)
    return {"application/json": {"schema": schema}}
