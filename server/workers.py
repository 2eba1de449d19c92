"""Jobs behind a request, kept in PostgreSQL by procrastinate: read a question, render an answer. All safe to repeat."""

import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from sqlalchemy.exc import InterfaceError, OperationalError

from media.captions import Caption, webvtt
from media.render import Kept, News, Progress, RenderJob, Spoken, render
from media.storage import StorageUnavailable
from media.voices import Voice, stretches
from server.actions import answer, answer_captions, bank, facts, lecture_room, projects, reports
from server.actions.consent import forget_voice
from server.actions.edition import mask_of
from server.actions.effect import compare
from server.actions.floor import forget_floors
from server.actions.invite import invite
from server.actions.judge import watch_precision
from server.actions.lecture_air import sweep_lectures
from server.actions.subsidy import seal
from server.actions.upkeep import forget_superseded, tidy, upkeep
from server.actions.upload import MAX_BYTES, salvage
from server.bank import index_words
from server.domain import edition
from server.domain.board import Operation
from server.domain.consent import voice_is_kept
from server.domain.edition import FOREVER, ends_at
from server.domain.figure import shown
from server.export_files import TooManyRows
from server.filming import MAX_PARTS, PIECES, Reel, captioned, film_lecture, give_up_film, hear_lecture, read_lecture
from server.labelling import Labeller, train_at_night
from server.live.bus import BusDown
from server.matching import calibration_in_force
from server.parts import Backstage
from server.pipeline import HearingProcess, hear_question, read_question
from server.settings import SettingsError
from server.store.lines import NETWORK, Record
from server.store.work import Work
from server.topics import group_at_night

log = logging.getLogger(__name__)

TRIES = 3  # then a job is parked, to be seen in procrastinate_jobs with status "failed"
MAX_IMAGE = 20 * 1024 * 1024
TELL_EVERY_S = 2.0  # how far a film is made
PIECE_MS = 15_000  # that is heard at once
STOP_GRACE_S = 8.0  # for a running job when its worker is to stop: less than anybody's patience who stops workers
DATABASE_REST_S = 1.0  # before a worker whose database went away looks for it again
KEEP_JOBS_H = 72
UPKEEP_EVERY_S = 1.0
REFUSED_WITHIN_S = 15.0  # a speech model of some hundred megabytes is loaded by then
WATCH_EVERY_S = 60.0
TIDY_EVERY_S = 3600.0
COUNT_EVERY_S = 60.0  # what research counts follows what happened
LABEL_EVERY_S = 2.0
NIGHT_EVERY_S = 600.0  # whether last night's work is still to be done
FORGET_EVERY_S = 60.0  # what was withdrawn is gone within the hour


AWAY = (StorageUnavailable, OperationalError, InterfaceError, BusDown)  # it isn't the job's fault, and will pass
LONGEST_REST_S = 60


