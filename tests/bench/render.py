"""How long a five-minute answer takes to become a video, its size, and how far ink and voice are apart in the file.

The answer is written, page after page, for five minutes at 60 points a second on a photo and on blank paper, with a
voice of noise that comes and goes. The rendering has one core (sched_setaffinity). How far ink and voice are apart is
measured from the finished file: dots appear at the moments of clicks. How much of a voice is understood is measured
with synthesised speech that is written as a voice is.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy

from media.film import H264
from media.render import RenderJob, Spoken, _write_voice, render
from media.voices import SOUND_RATE, Voice, listened
from server.demo.photos import photograph
from server.demo.voice import speak
from tests.sounds import understood

MINUTES = 5.0
DOT_EVERY_S = 10
BITS = (12_000, H264.sound_bits, 28_000)  # of a voice
PEN_DOWN_MS, PEN_UP_MS = 900, 500  # of one stroke, and between two
SAID = (
    "这道题先看单价：不超过二百度的部分，每度五角；超过的部分，每度六角。先算二百度，再算剩下的部分，最后加起来。"
    "设用电量是未知数，列一个方程，看它的解是不是比二百大。"
)


async def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dayi bench render", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--keep", type=Path, help="a folder for the video")
    given = parser.parse_args(list(argv))
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    with tempfile.TemporaryDirectory(prefix="dayi-bench-") as folder:
        await _measure(given.keep or Path(folder), given.minutes)
    return 0


async def _measure(place: Path, minutes: float) -> None:
    job, moments = await asyncio.to_thread(_prepare, place, round(minutes * 60_000))
    points = sum(len(line["points"]) for line in job.log if line["kind"] == "stroke")
    heard_after = math.nan
    began = time.perf_counter()

    async def hears(news: Any) -> None:
        nonlocal heard_after
        if isinstance(news, Spoken):
            heard_after = time.perf_counter() - began

    made = await render(job, place / "out", hears)
    took = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    apart = _apart(made.video, moments)
    sound = (made.video.parent / "voice.m4a").stat().st_size
    load = os.getloadavg()[0]
    print(
        f"{minutes:g} min, {points} points, {job.width} × {job.height}, {job.fps} frames/s, one core, load {load:.1f}"
    )
    print(f"voice ready for the replay after {heard_after:.1f} s, {sound / 1e3:.0f} kB")
    print(f"video after {took:.1f} s ({minutes * 60 / took:.1f} × real time), {made.size / 1e6:.2f} MB")
    print(f"of one core {used.ru_utime + used.ru_stime:.1f} s, {used.ru_maxrss / 1e3:.0f} MB of memory at the most")
    for bits in BITS:
        clear, size = await asyncio.to_thread(_understood, place, bits)
        print(f"speech at {bits / 1000:g} kbit/s: STOI {clear:.3f}, {size * 300 / 1e3:.0f} kB of five minutes")
    print(f"ink after voice: first {apart[0]:+.0f} ms, last {apart[-1]:+.0f} ms, most {max(apart, key=abs):+.0f} ms")


def _prepare(place: Path, length_ms: int) -> tuple[RenderJob, list[int]]:
    place.mkdir(parents=True, exist_ok=True)
    photo = place / "photo.jpg"
    photo.write_bytes(photograph("某市居民用电按阶梯收费：不超过 200 度每度 0.5 元，超出部分每度 0.6 元。", 7))
    log, moments = a_lesson(length_ms)
    voice = Voice(_voice(place / "voice.webm", length_ms, moments))
    return RenderJob(log, {"photo": photo}, [voice], cut=False), moments


def a_lesson(length_ms: int) -> tuple[list[dict[str, Any]], list[int]]:
    """A board's log of somebody who writes all the time, and the moments of the dots."""
    page = {"kind": "page", "at_ms": 0, "author": "teacher", "page": "p0", "aspect": 5_625}
    log: list[dict[str, Any]] = [{**page, "media": "photo"}]
    dots = list(range(2_000, length_ms - 1_000, DOT_EVERY_S * 1_000))
    for n, at in enumerate(range(0, length_ms - PEN_DOWN_MS, PEN_DOWN_MS + PEN_UP_MS)):
        row, column = n // 20 % 10, n % 20
        sheet = f"p{n // 200}"
        if n and n % 200 == 0:
            log.append({**page, "at_ms": at, "page": sheet, "media": None})
            log.append({"kind": "turn", "at_ms": at, "author": "teacher", "page": sheet})
        steps = PEN_DOWN_MS * 60 // 1000
        points = [
            [
                400 + column * 460 + round(300 * i / steps + 60 * math.sin(i / 2.3)),
                500 + row * 480 + round(150 * math.sin(i / 3.1 + n)),
                PEN_DOWN_MS * i // steps,
                400 + round(300 * math.sin(i / 9)),
            ]
            for i in range(steps + 1)
        ]
        log.append(_stroke(f"s{n}", sheet, at + PEN_DOWN_MS, points, "#0072b2" if n % 5 else "#d55e00", 45))
    for n, at in enumerate(dots):
        sheet = f"p{at // (200 * (PEN_DOWN_MS + PEN_UP_MS))}"
        log.append(_stroke(f"d{n}", sheet, at, [[_dot_x(n), 5_400, 0, 500]], "#ff0000", 120))
    return log, dots


