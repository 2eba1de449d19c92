"""Fits the verifier on pairs made from licensed problems: `python -m matcher.fit --bank BANK.jsonl`.

Boosted trees over the figures of `matcher.compare`, written as JSON that `matcher.decide` reads without sklearn.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from matcher.compare import FIGURES, compare
from matcher.decide import VERIFIER, VETOED_AT_MOST, Node, Verifier
from matcher.embed import Embedder
from matcher.evaluate import PRECISE, Result, Row, Shelf, average_precision, judge, read_jsonl, recall_at
from matcher.licensed import SEED, licensed_ids, licensed_texts
from matcher.match import shortlist
from matcher.noise import asked_again, changed
from matcher.normalize import normalize

YARDSTICK = Path(__file__).parent / "yardstick.npz"
"""Pairs made of problems that the project's own people wrote: no tree is fitted on them, `matcher.supplement` measures
by them."""
SAME_VERSIONS, CHANGED_VERSIONS = 6, 8
"""How often each problem is asked again, and how often one that looks like it."""
NEIGHBOURS = 2
"""Candidates of each that are judged, the problem itself among them when it was found."""
CHAT = (
    "老师我没听懂", "答案是多少", "这道题怎么做", "帮我看看这道题", "谢谢老师", "第三题不会", "求过程", "在吗",
    "这一步为什么", "期末考试考哪些内容", "老师能再讲一遍吗", "公式是什么", "作业是什么", "一共有多少个", "还剩多少",
    "面积是多少平方厘米")
"""What pupils also write; the question alone, without its problem, is of this kind."""
TREES, LEAVES, LEARNING_RATE = 300, 20, 0.06
MORE, LESS = 1, -1
DIRECTIONS = {
    **dict.fromkeys(("cosine", "lexical", "role_likeness", "worst_role", "ask_found", "ask_back", "option_likeness"),
                    MORE),
    **dict.fromkeys(("exchanges", "own_exchanges", "odd_exchanges", "numbers_lost", "numbers_torn", "numbers_new",
                     "numbers_unsigned", "numbers_misread", "numbers_contradicted", "numbers_crossed",
                     "units_exchanged",
                     "decisive_exchanged", "decisive_only_asked", "decisive_only_known", "ask_decisive_only_asked",
                     "ask_decisive_only_known", "operators_only_asked", "operators_only_known", "units_differ",
                     "latin_only_asked", "latin_only_known", "plain_only_asked", "plain_only_known", "ask_exchanged",
                     "options_differ"), LESS),
}
"""What more of a figure may do to the probability: the trees never say "another number, so rather the same"."""

LABEL = re.compile(r"\d{1,2}[.．、·,](?!\d)")
FOLDS = 5

Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Judged pairs: FIGURES of each, whether it is the same problem, and the place of the problem it was made from."""

    figures: Table
    same: Table
    origin: NDArray[np.int64]

    def only(self, chosen: NDArray[np.bool_]) -> Pairs:
        """Some of them."""
        return Pairs(self.figures[chosen], self.same[chosen], self.origin[chosen])

    def and_(self, more: Pairs) -> Pairs:
        """Both."""
        return Pairs(np.concatenate([self.figures, more.figures]), np.concatenate([self.same, more.same]),
                     np.concatenate([self.origin, more.origin]))


