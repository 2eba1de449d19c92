"""A microphone as a browser records it, while it records -> the parts of a sound track, in a limited child of its own.

The child reads the recording from its standard input and writes each part with its length in front; the demuxer and
decoder of FFmpeg see what a page sent, so they run where a mistake of theirs costs one take.
"""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from media.cmaf import FRAME, PART_FRAMES, RATE, part
from media.limits import Limits, confine

BITS = 28_000  # bit/s of speech: with its packing and a pen below 64 kbit/s
GAP_S = 0.2  # a hole in the recorder's clock that is longer is filled with silence
LONGEST_GAP_S = 60.0
UNREAD = 256 * 1024  # bytes that may wait for the child: a minute and more of speech
CLOSE_S = 5.0  # that a child may take over what it has got
LIMITS = Limits(memory=1024 * 1024 * 1024, cpu_seconds=1800, written_bytes=0, open_files=32)

FORMATS = {"audio/webm": "matroska", "video/webm": "matroska", "audio/mp4": "mov", "audio/ogg": "ogg"}

_HOME = Path(__file__).resolve().parent.parent
_CODECS = "opus,libopus,aac"


class Overrun(Exception):
    """The child doesn't read what it is given."""


def format_of(content_type: str) -> str | None:
    """FFmpeg's name of what a recorder says that it records; None for what no recorder makes."""
    return FORMATS.get(content_type.partition(";")[0].strip().lower())


class Packager:
    """One take: bytes of the recorder in, parts out, in order, to `heard` (the part, and a number that belongs to it: a
    sound's samples, a picture's place)."""

    def __init__(self, child: asyncio.subprocess.Process, heard: Callable[[bytes, int], None]) -> None:
        self._child, self._heard = child, heard
        self._reading = asyncio.create_task(self._read(), name="packager")

    @classmethod
    async def open(
        cls, heard: Callable[[bytes, int], None], form: str, *more: int, module: str = "media.stream"
    ) -> Packager:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            form,
            *map(str, more),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env={"PATH": os.defpath, "PYTHONPATH": str(_HOME), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        return cls(child, heard)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def is_over(self) -> bool:
        """It ended by itself: what it was given is no recording."""
        return self._reading.done()

    def take(self, data: bytes) -> None:
        """Raises Overrun."""
        pipe = self._child.stdin
        assert pipe is not None
        if pipe.transport.get_write_buffer_size() > UNREAD:
            raise Overrun
        if not pipe.is_closing():
            pipe.write(data)

    async def close(self) -> None:
        """What it still has comes; then it is gone."""
        pipe = self._child.stdin
        assert pipe is not None
        pipe.close()
        await asyncio.wait([self._reading], timeout=CLOSE_S)
        self.kill()
        await asyncio.wait([self._reading])
        with suppress(OSError):  # what it had not read is gone with it
            await pipe.wait_closed()
        await self._child.wait()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)

    async def _read(self) -> None:
        assert self._child.stdout is not None
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                length, number = struct.unpack(">II", await self._child.stdout.readexactly(8))
                self._heard(await self._child.stdout.readexactly(length), number)


# In the child


class Pipe:
    """Standard input as FFmpeg reads it: whatever is there, at once."""

    def read(self, most: int) -> bytes:
        return os.read(0, most)


def main() -> None:
    target = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not come between the parts
    confine(LIMITS)
    for made, samples in parts(Pipe(), sys.argv[1]):
        target.write(struct.pack(">II", len(made), samples) + made)
        target.flush()


def parts(source: Any, form: str) -> Iterator[tuple[bytes, int]]:
    """The parts of what `source` gives until it ends, each with its samples; the last one may be shorter."""
    frames: list[bytes] = []
    number = 0
    for frame in _encoded(source, form):
        frames.append(frame)
        if len(frames) == PART_FRAMES:
            yield part(number, number * PART_FRAMES * FRAME, frames), len(frames) * FRAME
            number, frames = number + 1, []
    if frames:
        yield part(number, number * PART_FRAMES * FRAME, frames), len(frames) * FRAME


def _encoded(source: Any, form: str) -> Iterator[bytes]:
    """AAC frames on a clock without holes. The first packet only fills the encoder: what it says was never said."""
    import av  # loads under the limits

    encoder: Any = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = RATE, "mono", "fltp", BITS
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE, frame_size=FRAME)
    at = 0
    for frame in _decoded(source, form):
        for ours in resampler.resample(frame):
            if ours.samples < FRAME:
                continue
            ours.pts = at
            at += ours.samples
            yield from (bytes(packet) for packet in encoder.encode(ours) if packet.pts >= 0)
    yield from (bytes(packet) for packet in encoder.encode(None) if packet.pts >= 0)


def _decoded(source: Any, form: str) -> Iterator[Any]:
    """Frames of sound; where the recorder lost time, silence keeps the rest in its place. What is damaged is a gap."""
    import av

    options = {"probesize": "4096", "analyzeduration": "0", "codec_whitelist": _CODECS}
    with av.open(source, format=form, options=options, buffer_size=4096) as recorded:
        stream = recorded.streams.audio[0]
        first: float | None = None
        length = 0.0  # seconds that came out
        for packet in recorded.demux(stream):
            with suppress(av.InvalidDataError):
                for frame in packet.decode():
                    if frame.time is not None:
                        first = frame.time if first is None else first
                        lost = frame.time - first - length
                        if GAP_S < lost < LONGEST_GAP_S:
                            yield from _silence(frame, lost)
                            length += lost
                    length += frame.samples / frame.sample_rate
                    frame.pts = None  # the samples are the time
                    yield frame


def _silence(like: Any, seconds: float) -> Iterator[Any]:
    import av

    left = round(seconds * like.sample_rate)
    while left > 0:
        quiet = av.AudioFrame(like.format.name, like.layout.name, min(left, like.sample_rate))
        for plane in quiet.planes:
            plane.update(bytes(plane.buffer_size))
        quiet.sample_rate = like.sample_rate
        left -= quiet.samples
        yield quiet


if __name__ == "__main__":
    main()
