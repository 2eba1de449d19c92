"""The one video of each lecture, in the transaction of a unit of work."""

from dataclasses import asdict, dataclass
from uuid import UUID

from server.store.lines import Record
from server.store.work import Work


@dataclass(frozen=True)
class Footage:
    """What the object store holds of it."""

    video_key: str
    poster_key: str
    content_type: str
    duration_ms: int
    size: int


class LectureFilmBook:
    """What may be asked and written; nothing here decides."""

    def __init__(self, work: Work) -> None:
        self.work = work

    async def film(self, lecture: UUID) -> Record | None:
        found = await self.work.rows("SELECT * FROM lecture_films WHERE lecture_id = %(id)s", {"id": lecture})
        return found[0] if found else None

    async def want(self, lecture: UUID) -> None:
        """An earlier one is watched until the new one is there."""
        await self.work.rows(_WANT, {"id": lecture})

    async def withdraw(self, lecture: UUID) -> None:
        await self.work.rows(_WITHDRAW, {"id": lecture})

    async def come_to(self, lecture: UUID, progress: int) -> None:
        query = "UPDATE lecture_films SET progress = %(progress)s WHERE lecture_id = %(id)s RETURNING lecture_id"
        await self.work.rows(query, {"id": lecture, "progress": progress})

    async def keep(self, lecture: UUID, footage: Footage) -> bool:
        """False when the lecture has been swept meanwhile."""
        return bool(await self.work.rows(_KEEP, {"id": lecture, **asdict(footage)}))

    async def fail(self, lecture: UUID) -> None:
        await self.work.rows(_FAIL, {"id": lecture})


_WANT = """
    INSERT INTO lecture_films (lecture_id, state) VALUES (%(id)s, 'making')
    ON CONFLICT (lecture_id) DO UPDATE SET state = 'making', progress = 0 RETURNING lecture_id
"""
_WITHDRAW = """
    UPDATE lecture_films SET state = 'making', video_key = NULL, poster_key = NULL WHERE lecture_id = %(id)s
    RETURNING lecture_id
"""
_KEEP = """
    UPDATE lecture_films SET state = 'ready', progress = 100, video_key = %(video_key)s, poster_key = %(poster_key)s,
           content_type = %(content_type)s, duration_ms = %(duration_ms)s, size = %(size)s, made_at = clock_timestamp()
    WHERE lecture_id = %(id)s RETURNING lecture_id
"""
_FAIL = """
    UPDATE lecture_films SET state = CASE WHEN video_key IS NULL THEN 'failed' ELSE 'ready' END
    WHERE lecture_id = %(id)s AND state = 'making' RETURNING lecture_id
"""