def main(argv: Sequence[str] | None = None) -> None:
    """Reads the command line, makes the pairs, fits, writes."""
    parser = argparse.ArgumentParser(
        prog="dayi matcher fit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bank", type=Path, help="problems as JSONL with text and source")
    parser.add_argument("--out", type=Path, default=VERIFIER)
    parser.add_argument("--pairs", type=Path, help="keep the pairs here (npz), or take them from here when it exists")
    parser.add_argument("--check", type=Path, nargs=2, metavar=("BANK", "QUERIES"),
                        help="measure by cross-validation over source problems, and calibrate on what that gives")
    parser.add_argument("--json", type=Path, help="write the figures of --check here")
    parser.add_argument("--yardstick", type=Path,
                        help="only make matcher/yardstick.npz, of these problems (a JSON list: code, variant_of, text)")
    given = parser.parse_args(argv)
    if given.yardstick:
        write_yardstick(json.loads(given.yardstick.read_text(encoding="utf-8")), YARDSTICK)
        return
    if not given.bank:
        parser.error("--bank is missing")
    if given.pairs and given.pairs.exists():
        kept = np.load(given.pairs)
        made = Pairs(kept["figures"], kept["same"], kept["origin"])
    else:
        made = pairs(licensed_texts(given.bank), Embedder.load())
        if given.pairs:
            np.savez(given.pairs, figures=made.figures, same=made.same, origin=made.origin)
    print(f"{len(made.same)} pairs, {int(made.same.sum())} of them the same problem")
    verifier = fitted(made)
    if given.check:
        bank, queries = map(read_jsonl, given.check)
        results = cross_validated(made, licensed_ids(given.bank), bank, queries)
        verifier["slope"], verifier["shift"] = calibration(results)
        checked = checked_report(results, verifier["slope"], verifier["shift"])
        for name, value in checked.items():
            print(f"{name:22} {value}")
        if given.json:
            given.json.write_text(json.dumps(checked, ensure_ascii=False, indent=1) + "\n")
    given.out.write_text(json.dumps(verifier, separators=(",", ":")) + "\n")


def write_yardstick(problems: Sequence[Row], out: Path) -> None:
    """Pairs of problems that are in no corpus; one that varies another has its number."""
    made = pairs([row["text"] for row in problems], Embedder.load())
    varied = [row.get("variant_of") or row["code"] for row in problems]
    family = {code: at for at, code in enumerate(dict.fromkeys(varied))}
    families = np.array([family[code] for code in varied])
    np.savez_compressed(out, figures=made.figures.astype(np.float16), same=made.same.astype(bool),
                        origin=families[made.origin].astype(np.int16))


def pairs(texts: Sequence[str], embedder: Embedder, seed: int = SEED) -> Pairs:
    """Questions made of the texts beside what the search finds for them."""
    shelf = Shelf([{"id": i, "text": text} for i, text in enumerate(texts)], embedder)
    rng = random.Random(seed)
    rows, labels, origins = [], [], []
    for asked_text, at, is_same, photo in _asked(texts, rng):
        asked = normalize(asked_text)
        for near in shortlist(shelf.nearest(asked)[0], NEIGHBOURS):
            same = is_same and near.id == str(at)
            if not same and near.id != str(at) and near.lexical > 0.85 and asked.numbers == near.problem.numbers:
                continue  # the corpora hold some problems twice
            rows.append(compare(asked, near.problem, near.cosine, near.lexical, photo).figures)
            labels.append(same)
            origins.append(at)
    return Pairs(np.array(rows), np.array(labels, float), np.array(origins))


def _asked(texts: Sequence[str], rng: random.Random) -> Iterator[tuple[str, int, bool, bool]]:
    """Asked texts, the problem they come from, whether they ask it again, and whether they were read from a photo."""
    for at, text in enumerate(texts):
        for _ in range(SAME_VERSIONS):
            again = asked_again(text, rng, texts)
            yield again, at, True, _is_photo(again, text)
        for _ in range(CHANGED_VERSIONS):
            other = changed(text, rng)
            if other is not None and normalize(other[0]).text != normalize(text).text:
                again = other[0] if rng.random() < 0.4 else asked_again(other[0], rng, texts, keeps_ask=True)
                yield again, at, False, _is_photo(again, text)
        yield rng.choice(CHAT), at, False, False
        problem = normalize(text)
        if len(problem.asks) < 0.4 * len(problem.stem):
            yield problem.asks, at, False, False


def _is_photo(again: str, text: str) -> bool:
    return again.count("\n") > text.count("\n") or bool(LABEL.match(again) and not LABEL.match(text))


def cross_validated(made: Pairs, ids: Sequence[str], bank: Sequence[Row], queries: Sequence[Row]) -> list[Result]:
    """Each query judged by trees that saw no pair made from its source problem, in the queries' order."""
    shelf = Shelf(bank, Embedder.load())
    fold_of_pair = np.array([fold(id) for id in ids])[made.origin]
    verifiers = [Verifier.of(fitted(made.only(fold_of_pair != number))) for number in range(FOLDS)]
    return [result for query in queries
            for result in judge(shelf, [query], verifiers[fold(source_of(query))])]


def fold(id: str) -> int:
    """The same for every question made from a problem."""
    return crc32(id.encode()) % FOLDS


