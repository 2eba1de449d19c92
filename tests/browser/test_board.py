"""The shared board in two browsers: every tool arrives, both sides end identical, no trouble doubles ink."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from media.voices import SOUND_RATE, listened
from tests.browser.conftest import Sign, Someone
from tests.browser.test_stories import accept, ask_in_words, go_off_duty, go_on_duty
from tests.browser.test_voice import HEARD, LINE
from tests.service import Service, wait_until

Lesson = tuple[Someone, Someone]


QUESTIONS = (  # each of another kind, so that none is answered by another's video
    ("pupil1", "长方形的长是 8 厘米，宽是 3 厘米，周长是多少？"),
    ("pupil2", "一根绳子长 12 米，剪去四分之一，还剩多少米？"),
    ("pupil3", "甲乙两车从两地相对开出，3 小时后相遇，两地相距多少千米？"),
    ("pupil4", "把 24 块糖平均分给 6 个小朋友，每人几块？"),
)


@pytest.fixture
def lesson(someone: Sign, request: pytest.FixtureRequest) -> Iterator[Lesson]:
    """A teacher and a pupil with one board before them; the teacher is off duty afterwards."""
    login, question = QUESTIONS[request.param]
    pupil, teacher = someone(login), someone("teacher1", tablet=True, node=1)
    go_on_duty(teacher.page)
    ask_in_words(pupil.page, question, "数学", "五年级")
    accept(teacher.page, question[:6])
    pupil.page.get_by_role("button", name="进入同屏").click()
    expect(desk(pupil.page)).to_be_visible()
    yield teacher, pupil
    teacher.page.get_by_role("button", name="结束讲解").click()
    teacher.page.get_by_role("dialog").get_by_role("button", name="结束讲解").click()
    go_off_duty(teacher.page)


def desk(page: Page) -> Locator:
    return page.get_by_role("region", name="白板")


def drag(page: Page, *places: tuple[float, float], lift: bool = True) -> None:
    """Over the sheet, in parts of its width and height."""
    box = desk(page).locator(".sheet").bounding_box()
    assert box is not None
    for n, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y, steps=4)
        if n == 0:
            page.mouse.down()
    if lift:
        page.mouse.up()


SCALE = "() => new DOMMatrix(document.querySelector('.formulas').style.transform).a"  # pixels for a unit of the page
LEFT = "() => new DOMMatrix(document.querySelector('.formulas').style.transform).e"  # where the page begins, in pixels

PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"  # what came before


class Fingers:
    """On the glass of a phone, over the sheet; places are parts of its width and height."""

    def __init__(self, page: Page) -> None:
        box = desk(page).locator(".sheet").bounding_box()
        assert box is not None
        self._box = box
        self._page = page
        self._glass = page.context.new_cdp_session(page)
        self._s = time.time()

    def slide(self, begin: list[tuple[float, float]], end: list[tuple[float, float]]) -> None:
        """From here to there, all at once; the page shows it afterwards."""
        self._send("touchStart", begin)
        for step in range(1, 5):
            part = step / 4
            ways = zip(begin, end, strict=True)
            self._send("touchMove", [(x + (u - x) * part, y + (v - y) * part) for (x, y), (u, v) in ways])
        self._send("touchEnd", [])
        self._page.evaluate(PAINTED)

    def tap_twice(self, place: tuple[float, float]) -> None:
        for _ in range(2):
            self._send("touchStart", [place])
            self._send("touchEnd", [])

    def _send(self, kind: str, places: list[tuple[float, float]]) -> None:
        """Each 20 ms after the last by the glass's own clock, however busy the machine is."""
        self._s += 0.02
        box = self._box
        points = [
            {"id": n, "x": box["x"] + box["width"] * x, "y": box["y"] + box["height"] * y}
            for n, (x, y) in enumerate(places)
        ]
        self._glass.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points, "timestamp": self._s})


def choose(page: Page, letter: str) -> None:
    page.locator("body").press(letter)


