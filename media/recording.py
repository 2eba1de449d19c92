"""Sound and moving pictures decoded and encoded anew: AAC in M4A, H.264 with AAC in MP4, from time 0."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import av.container
import av.filter
import numpy
from PIL import Image

from media.limits import Damaged, Limits, NoSound, NotAVideo, NotAVoice, Refused, TooLong, TooManyPixels
from media.photo import head, write_thumbnail

VIDEO_SIDE = 1280  # pixels, longer side
VIDEO_RATE = 30  # frames/s at most
SOUND_RATE, SOUND_BITS = 48_000, 48_000  # Hz, bit/s; mono
PEAKS = 64
SLACK = 2.0  # seconds: a recorder stops a little after it was told to

_CONTAINERS = (  # magic bytes, where they stand, FFmpeg's name for the format
    (b"ftyp", 4, "mov"),
    (b"\x1aE\xdf\xa3", 0, "matroska"),
    (b"OggS", 0, "ogg"),
    (b"RIFF", 0, "wav"),
    (b"ID3", 0, "mp3"),
    (b"\xff\xfb", 0, "mp3"),
    (b"\xff\xf3", 0, "mp3"),
    (b"\xff\xf1", 0, "aac"),
    (b"\xff\xf9", 0, "aac"),
    (b"#!AMR", 0, "amr"),
)
_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,wav,mp3,aac,amr"
_SOUND_CODECS = "aac,opus,libopus,vorbis,mp3,mp3float,pcm_s16le,pcm_f32le,amrnb,amrwb,alac,flac"
_VIDEO_CODECS = "h264,hevc,vp8,vp9,libvpx-vp9,av1,libdav1d,mpeg4,h263"


_MP4 = {"movflags": "+faststart", "fflags": "+bitexact"}


def remake_voice(source: Path, out: Path, limits: Limits) -> dict[str, Any]:
    sound = _Sound(limits.voice_seconds)
    try:
        with _opened(source, NotAVoice, limits.voice_seconds) as recorded:
            if not recorded.streams.audio:
                raise NoSound
            with av.open(str(out / "voice.m4a"), "w", format="ipod", options=_MP4) as target:
                track = _sound_track(target)
                for frame in decoded(recorded, recorded.streams.audio[0]):
                    for ours in sound.take(frame):
                        target.mux(track.encode(ours))
                if sound.samples == 0:
                    raise NoSound
                for ours in sound.take(None):
                    target.mux(track.encode(ours))
                target.mux(track.encode(None))
    except av.FFmpegError as error:
        raise _blamed(error) from None
    return {
        "file": "voice.m4a",
        "content_type": "audio/mp4",
        "duration_ms": sound.duration_ms,
        "peaks": sound.peaks(),
    }


def remake_video(source: Path, out: Path, limits: Limits) -> dict[str, Any]:
    try:
        with _opened(source, NotAVideo, limits.video_seconds) as recorded:
            if not recorded.streams.video:
                raise NotAVideo
            size = recorded.streams.video[0]
            if size.width * size.height > limits.frame_pixels:
                raise TooManyPixels
            with av.open(str(out / "video.mp4"), "w", format="mp4", options=_MP4) as target:
                picture = _film(recorded, target, out, limits)
    except av.FFmpegError as error:
        raise _blamed(error) from None
    return {"file": "video.mp4", "content_type": "video/mp4", "thumbnail": "thumbnail.jpg", **picture}


def _blamed(error: av.FFmpegError) -> Exception:
    """What reading the pupil's file and writing ours may both raise, told apart."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return OSError(error.errno, error.strerror)
    return Damaged()


def _film(
    recorded: av.container.InputContainer, target: av.container.OutputContainer, out: Path, limits: Limits
) -> dict[str, Any]:
    """Writes picture and sound, upright and from time 0, and the frame at one second as thumbnail."""
    seen, heard = recorded.streams.video[0], (*recorded.streams.audio, None)[0]
    streams = [stream for stream in (seen, heard) if stream is not None]
    start = min(_start(stream) for stream in streams)
    picture, sound = _Picture(target, seen, start), _Sound(limits.video_seconds)
    track = _sound_track(target) if heard is not None else None
    if heard is not None:
        sound.wait(_start(heard) - start)
    early: list[Any] = []  # sound that came before the first frame: the file's head needs the frame's size
    for frame in decoded(recorded, *streams):
        if isinstance(frame, av.VideoFrame):
            picture.take(frame)
        elif track is not None:
            early += [packet for ours in sound.take(frame) for packet in track.encode(ours)]
        if picture.seconds > limits.video_seconds + SLACK:
            raise TooLong
        if picture.poster is not None:
            target.mux(early)
            early.clear()
    picture.finish()
    if picture.poster is None:
        raise Damaged
    if track is not None:
        early += [packet for ours in sound.take(None) for packet in track.encode(ours)]
        target.mux([*early, *track.encode(None)])
    width, height = picture.poster.size
    write_thumbnail(picture.poster, out / "thumbnail.jpg")
    lasts = max(round(picture.seconds * 1000), sound.duration_ms)
    return {"width": width, "height": height, "duration_ms": lasts}


def _opened(source: Path, not_it: type[Refused], most_seconds: float) -> av.container.InputContainer:
    recorded = opened_recording(source, not_it)
    # What the file says of its length is only good for refusing early; the samples are counted later.
    if recorded.duration is not None and recorded.duration / 1_000_000 > most_seconds + SLACK:
        recorded.close()
        raise TooLong
    return recorded


