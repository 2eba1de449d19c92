"""What pages see of a lecture that is over: its board, its sound, who may watch it again. Deny by default."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from media.cmaf import SEGMENT
from server.domain.people import Person, Role
from server.domain.replay import Segment, horizon, on_one_clock
from server.live import protocol as wire
from server.store.lecture_views import LectureViews
from server.store.lines import Record
from server.store.pulse_views import PulseViews
from server.store.rooms import LECTURER, LOG
from server.store.takes import PICTURES, SEGMENTS, VIEWS
from server.store.work import Store


@dataclass(frozen=True)
class ReplayViews:
    """Reads views from the store."""

    store: Store
    lectures: LectureViews
    pulse: PulseViews
    reviewed_first: bool  # pupils wait for a reviewer's word

    async def open_to(self, person: Person, id: UUID) -> Record | None:
        """The lecture, for who may watch it again: its lecturer, reviewers, and once it is shown the pupils for whom it
        was open, less those who were removed."""
        found = await self.store.rows(_OVER, {"id": id, "person": person.id})
        if not found:
            return None
        row = found[0]
        if (row.lecturer_id == person.id and person.is_a(Role.LECTURER)) or person.is_a(Role.REVIEWER):
            return row
        if row.removed_at is not None or not self.is_shown(row):
            return None
        view = await self.lectures.seen_by(person, id)
        return None if view is None else row

    def is_shown(self, lecture: Record) -> bool:
        return not self.reviewed_first if lecture.replay_shown is None else bool(lecture.replay_shown)

    async def segments(self, id: UUID) -> list[Segment]:
        rows = await self.store.rows(SEGMENTS, {"id": id})
        return on_one_clock([(r.take, r.start_ms, r.number, r.samples) for r in rows], SEGMENT)

    async def pictures(self, id: UUID) -> list[Segment]:
        rows = await self.store.rows(PICTURES, {"id": id})
        return on_one_clock([(r.take, r.start_ms, r.number, r.samples) for r in rows], SEGMENT)

    async def rewind(self, id: UUID, after: int, sound: wire.SoundView) -> wire.LectureRewind | None:
        """A lecture on the air, for who is in its room."""
        query = "SELECT started_at, clock_timestamp() AS now FROM lectures WHERE id = %(id)s AND state = 'live'"
        found = await self.store.rows(query, {"id": id})
        if not found:
            return None
        now_ms = int((found[0].now - found[0].started_at).total_seconds() * 1000)
        return wire.LectureRewind(
            log=await self._log(id, after),
            media=await self._media(id),
            sound=sound,
            started_at=found[0].started_at,
            lasts_ms=horizon(await self.segments(id), now_ms),
        )

    async def _log(self, id: UUID, after: int = 0) -> list[wire.BoardLine]:
        return [
            wire.BoardLine(seq=r.seq, id=r.op_id, author=LECTURER, kind=r.kind, body=r.body, at_ms=r.at_ms)
            for r in await self.store.rows(LOG, {"id": id, "after": after})
        ]

    async def _media(self, id: UUID) -> dict[str, wire.MediaView]:
        return {str(page.id): page for each in await self.lectures.materials(id) for page in each.pages}

    async def replay(
        self, person: Person, lecture: Record, sound: wire.SoundView, kept: timedelta
    ) -> wire.LectureReplay | None:
        view = await self.lectures.lecture(lecture.id)
        if view is None:
            return None
        lasts_ms = duration_ms(lecture)
        seen = await self.store.rows(VIEWS, {"id": lecture.id, "lasts_ms": lasts_ms})
        return wire.LectureReplay(
            lecture=view,
            log=await self._log(lecture.id),
            media=await self._media(lecture.id),
            sound=sound,
            started_at=lecture.started_at,
            lasts_ms=lasts_ms,
            kept_until=lecture.ended_at + kept,
            views=seen[0].views,
            marks=(await self.pulse.lost(lecture.id)).marks,
            shown=self.is_shown(lecture),
            me=_side(person, lecture),
        )


def _side(person: Person, lecture: Record) -> Literal["lecturer", "pupil", "reviewer"]:
    if lecture.lecturer_id == person.id:
        return "lecturer"
    return "reviewer" if person.is_a(Role.REVIEWER) else "pupil"


def duration_ms(lecture: Record) -> int:
    return max(0, int((lecture.ended_at - lecture.started_at).total_seconds() * 1000))


_OVER = """
    SELECT l.*, b.removed_at FROM lectures l
    LEFT JOIN lecture_bans b ON b.lecture_id = l.id AND b.pupil_id = %(person)s
    WHERE l.id = %(id)s AND l.state = 'over' AND l.swept_at IS NULL
"""
