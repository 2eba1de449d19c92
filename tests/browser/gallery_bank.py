"""The bank of questions in every state: browsed, searched, of nothing, with what is kept, by a photo."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import msgspec

from server.domain.bank import Outcome
from server.domain.label import Difficulty
from server.domain.people import Role, Stage, Subject
from server.live import protocol as wire
from tests.browser.gallery import LONG, OTHER, Scene, ago, answer, id_of, me

WEEKS = ["2026-11-16", "2026-11-09", "2026-11-02", "2026-10-26"]


def facet(name: str, *counts: tuple[str, int]) -> wire.BankFacet:
    return wire.BankFacet(name=name, counts=[wire.BankCount(value=value, asked=asked) for value, asked in counts])


def item(text: str, outcome: Outcome | None, **more: object) -> wire.BankItem:
    whole = wire.BankItem(
        week=WEEKS[0], subject=Subject.MATH, stage=Stage.JUNIOR, grade=8, point="勾股定理", text=text, outcome=outcome,
        difficulty=None, answer=None, photo_url=None, alike=0, by_words=False, by_figure=False,
    )  # fmt: skip
    return msgspec.structs.replace(whole, **more)


def bank_scenes() -> list[Scene]:
    film = answer(text=LONG)
    items = [
        item(LONG, Outcome.STUCK, difficulty=Difficulty.METHOD, answer=film, photo_url="/gallery/one.jpg", alike=12,
             by_words=True, sure=0.87),
        item(OTHER, Outcome.UNANSWERED, by_words=True),
        item("", Outcome.REOPENED, subject=None, stage=None, grade=None, point=None, by_figure=True),
    ]  # fmt: skip
    full = wire.BankView(
        weeks=WEEKS, total=14_086, items=[msgspec.structs.replace(each, by_words=False, sure=None) for each in items],
        more=True, terms=[], by_meaning=True, wordless=False, answers=[],
        facets=[
            facet("subject", ("math", 9_204), ("physics", 3_120), ("chemistry", 1_762)),
            facet("stage", ("primary", 2_040), ("junior", 9_846), ("senior", 2_200)),
            facet("outcome", ("seen", 12_110), ("solved", 9_870), ("stuck", 1_404), ("unanswered", 602)),
            facet("difficulty", ("concept", 310), ("method", 420), ("calculation", 95)),
            facet("grade", ("7", 3_120), ("8", 4_466), ("9", 2_260)),
            facet("week", *((week, 3_521) for week in WEEKS)),
        ],
        points=[], topics=[], without=[], moved=[],
        schools=[wire.BankSchool(id=id_of(f"s {n}"), name=f"第{n}中学", asked=900 // n) for n in range(1, 6)],
    )  # fmt: skip
    scoped = msgspec.structs.replace(
        full,
        total=312,
        items=items,
        terms=["每户", "用电", "电费"],
        answers=[film, answer(text=OTHER)],
        points=[
            wire.BankPoint(name="几何", depth=0, asked=402), wire.BankPoint(name="勾股定理", depth=1, asked=312),
            wire.BankPoint(name="-", depth=0, asked=40),
        ],
        topics=[wire.BankTopic(number=7, name="折叠、矩形、对角线", asked=61)],
        moved=[wire.BankMoved(what="point", was="勾股定理的应用", now="勾股定理")],
    )  # fmt: skip
    nothing = msgspec.structs.replace(
        full, total=0, items=[], more=False, by_meaning=False, facets=[], schools=[],
        without=[wire.BankCount(value="words", asked=18), wire.BankCount(value="grade", asked=120)],
    )  # fmt: skip
    never = msgspec.structs.replace(nothing, weeks=[], without=[])
    mine = wire.CohortView(
        id=id_of("cohort 1"), title="初二勾股定理看了还不懂", search={"subject": "math"}, shared=False, mine=True,
        who="", made_at=ago(days=3),
    )  # fmt: skip
    theirs = msgspec.structs.replace(
        mine, id=id_of("cohort 2"), title="浮力", mine=False, shared=True, who="演示·李老师"
    )
    who, door = {"GET /api/me": me(Role.RESEARCHER)}, "GET /api/research/bank"
    kept = {"GET /api/research/cohorts": wire.Cohorts(cohorts=[mine, theirs])}
    wanted = {"q": "每户用电", "subject": "math", "stage": "junior", "point": "勾股定理"}
    search = f"/bank?{urlencode(wanted)}"
    browsed = Scene("bank", "/bank", {**who, door: full})
    return [
        browsed,
        Scene("bank-search", search, {**who, door: scoped}),
        Scene("bank-nothing", "/bank?q=%F0%9F%98%80&grade=3", {**who, door: nothing}),
        Scene("bank-never", "/bank", {**who, door: never}),
        replace(browsed, name="bank-cohorts", doors={**who, door: full, **kept},
                act=lambda p: p.get_by_role("button", name="收藏的搜索").or_(
                    p.get_by_role("button", name="Saved searches")).click()),
        replace(browsed, name="bank-photo", act=lambda p: p.get_by_role("button", name="用照片搜").or_(
            p.get_by_role("button", name="By photo")).click()),
    ]  # fmt: skip
