"""What people say of matches becomes a calibration: a probability that means what it says, a bar for each subject.

The verifier's confidence is mapped by Platt's method (logistic regression on its log odds; J. Platt, 1999), drawn
towards "as it is" while there are few labels. A subject's bar is the lowest at which pushes are right in 99 of 100
cases by the labels and by what was measured before there were any.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.decide import SAME_AT, VETOED_AT_MOST

ALL = "*"
"""The bar of subjects that have no own."""
PRECISE = 0.99
STEPS = (*tuple(round(0.5 + 0.02 * n, 2) for n in range(25)), 0.99, 0.995)
NEVER = 1.01
"""A bar that nothing reaches: the subject's questions go to teachers."""
MEASURED = ((0.9, 0.996), (0.8, 0.995), (0.7, 0.992), (0.6, 0.988), (0.5, 0.985))
"""Confidence and precision on 5,211 public questions (matcher/decide.py): what is believed before labels come."""
BELIEVED = 100.0
"""Labels that this belief counts as."""
FEWEST_BELOW = 50
"""Labels below the present bar without which it is not lowered: nobody judges what is not pushed."""
DRAWN = 20.0
"""Strength of the pull of Platt's two numbers towards 1 and 0, in labels."""
ALARM_BELOW = 0.97
ALARM_AT = 0.01
"""A run of labels is a drop when pushes as good as ALARM_BELOW would give it in fewer cases than this."""
LATEST = 200
"""Labels of a subject that are looked at for a drop."""
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)


@dataclass(frozen=True, slots=True)
class Label:
    """A judged pair: the verifier's confidence (0 to 1) and what people say; `pushed` when a pupil was shown it."""

    subject: str
    confidence: float
    same: bool
    pushed: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    """Two texts, what people say of them, and the confidence that the matcher had, before calibration.

    Where a text is gone it is empty: such a word counts for the bars, not for the verifier.
    """

    subject: str
    asked: str
    known: str
    known_id: str
    from_photo: bool
    same: bool
    pushed: bool
    confidence: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Confidence to probability (slope and shift of the log odds), and the probability that a push needs.

    `verifier` is the number of the trees that go with it, None for the shipped ones alone.
    """

    slope: float = 1.0
    shift: float = 0.0
    bars: Mapping[str, float] = field(default_factory=lambda: {ALL: SAME_AT})
    verifier: int | None = None

    def probability(self, confidence: float) -> float:
        """That the two are the same problem. What a rule forbids stays forbidden."""
        if confidence <= VETOED_AT_MOST:
            return confidence
        return _sigmoid(self.slope * _log_odds(confidence) + self.shift)

    def confidence(self, probability: float) -> float:
        """What the verifier had said, given what was made of it."""
        if probability <= VETOED_AT_MOST or (self.slope, self.shift) == (1.0, 0.0):
            return probability
        return _sigmoid((_log_odds(probability) - self.shift) / self.slope)

    def bar(self, subject: str | None) -> float:
        """The probability from which a problem of this subject is pushed."""
        return self.bars.get(subject or ALL, self.bars.get(ALL, SAME_AT))


@dataclass(frozen=True, slots=True)
class Learned:
    """What is proposed: a calibration, trees for the verifier (None: those in force stay), and what would change."""

    calibration: Calibration
    trees: Mapping[str, Any] | None
    report: Mapping[str, Any]


def refitted(labels: Sequence[Label], present: Calibration) -> Calibration:
    """The calibration that these labels ask for."""
    slope, shift = _platt(labels)
    mapped = Calibration(slope, shift, present.bars)
    everywhere = _bar(labels, mapped, SAME_AT)
    bars = {ALL: everywhere}
    for subject in sorted({label.subject for label in labels}):
        own = _bar([label for label in labels if label.subject == subject], mapped, everywhere)
        if own != everywhere:
            bars[subject] = own
    return Calibration(slope, shift, bars, present.verifier)


def tightened(labels: Sequence[Label], present: Calibration, subject: str) -> Calibration:
    """The subject's bar one step higher at least, as high as its labels ask for; the rest as it is."""
    asked = _bar([label for label in labels if label.subject == subject], present, present.bar(subject))
    above = next((step for step in STEPS if step > present.bar(subject)), NEVER)
    return replace(present, bars={**present.bars, subject: max(asked, above)})