def _dot_x(n: int) -> int:
    return 300 + n % 60 * 155


def _stroke(id: str, page: str, at: int, points: list[list[int]], color: str, width: int) -> dict[str, Any]:
    drawn = {"id": id, "page": page, "tool": "pen", "color": color, "width": width, "points": points}
    return {"kind": "stroke", "at_ms": at, "author": "teacher", **drawn}


def _voice(path: Path, length_ms: int, moments: Sequence[int]) -> Path:
    """Speech-like noise that comes and goes, and a click at each moment."""
    random = numpy.random.default_rng(1)
    length = length_ms * SOUND_RATE // 1000
    clock = numpy.arange(length) / SOUND_RATE
    noise = random.normal(0, 1, length).cumsum()
    noise -= numpy.convolve(noise, numpy.ones(200) / 200, "same")
    sound = noise / numpy.abs(noise).max() * 900 * (0.5 + 0.5 * numpy.sin(clock * 7)) * (clock % 3 < 2)
    for moment in moments:
        at = moment * SOUND_RATE // 1000
        sound[at - 2400 : at + 4800] = 0
        sound[at : at + 1440] = 9_000 * numpy.sign(numpy.sin(clock[:1440] * 2 * numpy.pi * 1000))
    pcm = sound.astype(numpy.int16)
    with av.open(str(path), "w", format="webm") as target:
        track: Any = target.add_stream("libopus", rate=SOUND_RATE)
        track.layout, track.bit_rate = "mono", 24_000
        for at in range(0, length, 960):
            block = numpy.zeros((1, 960), numpy.int16)
            block[0, : len(pcm[at : at + 960])] = pcm[at : at + 960]
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate, frame.pts = SOUND_RATE, at
            target.mux(track.encode(frame))
        target.mux(track.encode(None))
    return path


def _understood(place: Path, bits: int) -> tuple[float, float]:
    """How much of a synthesised voice is left in a file as a replay plays (STOI), and the file's bytes a second."""
    speak(SAID, place / "said.wav")
    said = listened(place / "said.wav")
    written = place / "said.m4a"
    _write_voice(written, said, replace(H264, sound_bits=bits))
    return understood(said, listened(written)), written.stat().st_size * SOUND_RATE / len(said)


def _apart(film: Path, moments: Sequence[int]) -> list[float]:
    """Milliseconds from each click to its dot, both taken from the file."""
    loud = numpy.abs(listened(film).astype(numpy.int32)) > 6_000
    clicks = []
    for moment in moments:
        at = moment * SOUND_RATE // 1000
        near = numpy.flatnonzero(loud[max(0, at - 9_600) : at + 9_600])
        clicks.append((max(0, at - 9_600) + int(near[0])) * 1000 / SOUND_RATE)
    dots: dict[int, float] = {}
    with av.open(str(film)) as opened:
        for frame in opened.decode(video=0):
            now = (frame.time or 0.0) * 1000
            due = [n for n, moment in enumerate(moments) if n not in dots and abs(moment - now) < 1_500]
            if not due:
                continue
            pixels = frame.to_ndarray(format="rgb24").astype(numpy.int32)
            for n in due:
                red, green, _ = pixels[round(5_400 * 0.128), round(_dot_x(n) * 0.128)]
                if red > 180 and green < 90:
                    dots[n] = now
    assert len(dots) == len(moments), "a dot is not in the film"
    return [dots[n] - clicks[n] for n in range(len(moments))]
