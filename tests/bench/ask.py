"""`dayi bench ask`: from a pupil's ask to the offer on a teacher's screen, on one web process and one worker.

The moments at which questions are asked are fixed beforehand, and every latency counts from that moment, so that a
service that falls behind can't hide it. Every pupil and teacher has a page of its own by docs/protocol.md. There is a
free teacher for each question, who leaves the offer open; with `--answer` fewer of them accept what is offered, answer
for some seconds and finish, so that the same process also carries the answering.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from server.demo.problems import Problem, problems
from server.domain.people import Subject
from tests.bench import city
from tests.bench.city import Account, Page, percentile
from tests.bench.page import Http, Refused
from tests.service import free_port

RATE, SECONDS = 50.0, 60.0
BAR_MS = 100.0
PUPILS = 600
ANSWERING_TEACHERS = 400
SPARE = 1.1  # free teachers for each question of a subject
HOLD_S = (2.0, 4.0)  # how long a teacher answers: short, so that 400 are enough for the rate
THINK_S = 0.2  # before a teacher accepts
WARM_S, REFERENCE_S = 5.0, 20.0
ARRIVALS = "constant", "poisson"  # the rate of load generators, or the bursts of a Poisson process
OFFER_LASTS_S = 600  # no offer lapses meanwhile
PATIENCE_S = 15.0  # after the last ask; a question that has no offer by then was matched, or is counted as missing
SEED = 7


@dataclass
class Asked:
    due: float
    received: float = 0.0
    offered: float = 0.0
    refused: str = ""
    id: str = ""


@dataclass
class Figures:
    """Latencies in ms."""

    name: str
    values: list[float] = field(default_factory=list)

    def row(self) -> str:
        if not self.values:
            return f"| {self.name} | – | – | – | – |"
        at = [percentile(self.values, share) for share in (0.5, 0.95, 0.99, 1.0)]
        return f"| {self.name} | " + " | ".join(f"{value:.1f}" for value in at) + " |"


class TeacherPage(Page):
    """Notes when an offer comes, and answers it."""

    def __init__(
        self, account: Account, http: Http, offered: dict[str, float], answers: set[asyncio.Task[None]] | None
    ) -> None:
        super().__init__(account, http)
        self._offered = offered
        self._answers = answers
        self._seen: set[str] = set()

    def told(self, text: bytes) -> None:
        now = time.monotonic()
        if b'"type":"duty"' not in text[:300]:
            return
        offer = json.loads(text)["event"]["duty"]["offer"]
        if offer is None or offer["id"] in self._seen:
            return
        self._seen.add(offer["id"])
        self._offered.setdefault(offer["question_id"], now)
        if self._answers is not None:
            task = asyncio.create_task(self._answer(offer["id"]))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)

    async def _answer(self, offer: str) -> None:
        token = self.account.token
        await asyncio.sleep(random.uniform(0.5, 1.5) * THINK_S)
        try:
            session = await self.http.call("POST", f"/api/offers/{offer}/accept", token)
            await asyncio.sleep(random.uniform(*HOLD_S))
            body = {"assignment_epoch": session["assignment_epoch"]}
            await self.http.call("POST", f"/api/sessions/{session['id']}/finish", token, body)
        except Refused as refusal:
            print(f"a teacher was refused: {refusal}", file=sys.stderr)


async def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dayi bench ask", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rate", type=float, default=RATE, help="questions a second")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--arrivals", choices=ARRIVALS, default=ARRIVALS[0], help="evenly spaced, or by chance")
    parser.add_argument("--pupils", type=int, default=PUPILS)
    parser.add_argument("--answer", action="store_true", help=f"{ANSWERING_TEACHERS} teachers accept and answer")
    options = parser.parse_args(argv)
    with city.city(DAYI_OFFER_LASTS_S=str(OFFER_LASTS_S)) as (service, urls):
        warm_s = min(WARM_S, options.seconds)
        texts = novel_texts(int(options.rate * (options.seconds + warm_s)))
        reference_s = min(REFERENCE_S, options.seconds)
        reference = await reference_run(urls.database, options.rate, reference_s, options.arrivals)
        web = await asyncio.to_thread(service.web)
        worker = await asyncio.to_thread(service.worker)
        http = Http(web.port)
        offered: dict[str, float] = {}
        under_way: set[asyncio.Task[None]] = set()
        pupils = await city.pupils(urls.database, options.pupils)
        teachers = await city.teachers(urls.database, certified([p.subject for p, _ in texts], options.answer))
        pupil_pages = [Page(who, http) for who in pupils]
        answers = under_way if options.answer else None
        teacher_pages = [TeacherPage(who, http, offered, answers) for who in teachers]
        for pages, snapshot in ((pupil_pages, "/api/student"), (teacher_pages, "/api/teacher")):
            await city.in_parallel([page.enter(web.port, snapshot) for page in pages])
        await city.in_parallel([http.call("POST", "/api/duty", who.token, {"presence": "ready"}) for who in teachers])
        await city.analyze(urls.database)

        async def ask(number: int, asked: Asked) -> None:
            problem, text = texts.pop()
            body = {"subject": problem.subject, "grade": problem.grade, "text": text}
            who = pupils[number % len(pupils)]
            try:
                asked.id = (await http.call("POST", "/api/questions", who.token, body, key=True))["id"]
            except Refused as refusal:
                asked.refused = str(refusal)

        await at_rate(options.rate, warm_s, ask, options.arrivals)
        print("measuring …", file=sys.stderr, flush=True)
        cpu, begun = (city.cpu_s(web), city.cpu_s(worker)), time.monotonic()
        questions = await at_rate(options.rate, options.seconds, ask, options.arrivals)
        used = [
            (after - before) / (time.monotonic() - begun)
            for before, after in zip(cpu, (city.cpu_s(web), city.cpu_s(worker)), strict=True)
        ]
        load = city.load()
        await settled(questions, offered)
        elsewhere = await where_they_went(http, questions, pupils)
        await asyncio.gather(*under_way, return_exceptions=True)
        print(table(options.rate, options.arrivals, len(teachers), questions, reference, elsewhere, used, load))
    return 0


async def at_rate(
    rate: float, seconds: float, ask: Callable[[int, Asked], Awaitable[None]], arrivals: str
) -> list[Asked]:
    """Asks at moments fixed beforehand; nobody waits for anybody."""
    draw = random.Random(SEED)
    due = time.monotonic() + 0.5
    moments = []
    for _ in range(int(rate * seconds)):
        due += 1 / rate if arrivals == "constant" else draw.expovariate(rate)
        moments.append(due)
    questions = [Asked(moment) for moment in moments]

    async def one(number: int, asked: Asked) -> None:
        await ask(number, asked)
        asked.received = time.monotonic()

    tasks = []
    for number, asked in enumerate(questions):
        await asyncio.sleep(max(0.0, asked.due - time.monotonic()))
        tasks.append(asyncio.create_task(one(number, asked)))
    await asyncio.gather(*tasks)
    return questions


async def settled(questions: Sequence[Asked], offered: dict[str, float]) -> None:
    """Until every question was offered, or no more come."""
    until = time.monotonic() + PATIENCE_S
    seen, since = -1, time.monotonic()
    while time.monotonic() < until and time.monotonic() - since < 3.0:
        count = sum(asked.id in offered for asked in questions)
        if count == len(questions):
            break
        if count != seen:
            seen, since = count, time.monotonic()
        await asyncio.sleep(0.05)
    for asked in questions:
        asked.offered = offered.get(asked.id, 0.0)


async def where_they_went(http: Http, questions: Sequence[Asked], pupils: Sequence[Account]) -> Counter[str]:
    """The states of those that were never offered."""
    states: Counter[str] = Counter()
    for number, asked in enumerate(questions):
        if asked.refused:
            states[f"refused ({asked.refused})"] += 1
        elif not asked.offered:
            question = await http.call("GET", f"/api/questions/{asked.id}", pupils[number % len(pupils)].token)
            states[question["state"]] += 1
    return states


async def reference_run(database_url: str, rate: float, seconds: float, arrivals: str) -> Figures:
    """The same rate against a bare Starlette route that writes one row into the same PostgreSQL."""
    port = free_port()
    process = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-m", "tests.bench.peers.insert", str(port), database_url], stdin=subprocess.DEVNULL
    )
    http = Http(port)
    try:
        await answers(http, process)
        text = "x" * 60

        async def ask(number: int, _: Asked) -> None:
            await http.call("POST", "/", body={"text": text})

        await at_rate(rate, min(2.0, seconds), ask, arrivals)
        return Figures("bare route, one INSERT → 201", _since_due(await at_rate(rate, seconds, ask, arrivals)))
    finally:
        http.close()
        process.kill()
        process.wait()


async def answers(http: Http, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            await http.call("GET", "/")
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            await asyncio.sleep(0.1)


def novel_texts(count: int) -> list[tuple[Problem, str]]:
    """The demo's problems with other numbers: each needs a teacher, as no two of them are the same problem."""
    draw = random.Random(SEED)
    numbered = [problem for problem in problems() if len(_NUMBER.findall(problem.text)) >= 3]
    texts: dict[str, Problem] = {}
    while len(texts) < count:
        problem = draw.choice(numbered)
        texts.setdefault(_NUMBER.sub(lambda _: str(draw.randint(11, 9999)), problem.text), problem)
    return [(problem, text) for text, problem in texts.items()]


