"""The answered and the open problems in PostgreSQL with pgvector: add, remove, nearest, in the caller's transaction."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from itertools import zip_longest
from math import fsum
from typing import Any, NamedTuple, TypeVar
from uuid import UUID
from zlib import crc32

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from matcher import statements
from matcher.embed import ModelRefused, Vector
from matcher.lexical import lexical, rarity, telling
from matcher.normalize import FORM, Problem, normalize, restored
from matcher.statements import Driver, driver_of

MOST_HOLDERS = 40
"""Entries looked at for one pair of characters: a pair with more of them tells little, and each is a page to read. Of
10,172 problems the right one is as often among ten candidates as without a limit. It also keeps the planner from
joining the other way round, which on a table without statistics reads all of it."""
LINKS, BUILD_BREADTH = 32, 256
BREADTHS, BREADTH, GROWTH = (100, 1_000), 5.0, 0.4
"""HNSW's m and ef_construction; the bounds of its ef_search, and how it grows with what the scope holds: among 250 the
nearest are looked for in a scope of 18,000, among 480 in one of 92,000. `dayi bench match` prints how many of the
nearest ten are found so."""
SET_BREADTH = f"""
    SELECT set_config('hnsw.ef_search', CAST(CAST(greatest({BREADTHS[0]}, least({BREADTHS[1]}, {BREADTH} * power((
        SELECT greatest(0, max(reltuples)) FROM pg_class WHERE relname = %(index)s
    ), {GROWTH}))) AS int) AS text), true)
"""  # noqa: S608  constants of this file
"""How HNSW, this index, searches in this transaction."""
SET_BREADTH_OF_MANY = "SELECT set_config('hnsw.ef_search', '60', true)"
"""The same where many scopes are searched for the nearest of all: of each a few are enough."""
Scope = tuple[str, str]
"""A subject and a stage."""
ELSEWHERE, RAREST, COMMON = 3, 5, 0.4
"""Answers of other scopes that are looked at, the pairs that they are looked for by, and the share of what these tell
that each answer must have. `dayi matcher evaluate --elsewhere` prints what is found so; 16 pairs find 2 % more and take
twice as long."""
T = TypeVar("T", bound=Hashable)


class Kind(StrEnum):
    """What stands behind an entry."""

    ANSWER = "answer"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Missing:
    """An entry that a model has no vector of."""

    id: UUID
    text: str
    subject: str | None
    stage: str | None


@dataclass(frozen=True, slots=True)
class Model:
    """A model with entries: `serving`, `filling` until it has all that the serving one has, or `retired`."""

    version: str
    name: str
    dimension: int
    state: str
    entries: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry near the problem asked. `lexical` lies between 0 and 1, `cosine` between -1 and 1."""

    id: UUID
    kind: Kind
    text: str
    """As it was given."""
    comparable: str | None
    """None where it was kept in another FORM than the present one."""
    cosine: float
    lexical: float
    figure: str | None = None
    scope: Scope | None = None
    """Of one that was looked for by its words in other scopes."""

    @property
    def problem(self) -> Problem:
        """Made when it is asked for: most candidates are laid beside nothing."""
        return normalize(self.text) if self.comparable is None else restored(self.text, self.comparable)


class Entry(NamedTuple):
    """What is put into the index; a subject or stage of None is any."""

    id: UUID
    problem: Problem
    vector: Vector
    subject: str | None
    stage: str | None
    figure: str | None = None


class Near(NamedTuple):
    """What the nearest entries are looked for of; a subject or stage of None is any."""

    vector: Vector
    problem: Problem
    subject: str | None
    stage: str | None


