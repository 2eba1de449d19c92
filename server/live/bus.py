"""Redis between processes: numbered events with history for resuming, and whispers that nobody keeps.

A channel is a name such as ``person:<id>`` or ``session:<id>``. Its events have offsets that grow by one within an
epoch. A message crosses Redis once a node: a node listens to a channel only while somebody on it does. Nothing here is
the truth: PostgreSQL's outbox publishes again after a failure (an event id is told once), and a page that missed what
Redis lost loads a snapshot.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import random
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from redis import exceptions as trouble
from redis.asyncio import Redis
from redis.asyncio.connection import BlockingConnectionPool, Connection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from server.live.protocol import Position, encode

TIMEOUT_S = 0.5  # RELIABILITY: a hung Redis costs half a second, never more
KEEP_EVENTS = 1000  # a channel's history; who missed more loads a snapshot, which is smaller
KEEP_S = 6 * 3600.0  # an evening; a page that slept longer loads a snapshot
CONNECTIONS = 8  # for commands; a command that finds none free within TIMEOUT_S fails as if Redis were down
LINE_WAIT_S = 1.0  # that a command waits in Redis for a line's next message
PING_EVERY_S = 1.0
STOP_S = 0.1  # a task that has not ended by then is told again
WHISPERS = 4_000  # waiting for Redis; what comes then is heard on this node alone
ALONE_S = 1.0  # for so long live ink that no other node heard is not offered again; the finished stroke goes to all
BACKOFF_S = (0.05, 2.0)  # first and longest pause between attempts to reconnect, with full jitter

_SCRIPTS = Path(__file__).parent / "redis_lua"
_NODES = "dayi:nodes"  # a topic that every node listens to
_FAILURES = (trouble.ConnectionError, trouble.TimeoutError, trouble.ReadOnlyError, OSError, TimeoutError)


class BusDown(Exception):
    """实时消息暂时不可用，请稍候。"""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event of a channel with its place; `frame` is the `Told` frame in JSON, made once for all pages."""

    channel: str
    epoch: str
    offset: int
    frame: str

    @property
    def position(self) -> Position:
        return Position(epoch=self.epoch, offset=self.offset)


@dataclass(frozen=True, slots=True)
class Whisper:
    """A frame that is not kept: live ink (`droppable`) or signalling. `but` is the socket or person left out."""

    channel: str
    frame: str
    droppable: bool
    but: str


class Listener(Protocol):
    """Who takes what the bus hears: the hub. The plain methods are called between two awaits and must not wait."""

    def heard(self, envelope: Envelope) -> None: ...

    def whispered(self, whisper: Whisper) -> None: ...

    def called(self, word: bytes) -> None:
        """A word to every node (`Bus.call`)."""

    def degraded(self, on: bool) -> None:
        """Redis went away, or is back; when it is back, `mend` was done."""

    async def mend(self) -> None:
        """Something may have been missed: compare the top offsets with Redis and fill the holes. Raises BusDown."""


class _Script:
    """A Lua file with the common head, and the hash by which Redis knows it."""

    def __init__(self, name: str) -> None:
        self.text = "".join((_SCRIPTS / f"{part}.lua").read_text() for part in ("channel", name))
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


