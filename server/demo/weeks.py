"""The demo's last weeks: what pupils of a dozen made-up schools asked, so that research has something to look at, and a
lecture that was held for half of them, with what came of it. Marked as made up in every name; a start adds the weeks
that are over since, and nothing else."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from uuid import UUID

import numpy as np

from matcher.statements import Driver, driver_of
from matcher.topics import vectors_of
from server.actions import effect, facts
from server.bank import index_words
from server.demo.lectures import LECTURES
from server.demo.loaded import asked_id, demo_id
from server.demo.people import CITY, JUNIOR, PRIMARY, SENIOR, people
from server.demo.problems import Problem, problems
from server.demo.years import QUESTIONS, SESSIONS, copy, some_ids
from server.domain.consent import WORDING
from server.domain.label import Difficulty
from server.domain.people import Certification, Stage
from server.store.lines import insertion
from server.store.topics import Topics
from server.store.work import Store, Work

YEAR = 52  # weeks
TAUGHT = 6  # weeks ago: four whole weeks are over since, whatever day it is
BACK = (*range(1, TAUGHT + 5), YEAR + 1)  # weeks ago; with the four before it was taught, and the last one a year ago
PUPILS = 100  # of each grade of each school
EVENING = timedelta(hours=18)
PUSHED, REOPENED, TOLD = 0.8, 0.03, 0.3  # shares: of what has a video, of what a teacher answered, of what was hard

# The demo's own school of each stage, and others.
SCHOOLS = (
    (Stage.PRIMARY, PRIMARY),
    (Stage.PRIMARY, "演示·滨河小学"),
    (Stage.JUNIOR, JUNIOR),
    *((Stage.JUNIOR, f"演示·{name}初中") for name in ("滨河", "城南", "桥头", "松山", "东湖", "学府", "新区")),
    (Stage.SENIOR, SENIOR),
    (Stage.SENIOR, "演示·学府高中"),
)
REACHED = ("演示·滨河初中", "演示·城南初中", "演示·桥头初中", "演示·松山初中")
GRADES = {Stage.PRIMARY: range(1, 7), Stage.JUNIOR: range(7, 10), Stage.SENIOR: range(10, 13)}

# Problems that are asked again and again, and by how many of a hundred pupils of their grade in a week.
ASKED = {
    "math-junior-07": 6.0,  # the one that is taught
    "chemistry-junior-01": 5.0, "math-junior-05": 4.0, "physics-junior-05": 4.0, "geography-junior-01": 3.0,
    "english-junior-02": 3.0, "science-junior-01": 2.5,
    "math-primary-03": 5.0, "math-primary-01": 5.0, "english-primary-01": 3.0, "math-primary-11": 3.0,
    "math-primary-12": 3.0, "chinese-primary-01": 2.0,
    "physics-senior-01": 5.0, "chemistry-senior-01": 4.0, "biology-senior-03": 3.0, "history-senior-01": 2.0,
    "math-senior-04": 4.0, "math-senior-08": 3.0,
}  # fmt: skip
LESSON = "math-junior-07"
BESIDE = 0.3  # a grade below or above asks so much as often
HELPED = 0.5  # of what was asked before, in schools that were reached


@dataclass(frozen=True)
class Asked:
    """One question of one pupil."""

    pupil: UUID
    grade: int
    problem: Problem
    at: datetime


async def past_weeks(store: Store, answered: Sequence[Problem]) -> None:
    """Weeks that are not there yet; to the answers of these problems the videos belong that were pushed."""
    async with store.work() as work:
        this_week = facts.monday(work.began)
    wanted = [this_week - timedelta(weeks=back) for back in BACK]
    async with store.engine.connect() as connection:
        driver = await driver_of(connection)
        await _people(driver)
        for week in wanted:
            if not await _is_written(driver, week):
                await _write(driver, week, list(_asked(week, this_week)), {problem.code for problem in answered})
        await driver.commit()
    await facts.follow(store)
    async with store.work() as work:
        if await _teach(work, this_week - timedelta(weeks=TAUGHT)):
            await work.commit()
    await facts.tell(store)
    await effect.compare(store)
    await index_words(store)


# --- who asked -----------------------------------------------------------------------------------------------------


def _school(name: str) -> UUID:
    return demo_id(f"school:{name}")


@cache
def _pupils(school: str, grade: int) -> list[UUID]:
    return [demo_id(f"pupil of {school} {grade}:{n}") for n in range(PUPILS)]


async def _people(driver: Driver) -> None:
    """Accounts that nobody signs in to; all of them or none."""
    first = _pupils(SCHOOLS[-1][1], GRADES[SCHOOLS[-1][0]][-1])[-1]
    if await (await driver.execute("SELECT FROM accounts WHERE id = %s", (first,))).fetchall():
        return
    for _, name in SCHOOLS:
        await driver.execute("INSERT INTO schools (id, name) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                             (_school(name), name))  # fmt: skip
    pupils = [(id, name, grade) for stage, name in SCHOOLS for grade in GRADES[stage] for id in _pupils(name, grade)]
    accounts = ((id, f"demo-{n}-{id.hex[:6]}", f"演示·{n}", "{student}", grade, True)
                for n, (id, _, grade) in enumerate(pupils))  # fmt: skip
    await copy(driver, "accounts (id, login, nickname, roles, grade, demo)", accounts)
    identities = ((id, f"演示学生{n}", _school(name)) for n, (id, name, _) in enumerate(pupils))
    await copy(driver, "identities (account_id, real_name, school_id)", identities)
    agreed = ((id, "research", True, WORDING, "import") for id, _, _ in pupils)
    await copy(driver, "consents (child_id, purpose, given, wording, source)", agreed)


# --- what they asked -----------------------------------------------------------------------------------------------


def _asked(week: date, this_week: date) -> Iterator[Asked]:
    """Each problem has its own swing through the weeks, and each school its own size of it. The same week is the same
    whenever it is made up."""
    rng = np.random.default_rng(week.toordinal())
    taught = this_week - timedelta(weeks=TAUGHT)
    begins = datetime.combine(week, datetime.min.time(), CITY) + EVENING
    known = {problem.code: problem for problem in problems()}
    for turn, (code, many) in enumerate(ASKED.items()):
        problem = known[code]
        steady = code == LESSON
        swing = 1.0 if steady else 1 + 0.6 * math.sin(week.toordinal() / 7 * 1.9 + turn * 2.4)
        for number, (stage, school) in enumerate(SCHOOLS):
            if stage is not problem.stage:
                continue
            own = 0.75 + 0.5 * ((number * 7 + turn * 3) % 10) / 9
            helped = HELPED if steady and school in REACHED and week > taught else 1.0
            for grade in GRADES[stage]:
                apart = abs(grade - problem.grade)
                expected = many * PUPILS / 100 * swing * own * helped * (1.0, BESIDE)[apart] if apart < 2 else 0.0
                for pupil in rng.permutation(PUPILS)[: int(expected + rng.random())]:
                    at = begins + timedelta(days=int(rng.integers(7)), seconds=int(rng.integers(4 * 3600)))
                    yield Asked(_pupils(school, grade)[int(pupil)], grade, problem, at)


async def _is_written(driver: Driver, week: date) -> bool:
    found = await driver.execute("SELECT FROM questions WHERE id = %s", (asked_id(week, 0),))
    return bool(await found.fetchall())


async def _write(driver: Driver, week: date, asked: Sequence[Asked], answered: set[str]) -> None:
    """What was asked, and what became of it: all of it is over."""
    rng = np.random.default_rng(week.toordinal() + 1)
    questions, suggestions, sessions, labels = [], [], [], []
    for number, each in enumerate(asked):
        id, problem, luck = asked_id(week, number), each.problem, rng.random(6)
        hard = 0.06 + 0.05 * (sum(map(ord, problem.code)) % 8)  # that a video does not help
        shown = problem.code in answered and luck[0] < PUSHED
        stuck = shown and luck[1] < hard
        answered_at = None
        if shown:
            pushed = each.at + timedelta(seconds=2 + 6 * luck[2])
            outcome = "still_stuck" if stuck else "solved"
            suggestions.append((demo_id(f"answer:{problem.code}"), id, "same", 0.97, "[]", outcome, pushed))
        if stuck or not shown:
            teacher = _teacher(problem)
            opened = each.at + timedelta(seconds=float(np.exp(rng.normal(3.4, 0.9))))
            answered_at = opened + timedelta(minutes=2 + 6 * luck[3])
            times = 2 if luck[4] < REOPENED else 1
            for _ in range(times):
                sessions.append((id, each.pupil, opened, answered_at, teacher, 1, answered_at, answered_at, "finished"))
            if luck[5] < TOLD:
                kind = list(Difficulty)[(len(problem.text) + number) % len(Difficulty)]
                labels.append((id, "difficulty", str(kind), "teacher", teacher))
        questions.append(
            (id, each.pupil, problem.subject, each.grade, each.at, "", problem.text, "resolved", answered_at or each.at,
             1, 0, 0, 0, "{}", answered_at, problem.knowledge_point)
        )  # fmt: skip
    await copy(
        driver,
        QUESTIONS,
        questions,
    )
    await copy(
        driver,
        "suggestions (id, answer_id, question_id, verdict, confidence, reasons, outcome, made_at)",
        ((id, *row) for id, row in zip(some_ids(rng, len(suggestions)), suggestions, strict=True)),
    )
    await copy(
        driver,
        SESSIONS,
        ((id, *row) for id, row in zip(some_ids(rng, len(sessions)), sessions, strict=True)),
    )
    await copy(driver, "labels (question_id, kind, value, source, person_id)", labels)


@cache
def _teacher(problem: Problem) -> UUID:
    wanted = Certification(problem.subject, problem.stage)
    return demo_id(next(person.login for person in people() if wanted in person.certifications))


# --- what was taught -----------------------------------------------------------------------------------------------


async def _teach(work: Work, week: date) -> bool:
    """A lecture for half of the schools on what was asked most, proposed and held; where it is not there yet."""
    if await work.rows("SELECT FROM teaching_proposals WHERE id = %(id)s", {"id": demo_id("proposal:held")}):
        return False
    [plan] = [lecture for lecture in LECTURES if lecture.code == "functions"]
    [problem] = [each for each in problems() if each.code == LESSON]
    known = week - timedelta(weeks=3)  # since when it is a topic: its questions go back four weeks
    about = {"subject": str(problem.subject), "stage": str(problem.stage), "text": problem.text, "born": known}
    about |= {"name": f"演示：{problem.knowledge_point}", "terms": ["一次函数", "解析式"]}
    [topic] = await work.rows(_TOPIC, {**about, "mean": vectors_of([problem.text]).mean(0).tobytes()})
    await work.rows(_MEMBERS, {"topic": topic.id, **about})
    await Topics(work).count([topic.id])
    starts = datetime.combine(week + timedelta(days=2), plan.begins, CITY)
    ends = starts + timedelta(minutes=plan.minutes)
    lecture = {
        "id": demo_id("lecture:held"), "lecturer_id": demo_id(plan.lecturer), "state": "over", "title": plan.title,
        "about": plan.about, "subject": str(plan.subject), "stage": str(plan.stage), "grades": list(plan.grades),
        "knowledge_points": list(plan.knowledge_points), "starts_at": starts, "ends_at": ends,
        "capacity": plan.capacity, "school_ids": [_school(name) for name in REACHED], "started_at": starts,
        "ended_at": ends, "swept_at": ends,  # nothing of it was recorded
    }  # fmt: skip
    proposal = {
        "id": demo_id("proposal:held"), "topic_id": topic.id, "form": "lecture", "title": plan.title,
        "note": "演示：会代入，不会列方程组的最多，请从两个点讲起。", "grades": list(plan.grades),
        "knowledge_points": list(plan.knowledge_points), "proposed_by": demo_id("researcher1"),
        "proposed_at": starts - timedelta(days=10), "expires_at": starts, "state": "taken",
        "taken_by": demo_id(plan.lecturer), "lecture_id": lecture["id"],
    }  # fmt: skip
    for table, row in (("lectures", lecture), ("teaching_proposals", proposal)):
        query, params = insertion(table, [row])
        await work.rows(f"{query} RETURNING 1", params)
    return True


_TOPIC = """
    INSERT INTO topics (subject, stage, name, terms, mean, exemplars, born_on)
    SELECT %(subject)s, %(stage)s, %(name)s, %(terms)s, %(mean)s, ARRAY(
        SELECT f.question_id FROM research_facts f JOIN questions q ON q.id = f.question_id
        WHERE q.read_text = %(text)s AND f.subject = %(subject)s ORDER BY f.day DESC, f.question_id LIMIT 3), %(born)s
    RETURNING id
"""
_MEMBERS = """
    INSERT INTO topic_members SELECT f.question_id, %(topic)s
    FROM research_facts f JOIN questions q ON q.id = f.question_id
    WHERE q.read_text = %(text)s AND f.subject = %(subject)s
    ON CONFLICT DO NOTHING RETURNING 1
"""
