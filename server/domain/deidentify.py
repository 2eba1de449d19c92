"""Rows that may be taken away: day by day, each within a group of at least K pupils that look alike.

What tells pupils of a day apart is where they are: school and grade. A row keeps both where K pupils of that school
and grade asked that day; else the school is left out where K pupils of the grade are left, else the grade too where K
of the stage are, else the row.

A pupil has one pseudonym for all rows that tell the same place, and another for those that tell less: else a row
without a school would get its school from another row of the same pupil, and be the only one of that school that day.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from server.domain.people import Stage
from server.domain.release import K
from server.domain.statistics import BINS_PER_DOUBLING


@dataclass(frozen=True)
class Asked:
    """A question as it may be exported; what it tells of its place gets less, never more."""

    pupil: UUID
    day: date
    school: UUID | None
    grade: int | None
    stage: Stage
    subject: str
    knowledge_point: str | None
    pushed: bool
    saw: bool
    solved: bool
    stuck: bool
    reopened: bool
    unanswered: bool
    wait: int | None


Place = tuple[UUID | None, int | None, Stage]


def alike(day: Iterable[Asked], k: int = K) -> tuple[list[Asked], int]:
    """The rows of one day that may be taken away, and how many were left out."""
    kept: list[Asked] = []
    left = list(day)
    blurs: Sequence[Callable[[Asked], Asked]] = (
        lambda row: row,
        lambda row: replace(row, school=None),
        lambda row: replace(row, school=None, grade=None),
    )
    for blur in blurs:
        groups: dict[Place, list[Asked]] = defaultdict(list)
        for row in map(blur, left):
            groups[row.school, row.grade, row.stage].append(row)
        large = [place for place, rows in groups.items() if len({row.pupil for row in rows}) >= k]
        kept += [row for place in large for row in groups[place]]
        left = [row for place, rows in groups.items() if place not in set(large) for row in rows]
    return kept, len(left)


def pseudonym(key: bytes, row: Asked) -> str:
    """The same for a pupil in all rows of a project that tell the same place; without the key, nobody's."""
    place = f"{row.pupil} {row.school or ''} {row.grade or ''}"
    return hashlib.blake2b(place.encode(), key=key, digest_size=10).hexdigest()


def wait_of(bin: int | None) -> tuple[int | None, int | None]:
    """From and to which second somebody waited."""
    if bin is None:
        return None, None
    return _second(bin), _second(bin + 1)


def _second(edge: int) -> int:
    return round(2 ** (edge / BINS_PER_DOUBLING))


# Column, type, and what it says in Chinese and English.
COLUMNS: tuple[tuple[str, str, str, str], ...] = (
    ("pupil", "VARCHAR", "学生的假名，只在本项目内有效；说明学校的行和不说明学校的行用不同的假名",
     "a pupil's pseudonym, of this project alone; another one in rows that do not tell the school"),
    ("day", "DATE", "提问的日期（北京时间）", "the day of the question, in the city's time"),
    ("school", "VARCHAR", "学校；当天同校同年级不足 5 名学生时为空",
     "school; empty where fewer than five pupils of it and the grade asked that day"),
    ("grade", "SMALLINT", "年级 1–12；去掉学校后仍不足 5 名学生时为空",
     "grade 1-12; empty where fewer than five are left without the school"),
    ("stage", "VARCHAR", "学段", "stage"),
    ("subject", "VARCHAR", "学科", "subject"),
    ("knowledge_point", "VARCHAR", "知识点；空：还没有标注", "knowledge point; empty: not labelled"),
    ("pushed", "BOOLEAN", "推送过同一道题的讲解", "a stored video of the same problem was pushed"),
    ("saw", "BOOLEAN", "看到了讲解或得到了解答", "a video or an answer came"),
    ("solved", "BOOLEAN", "学生说解决了", "the pupil said it helped"),
    ("stuck", "BOOLEAN", "看了还不懂，或者又问了一次", "still stuck after the video, or reopened"),
    ("reopened", "BOOLEAN", "解答后又问了一次", "reopened after the answer"),
    ("unanswered", "BOOLEAN", "没有推送也没有解答，也没有撤回", "no video, no answer, not withdrawn"),
    ("wait_from_s", "INTEGER", "等待至少多少秒；空：还没有等到", "waited at least so many seconds; empty: none came"),
    ("wait_to_s", "INTEGER", "等待至多多少秒", "and at most so many"),
)  # fmt: skip


def cells(row: Asked, alias: str, school: str | None) -> list[Any]:
    """In the order of COLUMNS."""
    return [
        alias, row.day, school, row.grade, str(row.stage), row.subject, row.knowledge_point, row.pushed, row.saw,
        row.solved, row.stuck, row.reopened, row.unanswered, *wait_of(row.wait),
    ]  # fmt: skip
