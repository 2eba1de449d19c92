"""Where the parts meet: settings, database, Redis, files and matcher become the web application or a worker."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, WebSocketRoute

from matcher.embed import Embedder, ModelRefused
from matcher.match import Matcher
from media.storage import FolderFiles, FolderStorage, S3Storage, StorageUnavailable, open_storage
from server import observe
from server.actions import pulse
from server.actions.errors import Refusal
from server.actions.lecture_room import Line, say, vote
from server.actions.ports import Rules
from server.actions.teach import Place, enrol
from server.air import Studio
from server.asking import asking
from server.desk import ServiceDesk
from server.edges import Edges
from server.grants import Grants
from server.listeners import Listeners
from server.live.bus import Bus
from server.live.connection import Gate
from server.live.hub import Hub
from server.live.protocol import HandPlace, LineView
from server.matching import MatcherFinder
from server.parts import Backstage, Parts
from server.pipeline import HearingProcess, ReadingProcess
from server.relay import Relay
from server.settings import Settings, SettingsError
from server.store import sign_ins
from server.store.rooms import RoomBook
from server.store.sign_ins import SignInRecord
from server.store.views import Views
from server.store.work import Store, open_engine
from server.texts import Texts
from server.together import Together
from server.web import door, openapi, pages
from server.web.lectures import enter
from server.web.limits import Limits
from server.web.routes import DOORS

log = logging.getLogger(__name__)

RENEW_EVERY_S = 10.0  # at the most: three times within the shortest lease
RENEWED_AT_ONCE = 100  # people: a teacher who is being renewed is passed over by a question, so it takes 2 ms, not 100
ATTENDANCE_EVERY_S = 15.0  # three times within the gap that is no absence
STORE_PATIENCE_S = 3.0  # that a start waits for the object store
STORE_REST_S = 5.0
LINES_AT_ONCE = 32  # of a room, written in one transaction, behind which her ink waits
ROOM_PACE_S = 0.1  # between two events that tell a whole room of what a crowd in it did
STAFF_PACE_S = 0.5  # and its lecturer
FILES = "/files"


def backstage(settings: Settings) -> Backstage:
    """The parts that every process has, not yet started. Raises SettingsError for a model that can't be used."""
    assert settings.database_url, "the database's address"
    assert settings.redis_url, "Redis' address"
    store = Store(open_engine(settings.database_url), often=open_engine(settings.database_url, often=True))
    storage = open_storage(
        settings.object_store_url, secret=settings.signing_secret(), data_dir=settings.data_dir, base_url=FILES
    )
    views = Views(
        store,
        lambda key, filename: storage.sign_get(key, settings.signed_url_s, filename),
        timedelta(minutes=settings.session_minutes),
        settings.session_reminder,
        settings.reviewed == "all",
    )
    bus = Bus(settings.redis_url)
    relay = Relay(store, views, bus)
    store.sent = relay.soon
    rules = Rules(
        offer_lasts=timedelta(seconds=settings.offer_lasts_s),
        pipeline_budget=timedelta(seconds=settings.pipeline_budget_s),
        gone_after=timedelta(seconds=settings.gone_after_s),
        lease=timedelta(seconds=settings.lease_s),
        session_lasts=timedelta(minutes=settings.session_minutes),
        review=settings.reviewed,
    )
    finder = _finder(settings)
    patience = timedelta(seconds=settings.pipeline_budget_s * 0.8)  # for one file
    return Backstage(
        settings=settings,
        rules=rules,
        store=store,
        storage=storage,
        views=views,
        finder=finder,
        bus=bus,
        relay=relay,
        reader=ReadingProcess(patience),
        hearer=HearingProcess(settings.speech_model, patience),
        texts=Texts(store, finder, rules, bus),
    )


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[Backstage]:
    """A worker's parts while it runs."""
    parts = backstage(settings)
    try:
        async with _prepared(parts.storage):
            yield parts
    finally:
        await parts.relay.flush()
        await parts.reader.stop()
        await parts.hearer.stop()
        await parts.bus.stop()
        await parts.store.close()


