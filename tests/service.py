"""The product's own processes, started for a test: web and worker nodes on the test's database, Redis and folder."""

from __future__ import annotations

import asyncio
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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from server.app import working
from server.demo.people import PASSWORD
from server.demo.seed import seed
from server.settings import Settings

PATIENCE_S = 90.0


@dataclass
class Node:
    name: str
    process: subprocess.Popen[bytes]
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


@dataclass
class Service:
    """A small city: `web()` and `worker()` start nodes, `stop` ends them all."""

    folder: Path
    database_url: str
    redis_url: str
    object_store_url: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        given = {
            "DAYI_DATABASE_URL": self.database_url,
            "DAYI_REDIS_URL": self.redis_url,
            "DAYI_OBJECT_STORE_URL": self.object_store_url,
            "DAYI_DATA_DIR": str(self.folder),
            "DAYI_SECRET": "kept for tests only",
        }
        return {**os.environ, **given, **self.settings}

    def web(self, port: int = 0) -> Node:
        port = port or free_port()
        node = self._start("web", {"DAYI_PORT": str(port)})
        node.port = port
        wait_until(lambda: _is_ready(node), lambda: f"{node.name} is not ready:\n{node.said()}")
        return node

    def worker(self) -> Node:
        """Returns when its models are loaded: a photo asked before that may go on unread."""
        node = self._start("worker", {})
        wait_until(lambda: "ready to read" in node.log.read_text(), lambda: f"not ready:\n{node.said()}", 180)
        return node

    def seed(self, answered: int = 0) -> None:
        """The demo's people and shifts, and so many answered problems."""
        settings = Settings(
            data_dir=self.folder,
            database_url=self.database_url,
            redis_url=self.redis_url,
            object_store_url=self.object_store_url,
            secret="kept for tests only",
        )

        async def load() -> None:
            async with working(settings) as parts:
                await seed(parts, lambda line: None, answered)

        with ThreadPoolExecutor(1) as aside:  # a browser test has a loop of its own in this thread
            aside.submit(asyncio.run, load()).result()

    def stop(self) -> None:
        for node in self.nodes:
            if node.process.poll() is None:
                node.stop()

    def _start(self, kind: str, more: dict[str, str]) -> Node:
        name = f"{kind}-{len(self.nodes)}"
        log = self.folder / f"{name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", kind],
                env={**self.environment(), **more},
                stdout=file,
                stderr=file,
                stdin=subprocess.DEVNULL,
            )
        node = Node(name, process, log)
        self.nodes.append(node)
        return node


@contextmanager
def running(service: Service) -> Iterator[Service]:
    try:
        yield service
    finally:
        service.stop()


class Program:
    """Somebody signed in without a browser, on any node."""

    def __init__(self, login: str) -> None:
        self.login = login
        self._headers: dict[str, str] = {"Content-Type": "application/json"}

    def sign_in(self, node: Node) -> Program:
        me = self.call(node, "POST", "/api/sign-in", {"login": self.login, "password": PASSWORD})
        self._headers["X-CSRF-Token"] = me["csrf"]
        return self

    def call(self, node: Node, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """The JSON answer. Raises HTTPError for a refusal, URLError (an OSError) when nobody answers."""
        headers = {**self._headers, **({"Idempotency-Key": key} if key else {})}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(node.origin + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            for value in response.headers.get_all("Set-Cookie") or []:
                name = value.partition("=")[0]
                if not name.endswith("-device"):
                    self._headers["Cookie"] = value.partition(";")[0]
            return json.loads(response.read() or b"null")

    def ask(self, node: Node, text: str, key: str = "", subject: str = "math", grade: int = 8) -> Any:
        body = {"subject": subject, "grade": grade, "text": text}
        return self.call(node, "POST", "/api/questions", body, key or str(uuid4()))

    def duty(self, node: Node) -> Any:
        return self.call(node, "GET", "/api/teacher")["duty"]


def wait_until(is_true: Any, otherwise: Any, patience_s: float = PATIENCE_S) -> None:
    """Until `is_true()`; fails with what `otherwise()` says. For what happens in other processes."""
    deadline = time.monotonic() + patience_s
    tick = threading.Event()  # another process has no event to wait for: look again, soon
    while not is_true():
        if time.monotonic() > deadline:
            raise AssertionError(otherwise())
        tick.wait(0.05)


def _is_ready(node: Node) -> bool:
    if node.process.poll() is not None:
        raise AssertionError(f"{node.name} ended:\n{node.said()}")
    try:
        with urllib.request.urlopen(f"{node.origin}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

