"""Chromium, and a small city behind it: two web nodes, a worker, the demo's people."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright

from server.demo.people import PASSWORD
from server.embedded import EmbeddedRedis
from tests.databases import Databases
from tests.service import Node, Service, running

PHONE = {"width": 360, "height": 740}
TABLET = {"width": 1280, "height": 800}
REMINDER = "本市要求：只讲这道题，先问学生想到了哪一步。"
expect.set_options(timeout=30_000)  # two cores carry two nodes, a worker and four pages
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]


@pytest.fixture(scope="package")
def city(
    databases: Databases, redis_server: EmbeddedRedis, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("city")
    patient = {"DAYI_OFFER_LASTS_S": "90", "DAYI_PIPELINE_BUDGET_S": "60"}  # however busy the machine of the tests is
    settings = patient | {"DAYI_SESSION_REMINDER": REMINDER}
    with (
        databases.lent(template) as name,
        running(Service(folder, databases.url_of(name), redis_server.url, settings=settings, forked=True)) as service,
    ):
        service.seed()
        service.web()
        service.web()
        service.worker()
        yield service


# Debian's build without windows starts pages a quarter sooner and paints with the same code.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def executable(playwright: Playwright) -> str:
    path = next(filter(None, map(shutil.which, PROGRAMS)), playwright.chromium.executable_path)
    assert Path(path).exists(), "no Chromium here: run `sh deploy/browser.sh` (make test does it)"
    return path


@pytest.fixture(scope="package")  # its loop must be gone before asynchronous tests run
def play() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def chromium(play: Playwright) -> Iterator[Browser]:
    browser = play.chromium.launch(executable_path=executable(play), args=FLAGS)
    yield browser
    browser.close()


class Someone:
    """A person at a page of one node, and what the page's console said."""

    def __init__(self, context: BrowserContext, page: Page, node: Node) -> None:
        self.context, self.page, self.node = context, page, node
        self.console: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.console.append(f"error: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        # Chromium itself reports each refused or failed request; the page shows those to its reader.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.console.append(message.text)


Sign = Callable[..., Someone]


@pytest.fixture
def someone(chromium: Browser, city: Service) -> Iterator[Sign]:
    """`someone("pupil8")` on a phone, `someone("teacher2", tablet=True, node=1)` on a tablet, signed in by the page."""
    people: list[Someone] = []

    def sign(login: str, *, tablet: bool = False, node: int = 0, at: str = "") -> Someone:
        home = city.nodes[node]
        context = chromium.new_context(
            viewport=TABLET if tablet else PHONE,
            has_touch=not tablet,
            is_mobile=not tablet,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            permissions=["microphone", "camera"],
            base_url=home.origin,
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        who = Someone(context, page, home)
        people.append(who)
        page.goto("/")
        page.get_by_label("账号", exact=True).fill(login)
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        page.wait_for_url(f"**{at or ('/teacher' if tablet else '/student')}")
        return who

    yield sign
    said = [line for who in people for line in who.console]
    for who in people:
        who.context.close()
    assert said == [], "a page's console must stay clean"
