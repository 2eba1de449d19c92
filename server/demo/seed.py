"""Loads the demo: people, shifts, a policy, and answered problems whose videos really play. Safe to repeat."""

import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from media.render import RenderJob, render
from media.voices import Voice
from server.actions import taxonomy
from server.actions.answer import Film
from server.actions.ports import Sought
from server.actions.teach import enrol
from server.demo.boards import Op, answer_board
from server.demo.lectures import slots
from server.demo.loaded import ANSWERED, ROSTER_DAYS, answered_problems, demo_id
from server.demo.loop import close_the_loop
from server.demo.people import CHILDREN, PASSWORD, DemoPerson, people, shifts
from server.demo.photos import shoot
from server.demo.problems import Problem
from server.demo.voice import narrate_board
from server.demo.weeks import past_weeks
from server.domain.board import Operation, check
from server.domain.edition import pictures
from server.domain.lecture import LectureState
from server.domain.people import Certification, PersonId
from server.domain.question import Question, QuestionId, State
from server.parts import Backstage
from server.store import tables as t
from server.store import taxonomies
from server.store.work import Work
from server.taxonomy_file import read_points
from server.web.auth import passwords

TAXONOMY = Path(__file__).parent / "taxonomy.csv"
LIVE_ANSWER_FEN = 2_000
POLICY_FROM = date(2020, 1, 1)
POLICY = f"""\
# 演示用的办法：每题 {LIVE_ANSWER_FEN // 100} 元，录像又帮到一名学生加 2 元，每月最多 4,000 元。
[policy]
name = "演示·答疑补贴办法"
valid_from = {POLICY_FROM}
levels = ["认定", "骨干", "名师"]

[[rate]]
work = ["session", "answer"]
yuan = {LIVE_ANSWER_FEN // 100}

[[rate]]
work = ["shown"]
yuan = 2

[[rate]]
work = ["lecture", "substitution"]
unit = "lesson_hour"
yuan = 75

[[limit]]
per = "month"
max_yuan = 4000
"""
ENROLLED = 3  # lectures in which the demo's pupils of the grades hold a seat


async def seed(parts: Backstage, say: Callable[[str], None], answered: int = ANSWERED) -> None:
    """People at once; then one answered problem after the other, each whole or not at all."""
    await _people(parts)
    await _shifts(parts)
    await _lectures(parts)
    await _taxonomy(parts)
    await close_the_loop(parts.store)
    spread = answered_problems(answered)
    for number, problem in enumerate(spread, 1):
        if await _is_loaded(parts, problem):
            continue
        say(f"Preparing demo answers, with voice and video (once): {number} of {len(spread)} …")
        await _answered(parts, problem)
    if spread:  # what was asked in past weeks was answered by these
        await past_weeks(parts.store, spread)


async def _people(parts: Backstage) -> None:
    hashed = await passwords.hash(PASSWORD)
    async with parts.store.engine.begin() as connection:
        schools = sorted({person.school for person in people()})
        for school in schools:
            row = {"id": demo_id(f"school:{school}"), "name": school}
            await connection.execute(upsert(t.schools).values(row).on_conflict_do_nothing())
        for person in people():
            account = {
                "id": demo_id(person.login),
                "login": person.login,
                "nickname": person.nickname,
                "roles": sorted(person.roles),
                "grade": person.grade,
                "password_hash": hashed,
                "demo": True,
            }
            await connection.execute(upsert(t.accounts).values(account).on_conflict_do_nothing())
            identity = {
                "account_id": demo_id(person.login),
                "real_name": person.real_name,
                "school_id": demo_id(f"school:{person.school}"),
            }
            await connection.execute(upsert(t.identities).values(identity).on_conflict_do_nothing())
            for certified in sorted(person.certifications, key=lambda c: (c.subject, c.stage)):
                row_ = {
                    "account_id": demo_id(person.login),
                    "subject": certified.subject,
                    "stage": certified.stage,
                }
                await connection.execute(upsert(t.certifications).values(row_).on_conflict_do_nothing())
        for guardian, children in CHILDREN.items():
            rows = [{"guardian_id": demo_id(guardian), "child_id": demo_id(child)} for child in children]
            await connection.execute(upsert(t.guardians).values(rows).on_conflict_do_nothing())
        policy = {"id": demo_id("policy"), "valid_from": POLICY_FROM, "document": POLICY, "approved_at": func.now()}
        await connection.execute(upsert(t.policies).values(policy).on_conflict_do_nothing())


