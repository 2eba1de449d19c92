"""The verifier learns from labels what it did not know, forgets nothing, and stays as it is when they teach nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from matcher.calibrate import Calibration, Judged
from matcher.compare import FIGURES
from matcher.decide import SAME_AT, Verifier, shipped_verifier
from matcher.embed import Embedder
from matcher.fit import DIRECTIONS, LESS, Pairs
from matcher.supplement import HELD_OUT, learn, proposed, shipped_yardstick
from tests.matcher.problems import APPLES, TRAIN

LETTERS = FIGURES.index("latin_only_known")


def probabilities(verifier: Verifier, pairs: Pairs) -> NDArray[np.float64]:
    return np.array(verifier.probabilities(pairs.figures.tolist()))


def yardstick() -> Pairs:
    """A part of the shipped one: tests are short."""
    whole = shipped_yardstick()
    return whole.only(np.arange(len(whole.same)) % 3 == 0)


def sure_pairs(count: int) -> Pairs:
    """Re-asked problems that the shipped verifier knows as the same, none of them held out."""
    whole = shipped_yardstick()
    mine = whole.only((whole.same > 0) & (whole.origin % HELD_OUT != 0))
    known = mine.only((probabilities(shipped_verifier(), mine) > 0.9) & (mine.figures[:, LETTERS] == 0))
    return known.only(np.arange(len(known.same)) < count)


def with_letters(pairs: Pairs) -> Pairs:
    """The same, but the known problem has forty letters that the asked one has not, and people say it is another."""
    figures = pairs.figures.copy()
    figures[:, LETTERS] = 40
    return Pairs(figures, np.zeros(len(figures)), pairs.origin)


@pytest.fixture(scope="module")
def taught() -> Verifier:
    right = sure_pairs(240)
    trees, odds, told = proposed(right.and_(with_letters(right)), yardstick(), shipped_verifier())

    assert trees is not None and len(odds) == 480, told
    assert told["labels_after"] < told["labels_before"]
    assert told["held_out_after"]["loss"] <= told["held_out_before"]["loss"]
    assert told["held_out_after"]["recall"] >= told["held_out_before"]["recall"]
    return shipped_verifier().grown(json.loads(json.dumps(trees)))


def test_what_people_call_another_problem_is_less_probable_and_the_rest_is_as_it_was(taught: Verifier) -> None:
    seen = sure_pairs(240)
    before, after = (probabilities(v, with_letters(seen)).mean() for v in (shipped_verifier(), taught))

    assert after < before - 0.3
    assert (probabilities(taught, seen) >= SAME_AT).mean() > 0.95


def test_more_trees_keep_the_directions_of_the_shipped_ones(taught: Verifier) -> None:
    rows = shipped_yardstick().figures[::29]

    for name in (name for name, way in DIRECTIONS.items() if way == LESS):
        more = rows.copy()
        more[:, FIGURES.index(name)] += 1
        for row, raised in zip(rows.tolist(), more.tolist(), strict=True):
            assert taught.score(raised) <= taught.score(row) + 1e-3, name


def test_labels_that_say_what_the_verifier_says_change_nothing() -> None:
    pairs = shipped_yardstick().only(np.arange(len(shipped_yardstick().same)) % 7 == 0)
    p = probabilities(shipped_verifier(), pairs)
    as_said = (np.random.default_rng(5).random(len(p)) < p).astype(float)

    trees, odds, told = proposed(Pairs(pairs.figures, as_said, pairs.origin), yardstick(), shipped_verifier())

    assert trees is None and told["why"].startswith("no better")
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(p, abs=1e-6)


def test_few_words_move_the_bars_and_not_the_trees(embedder: Embedder) -> None:
    words = [
        Judged("math", APPLES, APPLES, "a", False, True, True, 0.9),
        Judged("math", "", TRAIN, "b", False, False, True, 0.8),
    ]

    learned = learn(words, Calibration(verifier=3), shipped_verifier(), embedder)

    assert learned.trees is None and learned.calibration.verifier == 3
    assert learned.report["verifier"]["labels"] == 1
    assert learned.report["subjects"]["math"]["labels"] == 2


def test_no_words_at_all_propose_what_is_in_force(embedder: Embedder) -> None:
    assert learn([], Calibration(), shipped_verifier(), embedder).calibration == Calibration()


def test_what_was_told_leads_back_to_the_verifiers_own_word() -> None:
    calibration = Calibration(1.7, -0.4)

    for confidence in (0.05, 0.3, 0.75, 0.999):
        assert calibration.confidence(calibration.probability(confidence)) == pytest.approx(confidence, abs=1e-6)
