"""`dayi bench board`: how soon ink is seen on the other side, how a full board moves, what ink weighs and costs.

Four parts, each its own table: `bytes`, `hops`, `browser` (a teacher's tablet, and a pupil's phone with its processor
four times slower behind 400 kbit/s and 300 ms), `full` (a board of 30 minutes of constant writing). Without a name all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from server.actions import answer
from server.demo.people import PASSWORD
from server.domain.board import Operation, pack, packed
from server.embedded import EmbeddedRedis, Urls
from server.live import protocol as wire
from server.live.bus import Bus
from server.store.work import Store, open_engine
from tests.bench import city, sockets
from tests.bench.city import percentile
from tests.service import Program, Service, wait_until

Points = list[list[int]]
SESSIONS, RATE = 200, 30.0
MINUTES, POINTS_PER_S = 30, 60
DOWN_S, UP_S = 0.9, 0.35  # of a stroke, and between two: somebody who never stops writing
ROUND_TRIP_S, BITS_PER_S, SLOWER = 0.3, 400_000, 4
BAR_MS = 1000 * ROUND_TRIP_S / 2 + 60


def writing(seconds: float, seed: int = 4, constant: bool = False) -> list[Points]:
    """Strokes of a hand that writes lines of letters, 60 points a second; `constant`: the pen is never up."""
    chance = random.Random(seed)
    strokes: list[Points] = []
    left, top, at = 400.0, 400.0, 0.0
    while at < seconds:
        lasts = DOWN_S * chance.uniform(0.3, 1.7)
        count, phase, size = max(2, int(lasts * POINTS_PER_S)), chance.uniform(0, 6), chance.uniform(90, 200)
        stroke = []
        for n in range(count):
            turn = (
                phase + n / POINTS_PER_S * 2 * math.pi * 2.4
            )  # a hand goes up and down some two or three times a second
            x = left + n * 6 + size * math.sin(turn) + chance.gauss(0, 2)
            y = top + size * math.cos(turn * 1.3) + chance.gauss(0, 2)
            pressure = 500 + 200 * math.sin(math.pi * n / count) + chance.gauss(0, 12)
            stroke.append([round(x), round(y), round(n * 1000 / POINTS_PER_S), min(1000, max(0, round(pressure)))])
        strokes.append(stroke)
        left += count * 6 + 60
        if left > 9_000:
            left, top = 400.0, top + 420
        if top > 5_600:
            top = 400 + chance.uniform(0, 200)
        at += lasts + (0 if constant else UP_S)
    return strokes


def operation(n: int, points: Points) -> dict[str, Any]:
    body = {"id": f"{n:020x}", "page": "p1", "tool": "pen", "color": "#0072b2", "width": 45, "points": points}
    return packed(body)


# --- what ink weighs ------------------------------------------------------------------------------------------------


def weigh() -> None:
    strokes = writing(60)
    count = sum(map(len, strokes))
    kept = sum(len(wire.encode(operation(n, stroke))) for n, stroke in enumerate(strokes))
    plain = sum(len(json.dumps({**operation(n, s), "points": s}, separators=(",", ":"))) for n, s in enumerate(strokes))
    live = told = 0
    for n, stroke in enumerate(strokes):
        fixed = {"session": UUID(int=1), "stroke": f"{n:020x}", "page": "p1", "tool": "pen", "color": "#0072b2"}
        for at, point in enumerate(stroke):  # one frame of the screen brings one point
            if at % POINTS_PER_S == 0:  # the stroke is named, and each second again
                seen = wire.InkSeen(author="teacher", pen="7f3a", width=45, points=pack([point]), at=at, **fixed)
                live += len(wire.encode(seen))
            else:
                more = wire.DotsSeen(pen="7f3a", at=at, points=pack([point], stroke[max(0, at - 2) : at]))
                live += len(wire.encode(more))
        line = wire.BoardLine(seq=n, id=str(n), author="teacher", kind="stroke", body=operation(n, stroke), at_ms=n)
        told += len(wire.encode(wire.BoardGrew(line=line)))
    theirs = len(json.dumps(excalidraw(strokes), separators=(",", ":")))
    print(f"A minute of writing, {len(strokes)} strokes, {count:,} points at {POINTS_PER_S} a second:\n")
    print("| what | kB | bytes a point | × ours |\n|---|---|---|---|")
    rows = (
        ("finished strokes as they are sent, told and kept", kept),
        ("the same with points as lists of numbers", plain),
        ("Excalidraw's file format, no spaces, two decimals", theirs),
    )
    for name, size in rows:
        print(f"| {name} | {size / 1000:.1f} | {size / count:.1f} | {size / kept:.2f} |")
    print(f"| told as events of the channel | {told / 1000:.1f} | {told / count:.1f} | {told / kept:.2f} |")
    wbo = sum(len(json.dumps(message, separators=(",", ":"))) for message in whitebophir(strokes))
    print(f"| live ink, a frame for each point | {live / 1000:.1f} | {live / count:.1f} | {live / kept:.2f} |")
    print(f"| live ink by WBO's messages, bare | {wbo / 1000:.1f} | {wbo / count:.1f} | {wbo / kept:.2f} |\n")


def excalidraw(strokes: Sequence[Points]) -> dict[str, Any]:
    """The same strokes by Excalidraw's published JSON schema (type freedraw), on a page 1,000 wide, as their file says.

    Their own files carry every decimal of a coordinate; two are given here, which is to their advantage.
    """
    elements = [
        {
            "id": f"{n:021x}",
            "type": "freedraw",
            "x": stroke[0][0] / 10,
            "y": stroke[0][1] / 10,
            "width": _span(stroke, 0),
            "height": _span(stroke, 1),
            "angle": 0,
            "strokeColor": "#0072b2",
            "backgroundColor": "transparent",
            "fillStyle": "solid",
            "strokeWidth": 2,
            "strokeStyle": "solid",
            "roughness": 1,
            "opacity": 100,
            "groupIds": [],
            "frameId": None,
            "index": f"a{n}",
            "roundness": None,
            "seed": 1278240551,
            "version": len(stroke) + 1,
            "versionNonce": 453,
            "isDeleted": False,
            "boundElements": None,
            "updated": 1700000000000 + n,
            "link": None,
            "locked": False,
            "points": [[round((x - stroke[0][0]) / 10, 2), round((y - stroke[0][1]) / 10, 2)] for x, y, _, _ in stroke],
            "pressures": [round(pressure / 1000, 2) for *_, pressure in stroke],
            "simulatePressure": False,
        }
        for n, stroke in enumerate(strokes)
    ]
    state = {"gridSize": 20, "viewBackgroundColor": "#ffffff"}
    return {"type": "excalidraw", "version": 2, "source": "", "elements": elements, "appState": state, "files": {}}


def whitebophir(strokes: Sequence[Points]) -> Iterator[dict[str, Any]]:
    """The same strokes as the messages of WBO's pencil (client-data/tools/pencil), a point each.

    Theirs have neither pressure nor time, and travel in Socket.IO's envelope, which is left out to their advantage.
    """
    for n, stroke in enumerate(strokes):
        line = f"l{n:09x}"
        yield {"tool": "Pencil", "type": "line", "id": line, "color": "#0072b2", "size": 4, "opacity": 1}
        for x, y, _, _ in stroke:
            yield {"tool": "Pencil", "type": "child", "parent": line, "x": x, "y": y}


def _span(stroke: Points, side: int) -> float:
    values = [point[side] for point in stroke]
    return (max(values) - min(values)) / 10


# --- what a hop costs -----------------------------------------------------------------------------------------------


class InkPage(sockets.OurSessionPage):
    """Sends live ink as a page does: a stroke named each second, and dots of it, which carry the time as digits."""

    _sent = 0
    _named_at = 0.0

    def hop(self, to: int, event: str) -> None:
        now = time.monotonic()
        self._sent += 1
        if now - self._named_at >= 1:
            self._named_at = now
            ink = {"stroke": event[:24], "page": "p", "tool": "pen", "color": "#000000", "width": 30, "points": "AAAA"}
            self.send(json.dumps({"frame": "ink", "session": self.session, **ink, "at": self._sent}))
        else:
            self.send(f'[{self._sent},"{time.monotonic_ns():020d}"]')

    def _text(self, text: bytes) -> None:
        if text.startswith(b"["):
            self.latencies.append(time.monotonic_ns() - int(text[-22:-2]))
            self.count += 1
            if self.on_event:
                self.on_event()
        else:
            super()._text(text)


async def hops(seconds: float) -> None:
    load = f"{SESSIONS} live sessions, {RATE:.0f} ink events a second each, server on one core, load on the other"
    print(f"{load}, {seconds:.0f} s:\n\n| server | events/s | CPU µs an event | × `websockets` | p50 ms | p99 ms |")
    print("|---|---|---|---|---|---|")
    python = sys.executable
    with TemporaryDirectory() as folder, EmbeddedRedis(Path(folder)) as redis:
        bus = Bus(redis.url)
        raw = sockets.Contender("raw `websockets`", [python, str(sockets.PEERS / "broadcast.py"), "PORT"])
        command = [python, "-m", "tests.bench.peers.ours", "PORT", redis.url]
        ours = sockets.Contender("ours", command, sockets.OurPage, InkPage, bus)
        found = {each.name: await sockets.hops(each, SESSIONS, RATE, seconds) for each in (raw, ours)}
    for name, figures in found.items():
        ratio = figures.cpu_us / found[raw.name].cpu_us
        row = f"{figures.per_s:,.0f} | {figures.cpu_us:.0f} | {ratio:.2f} | {figures.p50:.1f} | {figures.p99:.1f}"
        print(f"| {name} | {row} |")
    print()


# --- a slow line ----------------------------------------------------------------------------------------------------


class SlowLine:
    """A proxy on loopback: half the round trip each way, and so many bits a second, as a phone's network does it."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def open(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            with suppress(asyncio.CancelledError):
                await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):  # the last: the bench is over
            await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What comes is on its way for half a round trip after the line had room for it; nothing overtakes."""
        loop = asyncio.get_running_loop()
        free = loop.time()
        while piece := await reader.read(4096):
            free = max(free, loop.time()) + len(piece) * 8 / BITS_PER_S
            loop.call_at(free + ROUND_TRIP_S / 2, writer.write, piece)
            await asyncio.sleep(max(0.0, free - loop.time() - 0.2))  # a short queue before the narrow place
        loop.call_at(free + ROUND_TRIP_S / 2, writer.close)


@contextmanager
def slow_line(target: int) -> Iterator[int]:
    line = SlowLine(target)
    loop = asyncio.new_event_loop()
    with ThreadPoolExecutor(1) as aside:
        serving: list[asyncio.Task[None]] = []

        def run() -> None:
            asyncio.set_event_loop(loop)
            serving.append(loop.create_task(line.open()))
            loop.run_forever()

        aside.submit(run)
        wait_until(lambda: line.port, lambda: "the slow line does not open")
        yield line.port

        def stop() -> None:
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.call_later(0.2, loop.stop)

        loop.call_soon_threadsafe(stop)


# --- browsers -------------------------------------------------------------------------------------------------------

# Notes on the teacher's page when the pointer moved that a frame of ink tells of first, on the pupil's when that frame
# came and when ink was next painted. Both pages read one machine's clock.
WATCH = """(() => {
    const now = () => performance.timeOrigin + performance.now();
    const moved = [];
    window.told = []; window.seen = []; window.frames = []; const waiting = [];
    addEventListener("pointermove", (event) => moved.push(performance.timeOrigin + event.timeStamp), true);
    const drawn = {}; // the stroke of each pen
    const keyOf = (pen, frame) => {
        if (Array.isArray(frame)) return drawn[pen] + frame[frame.length - 2];
        return (drawn[pen] = frame.stroke) + frame.at;
    };
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (text) {
        const frame = JSON.parse(text);
        const isInk = Array.isArray(frame) || frame.frame === "ink";
        if (isInk) told.push([keyOf("own", frame), moved.splice(0)[0] ?? now(), now()]);
        return send.call(this, text);
    };
    const hear = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
    Object.defineProperty(WebSocket.prototype, "onmessage", { ...hear, set(work) {
        hear.set.call(this, (event) => {
            const frame = JSON.parse(event.data);
            if (Array.isArray(frame)) waiting.push([keyOf(frame[0], frame), now()]);
            else if (frame.frame === "ink") waiting.push([keyOf(frame.pen, frame), now()]);
            return work.call(this, event);
        });
    }});
    const fill = CanvasRenderingContext2D.prototype.fill;
    CanvasRenderingContext2D.prototype.fill = function (...given) {
        const done = fill.apply(this, given);
        window.filled = performance.now();
        if (waiting.length) for (const [key, came] of waiting.splice(0)) seen.push([key, came, now()]);
        return done;
    };
    let last = 0;
    const count = (at) => { if (last) frames.push(at - last); last = at; requestAnimationFrame(count); };
    requestAnimationFrame(count);
})();"""
FLAGS = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
FLAGS += ["--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows"]


@dataclass
class Lesson:
    """An open session on the real service, and its two sides."""

    service: Service
    urls: Urls
    port: int
    session: UUID


@contextmanager
def lesson() -> Iterator[Lesson]:
    with city.city(DAYI_DEMO="1", DAYI_OFFER_LASTS_S="90", DAYI_PIPELINE_BUDGET_S="60") as (service, urls):
        service.seed()
        node = service.web()
        pupil, teacher = Program("pupil5").sign_in(node), Program("teacher1").sign_in(node)
        teacher.ready(node)
        pupil.ask(node, "梯形的上底是 3 厘米，下底是 5 厘米，高是 4 厘米，面积是多少？", subject="math")

        def offered() -> Any:
            teacher.ready(node)  # a program without a socket is away after a while
            return teacher.duty(node)["offer"]

        wait_until(offered, lambda: "no offer came", 180)
        session = teacher.accept(node, teacher.duty(node)["offer"])
        yield Lesson(service, urls, node.port, UUID(session["id"]))


def board_of(browser: Browser, port: int, login: str, session: UUID, *, phone: bool) -> Page:
    size = {"width": 360, "height": 740} if phone else {"width": 1280, "height": 800}
    context = browser.new_context(viewport=size, has_touch=phone, is_mobile=phone, permissions=["microphone"])
    context.add_init_script(WATCH)
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"http://localhost:{port}/")
    page.get_by_label("账号", exact=True).fill(login)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/student" if phone else "**/teacher")
    if phone:
        page.goto(f"http://localhost:{port}/student#session={session}")
        page.reload()
    page.locator(".desk").wait_for()
    return page


def chromium(playwright: Playwright) -> Browser:
    from tests.browser.conftest import executable

    return playwright.chromium.launch(executable_path=executable(playwright), args=FLAGS)


def write_by_mouse(page: Page, seconds: float) -> None:
    """Strokes at 60 points a second."""
    box = page.locator(".sheet").bounding_box()
    assert box is not None
    began = time.monotonic()
    for n, stroke in enumerate(writing(seconds)):
        for at, (x, y, _, _) in enumerate(stroke):
            wide = min(box["width"], box["height"] / 0.6) / 10_000
            left = box["x"] + (box["width"] - 10_000 * wide) / 2
            top = box["y"] + (box["height"] - 6_000 * wide) / 2
            page.mouse.move(left + min(9_900, max(100, x)) * wide, top + min(5_900, max(100, y)) * wide)
            if at == 0:
                page.mouse.down()
            due = began + (n * UP_S) + sum(1 for _ in range(at)) / POINTS_PER_S
            time.sleep(max(0.0, min(0.0167, due - time.monotonic())))
        page.mouse.up()
        if time.monotonic() - began > seconds:
            return


def ink_across(seconds: float) -> None:
    with lesson() as open_, slow_line(open_.port) as slow, sync_playwright() as playwright:
        near, far = chromium(playwright), chromium(playwright)
        teacher = board_of(near, open_.port, "teacher1", open_.session, phone=False)
        pupil = board_of(far, slow, "pupil5", open_.session, phone=True)
        pupil.context.new_cdp_session(pupil).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        write_by_mouse(teacher, 3)
        for page in (teacher, pupil):
            page.evaluate("told.length = seen.length = 0")
        write_by_mouse(teacher, seconds)
        time.sleep(2)
        sent = [(key, moved, gone) for key, moved, gone in teacher.evaluate("told")]
        told = {key: moved for key, moved, _ in sent}
        seen = [(key, came, shown) for key, came, shown in pupil.evaluate("seen") if key in told]
        near.close()
        far.close()
    if not seen:
        raise RuntimeError("no ink arrived")
    whole = [shown - told[key] for key, _, shown in seen]
    way = [came - told[key] for key, came, _ in seen]
    print(
        f"Ink while the pen is down, {len(seen)} of {len(told)} frames in {seconds:.0f} s; phone {SLOWER} × slower, ",
        end="",
    )
    print(f"{BITS_PER_S // 1000} kbit/s, round trip {1000 * ROUND_TRIP_S:.0f} ms:\n")
    gone = [gone - moved for _, moved, gone in sent]
    print("| from the pointer's move to | p50 ms | p95 ms |\n|---|---|---|")
    print(f"| its frame leaving the tablet | {percentile(gone, 0.5):.0f} | {percentile(gone, 0.95):.0f} |")
    print(f"| its frame at the phone | {percentile(way, 0.5):.0f} | {percentile(way, 0.95):.0f} |")
    print(f"| painted on the phone | {percentile(whole, 0.5):.0f} | {percentile(whole, 0.95):.0f} |")
    verdict = "met" if percentile(whole, 0.95) <= BAR_MS else "not met"
    print(f"\nBar: p95 ≤ round trip / 2 + 60 ms = {BAR_MS:.0f} ms: {verdict}.\n")


async def fill(url: str, session: UUID) -> int:
    """30 minutes of a pen that is never up, written into the log, with the snapshots that a worker would have made."""
    engine = open_engine(url)
    store = Store(engine)
    strokes = writing(MINUTES * 60, constant=True)
    for begin in range(0, len(strokes), 500):
        some = strokes[begin : begin + 500]
        ops = [
            Operation(0, f"w{begin + n}", "teacher", "stroke", operation(begin + n, stroke), begin * 900)
            for n, stroke in enumerate(some)
        ]
        async with store.work() as work:
            await work.append(session, *ops)
            await work.commit()
        async with store.work() as work:
            if begin + 500 < len(strokes):  # the last ones come as lines
                await answer.snapshot_board(work, session)
    await engine.dispose()
    return sum(map(len, strokes))


def full_board(seconds: float) -> None:
    with ExitStack() as all_:
        open_ = all_.enter_context(lesson())
        points = asyncio.run(fill(open_.urls.database, open_.session))
        playwright = all_.enter_context(sync_playwright())
        marks = open_.service.count("SELECT count(*) FROM board_operations WHERE session_id = %s", open_.session)
        print(f"A page of {MINUTES} min of constant writing, {marks:,} operations, {points:,} points:\n")
        print("| page | joined, all painted ms | frames/s while writing, p50 (slowest 5 %) | longest frame ms |")
        print("|---|---|---|---|")
        for name, rate, phone, login in (
            ("tablet, not slowed", 1, False, "teacher1"),
            ("phone, not slowed", 1, True, "pupil5"),
            (f"phone, {SLOWER} × slower", SLOWER, True, "pupil5"),
        ):
            browser = chromium(playwright)
            page = board_of(browser, open_.port, login, open_.session, phone=phone)
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})
            joined = [join(page) for _ in range(3)]
            page.evaluate("frames.length = 0")
            write_by_mouse(page, seconds)
            frames: list[float] = page.evaluate("frames")
            rates = f"{1000 / percentile(frames, 0.5):.0f} ({1000 / percentile(frames, 0.95):.0f})"
            print(f"| {name} | {sorted(joined)[1]:.0f} | {rates} | {max(frames):.0f} |")
            browser.close()
    print()


def join(page: Page) -> float:
    """From the asking for the session to the last stroke of it on the canvas."""
    page.reload()
    page.locator(".desk").wait_for()
    page.wait_for_function("() => window.filled !== undefined && performance.now() - window.filled > 1500")
    return float(
        page.evaluate(
            """() => window.filled - performance.getEntriesByType('resource')
                .filter((entry) => /api.sessions.[0-9a-f-]{36}$/.test(entry.name))[0].startTime"""
        )
    )


async def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dayi bench board", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("parts", nargs="*", default=["bytes", "hops", "browser", "full"])
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args(argv)
    works: dict[str, Callable[[], None]] = {
        "bytes": weigh,
        "browser": lambda: ink_across(given.seconds),
        "full": lambda: full_board(given.seconds),
    }
    for part in given.parts:
        if part == "hops":
            await hops(given.seconds)
        else:
            await asyncio.to_thread(works[part])
    return 0
