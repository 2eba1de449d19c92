"""Measurements that print the figures of docs/benchmarks.md; `dayi bench WHAT` runs one."""

import asyncio
import importlib
from collections.abc import Sequence


def main(what: str, argv: Sequence[str]) -> int:
    """Runs tests/bench/<what>.py; its `main(argv)` prints a Markdown table."""
    module = importlib.import_module(f"tests.bench.{what}")
    return int(asyncio.run(module.main(list(argv))) or 0)
