"""The matcher as the actions want it: a `Finder` on the server's own words."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict
from functools import cache
from itertools import product
from typing import Any, Literal, NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary
from zlib import crc32

from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from matcher.calibrate import Calibration
from matcher.decide import Verifier, base_version, shipped_verifier
from matcher.embed import Embedder, ModelRefused
from matcher.figure import names_figure, same_figure
from matcher.index import Entry, Kind, Scope, clear_retired, remove
from matcher.index import serving as serving_version
from matcher.match import Beyond, Match, Matcher, Outcome, Prepared, Within
from server.actions.ports import Example, Found, Sought
from server.domain.people import Stage, Subject
from server.domain.question import Verdict
from server.hands import Hands
from server.store.work import Store, Work
from server.together import in_rounds

log = logging.getLogger(__name__)

HANDS = 2
"""Threads that embed with a model that takes its time: as many as the cores of a small machine."""
PATIENCE_S = 3.0
"""For embedding one text: a thousand times what the shipped model takes. Then the question goes to a teacher."""
LOAD_PATIENCE_S = 10.0
"""For a matcher that still loads, once a transaction waits for it."""

SCOPES = tuple(product(Subject, Stage))
BATCH = 200
"""Entries embedded in one step: a tenth of a second of a core with the shipped model."""


class MatcherFinder:
    """`Finder` by a `matcher.Matcher`, in the caller's transaction.

    The matcher is loaded in a thread of its own: importing PyTorch takes seconds, in which questions are taken all the
    same. Who finds or learns meanwhile waits for it; if it can't be loaded, each call raises why.

    While the bank is embedded anew for another model, the one that serves is loaded beside it: it is searched until the
    new one has everything, and what is learned goes into both. Which one serves, and which calibration is in force, is
    read with every question: every process knows it at once.
    """

    def __init__(self, load: Callable[[], Matcher], name: str = "") -> None:
        self._name = name
        self._loading: Future[Matcher] = Future()
        self._registering = asyncio.Lock()
        self._registered = False
        self._hands = Hands(HANDS, PATIENCE_S)
        self._verifiers: dict[int | None, Verifier] = {}
        self._old: dict[str, Matcher | None] = {}  # None: it can't be loaded any more
        self._live_in: WeakKeyDictionary[Work, _Live] = WeakKeyDictionary()  # what a transaction has read stays for it
        self._prepared_in: WeakKeyDictionary[Work, dict[tuple[str, str], Prepared]] = WeakKeyDictionary()
        self._turns_of: WeakKeyDictionary[Work, set[_Turn]] = WeakKeyDictionary()
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
            matcher = load()
            shipped_verifier()  # is read once: no question waits for it
            self._loading.set_result(matcher)
        except Exception as error:
            log.exception("the matcher can't be loaded: every question goes to a teacher")
            self._loading.set_exception(error)

    async def _matcher(self) -> Matcher:
        if self._loading.done():  # nearly always: no future of this loop, and no clock, are needed
            return self._loading.result()
        return await asyncio.shield(asyncio.wrap_future(self._loading))

    async def ready(self) -> None:
        with contextlib.suppress(Exception):  # told by each call that needs it
            await self._matcher()

    async def expect(self, work: Work, sought: Sequence[Sought]) -> list[list[Sought]]:
        await self._in_turn(work, sought)
        matcher = await self._matcher()
        pairs = [*zip(sought, await self._turns(work, matcher, sought), strict=True)]
        return [[each for each, _ in group] for group in in_rounds(pairs, key=lambda pair: pair[1])]

    async def find(self, work: Work, sought: Sequence[Sought]) -> list[Found]:
        connection = await work.connection()
        new, serving, calibration = await self._in_turn(work, sought)
        matcher = serving or new
        verifier = await self._verifier(work, calibration.verifier)
        prepared = await self._prepare(work, matcher, sought)
        here = [Within(p, each.subject, each.stage, each.from_photo) for each, p in zip(sought, prepared, strict=True)]
        given = []
        for each, made, match in zip(sought, prepared, await matcher.match(connection, here, verifier), strict=True):
            given.append(found(match, calibration, each.subject, await _sureness(work, made, match, each.figure)))
        left = [at for at, each in enumerate(given) if each.entry is None]
        asked = [
            Beyond(prepared[at], beside(sought[at].subject, sought[at].stage), sought[at].from_photo) for at in left
        ]
        beyond = await matcher.match_elsewhere(connection, asked, verifier) if asked else []
        for at, other in zip(left, beyond, strict=True):
            if other is not None:
                sureness = await _sureness(work, prepared[at], other, sought[at].figure)
                given[at] = found_elsewhere(other, calibration, sought[at].subject, sureness) or given[at]
        return given

    async def learn(self, work: Work, kind: Literal["answer", "open"], problems: Sequence[Sought]) -> None:
        connection = await work.connection()
        new, serving, _ = await self._in_turn(work, [])
        for matcher in filter(None, (new, serving)):
            prepared = await self._prepare(work, matcher, problems)
            entries = [
                Entry(each.id, made.problem, made.vector, each.subject, each.stage, each.figure)
                for each, made in zip(problems, prepared, strict=True)
            ]
            await matcher.index.add(connection, Kind(kind), entries)

    async def near(self, work: Work, text: str, scopes: Sequence[Scope], limit: int) -> list[tuple[UUID, float]]:
        """Answers whose problems are near to a text, nearest first, with their cosines."""
        connection = await work.connection()
        new, serving, _ = await self._in_turn(work, [])
        matcher = serving or new
        [prepared] = await self._embed(matcher, [text])
        return await matcher.index.near(connection, prepared.vector, scopes, limit)

    async def forget(self, work: Work, id: UUID) -> None:
        """Needs no model: what is withdrawn is gone at once, whatever is missing."""
        await remove(await work.connection(), id)

    async def _in_turn(self, work: Work, sought: Sequence[Sought]) -> "_Live":
        """What a transaction goes by, as it was when first read; and from here on it is these problems' turn. Twenty
        who send tonight's homework in the same second must see one another: who has the same numbers waits for the one
        before to commit. Others pass."""
        if self.state == "loading":
            async with asyncio.timeout(LOAD_PATIENCE_S):  # a lock is held meanwhile
                await self._matcher()
        new = await self._matcher()
        taken = self._turns_of.setdefault(work, set())
        turns = sorted({*await self._turns(work, new, sought)} - taken)
        if turns or work not in self._live_in:
            live = await self._read_live(work, new, turns)
            self._live_in.setdefault(work, live)
            taken.update(turns)
        return self._live_in[work]

    async def _turns(self, work: Work, matcher: Matcher, sought: Sequence[Sought]) -> "list[_Turn]":
        prepared = await self._prepare(work, matcher, sought)
        return [(crc32(s.subject.encode()), _same_key(p)) for s, p in zip(sought, prepared, strict=True)]

    async def _prepare(self, work: Work, matcher: Matcher, sought: Sequence[Sought]) -> list[Prepared]:
        """Once for each text of a transaction: what is not found is learned next."""
        made = self._prepared_in.setdefault(work, {})
        version = matcher.index.model_version
        missing = [*dict.fromkeys(each.text for each in sought if (version, each.text) not in made)]
        if missing:
            prepared = await self._embed(matcher, missing)
            made.update(((version, text), each) for text, each in zip(missing, prepared, strict=True))
        return [made[version, each.text] for each in sought]

    async def _embed(self, matcher: Matcher, texts: Sequence[str]) -> list[Prepared]:
        if matcher.embedder.is_quick:
            return matcher.prepare_each(texts)
        return await self._hands.do(matcher.prepare_each, texts)

    async def _read_live(self, work: Work, new: Matcher, turns: Sequence["_Turn"]) -> "_Live":
        await self._register(await work.connection(), new)
        [row] = await work.rows(_LIVE, {"of": [a for a, _ in turns], "numbers": [b for _, b in turns]})
        serving = None
        if row.serving is not None and row.serving != new.index.model_version:
            serving = await self._older(row.serving, row.name)
        return _Live(new, serving, _calibration(row))

    async def _verifier(self, work: Work, number: int | None) -> Verifier:
        """Made once for each number."""
        if number not in self._verifiers:
            self._verifiers[number] = await verifier_in_force(work, number)
        return self._verifiers[number]

    async def _register(self, connection: AsyncConnection, matcher: Matcher) -> None:
        """Once a process, in a transaction of its own: it makes an index."""
        if self._registered:
            return
        async with self._registering:
            if not self._registered:
                async with connection.engine.execution_options(isolation_level="READ COMMITTED").begin() as own:
                    await matcher.index.register(own, self._name, SCOPES)
                self._registered = True

    async def _older(self, version: str, name: str) -> Matcher | None:
        """The model that still serves, loaded beside; None when it is no longer to be had: then the new one serves with
        what it has so far, and the rest goes to teachers."""
        if version not in self._old:
            try:
                older = await asyncio.to_thread(lambda: Matcher(Embedder.load(name or None)))
                self._old[version] = older if older.index.model_version == version else None
            except ModelRefused:
                self._old[version] = None
            if self._old[version] is None:
                log.warning("the model that served is gone: questions match what is embedded anew so far")
        return self._old[version]

    async def refill(self, store: Store, batch: int = BATCH) -> bool:
        """One step of embedding the bank anew, or of clearing away after it; False when there is nothing to do."""
        matcher = await self._matcher()
        async with store.engine.connect() as connection:
            await self._register(connection, matcher)
            async with connection.begin():
                if await serving_version(connection) == matcher.index.model_version:
                    others = await _has_others(connection, matcher.index.model_version)
                    missing = await matcher.index.missing(connection, batch) if others else []
                    if not missing:
                        return others and await clear_retired(connection, batch) > 0
                else:
                    missing = await matcher.index.missing(connection, batch)
            made = await asyncio.to_thread(matcher.prepare_each, [entry.text for entry in missing])
            async with connection.begin():
                if missing:
                    filled = [(entry, p.problem, p.vector) for entry, p in zip(missing, made, strict=True)]
                    await matcher.index.fill(connection, filled)
                elif await matcher.index.serve(connection):
                    log.info("the bank is embedded anew: the new model serves", extra={"model": self._name})
        return True


class _Live(NamedTuple):
    new: Matcher
    """The model of the settings."""
    serving: Matcher | None
    """The one that serves, as long as that is another."""
    calibration: Calibration
    """In force."""


UNSEEN_FIGURE = 0.5
"""Confidence is scaled down to this where a figure carries the problem and the two figures are not known to be one."""

_LIVE = """
    WITH turns AS MATERIALIZED (
        SELECT count(pg_advisory_xact_lock(turn.of::bit(32)::int, turn.numbers::bit(32)::int)) AS taken
        FROM unnest(CAST(%(of)s AS bigint[]), CAST(%(numbers)s AS bigint[])) AS turn (of, numbers)
    )
    SELECT m.version AS serving, m.name, c.slope, c.shift, c.bars, c.verifier_id FROM turns
    LEFT JOIN matcher_models m ON m.state = 'serving'
    LEFT JOIN LATERAL (SELECT slope, shift, bars, verifier_id FROM calibrations WHERE adopted_at IS NOT NULL
                       ORDER BY adopted_at DESC LIMIT 1) c ON true
