"""What came of a lecture, for who held it; and what is on air or to come, for reviewers."""

from dataclasses import dataclass
from uuid import UUID

from server.domain.room import GAP
from server.live import protocol as wire
from server.store.views import Views

COMING = 100  # lectures that a reviewer looks ahead to
DAYS = 14


@dataclass(frozen=True)
class LectureFigures:
    """Reads views from the store."""

    views: Views

    async def of(self, lecture: UUID) -> wire.LectureFigures | None:
        """None before it was on air."""
        rows = await self.views.store.rows(_FIGURES, {"id": lecture})
        if not rows:
            return None
        row = rows[0]
        attendance = await self.views.rooms.attendance(lecture)
        seconds = [each.seconds for each in attendance.listeners if each.seconds > 0]
        return wire.LectureFigures(
            minutes=round(row.on_air_s / 60),
            enrolled=row.taken,
            came=len(seconds),
            mean_minutes=round(sum(seconds) / len(seconds) / 60) if seconds else 0,
            questions=row.questions,
            answered=row.answered,
            chat=row.chat,
            hands=row.hands,
            heard=row.heard,
            polls=await self.views.pulse.polls(lecture, staff=True),
            lost=await self.views.pulse.lost(lecture),
            listeners=attendance.listeners,
        )

    async def on_air(self) -> wire.OnAir:
        """Those on air first, then in the order in which they begin."""
        rows = await self.views.store.rows(_ON_AIR, {"limit": COMING, "days": DAYS, "gap": GAP})
        found = []
        for row in rows:
            lecture = await self.views.lectures.lecture(row.id)
            if lecture is not None:
                found.append(wire.OnAirView(lecture=lecture, here=row.here, held=row.held))
        return wire.OnAir(lectures=found)


_FIGURES = """
    SELECT l.taken, extract(epoch FROM coalesce(l.ended_at, clock_timestamp()) - l.started_at)::int AS on_air_s,
           said.questions, said.answered, said.chat, up.hands, up.heard
    FROM lectures l
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE kind = 'question' AND state IN ('shown', 'answered')) AS questions,
               count(*) FILTER (WHERE state = 'answered') AS answered,
               count(*) FILTER (WHERE kind = 'chat' AND state = 'shown' AND author_id <> l.lecturer_id) AS chat
        FROM lecture_lines WHERE lecture_id = l.id) said
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT pupil_id) AS hands, count(*) FILTER (WHERE taken_at IS NOT NULL) AS heard
        FROM lecture_hands WHERE lecture_id = l.id) up
    WHERE l.id = %(id)s AND l.started_at IS NOT NULL
"""
_ON_AIR = """
    SELECT l.id,
           (SELECT count(DISTINCT pupil_id) FROM lecture_attendance a
            WHERE a.lecture_id = l.id AND l.state = 'live' AND a.until_at >= clock_timestamp() - %(gap)s) AS here,
           (SELECT count(*) FROM lecture_lines s
            WHERE s.lecture_id = l.id AND s.state = 'held' AND l.state = 'live') AS held
    FROM lectures l
    WHERE l.state = 'live' OR l.state = 'open' AND l.ends_at > clock_timestamp()
          AND l.starts_at < clock_timestamp() + make_interval(days => %(days)s)
    ORDER BY l.state <> 'live', l.starts_at, l.id LIMIT %(limit)s
"""
