"""The bank beside a year of a whole city's questions: every change of a facet, and searches by words.

`dayi demo --questions 1000000 --headless` first makes the year, in the data folder; then `dayi bench bank` asks the
door of the page with random facets, and with words of problems that are in the bank, one call after the other, with its
sign-in and its JSON. With `--answers 100000` so many made-up answers stand in the matcher's index meanwhile, in
subjects and stages as the demo's problems are, beside one for each text of the year. The reference is, in the same run,
the same counts and the same page of questions by SQL over the questions themselves; words are looked for with LIKE. The
reference tells groups of any size, and who reads it gets no photos and no answers.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from matcher.embed import Embedder
from matcher.match import Matcher
from server.actions.facts import SHANGHAI
from server.app import create_app
from server.bank import index_words
from server.cli import collect_seldom, servers
from server.domain.bank import PERIODS, Outcome
from server.domain.people import Stage, Subject
from server.parts import Parts
from server.settings import Settings
from server.web.auth import make_token
from tests.bench.answers import Entry, build, entries, fill
from tests.bench.problems import problems
from tests.bench.research import line

CALLS, SEARCHES, NAIVE_CALLS = 400, 100, 10
SEED = 7

NAIVE = """
    WITH asked AS MATERIALIZED (
        SELECT q.id, q.subject, q.grade, q.knowledge_point, i.school_id, q.received_at, q.read_text,
               date_trunc('week', q.received_at AT TIME ZONE 'Asia/Shanghai')::date AS week,
               CASE WHEN q.grade <= 6 THEN 'primary' WHEN q.grade <= 9 THEN 'junior' ELSE 'senior' END AS stage,
               (SELECT bool_or(outcome = 'still_stuck') FROM suggestions s WHERE s.question_id = q.id) AS stuck,
               q.answered_at IS NULL AND NOT EXISTS (SELECT FROM suggestions s WHERE s.question_id = q.id) AS unanswered
        FROM questions q JOIN identities i ON i.account_id = q.student_id
        WHERE q.received_at >= %(first)s AND q.received_at < %(last)s AND q.read_text LIKE %(words)s
          AND (CAST(%(subject)s AS text) IS NULL OR q.subject = %(subject)s)
          AND (CAST(%(grade)s AS int) IS NULL OR q.grade = %(grade)s)
          AND (CAST(%(point)s AS text) IS NULL OR q.knowledge_point = %(point)s)
          AND (CAST(%(school)s AS uuid) IS NULL OR i.school_id = %(school)s)
          AND (SELECT given FROM consents c WHERE c.child_id = q.student_id AND purpose = 'research'
               ORDER BY c.id DESC LIMIT 1)
    )
    SELECT subject, stage, grade, knowledge_point, school_id, week, count(*), sum(stuck::int) AS stuck,
           sum(unanswered::int) AS unanswered
    FROM asked GROUP BY GROUPING SETS ((), (subject), (stage), (grade), (knowledge_point), (school_id), (week))
"""
NAIVE_PAGE = """
    SELECT q.id, q.read_text FROM questions q JOIN identities i ON i.account_id = q.student_id
    WHERE q.received_at >= %(first)s AND q.received_at < %(last)s AND q.read_text LIKE %(words)s
      AND (CAST(%(subject)s AS text) IS NULL OR q.subject = %(subject)s)
      AND (CAST(%(grade)s AS int) IS NULL OR q.grade = %(grade)s)
      AND (CAST(%(point)s AS text) IS NULL OR q.knowledge_point = %(point)s)
      AND (CAST(%(school)s AS uuid) IS NULL OR i.school_id = %(school)s)
    ORDER BY q.received_at DESC LIMIT 20
"""


async def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dayi bench bank")
    parser.add_argument("--answers", type=int, default=0, help="made-up ones in the matcher's index")
    parser.add_argument("--calls", type=int, default=CALLS)
    given = parser.parse_args(argv)
    with servers(Settings.read()) as settings:
        app = create_app(replace(settings, demo=True))
        collect_seldom(app.state.parts.finder)  # as a web process does
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.origin) as client,
        ):
            if given.answers:
                await _answers(app.state.parts, given.answers)
            return await _measure(app.state.parts, client, given.calls)


async def _answers(parts: Parts, count: int) -> None:
    """An index as full as a city's, once; the texts of the year are among it, so that meaning finds them."""
    engine = parts.store.engine
    [(there,)] = await parts.store.rows("SELECT count(*) FROM matcher_entries", {})
    if there < count:
        matcher = Matcher(await asyncio.to_thread(Embedder.load))
        rows = await parts.store.rows(_TEXTS, {})
        asked = [Entry(uuid4(), row.text, Subject(row.subject), Stage(row.stage)) for row in rows]
        made = entries(problems(count, random.Random(SEED), None), random.Random(SEED), narrow=False)
        await fill(engine, matcher, [*asked, *made])
        await build(engine, matcher)
        async with parts.store.work() as work:  # whose questions those answers answered
            await work.rows(_ANSWERED, {"ids": [e.id for e in asked], "texts": [e.text for e in asked]})
            await work.commit()
    [(there,)] = await parts.store.rows("SELECT count(*) FROM matcher_entries", {})
    print(f"{there:,} answers in the matcher's index.")


