"""The scenes of the library of micro-lessons."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from server.actions import errors
from server.domain.people import Role, Subject
from server.live import protocol as wire
from tests.browser.gallery import Scene, a_lesson, me, photo, refusal

LONG = "从一杯水里的筷子为什么看起来断了说起：光的折射、全反射，以及为什么钻石会闪"


def shelf() -> list[wire.LessonView]:
    poster = photo().url
    return [
        a_lesson("移项为什么要变号", poster_url=poster, seen=1.0),
        a_lesson(LONG, Subject.PHYSICS, seen=0.42, questions=0, chapter="", book="", knowledge_points=["折射"]),
        a_lesson("一次函数的图象", series="一次函数", poster_url=poster),
        a_lesson("斜率是什么", series="一次函数", source="recording", questions=0),
    ]


def doors(role: Role, *lessons: wire.LessonView, more: bool = False) -> dict[str, Any]:
    books = [wire.BookView(book="数学八年级上册", chapters=["一次函数", "全等三角形"])] if lessons else []
    page = wire.Library(lessons=list(lessons), more=more, books=books, series=["一次函数"] if lessons else [])
    figures = [
        wire.LessonFigures(
            lesson_id=each.id,
            title=each.title,
            subject=each.subject,
            grade=8,
            pupils=None if n == 1 else 40 - n,
            minutes=None if n == 1 else 163,
            whole=None if n == 1 else 0.61,
            quiz_right=None if n else 0.74,
        )
        for n, each in enumerate(lessons)
    ]
    return {
        "GET /api/me": me(role),
        "GET /api/library": page,
        "GET /api/library/figures": wire.LibraryFigures(lessons=figures),
    }


def opened() -> wire.LessonPage:
    first, second = a_lesson("一次函数的图象", series="一次函数", seen=0.3), a_lesson("斜率是什么", series="一次函数")
    return wire.LessonPage(
        lesson=first,
        about="先描点，再连线，看看为什么是一条直线。",
        video_url="/files/films/none.mp4",
        quiz=[
            wire.QuizView(text="y = -2x + 1 的图象从左往右是？", options=["上升", "下降", "水平"]),
            wire.QuizView(text="它和 y 轴交于哪里？", options=["(0, 1)", "(1, 0)"]),
        ],
        series=[first, second],
    )


def library_scenes() -> list[Scene]:
    pupil, every = Role.STUDENT, shelf()
    page = opened()
    one = f"/library#lesson={page.lesson.id}"
    watch = {**doors(pupil, *every), f"GET /api/library/{page.lesson.id}": page}
    result = wire.QuizResult(right=[2, 1], count=1)
    gone = {**doors(pupil), f"GET /api/library/{page.lesson.id}": refusal(errors.NotHere)}
    return [
        Scene("library", "/library", doors(pupil, *every, more=True)),
        Scene("library-nothing", "/library", doors(pupil)),
        Scene("library-loading", "/library", {**doors(pupil), "GET /api/library": "silent"}),
        Scene("library-figures", "/library", doors(Role.RESEARCHER, *every), _unfold),
        Scene("lesson", one, watch),
        Scene("lesson-tried", one, {**watch, f"POST /api/library/{page.lesson.id}/quiz": result}, _try),
        Scene("lesson-gone", one, gone),
        Scene("lesson-reviewer", one, {**watch, "GET /api/me": me(Role.REVIEWER)}),
    ]


def _unfold(page: Page) -> None:
    page.locator("summary").first.click()


def _try(page: Page) -> None:
    for n in range(2):
        page.locator(f"input[name=quiz-{n}]").first.check()
    page.locator(".quiz .button").first.click()
    page.locator(".quiz [role=status]").wait_for()
