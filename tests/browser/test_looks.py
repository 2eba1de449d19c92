"""Every page in every state: nothing is cut off, every button can be hit, axe and the console have nothing to say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright
from pypdfium2 import PdfDocument

from tests.browser import gallery
from tests.browser.conftest import FLAGS, executable
from tests.browser.gallery import Scene
from tests.browser.scenes import scenes as all_scenes
from tests.service import Service

AXE = Path(__file__).parents[2] / "static" / "node_modules" / "axe-core" / "axe.min.js"

PARTS = 4  # of the scenes: each has a browser of its own

# For axe, and in Chinese, a few scenes stand for all: between them they have every piece of every page.
EXAMINED = """
    door-demo door-activation-short lost student-everything student-history student-offline library library-figures
    lesson-tried ask-all ask-crop ask-nothing-yet letter-refused pupil-board pupil-chat pupil-ended-finished
    teaching-chat teaching-writing teaching-finish teaching-points teaching-pages teaching-shapes teaching-formula
    pupil-roaming teacher-offer teacher-done teacher-off-shift teacher-judging research saying label-models
    topics-merging topics-teaching topics-planning-for quotas lecturer-offer student-invited monday monday-schools
    monday-exemplars monday-data monday-taking school-reports bank bank-search bank-cohorts bank-photo
    teacher-recording teacher-hiding teacher-editions studio-lesson review-look school guardian hall
    lecturer-planning room-pupil room-lecturer room-pupil-hushed room-lecturer-checking room-lecturer-camera
    lecture-replay
"""
WIDE = """
    door-demo student-everything ask-all teaching-chat teaching-figures teacher-offer teacher-done teacher-hiding
    review-look school room-lecturer
