"""What was said, in writing: as WebVTT beside a film, and as the film's own track."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape
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