LOG = """async () => {
    const seen = performance.getEntriesByType('resource').map((entry) => entry.name);
    const id = seen.filter((name) => name.includes('/api/sessions/')).pop().split('/api/sessions/')[1].split('/')[0];
    return (await (await fetch(`/api/sessions/${id}`)).json()).log;
}"""


def strokes(page: Page) -> dict[str, int]:
    """How often each stroke is in the server's log."""
    return dict(Counter(line["body"]["id"] for line in page.evaluate(LOG) if line["kind"] == "stroke"))


def agree(teacher: Page, pupil: Page, operations: int) -> None:
    """Both boards have come to so many operations (the first page and the question's text are two) with one hash."""
    for page in (teacher, pupil):
        expect(desk(page)).to_have_attribute("data-seq", str(operations))
    hashes = [desk(page).get_attribute("data-digest") for page in (teacher, pupil)]
    assert hashes[0] == hashes[1] and hashes[0]


@pytest.mark.parametrize("lesson", [0], indirect=True)
def test_every_tool_arrives_on_the_other_side_and_both_boards_end_identical(lesson: Lesson) -> None:
    teacher, pupil = (who.page for who in lesson)

    for row, letter in enumerate("phlarokz"):
        choose(teacher, letter)
        drag(teacher, (0.1, 0.15 + row * 0.05), (0.3, 0.2 + row * 0.05))
    choose(teacher, "g")
    for corner in ((0.5, 0.3), (0.6, 0.3), (0.6, 0.5), (0.5, 0.305)):
        drag(teacher, corner)
    for letter in "nx":
        choose(teacher, letter)
        drag(teacher, (0.55, 0.55), (0.9, 0.8))
    for letter in "cv":
        choose(teacher, letter)
        drag(teacher, (0.4, 0.5), (0.5, 0.5))
        drag(teacher, (0.5, 0.5), (0.45, 0.6), (0.4, 0.6))
    choose(teacher, "f")
    drag(teacher, (0.1, 0.7))
    teacher.get_by_label("用 LaTeX").fill(r"\frac{1}{2}ah")
    teacher.get_by_role("button", name="写上").click()
    choose(teacher, "p")
    drag(pupil, (0.2, 0.4), (0.7, 0.5))

    expect(pupil.locator(".formula .katex")).to_be_visible()
    agree(teacher, pupil, 17)
    teacher.get_by_role("button", name="撤销").click()
    expect(pupil.locator(".formula")).to_have_count(0)
    teacher.get_by_role("button", name="重做").click()
    expect(pupil.locator(".formula .katex")).to_be_visible()
    teacher.keyboard.press("Control+z")
    expect(pupil.locator(".formula")).to_have_count(0)
    teacher.keyboard.press("Control+Shift+z")
    expect(pupil.locator(".formula .katex")).to_be_visible()
    choose(teacher, "e")
    drag(teacher, (0.05, 0.16), (0.3, 0.5))
    agree(teacher, pupil, 26)


@pytest.mark.parametrize("lesson", [1], indirect=True)
def test_a_stroke_outlives_a_network_lost_in_its_middle_and_is_there_once(lesson: Lesson) -> None:
    teacher, pupil = (who.page for who in lesson)
    drag(pupil, (0.2, 0.4), (0.4, 0.45), lift=False)

    lesson[1].context.set_offline(True)
    expect(pupil.get_by_text("网络断了，正在重连")).to_be_visible()
    drag_on(pupil, (0.6, 0.5))
    pupil.mouse.up()
    drag(teacher, (0.3, 0.6), (0.6, 0.6))
    lesson[1].context.set_offline(False)

    expect(pupil.get_by_text("网络断了，正在重连")).to_have_count(0)
    agree(teacher, pupil, 4)
    assert list(strokes(teacher).values()) == [1, 1]
    lesson[1].console.clear()  # the browser itself reports what failed while there was no network

    # a phone that is locked hears what it missed when it is looked at again
    lock = lesson[1].context.new_cdp_session(pupil)
    lock.send("Page.setWebLifecycleState", {"state": "frozen"})
    drag(teacher, (0.3, 0.7), (0.6, 0.7))
    teacher.get_by_label("说一句…").fill("锁屏时写的")
    teacher.get_by_role("button", name="发送", exact=True).click()
    expect(desk(teacher)).to_have_attribute("data-seq", "6")
    lock.send("Page.setWebLifecycleState", {"state": "active"})
    agree(teacher, pupil, 6)

    # the other side sees who goes away; another device, and a reload, come to the same board and the same words
    pupil.goto("about:blank")
    expect(teacher.get_by_text("同学暂时不在线")).to_be_visible()
    device = lesson[1].context.new_page()
    device.goto("/student")
    device.get_by_role("button", name="进入同屏").click()
    expect(teacher.get_by_text("同学暂时不在线")).to_have_count(0)
    agree(teacher, device, 6)
    device.reload()
    agree(teacher, device, 6)
    device.get_by_role("button", name="对话").click()
    expect(device.get_by_text("锁屏时写的")).to_be_visible()


