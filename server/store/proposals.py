"""Proposals, who was invited by them, and what came of it, in the transaction of a unit of work."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from server.store.lines import Record, insertion
from server.store.views import LISTED
from server.store.work import Work

_LOCK = 20_270  # of whoever invites


class ProposalBook:
    """What may be asked and written of proposals; nothing here decides."""

    def __init__(self, work: Work) -> None:
        self.work = work

    async def proposal(self, id: UUID) -> Record | None:
        """Locked until the transaction ends; `topic` is the one that it is part of today."""
        found = await self.work.rows(_PROPOSAL, {"id": id})
        return found[0] if found else None

    async def of_lecture(self, lecture: UUID) -> Record | None:
        query = "SELECT * FROM teaching_proposals WHERE lecture_id = %(id)s FOR UPDATE"
        found = await self.work.rows(query, {"id": lecture})
        return found[0] if found else None

    async def add(self, row: Mapping[str, Any]) -> None:
        query, params = insertion("teaching_proposals", [row])
        await self.work.rows(f"{query} RETURNING id", params)

    async def change(self, id: UUID, **columns: Any) -> None:
        sets = ", ".join(f"{name} = %({name})s" for name in columns)
        query = f"UPDATE teaching_proposals SET {sets} WHERE id = %(id)s RETURNING id"  # noqa: S608 - names from our code
        await self.work.rows(query, {**columns, "id": id})

    async def decline(self, id: UUID, person: UUID) -> None:
        query = "INSERT INTO proposal_declines VALUES (%(id)s, %(person)s) ON CONFLICT DO NOTHING RETURNING 1"
        await self.work.rows(query, {"id": id, "person": person})

    async def has_declined(self, id: UUID, person: UUID) -> bool:
        query = "SELECT FROM proposal_declines WHERE proposal_id = %(id)s AND person_id = %(person)s"
        return bool(await self.work.rows(query, {"id": id, "person": person}))

    async def may_teach(self, form: str, subject: str, stage: str, person: UUID) -> bool:
        wanted = {"form": form, "subject": subject, "stage": stage, "person": person}
        query = f"SELECT FROM accounts a WHERE a.id = %(person)s AND {MAY_TEACH}"
        return bool(await self.work.rows(query, wanted))

    async def fullest_week(self, topic: int, weeks: Sequence[date]) -> int:
        query = """
            SELECT coalesce(max(askers), 0) AS askers FROM topic_weeks
            WHERE topic_id = %(topic)s AND week = ANY(%(weeks)s)
        """
        return int((await self.work.rows(query, {"topic": topic, "weeks": list(weeks)}))[0].askers)

    async def expire(self) -> int:
        return len(await self.work.rows(_EXPIRE))

    # --- invitations ---

    async def take_turn(self) -> bool:
        """Whether nobody else invites now; until the work ends."""
        [row] = await self.work.rows("SELECT pg_try_advisory_xact_lock(%(lock)s) AS mine", {"lock": _LOCK})
        return bool(row.mine)

    async def to_invite(self, night: datetime, longest: Any) -> Record | None:
        """One that may be come to, or watched, and to which not everybody was invited since the last night."""
        found = await self.work.rows(_TO_INVITE, {"night": night, "longest": longest})
        return found[0] if found else None

    async def invite(self, proposal: Record, since: date, limit: int) -> int:
        """So many of those who asked and were not invited yet; how many there were."""
        wanted = {"id": proposal.id, "topic": proposal.topic, "grades": proposal.to_grades}
        wanted |= {"schools": proposal.to_schools, "since": since, "limit": limit}
        return len(await self.work.rows(_INVITE, wanted))

    async def uninvite(self, id: UUID) -> None:
        """Those whose guardians took research back: they are not counted any more, and not written to."""
        await self.work.rows(_UNINVITE, {"id": id})

    async def forget_invitations(self, id: UUID) -> None:
        await self.work.rows("DELETE FROM invitations WHERE proposal_id = %(id)s RETURNING 1", {"id": id})

    async def invited_by_cell(self, id: UUID) -> list[int]:
        query = "SELECT count(*) AS n FROM invitations WHERE proposal_id = %(id)s GROUP BY school_id, grade"
        return [row.n for row in await self.work.rows(query, {"id": id})]

    async def dismiss(self, id: UUID, pupil: UUID) -> bool:
        query = """
            UPDATE invitations SET dismissed_at = coalesce(dismissed_at, clock_timestamp())
            WHERE proposal_id = %(id)s AND pupil_id = %(pupil)s RETURNING 1
        """
        return bool(await self.work.rows(query, {"id": id, "pupil": pupil}))

    # --- what came of it ---

    async def to_compare(self, before: date) -> Record | None:
        """One that was taught in a week before this one, and of which nothing is told yet."""
        found = await self.work.rows(_TO_COMPARE, {"before": before})
        return found[0] if found else None

    async def asked(self, topic: int, weeks: Sequence[date]) -> list[Record]:
        return await self.work.rows(_ASKED, {"topic": topic, "weeks": list(weeks)})

    async def reached_otherwise(self, proposal: UUID, topic: int, since: date, until: date) -> list[Record]:
        """Schools and grades of other lectures on the topic in these days; no schools: all of them."""
        wanted = {"id": proposal, "topic": topic, "since": since, "until": until}
        return await self.work.rows(_REACHED_OTHERWISE, wanted)

    async def untaught(
        self, topic: int, known: date, before: Sequence[date], after: Sequence[date]
    ) -> list[tuple[int, int]]:
        """Other topics of the same subject and stage that were known by then and that nobody taught in those weeks."""
        wanted = {"topic": topic, "known": known, "before": list(before), "after": list(after)}
        return [(int(row.before), int(row.after)) for row in await self.work.rows(_UNTAUGHT, wanted)]

    async def keep_effect(self, id: UUID, body: Mapping[str, Any]) -> None:
        query = """
            INSERT INTO teaching_effects (proposal_id, body) VALUES (%(id)s, %(body)s)
            ON CONFLICT DO NOTHING RETURNING 1
        """
        await self.work.rows(query, {"id": id, "body": json.dumps(body)})


# Who may teach a subject and stage: lecturers who are certified for it, or for nothing at all (a city's own famous
# teachers are bound to no subject); for a micro-lesson teachers who are certified, as in the studio.
MAY_TEACH = """(a.disabled_at IS NULL AND CASE WHEN %(form)s = 'lecture'
    THEN 'lecturer' = ANY(a.roles) AND (
        NOT EXISTS (SELECT FROM certifications c WHERE c.account_id = a.id)
        OR EXISTS (SELECT FROM certifications c
                   WHERE c.account_id = a.id AND c.subject = %(subject)s AND c.stage = %(stage)s))
    ELSE 'teacher' = ANY(a.roles) AND EXISTS (
        SELECT FROM certifications c WHERE c.account_id = a.id AND c.subject = %(subject)s AND c.stage = %(stage)s)
    END)"""
CONSENTED = """(SELECT given FROM consents c WHERE c.child_id = {0} AND c.purpose = 'research'
                ORDER BY c.id DESC LIMIT 1)"""
_PROPOSAL = """
    SELECT p.*, coalesce(t.merged_into, t.id) AS topic, t.subject, t.stage
    FROM teaching_proposals p JOIN topics t ON t.id = p.topic_id WHERE p.id = %(id)s FOR UPDATE OF p
