"""The library: films and what pupils saw of lessons, written in a unit of work; what pages see of them. A lesson is a
film that was imported, or one that a teacher recorded here; the catalogue has both, by the same knowledge points."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from server.domain.library import FEWEST, WHOLE, Lesson, Span
from server.domain.people import Stage, Subject, stage_of
from server.live import protocol as wire
from server.store.lines import Record
from server.store.views import LISTED, STAGE, Views
from server.store.work import Work

PAGE = 24
MOST_BOOKS = 300
BESIDE = 3  # films beside a question
OF_SERIES = 60
MOST_FIGURES = 500


@dataclass(frozen=True)
class Footage:
    """A film's objects, as they are stored."""

    sha256: str
    video_key: str
    poster_key: str
    duration_ms: int
    size: int


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; what is None or empty does not matter."""

    subject: Subject | None = None
    stage: Stage | None = None
    grade: int | None = None
    book: str = ""
    chapter: str = ""
    series: str = ""
    words: str = ""  # of the title, a knowledge point or the teacher's name
    skip: int = 0


class LibraryBook:
    """What may be asked and written of the library; nothing here decides."""

    def __init__(self, work: Work) -> None:
        self.work = work

    async def film(self, code: str) -> Record | None:
        return _first(await self.work.rows("SELECT * FROM films WHERE code = %(code)s FOR UPDATE", {"code": code}))

    async def keep(self, id: UUID, lesson: Lesson, footage: Footage) -> None:
        """New, or another film or other words for a code that is known."""
        row: dict[str, Any] = asdict(lesson) | asdict(footage)
        row |= {"id": id, "subject": str(lesson.subject), "knowledge_points": list(lesson.knowledge_points)}
        row["quiz"] = json.dumps([asdict(each) for each in lesson.quiz], ensure_ascii=False)
        names = ", ".join(row)
        values = ", ".join(f"%({name})s" for name in row)
        changes = ", ".join(f"{name} = excluded.{name}" for name in row if name not in ("id", "code"))
        query = f"""
            INSERT INTO films ({names}) VALUES ({values}) ON CONFLICT (code) DO UPDATE SET {changes} RETURNING id
        """  # noqa: S608 - names from our code
        await self.work.rows(query, row)

    async def show(self, id: UUID, shown: bool) -> bool:
        query = """
            UPDATE films SET taken_down_at = CASE WHEN NOT %(shown)s THEN coalesce(taken_down_at, clock_timestamp()) END
            WHERE id = %(id)s RETURNING id
        """
        return bool(await self.work.rows(query, {"id": id, "shown": shown}))

    async def length_ms(self, id: UUID) -> int | None:
        """Of a lesson that may be watched; None for all else."""
        found = _first(await self.work.rows(_LENGTH, {"id": id}))
        return None if found is None else int(found.duration_ms)

    async def watching(self, id: UUID, pupil: UUID) -> Record | None:
        """Locked; two pages of one pupil wait for each other at the pupil."""
        await self.work.rows("SELECT id FROM accounts WHERE id = %(id)s FOR NO KEY UPDATE", {"id": pupil})
        query = "SELECT * FROM lesson_watching WHERE lesson_id = %(id)s AND pupil_id = %(pupil)s"
        return _first(await self.work.rows(query, {"id": id, "pupil": pupil}))

    async def keep_watching(
        self, id: UUID, pupil: UUID, spans: Sequence[Span], share: float, seen_ms: int, now: datetime
    ) -> None:
        row = {"id": id, "pupil": pupil, "spans": json.dumps(spans), "share": share, "seen": seen_ms, "now": now}
        await self.work.rows(_KEEP_WATCHING, row)

    async def quiz(self, id: UUID) -> list[Mapping[str, Any]] | None:
        """Of a film that may be watched; None for what is no such film."""
        query = "SELECT quiz FROM films WHERE id = %(id)s AND taken_down_at IS NULL"
        found = _first(await self.work.rows(query, {"id": id}))
        return None if found is None else found.quiz

    async def keep_answers(self, id: UUID, pupil: UUID, options: Sequence[int], right: int) -> None:
        row = {"id": id, "pupil": pupil, "options": list(options), "right": right}
        await self.work.rows(_KEEP_ANSWERS, row)


@dataclass(frozen=True)
class LibraryViews:
    """Reads views from the store."""

    views: Views

    async def catalogue(self, reader: UUID, wanted: Wanted) -> wire.Library:
        given = asdict(wanted) | {
            "reader": reader,
            "subject": None if wanted.subject is None else str(wanted.subject),
            "stage": None if wanted.stage is None else str(wanted.stage),
            "words": wanted.words.strip(),
            "limit": PAGE + 1,
        }
        rows = await self.views.store.rows(_CATALOGUE, given)
        books = await self.views.store.rows(_BOOKS, given | {"limit": MOST_BOOKS}) if wanted.skip == 0 else []
        return wire.Library(
            lessons=[await self._lesson(row) for row in rows[:PAGE]],
            more=len(rows) > PAGE,
            books=[wire.BookView(book=row.book, chapters=row.chapters) for row in books if row.book],
            series=sorted({name for row in books for name in row.series}),
        )

    async def lesson(self, reader: UUID, id: UUID) -> wire.LessonPage | None:
        rows = await self.views.store.rows(f"{_EVERY} {_LESSON} WHERE e.id = %(id)s", {"reader": reader, "id": id})
        if not rows:
            return None
        row = rows[0]
        page = wire.LessonPage(lesson=await self._lesson(row))
        if row.source == "recording":
            page.answer = await self.views.answer(id, reader)
            return page
        film = (await self.views.store.rows("SELECT * FROM films WHERE id = %(id)s", {"id": id}))[0]
        page.about, page.video_url = film.about, await self.views.sign(film.video_key, None)
        page.quiz = [wire.QuizView(text=each["text"], options=each["options"]) for each in film.quiz]
        if film.series:
            others = await self.views.store.rows(_SERIES, {"reader": reader, "series": film.series, "limit": OF_SERIES})
            page.series = [await self._lesson(other) for other in others]
        return page

    async def beside(self, reader: UUID, question: UUID) -> list[wire.LessonView]:
        """Films on what a question is about, by what its answers and those found for it are about."""
        found = await self.views.store.rows(_BESIDE, {"reader": reader, "question": question, "limit": BESIDE})
        return [await self._lesson(row) for row in found]

    async def figures(self) -> wire.LibraryFigures:
        """Of fewer than five pupils nothing is told but that they are fewer."""
        rows = await self.views.store.rows(_FIGURES, {"whole": WHOLE, "limit": MOST_FIGURES})
        return wire.LibraryFigures(
            lessons=[
                wire.LessonFigures(
                    lesson_id=row.id,
                    title=row.title,
                    subject=row.subject,
                    grade=row.grade,
                    pupils=row.pupils if row.pupils >= FEWEST else None,
                    minutes=round(row.seen_ms / 60_000) if row.pupils >= FEWEST else None,
                    whole=round(row.whole, 3) if row.pupils >= FEWEST else None,
                    quiz_right=round(row.quiz_right, 3) if row.quizzed >= FEWEST else None,
                )
                for row in rows
            ]
        )

    async def _lesson(self, row: Record) -> wire.LessonView:
        return wire.LessonView(
            id=row.id,
            source=row.source,
            title=row.title,
            subject=row.subject,
            stage=stage_of(row.grade),
            grade=row.grade,
            knowledge_points=row.knowledge_points,
            teacher_name=row.teacher_name,
            duration_ms=row.duration_ms,
            poster_url=await self.views.sign(row.poster_key, None) if row.poster_key else None,
            book=row.book,
            chapter=row.chapter,
            series=row.series,
            questions=row.questions,
            seen=row.seen,
        )


def _first(rows: Sequence[Record]) -> Record | None:
    return rows[0] if rows else None


_EVERY = f"""
    WITH every AS (
        SELECT id, 'film' AS source, title, subject, grade, knowledge_points, teacher_name, duration_ms, poster_key,
               book, chapter, series, place, jsonb_array_length(quiz) AS questions, imported_at AS since
        FROM films WHERE taken_down_at IS NULL
        UNION ALL
        SELECT a.id, 'recording', a.title, a.subject, a.grade, a.knowledge_points, at.nickname, a.duration_ms,
               a.poster_key, '', '', '', 0, 0, a.published_at
        FROM answers a JOIN accounts at ON at.id = a.teacher_id WHERE a.title IS NOT NULL AND {LISTED})
