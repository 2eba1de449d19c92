"""The models that label questions, in a worker: loaded when they are adopted, trained in a process of their own."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import TYPE_CHECKING

from server.actions.facts import last_night
from server.actions.label import Said, begin_night, label_due
from server.domain.label import Kind
from server.hands import own_process
from server.store.labels import Labels
from server.store.lines import Record
from server.store.work import Store

if TYPE_CHECKING:  # the matcher's libraries take seconds to import: who only hands these on need not
    from matcher.classify import Classifier
    from matcher.lesson import Lesson, Sample

log = logging.getLogger(__name__)

TRAINING = "train labels"


class Labeller:
    """Labels what is due, with the models that serve."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._loaded: dict[int, Classifier | None] = {}  # None: its weights are no model

    async def label(self) -> None:
        """As long as there is something to do."""
        while True:
            async with self._store.work() as work:
                labels = Labels(work)
                if not await label_due(work, self.reading(labels)):
                    return

    def reading(self, labels: Labels) -> "_Reading":
        """In one transaction."""
        return _Reading(self, labels)

    async def model(self, labels: Labels, id: int) -> "Classifier | None":
        """Read once; one that cannot be read is said in the log, and says nothing."""
        from matcher.classify import BadModel, Classifier

        if id not in self._loaded:
            weights = await labels.weights(id)
            try:
                self._loaded[id] = await asyncio.to_thread(Classifier.from_bytes, weights)
            except BadModel:
                log.exception("a model of labels cannot be read", extra={"model": id})
                self._loaded[id] = None
        return self._loaded[id]

    def keep(self, ids: set[int]) -> None:
        self._loaded = {id: model for id, model in self._loaded.items() if id in ids}


class _Reading:
    """`Reader` in one transaction."""

    def __init__(self, labeller: Labeller, labels: Labels) -> None:
        self._labeller, self._labels = labeller, labels

    async def read(self, due: Sequence[Record]) -> list[Mapping[Kind, Said]]:
        found: list[dict[Kind, Said]] = [{} for _ in due]
        serving = await self._labels.serving()
        self._labeller.keep({row.id for row in serving})
        for row in serving:
            model = await self._labeller.model(self._labels, row.id)
            at = [i for i, each in enumerate(due) if row.scope in ("", f"{each.subject}:{each.stage}")]
            if model is None or not at:
                continue
            guesses = await asyncio.to_thread(model.guess, [due[i].text for i in at])
            for i, guess in zip(at, guesses, strict=True):
                if guess.is_said:
                    found[i][Kind(row.kind)] = Said(row.id, guess.label, guess.confidence)
        return list(found)


# --- training ------------------------------------------------------------------------------------------------------


async def train(store: Store, pool: Executor) -> list[tuple[Kind, str, "Lesson"]]:
    """Every model anew from what people said; each is put in force if it may be."""
    from matcher.lesson import learn

    async with store.work() as work:
        labels = Labels(work)
        wanted: list[tuple[Kind, str]] = [(kind, "") for kind in Kind if kind is not Kind.POINT]
        wanted += [(Kind.POINT, f"{subject}:{stage}") for subject, stage in await labels.scopes()]
        serving = {(Kind(row.kind), row.scope): row.id for row in await labels.serving()}
    done: list[tuple[Kind, str, Lesson]] = []
    loop = asyncio.get_running_loop()
    for kind, scope in wanted:
        async with store.work() as work:
            labels = Labels(work)
            samples = [_sample(row) for row in await labels.samples(kind, scope)]
            present = await labels.weights(serving[kind, scope]) if (kind, scope) in serving else None
        lesson = await loop.run_in_executor(pool, learn, samples, present)
        done.append((kind, scope, lesson))
        async with store.work() as work:
            await Labels(work).add_model(kind, scope, lesson.weights, lesson.card, serves=lesson.serves)
            await work.commit()
    if any(lesson.serves for _, _, lesson in done):
        async with store.work() as work:
            await Labels(work).look_again()
            await work.commit()
    return done


async def train_at_night(store: Store) -> None:
    """Once a night, by whichever worker is first."""
    async with store.work() as work:
        now: datetime = work.began
        mine = await begin_night(work, TRAINING, last_night(now))
    if not mine:
        return
    with own_process() as pool:
        for kind, scope, lesson in await train(store, pool):
            log.info("labels were learned", extra={"kind": kind, "scope": scope, "why": lesson.card["why"]})


def _sample(row: Record) -> "Sample":
    from matcher.lesson import Sample

    ties = tuple(f"{name}:{id}" for name, id in (("answer", row.answer_id), ("leader", row.leader_id)) if id)
    return Sample(row.text, row.value, ties)