class Index:
    """The entries of one model's version; every verb runs in the transaction of the connection handed in. What runs at
    every question goes to its driver (docs/adr/0007).

    Several models' entries stand side by side in one table, each with HNSW indexes of its own dimension: a change of
    model fills the new one while the old one serves. HNSW knows no conditions: it walks past what is of other subjects.
    So each subject and stage has a small one of its own, and a search takes as long as its scope is large. HNSW holds
    the answers alone: the open questions are few, come and go by the minute, and to put one into it would cost as much
    as the rest of a question's way. Open questions, and what belongs to no one scope, are compared one by one.
    """

    def __init__(self, dimension: int, model_version: str) -> None:
        self.dimension = dimension
        self.model_version = model_version
        self._vector = f"embedding::halfvec({dimension})"
        self._distance = f"({self._vector} <=> CAST(%(vector)s AS halfvec({dimension})))"
        self._mine = f"model_version = {_quoted(model_version)}"  # a parameter would keep the planner from the index
        self._statements: dict[tuple[str | None, str | None, tuple[Kind, ...], int], str] = {}
        self._near: dict[tuple[tuple[Scope, ...], int], str] = {}
        self._elsewhere = _by_words_elsewhere(self._distance.replace("%(vector)s", _ITS_VECTOR), self._mine)

    async def register(self, conn: AsyncConnection, name: str, scopes: Collection[Scope] = ()) -> None:
        """Makes this model known: the first of all serves, a later one is to be filled. `name` is where others load it
        from. Gives each of the scopes its HNSW; in another one all answers are compared. Raises ModelRefused when the
        model was known with another dimension."""
        await conn.execute(_ONE_REGISTERS)
        known = {"version": self.model_version, "name": name, "dimension": self.dimension}
        await conn.execute(_REGISTER, known)
        dimension = (await conn.execute(_DIMENSION, known)).scalar_one()
        if dimension != self.dimension:
            raise ModelRefused(f"The matching model {name} makes vectors of {self.dimension} numbers but its entries "
                               f"have {dimension}: set the model that they were made with, or give the new one a "
                               "folder of its own, and the bank is embedded anew.")
        there = {*(await conn.execute(_INDEXES, {"names": f"{_prefix(self.model_version)}%"})).scalars()}
        for subject, stage in scopes:
            if (index := self.index_name(subject, stage)) not in there:
                await conn.execute(text(_plain(f"""
                    CREATE INDEX "{index}" ON matcher_entries USING hnsw (({self._vector}) halfvec_cosine_ops)
                    WITH (m = {LINKS}, ef_construction = {BUILD_BREADTH})
                    WHERE {self._mine} AND kind = 'answer' AND {_is(subject, stage)}
                """)))

    def index_name(self, subject: str, stage: str) -> str:
        """Of the scope's HNSW; PostgreSQL takes 63 characters."""
        return f"{_prefix(self.model_version)}{subject}_{stage}"[:63]

    async def missing(self, conn: AsyncConnection, limit: int) -> list[Missing]:
        """Entries that other models have and this one has not."""
        rows = await conn.execute(_MISSING, {"version": self.model_version, "limit": limit})
        return [Missing(*row) for row in rows]

    async def fill(self, conn: AsyncConnection, made: Sequence[tuple[Missing, Problem, Vector]]) -> None:
        """Adds what was missing, except what was removed or changed meanwhile."""
        await conn.execute(_FILLING)
        await conn.execute(_FILL, [
            {**asdict(entry), "embedding": _literal(vector), "version": self.model_version,
             "grams": _list(telltales(problem, entry.subject, entry.stage)), "comparable": problem.text, "form": FORM}
            for entry, problem, vector in made])

    async def serve(self, conn: AsyncConnection) -> bool:
        """This model serves from now on, if nothing is missing."""
        await conn.execute(_FILLING)
        if await self.missing(conn, 1):
            return False
        await conn.execute(_RETIRE, {"version": self.model_version})
        await conn.execute(_SERVE, {"version": self.model_version})
        return True

    async def add(self, conn: AsyncConnection, kind: Kind, entries: Sequence[Entry]) -> None:
        """Puts the entries in, each in the place of the one with its id (an open question that was answered)."""
        shared = {"kind": kind.value, "form": FORM, "version": self.model_version}
        own = {
            f"{name}_{at}": value
            for at, (id, problem, vector, subject, stage, figure) in enumerate(entries)
            for name, value in (
                ("id", id), ("subject", subject), ("stage", stage), ("text", problem.original),
                ("comparable", problem.text), ("figure", figure), ("embedding", _literal(vector)),
                ("grams", _list(telltales(problem, subject, stage))))}
        await _rows(conn, _adding(len(entries)), shared | own)

    async def nearest(self, conn: AsyncConnection, vector: Vector, problem: Problem, subject: str | None,
                      stage: str | None, kinds: Collection[Kind] = tuple(Kind), limit: int = 10) -> list[Candidate]:
        """The entries nearest by vector and by words, best first. A subject or stage of None is any."""
        if not problem.text:
            return []
        near = Near(vector, problem, subject, stage)
        [found] = [each async for each in self.nearest_each(conn, [near], kinds, limit)]
        return found

    async def nearest_each(self, conn: AsyncConnection, asked: Sequence[Near], kinds: Collection[Kind] = tuple(Kind),
                           limit: int = 10) -> AsyncGenerator[list[Candidate], None]:
        """The same for each of several, none of them empty: PostgreSQL looks for the next while the caller is at one.
        To be read to its end."""
        driver, ahead = await _driver(conn), None
        try:
            for near, following in zip_longest(asked, asked[1:]):
                if ahead is None:
                    ahead = await statements.send(driver, *self._seeking(near, kinds, limit))
                under_way, ahead = ahead, None
                found = await statements.receive(driver, under_way)
                if following is not None:
                    ahead = await statements.send(driver, *self._seeking(following, kinds, limit))
                yield _nearest_of(found, near.problem, limit)
        finally:
            if ahead is not None:  # the caller has failed; what comes next on this connection is not to find it there
                await statements.receive(driver, ahead)

    async def elsewhere(self, conn: AsyncConnection,
                        asked: Sequence[tuple[Vector, Problem, Collection[Scope]]]) -> list[list[Candidate]]:
        """For each problem the answers in its scopes that share most of what it is told by, best first. Words alone
        find them: they are one index for all scopes, where vectors have a graph to walk for each."""
        told = [(at, gram) for at, (_, problem, _) in enumerate(asked) if not problem.is_empty
                for gram in telling(problem.text, RAREST)]
        found: list[list[Candidate]] = [[] for _ in asked]
        if not told:
            return found
        weights = [rarity(gram) for _, gram in told]
        tags = [[_tag(*scope) for scope in scopes] for _, _, scopes in asked]
        least = [COMMON * fsum(w for (at, _), w in zip(told, weights, strict=True) if at == n)
                 for n in range(len(asked))]
        sought = {"vectors": _list(_literal(vector) for vector, _, _ in asked), "rarities": _numbers(weights),
                  "asked": _numbers(at + 1 for at, _ in told), "least": _numbers(least),
                  "grams": _list(" | ".join(f"'{gram} {tag}'" for tag in tags[at]) for at, gram in told)}
        for row in await _rows(conn, self._elsewhere, sought):
            candidate = _candidate(row, asked[row.asked - 1][1])
            found[row.asked - 1].append(replace(candidate, scope=(row.subject, row.stage)))
        return found

    async def near(self, conn: AsyncConnection, vector: Vector, scopes: Sequence[Scope],
                   limit: int) -> list[tuple[UUID, float]]:
        """The answers nearest by vector in any of these scopes, with their cosines: one statement, and no words."""
        if len(scopes) > 1:
            await _rows(conn, SET_BREADTH_OF_MANY)
        else:
            await _rows(conn, SET_BREADTH, {"index": self.index_name(*scopes[0])})
        key = tuple(scopes), limit
        if key not in self._near:
            self._near[key] = _near_in(self._distance, self._mine, *key)
        rows = await _rows(conn, self._near[key], {"vector": _literal(vector)})
        return [(row.id, float(row.cosine)) for row in rows]

    def _seeking(self, near: Near, kinds: Collection[Kind], limit: int) -> tuple[str, dict[str, Any]]:
        vector, problem, subject, stage = near
        told = telling(problem.text)
        return self._statement(subject, stage, kinds, 2 * limit), {
            "vector": _literal(vector), "subject": subject, "stage": stage, "kinds": [k.value for k in kinds],
            "beside": [k.value for k in kinds if k is not Kind.ANSWER],
            "grams": _list(_holding(gram, subject, stage) for gram in told), "rarities": _numbers(map(rarity, told))}

    def _statement(self, subject: str | None, stage: str | None, kinds: Collection[Kind], many: int) -> str:
        """Each scope is a statement of its own: HNSW is found by its condition, which must stand there as written; so
        must the limit, or one plan for all its values reckons with a tenth of the table."""
        key = subject, stage, tuple(kinds), many
        if key not in self._statements:
            index = self.index_name(subject or "", stage or "")
            self._statements[key] = _nearest(self._distance, self._mine, index, *key)
        return self._statements[key]


