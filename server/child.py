"""A child of a worker that answers frames, one at a time: what kills it or hangs it costs that frame only."""

from __future__ import annotations

import asyncio
import os
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import BinaryIO, Generic, TypeVar

import msgspec

Said = TypeVar("Said")

LOAD_PATIENCE_S = 120.0  # for the models; a fresh installation compiles its modules first


class ChildFailed(Exception):
    """The child died or took too long; it is started anew for the next frame."""


class Child(Generic[Said]):
    """Started at the first frame, with an empty one that only loads its models.

    Frames on its pipes: four bytes of length, big-endian, then bytes in, and JSON of the type `said` out.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        said: type[Said],
        patience: timedelta,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`arguments` to Python; `patience` for one frame."""
        self._arguments, self._said, self._environment = arguments, said, environment or {}
        self._patience = patience.total_seconds()
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._greeting: Said | None = None

    async def ask(self, frame: bytes) -> Said:
        """What the child says of it; raises ChildFailed. Whoever is cancelled leaves the child to end what it began,
        so that the next answer is that of the next frame."""
        await self._turn.acquire()
        answer = asyncio.create_task(self._answer(frame), name="child")
        answer.add_done_callback(self._ended)
        return await asyncio.shield(answer)

    async def warm(self) -> Said:
        """What it says to the empty frame, once its models are loaded; raises ChildFailed."""
        async with self._turn:
            await self._started()
            assert self._greeting is not None
            return self._greeting

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    def _ended(self, answer: asyncio.Task[Said]) -> None:
        self._turn.release()
        if not answer.cancelled():
            answer.exception()  # told to who asked, if anybody is still there

    async def _answer(self, frame: bytes) -> Said:
        return await self._exchange(await self._started(), frame, self._patience)

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = process = await self._begun()
            self._greeting = await self._exchange(process, b"", LOAD_PATIENCE_S)
        return self._process

    async def _begun(self) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                *self._arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, **self._environment},
            )
        except OSError as error:  # no memory for another process
            raise ChildFailed(repr(error)) from error

    async def _exchange(self, process: asyncio.subprocess.Process, frame: bytes, patience: float) -> Said:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            async with asyncio.timeout(patience):
                process.stdin.write(struct.pack(">I", len(frame)) + frame)
                await process.stdin.drain()
                (length,) = struct.unpack(">I", await process.stdout.readexactly(4))
                return msgspec.json.decode(await process.stdout.readexactly(length), type=self._said)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, msgspec.MsgspecError) as error:
            await self.stop()
            raise ChildFailed(repr(error)) from error
        except asyncio.CancelledError:
            await self.stop()
            raise


# In the child


def serve(answer: Callable[[bytes], msgspec.Struct]) -> None:
    """Answers each frame until the worker hangs up. Whatever a library prints must not come between the frames: it goes
    to standard error."""
    source, target = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    exchange(answer, source, target)


def exchange(answer: Callable[[bytes], msgspec.Struct], source: BinaryIO, target: BinaryIO) -> None:
    while head := source.read(4):
        (length,) = struct.unpack(">I", head)
        said = msgspec.json.encode(answer(source.read(length)))
        target.write(struct.pack(">I", len(said)) + said)
        target.flush()
