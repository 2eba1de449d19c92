"""What pages see of a lecture that is over: its board, its sound, who may watch it again. Deny by default."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from media.cmaf import SEGMENT
from server.domain.finding import around, folded
from server.domain.people import Person, Role
from server.domain.replay import Segment, horizon, on_one_clock
from server.live import protocol as wire
from server.store.floors import VOICES
from server.store.lecture_views import LectureViews
from server.store.lines import Record
from server.store.pulse_views import PulseViews
from server.store.rooms import LECTURER, LOG
from server.store.takes import PICTURES, SEGMENTS, VIEWS
from server.store.work import Store

MOST_MOMENTS = 50
FILMS = 30


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

    async def for_staff(self, person: Person, id: UUID) -> Record | None:
        """The lecture, for an administrator of a school for which it was open, once it is shown."""
        if not person.is_a(Role.SCHOOL_ADMIN):
            return None
        found = await self.store.rows(_OF_SCHOOL, {"id": id, "person": person.id})
        return found[0] if found and self.is_shown(found[0]) else None

    async def films_for(self, staff: Person) -> wire.SchoolFilms:
        """Those that an administrator may take along, the newest first."""
        limits = {"person": staff.id, "reviewed_first": self.reviewed_first, "limit": FILMS + 1}
        rows = await self.store.rows(_FILMS_OF_SCHOOL, limits)
        films = [(row, await self.film(row, keeper=True)) for row in rows[:FILMS]]
        return wire.SchoolFilms(
            films=[
                wire.SchoolFilm(
                    lecture_id=row.id,
                    title=row.title,
                    lecturer_name=row.nickname,
                    subject=row.subject,
                    grades=list(row.grades),
                    held_at=row.started_at,
                    film=film,
                )
                for row, film in films
                if film is not None
            ],
            more=len(rows) > FILMS,
        )

    async def segments(self, id: UUID) -> list[Segment]:
        rows = await self.store.rows(SEGMENTS, {"id": id})
        return on_one_clock([(r.take, r.start_ms, r.number, r.samples) for r in rows], SEGMENT)

    async def pictures(self, id: UUID) -> list[Segment]:
        rows = await self.store.rows(PICTURES, {"id": id})
        return on_one_clock([(r.take, r.start_ms, r.number, r.samples) for r in rows], SEGMENT)

    async def voices(self, id: UUID) -> list[Segment]:
        """What pupils said whose voice is kept; one at a time had the floor."""
        rows = await self.store.rows(VOICES, {"id": id})
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
        own = await self.store.rows(_STOPPED, {"id": lecture.id, "viewer": person.id})
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
            captions=await self.captions_state(person, lecture),
            stopped_ms=own[0].at_ms if own else 0,
            film=await self.film(lecture, keeper=_side(person, lecture) != "pupil"),
        )

    async def captions(self, person: Person, lecture: Record) -> Record | None:
        """Those of a lecture that this person may watch; pupils see what is shown."""
        found = await self.store.rows("SELECT * FROM lecture_captions WHERE lecture_id = %(id)s", {"id": lecture.id})
        if not found or (_side(person, lecture) == "pupil" and found[0].state != "shown"):
            return None
        return found[0]

    async def captions_state(self, person: Person, lecture: Record) -> wire.CaptionsState | None:
        found = await self.captions(person, lecture)
        return None if found is None else wire.CaptionsState(state=found.state, source=found.source)

    async def moments(self, person: Person, lecture: Record, words: str) -> wire.Moments:
        """Where these words are on a page, on the board or in the captions; in the order of the lecture."""
        wanted = folded(words)
        if not wanted:
            return wire.Moments(moments=[], more=False)
        rows = await self.store.rows("SELECT * FROM lecture_texts WHERE lecture_id = %(id)s", {"id": lecture.id})
        captions = await self.captions(person, lecture)
        cues = [] if captions is None else captions.cues
        found = [
            *((row.at_ms, row.kind, row.text) for row in rows),
            *((at, "caption", text) for at, _, text in cues),
        ]
        found = sorted(each for each in found if wanted in folded(each[2]))
        moments = [
            wire.LectureMoment(at_ms=at_ms, kind=kind, text=around(text, wanted))
            for at_ms, kind, text in found[:MOST_MOMENTS]
        ]
        return wire.Moments(moments=moments, more=len(found) > MOST_MOMENTS)

    async def film(self, lecture: Record, *, keeper: bool) -> wire.LectureFilm | None:
        """None as long as none is wanted. Who keeps the lecture may take it with them."""
        found = await self.store.rows("SELECT * FROM lecture_films WHERE lecture_id = %(id)s", {"id": lecture.id})
        if not found:
            return None
        row, sign = found[0], self.lectures.sign
        name = f"{lecture.title}.{row.video_key.rsplit('.', 1)[1]}" if row.video_key else None
        return wire.LectureFilm(
            state=row.state,
            progress=row.progress,
            url=await sign(row.video_key, None) if row.video_key else None,
            poster_url=await sign(row.poster_key, None) if row.poster_key else None,
            content_type=row.content_type,
            duration_ms=row.duration_ms,
            size=row.size,
            download_url=await sign(row.video_key, name) if row.video_key and keeper else None,
        )


def _side(person: Person, lecture: Record) -> Literal["lecturer", "pupil", "reviewer"]:
    if lecture.lecturer_id == person.id:
        return "lecturer"
    return "reviewer" if person.is_a(Role.REVIEWER) else "pupil"


def duration_ms(lecture: Record) -> int:
    return max(0, int((lecture.ended_at - lecture.started_at).total_seconds() * 1000))


_STOPPED = "SELECT at_ms FROM lecture_watches WHERE lecture_id = %(id)s AND viewer_id = %(viewer)s"
_OF_SCHOOL = """
    SELECT l.* FROM lectures l
    WHERE l.id = %(id)s AND l.state = 'over' AND l.swept_at IS NULL AND EXISTS (
        SELECT FROM identities i WHERE i.account_id = %(person)s AND i.school_id IS NOT NULL
        AND (cardinality(l.school_ids) = 0 OR i.school_id = ANY(l.school_ids)))
"""
_FILMS_OF_SCHOOL = """
    SELECT l.*, a.nickname FROM lectures l JOIN accounts a ON a.id = l.lecturer_id
    JOIN lecture_films f ON f.lecture_id = l.id AND f.video_key IS NOT NULL
    JOIN identities i ON i.account_id = %(person)s AND i.school_id IS NOT NULL
    WHERE l.state = 'over' AND l.swept_at IS NULL AND coalesce(l.replay_shown, NOT %(reviewed_first)s)
    AND (cardinality(l.school_ids) = 0 OR i.school_id = ANY(l.school_ids))
    ORDER BY l.ended_at DESC LIMIT %(limit)s
"""
_OVER = """
    SELECT l.*, b.removed_at FROM lectures l
    LEFT JOIN lecture_bans b ON b.lecture_id = l.id AND b.pupil_id = %(person)s
    WHERE l.id = %(id)s AND l.state = 'over' AND l.swept_at IS NULL
"""