async def remove(conn: AsyncConnection, id: UUID) -> None:
    """Takes the entry out, whatever model made it; nothing happens when it is not there."""
    await _rows(conn, _REMOVING)
    await _rows(conn, _REMOVE, {"id": id})


async def serving(conn: AsyncConnection) -> str | None:
    """The version of the model whose entries are searched; None before the first."""
    found: str | None = (await conn.execute(_SERVING)).scalar()
    return found


async def models(conn: AsyncConnection) -> list[Model]:
    """Every model that has or had entries, the serving one first."""
    return [Model(*row) for row in await conn.execute(_MODELS)]


async def clear_retired(conn: AsyncConnection, limit: int) -> int:
    """Takes out entries of models that retired RETIRED_FOR ago, and what is left of such a model; how many entries."""
    gone = (await conn.execute(_CLEAR, {"limit": limit})).rowcount
    if gone == 0:
        for (version,) in (await conn.execute(_FORGET_MODELS)).all():
            for index in (await conn.execute(_INDEXES, {"names": f"{_prefix(version)}%"})).scalars().all():
                await conn.execute(text(f'DROP INDEX "{index}"'))
    return gone


def fused(by_vector: Sequence[T], by_words: Sequence[T]) -> list[T]:
    """One order of two (reciprocal rank fusion); 60 is the customary damping."""
    scores: dict[T, float] = {}
    for order in (by_vector, by_words):
        for rank, item in enumerate(order):
            scores[item] = scores.get(item, 0.0) + 1 / (60 + rank)
    return sorted(scores, key=lambda item: -scores[item])


