"""The shared board on the real store: a locked pen, snapshots beside the log, and 10,000 strokes at once."""

import json
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import text

from server.actions import answer, upload
from server.actions.errors import BadRequest, PenLocked, SessionOver
from server.desk import ServiceDesk
from server.domain.board import Board, Operation, pack, replay
from server.domain.people import Person
from server.store.views import Views
from server.store.work import Store, Work
from tests.actions.conftest import SaysSo
from tests.actions.test_path_of_a_question import accept, question, settle
from tests.builders import RULES, World

POINTS = [[100 + 7 * n, 200 + n * n, 16 * n, 500] for n in range(12)]
PEN = {"page": "p1", "tool": "pen", "color": "#0072b2", "width": 40, "points": pack(POINTS)}


class Lesson:
    """A session with its two sides."""

    def __init__(self, store: Store, id: UUID, epoch: int, teacher: Person, student: Person) -> None:
        self.store, self.id, self.epoch, self.teacher, self.student = store, id, epoch, teacher, student
        self._ops = 0

    async def draw(self, who: Person, kind: str, **body: Any) -> int:
        self._ops += 1
        async with self.store.work() as work:
            return await answer.draw(work, who, self.id, self.epoch, f"op{self._ops}", kind, body)

    async def board(self) -> Board:
        async with self.store.work() as work:
            return replay(await work.log(self.id))


@pytest.fixture
async def lesson(store: Store, world: World, finder: SaysSo) -> Lesson:
    student, teacher = await world.student(), await world.teacher()
    asked = await world.ask(student)
    await settle(store, finder, asked)
    session = await accept(store, teacher, asked)
    return Lesson(store, session, (await question(store, asked)).assignment_epoch, teacher, student)


async def test_a_locked_pen_draws_nothing_from_that_moment_on_and_still_speaks(lesson: Lesson) -> None:
    await lesson.draw(lesson.student, "stroke", **PEN, id="before")
    await lesson.draw(lesson.teacher, "lock", locked=True)

    for kind, body in {
        "stroke": {**PEN, "id": "a"},
        "text": {"id": "b", "page": "p1", "x": 1, "y": 1, "text": "?", "color": "#000000", "size": 300},
        "formula": {"id": "c", "page": "p1", "x": 1, "y": 1, "tex": "x^2", "color": "#000000", "size": 300},
        "shape": {**PEN, "id": "d", "shape": "line", "points": [[0, 0], [9, 9]]},
        "erase": {"stroke": "before"},
    }.items():
        with pytest.raises(PenLocked):
            await lesson.draw(lesson.student, kind, **body)
    await lesson.draw(lesson.student, "say", text="我想写一步")
    await lesson.draw(lesson.teacher, "stroke", **PEN, id="hers")
    await lesson.draw(lesson.teacher, "lock", locked=False)
    await lesson.draw(lesson.student, "stroke", **PEN, id="after")

    board = await lesson.board()
    assert [name for name in board.marks if name != "asked"] == ["before", "hers", "after"]
    assert [said["text"] for said in board.said] == ["我想写一步"]


async def test_a_locked_pen_has_a_seat_that_may_not_draw(lesson: Lesson) -> None:
    desk = ServiceDesk(lesson.store, Views(lesson.store, str))
    may_draw = []

    for locked in (True, False):
        await lesson.draw(lesson.teacher, "lock", locked=locked)
        seat = await desk.seat(lesson.student, lesson.id)
        may_draw.append(seat is not None and seat.may_draw)

    assert may_draw == [False, True]


@pytest.mark.parametrize("kind", ["page", "frame", "turn", "order", "lock"])
async def test_pages_and_the_lock_are_the_teacher_s(lesson: Lesson, kind: str) -> None:
    with pytest.raises(BadRequest):
        await lesson.draw(lesson.student, kind, page="p1", paper="blank", aspect=6000, to=0, locked=True)


@pytest.mark.parametrize(
    "shape",
    [
        {"shape": "spiral", "points": [[0, 0], [1, 1]]},
        {"shape": "line", "points": [[0, 0]]},
        {"shape": "line", "points": [[0, 0], [float("inf"), 1]]},
        {"shape": "line", "points": [[0, 0], [True, 1]]},
        {"shape": "line", "points": [[0, 0], [10_001, 1]]},
        {"shape": "polygon", "points": [[n, n] for n in range(21)]},
        {"shape": "arc", "points": [[0, 0], [1, 1]], "sweep": 10**9},
        {"shape": "numberline", "points": [[0, 0], [1, 1]], "low": -100, "high": 100},
        {"shape": "axes", "points": [[0, 0], [1, 1]], "high": 0},
        {"shape": ["line"], "points": [[0, 0], [1, 1]]},
    ],
)
async def test_a_shape_that_is_none_is_refused(lesson: Lesson, shape: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        await lesson.draw(lesson.student, "shape", **{**PEN, "id": "x", **shape})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("image", {"id": "x", "page": "p1", "src": "https://example.org/a.png"}),
        ("iframe", {"id": "x", "page": "p1", "src": "https://example.org/"}),
        ("embed", {"id": "x", "page": "p1", "html": "<script>"}),
        ("page", {"page": "p2", "paper": "iframe", "aspect": 6000}),
        ("page", {"page": "p2", "paper": "photo", "aspect": 6000, "media": "https://example.org/a.png"}),
        ("page", {"page": "p2", "paper": "photo", "aspect": 6000, "media": str(uuid4())}),
    ],
)
async def test_what_links_or_embeds_and_a_photo_of_somebody_else_is_refused(
    lesson: Lesson, kind: str, body: dict[str, Any]
) -> None:
    before = (await lesson.board()).digest()

    with pytest.raises(BadRequest):
        await lesson.draw(lesson.teacher, kind, **body)

    assert (await lesson.board()).digest() == before


