"""The doors of the money as a browser or program finds them: a month from its facts to the bank, and what is public."""

from __future__ import annotations

import base64
import csv
import io
import logging
from datetime import date, timedelta
from uuid import uuid4

import httpx
import openpyxl
import pytest
from sqlalchemy import insert

from server.actions import subsidy
from server.domain.people import Role
from server.parts import Parts
from server.store import tables as t
from server.store.office import kept_back
from server.web.auth import make_token
from tests.builders import World
from tests.pdf import text_of
from tests.subsidy.office import LONG_AFTER, Office, an_office, lesson, rates

MARCH = date(2026, 3, 1)
CARD = "6222021234567890128"


def accounts(*rows: str) -> dict[str, str]:
    file = "\n".join(["login,name,bank,account,branch", *rows])
    return {"file": base64.b64encode(file.encode()).decode()}


class Desk:
    """Calls doors as anybody."""

    def __init__(self, parts: Parts, program: httpx.AsyncClient) -> None:
        self.parts, self.program = parts, program

    async def call(self, login: str, method: str, path: str, body: object = None) -> httpx.Response:
        token = await make_token(self.parts.store, login, 1)
        headers = {"Authorization": f"Bearer {token}"}
        return await self.program.request(method, path, headers=headers, **({} if body is None else {"json": body}))


@pytest.fixture
def desk(parts: Parts, program: httpx.AsyncClient) -> Desk:
    return Desk(parts, program)


@pytest.fixture
async def office(parts: Parts) -> Office:
    world = World(parts.store)
    term = '[[term]]\nname = "春"\nfrom = 2026-03-01\nto = 2026-07-01\n'
    office = await an_office(world, rates("20", more=f"{term}[holds]\nshorter_than_s = 30"))
    teacher = await world.teacher("wang", on_duty=False)
    await world.person("auditor", Role.AUDITOR)
    async with parts.store.engine.begin() as connection:
        await connection.execute(insert(t.identities).values(account_id=teacher.id, real_name="=王芳"))
    return office


async def closed(office: Office, parts: Parts) -> None:
    await office.reckon(MARCH)
    await office.close(MARCH)


async def test_a_teacher_sees_each_line_with_its_cause_and_keeps_the_statement(
    desk: Desk, office: Office, parts: Parts
) -> None:
    await office.facts(
        lesson("wang", "2026-03-02 19:00", id="a"), lesson("wang", "2026-03-03 19:00", id="b", active_s=12)
    )
    await closed(office, parts)

    month = (await desk.call("wang", "GET", "/api/subsidy/mine?month=2026-03")).json()

    assert (month["fen"], month["held_fen"], month["policy"]) == (2_000, 2_000, "试行")
    assert [(line["fact"], line["status"], line["why"]) for line in month["lines"]] == [
        ("b", "held", ["shorter than 30 s"]),
        ("a", "paid", []),
    ]
    [statement] = month["statements"]
    assert (statement["month"], statement["fen"], statement["payout"]) == ("2026-03", 2_000, None)
    pdf = await desk.call("wang", "GET", f"/api/subsidy/statements/{statement['id']}/pdf")
    said = text_of(pdf.content)
    assert "答疑补贴结算单" in said and "2026-03" in said and "教师：演示·wang" in said
    assert "¥20.00" in said and "录制解答" in said and "待核" in said
    assert len(pdf.content) < 60_000  # of a font of 17 MB only the letters that are used


