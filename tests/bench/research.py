"""The Monday page beside a year of a whole city's questions, and the night that takes up a day's new ones.

`dayi demo --questions 1000000 --headless` first makes the year, in the data folder; then `dayi bench research` asks the
door of the page for every kind of facet, one call after the other, with its sign-in and its JSON. The reference is, in
the same run, the same figures by SQL over the questions themselves: counts, pupils and waits of the three weeks by
knowledge point, grade and school, and the line of half a year. Then 20,000 more questions of the last week come in by
COPY (they stay in the data folder), facts follow them and the week is told anew; last, 1,000 labels of the whole year
are put right. `dayi bench research export` alone makes the export files, which come after it otherwise.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import numpy as np

from matcher.statements import driver_of
from media.storage import open_storage
from server.actions import facts
from server.actions.projects import make
from server.app import create_app
from server.cli import collect_seldom, servers
from server.demo import years
from server.domain.people import Subject
from server.parts import Parts
from server.settings import Settings
from server.store.projects import Projects
from server.store.work import Store, open_engine
from server.web.auth import make_token
from tests.bench.city import percentile

CALLS, NAIVE_CALLS, NEW, RELABELLED = 400, 12, 20_000, 1_000
SEED = 5
FORMS = ("parquet", "csv")

NAIVE = """
    WITH asked AS (
        SELECT q.*, i.school_id, date_trunc('week', q.received_at AT TIME ZONE 'Asia/Shanghai')::date AS week,
               (SELECT min(made_at) FROM suggestions s
                WHERE s.question_id = q.id AND verdict <> 'similar') AS pushed_at,
               (SELECT bool_or(outcome = 'still_stuck') FROM suggestions s WHERE s.question_id = q.id) AS stuck,
               (SELECT min(opened_at) FROM live_sessions l WHERE l.question_id = q.id) AS opened_at
        FROM questions q JOIN identities i ON i.account_id = q.student_id
        WHERE (q.received_at >= %(week)s AND q.received_at < %(week)s + interval '7 days'
               OR q.received_at >= %(week)s - interval '7 days' AND q.received_at < %(week)s
               OR q.received_at >= %(week)s - interval '364 days'
                  AND q.received_at < %(week)s - interval '357 days')
          AND (CAST(%(subject)s AS text) IS NULL OR q.subject = %(subject)s)
          AND (CAST(%(grade)s AS int) IS NULL OR q.grade = %(grade)s)
          AND (CAST(%(school)s AS uuid) IS NULL OR i.school_id = %(school)s)
          AND (SELECT given FROM consents c WHERE c.child_id = q.student_id AND purpose = 'research'
               ORDER BY c.id DESC LIMIT 1)
    )
    SELECT week, subject, knowledge_point, grade, school_id, count(*) AS asked, count(DISTINCT student_id) AS askers,
           sum(stuck::int) AS stuck,
           sum((pushed_at IS NULL AND answered_at IS NULL)::int) AS unanswered,
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (
               ORDER BY extract(epoch FROM least(pushed_at, opened_at) - received_at)) AS waits
    FROM asked GROUP BY GROUPING SETS (
        (week), (week, subject, knowledge_point, grade), (week, subject, knowledge_point, grade, school_id))
"""
NIGHT_PASSES = """
    UPDATE research_weeks SET told_at = told_at - interval '2 days', changed_at = changed_at - interval '3 days'
    RETURNING 1
"""
NAIVE_LINE = """
    SELECT date_trunc('week', q.received_at AT TIME ZONE 'Asia/Shanghai')::date AS week, count(*)
    FROM questions q JOIN identities i ON i.account_id = q.student_id
    WHERE q.received_at >= %(week)s - interval '175 days' AND q.received_at < %(week)s + interval '7 days'
      AND (CAST(%(subject)s AS text) IS NULL OR q.subject = %(subject)s)
      AND (CAST(%(grade)s AS int) IS NULL OR q.grade = %(grade)s)
      AND (CAST(%(school)s AS uuid) IS NULL OR i.school_id = %(school)s)
    GROUP BY 1
