"""Scores to a verdict: is the problem asked the known one, one like it, or neither; and why.

SAME_AT is a probability: on the public half (5,211 questions) precision of a push and share of the re-asked that get
one are 0.991/0.893. By cross-validation over source problems precision 0.99 nearly holds (0.9895) from 0.70 on; it
stands higher for what other problems and other noise may bring. SIMILAR_AT offers 98.9 % of the other-number questions
their pattern.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from matcher.compare import FIGURES, Comparison, compare, shared
from matcher.normalize import Problem
from matcher.words import NEGATION_WORDS, words

VERIFIER = Path(__file__).parent / "verifier.json"
"""Trees fitted by `matcher.fit` on pairs made from licensed problems."""
SAME_AT = 0.75
SIMILAR_AT = 0.5
VETOED_AT_MOST = 0.1
"""Confidence is scaled down to this where a rule forbids calling the problems the same: another number, another of the
problem's own things or people, or another deciding word (more for less, right for wrong, + for -) in the same place."""


class Verdict(StrEnum):
    """What a comparison of two problems ends in."""

    SAME = "same"
    SIMILAR = "similar"
    NEW = "new"


class Ground(StrEnum):
    """What a reason is about."""

    NUMBERS = "numbers"
    UNITS = "units"
    RELATIONS = "relations"
    NEGATION = "negation"
    OPTIONS = "options"
    ASKS = "asks"
    PEOPLE = "people"
    PLACES = "places"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that agrees or differs, with both sides, and a sentence for a twelve-year-old in Chinese."""

    kind: Ground
    agrees: bool
    asked: str
    known: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Decision:
    """`confidence` (0 to 1) is of being the same problem, `likeness` (0 to 1) of being made after the same pattern."""

    verdict: Verdict
    confidence: float
    likeness: float
    reasons: tuple[Reason, ...]


def decide(asked: Problem, known: Problem, cosine: float, lexical: float, read_from_photo: bool,
           verifier: Verifier | None = None) -> Decision:
    """Compares a problem with a known one; `cosine` and `lexical` (0 to 1) are how near the index found them."""
    return decide_each(asked, [(known, cosine, lexical)], read_from_photo, verifier)[0]


def decide_each(asked: Problem, candidates: Sequence[tuple[Problem, float, float]], read_from_photo: bool,
                verifier: Verifier | None = None) -> list[Decision]:
    """`decide` for several known problems, each with its cosine and lexical."""
    comparisons = [None if asked.is_empty or known.is_empty or is_far(asked, known, cosine, lexical)
                   else compare(asked, known, cosine, lexical, read_from_photo)
                   for known, cosine, lexical in candidates]
    compared = [each.figures for each in comparisons if each is not None]
    probabilities = iter((verifier or shipped_verifier()).probabilities(compared))
    return [Decision(Verdict.NEW, 0.0, 0.0, ()) if comparison is None else
            _decision(asked, known, comparison, next(probabilities), cosine, read_from_photo)
            for (known, cosine, _), comparison in zip(candidates, comparisons, strict=True)]


FAR_BELOW, FAR_LEXICAL_BELOW = 0.45, 0.4
"""Two problems are new to each other without being compared if their likeness can't come to the one and `lexical` is
below the other. So go 46 % of the candidates of the public half; the surest of them had a confidence of 0.18, the three
right ones 0.01 at most."""


def is_far(asked: Problem, known: Problem, cosine: float, lexical: float) -> bool:
    """Whether the words in common, wherever they stand, can't make the two alike."""
    return lexical < FAR_LEXICAL_BELOW and \
        (cosine + sum(shared(words(asked.stem), words(known.stem)))) / 3 < FAR_BELOW


def _decision(asked: Problem, known: Problem, comparison: Comparison, confidence: float, cosine: float,
              read_from_photo: bool) -> Decision:
    if is_vetoed(comparison, read_from_photo):
        confidence *= VETOED_AT_MOST
    likeness = likeness_of(comparison, cosine)
    alike = Verdict.SIMILAR if likeness >= SIMILAR_AT else Verdict.NEW
    verdict = Verdict.SAME if confidence >= SAME_AT else alike
    return Decision(verdict, confidence, likeness, _reasons(asked, known, comparison, read_from_photo))


def is_vetoed(comparison: Comparison, read_from_photo: bool) -> bool:
    """Whether a rule forbids calling the two the same."""
    return _other_numbers(comparison, read_from_photo) or comparison.numbers_swapped or comparison.places_exchanged \
        or bool(comparison.things_exchanged or comparison.words_exchanged or comparison.units_exchanged
                or comparison.people_exchanged)


def _other_numbers(comparison: Comparison, read_from_photo: bool) -> bool:
    """Whether a number of one stands where the other has another: then they are two problems in any case."""
    numbers = comparison.numbers
    if not read_from_photo:
        return bool(numbers.new and numbers.lost)
    known, found = (int(comparison.figures[at]) for at in (_NUMBERS, _NUMBERS_FOUND))
    misread = len(numbers.misread)
    if numbers.new and numbers.lost and found <= 2 * len(numbers.lost):
        return True
    return bool(numbers.contradicted) or misread > 1 + known // MOST_MISREAD or (misread > 0 and misread == found)


