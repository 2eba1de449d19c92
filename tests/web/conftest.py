"""The whole web application on real servers, browsers that talk to it, and people who can sign in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import insert
from starlette.applications import Starlette

from server.app import create_app
from server.domain.people import Person, PersonId, Role
from server.parts import Parts
from server.settings import Settings
from server.store import tables as t
from server.web.auth import passwords

ORIGIN = "https://dayi.test"
PASSWORD = "a long enough word"
PATIENCE_S = 60.0  # more than anything here needs; a test that waits so long has failed


class Browser(httpx.AsyncClient):
    """A browser on our page: it keeps cookies, and sends the Origin and the CSRF token as the page's script does."""

    async def sign_in(self, login: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
        body = {"login": login, "password": password}
        answer = await self.post("/api/sign-in", json=body, headers=headers)
        if answer.status_code == 200:
            self.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return answer


class Page:
    """A socket without a network."""

    def __init__(self, app: Starlette, ticket: str, origin: str = ORIGIN) -> None:
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said.put_nowait({"type": "websocket.connect"})
        self.say({"frame": "hello", "ticket": ticket, "resume": {}})
        scope = {"type": "websocket", "path": "/ws", "query_string": b"", "headers": [(b"origin", origin.encode())]}
        receive: Any = self._said.get
        send: Any = self._heard.put
        self.task = asyncio.ensure_future(app(scope, receive, send))

    def say(self, frame: dict[str, Any]) -> None:
        self._said.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})

    async def hear(self) -> dict[str, Any]:
        """The next frame; a close is `{"closed": code}`."""
        while (message := await self._heard.get())["type"] == "websocket.accept":
            continue
        if message["type"] == "websocket.close":
            return {"closed": message["code"]}
        frame: dict[str, Any] = json.loads(message["text"])
        return frame

    async def closed(self) -> int:
        """The code with which it is closed, after whatever is told before."""
        async with asyncio.timeout(PATIENCE_S):
            while "closed" not in (frame := await self.hear()):
                continue
        self.leave()
        await self.task
        return int(frame["closed"])

    def leave(self) -> None:
        self._said.put_nowait({"type": "websocket.disconnect", "code": 1001})


async def a_page(app: Starlette, ticket: str) -> Page:
    """A page whose socket is open."""
    page = Page(app, ticket)
    assert (await page.hear())["frame"] == "welcome"
    return page


class Town:
    """People who have a password."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    async def person(self, login: str, *roles: Role, password: str | None = PASSWORD) -> Person:
        person = Person(
            PersonId(uuid4()), login, frozenset(roles), f"演示·{login}", 8 if Role.STUDENT in roles else None
        )
        hashed = None if password is None else await passwords.hash(password)
        async with self.parts.store.engine.begin() as connection:
            await connection.execute(
                insert(t.accounts).values(
                    id=person.id,
                    login=login,
                    nickname=person.nickname,
                    roles=sorted(roles),
                    grade=person.grade,
                    password_hash=hashed,
                )
            )
        return person

    async def pupil(self, login: str = "xiaoming") -> Person:
        return await self.person(login, Role.STUDENT)


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=database_url, redis_url=redis_url, data_dir=tmp_path / "data", public_url=ORIGIN, demo=False
    )


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """As good as no pages: they are tested in a browser elsewhere."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "csp.json").write_text(json.dumps({"script-src": []}))
    return folder


@pytest.fixture
async def app(settings: Settings, dist: Path) -> AsyncIterator[Starlette]:
    """A city's service behind https."""
    app = create_app(settings, dist=dist)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def parts(app: Starlette) -> Parts:
    found: Parts = app.state.parts
    return found


@pytest.fixture
def town(parts: Parts) -> Town:
    return Town(parts)


@pytest.fixture
async def a_browser(app: Starlette) -> AsyncIterator[Callable[[], Browser]]:
    async with AsyncExitStack() as stack:

        def make() -> Browser:
            browser = Browser(
                transport=httpx.ASGITransport(app, raise_app_exceptions=False),
                base_url=ORIGIN,
                headers={"Origin": ORIGIN},
            )
            stack.push_async_callback(browser.aclose)
            return browser

        yield make


@pytest.fixture
def browser(a_browser: Callable[[], Browser]) -> Browser:
    return a_browser()


@pytest.fixture
async def program(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """No browser: no cookies, no Origin."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        yield client
