"""One socket: hello with a ticket, resume, commands, signs of life, and an outbox with a bound.

`Gate` is an ASGI application for Starlette's ``WebSocketRoute(path, endpoint=gate)`` and needs nothing but the ASGI
messages, so it runs on any server's WebSocket protocol. A socket at rest is the server's reading task and one small
object; a task that sends exists only while there is something to send, so a page that doesn't read delays nobody else.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import socket as sockets
import time
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from starlette.types import Receive, Scope, Send

from server.domain.people import Person
from server.live.bus import BusDown
from server.live.hub import Hub, TooManySockets
from server.live.lane import LANE, Lane, Write, framed
from server.live.protocol import (
    MAX_FRAME,
    Ack,
    Act,
    Air,
    Aired,
    AnyClientFrame,
    AnyServerFrame,
    BadFrame,
    Beat,
    BeatIn,
    Close,
    Dots,
    DotsSeen,
    Hello,
    Ink,
    InkSeen,
    Look,
    LookSeen,
    Position,
    Refused,
    Resync,
    Signal,
    Signalled,
    Subscribe,
    Subscribed,
    Unsubscribe,
    Voice,
    VoiceHeard,
    Welcome,
    encode,
    parse,
)

HELLO_S = 5.0
BEAT_EVERY_S = 15
ASK_S = BEAT_EVERY_S + 4.0  # a beat is late: the page is asked, since browsers slow the timers of hidden pages
SILENT_S = 32.0  # two beats missed; with the server's wait for the close, a half-open socket is gone within 45 s
GHOST_S = 25.0  # asked and no answer: makes room for a new socket of the same person
STUCK_S = 4.0  # nothing could be sent for so long; with the hub's sweep a page that doesn't read is cut within 5 s
CLOSE_S = 10.0  # how long the last frames may wait for a page that reads slowly
BEHIND = 64 * 1024  # characters: from here on live ink of others is dropped
TOO_FAR_BEHIND = 256 * 1024  # characters: from here on the page resumes later
RATE, BURST = 80.0, 240.0  # frames a second, and three seconds of them that a stalled phone may send at once
CHANNELS = 32  # of one socket
CHANNEL_NAME = 120  # characters
SEAT_S = 10.0  # how long a seat is believed; a change in the session's channel ends it at once
PEN = 4  # characters that name a socket's pen in its session
TOGETHER = 8  # pieces of live ink that may become one
INK = 8192  # characters of one piece of live ink: some thousand packed points
SLICE = 16_384  # characters of a slice of voice: more than a second of it
KERNEL_BUFFER = 256 * 1024  # bytes of a socket's send buffer in the kernel
UNACKNOWLEDGED_MS = 30_000
TRY_LATER = 1013  # RFC 6455's register: the service can't, at the moment

_PACKED = re.compile("[A-Za-z0-9_-]*")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a ticket let in, and the sign-in that it belongs to (`Hub.sign_out` closes its sockets)."""

    person: Person
    sign_in: str


@dataclass(frozen=True, slots=True)
class Seat:
    """What a person is in a live session that is open, and the session's channel."""

    author: Literal["teacher", "student"]
    channel: str
    may_draw: bool = True
    gallery: str | None = None  # the channel of who watches


class Desk(Protocol):
    """What a socket asks of the rest of the service. An exception is the service's fault: the page may try again."""

    async def redeem(self, ticket: str) -> Caller | None:
        """Who the one-use ticket belongs to; None when it is unknown, used or late."""

    async def may_listen(self, person: Person, channel: str) -> bool: ...

    async def act(self, person: Person, act: Act) -> Ack | Refused:
        """Do a board operation, durably; the same id gives the same answer."""

    async def air(self, person: Person, slice: Air) -> Aired:
        """A slice of a lecturer's microphone."""

    async def seat(self, person: Person, session: UUID) -> Seat | None:
        """Whether the person may draw and signal in the session. Asked once, and again after the session changed."""


class Refusal(Exception):
    """A frame that is not done, with a code of `REFUSALS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Hostile(Exception):
    """A page doesn't send this."""


REFUSALS = {
    "bad_frame": ("这条消息看不懂。", "This message could not be read."),
    "hello_again": ("这条连接已经打过招呼了。", "This socket has said hello already."),
    "not_found": ("没有这个频道，或者您不能收听。", "There is no such channel, or it is not yours to hear."),
    "not_seated": ("您不在这次答疑里，或者它已经结束。", "You are not in this session, or it has ended."),
    "pen_locked": ("老师暂时收起了你的笔。", "The teacher has put your pen away for the moment."),
    "too_many_channels": ("同时收听的频道太多了。", "Too many channels on one socket."),
    "unavailable": ("服务暂时不可用，请稍后再试。", "Not available at the moment; try again."),
}