"""


async def main(argv: Sequence[str]) -> int:
    with servers(Settings.read()) as settings:
        app = create_app(replace(settings, demo=True))
        collect_seldom(app.state.parts.finder)  # as a web process does
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.origin) as client,
        ):
            status = 0 if argv else await _measure(app.state.parts, client)
            return status or await _export(app.state.parts)


async def _measure(parts: Parts, client: httpx.AsyncClient) -> int:
    rng = random.Random(SEED)
    [(count,)] = await parts.store.rows("SELECT count(*) FROM questions", {})
    schools = [row.school_id for row in await parts.store.rows("SELECT DISTINCT school_id FROM research_enrolled", {})]
    weeks = [row.week for row in await parts.store.rows("SELECT week FROM research_weeks ORDER BY week DESC", {})]
    if not weeks:
        print("No week is told here: make a year first (dayi demo --questions 1000000 --headless).")
        return 1
    client.headers["Authorization"] = f"Bearer {await make_token(parts.store, 'researcher1', 1)}"

    def facets() -> dict[str, Any]:
        chosen: dict[str, Any] = {"week": rng.choice(weeks[:26])}
        if rng.random() < 0.6:
            chosen["subject"] = str(rng.choice(list(Subject)))
        if rng.random() < 0.5:
            chosen["grade"] = rng.randrange(1, 13)
        if rng.random() < 0.3:
            chosen["school"] = rng.choice(schools)
        return chosen

    async def ask(chosen: dict[str, Any]) -> float:
        started = time.perf_counter()
        answer = await client.get("/api/research/week", params={name: str(value) for name, value in chosen.items()})
        assert answer.status_code == 200, answer.text
        return 1000 * (time.perf_counter() - started)

    whole = [{"week": week} for week in weeks[:26] * 2]
    for chosen in whole[:3]:
        await ask(chosen)
    print(f"| {count:,} questions | p50, ms | p95, ms | slowest, ms |")
    print("|---|---|---|---|")
    line("the page of the whole city, 52 calls", [await ask(chosen) for chosen in whole])
    wanted = [facets() for _ in range(CALLS)]
    line(f"any facets, {CALLS} calls", [await ask(chosen) for chosen in wanted])
    sampled = [whole[0], *wanted[: NAIVE_CALLS - 1]]
    line(f"the page, {NAIVE_CALLS} of these", [await ask(chosen) for chosen in sampled])
    line("the same by SQL over the questions (reference)", [await _naive(parts, chosen) for chosen in sampled])
    await _night(parts)
    return 0


async def _export(parts: Parts) -> int:
    """Each file is made in a process of its own, as a worker makes it; its peak memory is that process's."""
    print("\n| export of every question | rows | left out | MB | s | peak MiB |\n|---|---|---|---|---|---|")
    [row] = await parts.store.rows("SELECT id FROM accounts WHERE login = 'researcher1'", {})
    [other] = await parts.store.rows("SELECT id FROM accounts WHERE login = 'auditor1'", {})
    today = datetime.now(facts.SHANGHAI).date()
    days = {"first": today - timedelta(days=400), "until": today, "expires_on": today}
    for form in FORMS:
        async with parts.store.work() as work:
            projects = Projects(work)
            project = await projects.add(title="bench", purpose="how long it takes", asked_by=row.id, **days)
            await projects.decide(project, other.id, True)
            export = await projects.add_export(project_id=project, form=form, asked_by=row.id)
            await work.commit()
        settings = parts.settings
        made = {"DAYI_DATABASE_URL": settings.database_url, "DAYI_DATA_DIR": str(settings.data_dir)}
        lasted, peak = await asyncio.to_thread(_run, str(export), {**os.environ, **made})
        [done] = await parts.store.rows("SELECT * FROM research_exports WHERE id = %(id)s", {"id": export})
        size = f"{done.rows:,} | {done.left_out:,} | {done.size / 1e6:.0f}"
        print(f"| {form} | {size} | {lasted:.1f} | {peak:.0f} |", flush=True)
    return 0


