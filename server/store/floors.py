"""The floor of a lecture's room in the transaction of a unit of work: who is asked to speak, is heard, and is kept.

Whoever changes a floor holds the lecture's row first.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from server.domain.floor import ByVoice, FloorEnd, by_voice
from server.store.lines import Record
from server.store.work import Work


class FloorBook:
    """What may be asked and written; nothing here decides."""

    def __init__(self, work: Work) -> None:
        self.work = work

    async def by_voice(self, pupils: Sequence[UUID]) -> Mapping[UUID, ByVoice]:
        """What the school and the guardian of each have said."""
        rows = await self.work.rows(_ALLOWED, {"pupils": list(pupils)})
        return {row.id: by_voice(row.school_allows, row.agreed) for row in rows}

    async def now(self, lecture: UUID) -> Record | None:
        """The floor that is asked for, or open."""
        query = "SELECT * FROM lecture_floors WHERE lecture_id = %(lecture)s AND state <> 'over'"
        return _first(await self.work.rows(query, {"lecture": lecture}))

    async def floor(self, lecture: UUID, number: int) -> Record | None:
        query = "SELECT * FROM lecture_floors WHERE lecture_id = %(lecture)s AND number = %(number)s"
        return _first(await self.work.rows(query, {"lecture": lecture, "number": number}))

    async def ask(self, lecture: UUID, hand: int, pupil: UUID, until: datetime) -> int:
        wanted = {"lecture": lecture, "hand": hand, "pupil": pupil, "until": until}
        return int((await self.work.rows(_ASK, wanted))[0].number)

    async def open(self, lecture: UUID, number: int, page: UUID, kept: bool, until: datetime) -> None:
        wanted = {"lecture": lecture, "number": number, "page": page, "kept": kept, "until": until}
        await self.work.rows(_OPEN, wanted)

    async def end(self, lecture: UUID, why: FloorEnd) -> None:
        await self.work.rows(_END, {"lecture": lecture, "why": str(why)})

    async def fall_silent(self, lecture: UUID, why: FloorEnd) -> None:
        """Who has the word no more is not heard any more."""
        await self.work.rows(_FALL_SILENT, {"lecture": lecture, "why": str(why)})

    async def overdue(self, limit: int = 50) -> list[UUID]:
        query = """
            SELECT lecture_id FROM lecture_floors WHERE state <> 'over' AND until_at <= clock_timestamp()
            LIMIT %(limit)s
        """
        return [row.lecture_id for row in await self.work.rows(query, {"limit": limit})]

    async def of_child(self, child: UUID) -> list[tuple[UUID, int]]:
        """Lectures in which this child is asked or heard just now, and the floor of each."""
        query = "SELECT lecture_id, number FROM lecture_floors WHERE pupil_id = %(child)s AND state <> 'over'"
        return [(row.lecture_id, row.number) for row in await self.work.rows(query, {"child": child})]

    async def of_school(self, school: UUID) -> list[tuple[UUID, int]]:
        return [(row.lecture_id, row.number) for row in await self.work.rows(_OF_SCHOOL, {"school": school})]

    # --- what is recorded ---

    async def voice_named(self, lecture: UUID, name: str) -> Record | None:
        query = "SELECT * FROM lecture_voices WHERE lecture_id = %(lecture)s AND name = %(name)s"
        return _first(await self.work.rows(query, {"lecture": lecture, "name": name}))

    async def begin_voice(self, lecture: UUID, floor: int, name: str, start_ms: int) -> int:
        wanted = {"lecture": lecture, "floor": floor, "name": name, "start_ms": start_ms}
        return int((await self.work.rows(_BEGIN_VOICE, wanted))[0].number)

    async def keep(self, lecture: UUID, voice: int, number: int, samples: int, size: int) -> bool:
        """A segment whose bytes are in the store; False where it must not be there (any more)."""
        wanted = {"lecture": lecture, "voice": voice, "number": number, "samples": samples, "size": size}
        return bool(await self.work.rows(_KEEP, wanted))

    async def offer_no_more(self, child: UUID) -> list[UUID]:
        """What is kept of a child is in no replay any more: the lectures."""
        return sorted({row.lecture_id for row in await self.work.rows(_OFFER_NO_MORE, {"child": child})})

    async def unkept(self, lecture: UUID) -> list[Record]:
        """Voices of floors that are not kept."""
        return await self.work.rows(_UNKEPT, {"lecture": lecture})

    async def drop_segments(self, lecture: UUID, voice: int) -> None:
        query = """
            DELETE FROM lecture_voice_segments WHERE lecture_id = %(lecture)s AND voice = %(voice)s RETURNING number
        """
        await self.work.rows(query, {"lecture": lecture, "voice": voice})


def _first(rows: Sequence[Record]) -> Record | None:
    return rows[0] if rows else None


# The last word on each purpose counts; without one it is no.
AGREED = """
    ARRAY(SELECT purpose FROM (SELECT DISTINCT ON (purpose) purpose, given FROM consents
                               WHERE child_id = {0} ORDER BY purpose, id DESC) said WHERE given)
