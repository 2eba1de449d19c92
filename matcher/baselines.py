"""The matcher beside simpler ones on the same questions: `dayi matcher baselines --bank B.jsonl --queries Q.jsonl`.

Each of them ranks the whole bank and pushes its first; its confidence is its score, the threshold the lowest that keeps
precision 0.99 on these queries. Lexical ones need nothing; `--other` names a further sentence-transformers model.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from matcher.decide import Decision, Verdict
from matcher.embed import Embedder
from matcher.evaluate import (
    PRECISE,
    Near,
    Result,
    Row,
    Shelf,
    average_precision,
    judge,
    read_jsonl,
    recall_at,
)
from matcher.match import shortlist
from matcher.normalize import Problem, normalize

K1, B = 1.2, 0.75
"""Of BM25, as customary."""
SHOWN = 5
BLOCK = 256
"""Queries scored at once."""
NOTHING = Problem("", "")

Scores = NDArray[np.float64]


def main(argv: Sequence[str] | None = None) -> None:
    """Reads the command line, measures each, prints a table."""
    parser = argparse.ArgumentParser(
        prog="dayi matcher baselines", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bank", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--other", default="", help="folder or hub name of a model to measure beside the shipped")
    parser.add_argument("--every", type=int, default=1,
                        help="take every Nth query, and every Nth problem besides those that they name")
    given = parser.parse_args(argv)
    bank, queries = thinned(read_jsonl(given.bank), read_jsonl(given.queries), given.every)
    print(f"{'':44} recall@1  recall@5  AP      recall at precision 0.99  other numbers  look-alikes")
    for name, results in systems(bank, queries, given.other):
        print(line(name, results), flush=True)


def thinned(bank: Sequence[Row], queries: Sequence[Row], every: int) -> tuple[list[Row], list[Row]]:
    """Fewer of both, for a model that takes long; no query loses a problem that it names."""
    chosen = list(queries[::every])
    named = {id for query in chosen for side in ("same", "similar", "ok") for id in query[side]}
    return [row for at, row in enumerate(bank) if at % every == 0 or row["id"] in named], chosen


def systems(bank: Sequence[Row], queries: Sequence[Row], other: str = "") -> Iterator[tuple[str, list[Result]]]:
    """Each system's name and its results, from the simplest on."""
    raw, asked = [row["text"] for row in bank], [row["text"] for row in queries]
    plain, asked_plain = ([normalize(text).text for text in texts] for texts in (raw, asked))
    ids = [str(row["id"]) for row in bank]

    def ranked(scores: Callable[[int, int], Scores]) -> list[Result]:
        return list(_ranked(queries, ids, scores))

    yield "BM25, pairs of characters", ranked(_bm25(plain, asked_plain))
    yield "TF-IDF, 1 to 3 characters, text as given", ranked(_tfidf(raw, asked))
    yield "TF-IDF, 1 to 3 characters, comparable text", ranked(_tfidf(plain, asked_plain))
    if other:
        yield Path(other).parent.name or other, ranked(_cosines(Embedder.load(other), raw, asked))
    shelf = Shelf(bank, embedder := Embedder.load())
    yield "our embedding alone", ranked(_cosines(embedder, plain, asked_plain))
    yield "+ words in common", [_by_likeness(shelf, query) for query in queries]
    yield "+ verifier", list(judge(shelf, queries))


def line(name: str, results: Sequence[Result]) -> str:
    """A row of the table."""
    threshold, recall = recall_at(results, PRECISE)
    again = [r for r in results if r.query["same"]]

    def found(first: int) -> float:
        return sum(bool({*r.ranked[:first]} & {*r.query["same"]}) for r in again) / max(1, len(again))

    def pushed(group: str) -> float:
        rows = [r for r in results if r.query["group"] == group]
        return sum(r.confidence >= threshold and r.ranked[0] not in r.query["ok"] for r in rows) / max(1, len(rows))

    return (f"{name:44} {found(1):8.3f}  {found(SHOWN):8.3f}  {average_precision(results):.3f}  {recall:24.3f}  "
            f"{pushed('similar'):12.2%}  {pushed('hard'):10.2%}")


def _ranked(queries: Sequence[Row], ids: Sequence[str], scores: Callable[[int, int], Scores]) -> Iterator[Result]:
    for start in range(0, len(queries), BLOCK):
        for query, row in zip(queries[start:], scores(start, start + BLOCK), strict=False):
            best = np.argsort(-row)[:SHOWN]
            yield _result(query, ((ids[i], float(row[i])) for i in best))


def _result(query: Row, scored: Iterable[tuple[str, float]]) -> Result:
    judged = tuple((Near(id, NOTHING, score, score), Decision(Verdict.NEW, score, score, ())) for id, score in scored)
    return Result(query, tuple(near.id for near, _ in judged), judged)


def _by_likeness(shelf: Shelf, query: Row) -> Result:
    found = shortlist(shelf.nearest(normalize(query["text"]))[0])
    return _result(query, ((near.id, (near.cosine + near.lexical) / 2) for near in found))


def _bm25(bank: Sequence[str], asked: Sequence[str]) -> Callable[[int, int], Scores]:
    """Robertson and Zaragoza 2009, (3.15); divided by the score of the question with itself, so that one threshold
    fits short and long questions."""
    counter = CountVectorizer(analyzer="char", ngram_range=(1, 2), lowercase=False)
    counts: Any = counter.fit_transform(bank).astype(float).tocsr()
    queries: Any = (counter.transform(asked) > 0).astype(float).tocsr()
    held = np.asarray((counts > 0).sum(axis=0)).ravel()
    rarity = np.log(1 + (len(bank) - held + 0.5) / (held + 0.5))
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    slack = K1 * (1 - B + B * lengths / lengths.mean())
    weights = counts.copy()
    weights.data = counts.data * (K1 + 1) / (counts.data + np.repeat(slack, np.diff(counts.indptr)))
    weights = csr_matrix(weights.multiply(rarity))
    own = np.asarray(queries.multiply(rarity).sum(axis=1)).ravel()
    return lambda start, end: (queries[start:end] @ weights.T).toarray() / np.maximum(own[start:end, None], 1e-9)


def _tfidf(bank: Sequence[str], asked: Sequence[str]) -> Callable[[int, int], Scores]:
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    known: Any = vectors.fit_transform(bank)
    queries: Any = vectors.transform(asked)
    return lambda start, end: (queries[start:end] @ known.T).toarray()


def _cosines(embedder: Embedder, bank: Sequence[str], asked: Sequence[str]) -> Callable[[int, int], Scores]:
    known, queries = embedder.embed(bank), embedder.embed(asked)
    return lambda start, end: (queries[start:end] @ known.T).astype(float)


if __name__ == "__main__":
    main()
