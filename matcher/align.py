"""Two rows of words side by side: what both have in order, what moved, what was exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import compress
from operator import and_, not_

from matcher.words import is_number

SHORTEST_MOVE = 3
"""Words that must stand together to count as moved to another place."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Where one side says something else in the same place; either side may be empty at the ends of a moved part."""

    asked: tuple[str, ...]
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Two rows of words and which of them found their like."""

    asked: tuple[str, ...]
    known: tuple[str, ...]
    asked_found: tuple[bool, ...]
    known_found: tuple[bool, ...]
    exchanges: tuple[Exchange, ...]
    moved: int
    """Words found at another place."""
    runs: tuple[tuple[int, int, int], ...] = ()
    """What both have in order: where it begins in each, and how many words."""

    @property
    def only_asked(self) -> tuple[str, ...]:
        return tuple(compress(self.asked, map(not_, self.asked_found)))

    @property
    def only_known(self) -> tuple[str, ...]:
        return tuple(compress(self.known, map(not_, self.known_found)))


def align(asked: Sequence[str], known: Sequence[str]) -> Alignment:
    """The longest common runs in order, then runs of SHORTEST_MOVE words and more that stand elsewhere."""
    asked_found, known_found = [False] * len(asked), [False] * len(known)
    replaced, runs = [], []
    for op, a1, a2, k1, k2 in SequenceMatcher(None, asked, known, autojunk=False).get_opcodes():
        if op == "equal":
            asked_found[a1:a2] = [True] * (a2 - a1)
            known_found[k1:k2] = [True] * (k2 - k1)
            runs.append((a1, k1, a2 - a1))
        elif op == "replace":
            replaced.append((a1, a2, k1, k2))
    moved = _find_moved(asked, known, asked_found, known_found)
    for a1, a2, k1, k2 in replaced:
        _find_within(asked, known, asked_found, known_found, range(a1, a2), range(k1, k2))
    exchanges = []
    for a1, a2, k1, k2 in replaced:
        left = tuple(asked[i] for i in range(a1, a2) if not asked_found[i])
        right = tuple(known[i] for i in range(k1, k2) if not known_found[i])
        if left and right:
            exchanges.append(Exchange(left, right))
    return Alignment(tuple(asked), tuple(known), tuple(asked_found), tuple(known_found), tuple(exchanges), moved,
                     tuple(runs))


def _find_within(asked: Sequence[str], known: Sequence[str], asked_found: list[bool], known_found: list[bool],
                 these: range, those: range) -> None:
    """Words that both sides of an exchange have, in whatever order."""
    there = {known[k] for k in those if not known_found[k]}
    for i in these:
        if not asked_found[i] and asked[i] in there:
            k = next((k for k in those if not known_found[k] and known[k] == asked[i]), None)
            if k is not None:
                asked_found[i] = known_found[k] = True


def _find_moved(asked: Sequence[str], known: Sequence[str], asked_found: list[bool], known_found: list[bool]) -> int:
    moved = 0
    for _ in range(6):
        if not _may_have_moved(asked, known, asked_found, known_found):
            break
        left = [w if not found else f"<{i}" for i, (w, found) in enumerate(zip(asked, asked_found, strict=True))]
        right = [w if not found else f">{i}" for i, (w, found) in enumerate(zip(known, known_found, strict=True))]
        run = SequenceMatcher(None, left, right, autojunk=False).find_longest_match()
        if run.size < SHORTEST_MOVE and not (run.size == 2 and any(is_number(w) for w in left[run.a:run.a + 2])):
            break
        asked_found[run.a:run.a + run.size] = [True] * run.size
        known_found[run.b:run.b + run.size] = [True] * run.size
        moved += run.size
    return moved


def _may_have_moved(asked: Sequence[str], known: Sequence[str], asked_found: Sequence[bool],
                    known_found: Sequence[bool]) -> bool:
    """Whether two neighbours without a like are on the other side as well: else no run is to be looked for."""
    there = {*compress(known, map(not_, known_found))}
    waiting = [not found and word in there for word, found in zip(asked, asked_found, strict=True)]
    return any(map(and_, waiting, waiting[1:]))


def last_place(row: tuple[str, ...], part: tuple[str, ...]) -> int | None:
    """Where the part begins in the row for the last time."""
    if not part:
        return len(row)
    return next((i for i in range(len(row) - len(part), -1, -1)
                 if row[i] == part[0] and row[i:i + len(part)] == part), None)
