"""Micro-lessons: what pupils saw of them, their quizzes, and a reviewer who takes one down."""

from collections.abc import Sequence
from uuid import UUID

from server.actions.errors import BadRequest, NotHere
from server.domain.library import MOST_SPANS, Span, seen_ms, share, watched
from server.domain.people import Person
from server.live.protocol import QuizResult
from server.store.library import LibraryBook
from server.store.work import Work


async def watch(work: Work, pupil: Person, id: UUID, told: Sequence[Span]) -> None:
    """What a page played since its last report. Telling it twice is telling it once."""
    if len(told) > MOST_SPANS or any(not 0 <= start < end for start, end in told):
        raise BadRequest("spans go forward, and are at most 200")
    book = LibraryBook(work)
    length_ms = await book.length_ms(id)
    if length_ms is None:
        raise NotHere
    known = await book.watching(id, pupil.id)
    now = await work.now()
    before = [] if known is None else [(start, end) for start, end in known.spans]
    spans = watched(before, told, length_ms, None if known is None else now - known.told_at)
    await book.keep_watching(id, pupil.id, spans, share(spans, length_ms), seen_ms(spans), now)
    await work.commit()


async def answer_quiz(work: Work, pupil: Person, id: UUID, options: Sequence[int]) -> QuizResult:
    """Which were right; the first time is what counts for the figures."""
    book = LibraryBook(work)
    quiz = await book.quiz(id)
    if not quiz:
        raise NotHere
    fits = len(options) == len(quiz) and all(1 <= o <= len(q["options"]) for o, q in zip(options, quiz, strict=True))
    if not fits:
        raise BadRequest("one option for each question")
    right = [int(question["right"]) for question in quiz]
    count = sum(option == best for option, best in zip(options, right, strict=True))
    await book.keep_answers(id, pupil.id, options, count)
    await work.commit()
    return QuizResult(right=right, count=count)


async def show(work: Work, id: UUID, shown: bool) -> None:
    """A reviewer takes a film down, or puts it back; who is watching plays on until the address runs out."""
    if not await LibraryBook(work).show(id, shown):
        raise NotHere
    await work.commit()
