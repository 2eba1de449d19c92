"""The matcher as the actions want it: a `Finder` on the server's own words."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any, Literal
from uuid import UUID
from zlib import crc32

from sqlalchemy import text as sql

from matcher.index import Kind, remove
from matcher.match import Match, Matcher, Prepared
from server.actions.ports import Example, Found
from server.domain.people import Stage, Subject
from server.domain.question import Verdict
from server.store.work import Work

log = logging.getLogger(__name__)


class MatcherFinder:
    """`Finder` by a `matcher.Matcher`, in the caller's transaction.

    The matcher is loaded in a thread of its own: importing PyTorch takes seconds, in which questions are taken all the
    same. Who finds or learns meanwhile waits for it; if it can't be loaded, each call raises why.
    """

    def __init__(self, load: Callable[[], Matcher]) -> None:
        self._loading: Future[Matcher] = Future()
        threading.Thread(target=self._load, args=(load,), name="matcher", daemon=True).start()

    @property
    def state(self) -> Literal["loading", "ok", "down"]:
        if not self._loading.done():
            return "loading"
        return "down" if self._loading.exception() else "ok"

    def when_loaded(self, do: Callable[[], None]) -> None:
        """Calls `do` once the matcher is here or is known to be missing, in whatever thread knows it first."""
        self._loading.add_done_callback(lambda _: do())

    def _load(self, load: Callable[[], Matcher]) -> None:
        try:
            self._loading.set_result(load())
        except Exception as error:
            log.exception("the matcher can't be loaded: every question goes to a teacher")
            self._loading.set_exception(error)

    async def _matcher(self) -> Matcher:
        return await asyncio.shield(asyncio.wrap_future(self._loading))

    async def ready(self) -> None:
        with contextlib.suppress(Exception):  # told by each call that needs it
            await self._matcher()

    async def find(self, work: Work, text: str, subject: Subject, stage: Stage, *, from_photo: bool) -> Found:
        matcher = await self._matcher()
        prepared = matcher.prepare(text)
        connection = await work.connection()
        await connection.execute(_TAKE_TURNS, {"a": crc32(subject.encode()), "b": _same_key(prepared)})
        match = await matcher.match(connection, prepared, subject, stage, from_photo)
        return _found(match)

    async def learn(
        self, work: Work, id: UUID, kind: Literal["answer", "open"], text: str, subject: Subject, stage: Stage
    ) -> None:
        matcher = await self._matcher()
        await matcher.add(await work.connection(), id, Kind(kind), matcher.prepare(text), subject, stage)

    async def forget(self, work: Work, id: UUID) -> None:
        """Needs no model: what is withdrawn is gone at once, whatever is missing."""
        await remove(await work.connection(), id)


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