@asynccontextmanager
async def _prepared(storage: FolderStorage | S3Storage) -> AsyncIterator[None]:
    """The store has its folder or bucket; one that is away gets it when it is back, and costs only its own feature."""

    async def prepare() -> None:
        while True:
            try:
                return await storage.prepare()
            except StorageUnavailable as error:
                log.warning("the object store is away", extra={"why": repr(error)})
                await asyncio.sleep(STORE_REST_S)

    preparing = asyncio.create_task(prepare(), name="object store")
    await asyncio.wait([preparing], timeout=STORE_PATIENCE_S)
    try:
        yield
    finally:
        preparing.cancel()
        await asyncio.wait([preparing])


def create_app(settings: Settings, *, dist: Path = pages.DIST) -> Starlette:
    """The web application: every door, the socket, the files of the folder store, the built pages."""
    behind = backstage(settings)
    renewals: set[UUID] = set()
    hub = Hub(behind.bus, on_person_online=renewals.add)
    parts = Parts(
        **{name: getattr(behind, name) for name in behind.__dataclass_fields__},
        hub=hub,
        limits=Limits(settings.redis_url, settings.signing_secret()),
        asking=asking(behind.store),
        recognizing=_recognizing(behind.store),
        enrolling=_enrolling(behind.store),
        voting=_voting(behind.store),
        saying=_saying(behind.store),
        entering=Together(partial(enter, behind)),
        grants=Grants(settings.signing_secret()),
        edges=Edges(behind.bus, behind.storage),
        listeners=Listeners(behind.views),
        polling=_polling(behind.store),
        raising=_raising(behind.store),
        losing=_losing(behind.store),
    )
    studio = Studio(parts.store, parts.storage, parts.bus, hub)
    gate = Gate(hub, ServiceDesk(parts.store, parts.views, studio), [settings.origin] if settings.public_url else ())

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        hub.start()
        tasks = [
            asyncio.create_task(_renew_leases(parts, renewals), name="leases"),
            asyncio.create_task(_note_attendance(parts), name="attendance"),
            asyncio.create_task(observe.loop_lag(), name="loop lag"),
            asyncio.create_task(parts.texts.watch(), name="texts"),
            asyncio.create_task(studio.watch(), name="takes"),
        ]
        try:
            async with _prepared(parts.storage):
                yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await studio.stop()
            await parts.asking.flush()
            await parts.texts.flush()
            await parts.enrolling.flush()
            await asyncio.gather(parts.voting.flush(), parts.saying.flush())
            await parts.entering.flush()
            await asyncio.gather(parts.polling.flush(), parts.raising.flush(), parts.losing.flush())
            await parts.relay.flush()
            await hub.stop()
            await parts.limits.close()
            await parts.store.close()

    csp = door.content_policy(
        _store_origin(parts.storage), pages.script_hashes(dist), sockets=settings.origin.replace("http", "ws", 1)
    )
    app = Starlette(
        routes=[
            door.Doors(DOORS, parts),
            openapi.route(DOORS),
            WebSocketRoute("/ws", gate),
            *([Mount(FILES, FolderFiles(parts.storage))] if isinstance(parts.storage, FolderStorage) else []),
            *pages.page_routes(dist),
        ],
        middleware=[Middleware(door.SafeHeaders, csp=csp, secure=settings.secure)],
        exception_handlers={HTTPException: pages.http_errors(dist)},
        lifespan=lifespan,
    )
    app.state.parts = parts
    return app


def _recognizing(store: Store) -> Together[bool, bytes, SignInRecord | None]:
    async def serve(api: bool, tokens: Sequence[bytes]) -> Sequence[SignInRecord | None]:
        return await sign_ins.find(store, tokens, api=api)

    return Together(serve)


