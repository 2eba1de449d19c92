"""A lesson whose web process is killed again and again, and while it ends: no ink is lost, one answer comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from tests.faults.city import City
from tests.faults.test_failpoints import STROKE, live_session
from tests.service import PATIENCE_S, Node, Program, Refused, wait_until

STROKES, KILLS = 60, 4


@pytest.fixture
def aside() -> Iterator[Callable[..., Future[Any]]]:
    with ThreadPoolExecutor(2) as threads:
        yield threads.submit


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_moment_a_lesson_keeps_its_ink_and_its_voice_and_ends_in_one_answer(
    city: City, aside: Callable[..., Future[Any]], seed: int
) -> None:
    random = Random(seed)
    survivor, doomed = city.web(), city.web()
    port, moments = doomed.port, sorted(random.sample(range(1, STROKES), KILLS))
    _, teacher, session = live_session(city, survivor, f"随时断电的课 {seed}：正方形有几条对称轴？")
    voice = teacher.begin_upload(survivor, "recording", "audio/webm", session_id=session["id"])
    page = teacher.page(doomed)
    acknowledged: dict[str, int] = {}

    for n in range(STROKES):
        if n % 3 == 0:  # the voice goes on meanwhile, a part each second
            speak(teacher, survivor, voice, n // 3)
        if n in moments:
            for ahead in range(random.randrange(4)):  # strokes under way, of which the page hears no more
                with suppress(Exception):
                    page.send_act(session, "stroke", {**STROKE, "id": f"s{n + ahead}"}, f"op-{n + ahead}")
            doomed.kill()
            doomed = city.web(port=port)
            page = teacher.page(doomed)
            for known, seq in acknowledged.items():  # a page sends again what it is not sure of
                assert page.act(session, "stroke", {**STROKE, "id": known[3:]}, known)["seq"] == seq
        answered = page.act(session, "stroke", {**STROKE, "id": f"s{n}"}, f"op-{n}")
        acknowledged[f"op-{n}"] = answered["seq"]
    speak(teacher, survivor, voice, STROKES // 3 - 1)  # the last part twice

    told = aside(teacher.finish, doomed, session)
    with suppress(TimeoutError):
        told.exception(random.random() * 0.05)
    doomed.kill()
    with suppress(OSError, Refused):
        told.result(PATIENCE_S)
    answers = {teacher.finish(survivor, session)["id"] for _ in range(3)}

    query = "SELECT op_id FROM board_operations WHERE session_id = %s AND kind = 'stroke' ORDER BY seq"
    drawn = [row.op_id for row in city.rows(query, session["id"])]
    assert sorted(drawn) == sorted(acknowledged) and len(drawn) == STROKES
    assert len(answers) == city.count("SELECT count(*) FROM answers WHERE session_id = %s", session["id"]) == 1
    assert city.count("SELECT count(*) FROM subsidy_facts WHERE id = %s", f"session:{session['id']}") == 1
    assert parts(city, voice) == list(range(STROKES // 3))
    city.worker()
    ready = "SELECT count(*) FROM media WHERE id = %s AND state = 'ready'"
    wait_until(lambda: city.count(ready, voice["id"]) == 1, lambda: "what arrived of the voice is not kept")


def speak(teacher: Program, node: Node, voice: Any, number: int) -> None:
    signed = teacher.call(node, "POST", f"/api/uploads/{voice['id']}/parts", {"parts": [number]})
    teacher.put(node, signed["urls"][str(number)], b"a second of voice")


def parts(city: City, voice: Any) -> list[int]:
    folder = city.folder / "objects" / "objects" / "incoming" / str(voice["id"])
    return sorted(int(path.name) for path in folder.iterdir())
