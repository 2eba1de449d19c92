"""What pages see of a lecture's room: its state, its board, what is said, who was there. Deny by default."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from server.domain.floor import by_voice
from server.domain.lecture import DOORS_OPEN, LectureState
from server.domain.people import Person, Role
from server.domain.room import GAP, LineState, attended
from server.live import protocol as wire
from server.store.floors import AGREED, SCHOOL_ALLOWS
from server.store.lecture_views import LectureViews
from server.store.lines import Record
from server.store.pulse_views import PulseViews
from server.store.rooms import LECTURER, LINE, LOG
from server.store.work import Store, room_channel

LATEST = 200  # lines of chat that a page gets; questions all
Side = Literal["lecturer", "pupil", "reviewer"]


@dataclass(frozen=True)
class RoomViews:
    """Reads views from the store."""

    store: Store
    lectures: LectureViews
    pulse: PulseViews

    async def side(self, person: Person, id: UUID) -> Side | None:
        """What somebody is in a room that is open to him now; None for everybody else."""
        found = await self.store.rows(_SIDE, {"id": id, "person": person.id})
        if not found:
            return None
        row = found[0]
        state = LectureState(row.state)
        if row.lecturer_id == person.id and person.is_a(Role.LECTURER):
            return "lecturer"
        if state is LectureState.PLANNED:
            return None
        if person.is_a(Role.REVIEWER):
            return "reviewer"
        is_open = state is LectureState.LIVE or (state is LectureState.OPEN and row.starts_at - DOORS_OPEN <= row.now)
        is_in = person.is_a(Role.STUDENT) and row.place == "seated" and row.removed_at is None
        return "pupil" if is_open and is_in else None

    async def state(self, id: UUID) -> wire.RoomState | None:
        found = await self.store.rows(_STATE, {"id": id})
        return _state(found[0]) if found else None

    async def for_staff(self, side: Side, id: UUID) -> wire.RoomSnapshot | None:
        """For its lecturer or a reviewer; without the positions of its channels, which were asked for before."""
        common = await self._common(id)
        if common is None:
            return None
        return wire.RoomSnapshot(
            **common,
            me=side,
            lines=await self._lines(id, staff=True),
            voted=[],
            muted=False,
            polls=await self.pulse.polls(id, staff=True),
            hands=await self.pulse.hands(id),
            lost=await self.pulse.lost(id),
        )

    async def for_pupils(self, id: UUID, pupils: Sequence[UUID]) -> list[wire.RoomSnapshot] | None:
        """The room for each of those who come in at the same moment: what all see is read once."""
        common = await self._common(id)
        if common is None:
            return None
        lines, polls = await self._lines(id, staff=False), await self.pulse.polls(id, staff=False)
        held: dict[UUID, list[wire.LineView]] = defaultdict(list)
        for row in await self.store.rows(_HELD, {"id": id, "pupils": list(pupils)}):
            held[row.author_id].append(line_view(row, by_lecturer=False))
        return [
            wire.RoomSnapshot(
                **common,
                me="pupil",
                lines=sorted([*lines, *held[row.id]], key=lambda line: line.number) if row.id in held else lines,
                voted=row.voted,
                muted=row.muted,
                polls=polls,
                answered=[wire.PollAnswer(number=n, option=option) for n, option in row.answered or []],
                hand=None
                if row.hand is None
                else wire.HandPlace(number=row.hand, ahead=row.ahead, by_voice=by_voice(row.school_allows, row.agreed)),
            )
            for row in await self.store.rows(_OWN, {"id": id, "pupils": list(pupils)})
        ]

    async def _common(self, id: UUID) -> dict[str, Any] | None:
        """What everybody in the room sees."""
        lecture = await self.lectures.lecture(id)
        state = await self.state(id)
        if lecture is None or state is None:
            return None
        kept = await self.store.rows("SELECT body FROM lecture_snapshots WHERE lecture_id = %(id)s", {"id": id})
        board = msgspec.json.decode(kept[0].body, type=wire.BoardSnapshot) if kept else None
        log = await self.store.rows(LOG, {"id": id, "after": 0 if board is None else board.seq})
        materials = await self.lectures.materials(id)
        return {
            "lecture": lecture,
            "room": state,
            "channel": room_channel(id),
            "board": board,
            "log": [
                wire.BoardLine(seq=r.seq, id=r.op_id, author=LECTURER, kind=r.kind, body=r.body, at_ms=r.at_ms)
                for r in log
            ],
            "media": {str(page.id): page for material in materials for page in material.pages},
            "epoch": "",
            "offset": 0,
        }

    async def _lines(self, id: UUID, *, staff: bool) -> list[wire.LineView]:
        rows = await self.store.rows(_LINES, {"id": id, "staff": staff, "limit": LATEST})
        return [line_view(row, by_lecturer=row.by_lecturer) for row in rows]

    async def attendance(self, id: UUID) -> wire.Attendance:
        """Who was there while it was on air, the longest first."""
        rows = await self.store.rows(_ATTENDANCE, {"id": id, "gap": GAP})
        times: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
        known: dict[UUID, Record] = {}
        for row in rows:
            times[row.pupil_id].append((row.from_at, row.until_at))
            known[row.pupil_id] = row
        listeners = []
        for pupil, spans in times.items():
            row = known[pupil]
            stayed = (
                attended(spans, row.started_at or row.now, row.ended_at or row.now) if row.started_at else timedelta()
            )
            here = row.ended_at is None and max(end for _, end in spans) >= row.now - GAP
            listeners.append(wire.ListenerView(nickname=row.nickname, seconds=round(stayed.total_seconds()), here=here))
        listeners.sort(key=lambda each: (-each.seconds, each.nickname))
        return wire.Attendance(here=sum(each.here for each in listeners), listeners=listeners)


def line_view(row: Record, *, by_lecturer: bool) -> wire.LineView:
    return wire.LineView(
        number=row.number,
        kind=row.kind,
        author_name=row.nickname,
        text=row.text,
        state=LineState(row.state),
        votes=row.votes,
        said_at=row.said_at,
        by_lecturer=by_lecturer,
        why_held=row.why_held,
        by_hand=row.by_hand,
    )


def _state(row: Record) -> wire.RoomState:
    return wire.RoomState(
        lecture_id=row.id,
        version=row.version,
        state=row.state,
        started_at=row.started_at,
        ended_at=row.ended_at,
        slow_s=row.slow_s,
        epoch=row.epoch,
        take=None
        if row.take is None or row.state != "live"
        else wire.TakeView(number=row.take, muted=row.muted, picture=row.picture),
        has_the_word=row.has_the_word,
        floor=None
        if row.floor is None
        else wire.FloorView(number=row.floor, hand=row.floor_hand, open=row.floor_open, until_at=row.until_at),
    )


_SIDE = """
    SELECT l.lecturer_id, l.state, l.starts_at, p.state AS place, b.removed_at, clock_timestamp() AS now
    FROM lectures l
    LEFT JOIN lecture_places p ON p.lecture_id = l.id AND p.pupil_id = %(person)s
    LEFT JOIN lecture_bans b ON b.lecture_id = l.id AND b.pupil_id = %(person)s
    WHERE l.id = %(id)s
