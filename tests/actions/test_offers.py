"""An offer to a teacher who has just got another goes to the next, and costs nobody anything."""

import pytest
from sqlalchemy import select

from server.domain.people import Certification, Stage, Subject
from server.store import tables as t
from server.store import work
from server.store.work import Store, Work
from tests.actions.conftest import SaysSo
from tests.actions.test_path_of_a_question import settle
from tests.builders import World


async def test_a_teacher_taken_between_the_look_and_the_lock_is_passed_over(
    store: Store, world: World, finder: SaysSo, monkeypatch: pytest.MonkeyPatch
) -> None:
    pupil, taken, free = await world.student(), await world.teacher("t1"), await world.teacher("t2")
    first = await world.ask(pupil, "第一题")
    open_offer = "(SELECT true FROM offers WHERE teacher_id = p.teacher_id AND state = 'open') IS NULL"
    assert open_offer in work._OFFER
    # As the statement answers whose picture of the offers is a moment old.
    monkeypatch.setattr(work, "_OFFER", work._OFFER.replace(open_offer, "true"))

    await settle(store, finder, first)
    # The second sees `taken` as ready, although the offer of the first is there.
    ready = Work.ready

    async def both(self: Work, wanted: set[Certification]) -> object:
        await self.execute(t.offers.update().values(state="lapsed"))
        found = await ready(self, wanted)
        await self.execute(t.offers.update().values(state="open"))
        return found

    monkeypatch.setattr(Work, "ready", both)
    second = await world.ask(pupil, "第二题")
    await settle(store, finder, second)

    async with store.reading() as connection:
        rows = await connection.execute(select(t.offers.c.question_id, t.offers.c.teacher_id))
    assert {row.question_id: row.teacher_id for row in rows} == {first: taken.id, second: free.id}


async def test_who_may_take_a_question_is_found_behind_any_number_who_may_not(
    store: Store, world: World, finder: SaysSo
) -> None:
    for number in range(40):  # they have waited longer
        await world.teacher(f"p{number}", Certification(Subject.MATH, Stage.PRIMARY))
    senior = await world.teacher("senior", Certification(Subject.MATH, Stage.SENIOR))
    first = await world.ask(await world.student(grade=12), "求导数", grade=12)

    await settle(store, finder, first)

    async with store.reading() as connection:
        offered = (await connection.execute(select(t.offers.c.teacher_id))).scalars().all()
    assert offered == [senior.id]
