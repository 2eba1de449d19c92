"""A city's own micro-lessons: a CSV or XLSX that names MP4 files in a folder, brought in film by film.

A film is there whole or not at all: it is made anew in the limited child (media/intake.py), its objects are put, then
one statement names them. Whatever ends an import, the next run goes on where it stopped: a film whose file and words
are as they were costs the reading of its file.
"""

import asyncio
import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID, uuid5

from media.intake import Kind, take_in
from media.limits import MIB, Limits, Refused
from media.storage import FolderStorage, ObjectMissing, S3Storage, StorageFull, StorageUnavailable
from server.domain.library import (
    ABOUT,
    LEAST_OPTIONS,
    MOST_OPTIONS,
    MOST_POINTS,
    MOST_QUESTIONS,
    OPTION,
    POINT,
    QUESTION,
    TITLE,
    WORDS,
    Lesson,
    QuizQuestion,
)
from server.domain.people import Subject
from server.people_file import MAX_BYTES, Mistake, UnreadableFile, read_table
from server.store.library import Footage, LibraryBook
from server.store.work import Record, Store

NEEDED = ("code", "file", "title", "subject", "grade", "knowledge_points")
QUIZ = tuple(f"{name}{n}" for n in range(1, MOST_QUESTIONS + 1) for name in ("question", "options", "right"))
COLUMNS = (*NEEDED, "about", "teacher", "book", "chapter", "series", "place", *QUIZ)
LONGEST = {"code": 64, "file": 255, "title": TITLE, "about": ABOUT} | dict.fromkeys(
    ("teacher", "book", "chapter", "series"), WORDS
)
MAX_ROWS = 20_000
NAMES = UUID("5b1f0a52-6f0e-4d6b-9c1a-0d5e2a7c9b11")  # of films: the same code has the same id in every import
LIMITS = Limits(  # of a lesson of an hour; the child works on one core
    video_bytes=2048 * MIB,
    video_seconds=3_600,
    written_bytes=2048 * MIB,
    cpu_seconds=4 * 3_600,
    wall_seconds=4 * 3_600,
)
CHUNK = 4 * MIB

Storage = FolderStorage | S3Storage


@dataclass(frozen=True)
class Row:
    """A row that is in order."""

    number: int
    lesson: Lesson
    file: Path


class Became(StrEnum):
    """What a row came to; the words that the operator reads."""

    NEW = "new"
    REPLACED = "another film for a known code"
    REWORDED = "other words"
    SAME = "there already"


# --- the table -----------------------------------------------------------------------------------------------------


def read_lessons(path: Path, folder: Path) -> tuple[list[Row], list[Mistake]]:
    """The lessons of a table and every mistake in it. Raises UnreadableFile."""
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableFile("the file is larger than 64 MiB")
    rows: list[Row] = []
    mistakes: list[Mistake] = []
    seen: dict[tuple[str, str], int] = {}
    for number, row in enumerate(read_table(path.read_bytes(), COLUMNS, NEEDED), 2):
        if not any(row.values()):
            continue
        if number > MAX_ROWS:
            raise UnreadableFile(f"more than {MAX_ROWS} rows")
        found = list(_mistakes(number, row, folder))
        for column in ("code", "file"):
            before = seen.setdefault((column, row[column]), number)
            if row[column] and before != number:
                found.append(Mistake(number, column, f"与第 {before} 行重复", f"repeats row {before}"))
        mistakes += found
        if not found:
            rows.append(Row(number, _lesson(row), folder / row["file"]))
    return rows, mistakes


