"""From a topic to a lesson: research staff propose, one person takes it over, plans a lecture or records a lesson."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from server.actions import studio, teach
from server.actions.errors import BadRequest, KeyReused, NotHere, ProposalGone, ProposalPlanned, TooFewAsked
from server.actions.facts import monday
from server.domain.lecture import LectureState, Plan
from server.domain.people import Person, Stage, Subject
from server.domain.proposal import LASTS, WHY, BadProposal, Form, ProposalState, Proposed, Slot, checked
from server.domain.release import K
from server.store.lectures import LectureBook
from server.store.proposals import ProposalBook
from server.store.topic_views import WEEKS
from server.store.topics import Topics
from server.store.work import Record, Work

GONE = (LectureState.CANCELLED,)


async def propose(
    work: Work,
    person: Person,
    topic_number: int,
    wanted: Proposed,
    wish: UUID | None,
    slot: Slot | None,
    key: str,
    now: datetime,
) -> UUID:
    """`slot` makes it a lecture that is planned for the one who is wished for, to be confirmed. Asking twice with one
    key proposes once."""
    id = uuid4()
    said = repr(("proposal", topic_number, wanted, wish, slot)).encode("utf-8", "surrogatepass")
    known, kept = await work.remember(person.id, key, hashlib.sha256(said).digest(), id)
    if kept != hashlib.sha256(said).digest():
        raise KeyReused
    if known != id:
        return known
    topic = await Topics(work).topic(topic_number)
    if topic is None:
        raise NotHere
    book = ProposalBook(work)
    weeks = [monday(now) - timedelta(weeks=n) for n in range(1, WEEKS + 1)]
    if await book.fullest_week(topic.id, weeks) < K:
        raise TooFewAsked
    try:
        fit = checked(wanted, Stage(topic.stage))
    except BadProposal as error:
        raise BadRequest(str(error)) from error
    if wish is not None and not await book.may_teach(fit.form, topic.subject, topic.stage, wish):
        raise BadRequest("this person does not teach it")
    kept_plan = None
    if slot is not None:
        if fit.form is not Form.LECTURE or wish is None:
            raise BadRequest("a lecture is planned for somebody")
        plan = await teach.fit(LectureBook(work), wish, _plan(fit, topic, slot), None, None, now)
        kept_plan = json.dumps(_as_kept(slot, plan))
    await book.add(
        {
            "id": id,
            "topic_id": topic.id,
            "form": str(fit.form),
            "title": fit.title,
            "note": fit.note,
            "grades": list(fit.grades),
            "knowledge_points": list(fit.knowledge_points),
            "wanted_id": wish,
            "plan": kept_plan,
            "proposed_by": person.id,
            "expires_at": now + LASTS if slot is None else min(now + LASTS, slot.starts_at),
        }
    )
    await work.commit()
    return id


async def withdraw(work: Work, id: UUID) -> None:
    """While nothing came of it. Withdrawing twice is withdrawing."""
    book = ProposalBook(work)
    proposal = await book.proposal(id)
    if proposal is None:
        raise NotHere
    if proposal.state == ProposalState.WITHDRAWN:
        return
    if proposal.state not in (ProposalState.OPEN, ProposalState.TAKEN):
        raise ProposalGone
    if await _is_taught(work, proposal):
        raise ProposalPlanned
    await _let_go(book, proposal, ProposalState.WITHDRAWN)
    await work.commit()


# --- who teaches ---------------------------------------------------------------------------------------------------


async def take(work: Work, person: Person, id: UUID, now: datetime) -> None:
    """Of two who take it at the same time one has it. What was planned for this person becomes a lecture of theirs."""
    book = ProposalBook(work)
    proposal = await _offered(book, person, id)
    if proposal.state == ProposalState.TAKEN and proposal.taken_by == person.id:
        return
    if proposal.state != ProposalState.OPEN or proposal.expires_at <= now:
        raise ProposalGone
    await book.change(id, state=ProposalState.TAKEN, taken_by=person.id)
    if proposal.plan is not None:
        plan = _plan(_proposed(proposal), proposal, _slot(proposal.plan))
        lecture = await teach.planned(work, person, plan, None, f"proposal-{id}", now)
        await book.change(id, lecture_id=lecture)
    await work.commit()


async def decline(work: Work, person: Person, id: UUID, why: str) -> None:
    """Before it is taken, or back again while nothing came of it. What several may take stays open to the others."""
    why = " ".join(why.split())
    if len(why) > WHY:
        raise BadRequest(f"at most {WHY} characters")
    book = ProposalBook(work)
    proposal = await _offered(book, person, id)
    is_mine = proposal.state == ProposalState.TAKEN and proposal.taken_by == person.id
    if proposal.state == ProposalState.DECLINED and proposal.wanted_id == person.id:
        return
    if not is_mine and proposal.state != ProposalState.OPEN:
        raise ProposalGone
    if is_mine and await _is_taught(work, proposal):
        raise ProposalPlanned
    if proposal.wanted_id is None:
        await book.decline(id, person.id)
        if is_mine:
            await _let_go(book, proposal, ProposalState.OPEN)
    else:
        await _let_go(book, proposal, ProposalState.DECLINED, why or None)
    await work.commit()


async def plan_lecture(
    work: Work, person: Person, id: UUID, wanted: Plan, cover: UUID | None, key: str, now: datetime
) -> UUID:
    """The lecture that a proposal which was taken becomes; once, unless that one was cancelled."""
    book = ProposalBook(work)
    proposal = await _taken(book, person, id, Form.LECTURE)
    lecture = await teach.planned(work, person, wanted, cover, key, now)
    if proposal.lecture_id == lecture:
        return lecture
    if await _is_taught(work, proposal):
        raise ProposalPlanned
    if proposal.lecture_id is not None:
        await book.forget_invitations(id)  # to the one that was cancelled
    await book.change(id, lecture_id=lecture, invited_at=None, invited=None)
    await work.commit()
    return lecture


async def begin_lesson(work: Work, person: Person, id: UUID, now: datetime) -> UUID:
    """The studio's session in which a proposal becomes a micro-lesson; the one that is open where there is one."""
    book = ProposalBook(work)
    proposal = await _taken(book, person, id, Form.LESSON)
    if proposal.session_id is not None:
        session = await work.live_session(proposal.session_id)
        assert session is not None
        if session.ended_at is None:
            return UUID(str(session.id))
        if session.ended_why == "finished":
            raise ProposalPlanned
    begun = await studio.begun(
        work, person, proposal.title, Subject(proposal.subject), proposal.grades[0], proposal.knowledge_points[0], now
    )
    await book.change(id, session_id=begun)
    await work.commit()
    return begun


