"""`dayi bench drills`: a lesson whose browser, web process or worker is killed at a random second; what it lost.

The product's own processes, and for each lesson a Chromium whose microphone is always heard. Its teacher draws all the
time; what is killed is killed whatever it does at that moment, the worker also while it renders. She goes on in another
browser, or as soon as there is a process again; the lesson ends, and its video is waited for. Lost ink are strokes that
were done, pen up, and that are not on the board; lost voice is what the kept recordings are shorter than she spoke.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Error, Page, Playwright, expect, sync_playwright

from tests.bench import city
from tests.browser.test_board import desk
from tests.browser.test_lost_browser import (
    LOST_S,
    a_browser_of_its_own,
    lost_s,
    recordings,
    restarted,
    sign_in,
    since,
    strokes,
)
from tests.browser.test_stories import accept, draw, go_off_duty, go_on_duty
from tests.service import Program, Service, wait_until

KILLED = ("browser", "web", "worker")
TIMES, SEED = 5, 1
FIRST_S, LAST_S = 1.5, 9.0  # of a lesson; the microphone is open by then
AFTER_S = 3.0  # a lesson goes on for so long after a kill
RENDERED_S = 4.0  # a worker may be killed so long after the lesson's end
BETWEEN_MS = 300  # two strokes
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Found:
    drawn: int
    lost: int  # strokes
    voice_s: float
    answers: int


def drill(service: Service, playwright: Playwright, number: int, killed: str, luck: random.Random) -> Found:
    pupil = Program("pupil8").sign_in(service.nodes[0])
    asked = pupil.ask(service.nodes[0], f"第 {number} 课：{number} 加 {3 * number + 1} 等于几？")
    browser, processes = a_browser_of_its_own(playwright)
    page = sign_in(browser, service.nodes[0], "teacher1")
    go_on_duty(page)
    accept(page, f"第 {number} 课")
    [session] = service.rows("SELECT * FROM live_sessions WHERE question_id = %s", asked["id"])
    at_s = luck.uniform(FIRST_S, LAST_S + RENDERED_S if killed == "worker" else LAST_S)
    dying = Dying(at_s - since(session) / 1000, _blow(service, killed, processes))

    ends_s = LAST_S if killed == "worker" else at_s + AFTER_S
    drawn = write(page, lambda: since(session) / 1000 > ends_s)
    if killed == "browser":
        page = sign_in(a_browser_of_its_own(playwright)[0], service.nodes[0], "teacher1")
        back_s = time.monotonic()
        drawn += write(page, lambda: time.monotonic() - back_s > AFTER_S)
    with suppress(AssertionError):  # then they are lost
        wait_until(lambda: strokes(service, session.id) >= drawn, lambda: "", 30)
    page.get_by_role("button", name="结束讲解").click()
    ended_ms = since(session)
    page.get_by_role("dialog").get_by_role("button", name="结束讲解").click()
    wait_until(
        lambda: service.count("SELECT count(*) FROM answers WHERE session_id = %s", session.id), service.nodes[0].said
    )
    dying.wait()
    published = "SELECT count(*) FROM answers WHERE session_id = %s AND state = 'published'"
    if killed == "worker":
        service.bury_workers()
    wait_until(lambda: service.count(published, session.id) == 1, service.nodes[1].said, PATIENCE_S)

    kept = recordings(service, session.id)
    ends = [round(dying.at_ms - 1000 * session.opened_at.timestamp()), ended_ms] if killed == "browser" else [ended_ms]
    go_off_duty(page)
    page.context.browser.close()  # type: ignore[union-attr]
    return Found(
        drawn,
        max(0, drawn - strokes(service, session.id)),
        sum(max(0.0, lost_s(service, voice, end)) for voice, end in zip(kept, ends, strict=True)),
        service.count("SELECT count(*) FROM answers WHERE question_id = %s", asked["id"]),
    )


def write(page: Page, is_enough: Callable[[], bool]) -> int:
    """Strokes whose pen was up; until it is enough, or the browser is gone."""
    expect(desk(page)).to_have_attribute("data-seq", re.compile("[1-9]"))  # the board is here
    drawn = 0
    with suppress(Error):
        while not is_enough():
            draw(page)
            drawn += 1
            page.wait_for_timeout(BETWEEN_MS)
    return drawn


class Dying:
    """A blow that falls so many seconds from now, whatever is done then; `at_ms` is when it fell, since 1970."""

    def __init__(self, in_s: float, blow: Callable[[], Callable[[], Any]]) -> None:
        self.at_ms = 0.0
        self._blow = blow
        self._timer = threading.Timer(max(0.0, in_s), self._fall)
        self._timer.start()

    def _fall(self) -> None:
        heal = self._blow()
        self.at_ms = time.time() * 1000
        heal()

    def wait(self) -> None:
        self._timer.join()


def _blow(service: Service, killed: str, browser: Sequence[int]) -> Callable[[], Callable[[], Any]]:
    """What kills, and gives what makes it whole again; nothing does for a browser."""

    def kill_browser() -> Callable[[], Any]:
        for process in browser:
            os.kill(process, signal.SIGKILL)
        return lambda: None

    def kill_web() -> Callable[[], Any]:
        port = service.nodes[0].port
        service.nodes[0].kill()
        return lambda: restarted(service, 0, service.web(port=port))

    def kill_worker() -> Callable[[], Any]:
        service.nodes[1].kill()
        return lambda: restarted(service, 1, service.start_worker())

    return {"browser": kill_browser, "web": kill_web, "worker": kill_worker}[killed]


def measured(killed: Sequence[str], times: int, seed: int) -> list[Found]:
    """Prints a row for each as it is done."""
    every: list[Found] = []
    luck = random.Random(seed)
    patient = {"DAYI_OFFER_LASTS_S": "90", "DAYI_PIPELINE_BUDGET_S": "60"}
    with city.city(**patient) as (service, _), sync_playwright() as playwright:
        service.seed()
        service.web()
        service.worker()
        print(f"one web process, one worker, Chromium on one machine; load {city.load()}\n")
        print("| killed | lessons | strokes | of them lost | voice lost, s: most | answers |")
        print("|---|---|---|---|---|---|", flush=True)
        for each in killed:
            found = [drill(service, playwright, len(every) + at, each, luck) for at in range(1, times + 1)]
            drawn, lost, answers = (sum(getattr(one, name) for one in found) for name in ("drawn", "lost", "answers"))
            voice = max(one.voice_s for one in found)
            print(f"| {each} | {times} | {drawn} | {lost} | {voice:.2f} | {answers} |", flush=True)
            every += found
    return every


async def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dayi bench drills", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--killed", action="append", choices=KILLED, help="this alone, or these")
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args(argv)
    every = await asyncio.to_thread(measured, options.killed or KILLED, options.times, options.seed)
    return 0 if all(not one.lost and one.voice_s <= LOST_S and one.answers == 1 for one in every) else 1
