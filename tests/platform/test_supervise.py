"""`dayi run` as its operator sees it, with children of a few lines in place of the web and worker processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from server import lifeline, supervise
from server.supervise import StartError
from tests.service import wait_until

ROOT = Path(__file__).parents[2]

# Answers 200 to everything, with its own process id; /crash ends it.
WEB = """
import os, socket, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from server import lifeline
lifeline.watch()

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/crash":
            os._exit(3)
        body = str(os.getpid()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

server = HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
server.socket = socket.socket(fileno=int(sys.argv[1]))
server.serve_forever()
"""

WORKER = """
import os, signal, sys
from pathlib import Path
from server import lifeline
lifeline.watch()
Path(sys.argv[1]).write_text(f"{os.getpid()} {os.environ['DAYI_DATABASE_URL']}")
signal.pause()
"""

BROKEN = "raise SystemExit('the model is missing')"

RUN = """
import sys
from pathlib import Path
from server import supervise
from server.embedded import EmbeddedError, EmbeddedServices

data, port, web, worker = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]

def say(line):
    print(line, flush=True)

def children(sockets):
    fd = sockets[0].fileno()
    return [
        supervise.Child("web 1", [sys.executable, "-c", web, str(fd)], descriptors=[fd]),
        supervise.Child("worker 1", [sys.executable, "-c", worker, str(data / "worker")], stage=1),
    ]

try:
    supervise.run(
        data, EmbeddedServices(data, say=say), lambda urls: say(f"migrated {urls.database}"), [("127.0.0.1", port)],
        children, lambda: say("ready"), say,
    )
except (EmbeddedError, supervise.StartError) as error:
    sys.exit(str(error))
"""


class Run:
    """A `dayi run` in a process of its own, in which we read along."""

    def __init__(
        self, data: Path, port: int, web: str = WEB, worker: str = WORKER, through_a_shell: bool = False
    ) -> None:
        self.data = data
        self.port = port
        self.lines: list[str] = []
        shell = ["sh", "-c", '"$@"; exit $?', "sh"] if through_a_shell else []
        self.process = subprocess.Popen(
            [*shell, sys.executable, "-c", RUN, str(data), str(port), web, worker],
            env=os.environ | ({lifeline.WITH_PARENT: "1"} if through_a_shell else {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
        )

    def read_until(self, wanted: str) -> str:
        """The first line from here on that has `wanted` in it; what came before is in `lines`."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if wanted in line:
                return line.rstrip()
        raise AssertionError(f"ended without saying {wanted!r}: {self.lines}")

    def worker_said(self) -> list[str]:
        """Its process id and the database's URL; `ready` waits for the web processes only."""
        path = self.data / "worker"
        wait_until(lambda: path.exists() and path.read_text(), lambda: f"the worker did not begin: {self.lines}")
        return path.read_text().split()

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            return str(answer.read().decode())

    def end(self) -> int:
        """Wait for its end, reading what it still says."""
        assert self.process.stdout
        self.lines += [line.rstrip() for line in self.process.stdout]
        return self.process.wait()


