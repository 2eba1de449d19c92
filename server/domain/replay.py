"""What is heard of a lecture, and again afterwards: takes and segments on its clock, playlists, views (pure)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

RATE = 24_000  # samples a second of the track
GRACE = timedelta(seconds=30)  # between two reports of a page
MOST_SPEED = 2.0
SETTLED_MS = 10_000  # of a lecture on the air: what is not kept by then is not waited for


@dataclass(frozen=True)
class Segment:
    """`take` and `number` name it; it begins `at_ms` after the lecture."""

    take: int
    number: int
    at_ms: int
    samples: int

    @property
    def seconds(self) -> float:
        return self.samples / RATE

    @property
    def ends_ms(self) -> int:
        return self.at_ms + round(self.seconds * 1000)


@dataclass(frozen=True)
class Edge:
    """A take as it stands while it is on the air: its newest segments, and the parts of the one that grows."""

    take: int
    begun_at: datetime
    first: int  # number of the first segment in `segments`
    segments: list[int]  # samples of each that is whole
    parts: list[int]  # samples of each part of the next
    before: int = 0  # samples of the take before `segments`
    over: bool = False


def on_one_clock(rows: Iterable[tuple[int, int, int, int]], whole: int) -> list[Segment]:
    """From (take, start_ms, number, samples): in the order in which they are heard. `whole` is the samples of a segment
    that is no last one: a missing segment keeps its time. Where a later take begins, an earlier one is over; a segment
    that is there twice is heard once."""
    starts: dict[int, int] = {}
    found: dict[tuple[int, int], Segment] = {}
    for take, start_ms, number, samples in rows:
        starts[take] = start_ms
        found[take, number] = Segment(take, number, start_ms + round(number * whole * 1000 / RATE), samples)
    segments = []
    for (take, _), segment in sorted(found.items()):
        later = min((start for other, start in starts.items() if other > take), default=None)
        if later is None or segment.at_ms < later:
            segments.append(segment)
    return segments


def pieces(segments: Sequence[Segment], most: int) -> list[list[Segment]]:
    """Segments that follow one another, at most so many together."""
    found: list[list[Segment]] = []
    for segment in segments:
        last = found[-1][-1] if found else None
        follows = last is not None and (last.take, last.number + 1) == (segment.take, segment.number)
        if follows and len(found[-1]) < most:
            found[-1].append(segment)
        else:
            found.append([segment])
    return found


def horizon(segments: Sequence[Segment], now_ms: int) -> int:
    """How far a lecture on the air can be gone back to: as far as it is kept, and at least to SETTLED_MS before now."""
    kept = max((segment.ends_ms for segment in segments), default=0)
    return max(0, min(now_ms, max(kept, now_ms - SETTLED_MS)))


def replay_playlist(
    segments: Sequence[Segment],
    begun_at: datetime,
    init: Callable[[int], str],
    address: dict[Segment, str],
    *,
    grows: bool = False,
) -> str:
    """All of it; each take, and what comes after a missing segment, says when it was, and where its beginning is.
    `grows`: it is on the air."""
    target = max((segment.samples for segment in segments), default=RATE)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-PLAYLIST-TYPE:{'EVENT' if grows else 'VOD'}",
        f"#EXT-X-TARGETDURATION:{round(target / RATE)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
    ]
    before: Segment | None = None
    for segment in segments:
        follows = before is not None and (before.take, before.number + 1) == (segment.take, segment.number)
        if not follows:
            if before is not None:
                lines.append("#EXT-X-DISCONTINUITY")
            lines += [
                f'#EXT-X-MAP:URI="{init(segment.take)}"',
                _dated(begun_at + timedelta(milliseconds=segment.at_ms)),
            ]
        lines += [f"#EXTINF:{segment.seconds:.5f},", address[segment]]
        before = segment
    return "\n".join([*lines, "" if grows else "#EXT-X-ENDLIST\n"])


@dataclass(frozen=True)
class Shown:
    """What a playlist of playlists says of a track: its codec, and bit/s at the most."""

    codec: str
    bits: int


def whole_playlist(sound: str, heard: Shown, picture: str, seen: Shown, size: tuple[int, int], pace: float) -> str:
    """The picture with the sound, or the sound alone: a browser on a poor network takes the second."""
    codecs = f"{seen.codec},{heard.codec}"
    return "\n".join(
        [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="sound",DEFAULT=YES,AUTOSELECT=YES,URI="{sound}"',
            f'#EXT-X-STREAM-INF:BANDWIDTH={heard.bits + seen.bits},CODECS="{codecs}",RESOLUTION={size[0]}x{size[1]},'
            f'FRAME-RATE={pace:.3f},AUDIO="sound"',
            picture,
            f'#EXT-X-STREAM-INF:BANDWIDTH={heard.bits},CODECS="{heard.codec}",AUDIO="sound"',
            sound,
            "",
        ]
    )


class Names(Protocol):
    """Where segments and parts are fetched."""

    def segment(self, take: int, number: int) -> str: ...

    def part(self, take: int, number: int, part: int) -> str: ...


def live_playlist(edge: Edge, init: str, part_s: float, names: Names, whole_parts: int = 1) -> str:
    """The newest segments, the last of them and the one that grows also in parts (LL-HLS), and where the next part will
    be. A take begins its own numbers, higher than those of the take before. Each so many parts one needs no other
    before it."""

    def part(number: int, n: int, seconds: float) -> str:
        alone = ",INDEPENDENT=YES" if n % whole_parts == 0 else ""
        return f'#EXT-X-PART:DURATION={seconds:.5f},URI="{names.part(edge.take, number, n)}"{alone}'

    hold = 3 * part_s
    target = max((round(samples / RATE) for samples in edge.segments), default=4)
    began = edge.begun_at + timedelta(seconds=edge.before / RATE)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:9",
        f"#EXT-X-TARGETDURATION:{max(target, 4)}",
        f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={hold:.5f}",
        f"#EXT-X-PART-INF:PART-TARGET={part_s:.5f}",
        f"#EXT-X-MEDIA-SEQUENCE:{sequence(edge.take, edge.first)}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{edge.take}",
        f'#EXT-X-MAP:URI="{init}"',
        _dated(began),
    ]
    newest = edge.first + len(edge.segments) - 1
    for number, samples in enumerate(edge.segments, edge.first):
        if number == newest and not edge.over:
            count = round(samples / RATE / part_s)
            lines += [part(number, n, part_s) for n in range(count)]
        lines += [f"#EXTINF:{samples / RATE:.5f},", names.segment(edge.take, number)]
    if edge.over:
        return "\n".join([*lines, "#EXT-X-ENDLIST", ""])
    growing = newest + 1
    lines += [part(growing, n, samples / RATE) for n, samples in enumerate(edge.parts)]
    following = names.part(edge.take, growing, len(edge.parts))
    return "\n".join([*lines, f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{following}"', ""])


def sequence(take: int, number: int) -> int:
    """The media sequence number of a segment: it grows from take to take."""
    return take * 100_000 + number


def believed(spans: Sequence[tuple[int, int]], since: timedelta | None) -> list[tuple[int, int]]:
    """As much of what a page says it has played as could be played since its last word, from the beginning of it."""
    left = MOST_SPEED * ((GRACE if since is None else min(since, GRACE)) + timedelta(seconds=5)).total_seconds() * 1000
    kept: list[tuple[int, int]] = []
    for start, end in spans:
        end = min(end, start + int(left))
        if end > start:
            kept.append((start, end))
            left -= end - start
    return kept


def _dated(moment: datetime) -> str:
    return f"#EXT-X-PROGRAM-DATE-TIME:{moment.isoformat(timespec='milliseconds')}"
