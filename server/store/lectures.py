"""Lectures, the places in them and the pages brought to them, in the transaction of a unit of work.

Locks, always in this order: the lecture's row, then the pupils' accounts by id. Batches of two lectures that share a
pupil wait for each other at the pupil, and in no circle.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from server.domain.lecture import PlaceState, Plan
from server.store.lines import Record, insertion
from server.store.work import Work

STRAY_MS = 60_000  # a clock that is put right by less is let be: takes begin up to half a minute ago


@dataclass(frozen=True)
class Comer:
    """A pupil who asks for a place, as the database knows him."""

    pupil: UUID
    school: UUID | None
    state: PlaceState | None  # of the place that is held already
    ahead: int
    held: int  # places in lectures to come
    clashes: bool


class LectureBook:
    """What may be asked and written of lectures; nothing here decides."""

    def __init__(self, work: Work) -> None:
        self.work = work

    # --- lectures ---

    async def lecture(self, id: UUID) -> Record | None:
        """Locked until the transaction ends."""
        found = await self.work.rows("SELECT * FROM lectures WHERE id = %(id)s FOR UPDATE", {"id": id})
        return found[0] if found else None

    async def look(self, id: UUID) -> Record | None:
        """As it is, not locked: for what hundreds do at the same moment."""
        found = await self.work.rows("SELECT * FROM lectures WHERE id = %(id)s", {"id": id})
        return found[0] if found else None

    async def busy_slots(self, lecturer: UUID, but: UUID | None) -> list[tuple[datetime, datetime]]:
        """When the lecturer has another; who plans two at the same moment waits here."""
        await self.work.rows("SELECT id FROM accounts WHERE id = %(id)s FOR NO KEY UPDATE", {"id": lecturer})
        found = await self.work.rows(_BUSY, {"lecturer": lecturer, "but": but})
        return [(row.starts_at, row.ends_at) for row in found]

    async def add(self, id: UUID, lecturer: UUID, plan: Plan, cover: UUID | None) -> None:
        row = {"id": id, "lecturer_id": lecturer, "state": "planned", **_columns(plan), "cover_id": cover}
        query, params = insertion("lectures", [row])
        await self.work.rows(f"{query} RETURNING id", params)

    async def change(self, id: UUID, **change: Any) -> None:
        """Every change makes a later version, and a later time for calendars."""
        sets = "".join(f"{name} = %({name})s, " for name in change)
        query = f"""
            UPDATE lectures SET {sets}version = version + 1, changed_at = clock_timestamp()
            WHERE id = %(id)s RETURNING id
        """  # noqa: S608 - names from our code
        await self.work.rows(query, {**change, "id": id})

    async def clock(self, lecture: Record, now: datetime) -> int:
        """Where it stands, in ms since it began. The time of day may be set while it goes on: where it went back, the
        lecture goes on where it was, and its beginning is moved; where it went forward, nobody spoke for so long."""
        at_ms = round((now - lecture.started_at).total_seconds() * 1000)
        known = int((await self.work.rows(_FURTHEST, {"id": lecture.id}))[0].at_ms)
        if at_ms >= known - STRAY_MS:
            return max(0, int(at_ms))
        began = now - timedelta(milliseconds=known)
        await self.work.rows(_BEGAN, {"id": lecture.id, "began": began})
        return known

    async def replan(self, id: UUID, plan: Plan, cover: UUID | None) -> None:
        await self.change(id, **_columns(plan), cover_id=cover)

    async def unknown_schools(self, schools: Sequence[UUID]) -> bool:
        found = await self.work.rows("SELECT id FROM schools WHERE id = ANY(%(ids)s)", {"ids": list(schools)})
        return len(found) != len(set(schools))

    async def past_due(self, limit: int = 50) -> list[UUID]:
        """Lectures whose end is past, though they are neither over nor cancelled."""
        return [row.id for row in await self.work.rows(_PAST_DUE, {"limit": limit})]

    # --- places ---

    async def comers(self, lecture: Record, pupils: Sequence[UUID]) -> Mapping[UUID, Comer]:
        """Who asks for a place; each is locked, so that nobody enrols twice for one hour from two pages."""
        wanted = {"pupils": list(pupils), "lecture": lecture.id}
        await self.work.rows(_LOCK_PUPILS, wanted)
        slot = {"starts_at": lecture.starts_at, "ends_at": lecture.ends_at}
        found = await self.work.rows(_COMERS, wanted | slot)
        return {
            row.id: Comer(
                row.id,
                row.school_id,
                None if row.state is None else PlaceState(row.state),
                row.ahead,
                row.held,
                row.clashes,
            )
            for row in found
        }

    async def take_places(self, lecture: Record, places: Sequence[tuple[UUID, PlaceState]]) -> None:
        """In this order, each with the next number."""
        wanted = {
            "lecture": lecture.id,
            "pupils": [pupil for pupil, _ in places],
            "states": [str(state) for _, state in places],
            "first": lecture.next_number,
        }
        await self.work.rows(_TAKE_PLACES, wanted)
        seated = sum(state is PlaceState.SEATED for _, state in places)
        counted = {"id": lecture.id, "seated": seated, "waiting": len(places) - seated, "count": len(places)}
        await self.work.rows(_COUNT_PLACES, counted)

    async def leave(self, lecture: UUID, pupil: UUID) -> PlaceState | None:
        """What was left; None when no place was held."""
        found = await self.work.rows(_LEAVE, {"lecture": lecture, "pupil": pupil})
        return PlaceState(found[0].was) if found else None

    async def has_left(self, lecture: UUID, pupil: UUID) -> bool:
        query = "SELECT FROM lecture_places WHERE lecture_id = %(lecture)s AND pupil_id = %(pupil)s AND state = 'left'"
        return bool(await self.work.rows(query, {"lecture": lecture, "pupil": pupil}))

    async def move_up(self, lecture: UUID) -> list[UUID]:
        """As many of those who wait as there are free seats, in their order."""
        return [row.pupil_id for row in await self.work.rows(_MOVE_UP, {"lecture": lecture})]

    async def tell_all(self, lecture: Record, why: str) -> None:
        """Everybody with a place, in one statement: there may be tens of thousands. The worker's sweep sends it."""
        body = {"lecture_id": str(lecture.id), "title": lecture.title, "why": why}
        await self.work.rows(_TELL_ALL, {"lecture": lecture.id, "body": json.dumps(body, ensure_ascii=False)})

    # --- materials ---

    async def pages_of(self, lecture: UUID) -> int:
        return int((await self.work.rows(_PAGES_OF, {"lecture": lecture}))[0].pages)

    async def materials(self, lecture: UUID) -> list[Record]:
        """Id, name and the sizes of the pages."""
        return await self.work.rows(MATERIALS, {"lecture": lecture})

    async def has_material(self, lecture: UUID, material: UUID) -> bool:
        query = "SELECT FROM lecture_materials WHERE lecture_id = %(lecture)s AND material_id = %(id)s"
        return bool(await self.work.rows(query, {"lecture": lecture, "id": material}))

    async def add_material(self, lecture: UUID, material: UUID, name: str) -> bool:
        """False when another lecture has it."""
        return bool(await self.work.rows(_ADD_MATERIAL, {"lecture": lecture, "id": material, "name": name}))

    async def remove_material(self, lecture: UUID, material: UUID) -> bool:
        query = """
            DELETE FROM lecture_materials WHERE lecture_id = %(lecture)s AND material_id = %(id)s RETURNING material_id
        """
        return bool(await self.work.rows(query, {"lecture": lecture, "id": material}))


