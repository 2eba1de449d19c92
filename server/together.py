"""Many who want the same thing at the same moment are served in one go, in the order in which they came."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from server.actions.errors import Later

K = TypeVar("K")
A = TypeVar("A")
R = TypeVar("R")

AT_ONCE = 500  # served by one transaction: half a second at most for who comes next
MOST = 20_000  # that wait in one process; who comes then is told to try again

log = logging.getLogger(__name__)


class Together(Generic[K, A, R]):
    """Who comes while a group is being served is of the next group. A crowd of thousands costs some transactions, a
    single one costs one, at once. Where every group is told to a whole room, `pace_s` is the least time between two."""

    def __init__(
        self,
        serve: Callable[[K, Sequence[A]], Awaitable[Sequence[R | Exception]]],
        pace_s: float = 0.0,
        at_once: int = AT_ONCE,
    ) -> None:
        self._serve, self._pace_s, self._at_once = serve, pace_s, at_once
        self._queues: dict[K, deque[tuple[A, asyncio.Future[R]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = 0

    async def join(self, key: K, asks: A) -> R:
        """What the group's serving gives for this one; raises it when it is an exception, as a refusal is."""
        if self._count >= MOST:
            raise Later
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = deque()
            task = asyncio.create_task(self._work(key, queue), name="together")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        queue.append((asks, answer))
        self._count += 1
        return await answer

    async def _work(self, key: K, queue: deque[tuple[A, asyncio.Future[R]]]) -> None:
        while queue:
            group = [queue.popleft() for _ in range(min(self._at_once, len(queue)))]
            try:
                found = await self._serve(key, [asks for asks, _ in group])
            except Exception as error:
                for _, answer in group:
                    if not answer.done():  # its page may have gone
                        answer.set_exception(error)
            else:
                for (_, answer), each in zip(group, found, strict=True):
                    if answer.done():
                        continue
                    if isinstance(each, Exception):
                        answer.set_exception(each)
                    else:
                        answer.set_result(each)
            finally:
                self._count -= len(group)
            if self._pace_s:
                await asyncio.sleep(self._pace_s)
        del self._queues[key]

    async def flush(self) -> None:
        """Until all who came are served."""
        while self._tasks:
            await asyncio.wait(self._tasks)


def in_rounds(items: Sequence[A], key: Callable[[A], Hashable]) -> list[list[A]]:
    """The items in their order, in as few rounds as keep two with the same key apart."""
    rounds: list[list[A]] = []
    seen: Counter[Hashable] = Counter()
    for item in items:
        at = key(item)
        if seen[at] == len(rounds):
            rounds.append([])
        rounds[seen[at]].append(item)
        seen[at] += 1
    return rounds
