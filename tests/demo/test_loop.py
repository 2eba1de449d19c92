"""The demo shows how a finding becomes a lecture, and those who asked come to it; loading it again changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from server.demo import seed
from server.demo.loaded import demo_id
from server.demo.loop import ASKERS, close_the_loop
from server.store import proposal_views
from server.store.work import Store


async def test_a_newcomer_sees_a_topic_a_lecture_and_an_invitation(store: Store) -> None:
    parts: Any = SimpleNamespace(store=store)
    await seed._people(parts)
    await seed._lectures(parts)

    for _ in range(2):
        await close_the_loop(store)

    async with store.work() as work:
        [topic] = await work.rows("SELECT id FROM topics")
    found = await proposal_views.of_topic(store, topic.id, datetime.now(UTC))
    assert found is not None and {each.state for each in found.proposals} == {"open", "taken"}
    [taken] = [each for each in found.proposals if each.state == "taken"]
    assert taken.taught is not None and taken.taught.state == "open" and taken.invited == ASKERS + 1
    offers = await proposal_views.offered(store, demo_id("lecturer1"), ["lecture"], datetime.now(UTC))
    assert len(offers.proposals) >= 1 and all(each.is_mine for each in offers.proposals)
    invited = await proposal_views.invitations(store, demo_id("pupil8"), False)
    assert [each.what for each in invited.invitations] == ["lecture"]
