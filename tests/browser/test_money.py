"""The stories of the money, on the product's own page: a teacher's month on a phone, two people of finance who pay it
out, and an auditor who follows a cent from the payout down to the video."""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from media.storage import open_storage
from server.actions.subsidy import month_now
from server.domain.subsidy.facts import pseudonym
from tests.browser.conftest import Sign
from tests.browser.test_looks import AXE, BROKEN
from tests.media.uploads import a_film
from tests.pdf import text_of
from tests.service import Service
from tests.subsidy.office import SHANGHAI

CARD = "6222021234567890128"
WRONG = f"{CARD[:-1]}7"
GRAVE = ("serious", "critical")
ASKED = "一个长方形长 12 厘米，宽 5 厘米，面积是多少？"


@dataclass(frozen=True)
class Month:
    """The month before this one, in which teacher9 answered three questions and teacher10 one."""

    name: str
    video: UUID  # the session whose film can be watched


@pytest.fixture(scope="module")
def month(city: Service, tmp_path_factory: pytest.TempPathFactory) -> Month:
    first = (month_now(datetime.now(UTC)) - timedelta(days=1)).replace(day=1)
    film = a_film(tmp_path_factory.mktemp("film") / "film.webm", "webm", ("libvpx-vp9", None), 2, (320, 180))
    storage = open_storage("", secret=city.environment()["DAYI_SECRET"], data_dir=city.folder, base_url="/files")
    with ThreadPoolExecutor(1) as aside:  # a browser test has a loop of its own in this thread
        aside.submit(asyncio.run, storage.put("answers/story/film.webm", film, "video/webm")).result()
    filmed = work(city, first, "teacher9", 3)
    work(city, first, "teacher9", 4)
    work(city, first, "teacher9", 5, flags=["same_device"])
    work(city, first, "teacher10", 6)
    for login in ("teacher9", "teacher10"):
        told(city, {"id": f"st:{login}", "kind": "standing", "teacher": login, "start": f"{first}T00:00:00+08:00"})
    return Month(f"{first:%Y-%m}", filmed)


def work(city: Service, first: date, login: str, day: int, flags: list[str] | None = None) -> UUID:
    """A session of that evening that became a film, as the service writes it."""
    ids = {row.login: row.id for row in city.rows("SELECT login, id FROM accounts")}
    question, session, answer = uuid4(), uuid4(), uuid4()
    start = datetime(first.year, first.month, day, 19, tzinfo=SHANGHAI)
    end = start + timedelta(minutes=9)
    pupil = ids["pupil9"]
    city.rows(
        """INSERT INTO questions (id, student_id, subject, grade, received_at, text, read_text, state, state_since,
               version, followers, teacher_id, assignment_epoch, offers_made, refused_by, answer_id)
           VALUES (%s, %s, 'math', 9, %s, %s, '', 'resolved', %s, 1, 0, %s, 1, 1, '{}', %s)""",
        question, pupil, start, ASKED, end, ids[login], answer,
    )  # fmt: skip
    city.rows(
        """INSERT INTO live_sessions (id, question_id, teacher_id, student_id, assignment_epoch, opened_at,
               teacher_seen_at, student_seen_at, ended_at, ended_why)
           VALUES (%s, %s, %s, %s, 1, %s, %s, %s, %s, 'finished')""",
        session, question, ids[login], pupil, start, end, end, end,
    )  # fmt: skip
    for seq in range(1, 40):
        city.rows(
            """INSERT INTO board_operations (session_id, seq, op_id, author, kind, body, at_ms)
               VALUES (%s, %s, %s, 'teacher', 'stroke', '{}', %s)""",
            session, seq, str(seq), seq * 9_000 if seq < 20 else 300_000 + seq * 5_000,
        )  # fmt: skip
    city.rows(
        """INSERT INTO answers (id, question_id, session_id, teacher_id, subject, grade, state, problem_text, video_key,
               duration_ms, made_at, published_at)
           VALUES (%s, %s, %s, %s, 'math', 9, 'published', %s, 'answers/story/film.webm', 2000, %s, %s)""",
        answer, question, session, ids[login], ASKED, end, end,
    )  # fmt: skip
    body = {
        "end": end.isoformat(),
        "active_s": 380,
        "pupil": pseudonym(pupil),
        "flags": flags or [],
        "evidence": [f"question:{question}", f"answer:{answer}"],
    }
    city.rows(
        """INSERT INTO subsidy_facts (id, kind, teacher_id, starts_at, body, source)
           VALUES (%s, 'session', %s, %s, %s, 'platform')""",
        f"session:{session}", ids[login], start, json.dumps(body),
    )  # fmt: skip
    return session


