"""Databases for tests: each a clone of a template, made before it is asked for and dropped behind the test's back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import psycopg

from matcher.statements import Driver
from server.embedded import EmbeddedPostgres

SLEEPS = "DO $$ BEGIN RAISE NOTICE 'under way'; PERFORM pg_sleep(60); END $$"


def under_way(driver: Driver) -> asyncio.Event:
    """Set once PostgreSQL is at a statement that raises a notice, as SLEEPS does. Of one that it was sent but has not
    begun, it forgets that it was to be cancelled."""
    event = asyncio.Event()
    driver.add_notice_handler(lambda _: event.set())
    return event


class Databases:
    """A clone takes a tenth of a second to make and to drop, most of it checkpoints, and a thousand tests want one: a
    thread does both while tests run, and keeps one clone ahead of each template that is used."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._connection = psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True)
        self._hand = ThreadPoolExecutor(1, "databases")
        self._ahead: dict[str, Future[str]] = {}
        self._drops: list[Future[None]] = []

    def close(self) -> None:
        """Raises what went wrong behind the tests' backs."""
        self._hand.shutdown()
        self._connection.close()
        for each in self._drops:
            each.result()

    def url_of(self, name: str) -> str:
        return self._server.url_of(name)

    def create(self, name: str, template: str) -> None:
        self._hand.submit(self._create, name, template).result()

    def clone(self, template: str) -> str:
        """The name of a database that is like the template, to which nobody may be connected."""
        ready = self._ahead.get(template) or self._hand.submit(self._cloned, template)
        self._ahead[template] = self._hand.submit(self._cloned, template)
        return ready.result()

    def drop(self, name: str) -> None:
        """Soon."""
        self._drops.append(self._hand.submit(self._run, f'DROP DATABASE "{name}" WITH (FORCE)'))

    @contextmanager
    def lent(self, template: str) -> Iterator[str]:
        """A clone, by name, that is dropped afterwards."""
        name = self.clone(template)
        yield name
        self.drop(name)

    def _cloned(self, template: str) -> str:
        name = f"test_{uuid4().hex[:12]}"
        self._create(name, template)
        return name

    def _create(self, name: str, template: str) -> None:
        """By copying files: with the whole of a clone in its log, as is the default, one takes twice as long."""
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')

    def _run(self, statement: str) -> None:
        self._connection.execute(statement.encode())
