"""1,000 concurrent repeats of 100 questions, each with its key: how many questions come of them."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from server.embedded import services
from server.store.migrate import migrate
from tests.service import Program, Service, running

QUESTIONS, REPEATS, AT_ONCE = 100, 1_000, 32


async def main(argv: Sequence[str]) -> int:
    """Prints a Markdown table."""
    return await asyncio.to_thread(_measure)


def _measure() -> int:
    with tempfile.TemporaryDirectory(prefix="dayi-bench-") as folder, services(Path(folder)) as urls:
        migrate(urls.database)
        with running(Service(Path(folder), urls.database, urls.redis)) as city:
            city.seed()
            node = city.web()
            pupil = Program("pupil8").sign_in(node)
            keys = [str(uuid4()) for _ in range(QUESTIONS)]
            seconds, seen = asyncio.run(
                _repeat(lambda n: pupil.ask(node, f"第 {n % QUESTIONS} 题", keys[n % QUESTIONS]))
            )
    print("| requests | keys | at once | questions | seconds |\n|---|---|---|---|---|")
    print(f"| {REPEATS} | {QUESTIONS} | {AT_ONCE} | {len(seen)} | {seconds:.1f} |")
    return 0 if len(seen) == QUESTIONS else 1


async def _repeat(ask) -> tuple[float, set[str]]:  # type: ignore[no-untyped-def]
    gate = asyncio.Semaphore(AT_ONCE)

    async def once(n: int) -> str:
        async with gate:
            return str((await asyncio.to_thread(ask, n))["id"])

    begun = time.perf_counter()
    ids = await asyncio.gather(*(once(n) for n in range(REPEATS)))
    return time.perf_counter() - begun, set(ids)
