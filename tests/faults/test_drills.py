"""The promises under everything at once: kills, cuts, lost replies, repeats; one line says what came of it."""

from __future__ import annotations

import os
import random

from tests.faults.city import City
from tests.faults.drill import Drill

SUBMITS = int(os.environ.get("DAYI_DRILL_SUBMITS", "400"))
SEED = int(os.environ.get("DAYI_DRILL_SEED", "0")) or random.randrange(1, 1 << 30)


def test_whatever_breaks_nothing_is_lost_doubled_or_given_to_two(city: City) -> None:
    drill = Drill(city, SUBMITS, SEED)

    verdict = drill.run()

    print(verdict)
    assert verdict.wrong == {}, f"{verdict} (seed {SEED})"
    assert drill.seen.odd == set(), f"seed {SEED}\n{crashes(city)}"
    assert verdict.acked >= SUBMITS
    assert verdict.max_unavailable_s < 30  # ten, and what a busy machine adds; the line above has the figure
    assert city.count("SELECT count(*) FROM live_sessions") > 5, "teachers were to answer meanwhile"


def crashes(city: City) -> str:
    """What the nodes wrote of handlers that failed."""
    logs = sorted(city.folder.glob("*.log"))
    return "\n".join(line for log in logs for line in log.read_text().splitlines() if "a handler failed" in line)
