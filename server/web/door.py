"""The HTTP surface as data: each door says who may come in, what it takes and what it gives; all doors open one way.

Whatever a door does not allow is refused here, before its handler runs: the sign-in, the role, the page that sent it
(CSRF), the form of the path, the Idempotency-Key and the body. Refusals, failures of the world and our own mistakes
become a `Problem` here, and nowhere else.
"""

from __future__ import annotations

import hmac
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import psycopg
import redis.exceptions
import sqlalchemy.exc
from starlette.datastructures import MutableHeaders, URLPath
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from media.storage import StorageFull, StorageUnavailable
from server import observe
from server.actions.errors import BadRequest, Later, NotAllowed, NotHere, Refusal, SignedOut, TooMuch
from server.domain.people import Person, Role
from server.live.bus import BusDown
from server.live.protocol import Problem, encode
from server.settings import Settings
from server.store.sign_ins import SignInRecord, hash_of

if TYPE_CHECKING:
    from server.parts import Parts

B = TypeVar("B")

MAX_BODY = 64 * 1024
RETRY_AFTER_S = 5
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"
KEY_HEADER = "Idempotency-Key"

Who = frozenset[Role] | Literal["anyone", "signed_in"]


@dataclass(frozen=True)
class Call(Generic[B]):
    """What a handler gets: everything is checked, nothing is to be read from the request but what is rare."""

    parts: Parts
    body: B
    path: Mapping[str, Any]  # UUIDs where the name is `id` or ends in `_id`, else text
    query: Mapping[str, str]
    key: str  # the Idempotency-Key; empty where the door needs none
    request: Request
    sign_in: SignInRecord | None  # None only where anyone may come in

    @property
    def person(self) -> Person:
        assert self.sign_in is not None, "a door that anyone may open knows no person"
        return self.sign_in.person

    def id(self, name: str = "id") -> UUID:
        found = self.path[name]
        assert isinstance(found, UUID), f"{name} is not the name of an id"
        return found

    def asked_id(self, name: str) -> UUID | None:
        """An id in the query, where there is one."""
        return _as_id(self.query[name]) if name in self.query else None


@dataclass(frozen=True)
class Reply:
    """A handler's answer where the value alone does not say it all; `cookies` are whole Set-Cookie values."""

    value: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Sequence[str] = ()


Handler = Callable[[Call[Any]], Awaitable[Any]]  # gives a view, a Reply, a Response, or None


@dataclass(frozen=True)
class Door:
    """One method of one path. A reply of None is told by an empty body, 204 unless `status` says otherwise."""

    method: str
    path: str
    handle: Handler
    who: Who
    summary: str
    body: Any = None  # the type of the JSON body
    reply: Any = None  # the type of the JSON answer
    status: int = 200
    no: int | None = None  # the status with which the same reply says no
    needs_key: bool = False
    tag: str = ""
    query: Sequence[str] = ()  # names that are handed on; all others are dropped
    max_body: int = MAX_BODY
    content_type: str = "application/json"  # of an answer that the handler makes itself (a Response)

    def __post_init__(self) -> None:
        assert self.who in ("anyone", "signed_in") or (isinstance(self.who, frozenset) and self.who), (
            f"{self.method} {self.path} does not say who may come in"
        )

    @property
    def safe(self) -> bool:
        return self.method in SAFE_METHODS

    @property
    def success(self) -> int:
        """The status of a call that went well."""
        empty = self.reply is None and self.content_type == "application/json"
        return 204 if empty and self.status == 200 else self.status


class Foreign(NotAllowed):
    """这个请求不是从本站的页面发出的，请刷新页面再试。"""

    code, en = "foreign", "This request did not come from a page of ours; reload the page and try again."


class BadBody(BadRequest):
    """发来的内容不对。"""

    status = 422


class NotJson(BadRequest):
    """发来的内容应该是 JSON。"""

    code, en, status = "not_json", "A JSON body is expected.", 415


class TooLarge(BadRequest):
    """发来的内容太大了。"""

    code, en, status = "too_large", "What was sent is too large.", 413


class KeyMissing(BadRequest):
    """缺少请求编号（Idempotency-Key）。"""

    code, en = "key_missing", "The header Idempotency-Key (1 to 200 printable ASCII characters) is missing."


class Crashed(Refusal):
    """服务出了错，我们已经记下来了。"""

    code, en, status = "crashed", "Something went wrong on our side; it has been noted.", 500


class Full(Later):
    """存储空间满了，请稍后再试。"""

    code, en, status = "full", "There is no room left; try again later.", 507


