"""`dayi bench match`: a text question's way to its verdict beside a bank of so many answers, and what the index costs.

The bank is written past the service (as restoring a backup would), then HNSW and word index are built and timed. Pupils
ask known problems in other words, and new ones, over HTTP at a rate; "verdict" counts from the ask to the event on the
pupil's page, with one web process and one worker. The reference is the same questions in the same run before the bank
was there. Then the matcher alone, in this process; then answers are added, each in its own commit, while questions are
matched at a rate, and each is looked for right after. Problems are spread over subjects and stages as the demo's are.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import json
import random
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import psutil
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from matcher.embed import Embedder, Vector
from matcher.index import SET_BREADTH, Kind, telltales
from matcher.match import Matcher
from matcher.normalize import normalize
from server.demo.problems import problems as demo_problems
from server.domain.people import Stage, Subject
from server.matching import SCOPES
from server.store.work import open_engine
from tests.bench import city
from tests.bench.city import percentile
from tests.bench.page import Http, Refused
from tests.bench.photo import PupilPage
from tests.bench.problems import problems
from tests.service import Node, wait_until

ANSWERS, ADDED, QUESTIONS, RATE = 100_000, 10_000, 400, 20.0
PUPILS = 40
SAMPLE, NEAREST = 200, 10
BATCH = 1_000
SEED = 11
PATIENCE_S = 120.0
MIB = 1 << 20

GRADES = {Stage.PRIMARY: 5, Stage.JUNIOR: 8, Stage.SENIOR: 11}


@dataclass(frozen=True)
class Entry:
    """An answered problem, or a question as it is asked."""

    id: UUID
    text: str
    subject: Subject
    stage: Stage


async def main(argv: Sequence[str]) -> int:
    """Prints Markdown tables."""
    parser = argparse.ArgumentParser(prog="dayi bench match", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--answers", type=int, default=ANSWERS)
    parser.add_argument("--added", type=int, default=ADDED, help="while questions are matched at the rate")
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="over HTTP, before the bank and beside it")
    parser.add_argument("--rate", type=float, default=RATE, help="questions a second")
    parser.add_argument("--problems", type=Path, help="JSONL with `text`: real ones, varied to that many")
    given = parser.parse_args(argv)
    rng = random.Random(SEED)
    matcher = Matcher(await asyncio.to_thread(Embedder.load))
    made = problems(given.answers + given.added + given.questions, rng, given.problems)
    bank, more, strange = (_entries(part, rng) for part in _cut(made, given.answers, given.added))
    asked = [_asked(rng.choice(bank) if n % 2 else strange[n], rng) for n in range(given.questions)]
    gc.collect()
    gc.freeze()  # or this process stops for a look through its bank while it ought to ask
    with city.city() as (service, urls):
        web = await asyncio.to_thread(service.web)
        worker = await asyncio.to_thread(service.worker)
        http, engine = Http(web.port), open_engine(urls.database)
        await asyncio.to_thread(_loaded, web)
        pupils = [PupilPage(pupil, http) for pupil in await city.pupils(urls.database, PUPILS)]
        for page in pupils:
            await page.enter(web.port, "/api/student")
        await _ask(http, pupils, [Entry(uuid4(), "热身：3加5等于几？", Subject.MATH, Stage.JUNIOR)] * 5, 2.0)
        without = await _ask(http, pupils, asked, given.rate)
        await _clear(engine)
        _say(f"{given.answers:,} answers; load {city.load()}")
        written = await _fill(engine, matcher, bank)
        built = await _build(engine, matcher)
        sizes = await _sizes(engine, matcher)
        _say(f"written and embedded in {written:.0f} s; HNSW built in {built[0]:.0f} s, word index in {built[1]:.0f} s")
        _say(", ".join(f"{name} {size / MIB:.0f} MiB" for name, size in sizes.items()))
        spent = city.cpu_s(web, worker)
        beside = await _ask(http, pupils, asked, given.rate)
        spent = city.cpu_s(web, worker) - spent
        web_memory = psutil.Process(web.process.pid).memory_info().rss
        _say(
            f"a question: {spent / given.questions * 1000:.1f} ms of a core in web process and worker; web process "
            f"{web_memory / MIB:.0f} MiB"
        )
        _say("\n| ms | p50 | p95 | p99 | max |\n|---|---|---|---|---|")
        _say(_row(f"ask → verdict at {given.rate:g}/s, no bank (reference)", without))
        _say(_row("ask → verdict, the same questions beside the bank", beside))
        _say(_row("the matcher alone, one question after the other", await _match_alone(engine, matcher, asked)))
        recall, hnsw, exact = await _recall(engine, matcher, asked[:SAMPLE])
        _say(_row(f"nearest {NEAREST} of a subject and stage by HNSW alone", hnsw))
        _say(_row(f"nearest {NEAREST} of a subject and stage by comparing all (reference)", exact))
        during, found, adding = await _add_while_asked(engine, matcher, more, asked, given.rate)
        _say(_row(f"the matcher alone at {given.rate:g}/s while {given.added:,} answers are added", during))
        await engine.dispose()
    _say(f"\nrecall@{NEAREST} of HNSW against comparing all, {len(hnsw)} questions: {recall:.4f}")
    _say(f"added in {adding:.0f} s ({given.added / adding:.0f}/s); the next query found {found:,} of {given.added:,}")
    _say(f"load {city.load()}")
    return 0


def _say(line: str) -> None:
    """At once: a bank of a million takes its time."""
    print(line, flush=True)


def _row(name: str, seconds: Sequence[float]) -> str:
    return f"| {name} | " + " | ".join(f"{percentile(seconds, at) * 1000:.1f}" for at in (0.5, 0.95, 0.99, 1)) + " |"


def _loaded(web: Node) -> None:
    """The model is there, and what comes after is not its time."""

    def states() -> dict[str, str]:
        with urllib.request.urlopen(f"{web.origin}/readyz", timeout=5) as answer:
            found: dict[str, str] = json.load(answer)
            return found

    wait_until(lambda: states()["status"] == "ok", web.said, PATIENCE_S)


# --- texts ---------------------------------------------------------------------------------------------------------


def _cut(made: Sequence[str], *lengths: int) -> Iterator[Sequence[str]]:
    for length in (*lengths, len(made)):
        yield made[:length]
        made = made[length:]


def _entries(texts: Sequence[str], rng: random.Random) -> list[Entry]:
    return [
        Entry(uuid4(), text, like.subject, like.stage)
        for text, like in zip(texts, rng.choices(demo_problems(), k=len(texts)), strict=True)
    ]


def _asked(known: Entry, rng: random.Random) -> Entry:
    """As a pupil types it."""
    before, after = rng.choice(["", "老师，", "请问"]), rng.choice(["", "怎么做", " 谢谢老师"])
    words = f"{before}{known.text.replace('，', rng.choice(['，', ',', ' ']))}{after}"[:2_000]
    return replace(known, id=uuid4(), text=words)


# --- the bank ------------------------------------------------------------------------------------------------------


async def _clear(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM matcher_entries"))


async def _fill(engine: AsyncEngine, matcher: Matcher, bank: Sequence[Entry]) -> float:
    """Seconds; the indexes are taken away first and built whole after."""
    begun = time.monotonic()
    async with engine.begin() as connection:
        for name in await _hnsw(connection, matcher):
            await connection.execute(text(f'DROP INDEX "{name}"'))
        await connection.execute(text("DROP INDEX matcher_entries_grams"))
    for start in range(0, len(bank), BATCH):
        rows = await asyncio.to_thread(_rows, matcher, bank[start : start + BATCH])
        async with engine.begin() as connection:
            await connection.execute(_WRITE, rows)
    return time.monotonic() - begun


def _rows(matcher: Matcher, batch: Sequence[Entry]) -> list[dict[str, Any]]:
    problems = [normalize(entry.text) for entry in batch]
    vectors = matcher.embedder.embed([problem.text for problem in problems])
    return [
        {
            "id": entry.id,
            "text": entry.text,
            "subject": entry.subject,
            "stage": entry.stage,
            "embedding": _literal(vector),
            "grams": telltales(problem, entry.subject, entry.stage),
            "version": matcher.index.model_version,
        }
        for entry, problem, vector in zip(batch, problems, vectors, strict=True)
    ]


def _literal(vector: Vector) -> str:
    return "[" + ",".join(f"{x:.5g}" for x in vector.tolist()) + "]"


async def _build(engine: AsyncEngine, matcher: Matcher) -> tuple[float, float]:
    times = []
    for build in ("hnsw", "words"):
        begun = time.monotonic()
        async with engine.begin() as connection:
            await connection.execute(text("SET LOCAL maintenance_work_mem = '2GB'"))
            if build == "hnsw":
                await matcher.index.register(connection, "", SCOPES)
            else:
                await connection.execute(_WORDS)
        times.append(time.monotonic() - begun)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE matcher_entries"))
    return times[0], times[1]


async def _sizes(engine: AsyncEngine, matcher: Matcher) -> dict[str, int]:
    async with engine.connect() as connection:
        hnsw = [f'"{name}"' for name in await _hnsw(connection, matcher)]
        parts = {"HNSW": hnsw, "word index": ["matcher_entries_grams"], "table": ["matcher_entries"]}
        return {name: (await connection.execute(_SIZE, {"names": names})).scalar_one() for name, names in parts.items()}


async def _hnsw(connection: AsyncConnection, matcher: Matcher) -> list[str]:
    """The names of the HNSW indexes, one of each subject and stage."""
    names = {"names": [matcher.index.index_name(*scope) for scope in SCOPES]}
    return list((await connection.execute(_THERE, names)).scalars())


_SIZE = text("SELECT sum(pg_relation_size(CAST(name AS regclass))) FROM unnest(CAST(:names AS text[])) AS name")
_THERE = text("SELECT relname FROM pg_class WHERE relname = ANY(:names)")

_WORDS = text("CREATE INDEX matcher_entries_grams ON matcher_entries USING gin (grams) WITH (fastupdate = off)")
_WRITE = text("""
    INSERT INTO matcher_entries (id, kind, subject, stage, text, embedding, grams, model_version)
    VALUES (:id, 'answer', :subject, :stage, :text, CAST(:embedding AS halfvec),
            array_to_tsvector(CAST(:grams AS text[])), :version)
