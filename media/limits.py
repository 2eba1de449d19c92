"""What an upload may be, and what a pupil is told when it is not."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from typing import ClassVar

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Bytes, pixels and seconds. `memory` is address space: 40 MP with transparency and a 1080p film were each taken
    with 640 MiB and refused with 512; 4K films take more.
    """

    photo_bytes: int = 20 * MIB
    voice_bytes: int = 20 * MIB
    video_bytes: int = 100 * MIB
    material_bytes: int = 50 * MIB
    material_pages: int = 50  # a board has sixty
    photo_pixels: int = 40_000_000
    frame_pixels: int = 4096 * 2304
    voice_seconds: float = 300
    video_seconds: float = 60
    memory: int = 2048 * MIB
    cpu_seconds: int = 240
    wall_seconds: float = 180
    written_bytes: int = 256 * MIB
    open_files: int = 64


USUAL = Limits()


def confine(limits: Limits) -> None:
    """Puts this process, and whatever it starts, under the limits, for good."""
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.written_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    os.nice(5)


class Refused(Exception):
    """这个文件不能用，请换一个再试。"""

    code: ClassVar[str] = "refused"
    zh: ClassVar[str]
    en: ClassVar[str] = "This file can't be used. Please try another one."

    def __init_subclass__(cls) -> None:
        cls.zh = cls.__doc__ or ""


class EmptyFile(Refused):
    """这个文件是空的，请重新拍一张或录一段。"""

    code = "empty"
    en = "This file is empty. Please take or record it again."


class TooManyBytes(Refused):
    """这个文件太大了，请拍小一点或录短一点。"""

    code = "too_many_bytes"
    en = "This file is too big. Please take a smaller picture or record less."


class NotAPhoto(Refused):
    """这不是照片。请用相机拍一张，或者从相册里选一张。"""

    code = "not_a_photo"
    en = "This is not a photo. Please take one with the camera or pick one from the album."


class NotAVoice(Refused):
    """这不是录音。请按住话筒重新录一段。"""

    code = "not_a_voice"
    en = "This is not a voice recording. Please press the microphone and record again."


class NotAVideo(Refused):
    """这不是视频。请用相机重新录一段。"""

    code = "not_a_video"
    en = "This is not a video. Please record one with the camera."


class NotADocument(Refused):
    """这不是 PDF。请把讲义另存为 PDF 再传。"""

    code = "not_a_document"
    en = "This is not a PDF. Please save your material as PDF and upload that."


class TooManyPages(Refused):
    """这份讲义页数太多，最多 50 页。"""

    code = "too_many_pages"
    en = "This has too many pages; at most 50."


class TooManyPixels(Refused):
    """这个画面太大了，请用普通模式重新拍。"""

    code = "too_many_pixels"
    en = "This picture has too many pixels. Please take it again in the normal mode."


class TooLong(Refused):
    """录得太长了，请录短一点，把问题说清楚就好。"""

    code = "too_long"
    en = "This recording is too long. Please make it shorter: just say what you need to ask."


class Damaged(Refused):
    """这个文件坏了，打不开。请重新拍一张或录一段。"""

    code = "damaged"
    en = "This file is broken and can't be opened. Please take or record it again."


class NoSound(Refused):
    """里面没有声音。请检查话筒，再录一次。"""

    code = "no_sound"
    en = "There is no sound in it. Please check the microphone and record again."


class TooHeavy(Refused):
    """这个文件处理起来太费劲了，请换一个再试。"""

    code = "too_heavy"
    en = "This file takes too much work to open. Please try another one."


Refused.zh = Refused.__doc__ or ""
_EVERY: list[type[Refused]] = [Refused, *Refused.__subclasses__()]
REFUSALS = {refusal.code: refusal for refusal in _EVERY}
