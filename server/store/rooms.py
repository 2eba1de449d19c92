"""A lecture's room in the transaction of a unit of work: the board's log, what is said, votes, bans, attendance."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from server.domain.board import Operation
from server.domain.room import GAP, LineState
from server.store.lines import Record
from server.store.work import Work

LECTURER = "teacher"  # the author of everything on a lecture's board


class RoomBook:
    """What may be asked and written; nothing here decides."""

    def __init__(self, work: Work) -> None:
        self.work = work

    # --- the board ---

    async def operation_seq(self, lecture: UUID, op_id: str) -> int | None:
        query = "SELECT seq FROM lecture_operations WHERE lecture_id = %(lecture)s AND op_id = %(op)s"
        found = await self.work.rows(query, {"lecture": lecture, "op": op_id})
        return int(found[0].seq) if found else None

    async def append(self, lecture: UUID, *lines: Operation) -> int:
        """With the next numbers, in this order; the last of them."""
        wanted = {
            "lecture": lecture,
            "ids": [line.id for line in lines],
            "kinds": [line.kind for line in lines],
            "bodies": [json.dumps(line.body, ensure_ascii=False) for line in lines],
            "times": [line.at_ms for line in lines],
        }
        found = await self.work.rows(_APPEND, wanted | {"count": len(lines)})
        return int(max(row.seq for row in found))

    async def log(self, lecture: UUID, after: int = 0) -> list[Operation]:
        rows = await self.work.rows(LOG, {"id": lecture, "after": after})
        return [Operation(row.seq, row.op_id, LECTURER, row.kind, row.body, row.at_ms) for row in rows]

    async def snapshot(self, lecture: UUID) -> str | None:
        found = await self.work.rows("SELECT body FROM lecture_snapshots WHERE lecture_id = %(id)s", {"id": lecture})
        return found[0].body if found else None

    async def keep_snapshot(self, lecture: UUID, seq: int, body: str) -> None:
        await self.work.rows(_KEEP_SNAPSHOT, {"lecture": lecture, "seq": seq, "body": body})

    # --- what is said ---

    async def line(self, lecture: UUID, number: int) -> Record | None:
        """Locked until the transaction ends."""
        query = f"{LINE} WHERE l.lecture_id = %(lecture)s AND l.number = %(number)s FOR UPDATE OF l"
        found = await self.work.rows(query, {"lecture": lecture, "number": number})
        return found[0] if found else None

    async def line_of(self, lecture: UUID, author: UUID, line_id: UUID) -> Record | None:
        query = f"{LINE} WHERE l.lecture_id = %(lecture)s AND l.author_id = %(author)s AND l.line_id = %(line)s"
        found = await self.work.rows(query, {"lecture": lecture, "author": author, "line": line_id})
        return found[0] if found else None

    async def last_said(self, lecture: UUID, author: UUID) -> datetime | None:
        query = """
            SELECT max(said_at) AS at FROM lecture_lines WHERE lecture_id = %(lecture)s AND author_id = %(author)s
        """
        found: datetime | None = (await self.work.rows(query, {"lecture": lecture, "author": author}))[0].at
        return found

    async def say(self, lecture: UUID, author: UUID, line: Mapping[str, Any]) -> Record | None:
        """The line with its number; None when the lecture is not on air. From here on others who speak wait."""
        found = await self.work.rows(_SAY, {"lecture": lecture, "author": author, **line})
        return found[0] if found else None

    async def judge(self, lecture: UUID, number: int, state: LineState) -> None:
        query = """
            UPDATE lecture_lines SET state = %(state)s WHERE lecture_id = %(lecture)s AND number = %(number)s
            RETURNING number
        """
        await self.work.rows(query, {"lecture": lecture, "number": number, "state": str(state)})

    async def vote(self, lecture: UUID, number: int, pupils: Sequence[UUID]) -> int:
        """How many of them had not voted yet."""
        wanted = {"lecture": lecture, "number": number, "pupils": list(pupils)}
        return int((await self.work.rows(_VOTE, wanted))[0].fresh)

    # --- people ---

    async def speakers(self, lecture: UUID, people: Sequence[UUID]) -> dict[UUID, Record]:
        """Of each: whether the person is in the room as a pupil, having a seat and not being removed, and is muted. Two
        pages of one person wait for each other here."""
        wanted = {"lecture": lecture, "people": list(people)}
        await self.work.rows(_ONE_AFTER_THE_OTHER, wanted)
        return {row.person: row for row in await self.work.rows(_SPEAKERS, wanted)}

    async def rule(self, lecture: UUID, pupil: UUID, by: UUID, *, muted: bool, removed: bool) -> None:
        wanted = {"lecture": lecture, "pupil": pupil, "by": by, "muted": muted, "removed": removed}
        await self.work.rows(_RULE, wanted)

    async def note_here(self, lecture: UUID, node: str, people: Sequence[UUID], gap: timedelta = GAP) -> None:
        """Those of them who have a seat are here; their time goes on, or begins."""
        wanted = {"lecture": lecture, "node": node, "people": list(people), "gap": gap}
        await self.work.rows(_NOTE_HERE, wanted)


LOG = "SELECT * FROM lecture_operations WHERE lecture_id = %(id)s AND seq > %(after)s ORDER BY seq"
LINE = "SELECT l.*, a.nickname FROM lecture_lines l JOIN accounts a ON a.id = l.author_id"
_APPEND = """
    WITH numbered AS (UPDATE lectures SET next_seq = next_seq + %(count)s WHERE id = %(lecture)s
                      RETURNING next_seq - %(count)s AS first)
    INSERT INTO lecture_operations (lecture_id, seq, op_id, kind, body, at_ms)
    SELECT %(lecture)s, numbered.first + place::int - 1, id, kind, body::jsonb, at_ms
    FROM numbered, unnest(%(ids)s::text[], %(kinds)s::text[], %(bodies)s::text[], %(times)s::int[])
         WITH ORDINALITY AS ops (id, kind, body, at_ms, place)
    RETURNING seq