def _columns(plan: Plan) -> dict[str, Any]:
    return {
        "title": plan.title,
        "about": plan.about,
        "subject": plan.subject,
        "stage": plan.stage,
        "grades": list(plan.grades),
        "knowledge_points": list(plan.knowledge_points),
        "starts_at": plan.starts_at,
        "ends_at": plan.ends_at,
        "capacity": plan.capacity,
        "school_ids": sorted(plan.schools),
    }


# The furthest moment that is known of a lecture: a mark of its board, the beginning or the end of a take.
_FURTHEST = """
    SELECT greatest(
        coalesce((SELECT at_ms FROM lecture_operations WHERE lecture_id = %(id)s ORDER BY seq DESC LIMIT 1), 0),
        coalesce((SELECT max(t.start_ms + coalesce((
            SELECT max(s.number) + 1 FROM lecture_segments s WHERE s.lecture_id = t.lecture_id AND s.take = t.number
        ), 0) * 3840) FROM lecture_takes t WHERE t.lecture_id = %(id)s), 0)) AS at_ms
"""
_BEGAN = "UPDATE lectures SET started_at = %(began)s WHERE id = %(id)s RETURNING id"
_BUSY = """
    SELECT starts_at, ends_at FROM lectures
    WHERE lecturer_id = %(lecturer)s AND state IN ('planned', 'open', 'live') AND id IS DISTINCT FROM %(but)s::uuid
"""
_PAST_DUE = """
    SELECT id FROM lectures WHERE state IN ('planned', 'open', 'live') AND ends_at <= clock_timestamp()
    ORDER BY ends_at LIMIT %(limit)s
"""
_LOCK_PUPILS = "SELECT id FROM accounts WHERE id = ANY(%(pupils)s) ORDER BY id FOR NO KEY UPDATE"
_COMERS = """
    SELECT a.id, i.school_id, p.state,
           CASE WHEN p.state = 'waiting' THEN (
               SELECT count(*) FROM lecture_places w
               WHERE w.lecture_id = p.lecture_id AND w.state = 'waiting' AND w.number < p.number) ELSE 0 END AS ahead,
           held.count AS held, held.clashes
    FROM accounts a LEFT JOIN identities i ON i.account_id = a.id
    LEFT JOIN lecture_places p ON p.pupil_id = a.id AND p.lecture_id = %(lecture)s
    CROSS JOIN LATERAL (
        SELECT count(*) AS count,
               coalesce(bool_or(l.starts_at < %(ends_at)s AND l.ends_at > %(starts_at)s), false) AS clashes
        FROM lecture_places o JOIN lectures l ON l.id = o.lecture_id
        WHERE o.pupil_id = a.id AND o.state <> 'left' AND l.id <> %(lecture)s
          AND l.state IN ('open', 'live') AND l.ends_at > clock_timestamp()) held
    WHERE a.id = ANY(%(pupils)s)
"""
_TAKE_PLACES = """
    INSERT INTO lecture_places (lecture_id, pupil_id, number, state, asked_at)
    SELECT %(lecture)s, pupil, %(first)s + place - 1, state, clock_timestamp()
    FROM unnest(%(pupils)s::uuid[], %(states)s::text[]) WITH ORDINALITY AS comers (pupil, state, place)
    ON CONFLICT (lecture_id, pupil_id) DO UPDATE
    SET number = excluded.number, state = excluded.state, asked_at = excluded.asked_at, moved_up_at = NULL
    RETURNING number
"""
_COUNT_PLACES = """
    UPDATE lectures SET taken = taken + %(seated)s, waiting = waiting + %(waiting)s,
                        next_number = next_number + %(count)s
    WHERE id = %(id)s RETURNING id
"""
_LEAVE = """
    WITH before AS (SELECT state FROM lecture_places
                    WHERE lecture_id = %(lecture)s AND pupil_id = %(pupil)s AND state <> 'left'),
         gone AS (UPDATE lecture_places SET state = 'left'
                  WHERE lecture_id = %(lecture)s AND pupil_id = %(pupil)s AND state <> 'left' RETURNING pupil_id),
         counted AS (UPDATE lectures SET taken = taken - (before.state = 'seated')::int,
                                         waiting = waiting - (before.state = 'waiting')::int
                     FROM before, gone WHERE id = %(lecture)s RETURNING id)
    SELECT before.state AS was FROM before, gone, counted
"""
_MOVE_UP = """
    WITH room AS (SELECT capacity - taken AS free FROM lectures WHERE id = %(lecture)s),
         next AS (SELECT pupil_id FROM lecture_places WHERE lecture_id = %(lecture)s AND state = 'waiting'
                  ORDER BY number LIMIT (SELECT greatest(0, free) FROM room)),
         moved AS (UPDATE lecture_places p SET state = 'seated', moved_up_at = clock_timestamp() FROM next
                   WHERE p.lecture_id = %(lecture)s AND p.pupil_id = next.pupil_id RETURNING p.pupil_id, p.number),
         counted AS (UPDATE lectures SET taken = taken + (SELECT count(*) FROM moved),
                                         waiting = waiting - (SELECT count(*) FROM moved)
                     WHERE id = %(lecture)s RETURNING id)
    SELECT moved.pupil_id FROM moved, counted ORDER BY moved.number
"""
_TELL_ALL = """
    INSERT INTO outbox (channel, kind, ref, body)
    SELECT 'person:' || pupil_id, 'place', lecture_id, %(body)s::jsonb FROM lecture_places
    WHERE lecture_id = %(lecture)s AND state <> 'left' RETURNING id
"""
_PAGES_OF = """
    SELECT coalesce(sum(jsonb_array_length(m.pages)), 0) AS pages
    FROM lecture_materials l JOIN media m ON m.id = l.material_id WHERE l.lecture_id = %(lecture)s
"""
MATERIALS = """
    SELECT l.material_id AS id, l.name, m.pages, m.page_texts
    FROM lecture_materials l JOIN media m ON m.id = l.material_id
    WHERE l.lecture_id = %(lecture)s ORDER BY l.position
"""
_ADD_MATERIAL = """
    INSERT INTO lecture_materials (material_id, lecture_id, position, name)
    SELECT %(id)s, %(lecture)s, coalesce(max(position), 0) + 1, %(name)s FROM lecture_materials
    WHERE lecture_id = %(lecture)s
    ON CONFLICT (material_id) DO NOTHING RETURNING material_id
"""
