"""What an operator sees: logs without personal data, metrics, and the probes of health and readiness."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import sys
import time
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import text
from starlette.responses import Response

from server.live.protocol import Health, Readiness

if TYPE_CHECKING:
    from server.web.door import Call, Reply

# Whatever a careless line hands to the log under these names stays out of it.
PERSONAL = frozenset(
    {"text", "read_text", "login", "name", "real_name", "nickname", "password", "token", "ticket", "code"}
)
LAG_EVERY_S = 0.5

registry = CollectorRegistry()
_requests = Histogram("dayi_http_seconds", "Time to answer", ["method", "door", "status"], registry=registry)
_asks = Counter("dayi_asks_total", "Questions received", registry=registry)
_segments = Counter(
    "dayi_lecture_segments_total",
    "Segments of lectures written to and read from the store",
    ["what"],
    registry=registry,
)
_verdicts = Gauge("dayi_verdicts", "Questions of the last 24 hours by verdict", ["verdict"], registry=registry)
_offers = Gauge("dayi_offers", "Offers of the last 24 hours by what became of them", ["state"], registry=registry)
_states = Gauge("dayi_questions", "Unfinished questions by state", ["state"], registry=registry)
_wait = Gauge("dayi_wait_seconds", "From ask to accept, last hour", ["quantile"], registry=registry)
_queue_age = Gauge("dayi_queue_age_seconds", "Age of the oldest waiting question", registry=registry)
_job_age = Gauge("dayi_job_age_seconds", "Age of the oldest job that is due", ["queue"], registry=registry)
_parked = Gauge("dayi_jobs_parked", "Jobs given up after their last try", registry=registry)
_outbox = Gauge("dayi_outbox_rows", "Events that were committed and not yet told", registry=registry)
_entries = Gauge(
    "dayi_matcher_entries",
    "Entries of the matcher's index by model and its state",
    ["model", "state"],
    registry=registry,
)
_bars = Gauge("dayi_match_bar", "Probability that a push needs, by subject", ["subject"], registry=registry)
_sockets = Gauge("dayi_sockets", "Open sockets of this process", registry=registry)
_lag = Histogram(
    "dayi_loop_lag_seconds",
    "How late the event loop comes to a timer",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
    registry=registry,
)

_log = structlog.stdlib.get_logger("dayi.http")


def configure(level: str) -> None:
    """One JSON object a line on standard error, for our own lines and every library's."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_personal_data,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("httpx", "procrastinate", "sentence_transformers", "urllib3", "RapidOCR"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def without_personal_data(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drops the fields that may tell who a child is or what it wrote."""
    return {key: value for key, value in line.items() if key not in PERSONAL}


class Seen:
    """One request while it is answered."""

    def __init__(self, method: str, door: str) -> None:
        self.id = secrets.token_hex(8)
        self._method, self._door = method, door

    def finish(self, status: int, seconds: float) -> None:
        """The door's pattern is logged, never the path: ids stay out of the logs."""
        _requests.labels(self._method, self._door, str(status)).observe(seconds)
        level = logging.WARNING if status >= 500 else logging.INFO
        _log.log(level, "answered", method=self._method, door=self._door, status=status, ms=round(seconds * 1000, 1))


@contextlib.contextmanager
def request(method: str, door: str) -> Iterator[Seen]:
    seen = Seen(method, door)
    with structlog.contextvars.bound_contextvars(request=seen.id):
        yield seen


def asked() -> None:
    _asks.inc()


def segment(what: Literal["written", "read", "lost"]) -> None:
    _segments.labels(what).inc()


async def loop_lag() -> None:
    """Measures, until cancelled, how late the loop comes to a timer."""
    while True:
        due = time.perf_counter() + LAG_EVERY_S
        await asyncio.sleep(LAG_EVERY_S)
        _lag.observe(max(0.0, time.perf_counter() - due))


# --- doors ---------------------------------------------------------------------------------------------------------


