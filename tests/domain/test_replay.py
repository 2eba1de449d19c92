"""Takes and segments on the lecture's clock; playlists; what is believed of a view."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from server.domain.replay import (
    Edge,
    Names,
    believed,
    horizon,
    live_playlist,
    on_one_clock,
    replay_playlist,
    sequence,
)
from server.grants import SEAL_S, Grants

WHOLE = 92_160  # samples of a segment: 3.84 s
BEGAN = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)


class Plain(Names):
    def segment(self, take: int, number: int) -> str:
        return f"{take}.{number}"

    def part(self, take: int, number: int, part: int) -> str:
        return f"{take}.{number}.{part}"


def test_a_missing_segment_keeps_its_time_and_one_told_twice_is_heard_once() -> None:
    rows = [(1, 500, 0, WHOLE), (1, 500, 2, 4_800), (1, 500, 0, WHOLE), (2, 12_000, 0, WHOLE)]

    found = on_one_clock(rows, WHOLE)
    text = replay_playlist(found, BEGAN, lambda take: "init", {each: f"{each.take}.{each.number}" for each in found})

    assert [(each.take, each.number, each.at_ms) for each in found] == [(1, 0, 500), (1, 2, 8_180), (2, 0, 12_000)]
    assert text.count("#EXT-X-DISCONTINUITY\n") == 2  # at the hole, and at the second take
    assert text.count("#EXT-X-PROGRAM-DATE-TIME") == 3 and "11:00:08.180" in text
    assert "#EXT-X-TARGETDURATION:4" in text and text.endswith("#EXT-X-ENDLIST\n")


def test_where_a_later_take_begins_an_earlier_one_is_over() -> None:
    rows = [(1, 0, 0, WHOLE), (1, 0, 1, WHOLE), (1, 0, 2, WHOLE), (2, 5_000, 0, WHOLE)]

    assert [(each.take, each.number) for each in on_one_clock(rows, WHOLE)] == [(1, 0), (1, 1), (2, 0)]


def test_one_steps_back_in_what_is_kept_and_never_beyond_now() -> None:
    kept = on_one_clock([(1, 500, 0, WHOLE), (1, 500, 1, WHOLE)], WHOLE)  # to 8.18 s

    assert [horizon(kept, now) for now in (5_000, 9_000, 60_000, -7_000)] == [5_000, 8_180, 50_000, 0]
    assert horizon([], 60_000) == 50_000 and horizon([], 3_000) == 0
    text = replay_playlist(kept, BEGAN, lambda take: "init", dict.fromkeys(kept, "x"), grows=True)
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in text and "ENDLIST" not in text


def test_a_live_playlist_says_where_the_next_part_will_be_and_keeps_its_targets() -> None:
    edge = Edge(take=3, begun_at=BEGAN, first=7, segments=[WHOLE] * 6, parts=[5_120, 5_120], before=7 * WHOLE)

    text = live_playlist(edge, "init", 5_120 / 24_000, Plain())

    lines = text.splitlines()
    assert f"#EXT-X-MEDIA-SEQUENCE:{sequence(3, 7)}" in lines and "#EXT-X-PART-INF:PART-TARGET=0.21333" in lines
    assert '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="3.13.2"' in lines
    assert sum(line.startswith("#EXT-X-PART:") for line in lines) == 18 + 2
    durations = [float(line.split(":")[1].rstrip(",")) for line in lines if line.startswith("#EXTINF")]
    target = int(next(line for line in lines if "TARGETDURATION" in line).split(":")[1])
    assert max(map(round, durations)) <= target
    assert "11:00:26.880" in text and "ENDLIST" not in text
    assert sequence(4, 0) > sequence(3, 99_999)


@given(st.lists(st.tuples(st.integers(0, 3_600_000), st.integers(1, 600_000)), max_size=20), st.integers(0, 120))
def test_nobody_has_watched_more_than_there_was_time(spans: list[tuple[int, int]], since_s: int) -> None:
    said = [(start, start + lasts) for start, lasts in spans]

    kept = believed(said, timedelta(seconds=since_s))

    assert sum(end - start for start, end in kept) <= 2_000 * (min(since_s, 30) + 5)
    assert all(any(a <= start and end <= b for a, b in said) for start, end in kept)


def test_an_address_opens_what_it_was_made_for_and_nothing_else() -> None:
    grants, lecture, person = Grants("a secret of the tests"), uuid4(), uuid4()
    token = grants.grant(lecture, person, 1_000)

    found = grants.read(token, 999)

    assert found is not None and (found.lecture, found.person) == (lecture, person)
    assert grants.read(token, 1_001) is None  # late
    assert Grants("another secret").read(token, 999) is None
    for forged in ("", "x", token[:-2] + "AA", "é" * 8, "A" * len(token), token + "A" * 4):
        assert grants.read(forged, 999) is None
    seal = grants.seal(lecture, "1.2.m4s", 5 * SEAL_S)
    assert grants.opens(seal, lecture, "1.2.m4s", 6 * SEAL_S)
    assert not grants.opens(seal, lecture, "1.2.m4s", 7 * SEAL_S)
    assert not grants.opens(seal, lecture, "1.3.m4s", 5 * SEAL_S)
    assert not grants.opens(seal, uuid4(), "1.2.m4s", 5 * SEAL_S)