def _mistakes(number: int, row: Mapping[str, str], folder: Path) -> Iterator[Mistake]:
    for column, value in row.items():
        if not value.isprintable():
            yield Mistake(number, column, "含有控制字符", "has control characters")
            return
        if len(value) > LONGEST.get(column, 600):
            yield Mistake(number, column, f"最长 {LONGEST.get(column, 600)} 个字符", "too long")
    for column in NEEDED:
        if not row[column]:
            yield Mistake(number, column, "不能为空", "must not be empty")
    if row["subject"] and row["subject"] not in set(Subject):
        yield Mistake(number, "subject", f"只能是 {'、'.join(Subject)}", f"one of {', '.join(Subject)}")
    if row["grade"] and not (row["grade"].isdecimal() and len(row["grade"]) <= 2 and 1 <= int(row["grade"]) <= 12):
        yield Mistake(number, "grade", "年级是 1 到 12", "a grade is 1 to 12")
    points = _list(row["knowledge_points"])
    if len(points) > MOST_POINTS or any(len(point) > POINT for point in points):
        yield Mistake(
            number, "knowledge_points", f"最多 {MOST_POINTS} 个", f"at most {MOST_POINTS}, {POINT} letters each"
        )
    if row["place"] and not (row["place"].isdecimal() and len(row["place"]) <= 4):
        yield Mistake(number, "place", "系列里的第几节，是一个整数", "a whole number")
    yield from _quiz_mistakes(number, row)
    if row["file"]:
        yield from _file_mistakes(number, row["file"], folder)


def _quiz_mistakes(number: int, row: Mapping[str, str]) -> Iterator[Mistake]:
    for n in range(1, MOST_QUESTIONS + 1):
        question, options, right = row[f"question{n}"], _list(row[f"options{n}"]), row[f"right{n}"]
        if not (question or options or right):
            continue
        if not 1 <= len(question) <= QUESTION:
            yield Mistake(number, f"question{n}", f"1 到 {QUESTION} 个字符", f"1 to {QUESTION} characters")
        fits = LEAST_OPTIONS <= len(options) <= MOST_OPTIONS and len(set(options)) == len(options)
        if not fits or any(len(option) > OPTION for option in options):
            yield Mistake(
                number, f"options{n}", "2 到 6 个不同的选项，用分号隔开", "2 to 6 that differ, with ; between"
            )
        if not (right.isdecimal() and len(right) == 1 and 1 <= int(right) <= max(1, len(options))):
            yield Mistake(number, f"right{n}", "正确选项是第几个", "which option is right, counted from 1")


def _file_mistakes(number: int, name: str, folder: Path) -> Iterator[Mistake]:
    """A name may lead into folders below, never out: by dots, by its root, or by a link."""
    try:
        real = (folder / name).resolve()
        inside = real.is_relative_to(folder.resolve())
        size = real.stat().st_size if inside and real.is_file() else None
    except (OSError, ValueError):
        inside, size = True, None
    if not inside:
        yield Mistake(number, "file", "不在这个文件夹里", "is not within the folder")
    elif size is None:
        yield Mistake(number, "file", "没有这个文件", "there is no such file")
    elif size == 0:
        yield Mistake(number, "file", "文件是空的", "the file is empty")
    elif size > LIMITS.video_bytes:
        yield Mistake(number, "file", "文件超过 2 GB", "the file is larger than 2 GiB")


def _lesson(row: Mapping[str, str]) -> Lesson:
    return Lesson(
        code=row["code"],
        title=row["title"],
        subject=Subject(row["subject"]),
        grade=int(row["grade"]),
        knowledge_points=tuple(dict.fromkeys(_list(row["knowledge_points"]))),
        about=row["about"],
        teacher_name=row["teacher"],
        book=row["book"],
        chapter=row["chapter"],
        series=row["series"],
        place=int(row["place"] or 0),
        quiz=tuple(
            QuizQuestion(row[f"question{n}"], tuple(_list(row[f"options{n}"])), int(row[f"right{n}"]))
            for n in range(1, MOST_QUESTIONS + 1)
            if row[f"question{n}"]
        ),
    )


def _list(cell: str) -> list[str]:
    return [part.strip() for part in cell.replace("；", ";").split(";") if part.strip()]


# --- the films -----------------------------------------------------------------------------------------------------


