"""A lecture (名师直播) before, while and after it is held: its plan, its states, its seats, who may sit where."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from server.domain.people import Stage, Subject, stage_of

SHORTEST, LONGEST = timedelta(minutes=10), timedelta(hours=3)
FURTHEST = timedelta(days=400)
MOST_SEATS = 5_000
MOST_WAITING = 20_000  # of one lecture; who comes after that is told to look for another
MOST_AHEAD = 30  # places that a pupil holds in lectures to come
TITLE, ABOUT, POINT = 60, 1_000, 40  # characters
MOST_POINTS = 8
MOST_SCHOOLS = 300
DOORS_OPEN = timedelta(minutes=15)  # before it begins: the room may be entered, the lecturer may start
OVERRUN = timedelta(minutes=30)  # after its end: a room that was left on is closed
REMINDED_BEFORE = timedelta(minutes=30)


class LectureState(StrEnum):
    """Where a lecture is on its way."""

    PLANNED = "planned"  # the lecturer's draft
    OPEN = "open"  # pupils may enrol
    LIVE = "live"
    OVER = "over"
    CANCELLED = "cancelled"


MOVES = {
    LectureState.PLANNED: {LectureState.OPEN, LectureState.CANCELLED},
    LectureState.OPEN: {LectureState.LIVE, LectureState.CANCELLED},
    LectureState.LIVE: {LectureState.OVER},
    LectureState.OVER: set[LectureState](),
    LectureState.CANCELLED: set[LectureState](),
}
AHEAD = (LectureState.PLANNED, LectureState.OPEN)  # may still be changed


class PlaceState(StrEnum):
    """A pupil's place in a lecture."""

    SEATED = "seated"
    WAITING = "waiting"
    LEFT = "left"


class BadPlan(ValueError):
    """A lecture can't be planned so; the message is for programs, `field` for the page."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


class LectureMoveRefused(Exception):
    """A lecture does not go from this state to that."""


@dataclass(frozen=True)
class Plan:
    """What a lecturer decides of a lecture; no schools: every school of the city."""

    title: str
    about: str
    subject: Subject
    stage: Stage
    grades: tuple[int, ...]
    knowledge_points: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    capacity: int
    schools: frozenset[UUID] = frozenset()


def checked(plan: Plan, now: datetime) -> Plan:
    """The plan with its words trimmed and its grades in order. Raises BadPlan."""
    title, about = " ".join(plan.title.split()), plan.about.strip()
    points = tuple(dict.fromkeys(" ".join(point.split()) for point in plan.knowledge_points))
    grades = tuple(sorted(set(plan.grades)))
    if not 1 <= len(title) <= TITLE:
        raise BadPlan("title", f"it has 1 to {TITLE} characters")
    if len(about) > ABOUT:
        raise BadPlan("about", f"it has at most {ABOUT} characters")
    if len(points) > MOST_POINTS or any(not 1 <= len(point) <= POINT for point in points):
        raise BadPlan("knowledge_points", f"at most {MOST_POINTS}, each of 1 to {POINT} characters")
    if not grades or any(not 1 <= grade <= 12 or stage_of(grade) is not plan.stage for grade in grades):
        raise BadPlan("grades", "at least one, all of the stage")
    if plan.starts_at.tzinfo is None or plan.ends_at.tzinfo is None:
        raise BadPlan("starts_at", "a time needs its zone")
    if plan.starts_at <= now or plan.starts_at > now + FURTHEST:
        raise BadPlan("starts_at", f"it begins within the next {FURTHEST.days} days")
    if not SHORTEST <= plan.ends_at - plan.starts_at <= LONGEST:
        raise BadPlan("ends_at", "it lasts from ten minutes to three hours")
    if not 1 <= plan.capacity <= MOST_SEATS:
        raise BadPlan("capacity", f"1 to {MOST_SEATS} seats")
    if len(plan.schools) > MOST_SCHOOLS:
        raise BadPlan("schools", f"at most {MOST_SCHOOLS}")
    return Plan(
        title,
        about,
        plan.subject,
        plan.stage,
        grades,
        points,
        plan.starts_at,
        plan.ends_at,
        plan.capacity,
        plan.schools,
    )


def moved(state: LectureState, to: LectureState) -> LectureState:
    """The state it goes to; LectureMoveRefused where there is no such way."""
    if to not in MOVES[state]:
        raise LectureMoveRefused(f"{state} to {to}")
    return to


def may_start(state: LectureState, starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """A lecturer goes on air from a quarter of an hour before the slot until its end."""
    return state is LectureState.OPEN and starts_at - DOORS_OPEN <= now < ends_at


def due(state: LectureState, ends_at: datetime, now: datetime) -> LectureState | None:
    """What time alone makes of a lecture: one that was not held is cancelled, a room that was left on is closed."""
    if state in AHEAD and now >= ends_at:
        return LectureState.CANCELLED
    if state is LectureState.LIVE and now >= ends_at + OVERRUN:
        return LectureState.OVER
    return None


def overlap(starts_at: datetime, ends_at: datetime, others: Iterable[tuple[datetime, datetime]]) -> bool:
    """Whether one can't be in both; one that begins as the other ends is fine."""
    return any(starts_at < end and begin < ends_at for begin, end in others)


@dataclass(frozen=True)
class Seats:
    """How full a lecture is. Who waits is moved up at once, so nobody waits beside a free seat."""

    capacity: int
    taken: int
    waiting: int

    @property
    def free(self) -> int:
        return max(0, self.capacity - self.taken)


def placed(seats: Seats, count: int) -> list[PlaceState | None]:
    """The places of so many who come one after the other: seats first, then the waiting list, then none."""
    seated = 0 if seats.waiting else min(seats.free, count)
    waiting = min(max(0, MOST_WAITING - seats.waiting), count - seated)
    return [
        *[PlaceState.SEATED] * seated,
        *[PlaceState.WAITING] * waiting,
        *[None] * (count - seated - waiting),
    ]


def is_open_to(schools: Sequence[UUID], school: UUID | None) -> bool:
    return not schools or school in schools
