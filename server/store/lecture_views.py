"""What pages see of lectures: the catalogue, a pupil's own, a lecturer's own. A pupil sees those open to its school."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from server.domain.people import Person, Role, Subject
from server.live import protocol as wire
from server.store.lectures import MATERIALS
from server.store.lines import Record
from server.store.work import Store, lecture_channel

PAGE = 30  # lectures of a page of the catalogue
MINE = 60
OF_LECTURER = 100


@dataclass(frozen=True)
class Wanted:
    """What a pupil looks for; what is None does not matter. From and until are hours that the pupil has free."""

    subject: Subject | None = None
    grade: int | None = None
    words: str = ""  # of the lecturer's name, the title or a knowledge point
    free_from: datetime | None = None
    free_until: datetime | None = None
    after: datetime | None = None  # the beginning of the last one that is known
    after_id: UUID | None = None
    over: bool = False  # those to be watched again, the newest first
    reviewed_first: bool = False  # and of these only what a reviewer has shown


@dataclass(frozen=True)
class LectureViews:
    """Reads views from the store."""

    store: Store
    media_view: Callable[[Record], Awaitable[wire.MediaView]]
    sign: Callable[[str, str | None], Awaitable[str]]

    async def lecture(self, id: UUID) -> wire.LectureView | None:
        """As everybody sees it who may, without a place of anybody's."""
        found = await self.store.rows(f"{_SELECT} WHERE l.id = %(id)s", {"id": id, "reader": None})
        return await self._lecture(found[0]) if found else None

    async def seen_by(self, person: Person, id: UUID) -> wire.LectureView | None:
        """None for what this person may not see: a draft, or a lecture for other schools."""
        found = await self.store.rows(f"{_SELECT} WHERE l.id = %(id)s", {"id": id, "reader": person.id})
        if not found or not may_see(person, found[0]):
            return None
        view = await self._lecture(found[0])
        return await self._for_lecturer(view, found[0]) if found[0].lecturer_id == person.id else view

    async def catalogue(self, pupil: UUID, wanted: Wanted) -> wire.Lectures:
        params = {
            "reader": pupil,
            "subject": None if wanted.subject is None else str(wanted.subject),
            "grade": wanted.grade,
            "words": wanted.words.strip(),
            "free_from": wanted.free_from,
            "free_until": wanted.free_until,
            "after": wanted.after,
            "after_id": wanted.after_id,
            "limit": PAGE + 1,
            "reviewed_first": wanted.reviewed_first,
        }
        rows = await self.store.rows(_REPLAYS if wanted.over else _CATALOGUE, params)
        return wire.Lectures(lectures=[await self._lecture(row) for row in rows[:PAGE]], more=len(rows) > PAGE)

    async def mine(self, pupil: UUID) -> list[wire.LectureView]:
        """Those to come first, the next at the top; then what was."""
        rows = await self.store.rows(_MINE, {"reader": pupil, "limit": MINE})
        return [await self._lecture(row) for row in rows]

    async def of_lecturer(self, lecturer: UUID) -> list[wire.LectureView]:
        rows = await self.store.rows(_OF_LECTURER, {"reader": lecturer, "limit": OF_LECTURER})
        return [await self._for_lecturer(await self._lecture(row), row) for row in rows]

    async def schools(self) -> list[wire.SchoolView]:
        rows = await self.store.rows("SELECT id, name FROM schools ORDER BY name", {})
        return [wire.SchoolView(id=row.id, name=row.name) for row in rows]

    async def materials(self, lecture: UUID) -> list[wire.MaterialView]:
        """With the picture of each page."""
        rows = await self.store.rows(MATERIALS, {"lecture": lecture})
        return [
            wire.MaterialView(
                id=row.id,
                name=row.name,
                count=len(row.pages),
                pages=[await self._page(row, n, size) for n, size in enumerate(row.pages, 1)],
            )
            for row in rows
        ]

    async def _page(self, material: Record, number: int, size: list[int]) -> wire.MediaView:
        return wire.MediaView(
            id=page_id(material.id, number),
            kind="photo",
            content_type="image/jpeg",
            url=await self.sign(page_key(material.id, number), None),
            width=size[0],
            height=size[1],
        )

    async def _lecture(self, row: Record) -> wire.LectureView:
        cover = None
        if row.cover_id is not None:
            found = await self.store.rows("SELECT * FROM media WHERE id = %(id)s", {"id": row.cover_id})
            cover = await self.media_view(found[0]) if found else None
        return wire.LectureView(
            id=row.id,
            version=round(row.read_at.timestamp() * 1_000_000),
            state=row.state,
            title=row.title,
            about=row.about,
            subject=row.subject,
            stage=row.stage,
            grades=row.grades,
            knowledge_points=row.knowledge_points,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            capacity=row.capacity,
            taken=row.taken,
            waiting=row.waiting,
            lecturer_name=row.lecturer_name,
            channel=lecture_channel(row.id),
            cover=cover,
            cancelled_why=row.cancelled_why,
            place=None
            if row.place_state is None
            else wire.PlaceView(state=row.place_state, ahead=row.ahead if row.place_state == "waiting" else None),
        )

    async def _for_lecturer(self, view: wire.LectureView, row: Record) -> wire.LectureView:
        view.schools = row.school_ids
        rows = await self.store.rows(MATERIALS, {"lecture": row.id})
        view.materials = [wire.MaterialView(id=each.id, name=each.name, count=len(each.pages)) for each in rows]
        return view