MOST_MISREAD = 5
"""Of a photo's numbers one may have lost a digit, and one more of every five; another must be there unharmed."""


def likeness_of(comparison: Comparison, cosine: float) -> float:
    """Nearness of the vectors, which hardly look at numbers, and the share of words found on both sides."""
    covered = comparison.figures[_KNOWN_COVERED], comparison.figures[_ASKED_COVERED]
    return max(0.0, min(1.0, (cosine + max(covered) + min(covered)) / 3))


_NUMBERS, _NUMBERS_FOUND = FIGURES.index("numbers"), FIGURES.index("numbers_found")
_KNOWN_COVERED, _ASKED_COVERED = FIGURES.index("known_covered"), FIGURES.index("asked_covered")


# --- the trees -----------------------------------------------------------------------------------------------------

Node = tuple[int, float, int, int]
"""Figure (-1 for a leaf), threshold (a leaf's value), next node at or below the threshold, next node above it."""


class _Forest:
    """Trees as arrays, to go down all of them at once for several rows of figures. A leaf is its own next node."""

    def __init__(self, trees: Sequence[Sequence[Node]]) -> None:
        begins = np.cumsum([0, *map(len, trees)])[:-1]
        nodes = [(max(at, 0), value, begin + (left if at >= 0 else n), begin + (right if at >= 0 else n), at < 0)
                 for begin, tree in zip(begins, trees, strict=True) for n, (at, value, left, right) in enumerate(tree)]
        table = np.array(nodes, float).reshape(-1, 5)
        self._roots, self._value = begins.astype(int), table[:, 1]
        self._figure, self._left, self._right = (table[:, at].astype(int) for at in (0, 2, 3))
        self._leaf = table[:, 4] > 0

    def scores(self, figures: Sequence[Sequence[float]]) -> list[float]:
        """The sum of the trees' leaves for each row."""
        rows = np.asarray(figures)
        at = np.broadcast_to(self._roots, (len(rows), len(self._roots)))
        across = np.arange(len(rows))[:, None]
        while not self._leaf[at].all():
            is_left = rows[across, self._figure[at]] <= self._value[at]
            at = np.where(is_left, self._left[at], self._right[at])
        return [float(each) for each in self._value[at].sum(axis=1)]


@dataclass(frozen=True, slots=True)
class Verifier:
    """Boosted trees over FIGURES; `slope` and `shift` turn their sum into a calibrated probability (Platt)."""

    base: float
    trees: tuple[tuple[Node, ...], ...]
    slope: float = 1.0
    shift: float = 0.0
    _forest: _Forest = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_forest", _Forest(self.trees))

    def probability(self, figures: Sequence[float]) -> float:
        """That both are the same problem, 0 to 1."""
        return self.probabilities([figures])[0]

    def probabilities(self, figures: Sequence[Sequence[float]]) -> list[float]:
        """`probability` of each row."""
        return [1 / (1 + math.exp(-max(-30.0, min(30.0, self.slope * score + self.shift))))
                for score in self.scores(figures)]

    def score(self, figures: Sequence[float]) -> float:
        """The sum of the trees, in log odds of the training pairs."""
        return self.scores([figures])[0]

    def scores(self, figures: Sequence[Sequence[float]]) -> list[float]:
        """`score` of each row."""
        if not figures:
            return []
        return [self.base + score for score in self._forest.scores(figures)]

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Verifier:
        """From the plain lists that `matcher.fit` writes."""
        place = [FIGURES.index(name) for name in kept["figures"]]
        trees = tuple(tuple((place[at] if at >= 0 else -1, *rest) for at, *rest in tree) for tree in kept["trees"])
        return cls(kept["base"], trees, kept.get("slope", 1.0), kept.get("shift", 0.0))

    def grown(self, more: Mapping[str, Any]) -> Verifier:
        """With trees that `matcher.supplement` fitted: their values are log odds, after slope and shift."""
        trees = Verifier.of({**more, "base": 0.0}).trees
        scaled = tuple(tuple((at, value if at >= 0 else value / self.slope, left, right)
                             for at, value, left, right in tree) for tree in trees)
        return replace(self, trees=self.trees + scaled)


@lru_cache(maxsize=1)
def base_version() -> int:
    """Names the shipped trees: what was fitted on top of others is of no use on them."""
    return crc32(VERIFIER.read_bytes())


@lru_cache(maxsize=1)
def shipped_verifier() -> Verifier:
    """The one beside this file, read once."""
    return Verifier.of(json.loads(VERIFIER.read_text(encoding="utf-8")))


# --- the reasons ---------------------------------------------------------------------------------------------------

