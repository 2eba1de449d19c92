"""Makers of cities; the nodes come from the nursery."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

from server.embedded import EmbeddedRedis
from tests.databases import Databases
from tests.faults.city import City
from tests.service import Service, running

# Who has no socket stays present for the length of a drill, and a session is not taken for lost meanwhile.
PATIENT = {"DAYI_LEASE_S": "600", "DAYI_GONE_AFTER_S": "600"}

Found = Callable[..., AbstractContextManager[City]]


@pytest.fixture(scope="session")
def peopled(databases: Databases, template: str, services_folder: Path) -> str:
    """The name of a database in which the demo's people live."""
    name = databases.clone(template)
    people(databases.url_of(name), services_folder)
    return name


def people(database_url: str, services_folder: Path) -> None:
    Service(Path(mkdtemp(dir=services_folder)), database_url, "unix:///nowhere", forked=True).seed()


@pytest.fixture(scope="session")
def a_city(databases: Databases, peopled: str, services_folder: Path) -> Found:
    """`with a_city(DAYI_GONE_AFTER_S="3") as city:` makes one without nodes."""

    @contextmanager
    def found(object_store_url: str = "", **settings: str) -> Iterator[City]:
        with (
            databases.lent(peopled) as name,
            city_on(databases.url_of(name), services_folder, object_store_url, **settings) as city,
        ):
            yield city

    return found


@contextmanager
def city_on(database_url: str, services_folder: Path, object_store_url: str = "", **settings: str) -> Iterator[City]:
    """A city on a database in which people live."""
    folder = Path(mkdtemp(prefix="city-", dir=services_folder))
    with EmbeddedRedis(folder / "redis") as redis:
        city = City(folder, database_url, redis.url, object_store_url, PATIENT | settings, forked=True, redis=redis)
        with running(city):
            yield city


@pytest.fixture
def city(a_city: Found) -> Iterator[City]:
    """One for a single test."""
    with a_city() as city:
        yield city
