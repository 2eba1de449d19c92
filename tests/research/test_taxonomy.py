"""The taxonomy comes in whole or not at all; labels of the version before follow what is renamed or merged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from server.actions.taxonomy import Imported, bring_in
from server.demo.problems import problems
from server.domain.people import Stage, Subject
from server.domain.taxonomy import Point, changes, faults
from server.people_file import UnreadableFile
from server.research_cli import taxonomy_import
from server.settings import Settings
from server.store import tables as t
from server.store import taxonomies
from server.store.work import Store, open_engine
from server.taxonomy_file import read_points, write_points
from tests.builders import World

HEADING = "code,name,parent,subject,stage,first_grade,last_grade,replaces"
FIRST = f"""{HEADING}
M,图形,,math,junior,7,9,
M.1,勾股定理,M,math,junior,8,9,
M.2,垂径定理,M,math,junior,9,9,
M.3,圆,M,math,junior,9,9,
"""


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    engine = open_engine(database_url)
    yield Store(engine)
    await engine.dispose()


async def bring(store: Store, file: str, *, dry_run: bool = False) -> Imported:
    points, unread = read_points(file.encode())
    async with store.work() as work:
        return await bring_in(work, points, unread, "points.csv", None, dry_run=dry_run)


async def names(store: Store) -> list[str]:
    async with store.work() as work:
        return [point.name for point in (await taxonomies.in_force(work))[1]]


async def label(store: Store, *points: str) -> None:
    """Questions of grade 8 in mathematics, so labelled, with an answer each."""
    world = World(store)
    pupil = await world.student()
    for n, point in enumerate(points):
        id = await world.ask(pupil, f"第{n}题", grade=8)
        async with store.engine.begin() as connection:
            await connection.execute(update(t.questions).where(t.questions.c.id == id).values(knowledge_point=point))


async def labels(store: Store) -> list[str]:
    async with store.engine.connect() as connection:
        found = await connection.execute(select(t.questions.c.knowledge_point).order_by(t.questions.c.text))
        return list(found.scalars())


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("M.4,圆,M,math,junior,,,\nM.5,圆,M,math,junior,,,", (3, "name")),
        ("M.1,相似,M,math,junior,,,\nM.1,全等,M,math,junior,,,", (4, "code")),
        ("M.1,相似,X,math,junior,,,", (3, "parent")),
        ("A,甲,B,math,junior,,,\nB,乙,C,math,junior,,,\nC,丙,A,math,junior,,,", (3, "parent")),
        (f"M.9,{'长' * 61},M,math,junior,,,", (3, "name")),
        ("M.9,=1+1,M,math,junior,,,", (3, "name")),
        ("M.9,相似,M,physics,junior,,,", (3, "parent")),
        ("M.9,相似,M,math,junior,5,9,", (3, "first_grade")),
        ("M.9,相似,M,math,junior,九,,", (3, "first_grade")),
        ("M.9,相似,M,astrology,junior,,,", (3, "subject")),
        (",相似,M,math,junior,,,", (3, "code")),
        ("M.9,相似,M,math,junior,,,M.77", (3, "replaces")),
    ],
)
async def test_a_mistake_is_told_by_row_and_column_and_nothing_comes_in(
    store: Store, rows: str, told: tuple[int, str]
) -> None:
    area = "M,图形,,math,junior,,,"
    row, column = told
    before = await bring(store, f"{HEADING}\n{area}\nM.4,圆,M,math,junior,,,\n")

    done = await bring(store, f"{HEADING}\n{area}\n{rows}\n")

    assert before.is_new and not done.is_new
    assert (row if "圆" not in rows else row + 1, column) in [(fault.row, fault.column) for fault in done.faults]
    assert all(fault.zh and fault.en for fault in done.faults)
    assert await names(store) == ["图形", "圆"]


async def test_labels_follow_what_is_renamed_exchanged_or_merged(store: Store) -> None:
    await bring(store, FIRST)
    await label(store, "勾股定理", "垂径定理", "圆", "自己写的")
    second = f"""{HEADING}
