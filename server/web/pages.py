"""The built pages, the probes of the operator, and what only a demo has."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from server import observe
from server.actions.errors import NotHere
from server.domain.people import Role
from server.live import protocol as wire
from server.web.door import Call, Door, http_error, problem

DIST = Path(__file__).resolve().parents[2] / "static" / "dist"
SHELLS = {
    "/": "index.html",
    "/student": "student.html",
    "/teacher": "teacher.html",
    "/subsidies": "subsidies.html",
    "/disclosure": "disclosure.html",
    "/research": "research.html",
    "/monday": "monday.html",
    "/topics": "topics.html",
    "/bank": "bank.html",
    "/review": "review.html",
    "/school": "school.html",
    "/guardian": "guardian.html",
    "/lectures": "lecture.html",
    "/library": "library.html",
}
FILES = {
    "/sw.js": "text/javascript",
    "/manifest.webmanifest": "application/manifest+json",
    "/icon.svg": "image/svg+xml",
}
SHOWN = {Role.STUDENT, Role.TEACHER, Role.LECTURER}  # whose accounts a demo offers
A_YEAR = "public, max-age=31536000, immutable"


class NotBuilt(Exception):
    """The pages are not built: run `make pages` (make run does it by itself)."""


class Assets(StaticFiles):
    """Built files carry a hash of their content in their name: a page may keep them for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["Cache-Control"] = A_YEAR
        return response


def script_hashes(dist: Path = DIST) -> list[str]:
    """Of the built pages' own inline scripts, for the Content-Security-Policy."""
    path = dist / "csp.json"
    if not path.exists():
        raise NotBuilt(NotBuilt.__doc__)
    return [value.strip("'") for value in json.loads(path.read_text())["script-src"]]


def page_routes(dist: Path = DIST) -> list[BaseRoute]:
    """The shells are asked for anew each time, so that a new version reaches everybody at the next visit."""
    shells = [Route(path, _file(dist / name, "text/html"), name=f"page {path}") for path, name in SHELLS.items()]
    files = [Route(path, _file(dist / path[1:], kind), name=f"file {path}") for path, kind in FILES.items()]
    return [*shells, *files, Mount("/assets", Assets(directory=dist / "assets", check_dir=False), name="assets")]


def http_errors(dist: Path = DIST) -> Callable[[Request, Exception], Awaitable[Response]]:
    """For Starlette's exception handlers: a person who is lost gets a page, a program the refusal."""
    lost = dist / "404.html"

    async def handler(request: Request, error: Exception) -> Response:
        reads_pages = "text/html" in request.headers.get("Accept", "")
        if isinstance(error, HTTPException) and error.status_code == 404 and reads_pages and lost.exists():
            return FileResponse(lost, 404, headers={"Cache-Control": "no-cache"}, media_type="text/html")
        return await http_error(request, error)

    return handler


def _file(path: Path, media_type: str) -> Any:
    built = path.exists()

    async def endpoint(request: Any) -> Response:
        if not built:
            return problem(NotHere())
        return FileResponse(path, media_type=media_type, headers={"Cache-Control": "no-cache"})

    return endpoint


async def demo(call: Call[None]) -> wire.Demo:
    """The demo's accounts, so that a visitor signs in with one tap; a real service has none to show."""
    if not call.parts.settings.demo:
        raise NotHere
    from server.demo.people import PASSWORD, people

    shown = [person for person in people() if not person.roles.isdisjoint(SHOWN)]
    return wire.Demo(
        accounts=[
            wire.DemoAccount(login=p.login, password=PASSWORD, role=sorted(p.roles)[0], nickname=p.nickname)
            for p in shown
        ]
    )


DOORS = (
    Door("GET", "/healthz", observe.healthz, "anyone", "The process answers", reply=wire.Health, tag="operator"),
    Door("GET", "/readyz", observe.readyz, "anyone", "200 when questions can be taken, else 503",
         reply=wire.Readiness, no=503, tag="operator"),
    Door("GET", "/metrics", observe.metrics, "anyone", "Figures for Prometheus", content_type="text/plain",
         tag="operator"),
)  # fmt: skip
