"""Files as phones and as ill-wishers send them, made when a test needs them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy
from PIL import ExifTags, Image, ImageDraw

LOCATION = "Xiamen canary"  # written where a phone writes the place; must be found in nothing of ours


def a_picture(width: int = 400, height: int = 300) -> Image.Image:
    """Red at the top left, blue at the bottom right: one sees how it was turned."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width // 4, height // 4), fill="red")
    draw.rectangle((width * 3 // 4, height * 3 // 4, width, height), fill="blue")
    return picture


def exif(orientation: int = 1) -> bytes:
    told = Image.Exif()
    told[ExifTags.Base.Orientation] = orientation
    told[ExifTags.Base.Make] = LOCATION
    place = told.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLatitude] = "N", (24.0, 28.0, 47.0)
    place[ExifTags.GPS.GPSProcessingMethod] = LOCATION.encode()
    return told.tobytes()


def a_bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that says it is this large."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def saved(picture: Image.Image, form: str, **how: Any) -> bytes:
    into = io.BytesIO()
    picture.save(into, form, **how)
    return into.getvalue()


def a_heic(picture: Image.Image, turned: int = 0) -> bytes:
    """A still as iPhones write it: HEVC in boxes, turned by quarters (counter-clockwise), Exif with a place."""
    config, still = _hevc(picture)
    place = struct.pack(">I", 6) + exif()
    ispe = _full(b"ispe", struct.pack(">II", *picture.size))
    ipco = _box(b"ipco", _box(b"hvcC", config) + ispe + _box(b"irot", bytes([turned])))
    ipma = _full(b"ipma", struct.pack(">IHB3B", 1, 1, 3, 0x81, 0x02, 0x83))
    infe = [_full(b"infe", struct.pack(">HH4s", at, 0, kind) + b"\0", 2) for at, kind in ((1, b"hvc1"), (2, b"Exif"))]
    iref = _full(b"iref", _box(b"cdsc", struct.pack(">HHH", 2, 1, 1)))
    head = _box(b"ftyp", b"heic" + struct.pack(">I", 0) + b"mif1heic")

    def meta(first: int) -> bytes:
        places = [(1, first, len(still)), (2, first + len(still), len(place))]
        entries = b"".join(struct.pack(">HHHII", at, 0, 1, offset, size) for at, offset, size in places)
        return _full(
            b"meta",
            _full(b"hdlr", struct.pack(">I4s12s", 0, b"pict", b"") + b"\0")
            + _full(b"pitm", struct.pack(">H", 1))
            + _full(b"iloc", struct.pack(">BBH", 0x44, 0, 2) + entries)
            + _full(b"iinf", struct.pack(">H", 2) + b"".join(infe))
            + iref
            + _box(b"iprp", ipco + ipma),
        )

    first = len(head) + len(meta(0)) + 8
    return head + meta(first) + _box(b"mdat", still + place)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def _full(kind: bytes, content: bytes, version: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24) + content)


def _hevc(picture: Image.Image) -> tuple[bytes, bytes]:
    """The decoder's configuration and one keyframe, as an MP4 holds them."""
    into = io.BytesIO()
    with av.open(into, "w", format="mp4") as film:
        track: Any = film.add_stream("libx265", rate=1)
        track.width, track.height, track.pix_fmt = *picture.size, "yuv420p"
        track.options = {"x265-params": "log-level=none:pools=none:frame-threads=1:bframes=0", "crf": "10"}
        track.codec_context.codec_tag = "hvc1"
        frame = av.VideoFrame.from_ndarray(numpy.asarray(picture), format="rgb24")
        frame.pts, frame.time_base = 0, Fraction(1, 1)
        film.mux(track.encode(frame))
        film.mux(track.encode(None))
    held = into.getvalue()
    at = held.index(b"hvcC")
    config = held[at + 4 : at - 4 + struct.unpack(">I", held[at - 4 : at])[0]]
    with av.open(io.BytesIO(held), "r") as made:
        return config, bytes(next(made.demux(video=0)))


def a_tone(seconds: float, rate: int = 48_000, from_second: float = 0.0) -> numpy.ndarray[Any, Any]:
    """440 Hz at half loudness, silent before from_second."""
    time = numpy.arange(int(seconds * rate)) / rate
    return (16_000 * numpy.sin(2 * numpy.pi * 440 * time) * (time >= from_second)).astype(numpy.int16)


def a_voice(
    path: Path, form: str, codec: str, sound: numpy.ndarray[Any, Any], rate: int = 48_000, **options: str
) -> Path:
    with av.open(str(path), "w", format=form, options=options) as target:
        track: Any = target.add_stream(codec, rate=rate)
        track.layout = "mono"
        if codec == "libopus":
            track.options = {"compression_level": "0"}  # quick to make; how it sounds matters to nobody here
        for frame in _sounds(sound, rate):
            target.mux(track.encode(frame))
        target.mux(track.encode(None))
    return path


def a_film(path: Path, form: str, codecs: tuple[str, str | None], seconds: float, size: tuple[int, int]) -> Path:
    """a_picture standing still, at 25 frames a second, with a tone if there is a codec for it."""
    picture = numpy.asarray(a_picture(*size))
    with av.open(str(path), "w", format=form) as target:
        track: Any = target.add_stream(codecs[0], rate=25)
        track.width, track.height, track.pix_fmt = *size, "yuv420p"
        sound: Any = target.add_stream(codecs[1], rate=48_000) if codecs[1] else None
        if sound is not None:
            sound.layout = "mono"
        for tick in range(round(seconds * 25)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, 25)
            target.mux(track.encode(frame))
        target.mux(track.encode(None))
        if sound is not None:
            for heard in _sounds(a_tone(seconds), 48_000):
                target.mux(sound.encode(heard))
            target.mux(sound.encode(None))
    return path


def turned_right(film: bytes) -> bytes:
    """The MP4 with a head that says: show me a quarter turned clockwise, as a phone held upright writes it."""
    at = film.index(b"tkhd") + 44
    matrix = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    return film[:at] + matrix + film[at + 36 :]


def _sounds(sound: numpy.ndarray[Any, Any], rate: int) -> Iterator[av.AudioFrame]:
    for at in range(0, len(sound), 960):
        frame = av.AudioFrame.from_ndarray(sound[at : at + 960][None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        yield frame
