"""Objects by key, in a folder or in any plain S3 store, behind one interface with signed addresses."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import hmac
import json
import os
import re
import secrets
import shutil
import time
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urlsplit

import urllib3
from minio import Minio
from minio.datatypes import Object
from minio.error import MinioException, S3Error
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

MIB = 1024 * 1024
READ_LIMIT = 64 * MIB  # `read` holds the object in memory; what is larger goes through `download`
MAX_RANGES = 8  # a player asks for one; a list of thousands only costs us seeks
STALLED_AFTER = 30.0  # seconds without a byte of a signed PUT before its connection is given up
SCRATCH_KEPT = 86_400.0  # seconds; a scratch file older than any upload was left behind by a crash

_T = TypeVar("_T")
_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._=-]*(/[A-Za-z0-9_][A-Za-z0-9._=-]*)*")
_SHOWN_IN_PLACE = ("image/jpeg", "image/png", "image/webp", "audio/", "video/")


@dataclass(frozen=True, slots=True)
class Stat:
    """One object as the store knows it. Size in bytes; the etag is opaque; a listing leaves the type out."""

    key: str
    size: int
    etag: str
    content_type: str | None
    modified: datetime


Listing = list[Stat]  # inside a class that has a verb `list`, the type needs another name


class StorageError(Exception):
    """
    StorageError
     ├─ ObjectMissing         no object has this key
     ├─ ObjectTooLarge        the object is larger than the caller allows
     └─ StorageUnavailable    the store does not answer, or refuses: try again later
         └─ StorageFull       there is no room left
    """


class ObjectMissing(StorageError):
    """No object has this key."""


class ObjectTooLarge(StorageError):
    """The object is larger than the caller allows."""


class StorageUnavailable(StorageError):
    """The store does not answer, or refuses: try again later."""


class StorageFull(StorageUnavailable):
    """There is no room left in the store."""


class Storage(Protocol):
    """
    Keys are paths of ASCII names (letters, digits, `._=-`) joined by `/`; a key is never also another key's folder.
    Every verb raises StorageUnavailable when the store fails; a malformed key is a programmer's mistake.
    """

    async def prepare(self) -> None:
        """Makes the folder or the bucket if it is not there yet."""

    async def check(self) -> None:
        """Returns when the store can be read and written; raises StorageUnavailable otherwise. For readiness."""

    async def put(self, key: str, data: bytes | Path, content_type: str) -> Stat:
        """Stores the bytes, or the file's content, as one whole: a reader sees the old object or the new one."""

    async def read(self, key: str, max_bytes: int = READ_LIMIT) -> bytes:
        """The object's bytes. Raises ObjectMissing, ObjectTooLarge."""

    async def download(self, key: str, path: Path, max_bytes: int) -> Stat:
        """Copies the object to a local file. Raises ObjectMissing, ObjectTooLarge (then no file is left)."""

    async def stat(self, key: str) -> Stat | None:
        """What is known of the object, or None."""

    async def delete(self, key: str) -> None:
        """Removes the object; one that is not there is as good as removed."""

    async def list(self, prefix: str, limit: int = 1000) -> Listing:
        """The first `limit` objects whose key starts with prefix, in the order of their keys."""

    async def sign_get(self, key: str, ttl: int, filename: str | None = None) -> str:
        """An address that serves the object (GET, HEAD, Range) for ttl seconds; filename makes it a download."""

    async def sign_put(self, key: str, ttl: int, max_bytes: int, content_type: str) -> str:
        """
        An address that takes one PUT of the object for ttl seconds. A folder refuses more than max_bytes and keeps
        the signed type; S3 can promise neither in a PUT, so whoever completes an upload must stat it.
        """


