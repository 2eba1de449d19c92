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
    sample = _box(
        "mp4a",
        bytes(6) + _u16(1) + bytes(8) + _u16(1) + _u16(16) + bytes(4) + _u32(RATE << 16) + _esds(),
    )
    tables = _box(
        "stbl",
        _full("stsd", 0, 0, _u32(1) + sample),
        *(_full(name, 0, 0, _u32(0)) for name in ("stts", "stsc")),
        _full("stsz", 0, 0, _u32(0) + _u32(0)),
        _full("stco", 0, 0, _u32(0)),
    )
    here = _box("dinf", _full("dref", 0, 0, _u32(1) + _full("url ", 0, 1)))
    media = _box(
        "mdia",
        _full("mdhd", 0, 0, _u32(0) + _u32(0) + _u32(RATE) + _u32(0) + b"\x55\xc4" + bytes(2)),
        _full("hdlr", 0, 0, bytes(4) + b"soun" + bytes(12) + b"\0"),
        _box("minf", _full("smhd", 0, 0, bytes(4)), here, tables),
    )
    matrix = b"".join(map(_u32, _UNITY))
    track = _full("tkhd", 0, 7, bytes(8) + _u32(_TRACK) + bytes(20) + b"\x01\x00" + bytes(2) + matrix + bytes(8))
    movie = _full(
        "mvhd",
        0,
        0,
        bytes(8) + _u32(RATE) + bytes(4) + b"\0\1\0\0\1\0" + bytes(10) + matrix + bytes(24) + _u32(_TRACK + 1),
    )
    more = _box("mvex", _full("trex", 0, 0, b"".join(map(_u32, (_TRACK, 1, FRAME, 0, 0)))))
    brand = _box("ftyp", b"iso6" + _u32(0) + b"iso6cmfcmp41")
    return brand + _box("moov", movie, _box("trak", track, media), more)


def part(number: int, at: int, frames: Sequence[bytes]) -> bytes:
    """AAC frames from sample `at` of the track; parts of one track are numbered from 0."""
    head = len(_moof(number, at, frames, 0))
    return _moof(number, at, frames, head + 8) + _box("mdat", *frames)


def _moof(number: int, at: int, frames: Sequence[bytes], data: int) -> bytes:
    sizes = b"".join(_u32(len(frame)) for frame in frames)
    return _box(
        "moof",
        _full("mfhd", 0, 0, _u32(number + 1)),
        _box(
            "traf",
            _full("tfhd", 0, 0x020000, _u32(_TRACK)),
            _full("tfdt", 1, 0, at.to_bytes(8)),
            _full("trun", 0, 0x000201, _u32(len(frames)) + _u32(data) + sizes),
        ),
    )


def _esds() -> bytes:
    decoder = b"\x40\x15" + bytes(3) + _u32(0) + _u32(0) + _described(5, _AAC)
    return _full("esds", 0, 0, _described(3, _u16(_TRACK) + b"\0" + _described(4, decoder) + _described(6, b"\2")))


def _described(tag: int, body: bytes) -> bytes:
    return bytes([tag, len(body)]) + body


def _box(name: str, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return _u32(8 + len(body)) + name.encode() + body


def _full(name: str, version: int, flags: int, *inside: bytes) -> bytes:
    return _box(name, bytes([version]) + flags.to_bytes(3), *inside)


def _u16(value: int) -> bytes:
    return value.to_bytes(2)


def _u32(value: int) -> bytes:
    return value.to_bytes(4)


INITIALISATION = base64.b64encode(initialisation()).decode()  # as sockets carry it
