"""The pulse of a lecture's room in the transaction of a unit of work: polls, hands, who is lost.

Whoever asks or closes a poll, or changes the line of hands, holds the lecture's row first, who answers the poll's
alone: numbers and counts have one order, and answers keep nobody from speaking.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from server.domain.pulse import HandState, Poll
from server.store.lines import Record
from server.store.work import Work


class PulseBook:
    """What may be asked and written; nothing here decides."""

    def __init__(self, work: Work) -> None:
        self.work = work

    async def listeners(self, lecture: UUID, pupils: Sequence[UUID]) -> Mapping[UUID, bool]:
        """Those of them who have a seat and were not removed, and whether each may speak."""
        rows = await self.work.rows(_LISTENERS, {"lecture": lecture, "pupils": list(pupils)})
        return {row.pupil_id: row.may_speak for row in rows}

    # --- polls ---

    async def poll(self, lecture: UUID, number: int) -> Record | None:
        """Locked until the transaction ends."""
        query = "SELECT * FROM lecture_polls WHERE lecture_id = %(lecture)s AND number = %(number)s FOR UPDATE"
        return _first(await self.work.rows(query, {"lecture": lecture, "number": number}))

    async def poll_of(self, lecture: UUID, poll_id: UUID) -> Record | None:
        query = "SELECT * FROM lecture_polls WHERE lecture_id = %(lecture)s AND poll_id = %(poll)s"
        return _first(await self.work.rows(query, {"lecture": lecture, "poll": poll_id}))

    async def ask(self, lecture: UUID, poll_id: UUID, poll: Poll, at_ms: int) -> Record:
        wanted = {
            "lecture": lecture,
            "poll": poll_id,
            "text": poll.text,
            "options": list(poll.options),
            "right": poll.right,
            "counts": [0] * len(poll.options),
            "at_ms": at_ms,
        }
        return (await self.work.rows(_ASK, wanted))[0]

    async def close(self, lecture: UUID) -> Record | None:
        """The poll that was open."""
        return _first(await self.work.rows(_CLOSE, {"lecture": lecture}))

    async def answer(self, lecture: UUID, number: int, options: Mapping[UUID, int]) -> Record | None:
        """The poll with its new counts; None when no answer is another than it was."""
        wanted = {"lecture": lecture, "number": number}
        answers = {"pupils": list(options), "options": list(options.values())}
        if not await self.work.rows(_ANSWER, wanted | answers):
            return None
        return (await self.work.rows(_COUNT, wanted))[0]

    # --- hands ---

    async def hands_of(self, lecture: UUID, pupils: Sequence[UUID]) -> Mapping[UUID, Record]:
        """The newest hand of each, up or not."""
        rows = await self.work.rows(_HANDS_OF, {"lecture": lecture, "pupils": list(pupils)})
        return {row.pupil_id: row for row in rows}

    async def hand(self, lecture: UUID, number: int) -> Record | None:
        query = "SELECT * FROM lecture_hands WHERE lecture_id = %(lecture)s AND number = %(number)s"
        return _first(await self.work.rows(query, {"lecture": lecture, "number": number}))

    async def raise_hands(self, lecture: UUID, pupils: Sequence[UUID], now: datetime) -> Mapping[UUID, int]:
        """In this order; the number of each."""
        rows = await self.work.rows(_RAISE, {"lecture": lecture, "pupils": list(pupils), "now": now})
        return {row.pupil_id: row.number for row in rows}

    async def ahead(self, lecture: UUID) -> list[int]:
        """The numbers of those whose hands are up, in their order."""
        query = "SELECT number FROM lecture_hands WHERE lecture_id = %(lecture)s AND state = 'raised' ORDER BY number"
        return [row.number for row in await self.work.rows(query, {"lecture": lecture})]

    async def lower(self, lecture: UUID, state: HandState, pupil: UUID | None = None) -> bool:
        """The hand of this pupil that is up, or whoever has the word; whether somebody had the word."""
        wanted = {"lecture": lecture, "state": str(state), "pupil": pupil}
        return any(row.had_the_word for row in await self.work.rows(_LOWER, wanted))

    async def take(self, lecture: UUID, number: int) -> None:
        wanted = {"lecture": lecture, "number": number}
        await self.work.rows(_TAKE, wanted)

    async def has_the_word(self, lecture: UUID, pupil: UUID) -> bool:
        query = """
            SELECT FROM lecture_hands WHERE lecture_id = %(lecture)s AND pupil_id = %(pupil)s AND state = 'taken'
        """
        return bool(await self.work.rows(query, {"lecture": lecture, "pupil": pupil}))

    # --- lost ---

    async def lose(self, lecture: UUID, window: int, pupils: Sequence[UUID]) -> int:
        """How many of them had not said so in this window."""
        wanted = {"lecture": lecture, "window": window, "pupils": list(pupils)}
        return len(await self.work.rows(_LOSE, wanted))


def _first(rows: Sequence[Record]) -> Record | None:
    return rows[0] if rows else None


_LISTENERS = """
    SELECT p.pupil_id, b.muted_at IS NULL AS may_speak FROM lecture_places p
    LEFT JOIN lecture_bans b ON b.lecture_id = p.lecture_id AND b.pupil_id = p.pupil_id
    WHERE p.lecture_id = %(lecture)s AND p.state = 'seated' AND p.pupil_id = ANY(%(pupils)s) AND b.removed_at IS NULL