"""
_KEEP_SNAPSHOT = """
    INSERT INTO lecture_snapshots (lecture_id, seq, body) VALUES (%(lecture)s, %(seq)s, %(body)s)
    ON CONFLICT (lecture_id) DO UPDATE SET seq = excluded.seq, body = excluded.body
    WHERE lecture_snapshots.seq < excluded.seq RETURNING seq
"""
_SAY = """
    WITH numbered AS (UPDATE lectures SET next_line = next_line + 1 WHERE id = %(lecture)s AND state = 'live'
                      RETURNING next_line - 1 AS number),
         said AS (
            INSERT INTO lecture_lines
                (lecture_id, number, line_id, kind, author_id, text, state, why_held, said_at, by_hand)
            SELECT %(lecture)s, number, %(line_id)s, %(kind)s, %(author)s, %(text)s, %(state)s, %(why_held)s,
                   %(said_at)s, %(by_hand)s
            FROM numbered RETURNING *)
    SELECT said.*, a.nickname FROM said JOIN accounts a ON a.id = said.author_id
"""
# In one order everywhere: of two nodes whose groups share two people, neither waits for the other for ever.
_ONE_AFTER_THE_OTHER = """
    SELECT pg_advisory_xact_lock(sorted.key)
    FROM (SELECT DISTINCT hashtextextended(%(lecture)s::text || person::text, 8) AS key
          FROM unnest(%(people)s::uuid[]) person ORDER BY key) sorted
"""
_SPEAKERS = """
    SELECT person, b.removed_at IS NULL AND EXISTS (
               SELECT FROM lecture_places
               WHERE lecture_id = %(lecture)s AND pupil_id = person AND state = 'seated') AS is_here,
           b.muted_at IS NOT NULL AS is_muted
    FROM unnest(%(people)s::uuid[]) person
    LEFT JOIN lecture_bans b ON b.lecture_id = %(lecture)s AND b.pupil_id = person
"""
_VOTE = """
    WITH voted AS (INSERT INTO lecture_votes (lecture_id, number, pupil_id)
                   SELECT %(lecture)s, %(number)s, pupil FROM unnest(%(pupils)s::uuid[]) pupil
                   ON CONFLICT DO NOTHING RETURNING pupil_id),
         counted AS (UPDATE lecture_lines SET votes = votes + (SELECT count(*) FROM voted)
                     WHERE lecture_id = %(lecture)s AND number = %(number)s RETURNING number)
    SELECT (SELECT count(*) FROM voted) AS fresh FROM counted
"""
_RULE = """
    INSERT INTO lecture_bans (lecture_id, pupil_id, muted_at, removed_at, by_id)
    VALUES (%(lecture)s, %(pupil)s, CASE WHEN %(muted)s THEN clock_timestamp() END,
            CASE WHEN %(removed)s THEN clock_timestamp() END, %(by)s)
    ON CONFLICT (lecture_id, pupil_id) DO UPDATE
    SET muted_at = excluded.muted_at, removed_at = coalesce(lecture_bans.removed_at, excluded.removed_at),
        by_id = excluded.by_id
    RETURNING pupil_id
"""
_NOTE_HERE = """
    WITH here AS (SELECT p.pupil_id FROM lecture_places p
                  WHERE p.lecture_id = %(lecture)s AND p.state = 'seated' AND p.pupil_id = ANY(%(people)s)),
         going_on AS (UPDATE lecture_attendance a SET until_at = clock_timestamp() FROM here
                      WHERE a.lecture_id = %(lecture)s AND a.node = %(node)s AND a.pupil_id = here.pupil_id
                        AND a.until_at >= clock_timestamp() - %(gap)s RETURNING a.pupil_id)
    INSERT INTO lecture_attendance (lecture_id, pupil_id, node, from_at, until_at)
    SELECT %(lecture)s, pupil_id, %(node)s, clock_timestamp(), clock_timestamp() FROM here
    WHERE pupil_id NOT IN (SELECT pupil_id FROM going_on)
    ON CONFLICT DO NOTHING RETURNING pupil_id
"""
