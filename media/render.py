"""A recorded answer -> one MP4 that plays and seeks everywhere: the board being written, the voices beside it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.container
import numpy
from numpy.typing import NDArray
from PIL import Image

from media.ink import Box, Sheet
from media.limits import Limits, Refused, confine
from media.photo import write_jpeg
from media.recording import SOUND_RATE, decoded, opened_recording
from media.timeline import Drawn, Erased, Span, Timeline, Turned, Written, timeline

SHOWN_AGAIN = 1.0  # seconds: a still board is not encoded more often; players seek to these frames
KEY_EVERY = 2.0  # seconds
HEARD_ABOVE = 330  # of 32768, about -40 dB: quieter ends of a voice are dead time
BLOCK = 1024  # samples: what AAC encodes at once
LONGEST = 2 * 3600  # seconds; a voice file that claims more is cut there
RENDER_LIMITS = Limits(memory=4096 * 1024 * 1024, cpu_seconds=3600, wall_seconds=3600, written_bytes=2 * 1024**3)

Pcm = NDArray[numpy.int16]


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice as its own end recorded it (its slices put together), begun at start_ms of the session."""

    path: Path
    start_ms: int = 0


@dataclass(frozen=True, slots=True)
class RenderJob:
    """The board's log (see timeline), the photos by their key, the voices; even width and height in pixels."""

    log: Sequence[Mapping[str, Any]]
    images: Mapping[str, Path]
    voices: Sequence[Voice] = ()
    width: int = 1280
    height: int = 720
    fps: int = 12
    cut: bool = True


@dataclass(frozen=True, slots=True)
class Rendered:
    """start_ms is where the session's clock stood when the video begins."""

    video: Path
    poster: Path
    duration_ms: int
    size: int
    start_ms: int


class RenderFailed(RuntimeError):
    """The video could not be made; the last words of the process that tried are the message."""


