"""A channel tells everybody each word once and in order, whoever comes, goes or falls behind between two slices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from server.live import channel as channels
from server.live.bus import Envelope
from server.live.channel import Channel, Word
from server.live.lane import framed
from server.live.protocol import Close, Position


class Turns:
    """The loop, a turn at a time."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def soon(self, call: Callable[[], None]) -> None:
        self.due.append(call)

    def turn(self) -> None:
        due, self.due = self.due, []
        for call in due:
            call()


class Listener:
    """Takes down what it is told, by whichever way: frames that came as bytes are taken apart again."""

    def __init__(self) -> None:
        self.id, self.person_id = uuid4().hex, uuid4()
        self.person_key, self.sign_in = str(self.person_id), self.id
        self.heard: list[str] = []
        self.writes = 0
        self.changes = 0
        self.lane: Any = self._write

    def turn(self) -> None:
        self.lane = None if self.lane else self._write

    def _write(self, data: bytes) -> None:
        self.writes += 1
        self.heard += frames_in(data)

    def tell(self, frame: str) -> None:
        self.heard.append(frame)

    offer = tell

    def replay(self, frames: list[str]) -> None:
        self.heard += frames

    def changed(self, channel: str) -> None:
        self.changes += 1

    def dropped(self, channel: str) -> None:
        raise AssertionError

    def silent_s(self, now: float) -> float:
        return 0.0

    def check(self, now: float) -> None:
        raise AssertionError

    def close(self, code: Close) -> None:
        raise AssertionError


def frames_in(data: bytes) -> list[str]:
    """As the library reads them."""
    page = ClientProtocol(parse_uri("ws://page"), state=State.OPEN, max_size=None)
    page.receive_data(data)
    frames = page.events_received()
    assert page.parser_exc is None
    assert all(isinstance(frame, Frame) and frame.opcode is Opcode.TEXT and frame.fin for frame in frames)
    return [bytes(frame.data).decode() for frame in frames]


def an_envelope(offset: int) -> Envelope:
    return Envelope("c", "e", offset, f'{{"frame":"event","offset":{offset},"event":{{"type":"x"}}}}')


SIZES = [0, 1, 125, 126, 127, 128, 65_534, 65_535, 65_536, 200_000]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("character", ["x", "答"])
def test_a_frame_is_read_as_it_was_written(character: str, size: int) -> None:
    text = character * (size // len(character.encode())) + "x" * (size % len(character.encode()))

    assert frames_in(framed(text) + framed("then")) == [text, "then"]


steps = st.lists(
    st.tuples(
        st.sampled_from(["event", "event", "whisper", "come or go", "come or go", "lane", "turn"]), st.integers(0, 7)
    ),
    max_size=80,
)


@given(steps)
def test_everybody_hears_each_word_once_and_in_order(steps: list[tuple[str, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(channels, "SLICE", 3)
        loop, room = Turns(), [Listener() for _ in range(8)]
        channel = Channel("c", loop.soon)
        channel.begin(Position(epoch="e", offset=0))
        heard_until = dict.fromkeys(room, 0)
        events = [an_envelope(0).frame]

        for step, who in steps:
            listener = room[who]
            if step == "event":
                events.append(an_envelope(len(events)).frame)
                channel.take(an_envelope(len(events) - 1))
            elif step == "whisper":
                channel.say(Word(f"whisper {who}", droppable=True, but=(listener,)))
            elif step == "lane":
                listener.turn()
                channel.turned(listener)
            elif step == "turn":
                loop.turn()
            elif channel.quit(listener):
                heard_until[listener] = told(listener)
            elif heard_until[listener] <= channel.told:
                missed = channel.after(heard_until[listener])
                assert missed is not None
                listener.replay([envelope.frame for envelope in missed])
                channel.admit(listener)
        while loop.due:
            loop.turn()

        assert channel.told == channel.top == len(events) - 1 and not channel.is_telling
        for listener in room:
            heard = [frame for frame in listener.heard if frame.startswith("{")]
            assert heard == events[1 : len(heard) + 1]
            assert len(heard) == len(events) - 1 or listener not in channel.members
            assert f"whisper {room.index(listener)}" not in listener.heard


def told(listener: Listener) -> int:
    return sum(frame.startswith("{") for frame in listener.heard)


def test_what_comes_during_a_round_is_one_write_to_each_in_the_next() -> None:
    loop, room = Turns(), [Listener() for _ in range(channels.SLICE + 1)]
    channel = Channel("c", loop.soon)
    channel.begin(Position(epoch="e", offset=0))
    for listener in room:
        channel.admit(listener)
    channel.take(an_envelope(1))
    loop.turn()
    assert [listener.writes for listener in room[-2:]] == [1, 0]

    for offset in range(2, 12):
        channel.take(an_envelope(offset))
    while loop.due:
        loop.turn()

    assert {listener.writes for listener in room} == {2}
    assert {told(listener) for listener in room} == {11}


def test_with_much_untold_a_round_does_not_give_way() -> None:
    loop, room = Turns(), [Listener() for _ in range(3 * channels.SLICE)]
    channel = Channel("c", loop.soon)
    channel.begin(Position(epoch="e", offset=0))
    for listener in room:
        channel.admit(listener)
    channel.take(an_envelope(1))
    loop.turn()

    for offset in range(2, channels.UNTOLD + 3):
        channel.take(an_envelope(offset))
    loop.turn()

    assert room[-1].writes == 1 and room[0].writes == 2
    while loop.due:
        loop.turn()
    assert {told(listener) for listener in room} == {channels.UNTOLD + 2}


def test_a_change_of_the_session_is_looked_at_by_who_was_told_of_it() -> None:
    loop, early, late = Turns(), Listener(), Listener()
    channel = Channel("session:1", loop.soon)
    channel.begin(Position(epoch="e", offset=0))
    channel.admit(early)

    channel.take(Envelope("session:1", "e", 1, '{"frame":"event","offset":1,"event":{"type":"session"}}'))
    loop.turn()
    channel.admit(late)
    channel.take(an_envelope(2))
    loop.turn()

    assert (early.changes, late.changes) == (1, 0)


@pytest.mark.parametrize("is_mixed", [False, True])
def test_a_connection_that_is_just_gone_keeps_nobody_from_hearing(is_mixed: bool) -> None:
    def gone(data: bytes) -> None:
        raise RuntimeError("the handler is closed")

    loop, room = Turns(), [Listener() for _ in range(6)]
    channel = Channel("c", loop.soon)
    channel.begin(Position(epoch="e", offset=0))
    room[2].lane = room[5].lane = gone
    if is_mixed:
        room[3].lane = None
    for listener in room:
        channel.admit(listener)

    for offset in (1, 2):
        channel.take(an_envelope(offset))
        loop.turn()

    assert [told(listener) for listener in room] == [2, 2, 0, 2, 2, 0]
