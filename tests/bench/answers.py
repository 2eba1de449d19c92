"""A bank of many answers for measurements: written past the service as restoring a backup would, indexed, and kept.

What writes takes a copy of the kept database, so that each measurement finds it as it was made.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import redis
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from matcher.embed import Vector
from matcher.index import telltales
from matcher.match import Matcher
from matcher.normalize import FORM, normalize
from server.demo.problems import problems as demo_problems
from server.domain.people import Stage, Subject
from server.embedded import Urls, services
from server.matching import SCOPES
from server.store.migrate import migrate
from server.store.work import open_engine
from tests.bench.problems import problems

BATCH = 1_000
SEED = 11
MIB = 1 << 20
NARROW = Subject.MATH, Stage.JUNIOR
EMPTY, COPY = "nothing", "measured"
"""Databases: migrated and no more; the copy that is measured."""


@dataclass(frozen=True)
class Entry:
    """An answered problem, or a question as it is asked."""

    id: UUID
    text: str
    subject: Subject
    stage: Stage


@dataclass(frozen=True)
class Answers:
    """What stands in the bank is in the database `name`; `more` are to be added, `asked` are questions: known problems
    in other words, and new ones."""

    name: str
    more: list[Entry]
    asked: list[Entry]


@contextmanager
def servers(keep: Path | None) -> Iterator[tuple[Path, Urls]]:
    """PostgreSQL and Redis in a folder that is kept, or goes with the measurement."""
    with ExitStack() as until:
        folder = keep or Path(until.enter_context(tempfile.TemporaryDirectory(prefix="dayi-bench-")))
        urls = until.enter_context(services(folder))
        if not _is_there(urls, EMPTY):
            with _boss(urls) as boss:
                boss.execute(f"CREATE DATABASE {EMPTY}")
            migrate(other(urls, EMPTY).database)
        yield folder, urls


@contextmanager
def copy_of(urls: Urls, database: str) -> Iterator[Urls]:
    """That database once more, with a Redis that knows nothing of it."""
    with _boss(urls) as boss:
        boss.execute(f"DROP DATABASE IF EXISTS {COPY} WITH (FORCE)")
        boss.execute(f"CREATE DATABASE {COPY} TEMPLATE {database} STRATEGY FILE_COPY")  # type: ignore[arg-type]
        boss.execute("CHECKPOINT")
    migrate(other(urls, COPY).database)  # what was kept may be of an earlier release
    with redis.Redis.from_url(urls.redis) as bus:
        bus.flushall()
    try:
        yield other(urls, COPY)
    finally:
        with _boss(urls) as boss:
            boss.execute(f"DROP DATABASE IF EXISTS {COPY} WITH (FORCE)")


async def answers(
    folder: Path, urls: Urls, matcher: Matcher, count: int, added: int, questions: int, file: Path | None, narrow: bool
) -> Answers:
    """The bank of so many, made if it is not there; prints what that costs. A narrow one has one subject and stage."""
    name = f"narrow_{count}" if narrow else f"bank_{count}"
    kept = folder / f"{name}.json"
    if not (kept.exists() and _is_there(urls, name)):
        rng = random.Random(SEED)
        made = problems(count + added + questions, rng, file)
        bank, more, strange = (entries(part, rng, narrow) for part in _cut(made, count, added))
        asked = [_asked(rng.choice(bank) if n % 2 else strange[n], rng) for n in range(questions)]
        await _write(name, urls, matcher, bank)
        left = {"more": [asdict(each) for each in more], "asked": [asdict(each) for each in asked]}
        kept.write_text(json.dumps(left, default=str))
    told = json.loads(kept.read_text())
    more, asked = ([Entry(UUID(each.pop("id")), **each) for each in told[part]] for part in ("more", "asked"))
    if len(more) < added or len(asked) < questions:
        raise SystemExit(f"{folder} was made with fewer questions or answers to add: take another folder")
    return Answers(name, more[:added], asked[:questions])


async def _write(name: str, urls: Urls, matcher: Matcher, bank: Sequence[Entry]) -> None:
    with _boss(urls) as boss:
        boss.execute(f"DROP DATABASE IF EXISTS {name}")
        boss.execute(f"CREATE DATABASE {name} TEMPLATE {EMPTY}")
    engine = open_engine(other(urls, name).database)
    written = await fill(engine, matcher, bank)
    built = await build(engine, matcher)
    print(f"written and embedded in {written:.0f} s; HNSW built in {built[0]:.0f} s, word index in {built[1]:.0f} s")
    sizes = await _sizes(engine, matcher)
    print(", ".join(f"{part} {size / MIB:.0f} MiB" for part, size in sizes.items()), flush=True)
    await engine.dispose()


def _boss(urls: Urls) -> psycopg.Connection[Any]:
    return psycopg.connect(other(urls, "postgres").database.replace("+psycopg", ""), autocommit=True)


def other(urls: Urls, database: str) -> Urls:
    """The same servers, another database."""
    return replace(urls, database=make_url(urls.database).set(database=database).render_as_string(hide_password=False))


def _is_there(urls: Urls, database: str) -> bool:
    with _boss(urls) as boss:
        return boss.execute("SELECT FROM pg_database WHERE datname = %s", (database,)).fetchone() is not None


# --- texts ---------------------------------------------------------------------------------------------------------


def _cut(made: Sequence[str], *lengths: int) -> Iterator[Sequence[str]]:
    for length in (*lengths, len(made)):
        yield made[:length]
        made = made[length:]


def entries(texts: Sequence[str], rng: random.Random, narrow: bool) -> list[Entry]:
    scopes = [NARROW] if narrow else [(problem.subject, problem.stage) for problem in demo_problems()]
    return [
        Entry(uuid4(), text, subject, stage)
        for text, (subject, stage) in zip(texts, rng.choices(scopes, k=len(texts)), strict=True)
    ]


def _asked(known: Entry, rng: random.Random) -> Entry:
    """As a pupil types it."""
    before, after = rng.choice(["", "老师，", "请问"]), rng.choice(["", "怎么做", " 谢谢老师"])
    words = f"{before}{known.text.replace('，', rng.choice(['，', ',', ' ']))}{after}"[:2_000]
    return replace(known, id=uuid4(), text=words)


# --- the bank ------------------------------------------------------------------------------------------------------


async def fill(engine: AsyncEngine, matcher: Matcher, bank: Sequence[Entry]) -> float:
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
            "text": problem.original,
            "comparable": problem.text,
            "form": FORM,
            "subject": entry.subject,
            "stage": entry.stage,
            "embedding": literal(vector),
            "grams": telltales(problem, entry.subject, entry.stage),
            "version": matcher.index.model_version,
        }
        for entry, problem, vector in zip(batch, problems, vectors, strict=True)
    ]


def literal(vector: Vector) -> str:
    return "[" + ",".join(f"{x:.5g}" for x in vector.tolist()) + "]"


async def build(engine: AsyncEngine, matcher: Matcher) -> tuple[float, float]:
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
    INSERT INTO matcher_entries (id, kind, subject, stage, text, comparable, form, embedding, grams, model_version)
    VALUES (:id, 'answer', :subject, :stage, :text, :comparable, :form, CAST(:embedding AS halfvec),
            array_to_tsvector(CAST(:grams AS text[])), :version)
""")