def source_of(query: Row) -> str:
    """The problem that a query was made from; its own name for one that is not in the bank."""
    return str(next(iter([*query["same"], *query["similar"]]), query["qid"]))


def calibration(results: Sequence[Result]) -> tuple[float, float]:
    """Slope and shift (Platt) that turn the trees' log odds of the best candidate into the share that is right.

    Candidates that a rule forbids stay out: their confidence is cut to VETOED_AT_MOST.
    """
    rows = [(r.confidence, r.ranked[0] in r.query["same"]) for r in results
            if r.judged and r.ranked[0] not in r.query["ok"] and VETOED_AT_MOST < r.confidence < 1]
    odds = np.array([[math.log(confidence / (1 - confidence))] for confidence, _ in rows])
    model = LogisticRegression(C=1e6).fit(odds, [is_right for _, is_right in rows])
    return round(float(model.coef_[0][0]), 4), round(float(model.intercept_[0]), 4)


def checked_report(results: Sequence[Result], slope: float, shift: float) -> dict[str, Any]:
    """What the other folds' threshold for precision 0.99 gives in each fold, summed; and how far probabilities hold."""
    pushed: list[Result] = []
    for number in range(FOLDS):
        rest = [r for r in results if fold(source_of(r.query)) != number]
        threshold, _ = recall_at(rest, PRECISE)
        pushed += [r for r in results if fold(source_of(r.query)) == number and r.confidence >= threshold
                   and r.ranked[0] not in r.query["ok"]]
    right = sum(r.ranked[0] in r.query["same"] for r in pushed)
    of = sum(bool(r.query["same"]) for r in results)
    groups = Counter(r.query["group"] for r in results)
    wrong = Counter(r.query["group"] for r in pushed if r.ranked[0] not in r.query["same"])
    return {
        "precision": round(right / max(1, len(pushed)), 4), "recall": round(right / max(1, of), 4),
        "average_precision": round(average_precision(results), 4),
        "threshold": round(_calibrated(recall_at(results, PRECISE)[0], slope, shift), 4),
        "wrong": {name: f"{wrong[name]} of {groups[name]}" for name in sorted(groups)},
        "reliability": _reliability(results, slope, shift),
    }


def _reliability(results: Sequence[Result], slope: float, shift: float) -> list[tuple[str, int, float, float]]:
    """By tenth of the calibrated probability: how many best candidates, the mean said, the share right."""
    rows: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for r in results:
        if r.judged and r.ranked[0] not in r.query["ok"] and VETOED_AT_MOST < r.confidence < 1:
            said = _calibrated(r.confidence, slope, shift)
            rows[min(9, int(said * 10))].append((said, r.ranked[0] in r.query["same"]))
    return [(f"{tenth / 10:.1f}", len(row), round(sum(p for p, _ in row) / len(row), 3),
             round(sum(is_right for _, is_right in row) / len(row), 3)) for tenth, row in sorted(rows.items())]


def _calibrated(confidence: float, slope: float, shift: float) -> float:
    return 1 / (1 + math.exp(-slope * math.log(confidence / (1 - confidence)) - shift))


def fitted(made: Pairs) -> dict[str, Any]:
    """The trees as plain lists: figure, threshold, left, right, value for each node."""
    model = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=LEARNING_RATE, min_samples_leaf=40, l2_regularization=2.0,
        monotonic_cst=signs(), early_stopping=False, random_state=SEED)
    model.fit(made.figures, made.same)
    base = round(float(np.ravel(model._baseline_prediction)[0]), 6)
    return {"figures": list(FIGURES), "base": base, "trees": nodes_of(model)}


def signs() -> list[int]:
    """DIRECTIONS in the order of FIGURES, 0 for those that may go either way."""
    return [DIRECTIONS.get(name, 0) for name in FIGURES]


def nodes_of(model: Any, more: float = 0.0) -> list[list[Node]]:
    """The trees of a fitted model, each leaf raised by `more`."""
    return [[(int(n["feature_idx"]), round(float(n["num_threshold"]), 5), int(n["left"]), int(n["right"]))
             if not n["is_leaf"] else (-1, round(float(n["value"]) + more, 5), 0, 0) for n in predictors[0].nodes]
            for predictors in model._predictors]


if __name__ == "__main__":
    main()
