"""`dayi bench photo`: from a photo on a pupil's phone to the verdict on the page, with one web process.

Photos are taken one after the other by one worker, then at a rate by one and by two. "Verdict" counts from the ask, "in
all" from the first byte of the upload. The reference is reading the same photos by the reader alone, in this process.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psutil

from matcher.read import Reader
from server.demo.photos import photograph
from server.demo.problems import problems
from tests.bench import city
from tests.bench.city import Account, Page, percentile
from tests.bench.page import Http
from tests.service import Node

PHOTOS, RATE, SECONDS = 40, 1.0, 30.0
BAR_S = 2.5
PATIENCE_S = 60.0
MIB = 1 << 20


class PupilPage(Page):
    """Notes when the verdict on a question arrives."""

    def __init__(self, account: Account, http: Http) -> None:
        super().__init__(account, http)
        self.verdicts: dict[str, asyncio.Future[float]] = {}

    def told(self, text: bytes) -> None:
        question = json.loads(text)["event"].get("question")
        if question and question["verdict"] and not self.verdict(question["id"]).done():
            self.verdict(question["id"]).set_result(time.monotonic())

    def verdict(self, id: str) -> asyncio.Future[float]:
        return self.verdicts.setdefault(id, asyncio.get_running_loop().create_future())


@dataclass
class Times:
    """Seconds, one of each photo."""

    verdict: list[float] = field(default_factory=list)
    in_all: list[float] = field(default_factory=list)


async def main(argv: Sequence[str]) -> int:
    """Prints two Markdown tables."""
    parser = argparse.ArgumentParser(prog="dayi bench photo", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--photos", type=int, default=PHOTOS, help="one after the other")
    parser.add_argument("--rate", type=float, default=RATE, help="then so many a second")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args(argv)
    at_rate = int(options.rate * options.seconds)
    shots = await asyncio.to_thread(_photographs, options.photos + 2 * at_rate)
    reading = await asyncio.to_thread(_read_alone, [jpeg for jpeg, _ in shots[: options.photos]])
    with city.city() as (service, urls):
        web = await asyncio.to_thread(service.web)
        begun = time.monotonic()
        worker = await asyncio.to_thread(service.worker)
        http = Http(web.port)
        (pupil,) = await city.pupils(urls.database, 1)
        page = PupilPage(pupil, http)
        await page.enter(web.port, "/api/student")
        while not await _ask(page, *shots[0], Times()):
            pass  # the worker takes photos before its matcher is loaded: those go on unmatched
        cold = time.monotonic() - begun
        single = Times()
        for jpeg, problem in shots[: options.photos]:
            await _ask(page, jpeg, problem, single)
        by_one = await _at_a_rate(page, shots[options.photos : -at_rate], options.rate)
        memory = _memory(worker)
        await asyncio.to_thread(service.worker)
        by_two = await _at_a_rate(page, shots[-at_rate:], options.rate)
    print("| s | p50 | p95 | max |\n|---|---|---|---|")
    print(_row(f"reading alone, {options.photos} photos", reading))
    print(_row(f"ask → verdict, {options.photos} one after the other", single.verdict))
    print(_row("upload and ask → verdict, the same", single.in_all))
    print(_row(f"ask → verdict, {at_rate} at {options.rate:g}/s, one worker", by_one.verdict))
    print(_row(f"ask → verdict, {at_rate} at {options.rate:g}/s, two workers", by_two.verdict))
    print(f"\nworker: first photo matched {cold:.1f} s after its start, {memory / MIB:.0f} MiB; load {city.load()}")
    met = percentile(single.verdict, 0.5) <= BAR_S
    print(f"bar: median of ask → verdict ≤ {BAR_S} s: {'met' if met else 'not met'}")
    return 0


async def _at_a_rate(page: PupilPage, shots: Sequence[tuple[bytes, Any]], rate: float) -> Times:
    times, waiting = Times(), []
    for jpeg, problem in shots:
        waiting.append(asyncio.create_task(_ask(page, jpeg, problem, times)))
        await asyncio.sleep(1 / rate)
    await asyncio.gather(*waiting)
    return times


def _photographs(count: int) -> list[tuple[bytes, Any]]:
    known = problems()
    return [(photograph(known[n % len(known)].text, 1_000 + n), known[n % len(known)]) for n in range(count)]


def _read_alone(photos: Sequence[bytes]) -> list[float]:
    reader, times = Reader(), []
    reader.read(photos[0])  # the first use loads what is loaded late
    for jpeg in photos:
        begun = time.monotonic()
        reader.read(jpeg)
        times.append(time.monotonic() - begun)
    return times


async def _ask(page: PupilPage, jpeg: bytes, problem: Any, times: Times) -> bool:
    """As static/src/upload.ts does it: begin, sign, put the parts, complete, ask. True if it was read."""
    call, token = page.http.call, page.account.token
    begun = time.monotonic()
    upload = await call("POST", "/api/uploads", token, {"kind": "photo", "content_type": "image/jpeg"})
    size, path = upload["part_size"], f"/api/uploads/{upload['id']}"
    parts = [jpeg[start : start + size] for start in range(0, len(jpeg), size)]
    signed = await call("POST", f"{path}/parts", token, {"parts": list(range(len(parts)))})
    for number, part in enumerate(parts):
        target = urlsplit(signed["urls"][str(number)])
        head = (
            f"PUT {target.path}?{target.query} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Length: {len(part)}\r\n\r\n"
        )
        status, answer = await page.http.raw(head.encode() + part)
        assert status < 300, answer
    whole = {"parts": len(parts), "size": len(jpeg), "sha256": hashlib.sha256(jpeg).hexdigest()}
    await call("POST", f"{path}/complete", token, whole)
    asked = time.monotonic()
    body = {"subject": problem.subject, "grade": problem.grade, "media": [upload["id"]]}
    question = await call("POST", "/api/questions", token, body, key=True)
    told = await asyncio.wait_for(page.verdict(question["id"]), PATIENCE_S)
    times.verdict.append(told - asked)
    times.in_all.append(told - begun)
    return bool((await call("GET", f"/api/questions/{question['id']}", token))["read_text"])


def _memory(worker: Node) -> int:
    """Bytes resident in the worker and its children."""
    root = psutil.Process(worker.process.pid)
    return sum(int(process.memory_info().rss) for process in (root, *root.children(recursive=True)))


def _row(name: str, seconds: Sequence[float]) -> str:
    return f"| {name} | " + " | ".join(f"{percentile(seconds, share):.2f}" for share in (0.5, 0.95, 1.0)) + " |"
