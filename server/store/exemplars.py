"""Questions that stand for a cell of the heat map: without their pupils, with the answer that others may watch."""

from collections.abc import Mapping
from typing import Any

from server.live import protocol as wire
from server.store.views import ANSWER_COLUMNS, LISTED, Views

EXEMPLARS = 5
LONGEST = 300  # letters of a problem


async def exemplars(views: Views, wanted: Mapping[str, Any]) -> list[wire.ExemplarView]:
    """Five of a week's point, of a grade and a school where they are given; as many outcomes as there are."""
    found = []
    for row, answer in await views.answers(_EXEMPLARS, {**wanted, "count": EXEMPLARS}):
        answer.teacher_name, answer.problem_text = "", row.problem_text[:LONGEST]
        photo = next(iter((row.pages or {}).values()), None)
        found.append(
            wire.ExemplarView(
                text=(row.asked_text or row.problem_text)[:LONGEST],
                outcome=row.outcome,
                answer=answer,
                photo_url=None if photo is None else await views.sign(photo, None),
            )
        )
    return found


# What a pupil typed may hold a name: only what was read, or put right, is shown, or else the answered problem. Answers
# in which a pupil is heard are left out. The photo is the one of the answer's film, as its masks have it.
_EXEMPLARS = f"""
    WITH cell AS (
        SELECT f.question_id, CASE WHEN f.reopened THEN 'reopened' WHEN f.stuck THEN 'stuck' WHEN f.solved THEN 'solved'
                                   ELSE 'seen' END AS outcome
        FROM research_facts f
        WHERE f.week = %(week)s AND f.subject = %(subject)s AND f.knowledge_point = %(point)s
          AND f.grade BETWEEN %(from_grade)s AND %(to_grade)s
          AND (CAST(%(school)s AS uuid) IS NULL OR f.school_id = %(school)s)
    ), shown AS (
        SELECT cell.*, answer.id,
               row_number() OVER (PARTITION BY outcome ORDER BY md5(cell.question_id::text)) AS turn
        FROM cell JOIN questions q ON q.id = cell.question_id
        JOIN LATERAL (
            SELECT a.id FROM answers a
            WHERE {LISTED} AND NOT a.has_pupil
              AND (a.question_id = q.id OR a.id = q.answer_id
                   OR a.id IN (SELECT answer_id FROM suggestions WHERE question_id = q.id AND verdict <> 'similar'))
            ORDER BY a.question_id = q.id DESC, a.made_at DESC LIMIT 1
        ) answer ON true
    )
    SELECT {ANSWER_COLUMNS}, a.pages, shown.outcome,
           coalesce(nullif(q.corrected_text, ''), nullif(q.read_text, '')) AS asked_text
    FROM shown JOIN questions q ON q.id = shown.question_id JOIN answers a ON a.id = shown.id
    JOIN accounts at ON at.id = a.teacher_id
    ORDER BY shown.turn, shown.outcome DESC LIMIT %(count)s
"""  # noqa: S608 - composed of constants of this module and of the views
