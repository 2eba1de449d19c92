"""What this process knows of a channel: its last events, who listens, and how far they have been told.

Telling goes in rounds. What comes while a round is under way waits and is told together by the next one: one write to
each socket, of bytes that were made once. A round goes in slices, so that a room of thousands doesn't hold everything
else. How far everybody was told is a number of the channel, not of each socket: who joins is brought to where the
last round began, and belongs to the next.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from server.live.bus import Envelope
from server.live.lane import Write, framed
from server.live.protocol import Close, Position

RING_EVENTS = 300  # REALTIME
SLICE = 256  # sockets told before others get their turn: telling 4,000 at once would hold everything for 40 ms
UNTOLD = 32  # what may wait for the next round; with more a round doesn't give way

_SESSION_EVENT = re.compile(r'"event":\s*{\s*"type":\s*"session"')


class Socket(Protocol):
    """One open page. No method waits."""

    id: str
    person_id: UUID
    person_key: str  # its id as whispers leave somebody out
    sign_in: str
    lane: Write | None  # takes framed bytes at once; None while frames have to queue, or on a server without lanes

    def tell(self, frame: str) -> None:
        """Queue a frame that must arrive, or cut the socket when it is too far behind."""

    def replay(self, frames: list[str]) -> None:
        """Queue what was missed; it doesn't count as being behind."""

    def offer(self, frame: str) -> None:
        """Queue a frame that may be dropped when the socket is behind."""

    def changed(self, channel: str) -> None:
        """What the page may do on this channel may have changed."""

    def dropped(self, channel: str) -> None:
        """The page doesn't listen to the channel any more; it was told to load a snapshot."""

    def silent_s(self, now: float) -> float:
        """Seconds since the page was last heard."""

    def check(self, now: float) -> None:
        """Close, if the page is silent or doesn't read."""

    def close(self, code: Close) -> None:
        """Close without waiting."""


@dataclass(frozen=True, slots=True)
class Word:
    """What is told next: an event's frame, or a whisper, which may leave somebody out."""

    frame: str
    droppable: bool = False
    but: Collection[Socket] = ()
    offset: int = 0  # of an event


class _Round:
    """One telling of some words to all who listened when it began."""

    __slots__ = ("apart", "at", "changes", "data", "fresh", "lanes", "sockets", "words")

    def __init__(self, words: list[Word], sockets: list[Socket], lanes: list[Write | None], apart: set[Socket]) -> None:
        self.words, self.sockets, self.lanes = words, sockets, lanes
        self.data = b"".join([framed(word.frame) for word in words])
        self.changes = any(word.offset and _SESSION_EVENT.search(word.frame, 0, 300) for word in words)
        self.at = 0
        self.apart = apart.union(*(word.but for word in words))  # not told by the common bytes
        self.fresh: set[Socket] = set()  # joined since, and so told already


