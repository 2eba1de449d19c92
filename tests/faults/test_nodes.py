"""A web process dies with half a room on it."""

from __future__ import annotations

from tests.bench.crash import BAR_S, crash
from tests.faults.city import City


async def test_the_members_of_a_killed_process_are_soon_back_on_the_other_and_missed_nothing(city: City) -> None:
    found = await crash(city, members=40, rate=15.0, talk_s=0.5)

    assert len(found.back_s) == 20 and max(found.back_s) <= BAR_S
    assert found.lines > 5
    assert (found.gaps, found.doubles, found.resyncs, found.behind) == (0, 0, 0, 0)
