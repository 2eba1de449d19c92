"""An answer's ink and voice become one film that plays, seeks and is the same each time."""

from __future__ import annotations

import asyncio
import io
import json
import math
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from media.captions import Caption
from media.face import Shot, corner
from media.fonts import cjk_font, width, write
from media.ink import Sheet
from media.picture import parts as parts_of_camera
from media.render import Kept, News, Progress, RenderFailed, RenderJob, Spoken, _write_job, render
from media.timeline import Page, Stroke, Text
from media.voices import LOUDEST, LOUDNESS, SOUND_RATE, Voice, hear, listened, loudness, mixed, stretches
from server.demo.voice import speak
from tests.media.test_intake import children
from tests.media.test_timeline import PAGE, erase, stroke, text
from tests.media.uploads import a_picture, a_tone, a_voice
from tests.pictures import filmed
from tests.sounds import understood

PIXEL = 1280 / 10_000  # a blank page as wide as the film: a unit of the board in pixels
BLANK = {**PAGE, "paper": "blank", "media": None, "aspect": 5625}
SLOW = 5000  # ms from pen-down to pen-up
CLEAR = 0.9  # STOI: hardly a word is lost


def a_line(at_ms: int, id: str, y: int, color: str = "#d00000", author: str = "t", tool: str = "pen") -> dict[str, Any]:
    """Drawn from left to right across the page within SLOW, evenly."""
    points = [[1000 + 8000 * step // 50, y, SLOW * step // 50, 500] for step in range(51)]
    return {**stroke(at_ms, id, author=author), "points": points, "color": color, "width": 100, "tool": tool}


def frames_at(film: Path, moments: Sequence[float]) -> list[NDArray[numpy.uint8]]:
    """Each by seeking, as a player does."""
    seen = []
    for moment in moments:
        with av.open(str(film)) as opened:
            opened.seek(int(moment * av.time_base))
            shown = None
            for frame in opened.decode(video=0):
                if frame.time is None or frame.time > moment:
                    break
                shown = frame
            assert shown is not None
            seen.append(shown.to_ndarray(format="rgb24").astype(numpy.uint8))
    return seen


def heard(film: Path) -> NDArray[Any]:
    """The loudness of each tenth of a second."""
    with av.open(str(film)) as opened:
        tenth = opened.streams.audio[0].rate // 10
        sound = numpy.concatenate([frame.to_ndarray()[0] for frame in opened.decode(audio=0)])
    tenths = len(sound) // tenth
    loudest: NDArray[Any] = numpy.abs(sound[: tenths * tenth]).reshape(tenths, tenth).max(axis=1)
    return loudest


def is_red(frame: NDArray[numpy.uint8], x: float, y: float) -> bool:
    red, green, blue = (int(value) for value in frame[round(y * PIXEL), round(x * PIXEL)])
    return red > 150 and green < 100 and blue < 100


async def test_ink_appears_while_it_is_drawn_and_goes_when_it_is_erased(tmp_path: Path) -> None:
    log = [BLANK, a_line(SLOW, "a", 2000), a_line(SLOW * 2, "b", 3000), erase(SLOW * 2 + 500, "a")]

    made = await render(RenderJob(log, {}, cut=False), tmp_path)

    half, both, one = frames_at(made.video, [SLOW / 2000, SLOW * 2 / 1000 + 0.3, SLOW * 2 / 1000 + 1])
    assert is_red(half, 3000, 2000) and not is_red(half, 7000, 2000)
    assert is_red(both, 7000, 2000) and is_red(both, 7000, 3000)
    assert not is_red(one, 7000, 2000) and is_red(one, 7000, 3000)


@pytest.mark.parametrize(("form", "codec"), [("ipod", "aac"), ("webm", "libopus")])
def test_a_voice_is_cut_into_pieces_that_are_files_of_their_own(tmp_path: Path, form: str, codec: str) -> None:
    voice = a_voice(tmp_path / "voice", form, codec, a_tone(40, from_second=20))

    first, rest = stretches(voice, 0, 15_000, 1), stretches(voice, 15_000, 15_000, 4)

    assert [each.start_ms for each in (*first, *rest)] == [0, 15_000, 30_000]
    assert [each.end_ms for each in (*first, *rest[:1])] == [15_000, 30_000] and abs(rest[1].end_ms - 40_000) < 100
    sounds = []
    for each in (*first, *rest):
        (tmp_path / "piece.mp4").write_bytes(each.data)
        sounds.append(listened(tmp_path / "piece.mp4"))
    assert [round(len(sound) / SOUND_RATE) for sound in sounds] == [15, 15, 10]
    assert numpy.abs(sounds[0]).max() < 100 and numpy.abs(sounds[2]).max() > 10_000
    begins = int(numpy.flatnonzero(numpy.abs(sounds[1]) > 5_000)[0]) / SOUND_RATE
    assert abs(begins - 5) < 0.1


async def test_the_film_plays_at_once_seeks_and_has_a_poster(tmp_path: Path) -> None:
    made = await render(RenderJob([BLANK, a_line(9_000, "a", 2000)], {}, cut=False), tmp_path)

    content = made.video.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert made.size == len(content) and made.duration_ms == 10_500
    with av.open(str(made.video)) as film:
        picture, sound = film.streams.video[0], film.streams.audio[0]
        assert (picture.codec_context.name, picture.width, picture.height) == ("h264", 1280, 720)
        assert picture.codec_context.pix_fmt == "yuv420p"
        assert (sound.codec_context.name, sound.rate) == ("aac", 24_000)
        assert film.duration is not None and abs(film.duration / 1000 - made.duration_ms) < 100
        keys = [
            float(packet.pts * packet.time_base)
            for packet in film.demux(picture)
            if packet.is_keyframe and packet.pts is not None
        ]
    assert keys[0] == 0 and max(later - key for key, later in pairwise(keys)) <= 2.1
    with Image.open(made.poster) as poster:
        assert (poster.format, poster.size) == ("JPEG", (1280, 720))
        assert is_red(numpy.asarray(poster), 7000, 2000)
    assert sorted(os.listdir(tmp_path)) == ["answer.mp4", "part-0000.mkv", "poster.jpg", "voice.m4a"]


async def test_what_is_said_is_understood_in_a_small_voice(tmp_path: Path) -> None:
    speak("先看单价，每度五角，超过二百度的部分，每度六角。列一个方程，看它的解是不是比二百大。", tmp_path / "a.wav")
    said = listened(tmp_path / "a.wav")

    await render(RenderJob([BLANK], {}, [Voice(tmp_path / "a.wav")], cut=False), tmp_path / "out")

    voice = tmp_path / "out" / "voice.m4a"
    assert understood(said, listened(voice)) > CLEAR
    assert voice.stat().st_size * 300 * SOUND_RATE / len(said) < 1_100_000  # of five minutes without a pause


async def test_the_same_answer_gives_the_same_bytes(tmp_path: Path) -> None:
    spoken = a_voice(tmp_path / "voice.webm", "webm", "libopus", a_tone(3))
    job = RenderJob([BLANK, a_line(6_000, "a", 2000), text(6_500)], {}, [Voice(spoken, 500)])

    first, again = await render(job, tmp_path / "1"), await render(job, tmp_path / "2")

    assert first.video.read_bytes() == again.video.read_bytes()
    assert first.poster.read_bytes() == again.poster.read_bytes()


async def test_a_photo_is_fitted_into_the_frame_with_its_colours(tmp_path: Path) -> None:
    a_picture(400, 800).save(tmp_path / "page.jpg", quality=95)
    page = {**PAGE, "aspect": 20_000}

    made = await render(RenderJob([page], {"m1": tmp_path / "page.jpg"}), tmp_path / "out")

    (frame,) = frames_at(made.video, [0.5])
    left = (1280 - 360) // 2
    assert frame[20, left + 20][0] > 200 and frame[20, left + 20][1] < 60
    assert frame[700, left + 340][2] > 200 and frame[700, left + 340][1] < 60
    assert abs(int(frame[360, 10][0]) - 0xE8) < 6


async def test_pictures_of_pages_have_what_may_be_seen_and_no_more(tmp_path: Path) -> None:
    a_picture(400, 800).save(tmp_path / "page.jpg", quality=95)
    wanted = {"page": "p1", "media": "m1", "aspect": 5_000, "quarter": 1, "crop": ((0, 0), (5_000, 5_000))}
    gone = {**wanted, "page": "p2", "media": "no such"}
    job = RenderJob(
        [PAGE], {"m1": tmp_path / "page.jpg"}, pictures=[{**wanted, "boxes": ((0, 0, 5_000, 2_500),)}, gone]
    )

    made = await render(job, tmp_path / "out")

    assert list(made.pages) == ["p1"]
    with Image.open(made.pages["p1"]) as picture:
        assert picture.size == (400, 200)  # turned by a quarter, and a quarter of it
        pixels = numpy.asarray(picture.convert("RGB")).astype(numpy.int16)
    covered, seen = pixels[:98, :198], pixels[104:, 204:]
    assert int(numpy.abs(covered - numpy.array([0x4B, 0x55, 0x63])).max()) < 12
    assert int(numpy.abs(seen - numpy.array([0x4B, 0x55, 0x63])).max()) > 60


async def test_a_voice_counts_until_its_moment(tmp_path: Path) -> None:
    spoken = a_voice(tmp_path / "voice.webm", "webm", "libopus", a_tone(4))

    made = await render(RenderJob([BLANK], {}, [Voice(spoken, 500, until_ms=2_500)], cut=False), tmp_path / "out")

    loud = heard(made.video) > 0.02
    assert loud[10] and loud[22] and not loud[28:].any()


async def test_a_page_whose_photo_is_gone_is_blank_paper(tmp_path: Path) -> None:
    made = await render(RenderJob([PAGE, a_line(6_000, "a", 2000)], {}), tmp_path)

    assert made.duration_ms > SLOW


async def test_turning_pages_shows_the_other_page_and_back(tmp_path: Path) -> None:
    second = {**BLANK, "page": "p2", "at_ms": 10}
    turns = [{"kind": "turn", "at_ms": at, "author": "t", "page": page} for at, page in ((6_000, "p2"), (7_000, "p1"))]

    made = await render(RenderJob([BLANK, second, a_line(5_000, "a", 2000), *turns], {}, cut=False), tmp_path)

    before, other, after = frames_at(made.video, [5.5, 6.5, 7.5])
    assert is_red(before, 5000, 2000) and not is_red(other, 5000, 2000) and is_red(after, 5000, 2000)


@pytest.mark.parametrize(("form", "codec"), [("webm", "libopus"), ("ipod", "aac")])
async def test_voices_are_heard_when_they_were_spoken(form: str, codec: str, tmp_path: Path) -> None:
    one = a_voice(tmp_path / "one", form, codec, a_tone(2))
    other = a_voice(tmp_path / "other", form, codec, a_tone(2))

    made = await render(RenderJob([BLANK], {}, [Voice(one, 1_000), Voice(other, 5_000)], cut=False), tmp_path / "out")

    loud = heard(made.video) > 0.1
    assert not loud[:9].any() and loud[11:29].all() and not loud[32:49].any() and loud[51:69].all()


async def test_slices_put_together_sound_like_one_voice_and_louder_than_possible_is_held(tmp_path: Path) -> None:
    whole = a_voice(tmp_path / "whole.webm", "webm", "libopus", a_tone(3)).read_bytes()
    slices = [whole[at : at + 1000] for at in range(0, len(whole), 1000)]
    (tmp_path / "joined.webm").write_bytes(b"".join(slices))
    four = [Voice(tmp_path / "joined.webm", 0)] * 4

    made = await render(RenderJob([BLANK], {}, four, cut=False), tmp_path / "out")

    loud = heard(made.video)
    assert (loud[2:28] > 0.5).all() and loud[3:].max() < 1
    four_at_once = mixed([hear(voice) for voice in four], 0, 3_000)
    assert abs(int(numpy.abs(four_at_once.astype(int)).max()) / 32_768 - 10 ** (LOUDEST / 20)) < 0.1


async def test_dead_time_is_cut_where_nobody_speaks_or_draws(tmp_path: Path) -> None:
    spoken = a_voice(tmp_path / "voice.webm", "webm", "libopus", a_tone(12, from_second=6))

    made = await render(RenderJob([BLANK, a_line(17_000, "a", 2000)], {}, [Voice(spoken, 2_000)]), tmp_path / "out")

    assert abs(made.start_ms - 7_500) < 100  # the voice begins at 2 + 6 s; half a second of breath
    assert abs(made.duration_ms - (17_000 + 1_500 - made.start_ms)) < 100
    assert not (heard(made.video)[:4] > 0.1).any() and (heard(made.video)[7:60] > 0.1).all()


async def test_a_silent_answer_has_a_silent_sound_track(tmp_path: Path) -> None:
    made = await render(RenderJob([BLANK, a_line(6_000, "a", 2000)], {}), tmp_path)

    assert heard(made.video).max() == 0


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x1aE\xdf\xa3" + bytes(500)], ids=["empty", "html", "noise"])
async def test_a_voice_that_cannot_be_heard_does_not_lose_the_answer(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "voice").write_bytes(content)

    made = await render(RenderJob([BLANK, a_line(6_000, "a", 2000)], {}, [Voice(tmp_path / "voice")]), tmp_path / "out")

    assert made.duration_ms > SLOW and heard(made.video).max() == 0


class Listener:
    """What a rendering tells meanwhile."""

    def __init__(self) -> None:
        self.news: list[News] = []
        self.begun = asyncio.Event()

    async def __call__(self, news: News) -> None:
        self.news.append(news)
        if isinstance(news, Progress):
            self.begun.set()


async def test_the_voice_is_told_first_and_progress_rises_to_one(tmp_path: Path) -> None:
    listener = Listener()

    made = await render(RenderJob([BLANK, a_line(9_000, "a", 2000)], {}), tmp_path, listener)

    spoken, *rest = listener.news
    assert spoken == Spoken(tmp_path / "voice.m4a", "audio/mp4", made.start_ms, made.duration_ms)
    told = [news.done for news in rest if isinstance(news, Progress)]
    assert told == sorted(told) and told[-1] == 1.0 and len(told) > 20
    assert rest[-1] == Kept(tmp_path / "part-0000.mkv")


async def test_a_film_that_is_taken_up_again_has_the_bytes_of_one_made_at_once(tmp_path: Path) -> None:
    turns = [{"kind": "turn", "at_ms": 31_000, "author": "t", "page": "p2"}]
    late = {**a_line(62_000, "b", 3000), "page": "p2"}
    log = [BLANK, {**BLANK, "page": "p2"}, a_line(29_000, "a", 2000), *turns, late]
    spoken = a_voice(tmp_path / "voice.webm", "webm", "libopus", a_tone(3))
    job = RenderJob(log, {}, [Voice(spoken, 500)], cut=False)
    at_once = await render(job, tmp_path / "1")
    (tmp_path / "2").mkdir()
    for name in ("part-0000.mkv", "part-0001.mkv"):
        (tmp_path / "1" / name).rename(tmp_path / "2" / name)
    listener = Listener()

    again = await render(job, tmp_path / "2", listener)

    assert [news.file.name for news in listener.news if isinstance(news, Kept)] == ["part-0002.mkv"]
    assert again.video.read_bytes() == at_once.video.read_bytes()
    assert again.poster.read_bytes() == at_once.poster.read_bytes()
    (before,) = frames_at(again.video, [30.5])
    (after,) = frames_at(again.video, [63.0])
    assert is_red(before, 7000, 2000) and is_red(after, 7000, 3000) and not is_red(after, 7000, 2000)


def test_parts_are_of_one_job_only(tmp_path: Path) -> None:
    photo, voice = tmp_path / "photo.jpg", tmp_path / "voice"
    photo.write_bytes(b"one")
    voice.write_bytes(b"a")
    job = RenderJob([BLANK], {"m": photo}, [Voice(voice, 5)])
    digests = [job.digest(), RenderJob([BLANK], {"m": photo}, [Voice(voice, 5)]).digest()]
    digests.append(RenderJob([BLANK], {"m": photo}, [Voice(voice, 6)]).digest())
    digests.append(RenderJob([PAGE], {"m": photo}, [Voice(voice, 5)]).digest())
    photo.write_bytes(b"two")
    digests.append(job.digest())

    assert digests[0] == digests[1] and len(set(digests)) == 4


async def test_a_soft_and_a_loud_voice_are_equally_loud_and_noise_stays_noise(tmp_path: Path) -> None:
    heard_as = []
    for name, softer in (("loud", 1), ("soft", 12), ("noise", 3000)):
        voice = a_voice(tmp_path / name, "webm", "libopus", a_tone(6) // softer)
        made = await render(RenderJob([BLANK], {}, [Voice(voice)], cut=False), tmp_path / f"{name}-out")
        heard_as.append(loudness(listened(made.video)))

    loud, soft, noise = heard_as
    assert abs(loud - LOUDNESS) < 1 and abs(soft - LOUDNESS) < 1 and noise < -55


def a_shot(path: Path, seconds: float, start_ms: int, **more: Any) -> Shot:
    """As a lecturer's camera is kept: its beginning, and its parts."""
    made = [data for data, _ in parts_of_camera(io.BytesIO(filmed(seconds, **more)), "matroska", 0.0)]
    path.write_bytes(b"".join(made))
    return Shot(path, start_ms)


async def test_a_camera_is_seen_in_its_corner_while_it_was_on_and_never_upon_ink(tmp_path: Path) -> None:
    up_there = {**a_line(8_500, "up", 600), "points": [[8_400, 600, 0, 500], [9_600, 600, 500, 500]]}
    log = [BLANK, a_line(6_000, "a", 3_000), up_there, erase(10_000, "up"), a_line(14_000, "b", 4_000)]
    shots = [a_shot(tmp_path / "shot", 9.0, 2_000, flashes=[1.0], size=(160, 120)), Shot(tmp_path / "none", 12_000)]
    (tmp_path / "none").write_bytes(b"no film")

    made = await render(RenderJob(log, {}, shots=shots, cut=False), tmp_path / "out")

    left, top, right, bottom = corner(1280)
    before, wall, flash, written, after, gone = (
        frame[top + 4 : bottom - 4, left + 4 : right - 4].mean()
        for frame in frames_at(made.video, [1.5, 4.0, 3.1, 9.3, 10.5, 13.5])
    )
    assert before > 250 and gone > 250  # the board's own white
    assert 40 < wall < 160 and 40 < after < 160 and 200 < flash < 245
    assert 235 < written < 252  # the ink, and no face over it
    (tmp_path / "out" / "answer.mp4").unlink()
    again = await render(RenderJob(log, {}, shots=shots, cut=False), tmp_path / "again")
    assert (
        again.video.stat().st_size == made.size
        and RenderJob(log, {}).digest() != RenderJob(log, {}, shots=shots[:1]).digest()
    )


async def test_what_was_said_in_writing_is_a_track_of_the_film_and_a_file_beside_it(tmp_path: Path) -> None:
    told = [Caption(1_000, 2_500, "先看 <单价>"), Caption(200, 900, "大家好"), Caption(90_000, 91_000, "没有人听到")]

    made = await render(RenderJob([BLANK, a_line(6_000, "a", 2000)], {}, captions=told, cut=False), tmp_path)

    assert made.captions is not None
    assert made.captions.read_text() == (
        "WEBVTT\n\n00:00:00.200 --> 00:00:00.900\n大家好\n\n00:00:01.000 --> 00:00:02.500\n先看 &lt;单价&gt;\n"
    )
    with av.open(str(made.video)) as film:
        (track,) = film.streams.subtitles
        lines = [(packet.pts, packet.duration, bytes(packet)[2:].decode()) for packet in film.demux(track)]
    assert [(pts, lasts, line) for pts, lasts, line in lines if line] == [
        (200, 700, "大家好"),
        (1_000, 1_500, "先看 <单价>"),
    ]


async def test_what_is_cut_out_is_neither_seen_nor_heard_and_its_ink_stays(tmp_path: Path) -> None:
    sound = a_tone(12)
    sound[4 * 48_000 : 8 * 48_000] = 0
    voice = a_voice(tmp_path / "voice", "webm", "libopus", sound)
    log = [BLANK, a_line(7_000, "a", 2000), a_line(11_000, "b", 3000)]
    job = RenderJob(log, {}, [Voice(voice)], cuts=[(4_000, 8_000), (0, 1_000)], cut=False)

    made = await render(job, tmp_path / "out")

    assert abs(made.duration_ms - (12_000 + 1_500 - 5_000)) < 100
    assert (heard(made.video)[1:68] > 0.1).all()
    early, late = frames_at(made.video, [0.5, 3.2])
    assert not is_red(early, 7000, 2000) and is_red(late, 7000, 2000)


async def test_an_operator_can_have_films_without_patents(tmp_path: Path) -> None:
    voice = a_voice(tmp_path / "voice", "webm", "libopus", a_tone(3))

    made = await render(RenderJob([BLANK, a_line(6_000, "a", 2000)], {}, [Voice(voice)], codec="vp9"), tmp_path / "out")

    with av.open(str(made.video)) as film:
        names = [stream.codec_context.name for stream in (film.streams.video[0], film.streams.audio[0])]
        assert names == ["vp9", "opus"] and film.duration is not None
    (frame,) = frames_at(made.video, [5.5])
    assert is_red(frame, 5000, 2000) and (heard(made.video)[6:28] > 0.1).all()


async def test_ink_and_voice_stay_together_to_the_end(tmp_path: Path) -> None:
    """A dot each ten seconds, and a click in the voice at the same moment: half a frame apart at the most."""
    moments = [second * 1000 + 130 for second in range(1, 92, 10)]
    sound = numpy.zeros(93 * 48_000, numpy.int16)
    dots = []
    for n, moment in enumerate(moments):
        at = moment * 48
        sound[at : at + 960] = 16_000 * numpy.sign(numpy.sin(numpy.arange(960) * 2 * numpy.pi * 1000 / 48_000))
        dots.append({**stroke(moment, f"d{n}"), "points": [[500 + 900 * n, 2000, 0, 500]], "color": "#d00000"})
        dots[-1]["width"] = 400
    voice = a_voice(tmp_path / "voice", "webm", "libopus", sound)

    made = await render(RenderJob([BLANK, *dots], {}, [Voice(voice)], cut=False), tmp_path / "out")

    with av.open(str(made.video)) as film:
        first_seen: dict[int, float] = {}
        for frame in film.decode(video=0):
            pixels = frame.to_ndarray(format="rgb24").astype(numpy.uint8)
            for n in range(len(moments)):
                if n not in first_seen and is_red(pixels, 500 + 900 * n, 2000):
                    first_seen[n] = frame.time or 0.0
    loud = numpy.abs(listened(made.video)) > 3000
    clicks = [(numpy.flatnonzero(loud[m * 48 - 9_600 : m * 48 + 9_600])[0] + m * 48 - 9_600) / 48_000 for m in moments]
    apart = [first_seen[n] - clicks[n] for n in range(len(moments))]
    assert max(map(abs, apart)) <= 0.05


async def test_a_job_that_makes_no_sense_fails_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(RenderFailed, match="KeyError"):
        await render(RenderJob([{"kind": "stroke", "at_ms": 1}], {}), tmp_path)


async def test_whoever_stops_waiting_stops_the_rendering(tmp_path: Path) -> None:
    listener = Listener()
    log = [BLANK, *(a_line(at, f"s{at}", 2000) for at in range(5_000, 300_000, 5_000))]
    work = asyncio.create_task(render(RenderJob(log, {}), tmp_path, listener))
    await listener.begun.wait()

    work.cancel()
    await asyncio.wait([work])

    assert work.cancelled()
    assert children() == set()


# Ink


def a_sheet() -> Sheet:
    return Sheet(Page("p", 5625, None), None, (1280, 720))


def wave(tool: str = "pen", pressure: int = 500, color: str = "#000000") -> Stroke:
    points = tuple(
        (1000 + 40 * step, 2500 + round(900 * math.sin(step / 9)), step * 10, pressure) for step in range(200)
    )
    return Stroke("s", "p", tool, color, 60, points)  # type: ignore[arg-type]


def test_ink_drawn_in_any_number_of_steps_is_the_same_ink() -> None:
    at_once, in_steps = a_sheet(), a_sheet()

    at_once.draw(wave(), 0, 200)
    for step in range(200):
        in_steps.draw(wave(), step, step + 1)

    assert at_once.picture.tobytes() == in_steps.picture.tobytes()


def test_what_changed_is_inside_the_box_that_is_reported() -> None:
    sheet = a_sheet()
    for step in range(0, 200, 20):
        before = numpy.asarray(sheet.picture).copy()

        left, top, right, bottom = sheet.draw(wave(), step, step + 20)

        after = numpy.asarray(sheet.picture).copy()
        assert (before != after).any()
        before[top:bottom, left:right] = after[top:bottom, left:right]
        assert (before == after).all()
        assert left % 2 == top % 2 == right % 2 == bottom % 2 == 0


def test_erasing_brings_back_exactly_what_lay_below() -> None:
    sheet = a_sheet()
    sheet.write(Text("x", "p", 1200, 2300, "勾股定理", "#004080", 500))
    before = sheet.picture.tobytes()

    sheet.draw(wave("highlighter", color="#ffe000"), 0, 200)
    assert sheet.picture.tobytes() != before
    sheet.erase("s")

    assert sheet.picture.tobytes() == before


def test_pressing_harder_draws_wider_but_not_with_a_highlighter() -> None:
    def ink(tool: str, pressure: int) -> int:
        sheet = a_sheet()
        sheet.draw(wave(tool, pressure), 0, 200)
        return int((numpy.asarray(sheet.picture)[:, :, 0] < 200).sum())

    assert ink("pen", 1000) > 1.5 * ink("pen", 100)
    assert ink("highlighter", 1000) == ink("highlighter", 100)


def test_a_highlighter_lets_the_writing_through_and_does_not_darken_over_itself() -> None:
    sheet = a_sheet()
    sheet.draw(wave("pen"), 0, 200)
    there_and_back = wave("highlighter", color="#ffe000").points + wave().points[::-1]

    sheet.draw(Stroke("h", "p", "highlighter", "#ffe000", 400, there_and_back), 0, 400)

    colours = {tuple(colour) for _, colour in sheet.picture.getcolors(1 << 20) or () if isinstance(colour, tuple)}
    assert (0, 0, 0) in colours and (255, 242, 145) in colours
    assert min(blue for red, green, blue in colours if (red, green) == (255, 242)) == 145


def test_ink_beyond_the_edge_of_the_frame_is_cut_off_quietly() -> None:
    sheet = a_sheet()
    off = Stroke(
        "s", "p", "pen", "#000000", 60, ((-500, -500, 0, 500), (10_500, 49_000, 10, 500), (-400, 49_000, 20, 0))
    )

    sheet.draw(off, 0, 3)

    assert sheet.picture.size == (1280, 720)


def test_long_text_is_broken_at_the_edge_of_the_page() -> None:
    sheet = a_sheet()

    box = sheet.write(Text("x", "p", 5000, 500, "因为三角形的内角和等于一百八十度，" * 4, "#000000", 400))

    assert box[2] <= 1280 and box[3] - box[1] > 3 * 400 * PIXEL


def test_the_font_has_what_a_lesson_needs() -> None:
    missing = bytes(cjk_font(40).getmask("\U000f0000"))

    for letter in "答疑饕餮龘αβθπΩ∠△⊥∥≌∽≤≥≠≈±×÷√∞∫∑→⇌°℃①½∵∴∈∅Å":
        assert bytes(cjk_font(40).getmask(letter)) != missing, letter
    assert sum(bytes(cjk_font(40, bold=True).getmask("答"))) > sum(bytes(cjk_font(40).getmask("答")))


@pytest.mark.parametrize(("small", "plain", "above"), [("H₂", "H2", False), ("x²", "x2", True), ("c⁻", "c−", True)])
def test_indices_hang_below_the_line_and_powers_stand_above(small: str, plain: str, above: bool) -> None:
    def middle(line: str) -> float:
        paper = Image.new("L", (200, 100))
        write(ImageDraw.Draw(paper), (0, 0), line, 60, 255)
        last = numpy.asarray(paper)[:, math.ceil(width(line[0], 60)) :]
        rows = numpy.flatnonzero(last.max(axis=1))
        return float(rows.mean())

    assert (middle(small) < middle(plain)) == above
    assert width(small, 60) < width(plain, 60)


def test_a_job_can_be_read_again_from_its_file(tmp_path: Path) -> None:
    path = Path(_write_job(RenderJob([BLANK], {"m": tmp_path / "m.jpg"}, [Voice(tmp_path / "v")]), tmp_path))

    told = json.loads(path.read_text())
    assert told["voices"] == [{"path": str(tmp_path / "v"), "start_ms": 0, "until_ms": None}] and told["images"] == {
        "m": str(tmp_path / "m.jpg")
    }
