"""What was done, by whom and when: facts as they were written, never changed. A correction is another fact.

Times are whole seconds of the Unix epoch. A work belongs, whole, to the day in Asia/Shanghai on which it began: one
day, one rate, one month, one policy, however far past midnight it went on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

SHANGHAI_S = 8 * 3600  # ahead of UTC, without summer time since 1991
DAY_S = 86_400
LONGEST_S = DAY_S  # no work takes longer
LARGEST = 10**12  # fen, seconds, pupils: beyond it somebody has mistyped


class Work(StrEnum):
    """The kinds of work that a policy has rates for."""

    SESSION = "session"  # a live session that ended in an answer
    ANSWER = "answer"  # an answer recorded without the pupil
    SHOWN = "shown"  # a video of the teacher's that another pupil was shown and confirmed "solved"
    LECTURE = "lecture"
    SHIFT = "shift"  # duty served, from check-in to check-out
    SUBSTITUTION = "substitution"
    VISIT = "visit"  # teaching at a pupil's home or hospital bed


class Note(StrEnum):
    """What is known about works and people beside them."""

    OUTCOME = "outcome"  # of a work: resolved, asked again, rated
    REVIEW = "review"  # of a work that was held: released or refused
    SURVEY = "survey"  # stars that a survey gave a teacher
    STANDING = "standing"  # level, staff and school of a teacher from a day on
    REVOKED = "revoked"  # from this moment on no work of the teacher counts
    ENROLMENT = "enrolment"  # pupils of a school from a day on
    REDEMPTION = "redemption"  # time-bank points for leave
    VOID = "void"  # the fact that it replaces never happened


KINDS = frozenset([*Work, *Note])
WORKS = frozenset(Work)
EXCLUSIVE = frozenset({Work.SESSION, Work.ANSWER, Work.LECTURE, Work.SUBSTITUTION, Work.VISIT})  # one at a time
TIMED = EXCLUSIVE | {Work.SHIFT}
STAFF = ("own", "external")
REWARDS = ("money", "time")
DECISIONS = ("release", "refuse")


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact; which fields count depends on its kind (docs/subsidies.md)."""

    id: str
    kind: str
    teacher: str = ""
    start: int = 0
    end: int = 0
    recorded: int = 0  # when it was written: of two that speak of the same, the later counts
    active_s: int | None = None  # seconds of ink and speech, or ready; without it: from start to end
    pupil: str = ""  # a pseudonym
    followers: int = 0
    attendance: int = 0
    flags: tuple[str, ...] = ()  # what the platform saw: own_child, same_device, …
    replaces: str = ""
    of: str = ""
    resolved: bool | None = None
    asked_again: bool | None = None
    rating: int | None = None  # 1 to 5
    decision: str = ""
    level: str = ""
    staff: str = ""
    school: str = ""
    reward: str = ""
    agreed_fen: int | None = None  # by agreement, for each unit
    pupils: int = 0
    points_x100: int = 0
    approved_by: str = ""
    rating_sum: int = 0
    rating_count: int = 0

    @property
    def seconds(self) -> int:
        return self.end - self.start if self.active_s is None else self.active_s


class FactRefused(ValueError):
    """A fact makes no sense; the message says which and why."""


def check(fact: Fact) -> None:
    """Raises FactRefused."""
    wrong = _wrong(fact)
    if wrong:
        raise FactRefused(f"{fact.id or '(no id)'}: {wrong}")


def _wrong(fact: Fact) -> str:
    if not 1 <= len(fact.id) <= 200 or not fact.id.isprintable():
        return "an id has 1 to 200 printable characters"
    if fact.kind not in KINDS:
        return f"kind {fact.kind!r} is unknown; one of {', '.join(sorted(KINDS))}"
    numbers = (
        fact.start, fact.end, fact.recorded, fact.followers, fact.attendance, fact.pupils, fact.points_x100,
        fact.rating_sum, fact.rating_count,
    )  # fmt: skip
    if min(numbers) < 0 or max(numbers) > LARGEST:
        return "a number is negative or too large"
    if fact.kind in WORKS:
        return _wrong_work(fact)
    match fact.kind:
        case Note.OUTCOME | Note.REVIEW if not fact.of:
            return "`of` names the work that it is about"
        case Note.REVIEW if fact.decision not in DECISIONS:
            return f"decision is one of {', '.join(DECISIONS)}"
        case Note.OUTCOME if fact.rating is not None and not 1 <= fact.rating <= 5:
            return "a rating is 1 to 5"
        case Note.VOID if not fact.replaces:
            return "`replaces` names the fact that never happened"
        case Note.STANDING | Note.REVOKED | Note.REDEMPTION | Note.SURVEY if not fact.teacher:
            return "a teacher is missing"
        case Note.STANDING if fact.staff not in ("", *STAFF):
            return f"staff is one of {', '.join(STAFF)}"
        case Note.STANDING if fact.reward not in ("", *REWARDS):
            return f"reward is one of {', '.join(REWARDS)}"
        case Note.STANDING if fact.agreed_fen is not None and not 0 <= fact.agreed_fen <= 10_000_000:
            return "agreed_fen is 0 to 10,000,000"
        case Note.REDEMPTION if not fact.approved_by or fact.approved_by == fact.teacher:
            return "a redemption is approved by another person"
        case Note.SURVEY if not fact.rating_count <= fact.rating_sum <= 5 * fact.rating_count:
            return "a survey's stars are 1 to 5 each"
    return ""


def _wrong_work(fact: Fact) -> str:
    if not fact.teacher:
        return "a teacher is missing"
    if not fact.start:
        return "a start is missing"
    if fact.kind in TIMED and not fact.start <= fact.end:
        return "it ends before it begins"
    if fact.kind in TIMED and fact.end - fact.start > LONGEST_S:
        return "it takes longer than a day"
    if fact.active_s is not None and not 0 <= fact.active_s <= LONGEST_S:
        return "active_s is 0 to 86,400"
    if fact.kind in TIMED and fact.active_s is not None and fact.active_s > fact.end - fact.start:
        return "active_s is more than the time from start to end"
    return ""


def counting(facts: Iterable[Fact]) -> list[Fact]:
    """Each fact once, without those that a correction replaced. Two of one id that differ are refused, as is a
    correction of one's own id. Of two corrections of the same fact the later recorded counts."""
    known: dict[str, Fact] = {}
    replacing: dict[str, Fact] = {}
    losers: set[str] = set()
    for fact in facts:
        before = known.setdefault(fact.id, fact)
        if before is not fact:
            if before != fact:
                raise FactRefused(f"{fact.id}: told twice, and differently; a correction is a new fact")
            continue
        if fact.replaces:
            if fact.replaces == fact.id:
                raise FactRefused(f"{fact.id}: replaces itself")
            other = replacing.get(fact.replaces)
            later = fact if other is None or (other.recorded, other.id) < (fact.recorded, fact.id) else other
            replacing[fact.replaces] = later
            if other is not None:
                losers.add(other.id if later is fact else fact.id)
    if not replacing:
        return list(known.values())
    return [fact for fact in known.values() if fact.id not in replacing and fact.id not in losers]


def pseudonym(student: UUID) -> str:
    """A pupil in the books: always the same one, and nobody's name."""
    return f"p{sha256(b'dayi subsidy' + student.bytes).hexdigest()[:16]}"


def day_of(moment: int) -> int:
    """The day in Asia/Shanghai, counted from 1970-01-01."""
    return (moment + SHANGHAI_S) // DAY_S
