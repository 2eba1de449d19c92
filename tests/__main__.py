"""The whole suite, in two halves at once: what drives a browser, and the rest. Each by itself leaves a core idle for
half of its time, while it waits for what it started; each has servers of its own.

python -m tests [options of pytest]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

BROWSER = "tests/browser"


def main(options: list[str]) -> int:
    """The worse of both statuses. What the browser's half says comes after the other's, so that both can be read."""
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "browser.log"
        with said.open("wb") as log:
            browser = half(log, BROWSER, *options)
        rest = half(None, "tests", f"--ignore={BROWSER}", *options)
        try:
            statuses = [rest.wait(), browser.wait()]
        except KeyboardInterrupt:  # they hear it too, and stop what they started
            statuses = [rest.wait() or 1, browser.wait()]
        print(f"\n{BROWSER}", said.read_text(errors="replace"), sep="\n", flush=True)
    return max(map(abs, statuses))


def half(log: IO[bytes] | None, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
