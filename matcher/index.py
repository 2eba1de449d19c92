"""The answered and the open problems in PostgreSQL with pgvector: add, remove, nearest, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from matcher.embed import Vector
from matcher.lexical import grams, lexical, rarity, telling
from matcher.normalize import Problem, normalize

EXACT_UP_TO = 16 << 20
"""Bytes of the table (about 14,000 problems) up to which every vector is compared: exact, and as fast as HNSW."""
MOST_HOLDERS = 2_000
"""Entries looked at for one pair of characters: a pair with more of them tells little. The limit also keeps the planner
from joining the other way round, which on a table without statistics reads all of it."""
SEARCH_BREADTH = 100
"""HNSW's ef_search."""
T = TypeVar("T", bound=Hashable)


class Kind(StrEnum):
    """What stands behind an entry."""

    ANSWER = "answer"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry near the problem asked. `lexical` lies between 0 and 1, `cosine` between -1 and 1."""

    id: UUID
    kind: Kind
    problem: Problem
    cosine: float
    lexical: float


class Index:
    """The entries of one model's version; every verb runs in the transaction of the connection handed in."""

    def __init__(self, dimension: int, model_version: str) -> None:
        self.dimension = dimension
        self.model_version = model_version

    async def add(self, conn: AsyncConnection, id: UUID, kind: Kind, problem: Problem, vector: Vector,
                  subject: str | None, stage: str | None) -> None:
        """Puts the entry in, or puts it in the place of the one with this id (an open question that was answered)."""
        await conn.execute(_ADD, {
            "id": id, "kind": kind.value, "subject": subject, "stage": stage, "text": problem.original,
            "embedding": _literal(vector), "grams": list(grams(problem.text)), "version": self.model_version})

    async def nearest(self, conn: AsyncConnection, vector: Vector, problem: Problem, subject: str | None,
                      stage: str | None, kinds: Collection[Kind] = tuple(Kind), limit: int = 10) -> list[Candidate]:
        """The entries nearest by vector and by words, best first. A subject or stage of None is any."""
        if not problem.text:
            return []
        telltales = telling(problem.text)
        rows = (await conn.execute(await self._statement(conn), {
            "vector": _literal(vector), "version": self.model_version, "kinds": [k.value for k in kinds],
            "subject": subject, "stage": stage, "many": 2 * limit, "grams": [f"'{g}'" for g in telltales],
            "rarities": [rarity(g) for g in telltales]})).all()
        by_id = {row.id: row for row in rows}
        order = fused(_ranked(rows, "vector_rank"), _ranked(rows, "word_rank"))[:limit]
        return [_candidate(by_id[id], problem) for id in order]

    async def _statement(self, conn: AsyncConnection) -> Any:
        if ((await conn.execute(_SIZE)).scalar() or 0) <= EXACT_UP_TO:
            return _NEAREST_EXACT
        await conn.execute(_BREADTH)
        return _NEAREST_HNSW


async def remove(conn: AsyncConnection, id: UUID) -> None:
    """Takes the entry out, whatever model made it; nothing happens when it is not there."""
    await conn.execute(_REMOVE, {"id": id})


def fused(by_vector: Sequence[T], by_words: Sequence[T]) -> list[T]:
    """One order of two (reciprocal rank fusion); 60 is the customary damping."""
    scores: dict[T, float] = {}
    for order in (by_vector, by_words):
        for rank, item in enumerate(order):
            scores[item] = scores.get(item, 0.0) + 1 / (60 + rank)
    return sorted(scores, key=lambda item: -scores[item])


def _ranked(rows: Sequence[Any], rank: str) -> list[UUID]:
    held = [row for row in rows if getattr(row, rank) is not None]
    return [row.id for row in sorted(held, key=lambda row: int(getattr(row, rank)))]


def _candidate(row: Any, problem: Problem) -> Candidate:
    known = normalize(row.text)
    return Candidate(row.id, Kind(row.kind), known, float(row.cosine), lexical(problem.text, known.text))


def _literal(vector: Vector) -> str:
    return "[" + ",".join(f"{x:.5g}" for x in np.asarray(vector, np.float32).tolist()) + "]"


_ADD = text("""
    INSERT INTO matcher_entries (id, kind, subject, stage, text, embedding, grams, model_version)
    VALUES (:id, :kind, :subject, :stage, :text, CAST(:embedding AS halfvec),
            array_to_tsvector(CAST(:grams AS text[])), :version)
    ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, subject = excluded.subject, stage = excluded.stage,
        text = excluded.text, embedding = excluded.embedding, grams = excluded.grams,
        model_version = excluded.model_version
""")
_REMOVE = text("DELETE FROM matcher_entries WHERE id = :id")
_SIZE = text("SELECT pg_relation_size('matcher_entries')")
_BREADTH = text(f"""SELECT set_config('hnsw.ef_search', '{SEARCH_BREADTH}', true),
                           set_config('hnsw.iterative_scan', 'relaxed_order', true)""")


def _nearest(distance: str) -> Any:
    scope = """model_version = :version AND kind = ANY(CAST(:kinds AS text[]))
          AND (CAST(:subject AS text) IS NULL OR subject IS NULL OR subject = :subject)
          AND (CAST(:stage AS text) IS NULL OR stage IS NULL OR stage = :stage)"""
    return text(f"""
        WITH by_vector AS MATERIALIZED (
            SELECT id, {distance} AS far FROM matcher_entries WHERE {scope} ORDER BY {distance} LIMIT :many
        ), by_words AS MATERIALIZED (
            SELECT holder.id, sum(rarity) AS common
            FROM unnest(CAST(:grams AS text[]), CAST(:rarities AS float8[])) AS told(gram, rarity)
            CROSS JOIN LATERAL (
                SELECT id FROM matcher_entries
                WHERE grams @@ CAST(told.gram AS tsquery) AND {scope} LIMIT {MOST_HOLDERS}
            ) AS holder
            GROUP BY holder.id ORDER BY common DESC, holder.id LIMIT :many
        ), ranks AS (
            SELECT id, rank() OVER (ORDER BY far, id) AS vector_rank, NULL::bigint AS word_rank FROM by_vector
            UNION ALL
            SELECT id, NULL, rank() OVER (ORDER BY common DESC, id) FROM by_words
        ), found AS (
            SELECT id, min(vector_rank) AS vector_rank, min(word_rank) AS word_rank FROM ranks GROUP BY id
        )
        SELECT id, kind, text, vector_rank, word_rank, 1 - (embedding <=> CAST(:vector AS halfvec)) AS cosine
        FROM found JOIN matcher_entries USING (id)
    """)  # noqa: S608  both parts are constants of this file


_NEAREST_HNSW = _nearest("embedding <=> CAST(:vector AS halfvec)")
_NEAREST_EXACT = _nearest("(embedding <=> CAST(:vector AS halfvec)) + 0")
"""Adding nothing keeps the planner from the HNSW index, which only answers the bare distance."""
