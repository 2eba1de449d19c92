"""The commands `dayi research …` and `dayi taxonomy …`."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.settings import Settings
from server.shell import with_store

if TYPE_CHECKING:
    from server.actions.taxonomy import Imported
    from server.store.work import Store


def add_to(commands: Any) -> None:
    """Adds the commands to those of `dayi`."""
    research = commands.add_parser("research", help="what research counts", description="Research (教研)")
    verbs = research.add_subparsers(required=True, metavar="VERB")
    _add(verbs, "update", update, "follow what changed, and tell the weeks that are over; workers do it by themselves")
    _add(verbs, "rebuild", rebuild, "make every fact and every week anew from the questions; the result is the same")

    help = "the knowledge points that questions are about, by version"
    taxonomy = commands.add_parser("taxonomy", help=help, description=help)
    verbs = taxonomy.add_subparsers(required=True, metavar="VERB")
    bring = _add(verbs, "import", taxonomy_import, "bring in a version from CSV or XLSX; labels follow what is renamed")
    bring.add_argument("file", type=Path)
    bring.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    _add(verbs, "export", taxonomy_export, "the version in force as CSV, to standard output")


def _add(verbs: Any, name: str, command: Callable[..., int | None], help: str) -> argparse.ArgumentParser:
    sub: argparse.ArgumentParser = verbs.add_parser(name, help=help, description=help)
    sub.set_defaults(command=command)
    return sub


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


def taxonomy_import(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.actions.taxonomy import bring_in
    from server.people_file import UnreadableFile
    from server.taxonomy_file import read_file

    path: Path = arguments.file
    try:
        points, unread = read_file(path)
    except (UnreadableFile, OSError) as error:
        print(f"dayi: {path}: {error}", file=sys.stderr)
        return 1

    async def bring(store: "Store") -> "Imported":
        async with store.work() as work:
            return await bring_in(work, points, unread, path.name, None, dry_run=arguments.dry_run)

    done = with_store(settings, bring)
    for each in done.faults:
        zh, en = f"第 {each.row} 行 {each.column}：{each.zh}", f"row {each.row}, {each.column}: {each.en}"
        print(f"{zh} ({en})", file=sys.stderr)
    if done.faults:
        said = f"{len(done.faults)} mistakes; nothing was imported. 有 {len(done.faults)} 处错误，没有导入任何知识点。"
        print(said, file=sys.stderr)
        return 1
    assert done.changes is not None
    found = done.changes
    print(
        f"{done.points} points: {len(found.added)} new, {found.renamed} renamed, {len(found.moved)} moved, "
        f"{len(found.gone)} gone; {done.relabelled} labels follow, {done.left_behind} keep a name that is gone."
    )
    if arguments.dry_run:
        print("Nothing was changed.")
    elif done.is_new:
        print(f"Version {done.version} is in force.")
    else:
        print(f"Version {done.version} is this very file: nothing was changed.")
    return None


def taxonomy_export(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.store.taxonomies import in_force
    from server.taxonomy_file import write_points

    async def read(store: "Store") -> bytes:
        async with store.work() as work:
            return write_points((await in_force(work))[1])

    sys.stdout.buffer.write(with_store(settings, read))
    return None