async def _shifts(parts: Backstage) -> None:
    """The roster of the next two weeks, renewed at each start."""
    async with parts.store.engine.begin() as connection:
        ids = [demo_id(person.login) for person in people()]
        await connection.execute(delete(t.shifts).where(t.shifts.c.teacher_id.in_(ids)))
        rows = [
            {"id": demo_id(f"shift:{login}:{begin.isoformat()}"), "teacher_id": demo_id(login)}
            | {"starts_at": begin, "ends_at": end}
            for login, begin, end in shifts(datetime.now(UTC), ROSTER_DAYS)
        ]
        await connection.execute(insert(t.shifts), rows)


async def _taxonomy(parts: Backstage) -> None:
    """The demo's own, where no version is in force."""
    points, unread = read_points(TAXONOMY.read_bytes())
    async with parts.store.work() as work:
        if (await taxonomies.in_force(work))[0] == 0:
            await taxonomy.bring_in(work, points, unread, TAXONOMY.name, None)


async def _lectures(parts: Backstage) -> None:
    """Those of this week and the next, open for enrolment; some pupils have a seat in the first of their stage."""
    coming = sorted(slots(datetime.now(UTC)), key=lambda slot: slot[2])
    async with parts.store.engine.begin() as connection:
        rows = [
            {
                "id": demo_id(name),
                "lecturer_id": demo_id(each.lecturer),
                "state": LectureState.OPEN,
                "title": each.title,
                "about": each.about,
                "subject": each.subject,
                "stage": each.stage,
                "grades": list(each.grades),
                "knowledge_points": list(each.knowledge_points),
                "starts_at": begins,
                "ends_at": begins + timedelta(minutes=each.minutes),
                "capacity": each.capacity,
                "school_ids": [],
            }
            for name, each, begins in coming
        ]
        await connection.execute(upsert(t.lectures).on_conflict_do_nothing(), rows)
    for name, each, _ in coming[:ENROLLED]:
        pupils = [demo_id(person.login) for person in people() if person.grade in each.grades]
        async with parts.store.work() as work:
            await enrol(work, demo_id(name), pupils, work.began)


async def _is_loaded(parts: Backstage, problem: Problem) -> bool:
    async with parts.store.reading() as connection:
        found = await connection.execute(
            select(t.answers.c.id).where(t.answers.c.id == demo_id(f"answer:{problem.code}"))
        )
        return found.first() is not None


def pupil_for(problem: Problem) -> DemoPerson:
    return min(
        (person for person in people() if person.grade is not None),
        key=lambda person: (abs((person.grade or 0) - problem.grade), person.login),
    )


def teacher_for(problem: Problem) -> DemoPerson:
    wanted = Certification(problem.subject, problem.stage)
    return next(person for person in people() if wanted in person.certifications)


