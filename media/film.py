"""A timeline -> pictures -> parts of a film: what is on the sheets at a moment, and only what changed encoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.container
import numpy
from numpy.typing import NDArray
from PIL import Image

from media.face import corner
from media.ink import Box, Sheet
from media.timeline import Drawn, Erased, Timeline, Turned, Written

SHOWN_AGAIN = 1.0  # seconds: a still board is not encoded more often; players seek to these frames
KEY_EVERY = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Codec:
    """How pictures and sound are written, and what such files are called."""

    video: str
    options: Mapping[str, str]
    sound: str
    sound_rate: int  # Hz: all that a phone's microphone has to say
    sound_bits: int  # bit/s: what clear speech needs, since replays are for poor networks (docs/adr/0022)
    sound_options: Mapping[str, str]
    film: str  # FFmpeg's name of the container, as are those below
    film_name: str
    film_type: str
    voice: str
    voice_name: str
    voice_type: str


# No B-frames: where frames are rare they push a keyframe's decoding time seconds ahead, and players that seek by it
# (FFmpeg, so Chromium) land behind the moment they were asked for. `ipod` is what FFmpeg calls M4A.
H264 = Codec(
    video="libx264",
    options={
        "preset": "veryfast",
        "crf": "33",  # keyframes each 2 s are most of the file, so they are no finer than the rest
        "profile": "high",
        "tune": "animation",
        "bf": "0",
        "x264-params": "ipratio=1.0",
    },
    sound="aac",
    sound_rate=24_000,
    sound_bits=20_000,
    sound_options={"aac_coder": "fast"},  # the other searches longer, and is less clear at so few bits
    film="mp4",
    film_name="answer.mp4",
    film_type="video/mp4",
    voice="ipod",
    voice_name="voice.m4a",
    voice_type="audio/mp4",
)
VP9 = Codec(
    video="libvpx-vp9",
    options={"deadline": "realtime", "cpu-used": "8", "crf": "34", "b": "0", "lag-in-frames": "0", "row-mt": "0"},
    sound="libopus",
    sound_rate=48_000,
    sound_bits=16_000,
    sound_options={},
    film="webm",
    film_name="answer.webm",
    film_type="video/webm",
    voice="webm",
    voice_name="voice.webm",
    voice_type="audio/webm",
)
CODECS = {"h264": H264, "vp9": VP9}


class Stage:
    """The timeline's changes laid onto the sheets, as far as a moment."""

    def __init__(self, line: Timeline, images: Mapping[str, Path], size: tuple[int, int]) -> None:
        self._line = line
        self._images = images
        self._size = size
        self._next = 0
        self._drawn: dict[str, int] = {}  # points of each stroke that are on its sheet
        self._sheets: dict[str, Sheet] = {}
        self._current: str | None = None
        self._nothing = Image.new("RGB", size, "#ffffff")

    @property
    def picture(self) -> Image.Image:
        return self._nothing if self._current is None else self._sheet(self._current).picture

    @property
    def fullest(self) -> Image.Image:
        """The sheet with the most on it: what stands for the whole answer."""
        fullest = max(self._sheets.values(), key=lambda sheet: len(sheet.marks), default=None)
        return self._nothing if fullest is None else fullest.picture

    def has_ink(self, box: Box) -> bool:
        """Whether something is written there on the page that is shown."""
        return self._current is not None and self._sheet(self._current).has_ink(box)

    def show(self, now_ms: float) -> list[Box]:
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
            return [(0, 0, *self._size)]
        page = change.text.page if isinstance(change, Written) else change.page
        sheet = self._sheet(page)
        box = sheet.write(change.text) if isinstance(change, Written) else sheet.erase(change.mark)
        return [box] if box is not None and page == self._current else []

    def _sheet(self, page: str) -> Sheet:
        if page not in self._sheets:
            path = self._images.get(self._line.pages[page].media or "")
            photo = None
            if path is not None:
                with Image.open(path, formats=("JPEG",)) as opened:
                    photo = opened.convert("RGB")
            self._sheets[page] = Sheet(self._line.pages[page], photo, self._size)
        return self._sheets[page]


class Part:
    """A stretch of the film that begins with a whole picture: parts made at different times join into one film.

    Its frames count from 0; a frame is encoded where something changed, each SHOWN_AGAIN, and at the end.
    """

    def __init__(self, target: av.container.OutputContainer, codec: Codec, size: tuple[int, int], fps: int) -> None:
        self._target = target
        self._fps = fps
        self._size = size
        self._planes = numpy.zeros((size[1] * 3 // 2, size[0]), numpy.uint8)  # yuv420p as PyAV lays it out
        self._shown = self._key = 0
        self._face: Any = None
        track: Any = target.add_stream(codec.video, rate=fps)
        track.width, track.height, track.pix_fmt = *size, "yuv420p"
        track.codec_context.thread_count = 1  # more make other bytes, and the worker has other work
        track.codec_context.gop_size = round(fps * KEY_EVERY)
        track.options = dict(codec.options)
        self._track = track

    def show(self, tick: int, picture: Image.Image, changed: list[Box], last: bool, face: Any = None) -> None:
        """`face` lies in its corner upon the picture."""
        if tick == 0:
            changed = [(0, 0, *self._size)]
        for box in changed:
            self._convert(picture, box)
        moved = face is not self._face
        if face is not None and (moved or changed):
            self._put(face, corner(self._size[0]))
        elif face is None and moved:
            self._convert(picture, corner(self._size[0]))
        self._face = face
        if not (changed or moved or last or tick - self._shown >= SHOWN_AGAIN * self._fps):
            return
        frame = av.VideoFrame.from_ndarray(self._planes, format="yuv420p")
        frame.pts, frame.time_base = tick, Fraction(1, self._fps)
        if tick == 0 or tick - self._key >= KEY_EVERY * self._fps:
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
        self._put(av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p"), box)

    def _put(self, piece: av.VideoFrame, box: Box) -> None:
        left, top, right, bottom = box
        width, height = right - left, bottom - top
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
