"""Trains the shipped embedding from scratch: `python -m matcher.train --bank BANK.jsonl [--out FOLDER]`.

A bag of characters and pairs of characters (sentence-transformers' StaticEmbedding). Each step shows problems asked
again beside the problems themselves: the right one must be nearer than the others of the batch and its look-alikes.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from torch.nn.functional import cross_entropy
from torch.nn.functional import normalize as unit

from matcher.embed import NUMBER_BUCKETS, RARE_BUCKETS, SHIPPED, pieces, spaced
from matcher.lexical import RARITY, grams
from matcher.licensed import SEED, licensed_texts
from matcher.noise import asked_again, changed
from matcher.normalize import atoms, normalize

DIMENSION = 192
ROUNDS = 24
BATCH = 192
LEARNING_RATE = 4e-3
SCALE = 24.0
"""Cosines are multiplied by this before the softmax."""
SEEN_IN = 3
"""A pair enters the vocabulary when this many problems have it, a character when two have it."""


def main(argv: Sequence[str] | None = None) -> None:
    """Reads the command line, trains, writes."""
    parser = argparse.ArgumentParser(prog="dayi matcher train", description=__doc__)
    parser.add_argument("--bank", type=Path, required=True, help="problems as JSONL with text and source")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args(argv)
    train(licensed_texts(given.bank), given.out, given.rounds)


def train(texts: Sequence[str], out: Path, rounds: int = ROUNDS) -> None:
    """Writes the model (half precision) to `out`, and the rarity of pairs beside the code when `out` is the shipped."""
    rng = random.Random(SEED)
    torch.manual_seed(SEED)
    torch.set_num_threads(1)  # the same sums in the same order everywhere
    counts = _counts(texts)
    vocabulary = _vocabulary(counts)
    bag = _first_weights(vocabulary, counts, len(texts))
    optimizer = torch.optim.Adam(bag.parameters(), lr=LEARNING_RATE)
    began = time.monotonic()
    known = [_ids(text, vocabulary) for text in texts]
    for number in range(rounds):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * (1 - number / rounds)
        loss = _round(bag, optimizer, texts, known, vocabulary, rng)
        print(f"round {number + 1}/{rounds}  loss {loss:.4f}  {time.monotonic() - began:.0f} s", flush=True)
    _write(bag, vocabulary, out)
    if out == SHIPPED:
        _write_rarity(texts)


def _round(bag: torch.nn.EmbeddingBag, optimizer: torch.optim.Optimizer, texts: Sequence[str], known: list[list[int]],
           vocabulary: dict[str, int], rng: random.Random) -> float:
    order = list(range(len(texts)))
    rng.shuffle(order)
    losses = []
    for start in range(0, len(order) - BATCH // 2, BATCH):
        chosen = order[start:start + BATCH]
        asked = [_ids(asked_again(texts[i], rng, texts), vocabulary) for i in chosen]
        alike = [_ids(version[0], vocabulary) for i in chosen if (version := changed(texts[i], rng))]
        scores = SCALE * _vectors(bag, asked) @ _vectors(bag, [known[i] for i in chosen] + alike).T
        loss = cross_entropy(scores, torch.arange(len(chosen)), label_smoothing=0.02)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.item()))
    return sum(losses) / len(losses)


def _vectors(bag: torch.nn.EmbeddingBag, rows: list[list[int]]) -> torch.Tensor:
    offsets = torch.tensor([0, *(len(row) for row in rows[:-1])]).cumsum(0)
    flat = torch.tensor([i for row in rows for i in row])
    return unit(bag(flat, offsets), dim=1)


def _ids(text: str, vocabulary: dict[str, int]) -> list[int]:
    return [vocabulary[piece] for piece in spaced(normalize(text).text, vocabulary).split()] or [0]


def _counts(texts: Sequence[str]) -> Counter[str]:
    """In how many problems each piece occurs."""
    return Counter(piece for text in texts for piece in set(pieces(normalize(text).text)))


def _vocabulary(counts: Counter[str]) -> dict[str, int]:
    kept = sorted(p for p, n in counts.items() if not p[1:].isdigit() and n >= (2 if len(p) == 1 else SEEN_IN))
    buckets = [*(f"#{i}" for i in range(NUMBER_BUCKETS)), *(f"~{i}" for i in range(RARE_BUCKETS))]
    return {piece: i for i, piece in enumerate(["[UNK]", *buckets, *kept])}


def _first_weights(vocabulary: dict[str, int], counts: Counter[str], problems: int) -> torch.nn.EmbeddingBag:
    """Random directions, longer for rarer pieces: already as good as TF-IDF squeezed into DIMENSION numbers."""
    weights = torch.randn(len(vocabulary), DIMENSION) / DIMENSION**0.5
    shares = torch.tensor([problems / max(1, counts.get(piece, 8)) for piece in vocabulary])
    weights *= (shares.clamp(min=1.0).log() + 0.2)[:, None]
    return torch.nn.EmbeddingBag.from_pretrained(weights, freeze=False, mode="mean")


def _write(bag: torch.nn.EmbeddingBag, vocabulary: dict[str, int], out: Path) -> None:
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106  a piece, no password
    tokenizer.pre_tokenizer = WhitespaceSplit()
    out.mkdir(parents=True, exist_ok=True)
    module = StaticEmbedding(tokenizer, embedding_weights=bag.weight.detach().half())
    card = out / "README.md"
    kept = card.read_text(encoding="utf-8") if card.exists() else None
    SentenceTransformer(modules=[module], device="cpu").save(str(out), create_model_card=False)
    (out / "input.json").write_text(json.dumps({"form": "pieces"}) + "\n")
    if kept is not None:
        card.write_text(kept, encoding="utf-8")


def _write_rarity(texts: Sequence[str]) -> None:
    comparable = [normalize(text).text for text in texts]
    counts = Counter(part for text in comparable for part in {*grams(text), *atoms(text)})
    kept = {gram: n for gram, n in sorted(counts.items()) if n >= SEEN_IN}
    RARITY.write_text(json.dumps({"problems": len(texts), "counts": kept}, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
