"""`dayi bench match`: a text question's way to its verdict beside a bank of so many answers, and what the index costs.

The bank is written past the service (as restoring a backup would), then HNSW and word index are built and timed. Pupils
ask known problems in other words, and new ones, over HTTP at a rate; "verdict" counts from the ask to the event on the
pupil's page, with one web process and one worker. The reference is the same questions in the same run before the bank
was there. Then answers are added, each in its own commit, while questions are matched at a rate, and each is looked for
right after.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import psutil
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from matcher.embed import Embedder, Vector
from matcher.index import Kind, telltales
from matcher.match import Matcher, Prepared
from matcher.normalize import normalize
from server.domain.people import Stage, Subject
from server.store.work import open_engine
from tests.bench import city
from tests.bench.city import percentile
from tests.bench.page import Http, Refused
from tests.bench.photo import PupilPage
from tests.service import Node, wait_until

ANSWERS, ADDED, QUESTIONS, RATE = 100_000, 10_000, 400, 20.0
PUPILS = 40
SAMPLE, NEAREST = 200, 10
BATCH = 1_000
SEED = 11
PATIENCE_S = 120.0
MIB = 1 << 20

PEOPLE, THINGS, MEASURES = (
    line.split()
    for line in """
小明 小红 小华 小丽 李老师 王叔叔 张阿姨 刘师傅 爸爸 妈妈 学校食堂 五年级同学 图书馆 水果店 修路队 果园 养鸡场 工程队
苹果 梨 图书 铅笔 桌子 自行车 水泥 课本 鸡蛋 大米 邮票 树苗 零件 饮料 毛巾 玻璃 电池 花盆 砖头 气球
千克 箱 本 支 张 辆 吨 套 个 袋 枚 棵 件 瓶 条 块 节 盆 包 只
""".strip().splitlines()
)
SHAPES = (
    "{p}买来{a}{m}{t}，每{m}{b}元，又用去{c}元买别的东西，一共花了多少元？",
    "{p}有{t}{a}{m}，第一天用去{c}{m}，第二天用去剩下的一半，还剩多少{m}？",
    "{p}要运{a}{m}{t}，每次运{b}{m}，运了{c}次以后还有多少{m}没有运？",
    "{p}原有{t}{a}{m}，卖出{c}{m}后又运来{b}{m}，现在有多少{m}{t}？",
    "把{a}{m}{t}平均分给{b}个小组，{p}多得{c}{m}，每个小组分得多少{m}？",
    "{p}计划{b}天加工{a}{m}{t}，实际每天多加工{c}{m}，实际用了多少天？",
    "{t}的价格从{a}元降到{c}元，{p}买{b}{m}可以少付多少元？",
    "{p}里{t}比去年增加了{c}%，去年是{a}{m}，今年比前年多{b}{m}，前年是多少{m}？",
)


@dataclass(frozen=True)
class Entry:
    id: UUID
    text: str


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
    bank = [Entry(uuid4(), each) for each in _texts(given.answers, given.problems, rng)]
    with city.city() as (service, urls):
        web = await asyncio.to_thread(service.web)
        worker = await asyncio.to_thread(service.worker)
        http, engine = Http(web.port), open_engine(urls.database)
        await asyncio.to_thread(_loaded, web)
        pupils = [PupilPage(pupil, http) for pupil in await city.pupils(urls.database, PUPILS)]
        for page in pupils:
            await page.enter(web.port, "/api/student")
        asked = [_asked(rng.choice(bank).text if n % 2 else _shaped(rng), rng) for n in range(given.questions)]
        await _ask(http, pupils, ["热身：3加5等于几？"] * 5, 2.0)
        without = await _ask(http, pupils, asked, given.rate)
        await _clear(engine)
        print(f"{given.answers:,} answers; load {city.load()}", flush=True)
        written = await _fill(engine, matcher, bank)
        built = await _build(engine, matcher)
        sizes = await _sizes(engine, matcher)
        spent = city.cpu_s(web, worker)
        beside = await _ask(http, pupils, asked, given.rate)
        spent = city.cpu_s(web, worker) - spent
        web_memory = psutil.Process(web.process.pid).memory_info().rss
        recall, hnsw, exact = await _recall(engine, matcher, [normalize(each).text for each in asked[:SAMPLE]])
        during, found, adding = await _add_while_asked(engine, matcher, given.added, given.rate, rng)
        await engine.dispose()
    print("\n| ms | p50 | p95 | p99 | max |\n|---|---|---|---|---|")
    for name, values in (
        (f"ask → verdict at {given.rate:g}/s, no bank (reference)", without),
        ("ask → verdict, the same questions beside the bank", beside),
        (f"nearest {NEAREST} by HNSW alone", hnsw),
        (f"nearest {NEAREST} by comparing all (reference)", exact),
        (f"match while {given.added:,} answers are added", during),
    ):
        print(f"| {name} | " + " | ".join(f"{percentile(values, at) * 1000:.1f}" for at in (0.5, 0.95, 0.99, 1)) + " |")
    print(f"\nweb process and worker, a question beside the bank: {spent / given.questions * 1000:.1f} ms of a core")
    print(f"recall@{NEAREST} of HNSW against comparing all, {SAMPLE} questions: {recall:.4f}")
    print(f"added in {adding:.0f} s ({given.added / adding:.0f}/s); the next query found {found:,} of {given.added:,}")
    print(f"written and embedded in {written:.0f} s; HNSW built in {built[0]:.0f} s, word index in {built[1]:.0f} s")
    print(", ".join(f"{name} {size / MIB:.0f} MiB" for name, size in sizes.items()), end="; ")
    print(f"web process {web_memory / MIB:.0f} MiB; load {city.load()}")
    return 0


def _loaded(web: Node) -> None:
    """The model is there, and what comes after is not its time."""

    def states() -> dict[str, str]:
        with urllib.request.urlopen(f"{web.origin}/readyz", timeout=5) as answer:
            found: dict[str, str] = json.load(answer)
            return found

    wait_until(lambda: states()["status"] == "ok", web.said, PATIENCE_S)


# --- texts ---------------------------------------------------------------------------------------------------------


def _texts(count: int, file: Path | None, rng: random.Random) -> Iterator[str]:
    """Distinct problems: of the file and its number variants, or made of SHAPES."""
    known = [json.loads(line)["text"] for line in file.read_text("utf-8").splitlines()] if file else []
    seen: set[str] = set()
    for n in range(10 * count):
        made = known[n] if n < len(known) else _renumbered(rng.choice(known), rng) if known else _shaped(rng)
        if made not in seen:
            seen.add(made)
            yield made
        if len(seen) == count:
            return
    raise SystemExit(f"only {len(seen)} different problems can be made")


def _shaped(rng: random.Random) -> str:
    thing = rng.randrange(len(THINGS))
    numbers = {"a": rng.randint(100, 9_999), "b": rng.randint(2, 99), "c": rng.randint(2, 999)}
    return rng.choice(SHAPES).format(p=rng.choice(PEOPLE), t=THINGS[thing], m=MEASURES[thing], **numbers)


def _renumbered(known: str, rng: random.Random) -> str:
    return "".join(str(rng.randint(1, 9)) if c.isdigit() else c for c in known)


def _asked(known: str, rng: random.Random) -> str:
    """As a pupil types it."""
    before, after = rng.choice(["", "老师，", "请问"]), rng.choice(["", "怎么做", " 谢谢老师"])
    return f"{before}{known.replace('，', rng.choice(['，', ',', ' ']))}{after}"[:2_000]


# --- the bank ------------------------------------------------------------------------------------------------------


async def _clear(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM matcher_entries"))


async def _fill(engine: AsyncEngine, matcher: Matcher, bank: Sequence[Entry]) -> float:
    """Seconds; the indexes are taken away first and built whole after."""
    begun = time.monotonic()
    async with engine.begin() as connection:
        await connection.execute(text(f'DROP INDEX "{matcher.index.index_name}"'))
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
            "embedding": _literal(vector),
            "grams": telltales(problem),
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
                await matcher.index.register(connection, "")
            else:
                await connection.execute(_WORDS)
        times.append(time.monotonic() - begun)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE matcher_entries"))
    return times[0], times[1]


async def _sizes(engine: AsyncEngine, matcher: Matcher) -> dict[str, int]:
    names = {"HNSW": f'"{matcher.index.index_name}"', "word index": "matcher_entries_grams", "table": "matcher_entries"}
    async with engine.connect() as connection:
        return {
            name: (await connection.execute(text("SELECT pg_relation_size(:name)"), {"name": relation})).scalar_one()
            for name, relation in names.items()
        }


_WORDS = text("CREATE INDEX matcher_entries_grams ON matcher_entries USING gin (grams)")
_WRITE = text("""
    INSERT INTO matcher_entries (id, kind, subject, stage, text, embedding, grams, model_version)
    VALUES (:id, 'answer', 'math', 'junior', :text, CAST(:embedding AS halfvec),
            array_to_tsvector(CAST(:grams AS text[])), :version)
