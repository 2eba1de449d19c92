"""A node is killed at each place where one thing is done and the next is not; whoever repeats it finds it done once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

import pytest

from server.demo.photos import photograph
from tests.faults.city import City
from tests.faults.conftest import Found
from tests.service import PATIENCE_S, Node, Program, wait_until

STROKE = {
    "page": "p1",
    "tool": "pen",
    "color": "#0072b2",
    "width": 40,
    "points": [[100, 100, 0, 500], [900, 900, 90, 500]],
}


@pytest.fixture(scope="module")
def whole_city(a_city: Found) -> Iterator[City]:
    """One web node that lives, and a worker."""
    with a_city() as city:
        city.web()
        city.worker()
        yield city


@pytest.fixture
def city(whole_city: City) -> City:
    whole_city.rest()
    return whole_city


@pytest.fixture
def survivor(city: City) -> Node:
    return city.nodes[0]


@pytest.fixture
def doomed(city: City) -> Iterator[Node]:
    """A web node that the test kills."""
    node = city.web()
    yield node
    assert node.process.poll() is not None, "the node was to be killed"


@pytest.fixture
def aside() -> Iterator[Callable[..., Future[Any]]]:
    """Calls that nobody will answer."""
    with ThreadPoolExecutor() as threads:
        yield threads.submit


def live_session(city: City, node: Node, text: str) -> tuple[Program, Program, Any]:
    """A pupil and a teacher, signed in on this node, and what the teacher knows of their session."""
    pupil, teacher = Program("pupil8").sign_in(node), Program("teacher2").sign_in(node)
    teacher.ready(node)
    pupil.ask(node, text)
    wait_until(lambda: teacher.duty(node)["offer"], lambda: f"no offer came:\n{node.said()}")
    return pupil, teacher, teacher.accept(node, teacher.duty(node)["offer"])


@pytest.mark.parametrize("kind", ["photo", "recording"])
def test_killed_between_the_object_and_its_row_a_file_is_completed_by_another_node(
    city: City, survivor: Node, doomed: Node, aside: Callable[..., Future[Any]], kind: str
) -> None:
    pupil, teacher, session = live_session(city, survivor, f"传到一半的{kind}：2 加 5 等于几？")
    sender = pupil if kind == "photo" else teacher
    data = photograph("一道题", 3) if kind == "photo" else b"a slice of voice"
    more = {} if kind == "photo" else {"session_id": session["id"]}
    upload = sender.begin_upload(doomed, kind, "image/jpeg" if kind == "photo" else "audio/webm", **more)
    sender.put_parts(doomed, upload, data)

    with city.held("SELECT FROM media WHERE id = %s FOR UPDATE", upload["id"]) as hold:
        told = aside(sender.complete_upload, doomed, upload, data)
        hold.wait_reached()
        doomed.kill()
    assert isinstance(told.exception(PATIENCE_S), OSError)
    [row] = city.rows("SELECT state, key FROM media WHERE id = %s", upload["id"])
    stored = (
        city.folder
        / "objects"
        / "objects"
        / (f"media/{upload['id']}/photo.jpg" if kind == "photo" else f"recordings/{upload['id']}")
    )
    view = sender.complete_upload(survivor, upload, data)

    assert (row.state, row.key) == ("arriving", None)
    assert stored.exists(), "the object was to be there before its row"
    with urlopen(survivor.origin + view["url"]) as file:
        assert file.read()
    assert city.rows("SELECT state FROM media WHERE id = %s", upload["id"])[0].state == "ready"


def test_killed_between_the_row_and_the_reply_a_repeat_finds_the_question(
    city: City, survivor: Node, doomed: Node, aside: Callable[..., Future[Any]]
) -> None:
    line = city.link_to(doomed)
    pupil, key = Program("pupil8").sign_in(doomed), str(uuid4())

    line.lose_replies()
    told = aside(pupil.ask, line, "回答丢在路上的题：7 乘 8 等于几？", key)
    line.wait_lost()
    doomed.kill()
    line.heal()
    again = pupil.ask(survivor, "回答丢在路上的题：7 乘 8 等于几？", key)

    assert isinstance(told.exception(PATIENCE_S), OSError)
    assert [str(row.resource) for row in city.rows("SELECT resource FROM idempotency WHERE key = %s", key)] == [
        again["id"]
    ]
    assert city.count("SELECT count(*) FROM questions WHERE id = %s", again["id"]) == 1


def test_killed_before_it_hears_of_its_own_commit_a_repeat_finds_the_question(
    city: City, survivor: Node, aside: Callable[..., Future[Any]]
) -> None:
    to_database = city.link_to_database()
    doomed = city.web(**city.through(database=to_database))
    pupil, key = Program("pupil8").sign_in(doomed), str(uuid4())

    to_database.lose_replies_after(b"INSERT INTO questions", b"COMMIT")
    told = aside(pupil.ask, doomed, "不知道有没有记下的题：9 乘 9 等于几？", key)
    to_database.wait_lost()
    doomed.kill()
    [known] = city.rows("SELECT resource FROM idempotency WHERE key = %s", key)
    again = pupil.ask(survivor, "不知道有没有记下的题：9 乘 9 等于几？", key)

    assert isinstance(told.exception(PATIENCE_S), OSError)
    assert again["id"] == str(known.resource)
    assert city.count("SELECT count(*) FROM questions WHERE id = %s", again["id"]) == 1


def test_killed_between_the_reply_and_the_telling_the_outbox_is_told_by_another(city: City, survivor: Node) -> None:
    to_redis = city.link_to_redis()
    doomed = city.web(**city.through(redis=to_redis))
    pupil = Program("pupil8").sign_in(doomed)
    page = pupil.page(survivor)
    page.subscribe(pupil.me["channel"])

    to_redis.hold()
    asked = pupil.ask(doomed, "还没来得及通知的题：12 减 5 等于几？")
    doomed.kill()
    untold = city.count("SELECT count(*) FROM outbox WHERE ref = %s", asked["id"])

    assert untold
    page.event(lambda event: event["type"] == "question" and event["question"]["id"] == asked["id"])
    wait_until(lambda: city.untold() == 0, lambda: "the outbox is not told")
    offsets = [frame["offset"] for frame in page.frames if frame["frame"] == "event"]
    assert offsets == list(range(offsets[0], offsets[0] + len(offsets)))


def test_killed_while_it_assigns_the_question_is_offered_once_by_another(
    city: City, survivor: Node, doomed: Node
) -> None:
    pupil, teacher = Program("pupil8").sign_in(doomed), Program("teacher2").sign_in(survivor)
    teacher.ready(survivor)

    with city.held("LOCK TABLE offers IN SHARE MODE") as hold:
        asked = pupil.ask(doomed, "派到一半的题：一打鸡蛋是几个？")
        hold.wait_reached()
        doomed.kill()

    wait_until(lambda: teacher.duty(survivor)["offer"], lambda: f"no offer came:\n{survivor.said()}")
    assert teacher.duty(survivor)["offer"]["question_id"] == asked["id"]
    made = city.rows("SELECT state, assignment_epoch FROM offers WHERE question_id = %s", asked["id"])
    assert [(row.state, row.assignment_epoch) for row in made] == [("open", 1)]


def test_killed_in_the_middle_of_a_stroke_the_stroke_is_on_the_board_once(
    city: City, survivor: Node, doomed: Node
) -> None:
    pupil, teacher, session = live_session(city, survivor, "画到一半的题：画一个正方形。")
    listening, drawing = pupil.page(survivor), teacher.page(doomed)
    listening.subscribe(f"session:{session['id']}")
    first = drawing.act(session, "stroke", {**STROKE, "id": "first"}, id="op-1")

    with city.held("LOCK TABLE board_operations IN SHARE MODE") as hold:
        drawing.send_act(session, "stroke", {**STROKE, "id": "second"}, "op-2")
        hold.wait_reached()
        doomed.kill()
    drawing = teacher.page(survivor)
    again = drawing.act(session, "stroke", {**STROKE, "id": "first"}, id="op-1")
    second = drawing.act(session, "stroke", {**STROKE, "id": "second"}, id="op-2")

    assert again == first
    assert second["seq"] == first["seq"] + 1
    listening.event(lambda event: event["type"] == "board" and event["line"]["id"] == "op-2")
    heard = [event["line"]["id"] for event in listening.events("board")]
    assert [id for id in heard if id.startswith("op-")] == ["op-1", "op-2"]
    log = teacher.call(survivor, "GET", f"/api/sessions/{session['id']}")["log"]
    assert [line["seq"] for line in log] == list(range(1, len(log) + 1))
    assert [line["id"] for line in log][-2:] == ["op-1", "op-2"]


def test_a_worker_killed_between_the_video_and_its_row_leaves_it_to_the_next(city: City, survivor: Node) -> None:
    pupil, teacher, session = live_session(city, survivor, "收尾时断电的题：三角形有几条边？")
    worker = next(node for node in city.nodes if node.name.startswith("worker") and node.process.poll() is None)
    listening = pupil.page(survivor)
    listening.subscribe(pupil.me["channel"])

    answer = teacher.finish(survivor, session)
    made = Path(city.folder / "objects" / "objects" / "answers" / answer["id"])
    with city.held("LOCK TABLE matcher_entries IN SHARE MODE") as hold:  # publishing changes it after the answer's row
        hold.wait_reached()
        assert [path for path in made.rglob("*.mp4") if "video" in path.name]
        worker.kill()
    city.start_worker()
    city.bury_workers()

    listening.event(
        lambda event: event["type"] == "question" and (event["question"]["answer"] or {}).get("state") == "published"
    )
    assert city.rows("SELECT progress FROM answers WHERE id = %s", answer["id"])[0].progress == 100
    assert city.count("SELECT count(*) FROM matcher_entries WHERE id = %s", answer["id"]) == 1
    assert city.count("SELECT count(*) FROM ledger_transactions WHERE question_id = %s", session["question_id"]) == 1
