"""The doors of what is made of answers: editions, recordings without a pupil, the reviewer, guardians' consent."""

from typing import Any
from uuid import UUID

from server.actions import answer, consent, edition, floor, review, studio
from server.actions.errors import NotHere
from server.domain.people import Role
from server.live import protocol as wire
from server.store import shelf
from server.web.door import Call, Door

TEACHER = frozenset({Role.TEACHER})
REVIEWER = frozenset({Role.REVIEWER})
GUARDIAN = frozenset({Role.GUARDIAN})
SCHOOL = frozenset({Role.SCHOOL_ADMIN})

# --- editions ------------------------------------------------------------------------------------------------------


async def edit(call: Call[wire.Edit]) -> wire.AnswerView:
    body, parts = call.body, call.parts
    cuts = [(span.from_ms, span.to_ms) for span in body.cuts]
    veils = [edition.Veil(m.page, m.left, m.top, m.right, m.bottom, m.from_ms, m.to_ms) for m in body.masks]
    async with parts.store.work() as work:
        await edition.edit(work, parts.rules, call.person, call.id(), cuts, veils, body.whole)
    return await _answer(call)


async def split(call: Call[wire.Split]) -> wire.AnswerView:
    """The second part."""
    parts, body = call.parts, call.body
    async with parts.store.work() as work:
        second = await edition.split(work, parts.rules, call.person, call.id(), body.at_ms, body.problem_text)
    view = await parts.views.answer(second, call.person.id)
    assert view is not None
    return view


async def editions(call: Call[None]) -> wire.Editions:
    found = await shelf.editions(call.parts.store, call.person.id, call.id())
    if found is None:
        raise NotHere
    return found


async def restore(call: Call[None]) -> wire.AnswerView:
    number = call.path["number"]
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise NotHere
    async with call.parts.store.work() as work:
        await edition.restore(work, call.parts.rules, call.person, call.id(), int(number))
    return await _answer(call)


async def take_down(call: Call[None]) -> wire.AnswerView:
    async with call.parts.store.work() as work:
        await edition.take_down(work, call.parts.finder, call.person, call.id())
    return await _answer(call)


async def _answer(call: Call[Any]) -> wire.AnswerView:
    view = await call.parts.views.answer(call.id(), call.person.id)
    assert view is not None
    return view


# --- without a pupil -----------------------------------------------------------------------------------------------


async def waiting(call: Call[None]) -> wire.Waiting:
    return await shelf.waiting(call.parts.store, call.person.id)


async def take_waiting(call: Call[None]) -> wire.SessionView:
    async with call.parts.store.work() as work:
        session = await studio.take_waiting(work, call.person, call.id(), work.began)
    return await _session(call, session)


async def lessons(call: Call[None]) -> wire.Lessons:
    return await shelf.lessons(call.parts.views, call.person.id)


async def begin_lesson(call: Call[wire.BeginLesson]) -> wire.SessionView:
    body = call.body
    async with call.parts.store.work() as work:
        session = await studio.begin_lesson(
            work, call.person, body.title, body.subject, body.grade, body.knowledge_point, work.began
        )
    return await _session(call, session)


async def retake(call: Call[wire.Moment]) -> wire.SessionView:
    async with call.parts.store.work() as work:
        session = await studio.retake(work, call.person, call.id(), call.body.at_ms, work.began)
    return await _session(call, session)


async def finish(call: Call[wire.Finish]) -> wire.AnswerView:
    """Of every kind of session."""
    parts, body = call.parts, call.body
    async with parts.store.work() as work:
        now = work.began
        if await studio.has_question(work, call.id()):
            id = await answer.finish(
                work,
                parts.rules,
                call.person,
                call.id(),
                body.assignment_epoch,
                body.recordings,
                now,
                body.knowledge_points,
                body.difficulty,
                (body.asked_about, body.asked_at),
            )
        else:
            id = await studio.keep(
                work, parts.rules, call.person, call.id(), body.recordings, now, body.knowledge_points
            )
    view = await parts.views.answer(id, call.person.id)
    assert view is not None
    return view


async def drop(call: Call[None]) -> wire.DutyView:
    async with call.parts.store.work() as work:
        await studio.drop(work, call.person, call.id(), work.began)
    return await call.parts.views.duty(call.person.id)


async def _session(call: Call[Any], id: UUID) -> wire.SessionView:
    view = await call.parts.views.session(id, "teacher")
    assert view is not None
    return view


# --- the reviewer --------------------------------------------------------------------------------------------------


async def reviews(call: Call[None]) -> wire.Reviews:
    return await shelf.reviews(call.parts.views, call.person.id, call.parts.rules.review)


