"""Voices as their own ends recorded them -> one sound at an even loudness, on the clock of the session."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import av
import av.filter
import numpy
from numpy.typing import NDArray

from media.cuts import Cuts, before
from media.limits import Refused
from media.recording import SOUND_RATE, decoded, opened_recording
from media.timeline import Span

HEARD_ABOVE = 330  # of 32768, about -40 dB: quieter ends of a voice are dead time
LONGEST = 4 * 3600  # seconds; a voice file that claims more is cut there
LOUDNESS = (
    -18.0
)  # LUFS, of each voice: EBU R128 measures, and asks for -23 in broadcasts; phones are played in the street
LOUDEST = -1.5  # dB below full scale, as R128 asks of lossy codecs
SILENT = -50.0  # LUFS: what is softer is no voice, and is not raised
MOST_RAISED = 24.0  # dB
GAP_S = 0.2  # a hole in a recorder's clock that is longer is kept as silence
BLOCK = SOUND_RATE // 2  # samples that a filter takes at a time

Pcm = NDArray[numpy.int16]
Sound = NDArray[numpy.float32]  # -1…1


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice as its own end recorded it (its slices put together), begun at start_ms of the session; what was said
    after until_ms does not count."""

    path: Path
    start_ms: int = 0
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """Mono samples at SOUND_RATE, and what they are multiplied by; `span` is where somebody speaks, in session ms."""

    start_ms: int
    sound: Pcm
    gain: float
    span: Span | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a voice as a file of its own (MP4)."""

    start_ms: int
    end_ms: int
    data: bytes


def hear(voice: Voice) -> Heard:
    length = LONGEST * SOUND_RATE
    if voice.until_ms is not None:
        length = min(length, max(0, voice.until_ms - voice.start_ms) * SOUND_RATE // 1000)
    sound = listened(voice.path, length)[:length]
    return Heard(voice.start_ms, sound, gain_of(sound), _span(voice.start_ms, sound))


def listened(path: Path, length: int = LONGEST * SOUND_RATE) -> Pcm:
    """A voice, mono, of so many samples or little more; where the recorder lost time, silence keeps the rest in its
    place. What can't be heard is empty: an answer without its voice is worth more than none."""
    try:
        with opened_recording(path) as recorded:
            if not recorded.streams.audio:
                return numpy.zeros(0, numpy.int16)
            pieces = list(_in_place(recorded, length))
    except (av.FFmpegError, Refused):
        return numpy.zeros(0, numpy.int16)
    return numpy.concatenate(pieces) if pieces else numpy.zeros(0, numpy.int16)


def _in_place(recorded: av.container.InputContainer, most: int) -> Iterator[Pcm]:
    stream = recorded.streams.audio[0]
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SOUND_RATE)
    first: float | None = None
    length = 0
    for frame in decoded(recorded, stream):
        if frame.time is not None:
            first = frame.time if first is None else first
            lost = round((frame.time - first) * SOUND_RATE) - length
            if GAP_S * SOUND_RATE < lost < most - length:
                length += lost
                yield numpy.zeros(lost, numpy.int16)
        frame.pts = None
        for ours in resampler.resample(frame):
            samples = ours.to_ndarray().reshape(-1).astype(numpy.int16, copy=False)
            length += len(samples)
            yield samples
        if length > most:
            return