def may_see(person: Person, lecture: Record) -> bool:
    """`lecture` was read for this person. Deny by default."""
    if lecture.lecturer_id == person.id:
        return person.is_a(Role.LECTURER)
    if lecture.state == "planned":
        return False
    if person.is_a(Role.REVIEWER):
        return True
    return person.is_a(Role.STUDENT) and bool(lecture.is_for_reader or lecture.place_state)


def page_id(material: UUID, number: int) -> UUID:
    """A board names a page's picture by this; the same page has the same id everywhere."""
    return uuid5(material, str(number))


def page_key(material: UUID, number: int) -> str:
    return f"media/{material}/page-{number:03d}.jpg"


_SELECT = """
    SELECT l.*, a.nickname AS lecturer_name, p.state AS place_state,
           CASE WHEN p.state = 'waiting' THEN (
               SELECT count(*) FROM lecture_places w
               WHERE w.lecture_id = l.id AND w.state = 'waiting' AND w.number < p.number) END AS ahead,
           cardinality(l.school_ids) = 0 OR l.school_ids @> ARRAY(
               SELECT i.school_id FROM identities i
               WHERE i.account_id = %(reader)s::uuid AND i.school_id IS NOT NULL)
               AND EXISTS (SELECT FROM identities i WHERE i.account_id = %(reader)s::uuid AND i.school_id IS NOT NULL)
               AS is_for_reader,
           clock_timestamp() AS read_at
    FROM lectures l JOIN accounts a ON a.id = l.lecturer_id
    LEFT JOIN lecture_places p ON p.lecture_id = l.id AND p.pupil_id = %(reader)s::uuid AND p.state <> 'left'
"""
_FITS = """is_for_reader
      AND (%(subject)s::text IS NULL OR subject = %(subject)s)
      AND (%(grade)s::int IS NULL OR grades @> ARRAY[%(grade)s::int])
      AND (%(free_from)s::timestamptz IS NULL OR starts_at >= %(free_from)s)
      AND (%(free_until)s::timestamptz IS NULL OR ends_at <= %(free_until)s)
      AND (%(words)s = '' OR strpos(lower(lecturer_name), lower(%(words)s)) > 0
           OR strpos(lower(title), lower(%(words)s)) > 0
           OR EXISTS (SELECT FROM unnest(knowledge_points) point WHERE strpos(lower(point), lower(%(words)s)) > 0)
           OR EXISTS (SELECT FROM lecture_texts said WHERE said.lecture_id = l.id
                      AND strpos(lower(replace(said.text, ' ', '')), lower(replace(%(words)s, ' ', ''))) > 0))
"""
_CATALOGUE = f"""
    SELECT * FROM ({_SELECT} WHERE l.state IN ('open', 'live') AND l.ends_at > clock_timestamp()) l
    WHERE {_FITS}
      AND (%(after)s::timestamptz IS NULL OR (starts_at, id) > (%(after)s::timestamptz, %(after_id)s::uuid))
    ORDER BY starts_at, id LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module
_REPLAYS = f"""
    SELECT * FROM ({_SELECT} WHERE l.state = 'over' AND l.swept_at IS NULL
                   AND coalesce(l.replay_shown, NOT %(reviewed_first)s)) l
    WHERE {_FITS}
      AND (%(after)s::timestamptz IS NULL OR (starts_at, id) < (%(after)s::timestamptz, %(after_id)s::uuid))
    ORDER BY starts_at DESC, id DESC LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module
_MINE = f"""
    SELECT * FROM ({_SELECT} WHERE p.state IS NOT NULL) l
    WHERE ends_at > clock_timestamp() - interval '90 days'
    ORDER BY ends_at <= clock_timestamp() OR state IN ('over', 'cancelled'),
             CASE WHEN ends_at <= clock_timestamp() OR state IN ('over', 'cancelled')
                  THEN -extract(epoch FROM starts_at) ELSE extract(epoch FROM starts_at) END, id
    LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module
_OF_LECTURER = f"""
    SELECT * FROM ({_SELECT} WHERE l.lecturer_id = %(reader)s::uuid) l
    ORDER BY state IN ('over', 'cancelled'),
             CASE WHEN state IN ('over', 'cancelled')
                  THEN -extract(epoch FROM starts_at) ELSE extract(epoch FROM starts_at) END, id
    LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module
