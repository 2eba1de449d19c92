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


# --- how much of speech is understood ------------------------------------------------------------------------------

_STOI_RATE, _FRAME, _STEP, _TRANSFORM, _SPAN = 10_000, 256, 128, 512, 30
_DYNAMIC_DB, _CLIPPED = 40, 1 + 10 ** (15 / 20)


def understood(said: Samples, heard: Samples) -> float:
    """STOI (Taal, Hendriks, Heusdens, Jensen 2011) of two sounds at RATE that begin together: how alike the envelopes
    of 15 thirds of octaves are over 0.4 s, 1 where nothing is lost; speech is understood from about 0.9."""
    clear, clear_db = _envelopes(said)
    found, _ = _envelopes(heard)
    spoken = numpy.flatnonzero(clear_db[: found.shape[1]] > clear_db.max() - _DYNAMIC_DB)
    clear, found = clear[:, spoken], found[:, spoken]
    alike = [_alike(clear[:, n - _SPAN : n], found[:, n - _SPAN : n]) for n in range(_SPAN, len(spoken) + 1)]
    return float(numpy.mean(alike))


def _alike(clear: NDArray[Any], found: NDArray[Any]) -> float:
    """The mean correlation of the bands, after what is louder than clear by far is clipped."""
    found = found * (_length(clear) / _length(found))
    found = numpy.minimum(found, clear * _CLIPPED)
    clear, found = (band - band.mean(axis=1, keepdims=True) for band in (clear, found))
    return float(numpy.mean((clear * found).sum(axis=1, keepdims=True) / (_length(clear) * _length(found))))


def _length(bands: NDArray[Any]) -> NDArray[Any]:
    return numpy.linalg.norm(bands, axis=1, keepdims=True) + 1e-9


def _envelopes(sound: Samples) -> tuple[NDArray[Any], NDArray[Any]]:
    """Amplitude by band and frame, and each frame's loudness in dB."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=_STOI_RATE)
    frame = av.AudioFrame.from_ndarray(sound[None, :], format="s16", layout="mono")
    frame.sample_rate = RATE
    slow = numpy.concatenate([ours.to_ndarray()[0] for ours in (*resampler.resample(frame), *resampler.resample(None))])
    frames = numpy.lib.stride_tricks.sliding_window_view(slow, _FRAME)[::_STEP] * numpy.hanning(_FRAME + 2)[1:-1]
    power = numpy.abs(numpy.fft.rfft(frames, _TRANSFORM)) ** 2
    hertz = numpy.fft.rfftfreq(_TRANSFORM, 1 / _STOI_RATE)
    middles = 150 * 2 ** (numpy.arange(15) / 3)
    bands = [(hertz >= middle * 2 ** (-1 / 6)) & (hertz < middle * 2 ** (1 / 6)) for middle in middles]
    return numpy.sqrt(numpy.array(bands, float) @ power.T), 10 * numpy.log10(power.sum(axis=1) + 1e-9)
