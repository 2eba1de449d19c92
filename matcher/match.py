"""The one door for the server: prepare a text, match it, add it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from matcher.decide import Decision, Reason, Verdict, Verifier, decide_each
from matcher.embed import Embedder, Vector
from matcher.index import Candidate, Entry, Index, Kind, Near, Scope
from matcher.normalize import Problem, normalize
from matcher.numbers import are_surely_others

CANDIDATES = 10
JUDGED = 6
"""Of the candidates, the most alike are laid beside the question: half a millisecond each. The right one is among them
as often."""
MOST_EXAMPLES = 3


class Outcome(StrEnum):
    """The verdicts of the design's Words."""

    SAME = "same"
    OPEN = "open"
    SIMILAR = "similar"
    NEW = "new"


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A problem ready for the index; `vector` has the embedder's dimension."""

    problem: Problem
    vector: Vector


@dataclass(frozen=True, slots=True)
class WorkedExample:
    """An answered problem of the same template, to be shown as "other numbers"."""

    entry_id: UUID
    text: str
    confidence: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """What was found. Same (an answer) and open (a question) come with `entry_id` and `known_text` as it was given."""

    verdict: Outcome
    entry_id: UUID | None = None
    confidence: float = 0.0
    reasons: tuple[Reason, ...] = ()
    known_text: str | None = None
    worked_examples: tuple[WorkedExample, ...] = ()
    scope: Scope | None = None
    """Where it was found, if that is another subject or stage than it was asked in."""


class Within(NamedTuple):
    """A problem that is looked for in its own scope; a subject or stage of None is any."""

    prepared: Prepared
    subject: str | None
    stage: str | None
    read_from_photo: bool = False


class Beyond(NamedTuple):
    """A problem that is looked for in other scopes than its own."""

    prepared: Prepared
    scopes: Collection[Scope]
    read_from_photo: bool = False


class Matcher:
    """Embedder and index together. `prepare` is pure and fast; the rest runs in the caller's transaction."""

    def __init__(self, embedder: Embedder, index: Index | None = None) -> None:
        self.embedder = embedder
        self.index = index or Index(embedder.dimension, embedder.version)

    def prepare(self, text: str) -> Prepared:
        """Normalises and embeds; about a millisecond with the shipped model."""
        return self.prepare_each([text])[0]

    def prepare_each(self, texts: Sequence[str]) -> list[Prepared]:
        problems = [normalize(text) for text in texts]
        vectors = self.embedder.embed([problem.text for problem in problems])
        return [Prepared(problem, vector) for problem, vector in zip(problems, vectors, strict=True)]

    async def match(self, conn: AsyncConnection, asked: Sequence[Within],
                    verifier: Verifier | None = None) -> list[Match]:
        """The verdict on each of some problems; a verifier of None is the shipped one."""
        given = [Match(Outcome.NEW) for _ in asked]
        full = [(at, each) for at, each in enumerate(asked) if not each.prepared.problem.is_empty]
        near = [Near(e.prepared.vector, e.prepared.problem, e.subject, e.stage) for _, e in full]
        places = iter(full)
        async with aclosing(self.index.nearest_each(conn, near, tuple(Kind), CANDIDATES)) as found:
            async for candidates in found:
                at, each = next(places)
                given[at] = _within(each, candidates, verifier)
        return given

    async def match_elsewhere(self, conn: AsyncConnection, asked: Sequence[Beyond],
                              verifier: Verifier | None = None) -> list[Match | None]:
        """For each the same problem, answered in one of its scopes; for those that their own scope does not have."""
        found = await self.index.elsewhere(conn, [(a.prepared.vector, a.prepared.problem, a.scopes) for a in asked])
        return [_same(each, candidates, verifier) for each, candidates in zip(asked, found, strict=True)]

    async def add(self, conn: AsyncConnection, id: UUID, kind: Kind, prepared: Prepared, subject: str | None,
                  stage: str | None, figure: str | None = None) -> None:
        """Makes the problem findable as soon as the caller commits; replaces the entry with this id."""
        await self.index.add(conn, kind, [Entry(id, prepared.problem, prepared.vector, subject, stage, figure)])


class _Near(Protocol):
    @property
    def problem(self) -> Problem: ...
    @property
    def cosine(self) -> float: ...
    @property
    def lexical(self) -> float: ...


N = TypeVar("N", bound=_Near)


def shortlist(found: Sequence[N], most: int = JUDGED) -> list[N]:
    """The candidates most alike by vector and words together, best first."""
    return sorted(found, key=lambda near: -near.cosine - near.lexical)[:most]


def decided(asked: Problem, near: Sequence[N], read_from_photo: bool,
            verifier: Verifier | None = None) -> list[tuple[N, Decision]]:
    """Each of them with the decision on it."""
    decisions = decide_each(asked, [(n.problem, n.cosine, n.lexical) for n in near], read_from_photo, verifier)
    return [*zip(near, decisions, strict=True)]


def _is_surely_useless(asked: Problem, candidate: Candidate) -> bool:
    """An open question with other numbers: it is not the same, and has no answer to be an example."""
    return candidate.kind is Kind.OPEN and are_surely_others(asked, candidate.problem)


def _within(asked: Within, found: Sequence[Candidate], verifier: Verifier | None) -> Match:
    problem, from_photo = asked.prepared.problem, asked.read_from_photo
    near = [each for each in shortlist(found) if from_photo or not _is_surely_useless(problem, each)]
    return _best(decided(problem, near, from_photo, verifier))


def _same(asked: Beyond, found: Sequence[Candidate], verifier: Verifier | None) -> Match | None:
    problem, from_photo = asked.prepared.problem, asked.read_from_photo
    near = [each for each in found if from_photo or not are_surely_others(problem, each.problem)]
    best = _best(decided(problem, near, from_photo, verifier))
    return best if best.verdict is Outcome.SAME else None


def _best(judged: list[tuple[Candidate, Decision]]) -> Match:
    examples = _examples(judged)
    surest = sorted(judged, key=lambda pair: -pair[1].confidence)
    for kind, outcome in ((Kind.ANSWER, Outcome.SAME), (Kind.OPEN, Outcome.OPEN)):
        for candidate, decision in surest:
            if decision.verdict is Verdict.SAME and candidate.kind is kind:
                others = tuple(e for e in examples if e.entry_id != candidate.id)
                return Match(outcome, candidate.id, decision.confidence, decision.reasons,
                             candidate.text, others[:MOST_EXAMPLES], candidate.scope)
    if examples:
        return Match(Outcome.SIMILAR, None, examples[0].confidence, examples[0].reasons, None, examples[:MOST_EXAMPLES])
    return Match(Outcome.NEW)


def _examples(judged: list[tuple[Candidate, Decision]]) -> tuple[WorkedExample, ...]:
    """The answered ones that are not new, the most alike first."""
    alike = sorted((pair for pair in judged if pair[1].verdict is not Verdict.NEW and pair[0].kind is Kind.ANSWER),
                   key=lambda pair: -pair[1].likeness)
    return tuple(WorkedExample(c.id, c.text, d.confidence, d.reasons) for c, d in alike)
