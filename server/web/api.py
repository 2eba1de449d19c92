"""What each door of the service does: read the call, let an action do it, answer with the view."""

import asyncio
import hmac
import time
from base64 import b64encode
from typing import Any
from uuid import UUID

from matcher.calibrate import Calibration, Label
from matcher.calibrate import reliability as bins_of
from server.actions import answer, ask, judge, upload
from server.actions.errors import NotHere
from server.domain.people import PersonId, Role, Subject
from server.live import protocol as wire
from server.matching import calibration_in_force
from server.observe import asked
from server.store.views import just_asked
from server.store.work import gallery_channel, person_channel, session_channel
from server.web.door import Call, Reply

FEWEST_TOLD = 5  # a smaller group is not told of
TURN_LASTS_S = 4 * 3600

# --- uploads -------------------------------------------------------------------------------------------------------


async def start_upload(call: Call[wire.StartUpload]) -> Reply:
    body = call.body
    id = await upload.start(call.parts.store, call.person, body.kind, body.content_type, body.session_id, body.ago_ms)
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
    asking, views = ask.Asking(call.person.id, wanted, call.key), call.parts.views
    if wanted.media:
        async with call.parts.store.work(often=True) as work:
            done = await ask.ask(work, asking, work.began)
            reading = asyncio.create_task(views.question(done.question.id))  # what is told of it just now, is this one
    else:
        done = await call.parts.asking.join(None, asking)
    if done.is_new:
        asked()
        if not wanted.media:
            call.parts.texts.soon(done.question.id)
    view: wire.QuestionView | None
    if wanted.media:
        view = await reading
    elif done.is_new:
        view = just_asked(done.question)
    else:
        view = await views.question(done.question.id)
    assert view is not None
    return Reply(view, status=201 if done.is_new else 200)


async def student_state(call: Call[None]) -> wire.StudentState:
    """The position first, then the questions: what happens between the two is told again and does no harm."""
    position = await call.parts.position(person_channel(call.person.id))
    questions, earlier = await call.parts.views.questions_of(call.person.id, call.asked_id("before"))
    return wire.StudentState(questions=questions, epoch=position.epoch, offset=position.offset, earlier=earlier)


async def show_question(call: Call[None]) -> wire.QuestionView:
    if await call.parts.views.owner_of_question(call.id()) != call.person.id:
        raise NotHere
    return await _question(call, call.id())


async def correct(call: Call[wire.Correct]) -> wire.QuestionView:
    parts = call.parts
    async with parts.store.work() as work:
        again = await ask.correct(
            work, parts.finder, parts.rules, call.person, call.id(), call.body.text, work.began
        )
    return await _settled_again(call, again)


async def choose(call: Call[wire.Choose]) -> wire.QuestionView:
    parts = call.parts
    async with parts.store.work() as work:
        again = await ask.choose(
            work, parts.finder, parts.rules, call.person, call.id(), call.body.number, work.began
        )
    return await _settled_again(call, again)


async def _settled_again(call: Call[Any], again: bool) -> wire.QuestionView:
    if again:
        call.parts.texts.soon(call.id())
    return await _question(call, call.id())


async def solved(call: Call[None]) -> wire.QuestionView:
    async with call.parts.store.work() as work:
        await ask.solved(work, call.person, call.id(), work.began)
    return await _question(call, call.id())


async def back_to_queue(call: Call[wire.BackToQueue]) -> wire.QuestionView:
    async with call.parts.store.work() as work:
        await ask.back_to_queue(work, call.parts.rules, call.person, call.id(), call.body.why, work.began)
    return await _question(call, call.id())


async def reopen(call: Call[None]) -> wire.QuestionView:
    async with call.parts.store.work() as work:
        await ask.back_to_queue(work, call.parts.rules, call.person, call.id(), "still_stuck", work.began)
    return await _question(call, call.id())


async def withdraw(call: Call[None]) -> wire.QuestionView:
    async with call.parts.store.work() as work:
        await ask.withdraw(work, call.parts.finder, call.parts.rules, call.person, call.id(), work.began)
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
        await answer.go_on_duty(work, call.parts.rules, call.person, call.body.presence, work.began)
    return await call.parts.views.duty(call.person.id)


async def accept(call: Call[None]) -> wire.SessionView:
    async with call.parts.store.work() as work:
        session = await answer.accept(work, call.person, call.id(), work.began)
    return await _session(call, session, "teacher")


async def decline(call: Call[None]) -> wire.DutyView:
    async with call.parts.store.work() as work:
        await answer.decline(work, call.parts.rules, call.person, call.id(), work.began)
    return await call.parts.views.duty(call.person.id)


async def pairs(call: Call[Any]) -> wire.Pairs:
    return wire.Pairs(pairs=await call.parts.views.pairs(call.person.id))


async def judge_pair(call: Call[wire.Judge]) -> wire.Pairs:
    parts, body = call.parts, call.body
    async with parts.store.work() as work:
        await judge.judge(
            work, parts.finder, parts.rules, call.person, call.id(), body.known_id, body.same, work.began
        )
    return await pairs(call)


async def earnings(call: Call[None]) -> wire.EarningsView:
    return await call.parts.views.earnings(PersonId(call.person.id))


