"""Topics: how well they are what people would call one, whether they stay themselves, and what a city's month costs.

Questions whose point is known (the demo's problems as pupils would send them, in other words and numbers) are
grouped beside MiniBatchKMeans, which is told how many groups there are, and HDBSCAN, on the same vectors; with
`--labelled FILE` also those of a JSONL file with `text` and `subject`. A month of such questions, whose favourites
change, is replayed week by week, everything grouped anew each time: of the questions that had a topic and are still
in the period, so many are in it. Then the run of `dayi research topics --anew` on so many questions in PostgreSQL,
and that of the night after.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from sklearn.cluster import HDBSCAN, MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sqlalchemy import insert, text

from matcher.embed import Vector
from matcher.noise import asked_again, changed
from matcher.topics import Known, grouped, made, mean_of, vectors_of
from server.demo.problems import Problem
from server.demo.problems import problems as demo_problems
from server.embedded import EmbeddedPostgres
from server.hands import own_process
from server.store import tables as t
from server.store.migrate import migrate
from server.store.work import Store, open_engine
from server.topics import group

SEED = 17
VERSIONS = 8  # of each problem
WEEKLY, WEEKS, PERIOD = 1_500, 8, 4
QUESTIONS, PUPILS = 100_000, 20_000
ROWS = 500


async def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dayi bench topics", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--labelled", type=Path, help="JSONL with text and subject, to be grouped besides")
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="of the city's month; 0 leaves it out")
    given = parser.parse_args(argv)
    rng = random.Random(SEED)
    print("| questions | groups of | ARI | NMI | groups |\n|---|---|---|---|---|")
    asked = [(sent(problem, rng), _label(problem)) for problem in demo_problems() for _ in range(VERSIONS)]
    _compare("the demo's problems, by point", *zip(*asked, strict=True))
    if given.labelled:
        rows = [json.loads(line) for line in given.labelled.read_text("utf-8").splitlines()]
        _compare(f"{given.labelled.stem}, by subject", [r["text"] for r in rows], [r["subject"] for r in rows])
    shares = _replay(rng)
    print(f"\na month replayed: identity kept {min(shares):.3f} at worst, {sum(shares) / len(shares):.3f} in the mean")
    if given.questions:
        await _city(given.questions, rng)
    return 0


def sent(problem: Problem, rng: random.Random) -> str:
    """As a pupil would send it."""
    other = changed(problem.text, rng) if rng.random() < 0.6 else None
    return asked_again(other[0] if other else problem.text, rng, [each.text for each in demo_problems()])


def _label(problem: Problem) -> str:
    return f"{problem.subject} {problem.stage} {problem.knowledge_point}"


def _compare(name: str, texts: Sequence[str], labels: Sequence[str]) -> None:
    vectors: Vector = vectors_of(texts)
    many = len(set(labels))
    for method, found in (
        ("ours", grouped(vectors)),
        (f"MiniBatchKMeans, told that there are {many}", _means(vectors, many)),
        ("HDBSCAN, five or more", HDBSCAN(min_cluster_size=5, copy=True).fit_predict(vectors)),
    ):
        ari, nmi = adjusted_rand_score(labels, found), normalized_mutual_info_score(labels, found)
        print(f"| {name} ({len(texts):,}) | {method} | {ari:.3f} | {nmi:.3f} | {len(set(found) - {-1})} |", flush=True)


def _means(vectors: Vector, many: int) -> Any:
    return MiniBatchKMeans(many, random_state=SEED, n_init=3).fit_predict(vectors)


def _replay(rng: random.Random) -> list[float]:
    """Of each week but the first, the share of the questions that had a topic and stayed in it."""
    problems = list(demo_problems())
    favour = [rng.paretovariate(1.2) for _ in problems]
    stream: list[tuple[int, str]] = []
    had: dict[int, int] = {}
    known: dict[int, Known] = {}
    shares, number = [], 0
    for week in range(WEEKS):
        favour = [weight * rng.lognormvariate(0, 0.4) for weight in favour]
        for problem in rng.choices(problems, favour, k=WEEKLY):
            stream.append((week, sent(problem, rng)))
        window = [(i, said) for i, (asked, said) in enumerate(stream) if week - PERIOD < asked <= week]
        before = [had.get(i) for i, _ in window]
        placed, told = made([said for _, said in window], before, list(known.values()), fresh=True)
        ids = {topic: topic for topic in told if topic >= 0}
        for topic in told:
            if topic < 0:
                number += 1
                ids[topic] = number
        known |= {ids[topic]: Known(ids[topic], mean_of(each.mean)) for topic, each in told.items()}
        now = {i: ids[topic] for (i, _), topic in zip(window, placed, strict=True) if topic is not None}
        both = [i for (i, _), topic in zip(window, before, strict=True) if topic is not None]
        if both:
            shares.append(sum(now.get(i) == had[i] for i in both) / len(both))
        had |= now
    return shares


async def _city(count: int, rng: random.Random) -> None:
    with tempfile.TemporaryDirectory(prefix="dayi-topics-") as folder, EmbeddedPostgres(Path(folder)) as server:
        migrate(server.url)
        engine = open_engine(server.url)
        store, today = Store(engine), datetime.now(UTC).date()
        await _fill(store, count, today, rng)
        started = time.perf_counter()
        with own_process() as pool:
            seen = await group(store, pool, today, fresh=True)
        whole = time.perf_counter() - started
        started = time.perf_counter()
        with own_process() as pool:
            await group(store, pool, today, fresh=False)
        again = time.perf_counter() - started
        peak = max(map(_peak_gib, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
        sizes = [row.n for row in await store.rows("SELECT count(*) AS n FROM topic_members GROUP BY topic_id", {})]
        await engine.dispose()
    print(f"\n{seen:,} questions, grouped anew: {whole:.0f} s; the night after: {again:.0f} s", flush=True)
    print(f"the largest process {peak:.2f} GiB; {len(sizes):,} topics with {sum(sizes):,} questions")


def _peak_gib(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 2**20


async def _fill(store: Store, count: int, today: date, rng: random.Random) -> None:
    """Straight into the tables, without their triggers: what is measured begins after it."""
    problems = list(demo_problems())
    favour = np.array([rng.paretovariate(1.2) for _ in problems])
    counts: Counter[str] = Counter()
    async with store.engine.begin() as connection:
        await connection.execute(text("SET session_replication_role = replica"))
        pupils = [uuid4() for _ in range(PUPILS)]
        for start in range(0, count, ROWS):
            rows, facts = [], []
            for problem in rng.choices(problems, list(favour), k=min(ROWS, count - start)):
                day = today - timedelta(days=rng.randrange(28))
                at = datetime.combine(day, datetime.min.time(), UTC)
                id, pupil = uuid4(), rng.choice(pupils)
                counts[problem.subject] += 1
                rows.append({
                    "id": id, "student_id": pupil, "subject": problem.subject, "grade": problem.grade,
                    "received_at": at, "text": sent(problem, rng), "read_text": "", "state": "resolved",
                    "state_since": at, "version": 1, "followers": 0, "assignment_epoch": 0, "offers_made": 0,
                    "refused_by": [],
                })  # fmt: skip
                facts.append({
                    "question_id": id, "pupil_id": pupil, "week": day - timedelta(days=day.weekday()), "day": day,
                    "grade": problem.grade, "subject": problem.subject, "pushed": False, "saw": True,
                    "solved": True, "stuck": False, "reopened": False, "unanswered": False,
                })  # fmt: skip
            await connection.execute(insert(t.questions), rows)
            await connection.execute(insert(t.research_facts), facts)
    async with store.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("ANALYZE"))


if __name__ == "__main__":
    asyncio.run(main([]))