def telltales(problem: Problem, subject: str | None, stage: str | None) -> list[str]:
    """What an entry is found by: its rarest pairs. All of them would make the word index four times as large and its
    common pairs slow to read, and find no more. Behind each stands the entry's scope, so that no search reads what is
    of another."""
    return [f"{gram} {_tag(subject, stage)}" for gram in telling(problem.text)]


def _holding(gram: str, subject: str | None, stage: str | None) -> str:
    """A query for the entries of a scope with a pair: its own, and those of no scope."""
    return f"'{gram} {tag}' | '{gram} '" if (tag := _tag(subject, stage)) else f"'{gram} ':*"


@lru_cache
def _tag(subject: str | None, stage: str | None) -> str:
    """Short, as it stands sixteen times in each entry; that two scopes may share one costs only their time."""
    return "" if subject is None or stage is None else f"{crc32(f'{subject} {stage}'.encode()) % 4096:03x}"


async def _rows(conn: AsyncConnection, query: str, params: Mapping[str, Any] | None = None) -> list[Any]:
    return await statements.rows(await _driver(conn), query, params)


async def _driver(conn: AsyncConnection) -> Driver:
    if not conn.in_transaction():
        await conn.begin()  # it would not commit what only its driver knows of
    return await driver_of(conn)


def _nearest_of(rows: Sequence[Any], problem: Problem, limit: int) -> list[Candidate]:
    by_id = {row.id: row for row in rows}
    order = fused(_ranked(rows, "vector_rank"), _ranked(rows, "word_rank"))[:limit]
    return [_candidate(by_id[id], problem) for id in order]


def _ranked(rows: Sequence[Any], rank: str) -> list[UUID]:
    held = [row for row in rows if getattr(row, rank) is not None]
    return [row.id for row in sorted(held, key=lambda row: int(getattr(row, rank)))]


