"""Our own gate, hub and bus, with a desk that believes its tickets.

Usage: python -m tests.bench.peers.ours PORT REDIS_URL

Everything a page meets is real (ticket, offsets, rights, seats, history in Redis); only the answers that PostgreSQL
would give come from memory, as they are asked for once a socket and not once a message.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from server.domain.people import Person, PersonId, Role
from server.live.bus import Bus
from server.live.connection import Caller, Gate, Seat, open_door
from server.live.hub import Hub
from server.live.protocol import MAX_FRAME, Ack, Act, Refused
from server.live.wire import Wire


class BelievingDesk:
    """A ticket is a number; the numbers 2k and 2k + 1 are the two sides of the session UUID(int=k)."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._channels: dict[UUID, frozenset[str]] = {}

    async def redeem(self, ticket: str) -> Caller | None:
        if ticket in self._used:
            return None
        self._used.add(ticket)
        number = int(ticket)
        person = Person(PersonId(UUID(int=number)), ticket, frozenset({Role.STUDENT}), "")
        self._channels[person.id] = frozenset({"room", f"session:{UUID(int=number // 2)}"})
        return Caller(person, ticket)

    async def may_listen(self, person: Person, channel: str) -> bool:
        return channel in self._channels[person.id]

    async def act(self, person: Person, act: Act) -> Ack | Refused:
        return Ack(id=act.id, seq=1)

    async def seat(self, person: Person, session: UUID) -> Seat | None:
        if person.id.int // 2 != session.int:
            return None
        return Seat("student" if person.id.int % 2 else "teacher", f"session:{session}")


def main(port: int, redis_url: str) -> None:
    hub = Hub(Bus(redis_url))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        hub.start()
        yield
        await hub.stop()

    app = Starlette(routes=[WebSocketRoute("/live", Gate(hub, BelievingDesk()))], lifespan=lifespan)
    config = uvicorn.Config(
        app,
        ws=Wire,
        ws_max_size=2 * MAX_FRAME,
        ws_per_message_deflate=False,
        log_level="error",
        loop="uvloop",
    )
    uvicorn.Server(config).run(sockets=[open_door("127.0.0.1", port)])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
