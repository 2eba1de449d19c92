"""A recorded answer -> the voice that a replay needs, then one film that plays and seeks everywhere."""

from __future__ import annotations

import asyncio
import heapq
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import av.container
from PIL import Image, ImageDraw

from media import captions as written
from media.captions import Caption
from media.cuts import Cuts, after, merged
from media.face import EACH_TICKS, Faces, Shot, corner
from media.film import CODECS, Codec, Part, Stage
from media.ink import framed
from media.limits import Limits, confine
from media.photo import write_jpeg
from media.timeline import PAGE_WIDTH, Page, Timeline, Turned, timeline
from media.voices import Pcm, Voice, frames_of, hear, mixed

PART_S = 30  # seconds of film: what a killed worker's successor has to do again at most
PART_NAME = "part-{:04}.mkv"
CAPTIONS = "captions.vtt"
PICTURE_NAME = "page-{}.jpg"
COVER = "#4b5563"
CALM_MS = 400  # pages turned over quicker than this are no chapters (as in static/src/score.ts)
RENDERER = 5  # raised when the same job gives other bytes: parts of two kinds do not join
SOUND_BLOCK = {"aac": 1024, "libopus": 960}  # samples: what each encodes at once
PLAYABLE = {"movflags": "+faststart", "fflags": "+bitexact"}
RENDER_LIMITS = Limits(memory=4096 * 1024 * 1024, cpu_seconds=3600, wall_seconds=3600, written_bytes=2 * 1024**3)