""")

# --- questions -----------------------------------------------------------------------------------------------------


async def _ask(http: Http, pupils: Sequence[PupilPage], asked: Sequence[str], rate: float) -> list[float]:
    """Seconds from the moment that was fixed for each question to its verdict."""
    begun = time.monotonic()

    async def one(n: int, words: str) -> float:
        page, due = pupils[n % len(pupils)], begun + n / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        body = {"subject": "math", "grade": 8, "text": words}
        question = None
        while question is None:  # a service that is too busy says so, and a phone tries again
            try:
                question = await http.call("POST", "/api/questions", page.account.token, body, key=True)
            except Refused:
                await asyncio.sleep(0.5)
        async with asyncio.timeout(PATIENCE_S):
            return await page.verdict(question["id"]) - due

    return list(await asyncio.gather(*(one(n, words) for n, words in enumerate(asked))))


async def _recall(
    engine: AsyncEngine, matcher: Matcher, texts: Sequence[str]
) -> tuple[float, list[float], list[float]]:
    """The share of the nearest by comparing all that HNSW finds too, and the seconds of both."""
    shares: list[float] = []
    times: dict[str, list[float]] = {"hnsw": [], "exact": []}
    vectors = matcher.embedder.embed(texts)
    async with engine.connect() as connection:
        for vector in vectors:
            found = {}
            for name, extra in (("hnsw", ""), ("exact", " + 0")):
                await connection.execute(text("SELECT set_config('hnsw.ef_search', '100', true)"))
                begun = time.monotonic()
                found[name] = (await connection.execute(text(f"""
                    SELECT id FROM matcher_entries WHERE model_version = '{matcher.index.model_version}'
                    ORDER BY (embedding::halfvec({matcher.index.dimension})
                              <=> CAST(:v AS halfvec({matcher.index.dimension}))){extra} LIMIT {NEAREST}
                """), {"v": _literal(vector)})).scalars().all()
                times[name].append(time.monotonic() - begun)
            shares.append(len(set(found["hnsw"]) & set(found["exact"])) / NEAREST)
    return float(np.mean(shares)), times["hnsw"], times["exact"]


async def _add_while_asked(
    engine: AsyncEngine, matcher: Matcher, count: int, rate: float, rng: random.Random
) -> tuple[list[float], int, float]:
    """Seconds of each match made meanwhile, how many answers the query after their commit found, seconds in all."""
    done = asyncio.Event()
    times: list[float] = []

    async def ask() -> None:
        while not done.is_set():
            begun = time.monotonic()
            prepared = matcher.prepare(_shaped(rng))
            async with engine.connect() as connection:
                await matcher.match(connection, prepared, Subject.MATH, Stage.JUNIOR)
            times.append(time.monotonic() - begun)
            await asyncio.sleep(max(0.0, 1 / rate - (time.monotonic() - begun)))

    async def add(prepared: Prepared) -> bool:
        id = uuid4()
        async with engine.begin() as connection:
            await matcher.add(connection, id, Kind.ANSWER, prepared, Subject.MATH, Stage.JUNIOR)
        async with engine.connect() as connection:
            vector, problem = prepared.vector, prepared.problem
            near = await matcher.index.nearest(connection, vector, problem, Subject.MATH, Stage.JUNIOR)
        return id in [candidate.id for candidate in near]

    asking = asyncio.create_task(ask())
    begun = time.monotonic()
    found = 0
    for n in range(count):
        found += await add(matcher.prepare(f"{_shaped(rng)}（第{n}题）"))
    spent = time.monotonic() - begun
    done.set()
    await asking
    return times, found, spent
