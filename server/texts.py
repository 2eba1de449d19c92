"""Text questions on their way to be matched: web processes line them up in Redis, workers take them from there."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine, Sequence
from typing import Any
from uuid import UUID

from server.actions import ask
from server.actions.ports import Finder, Rules
from server.live.bus import Bus, BusDown
from server.store.work import Store
from server.together import Together

log = logging.getLogger(__name__)

LINE = "texts"
AT_ONCE = 16  # that a process takes upon itself
TOGETHER = 8  # of these, in one transaction
UNTAKEN_S = 0.5  # that a question lies in the line before the process that took it in settles it itself
REST_S = 0.5  # of a worker that finds no Redis


class Texts:
    """Settles text questions right behind their acknowledgement.

    A match costs milliseconds of a core, and a web process has one core for a thousand pages; so it hands the question
    to the workers (docs/adr/0070). What no worker takes in time, or can't be handed over because Redis is away, is
    settled where it was asked. Upkeep finds a question that is lost with its process.

    First come first served, one transaction at a time: those who come meanwhile share the next, so that in a burst each
    costs less.
    """

    def __init__(self, store: Store, finder: Finder, rules: Rules, bus: Bus) -> None:
        self._store, self._finder, self._rules, self._bus = store, finder, rules, bus
        self._handed: dict[UUID, float] = {}  # when each was put in the line
        self._under_way: set[asyncio.Task[None]] = set()
        self._handing: Together[None, UUID, None] = Together(self._hand_over)
        self._settling: Together[None, UUID, None] = Together(self._settle_together, at_once=TOGETHER)

    # Where a question was asked.

    def soon(self, question: UUID) -> None:
        self._spawn(self._handing.join(None, question))

    async def watch(self) -> None:
        """Until cancelled: settles what nobody takes."""
        while True:
            await asyncio.sleep(UNTAKEN_S / 2)
            await self._call_back(time.monotonic() - UNTAKEN_S)

    async def flush(self) -> None:
        """Until all that was given to this process is settled, or taken by a worker."""
        while self._under_way or self._handed:
            await asyncio.gather(*self._under_way)
            await self._call_back(time.monotonic())

    async def _hand_over(self, _: None, questions: Sequence[UUID]) -> Sequence[None]:
        try:
            await self._bus.line_up(LINE, [str(question) for question in questions])
        except BusDown:
            for question in questions:
                self._spawn(self._settle(question))
        else:
            self._handed |= dict.fromkeys(questions, time.monotonic())
        return [None] * len(questions)

    async def _call_back(self, handed_before: float) -> None:
        due = [question for question, since in self._handed.items() if since <= handed_before]
        if not due:
            return
        for question in due:
            del self._handed[question]
        try:
            left = await self._bus.call_back(LINE, [str(question) for question in due])
        except BusDown:  # nobody knows whether they were taken: settling twice does no harm
            left = [True] * len(due)
        for question, is_left in zip(due, left, strict=True):
            if is_left:
                self._spawn(self._settle(question))

    # Where it is matched.

    async def take(self) -> None:
        """A worker's part, until cancelled: takes from the line as fast as it settles."""
        await self._finder.ready()
        while True:
            while len(self._under_way) >= AT_ONCE:  # what this worker has no time for, another takes
                await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            try:
                question = await self._bus.next_in_line(LINE)
            except BusDown:
                await asyncio.sleep(REST_S)
                continue
            if question is not None:
                with contextlib.suppress(ValueError):  # not ours
                    self._spawn(self._settle(UUID(question.decode("ascii", "replace"))))

    def _spawn(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(doing, name="settle")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _settle(self, question: UUID) -> None:
        try:
            await self._finder.ready()  # its pupil may withdraw meanwhile
            await self._settling.join(None, question)
        except Exception:
            log.exception("a question waits for upkeep to be matched")

    async def _settle_together(self, _: None, questions: Sequence[UUID]) -> Sequence[None]:
        try:
            async with self._store.work(often=True) as work:
                await ask.settle_texts(work, self._finder, self._rules, questions, work.began)
        except Exception:
            log.info("texts are settled one by one", extra={"count": len(questions)}, exc_info=True)
            for question in questions:
                await self._settle_alone(question)
        return [None] * len(questions)

    async def _settle_alone(self, question: UUID) -> None:
        try:
            async with self._store.work(often=True) as work:
                await ask.settle(work, self._finder, self._rules, question, None, work.began)
        except Exception:
            log.exception("a question waits for upkeep to be matched")
