"""What actions need from outside, beside the unit of work: the finder of answered problems, and the service's rules.

The unit of work itself is `server.store.work.Work`: there is one database and no second is planned (docs/adr/0003).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from server.domain.people import Stage, Subject
from server.domain.question import Verdict
from server.domain.session import LASTS
from server.store.work import Work


@dataclass(frozen=True)
class Rules:
    """What an operator may set: durations, whose answers are reviewed (server/settings.py has defaults and reasons)."""

    offer_lasts: timedelta = timedelta(seconds=15)
    pipeline_budget: timedelta = timedelta(seconds=20)
    gone_after: timedelta = timedelta(seconds=60)
    lease: timedelta = timedelta(seconds=30)
    session_lasts: timedelta = LASTS
    review: Literal["at_once", "trusted", "all"] = "at_once"


@dataclass(frozen=True)
class Sought:
    """A problem to look for, or to learn: that of a question, or of an answer."""

    id: UUID
    text: str
    subject: Subject
    stage: Stage
    from_photo: bool = False
    figure: str | None = None


@dataclass(frozen=True)
class Example:
    """An answered problem that is like the one asked."""

    answer: UUID
    confidence: float
    reasons: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Found:
    """The verdict on a question's text; `entry` is an answer for SAME and a question for OPEN."""

    verdict: Verdict
    entry: UUID | None = None
    confidence: float = 0.0
    reasons: Sequence[dict[str, Any]] = ()
    examples: Sequence[Example] = field(default=())


class Finder(Protocol):
    """The matcher, inside the caller's transaction."""

    async def ready(self) -> None:
        """Until it can answer at once, or never will: awaited before a transaction, which would hold a lock so long."""
        ...

    async def expect(self, work: Work, sought: Sequence[Sought]) -> list[list[Sought]]:
        """Several are about to be looked for: they wait here for those who ask the same, in the one order in which all
        wait, so that no two works wait for each other. Gives them in rounds: what may be the same problem as one of a
        round is looked for in a later one, when that is known."""
        ...

    async def find(self, work: Work, sought: Sequence[Sought]) -> list[Found]:
        """The verdict on each. Two who ask the same at the same moment wait for each other here, so that one can
        follow."""
        ...

    async def learn(self, work: Work, kind: Literal["answer", "open"], problems: Sequence[Sought]) -> None:
        """Make answers, or questions that are waiting, findable once the work commits."""
        ...

    async def forget(self, work: Work, id: UUID) -> None:
        """Make it unfindable once the work commits."""
        ...
