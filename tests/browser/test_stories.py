"""The stories of one question, with the product's own pages: two pupils on phones, two teachers on tablets."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from server.demo.photos import photograph
from server.demo.problems import Problem, variants
from server.domain.people import Stage, Subject
from tests.browser.conftest import REMINDER, Sign

GRADES = ("一年级", "二年级", "三年级", "四年级", "五年级", "六年级", "初一", "初二", "初三", "高一", "高二", "高三")
A_READING = 45_000  # milliseconds for the first photo, while the worker still loads its models
A_VIDEO = 60_000  # milliseconds in which a short answer is rendered, even on a busy machine


def the_problem() -> tuple[Problem, Problem]:
    """A junior maths problem, and its sibling in other numbers."""
    return next(
        (known, sibling)
        for known, sibling in variants()
        if known.subject is Subject.MATH and known.stage is Stage.JUNIOR
    )


def ask_by_photo(page: Page, problem: Problem, seed: int, folder: Path) -> None:
    photo = folder / f"{problem.code}-{seed}.jpg"
    photo.write_bytes(photograph(problem.text, seed))
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="拍照提问").click()
    chooser.value.set_files(photo)
    page.get_by_role("dialog").get_by_role("button", name=re.compile("好了|就用这张")).click()
    page.get_by_role("radio", name="数学").check()
    page.get_by_label("年级").select_option(label=GRADES[problem.grade - 1])
    page.get_by_role("button", name="提交问题").click()


def ask_in_words(page: Page, text: str, subject: str, grade: str) -> None:
    page.get_by_role("button", name="打字").click()
    page.get_by_label(re.compile("补充说明")).fill(text)
    page.get_by_role("radio", name=subject).check()
    page.get_by_label("年级").select_option(label=grade)
    page.get_by_role("button", name="提交问题").click()


def go_on_duty(page: Page) -> None:
    page.get_by_role("radio", name="值班中").click()
    expect(page.get_by_role("radio", name="值班中")).to_have_attribute("aria-checked", "true")


def go_off_duty(page: Page) -> None:
    page.get_by_role("radio", name="下班").click()
    expect(page.get_by_role("radio", name="下班")).to_have_attribute("aria-checked", "true")


def withdraw(page: Page) -> None:
    page.get_by_role("button", name="撤回问题").click()
    page.get_by_role("button", name="确定").click()
    expect(page.get_by_text("已撤回").first).to_be_visible()


def draw(page: Page) -> None:
    board = page.get_by_role("region", name="白板").locator("canvas").first
    box = board.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(box["x"] + box["width"] * (0.3 + step * 0.03), box["y"] + box["height"] * (0.5 + step * 0.01))
    page.mouse.up()


def say(page: Page, text: str) -> None:
    page.get_by_label("说一句…").fill(text)
    page.get_by_role("button", name="发送", exact=True).click()


def accept(page: Page, seen: str) -> None:
    offer = page.get_by_role("article", name=re.compile("有同学在问"))
    expect(offer).to_contain_text(seen)
    offer.get_by_role("button", name="接受").click()
    expect(page.get_by_role("region", name="白板")).to_be_visible()


LOUDSPEAKERS = """
    const Plain = Audio;
    window.loudspeakers = [];
    window.Audio = class extends Plain {
        constructor(...given) { super(...given); window.loudspeakers.push(this); }
    };
