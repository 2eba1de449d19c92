"""A child is heard in an answer with the guardian's word alone; taken back, the voice is gone."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from server.actions import answer, consent, edition, upload
from server.actions.errors import BadRequest, NotHere
from server.actions.people import Newcomer, bring_in
from server.domain.consent import WORDING, Purpose
from server.domain.people import Person, Role
from server.store import shelf
from server.store import tables as t
from server.store.views import Views
from server.store.work import Store
from tests.actions.conftest import SaysSo
from tests.actions.test_editions import row
from tests.actions.test_path_of_a_question import accept, publish, question, settle
from tests.actions.test_session import views
from tests.builders import RULES, World

__all__ = ["views"]


@pytest.fixture
async def school(store: Store, world: World) -> tuple[Person, Person]:
    """Its administrator, and a pupil."""
    staff, pupil = await world.person("office", Role.SCHOOL_ADMIN), await world.student()
    await enrol(store, "第一小学", staff, pupil)
    return staff, pupil


async def enrol(store: Store, name: str, *people: Person) -> None:
    id = uuid4()
    async with store.engine.begin() as connection:
        await connection.execute(insert(t.schools).values(id=id, name=name))
        for person in people:
            row = {"account_id": person.id, "real_name": f"真名{person.login}", "school_id": id}
            await connection.execute(insert(t.identities).values(**row))


async def say(
    store: Store, finder: SaysSo, staff: Person, child: Person, given: bool, *purposes: Purpose, wording: str = WORDING
) -> None:
    for purpose in purposes:
        async with store.work() as work:
            await consent.say(work, finder, staff, child.id, purpose, given, wording)


async def begin_recording(store: Store, who: Person, session: UUID) -> UUID:
    return await upload.start(store, who, "recording", "audio/webm", session, 0)


async def test_a_pupils_voice_is_taken_with_both_words_and_refused_without(
    store: Store, world: World, finder: SaysSo, views: Views, school: tuple[Person, Person]
) -> None:
    staff, pupil = school
    teacher = await world.teacher()
    id = await world.ask(pupil)
    await settle(store, finder, id)
    session = await accept(store, teacher, id)

    with pytest.raises(NotHere):
        await begin_recording(store, pupil, session)
    await say(store, finder, staff, pupil, True, Purpose.RECORDING)
    with pytest.raises(NotHere):
        await begin_recording(store, pupil, session)
    await say(store, finder, staff, pupil, True, Purpose.PUBLIC_VIDEO)
    recording = await begin_recording(store, pupil, session)

    view = await views.session(session, "student")
    assert view is not None and view.keeps_pupil
    await say(store, finder, staff, pupil, False, Purpose.PUBLIC_VIDEO)
    with pytest.raises(NotHere):
        async with store.work() as work:
            await upload._refuse_late_recording(work, await work.media(recording))  # type: ignore[arg-type]


async def test_a_voice_that_is_withdrawn_is_out_of_the_bank_at_once_and_then_out_of_the_film(
    store: Store, world: World, finder: SaysSo, views: Views, school: tuple[Person, Person]
) -> None:
    staff, pupil = school
    teacher = await world.teacher()
    await say(store, finder, staff, pupil, True, Purpose.RECORDING, Purpose.PUBLIC_VIDEO)
    id = await world.ask(pupil)
    await settle(store, finder, id)
    session = await accept(store, teacher, id)
    recording = await begin_recording(store, pupil, session)
    epoch = (await question(store, id)).assignment_epoch
    async with store.work() as work:
        await answer.draw(work, pupil, session, epoch, "said", "say", {"text": "为什么？"})
    async with store.work() as work:
        made = await answer.finish(work, RULES, teacher, session, epoch, [], await work.now())
    film = answer.Film("v.mp4", "p.jpg", 60_000, "v.m4a", has_pupil=True)
    async with store.work() as work:
        await answer.publish(work, finder, made, 1, film, await work.now())
    heard = await views.replay(made, teacher.id)

    await say(store, finder, staff, pupil, False, Purpose.RECORDING)

    unlisted, seen, silent = await row(store, made), await views.answer(made), await views.replay(made, teacher.id)
    assert (unlisted.state, unlisted.edition, unlisted.has_pupil) == ("rendering", 2, False)
    assert seen is not None and seen.video_url is None and made not in finder.known
    assert heard is not None and "say" in {line.kind for line in heard.log}
    assert silent is not None and "say" not in {line.kind for line in silent.log} and silent.voice_url is None
    async with store.work() as work:
        [old] = await work.superseded(RULES.lease * 0)
        assert old.keys == ["v.mp4", "p.jpg", "v.m4a"]
        assert (await work.media(recording)).state == "refused"  # type: ignore[union-attr]
    async with store.work() as work:
        await answer.publish(work, finder, made, 2, answer.Film("v2.mp4", "p.jpg", 60_000), await work.now())
    assert finder.known == {made: "answer"}
    jobs = await store.rows("SELECT task_name FROM procrastinate_jobs WHERE args->>'child_id' IS NOT NULL", {})
    assert [job.task_name for job in jobs] == ["forget_voice"]


async def test_a_school_speaks_for_its_own_pupils_and_who_reads_is_written_down(
    store: Store, world: World, finder: SaysSo, school: tuple[Person, Person]
) -> None:
    staff, pupil = school
    other, stranger = await world.person("other", Role.SCHOOL_ADMIN), await world.student("far")
    await enrol(store, "第二小学", other, stranger)
    await say(store, finder, staff, pupil, True, Purpose.RESEARCH)

    with pytest.raises(NotHere):
        await say(store, finder, staff, stranger, True, Purpose.RESEARCH)
    with pytest.raises(NotHere):
        await say(store, finder, staff, other, True, Purpose.RESEARCH)  # no pupil
    with pytest.raises(BadRequest):
        await say(store, finder, staff, pupil, False, Purpose.RESEARCH, wording="2020-01")
    async with store.work() as work:
        found = await shelf.pupils(work, staff.id, "真名")
        none = await shelf.pupils(work, staff.id, "真_名%")
        await work.commit()

    assert [(each.id, each.agreed) for each in found.pupils] == [(pupil.id, [Purpose.RESEARCH])] and not none.pupils
    reads = await store.rows("SELECT reader_id, child_id, why FROM child_reads", {})
    assert [tuple(read) for read in reads] == [(staff.id, pupil.id, "consents")]
    words = await store.rows("SELECT purpose, given, wording, source, by_id FROM consents", {})
    assert [tuple(word) for word in words] == [("research", True, WORDING, "school", staff.id)]


async def test_a_guardian_speaks_for_the_own_child_and_no_school_or_roster_agrees_instead(
    store: Store, world: World, finder: SaysSo, school: tuple[Person, Person]
) -> None:
    staff, pupil = school
    other = await world.student("other")
    roster = [Newcomer("mum", "妈妈", "妈妈", frozenset({Role.GUARDIAN}), children=frozenset({pupil.login}))]
    await bring_in(store, roster)
    row = (await store.rows("SELECT id FROM accounts WHERE login = 'mum'", {}))[0]
    mother = Person(row.id, "mum", frozenset({Role.GUARDIAN}), "妈妈")
    stranger = await world.person("dad", Role.GUARDIAN)

    for who, child in ((mother, other), (stranger, pupil), (mother, mother)):
        with pytest.raises(NotHere):
            await say(store, finder, who, child, True, Purpose.RECORDING)
    await say(store, finder, staff, pupil, True, Purpose.RECORDING, Purpose.RESEARCH)
    await say(store, finder, mother, pupil, False, Purpose.RECORDING)
    with pytest.raises(consent.GuardianRefused):
        await say(store, finder, staff, pupil, True, Purpose.RECORDING)
    again = Newcomer(pupil.login, "真名", pupil.nickname, pupil.roles, grade=8, consents=frozenset({*Purpose}))
    await bring_in(store, [again, *roster])

    async with store.work() as work:
        seen, none = await shelf.children(work, mother.id), await shelf.children(work, stranger.id)
    assert none.children == [] and [child.id for child in seen.children] == [pupil.id]
    assert set(seen.children[0].agreed) == {*Purpose} - {Purpose.RECORDING}
    said = await store.rows("SELECT source, given FROM consents WHERE purpose = 'recording' ORDER BY id", {})
    assert [tuple(word) for word in said] == [("school", True), ("guardian", False)]
    await bring_in(store, [replace(roster[0], children=frozenset())])
    with pytest.raises(NotHere):
        await say(store, finder, mother, pupil, True, Purpose.RECORDING)


async def test_a_split_answer_is_two(store: Store, world: World, finder: SaysSo, views: Views) -> None:
    teacher, student = await world.teacher(), await world.student()
    id = await world.ask(student)
    await settle(store, finder, id)
    session = await accept(store, teacher, id)
    epoch = (await question(store, id)).assignment_epoch
    async with store.work() as work:
        made = await answer.finish(work, RULES, teacher, session, epoch, [], await work.now())
    await publish(store, finder, made)

    for text, at_ms in (("", 30_000), ("第二问", 500), ("第二问", 59_500)):
        with pytest.raises(BadRequest):
            async with store.work() as work:
                await edition.split(work, RULES, teacher, made, at_ms, text)
    async with store.work() as work:
        second = await edition.split(work, RULES, teacher, made, 30_000, "第二问：比赛了几场？")
    await publish(store, finder, second)
    async with store.work() as work:
        first = answer.Film("v1.mp4", "p.jpg", 30_000, shown_cuts=(await row(store, made)).cuts)
        await answer.publish(work, finder, made, 2, first, await work.now())

    asked = await views.question(id)
    assert asked is not None and asked.answer is not None and asked.answer.id == made
    assert [each.id for each in asked.more_answers] == [second]
    assert (await row(store, made)).shown_cuts == [[30_000, 86_400_000]]
    assert (await row(store, second)).cuts == [[0, 30_000]]
    assert finder.known == {made: "answer", second: "answer"}
    async with store.work() as work:
        assert (await work.answer_of_session(session)).id == made  # type: ignore[union-attr]