class Retry(BaseRetryStrategy):
    """Again after 2 s, then after 4 s, then no more; but as long as a server is away, however long that is. A job whose
    worker is being stopped is for another, at once."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision()
        if _was_last_try(job) and not isinstance(exception, AWAY):
            return None
        return RetryDecision(retry_in={"seconds": min(2 ** (job.attempts + 1), LONGEST_REST_S)})


def _was_last_try(job: Job) -> bool:
    return job.attempts + 1 >= TRIES


def jobs(parts: Backstage, conninfo: str) -> App:
    """The app of this worker. A job's arguments are ids: what it needs it reads afresh."""
    app = App(connector=PsycopgConnector(conninfo=conninfo, kwargs=NETWORK))
    retry = Retry()

    @app.task(name="read_question", queue="read", retry=retry)
    async def read(question_id: str) -> None:
        await read_question(
            parts.store, parts.storage, parts.finder, parts.rules, parts.reader, parts.hearer, UUID(question_id)
        )

    @app.task(name="hear_question", queue="hear", retry=retry)
    async def hear(question_id: str) -> None:
        await hear_question(parts.store, parts.storage, parts.finder, parts.rules, parts.hearer, UUID(question_id))

    @app.task(name="render_answer", queue="render", retry=retry, pass_context=True)
    async def make_video(context: JobContext, answer_id: str) -> None:
        try:
            await render_answer(parts, UUID(answer_id))
        except Exception as error:
            if _was_last_try(context.job) and not isinstance(error, AWAY):
                await give_up_video(parts, UUID(answer_id))
            raise

    @app.task(name="hear_answer", queue="hear", retry=retry)
    async def hear_more(answer_id: str) -> None:
        await hear_answer(parts, UUID(answer_id))

    @app.task(name="film_lecture", queue="film", retry=retry, pass_context=True)
    async def make_film(context: JobContext, lecture_id: str) -> None:
        try:
            await film_lecture(parts, UUID(lecture_id))
        except Exception as error:
            if _was_last_try(context.job) and not isinstance(error, AWAY):
                await give_up_film(parts, UUID(lecture_id))
            raise

    @app.task(name="read_lecture", queue="film", retry=retry)
    async def read_pages(lecture_id: str) -> None:
        await read_lecture(parts, UUID(lecture_id))

    @app.task(name="hear_lecture", queue="hear", retry=retry)
    async def hear_some(lecture_id: str) -> None:
        await hear_lecture(parts, UUID(lecture_id))

    @app.task(name="forget_voice", queue="read", retry=retry)
    async def forget(child_id: str) -> None:
        await forget_voice(parts.store, parts.storage, UUID(child_id))

    @app.task(name="forget_floors", queue="film", retry=retry)
    async def forget_some(lecture_id: str) -> None:
        await forget_floors(parts.store, parts.storage, UUID(lecture_id))

    @app.task(name="make_export", queue="read", retry=retry, pass_context=True)
    async def make_export(context: JobContext, export_id: str) -> None:
        try:
            await projects.make(parts.store, parts.storage, parts.settings.signing_secret(), UUID(export_id))
        except Exception as error:
            if isinstance(error, TooManyRows) or (_was_last_try(context.job) and not isinstance(error, AWAY)):
                await projects.give_up(parts.store, UUID(export_id))
            raise

    @app.task(name="read_to_search", queue="read", retry=retry)
    async def read_to_search(photo_id: str) -> None:
        await bank.read(parts.store, parts.storage, parts.reader, UUID(photo_id))

    @app.task(name="snapshot_board", queue="read", retry=retry)
    async def keep_board(session_id: str) -> None:
        async with parts.store.work() as work:
            await answer.snapshot_board(work, UUID(session_id))

    @app.task(name="snapshot_lecture", queue="read", retry=retry)
    async def keep_lecture(lecture_id: str) -> None:
        async with parts.store.work() as work:
            await lecture_room.snapshot_board(work, UUID(lecture_id))

    @app.periodic(cron="* * * * *")
    @app.task(name="retry_stalled", queueing_lock="retry_stalled", pass_context=True)
    async def retry_stalled(context: JobContext, timestamp: int) -> None:
        """Jobs whose worker was killed begin again; their effects are fenced by the state they find. One that took a
        worker with it at each try is parked."""
        for job in await app.job_manager.get_stalled_jobs():
            try:
                if job.task_name == "retry_stalled":  # every minute brings another
                    await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
                elif _was_last_try(job):
                    log.error("a job is given up: its worker died at each try", extra={"job": job.id})
                    if job.task_name == "render_answer":
                        await give_up_video(parts, UUID(str(job.task_kwargs["answer_id"])))
                    elif job.task_name == "film_lecture":
                        await give_up_film(parts, UUID(str(job.task_kwargs["lecture_id"])))
                    await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
                else:
                    await app.job_manager.retry_job(job)
            except ConnectorException:
                log.warning("a stalled job was taken up by somebody else", extra={"job": job.id})

    @app.periodic(cron="23 * * * *")
    @app.task(name="forget_jobs", queueing_lock="forget_jobs", pass_context=True)
    async def forget_jobs(context: JobContext, timestamp: int) -> None:
        """Those that are done; the parked ones stay to be looked into."""
        await app.job_manager.delete_old_jobs(nb_hours=KEEP_JOBS_H)

    return app