def told(city: Service, fact: dict[str, str]) -> None:
    """Imported at the command line; what the teacher's facts come to is posted."""
    path = city.folder / "facts.jsonl"
    path.write_text(json.dumps(fact))
    assert city.command("subsidy", "import", str(path)) == 0


def sound(page: Page, what: str) -> None:
    """Nothing is cut off or too small, and axe finds nothing serious."""
    assert page.evaluate(BROKEN) == [], what
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run(document)).violations")
    grave = [(each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] in GRAVE]
    assert grave == [], what


def tab(page: Page, name: str) -> None:
    page.get_by_role("button", name=re.compile(f"^{name}")).first.click()


def confirm(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name="确定").click()


def row(page: Page, month: Month) -> Locator:
    return page.get_by_role("listitem").filter(has_text=month.name).first


def test_a_month_from_a_teachers_phone_to_the_bank_and_back_down_to_the_video(
    someone: Sign, city: Service, month: Month, tmp_path: Path
) -> None:
    # The teacher sees each line with its cause, and that one is held.
    teacher = someone("teacher9", at="/teacher").page
    teacher.goto("/subsidies")
    teacher.get_by_role("button", name="上个月").click()
    expect(teacher.get_by_role("heading", name=month.name)).to_be_visible()
    lines = teacher.get_by_role("region", name="明细").get_by_role("listitem")
    expect(lines).to_have_count(3)
    expect(lines.first).to_contain_text("师生用的是同一台设备")
    lines.nth(1).locator("summary").click()
    expect(lines.nth(1)).to_contain_text("第 1 条")
    expect(teacher.get_by_text("财务还没有登记你的收款账户")).to_be_visible()
    sound(teacher, "a teacher's month")

    # Finance looks at what is held: film, ink and times side by side; a reason is needed.
    kuaiji = someone("finance1", tablet=True, at="/subsidies").page
    tab(kuaiji, "待核")
    card = kuaiji.get_by_role("region", name=re.compile("郑老师|孙老师")).first
    expect(card.locator("video")).to_be_visible()
    expect(card.get_by_role("img", name="39 笔")).to_be_visible()
    expect(card.get_by_role("button", name="放行")).to_be_disabled()
    sound(kuaiji, "held work")
    card.get_by_label("理由（必填）").fill("看过录像，是学生家里的平板")
    card.get_by_role("button", name="放行").click()
    expect(kuaiji.get_by_text("没有待核的工作")).to_be_visible()

    # The month is reckoned; the teacher objects and is answered; another person closes when the time is over.
    tab(kuaiji, "月份")
    row(kuaiji, month).get_by_role("button", name="结算", exact=True).click()
    confirm(kuaiji)
    expect(row(kuaiji, month)).to_contain_text("已结算，申诉期")
    expect(row(kuaiji, month)).to_contain_text("¥80.00")
    teacher.reload()
    statements = teacher.get_by_role("region", name="结算单")
    expect(statements).to_contain_text("¥60.00")
    statements.get_by_role("button", name="申诉").click()
    statements.get_by_role("textbox").fill("四号那题答了两遍")
    statements.get_by_role("button", name="提交").click()
    expect(statements).to_contain_text("还没有答复")
    with teacher.expect_download() as told_pdf:
        statements.get_by_role("link", name=f"PDF {month.name}").click()
    said = text_of(told_pdf.value.path().read_bytes())
    assert "答疑补贴结算单" in said and "¥60.00" in said and "同屏答疑" in said

    city.rows("UPDATE subsidy_months SET appeal_until = now()")
    chuna = someone("finance2", tablet=True, at="/subsidies", node=1).page
    tab(chuna, "申诉")
    chuna.get_by_label("答复").fill("核对过，第二遍没有新的工作")
    chuna.get_by_role("button", name="提交").click()
    expect(chuna.get_by_text("答复：核对过")).to_be_visible()
    row_of = row(kuaiji, month)
    row_of.get_by_role("button", name="关账").click()
    confirm(kuaiji)
    expect(kuaiji.get_by_role("alert")).to_contain_text("需要另一个人")
    tab(chuna, "月份")
    row(chuna, month).get_by_role("button", name="关账").click()
    confirm(chuna)
    expect(row(chuna, month)).to_contain_text("已关账")

    # Who has no account is named first; a wrong file changes nothing; then the batch has the number, and only it.
    expect(chuna.get_by_text("没有收款账户")).to_contain_text("演示·孙老师")
    sound(chuna, "months")
    tab(chuna, "账户")
    bring_in(chuna, tmp_path, f"teacher9,演示教师9,工商银行,{WRONG},", "teacher99,某,工商银行,95588001,")
    expect(chuna.get_by_role("alert")).to_contain_text("第 2 行 account：卡号的校验位不对")
    bring_in(chuna, tmp_path, f"teacher9,演示教师9,工商银行,{CARD},", "teacher10,演示教师10,农业银行,95588002,")
    expect(chuna.get_by_text("导入了 2 个账户")).to_be_visible()
    expect(chuna.get_by_role("cell", name="•••• 0128")).to_be_visible()
    sound(chuna, "accounts")
    tab(chuna, "月份")
    chuna.reload()
    expect(chuna.get_by_text("没有收款账户")).to_have_count(0)
    row(chuna, month).get_by_role("button", name="生成发放").click()
    with chuna.expect_response(re.compile("/api/subsidy/months")):
        confirm(chuna)
    with chuna.expect_download() as batch:
        row(chuna, month).get_by_role("link", name="CSV").click()
    assert f"演示教师9,{CARD},工商银行,," in batch.value.path().read_text("utf-8-sig")
    row(chuna, month).get_by_role("button", name="看结算单").click()
    chuna.get_by_role("button", name=re.compile("^已到账 .*")).first.click()
    expect(row(chuna, month)).to_contain_text("已到账")
    assert CARD not in chuna.content()

    # A policy takes two; its difference and what it would do to whom are seen before.
    policy(kuaiji, chuna)

    # The auditor verifies the books and follows a cent from the payout down to the film.
    auditor = someone("auditor1", tablet=True, at="/subsidies").page
    expect(auditor.get_by_text("只读")).to_be_visible()
    row(auditor, month).get_by_role("button", name="看结算单").click()
    expect(auditor.get_by_role("button", name="生成发放")).to_have_count(0)
    auditor.get_by_role("row").filter(has_text="¥60.00").get_by_role("button", name=re.compile("^逐行")).click()
    auditor.get_by_role("button", name=f"追一分钱 session:{month.video}").click()
    chain = auditor.get_by_role("region", name="追一分钱")
    expect(chain.locator("video")).to_be_visible()
    expect(chain).to_contain_text(f"session:{month.video}#1")
    expect(chain).to_contain_text("payout:")
    expect(chain).to_contain_text("已到账")
    auditor.get_by_role("button", name="核对账本").click()
    expect(auditor.get_by_text("全部相符")).to_be_visible()
    sound(auditor, "the audit")

    # The teacher sees where it went; the public sees no school of so few.
    teacher.reload()
    expect(teacher.get_by_text("工商银行 •••• 0128")).to_be_visible()
    expect(teacher.get_by_role("region", name="结算单")).to_contain_text("已到账")
    sound(teacher, "a paid month")
    teacher.goto("/disclosure")
    expect(teacher.get_by_role("heading", name=month.name)).to_be_visible()
    expect(teacher.get_by_text("不足人数，不列").first).to_be_visible()
    sound(teacher, "the public page")


