"""Live voice on difficult networks and without a microphone."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Sign
from tests.browser.test_stories import A_VIDEO, accept, ask_in_words, draw, go_off_duty, go_on_duty

# As between two networks that know no way to each other: only relays may be used, and there is none.
NO_PATH = """
    const Direct = RTCPeerConnection;
    window.RTCPeerConnection = class extends Direct {
        constructor(given) { super({ ...given, iceTransportPolicy: "relay" }); }
    };
    const Plain = Audio;
    window.loudspeakers = [];
    window.Audio = class extends Plain {
        constructor(...given) { super(...given); window.loudspeakers.push(this); }
    };
"""

UNPLUG = """() => {
    const track = window.microphones.pop().getAudioTracks()[0];
    track.stop();
    track.dispatchEvent(new Event("ended"));
}"""
REMEMBER = """
    window.microphones = [];
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await open(wanted);
        window.microphones.push(stream);
        return stream;
    };
"""


def test_without_a_path_the_voice_goes_over_the_socket_and_says_so(someone: Sign) -> None:
    pupil, teacher = someone("pupil5"), someone("teacher1", tablet=True, node=1)
    for each in (pupil, teacher):
        each.context.add_init_script(NO_PATH)
        each.page.reload()
    go_on_duty(teacher.page)
    ask_in_words(pupil.page, "没有直连的课：7 乘 6 等于几？", "数学", "五年级")
    accept(teacher.page, "没有直连的课")
    pupil.page.get_by_role("button", name="进入同屏").click()

    for each in (pupil, teacher):
        expect(each.page.get_by_text("正走备用线路")).to_be_visible()
    heard = "() => window.loudspeakers.some((speaker) => speaker.src.startsWith('blob:') && speaker.currentTime > 1)"
    pupil.page.wait_for_function(heard)
    pupil.page.get_by_role("button", name="我要说话").click()
    teacher.page.wait_for_function(heard)
    pupil.page.get_by_role("button", name="关话筒").click()

    teacher.page.get_by_role("button", name="转给别人").click()
    teacher.page.get_by_role("dialog").get_by_role("button", name="转给别人").click()
    go_off_duty(teacher.page)
    pupil.page.get_by_role("button", name="返回").first.click()
    pupil.page.get_by_role("button", name="撤回问题").click()
    pupil.page.get_by_role("button", name="确定").click()


def test_a_microphone_that_is_unplugged_costs_the_voice_and_not_the_lesson(someone: Sign) -> None:
    pupil, teacher = someone("pupil6"), someone("teacher1", tablet=True)
    teacher.context.add_init_script(REMEMBER)
    teacher.page.reload()
    go_on_duty(teacher.page)
    ask_in_words(pupil.page, "拔掉话筒的课：8 乘 6 等于几？", "数学", "六年级")
    accept(teacher.page, "拔掉话筒的课")
    expect(teacher.page.get_by_role("button", name=re.compile("正在录音"))).to_be_visible()
    draw(teacher.page)

    teacher.page.evaluate(UNPLUG)
    expect(teacher.page.get_by_text("麦克风断开了")).to_be_visible()
    draw(teacher.page)
    teacher.page.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    expect(teacher.page.get_by_text("麦克风断开了")).to_have_count(0)
    teacher.page.get_by_role("button", name="结束讲解").click()
    teacher.page.get_by_role("dialog").get_by_role("button", name="结束讲解").click()

    # the replay is there before the video, and the video has both
    expect(pupil.page.get_by_role("region", name="板书回放").or_(pupil.page.locator("video")).first).to_be_visible()
    expect(pupil.page.locator("video")).to_be_visible(timeout=A_VIDEO)
    pupil.page.get_by_role("button", name=re.compile("省流量")).click()
    pupil.page.get_by_role("button", name="播放").last.click()
    pupil.page.wait_for_function("() => document.querySelector('.replay audio').currentTime > 0.5")
    pupil.page.get_by_label("播放速度").select_option("2")
    assert pupil.page.evaluate("document.querySelector('.replay audio').playbackRate") == 2
    go_off_duty(teacher.page)
    pupil.page.get_by_role("button", name="解决了").click()
