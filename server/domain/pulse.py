"""The pulse of a lecture's room: what a poll may ask, whose hand is up, and where many were lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LEAST_OPTIONS, MOST_OPTIONS = 2, 6
LONGEST_POLL, LONGEST_OPTION = 120, 40  # characters: it is read beside a board, on a phone
MOST_POLLS = 100  # of one lecture
WINDOW_MS = 30_000  # within it a pupil is lost once, however often the button is tapped
LEAST_LOST = 3  # one or two who are lost say more of themselves than of the lecture
LOST_SHARE = 0.1  # of those who came
BETWEEN_HANDS = timedelta(seconds=5)


class HandState(StrEnum):
    """A raised hand on its way."""

    RAISED = "raised"
    TAKEN = "taken"  # the pupil has the word
    DONE = "done"
    WITHDRAWN = "withdrawn"


class BadPoll(ValueError):
    """So nothing can be asked."""


@dataclass(frozen=True)
class Poll:
    """What a lecturer asks the room; a quiz has a right option, counted from 1."""

    text: str
    options: tuple[str, ...]
    right: int | None = None


def checked(poll: Poll) -> Poll:
    """The poll with its words trimmed. Raises BadPoll."""
    text = " ".join(poll.text.split())
    options = tuple(" ".join(option.split()) for option in poll.options)
    if not 1 <= len(text) <= LONGEST_POLL:
        raise BadPoll(f"a poll asks in 1 to {LONGEST_POLL} characters")
    if not LEAST_OPTIONS <= len(options) <= MOST_OPTIONS:
        raise BadPoll(f"a poll has {LEAST_OPTIONS} to {MOST_OPTIONS} options")
    if any(not 1 <= len(option) <= LONGEST_OPTION for option in options) or len(set(options)) != len(options):
        raise BadPoll(f"options differ, and have 1 to {LONGEST_OPTION} characters each")
    if poll.right is not None and not 1 <= poll.right <= len(options):
        raise BadPoll("the right option is one of them")
    return Poll(text, options, poll.right)


def may_raise(last: datetime | None, now: datetime) -> bool:
    """A hand that went up and down a moment ago stays down for a moment."""
    return last is None or now - last >= BETWEEN_HANDS


def window_of(at_ms: int) -> int:
    """The window of the lecture's clock in which a tap counts, from 0."""
    return max(0, at_ms) // WINDOW_MS


def time_line(counts: Mapping[int, int], until_ms: int) -> list[int]:
    """How many were lost in each window until now; those in which nobody was are 0."""
    last = max([window_of(until_ms), *counts])
    return [counts.get(window, 0) for window in range(last + 1)]


@dataclass(frozen=True)
class Mark:
    """A stretch of a lecture in which many were lost; `most` in its worst window."""

    from_ms: int
    to_ms: int
    most: int


def marks(line: Sequence[int], came: int) -> list[Mark]:
    """Where many were lost, for who watches the replay. A stretch begins a window early: a pupil taps after the thread
    was lost, not as it is."""
    least = max(LEAST_LOST, came * LOST_SHARE)
    found: list[Mark] = []
    for window, count in enumerate(line):
        if count < least:
            continue
        begin, end = max(0, window - 1) * WINDOW_MS, (window + 1) * WINDOW_MS
        if found and found[-1].to_ms >= begin:
            found[-1] = Mark(found[-1].from_ms, end, max(found[-1].most, count))
        else:
            found.append(Mark(begin, end, count))
    return found
