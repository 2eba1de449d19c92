"""What was said, in writing: as WebVTT beside a film, and as the film's own track."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape, unescape
from typing import Any

import av

MS = Fraction(1, 1000)

# FFmpeg's encoder for MP4's own captions wants the head of an ASS script, though the packets below are made by hand.
_HEAD = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@dataclass(frozen=True, slots=True)
class Caption:
    """From and to in ms, of the session or of the film."""

    start_ms: int
    end_ms: int
    text: str


def within(captions: Sequence[Caption], start_ms: int, duration_ms: int) -> list[Caption]:
    """Those of the session that fall into a film of it, by the film's clock, in order."""
    moved = [
        Caption(max(0, each.start_ms - start_ms), min(duration_ms, each.end_ms - start_ms), each.text.strip())
        for each in captions
    ]
    return sorted((each for each in moved if each.start_ms < each.end_ms and each.text), key=lambda c: c.start_ms)


def webvtt(captions: Sequence[Caption]) -> str:
    blocks = [
        f"{_clock(each.start_ms)} --> {_clock(each.end_ms)}\n{escape(' '.join(each.text.split()), quote=False)}\n"
        for each in captions
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _clock(ms: int) -> str:
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def add_track(target: Any) -> Any:
    """A captions track of an MP4."""
    track: Any = target.add_stream("mov_text")
    track.codec_context.subtitle_header = _HEAD
    track.time_base = MS
    return track


def packets(track: Any, captions: Sequence[Caption]) -> Iterator[tuple[float, Any]]:
    """Each with its time in seconds. MP4's text samples are a length of two bytes and the text."""
    for each in captions:
        text = each.text.encode()[:65_535]
        packet: Any = av.Packet(len(text).to_bytes(2, "big") + text)
        packet.stream, packet.time_base = track, MS
        packet.pts = packet.dts = each.start_ms
        packet.duration = each.end_ms - each.start_ms
        yield each.start_ms / 1000, packet


# --- what a lecturer brings ----------------------------------------------------------------------------------------

MOST_BYTES = 1024 * 1024
MOST_CUES = 6_000
CUE = 300  # characters
SLACK_MS = 5_000  # that a cue may end after what it belongs to

_TIME = r"(?:(\d{2,3}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t].*)?", re.ASCII)
_TAG = re.compile(r"<[^<>]{0,200}>")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file, and in which line."""

    line: int
    zh: str
    en: str

    def __str__(self) -> str:
        return f"第 {self.line} 行：{self.zh} (line {self.line}: {self.en})"


def read_webvtt(data: bytes, lasts_ms: int) -> tuple[list[Caption], list[Fault]]:
    """The cues as plain text, in order, and every fault. Comments, styles, regions and a cue's settings are passed
    over, tags fall away: nothing of the file reaches a page but what it says, and when."""
    if len(data) > MOST_BYTES:
        return [], [Fault(1, "文件超过 1 MB", "the file is larger than 1 MiB")]
    try:
        lines = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except UnicodeDecodeError as error:
        return [], [Fault(data[: error.start].count(b"\n") + 1, "不是 UTF-8 编码", "this is not UTF-8")]
    if not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        return [], [Fault(1, "第一行应为 WEBVTT", "the first line says WEBVTT")]
    cues: list[Caption] = []
    faults: list[Fault] = []
    before = 0
    for start, block in _blocks(lines):
        if block[0].split(" ")[0] in ("WEBVTT", "NOTE", "STYLE", "REGION") and not any("-->" in line for line in block):
            continue
        at = next((n for n, line in enumerate(block[:2]) if "-->" in line), None)
        if at is None:
            faults.append(Fault(start, "字幕前应有时间", "a cue begins with its times"))
            continue
        number = start + at
        found = _TIMING.fullmatch(block[at].strip())
        if found is None:
            zh, en = "时间应写成 00:01:02.000 --> 00:01:05.000", "times are written as 00:01:02.000 --> 00:01:05.000"
            faults.append(Fault(number, zh, en))
            continue
        begin, end = _ms(found.groups()[:4]), _ms(found.groups()[4:])
        text = _plain(block[at + 1 :])
        if end <= begin:
            faults.append(Fault(number, "结束时间应在开始时间之后", "it ends before it begins"))
        elif begin < before:
            faults.append(Fault(number, "比上一条字幕更早", "it begins before the cue above it"))
        elif end > lasts_ms + SLACK_MS:
            faults.append(Fault(number, "超出了这场课的长度", "it is beyond the end of the lecture"))
        elif len(text) > CUE:
            faults.append(Fault(number, f"一条字幕最长 {CUE} 个字符", f"a cue has at most {CUE} characters"))
        elif text:
            cues.append(Caption(begin, end, text))
        before = max(before, begin)
        if len(cues) > MOST_CUES:
            return [], [Fault(number, f"字幕超过 {MOST_CUES} 条", f"there are more than {MOST_CUES} cues")]
    if not cues and not faults:
        faults.append(Fault(1, "文件里没有字幕", "there is no cue in it"))
    return cues, faults


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Lines that stand together, with the number of the first."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _ms(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, ms = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms


def _plain(lines: Sequence[str]) -> str:
    """What is said, without tags and without characters that can't be seen."""
    text = unescape(_TAG.sub("", " ".join(lines)))
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
