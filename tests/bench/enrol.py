"""`dayi bench enrol`: thousands press "enrol" at the same moment for the seats of one lecture, on two web processes.

Every pupil has a connection of its own, opened beforehand as browsers do; all requests are written in one go. Counted
from the first write to the last answer. Afterwards the database is asked who has which place.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import insert

from server.domain.lecture import LectureState
from server.domain.people import Role, Stage, Subject
from server.store import tables as t
from server.store.work import open_engine
from tests.bench import city
from tests.bench.city import Account, percentile
from tests.bench.page import Http

PUPILS, SEATS, NODES = 10_000, 800, 2
BAR_S = 5.0
OPENED_AT_ONCE = 500  # connections; a listening socket's queue holds two thousand
ROUNDS = 3


class Click(asyncio.Protocol):
    """One pupil's connection and its one request."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.sent = self.answered = 0.0
        self.status = 0
        self.body = self._heard = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def press(self, lecture: UUID) -> None:
        self.sent = time.perf_counter()
        self._transport.write(
            f"POST /api/lectures/{lecture}/enrol HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n"
            f"Authorization: Bearer {self.account.token}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._heard += data  # head and body may come apart
        head, found, self.body = self._heard.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        if not found or len(self.body) < length:
            return
        self.status = int(head[9:12])
        self.answered = time.perf_counter()
        self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish()

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def close(self) -> None:
        self._transport.close()


async def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dayi bench enrol", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pupils", type=int, default=PUPILS)
    parser.add_argument("--seats", type=int, default=SEATS)
    parser.add_argument("--nodes", type=int, default=NODES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(argv)
    rows = []
    with city.city() as (service, urls):
        nodes = [await asyncio.to_thread(service.web) for _ in range(options.nodes)]
        for node in nodes:
            await _warm(node.port)
        for number in range(options.rounds):
            pupils = await _pupils(urls.database, options.pupils, number)
            lecture = await _lecture(urls.database, options.seats)
            before = city.cpu_s(*nodes)
            clicks, seconds = await _rush(pupils, lecture, [node.port for node in nodes])
            rows.append(_judged(urls.database, clicks, lecture, seconds, city.cpu_s(*nodes) - before))
    print(f"{options.pupils} clicks for {options.seats} seats on {options.nodes} web processes; load {city.load()}\n")
    print(
        "| round | seconds | seats | waiting | other answers | answered in ms p50 / p99 | out of turn | CPU of web, s |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for number, row in enumerate(rows, 1):
        print(
            f"| {number} | {row['seconds']:.2f} | {row['seated']} | {row['waiting']} | {row['other']} "
            f"| {row['p50']:.0f} / {row['p99']:.0f} | {row['out_of_turn']} | {row['cpu']:.1f} |"
        )
    kept = all(row["seated"] == options.seats and row["other"] == 0 and row["out_of_turn"] == 0 for row in rows)
    return 0 if kept and sorted(row["seconds"] for row in rows)[len(rows) // 2] <= BAR_S else 1


async def _warm(port: int) -> None:
    """A process that has just started still loads its model beside what it serves."""
    while (await Http(port).call("GET", "/readyz"))["matcher"] == "loading":  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.5)


async def _rush(pupils: Sequence[Account], lecture: UUID, ports: Sequence[int]) -> tuple[list[Click], float]:
    loop = asyncio.get_running_loop()
    clicks = [Click(who) for who in pupils]
    for begin in range(0, len(clicks), OPENED_AT_ONCE):
        some = clicks[begin : begin + OPENED_AT_ONCE]
        await asyncio.gather(
            *(
                loop.create_connection(lambda click=click: click, "127.0.0.1", ports[number % len(ports)])
                for number, click in enumerate(some)
            )
        )
    begun = time.perf_counter()
    for click in clicks:
        click.press(lecture)
    await asyncio.gather(*(click.done for click in clicks))
    seconds = time.perf_counter() - begun
    for click in clicks:
        click.close()
    return clicks, seconds


def _judged(database: str, clicks: Sequence[Click], lecture: UUID, seconds: float, cpu: float) -> dict[str, Any]:
    """What the pupils were told agrees with the database; nobody has a seat who came after somebody without."""
    with psycopg.connect(database.replace("+psycopg", "")) as connection:
        places = connection.execute(
            "SELECT pupil_id, number, state FROM lecture_places WHERE lecture_id = %s", (lecture,)
        ).fetchall()
    kept = {pupil: (number, state) for pupil, number, state in places}
    said = Counter(click.status for click in clicks)
    wrong = 0
    for click in clicks:
        told = json.loads(click.body)["state"] if click.status == 200 else None
        wrong += told != kept.get(click.account.id, (0, None))[1]
    counted = Counter(state for _, state in kept.values())
    last_seated = max((number for number, state in kept.values() if state == "seated"), default=0)
    first_waiting = min((number for number, state in kept.values() if state == "waiting"), default=last_seated + 1)
    waited = [1_000 * (click.answered - click.sent) for click in clicks if click.answered]
    return {
        "seconds": seconds,
        "seated": counted["seated"],
        "waiting": counted["waiting"],
        "other": len(clicks) - said[200] + wrong,
        "p50": percentile(waited, 0.5),
        "p99": percentile(waited, 0.99),
        "out_of_turn": int(first_waiting < last_seated),
        "cpu": cpu,
    }


async def _pupils(database: str, count: int, number: int) -> list[Account]:
    made = [city.account(f"round-{number}-{n}") for n in range(count)]
    tables = [(t.accounts, city.account_rows(made, Role.STUDENT, 8)), (t.sign_ins, city.sign_in_rows(made))]
    await city.write(database, tables)
    return made


async def _lecture(database: str, seats: int) -> UUID:
    id, lecturer = uuid4(), city.account(f"lecturer-{uuid4().hex[:8]}")
    start = datetime.now(UTC) + timedelta(days=1)
    engine = open_engine(database)
    async with engine.begin() as connection:
        await connection.execute(insert(t.accounts), city.account_rows([lecturer], Role.LECTURER, None))
        await connection.execute(
            insert(t.lectures).values(
                id=id,
                lecturer_id=lecturer.id,
                state=LectureState.OPEN,
                title="抢座",
                about="",
                subject=Subject.MATH,
                stage=Stage.JUNIOR,
                grades=[8],
                knowledge_points=[],
                starts_at=start,
                ends_at=start + timedelta(hours=1),
                capacity=seats,
                school_ids=[],
            )
        )
    await engine.dispose()
    return id