def drag_on(page: Page, place: tuple[float, float]) -> None:
    box = desk(page).locator(".sheet").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * place[0], box["y"] + box["height"] * place[1], steps=6)


LATE_MS = 500  # by which a busy machine may hear of a recording's beginning too late


@pytest.mark.parametrize("lesson", [2], indirect=True)
def test_the_teacher_puts_the_pupil_s_pen_away_and_leads_the_view_in_two_tabs(city: Service, lesson: Lesson) -> None:
    teacher, pupil = (who.page for who in lesson)

    teacher.get_by_role("button", name="收起同学的笔").click()
    expect(pupil.get_by_text("老师暂时收起了你的笔")).to_be_visible()
    expect(pupil.get_by_role("button", name="笔", exact=True)).to_be_disabled()
    drag(pupil, (0.2, 0.4), (0.7, 0.5))
    teacher.get_by_role("button", name="还给同学笔").click()
    expect(pupil.get_by_role("button", name="笔", exact=True)).to_be_enabled()
    assert strokes(teacher) == {}

    # a squared page: the pupil follows, leafs back alone, and returns by one tap
    teacher.get_by_role("button", name="全部页").click()
    teacher.get_by_role("button", name="方格纸").click()
    expect(pupil.get_by_text("第 2 / 2 页")).to_be_visible()
    pupil.get_by_role("button", name="上一页").click()
    expect(pupil.get_by_text("第 1 / 2 页")).to_be_visible()
    pupil.get_by_role("button", name="回到老师那里").click()
    expect(pupil.get_by_text("第 2 / 2 页")).to_be_visible()

    # pages in another order; she turns to one among all, and back by a key
    teacher.get_by_role("button", name="全部页").click()
    teacher.get_by_role("button", name="往前移 2").click()
    expect(pupil.get_by_text("第 1 / 2 页")).to_be_visible()
    teacher.get_by_role("button", name=re.compile("^第 2 页")).click()
    expect(pupil.get_by_text("第 2 / 2 页")).to_be_visible()
    teacher.keyboard.press("Escape")
    teacher.keyboard.press("PageUp")
    expect(pupil.get_by_text("第 1 / 2 页")).to_be_visible()

    # the pupil looks at what she enlarges, and at all of it again
    whole = pupil.evaluate(SCALE)
    teacher.get_by_role("application", name="白板").focus()
    for key in "++++++-":
        teacher.keyboard.press(key)
    pupil.wait_for_function(f"(whole) => ({SCALE})() > 1.2 * whole", arg=whole)
    teacher.keyboard.press("0")
    pupil.wait_for_function(f"(whole) => ({SCALE})() < 1.01 * whole", arg=whole)

    # fingers look closer, elsewhere, and at the whole page; then by one tap along with her again
    fingers = Fingers(pupil)
    fingers.slide([(0.4, 0.5), (0.6, 0.5)], [(0.2, 0.5), (0.8, 0.5)])
    pupil.wait_for_function(f"(whole) => ({SCALE})() > 2 * whole", arg=whole)
    choose(pupil, "m")
    before = pupil.evaluate(LEFT)
    fingers.slide([(0.5, 0.5)], [(0.7, 0.5)])
    pupil.wait_for_function(f"(before) => ({LEFT})() > before + 20", arg=before)
    fingers.tap_twice((0.5, 0.5))
    pupil.wait_for_function(f"(whole) => ({SCALE})() < 1.01 * whole", arg=whole)
    pupil.get_by_role("button", name="回到老师那里").click()
    expect(pupil.get_by_role("button", name="回到老师那里")).to_have_count(0)
    choose(pupil, "p")

    # two tabs of one teacher both draw
    tab = lesson[0].context.new_page()
    tab.add_init_script(LINE)
    tab.goto("/teacher")
    expect(desk(tab)).to_be_visible()
    drag(tab, (0.3, 0.5), (0.6, 0.5))
    drag(teacher, (0.3, 0.6), (0.6, 0.6))
    agree(teacher, pupil, 11)
    assert len(strokes(teacher)) == 2

    # one of them speaks: the new tab draws until it takes the voice, and the call, over; the film has it once
    recording = re.compile("正在录音")
    expect(teacher.get_by_role("button", name=recording)).to_be_visible()
    expect(tab.get_by_text("另一个标签页正在用麦克风")).to_be_visible()
    assert tab.evaluate("window.loudspeakers.length") == 0
    tab.get_by_role("button", name="改用这里的麦克风").click()
    expect(tab.get_by_role("button", name=recording)).to_be_visible()
    expect(teacher.get_by_text("另一个标签页正在用麦克风")).to_be_visible()
    pupil.get_by_role("button", name="我要说话").click()
    tab.wait_for_function(HEARD)
    tab.close()
    expect(teacher.get_by_role("button", name=recording)).to_be_visible()
    of = """SELECT m.* FROM media m JOIN live_sessions l ON l.id = m.session_id JOIN questions q ON q.id = l.question_id
            JOIN accounts a ON a.id = m.owner_id WHERE q.text = %s AND a.login = 'teacher1' ORDER BY m.start_ms"""
    wait_until(lambda: len(city.rows(of, QUESTIONS[2][1])) == 3, lambda: "the third recording never began")
    first, second, _ = city.rows(of, QUESTIONS[2][1])
    assert first.state == "ready"
    heard_ms = 1000 * len(listened(city.folder / "objects" / "objects" / first.key)) / SOUND_RATE
    assert first.start_ms + heard_ms < second.start_ms + LATE_MS


