"""Training from scratch: questions made of problems, trees read without sklearn, the same bytes each time."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.compare import FIGURES
from matcher.decide import Verifier
from matcher.embed import Embedder
from matcher.fit import Pairs, calibration, fitted, fold, pairs, source_of
from matcher.noise import asked_again, changed, han_numbers, own_words
from matcher.normalize import normalize
from tests.matcher.problems import ALL, APPLES, TRAIN, WITH_NUMBERS
from tests.matcher.test_evaluate import result

TEXTS = [text.replace("水果店", f"第{i}家水果店") for i in range(13) for text in ALL]


@given(st.sampled_from(ALL), st.integers(0, 10_000))
def test_the_same_seed_makes_the_same_questions(text: str, seed: int) -> None:
    once, again = (asked_again(text, random.Random(seed), ALL) for _ in range(2))

    assert once == again


@given(st.sampled_from(ALL), st.integers(0, 10_000))
def test_a_changed_problem_differs(text: str, seed: int) -> None:
    version = changed(text, random.Random(seed))

    assert version is None or version[0] != text


@given(st.sampled_from(WITH_NUMBERS), st.integers(0, 10_000))
def test_numbers_spoken_are_numbers_read(text: str, seed: int) -> None:
    spoken = han_numbers(text, random.Random(seed))

    assert spoken is None or normalize(spoken).numbers == normalize(text).numbers


@given(st.sampled_from(WITH_NUMBERS), st.integers(0, 10_000))
def test_own_words_keep_every_number(text: str, seed: int) -> None:
    assert set(normalize(text).numbers) <= {*normalize(own_words(text, random.Random(seed), keeps_ask=True)).numbers}


def test_training_twice_gives_the_same_bytes_and_a_model_that_loads(tmp_path: Path) -> None:
    from matcher.train import train  # a process without this test is spared the seconds that it takes to load

    for name in ("once", "again"):
        train(TEXTS, tmp_path / name, rounds=1)

    once, again = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("once", "again"))
    assert once == again
    known, other = Embedder.load(tmp_path / "once").embed([normalize(APPLES).text, normalize(TRAIN).text])
    assert known @ other < 0.9


@pytest.fixture(scope="module")
def made(embedder: Embedder) -> Pairs:
    return pairs(list(ALL) * 2, embedder)


def test_pairs_carry_the_problem_they_were_made_from(made: Pairs) -> None:
    assert made.figures.shape == (len(made.same), len(FIGURES)) and np.isfinite(made.figures).all()
    assert 0 < made.same.sum() < len(made.same)
    assert {*made.origin} <= set(range(2 * len(ALL)))
    assert {*made.only(made.origin != 0).origin} == {*made.origin} - {0}


def test_fitted_trees_are_plain_lists_that_tell_the_pairs_apart(made: Pairs) -> None:
    kept = json.loads(json.dumps(fitted(made)))

    verifier = Verifier.of(kept)
    said = np.array([verifier.probability(row) for row in made.figures])
    assert said[made.same > 0].mean() - said[made.same == 0].mean() > 0.3


def test_questions_of_one_problem_fall_into_one_fold() -> None:
    asked, changed_one = ({"same": ["p1"], "similar": [], "qid": "a"}, {"same": [], "similar": ["p1"], "qid": "b"})

    assert fold(source_of(asked)) == fold(source_of(changed_one))
    assert {fold(f"p{i}") for i in range(50)} == {0, 1, 2, 3, 4}


def test_calibration_brings_what_is_said_to_what_happens() -> None:
    rows = [result(0.9, same="a" if i % 10 < 6 else "") for i in range(100)]
    rows += [result(0.5, same="a" if i % 10 < 1 else "") for i in range(100)]

    slope, shift = calibration(rows)

    assert Verifier(0.0, (), slope, shift + slope * float(np.log(9))).probability([]) == pytest.approx(0.6, abs=0.02)
    assert Verifier(0.0, (), slope, shift).probability([]) == pytest.approx(0.1, abs=0.02)