async def render_answer(parts: Backstage, id: UUID) -> None:
    """The board's log, the photos and the voice of an answer become its video; nothing happens twice."""
    async with parts.store.work() as work:
        found = await work.answer(id)
        if found is None or not answer.is_to_be_rendered(found, found.edition):
            return
        session = await work.live_session(found.taken_session_id or found.session_id)
        assert session is not None
        lost = [voice.id for voice, _ in await work.voices_of(session.id) if voice.state == "arriving"]
    for recording in lost:
        await salvage(parts.store, parts.storage, recording)
    cuts = [(start, end) for start, end in found.cuts]
    masks = [mask_of(mask) for mask in found.masks]
    async with parts.store.work() as work:
        log_ = await work.log(session.id)
        photos = [] if found.question_id is None else await work.media_of_question(found.question_id)
        voices = await _to_be_heard(work, session, ends_at(cuts))
    with tempfile.TemporaryDirectory(prefix="dayi-render-") as folder:
        place = Path(folder)
        job = RenderJob(
            log=[_line(op) for op in edition.shown(log_, cuts, masks)],
            images=await _images(parts, photos, place),
            voices=await _voices(parts, voices, place),
            cuts=[(start, end) for start, end in cuts if end < FOREVER],
            pictures=[asdict(picture) for picture in edition.pictures(log_, cuts, masks)],
            codec=parts.settings.video_codec,
        )
        out = place / "out"
        out.mkdir()
        place_of = _place(id, found.edition)
        keeper = _Keeper(parts, found, place_of, f"answers/{id}/parts/{job.digest()}/")
        await keeper.fetch(out)
        made = await render(job, out, keeper.hears)
        film = answer.Film(
            f"{place_of}/video{made.video.suffix}",
            f"{place_of}/poster.jpg",
            made.duration_ms,
            keeper.voice_key,
            made.start_ms,
            found.cuts,
            f"{place_of}/captions.vtt" if made.captions else None,
            found.masks,
            found.taken_session_id,
            {page: f"{place_of}/{picture.name}" for page, picture in made.pages.items()},
            any(recording.owner_id != session.teacher_id for recording, _ in voices),
        )
        await parts.storage.put(film.video_key, made.video, made.content_type)
        await parts.storage.put(film.poster_key, made.poster, "image/jpeg")
        for page, picture in made.pages.items():
            await parts.storage.put((film.pages or {})[page], picture, "image/jpeg")
        if made.captions and film.captions_key:
            await parts.storage.put(film.captions_key, made.captions, "text/vtt")
    await parts.finder.ready()  # a worker that has just started: what is made is published when the matcher is here
    async with parts.store.work() as work:
        now, hears = work.began, parts.hearer.is_on
        await answer.publish(work, parts.finder, id, found.edition, film, now, hears=hears)
    await keeper.forget()


class _Keeper:
    """Keeps what a rendering has made so far, for a worker that takes it up after this one died, and tells of it."""

    def __init__(self, parts: Backstage, answer_: Record, place: str, prefix: str) -> None:
        self._parts, self._answer, self._place, self._reel = parts, answer_, place, Reel(parts.storage, prefix)
        self.voice_key: str | None = None
        self._told = 0.0

    async def fetch(self, out: Path) -> None:
        await self._reel.fetch(out)

    async def hears(self, news: News) -> None:
        match news:
            case Spoken(file, content_type, start_ms, duration_ms):
                self.voice_key = f"{self._place}/{file.name}"
                await self._parts.storage.put(self.voice_key, file, content_type)
                if self._answer.edition == 1:  # a later edition is watched when it is whole
                    await self._tell(voice_key=self.voice_key, start_ms=start_ms, duration_ms=duration_ms)
            case Kept(file):
                await self._reel.keep(file)
            case Progress(done) if time.monotonic() - self._told >= TELL_EVERY_S:
                await self._tell(progress=round(100 * done))

    async def _tell(self, **made: Any) -> None:
        self._told = time.monotonic()
        async with self._parts.store.work() as work:
            await answer.make_headway(work, self._answer.id, self._answer.edition, **made)

    async def forget(self) -> None:
        for stat in await self._parts.storage.list(f"answers/{self._answer.id}/parts/", MAX_PARTS):
            await self._parts.storage.delete(stat.key)