async def _offered(book: ProposalBook, person: Person, id: UUID) -> Record:
    """One that this person may see: it is wished of them, or of whoever teaches the subject."""
    proposal = await book.proposal(id)
    if proposal is None or proposal.wanted_id not in (None, person.id):
        raise NotHere
    if not await book.may_teach(proposal.form, proposal.subject, proposal.stage, person.id):
        raise NotHere
    return proposal


async def _taken(book: ProposalBook, person: Person, id: UUID, form: Form) -> Record:
    proposal = await _offered(book, person, id)
    if proposal.form != form:
        raise NotHere
    if proposal.state != ProposalState.TAKEN or proposal.taken_by != person.id:
        raise ProposalGone
    return proposal


async def _is_taught(work: Work, proposal: Record) -> bool:
    """Whether a lecture stands, or a lesson was or is being recorded."""
    if proposal.lecture_id is not None:
        lecture = await LectureBook(work).lecture(proposal.lecture_id)
        return lecture is not None and LectureState(lecture.state) not in GONE
    if proposal.session_id is not None:
        session = await work.live_session(proposal.session_id)
        return session is not None and session.ended_why != "dropped"
    return False


async def _let_go(book: ProposalBook, proposal: Record, to: ProposalState, why: str | None = None) -> None:
    await book.forget_invitations(proposal.id)
    nothing = {"taken_by": None, "lecture_id": None, "session_id": None, "invited_at": None, "invited": None}
    await book.change(proposal.id, state=to, why=why, **nothing)


def _as_kept(slot: Slot, plan: Plan) -> dict[str, Any]:
    return {
        "about": plan.about,
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
        "capacity": slot.capacity,
        "schools": sorted(map(str, slot.schools)),
    }


def _slot(kept: Mapping[str, Any]) -> Slot:
    return Slot(
        datetime.fromisoformat(kept["starts_at"]),
        datetime.fromisoformat(kept["ends_at"]),
        kept["capacity"],
        kept["about"],
        frozenset(UUID(school) for school in kept["schools"]),
    )


def _proposed(row: Record) -> Proposed:
    return Proposed(Form(row.form), row.title, tuple(row.grades), tuple(row.knowledge_points), row.note)


def _plan(wanted: Proposed, topic: Record, slot: Slot) -> Plan:
    """Of the topic's subject and stage."""
    return Plan(
        title=wanted.title,
        about=slot.about,
        subject=Subject(topic.subject),
        stage=Stage(topic.stage),
        grades=wanted.grades,
        knowledge_points=wanted.knowledge_points,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        capacity=slot.capacity,
        schools=slot.schools,
    )
