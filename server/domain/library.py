"""The library of micro-lessons: what a lesson is, how much of one was watched, and a short quiz."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from server.domain.people import Subject

TITLE, POINT, WORDS, ABOUT = 80, 60, 60, 300  # characters; words: of a teacher, a book, a chapter, a series
MOST_POINTS, MOST_QUESTIONS = 8, 3
LEAST_OPTIONS, MOST_OPTIONS = 2, 6
QUESTION, OPTION = 120, 60
MOST_SPANS = 200  # that are kept of one pupil and lesson; a reader leaps about less
RATE = 2.0  # as fast as a player plays
FIRST = timedelta(seconds=30)  # a first report comes so soon after the lesson was opened
GAP_MS = 1_000  # a player's clock is no finer
WHOLE = 0.9  # of a lesson: who saw so much saw it to its end
FEWEST = 5  # pupils, below whom no figures are told

Span = tuple[int, int]  # ms, from and to


@dataclass(frozen=True)
class QuizQuestion:
    """`right` counts from 1."""

    text: str
    options: tuple[str, ...]
    right: int


@dataclass(frozen=True)
class Lesson:
    """What a library says of a film; `code` is its name in the city's own books, and stays."""

    code: str
    title: str
    subject: Subject
    grade: int
    knowledge_points: tuple[str, ...]
    about: str = ""
    teacher_name: str = ""
    book: str = ""
    chapter: str = ""
    series: str = ""
    place: int = 0  # in the series
    quiz: tuple[QuizQuestion, ...] = ()


def merged(spans: Iterable[Span], length_ms: int) -> list[Span]:
    """What was seen of a lesson, however often and in whatever order, as spans that don't overlap."""
    found: list[Span] = []
    for start, end in sorted((max(0, start), min(end, length_ms)) for start, end in spans):
        if end <= start:
            continue
        if found and start - found[-1][1] <= GAP_MS:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def seen_ms(spans: Sequence[Span]) -> int:
    return sum(end - start for start, end in spans)


def watched(known: Sequence[Span], told: Sequence[Span], length_ms: int, since: timedelta | None) -> list[Span]:
    """What was known and what a page tells since the last report. Nobody sees more of a lesson in a time than a player
    plays in it: a span that says so does not count."""
    spent = FIRST if since is None else since
    most_ms = seen_ms(merged(known, length_ms)) + round(spent.total_seconds() * 1000 * RATE) + GAP_MS
    spans = merged(known, length_ms)
    for span in told:
        grown = merged([*spans, span], length_ms)
        if seen_ms(grown) <= most_ms and len(grown) <= MOST_SPANS:
            spans = grown
    return spans


def share(spans: Sequence[Span], length_ms: int) -> float:
    """Of the lesson, 0 to 1."""
    return min(1.0, seen_ms(spans) / length_ms) if length_ms > 0 else 0.0
