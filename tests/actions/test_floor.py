"""A pupil is heard in a lecture: with the school's and the guardian's word and a yes, one at a time, until cut off."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, update

from media.cmaf import initialisation
from server.actions import consent, floor, pulse
from server.actions.errors import Moved, NotHere, Refusal
from server.actions.floor import MARK, NoVoice
from server.actions.lecture_air import segment_key
from server.actions.upkeep import end_floors
from server.domain.consent import WORDING, Purpose
from server.domain.people import Person, Role
from server.live.protocol import Air, FloorView
from server.store import tables as t
from server.store.lecture_films import Footage, LectureFilmBook
from server.store.views import Views
from server.store.work import Outgoing, Store, room_channel
from tests.actions.conftest import SaysSo
from tests.actions.test_air import SAID, Ear, Node, ended, lecture, lecturer, open_node, pupil, start, until, views
from tests.actions.test_lectures import enrol
from tests.actions.test_rooms import heard as told_in
from tests.builders import RULES, World
from tests.sounds import heard_in

__all__ = ["lecture", "lecturer", "open_node", "pupil", "views"]

EVERY = (Purpose.LECTURE, Purpose.RECORDING, Purpose.PUBLIC_VIDEO)


async def belongs(store: Store, who: Person, *purposes: Purpose, allows: bool = True) -> tuple[UUID, Person]:
    """To a school that says whether pupils may speak; its administrator has noted what the guardian agrees to."""
    school, staff = uuid4(), await World(store).person(f"office of {who.login}", Role.SCHOOL_ADMIN)
    async with store.engine.begin() as connection:
        await connection.execute(insert(t.schools).values(id=school, name=str(school), lecture_voice=allows))
        for person in (who, staff):
            row = {"account_id": person.id, "real_name": "真名", "school_id": school}
            await connection.execute(insert(t.identities).values(**row))
    for purpose in purposes:
        await agree(store, staff, who, purpose, True)
    return school, staff


async def agree(store: Store, staff: Person, child: Person, purpose: Purpose, given: bool) -> None:
    async with store.work() as work:
        await consent.say(work, SaysSo(), staff, child.id, purpose, given, WORDING)


async def act(store: Store, what: Any, *args: Any) -> Any:
    async with store.work() as work:
        return await what(work, *args)


async def hand_of(store: Store, id: UUID, who: Person) -> int:
    async with store.work() as work:
        [place] = await pulse.raise_hands(work, id, [who.id], await work.now())
    assert not isinstance(place, Refusal)
    return place.number


async def asked(store: Store, lecturer: Person, id: UUID, who: Person) -> int:
    hand = await hand_of(store, id, who)
    async with store.work() as work:
        await floor.ask(work, lecturer, id, hand, await work.now())
    return hand


async def yes(store: Store, who: Person, id: UUID, page: UUID, may_keep: bool = True) -> int:
    async with store.work() as work:
        return await floor.say_yes(work, who, id, page, may_keep, await work.now())


def said(id: UUID, number: int, page: UUID, at: int = 0, until: int | None = None, **more: Any) -> Air:
    given = {"take": "v1", "type": "audio/webm;codecs=opus", "ago_ms": 9_000, **more}
    data = base64.b64encode(given.pop("data", SAID)[at:until]).decode()
    return Air(lecture=id, room_epoch=number, at=at, bytes=data, track="voice", beside=str(page), **given)


def spoken(ear: Ear) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in ear.frames if '"frame":"spoken"' in frame]


async def floor_now(views: Views, id: UUID) -> FloorView | None:
    state = await views.rooms.state(id)
    assert state is not None
    return state.floor


async def how_it_ended(store: Store) -> list[str]:
    return [row.ended_why for row in await store.rows("SELECT ended_why FROM lecture_floors ORDER BY number", {})]


async def test_who_said_yes_is_heard_by_the_room_and_again_where_both_words_allow_it(
    store: Store,
    lecturer: Person,
    lecture: UUID,
    pupil: Person,
    world: World,
    views: Views,
    told: list[Outgoing],
    open_node: Callable[[], Node],
) -> None:
    await belongs(store, pupil, *EVERY)
    other = await world.student("other")
    await enrol(store, lecture, other)
    await start(store, lecturer, lecture)
    here, there = open_node(), open_node()
    ears = {who.id: Ear(who.id) for who in (pupil, other, lecturer)}
    for ear in ears.values():
        there.hub.enter(ear, 0.0)
        await there.hub.join(ear, room_channel(lecture), None)
    page = uuid4()

    # asked, and nothing that is sent before the yes, from elsewhere, or by somebody else, is heard
    assert (await here.studio.hears(pupil, said(lecture, 1, page))).state == "over"
    hand = await asked(store, lecturer, lecture, pupil)
    now = await floor_now(views, lecture)
    assert now is not None and (now.hand, now.open) == (hand, False)
    assert [line.may_speak for line in (await views.pulse.hands(lecture)).hands] == [True]
    assert (await here.studio.hears(pupil, said(lecture, 1, page))).state == "over"
    with pytest.raises(NotHere):
        await yes(store, other, lecture, uuid4())
    number = await yes(store, pupil, lecture, page)
    assert await yes(store, pupil, lecture, page) == number  # said twice is said once
    with pytest.raises(Moved):
        await yes(store, pupil, lecture, uuid4())  # a second tab
    forged = [
        await here.studio.hears(pupil, said(lecture, number, uuid4())),
        await here.studio.hears(other, said(lecture, number, page)),
        await here.studio.hears(lecturer, said(lecture, number, page)),
        await here.studio.hears(pupil, said(lecture, number, page, type="text/html")),
        await here.studio.hears(pupil, said(lecture, number, page, ago_ms=10_000_000)),
        await here.studio.hears(pupil, said(uuid4(), number, page)),
        await here.studio.hears(pupil, said(lecture, number + 1, page)),
    ]
    assert [answer.state for answer in forged] == ["fenced", "over", "over", "busy", "busy", "over", "over"]

    # a piece that came twice, one too far ahead, the rest
    assert (await here.studio.hears(pupil, said(lecture, number, page, 0, 6_000))).at == 6_000
    assert (await here.studio.hears(other, said(lecture, number, page, 6_000))).state == "over"
    assert (await there.studio.hears(pupil, said(lecture, number, page, 6_000))).state == "gone"
    assert (await here.studio.hears(pupil, said(lecture, number, page, 4_000, 7_000))).at == 7_000
    assert (await here.studio.hears(pupil, said(lecture, number, page, 9_000, 9_500))).at == 7_000
    last = await here.studio.hears(pupil, said(lecture, number, page, 7_000, last=True))
    assert (last.at, last.state) == (len(SAID), "on")
    await act(store, floor.leave, pupil, lecture)

    async def kept() -> list[Any]:
        found = await views.replays.voices(lecture)
        return found if len(found) == 3 else []

    segments = await until(kept)
    keys = [segment_key(lecture, each.take, each.number, MARK) for each in segments]
    whole = initialisation() + b"".join([await here.storage.read(key) for key in keys])
    assert heard_in(whole) == pytest.approx([1.0, 4.0, 8.0], abs=0.06)
    [voice] = await store.rows("SELECT * FROM lecture_voices", {})
    assert segments[0].at_ms == voice.start_ms > 40_000  # on the lecture's clock
    parts = spoken(ears[other.id])
    assert parts and [part["n"] for part in parts] == sorted({part["n"] for part in parts})
    assert spoken(ears[lecturer.id]) == parts and not spoken(ears[pupil.id])  # nobody hears oneself
    assert await there.edges.data(lecture, "v1.0.m4s") and await there.edges.data(lecture, "v1.mp4") == initialisation()
    assert await floor_now(views, lecture) is None and await how_it_ended(store) == ["done"]
    rooms = told_in(told, room_channel(lecture), "room")
    assert rooms and all(body is None for body in rooms)  # no name in it


@pytest.mark.parametrize(
    ("purposes", "allows", "becomes"),
    [
        (EVERY, False, None),
        ((Purpose.RECORDING, Purpose.PUBLIC_VIDEO), True, None),
        ((Purpose.LECTURE,), True, False),
        ((Purpose.LECTURE, Purpose.RECORDING), True, False),
    ],
)
async def test_without_a_word_there_is_no_voice_and_without_the_others_none_is_kept(
    purposes: tuple[Purpose, ...],
    allows: bool,
    becomes: bool | None,
    store: Store,
    lecturer: Person,
    lecture: UUID,
    pupil: Person,
    views: Views,
    open_node: Callable[[], Node],
) -> None:
    await belongs(store, pupil, *purposes, allows=allows)
    await start(store, lecturer, lecture)
    if becomes is None:
        with pytest.raises(NoVoice):
            await asked(store, lecturer, lecture, pupil)
        assert await store.rows("SELECT FROM lecture_floors", {}) == []
        return
    await asked(store, lecturer, lecture, pupil)
    node, ear, page = open_node(), Ear(uuid4()), uuid4()
    await node.hub.join(ear, room_channel(lecture), None)
    number = await yes(store, pupil, lecture, page)

    await node.studio.hears(pupil, said(lecture, number, page, last=True))

    assert spoken(ear) and await views.replays.voices(lecture) == []
    assert await node.storage.list(f"lectures/{lecture}/") == []
    assert await node.edges.edge(lecture, MARK) is not None  # and browsers without Media Source Extensions hear it


@pytest.mark.parametrize("then", [None, "mute", "remove"])
async def test_a_reviewer_cuts_it_off_at_once_and_what_was_said_is_in_no_replay(
    then: Any,
    store: Store,
    lecturer: Person,
    lecture: UUID,
    pupil: Person,
    world: World,
    views: Views,
    open_node: Callable[[], Node],
) -> None:
    await belongs(store, pupil, *EVERY)
    await start(store, lecturer, lecture)
    await asked(store, lecturer, lecture, pupil)
    node, ear, page = open_node(), Ear(uuid4()), uuid4()
    await node.hub.join(ear, room_channel(lecture), None)
    number = await yes(store, pupil, lecture, page)
    await node.studio.hears(pupil, said(lecture, number, page, 0, 14_000))
    await until(lambda: _some(views, lecture))
    reviewer = await world.person("reviewer", Role.REVIEWER)
    with pytest.raises(NotHere):
        await act(store, floor.cut, pupil, lecture, None)

    assert await act(store, floor.cut, reviewer, lecture, then) == pupil.id
    await node.studio._look()
    heard = len(spoken(ear))

    assert (await node.studio.hears(pupil, said(lecture, number, page, 14_000))).state == "gone"
    assert (await node.studio.hears(pupil, said(lecture, number, page, take="v2"))).state == "over"
    assert len(spoken(ear)) == heard and await views.replays.voices(lecture) == []
    assert await how_it_ended(store) == ["cut"]
    [job] = await store.rows("SELECT args FROM procrastinate_jobs WHERE task_name = 'forget_floors'", {})
    assert job.args == {"lecture_id": str(lecture)}
    await node.studio.stop()
    await floor.forget_floors(store, node.storage, lecture)
    assert await node.storage.list(f"lectures/{lecture}/") == []
    side = await views.rooms.side(pupil, lecture)
    assert side == (None if then == "remove" else "pupil")
    if then is not None:
        with pytest.raises(Refusal):
            raise await _refused(store, lecture, pupil)
    assert await act(store, floor.cut, reviewer, lecture, None) is None  # nobody speaks


async def _some(views: Views, id: UUID) -> list[Any]:
    return list(await views.replays.voices(id))


async def _refused(store: Store, id: UUID, who: Person) -> Refusal:
    async with store.work() as work:
        [place] = await pulse.raise_hands(work, id, [who.id], await work.now() + timedelta(minutes=1))
    assert isinstance(place, Refusal)
    return place


async def test_it_ends_by_itself_by_whoever_takes_a_word_back_and_with_the_lecture(
    store: Store,
    lecturer: Person,
    lecture: UUID,
    pupil: Person,
    world: World,
    views: Views,
    open_node: Callable[[], Node],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    school, staff = await belongs(store, pupil, *EVERY)
    second = await world.student("second")
    await enrol(store, lecture, second)
    await belongs(store, second, Purpose.LECTURE)
    await start(store, lecturer, lecture)
    node = open_node()
    hands = iter(range(1, 20))

    async def speaks(who: Person = pupil) -> UUID:
        """Heard just now, by another hand than before."""
        async with store.engine.begin() as connection:
            earlier = t.lecture_hands.c.raised_at - timedelta(minutes=1)
            await connection.execute(update(t.lecture_hands).values(raised_at=earlier))
        await asked(store, lecturer, lecture, who)
        page = uuid4()
        number = await yes(store, who, lecture, page)
        answer = await node.studio.hears(who, said(lecture, number, page, 0, 6_000, take=f"v{next(hands)}"))
        assert answer.state == "on"
        return page

    async def passes(**change: Any) -> None:
        async with store.engine.begin() as connection:
            floors = t.lecture_floors
            await connection.execute(update(floors).where(floors.c.state != "over").values(**change))

    # nobody says yes: the word stays, to be written
    await asked(store, lecturer, lecture, pupil)
    await passes(until_at=func.clock_timestamp())
    with pytest.raises(Moved):
        await yes(store, pupil, lecture, uuid4())
    await end_floors(store, SaysSo(), RULES)
    state = await views.rooms.state(lecture)
    assert state is not None and state.floor is None and state.has_the_word == 1
    await asked_again(store, lecturer, lecture, 1)
    await act(store, floor.leave, pupil, lecture)  # rather in writing
    state = await views.rooms.state(lecture)
    assert state is not None and state.floor is None and state.has_the_word == 1
    await act(store, pulse.hand_done, lecturer, lecture, 1)

    await speaks()  # for longer than there is
    await passes(until_at=func.clock_timestamp())
    await end_floors(store, SaysSo(), RULES)
    state = await views.rooms.state(lecture)
    assert state is not None and state.floor is None and state.has_the_word is None
    await speaks()
    await asked(store, lecturer, lecture, second)  # the next one: who spoke before has spoken
    await speaks(second)
    await agree(store, staff, pupil, Purpose.LECTURE, False)
    assert await floor_now(views, lecture) is not None  # somebody else's
    await agree(store, staff, pupil, Purpose.LECTURE, True)
    await speaks()
    await agree(store, staff, pupil, Purpose.LECTURE, False)  # by a guardian, while the child speaks
    assert await floor_now(views, lecture) is None
    await agree(store, staff, pupil, Purpose.LECTURE, True)
    await speaks()
    await act(store, floor.allow, school, False)
    await act(store, floor.allow, school, True)
    await speaks()
    await act(store, pulse.withdraw_hand, pupil, lecture)
    monkeypatch.setattr("server.speech.SILENT_S", -1.0)
    await speaks()
    await node.studio._look()  # nothing comes any more
    monkeypatch.setattr("server.speech.SILENT_S", 60.0)
    page = await speaks()  # and what comes is no speech
    now = await floor_now(views, lecture)
    assert now is not None
    await node.studio.hears(pupil, said(lecture, now.number, page, take="junk", data=b"<html>" * 3_000, ago_ms=0))

    async def refused() -> bool:
        assert now is not None
        return (await node.studio.hears(pupil, said(lecture, now.number, page, 18_000, take="junk"))).state != "on"

    await until(refused)
    assert await floor_now(views, lecture) is None
    await speaks()
    await ended(store, lecturer, lecture)
    await node.studio._look()

    assert await how_it_ended(store) == [
        "late", "declined", "limit", "done", "done", "taken_back", "taken_back", "taken_back", "lost", "lost",
        "taken_back",
    ]  # fmt: skip
    assert node.studio._rostrum._speeches == {}


async def asked_again(store: Store, lecturer: Person, id: UUID, hand: int) -> None:
    async with store.work() as work:
        await floor.ask(work, lecturer, id, hand, await work.now())


async def test_a_guardian_takes_a_voice_back_and_it_is_in_no_replay_no_film_and_no_store(
    store: Store, lecturer: Person, lecture: UUID, pupil: Person, views: Views, open_node: Callable[[], Node]
) -> None:
    _, staff = await belongs(store, pupil, *EVERY)
    await start(store, lecturer, lecture)
    await asked(store, lecturer, lecture, pupil)
    node, page = open_node(), uuid4()
    number = await yes(store, pupil, lecture, page)
    await node.studio.hears(pupil, said(lecture, number, page, last=True))
    await until(lambda: _some(views, lecture))
    await ended(store, lecturer, lecture)
    await node.storage.put(f"lectures/{lecture}/film.mp4", b"a film", "video/mp4")
    footage = Footage(f"lectures/{lecture}/film.mp4", f"lectures/{lecture}/poster.jpg", "video/mp4", 9_000, 6)
    async with store.work() as work:
        await LectureFilmBook(work).keep(lecture, footage)
        await work.commit()

    await agree(store, staff, pupil, Purpose.RECORDING, False)

    assert await views.replays.voices(lecture) == []
    [film] = await store.rows("SELECT * FROM lecture_films", {})
    assert (film.state, film.video_key) == ("making", None)
    jobs = "SELECT task_name, lock FROM procrastinate_jobs WHERE queue_name = 'film' ORDER BY id"
    named = [(job.task_name, job.lock) for job in await store.rows(jobs, {})]
    assert named[-2:] == [("forget_floors", f"film:{lecture}"), ("film_lecture", f"film:{lecture}")]
    await node.studio.stop()
    await floor.forget_floors(store, node.storage, lecture)
    assert await node.storage.list(f"lectures/{lecture}/") == []
