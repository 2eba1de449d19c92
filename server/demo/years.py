"""A year of a whole city's questions, made up: what research looks like at size. Written by COPY, past the service.

The skew is that of a real one: a few knowledge points are asked all the time and most seldom; each has its weeks of the
year; evenings of school days are busy; a hard problem of tonight's homework is asked by half a class; a tenth of the
pupils asks half of the questions. The same count and seed give the same city, save its ids.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from matcher.statements import Driver, driver_of
from server.actions import facts
from server.demo.people import CITY
from server.demo.problems import Problem, problems
from server.domain.consent import WORDING
from server.domain.people import Stage, stage_of
from server.store.work import Store

QUESTIONS = """
    questions (id, student_id, subject, grade, received_at, text, read_text, state, state_since, version,
               followers, assignment_epoch, offers_made, refused_by, answered_at, knowledge_point)
"""
SESSIONS = """
    live_sessions (id, question_id, student_id, opened_at, ended_at, teacher_id, assignment_epoch,
                   teacher_seen_at, student_seen_at, ended_why)
"""
WEEKS = 52
PER_PUPIL = 10  # questions a year
PARTS = ("概念", "计算", "应用")  # of each knowledge point of the demo's problems: 420 in all
STAGES = {Stage.PRIMARY: (range(1, 7), "小学", 0.40), Stage.JUNIOR: (range(7, 10), "初中", 0.35)}
STAGES |= {Stage.SENIOR: (range(10, 13), "高中", 0.25)}
LOUD = {"math": 5.0, "physics": 2.5, "chemistry": 1.8, "english": 1.5, "chinese": 1.2}  # other subjects: 0.6
HOMEWORK = 0.25  # of the questions are one of tonight's homework, which others of the grade ask too
AGREED, UNLABELLED, PUSHED, ANSWERED, WITHDRAWN, REOPENED = 0.95, 0.12, 0.55, 0.86, 0.3, 0.04
VARIANTS = 500  # of a problem, in other numbers
MANY = 50_000  # rows that are made at a time


@dataclass(frozen=True)
class Place:
    """A school's grade and its pupils, by number."""

    grade: int
    pupils: np.ndarray[Any, Any]