async def healthz(call: Call[None]) -> Health:
    """The process answers."""
    return Health(status="ok")


async def readyz(call: Call[None]) -> Reply:
    """200 when questions can be taken: the database answers and is current. The rest is told, and costs its feature."""
    from server.web.door import Reply

    parts = call.parts
    database, store = await asyncio.gather(_tried(_database(parts)), _tried(parts.storage.check()))
    states = {
        "database": database,
        "object_store": store,
        "redis": "down" if parts.bus.down else "ok",
        "matcher": parts.finder.state,
    }
    ready = database == "ok"
    overall = "ok" if all(state == "ok" for state in states.values()) else "degraded" if ready else "down"
    return Reply(msgspec.convert({"status": overall, **states}, Readiness), 200 if ready else 503)


async def metrics(call: Call[None]) -> Response:
    parts = call.parts
    with contextlib.suppress(Exception):
        await _read_figures(parts)
    _sockets.set(sum(1 for _ in parts.hub.sockets()))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


async def _tried(check: Any) -> str:
    try:
        async with asyncio.timeout(2):
            await check
    except Exception as error:
        return "not migrated" if isinstance(error, NotMigrated) else "down"
    return "ok"


class NotMigrated(Exception):
    """The database is older or newer than this program: run `dayi migrate`."""


async def _database(parts: Any) -> None:
    from server.store.migrate import is_current

    async with parts.store.reading() as connection:
        if not await is_current(connection):
            raise NotMigrated


async def _read_figures(parts: Any) -> None:
    async with parts.store.reading() as connection:
        for gauge, query in _BY_LABEL:
            gauge.clear()
            for label, value in (await connection.execute(query)).all():
                gauge.labels(str(label)).set(float(value))
        _entries.clear()
        for model, state, value in (await connection.execute(_TWO_LABELS)).all():
            _entries.labels(model, state).set(value)
        for gauge, query in _SINGLE:
            gauge.set(float((await connection.execute(query)).scalar_one() or 0))


_BY_LABEL = (
    (
        _verdicts,
        text("SELECT verdict, count(*) FROM questions WHERE verdict IS NOT NULL"
             " AND received_at > now() - interval '1 day' GROUP BY verdict"),
    ),
    (
        _bars,
        text("SELECT key, value::float FROM (SELECT bars FROM calibrations WHERE adopted_at IS NOT NULL"
             " ORDER BY adopted_at DESC LIMIT 1) c, jsonb_each_text(c.bars)"),
    ),
    (_offers, text("SELECT state, count(*) FROM offers WHERE made_at > now() - interval '1 day' GROUP BY state")),
    (
        _states,
        text("SELECT state, count(*) FROM questions"
             " WHERE state NOT IN ('resolved', 'withdrawn', 'answered') GROUP BY state"),
    ),
    (
        _wait,
        text("SELECT q, percentile_cont(q) WITHIN GROUP (ORDER BY waited) FROM (VALUES (0.5), (0.95)) v(q),"
             " LATERAL (SELECT extract(epoch FROM l.opened_at - q.received_at) AS waited FROM live_sessions l"
             " JOIN questions q ON q.id = l.question_id WHERE l.opened_at > now() - interval '1 hour') w"
             " GROUP BY q HAVING count(waited) > 0"),
    ),
    (
        _job_age,
        text("SELECT queue_name, extract(epoch FROM now() - min(coalesce(scheduled_at, e.at)))"
             " FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'"
             " WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now()) GROUP BY queue_name"),
    ),
)  # fmt: skip
_TWO_LABELS = text(
    "SELECT m.version, m.state, count(e.id) FROM matcher_models m"
    " LEFT JOIN matcher_entries e ON e.model_version = m.version GROUP BY m.version, m.state"
)
_SINGLE = (
    (_queue_age, text("SELECT extract(epoch FROM now() - min(received_at)) FROM questions WHERE state = 'waiting'")),
    (_parked, text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'")),
    (_outbox, text("SELECT count(*) FROM outbox")),
)