def open_storage(url: str, *, secret: str, data_dir: Path, base_url: str = "/files") -> FolderStorage | S3Storage:
    """
    The store that a setting names: `file:///path`, or `s3+https://KEY:SECRET@host:port/bucket?region=…&public=https://…`
    (`s3+http` without TLS). An empty setting is the folder `objects` in data_dir.
    """
    if not url:
        return FolderStorage(data_dir / "objects", secret, base_url)
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path:
        return FolderStorage(Path(unquote(parts.path)), secret, base_url)
    bucket = parts.path.strip("/")
    account = parts.username and parts.password
    if parts.scheme in ("s3+http", "s3+https") and parts.hostname and account and re.fullmatch(r"[^/]+", bucket):
        asked = dict(parse_qsl(parts.query))
        scheme = parts.scheme.removeprefix("s3+")
        host = parts.netloc.rpartition("@")[2]
        return S3Storage(
            f"{scheme}://{host}",
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            bucket=bucket,
            region=asked.get("region", "us-east-1"),
            public_endpoint=asked.get("public"),
        )
    raise ValueError("an object store is file:///path or s3+https://KEY:SECRET@host:port/bucket?region=…&public=…")


# The folder


class FolderStorage:
    """
    A folder: `objects/<key>` holds the bytes, `meta/<key>` the type and checksum, `scratch/` what is still arriving.
    The address of an object is base_url + key + claims, signed with the secret; FolderFiles serves it.
    """

    def __init__(self, root: Path, secret: str, base_url: str = "/files", now: Callable[[], float] = time.time) -> None:
        assert len(secret) >= 16, "the folder store's secret must be at least 16 characters long"
        self.root = root
        self.base_url = base_url.rstrip("/")
        self._secret = secret.encode()
        self._now = now

    async def prepare(self) -> None:
        await _in_thread(self._prepare)

    async def check(self) -> None:
        await _in_thread(self._check)

    async def put(self, key: str, data: bytes | Path, content_type: str) -> Stat:
        return await _in_thread(self._put, _checked(key), data, content_type)

    async def read(self, key: str, max_bytes: int = READ_LIMIT) -> bytes:
        return await _in_thread(self._read, _checked(key), max_bytes)

    async def download(self, key: str, path: Path, max_bytes: int) -> Stat:
        return await _in_thread(self._download, _checked(key), path, max_bytes)

    async def stat(self, key: str) -> Stat | None:
        return await _in_thread(self._stat, _checked(key))

    async def delete(self, key: str) -> None:
        await _in_thread(self._delete, _checked(key))

    async def list(self, prefix: str, limit: int = 1000) -> Listing:
        return await _in_thread(self._first, prefix, limit)

    async def sign_get(self, key: str, ttl: int, filename: str | None = None) -> str:
        claims = {"e": str(int(self._now()) + ttl)}
        if filename is not None:
            claims["n"] = _plain_name(filename)
        return self._signed("GET", key, claims)

    async def sign_put(self, key: str, ttl: int, max_bytes: int, content_type: str) -> str:
        claims = {"e": str(int(self._now()) + ttl), "max": str(max_bytes), "type": content_type}
        return self._signed("PUT", key, claims)

    def claims(self, method: str, key: str, query: str) -> dict[str, str] | None:
        """What a signed address allows, or None when it is forged, expired or for something else."""
        asked = parse_qs(query, keep_blank_values=True)
        if any(len(values) > 1 for values in asked.values()):
            return None
        claims = {name: values[0] for name, values in asked.items()}
        signature = claims.pop("s", "")
        if not _KEY.fullmatch(key) or not hmac.compare_digest(signature.encode(), self._sign(method, key, claims)):
            return None
        return claims if int(claims["e"]) >= self._now() else None

    def found(self, key: str) -> tuple[Path, Stat] | None:
        """The object's file and what is known of it; for the endpoint that serves it. Blocks."""
        stat = self._stat(_checked(key))
        return None if stat is None else (self.root / "objects" / key, stat)

    @contextmanager
    def arriving(self) -> Iterator[Arriving]:
        """A scratch file for bytes that are still coming; gone afterwards unless it was kept. Blocks."""
        with _world():
            arriving = Arriving(self.root / "scratch" / secrets.token_hex(16))
        try:
            yield arriving
        finally:
            arriving.discard()

    def keep(self, arriving: Arriving, key: str, content_type: str) -> Stat:
        """Turns what arrived into the object with this key, durably and at once. Blocks."""
        with _world():
            arriving.finish()
            meta = {"type": content_type, "etag": arriving.etag}
            with self.arriving() as described:
                described.write(json.dumps(meta).encode())
                described.finish()
                _settle(described.path, self.root / "meta" / key, self.root)
            _settle(arriving.path, self.root / "objects" / key, self.root)
        stat = self._stat(key)
        if stat is None:
            raise StorageUnavailable(f"{key} was removed while it was stored")
        return stat

    def _signed(self, method: str, key: str, claims: dict[str, str]) -> str:
        signature = self._sign(method, _checked(key), claims).decode()
        return f"{self.base_url}/{key}?{urlencode({**claims, 's': signature})}"

    def _sign(self, method: str, key: str, claims: dict[str, str]) -> bytes:
        said = json.dumps([method, key, sorted(claims.items())]).encode()
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest().encode()

    def _prepare(self) -> None:
        with _world():
            for name in ("objects", "meta", "scratch"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            for left in (self.root / "scratch").iterdir():
                if left.stat().st_mtime < self._now() - SCRATCH_KEPT:
                    left.unlink(missing_ok=True)

    def _check(self) -> None:
        with self.arriving() as arriving, _world():
            arriving.write(b"ready")
            arriving.finish()

    def _put(self, key: str, data: bytes | Path, content_type: str) -> Stat:
        with self.arriving() as arriving:
            with _world():
                if isinstance(data, bytes):
                    arriving.write(data)
                else:
                    with data.open("rb") as source:
                        while piece := source.read(MIB):
                            arriving.write(piece)
            return self.keep(arriving, key, content_type)

    def _read(self, key: str, max_bytes: int) -> bytes:
        with self._opened(key, max_bytes) as source:
            return source.read(max_bytes)

    def _download(self, key: str, path: Path, max_bytes: int) -> Stat:
        stat = self._stat(key)
        if stat is None:
            raise ObjectMissing(key)
        with self._opened(key, max_bytes) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, MIB)
        return stat

    @contextmanager
    def _opened(self, key: str, max_bytes: int) -> Iterator[BinaryIO]:
        try:
            source = (self.root / "objects" / key).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise ObjectMissing(key) from error
        with source, _world():
            if os.fstat(source.fileno()).st_size > max_bytes:
                raise ObjectTooLarge(key)
            yield source

    def _stat(self, key: str, described: bool = True) -> Stat | None:
        path = self.root / "objects" / key
        with _world():
            try:
                known = path.stat()
                if not path.is_file():
                    return None
                meta = json.loads((self.root / "meta" / key).read_bytes())
            except (FileNotFoundError, NotADirectoryError):
                return None
        modified = datetime.fromtimestamp(known.st_mtime, UTC)
        return Stat(key, known.st_size, meta["etag"], meta["type"] if described else None, modified)

    def _delete(self, key: str) -> None:
        with _world():
            for name in ("objects", "meta"):
                path = self.root / name / key
                try:
                    path.unlink()
                    _fsync_folder(path.parent)
                except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                    continue

    def _first(self, prefix: str, limit: int) -> Listing:
        objects = self.root / "objects"
        stats: Listing = []
        with _world():
            for key in _keys_below(objects, "", prefix):
                if len(stats) == limit:
                    break
                if (stat := self._stat(key, described=False)) is not None:
                    stats.append(stat)
        return stats


