"""The commands `dayi subsidy …` and `dayi ledger …`."""

import argparse
import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from server.settings import Settings


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
