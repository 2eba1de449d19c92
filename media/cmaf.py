"""A sound track in CMAF, box by box: its initialisation, and parts of AAC frames that go on with it (pure).

ISO/IEC 14496-12 and 23000-19. The track is always the same (AAC-LC, mono, 24 kHz), so one initialisation serves every
lecture, and a part means the same to whoever gets it: a socket, a playlist, the replay.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

RATE = 24_000  # Hz: speech; twice the rate costs bits that a phone on a poor network has not got
FRAME = 1024  # samples of an AAC frame
PART_FRAMES = 5
PART = PART_FRAMES * FRAME  # samples: 0.213 s
SEGMENT_PARTS = 18
SEGMENT = SEGMENT_PARTS * PART  # samples: 3.84 s
MIME = "audio/mp4"
TYPE = f'{MIME}; codecs="mp4a.40.2"'

_TRACK = 1
_UNITY = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)  # the matrix of no transformation
_AAC = bytes([0x13, 0x08])  # AudioSpecificConfig: AAC-LC (2), 24 kHz (6), one channel


def initialisation() -> bytes:
    """What a player needs once, before any part."""
    sample = box(
        "mp4a",
        bytes(6) + u16(1) + bytes(8) + u16(1) + u16(16) + bytes(4) + u32(RATE << 16) + _esds(),
    )
    return movie(
        scale=RATE,
        handler=b"soun",
        header=full("smhd", 0, 0, bytes(4)),
        sample=sample,
        size=None,
        default=(FRAME, 0, 0),
    )


def movie(
    *,
    scale: int,
    handler: bytes,
    header: bytes,
    sample: bytes,
    size: tuple[int, int] | None,
    default: tuple[int, int, int],
) -> bytes:
    """The beginning of a file of one track, whose samples come in parts; `default` are a sample's duration, size and
    flags."""
    tables = box(
        "stbl",
        full("stsd", 0, 0, u32(1) + sample),
        *(full(name, 0, 0, u32(0)) for name in ("stts", "stsc")),
        full("stsz", 0, 0, u32(0) + u32(0)),
        full("stco", 0, 0, u32(0)),
    )
    here = box("dinf", full("dref", 0, 0, u32(1) + full("url ", 0, 1)))
    media = box(
        "mdia",
        full("mdhd", 0, 0, u32(0) + u32(0) + u32(scale) + u32(0) + b"\x55\xc4" + bytes(2)),
        full("hdlr", 0, 0, bytes(4) + handler + bytes(12) + b"\0"),
        box("minf", header, here, tables),
    )
    matrix = b"".join(map(u32, _UNITY))
    width, height = size or (0, 0)
    shape = (bytes(4) if size else b"\x01\x00" + bytes(2)) + matrix + u32(width << 16) + u32(height << 16)
    track = full("tkhd", 0, 7, bytes(8) + u32(_TRACK) + bytes(20) + shape)
    whole = full(
        "mvhd",
        0,
        0,
        bytes(8) + u32(scale) + bytes(4) + b"\0\1\0\0\1\0" + bytes(10) + matrix + bytes(24) + u32(_TRACK + 1),
    )
    more = box("mvex", full("trex", 0, 0, b"".join(map(u32, (_TRACK, 1, *default)))))
    brand = box("ftyp", b"iso6" + u32(0) + b"iso6cmfcmp41")
    return brand + box("moov", whole, box("trak", track, media), more)


def part(number: int, at: int, frames: Sequence[bytes]) -> bytes:
    """AAC frames from sample `at` of the track; parts of one track are numbered from 0."""
    return part_of(number, at, frames)


def part_of(number: int, at: int, samples: Sequence[bytes], *, first: int | None = None) -> bytes:
    """Samples of any track of ours; `first` are the flags of the first of them, where they are not the usual."""
    head = len(_moof(number, at, samples, 0, first))
    return _moof(number, at, samples, head + 8, first) + box("mdat", *samples)


def _moof(number: int, at: int, samples: Sequence[bytes], data: int, first: int | None) -> bytes:
    sizes = b"".join(u32(len(sample)) for sample in samples)
    flags, own = (0x000201, b"") if first is None else (0x000205, u32(first))
    return box(
        "moof",
        full("mfhd", 0, 0, u32(number + 1)),
        box(
            "traf",
            full("tfhd", 0, 0x020000, u32(_TRACK)),
            full("tfdt", 1, 0, at.to_bytes(8)),
            full("trun", 0, flags, u32(len(samples)) + u32(data) + own + sizes),
        ),
    )


def _esds() -> bytes:
    decoder = b"\x40\x15" + bytes(3) + u32(0) + u32(0) + _described(5, _AAC)
    return full("esds", 0, 0, _described(3, u16(_TRACK) + b"\0" + _described(4, decoder) + _described(6, b"\2")))


def _described(tag: int, body: bytes) -> bytes:
    return bytes([tag, len(body)]) + body


def box(name: str, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return u32(8 + len(body)) + name.encode() + body


def full(name: str, version: int, flags: int, *inside: bytes) -> bytes:
    return box(name, bytes([version]) + flags.to_bytes(3), *inside)


def u16(value: int) -> bytes:
    return value.to_bytes(2)


def u32(value: int) -> bytes:
    return value.to_bytes(4)


INITIALISATION = base64.b64encode(initialisation()).decode()  # as sockets carry it
