"""The demo's last weeks: a Monday page that lives, and a lecture of which it is told what came."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from server.demo import seed
from server.demo.loaded import ANSWERED, answered_problems
from server.demo.weeks import BACK, past_weeks
from server.domain.monday import Filter
from server.domain.people import Subject
from server.store import proposal_views
from server.store.weeks import week_view
from server.store.work import Store


async def test_a_newcomer_sees_a_monday_that_lives_and_what_came_of_a_lecture(store: Store) -> None:
    parts: Any = SimpleNamespace(store=store)
    await seed._people(parts)
    answered = answered_problems(ANSWERED)

    await past_weeks(store, answered)
    counts = "SELECT (SELECT count(*) FROM questions) AS asked, (SELECT count(*) FROM accounts) AS people"
    async with store.work() as work:
        before = await work.rows(counts)
        view = await week_view(work, None, Filter())
        school = next(each for each in view.schools if each.name == "演示第二中学")
        math = await week_view(work, None, Filter(Subject.MATH, grade=8))
        own = await week_view(work, None, Filter(school=school.id))
    await past_weeks(store, answered)

    assert len(view.weeks) == len(BACK) and view.week == view.weeks[0]
    assert len(view.columns) == 8
    assert sum(cell is not None for row in view.rows for cell in row.cells) >= 12
    assert view.risen and view.fallen and view.hardest and any(point.year for point in view.points)
    assert view.total.median_s and view.total.reopened
    assert sum(row.school is not None for row in math.rows) >= 5, "schools of a grade are told by name"
    assert own.total.asked > 0
    async with store.work() as work:
        [topic] = await work.rows("SELECT topic_id AS id FROM teaching_proposals")
        now = await work.now()
        assert await work.rows(counts) == before, "loading again adds nothing"
    found = await proposal_views.of_topic(store, topic.id, now)
    assert found is not None
    [proposal] = found.proposals
    told = proposal.effect
    assert told is not None and (told.verdict, told.method) == ("told", "schools")
    assert told.reached and told.control and told.change and told.units == 4 and told.control_units == 4
    assert told.reached.after < told.reached.before and told.change.high < 0
