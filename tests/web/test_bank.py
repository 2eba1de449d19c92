"""The doors of the bank: found by words, meaning, figure and facets; what a school's staff see; searches that are kept;
a photo to search by."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image
from sqlalchemy import insert

from server.actions import bank, facts
from server.actions.ports import Sought
from server.actions.taxonomy import bring_in
from server.bank import index_words
from server.domain.people import Role, Stage, Subject
from server.domain.taxonomy import Point
from server.parts import Parts
from server.reading import OnePhoto
from server.store import tables as t
from server.store.projects import Projects
from tests.research.conftest import WEEK, Town
from tests.web.test_monday import answer
from tests.web.test_subsidies import Desk

RIGHT = "在直角三角形中，两条直角边长为 3 和 4，求斜边的长。"
SLOPE = "一次函数的图象经过点 (1, 2)，求它的斜率。"
FIGURE, TURNED = "00ff00ff00ff00ff", "00ff00ff00ff00f0"


@pytest.fixture
def desk(parts: Parts, program: httpx.AsyncClient) -> Desk:
    return Desk(parts, program)


@pytest.fixture
async def town(parts: Parts) -> Town:
    town = Town(parts.store)
    await town.person(Role.RESEARCHER, login="ling")
    await town.person(Role.RESEARCHER, login="ming")
    return town


@pytest.fixture
async def first(town: Town) -> UUID:
    return await town.school("一中")


async def term(town: Town, parts: Parts, first: UUID) -> UUID:
    """Questions of two schools, told; the second school."""
    second, teacher = await town.school("二中"), await town.person(Role.TEACHER)
    asked = [await town.ask(p, text="我叫真名", read_text=RIGHT, figure=FIGURE) for p in await town.pupils(9, first)]
    await answer(parts, town, asked[0], teacher, has_pupil=False)
    for pupil in await town.pupils(6, second):
        await town.ask(pupil, "一次函数", read_text=SLOPE, answered=False, state="waiting")
    for pupil in await town.pupils(3, await town.school("小校")):
        await town.ask(pupil, "圆", read_text="小校的题")
    await tell(town)
    return second


async def tell(town: Town) -> None:
    await facts.follow(town.store)
    await town.sql("UPDATE research_weeks SET told_at = told_at - interval '2 days'")
    await facts.tell(town.store)
    await index_words(town.store)


async def find(desk: Desk, query: str = "", login: str = "ling") -> dict[str, Any]:
    found = await desk.call(login, "GET", f"/api/research/bank?weeks=52&{query}")
    assert found.status_code == 200, found.text
    body: dict[str, Any] = found.json()
    return body


def facet(view: dict[str, Any], name: str) -> dict[str, int]:
    return {each["value"]: each["asked"] for one in view["facets"] if one["name"] == name for each in one["counts"]}


async def test_questions_are_found_by_words_figure_and_every_facet_and_nobody_is_named(
    desk: Desk, town: Town, parts: Parts, first: UUID
) -> None:
    second = await term(town, parts, first)

    every = await find(desk)
    words = await find(desk, "q=直角边")
    part = await find(desk, "q=一次函数的图象，求斜率")
    shape = await find(desk, f"figure={TURNED}")
    here = await find(desk, f"school={second}&outcome=unanswered&q=一次函数的图象")
    point = await find(desk, "subject=math&stage=junior&point=勾股定理")
    nothing = await find(desk, f"q=直角边&school={second}")

    assert (every["total"], facet(every, "subject")) == (15, {"math": 15}), "three pupils of a small school are nowhere"
    assert facet(every, "outcome") == {"seen": 9, "solved": 15 - 6, "unanswered": 6}
    assert {each["name"]: each["asked"] for each in every["schools"]} == {"一中": 9, "二中": 6}
    [one] = words["items"]
    assert (one["text"], one["alike"], one["by_words"]) == (RIGHT, 8, True) and "直角" in words["terms"]
    assert "masked-1.jpg" in one["photo_url"] and one["answer"]["teacher_name"] == ""
    assert words["total"] == 9 and [each["text"] for each in part["items"]] == [SLOPE]
    assert [each["by_figure"] for each in shape["items"]] == [True] and shape["total"] == 9
    assert (here["total"], here["items"][0]["outcome"]) == (6, "unanswered")
    assert {each["name"]: each["asked"] for each in here["schools"]} == {"二中": 6}
    assert {each["name"]: each["asked"] for each in point["points"]} == {"勾股定理": 9, "一次函数": 6}
    assert nothing["total"] == 0 and [each["value"] for each in nothing["without"]] == ["words", "school"]
    for view in (every, words, part, shape, here):
        assert not any(word in str(view) for word in ("真名", "person", "小校的题", "question_id"))


async def test_meaning_finds_what_words_do_not_and_a_matcher_that_is_gone_costs_only_that(
    desk: Desk, town: Town, parts: Parts, first: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await term(town, parts, first)
    await parts.finder.ready()
    [known] = await town.sql("SELECT id FROM answers")
    async with parts.store.work() as work:
        await parts.finder.learn(work, "answer", [Sought(known.id, RIGHT, Subject.MATH, Stage.JUNIOR)])
        await work.commit()

    near = await find(desk, "q=直角三角形的直角边长 3、4，斜边长？")
    monkeypatch.setattr(parts.finder, "near", gone)
    alone = await find(desk, "q=直角边")

    assert near["by_meaning"] and near["items"][0]["sure"] > 0.5 and len(near["answers"]) == 1
    assert not alone["by_meaning"] and alone["total"] == 9


async def gone(*_: Any) -> None:
    raise RuntimeError("no matcher")


HOSTILE = ("😀🎉", "'; DROP TABLE questions; --", "& | ! ( ) :* <->", ".*(a+)+$[", "%_\\", "圆" * 500 + "x" * 5_000)


async def test_whatever_is_typed_or_linked_is_a_search_or_a_refusal(
    desk: Desk, town: Town, parts: Parts, first: UUID
) -> None:
    await term(town, parts, first)

    for words in HOSTILE:
        token = await desk.call("ling", "GET", str(httpx.URL("/api/research/bank", params={"q": words, "weeks": "52"})))
        assert token.status_code == 200, (words, token.text)
    emoji = await find(desk, "q=😀")
    wrong = ["subject=magic", "grade=13", "grade=８", "weeks=5", "point=圆", "figure=zz", "school=x", "until=yesterday",
             "skip=99999", "outcome=happy", "topic=-1", "difficulty=x"]  # fmt: skip
    refused = [(await desk.call("ling", "GET", f"/api/research/bank?{each}")).status_code for each in wrong]
    unknown = await find(desk, "topic=99&subject=math&stage=junior")

    assert emoji["wordless"] and emoji["total"] == 0 and emoji["without"]
    assert refused == [400] * len(wrong)
    assert unknown["total"] == 0 and unknown["moved"] == [{"what": "topic", "was": "99", "now": None}]


async def test_a_school_s_staff_see_their_own_school_and_no_other(
    desk: Desk, town: Town, parts: Parts, first: UUID
) -> None:
    second = await term(town, parts, first)
    await town.person(Role.SCHOOL_ADMIN, login="wang", school=first)

    own = await find(desk, "", "wang")
    topics = await find(desk, "q=一次函数", "wang")
    other = await desk.call("wang", "GET", f"/api/research/bank?school={second}")
    shared = await desk.call("wang", "POST", "/api/research/cohorts", {"title": "a", "search": {}, "shared": True})

    assert (own["total"], [each["name"] for each in own["schools"]]) == (9, ["一中"])
    assert topics["total"] == 0 and (other.status_code, shared.status_code) == (403, 400)


async def test_a_kept_search_is_its_owner_s_until_shared_and_follows_what_is_renamed_and_merged(
    desk: Desk, town: Town, parts: Parts, first: UUID
) -> None:
    def version(*names: str, replaces: tuple[str, ...] = ()) -> list[tuple[int, Point]]:
        points = [
            Point(f"m{n}", name, None, Subject.MATH, Stage.JUNIOR, 7, 9, replaces if n == 0 else ())
            for n, name in enumerate(names)
        ]
        return list(enumerate(points, 2))

    async def import_(points: list[tuple[int, Point]]) -> None:
        async with parts.store.work() as work:
            await bring_in(work, points, [], "t.csv", None)

    await import_(version("勾股定理", "一次函数"))
    await term(town, parts, first)
    search = {"subject": "math", "stage": "junior", "point": "勾股定理", "weeks": "52"}

    kept = await desk.call("ling", "POST", "/api/research/cohorts", {"title": " 难 题 ", "search": search})
    twice = await desk.call("ling", "POST", "/api/research/cohorts", {"title": "难 题", "search": {}})
    [cohort] = kept.json()["cohorts"]
    path = f"/api/research/cohorts/{cohort['id']}"
    hidden = await desk.call("ming", "GET", path)
    shared = (await desk.call("ling", "POST", path, {"title": "勾股", "shared": True})).json()["cohorts"][0]
    seen = (await desk.call("ming", "GET", "/api/research/cohorts")).json()["cohorts"][0]
    not_hers = await desk.call("ming", "POST", path, {"title": "x"})
    unknown = await desk.call("ling", "POST", "/api/research/cohorts", {"title": "y", "search": {"pupil": "1"}})
    await import_(version("勾股", "勾股定理"))  # m1 has m0's old name now
    await tell(town)
    opened = (await desk.call("ming", "GET", path)).json()
    current = await find(desk, "&".join(f"{name}={value}" for name, value in opened["search"].items()))
    gone = await desk.call("ling", "POST", f"{path}/forget")

    assert (kept.status_code, cohort["title"], cohort["mine"]) == (201, "难 题", True)
    assert (twice.status_code, hidden.status_code, not_hers.status_code, unknown.status_code) == (409, 404, 404, 400)
    assert (shared["title"], shared["shared"], seen["mine"], seen["who"]) == ("勾股", True, False, "演示·ling")
    assert opened["search"]["point"] == "勾股" and opened["moved"][0]["was"] == "勾股定理"
    assert current["total"] == 9, "what it is about, under its new name, as the bank has it now"
    assert gone.json()["cohorts"] == []


async def test_a_link_to_a_topic_or_a_point_that_was_merged_leads_to_what_it_became(
    desk: Desk, town: Town, parts: Parts, first: UUID
) -> None:
    def point(code: str, name: str, replaces: tuple[str, ...] = ()) -> tuple[int, Point]:
        return 2, Point(code, name, None, Subject.MATH, Stage.JUNIOR, 7, 9, replaces)

    async with parts.store.work() as work:
        await bring_in(work, [point("a", "一次函数"), point("b", "勾股定理")], [], "1.csv", None)
    await term(town, parts, first)
    async with parts.store.work() as work:
        await bring_in(work, [point("c", "函数", ("a",)), point("b", "勾股定理")], [], "2.csv", None)
    await tell(town)
    row = {"subject": "math", "stage": "junior", "terms": ["斜边"], "mean": b"", "exemplars": [], "holds": False}
    async with parts.store.engine.begin() as connection:
        for _ in range(2):
            await connection.execute(insert(t.topics).values(**row, born_on=WEEK))
    old, new = [each.id for each in await town.sql("SELECT id FROM topics ORDER BY id")]
    await town.sql("INSERT INTO topic_members SELECT question_id, %(id)s FROM bank_questions WHERE seen", id=new)
    await town.sql("UPDATE topics SET merged_into = %(new)s WHERE id = %(old)s", new=new, old=old)

    by_point = await find(desk, "subject=math&stage=junior&point=一次函数")
    by_topic = await find(desk, f"subject=math&stage=junior&topic={old}")

    assert (by_point["total"], by_point["moved"][0]["now"]) == (6, "函数")
    assert (by_topic["total"], by_topic["moved"][0]["now"], by_topic["topics"][0]["asked"]) == (9, str(new), 9)


class Reads:
    """What a reading process says of any photo."""

    def __init__(self, said: OnePhoto) -> None:
        self.said = said

    async def read(self, photo: bytes) -> OnePhoto:
        return self.said


@pytest.mark.parametrize(("said", "problems"), [
    (OnePhoto(text="求斜边\n的长", figure=FIGURE), [{"text": "求斜边 的长", "figure": FIGURE}]),
    (OnePhoto(), []),  # of a cat
])  # fmt: skip
async def test_a_photo_is_read_once_and_nothing_of_it_is_kept(
    desk: Desk, town: Town, parts: Parts, said: OnePhoto, problems: list[dict[str, str]]
) -> None:
    [ling] = await town.sql("SELECT id FROM accounts WHERE login = 'ling'")
    media, picture = uuid4(), io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(picture, "JPEG")
    path = parts.settings.data_dir / "photo.jpg"
    path.write_bytes(picture.getvalue())
    await parts.storage.put(f"media/{media}/photo.jpg", path, "image/jpeg")
    async with parts.store.work() as work:
        await work.add_media(id=media, owner_id=ling.id, kind="photo", state="ready", content_type="image/jpeg",
                             key=f"media/{media}/photo.jpg")  # fmt: skip
        await work.commit()

    asked = await desk.call("ling", "POST", "/api/research/bank/photos", {"media_id": str(media)})
    again = await desk.call("ling", "POST", "/api/research/bank/photos", {"media_id": str(media)})
    anothers = await desk.call("ming", "POST", "/api/research/bank/photos", {"media_id": str(media)})
    door = f"/api/research/bank/photos/{asked.json()['id']}"
    before = (await desk.call("ling", "GET", door)).json()
    await bank.read(parts.store, parts.storage, Reads(said), UUID(asked.json()["id"]))
    after = (await desk.call("ling", "GET", door)).json()
    peeked = await desk.call("ming", "GET", door)

    assert (asked.status_code, again.status_code, anothers.status_code, peeked.status_code) == (201, 409, 404, 404)
    assert before["state"] == "reading" and (after["state"], after["problems"]) == ("read", problems)
    assert await parts.storage.list(f"media/{media}/", 10) == []
    assert (
        await town.sql("SELECT id FROM media") == [] and await town.sql("SELECT question_id FROM bank_questions") == []
    )
    await town.sql("UPDATE bank_photos SET made_at = made_at - interval '2 hours'")
    await bank.forget_photos(parts.store)
    assert (await desk.call("ling", "GET", door)).status_code == 404


async def test_what_a_reviewer_hides_is_in_no_search_exemplar_or_export(
    desk: Desk, town: Town, parts: Parts, first: UUID
) -> None:
    await term(town, parts, first)
    await town.person(Role.REVIEWER, login="hong")
    [taught] = await town.sql("SELECT question_id FROM answers")
    cell = f"week={WEEK}&subject=math&stage=junior&point=勾股定理"
    shown = (await desk.call("ling", "GET", f"/api/research/exemplars?{cell}")).json()["exemplars"]

    word = {"kind": "fitness", "value": "inappropriate"}
    assert (await desk.call("hong", "POST", f"/api/held/{taught.question_id}", word)).status_code == 200

    assert (
        len(shown) == 1
        and (await desk.call("ling", "GET", f"/api/research/exemplars?{cell}")).json()["exemplars"] == []
    )
    assert len((await find(desk, "q=直角边"))["items"]) == 1 and (await find(desk, "q=直角边"))["total"] == 8
    async with parts.store.work() as work:
        rows = await Projects(work).asked_on(WEEK)
    assert len(rows) == 9 + 6 + 3 - 1
    [row] = await town.sql("SELECT state FROM questions WHERE id = %(id)s", id=taught.question_id)
    assert row.state == "resolved", "its pupil is answered as ever"
