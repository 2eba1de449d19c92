"""A lecture that is over: its video is made, its words are found, captions are brought and shown, it is taken away."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import sqlalchemy as sa
from playwright.sync_api import expect

from server.domain.lecture import LectureState
from server.store import tables as t
from tests.browser.conftest import Sign
from tests.browser.test_lectures import soon
from tests.service import Service, wait_until

VTT = "WEBVTT\n\n00:20.000 --> 00:40.000\n所以顶点就在对称轴上\n\n00:40.000 --> 00:50.000\n再看开口\n"
WRONG = "WEBVTT\n\n00:05.000 --> 00:02.000\n倒着走\n"


def held(city: Service) -> str:
    """An hour's lecture of lecturer2 that lasted one minute, with a board; its video could not be made."""
    lecture = soon(city, "pupil8")
    now = datetime.now(UTC)
    times = {"started_at": now - timedelta(minutes=2), "ended_at": now - timedelta(minutes=1)}
    page = {"page": "p1", "paper": "blank", "aspect": 6_000}
    words = {"id": "w1", "page": "p1", "x": 500, "y": 500, "text": "顶点 (2, 1)", "color": "#1f2937", "size": 320}
    ops = [("page", page, 0), ("text", words, 12_000)]
    said = [(12_000, "board", "顶点 (2, 1)"), (25_000, "page", "二次函数的顶点式 y = a(x-h)² + k")]
    engine = sa.create_engine(city.database_url)
    with engine.begin() as connection:
        over = t.lectures.update().where(t.lectures.c.id == UUID(lecture))
        connection.execute(over.values(state=LectureState.OVER, **times))
        for seq, (kind, body, at_ms) in enumerate(ops, 1):
            row = {"lecture_id": lecture, "seq": seq, "op_id": f"o{seq}", "kind": kind, "body": body, "at_ms": at_ms}
            connection.execute(t.lecture_operations.insert().values(**row))
        for number, (at_ms, kind, text) in enumerate(said, 1):
            row = {"lecture_id": lecture, "number": number, "at_ms": at_ms, "kind": kind, "text": text}
            connection.execute(t.lecture_texts.insert().values(**row))
        connection.execute(t.lecture_films.insert().values(lecture_id=lecture, state="failed"))
    engine.dispose()
    return lecture


def test_a_lecture_is_found_watched_shown_and_taken_away(someone: Sign, city: Service, tmp_path: Path) -> None:
    lecture = held(city)
    lecturer = someone("lecturer2", tablet=True, at="/lectures").page
    lecturer.goto(f"/lectures#replay={lecture}")
    lecturer.get_by_role("button", name="重新制作").click()  # a worker makes it meanwhile
    captions = lecturer.get_by_role("region", name="字幕")
    wrong, right = ({"name": "字幕.vtt", "mimeType": "text/vtt", "buffer": text.encode()} for text in (WRONG, VTT))
    captions.get_by_label("上传字幕（VTT）").set_input_files(wrong)
    expect(captions.get_by_role("alert")).to_contain_text("3")  # the line
    expect(captions).to_contain_text("还没有字幕")
    captions.get_by_label("上传字幕（VTT）").set_input_files(right)
    expect(captions.get_by_text("有 2 条字幕")).to_be_visible()
    find = lecturer.get_by_role("search", name=re.compile("在这场课里找"))
    find.get_by_role("searchbox").fill("顶点")
    expect(find.get_by_text("找到 3 处")).to_be_visible()
    for kind in ("板书", "课件", "字幕"):
        expect(find.get_by_role("button").filter(has_text=kind)).to_be_visible()
    find.get_by_role("button").filter(has_text="字幕").click()
    replay = lecturer.get_by_role("region", name="回放：现场课")
    expect(replay.get_by_role("slider")).to_have_value("20000")
    expect(replay.get_by_text("所以顶点就在对称轴上")).to_be_visible()

    # what waits stands on the reviewer's list; pupils see it once it is shown
    city.rows("UPDATE lecture_captions SET state = 'waiting' WHERE lecture_id = %s", lecture)
    pupil = someone("pupil8").page
    pupil.goto(f"/lectures#replay={lecture}")
    again = pupil.get_by_role("region", name="回放：现场课")
    expect(again.get_by_role("slider")).to_be_visible()
    expect(again.get_by_role("button", name="字幕")).to_have_count(0)
    reviewer = someone("reviewer1", at="/review").page
    waits = reviewer.get_by_role("article", name="现场课").filter(has_text="字幕")
    waits.get_by_role("link").click()
    reviewer.get_by_role("button", name="放出字幕").click()
    expect(reviewer.get_by_role("button", name="放出字幕")).to_have_count(0)
    # where somebody stopped is offered on the next device
    again.get_by_role("slider").fill("30000")
    again.get_by_role("button", name="播放").last.click()
    pupil.wait_for_function("() => Number(document.querySelector('.replay-line input').value) > 31000")
    pupil.get_by_role("link", name="返回").click()
    stopped = "SELECT count(*) FROM lecture_watches WHERE lecture_id = %s AND at_ms > 31000"
    wait_until(lambda: city.count(stopped, lecture) == 1, lambda: "where she stopped is not told")
    other = someone("pupil8", node=1).page
    other.goto(f"/lectures#replay={lecture}")
    expect(other.get_by_text(re.compile(r"上次看到 0:3\d"))).to_be_visible()
    other.get_by_role("button", name="接着看").click()
    expect(other.get_by_role("slider")).to_have_value(re.compile(r"^3[1-9]\d{3}$"))
    expect(other.get_by_text("所以顶点就在对称轴上")).to_be_visible()

    # as one video, and all of it as a ZIP: by the page, and by the operator's command
    lecturer.reload()
    lecturer.get_by_role("button", name="看视频").click(timeout=60_000)
    lecturer.wait_for_function("""() => {
        const film = document.querySelector("video.screen");
        return film && film.readyState > 0 && film.duration > 10 && film.textTracks.length > 0;
    }""")
    with lecturer.expect_download() as taken:
        lecturer.get_by_role("link", name="导出整场课（ZIP）").click()
    taken.value.save_as(tmp_path / "page.zip")
    assert city.command("lectures", "export", lecture, str(tmp_path / "command.zip")) == 0
    assert (tmp_path / "command.zip").read_bytes() == (tmp_path / "page.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "command.zip") as package:
        assert package.testzip() is None and {"video.mp4", "captions.vtt", "ink.json"} <= set(package.namelist())
        assert "所以顶点就在对称轴上" in package.read("captions.vtt").decode()
    assert city.command("lectures", "export", str(uuid4()), str(tmp_path / "none.zip")) == 1
    assert not (tmp_path / "none.zip").exists()
    exports = city.rows("SELECT person_id FROM lecture_exports WHERE lecture_id = %s ORDER BY id", lecture)
    assert [each.person_id is None for each in exports] == [False, True]
    school = someone("school1", at="/school").page
    school.get_by_role("button", name="名师直播").click()
    films = school.get_by_role("region", name="名师直播课的视频")
    expect(films.get_by_role("listitem").filter(has_text="现场课").first.get_by_role("link")).to_be_visible()