class Channel:
    """`soon` calls a function in one of the loop's next turns."""

    def __init__(self, name: str, soon: Callable[[Callable[[], None]], object]) -> None:
        self.name = name
        self.epoch = ""
        self.top = 0  # the last event that was taken
        self.told = 0  # the last event of the rounds that have begun
        self.members: dict[Socket, Write | None] = {}  # each with its lane
        self._soon = soon
        self._ring: deque[Envelope] = deque(maxlen=RING_EVENTS)
        self._slow: set[Socket] = set()  # members without a lane
        self._listed: tuple[list[Socket], list[Write | None]] | None = None  # the members, until somebody comes or goes
        self._untold: list[Word] = []
        self._round: _Round | None = None
        self._is_due = False
        # The hub's: what of it is under way with Redis.
        self.opening: asyncio.Task[None] | None = None
        self.mending: asyncio.Task[None] | None = None
        self.early: deque[Envelope] = deque(maxlen=RING_EVENTS)  # heard meanwhile; a hole is mended again
        self.idle_since = 0.0

    @property
    def position(self) -> Position:
        return Position(epoch=self.epoch, offset=self.top)

    @property
    def is_telling(self) -> bool:
        return self._is_due

    def begin(self, position: Position) -> None:
        """Nothing of what was before holds any more, and nobody listens."""
        self.epoch, self.top, self.told = position.epoch, position.offset, position.offset
        self._ring.clear()
        self._untold.clear()
        self._round = None
        self.members.clear()
        self._slow.clear()
        self._listed = None

    def after(self, offset: int) -> list[Envelope] | None:
        """The events after `offset` of the rounds that have begun; None when the ring doesn't reach back so far."""
        first, end = (len(self._ring) - (self.top - each) for each in (offset, self.told))
        return list(self._ring)[first:end] if 0 <= first <= end else None

    # Who listens.

    def admit(self, socket: Socket) -> None:
        """From the next round on."""
        self.members[socket] = socket.lane
        if socket.lane is None:
            self._slow.add(socket)
        self._listed = None
        if self._round:
            self._round.fresh.add(socket)

    def quit(self, socket: Socket) -> bool:
        """Whether it listened. Nothing more reaches it, not even the rest of a round."""
        if socket not in self.members:
            return False
        del self.members[socket]
        self._slow.discard(socket)
        self._listed = None
        if self._round:
            self._round.apart.add(socket)
        return True

    def turned(self, socket: Socket) -> None:
        """The socket's lane was opened or shut."""
        if socket in self.members:
            self.members[socket] = socket.lane
            if socket.lane is None:
                self._slow.add(socket)
            else:
                self._slow.discard(socket)
            self._listed = None
            if self._round:
                self._round.apart.add(socket)

    # Telling.

    def take(self, envelope: Envelope) -> None:
        self.top = envelope.offset
        self._ring.append(envelope)
        self.say(Word(envelope.frame, offset=envelope.offset))

    def say(self, word: Word) -> None:
        self._untold.append(word)
        if not self._is_due:
            self._is_due = True
            self._soon(self._turn)

    def _turn(self) -> None:
        """A slice; the next one after everybody else had a turn, unless too much waits."""
        while self._round or self._untold:
            self._tell(self._round or self._begin_round())
            if len(self._untold) < UNTOLD and (self._round or self._untold):
                self._soon(self._turn)
                return
        self._is_due = False

    def _begin_round(self) -> _Round:
        words, self._untold = self._untold, []
        self.told = self.top
        if self._listed is None:
            self._listed = list(self.members), list(self.members.values())
        self._round = _Round(words, *self._listed, self._slow)
        return self._round

    def _tell(self, round: _Round) -> None:
        data, apart, begin, end = round.data, round.apart, round.at, round.at + SLICE
        if not apart:
            _write(data, round.lanes[begin:end])
        else:
            together: list[Write | None] = []
            for socket, write in zip(round.sockets[begin:end], round.lanes[begin:end], strict=True):
                if socket in apart:
                    self._tell_apart(round, socket)
                else:
                    together.append(write)
            _write(data, together)
        if round.changes:
            for socket in round.sockets[begin:end]:
                if socket in self.members and socket not in round.fresh:
                    socket.changed(self.name)
        round.at = end
        if end >= len(round.sockets) and self._round is round:
            self._round = None

    def _tell_apart(self, round: _Round, socket: Socket) -> None:
        """Word by word. Who left is told no more, and who came back had a replay."""
        for word in round.words:
            if socket not in self.members or socket in round.fresh:
                return
            if socket in word.but:
                continue
            if word.droppable:
                socket.offer(word.frame)
            else:
                socket.tell(word.frame)


def _write(data: bytes, lanes: Sequence[Write | None]) -> None:
    """To each; who has none is told apart. One whose connection is just gone keeps nobody from hearing."""
    left = iter(lanes)
    while True:
        try:
            for write in left:
                write(data)  # type: ignore[misc]
        except (OSError, RuntimeError):  # so say the loops, by the one or the other
            continue
        return
