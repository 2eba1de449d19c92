"""Proposals as research staff, those who may teach them, and the pupils who asked see them. No pupil is named."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from server.actions.facts import SHANGHAI, monday
from server.domain.effect import window
from server.live import protocol as wire
from server.store.lines import Record
from server.store.proposals import CONSENTED, MAY_TEACH
from server.store.topic_views import FEWEST, LONGEST, WEEKS, told
from server.store.views import LISTED
from server.store.work import Store

MOST = 60
MOST_INVITATIONS = 3  # on a pupil's page
MOST_POINTS = 8


async def of_topic(store: Store, number: int, now: datetime) -> wire.TopicTeaching | None:
    """None where there is no such topic; one that was merged has the proposals of what it is part of."""
    topics = await store.rows(_TOPIC, {"number": number})
    if not topics:
        return None
    topic = topics[0]
    rows = await store.rows(_OF_TOPIC, {"topic": topic.id, "limit": MOST})
    schools = {row.id: row.name for row in await store.rows("SELECT id, name FROM schools ORDER BY name", {})}
    scope = {"subject": topic.subject, "stage": topic.stage}
    who = {form: await store.rows(_MAY_TEACH, {**scope, "form": form}) for form in ("lecture", "lesson")}
    able = {(form, row.id) for form, people in who.items() for row in people}
    points = await store.rows(_POINTS, {"topic": topic.id, "fewest": FEWEST, "limit": MOST_POINTS})
    return wire.TopicTeaching(
        proposals=[_proposal(row, schools, able, now) for row in rows],
        lecturers=[wire.PersonName(person_id=row.id, name=row.nickname) for row in who["lecture"]],
        teachers=[wire.PersonName(person_id=row.id, name=row.nickname) for row in who["lesson"]],
        schools=[wire.SchoolName(id=id, name=name) for id, name in schools.items()],
        knowledge_points=[row.knowledge_point for row in points],
    )


def _proposal(row: Record, schools: dict[UUID, str], able: set[tuple[str, UUID]], now: datetime) -> wire.ProposalView:
    return wire.ProposalView(
        proposal_id=row.id,
        form=row.form,
        title=row.title,
        note=row.note,
        grades=row.grades,
        knowledge_points=row.knowledge_points,
        state=row.state,
        proposed_at=row.proposed_at,
        expires_at=row.expires_at,
        proposed_by=row.proposer,
        wanted=row.wanted,
        wanted_gone=row.wanted_id is not None and (row.form, row.wanted_id) not in able,
        taken_by=row.taker,
        why=row.why,
        plan=_plan(row.plan, schools),
        taught=_taught(row),
        invited=row.invited,
        effect=_effect(row),
    )


def _plan(kept: dict[str, Any] | None, schools: dict[UUID, str]) -> wire.PlanView | None:
    if kept is None:
        return None
    return wire.PlanView(
        about=kept["about"],
        starts_at=datetime.fromisoformat(kept["starts_at"]),
        ends_at=datetime.fromisoformat(kept["ends_at"]),
        capacity=kept["capacity"],
        schools=[schools[UUID(id)] for id in kept["schools"] if UUID(id) in schools],
    )


def _taught(row: Record) -> wire.TaughtBy | None:
    if row.lecture_id is not None:
        at = row.ended_at or row.starts_at
        return wire.TaughtBy(
            what="lecture", state=row.lecture_state, title=row.lecture_title, at=at, lecture_id=row.lecture_id
        )
    if row.session_id is None or row.ended_why == "dropped":
        return None
    state: Any = "recording" if row.answer_id is None else "shown" if row.is_listed else "hidden"
    return wire.TaughtBy(
        what="lesson",
        state=state,
        title=row.title,
        at=row.published_at,
        lesson_id=row.answer_id if row.is_listed else None,
    )


def _effect(row: Record) -> wire.EffectView | None:
    if row.effect is not None:
        body = {name: value for name, value in row.effect.items() if name != "taught_on"}
        day = datetime.fromisoformat(row.effect["taught_on"]).date()
        kept = {name: (None if body[name] is None else kind(**_short(body[name]))) for name, kind in _PARTS.items()}
        return wire.EffectView(**{**body, **kept}, taught_on=str(day), told_from=str(window(day).known_from))
    taught = _taught(row)
    if taught is None or taught.at is None or taught.state not in ("over", "shown"):
        return None
    day = taught.at.astimezone(SHANGHAI).date()
    return wire.EffectView(verdict="waits", taught_on=str(day), told_from=str(window(day).known_from))


_PARTS: dict[str, Any] = {"reached": wire.RatesView, "control": wire.RatesView, "change": wire.ChangeView}


def _short(figures: dict[str, float]) -> dict[str, float]:
    """No finer than a reader needs; and what is told says nothing of single questions of a large city."""
    return {name: round(value, 3) for name, value in figures.items()}


async def offered(store: Store, person: UUID, forms: Sequence[str], now: datetime) -> wire.ProposalOffers:
    """What is open to this person, and what this person has taken; the latter first."""
    rows = await store.rows(_OFFERED, {"person": person, "forms": list(forms), "limit": MOST})
    weeks = [monday(now) - timedelta(weeks=n) for n in range(1, WEEKS + 1)]
    topics = sorted({row.topic for row in rows})
    counts = {
        (row.topic_id, row.week): row.askers for row in await store.rows(_ASKERS, {"topics": topics, "weeks": weeks})
    }
    texts = {row.id: row.text for row in await store.rows(_READ, {"ids": [id for row in rows for id in row.exemplars]})}
    schools = {row.id: row.name for row in await store.rows("SELECT id, name FROM schools", {})}
    return wire.ProposalOffers(
        proposals=[
            wire.ProposalOffer(
                proposal_id=row.id,
                form=row.form,
                title=row.title,
                note=row.note,
                subject=row.subject,
                stage=row.stage,
                grades=row.grades,
                knowledge_points=row.knowledge_points,
                terms=row.terms,
                exemplars=[texts[id][:LONGEST] for id in row.exemplars if id in texts],
                askers=[_told(counts.get((row.topic, week), 0)) for week in weeks],
                proposed_by=row.proposer,
                expires_at=row.expires_at,
                is_mine=person in (row.wanted_id, row.taken_by),
                taken=row.state == "taken",
                plan=_plan(row.plan, schools),
                taught=_taught(row),
                invited=row.invited,
            )
            for row in rows
        ]
    )


def _told(askers: int) -> int | None:
    return told(askers, askers)


async def invitations(store: Store, pupil: UUID, reviewed_first: bool) -> wire.Invitations:
    """What a pupil may come to or watch now, and has not come to, watched or put away."""
    rows = await store.rows(_INVITATIONS, {"pupil": pupil, "reviewed_first": reviewed_first, "limit": MOST_INVITATIONS})
    return wire.Invitations(
        invitations=[
            wire.InvitationView(
                proposal_id=row.proposal_id,
                what=row.what,
                title=row.title,
                about=row.topic_name or (row.knowledge_points[0] if row.knowledge_points else "、".join(row.terms)),
                teacher_name=row.teacher_name,
                starts_at=row.starts_at,
                seats_left=row.seats_left,
                lecture_id=row.lecture_id,
                lesson_id=row.lesson_id,
            )
            for row in rows
        ]
    )


_TOPIC = """
    SELECT t.id, t.subject, t.stage FROM topics t
    WHERE t.id = (SELECT coalesce(merged_into, id) FROM topics WHERE id = %(number)s)
