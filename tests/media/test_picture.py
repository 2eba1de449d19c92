"""A camera becomes parts of one small picture on the sound's clock, in a child that may be hurt and hurts nobody."""

from __future__ import annotations

import asyncio
import io
from functools import partial
from itertools import pairwise

import av
import pytest

from media import picture
from media.cmaf import PART, RATE, SEGMENT, SEGMENT_PARTS
from media.picture import BEGINNING, MOST_PIXELS, format_of, parts
from media.picture_cmaf import HEIGHT, KEY_PARTS, TYPE, WIDTH
from media.stream import Packager
from tests.media.test_stream import Drips
from tests.pictures import filmed, flashes_in, keys_in

FLASHES = [0.6, 2.0, 3.4]


@pytest.mark.parametrize(
    ("form", "codec", "kind", "size"),
    [
        ("webm", "libvpx", "video/webm;codecs=vp8", (480, 360)),
        ("webm", "libx264", "video/webm;codecs=h264", (640, 360)),
        ("mp4", "libx264", "video/mp4;codecs=avc1.42E01E", (360, 480)),  # a telephone held upright
    ],
)
def test_what_a_camera_shows_is_seen_when_it_was_shown(form: str, codec: str, kind: str, size: tuple[int, int]) -> None:
    shown = filmed(4.0, FLASHES, form, codec, size)

    (beginning, mark), *made = list(parts(Drips(shown), str(format_of(kind)), 5.0))

    assert mark == BEGINNING and f"avc1.{beginning[beginning.index(b'avcC') + 5 :][:3].hex()}" in TYPE
    numbers = [number for _, number in made]
    assert numbers == list(range(SEGMENT_PARTS, numbers[-1] + 1))  # from the segment that was under way
    assert numbers[-1] * PART / RATE == pytest.approx(9.0, abs=0.4)
    whole = beginning + b"".join(part for part, _ in made)
    assert flashes_in(whole) == pytest.approx([5 + at for at in FLASHES], abs=0.07)
    with av.open(io.BytesIO(whole)) as opened:
        assert {(frame.width, frame.height) for frame in opened.decode(video=0)} == {(WIDTH, HEIGHT)}
    assert keys_in(whole) == pytest.approx([3.84 + n * KEY_PARTS * PART / RATE for n in range(len(keys_in(whole)))])
    bits = 8 * sum(len(part) for part, _ in made) / (len(made) * PART / RATE)
    assert bits < 1.3 * picture.BITS
    late = beginning + b"".join(part for part, number in made if number >= SEGMENT_PARTS + 2 * KEY_PARTS)
    assert flashes_in(late)[-1] == pytest.approx(8.4, abs=0.07)  # who came later


def test_a_camera_that_comes_back_begins_a_segment_that_is_free() -> None:
    _, *made = list(parts(Drips(filmed(4.0)), "matroska", 5.0, 2))

    assert made[0][1] == 2 * SEGMENT_PARTS and made[0][1] * PART == 2 * SEGMENT


def test_a_recorder_that_lost_some_seconds_keeps_the_rest_in_its_place() -> None:
    first, second = filmed(1.0, codec="libx264", form="mp4"), filmed(2.0, [1.0], codec="libx264", form="mp4")
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as target:
        track = None
        for data, later in ((first, 0.0), (second, 20.0)):
            with av.open(io.BytesIO(data)) as opened:
                stream = opened.streams.video[0]
                track = track or target.add_stream_from_template(stream)
                for packet in opened.demux(stream):
                    if packet.dts is not None:
                        packet.pts = packet.dts = packet.pts + round(later / packet.time_base)
                        packet.stream = track
                        target.mux(packet)

    (beginning, _), *made = list(parts(io.BytesIO(out.getvalue()), "matroska", 0.0))

    numbers = [number for _, number in made]
    assert len(numbers) < (numbers[-1] + 1) / 2  # what was not shown is not made up
    assert all((after - before == 1) or after % SEGMENT_PARTS == 0 for before, after in pairwise(numbers))
    assert flashes_in(beginning + b"".join(part for part, _ in made))[-1] == pytest.approx(21.0, abs=0.07)


def _note(made: list[int], part: bytes, number: int) -> None:
    made.append(number)


async def test_a_hostile_picture_ends_its_own_child_and_reaches_nobody() -> None:
    whole = filmed(2.0, codec="libx264", form="mp4")
    damaged = bytearray(whole)
    for at in range(len(whole) // 2, len(whole), 7):
        damaged[at] ^= 0x5A
    huge = filmed(0.2, size=(4096, 2304))
    assert MOST_PIXELS < 4096 * 2304
    script = b"ffconcat version 1.0\nfile /etc/passwd\n"
    cases = [(bytes(damaged), "mov", 11), (huge, "matroska", 0), (b"<html>" * 2_000, "matroska", 0), (script, "mov", 0)]
    for data, form, most in cases:
        made: list[int] = []
        child = await Packager.open(partial(_note, made), form, 0, 0, module="media.picture")
        child.take(data)

        async with asyncio.timeout(10):
            await child.close()

        assert child.is_over and len([number for number in made if number != BEGINNING]) <= most
    assert [format_of(kind) for kind in ("video/webm", "video/x-matroska", "text/html", "audio/webm")] == [
        "matroska", None, None, None,
    ]  # fmt: skip