def _run(export: str, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds, and the peak of its memory in MiB."""
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", __name__, export], env=environment)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - started, used.ru_maxrss / 1024


async def _make(export: UUID) -> None:
    settings = Settings.read()
    engine = open_engine(settings.database_url)
    storage = open_storage("", secret=settings.signing_secret(), data_dir=settings.data_dir, base_url="/files")
    await make(Store(engine), storage, "bench", export)
    await engine.dispose()


def line(what: str, ms: list[float]) -> None:
    print(f"| {what} | {percentile(ms, 0.5):.0f} | {percentile(ms, 0.95):.0f} | {max(ms):.0f} |", flush=True)


async def _naive(parts: Parts, chosen: dict[str, Any]) -> float:
    week = datetime.combine(chosen["week"], datetime.min.time(), facts.SHANGHAI)
    wanted = {"subject": None, "grade": None, "school": None, **chosen, "week": week}
    started = time.perf_counter()
    await parts.store.rows(NAIVE, wanted)
    await parts.store.rows(NAIVE_LINE, wanted)
    return 1000 * (time.perf_counter() - started)


async def _night(parts: Parts) -> None:
    """A night's work, and that of a day on which many labels were put right."""
    await _come_in(parts)
    await parts.store.rows(NIGHT_PASSES, {})
    started = time.perf_counter()
    followed = await facts.follow(parts.store)
    at_facts = time.perf_counter()
    told = await facts.tell(parts.store)
    done = time.perf_counter()
    print(f"\n| the night after {NEW:,} questions more | s |\n|---|---|")
    print(f"| {followed:,} facts follow | {at_facts - started:.1f} |")
    print(f"| {len(told)} weeks are told anew | {done - at_facts:.1f} |")
    relabel = """UPDATE questions SET knowledge_point = knowledge_point || '。' WHERE id IN
        (SELECT id FROM questions WHERE knowledge_point IS NOT NULL ORDER BY md5(id::text) LIMIT %(n)s) RETURNING 1"""
    await parts.store.rows(relabel, {"n": RELABELLED})
    await parts.store.rows(NIGHT_PASSES, {})
    started = time.perf_counter()
    followed = await facts.follow(parts.store)
    told = await facts.tell(parts.store)
    lasted = time.perf_counter() - started
    print(f"| {RELABELLED:,} labels of the year put right: {followed:,} facts, {len(told)} weeks | {lasted:.1f} |")
    back = """UPDATE questions SET knowledge_point = rtrim(knowledge_point, '。')
        WHERE knowledge_point LIKE '%%。' RETURNING 1"""
    await parts.store.rows(back, {})
    await facts.follow(parts.store)


async def _come_in(parts: Parts) -> None:
    """New questions of the last week, by the pupils who are there."""
    rng = np.random.default_rng()  # ids that are not there yet
    rows = await parts.store.rows(
        """SELECT a.id, a.grade, i.school_id FROM accounts a JOIN identities i ON i.account_id = a.id
           WHERE a.login LIKE 'made-%%'""",
        {},
    )
    pupils = [row.id for row in rows]
    places: dict[tuple[UUID, int], list[int]] = {}
    for n, row in enumerate(rows):
        places.setdefault((row.school_id, row.grade), []).append(n)
    known = [years.Place(grade, np.array(found)) for (_, grade), found in places.items()]
    monday = datetime.combine(facts.monday(datetime.now(facts.SHANGHAI)), datetime.min.time(), facts.SHANGHAI)
    [(teacher,)] = await parts.store.rows("SELECT id FROM accounts WHERE login = 'teacher1'", {})
    async with parts.store.engine.connect() as connection:
        driver = await driver_of(connection)
        asked = years.asked(rng, NEW, known, monday, only=years.WEEKS - 1)
        await years.write(driver, rng, list(asked), pupils, teacher)
        await driver.commit()


if __name__ == "__main__":
    asyncio.run(_make(UUID(sys.argv[1])))