"""
_WITH_TAUGHT = f"""
    SELECT p.*, coalesce(t.merged_into, t.id) AS topic, proposer.nickname AS proposer, wished.nickname AS wanted,
           taker.nickname AS taker, l.state AS lecture_state, l.title AS lecture_title, l.starts_at, l.ended_at,
           s.ended_why, a.id AS answer_id, a.published_at, coalesce({LISTED}, false) AS is_listed, e.body AS effect
    FROM teaching_proposals p JOIN topics t ON t.id = p.topic_id
    JOIN accounts proposer ON proposer.id = p.proposed_by
    LEFT JOIN accounts wished ON wished.id = p.wanted_id LEFT JOIN accounts taker ON taker.id = p.taken_by
    LEFT JOIN lectures l ON l.id = p.lecture_id
    LEFT JOIN live_sessions s ON s.id = p.session_id LEFT JOIN answers a ON a.session_id = p.session_id
    LEFT JOIN teaching_effects e ON e.proposal_id = p.id
"""  # noqa: S608 - composed of constants of the views
_OF_TOPIC = f"""
    {_WITH_TAUGHT} WHERE coalesce(t.merged_into, t.id) = %(topic)s ORDER BY p.proposed_at DESC, p.id LIMIT %(limit)s
"""
_MAY_TEACH = f"SELECT a.id, a.nickname FROM accounts a WHERE {MAY_TEACH} ORDER BY a.nickname, a.id LIMIT 500"  # noqa: S608
_POINTS = """
    SELECT f.knowledge_point FROM topic_members m JOIN research_facts f ON f.question_id = m.question_id
    WHERE m.topic_id = %(topic)s AND f.knowledge_point IS NOT NULL
    GROUP BY 1 HAVING count(DISTINCT f.pupil_id) >= %(fewest)s ORDER BY count(*) DESC, 1 LIMIT %(limit)s
