"""Vectors: of length one, the same each time, near for what is alike; a bad model is refused with the way out."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from matcher.embed import SHIPPED, Embedder, ModelRefused, spaced
from matcher.normalize import normalize
from tests.matcher.problems import APPLES, TRAIN

SHIPPED_BYTES = 8 << 20


def test_vectors_have_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed([normalize(APPLES).text, normalize(TRAIN).text])

    assert vectors.shape == (2, embedder.dimension) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


def test_the_quick_way_gives_what_the_library_gives(embedder: Embedder) -> None:
    from sentence_transformers import SentenceTransformer  # a process without this test is spared its seconds

    texts = [normalize(text).text for text in (APPLES, TRAIN, "hello 😀")]
    model = SentenceTransformer(str(SHIPPED), device="cpu")

    theirs = model.encode([spaced(text, model.tokenizer.get_vocab()) for text in texts])

    theirs = theirs / np.linalg.norm(theirs, axis=1, keepdims=True)
    assert np.allclose(embedder.embed(texts), theirs, atol=1e-3)


def test_a_text_that_says_nothing_has_no_direction(embedder: Embedder) -> None:
    assert not embedder.embed([""]).any()


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_the_same_problem_is_nearer_than_another(embedder: Embedder) -> None:
    texts = (APPLES, "老师，" + APPLES.replace("千克", "kg"), TRAIN)

    known, again, other = embedder.embed([normalize(text).text for text in texts])

    assert known @ again > 0.9 > 0.5 > known @ other


def test_the_version_names_the_weights(tmp_path: Path, embedder: Embedder) -> None:
    copy = tmp_path / "model"
    shutil.copytree(SHIPPED, copy)

    assert Embedder.load(copy).version == embedder.version


def test_the_shipped_model_is_small() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) <= SHIPPED_BYTES


def test_a_damaged_model_is_refused_with_the_way_out(tmp_path: Path) -> None:
    copy = tmp_path / "model"
    shutil.copytree(SHIPPED, copy)
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:10_000])

    with pytest.raises(ModelRefused, match="leave the setting empty"):
        Embedder.load(copy)


def test_a_model_of_another_dimension_is_refused_with_the_way_out() -> None:
    with pytest.raises(ModelRefused, match="rebuild the index"):
        Embedder.load(dimension=384)
