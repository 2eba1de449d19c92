"""The product's own processes, started for a test: web and worker nodes on the test's database, Redis and store; and
people without a browser, who speak docs/protocol.md to them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urljoin
from uuid import uuid4

import psycopg
from psycopg import Connection
from psycopg.rows import namedtuple_row
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from server.demo.people import PASSWORD
from tests.nursery import Born, nursery

PATIENCE_S = 90.0


@dataclass
class Node:
    name: str
    process: subprocess.Popen[bytes] | Born
    log: Path
    port: int = 0

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    def kill(self) -> None:
        """As a power cut would: no goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()

    def said(self) -> str:
        return self.log.read_text()[-6000:]


class KeptConnection:
    """A way to the database past the service, kept open: tests look often, and a connection costs more than a look."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._turn = threading.Lock()  # several threads of a test look
        self._connection: Connection[Any] | None = None

    def rows(self, query: str, values: Sequence[Any]) -> list[Any]:
        with self._turn:
            try:
                return self._found(query, values)
            except psycopg.OperationalError:
                if self._connection is None or not self._connection.broken:
                    raise
                self.close()  # the server was killed since the last look, and may be back
                return self._found(query, values)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _found(self, query: str, values: Sequence[Any]) -> list[Any]:
        if self._connection is None:
            self._connection = psycopg.connect(self._address, row_factory=namedtuple_row, autocommit=True)
        found = self._connection.execute(query.encode(), values)
        return found.fetchall() if found.description else []


@dataclass
class Service:
    """A small city: `web()` and `worker()` start nodes, `stop` ends them all."""

    folder: Path
    database_url: str
    redis_url: str
    object_store_url: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    forked: bool = False  # nodes come from the nursery: the same program, ten seconds sooner

    def __post_init__(self) -> None:
        self._database = KeptConnection(plain(self.database_url))

    def environment(self) -> dict[str, str]:
        given = {
            "DAYI_DATABASE_URL": self.database_url,
            "DAYI_REDIS_URL": self.redis_url,
            "DAYI_OBJECT_STORE_URL": self.object_store_url,
            "DAYI_DATA_DIR": str(self.folder),
            "DAYI_SECRET": "kept for tests only",
        }
        return {**os.environ, **given, **self.settings}

    def web(self, port: int = 0, **settings: str) -> Node:
        """Returns when it is ready; `settings` are this node's own variables."""
        node = self.start_web(port, **settings)
        wait_until(lambda: is_ready(node), lambda: f"{node.name} is not ready:\n{node.said()}")
        return node

    def start_web(self, port: int = 0, **settings: str) -> Node:
        port = port or free_port()
        node = self._start("web", {**settings, "DAYI_PORT": str(port)})
        node.port = port
        return node

    def worker(self, **settings: str) -> Node:
        """Returns when its models are loaded: a photo asked before that may go on unread."""
        node = self.start_worker(**settings)
        wait_until(lambda: "ready to read" in node.log.read_text(), lambda: f"not ready:\n{node.said()}", 180)
        return node

    def start_worker(self, **settings: str) -> Node:
        return self._start("worker", settings)

    def run(self, main: str, *arguments: Any) -> Node:
        """A process of a test's own, "module:function", forked from the nursery."""
        name, log = self._name(main.partition(":")[2])
        return self._keep(Node(name, nursery().start(main, arguments, self.environment(), log), log))

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What a query finds, past the service; each row's columns are attributes. Other statements find nothing."""
        return self._database.rows(query, values)

    def count(self, query: str, *values: Any) -> int:
        """The number that a query finds."""
        return int(self.rows(query, *values)[0][0])

    def seed(self, answered: int = 0) -> None:
        """The demo's people and shifts, and so many answered problems."""
        if self.forked:
            loading = self.run("tests.service:load_demo", answered)
            assert loading.process.wait(PATIENCE_S) == 0, loading.said()
            self.nodes.remove(loading)
            return
        with ThreadPoolExecutor(1) as aside:  # a browser test has a loop of its own in this thread
            aside.submit(load_demo, answered, self.environment()).result()

    def bury_workers(self) -> None:
        """As after half a minute and the turn of another: killed workers are taken for dead, their jobs begin again."""
        self.rows("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
        self.rows(
            "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'retry_stalled', 0, NULL, NULL,"
            " '{\"timestamp\": 0}'::jsonb, NULL)]::procrastinate_job_to_defer_v1[])"
        )

    def command(self, *arguments: str) -> int:
        """`dayi` with these arguments; its status."""
        command = [sys.executable, "-m", "server.cli", *arguments]
        return subprocess.run(command, env=self.environment(), stdout=subprocess.DEVNULL, check=False).returncode

    def stop(self) -> None:
        for node in self.nodes:
            if node.process.poll() is None:
                node.stop()
        self._database.close()

    def _start(self, kind: str, more: Mapping[str, str]) -> Node:
        name, log = self._name(kind)
        environment = {**self.environment(), **more}
        if self.forked:
            return self._keep(Node(name, nursery().start("server.cli:main", [[kind]], environment, log), log))
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", kind],
                env=environment,
                stdout=file,
                stderr=file,
                stdin=subprocess.DEVNULL,
            )
        return self._keep(Node(name, process, log))

    def _name(self, kind: str) -> tuple[str, Path]:
        name = f"{kind}-{len(self.nodes)}"
        log = self.folder / f"{name}.log"
        log.touch()
        return name, log

    def _keep(self, node: Node) -> Node:
        self.nodes.append(node)
        return node


