"""A lecturer plans on a tablet; pupils find it on their phones, enrol, wait, and move up by themselves."""

from __future__ import annotations

from datetime import date, timedelta

from playwright.sync_api import Page, expect

from tests.browser.conftest import Sign
from tests.media.test_pdf import a_pdf

TITLE = "二次函数的顶点"


def plan(page: Page, seats: int) -> None:
    page.get_by_role("button", name="安排一场课").click()
    form = page.get_by_role("form", name="安排一场课")
    form.get_by_role("button", name="保存").click()
    expect(form.get_by_role("alert")).to_contain_text("先写课名")
    form.get_by_label("课名").fill(TITLE)
    form.get_by_role("checkbox", name="初二").check(force=True)
    form.get_by_role("checkbox", name="初三").check(force=True)
    form.get_by_label("开始").fill(str(date.today() + timedelta(days=20)))
    form.get_by_label("名额").fill(str(seats))
    form.get_by_label("知识点").fill("二次函数，顶点式")
    form.get_by_role("button", name="保存").click()
    expect(page.get_by_role("region", name=TITLE)).to_contain_text("草稿")


def find(page: Page) -> None:
    page.goto("/lectures")
    page.get_by_label("老师、课名或知识点").fill("顶点式")
    expect(page.get_by_role("article")).to_have_count(1)


def test_a_lecture_is_planned_with_its_pages_and_who_waits_gets_the_seat_that_is_given_back(someone: Sign) -> None:
    lecturer = someone("lecturer1", tablet=True, at="/lectures").page
    plan(lecturer, seats=1)
    lecturer.get_by_label("添加 PDF").set_input_files(
        {"name": "顶点.pdf", "mimeType": "application/pdf", "buffer": a_pdf((800, 600), (600, 800))}
    )
    expect(lecturer.get_by_alt_text("顶点.pdf 第 2 页")).to_be_visible()
    lecturer.get_by_role("button", name="开放报名").click()
    expect(lecturer.get_by_role("region", name=TITLE)).to_contain_text("报名中")

    first, second = someone("pupil8").page, someone("pupil9", node=1).page
    for page in (first, second):
        find(page)
    card = first.get_by_role("article", name=TITLE)
    card.get_by_role("button", name="报名").click()
    expect(card.get_by_role("status")).to_contain_text("已报名")
    waits = second.get_by_role("article", name=TITLE)
    waits.get_by_role("button", name="报名").click()
    expect(waits.get_by_role("status")).to_contain_text("候补第 1 位")

    card.get_by_role("button", name="退出").click()
    first.get_by_role("dialog").get_by_role("button", name="退出").click()

    expect(second.get_by_role("alert")).to_contain_text("候补到了")
    expect(waits.get_by_role("status")).to_contain_text("已报名")
    expect(card.get_by_role("button", name="排候补")).to_be_visible()

    lecturer.get_by_role("button", name="取消这场课").click()
    dialog = lecturer.get_by_role("dialog")
    dialog.get_by_label("为什么取消").fill("学校停电")
    dialog.get_by_role("button", name="取消这场课").click()
    expect(lecturer.get_by_role("region", name=TITLE)).to_contain_text("已取消")
    second.get_by_role("button", name="我的课").click()
    expect(second.get_by_role("article", name=TITLE)).to_contain_text("学校停电")
