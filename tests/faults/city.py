"""A city that a test may break: its own Redis and database, and links between its parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg.conninfo import conninfo_to_dict

from server.embedded import EmbeddedRedis
from tests.faults.links import Link
from tests.service import Node, Service, plain, wait_until


@dataclass
class City(Service):
    redis: EmbeddedRedis = field(kw_only=True)
    links: list[Link] = field(default_factory=list)

    def link_to_database(self) -> Link:
        return self._link(f"{conninfo_to_dict(plain(self.database_url))['host']}/.s.PGSQL.5432")

    def link_to_redis(self) -> Link:
        return self._link(self.redis.url.removeprefix("unix://"))

    def link_to(self, node: Node) -> Link:
        return self._link(node.port)

    def through(self, *, database: Link | None = None, redis: Link | None = None) -> dict[str, str]:
        """The settings of a node that reaches its servers over these links."""
        settings = {}
        if database:
            name = conninfo_to_dict(plain(self.database_url))["dbname"]
            settings["DAYI_DATABASE_URL"] = f"postgresql://dayi@127.0.0.1:{database.port}/{name}"
        if redis:
            settings["DAYI_REDIS_URL"] = f"redis://127.0.0.1:{redis.port}/0"
        return settings

    def stop(self) -> None:
        super().stop()
        for link in self.links:
            link.close()

    def _link(self, target: str | int) -> Link:
        link = Link(target)
        self.links.append(link)
        return link

    # The database, past the service.

    @contextmanager
    def held(self, statement: str, *values: Any) -> Iterator[Hold]:
        """Keeps the locks that a statement takes: whoever needs them stops at exactly that place."""
        with psycopg.connect(plain(self.database_url)) as connection:
            connection.execute(statement.encode(), values)
            yield Hold(self, connection.info.backend_pid)
            connection.rollback()

    def rest(self) -> None:
        """Nobody on duty, nothing asked that is not settled."""
        self.rows("UPDATE offers SET state = 'withdrawn', closed_at = now() WHERE state = 'open'")
        self.rows("UPDATE live_sessions SET ended_at = now(), ended_why = 'withdrawn' WHERE ended_at IS NULL")
        self.rows("UPDATE presence SET wish = 'off'")
        self.rows(
            "UPDATE questions SET state = 'withdrawn', teacher_id = NULL, leader_id = NULL"
            " WHERE state NOT IN ('answered', 'resolved', 'suggested')"
        )
        self.rows("DELETE FROM matcher_entries WHERE kind = 'open'")

    def question(self, id: str | UUID) -> Any:
        return self.rows("SELECT * FROM questions WHERE id = %s", id)[0]

    def questions(self) -> set[str]:
        """The ids of all."""
        return {str(row.id) for row in self.rows("SELECT id FROM questions")}

    def untold(self) -> int:
        """Events that were committed and nobody has told."""
        return self.count("SELECT count(*) FROM outbox")


class Hold:
    def __init__(self, city: City, holder: int) -> None:
        self._city, self._holder = city, holder

    def wait_reached(self) -> None:
        """Until somebody stands before the locks."""
        blocked = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
        wait_until(lambda: self._city.count(blocked, self._holder), lambda: "nobody came to the held place")
