"""A pupil with a raised hand is asked to speak, says yes on the phone, and is heard by the room, until it is over."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from server.domain.consent import WORDING
from tests.browser.conftest import Sign, Someone
from tests.browser.test_lecture_sound import SPEAKERS, hears
from tests.browser.test_lectures import soon
from tests.service import Service, wait_until

AGREES = """INSERT INTO consents (child_id, purpose, given, wording, source)
            SELECT id, purpose, true, %s, 'school' FROM accounts, unnest(%s::text[]) purpose WHERE login = 'pupil8'"""
# Of a page with two loudspeakers, the lecturer's and the pupils': the second goes on, and says something.
VOICE = """(name) => {
    const voice = window.loudspeakers[window.voiceAt];
    if (voice.muted || voice.paused || voice.readyState < 3) return false;
    window[name] ??= voice.currentTime;
    return voice.currentTime > window[name] + 0.5;
}"""
STILL = "() => window.loudspeakers[window.voiceAt].muted"


def raises_a_hand(pupil: Page, lecturer: Page) -> None:
    pupil.get_by_role("button", name="举手").click()
    expect(pupil.get_by_role("button", name="把手放下")).to_be_visible()
    line = lecturer.get_by_role("region", name="举手")
    if line.count() == 0:
        lecturer.get_by_role("button", name="举手").click()
    line.get_by_role("button", name="请用语音说").click()


def test_a_pupil_speaks_with_everybody_s_word_and_is_cut_off_at_once(someone: Sign, city: Service) -> None:
    lecture = soon(city, "pupil8", "pupil9")
    office = someone("school1", tablet=True, at="/school").page
    office.get_by_role("button", name="名师直播").click()
    allowed = office.get_by_role("region", name="直播课里用语音发言").get_by_role("checkbox")
    expect(allowed).not_to_be_checked()  # nobody speaks where nothing was said
    allowed.click()  # it is on when the school has written it down
    wait_until(lambda: city.count("SELECT count(*) FROM schools WHERE lecture_voice") == 1, lambda: "not set")
    city.rows(AGREES, WORDING, ["lecture", "recording", "public_video"])
    lecturer, speaker, listener = (
        someone("lecturer2", tablet=True, at="/lectures"),
        someone("pupil8"),
        someone("pupil9", node=1),
    )
    for each, at in ((lecturer, 0), (speaker, 1), (listener, 1)):
        each.context.add_init_script(SPEAKERS + f"window.voiceAt = {at};")
        each.page.goto(f"/lectures#room={lecture}")
        each.page.reload()
    lecturer.page.get_by_role("button", name="开始直播").click()
    hears(listener.page, "lecturer")
    raises_a_hand(speaker.page, lecturer.page)
    asked = speaker.page.get_by_role("region", name="老师请你用语音说")
    expect(asked).to_contain_text("课堂里的人都能听到")
    expect(asked).to_contain_text("回放和视频里会有你的声音")
    expect(lecturer.page.get_by_text(re.compile("正在等.*答应"))).to_be_visible()
    asked.get_by_role("button", name="开始说").click()

    speaking = speaker.page.get_by_role("region", name="你正在说话，大家都能听到")
    expect(speaking.get_by_text(re.compile(r"还可以说 1:\d\d"))).to_be_visible()
    for page in (listener.page, lecturer.page):
        page.wait_for_function(VOICE, arg="first")
    expect(listener.page.get_by_text("一位同学正在说话")).to_be_visible()
    hears(listener.page, "both")
    goes_on_after_a_lost_network(speaker, listener)
    kept = "SELECT count(*) FROM lecture_voice_segments WHERE lecture_id = %s"
    wait_until(lambda: city.count(kept, lecture) > 0, lambda: "nothing is kept")
    speaking.get_by_role("button", name="说完了").click()
    expect(speaking).to_have_count(0)
    for page in (listener.page, lecturer.page):
        page.wait_for_function(STILL)

    # once more, without the word that keeps a voice; and the lecturer cuts it off
    city.rows(AGREES.replace("true", "false"), WORDING, ["recording"])
    city.rows("UPDATE lecture_hands SET raised_at = raised_at - interval '1 minute'")
    raises_a_hand(speaker.page, lecturer.page)
    expect(asked).to_contain_text("回放和视频里没有你的声音")
    asked.get_by_role("button", name="开始说").click()
    listener.page.wait_for_function(VOICE, arg="second")
    expect(lecturer.page.get_by_role("button", name=re.compile("同学说话时你的话筒静音"))).to_be_disabled()
    lecturer.page.get_by_role("button", name="切断", exact=True).click()
    listener.page.wait_for_function(STILL)
    expect(speaker.page.get_by_text("你的发言结束了")).to_be_visible()
    expect(lecturer.page.get_by_role("button", name=re.compile("话筒开着"))).to_be_visible()
    ends = city.rows("SELECT ended_why, kept FROM lecture_floors WHERE lecture_id = %s ORDER BY number", lecture)
    assert [(each.ended_why, each.kept) for each in ends] == [("done", True), ("cut", False)]
    voices = city.count("SELECT count(*) FROM lecture_voices WHERE lecture_id = %s AND floor = 1", lecture)
    assert voices == 1  # it went on at its byte
    lecturer.page.get_by_role("button", name="下课").click()
    lecturer.page.get_by_role("dialog").get_by_role("button", name="下课").click()

    listener.page.get_by_role("link", name="看回放").click()
    replay = listener.page.get_by_role("region", name="回放：现场课")
    [voice] = city.rows("SELECT start_ms FROM lecture_voices WHERE lecture_id = %s AND floor = 1", lecture)
    replay.get_by_role("slider").fill(str(voice.start_ms // 100 * 100 + 500))
    listener.page.evaluate("() => void (window.voiceAt = window.loudspeakers.length - 1)")
    replay.get_by_role("button", name="播放").last.click()
    listener.page.wait_for_function(VOICE, arg="replay")
    at = listener.page.evaluate("() => window.loudspeakers.slice(-2).map((each) => each.currentTime)")
    assert abs(at[0] - at[1]) < 0.3  # in step with the lecturer


def goes_on_after_a_lost_network(speaker: Someone, listener: Someone) -> None:
    speaker.context.set_offline(True)
    listener.page.wait_for_function("() => window.loudspeakers[window.voiceAt].readyState < 3")  # it has run dry
    speaker.context.set_offline(False)
    listener.page.wait_for_function(VOICE, arg="back")
