"""Live voice on difficult networks and without a microphone."""

from __future__ import annotations

import re
from uuid import UUID

from playwright.sync_api import expect

from tests.browser.conftest import Sign
from tests.browser.test_stories import A_VIDEO, accept, ask_in_words, draw, go_off_duty, go_on_duty
from tests.service import Service, wait_until

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
        window.wanted = wanted;
        window.microphones.push(stream);
        return stream;
    };
"""
LOUD = """() => {
    const level = /scaleX\\((.+)\\)/.exec(document.querySelector(".meter-bar")?.style.transform);
    return level !== null && Number(level[1]) > 0.1;
}"""
SILENT = "() => window.microphones.every((each) => each.getAudioTracks()[0].readyState === 'ended')"


def test_without_a_path_the_voice_goes_over_the_socket_and_says_so(someone: Sign) -> None:
    pupil, teacher = someone("pupil5"), someone("teacher1", tablet=True, node=1)
    for each in (pupil, teacher):
        each.context.add_init_script(NO_PATH + REMEMBER)
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

    # each sees how loud they are, without the other's echo, and is silent at a tap
    for each in (pupil, teacher):
        each.page.wait_for_function(LOUD)
        assert each.page.evaluate("window.wanted.audio.echoCancellation") is True
    pupil.page.get_by_role("button", name="关话筒").click()
    teacher.page.get_by_role("button", name=re.compile("正在录音")).click()
    expect(teacher.page.get_by_role("button", name=re.compile("没有录音"))).to_be_visible()
    for each in (pupil, teacher):
        each.page.wait_for_function(SILENT)
        expect(each.page.locator(".meter-bar")).to_have_count(0)

    teacher.page.get_by_role("button", name="转给别人").click()
    teacher.page.get_by_role("dialog").get_by_role("button", name="转给别人").click()
    go_off_duty(teacher.page)
    pupil.page.get_by_role("button", name="返回").first.click()
    pupil.page.get_by_role("button", name="撤回问题").click()
    pupil.page.get_by_role("button", name="确定").click()


TELL = "(what) => window.microphones.at(-1).getAudioTracks()[0].dispatchEvent(new Event(what))"
LINE = """
    const Plain = Audio;
    window.loudspeakers = [];
    window.Audio = class extends Plain {
        constructor(...given) { super(...given); window.loudspeakers.push(this); }
    };
