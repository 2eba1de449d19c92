"""A lecturer plans on a tablet; pupils find it on their phones, enrol, wait, and move up by themselves."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa
from playwright.sync_api import Page, expect

from server.domain.lecture import LectureState, PlaceState
from server.domain.people import Stage, Subject
from server.store import tables as t
from tests.browser.conftest import Sign
from tests.media.test_pdf import a_pdf
from tests.media.uploads import a_picture
from tests.service import Service

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
    cover = io.BytesIO()
    a_picture().save(cover, "PNG")
    form.get_by_label("选一张图").set_input_files(
        {"name": "封面.png", "mimeType": "image/png", "buffer": cover.getvalue()}
    )
    expect(form.get_by_alt_text("封面")).to_be_visible()
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
        page.wait_for_function("() => document.querySelector('article img.cover')?.naturalWidth > 0")
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


def soon(city: Service, *pupils: str) -> str:
    """A lecture of lecturer2 that is about to begin, with seats for these; its id."""
    engine = sa.create_engine(city.database_url)
    with engine.begin() as connection:
        people = connection.execute(sa.select(t.accounts.c.login, t.accounts.c.id)).fetchall()
        ids = {row.login: row.id for row in people}
        lecture, start = uuid4(), datetime.now(UTC) + timedelta(minutes=2)
        plan = {"title": "现场课", "about": "", "subject": Subject.MATH, "stage": Stage.JUNIOR, "grades": [8]}
        plan |= {"knowledge_points": [], "school_ids": [], "capacity": 9, "taken": len(pupils), "next_number": 9}
        times = {"starts_at": start, "ends_at": start + timedelta(hours=1)}
        connection.execute(
            t.lectures.insert().values(
                id=lecture, lecturer_id=ids["lecturer2"], state=LectureState.OPEN, **plan, **times
            )
        )
        for number, login in enumerate(pupils, 1):
            place = {"lecture_id": lecture, "pupil_id": ids[login], "number": number, "state": PlaceState.SEATED}
            connection.execute(t.lecture_places.insert().values(**place))
    engine.dispose()
    return str(lecture)


def test_a_room_sees_the_ink_asks_and_is_kept_in_order(someone: Sign, city: Service) -> None:
    lecture = soon(city, "pupil8", "pupil9")
    lecturer = someone("lecturer2", tablet=True, at="/lectures").page
    early = someone("pupil8").page
    expect(early.get_by_role("status").filter(has_text="现场课")).to_be_visible()
    early.get_by_role("link", name="进入课堂").click()
    expect(early.get_by_text("老师马上就来")).to_be_visible()

    lecturer.goto(f"/lectures#room={lecture}")
    lecturer.get_by_role("button", name="开始直播").click()
    expect(lecturer.get_by_role("toolbar")).to_be_visible()  # the room may be live before her page is let draw
    box = lecturer.get_by_role("application").bounding_box()
    assert box is not None
    lecturer.mouse.move(box["x"] + 200, box["y"] + 200)
    lecturer.mouse.down()
    lecturer.mouse.move(box["x"] + 400, box["y"] + 260, steps=8)
    lecturer.mouse.up()
    late = someone("pupil9", node=1).page
    late.goto(f"/lectures#room={lecture}")
    hash_of = lecturer.locator("section.desk")
    expect(hash_of).to_have_attribute("data-seq", "2")  # the page and the stroke
    for page in (early, late):  # who waited at the door, and who came late by another node
        desk = page.locator("section.desk")
        expect(desk).to_have_attribute("data-seq", "2")
        expect(desk).to_have_attribute("data-digest", hash_of.get_attribute("data-digest") or "-")
        expect(page.get_by_role("toolbar")).to_have_count(0)

    early.get_by_role("button", name="提问").click()
    early.get_by_label("向老师提一个问题").fill("斜率为什么是负的？")
    early.get_by_role("button", name="发送").click()
    late.get_by_role("button", name="提问").click()
    late.get_by_role("button", name="我也想问").click()
    expect(lecturer.get_by_text("1 人想问")).to_be_visible()
    late.get_by_role("button", name="聊天").click()
    late.get_by_label("说一句…").fill("加我微信 13800138000")
    late.get_by_role("button", name="发送").click()
    expect(late.get_by_text("老师看过后大家才能看到")).to_be_visible()
    early.get_by_role("button", name="聊天").click()
    expect(early.get_by_text("还没有人说话")).to_be_visible()
    lecturer.get_by_role("button", name="待看").click()
    held = lecturer.get_by_role("listitem").filter(has_text="像联系方式")
    held.get_by_role("button", name="…").click()
    held.get_by_role("button", name="移出课堂").click()
    lecturer.get_by_role("dialog").get_by_role("button", name="移出课堂").click()
    expect(late.get_by_text("进不了这个课堂")).to_be_visible(timeout=5_000)

    lecturer.get_by_role("button", name="提问").click()
    lecturer.get_by_role("button", name="标为已解答").click()
    early.get_by_role("button", name="提问").click()
    expect(early.get_by_text("已解答")).to_be_visible()
    other = lecturer.context.new_page()  # a second tab draws from now on, and the first one says so
    other.goto(lecturer.url)
    expect(other.get_by_role("toolbar")).to_be_visible()
    expect(lecturer.get_by_text("你在另一个页面上接着讲了")).to_be_visible()
    expect(lecturer.get_by_role("toolbar")).to_have_count(0)
    other.close()
    lecturer.reload()  # the browser crashed: it comes back to the same board, and draws on
    expect(lecturer.get_by_role("toolbar")).to_be_visible()
    lecturer.get_by_role("button", name="下课").click()
    lecturer.get_by_role("dialog").get_by_role("button", name="下课").click()
    expect(early.get_by_text("谢谢你来听课")).to_be_visible()


def test_a_room_answers_a_quiz_raises_hands_and_says_that_it_is_lost(someone: Sign, city: Service) -> None:
    lecture = soon(city, "pupil8", "pupil9")
    lecturer = someone("lecturer2", tablet=True, at="/lectures").page
    lecturer.goto(f"/lectures#room={lecture}")
    lecturer.get_by_role("button", name="开始直播").click()
    first, second = someone("pupil8").page, someone("pupil9", node=1).page
    for page in (first, second):
        page.goto(f"/lectures#room={lecture}")
        expect(page.get_by_role("button", name="没听懂")).to_be_visible()

    lecturer.get_by_role("button", name="互动").click()
    form = lecturer.get_by_role("form", name="问大家")
    form.get_by_role("button", name="发出去").click()
    expect(form.get_by_role("alert")).to_contain_text("至少两个不同的选项")
    form.get_by_label("问题").fill("顶点在哪里？")
    form.get_by_label("选项 1", exact=True).fill("(1, 2)")
    form.get_by_label("选项 2", exact=True).fill("(2, 1)")
    form.get_by_label("正确答案").select_option("2")
    form.get_by_role("button", name="发出去").click()
    for page, option in ((first, "(1, 2)"), (second, "(2, 1)")):
        card = page.get_by_role("region", name="小测")
        card.get_by_role("button", name=option).click()
        expect(card.get_by_role("status")).to_contain_text("已收到")
    asked = lecturer.get_by_role("article", name="顶点在哪里？")
    expect(asked.get_by_role("status")).to_contain_text("2 人作答")
    first.reload()
    expect(first.get_by_role("button", name="(1, 2)")).to_have_attribute("aria-pressed", "true")
    lecturer.get_by_role("button", name="结束作答").click()
    expect(first.get_by_role("region", name="小测")).to_contain_text("正确答案是“(2, 1)”")
    expect(second.get_by_role("region", name="小测")).to_contain_text("答对了")
    second.get_by_role("button", name="收起来").click()
    expect(second.get_by_role("region", name="小测")).to_have_count(0)

    first.get_by_role("button", name="没听懂").click()
    expect(first.get_by_role("button", name="已告诉老师")).to_be_disabled()
    expect(lecturer.get_by_text("最近一分钟 1 人没听懂")).to_be_visible()

    for page in (second, first):
        page.get_by_role("button", name="举手").click()
        expect(page.get_by_role("button", name="把手放下")).to_be_visible()
    expect(first.get_by_text("前面还有 1 人")).to_be_visible()
    lecturer.get_by_role("button", name="举手").click()
    line = lecturer.get_by_role("region", name="举手")
    expect(line.get_by_role("listitem")).to_have_count(2)
    line.get_by_role("button", name="请这位说").first.click()
    expect(first.get_by_text("老师正在听一位同学的问题")).to_be_visible()
    word = second.get_by_role("region", name="老师请你说")
    word.get_by_label("写下你的问题").fill("为什么要配方？")
    word.get_by_role("button", name="发送").click()
    lecturer.get_by_role("button", name="提问").click()
    expect(lecturer.get_by_role("listitem").filter(has_text="为什么要配方")).to_contain_text("举手")
    lecturer.get_by_role("button", name="举手").click()
    line.get_by_role("button", name="听完了").click()
    expect(word).to_have_count(0)
    expect(line.get_by_role("listitem")).to_have_count(1)

    lecturer.get_by_role("button", name="提问").click()
    lecturer.get_by_role("listitem").get_by_role("button", name="…").click()
    lecturer.get_by_role("button", name="禁言", exact=True).click()
    lecturer.get_by_role("button", name="出勤").click()
    muted = lecturer.get_by_role("region", name="禁言和移出")
    expect(muted.get_by_role("listitem")).to_contain_text("已禁言")
    muted.get_by_role("button", name="解除禁言").click()
    expect(muted).to_contain_text("没有被禁言的同学")
