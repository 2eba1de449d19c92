"""`dayi bench start`: seconds from `dayi run` to /readyz in an empty data folder and again, and from Ctrl-C to the end.

The reference is the import of the server alone, which each of its processes makes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.service import free_port, wait_until

PATIENCE_S = 300.0


async def main(argv: Sequence[str]) -> int:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(prog="dayi bench start", description=__doc__)
    parser.add_argument("--again", type=int, default=3, help="starts after the first")
    given = parser.parse_args(argv)
    return await asyncio.to_thread(_measure, given.again)


def _measure(again: int) -> int:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import server.app, server.workers, matcher.match"], check=True)
    reference = time.monotonic() - began
    with tempfile.TemporaryDirectory(prefix="dayi-bench-") as folder:
        runs = [_run(Path(folder)) for _ in range(1 + again)]
    print("| start | ready after s | × reference | stopped after s |\n|---|---|---|---|")
    for name, (ready, stopped) in zip(["first, with the demo to render", *["again"] * again], runs, strict=True):
        print(f"| {name} | {ready:.1f} | {ready / reference:.1f} | {stopped:.1f} |")
    print(f"| reference: importing the server | {reference:.1f} | 1 | |")
    return 0


def _run(folder: Path) -> tuple[float, float]:
    port = free_port()
    began = time.monotonic()
    with (folder / "run.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "run"],
            env={**os.environ, "DAYI_PORT": str(port), "DAYI_DATA_DIR": str(folder / "data")},
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: _is_ready(process, port), lambda: (folder / "run.log").read_text(), PATIENCE_S)
        ready = time.monotonic() - began
    finally:
        told = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait()
    return ready, time.monotonic() - told


def _is_ready(process: subprocess.Popen[bytes], port: int) -> bool:
    assert process.poll() is None, "`dayi run` ended"
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
