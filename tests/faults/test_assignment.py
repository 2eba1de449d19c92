"""One question, one teacher, however many ask for it at once and whoever loses the line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from tests.faults.city import City
from tests.faults.conftest import Found
from tests.service import Node, Page, Program, Refused, wait_until

GONE_AFTER_S = 3


@pytest.fixture(scope="module")
def city(a_city: Found) -> Iterator[City]:
    """Two web nodes and a worker, where a teacher without a sign of life has lost the session after three seconds."""
    with a_city(DAYI_GONE_AFTER_S=str(GONE_AFTER_S)) as city:
        city.web()
        city.web()
        city.worker()
        yield city


@pytest.fixture
def nodes(city: City) -> list[Node]:
    """With nobody on duty and nothing in the queue."""
    city.rest()
    return city.nodes[:2]


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """What each call gave, or its refusal's status; all of them begin together."""

    def outcome(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Refused as refusal:
            return refusal.status

    with ThreadPoolExecutor(len(calls)) as together:
        return list(together.map(outcome, calls))


def test_fifty_taps_with_one_key_on_two_nodes_are_one_question(city: City, nodes: list[Node]) -> None:
    pupil, key = Program("pupil7").sign_in(nodes[0]), str(uuid4())

    asked = at_once([lambda n=n: pupil.ask(nodes[n % 2], "同一道题点了五十次", key) for n in range(50)])
    other = pupil.status(nodes[1], "POST", "/api/questions", {"subject": "math", "grade": 8, "text": "别的题"}, key)

    assert {view["id"] for view in asked} == {asked[0]["id"]}
    assert (
        city.count("SELECT count(*) FROM questions q JOIN accounts a ON a.id = student_id WHERE login = 'pupil7'") == 1
    )
    assert other == 422


def test_sixteen_teachers_who_take_one_question_at_once_are_one_session(city: City, nodes: list[Node]) -> None:
    sixteen = [Program(login).sign_in(nodes[n % 2]) for n, login in enumerate(more_teachers(city, 16))]
    asked = Program("pupil5").sign_in(nodes[0]).ask(nodes[0], "十六位老师抢的一道题", subject="science", grade=5)

    at_once([lambda t=t, n=n: t.ready(nodes[n % 2]) for n, t in enumerate(sixteen)])
    wait_until(lambda: offers(city, asked), lambda: "no offer came")
    [offer] = offers(city, asked)
    taken = at_once([lambda t=t, node=node: t.accept(node, {"id": offer.id}) for node in nodes for t in sixteen])

    won = [view for view in taken if isinstance(view, dict)]
    assert len(won) == 2  # the one to whom it was offered, on both nodes
    assert len({view["id"] for view in won}) == 1
    assert {status for status in taken if isinstance(status, int)} == {404}
    assert city.count("SELECT count(*) FROM live_sessions WHERE question_id = %s", asked["id"]) == 1


def offers(city: City, asked: Any) -> list[Any]:
    return city.rows("SELECT id, teacher_id FROM offers WHERE question_id = %s", asked["id"])


def more_teachers(city: City, count: int) -> list[str]:
    """Logins of new teachers of science, with a shift now."""
    logins = [f"science{n}" for n in range(count)]
    city.rows(
        "WITH made AS (INSERT INTO accounts (id, login, nickname, roles, password_hash, demo)"
        " SELECT gen_random_uuid(), login, login, '{teacher}', password_hash, true FROM unnest(%s::text[]) login,"
        " (SELECT password_hash FROM accounts WHERE login = 'teacher1') known RETURNING id),"
        " certified AS (INSERT INTO certifications SELECT id, 'science', 'primary' FROM made)"
        " INSERT INTO shifts SELECT gen_random_uuid(), id, now() - interval '1 h', now() + interval '1 h' FROM made",
        logins,
    )
    return logins


STROKE = {
    "page": "p1",
    "tool": "pen",
    "color": "#0072b2",
    "width": 40,
    "points": [[100, 100, 0, 500], [900, 900, 90, 500]],
}
INK = {"page": "p1", "tool": "pen", "color": "#0072b2", "width": 40, "points": "oGoGAof"}


def test_a_teacher_whose_line_is_cut_loses_the_question_and_can_change_nothing_about_it(
    city: City, nodes: list[Node]
) -> None:
    line = city.link_to(nodes[0])
    pupil, other = Program("pupil8").sign_in(nodes[1]), Program("pupil9").sign_in(nodes[1])
    teacher = Program("teacher5").sign_in(nodes[0])
    first = pupil.ask(nodes[1], "先问的物理题：光速是多少？", subject="physics")
    later = other.ask(nodes[1], "后问的物理题：什么是惯性？", subject="physics")
    for asked in (first, later):
        wait_until(lambda id=asked["id"]: city.question(id).state == "waiting", lambda: "it does not come to wait")
    teacher.ready(nodes[0])
    wait_until(lambda: teacher.duty(nodes[0])["offer"], lambda: "no offer came")
    page, listening = teacher.page(line), pupil.page(nodes[1])
    listening.subscribe(pupil.me["channel"])
    session = teacher.accept(line, teacher.duty(line)["offer"])
    page.subscribe(f"session:{session['id']}", None)
    recording = teacher.begin_upload(line, "recording", "audio/webm", session_id=session["id"])
    teacher.put_parts(line, recording, b"a slice of voice")
    assert page.act(session, "stroke", {**STROKE, "id": "in-time"})["frame"] == "ack"

    line.cut()
    told = listening.event(lambda e: e["type"] == "question" and e["question"]["state"] == "waiting")["question"]

    assert (told["id"], told["place"], told["received_at"]) == (first["id"], 1, first["received_at"])
    assert city.question(later["id"]).state == "waiting"
    line.heal()
    late = teacher.page(line)
    assert refused(late, session, "act") == "session_over"
    assert refused(late, session, "ink") == "not_seated"
    over = {
        "finish": teacher.status(
            line, "POST", f"/api/sessions/{session['id']}/finish", {"assignment_epoch": session["assignment_epoch"]}
        ),
        "begin": teacher.status(
            line,
            "POST",
            "/api/uploads",
            {"kind": "recording", "content_type": "audio/webm", "session_id": session["id"]},
        ),
        "parts": teacher.status(line, "POST", f"/api/uploads/{recording['id']}/parts", {"parts": [0]}),
        "complete": teacher.status(
            line, "POST", f"/api/uploads/{recording['id']}/complete", {"parts": 1, "size": 1, "sha256": "0" * 64}
        ),
    }
    assert over == dict.fromkeys(over, 409)
    assert city.count("SELECT count(*) FROM ledger_transactions WHERE question_id = %s", first["id"]) == 0
    assert (
        city.count("SELECT count(*) FROM board_operations WHERE session_id = %s AND kind = 'stroke'", session["id"])
        == 1
    )


def refused(page: Page, session: Any, kind: str) -> str:
    """The code of the refusal."""
    if kind == "act":
        answer = page.act(session, "stroke", {**STROKE, "id": "too-late"})
    else:
        page.send("ink", session=session["id"], stroke="too-late", **INK)
        answer = page.until(lambda frame: frame["frame"] == "refused" and frame["id"] == "")
    assert answer["frame"] == "refused", answer
    return str(answer["code"])
