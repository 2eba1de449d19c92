"""Labels of questions and the models that give some, in the transaction of a unit of work."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from server.domain.label import Kind, Label, Source
from server.store.lines import Record, insertion
from server.store.views import PROBLEM_TEXT, STAGE
from server.store.work import Store, Work

ROWS_AT_ONCE = 1_000
LATEST = 4_000  # labels of one kind and scope that a model learns from: an evening's worth of training at most
RECENT_DAYS = 30  # whose questions a new model looks at again


class Labels:
    """What may be asked of the labels and written into them; nothing here decides."""

    def __init__(self, work: Work) -> None:
        self._work = work

    # --- labels ---

    async def of(self, question: UUID) -> list[Label]:
        rows = await self._work.rows("SELECT * FROM labels WHERE question_id = %(id)s ORDER BY id", {"id": question})
        return [_label(row) for row in rows]

    async def add(self, question: UUID, kind: Kind, value: str, source: Source, person: UUID) -> None:
        row = {"question_id": question, "kind": str(kind), "value": value, "source": str(source), "person_id": person}
        query, params = insertion("labels", [row])
        await self._work.rows(f"{query} RETURNING 1", params)

    async def add_guesses(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Of models: question_id, kind, value, model_id, confidence. What a model said already it says once."""
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            await self._work.rows(_ADD_GUESSES, {name: [row[name] for row in part] for name in _GUESS})

    async def set_points(self, points: Mapping[UUID, str]) -> None:
        """Where nobody has said it: a person's point, or one from before there were labels, stays."""
        if points:
            await self._work.rows(_SET_POINTS, {"questions": list(points), "points": list(points.values())})

    async def free(self, questions: Sequence[UUID]) -> set[UUID]:
        """Locked; those that somebody is busy with are due again. To wait for them here, while they may wait for us,
        would tie a knot."""
        ids = list(questions)
        found = {row.id for row in await self._work.rows(_FREE, {"questions": ids})}
        await self._work.rows(_DUE_AGAIN, {"questions": [id for id in ids if id not in found]})
        return found

    async def is_counted(self, question: UUID) -> bool:
        """Whether research staff may see it: its pupil's guardian agreed."""
        query = "SELECT EXISTS (SELECT FROM research_facts WHERE question_id = %(id)s) AS yes"
        [row] = await self._work.rows(query, {"id": question})
        return bool(row.yes)

    # --- what is to be looked at ---

    async def take_due(self, limit: int) -> list[Record]:
        """Struck off when the work commits. What another worker has is left to it."""
        return await self._work.rows(_TAKE_DUE, {"limit": limit})

    async def look_again(self) -> int:
        """Lately asked questions are to be looked at by the models that serve now."""
        return len(await self._work.rows(_LOOK_AGAIN, {"days": RECENT_DAYS}))

    # --- models ---

    async def serving(self) -> list[Record]:
        """Id, kind and scope."""
        return await self._work.rows(_SERVING)

    async def weights(self, model: int) -> bytes:
        [row] = await self._work.rows("SELECT weights FROM label_models WHERE id = %(id)s", {"id": model})
        return bytes(row.weights)

    async def add_model(
        self, kind: Kind, scope: str, weights: bytes | None, card: Mapping[str, Any], *, serves: bool
    ) -> int:
        row = {"kind": str(kind), "scope": scope, "weights": weights, "card": Jsonb(dict(card)), "serves": serves}
        [made] = await self._work.rows(_ADD_MODEL, row)
        return int(made.id)

    # --- what models learn from ---

    async def scopes(self) -> list[tuple[str, str]]:
        """Subjects and stages in which some point was confirmed."""
        return [(row.subject, row.stage) for row in await self._work.rows(_SCOPES)]

    async def samples(self, kind: Kind, scope: str) -> list[Record]:
        """Text, value, answer_id and leader_id, the newest first. The points of a session are its teacher's word."""
        if kind is Kind.POINT:
            subject, _, stage = scope.partition(":")
            wanted = {"subject": subject, "stage": stage, "limit": LATEST}
            return await self._work.rows(_POINT_SAMPLES, wanted)
        if kind in (Kind.SUBJECT, Kind.STAGE):
            return await self._work.rows(_SCOPE_SAMPLES[kind], {"kind": str(kind), "limit": LATEST})
        return await self._work.rows(_SAID_SAMPLES, {"kind": str(kind), "limit": LATEST})

    # --- once a night ---

    async def begin_night(self, task: str, since: datetime) -> bool:
        """True for the first who asks after `since`; not for the first who asks at all, on a service's first day."""
        found = await self._work.rows(_BEGIN_NIGHT, {"task": task, "since": since})
        return bool(found) and bool(found[0].again)


