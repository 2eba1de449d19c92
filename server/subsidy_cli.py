"""The commands `dayi subsidy …` and `dayi ledger …`."""

import argparse
import gc
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from server.settings import Settings
from server.shell import with_store

if TYPE_CHECKING:
    from server.domain.subsidy.simulate import Row
    from server.store.work import Store

BAR = 30  # characters of the longest bar


def add_to(commands: Any) -> None:
    """Adds the commands to those of `dayi`."""
    subsidy = commands.add_parser("subsidy", help="policies, facts and statements", description="Subsidies (补贴)")
    verbs = subsidy.add_subparsers(required=True, metavar="VERB")

    def add(name: str, command: Callable[..., int | None], help: str) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = verbs.add_parser(name, help=help, description=help)
        sub.set_defaults(command=command)
        return sub

    compute = add("compute", compute_, "facts × policies → statements, without a database")
    compute.add_argument("--policy", type=Path, action="append", required=True, help="may be given several times")
    compute.add_argument("--facts", type=Path, required=True, help="a JSONL file")
    compute.add_argument("--out", type=Path, required=True, help="the statements, as JSON")
    check = add("check", check_, "is this document a policy? every mistake with its line")
    check.add_argument("policy", type=Path, nargs="+")
    add("schema", schema_, "the JSON Schema of a policy")
    bring = add("import", import_, "bring in facts that the service does not write itself; teachers by their login")
    bring.add_argument("facts", type=Path)
    payees = add("payees", payees_, "bring in teachers' bank accounts (CSV or XLSX)")
    payees.add_argument("file", type=Path)
    simulate = add("simulate", simulate_, "what a draft would have paid for the facts of some days; nothing is written")
    simulate.add_argument("--policy", type=Path, required=True)
    simulate.add_argument("--from", type=date.fromisoformat, required=True, dest="first", help="YYYY-MM-DD")
    simulate.add_argument("--to", type=date.fromisoformat, required=True, dest="until", help="the day after the last")
    simulate.add_argument("--out", type=Path, help="the comparison as JSON")

    ledger = commands.add_parser("ledger", help="the auditor's side of the books", description="The subsidy ledger")
    verbs = ledger.add_subparsers(required=True, metavar="VERB")
    add("verify", verify_, "is everything as it was posted, and does it follow from the facts?")
    out = add("export", export_, "the ledger as text, to standard output")
    out.add_argument("--format", choices=["hledger", "beancount"], default="hledger")


def compute_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.domain.subsidy.document import PolicyRefused
    from server.domain.subsidy.facts import FactRefused
    from server.subsidy_file import FileRefused, compute

    gc.disable()  # millions of facts, none in a circle: looking for some would take half of the time
    try:
        done = compute(arguments.policy, arguments.facts, arguments.out)
    except (PolicyRefused, FactRefused, FileRefused, OSError) as error:
        print(f"dayi: {error}", file=sys.stderr)
        return 1
    print(f"{len(done.statements)} statements, ¥{sum(each.fen for each in done.statements) / 100:,.2f}")
    return None


