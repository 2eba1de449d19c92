"""`dayi bench idempotency`: 1,000 requests at once, ten for each of 100 questions and its key, to two web processes."""

import asyncio
import time
from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import text

from server.store.work import open_engine
from tests.bench import city
from tests.bench.page import Http

QUESTIONS, REPEATS = 100, 1_000


async def main(argv: Sequence[str]) -> int:
    """Prints a Markdown table."""
    with city.city() as (service, urls):
        nodes = [await asyncio.to_thread(service.web) for _ in range(2)]
        pupils = await city.pupils(urls.database, QUESTIONS)
        asked = [(pupil, str(uuid4())) for pupil in pupils]
        https = [Http(node.port) for node in nodes]

        async def once(n: int) -> str:
            pupil, key = asked[n % QUESTIONS]
            body = {"subject": "math", "grade": 8, "text": f"第 {n % QUESTIONS} 题"}
            answer = await https[n // QUESTIONS % 2].call("POST", "/api/questions", pupil.token, body, key=key)
            return str(answer["id"])

        begun = time.perf_counter()
        answered = set(await asyncio.gather(*(once(n) for n in range(REPEATS))))
        seconds = time.perf_counter() - begun
        engine = open_engine(urls.database)
        async with engine.connect() as connection:
            kept = (await connection.execute(text("SELECT count(*) FROM questions"))).scalar_one()
        await engine.dispose()
    print("| requests at once | keys | questions answered with | questions in the database | seconds |")
    print(f"|---|---|---|---|---|\n| {REPEATS} | {QUESTIONS} | {len(answered)} | {kept} | {seconds:.1f} |")
    return 0 if len(answered) == kept == QUESTIONS else 1
