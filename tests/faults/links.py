"""A stretch of network that a test can spoil: a proxy on loopback between a client and a server."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Literal, TypeVar

T = TypeVar("T")
PIECE = 64 * 1024
State = Literal["whole", "held", "deaf", "cut"]


class Link:
    """Leads from `port` to a server: a path is that of a unix socket, a number a port on this machine.

    whole: bytes pass, each piece `delay_s` late. held: nothing passes and nothing is refused, as when packets are
    dropped on the way; what was sent arrives after `heal`. deaf: requests pass, replies vanish. cut: every connection
    is reset.
    """

    def __init__(self, target: str | int) -> None:
        self.state: State = "whole"
        self.delay_s = 0.0
        self.replies_lost = threading.Semaphore(0)  # one for each piece of a reply that vanished
        self._target = target
        self._words: tuple[bytes, ...] = ()
        self._pairs: set[_Pair] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._passing: asyncio.Event
        self._server: asyncio.Server
        self.port: int = _do(self._open())

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    def cut(self) -> None:
        _do(self._become("cut"))

    def hold(self) -> None:
        _do(self._become("held"))

    def lose_replies(self) -> None:
        _do(self._become("deaf"))

    def lose_replies_after(self, *words: bytes) -> None:
        """From the moment when one connection has passed requests with these words, one after the other."""
        self._words = words

    def heal(self) -> None:
        """Connections that lost a part of what was said do not come back: they are reset."""
        _do(self._become("whole"))

    def wait_lost(self, patience_s: float = 30.0) -> None:
        """Until a reply has vanished: what was asked for is done, and nobody was told."""
        assert self.replies_lost.acquire(timeout=patience_s), "no reply came to be lost"

    def close(self) -> None:
        _do(self._close())

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # In the links' thread.

    async def _open(self) -> int:
        self._passing = asyncio.Event()
        self._passing.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _become(self, state: State) -> None:
        self.state = state
        if state == "held":
            self._passing.clear()
        else:
            self._passing.set()
        for pair in list(self._pairs):
            if state == "cut" or (state == "whole" and pair.lost_some):
                pair.reset()
        await asyncio.sleep(0)  # the resets are under way before the caller goes on

    async def _serve(self, near: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        try:
            await self._passing.wait()
            await self._lead(near, writer)
        finally:
            self._serving.discard(task)
            writer.transport.abort()

    async def _lead(self, near: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.state == "cut":
            return
        try:
            if isinstance(self._target, int):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            else:
                far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        except OSError:
            return
        pair = _Pair(writer, far_writer)
        self._pairs.add(pair)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(near, far_writer, pair, is_reply=False))
                both.create_task(self._pass(far_reader, writer, pair, is_reply=True))
        except* OSError:
            pass
        finally:
            pair.reset()
            self._pairs.discard(pair)

    async def _pass(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, pair: _Pair, *, is_reply: bool
    ) -> None:
        while piece := await source.read(PIECE):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            await self._passing.wait()
            if is_reply and self.state == "deaf":
                pair.lost_some = True
                self.replies_lost.release()
                continue
            if self._words and not is_reply and pair.has_said(self._words, piece):
                self.state, self._words = "deaf", ()
            target.write(piece)
            await target.drain()
        if is_reply and pair.lost_some:
            await pair.gone.wait()  # who lost the replies doesn't hear the goodbye either, until it is reset
        with suppress(OSError):
            target.write_eof()

    async def _close(self) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.sleep(0)


class _Pair:
    """The two halves of one connection."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.near, self.far = near, far
        self.lost_some = False
        self.said = 0  # of the words that are waited for
        self.gone = asyncio.Event()

    def has_said(self, words: tuple[bytes, ...], piece: bytes) -> bool:
        while self.said < len(words) and words[self.said] in piece:
            self.said += 1
        return self.said == len(words)

    def reset(self) -> None:
        self.gone.set()
        self.near.transport.abort()
        self.far.transport.abort()


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    """One for all links, in a thread of its own: tests wait, and the network must not."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="links", daemon=True).start()
    return loop


def _do(what: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(what, _loop()).result(60)
