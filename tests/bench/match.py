"""`dayi bench match`: a text question's way to its verdict beside a bank of so many answers, and what the index costs.

Four parts, each with rows of its own: `ask`, `verdict`, `nearest` and `add`; all by default. The bank is written past
the service (as restoring a backup would), then HNSW and word index are built and timed; `--keep` leaves it in a folder
for the next measurement.

`ask`: pupils ask known problems in other words, and new ones, over HTTP at a rate; counted from the ask to the event on
the pupil's page, with one web process and one worker. The reference is the same questions beside no bank.

`verdict`: from a question's text in the hands of the process that settles it to its verdict: prepared, turns taken with
who asks the same, candidates searched by vectors and words in one transaction, laid beside, judged, committed; one
question after the other through the server's own finder, in this process, on a connection that has met each subject and
stage before. `add`: the same at a rate while answers are added, each in its own commit, and each is looked for right
after. Problems are spread over subjects and stages as the demo's are.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np
import psutil
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from matcher.embed import Embedder
from matcher.index import SET_BREADTH
from matcher.match import Matcher
from matcher.normalize import normalize
from server.actions.ports import Sought
from server.cli import LOOKS
from server.domain.people import Stage, Subject
from server.embedded import Urls
from server.matching import SCOPES, MatcherFinder
from server.store.work import Store, open_engine
from tests.bench import city
from tests.bench.answers import EMPTY, MIB, Entry, answers, copy_of, literal, other, servers
from tests.bench.city import percentile
from tests.bench.page import Http, Refused
from tests.bench.photo import PupilPage
from tests.service import Node, Service, running, wait_until

PARTS = ("ask", "verdict", "nearest", "add")
ANSWERS, ADDED, QUESTIONS, RATE = 100_000, 10_000, 400, 20.0
PUPILS = 40
SAMPLE, NEAREST = 200, 10
WARM = 2_000
"""Questions before what is measured in this process."""
SLOW_S = 0.1
"""Of a question while answers are added; the bar: none is slower."""
PATIENCE_S = 120.0

GRADES = {Stage.PRIMARY: 5, Stage.JUNIOR: 8, Stage.SENIOR: 11}


async def main(argv: Sequence[str]) -> int:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(prog="dayi bench match", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--answers", type=int, default=ANSWERS)
    parser.add_argument("--added", type=int, default=ADDED, help="while questions are matched at the rate")
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="over HTTP, beside no bank and beside it")
    parser.add_argument("--rate", type=float, default=RATE, help="questions a second")
    parser.add_argument("--problems", type=Path, help="JSONL with `text`: real ones, varied to that many")
    parser.add_argument("--keep", type=Path, help="a folder for the bank: it is made there once, and measured again")
    parser.add_argument("--narrow", action="store_true", help="all answers are of one subject and stage")
    given = parser.parse_args(argv)
    matcher = Matcher(await asyncio.to_thread(Embedder.load))
    with servers(given.keep) as (folder, urls):
        bank = await answers(
            folder, urls, matcher, given.answers, given.added, given.questions, given.problems, given.narrow
        )
        gc.collect()
        gc.freeze()  # or this process stops for a look through its texts while it ought to ask
        gc.set_threshold(*LOOKS)  # as the service has it
        _say(f"{given.answers:,} answers; load {city.load()}")
        rows = {}
        if "ask" in given.parts:
            for name, database in (("no bank (reference)", EMPTY), ("the same questions beside the bank", bank.name)):
                with copy_of(urls, database) as copy:
                    rows[f"ask → verdict at {given.rate:g}/s, {name}"] = await _over_http(
                        folder, copy, bank.asked, given.rate
                    )
        warm = bank.more[:WARM]
        if not {"verdict", "nearest"}.isdisjoint(given.parts):
            async with _finding(other(urls, bank.name), matcher, warm) as (store, finder):
                if "verdict" in given.parts:
                    rows["text → verdict, one after the other"] = await _verdicts(store, finder, bank.asked)
                if "nearest" in given.parts:
                    share, hnsw, exact = await _recall(store.engine, matcher, bank.asked[:SAMPLE])
                    rows[f"nearest {NEAREST} of a subject and stage by HNSW alone"] = hnsw
                    rows["the same by comparing all (reference)"] = exact
                    _say(f"recall@{NEAREST} of HNSW against comparing all, {len(hnsw)} questions: {share:.4f}")
        if "add" in given.parts:
            with copy_of(urls, bank.name) as copy:
                async with _finding(copy, matcher, warm) as (store, finder):
                    during, found, adding = await _add_while_asked(store, finder, bank.more, bank.asked, given.rate)
            rows[f"text → verdict at {given.rate:g}/s while {given.added:,} answers are added"] = during
            _say(f"added in {adding:.0f} s ({given.added / adding:.0f}/s), and {len(during):,} questions")
            _say(f"the next query found {found:,} of {given.added:,}")
    _say("\n| ms | p50 | p95 | p99 | max |\n|---|---|---|---|---|")
    for name, seconds in rows.items():
        _say(f"| {name} | " + " | ".join(f"{percentile(seconds, at) * 1000:.1f}" for at in (0.5, 0.95, 0.99, 1)) + " |")
    _say(f"\nload {city.load()}")
    return 0


def _say(line: str) -> None:
    """At once: a bank of a million takes its time."""
    print(line, flush=True)


# --- over HTTP -----------------------------------------------------------------------------------------------------


async def _over_http(folder: Path, urls: Urls, asked: Sequence[Entry], rate: float) -> list[float]:
    with running(Service(folder, urls.database, urls.redis)) as service:
        web = await asyncio.to_thread(service.web)
        worker = await asyncio.to_thread(service.worker)
        http = Http(web.port)
        await asyncio.to_thread(_loaded, web)
        pupils = [PupilPage(pupil, http) for pupil in await city.pupils(urls.database, PUPILS)]
        for page in pupils:
            await page.enter(web.port, "/api/student")
        warm = [Entry(each.id, "热身：3加5等于几？", *scope) for each, scope in zip(asked, SCOPES, strict=False)]
        await _ask(http, pupils, warm, rate)
        spent = city.cpu_s(web, worker)
        times = await _ask(http, pupils, asked, rate)
        spent = city.cpu_s(web, worker) - spent
        memory = psutil.Process(web.process.pid).memory_info().rss
        _say(
            f"a question: {spent / len(asked) * 1000:.1f} ms of a core in web process and worker; web process "
            f"{memory / MIB:.0f} MiB"
        )
    return times


def _loaded(web: Node) -> None:
    """The model is there, and what comes after is not its time."""

    def states() -> dict[str, str]:
        with urllib.request.urlopen(f"{web.origin}/readyz", timeout=5) as answer:
            found: dict[str, str] = json.load(answer)
            return found

    wait_until(lambda: states()["status"] == "ok", web.said, PATIENCE_S)


async def _ask(http: Http, pupils: Sequence[PupilPage], asked: Sequence[Entry], rate: float) -> list[float]:
    """Seconds from the moment that was fixed for each question to its verdict."""
    begun = time.monotonic()

    async def one(n: int, entry: Entry) -> float:
        page, due = pupils[n % len(pupils)], begun + n / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        body = {"subject": entry.subject, "grade": GRADES[entry.stage], "text": entry.text}
        question = None
        while question is None:  # a service that is too busy says so, and a phone tries again
            try:
                question = await http.call("POST", "/api/questions", page.account.token, body, key=True)
            except Refused:
                await asyncio.sleep(0.5)
        async with asyncio.timeout(PATIENCE_S):
            return await page.verdict(question["id"]) - due

    return list(await asyncio.gather(*(one(n, entry) for n, entry in enumerate(asked))))


# --- in this process -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def _finding(
    urls: Urls, matcher: Matcher, warm: Sequence[Entry]
) -> AsyncIterator[tuple[Store, MatcherFinder]]:
    """As a worker has them after a while: the connection has met each subject and stage, which PostgreSQL plans at the
    first question, and PostgreSQL the indexes, by other questions than those of the measurement."""
    engine = open_engine(urls.database, often=True)
    store, finder = Store(engine), MatcherFinder(lambda: matcher)
    for subject, stage in SCOPES:
        for text_ in ("热身：3加5等于几？", "一个长方形的长是8厘米，宽是5厘米，面积是多少平方厘米？"):
            await _find(store, finder, text_, subject, stage)
    for each in warm:
        await _find(store, finder, each.text, each.subject, each.stage)
    try:
        yield store, finder
    finally:
        await engine.dispose()


async def _find(store: Store, finder: MatcherFinder, words: str, subject: Subject, stage: Stage) -> float:
    """Seconds to the verdict."""
    begun = time.monotonic()
    async with store.work(often=True) as work:
        await finder.find(work, [Sought(uuid4(), words, subject, stage)])
        await work.commit()
    return time.monotonic() - begun


async def _verdicts(store: Store, finder: MatcherFinder, asked: Sequence[Entry]) -> list[float]:
    return [await _find(store, finder, each.text, each.subject, each.stage) for each in asked]


async def _recall(
    engine: AsyncEngine, matcher: Matcher, asked: Sequence[Entry]
) -> tuple[float, list[float], list[float]]:
    """The share of the nearest by comparing all that HNSW finds too, and the seconds of both."""
    shares: list[float] = []
    times: dict[str, list[float]] = {"hnsw": [], "exact": []}
    vectors = matcher.embedder.embed([normalize(each.text).text for each in asked])
    vector_type = f"halfvec({matcher.index.dimension})"
    transacting = engine.execution_options(isolation_level="READ COMMITTED")  # a breadth holds for a transaction
    async with transacting.connect() as connection:
        for entry, vector in zip(asked, vectors, strict=True):
            index = {"index": matcher.index.index_name(entry.subject, entry.stage)}
            await connection.exec_driver_sql(SET_BREADTH, index)
            found = {}
            for name, extra in (("hnsw", ""), ("exact", " + 0")):
                nearest = text(f"""
                    SELECT id FROM matcher_entries WHERE model_version = '{matcher.index.model_version}'
                    AND kind = 'answer' AND subject = '{entry.subject}' AND stage = '{entry.stage}'
                    ORDER BY (embedding::{vector_type} <=> CAST(:v AS {vector_type})){extra} LIMIT {NEAREST}
                """)
                params = {"v": literal(vector)}
                begun = time.monotonic()
                found[name] = (await connection.execute(nearest, params)).scalars().all()
                times[name].append(time.monotonic() - begun)
            shares.append(len(set(found["hnsw"]) & set(found["exact"])) / max(1, len(found["exact"])))
    return float(np.mean(shares)), times["hnsw"], times["exact"]


async def _add_while_asked(
    store: Store, finder: MatcherFinder, more: Sequence[Entry], asked: Sequence[Entry], rate: float
) -> tuple[list[float], int, float]:
    """Seconds of each verdict given meanwhile, how many answers the query after their commit found, seconds in all."""
    done = asyncio.Event()
    times: list[float] = []

    async def ask() -> None:
        for each in itertools.cycle(asked):
            if done.is_set():
                return
            times.append(await _find(store, finder, each.text, each.subject, each.stage))
            if times[-1] > SLOW_S:
                _say(f"{times[-1] * 1000:.0f} ms, {time.monotonic() - begun:.1f} s after the beginning")
            await asyncio.sleep(max(0.0, 1 / rate - times[-1]))

    async def add(entry: Entry) -> bool:
        async with store.work(often=True) as work:
            await finder.learn(work, "answer", [Sought(entry.id, entry.text, entry.subject, entry.stage)])
            await work.commit()
        async with store.work(often=True) as work:
            near = await finder.near(work, entry.text, [(entry.subject, entry.stage)], NEAREST)
            await work.commit()
        return entry.id in [id for id, _ in near]

    begun = time.monotonic()
    asking = asyncio.create_task(ask())
    found = 0
    for entry in more:
        found += await add(entry)
    spent = time.monotonic() - begun
    done.set()
    await asking
    return times, found, spent
