"""A pupil finds a micro-lesson on a phone, watches it, tries its quiz; a reviewer takes it down."""

from __future__ import annotations

import asyncio
import csv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import expect

from media.storage import open_storage
from server.lesson_file import COLUMNS, import_lessons
from server.store.work import Store, open_engine
from tests.browser.conftest import Sign
from tests.media.uploads import a_film
from tests.service import Service

ROW = {
    "subject": "math",
    "grade": "8",
    "knowledge_points": "一次函数",
    "teacher": "演示·林老师",
    "book": "数学八年级上册",
    "chapter": "一次函数",
    "series": "直线",
}


def bring_in(city: Service, folder: Path) -> None:
    rows = []
    for n, title in enumerate(("斜率是什么", "截距是什么"), 1):
        a_film(folder / f"{n}.webm", "webm", ("libvpx", "libopus"), 2.0 + n, (160, 120))
        quiz = {"question1": "斜率为负，直线往哪走？", "options1": "向上；向下", "right1": "2"} if n == 1 else {}
        rows.append({"code": f"line-{n}", "file": f"{n}.webm", "title": title, "place": str(n), **ROW, **quiz})
    with (folder / "lessons.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)

    async def run() -> int:
        engine = open_engine(city.database_url)
        try:
            return await import_lessons(Store(engine), storage, folder / "lessons.csv", folder, dry_run=False)
        finally:
            await engine.dispose()

    storage = open_storage(city.object_store_url, secret="kept for tests only", data_dir=city.folder)
    with ThreadPoolExecutor(1) as thread:  # this one has Playwright's loop
        assert thread.submit(asyncio.run, run()).result() == 0


def test_a_lesson_is_found_watched_and_tried_and_is_gone_when_it_is_taken_down(
    someone: Sign, city: Service, tmp_path: Path
) -> None:
    bring_in(city, tmp_path)
    pupil = someone("pupil8").page
    pupil.get_by_role("link", name="微课").click()
    pupil.get_by_label("学段").select_option("junior")
    pupil.get_by_label("课本").select_option("数学八年级上册")
    pupil.get_by_label("章节").select_option("一次函数")
    pupil.get_by_label("标题、知识点或老师").fill("斜率")
    expect(pupil.get_by_role("link").filter(has=pupil.get_by_role("heading", level=3))).to_have_count(1)
    pupil.get_by_role("link", name="斜率是什么").click()

    lesson = pupil.get_by_role("article", name="斜率是什么")
    expect(lesson).to_contain_text("演示·林老师")
    quiz = pupil.get_by_role("form", name="看完试一试")
    quiz.get_by_role("button", name="看看对不对").click()
    expect(quiz.get_by_role("alert")).to_contain_text("每题选一个")
    quiz.get_by_label("向上").check()
    quiz.get_by_role("button", name="看看对不对").click()
    expect(quiz.get_by_role("status")).to_contain_text("答对 0 / 1")
    with pupil.expect_response(lambda reply: reply.url.endswith("/watched") and reply.ok) as told:
        pupil.evaluate(SHOWN)
    [span] = told.value.request.post_data_json["spans"]
    assert span["to_ms"] - span["from_ms"] > 1_000
    pupil.get_by_role("link", name="截距是什么").click()
    expect(pupil.get_by_role("article", name="截距是什么")).to_be_visible()
    pupil.get_by_role("link", name="全部微课").click()
    expect(pupil.get_by_role("link", name="斜率是什么")).to_contain_text("看")

    address = pupil.get_by_role("link", name="斜率是什么").get_attribute("href")
    reviewer = someone("reviewer1", at="/review").page
    reviewer.goto(f"/library{address}")
    reviewer.get_by_role("button", name="下架").click()
    expect(reviewer.get_by_text("学生看不到了")).to_be_visible()
    pupil.goto(f"/library{address}")
    pupil.reload()
    expect(pupil.get_by_text("找不到这节微课")).to_be_visible()


# Chromium of the tests plays no H.264: the player tells its time as one that plays does.
SHOWN = """() => {
  const player = document.querySelector("video");
  const tell = (name) => player.dispatchEvent(new Event(name));
  let at = 0;
  Object.defineProperty(player, "paused", { get: () => false });
  Object.defineProperty(player, "currentTime", { get: () => at, set: () => undefined });
  for (; at < 2; at += 0.25) tell("timeupdate");
  tell("pause");
}"""