def opened_recording(source: Path, not_it: type[Refused] = NotAVoice) -> av.container.InputContainer:
    """
    The container by its magic bytes and no other: a playlist named .mp4 would make FFmpeg open files of the machine.
    """
    magic = head(source)
    form = next((name for said, at, name in _CONTAINERS if magic[at:].startswith(said)), None)
    if form is None or (form == "wav" and magic[8:12] != b"WAVE"):
        raise not_it
    codecs = f"{_SOUND_CODECS},{_VIDEO_CODECS}"
    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file", "codec_whitelist": codecs}
    return av.open(str(source), format=form, options=options)


def decoded(recorded: av.container.InputContainer, *streams: Any) -> Iterator[Any]:
    """Frames in the file's order. A packet that can't be decoded is a gap, not the end of the recording."""
    for stream in streams:
        stream.codec_context.thread_count = 2
    packets = recorded.demux(*streams)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.InvalidDataError:
            return  # cut off in the middle: what came before is still worth hearing
        with suppress(av.InvalidDataError):
            yield from packet.decode()


def _start(stream: Any) -> Fraction:
    return Fraction(stream.start_time or 0) * Fraction(stream.time_base)


def _sound_track(target: av.container.OutputContainer) -> Any:
    track: Any = target.add_stream("aac", rate=SOUND_RATE)
    track.bit_rate = SOUND_BITS
    track.layout = "mono"
    return track


class _Sound:
    """Any decoded sound -> mono frames with a clock of their own, counted and measured."""

    FRAME = 1024  # samples: what AAC encodes at once

    def __init__(self, most_seconds: float) -> None:
        self.samples = 0
        self._most = (most_seconds + SLACK) * SOUND_RATE
        self._loudest: list[int] = []
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=SOUND_RATE, frame_size=self.FRAME)

    @property
    def duration_ms(self) -> int:
        return round(self.samples * 1000 / SOUND_RATE)

    def wait(self, late: Fraction) -> None:
        """The sound starts this many seconds after the picture."""
        self.samples = max(0, round(late * SOUND_RATE))

    def take(self, decoded: av.AudioFrame | None) -> Iterator[av.AudioFrame]:
        if decoded is not None:
            decoded.pts = None  # a recorder's own clock may jump; the samples are the time
        for frame in self._resampler.resample(decoded):
            self._loudest.append(int(numpy.abs(frame.to_ndarray().astype(numpy.int32)).max(initial=0)))
            frame.pts, frame.time_base = self.samples, Fraction(1, SOUND_RATE)
            self.samples += frame.samples
            if self.samples > self._most:
                raise TooLong
            yield frame

    def peaks(self) -> list[int]:
        """The loudest of each 64th, 255 for the loudest of all. Silence stays flat: below -50 dB nothing is raised."""
        count = len(self._loudest)
        top = max(100, *self._loudest, 1)
        parts = [
            self._loudest[index * count // PEAKS : max(index * count // PEAKS + 1, (index + 1) * count // PEAKS)]
            for index in range(PEAKS)
        ]
        return [round(255 * max(part) / top) for part in parts]


class _Picture:
    """Any decoded picture -> upright H.264 at an even rate, ≤ 1280 px, from time 0."""

    def __init__(self, target: av.container.OutputContainer, source: Any, start: Fraction) -> None:
        self.poster: Image.Image | None = None
        self.seconds = 0.0
        self._target = target
        self._source = source
        self._start = start
        self._rate = max(1, min(VIDEO_RATE, round(source.average_rate or VIDEO_RATE)))
        self._graph: Any = None
        self._track: Any = None

    def take(self, frame: av.VideoFrame) -> None:
        if frame.pts is None:
            return
        if self._graph is None:
            self._graph = self._plan(frame)
        self._graph.push(frame)
        self._drain()

    def finish(self) -> None:
        if self._graph is not None:
            self._graph.push(None)
            self._drain()
            self._target.mux(self._track.encode(None))

    def _drain(self) -> None:
        while True:
            try:
                frame = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            if self._track is None:
                self._track = self._open_track(frame)
            frame.pict_type = av.video.frame.PictureType.NONE
            self.seconds = float(frame.pts * frame.time_base) + 1 / self._rate
            if self.poster is None or self.seconds <= 1:
                self.poster = frame.to_image()
            self._target.mux(self._track.encode(frame))

    def _plan(self, frame: av.VideoFrame) -> Any:
        graph = av.filter.Graph()
        turns = {90: ["cclock"], 180: ["clock", "clock"], 270: ["clock"]}.get(round(frame.rotation) % 360, [])
        side = VIDEO_SIDE
        steps = [
            graph.add_buffer(template=self._source),
            graph.add("setpts", f"PTS-({float(self._start)})/TB"),
            graph.add("fps", f"fps={self._rate}:start_time=0"),
            graph.add(
                "scale",
                f"w='min({side},iw)':h='min({side},ih)':force_original_aspect_ratio=decrease:force_divisible_by=2",
            ),
            *(graph.add("transpose", f"dir={way}") for way in turns),
            graph.add("setsar", "1"),
            graph.add("format", "pix_fmts=yuv420p"),
            graph.add("buffersink"),
        ]
        for step, following in pairwise(steps):
            step.link_to(following)
        graph.configure()
        return graph

    def _open_track(self, frame: av.VideoFrame) -> Any:
        track: Any = self._target.add_stream("libx264", rate=self._rate)
        track.width, track.height, track.pix_fmt = frame.width, frame.height, "yuv420p"
        track.codec_context.gop_size = self._rate * 2
        track.codec_context.thread_count = 2
        track.options = {"preset": "veryfast", "crf": "26", "profile": "main"}
        return track