"""
_TREES = "SELECT trees FROM verifiers WHERE id = %(id)s"
_FIGURE = "SELECT figure FROM matcher_entries WHERE id = %(id)s AND figure IS NOT NULL LIMIT 1"
_OTHERS = sql("SELECT EXISTS (SELECT FROM matcher_models WHERE version <> :version)")


async def calibration_in_force(work: Work) -> Calibration:
    """What the matcher's word goes under in every process."""
    [row] = await work.rows(_LIVE, {"of": [], "numbers": []})
    return _calibration(row)


async def verifier_in_force(work: Work, number: int | None) -> Verifier:
    """The shipped trees, with those that the calibration in force names."""
    if number is None:
        return shipped_verifier()
    [row] = await work.rows(_TREES, {"id": number})
    trees = row.trees
    if trees["on"] != base_version():
        log.warning("trees learned on another release's are left out: calibrate anew", extra={"verifier": number})
        return shipped_verifier()
    return shipped_verifier().grown(trees)


def _calibration(row: Any) -> Calibration:
    return Calibration() if row.bars is None else Calibration(row.slope, row.shift, row.bars, row.verifier_id)


async def _has_others(connection: AsyncConnection, version: str) -> bool:
    return bool((await connection.execute(_OTHERS, {"version": version})).scalar_one())