async def render(job: RenderJob, out_dir: Path, on_progress: Callable[[float], None] | None = None) -> Rendered:
    """
    Writes `answer.mp4` (H.264 + AAC, faststart, a keyframe each 2 s) and `poster.jpg` into out_dir, in a process of
    its own, under limits: the voices come from a browser. Calls on_progress with 0…1. Raises RenderFailed.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "media.render",
        _write_job(job, out_dir),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        async with asyncio.timeout(RENDER_LIMITS.wall_seconds):
            said, cried = await asyncio.gather(_follow(child, on_progress), _last_words(child))
            await child.wait()
    except TimeoutError:
        raise RenderFailed("out of time") from None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
    if child.returncode != 0 or said is None:
        raise RenderFailed(cried.decode(errors="replace") or f"exit {child.returncode}")
    return _rendered(out_dir, said)


def _write_job(job: RenderJob, out_dir: Path) -> str:
    out_dir.mkdir(parents=True, exist_ok=True)
    path = (out_dir / "job.json").absolute()
    path.write_text(json.dumps({**asdict(job), "out": str(out_dir.absolute())}, default=lambda p: str(p.absolute())))
    return str(path)


def _rendered(out_dir: Path, said: dict[str, Any]) -> Rendered:
    (out_dir / "job.json").unlink()
    video = out_dir / "answer.mp4"
    return Rendered(video, out_dir / "poster.jpg", said["duration_ms"], video.stat().st_size, said["start_ms"])


async def _follow(
    child: asyncio.subprocess.Process, on_progress: Callable[[float], None] | None
) -> dict[str, Any] | None:
    assert child.stdout is not None
    async for line in child.stdout:
        said: dict[str, Any] = json.loads(line)
        if "progress" not in said:
            return said
        if on_progress is not None:
            on_progress(said["progress"])
    return None


async def _last_words(child: asyncio.subprocess.Process) -> bytes:
    assert child.stderr is not None
    kept = b""
    while piece := await child.stderr.read(4096):
        kept = (kept + piece)[-2000:]
    return kept


# In the child


def main() -> None:
    confine(RENDER_LIMITS)
    told = json.loads(Path(sys.argv[1]).read_text())
    out = Path(told.pop("out"))
    voices = [Voice(Path(voice["path"]), voice["start_ms"]) for voice in told.pop("voices")]
    images = {key: Path(path) for key, path in told.pop("images").items()}
    line = film(RenderJob(images=images, voices=voices, **told), out, lambda done: _say({"progress": done}))
    _say({"duration_ms": line.duration_ms, "start_ms": line.start_ms})


def _say(said: dict[str, Any]) -> None:
    print(json.dumps(said), flush=True)


def film(job: RenderJob, out: Path, on_progress: Callable[[float], None]) -> Timeline:
    """Renders in this process. The same job gives the same frames."""
    heard = [(voice.start_ms, _listened(voice.path)) for voice in job.voices]
    spans = [span for start, sound in heard if (span := _span(start, sound)) is not None]
    line = timeline(job.log, spans, job.cut)
    stage = _Stage(job, line)
    with av.open(
        str(out / "answer.mp4"), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}
    ) as target:
        picture = _Film(target, job)
        sound = _Track(target, _mixed(heard, line), line)
        frames = max(1, line.duration_ms * job.fps // 1000)
        reported = 0
        for tick in range(frames):
            changed = stage.show(tick * 1000 // job.fps)
            picture.show(tick, stage.picture, changed, last=tick == frames - 1)
            sound.play_until((tick + 1) / job.fps)
            if (percent := 100 * (tick + 1) // frames) > reported:
                reported = percent
                on_progress(percent / 100)
        picture.finish()
        sound.finish()
    write_jpeg(stage.fullest, out / "poster.jpg", 80)
    return line


class _Stage:
    """The timeline's changes laid onto the sheets, as far as a moment."""

    def __init__(self, job: RenderJob, line: Timeline) -> None:
        self._job = job
        self._line = line
        self._next = 0
        self._drawn: dict[str, int] = {}  # points of each stroke that are on its sheet
        self._sheets: dict[str, Sheet] = {}
        self._current: str | None = None
        self._whole: Box = (0, 0, job.width, job.height)
        self._nothing = Image.new("RGB", (job.width, job.height), "#ffffff")

    @property
    def picture(self) -> Image.Image:
        return self._nothing if self._current is None else self._sheet(self._current).picture

    @property
    def fullest(self) -> Image.Image:
        """The sheet with the most on it: what stands for the whole answer."""
        fullest = max(self._sheets.values(), key=lambda sheet: len(sheet.marks), default=None)
        return self._nothing if fullest is None else fullest.picture

    def show(self, now_ms: int) -> list[Box]:
        """What changed in the picture since the last moment."""
        changed: list[Box] = []
        growing: dict[str, Drawn] = {}
        changes = self._line.changes
        while self._next < len(changes) and changes[self._next].at_ms <= now_ms:
            change = changes[self._next]
            self._next += 1
            if isinstance(change, Drawn):
                growing[change.stroke.id] = change
                continue
            changed += self._ink(growing)
            changed += self._apply(change)
        return changed + self._ink(growing)

    def _ink(self, growing: dict[str, Drawn]) -> list[Box]:
        """Each stroke once, however many points it grew by."""
        boxes = []
        for drawn in growing.values():
            stroke = drawn.stroke
            box = self._sheet(stroke.page).draw(stroke, self._drawn.get(stroke.id, 0), drawn.points)
            self._drawn[stroke.id] = drawn.points
            if stroke.page == self._current:
                boxes.append(box)
        growing.clear()
        return boxes

    def _apply(self, change: Turned | Written | Erased) -> list[Box]:
        if isinstance(change, Turned):
            self._current = change.page
            return [self._whole]
        page = change.text.page if isinstance(change, Written) else change.page
        sheet = self._sheet(page)
        box = sheet.write(change.text) if isinstance(change, Written) else sheet.erase(change.mark)
        return [box] if box is not None and page == self._current else []

    def _sheet(self, page: str) -> Sheet:
        if page not in self._sheets:
            size = (self._job.width, self._job.height)
            path = self._job.images.get(self._line.pages[page].media or "")
            photo = None
            if path is not None:
                with Image.open(path, formats=("JPEG",)) as opened:
                    photo = opened.convert("RGB")
            self._sheets[page] = Sheet(self._line.pages[page], photo, size)
        return self._sheets[page]


