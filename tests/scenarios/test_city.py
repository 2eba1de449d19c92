"""The set-up of deploy/compose.yaml from plain processes: two web nodes and two workers on servers reached by their
addresses, files in an S3 store; one question goes all the way, though a node and a worker die meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import av
import pytest

from server.demo.photos import photograph
from server.demo.problems import problems
from server.demo.seed import LIVE_ANSWER_FEN
from server.domain.board import pack, unpack
from server.domain.people import Stage, Subject
from tests.faults.checker import dangling_refs, double_assigned, unreconciled_fen
from tests.faults.city import City
from tests.faults.conftest import Found
from tests.media.uploads import a_tone, a_voice
from tests.service import Node, Page, Program, is_ready, wait_until

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:moto", "ignore::DeprecationWarning:botocore")

INK = {
    "page": "p1",
    "tool": "pen",
    "color": "#0072b2",
    "width": 40,
    "points": [[1200, 900, 0, 500], [4000, 2000, 80, 500]],
}


@pytest.fixture(params=["moto", "swift"])
def city(request: pytest.FixtureRequest, a_city: Found) -> Iterator[City]:
    """Nodes 0 and 1 serve the web, 2 and 3 work; outside the demo, as a city would run them."""
    store = request.getfixturevalue({"moto": "moto", "swift": "openstack"}[request.param])
    url = f"{store}/city-{uuid4().hex[:8]}?region=us-east-1"
    settings = {"DAYI_DEMO": "0", "DAYI_REVIEW": "at_once", "DAYI_PUBLIC_URL": "https://dayi.test"}
    with a_city(object_store_url=url, **settings) as city:
        city.settings |= city.through(database=city.link_to_database(), redis=city.link_to_redis())
        webs, workers = [city.start_web(), city.start_web()], [city.start_worker(), city.start_worker()]
        wait_until(lambda: all(map(is_ready, webs)), lambda: webs[0].said() + webs[1].said())
        wait_until(lambda: all("ready to read" in node.said() for node in workers), lambda: workers[0].said(), 180)
        yield city


def test_a_question_goes_all_the_way_though_a_node_and_a_worker_die(city: City, tmp_path: Path) -> None:
    near, far, worker, _ = city.nodes
    problem = next(each for each in problems() if each.subject is Subject.MATH and each.stage is Stage.JUNIOR)
    pupil, teacher = Program("pupil8").sign_in(near), Program("teacher1").sign_in(far)
    asking, teaching = at_own_channel(pupil, near), at_own_channel(teacher, far)
    teacher.ready(far)

    # The pupil's photo goes to the store, is read, and offered to the teacher on the other node.
    photo = pupil.upload(near, photograph(problem.text, seed=4))
    asked = pupil.ask(near, "", media=[photo["id"]])
    offer = teaching.event(lambda event: event["type"] == "duty" and event["duty"]["offer"])["duty"]["offer"]
    assert (offer["question_id"], offer["subject"]) == (asked["id"], "math")
    assert offer["read_text"], "the photo was not read"
    assert fetched(offer["media"][0]["url"]).startswith(b"\xff\xd8")

    # Both draw on one board, each through an own node.
    session = teacher.accept(far, offer)
    asking.event(lambda event: event["type"] == "question" and event["question"]["session_id"] == session["id"])
    for who, node, page in ((pupil, near, asking), (teacher, far, teaching)):
        snapshot = who.call(node, "GET", f"/api/sessions/{session['id']}")
        assert snapshot["log"][0]["body"]["media"] == photo["id"], "the photo is the first page"
        page.subscribe(
            channel := f"session:{session['id']}", {"epoch": snapshot["epoch"], "offset": snapshot["offset"]}
        )
    for sender, hearer, author in ((asking, teaching, "student"), (teaching, asking, "teacher")):
        sender.send("ink", session=session["id"], stroke=f"by-{author}", **{**INK, "points": pack(INK["points"])})
        live = hearer.until(lambda frame, author=author: frame["frame"] == "ink" and frame["author"] == author)
        assert unpack(live["points"]) == INK["points"]
        assert sender.act(session, "stroke", {**INK, "id": f"by-{author}"})["frame"] == "ack"
        hearer.event(lambda event, author=author: is_stroke(event, f"by-{author}"))

    # The pupil's node dies; what is drawn meanwhile is there, once, when the page is back.
    near.kill()
    asking.wait_closed()
    teaching.act(session, "stroke", {**INK, "id": "meanwhile"})
    near = city.web(near.port)
    back = pupil.page(near, asking.leave())
    assert channel in back.welcome["resumed"]
    back.event(lambda event: is_stroke(event, "meanwhile"))
    assert [event["line"]["body"]["id"] for event in back.events("board")] == ["meanwhile"]

    # A worker dies; the other makes the video, with the teacher's voice.
    voice = a_voice(tmp_path / "voice.webm", "webm", "libopus", a_tone(2)).read_bytes()
    recording = teacher.upload(far, voice, "recording", "audio/webm", session_id=session["id"])
    worker.kill()
    teacher.finish(far, session, [recording["id"]])
    teaching.event(lambda event: event["type"] == "earned" and event["total_fen"] == LIVE_ANSWER_FEN)
    answer = back.event(lambda event: event["type"] == "question" and is_published(event["question"]))["question"][
        "answer"
    ]
    assert_plays(answer["video_url"], tmp_path / "answer.mp4")

    # The next who asks the same is told at once.
    other = Program("pupil9").sign_in(far)
    page = at_own_channel(other, near)
    again = other.ask(far, problem.text)
    found = page.event(lambda event: is_suggested(event["question"], again["id"]))["question"]
    assert found["verdict"] == "same"
    assert found["suggestion"]["answer"]["id"] == answer["id"]
    assert fetched(found["suggestion"]["answer"]["video_url"])

    assert (dangling_refs(city), double_assigned(city), unreconciled_fen(city)) == (0, 0, 0)
    wait_until(lambda: city.untold() == 0, lambda: "the outbox is not told")


def at_own_channel(who: Program, node: Node) -> Page:
    page = who.page(node)
    page.subscribe(who.me["channel"])
    return page


def is_stroke(event: Any, id: str) -> bool:
    return bool(event["type"] == "board" and event["line"]["kind"] == "stroke" and event["line"]["body"]["id"] == id)


def is_published(question: Any) -> bool:
    return bool(question["answer"] and question["answer"]["state"] == "published")


def is_suggested(question: Any, id: str) -> bool:
    return bool(question["id"] == id and question["state"] == "suggested")


def fetched(url: str) -> bytes:
    with urlopen(url) as answer:
        return bytes(answer.read())


def assert_plays(url: str, copy: Path) -> None:
    """From its signed address, whole and in part, with picture and sound."""
    with urlopen(url) as whole:
        film = whole.read()
        assert whole.headers["Content-Type"] == "video/mp4"
    with urlopen(Request(url, headers={"Range": "bytes=100-199"})) as part:
        assert (part.status, part.read()) == (206, film[100:200])
        assert part.headers["Content-Range"] == f"bytes 100-199/{len(film)}"
    copy.write_bytes(film)
    with av.open(copy) as played:
        assert [stream.type for stream in played.streams] == ["video", "audio"]
        assert sum(1 for _ in played.decode(video=0)) > 1
    with av.open(copy) as played:
        assert max(abs(frame.to_ndarray()).max() for frame in played.decode(audio=0)) > 0.01, "the voice is not heard"