"""  # noqa: S608 - composed of constants
_LENGTH = f"{_EVERY} SELECT duration_ms FROM every WHERE id = %(id)s"  # noqa: S608 - constants
_LESSON = """
    SELECT e.*, coalesce(w.share, 0) AS seen FROM every e
    LEFT JOIN lesson_watching w ON w.lesson_id = e.id AND w.pupil_id = %(reader)s
"""
_FITS = f"""
    (%(subject)s::text IS NULL OR e.subject = %(subject)s)
    AND (%(stage)s::text IS NULL OR {STAGE.format("e")} = %(stage)s)
    AND (%(grade)s::int IS NULL OR e.grade = %(grade)s)
"""
_CATALOGUE = f"""
    {_EVERY} {_LESSON}
    WHERE {_FITS}
      AND (%(book)s = '' OR e.book = %(book)s) AND (%(chapter)s = '' OR e.chapter = %(chapter)s)
      AND (%(series)s = '' OR e.series = %(series)s)
      AND (%(words)s = '' OR strpos(lower(e.title), lower(%(words)s)) > 0
           OR strpos(lower(e.teacher_name), lower(%(words)s)) > 0
           OR EXISTS (SELECT FROM unnest(e.knowledge_points) point WHERE strpos(lower(point), lower(%(words)s)) > 0))
    ORDER BY e.grade, e.subject, e.book = '', e.book, e.chapter, e.series, e.place, e.since DESC, e.id
    LIMIT %(limit)s OFFSET %(skip)s
