"""The clock of a live session: how long it may last, and when silence ends it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LASTS = timedelta(minutes=30)  # a child's eyes; the operator may set less
WARNED_BEFORE = timedelta(minutes=5)
ASKED_AFTER = (timedelta(minutes=2), timedelta(minutes=4))  # without a sign of life: "are you still there?"
SILENT_ENDS = timedelta(minutes=7)
PAUSE_LASTS = timedelta(minutes=10)  # then it counts as silence
BETWEEN_THE_TWO = frozenset({"say", "lost"})  # what who watches a session is not told
BREATHS_S = (0, 30, 60, 120, 300)  # what a teacher may choose between two questions


class Due(StrEnum):
    """What is due of a session."""

    NOTHING = "nothing"
    WARNING = "warning"
    QUESTION = "question"  # still there?
    SILENCE = "silence"  # back to the queue: nobody is there
    TIME = "time"  # it becomes an answer as it is


@dataclass(frozen=True)
class Clock:
    """Times of the database's clock; `active_at` is the last ink, word, turn of a page or "I'm here" of either side."""

    opened_at: datetime
    active_at: datetime
    paused_at: datetime | None = None

    def silent_for(self, now: datetime) -> timedelta:
        """A pause is no silence, as long as it is one."""
        since = self.active_at
        if self.paused_at is not None:
            since = max(since, min(now, self.paused_at + PAUSE_LASTS))
        return max(timedelta(0), now - since)

    def due(self, now: datetime, lasts: timedelta = LASTS) -> Due:
        if now >= self.opened_at + lasts:
            return Due.TIME
        silent = self.silent_for(now)
        if silent >= SILENT_ENDS:
            return Due.SILENCE
        if silent >= ASKED_AFTER[0]:
            return Due.QUESTION
        return Due.WARNING if now >= self.opened_at + lasts - WARNED_BEFORE else Due.NOTHING