"""


def test_a_photo_becomes_a_live_answer_and_the_answer_a_video_for_the_next(someone: Sign, tmp_path: Path) -> None:
    problem, sibling = the_problem()
    pupil, next_pupil = someone("pupil8"), someone("pupil9", node=1)
    teacher, other_teacher = someone("teacher1", tablet=True), someone("teacher2", tablet=True, node=1)
    go_on_duty(teacher.page)

    # a new question is read, and offered to the teacher on duty with its photo
    ask_by_photo(pupil.page, problem, 11, tmp_path)
    offer = teacher.page.get_by_role("article", name=re.compile("有同学在问"))
    expect(offer).to_be_visible(timeout=A_READING)
    expect(offer.get_by_role("img").first).to_be_visible()
    expect(pupil.page.get_by_role("heading", name="老师会看到")).to_be_visible()
    offer.get_by_role("button", name="接受").click()

    # the pupil is called, and comes onto the board whose first page is the photo
    pupil.page.get_by_role("button", name="进入同屏").click()
    expect(pupil.page.get_by_role("region", name="白板")).to_be_visible()
    expect(teacher.page.get_by_role("region", name="白板")).to_be_visible()
    reminder = teacher.page.get_by_text(REMINDER)
    expect(reminder).to_be_visible()
    teacher.page.get_by_role("button", name="知道了").click()
    expect(reminder).to_have_count(0)
    turned = teacher.page.get_by_role("region", name="白板")
    teacher.page.get_by_role("button", name="旋转、裁剪照片").click()
    teacher.page.get_by_role("button", name="向右转").click()
    teacher.page.get_by_role("button", name="好了").click()
    for board in (turned, pupil.page.get_by_role("region", name="白板")):
        expect(board).to_have_attribute("data-seq", "2")
    draw(teacher.page)
    expect(teacher.page.get_by_role("button", name="旋转、裁剪照片")).to_have_count(0)  # ink lies on it
    teacher.page.get_by_label("说一句…").fill("先看电费的单价")
    teacher.page.get_by_role("button", name="发送", exact=True).click()
    pupil.page.get_by_role("button", name="对话").click()  # on a phone the words are folded away below the board
    expect(pupil.page.get_by_text("先看电费的单价")).to_be_visible()
    pupil.page.get_by_role("button", name="请再讲一遍").click()
    expect(teacher.page.get_by_role("listitem").filter(has_text="请再讲一遍")).to_be_visible()
    pupil.page.get_by_role("button", name="对话").click()
    draw(pupil.page)

    # who asks the same meanwhile, on another node and at another angle, follows
    ask_by_photo(next_pupil.page, problem, 12, tmp_path)
    expect(next_pupil.page.get_by_text("老师正在讲这道题，你已加入")).to_be_visible(timeout=A_READING)

    # and watches silently; the two know that somebody does, and not who
    next_pupil.page.add_init_script(LOUDSPEAKERS)
    next_pupil.page.reload()
    next_pupil.page.get_by_role("link", name="旁听这次讲解").click()
    watched = next_pupil.page.get_by_role("region", name="白板")
    expect(watched).to_have_attribute("data-seq", re.compile("[1-9]"))
    for each in (pupil.page, teacher.page):
        expect(each.get_by_title("有 1 位同问的同学在旁听")).to_be_visible()
    drawn = int(watched.get_attribute("data-seq") or "0")
    draw(teacher.page)
    expect(watched).to_have_attribute("data-seq", str(drawn + 1))
    next_pupil.page.wait_for_function("() => window.loudspeakers.some((speaker) => speaker.currentTime > 0.5)")
    expect(next_pupil.page.get_by_role("toolbar")).to_have_count(0)
    expect(next_pupil.page.get_by_text("先看电费的单价")).to_have_count(0)

    # the answer becomes a video that plays, for both; the teacher sees what it earned
    teacher.page.get_by_role("button", name="结束讲解").click()
    teacher.page.get_by_role("dialog").get_by_role("button", name="结束讲解").click()
    expect(next_pupil.page.get_by_text("录像一做好就自动出现在你的问题里")).to_be_visible()
    next_pupil.page.get_by_role("button", name="返回").click()
    expect(next_pupil.page.get_by_text("老师讲完了，看讲解")).to_be_visible(timeout=A_VIDEO)
    back = teacher.page.get_by_role("button", name="返回")
    if back.count():
        back.first.click()
    expect(teacher.page.get_by_text("¥20.00").first).to_be_visible(timeout=A_VIDEO)
    expect(teacher.page.get_by_text("已入库")).to_be_visible(timeout=A_VIDEO)
    assert seconds_played(next_pupil.page) > 0
    next_pupil.page.get_by_role("button", name="解决了").click()

    # a third pupil's photo of it is answered at once, with the reason, and no teacher is asked
    go_off_duty(teacher.page)
    go_on_duty(other_teacher.page)
    third = someone("pupil7")
    ask_by_photo(third.page, problem, 13, tmp_path)
    expect(third.page.get_by_text("这道题老师讲过，先看讲解")).to_be_visible(timeout=A_READING)
    expect(third.page.get_by_role("region", name="为什么推荐它")).to_be_visible()
    assert seconds_played(third.page) > 0
    expect(other_teacher.page.get_by_text("没有等你的题")).to_be_visible()

    # who says that it is another question is with a teacher at once
    third.page.get_by_role("button", name="不是我的题").click()
    expect(third.page.get_by_text("老师正在看你的题")).to_be_visible()
    other_teacher.page.get_by_role("button", name="婉拒").click()
    withdraw(third.page)

    # other numbers: the video is an example, and the place in the queue is kept until a teacher comes
    go_off_duty(other_teacher.page)
    ask_by_photo(third.page, sibling, 14, tmp_path)
    expect(third.page.get_by_role("region", name="数字不同的例题")).to_be_visible(timeout=A_READING)
    withdraw(third.page)


def seconds_played(page: Page | Locator) -> float:
    """Plays the first video there until it has moved on, seeks, and gives its length."""
    video = page.locator("video").first
    expect(video).to_be_visible()
    length = video.evaluate(
        """async (video) => {
            video.muted = true;
            await video.play();
            await new Promise((done) => {
                video.addEventListener("timeupdate", () => video.currentTime > 0 && done());
            });
            video.pause();
            video.currentTime = video.duration / 2;
            await new Promise((done) => video.addEventListener("seeked", done, { once: true }));
            return video.duration;
        }"""
    )
    assert isinstance(length, float)
    return length


def test_nobody_on_duty_is_said_with_a_time_and_a_question_can_be_withdrawn(someone: Sign) -> None:
    pupil = someone("pupil3")

    ask_in_words(pupil.page, "为什么海边白天的风从海上吹来？", "地理", "三年级")

    expect(pupil.page.get_by_text(re.compile("现在没有老师值班|值班老师正在上岗")).first).to_be_visible()
    withdraw(pupil.page)


def test_one_problem_of_a_page_is_tapped_put_right_and_matched_again(someone: Sign, tmp_path: Path) -> None:
    other, pupil = someone("pupil3"), someone("pupil4", node=1)
    meant = "停车场里停着三轮车和小汽车共 22 辆，一共有 76 个轮子。三轮车有几辆？"
    ask_in_words(other.page, meant, "数学", "五年级")
    expect(other.page.get_by_role("button", name="写错了？改一改")).to_be_visible()
    misprinted = meant.replace("76", "16")
    page = f"1. 一根绳子长 36 米，用去 9 米，还剩多少米？\n2. {misprinted}\n3. 一箱苹果重 8 千克，5 箱重多少千克？"

    # a page of three problems: the pupil taps the one that is meant
    ask_by_photo(pupil.page, replace(the_problem()[0], text=page, grade=5), 21, tmp_path)
    which = pupil.page.get_by_role("region", name="你要问哪一道？")
    expect(which.get_by_role("listitem")).to_have_count(3, timeout=A_READING)
    which.get_by_role("listitem").nth(1).get_by_role("button").click()
    expect(pupil.page.get_by_text("认出的题目")).to_be_visible()
    expect(pupil.page.locator(".read-text")).to_contain_text("一共有16个轮子")

    # one number is not the problem's: put right, it is what somebody else asks
    pupil.page.get_by_role("button", name="认错了？改一改").click()
    pupil.page.get_by_label("把题目改成原题的样子").fill(meant)
    pupil.page.get_by_role("button", name="改好了，重新找").click()
    expect(pupil.page.get_by_text("同学也在问这道题，你已加入")).to_be_visible()
    expect(pupil.page.get_by_text("你改好的题目")).to_be_visible()
    expect(other.page.get_by_text("1 位同学也在等")).to_be_visible()
    withdraw(pupil.page)
    withdraw(other.page)


def test_a_question_asked_in_a_tunnel_goes_out_once_by_itself(someone: Sign) -> None:
    pupil = someone("pupil4")
    pupil.page.get_by_role("button", name="打字").click()
    pupil.page.get_by_label(re.compile("补充说明")).fill("隧道里问的题：15 乘 4 等于几？")
    pupil.page.get_by_role("radio", name="数学").check()
    pupil.page.get_by_label("年级").select_option(label="四年级")

    pupil.context.set_offline(True)
    pupil.page.get_by_role("button", name=re.compile("存下，有网就发|提交问题")).click()
    expect(pupil.page.get_by_text("等网络").first).to_be_visible()
    pupil.context.set_offline(False)

    expect(pupil.page.get_by_role("article", name=re.compile("提问$"))).to_have_count(1)
    expect(pupil.page.get_by_role("article", name=re.compile("等网络|正在发送"))).to_have_count(0)
    asked = pupil.page.evaluate("async () => (await (await fetch('/api/student')).json()).questions.map((q) => q.text)")
    assert [text for text in asked if text.startswith("隧道里问的题")] == ["隧道里问的题：15 乘 4 等于几？"]
    withdraw(pupil.page)
    pupil.console.clear()  # the browser itself reports what failed while there was no network


def test_two_lessons_at_once_outlive_a_tunnel_a_reload_and_the_back_button(someone: Sign) -> None:
    one, two = someone("pupil5"), someone("pupil6", node=1)
    math, chinese = someone("teacher1", tablet=True, node=1), someone("teacher3", tablet=True)
    go_on_duty(math.page)
    go_on_duty(chinese.page)

    # each teacher is offered what she teaches, and each pupil is called by their own
    ask_in_words(one.page, "鸡兔同笼，头 35 个，脚 94 只，各几只？", "数学", "初一")
    ask_in_words(two.page, "“床前明月光”里的“床”是什么意思？", "语文", "六年级")
    accept(math.page, "鸡兔同笼")
    accept(chinese.page, "床前明月光")
    for pupil in (one, two):
        pupil.page.get_by_role("button", name="进入同屏").click()
        expect(pupil.page.get_by_role("button", name="我要说话")).to_be_visible()  # they hear one another
        pupil.page.get_by_role("button", name="对话").click()

    # a tunnel: both sides write on, and after it each line is there once
    one.context.set_offline(True)
    expect(one.page.get_by_text("网络断了，正在重连")).to_be_visible()
    say(math.page, "先假设全是鸡")
    say(one.page, "为什么要假设？")
    one.context.set_offline(False)
    expect(one.page.get_by_text("先假设全是鸡")).to_have_count(1)
    expect(math.page.get_by_text("为什么要假设？")).to_have_count(1)
    expect(one.page.get_by_text("网络断了，正在重连")).to_have_count(0)

    # both sides load their pages anew, and are where they were
    one.page.reload()
    math.page.reload()
    expect(math.page.get_by_text("为什么要假设？")).to_have_count(1)
    draw(math.page)
    one.page.get_by_role("button", name="对话").click()
    expect(one.page.get_by_text("先假设全是鸡")).to_have_count(1)

    # the back button leaves the board and not the lesson; another tab of the same pupil knows of it too
    two.page.go_back()
    expect(two.page.get_by_text("正在同屏等你")).to_be_visible()
    tab = two.context.new_page()
    tab.goto("/student")
    tab.get_by_role("button", name="进入同屏").click()
    expect(tab.get_by_role("region", name="白板")).to_be_visible()

    # one question is handed back to its old place, with nobody else to take it
    chinese.page.get_by_role("button", name="转给别人").click()
    chinese.page.get_by_role("dialog").get_by_role("button", name="转给别人").click()
    expect(tab.get_by_text("老师把题转给了别的老师")).to_be_visible()
    expect(two.page.get_by_text("下一个就是你")).to_be_visible()

    # the other goes to a colleague, who goes on with the words and the board that are there, and answers it
    colleague = someone("teacher2", tablet=True)
    go_on_duty(colleague.page)
    board = math.page.get_by_role("region", name="白板")
    ops = "5"  # the page, the question, two lines and the stroke
    expect(board).to_have_attribute("data-seq", ops)
    math.page.get_by_role("button", name="转给别人").click()
    math.page.get_by_role("dialog").get_by_role("button", name="转给别人").click()
    accept(colleague.page, "鸡兔同笼")
    expect(colleague.page.get_by_text("先假设全是鸡")).to_have_count(1)
    expect(colleague.page.get_by_role("region", name="白板")).to_have_attribute("data-seq", ops)
    expect(one.page.get_by_text("老师把题转给了别的老师")).to_be_visible()
    one.page.get_by_role("button", name="返回").click()
    one.page.get_by_role("button", name="进入同屏").click()
    expect(one.page.get_by_role("region", name="白板")).to_be_visible()
    draw(colleague.page)
    colleague.page.get_by_role("button", name="结束讲解").click()
    colleague.page.get_by_role("dialog").get_by_role("button", name="结束讲解").click()
    one.page.get_by_role("button", name="返回").click()
    told = one.page.get_by_role("article").filter(has_text="鸡兔同笼")
    expect(told.locator("video")).to_be_visible(timeout=A_VIDEO)
    assert seconds_played(told) > 0
    for teacher in (math, chinese, colleague):
        go_off_duty(teacher.page)
    one.console.clear()  # the browser itself reports what failed while there was no network


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until the focus is on what is called so."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const e = document.activeElement;"
            "return !e.matches('button, input, textarea, video') ? ''"
            ": e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent; }"
        )
        if name in focused:
            return
    raise AssertionError(f"no way to {name} by the Tab key")


def test_asking_answering_and_watching_need_no_pointer(someone: Sign) -> None:
    pupil, teacher = someone("pupil2"), someone("teacher1", tablet=True, node=1)
    expect(teacher.page.get_by_role("radio", name="下班")).to_be_enabled()
    tab_to(teacher.page, "下班")
    teacher.page.keyboard.press("ArrowRight")
    teacher.page.keyboard.press("Enter")
    expect(teacher.page.get_by_role("radio", name="值班中")).to_have_attribute("aria-checked", "true")

    tab_to(pupil.page, "打字")
    pupil.page.keyboard.press("Enter")
    tab_to(pupil.page, "补充说明")
    pupil.page.keyboard.insert_text("停车场有 12 辆车，开走 5 辆，又来 3 辆，现在有几辆？")
    tab_to(pupil.page, "语文")
    pupil.page.keyboard.press("ArrowRight")
    expect(pupil.page.get_by_role("radio", name="数学")).to_be_checked()
    tab_to(pupil.page, "提交问题")
    pupil.page.keyboard.press("Enter")

    expect(teacher.page.get_by_role("article", name=re.compile("有同学在问"))).to_be_visible()
    tab_to(teacher.page, "接受")
    teacher.page.keyboard.press("Enter")
    expect(teacher.page.get_by_role("region", name="白板")).to_be_visible()
    tab_to(teacher.page, "文字")
    teacher.page.keyboard.press("Enter")
    teacher.page.keyboard.insert_text("12 - 5 + 3 = 10（辆）")
    tab_to(teacher.page, "写上")
    teacher.page.keyboard.press("Enter")
    tab_to(teacher.page, "结束讲解")
    teacher.page.keyboard.press("Enter")
    expect(teacher.page.get_by_role("dialog")).to_be_visible()
    tab_to(teacher.page, "结束讲解")
    teacher.page.keyboard.press("Enter")

    video = pupil.page.locator("video")
    expect(video).to_be_visible(timeout=A_VIDEO)
    tab_to(pupil.page, "看讲解")
    pupil.page.keyboard.press("Space")
    pupil.page.wait_for_function("() => document.querySelector('video').currentTime > 0")
    tab_to(pupil.page, "解决了")
    pupil.page.keyboard.press("Enter")
    expect(pupil.page.get_by_text("已解决")).to_be_visible()
