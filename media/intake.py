"""Makes an upload safe: decoded and written anew in a limited child process, or refused in plain words."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from media.limits import REFUSALS, USUAL, Damaged, EmptyFile, Limits, Refused, TooHeavy, TooManyBytes, confine

__all__ = ["Kind", "Limits", "Refused", "Taken", "take_in"]

_HOME = Path(__file__).resolve().parent.parent  # where the child finds this package


class Kind(StrEnum):
    PHOTO = "photo"
    VOICE = "voice"
    VIDEO = "video"
    MATERIAL = "material"


@dataclass(frozen=True, slots=True)
class Taken:
    """A file of ours made from an upload. Sizes in pixels (0 for voice), peaks 0…255 (voice only), pages with their
    sizes (material only; `file` is the first)."""

    kind: Kind
    file: Path
    content_type: str
    size: int
    thumbnail: Path | None = None
    width: int = 0
    height: int = 0
    duration_ms: int = 0
    peaks: tuple[int, ...] = ()
    pages: tuple[tuple[int, int], ...] = ()
    page_texts: tuple[str, ...] = ()


async def take_in(source: Path, kind: Kind, out_dir: Path, limits: Limits = USUAL) -> Taken:
    """
    Decodes the upload and writes our own files into out_dir (made if missing): `photo.jpg` upright, sRGB, ≤ 2048 px,
    or `voice.m4a` (AAC, mono), or `video.mp4` (H.264 + AAC, ≤ 1280 px), or `page-001.jpg`, … of a PDF; `thumbnail.jpg`
    beside a photo or video.
    Nothing but the picture and the sound survives. Raises a subclass of Refused, or OSError when our disk is full;
    then out_dir holds none of them.
    """
    _prepare(source, kind, out_dir, limits)
    try:
        answer = await _ask_child(source, kind, out_dir, limits)
    except BaseException:
        _clear(out_dir)
        raise
    return _taken(kind, out_dir, answer)


def _prepare(source: Path, kind: Kind, out_dir: Path, limits: Limits) -> None:
    size = source.stat().st_size
    most = {
        Kind.PHOTO: limits.photo_bytes,
        Kind.VOICE: limits.voice_bytes,
        Kind.VIDEO: limits.video_bytes,
        Kind.MATERIAL: limits.material_bytes,
    }
    if size == 0:
        raise EmptyFile
    if size > most[kind]:
        raise TooManyBytes
    out_dir.mkdir(parents=True, exist_ok=True)


def _clear(out_dir: Path) -> None:
    for name in ("photo.jpg", "voice.m4a", "video.mp4", "thumbnail.jpg"):
        (out_dir / name).unlink(missing_ok=True)
    for page in out_dir.glob("page-*.jpg"):
        page.unlink()


def _taken(kind: Kind, out_dir: Path, answer: dict[str, Any]) -> Taken:
    file = out_dir / answer["file"]
    return Taken(
        kind=kind,
        file=file,
        content_type=answer["content_type"],
        size=file.stat().st_size,
        thumbnail=out_dir / answer["thumbnail"] if "thumbnail" in answer else None,
        width=answer.get("width", 0),
        height=answer.get("height", 0),
        duration_ms=answer.get("duration_ms", 0),
        peaks=tuple(answer.get("peaks", ())),
        pages=tuple((width, height) for width, height in answer.get("pages", ())),
        page_texts=tuple(answer.get("page_texts", ())),
    )


def _command(source: Path, kind: Kind, out_dir: Path, limits: Limits) -> list[str]:
    where = {"source": str(source.absolute()), "out": str(out_dir.absolute())}
    job = {"kind": kind, **where, "limits": asdict(limits)}
    return [sys.executable, "-m", "media.intake", json.dumps(job)]


async def _ask_child(source: Path, kind: Kind, out_dir: Path, limits: Limits) -> dict[str, Any]:
    child = await asyncio.create_subprocess_exec(
        *_command(source, kind, out_dir, limits),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=out_dir,
        start_new_session=True,
        env={
            "PATH": os.defpath,
            "PYTHONPATH": str(_HOME),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OPENBLAS_NUM_THREADS": "1",
        },
    )
    try:
        said, cried = await asyncio.wait_for(child.communicate(), limits.wall_seconds)
    except TimeoutError:
        raise TooHeavy from None
    finally:
        # The whole group, and also on success: nothing that an upload started may outlive it.
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGXFSZ):
        raise TooHeavy
    if child.returncode != 0:
        # A decoder that dies of its input, or a mistake of ours: the pupil hears one thing, the log the other.
        raise Damaged from RuntimeError(cried[-2000:].decode(errors="replace"))
    answer: dict[str, Any] = json.loads(said)
    if "full" in answer:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if "refused" in answer:
        raise REFUSALS[answer["refused"]]
    return answer


# In the child


def main() -> None:
    job = json.loads(sys.argv[1])
    limits = Limits(**job["limits"])
    confine(limits)
    try:
        answer = _remake(Kind(job["kind"]), Path(job["source"]), Path(job["out"]), limits)
    except Refused as refusal:
        answer = {"refused": refusal.code}
    except MemoryError:
        answer = {"refused": TooHeavy.code}
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        answer = {"refused": TooHeavy.code} if error.errno == errno.EFBIG else {"full": True}
    print(json.dumps(answer))


def _remake(kind: Kind, source: Path, out: Path, limits: Limits) -> dict[str, Any]:
    # The codecs load only now, under the limits; the parent never needs them.
    if kind is Kind.PHOTO:
        from media import photo

        return photo.remake(source, out, limits)
    if kind is Kind.MATERIAL:
        from media import pdf

        return pdf.remake(source, out, limits)
    from media import recording

    return (recording.remake_voice if kind is Kind.VOICE else recording.remake_video)(source, out, limits)


if __name__ == "__main__":
    main()
