"""What each door of the service does: read the call, let an action do it, answer with the view."""

from typing import Any
from uuid import UUID

from server.actions import answer, ask, upload
from server.actions.errors import NotHere
from server.domain.people import PersonId
from server.live import protocol as wire
from server.observe import asked
from server.store.work import person_channel, session_channel
from server.web.door import Call, Reply

# --- uploads -------------------------------------------------------------------------------------------------------


async def start_upload(call: Call[wire.StartUpload]) -> Reply:
    body = call.body
    id = await upload.start(call.parts.store, call.person, body.kind, body.content_type, body.session_id, body.start_ms)
    view = wire.UploadView(id=id, part_size=upload.PART_SIZE, max_bytes=upload.MAX_BYTES[body.kind], arrived=[])
    return Reply(view, status=201)


async def show_upload(call: Call[None]) -> wire.UploadView:
    media, arrived = await upload.arrived(call.parts.store, call.parts.storage, call.person, call.id())
    return wire.UploadView(
        id=media.id, part_size=upload.PART_SIZE, max_bytes=upload.MAX_BYTES[media.kind], arrived=arrived
    )


async def sign_parts(call: Call[wire.SignParts]) -> wire.PartUrls:
    urls = await upload.sign_parts(call.parts.store, call.parts.storage, call.person, call.id(), call.body.parts)
    return wire.PartUrls(urls=urls, expires_in_s=round(upload.PART_URL_LASTS.total_seconds()))


async def complete_upload(call: Call[wire.CompleteUpload]) -> wire.MediaView:
    body = call.body
    await upload.complete(
        call.parts.store, call.parts.storage, call.person, call.id(), body.parts, body.size, body.sha256
    )
    view = await call.parts.views.media(call.id())
    assert view is not None
    return view


# --- questions -----------------------------------------------------------------------------------------------------


async def ask_question(call: Call[wire.Ask]) -> Reply:
    """Answered as soon as it is durable; a text is matched right after, files are read by a worker."""
    wanted = ask.Wanted(call.body.subject, call.body.grade, call.body.text, tuple(call.body.media))
    async with call.parts.store.work() as work:
        done = await ask.ask(work, call.person, wanted, call.key, await work.now())
    if done.is_new:
        asked()
        if not done.needs_reading:
            call.parts.texts.soon(done.question.id)
    return Reply(await _question(call, done.question.id), status=201 if done.is_new else 200)


async def student_state(call: Call[None]) -> wire.StudentState:
    """The position first, then the questions: what happens between the two is told again and does no harm."""
    position = await call.parts.position(person_channel(call.person.id))
    questions, earlier = await call.parts.views.questions_of(call.person.id, call.asked_id("before"))
    return wire.StudentState(questions=questions, epoch=position.epoch, offset=position.offset, earlier=earlier)


async def show_question(call: Call[None]) -> wire.QuestionView:
    if await call.parts.views.owner_of_question(call.id()) != call.person.id:
        raise NotHere
    return await _question(call, call.id())


async def solved(call: Call[None]) -> wire.QuestionView:
    async with call.parts.store.work() as work:
        await ask.solved(work, call.person, call.id(), await work.now())
    return await _question(call, call.id())


async def back_to_queue(call: Call[wire.BackToQueue]) -> wire.QuestionView:
    async with call.parts.store.work() as work:
        await ask.back_to_queue(work, call.parts.rules, call.person, call.id(), call.body.why, await work.now())
    return await _question(call, call.id())


async def reopen(call: Call[None]) -> wire.QuestionView:
    async with call.parts.store.work() as work:
        await ask.back_to_queue(work, call.parts.rules, call.person, call.id(), "still_stuck", await work.now())
    return await _question(call, call.id())


async def withdraw(call: Call[None]) -> wire.QuestionView:
    async with call.parts.store.work() as work:
        await ask.withdraw(work, call.parts.finder, call.parts.rules, call.person, call.id(), await work.now())
    return await _question(call, call.id())


async def _question(call: Call[Any], id: UUID) -> wire.QuestionView:
    view = await call.parts.views.question(id)
    if view is None:
        raise NotHere
    return view


# --- teachers ------------------------------------------------------------------------------------------------------


async def teacher_state(call: Call[None]) -> wire.TeacherState:
    position = await call.parts.position(person_channel(call.person.id))
    return wire.TeacherState(
        duty=await call.parts.views.duty(call.person.id),
        earnings=await call.parts.views.earnings(call.person.id),
        epoch=position.epoch,
        offset=position.offset,
    )


async def go_on_duty(call: Call[wire.GoOnDuty]) -> wire.DutyView:
    async with call.parts.store.work() as work:
        await answer.go_on_duty(work, call.parts.rules, call.person, call.body.presence, await work.now())
    return await call.parts.views.duty(call.person.id)


async def accept(call: Call[None]) -> wire.SessionView:
    async with call.parts.store.work() as work:
        session = await answer.accept(work, call.person, call.id(), await work.now())
    return await _session(call, session, "teacher")


async def decline(call: Call[None]) -> wire.DutyView:
    async with call.parts.store.work() as work:
        await answer.decline(work, call.parts.rules, call.person, call.id(), await work.now())
    return await call.parts.views.duty(call.person.id)


async def earnings(call: Call[None]) -> wire.EarningsView:
    return await call.parts.views.earnings(PersonId(call.person.id))


# --- sessions and answers ------------------------------------------------------------------------------------------


async def show_session(call: Call[None]) -> wire.SessionSnapshot:
    side = await call.parts.views.side_in_session(call.person.id, call.id())
    if side is None:
        raise NotHere
    position = await call.parts.position(session_channel(call.id()))
    board, log, media = await call.parts.views.board(call.id())
    return wire.SessionSnapshot(
        session=await _session(call, call.id(), side),
        board=board,
        log=log,
        media=media,
        epoch=position.epoch,
        offset=position.offset,
    )


async def finish(call: Call[wire.Finish]) -> wire.AnswerView:
    async with call.parts.store.work() as work:
        id = await answer.finish(
            work,
            call.parts.rules,
            call.person,
            call.id(),
            call.body.assignment_epoch,
            call.body.recordings,
            await work.now(),
        )
    view = await call.parts.views.answer(id)
    assert view is not None
    return view


async def hand_back(call: Call[wire.HandBack]) -> wire.DutyView:
    async with call.parts.store.work() as work:
        await answer.hand_back(
            work, call.parts.rules, call.person, call.id(), call.body.assignment_epoch, await work.now()
        )
    return await call.parts.views.duty(call.person.id)


async def show_answer(call: Call[None]) -> wire.AnswerView:
    if not await call.parts.views.may_watch(call.person.id, call.id()):
        raise NotHere
    view = await call.parts.views.answer(call.id())
    if view is None:
        raise NotHere
    return view


async def _session(call: Call[Any], id: UUID, side: str) -> wire.SessionView:
    view = await call.parts.views.session(id, side)
    if view is None:
        raise NotHere
    return view
