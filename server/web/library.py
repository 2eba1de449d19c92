"""The doors of the library of micro-lessons."""

from typing import Any

from server.actions import library
from server.actions.errors import BadRequest, NotHere
from server.domain.people import Role, Stage
from server.live import protocol as wire
from server.store.library import LibraryViews, Wanted
from server.web.door import Call, Door
from server.web.lectures import LONGEST_SEARCH, grade_in, subject_in

STUDENT = frozenset({Role.STUDENT})
REVIEWER = frozenset({Role.REVIEWER})
READERS = STUDENT | REVIEWER | {Role.TEACHER, Role.RESEARCHER}
FIGURES = REVIEWER | {Role.RESEARCHER}
FURTHEST = 10_000  # lessons that somebody leafs past


async def find_lessons(call: Call[None]) -> wire.Library:
    query = call.query
    wanted = Wanted(
        subject=subject_in(query.get("subject", "")),
        stage=_stage(query.get("stage", "")),
        grade=grade_in(query.get("grade", "")),
        **{name: query.get(name, "")[:LONGEST_SEARCH].replace("\0", "") for name in _WORDS},
        skip=_skip(query.get("skip", "")),
    )
    return await _views(call).catalogue(call.person.id, wanted)


async def lesson(call: Call[None]) -> wire.LessonPage:
    found = await _views(call).lesson(call.person.id, call.id())
    if found is None:
        raise NotHere
    return found


async def beside(call: Call[None]) -> wire.LessonsBeside:
    """Of one's own question; nobody learns what another asked."""
    if await call.parts.views.owner_of_question(call.id()) != call.person.id:
        raise NotHere
    return wire.LessonsBeside(lessons=await _views(call).beside(call.person.id, call.id()))


async def watch(call: Call[wire.Played]) -> None:
    async with call.parts.store.work() as work:
        await library.watch(work, call.person, call.id(), [(span.from_ms, span.to_ms) for span in call.body.spans])


async def answer_quiz(call: Call[wire.AnswerQuiz]) -> wire.QuizResult:
    async with call.parts.store.work() as work:
        return await library.answer_quiz(work, call.person, call.id(), call.body.options)


async def figures(call: Call[None]) -> wire.LibraryFigures:
    return await _views(call).figures()


async def show(call: Call[wire.ShowLesson]) -> None:
    async with call.parts.store.work() as work:
        await library.show(work, call.id(), call.body.shown)


def _views(call: Call[Any]) -> LibraryViews:
    return LibraryViews(call.parts.views)


def _stage(text: str) -> Stage | None:
    try:
        return Stage(text) if text else None
    except ValueError as error:
        raise BadRequest("there is no such stage") from error


def _skip(text: str) -> int:
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 5 or int(text) > FURTHEST:
        raise BadRequest(f"skip is 0 to {FURTHEST}")
    return int(text)


_WORDS = ("book", "chapter", "series", "words")

DOORS = (
    Door("GET", "/api/library", find_lessons, READERS, "Micro-lessons, by grade, book and chapter", reply=wire.Library,
         tag="library", query=("subject", "stage", "grade", *_WORDS, "skip")),
    Door("GET", "/api/library/figures", figures, FIGURES, "How lessons are watched", reply=wire.LibraryFigures,
         tag="library"),
    Door("GET", "/api/library/{id}", lesson, READERS, "A lesson to be watched", reply=wire.LessonPage, tag="library"),
    Door("GET", "/api/questions/{id}/lessons", beside, STUDENT, "Lessons on what one's question is about",
         reply=wire.LessonsBeside, tag="library"),
    Door("POST", "/api/library/{id}/watched", watch, STUDENT, "What was played since the last report", wire.Played,
         tag="library"),
    Door("POST", "/api/library/{id}/quiz", answer_quiz, STUDENT, "Answers to a lesson's quiz", wire.AnswerQuiz,
         wire.QuizResult, tag="library"),
    Door("POST", "/api/library/{id}/shown", show, REVIEWER, "Take a film down, or put it back", wire.ShowLesson,
         tag="library"),
)  # fmt: skip
