"""Fits the verifier on pairs made from licensed problems: `python -m matcher.fit --bank BANK.jsonl`.

Boosted trees over the figures of `matcher.compare`, written as JSON that `matcher.decide` reads without sklearn.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from matcher.compare import FIGURES, compare
from matcher.decide import VERIFIER
from matcher.embed import Embedder
from matcher.evaluate import Shelf
from matcher.noise import asked_again, changed
from matcher.normalize import normalize
from matcher.train import SEED, licensed_texts

SAME_VERSIONS, CHANGED_VERSIONS = 3, 5
"""How often each problem is asked again, and how often one that looks like it."""
NEIGHBOURS = 3
"""Candidates of each that are judged besides the problem itself."""
TREES, LEAVES, LEARNING_RATE = 260, 14, 0.08

Table = NDArray[np.float64]


def main() -> None:
    """Reads the command line, makes the pairs, fits, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bank", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=VERIFIER)
    parser.add_argument("--pairs", type=Path, help="keep the pairs here (npz), or take them from here when it exists")
    given = parser.parse_args()
    if given.pairs and given.pairs.exists():
        kept = np.load(given.pairs)
        figures, labels = kept["figures"], kept["labels"]
    else:
        figures, labels = pairs(licensed_texts(given.bank), Embedder.load())
        if given.pairs:
            np.savez(given.pairs, figures=figures, labels=labels)
    print(f"{len(labels)} pairs, {int(labels.sum())} of them the same problem")
    given.out.write_text(json.dumps(fitted(figures, labels), separators=(",", ":")) + "\n")


def pairs(texts: Sequence[str], embedder: Embedder, seed: int = SEED) -> tuple[Table, Table]:
    """Figures of pairs (asked, known) and whether they are the same problem."""
    shelf = Shelf([{"id": i, "text": text} for i, text in enumerate(texts)], embedder)
    rng = random.Random(seed)
    rows, labels = [], []
    for asked_text, origin, photo in _asked(texts, rng):
        asked = normalize(asked_text)
        for near in shelf.nearest(asked)[0][:NEIGHBOURS]:
            same = near.id == str(origin)
            if not same and near.lexical > 0.85 and asked.numbers == near.problem.numbers:
                continue  # the corpora hold some problems twice
            rows.append(compare(asked, near.problem, near.cosine, near.lexical, photo).figures)
            labels.append(same)
    return np.array(rows), np.array(labels, float)


def _asked(texts: Sequence[str], rng: random.Random) -> Iterator[tuple[str, int | None, bool]]:
    """Asked texts, with the place of the problem they ask again (None: another problem) and whether from a photo."""
    for at, text in enumerate(texts):
        for _ in range(SAME_VERSIONS):
            again = asked_again(text, rng, texts)
            yield again, at, _is_photo(again, text)
        for _ in range(CHANGED_VERSIONS):
            other = changed(text, rng)
            if other is not None and normalize(other[0]).text != normalize(text).text:
                again = other[0] if rng.random() < 0.4 else asked_again(other[0], rng, texts, keeps_ask=True)
                yield again, None, _is_photo(again, text)


def _is_photo(again: str, text: str) -> bool:
    return again.count("\n") > text.count("\n")


def fitted(figures: Table, labels: Table) -> dict[str, Any]:
    """The trees as plain lists: figure, threshold, left, right, value for each node."""
    model = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=LEARNING_RATE, min_samples_leaf=40, l2_regularization=2.0,
        early_stopping=False, random_state=SEED)
    model.fit(figures, labels)
    trees = [[[int(n["feature_idx"]), round(float(n["num_threshold"]), 5), int(n["left"]), int(n["right"])]
              if not n["is_leaf"] else [-1, round(float(n["value"]), 5), 0, 0] for n in predictors[0].nodes]
             for predictors in model._predictors]
    return {"figures": list(FIGURES), "base": round(float(np.ravel(model._baseline_prediction)[0]), 6), "trees": trees}


if __name__ == "__main__":
    main()
