"""The scenes between a finding and its lesson: proposals, what came of them, invitations, and what staff owe."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page

from server.domain.dispatch import Presence
from server.domain.people import Role, Stage, Subject
from server.domain.proposal import Form, ProposalState
from server.live import protocol as wire
from tests.browser.gallery import LONG, OTHER, SHORT, Scene, _student, _teacher, ago, duty, id_of, me, topic_list, words
from tests.browser.gallery_lectures import desk_doors, lecture


def proposal(name: str, state: ProposalState = ProposalState.OPEN, **more: Any) -> wire.ProposalView:
    given: dict[str, Any] = {
        "proposal_id": id_of(name), "form": Form.LECTURE, "title": name, "note": "", "grades": [8, 9],
        "knowledge_points": ["勾股定理"], "state": state, "proposed_at": ago(days=9), "expires_at": ago(days=-12),
        "proposed_by": "演示·教研员", "wanted": None, "wanted_gone": False, "taken_by": None, "why": None,
    }  # fmt: skip
    return wire.ProposalView(**{**given, **more})


def held(name: str, effect: wire.EffectView, invited: int = 42) -> wire.ProposalView:
    taught = wire.TaughtBy(what="lecture", state="over", title=name, at=ago(days=50), lecture_id=id_of(name))
    more = {"taken_by": "演示·名师林老师", "taught": taught, "invited": invited, "effect": effect}
    return proposal(name, ProposalState.TAKEN, **more)


def effect(verdict: Any, **more: Any) -> wire.EffectView:
    return wire.EffectView(verdict=verdict, taught_on="2026-09-30", told_from="2026-11-02", **more)


def teaching() -> wire.TopicTeaching:
    rates, control = wire.RatesView(before=3.41, after=1.62), wire.RatesView(before=3.18, after=2.97)
    by_schools = effect(
        "told", method="schools", reached=rates, control=control, units=14, control_units=31, grades=[8, 9],
        change=wire.ChangeView(middle=-1.58, low=-2.71, high=-0.45),
    )  # fmt: skip
    by_topics = effect(
        "told", method="topics", reached=wire.RatesView(before=0.31, after=0.24), units=11,
        change=wire.ChangeView(middle=-0.18, low=-0.47, high=0.27),
    )  # fmt: skip
    return wire.TopicTeaching(
        proposals=[
            proposal("勾股定理：先画图", wanted="演示·名师高老师", wanted_gone=True, note="例题三学生最容易画错"),
            proposal("斜边在哪里", ProposalState.DECLINED, wanted="演示·名师沈老师", why="那一周在外地"),
            held("直角三角形里的高", by_schools),
            held("梯子为什么会滑", by_topics, invited=0),
            held("最短路线", effect("few")),
            held("折叠问题", effect("waits")),
        ],
        lecturers=[wire.PersonName(person_id=id_of(n), name=f"演示·名师{n}老师") for n in "林高叶沈"],
        teachers=[wire.PersonName(person_id=id_of(n), name=f"演示·{n}老师") for n in "王李"],
        schools=[wire.SchoolName(id=id_of(n), name=n) for n in ("演示第一小学", "演示第二中学")],
        knowledge_points=["勾股定理", "直角三角形"],
    )


def offer(name: str, **more: Any) -> wire.ProposalOffer:
    given: dict[str, Any] = {
        "proposal_id": id_of(name), "form": Form.LECTURE, "title": name, "note": "例题三最容易画错，请先画图再列式。",
        "subject": Subject.MATH, "stage": Stage.JUNIOR, "grades": [8, 9], "knowledge_points": ["勾股定理"],
        "terms": ["梯子", "斜边", "下滑"], "exemplars": [SHORT, LONG, OTHER], "askers": [31, 12, None, 11],
        "proposed_by": "演示·教研员", "expires_at": ago(days=-12), "is_mine": False, "taken": False,
    }  # fmt: skip
    return wire.ProposalOffer(**{**given, **more})


def _line(name: str) -> Any:
    return lambda page: page.locator(".line", has_text=name).click()


def _unfold(page: Page) -> None:
    page.get_by_text(words("备课与效果（6）", r"Teaching and effect \(6\)")).click()
    page.locator(".effect").first.wait_for()


def _planning(page: Page) -> None:
    page.get_by_role("button", name=words("发起备课", "Propose a lesson")).first.click()
    page.get_by_role("dialog").get_by_role("combobox").first.select_option(index=1)
    page.get_by_role("dialog").get_by_role("checkbox").last.click()


def _taking(page: Page) -> None:
    _line("斜边在哪里")(page)
    page.get_by_role("button", name=words("安排这场课", "Plan the lecture")).click()


def proposal_scenes() -> list[Scene]:
    some = topic_list()
    some.topics[0].proposals = 6
    research = {"GET /api/me": me(Role.RESEARCHER), "GET /api/research/topics": some}
    research |= {f"GET /api/research/topics/{n}/teaching": teaching() for n in (1, 2, 3)}
    start = datetime.now(UTC) + timedelta(days=5)
    plan = wire.PlanView(
        about="", starts_at=start, ends_at=start + timedelta(hours=1), capacity=300, schools=["演示第二中学"]
    )
    offers = wire.ProposalOffers(
        proposals=[
            offer("直角三角形里的高", is_mine=True, plan=plan),
            offer("斜边在哪里", is_mine=True, taken=True),
            offer("勾股定理：从画一个图开始，到看懂梯子为什么会滑"),
        ]
    )
    desk = {**desk_doors(lecture("二次函数的顶点")), "GET /api/proposals": offers}
    lesson = wire.ProposalOffers(proposals=[offer("三分钟画图", form=Form.LESSON)])
    off = _teacher(duty(Presence.OFF))
    about: dict[str, Any] = {"about": "勾股定理", "teacher_name": "演示·名师林老师"}
    replay = {"what": "replay", "title": "斜边在哪里", "lecture_id": id_of("m")}
    recorded = {"what": "lesson", "title": "三分钟画图", "lesson_id": id_of("n")}
    invitations = wire.Invitations(
        invitations=[
            wire.InvitationView(
                proposal_id=id_of("a"), what="lecture", title="勾股定理：从画一个图开始", starts_at=start,
                seats_left=0, lecture_id=id_of("l"), **about,
            ),
            wire.InvitationView(proposal_id=id_of("b"), **{**about, **replay}),
            wire.InvitationView(proposal_id=id_of("c"), **{**about, **recorded}),
        ]
    )  # fmt: skip
    return [
        Scene("topics-teaching", "/topics", research, _unfold),
        Scene("topics-planning-for", "/topics", research, _planning),
        Scene("lecturer-offer", "/lectures", desk, _line("直角三角形里的高")),
        Scene("lecturer-offer-planning", "/lectures", desk, _taking),
        Scene("teacher-lesson-offer", "/teacher", {**off, "GET /api/proposals": lesson}),
        Scene("student-invited", "/student", {**_student([]), "GET /api/invitations": invitations}),
    ]