async def decide(call: Call[wire.Decide]) -> wire.AnswerView:
    parts, body = call.parts, call.body
    async with parts.store.work() as work:
        match body.decision:
            case "approve":
                await review.approve(work, parts.finder, call.person, call.id())
            case "send_back":
                await review.send_back(work, parts.finder, call.person, call.id(), body.words)
            case "take_down":
                await review.take_down(work, parts.finder, call.person, call.id(), body.words)
    return await _answer(call)


async def trust(call: Call[wire.Trust]) -> wire.Reviews:
    async with call.parts.store.work() as work:
        await review.trust(work, call.person, call.id(), call.body.on)
    return await shelf.reviews(call.parts.views, call.person.id, call.parts.rules.review)


# --- guardians' word -----------------------------------------------------------------------------------------------


async def pupils(call: Call[None]) -> wire.SchoolPupils:
    async with call.parts.store.work() as work:
        found = await shelf.pupils(work, call.person.id, call.query.get("search", ""))
        await work.commit()
    return found


async def lecture_voice(call: Call[wire.LectureVoice]) -> None:
    async with call.parts.store.work() as work:
        school = await shelf.school_of(work, call.person.id)
        if school is None:
            raise NotHere
        await floor.allow(work, school, call.body.on)


async def say_consent(call: Call[wire.SayConsent]) -> None:
    parts, body = call.parts, call.body
    async with parts.store.work() as work:
        await consent.say(work, parts.finder, call.person, call.id(), body.purpose, body.given, body.wording)


async def children(call: Call[None]) -> wire.Children:
    async with call.parts.store.work() as work:
        return await shelf.children(work, call.person.id)


async def say_own_consent(call: Call[wire.SayConsent]) -> None:
    await say_consent(call)


DOORS = (
    Door("POST", "/api/answers/{id}/edit", edit, TEACHER, "Another edition, with spans left out or regions hidden",
         wire.Edit, wire.AnswerView, tag="editions"),
    Door("POST", "/api/answers/{id}/split", split, TEACHER, "From a moment on it is another answer", wire.Split,
         wire.AnswerView, tag="editions"),
    Door("POST", "/api/answers/{id}/retake", retake, TEACHER, "Recorded anew from a moment on", wire.Moment,
         wire.SessionView, tag="editions"),
    Door("GET", "/api/answers/{id}/editions", editions, TEACHER, "What was made of an answer", reply=wire.Editions,
         tag="editions"),
    Door("POST", "/api/answers/{id}/editions/{number}", restore, TEACHER, "Back to an earlier edition",
         reply=wire.AnswerView, tag="editions"),
    Door("POST", "/api/answers/{id}/take-down", take_down, TEACHER, "Withdraw an answer of one's own",
         reply=wire.AnswerView, tag="editions"),
    Door("GET", "/api/waiting", waiting, TEACHER, "Questions to answer by a recording, the oldest first",
         reply=wire.Waiting, tag="studio"),
    Door("POST", "/api/questions/{id}/record", take_waiting, TEACHER, "Answer a waiting question by a recording",
         reply=wire.SessionView, tag="studio"),
    Door("GET", "/api/lessons", lessons, TEACHER, "One's own lessons", reply=wire.Lessons, tag="studio"),
    Door("POST", "/api/lessons", begin_lesson, TEACHER, "Record a lesson that answers no question", wire.BeginLesson,
         wire.SessionView, tag="studio"),
    Door("POST", "/api/sessions/{id}/finish", finish, TEACHER, "End with an answer", wire.Finish, wire.AnswerView,
         tag="sessions"),
    Door("POST", "/api/sessions/{id}/drop", drop, TEACHER, "A recording without a question comes to nothing",
         reply=wire.DutyView, tag="studio"),
    Door("GET", "/api/reviews", reviews, REVIEWER, "Answers to look at, the oldest first", reply=wire.Reviews,
         tag="review"),
    Door("POST", "/api/reviews/{id}", decide, REVIEWER, "Approve, send back or take down an answer", wire.Decide,
         wire.AnswerView, tag="review"),
    Door("POST", "/api/reviews/teachers/{id}", trust, REVIEWER, "Whether a teacher's answers need a look", wire.Trust,
         wire.Reviews, tag="review"),
    Door("GET", "/api/school/pupils", pupils, SCHOOL, "Pupils of one's own school, and what guardians agree to",
         reply=wire.SchoolPupils, tag="people", query=("search",)),
    Door("POST", "/api/school/pupils/{id}/consent", say_consent, SCHOOL, "A guardian's word on one purpose",
         wire.SayConsent, tag="people"),
    Door("POST", "/api/school/lecture-voice", lecture_voice, SCHOOL, "Whether one's pupils may speak in lectures",
         wire.LectureVoice, tag="people"),
    Door("GET", "/api/children", children, GUARDIAN, "One's own children, and what one agrees to",
         reply=wire.Children, tag="people"),
    Door("POST", "/api/children/{id}/consent", say_own_consent, GUARDIAN, "Agree to one purpose, or take it back",
         wire.SayConsent, tag="people"),
)  # fmt: skip