def bring_in(page: Page, folder: Path, *rows: str) -> None:
    path = folder / "accounts.csv"
    path.write_text("\n".join(["login,name,bank,account,branch", *rows]))
    with page.expect_response(re.compile("/api/subsidy/payees")):
        page.get_by_label("选择文件").set_input_files(path)


def policy(kuaiji: Page, chuna: Page) -> None:
    tab(kuaiji, "试算")
    draft = kuaiji.get_by_label("办法（TOML）")
    old = draft.input_value()
    starts = month_now(datetime.now(UTC) + timedelta(days=40))
    draft.fill(re.sub(r"(?m)^yuan = 20$", "yuan = 25", old))
    kuaiji.get_by_role("button", name="试算", exact=True).last.click()
    result = kuaiji.get_by_role("status").filter(has_text="人增加")
    expect(result).to_contain_text("人增加")
    expect(result.get_by_role("img", name=re.compile("期末现行"))).to_be_visible()
    sound(kuaiji, "the simulation")

    tab(kuaiji, "办法")
    kuaiji.get_by_role("button", name="写一份新办法").click()
    document = kuaiji.get_by_label("办法（TOML）")
    document.fill("[policy]\nname = 1")
    kuaiji.get_by_role("button", name="提交新办法").click()
    expect(kuaiji.get_by_role("alert")).to_contain_text("第 2 行")
    new = re.sub(r"(?m)^valid_from = .*$", f"valid_from = {starts}", old)
    document.fill(re.sub(r"(?m)^yuan = 20$", "yuan = 25", new))
    kuaiji.get_by_role("button", name="提交新办法").click()
    expect(kuaiji.get_by_text("你提交的，需另一人批准")).to_be_visible()
    expect(kuaiji.locator(".diff-in").filter(has_text="yuan = 25")).to_be_visible()
    sound(kuaiji, "policies")
    chuna.reload()
    tab(chuna, "办法")
    chuna.get_by_role("button", name="批准生效").click()
    expect(chuna.get_by_role("button", name="批准生效")).to_have_count(0)