async def models(store: Store) -> list[Record]:
    """The latest of each kind and scope, with its card, and whether it serves or which one does."""
    return await store.rows(_MODELS, {})


async def to_say(store: Store, subject: str, stage: str, limit: int) -> list[Record]:
    """Questions of which nobody has said the point, the latest first, those first on which a model disagrees with the
    pupil. Of what is counted alone."""
    return await store.rows(_TO_SAY, {"subject": subject, "stage": stage, "limit": limit})


async def held(store: Store, limit: int) -> list[Record]:
    """What a model takes for no question, or for an inappropriate one, and no reviewer has spoken of yet."""
    return await store.rows(_HELD, {"limit": limit})


def _label(row: Record) -> Label:
    return Label(Kind(row.kind), row.value, Source(row.source), row.made_at, row.confidence)


_GUESS = ("question_id", "kind", "value", "model_id", "confidence")
_ADD_GUESSES = """
    INSERT INTO labels (question_id, kind, value, source, model_id, confidence)
    SELECT g.question_id, g.kind, g.value, 'model', g.model_id, g.confidence
    FROM unnest(CAST(%(question_id)s AS uuid[]), CAST(%(kind)s AS text[]), CAST(%(value)s AS text[]),
                CAST(%(model_id)s AS int[]), CAST(%(confidence)s AS float8[]))
        AS g (question_id, kind, value, model_id, confidence)
    WHERE NOT EXISTS (SELECT FROM labels l WHERE l.question_id = g.question_id AND l.kind = g.kind
                      AND l.model_id = g.model_id AND l.value = g.value)
    RETURNING 1
"""
_BY_MODEL = """
    EXISTS (SELECT FROM labels l WHERE l.question_id = q.id AND l.kind = 'point' AND l.source = 'model'
            AND l.value = q.knowledge_point)
    AND NOT EXISTS (SELECT FROM labels l WHERE l.question_id = q.id AND l.kind = 'point' AND l.source <> 'model')
"""
_FREE = "SELECT id FROM questions WHERE id = ANY(CAST(%(questions)s AS uuid[])) FOR UPDATE SKIP LOCKED"
_DUE_AGAIN = """
    INSERT INTO to_label (question_id) SELECT unnest(CAST(%(questions)s AS uuid[])) ON CONFLICT DO NOTHING RETURNING 1
"""
_SET_POINTS = f"""
    UPDATE questions q SET knowledge_point = g.point, version = q.version + 1
    FROM unnest(CAST(%(questions)s AS uuid[]), CAST(%(points)s AS text[])) AS g (id, point)
    WHERE q.id = g.id AND q.knowledge_point IS DISTINCT FROM g.point AND (q.knowledge_point IS NULL OR {_BY_MODEL})
    RETURNING 1
"""  # noqa: S608 - composed of constants of this module
_TAKE_DUE = f"""
    WITH due AS (
        SELECT d.question_id FROM to_label d JOIN questions q ON q.id = d.question_id
        LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED),
    struck AS (DELETE FROM to_label USING due WHERE to_label.question_id = due.question_id)
    SELECT q.id, q.subject, {STAGE.format("q")} AS stage, {PROBLEM_TEXT.format("q")} AS text
    FROM questions q JOIN due ON due.question_id = q.id
"""  # noqa: S608 - composed of constants of this module
_LOOK_AGAIN = """
    INSERT INTO to_label (question_id)
    SELECT id FROM questions WHERE received_at > now() - make_interval(days => %(days)s)
        AND state NOT IN ('received', 'reading', 'matched', 'withdrawn')
    ON CONFLICT DO NOTHING RETURNING 1
"""
_SERVING = """
    SELECT DISTINCT ON (kind, scope) id, kind, scope FROM label_models
    WHERE adopted_at IS NOT NULL ORDER BY kind, scope, adopted_at DESC
"""
_ADD_MODEL = """
    INSERT INTO label_models (kind, scope, weights, card, adopted_at)
    VALUES (%(kind)s, %(scope)s, %(weights)s, %(card)s,
            CASE WHEN CAST(%(serves)s AS boolean) THEN clock_timestamp() END)
    RETURNING id
"""
_CONFIRMED = f"q.knowledge_point IS NOT NULL AND NOT ({_BY_MODEL})"
_SCOPES = f"""
    SELECT DISTINCT q.subject, {STAGE.format("q")} AS stage FROM questions q WHERE {_CONFIRMED} ORDER BY 1, 2
"""  # noqa: S608 - composed of constants of this module
_SAMPLE = f"{PROBLEM_TEXT.format('q')} AS text, q.answer_id, q.leader_id"
_POINT_SAMPLES = f"""
    SELECT {_SAMPLE}, q.knowledge_point AS value FROM questions q
    WHERE {_CONFIRMED} AND q.subject = %(subject)s AND {STAGE.format("q")} = %(stage)s
    ORDER BY q.received_at DESC LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module
# A teacher who confirmed the point taught it as what it was asked as, unless somebody said otherwise.
_SCOPE_SAMPLES = {
    kind: f"""
    SELECT {_SAMPLE}, coalesce(said.value, {asked}) AS value FROM questions q
    LEFT JOIN LATERAL (SELECT l.value FROM labels l WHERE l.question_id = q.id AND l.kind = %(kind)s
                       AND l.source <> 'model' ORDER BY l.id DESC LIMIT 1) said ON true
    WHERE said.value IS NOT NULL OR {_CONFIRMED}
    ORDER BY q.received_at DESC LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module
    for kind, asked in ((Kind.SUBJECT, "q.subject"), (Kind.STAGE, STAGE.format("q")))
}
_SAID_SAMPLES = f"""
    SELECT {_SAMPLE}, said.value FROM (
        SELECT DISTINCT ON (question_id) question_id, value, id FROM labels
        WHERE kind = %(kind)s AND source <> 'model' ORDER BY question_id, id DESC) said
    JOIN questions q ON q.id = said.question_id ORDER BY said.id DESC LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module
_BEGIN_NIGHT = """
    INSERT INTO nights (task, begun_at) VALUES (%(task)s, clock_timestamp())
    ON CONFLICT (task) DO UPDATE SET begun_at = clock_timestamp() WHERE nights.begun_at < %(since)s
    RETURNING xmax <> 0 AS again