async def make_year(store: Store, count: int, say: Callable[[str], None], seed: int = 1) -> None:
    """So many questions of the 52 weeks that are over, in schools of their own."""
    rng = np.random.default_rng(seed)
    monday = datetime.combine(facts.monday(datetime.now(UTC)), datetime.min.time(), CITY)
    schools = max(12, min(240, count // 4_000))
    async with store.engine.connect() as connection:
        driver = await driver_of(connection)
        say(f"{schools} schools and {count // PER_PUPIL:,} pupils …")
        pupils, places = await _people(driver, rng, schools, max(count // PER_PUPIL, schools * 30))
        [(teacher,)] = await (await driver.execute("SELECT id FROM accounts WHERE login = 'teacher1'")).fetchall()
        for start in range(0, count, MANY):
            some = asked(rng, min(MANY, count - start), places, monday)
            await write(driver, rng, list(some), pupils, teacher)
            say(f"{min(start + MANY, count):,} questions …")
        await driver.commit()
    async with store.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        driver = await driver_of(connection)
        for table in ("accounts", "identities", "consents", "questions", "suggestions", "live_sessions"):
            await driver.execute(f"ANALYZE {table}".encode())


async def _people(
    driver: Driver, rng: np.random.Generator, schools: int, pupils: int
) -> tuple[list[UUID], list[Place]]:
    ids = some_ids(rng, schools)
    shares = np.cumsum([share for _, _, share in STAGES.values()])
    stages = [list(STAGES)[int(np.searchsorted(shares, (n + 0.5) / schools))] for n in range(schools)]
    names = [f"演示·{STAGES[stage][1]}第{n + 1}校" for n, stage in enumerate(stages)]
    await copy(driver, "schools (id, name)", zip(ids, _free(names, rng), strict=True))
    sizes = rng.lognormal(0, 0.5, schools)
    homes = np.sort(rng.choice(schools, pupils, p=sizes / sizes.sum()))
    people = some_ids(rng, pupils)
    grades = [int(rng.choice(STAGES[stages[home]][0])) for home in homes]
    mark = f"{int(rng.integers(1 << 32)):x}{people[0].hex[:6]}"
    await copy(
        driver,
        "accounts (id, login, nickname, roles, grade, demo)",
        (
            (id, f"made-{mark}-{n}", f"演示·{n}", "{student}", grade, True)
            for n, (id, grade) in enumerate(zip(people, grades, strict=True))
        ),
    )
    await copy(
        driver,
        "identities (account_id, real_name, school_id)",
        ((id, f"演示学生{n}", ids[home]) for n, (id, home) in enumerate(zip(people, homes, strict=True))),
    )
    agreed = rng.random(pupils) < AGREED
    await copy(
        driver,
        "consents (child_id, purpose, given, wording, source)",
        ((id, "research", bool(yes), WORDING, "import") for id, yes in zip(people, agreed, strict=True)),
    )
    places: dict[tuple[int, int], list[int]] = {}
    for n, (home, grade) in enumerate(zip(homes, grades, strict=True)):
        places.setdefault((int(home), grade), []).append(n)
    return people, [Place(grade, np.array(found)) for (_, grade), found in places.items()]


def _free(names: list[str], rng: np.random.Generator) -> list[str]:
    """A second year made in one database has schools of its own."""
    mark = f"{int(rng.bytes(1)[0]):02x}"
    return [f"{name}（{mark}）" for name in names]


async def write(
    driver: Driver,
    rng: np.random.Generator,
    asked: list[tuple[int, int, Problem, str, datetime]],
    pupils: list[UUID],
    teacher: UUID,
) -> None:
    """Questions as they were asked, and what became of them."""
    count = len(asked)
    ids = some_ids(rng, count)
    luck = rng.random((count, 6))
    waits = np.exp(rng.normal(4.2, 1.1, count))  # a minute in the middle, an hour at the end
    questions, suggestions, sessions = [], [], []
    for n, (pupil, grade, problem, name, at) in enumerate(asked):
        id, draw = ids[n], luck[n]
        hard = 0.06 + 0.25 * ((hash_of(name) % 100) / 100) ** 2
        pushed = draw[0] < PUSHED
        outcome = None
        if pushed:
            outcome = "still_stuck" if draw[1] < hard else "not_mine" if draw[1] > 0.93 else "solved"
            shown = at + timedelta(seconds=3 + float(draw[2]) * 9)
            suggestions.append((id, some_ids(rng, 1)[0], "same", 0.97, "[]", outcome, shown))
        answered_at = None
        if outcome == "solved":
            state = "resolved"
        elif draw[3] < ANSWERED:
            opened = at + timedelta(seconds=float(waits[n]))
            answered_at = opened + timedelta(minutes=2 + 8 * draw[4])
            state = "waiting" if draw[5] < REOPENED else "resolved" if draw[5] < 0.8 else "answered"
            sessions.append((id, pupils[pupil], opened, answered_at))
        else:
            state = "withdrawn" if draw[4] < WITHDRAWN else "waiting"
        label = None if draw[5] > 1 - UNLABELLED else name
        questions.append(
            (
                id, pupils[pupil], problem.subject, grade, at, "", problem.text, state, answered_at or at, 1, 0, 0, 0,
                "{}", answered_at, label,
            )
        )  # fmt: skip
    await copy(
        driver,
        QUESTIONS,
        questions,
    )
    await copy(
        driver,
        "suggestions (id, question_id, answer_id, verdict, confidence, reasons, outcome, made_at)",
        ((id, *row) for id, row in zip(some_ids(rng, len(suggestions)), suggestions, strict=True)),
    )
    await copy(
        driver,
        SESSIONS,
        (
            (id, *row, teacher, 1, row[3], row[3], "finished")
            for id, row in zip(some_ids(rng, len(sessions)), sessions, strict=True)
        ),
    )


def asked(
    rng: np.random.Generator, count: int, places: list[Place], monday: datetime, only: int | None = None
) -> Iterator[tuple[int, int, Problem, str, datetime]]:
    """Pupil, grade, problem, knowledge point and moment, of the year before this Monday or of one week of it."""
    by_stage = {stage: _points(stage) for stage in STAGES}
    weights = {stage: np.array([weight for _, _, weight, _ in found]) for stage, found in by_stage.items()}
    peaks = {stage: np.array([peak for _, _, _, peak in found]) for stage, found in by_stage.items()}
    size = np.array([len(place.pupils) for place in places], float)
    terms = np.array([_busy(week) for week in range(WEEKS)])
    seasons: dict[tuple[Stage, int], np.ndarray[Any, Any]] = {}
    made = 0
    while made < count:
        place = places[int(rng.choice(len(places), p=size / size.sum()))]
        stage = stage_of(place.grade)
        week = int(rng.choice(WEEKS, p=terms / terms.sum())) if only is None else only
        if (stage, week) not in seasons:
            apart = np.abs(peaks[stage] - week)
            likely = weights[stage] * (0.15 + np.exp(-(np.minimum(apart, WEEKS - apart) ** 2) / 8))
            seasons[stage, week] = likely / likely.sum()
        problem, name, _, _ = by_stage[stage][int(rng.choice(len(peaks[stage]), p=seasons[stage, week]))]
        day = int(rng.choice(7, p=(0.17, 0.17, 0.17, 0.16, 0.11, 0.08, 0.14)))
        hour = float(np.clip(rng.normal(20, 1.2), 8, 22.9))
        at = monday + timedelta(days=day - 7 * (WEEKS - week), hours=hour)
        problem = _varied(problem, int(rng.zipf(1.3)) % VARIANTS)
        crowd = int(2 + rng.geometric(0.12)) if rng.random() < HOMEWORK / 4 else 1
        ranks = np.minimum(rng.zipf(1.6, min(crowd, count - made, len(place.pupils))), len(place.pupils)) - 1
        who = rng.permutation(len(place.pupils))[: len(ranks)] if crowd > 1 else ranks
        for pupil in who:
            yield (
                int(place.pupils[int(pupil)]),
                place.grade,
                problem,
                name,
                at + timedelta(seconds=rng.random() * 3_000),
            )
            made += 1


def _points(stage: Stage) -> list[tuple[Problem, str, float, int]]:
    """A problem of each knowledge point of a stage, its name, how much it is asked, and in which week the most."""
    known: dict[tuple[str, str], Problem] = {}
    for problem in problems():
        if problem.stage is stage:
            known.setdefault((problem.subject, problem.knowledge_point), problem)
    found = []
    for (subject, point), problem in known.items():
        for part in PARTS:
            name = f"{point}（{part}）"
            weight = LOUD.get(subject, 0.6) / (1 + hash_of(name) % 25)
            found.append((problem, name, weight, hash_of(f"{name} peak") % WEEKS))
    return found


def _varied(problem: Problem, variant: int) -> Problem:
    """The same problem in other numbers, as worksheets have it: few are asked again and again, most seldom."""
    return replace(problem, text=_NUMBER.sub(lambda found: str(int(found[0]) + variant), problem.text))


_NUMBER = re.compile(r"(?<![\d.])\d{1,3}(?![\d.])")


def _busy(week: int) -> float:
    """Few ask in the holidays, many before examinations; weeks count from a year ago."""
    now = facts.monday(datetime.now(UTC)) - timedelta(weeks=WEEKS - week)
    month = now.month
    return 0.2 if month in (2, 7, 8) else 1.6 if month in (1, 6) else 1.0


def hash_of(name: str) -> int:
    """The same in every run."""
    return math.prod(ord(letter) % 97 + 3 for letter in name) % 1_000_003


def some_ids(rng: np.random.Generator, count: int) -> list[UUID]:
    raw = rng.bytes(16 * count)
    return [UUID(bytes=raw[n : n + 16], version=4) for n in range(0, len(raw), 16)]


async def copy(driver: Driver, into: str, rows: Any) -> None:
    async with driver.cursor().copy(f"COPY {into} FROM STDIN".encode()) as copy:
        for row in rows:
            await copy.write_row(row)