async def test_finance_pays_a_month_and_an_auditor_traces_a_cent(desk: Desk, office: Office, parts: Parts) -> None:
    await office.facts(lesson("wang", "2026-03-02 19:00", id="a", evidence=("log:7",)))
    await closed(office, parts)
    warned = (await desk.call("chuna", "GET", "/api/subsidy/office")).json()["without_account"]
    brought = (await desk.call("chuna", "POST", "/api/subsidy/payees", accounts(f"wang,=王芳,工商银行,{CARD},"))).json()

    months = (await desk.call("chuna", "POST", "/api/subsidy/months", {"month": "2026-03", "step": "pay"})).json()
    table = await desk.call("chuna", "GET", "/api/subsidy/batch?month=2026-03&form=csv")
    book = await desk.call("chuna", "GET", "/api/subsidy/batch?month=2026-03&form=xlsx")
    traced = (await desk.call("auditor", "GET", "/api/subsidy/trace?fact=a")).json()
    verified = (await desk.call("auditor", "GET", "/api/subsidy/verify")).json()

    assert (months["months"][0]["state"], months["may_change"]) == ("closed", True)
    assert (warned, brought) == (["演示·wang"], {"accounts": 1, "mistakes": []})
    rows = list(csv.reader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert rows[1] == ["1", "wang", "'=王芳", CARD, "工商银行", "", "", "20.00", "答疑补贴 2026-03"]
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert (sheet["D2"].value, sheet["D2"].data_type, sheet["H2"].value) == (CARD, "s", 20)
    [statement] = (await desk.call("auditor", "GET", "/api/subsidy/statements?month=2026-03")).json()["statements"]
    opened = (await desk.call("auditor", "GET", f"/api/subsidy/statements/{statement['id']}")).json()
    assert [(line["fact"], line["fen"]) for line in opened["lines"]] == [("a", 2_000)]
    assert traced["fact"]["body"]["evidence"] == ["log:7"]
    assert [entry["fen"] for entry in traced["postings"][0]["entries"]] == [2_000, -2_000]
    assert [(posting["kind"], posting["seal"]) for posting in traced["postings"]] == [("accrual", 1), ("payout", 2)]
    assert [(each["month"], each["payout"]) for each in traced["statements"]] == [("2026-03", "ordered")]
    assert (verified["wrong"], verified["transactions"]) == ([], 2)


async def test_an_account_is_seen_by_its_ending_alone_and_never_in_a_log_or_an_answer(
    desk: Desk, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    good = await desk.call("chuna", "POST", "/api/subsidy/payees", accounts(f"wang,=王芳,工商银行,{CARD},"))
    wrong = await desk.call("chuna", "POST", "/api/subsidy/payees", accounts(f"wang,王方,工商银行,{CARD},"))
    no_file = await desk.call("chuna", "POST", "/api/subsidy/payees", {"file": base64.b64encode(b"PK12").decode()})
    large = await desk.call("chuna", "POST", "/api/subsidy/payees", {"file": "A" * 3_000_000})

    mine = (await desk.call("wang", "GET", "/api/subsidy/mine?month=2026-03")).json()
    seen = await desk.call("auditor", "GET", "/api/subsidy/payees")
    assert wrong.json()["mistakes"] == ["第 2 行 name：与名册上的姓名不同 (row 2, name: is not the name on the roster)"]
    assert "no XLSX workbook" in no_file.json()["mistakes"][0] and large.status_code == 413
    assert mine["account"] == "工商银行 •••• 0128"
    assert seen.json()["payees"] == [
        {"teacher": "演示·wang", "login": "wang", "bank": "工商银行", "account": "•••• 0128"}
    ]
    assert [note["act"] for note in seen.json()["notes"]] == ["set"]
    for said in (good.text, wrong.text, no_file.text, seen.text, caplog.text):
        assert CARD not in said


async def test_what_is_held_is_shown_with_its_evidence_and_decided_with_a_reason(desk: Desk, office: Office) -> None:
    await office.facts(lesson("wang", "2026-03-02 19:00", id="a", flags=("same_device",), active_s=300))
    [held] = (await desk.call("auditor", "GET", "/api/subsidy/office")).json()["holds"]
    assert (held["fact"], held["fen"], held["why"], held["active_s"]) == ("a", 2_000, ["same_device"], 300)

    silent = {"fact": "a", "decision": "release", "reason": " "}
    assert (await desk.call("chuna", "POST", "/api/subsidy/reviews", silent)).status_code == 400
    after = await desk.call("chuna", "POST", "/api/subsidy/reviews", {**silent, "reason": "看过录像"})

    assert after.json()["holds"] == [] and after.json()["months"][0]["fen"] == 2_000


async def test_a_draft_is_tried_on_real_work_and_a_wrong_one_is_told_line_by_line(desk: Desk, office: Office) -> None:
    await office.facts(lesson("wang", "2026-03-02 19:00"))
    body = {"document": rates("30")["document"], "first": "2026-03-01", "until": "2026-04-01"}

    found = (await desk.call("auditor", "POST", "/api/subsidy/simulations", body)).json()
    wrong = await desk.call(
        "auditor", "POST", "/api/subsidy/simulations", {**body, "document": rates("-3")["document"]}
    )

    assert (found["now_fen"], found["draft_fen"], found["gain"]) == (2_000, 3_000, 1)
    assert [row["name"] for row in found["teachers"]] == ["演示·wang"]
    assert wrong.status_code == 422 and "第 8 行 rate.1.yuan：不能是负数" in wrong.json()["detail"]


async def test_an_appeal_is_answered_where_the_teacher_sees_it(desk: Desk, office: Office, parts: Parts) -> None:
    await office.facts(lesson("wang", "2026-03-02 19:00"))
    async with parts.store.work() as work:
        await subsidy.reckon_month(work, office.reckoner, MARCH, LONG_AFTER, timedelta(days=9))
    [statement] = (await desk.call("wang", "GET", "/api/subsidy/mine")).json()["statements"]

    sent = await desk.call(
        "wang", "POST", "/api/subsidy/appeals", {"statement_id": statement["id"], "words": "少算一题"}
    )
    [appeal] = (await desk.call("chuna", "GET", "/api/subsidy/office")).json()["appeals"]
    await desk.call("chuna", "POST", f"/api/subsidy/appeals/{appeal['id']}/reply", {"words": "四月补记"})

    assert sent.status_code == 204
    assert (await desk.call("wang", "GET", "/api/subsidy/mine")).json()["appeals"][0]["reply"] == "四月补记"


async def test_the_public_sees_no_school_of_fewer_than_five_nor_can_reckon_it(
    desk: Desk, office: Office, parts: Parts, program: httpx.AsyncClient
) -> None:
    world = World(parts.store)
    schools = {"一中": 6, "二中": 7, "三中": 2}
    async with parts.store.engine.begin() as connection:
        await connection.execute(t.identities.delete())
    for school, number in schools.items():
        id = uuid4()
        async with parts.store.engine.begin() as connection:
            await connection.execute(insert(t.schools).values(id=id, name=school))
        for n in range(number):
            person = await world.teacher(f"{school}{n}", on_duty=False)
            async with parts.store.engine.begin() as connection:
                identity = {"account_id": person.id, "real_name": "某", "school_id": id}
                await connection.execute(insert(t.identities).values(**identity))
            await office.facts(lesson(f"{school}{n}", "2026-03-02 19:00"))
    await closed(office, parts)

    rows = (await program.get("/api/subsidy/public")).json()["rows"]

    assert {row["school"]: row["fen"] for row in rows} == {"一中": None, "二中": 14_000, "三中": None}


@pytest.mark.parametrize(
    ("teachers", "hidden"), [([5, 9], 0), ([2, 6, 7], 2), ([1, 2, 6, 7], 3), ([2, 3, 8], 2), ([3], 1), ([1, 1], 2)]
)
def test_schools_are_kept_back_until_they_hide_each_other(teachers: list[int], hidden: int) -> None:
    """Beside the schools that are shown, a month's total leaves two schools or more and five teachers or more."""
    assert kept_back(teachers) == hidden


async def test_an_appraisal_has_its_facts_its_peers_and_the_teachers_own_word(
    desk: Desk, office: Office, parts: Parts
) -> None:
    world = World(parts.store)
    for n in range(5):
        await world.teacher(f"peer{n}", on_duty=False)
        await office.facts(*(lesson(f"peer{n}", f"2026-03-{day:02d} 19:00") for day in range(1, n + 2)))
    await office.facts(lesson("wang", "2026-03-02 19:00", id="a"), lesson("wang", "2026-09-02 19:00", id="late"))
    days = {"first": "2026-03-01", "until": "2026-07-01"}

    sent = await desk.call("wang", "POST", "/api/subsidy/appraisal", {**days, "words": "带了两名新教师"})
    found = (await desk.call("wang", "GET", "/api/subsidy/appraisal")).json()  # of the term that began last
    pdf = await desk.call("wang", "GET", "/api/subsidy/appraisal/pdf?first=2026-03-01&until=2026-07-01")
    peer = (await parts.store.rows("SELECT id FROM accounts WHERE login = 'peer1'", {}))[0].id

    assert sent.status_code == 204
    assert found["terms"] == [{"name": "春", **days}] and days.items() <= found.items()
    assert (found["works"]["value"], found["works"]["facts"]) == (1, ["a"])
    assert found["works"]["peers"] == [1.25, 2.5, 3.75]
    assert (found["resolved"]["value"], found["comment"]) == (None, "带了两名新教师")
    said = text_of(pdf.content)
    assert "骨干教师评价" in said and "带了两名新教师" in said and "同行四分位" in said
    assert (await desk.call("wang", "GET", f"/api/subsidy/appraisal/pdf?teacher={peer}")).status_code == 404
    assert (await desk.call("auditor", "GET", f"/api/subsidy/appraisal/pdf?teacher={peer}")).status_code == 200
