"""What `dayi run` does: servers, migrations, then web and worker processes, kept alive and stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from server import lifeline
from server.embedded import EmbeddedServices, Say, Urls, last_lines, shorten

READY_SECONDS = 180.0  # the first start reads a model of some hundred megabytes from a cold disk
STOP_SECONDS = 15.0  # uvicorn's own grace for open connections is shorter
LEFTOVER_SECONDS = lifeline.FAREWELL_SECONDS + 3.0
PATIENCE_SECONDS = 3.0  # an earlier run whose parent was killed takes a moment to notice
CHECK_SECONDS = 1.0
STEADY_SECONDS = 60.0  # a child that lived this long starts its backoff anew
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
CRASHES_BEFORE_READY = 4  # then the start is given up: waiting would only hide the reason


class StartError(Exception):
    """Dayi could not be started."""


@dataclass(frozen=True, eq=False)
class Child:
    """A process to keep alive. `name` is unique and names its log; `stage` orders the stop: low stages stop first."""

    name: str
    command: Sequence[str]
    stage: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: Sequence[int] = ()


def listen(host: str, port: int) -> socket.socket:
    """The address is taken once, here, and handed to the web processes (`Child.descriptors`): a port in use is said
    before anything starts, and while a web process is restarted its callers wait instead of being refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(2048)
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            raise StartError(
                f"Port {port} is in use by another program. Choose another one: DAYI_PORT={port + 1}"
            ) from None
        raise StartError(f"{host}:{port} can't be listened on: {error.strerror}.") from None
    return taken


def run(
    data_dir: Path,
    services: EmbeddedServices,
    migrate: Callable[[Urls], None],
    addresses: Sequence[tuple[str, int]],
    children: Callable[[Sequence[socket.socket]], Sequence[Child]],
    on_ready: Callable[[], None],
    say: Say,
) -> None:
    """Start everything, call `on_ready` when each address answers 200 at /readyz, and return when Ctrl-C or SIGTERM has
    stopped it all. To be called in the main thread.

    `children` gets the listening sockets of `addresses` (host, port) in their order; a child finds the servers' URLs in
    DAYI_DATABASE_URL and DAYI_REDIS_URL. `say` gets a line of progress at a time. When the start fails, everything is
    stopped again and EmbeddedError or StartError raised, or what `migrate` raised.
    """
    with _signals_as_interrupts(), contextlib.ExitStack() as cleanup:
        lifeline.end_with_parent()
        try:
            cleanup.callback(services.stop)
            urls = services.start(PATIENCE_SECONDS)
            leftovers = cleanup.enter_context(_after_leftovers(data_dir, say))
            sockets = [cleanup.enter_context(listen(host, port)) for host, port in addresses]
            say("Bringing the database up to date …")
            migrate(urls)
            line = lifeline.Lifeline()
            cleanup.callback(line.close)
            keeper = _Keeper(data_dir / "logs", (line.child_end, leftovers.fileno()), urls, say)
            asyncio.run(_keep(keeper, services, children(sockets), addresses, on_ready))
        except KeyboardInterrupt:
            _begin_stop(services, say)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the servers take a moment; it is no use to interrupt them
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


async def _keep(
    keeper: _Keeper,
    services: EmbeddedServices,
    children: Sequence[Child],
    addresses: Sequence[tuple[str, int]],
    on_ready: Callable[[], None],
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, lambda: keeper.hurry() if stop.is_set() else stop.set())
    asked = asyncio.create_task(stop.wait())
    work = [asyncio.create_task(keeper.keep(child)) for child in children]
    work.append(asyncio.create_task(_check(services, keeper)))
    work.append(asyncio.create_task(_announce(keeper, addresses, on_ready)))
    try:
        running: set[asyncio.Task[bool] | asyncio.Task[None]] = {asked, *work}
        while not asked.done():
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # what a task gave up with ends the run
        _begin_stop(services, keeper.say)
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await keeper.stop()


