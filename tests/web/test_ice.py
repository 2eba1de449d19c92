"""Relays for live voice: their addresses by settings, their passwords for one person and one evening."""

from __future__ import annotations

import hmac
import time
from base64 import b64encode
from dataclasses import replace

import httpx
import pytest

from server.settings import Settings
from server.web.auth import make_token
from tests.web.conftest import Town

URLS = "stun:turn.example:3478, turn:turn.example:3478,turns:turn.example:5349?transport=tcp"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, turn_urls=URLS, turn_secret="shared")


async def test_each_gets_a_password_that_the_relay_takes_until_tonight(town: Town, program: httpx.AsyncClient) -> None:
    pupil = await town.pupil()
    token = await make_token(town.parts.store, pupil.login, 1)

    said = (await program.get("/api/ice", headers={"Authorization": f"Bearer {token}"})).json()

    open_to_all, locked = said["servers"]
    assert open_to_all == {"urls": ["stun:turn.example:3478"], "username": None, "credential": None}
    assert locked["urls"] == ["turn:turn.example:3478", "turns:turn.example:5349?transport=tcp"]
    until, _, who = locked["username"].partition(":")
    assert who == str(pupil.id) and 3600 < int(until) - time.time() < 24 * 3600
    # as coturn's use-auth-secret reckons it
    assert locked["credential"] == b64encode(hmac.digest(b"shared", locked["username"].encode(), "sha1")).decode()