class Doors(BaseRoute):
    """All doors as one route of Starlette's, by the shape of their paths: to try 180 patterns one after the other takes
    longer than to answer a poll."""

    def __init__(self, doors: Sequence[Door], parts: Parts) -> None:
        self._by_shape: dict[tuple[str, int], list[Route]] = {}
        for door in doors:
            assert ":path}" not in door.path, "a parameter is one part of a path"
            route = Route(door.path, _opened(door, parts), methods=[door.method], name=_name(door))
            self._by_shape.setdefault(_shape(door.path), []).append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As a list of the doors would: the first that fits in all, or else the first whose method alone doesn't."""
        if scope["type"] != "http":
            return Match.NONE, {}
        almost: tuple[Match, Scope] = Match.NONE, {}
        for route in self._by_shape.get(_shape(scope["path"]), ()):
            match, child = route.matches(scope)
            if match is Match.FULL:
                return match, {**child, _DOOR: route}
            if match is Match.PARTIAL and almost[0] is Match.NONE:
                almost = match, {**child, _DOOR: route}
        return almost

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        route: Route = scope[_DOOR]
        await route.handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        raise NoMatchFound(name, path_params)


def _shape(path: str) -> tuple[str, int]:
    """What no parameter changes: the name after /api/, or else the first one, and the number of parts."""
    names = path.split("/")
    named = [name for name in names[1:3] if name != "api"]
    return named[0] if named else "", len(names)


def problem(refusal: Refusal, detail: str | None = None) -> Response:
    """A refusal as the page gets it."""
    body = Problem(code=refusal.code, zh=refusal.zh, en=refusal.en, detail=detail)
    headers = {"Retry-After": str(_retry_after(refusal))} if isinstance(refusal, Later | TooMuch) else {}
    return _sealed(Response(encode(body), refusal.status, headers, "application/json"))


async def http_error(request: Request, error: Exception) -> Response:
    """For Starlette's exception handlers: paths that no door has, and methods that a path has not."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return _sealed(Response(status_code=405, headers=dict(error.headers or {})))
    return problem(NotHere())


def content_policy(store_origin: str = "", script_hashes: Sequence[str] = (), sockets: str = "") -> str:
    """The Content-Security-Policy of our pages. `store_origin` is where files come from when not from here,
    `script_hashes` those of the built pages' own inline scripts, `sockets` a wss:// origin for browsers whose 'self'
    leaves sockets out (Safari 14)."""
    from_store = f" {store_origin}" if store_origin else ""
    hashes = "".join(f" '{value}'" for value in script_hashes)
    rules = {
        "default-src": "'none'",
        "script-src": f"'self'{hashes}",
        "style-src": "'self'",
        "img-src": f"'self' blob: data:{from_store}",
        "media-src": f"'self' blob:{from_store}",
        "connect-src": f"'self'{f' {sockets}' if sockets else ''}{from_store}",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class SafeHeaders:
    """Headers that every answer carries, whoever makes it; what an answer says itself is left alone."""

    def __init__(self, app: ASGIApp, csp: str, secure: bool = False) -> None:
        self.app = app
        self._headers = {
            "Content-Security-Policy": csp,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_safely)


def cookie_name(settings: Settings) -> str:
    """`__Host-` makes a browser refuse the cookie from anything but this very host over TLS."""
    return "__Host-dayi" if settings.secure else "dayi"


# --- how a door opens ----------------------------------------------------------------------------------------------


def _opened(door: Door, parts: Parts) -> Callable[[Request], Awaitable[Response]]:
    decoder = None if door.body is None else msgspec.json.Decoder(door.body)

    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        with observe.request(door.method, door.path) as seen:
            try:
                response = await _answer(door, parts, request, decoder)
            except Exception as error:
                response = _failed(error)
            seen.finish(response.status_code, time.perf_counter() - started)
            response.headers["X-Request-Id"] = seen.id
        return response

    return endpoint


async def _answer(door: Door, parts: Parts, request: Request, decoder: msgspec.json.Decoder[Any] | None) -> Response:
    sign_in = await _let_in(door, parts, request)
    call = Call(
        parts=parts,
        path={name: _path_value(name, value) for name, value in request.path_params.items()},
        key=_key(request) if door.needs_key else "",
        body=None if decoder is None else _decoded(decoder, await _body(request, door.max_body)),
        query={name: request.query_params[name] for name in door.query if name in request.query_params},
        request=request,
        sign_in=sign_in,
    )
    found = await door.handle(call)
    if isinstance(found, Response):
        return _sealed(found)
    return _encoded(found if isinstance(found, Reply) else Reply(found, door.success))


async def _let_in(door: Door, parts: Parts, request: Request) -> SignInRecord | None:
    if door.who == "anyone":
        if not door.safe and not _from_our_page(parts.settings, request):
            raise Foreign
        return None
    sign_in = await _signed_in(parts, request)
    if sign_in is None:
        raise SignedOut
    if isinstance(door.who, frozenset) and door.who.isdisjoint(sign_in.person.roles):
        raise NotAllowed
    if not door.safe and not sign_in.api:
        token = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(token.encode(), sign_in.csrf.encode()) or not _from_our_page(
            parts.settings, request
        ):
            raise Foreign
    return sign_in


async def _signed_in(parts: Parts, request: Request) -> SignInRecord | None:
    """A program's token in the Authorization header, or else a browser's in its cookie; never one as the other."""
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        return await parts.recognizing.join(True, hash_of(token.strip())) if scheme.lower() == "bearer" else None
    cookie = request.cookies.get(cookie_name(parts.settings))
    return await parts.recognizing.join(False, hash_of(cookie)) if cookie else None


def _from_our_page(settings: Settings, request: Request) -> bool:
    """Programs send no Origin, and no browser can leave it out where it matters. Where no public address is set
    (the demo on localhost or a school's network), the page must come from the host that was asked."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site") not in ("cross-site", "same-site")
    if settings.public_url:
        return origin == settings.origin
    return origin == settings.origin or urlsplit(origin).netloc == request.headers.get("Host")


def _path_value(name: str, value: str) -> Any:
    return _as_id(value) if name == "id" or name.endswith("_id") else value


def _as_id(value: str) -> UUID:
    if not _UUID.fullmatch(value):  # UUID() alone takes braces, urn: and missing hyphens: two addresses of one thing
        raise NotHere
    return UUID(value)


def _key(request: Request) -> str:
    key = request.headers.get(KEY_HEADER, "")
    if not _KEY.fullmatch(key):
        raise KeyMissing
    return key


async def _body(request: Request, most: int) -> bytes:
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise NotJson
    declared = request.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared) > most:
        raise TooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise TooLarge
    return bytes(body)