def refusal(code: str, id: str = "") -> Refused:
    """The frame that says so, in both languages."""
    zh, en = REFUSALS[code]
    return Refused(id=id, code=code, zh=zh, en=en)


def open_door(host: str, port: int) -> sockets.socket:
    """A listening socket for the server, whose connections the kernel ends when their peer takes nothing for 30 s.

    A page that neither reads nor goes away would otherwise hold its connection for ever: a closed transport waits
    until its last bytes are taken. The smaller send buffer shows earlier that a page doesn't read.
    """
    family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
    door = sockets.socket(family, sockets.SOCK_STREAM)
    door.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    door.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, KERNEL_BUFFER)
    if hasattr(sockets, "TCP_USER_TIMEOUT"):  # Linux
        door.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
    door.bind((host, port))
    door.listen(2048)
    door.setblocking(False)
    return door


class Gate:
    """Where pages connect. `origins` are those of our pages ("https://dayi.example"); empty: the host asked for."""

    def __init__(self, hub: Hub, desk: Desk, origins: Collection[str] = ()) -> None:
        self.hub = hub
        self.desk = desk
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._is_ours(scope):
            await receive()
            await send({"type": "websocket.close", "code": int(Close.TICKET)})  # before accept: HTTP 403
            return
        offered = scope.get("extensions", {}).get(LANE, {})
        await Connection(self.hub, self.desk, receive, send, offered.get("lane")).serve()

    def _is_ours(self, scope: Scope) -> bool:
        """Programs send no Origin, and no browser can leave it out; they need a ticket all the same."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        if not origin:
            return True
        if self._origins:
            return origin in self._origins
        return urlsplit(origin).netloc == headers.get(b"host", b"").decode("latin-1").lower()


class Connection:
    """One open page; also the hub's `Socket`."""

    __slots__ = (
        "_asked_at",
        "_channels",
        "_code",
        "_desk",
        "_drawing",
        "_fresh",
        "_gone",
        "_granted",
        "_heard_at",
        "_hub",
        "_lane",
        "_mark",
        "_mark_at",
        "_outbox",
        "_pump",
        "_queued",
        "_reading",
        "_receive",
        "_seats",
        "_send",
        "_sent",
        "_task",
        "_tokens",
        "_welcomed",
        "id",
        "lane",
        "person",
        "person_id",
        "person_key",
        "sign_in",
    )

    def __init__(self, hub: Hub, desk: Desk, receive: Receive, send: Send, lane: Lane | None = None) -> None:
        self.id = secrets.token_hex(6)
        self.person: Person
        self.person_id: UUID
        self.person_key = ""
        self.sign_in = ""
        self._hub, self._desk, self._receive, self._send = hub, desk, receive, send
        self._lane = lane  # of a server that has one
        self.lane: Write | None = None  # the same while nothing has to wait; the hub writes to it directly
        self._channels: set[str] = set()
        self._seats: dict[UUID, tuple[Seat, float]] | None = None  # made by the first ink
        self._drawing: UUID | None = None  # the session of the stroke that dots go on with
        self._fresh: list[Dots] = []  # of this turn of the loop; they go on as one
        self._code: int | None = None  # why we close; None while open
        self._gone = False  # the page went away by itself
        self._task: asyncio.Task[Any] | None = None
        self._reading = False  # waits for a frame, and may be woken by a cancellation
        self._heard_at = time.monotonic()
        self._tokens = BURST
        self._outbox: deque[str] = deque()  # bounded by TOO_FAR_BEHIND: then the page is cut, and resumes later
        self._queued = 0  # characters in the outbox
        self._granted = 0  # characters of replays in it, which don't count as being behind
        self._pump: asyncio.Task[None] | None = None
        self._welcomed = False
        self._sent = 0  # frames; `check` sees by it whether anything moves
        self._mark, self._mark_at = -1, 0.0
        self._asked_at = 0.0

    async def serve(self) -> None:
        """From the handshake to the close."""
        self._task = asyncio.current_task()
        try:
            if await self._open():
                await self._read()
        except asyncio.CancelledError:
            if self._code is None:  # not our own `close`: the server is being stopped
                self._gone = True
                raise
            assert self._task
            self._task.uncancel()
        finally:
            if self.sign_in:
                self._leave()
            await self._finish()

    # Opening.

    async def _open(self) -> bool:
        try:
            async with asyncio.timeout(HELLO_S):
                await self._receive()  # websocket.connect
                await self._send({"type": "websocket.accept"})
                message = await self._receive()
        except TimeoutError:
            self._code = Close.TICKET
            return False
        if message["type"] == "websocket.disconnect":
            self._gone = True
            return False
        return await self._greet(message)

    async def _greet(self, message: Any) -> bool:
        self._code = Close.TICKET
        try:
            hello = _frame(message)
            caller = await self._desk.redeem(hello.ticket) if isinstance(hello, Hello) else None
        except (BadFrame, Hostile):
            return False
        except Exception:
            _log.exception("a ticket could not be checked")
            self._code = TRY_LATER
            return False
        if caller is None or not isinstance(hello, Hello):
            return False
        self._code = None
        self.person, self.person_id, self.sign_in = caller.person, caller.person.id, caller.sign_in
        self.person_key = str(self.person_id)
        try:
            self._hub.enter(self, GHOST_S)
        except TooManySockets:
            self._code = Close.TOO_MANY
            return False
        await self._resume(hello.resume)
        return self._code is None

    async def _resume(self, resume: dict[str, Position]) -> None:
        """Every channel from where the page left it. Nothing leaves the outbox before the welcome."""
        resumed: dict[str, Position] = {}
        resync: list[str] = []
        refused: list[Refused] = []
        for channel, position in resume.items():
            try:
                going_on = await self._join(channel, position)
            except Refusal as error:
                refused.append(refusal(error.code, channel))
                continue
            if going_on:
                resumed[channel] = going_on
            else:
                resync.append(channel)
        welcome = Welcome(
            node=self._hub.node,
            now=datetime.now(UTC),
            beat_every_s=BEAT_EVERY_S,
            resumed=resumed,
            resync=resync,
            degraded=self._hub.is_degraded,
        )
        self._outbox.appendleft(encode(welcome).decode())
        self._welcomed = True
        if self._lane:
            self._lane.on_turn = self._turned
        self._pump_on()
        for frame in refused:
            self._answer(frame)

    # Frames of the page.

    async def _read(self) -> None:
        while self._code is None:
            self._reading = True
            message = await self._receive()
            self._reading = False
            if message["type"] == "websocket.disconnect":
                self._gone = True
                return
            try:
                self._count()
                frame = _frame(message)
            except BadFrame:
                self._answer(refusal("bad_frame"))
                continue
            except Hostile:
                self.close(Close.HOSTILE)
                return
            await self._handle(frame)

    def _count(self) -> None:
        """A token bucket. Raises Hostile for a page that sends more than any pen does."""
        now = time.monotonic()
        self._tokens = min(BURST, self._tokens + (now - self._heard_at) * RATE) - 1
        self._heard_at = now
        if self._tokens < 0:
            raise Hostile

    async def _handle(self, frame: AnyClientFrame | Dots) -> None:
        command = frame.id if isinstance(frame, Act | Subscribe) else ""
        try:
            match frame:
                case Dots():
                    await self._dots(frame)
                case Ink():
                    await self._ink(frame)
                case Look():
                    await self._look(frame)
                case BeatIn():
                    self._answer(Beat(now=datetime.now(UTC)))
                case Act():
                    self._answer(await self._desk.act(self.person, frame))
                case Signal():
                    await self._signal(frame)
                case Voice():
                    await self._voice(frame)
                case Air():
                    if len(frame.take) > CHANNEL_NAME or len(frame.type) > CHANNEL_NAME:
                        raise Refusal("bad_frame")
                    self._answer(await self._desk.air(self.person, frame))
                case Subscribe():
                    await self._subscribe(frame)
                case Unsubscribe():
                    self._channels.discard(frame.channel)
                    self._hub.quit(self, frame.channel)
                case Hello():
                    raise Refusal("hello_again")
        except Refusal as error:
            self._answer(refusal(error.code, command))
        except Exception:
            _log.exception("a frame of type %s failed", type(frame).__name__)
            self._answer(refusal("unavailable", command))

    async def _subscribe(self, frame: Subscribe) -> None:
        def greet(start: Position) -> str:
            return _text(Subscribed(id=frame.id, channel=frame.channel, epoch=start.epoch, offset=start.offset))

        self._hub.quit(self, frame.channel)  # a page that loaded a snapshot anew may subscribe again
        if await self._join(frame.channel, frame.position, greet) is None:
            self._answer(Resync(channel=frame.channel))

    async def _join(
        self, channel: str, position: Position | None, greet: Callable[[Position], str] | None = None
    ) -> Position | None:
        if channel not in self._channels and len(self._channels) >= CHANNELS:
            raise Refusal("too_many_channels")
        if len(channel) > CHANNEL_NAME or not await self._desk.may_listen(self.person, channel):
            raise Refusal("not_found")
        self._channels.add(channel)
        try:
            going_on = await self._hub.join(self, channel, position, greet)
        except BusDown:
            self._channels.discard(channel)
            if position is None:
                raise Refusal("unavailable") from None
            return None  # a snapshot can be had from PostgreSQL
        if going_on is None:
            self._channels.discard(channel)
        return going_on

    async def _ink(self, ink: Ink) -> None:
        seat = await self._pen(ink.session, ink.points)
        self._dots_on()
        self._drawing = ink.session
        seen = InkSeen(
            session=ink.session,
            author=seat.author,
            pen=self.id[:PEN],
            stroke=ink.stroke,
            page=ink.page,
            tool=ink.tool,
            color=ink.color,
            width=ink.width,
            points=ink.points,
            at=ink.at,
        )
        self._show(seat, _text(seen))

    def _show(self, seat: Seat, seen: str) -> None:
        """To the other side, and to who watches."""
        self._hub.whisper(seat.channel, seen, droppable=True, but=self.id)
        if seat.gallery:
            self._hub.whisper(seat.gallery, seen, droppable=True)

    async def _dots(self, dots: Dots) -> None:
        if self._drawing is None:
            raise Refusal("bad_frame")
        await self._pen(self._drawing, dots.points)
        if not self._fresh:
            asyncio.get_running_loop().call_soon(self._dots_on)
        self._fresh.append(dots)
        if len(self._fresh) >= TOGETHER:
            self._dots_on()

    def _dots_on(self) -> None:
        """What one turn of the loop brought of a stroke goes on as one frame: a late node catches up cheaply."""
        fresh, self._fresh = self._fresh, []
        if not fresh or self._drawing is None:
            return
        held = (self._seats or {}).get(self._drawing)
        if held:  # else it changed within this turn
            points = "".join([dots.points for dots in fresh]) if len(fresh) > 1 else fresh[0].points
            seen = DotsSeen(pen=self.id[:PEN], at=fresh[0].at, points=points)
            self._show(held[0], _text(seen))

    async def _pen(self, session: UUID, points: str) -> Seat:
        """The seat of somebody who may draw such points now."""
        if len(points) > INK or _PACKED.fullmatch(points) is None:
            raise Refusal("bad_frame")
        seat = await self._seat(session)
        if not seat.may_draw:
            raise Refusal("pen_locked")
        return seat

    async def _look(self, look: Look) -> None:
        seat = await self._seat(look.session)
        seen = LookSeen(
            session=look.session,
            author=seat.author,
            page=look.page,
            x=look.x,
            y=look.y,
            width=look.width,
            height=look.height,
        )
        self._show(seat, _text(seen))

    async def _signal(self, signal: Signal) -> None:
        seat = await self._seat(signal.session)
        heard = Signalled(session=signal.session, author=seat.author, data=signal.data)
        self._hub.whisper(seat.channel, _text(heard), droppable=False, but=self.person_key)

    async def _voice(self, voice: Voice) -> None:
        """Who watches hears the teacher and nobody else."""
        if len(voice.bytes) > SLICE or len(voice.type) > CHANNEL_NAME or len(voice.take) > CHANNEL_NAME:
            raise Refusal("bad_frame")
        seat = await self._seat(voice.session)
        if seat.author != "teacher":
            raise Refusal("not_seated")
        if seat.gallery:
            heard = VoiceHeard(session=voice.session, take=voice.take, n=voice.n, type=voice.type, bytes=voice.bytes)
            self._hub.whisper(seat.gallery, _text(heard), droppable=True)

    async def _seat(self, session: UUID) -> Seat:
        """The person's seat, remembered as long as the session doesn't change and this socket hears when it does."""
        seats = self._seats = {} if self._seats is None else self._seats
        seat, until = seats.get(session, (None, 0.0))
        if seat is None or until < self._heard_at:
            seats.pop(session, None)
            seat = await self._desk.seat(self.person, session)
            if seat is None or seat.channel not in self._channels:
                raise Refusal("not_seated")
            seats[session] = (seat, self._heard_at + SEAT_S)
        return seat

    # What the hub wants of a socket.

    def tell(self, frame: str) -> None:
        if self._code is not None:
            return
        if self.lane:
            with suppress(OSError, RuntimeError):  # the connection is gone, as in the pump
                self.lane(framed(frame))
            return
        self._outbox.append(frame)
        self._queued += len(frame)
        if self._queued - self._granted > TOO_FAR_BEHIND:
            self.close(Close.RESUME)
        else:
            self._pump_on()

    def replay(self, frames: list[str]) -> None:
        size = sum(map(len, frames))
        self._outbox.extend(frames)
        self._queued += size
        self._granted += size
        self._pump_on()

    def offer(self, frame: str) -> None:
        if self._queued - self._granted <= BEHIND:
            self.tell(frame)

    def changed(self, channel: str) -> None:
        if self._seats:
            self._seats = {session: held for session, held in self._seats.items() if held[0].channel != channel}
        recheck = asyncio.create_task(self._recheck(channel))
        _rechecks.add(recheck)
        recheck.add_done_callback(_rechecks.discard)

    def dropped(self, channel: str) -> None:
        self._channels.discard(channel)

    def silent_s(self, now: float) -> float:
        return now - self._heard_at

    def check(self, now: float) -> None:
        silent = self.silent_s(now)
        if silent > SILENT_S:
            self.close(Close.SILENT)
        elif silent > ASK_S and self._asked_at < self._heard_at:
            self._asked_at = now
            self._answer(Beat(now=datetime.now(UTC)))
        if self._pump is None or self._sent != self._mark:
            self._mark, self._mark_at = self._sent, now
        elif now - self._mark_at >= STUCK_S:
            self.close(Close.RESUME)

    def close(self, code: int) -> None:
        """From now on nothing is queued; what is queued still goes out, unless the page doesn't read."""
        if self._code is not None or self._gone:
            return
        self._code = code
        self._leave()
        if code in _NOT_READING:
            self._outbox.clear()
        if self._reading and self._task:
            self._task.cancel()

    async def _recheck(self, channel: str) -> None:
        try:
            allowed = await self._desk.may_listen(self.person, channel)
        except Exception:
            _log.exception("a right could not be checked")
            allowed = False  # the page subscribes again
        if not allowed and channel in self._channels:
            self._channels.discard(channel)
            self._hub.quit(self, channel)
            self._answer(refusal("not_found", channel))

    def _leave(self) -> None:
        self._hub.leave(self, self._channels)
        self._channels = set()

    # Sending.

    def _answer(self, frame: AnyServerFrame) -> None:
        self.tell(_text(frame))

    def _turned(self) -> None:
        """The lane is ours while the page reads, and nothing waits that must go before."""
        is_free = self._lane is not None and self._lane.is_open and self._pump is None and self._code is None
        lane = self._lane.write if self._lane and is_free else None
        if (lane is None) != (self.lane is None):
            self.lane = lane
            self._hub.turned(self, self._channels)

    def _pump_on(self) -> None:
        if self._pump is None and self._welcomed and self._outbox:
            self._pump = asyncio.create_task(self._pump_out())
            self._turned()

    async def _pump_out(self) -> None:
        outbox, send = self._outbox, self._send
        try:
            while outbox:
                frame = outbox.popleft()
                await send({"type": "websocket.send", "text": frame})
                self._sent += 1
                self._queued -= len(frame)
            self._queued = self._granted = 0
        except (OSError, RuntimeError):  # the connection is gone: so says the server by the one or the other
            outbox.clear()
        finally:
            self._pump = None
            self._turned()

    async def _finish(self) -> None:
        """Say the rest and why we close, to a page that listens; it may take CLOSE_S, and nobody waits for it."""
        pump = self._pump
        if pump and (self._gone or self._code in _NOT_READING):
            pump.cancel()
        if self._gone:
            return
        with suppress(OSError, RuntimeError, TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                if pump:
                    await asyncio.wait([pump])
                await self._send({"type": "websocket.close", "code": int(self._code or 1000)})
        if pump:
            pump.cancel()


_NOT_READING = (Close.RESUME, Close.SILENT)  # pages for which nothing more is worth sending
_rechecks: set[asyncio.Task[None]] = set()  # the loop itself keeps only weak references


def _frame(message: Any) -> AnyClientFrame | Dots:
    """The frame in an ASGI message. Raises BadFrame for what can't be read, Hostile for what no page sends."""
    text = message.get("text")
    if text is None:
        raise BadFrame("frames are text")
    if len(text) > MAX_FRAME or (4 * len(text) > MAX_FRAME and len(text.encode()) > MAX_FRAME):
        raise Hostile
    frame = parse(text)
    if isinstance(frame, Dots):
        return frame  # has no names that could appear twice
    try:
        json.loads(text, object_pairs_hook=_once)
    except RecursionError as error:  # deeper than this reader goes, though not than the other
        raise BadFrame(str(error)) from error
    return frame


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Two values for one name: readers differ in which they believe, so nobody should have to."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise BadFrame("a name appears twice")


def _text(frame: AnyServerFrame | DotsSeen) -> str:
    return encode(frame).decode()
