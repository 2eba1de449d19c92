"""The commands `dayi research …` and `dayi taxonomy …`."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.settings import Settings
from server.shell import with_store

if TYPE_CHECKING:
    from matcher.lesson import Lesson
    from server.actions.taxonomy import Imported
    from server.domain.label import Kind
    from server.store.work import Store


WHY = {
    "serves": "in force",
    "too_few": "too few labels to learn from; nothing is said",
    "too_few_held_out": "too few labels to judge it by; not in force",
    "not_precise": "right too seldom; not in force",
    "worse_than_before": "worse than the one in force, which stays",
    "no_better_than_commonest": "no better than always saying the commonest; not in force",
}


def add_to(commands: Any) -> None:
    """Adds the commands to those of `dayi`."""
    research = commands.add_parser("research", help="what research counts", description="Research (教研)")
    verbs = research.add_subparsers(required=True, metavar="VERB")
    _add(verbs, "update", update, "follow what changed, and tell the weeks that are over; workers do it by themselves")
    _add(verbs, "rebuild", rebuild, "make every fact and every week anew from the questions; the result is the same")
    _add(verbs, "train", train_, "learn to label questions from what people said; workers do it each night")
    topics = _add(verbs, "topics", topics_, "group four weeks of questions into topics; workers do it nightly")
    topics.add_argument("--anew", action="store_true", help="group all of them again, as each week begins")
    subjects = _add(verbs, "subjects", subjects_, "measure the subject classifier on labelled questions (JSONL)")
    subjects.add_argument("--train", type=Path, required=True)
    subjects.add_argument("--test", type=Path, required=True)

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
    from server.bank import index_words

    async def do(store: "Store") -> tuple[int, int]:
        followed = await facts.follow(store), len(await facts.tell(store))
        await index_words(store)
        return followed

    questions, weeks = with_store(settings, do)
    print(f"{questions} questions followed, {weeks} weeks told anew.")
    return None


def rebuild(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.actions import facts
    from server.bank import index_words

    async def do(store: "Store") -> None:
        await facts.rebuild(store)
        await index_words(store)

    with_store(settings, do)
    print("Every fact and every week is made anew.")
    return None


def train_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.hands import own_process
    from server.labelling import train

    async def do(store: "Store") -> "list[tuple[Kind, str, Lesson]]":
        with own_process() as pool:
            return await train(store, pool)

    for kind, scope, lesson in with_store(settings, do):
        card, held = lesson.card, lesson.card.get("held_out")
        figures = "" if held is None else f"; right {held['accuracy']:.3f} of {held['texts']} held out"
        print(f"{kind}{f' {scope}' if scope else '':16} {card['labels']} labels{figures}: {WHY[card['why']]}")
    return None


def topics_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.actions.facts import SHANGHAI
    from server.hands import own_process
    from server.topics import group

    async def do(store: "Store") -> int:
        async with store.work() as work:
            today = (work.began).astimezone(SHANGHAI).date()
        with own_process() as pool:
            return await group(store, pool, today, fresh=arguments.anew)

    print(f"{with_store(settings, do)} questions were looked at.")
    return None


def subjects_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from matcher.subjects import measure

    for line in measure(arguments.train, arguments.test):
        print(line, flush=True)
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