def _candidate(row: Any, problem: Problem) -> Candidate:
    comparable = row.comparable if row.form == FORM else None
    words = lexical(problem.text, comparable or normalize(row.text).text)
    return Candidate(row.id, Kind(row.kind), row.text, comparable, float(row.cosine), words, row.figure)


def _literal(vector: Vector) -> str:
    return _written(np.asarray(vector, np.float32).tobytes())


@lru_cache(maxsize=100)
def _written(vector: bytes) -> str:
    """A question's vector is sent up to three times: to search, to search elsewhere, to be added."""
    numbers = np.frombuffer(vector, np.float32).tolist()
    return f"[{','.join(['%.5g'] * len(numbers))}]" % tuple(numbers)


def _list(parts: Iterable[str]) -> str:
    """For `_SPLIT`: an array the driver would look at part by part. No pair has a line's end."""
    return _BETWEEN.join(parts)


def _numbers(parts: Iterable[float]) -> str:
    """An array of them, likewise."""
    return "{" + ",".join(map(repr, parts)) + "}"


_BETWEEN = "\n"
_SPLIT = "string_to_array(CAST(%(grams)s AS text), chr(10))"
_ITS_VECTOR = "(string_to_array(CAST(%(vectors)s AS text), chr(10)))[by_words.asked]"


@lru_cache
def _adding(count: int) -> str:
    split = _SPLIT.replace("grams", "grams_{0}")
    row = f"""(%(id_{{0}})s, %(kind)s, %(subject_{{0}})s, %(stage_{{0}})s, %(text_{{0}})s, %(comparable_{{0}})s,
               %(form)s, %(figure_{{0}})s, CAST(%(embedding_{{0}})s AS halfvec), array_to_tsvector({split}),
               %(version)s)"""
    return f"""
        INSERT INTO matcher_entries
            (id, kind, subject, stage, text, comparable, form, figure, embedding, grams, model_version)
        VALUES {", ".join(row.format(at) for at in range(count))}
        ON CONFLICT (id, model_version) DO UPDATE SET kind = excluded.kind, subject = excluded.subject,
            stage = excluded.stage, text = excluded.text, comparable = excluded.comparable, form = excluded.form,
            figure = excluded.figure, embedding = excluded.embedding, grams = excluded.grams
    """  # noqa: S608  constants of this file


_REMOVE = "DELETE FROM matcher_entries WHERE id = %(id)s"
RETIRED_FOR = "10 minutes"
"""That a retired model's entries stay: processes that were started with it go on until they are restarted."""
_ONE_REGISTERS = text("SELECT pg_advisory_xact_lock(hashtext('matcher_models'))")
_REGISTER = text("""
    INSERT INTO matcher_models (version, name, dimension, state)
    SELECT :version, :name, :dimension,
           CASE WHEN EXISTS (SELECT FROM matcher_models WHERE state = 'serving') THEN 'filling' ELSE 'serving' END
    ON CONFLICT (version) DO UPDATE SET name = excluded.name, since = now(),
        state = CASE matcher_models.state WHEN 'retired' THEN 'filling' ELSE matcher_models.state END
""")
_DIMENSION = text("SELECT dimension FROM matcher_models WHERE version = :version")
_INDEXES = text("SELECT indexname FROM pg_indexes WHERE tablename = 'matcher_entries' AND indexname LIKE :names")
_SERVING = text("SELECT version FROM matcher_models WHERE state = 'serving'")
_MODELS = text("""
    SELECT m.version, m.name, m.dimension, m.state, count(e.id) FROM matcher_models m
    LEFT JOIN matcher_entries e ON e.model_version = m.version
    GROUP BY m.version ORDER BY m.state = 'serving' DESC, m.since DESC
""")
# An entry that is removed must not come back by a filling that had read it before: who removes shares a lock that who
# fills has for itself. Both hold it for one statement and its commit.
_REMOVING = "SELECT pg_advisory_xact_lock_shared(hashtext('matcher_entries'))"
_FILLING = text("SELECT pg_advisory_xact_lock(hashtext('matcher_entries'))")
_MISSING = text("""
    SELECT DISTINCT ON (e.id) e.id, e.text, e.subject, e.stage FROM matcher_entries e
    WHERE e.model_version <> :version
      AND NOT EXISTS (SELECT FROM matcher_entries m WHERE m.id = e.id AND m.model_version = :version)
    ORDER BY e.id LIMIT :limit
""")
_FILL = text("""
    INSERT INTO matcher_entries
        (id, kind, subject, stage, text, comparable, form, figure, embedding, grams, model_version, created_at)
    SELECT e.id, e.kind, e.subject, e.stage, e.text, :comparable, :form, e.figure, CAST(:embedding AS halfvec),
           array_to_tsvector(string_to_array(CAST(:grams AS text), chr(10))), :version, e.created_at
    FROM matcher_entries e WHERE e.id = :id AND e.text = :text AND e.subject IS NOT DISTINCT FROM :subject
      AND e.stage IS NOT DISTINCT FROM :stage AND e.model_version <> :version LIMIT 1
    ON CONFLICT (id, model_version) DO NOTHING
""")
_RETIRE = text("UPDATE matcher_models SET state = 'retired', since = now() "
               "WHERE state = 'serving' AND version <> :version")
