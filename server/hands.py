"""Threads that compute beside the event loop, and may be lost; and a process for what takes minutes."""

import asyncio
import multiprocessing
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Hung(Exception):
    """What was to be computed did not come in time."""


class Hands:
    """A few threads that compute. One that never comes back is lost with what it was given, and nothing else: who asks
    waits no longer than the patience, and when every thread is lost, not at all. The process ends without them."""

    def __init__(self, count: int, patience_s: float) -> None:
        self._count, self._patience_s = count, patience_s
        self._given: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lost = 0
        self._threads: list[threading.Thread] = []

    async def do(self, what: Callable[..., T], *given: Any) -> T:
        """What the function gives or raises; Hung when it takes too long."""
        if self._lost >= self._count:
            raise Hung(f"all {self._count} threads are lost")
        self._begin()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        done.add_done_callback(lambda future: future.cancelled() or future.exception())  # maybe nobody waits any more
        self._given.put(lambda: _settle(loop, done, what, given))
        try:
            async with asyncio.timeout(self._patience_s):
                return await asyncio.shield(done)
        except TimeoutError as error:
            self._lost += 1
            done.add_done_callback(self._found)
            raise Hung(f"nothing after {self._patience_s:g} s") from error

    def _begin(self) -> None:
        """With the first that is asked of them."""
        for number in range(len(self._threads), self._count):
            self._threads.append(threading.Thread(target=self._work, name=f"hand {number}", daemon=True))
            self._threads[-1].start()

    def _found(self, _: object) -> None:
        self._lost -= 1

    def _work(self) -> None:
        while True:
            self._given.get()()


def _settle(
    loop: asyncio.AbstractEventLoop, done: "asyncio.Future[T]", what: Callable[..., T], given: tuple[Any, ...]
) -> None:
    try:
        made = what(*given)
    except Exception as error:
        _tell(loop, done.set_exception, error)
    else:
        _tell(loop, done.set_result, made)


def _tell(loop: asyncio.AbstractEventLoop, tell: Callable[[Any], None], what: Any) -> None:
    try:
        loop.call_soon_threadsafe(tell, what)
    except RuntimeError:  # the loop is closed: nobody is left to tell
        return


@contextmanager
def own_process() -> Iterator[Executor]:
    """A process for what holds an interpreter for minutes; who is cancelled meanwhile does not wait for it."""
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
