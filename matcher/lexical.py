"""Words of a problem as pairs of neighbouring atoms: which of them tell problems apart, and how many two share."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import pairwise
from math import fsum, log
from pathlib import Path

from matcher.normalize import atoms

RARITY = Path(__file__).parent / "grams.json"
"""In how many problems of the training corpora a pair or an atom occurs; made by `matcher.train`."""
TELLING = 16
"""Pairs that are looked up for a problem: the rarest ones. 24 find no more of the public half among ten candidates."""


@lru_cache(maxsize=50_000)
def grams(text: str) -> tuple[str, ...]:
    """Distinct pairs of neighbouring atoms of comparable text in order of appearance; a lone atom stands for itself."""
    row = atoms(text)
    return tuple(dict.fromkeys(a + b for a, b in pairwise(row))) or row[:1]


def telling(text: str, most: int = TELLING) -> tuple[str, ...]:
    """The pairs that few other problems have, rarest first."""
    return tuple(sorted(grams(text), key=lambda gram: -rarity(gram))[:most])


def lexical(asked: str, known: str) -> float:
    """How much of both comparable texts is common, 0 to 1; rare pairs count more (weighted Dice)."""
    left, right = _weighed(asked), _weighed(known)
    whole = fsum((*left.values(), *right.values()))
    return 2 * fsum(weight for gram, weight in left.items() if gram in right) / whole if whole else 0.0


@lru_cache(maxsize=1_000)
def _weighed(text: str) -> dict[str, float]:
    unseen, rarities = _rarities()
    return {gram: rarities.get(gram, unseen) for gram in grams(text)}


def rarity(gram: str) -> float:
    """Logarithm of one over the share of problems with the pair."""
    unseen, rarities = _rarities()
    return rarities.get(gram, unseen)


@lru_cache(maxsize=1)
def _rarities() -> tuple[float, dict[str, float]]:
    """Of a pair that no problem has, and of those that some have."""
    kept = json.loads(RARITY.read_text(encoding="utf-8"))
    whole = kept["problems"] + 1
    return log(whole), {gram: log(whole / (count + 1)) for gram, count in kept["counts"].items()}