_SERVE = text("UPDATE matcher_models SET state = 'serving', since = now() "
              "WHERE version = :version AND state <> 'serving'")
_CLEAR = text(f"""
    DELETE FROM matcher_entries WHERE ctid = ANY(ARRAY(
        SELECT e.ctid FROM matcher_entries e JOIN matcher_models m ON m.version = e.model_version
        WHERE m.state = 'retired' AND m.since < now() - interval '{RETIRED_FOR}' LIMIT :limit))
""")  # noqa: S608  a constant of this file
_FORGET_MODELS = text(f"""
    DELETE FROM matcher_models WHERE state = 'retired' AND since < now() - interval '{RETIRED_FOR}' RETURNING version
""")  # noqa: S608  a constant of this file


def _plain(sql: str) -> str:
    """For a text that takes colons for parameters."""
    return sql.replace(":", "\\:")


def _quoted(value: str) -> str:
    """A literal of SQL."""
    return "'" + value.replace("'", "''") + "'"


def _prefix(model_version: str) -> str:
    """Of the names of a model's HNSW indexes."""
    return f"matcher_entries_{sha256(model_version.encode()).hexdigest()[:12]}_"


def _is(subject: str, stage: str) -> str:
    return f"subject = {_quoted(subject)} AND stage = {_quoted(stage)}"


def _near_in(distance: str, mine: str, scopes: Sequence[Scope], many: int) -> str:
    mine = mine.replace("%", "%%")
    by_scope = " UNION ALL ".join(
        f"""(SELECT id, {distance} AS far FROM matcher_entries
             WHERE {mine} AND kind = 'answer' AND {_is(*scope).replace("%", "%%")}
             ORDER BY {distance} LIMIT {many})"""  # noqa: S608  as below
        for scope in scopes)
    return f"SELECT id, 1 - far AS cosine FROM ({by_scope}) AS near ORDER BY far LIMIT {many}"  # noqa: S608  as below


def _by_words_elsewhere(distance: str, mine: str) -> str:
    """A pair's tag names its scope: no entry of another is read."""
    mine = mine.replace("%", "%%")
    return f"""
        WITH held AS (
            SELECT asked, holder.id, sum(rarity) AS common,
                   row_number() OVER (PARTITION BY asked ORDER BY sum(rarity) DESC, holder.id) AS place
            FROM unnest(CAST(%(asked)s AS int[]), {_SPLIT}, CAST(%(rarities)s AS float8[]))
                AS told(asked, gram, rarity)
            CROSS JOIN LATERAL (
                SELECT id FROM matcher_entries
                WHERE grams @@ CAST(told.gram AS tsquery) AND ({mine} AND kind = 'answer') IS TRUE LIMIT {MOST_HOLDERS}
            ) AS holder
            GROUP BY asked, holder.id
        ), by_words AS MATERIALIZED (
            SELECT asked, id, place FROM held
            WHERE place <= {ELSEWHERE} AND common >= (CAST(%(least)s AS float8[]))[asked]
        )
        SELECT by_words.asked, by_words.id, entry.* FROM by_words CROSS JOIN LATERAL (
            SELECT kind, subject, stage, text, comparable, form, figure, 1 - {distance} AS cosine FROM matcher_entries
            WHERE id = by_words.id AND ({mine}) IS TRUE
            OFFSET 0
        ) AS entry ORDER BY asked, place
    """  # noqa: S608  as below


