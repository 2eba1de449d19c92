"""Kept searches of the bank, and photos that are read to search by, in the transaction of a unit of work."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from server.store.lines import Record, insertion
from server.store.work import Work


class CohortBook:
    """What may be asked and written; nothing here decides."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def seen_by(self, person: UUID, *, shared: bool) -> list[Record]:
        """One's own and, for research staff, those that others share."""
        return await self._work.rows(_SEEN, {"person": person, "shared": shared, "id": None})

    async def cohort(self, id: UUID, person: UUID, *, shared: bool) -> Record | None:
        return _first(await self._work.rows(_SEEN, {"person": person, "shared": shared, "id": id}))

    async def count(self, person: UUID) -> int:
        """Locked: whoever adds one counts first."""
        await self._work.rows("SELECT id FROM accounts WHERE id = %(id)s FOR NO KEY UPDATE", {"id": person})
        [row] = await self._work.rows("SELECT count(*) AS n FROM cohorts WHERE owner_id = %(id)s", {"id": person})
        return int(row.n)

    async def is_taken(self, person: UUID, title: str, beside: UUID | None = None) -> bool:
        given = {"person": person, "title": title, "beside": beside}
        return bool(await self._work.rows(_TAKEN, given))

    async def add(self, id: UUID, owner: UUID, title: str, search: Mapping[str, str], shared: bool) -> None:
        given = {"id": id, "owner": owner, "title": title, "search": Jsonb(dict(search)), "shared": shared}
        await self._work.rows(_ADD, given)

    async def change(self, id: UUID, title: str | None, search: Mapping[str, str] | None, shared: bool | None) -> None:
        given = {"id": id, "title": title, "search": None if search is None else Jsonb(dict(search)), "shared": shared}
        await self._work.rows(_CHANGE, given)

    async def forget(self, id: UUID) -> None:
        await self._work.rows("DELETE FROM cohorts WHERE id = %(id)s RETURNING 1", {"id": id})

    async def school_of(self, person: UUID) -> UUID | None:
        """Where somebody of a school's staff works."""
        row = _first(
            await self._work.rows("SELECT school_id FROM identities WHERE account_id = %(id)s", {"id": person})
        )
        return None if row is None else row.school_id

    # --- photos to search by ---

    async def add_photo(self, id: UUID, owner: UUID, media: UUID) -> None:
        query, params = insertion("bank_photos", [{"id": id, "owner_id": owner, "media_id": media}])
        await self._work.rows(f"{query} RETURNING 1", params)

    async def photo(self, id: UUID) -> Record | None:
        return _first(await self._work.rows("SELECT * FROM bank_photos WHERE id = %(id)s", {"id": id}))

    async def is_photo(self, media: UUID) -> bool:
        return bool(await self._work.rows("SELECT 1 FROM bank_photos WHERE media_id = %(id)s", {"id": media}))

    async def read(self, id: UUID, state: str, problems: Sequence[Mapping[str, Any]]) -> None:
        query = "UPDATE bank_photos SET state = %(state)s, problems = %(problems)s WHERE id = %(id)s RETURNING 1"
        await self._work.rows(query, {"id": id, "state": state, "problems": Jsonb([dict(each) for each in problems])})

    async def forget_photos(self) -> None:
        """What was read more than an hour ago."""
        query = "DELETE FROM bank_photos WHERE made_at < clock_timestamp() - interval '1 hour' RETURNING 1"
        await self._work.rows(query)


def _first(rows: Sequence[Record]) -> Record | None:
    return rows[0] if rows else None


_SEEN = """
    SELECT c.*, a.nickname FROM cohorts c JOIN accounts a ON a.id = c.owner_id
    WHERE (c.owner_id = %(person)s OR c.shared AND %(shared)s) AND (CAST(%(id)s AS uuid) IS NULL OR c.id = %(id)s)
    ORDER BY c.owner_id <> %(person)s, c.title, c.id
"""
_TAKEN = """
    SELECT 1 FROM cohorts
    WHERE owner_id = %(person)s AND title = %(title)s AND id IS DISTINCT FROM CAST(%(beside)s AS uuid)
"""
_ADD = """
    INSERT INTO cohorts (id, owner_id, title, search, taxonomy_id, shared)
    VALUES (%(id)s, %(owner)s, %(title)s, %(search)s, (SELECT max(id) FROM taxonomies), %(shared)s) RETURNING 1
"""
_CHANGE = """
    UPDATE cohorts SET title = coalesce(CAST(%(title)s AS text), title),
        search = coalesce(CAST(%(search)s AS jsonb), search),
        taxonomy_id = CASE WHEN CAST(%(search)s AS jsonb) IS NULL THEN taxonomy_id
                           ELSE (SELECT max(id) FROM taxonomies) END,
        shared = coalesce(CAST(%(shared)s AS boolean), shared)
    WHERE id = %(id)s RETURNING 1
"""
