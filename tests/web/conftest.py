"""The whole web application on real servers, browsers that talk to it, and people who can sign in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
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


class Browser(httpx.AsyncClient):
    """A browser on our page: it keeps cookies, and sends the Origin and the CSRF token as the page's script does."""

    async def sign_in(self, login: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
        body = {"login": login, "password": password}
        answer = await self.post("/api/sign-in", json=body, headers=headers)
        if answer.status_code == 200:
            self.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return answer


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
