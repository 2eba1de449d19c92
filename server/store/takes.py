"""A lecture's sound in the transaction of a unit of work: takes, segments, and who has watched what again."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from server.store.lines import Record
from server.store.work import Work


class TakeBook:
    """What may be asked and written; nothing here decides."""

    def __init__(self, work: Work) -> None:
        self.work = work

    async def named(self, lecture: UUID, name: str) -> Record | None:
        query = "SELECT * FROM lecture_takes WHERE lecture_id = %(lecture)s AND name = %(name)s"
        found = await self.work.rows(query, {"lecture": lecture, "name": name})
        return found[0] if found else None

    async def begin(self, lecture: UUID, name: str, epoch: int, start_ms: int) -> int:
        """The others end; its number. The lecture's row is locked."""
        wanted = {"lecture": lecture, "name": name, "epoch": epoch, "start_ms": start_ms}
        await self.end(lecture)
        return int((await self.work.rows(_BEGIN, wanted))[0].number)

    async def mute(self, lecture: UUID, number: int, muted: bool) -> None:
        wanted = {"lecture": lecture, "number": number, "muted": muted}
        await self.work.rows(_MUTE, wanted)

    async def end(self, lecture: UUID, number: int | None = None) -> bool:
        """One of them, or all; whether any went on until now."""
        return bool(await self.work.rows(_END, {"lecture": lecture, "number": number}))

    async def keep(self, lecture: UUID, take: int, number: int, samples: int, size: int) -> None:
        """A segment whose bytes are in the store; told twice, it is there once."""
        wanted = {"lecture": lecture, "take": take, "number": number, "samples": samples, "size": size}
        await self.work.rows(_KEEP, wanted)

    async def picture(self, lecture: UUID, number: int, shown: bool) -> bool:
        """Whether that is news."""
        wanted = {"lecture": lecture, "number": number, "shown": shown}
        return bool(await self.work.rows(_PICTURE, wanted))

    async def keep_picture(self, lecture: UUID, take: int, number: int, samples: int, size: int) -> None:
        wanted = {"lecture": lecture, "take": take, "number": number, "samples": samples, "size": size}
        await self.work.rows(_KEEP_PICTURE, wanted)

    async def watched(self, lecture: UUID, viewer: UUID) -> Record | None:
        """Locked; `told_at` is when the viewer last said so, `now` the time."""
        query = """
            SELECT *, clock_timestamp() AS now FROM lecture_watches
            WHERE lecture_id = %(lecture)s AND viewer_id = %(viewer)s FOR UPDATE
        """
        found = await self.work.rows(query, {"lecture": lecture, "viewer": viewer})
        return found[0] if found else None

    async def watch(self, lecture: UUID, viewer: UUID, spans: Sequence[tuple[int, int]], at_ms: int) -> None:
        """These spans too, merged with those before. The page that speaks last says where it stands."""
        ranges = "{" + ",".join(f"[{start},{end})" for start, end in spans) + "}"
        await self.work.rows(_WATCH, {"lecture": lecture, "viewer": viewer, "spans": ranges, "at_ms": at_ms})

    async def outlived(self, kept: timedelta, limit: int) -> list[UUID]:
        """Lectures whose recording has served its time."""
        return [row.id for row in await self.work.rows(_OUTLIVED, {"kept": kept, "limit": limit})]

    async def forget(self, lecture: UUID) -> None:
        for statement in _FORGET:
            await self.work.rows(statement, {"lecture": lecture})


SEGMENTS = """
    SELECT t.number AS take, t.start_ms, s.number, s.samples FROM lecture_takes t
    JOIN lecture_segments s ON s.lecture_id = t.lecture_id AND s.take = t.number
    WHERE t.lecture_id = %(id)s ORDER BY t.number, s.number
"""
PICTURES = SEGMENTS.replace("lecture_segments", "lecture_pictures")
# A view is half a minute of it, or half of a shorter one.
VIEWS = """
    SELECT count(*) AS views FROM lecture_watches w CROSS JOIN LATERAL (
        SELECT coalesce(sum(upper(span) - lower(span)), 0) AS ms FROM unnest(w.spans) span) watched
    WHERE w.lecture_id = %(id)s AND watched.ms >= least(30000, %(lasts_ms)s / 2)
"""
_BEGIN = """
    INSERT INTO lecture_takes (lecture_id, number, name, epoch, start_ms)
    SELECT %(lecture)s, coalesce(max(number), 0) + 1, %(name)s, %(epoch)s, %(start_ms)s FROM lecture_takes
    WHERE lecture_id = %(lecture)s RETURNING number
"""
_MUTE = """
    UPDATE lecture_takes SET muted = %(muted)s WHERE lecture_id = %(lecture)s AND number = %(number)s RETURNING number
"""
_END = """
    UPDATE lecture_takes SET ended_at = clock_timestamp(), picture = false
    WHERE lecture_id = %(lecture)s AND ended_at IS NULL AND (%(number)s::int IS NULL OR number = %(number)s)
    RETURNING number
"""
_KEEP = """
    INSERT INTO lecture_segments (lecture_id, take, number, samples, size)
    VALUES (%(lecture)s, %(take)s, %(number)s, %(samples)s, %(size)s) ON CONFLICT DO NOTHING RETURNING number
"""
_PICTURE = """
    UPDATE lecture_takes SET picture = %(shown)s
    WHERE lecture_id = %(lecture)s AND number = %(number)s AND ended_at IS NULL AND picture != %(shown)s
    RETURNING number
"""
_KEEP_PICTURE = _KEEP.replace("lecture_segments", "lecture_pictures")
_WATCH = """
    INSERT INTO lecture_watches AS w (lecture_id, viewer_id, spans, at_ms)
    VALUES (%(lecture)s, %(viewer)s, %(spans)s::int4multirange, %(at_ms)s)
    ON CONFLICT (lecture_id, viewer_id) DO UPDATE
    SET spans = w.spans + excluded.spans, told_at = clock_timestamp(), at_ms = excluded.at_ms
    RETURNING viewer_id
"""
_OUTLIVED = """
    SELECT id FROM lectures WHERE state = 'over' AND swept_at IS NULL AND ended_at < clock_timestamp() - %(kept)s
    ORDER BY ended_at LIMIT %(limit)s
"""
_FORGET = (
    "DELETE FROM lecture_voice_segments WHERE lecture_id = %(lecture)s RETURNING number",
    "DELETE FROM lecture_voices WHERE lecture_id = %(lecture)s RETURNING number",
    "DELETE FROM lecture_pictures WHERE lecture_id = %(lecture)s RETURNING number",
    "DELETE FROM lecture_segments WHERE lecture_id = %(lecture)s RETURNING number",
    "DELETE FROM lecture_takes WHERE lecture_id = %(lecture)s RETURNING number",
    "DELETE FROM lecture_films WHERE lecture_id = %(lecture)s RETURNING lecture_id",
    "DELETE FROM lecture_captions WHERE lecture_id = %(lecture)s RETURNING lecture_id",
    "DELETE FROM lecture_texts WHERE lecture_id = %(lecture)s RETURNING number",
    "UPDATE lectures SET swept_at = clock_timestamp(), version = version + 1 WHERE id = %(lecture)s RETURNING id",
)