"""

# What a person would call broken, told by the page: beyond the screen's edge, words beyond their button, or too small
# for a thumb (44 px for what a page is there for, WCAG's 24 px for the rest; a hidden radio is as large as its label).
# Tabs and tables move under a finger by themselves: what they hold may begin beyond the edge.
BROKEN = """() => {
    const wide = document.documentElement.scrollWidth - innerWidth;
    const found = wide > 0 ? [`the page is ${wide} px too wide`] : [];
    const main = ".primary, .success, .shoot, .way, .bar-button, .answers .button, .line, .chip span";
    for (const e of document.querySelectorAll("button, a[href], select, summary, textarea, input, .chip span")) {
        if (e.getClientRects().length === 0 || e.closest(".crop-corner")) continue;
        const { left, right, width, height } = e.getBoundingClientRect();
        const name = e.getAttribute("aria-label") || e.textContent.trim() || e.tagName;
        const least = e.matches(main) ? 44 : 24;
        const moves = e.closest(".tabs, .scroll");
        if (!moves && (right > innerWidth + 1 || left < -1)) found.push(`${name} is cut off`);
        if (width < least || height < least) found.push(`${name} has ${Math.round(width)} x ${Math.round(height)} px`);
        if (e.matches("button, .chip span") && e.scrollWidth > e.clientWidth + 1) found.push(`${name} overflows`);
    }
    return found;
}"""


# As if it had been chosen in another tab; two frames later everything is drawn.
IN_ENGLISH = """() => {
    dispatchEvent(new StorageEvent("storage", { key: "language", newValue: "en" }));
    return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(
        () => drawn(document.documentElement.lang))));
}"""


class Windows:
    """Pages of a browser of a test's own. They are left open: on a busy machine Chromium, seldom, never says that it
    has closed one with a socket under way.

    Scenes of one kind share a context, emptied before each, and so a process: with one for each scene it takes a fifth
    longer to look at them all.
    """

    def __init__(self, chromium: Browser, origin: str) -> None:
        self._chromium, self._origin = chromium, origin
        self._contexts: dict[tuple[bool, bool, bool], BrowserContext] = {}

    def page(self, scene: Scene, *, phone: bool) -> Page:
        """A blank one, in a browser that knows nothing of the scenes before."""
        kind = phone, scene.grants, scene.script
        if kind not in self._contexts:
            self._contexts[kind] = gallery.context(self._chromium, self._origin, scene, phone=phone)
        page = self._contexts[kind].new_page()
        everything = {"origin": self._origin, "storageTypes": "all"}
        self._contexts[kind].new_cdp_session(page).send("Storage.clearDataForOrigin", everything)
        return page


@pytest.fixture
def windows(play: Playwright, city: Service) -> Iterator[Windows]:
    browser = play.chromium.launch(executable_path=executable(play), args=[*FLAGS, "--renderer-process-limit=2"])
    yield Windows(browser, city.nodes[0].origin)
    browser.close()


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return all_scenes(one_question_each=False)


def faults(windows: Windows, scene: Scene, *, phone: bool, language: str, axe: bool) -> list[str]:
    """With axe in Chinese, and on a phone once more in English: to open the page anew costs more."""
    page = windows.page(scene, phone=phone)
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    gallery.show(page, scene, language)
    found: list[str] = page.evaluate(BROKEN) if scene.script else []
    if axe:
        page.evaluate(AXE.read_text())
        violations = page.evaluate("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations")
        found += [_told(each) for each in violations if _is_grave(each)]
    if axe and phone and _is_bilingual(scene):
        assert page.evaluate(IN_ENGLISH) == "en"
        found += page.evaluate(BROKEN)
    found += [line for line in said if "Failed to load resource" not in line]  # the page tells its reader of those
    page.goto("about:blank")  # before the city is heard, that has not signed this page in and sends it to the door
    page.unroute_all(behavior="ignoreErrors")
    return found


def _is_bilingual(scene: Scene) -> bool:
    """Whether the page has words in two languages, to be changed while it is open."""
    return scene.script and scene.path != "/no/such/page"


def _is_grave(violation: dict[str, Any]) -> bool:
    return violation["impact"] in ("serious", "critical")


def _told(violation: dict[str, Any]) -> str:
    return f"{violation['id']}: {violation['nodes'][0]['html'][:300]}"


@pytest.mark.parametrize("part", range(PARTS))
def test_in_english_on_a_phone_no_state_of_any_page_is_broken(
    windows: Windows, scenes: list[Scene], part: int
) -> None:
    mine = [scene for scene in scenes if scene.name not in EXAMINED.split() or not _is_bilingual(scene)][part::PARTS]
    wrong = {s.name: faults(windows, s, phone=True, language="en", axe=False) for s in mine}

    assert {name: found for name, found in wrong.items() if found} == {}


def test_on_paper_a_week_has_the_tables_behind_its_charts_and_no_buttons(
    windows: Windows, scenes: list[Scene]
) -> None:
    [scene] = [each for each in scenes if each.name == "monday"]
    page = windows.page(scene, phone=False)
    gallery.show(page, scene)

    paper = PdfDocument(page.pdf(format="A4"))
    said = "\n".join(sheet.get_textpage().get_text_range() for sheet in paper)
    page.goto("about:blank")
    page.unroute_all(behavior="ignoreErrors")

    line = scene.doors["GET /api/research/week"].line
    assert len(line) > 20 and all(each.week in said and f"{each.asked:,}" in said for each in line)
    assert "教研周览" in said and "2026" in said
    assert not any(button in said for button in ("复制链接", "打印", "题库"))


@pytest.mark.parametrize(("phone", "names"), [(True, EXAMINED), (False, WIDE)], ids=["phone", "laptop"])
def test_in_chinese_axe_finds_nothing_serious_and_on_a_phone_nothing_is_broken_in_either_language(
    windows: Windows, scenes: list[Scene], phone: bool, names: str
) -> None:
    chosen = [scene for scene in scenes if scene.name in names.split()]
    wrong = {s.name: faults(windows, s, phone=phone, language="zh", axe=True) for s in chosen}

    assert len(wrong) == len(names.split())
    assert {name: found for name, found in wrong.items() if found} == {}
