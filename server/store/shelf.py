"""What there is to be looked after: editions of an answer, questions to record for, lessons, answers to review, and
what guardians agree to."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from server.domain.consent import WORDING, Purpose
from server.live import protocol as wire
from server.store.views import ANSWER_COLUMNS, Views
from server.store.work import Record, Store, Work

QUEUE = 30  # questions or answers of a page
PUPILS = 50


async def editions(store: Store, teacher: UUID, answer: UUID) -> wire.Editions | None:
    """The newest first; None for an answer that is not this teacher's."""
    rows = await store.rows(_EDITIONS, {"answer": answer, "teacher": teacher})
    if not rows:
        return None
    return wire.Editions(
        editions=[
            wire.EditionView(
                number=row.number,
                why=row.why,
                made_at=row.made_at,
                duration_ms=row.duration_ms,
                is_shown=row.number == row.rendered_edition,
            )
            for row in rows
            if row.number is not None
        ]
    )


async def waiting(store: Store, teacher: UUID) -> wire.Waiting:
    """What this teacher may answer by a recording. Photos are for whoever takes it."""
    rows = await store.rows(_WAITING, {"teacher": teacher, "limit": QUEUE})
    return wire.Waiting(
        questions=[
            wire.WaitingView(
                question_id=row.id,
                subject=row.subject,
                grade=row.grade,
                text=row.problem_text[:500],
                photos=row.photos,
                followers=row.followers,
                asked_at=row.received_at,
                promised_at=row.promised_at,
            )
            for row in rows
        ]
    )


async def lessons(views: Views, teacher: UUID) -> wire.Lessons:
    found = await views.answers(_LESSONS, {"teacher": teacher, "limit": QUEUE})
    return wire.Lessons(lessons=[view for _, view in found])


async def reviews(views: Views, reviewer: UUID, rule: Literal["at_once", "trusted", "all"]) -> wire.Reviews:
    """Nobody's own; without addresses: that an answer is watched is written down at its own door."""
    found = await views.answers(_REVIEWS, {"reviewer": reviewer, "limit": QUEUE})
    count = await views.store.rows(_TO_REVIEW, {"reviewer": reviewer})
    params = {"reviewer": reviewer, "limit": QUEUE, "reviewed_first": views.replays_reviewed}
    lectures = await views.store.rows(_LECTURES_TO_REVIEW, params)
    return wire.Reviews(
        rule=rule,
        lectures=[
            wire.LectureToReview(
                lecture_id=row.id,
                what=row.what,
                title=row.title,
                lecturer_name=row.nickname,
                subject=row.subject,
                since=row.since,
            )
            for row in lectures
        ],
        waiting=count[0].waiting,
        answers=[
            wire.ReviewView(
                answer=msgspec.structs.replace(view, video_url=None, poster_url=None, captions_url=None),
                teacher_id=row.teacher_id,
                teacher_trusted=row.trusted_at is not None,
                edition=row.rendered_edition,
                has_pupil=row.has_pupil,
                earlier=row.earlier or [],
            )
            for row, view in found
        ],
    )


async def pupils(work: Work, staff: UUID, search: str) -> wire.SchoolPupils:
    """Pupils of this school administrator's own school; that they were read is written in the same transaction."""
    schools = await work.rows(_SCHOOL, {"staff": staff})
    if not schools:
        return wire.SchoolPupils(school="", wording=WORDING, pupils=[])
    like = f"%{_literal(search.strip()[:50])}%"
    rows = await work.rows(_PUPILS, {"school": schools[0].id, "like": like, "limit": PUPILS + 1})
    shown = rows[:PUPILS]
    await work.note_reads(staff, "consents", *(row.id for row in shown))
    said = await _said(work, [row.id for row in shown])
    return wire.SchoolPupils(
        school=schools[0].name,
        wording=WORDING,
        more=len(rows) > PUPILS,
        lecture_voice=schools[0].lecture_voice,
        pupils=[_pupil(row, said) for row in shown],
    )


async def school_of(work: Work, staff: UUID) -> UUID | None:
    """That of a school administrator."""
    found = await work.rows(_SCHOOL, {"staff": staff})
    return found[0].id if found else None


async def children(work: Work, guardian: UUID) -> wire.Children:
    rows = await work.rows(_CHILDREN, {"guardian": guardian})
    said = await _said(work, [row.id for row in rows])
    return wire.Children(wording=WORDING, children=[_pupil(row, said, row.heard_in) for row in rows])


def _pupil(row: Record, said: Sequence[Record], heard_in: int = 0) -> wire.PupilView:
    words = [each for each in said if each.child_id == row.id]
    return wire.PupilView(
        id=row.id,
        login=row.login,
        real_name=row.real_name,
        grade=row.grade,
        agreed=[Purpose(each.purpose) for each in words if each.given],
        said_at=max((each.at for each in words), default=None),
        heard_in=heard_in,
    )


