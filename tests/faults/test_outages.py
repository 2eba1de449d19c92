"""A part is away: it costs its own feature and nothing else, and what waited for it goes on when it is back."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

import pytest

from server.demo.photos import photograph
from server.embedded import EmbeddedPostgres
from server.store.migrate import migrate
from tests.faults.checker import dangling_refs
from tests.faults.city import City
from tests.faults.conftest import Found, city_on, people
from tests.faults.links import Link
from tests.service import Node, Program, Refused, wait_until

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:moto", "ignore::DeprecationWarning:botocore")

SLOWEST_S = 2.0  # an answer may wait for Redis for half a second, some of them more than once
BUSY = 10  # times what the same calls took just before, when the machine of the tests is busy


def timed(call: Callable[[], Any]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


# Redis


def test_while_redis_hangs_nothing_waits_for_it_and_afterwards_everything_is_told(city: City) -> None:
    node = city.web()
    city.worker()
    pupil, teacher = Program("pupil8").sign_in(node), Program("teacher2").sign_in(node)
    teacher.ready(node)
    page = pupil.page(node)
    page.subscribe(pupil.me["channel"])
    before = lag(node)
    usual = timed(lambda: Program("pupil7").sign_in(node).call(node, "GET", "/api/student"))

    with hung(city.redis.pid):
        key = str(uuid4())
        seconds = {
            "ask": timed(lambda: pupil.ask(node, "Redis 卡住的时候问的题：8 乘 7 等于几？", key)),
            "student": timed(lambda: pupil.call(node, "GET", "/api/student")),
            "sign in": timed(lambda: Program("pupil7").sign_in(node)),
            "ask again": timed(lambda: pupil.ask(node, "Redis 卡住的时候问的题：8 乘 7 等于几？", key)),
        }
        page.until(lambda frame: frame["frame"] == "degraded" and frame["on"])
        wait_until(lambda: teacher.duty(node)["offer"], lambda: f"no offer came:\n{node.said()}")
        session = teacher.accept(node, teacher.duty(node)["offer"])
        wait_until(lambda: sum(lag(node).values()) >= sum(before.values()) + 8, lambda: "the loop is not looked at")
        late = {bound: count - before.get(bound, 0) for bound, count in lag(node).items()}
    page.until(lambda frame: frame["frame"] == "degraded" and not frame["on"])
    page.event(lambda event: event["type"] == "question" and event["question"]["session_id"] == session["id"])
    wait_until(lambda: city.untold() == 0, lambda: "the outbox is not told")

    assert max(seconds.values()) < SLOWEST_S + BUSY * usual, seconds
    # Redis' half second on the loop would show in each of these; one late timer is a busy machine's.
    assert sum(count for bound, count in late.items() if bound > 0.25) <= 1, late


def test_redis_killed_and_empty_on_its_return_sends_pages_to_fresh_snapshots(city: City) -> None:
    node = city.web()
    city.worker()
    pupil, teacher = Program("pupil8").sign_in(node), Program("teacher2").sign_in(node)
    teacher.ready(node)
    page = pupil.page(node)
    page.subscribe(pupil.me["channel"])

    city.redis.kill()
    shutil.rmtree(city.redis.folder / "data")
    newcomer = city.web()  # a node may start meanwhile
    asked = pupil.ask(node, "没有 Redis 的时候问的题：6 乘 7 等于几？")
    wait_until(lambda: teacher.duty(newcomer)["offer"], lambda: f"no offer came:\n{node.said()}")
    offer = teacher.duty(node)["offer"]
    answer = teacher.finish(newcomer, teacher.accept(node, offer))
    city.redis.start()

    page.until(lambda frame: frame["frame"] == "resync")
    snapshot = pupil.call(node, "GET", "/api/student")
    page.subscribe(pupil.me["channel"], {"epoch": snapshot["epoch"], "offset": snapshot["offset"]})
    assert offer["question_id"] == asked["id"]
    page.event(lambda event: (event["question"]["answer"] or {}).get("state") == "published")
    assert teacher.call(node, "GET", f"/api/answers/{answer['id']}")["video_url"]
    wait_until(lambda: city.untold() == 0, lambda: "the outbox is not told")


# PostgreSQL


def test_postgresql_killed_and_started_again_under_asks_loses_and_doubles_none(services_folder: Path) -> None:
    folder = Path(mkdtemp(prefix="postgres-", dir=services_folder))
    with EmbeddedPostgres(folder) as own_postgres:
        migrate(own_postgres.url)
        people(own_postgres.url, services_folder)
        with city_on(own_postgres.url, services_folder) as city:
            _kill_postgresql_under_asks(city, own_postgres)


def _kill_postgresql_under_asks(city: City, postgres: EmbeddedPostgres) -> None:
    old = city.questions()  # the demo's own
    nodes = [city.web(), city.web()]
    city.worker()
    teacher = Program("teacher5").sign_in(nodes[0])
    pupils = [Program(f"pupil{n}", timeout_s=20).sign_in(nodes[0]) for n in range(1, 5)]
    acked: dict[str, str] = {}  # key -> the question's id
    moments: list[float] = []
    refusals: set[int] = set()
    enough = Event()

    def keep_asking(pupil: Program) -> None:
        while not enough.is_set():
            key = str(uuid4())
            while key not in acked:
                try:
                    acked[key] = pupil.ask(nodes[len(acked) % 2], f"断电前后问的题 {key}", key)["id"]
                    moments.append(time.monotonic())
                except Refused as refused:
                    refusals.add(refused.status)

    with ThreadPoolExecutor() as threads:
        asking = [threads.submit(keep_asking, pupil) for pupil in pupils]
        wait_until(lambda: len(acked) > 40, lambda: "nothing is asked")
        postgres.kill()
        wait_until(lambda: refusals, lambda: "nobody noticed")
        postgres.start()
        before = len(acked)
        wait_until(lambda: len(acked) > before + 40, lambda: f"nothing is asked any more:\n{nodes[0].said()}")
        enough.set()
        for each in asking:
            each.result()

    assert set(acked.values()) == city.questions() - old, "lost or doubled"
    assert len(set(acked.values())) == len(acked)
    assert refusals == {503}
    assert max(later - sooner for sooner, later in pairwise(sorted(moments))) < 30  # ten, and what a busy machine adds
    # Offers and jobs are made again as well.
    Program("pupil8").sign_in(nodes[1]).ask(nodes[1], "断电之后的物理题：水的沸点？", subject="physics")
    teacher.ready(nodes[1])
    wait_until(lambda: teacher.duty(nodes[1])["offer"], lambda: f"no offer came:\n{nodes[1].said()}")
    answer = teacher.finish(nodes[1], teacher.accept(nodes[1], teacher.duty(nodes[1])["offer"]))
    wait_until(lambda: is_published(teacher, nodes[1], answer), lambda: f"no video:\n{city.nodes[2].said()}")
    wait_until(lambda: city.untold() == 0, lambda: "the outbox is not told")


# The object store


def test_while_the_object_store_is_away_texts_flow_and_photos_wait(a_city: Found, moto: str) -> None:
    way = Link(int(moto.rpartition(":")[2]))
    url = f"{moto.rpartition(':')[0]}:{way.port}/bucket-{uuid4().hex[:8]}?region=us-east-1"
    with way, a_city(object_store_url=url) as city:
        _take_the_store_away(city, way)


def _take_the_store_away(city: City, way: Link) -> None:
    node = city.web()
    city.worker()
    pupil, teacher = Program("pupil8").sign_in(node), Program("teacher2").sign_in(node)
    data = photograph("一辆汽车每小时行 60 千米，3 小时行多少千米？", 3)
    sent = pupil.upload(node, data)

    way.cut()
    waiting = pupil.begin_upload(node)
    with pytest.raises(OSError):
        pupil.put_parts(node, waiting, data)
    with pytest.raises(Refused) as complete:
        pupil.complete_upload(node, waiting, data)
    newcomer = city.web()  # a node may start meanwhile
    asked = pupil.ask(newcomer, "文件存不了的时候问的题：9 乘 8 等于几？")
    photographed = pupil.ask(newcomer, "", media=[sent["id"]])
    teacher.ready(node)
    wait_until(lambda: teacher.duty(newcomer)["offer"], lambda: f"no offer came:\n{node.said()}")
    answer = teacher.finish(node, teacher.accept(node, teacher.duty(node)["offer"]))
    # As if it had been tried twice before: one more failure of its own would be the last.
    last_try = "UPDATE procrastinate_jobs SET attempts = 2, scheduled_at = NULL WHERE task_name = 'render_answer'"
    tried = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'render_answer' AND attempts = 3"
    city.rows(last_try)
    wait_until(lambda: city.count(tried), lambda: "the video was not tried")
    wait_until(lambda: city.question(photographed["id"]).state == "offered", lambda: "the photo is waited for")
    way.heal()

    assert complete.value.status == 503
    assert city.question(asked["id"]).state == "answered"
    unread = city.question(photographed["id"])
    assert (unread.state, unread.read_text) == ("offered", ""), "a teacher has eyes"
    pupil.put_parts(node, waiting, data)
    view = pupil.complete_upload(node, waiting, data)
    with urlopen(view["url"]) as photo:
        assert photo.read(2) == b"\xff\xd8"
    city.rows(last_try)
    wait_until(lambda: is_published(teacher, node, answer), lambda: "the video was given up")
    assert dangling_refs(city) == 0


@contextmanager
def hung(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def lag(node: Node) -> dict[float, int]:
    """How often the node's event loop came to a timer how late, by the upper bounds of its own histogram."""
    with urlopen(f"{node.origin}/metrics") as metrics:
        said = metrics.read().decode()
    up_to = [(float(b), int(float(n))) for b, n in re.findall(r'dayi_loop_lag_seconds_bucket{le="(.+)"} (.+)', said)]
    return {bound: count - before for (bound, count), (_, before) in zip(up_to, [(0.0, 0), *up_to], strict=False)}


def is_published(who: Program, node: Node, answer: Any) -> bool:
    return bool(who.call(node, "GET", f"/api/answers/{answer['id']}")["state"] == "published")
