"""Projects that take data away, in tables: what was asked for and decided, the files, and who did what."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from server.domain.deidentify import Asked
from server.domain.people import stage_of
from server.store.lines import Record, insertion
from server.store.work import Work


class Projects:
    """Keeps them in a unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(self, **row: Any) -> UUID:
        return await self._insert("research_projects", row)

    async def project(self, id: UUID) -> Record | None:
        """Locked until the work ends."""
        found = await self._work.rows("SELECT * FROM research_projects WHERE id = %(id)s FOR UPDATE", {"id": id})
        return found[0] if found else None

    async def decide(self, id: UUID, by: UUID, approved: bool) -> None:
        query = "UPDATE research_projects SET decided_by = %(by)s, approved = %(said)s WHERE id = %(id)s RETURNING 1"
        await self._work.rows(query, {"id": id, "by": by, "said": approved})

    async def add_export(self, **row: Any) -> UUID:
        return await self._insert("research_exports", row)

    async def export(self, id: UUID) -> Record | None:
        """With the project's days, and whether it is still in force."""
        found = await self._work.rows(_EXPORT, {"id": id})
        return found[0] if found else None

    async def change_export(self, id: UUID, state: str, **row: Any) -> None:
        sets = "".join(f", {name} = %({name})s" for name in row)
        query = f"UPDATE research_exports SET state = %(state)s{sets} WHERE id = %(id)s RETURNING 1"  # noqa: S608 - ours
        await self._work.rows(query, {"id": id, "state": state, **row})

    async def expired(self) -> Sequence[Record]:
        """Files whose project is over."""
        return await self._work.rows(_EXPIRED)

    async def note(self, project: UUID, act: str, person: UUID | None, export: UUID | None = None) -> None:
        row = {"project_id": project, "act": act, "person_id": person, "export_id": export}
        query, params = insertion("research_log", [row])
        await self._work.rows(f"{query} RETURNING 1", params)

    async def all(self) -> tuple[list[Record], list[Record], list[Record]]:
        """Projects, exports and the log, newest first."""
        return (
            await self._work.rows(_PROJECTS),
            await self._work.rows("SELECT * FROM research_exports ORDER BY asked_at DESC, id"),
            await self._work.rows(_LOG),
        )

    async def asked_on(self, day: date) -> list[Asked]:
        """What was asked on a day by pupils who may be counted, without what is held or hidden."""
        rows = await self._work.rows(_ASKED_ON, {"day": day})
        return [
            Asked(
                row.pupil_id, row.day, row.school_id, row.grade, stage_of(row.grade), row.subject, row.knowledge_point,
                row.pushed, row.saw, row.solved, row.stuck, row.reopened, row.unanswered, row.wait,
            )
            for row in rows
        ]  # fmt: skip

    async def _insert(self, table: str, row: dict[str, Any]) -> UUID:
        id = uuid4()
        query, params = insertion(table, [{"id": id, **row}])
        await self._work.rows(f"{query} RETURNING 1", params)
        return id


_ASKED_ON = "SELECT * FROM research_facts WHERE day = %(day)s"
_TODAY = "(clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date"
_EXPORT = f"""
    SELECT e.*, p.first, p.until, p.title, p.approved AND p.expires_on >= {_TODAY} AS in_force
    FROM research_exports e JOIN research_projects p ON p.id = e.project_id WHERE e.id = %(id)s
"""  # noqa: S608 - composed of constants of this module
_EXPIRED = f"""
    SELECT e.id, e.project_id, e.form FROM research_exports e JOIN research_projects p ON p.id = e.project_id
    WHERE e.state IN ('ready', 'failed') AND p.expires_on < {_TODAY}
"""  # noqa: S608 - composed of constants of this module
_PROJECTS = f"""
    SELECT p.*, asker.nickname AS asker, decider.nickname AS decider, p.expires_on < {_TODAY} AS is_over
    FROM research_projects p JOIN accounts asker ON asker.id = p.asked_by
    LEFT JOIN accounts decider ON decider.id = p.decided_by ORDER BY p.asked_at DESC, p.id
"""  # noqa: S608 - composed of constants of this module
_LOG = """
    SELECT l.*, a.nickname FROM research_log l LEFT JOIN accounts a ON a.id = l.person_id ORDER BY l.id DESC LIMIT 1000
"""
