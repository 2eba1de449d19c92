"""What an operator sees: probes that name each part, figures that move, and logs without anybody in them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from starlette.applications import Starlette

from media.storage import FolderStorage
from server.actions import answer, ask
from server.parts import Parts
from tests.actions.conftest import SaysSo
from tests.builders import RULES, World
from tests.web.conftest import PATIENCE_S, Browser, Town, a_page


async def figures(program: httpx.AsyncClient) -> dict[tuple[str, str], float]:
    """Every sample by its name and the values of its labels."""
    answer = await program.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, " ".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_the_probes_name_each_part(program: httpx.AsyncClient) -> None:
    healthy, ready = await program.get("/healthz"), await program.get("/readyz")

    assert (healthy.status_code, healthy.json()) == (200, {"status": "ok"})
    assert ready.status_code == 200
    assert ready.json().keys() == {"status", "database", "object_store", "redis", "matcher"}
    assert ready.json()["database"] == "ok"


async def test_a_database_that_was_not_migrated_is_not_ready(program: httpx.AsyncClient, parts: Parts) -> None:
    async with parts.store.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    ready = await program.get("/readyz")

    assert (ready.status_code, ready.json()["database"], ready.json()["status"]) == (503, "not migrated", "down")


@pytest.mark.parametrize("redis_url", ["redis://127.0.0.1:1/0"], ids=["nobody listens there"])
async def test_a_part_that_is_away_is_named_and_questions_are_taken_all_the_same(
    program: httpx.AsyncClient, parts: Parts
) -> None:
    assert isinstance(parts.storage, FolderStorage)
    shutil.rmtree(parts.storage.root)
    async with asyncio.timeout(PATIENCE_S):
        while (ready := await program.get("/readyz")).json()["redis"] == "ok":
            continue

    assert ready.status_code == 200
    assert ready.json() | {"matcher": "ok"} == {
        "status": "degraded",
        "database": "ok",
        "object_store": "down",
        "redis": "down",
        "matcher": "ok",
    }


async def test_an_open_page_is_a_socket_more(
    app: Starlette, browser: Browser, program: httpx.AsyncClient, town: Town
) -> None:
    await town.pupil()
    await browser.sign_in("xiaoming")

    page = await a_page(app, (await browser.post("/api/tickets")).json()["ticket"])
    opened = await figures(program)
    page.leave()
    await page.task
    left = await figures(program)

    assert (opened["dayi_sockets", ""], left["dayi_sockets", ""]) == (1, 0)


async def test_the_figures_move_with_a_question(
    browser: Browser, program: httpx.AsyncClient, parts: Parts, town: Town
) -> None:
    world = World(parts.store)
    await town.pupil()
    await browser.sign_in("xiaoming")
    before = await figures(program)

    body = {"subject": "math", "grade": 8, "text": "从没有人问过的一道题：17 乘 23？"}
    asked = await browser.post("/api/questions", json=body, headers={"Idempotency-Key": str(uuid4())})
    await parts.texts.flush()
    waiting = await figures(program)
    teacher = await world.teacher()
    async with parts.store.work() as work:
        offer = await work.open_offer_of(asked.json()["id"])
    assert offer is not None
    offered = await figures(program)
    async with parts.store.work() as work:
        await answer.accept(work, teacher, offer.id, await work.now())
    answering = await figures(program)

    assert waiting["dayi_asks_total", ""] == before["dayi_asks_total", ""] + 1
    assert waiting["dayi_verdicts", "new"] == 1
    assert waiting["dayi_questions", "waiting"] == 1
    assert waiting["dayi_queue_age_seconds", ""] > 0 == before["dayi_queue_age_seconds", ""]
    assert offered["dayi_offers", "open"] == 1
    assert answering["dayi_offers", "accepted"] == 1
    assert answering["dayi_wait_seconds", "0.5"] > 0
    assert before["dayi_sockets", ""] == 0
    assert before["dayi_loop_lag_seconds_count", ""] >= 0


async def test_the_age_of_a_job_counts_from_when_it_was_due(program: httpx.AsyncClient, parts: Parts) -> None:
    async with parts.store.work() as work:
        work.defer("read_question", queue="read", question_id=str(uuid4()))
        await work.commit()
    async with parts.store.engine.begin() as connection:
        await connection.execute(text("UPDATE procrastinate_events SET at = at - interval '1 hour'"))
        await connection.execute(text("UPDATE procrastinate_jobs SET scheduled_at = NULL"))

    assert (await figures(program))["dayi_job_age_seconds", "read"] > 3_599


async def test_figures_are_had_without_naming_anybody(program: httpx.AsyncClient, parts: Parts) -> None:
    world = World(parts.store)
    question = await world.ask(await world.student("canarylogin"), "canarytext 3 加 5")
    async with parts.store.work() as work:
        await ask.settle(work, SaysSo(), RULES, question, None, await work.now())

    told = (await program.get("/metrics")).text

    assert "canary" not in told and str(question) not in told


CANARIES = ("canarylogin", "canarynick", "canarytext", "canarypassword")
LOGS = """
import logging
from server import observe
observe.configure("debug")
log = logging.getLogger("server.somewhere")
log.warning("somebody failed", extra={"login": "canarylogin", "nickname": "canarynick", "question": "0192"})
log.error("a text came along", extra={"text": "canarytext", "password": "canarypassword"})
"""


def test_logs_are_lines_of_json_without_what_names_a_person() -> None:
    done = subprocess.run([sys.executable, "-c", LOGS], capture_output=True, text=True, env={**os.environ}, check=True)

    lines = [json.loads(line) for line in (done.stdout + done.stderr).splitlines()]
    assert [line["event"] for line in lines] == ["somebody failed", "a text came along"]
    assert lines[0]["question"] == "0192"
    assert not any(canary in json.dumps(line) for canary in CANARIES for line in lines)


async def test_a_pupils_whole_visit_leaves_nothing_of_them_in_the_log(
    a_browser: Callable[[], Browser], town: Town, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    await town.pupil("canarylogin")
    browser = a_browser()
    await browser.sign_in("canarylogin", "canarypassword")
    await browser.sign_in("canarylogin")
    body = {"subject": "math", "grade": 8, "text": "canarytext 3 加 5"}
    await browser.post("/api/questions", json=body, headers={"Idempotency-Key": "canarykey"})
    await browser.post("/api/questions", json={**body, "grade": "canary"}, headers={"Idempotency-Key": "canarykey2"})

    said = "".join(capfd.readouterr()) + caplog.text

    assert "/api/questions" in said
    assert "canary" not in said
