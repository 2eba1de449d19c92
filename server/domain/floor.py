"""The floor (发言): a pupil with the word is asked to speak, says yes on the phone, and is heard for a while."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from server.domain.consent import Purpose, voice_is_kept

ASKED_FOR = timedelta(seconds=30)  # then the question has lapsed, and the pupil may write instead
SPEAKS_FOR = timedelta(minutes=2)

ByVoice = Literal["no", "heard", "kept"]


class FloorState(StrEnum):
    """The floor on its way."""

    ASKED = "asked"  # the lecturer has asked; nothing is recorded
    OPEN = "open"  # the pupil has said yes, and is heard
    OVER = "over"


class FloorEnd(StrEnum):
    """Why it is over."""

    DONE = "done"  # by the pupil, or the lecturer who has heard enough
    CUT = "cut"  # by the lecturer or a reviewer: what was said is in no replay
    DECLINED = "declined"
    LATE = "late"  # nobody said yes
    LIMIT = "limit"
    LOST = "lost"  # nothing came any more
    TAKEN_BACK = "taken_back"  # a consent, the school's setting, the seat, or the lecture is gone


MOVES = {
    FloorState.ASKED: {FloorState.OPEN, FloorState.OVER},
    FloorState.OPEN: {FloorState.OVER},
    FloorState.OVER: set[FloorState](),
}
WRITES_INSTEAD = frozenset({FloorEnd.DECLINED, FloorEnd.LATE})  # the word stays the pupil's, in writing


def by_voice(school_allows: bool, agreed: Collection[str]) -> ByVoice:
    """Whether a pupil may be heard in a lecture, and again in its replay. Without the school's and the guardian's word
    it is no; the replay needs what every kept voice needs besides."""
    if not school_allows or Purpose.LECTURE not in agreed:
        return "no"
    return "kept" if voice_is_kept(agreed) else "heard"


def until(state: FloorState, now: datetime) -> datetime:
    """When a floor that came into this state ends by itself."""
    return now + (ASKED_FOR if state is FloorState.ASKED else SPEAKS_FOR)
