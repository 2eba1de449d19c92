"""What the bank shows of a week: the questions of its units, as finely as they are told; by all filters at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from server.actions import facts
from server.bank import index_words, pairs
from server.domain.bank import FACETS, UNLABELLED, Search, counted, tree, under, without
from server.domain.people import Role, Stage, Subject
from server.domain.taxonomy import Point
from server.store.lines import Record
from tests.research.conftest import Town

# --- the rules -----------------------------------------------------------------------------------------------------


@dataclass
class Row:
    facet: str
    value: str | None
    mask: int
    n: int
    seen: int = 0
    solved: int = 0
    stuck: int = 0
    reopened: int = 0
    unanswered: int = 0


PLACE = st.fixed_dictionaries(
    {"subject": st.sampled_from(("math", "physics")), "stage": st.just("junior"), "grade": st.sampled_from((7, 8))}
)


@given(st.lists(PLACE), st.booleans(), st.booleans())
@settings(max_examples=60)
def test_a_facet_is_counted_under_all_filters_but_its_own(asked: list[dict[str, Any]], by: bool, of: bool) -> None:
    search = Search(subject=Subject.MATH if by else None, grade=8 if of else None)
    wanted = {name: getattr(search, name) for name in ("subject", "grade") if getattr(search, name) is not None}
    sums: dict[tuple[str, Any, int], int] = {}
    for question in asked:
        mask = sum(1 << n for n, (name, value) in enumerate(wanted.items()) if question[name] != value)
        for name in ("subject", "grade"):
            key = (name, str(question[name]), mask)
            sums[key] = sums.get(key, 0) + 1
        sums["total", None, mask] = sums.get(("total", None, mask), 0) + 1
    counts = counted([Row(facet, value, mask, n) for (facet, value, mask), n in sums.items()], search)

    def expected(name: str) -> dict[str, int]:
        rest = {other: value for other, value in wanted.items() if other != name}
        taken = [str(q[name]) for q in asked if all(q[other] == value for other, value in rest.items())]
        return {value: taken.count(value) for value in taken}

    assert counts.total == sum(all(q[name] == value for name, value in wanted.items()) for q in asked)
    assert {name: counts.values.get(name, {}) for name in ("subject", "grade")} == {
        name: expected(name) for name in ("subject", "grade")
    }
    assert without(counts, search) == {
        name: sum(expected(name).values()) for name in FACETS if name in wanted and expected(name)
    }


def test_an_area_has_what_is_below_it_and_what_is_nobody_s_stands_last() -> None:
    def point(code: str, name: str, parent: str | None = None) -> Point:
        return Point(code, name, parent, Subject.MATH, Stage.JUNIOR, 7, 9)

    points = [point("b", "几何"), point("c", "勾股定理", "d"), point("d", "三角形", "b"), point("e", "圆", "b")]

    branches = tree(points, {"勾股定理": 3, "圆": 2, "几何": 1, "老名字": 4, None: 5})

    assert [(each.name, each.depth, each.asked) for each in branches] == [
        ("几何", 0, 6), ("三角形", 1, 3), ("勾股定理", 2, 3), ("圆", 1, 2), ("老名字", 0, 4), (UNLABELLED, 0, 5),
    ]  # fmt: skip
    assert sorted(under(points, "几何")) == sorted(["几何", "三角形", "勾股定理", "圆"])
    assert under(points, "老名字") == ["老名字"]


def test_what_is_looked_for_is_pairs_of_characters_whatever_it_is() -> None:
    assert {"勾股", "股定", "定理"} <= set(pairs("勾股定理"))
    assert pairs("😀🎉") == pairs("") == pairs("。，？") == ()
    hostile = "'; DROP TABLE questions; -- & | ! ( ) :* <-> .* [a-z]+ 勾股"
    assert all("'" not in pair and "\\" not in pair for pair in pairs(hostile))
    assert len(pairs("勾股定理。" * 20_000)) < 5_000


# --- what is told --------------------------------------------------------------------------------------------------


async def told(town: Town) -> None:
    await facts.follow(town.store)
    await facts.tell(town.store)
    await index_words(town.store)


async def rows(town: Town) -> list[Record]:
    return await town.sql(
        "SELECT b.*, t.text FROM bank_questions b LEFT JOIN bank_texts t ON t.id = b.text_id ORDER BY b.question_id"
    )


async def night(town: Town) -> None:
    """The one after what happened."""
    await town.sql("UPDATE research_weeks SET told_at = told_at - interval '2 days'")


async def test_a_question_is_told_of_as_finely_as_its_unit_and_counted_so(town: Town) -> None:
    big, tiny = await town.school("一中"), await town.school("小校")
    many = [await town.ask(pupil, read_text="求斜边") for pupil in await town.pupils(6, big)]
    few = [await town.ask(pupil, "一次函数", read_text="求斜率") for pupil in await town.pupils(3, tiny)]
    few += [await town.ask(pupil, "圆", read_text="求周长") for pupil in await town.pupils(3, tiny, grade=9)]
    now = await town.ask((await town.pupils(1, big))[0], week=facts.monday(await clock(town)), read_text="这一周")

    await told(town)

    found = {row.question_id: row for row in await rows(town)}
    assert set(found) == {*many, *few} and now not in found, "the week that runs is not told"
    assert {(found[id].level, found[id].school_id, found[id].knowledge_point) for id in many} == {(4, big, "勾股定理")}
    assert {(found[id].level, found[id].school_id, found[id].knowledge_point, found[id].grade) for id in few} == {
        (1, None, None, None)
    }, "of small groups no more than their subject is told"
    units = await town.sql("SELECT level, asked, seen FROM bank_units ORDER BY level")
    assert [(u.level, u.asked, u.seen) for u in units] == [(1, 6, 6), (4, 6, 6)]
    [same] = await town.sql("SELECT sum(asked)::int AS asked FROM research_units")
    assert same.asked == 12


async def clock(town: Town) -> Any:
    [row] = await town.sql("SELECT clock_timestamp() AS now")
    return row.now


async def test_what_is_hidden_is_gone_at_once_and_back_with_its_week(town: Town) -> None:
    school = await town.school("一中")
    asked = [await town.ask(pupil, read_text=f"第 {n} 题") for n, pupil in enumerate(await town.pupils(7, school))]
    reviewer = await town.person(Role.REVIEWER)
    await told(town)

    await say(town, asked[0], "inappropriate", reviewer)
    await facts.follow(town.store)
    assert {row.question_id for row in await rows(town)} == set(asked[1:])
    assert "第 0 题" not in {row.text for row in await town.sql("SELECT text FROM bank_texts")}, "its text goes with it"

    await say(town, asked[0], "question", reviewer)
    await facts.follow(town.store)
    await night(town)
    await told(town)
    assert {row.question_id for row in await rows(town)} == set(asked)

    pupil = (await town.sql("SELECT student_id FROM questions WHERE id = %(id)s", id=asked[3]))[0].student_id
    await town.agree(pupil, given=False)
    await facts.follow(town.store)
    assert asked[3] not in {row.question_id for row in await rows(town)}, "a guardian takes the word back"


async def say(town: Town, question: UUID, value: str, person: UUID) -> None:
    await town.sql(
        """INSERT INTO labels (question_id, kind, value, source, person_id)
           VALUES (%(q)s, 'fitness', %(value)s, 'reviewer', %(person)s)""",
        q=question, value=value, person=person,
    )  # fmt: skip


async def test_a_night_writes_what_changed_and_a_rebuild_comes_to_the_same(town: Town) -> None:
    school = await town.school("一中")
    asked = [
        await town.ask(pupil, read_text="求斜边", figure="00ff00ff00ff00ff") for pupil in await town.pupils(6, school)
    ]
    await told(town)
    before = await town.sql("SELECT xmin::text AS written, question_id FROM bank_questions")
    teacher = await town.person(Role.TEACHER)
    await town.sql(
        """INSERT INTO labels (question_id, kind, value, source, person_id)
           VALUES (%(q)s, 'difficulty', 'concept', 'teacher', %(person)s)""",
        q=asked[0], person=teacher,
    )  # fmt: skip
    await night(town)

    await told(town)

    after = await town.sql("SELECT xmin::text AS written, question_id, difficulty FROM bank_questions")
    rewritten = {row.question_id for row in after} - {
        row.question_id
        for row in after
        if (row.written, row.question_id) in {(b.written, b.question_id) for b in before}
    }
    assert rewritten == {asked[0]} and [row.difficulty for row in after if row.question_id == asked[0]] == ["concept"]
    told_now = [tuple(row) for row in await rows(town)]
    await facts.rebuild(town.store)
    assert [tuple(row) for row in await rows(town)] == told_now
