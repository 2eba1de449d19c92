"""Runs that group questions into topics, once a night, subject by subject and stage by stage."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Executor
from datetime import date, timedelta
from functools import partial
from typing import Any

from matcher.topics import EXEMPLARS, Known, exemplars, halves, made, mean_of, telling, terms, vectors_of
from server.actions.facts import SHANGHAI, last_night, monday
from server.actions.label import begin_night
from server.hands import own_process
from server.store.labels import Labels
from server.store.topics import Topics
from server.store.work import Store

log = logging.getLogger(__name__)

PERIOD = timedelta(days=28)
GROUPING, ANEW = "group topics", "group topics anew"
TRIES = 3  # a run that a person's edit overtook begins again


async def group(store: Store, pool: Executor, on: date, *, fresh: bool) -> int:
    """One run over the period that ends with this day; how many questions it looked at."""
    since = on - PERIOD + timedelta(days=1)
    async with store.work() as work:
        scopes = await Topics(work).scopes(since)
    return sum([await _group(store, pool, row.subject, row.stage, since, on, fresh) for row in scopes])


async def _group(store: Store, pool: Executor, subject: str, stage: str, since: date, on: date, fresh: bool) -> int:
    """One subject and stage, in one transaction."""
    for _ in range(TRIES):
        async with store.work() as work:
            topics = Topics(work)
            edits = await topics.edits()
            questions = await topics.questions(subject, stage, since)
            known = [Known(r.id, mean_of(r.mean), r.holds, r.apart) for r in await topics.known(subject, stage)]
        texts, before = [row.text for row in questions], [row.topic_id for row in questions]
        loop = asyncio.get_running_loop()
        placed, told = await loop.run_in_executor(pool, partial(made, texts, before, known, fresh=fresh))
        async with store.work() as work:
            topics = Topics(work)
            await topics.take_turn()
            if await topics.edits() != edits:
                continue
            ids: dict[int, int] = {}
            for topic, each in told.items():
                columns = {"terms": each.terms, "mean": each.mean}
                columns |= {"exemplars": [questions[i].id for i in each.exemplars]}
                if topic < 0:
                    ids[topic] = await topics.add(subject, stage, columns, on)
                else:
                    ids[topic] = topic
                    await topics.change(topic, **columns)
            await topics.put([row.id for row in questions], [None if t is None else ids[t] for t in placed])
            await topics.count(sorted({*ids.values(), *(each.id for each in known)}))
            await work.commit()
            return len(questions)
    log.warning("topics wait for the next night: people are at them", extra={"subject": subject, "stage": stage})
    return 0


async def group_at_night(store: Store) -> bool:
    """Once a night, by whichever worker is first, which is told so; the first night of a week groups everything
    anew."""
    async with store.work() as work:
        now = work.began
        mine = await begin_night(work, GROUPING, last_night(now))
    if not mine:
        return False
    yesterday = last_night(now).astimezone(SHANGHAI).date() - timedelta(days=1)
    async with store.work() as work:
        week = last_night(now) - timedelta(days=(last_night(now).astimezone(SHANGHAI).date() - monday(now)).days)
        fresh = await Labels(work).begin_night(ANEW, week)
        await work.commit()
    with own_process() as pool:
        seen = await group(store, pool, yesterday, fresh=fresh)
    log.info("questions were grouped into topics", extra={"questions": seen, "anew": fresh})
    return True


def parted(texts: Sequence[str]) -> list[tuple[list[int], dict[str, Any]]]:
    """Two parts of a topic's questions, as a topic is kept."""
    vectors = vectors_of(texts)
    sides = halves(vectors)
    places = [[i for i, side in enumerate(sides) if side == n] for n in (0, 1)]
    names = telling([terms([texts[i] for i in at]) for at in places], [max(1, len(at)) for at in places])
    return [
        (
            at,
            {
                "terms": name,
                "mean": vectors[at].mean(axis=0).tobytes() if at else b"",
                "exemplars": [at[i] for i in exemplars(vectors[at], EXEMPLARS)] if at else [],
            },
        )
        for at, name in zip(places, names, strict=True)
    ]
