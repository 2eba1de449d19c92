"""One suite for the folder, for S3 as moto plays it and for S3 as OpenStack Swift serves it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from media.storage import (
    FolderFiles,
    FolderStorage,
    ObjectMissing,
    ObjectTooLarge,
    S3Storage,
    Storage,
    StorageUnavailable,
    open_storage,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:moto", "ignore::DeprecationWarning:botocore")


@dataclass
class Store:
    """A storage under test and a client that opens its signed addresses, as a browser would."""

    name: str
    storage: Storage
    browser: httpx.AsyncClient


@pytest.fixture(params=["folder", "moto", "swift"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    name: str = request.param
    if name == "folder":
        folder = open_storage(f"file://{tmp_path / 'store'}", secret="a secret of the tests", data_dir=tmp_path)
        assert isinstance(folder, FolderStorage)
        storage: Storage = folder
        transport = httpx.ASGITransport(Starlette(routes=[Mount("/files", FolderFiles(folder))]))
        browser = httpx.AsyncClient(transport=transport, base_url="http://school.test")
    else:
        address = request.getfixturevalue({"moto": "moto", "swift": "openstack"}[name])
        url = f"{address}/bucket-{uuid4().hex[:8]}?region=us-east-1"
        storage = open_storage(url, secret="unused, S3 signs by its own", data_dir=tmp_path)
        browser = httpx.AsyncClient()
    await storage.prepare()
    async with browser:
        yield Store(name, storage, browser)


async def test_what_is_put_can_be_read_and_is_described(store: Store) -> None:
    put = await store.storage.put("photos/a.jpg", b"light", "image/jpeg")

    known = await store.storage.stat("photos/a.jpg")

    assert await store.storage.read("photos/a.jpg") == b"light"
    assert known is not None
    assert (known.key, known.size, known.etag, known.content_type) == ("photos/a.jpg", 5, put.etag, "image/jpeg")
    assert put.etag


async def test_a_file_larger_than_a_part_arrives_whole(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "film.mp4"
    source.write_bytes(bytes(range(256)) * 24 * 1024)  # 6 MiB: the S3 client sends it in two parts

    await store.storage.put("films/film.mp4", source, "video/mp4")
    got = await store.storage.download("films/film.mp4", tmp_path / "again.mp4", max_bytes=8 << 20)

    assert got.size == source.stat().st_size
    assert (tmp_path / "again.mp4").read_bytes() == source.read_bytes()


async def test_putting_again_replaces_the_whole_object(store: Store) -> None:
    first = await store.storage.put("note.txt", b"a long first version", "text/plain")

    second = await store.storage.put("note.txt", b"short", "text/plain")

    assert await store.storage.read("note.txt") == b"short"
    assert second.etag != first.etag


async def test_a_missing_object_is_missing_in_every_verb(store: Store, tmp_path: Path) -> None:
    assert await store.storage.stat("no/such") is None
    with pytest.raises(ObjectMissing):
        await store.storage.read("no/such")
    with pytest.raises(ObjectMissing):
        await store.storage.download("no/such", tmp_path / "x", max_bytes=10)
    await store.storage.delete("no/such")


async def test_a_deleted_object_is_gone(store: Store) -> None:
    await store.storage.put("a/b", b"x", "text/plain")

    await store.storage.delete("a/b")

    assert await store.storage.stat("a/b") is None
    assert await store.storage.list("a/") == []


async def test_more_bytes_than_allowed_are_not_read(store: Store, tmp_path: Path) -> None:
    await store.storage.put("big", b"12345678", "application/octet-stream")

    with pytest.raises(ObjectTooLarge):
        await store.storage.read("big", max_bytes=7)
    with pytest.raises(ObjectTooLarge):
        await store.storage.download("big", tmp_path / "big", max_bytes=7)

    assert not (tmp_path / "big").exists()
    assert await store.storage.read("big", max_bytes=8) == b"12345678"


async def test_a_listing_is_bounded_and_in_the_order_of_the_keys(store: Store) -> None:
    for key in ("in/b/2", "in/b-1", "in/b/1", "in/a", "inner", "other/1"):
        await store.storage.put(key, b"x", "text/plain")

    assert [stat.key for stat in await store.storage.list("in/")] == ["in/a", "in/b-1", "in/b/1", "in/b/2"]
    assert [stat.key for stat in await store.storage.list("in/b/")] == ["in/b/1", "in/b/2"]
    assert [stat.key for stat in await store.storage.list("in", limit=2)] == ["in/a", "in/b-1"]
    assert [stat.size for stat in await store.storage.list("inner")] == [1]


async def test_an_empty_object_is_an_object(store: Store) -> None:
    await store.storage.put("empty", b"", "text/plain")

    assert await store.storage.read("empty") == b""


async def test_a_signed_address_serves_the_object_and_a_part_of_it(store: Store) -> None:
    put = await store.storage.put("voice.m4a", b"0123456789", "audio/mp4")
    address = await store.storage.sign_get("voice.m4a", ttl=60)

    whole = await store.browser.get(address)
    part = await store.browser.get(address, headers={"Range": "bytes=2-4"})
    tail = await store.browser.get(address, headers={"Range": "bytes=-3"})
    beyond = await store.browser.get(address, headers={"Range": "bytes=10-"})

    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, b"0123456789", "audio/mp4")
    assert whole.headers["etag"].strip('"') == put.etag
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert (tail.status_code, tail.content) == (206, b"789")
    assert beyond.status_code == 416


async def test_a_filename_makes_a_signed_address_a_download(store: Store) -> None:
    await store.storage.put("x.mp4", b"film", "video/mp4")

    address = await store.storage.sign_get("x.mp4", ttl=60, filename="../勾股定理\r\n\u202e.mp4")
    got = await store.browser.get(address)

    assert got.status_code == 200
    name = "%E5%8B%BE%E8%82%A1%E5%AE%9A%E7%90%86.mp4"
    assert got.headers["content-disposition"] == f"attachment; filename*=utf-8''{name}"


async def test_a_signed_address_takes_one_put(store: Store) -> None:
    address = await store.storage.sign_put("incoming/u1/0", ttl=60, max_bytes=100, content_type="image/jpeg")

    put = await store.browser.put(address, content=b"part", headers={"Content-Type": "image/jpeg"})

    assert put.status_code == 200
    assert await store.storage.read("incoming/u1/0") == b"part"
    known = await store.storage.stat("incoming/u1/0")
    assert known is not None and known.content_type == "image/jpeg"


# moto looks at neither signature nor expiry, so the next two run where they are enforced.


@pytest.mark.parametrize("store", ["folder", "swift"], indirect=True)
async def test_a_signature_is_good_for_its_own_key_and_verb_only(store: Store) -> None:
    await store.storage.put("mine", b"mine", "text/plain")
    await store.storage.put("yours", b"yours", "text/plain")
    get = await store.storage.sign_get("mine", ttl=60)
    put = await store.storage.sign_put("mine", ttl=60, max_bytes=100, content_type="text/plain")

    refused = [
        await store.browser.get(get.replace("mine", "yours", 1)),
        await store.browser.put(get, content=b"changed"),
        await store.browser.get(put),
        await store.browser.put(put.replace("mine", "yours", 1), content=b"changed"),
        await store.browser.get(get.partition("?")[0]),
        await store.browser.delete(get),
    ]

    assert all(400 <= answer.status_code < 500 for answer in refused), [answer.status_code for answer in refused]
    assert await store.storage.read("mine") == b"mine"
    assert await store.storage.read("yours") == b"yours"


@pytest.mark.parametrize("store", ["folder", "swift"], indirect=True)
async def test_an_expired_address_serves_nothing(store: Store) -> None:
    await store.storage.put("a", b"x", "text/plain")

    address = await _signed_in_the_past(store.storage, "a")

    assert 400 <= (await store.browser.get(address)).status_code < 500


async def _signed_in_the_past(storage: Storage, key: str) -> str:
    """Signed two minutes ago for one minute."""
    if isinstance(storage, FolderStorage):
        return await storage.sign_get(key, ttl=-60)
    assert isinstance(storage, S3Storage)
    then = datetime.now(UTC) - timedelta(minutes=2)
    return storage._public.presigned_get_object(storage.bucket, key, timedelta(minutes=1), request_date=then)


async def test_a_ready_store_says_so(store: Store) -> None:
    await store.storage.check()


async def test_preparing_twice_changes_nothing(store: Store) -> None:
    await store.storage.put("kept", b"x", "text/plain")

    await store.storage.prepare()

    assert await store.storage.read("kept") == b"x"


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../up", "a/../b", "a//b", "a/", ".hidden", "a\0b", "a\nb", "a\\b", "é"]
)
async def test_a_malformed_key_is_refused_before_anything_happens(store: Store, key: str) -> None:
    with pytest.raises(AssertionError):
        await store.storage.put(key, b"x", "text/plain")
    with pytest.raises(AssertionError):
        await store.storage.sign_get(key, ttl=60)


async def test_readers_see_the_old_object_or_the_new_one_but_never_a_mixture(store: Store) -> None:
    old, new = b"a" * 300_000, b"b" * 300_000
    await store.storage.put("page", old, "text/plain")

    async def read() -> bytes:
        return await store.storage.read("page")

    verbs: list[Callable[[], Awaitable[object]]] = [read] * 6
    verbs.insert(3, lambda: store.storage.put("page", new, "text/plain"))
    seen = await asyncio.gather(*(verb() for verb in verbs))

    assert {content for content in seen if isinstance(content, bytes)} <= {old, new}
    assert await store.storage.read("page") == new


async def test_an_s3_store_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    nobody = open_storage("s3+http://key:secret@127.0.0.1:1/bucket", secret="unused", data_dir=tmp_path)

    with pytest.raises(StorageUnavailable):
        await nobody.check()


async def test_an_s3_store_without_its_bucket_is_not_ready(moto: str, tmp_path: Path) -> None:
    empty = open_storage(f"{moto}/never-made", secret="unused", data_dir=tmp_path)

    with pytest.raises(StorageUnavailable):
        await empty.check()


async def test_addresses_are_signed_for_the_host_that_browsers_see(tmp_path: Path) -> None:
    url = "s3+http://key:secret@127.0.0.1:9/bucket?region=cn-1&public=https://files.school.test"
    storage = open_storage(url, secret="unused", data_dir=tmp_path)

    address = await storage.sign_get("a/b.mp4", ttl=60)

    assert address.startswith("https://files.school.test/bucket/a/b.mp4?")
    assert "cn-1" in address


@pytest.mark.parametrize("url", ["ftp://x/y", "s3+http://host/bucket", "file://host/path", "s3+http://k:s@h:1/b/c/d?x"])
def test_a_setting_that_names_no_store_is_refused_with_an_example(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="s3\\+https://KEY:SECRET@host"):
        open_storage(url, secret="a secret of the tests", data_dir=tmp_path)