@contextmanager
def running(service: Service) -> Iterator[Service]:
    try:
        yield service
    finally:
        service.stop()


def load_demo(answered: int, environ: Mapping[str, str] = os.environ) -> None:
    from server.app import working
    from server.demo.seed import seed
    from server.settings import Settings

    async def load() -> None:
        async with working(Settings.read(environ)) as parts:
            await seed(parts, lambda line: None, answered)

    asyncio.run(load())


class Address(Protocol):
    """Where a node is reached: the node itself, or a link that leads to it."""

    @property
    def origin(self) -> str: ...


class Refused(Exception):
    """The service answered, and said no."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status


def _answered(request: urllib.request.Request, timeout_s: float) -> tuple[Message, bytes]:
    """The headers and the whole body. Raises Refused, or OSError when no whole answer came."""
    try:
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as response:
                return response.headers, response.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                raise Refused(refusal.code, refusal.read().decode(errors="replace")) from None
    except HTTPException as broken:  # cut in the middle of an answer
        raise ConnectionError(str(broken)) from broken


class Program:
    """Somebody signed in without a browser, on any node."""

    def __init__(self, login: str, timeout_s: float = 30.0) -> None:
        self.login = login
        self.timeout_s = timeout_s
        self.me: Any = None
        self._headers: dict[str, str] = {"Content-Type": "application/json"}

    def sign_in(self, node: Address) -> Program:
        self.me = self.call(node, "POST", "/api/sign-in", {"login": self.login, "password": PASSWORD})
        self._headers["X-CSRF-Token"] = self.me["csrf"]
        return self

    def call(self, node: Address, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """The JSON answer. Raises Refused, or OSError when nobody answers."""
        headers = {**self._headers, **({"Idempotency-Key": key} if key else {})}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(node.origin + path, data, headers, method=method)
        got, answer = _answered(request, self.timeout_s)
        for value in got.get_all("Set-Cookie") or []:
            name = value.partition("=")[0]
            if not name.endswith("-device"):
                self._headers["Cookie"] = value.partition(";")[0]
        return json.loads(answer or b"null")

    def status(self, node: Address, method: str, path: str, body: Any = None, key: str = "") -> int:
        """The status of the answer, be it a refusal or not."""
        try:
            self.call(node, method, path, body, key)
        except Refused as refusal:
            return refusal.status
        return 200

    def ask(
        self, node: Address, text: str, key: str = "", subject: str = "math", grade: int = 8, media: Sequence[str] = ()
    ) -> Any:
        body = {"subject": subject, "grade": grade, "text": text, "media": list(media)}
        return self.call(node, "POST", "/api/questions", body, key or str(uuid4()))

    def upload(
        self, node: Address, data: bytes, kind: str = "photo", content_type: str = "image/jpeg", **more: Any
    ) -> Any:
        """All of a file, as a phone sends it: begun, its parts put to the store, completed. The file's view."""
        upload = self.begin_upload(node, kind, content_type, **more)
        self.put_parts(node, upload, data)
        return self.complete_upload(node, upload, data)

    def begin_upload(self, node: Address, kind: str = "photo", content_type: str = "image/jpeg", **more: Any) -> Any:
        return self.call(node, "POST", "/api/uploads", {"kind": kind, "content_type": content_type, **more})

    def put_parts(self, node: Address, upload: Any, data: bytes) -> None:
        size = upload["part_size"]
        pieces = {str(n): data[at : at + size] for n, at in enumerate(range(0, len(data), size))}
        signed = self.call(node, "POST", f"/api/uploads/{upload['id']}/parts", {"parts": [int(n) for n in pieces]})
        for n, piece in pieces.items():
            self.put(node, signed["urls"][n], piece)

    def put(self, node: Address, address: str, piece: bytes) -> None:
        """A part to its signed address."""
        kind = {"Content-Type": "application/octet-stream"}
        request = urllib.request.Request(urljoin(node.origin, address), piece, kind, method="PUT")
        _answered(request, self.timeout_s)

    def complete_upload(self, node: Address, upload: Any, data: bytes) -> Any:
        parts = -(-len(data) // upload["part_size"])
        body = {"parts": parts, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        return self.call(node, "POST", f"/api/uploads/{upload['id']}/complete", body)

    def duty(self, node: Address) -> Any:
        return self.call(node, "GET", "/api/teacher")["duty"]

    def ready(self, node: Address) -> Any:
        return self.call(node, "POST", "/api/duty", {"presence": "ready"})

    def accept(self, node: Address, offer: Any) -> Any:
        return self.call(node, "POST", f"/api/offers/{offer['id']}/accept")

    def finish(self, node: Address, session: Any, recordings: Sequence[str] = ()) -> Any:
        body = {"assignment_epoch": session["assignment_epoch"], "recordings": list(recordings)}
        return self.call(node, "POST", f"/api/sessions/{session['id']}/finish", body)

    def page(self, node: Address, resume: Mapping[str, Any] | None = None) -> Page:
        """An open socket, from now on or from the positions where another one ended."""
        return Page(self, node, resume or {})


class Page:
    """The far end of a socket: it keeps every frame that came, and knows where its channels stand."""

    def __init__(self, who: Program, node: Address, resume: Mapping[str, Any]) -> None:
        self.who = who
        self.frames: list[Any] = []
        self.positions: dict[str, Any] = dict(resume)
        self.closed_with: int | None = None
        self._came = threading.Condition()
        ticket = who.call(node, "POST", "/api/tickets")["ticket"]
        self._stack = ExitStack()
        address = node.origin.replace("http", "ws", 1) + "/ws"
        self._socket = self._stack.enter_context(connect(address, compression=None, close_timeout=1))
        self.send("hello", ticket=ticket, resume=self.positions)
        self._reader = threading.Thread(target=self._read, name=f"page of {who.login}", daemon=True)
        self._reader.start()
        self.welcome = self.until(lambda frame: frame["frame"] == "welcome")

    def send(self, kind: str, /, **frame: Any) -> None:
        self._socket.send(json.dumps({"frame": kind, **frame}))

    def subscribe(self, channel: str, position: Any = None) -> None:
        """Listens to a channel, from a snapshot's position or from now on."""
        id = uuid4().hex
        self.send("subscribe", id=id, channel=channel, position=position)
        answer = self.until(lambda frame: frame.get("id") == id or frame.get("channel") == channel)
        assert answer["frame"] == "subscribed", answer

    def act(self, session: Any, kind: str, body: Any, id: str = "") -> Any:
        """Draws, and gives the answer: an ack or a refusal."""
        id = id or uuid4().hex
        self.send_act(session, kind, body, id)
        return self.until(lambda frame: frame.get("id") == id)

    def send_act(self, session: Any, kind: str, body: Any, id: str) -> None:
        epoch = session["assignment_epoch"]
        self.send("act", id=id, session=session["id"], assignment_epoch=epoch, kind=kind, body=body)

    def until(self, is_it: Callable[[Any], bool], patience_s: float = PATIENCE_S) -> Any:
        """The first frame of all that came or come for which `is_it` holds."""
        seen = 0
        deadline = time.monotonic() + patience_s
        with self._came:
            while True:
                for frame in self.frames[seen:]:
                    if is_it(frame):
                        return frame
                seen = len(self.frames)
                if self.closed_with is not None or not self._came.wait(deadline - time.monotonic()):
                    raise AssertionError(
                        f"{self.who.login}'s page did not hear it; closed with {self.closed_with}; heard {self.frames}"
                    )

    def event(self, is_it: Callable[[Any], bool], patience_s: float = PATIENCE_S) -> Any:
        """The event of the first `event` frame for which `is_it` holds."""
        return self.until(lambda frame: frame["frame"] == "event" and is_it(frame["event"]), patience_s)["event"]

    def events(self, kind: str) -> list[Any]:
        with self._came:
            return [f["event"] for f in self.frames if f["frame"] == "event" and f["event"]["type"] == kind]

    def wait_closed(self, patience_s: float = PATIENCE_S) -> int:
        with self._came:
            assert self._came.wait_for(lambda: self.closed_with is not None, patience_s), "the page is still open"
            assert self.closed_with is not None
            return self.closed_with

    def leave(self) -> dict[str, Any]:
        """Closes; the positions from which to go on."""
        self._stack.close()
        self._reader.join()
        return self.positions

    def _read(self) -> None:
        with suppress(ConnectionClosed):
            for text in self._socket:
                self._take(json.loads(text))
        with self._came:
            self.closed_with = self._socket.protocol.close_code or 1006
            self._came.notify_all()

    def _take(self, frame: Any) -> None:
        with self._came:
            self.frames.append(frame)
            match frame["frame"]:
                case "event" | "subscribed":
                    self.positions[frame["channel"]] = {"epoch": frame["epoch"], "offset": frame["offset"]}
                case "resync":
                    self.positions.pop(frame["channel"], None)
                case "welcome":
                    for channel in frame["resync"]:
                        self.positions.pop(channel, None)
            self._came.notify_all()


def wait_until(is_true: Any, otherwise: Any, patience_s: float = PATIENCE_S) -> None:
    """Until `is_true()`; fails with what `otherwise()` says. For what happens in other processes."""
    deadline = time.monotonic() + patience_s
    tick = threading.Event()  # another process has no event to wait for: look again, soon
    while not is_true():
        if time.monotonic() > deadline:
            raise AssertionError(otherwise())
        tick.wait(0.05)


def is_ready(node: Node) -> bool:
    if node.process.poll() is not None:
        raise AssertionError(f"{node.name} ended:\n{node.said()}")
    try:
        with urllib.request.urlopen(f"{node.origin}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        return False


def plain(database_url: str) -> str:
    """A database's address as psycopg takes it."""
    return database_url.replace("+psycopg", "")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
