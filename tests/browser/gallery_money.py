"""The scenes of the money: a teacher's month, the finance office, the auditor, and what is made public."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page

from server.domain.people import Role
from server.live import protocol as wire
from tests.browser.gallery import LONG, SHORT, Act, Scene, ago, answer, id_of, me, words

DOCUMENT = """[policy]
name = "试行办法"
valid_from = 2026-09-01
levels = ["认定"]

[[rate]]
work = ["session"]
yuan = 20
"""


def line(n: int, status: str = "paid", **more: Any) -> wire.MoneyLine:
    fen = 2_000 if status == "paid" else 0
    given: dict[str, Any] = {
        "fact": f"session:{id_of(f'fact {n}')}",
        "work": "session",
        "at": ago(days=n, hours=2),
        "fen": fen,
        "held_fen": 2_000 if status == "held" else 0,
        "points_x100": 0,
        "status": status,
        "rate": "rate.1",
        "units_x100": 100,
        "base_fen": 2_000,
        "coefficient_x10000": 10_000,
        "why": [],
        "summary": (SHORT, LONG)[n % 2][:60],
    }
    return wire.MoneyLine(**{**given, **more})


def statement(month: str, teacher: str = "演示·王老师", payout: str | None = "paid") -> wire.StatementView:
    return wire.StatementView(
        id=id_of(f"statement {month} {teacher}"),
        month=month,
        teacher_id=id_of(teacher),
        teacher=teacher,
        fen=128_000,
        held_fen=4_000,
        payout=payout,
        payout_id=id_of(f"payout {month}") if payout else None,
    )


def appeal(reply: str | None) -> wire.AppealView:
    one = statement("2026-10")
    return wire.AppealView(
        id=id_of(f"appeal {reply}"),
        statement_id=one.id,
        month=one.month,
        teacher=one.teacher,
        words="四号那题我答了两遍，第二遍是学生换了设备之后重新讲的。",
        reply=reply,
    )


def month(**more: Any) -> wire.TeacherMonth:
    given: dict[str, Any] = {
        "month": "2026-11",
        "policy": "试行办法",
        "fen": 46_000,
        "held_fen": 2_000,
        "points_balance_x100": 1_250,
        "bonus_x100": 300,
        "lines": [line(1), line(2, "held", why=["same_device"]), line(3), line(4, "refused")],
        "statements": [statement("2026-10"), statement("2026-09", payout="bounced"), statement("2026-08", payout=None)],
        "appeals": [appeal("核对过，第二遍没有新的工作。"), appeal(None)],
        "appeal_until": ago(days=-5),
        "account": "工商银行 •••• 0128",
    }
    return wire.TeacherMonth(**{**given, **more})


def appraisal() -> wire.AppraisalView:
    works = wire.FigureView(value=42, low=None, high=None, peers=[21, 33, 47], facts=["session:1"])
    share = wire.FigureView(value=0.91, low=0.84, high=0.95, peers=[0.8, 0.88, 0.93], facts=["session:1"])
    return wire.AppraisalView(
        first="2026-09-01",
        until="2027-02-01",
        works=works,
        minutes=works,
        resolved=share,
        rating=None,
        comment="",
        terms=[wire.TermView(name="秋季学期", first="2026-09-01", until="2027-02-01")],
    )


def hold() -> wire.HoldView:
    return wire.HoldView(
        fact=f"session:{id_of('held')}",
        work="session",
        teacher="演示·郑老师",
        start=ago(days=2, minutes=9),
        end=ago(days=2),
        active_s=380,
        fen=2_000,
        why=["same_device"],
        answer=answer(text=LONG),
        strokes=39,
        ink=[20 * n for n in range(1, 20)] + [600 + 12 * n for n in range(20)],
        speech=[[0, 320], [540, 980]],
        nearby=[wire.NearbyWork(fact="shift:1", work="shift", start=ago(days=2, hours=1), end=ago(days=2, hours=-1))],
        devices=[wire.SharedDevice(teacher_at=ago(days=2, hours=1), pupil_at=ago(days=2, minutes=20))],
    )


def office(may_change: bool = True) -> wire.OfficeView:
    def closed(name: str, state: str, paid: int) -> wire.MonthView:
        by = (None, None) if state == "open" else ("演示·会计", "演示·出纳" if state == "closed" else None)
        until = ago(days=-5) if state == "reckoned" else None
        return wire.MonthView(
            month=name, state=state, statements=128, fen=12_345_600, paid_fen=paid, appeal_until=until,
            reckoned_by=by[0], closed_by=by[1],
        )  # fmt: skip

    def policy(name: str, document: str, in_force: bool) -> wire.PolicyView:
        return wire.PolicyView(
            id=id_of(name), name=name, valid_from="2026-09-01" if in_force else "2027-01-01", valid_to=None,
            document=document, in_force=in_force, mine=not in_force,
            proposed_by="演示·会计", approved_by="演示·出纳" if in_force else None,
        )  # fmt: skip

    return wire.OfficeView(
        may_change=may_change,
        months=[
            closed("2026-11", "open", 0),
            closed("2026-10", "reckoned", 0),
            closed("2026-09", "closed", 12_000_000),
        ],
        holds=[hold()],
        policies=[policy("试行办法", DOCUMENT, True), policy("新办法", DOCUMENT.replace("20\n", "25\n"), False)],
        appeals=[appeal(None), appeal("核对过，第二遍没有新的工作。")],
        without_account=["演示·孙老师", "演示·郑老师"],
    )


def payees() -> wire.PayeesView:
    names = [("演示·王老师", "teacher1"), ("演示·李老师", "teacher2")]
    return wire.PayeesView(
        payees=[wire.PayeeView(teacher=a, login=b, bank="工商银行", account="•••• 0128") for a, b in names],
        missing=["演示·孙老师"],
        notes=[
            wire.PayeeNote(at=ago(days=1), who="演示·出纳", act="read", why="batch 2026-09", accounts=128),
            wire.PayeeNote(at=ago(days=9), who=None, act="set", why="import", accounts=128),
        ],
    )


def published() -> wire.PublicView:
    rows = [
        wire.PublicRow(school=school, month=name, teachers=people, fen=fen)
        for name in ("2026-10", "2026-09")
        for school, people, fen in (
            ("演示第一小学", 12, 2_400_000),
            ("演示第二中学（名字很长的一所九年一贯制学校）", 9, 1_800_000),
            ("演示第三中学", None, None),
        )
    ]
    return wire.PublicView(k=5, rows=rows)


def money_scenes() -> list[Scene]:
    mine = {
        "GET /api/me": me(Role.TEACHER),
        "GET /api/subsidy/mine": month(),
        "GET /api/subsidy/appraisal": appraisal(),
    }
    nothing = month(
        policy=None, fen=0, held_fen=0, points_balance_x100=0, bonus_x100=0, lines=[], statements=[], appeals=[],
        appeal_until=None, account=None,
    )  # fmt: skip
    desk = {
        "GET /api/me": me(Role.FINANCE),
        "GET /api/subsidy/office": office(),
        "GET /api/subsidy/payees": payees(),
        "GET /api/subsidy/statements": wire.MonthStatements(month="2026-09", statements=[statement("2026-09")]),
    }
    looks = {**desk, "GET /api/me": me(Role.AUDITOR), "GET /api/subsidy/office": office(may_change=False)}
    verified = wire.VerifyView(
        transactions=48_211, sealed=37, statements=512, recomputed=24_101, head="8d1c" * 16, wrong=[]
    )
    empty = wire.OfficeView(may_change=True, months=[], holds=[], policies=[], appeals=[], without_account=[])

    def at(name: str, zh: str, en: str) -> Scene:
        return Scene(f"money-{name}", "/subsidies", desk, _tab(zh, en))

    return [
        Scene("money-mine", "/subsidies", mine),
        Scene("money-mine-nothing", "/subsidies", {**mine, "GET /api/subsidy/mine": nothing}),
        Scene("money-loading", "/subsidies", {**desk, "GET /api/subsidy/office": "silent"}),
        Scene("money-unreachable", "/subsidies", {"GET /api/me": "cut"}),
        Scene("money-months", "/subsidies", desk, _statements),
        Scene("money-nothing", "/subsidies", {**desk, "GET /api/subsidy/office": empty}),
        at("holds", "待核", "Held"),
        at("policies", "办法", "Policies"),
        at("simulate", "试算", "Simulate"),
        at("accounts", "账户", "Accounts"),
        at("appeals", "申诉", "Appeals"),
        Scene("money-audit", "/subsidies", {**looks, "GET /api/subsidy/verify": verified}, _verify),
        Scene("disclosure", "/disclosure", {"GET /api/subsidy/public": published()}),
        Scene("disclosure-nothing", "/disclosure", {"GET /api/subsidy/public": wire.PublicView(k=5, rows=[])}),
    ]


def _tab(zh: str, en: str) -> Act:
    name = re.compile(f"^(?:{zh}|{en})\\s*\\d*$")
    return lambda page: page.get_by_role("button", name=name).first.click()


def _statements(page: Page) -> None:
    page.get_by_role("button", name=words("看结算单", "Statements")).last.click()
    page.get_by_role("table").wait_for()


def _verify(page: Page) -> None:
    _tab("审计", "Audit")(page)
    page.get_by_role("button", name=words("核对账本", "Verify the books")).click()
    page.get_by_text(words("全部相符", "Everything agrees")).wait_for()