def _decoded(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        value = decoder.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadBody(_SHOWN.sub("?", str(error))[:300]) from error
    if b"\\u0000" in body and _has_nul(msgspec.to_builtins(value)):
        raise BadBody("text may not contain the character U+0000")
    return value


def _has_nul(value: Any) -> bool:
    """PostgreSQL's text has no such character; the builtins come from JSON that was parsed, so the depth is bounded."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(item) for pair in value.items() for item in pair)
    return isinstance(value, list) and any(_has_nul(item) for item in value)


def _encoded(reply: Reply) -> Response:
    if reply.value is None:
        response = Response(status_code=reply.status, headers=dict(reply.headers))
    else:
        response = Response(encode(reply.value), reply.status, dict(reply.headers), "application/json")
    for cookie in reply.cookies:
        response.headers.append("Set-Cookie", cookie)
    return _sealed(response)


def _sealed(response: Response) -> Response:
    """What a door answers is about a person: nobody keeps it, nobody guesses its type."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


def _failed(error: Exception) -> Response:
    refusal = _refusal_for(error)
    detail = str(error) if isinstance(error, BadRequest) and str(error) else None
    if isinstance(refusal, Crashed):
        _log.error("a handler failed", exc_info=error)
    elif isinstance(refusal, Later) and error is not refusal:
        _log.warning("a part is missing: %s", type(error).__name__)
    return problem(refusal, detail)


def _refusal_for(error: Exception) -> Refusal:
    """The one table from what went wrong to what is said. The world's failures may be tried again; ours may not."""
    match error:
        case Refusal():
            return error
        case StorageFull():
            return Full()
        case StorageUnavailable() | BusDown() | redis.exceptions.RedisError() | sqlalchemy.exc.TimeoutError():
            return Later()
        case psycopg.OperationalError() | sqlalchemy.exc.OperationalError() | sqlalchemy.exc.InterfaceError():
            return Later()
        case sqlalchemy.exc.DBAPIError(connection_invalidated=True) | TimeoutError() | ConnectionError():
            return Later()
        case psycopg.DataError() | sqlalchemy.exc.DataError():
            return BadBody()  # a number or text that no column can hold
        case ClientDisconnect():
            return BadRequest()
        case _:
            return Crashed()


def _retry_after(refusal: Refusal) -> int:
    return int(getattr(refusal, "retry_after_s", RETRY_AFTER_S))


def _name(door: Door) -> str:
    return f"{door.method} {door.path}"


_DOOR = "dayi.door"  # in the scope: the route that fitted
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_KEY = re.compile(r"[\x20-\x7e]{1,200}")
_SHOWN = re.compile(r"[^\x20-\x7e]")  # what a decoder quotes of a hostile body
_log = logging.getLogger(__name__)