"""
_ASK = """
    INSERT INTO lecture_polls (lecture_id, number, poll_id, text, options, right_option, counts, at_ms)
    SELECT %(lecture)s, coalesce(max(number), 0) + 1, %(poll)s, %(text)s, %(options)s, %(right)s, %(counts)s, %(at_ms)s
    FROM lecture_polls WHERE lecture_id = %(lecture)s
    RETURNING *
"""
_CLOSE = """
    UPDATE lecture_polls SET closed_at = clock_timestamp(), version = version + 1
    WHERE lecture_id = %(lecture)s AND closed_at IS NULL RETURNING *
"""
_ANSWER = """
    INSERT INTO lecture_poll_answers (lecture_id, number, pupil_id, option)
    SELECT %(lecture)s, %(number)s, pupil, option FROM unnest(%(pupils)s::uuid[], %(options)s::int[]) a (pupil, option)
    ON CONFLICT (lecture_id, number, pupil_id) DO UPDATE SET option = excluded.option, answered_at = now()
    WHERE lecture_poll_answers.option <> excluded.option RETURNING pupil_id
"""
_COUNT = """
    UPDATE lecture_polls p SET version = version + 1, counts = ARRAY(
        SELECT count(a.pupil_id)::int FROM generate_subscripts(p.options, 1) place
        LEFT JOIN lecture_poll_answers a
            ON a.lecture_id = p.lecture_id AND a.number = p.number AND a.option = place
        GROUP BY place ORDER BY place)
    WHERE lecture_id = %(lecture)s AND number = %(number)s RETURNING *
"""
_HANDS_OF = """
    SELECT DISTINCT ON (pupil_id) * FROM lecture_hands
    WHERE lecture_id = %(lecture)s AND pupil_id = ANY(%(pupils)s) ORDER BY pupil_id, number DESC
"""
_RAISE = """
    INSERT INTO lecture_hands (lecture_id, number, pupil_id, state, raised_at)
    SELECT %(lecture)s, place + (SELECT coalesce(max(number), 0) FROM lecture_hands WHERE lecture_id = %(lecture)s),
           pupil, 'raised', %(now)s
    FROM unnest(%(pupils)s::uuid[]) WITH ORDINALITY AS up (pupil, place)
    RETURNING pupil_id, number
"""
_LOWER = """
    WITH before AS (
        SELECT number, state FROM lecture_hands
        WHERE lecture_id = %(lecture)s AND CASE WHEN %(pupil)s::uuid IS NULL THEN state = 'taken'
              ELSE pupil_id = %(pupil)s::uuid AND state IN ('raised', 'taken') END)
    UPDATE lecture_hands h SET state = %(state)s FROM before
    WHERE h.lecture_id = %(lecture)s AND h.number = before.number
    RETURNING before.state = 'taken' AS had_the_word
"""
_TAKE = """
    UPDATE lecture_hands SET state = 'taken', taken_at = clock_timestamp()
    WHERE lecture_id = %(lecture)s AND number = %(number)s RETURNING number
"""
_LOSE = """
    INSERT INTO lecture_lost (lecture_id, "window", pupil_id)
    SELECT %(lecture)s, %(window)s, pupil FROM unnest(%(pupils)s::uuid[]) pupil
    ON CONFLICT DO NOTHING RETURNING pupil_id
"""
