"""The command `dayi`: run the whole service, or one part of it, or look after it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from uuid import UUID

from server import lifeline, research_cli, subsidy_cli
from server.embedded import EmbeddedError, EmbeddedServices, Urls, services
from server.settings import Settings, SettingsError
from server.supervise import Child, StartError

if TYPE_CHECKING:
    from server.matching import MatcherFinder
    from server.store.work import Store

LISTEN_FD = "DAYI_LISTEN_FD"
BENCHES = (
    "air", "ask", "bank", "board", "crash", "drills", "enrol", "glass", "idempotency", "match", "photo", "render",
    "research", "room", "sockets", "start", "statement", "subsidy", "topics",
)  # fmt: skip
GOODBYE_S = 4.0  # for a worker to sign off, after what its jobs may still take


def main(argv: Sequence[str] | None = None) -> int:
    """The status that the shell sees: 0 done, 1 it could not be done and the reason was said."""
    arguments = _parser().parse_args(argv)
    try:
        settings = Settings.read()
        command: Callable[[Settings, argparse.Namespace], int | None] = arguments.command
        return command(settings, arguments) or 0
    except (SettingsError, EmbeddedError, StartError) as error:
        print(f"dayi: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dayi", description="Dayi (答疑): question-and-answer tutoring for a city")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[..., int | None], help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(command=command)
        return sub

    add("run", run, "start everything: servers where none are set, web and worker processes")
    add("web", web, "one web process")
    add("worker", worker, "one worker process: reading, rendering, lapsing offers")
    add("migrate", migrate, "bring the database up to date")
    people = add("people", people_import, "import people from CSV or XLSX, with activation codes")
    people.add_argument("verb", choices=["import"])
    people.add_argument("file", type=Path)
    people.add_argument("--dry-run", action="store_true", help="check the file and change nothing")
    people.add_argument("--codes", type=Path, help="write the activation codes to this CSV, readable by you alone")
    lectures = add("lectures", lectures_export, "export a lecture that is over: a ZIP of all that is kept of it")
    lectures.add_argument("verb", choices=["export"])
    lectures.add_argument("lecture", type=UUID, help="its id, as in the address of its replay")
    lectures.add_argument("file", type=Path, help="where to; run it again to go on where it was stopped")
    lessons = add("lessons", lessons_import, "import micro-lessons: a CSV or XLSX that names MP4 files of a folder")
    lessons.add_argument("verb", choices=["import"])
    lessons.add_argument("file", type=Path)
    lessons.add_argument("--folder", type=Path, required=True, help="where the files are that the table names")
    lessons.add_argument("--dry-run", action="store_true", help="check the table and change nothing")
    lessons.add_argument("--at-once", type=int, default=1, choices=range(1, 65), metavar="N", help="films at once")
    token = add("token", token_, "a token by which a program signs in as this person")
    token.add_argument("login")
    token.add_argument("--days", type=int, default=1)
    subsidy_cli.add_to(commands)
    research_cli.add_to(commands)
    demo = add("demo", demo_, "load the demo's people and answered problems; --simulate lets them ask and answer")
    demo.add_argument("--simulate", action="store_true", help="simulated pupils ask and simulated teachers answer")
    demo.add_argument("--seconds", type=float, default=0, help="how long to simulate; 0: until Ctrl-C")
    demo.add_argument("--questions", type=int, default=0, help="make up a year of so many questions, for research")
    demo.add_argument("--headless", action="store_true", help="with --questions: only what research counts, no films")
    bench = add("bench", bench_, "measure (from a source checkout)")
    bench.add_argument("what", choices=BENCHES)
    bench.add_argument("rest", nargs=argparse.REMAINDER)
    matcher = add("matcher", matcher_, "train and measure the matcher; what it learns from labels; which model serves")
    verbs = matcher.add_subparsers(required=True, metavar="VERB")
    for name, verb, help in (
        ("calibrate", calibrate, "fit thresholds and verifier on what people said of matches, and report"),
        ("adopt", adopt, "put a reported calibration in force, in every process"),
        ("models", models, "the models with entries, and how far a new one has come"),
    ):
        sub = verbs.add_parser(name, help=help, description=help)
        sub.set_defaults(verb=verb)
        if name == "adopt":
            sub.add_argument("number", type=int)
    for name, help in (
        ("train", "train the shipped embedding from scratch"),
        ("fit", "fit the verifier, and check it by cross-validation"),
        ("evaluate", "measure the matcher on a bank and labelled questions, without a server"),
        ("baselines", "measure simpler matchers beside it"),
    ):
        # Each is a module with options of its own: no option is the outer parser's.
        sub = verbs.add_parser(name, help=help, add_help=False, prefix_chars="\0")
        sub.add_argument("rest", nargs="*")
        sub.set_defaults(command=matcher_module, name=name)
    add("settings", settings_, "list every setting")
    return parser


# --- running -------------------------------------------------------------------------------------------------------


def run(settings: Settings, _: argparse.Namespace) -> int | None:
    from server import supervise
    from server.store.migrate import migrate as migrate_to

    data = settings.data_dir.absolute()
    data.mkdir(parents=True, exist_ok=True)
    addresses = [(settings.host, settings.port + i) for i in range(settings.web_processes)]

    def prepare(urls: Urls) -> None:
        migrate_to(urls.database)
        if settings.demo:
            asyncio.run(_seed(_connected(settings, urls), _say))

    def children(sockets: Sequence[socket.socket]) -> list[Child]:
        program = [sys.executable, "-m", "server.cli"]
        same = {"DAYI_DATA_DIR": str(data), "DAYI_SECRET": settings.signing_secret()}
        webs = [
            Child(
                f"web {i + 1}",
                [*program, "web"],
                stage=0,
                environment={**same, LISTEN_FD: str(taken.fileno())},
                descriptors=[taken.fileno()],
            )
            for i, taken in enumerate(sockets)
        ]
        workers = [
            Child(f"worker {i + 1}", [*program, "worker"], stage=1, environment=same)
            for i in range(settings.worker_processes)
        ]
        return [*webs, *workers]

    def ready() -> None:
        address = settings.public_url or f"http://localhost:{settings.port}"
        _say(f"Dayi is ready: {address}")
        if settings.demo:
            from server.demo.people import PASSWORD

            _say(f"Demo accounts: pupil1 … and teacher1 …, password {PASSWORD} (docs/operations.md, DAYI_DEMO)")
        _say("Stop with Ctrl-C.")

    servers = EmbeddedServices(data, settings.database_url, settings.redis_url, _say)
    supervise.run(data, servers, prepare, addresses, children, ready, _say)
    return None


def web(settings: Settings, _: argparse.Namespace) -> int | None:
    import uvicorn

    from server import observe
    from server.app import create_app
    from server.live.connection import open_door
    from server.live.protocol import MAX_FRAME
    from server.live.wire import Wire

    class Server(uvicorn.Server):
        """Sends its pages away, spread, before it stops: they resume on another node."""

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await app.state.parts.hub.go()
            await super().shutdown(sockets)

    lifeline.watch()
    observe.configure(settings.log_level)
    given = os.environ.pop(LISTEN_FD, "")
    door = socket.socket(fileno=int(given)) if given else open_door(settings.host, settings.port)
    with servers(settings) as connected:
        app = create_app(connected)
        collect_seldom(app.state.parts.finder)
        config = uvicorn.Config(
            app,
            ws=Wire,
            ws_max_size=2 * MAX_FRAME,  # larger than ours, so that ours is the code that closes
            ws_per_message_deflate=False,
            ws_ping_interval=None,  # a page's own beats tell as much, and the hub asks one that is late
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=8,
        )
        Server(config).run(sockets=[door])
    return None


LOOKS = 2_000, 20, 200
"""New objects until the garbage collector looks at them, such looks until it looks at what they left, and again."""


def collect_seldom(finder: MatcherFinder) -> None:
    """Half a million objects of PyTorch stay as long as the process does, and those of thousands of sockets long:
    looking through them again and again would stop the event loop, and take a third of its time. What is new is looked
    at in small portions: at 20,000 objects of matching a look took up to 150 ms."""
    finder.when_loaded(gc.freeze)
    gc.set_threshold(*LOOKS)


def worker(settings: Settings, _: argparse.Namespace) -> int | None:
    import uvloop

    from server import observe
    from server.app import working
    from server.workers import STOP_GRACE_S, work

    lifeline.watch()
    observe.configure(settings.log_level)

    async def until_told(connected: Settings) -> None:
        async with working(connected) as parts:
            collect_seldom(parts.finder)
            task = asyncio.create_task(work(parts, _conninfo(connected.database_url)))
            loop = asyncio.get_running_loop()

            def told() -> None:
                task.cancel()
                loop.call_later(STOP_GRACE_S + GOODBYE_S, _leave)  # a server that is away takes no goodbye

            for sign in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(sign, told)
            with contextlib.suppress(asyncio.CancelledError):
                await task

    with servers(settings) as connected:
        uvloop.run(until_told(connected))
    _leave()


def _leave() -> NoReturn:
    """Everything is closed: end here. Taking PyTorch apart object by object costs another second of a core, several on
    a busy machine, and a thread that waits for a hung store would hold the exit for a minute."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