def _reasons(asked: Problem, known: Problem, comparison: Comparison, read_from_photo: bool) -> tuple[Reason, ...]:
    found = (
        _numbers(asked, known, comparison, read_from_photo),
        _exchanged(Ground.ASKS, comparison.things_exchanged, "说的不是同一个"),
        _people(comparison),
        _places(comparison),
        _exchanged(Ground.UNITS, comparison.units_exchanged, "单位不一样"),
        _exchanged(Ground.RELATIONS, _kind_of(comparison, lambda w: w not in NEGATION_WORDS), "关系不一样"),
        _exchanged(Ground.NEGATION, _kind_of(comparison, NEGATION_WORDS.__contains__), "问的正好相反"),
        _options(asked, known, comparison),
        _asks(asked, known, comparison),
        _words(comparison),
    )
    return tuple(reason for reason in found if reason is not None)


def _numbers(asked: Problem, known: Problem, comparison: Comparison, read_from_photo: bool) -> Reason | None:
    mine, theirs = _list(asked.numbers), _list(known.numbers)
    found = comparison.numbers
    lost, new = (*found.lost, *found.torn, *(known for _, known in (*found.unsigned, *found.misread))), found.new
    if not asked.numbers and not known.numbers:
        return None
    if not lost and not new:
        if comparison.numbers_misplaced or comparison.numbers_swapped:
            return Reason(Ground.NUMBERS, False, mine, theirs, f"数字一样，但位置不一样：{theirs}")
        return Reason(Ground.NUMBERS, True, mine, theirs, f"数字都一样：{theirs}")
    if lost and not new and read_from_photo:
        return Reason(Ground.NUMBERS, False, mine, theirs, f"照片里没读清的数字：{_list(lost)}")
    if lost and new:
        return Reason(Ground.NUMBERS, False, mine, theirs, f"数字不一样：你的题是 {_list(new)}，这道题是 {_list(lost)}")
    if lost:
        return Reason(Ground.NUMBERS, False, mine, theirs, f"你的题里没有这些数字：{_list(lost)}")
    return Reason(Ground.NUMBERS, False, mine, theirs, f"你的题里多了这些数字：{_list(new)}")


def _exchanged(kind: Ground, pairs: tuple[tuple[str, str], ...], what: str) -> Reason | None:
    if not pairs:
        return None
    mine, theirs = (_list(tuple(dict.fromkeys(side))) for side in zip(*pairs, strict=True))
    return Reason(kind, False, mine, theirs, f"{what}：你的题是“{mine}”，这道题是“{theirs}”")


def _people(comparison: Comparison) -> Reason | None:
    if not comparison.people_exchanged:
        return None
    mine, theirs = (_list(tuple(dict.fromkeys(side))) for side in zip(*comparison.people_exchanged, strict=True))
    return Reason(Ground.PEOPLE, False, mine, theirs, "题里的人调换了：看看谁是谁，问的是谁")


def _places(comparison: Comparison) -> Reason | None:
    if not comparison.places_exchanged:
        return None
    return Reason(Ground.PLACES, False, "", "", "用的词一样，位置却换了：看看谁比谁多，先算什么")


def _kind_of(comparison: Comparison, wanted: Callable[[str], bool]) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in comparison.words_exchanged if wanted(pair[0]))


def _options(asked: Problem, known: Problem, comparison: Comparison) -> Reason | None:
    if not asked.options or not known.options:
        return None
    mine, theirs = ("；".join(f"{k} {v}" for k, v in p.options.items()) for p in (asked, known))
    if comparison.options_differ:
        return Reason(Ground.OPTIONS, False, mine, theirs, f"选项不一样：{_list(comparison.options_differ)}")
    return Reason(Ground.OPTIONS, True, mine, theirs, "选项都一样")


def _asks(asked: Problem, known: Problem, comparison: Comparison) -> Reason | None:
    if not known.asks:
        return None
    if comparison.ask_likeness >= ASK_AGREES_AT:
        return Reason(Ground.ASKS, True, asked.asks, known.asks, f"问的一样：{_short(known.asks)}")
    return Reason(Ground.ASKS, False, asked.asks, known.asks,
                  f"问的不一样：你的题问“{_short(asked.asks)}”，这道题问“{_short(known.asks)}”")


def _words(comparison: Comparison) -> Reason:
    share = min(comparison.figures[_KNOWN_COVERED], comparison.figures[_ASKED_COVERED])
    mine, theirs = "".join(comparison.stems.only_asked)[:60], "".join(comparison.stems.only_known)[:60]
    agrees = share >= WORDS_AGREE_AT
    return Reason(Ground.WORDS, agrees, mine, theirs, "题目的文字几乎一样" if agrees else "题目的文字不太一样")


ASK_AGREES_AT, WORDS_AGREE_AT = 0.8, 0.85
"""Shares of common words from which a reason says "the same"; they only choose the sentence."""


def _list(parts: tuple[str, ...]) -> str:
    return "、".join(parts[:8]) + ("……" if len(parts) > 8 else "")


def _short(clause: str) -> str:
    return clause if len(clause) <= 30 else clause[:29] + "…"
