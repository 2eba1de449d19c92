"""What the folder's endpoint refuses, and how little it says about it."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Message

from media.storage import FolderFiles, FolderStorage, StorageFull


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def folder(tmp_path: Path, clock: Clock) -> FolderStorage:
    storage = FolderStorage(tmp_path / "store", "a secret of the tests", now=clock)
    await storage.prepare()
    return storage


@pytest.fixture
async def browser(folder: FolderStorage) -> AsyncIterator[httpx.AsyncClient]:
    files = FolderFiles(folder)

    async def mounted(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        await files({**scope, "root_path": "/files"}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(mounted), base_url="http://school.test") as client:
        yield client


async def test_forged_expired_and_missing_look_alike(
    folder: FolderStorage, browser: httpx.AsyncClient, clock: Clock
) -> None:
    await folder.put("a", b"x", "text/plain")
    address = await folder.sign_get("a", ttl=60)
    missing = await folder.sign_get("b", ttl=60)

    answers = [
        await browser.get(missing),
        await browser.get(address.replace("s=", "s=0")),
        await browser.get(address.replace("e=", "e=9")),
        await browser.get(address + "&e=9999999999"),
        await browser.get("/files/a"),
        await browser.get("/files/a?e=zz&s=zz"),
        await browser.get("/files/%2e%2e/%2e%2e/etc/passwd?e=1&s=1"),
        await browser.post(address),
    ]
    clock.now += 61
    answers.append(await browser.get(address))

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.content for answer in answers} == {b""}
    assert {answer.headers["cache-control"] for answer in answers[1:]} == {"private, max-age=0"}


async def test_nothing_that_is_served_can_run_or_be_shared(folder: FolderStorage, browser: httpx.AsyncClient) -> None:
    await folder.put("page", b"<script>alert(1)</script>", "text/html")
    await folder.put("photo", b"light", "image/jpeg")

    page = await browser.get(await folder.sign_get("page", ttl=60))
    photo = await browser.get(await folder.sign_get("photo", ttl=60))

    assert page.headers["content-disposition"] == "attachment"
    assert photo.headers["content-disposition"] == "inline"
    for answer in (page, photo):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("sandbox")
        assert answer.headers["cache-control"] == "private, max-age=60"


async def test_ranges_by_the_thousand_are_refused(folder: FolderStorage, browser: httpx.AsyncClient) -> None:
    await folder.put("film", b"0123456789", "video/mp4")
    address = await folder.sign_get("film", ttl=60)

    many = await browser.get(address, headers={"Range": "bytes=" + ",".join("0-1" for _ in range(5000))})
    few = await browser.get(address, headers={"Range": "bytes=0-1,4-5"})

    assert (many.status_code, many.content) == (416, b"")
    assert few.status_code == 206


async def test_what_the_browser_has_is_not_sent_again(folder: FolderStorage, browser: httpx.AsyncClient) -> None:
    stat = await folder.put("photo", b"light", "image/jpeg")

    answer = await browser.get(await folder.sign_get("photo", ttl=60), headers={"If-None-Match": f'"{stat.etag}"'})

    assert (answer.status_code, answer.content) == (304, b"")


async def test_head_tells_the_size_and_sends_nothing(folder: FolderStorage, browser: httpx.AsyncClient) -> None:
    await folder.put("photo", b"light", "image/jpeg")

    answer = await browser.head(await folder.sign_get("photo", ttl=60))

    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "5", b"")


async def test_a_put_larger_than_signed_is_refused_whatever_length_it_announces(
    folder: FolderStorage, browser: httpx.AsyncClient
) -> None:
    address = await folder.sign_put("in/0", ttl=60, max_bytes=10, content_type="image/jpeg")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"1234"

    honest = await browser.put(address, content=b"12345678901")
    silent = await browser.put(address, content=pieces())
    lying = await browser.put(address, content=pieces(), headers={"Content-Length": "4"})

    assert [honest.status_code, silent.status_code, lying.status_code] == [413, 413, 413]
    assert await folder.stat("in/0") is None
    assert _scratch(folder) == []


async def test_a_larger_limit_cannot_be_written_into_the_address(
    folder: FolderStorage, browser: httpx.AsyncClient
) -> None:
    address = await folder.sign_put("in/0", ttl=60, max_bytes=10, content_type="image/jpeg")

    answer = await browser.put(address.replace("max=10", "max=99"), content=b"12345678901")

    assert answer.status_code == 404


async def test_the_signed_type_is_kept_and_not_the_one_that_is_sent(
    folder: FolderStorage, browser: httpx.AsyncClient
) -> None:
    address = await folder.sign_put("in/0", ttl=60, max_bytes=10, content_type="image/jpeg")

    await browser.put(address, content=b"<html>", headers={"Content-Type": "text/html"})

    stat = await folder.stat("in/0")
    assert stat is not None and stat.content_type == "image/jpeg"


async def test_a_put_that_breaks_off_leaves_nothing(folder: FolderStorage) -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ]

    status = await _put_by_hand(folder, FolderFiles(folder), messages)

    assert status == 400
    assert await folder.stat("in/0") is None
    assert _scratch(folder) == []


async def test_a_put_that_stalls_is_given_up(folder: FolderStorage) -> None:
    messages: list[Message] = [{"type": "http.request", "body": b"half", "more_body": True}]

    status = await _put_by_hand(folder, FolderFiles(folder, stalled_after=0.01), messages)

    assert status == 408
    assert _scratch(folder) == []


async def test_a_full_disk_is_said_plainly_and_the_old_object_stays(
    folder: FolderStorage, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await folder.put("in/0", b"old", "image/jpeg")
    address = await folder.sign_put("in/0", ttl=60, max_bytes=10, content_type="image/jpeg")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        answer = await browser.put(address, content=b"new")
        with pytest.raises(StorageFull):
            await folder.put("in/0", b"new", "image/jpeg")

    assert answer.status_code == 507
    assert await folder.read("in/0") == b"old"
    assert _scratch(folder) == []


async def test_what_a_crash_left_behind_is_swept_at_the_next_start(folder: FolderStorage, clock: Clock) -> None:
    (folder.root / "scratch" / "left").write_bytes(b"half")
    (folder.root / "scratch" / "arriving").write_bytes(b"half")
    os.utime(folder.root / "scratch" / "left", (clock.now - 90_000, clock.now - 90_000))
    os.utime(folder.root / "scratch" / "arriving", (clock.now - 60, clock.now - 60))

    await folder.prepare()

    assert _scratch(folder) == ["arriving"]


def _scratch(folder: FolderStorage) -> list[str]:
    return [path.name for path in (folder.root / "scratch").iterdir()]


async def _put_by_hand(folder: FolderStorage, files: FolderFiles, messages: list[Message]) -> int:
    """A PUT whose body is exactly these messages, and then silence."""
    path, _, query = (await folder.sign_put("in/0", 60, 100, "image/jpeg")).partition("?")
    sent: list[Message] = []

    async def receive() -> Message:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "PUT", "path": path, "root_path": "/files", "headers": []}
    await files({**scope, "query_string": query.encode()}, receive, send)
    status: int = sent[0]["status"]
    return status
