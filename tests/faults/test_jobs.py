"""Jobs run at least once and their effects happen once, however often workers are killed; poison is parked and seen."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.request import urlopen
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, insert

from server.store import tables as t
from tests.faults.city import City
from tests.faults.conftest import Found
from tests.service import PATIENCE_S, Node, wait_until

JOBS, KILLS = 1_000, 100
AT_ONCE = 2  # workers that live and are killed together
SEED = int(os.environ.get("DAYI_DRILL_SEED", "0")) or random.randrange(1, 1 << 30)


@pytest.fixture(scope="module")
def city(a_city: Found) -> Iterator[City]:
    """Without nodes: each test starts its own workers."""
    with a_city() as city:
        yield city


def a_worker(city: City, stop_grace_s: float = 8.0) -> Node:
    return city.run("tests.faults.job_worker:main", stop_grace_s)


class Video(NamedTuple):
    answer: UUID
    follower: UUID  # the question that waits for it


def videos_to_make(city: City, count: int, said: str = "") -> list[Video]:
    """So many sessions that ended an hour ago, with a pupil who follows each, and the jobs to render them."""
    people = {row.login: row.id for row in city.rows("SELECT login, id FROM accounts")}
    then = datetime.now(UTC) - timedelta(hours=1)
    question = {
        "subject": "math", "grade": 8, "received_at": then, "text": "题", "read_text": "", "state_since": then,
        "version": 1, "followers": 0, "assignment_epoch": 2, "offers_made": 1, "refused_by": [], "leader_id": None,
        "teacher_id": None, "answer_id": None, "answered_at": None,
    }  # fmt: skip
    asked, following, taught, answers = [], [], [], []
    for _ in range(count):
        leader, session, answer = uuid4(), uuid4(), uuid4()
        mine = {"state": "answered", "teacher_id": people["teacher2"], "answer_id": answer, "answered_at": then}
        asked.append({**question, "id": leader, "student_id": people["pupil8"], "followers": 1, **mine})
        behind = {"state": "following", "leader_id": leader}
        following.append({**question, "id": uuid4(), "student_id": people["pupil9"], **behind})
        both = {"question_id": leader, "teacher_id": people["teacher2"]}
        seen = {"opened_at": then, "teacher_seen_at": then, "student_seen_at": then, "ended_at": then}
        ended = {"student_id": people["pupil8"], "assignment_epoch": 2, "ended_why": "finished"}
        taught.append({**both, "id": session, **seen, **ended})
        made = {"state": "rendering", "problem_text": "题", "made_at": then, "subject": "math", "grade": 8}
        answers.append({**both, "id": answer, "session_id": session, **made})
    line = {"seq": 1, "op_id": "said", "author": "teacher", "kind": "say", "body": {"text": said or "好"}, "at_ms": 0}
    engine = create_engine(city.database_url)
    with engine.begin() as connection:
        for table, rows in (
            (t.questions, asked + following),
            (t.live_sessions, taught),
            (t.board_operations, [{**line, "session_id": session["id"]} for session in taught]),
            (t.answers, answers),
        ):
            connection.execute(insert(table), rows)
    engine.dispose()
    city.rows(
        "SELECT procrastinate_defer_jobs_v1(array_agg(ROW('render', 'render_answer', 0, 'answer:' || id, NULL,"
        " jsonb_build_object('answer_id', id), NULL)::procrastinate_job_to_defer_v1)) FROM unnest(%s::text[]) id",
        [str(answer["id"]) for answer in answers],
    )
    return [Video(answer["id"], behind["id"]) for answer, behind in zip(answers, following, strict=True)]


def job(city: City, answer: UUID) -> Any:
    return city.rows("SELECT * FROM procrastinate_jobs WHERE args->>'answer_id' = %s", str(answer))[0]


def state(city: City, answer: UUID) -> str:
    return str(city.rows("SELECT state FROM answers WHERE id = %s", answer)[0].state)


def test_a_thousand_jobs_and_a_hundred_killed_workers_are_a_thousand_effects(city: City) -> None:
    luck = random.Random(SEED)
    videos = videos_to_make(city, JOBS)

    def published() -> int:
        return city.count("SELECT count(*) FROM answers WHERE state = 'published'")

    def work_until(done: int) -> None:
        workers = [a_worker(city) for _ in range(AT_ONCE)]
        wait_until(lambda: published() >= done, lambda: f"seed {SEED}, {published()} done:\n{workers[0].said()}")
        for worker in workers:
            worker.kill()
        city.bury_workers()

    for _ in range(KILLS // AT_ONCE):
        work_until(min(published() + luck.randrange(4, 14), JOBS))
    work_until(JOBS)

    by_state = city.rows("SELECT state, version, count(*) AS n FROM answers GROUP BY state, version")
    assert [(row.state, row.version, row.n) for row in by_state] == [("published", 2, JOBS)], f"seed {SEED}"
    told = [(row.answer_id, row.question_id) for row in city.rows("SELECT answer_id, question_id FROM suggestions")]
    assert sorted(told) == sorted(videos), f"seed {SEED}"
    objects = city.folder / "objects" / "objects" / "answers"
    assert all((objects / str(video.answer) / "video.mp4").exists() for video in videos)
    assert city.count("SELECT count(*) FROM procrastinate_jobs WHERE attempts > 1") >= KILLS / 4, "workers died idle"


def test_a_job_that_kills_its_worker_each_time_is_parked_after_the_third_and_seen(city: City) -> None:
    [(answer, follower)] = videos_to_make(city, 1, said="deadly")

    for _ in range(3):
        assert a_worker(city).process.wait(PATIENCE_S) == 137
        city.bury_workers()
    last = a_worker(city)
    wait_until(lambda: job(city, answer).status == "failed", lambda: f"{job(city, answer)}\n{last.said()}")

    assert (state(city, answer), city.question(follower).state) == ("failed", "waiting")
    assert "its worker died at each try" in last.said()
    assert parked(city) >= 1
    last.kill()


def test_a_job_that_fails_each_time_is_parked_after_the_third_try_and_its_follower_goes_on(city: City) -> None:
    [(answer, follower)] = videos_to_make(city, 1, said="broken")
    before = parked(city)

    worker = a_worker(city)
    for tries in (1, 2):
        wait_until(lambda tries=tries: job(city, answer).attempts == tries, lambda: worker.said())
        city.rows("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE id = %s", job(city, answer).id)
    wait_until(lambda: job(city, answer).status == "failed", lambda: f"{job(city, answer)}\n{worker.said()}")

    assert job(city, answer).attempts == 3
    assert (state(city, answer), city.question(follower).state) == ("failed", "waiting")
    assert "this board can't be rendered" in worker.said()
    assert parked(city) == before + 1
    worker.kill()


def test_a_worker_that_is_stopped_leaves_what_it_can_not_finish_to_another_at_once(city: City) -> None:
    [(answer, follower)] = videos_to_make(city, 1, said="endless")
    worker = a_worker(city, stop_grace_s=0.2)
    wait_until(lambda: job(city, answer).status == "doing", lambda: worker.said())

    worker.process.terminate()

    assert worker.process.wait(PATIENCE_S) == 0
    assert job(city, answer).status == "todo"
    city.rows("UPDATE board_operations SET body = '{\"text\": \"好\"}' WHERE body->>'text' = 'endless'")
    other = a_worker(city)
    wait_until(lambda: state(city, answer) == "published", lambda: f"{job(city, answer)}\n{other.said()}")
    assert str(city.question(follower).answer_id) == str(answer)
    other.kill()


def test_an_idle_worker_that_is_told_to_stop_goes_by_itself(city: City) -> None:
    worker = city.worker()

    worker.process.terminate()

    assert worker.process.wait(PATIENCE_S) == 0


def parked(city: City) -> int:
    """What the operator sees."""
    node = next((node for node in city.nodes if node.port and node.process.poll() is None), None) or city.web()
    with urlopen(f"{node.origin}/metrics") as metrics:
        [figure] = [line for line in metrics.read().decode().splitlines() if line.startswith("dayi_jobs_parked ")]
    return round(float(figure.split()[1]))