@cache
def beside(subject: Subject, stage: Stage) -> tuple[Scope, ...]:
    """Where else a problem may have been answered: by a pupil's mistake under another subject, or at another stage,
    whose border not every problem respects. Both at once are too seldom to be looked through for each question."""
    return tuple(scope for scope in SCOPES if (scope[0] == subject) != (scope[1] == stage))


async def _sureness(work: Work, prepared: Prepared, match: Match, figure: str | None) -> float:
    """UNSEEN_FIGURE where a figure carries the problem, and nothing shows that both have the same one."""
    if match.entry_id is None or not (names_figure(prepared.problem.text) or names_figure(match.known_text or "")):
        return 1.0
    known = await work.rows(_FIGURE, {"id": match.entry_id})
    return 1.0 if same_figure(figure, known[0].figure if known else None) else UNSEEN_FIGURE


_Turn = tuple[int, int]  # of a subject and what _same_key makes of a problem


def _same_key(prepared: Prepared) -> int:
    """Equal for two readings of one problem, as far as can be told before comparing: its numbers, else its text."""
    problem = prepared.problem
    return crc32(" ".join(sorted(map(str, problem.numbers))).encode() or problem.text.encode())


def found(match: Match, calibration: Calibration, subject: str, sureness: float = 1.0) -> Found:
    """The matcher's word under the calibration in force: what is not sure enough is an example at most."""
    bar = calibration.bar(subject)
    examples = [
        Example(each.entry_id, calibration.probability(each.confidence * sureness), _reasons(each.reasons))
        for each in match.worked_examples
    ]
    if match.entry_id is not None:
        probability = calibration.probability(match.confidence * sureness)
        reasons = _reasons(match.reasons)
        if probability >= bar:
            return Found(Verdict(match.verdict.value), match.entry_id, probability, reasons, examples)
        if match.verdict is Outcome.SAME:
            examples = [Example(match.entry_id, probability, reasons), *examples]
    best = max(examples, key=lambda example: example.confidence, default=None)
    if best is None:
        return Found(Verdict.NEW)
    if match.entry_id is None and best.confidence >= bar:
        others = [example for example in examples if example.answer != best.answer]
        return Found(Verdict.SAME, best.answer, best.confidence, best.reasons, others)
    return Found(Verdict.SIMILAR, None, examples[0].confidence, examples[0].reasons, examples)


def found_elsewhere(match: Match, calibration: Calibration, subject: str, sureness: float = 1.0) -> Found | None:
    """The matcher's word on the same problem of another scope: sure enough for both subjects, or nothing."""
    assert match.scope is not None
    probability = calibration.probability(match.confidence * sureness)
    if probability < max(calibration.bar(subject), calibration.bar(match.scope[0])):
        return None
    return Found(Verdict.SAME, match.entry_id, probability, _reasons(match.reasons))


def _reasons(reasons: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [{key: str(value) if key != "agrees" else value for key, value in asdict(r).items()} for r in reasons]
