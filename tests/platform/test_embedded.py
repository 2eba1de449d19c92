"""The embedded servers: real, private, durable, and gone when they should be."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from server import embedded
from server.embedded import (
    EmbeddedError,
    EmbeddedPostgres,
    EmbeddedRedis,
    EmbeddedServices,
    FolderInUse,
    FolderLock,
    Urls,
    buffers,
    services,
)

ROOT = Path(__file__).parents[2]
STARTS_AND_WAITS = """
import sys, time
from pathlib import Path
from server.embedded import EmbeddedServices
services = EmbeddedServices(Path(sys.argv[1]))
services.start()
print(services.postgres.pid, services.redis.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def private_home(tmp_path: Path) -> Path:
    """A folder with a long name that no other account may enter, as a home folder of a careful person is."""
    home = tmp_path / ("a private home with a long name " * 3).strip()
    home.mkdir(mode=0o700)
    return home


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def ask(url: str, question: str) -> object:
    with connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row
    return row[0]


def test_the_database_is_postgresql_18_with_vectors_and_keeps_what_it_acknowledges(postgres: EmbeddedPostgres) -> None:
    with connect(postgres.url) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")

    assert str(ask(postgres.url, "SHOW server_version")).startswith("18.")
    assert ask(postgres.url, "SELECT '[1,2]'::vector <-> '[1,3]'") == 1.0
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert ask(postgres.url, f"SHOW {setting}") == "on"
    assert ask(postgres.url, "SHOW timezone") == "UTC"
    assert ask(postgres.url, "SHOW listen_addresses") == ""


def test_its_buffers_are_an_eighth_of_the_memory_within_bounds() -> None:
    assert [buffers(gib << 30) for gib in (0, 1, 2, 4, 64)] == ["128MB", "128MB", "256MB", "512MB", "4096MB"]


def test_the_database_never_runs_as_root(postgres: EmbeddedPostgres) -> None:
    assert psutil.Process(postgres.pid).uids().effective != 0


def test_only_the_account_that_started_it_may_log_in(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="no pg_hba"):
        connect(postgres.url.replace("dayi@", "somebody@"))


def test_servers_work_below_a_folder_that_others_may_not_enter_and_leave_it_so(private_home: Path) -> None:
    before = {place: stat.S_IMODE(place.stat().st_mode) for place in private_home.parents}

    with services(private_home / "data") as urls:
        assert ask(urls.database, "SELECT 1") == 1
        assert redis.Redis.from_url(urls.redis).ping()

    assert stat.S_IMODE(private_home.stat().st_mode) == 0o700
    assert {place: stat.S_IMODE(place.stat().st_mode) for place in private_home.parents} == before


def test_programs_that_the_servers_account_cannot_reach_are_copied_to_where_it_can(
    private_home: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = embedded.unprivileged()
    wheel = embedded.postgres_programs().parent.parent
    hidden = private_home / wheel.name
    for part in (wheel, wheel.parent / f"{wheel.name}.libs"):
        subprocess.run(["cp", "-a", str(part), str(private_home)], check=True)
    hidden_programs = hidden / "pginstall18" / "bin"
    monkeypatch.setattr(embedded, "COPIES", open_folder)

    reachable = embedded.reachable(hidden_programs, owner)

    assert (reachable == hidden_programs) is (owner is None)
    assert subprocess.run([str(reachable / "postgres"), "--version"], capture_output=True).returncode == 0


def test_what_was_written_survives_a_stop_and_a_power_cut(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path / "postgres")
    postgres.start()
    with connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    postgres.stop()
    postgres.start()
    with connect(postgres.url) as connection:
        connection.execute("INSERT INTO kept VALUES (2)")

    postgres.kill()
    postgres.start()

    assert ask(postgres.url, "SELECT sum(n) FROM kept") == 3
    postgres.stop()


def test_a_stop_leaves_nothing_behind_outside_the_data_folder(tmp_path: Path) -> None:
    before = set(Path("/tmp").glob("dayi-*"))
    both = EmbeddedServices(tmp_path)
    both.start()
    made = {Path(both.urls.database.split("host=")[1]), Path(both.urls.redis.removeprefix("unix://")).parent}
    assert all(folder.is_dir() for folder in made) and not made & before

    both.stop()

    assert not any(folder.exists() for folder in made)


def test_redis_keeps_what_it_was_told_over_a_restart(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "redis") as server:
        redis.Redis.from_url(server.url).set("kept", "yes")

    with EmbeddedRedis(tmp_path / "redis") as server:
        assert redis.Redis.from_url(server.url).get("kept") == b"yes"


def test_a_server_that_ended_by_itself_is_started_again(tmp_path: Path) -> None:
    both = EmbeddedServices(tmp_path)
    both.start()
    assert both.postgres and both.redis
    for pid in (both.postgres.pid, both.redis.pid):
        os.kill(pid, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(pid)], timeout=60)

    both.mend()

    assert ask(both.urls.database, "SELECT 1") == 1
    assert redis.Redis.from_url(both.urls.redis).ping()
    both.stop()


def test_a_half_made_database_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    with EmbeddedPostgres(tmp_path / "postgres") as postgres:
        assert ask(postgres.url, "SELECT 1") == 1


def test_a_database_of_another_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "postgres"):
        pass
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("16\n")

    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 16.*docs/operations.md"):
        EmbeddedPostgres(tmp_path / "postgres").start()


