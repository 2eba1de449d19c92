"""Files on their way in, and out again: by the doors and signed addresses that a phone uses, into the folder store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select

from server.actions import answer, ask, upload
from server.parts import Parts
from server.settings import Settings
from server.store import tables as t
from server.web.auth import make_token
from tests.actions.conftest import SaysSo
from tests.builders import RULES, World
from tests.media.uploads import LOCATION, a_picture, exif, saved
from tests.web.conftest import ORIGIN

ASK = {"subject": "math", "grade": 8, "text": ""}
PHOTO = saved(a_picture(), "JPEG", exif=exif())


class Phone(httpx.AsyncClient):
    """Somebody who sends files."""

    async def begin(self, kind: str = "photo", content_type: str = "image/jpeg", **more: Any) -> str:
        begun = await self.post("/api/uploads", json={"kind": kind, "content_type": content_type, **more})
        assert begun.status_code == 201, begun.text
        return str(begun.json()["id"])

    async def address(self, id: str, number: int) -> str:
        signed = await self.post(f"/api/uploads/{id}/parts", json={"parts": [number]})
        assert signed.status_code == 200, signed.text
        return str(signed.json()["urls"][str(number)])

    async def put_parts(self, id: str, *parts: bytes) -> None:
        for number, part in enumerate(parts):
            assert (await self.put(await self.address(id, number), content=part)).status_code == 200

    async def arrived(self, id: str) -> list[int]:
        found: list[int] = (await self.get(f"/api/uploads/{id}")).json()["arrived"]
        return found

    async def complete(self, id: str, whole: bytes, parts: int = 1, **lies: Any) -> httpx.Response:
        body = {"parts": parts, "size": len(whole), "sha256": sha256(whole).hexdigest(), **lies}
        return await self.post(f"/api/uploads/{id}/complete", json=body)

    async def photo(self, whole: bytes = PHOTO) -> dict[str, Any]:
        await self.put_parts(id := await self.begin(), whole)
        kept = await self.complete(id, whole)
        assert kept.status_code == 200, kept.text
        view: dict[str, Any] = kept.json()
        return view

    async def ask(self, *media: str) -> httpx.Response:
        return await self.post(
            "/api/questions", json={**ASK, "media": media}, headers={"Idempotency-Key": str(uuid4())}
        )


@pytest.fixture
def world(parts: Parts) -> World:
    return World(parts.store)


@pytest.fixture
async def phone_of(parts: Parts, app: Any) -> Any:
    phones = []

    async def make(login: str) -> Phone:
        token = await make_token(parts.store, login, 1)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        phones.append(Phone(transport=transport, base_url=ORIGIN, headers={"Authorization": f"Bearer {token}"}))
        return phones[-1]

    yield make
    for phone in phones:
        await phone.aclose()


PhoneOf = Callable[[str], Awaitable[Phone]]


@pytest.fixture
async def phone(world: World, phone_of: PhoneOf) -> Phone:
    await world.student("xiaoming")
    return await phone_of("xiaoming")


async def objects(parts: Parts, prefix: str) -> list[str]:
    return [stat.key for stat in await parts.storage.list(prefix)]


# --- sending


async def test_a_photo_goes_on_where_the_network_broke_and_becomes_ours(phone: Phone, parts: Parts) -> None:
    third = len(PHOTO) // 3
    pieces = [PHOTO[:third], PHOTO[third : 2 * third], PHOTO[2 * third :]]
    id = await phone.begin()
    await phone.put(await phone.address(id, 0), content=pieces[0])
    await phone.put(await phone.address(id, 2), content=pieces[2])

    too_early = await phone.complete(id, PHOTO, parts=3)
    assert (too_early.status_code, too_early.json()["code"]) == (409, "incomplete")
    assert await phone.arrived(id) == [0, 2]
    await phone.put(await phone.address(id, 1), content=pieces[1])
    kept = await phone.complete(id, PHOTO, parts=3)

    view = kept.json()
    assert kept.status_code == 200
    assert (view["content_type"], view["width"], view["height"]) == ("image/jpeg", 400, 300)
    assert await objects(parts, "incoming/") == []
    assert (await phone.ask(id)).status_code == 201


async def test_a_part_that_is_sent_again_counts_once(phone: Phone) -> None:
    id = await phone.begin()
    await phone.put_parts(id, b"half of something else")
    await phone.put_parts(id, PHOTO)

    assert await phone.arrived(id) == [0]
    assert (await phone.complete(id, PHOTO)).status_code == 200


async def test_completing_twice_gives_the_same_answer(phone: Phone, parts: Parts) -> None:
    await phone.put_parts(id := await phone.begin(), PHOTO)

    answers = [*await asyncio.gather(*(phone.complete(id, PHOTO) for _ in range(4))), await phone.complete(id, PHOTO)]

    def unsigned(view: dict[str, Any]) -> dict[str, Any]:
        return {**view, "url": urlsplit(view["url"]).path, "thumb_url": urlsplit(view["thumb_url"]).path}

    assert {answer.status_code for answer in answers} == {200}
    assert all(unsigned(answer.json()) == unsigned(answers[0].json()) for answer in answers)
    assert await objects(parts, "media/") == [f"media/{id}/photo.jpg", f"media/{id}/thumbnail.jpg"]


async def test_a_phone_that_asks_again_while_its_parts_are_taken_away_is_told_that_all_is_well(
    phone: Phone, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await phone.put_parts(id := await phone.begin(), PHOTO)
    read = parts.storage.read

    async def read_late(key: str, max_bytes: int) -> bytes:
        monkeypatch.setattr(parts.storage, "read", read)
        assert (await phone.complete(id, PHOTO)).status_code == 200
        return await read(key, max_bytes)

    monkeypatch.setattr(parts.storage, "read", read_late)

    assert (await phone.complete(id, PHOTO)).status_code == 200


@pytest.mark.parametrize(
    ("arrives", "lies", "status", "code"),
    [
        (PHOTO[:-1] + bytes([PHOTO[-1] ^ 1]), {}, 422, "corrupted"),
        (PHOTO, {"sha256": "0" * 64}, 422, "corrupted"),
        (PHOTO, {"sha256": "../../etc/passwd\r\n"}, 422, "corrupted"),
        (PHOTO[:-1], {}, 409, "incomplete"),
        (PHOTO + b"more", {}, 409, "incomplete"),
        (PHOTO, {"parts": 0}, 409, "incomplete"),
        (PHOTO, {"parts": -1}, 409, "incomplete"),
        (PHOTO, {"parts": 10**15}, 409, "incomplete"),
        (PHOTO, {"size": len(PHOTO) - 1}, 409, "incomplete"),
        (PHOTO, {"size": 10**15}, 413, "too_large"),
        (b"", {}, 422, "empty"),
        (b"", {"size": -1}, 422, "empty"),
    ],
    ids=[
        *("one bit", "another checksum", "no checksum", "cut off", "longer", "no parts", "less than none"),
        *("countless parts", "a smaller size", "an endless size", "empty", "less than empty"),
    ],
)
async def test_what_did_not_arrive_as_it_was_sent_is_not_kept(
    phone: Phone, parts: Parts, arrives: bytes, lies: dict[str, Any], status: int, code: str
) -> None:
    await phone.put_parts(id := await phone.begin(), arrives)

    said = await phone.complete(id, PHOTO if arrives else b"", **lies)

    assert (said.status_code, said.json()["code"]) == (status, code)
    assert await objects(parts, "media/") == []
    await phone.put_parts(id, PHOTO)
    assert (await phone.complete(id, PHOTO)).status_code == 200  # the phone sends it again, under the same name


async def test_a_part_is_no_larger_than_it_was_signed_for(phone: Phone) -> None:
    address = await phone.address(id := await phone.begin(), 0)
    large = bytes(upload.PART_SIZE + 1)

    async def unannounced() -> Any:
        yield large

    told = await phone.put(address, content=large)
    streamed = await phone.put(address, content=unannounced())
    lied = await phone.put(address, content=unannounced(), headers={"Content-Length": "1"})

    assert {told.status_code, streamed.status_code, lied.status_code} == {413}
    assert await phone.arrived(id) == []


@pytest.mark.parametrize(("numbers", "status"), [([], 400), ([-1], 400), (list(range(201)), 400), ([10**9], 413)])
async def test_only_so_many_parts_are_signed(phone: Phone, numbers: list[int], status: int) -> None:
    signed = await phone.post(f"/api/uploads/{await phone.begin()}/parts", json={"parts": numbers})

    assert signed.status_code == status


@pytest.mark.parametrize(
    "content",
    [
        b"<!doctype html><script>alert(1)</script>",
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        b"<?php system($_GET[0]);",
    ],
)
async def test_a_page_named_jpg_is_refused_in_words_for_a_child(phone: Phone, parts: Parts, content: bytes) -> None:
    await phone.put_parts(id := await phone.begin(), content)

    said = await phone.complete(id, content)
    again = await phone.complete(id, content)

    assert (said.status_code, said.json()["code"]) == (422, "not_a_photo")
    assert "照片" in said.json()["zh"] and "photo" in said.json()["en"]
    assert again.status_code == 409
    assert await objects(parts, "") == []
    assert (await phone.ask(id)).status_code == 404


@pytest.mark.parametrize(
    "content_type",
    ["image/jpeg\r\nSet-Cookie: a=b", "../../etc/passwd\u202egpj", "图片/照片", "a" * 101, "image/jpeg\x00"],
    ids=["CRLF", "right to left", "Chinese", "long", "zero"],
)
async def test_a_type_that_no_header_can_hold_begins_nothing(phone: Phone, content_type: str) -> None:
    begun = await phone.post("/api/uploads", json={"kind": "photo", "content_type": content_type})

    assert begun.status_code in {400, 422}


@pytest.mark.parametrize("content_type", ["../../../../etc/passwd", "text/html", ""])
async def test_the_type_that_a_phone_claims_names_nothing_and_is_not_believed(
    phone: Phone, parts: Parts, content_type: str
) -> None:
    await phone.put_parts(id := await phone.begin(content_type=content_type), PHOTO)

    view = (await phone.complete(id, PHOTO)).json()

    assert view["content_type"] == "image/jpeg"
    assert (await phone.get(view["url"])).headers["Content-Type"] == "image/jpeg"
    assert await objects(parts, "") == [f"media/{id}/photo.jpg", f"media/{id}/thumbnail.jpg"]


# --- whose it is


async def test_an_upload_of_another_looks_like_none(
    phone: Phone, world: World, phone_of: PhoneOf, parts: Parts
) -> None:
    await phone.put_parts(id := await phone.begin(), PHOTO)
    await world.student("other")
    other = await phone_of("other")

    for name in (id, str(uuid4())):
        assert (await other.get(f"/api/uploads/{name}")).status_code == 404
        assert (await other.post(f"/api/uploads/{name}/parts", json={"parts": [0]})).status_code == 404
        assert (await other.complete(name, PHOTO)).status_code == 404

    assert await phone.arrived(id) == [0]
    assert (await phone.complete(id, PHOTO)).status_code == 200


async def test_a_question_takes_only_files_that_are_its_askers_ready_and_unused(
    phone: Phone, world: World, phone_of: PhoneOf, parts: Parts
) -> None:
    await world.student("other")
    theirs = (await (await phone_of("other")).photo())["id"]
    mine = (await phone.photo())["id"]
    unfinished = await phone.begin()

    refused = [await phone.ask(id) for id in (theirs, unfinished, str(uuid4()))]
    mixed = await phone.ask(mine, theirs)
    twice = await phone.ask(mine, mine)
    first = await phone.ask(mine)
    second = await phone.ask(mine)

    assert {answer.status_code for answer in (*refused, mixed)} == {404}
    assert len({answer.text for answer in (*refused, mixed)}) == 1
    assert twice.status_code == 400
    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "file_used")
    async with parts.store.reading() as connection:
        assert await connection.scalar(select(func.count()).select_from(t.questions)) == 1


async def test_of_two_questions_that_take_one_photo_at_once_one_gets_it(phone: Phone) -> None:
    photo = (await phone.photo())["id"]

    answers = await asyncio.gather(*(phone.ask(photo) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


async def test_a_recording_belongs_to_the_teacher_of_an_open_session(
    phone: Phone, world: World, phone_of: PhoneOf, parts: Parts
) -> None:
    session = await _a_session(world, parts)
    await world.teacher("colleague")
    wang, colleague = await phone_of("wang"), await phone_of("colleague")
    body = {"kind": "recording", "content_type": "audio/webm;codecs=opus", "session_id": str(session)}

    begun = [(await each.post("/api/uploads", json=body)).status_code for each in (wang, colleague, phone)]
    nowhere = await wang.post("/api/uploads", json={**body, "session_id": str(uuid4())})
    without = await wang.post("/api/uploads", json={**body, "session_id": None})
    page = await wang.post("/api/uploads", json={**body, "content_type": "text/html"})

    assert begun == [201, 404, 404]
    assert (nowhere.status_code, without.status_code, page.status_code) == (404, 400, 400)


async def _a_session(world: World, parts: Parts) -> UUID:
    teacher = await world.teacher("wang")
    question = await world.ask(await world.student("asker"))
    async with parts.store.work() as work:
        await ask.settle(work, SaysSo(), RULES, question, None, await work.now())
    async with parts.store.work() as work:
        offer = await work.open_offer_of(question)
        assert offer is not None
        return await answer.accept(work, teacher, offer.id, await work.now())


# --- looking at it


async def test_a_photo_is_shown_to_its_pupil_and_the_teacher_asked_and_to_nobody_else(
    phone: Phone, world: World, phone_of: PhoneOf, parts: Parts
) -> None:
    teacher = await world.teacher("wang")
    await world.teacher("colleague", on_duty=False)
    await world.student("other")
    question = (await phone.ask((await phone.photo())["id"])).json()["id"]
    async with parts.store.work() as work:
        await ask.settle(work, SaysSo(), RULES, UUID(question), "1 + 1", await work.now())

    own = (await phone.get(f"/api/questions/{question}")).json()["media"][0]
    offered = (await (await phone_of(teacher.login)).get("/api/teacher")).json()["duty"]["offer"]["media"][0]
    idle = (await (await phone_of("colleague")).get("/api/teacher")).json()
    other = await (await phone_of("other")).get(f"/api/questions/{question}")

    for view in (own, offered):
        seen = await httpx_get(phone, view["url"])
        assert seen.status_code == 200
        assert seen.content.startswith(b"\xff\xd8") and LOCATION.encode() not in seen.content
    assert "/files/" not in str(idle)
    assert other.status_code == 404 and "/files/" not in other.text


async def httpx_get(phone: Phone, url: str, **headers: str) -> httpx.Response:
    """As an <img> would: the address alone counts, whoever asks."""
    return await phone.get(url, headers={**headers, "Authorization": ""})


async def test_an_address_lasts_some_minutes_and_for_what_it_was_signed(
    phone: Phone, parts: Parts, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = (await phone.photo())["url"]
    place, _, query = url.partition("?")
    expiry, signature = (parse_qs(query)[name][0] for name in "es")
    thumbnail = place.replace("photo.jpg", "thumbnail.jpg")
    put = await phone.address(await phone.begin(), 0)

    altered = [
        place,
        f"{place}?e={int(expiry) + 3600}&s={signature}",
        f"{place}?e={expiry}&s={'0' * len(signature)}",
        f"{place}?e={expiry}&s=",
        f"{thumbnail}?{query}",
        place.replace("/files/media/", "/files/media/%2e%2e/media/") + f"?{query}",
        f"/files/%2e%2e/secret?{query}",
        put,
    ]
    refused = [await phone.get(each) for each in altered]
    written = await phone.put(url, content=b"mine now")
    fine = await phone.get(url)
    monkeypatch.setattr(parts.storage, "_now", lambda: float(expiry) + 1)
    late = await phone.get(url)

    assert {answer.status_code for answer in (*refused, written, late)} == {404}
    assert {answer.content for answer in (*refused, late)} == {b""}
    assert fine.status_code == 200
    assert int(fine.headers["Cache-Control"].rpartition("=")[2]) <= settings.signed_url_s == 900


async def test_a_player_asks_for_the_piece_that_it_shows(phone: Phone) -> None:
    url = (await phone.photo())["url"]
    whole = (await phone.get(url)).content

    piece = await phone.get(url, headers={"Range": "bytes=10-19"})
    end = await phone.get(url, headers={"Range": "bytes=-5"})
    beyond = await phone.get(url, headers={"Range": f"bytes={len(whole)}-"})
    thousands = await phone.get(url, headers={"Range": "bytes=" + ",".join(f"{n}-{n}" for n in range(1000))})
    head = await phone.head(url)

    assert (piece.status_code, piece.content) == (206, whole[10:20])
    assert piece.headers["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert (end.status_code, end.content) == (206, whole[-5:])
    assert (beyond.status_code, thousands.status_code) == (416, 416)
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(whole)))