"""
_STATE = """
    SELECT l.*, h.number AS has_the_word, t.number AS take, t.muted, t.picture,
           f.number AS floor, f.hand AS floor_hand, f.state = 'open' AS floor_open, f.until_at
    FROM lectures l
    LEFT JOIN lecture_floors f ON f.lecture_id = l.id AND f.state <> 'over'
    LEFT JOIN lecture_hands h ON h.lecture_id = l.id AND h.state = 'taken'
    LEFT JOIN lecture_takes t ON t.lecture_id = l.id AND t.ended_at IS NULL WHERE l.id = %(id)s
"""
_OWN = f"""
    SELECT who.id,
           ARRAY(SELECT number FROM lecture_votes v WHERE v.lecture_id = %(id)s AND v.pupil_id = who.id
                 ORDER BY number) AS voted,
           EXISTS (SELECT FROM lecture_bans b WHERE b.lecture_id = %(id)s AND b.pupil_id = who.id
                   AND b.muted_at IS NOT NULL) AS muted,
           (SELECT array_agg(ARRAY[number, option] ORDER BY number) FROM lecture_poll_answers p
            WHERE p.lecture_id = %(id)s AND p.pupil_id = who.id) AS answered,
           hand.number AS hand, hand.ahead,
           CASE WHEN hand.number IS NOT NULL THEN {SCHOOL_ALLOWS.format("who.id")} END AS school_allows,
           CASE WHEN hand.number IS NOT NULL THEN {AGREED.format("who.id")} END AS agreed
    FROM unnest(CAST(%(pupils)s AS uuid[])) WITH ORDINALITY AS who (id, place)
    LEFT JOIN LATERAL (
        SELECT h.number, (SELECT count(*) FROM lecture_hands w WHERE w.lecture_id = h.lecture_id
                          AND w.state = 'raised' AND w.number < h.number) AS ahead
        FROM lecture_hands h
        WHERE h.lecture_id = %(id)s AND h.pupil_id = who.id AND h.state IN ('raised', 'taken')) hand ON true
    ORDER BY who.place
"""  # noqa: S608 - composed of constants
_HELD = f"""
    {LINE} WHERE l.lecture_id = %(id)s AND l.state = 'held' AND l.author_id = ANY(CAST(%(pupils)s AS uuid[]))
"""
_LINES = f"""
    SELECT * FROM (
        {LINE.replace("a.nickname", "a.nickname, l.author_id = h.lecturer_id AS by_lecturer")}
        JOIN lectures h ON h.id = l.lecture_id
        WHERE l.lecture_id = %(id)s AND (%(staff)s OR l.state IN ('shown', 'answered'))
        ORDER BY l.kind = 'chat', l.number DESC LIMIT %(limit)s::int + 300) newest
    ORDER BY number
"""  # noqa: S608 - composed of constants of this module
_ATTENDANCE = """
    SELECT t.pupil_id, t.from_at, t.until_at, a.nickname, l.started_at, l.ended_at, clock_timestamp() AS now
    FROM lecture_attendance t JOIN accounts a ON a.id = t.pupil_id JOIN lectures l ON l.id = t.lecture_id
    WHERE t.lecture_id = %(id)s
"""
