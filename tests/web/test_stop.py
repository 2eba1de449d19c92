"""A node that is told to stop does, whatever it is at."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from server.app import create_app
from server.live import hub as hub_module
from server.settings import Settings
from tests.web.conftest import ORIGIN, PASSWORD, Browser, Town

PATIENCE_S = 10.0  # a stop takes a tenth of a second


async def a_socket(app: Starlette, ticket: str) -> asyncio.Task[None]:
    """A page that has said hello, and then says nothing more."""
    said: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    heard: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    said.put_nowait({"type": "websocket.connect"})
    said.put_nowait(
        {"type": "websocket.receive", "text": json.dumps({"frame": "hello", "ticket": ticket, "resume": {}})}
    )
    scope = {"type": "websocket", "path": "/ws", "query_string": b"", "headers": [(b"origin", ORIGIN.encode())]}
    task = asyncio.create_task(app(scope, said.get, heard.put))  # type: ignore[arg-type]
    assert (await heard.get())["type"] == "websocket.accept"
    assert "welcome" in str((await heard.get())["text"])
    return task


async def test_it_stops_at_once_with_people_signed_in_signed_out_and_on_sockets(settings: Settings, dist: Path) -> None:
    for signs_out in (False, True) * 2:
        async with asyncio.timeout(PATIENCE_S):
            app = create_app(settings, dist=dist)
            async with app.router.lifespan_context(app):
                town = Town(app.state.parts)
                await town.pupil(login := f"pupil{id(app)}")
                async with Browser(transport=httpx.ASGITransport(app), base_url=ORIGIN) as browser:
                    await browser.sign_in(login, PASSWORD)
                    page = await a_socket(app, (await browser.post("/api/tickets")).json()["ticket"])
                    if signs_out:
                        assert (await browser.post("/api/sign-out")).status_code == 204
            page.cancel()  # as the server does with what is left
            await asyncio.wait([page])


async def test_it_stops_although_a_word_to_stop_was_swallowed(
    settings: Settings, dist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As redis-py may do it before Python 3.12, when it comes just as a command has been sent."""
    at_it = asyncio.Event()
    swallowed: list[object] = []

    async def mend(self: object) -> None:
        at_it.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not swallowed:
                swallowed.append(self)
                return
            raise

    monkeypatch.setattr(hub_module.Hub, "mend", mend)
    monkeypatch.setattr(hub_module, "CHECK_CHANNELS_S", 0.0)
    app = create_app(settings, dist=dist)

    async with asyncio.timeout(PATIENCE_S):
        async with app.router.lifespan_context(app):
            await at_it.wait()

    assert len(swallowed) == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}