class Arriving:
    """A scratch file that counts and hashes what is written to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._hash = hashlib.sha256()
        self._file = path.open("xb")

    @property
    def etag(self) -> str:
        return self._hash.hexdigest()[:32]

    def write(self, piece: bytes) -> None:
        with _world():
            self._file.write(piece)
        self._hash.update(piece)
        self.size += len(piece)

    def finish(self) -> None:
        with _world():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def discard(self) -> None:
        # Closing flushes, and on a full disk flushing fails again; the file goes all the same.
        with suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)


class FolderFiles:
    """
    The ASGI endpoint for a folder's signed addresses: GET and HEAD with Range and ETag, PUT streamed to disk.
    Forged, expired and missing look alike (404). 413 too large, 408 stalled, 416 too many ranges, 507 disk full.
    """

    def __init__(self, storage: FolderStorage, stalled_after: float = STALLED_AFTER) -> None:
        self._storage = storage
        self._stalled_after = stalled_after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        request = Request(scope, receive)
        key = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/")
        method = "GET" if request.method == "HEAD" else request.method
        claims = self._storage.claims(method, key, scope["query_string"].decode("latin-1"))
        response = Response(status_code=404)
        if claims is not None and method == "GET":
            response = await self._get(request, key, claims)
        elif claims is not None and method == "PUT":
            response = await self._put(request, key, claims)
        response.headers.update(_inert(claims, self._storage._now()))
        await response(scope, receive, send)

    async def _get(self, request: Request, key: str, claims: dict[str, str]) -> Response:
        found = await asyncio.to_thread(self._storage.found, key)
        if found is None:
            return Response(status_code=404)
        path, stat = found
        headers = {
            "etag": f'"{stat.etag}"',
            "last-modified": formatdate(stat.modified.timestamp(), usegmt=True),
            "content-disposition": _disposition(stat.content_type or "", claims.get("n")),
        }
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        if request.headers.get("range", "").count(",") >= MAX_RANGES:
            return Response(status_code=416, headers={"content-range": f"bytes */{stat.size}"})
        return FileResponse(path, headers=headers, media_type=stat.content_type)

    async def _put(self, request: Request, key: str, claims: dict[str, str]) -> Response:
        limit = int(claims["max"])
        announced = request.headers.get("content-length", "0")
        if not announced.isdecimal() or int(announced) > limit:
            return Response(status_code=413)
        try:
            return await self._store(request, key, claims["type"], limit)
        except ObjectTooLarge:
            return Response(status_code=413)
        except StorageFull:
            return Response(status_code=507)
        except StorageUnavailable:
            return Response(status_code=503)
        except TimeoutError:
            return Response(status_code=408)
        except ClientDisconnect:
            return Response(status_code=400)

    async def _store(self, request: Request, key: str, content_type: str, limit: int) -> Response:
        with self._storage.arriving() as arriving:
            async for piece in _gathered(request, self._stalled_after):
                if arriving.size + len(piece) > limit:
                    raise ObjectTooLarge(key)
                await _in_thread(arriving.write, piece)
            stat = await _in_thread(self._storage.keep, arriving, key, content_type)
        return Response(status_code=200, headers={"etag": f'"{stat.etag}"'})


# S3


class S3Storage:
    """
    Any store that speaks plain S3, by the minio client in its own few threads. `endpoint` is where this process
    reaches it, `public_endpoint` where browsers do (addresses are signed for that host). Neither may have a path.
    """

    THREADS = 8
    PATIENCE = 60.0  # seconds for one verb, retries included; a hung store must not hold its callers longer

    def __init__(
        self,
        endpoint: str,
        access: str,
        secret: str,
        bucket: str,
        region: str = "us-east-1",
        public_endpoint: str | None = None,
    ) -> None:
        assert bucket, "an S3 store needs a bucket"
        self.bucket = bucket
        self._client = _minio(endpoint, access, secret, region)
        self.public_endpoint = public_endpoint or endpoint
        self._public = _minio(public_endpoint, access, secret, region) if public_endpoint else self._client
        self._threads = ThreadPoolExecutor(self.THREADS, thread_name_prefix="s3")

    async def prepare(self) -> None:
        await self._run(self._prepare)

    async def check(self) -> None:
        if not await self._run(lambda: self._client.bucket_exists(self.bucket)):
            raise StorageUnavailable(f"the bucket {self.bucket} does not exist")

    async def put(self, key: str, data: bytes | Path, content_type: str) -> Stat:
        return await self._run(lambda: self._put(_checked(key), data, content_type))

    async def read(self, key: str, max_bytes: int = READ_LIMIT) -> bytes:
        return await self._run(lambda: b"".join(self._pieces(_checked(key), max_bytes)))

    async def download(self, key: str, path: Path, max_bytes: int) -> Stat:
        return await self._run(lambda: self._download(_checked(key), path, max_bytes))

    async def stat(self, key: str) -> Stat | None:
        return await self._run(lambda: self._stat(_checked(key)))

    async def delete(self, key: str) -> None:
        await self._run(lambda: self._client.remove_object(self.bucket, _checked(key)))

    async def list(self, prefix: str, limit: int = 1000) -> Listing:
        return await self._run(lambda: self._first(prefix, limit))

    async def sign_get(self, key: str, ttl: int, filename: str | None = None) -> str:
        # With the region given the client signs without asking the store anything.
        asked = {"response-cache-control": f"private, max-age={ttl}"}
        if filename is not None:
            asked["response-content-disposition"] = _disposition("", _plain_name(filename))
        return self._public.presigned_get_object(
            self.bucket, _checked(key), timedelta(seconds=ttl), response_headers=dict(asked)
        )

    async def sign_put(self, key: str, ttl: int, max_bytes: int, content_type: str) -> str:
        return self._public.presigned_put_object(self.bucket, _checked(key), timedelta(seconds=ttl))

    async def _run(self, verb: Callable[[], _T]) -> _T:
        work = asyncio.get_running_loop().run_in_executor(self._threads, verb)
        try:
            return await asyncio.wait_for(work, self.PATIENCE)
        except S3Error as error:
            if error.code in ("NoSuchKey", "NoSuchObject"):
                raise ObjectMissing(str(error.object_name)) from error
            if error.code in ("QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"):
                raise StorageFull(error.code) from error
            raise StorageUnavailable(error.code or "refused") from error
        except (MinioException, urllib3.exceptions.HTTPError, TimeoutError, ConnectionError) as error:
            raise StorageUnavailable(type(error).__name__) from error

    def _prepare(self) -> None:
        if not self._client.bucket_exists(self.bucket):
            try:
                self._client.make_bucket(self.bucket)
            except S3Error as error:
                if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                    raise

    def _put(self, key: str, data: bytes | Path, content_type: str) -> Stat:
        if isinstance(data, bytes):
            done = self._client.put_object(self.bucket, key, BytesIO(data), len(data), content_type)
            size = len(data)
        else:
            size = data.stat().st_size
            with data.open("rb") as source:
                done = self._client.put_object(self.bucket, key, source, size, content_type)
        return Stat(key, size, (done.etag or "").strip('"'), content_type, done.last_modified or datetime.now(UTC))

    def _stat(self, key: str) -> Stat | None:
        try:
            known = self._client.stat_object(self.bucket, key)
        except S3Error as error:
            if error.code in ("NoSuchKey", "NoSuchObject"):
                return None
            raise
        return _from_s3(known, key)

    def _pieces(self, key: str, max_bytes: int) -> Iterator[bytes]:
        response = self._client.get_object(self.bucket, key)
        try:
            size = 0
            if int(response.headers.get("content-length", "0")) > max_bytes:
                raise ObjectTooLarge(key)
            for piece in response.stream(MIB):
                size += len(piece)
                if size > max_bytes:
                    raise ObjectTooLarge(key)
                yield piece
        finally:
            response.close()
            response.release_conn()

    def _download(self, key: str, path: Path, max_bytes: int) -> Stat:
        stat = self._stat(key)
        if stat is None:
            raise ObjectMissing(key)
        try:
            with path.open("wb") as target:
                for piece in self._pieces(key, max_bytes):
                    target.write(piece)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return stat

    def _first(self, prefix: str, limit: int) -> Listing:
        listed = self._client.list_objects(self.bucket, prefix=prefix, recursive=True)
        return [_from_s3(known, str(known.object_name)) for known in islice(listed, limit)]


def _minio(endpoint: str, access: str, secret: str, region: str) -> Minio:
    parts = urlsplit(endpoint)
    assert parts.scheme in ("http", "https") and not parts.path.strip("/"), f"not an S3 endpoint: {endpoint}"
    # The client's own patience is five minutes and five tries: too long for a page that waits.
    pool = urllib3.PoolManager(
        maxsize=S3Storage.THREADS,
        timeout=urllib3.Timeout(connect=3, read=20),
        retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
    )
    return Minio(parts.netloc, access, secret, region=region, secure=parts.scheme == "https", http_client=pool)


def _from_s3(known: Object, key: str) -> Stat:
    return Stat(
        key,
        known.size or 0,
        (known.etag or "").strip('"'),
        known.content_type,
        known.last_modified or datetime.now(UTC),
    )


# Keys, files, headers


def _checked(key: str) -> str:
    assert _KEY.fullmatch(key) and len(key) <= 512, f"not an object key: {key!r}"
    return key


async def _in_thread(verb: Callable[..., _T], *given: object) -> _T:
    return await asyncio.to_thread(verb, *given)


@contextmanager
def _world() -> Iterator[None]:
    """Whatever the disk says becomes ours to name."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(str(error.strerror)) from error
        raise StorageUnavailable(str(error.strerror or error)) from error


