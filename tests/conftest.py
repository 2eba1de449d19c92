"""What tests stand on: one real PostgreSQL and one real Redis for the whole run, an own database for each test."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import redis
from xdist.scheduler import LoadScopeScheduling

from matcher import embed
from server.embedded import EmbeddedPostgres, EmbeddedRedis
from server.store.migrate import migrate
from tests.contracts.swift_server import ACCESS, SECRET, swift
from tests.databases import Databases

T = TypeVar("T")
R = TypeVar("R")
ROOM_BYTES = 2 << 30
SMALL_BUFFERS = {"shared_buffers": "256MB"}  # to make and drop a database is to look through all of it, three times
BROWSER = "tests/browser"
LONG = ("tests/web/test_who_may.py", "tests/faults", "tests/demo/test_photos.py", "tests/media", "tests/web")
"""What takes longest of the rest, so that no process ends with it while another has nothing left to do."""


class Groups(LoadScopeScheduling):
    """What goes to one process when there are several (docs/adr/0057): a file; and all that a browser drives, which
    shares a city and takes longest, so that it comes first."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(f"{BROWSER}/") else nodeid.split("::")[0]


def pytest_configure() -> None:
    """Until all tests are known the collector has nothing to find, and afterwards nothing to find in what was loaded.
    Its rounds, as often as is usual and over some hundred megabytes, cost 24 s of a run."""
    gc.disable()
    gc.set_threshold(10_000, 20, 20)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    return Groups(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    first = (BROWSER, *LONG)
    items.sort(key=lambda item: next((at for at, name in enumerate(first) if item.nodeid.startswith(name)), len(first)))


@pytest.fixture(scope="session", autouse=True)
def shipped_model() -> Iterator[None]:
    """Read once by a process: each app that a test builds would else read its 20 MB again, and keep them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_table", "_version"):
            patch.setattr(embed, name, _shipped_once(getattr(embed, name)))
        yield


def _shipped_once(read: Callable[[T], R]) -> Callable[[T], R]:
    kept: list[R] = []

    def once(folder: T) -> R:
        if str(folder) != str(embed.SHIPPED):
            return read(folder)
        if not kept:
            kept.append(read(folder))
        return kept[0]

    return once


@pytest.fixture(scope="session")
def services_folder() -> Iterator[Path]:
    """In memory where there is room: what these servers write is thrown away with the run."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES
    folder = Path(tempfile.mkdtemp(prefix="dayi-tests-", dir=memory if roomy else None))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres(services_folder: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(services_folder / "postgres", settings=SMALL_BUFFERS) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(services_folder: Path) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(services_folder / "redis") as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres: EmbeddedPostgres) -> Iterator[Databases]:
    made = Databases(postgres)
    yield made
    made.close()


@pytest.fixture(scope="session")
def template(databases: Databases) -> str:
    """The name of a database that has seen every migration, once; cloning it takes a twentieth of running them."""
    name = "migrated"
    databases.create(name, "template1")
    migrate(databases.url_of(name))
    return name


@pytest.fixture
def database_url(databases: Databases, template: str) -> Iterator[str]:
    """A fresh, migrated database of this test's own."""
    with databases.lent(template) as name:
        yield databases.url_of(name)


@pytest.fixture
def redis_url(redis_server: EmbeddedRedis) -> str:
    """Redis with nothing in it."""
    client = redis.Redis.from_url(redis_server.url)
    client.flushall()
    client.close()
    return redis_server.url


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """An S3 store as moto plays it, up to the bucket's name; it looks at neither signature nor expiry."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"s3+http://key:secret@{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def openstack() -> Iterator[str]:
    """A real S3 store, OpenStack Swift's, up to the bucket's name."""
    folder = Path(tempfile.mkdtemp(prefix="dayi-swift-"))
    with swift(folder) as address:
        yield address.replace("http://", f"s3+http://{ACCESS.replace(':', '%3A')}:{SECRET}@")
    shutil.rmtree(folder)