"""
HEARD = """() => window.loudspeakers.some(
    (speaker) => (speaker.srcObject?.active || speaker.src.startsWith("blob:")) && speaker.currentTime > 0.5
)"""  # on either line: a busy machine may need longer than the direct one is given


def test_a_call_that_comes_in_and_a_reload_of_either_side_end_nothing(city: Service, someone: Sign) -> None:
    pupil, teacher = someone("pupil5"), someone("teacher1", tablet=True)
    pupil.context.add_init_script(LINE)
    teacher.context.add_init_script(REMEMBER)
    for each in (pupil, teacher):
        each.page.reload()
    go_on_duty(teacher.page)
    breath = teacher.page.get_by_label("两题之间")
    usual = breath.input_value()
    breath.select_option("300")
    ask_in_words(pupil.page, "有电话打来的课：9 乘 6 等于几？", "数学", "五年级")
    accept(teacher.page, "有电话打来的课")
    pupil.page.get_by_role("button", name="进入同屏").click()
    pupil.page.wait_for_function(HEARD)
    recording = teacher.page.get_by_role("button", name=re.compile("正在录音"))
    expect(recording).to_be_visible()

    # the system takes the microphone for a call, and gives it back
    teacher.page.evaluate(TELL, "mute")
    expect(teacher.page.get_by_text("被别的程序或电话占用")).to_be_visible()
    draw(teacher.page)
    teacher.page.evaluate(TELL, "unmute")
    expect(teacher.page.get_by_text("被别的程序或电话占用")).to_have_count(0)
    expect(recording).to_be_visible()

    # whoever loads the page anew is heard, and hears, on a line made anew; her tablet says that it is tomorrow
    teacher.context.add_init_script("const today = Date.now; Date.now = () => today() + 86_400_000;")
    for each in (pupil, teacher):
        each.page.reload()
        expect(pupil.page.get_by_role("region", name="白板")).to_be_visible()
        pupil.page.wait_for_function(HEARD)
    expect(recording).to_be_visible()
    draw(teacher.page)
    pupil.page.get_by_role("button", name="这里没听懂").click()
    expect(teacher.page.get_by_text("同学刚才没听懂这里")).to_be_visible()
    of = "SELECT l.id FROM live_sessions l JOIN questions q ON q.id = l.question_id WHERE q.text = %s"
    [session] = city.rows(of, "有电话打来的课：9 乘 6 等于几？")
    wait_until(lambda: len(voices(city, session.id)) == 2, lambda: "the voice after the reload never began")
    teacher.page.wait_for_timeout(2_500)  # of speaking
    teacher.page.get_by_role("button", name="结束讲解").click()
    dialog = teacher.page.get_by_role("dialog")
    about = dialog.get_by_role("group", name="这道题讲的是")
    for likely in about.get_by_role("button", pressed=True).all():
        likely.click()
    about.get_by_role("searchbox").fill("乘法")
    point = about.locator(".quiet").first
    name = point.evaluate("(button) => button.firstChild.textContent")
    point.click()
    expect(about.get_by_role("button", name=name, pressed=True)).to_be_visible()
    dialog.get_by_role("button", name="结束讲解").click()

    # she rests as long as she chose, or until she is ready; the point that she tapped is the answer's
    expect(teacher.page.get_by_text(re.compile("^歇一会儿"))).to_be_visible()
    teacher.page.get_by_role("button", name="现在就接下一题").click()
    expect(teacher.page.get_by_text("没有等你的题")).to_be_visible()
    breath.select_option(usual)
    [answer] = city.rows("SELECT knowledge_points FROM answers WHERE session_id = %s", session.id)
    assert answer.knowledge_points == [name]
    kept = "SELECT count(*) FROM media WHERE session_id = %s AND state = 'ready'"
    wait_until(lambda: city.count(kept, session.id) == 2, lambda: f"not both are kept: {voices(city, session.id)}")
    first, second = city.rows("SELECT start_ms FROM media WHERE session_id = %s ORDER BY start_ms", session.id)
    assert 0 <= first.start_ms < second.start_ms < 600_000
    drawn = "SELECT count(*) FROM board_operations WHERE session_id = %s AND kind = %s"
    assert (city.count(drawn, session.id, "stroke"), city.count(drawn, session.id, "lost")) == (2, 1)
    go_off_duty(teacher.page)


def voices(city: Service, session: UUID) -> list[str]:
    return [row.state for row in city.rows("SELECT state FROM media WHERE session_id = %s", session)]


def test_a_microphone_that_is_unplugged_costs_the_voice_and_not_the_lesson(someone: Sign) -> None:
    pupil, teacher = someone("pupil6"), someone("teacher1", tablet=True)
    teacher.context.add_init_script(REMEMBER)
    teacher.page.reload()
    go_on_duty(teacher.page)
    ask_in_words(pupil.page, "拔掉话筒的课：8 乘 6 等于几？", "数学", "六年级")
    accept(teacher.page, "拔掉话筒的课")
    recording = teacher.page.get_by_role("button", name=re.compile("正在录音"))
    expect(recording).to_be_visible()
    draw(teacher.page)
    pupil.page.get_by_role("button", name="进入同屏").click()
    pupil.page.get_by_role("button", name="这里没听懂").click()
    expect(teacher.page.get_by_text("同学刚才没听懂这里")).to_be_visible()

    teacher.page.evaluate(UNPLUG)
    expect(teacher.page.get_by_text("麦克风断开了")).to_be_visible()
    draw(teacher.page)
    teacher.page.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    expect(teacher.page.get_by_text("麦克风断开了")).to_have_count(0)

    # while she pauses, nothing is recorded; then she goes on, on another page
    expect(recording).to_be_visible()
    teacher.page.get_by_role("button", name="暂停一下").click()
    expect(teacher.page.get_by_text("已暂停：不录音")).to_be_visible()
    expect(teacher.page.get_by_role("button", name=re.compile("没有录音"))).to_be_visible()
    teacher.page.wait_for_function(SILENT)
    expect(pupil.page.get_by_text("老师暂停一下")).to_be_visible()
    teacher.page.get_by_role("button", name="继续讲").click()
    expect(recording).to_be_visible()
    teacher.page.get_by_role("button", name="全部页").click()
    teacher.page.get_by_role("button", name="横线纸").click()
    expect(pupil.page.get_by_text("第 2 / 2 页")).to_be_visible()
    draw(teacher.page)
    teacher.page.get_by_role("button", name="结束讲解").click()
    teacher.page.get_by_role("dialog").get_by_role("button", name="结束讲解").click()
    pupil.page.get_by_role("button", name="返回").click()

    # the replay is there before the video, and the video has both
    expect(pupil.page.get_by_role("region", name="板书回放").or_(pupil.page.locator("video")).first).to_be_visible()
    expect(pupil.page.locator("video")).to_be_visible(timeout=A_VIDEO)
    pupil.page.get_by_role("button", name=re.compile("省流量")).click()
    pupil.page.get_by_role("button", name="播放").last.click()
    pupil.page.wait_for_function("() => document.querySelector('.replay audio').currentTime > 0.5")
    for speed in ("2", "0.5"):
        pupil.page.get_by_label("播放速度").select_option(speed)
        pupil.page.wait_for_function(f"() => document.querySelector('.replay audio').playbackRate === {speed}")
    parts = pupil.page.get_by_role("group", name="分段")
    for button, page in ((re.compile("第 2 页"), 2), (re.compile("没听懂"), 1)):
        parts.get_by_role("button", name=button).click()
        here = parts.get_by_role("button", name=re.compile(f"第 {page} 页"))
        expect(here).to_have_attribute("aria-current", "true")
    pupil.page.get_by_role("button", name="5 颗星").click()
    expect(pupil.page.get_by_text("谢谢！")).to_be_visible()
    go_off_duty(teacher.page)
    pupil.page.get_by_role("button", name="解决了").click()
