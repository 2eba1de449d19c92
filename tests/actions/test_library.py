"""The library of micro-lessons: brought in from a table and a folder, found, watched, answered."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from media.storage import FolderStorage, StorageUnavailable
from server.actions import library
from server.actions.errors import BadRequest, NotHere
from server.domain.library import Lesson, QuizQuestion
from server.domain.people import Person, Stage, Subject
from server.lesson_file import COLUMNS, import_lessons, read_lessons
from server.live import protocol as wire
from server.store.library import Footage, LibraryBook, LibraryViews, Wanted
from server.store.views import Views
from server.store.work import Store
from tests.actions.conftest import SaysSo
from tests.actions.test_session import views
from tests.actions.test_studio import draw, keep, lesson, publish, taught
from tests.builders import World
from tests.media.uploads import a_film

__all__ = ["views"]

H264 = ("libx264", "aac")


@pytest.fixture
async def storage(tmp_path: Path) -> FolderStorage:
    storage = FolderStorage(tmp_path / "files", "kept for this test only")
    await storage.prepare()
    return storage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    return folder


def a_row(code: str, **more: str) -> dict[str, str]:
    row = dict.fromkeys(COLUMNS, "")
    row |= {"code": code, "file": f"{code}.mp4", "title": f"第 {code} 课", "subject": "math", "grade": "8"}
    return (
        row
        | {"knowledge_points": "一次函数；斜率", "teacher": "演示·林老师", "book": "八年级上册", "chapter": "一次函数"}
        | more
    )


def a_table(path: Path, *rows: dict[str, str]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


Bring = Callable[..., Any]


@pytest.fixture
def bring(store: Store, storage: FolderStorage, folder: Path, tmp_path: Path) -> Bring:
    async def bring(*rows: dict[str, str], **more: Any) -> tuple[int, list[str]]:
        said: list[str] = []
        table = a_table(tmp_path / "lessons.csv", *rows)
        more = {"dry_run": False, "say": said.append, **more}
        return await import_lessons(store, storage, table, folder, **more), said

    return bring


async def objects(storage: FolderStorage) -> set[str]:
    return {stat.key for stat in await storage.list("films/", 100)}


async def catalogue(views: Views, reader: Person, **wanted: Any) -> wire.Library:
    return await LibraryViews(views).catalogue(reader.id, Wanted(**wanted))


async def test_a_table_with_mistakes_brings_nothing_and_every_mistake_is_told_with_its_row(
    bring: Bring, store: Store, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("fine", "again", "outside"):
        (folder / f"{name}.mp4").write_bytes(b"x")
    (folder / "empty.mp4").touch()
    (tmp_path / "secret.mp4").write_bytes(b"x")
    (folder / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    with (folder / "huge.mp4").open("wb") as file:
        file.truncate(2048 * 1024 * 1024 + 1)
    rows = [
        a_row("fine"),
        a_row("fine", file="again.mp4"),
        a_row("b", file="fine.mp4"),
        a_row("gone"),
        a_row("empty"),
        a_row("c", file="../secret.mp4"),
        a_row("link"),
        a_row("huge"),
        a_row("again", subject="maths", grade="13", title=""),
        a_row("outside", question1="对吗？", options1="对", right1="2"),
        a_row("d", file=str(tmp_path / "secret.mp4")),
    ]

    status, said = await bring(*rows)

    assert (status, said) == (1, [])
    found = {(m.row, m.column) for m in read_lessons(tmp_path / "lessons.csv", folder)[1]}
    assert found == {
        (3, "code"), (4, "file"), (5, "file"), (6, "file"), (7, "file"), (8, "file"), (9, "file"), (10, "file"),
        (10, "subject"), (10, "grade"), (10, "title"), (11, "options1"), (11, "right1"), (12, "file"),
    }  # fmt: skip
    assert "第 5 行 file：没有这个文件" in capsys.readouterr().err
    assert await store.rows("SELECT FROM films", {}) == []


async def test_films_come_in_whole_or_not_at_all_and_again_changes_nothing(
    bring: Bring,
    store: Store,
    storage: FolderStorage,
    folder: Path,
    world: World,
    views: Views,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for code, seconds in (("a", 3.0), ("b", 1.0)):
        a_film(folder / f"{code}.mp4", "mp4", H264, seconds, (64, 48))
    (folder / "hostile.mp4").write_bytes(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    (folder / "cut.mp4").write_bytes((folder / "a.mp4").read_bytes()[:400])
    quiz = {"question1": "斜率为负时直线？", "options1": "上升；下降", "right1": "2"}
    rows = [a_row("a", series="一次函数", place="1", **quiz), a_row("hostile"), a_row("cut"), a_row("b", place="2")]

    status, said = await bring(*rows)

    assert status == 1 and said[-1].startswith("2 new") and said[-1].endswith("2 refused.")
    err = capsys.readouterr().err
    assert "第 3 行 file：这不是视频" in err and "第 4 行 file" in err
    pupil = await world.student()
    page = await catalogue(views, pupil)
    assert [each.title for each in page.lessons] == ["第 b 课", "第 a 课"]
    assert [(book.book, book.chapters) for book in page.books] == [("八年级上册", ["一次函数"])]
    assert page.series == ["一次函数"]
    before = await objects(storage)
    assert len(before) == 4

    assert (await bring(*rows[:1], rows[3]))[1][-1].endswith("2 there already, 0 refused.")
    assert await objects(storage) == before
    a_film(folder / "a.mp4", "mp4", H264, 2.0, (64, 48))
    status, said = await bring(rows[0] | {"title": "斜率"}, rows[3] | {"series": "一次函数"})
    assert status == 0 and "1 another film for a known code, 1 other words" in said[-1]
    assert len(await objects(storage)) == 4, "what was replaced is gone"
    [first] = [each for each in (await catalogue(views, pupil)).lessons if each.title == "斜率"]
    assert 1_900 <= first.duration_ms <= 2_200 and first.questions == 1
    opened = await LibraryViews(views).lesson(pupil.id, first.id)
    assert opened is not None and opened.video_url and [each.title for each in opened.series] == ["斜率", "第 b 课"]


async def test_what_ends_an_import_leaves_whole_films_and_the_next_run_goes_on(
    bring: Bring, store: Store, storage: FolderStorage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in "abc":
        a_film(folder / f"{code}.mp4", "mp4", H264, 0.5 + ord(code) % 3, (64, 48))
    put, count = storage.put, 0

    async def fails_late(*args: Any) -> Any:
        nonlocal count
        count += 1
        if count > 3:
            raise StorageUnavailable("the store went away")
        return await put(*args)

    monkeypatch.setattr(storage, "put", fails_late)
    rows = [a_row(code) for code in "abc"]
    status, _ = await bring(*rows)
    monkeypatch.setattr(storage, "put", put)

    assert status == 1 and len(await store.rows("SELECT FROM films", {})) == 1
    status, said = await bring(*rows, at_once=2)
    assert status == 0 and said[-1].startswith("2 new") and "1 there already" in said[-1]
    kept = await store.rows("SELECT video_key, poster_key FROM films", {})
    assert {key for row in kept for key in row} == await objects(storage), "no object without a row"


async def a_shelf(store: Store, *titles: str, **more: str) -> list[UUID]:
    """Films straight into the store."""
    made = []
    for title in titles:
        words = {"subject": Subject.MATH, "grade": 8, "knowledge_points": ("一元一次方程",), **more}
        quiz = (QuizQuestion("移项变号吗？", ("变", "不变"), 1), QuizQuestion("几次？", ("一次", "两次"), 1))
        id = uuid4()
        async with store.work() as work:
            book = LibraryBook(work)
            await book.keep(id, Lesson(title, title, quiz=quiz, **words), Footage("s", "v", "p", 100_000, 9))  # type: ignore[arg-type]
            await work.commit()
        made.append(id)
    return made


async def test_the_catalogue_has_films_and_recordings_and_they_are_beside_what_a_question_is_about(
    store: Store, world: World, finder: SaysSo, views: Views
) -> None:
    teacher, pupil, stranger = await world.teacher(), await world.student(), await world.student("other")
    asked, _ = await taught(store, world, finder, teacher, pupil, "一元一次方程 ")
    recorded = {}
    for title, point in (("移项要变号", "一元一次方程"), ("画平行线", "平行线"), ("要审的", "一元一次方程")):
        session = await lesson(store, teacher, title, point)
        await draw(store, teacher, session)
        recorded[title] = await keep(store, teacher, session)
        await publish(store, finder, recorded[title])
    async with store.work() as work:
        await work.change_answer(recorded["要审的"], review="waiting")
        await work.commit()
    [film, gone] = await a_shelf(store, "解方程三步", "下架的")
    await a_shelf(store, "小学的", grade=3)  # type: ignore[arg-type]
    async with store.work() as work:
        await library.show(work, gone, False)

    async def titles(**wanted: Any) -> set[str]:
        return {each.title for each in (await catalogue(views, pupil, **wanted)).lessons}

    assert await titles() == {"移项要变号", "画平行线", "解方程三步", "小学的"}
    assert await titles(stage=Stage.JUNIOR, subject=Subject.MATH) == {"移项要变号", "画平行线", "解方程三步"}
    assert await titles(grade=3) == {"小学的"} and await titles(subject=Subject.PHYSICS) == set()
    assert await titles(words="平行") == {"画平行线"} and await titles(words="%") == set()
    shelf = LibraryViews(views)
    beside = await shelf.beside(pupil.id, asked)
    assert {each.title for each in beside} == {"解方程三步", "移项要变号"}
    opened = await shelf.lesson(pupil.id, recorded["移项要变号"])
    assert opened is not None and opened.answer is not None and opened.video_url is None
    assert await shelf.lesson(pupil.id, gone) is None and await shelf.lesson(pupil.id, recorded["要审的"]) is None
    assert await views.owner_of_question(asked) == pupil.id != stranger.id
    for id in (gone, recorded["要审的"], asked):
        with pytest.raises(NotHere):
            async with store.work() as work:
                await library.watch(work, pupil, id, [(0, 1_000)])
    async with store.work() as work:
        await library.show(work, gone, True)
    assert "下架的" in await titles() and film


async def test_watching_is_counted_once_and_fewer_than_five_are_told_of_nowhere(
    store: Store, world: World, views: Views
) -> None:
    [film] = await a_shelf(store, "解方程")
    pupils = [await world.student(f"p{n}") for n in range(6)]

    async def watch(who: Person, *spans: tuple[int, int]) -> float:
        async with store.work() as work:
            await library.watch(work, who, film, spans)
        page = await LibraryViews(views).lesson(who.id, film)
        assert page is not None
        return page.lesson.seen

    async def answer(who: Person, *options: int) -> wire.QuizResult:
        async with store.work() as work:
            return await library.answer_quiz(work, who, film, options)

    assert await watch(pupils[0], (0, 20_000), (10_000, 30_000)) == pytest.approx(0.3)
    assert await watch(pupils[0], (0, 30_000)) == pytest.approx(0.3), "told twice is seen once"
    assert await watch(pupils[0], (30_000, 100_000)) == pytest.approx(0.3), "nobody watches a minute in no time"
    async with store.work() as work:
        await work.rows("UPDATE lesson_watching SET told_at = told_at - interval '70 s' RETURNING pupil_id")
        await work.commit()
    assert await watch(pupils[0], (30_000, 100_000)) == 1.0
    for spans in ([(5, 5)], [(-1, 4)], [(9, 3)], [(0, 1)] * 201):
        with pytest.raises(BadRequest):
            await watch(pupils[0], *spans)
    for n, who in enumerate(pupils[1:4]):
        await watch(who, (0, 10_000 * n + 10_000))
    assert (await answer(pupils[0], 1, 2)).count == 1
    assert await answer(pupils[0], 1, 1) == wire.QuizResult(right=[1, 1], count=2)
    for options in ((), (1,), (1, 3), (0, 1), (1, 1, 1)):
        with pytest.raises(BadRequest):
            await answer(pupils[0], *options)

    [told] = (await LibraryViews(views).figures()).lessons
    assert (told.pupils, told.minutes, told.whole, told.quiz_right) == (None, None, None, None)
    for who in pupils[4:]:
        await watch(who, (0, 60_000))
    for who in pupils[1:5]:
        await answer(who, 1, 1)
    [told] = (await LibraryViews(views).figures()).lessons
    assert (told.pupils, told.minutes, told.whole) == (6, 5, pytest.approx(1 / 6, abs=0.001))
    assert told.quiz_right == pytest.approx(0.9)
