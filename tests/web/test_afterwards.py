"""A lecture that is over is found by what its pages, its board and its captions say; captions are brought and heard."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import insert

from media.captions import Caption, Fault, read_webvtt
from server.actions import lecture_air, lecture_captions
from server.domain.board import Operation
from server.domain.finding import around, folded, shown_first, spread
from server.domain.people import Person, Role
from server.filming import hear_lecture, read_lecture
from server.pipeline import HearingProcess, ReadingProcess
from server.store import tables as t
from server.store.lecture_views import Wanted, page_id, page_key
from server.store.shelf import reviews
from server.store.views import Views
from tests.builders import World
from tests.stand_in import HEARS, READS
from tests.web.conftest import ORIGIN
from tests.web.test_lecture_film import draw, ended
from tests.web.test_sound import Hall, hall

__all__ = ["hall"]

VTT = """WEBVTT

NOTE made by hand

1
00:00:01.000 --> 00:00:04.000 line:0 position:20%
<v 老师>我们先看<b>抛物线</b></v>

00:05.000 --> 00:07.500
&lt;a&gt; 对称轴\u202e
在这里
"""


def test_hostile_captions_are_words_or_faults_by_line() -> None:
    cues, faults = read_webvtt(VTT.encode(), 60_000)
    assert not faults
    assert [(each.start_ms, each.end_ms, each.text) for each in cues] == [
        (1_000, 4_000, "我们先看抛物线"), (5_000, 7_500, "<a> 对称轴 在这里"),
    ]  # fmt: skip

    def wrong(text: str | bytes, lasts_ms: int = 60_000) -> list[int]:
        data = text if isinstance(text, bytes) else text.encode()
        _, faults = read_webvtt(data, lasts_ms)
        assert faults
        return [fault.line for fault in faults]

    assert wrong("") == wrong("WEBVTTX\n") == wrong("WEBVTT\n") == wrong(b"WEBVTT\n\n" + b"x" * 1_100_000) == [1]
    assert wrong(b"WEBVTT\n\n\xff\xfe") == [3]
    head = "WEBVTT\n\n"
    assert wrong(head + "just words\n") == [3]
    assert wrong(head + "00:00:01,000 --> 00:00:02,000\nx\n") == [3]
    assert wrong(head + "id\n00:00:03.000 --> 00:00:02.000\nx\n") == [4]
    assert wrong(head + "00:02.000 --> 00:03.000\nx\n\n00:01.000 --> 00:02.000\ny\n") == [6]
    assert wrong(head + "99:00:00.000 --> 99:00:01.000\nx\n") == [3]
    assert wrong(head + "٠٠:01.000 --> 00:02.000\nx\n") == [3]
    assert wrong(head + f"00:01.000 --> 00:02.000\n{'字' * 301}\n") == [3]
    assert wrong(head + "00:01.000 --> 00:02.000\nx\n\n" * 6_002) == [18_003]
    nested = read_webvtt((head + "00:01.000 --> 00:02.000\n" + "<" * 50_000 + "\n").encode(), 60_000)
    assert isinstance(nested[1][0], Fault)  # too long, and quickly


def test_words_are_compared_as_people_see_them() -> None:
    assert folded("ｙ ＝ a X²") == "y=ax2"
    assert around("甲" * 200 + "顶 点 式" + "乙" * 200, "顶点式")[1:].strip("甲乙…") == "顶 点 式"
    lines = spread("先看开口。" * 20, 1_000, 9_000)
    assert (lines[0][0], lines[-1][1]) == (1_000, 9_000) and all(len(text) <= 24 for _, _, text in lines)
    assert spread("", 0, 1_000) == []
    ops = [
        Operation(1, "a", "t", "page", {"page": "p1", "media": "m1"}, 0),
        Operation(2, "b", "t", "page", {"page": "p2", "media": "m2"}, 0),
        Operation(3, "c", "t", "turn", {"page": "p2"}, 7_000),
        Operation(4, "d", "t", "turn", {"page": "p1"}, 9_000),
    ]
    assert list(shown_first(ops)) == [(0, "m1"), (7_000, "m2")]


async def post(hall: Hall, who: Person, path: str, body: dict[str, Any]) -> Any:
    await hall.get(who, "/api/me")
    headers = {"Origin": ORIGIN, "Authorization": f"Bearer {hall._tokens[who.login]}", "Idempotency-Key": str(uuid4())}
    return await hall._client.post(f"/api/lectures/{hall.id}{path}", json=body, headers=headers)


async def brought(hall: Hall, texts: list[str]) -> None:
    """A PDF whose pages come onto the board one after the other."""
    material = uuid4()
    media = {"id": material, "owner_id": hall.lecturer.id, "kind": "material", "state": "ready"}
    pages = {"pages": [[1600, 1200]] * len(texts), "page_texts": texts, "content_type": "image/jpeg", "size": 9}
    async with hall.parts.store.engine.begin() as connection:
        await connection.execute(insert(t.media).values(**media, **pages, key=page_key(material, 1)))
        named = {"material_id": material, "lecture_id": hall.id, "position": 1, "name": "顶点.pdf"}
        await connection.execute(insert(t.lecture_materials).values(**named))
    for n in range(1, len(texts) + 1):
        await hall.parts.storage.put(page_key(material, n), b"a page", "image/jpeg")
        page = {"page": f"m{n}", "paper": "photo", "aspect": 7_500, "media": str(page_id(material, n))}
        await draw(hall, f"page {n}", "page", **page)
        await draw(hall, f"turn {n}", "turn", page=f"m{n}")


async def test_a_moment_is_found_by_page_board_and_captions_and_a_lecture_by_its_pages(hall: Hall) -> None:
    pupil, other = await hall.seated("pupil"), await World(hall.parts.store).person("other", Role.LECTURER)
    await brought(hall, ["二次函数 y = a(x - h)² + k 的顶点式", ""])
    await draw(hall, "o1", "text", id="w1", page="m2", x=500, y=500, text="开口 方向", color="#1f2937", size=320)
    await ended(hall)
    reads = ReadingProcess(timedelta(seconds=30), (*READS, "勾 股 定理"))
    try:
        await read_lecture(replace(hall.parts, reader=reads), hall.id)
    finally:
        await reads.stop()

    async def found(words: str, who: Person = pupil) -> list[tuple[str, str]]:
        answer = await hall.get(who, f"/api/lectures/{hall.id}/moments?words={words}")
        return [(each["kind"], each["text"]) for each in answer.json()["moments"]]

    assert [kind for kind, _ in await found("顶点式")] == ["page"]
    assert await found("勾股定理") == [("page", "勾 股 定理")]  # of a scan, as the reader saw it
    assert await found("开口方向") == [("board", "开口 方向")]
    assert await found("") == await found("%25") == await found("导数") == []
    views = hall.parts.views.lectures
    catalogue = [await views.catalogue(pupil.id, Wanted(over=True, words=words)) for words in ("勾股 定理", "导数")]
    assert [len(each.lectures) for each in catalogue] == [1, 0]

    path = f"/api/lectures/{hall.id}/captions"
    assert (await hall.get(pupil, path)).status_code == 404
    bad = await post(hall, hall.lecturer, "/captions", {"text": "WEBVTT\n\n00:02.000 --> 00:01.000\nx\n"})
    assert bad.json()["cues"] == 0 and "第 3 行" in bad.json()["mistakes"][0]
    assert (await post(hall, other, "/captions", {"text": VTT})).status_code == 404
    good = (await post(hall, hall.lecturer, "/captions", {"text": VTT})).json()
    assert (good["cues"], good["captions"]) == (2, {"state": "shown", "source": "brought"})
    assert await found("抛物线") == [("caption", "我们先看抛物线")]
    told = await hall.get(pupil, path)
    assert told.text.startswith("WEBVTT") and "&lt;a&gt; 对称轴 在这里" in told.text and "<b>" not in told.text
    assert told.headers["Content-Type"].startswith("text/vtt")

    # a reviewer takes them away, and shows them; where a city reviews first they wait for that
    reviewer = await World(hall.parts.store).person("reviewer", Role.REVIEWER)
    await post(hall, reviewer, "/captions/show", {"shown": False})
    assert (await hall.get(pupil, path)).status_code == 404 and await found("抛物线") == []
    assert (await hall.get(hall.lecturer, path)).status_code == 200
    assert (await post(hall, hall.lecturer, "/captions/show", {"shown": True})).status_code == 403
    await post(hall, reviewer, "/captions/show", {"shown": True})
    assert (await hall.get(pupil, path)).status_code == 200
    assert (await post(hall, hall.lecturer, "/captions/remove", {})).status_code == 204
    assert (await hall.get(hall.lecturer, path)).status_code == 404


async def test_where_a_speech_model_is_there_it_writes_captions_and_gives_way_to_the_lecturers(hall: Hall) -> None:
    await ended(hall)
    hears = HearingProcess("先看开口，再看对称轴。", timedelta(seconds=30), HEARS)
    parts = replace(hall.parts, hearer=hears)
    try:
        await read_lecture(parts, hall.id)
        [job] = await parts.store.rows("SELECT args FROM procrastinate_jobs WHERE task_name = 'hear_lecture'", {})
        assert job.args == {"lecture_id": str(hall.id)}
        await hear_lecture(parts, hall.id)
        await hear_lecture(parts, hall.id)  # a job that comes twice
        [row] = await parts.store.rows("SELECT * FROM lecture_captions", {})
        assert (row.source, row.state, row.heard_ms) == ("heard", "shown", None)
        [take] = await parts.store.rows("SELECT start_ms FROM lecture_takes", {})
        assert row.cues[0][0] == take.start_ms and "".join(cue[2] for cue in row.cues) == "先看开口，再看对称轴。"

        await post(hall, hall.lecturer, "/captions", {"text": VTT})
        await hear_lecture(parts, hall.id)
        [row] = await parts.store.rows("SELECT source FROM lecture_captions", {})
        assert row.source == "brought"
    finally:
        await hears.stop()


async def test_what_waits_for_a_reviewer_is_one_list(hall: Hall) -> None:
    await ended(hall)
    reviewer = await World(hall.parts.store).person("reviewer", Role.REVIEWER)
    views = replace(hall.parts.views, replays_reviewed=True)

    async def waiting(of: Views, who: Person = reviewer) -> list[str]:
        return [each.what for each in (await reviews(of, who.id, "all")).lectures]

    assert await waiting(views) == ["replay"]
    assert await waiting(hall.parts.views) == [] == await waiting(views, hall.lecturer)  # nobody's own
    cues = [Caption(0, 1_000, "先看开口")]
    async with hall.parts.store.work() as work:
        await lecture_captions.bring(work, hall.lecturer, hall.id, cues, reviewed_first=True)
    assert await waiting(hall.parts.views) == ["captions"]
    async with hall.parts.store.work() as work:
        await lecture_air.show_replay(work, reviewer, hall.id, True)
    async with hall.parts.store.work() as work:
        await lecture_captions.show(work, reviewer, hall.id, True)
    assert await waiting(views) == []
