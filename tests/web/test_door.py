"""What every door does before its handler: the page that sent it, the body, the headers, and a part that is missing."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import psycopg
import pytest
import redis
from sqlalchemy import func, make_url, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from server.embedded import EmbeddedPostgres
from server.parts import Parts
from server.settings import Settings
from server.store import tables as t
from server.web.door import Doors
from server.web.routes import DOORS
from tests.web.conftest import ORIGIN, Browser, Town

ASK = {"subject": "math", "grade": 8, "text": "一根绳子长 12 米，用去三分之一，还剩几米？"}


@pytest.fixture
async def pupil(browser: Browser, town: Town) -> Browser:
    await town.pupil()
    await browser.sign_in("xiaoming")
    return browser


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


async def questions(parts: Parts) -> int:
    async with parts.store.reading() as connection:
        return int((await connection.execute(select(func.count()).select_from(t.questions))).scalar_one())


# --- whose page it was


@pytest.mark.parametrize(
    "headers",
    [
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "another"},
        {"X-CSRF-Token": b"\xfc"},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": ORIGIN + ".evil.test"},
        {"Origin": ORIGIN.replace("https", "http")},
    ],
    ids=str,
)
async def test_what_another_site_sends_with_our_cookie_is_refused(
    pupil: Browser, parts: Parts, headers: dict[str, str | bytes]
) -> None:
    answer = await pupil.post("/api/questions", json=ASK, headers={**key(), **headers})

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign")
    assert await questions(parts) == 0


async def test_another_site_can_not_sign_a_visitor_in(browser: Browser, town: Town) -> None:
    await town.pupil()

    assert (await browser.sign_in("xiaoming", Origin="https://evil.test")).status_code == 403


async def test_the_socket_and_the_doors_know_one_host_only(pupil: Browser) -> None:
    answer = await pupil.post("/api/tickets", headers={"Host": "evil.test", "Origin": "https://evil.test"})

    assert answer.status_code == 403


# --- bodies


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b"null", 422),
        (b'{"subject":"math"}', 422),
        (b'{"subject":"alchemy","grade":8,"text":"x"}', 422),
        (b'{"subject":"math","grade":NaN,"text":"x"}', 422),
        (b'{"subject":"math","grade":1e400,"text":"x"}', 422),
        (b'{"subject":"math","grade":8.5,"text":"x"}', 422),
        (b'{"subject":"math","grade":"8","text":"x"}', 422),
        (b'{"subject":"math","grade":99999999999999999999,"text":"x"}', 400),
        (b'{"subject":"math","grade":0,"text":"x"}', 400),
        (b'{"subject":"math","grade":8,"text":"   "}', 422),
        (b'{"subject":"math","grade":8,"text":"\\u0000"}', 422),
        (b'{"subject":"math","grade":8,"text":"\xff\xfe"}', 422),
        (b'{"subject":"math","grade":8,"text":"\\ud800"}', 422),
        (b'{"subject":"math","grade":8,"text":"x","media":["../../etc"]}', 422),
        (b'{"subject":"math","grade":8,"text":"x","student_id":"%s"}' % str(UUID(int=7)).encode(), 422),
        (b'{"subject":"math","grade":8,"text":"x","roles":["teacher"]}', 422),
        (b"[" * 10_000, 422),
        (b'{"text":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001, 422),
        (b'{"text":"' + b"a" * 70_000 + b'"}', 413),
    ],
    ids=lambda value: value[:60].decode("utf-8", "replace") if isinstance(value, bytes) else str(value),
)
async def test_a_body_that_makes_no_sense_is_refused_with_a_sentence(
    pupil: Browser, parts: Parts, body: bytes, status: int
) -> None:
    answer = await pupil.post("/api/questions", content=body, headers={**key(), "Content-Type": "application/json"})

    problem = answer.json()
    assert answer.status_code == status
    assert problem["zh"] and problem["en"]
    assert await questions(parts) == 0


async def test_of_a_name_given_twice_the_last_one_counts_and_nothing_breaks(pupil: Browser) -> None:
    body = '{"subject":"math","grade":8,"text":"first","text":"3 加 5 等于几？"}'

    answer = await pupil.post("/api/questions", content=body, headers={**key(), "Content-Type": "application/json"})

    assert answer.status_code == 201 and answer.json()["text"] == "3 加 5 等于几？"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_a_form_of_another_site_is_no_json(pupil: Browser, kind: str) -> None:
    answer = await pupil.post("/api/questions", content=json.dumps(ASK), headers={**key(), "Content-Type": kind})

    assert answer.status_code == 415


async def test_a_body_without_end_is_cut_where_it_is_too_large(pupil: Browser) -> None:
    sent = 0

    async def without_end() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 16_384
            yield b"a" * 16_384

    answer = await pupil.post(
        "/api/questions", content=without_end(), headers={**key(), "Content-Type": "application/json"}
    )

    assert answer.status_code == 413
    assert sent <= 6 * 16_384


@pytest.mark.parametrize("bad", ["", "a" * 201, b"schl\xfcssel", "a\tb"])
async def test_a_question_without_a_usable_key_is_refused(pupil: Browser, bad: str | bytes) -> None:
    answer = await pupil.post("/api/questions", json=ASK, headers={"Idempotency-Key": bad})

    assert (answer.status_code, answer.json()["code"]) == (400, "key_missing")


async def test_the_same_key_is_the_same_question_and_another_content_is_refused(pupil: Browser, parts: Parts) -> None:
    same = key()

    first = await pupil.post("/api/questions", json=ASK, headers=same)
    again = await pupil.post("/api/questions", json=ASK, headers=same)
    other = await pupil.post("/api/questions", json={**ASK, "grade": 9}, headers=same)

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert first.json()["id"] == again.json()["id"]
    assert other.json()["code"] == "key_reused"
    assert await questions(parts) == 1


# --- addresses and headers


@pytest.mark.parametrize(
    "path",
    [
        "/api/questions/1",
        "/api/questions/%7B00000000-0000-0000-0000-000000000000%7D",
        "/api/questions/00000000000000000000000000000000",
        "/api/questions/urn:uuid:00000000-0000-0000-0000-000000000000",
        "/api/questions/' OR 1=1 --",
        "/api/questions/..%2F..%2Fetc%2Fpasswd",
        "/api/questions/00000000-0000-0000-0000-000000000000%00",
        "/api/nothing",
        "/assets/../pyproject.toml",
        "/assets/%2e%2e/%2e%2e/pyproject.toml",
    ],
)
async def test_what_is_no_address_is_not_found(pupil: Browser, path: str) -> None:
    answer = await pupil.get(path)

    assert answer.status_code == 404


def test_the_door_that_opens_is_the_first_of_the_list_that_fits(parts: Parts) -> None:
    async def nobody(_: Request) -> Response:
        raise AssertionError

    listed = [Route(door.path, nobody, methods=[door.method], name=f"{door.method} {door.path}") for door in DOORS]
    doors = Doors(DOORS, parts)
    known = {re.sub(r"{[^}]+}", "x", door.path) for door in DOORS}
    near = {f"{path}{more}" for path in known for more in ("", "/", "/more")} | {
        path.rpartition("/")[0] for path in known
    }

    for path in near | {"/", "//", "*", "/api", "/api/", "/x"}:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            scope = {"type": "http", "method": method, "path": path, "root_path": ""}
            fits = {match: route.name for route in reversed(listed) for match in [route.matches(scope)[0]]}
            match, child = doors.matches(scope)
            assert match is (
                Match.FULL if Match.FULL in fits else Match.PARTIAL if fits.get(Match.PARTIAL) else Match.NONE
            )
            assert match is Match.NONE or child["dayi.door"].name == fits[match], (method, path)


async def test_a_method_that_a_door_has_not_is_said_to_be_none(pupil: Browser) -> None:
    answer = await pupil.delete("/api/questions")

    assert answer.status_code == 405


@pytest.mark.parametrize("path", ["/healthz", "/api/me", "/api/nothing", "/api/openapi.json", "/files/x", "/assets/x"])
async def test_every_answer_carries_the_headers_that_keep_a_page_safe(browser: Browser, path: str) -> None:
    headers = (await browser.get(path)).headers

    policy = dict(rule.partition(" ")[::2] for rule in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert headers["X-Frame-Options"] == "DENY"
    assert not any("unsafe" in rule or "*" in rule or "data:" in rule for rule in policy.get("script-src", "").split())
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
    assert headers["Strict-Transport-Security"].startswith("max-age=")


async def test_what_is_about_a_person_is_kept_by_nobody(pupil: Browser) -> None:
    assert (await pupil.get("/api/student")).headers["Cache-Control"] == "no-store"


async def test_a_script_in_a_question_stays_text(pupil: Browser) -> None:
    hostile = "<script>alert(1)</script>" + "\u202e" + "'; DROP TABLE questions; --" + "{{7*7}}" + "a\u0301" * 100

    asked = await pupil.post("/api/questions", json={**ASK, "text": hostile}, headers=key())

    assert asked.status_code == 201
    assert asked.headers["Content-Type"] == "application/json"
    assert (await pupil.get("/api/student")).json()["questions"][0]["text"] == hostile


# --- a part is missing


@asynccontextmanager
async def no_database(settings: Settings, postgres: EmbeddedPostgres) -> AsyncIterator[None]:
    """The database takes no connections, and those that were open are gone."""
    name = make_url(settings.database_url).database
    with psycopg.connect(postgres.url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())


async def test_without_its_database_a_door_asks_to_come_again_and_then_goes_on(
    pupil: Browser, settings: Settings, postgres: EmbeddedPostgres
) -> None:
    same = key()

    async with no_database(settings, postgres):
        away = [await pupil.post("/api/questions", json=ASK, headers=same) for _ in range(5)]
        ready = await pupil.get("/readyz")
        alive = await pupil.get("/healthz")
    back = await pupil.post("/api/questions", json=ASK, headers=same)

    assert {answer.status_code for answer in away} == {503}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in away)
    assert (ready.status_code, ready.json()["database"]) == (503, "down")
    assert alive.status_code == 200
    assert back.status_code == 201


async def test_without_redis_questions_are_asked_and_people_sign_in(
    a_browser: Callable[[], Browser], pupil: Browser, redis_url: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        process = client.info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)  # it hangs: worse than being gone
    try:
        asked = await pupil.post("/api/questions", json=ASK, headers=key())
        state = await pupil.get("/api/student")
        signed_in = await a_browser().sign_in("xiaoming")
    finally:
        os.kill(process, signal.SIGCONT)

    assert asked.status_code == 201
    assert [question["id"] for question in state.json()["questions"]] == [asked.json()["id"]]
    assert signed_in.status_code == 200
