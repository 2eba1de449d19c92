"""What pages see of a room's pulse: polls, the line of hands, who is lost, who may not speak."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from server.domain.floor import by_voice
from server.domain.pulse import marks, time_line
from server.live import protocol as wire
from server.store.floors import AGREED, SCHOOL_ALLOWS
from server.store.lines import Record
from server.store.work import Store

SHOWN_HANDS = 30  # of the line; the rest are a number


@dataclass(frozen=True)
class PulseViews:
    """Reads views from the store."""

    store: Store

    async def polls(self, lecture: UUID, *, staff: bool) -> list[wire.PollView]:
        query = "SELECT * FROM lecture_polls WHERE lecture_id = %(id)s ORDER BY number"
        return [poll_view(row, staff=staff) for row in await self.store.rows(query, {"id": lecture})]

    async def hands(self, lecture: UUID) -> wire.HandsView:
        """Who has the word first, then in the order in which they went up."""
        rows = await self.store.rows(_HANDS, {"id": lecture})
        return wire.HandsView(
            count=sum(row.state == "raised" for row in rows),
            hands=[
                wire.HandView(
                    number=row.number,
                    nickname=row.nickname,
                    raised_at=row.raised_at,
                    taken=row.taken,
                    may_speak=by_voice(row.school_allows, row.agreed) != "no",
                    kept=row.kept,
                )
                for row in rows[:SHOWN_HANDS]
            ],
        )

    async def lost(self, lecture: UUID) -> wire.LostView:
        rows = await self.store.rows(_LOST, {"id": lecture})
        if not rows:
            return wire.LostView(counts=[], came=0, marks=[])
        came, until_ms = rows[0].came, rows[0].until_ms
        line = time_line(Counter({row.window: row.count for row in rows if row.window is not None}), until_ms)
        return wire.LostView(
            counts=line,
            came=came,
            marks=[wire.MarkView(from_ms=m.from_ms, to_ms=m.to_ms, most=m.most) for m in marks(line, came)],
        )

    async def muted(self, lecture: UUID) -> list[wire.MutedView]:
        """Who may not speak or be there, by the newest line of each: a page knows no pupil otherwise."""
        rows = await self.store.rows(_MUTED, {"id": lecture})
        return [
            wire.MutedView(number=row.number, nickname=row.nickname, since=row.since, removed=row.removed)
            for row in rows
        ]


def poll_view(row: Record, *, staff: bool) -> wire.PollView:
    counts: Sequence[int] = row.counts
    return wire.PollView(
        number=row.number,
        version=row.version,
        text=row.text,
        options=row.options,
        counts=list(counts),
        at_ms=row.at_ms,
        closed=row.closed_at is not None,
        quiz=row.right_option is not None,
        right=row.right_option if staff or row.closed_at is not None else None,
    )


_HANDS = f"""
    SELECT h.number, h.state, h.raised_at, h.state = 'taken' AS taken, a.nickname,
           {SCHOOL_ALLOWS.format("a.id")} AS school_allows, {AGREED.format("a.id")} AS agreed,
           EXISTS (SELECT FROM lecture_floors f WHERE f.lecture_id = h.lecture_id AND f.hand = h.number
                   AND f.state = 'open' AND f.kept) AS kept
    FROM lecture_hands h JOIN accounts a ON a.id = h.pupil_id
    WHERE h.lecture_id = %(id)s AND h.state IN ('raised', 'taken') ORDER BY h.state = 'raised', h.number
"""  # noqa: S608 - composed of constants
_LOST = """
    SELECT t.window, t.count, here.came,
           round(1000 * extract(epoch FROM coalesce(l.ended_at, clock_timestamp()) - l.started_at))::int AS until_ms
    FROM lectures l
    CROSS JOIN LATERAL (SELECT count(DISTINCT pupil_id) AS came FROM lecture_attendance WHERE lecture_id = l.id) here
    LEFT JOIN (SELECT "window", count(*) AS count FROM lecture_lost WHERE lecture_id = %(id)s GROUP BY "window") t
        ON true
    WHERE l.id = %(id)s AND l.started_at IS NOT NULL
"""
_MUTED = """
    SELECT a.nickname, coalesce(b.removed_at, b.muted_at) AS since, b.removed_at IS NOT NULL AS removed,
           (SELECT max(l.number) FROM lecture_lines l
            WHERE l.lecture_id = b.lecture_id AND l.author_id = b.pupil_id) AS number
    FROM lecture_bans b JOIN accounts a ON a.id = b.pupil_id
    WHERE b.lecture_id = %(id)s AND (b.muted_at IS NOT NULL OR b.removed_at IS NOT NULL)
    ORDER BY since DESC, a.nickname
"""