async def _answered(parts: Backstage, problem: Problem) -> None:
    """What a pupil and a teacher would have left behind: photo, board, voice, video, and an entry of the bank."""
    media_id = demo_id(f"photo:{problem.code}")
    seed_number = int(media_id) % 100_000
    photo = shoot(problem.text, seed_number)
    board = answer_board(problem, photo, str(media_id), seed_number)
    with tempfile.TemporaryDirectory(prefix="dayi-demo-") as folder:
        place = Path(folder)
        picture, voice = place / "photo.jpg", place / "voice.m4a"
        picture.write_bytes(photo.jpeg)
        narrate_board(board, voice)
        pages = [asdict(page) for page in pictures(_operations(board))]
        job = RenderJob(log=board, images={str(media_id): picture}, voices=[Voice(voice)], pictures=pages)
        made = await render(job, place / "out")
        keys = {name: f"demo/{problem.code}/{name}" for name in ("photo.jpg", "video.mp4", "voice.m4a", "poster.jpg")}
        await parts.storage.put(keys["photo.jpg"], photo.jpeg, "image/jpeg")
        await parts.storage.put(keys["video.mp4"], made.video, made.content_type)
        await parts.storage.put(keys["voice.m4a"], made.video.parent / "voice.m4a", "audio/mp4")
        await parts.storage.put(keys["poster.jpg"], made.poster, "image/jpeg")
        shown = {page: f"demo/{problem.code}/{path.name}" for page, path in made.pages.items()}
        for page, path in made.pages.items():
            await parts.storage.put(shown[page], path, "image/jpeg")
    await parts.finder.ready()  # a first load may take longer than a transaction may lie idle
    async with parts.store.work() as work:
        question = await _question(work, problem, media_id, keys["photo.jpg"], (photo.width, photo.height))
        session = await _session(work, problem, question, board)
        now = await work.now()
        answer = demo_id(f"answer:{problem.code}")
        await work.execute(
            insert(t.answers).values(
                id=answer,
                question_id=question.id,
                session_id=session,
                teacher_id=demo_id(teacher_for(problem).login),
                subject=problem.subject,
                grade=problem.grade,
                state="rendering",
                problem_text=problem.text,
                made_at=now,
            )
        )
        film = Film(
            keys["video.mp4"], keys["poster.jpg"], made.duration_ms, keys["voice.m4a"], made.start_ms, pages=shown
        )
        done = {"state": "published", "progress": 100, "rendered_edition": 1}
        await work.change_answer(answer, published_at=now, **done, **asdict(film))
        about = {"why": "made", "duration_ms": made.duration_ms, "keys": film.keys, "cuts": [], "masks": []}
        await work.add_edition(answer, number=1, **about)
        known = Sought(answer, problem.text, problem.subject, problem.stage)
        await parts.finder.learn(work, "answer", [known])
        await work.commit()


async def _question(work: Work, problem: Problem, media_id: UUID, key: str, size: tuple[int, int]) -> Question:
    pupil = demo_id(pupil_for(problem).login)
    asked_at = await work.now() - timedelta(days=1)
    await work.add_media(
        id=media_id,
        owner_id=pupil,
        kind="photo",
        state="ready",
        content_type="image/jpeg",
        key=key,
        thumb_key=key,
        width=size[0],
        height=size[1],
    )
    question = Question(
        id=QuestionId(demo_id(f"question:{problem.code}")),
        student_id=PersonId(pupil),
        subject=problem.subject,
        grade=problem.grade,
        read_text=problem.text,
        received_at=asked_at,
        state_since=asked_at,
        answered_at=asked_at + timedelta(minutes=3),
        state=State.RESOLVED,
        knowledge_point=problem.knowledge_point,
    )
    work.add_question(question)
    await work.flush()
    await work.attach(question.id, [media_id])
    return question


async def _session(work: Work, problem: Problem, question: Question, board: list[Op]) -> UUID:
    id = demo_id(f"session:{problem.code}")
    await work.execute(
        insert(t.live_sessions).values(
            id=id,
            question_id=question.id,
            teacher_id=demo_id(teacher_for(problem).login),
            student_id=question.student_id,
            assignment_epoch=2,
            opened_at=question.received_at,
            teacher_seen_at=question.answered_at,
            student_seen_at=question.answered_at,
            ended_at=question.answered_at,
            ended_why="finished",
        )
    )
    await work.append(id, *_operations(board))
    return id


def _operations(board: list[Op]) -> list[Operation]:
    return [
        Operation(n, f"demo-{n}", "teacher", str(op["kind"]), check(str(op["kind"]), op), int(op["at_ms"]))
        for n, op in enumerate(board)
    ]