async def _said(work: Work, children: Sequence[UUID]) -> list[Record]:
    query = """
        SELECT DISTINCT ON (child_id, purpose) child_id, purpose, given, at FROM consents
        WHERE child_id = ANY(%(children)s) ORDER BY child_id, purpose, id DESC
    """
    params: dict[str, Any] = {"children": list(children)}
    return await work.rows(query, params)


def _literal(words: str) -> str:
    """What LIKE takes as it stands."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_EDITIONS = """
    SELECT a.rendered_edition, e.number, e.why, e.made_at, e.duration_ms
    FROM answers a LEFT JOIN editions e ON e.answer_id = a.id
    WHERE a.id = %(answer)s AND a.teacher_id = %(teacher)s ORDER BY e.number DESC LIMIT 50
"""
_WAITING = """
    SELECT q.id, q.subject, q.grade, q.followers, q.received_at, q.promised_at,
           coalesce(nullif(q.corrected_text, ''), nullif(q.read_text, ''), q.text) AS problem_text,
           (SELECT count(*) FROM question_media m WHERE m.question_id = q.id) AS photos
    FROM questions q JOIN certifications c ON c.account_id = %(teacher)s AND c.subject = q.subject
        AND c.stage = CASE WHEN q.grade <= 6 THEN 'primary' WHEN q.grade <= 9 THEN 'junior' ELSE 'senior' END
    WHERE q.state = 'waiting' ORDER BY q.received_at, q.id LIMIT %(limit)s
"""
_LESSONS = f"""
    SELECT {ANSWER_COLUMNS} FROM answers a JOIN accounts at ON at.id = a.teacher_id
    WHERE a.teacher_id = %(teacher)s AND a.title IS NOT NULL AND a.state <> 'withdrawn'
    ORDER BY a.made_at DESC LIMIT %(limit)s
"""  # noqa: S608 - composed of constants
_REVIEWS = f"""
    SELECT {ANSWER_COLUMNS}, a.teacher_id, a.has_pupil, at.trusted_at,
           (SELECT array_agg(r.words ORDER BY r.at) FROM reviews r
            WHERE r.answer_id = a.id AND r.words <> '') AS earlier
    FROM answers a JOIN accounts at ON at.id = a.teacher_id
    WHERE a.state = 'published' AND a.review = 'waiting' AND a.teacher_id <> %(reviewer)s
    ORDER BY a.made_at LIMIT %(limit)s
"""  # noqa: S608 - composed of constants
_TO_REVIEW = """
    SELECT count(*) AS waiting FROM answers
    WHERE state = 'published' AND review = 'waiting' AND teacher_id <> %(reviewer)s
"""
_LECTURES_TO_REVIEW = """
    SELECT l.id, waits.what, l.title, a.nickname, l.subject, waits.since
    FROM lectures l JOIN accounts a ON a.id = l.lecturer_id
    CROSS JOIN LATERAL (
        SELECT 'replay' AS what, l.ended_at AS since WHERE l.replay_shown IS NULL AND %(reviewed_first)s
        UNION ALL
        SELECT 'captions', c.changed_at FROM lecture_captions c
        WHERE c.lecture_id = l.id AND c.state = 'waiting' AND c.heard_ms IS NULL) waits
    WHERE l.state = 'over' AND l.swept_at IS NULL AND l.lecturer_id <> %(reviewer)s
    ORDER BY waits.since, l.id LIMIT %(limit)s
"""
_SCHOOL = """
    SELECT s.id, s.name, s.lecture_voice
    FROM identities i JOIN schools s ON s.id = i.school_id WHERE i.account_id = %(staff)s
"""
_CHILDREN = """
    SELECT a.id, a.login, a.grade, i.real_name,
           (SELECT count(*) FROM answers heard JOIN live_sessions l ON l.id = heard.session_id
            WHERE l.student_id = a.id AND heard.has_pupil AND heard.state = 'published') AS heard_in
    FROM guardians g JOIN accounts a ON a.id = g.child_id JOIN identities i ON i.account_id = a.id
    WHERE g.guardian_id = %(guardian)s AND a.disabled_at IS NULL ORDER BY a.grade, i.real_name, a.login
"""
_PUPILS = """
    SELECT a.id, a.login, a.grade, i.real_name FROM identities i JOIN accounts a ON a.id = i.account_id
    WHERE i.school_id = %(school)s AND 'student' = ANY(a.roles) AND a.disabled_at IS NULL
      AND (i.real_name LIKE %(like)s OR a.login LIKE %(like)s)
    ORDER BY a.grade, i.real_name, a.login LIMIT %(limit)s
"""
