"""Measurements that print the figures of docs/benchmarks.md; `dayi bench WHAT` runs one."""

import importlib
from collections.abc import Sequence

import uvloop


def main(what: str, argv: Sequence[str]) -> int:
    """Runs tests/bench/<what>.py; its `main(argv)` prints a Markdown table."""
    module = importlib.import_module(f"tests.bench.{what}")
    return int(uvloop.run(module.main(list(argv))) or 0)