# --- research ------------------------------------------------------------------------------------------------------


async def reliability(call: Call[None]) -> wire.Reliability:
    parts = call.parts
    async with parts.store.work() as work:
        labels = await judge.said(work)
        number, since = await work.calibration_in_force()
        calibration = await calibration_in_force(work)
    return wire.Reliability(
        calibration=number,
        since=since,
        subjects=[_reliability(subject, own, calibration) for subject, own in judge.by_subject(labels).items()],
    )


def _reliability(subject: str, labels: list[Label], calibration: Calibration) -> wire.SubjectReliability:
    pushed = [label for label in labels if label.pushed]
    bins = [
        wire.Bin(low=low, high=high, count=count, mean=round(mean, 3), share=round(share, 3))
        for low, high, count, mean, share in bins_of(labels, calibration)
        if count >= FEWEST_TOLD
    ]
    return wire.SubjectReliability(
        subject=Subject(subject),
        labels=len(labels),
        bar=calibration.bar(subject),
        precision=sum(label.same for label in pushed) / len(pushed) if len(pushed) >= FEWEST_TOLD else None,
        bins=bins,
    )


# --- sessions and answers ------------------------------------------------------------------------------------------


async def show_session(call: Call[None]) -> wire.SessionSnapshot:
    side = await call.parts.views.side_in_session(call.person.id, call.id())
    if side is None:
        raise NotHere
    watches, views = side == "follower", call.parts.views
    position = await call.parts.position((gallery_channel if watches else session_channel)(call.id()))
    board, log, media = await (views.board_watched if watches else views.board)(call.id())
    return wire.SessionSnapshot(
        session=await _session(call, call.id(), side),
        board=board,
        log=log,
        media=media,
        epoch=position.epoch,
        offset=position.offset,
    )


async def ice(call: Call[None]) -> wire.IceView:
    settings = call.parts.settings
    urls = [url.strip() for url in settings.turn_urls.split(",") if url.strip()]
    open_to_all = [url for url in urls if url.startswith("stun")]
    locked = [url for url in urls if not url.startswith("stun")]
    servers = [wire.IceServer(urls=open_to_all)] if open_to_all else []
    if locked:
        username, credential = turn_password(settings.turn_secret, str(call.person.id), time.time() + TURN_LASTS_S)
        servers.append(wire.IceServer(urls=locked, username=username, credential=credential))
    return wire.IceView(servers=servers)


def turn_password(secret: str, who: str, until: float) -> tuple[str, str]:
    """A name and password that a TURN server with the same secret takes until then (coturn's `use-auth-secret`, after
    draft-uberti-behave-turn-rest-00)."""
    username = f"{round(until)}:{who}"
    return username, b64encode(hmac.digest(secret.encode(), username.encode(), "sha1")).decode()


async def hand_back(call: Call[wire.HandBack]) -> wire.DutyView:
    async with call.parts.store.work() as work:
        await answer.hand_back(
            work, call.parts.rules, call.person, call.id(), call.body.assignment_epoch, work.began
        )
    return await call.parts.views.duty(call.person.id)


async def pause(call: Call[wire.Pause]) -> wire.SessionView:
    async with call.parts.store.work() as work:
        await answer.pause(work, call.person, call.id(), call.body.on, work.began)
    return await _session(call, call.id(), "teacher")


async def still_here(call: Call[None]) -> None:
    async with call.parts.store.work() as work:
        await answer.still_here(work, call.person, call.id())


async def breathe(call: Call[wire.Breathe]) -> wire.DutyView:
    async with call.parts.store.work() as work:
        await answer.breathe(work, call.person, call.body.breath_s)
    return await call.parts.views.duty(call.person.id)


async def _answer(call: Call[Any]) -> wire.AnswerView:
    view = await call.parts.views.answer(call.id())
    assert view is not None
    return view


async def rate(call: Call[wire.Rate]) -> wire.AnswerView:
    async with call.parts.store.work() as work:
        await answer.rate(work, call.person, call.id(), call.body.stars, work.began)
    return await _answer(call)


async def show_answer(call: Call[None]) -> wire.AnswerView:
    await _may_watch(call)
    view = await call.parts.views.answer(call.id(), call.person.id)
    if view is None:
        raise NotHere
    return view


async def show_replay(call: Call[None]) -> wire.ReplayView:
    await _may_watch(call)
    view = await call.parts.views.replay(call.id(), call.person.id)
    if view is None:
        raise NotHere
    return view


async def _may_watch(call: Call[None]) -> None:
    """A reviewer may watch what others must not yet; that a child's answer was watched so is written down."""
    views, person = call.parts.views, call.person
    if await views.may_watch(person.id, call.id()):
        return
    if not person.is_a(Role.REVIEWER) or not await views.may_watch(person.id, call.id(), reviews=True):
        raise NotHere
    child = await views.pupil_of_answer(call.id())
    if child is not None:
        async with call.parts.store.work() as work:
            await work.note_reads(person.id, "review", child, thing=call.id())
            await work.commit()


async def _session(call: Call[Any], id: UUID, side: str) -> wire.SessionView:
    view = await call.parts.views.session(id, side)
    if view is None:
        raise NotHere
    return view