def _settle(source: Path, target: Path, root: Path) -> None:
    """Renames in one step, and makes the new name (and any new folder) survive a power cut."""
    made = [folder for folder in target.parents if folder.is_relative_to(root) and not folder.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    for folder in {target.parent, *(folder.parent for folder in made)}:
        _fsync_folder(folder)


def _fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _keys_below(objects: Path, folder: str, prefix: str) -> Iterator[str]:
    """Keys under objects/folder that start with prefix, in byte order of the whole key (as S3 lists them)."""
    try:
        entries = list(os.scandir(objects / folder))
    except FileNotFoundError:
        return
    for name in sorted(entry.name + "/" if entry.is_dir() else entry.name for entry in entries):
        key = folder + name
        if not key.startswith(prefix[: len(key)]):
            continue
        if name.endswith("/"):
            yield from _keys_below(objects, key, prefix)
        elif key.startswith(prefix):
            yield key


async def _gathered(request: Request, stalled_after: float) -> AsyncIterator[bytes]:
    """The body in pieces worth a trip to the disk. Raises TimeoutError when nothing comes, ClientDisconnect."""
    waiting = bytearray()
    stream = request.stream()
    while True:
        try:
            waiting += await asyncio.wait_for(anext(stream), stalled_after)
        except StopAsyncIteration:
            break
        if len(waiting) >= MIB:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


def _plain_name(filename: str) -> str:
    """A name without folders, control characters or marks that turn the writing direction."""
    last = re.split(r"[/\\]", filename)[-1]
    shown = "".join(letter for letter in last if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    return shown.strip(" .")[-100:] or "file"


def _disposition(content_type: str, filename: str | None) -> str:
    if filename is not None:
        return f"attachment; filename*=utf-8''{quote(filename, safe='')}"
    return "inline" if content_type.startswith(_SHOWN_IN_PLACE) else "attachment"


def _inert(claims: dict[str, str] | None, now: float) -> dict[str, str]:
    """Headers that keep whatever is served from running or being kept by others."""
    left = int(claims["e"]) - int(now) if claims else 0
    return {
        "cache-control": f"private, max-age={max(left, 0)}",
        "content-security-policy": "sandbox; default-src 'none'; media-src 'self'; img-src 'self'",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