"""
_MODELS = """
    SELECT m.id, m.kind, m.scope, m.card, m.made_at, m.adopted_at, serves.id AS serves_id,
           serves.adopted_at AS serves_since
    FROM (SELECT DISTINCT ON (kind, scope) * FROM label_models ORDER BY kind, scope, id DESC) m
    LEFT JOIN LATERAL (SELECT id, adopted_at FROM label_models s WHERE s.kind = m.kind AND s.scope = m.scope
                       AND adopted_at IS NOT NULL ORDER BY adopted_at DESC LIMIT 1) serves ON true
    ORDER BY m.kind, m.scope
"""
HELD = """
    EXISTS (SELECT FROM labels h WHERE h.question_id = {0}.id AND h.kind = 'fitness' AND h.value <> 'question'
            AND h.id = (SELECT id FROM labels last WHERE last.question_id = {0}.id AND last.kind = 'fitness'
                        ORDER BY last.source <> 'model' DESC, last.id DESC LIMIT 1))
"""
"""Whether what counts of a question's fitness is that it is none, or inappropriate: a person's last word, else the
model's."""
_LAST = """
    LEFT JOIN LATERAL (SELECT value, confidence, source FROM labels WHERE question_id = q.id AND kind = '{0}'
                       ORDER BY source <> 'model' DESC, id DESC LIMIT 1) {0} ON true
"""
_TO_SAY = f"""
    SELECT q.id, q.subject, q.grade, {PROBLEM_TEXT.format("q")} AS text, q.received_at, q.knowledge_point,
           subject.value AS told_subject, subject.confidence AS subject_sure, subject.source AS subject_by,
           stage.value AS told_stage, stage.confidence AS stage_sure, stage.source AS stage_by,
           point.source AS point_by, point.confidence AS point_sure,
           difficulty.value AS difficulty, difficulty.source AS difficulty_by
    FROM (SELECT f.question_id FROM research_facts f
          WHERE f.subject = %(subject)s AND f.day > current_date - 60 ORDER BY f.day DESC LIMIT 2000) f
    JOIN questions q ON q.id = f.question_id
    {_LAST.format("subject")} {_LAST.format("stage")} {_LAST.format("point")} {_LAST.format("difficulty")}
    WHERE {STAGE.format("q")} = %(stage)s AND {PROBLEM_TEXT.format("q")} <> ''
      AND (q.knowledge_point IS NULL OR point.source = 'model')
    ORDER BY (subject.source = 'model' AND subject.value <> q.subject
              OR stage.source = 'model' AND stage.value <> {STAGE.format("q")}) DESC NULLS LAST,
             q.knowledge_point IS NULL DESC, q.received_at DESC
    LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module
_HELD = f"""
    SELECT q.id, q.subject, q.grade, {PROBLEM_TEXT.format("q")} AS text, q.received_at, h.value, h.confidence
    FROM labels h JOIN questions q ON q.id = h.question_id
    WHERE h.kind = 'fitness' AND h.value <> 'question' AND h.source = 'model'
      AND NOT EXISTS (SELECT FROM labels later WHERE later.question_id = q.id AND later.kind = 'fitness'
                      AND (later.source <> 'model' OR later.id > h.id))
    ORDER BY h.id DESC LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module
