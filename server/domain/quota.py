"""What research staff owe in a quarter: demonstration lessons, trainings, lessons observed; what counts, until when.

A quarter is one of the city's calendar (Asia/Shanghai). It is written into while it runs and for two weeks after it.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum

SHANGHAI = timezone(timedelta(hours=8))
GRACE = timedelta(days=14)  # after a quarter's last day
NOTE = 200
MOST = 999


class Work(StrEnum):
    DEMONSTRATION = "demonstration"  # 示范课
    TRAINING = "training"  # 培训
    OBSERVED = "observed"  # 听评课


class BadEntry(ValueError):
    """Nothing can be noted so."""


@dataclass(frozen=True, order=True)
class Quarter:
    year: int
    number: int  # 1 to 4

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"

    @classmethod
    def read(cls, text: str) -> "Quarter":
        """Raises BadEntry."""
        year, mark, number = text[:4], text[4:6], text[6:]
        if not (year.isascii() and year.isdecimal() and mark == "-Q" and number in ("1", "2", "3", "4")):
            raise BadEntry("a quarter is written like 2026-Q1")
        if not 2000 <= int(year) <= 2999:
            raise BadEntry("a quarter is one of the years 2000 to 2999")
        return cls(int(year), int(number))

    @classmethod
    def of(cls, day: date) -> "Quarter":
        return cls(day.year, (day.month + 2) // 3)

    @property
    def first(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def until(self) -> date:
        """The first day after it."""
        return date(self.year + (self.number == 4), self.number % 4 * 3 + 1, 1)

    @property
    def before(self) -> "Quarter":
        return Quarter.of(self.first - timedelta(days=1))

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.first, time(), SHANGHAI)

    @property
    def ends(self) -> datetime:
        return datetime.combine(self.until, time(), SHANGHAI)

    def is_closed(self, now: datetime) -> bool:
        return now >= self.ends + GRACE


def today(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()


def checked(kind: Work, day: date, note: str, now: datetime) -> str:
    """The note, trimmed. Raises BadEntry."""
    note = " ".join(note.split())
    if day > today(now):
        raise BadEntry("what is still to come is not noted yet")
    if not 1 <= len(note) <= NOTE:
        raise BadEntry(f"say in at most {NOTE} characters what it was")
    return note


@dataclass(frozen=True)
class Target:
    """How many of a kind somebody owes in a quarter, and what counts for it by itself: lectures that were held,
    micro-lessons that were published."""

    count: int
    lectures: bool = False
    lessons: bool = False


def done(entries: int, lectures: int, lessons: int, target: Target | None) -> int:
    """What was noted, and what counts by itself."""
    if target is None:
        return entries
    return entries + lectures * target.lectures + lessons * target.lessons
