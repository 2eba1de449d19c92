"""Where the nodes of tests come from: one process that has loaded the product's libraries, and forks.

Loading them takes two seconds of a core. A node forked from here runs the same `main` as a node
started by hand, in a process of its own that can be signalled and killed, and serves after half a second.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PATIENCE_S = 240  # for the libraries, on a machine that others use
LIBRARIES = ("server.app", "server.cli", "server.workers", "uvicorn", "uvloop", "httptools", "matcher.match")


class Born:
    """A process of the nursery; the part of `subprocess.Popen` that tests use."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = threading.Event()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended.wait(timeout):
            assert timeout is not None
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, sign: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, sign)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def end(self, returncode: int) -> None:
        self.returncode = returncode
        self._ended.set()


class Nursery:
    """This process's end. The forking process ends with this one, and its children with it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._turn = threading.Lock()
        self._answer = threading.Condition()
        self._born: list[Born] = []
        self._living: dict[int, Born] = {}
        threading.Thread(target=self._listen, name="nursery", daemon=True).start()

    def start(self, main: str, arguments: Sequence[Any], environment: Mapping[str, str], log: Path) -> Born:
        """Runs `main`, "module:function"; the number that it gives is the exit status, its words go to `log`."""
        order = {"main": main, "arguments": arguments, "environment": dict(environment), "log": str(log)}
        with self._turn, self._answer:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            assert self._answer.wait_for(lambda: self._born, PATIENCE_S), "the nursery does not answer"
            return self._born.pop()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, pid, *status = line.decode().split()
            with self._answer:
                if word == "born":
                    born = self._living[int(pid)] = Born(int(pid))
                    self._born.append(born)
                    self._answer.notify_all()
                else:
                    self._living.pop(int(pid)).end(int(status[0]))


@functools.cache
def nursery() -> Nursery:
    """The one of this run, made when it is first needed."""
    made = Nursery()
    atexit.register(made.close)
    return made


# In the forking process

Order = dict[str, Any]


def serve() -> Order | None:
    """Forks for each line that comes, and tells who is born and who has ended. None when the line is cut; in a child
    the order that it was born for."""
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.collect()
    gc.freeze()  # a child's collector passes over what is here: half a second each time, and a copy of every page
    from server.lifeline import die_with_parent

    farewell = die_with_parent(signal.SIGKILL)
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which then cut the line
    children: set[int] = set()
    waiting = b""
    with selectors.DefaultSelector() as ready:
        ready.register(0, selectors.EVENT_READ)
        ready.register(wake, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fd == wake:
                    os.read(wake, 4096)
                    _bury(children)
                    continue
                piece = os.read(0, 65536)
                if not piece:
                    for pid in children:
                        os.kill(pid, signal.SIGKILL)
                    return None
                *orders, waiting = (waiting + piece).split(b"\n")
                for order in orders:
                    pid = os.fork()
                    if pid == 0:
                        os.close(wake)
                        os.close(woken)
                        if farewell:
                            farewell()
                        return dict(json.loads(order))
                    children.add(pid)
                    print("born", pid, flush=True)


def _bury(children: set[int]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        children.discard(pid)
        print("ended", pid, os.waitstatus_to_exitcode(status), flush=True)


def live(order: Order) -> int:
    """As a process started by hand would."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for target, path, how in ((0, os.devnull, os.O_RDONLY), (1, order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)):
        opened = os.open(path, how, 0o644)
        os.dup2(opened, target)
        os.close(opened)
    os.dup2(1, 2)
    os.environ.clear()
    os.environ.update(order["environment"])
    module, _, name = order["main"].partition(":")
    main = getattr(importlib.import_module(module), name)
    return int(main(*order["arguments"]) or 0)


if __name__ == "__main__":
    born_for = serve()
    if born_for is not None:
        sys.exit(live(born_for))