class Bus:
    """One process's two ways to Redis: a small pool for commands, and one connection that listens.

    `publish`, `position`, `since` and their like work without `start`, as a worker needs no more. All raise BusDown
    within TIMEOUT_S, at once while it is known that Redis is away.
    """

    def __init__(
        self, url: str, *, node: str = "", keep_events: int = KEEP_EVENTS, keep_s: float = KEEP_S, prefix: str = "dayi"
    ) -> None:
        self.node = node or secrets.token_hex(4)
        self.down = False
        self._keep = keep_events
        self._ttl_ms = int(keep_s * 1000)
        self._prefix = prefix
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT_S,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            protocol=2,
            # One more try on a fresh connection: after a restart of Redis the pool holds dead ones. Every command
            # here may be repeated.
            retry=Retry(NoBackoff(), 1, supported_errors=(trouble.ConnectionError,)),
        )
        self._redis: Redis = Redis(connection_pool=self._pool)
        self._patient: Redis = Redis.from_url(
            url,
            socket_timeout=LINE_WAIT_S + TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            protocol=2,
            retry=Retry(NoBackoff(), 1, supported_errors=(trouble.ConnectionError,)),
        )
        self._scripts = {name: _Script(name) for name in ("publish", "position", "since")}
        self._listener: Listener | None = None
        self._ear: Connection | None = None
        self._wanted: dict[str, asyncio.Future[None]] = {}  # channel -> done when Redis confirmed
        self._alone_until: dict[str, float] = {}  # of channels that were whispered on; old ones go when it is large
        self._heard = False
        self._whispers: list[Whisper] = []
        self._whispering: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None

    # Events.

    async def publish(self, channel: str, event_id: str | int, event_json: bytes) -> Position:
        """Number the event and tell the nodes that listen; the same id again gives its first position, untold."""
        return _position(await self._run("publish", channel, str(event_id), event_json, self._keep))

    async def publish_many(self, events: Sequence[tuple[str, str | int, bytes]]) -> list[Position]:
        """Several `(channel, event id, event)` in one round trip, told in this order; not one transaction."""
        calls = [("publish", channel, (str(id_), event, self._keep)) for channel, id_, event in events]
        return [_position(answer) for answer in await self._run_many(calls)]

    async def position(self, channel: str) -> Position:
        """Where the channel stands (an unknown one begins an epoch). Read it before the snapshot that it goes with."""
        return _position(await self._run("position", channel))

    async def positions(self, channels: Iterable[str]) -> list[Position]:
        """`position` of many, in one round trip."""
        return [_position(answer) for answer in await self._run_many([("position", name, ()) for name in channels])]

    async def since(self, channel: str, position: Position) -> list[Envelope] | None:
        """What came after `position`, oldest first; None when that is of another epoch or not kept: load a snapshot."""
        epoch, top, events = await self._run("since", channel, position.epoch, position.offset, self._keep)
        if events is None:
            return None
        return [
            _envelope(channel, epoch.decode(), offset, event)
            for offset, event in zip(range(position.offset + 1, top + 1), events, strict=True)
        ]

    # Whispers.

    def whisper(self, whisper: Whisper) -> None:
        """Tell the other nodes that listen, without history. This node's own hub has told its sockets itself.

        Nobody waits: what comes while Redis answers goes out together, in its order, in the next round trip.
        """
        assert " " not in whisper.but
        if self.down or (whisper.droppable and self._alone_until.get(whisper.channel, 0.0) > time.monotonic()):
            return
        if len(self._whispers) < WHISPERS:
            self._whispers.append(whisper)
        if not self._whispering:
            self._whispering = asyncio.create_task(self._whisper_on(), name="bus whispers")

    async def _whisper_on(self) -> None:
        try:
            while self._whispers:
                some, self._whispers = self._whispers, []
                pipe = self._redis.pipeline(transaction=False)
                for each in some:
                    head = f"{'~' if each.droppable else '!'}{self.node} {each.but} {each.frame}"
                    pipe.publish(self._topic(each.channel), head.encode())
                self._hear_of(some, await self._do(pipe.execute))
        except BusDown:
            self._whispers = []
        finally:
            self._whispering = None

    def _hear_of(self, whispers: Sequence[Whisper], heard_by: Sequence[int]) -> None:
        """Whether any node but this one listened: on most channels all are on one."""
        now = time.monotonic()
        until = now + ALONE_S
        if len(self._alone_until) > WHISPERS:
            self._alone_until = {channel: then for channel, then in self._alone_until.items() if then > now}
        for whisper, listeners in zip(whispers, heard_by, strict=True):
            if listeners <= (whisper.channel in self._wanted):
                self._alone_until[whisper.channel] = until
            else:
                self._alone_until.pop(whisper.channel, None)

    async def call(self, word: bytes) -> None:
        """Say a word to every node, this one too (sign-outs)."""
        await self._do(lambda: self._redis.publish(_NODES, word))

    # Things at hand for every node for a while.

    async def keep(self, items: Mapping[str, bytes], seconds: int) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for name, data in items.items():
            pipe.set(self._thing(name), data, ex=seconds)
        await self._do(pipe.execute)

    async def kept(self, name: str) -> bytes | None:
        found = await self._do(lambda: self._redis.get(self._thing(name)))
        return None if found is None else bytes(found)

    # Lines: each message is taken by one process. Short-lived, and no more kept than Redis keeps.

    async def line_up(self, line: str, messages: Sequence[str]) -> None:
        await self._do(lambda: self._redis.rpush(self._line(line), *messages))

    async def next_in_line(self, line: str) -> bytes | None:
        """The oldest message, as soon as there is one; None when none comes for a second."""
        found = await self._do(lambda: self._patient.blpop([self._line(line)], timeout=LINE_WAIT_S))
        return None if found is None else bytes(found[1])

    async def call_back(self, line: str, messages: Sequence[str]) -> list[bool]:
        """Take these messages out of the line; False for one that somebody has taken."""
        pipe = self._redis.pipeline(transaction=False)
        for message in messages:
            pipe.lrem(self._line(line), 1, message)
        return [bool(count) for count in await self._do(pipe.execute)]

    # Listening.

    def start(self, listener: Listener) -> None:
        """Begin to listen; comes back by itself whenever Redis does."""
        assert not self._task, "already started"
        self._listener = listener
        self._task = asyncio.create_task(self._listen_always(), name="bus")

    async def stop(self) -> None:
        tasks = [task for task in (self._task, self._whispering) if task]
        self._task = None
        if tasks:
            await end(tasks, self._hang_up)  # whatever still reads or pings fails then
        await self._redis.aclose()
        await self._patient.aclose()
        await self._pool.disconnect()

    async def listen(self, channel: str) -> None:
        """Hear the channel from now on; done when Redis confirmed. Raises BusDown, and then it is not wanted."""
        if self.down:
            raise BusDown
        confirmed = self._wanted.get(channel)
        if confirmed is None:
            confirmed = self._wanted[channel] = asyncio.get_running_loop().create_future()
            await self._say("SUBSCRIBE", channel)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await asyncio.shield(confirmed)
        except TimeoutError:
            self._wanted.pop(channel, None)
            raise BusDown from None

    async def unlisten(self, channel: str) -> None:
        self._alone_until.pop(channel, None)
        if self._wanted.pop(channel, None):
            with contextlib.suppress(BusDown):  # a new connection starts from `_wanted`
                await self._say("UNSUBSCRIBE", channel)

    # The listening connection.

    async def _listen_always(self) -> None:
        pause = BACKOFF_S[0]
        while True:
            was_up = False
            try:
                await self._connect()
                was_up = True
                async with asyncio.TaskGroup() as together:
                    together.create_task(self._read(), name="bus reads")
                    together.create_task(self._ping(), name="bus pings")
                    together.create_task(self._catch_up(), name="bus catches up")
            except* (*_FAILURES, BusDown):
                pass
            self._set_down(True)
            await self._hang_up()
            pause = BACKOFF_S[0] if was_up else min(2 * pause, BACKOFF_S[1])
            await asyncio.sleep(random.uniform(0, pause))

    async def _connect(self) -> None:
        """Open the connection and ask for every channel that is wanted; the confirmations come as it is read."""
        ear: Connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        async with asyncio.timeout(4 * TIMEOUT_S):  # connecting is several round trips
            await ear.connect()  # type: ignore[no-untyped-call]
            self._ear = ear  # from here on `_say` asks for what is wanted later
            for channel, confirmed in self._wanted.items():
                if confirmed.done():
                    self._wanted[channel] = asyncio.get_running_loop().create_future()
            await ear.send_command("SUBSCRIBE", _NODES, *map(self._topic, self._wanted), check_health=False)

    async def _hang_up(self) -> None:
        ear, self._ear = self._ear, None
        if ear:
            await ear.disconnect(nowait=True)
        await self._pool.disconnect(inuse_connections=False)  # what lies idle there is as dead as this one was

    async def _read(self) -> None:
        assert self._ear and self._listener
        while True:
            said = await self._ear.read_response(timeout=math.inf)
            self._heard = True
            if said[0] == b"message":
                self._take(said[1].decode(), said[2])
            elif said[0] == b"subscribe":
                confirmed = self._wanted.get(self._channel(said[1].decode()))
                if confirmed and not confirmed.done():
                    confirmed.set_result(None)

    def _take(self, topic: str, data: bytes) -> None:
        assert self._listener
        if topic == _NODES:
            self._listener.called(data)
        elif data[:1] == b"=":
            epoch, offset, event = data[1:].split(b" ", 2)
            self._listener.heard(_envelope(self._channel(topic), epoch.decode(), int(offset), event))
        else:
            node, but, frame = data[1:].split(b" ", 2)
            if node.decode() != self.node:
                droppable = data[:1] == b"~"
                self._listener.whispered(Whisper(self._channel(topic), frame.decode(), droppable, but.decode()))

    async def _ping(self) -> None:
        """Find out within PING_EVERY_S + TIMEOUT_S that nobody answers, even when the connection looks alive."""
        assert self._ear
        while True:
            self._heard = False
            await self._ear.send_command("PING", check_health=False)
            await asyncio.sleep(TIMEOUT_S)
            if not self._heard:
                raise BusDown
            await asyncio.sleep(PING_EVERY_S - TIMEOUT_S)

    async def _catch_up(self) -> None:
        assert self._listener
        async with asyncio.timeout(4 * TIMEOUT_S):
            await asyncio.gather(*self._wanted.values())
        self.down = False  # commands may pass again, `mend` needs them
        await self._listener.mend()
        self._listener.degraded(False)

    def _set_down(self, down: bool) -> None:
        assert self._listener
        if not self.down:
            self.down = True
            self._listener.degraded(True)

    async def _say(self, verb: str, channel: str) -> None:
        """On the listening connection. When it is broken, that is fine: a new one asks for all that is wanted."""
        if self._ear and self._ear.is_connected:
            with contextlib.suppress(*_FAILURES):  # the reading task notices as well, and starts anew
                await self._ear.send_command(verb, self._topic(channel), check_health=False)

    # Commands.

    async def _run(self, name: str, channel: str, *args: str | int | bytes) -> Any:
        return (await self._run_many([(name, channel, args)]))[0]

    async def _run_many(self, calls: Sequence[tuple[str, str, Sequence[str | int | bytes]]]) -> list[Any]:
        """Run scripts by their hash, in order; a Redis that doesn't know them learns them, and all run again."""
        if not calls:
            return []
        for attempt in ("known", "learned"):
            pipe = self._redis.pipeline(transaction=False)
            for name, channel, args in calls:
                script = self._scripts[name]
                if attempt == "learned":
                    pipe.script_load(script.text)
                pipe.evalsha(script.sha, 4, *self._keys(channel), secrets.token_hex(6), self._ttl_ms, *args)
            answers: list[Any] = await self._do(partial(pipe.execute, raise_on_error=False))
            if attempt == "learned":
                answers = answers[1::2]
            if not any(isinstance(answer, trouble.NoScriptError) for answer in answers):
                break
        for answer in answers:
            if isinstance(answer, _FAILURES):
                raise BusDown from answer
            if isinstance(answer, Exception):
                raise answer
        return answers

    async def _do(self, command: Callable[[], Awaitable[Any]]) -> Any:
        if self.down:
            raise BusDown
        try:
            return await command()
        except _FAILURES as error:
            raise BusDown from error

    # Names in Redis. The braces keep a channel's keys together in a cluster.

    def _keys(self, channel: str) -> list[str]:
        return [*(f"{self._prefix}:{{{channel}}}:{part}" for part in ("meta", "stream", "seen")), self._topic(channel)]

    def _thing(self, name: str) -> str:
        return f"{self._prefix}:thing:{name}"

    def _line(self, line: str) -> str:
        return f"{self._prefix}:line:{line}"

    def _topic(self, channel: str) -> str:
        return f"{self._prefix}:to:{channel}"

    def _channel(self, topic: str) -> str:
        return topic.removeprefix(f"{self._prefix}:to:")


async def end(tasks: Sequence[asyncio.Task[Any]], meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
    """Cancel tasks that talk to Redis until they are done: redis-py sends by asyncio.wait_for, which before Python
    3.12 swallows a cancellation that comes at the moment when the sending is done."""
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=STOP_S)
        if meanwhile:
            await meanwhile()
    await asyncio.gather(*tasks, return_exceptions=True)


def _position(answer: Sequence[Any]) -> Position:
    return Position(epoch=answer[0].decode(), offset=answer[1])


def _envelope(channel: str, epoch: str, offset: int, event: bytes) -> Envelope:
    head = f'{{"frame":"event","channel":{encode(channel).decode()},"epoch":"{epoch}","offset":{offset},"event":'
    return Envelope(channel, epoch, offset, f"{head}{event.decode()}}}")