async def give_up_video(parts: Backstage, id: UUID) -> None:
    async with parts.store.work() as work:
        await answer.render_failed(work, parts.finder, parts.rules, id, work.began)


async def hear_answer(parts: Backstage, id: UUID) -> None:
    """A minute of what an answer says; then the next one waits for its turn behind pupils' voice notes."""
    async with parts.store.looking() as work:
        edition = await work.unheard(id)
    if edition is None:
        return
    with tempfile.TemporaryDirectory(prefix="dayi-hear-") as folder:
        voice = Path(folder) / "voice"
        await parts.storage.download(edition.voice_key, voice, MAX_BYTES["recording"])
        some = await asyncio.to_thread(stretches, voice, edition.heard_ms, PIECE_MS, PIECES)
    cues = [Caption(*cue) for cue in edition.cues]
    for piece in some:
        cues += await captioned(parts, piece.data, piece.start_ms, piece.end_ms)
    if len(some) == PIECES:
        async with parts.store.work() as work:
            await answer_captions.heard(work, id, edition.number, cues, some[-1].start_ms + PIECE_MS)
        return
    key = f"{_place(id, edition.number)}/captions.vtt" if cues else None
    if key:
        await parts.storage.put(key, webvtt(cues).encode(), "text/vtt")
    async with parts.store.work() as work:
        is_watched = await answer_captions.written(work, id, edition.number, key)
    if key and not is_watched:
        await parts.storage.delete(key)


def _place(answer_: UUID, edition: int) -> str:
    return f"answers/{answer_}" if edition == 1 else f"answers/{answer_}/{edition}"


def _line(op: Operation) -> Mapping[str, Any]:
    return {**shown(op.body), "kind": op.kind, "at_ms": op.at_ms, "seq": op.seq, "author": op.author}


async def _images(parts: Backstage, photos: list[Record], place: Path) -> dict[str, Path]:
    images: dict[str, Path] = {}
    for photo in photos:
        if photo.kind == "photo" and photo.key:
            path = place / f"{photo.id}.jpg"
            await parts.storage.download(photo.key, path, MAX_IMAGE)
            images[str(photo.id)] = path
    return images


async def _to_be_heard(work: Work, session: Record, end: int | None) -> list[tuple[Record, int]]:
    """Recordings, each with the moment until which it counts; a pupil's with the guardian's word alone."""
    child = session.student_id
    kept = child is not None and voice_is_kept(await work.consents_of(child))
    return [
        (recording, until if end is None else min(until, end))
        for recording, until in await work.voices_of(session.id)
        if recording.state == "ready" and (recording.owner_id == session.teacher_id or kept)
    ]


async def _voices(parts: Backstage, recordings: list[tuple[Record, int]], place: Path) -> list[Voice]:
    voices = []
    for recording, until in recordings:
        path = place / f"{recording.id}.voice"
        await parts.storage.download(recording.key, path, MAX_BYTES["recording"])
        voices.append(Voice(path, recording.start_ms, until))
    return voices