def gone(process: psutil.Process) -> bool:
    """Ended, if perhaps not yet noticed by whoever adopted it."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    """Whatever a test starts and puts in here ends with it."""
    started: list[Run] = []
    yield started
    for run in started:
        run.process.kill()
        run.end()
        run.process.stdout.close() if run.process.stdout else None


@pytest.fixture
def run(tmp_path: Path, port: int, runs: list[Run]) -> Run:
    """One that is up."""
    runs.append(Run(tmp_path / "data", port))
    runs[0].read_until("ready")
    return runs[0]


def test_a_start_shows_its_steps_in_order_and_hands_the_addresses_to_its_children(run: Run) -> None:
    steps = [line for line in run.lines if not line.startswith("migrated")]
    assert steps == [
        "Starting PostgreSQL …",
        "Creating the database (once, a few seconds) …",
        "Starting Redis …",
        "Bringing the database up to date …",
        "Starting the web and worker processes …",
        "ready",
    ]
    assert run.worker_said()[1].startswith("postgresql+psycopg://")


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_everything_that_was_started(run: Run, sign: signal.Signals) -> None:
    family = run.family()

    run.process.send_signal(sign)

    assert run.end() == 0
    assert run.lines[-1] == "Stopping …"
    assert len(family) >= 4 and all(gone(process) for process in family)


def test_a_kill_takes_everything_down_and_the_next_start_works(run: Run, runs: list[Run]) -> None:
    family = run.family()

    run.process.kill()
    run.process.wait()
    runs.append(Run(run.data, run.port))
    runs[1].read_until("ready")

    assert all(gone(process) for process in family)
    assert runs[1].get("/")


def test_a_start_right_after_the_parent_was_killed_waits_for_the_earlier_run(
    tmp_path: Path, port: int, runs: list[Run]
) -> None:
    runs.append(Run(tmp_path / "data", port, through_a_shell=True))
    runs[0].read_until("ready")

    (earlier,) = psutil.Process(runs[0].process.pid).children()
    earlier.suspend()  # however quick it is at noticing
    runs[0].process.kill()
    runs.append(Run(tmp_path / "data", port))
    waits = runs[1].read_until("earlier run")
    earlier.resume()
    runs[1].read_until("ready")

    assert waits == runs[1].lines[0] == "Waiting for an earlier run to end …"
    assert runs[0].read_until("Stopping …")


def test_a_run_told_to_end_with_its_parent_does_so(tmp_path: Path, port: int, runs: list[Run]) -> None:
    runs.append(Run(tmp_path / "data", port, through_a_shell=True))
    runs[0].read_until("ready")
    shell = runs[0].process

    shell.kill()

    assert runs[0].read_until("Stopping …")
    runs[0].end()


def test_a_child_that_hung_when_its_parent_was_killed_does_not_block_the_next_start(run: Run, runs: list[Run]) -> None:
    worker = psutil.Process(int(run.worker_said()[0]))
    worker.suspend()

    run.process.kill()
    run.process.wait()
    runs.append(Run(run.data, run.port))
    runs[1].read_until("ready")

    assert "Waiting for the processes of an earlier run to end …" in runs[1].lines
    assert gone(worker)


def test_a_child_that_crashed_is_started_again_while_its_callers_wait(run: Run) -> None:
    first = run.get("/")
    with pytest.raises(OSError, match=r"closed connection|reset"):
        run.get("/crash")

    second = run.get("/")

    assert run.read_until("web 1 ended").startswith("web 1 ended (status 3), starts again in 0.5 s. Log: ")
    assert second != first


def test_a_database_that_died_is_started_again(run: Run) -> None:
    postmaster = next(process for process in run.family() if process.name() == "postgres")  # parents come first

    os.kill(postmaster.pid, signal.SIGKILL)

    assert run.read_until("PostgreSQL has ended") == "PostgreSQL has ended; starting it again …"


def test_a_second_run_in_the_same_folder_is_refused_and_harms_nothing(run: Run, runs: list[Run]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        other_port = probe.getsockname()[1]

    runs.append(Run(run.data, other_port))

    assert runs[1].end() == 1
    assert "in use by another `dayi run`" in runs[1].lines[-1]
    assert f"process {run.process.pid}" in runs[1].lines[-1]
    assert run.get("/")


def test_a_child_that_never_comes_up_ends_the_start_with_its_last_words(
    tmp_path: Path, port: int, runs: list[Run]
) -> None:
    runs.append(Run(tmp_path / "data", port, worker=BROKEN, web=BROKEN))

    assert runs[0].end() == 1
    assert "does not start" in "".join(runs[0].lines)
    assert runs[0].lines[-1] == "the model is missing"
    assert runs[0].process.poll() == 1


def test_a_port_in_use_is_refused_with_what_to_do(port: int) -> None:
    with supervise.listen("127.0.0.1", port), pytest.raises(StartError, match=rf"Port {port} .*DAYI_PORT={port + 1}"):
        supervise.listen("127.0.0.1", port)
