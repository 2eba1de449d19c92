"""What research staff owe in a quarter, what they noted, and what counts by itself; as pages and files see it."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from server.domain import quota
from server.domain.people import Role
from server.domain.quota import Quarter, Target, done
from server.live import protocol as wire
from server.store.lines import Record, insertion
from server.store.work import Work

MOST_ENTRIES = 2_000


class Quotas:
    """Keeps them in a unit of work; nothing here is ever changed or deleted."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def entry(self, id: UUID) -> Record | None:
        """As it is worded now; who changes it twice at the same moment waits here."""
        await self._work.rows("SELECT pg_advisory_xact_lock(hashtextextended(%(id)s, 0))", {"id": str(id)})
        query = "SELECT * FROM research_entries WHERE entry_id = %(id)s ORDER BY number DESC LIMIT 1"
        found = await self._work.rows(query, {"id": id})
        return found[0] if found else None

    async def word(self, id: UUID, person: UUID, kind: str, day: date, note: str, struck: bool = False) -> None:
        row = {"entry_id": id, "person_id": person, "kind": kind, "day": day, "note": note, "struck": struck}
        await self._add("research_entries", row)

    async def set(self, person: UUID, quarter: Quarter, kind: str, target: Target, by: UUID) -> None:
        row = {"person_id": person, "quarter": str(quarter), "kind": kind, "target": target.count}
        await self._add("research_quotas", row | {"lectures": target.lectures, "lessons": target.lessons, "set_by": by})

    async def _add(self, table: str, row: Mapping[str, Any]) -> None:
        query, params = insertion(table, [row])
        await self._work.rows(f"{query} RETURNING number", params)

    async def is_staff(self, person: UUID) -> bool:
        query = "SELECT FROM accounts WHERE id = %(id)s AND %(role)s = ANY(roles) AND disabled_at IS NULL"
        return bool(await self._work.rows(query, {"id": person, "role": str(Role.RESEARCHER)}))


async def board(work: Work, quarter: Quarter, now: datetime, only: UUID | None, may_set: bool) -> wire.QuotaBoard:
    """Everybody's, or one person's alone."""
    wanted = {"quarter": str(quarter), "first": quarter.first, "until": quarter.until, "only": only}
    wanted |= {"begins": quarter.begins, "ends": quarter.ends, "role": str(Role.RESEARCHER), "limit": MOST_ENTRIES}
    targets = {
        (r.person_id, r.kind): Target(r.target, r.lectures, r.lessons) for r in await work.rows(_TARGETS, wanted)
    }
    entries: dict[UUID, list[wire.WorkEntry]] = defaultdict(list)
    counts: dict[tuple[UUID, str], int] = defaultdict(int)
    for row in await work.rows(_ENTRIES, wanted):
        entries[row.person_id].append(_entry(row))
        counts[row.person_id, row.kind] += not row.struck
    people = []
    for row in await work.rows(_STAFF, wanted):
        lines = []
        for kind in quota.TeachingWork:
            target = targets.get((row.id, kind))
            noted = counts[row.id, kind]
            total = done(noted, row.lectures, row.lessons, target)
            lines.append(
                wire.QuotaLine(
                    kind=kind,
                    target=None if target is None else target.count,
                    lectures=target is not None and target.lectures,
                    lessons=target is not None and target.lessons,
                    noted=noted,
                    by_itself=total - noted,
                )
            )
        people.append(wire.QuotaPerson(person_id=row.id, name=row.nickname, lines=lines, entries=entries[row.id]))
    this = Quarter.of(quota.today(now))
    return wire.QuotaBoard(
        quarter=str(quarter),
        quarters=[str(this), str(this.before), str(this.before.before), str(this.before.before.before)],
        closed=quarter.is_closed(now),
        may_set=may_set,
        people=people,
    )


def _entry(row: Record) -> wire.WorkEntry:
    return wire.WorkEntry(
        entry_id=row.entry_id,
        kind=row.kind,
        day=str(row.day),
        note=row.note,
        struck=row.struck,
        made_at=row.made_at,
        before=[wire.EntryWording(**each) for each in row.before or []],
    )


_TARGETS = """
    SELECT DISTINCT ON (person_id, kind) person_id, kind, target, lectures, lessons FROM research_quotas
    WHERE quarter = %(quarter)s ORDER BY person_id, kind, number DESC
"""
_ENTRIES = """
    SELECT * FROM (
        SELECT DISTINCT ON (e.entry_id) e.*, (
            SELECT jsonb_agg(jsonb_build_object('kind', o.kind, 'day', o.day::text, 'note', o.note,
                                                'made_at', o.made_at) ORDER BY o.number)
            FROM research_entries o WHERE o.entry_id = e.entry_id AND o.number < e.number) AS before
        FROM research_entries e WHERE CAST(%(only)s AS uuid) IS NULL OR e.person_id = %(only)s
        ORDER BY e.entry_id, e.number DESC) latest
    WHERE day >= %(first)s AND day < %(until)s ORDER BY day DESC, number DESC LIMIT %(limit)s
"""
_STAFF = """
    SELECT a.id, a.nickname,
           (SELECT count(*) FROM lectures l WHERE l.lecturer_id = a.id AND l.state = 'over'
              AND l.ended_at >= %(begins)s AND l.ended_at < %(ends)s) AS lectures,
           (SELECT count(*) FROM answers n JOIN live_sessions s ON s.id = n.session_id AND s.kind = 'lesson'
            WHERE n.teacher_id = a.id AND n.state = 'published'
              AND n.published_at >= %(begins)s AND n.published_at < %(ends)s) AS lessons
    FROM accounts a
    WHERE %(role)s = ANY(a.roles) AND a.disabled_at IS NULL AND (CAST(%(only)s AS uuid) IS NULL OR a.id = %(only)s)
    ORDER BY a.nickname, a.id
"""
