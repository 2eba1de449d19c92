"""Who follows a question watches its live session: the board and the teacher, nothing of the pupil, no pen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from server.actions import answer, ask
from server.actions.ports import Found
from server.desk import ServiceDesk
from server.domain.people import Person
from server.domain.question import Verdict
from server.live.protocol import Act, Refused, encode
from server.store.views import Views
from server.store.work import Outgoing, Store, gallery_channel, person_channel, session_channel
from tests.actions.conftest import SaysSo
from tests.actions.test_path_of_a_question import STROKE, accept, finish, question, settle
from tests.builders import RULES, World

ASKED = "一座水塔高25米，电视塔是它的12倍，电视塔高多少米？"


@dataclass
class Watched:
    """A session whose question somebody else follows."""

    store: Store
    student: Person
    teacher: Person
    follower: Person
    question: UUID
    following: UUID
    id: UUID
    epoch: int

    async def draw(self, who: Person, op: str, kind: str, **body: Any) -> None:
        async with self.store.work() as work:
            await answer.draw(work, who, self.id, self.epoch, op, kind, body)


@pytest.fixture
async def watched(store: Store, world: World, finder: SaysSo) -> Watched:
    await world.policy()
    student, teacher, follower = await world.student(), await world.teacher(), await world.student("follower")
    asked = await world.ask(student, ASKED)
    await settle(store, finder, asked)
    session = await accept(store, teacher, asked)
    finder.found = Found(Verdict.OPEN, asked, 0.99)
    following = await world.ask(follower)
    await settle(store, finder, following)
    epoch = (await question(store, asked)).assignment_epoch
    return Watched(store, student, teacher, follower, asked, following, session, epoch)


@pytest.fixture
def views(store: Store) -> Views:
    async def sign(key: str, filename: str | None) -> str:
        return f"/files/{key}"

    return Views(store, sign)


async def test_a_follower_hears_the_gallery_and_nothing_else_of_the_session(
    watched: Watched, world: World, views: Views
) -> None:
    desk, stranger = ServiceDesk(watched.store, views), await world.student("stranger")
    gallery, session = gallery_channel(watched.id), session_channel(watched.id)

    heard = {
        who.login: [channel for channel in (session, gallery) if await desk.may_listen(who, channel)]
        for who in (watched.student, watched.teacher, watched.follower, stranger)
    }

    assert heard == {
        watched.student.login: [session],
        watched.teacher.login: [session],
        "follower": [gallery],
        "stranger": [],
    }
    assert not await desk.may_listen(watched.follower, person_channel(watched.student.id))


async def test_a_follower_has_no_pen_no_voice_and_no_word(watched: Watched, views: Views) -> None:
    desk = ServiceDesk(watched.store, views)

    assert await desk.seat(watched.follower, watched.id) is None
    for kind, body in (("stroke", STROKE), ("say", {"text": "我也不会"}), ("lost", {"page": "p1"})):
        act = Act(id=kind, session=watched.id, assignment_epoch=watched.epoch, kind=kind, body=body)
        done = await desk.act(watched.follower, act)
        assert isinstance(done, Refused) and done.code == "not_found"
    seats = [await desk.seat(who, watched.id) for who in (watched.teacher, watched.student)]
    assert [seat.gallery for seat in seats if seat] == [gallery_channel(watched.id)] * 2


async def test_what_the_two_say_to_each_other_stays_between_them(
    watched: Watched, views: Views, told: list[Outgoing]
) -> None:
    await watched.draw(watched.teacher, "o1", "stroke", **STROKE)
    await watched.draw(watched.student, "o2", "say", text="我叫小明")
    await watched.draw(watched.student, "o3", "lost", page="p1")
    await watched.draw(watched.student, "o4", "stroke", **{**STROKE, "id": "theirs"})
    async with watched.store.work() as work:
        await answer.snapshot_board(work, watched.id)
    await watched.draw(watched.student, "o5", "say", text="我在三班")

    events = [event for event in told if event.channel == gallery_channel(watched.id)]
    snapshot, lines, _ = await views.board_watched(watched.id)
    view = await views.session(watched.id, "follower")

    assert [event.body["kind"] for event in events] == ["stroke", "stroke"]
    assert snapshot is not None and snapshot.said == [] and lines == []
    seen = encode([snapshot, lines, view]).decode()
    assert all(word not in seen for word in ("小明", "三班", watched.student.nickname, watched.student.login))
    assert view is not None and (view.me, view.text, view.read_text, view.media) == ("follower", "", "", [])


async def test_the_way_in_is_shown_to_who_follows_while_the_session_lasts(
    watched: Watched, views: Views, told: list[Outgoing]
) -> None:
    before, own = await views.question(watched.following), await views.question(watched.question)
    await finish(watched.store, watched.teacher, watched.id, watched.question)
    after = await views.question(watched.following)

    assert before is not None and (before.watch_id, before.session_id) == (watched.id, None)
    assert own is not None and own.watch_id is None
    assert after is not None and after.watch_id is None
    assert await views.side_in_session(watched.follower.id, watched.id) is None
    [ended] = [event for event in told if event.channel == gallery_channel(watched.id)]
    shown = await views.event(ended)
    assert shown is not None and '"state":"ended"' in encode(shown).decode()


async def test_who_left_the_crowd_watches_no_longer(watched: Watched, views: Views) -> None:
    assert await views.side_in_session(watched.follower.id, watched.id) == "follower"

    async with watched.store.work() as work:
        await ask.back_to_queue(work, RULES, watched.follower, watched.following, "not_mine", await work.now())

    assert await views.side_in_session(watched.follower.id, watched.id) is None