async def work(parts: Backstage, conninfo: str) -> None:
    """Runs until cancelled: jobs, the clock's work, and events whose sender died. Raises SettingsError for a speech
    model that can't be used."""
    app = jobs(parts, conninfo)
    async with app.open_async(), _listening(parts.hearer), asyncio.TaskGroup() as together:
        together.create_task(parts.reader.warm(), name="warm")
        together.create_task(parts.texts.take(), name="texts")
        together.create_task(_every(UPKEEP_EVERY_S, lambda: upkeep(parts.store, parts.finder, parts.rules)))
        together.create_task(_every(UPKEEP_EVERY_S, lambda: _sweep(parts)))
        together.create_task(_every(WATCH_EVERY_S, lambda: watch_matches(parts)))
        together.create_task(_every(UPKEEP_EVERY_S, lambda: embed_anew(parts)))
        together.create_task(_every(TIDY_EVERY_S, lambda: tidy(parts.store, parts.storage)))
        together.create_task(_every(TIDY_EVERY_S, lambda: seal(parts.store)))
        together.create_task(_every(TIDY_EVERY_S, lambda: projects.expire(parts.store, parts.storage)))
        together.create_task(_every(TIDY_EVERY_S, lambda: bank.forget_photos(parts.store)))
        kept = timedelta(days=parts.settings.lecture_days)
        together.create_task(_every(TIDY_EVERY_S, lambda: sweep_lectures(parts.store, parts.storage, kept)))
        together.create_task(_every(COUNT_EVERY_S, lambda: count(parts)))
        together.create_task(_every(COUNT_EVERY_S, lambda: invite(parts.store)))
        together.create_task(_every(LABEL_EVERY_S, Labeller(parts.store).label))
        together.create_task(_every(NIGHT_EVERY_S, lambda: at_night(parts)))
        rest = timedelta(seconds=parts.settings.signed_url_s)
        together.create_task(_every(FORGET_EVERY_S, lambda: forget_superseded(parts.store, parts.storage, rest)))
        together.create_task(_serve(app, "read", ["read", "default"], concurrency=2))
        together.create_task(_serve(app, "render", ["render"], concurrency=1))
        together.create_task(_serve(app, "film", ["film"], concurrency=1))  # no answer waits for a lecture's film
        if parts.hearer.is_on:
            together.create_task(_serve(app, "hear", ["hear"], concurrency=1))


@asynccontextmanager
async def _listening(hearer: HearingProcess) -> AsyncIterator[None]:
    """The speech model loads. One that can't be used is refused before any job is taken up; nothing waits longer for
    one that is slow, and what is wrong with it is then in the log."""
    loading = asyncio.create_task(hearer.warm(), name="speech")
    await asyncio.wait([loading], timeout=REFUSED_WITHIN_S)
    if loading.done() and (refused := loading.result()):
        raise SettingsError(f"DAYI_SPEECH_MODEL: {refused}")
    try:
        yield
    finally:
        loading.cancel()


async def watch_matches(parts: Backstage) -> None:
    """Matches that are wrong too often make their subject's bar higher, and ring."""
    async with parts.store.work() as work:
        await watch_precision(work, await calibration_in_force(work))


async def count(parts: Backstage) -> None:
    """Facts of questions, after the night what is told of the weeks and by what it is found, and weekly reports."""
    await facts.follow(parts.store)
    await facts.tell(parts.store)
    await index_words(parts.store)
    await reports.archive(parts.store)


async def at_night(parts: Backstage) -> None:
    """One after the other: each fills a core, and what was taught is compared by topics as they are grouped."""
    await train_at_night(parts.store)
    if await group_at_night(parts.store):
        await compare(parts.store)


async def embed_anew(parts: Backstage) -> None:
    """As long as there is something to do; beside other workers that do the same."""
    while await parts.finder.refill(parts.store):
        pass


async def _serve(app: App, name: str, queues: list[str], concurrency: int) -> None:
    """Runs jobs until cancelled. A worker ends when its database goes away: by an error, or quietly when a task beside
    it noticed first. Here it begins anew until the database is back."""
    while True:
        try:
            await app.run_worker_async(
                queues=queues,
                concurrency=concurrency,
                install_signal_handlers=False,
                name=name,
                fetch_job_polling_interval=2,
                shutdown_graceful_timeout=STOP_GRACE_S,
            )
        except Exception as error:
            log.warning("jobs rest: the database does not answer", extra={"queues": queues, "why": repr(error)})
        await asyncio.sleep(DATABASE_REST_S)


async def _sweep(parts: Backstage) -> None:
    try:
        await parts.relay.sweep()
    except BusDown:
        return  # the events stay in the outbox


async def _every(seconds: float, do: Any) -> None:
    while True:
        try:
            await do()
        except Exception:
            log.exception("a regular task failed")
        await asyncio.sleep(seconds)
