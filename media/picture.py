"""A camera as a browser records it, while it records -> the parts of a small picture, in a limited child of its own.

It is decoded and encoded anew: what reaches pupils has one size, one pace, and whole pictures at known places,
whatever a page sends; and a bit that was made to harm a phone's decoder ends here.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

from media.cmaf import PART, RATE, SEGMENT_PARTS
from media.limits import Limits, confine
from media.picture_cmaf import FRAME, HEIGHT, KEY_PARTS, PART_FRAMES, SCALE, WIDTH, initialisation, part
from media.stream import Pipe

BITS = 100_000  # bit/s; with the sound, the ink and their packing some 200 kbit/s to a pupil
LONGEST_GAP_S = 10.0  # a hole that is longer is left; a shorter one keeps the last picture
MOST_PIXELS = 1920 * 1088  # of what a camera gives
LIMITS = Limits(memory=1024 * 1024 * 1024, cpu_seconds=1800, written_bytes=0, open_files=32)
BEGINNING = 0xFFFFFFFF  # instead of a part's number

FORMATS = {"video/webm": "matroska", "video/mp4": "mov"}

_CODECS = "h264,vp8,vp9,libvpx,libvpx-vp9"
_UPRIGHT = {90: "transpose=cclock,", -90: "transpose=clock,", 180: "hflip,vflip,", -180: "hflip,vflip,"}
_FRAME_S = FRAME / SCALE


def format_of(content_type: str) -> str | None:
    """FFmpeg's name of what a recorder says that it records; None for what no recorder makes."""
    return FORMATS.get(content_type.partition(";")[0].strip().lower())


def main() -> None:
    target = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not come between the parts
    form, after_ms, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    confine(LIMITS)
    for made, number in parts(Pipe(), form, after_ms / 1000, first):
        target.write(struct.pack(">II", len(made), number) + made)
        target.flush()


def parts(source: Any, form: str, after: float, first: int = 0) -> Iterator[tuple[bytes, int]]:
    """The beginning, and then parts with their numbers on the sound's clock, on which the recording began at `after`
    seconds. The first segment is whole, though the camera was switched on in its middle; it is none before `first`."""
    frames: list[bytes] = []
    key = False
    beginning, encoded = _encoded(_on_grid(source, form, after, first * SEGMENT_PARTS * PART_FRAMES))
    yield beginning, BEGINNING
    for at, data, is_key in encoded:
        if at % PART_FRAMES == 0:
            frames, key = [], is_key
        frames.append(data)
        if len(frames) == PART_FRAMES:
            number = at // PART_FRAMES
            yield part(number, frames, key=key), number


def _encoded(grid: Iterator[tuple[int, Any]]) -> tuple[bytes, Iterator[tuple[int, bytes, bool]]]:
    import av  # loads under the limits

    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, SCALE), Fraction(SCALE, FRAME)
    encoder.bit_rate, encoder.thread_count = BITS, 1
    encoder.flags |= av.codec.context.Flags.global_header
    encoder.options = {
        "preset": "veryfast", "tune": "zerolatency", "profile": "baseline", "level": "1.3", "forced-idr": "1",
        "maxrate": str(BITS * 5 // 4), "bufsize": str(BITS), "g": "100000", "x264-params": "scenecut=0",
    }  # fmt: skip
    encoder.open()

    def run() -> Iterator[tuple[int, bytes, bool]]:
        before = -2
        for at, frame in grid:
            frame.pts, frame.time_base = at * FRAME, encoder.time_base
            is_key = at != before + 1 or at % (KEY_PARTS * PART_FRAMES) == 0
            frame.pict_type = av.video.frame.PictureType.I if is_key else av.video.frame.PictureType.NONE
            before = at
            for packet in encoder.encode(frame):
                yield at, bytes(packet), is_key

    return initialisation(bytes(encoder.extradata)), run()


def _on_grid(source: Any, form: str, after: float, earliest: int) -> Iterator[tuple[int, Any]]:
    """Each point of the grid with the picture that is nearest, whole parts of them."""
    each_segment = SEGMENT_PARTS * PART_FRAMES
    first: float | None = None
    last: Any = None
    following = 0
    for time, frame in _decoded(source, form):
        if first is None:
            first = time
            following = max(earliest, int(after * RATE / PART) // SEGMENT_PARTS * each_segment)
        at = after + time - first
        until = int(at / _FRAME_S + 0.5)  # the newest point that this picture is nearest to
        if until - following > each_segment + LONGEST_GAP_S / _FRAME_S:
            while following % PART_FRAMES:
                yield following, last
                following += 1
            following = max(following, until // each_segment * each_segment)
        while following <= until:
            shown = frame if last is None or following * _FRAME_S >= at - _FRAME_S / 2 else last
            yield following, shown
            following += 1
        last = frame
    while last is not None and following % PART_FRAMES:
        yield following, last
        following += 1


def _decoded(source: Any, form: str) -> Iterator[tuple[float, Any]]:
    """Pictures of our size with their times; what is damaged is none."""
    import av

    options = {"probesize": "4096", "analyzeduration": "0", "codec_whitelist": _CODECS}
    with av.open(source, format=form, options=options, buffer_size=4096) as recorded:
        stream = recorded.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
        stream.codec_context.flags |= av.codec.context.Flags.low_delay
        fit = _Fit()
        for packet in recorded.demux(stream):
            with suppress(av.InvalidDataError):
                for frame in packet.decode():
                    if frame.time is not None:
                        yield frame.time, fit(frame)


class _Fit:
    """The middle of whatever picture comes, in our size; a telephone that is turned changes what comes."""

    def __init__(self) -> None:
        self._shape: tuple[int, int, str, int] | None = None
        self._graph: Any = None

    def __call__(self, frame: Any) -> Any:
        import av

        shape = frame.width, frame.height, frame.format.name, frame.rotation
        if shape != self._shape:
            graph = av.filter.Graph()
            source = graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format.name, time_base=Fraction(1, 1000)
            )
            steps = _UPRIGHT.get(frame.rotation, "") + (
                f"scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=increase,crop={WIDTH}:{HEIGHT},format=yuv420p"
            )
            last = source
            for step in steps.split(","):
                name, _, given = step.partition("=")
                following = graph.add(name, given or None)
                last.link_to(following)
                last = following
            last.link_to(graph.add("buffersink"))
            graph.configure()
            self._shape, self._graph = shape, graph
        self._graph.push(frame)
        return self._graph.pull()


if __name__ == "__main__":
    main()
