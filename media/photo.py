"""A picture decoded and painted anew: upright, in sRGB, without a word about who took it where."""

from __future__ import annotations

import warnings
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pi_heif
from PIL import ExifTags, Image, ImageCms

from media.limits import Damaged, Limits, NotAPhoto, TooManyPixels

PHOTO_SIDE, THUMBNAIL_SIDE = 2048, 480  # pixels, longer side
PHOTO_QUALITY, THUMBNAIL_QUALITY = 85, 80


def remake(source: Path, out: Path, limits: Limits) -> dict[str, Any]:
    form = _photo_format(head(source))
    if form == "HEIF":
        pi_heif.register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = limits.photo_pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(source, formats=(form,)) as opened:
            if opened.width * opened.height > limits.photo_pixels:
                raise TooManyPixels
            opened.draft(opened.mode, (PHOTO_SIDE, PHOTO_SIDE))
            photo = _upright(opened)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise TooManyPixels from None
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError, TypeError, IndexError, KeyError):
        raise Damaged from None  # what the decoders raise for bytes that are no picture
    photo.thumbnail((PHOTO_SIDE, PHOTO_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    write_jpeg(photo, out / "photo.jpg", PHOTO_QUALITY)
    width, height = photo.size
    write_thumbnail(photo, out / "thumbnail.jpg")
    return {
        "file": "photo.jpg",
        "content_type": "image/jpeg",
        "thumbnail": "thumbnail.jpg",
        "width": width,
        "height": height,
    }


def _photo_format(head: bytes) -> str:
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"heim", b"heis", b"mif1"):
        return "HEIF"
    raise NotAPhoto


def _upright(opened: Image.Image) -> Image.Image:
    """The first frame alone: upright, in sRGB, on white paper, in a new image that carries nothing else."""
    turn = _turn(opened)
    profile = opened.info.get("icc_profile")
    flat = _in_srgb(_flat(opened), profile)
    if turn is not None:
        flat = flat.transpose(turn)
    clean = Image.new("RGB", flat.size)
    clean.paste(flat)
    return clean


def _turn(opened: Image.Image) -> Image.Transpose | None:
    """What stands the picture upright, by its EXIF orientation."""
    turns = Image.Transpose
    by_orientation = (
        *(None, None, turns.FLIP_LEFT_RIGHT, turns.ROTATE_180, turns.FLIP_TOP_BOTTOM),
        *(turns.TRANSPOSE, turns.ROTATE_270, turns.TRANSVERSE, turns.ROTATE_90),
    )
    # A camera's broken EXIF is no reason to refuse a pupil's photo: it is then shown as it lies.
    with suppress(Exception):
        return by_orientation[opened.getexif().get(ExifTags.Base.Orientation, 1)]
    return None


def _flat(opened: Image.Image) -> Image.Image:
    if opened.mode.startswith("I"):  # 16-bit grey: Pillow would clip it to white
        return opened.convert("I").point([value // 256 for value in range(65536)], "L")
    if opened.mode in ("RGB", "L", "CMYK"):
        return opened
    if opened.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in opened.info:
        ink = opened.convert("RGBA")
        paper = Image.new("RGB", ink.size, "white")
        paper.paste(ink, mask=ink.getchannel("A"))
        return paper
    return opened.convert("RGB")


def _in_srgb(flat: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        # A profile that lies about its colours is left out, as every viewer does.
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            told = ImageCms.ImageCmsProfile(BytesIO(profile))
            shown = ImageCms.profileToProfile(flat, told, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if shown is not None:
                return shown
    return flat.convert("RGB")


def write_thumbnail(image: Image.Image, path: Path) -> None:
    small = image.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    write_jpeg(small, path, THUMBNAIL_QUALITY)


def head(source: Path) -> bytes:
    """The magic bytes."""
    with source.open("rb") as opened:
        return opened.read(16)


def write_jpeg(image: Image.Image, path: Path, quality: int) -> None:
    # Through memory: Pillow writing to a file itself takes a full disk for success and leaves half a picture.
    written = BytesIO()
    image.save(written, "JPEG", quality=quality, optimize=True, progressive=False)
    path.write_bytes(written.getbuffer())