"""
_EXPIRE = """
    UPDATE teaching_proposals p SET state = 'expired', taken_by = NULL
    WHERE p.expires_at <= clock_timestamp() AND p.state = 'open' RETURNING id
"""
# A teaching: a lecture from the moment that pupils may enrol, a micro-lesson from the moment that it may be watched.
_TAUGHT = f"""
    SELECT p.id, p.invited_at, p.invited, p.form, coalesce(t.merged_into, t.id) AS topic, t.subject, t.stage, t.born_on,
           coalesce(l.grades, p.grades) AS to_grades, coalesce(l.school_ids, '{{}}') AS to_schools,
           CASE WHEN l.id IS NOT NULL THEN l.ended_at ELSE a.published_at END AS taught_at,
           coalesce(l.state, 'over') AS state
    FROM teaching_proposals p JOIN topics t ON t.id = p.topic_id
    LEFT JOIN lectures l ON l.id = p.lecture_id AND l.state IN ('open', 'live', 'over')
    LEFT JOIN answers a ON a.session_id = p.session_id AND {LISTED}
    WHERE p.state = 'taken' AND (l.id IS NOT NULL OR a.id IS NOT NULL)
"""  # noqa: S608 - composed of constants of this module and of the views
_TO_INVITE = f"""
    SELECT * FROM ({_TAUGHT}) p
    WHERE (taught_at IS NULL OR taught_at > clock_timestamp() - %(longest)s)
      AND (invited_at IS NULL OR invited_at < %(night)s OR invited_at < taught_at)
    ORDER BY invited_at NULLS FIRST, id LIMIT 1
