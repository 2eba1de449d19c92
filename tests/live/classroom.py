"""Nodes of the realtime service on loopback, and pages that speak the protocol to them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.domain.people import Person, PersonId, Role
from server.live.bus import Bus
from server.live.connection import Caller, Gate, Seat, open_door, refusal
from server.live.hub import Hub
from server.live.protocol import MAX_FRAME, Ack, Act, Refused

PATIENCE_S = 60.0  # more than anything here needs; a test that waits so long has failed


@dataclass
class SchoolDesk:
    """Everybody holds the tickets handed out here, may hear all but `forbidden`, and sits where `seats` says."""

    tickets: dict[str, Caller] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    seats: dict[tuple[UUID, UUID], Seat] = field(default_factory=dict)
    acts: dict[str, Ack | Refused] = field(default_factory=dict)
    asked_seats: int = 0

    def ticket(self, person: Person | None = None, sign_in: str = "") -> str:
        ticket = uuid4().hex
        self.tickets[ticket] = Caller(person or a_person(), sign_in or ticket)
        return ticket

    async def redeem(self, ticket: str) -> Caller | None:
        return self.tickets.pop(ticket, None)

    async def may_listen(self, person: Person, channel: str) -> bool:
        return channel not in self.forbidden

    async def act(self, person: Person, act: Act) -> Ack | Refused:
        if act.kind == "explode":
            raise ZeroDivisionError
        if (person.id, act.session) not in self.seats:
            return refusal("not_seated", act.id)
        return self.acts.setdefault(act.id, Ack(id=act.id, seq=len(self.acts) + 1))

    async def seat(self, person: Person, session: UUID) -> Seat | None:
        self.asked_seats += 1
        return self.seats.get((person.id, session))


def a_person(role: Role = Role.STUDENT) -> Person:
    return Person(id=PersonId(uuid4()), login="someone", roles=frozenset({role}), nickname="小明")


class _Server(uvicorn.Server):
    """Leaves the signals of the test run alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


class Node:
    """One process's worth of the realtime service, on the server's stock protocol or on another."""

    def __init__(self, redis_url: str, desk: SchoolDesk, ws: Any = "websockets-sansio", **gate: Any) -> None:
        self.bus = Bus(redis_url)
        self.went: list[tuple[str, UUID]] = []
        self.hub = Hub(
            self.bus,
            on_person_online=lambda who: self.went.append(("online", who)),
            on_person_offline=lambda who: self.went.append(("offline", who)),
        )
        self.gate = Gate(self.hub, desk, **gate)
        self.desk = desk
        app = Starlette(routes=[WebSocketRoute("/live", self.gate)])
        config = uvicorn.Config(
            app,
            ws=ws,
            ws_max_size=2 * MAX_FRAME,
            lifespan="off",
            log_config=None,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._pages: list[Page] = []
        self.door = open_door("127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self.door.getsockname()[1]}/live"

    async def __aenter__(self) -> Node:
        self.hub.start()
        self._serving = asyncio.create_task(self._server.serve(sockets=[self.door]))
        await until(lambda: self._server.started)
        return self

    async def __aexit__(self, *_: object) -> None:
        for page in self._pages:
            page.vanish()
        await asyncio.gather(*(page.socket.wait_closed() for page in self._pages))
        self._server.should_exit = True
        await self._serving
        await self.hub.stop()

    async def page(self, *channels: str, person: Person | None = None, resume: Any = None, **options: Any) -> Page:
        """A page that has been welcomed and listens to `channels`."""
        page = await self.bare_page(**options)
        await page.hello(self.desk.ticket(person), resume)
        assert (await page.next("welcome"))["node"] == self.bus.node
        for channel in channels:
            await page.subscribe(channel)
        return page

    async def bare_page(self, **options: Any) -> Page:
        """A socket that has not said hello."""
        # A page with unread frames can't take part in a closing handshake: it leaves without one soon.
        page = Page(await connect(self.url, compression=None, max_size=None, close_timeout=0.1, **options))
        self._pages.append(page)
        return page


class Page:
    """The far end of a socket: what a browser would do."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def hello(self, ticket: str, resume: Any = None) -> None:
        await self.send(frame="hello", ticket=ticket, resume=resume or {})

    async def frame(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            return json.loads(await self.socket.recv())  # type: ignore[no-any-return]

    async def next(self, kind: str) -> dict[str, Any]:
        """The next frame, which is of this kind."""
        frame = await self.frame()
        assert frame["frame"] == kind, frame
        return frame

    async def until(self, kind: str) -> dict[str, Any]:
        """The next frame of this kind, whatever comes before."""
        while True:
            frame = await self.frame()
            if frame["frame"] == kind:
                return frame

    async def subscribe(self, channel: str, position: Any = None) -> dict[str, Any]:
        await self.send(frame="subscribe", id=uuid4().hex, channel=channel, position=position)
        return await self.next("subscribed")

    async def closed(self) -> int:
        """The code of the close that comes, whatever comes before."""
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.socket.recv()
        assert self.socket.close_code is not None
        return self.socket.close_code

    async def is_kept(self) -> bool:
        """Whether the socket still answers."""
        await self.send(frame="beat")
        return bool(await self.until("beat"))

    def stop_reading(self) -> None:
        self.socket.transport.pause_reading()

    def read_again(self) -> None:
        self.socket.transport.resume_reading()

    async def leave(self) -> None:
        await self.socket.close()

    def vanish(self) -> None:
        """As when a phone loses the network: no close, no goodbye."""
        self.socket.transport.abort()


async def until(true: Callable[[], Any]) -> None:
    """Wait for what no event tells of."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def an_event(number: int, size: int = 10) -> bytes:
    return json.dumps({"type": "test", "n": number, "padding": "x" * size}).encode()
