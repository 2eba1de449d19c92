"""Problems that nobody wrote, as many as wanted, whose words are as common as those of real ones.

What an index costs hangs on how many entries hold a pair of characters, so a handful of templates would make every pair
a thousand times too common. Here characters follow each other as often as in the corpora that the matcher was trained
on (its table of rarities), and a part of the problems vary an earlier one, as exercise books do.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path

from matcher.lexical import RARITY

VARIED = 0.3
"""Share that takes an earlier problem, with other numbers and sometimes another clause."""
STRANGE = 0.03
"""How often a character follows that never did in the corpora: real banks are full of names."""
CLAUSES, LENGTH = (2, 8), (6, 15)
NUMBERED = 0.5
"""Share of clauses with a number."""


def problems(count: int, rng: random.Random, file: Path | None = None) -> list[str]:
    """Distinct ones: made up, or those of a JSONL file (`text`) and then the same with other numbers."""
    known = [json.loads(line)["text"] for line in file.read_text("utf-8").splitlines()] if file else []
    made = dict.fromkeys(known[:count])
    for _ in range(20 * count):
        if len(made) == count:
            return list(made)
        each = renumbered(rng.choice(known), rng) if file else problem(rng, known)
        if each not in made:
            made[each] = None
            if not file:
                known.append(each)
    raise SystemExit(f"only {len(made)} different problems can be made")


def problem(rng: random.Random, earlier: Sequence[str] = ()) -> str:
    if earlier and rng.random() < VARIED:
        clauses = renumbered(rng.choice(earlier), rng).rstrip("？").split("，")
        if rng.random() < 0.5:
            clauses[rng.randrange(len(clauses))] = _clause(rng)
    else:
        clauses = [_clause(rng) for _ in range(rng.randint(*CLAUSES))]
    return "，".join(clauses) + "？"


def renumbered(known: str, rng: random.Random) -> str:
    return "".join(str(rng.randint(1, 9)) if c.isdigit() else c for c in known)


def _clause(rng: random.Random) -> str:
    row = list(_walk(rng, rng.randint(*LENGTH)))
    if rng.random() < NUMBERED:
        row.insert(rng.randint(1, len(row)), str(rng.randint(2, rng.choice([20, 200, 2_000]))))
    return "".join(row)


def _walk(rng: random.Random, length: int) -> Iterator[str]:
    followers, alone = _habits()
    last = ""
    for _ in range(length):
        known = followers.get(last)
        characters, weights = alone if known is None or rng.random() < STRANGE else known
        last = rng.choices(characters, cum_weights=weights)[0]
        yield last


Weighted = tuple[list[str], list[int]]


@cache
def _habits() -> tuple[dict[str, Weighted], Weighted]:
    """What follows each character how often, and every character: cumulative weights."""
    counts: dict[str, int] = json.loads(RARITY.read_text("utf-8"))["counts"]
    plain = {gram: times for gram, times in counts.items() if not any(c.isdigit() for c in gram)}
    pairs: dict[str, dict[str, int]] = defaultdict(dict)
    for gram, times in plain.items():
        if len(gram) == 2:
            pairs[gram[0]][gram[1]] = times
    alone = {gram: times for gram, times in plain.items() if len(gram) == 1}
    return {first: _weighted(after) for first, after in pairs.items()}, _weighted(alone)


def _weighted(times: dict[str, int]) -> Weighted:
    return list(times), list(accumulate(times.values()))
