"""The sockets of this process, by channel and by person; every event told to each once and in order.

A channel is held while somebody listens, and a minute longer, so that a reconnect storm finds the last events here and
costs Redis nothing. Everything between two awaits is atomic: that is what leaves no gap and no double between the
replay of what a page missed and what happens meanwhile.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from uuid import UUID

from server.live.bus import Bus, BusDown, Envelope, Whisper, end
from server.live.channel import Channel, Socket, Word
from server.live.protocol import Close, Degraded, Go, Position, Resync, Watched, encode

REPLAY_BYTES = 192 * 1024  # of one channel; a snapshot is smaller than more than that
LINGER_S = 60.0  # how long a channel that nobody listens to is held
CHECK_CHANNELS_S = 10.0  # the top offsets are compared with Redis so often
CHECK_SOCKETS_S = 1.0
SOCKETS_PER_PERSON = 8
PERSON_KEY = 36  # characters of a person's id, written out
AT_ONCE = 500  # channels asked for in one round trip
IN_PASSING = 25  # the same in a sweep, which is to hold up no page
GALLERY, STAGE = "gallery:", "session:"  # who watches a session, and the two who are told how many that are


class TooManySockets(Exception):
    """同时打开的页面太多了，请先关掉一些。"""


class Hub:
    """Takes what the bus hears and tells the sockets. `start` before the first socket, `stop` after the last."""

    def __init__(
        self,
        bus: Bus,
        *,
        on_person_online: Callable[[UUID], None] = lambda _: None,
        on_person_offline: Callable[[UUID], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bus = bus
        self.node = bus.node
        self.is_degraded = False
        self._online, self._offline = on_person_online, on_person_offline
        self._clock = clock
        self._channels: dict[str, Channel] = {}
        self._people: dict[UUID, dict[Socket, None]] = {}
        self._by_id: dict[str, Socket] = {}
        self._sweeps: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self.bus.start(self)
        self._sweeps = [asyncio.create_task(self._check_sockets()), asyncio.create_task(self._check_channels())]

    async def stop(self) -> None:
        tasks = [
            *self._sweeps,
            *(task for held in self._channels.values() for task in (held.opening, held.mending) if task),
        ]
        await end(tasks)
        await self.bus.stop()

    async def go(self, spread_s: float = 30.0) -> None:
        """Before this process stops: send everybody away, to come back spread over `spread_s` seconds."""
        for socket in list(self.sockets()):
            socket.tell(encode(Go(after_s=round(random.uniform(0, spread_s), 2))).decode())
            socket.close(Close.MOVING)

    # Who is here.

    def sockets(self) -> Iterator[Socket]:
        for sockets in self._people.values():
            yield from sockets

    def people(self) -> list[UUID]:
        """Whose leases this node renews."""
        return list(self._people)

    def is_online(self, person_id: UUID) -> bool:
        """Whether the person has a socket on this node."""
        return person_id in self._people

    def members(self, channel: str) -> int:
        """Sockets of this node that listen to the channel."""
        found = self._channels.get(channel)
        return len(found.members) if found else 0

    def enter(self, socket: Socket, ghost_s: float) -> None:
        """A page is here. Raises TooManySockets, unless one of them was silent for `ghost_s`: it is closed."""
        mine = self._people.get(socket.person_id)
        if mine is None:
            self._people[socket.person_id] = {socket: None}
            self._by_id[socket.id] = socket
            self._online(socket.person_id)
            return
        if len(mine) >= SOCKETS_PER_PERSON:
            now = self._clock()
            quietest = max(mine, key=lambda other: other.silent_s(now))
            if quietest.silent_s(now) < ghost_s:
                raise TooManySockets
            quietest.close(Close.SILENT)
            self.leave(quietest, ())
        mine[socket] = None
        self._by_id[socket.id] = socket

    def leave(self, socket: Socket, channels: Iterable[str]) -> None:
        """The page is gone from everywhere; saying so twice does no harm."""
        for channel in channels:
            self.quit(socket, channel)
        mine = self._people.get(socket.person_id)
        if mine is None or socket not in mine:
            return
        del mine[socket]
        del self._by_id[socket.id]
        if not mine:
            del self._people[socket.person_id]
            self._offline(socket.person_id)

    async def sign_out(self, sign_in: str) -> None:
        """Close every socket that was opened by this sign-in, on every node."""
        self._close_signed_out(sign_in)
        try:
            await self.bus.call(b"out " + sign_in.encode())
        except BusDown:
            return  # its tickets are void all the same, and each message checks rights

    async def expel(self, person: UUID, channel: str) -> None:
        """Nothing of the channel reaches this person any more, on any node; joining again asks for rights anew."""
        self._expel(person, channel)
        try:
            await self.bus.call(f"expel {person} {channel}".encode())
        except BusDown:
            return  # no node hears events now; when Redis is back, every page joins anew

    def present(self, kind: str) -> dict[UUID, list[UUID]]:
        """By the id in channels of this kind: the people of this node who listen."""
        found: dict[UUID, list[UUID]] = {}
        for name, held in self._channels.items():
            head, _, id = name.partition(":")
            if head == kind and held.members:
                found[UUID(id)] = list({socket.person_id for socket in held.members})
        return found

    # Listening.

    async def join(
        self, socket: Socket, channel: str, position: Position | None, greet: Callable[[Position], str] | None = None
    ) -> Position | None:
        """Tell `socket` everything of the channel after `position` (or from now on), each event once, in order.

        Gives the position from which it goes on, or None when that is no longer known: the page loads a snapshot.
        `greet` makes a frame that comes before the first event. Raises BusDown.
        """
        held = await self._open(channel)
        for _ in range(3):
            if position is None:
                return self._admit(socket, held, Position(epoch=held.epoch, offset=held.told), [], greet)
            if position.epoch != held.epoch:
                return None
            if position.offset > held.top:  # the page's snapshot came through a node that is ahead of this one
                await self._mend(held)
                continue
            while held.told < position.offset <= held.top and position.epoch == held.epoch:  # noqa: ASYNC110
                await asyncio.sleep(0)  # a turn of the loop is a slice of the round that it waits for
            missed = held.after(position.offset)
            if missed is None:
                kept = await self.bus.since(channel, position)
                if kept is None:
                    return None
                # What came meanwhile is in the ring; what Redis had and we have not told yet will come by itself.
                rest = held.after(min(position.offset + len(kept), held.told))
                if rest is None:
                    continue
                missed = [envelope for envelope in kept if envelope.offset <= held.told] + rest
            if held.epoch != position.epoch:
                continue
            if sum(len(envelope.frame) for envelope in missed) > REPLAY_BYTES:
                return None
            return self._admit(socket, held, position, missed, greet)
        return None

    def quit(self, socket: Socket, channel: str) -> None:
        held = self._channels.get(channel)
        if held and held.quit(socket):
            self._count(held)
            if not held.members:
                held.idle_since = self._clock()

    def turned(self, socket: Socket, channels: Iterable[str]) -> None:
        """The socket's lane was opened or shut."""
        for channel in channels:
            held = self._channels.get(channel)
            if held:
                held.turned(socket)

    def whisper(self, channel: str, frame: str, *, droppable: bool = True, but: str = "") -> None:
        """Tell who listens, here at once and elsewhere soon, without history; while Redis is away, only here."""
        whisper = Whisper(channel, frame, droppable, but)
        self.whispered(whisper)
        self.bus.whisper(whisper)

    def _admit(
        self,
        socket: Socket,
        held: Channel,
        start: Position,
        missed: list[Envelope],
        greet: Callable[[Position], str] | None,
    ) -> Position:
        if greet:
            socket.tell(greet(start))
        if missed:
            socket.replay([envelope.frame for envelope in missed])
        held.admit(socket)
        self._count(held)
        return start

    def _count(self, gallery: Channel) -> None:
        """How many people of this node watch: a number, and no name."""
        if gallery.name.startswith(GALLERY):
            session = gallery.name.removeprefix(GALLERY)
            people = {socket.person_key for socket in gallery.members}
            watched = Watched(session=UUID(session), node=self.node, count=len(people))
            self.whisper(STAGE + session, encode(watched).decode(), droppable=False)

    async def _open(self, name: str) -> Channel:
        """The channel, being heard. Opening it is a task of its own: a page that leaves meanwhile disturbs nobody."""
        held = self._channels.get(name)
        if held is None:
            held = self._channels[name] = Channel(name, asyncio.get_running_loop().call_soon)
            held.opening = asyncio.create_task(self._listen(held))
        held.idle_since = self._clock()  # not let go while somebody is about to join
        if held.opening:
            await asyncio.shield(held.opening)
        return held

    async def _listen(self, held: Channel) -> None:
        try:
            await self.bus.listen(held.name)
            position = await self.bus.position(held.name)  # after listening, so that nothing falls between
        except BusDown:
            del self._channels[held.name]
            await self.bus.unlisten(held.name)
            raise
        held.begin(position)
        held.opening = None
        self._take_early(held)

    # What the bus hears.

    def heard(self, envelope: Envelope) -> None:
        held = self._channels.get(envelope.channel)
        if held is None:
            return
        if not (held.opening or held.mending):
            self._take(held, envelope)
        else:
            held.early.append(envelope)

    def whispered(self, whisper: Whisper) -> None:
        held = self._channels.get(whisper.channel)
        if held and held.members:
            held.say(Word(whisper.frame, whisper.droppable, self._named(whisper.but)))

    def _named(self, but: str) -> Collection[Socket]:
        """The sockets of this node that a whisper leaves out: one by its id, or a person's."""
        if not but:
            return ()
        socket = self._by_id.get(but)
        if socket:
            return (socket,)
        return tuple(self._people.get(UUID(but), ())) if len(but) == PERSON_KEY else ()

    def called(self, word: bytes) -> None:
        verb, _, what = word.decode().partition(" ")
        if verb == "out":
            self._close_signed_out(what)
        elif verb == "expel":
            person, _, channel = what.partition(" ")
            self._expel(UUID(person), channel)

    def degraded(self, on: bool) -> None:
        if on != self.is_degraded:
            self.is_degraded = on
            frame = encode(Degraded(on=on)).decode()
            for socket in list(self.sockets()):
                socket.tell(frame)

    async def mend(self, over_s: float = 0.0) -> None:
        """Compare every channel with Redis and fill what was missed: at once, or in passing, spread over this time."""
        known = [held for held in self._channels.values() if not held.opening]
        many = IN_PASSING if over_s else AT_ONCE
        for begin in range(0, len(known), many):
            some = [held for held in known[begin : begin + many] if self._channels.get(held.name) is held]
            positions = await self.bus.positions(held.name for held in some)
            behind = [
                held
                for held, position in zip(some, positions, strict=True)
                if position.epoch != held.epoch or position.offset > held.top
            ]
            await asyncio.gather(*map(self._mend, behind))
            if over_s:
                await asyncio.sleep(over_s * many / max(many, len(known)))

    def _take(self, held: Channel, envelope: Envelope) -> None:
        if envelope.epoch != held.epoch:
            self._begin_epoch(held, Position(epoch=envelope.epoch, offset=envelope.offset - 1))
        if envelope.offset == held.top + 1:
            held.take(envelope)
        elif envelope.offset > held.top:
            held.early.append(envelope)
            self._mend_soon(held)

    def _begin_epoch(self, held: Channel, position: Position) -> None:
        """What was told before is of another time: every page loads a snapshot, then listens again."""
        members = list(held.members)
        held.begin(position)
        frame = encode(Resync(channel=held.name)).decode()
        for socket in members:
            socket.tell(frame)
            socket.dropped(held.name)
        held.idle_since = self._clock()

    def _take_early(self, held: Channel) -> None:
        early = list(held.early)
        held.early.clear()
        for envelope in early:
            if held.mending:
                held.early.append(envelope)
            else:
                self._take(held, envelope)

    # Holes.

    async def _mend(self, held: Channel) -> None:
        await asyncio.shield(self._mend_soon(held))

    def _mend_soon(self, held: Channel) -> asyncio.Task[None]:
        if not held.mending:
            held.mending = asyncio.create_task(self._fill(held))
        return held.mending

    async def _fill(self, held: Channel) -> None:
        """Everything up to Redis's top, before anything that was heard meanwhile."""
        try:
            missed, position = await self._missed(held)
        except BusDown:  # `mend` comes when Redis is back
            held.mending = None
            held.early.clear()
            return
        held.mending = None
        if missed is None:
            self._begin_epoch(held, position)
        for envelope in missed or ():
            self._take(held, envelope)
        self._take_early(held)

    async def _missed(self, held: Channel) -> tuple[list[Envelope] | None, Position]:
        while True:
            try:
                missed = await self.bus.since(held.name, held.position)
                return missed, held.position if missed is not None else await self.bus.position(held.name)
            except BusDown:
                if self.bus.down:
                    raise
                await asyncio.sleep(0.1)  # one command was too slow; Redis itself is thought to be there

    # Sweeps.

    async def _check_sockets(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SOCKETS_S)
            now = self._clock()
            for socket in list(self.sockets()):
                socket.check(now)

    async def _check_channels(self) -> None:
        await asyncio.sleep(CHECK_CHANNELS_S * random.uniform(0.0, 1.0))
        while True:
            now = self._clock()
            for held in list(self._channels.values()):
                busy = held.members or held.opening or held.mending or held.is_telling
                if held.members and held.name.startswith(GALLERY):
                    self._count(held)
                    for socket in list(held.members):
                        socket.changed(held.name)  # who left the crowd watches no longer
                if not busy and now - held.idle_since > LINGER_S:
                    del self._channels[held.name]
                    await self.bus.unlisten(held.name)
            again = time.monotonic() + CHECK_CHANNELS_S * random.uniform(0.9, 1.1)
            with suppress(BusDown):
                await self.mend(over_s=CHECK_CHANNELS_S)
            await asyncio.sleep(again - time.monotonic())

    def _expel(self, person: UUID, channel: str) -> None:
        for socket in list(self._people.get(person, ())):
            held = self._channels.get(channel)
            if held is not None and socket in held.members:
                self.quit(socket, channel)
                socket.dropped(channel)
                socket.tell(encode(Resync(channel=channel)).decode())  # its snapshot says why there is none

    def _close_signed_out(self, sign_in: str) -> None:
        for socket in list(self.sockets()):
            if socket.sign_in == sign_in:
                socket.close(Close.SIGNED_OUT)