def _enrolling(store: Store) -> Together[UUID, UUID, Place]:
    async def serve(lecture: UUID, pupils: Sequence[UUID]) -> Sequence[Place | Refusal]:
        async with store.work() as work:
            return await enrol(work, lecture, pupils, work.began)

    return Together(serve)


def _voting(store: Store) -> Together[tuple[UUID, int], UUID, int]:
    async def serve(question: tuple[UUID, int], pupils: Sequence[UUID]) -> Sequence[int | Refusal]:
        async with store.work() as work:
            return await vote(work, *question, pupils)

    return Together(serve)


def _saying(store: Store) -> Together[UUID, Line, LineView]:
    async def serve(lecture: UUID, lines: Sequence[Line]) -> Sequence[LineView | Refusal]:
        async with store.work() as work:
            return await say(work, lecture, lines, work.began)

    return Together(serve, at_once=LINES_AT_ONCE)


def _polling(store: Store) -> Together[tuple[UUID, int], tuple[UUID, int], int]:
    async def serve(poll: tuple[UUID, int], answers: Sequence[tuple[UUID, int]]) -> Sequence[int | Refusal]:
        async with store.work() as work:
            return await pulse.answer(work, *poll, answers)

    return Together(serve, ROOM_PACE_S)


def _raising(store: Store) -> Together[UUID, UUID, HandPlace]:
    async def serve(lecture: UUID, pupils: Sequence[UUID]) -> Sequence[HandPlace | Refusal]:
        async with store.work() as work:
            return await pulse.raise_hands(work, lecture, pupils, work.began)

    return Together(serve, STAFF_PACE_S)


def _losing(store: Store) -> Together[UUID, UUID, int]:
    async def serve(lecture: UUID, pupils: Sequence[UUID]) -> Sequence[int | Refusal]:
        async with store.work() as work:
            return await pulse.lost(work, lecture, pupils, work.began)

    return Together(serve, STAFF_PACE_S)


async def _note_attendance(parts: Parts) -> None:
    """Who has a page of a lecture's room open on this node, one statement a room."""
    while True:
        await asyncio.sleep(ATTENDANCE_EVERY_S)
        for lecture, people in parts.hub.present("room").items():
            with suppress(Exception):  # the next round notes it; GAP closes what was missed
                async with parts.store.work() as work:
                    await RoomBook(work).note_here(lecture, parts.hub.node, people)
                    await work.commit()


def _finder(settings: Settings) -> MatcherFinder:
    """The shipped model loads while the process serves already; one that an operator named is refused at the start."""

    def load() -> Matcher:
        return Matcher(Embedder.load(settings.model or None))

    if not settings.model:
        return MatcherFinder(load)
    try:
        matcher = load()
    except ModelRefused as refused:
        raise SettingsError(f"DAYI_MODEL: {refused}") from refused
    return MatcherFinder(lambda: matcher, settings.model)


async def _renew_leases(parts: Parts, arrived: set[UUID]) -> None:
    """Some at a time of all who have a socket here; sooner for those who have just come."""
    every = min(RENEW_EVERY_S, parts.rules.lease.total_seconds() / 3, parts.rules.gone_after.total_seconds() / 3)
    since = every
    while True:
        due = since >= every
        people = parts.hub.people() if due else [id for id in arrived if parts.hub.is_online(id)]
        arrived.clear()
        for first in range(0, len(people), RENEWED_AT_ONCE):
            with suppress(Exception):
                async with parts.store.work() as work:
                    await work.renew(people[first : first + RENEWED_AT_ONCE], parts.rules.lease)
                    await work.commit()
        await asyncio.sleep(0.5)
        since = 0.5 if due else since + 0.5


def _store_origin(storage: FolderStorage | S3Storage) -> str:
    """Where browsers fetch files from, when that is not our own host."""
    if isinstance(storage, FolderStorage):
        return ""
    address = urlsplit(storage.public_endpoint)
    return f"{address.scheme}://{address.netloc}"
