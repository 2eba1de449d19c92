"""What becomes of an answer after it was taught: recorded for a sleeping pupil, hidden in part, taught anew, reviewed;
and what a guardian agrees to."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Sign
from tests.browser.test_stories import A_VIDEO, draw
from tests.service import Program, Service, wait_until

ASKED = "“醉翁之意不在酒”的“意”是什么意思？"
REFUSED = """
    navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); };
"""


def test_a_recorded_answer_is_changed_edition_by_edition_and_looked_at(city: Service, someone: Sign) -> None:
    sleeper = Program("pupil5").sign_in(city.nodes[0])
    asked = sleeper.ask(city.nodes[0], ASKED, subject="chinese", grade=5)
    teacher = someone("teacher3", tablet=True).page

    # nobody was on duty: the teacher records it, and the pupil finds the video
    waiting = teacher.get_by_role("listitem").filter(has_text="醉翁之意")
    waiting.get_by_role("button", name="录讲解").click()
    expect(teacher.get_by_role("region", name="白板")).to_be_visible()
    assert question(sleeper, city, asked)["being_recorded"]
    teacher.wait_for_timeout(1_500)  # the voice of a second and a half
    draw(teacher)
    teacher.get_by_role("button", name="结束讲解").click()
    teacher.get_by_role("dialog").get_by_role("button", name="结束讲解").click()

    wait_until(lambda: made_of(city, asked, 1), lambda: f"no video:\n{city.nodes[2].said()}")
    [first] = city.rows("SELECT * FROM answers WHERE question_id = %s", asked["id"])
    before = replay(sleeper, city, first)
    awake = someone("pupil5").page  # the pupil wakes up, and it is there
    expect(awake.get_by_text("醉翁之意").first).to_be_visible()
    expect(awake.locator("video").first).to_be_visible()
    awake.close()
    expect(teacher.get_by_text("已入库").first).to_be_visible(timeout=A_VIDEO)

    # what she would cut is found in the replay: its beginning, which she keeps after all, and a pause
    teacher.get_by_role("button", name="剪辑").first.click()
    dialog = teacher.get_by_role("dialog")
    position, cuts = dialog.get_by_label("播放位置"), dialog.get_by_role("list", name="要剪掉的")
    forward(position, 400)
    dialog.get_by_role("button", name=re.compile("^剪掉 .* 之前$")).click()
    cuts.get_by_role("button", name="不剪这段").click()
    expect(cuts).to_have_count(0)
    dialog.get_by_role("button", name=re.compile("^从 .* 起剪$")).click()
    forward(position, 900)
    dialog.get_by_role("button", name=re.compile("^剪掉 .* – ")).click()
    expect(cuts.get_by_role("listitem")).to_have_count(1)
    teacher.route("**/edit", lambda route: route.abort())  # its film would only be made to be thrown away
    with teacher.expect_event("requestfailed", lambda request: request.url.endswith("/edit")) as sent:
        dialog.get_by_role("button", name="存成新版").click()
    teacher.unroute("**/edit")
    assert sent.value.post_data_json["cuts"] == [{"from_ms": 400, "to_ms": 900}]
    dialog.get_by_role("button", name="取消").click()

    # where she wrote is hidden: from the pupil's replay the ink is gone
    teacher.get_by_role("button", name="遮住", exact=True).first.click()
    expect(dialog.get_by_role("region", name="板书回放")).to_be_visible()
    dialog.get_by_text("用数字框选").click()
    for edge, value in (("左", 0), ("上", 0), ("右", 100), ("下", 100)):
        dialog.get_by_label(edge).fill(str(value))
    dialog.get_by_role("button", name="加上这块").click()
    dialog.get_by_role("button", name="遮好，存成新版").click()
    wait_until(lambda: made_of(city, asked, 2), lambda: f"no second edition:\n{city.nodes[2].said()}")
    masked = replay(sleeper, city, first)
    assert "stroke" in kinds(before) and "stroke" not in kinds(masked)

    # she takes all of it back, then teaches it anew from a moment on
    expect(teacher.get_by_role("button", name="恢复全部").first).to_be_visible(timeout=A_VIDEO)
    teacher.get_by_role("button", name="恢复全部").first.click()
    wait_until(lambda: made_of(city, asked, 3), lambda: f"no third edition:\n{city.nodes[2].said()}")
    expect(teacher.get_by_role("button", name="从这里重讲").first).to_be_visible(timeout=A_VIDEO)
    teacher.get_by_role("button", name="从这里重讲").first.click()
    expect(dialog.get_by_role("region", name="板书回放")).to_be_visible()
    forward(dialog.get_by_label("播放位置"))
    dialog.get_by_role("button", name=re.compile(r"从 \d:\d\d 重讲")).click()
    expect(teacher.get_by_role("region", name="白板")).to_be_visible()
    draw(teacher)
    teacher.get_by_role("button", name="用这一版").click()
    teacher.get_by_role("dialog").get_by_role("button", name="用这一版").click()
    wait_until(lambda: made_of(city, asked, 4), lambda: f"no fourth edition:\n{city.nodes[2].said()}")
    expect(teacher.get_by_role("button", name="版本").first).to_be_visible(timeout=A_VIDEO)
    teacher.get_by_role("button", name="版本").first.click()
    expect(teacher.get_by_role("dialog")).to_contain_text("第 4 版 · 重讲")
    teacher.get_by_role("dialog").get_by_role("button", name="收起").click()

    # what she explained besides becomes an answer of its own, to a problem of its own
    teacher.get_by_role("button", name="分成两段").first.click()
    expect(dialog.get_by_role("region", name="板书回放")).to_be_visible()
    forward(dialog.get_by_label("播放位置"))
    dialog.get_by_label("后一段讲的是哪道题").fill("“山水之乐”的“乐”怎么读？")
    dialog.get_by_role("button", name=re.compile(r"在 \d:\d\d 分开")).click()
    wait_until(lambda: made_of(city, asked, 1), lambda: f"no second answer:\n{city.nodes[2].said()}")
    wait_until(lambda: made_of(city, asked, 5), lambda: f"the first does not end there:\n{city.nodes[2].said()}")
    assert "山水之乐" in question(sleeper, city, asked)["more_answers"][0]["problem_text"]

    # in a city that reviews, somebody looks at it and sends it back with a word
    city.rows("UPDATE answers SET review = 'waiting' WHERE id = %s", first.id)
    reviewer = someone("reviewer1", at="/review").page
    card = reviewer.get_by_role("region", name=re.compile("醉翁之意"))
    card.get_by_role("button", name="看这段").click()
    expect(card.locator("video")).to_be_visible()
    card.get_by_role("button", name="退回修改").click()
    card.get_by_label("给老师的话").fill("字再写大一点")
    card.get_by_role("button", name="退回修改").click()
    expect(reviewer.get_by_text("已退回")).to_be_visible()
    teacher.reload()
    expect(teacher.get_by_text("审核退回：字再写大一点").first).to_be_visible()
    reads = city.count("SELECT count(*) FROM child_reads WHERE thing_id = %s AND why = 'review'", first.id)
    assert reads >= 1 and city.count("SELECT count(*) FROM answers WHERE question_id = %s", asked["id"]) == 2


def test_a_lesson_is_recorded_by_ink_alone_where_the_microphone_is_refused(city: Service, someone: Sign) -> None:
    teacher = someone("teacher9", tablet=True).page
    teacher.add_init_script(REFUSED)
    teacher.reload()

    teacher.get_by_text("录一节微课").click()
    teacher.get_by_label("标题").fill("等高线怎么看")
    teacher.get_by_label("知识点").fill("等高线")
    teacher.get_by_label("年级").select_option("9")
    teacher.get_by_role("button", name="开始录").click()
    expect(teacher.get_by_text(re.compile("用不了麦克风"))).to_be_visible()
    draw(teacher)
    teacher.get_by_role("button", name="录好了").click()
    teacher.get_by_role("dialog").get_by_role("button", name="录好了").click()

    made = "SELECT count(*) FROM answers WHERE title = '等高线怎么看' AND state = 'published'"
    wait_until(lambda: city.count(made) == 1, lambda: f"no video:\n{city.nodes[2].said()}")
    expect(teacher.get_by_role("heading", name="我的微课")).to_be_visible()

    # a pupil of that stage finds it, and watches it with no question behind it
    pupil = someone("pupil9").page
    pupil.get_by_role("link", name=re.compile("微课")).click()
    pupil.get_by_role("link", name=re.compile("等高线怎么看")).click()
    expect(pupil.locator("video")).to_be_visible()
    pupil.get_by_role("button", name=re.compile("省流量")).click()
    expect(pupil.get_by_role("region", name="板书回放")).to_be_visible()


def test_a_school_notes_what_a_guardian_agrees_to_and_takes_it_back(city: Service, someone: Sign) -> None:
    school = someone("school1", at="/school").page
    school.get_by_label("按姓名或账号找").fill("pupil7")
    group = school.get_by_role("group", name="演示学生7")
    expect(school.get_by_role("group")).to_have_count(1)

    group.get_by_label("录下声音").click()
    expect(group.get_by_label("录下声音")).to_be_checked()
    expect(school.get_by_text(re.compile("登记")).first).to_be_visible()
    group.get_by_label("录下声音").click()
    school.get_by_role("dialog").get_by_role("button", name="撤回同意").click()
    expect(group.get_by_label("录下声音")).not_to_be_checked()

    said = city.rows("""SELECT c.given FROM consents c JOIN accounts a ON a.id = c.child_id
                        WHERE a.login = 'pupil7' AND purpose = 'recording' ORDER BY c.id""")
    assert [row.given for row in said] == [True, False]


def test_a_guardian_decides_and_no_school_agrees_instead(city: Service, someone: Sign) -> None:
    guardian, school = someone("guardian1", at="/guardian").page, someone("school1", at="/school").page
    group = guardian.get_by_role("group", name="演示学生7")

    group.get_by_label("给别的同学看").click()
    expect(group.get_by_label("给别的同学看")).to_be_checked()
    group.get_by_label("给别的同学看").click()
    guardian.get_by_role("dialog").get_by_role("button", name="撤回同意").click()
    expect(group.get_by_label("给别的同学看")).not_to_be_checked()

    school.get_by_label("按姓名或账号找").fill("pupil7")
    expect(school.get_by_role("group")).to_have_count(1)
    school.get_by_role("group").get_by_label("给别的同学看").click()
    expect(school.get_by_text("学校不能替家长同意")).to_be_visible()
    said = city.rows("""SELECT c.given, c.source FROM consents c JOIN accounts a ON a.id = c.child_id
                        WHERE a.login = 'pupil7' AND purpose = 'public_video' ORDER BY c.id""")
    assert [tuple(row) for row in said] == [(True, "guardian"), (False, "guardian")]


def question(who: Program, city: Service, asked: Any) -> Any:
    return who.call(city.nodes[0], "GET", f"/api/questions/{asked['id']}")


def made_of(city: Service, asked: Any, number: int) -> bool:
    query = "SELECT count(*) FROM answers WHERE question_id = %s AND state = 'published' AND rendered_edition = %s"
    return city.count(query, asked["id"], number) == 1


def replay(who: Program, city: Service, answer: Any) -> Any:
    return who.call(city.nodes[0], "GET", f"/api/answers/{answer.id}/replay")


def kinds(replay: Any) -> set[str]:
    return {line["kind"] for line in replay["log"]}


def forward(slider: Any, ms: int = 1_500) -> None:
    """As somebody drags it, so far from the beginning."""
    slider.evaluate(
        """(input, ms) => { input.value = String(Number(input.min) + ms);
                            input.dispatchEvent(new Event("input", { bubbles: true })); }""",
        ms,
    )