"""
_MAY_TEACH_IT = (
    MAY_TEACH.replace("%(form)s", "p.form").replace("%(subject)s", "t.subject").replace("%(stage)s", "t.stage")
)
_OFFERED = f"""
    SELECT p.*, now.terms, now.exemplars, now.subject, now.stage FROM ({_WITH_TAUGHT}
        JOIN accounts me ON me.id = %(person)s
        WHERE p.form = ANY(%(forms)s) AND {_MAY_TEACH_IT.replace("a.", "me.")} AND (
            p.taken_by = me.id OR p.state = 'open' AND p.expires_at > clock_timestamp()
            AND coalesce(p.wanted_id, me.id) = me.id
            AND NOT EXISTS (SELECT FROM proposal_declines d WHERE d.proposal_id = p.id AND d.person_id = me.id))) p
    JOIN topics now ON now.id = p.topic
    ORDER BY p.taken_by IS NULL, p.wanted_id IS NULL, p.proposed_at DESC, p.id LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module and of the store
_ASKERS = """
    SELECT topic_id, week, askers FROM topic_weeks WHERE topic_id = ANY(%(topics)s) AND week = ANY(%(weeks)s)
"""
# What a pupil typed may hold a name; who teaches sees what was read, or put right.
_READ = """
    SELECT q.id, coalesce(nullif(q.corrected_text, ''), q.read_text) AS text FROM questions q
    JOIN research_facts f ON f.question_id = q.id
    WHERE q.id = ANY(CAST(%(ids)s AS uuid[])) AND coalesce(nullif(q.corrected_text, ''), nullif(q.read_text, '')) <> ''
"""
_INVITATIONS = f"""
    SELECT * FROM (
        SELECT v.proposal_id, v.invited_at,
               CASE WHEN a.id IS NOT NULL THEN 'lesson' WHEN l.state = 'over' THEN 'replay' ELSE 'lecture' END AS what,
               coalesce(l.title, p.title) AS title, t.name AS topic_name, t.terms,
               coalesce(l.knowledge_points, p.knowledge_points) AS knowledge_points, who.nickname AS teacher_name,
               CASE WHEN l.state <> 'over' THEN l.starts_at END AS starts_at,
               CASE WHEN l.state <> 'over' THEN greatest(0, l.capacity - l.taken) END AS seats_left,
               l.id AS lecture_id, a.id AS lesson_id
        FROM invitations v JOIN teaching_proposals p ON p.id = v.proposal_id AND p.state = 'taken'
        JOIN accounts who ON who.id = p.taken_by
        JOIN topics first ON first.id = p.topic_id JOIN topics t ON t.id = coalesce(first.merged_into, first.id)
        JOIN accounts me ON me.id = v.pupil_id LEFT JOIN identities i ON i.account_id = me.id
        LEFT JOIN lectures l ON l.id = p.lecture_id LEFT JOIN answers a ON a.session_id = p.session_id AND {LISTED}
        WHERE v.pupil_id = %(pupil)s AND v.dismissed_at IS NULL AND {CONSENTED.format("v.pupil_id")}
          AND CASE
            WHEN a.id IS NOT NULL THEN NOT EXISTS (
                SELECT FROM lesson_watching w WHERE w.lesson_id = a.id AND w.pupil_id = v.pupil_id)
            WHEN l.id IS NULL OR NOT (l.grades @> ARRAY[me.grade])
                OR NOT (cardinality(l.school_ids) = 0 OR coalesce(l.school_ids @> ARRAY[i.school_id], false)) THEN false
            WHEN l.state IN ('open', 'live') THEN l.ends_at > clock_timestamp() AND NOT EXISTS (
                SELECT FROM lecture_places o
                WHERE o.lecture_id = l.id AND o.pupil_id = v.pupil_id AND o.state <> 'left')
            WHEN l.state = 'over' THEN l.swept_at IS NULL AND coalesce(l.replay_shown, NOT %(reviewed_first)s)
                AND NOT EXISTS (SELECT FROM lecture_attendance o WHERE o.lecture_id = l.id AND o.pupil_id = v.pupil_id)
                AND NOT EXISTS (SELECT FROM lecture_watches o WHERE o.lecture_id = l.id AND o.viewer_id = v.pupil_id)
                AND NOT EXISTS (SELECT FROM lecture_bans o WHERE o.lecture_id = l.id AND o.pupil_id = v.pupil_id
                                AND o.removed_at IS NOT NULL)
            ELSE false END) found
    ORDER BY starts_at NULLS LAST, invited_at DESC, proposal_id LIMIT %(limit)s
"""  # noqa: S608 - composed of constants of this module and of the views
