"""A million facts to statements: time, memory, and the same bytes whatever order they come in.

`dayi bench subsidy [FACTS]` writes the facts of a city's months (works and their outcomes, half and half), lets `dayi
subsidy compute` reckon them as they are, shuffled, tripled and half duplicated, each in a process of its own, and
prints wall time, peak memory and a hash. Beside them, as reference, the least that anybody could do with such a file:
parse each line and add a flat rate up for each teacher and month, without any rule.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

SHANGHAI = timezone(timedelta(hours=8))
FIRST = datetime(2026, 3, 1, 19, 0, tzinfo=SHANGHAI)
TEACHERS = 2_000
EVENING = 9  # answers of a teacher in an evening
PUPILS = 600_000
POLICY = """
[policy]
name = "bench"
valid_from = 2026-01-01
levels = ["a"]

[[term]]
name = "spring"
from = 2026-02-16
to = 2026-07-16

[[rate]]
work = ["session"]
yuan = 20
effect = true

[effectiveness]
low = 0.8
high = 1.2

[[limit]]
per = "day"
max_yuan = 150

[[limit]]
per = "month"
max_yuan = 3000

[[limit]]
per = "term"
max_yuan = 9000

[[pool]]
name = "answering"
yuan = 2600000
monthly = true
when_exhausted = "pro_rata"

[holds]
shorter_than_s = 60
"""
ORDERS = ("as written", "shuffled", "told three times, shuffled", "half of them twice, shuffled")
REFERENCE = "the least: parse each line, add a flat rate up"


async def main(argv: Sequence[str]) -> int:
    count = int(argv[0]) if argv else 1_000_000
    me = [sys.executable, "-m", "tests.bench.subsidy"]  # children do the work: a child's peak counts from its parent's
    with tempfile.TemporaryDirectory(prefix="dayi-bench-") as name:
        policy, facts, out = (Path(name) / each for each in ("policy.toml", "facts.jsonl", "statements.json"))
        policy.write_text(POLICY)
        compute = ["subsidy", "compute", "--policy", str(policy), "--facts", str(facts), "--out", str(out)]
        print(f"| {count:,} facts of {TEACHERS:,} teachers | wall time | peak memory | statements' SHA-256 |")
        print("|---|---|---|---|")
        hashes = set()
        for what in ORDERS:
            _run([*me, "write", str(count), what, str(facts)])
            seconds, mebibytes = _run([sys.executable, "-m", "server.cli", *compute])
            hashes.add(found := _sha256(out))
            print(f"| {what} | {seconds:.1f} s | {mebibytes:.0f} MiB | {found} |", flush=True)
        _run([*me, "write", str(count), "as written", str(facts)])
        seconds, mebibytes = _run([*me, "reference", str(facts)])
        print(f"| reference: {REFERENCE} | {seconds:.1f} s | {mebibytes:.0f} MiB | |")
    return 0 if len(hashes) == 1 else 1


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _write(count: int, what: str, path: Path) -> None:
    lines = _facts(count)
    if what == "told three times, shuffled":
        lines = lines * 3
    elif what == "half of them twice, shuffled":
        lines = lines + lines[::2]
    if what != "as written":
        random.Random(7).shuffle(lines)
    with path.open("w") as file:
        file.writelines(f"{line}\n" for line in lines)


def _facts(count: int) -> list[str]:
    rng = random.Random(6)
    lines = []
    for n in range(count // 2):
        turn = n // TEACHERS
        start = FIRST + timedelta(days=turn // EVENING, minutes=20 * (turn % EVENING) + rng.randrange(8))
        seconds = rng.randrange(40, 900)
        end = (start + timedelta(seconds=seconds)).isoformat()
        work = {
            "id": f"session:{n}",
            "kind": "session",
            "teacher": f"teacher-{n % TEACHERS:04d}",
            "start": start.isoformat(),
            "end": end,
            "active_s": seconds * 4 // 5,
            "pupil": f"p{rng.randrange(PUPILS)}",
        }
        outcome = {
            "id": f"outcome:{n}",
            "kind": "outcome",
            "of": work["id"],
            "recorded": end,
            "resolved": rng.random() < 0.85,
            "asked_again": rng.random() < 0.05,
            "rating": rng.choice([None, 3, 4, 5]),
        }
        lines += [json.dumps(work), json.dumps(outcome)]
    return lines


def _run(command: Sequence[str]) -> tuple[float, float]:
    """Seconds, and the peak of its memory in MiB."""
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command} failed")
    return time.perf_counter() - started, used.ru_maxrss / 1024


def _reference(path: Path) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = defaultdict(int)
    with path.open() as file:
        for line in file:
            fact = json.loads(line)
            if fact["kind"] == "session":
                sums[fact["teacher"], fact["start"][:7]] += 2_000
    return sums


if __name__ == "__main__":
    if sys.argv[1] == "reference":
        _reference(Path(sys.argv[2]))
    else:
        _write(int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
