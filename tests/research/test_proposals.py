"""From a topic to a lecture and back: one person takes it over, who asked is invited, and what came of it is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.actions import effect, facts, invite, label, proposal, teach, topic
from server.actions.errors import (
    BadRequest,
    LectureFixed,
    LecturerBusy,
    NotHere,
    ProposalGone,
    ProposalPlanned,
    TooFewAsked,
)
from server.domain.label import Kind, Source
from server.domain.lecture import Plan
from server.domain.people import Person, PersonId, Role, Stage, Subject
from server.domain.proposal import Form, Proposed, Slot
from server.live import protocol as wire
from server.store import proposal_views
from server.store.work import Store
from tests.research.conftest import Town

NOW = datetime.now(UTC)
THIS_WEEK = facts.monday(NOW)
LAST_WEEK = THIS_WEEK - timedelta(weeks=1)
WANTED = Proposed(Form.LECTURE, "勾股定理：先画图", (8,), ("勾股定理",), "先看例题三")


class Loop:
    """A city with one topic, research staff and lecturers."""

    def __init__(self, store: Store, town: Town) -> None:
        self.store, self.town = store, town

    async def person(self, *roles: Role, **more: Any) -> Person:
        return Person(PersonId(await self.town.person(*roles, **more)), "x", frozenset(roles), "x")

    async def topic(self, questions: list[UUID], born: int = 60) -> int:
        [row] = await self.town.sql(
            "INSERT INTO topics (subject, stage, terms, mean, exemplars, born_on) "
            "SELECT 'math', 'junior', ARRAY['梯子', '斜边'], '', %(ids)s, current_date - %(born)s::int",
            ids=questions[:3],
            born=born,
        )
        [row] = await self.town.sql("SELECT max(id) AS id FROM topics")
        await self.town.sql("INSERT INTO topic_members SELECT unnest(%(ids)s::uuid[]), %(t)s", ids=questions, t=row.id)
        await facts.follow(self.store)
        await self.town.sql(
            "INSERT INTO topic_weeks SELECT m.topic_id, f.week, count(*), count(DISTINCT f.pupil_id) "
            "FROM topic_members m JOIN research_facts f USING (question_id) WHERE m.topic_id = %(t)s GROUP BY 1, 2",
            t=row.id,
        )
        return int(row.id)

    async def propose(
        self, by: Person, number: int, wanted: Proposed = WANTED, wish: Person | None = None,
        slot: Slot | None = None, key: str = "",
    ) -> UUID:  # fmt: skip
        async with self.store.work() as work:
            now, key = await work.now(), key or str(uuid4())
            return await proposal.propose(work, by, number, wanted, wish and wish.id, slot, key, now)

    async def take(self, who: Person, id: UUID) -> None:
        async with self.store.work() as work:
            await proposal.take(work, who, id, await work.now())

    async def decline(self, who: Person, id: UUID, why: str = "") -> None:
        async with self.store.work() as work:
            await proposal.decline(work, who, id, why)

    async def plan(
        self, who: Person, id: UUID, schools: frozenset[UUID] = frozenset(), key: str = "", day: int = 3
    ) -> UUID:
        async with self.store.work() as work:
            now = await work.now()
            start = NOW + timedelta(days=day)
            plan = Plan("直角三角形", "", Subject.MATH, Stage.JUNIOR, (8,), ("勾股定理",), start,
                        start + timedelta(hours=1), 2, schools)  # fmt: skip
            return await proposal.plan_lecture(work, who, id, plan, None, key or str(uuid4()), now)

    async def open(self, who: Person, lecture: UUID) -> None:
        async with self.store.work() as work:
            await teach.open_up(work, who, lecture, await work.now())

    async def offers(self, who: Person) -> list[wire.ProposalOffer]:
        return (await proposal_views.offered(self.store, who.id, ["lecture", "lesson"], NOW)).proposals

    async def seen(self, number: int) -> list[wire.ProposalView]:
        found = await proposal_views.of_topic(self.store, number, NOW)
        assert found is not None
        return found.proposals

    async def invited(self, pupil: UUID) -> list[tuple[str, int | None]]:
        found = await proposal_views.invitations(self.store, pupil, False)
        return [(each.what, each.seats_left) for each in found.invitations]


@pytest.fixture
def loop(store: Store, town: Town) -> Loop:
    return Loop(store, town)


async def test_one_takes_it_over_plans_it_and_those_who_asked_come(loop: Loop, town: Town, store: Store) -> None:
    first, second, third = [await town.school(name) for name in ("一中", "二中", "三中")]
    pupils, others, few = await town.pupils(7, first), await town.pupils(6, second), await town.pupils(3, third)
    silent = await town.person(Role.STUDENT, school=first, grade=8)
    old = (await town.pupils(1, first, grade=9))[0]
    asked = [
        await town.ask(who, week=LAST_WEEK, text="写着名字", read_text="求梯子的高")
        for who in [*pupils, *others, *few, silent, old]
    ]
    number = await loop.topic(asked)
    research, one, other = [await loop.person(r) for r in (Role.RESEARCHER, Role.LECTURER, Role.LECTURER)]

    ids = {await loop.propose(research, number, key="the same press") for _ in range(2)}
    [id] = ids
    [offer] = await loop.offers(one)
    assert (offer.askers, offer.exemplars, offer.is_mine) == ([17, None, None, None], ["求梯子的高"] * 3, False)
    reviewer = await loop.person(Role.REVIEWER)
    for word, stand in (("inappropriate", 2), ("question", 3)):
        async with store.work() as work:
            await label.say(work, reviewer, Source.REVIEWER, asked[0], Kind.FITNESS, word)
        [offer] = await loop.offers(one)
        assert offer.exemplars == ["求梯子的高"] * stand, "what a reviewer holds stands for nothing"
    tries = await asyncio.gather(loop.take(one, id), loop.take(other, id), return_exceptions=True)
    assert sorted(type(each) for each in tries if each is not None) == [ProposalGone]
    taker, late = (one, other) if tries[0] is None else (other, one)
    await loop.take(taker, id)  # pressed twice
    assert await loop.offers(late) == []
    with pytest.raises(ProposalGone):
        await loop.plan(late, id)

    lecture = await loop.plan(taker, id, frozenset({first, third}), key="plan")
    assert await loop.plan(taker, id, frozenset({first, third}), key="plan") == lecture
    with pytest.raises(ProposalPlanned):
        await loop.plan(taker, id, day=9)
    assert await invite.invite(store) == 0, "a draft is nobody's business"
    await loop.open(taker, lecture)
    invite.AT_ONCE, before = 4, invite.AT_ONCE  # in several transactions
    assert await invite.invite(store) == 10
    invite.AT_ONCE = before
    assert await invite.invite(store) == 0, "nobody twice"
    [view] = await loop.seen(number)
    assert (view.state, view.invited, view.effect) == ("taken", 7, None), "three of a small school are told of nowhere"
    assert [await loop.invited(p) for p in (pupils[0], few[0], others[0], silent, old)] == [
        [("lecture", 2)], [("lecture", 2)], [], [], [],
    ]  # fmt: skip

    async with store.work() as work:
        await teach.enrol(work, lecture, pupils[:3], await work.now())
    async with store.work() as work:
        await invite.dismiss(work, Person(PersonId(pupils[3]), "p", frozenset({Role.STUDENT}), "p"), id)
    await town.agree(pupils[4], given=False)
    assert [await loop.invited(p) for p in pupils[:6]] == [[], [], [], [], [], [("lecture", 0)]], "no seat is kept"
    await town.sql("UPDATE lectures SET state = 'over', started_at = now(), ended_at = now() - interval '1 s'")
    await town.sql("INSERT INTO lecture_attendance SELECT %(l)s, %(p)s, 'n', now(), now()", l=lecture, p=pupils[0])
    late_one = (await town.pupils(1, first))[0]
    await town.sql(
        "INSERT INTO topic_members SELECT %(q)s, %(t)s", q=await town.ask(late_one, week=LAST_WEEK), t=number
    )
    await facts.follow(store)
    await town.sql("UPDATE teaching_proposals SET invited_at = now() - interval '2 days'")
    assert await invite.invite(store) == 1
    assert [await loop.invited(p) for p in [*pupils[:6], late_one]] == [
        [], [("replay", None)], [("replay", None)], [], [], [("replay", None)], [("replay", None)],
    ]  # fmt: skip
    [view] = await loop.seen(number)
    assert view.invited == 7 and view.effect is not None and view.effect.verdict == "waits", "one more makes no number"
    assert (await town.sql("SELECT count(*) AS n FROM invitations WHERE pupil_id = %(p)s", p=pupils[4]))[0].n == 0
    erased = await town.person(Role.STUDENT, school=first, grade=8)
    await town.sql("INSERT INTO invitations SELECT %(i)s, %(p)s, NULL, 8", i=id, p=erased)
    await town.sql("DELETE FROM identities WHERE account_id = %(p)s", p=erased)
    await town.sql("DELETE FROM accounts WHERE id = %(p)s", p=erased)
    assert await town.sql("SELECT 1 FROM invitations WHERE pupil_id = %(p)s", p=erased) == []


async def test_what_a_proposal_does_when_things_change(loop: Loop, town: Town, store: Store) -> None:
    pupils = await town.pupils(6, await town.school("一中"))
    number = await loop.topic([await town.ask(p, week=LAST_WEEK) for p in pupils])
    into = await loop.topic([await town.ask(p, week=LAST_WEEK) for p in pupils])
    rare = await loop.topic([await town.ask(p, week=LAST_WEEK) for p in pupils[:4]])
    research, wished, other = [await loop.person(r) for r in (Role.RESEARCHER, Role.LECTURER, Role.LECTURER)]
    english = await loop.person(Role.LECTURER)
    await town.sql("INSERT INTO certifications VALUES (%(id)s, 'english', 'junior')", id=english.id)

    with pytest.raises(TooFewAsked):
        await loop.propose(research, rare)
    for bad in (
        Proposed(Form.LECTURE, " ", (8,), ()),
        Proposed(Form.LECTURE, "课", (5,), ()),
        Proposed(Form.LESSON, "课", (8,), ()),
    ):
        with pytest.raises(BadRequest):
            await loop.propose(research, number, bad)
    with pytest.raises(BadRequest):
        await loop.propose(research, number, wish=english)
    with pytest.raises(NotHere):
        await loop.propose(research, 10**6)

    named = await loop.propose(research, number, wish=wished)
    assert await loop.offers(other) == []
    with pytest.raises(NotHere):
        await loop.take(other, named)
    await loop.decline(wished, named, "那周在外地")
    await loop.decline(wished, named)  # twice
    with pytest.raises(ProposalGone):
        await loop.take(wished, named)

    anybody = await loop.propose(research, number)
    await loop.decline(other, anybody)
    assert (await loop.offers(other), await loop.offers(english)) == ([], []) and len(await loop.offers(wished)) == 1
    await loop.take(wished, anybody)
    first = await loop.plan(wished, anybody)
    with pytest.raises(ProposalPlanned):
        await loop.decline(wished, anybody)
    async with store.work() as work:
        await teach.cancel(work, wished, first, "停电")
    second = await loop.plan(wished, anybody, day=5)  # a cancelled one makes room
    async with store.work() as work:
        with pytest.raises(ProposalPlanned):
            await proposal.withdraw(work, anybody)
    async with store.work() as work:
        await topic.merge(work, research, number, into)
    assert [(v.state, v.why) for v in await loop.seen(into)] == [("taken", None), ("declined", "那周在外地")]
    assert await loop.seen(number) == await loop.seen(into)
    await loop.open(wished, second)
    assert await invite.invite(store) == 6, "the topic that it became part of has those who asked"

    gone = await loop.propose(research, into, wish=other)
    await town.sql("UPDATE accounts SET roles = '{}' WHERE id = %(id)s", id=other.id)
    with pytest.raises(NotHere):
        await loop.take(other, gone)
    assert [view.wanted_gone for view in await loop.seen(into)] == [True, False, False]
    async with store.work() as work:
        await proposal.withdraw(work, gone)
    late = await loop.propose(research, into)
    await town.sql("UPDATE teaching_proposals SET expires_at = now() WHERE id = %(id)s", id=late)
    with pytest.raises(ProposalGone):
        await loop.take(wished, late)
    await invite.invite(store)
    assert [view.state for view in await loop.seen(into)][:2] == ["expired", "withdrawn"]


async def test_a_lecture_planned_for_somebody_is_theirs_when_they_confirm(loop: Loop, town: Town) -> None:
    school = await town.school("一中")
    number = await loop.topic([await town.ask(p, week=LAST_WEEK) for p in await town.pupils(6, school)])
    research, lecturer = await loop.person(Role.RESEARCHER), await loop.person(Role.LECTURER)
    start = datetime.now(UTC) + timedelta(days=2)
    slot = Slot(start, start + timedelta(hours=1), 300, "带尺子", frozenset({school}))

    with pytest.raises(BadRequest):
        await loop.propose(research, number, slot=slot)  # for whom?
    with pytest.raises(BadRequest):
        await loop.propose(research, number, wish=lecturer, slot=Slot(start, start, 300))
    first, clash = [await loop.propose(research, number, wish=lecturer, slot=slot) for _ in range(2)]
    [_, offer] = await loop.offers(lecturer)
    assert offer.plan is not None and (offer.plan.capacity, offer.plan.schools) == (300, ["一中"])
    assert await town.sql("SELECT 1 FROM lectures") == [], "nobody's calendar before they say yes"
    await loop.take(lecturer, first)
    await loop.take(lecturer, first)

    [made] = await town.sql("SELECT * FROM lectures")
    assert (made.lecturer_id, made.state, made.school_ids, made.about) == (lecturer.id, "planned", [school], "带尺子")
    with pytest.raises(LecturerBusy):
        await loop.take(lecturer, clash)
    await loop.decline(lecturer, clash, "已经排了")
    assert {v.state for v in await loop.seen(number)} == {"taken", "declined"}


async def test_a_micro_lesson_is_recorded_once_and_those_who_asked_are_invited_to_it(
    loop: Loop, town: Town, store: Store
) -> None:
    pupils = await town.pupils(6, await town.school("一中"))
    number = await loop.topic([await town.ask(p, week=LAST_WEEK) for p in pupils])
    research, teacher = await loop.person(Role.RESEARCHER), await loop.person(Role.TEACHER)
    wanted = Proposed(Form.LESSON, "三分钟画图", (8,), ("勾股定理",))
    with pytest.raises(BadRequest):
        await loop.propose(research, number, wanted, wish=teacher)  # not certified
    await town.sql("INSERT INTO certifications VALUES (%(id)s, 'math', 'junior')", id=teacher.id)
    id = await loop.propose(research, number, wanted, wish=teacher)
    await loop.take(teacher, id)

    async def begin() -> UUID:
        async with store.work() as work:
            return await proposal.begin_lesson(work, teacher, id, await work.now())

    first = await begin()
    assert await begin() == first, "pressed twice"
    with pytest.raises(ProposalPlanned):
        await loop.decline(teacher, id)
    await town.sql("UPDATE live_sessions SET ended_at = now(), ended_why = 'dropped'")
    second = await begin()
    assert second != first
    await town.sql("UPDATE live_sessions SET ended_at = now(), ended_why = 'finished' WHERE id = %(id)s", id=second)
    async with store.work() as work:
        answer = await work.write_answer(
            session_id=second, title="三分钟画图", problem_text="三分钟画图", teacher_id=teacher.id,
            subject=Subject.MATH, grade=8, knowledge_points=["勾股定理"], made_at=await work.now(), review="not_needed",
        )  # fmt: skip
        await work.commit()
    assert await invite.invite(store) == 0, "it can't be watched yet"
    await town.sql("UPDATE answers SET state = 'published', published_at = now(), video_key = 'v', duration_ms = 9000")
    assert await invite.invite(store) == 6
    assert await loop.invited(pupils[0]) == [("lesson", None)]
    await town.sql(
        "INSERT INTO lesson_watching SELECT %(a)s, %(p)s, '[]'::jsonb, 0.5, 9",
        a=answer, p=pupils[0],
    )  # fmt: skip
    assert await loop.invited(pupils[0]) == []
    with pytest.raises(ProposalPlanned):
        await begin()


async def test_what_came_of_it_is_told_once_the_night_after_the_fourth_week(
    loop: Loop, town: Town, store: Store
) -> None:
    taught = THIS_WEEK - timedelta(weeks=5)
    asked: list[UUID] = []
    schools = []
    for n in range(8):
        school = await town.school(f"{n}校")
        schools.append(school)
        pupils = await town.pupils(6, school)
        for k, pupil in enumerate(pupils):
            for week in range(1, 5):
                before = taught - timedelta(weeks=week)
                asked += [await town.ask(pupil, week=before) for _ in range(1 + (k * week + n) % 3 // 2)]
                if n >= 4 or (k + week) % 3 == 0:
                    asked.append(await town.ask(pupil, week=taught + timedelta(weeks=week)))
    number = await loop.topic(asked, born=70)
    await facts.tell(store)
    research, lecturer = await loop.person(Role.RESEARCHER), await loop.person(Role.LECTURER)
    recent = await town.pupils(5, schools[0])
    await town.sql("INSERT INTO topic_weeks SELECT %(t)s, %(w)s, 9, 9 ON CONFLICT DO NOTHING", t=number, w=LAST_WEEK)
    id = await loop.propose(research, number)
    await loop.take(lecturer, id)
    lecture = await loop.plan(lecturer, id, frozenset(schools[:4]))
    ended = datetime.combine(taught + timedelta(days=6), datetime.min.time(), facts.SHANGHAI) + timedelta(hours=23)
    await town.sql(
        "UPDATE lectures SET state = 'over', started_at = %(t)s, ended_at = %(t)s, starts_at = %(t)s", t=ended
    )
    assert recent and lecture

    assert await effect.compare(store) == 1 and await effect.compare(store) == 0

    [view] = await loop.seen(number)
    told = view.effect
    assert told is not None and (told.verdict, told.method) == ("told", "schools")
    assert told.taught_on == str(taught + timedelta(days=6)) and told.told_from == str(THIS_WEEK), "Sunday, 23:00"
    assert told.reached is not None and told.control is not None and told.change is not None
    assert told.reached.after < told.control.after and told.change.high < 0 and told.units == told.control_units == 4
    with pytest.raises(Exception, match=r"append-only|permission denied"):
        await town.sql("DELETE FROM teaching_effects")
    with pytest.raises(LectureFixed):
        async with store.work() as work:
            await teach.cancel(work, lecturer, lecture, "太晚")
