"""Text to vectors, by any sentence-transformers model; the one shipped beside this file by default."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from matcher.normalize import atoms

SHIPPED = Path(__file__).parent / "model"
"""The default model: trained by `matcher.train`, described in its README."""
MOST_DIMENSIONS = 4_000
"""What pgvector's HNSW index takes in half precision."""

NUMBER_BUCKETS, RARE_BUCKETS = 512, 1_500

Vector = NDArray[np.float32]


class ModelRefused(Exception):
    """A model that was set cannot be used; set another one, or leave the setting empty."""


class Embedder:
    """A loaded model. `dimension` is the length of its vectors, `version` names its exact weights."""

    def __init__(self, encode: Callable[[Sequence[str]], Vector], dimension: int, version: str,
                 is_quick: bool = False) -> None:
        """`encode` gives a row a text, of any length."""
        self._encode = encode
        self.dimension = dimension
        self.version = version
        self.is_quick = is_quick
        """Whether it takes less time than to hand the text to another thread, and can't hang."""

    @classmethod
    def load(cls, name_or_path: str | Path | None = None, dimension: int | None = None) -> Embedder:
        """The model of a folder or of a hub's name; the shipped one for None or the empty string.

        `dimension` is what the index holds: a model of another one is refused. Raises ModelRefused.
        """
        where = str(name_or_path or SHIPPED)
        try:
            is_table = _takes_pieces(where)
            encode, width = _table(Path(where)) if is_table else _network(where)
            embedder = cls(encode, width, _version(where), is_quick=is_table)
            probe = embedder.embed(["一个长方形长5厘米,宽3厘米,面积是多少平方厘米?"])
        except ModelRefused:
            raise
        except Exception as error:  # whatever the libraries raise for a broken file, the way out is one
            raise ModelRefused(
                f"The matching model {where} cannot be loaded ({type(error).__name__}: {error}). "
                "Its files are damaged or missing: copy them again, name another sentence-transformers model, "
                "or leave the setting empty to use the shipped one.") from error
        embedder._check(where, probe, dimension)
        return embedder

    def embed(self, texts: Sequence[str]) -> Vector:
        """Vectors of length 1, float32, one row a text; a text without any known part is the zero vector."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        raw = np.asarray(self._encode(texts), dtype=np.float32)
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        unit: Vector = np.divide(raw, lengths, out=np.zeros_like(raw), where=lengths > 1e-9)
        return unit

    def _check(self, where: str, probe: Vector, dimension: int | None) -> None:
        if not np.isfinite(probe).all() or not probe.any():
            raise ModelRefused(f"The matching model {where} gives no usable vectors: its weights are damaged. "
                               "Copy its files again, or leave the setting empty to use the shipped one.")
        if dimension is not None and self.dimension != dimension:
            raise ModelRefused(f"The matching model {where} makes vectors of {self.dimension} numbers but the index "
                               f"holds {dimension}: set the model that the index was made with, or rebuild the index.")
        if self.dimension > MOST_DIMENSIONS:
            raise ModelRefused(f"The matching model {where} makes vectors of {self.dimension} numbers; "
                               f"the index takes {MOST_DIMENSIONS} at most: set a smaller model.")


def pieces(text: str) -> list[str]:
    """What the shipped model sees of comparable text: its atoms and its pairs of neighbours.

    In a pair every number is `#`, so that the template counts; alone a number falls into one of NUMBER_BUCKETS.
    """
    row = atoms(text)
    plain = ["#" if atom[0].isdigit() else atom for atom in row]
    singles = [f"#{_bucket(atom, NUMBER_BUCKETS)}" if atom[0].isdigit() else atom for atom in row]
    return [*singles, *(left + right for left, right in pairwise(plain))]


def spaced(text: str, vocabulary: Mapping[str, int]) -> str:
    """`pieces` as the words of a sentence."""
    return " ".join(_words(text, vocabulary))


def _words(text: str, vocabulary: Mapping[str, int]) -> list[str]:
    """A piece the vocabulary lacks is one of RARE_BUCKETS."""
    return [p if p in vocabulary else f"~{_bucket(p, RARE_BUCKETS)}" for p in pieces(text)]


def _bucket(piece: str, buckets: int) -> int:
    return crc32(piece.encode()) % buckets


def _table(folder: Path) -> tuple[Callable[[Sequence[str]], Vector], int]:
    """A `StaticEmbedding` of pieces: what its own `encode` gives is the mean of rows of its table. It is read without
    sentence-transformers, whose import costs some ten seconds of a core and 400 MiB (docs/adr/0045)."""
    rows = load_file(folder / "model.safetensors")["embedding.weight"].astype(np.float32)
    vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()

    def encode(texts: Sequence[str]) -> Vector:
        found = np.zeros((len(texts), rows.shape[1]), np.float32)
        for at, text in enumerate(texts):
            ids = [vocabulary.get(piece, 0) for piece in _words(text, vocabulary)]
            if ids:
                found[at] = rows[ids].mean(axis=0)
        return found

    return encode, int(rows.shape[1])


def _network(where: str) -> tuple[Callable[[Sequence[str]], Vector], int]:
    """Any model that sentence-transformers loads, from a folder or by a hub's name."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(where, device="cpu")

    def encode(texts: Sequence[str]) -> Vector:
        found: Vector = model.encode(list(texts), batch_size=256, show_progress_bar=False, convert_to_numpy=True)
        return found

    return encode, int(model.get_embedding_dimension() or 0)


def _version(where: str) -> str:
    """A hash of the weights and the tokenizer for a folder, the name for a hub's model."""
    folder = Path(where)
    if not folder.is_dir():
        return where
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in {".safetensors", ".bin", ".json", ".txt", ".model"}):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _takes_pieces(where: str) -> bool:
    marker = Path(where) / "input.json"
    return marker.is_file() and json.loads(marker.read_text())["form"] == "pieces"