"""
_BOOKS = f"""
    {_EVERY}
    SELECT e.book, coalesce(array_agg(DISTINCT e.chapter) FILTER (WHERE e.chapter <> ''), '{{}}') AS chapters,
           coalesce(array_agg(DISTINCT e.series) FILTER (WHERE e.series <> ''), '{{}}') AS series
    FROM every e WHERE e.source = 'film' AND {_FITS} GROUP BY e.book ORDER BY e.book LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module
_SERIES = f"""
    {_EVERY} {_LESSON} WHERE e.series = %(series)s ORDER BY e.place, e.title LIMIT %(limit)s
"""
_BESIDE = f"""
    {_EVERY}, points AS (
        SELECT q.knowledge_point AS point FROM questions q WHERE q.id = %(question)s
        UNION SELECT unnest(known.knowledge_points) FROM answers known WHERE known.question_id = %(question)s
        UNION SELECT unnest(known.knowledge_points) FROM suggestions s JOIN answers known ON known.id = s.answer_id
              WHERE s.question_id = %(question)s
        UNION SELECT asked.knowledge_point FROM suggestions s JOIN answers known ON known.id = s.answer_id
              JOIN questions asked ON asked.id = known.question_id WHERE s.question_id = %(question)s)
    {_LESSON}
    JOIN questions q ON q.id = %(question)s AND q.subject = e.subject AND {STAGE.format("q")} = {STAGE.format("e")}
    WHERE EXISTS (
        SELECT FROM unnest(e.knowledge_points) taught JOIN points ON lower(btrim(taught)) = lower(btrim(points.point)))
    ORDER BY abs(e.grade - q.grade), e.since DESC LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module
_FIGURES = f"""
    {_EVERY}
    SELECT e.id, e.title, e.subject, e.grade, count(w.pupil_id) AS pupils, coalesce(sum(w.seen_ms), 0) AS seen_ms,
           coalesce(avg((w.share >= %(whole)s)::int), 0)::float AS whole,
           coalesce(max(a.quizzed), 0) AS quizzed, coalesce(max(a.quiz_right), 0) AS quiz_right
    FROM every e LEFT JOIN lesson_watching w ON w.lesson_id = e.id
    LEFT JOIN (SELECT film_id, count(*) AS quizzed, avg(first_right::float / cardinality(first)) AS quiz_right
               FROM film_quiz_answers GROUP BY film_id) a ON a.film_id = e.id
    GROUP BY e.id, e.title, e.subject, e.grade ORDER BY count(w.pupil_id) DESC, e.title, e.id LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module
_KEEP_WATCHING = """
    INSERT INTO lesson_watching (lesson_id, pupil_id, spans, share, seen_ms, told_at)
    VALUES (%(id)s, %(pupil)s, %(spans)s, %(share)s, %(seen)s, %(now)s)
    ON CONFLICT (lesson_id, pupil_id) DO UPDATE
    SET spans = excluded.spans, share = excluded.share, seen_ms = excluded.seen_ms, told_at = excluded.told_at
    RETURNING pupil_id
"""
_KEEP_ANSWERS = """
    INSERT INTO film_quiz_answers (film_id, pupil_id, first, latest, first_right)
    VALUES (%(id)s, %(pupil)s, %(options)s, %(options)s, %(right)s)
    ON CONFLICT (film_id, pupil_id) DO UPDATE SET latest = excluded.latest RETURNING pupil_id
"""
