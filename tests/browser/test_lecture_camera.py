"""A lecturer shows herself: to who wants to see her, in step with her voice, until she or her camera says no."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Sign
from tests.browser.test_lecture_sound import SPEAKERS, hears
from tests.browser.test_lectures import soon
from tests.service import Service, wait_until

# The pages' own tracks, to pull a plug.
DEVICES = """() => {
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => (window.opened = await open(wanted));
}"""
SEEN = ".picture-shown video"
# Half a second of picture went by since this was first asked, and it stands where the sound is.
SEES = """(name) => {
    const [seen] = document.querySelectorAll(".picture-shown video");
    const heard = window.loudspeakers.find((each) => !each.paused && each.readyState > 2);
    if (seen === undefined || heard === undefined || seen.videoWidth !== 320) return false;
    window[name] ??= seen.currentTime;
    return seen.currentTime > window[name] + 0.5 && Math.abs(seen.currentTime - heard.currentTime) < 0.25;
}"""


def sees(page: Page, what: str) -> None:
    page.wait_for_function(SEES, arg=what)


def test_a_lecturer_is_seen_by_who_wants_to_until_her_camera_is_gone(someone: Sign, city: Service) -> None:
    lecture = soon(city, "pupil8", "pupil9")
    lecturer, pupil, thrifty = (
        someone("lecturer2", tablet=True, at="/lectures"),
        someone("pupil8"),
        someone("pupil9", node=1),
    )
    lecturer.page.evaluate(DEVICES)
    for each in (pupil, thrifty):
        each.context.add_init_script(SPEAKERS)
    thrifty.context.add_init_script("localStorage.setItem('pictures', 'no');")  # as she left it
    lecturer.page.goto(f"/lectures#room={lecture}")
    checks = lecturer.page.get_by_role("region", name="开讲前检查")
    checks.get_by_role("button", name="检查摄像头").click()
    expect(checks.get_by_role("img", name="你自己的画面")).to_be_visible()
    expect(checks.get_by_label("开讲时就打开摄像头")).not_to_be_checked()  # off, unless she says so
    checks.get_by_label("开讲时就打开摄像头").check()
    for each in (pupil, thrifty):
        each.page.goto(f"/lectures#room={lecture}")

    lecturer.page.get_by_role("button", name="开始直播").click()
    own = lecturer.page.get_by_role("group", name=re.compile("你自己的画面"))
    expect(own).to_be_visible()
    sees(pupil.page, "first")
    expect(thrifty.page.get_by_text("正在只听声音和笔迹")).to_be_visible()
    hears(thrifty.page, "thrifty")
    assert thrifty.page.locator(SEEN).count() == 0
    thrifty.page.get_by_role("button", name="看老师画面").click()
    sees(thrifty.page, "late")
    shown = pupil.page.get_by_role("group", name=re.compile("老师的画面"))
    before = shown.bounding_box()
    shown.press("ArrowDown")
    moved = shown.bounding_box()
    assert before is not None and moved is not None and moved["y"] == before["y"] + 24
    pupil.page.get_by_role("button", name="只听声音和笔迹").click()
    expect(shown).to_have_count(0)
    hears(pupil.page, "heard")
    pupil.page.get_by_role("button", name="看老师画面").click()
    sees(pupil.page, "again")

    # the plug is pulled
    lecturer.page.evaluate("() => window.opened.getTracks()[0].dispatchEvent(new Event('ended'))")
    expect(lecturer.page.get_by_text("摄像头断开了")).to_be_visible()
    expect(own).to_have_count(0)
    for each in (pupil, thrifty):
        expect(each.page.locator(SEEN)).to_have_count(0)
        hears(each.page, "without")
    lecturer.page.get_by_role("button", name="打开摄像头").click()
    for each in (pupil, thrifty):
        sees(each.page, "back")
    takes = city.rows("SELECT number, picture FROM lecture_takes WHERE lecture_id = %s", lecture)
    assert [(take.number, take.picture) for take in takes] == [(1, True)]
    kept = "SELECT count(DISTINCT number) FROM lecture_pictures WHERE lecture_id = %s"
    wait_until(lambda: city.count(kept, lecture) > 1, lambda: "no picture is kept")
    lecturer.page.get_by_role("button", name="摄像头开着").click()
    expect(pupil.page.locator(SEEN)).to_have_count(0)
    lecturer.page.get_by_role("button", name="下课").click()
    lecturer.page.get_by_role("dialog").get_by_role("button", name="下课").click()

    pupil.page.get_by_role("link", name="看回放").click()
    replay = pupil.page.get_by_role("region", name="回放：现场课")
    replay.get_by_role("button", name="播放").last.click()
    sees(pupil.page, "replay")
    replay.get_by_role("button", name="只听声音和笔迹").click()
    expect(pupil.page.locator(SEEN)).to_have_count(0)
    expect(replay.get_by_role("button", name="看老师画面")).to_be_visible()
