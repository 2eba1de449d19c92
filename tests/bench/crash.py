"""`dayi bench crash`: two web processes share a room of 800; one is killed while people talk; its members come back.

Everybody behaves as our pages do (static/src/link.ts): a ticket, a hello with the position, and after a loss a wait
with full jitter that doubles. Each try goes to either process by chance; where that refuses, to the other at once, as
deploy/nginx.conf passes it on. Counted from the kill to the welcome; offsets tell whether a member missed an event of
the room or heard one twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from uuid import UUID, uuid4

from tests.bench import city
from tests.bench.city import Account, percentile
from tests.bench.page import Http, Refused, Socket
from tests.bench.room import seated
from tests.service import Service

MEMBERS, RATE, BEFORE_S = 800, 10.0, 3.0
BAR_S = 30.0
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 20.0  # link.ts

_EVENT = re.compile(rb'{"frame":"event","channel":"[^"]+","epoch":"([^"]+)","offset":(\d+),')


class _Link(Socket):
    """One socket of a member."""

    def __init__(self, member: Member) -> None:
        super().__init__("/ws")
        self.member = member
        self.is_made = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def opened(self) -> None:
        resume = {self.member.channel: self.member.position} if self.member.position else {}
        self.send(json.dumps({"frame": "hello", "ticket": self.member.ticket, "resume": resume}))

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.is_made = True

    def close(self) -> None:
        if self.is_made:
            super().close()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if not self.ended.done():
            self.ended.set_result(None)

    def heard(self, text: bytes) -> None:
        if found := _EVENT.match(text):  # thousands a second: no more is read of them
            self.member.told(found[1].decode(), int(found[2]))
            return
        frame = json.loads(text)
        match frame["frame"]:
            case "welcome":
                self.member.welcomed(self, frame)
            case "subscribed":
                self.member.position = {"epoch": frame["epoch"], "offset": frame["offset"]}
                self.ready.set_result(None)
            case "beat":
                self.send('{"frame":"beat"}')


@dataclass(eq=False)
class Member:
    """A pupil's page, which stays in the room whatever becomes of its sockets."""

    account: Account
    ports: Sequence[int]
    channel: str
    port: int  # of the process that it is on
    position: Any = None
    ticket: str = ""
    back_at: float = 0.0  # when it was welcomed with its position
    gaps: int = 0
    doubles: int = 0
    resyncs: int = 0
    here: asyncio.Event = field(default_factory=asyncio.Event)

    async def stay(self) -> None:
        attempt = 0
        while True:
            try:
                await self._come_in()
                attempt = 0
            except ConnectionRefusedError:
                self.port = next(port for port in self.ports if port != self.port)
                continue
            except (OSError, Refused):
                attempt += 1
            await asyncio.sleep(random.random() * min(LONGEST_DELAY_S, FIRST_DELAY_S * 2**attempt))
            self.port = random.choice(self.ports)

    async def _come_in(self) -> None:
        """Until the socket is lost."""
        http, link = Http(self.port), _Link(self)
        try:
            self.ticket = (await http.call("POST", "/api/tickets", self.account.token))["ticket"]
            await asyncio.get_running_loop().create_connection(lambda: link, "127.0.0.1", self.port)
            await link.ready
            self.here.set()
            await link.ended
        finally:
            self.here.clear()
            http.close()
            link.close()

    def welcomed(self, link: _Link, frame: Any) -> None:
        if self.position is None:
            subscribe = {"frame": "subscribe", "id": "1", "channel": self.channel, "position": None}
            link.send(json.dumps(subscribe))
            return
        self.resyncs += self.channel not in frame["resumed"]
        self.back_at = time.monotonic()
        link.ready.set_result(None)

    def told(self, epoch: str, offset: int) -> None:
        missed = offset - self.position["offset"] - 1
        self.gaps += missed > 0 or epoch != self.position["epoch"]
        self.doubles += missed < 0
        self.position = {"epoch": epoch, "offset": offset}


