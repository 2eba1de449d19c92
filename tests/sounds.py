"""Sounds for tests and benches: clicks at known moments, and what a browser's recorder makes of them."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy
from numpy.typing import NDArray

RATE = 48_000
Samples = NDArray[numpy.int16]


def clicks(seconds: float, at: Sequence[float], hertz: float = 1_000.0) -> Samples:
    """Silence, and at these seconds a tone of a twentieth of a second."""
    sound = numpy.zeros(int(seconds * RATE))
    tone = 0.8 * numpy.sin(2 * numpy.pi * hertz * numpy.arange(RATE // 20) / RATE)
    for moment in at:
        start = int(moment * RATE)
        sound[start : start + len(tone)] = tone[: max(0, len(sound) - start)]
    return (sound * 32_767).astype(numpy.int16)


def speech(seconds: float) -> Samples:
    """As busy as somebody who speaks without a pause: noise through two moving formants, in syllables."""
    time = numpy.arange(int(seconds * RATE)) / RATE
    hum = numpy.sign(numpy.sin(2 * numpy.pi * (120 + 20 * numpy.sin(3 * time)) * time))
    breath = numpy.random.default_rng(1).standard_normal(len(time))
    formants = sum(
        numpy.sin(2 * numpy.pi * middle * time + 3 * numpy.sin(2 * numpy.pi * 0.7 * time)) for middle in (600, 1_800)
    )
    syllables = 0.5 + 0.5 * numpy.sin(2 * numpy.pi * 4 * time)
    return (8_000 * syllables * (0.4 * hum + 0.2 * breath + 0.4 * formants)).clip(-32_000, 32_000).astype(numpy.int16)


def wav(path: Path, sound: Samples) -> Path:
    """As Chromium's fake microphone wants it."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.tobytes())
    return path


def recorded(sound: Samples, form: str = "webm", codec: str = "libopus") -> bytes:
    """As a browser records it."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as target:
        track: Any = target.add_stream(codec, rate=RATE)
        track.bit_rate, track.layout = 24_000, "mono"
        for at in range(0, len(sound), 960):
            frame = av.AudioFrame.from_ndarray(sound[None, at : at + 960], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
            target.mux(track.encode(frame))
        target.mux(track.encode(None))
    return out.getvalue()


def heard_in(track: bytes, threshold: float = 0.1) -> list[float]:
    """The seconds at which something begins to be heard in a file."""
    pieces: list[Any] = []
    with av.open(io.BytesIO(track)) as opened:
        stream = opened.streams.audio[0]
        rate = stream.rate
        pieces = [frame.to_ndarray()[0] for frame in opened.decode(stream)]
    sound = numpy.abs(numpy.concatenate(pieces))
    block = rate // 100
    loud = [sound[n : n + block].max() > threshold for n in range(0, len(sound), block)]
    return [n / 100 for n, is_loud in enumerate(loud) if is_loud and not any(loud[max(0, n - 10) : n])]
