"""The stories of one question, with the product's own pages: two pupils on phones, two teachers on tablets."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from server.demo.photos import photograph
from server.demo.problems import Problem, variants
from server.domain.people import Stage, Subject
from tests.browser.conftest import Sign

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


def go_on_duty(page: Page) -> None:
    page.get_by_role("radio", name="值班中").click()
    expect(page.get_by_role("radio", name="值班中")).to_have_attribute("aria-checked", "true")


def draw(page: Page) -> None:
    board = page.get_by_role("region", name="白板").locator("canvas").first
    box = board.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(box["x"] + box["width"] * (0.3 + step * 0.03), box["y"] + box["height"] * (0.5 + step * 0.01))
    page.mouse.up()


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
    offer.get_by_role("button", name="接受").click()

    # the pupil is called, and comes onto the board whose first page is the photo
    pupil.page.get_by_role("button", name="进入同屏").click()
    expect(pupil.page.get_by_role("region", name="白板")).to_be_visible()
    expect(teacher.page.get_by_role("region", name="白板")).to_be_visible()
    draw(teacher.page)
    teacher.page.get_by_label("说一句…").fill("先看电费的单价")
    teacher.page.get_by_role("button", name="发送", exact=True).click()
    pupil.page.get_by_role("button", expanded=False).click()  # on a phone the words are folded away below the board
    expect(pupil.page.get_by_text("先看电费的单价")).to_be_visible()
    pupil.page.get_by_role("button", expanded=True).click()
    draw(pupil.page)

    # who asks the same meanwhile, on another node and at another angle, follows
    ask_by_photo(next_pupil.page, problem, 12, tmp_path)
    expect(next_pupil.page.get_by_text("同学也在问这道题，你已加入")).to_be_visible(timeout=A_READING)

    # the answer becomes a video that plays, for both; the teacher sees what it earned
    teacher.page.get_by_role("button", name="结束讲解").click()
    teacher.page.get_by_role("dialog").get_by_role("button", name="结束讲解").click()
    expect(next_pupil.page.get_by_text("老师讲完了，看讲解")).to_be_visible(timeout=A_VIDEO)
    back = teacher.page.get_by_role("button", name="返回")
    if back.count():
        back.first.click()
    expect(teacher.page.get_by_text("¥20.00").first).to_be_visible(timeout=A_VIDEO)
    expect(teacher.page.get_by_text("已入库")).to_be_visible(timeout=A_VIDEO)
    assert seconds_played(next_pupil.page) > 0
    next_pupil.page.get_by_role("button", name="解决了").click()

    # a third pupil's photo of it is answered at once, with the reason, and no teacher is asked
    go_on_duty(other_teacher.page)
    third = someone("pupil7")
    ask_by_photo(third.page, problem, 13, tmp_path)
    expect(third.page.get_by_text("这道题老师讲过，先看讲解")).to_be_visible(timeout=A_READING)
    expect(third.page.get_by_role("region", name="为什么推荐它")).to_be_visible()
    assert seconds_played(third.page) > 0
    expect(other_teacher.page.get_by_text("没有等你的题")).to_be_visible()

    # other numbers: the video is an example, and the place in the queue is kept until a teacher comes
    teacher.page.get_by_role("radio", name="下班").click()
    other_teacher.page.get_by_role("radio", name="下班").click()
    expect(other_teacher.page.get_by_role("radio", name="下班")).to_have_attribute("aria-checked", "true")
    ask_by_photo(third.page, sibling, 14, tmp_path)
    expect(third.page.get_by_role("region", name="数字不同的例题")).to_be_visible(timeout=A_READING)


def seconds_played(page: Page) -> float:
    """Plays the page's first video until it has moved on, seeks, and gives its length."""
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

    pupil.page.get_by_role("button", name="打字").click()
    pupil.page.get_by_label(re.compile("补充说明")).fill("为什么海边白天的风从海上吹来？")
    pupil.page.get_by_role("radio", name="地理").check()
    pupil.page.get_by_label("年级").select_option(label="三年级")
    pupil.page.get_by_role("button", name="提交问题").click()

    expect(pupil.page.get_by_text(re.compile("现在没有老师值班|值班老师正在上岗")).first).to_be_visible()
    pupil.page.get_by_role("button", name="撤回问题").click()
    pupil.page.get_by_role("button", name="确定").click()
    expect(pupil.page.get_by_text("已撤回").first).to_be_visible()


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

    expect(pupil.page.get_by_text("等网络")).to_have_count(0, timeout=30_000)
    asked = pupil.page.evaluate("async () => (await (await fetch('/api/student')).json()).questions.length")
    assert asked == 1
    pupil.console.clear()  # the browser itself reports what failed while there was no network