@dataclass(frozen=True)
class Outcome:
    back_s: list[float]  # of the members of the killed process
    gaps: int
    doubles: int
    resyncs: int
    lines: int  # said in the room
    behind: int  # members who have not heard the last


async def crash(service: Service, members: int, rate: float, talk_s: float) -> Outcome:
    """Kills the first of two processes after `talk_s` of talk, which goes on until all are back and have heard all."""
    nodes = [await asyncio.to_thread(service.web) for _ in range(2)]
    dying, staying = nodes
    lecturer, pupils, lecture = await seated(service.database_url, members)
    http = Http(staying.port)
    await http.call("POST", f"/api/lectures/{lecture}/start", lecturer.token, {}, key=True)
    ports = [node.port for node in nodes]
    room = [Member(who, ports, f"room:{lecture}", ports[at % 2]) for at, who in enumerate(pupils)]
    tasks = [asyncio.create_task(member.stay()) for member in room]
    await asyncio.gather(*(member.here.wait() for member in room))
    theirs = [member for member in room if member.port == dying.port]
    talk = _Talk(http, lecture, pupils, rate)
    talking = asyncio.create_task(talk.go_on())
    await asyncio.sleep(talk_s)

    dying.kill()
    killed_at = time.monotonic()
    async with asyncio.timeout(2 * BAR_S):
        while any(member.back_at < killed_at for member in theirs):  # noqa: ASYNC110 - others' frames
            await asyncio.sleep(0.05)
        talk.is_over = True
        await talking
        top = (await http.call("GET", f"/api/lectures/{lecture}/room", pupils[0].token))["offset"]
        with suppress(TimeoutError):
            async with asyncio.timeout(5.0):
                while any(member.position["offset"] < top for member in room):  # noqa: ASYNC110 - others' frames
                    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    http.close()
    await asyncio.sleep(0)  # what was closed is closed in the loop's next turn
    return Outcome(
        [member.back_at - killed_at for member in theirs],
        sum(member.gaps for member in room),
        sum(member.doubles for member in room),
        sum(member.resyncs for member in room),
        talk.lines,
        sum(member.position["offset"] != top for member in room),
    )


class _Talk:
    """Lines of chat by the clock, each by another pupil, through the process that is left."""

    def __init__(self, http: Http, lecture: UUID, speakers: Sequence[Account], rate: float) -> None:
        self.http, self.path, self.speakers, self.rate = http, f"/api/lectures/{lecture}/say", cycle(speakers), rate
        self.lines = 0
        self.is_over = False

    async def go_on(self) -> None:
        begun = time.monotonic()
        said: list[asyncio.Task[Any]] = []
        while not self.is_over:
            line = {"line_id": str(uuid4()), "kind": "chat", "text": "跟上了"}
            said.append(
                asyncio.create_task(self.http.call("POST", self.path, next(self.speakers).token, line, key=True))
            )
            self.lines += 1
            await asyncio.sleep(max(0.0, begun + self.lines / self.rate - time.monotonic()))
        await asyncio.gather(*said)


async def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dayi bench crash", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--rate", type=float, default=RATE, help="lines of chat a second")
    options = parser.parse_args(argv)
    with city.city() as (service, _):
        found = await crash(service, options.members, options.rate, BEFORE_S)
    back = found.back_s
    print(f"{options.members} members on two web processes, {options.rate:.0f} lines a second; load {city.load()}\n")
    print("| members of the killed process | back after s: p50, p95, last | missed | twice | had to reload | lines |")
    print("|---|---|---|---|---|---|")
    times = f"{percentile(back, 0.5):.1f}, {percentile(back, 0.95):.1f}, {max(back):.1f}"
    print(f"| {len(back)} | {times} | {found.gaps} | {found.doubles} | {found.resyncs} | {found.lines} |")
    return 0 if max(back) <= BAR_S and not (found.gaps or found.doubles or found.resyncs or found.behind) else 1
