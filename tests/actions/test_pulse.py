"""A lecture's room on air: polls, raised hands, who is lost, who may not speak."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.actions import lecture_room, pulse, teach
from server.actions.errors import BadRequest, Moved, Muted, NotHere, Refusal, RoomClosed, TooFast
from server.domain.people import Person, Role
from server.domain.pulse import Poll
from server.domain.room import LineState
from server.live.protocol import HandPlace, PollView
from server.store.lecture_figures import LectureFigures
from server.store.rooms import RoomBook
from server.store.views import Views
from server.store.work import Outgoing, Store, room_channel, staff_channel
from server.together import Together
from tests.actions.test_lectures import crowd, lecturer
from tests.actions.test_rooms import heard, later, lecture, pupil, say, start
from tests.actions.test_session import views
from tests.builders import World

__all__ = ["lecture", "lecturer", "pupil", "views"]

QUIZ = Poll("顶点在哪里？", ("(1, 2)", "(2, 1)", "(-1, 2)"), right=2)


async def seated(store: Store, lecture: UUID, count: int) -> list[UUID]:
    pupils = await crowd(store, count)
    for at in range(0, count, 500):
        async with store.work() as work:
            await teach.enrol(work, lecture, pupils[at : at + 500], await work.now())
    return pupils


async def ask(store: Store, lecturer: Person, id: UUID, poll: Poll = QUIZ, poll_id: UUID | None = None) -> PollView:
    async with store.work() as work:
        return await pulse.ask(work, lecturer, id, poll_id or uuid4(), poll, await work.now())


async def answer(store: Store, id: UUID, number: int, *answers: tuple[UUID, int]) -> list[int | Refusal]:
    async with store.work() as work:
        return await pulse.answer(work, id, number, answers)


async def hands_up(store: Store, id: UUID, *pupils: UUID) -> list[HandPlace | Refusal]:
    async with store.work() as work:
        return await pulse.raise_hands(work, id, pupils, await work.now())


async def act(store: Store, what: Any, *args: Any) -> None:
    async with store.work() as work:
        await what(work, *args)


def polls_told(told: Sequence[Outgoing], id: UUID) -> list[Any]:
    return heard(told, room_channel(id), "poll")


async def test_eight_hundred_answers_within_a_moment_are_few_transactions_and_few_events(
    store: Store, lecturer: Person, lecture: UUID, told: list[Outgoing]
) -> None:
    pupils = await seated(store, lecture, 800)
    await start(store, lecturer, lecture)
    poll = await ask(store, lecturer, lecture)
    told.clear()
    groups: list[int] = []

    async def serve(key: tuple[UUID, int], answers: Sequence[tuple[UUID, int]]) -> Sequence[int | Refusal]:
        groups.append(len(answers))
        return await answer(store, *key, *answers)

    together = Together(serve, pace_s=0.01)
    answers = [together.join((lecture, poll.number), (p, 1 + n % 3)) for n, p in enumerate(pupils)]
    assert await asyncio.gather(*answers) == [1 + n % 3 for n in range(800)]
    await together.flush()

    assert sum(groups) == 800 and len(groups) <= 4
    counts = [each["counts"] for each in polls_told(told, lecture)]
    assert len(counts) == len(groups) and counts[-1] == [267, 267, 266]
    assert all(each["right"] is None and not each["closed"] for each in polls_told(told, lecture))


async def test_a_pupil_answers_once_may_change_it_and_sees_what_was_right_when_it_is_closed(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, views: Views, told: list[Outgoing]
) -> None:
    await start(store, lecturer, lecture)
    poll_id = uuid4()
    poll = await ask(store, lecturer, lecture, poll_id=poll_id)
    assert (await ask(store, lecturer, lecture, poll_id=poll_id)).number == poll.number, "asked twice is asked once"
    assert poll.right == 2 and poll.quiz

    assert await answer(store, lecture, 1, (pupil.id, 1), (pupil.id, 3)) == [1, 3]
    told.clear()
    assert await answer(store, lecture, 1, (pupil.id, 3)) == [3]
    assert told == [], "the same answer again is no news"
    await answer(store, lecture, 1, (pupil.id, 2))
    stranger = (await crowd(store, 1))[0]
    wrong = await answer(store, lecture, 1, (stranger, 1), (pupil.id, 4), (pupil.id, 0))
    assert [type(each) for each in wrong] == [NotHere, BadRequest, BadRequest]
    assert [type(each) for each in await answer(store, lecture, 9, (pupil.id, 1))] == [NotHere]
    [snapshot] = await views.rooms.for_pupils(lecture, [pupil.id]) or []
    assert [(p.counts, p.right) for p in snapshot.polls] == [([0, 1, 0], None)]
    assert [(a.number, a.option) for a in snapshot.answered] == [(1, 2)]

    async with store.work() as work:
        closed = await pulse.close(work, lecturer, lecture, 1)
    async with store.work() as work:
        assert await pulse.close(work, lecturer, lecture, 1) == closed
    assert [(each["right"], each["closed"]) for each in polls_told(told, lecture)][-1] == (2, True)
    assert [type(each) for each in await answer(store, lecture, 1, (pupil.id, 1))] == [Moved]


async def test_the_next_poll_and_the_end_close_the_one_before_and_only_the_lecturer_asks(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, world: World, views: Views
) -> None:
    with pytest.raises(RoomClosed):
        await ask(store, lecturer, lecture)
    await start(store, lecturer, lecture)
    for who in (pupil, await world.person("other", Role.LECTURER)):
        with pytest.raises(NotHere):
            await ask(store, who, lecture)
    with pytest.raises(BadRequest):
        await ask(store, lecturer, lecture, Poll("一个选项？", ("是",)))

    await ask(store, lecturer, lecture, Poll("听懂了吗？", ("懂了", "没懂")))
    await ask(store, lecturer, lecture)
    assert [p.closed for p in await views.pulse.polls(lecture, staff=False)] == [True, False]
    await act(store, lecture_room.end, lecturer, lecture, await world.now())

    kept = await views.pulse.polls(lecture, staff=False)
    assert [(p.closed, p.right) for p in kept] == [(True, None), (True, 2)]
    assert [type(each) for each in await answer(store, lecture, 2, (pupil.id, 1))] == [Moved]


async def test_hands_wait_in_their_order_and_who_is_taken_has_the_word(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, views: Views, told: list[Outgoing]
) -> None:
    others = await seated(store, lecture, 2)
    stranger = (await crowd(store, 1))[0]
    with pytest.raises(RoomClosed):
        raise (await hands_up(store, lecture, pupil.id))[0]  # type: ignore[misc]
    await start(store, lecturer, lecture)

    told.clear()
    up = await hands_up(store, lecture, others[0], pupil.id, stranger, others[1], pupil.id)
    places = [(each.number, each.ahead) if isinstance(each, HandPlace) else type(each) for each in up]
    assert places == [(1, 0), (2, 1), NotHere, (3, 2), (2, 1)]
    assert await hands_up(store, lecture, pupil.id) == [up[1]], "a hand that is up stays where it is"
    assert [(each.channel, each.kind) for each in told] == [(staff_channel(lecture), "hands")], "the room is not told"
    line = await views.pulse.hands(lecture)
    assert line.count == 3 and [hand.number for hand in line.hands] == [1, 2, 3]

    await act(store, pulse.take_hand, lecturer, lecture, 2)
    state = await views.rooms.state(lecture)
    assert state is not None and state.has_the_word == 2
    asked = await say(store, pupil, lecture, "为什么要配方？", kind="question")
    assert asked.by_hand and asked.state is LineState.SHOWN
    held = await hands_up(store, lecture, others[0])
    assert held == [HandPlace(number=1, ahead=0)]
    await act(store, pulse.take_hand, lecturer, lecture, 1)
    await act(store, pulse.hand_done, lecturer, lecture, 1)
    await act(store, pulse.hand_done, lecturer, lecture, 1)
    state = await views.rooms.state(lecture)
    assert state is not None and state.has_the_word is None
    with pytest.raises(Moved):
        await act(store, pulse.take_hand, lecturer, lecture, 2)  # has had the word
    for who in (pupil, await World(store).person("other", Role.LECTURER)):
        with pytest.raises(NotHere):
            await act(store, pulse.take_hand, who, lecture, 3)


async def test_the_word_waives_slow_mode_but_not_the_look_at_what_is_said(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person
) -> None:
    await start(store, lecturer, lecture)
    await act(store, lecture_room.slow_down, lecturer, lecture, 60)
    await say(store, pupil, lecture, "第一句")
    await hands_up(store, lecture, pupil.id)
    await act(store, pulse.take_hand, lecturer, lecture, 1)
    async with store.work() as work:
        await work.rows("UPDATE lecture_lines SET said_at = said_at - interval '3 s' RETURNING number")
        await work.commit()

    with pytest.raises(TooFast):
        await say(store, pupil, lecture, "聊天照旧要等")
    held = await say(store, pupil, lecture, "加我微信 demo12345", kind="question")

    assert held.by_hand and held.state is LineState.HELD


async def test_a_hand_goes_down_when_its_pupil_wants_is_muted_or_removed(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, views: Views
) -> None:
    await start(store, lecturer, lecture)
    line = await say(store, pupil, lecture, "老师好")

    await hands_up(store, lecture, pupil.id)
    await act(store, pulse.take_hand, lecturer, lecture, 1)
    await act(store, pulse.withdraw_hand, pupil, lecture)
    await act(store, pulse.withdraw_hand, pupil, lecture)
    state = await views.rooms.state(lecture)
    assert state is not None and state.has_the_word is None
    assert [type(each) for each in await hands_up(store, lecture, pupil.id)] == [TooFast]
    async with store.work() as work:
        await work.rows("UPDATE lecture_hands SET raised_at = raised_at - interval '9 s' RETURNING number")
        await work.commit()
    await hands_up(store, lecture, pupil.id)
    await act(store, lecture_room.rule, lecturer, lecture, line.number, "mute")
    assert (await views.pulse.hands(lecture)).count == 0
    assert [type(each) for each in await hands_up(store, lecture, pupil.id)] == [Muted]

    [muted] = await views.pulse.muted(lecture)
    assert (muted.nickname, muted.number, muted.removed) == (pupil.nickname, line.number, False)
    await act(store, lecture_room.rule, lecturer, lecture, muted.number, "unmute")
    assert await views.pulse.muted(lecture) == []
    await act(store, lecture_room.rule, lecturer, lecture, line.number, "remove")
    assert [each.removed for each in await views.pulse.muted(lecture)] == [True]
    assert [type(each) for each in await hands_up(store, lecture, pupil.id)] == [NotHere]
    with pytest.raises(NotHere):
        await act(store, pulse.withdraw_hand, pupil, lecture)


async def test_who_is_lost_counts_once_a_window_and_the_lecturer_alone_is_told(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, views: Views, told: list[Outgoing]
) -> None:
    others = await seated(store, lecture, 3)
    stranger = (await crowd(store, 1))[0]
    await start(store, lecturer, lecture)
    async with store.work() as work:
        await RoomBook(work).note_here(lecture, "web-1", [pupil.id, *others])
        await work.commit()
    told.clear()

    async def lost(*who: UUID) -> list[Any]:
        async with store.work() as work:
            found = await pulse.lost(work, lecture, who, await work.now())
        return [each if isinstance(each, int) else type(each) for each in found]

    assert await lost(pupil.id, pupil.id, stranger, *others[:2]) == [0, 0, NotHere, 0, 0]
    assert await lost(pupil.id) == [0]
    assert [(each.channel, each.kind) for each in told] == [(staff_channel(lecture), "lost")]
    async with store.work() as work:
        await work.rows("UPDATE lectures SET started_at = started_at - interval '65 s' RETURNING id")
        await work.commit()
    assert await lost(pupil.id) == [2]
    view = await views.pulse.lost(lecture)
    assert (view.counts, view.came) == ([3, 0, 1], 4)
    assert [(mark.from_ms, mark.to_ms, mark.most) for mark in view.marks] == [(0, 30_000, 3)]
    [seen] = await views.rooms.for_pupils(lecture, [pupil.id]) or []
    assert seen.lost is None and seen.hands is None
    await act(store, lecture_room.end, lecturer, lecture, await World(store).now())
    assert await lost(pupil.id) == [RoomClosed]
    assert (await views.pulse.lost(lecture)).counts[:3] == [3, 0, 1], "kept for the replay"


async def test_what_is_on_air_is_listed_for_reviewers_and_what_came_of_it_for_who_held_it(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, views: Views
) -> None:
    figures = LectureFigures(views)
    assert [(each.lecture.id, each.here) for each in (await figures.on_air()).lectures] == [(lecture, 0)]
    assert await figures.of(lecture) is None, "it has not been held"
    await start(store, lecturer, lecture)
    async with store.work() as work:
        await RoomBook(work).note_here(lecture, "web-1", [pupil.id])
        await work.rows("UPDATE lecture_attendance SET from_at = from_at - interval '20 min' RETURNING node")
        await work.rows("UPDATE lectures SET started_at = started_at - interval '30 min' RETURNING id")
        await work.commit()
    question = await say(store, pupil, lecture, "为什么？", kind="question")
    await later(store)
    await say(store, pupil, lecture, "加我微信 demo12345")
    await ask(store, lecturer, lecture)
    await hands_up(store, lecture, pupil.id)
    await act(store, pulse.take_hand, lecturer, lecture, 1)
    await act(store, lecture_room.judge, lecturer, lecture, question.number, LineState.ANSWERED)

    [on_air] = (await figures.on_air()).lectures
    assert (on_air.lecture.state, on_air.here, on_air.held) == ("live", 1, 1)
    await act(store, lecture_room.end, lecturer, lecture, await World(store).now())

    assert (await figures.on_air()).lectures == []
    came = await figures.of(lecture)
    assert came is not None
    assert (came.minutes, came.enrolled, came.came, came.mean_minutes) == (30, 1, 1, 20)
    assert (came.questions, came.answered, came.chat, came.hands, came.heard) == (1, 1, 0, 1, 1)
    assert [poll.closed for poll in came.polls] == [True]