@dataclass(frozen=True, slots=True)
class RenderJob:
    """The board's log (see timeline), the photos by their key, the voices, what was said in writing, the spans to be
    left out; even width and height in pixels. `codec` is one of media.film.CODECS. `pictures` are photos of pages that
    are wanted as they may be seen: mappings with `page`, `media`, `aspect`, `quarter`, `crop`, `boxes` to paint over.
    With `chapters` the film has one for each page that is turned to, called by these words and its number.
    """

    log: Sequence[Mapping[str, Any]]
    images: Mapping[str, Path]
    voices: Sequence[Voice] = ()
    captions: Sequence[Caption] = ()
    cuts: Cuts = ()
    pictures: Sequence[Mapping[str, Any]] = ()
    width: int = 1280
    height: int = 720
    fps: int = 15
    cut: bool = True
    codec: str = "h264"
    chapters: str = ""
    shots: Sequence[Shot] = ()  # of a camera, in a corner of the film where nothing is written

    def digest(self) -> str:
        """Names what the job's parts depend on: files by their bytes, so that another machine finds the same."""
        told = asdict(self) | {"images": {key: _hash(path) for key, path in self.images.items()}}
        voices = [[_hash(voice.path), voice.start_ms, voice.until_ms] for voice in self.voices]
        shots = [[_hash(shot.path), shot.start_ms] for shot in self.shots]
        told |= {"voices": voices, "captions": [], "chapters": "", "shots": shots}
        return sha256(json.dumps([RENDERER, PART_S, told], sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Spoken:
    """The voice is ready, in `file`; the film will begin at start_ms of the session's clock."""

    file: Path
    content_type: str
    start_ms: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Of the film, 0…1."""

    done: float


@dataclass(frozen=True, slots=True)
class Kept:
    """A part of the film that a later try of the same job need not make again, if it finds it in its out_dir."""

    file: Path


News = Spoken | Progress | Kept
Hears = Callable[[News], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """start_ms is where the session's clock stood when the film begins. `captions` when there was something written."""

    video: Path
    content_type: str
    poster: Path
    captions: Path | None
    duration_ms: int
    size: int
    start_ms: int
    pages: Mapping[str, Path]  # the pictures that were wanted


class RenderFailed(RuntimeError):
    """The video could not be made; the last words of the process that tried are the message."""


async def render(job: RenderJob, out_dir: Path, hears: Hears | None = None) -> Rendered:
    """
    Writes voice, film (a keyframe each 2 s, its index at the head) and `poster.jpg` into out_dir, in a process of its
    own, under limits: the voices come from a browser. `hears` is told what comes of it meanwhile. Parts of an earlier
    try that lie in out_dir are taken as they are. Raises RenderFailed, and whatever `hears` raises.
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
    crying = asyncio.create_task(_last_words(child))
    try:
        async with asyncio.timeout(RENDER_LIMITS.wall_seconds):
            made = await _follow(child, job, out_dir, hears)
            await child.wait()
    except TimeoutError:
        raise RenderFailed("out of time") from None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
        cried = await crying
    if child.returncode != 0 or made is None:
        raise RenderFailed(cried.decode(errors="replace") or f"exit {child.returncode}")
    (out_dir / "job.json").unlink()
    return made


def _write_job(job: RenderJob, out_dir: Path) -> str:
    out_dir.mkdir(parents=True, exist_ok=True)
    path = (out_dir / "job.json").absolute()
    path.write_text(json.dumps({**asdict(job), "out": str(out_dir.absolute())}, default=lambda p: str(p.absolute())))
    return str(path)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return sha256(file.read()).hexdigest()


async def _follow(child: asyncio.subprocess.Process, job: RenderJob, out: Path, hears: Hears | None) -> Rendered | None:
    assert child.stdout is not None
    codec = CODECS[job.codec]
    spoken: Spoken | None = None
    async for line in child.stdout:
        said: dict[str, Any] = json.loads(line)
        news: News
        match said:
            case {"start_ms": start_ms, "duration_ms": duration_ms}:
                news = spoken = Spoken(out / codec.voice_name, codec.voice_type, start_ms, duration_ms)
            case {"progress": done}:
                news = Progress(done)
            case {"part": name}:
                news = Kept(out / name)
            case _:
                assert spoken is not None
                return _rendered(job, out, spoken)
        if hears is not None:
            await hears(news)
    return None


def _rendered(job: RenderJob, out: Path, spoken: Spoken) -> Rendered:
    codec = CODECS[job.codec]
    film, told = out / codec.film_name, out / CAPTIONS
    pages = {wanted["page"]: out / PICTURE_NAME.format(n) for n, wanted in enumerate(job.pictures)}
    return Rendered(
        video=film,
        content_type=codec.film_type,
        poster=out / "poster.jpg",
        captions=told if told.exists() else None,
        duration_ms=spoken.duration_ms,
        size=film.stat().st_size,
        start_ms=spoken.start_ms,
        pages={page: path for page, path in pages.items() if path.exists()},
    )


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
    voices = [Voice(Path(voice.pop("path")), **voice) for voice in told.pop("voices")]
    images = {key: Path(path) for key, path in told.pop("images").items()}
    captions = [Caption(**caption) for caption in told.pop("captions")]
    shots = [Shot(Path(shot.pop("path")), **shot) for shot in told.pop("shots")]
    film(RenderJob(images=images, voices=voices, captions=captions, shots=shots, **told), out, _say)


def _say(**said: Any) -> None:
    print(json.dumps(said), flush=True)


def film(job: RenderJob, out: Path, say: Callable[..., None]) -> None:
    """Renders in this process: first the voice, which a replay waits for, then the film part by part. The same job
    gives the same bytes, whether its parts were made now or before."""
    codec = CODECS[job.codec]
    heard = [hear(voice) for voice in job.voices]
    cuts = merged(job.cuts)
    line = timeline(job.log, [voice.span for voice in heard if voice.span is not None], job.cut, cuts)
    _write_voice(out / codec.voice_name, mixed(heard, line.start_ms, line.duration_ms, cuts), codec)
    moved = [Caption(after(each.start_ms, cuts), after(each.end_ms, cuts), each.text) for each in job.captions]
    captions = written.within(moved, line.start_ms, line.duration_ms)
    if captions:
        (out / CAPTIONS).write_text(written.webvtt(captions), encoding="utf-8")
    say(start_ms=line.start_ms, duration_ms=line.duration_ms)
    stage = Stage(line, job.images, (job.width, job.height))
    lectern = Lectern(stage, job, line.start_ms) if job.shots else None
    frames = max(1, line.duration_ms * job.fps // 1000)
    parts = []
    for begin in range(0, frames, PART_S * job.fps):
        ticks = range(begin, min(begin + PART_S * job.fps, frames))
        parts.append(_part(job, codec, stage, lectern, out, ticks, frames, say))
    chapters = _chapters(line, job.chapters) if job.chapters else []
    _join(parts, out / codec.voice_name, captions, out / codec.film_name, codec, job.fps, chapters)
    write_jpeg(stage.fullest, out / "poster.jpg", 80)
    for number, wanted in enumerate(job.pictures):
        if wanted["media"] in job.images:
            write_jpeg(_picture(job.images[wanted["media"]], wanted), out / PICTURE_NAME.format(number), 85)
    say(done=True)


def _chapters(line: Timeline, words: str) -> list[dict[str, Any]]:
    """One from each moment at which another page comes to lie on top and stays there; as FFmpeg wants them."""
    numbers = {page: number for number, page in enumerate(line.pages, 1)}
    turned: list[Turned] = []
    for change in line.changes:
        if isinstance(change, Turned) and (not turned or turned[-1].page != change.page):
            if turned and change.at_ms - turned[-1].at_ms < CALM_MS:
                turned.pop()
            if not turned or turned[-1].page != change.page:
                turned.append(change)
    ends = [*(change.at_ms for change in turned[1:]), line.duration_ms]
    return [
        {
            "id": number,
            "start": change.at_ms,
            "end": end,
            "time_base": written.MS,
            "metadata": {"title": f"{words} {numbers[change.page]}"},
        }
        for number, (change, end) in enumerate(zip(turned, ends, strict=False))
        if end > change.at_ms
    ]


def _picture(photo: Path, wanted: Mapping[str, Any]) -> Image.Image:
    """The photo as its page shows it and no more: turned, cut, and painted over where it is masked."""
    (left, top), (right, bottom) = wanted["crop"]
    page = Page(wanted["page"], wanted["aspect"], None, (), wanted["quarter"], (left, top, right, bottom))
    with Image.open(photo, formats=("JPEG",)) as opened:
        picture = framed(opened.convert("RGB"), page).copy()
    across, down = picture.width / PAGE_WIDTH, picture.height / wanted["aspect"]
    brush = ImageDraw.Draw(picture)
    for x, y, to_x, to_y in wanted["boxes"]:
        brush.rectangle((int(x * across) - 1, int(y * down) - 1, int(to_x * across) + 1, int(to_y * down) + 1), COVER)
    return picture


class Lectern:
    """The camera's picture, for each tick of the film; where the page under it is written on there is none."""

    def __init__(self, stage: Stage, job: RenderJob, start_ms: int) -> None:
        self._stage, self._fps, self._start_ms = stage, job.fps, start_ms
        self._faces, self._corner = Faces(job.shots), corner(job.width)
        self._covered, self._shown = False, None

    def at(self, tick: int, changed: bool) -> Any:
        if changed:
            self._covered = self._stage.has_ink(self._corner)
        if tick % EACH_TICKS == 0:
            self._shown = self._faces.at(self._start_ms + tick * 1000 / self._fps)
        return None if self._covered else self._shown


def _part(
    job: RenderJob,
    codec: Codec,
    stage: Stage,
    lectern: Lectern | None,
    out: Path,
    ticks: range,
    frames: int,
    say: Callable[..., None],
) -> Path:
    """One part of the film: made by an earlier try, or now. A change is seen in the frame that is nearest to it."""
    half = 500 / job.fps
    name = PART_NAME.format(ticks.start // (PART_S * job.fps))
    path, begun = out / name, out / "part"
    if path.exists():
        changed = stage.show(ticks[-1] * 1000 / job.fps + half)
        if lectern is not None:
            lectern.at(ticks[-1], bool(changed))
        return path
    with av.open(str(begun), "w", format="matroska", options={"fflags": "+bitexact"}) as target:
        part = Part(target, codec, (job.width, job.height), job.fps)
        for tick in ticks:
            changed = stage.show(tick * 1000 / job.fps + half)
            face = None if lectern is None else lectern.at(tick, bool(changed))
            part.show(tick - ticks.start, stage.picture, changed, tick == ticks[-1], face)
            if 100 * (tick + 1) // frames > 100 * tick // frames:
                say(progress=(tick + 1) / frames)
        part.finish()
    begun.rename(path)
    say(part=name)
    return path


def _write_voice(path: Path, sound: Pcm, codec: Codec) -> None:
    """Silence where nobody speaks, so that every player finds a sound track."""
    with av.open(str(path), "w", format=codec.voice, options=PLAYABLE) as target:
        track: Any = target.add_stream(codec.sound, rate=codec.sound_rate)
        track.bit_rate = codec.sound_bits
        track.codec_context.options = dict(codec.sound_options)
        track.layout = "mono"
        block = SOUND_BLOCK[codec.sound]
        resampler = av.AudioResampler(format="s16", layout="mono", rate=codec.sound_rate, frame_size=block)
        for frame in frames_of(sound):
            for ours in resampler.resample(frame):
                target.mux(track.encode(ours))
        for ours in resampler.resample(None):
            target.mux(track.encode(ours))
        target.mux(track.encode(None))


def _join(
    parts: Sequence[Path],
    voice: Path,
    captions: Sequence[Caption],
    film: Path,
    codec: Codec,
    fps: int,
    chapters: Sequence[Mapping[str, Any]],
) -> None:
    """Parts, voice and captions in one file, copied and not encoded again; packets in the order of their time."""
    with ExitStack() as opened:
        sources = [opened.enter_context(av.open(str(part), format="matroska")) for part in parts]
        spoken = opened.enter_context(av.open(str(voice)))
        target = opened.enter_context(av.open(str(film), "w", format=codec.film, options=PLAYABLE))
        if chapters:
            target.set_chapters(list(chapters))  # type: ignore[arg-type]
        seen = target.add_stream_from_template(sources[0].streams.video[0])
        heard = target.add_stream_from_template(spoken.streams.audio[0])
        tracks = [_pictures(sources, fps, seen), _sounds(spoken, heard)]
        if captions and codec.film == "mp4":
            tracks.append(written.packets(written.add_track(target), captions))
        for _, packet in heapq.merge(*tracks, key=lambda timed: timed[0]):
            target.mux(packet)


def _pictures(sources: Sequence[av.container.InputContainer], fps: int, track: Any) -> Iterator[tuple[float, Any]]:
    for number, source in enumerate(sources):
        for packet in source.demux(video=0):
            if packet.pts is None:
                continue
            tick = round(float(packet.pts * packet.time_base) * fps) + number * PART_S * fps
            packet.pts = packet.dts = tick
            packet.time_base, packet.duration, packet.stream = Fraction(1, fps), 1, track
            yield tick / fps, packet


def _sounds(source: av.container.InputContainer, track: Any) -> Iterator[tuple[float, Any]]:
    for packet in source.demux(audio=0):
        if packet.dts is not None:
            packet.stream = track
            yield float(packet.dts * packet.time_base), packet


if __name__ == "__main__":
    main()
