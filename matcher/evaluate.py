"""Precision and recall on labelled questions: `python -m matcher.evaluate --bank B.jsonl --queries Q.jsonl`.

A bank's line has `id` and `text`; a query's `qid`, `kind`, `group`, `text`, and the bank's ids that are the `same`
problem, `similar` (other numbers) or `ok` (neutral). The candidates come from memory instead of PostgreSQL; the
normalising, the embedding, word scores, fusion and verdict are the server's own functions.

Precision is the share of pushes that are right, recall the share of re-asked questions that got the right push, F1
their harmonic mean; a push of an `ok` problem counts in none. With `--calibrate-on` the threshold of "recall at
precision 0.99" is chosen on that bank and those queries alone, never on the ones measured.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from matcher.decide import Decision, Verdict, Verifier
from matcher.embed import Embedder, Vector
from matcher.index import COMMON, ELSEWHERE, MOST_HOLDERS, RAREST, fused
from matcher.lexical import lexical, rarity, telling
from matcher.match import CANDIDATES, decided, shortlist
from matcher.normalize import Problem, normalize
from matcher.read import Reader

Row = Mapping[str, Any]
PRECISE = 0.99
"""What a push must be worth at least (the design's decision 5)."""
_READ = re.compile(r"\n(?!\s*\(?[A-H]\s*[).．、·:])|^\s*\d{1,2}\s*[.．、·,，](?!\d)")
"""A line broken within a sentence, or the problem's number on the page, tells a photo from typing."""


@dataclass(frozen=True, slots=True)
class Near:
    """A problem of the bank near the one asked."""

    id: str
    problem: Problem
    cosine: float
    lexical: float


@dataclass(frozen=True, slots=True)
class Result:
    """One query's candidates with the verdicts on them, the most probable first."""

    query: Row
    by_vector: tuple[str, ...]
    judged: tuple[tuple[Near, Decision], ...]

    @property
    def ranked(self) -> tuple[str, ...]:
        return tuple(near.id for near, _ in self.judged)

    @property
    def confidence(self) -> float:
        return self.judged[0][1].confidence if self.judged else 0.0

    @property
    def pushed(self) -> str | None:
        return next((near.id for near, decision in self.judged if decision.verdict is Verdict.SAME), None)

    @property
    def examples(self) -> tuple[str, ...]:
        """What would be offered as worked examples, at most three."""
        alike = sorted(self.judged, key=lambda pair: -pair[1].likeness)
        return tuple(near.id for near, decision in alike if decision.verdict is not Verdict.NEW)[:3]


class Shelf:
    """A bank in memory, searched as the index searches PostgreSQL."""

    def __init__(self, bank: Sequence[Row], embedder: Embedder) -> None:
        self._embedder = embedder
        self._ids = [str(row["id"]) for row in bank]
        self._problems = [normalize(row["text"]) for row in bank]
        self._vectors = embedder.embed([p.text for p in self._problems])
        self._holders: dict[str, list[int]] = defaultdict(list)
        for at, problem in enumerate(self._problems):
            for gram in telling(problem.text):
                self._holders[gram].append(at)

    def nearest(self, problem: Problem, limit: int = CANDIDATES) -> tuple[list[Near], tuple[str, ...]]:
        """Candidates in fused order, and the ids that the vectors alone would give."""
        vector = self._embedder.embed([problem.text])[0]
        cosines: Vector = self._vectors @ vector
        by_vector = [int(i) for i in np.argsort(-cosines)[: 2 * limit]]
        by_words = self._by_words(problem, 2 * limit)
        found = [self._near(at, problem, float(cosines[at])) for at in fused(by_vector, by_words)[:limit]]
        return found, tuple(self._ids[i] for i in by_vector[:5])

    def elsewhere(self, problem: Problem) -> list[Near]:
        """Candidates as the index finds them in other scopes than the one asked in."""
        vector = self._embedder.embed([problem.text])[0]
        told = telling(problem.text, RAREST)
        least = COMMON * fsum(map(rarity, told))
        alike = [at for at, common in self._common(told).most_common(ELSEWHERE) if common >= least]
        return [self._near(at, problem, float(self._vectors[at] @ vector)) for at in alike]

    def _near(self, at: int, problem: Problem, cosine: float) -> Near:
        known = self._problems[at]
        return Near(self._ids[at], known, cosine, lexical(problem.text, known.text))

    def _by_words(self, problem: Problem, limit: int) -> list[int]:
        return [at for at, _ in self._common(telling(problem.text)).most_common(limit)]

    def _common(self, told: Sequence[str]) -> Counter[int]:
        """By place in the bank: what these pairs tell, of those that are telling there too."""
        scores: Counter[int] = Counter()
        for gram in told:
            for at in self._holders.get(gram, ())[:MOST_HOLDERS]:
                scores[at] += rarity(gram)  # type: ignore[assignment]  # Counter adds floats as well
        return scores


def judge(shelf: Shelf, queries: Sequence[Row], verifier: Verifier | None = None) -> Iterator[Result]:
    """The verdicts for each query, one after the other."""
    for query in queries:
        yield judged(shelf, query, query["text"], _is_read(query), verifier)


def judge_elsewhere(shelf: Shelf, queries: Sequence[Row]) -> Iterator[Result]:
    """The same as if every query were asked under a wrong subject."""
    for query in queries:
        problem = normalize(query["text"])
        pairs = decided(problem, shelf.elsewhere(problem), _is_read(query))
        yield Result(query, (), tuple(sorted(pairs, key=lambda pair: -pair[1].confidence)))


def _is_read(query: Row) -> bool:
    return bool(_READ.search(query["text"]))


def judged(shelf: Shelf, query: Row, text: str, read_from_photo: bool, verifier: Verifier | None = None) -> Result:
    """The verdicts on the candidates for one text."""
    problem = normalize(text)
    nearest, by_vector = shelf.nearest(problem)
    pairs = decided(problem, shortlist(nearest), read_from_photo, verifier)
    return Result(query, by_vector, tuple(sorted(pairs, key=lambda pair: -pair[1].confidence)))


def judge_photos(shelf: Shelf, folder: Path) -> dict[str, dict[str, float]]:
    """Photographs read and matched: right, wrong and no push by level, and the median milliseconds of reading."""
    reader = Reader()
    levels: dict[str, Counter[str]] = defaultdict(Counter)
    times: dict[str, list[float]] = defaultdict(list)
    for row in read_jsonl(folder / "photos.jsonl"):
        began = time.perf_counter()
        reading = reader.read((folder / row["file"]).read_bytes())
        times[row["level"]].append(time.perf_counter() - began)
        pushed = judged(shelf, row, reading.text, read_from_photo=True).pushed
        levels[row["level"]]["none" if pushed is None else "right" if pushed == row["id"] else "wrong"] += 1
    return {level: {**{name: counts[name] for name in ("right", "wrong", "none")},
                    "read_ms": round(float(np.median(times[level])) * 1_000)} for level, counts in levels.items()}


def report(results: Sequence[Result], calibrated: float | None = None) -> dict[str, Any]:
    """The figures of the bars, in all and by kind of query; `calibrated` is a threshold that was chosen elsewhere."""
    asked_before = [r for r in results if r.query["same"]]
    other_numbers = [r for r in results if r.query["group"] == "similar"]
    threshold, recall = recall_at(results, PRECISE)
    return {
        **_scores(results),
        "recall_at_0.99": round(recall, 4), "threshold_at_0.99": round(threshold, 4),
        "average_precision": round(average_precision(results), 4),
        "other_numbers_pushed": _share(sum(r.pushed is not None for r in other_numbers), len(other_numbers)),
        "look_alikes_pushed": _pushed(results, "hard"), "novel_pushed": _pushed(results, "novel"),
        "similar_in_first_3": _share(sum(bool({*r.examples} & {*r.query["similar"]}) for r in other_numbers),
                                     len(other_numbers)),
        **_retrieval(results),
        **_at(results, calibrated),
        "embedding_recall@5": _share(sum(bool({*r.by_vector} & {*r.query["same"]}) for r in asked_before),
                                     len(asked_before)),
        "by": {f"{name} {value}": {**_scores(rows), **_retrieval(rows), **_at(rows, calibrated)}
               for name in ("group", "kind") for value, rows in _grouped(results, name).items()},
    }


def _grouped(results: Sequence[Result], name: str) -> dict[str, list[Result]]:
    return {value: [r for r in results if r.query[name] == value] for value in sorted({r.query[name] for r in results})}


def _retrieval(results: Sequence[Result]) -> dict[str, float]:
    """The share of re-asked questions whose problem is the first candidate, and among the first five."""
    asked = [(r.ranked, {*r.query["same"]}) for r in results if r.query["same"]]
    return {f"recall@{most}": _share(sum(bool({*ranked[:most]} & same) for ranked, same in asked), len(asked))
            for most in (1, 5)}


def _at(results: Sequence[Result], calibrated: float | None) -> dict[str, float]:
    """Nothing without a threshold of elsewhere."""
    if calibrated is None:
        return {}
    precision, recall = at_threshold(results, calibrated)
    return {"precision_calibrated": precision, "recall_calibrated": recall}


def _scores(results: Sequence[Result]) -> dict[str, float]:
    """Counts of pushes, and precision, recall and F1 of `same`; 0 where there is nothing to count."""
    pushes = [r.pushed in r.query["same"] for r in results if r.pushed and r.pushed not in r.query["ok"]]
    right, of = sum(pushes), sum(bool(r.query["same"]) for r in results)
    return {"queries": len(results), "right": right, "wrong": len(pushes) - right, "of": of,
            "precision": _share(right, len(pushes)), "recall": _share(right, of),
            "f1": _share(2 * right, len(pushes) + of)}


def at_threshold(results: Sequence[Result], threshold: float) -> tuple[float, float]:
    """Precision and recall when the best candidate is pushed from this confidence on."""
    rows = [is_right for confidence, is_right in _surest_first(results) if confidence >= threshold]
    return _share(sum(rows), len(rows)), _share(sum(rows), sum(bool(r.query["same"]) for r in results))


def average_precision(results: Sequence[Result]) -> float:
    """The area under the curve of precision over recall."""
    right, area = 0, 0.0
    for count, (_, is_right) in enumerate(_surest_first(results), 1):
        right += is_right
        area += right / count if is_right else 0.0
    return area / max(1, sum(bool(r.query["same"]) for r in results))


def _surest_first(results: Sequence[Result]) -> list[tuple[float, bool]]:
    """Confidence and rightness of each query's best candidate; neutral ones are left out."""
    return sorted(((r.confidence, r.ranked[0] in r.query["same"]) for r in results
                   if r.judged and r.ranked[0] not in r.query["ok"]), reverse=True)


def recall_at(results: Sequence[Result], precision: float) -> tuple[float, float]:
    """The lowest threshold on the best candidate's confidence that keeps the precision, and the recall there."""
    positives = sum(bool(r.query["same"]) for r in results)
    best, right = (1.0, 0.0), 0
    for count, (confidence, is_right) in enumerate(_surest_first(results), 1):
        right += is_right
        if right / count >= precision:
            best = (confidence, right / max(1, positives))
    return best


def draw_curve(results: Sequence[Result], path: Path) -> None:
    """Precision over recall as a picture (PNG), both from 0 to 1; the cross is where the shipped threshold stands."""
    image = Image.new("RGB", (SIDE + 2 * MARGIN, SIDE + 2 * MARGIN), "white")
    pen = ImageDraw.Draw(image)

    def place(recall: float, precision: float) -> tuple[float, float]:
        return MARGIN + recall * SIDE, MARGIN + (1 - precision) * SIDE

    for tenth in range(11):
        pen.line([place(tenth / 10, 0), place(tenth / 10, 1)], "#e4e4e4")
        pen.line([place(0, tenth / 10), place(1, tenth / 10)], "#e4e4e4")
        pen.text((place(tenth / 10, 0)[0] - 8, MARGIN + SIDE + 8), f"{tenth / 10:.1f}", "#555")
        pen.text((MARGIN - 28, place(0, tenth / 10)[1] - 6), f"{tenth / 10:.1f}", "#555")
    pen.text((MARGIN + SIDE / 2 - 20, MARGIN + SIDE + 26), "recall", "#111")
    pen.text((MARGIN - 28, MARGIN - 30), "precision", "#111")
    positives, right, points = sum(bool(r.query["same"]) for r in results), 0, []
    for count, (_, is_right) in enumerate(_surest_first(results), 1):
        right += is_right
        points.append(place(right / max(1, positives), right / count))
    if len(points) > 1:
        pen.line(points, "#17425f", 3)
    scores = _scores(results)
    x, y = place(scores["recall"], scores["precision"])
    pen.line([(x - 7, y), (x + 7, y)], "#b5301d", 3)
    pen.line([(x, y - 7), (x, y + 7)], "#b5301d", 3)
    image.save(path, "PNG")


ELSEWHERE_FIGURES = ("right", "wrong", "of", "precision", "recall", "other_numbers_pushed", "look_alikes_pushed",
                     "novel_pushed")
SIDE, MARGIN = 600, 60
"""Of the picture, in pixels."""


def _pushed(results: Sequence[Result], group: str) -> float:
    rows = [r for r in results if r.query["group"] == group]
    return _share(sum(r.pushed is not None and r.pushed not in r.query["ok"] for r in rows), len(rows))


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def prediction(result: Result) -> dict[str, Any]:
    """A line for a scorer: the candidates best first, what the first push would be, and how sure."""
    best = result.ranked[0] if result.judged else None
    return {"qid": result.query["qid"], "ranked": list(result.ranked), "push": best, "confidence": result.confidence}


def read_jsonl(path: Path) -> list[Row]:
    """The rows of a file with one JSON object a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def main(argv: Sequence[str] | None = None) -> None:
    """Reads the command line, judges, prints."""
    parser = argparse.ArgumentParser(
        prog="dayi matcher evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bank", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--calibrate-on", type=Path, nargs=2, metavar=("BANK", "QUERIES"),
                        help="choose the threshold for precision 0.99 on these")
    parser.add_argument("--model", default="", help="folder or hub name of another model than the shipped")
    parser.add_argument("--photos", type=Path, help="a folder with photos.jsonl: file, id, level")
    parser.add_argument("--elsewhere", action="store_true",
                        help="once more as if every query were asked under a wrong subject")
    parser.add_argument("--predictions", type=Path, help="write a line for each query: qid, ranked, push, confidence")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--curve", type=Path, help="write precision over recall here, a PNG")
    given = parser.parse_args(argv)
    embedder = Embedder.load(given.model)
    shelf = Shelf(read_jsonl(given.bank), embedder)
    queries = read_jsonl(given.queries)
    began, worked = time.perf_counter(), time.process_time()
    results = list(judge(shelf, queries))
    each = 1_000 / max(1, len(queries))
    times = {"ms_per_query": round((time.perf_counter() - began) * each, 2),
             "cpu_ms_per_query": round((time.process_time() - worked) * each, 2)}
    threshold = None
    if given.calibrate_on:
        bank, calibrating = map(read_jsonl, given.calibrate_on)
        threshold, _ = recall_at(list(judge(Shelf(bank, embedder), calibrating)), PRECISE)
        times["calibrated_threshold"] = round(threshold, 4)
    figures = report(results, threshold) | times
    if given.photos:
        figures["photos"] = judge_photos(shelf, given.photos)
    if given.elsewhere:
        found = report(list(judge_elsewhere(shelf, queries)))
        figures["elsewhere"] = {name: found[name] for name in ELSEWHERE_FIGURES}
    if given.predictions:
        given.predictions.write_text("".join(json.dumps(prediction(r)) + "\n" for r in results))
    if given.json:
        given.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    if given.curve:
        draw_curve(results, given.curve)
    for name, value in figures.items():
        if name != "by":
            print(f"{name:22} {value}")
    print(f"\n  {'':20} {'asked':>6} {'same':>6} {'right':>6} {'wrong':>6} {'precision':>10} {'recall':>7} {'f1':>7} "
          f"{'first':>7} {'of 5':>7}" + (f"  calibrated {threshold:.3f}: precision, recall" if threshold else ""))
    for name, row in figures["by"].items():
        print(f"  {name:20} {row['queries']:6} {row['of']:6} {row['right']:6} {row['wrong']:6} "
              f"{row['precision']:10.3f} {row['recall']:7.3f} {row['f1']:7.3f} {row['recall@1']:7.3f} "
              f"{row['recall@5']:7.3f}" + (f"  {row['precision_calibrated']:10.3f} {row['recall_calibrated']:7.3f}"
                                           if threshold else ""))


if __name__ == "__main__":
    main()