_TEXTS = """
    SELECT t.text, b.subject, b.stage FROM bank_texts t CROSS JOIN LATERAL (
        SELECT subject, stage FROM bank_questions WHERE text_id = t.id AND stage IS NOT NULL LIMIT 1) b
"""
_ANSWERED = """
    WITH known AS (SELECT t.id AS text_id, given.id FROM unnest(CAST(%(ids)s AS uuid[]), CAST(%(texts)s AS text[]))
                   AS given (id, text) JOIN bank_texts t ON t.text = given.text)
    UPDATE bank_questions b SET answer_id = known.id FROM known WHERE b.text_id = known.text_id RETURNING 1
"""


async def _measure(parts: Parts, client: httpx.AsyncClient, calls: int) -> int:
    rng = random.Random(SEED)
    await index_words(parts.store)
    await parts.finder.ready()
    [(count,)] = await parts.store.rows("SELECT count(*) FROM questions", {})
    [told] = await parts.store.rows(
        """SELECT (SELECT count(*) FROM bank_questions) AS questions, (SELECT count(*) FROM bank_texts) AS texts,
                  (SELECT count(*) FROM bank_units) AS units, (SELECT max(week) FROM research_weeks) AS last""", {},
    )  # fmt: skip
    if not told.questions:
        print("The bank is empty: make a year first (dayi demo --questions 1000000 --headless).")
        return 1
    points = await parts.store.rows(
        """SELECT subject, stage, knowledge_point AS name FROM bank_questions TABLESAMPLE SYSTEM (5)
           WHERE knowledge_point IS NOT NULL LIMIT 500""", {},
    )  # fmt: skip
    schools = [row.school_id for row in await parts.store.rows("SELECT DISTINCT school_id FROM research_enrolled", {})]
    texts = [row.text for row in await parts.store.rows("SELECT text FROM bank_texts ORDER BY md5(text) LIMIT 500", {})]
    client.headers["Authorization"] = f"Bearer {await make_token(parts.store, 'researcher1', 1)}"

    def facets(weeks: Sequence[int] = PERIODS) -> dict[str, Any]:
        chosen: dict[str, Any] = {"weeks": rng.choice(weeks)}
        if rng.random() < 0.3:
            point = rng.choice(points)
            chosen |= {"subject": point.subject, "stage": point.stage, "point": point.name}
        elif rng.random() < 0.6:
            chosen["subject"] = str(rng.choice(list(Subject)))
            if rng.random() < 0.5:
                chosen["stage"] = str(rng.choice(list(Stage)))
        if rng.random() < 0.4:
            chosen["grade"] = rng.randrange(1, 13)
        if rng.random() < 0.3:
            chosen["school"] = str(rng.choice(schools))
        if rng.random() < 0.3:
            chosen["outcome"] = str(rng.choice(list(Outcome)))
        return chosen

    def words() -> dict[str, Any]:
        text = rng.choice(texts)
        at = rng.randrange(max(1, len(text) - 12))
        return {**(facets() if rng.random() < 0.5 else {"weeks": 52}), "q": text[at : at + rng.choice((4, 8, 12, 200))]}

    async def ask(chosen: dict[str, Any]) -> float:
        started = time.perf_counter()
        answer = await client.get("/api/research/bank", params=chosen)
        assert answer.status_code == 200, answer.text
        return 1000 * (time.perf_counter() - started)

    for warm in ({"weeks": 52}, {"weeks": 52, "q": "求"}, {"weeks": 4}):
        await ask(warm)
    print(f"{told.questions:,} of {count:,} are told, in {told.units:,} sums and {told.texts:,} texts.\n")
    print(f"| {count:,} questions | p50, ms | p95, ms | slowest, ms |")
    print("|---|---|---|---|")
    line("the whole year, no facet, 20 calls", [await ask({"weeks": 52}) for _ in range(20)])
    wanted = [facets() for _ in range(calls)]
    line(f"any facets, any period, {calls} calls", [await ask(chosen) for chosen in wanted])
    line(f"any facets, of the whole year, {calls} calls", [await ask({**c, "weeks": 52}) for c in wanted])
    sought = [words() for _ in range(SEARCHES)]
    line(f"words and meaning, with facets in half, {SEARCHES} calls", [await ask(chosen) for chosen in sought])
    whole = [{"weeks": 52, "q": rng.choice(texts)[:500], "figure": f"{rng.getrandbits(64):016x}"} for _ in range(20)]
    line("what a photo was read as: a whole text and a figure, 20 calls", [await ask(chosen) for chosen in whole])
    sampled = [*wanted[: NAIVE_CALLS // 2], *sought[: NAIVE_CALLS // 2]]
    line(f"the page, {NAIVE_CALLS} of these", [await ask(chosen) for chosen in sampled])
    line("the same by SQL over the questions (reference)", [await _naive(parts, c, told.last) for c in sampled])
    return 0


async def _naive(parts: Parts, chosen: dict[str, Any], latest: Any) -> float:
    last = datetime.combine(latest + timedelta(weeks=1), datetime.min.time(), SHANGHAI)
    wanted = {name: chosen.get(name) for name in ("subject", "grade", "point", "school")}
    wanted |= {"last": last, "first": last - timedelta(weeks=chosen["weeks"]), "words": f"%{chosen.get('q', '')}%"}
    started = time.perf_counter()
    await parts.store.rows(NAIVE, wanted)
    await parts.store.rows(NAIVE_PAGE, wanted)
    return 1000 * (time.perf_counter() - started)