def _nearest(distance: str, mine: str, index: str, subject: str | None, stage: str | None, kinds: tuple[Kind, ...],
             many: int) -> str:
    """The conditions stand twice: as the index by scope has them, to compare entries one by one; and so that it cannot
    answer them, where a few are read by their ids or pairs (a plan made while the table was empty would go through the
    whole model for each). `broad` is asked once, before HNSW is searched, and says how broadly that goes."""
    mine = mine.replace("%", "%%")
    broad = SET_BREADTH.replace("%(index)s", _quoted(index))
    asked = "kind = ANY(CAST(%(kinds)s AS text[]))"
    columns = [column for column, value in (("subject", subject), ("stage", stage)) if value is not None]
    scope = " AND ".join([mine, *(f"coalesce({column}, '') = ANY(ARRAY[CAST(%({column})s AS text), ''])"
                                  for column in columns)])
    held = " AND ".join([f"({mine} AND {asked}) IS TRUE", *(f"({column} IS NULL OR {column} = %({column})s)"
                                                       for column in columns)])
    compared = f"({distance} + 0)"  # HNSW answers only the bare distance
    one_by_one = f"SELECT id, {compared} AS far FROM matcher_entries WHERE {scope}"  # noqa: S608  as below
    by_vector = f"{one_by_one} AND {asked}"
    if subject is not None and stage is not None and Kind.ANSWER in kinds:
        own = _is(subject, stage).replace("%", "%%")
        by_vector = f"""
            (SELECT id, {distance} AS far FROM matcher_entries WHERE {mine} AND kind = 'answer' AND {own}
             AND (SELECT breadth FROM broad) IS NOT NULL ORDER BY {distance} LIMIT {many})
            UNION ALL ({one_by_one} AND kind = ANY(CAST(%(beside)s AS text[])))
            UNION ALL (SELECT id, {compared} FROM matcher_entries WHERE {mine} AND kind = 'answer'
                AND (coalesce(subject, ''), coalesce(stage, ''))
                    IN (('', ''), ('', CAST(%(stage)s AS text)), (CAST(%(subject)s AS text), '')))"""  # noqa: S608  as below
    return f"""
        WITH broad (breadth) AS MATERIALIZED ({broad}), by_vector AS MATERIALIZED (
            SELECT id, far FROM ({by_vector}) AS near ORDER BY far LIMIT {many}
        ), by_words AS MATERIALIZED (
            SELECT holder.id, sum(rarity) AS common
            FROM unnest({_SPLIT}, CAST(%(rarities)s AS float8[])) AS told(gram, rarity)
            CROSS JOIN LATERAL (
                SELECT id FROM matcher_entries
                WHERE grams @@ CAST(told.gram AS tsquery) AND {held} LIMIT {MOST_HOLDERS}
            ) AS holder
            GROUP BY holder.id ORDER BY common DESC, holder.id LIMIT {many}
        ), ranks AS (
            SELECT id, rank() OVER (ORDER BY far, id) AS vector_rank, NULL::bigint AS word_rank FROM by_vector
            UNION ALL
            SELECT id, NULL, rank() OVER (ORDER BY common DESC, id) FROM by_words
        ), found AS (
            SELECT id, min(vector_rank) AS vector_rank, min(word_rank) AS word_rank FROM ranks GROUP BY id
        )
        SELECT found.*, entry.* FROM found CROSS JOIN LATERAL (
            SELECT kind, text, comparable, form, figure, 1 - {distance} AS cosine FROM matcher_entries
            WHERE id = found.id AND ({mine}) IS TRUE
            OFFSET 0
        ) AS entry
    """  # noqa: S608  the parts are made above, of a number and quoted literals