async def bring_in(store: Store, storage: Storage, row: Row) -> Became:
    """One film. Raises Refused for a file that can't be used, OSError or a storage error for the world."""
    digest = await asyncio.to_thread(_digest, row.file)
    async with store.work() as work:
        known = await LibraryBook(work).film(row.lesson.code)
        if known is not None and known.sha256 == digest:
            if _words(known) == row.lesson:
                return Became.SAME
            await LibraryBook(work).keep(known.id, row.lesson, _footage(known))
            await work.commit()
            return Became.REWORDED
    id = uuid5(NAMES, row.lesson.code)
    with tempfile.TemporaryDirectory(prefix="dayi-lesson-") as scratch:
        taken = await take_in(row.file, Kind.VIDEO, Path(scratch) / "out", LIMITS)
        assert taken.thumbnail is not None
        keys = f"films/{id}/{digest[:16]}.mp4", f"films/{id}/{digest[:16]}.jpg"
        await storage.put(keys[0], taken.file, taken.content_type)
        await storage.put(keys[1], taken.thumbnail, "image/jpeg")
        footage = Footage(digest, *keys, taken.duration_ms, taken.size)
    async with store.work() as work:
        await LibraryBook(work).keep(id, row.lesson, footage)
        await work.commit()
    if known is None:
        return Became.NEW
    for key in (known.video_key, known.poster_key):
        with suppress(ObjectMissing, StorageUnavailable):
            await storage.delete(key)
    return Became.REPLACED


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _footage(film: Record) -> Footage:
    return Footage(film.sha256, film.video_key, film.poster_key, film.duration_ms, film.size)


def _words(film: Record) -> Lesson:
    return Lesson(
        film.code,
        film.title,
        Subject(film.subject),
        film.grade,
        tuple(film.knowledge_points),
        film.about,
        film.teacher_name,
        film.book,
        film.chapter,
        film.series,
        film.place,
        tuple(QuizQuestion(each["text"], tuple(each["options"]), each["right"]) for each in film.quiz),
    )


async def import_lessons(
    store: Store,
    storage: Storage,
    path: Path,
    folder: Path,
    *,
    dry_run: bool,
    at_once: int = 1,
    say: Callable[[str], None] = print,
) -> int:
    """The command `dayi lessons import`: 0 when every row is in the library (or would be), else 1."""
    try:
        rows, mistakes = read_lessons(path, folder)
    except (UnreadableFile, OSError) as error:
        print(f"dayi: {path}: {error}", file=sys.stderr)
        return 1
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    if mistakes:
        print(f"{len(mistakes)} mistakes; nothing was imported. 有 {len(mistakes)} 处错误，没有导入。", file=sys.stderr)
        return 1
    if dry_run:
        say(f"{len(rows)} lessons are in order; nothing was changed.")
        return 0
    return await _import(store, storage, rows, at_once, say)


async def _import(store: Store, storage: Storage, rows: Sequence[Row], at_once: int, say: Callable[[str], None]) -> int:
    came: dict[Became, int] = dict.fromkeys(Became, 0)
    refused: list[Mistake] = []
    waiting = iter(rows)
    stopped: list[str] = []

    async def bring_some() -> None:
        for row in waiting:
            if stopped:
                return
            try:
                became = await bring_in(store, storage, row)
            except Refused as why:
                refused.append(Mistake(row.number, "file", why.zh, why.en))
                what = "refused"
            except (StorageFull, StorageUnavailable, OSError) as error:
                stopped.append(f"row {row.number}: {error}")
                return
            else:
                came[became] += 1
                what = str(became)
            done = sum(came.values()) + len(refused)
            say(f"[{done}/{len(rows)}] {row.lesson.code} {row.lesson.title}: {what}")

    await asyncio.gather(*(bring_some() for _ in range(at_once)))
    for mistake in sorted(refused, key=lambda each: each.row):
        print(mistake, file=sys.stderr)
    say(", ".join(f"{count} {became}" for became, count in came.items()) + f", {len(refused)} refused.")
    if stopped:
        print(f"dayi: stopped at {stopped[0]}. Run the same command again to go on.", file=sys.stderr)
    return 1 if refused or stopped else 0
