"""A city that a test may break: its own Redis and database, and links between its parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from server.embedded import EmbeddedRedis
from tests.faults.links import Link
from tests.service import Node, Service, plain


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

    # What the database says.

    def question(self, id: str) -> Any:
        return self.rows("SELECT * FROM questions WHERE id = %s", id)[0]

    def untold(self) -> int:
        """Events that were committed and nobody has told."""
        return self.count("SELECT count(*) FROM outbox")
