"""What a phone sends is made safe; what an ill-wisher sends is refused in words."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import av.container
import psutil
import pytest
from PIL import Image, ImageCms

from media.intake import Kind, Taken, take_in
from media.limits import (
    REFUSALS,
    USUAL,
    Damaged,
    EmptyFile,
    NoSound,
    NotAPhoto,
    NotAVideo,
    NotAVoice,
    Refused,
    TooHeavy,
    TooLong,
    TooManyBytes,
    TooManyPixels,
)
from tests.media.uploads import (
    LOCATION,
    a_bomb,
    a_film,
    a_heic,
    a_picture,
    a_tone,
    a_voice,
    exif,
    saved,
    turned_right,
)

RED, BLUE, WHITE = (254, 0, 0), (0, 0, 254), (255, 255, 255)


async def photo_of(content: bytes, folder: Path) -> Taken:
    return await take_in(a_file(content, folder), Kind.PHOTO, folder / "out")


def a_file(content: bytes, folder: Path, name: str = "upload.jpg") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def near(seen: object, wanted: tuple[int, int, int], slack: int = 12) -> bool:
    assert isinstance(seen, tuple)
    return all(abs(one - other) <= slack for one, other in zip(seen, wanted, strict=True))


def first_frame(film: av.container.InputContainer) -> Image.Image:
    frame = next(film.decode(video=0))
    assert frame.rotation == 0
    return Image.fromarray(frame.to_ndarray(format="rgb24"))


# Photos


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_a_photo_becomes_a_jpeg_and_a_thumbnail(form: str, tmp_path: Path) -> None:
    taken = await photo_of(saved(a_picture(3000, 2000), form), tmp_path)

    assert (taken.width, taken.height, taken.content_type) == (2048, 1365, "image/jpeg")
    assert taken.thumbnail is not None and taken.size == taken.file.stat().st_size
    with Image.open(taken.file) as photo, Image.open(taken.thumbnail) as thumbnail:
        assert (photo.format, photo.size, photo.mode) == ("JPEG", (2048, 1365), "RGB")
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (480, 320))
        assert near(photo.getpixel((5, 5)), RED)


async def test_a_small_photo_is_not_enlarged(tmp_path: Path) -> None:
    taken = await photo_of(saved(a_picture(300, 200), "PNG"), tmp_path)

    assert (taken.width, taken.height) == (300, 200)


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_photo_stands_upright_and_says_nothing_of_where_it_was_taken(orientation: int, tmp_path: Path) -> None:
    upright = a_picture(400, 300)
    undo = [None, None, 0, 3, 1, 5, 2, 6, 4][orientation]  # Pillow's transposition that a camera would have undone
    lying = upright if undo is None else upright.transpose(Image.Transpose(undo))

    taken = await photo_of(saved(lying, "JPEG", exif=exif(orientation), quality=95), tmp_path)

    with Image.open(taken.file) as photo:
        assert photo.size == (400, 300)
        assert near(photo.getpixel((5, 5)), RED) and near(photo.getpixel((395, 295)), BLUE)
        assert not photo.getexif() and set(photo.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert taken.thumbnail is not None
    for file in (taken.file, taken.thumbnail):
        assert LOCATION.encode() not in file.read_bytes()
        assert b"Exif" not in file.read_bytes()


async def test_a_heic_photo_is_accepted_turned_and_stripped(tmp_path: Path) -> None:
    heic = a_heic(a_picture(320, 240), turned=3)  # three quarters counter-clockwise: one clockwise
    assert LOCATION.encode() in heic

    taken = await photo_of(heic, tmp_path)

    with Image.open(taken.file) as photo:
        assert photo.size == (240, 320)
        assert near(photo.getpixel((235, 5)), RED, 40) and near(photo.getpixel((5, 315)), BLUE, 40)
    assert LOCATION.encode() not in taken.file.read_bytes()


async def test_what_was_transparent_is_white_paper(tmp_path: Path) -> None:
    picture = a_picture().convert("RGBA")
    picture.putalpha(0)

    taken = await photo_of(saved(picture, "PNG"), tmp_path)

    with Image.open(taken.file) as photo:
        assert near(photo.getpixel((5, 5)), WHITE)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16"])
async def test_every_way_of_storing_colour_is_understood(mode: str, tmp_path: Path) -> None:
    grey = Image.new("L", (64, 64), 128)
    picture = Image.new("I;16", (64, 64), 128 * 256) if mode == "I;16" else grey.convert("RGB").convert(mode)

    taken = await photo_of(saved(picture, "JPEG" if mode == "CMYK" else "PNG"), tmp_path)

    with Image.open(taken.file) as photo:
        middle = photo.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        assert near(middle, (128, 128, 128), 16)


async def test_colours_are_turned_into_srgb_and_a_broken_profile_is_left_out(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    for profile in (lab, b"not a profile", lab[:200]):
        taken = await photo_of(saved(a_picture(), "JPEG", icc_profile=profile), tmp_path)
        with Image.open(taken.file) as photo:
            assert "icc_profile" not in photo.info
            assert near(photo.getpixel((5, 5)), RED)


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?php system($_GET['c']); ?>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"SIMPLE  =                    T / FITS",
        b"GIF89a" + bytes(40),
        b"BM" + bytes(60),
        b"x",
    ],
    ids=["html", "svg", "php", "eps", "fits", "gif", "bmp", "one byte"],
)
async def test_what_is_only_named_jpg_is_no_photo(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotAPhoto):
        await photo_of(content, tmp_path)


async def test_a_tiff_named_jpg_is_no_photo(tmp_path: Path) -> None:
    with pytest.raises(NotAPhoto):
        await photo_of(saved(a_picture(), "TIFF"), tmp_path)


@pytest.mark.parametrize("magic", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"\0\0\0\x18ftypheic"])
async def test_the_head_of_a_photo_and_the_body_of_a_script_are_refused(magic: bytes, tmp_path: Path) -> None:
    with pytest.raises(Damaged):
        await photo_of(magic + b"<?php system($_GET['c']); ?>" * 50, tmp_path)


@pytest.mark.parametrize(("width", "height"), [(100_000, 100_000), (8_000, 5_001), (2**31 - 1, 1)])
async def test_a_picture_of_too_many_pixels_is_refused_unopened(width: int, height: int, tmp_path: Path) -> None:
    with pytest.raises(TooManyPixels):
        await photo_of(a_bomb(width, height), tmp_path)


async def test_a_picture_of_forty_million_pixels_becomes_a_page(tmp_path: Path) -> None:
    taken = await photo_of(saved(a_picture(8_000, 5_000), "JPEG"), tmp_path)

    assert (taken.width, taken.height) == (2048, 1280)


async def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    for kind in Kind:
        with pytest.raises(EmptyFile):
            await take_in(a_file(b"", tmp_path), kind, tmp_path / "out")


async def test_a_file_over_its_size_is_refused_unopened(tmp_path: Path) -> None:
    for kind, most in ((Kind.PHOTO, 20), (Kind.VOICE, 20), (Kind.VIDEO, 100)):
        upload = a_file(b"", tmp_path)
        os.truncate(upload, most * 1024 * 1024 + 1)
        with pytest.raises(TooManyBytes):
            await take_in(upload, kind, tmp_path / "out")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_a_photo_that_was_cut_off_is_damaged(form: str, tmp_path: Path) -> None:
    whole = saved(Image.effect_noise((300, 300), 80).convert("RGB"), form)

    with pytest.raises(Damaged):
        await photo_of(whole[: len(whole) // 2], tmp_path)


async def test_a_heic_that_was_cut_off_is_damaged(tmp_path: Path) -> None:
    whole = a_heic(a_picture(320, 240))

    with pytest.raises(Damaged):
        await photo_of(whole[: len(whole) * 2 // 3], tmp_path)


# Voice


@pytest.mark.parametrize(
    ("form", "codec"),
    [("webm", "libopus"), ("ogg", "libopus"), ("ipod", "aac"), ("mp3", "libmp3lame"), ("wav", "pcm_s16le")],
)
async def test_a_voice_becomes_aac_with_its_length_and_its_shape(form: str, codec: str, tmp_path: Path) -> None:
    upload = a_voice(tmp_path / "upload", form, codec, a_tone(3, from_second=1.5))

    taken = await take_in(upload, Kind.VOICE, tmp_path / "out")

    assert abs(taken.duration_ms - 3000) < 60 and taken.content_type == "audio/mp4"
    assert len(taken.peaks) == 64 and max(taken.peaks) == 255
    assert max(taken.peaks[:29]) < 30 and min(taken.peaks[35:62]) > 200
    with av.open(str(taken.file)) as made:
        track = made.streams.audio[0]
        assert (track.codec_context.name, track.rate, track.channels) == ("aac", 48_000, 1)
        assert made.duration is not None and abs(made.duration / 1000 - 3000) < 80
        assert made.streams.video == ()


async def test_silence_is_flat(tmp_path: Path) -> None:
    taken = await take_in(
        a_voice(tmp_path / "upload", "wav", "pcm_s16le", a_tone(1, from_second=9)), Kind.VOICE, tmp_path / "out"
    )

    assert set(taken.peaks) == {0}


async def test_a_voice_longer_than_five_minutes_is_refused_by_what_it_says(tmp_path: Path) -> None:
    six_minutes = a_voice(tmp_path / "upload", "mp3", "libmp3lame", a_tone(330, 8_000), 8_000)

    with pytest.raises(TooLong):
        await take_in(six_minutes, Kind.VOICE, tmp_path / "out")


async def test_a_voice_that_hides_its_length_is_refused_by_counting(tmp_path: Path) -> None:
    live = a_voice(tmp_path / "upload", "webm", "libopus", a_tone(33, 8_000), 8_000, live="1")
    with av.open(str(live)) as recorded:
        assert recorded.duration is None

    with pytest.raises(TooLong):
        await take_in(live, Kind.VOICE, tmp_path / "out", replace(USUAL, voice_seconds=30))

    assert list((tmp_path / "out").iterdir()) == []


async def test_a_voice_that_was_cut_off_keeps_what_was_said(tmp_path: Path) -> None:
    whole = a_voice(tmp_path / "whole", "webm", "libopus", a_tone(4)).read_bytes()

    taken = await take_in(a_file(whole[: len(whole) // 2], tmp_path), Kind.VOICE, tmp_path / "out")

    assert 1000 < taken.duration_ms < 3000


async def test_a_film_without_sound_is_no_voice(tmp_path: Path) -> None:
    upload = a_film(tmp_path / "upload", "mp4", ("libx264", None), 1, (64, 64))

    with pytest.raises(NoSound):
        await take_in(upload, Kind.VOICE, tmp_path / "out")


# Video


async def test_a_phones_film_becomes_an_mp4_that_plays_at_once(tmp_path: Path) -> None:
    upload = a_film(tmp_path / "upload", "mp4", ("libx264", "aac"), 3, (1920, 1080))

    taken = await take_in(upload, Kind.VIDEO, tmp_path / "out")

    assert (taken.width, taken.height, taken.content_type) == (1280, 720, "video/mp4")
    assert abs(taken.duration_ms - 3000) < 100
    content = taken.file.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(taken.file)) as made:
        picture, sound = made.streams.video[0], made.streams.audio[0]
        assert (picture.codec_context.name, sound.codec_context.name) == ("h264", "aac")
        assert picture.frames == 75 and float(picture.start_time or 0) == 0
        assert near(first_frame(made).getpixel((10, 10)), RED, 20)
    assert taken.thumbnail is not None
    with Image.open(taken.thumbnail) as poster:
        assert poster.size == (480, 270)


async def test_a_browsers_film_without_sound_is_accepted(tmp_path: Path) -> None:
    upload = a_film(tmp_path / "upload", "webm", ("libvpx", None), 2, (320, 240))

    taken = await take_in(upload, Kind.VIDEO, tmp_path / "out")

    assert (taken.width, taken.height) == (320, 240)
    with av.open(str(taken.file)) as made:
        assert made.streams.audio == ()


async def test_a_film_taken_upright_stays_upright(tmp_path: Path) -> None:
    lying = a_film(tmp_path / "lying", "mp4", ("libx264", None), 1, (640, 480)).read_bytes()

    taken = await take_in(a_file(turned_right(lying), tmp_path), Kind.VIDEO, tmp_path / "out")

    assert (taken.width, taken.height) == (480, 640)
    with av.open(str(taken.file)) as made:
        assert near(first_frame(made).getpixel((470, 10)), RED, 20)


async def test_a_film_longer_than_a_minute_is_refused(tmp_path: Path) -> None:
    upload = a_film(tmp_path / "upload", "mp4", ("libx264", None), 63, (64, 64))

    with pytest.raises(TooLong):
        await take_in(upload, Kind.VIDEO, tmp_path / "out")


@pytest.mark.parametrize(
    "playlist",
    [
        "ffconcat version 1.0\nfile '{secret}'\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{secret}\n#EXT-X-ENDLIST\n",
        "<?xml version='1.0'?><MPD><BaseURL>file://{secret}</BaseURL></MPD>",
    ],
    ids=["ffconcat", "m3u8", "dash"],
)
async def test_a_playlist_named_mp4_opens_nothing(playlist: str, tmp_path: Path) -> None:
    secret = a_film(tmp_path / "secret.mp4", "mp4", ("libx264", "aac"), 1, (64, 64))
    upload = a_file(playlist.format(secret=secret).encode(), tmp_path, "upload.mp4")

    with pytest.raises(NotAVideo):
        await take_in(upload, Kind.VIDEO, tmp_path / "out")
    with pytest.raises(NotAVoice):
        await take_in(upload, Kind.VOICE, tmp_path / "out")


async def test_a_film_that_was_cut_off_before_its_index_is_damaged(tmp_path: Path) -> None:
    whole = a_film(tmp_path / "whole", "mp4", ("libx264", None), 2, (64, 64)).read_bytes()

    with pytest.raises(Damaged):
        await take_in(a_file(whole[: len(whole) * 2 // 3], tmp_path), Kind.VIDEO, tmp_path / "out")


async def test_a_photo_is_no_film_and_a_film_no_photo(tmp_path: Path) -> None:
    with pytest.raises(NotAVideo):
        await take_in(a_file(saved(a_picture(), "JPEG"), tmp_path), Kind.VIDEO, tmp_path / "out")
    film = a_film(tmp_path / "film", "mp4", ("libx264", None), 1, (64, 64))
    with pytest.raises(NotAPhoto):
        await take_in(film, Kind.PHOTO, tmp_path / "out")


# The child


async def test_a_file_that_takes_too_long_is_given_up_and_its_process_is_gone(tmp_path: Path) -> None:
    upload = a_film(tmp_path / "upload", "mp4", ("libx264", None), 20, (640, 480))

    with pytest.raises(TooHeavy):
        await take_in(upload, Kind.VIDEO, tmp_path / "out", replace(USUAL, wall_seconds=0.4))

    assert children() == set()
    assert list((tmp_path / "out").iterdir()) == []


async def test_whoever_stops_waiting_stops_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = a_film(tmp_path / "upload", "mp4", ("libx264", None), 20, (640, 480))
    started, begin = asyncio.Event(), asyncio.create_subprocess_exec

    async def watched(*command: str, **how: Any) -> asyncio.subprocess.Process:
        child = await begin(*command, **how)
        started.set()
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", watched)
    work = asyncio.create_task(take_in(upload, Kind.VIDEO, tmp_path / "out"))
    await started.wait()
    assert children() != set()

    work.cancel()
    await asyncio.wait([work])

    assert work.cancelled() and children() == set()


@pytest.mark.parametrize("tight", [{"memory": 200 << 20}, {"written_bytes": 10_000}, {"open_files": 3}], ids=str)
async def test_a_photo_that_wants_more_than_its_share_is_refused(tight: dict[str, int], tmp_path: Path) -> None:
    upload = a_file(saved(a_picture(6000, 6000), "PNG"), tmp_path)

    with pytest.raises(Refused):
        await take_in(upload, Kind.PHOTO, tmp_path / "out", replace(USUAL, **tight))

    assert list((tmp_path / "out").iterdir()) == []


async def test_a_film_that_wants_more_than_its_share_is_refused(tmp_path: Path) -> None:
    upload = a_film(tmp_path / "upload", "mp4", ("libx264", None), 8, (1280, 720))

    with pytest.raises(TooHeavy):
        await take_in(upload, Kind.VIDEO, tmp_path / "out", replace(USUAL, cpu_seconds=1))


async def test_a_full_disk_is_our_trouble_and_not_a_bad_file(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "photo.jpg").symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left"):
        await photo_of(saved(a_picture(), "JPEG"), tmp_path)
    assert list((tmp_path / "out").iterdir()) == []

    (tmp_path / "out" / "voice.m4a").symlink_to("/dev/full")
    spoken = a_voice(tmp_path / "spoken", "wav", "pcm_s16le", a_tone(1))
    with pytest.raises(OSError, match="No space left"):
        await take_in(spoken, Kind.VOICE, tmp_path / "out")


def test_every_refusal_speaks_to_a_child_in_two_languages() -> None:
    for code, refusal in REFUSALS.items():
        assert refusal.code == code
        assert refusal.zh == refusal.__doc__ and refusal.zh.endswith("。")
        assert refusal.en.endswith(".") and refusal.en.isascii()
    assert len({refusal.zh for refusal in REFUSALS.values()}) == len(REFUSALS) == len(Refused.__subclasses__()) + 1


def children() -> set[int]:
    """Our own children that work on media; the run's servers are children too."""
    found = set()
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            found |= {child.pid} if any("media." in part for part in child.cmdline()) else set()
    return found
