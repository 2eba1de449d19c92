"""The bank of questions as it is told to whoever searches it, week by week, with the units of the week (docs/adr/0107).

A row says of a question's place what its unit says and no more, so whatever is asked of the rows tells no more than the
rows do. What a pupil typed may hold a name: a row's text is what was read or put right, or else the answered problem's.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from server.store.lines import Record
from server.store.views import LISTED, STAGE
from server.store.work import Work

LONGEST_TEXT = 2_000


class Bank:
    """Keeps the bank in a unit of work; whoever keeps facts (server/store/facts.py) has the turn."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def tell(self, week: date) -> None:
        """The questions of a week as its units are told now; what stayed as it was is not written."""
        told = {"week": week}
        await self._work.rows(_TELL_TEXTS, told)
        await self._work.rows(_TELL, told)
        await self._work.rows("DELETE FROM bank_units WHERE week = %(week)s RETURNING 1", told)
        await self._work.rows(_TELL_UNITS, told)
        await self.forget_texts()

    async def follow(self, questions: Sequence[UUID]) -> None:
        """Questions that are not counted any more are gone at once; what else changed is told with their weeks."""
        given = {"questions": list(questions)}
        await self._work.rows(_FORGET, given)
        await self._work.rows(_TOUCH, given)
        await self.forget_texts()

    async def forget_texts(self) -> None:
        """Texts that no question has any more."""
        await self._work.rows(_FORGET_TEXTS)

    async def wordless(self, limit: int) -> list[Record]:
        """Texts that are not to be found by their words yet; each for one worker."""
        return await self._work.rows(_WORDLESS, {"limit": limit})

    async def set_words(self, words: Sequence[tuple[int, Sequence[str]]]) -> None:
        """The pairs of each text."""
        given = {"ids": [id for id, _ in words], "words": ["\n".join(pairs) for _, pairs in words]}
        await self._work.rows(_SET_WORDS, given)