""")

# --- questions -----------------------------------------------------------------------------------------------------


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


async def _recall(
    engine: AsyncEngine, matcher: Matcher, asked: Sequence[Entry]
) -> tuple[float, list[float], list[float]]:
    """The share of the nearest by comparing all that HNSW finds too, and the seconds of both."""
    shares: list[float] = []
    times: dict[str, list[float]] = {"hnsw": [], "exact": []}
    vectors = matcher.embedder.embed([normalize(each.text).text for each in asked])
    vector_type = f"halfvec({matcher.index.dimension})"
    async with engine.connect() as connection:
        await connection.execute(text(SET_BREADTH))
        for entry, vector in zip(asked, vectors, strict=True):
            found = {}
            for name, extra in (("hnsw", ""), ("exact", " + 0")):
                nearest = text(f"""
                    SELECT id FROM matcher_entries WHERE model_version = '{matcher.index.model_version}'
                    AND kind = 'answer' AND subject = '{entry.subject}' AND stage = '{entry.stage}'
                    ORDER BY (embedding::{vector_type} <=> CAST(:v AS {vector_type})){extra} LIMIT {NEAREST}
                """)
                params = {"v": _literal(vector)}
                begun = time.monotonic()
                found[name] = (await connection.execute(nearest, params)).scalars().all()
                times[name].append(time.monotonic() - begun)
            shares.append(len(set(found["hnsw"]) & set(found["exact"])) / max(1, len(found["exact"])))
    return float(np.mean(shares)), times["hnsw"], times["exact"]


async def _match_alone(engine: AsyncEngine, matcher: Matcher, asked: Sequence[Entry]) -> list[float]:
    """Seconds of each; the first rounds of a connection, in which PostgreSQL plans anew, count in."""
    times = []
    for entry in asked:
        begun = time.monotonic()
        async with engine.connect() as connection:
            await matcher.match(connection, matcher.prepare(entry.text), entry.subject, entry.stage)
        times.append(time.monotonic() - begun)
    return times


async def _add_while_asked(
    engine: AsyncEngine, matcher: Matcher, more: Sequence[Entry], asked: Sequence[Entry], rate: float
) -> tuple[list[float], int, float]:
    """Seconds of each match made meanwhile, how many answers the query after their commit found, seconds in all."""
    done = asyncio.Event()
    times: list[float] = []

    async def ask() -> None:
        for entry in itertools.cycle(asked):
            if done.is_set():
                return
            begun = time.monotonic()
            prepared = matcher.prepare(entry.text)
            async with engine.connect() as connection:
                await matcher.match(connection, prepared, entry.subject, entry.stage)
            times.append(time.monotonic() - begun)
            await asyncio.sleep(max(0.0, 1 / rate - (time.monotonic() - begun)))

    async def add(entry: Entry) -> bool:
        prepared = matcher.prepare(entry.text)
        async with engine.begin() as connection:
            await matcher.add(connection, entry.id, Kind.ANSWER, prepared, entry.subject, entry.stage)
        async with engine.connect() as connection:
            near = await matcher.index.nearest(
                connection, prepared.vector, prepared.problem, entry.subject, entry.stage
            )
        return entry.id in [candidate.id for candidate in near]

    asking = asyncio.create_task(ask())
    begun = time.monotonic()
    found = 0
    for entry in more:
        found += await add(entry)
    spent = time.monotonic() - begun
    done.set()
    await asking
    return times, found, spent