def has_dropped(labels: Sequence[Label]) -> bool:
    """Whether so many of the latest pushes were wrong that chance hardly explains it (one-sided binomial test)."""
    wrong = sum(not label.same for label in labels)
    return wrong > 0 and _tail(len(labels), wrong, 1 - ALARM_BELOW) < ALARM_AT


def report(before: Sequence[Label], present: Calibration, after: Sequence[Label],
           proposed: Calibration) -> dict[str, Any]:
    """What would change: labels, precision and recall of pushes before and after, by subject and in all. The labels
    are the same; their confidence is another's when the verifier changes."""
    subjects = sorted({label.subject for label in before})

    def told(subject: str) -> dict[str, Any]:
        mine, then = ([label for label in labels if subject in (ALL, label.subject)] for labels in (before, after))
        return {"labels": len(mine), "same": sum(label.same for label in mine),
                "before": _figures(mine, present, subject), "after": _figures(then, proposed, subject)}

    return {subject: told(subject) for subject in (ALL, *subjects)}


def reliability(labels: Iterable[Label], calibration: Calibration) -> list[tuple[float, float, int, float, float]]:
    """For each of BINS: from, to, number of labels, mean probability, share that were the same problem."""
    found = [(calibration.probability(label.confidence), label.same) for label in labels]
    bins = []
    for low, high in itertools.pairwise(BINS):
        inside = [(p, same) for p, same in found if low <= p < high or p == high == BINS[-1]]
        if inside:
            mean, share = (sum(part) / len(inside) for part in zip(*inside, strict=True))
            bins.append((low, high, len(inside), mean, share))
    return bins


def _figures(labels: Sequence[Label], calibration: Calibration, subject: str) -> dict[str, float | int | None]:
    bar = calibration.bar(subject)
    pushed = [label for label in labels if calibration.probability(label.confidence) >= calibration.bar(label.subject)]
    right, same = sum(label.same for label in pushed), sum(label.same for label in labels)
    return {"bar": bar, "pushed": len(pushed), "precision": right / len(pushed) if pushed else None,
            "recall": right / same if same else None}


def _bar(labels: Sequence[Label], calibration: Calibration, start: float) -> float:
    """The lowest step at which pushes are precise, from `start` on; lower ones only if enough was judged there."""
    judged = [(calibration.probability(label.confidence), label.same) for label in labels]
    below = sum(p < start for p, _ in judged)
    for step in sorted({*STEPS, start}):
        if step < start and below < FEWEST_BELOW:
            continue
        above = [same for p, same in judged if p >= step]
        believed_wrong = BELIEVED * (1 - _measured(step))
        if (believed_wrong + above.count(False)) / (BELIEVED + len(above)) <= 1 - PRECISE:
            return step
    return NEVER


def _measured(bar: float) -> float:
    """The precision known before labels, between the measured points on straight lines."""
    points = sorted(MEASURED)
    return float(np.interp(bar, [at for at, _ in points], [precision for _, precision in points]))


def _platt(labels: Sequence[Label], rounds: int = 50) -> tuple[float, float]:
    """Slope and shift by Newton's method, with the pull towards 1 and 0; as it is without both kinds of labels."""
    usable = [label for label in labels if label.confidence > VETOED_AT_MOST]
    if len({label.same for label in usable}) < 2:
        return 1.0, 0.0
    odds = np.array([_log_odds(label.confidence) for label in usable])
    same = np.array([label.same for label in usable], float)
    given: NDArray[np.float64] = np.stack([odds, np.ones_like(odds)], axis=1)
    prior, at = np.array([1.0, 0.0]), np.array([1.0, 0.0])
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-np.clip(given @ at, -30, 30)))
        gradient = given.T @ (p - same) + DRAWN * (at - prior)
        curvature = (given * (p * (1 - p))[:, None]).T @ given + DRAWN * np.eye(2)
        at = at - np.linalg.solve(curvature, gradient)
    return round(float(np.clip(at[0], 0.2, 5.0)), 4), round(float(np.clip(at[1], -5.0, 5.0)), 4)


def _tail(n: int, k: int, p: float) -> float:
    """The probability of k or more out of n (binomial)."""
    return math.fsum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))


def _log_odds(confidence: float) -> float:
    kept = min(1 - 1e-6, max(1e-6, confidence))
    return math.log(kept / (1 - kept))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, x))))
