"""From people's labels to a model with its card: what is held out, how it did there, and whether it may serve."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from zlib import crc32

from matcher.classify import Classifier, Marks, TooFewLabels, marks
from matcher.normalize import normalize

HELD_OUT = 5
"""One problem in so many is never learned from, by no model: what its number is, its text alone decides."""
FEWEST_HELD_OUT = 10
LEAST_PRECISE = 0.8
"""Of what is said of held-out problems. Below it a model says nothing worth a person's look."""

_DIGITS = re.compile(r"\d+(?:[./]\d+)*%?")


@dataclass(frozen=True)
class Sample:
    """A text that a person labelled; `ties` name what it shares with others that ask the same problem (its answer, the
    question it follows)."""

    text: str
    label: str
    ties: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lesson:
    """What was learned; `card` is kept with the weights and shown to researchers."""

    weights: bytes | None
    serves: bool
    card: dict[str, Any]


def problems_of(samples: Sequence[Sample]) -> list[str]:
    """The problem of each sample. A problem that is asked again, in other numbers, or answered by one video, is one."""
    group: dict[str, str] = {}

    def root(name: str) -> str:
        while group.setdefault(name, name) != name:
            group[name] = group[group[name]]
            name = group[name]
        return name

    skeletons = [skeleton(sample.text) for sample in samples]
    for sample, name in zip(samples, skeletons, strict=True):
        for other in sample.ties:
            a, b = sorted((root(name), root(f"\0{other}")))
            group[b] = a
    # A group goes by its first skeleton in the alphabet: what is asked again later does not move it.
    least: dict[str, str] = {}
    for name in sorted(set(skeletons)):
        least.setdefault(root(name), name)
    return [least[root(name)] for name in skeletons]


def skeleton(text: str) -> str:
    """A problem's text without its numbers."""
    return _DIGITS.sub("#", normalize(text).stem)


def is_held_out(problem: str) -> bool:
    return crc32(problem.encode("utf-8", "surrogatepass")) % HELD_OUT == 0


def learn(samples: Sequence[Sample], present: bytes | None = None) -> Lesson:
    """A model of these samples beside the one that serves, on the same held-out problems.

    It serves when there is enough to judge it by, when what it says is right at least at LEAST_PRECISE, and when it
    gets no fewer right than the one that serves; the first one when it gets more right than always the commonest.
    """
    samples = [sample for sample in samples if sample.text.strip()]
    problems = problems_of(samples)
    held = [is_held_out(problem) for problem in problems]
    taught = [i for i, out in enumerate(held) if not out]
    tried = [i for i, out in enumerate(held) if out]
    card: dict[str, Any] = {
        "labels": len(samples),
        "problems": len(set(problems)),
        "classes": dict(sorted(Counter(sample.label for sample in samples).items())),
    }
    try:
        model = Classifier.fit(
            [samples[i].text for i in taught], [samples[i].label for i in taught], [problems[i] for i in taught]
        )
    except TooFewLabels as error:
        return Lesson(None, serves=False, card={**card, "why": "too_few", "detail": str(error)})
    asked, known = [samples[i].text for i in tried], [samples[i].label for i in tried]
    after = marks(model.guess(asked), known)
    before = marks(Classifier.from_bytes(present).guess(asked), known) if present is not None else None
    commonest = max(Counter(known).values(), default=0)
    why = _verdict(after, before, commonest)
    card |= {"bar": model.bar, "taught": len(taught), "held_out": asdict(after), "commonest": commonest}
    card |= {"before": None if before is None else asdict(before), "why": why}
    return Lesson(model.to_bytes(), serves=why == "serves", card=card)


def _verdict(after: Marks, before: Marks | None, commonest: int) -> str:
    if after.texts < FEWEST_HELD_OUT:
        return "too_few_held_out"
    if after.precision is None or after.precision < LEAST_PRECISE:
        return "not_precise"
    if before is not None and after.right < before.right:
        return "worse_than_before"
    if before is None and after.right <= commonest:
        return "no_better_than_commonest"
    return "serves"
