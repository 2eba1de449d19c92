"""The product's own processes for a measurement, people written into its database, and their pages."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
from sqlalchemy import insert, select, text

from server.domain.people import Role, Stage, Subject
from server.embedded import Urls, services
from server.store import tables as t
from server.store.migrate import migrate
from server.store.sign_ins import hash_of
from server.store.work import open_engine
from tests.bench.page import Http, Socket
from tests.builders import a_policy
from tests.service import Node, Service, running

LONG = timedelta(hours=12)  # of sign-ins and shifts: no measurement lasts so long
RATE_FEN = 2_000
BEAT_S = 15.0


@dataclass(frozen=True)
class Account:
    id: UUID
    login: str
    token: str

    @property
    def channel(self) -> str:
        return f"person:{self.id}"


@contextmanager
def city(**settings: str) -> Iterator[tuple[Service, Urls]]:
    """Servers in a folder that goes with the measurement; nodes are started as they are needed."""
    with tempfile.TemporaryDirectory(prefix="dayi-bench-") as folder, services(Path(folder)) as urls:
        migrate(urls.database)
        with running(Service(Path(folder), urls.database, urls.redis, settings=settings)) as service:
            yield service, urls


async def pupils(database_url: str, count: int, grade: int = 8) -> list[Account]:
    made = [account(f"pupil-{number}") for number in range(count)]
    await write(database_url, [(t.accounts, account_rows(made, Role.STUDENT, grade)), (t.sign_ins, sign_in_rows(made))])
    return made


async def teachers(database_url: str, subjects: Sequence[Subject]) -> list[Account]:
    """One for each subject named, certified for it in every stage, with a shift that has begun."""
    made = [account(f"teacher-{number}") for number in range(len(subjects))]
    now = datetime.now(UTC)
    certified = [
        {"account_id": who.id, "subject": subject, "stage": stage}
        for who, subject in zip(made, subjects, strict=True)
        for stage in Stage
    ]
    shifts = [{"id": uuid4(), "teacher_id": who.id, "starts_at": now - LONG, "ends_at": now + LONG} for who in made]
    policy = {"id": uuid4(), "approved_at": now, **a_policy(RATE_FEN)}
    await write(
        database_url,
        [
            (t.accounts, account_rows(made, Role.TEACHER, None)),
            (t.sign_ins, sign_in_rows(made)),
            (t.certifications, certified),
            (t.shifts, shifts),
            (t.policies, [policy]),
        ],
    )
    return made


class Page(Socket):
    """A signed-in page by docs/protocol.md: ticket, snapshot, hello with its position."""

    def __init__(self, account: Account, http: Http) -> None:
        super().__init__("/ws")
        self.account = account
        self.http = http
        self._hello = ""

    async def enter(self, port: int, snapshot: str) -> None:
        """`snapshot` is the address of what carries the position of the person's own channel."""
        ticket = await self.http.call("POST", "/api/tickets", self.account.token)
        state = await self.http.call("GET", snapshot, self.account.token)
        position = {"epoch": state["epoch"], "offset": state["offset"]}
        hello = {"frame": "hello", "ticket": ticket["ticket"], "resume": {self.account.channel: position}}
        self._hello = json.dumps(hello)
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)
        await self.ready
        self._beat()

    def _beat(self) -> None:
        """A sign of life, as pages send them; one that is silent is closed."""
        if not self.lost:
            self.send('{"frame":"beat"}')
            asyncio.get_running_loop().call_later(BEAT_S * random.uniform(0.8, 1.2), self._beat)

    def opened(self) -> None:
        self.send(self._hello)

    def heard(self, text: bytes) -> None:
        if text.startswith(b'{"frame":"event"'):
            self.told(text)
        elif text.startswith(b'{"frame":"welcome"'):
            assert not json.loads(text)["resync"], text
            self.ready.set_result(None)
        elif text.startswith(b'{"frame":"refused"'):
            raise RuntimeError(text.decode())

    def told(self, text: bytes) -> None:
        """An event of a channel."""


async def in_parallel(jobs: Sequence[Any], at_once: int = 16) -> None:
    gate = asyncio.Semaphore(at_once)

    async def one(job: Any) -> None:
        async with gate:
            await job

    await asyncio.gather(*(one(job) for job in jobs))


def cpu_s(*nodes: Node) -> float:
    """What these processes and their children have used."""
    spent = 0.0
    for node in nodes:
        root = psutil.Process(node.process.pid)
        for process in (root, *root.children(recursive=True)):
            times = process.cpu_times()
            spent += times.user + times.system
    return spent


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def load() -> str:
    return f"{psutil.getloadavg()[0]:.1f}"


def account(login: str) -> Account:
    return Account(uuid4(), login, f"dayi_{secrets.token_urlsafe(32)}")


def account_rows(people: Sequence[Account], role: Role, grade: int | None) -> list[dict[str, Any]]:
    return [
        {"id": who.id, "login": who.login, "nickname": who.login, "roles": [role], "grade": grade} for who in people
    ]


def sign_in_rows(people: Sequence[Account]) -> list[dict[str, Any]]:
    return [
        {
            "token_hash": hash_of(who.token),
            "account_id": who.id,
            "csrf": "",
            "api": True,
            "expires_at": datetime.now(UTC) + LONG,
        }
        for who in people
    ]


async def write(database_url: str, tables: Sequence[tuple[Any, Sequence[Any]]]) -> None:
    engine = open_engine(database_url)
    async with engine.begin() as connection:
        for table, rows in tables:
            await connection.execute(insert(table), list(rows))
    await engine.dispose()


async def analyze(database_url: str) -> None:
    """Statistics of a city that came to be this minute, which PostgreSQL would take within the next: no evening but the
    first goes without. Of an empty table it takes none, and reckons with some rows; told that there are none, it would
    keep plans that read all that come."""
    engine = open_engine(database_url)
    async with engine.begin() as connection:
        for table in t.metadata.sorted_tables:
            if (await connection.execute(select(table).limit(1))).first() is not None:
                await connection.execute(text(f"ANALYZE {table.name}"))
    await engine.dispose()
