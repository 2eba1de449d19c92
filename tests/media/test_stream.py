"""A microphone becomes parts of one sound track, in a child that may be hurt and hurts nobody."""

from __future__ import annotations

import asyncio
import io
import os
import signal

import av
import pytest

from media.cmaf import FRAME, PART, RATE, initialisation
from media.stream import Overrun, Packager, format_of, parts
from tests.sounds import clicks, heard_in, recorded

BEATS = [0.5, 1.25, 2.0, 3.1]


class Drips(io.BytesIO):
    """A pipe: a few bytes at a time."""

    def read(self, most: int | None = -1, /) -> bytes:
        return super().read(min(most or 300, 300))


@pytest.mark.parametrize(
    ("form", "codec", "kind"), [("webm", "libopus", "audio/webm;codecs=opus"), ("ogg", "libopus", "audio/ogg")]
)
def test_parts_go_on_with_each_other_and_are_heard_where_they_were_said(form: str, codec: str, kind: str) -> None:
    said = recorded(clicks(4.0, BEATS), form, codec)

    made = list(parts(Drips(said), str(format_of(kind))))

    assert [samples for _, samples in made[:-1]] == [PART] * (len(made) - 1) and 0 < made[-1][1] <= PART
    heard = heard_in(initialisation() + b"".join(part for part, _ in made))
    assert heard == pytest.approx(BEATS, abs=0.06)
    assert sum(samples for _, samples in made) / RATE == pytest.approx(4.0, abs=2 * FRAME / RATE)


def test_any_part_can_be_the_first_and_one_may_be_missing() -> None:
    made = [part for part, _ in parts(Drips(recorded(clicks(4.0, BEATS))), "matroska")]

    late = heard_in(initialisation() + b"".join(made[8:]))  # who came at 1.7 s
    with av.open(io.BytesIO(initialisation() + b"".join(made[:5] + made[7:]))) as opened:
        times = [packet.pts for packet in opened.demux(opened.streams.audio[0]) if packet.pts is not None]

    assert len(late) == 2
    assert times[5 * 5] == 7 * PART  # a hole keeps the rest in its place


async def test_what_is_no_recording_ends_its_own_child_alone() -> None:
    heard: list[int] = []
    broken = await Packager.open(lambda part, samples: heard.append(samples), "matroska")
    fine = await Packager.open(lambda part, samples: heard.append(samples), "matroska")

    broken.take(b"<html>" * 2_000)
    said = recorded(clicks(3.0, [1.0]))
    fine.take(said[:5_000])
    fine.take(said[5_000:])
    await asyncio.gather(broken.close(), fine.close())

    assert sum(heard) / RATE == pytest.approx(3.0, abs=0.1)
    assert format_of("text/html") is None


async def test_a_child_that_does_not_read_is_not_fed_for_ever() -> None:
    child = await Packager.open(lambda part, samples: None, "matroska")
    os.kill(child.pid, signal.SIGSTOP)
    child.take(bytes(512 * 1024))

    with pytest.raises(Overrun):
        child.take(bytes(1))
    child.kill()
    await child.close()