def test_a_server_that_does_not_come_up_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"did not start(.|\n)*shared_buffers"):
        EmbeddedPostgres(tmp_path / "postgres", settings={"shared_buffers": "much"}).start()


def test_first_start_says_what_it_is_doing(tmp_path: Path) -> None:
    said: list[str] = []

    EmbeddedPostgres(tmp_path / "postgres", say=said.append).__enter__().stop()

    assert said == ["Creating the database (once, a few seconds) …"]


def test_given_addresses_start_nothing(tmp_path: Path) -> None:
    both = EmbeddedServices(tmp_path, database_url="postgresql+psycopg://city/dayi", redis_url="redis://city")

    assert both.start() == Urls("postgresql+psycopg://city/dayi", "redis://city")
    assert both.postgres is None and both.redis is None
    both.stop()


def test_a_command_on_a_city_node_is_not_kept_out_by_another_one(tmp_path: Path) -> None:
    with services(tmp_path, "postgresql://city/dayi", "redis://city"), services(tmp_path, "p", "r") as second:
        assert second == Urls("p", "r")

    assert not (tmp_path / "run.lock").exists()


def test_a_second_start_in_the_same_folder_is_refused_and_names_the_first(tmp_path: Path) -> None:
    first = FolderLock(tmp_path)
    first.acquire()

    with pytest.raises(FolderInUse, match=f"process {os.getpid()}"):
        EmbeddedServices(tmp_path).start()

    first.release()
    again = FolderLock(tmp_path)
    again.acquire()
    again.release()


def test_a_command_uses_the_servers_that_are_up_and_leaves_them_up(tmp_path: Path) -> None:
    running = EmbeddedServices(tmp_path)
    running.start()

    with services(tmp_path) as urls:
        assert urls == running.urls

    assert ask(urls.database, "SELECT 1") == 1
    running.stop()


@pytest.fixture
def other_run(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that started both servers in tmp_path/data and has said their process ids."""
    process = subprocess.Popen(
        [sys.executable, "-c", STARTS_AND_WAITS, str(tmp_path / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with process:
        yield process
        process.kill()


def test_servers_end_when_the_process_that_started_them_is_killed(other_run: subprocess.Popen[str]) -> None:
    assert other_run.stdout
    servers = [psutil.Process(int(pid)) for pid in other_run.stdout.readline().split()]

    other_run.kill()

    _, alive = psutil.wait_procs(servers, timeout=60)
    assert len(servers) == 2 and alive == []


def test_a_start_after_a_kill_stops_the_leftovers_even_when_they_hang(
    other_run: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert other_run.stdout
    servers = [psutil.Process(int(pid)) for pid in other_run.stdout.readline().split()]
    for server in servers:
        server.send_signal(signal.SIGSTOP)  # so that the wish to end does not reach them
    other_run.kill()
    other_run.wait()
    said: list[str] = []

    both = EmbeddedServices(tmp_path / "data", say=said.append)
    both.start()

    assert "Stopping servers that an earlier run left behind …" in said
    assert all(not server.is_running() or server.status() == psutil.STATUS_ZOMBIE for server in servers)
    assert ask(both.urls.database, "SELECT 1") == 1
    both.stop()
