"""The doors between a finding and its lesson: research staff propose, who teaches takes over, who asked is invited."""

from typing import Any

from server.actions import invite, proposal
from server.actions.errors import NotHere
from server.domain.people import Role
from server.domain.proposal import Proposed, Slot
from server.live import protocol as wire
from server.store import proposal_views
from server.web.door import Call, Door, Reply
from server.web.lectures import plan_of
from server.web.research import number_in_path

RESEARCHER = frozenset({Role.RESEARCHER})
LECTURER = frozenset({Role.LECTURER})
TEACHER = frozenset({Role.TEACHER})
STUDENT = frozenset({Role.STUDENT})
FORMS = {Role.LECTURER: "lecture", Role.TEACHER: "lesson"}


async def teaching(call: Call[Any]) -> wire.TopicTeaching:
    async with call.parts.store.work() as work:
        now = work.began
    found = await proposal_views.of_topic(call.parts.store, number_in_path(call), now)
    if found is None:
        raise NotHere
    return found


async def propose(call: Call[wire.ProposeTeaching]) -> Reply:
    body = call.body
    wanted = Proposed(body.form, body.title, tuple(body.grades), tuple(body.knowledge_points), body.note)
    async with call.parts.store.work() as work:
        now = work.began
        slot = None if body.plan is None else _slot(body.plan)
        await proposal.propose(work, call.person, number_in_path(call), wanted, body.wanted_id, slot, call.key, now)
    return Reply(await teaching(call), status=201)


def _slot(plan: wire.ProposedPlan) -> Slot:
    return Slot(plan.starts_at, plan.ends_at, plan.capacity, plan.about, frozenset(plan.schools))


async def withdraw_proposal(call: Call[None]) -> None:
    async with call.parts.store.work() as work:
        await proposal.withdraw(work, call.id())


async def offers(call: Call[Any]) -> wire.ProposalOffers:
    forms = [form for role, form in FORMS.items() if call.person.is_a(role)]
    async with call.parts.store.work() as work:
        now = work.began
    return await proposal_views.offered(call.parts.store, call.person.id, forms, now)


async def take_proposal(call: Call[None]) -> wire.ProposalOffers:
    async with call.parts.store.work() as work:
        await proposal.take(work, call.person, call.id(), work.began)
    return await offers(call)


async def decline_proposal(call: Call[wire.DeclineProposal]) -> wire.ProposalOffers:
    async with call.parts.store.work() as work:
        await proposal.decline(work, call.person, call.id(), call.body.why)
    return await offers(call)


async def plan_lecture(call: Call[wire.PlanLecture]) -> Reply:
    async with call.parts.store.work() as work:
        lecture = await proposal.plan_lecture(
            work, call.person, call.id(), plan_of(call.body), call.body.cover_id, call.key, work.began
        )
    view = await call.parts.views.lectures.seen_by(call.person, lecture)
    assert view is not None
    return Reply(view, status=201)


async def record_proposal(call: Call[None]) -> wire.SessionView:
    async with call.parts.store.work() as work:
        session = await proposal.begin_lesson(work, call.person, call.id(), work.began)
    view = await call.parts.views.session(session, "teacher")
    assert view is not None
    return view


async def invitations(call: Call[None]) -> wire.Invitations:
    views = call.parts.views
    return await proposal_views.invitations(call.parts.store, call.person.id, views.replays_reviewed)


async def dismiss_invitation(call: Call[None]) -> None:
    async with call.parts.store.work() as work:
        await invite.dismiss(work, call.person, call.id())


DOORS = (
    Door("GET", "/api/research/topics/{number}/teaching", teaching, RESEARCHER, "What was proposed from a topic",
         reply=wire.TopicTeaching, tag="proposals"),
    Door("POST", "/api/research/topics/{number}/proposals", propose, RESEARCHER, "Propose to teach it",
         wire.ProposeTeaching, wire.TopicTeaching, 201, needs_key=True, tag="proposals"),
    Door("POST", "/api/research/proposals/{id}/withdraw", withdraw_proposal, RESEARCHER, "Take a proposal back",
         tag="proposals"),
    Door("GET", "/api/proposals", offers, LECTURER | TEACHER, "What one may teach, and has taken over",
         reply=wire.ProposalOffers, tag="proposals"),
    Door("POST", "/api/proposals/{id}/take", take_proposal, LECTURER | TEACHER, "Take one over, or confirm a plan",
         reply=wire.ProposalOffers, tag="proposals"),
    Door("POST", "/api/proposals/{id}/decline", decline_proposal, LECTURER | TEACHER, "Leave or give it back",
         wire.DeclineProposal, wire.ProposalOffers, tag="proposals"),
    Door("POST", "/api/proposals/{id}/lecture", plan_lecture, LECTURER, "Plan the lecture that it becomes",
         wire.PlanLecture, wire.LectureView, 201, needs_key=True, tag="proposals"),
    Door("POST", "/api/proposals/{id}/lesson", record_proposal, TEACHER, "Record the micro-lesson that it becomes",
         reply=wire.SessionView, tag="proposals"),
    Door("GET", "/api/invitations", invitations, STUDENT, "What is taught that one asked about",
         reply=wire.Invitations, tag="proposals"),
    Door("POST", "/api/invitations/{id}/dismiss", dismiss_invitation, STUDENT, "Put an invitation away",
         tag="proposals"),
)  # fmt: skip
