"""What research staff owe in a quarter: noted by themselves, kept as it was said, closed at the city's own clock."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from server.actions import quota as actions
from server.actions.errors import BadRequest, KeyReused, NotHere, QuarterClosed
from server.domain.people import Person, PersonId, Role
from server.domain.quota import BadEntry, Quarter, Target, TeachingWork, today
from server.live import protocol as wire
from server.quota_file import quota_csv
from server.store import quotas
from server.store.work import Store
from tests.research.conftest import Town

NIGHT = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # half past midnight of New Year's Day in the city
Q4, Q1 = Quarter(2026, 4), Quarter(2027, 1)
DEMONSTRATION, TRAINING, OBSERVED = TeachingWork


def test_a_quarter_is_the_citys() -> None:
    assert (today(NIGHT), Quarter.of(today(NIGHT)), Q1.before) == (date(2027, 1, 1), Q1, Q4)
    assert (Q4.first, Q4.until, str(Q4)) == (date(2026, 10, 1), date(2027, 1, 1), "2026-Q4")
    assert not Q4.is_closed(NIGHT) and not Q4.is_closed(NIGHT + timedelta(days=13, hours=23))
    assert Q4.is_closed(NIGHT + timedelta(days=14)) and Q4.is_closed(datetime(2027, 1, 14, 16, 0, tzinfo=UTC))
    assert {Quarter.of(date(2026, month, 1)).number for month in (4, 5, 6)} == {2}
    assert Quarter.read("2026-Q3") == Quarter(2026, 3)
    for bad in ("2026-Q5", "2026Q1", "٢٠٢٦-Q1", "", "2026-Q11", "1026-Q1"):
        with pytest.raises(BadEntry):
            Quarter.read(bad)


class Staff:
    def __init__(self, store: Store, person: Person) -> None:
        self.store, self.person = store, person

    async def note(self, kind: TeachingWork, day: date, said: str, now: datetime = NIGHT, key: str = "") -> UUID:
        async with self.store.work() as work:
            return await actions.note(work, self.person, kind, day, said, key or str(uuid4()), now)

    async def change(self, id: UUID, kind: TeachingWork, day: date, said: str, now: datetime = NIGHT) -> None:
        async with self.store.work() as work:
            await actions.change(work, self.person, id, kind, day, said, now)

    async def strike(self, id: UUID, now: datetime = NIGHT) -> None:
        async with self.store.work() as work:
            await actions.strike(work, self.person, id, now)

    async def owe(self, whom: Person, quarter: Quarter, kind: TeachingWork, target: Target) -> None:
        async with self.store.work() as work:
            await actions.set_target(work, self.person, whom.id, quarter, kind, target, NIGHT)

    async def board(self, quarter: Quarter, everybody: bool = False) -> wire.QuotaBoard:
        async with self.store.work() as work:
            return await quotas.board(work, quarter, NIGHT, None if everybody else self.person.id, everybody)


async def staff(store: Store, town: Town, *roles: Role) -> Staff:
    return Staff(store, Person(PersonId(await town.person(*roles)), "x", frozenset(roles), "x"))


async def test_what_was_done_is_noted_worded_anew_struck_and_kept(store: Store, town: Town) -> None:
    one, other = [await staff(store, town, Role.RESEARCHER) for _ in range(2)]
    late = date(2026, 12, 31)

    first = await one.note(OBSERVED, late, "  听一中李老师的课 ", key="press")
    assert await one.note(OBSERVED, late, "  听一中李老师的课 ", key="press") == first
    with pytest.raises(KeyReused):
        await one.note(OBSERVED, late, "另一节", key="press")
    await one.change(first, TRAINING, late, "=HYPERLINK(1)")
    await one.change(first, TRAINING, late, "=HYPERLINK(1)")  # nothing new
    second = await one.note(OBSERVED, date(2027, 1, 1), "新年第一节")
    for _ in range(2):
        await one.strike(second)

    [entry] = (await one.board(Q4)).people[0].entries
    assert (entry.kind, entry.note, [(w.kind, w.note) for w in entry.before]) == (
        "training", "=HYPERLINK(1)", [("observed", "听一中李老师的课")],
    )  # fmt: skip
    [struck] = (await one.board(Q1)).people[0].entries
    assert struck.struck and [line.noted for line in (await one.board(Q1)).people[0].lines] == [0, 0, 0]
    for call in (
        other.change(first, TRAINING, late, "x"),
        other.strike(first),
        one.change(second, OBSERVED, late, "x"),
    ):
        with pytest.raises(NotHere):
            await call
    for day, said in ((date(2027, 1, 2), "明天的课"), (late, "  "), (late, "长" * 201)):
        with pytest.raises(BadRequest):
            await one.note(TRAINING, day, said)
    closed = NIGHT + timedelta(days=14)
    for again in (
        one.note(TRAINING, late, "补记", closed),
        one.change(first, TRAINING, date(2027, 1, 1), "挪到新季度", closed),
        one.change(second, TRAINING, late, "挪到旧季度", closed),
        one.strike(first, closed),
    ):
        with pytest.raises((QuarterClosed, NotHere)):
            await again
    with pytest.raises(Exception, match=r"append-only|permission denied"):
        await town.sql("UPDATE research_entries SET note = 'x'")
    rows = list(csv.reader(io.StringIO(quota_csv(await one.board(Q4)).decode("utf-8-sig"))))
    assert [row[8] for row in rows if row[8]] == ["内容", "'=HYPERLINK(1)"], "no spreadsheet runs it"


async def test_what_is_owed_is_set_by_the_head_and_counts_by_itself_where_it_says_so(store: Store, town: Town) -> None:
    head, one = await staff(store, town, Role.RESEARCH_HEAD), await staff(store, town, Role.RESEARCHER, Role.LECTURER)
    pupil = await staff(store, town, Role.STUDENT)
    for hour in (15, 17):  # before and after midnight of the city
        await town.sql(_LECTURE, id=uuid4(), p=one.person.id, t=NIGHT.replace(hour=hour, minute=0))
    await one.note(DEMONSTRATION, date(2026, 11, 2), "公开课")

    await head.owe(one.person, Q4, DEMONSTRATION, Target(4))
    [before] = (await head.board(Q4, everybody=True)).people
    await head.owe(one.person, Q4, DEMONSTRATION, Target(3, lectures=True))
    [after] = (await head.board(Q4, everybody=True)).people

    assert [(line.target, line.noted, line.by_itself) for line in before.lines] == [
        (4, 1, 0),
        (None, 0, 0),
        (None, 0, 0),
    ]
    assert (after.lines[0].target, after.lines[0].by_itself) == (3, 1), "the one that ended before midnight"
    assert [row.target for row in await town.sql("SELECT target FROM research_quotas ORDER BY number")] == [4, 3]
    with pytest.raises(QuarterClosed):
        await head.owe(one.person, Quarter(2026, 3), TRAINING, Target(1))
    with pytest.raises(BadRequest):
        await head.owe(one.person, Q4, TRAINING, Target(1000))
    with pytest.raises(NotHere):
        await head.owe(pupil.person, Q4, TRAINING, Target(1))


_LECTURE = """
    INSERT INTO lectures (id, lecturer_id, state, title, about, subject, stage, grades, knowledge_points, starts_at,
                          ends_at, capacity, school_ids, started_at, ended_at)
    SELECT %(id)s, %(p)s, 'over', 'x', '', 'math', 'junior', ARRAY[8], '{}', %(t)s::timestamptz,
           %(t)s::timestamptz + interval '1 min', 9, '{}', %(t)s, %(t)s
"""
