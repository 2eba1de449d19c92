"""Taking data away, from the question to the file; and the reports that nobody changes afterwards."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import openpyxl
import psycopg
import pytest

from server.actions import facts, projects, reports
from server.domain.deidentify import COLUMNS
from server.domain.people import Role
from server.parts import Parts
from server.web.auth import passwords
from tests.pdf import text_of
from tests.research.conftest import WEEK, Town
from tests.web.conftest import PASSWORD
from tests.web.test_subsidies import Desk

NOTEBOOK = Path(__file__).parents[2] / "docs" / "examples" / "research.ipynb"


@pytest.fixture
def desk(parts: Parts, program: httpx.AsyncClient) -> Desk:
    return Desk(parts, program)


@pytest.fixture
async def town(parts: Parts) -> Town:
    """Two schools and a tiny one; a knowledge point and a school that spreadsheets would take for formulas."""
    town = Town(parts.store)
    first, second, tiny = [await town.school(name) for name in ("=一中", "二中", "小校")]
    for school, count in ((first, 9), (second, 7), (tiny, 3)):
        for n, pupil in enumerate(await town.pupils(count, school)):
            for day in range(1 + n % 3):
                await town.ask(pupil, "+勾股定理" if n % 2 else None, day=day)
    for login in ("ling", "mei"):
        await town.person(Role.RESEARCHER, login=login)
    await town.sql("UPDATE accounts SET password_hash = %(h)s WHERE login = 'ling'", h=await passwords.hash(PASSWORD))
    for login, school in (("xiao", first), ("er", second), ("wu", None)):
        await town.person(Role.SCHOOL_ADMIN, login=login, school=school)
    await facts.follow(town.store)
    await facts.tell(town.store)
    return town


def wish(**other: Any) -> dict[str, Any]:
    day = datetime.now(facts.SHANGHAI).date() + timedelta(days=40)
    about = {"title": "勾股定理的错误", "purpose": "看看哪些学校在勾股定理上需要教研支持"}
    return {**about, "first": str(WEEK), "until": str(WEEK + timedelta(days=7)), "expires_on": str(day), **other}


async def approved(desk: Desk) -> str:
    await desk.call("ling", "POST", "/api/research/projects", wish())
    [project, *_] = (await desk.call("mei", "GET", "/api/research/projects")).json()["projects"]
    await desk.call("mei", "POST", f"/api/research/projects/{project['id']}/decide", {"approve": True})
    return str(project["id"])


async def exported(desk: Desk, parts: Parts, project: str, form: str) -> bytes:
    """The file, as its address gives it."""
    made = await desk.call("ling", "POST", f"/api/research/projects/{project}/exports", {"form": form})
    [found] = [each for each in made.json()["projects"] if each["id"] == project]
    id = found["exports"][0]["id"]
    await projects.make(parts.store, parts.storage, "secret", UUID(id))
    await projects.make(parts.store, parts.storage, "secret", UUID(id))
    path = f"/api/research/exports/{id}/fetch"
    wrong = await desk.call("ling", "POST", path, {"password": "guessed"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_again"), "a page left open hands out nothing"
    told = (await desk.call("ling", "POST", path, {"password": PASSWORD})).json()
    assert f"exports/{id}" in told["url"]
    return await parts.storage.read(projects.key_of(UUID(id), form))


async def test_a_project_is_approved_by_another_and_every_step_is_noted(desk: Desk, town: Town, parts: Parts) -> None:
    vague = await desk.call("ling", "POST", "/api/research/projects", wish(purpose="看看"))
    endless = await desk.call("ling", "POST", "/api/research/projects", wish(expires_on="2099-01-01"))
    asked = (await desk.call("ling", "POST", "/api/research/projects", wish())).json()["projects"][0]
    path = f"/api/research/projects/{asked['id']}"
    early = await desk.call("ling", "POST", f"{path}/exports", {"form": "csv"})
    own = await desk.call("ling", "POST", f"{path}/decide", {"approve": True})
    decided = await desk.call("mei", "POST", f"{path}/decide", {"approve": True})
    again = await desk.call("mei", "POST", f"{path}/decide", {"approve": False})
    await exported(desk, parts, asked["id"], "csv")
    await town.sql("UPDATE research_projects SET expires_on = current_date - 2")
    late = await desk.call("ling", "POST", f"{path}/exports", {"form": "csv"})
    await projects.expire(parts.store, parts.storage)

    [found] = (await desk.call("mei", "GET", "/api/research/projects")).json()["projects"]
    codes = [(each.status_code, each.json().get("code")) for each in (vague, endless, early, own, again, late)]
    assert codes == [
        (400, "bad_project"), (400, "bad_project"), (409, "not_in_force"), (409, "own_project"), (409, "moved"),
        (409, "not_in_force"),
    ]  # fmt: skip
    assert decided.json()["projects"][0]["state"] == "approved"
    assert (found["state"], found["exports"][0]["state"]) == ("expired", "gone")
    assert [(note["act"], note["who"]) for note in reversed(found["log"])] == [
        ("asked", "演示·ling"), ("approved", "演示·mei"), ("made", "演示·ling"), ("downloaded", "演示·ling"),
        ("expired", None),
    ]  # fmt: skip
    with pytest.raises(psycopg.errors.Error):
        await town.sql("DELETE FROM research_log")


async def test_the_file_has_nobody_alone_and_no_formula_and_joins_with_no_other(
    desk: Desk, town: Town, parts: Parts, tmp_path: Path
) -> None:
    project, other = await approved(desk), await approved(desk)

    rows = list(csv.DictReader(io.StringIO((await exported(desk, parts, project, "csv")).decode("utf-8-sig"))))
    foreign = list(csv.DictReader(io.StringIO((await exported(desk, parts, other, "csv")).decode("utf-8-sig"))))
    sheet = openpyxl.load_workbook(io.BytesIO(await exported(desk, parts, project, "xlsx")))
    parquet = tmp_path / "questions.parquet"
    parquet.write_bytes(await exported(desk, parts, project, "parquet"))

    alike: dict[object, set[str]] = defaultdict(set)
    for row in rows:
        alike[row["day"], row["school"], row["grade"], row["stage"]].add(row["pupil"])
    assert min(len(pupils) for pupils in alike.values()) >= 5
    assert {row["school"] for row in rows} == {"'=一中", "二中", ""}
    assert {row["knowledge_point"] for row in rows} == {"'+勾股定理", ""}
    assert not {row["pupil"] for row in rows} & {row["pupil"] for row in foreign}
    table = list(sheet["questions"].values)
    assert table[0] == tuple(name for name, *_ in COLUMNS) and len(table) == len(rows) + 1
    assert not [cell for row in table for cell in row if isinstance(cell, str) and cell[0] in "=+-@"]
    found = run_notebook(parquet)
    assert found["asked"] == len(rows)
    assert found["schools"] == [("=一中",), ("二中",), (None,)]
    assert found["refused"] is True, "the door opens no other file and writes none"


def run_notebook(parquet: Path) -> dict[str, Any]:
    """Its cells, one after the other, as whoever got the file runs them."""
    cells = [each for each in json.loads(NOTEBOOK.read_text("utf-8"))["cells"] if each["cell_type"] == "code"]
    told: dict[str, Any] = {"PARQUET": str(parquet)}
    for cell in cells:
        exec("".join(cell["source"]), told)  # our own notebook
    return told


async def test_a_report_stays_as_it_was_whatever_is_labelled_later(desk: Desk, town: Town, parts: Parts) -> None:
    async with parts.store.work() as work:
        week = facts.monday(await work.now()) - timedelta(weeks=1)
    for table in ("weeks", "facts", "units"):  # it was last week
        await town.sql(f"UPDATE research_{table} SET week = %(week)s", week=week)

    made = await reports.archive(parts.store)
    listed = (await desk.call("ling", "GET", "/api/research/reports")).json()
    [line] = listed["reports"]
    before = (await desk.call("ling", "GET", f"/api/research/reports/{line['id']}")).json()
    pdf = await desk.call("ling", "GET", f"/api/research/reports/{line['id']}/pdf")
    await town.sql("UPDATE research_facts SET knowledge_point = '新标注'")
    await town.sql("UPDATE research_weeks SET told_at = NULL")
    await facts.tell(parts.store)
    again = await reports.archive(parts.store)
    after = (await desk.call("ling", "GET", f"/api/research/reports/{line['id']}")).json()
    live = (await desk.call("ling", "GET", f"/api/research/week?week={week}")).json()

    assert (made, again) == ([week], [])
    assert before == after and before["week"]["total"]["asked"] > 0
    assert {each["point"]["name"] for each in live["points"]} == {"新标注"}
    assert [school["name"] for school in listed["schools"]] == ["=一中"], "the only one with a cell of five"
    said = text_of(pdf.content)
    assert "教研周报" in said and str(week) in said and str(before["week"]["total"]["asked"]) in said
    with pytest.raises(psycopg.errors.Error):
        await town.sql("UPDATE weekly_reports SET body = '{}'")
    missing = await desk.call("ling", "GET", f"/api/research/reports/{uuid4()}")
    assert missing.status_code == 404

    own = (await desk.call("xiao", "GET", "/api/research/reports")).json()
    assert (len(own["reports"]), own["schools"]) == (1, []), "a school's staff have their school's"
    theirs = f"/api/research/reports/{own['reports'][0]['id']}"
    assert (await desk.call("xiao", "GET", theirs)).json()["school"] == "=一中"
    others = [
        ("xiao", f"/api/research/reports/{line['id']}"),
        ("er", theirs),
        ("er", f"{theirs}/pdf"),
        ("er", f"/api/research/reports?school={listed['schools'][0]['id']}"),
        ("wu", theirs),
    ]
    assert [(await desk.call(who, "GET", path)).status_code for who, path in others] == [404] * 5
    assert (await desk.call("wu", "GET", "/api/research/reports")).json() == {"reports": [], "schools": []}