ANSWER_OF = f"""
    SELECT a.id, a.problem_text FROM (
        SELECT q.answer_id AS id
        UNION ALL SELECT own.id FROM answers own WHERE own.question_id = q.id
        UNION ALL SELECT s.answer_id FROM suggestions s WHERE s.question_id = q.id AND s.verdict <> 'similar') known
    JOIN answers a ON a.id = known.id WHERE {LISTED} AND NOT a.has_pupil
    ORDER BY a.question_id IS NOT DISTINCT FROM q.id DESC, a.made_at DESC LIMIT 1
"""  # noqa: S608 - composed of constants
"""The answer of `q` that research staff may watch: no pupil is heard in it."""
_TEXT = f"""
    left(coalesce(nullif(q.corrected_text, ''), nullif(q.read_text, ''), nullif(answer.problem_text, '')),
         {LONGEST_TEXT})
"""
_ASKED = f"""
    FROM research_facts f JOIN questions q ON q.id = f.question_id LEFT JOIN LATERAL ({ANSWER_OF}) answer ON true
    WHERE f.week = %(week)s
"""
_TELL_TEXTS = f"""
    INSERT INTO bank_texts (digest, text)
    SELECT CAST(md5(text) AS uuid), text FROM (SELECT DISTINCT {_TEXT} AS text {_ASKED}) asked WHERE text IS NOT NULL
    ON CONFLICT (digest) DO NOTHING RETURNING 1
"""  # noqa: S608 - composed of constants of this module
_OF = "week", "level", "subject", "stage", "knowledge_point", "grade", "school_id", "difficulty"
_SUMMED = "seen", "solved", "stuck", "reopened", "unanswered"
_KEPT = *_OF, *_SUMMED, "text_id", "answer_id", "figure"
_NOBODY = "'00000000-0000-0000-0000-000000000000'"
# A question is in the narrowest unit that has room for it: its own cell's, or else "the others" of the place above.
_TELL = f"""
    WITH units AS MATERIALIZED (SELECT * FROM research_units WHERE week = %(week)s),
    asked AS MATERIALIZED (
        SELECT f.*, {STAGE.format("f")} AS stage, q.figure, answer.id AS answer_id, {_TEXT} AS text,
               (SELECT value FROM labels WHERE question_id = q.id AND kind = 'difficulty'
                ORDER BY source <> 'model' DESC, id DESC LIMIT 1) AS difficulty
        {_ASKED}
    ), placed AS (
        SELECT asked.*, coalesce(cell.level, grade.level, point.level, subject.level, city.level) AS level FROM asked
        LEFT JOIN units cell ON cell.level = 4 AND cell.subject = asked.subject AND cell.stage = asked.stage
            AND coalesce(cell.knowledge_point, '') = coalesce(asked.knowledge_point, '') AND cell.grade = asked.grade
            AND coalesce(cell.school_id, {_NOBODY}) = coalesce(asked.school_id, {_NOBODY})
        LEFT JOIN units grade ON grade.level = 3 AND grade.subject = asked.subject AND grade.stage = asked.stage
            AND coalesce(grade.knowledge_point, '') = coalesce(asked.knowledge_point, '') AND grade.grade = asked.grade
        LEFT JOIN units point ON point.level = 2 AND point.subject = asked.subject AND point.stage = asked.stage
            AND coalesce(point.knowledge_point, '') = coalesce(asked.knowledge_point, '')
        LEFT JOIN units subject ON subject.level = 1 AND subject.subject = asked.subject
        LEFT JOIN units city ON city.level = 0
    ), new AS MATERIALIZED (
        SELECT p.question_id, p.week, p.level, CASE WHEN p.level >= 1 THEN p.subject END AS subject,
               CASE WHEN p.level >= 2 THEN p.stage END AS stage,
               CASE WHEN p.level >= 2 THEN p.knowledge_point END AS knowledge_point,
               CASE WHEN p.level >= 3 THEN p.grade END AS grade,
               CASE WHEN p.level >= 4 THEN p.school_id END AS school_id,
               p.difficulty, p.saw AS seen, p.solved, p.stuck, p.reopened, p.unanswered, t.id AS text_id, p.answer_id,
               CAST('x' || p.figure AS bit(64)) AS figure
        FROM placed p LEFT JOIN bank_texts t ON t.digest = CAST(md5(p.text) AS uuid) WHERE p.level IS NOT NULL
    ), gone AS (
        DELETE FROM bank_questions b WHERE b.week = %(week)s
            AND NOT EXISTS (SELECT FROM new WHERE new.question_id = b.question_id)
    )
    INSERT INTO bank_questions AS b (question_id, {", ".join(_KEPT)}) SELECT question_id, {", ".join(_KEPT)} FROM new
    ON CONFLICT (question_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _KEPT)}
    WHERE ({", ".join(f"b.{name}" for name in _KEPT)}) IS DISTINCT FROM ({", ".join(f"excluded.{n}" for n in _KEPT)})
    RETURNING 1
"""  # noqa: S608 - composed of constants of this module
_TELL_UNITS = f"""
    INSERT INTO bank_units ({", ".join(_OF)}, asked, {", ".join(_SUMMED)})
    SELECT {", ".join(_OF)}, count(*), {", ".join(f"count(*) FILTER (WHERE {name})" for name in _SUMMED)}
    FROM bank_questions WHERE week = %(week)s GROUP BY {", ".join(_OF)} RETURNING 1
"""  # noqa: S608 - composed of constants of this module
_THESE = "CAST(%(questions)s AS uuid[])"
_FORGET = f"""
    WITH gone AS (DELETE FROM bank_questions b WHERE b.question_id = ANY({_THESE}) 
                  AND NOT EXISTS (SELECT FROM research_facts f WHERE f.question_id = b.question_id) RETURNING week)
    UPDATE research_weeks SET changed_at = clock_timestamp() WHERE week IN (SELECT week FROM gone) RETURNING 1
"""  # noqa: S608 - composed of constants of this module
_TOUCH = f"""
    UPDATE research_weeks SET changed_at = clock_timestamp()
    WHERE week IN (SELECT week FROM research_facts WHERE question_id = ANY({_THESE})) RETURNING 1
"""  # noqa: S608 - composed of constants of this module
_FORGET_TEXTS = """
    WITH loose AS (DELETE FROM bank_loose_texts RETURNING text_id)
    DELETE FROM bank_texts t USING loose WHERE t.id = loose.text_id
        AND NOT EXISTS (SELECT FROM bank_questions b WHERE b.text_id = t.id) RETURNING 1
"""
_WORDLESS = "SELECT id, text FROM bank_texts WHERE words IS NULL ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED"
_SET_WORDS = """
    UPDATE bank_texts t SET words = array_to_tsvector(array_remove(string_to_array(given.words, E'\\n'), ''))
    FROM unnest(CAST(%(ids)s AS bigint[]), CAST(%(words)s AS text[])) AS given (id, words) WHERE t.id = given.id
    RETURNING 1
"""
