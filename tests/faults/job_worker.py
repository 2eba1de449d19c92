"""A worker's job machinery without its models: the real queue, the real effects, videos of a few bytes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from media.render import Hears, Rendered, RenderJob
from media.storage import open_storage
from server import observe, workers
from server.actions.ports import Found, Rules, Sought
from server.domain.question import Verdict
from server.live.bus import Bus
from server.parts import Backstage
from server.pipeline import HearingProcess, ReadingProcess
from server.relay import Relay
from server.settings import Settings
from server.store.views import Views
from server.store.work import Store, Work, open_engine
from server.texts import Texts

VIDEO, POSTER = b"a video", b"a poster"


def main(stop_grace_s: float = workers.STOP_GRACE_S) -> int:
    """Until it is stopped. What was said on a board becomes of its video: "deadly" takes the worker with it, as when
    memory ends, "broken" fails, "endless" is never done."""
    settings = Settings.read()
    observe.configure("warning")
    workers.render = _render
    workers.STOP_GRACE_S = stop_grace_s
    with suppress(asyncio.CancelledError):
        asyncio.run(_serve(settings))
    return 0


async def _render(job: RenderJob, out: Path, hears: Hears | None = None) -> Rendered:
    match next((line["text"] for line in job.log if line["kind"] == "say"), ""):
        case "deadly":
            os._exit(137)
        case "broken":
            raise ValueError("this board can't be rendered")
        case "endless":
            await asyncio.Event().wait()
    return await asyncio.to_thread(_write, out)


def _write(out: Path) -> Rendered:
    film, poster = out / "answer.mp4", out / "poster.jpg"
    made = Rendered(film, "video/mp4", poster, None, duration_ms=1000, size=len(VIDEO), start_ms=0, pages={})
    made.video.write_bytes(VIDEO)
    made.poster.write_bytes(POSTER)
    return made


async def _serve(settings: Settings) -> None:
    parts = _backstage(settings)
    await parts.storage.prepare()
    app = workers.jobs(parts, settings.database_url.replace("+psycopg", ""))
    this = asyncio.current_task()
    assert this
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    async with app.open_async(), asyncio.TaskGroup() as together:
        for queue in ("default", "render"):
            together.create_task(workers._serve(app, queue, [queue], concurrency=1))


def _backstage(settings: Settings) -> Backstage:
    store = Store(open_engine(settings.database_url))
    storage = open_storage("", secret=settings.secret, data_dir=settings.data_dir)
    views = Views(store, lambda key, filename: storage.sign_get(key, 60, filename))
    bus = Bus(settings.redis_url)
    finder: Any = NoMatcher()
    return Backstage(
        settings=settings,
        rules=Rules(),
        store=store,
        storage=storage,
        views=views,
        finder=finder,
        bus=bus,
        relay=Relay(store, views, bus),
        reader=ReadingProcess(timedelta(seconds=1)),
        hearer=HearingProcess("", timedelta(seconds=1)),
        texts=Texts(store, finder, Rules(), bus),
    )


class NoMatcher:
    """Finds nothing, at once."""

    async def ready(self) -> None:
        return

    async def expect(self, work: Work, sought: Sequence[Sought]) -> list[list[Sought]]:
        return [[*sought]]

    async def find(self, work: Work, sought: Sequence[Sought]) -> list[Found]:
        return [Found(Verdict.NEW) for _ in sought]

    async def learn(self, work: Work, kind: Literal["answer", "open"], problems: Sequence[Sought]) -> None:
        return

    async def forget(self, work: Work, id: UUID) -> None:
        return