class _Keeper:
    """Keeps children alive, each with its own log and backoff."""

    def __init__(self, logs: Path, descriptors: Sequence[int], urls: Urls, say: Say) -> None:
        self._logs = logs
        self._descriptors = descriptors
        self._environment = {
            "DAYI_DATABASE_URL": urls.database,
            "DAYI_REDIS_URL": urls.redis,
            lifeline.VARIABLE: str(descriptors[0]),
        }
        self._processes: dict[Child, asyncio.subprocess.Process] = {}
        self.say = say
        self.ready = False
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def keep(self, child: Child) -> None:
        """Start `child`, and again whenever it ends. Raises StartError when it keeps ending before all are ready."""
        pause = FIRST_PAUSE
        crashes = 0
        while True:
            since = time.monotonic()
            status = await self._live(child)
            crashes += 1
            if not self.ready and crashes >= CRASHES_BEFORE_READY:
                raise StartError(f"{child.name} does not start. The end of {self._log(child)}:\n{self._tail(child)}")
            if time.monotonic() - since > STEADY_SECONDS:
                pause = FIRST_PAUSE
            self.say(f"{child.name} ended ({_ending(status)}), starts again in {pause:g} s. Log: {self._log(child)}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def stop(self) -> None:
        """Stage after stage: first those who take requests, last those whom they need."""
        for stage in sorted({child.stage for child in self._processes}):
            await asyncio.gather(*(_end(process) for child, process in self._processes.items() if child.stage == stage))

    def hurry(self) -> None:
        """The second Ctrl-C."""
        for process in self._processes.values():
            _signal(process, signal.SIGKILL)

    def tidy(self) -> None:
        for child in self._processes:
            shorten(self._log(child))

    async def _live(self, child: Child) -> int:
        shorten(self._log(child))
        with self._log(child).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *child.command,
                env={**os.environ, **self._environment, **child.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[*self._descriptors, *child.descriptors],
                start_new_session=True,  # Ctrl-C in the terminal is for us alone
            )
        self._processes[child] = process
        return await process.wait()

    def _log(self, child: Child) -> Path:
        return self._logs / f"{child.name.replace(' ', '-')}.log"

    def _tail(self, child: Child) -> str:
        return last_lines(self._log(child))


def _begin_stop(services: EmbeddedServices, say: Say) -> None:
    services.stopping()
    say("Stopping …")


async def _check(services: EmbeddedServices, keeper: _Keeper) -> None:
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        services.mend()
        services.tidy()
        keeper.tidy()


async def _announce(keeper: _Keeper, addresses: Sequence[tuple[str, int]], on_ready: Callable[[], None]) -> None:
    keeper.say("Starting the web and worker processes …")
    deadline = time.monotonic() + READY_SECONDS
    for host, port in addresses:
        local = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104  # we ask there
        while not await asyncio.to_thread(_answers, f"http://{local}:{port}/readyz"):
            if time.monotonic() > deadline:
                raise StartError(
                    f"Port {port} did not become ready within {READY_SECONDS:g} s. See the logs beside the data."
                )
            await asyncio.sleep(0.1)
    keeper.ready = True
    on_ready()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  # an address of our own making
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


async def _end(process: asyncio.subprocess.Process) -> None:
    _signal(process, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        _signal(process, signal.SIGKILL)
        await process.wait()


def _signal(process: asyncio.subprocess.Process, sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(sign)


def _ending(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"


@contextlib.contextmanager
def _after_leftovers(data_dir: Path, say: Say) -> Iterator[IO[bytes]]:
    """The children's lock: each inherits it, so the kernel keeps it until the last one ended, whatever became of their
    parent. Having it means that nobody of an earlier run still writes here."""
    with (data_dir / "children.lock").open("ab") as lock:
        if not _try_lock(lock):
            say("Waiting for the processes of an earlier run to end …")
            deadline = time.monotonic() + LEFTOVER_SECONDS
            while not _try_lock(lock):
                if time.monotonic() > deadline:
                    _kill_holders(Path(lock.name))
                time.sleep(0.1)
        yield lock


def _try_lock(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _kill_holders(lock: Path) -> None:
    """A process that hangs does not notice that its parent is gone. Only those that have our lock open are ours."""
    place = os.path.realpath(lock)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.pid != os.getpid() and any(file.path == place for file in process.open_files()):
                process.kill()


@contextlib.contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """Until the event loop takes over, SIGTERM interrupts as Ctrl-C does; afterwards the signals are the caller's."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {sign: signal.getsignal(sign) for sign in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
