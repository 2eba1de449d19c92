"""A camera's track in CMAF, beside the sound's: frames of H.264 on a grid that three of fill a part of sound (pure).

Parts and segments of both tracks cover the same times, so one number names a moment in either. The beginning depends on
what the encoder says of itself, and comes before each part that can be the first.
"""

from __future__ import annotations

from collections.abc import Sequence

from media.cmaf import PART, RATE, box, full, movie, part_of, u16, u32

WIDTH, HEIGHT = 320, 240  # a face beside a board, on a phone
PART_FRAMES = 3
FRAME = 5_120  # of SCALE: 14.06 frames a second
SCALE = 72_000
KEY_PARTS = 6  # one who comes sees something after 1.28 s at most; a segment has three such
TYPE = 'video/mp4; codecs="avc1.42c00d"'  # constrained baseline 1.3: every phone's own chip plays it
MIME = "video/mp4"

assert PART_FRAMES * FRAME * RATE == PART * SCALE

_KEY, _OTHER = 0x02000000, 0x01010000  # of ISO/IEC 14496-12, 8.8.3.1: depends on none; depends on others


def units(stream: bytes) -> list[bytes]:
    """The units of an H.264 byte stream (its Annex B)."""
    found = []
    for piece in stream.split(b"\0\0\1")[1:]:
        unit = piece.rstrip(b"\0")
        if unit:
            found.append(unit)
    return found


def initialisation(beginning: bytes) -> bytes:
    """Before any part: from the encoder's parameter sets, as a byte stream."""
    sets = {unit[0] & 31: unit for unit in units(beginning)}
    sps, pps = sets[7], sets[8]
    avcc = b"\1" + sps[1:4] + b"\xff\xe1" + u16(len(sps)) + sps + b"\1" + u16(len(pps)) + pps
    sample = box(
        "avc1",
        bytes(6) + u16(1) + bytes(16) + u16(WIDTH) + u16(HEIGHT) + u32(0x480000) * 2 + bytes(4) + u16(1),
        bytes(32) + u16(24) + b"\xff\xff" + box("avcC", avcc),
    )
    return movie(
        scale=SCALE, handler=b"vide", header=full("vmhd", 0, 1, bytes(8)), sample=sample, size=(WIDTH, HEIGHT),
        default=(FRAME, 0, _OTHER),
    )  # fmt: skip


def part(number: int, frames: Sequence[bytes], *, key: bool) -> bytes:
    """Frames as byte streams; parts of a track are numbered with those of the sound."""
    packed = [_packed(frame) for frame in frames]
    return part_of(number, number * PART_FRAMES * FRAME, packed, first=_KEY if key else None)


def _packed(frame: bytes) -> bytes:
    """Only what a decoder needs: an encoder's remarks about itself stay behind."""
    return b"".join(u32(len(unit)) + unit for unit in units(frame) if unit[0] & 31 in (1, 5))