def check_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.domain.subsidy.document import PolicyRefused
    from server.domain.subsidy.policy import in_order
    from server.subsidy_file import FileRefused, read_policies

    try:
        policies = in_order(read_policies(arguments.policy))
    except (PolicyRefused, FileRefused, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for policy in policies:
        print(f"《{policy.name}》没有问题。 In order.")
    return None


def schema_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.domain.subsidy.policy import schema

    print(json.dumps(schema(), ensure_ascii=False, indent=1))
    return None


def import_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.actions.subsidy import import_facts
    from server.domain.subsidy.facts import FactRefused
    from server.subsidy_file import FileRefused, read_lines

    async def bring(store: "Store") -> int:
        async with store.work() as work:
            return await import_facts(work, lines, None, work.began)

    try:
        lines = [line for _, line in read_lines(arguments.facts)]
        new = with_store(settings, bring)
    except (FileRefused, FactRefused, OSError) as error:
        print(f"dayi: {error}; nothing was imported. 没有导入任何事实。", file=sys.stderr)
        return 1
    print(f"{len(lines)} facts are in order, {new} of them new.")
    return None


def payees_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.actions import payees
    from server.payee_file import read_payees
    from server.people_file import Mistake, UnreadableFile
    from server.vault import Vault

    async def bring(store: "Store") -> list[payees.NotTaken]:
        async with store.work() as work:
            return await payees.bring_in(work, Vault(settings.signing_secret(), payees.PURPOSE), found, None)

    try:
        found, rows, mistakes = read_payees(arguments.file.read_bytes())
    except (UnreadableFile, OSError) as error:
        print(f"dayi: {arguments.file}: {error}", file=sys.stderr)
        return 1
    if not mistakes:
        wrong = with_store(settings, bring)
        mistakes = [Mistake(rows[each.row], each.column, each.zh, each.en) for each in wrong]
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    if mistakes:
        print(f"{len(mistakes)} mistakes; nothing was brought in. 没有导入任何账户。", file=sys.stderr)
        return 1
    print(f"{len(found)} accounts are in place.")
    return None


def simulate_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.actions.subsidy import simulate
    from server.domain.subsidy.document import PolicyRefused
    from server.domain.subsidy.simulate import Comparison
    from server.store.office import teacher_names
    from server.subsidy_file import FileRefused, read_policies

    async def run(store: "Store") -> tuple[Comparison, dict[str, str]]:
        async with store.work() as work:
            found = await simulate(work, draft, arguments.first, arguments.until)
        return found, await teacher_names(store)

    if arguments.until <= arguments.first:
        print("dayi: --to is the day after the last, and comes after --from", file=sys.stderr)
        return 1
    try:
        [draft] = read_policies([arguments.policy])
    except (PolicyRefused, FileRefused, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    found, names = with_store(settings, run)
    if arguments.out:
        arguments.out.write_text(json.dumps(asdict(found), ensure_ascii=False, indent=1) + "\n")
    print(f"now ¥{found.now_fen / 100:,.2f}, under the draft ¥{found.draft_fen / 100:,.2f}", end="")
    print(f", held ¥{found.draft_held_fen / 100:,.2f}" if found.draft_held_fen else "")
    print(f"{found.gain} teachers gain, {found.lose} lose, {found.same} stay as they are")
    print(f"budget runs out: {found.runs_out or 'never in these days'}")
    _plotted("by month", found.by_month)
    _plotted("by school", [(name or "(no school)", now, after) for name, now, after in found.by_school])
    by_change = sorted(found.by_teacher, key=lambda row: (row[1] - row[2], names.get(row[0], row[0])))
    _plotted("by teacher, who gains most first", [(names.get(id, id), now, after) for id, now, after in by_change])
    return None


def _plotted(title: str, rows: "Sequence[Row]") -> None:
    """For each name what is paid now and what the draft would pay, to one scale, and the difference."""
    most = max((max(now, draft) for _, now, draft in rows), default=0)
    width = max((_columns(name) for name, _, _ in rows), default=0)
    print(f"\n{title}")
    for name, now, draft in rows:
        for label, fen, said in ((name, now, "now"), ("", draft, "draft")):
            bar = ("█" if label == "" else "░") * (fen * BAR // most if most > 0 else 0)
            change = f"  {(draft - now) / 100:+,.2f}" if label == "" and draft != now else ""
            print(f"{label}{' ' * (width - _columns(label))}  {said:5} ¥{fen / 100:>13,.2f}  {bar}{change}")


def _columns(text: str) -> int:
    """Of a terminal, in which a Chinese character takes two."""
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)


def verify_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.store.audit import verify

    found = with_store(settings, verify)
    for line in found.wrong:
        print(line, file=sys.stderr)
    print(
        f"{found.transactions} transactions, {found.sealed} sealed, {found.statements} statements, "
        f"{found.recomputed} facts reckoned again: {'nothing' if not found.wrong else len(found.wrong)} wrong"
    )
    print(f"seal {found.head}")
    return 1 if found.wrong else None


def export_(settings: Settings, arguments: argparse.Namespace) -> int | None:
    from server.store.audit import export

    for line in with_store(settings, lambda store: export(store, arguments.format)):
        print(line)
    return None