REFUSED = """navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));"""
HOSTILE = r"\href{javascript:alert(1)}{x}\includegraphics{https://a.example/b.png}\def\a{\a\a}\a"


@pytest.mark.parametrize("lesson", [3], indirect=True)
def test_keys_alone_a_clock_that_jumps_no_microphone_and_a_hostile_formula(lesson: Lesson) -> None:
    teacher, pupil = (who.page for who in lesson)
    teacher.add_init_script(REFUSED)
    teacher.reload()
    expect(teacher.get_by_text("用不了麦克风，只录板书")).to_be_visible()
    teacher.get_by_role("application", name="白板").focus()
    choose(teacher, "p")

    teacher.get_by_role("application", name="白板").focus()
    teacher.keyboard.press("Space")
    for key in ("ArrowRight",) * 5 + ("ArrowDown",) * 3:
        teacher.keyboard.press(key)
    teacher.keyboard.press("Space")
    pupil.evaluate("const now = Date.now; Date.now = () => now() - 86_400_000 * Math.round(Math.random())")
    drag(pupil, (0.2, 0.4), (0.7, 0.5))

    agree(teacher, pupil, 4)
    assert len(strokes(teacher)) == 2
    choose(teacher, "f")
    drag(teacher, (0.1, 0.7))
    teacher.get_by_label("用 LaTeX").fill(HOSTILE)
    teacher.get_by_role("button", name="写上").click()
    expect(pupil.locator(".formula")).to_contain_text("x")
    assert pupil.locator(".formula a, .formula img").count() == 0