def stretches(path: Path, from_ms: int, each_ms: int, most: int) -> list[Stretch]:
    """A voice of a film from a moment on, a multiple of `each_ms`: at most so many pieces. Nothing is encoded anew."""
    found: list[Stretch] = []
    with opened_recording(path) as voice:
        track = voice.streams.audio[0]
        for number, of_one in groupby(_packets(voice, track), lambda packet: _ms(packet) // each_ms):
            if number >= from_ms // each_ms and len(found) < most:
                packets = list(of_one)
                until = min((number + 1) * each_ms, _ms(packets[-1], packets[-1].duration))
                found.append(Stretch(number * each_ms, until, _wrapped(track, packets)))
    return found


def _packets(voice: av.container.InputContainer, track: Any) -> Iterator[Any]:
    return (packet for packet in voice.demux(track) if packet.pts is not None)  # the last one flushes


def _ms(packet: Any, later: int = 0) -> int:
    return int((packet.pts + later) * packet.time_base * 1000)


def _wrapped(track: Any, packets: Sequence[Any]) -> bytes:
    """As a file of their own, from 0 on."""
    file, first = io.BytesIO(), packets[0].pts
    with av.open(file, "w", format="mp4", options={"fflags": "+bitexact"}) as target:
        ours = target.add_stream_from_template(track)
        for packet in packets:
            packet.stream = ours
            packet.pts = packet.dts = packet.pts - first
            target.mux(packet)
    return file.getvalue()


def _span(start_ms: int, sound: Pcm) -> Span | None:
    """From the first to the last moment at which somebody is heard."""
    begins = range(0, len(sound), BLOCK)  # block by block: a mask of two hours is larger than they are
    first = next(filter(None, (_loud(sound, at) for at in begins)), None)
    last = next(filter(None, (_loud(sound, at) for at in reversed(begins))), None)
    if first is None or last is None:
        return None
    return Span(start_ms + first[0] * 1000 // SOUND_RATE, start_ms + last[1] * 1000 // SOUND_RATE)


def _loud(sound: Pcm, at: int) -> tuple[int, int] | None:
    """The first and the last sample of a block in which somebody is heard."""
    block = sound[at : at + BLOCK]
    loud = numpy.flatnonzero((block > HEARD_ABOVE) | (block < -HEARD_ABOVE))
    return None if len(loud) == 0 else (at + int(loud[0]), at + int(loud[-1]))


def loudness(sound: Pcm) -> float:
    """Integrated loudness in LUFS by EBU R128 (ITU-R BS.1770); -70 where there is nothing to measure."""
    measured = -70.0
    for frame in _filtered(_blocks(sound), ("ebur128", "metadata=1")):
        measured = float(frame.metadata.get("lavfi.r128.I", measured))
    return measured


def gain_of(sound: Pcm) -> float:
    """What to multiply a voice by so that it is as loud as the others; noise is not raised to a voice."""
    now = loudness(sound)
    return 1.0 if now < SILENT else 10 ** (min(MOST_RAISED, LOUDNESS - now) / 20)


def mixed(heard: Sequence[Heard], start_ms: int, duration_ms: int, cuts: Cuts = ()) -> Pcm:
    """All voices from start_ms of the session on, by its clock after the cuts; a limiter holds what is louder than
    LOUDEST."""
    if cuts:
        whole = mixed(heard, 0, before(start_ms + duration_ms, cuts))
        for begin, end in reversed(cuts):
            whole = numpy.delete(whole, slice(begin * SOUND_RATE // 1000, end * SOUND_RATE // 1000))
        return whole[start_ms * SOUND_RATE // 1000 :]
    length = duration_ms * SOUND_RATE // 1000
    limit = ("alimiter", f"limit={10 ** (LOUDEST / 20):.4f}:level=disabled:attack=5:release=50:latency=1")
    whole, at = numpy.zeros(length, numpy.int16), 0
    for frame in _filtered(_summed(heard, start_ms, length), limit, ("aformat", "sample_fmts=s16")):
        samples = frame.to_ndarray().reshape(-1)[: length - at]
        whole[at : at + len(samples)] = samples
        at += len(samples)
    return whole


def _summed(heard: Sequence[Heard], start_ms: int, length: int) -> Iterator[Sound]:
    for here in range(0, length, BLOCK):
        block = numpy.zeros(min(BLOCK, length - here), numpy.float32)
        for voice in heard:
            at = (voice.start_ms - start_ms) * SOUND_RATE // 1000 - here  # where the voice begins in this block
            begin, end = max(0, at), min(len(block), at + len(voice.sound))
            if begin < end:
                block[begin:end] += (voice.sound[begin - at : end - at] * (voice.gain / 32768)).astype(numpy.float32)
        yield block


def frames_of(sound: Pcm) -> Iterator[Any]:
    """For an encoder: the sound in frames that follow one another."""
    for at in range(0, len(sound), BLOCK):
        frame = av.AudioFrame.from_ndarray(sound[None, at : at + BLOCK], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, at, Fraction(1, SOUND_RATE)
        yield frame


def _blocks(sound: Pcm) -> Iterator[Sound]:
    for at in range(0, len(sound), BLOCK):
        yield (sound[at : at + BLOCK] / 32768).astype(numpy.float32)


def _filtered(blocks: Iterator[Sound], *filters: tuple[str, str]) -> Iterator[Any]:
    """The sound through FFmpeg's filters, frame by frame."""
    graph = av.filter.Graph()
    source = f"time_base=1/{SOUND_RATE}:sample_rate={SOUND_RATE}:sample_fmt=flt:channel_layout=mono"
    steps = [graph.add("abuffer", source), *(graph.add(*each) for each in filters), graph.add("abuffersink")]
    for step, following in pairwise(steps):
        step.link_to(following)
    graph.configure()
    at = 0
    for block in blocks:
        frame = av.AudioFrame.from_ndarray(block[None, :], format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, at, Fraction(1, SOUND_RATE)
        at += len(block)
        graph.push(frame)
        yield from _drained(graph)
    graph.push(None)
    yield from _drained(graph)


def _drained(graph: Any) -> Iterator[Any]:
    while True:
        try:
            yield graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