_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def certified(asked: Sequence[Subject], answering: bool) -> list[Subject]:
    """A subject for each teacher, in the shares in which they are asked for; they come on duty in no order of them."""
    counts = Counter(asked)
    share = ANSWERING_TEACHERS / len(asked) if answering else SPARE
    subjects = [subject for subject, count in counts.items() for _ in range(math.ceil(count * share) + 1)]
    random.Random(SEED).shuffle(subjects)
    return subjects


def _since_due(questions: Sequence[Asked]) -> list[float]:
    return [(asked.received - asked.due) * 1e3 for asked in questions]


def table(
    rate: float,
    arrivals: str,
    teachers: int,
    questions: Sequence[Asked],
    reference: Figures,
    elsewhere: Counter[str],
    used: Sequence[float],
    load: str,
) -> str:
    taken = [asked for asked in questions if not asked.refused]
    offers = Figures("ask → offer on a teacher's socket", [(q.offered - q.due) * 1e3 for q in taken if q.offered])
    lines = [
        "| ms, from the moment it was due | p50 | p95 | p99 | max |",
        "|---|---|---|---|---|",
        reference.row(),
        Figures("ask → 201", _since_due(taken)).row(),
        offers.row(),
        "",
        f"{len(questions)} questions at {rate:g}/s, {arrivals} arrivals, "
        f"{len(offers.values)} offered to {teachers} teachers"
        + "".join(f", {count} {state}" for state, count in elsewhere.items())
        + f"; cores used: web {used[0]:.2f}, worker {used[1]:.2f}; load {load}",
    ]
    p99 = percentile(offers.values, 0.99) if offers.values else float("inf")
    whole = len(offers.values) + elsewhere["following"] + elsewhere["suggested"] == len(questions)
    met = p99 <= BAR_MS and whole
    lines.append(f"bar: p99 of ask → offer ≤ {BAR_MS:.0f} ms: {'met' if met else 'not met'} ({p99:.1f} ms)")
    return "\n".join(lines)