M,图形,,math,junior,7,9,
M.1,垂径定理,M,math,junior,8,9,
M.2,勾股定理,M,math,junior,9,9,
M.5,圆的性质,,math,junior,9,9,M.3
"""
    tried = await bring(store, second, dry_run=True)
    assert (tried.relabelled, await labels(store)) == (3, ["勾股定理", "垂径定理", "圆", "自己写的"])
    assert tried.changes is not None and tried.changes.renamed == 3

    done = await bring(store, second)
    again = await bring(store, second)

    assert await labels(store) == ["垂径定理", "勾股定理", "圆的性质", "自己写的"]
    assert (done.is_new, again.is_new, again.version) == (True, False, done.version)


async def test_a_label_of_a_point_that_is_gone_stays_and_is_told(store: Store) -> None:
    await bring(store, FIRST)
    await label(store, "垂径定理")

    done = await bring(store, "\n".join(line for line in FIRST.splitlines() if "垂径" not in line))

    assert (done.left_behind, await labels(store)) == (1, ["垂径定理"])


async def test_a_name_is_not_taken_over_by_another_code_in_silence(store: Store) -> None:
    await bring(store, FIRST)

    done = await bring(store, FIRST.replace("M.3,圆", "M.7,圆"))

    assert [(fault.row, fault.column) for fault in done.faults] == [(5, "name")]
    assert (await bring(store, FIRST.replace("M.3,圆,M,math,junior,9,9,", "M.7,圆,M,math,junior,9,9,M.3"))).is_new


async def test_two_who_import_at_once_are_each_checked_against_the_one_before(store: Store) -> None:
    done = await asyncio.gather(*(bring(store, FIRST) for _ in range(4)))

    assert sorted(each.is_new for each in done) == [False, False, False, True]


async def test_the_database_keeps_out_what_the_code_must_not_write(store: Store) -> None:
    await bring(store, FIRST)

    with pytest.raises(Exception, match="fk_taxonomy_points_parent"):
        async with store.engine.begin() as connection:
            await connection.execute(text("UPDATE taxonomy_points SET parent = 'nowhere' WHERE code = 'M.1'"))


def test_the_command_tells_every_mistake_and_says_that_nothing_came_in(
    tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Given:
        file, dry_run = tmp_path / "points.csv", False

    settings = Settings(database_url=database_url)
    Given.file.write_text(f"{HEADING}\nA,甲,B,math,junior,,,\nB,乙,A,math,junior,,,\n")
    assert taxonomy_import(settings, Given) == 1  # type: ignore[arg-type]
    said = capsys.readouterr().err
    assert "第 2 行 parent" in said and "a circle: B → A → B" in said and "nothing was imported" in said

    Given.file.write_bytes(FIRST.encode("gb18030"))
    assert not taxonomy_import(settings, Given)  # type: ignore[arg-type]
    assert "4 points: 4 new" in capsys.readouterr().out
    Given.file.write_text("name\n圆\n")
    assert taxonomy_import(settings, Given) == 1  # type: ignore[arg-type]
    assert "missing: code, subject, stage" in capsys.readouterr().err


def test_the_demos_taxonomy_is_in_order_and_holds_every_point_of_the_demos_problems() -> None:
    file = Path(taxonomies.__file__).parents[1] / "demo" / "taxonomy.csv"
    points, unread = read_points(file.read_bytes())
    named = {(p.subject, p.stage, p.name) for _, p in points if p.parent is not None}

    assert (unread, faults(points)) == ([], [])
    assert {(p.subject, p.stage, p.knowledge_point) for p in problems()} <= named


def test_a_file_without_a_point_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="no knowledge point"):
        read_points(f"{HEADING}\n".encode())


POINTS = st.lists(
    st.builds(
        Point,
        code=st.sampled_from([f"c{n}" for n in range(8)]),
        name=st.sampled_from("甲乙丙丁戊己庚"),
        parent=st.none() | st.sampled_from([f"c{n}" for n in range(9)]),
        subject=st.sampled_from([Subject.MATH, Subject.PHYSICS]),
        stage=st.just(Stage.JUNIOR),
        first_grade=st.just(7),
        last_grade=st.just(9),
    ),
    max_size=8,
)


@given(POINTS, POINTS)
def test_what_passes_is_a_forest_that_comes_back_from_its_own_file(old: list[Point], new: list[Point]) -> None:
    old = [] if faults(list(enumerate(old))) else old
    if faults(list(enumerate(new, 2)), old):
        return

    by_code = {point.code: point for point in new}
    for point in new:
        steps, at = 0, point
        while at.parent is not None:
            at, steps = by_code[at.parent], steps + 1
            assert steps <= len(new)
    kept, _ = read_points(write_points(new)) if new else ([], [])
    assert [point for _, point in kept] == new
    found = changes(old, new)
    for (subject, stage), renamed in found.names.items():  # a label goes to a name that is there, and to one only
        assert {(subject, stage, becomes) for becomes in renamed.values()} <= {
            (p.subject, p.stage, p.name) for p in new
        }
