"""Nodes on loopback that share the tests' Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.embedded import EmbeddedRedis
from server.live import hub
from server.live.wire import Wire
from tests.live.classroom import Node, SchoolDesk


@pytest.fixture
def desk() -> SchoolDesk:
    return SchoolDesk()


@pytest.fixture
async def node(redis_url: str, desk: SchoolDesk) -> AsyncIterator[Node]:
    """On the server's stock protocol; the other node is on ours, and nobody can tell."""
    async with Node(redis_url, desk) as node:
        yield node


@pytest.fixture
async def other_node(redis_url: str, desk: SchoolDesk) -> AsyncIterator[Node]:
    async with Node(redis_url, desk, Wire) as node:
        yield node


@pytest.fixture
def quick_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a node does every second and every ten, it does all the time."""
    monkeypatch.setattr(hub, "CHECK_SOCKETS_S", 0.01)
    monkeypatch.setattr(hub, "CHECK_CHANNELS_S", 0.05)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A Redis of this test's own, to be killed."""
    with EmbeddedRedis(tmp_path / "redis") as server:
        yield server
