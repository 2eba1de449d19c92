"""Pictures for tests and benches: what a browser's recorder makes of a camera before which something flashes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import numpy

PACE = 15


def filmed(
    seconds: float,
    flashes: Sequence[float] = (),
    form: str = "webm",
    codec: str = "libvpx",
    size: tuple[int, int] = (480, 360),
    bits: int = 250_000,
) -> bytes:
    """A grey wall that moves a little; white for a fifth of a second at these moments."""
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"} if form == "mp4" else {}
    out = io.BytesIO()
    with av.open(
        out, "w", format="matroska" if codec == "libx264" and form == "webm" else form, options=options
    ) as target:
        track: Any = target.add_stream(codec, rate=PACE)
        track.width, track.height, track.pix_fmt, track.bit_rate = *size, "yuv420p", bits
        track.options = (
            {"profile": "baseline", "tune": "zerolatency", "preset": "ultrafast"}
            if codec == "libx264"
            else {"deadline": "realtime", "cpu-used": "8"}
        )
        noise = numpy.random.default_rng(1).integers(60, 120, (size[1] // 8, size[0] // 8), dtype=numpy.uint8)
        wall = noise.repeat(8, 0).repeat(8, 1)
        for n in range(int(seconds * PACE)):
            white = any(0 <= n / PACE - at < 0.2 for at in flashes)
            grey = numpy.full_like(wall, 235) if white else numpy.roll(wall, n, 1)
            frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = n, Fraction(1, PACE)
            target.mux(track.encode(frame))
        target.mux(track.encode(None))
    return out.getvalue()


def flashes_in(track: bytes) -> list[float]:
    """The seconds at which it turns white."""
    with av.open(io.BytesIO(track)) as opened:
        shown = [(frame.time or 0.0, frame.to_ndarray(format="gray").mean() > 180) for frame in opened.decode(video=0)]
    return [time for n, (time, white) in enumerate(shown) if white and not (n and shown[n - 1][1])]


def keys_in(track: bytes) -> list[float]:
    """The seconds at which one may begin to look."""
    with av.open(io.BytesIO(track)) as opened:
        packets = [packet for packet in opened.demux(video=0) if packet.is_keyframe and packet.pts is not None]
        return [float(packet.pts * packet.time_base) for packet in packets]
