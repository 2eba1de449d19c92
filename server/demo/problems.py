"""The demo's problems: written for this project, ten subjects, three stages, with answers and the lines of a board."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from server.domain.people import Stage, Subject

FILE = Path(__file__).with_name("problems.json")


@dataclass(frozen=True)
class Problem:
    """A problem as it is printed on a worksheet: `text` with its options on lines of their own."""

    code: str
    subject: Subject
    stage: Stage
    grade: int  # 1 … 12
    knowledge_point: str
    text: str
    answer: str
    explanation: tuple[str, ...]  # two to four lines, as a teacher writes them on a board
    variant_of: str | None  # the code of the same problem with other numbers


@cache
def problems() -> tuple[Problem, ...]:
    """All problems in the order of the file; a variant comes after the problem that it varies."""
    return tuple(parse(row) for row in json.loads(FILE.read_text("utf-8")))


def problem(code: str) -> Problem:
    """The problem with this code. Raises KeyError."""
    return by_code()[code]


def variants() -> tuple[tuple[Problem, Problem], ...]:
    """Each problem with its sibling in other numbers."""
    return tuple((problem(found.variant_of), found) for found in problems() if found.variant_of)


@cache
def by_code() -> dict[str, Problem]:
    return {found.code: found for found in problems()}


def parse(row: dict[str, object]) -> Problem:
    explanation = row["explanation"]
    assert isinstance(explanation, list)
    return Problem(
        code=str(row["code"]),
        subject=Subject(str(row["subject"])),
        stage=Stage(str(row["stage"])),
        grade=int(str(row["grade"])),
        knowledge_point=str(row["knowledge_point"]),
        text=str(row["text"]),
        answer=str(row["answer"]),
        explanation=tuple(str(line) for line in explanation),
        variant_of=str(row["variant_of"]) if "variant_of" in row else None,
    )
