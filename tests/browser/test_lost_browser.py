"""A lesson whose browser, web process and worker are killed: one answer, all of its ink, nearly all of its voice."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import Any

import psutil
from playwright.sync_api import Browser, Page, Playwright, expect

from media.voices import SOUND_RATE, listened
from server.demo.people import PASSWORD
from tests.browser.conftest import FLAGS, TABLET, Sign, executable
from tests.browser.test_board import desk
from tests.browser.test_stories import accept, draw, go_off_duty, go_on_duty, say
from tests.service import Node, Program, Service, wait_until

LOST_S = 2.0  # seconds of voice that a crash may cost
SPOKEN = 4  # parts: some seconds of voice


def test_whatever_is_killed_during_a_lesson_there_is_one_answer_of_it(
    play: Playwright, city: Service, someone: Sign
) -> None:
    pupil = Program("pupil8").sign_in(city.nodes[0])
    doomed, processes = a_browser_of_its_own(play)
    page = sign_in(doomed, city.nodes[0], "teacher1")
    go_on_duty(page)
    asked = pupil.ask(city.nodes[0], "被打断的课：一根绳子长 9 米，用去三分之一，还剩几米？")

    # the teacher's browser dies while she speaks and writes
    accept(page, "被打断的课")
    draw(page)
    [session] = city.rows("SELECT * FROM live_sessions WHERE question_id = %s", asked["id"])
    wait_until(lambda: strokes(city, session.id) == 1, lambda: "the first stroke never came")
    say(page, "先求用去的三分之一")
    expect(desk(page)).to_have_attribute("data-seq", "4")  # the first page and the question's text are two
    board = desk(page).get_attribute("data-digest")
    wait_until(lambda: arrived(city, session.id) >= SPOKEN, lambda: "the voice does not arrive while it is spoken")
    for process in processes:
        os.kill(process, signal.SIGKILL)
    killed_ms = since(session)

    # she comes back on another device, and then her web process dies
    again = someone("teacher1", tablet=True, node=1).page
    expect(desk(again)).to_have_attribute("data-seq", "4")
    assert desk(again).get_attribute("data-digest") == board
    expect(again.get_by_text("先求用去的三分之一")).to_be_visible()
    draw(again)
    wait_until(lambda: strokes(city, session.id) == 2, lambda: "the second stroke never came")
    wait_until(lambda: arrived(city, session.id, of=2) >= SPOKEN, lambda: "the second voice does not arrive")
    port = city.nodes[1].port
    city.nodes[1].kill()
    draw(again)
    restarted(city, 1, city.web(port=port))
    wait_until(lambda: strokes(city, session.id) == 3, lambda: "what was drawn meanwhile never came")
    again.get_by_role("button", name="结束讲解").click()
    ended_ms = since(session)
    again.get_by_role("dialog").get_by_role("button", name="结束讲解").click()

    # and the worker, in the middle of the video
    taken = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'render_answer' AND status = 'doing'"
    wait_until(lambda: city.count(taken) == 1, lambda: f"nobody renders:\n{city.nodes[2].said()}")
    city.nodes[2].kill()
    restarted(city, 2, city.start_worker())
    city.bury_workers()
    published = "SELECT count(*) FROM answers WHERE session_id = %s AND state = 'published'"
    wait_until(lambda: city.count(published, session.id) == 1, lambda: f"no video:\n{city.nodes[2].said()}", 180)

    assert city.count("SELECT count(*) FROM answers WHERE question_id = %s", asked["id"]) == 1
    assert city.count("SELECT count(*) FROM ledger_transactions WHERE question_id = %s", asked["id"]) == 1
    first, second = recordings(city, session.id)
    assert first.state == second.state == "ready"
    assert lost_s(city, first, killed_ms) <= LOST_S
    assert lost_s(city, second, ended_ms) <= LOST_S
    go_off_duty(again)


def since(session: Any) -> int:
    """Milliseconds since it was opened."""
    return round(1000 * (time.time() - session.opened_at.timestamp()))


def lost_s(city: Service, recording: Any, until_ms: int) -> float:
    """Seconds that are missing of a recording that went on until then."""
    kept = len(listened(city.folder / "objects" / "objects" / recording.key)) / SOUND_RATE
    return float(until_ms - recording.start_ms) / 1000 - kept


def a_browser_of_its_own(play: Playwright) -> tuple[Browser, list[int]]:
    """And its processes, which are nobody else's."""
    before = set(chromes())
    browser = play.chromium.launch(executable_path=executable(play), args=FLAGS)
    return browser, [process for process in chromes() if process not in before]


def chromes() -> list[int]:
    """Browsers that this process started (not the processes inside them), each after the script that started it."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # some end while they are listed
            command = process.cmdline()
            if "--no-sandbox" in command and not any(word.startswith("--type=") for word in command):
                found.append(process.pid)
    return sorted(found)


def sign_in(browser: Browser, home: Node, login: str) -> Page:
    page = browser.new_context(
        viewport=TABLET, locale="zh-CN", permissions=["microphone"], base_url=home.origin
    ).new_page()
    page.goto("/")
    page.get_by_label("账号", exact=True).fill(login)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/teacher")
    return page


def restarted(city: Service, place: int, node: Node) -> None:
    """The tests find nodes by their place."""
    city.nodes.remove(node)
    city.nodes[place] = node


def strokes(city: Service, session: Any) -> int:
    return city.count("SELECT count(*) FROM board_operations WHERE session_id = %s AND kind = 'stroke'", session)


def recordings(city: Service, session: Any) -> list[Any]:
    return city.rows("SELECT * FROM media WHERE session_id = %s ORDER BY start_ms", session)


def arrived(city: Service, session: Any, of: int = 1) -> int:
    """Parts of this recording of the session that are in the store."""
    found = recordings(city, session)
    if len(found) < of:
        return 0
    folder = city.folder / "objects" / "objects" / "incoming" / str(found[of - 1].id)
    return len(list(folder.iterdir())) if folder.exists() else 0
