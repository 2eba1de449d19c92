"""The matcher as the actions want it: a `Finder` on the server's own words."""

from dataclasses import asdict
from typing import Any, Literal
from uuid import UUID
from zlib import crc32

from sqlalchemy import text as sql

from matcher.index import Kind
from matcher.match import Match, Matcher
from matcher.match import Prepared as Prepared
from server.actions.ports import Example, Found
from server.domain.people import Stage, Subject
from server.domain.question import Verdict
from server.store.work import Work


class MatcherFinder:
    """`Finder` by a `matcher.Matcher`, in the caller's transaction."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher

    async def find(self, work: Work, text: str, subject: Subject, stage: Stage, *, from_photo: bool) -> Found:
        prepared = self._matcher.prepare(text)
        connection = await work.connection()
        await connection.execute(_TAKE_TURNS, {"a": crc32(subject.encode()), "b": _same_key(prepared)})
        match = await self._matcher.match(connection, prepared, subject, stage, from_photo)
        return _found(match)

    async def learn(
        self, work: Work, id: UUID, kind: Literal["answer", "open"], text: str, subject: Subject, stage: Stage
    ) -> None:
        await self._matcher.add(await work.connection(), id, Kind(kind), self._matcher.prepare(text), subject, stage)

    async def forget(self, work: Work, id: UUID) -> None:
        await self._matcher.remove(await work.connection(), id)


# Twenty who send tonight's homework in the same second must see one another: who has the same numbers waits for the
# one before to commit. Others pass.
_TAKE_TURNS = sql("SELECT pg_advisory_xact_lock(CAST(:a AS bigint)::bit(32)::int, CAST(:b AS bigint)::bit(32)::int)")


def _same_key(prepared: Prepared) -> int:
    """Equal for two readings of one problem, as far as can be told before comparing: its numbers, else its text."""
    problem = prepared.problem
    return crc32(" ".join(sorted(map(str, problem.numbers))).encode() or problem.text.encode())


def _found(match: Match) -> Found:
    return Found(
        verdict=Verdict(match.verdict.value),
        entry=match.entry_id,
        confidence=match.confidence,
        reasons=_reasons(match.reasons),
        examples=[
            Example(example.entry_id, example.confidence, _reasons(example.reasons))
            for example in match.worked_examples
        ],
    )


def _reasons(reasons: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [{key: str(value) if key != "agrees" else value for key, value in asdict(r).items()} for r in reasons]
