"""Lectures before they are held: planned, found, enrolled in, never oversold; who waits moves up by himself."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, update

from server.actions import teach
from server.actions.errors import (
    BadLecture,
    Clash,
    KeyReused,
    LectureFixed,
    LecturerBusy,
    ListFull,
    NotEnrolling,
    NotHere,
    Refusal,
    SeatsTaken,
    TooManyPages,
)
from server.actions.upkeep import end_lectures
from server.domain.lecture import LectureState, PlaceState, Plan
from server.domain.people import Person, Role, Stage, Subject
from server.store import tables as t
from server.store.lecture_views import Wanted
from server.store.views import Views
from server.store.work import Outgoing, Store, person_channel
from server.together import Together
from tests.actions.conftest import SaysSo
from tests.actions.test_session import views
from tests.builders import RULES, World

__all__ = ["views"]


@pytest.fixture
async def lecturer(world: World) -> Person:
    return await world.person("mingshi", Role.LECTURER)


async def a_plan(world: World, in_days: float = 1, **other: Any) -> Plan:
    starts_at = (await world.now()).replace(microsecond=0) + timedelta(days=in_days)
    plan = Plan("一次函数", "", Subject.MATH, Stage.JUNIOR, (8,), ("一次函数",), starts_at, starts_at, 2)
    plan = replace(plan, **other)
    return replace(plan, ends_at=other.get("ends_at", plan.starts_at + timedelta(hours=1)))


async def planned(store: Store, lecturer: Person, plan: Plan, key: str = "") -> UUID:
    async with store.work() as work:
        return await teach.plan(work, lecturer, plan, None, key or str(uuid4()), await work.now())


async def opened(store: Store, lecturer: Person, plan: Plan) -> UUID:
    id = await planned(store, lecturer, plan)
    async with store.work() as work:
        await teach.open_up(work, lecturer, id, await work.now())
    return id


async def enrol(store: Store, id: UUID, *pupils: Person) -> list[teach.Place | Refusal]:
    async with store.work() as work:
        return await teach.enrol(work, id, [pupil.id for pupil in pupils], await work.now())


async def leave(store: Store, id: UUID, pupil: Person) -> None:
    async with store.work() as work:
        await teach.leave(work, pupil, id)


async def crowd(store: Store, count: int, school: UUID | None = None) -> list[UUID]:
    ids = [uuid4() for _ in range(count)]
    rows = [{"id": id, "login": id.hex, "nickname": "演示", "roles": ["student"], "grade": 8} for id in ids]
    async with store.engine.begin() as connection:
        await connection.execute(insert(t.accounts), rows)
        if school is not None:
            identities = [{"account_id": id, "real_name": "演示", "school_id": school} for id in ids]
            await connection.execute(insert(t.identities), identities)
    return ids


async def a_school(store: Store, name: str) -> UUID:
    id = uuid4()
    async with store.engine.begin() as connection:
        await connection.execute(insert(t.schools).values(id=id, name=name))
    return id


def words(outcome: Sequence[teach.Place | Refusal]) -> list[tuple[str, int | None] | type]:
    return [(str(each.state), each.ahead) if isinstance(each, teach.Place) else type(each) for each in outcome]


async def test_who_comes_first_sits_who_comes_later_waits_and_moves_up(
    store: Store, world: World, lecturer: Person, views: Views, told: list[Outgoing]
) -> None:
    id = await opened(store, lecturer, await a_plan(world))
    pupils = [await world.student(f"p{n}") for n in range(5)]

    first = await enrol(store, id, *pupils)
    again = await enrol(store, id, pupils[0], pupils[3])
    told.clear()
    await leave(store, id, pupils[1])
    await leave(store, id, pupils[1])

    assert words(first) == [("seated", None), ("seated", None), ("waiting", 0), ("waiting", 1), ("waiting", 2)]
    assert words(again) == [("seated", None), ("waiting", 1)]
    moved = [event for event in told if event.kind == "place"]
    assert [event.channel for event in moved] == [person_channel(pupils[2].id)]
    view = await views.lectures.lecture(id)
    assert view is not None and (view.taken, view.waiting, view.place) == (2, 2, None)
    [mine] = await views.lectures.mine(pupils[3].id)
    assert mine.place is not None and (mine.place.state, mine.place.ahead) == (PlaceState.WAITING, 0)
    assert words(await enrol(store, id, pupils[1])) == [("waiting", 2)], "who comes again is at the end"


async def test_more_seats_move_up_who_waits_and_fewer_than_taken_are_refused(
    store: Store, world: World, lecturer: Person, views: Views
) -> None:
    plan = await a_plan(world)
    id = await opened(store, lecturer, plan)
    await enrol(store, id, *[await world.student(f"p{n}") for n in range(5)])

    async def change(capacity: int) -> None:
        async with store.work() as work:
            await teach.change(work, lecturer, id, replace(plan, capacity=capacity), None, await work.now())

    await change(4)
    view = await views.lectures.lecture(id)
    assert view is not None and (view.taken, view.waiting) == (4, 1)
    with pytest.raises(SeatsTaken):
        await change(3)


async def test_two_lectures_at_one_hour_clash_even_when_asked_for_at_once(
    store: Store, world: World, lecturer: Person
) -> None:
    plan = await a_plan(world)
    other = await world.person("other", Role.LECTURER)
    one, two = await opened(store, lecturer, plan), await opened(store, other, plan)
    later = await opened(
        store, lecturer, replace(plan, starts_at=plan.ends_at, ends_at=plan.ends_at + timedelta(hours=1))
    )
    pupil = await world.student()

    both = await asyncio.gather(*(enrol(store, id, pupil) for id in (one, two) for _ in range(4)))

    assert {each for [each] in map(words, both)} == {("seated", None), Clash}
    kept = one if words(await enrol(store, one, pupil)) == [("seated", None)] else two
    assert words(await enrol(store, later, pupil)) == [("seated", None)]
    await leave(store, kept, pupil)
    assert words(await enrol(store, two if kept == one else one, pupil)) == [("seated", None)]


async def test_a_crowd_at_once_gets_every_seat_once_in_the_order_in_which_it_came(
    store: Store, world: World, lecturer: Person
) -> None:
    id = await opened(store, lecturer, await a_plan(world, capacity=80))
    pupils = await crowd(store, 1_000)

    async def serve(lecture: UUID, group: Sequence[UUID]) -> Sequence[teach.Place | Refusal]:
        async with store.work() as work:
            return await teach.enrol(work, lecture, group, await work.now())

    nodes = [Together[UUID, UUID, teach.Place](serve) for _ in range(2)]
    twice = [pupil for pupil in pupils for _ in range(2)]  # a double tap, once on each node
    places = await asyncio.gather(*(nodes[n % 2].join(id, pupil) for n, pupil in enumerate(twice)))

    assert Counter(place.state for place in places[::2]) == {PlaceState.SEATED: 80, PlaceState.WAITING: 920}
    assert [place.state for place in places[::2]] == [place.state for place in places[1::2]]
    seated = [n for n, place in enumerate(places[::2]) if place.state is PlaceState.SEATED]
    assert seated == list(range(80)), "nobody was seated before somebody who had come earlier"
    rows = await store.rows("SELECT taken, waiting, next_number FROM lectures", {})
    assert [(row.taken, row.waiting, row.next_number) for row in rows] == [(80, 920, 1_001)]


async def test_the_database_itself_sells_no_seat_twice(store: Store, world: World, lecturer: Person) -> None:
    await opened(store, lecturer, await a_plan(world, capacity=1))

    with pytest.raises(Exception, match="ck_lectures_never_oversold"):
        async with store.engine.begin() as connection:
            await connection.execute(update(t.lectures).values(taken=2))


async def test_waiting_lists_end_and_what_is_not_open_takes_nobody(
    store: Store, world: World, lecturer: Person, finder: SaysSo
) -> None:
    draft = await planned(store, lecturer, await a_plan(world, in_days=3))
    id = await opened(store, lecturer, await a_plan(world, capacity=1))
    one, two = await world.student("one"), await world.student("two")
    async with store.engine.begin() as connection:
        await connection.execute(update(t.lectures).where(t.lectures.c.id == id).values(waiting=20_000, taken=1))

    assert words(await enrol(store, id, one)) == [ListFull]
    assert words(await enrol(store, draft, one)) == words(await enrol(store, uuid4(), one)) == [NotHere]
    async with store.engine.begin() as connection:
        past = func.clock_timestamp() - timedelta(hours=1)
        await connection.execute(
            update(t.lectures).where(t.lectures.c.id == id).values(starts_at=past - timedelta(hours=1), ends_at=past)
        )
    assert words(await enrol(store, id, two)) == [NotEnrolling]
    await end_lectures(store, finder, RULES)
    rows = await store.rows("SELECT id, state FROM lectures", {})
    assert {row.id: row.state for row in rows} == {draft: "planned", id: "cancelled"}


async def test_a_lecture_for_some_schools_is_hidden_from_the_others(
    store: Store, world: World, lecturer: Person, views: Views
) -> None:
    ours, theirs = await a_school(store, "甲校"), await a_school(store, "乙校")
    id = await opened(store, lecturer, await a_plan(world, schools=frozenset({ours})))
    [inside], [outside] = await crowd(store, 1, ours), await crowd(store, 1, theirs)
    nowhere = (await world.student()).id

    async with store.work() as work:
        outcome = await teach.enrol(work, id, [outside, inside, nowhere], await work.now())

    assert words(outcome) == [NotHere, ("seated", None), NotHere]
    found = {who: (await views.lectures.catalogue(who, Wanted())).lectures for who in (inside, outside, nowhere)}
    assert {who: len(lectures) for who, lectures in found.items()} == {inside: 1, outside: 0, nowhere: 0}
    person = replace(await world.student("stranger"), id=outside)
    assert await views.lectures.seen_by(person, id) is None
    with pytest.raises(BadLecture):
        await planned(store, lecturer, await a_plan(world, in_days=2, schools=frozenset({uuid4()})))


async def test_lectures_are_found_by_subject_free_time_and_words(
    store: Store, world: World, lecturer: Person, views: Views
) -> None:
    pupil = (await world.student()).id
    math = await a_plan(world, in_days=1)
    physics = await a_plan(
        world,
        in_days=2,
        subject=Subject.PHYSICS,
        title="浮力 100%_讲透",
        knowledge_points=("阿基米德原理",),
        grades=(9,),
    )
    for each in (math, physics):
        await opened(store, lecturer, each)

    async def titles(**wanted: Any) -> list[str]:
        found = await views.lectures.catalogue(pupil, Wanted(**wanted))
        return [lecture.title for lecture in found.lectures]

    assert await titles() == [math.title, physics.title]
    assert await titles(subject=Subject.PHYSICS) == await titles(grade=9) == [physics.title]
    assert await titles(words="MINGSHI") == [math.title, physics.title]
    assert await titles(words="阿基米德") == await titles(words="0%_讲") == [physics.title]
    assert await titles(words="%") == [physics.title]
    assert await titles(free_from=math.starts_at, free_until=math.ends_at) == [math.title]
    assert await titles(free_from=math.starts_at + timedelta(minutes=1), free_until=physics.starts_at) == []
    first = (await views.lectures.catalogue(pupil, Wanted())).lectures[0]
    assert await titles(after=first.starts_at, after_id=first.id) == [physics.title]


async def test_a_lecturer_is_in_one_place_at_a_time_and_plans_once(
    store: Store, world: World, lecturer: Person
) -> None:
    plan = await a_plan(world)
    both = await asyncio.gather(*(planned(store, lecturer, plan, f"key{n}") for n in range(4)), return_exceptions=True)

    made = [each for each in both if isinstance(each, UUID)]
    assert len(made) == 1 and all(isinstance(each, LecturerBusy | UUID) for each in both)
    key = f"key{both.index(made[0])}"
    assert await planned(store, lecturer, plan, key) == made[0]
    with pytest.raises(KeyReused):
        await planned(store, lecturer, replace(plan, capacity=3), key)
    stranger = await world.person("other", Role.LECTURER)
    async with store.work() as work:
        with pytest.raises(NotHere):
            await teach.cancel(work, stranger, made[0], "不是我的")


async def test_who_has_a_place_is_told_when_it_is_moved_or_cancelled(
    store: Store, world: World, lecturer: Person, views: Views
) -> None:
    plan = await a_plan(world)
    id = await opened(store, lecturer, plan)
    pupils = [await world.student(f"p{n}") for n in range(3)]
    await enrol(store, id, *pupils)
    later = replace(plan, starts_at=plan.starts_at + timedelta(hours=2), ends_at=plan.ends_at + timedelta(hours=2))

    async with store.work() as work:
        await teach.change(work, lecturer, id, later, None, await work.now())
    async with store.work() as work:
        await teach.cancel(work, lecturer, id, "  老师 生病了 ")

    events = await store.unsent(timedelta(0))
    told = [(event.channel, event.body["why"]) for event in events if event.kind == "place"]
    everybody = [person_channel(pupil.id) for pupil in pupils]
    assert sorted(told) == sorted((channel, why) for why in ("changed", "cancelled") for channel in everybody)
    view = await views.lectures.lecture(id)
    assert view is not None and (view.state, view.cancelled_why) == (LectureState.CANCELLED, "老师 生病了")
    assert words(await enrol(store, id, await world.student("late"))) == [NotEnrolling]
    async with store.work() as work:
        with pytest.raises(LectureFixed):
            await teach.change(work, lecturer, id, plan, None, await work.now())


async def a_material(store: Store, owner: Person, pages: int) -> UUID:
    id = uuid4()
    async with store.work() as work:
        await work.add_media(
            id=id,
            owner_id=owner.id,
            kind="material",
            state="ready",
            content_type="image/jpeg",
            key=f"media/{id}/page-001.jpg",
            pages=[[1600, 900]] * pages,
        )
        await work.commit()
    return id


async def test_a_cover_is_a_picture_of_the_lecturers_own(
    store: Store, world: World, lecturer: Person, views: Views
) -> None:
    other, plan, covers = await world.person("other", Role.LECTURER), await a_plan(world), []
    for owner, kind in ((other, "photo"), (lecturer, "voice"), (lecturer, "photo")):
        id = uuid4()
        async with store.work() as work:
            about = {"kind": kind, "state": "ready", "content_type": "image/jpeg", "key": f"media/{id}/photo.jpg"}
            await work.add_media(id=id, owner_id=owner.id, width=400, height=300, **about)
            await work.commit()
        covers.append(id)

    for cover in (*covers[:2], uuid4()):
        with pytest.raises(Refusal):
            async with store.work() as work:
                await teach.plan(work, lecturer, plan, cover, "", await work.now())
    async with store.work() as work:
        id = await teach.plan(work, lecturer, plan, covers[2], "", await work.now())

    view = await views.lectures.seen_by(lecturer, id)
    assert view is not None and view.cover is not None and view.cover.id == covers[2]


async def test_materials_are_the_lecturers_own_and_of_fifty_pages_in_all(
    store: Store, world: World, lecturer: Person, views: Views
) -> None:
    id = await opened(store, lecturer, await a_plan(world))
    stranger = await world.person("other", Role.LECTURER)

    async def add(material: UUID) -> None:
        async with store.work() as work:
            await teach.add_material(work, lecturer, id, material, " 第一章.pdf ")

    material = await a_material(store, lecturer, 30)
    await add(material)
    await add(material)
    with pytest.raises(TooManyPages):
        await add(await a_material(store, lecturer, 21))
    with pytest.raises(NotHere):
        await add(await a_material(store, stranger, 1))

    [view] = await views.lectures.materials(id)
    assert (view.name, view.count) == ("第一章.pdf", 30)
    assert len({page.id for page in view.pages}) == 30 and view.pages[29].url.endswith("page-030.jpg")
    async with store.work() as work:
        assert await work.is_used(material)
        assert material not in await work.unused_media(datetime.max.replace(tzinfo=(await work.now()).tzinfo))
    async with store.work() as work:
        await teach.remove_material(work, lecturer, id, material)
    assert await views.lectures.materials(id) == []