async def test_a_photo_of_another_question_is_no_page(lesson: Lesson, world: World, finder: SaysSo) -> None:
    other, photo = await world.ask(lesson.student, "另一道题"), uuid4()
    async with lesson.store.work() as work:
        file = {"kind": "photo", "state": "ready", "content_type": "image/jpeg", "key": "media/other.jpg"}
        await work.add_media(id=photo, owner_id=lesson.student.id, **file)
        await work.attach(other, [photo])
        await work.commit()

    with pytest.raises(BadRequest):
        await lesson.draw(lesson.teacher, "page", page="p2", paper="photo", aspect=6000, media=str(photo))


async def test_whoever_a_mark_says_it_is_by_it_is_by_who_drew_it(lesson: Lesson) -> None:
    await lesson.draw(lesson.student, "stroke", **PEN, id="forged", author="teacher")

    assert (await lesson.board()).marks["forged"]["author"] == "student"


async def test_nothing_is_drawn_when_the_lesson_is_over(lesson: Lesson) -> None:
    await lesson.draw(lesson.teacher, "stroke", **PEN, id="last")
    async with lesson.store.work() as work:
        await answer.finish(work, RULES, lesson.teacher, lesson.id, lesson.epoch, [], await work.now())
    over = (await lesson.board()).digest()

    for who in (lesson.teacher, lesson.student):
        with pytest.raises(SessionOver):
            await lesson.draw(who, "stroke", **PEN, id="late")

    assert (await lesson.board()).digest() == over


async def test_a_board_takes_a_hundred_and_fifty_thousand_operations_and_then_no_more(lesson: Lesson) -> None:
    async with lesson.store.engine.begin() as connection:
        await connection.execute(text("UPDATE live_sessions SET next_seq = 150000"))

    assert await lesson.draw(lesson.teacher, "stroke", **PEN, id="last") == 150_000
    with pytest.raises(SessionOver):
        await lesson.draw(lesson.teacher, "stroke", **PEN, id="one more")


async def test_ten_thousand_strokes_join_late_from_a_snapshot_and_end_the_same(lesson: Lesson) -> None:
    """Pasted by a program that speaks the protocol; written in one transaction to save the test's time."""
    async with lesson.store.work() as work:
        for begin in range(0, 10_000, 1_000):
            pasted = [("stroke", {**PEN, "id": f"s{n}"}, n) for n in range(begin, begin + 1_000)]
            await work.append(
                lesson.id, *(Operation(0, f"paste{n}", "student", kind, body, n) for kind, body, n in pasted)
            )
        await work.commit()
    async with lesson.store.work() as work:
        await answer.snapshot_board(work, lesson.id)
    await lesson.draw(lesson.student, "erase", stroke="s7")
    await lesson.draw(lesson.teacher, "stroke", **PEN, id="last")

    snapshot, lines, _ = await Views(lesson.store, str).board(lesson.id)

    assert snapshot is not None and len(lines) == 2
    joined = Board.restored(json.loads(msgspec.json.encode(snapshot)))
    for line in lines:
        joined.apply(Operation(line.seq, line.id, line.author, line.kind, line.body, line.at_ms))
    assert joined.digest() == (await lesson.board()).digest()
    assert "s7" not in joined.marks and list(joined.marks)[-1] == "last"


async def test_a_voice_lies_where_it_began_whatever_its_device_says_the_time_is(lesson: Lesson) -> None:
    minute = "UPDATE live_sessions SET opened_at = opened_at - interval '1 minute'"
    async with lesson.store.engine.begin() as connection:
        await connection.execute(text(minute))

    async def begun(ago_ms: int) -> int:
        id = await upload.start(lesson.store, lesson.teacher, "recording", "audio/webm", lesson.id, ago_ms)
        async with lesson.store.work() as work:
            media = await work.media(id)
        assert media is not None
        return int(media.start_ms)

    at_once, late, before_it_opened = [await begun(ago) for ago in (0, 20_000, 3_600_000)]

    assert 60_000 <= at_once < 70_000 and 0 <= late - (at_once - 20_000) < 5_000 and before_it_opened == 0
    for nonsense in (-1, 86_400_001):
        with pytest.raises(BadRequest):
            await begun(nonsense)


async def test_a_snapshot_made_late_never_replaces_a_newer_one(lesson: Lesson) -> None:
    async with lesson.store.work() as work:
        await work.keep_snapshot(lesson.id, 40, '"newer"')

        await work.keep_snapshot(lesson.id, 30, '"older"')

        assert await work.board_snapshot(lesson.id) == '"newer"'


async def test_every_so_many_operations_ask_for_a_snapshot(lesson: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "SNAPSHOT_EVERY", 4)  # the first page and its text are two
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(Work, "defer", lambda work, task, **args: asked.append((task, args["session_id"])))

    for n in range(4):
        await lesson.draw(lesson.student, "stroke", **PEN, id=f"s{n}")

    assert asked == [("snapshot_board", str(lesson.id))]
