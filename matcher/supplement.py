"""What people say of matches makes the verifier better: a few trees more, on top of the shipped ones.

Boosting goes on from where the shipped trees stand (Newton's steps; J. Friedman, 2001), each tree bound to the same
directions as theirs, so that another number never makes two problems rather the same. People judge little but what was
pushed; so that everything else stays as it was, pairs made from the project's own problems, which no shipped tree has
seen, are fitted along. A part of these is held out, by problem: more trees are proposed only if they are no worse there
and better on the labels, each label judged by trees that saw no label of its known problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from matcher.calibrate import PRECISE, Calibration, Judged, Label, Learned, refitted, report
from matcher.compare import FIGURES, compare
from matcher.decide import VETOED_AT_MOST, Node, Verifier, base_version, is_vetoed, shipped_verifier
from matcher.embed import Embedder
from matcher.figure import names_figure
from matcher.fit import YARDSTICK, Pairs, Table, nodes_of, signs
from matcher.lexical import lexical
from matcher.licensed import SEED
from matcher.normalize import normalize

FEWEST, FEWEST_OF_A_KIND = 100, 10
"""Labels with both texts, and those of each kind, without which the verifier stays as it is."""
ROUNDS = (12, 6, 3)
"""Trees: as many as are no worse on what is held out."""
LEAVES, SMALLEST_LEAF, LEARNING_RATE, DRAWN, BINS = 6, 15, 0.3, 5.0, 63
"""A tree is small, holds many pairs in each leaf and takes a third of its step: labels are few."""
STEEPEST = 4.0
"""Of one step, in log odds, before the learning rate."""
FOLDS = 3
HELD_OUT = 2
"""Every second problem of the yardstick."""

Tree = list[Node]


def learn(judged: Sequence[Judged], present: Calibration, in_force: Verifier, embedder: Embedder,
          yardstick: Pairs | None = None) -> Learned:
    """The calibration, and trees where there is enough to learn them from, that these words ask for."""
    said = [Label(pair.subject, pair.confidence, pair.same, pair.pushed) for pair in judged]
    usable = [at for at, pair in enumerate(judged) if _tells(pair)]
    before, after = list(said), list(said)
    pairs, vetoed = _compared([judged[at] for at in usable], embedder)
    trees, odds, told = proposed(pairs, yardstick or shipped_yardstick(), in_force)
    for at, now, then, veto in zip(usable, _odds(in_force, pairs), odds, vetoed, strict=True):
        before[at] = replace(said[at], confidence=_confidence(now, veto))
        after[at] = replace(said[at], confidence=_confidence(then, veto))
    calibration = refitted(after, present)
    return Learned(calibration, trees, {"verifier": told, "subjects": report(before, present, after, calibration)})


def proposed(labels: Pairs, yardstick: Pairs,
             in_force: Verifier) -> tuple[dict[str, Any] | None, Table, dict[str, Any]]:
    """Trees for the shipped verifier or None, the log odds of each label by trees that saw none of its known problem
    (by the verifier in force without trees), and why."""
    held = yardstick.origin % HELD_OUT == 0
    test, along = yardstick.only(held), yardstick.only(~held)
    now, test_now = _odds(in_force, labels), _odds(in_force, test)
    told: dict[str, Any] = {"labels": len(now), "same": int(labels.same.sum()), "held_out": len(test_now)}
    if len(now) < FEWEST or min(told["same"], len(now) - told["same"]) < FEWEST_OF_A_KIND:
        return None, now, told | {"why": f"fewer than {FEWEST} judged pairs, or {FEWEST_OF_A_KIND} of a kind"}
    loss, worth = _loss(now, labels.same), _worth(test_now, test.same)
    told |= {"labels_before": _round(loss.mean()), "held_out_before": worth}
    base = shipped_verifier()
    grown = _grown(labels.and_(along), base)
    of_fold = [_grown(labels.only(labels.origin % FOLDS != fold).and_(along), base) for fold in range(FOLDS)]
    for rounds in ROUNDS:
        odds = _odds(base, labels)
        for fold, trees in enumerate(of_fold):
            mine = labels.origin % FOLDS == fold
            odds[mine] += _sums(trees[:rounds], labels.figures[mine])
        gain = loss - _loss(odds, labels.same)
        after = _worth(_odds(base, test) + _sums(grown[:rounds], test.figures), test.same)
        told |= {"trees": rounds, "labels_after": _round((loss - gain).mean()), "held_out_after": after}
        if gain.mean() <= gain.std() / np.sqrt(len(gain)):
            told["why"] = "no better on the labels than chance explains"
        elif after["loss"] > worth["loss"] or after["recall"] < worth["recall"]:
            told["why"] = "worse on what is held out"
        else:
            kept = {"on": base_version(), "figures": list(FIGURES), "trees": grown[:rounds]}
            return kept, odds, told | {"why": "better on the labels, no worse on what is held out"}
    return None, now, told


def _grown(pairs: Pairs, base: Verifier) -> list[Tree]:
    odds, trees = _odds(base, pairs), []
    cuts = [_cuts(figure) for figure in pairs.figures.T]
    steps = np.column_stack([np.searchsorted(cut, figure) for cut, figure in zip(cuts, pairs.figures.T, strict=True)])
    with threadpool_limits(1):  # beside a worker's other work
        for _ in range(ROUNDS[0]):
            p = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
            bend = np.maximum(p * (1 - p), 1e-3)
            model = HistGradientBoostingRegressor(
                max_iter=1, learning_rate=LEARNING_RATE, max_leaf_nodes=LEAVES, min_samples_leaf=SMALLEST_LEAF,
                l2_regularization=DRAWN, max_bins=BINS, monotonic_cst=signs(), early_stopping=False, random_state=SEED)
            model.fit(steps, np.clip((pairs.same - p) / bend, -STEEPEST, STEEPEST), sample_weight=bend)
            [tree] = nodes_of(model, LEARNING_RATE * float(np.ravel(model._baseline_prediction)[0]))
            tree = [(at, float(cuts[at][int(value)]) if at >= 0 else value, left, right)
                    for at, value, left, right in tree]
            trees.append(tree)
            odds = odds + _sums([tree], pairs.figures)
    return trees


def _cuts(figure: Table) -> Table:
    """Where a tree may part the values of a figure. Found once: left to itself, the library finds them for each tree
    anew, as quantiles by its weights, which takes three times as long as all else."""
    values = np.unique(figure)
    if len(values) > BINS:
        return np.unique(np.quantile(figure, np.arange(1, BINS) / BINS, method="midpoint").round(5))
    return ((values[1:] + values[:-1]) / 2).round(5)


def shipped_yardstick() -> Pairs:
    """The one beside this file, read once."""
    return _read(YARDSTICK)


@lru_cache(maxsize=1)
def _read(path: Path) -> Pairs:
    with np.load(path) as kept:
        return Pairs(kept["figures"].astype(float), kept["same"].astype(float), kept["origin"].astype(np.int64))


def _tells(pair: Judged) -> bool:
    """Whether the two texts say all that the matcher had: where a figure carries the problem, they do not."""
    return bool(pair.asked and pair.known) and not names_figure(pair.asked) and not names_figure(pair.known)


def _compared(judged: Sequence[Judged], embedder: Embedder) -> tuple[Pairs, list[bool]]:
    rows, vetoed = [], []
    for pair in judged:
        asked, known = normalize(pair.asked), normalize(pair.known)
        one, other = embedder.embed([asked.text, known.text])
        comparison = compare(asked, known, float(one @ other), lexical(asked.text, known.text), pair.from_photo)
        rows.append(comparison.figures)
        vetoed.append(is_vetoed(comparison, pair.from_photo))
    origin = np.array([crc32(pair.known_id.encode()) for pair in judged], np.int64)
    figures = np.array(rows, float).reshape(len(rows), len(FIGURES))
    return Pairs(figures, np.array([pair.same for pair in judged], float), origin), vetoed


def _odds(verifier: Verifier, pairs: Pairs) -> Table:
    return verifier.slope * np.array(verifier.scores(pairs.figures.tolist()), float) + verifier.shift


def _sums(trees: Sequence[Tree], figures: Table) -> Table:
    alone = Verifier(0.0, tuple(tuple(tree) for tree in trees))
    return np.array(alone.scores(figures.tolist()), float)


def _confidence(odds: float, vetoed: bool) -> float:
    probability = float(1 / (1 + np.exp(-np.clip(odds, -30, 30))))
    return probability * VETOED_AT_MOST if vetoed else probability


def _loss(odds: Table, same: Table) -> Table:
    """Of each pair, the negative logarithm of the probability given to what is true."""
    found: Table = np.logaddexp(0, np.where(same > 0, -odds, odds))
    return found


def _worth(odds: Table, same: Table) -> dict[str, float]:
    """Mean loss, and the share of the same problems that are found at precision 0.99."""
    order = np.argsort(-odds, kind="stable")
    right = np.cumsum(same[order])
    precise = right / np.arange(1, len(order) + 1) >= PRECISE
    found = float(right[precise][-1]) if precise.any() else 0.0
    return {"loss": _round(_loss(odds, same).mean()), "recall": _round(found / max(1.0, float(same.sum())))}


def _round(value: float) -> float:
    return round(float(value), 4)
