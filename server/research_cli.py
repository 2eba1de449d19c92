"""The commands `dayi research …`."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from server.settings import Settings

if TYPE_CHECKING:
    from server.store.work import Store

T = TypeVar("T")


def add_to(commands: Any) -> None:
    """Adds the commands to those of `dayi`."""
    research = commands.add_parser("research", help="what research counts", description="Research (教研)")
    verbs = research.add_subparsers(required=True, metavar="VERB")

    def add(name: str, command: Callable[..., int | None], help: str) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = verbs.add_parser(name, help=help, description=help)
        sub.set_defaults(command=command)
        return sub

    add("update", update, "follow what changed, and tell the weeks that are over; workers do it by themselves")
    add("rebuild", rebuild, "make every fact and every week anew from the questions; the result is the same")


def update(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.actions import facts

    async def do(store: "Store") -> tuple[int, int]:
        return await facts.follow(store), len(await facts.tell(store))

    questions, weeks = with_store(settings, do)
    print(f"{questions} questions followed, {weeks} weeks told anew.")
    return None


def rebuild(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.actions import facts

    with_store(settings, facts.rebuild)
    print("Every fact and every week is made anew.")
    return None


def with_store(settings: Settings, do: "Callable[[Store], Awaitable[T]]") -> T:
    from server.cli import servers
    from server.store.work import Store, open_engine

    async def connected(url: str) -> T:
        engine = open_engine(url)
        try:
            return await do(Store(engine))
        finally:
            await engine.dispose()

    with servers(settings) as found:
        return asyncio.run(connected(found.database_url))