"""  # noqa: S608 - composed of constants of this module
_INVITE = f"""
    INSERT INTO invitations (proposal_id, pupil_id, school_id, grade)
    SELECT %(id)s, a.id, i.school_id, a.grade
    FROM (SELECT DISTINCT f.pupil_id FROM topic_members m JOIN research_facts f ON f.question_id = m.question_id
          WHERE m.topic_id = %(topic)s AND f.day >= %(since)s) asked
    JOIN accounts a ON a.id = asked.pupil_id LEFT JOIN identities i ON i.account_id = a.id
    WHERE a.disabled_at IS NULL AND a.grade = ANY(CAST(%(grades)s AS int[]))
      AND (cardinality(CAST(%(schools)s AS uuid[])) = 0 OR i.school_id = ANY(CAST(%(schools)s AS uuid[])))
      AND {CONSENTED.format("a.id")}
      AND NOT EXISTS (SELECT FROM invitations v WHERE v.proposal_id = %(id)s AND v.pupil_id = a.id)
    ORDER BY a.id LIMIT %(limit)s
    ON CONFLICT DO NOTHING RETURNING 1
"""  # noqa: S608 - composed of constants of this module
_UNINVITE = f"""
    DELETE FROM invitations v WHERE v.proposal_id = %(id)s AND {CONSENTED.format("v.pupil_id")} IS NOT TRUE RETURNING 1
"""  # noqa: S608 - composed of constants of this module
_TO_COMPARE = f"""
    SELECT * FROM ({_TAUGHT}) p
    WHERE state = 'over' AND (taught_at AT TIME ZONE 'Asia/Shanghai')::date < %(before)s
      AND NOT EXISTS (SELECT FROM teaching_effects e WHERE e.proposal_id = p.id)
    ORDER BY id LIMIT 1
"""  # noqa: S608 - composed of constants of this module
_ASKED = """
    SELECT f.school_id, f.grade, f.week, f.pupil_id FROM topic_members m
    JOIN research_facts f ON f.question_id = m.question_id
    WHERE m.topic_id = %(topic)s AND f.week = ANY(%(weeks)s)
"""
_REACHED_OTHERWISE = f"""
    SELECT to_schools AS schools, to_grades AS grades FROM ({_TAUGHT}) p
    WHERE topic = %(topic)s AND id <> %(id)s AND state = 'over'
      AND (taught_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN %(since)s AND %(until)s
"""  # noqa: S608 - composed of constants of this module
_UNTAUGHT = f"""
    SELECT sum(w.asked) FILTER (WHERE w.week = ANY(%(before)s)) AS before,
           coalesce(sum(w.asked) FILTER (WHERE w.week = ANY(%(after)s)), 0) AS after
    FROM topics t JOIN topics mine ON mine.id = %(topic)s AND mine.subject = t.subject AND mine.stage = t.stage
    JOIN topic_weeks w ON w.topic_id = t.id
    WHERE t.id <> %(topic)s AND t.merged_into IS NULL AND t.born_on <= %(known)s
      AND NOT EXISTS (SELECT FROM ({_TAUGHT}) p WHERE p.topic = t.id)
    GROUP BY t.id HAVING sum(w.asked) FILTER (WHERE w.week = ANY(%(before)s)) > 0
"""  # noqa: S608 - composed of constants of this module
