"""Topics in tables: what a run reads and writes, what a person does to them, and what pages see."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from server.store.lines import Record, insertion
from server.store.views import PROBLEM_TEXT, STAGE
from server.store.work import Store, Work

_LOCK = 20_269  # of whoever changes topics
MOST_QUESTIONS = 60_000  # of a subject and stage in a period; beyond it the latest


class Topics:
    """Keeps topics in a unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def take_turn(self) -> None:
        """Until the work ends nobody else changes topics."""
        await self._work.rows("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _LOCK})

    async def edits(self) -> int:
        """A number that grows with each thing that a person does."""
        [row] = await self._work.rows("SELECT coalesce(max(id), 0) AS last FROM topic_edits")
        return int(row.last)

    async def scopes(self, since: date) -> list[Record]:
        return await self._work.rows(_SCOPES, {"since": since})

    async def questions(self, subject: str, stage: str, since: date) -> list[Record]:
        """Id, text and topic of the counted questions of a period that have a text and are not held."""
        wanted = {"subject": subject, "stage": stage, "since": since, "limit": MOST_QUESTIONS}
        return await self._work.rows(_QUESTIONS, wanted)

    async def known(self, subject: str, stage: str) -> list[Record]:
        return await self._work.rows(_KNOWN, {"subject": subject, "stage": stage})

    async def topic(self, id: int) -> Record | None:
        """The topic, or what it was merged into."""
        found = await self._work.rows(_TOPIC, {"id": id})
        return found[0] if found else None

    async def members(self, topic: int) -> list[Record]:
        return await self._work.rows(_MEMBERS, {"topic": topic})

    async def add(self, subject: str, stage: str, told: Mapping[str, Any], born: date, apart: int | None = None) -> int:
        row = {"subject": subject, "stage": stage, "born_on": born, "apart": apart, **told}
        query, params = insertion("topics", [row])
        [made] = await self._work.rows(f"{query} RETURNING id", params)
        return int(made.id)

    async def change(self, topic: int, **columns: Any) -> None:
        sets = ", ".join(f"{name} = %({name})s" for name in columns)
        query = f"UPDATE topics SET {sets} WHERE id = %(id)s RETURNING 1"  # noqa: S608 - names from our code
        await self._work.rows(query, {"id": topic, **columns})

    async def put(self, questions: Sequence[UUID], topics: Sequence[int | None]) -> None:
        """Each question into its topic, or into none."""
        none = [id for id, topic in zip(questions, topics, strict=True) if topic is None]
        some = [(id, topic) for id, topic in zip(questions, topics, strict=True) if topic is not None]
        await self._work.rows("DELETE FROM topic_members WHERE question_id = ANY(%(ids)s) RETURNING 1", {"ids": none})
        await self._work.rows(_PUT, {"questions": [id for id, _ in some], "topics": [topic for _, topic in some]})

    async def move(self, topic: int, into: int) -> None:
        query = "UPDATE topic_members SET topic_id = %(into)s WHERE topic_id = %(topic)s RETURNING 1"
        await self._work.rows(query, {"topic": topic, "into": into})

    async def count(self, topics: Sequence[int]) -> None:
        """Their weeks, anew from what is counted."""
        await self._work.rows(
            "DELETE FROM topic_weeks WHERE topic_id = ANY(%(ids)s) RETURNING 1", {"ids": list(topics)}
        )
        await self._work.rows(_COUNT, {"ids": list(topics)})

    async def note(self, topic: int, kind: str, value: str, person: UUID) -> None:
        row = {"topic_id": topic, "kind": kind, "value": value, "person_id": person}
        query, params = insertion("topic_edits", [row])
        await self._work.rows(f"{query} RETURNING 1", params)


async def listed(
    store: Store, subject: str, stage: str, weeks: Sequence[date], fewest: int, limit: int
) -> list[Record]:
    """Topics that so many pupils asked about in the weeks given (newest first), those of the last week first."""
    wanted = {"subject": subject, "stage": stage, "weeks": list(weeks), "fewest": fewest, "limit": limit}
    return await store.rows(_LISTED, wanted)


async def texts(store: Store, questions: Sequence[UUID]) -> dict[UUID, str]:
    """Of questions that are counted still."""
    rows = await store.rows(_TEXTS, {"ids": list(questions)})
    return {row.id: row.text for row in rows}


_SCOPES = f"""
    SELECT DISTINCT f.subject, {STAGE.format("f")} AS stage FROM research_facts f WHERE f.day >= %(since)s ORDER BY 1, 2
"""  # noqa: S608 - composed of constants of this module
_QUESTIONS = f"""
    SELECT q.id, {PROBLEM_TEXT.format("q")} AS text, coalesce(t.merged_into, t.id) AS topic_id
    FROM research_facts f JOIN questions q ON q.id = f.question_id
    LEFT JOIN topic_members m ON m.question_id = q.id LEFT JOIN topics t ON t.id = m.topic_id
    WHERE f.day >= %(since)s AND f.subject = %(subject)s AND {STAGE.format("f")} = %(stage)s
      AND {PROBLEM_TEXT.format("q")} <> ''
    ORDER BY f.day DESC, q.id LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module
_KNOWN = """
    SELECT id, mean, holds, apart, born_on FROM topics
    WHERE subject = %(subject)s AND stage = %(stage)s AND merged_into IS NULL ORDER BY id
"""
_TOPIC = """
    SELECT * FROM topics WHERE id = (SELECT coalesce(merged_into, id) FROM topics WHERE id = %(id)s) FOR UPDATE
"""
_MEMBERS = f"""
    SELECT q.id, {PROBLEM_TEXT.format("q")} AS text FROM topic_members m JOIN questions q ON q.id = m.question_id
    WHERE m.topic_id = %(topic)s ORDER BY q.id
"""  # noqa: S608 - composed of constants of this module
_PUT = """
    INSERT INTO topic_members (question_id, topic_id)
    SELECT * FROM unnest(CAST(%(questions)s AS uuid[]), CAST(%(topics)s AS int[]))
    ON CONFLICT (question_id) DO UPDATE SET topic_id = excluded.topic_id
        WHERE topic_members.topic_id <> excluded.topic_id
    RETURNING 1
"""
_COUNT = """
    INSERT INTO topic_weeks (topic_id, week, asked, askers)
    SELECT m.topic_id, f.week, count(*), count(DISTINCT f.pupil_id)
    FROM topic_members m JOIN research_facts f ON f.question_id = m.question_id
    WHERE m.topic_id = ANY(%(ids)s) GROUP BY 1, 2 RETURNING 1
"""
_LISTED = """
    SELECT t.id, t.name, t.terms, t.exemplars, t.born_on, t.holds,
           array_agg(coalesce(w.asked, 0) ORDER BY given.week DESC) AS asked,
           array_agg(coalesce(w.askers, 0) ORDER BY given.week DESC) AS askers,
           (SELECT count(*) FROM teaching_proposals p JOIN topics first ON first.id = p.topic_id
            WHERE coalesce(first.merged_into, first.id) = t.id) AS proposals
    FROM topics t CROSS JOIN unnest(CAST(%(weeks)s AS date[])) AS given (week)
    LEFT JOIN topic_weeks w ON w.topic_id = t.id AND w.week = given.week
    WHERE t.subject = %(subject)s AND t.stage = %(stage)s AND t.merged_into IS NULL
    GROUP BY t.id HAVING max(coalesce(w.askers, 0)) >= %(fewest)s
    ORDER BY (array_agg(coalesce(w.askers, 0) ORDER BY given.week DESC))[1] DESC, t.id LIMIT %(limit)s
"""
_TEXTS = f"""
    SELECT q.id, {PROBLEM_TEXT.format("q")} AS text FROM questions q
    JOIN research_facts f ON f.question_id = q.id
    WHERE q.id = ANY(CAST(%(ids)s AS uuid[]))
"""  # noqa: S608 - composed of constants of this module
