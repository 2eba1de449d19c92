"""When a session is warned, asked and ended."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.session import ASKED_AFTER, LASTS, SILENT_ENDS, Clock, Due

OPENED = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
seconds = st.integers(0, 4000).map(lambda n: timedelta(seconds=n))


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


@pytest.mark.parametrize(
    ("now", "active", "due"),
    [
        (1, 0, Due.NOTHING),
        (2, 0, Due.QUESTION),
        (4, 0, Due.QUESTION),
        (6.9, 0, Due.QUESTION),
        (7, 0, Due.SILENCE),
        (24, 23, Due.NOTHING),
        (25, 24, Due.WARNING),
        (30, 30, Due.TIME),
        (31, 0, Due.TIME),
    ],
)
def test_silence_is_asked_about_and_then_ends_it_as_does_its_time(now: float, active: float, due: Due) -> None:
    assert Clock(OPENED, OPENED + minutes(active)).due(OPENED + minutes(now)) is due


def test_a_pause_is_no_silence_until_it_is_too_long() -> None:
    paused = Clock(OPENED, OPENED, paused_at=OPENED + minutes(1))

    assert paused.due(OPENED + minutes(11)) is Due.NOTHING
    assert paused.due(OPENED + minutes(14)) is Due.QUESTION
    assert paused.due(OPENED + minutes(18)) is Due.SILENCE


def test_an_operator_may_let_sessions_last_less() -> None:
    assert Clock(OPENED, OPENED + minutes(14)).due(OPENED + minutes(15), minutes(15)) is Due.TIME


@given(seconds, seconds, st.none() | seconds)
def test_whoever_does_something_is_never_ended_for_silence(
    active: timedelta, later: timedelta, paused: timedelta | None
) -> None:
    clock = Clock(OPENED, OPENED + active, None if paused is None else OPENED + paused)
    now = OPENED + active + later

    if clock.due(now) is Due.SILENCE:
        assert later >= SILENT_ENDS and now - OPENED < LASTS
    assert clock.silent_for(now) <= later
    assert ASKED_AFTER[0] < ASKED_AFTER[1] < SILENT_ENDS
