"""A lecture on air: who may begin, draw, speak and be there; the room is kept in order, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, update

from server.actions import lecture_room, teach
from server.actions.errors import (
    BadRequest,
    Fenced,
    LectureFixed,
    Muted,
    NotHere,
    Refusal,
    RoomClosed,
    SessionOver,
    TooEarly,
    TooFast,
)
from server.actions.upkeep import end_lectures
from server.desk import ServiceDesk
from server.domain.board import Board
from server.domain.people import Person, PersonId, Role
from server.domain.room import LineState
from server.live.protocol import Ack, Act, LineView, Refused
from server.store import tables as t
from server.store.rooms import RoomBook
from server.store.views import Views
from server.store.work import Outgoing, Store, room_channel, staff_channel
from tests.actions.conftest import SaysSo
from tests.actions.test_lectures import a_material, a_plan, crowd, enrol, lecturer, opened
from tests.actions.test_path_of_a_question import STROKE
from tests.actions.test_session import views
from tests.builders import RULES, World

__all__ = ["lecturer", "views"]


@pytest.fixture
async def lecture(store: Store, world: World, lecturer: Person) -> UUID:
    """Open, and about to begin."""
    id = await opened(store, lecturer, await a_plan(world, capacity=900))
    await shift(store, id, timedelta(minutes=5))
    return id


@pytest.fixture
async def pupil(store: Store, world: World, lecture: UUID) -> Person:
    who = await world.student()
    await enrol(store, lecture, who)
    return who


async def shift(store: Store, id: UUID, begins_in: timedelta) -> None:
    async with store.engine.begin() as connection:
        start = func.clock_timestamp() + begins_in
        times = {"starts_at": start, "ends_at": start + timedelta(hours=1)}
        await connection.execute(update(t.lectures).where(t.lectures.c.id == id).values(**times))


async def start(store: Store, lecturer: Person, id: UUID) -> int:
    async with store.work() as work:
        return await lecture_room.start(work, lecturer, id, await work.now())


async def draw(store: Store, who: Person, id: UUID, epoch: int, op: str, kind: str, body: dict[str, Any]) -> int:
    async with store.work() as work:
        return await lecture_room.draw(work, who, id, epoch, op, kind, body)


async def say(
    store: Store, who: Person, id: UUID, text: str, kind: str = "chat", line_id: UUID | None = None
) -> LineView:
    async with store.work() as work:
        line = lecture_room.Line(who, line_id or uuid4(), kind, text)
        [said] = await lecture_room.say(work, id, [line], await work.now())
    if isinstance(said, Refusal):
        raise said
    return said


async def later(store: Store) -> None:
    """Everything that was said was said a minute ago."""
    async with store.engine.begin() as connection:
        before = t.lecture_lines.c.said_at - timedelta(minutes=1)
        await connection.execute(update(t.lecture_lines).values(said_at=before))


def heard(told: Sequence[Outgoing], channel: str, kind: str = "line") -> list[Any]:
    return [event.body for event in told if event.channel == channel and event.kind == kind]


async def test_it_begins_at_its_time_with_the_pages_that_were_brought(
    store: Store, lecturer: Person, lecture: UUID, views: Views, told: list[Outgoing]
) -> None:
    async with store.work() as work:
        await teach.add_material(work, lecturer, lecture, await a_material(store, lecturer, 2), "讲义")
    await shift(store, lecture, timedelta(minutes=16))
    with pytest.raises(TooEarly):
        await start(store, lecturer, lecture)
    await shift(store, lecture, timedelta(minutes=14))

    assert await start(store, lecturer, lecture) == 1

    snapshot = await views.rooms.for_staff("lecturer", lecture)
    assert snapshot is not None and snapshot.room.state == "live"
    pages = [line.body for line in snapshot.log]
    assert [(page["paper"], page["aspect"]) for page in pages] == [("photo", 5625)] * 2
    assert {page["media"] for page in pages} == set(snapshot.media)
    assert heard(told, room_channel(lecture), "room") == [None]
    await shift(store, lecture, timedelta(hours=-2))
    other = await opened(store, lecturer, await a_plan(World(store), in_days=3))
    with pytest.raises(TooEarly):
        await start(store, lecturer, other)
    async with store.work() as work:
        await teach.cancel(work, lecturer, other, "改期")
    with pytest.raises(LectureFixed):
        await start(store, lecturer, other)


async def test_of_two_tabs_the_one_that_came_last_draws_and_a_repeat_is_drawn_once(
    store: Store, lecturer: Person, lecture: UUID
) -> None:
    first = await start(store, lecturer, lecture)
    page = {"page": "p2", "paper": "blank", "aspect": 6_000}
    seq = await draw(store, lecturer, lecture, first, "a", "page", page)
    second = await start(store, lecturer, lecture)

    with pytest.raises(Fenced):
        await draw(store, lecturer, lecture, first, "b", "turn", {"page": "p2"})
    assert await draw(store, lecturer, lecture, first, "a", "page", page) == seq
    assert await draw(store, lecturer, lecture, second, "c", "turn", {"page": "p2"}) == seq + 1
    for kind, body in (("say", {"text": "x"}), ("lock", {"locked": True}), ("nonsense", {})):
        with pytest.raises(BadRequest):
            await draw(store, lecturer, lecture, second, "d", kind, body)
    photo = {"page": "p9", "paper": "photo", "aspect": 6_000, "media": str(uuid4())}
    with pytest.raises(BadRequest):
        await draw(store, lecturer, lecture, second, "d", "page", photo)


async def test_a_pupil_can_publish_nothing_by_the_socket(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, world: World, views: Views
) -> None:
    epoch = await start(store, lecturer, lecture)
    desk = ServiceDesk(store, views)
    stranger = await world.person("other", Role.LECTURER)

    for who in (pupil, stranger):
        act = Act(id="x", session=lecture, assignment_epoch=epoch, kind="stroke", body=STROKE)
        answer = await desk.act(who, act)
        assert isinstance(answer, Refused) and answer.code == "not_found"
        assert await desk.seat(who, lecture) is None
    own = Act(id="y", session=lecture, assignment_epoch=epoch, kind="stroke", body={**STROKE, "page": "p1"})
    assert isinstance(await desk.act(lecturer, own), Ack)
    seat = await desk.seat(lecturer, lecture)
    assert seat is not None and seat.channel == room_channel(lecture)


async def test_only_who_has_a_seat_is_in_the_room_and_only_while_it_is_open(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, world: World, views: Views
) -> None:
    desk = ServiceDesk(store, views)
    outsider, reviewer = await world.student("outsider"), await world.person("reviewer", Role.REVIEWER)
    room, staff = room_channel(lecture), staff_channel(lecture)

    async def ears(channel: str) -> list[bool]:
        return [await desk.may_listen(who, channel) for who in (lecturer, reviewer, pupil, outsider)]

    assert await ears(room) == [True, True, True, False]
    await shift(store, lecture, timedelta(minutes=16))
    assert await ears(room) == [True, True, False, False], "the doors are not open yet"
    await shift(store, lecture, timedelta(minutes=1))
    await start(store, lecturer, lecture)
    assert await ears(room) == [True, True, True, False]
    assert await ears(staff) == [True, True, False, False]
    with pytest.raises(NotHere):
        await say(store, outsider, lecture, "让我进去")
    async with store.work() as work:
        await lecture_room.end(work, reviewer, lecture, await work.now())
    assert await ears(room) == [True, True, False, False]
    with pytest.raises(RoomClosed):
        await say(store, pupil, lecture, "还在吗")
    with pytest.raises(SessionOver):
        await draw(store, lecturer, lecture, 1, "late", "turn", {"page": "p1"})


async def test_what_may_lead_a_child_away_is_held_until_somebody_has_looked(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, views: Views, told: list[Outgoing]
) -> None:
    await start(store, lecturer, lecture)
    line_id = uuid4()

    held = await say(store, pupil, lecture, "加我微信 138 0013 8000", line_id=line_id)
    again = await say(store, pupil, lecture, "加我微信 138 0013 8000", line_id=line_id)
    await later(store)
    fine = await say(store, pupil, lecture, "为什么要移项？", kind="question")

    assert (held.state, held.why_held, again.number) == (LineState.HELD, "contact", held.number)
    assert [line["number"] for line in heard(told, room_channel(lecture))] == [fine.number]
    assert [line["number"] for line in heard(told, staff_channel(lecture))] == [held.number]
    other = await World(store).student("other")
    together = await views.rooms.for_pupils(lecture, [other.id, pupil.id]) or []
    by_staff = await views.rooms.for_staff("lecturer", lecture)
    assert by_staff is not None
    seen = [[line.number for line in snapshot.lines] for snapshot in (*together, by_staff)]
    assert seen == [[2], [1, 2], [1, 2]]
    told.clear()
    async with store.work() as work:
        await lecture_room.judge(work, lecturer, lecture, held.number, LineState.HIDDEN)
    assert [(line["number"], line["text"]) for line in heard(told, room_channel(lecture))] == [(held.number, "")]


async def test_the_room_has_a_pace_and_who_is_muted_listens(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person
) -> None:
    await start(store, lecturer, lecture)
    line = await say(store, pupil, lecture, "第一句")

    with pytest.raises(TooFast):
        await say(store, pupil, lecture, "第二句")
    twice = await asyncio.gather(
        *(say(store, lecturer, lecture, "安静一下") for _ in range(2))
    )  # the lecturer has no pace to keep
    assert len({each.number for each in twice}) == 2
    await later(store)
    async with store.work() as work:
        await lecture_room.slow_down(work, lecturer, lecture, 60)
    await say(store, pupil, lecture, "一分钟以后")
    with pytest.raises(TooFast):
        await say(store, pupil, lecture, "又一句")
    await later(store)
    await later(store)

    async def rule(what: str) -> None:
        async with store.work() as work:
            await lecture_room.rule(work, lecturer, lecture, line.number, what)

    await rule("mute")
    with pytest.raises(Muted):
        await say(store, pupil, lecture, "我还能说吗")
    await rule("unmute")
    assert (await say(store, pupil, lecture, "可以了")).state is LineState.SHOWN
    with pytest.raises(BadRequest):
        await say(store, pupil, lecture, " ​ ")
    async with store.work() as work:
        with pytest.raises(NotHere):
            await lecture_room.rule(work, lecturer, lecture, twice[0].number, "mute")


async def test_one_line_that_is_sent_by_two_tabs_at_once_is_said_once(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, told: list[Outgoing]
) -> None:
    await start(store, lecturer, lecture)

    for who in (lecturer, pupil):
        line = uuid4()
        told.clear()
        views = await asyncio.gather(*(say(store, who, lecture, "听得见吗", line_id=line) for _ in range(6)))

        assert len({view.number for view in views}) == 1
        assert len(heard(told, room_channel(lecture))) == 1


async def test_what_is_said_at_one_moment_is_judged_line_by_line(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, told: list[Outgoing]
) -> None:
    await start(store, lecturer, lecture)
    stranger = Person(PersonId(uuid4()), "stranger", frozenset({Role.STUDENT}), "")
    asked, called = lecture_room.Line(pupil, uuid4(), "question", "为什么？"), uuid4()
    lines = [
        asked,
        lecture_room.Line(pupil, uuid4(), "chat", "我又说"),  # the room is slow
        asked,  # a repeat
        lecture_room.Line(stranger, uuid4(), "chat", "让我进去"),
        lecture_room.Line(lecturer, called, "chat", "看这里"),
        lecture_room.Line(lecturer, uuid4(), "chat", "\u0000\u200b"),  # nothing that can be seen
    ]

    async with store.work() as work:
        said = await lecture_room.say(work, lecture, lines, await work.now())

    kinds = [each.number if isinstance(each, LineView) else type(each) for each in said]
    assert kinds == [1, TooFast, 1, NotHere, 2, BadRequest]
    assert [each["number"] for each in heard(told, room_channel(lecture))] == [1, 2]


async def test_who_is_removed_neither_hears_nor_speaks_nor_comes_back(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, views: Views, told: list[Outgoing]
) -> None:
    await start(store, lecturer, lecture)
    line = await say(store, pupil, lecture, "捣乱")
    told.clear()

    async with store.work() as work:
        assert await lecture_room.rule(work, lecturer, lecture, line.number, "remove") == pupil.id
    async with store.work() as work:
        await lecture_room.rule(work, lecturer, lecture, line.number, "unmute")

    assert [each["state"] for each in heard(told, room_channel(lecture))] == ["hidden"]
    assert not await ServiceDesk(store, views).may_listen(pupil, room_channel(lecture))
    assert await views.rooms.side(pupil, lecture) is None
    with pytest.raises(NotHere):
        await say(store, pupil, lecture, "我回来了")
    assert (await enrol(store, lecture, pupil))[0] == teach.Place(teach.PlaceState.SEATED), "the seat is kept, unused"


async def test_eight_hundred_with_one_question_are_one_number_and_each_counts_once(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, told: list[Outgoing]
) -> None:
    await start(store, lecturer, lecture)
    question = await say(store, pupil, lecture, "斜率为负是什么意思？", kind="question")
    chat = await say(store, lecturer, lecture, "大家好")
    others = await crowd(store, 800)
    told.clear()

    async def vote(number: int, who: Sequence[UUID]) -> list[int | Refusal]:
        async with store.work() as work:
            return await lecture_room.vote(work, lecture, number, who)

    assert set(await vote(question.number, others)) == {800}
    assert await vote(question.number, [others[0], others[0], pupil.id]) == [801] * 3
    assert [type(each) for each in await vote(chat.number, [pupil.id])] == [NotHere]
    assert [line["votes"] for line in heard(told, room_channel(lecture))] == [800, 801]
    async with store.work() as work:
        done = await lecture_room.judge(work, lecturer, lecture, question.number, LineState.ANSWERED)
    assert (done.state, done.votes) == (LineState.ANSWERED, 801)
    async with store.work() as work:
        with pytest.raises(BadRequest):
            await lecture_room.judge(work, lecturer, lecture, chat.number, LineState.ANSWERED)


async def test_the_kept_board_and_the_lines_since_are_the_whole_log(
    store: Store, lecturer: Person, lecture: UUID, views: Views
) -> None:
    epoch = await start(store, lecturer, lecture)
    for n in range(5):
        stroke = {**STROKE, "id": f"s{n}", "page": "p1"}
        await draw(store, lecturer, lecture, epoch, f"op{n}", "stroke", stroke)
        if n == 2:
            async with store.work() as work:
                await lecture_room.snapshot_board(work, lecture)

    snapshot = await views.rooms.for_staff("lecturer", lecture)
    assert snapshot is not None and snapshot.board is not None and snapshot.board.seq == 4
    whole = Board()
    async with store.work() as work:
        for op in await RoomBook(work).log(lecture):
            whole.apply(op)
    assert [mark["id"] for mark in snapshot.board.marks] == ["s0", "s1", "s2"]
    assert [line.body["id"] for line in snapshot.log] == ["s3", "s4"]
    assert list(whole.marks) == ["s0", "s1", "s2", "s3", "s4"]


async def test_who_was_there_is_noted_by_every_node_and_counted_once(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, world: World, views: Views
) -> None:
    outsider = await world.student("outsider")
    await start(store, lecturer, lecture)

    async def note(node: str) -> None:
        async with store.work() as work:
            await RoomBook(work).note_here(lecture, node, [pupil.id, outsider.id, lecturer.id])
            await work.commit()

    await note("web-1")
    async with store.engine.begin() as connection:
        back = timedelta(seconds=40)
        await connection.execute(
            update(t.lecture_attendance).values(
                from_at=t.lecture_attendance.c.from_at - back, until_at=t.lecture_attendance.c.until_at - back
            )
        )
        await connection.execute(update(t.lectures).values(started_at=t.lectures.c.started_at - timedelta(minutes=5)))
    await note("web-1")
    await note("web-2")

    rows = await store.rows("SELECT node, until_at - from_at AS there FROM lecture_attendance", {})
    assert sorted(row.node for row in rows) == ["web-1", "web-2"]
    found = await views.rooms.attendance(lecture)
    assert found.here == 1
    [listener] = found.listeners
    assert listener.nickname == pupil.nickname and 40 <= listener.seconds <= 45 and listener.here


async def test_a_room_that_was_left_on_is_closed(
    store: Store, lecturer: Person, lecture: UUID, finder: SaysSo, views: Views
) -> None:
    await start(store, lecturer, lecture)
    await shift(store, lecture, timedelta(hours=-1, minutes=-29))
    await end_lectures(store, finder, RULES)
    before = await views.rooms.state(lecture)
    await shift(store, lecture, timedelta(hours=-1, minutes=-31))
    await end_lectures(store, finder, RULES)

    after = await views.rooms.state(lecture)
    assert before is not None and after is not None
    assert (before.state, after.state) == ("live", "over") and after.ended_at is not None
