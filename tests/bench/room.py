"""`dayi bench room`: a lecture's room with 800 members, ink and chat twenty times a second, and a poll that all answer.

One web process of the product on core 0, the load on core 1, with PostgreSQL and Redis on either, over loopback without
TLS. Ink goes by the lecturer's socket, chat and answers through doors, each from another pupil. A time is written into
every stroke and line, in letters (a row of digits would be held for a look), and read by every member.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any
from uuid import UUID, uuid4

import psutil

from server.domain.lecture import LectureState, PlaceState
from server.domain.people import Role, Stage, Subject
from server.store import tables as t
from tests.bench import city
from tests.bench.city import Account, percentile
from tests.bench.page import Http

MEMBERS, RATE, SECONDS = 800, 20, 8.0
BAR_MS = 150.0
WEB_CORE, LOAD_CORE = 0, 1
LETTERS = str.maketrans("0123456789", "abcdefghij")
DIGITS = bytes.maketrans(b"abcdefghij", b"0123456789")


class Member(city.Page):
    """A page in the room: times of what it hears, and whether an event was missing."""

    def __init__(self, account: Account, http: Http, lecture: UUID) -> None:
        super().__init__(account, http)
        self.lecture = lecture
        self.ink: list[float] = []  # ms
        self.chat: list[float] = []
        self.polls: list[bytes] = []
        self.gaps = 0
        self._offset: int | None = None

    async def come_in(self, port: int) -> None:
        ticket = await self.http.call("POST", "/api/tickets", self.account.token)
        self._hello = json.dumps({"frame": "hello", "ticket": ticket["ticket"], "resume": {}})
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)
        await self.ready
        self._beat()

    def heard(self, text: bytes) -> None:
        if text.startswith(b'{"frame":"welcome"'):
            channel = f"room:{self.lecture}"
            self.send(json.dumps({"frame": "subscribe", "id": "1", "channel": channel, "position": None}))
        elif text.startswith(b'{"frame":"subscribed"'):
            self.ready.set_result(None)
        elif text.startswith(b'{"frame":"refused"'):
            raise RuntimeError(text.decode())
        elif text.startswith(b'{"frame":"event"'):
            self._counts(text)
            if b'"type":"line"' in text:
                self.chat.append(_waited(text))
            elif b'"type":"poll"' in text:
                self.polls.append(text)
        elif b"~" in text:
            self.ink.append(_waited(text))

    def _counts(self, text: bytes) -> None:
        at = text.index(b'"offset":') + 9
        offset = int(text[at : text.index(b",", at)])
        self.gaps += self._offset is not None and offset != self._offset + 1
        self._offset = offset

    def forget(self) -> None:
        self.ink, self.chat, self.polls = [], [], []


def _stamp() -> str:
    return f"~{str(time.monotonic_ns()).translate(LETTERS)}~"


def _waited(text: bytes) -> float:
    at = text.index(b"~") + 1
    return (time.monotonic_ns() - int(text[at : text.index(b"~", at)].translate(DIGITS))) / 1e6


async def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dayi bench room", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--rate", type=int, default=RATE, help="ink batches, and lines of chat, a second")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--no-poll", action="store_true", help="ink and chat alone")
    options = parser.parse_args(argv)
    os.sched_setaffinity(0, {LOAD_CORE})
    with city.city() as (service, urls):
        os.sched_setaffinity(0, {WEB_CORE, LOAD_CORE})
        node = await asyncio.to_thread(service.web)
        for process in (psutil.Process(node.process.pid), *psutil.Process(node.process.pid).children(recursive=True)):
            process.cpu_affinity([WEB_CORE])
        os.sched_setaffinity(0, {LOAD_CORE})
        http = Http(node.port)
        while (await http.call("GET", "/readyz"))["matcher"] == "loading":  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.5)
        lecturer, pupils, lecture = await seated(urls.database, options.members)
        await http.call("POST", f"/api/lectures/{lecture}/start", lecturer.token, {}, key=True)
        members = [Member(who, http, lecture) for who in (lecturer, *pupils)]
        await city.in_parallel([each.come_in(node.port) for each in members])
        speakers = cycle(members[1:])  # nobody says two lines within two seconds
        await _teach(members[0], speakers, 2.0, options.rate)  # warm
        for each in members:
            each.forget()
        before = city.cpu_s(node)
        sent, answers, seconds = await _measured(members, speakers, options)
        cpu = city.cpu_s(node) - before
    return _report(options, members[1:], sent, answers, cpu / seconds)


async def _measured(
    members: Sequence[Member], speakers: Iterator[Member], options: Any
) -> tuple[int, list[float], float]:
    """Teaches, and halfway asks a poll that all answer within a second."""
    begun = time.monotonic()
    teaching = asyncio.create_task(_teach(members[0], speakers, options.seconds, options.rate))
    await asyncio.sleep(options.seconds / 2)
    answers = [] if options.no_poll else await _poll(members[0], members[1:])
    sent = await teaching
    await asyncio.sleep(1.0)
    return sent, answers, time.monotonic() - begun


async def _poll(lecturer: Member, pupils: Sequence[Member]) -> list[float]:
    """How long each answer took, in ms."""
    asked = {"poll_id": str(uuid4()), "text": "选哪个？", "options": ["甲", "乙", "丙"], "right": None}
    path = f"/api/lectures/{lecturer.lecture}/polls"
    number = (await lecturer.http.call("POST", path, lecturer.account.token, asked, key=True))["number"]

    async def answer(place: int, pupil: Member) -> float:
        await asyncio.sleep(place / len(pupils))
        sent = time.monotonic()
        body = {"option": 1 + place % 3}
        await pupil.http.call("POST", f"{path}/{number}/answer", pupil.account.token, body, key=True)
        return 1_000 * (time.monotonic() - sent)

    return await asyncio.gather(*(answer(place, pupil) for place, pupil in enumerate(pupils)))


async def _teach(lecturer: Member, speakers: Iterator[Member], seconds: float, rate: int) -> int:
    """Ink and chat by the clock; how many of each were sent."""
    begun, sent = time.monotonic(), 0
    said: list[asyncio.Task[Any]] = []
    while sent < seconds * rate:
        ink = {"page": "p1", "tool": "pen", "color": "#000000", "width": 30, "points": "A" * 64}
        lecturer.send(json.dumps({"frame": "ink", "session": str(lecturer.lecture), "stroke": _stamp(), **ink}))
        said.append(asyncio.create_task(_say(next(speakers))))
        sent += 1
        await asyncio.sleep(max(0.0, begun + sent / rate - time.monotonic()))
    await asyncio.gather(*said)
    return sent


async def _say(pupil: Member) -> None:
    line = {"line_id": str(uuid4()), "kind": "chat", "text": f"跟上了 {_stamp()}"}
    await pupil.http.call("POST", f"/api/lectures/{pupil.lecture}/say", pupil.account.token, line, key=True)


def _report(options: Any, members: Sequence[Member], sent: int, answers: list[float], cpu: float) -> int:
    count = len(members)
    ink, chat = ([each for member in members for each in getattr(member, kind)] for kind in ("ink", "chat"))
    gaps = sum(member.gaps for member in members)
    polls = [json.loads(text)["event"]["poll"]["counts"] for text in members[0].polls]
    whole = sum(sum(json.loads(m.polls[-1])["event"]["poll"]["counts"]) == count for m in members if m.polls)
    print(
        f"{count} members, {options.rate} ink batches and {options.rate} lines a second"
        f"{'' if options.no_poll else ', a poll that all answer within a second'}; load {city.load()}\n"
    )
    print(
        "| ink: arrived, ms p50 / p99 | chat: arrived, ms p50 / p99 | answers: ms p50 / p99 | poll's events "
        "| members with all answers | gaps | CPU of web |"
    )
    print("|---|---|---|---|---|---|---|")
    cells = [
        f"{len(ink) / (sent * count):.1%}, {percentile(ink, 0.5):.0f} / {percentile(ink, 0.99):.0f}",
        f"{len(chat) / (sent * count):.1%}, {percentile(chat, 0.5):.0f} / {percentile(chat, 0.99):.0f}",
        f"{percentile(answers, 0.5):.0f} / {percentile(answers, 0.99):.0f}" if answers else "–",
        f"{len(polls)}",
        f"{whole} of {count}" if answers else "–",
        f"{gaps}",
        f"{cpu:.0%} of a core",
    ]
    print("| " + " | ".join(cells) + " |")
    complete = len(ink) == len(chat) == sent * count and gaps == 0 and whole == (0 if options.no_poll else count)
    return 0 if complete and max(percentile(ink, 0.99), percentile(chat, 0.99)) <= BAR_MS else 1


async def seated(database: str, count: int) -> tuple[Account, list[Account], UUID]:
    """A lecture that may begin, with so many seated."""
    lecturer, pupils = city.account("lecturer"), [city.account(f"pupil-{n}") for n in range(count)]
    id, start = uuid4(), datetime.now(UTC) + timedelta(minutes=1)
    words = {"title": "大课", "about": "", "subject": Subject.MATH, "stage": Stage.JUNIOR, "grades": [8]}
    seats = {"capacity": count, "taken": count, "next_number": count + 1, "knowledge_points": [], "school_ids": []}
    times = {"starts_at": start, "ends_at": start + timedelta(hours=1)}
    lecture = {"id": id, "lecturer_id": lecturer.id, "state": LectureState.OPEN, **words, **seats, **times}
    places = [
        {"lecture_id": id, "pupil_id": who.id, "number": number, "state": PlaceState.SEATED}
        for number, who in enumerate(pupils, 1)
    ]
    await city.write(
        database,
        [
            (t.accounts, city.account_rows(pupils, Role.STUDENT, 8)),
            (t.accounts, city.account_rows([lecturer], Role.LECTURER, None)),
            (t.sign_ins, city.sign_in_rows([lecturer, *pupils])),
            (t.lectures, [lecture]),
            (t.lecture_places, places),
        ],
    )
    return lecturer, pupils, id