"""
SCHOOL_ALLOWS = """
    coalesce((SELECT s.lecture_voice FROM identities i JOIN schools s ON s.id = i.school_id
              WHERE i.account_id = {0}), false)
"""
VOICES = """
    SELECT v.number AS take, v.start_ms, s.number, s.samples FROM lecture_voices v
    JOIN lecture_floors f ON f.lecture_id = v.lecture_id AND f.number = v.floor AND f.kept
    JOIN lecture_voice_segments s ON s.lecture_id = v.lecture_id AND s.voice = v.number
    WHERE v.lecture_id = %(id)s ORDER BY v.number, s.number
"""
SPEAKS = """
    SELECT f.number, f.until_at <= clock_timestamp() AS late
    FROM lecture_floors f JOIN lectures l ON l.id = f.lecture_id
    WHERE f.lecture_id = %(lecture)s AND f.number = %(floor)s AND f.state = 'open' AND l.state = 'live'
"""
_ALLOWED = f"""
    SELECT a.id, {SCHOOL_ALLOWS.format("a.id")} AS school_allows, {AGREED.format("a.id")} AS agreed
    FROM accounts a WHERE a.id = ANY(%(pupils)s)
"""  # noqa: S608 - composed of constants of this module
_ASK = """
    INSERT INTO lecture_floors (lecture_id, number, hand, pupil_id, state, until_at)
    SELECT %(lecture)s, coalesce(max(number), 0) + 1, %(hand)s, %(pupil)s, 'asked', %(until)s
    FROM lecture_floors WHERE lecture_id = %(lecture)s RETURNING number
"""
_OPEN = """
    UPDATE lecture_floors
    SET state = 'open', page = %(page)s, kept = %(kept)s, until_at = %(until)s, opened_at = clock_timestamp()
    WHERE lecture_id = %(lecture)s AND number = %(number)s RETURNING number
"""
_END = """
    UPDATE lecture_floors
    SET state = 'over', ended_at = clock_timestamp(), ended_why = %(why)s, kept = kept AND %(why)s <> 'cut'
    WHERE lecture_id = %(lecture)s AND state <> 'over' RETURNING number
"""
_FALL_SILENT = """
    UPDATE lecture_floors f SET state = 'over', ended_at = clock_timestamp(), ended_why = %(why)s
    WHERE f.lecture_id = %(lecture)s AND f.state <> 'over' AND NOT EXISTS (
        SELECT FROM lecture_hands h WHERE h.lecture_id = f.lecture_id AND h.number = f.hand AND h.state = 'taken')
    RETURNING number
"""
_OF_SCHOOL = """
    SELECT f.lecture_id, f.number FROM lecture_floors f JOIN identities i ON i.account_id = f.pupil_id
    WHERE f.state <> 'over' AND i.school_id = %(school)s
"""
_BEGIN_VOICE = """
    INSERT INTO lecture_voices (lecture_id, number, floor, name, start_ms)
    SELECT %(lecture)s, coalesce(max(number), 0) + 1, %(floor)s, %(name)s, %(start_ms)s FROM lecture_voices
    WHERE lecture_id = %(lecture)s RETURNING number
"""
_KEEP = """
    INSERT INTO lecture_voice_segments (lecture_id, voice, number, samples, size)
    SELECT v.lecture_id, v.number, %(number)s, %(samples)s, %(size)s FROM lecture_voices v
    JOIN lecture_floors f ON f.lecture_id = v.lecture_id AND f.number = v.floor AND f.kept
    WHERE v.lecture_id = %(lecture)s AND v.number = %(voice)s
    ON CONFLICT (lecture_id, voice, number) DO UPDATE SET samples = excluded.samples RETURNING number
"""
_OFFER_NO_MORE = "UPDATE lecture_floors SET kept = false WHERE pupil_id = %(child)s AND kept RETURNING lecture_id"
_UNKEPT = """
    SELECT v.number FROM lecture_voices v
    JOIN lecture_floors f ON f.lecture_id = v.lecture_id AND f.number = v.floor
    WHERE v.lecture_id = %(lecture)s AND NOT f.kept ORDER BY v.number
"""