def migrate(settings: Settings, _: argparse.Namespace) -> int | None:
    from server.store.migrate import migrate as migrate_to

    with servers(settings) as connected:
        migrate_to(connected.database_url)
    return None


# --- looking after it ----------------------------------------------------------------------------------------------


def people_import(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.people_file import import_file

    with servers(settings) as connected:
        return asyncio.run(import_file(connected, arguments.file, arguments.codes, dry_run=arguments.dry_run))


def lessons_import(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.app import working
    from server.lesson_file import import_lessons

    async def run(connected: Settings) -> int:
        async with working(connected) as parts:
            return await import_lessons(
                parts.store,
                parts.storage,
                arguments.file,
                arguments.folder,
                dry_run=arguments.dry_run,
                at_once=arguments.at_once,
                say=_say,
            )

    with servers(settings) as connected:
        return asyncio.run(run(connected))


def lectures_export(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.app import working
    from server.package import export_to

    async def run(connected: Settings) -> int:
        async with working(connected) as parts:
            try:
                written = await export_to(parts, arguments.lecture, arguments.file)
            except LookupError as error:
                print(f"dayi: {error}", file=sys.stderr)
                return 1
        _say(f"{arguments.file}: {written} bytes were written.")
        return 0

    with servers(settings) as connected:
        return asyncio.run(run(connected))


def token_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.actions.errors import NotHere
    from server.store.work import Store, open_engine
    from server.web.auth import make_token

    async def make(url: str) -> str:
        engine = open_engine(url)
        try:
            return await make_token(Store(engine), arguments.login, arguments.days)
        finally:
            await engine.dispose()

    with servers(settings) as connected:
        try:
            print(asyncio.run(make(connected.database_url)))
        except NotHere:
            print(f"dayi: nobody is called {arguments.login!r}", file=sys.stderr)
            return 1
    return None


def demo_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    if not settings.demo:
        print("dayi: this is no demo (DAYI_DEMO=0); demo data is never loaded here", file=sys.stderr)
        return 1
    if arguments.simulate:
        from server.demo.simulate import simulate

        return asyncio.run(simulate(settings, arguments.seconds, _say))
    from server.store.migrate import migrate as migrate_to

    with servers(settings) as connected:
        migrate_to(connected.database_url)
        asyncio.run(_seed(connected, _say, films=not arguments.headless))
        if arguments.questions:
            asyncio.run(_make_year(connected.database_url, arguments.questions))
    return None


async def _make_year(url: str, questions: int) -> None:
    from server.actions import facts
    from server.bank import index_words
    from server.demo.years import make_year
    from server.store.work import Store, open_engine

    engine = open_engine(url)
    try:
        await make_year(Store(engine), questions, _say)
        _say("Counting them …")
        await facts.rebuild(Store(engine))
        await index_words(Store(engine))
    finally:
        await engine.dispose()


def bench_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    sys.path.insert(0, "")  # the command itself lies in the environment's folder
    try:
        from tests import bench
    except ImportError:
        print("dayi: bench runs from a source checkout: cd there first", file=sys.stderr)
        return 1
    return bench.main(arguments.what, arguments.rest)


def matcher_module(settings: Settings, arguments: argparse.Namespace) -> int | None:
    import_module(f"matcher.{arguments.name}").main(arguments.rest)
    return None


def matcher_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.store.work import Store, open_engine

    async def with_store(url: str) -> int | None:
        engine = open_engine(url)
        try:
            verb: Callable[[Store, argparse.Namespace], Coroutine[None, None, int | None]] = arguments.verb
            return await verb(Store(engine), arguments)
        finally:
            await engine.dispose()

    with servers(settings) as connected:
        return asyncio.run(with_store(connected.database_url))


async def calibrate(store: Store, _: argparse.Namespace) -> int | None:
    from matcher.embed import Embedder
    from matcher.supplement import learn
    from server.actions import judge
    from server.matching import calibration_in_force, verifier_in_force

    async with store.work() as work:
        present = await calibration_in_force(work)
        verifier = await verifier_in_force(work, present.verifier)
        judged = await judge.judged(work)
    embedder = await asyncio.to_thread(Embedder.load, Settings.read().model)
    learned = await asyncio.to_thread(learn, judged, present, verifier, embedder)
    async with store.work() as work:
        number = await judge.propose(work, learned)
    for subject, group in learned.report["subjects"].items():
        _say(f"{subject:10} {group['labels']:6} labels  before {_pushes(group['before'])}")
        _say(f"{'':10} {group['same']:6} same    after  {_pushes(group['after'])}")
    told = learned.report["verifier"]
    _say(f"Verifier: {'stays as it is' if learned.trees is None else 'more trees'}: {told['why']}.")
    if "labels_after" in told:
        before, after = told["held_out_before"], told["held_out_after"]
        _say(f"  loss on {told['labels']} judged pairs: before {told['labels_before']}, after {told['labels_after']}")
        _say(f"  loss on {told['held_out']} pairs that are held out: before {before['loss']}, after {after['loss']}")
        _say(f"  share of these found at precision 0.99: before {before['recall']}, after {after['recall']}")
    _say(f"Proposed: {learned.calibration}")
    _say(f"Nothing has changed yet. In force everywhere by: dayi matcher adopt {number}")
    return None


def _pushes(figures: dict[str, float | None]) -> str:
    precision, recall = ("-" if figures[name] is None else f"{figures[name]:.3f}" for name in ("precision", "recall"))
    return f"bar {figures['bar']:.3f}  pushed {figures['pushed']:5}  precision {precision}  recall {recall}"


async def adopt(store: Store, arguments: argparse.Namespace) -> int | None:
    from server.actions import judge
    from server.actions.errors import Moved, NotHere

    try:
        async with store.work() as work:
            await judge.adopt(work, arguments.number)
    except (NotHere, Moved) as error:
        why = "there is none of this number" if isinstance(error, NotHere) else "it is or was in force; calibrate anew"
        print(f"dayi: calibration {arguments.number} cannot be adopted: {why}", file=sys.stderr)
        return 1
    _say(f"Calibration {arguments.number} is in force.")
    return None


async def models(store: Store, _: argparse.Namespace) -> int | None:
    from matcher.index import models as known_models

    async with store.reading() as connection:
        found = await known_models(connection)
    whole = max((model.entries for model in found), default=0)
    for model in found:
        share = 100 if whole == 0 else 100 * model.entries // whole
        _say(
            f"{model.state:8} {model.version:18} {model.dimension:5} numbers {model.entries:9} entries {share:3} %"
            f"  {model.name or '(shipped)'}"
        )
    return None


def settings_(settings: Settings, _: argparse.Namespace) -> int | None:
    from server.settings import table

    for name, default, why in table():
        print(f"{name:24} {default or '(empty)':12} {why}")
    return None


async def _seed(settings: Settings, say: Callable[[str], None], *, films: bool = True) -> None:
    from server.demo.loaded import ANSWERED, is_loaded
    from server.store.work import Store, open_engine

    engine = open_engine(settings.database_url)
    loaded = await is_loaded(Store(engine))
    await engine.dispose()
    if loaded:
        return
    from server.app import working
    from server.demo.seed import seed

    async with working(settings) as parts:
        await seed(parts, say, ANSWERED if films else 0)


@contextlib.contextmanager
def servers(settings: Settings) -> Iterator[Settings]:
    """The settings with addresses: of servers that are set, of a `dayi run` in this data folder, or of our own."""
    with services(settings.data_dir.absolute(), settings.database_url, settings.redis_url) as urls:
        yield _connected(settings, urls)


def _connected(settings: Settings, urls: Urls) -> Settings:
    return replace(settings, database_url=urls.database, redis_url=urls.redis)


def _conninfo(url: str) -> str:
    return f"postgresql://{url.split('://', 1)[1]}"


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
