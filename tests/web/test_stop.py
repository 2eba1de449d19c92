"""A node that is told to stop does, whatever it is at."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from server.app import create_app
from server.live import hub as hub_module
from server.settings import Settings
from tests.web.conftest import ORIGIN, PASSWORD, PATIENCE_S, Browser, Town, a_page


async def test_it_stops_at_once_with_people_signed_in_signed_out_and_on_sockets(settings: Settings, dist: Path) -> None:
    for signs_out in (False, True) * 2:
        async with asyncio.timeout(PATIENCE_S):
            app = create_app(settings, dist=dist)
            async with app.router.lifespan_context(app):
                town = Town(app.state.parts)
                await town.pupil(login := f"pupil{id(app)}")
                async with Browser(transport=httpx.ASGITransport(app), base_url=ORIGIN) as browser:
                    await browser.sign_in(login, PASSWORD)
                    page = await a_page(app, (await browser.post("/api/tickets")).json()["ticket"])
                    if signs_out:
                        assert (await browser.post("/api/sign-out")).status_code == 204
            page.leave()
            await page.task


async def test_it_stops_although_a_word_to_stop_was_swallowed(
    settings: Settings, dist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As redis-py may do it before Python 3.12, when it comes just as a command has been sent."""
    at_it = asyncio.Event()
    swallowed: list[object] = []

    async def mend(self: object, over_s: float) -> None:
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