class _Film:
    """H.264 of a board: only what changed is converted, only what changed is encoded."""

    def __init__(self, target: av.container.OutputContainer, job: RenderJob) -> None:
        self._target = target
        self._fps = job.fps
        self._planes = numpy.zeros((job.height * 3 // 2, job.width), numpy.uint8)  # yuv420p as PyAV lays it out
        self._size = (job.width, job.height)
        self._shown = -(10**9)
        self._key = -(10**9)
        self._track: Any = target.add_stream("libx264", rate=job.fps)
        self._track.width, self._track.height, self._track.pix_fmt = job.width, job.height, "yuv420p"
        self._track.codec_context.thread_count = 2
        self._track.codec_context.gop_size = round(job.fps * KEY_EVERY)
        # No B-frames: where frames are rare they push a keyframe's decoding time seconds ahead, and players that seek
        # by it (FFmpeg, so Chromium) land behind the moment they were asked for.
        self._track.options = {"preset": "veryfast", "crf": "25", "profile": "main", "tune": "stillimage", "bf": "0"}

    def show(self, tick: int, picture: Image.Image, changed: list[Box], last: bool) -> None:
        if tick == 0:
            changed = [(0, 0, *self._size)]
        for box in changed:
            self._convert(picture, box)
        still = not changed and tick - self._shown < SHOWN_AGAIN * self._fps
        if still and not last:
            return
        frame = av.VideoFrame.from_ndarray(self._planes, format="yuv420p")
        frame.pts, frame.time_base = tick, Fraction(1, self._fps)
        if tick - self._key >= KEY_EVERY * self._fps:
            frame.pict_type = av.video.frame.PictureType.I
            self._key = tick
        self._shown = tick
        self._target.mux(self._track.encode(frame))

    def finish(self) -> None:
        self._target.mux(self._track.encode(None))

    def _convert(self, picture: Image.Image, box: Box) -> None:
        left, top, right, bottom = box
        width, height = right - left, bottom - top
        if width <= 0 or height <= 0:
            return
        pixels = numpy.asarray(picture.crop(box))
        piece = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
        rows, wide = self._size[1], self._size[0]
        self._planes[top:bottom, left:right] = _plane(piece, 0, height, width)
        # The two colour planes follow the bright one, two half rows to a row of the array.
        for index in (1, 2):
            at = rows + (index - 1) * rows // 4
            colour = self._planes[at : at + rows // 4].reshape(rows // 2, wide // 2)
            colour[top // 2 : bottom // 2, left // 2 : right // 2] = _plane(piece, index, height // 2, width // 2)


def _plane(frame: av.VideoFrame, index: int, height: int, width: int) -> NDArray[numpy.uint8]:
    plane: Any = frame.planes[index]
    rows: NDArray[numpy.uint8] = numpy.frombuffer(plane, numpy.uint8).reshape(-1, plane.line_size)
    return rows[:height, :width]


class _Track:
    """AAC beside the film; silence where nobody speaks, so that every player finds a sound track."""

    def __init__(self, target: av.container.OutputContainer, sound: Pcm, line: Timeline) -> None:
        self._target = target
        self._sound = sound
        self._length = line.duration_ms * SOUND_RATE // 1000
        self._at = 0
        self._track: Any = target.add_stream("aac", rate=SOUND_RATE)
        self._track.bit_rate = 64_000
        self._track.layout = "mono"

    def play_until(self, seconds: float) -> None:
        while self._at < min(self._length, seconds * SOUND_RATE):
            block = numpy.zeros((1, BLOCK), numpy.int16)
            piece = self._sound[self._at : self._at + BLOCK]
            block[0, : len(piece)] = piece
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, self._at, Fraction(1, SOUND_RATE)
            self._at += BLOCK
            self._target.mux(self._track.encode(frame))

    def finish(self) -> None:
        self.play_until(float("inf"))
        self._target.mux(self._track.encode(None))


# Voices


def _listened(path: Path) -> Pcm:
    """The whole voice, mono; where the recorder lost time, silence keeps the rest in its place."""
    try:
        with opened_recording(path) as recorded:
            if not recorded.streams.audio:
                return numpy.zeros(0, numpy.int16)
            pieces = list(_in_place(recorded))
    except (av.FFmpegError, Refused):
        return numpy.zeros(0, numpy.int16)  # an answer without its voice is worth more than none
    return numpy.concatenate(pieces) if pieces else numpy.zeros(0, numpy.int16)


def _in_place(recorded: av.container.InputContainer) -> Iterator[Pcm]:
    stream = recorded.streams.audio[0]
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SOUND_RATE)
    first: float | None = None
    length = 0
    for frame in decoded(recorded, stream):
        if frame.time is not None:
            first = frame.time if first is None else first
            lost = round((frame.time - first) * SOUND_RATE) - length
            if SOUND_RATE // 5 < lost < LONGEST * SOUND_RATE - length:
                length += lost
                yield numpy.zeros(lost, numpy.int16)
        frame.pts = None
        for ours in resampler.resample(frame):
            samples = ours.to_ndarray().reshape(-1).astype(numpy.int16, copy=False)
            length += len(samples)
            yield samples
        if length > LONGEST * SOUND_RATE:
            return


def _span(start_ms: int, sound: Pcm) -> Span | None:
    """From the first to the last moment at which somebody is heard."""
    loud = numpy.flatnonzero((sound > HEARD_ABOVE) | (sound < -HEARD_ABOVE))
    if len(loud) == 0:
        return None
    return Span(start_ms + int(loud[0]) * 1000 // SOUND_RATE, start_ms + int(loud[-1]) * 1000 // SOUND_RATE)


def _mixed(heard: list[tuple[int, Pcm]], line: Timeline) -> Pcm:
    """All voices on the film's clock; louder than the format holds is held at its edge."""
    mixed = numpy.zeros(line.duration_ms * SOUND_RATE // 1000, numpy.int16)
    for start_ms, sound in heard:
        at = (start_ms - line.start_ms) * SOUND_RATE // 1000
        begin, end = max(0, at), min(len(mixed), at + len(sound))
        for here in range(begin, end, SOUND_RATE):
            there = min(end, here + SOUND_RATE)
            summed = mixed[here:there].astype(numpy.int32) + sound[here - at : there - at]
            mixed[here:there] = summed.clip(-32768, 32767)
    return mixed


if __name__ == "__main__":
    main()
