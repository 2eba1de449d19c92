"""The demo's way from a finding to a lesson: made-up pupils asked about one thing, a lecture is proposed from it and
taken over, and those who asked are invited. Marked as made up in every name; safe to repeat."""

from datetime import datetime, timedelta

from matcher.topics import vectors_of
from server.actions import facts, invite
from server.demo.loaded import demo_id
from server.demo.people import CITY
from server.demo.problems import problems
from server.domain.consent import WORDING
from server.domain.quota import Quarter, Target, TeachingWork, today
from server.store.lines import Record, insertion
from server.store.quotas import Quotas
from server.store.topics import Topics
from server.store.work import Store, Work

ASKERS = 18
GRADE = 8


async def close_the_loop(store: Store) -> None:
    """Where it is not there yet, and a lecture of that kind is to come."""
    async with store.work() as work:
        now = work.began
        if await work.rows("SELECT FROM teaching_proposals WHERE id = %(id)s", {"id": demo_id("proposal")}):
            return
        lecture = await work.rows(_LECTURE, {"grade": GRADE})
        if not lecture:
            return
        await _asked(work, lecture[0], now)
        await work.commit()
    await facts.follow(store)
    async with store.work() as work:
        await _proposed(work, lecture[0], now)
        await _owed(work, now)
        await work.commit()
    await invite.invite(store)


async def _asked(work: Work, lecture: Record, now: datetime) -> None:
    """Last week, by pupils that nobody signs in as, and by the demo's own of grade 8."""
    week = datetime.combine(facts.monday(now) - timedelta(weeks=1), datetime.min.time(), CITY)
    texts = [p.text for p in problems() if p.subject == lecture.subject and p.stage == lecture.stage][:3]
    pupils = [demo_id(f"asker:{n}") for n in range(ASKERS)]
    accounts = [
        {
            "id": id,
            "login": f"demo-asker{n}",
            "nickname": f"演示·同学{n}",
            "roles": ["student"],
            "grade": GRADE,
            "demo": True,
        }
        for n, id in enumerate(pupils)
    ]
    schools = await work.rows("SELECT id FROM schools WHERE name LIKE '演示%%中学' ORDER BY name LIMIT 2")
    identities = [
        {"account_id": id, "real_name": f"演示同学{n}", "school_id": schools[n % len(schools)].id}
        for n, id in enumerate(pupils)
    ]
    everybody = [*pupils, demo_id("pupil8")]
    consents = [
        {"child_id": id, "purpose": "research", "given": True, "wording": WORDING, "source": "import"}
        for id in everybody
    ]
    questions = [
        {
            "id": demo_id(f"asked:{n}"), "student_id": id, "subject": str(lecture.subject), "grade": GRADE, "text": "",
            "received_at": week + timedelta(days=n % 5, hours=19, minutes=n), "read_text": texts[n % len(texts)],
            "state": "withdrawn", "state_since": week + timedelta(days=n % 5, hours=20), "version": 1, "followers": 0,
            "assignment_epoch": 0, "offers_made": 0, "refused_by": [], "knowledge_point": lecture.knowledge_points[0],
        }
        for n, id in enumerate(everybody)
    ]  # fmt: skip
    tables = {"accounts": accounts, "identities": identities, "consents": consents, "questions": questions}
    for table, rows in tables.items():
        query, params = insertion(table, rows)
        await work.rows(f"{query} ON CONFLICT DO NOTHING RETURNING 1", params)


async def _proposed(work: Work, lecture: Record, now: datetime) -> None:
    questions = [demo_id(f"asked:{n}") for n in range(ASKERS + 1)]
    texts = [row.read_text for row in await work.rows(_TEXTS, {"ids": questions})]
    about = {"subject": str(lecture.subject), "stage": str(lecture.stage), "mean": vectors_of(texts).mean(0).tobytes()}
    about |= {"name": f"演示：{lecture.knowledge_points[0]}", "terms": list(lecture.knowledge_points)}
    [topic] = await work.rows(_TOPIC, {"ids": questions, **about})
    await work.rows(_MEMBERS, {"ids": questions, "topic": topic.id})
    await Topics(work).count([topic.id])
    row = {
        "topic_id": topic.id, "form": "lecture", "title": lecture.title, "grades": list(lecture.grades),
        "knowledge_points": list(lecture.knowledge_points), "proposed_by": demo_id("researcher1"),
        "expires_at": now + timedelta(days=14),
    }  # fmt: skip
    taken = {"state": "taken", "taken_by": lecture.lecturer_id, "lecture_id": lecture.id, "wanted_id": None}
    waits = {"state": "open", "taken_by": None, "lecture_id": None, "wanted_id": demo_id("lecturer1")}
    for name, note, more in (
        ("proposal", "演示：例题里卡在第一步的最多，请从读题讲起。", taken),
        ("proposal:open", "演示：再排一场，讲应用题。", waits),
    ):
        query, params = insertion("teaching_proposals", [{"id": demo_id(name), "note": note, **row, **more}])
        await work.rows(f"{query} ON CONFLICT DO NOTHING RETURNING 1", params)


async def _owed(work: Work, now: datetime) -> None:
    for kind, count in zip(TeachingWork, (2, 3, 6), strict=True):
        target = Target(count, lectures=kind is TeachingWork.DEMONSTRATION)
        await Quotas(work).set(demo_id("researcher1"), Quarter.of(today(now)), kind, target, demo_id("researcher2"))


# The last one of the fortnight: in the first ones the demo's pupils have a seat.
_LECTURE = """
    SELECT * FROM lectures
    WHERE state = 'open' AND grades @> ARRAY[%(grade)s::int] AND cardinality(knowledge_points) > 0
    ORDER BY starts_at DESC LIMIT 1
"""
_TOPIC = """
    INSERT INTO topics (subject, stage, name, terms, mean, exemplars, born_on)
    SELECT %(subject)s, %(stage)s, %(name)s, %(terms)s, %(mean)s,
           (CAST(%(ids)s AS uuid[]))[1:3], current_date - 3 RETURNING id
"""
_TEXTS = "SELECT read_text FROM questions WHERE id = ANY(CAST(%(ids)s AS uuid[])) ORDER BY id"
_MEMBERS = """
    INSERT INTO topic_members SELECT unnest(CAST(%(ids)s AS uuid[])), %(topic)s ON CONFLICT DO NOTHING RETURNING 1
"""
