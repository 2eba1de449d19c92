"""A lecturer is heard: by who is there, who comes late, after her browser was lost, and again when it is over."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Sign, Someone
from tests.browser.test_lectures import soon
from tests.service import Service, wait_until

SPEAKERS = """
    const Plain = Audio;
    window.loudspeakers = [];
    window.Audio = class extends Plain {
        constructor(...given) { super(...given); window.loudspeakers.push(this); }
    };
"""
# Half a second of sound went by since this was first asked.
HEARS = """(name) => {
    const heard = window.loudspeakers.filter((each) => !each.paused && each.readyState > 2);
    const now = heard.map((each) => each.currentTime);
    window[name] ??= now.length > 0 ? now : undefined;
    return window[name] !== undefined && now.some((each, n) => each > window[name][n] + 0.5);
}"""


def hears(page: Page, what: str) -> None:
    page.wait_for_function(HEARS, arg=what)


def draw(page: Page, y: int) -> None:
    box = page.get_by_role("application").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 200, box["y"] + y)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + y + 60, steps=8)
    page.mouse.up()


def steps_back(pupil: Someone) -> None:
    """From the beginning, through a lost network, and live again; the room stays live meanwhile."""
    page = pupil.page
    live = page.get_by_role("region", name="直播时间轴")
    live.get_by_role("button", name="从头看").click()
    expect(page.get_by_text("聊天、提问、举手和投票还是直播里的")).to_be_visible()
    past = "() => { const [live, , tape] = window.loudspeakers; return live.muted && tape?.currentTime > 1.5; }"
    page.wait_for_function(past)  # the second one is for pupils who speak
    expect(live.get_by_text(re.compile(r"比直播晚 \d+:\d\d"))).to_be_visible()
    behind = page.get_by_role("slider", name="直播时间轴")
    assert int(behind.input_value()) < int(behind.get_attribute("max") or 0) - 10_000

    pupil.context.set_offline(True)
    expect(page.get_by_role("alert").or_(page.get_by_role("status")).first).to_be_visible()
    at = page.evaluate("() => window.loudspeakers[2].currentTime")
    pupil.context.set_offline(False)
    page.wait_for_function("(at) => window.loudspeakers[2].currentTime > at + 1", arg=at)  # it goes on there
    page.get_by_role("tab", name="聊天").or_(page.get_by_role("button", name="聊天")).first.click()
    page.get_by_label("说一句…").fill("我在回看")
    page.get_by_role("button", name="发送").first.click()
    expect(page.get_by_text("我在回看")).to_be_visible()

    live.get_by_role("button", name="回到直播").click()
    expect(live.get_by_text("正在看直播")).to_be_visible()
    page.wait_for_function("() => !window.loudspeakers[0].muted")
    hears(page, "live again")


def test_a_lecturer_is_heard_and_seen_in_step_and_comes_back(someone: Sign, city: Service) -> None:
    lecture = soon(city, "pupil8", "pupil9")
    lecturer, early, late = (
        someone("lecturer2", tablet=True, at="/lectures"),
        someone("pupil8"),
        someone("pupil9", node=1),
    )
    for pupil in (early, late):
        pupil.context.add_init_script(SPEAKERS)
    lecturer.page.goto(f"/lectures#room={lecture}")
    checks = lecturer.page.get_by_role("region", name="开讲前检查")
    checks.get_by_role("button", name="检查话筒").click()
    expect(checks.get_by_text("声音正常")).to_be_visible()
    expect(checks.get_by_text(re.compile(r"来回 \d+ 毫秒"))).to_be_visible()
    early.page.goto(f"/lectures#room={lecture}")
    expect(early.page.get_by_text("老师马上就来")).to_be_visible()

    lecturer.page.get_by_role("button", name="开始直播").click()
    expect(lecturer.page.get_by_role("button", name=re.compile("话筒开着"))).to_be_visible()
    hears(early.page, "first")
    late.page.goto(f"/lectures#room={lecture}")
    hears(late.page, "late")
    draw(lecturer.page, 160)
    desk = lecturer.page.locator("section.desk")
    expect(desk).to_have_attribute("data-seq", "2")
    for pupil in (early, late):
        expect(pupil.page.locator("section.desk")).to_have_attribute("data-seq", "2")
        expect(pupil.page.locator("section.desk")).to_have_attribute(
            "data-digest", desk.get_attribute("data-digest") or "-"
        )

    lecturer.context.set_offline(True)
    expect(early.page.get_by_text("声音断了")).to_be_visible()
    lecturer.context.set_offline(False)  # she goes on in the same take, from the byte where it was cut
    hears(late.page, "back")
    assert city.count("SELECT count(*) FROM lecture_takes WHERE lecture_id = %s", lecture) == 1

    lecturer.page.get_by_role("button", name=re.compile("话筒开着")).click()
    expect(early.page.get_by_text("老师静音了")).to_be_visible()
    lecturer.page.get_by_role("button", name=re.compile("话筒静音")).click()
    expect(early.page.get_by_text("老师静音了")).to_have_count(0)

    other = lecturer.context.new_page()  # a second tab speaks from now on, and the first one is silent
    other.goto(lecturer.page.url)
    expect(other.get_by_role("button", name=re.compile("话筒开着"))).to_be_visible()
    expect(lecturer.page.get_by_text("你在另一个页面上接着讲了")).to_be_visible()
    expect(lecturer.page.get_by_role("button", name=re.compile("话筒"))).to_have_count(0)
    hears(early.page, "other")
    other.close()
    silent = early.page.get_by_text(re.compile("声音断了|老师的话筒还没开"))  # as far as the page got to say goodbye
    expect(silent).to_be_visible()
    lecturer.page.reload()  # her browser is back
    hears(early.page, "again")
    hears(late.page, "again")
    expect(silent).to_have_count(0)
    takes = city.rows("SELECT number, ended_at FROM lecture_takes WHERE lecture_id = %s ORDER BY number", lecture)
    assert [(take.number, take.ended_at is None) for take in takes] == [(1, False), (2, False), (3, True)]
    kept = "SELECT count(*) FROM lecture_segments WHERE lecture_id = %s AND take = 3"
    wait_until(lambda: city.count(kept, lecture) > 0, lambda: "nothing is kept")
    steps_back(early)
    lecturer.page.get_by_role("button", name="下课").click()
    lecturer.page.get_by_role("dialog").get_by_role("button", name="下课").click()

    expect(early.page.get_by_text("谢谢你来听课")).to_be_visible()
    early.page.get_by_role("link", name="看回放").click()
    replay = early.page.get_by_role("region", name="回放：现场课")
    replay.get_by_role("button", name="播放").last.click()
    hears(early.page, "replay")
    replay.get_by_label("播放速度").select_option("2")
    early.page.wait_for_function("() => window.loudspeakers.at(-1).playbackRate === 2")
    [third] = city.rows("SELECT start_ms FROM lecture_takes WHERE lecture_id = %s AND number = 3", lecture)
    replay.get_by_role("slider").fill(str(third.start_ms // 100 * 100 + 500))
    early.page.wait_for_function("(s) => window.loudspeakers.at(-1).currentTime > s", arg=third.start_ms / 1000 + 1)
    early.page.get_by_role("link", name="返回").click()
    watched = "SELECT count(*) FROM lecture_watches WHERE lecture_id = %s AND spans @> %s::int"
    wait_until(lambda: city.count(watched, lecture, third.start_ms + 700) == 1, lambda: "what was watched is not told")
