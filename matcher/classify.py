"""Says what a problem's text is about, by a linear model fitted on texts that people labelled.

A text is looked at in four ways, each as TF-IDF of its n-grams; ridge regression tells the classes apart, each weighed
as if all had as many texts. How far the best class is ahead of the second is turned into the probability that it is
right, by what cross-validation found; below the bar that the same cross-validation chose, nothing is said.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from threadpoolctl import threadpool_limits

LONGEST = 1_000
"""Characters that are looked at: exam questions tell their subject in the first 400."""
ALPHA = 0.5
"""Of the ridge; 0.2 to 1 do as well by cross-validation, 2 does worse."""
MOST_NGRAMS = 120_000
"""Of one view, the commonest."""
FEWEST = 5
"""Different problems that a class needs; one with fewer is not said."""
FOLDS = 5
PRECISE = 0.9
"""Share that has to be right of what is said."""
LEAST_SURE = 0.6
"""Of a single text: a share over many may be good while the last of them are not."""
NEVER = 2.0
"""A bar that no confidence reaches."""
MOST_BYTES = 64 << 20

Scores = NDArray[np.float64]


class TooFewLabels(Exception):
    """There are not two classes with enough different problems: nothing can be learned yet."""


class BadModel(Exception):
    """These bytes are no classifier of ours."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest class with the probability that it is right, and the one after it. `is_said`: it is sure enough."""

    label: str
    confidence: float
    is_said: bool
    ranked: tuple[str, ...] = ()


# --- views ---------------------------------------------------------------------------------------------------------

_SPACES = re.compile(r"\s+")
_NOT_HAN = re.compile(r"[^\u4e00-\u9fff]+")
_LATIN = re.compile(r"[a-z]+")


def _as_given(text: str) -> str:
    return text[:LONGEST]


def _squeezed(text: str) -> str:
    return _SPACES.sub("", unicodedata.normalize("NFKC", text[:LONGEST])).lower()


def _han(text: str) -> str:
    return _NOT_HAN.sub("", text[:LONGEST])


def _words(text: str) -> str:
    return " ".join(_LATIN.findall(text[:LONGEST].lower()))


@dataclass(frozen=True, slots=True)
class View:
    name: str
    see: Callable[[str], str]
    analyzer: Literal["char", "word"]
    longest: int


VIEWS = (
    View("given", _as_given, "char", 4),
    View("squeezed", _squeezed, "char", 4),
    View("han", _han, "char", 3),
    View("latin", _words, "word", 2),
)
"""Chosen by cross-validation over years on real exam questions: with the first alone 1.7 % were wrong, with all 1.0."""


def _vectorizer(view: View, **more: Any) -> TfidfVectorizer:
    return TfidfVectorizer(
        preprocessor=view.see,
        analyzer=view.analyzer,
        token_pattern=r"\S+" if view.analyzer == "word" else None,
        ngram_range=(1, view.longest),
        sublinear_tf=True,
        dtype=np.float32,
        **more,
    )


# --- the classifier ------------------------------------------------------------------------------------------------


class Classifier:
    """A fitted model; `said` and `ranked` need no training data."""

    def __init__(
        self,
        classes: Sequence[str],
        vectorizers: Mapping[str, TfidfVectorizer],
        weights: NDArray[np.float32],
        intercepts: NDArray[np.float32],
        slope: float,
        shift: float,
        bar: float,
    ) -> None:
        self.classes = tuple(classes)
        self._vectorizers, self._weights, self._intercepts = vectorizers, weights, intercepts
        self.slope, self.shift, self.bar = slope, shift, bar

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str], problems: Sequence[Hashable]) -> Classifier:
        """`problems` names the problem of each text: those of one are never on both sides of a fold. Raises
        TooFewLabels."""
        at = _enough(labels, problems)
        texts, labels, problems = [texts[i] for i in at], [labels[i] for i in at], [problems[i] for i in at]
        with threadpool_limits(1):  # beside a worker's other work
            right, margins = _cross_validated(texts, labels, problems)
            slope, shift = _calibrated(margins, right)
            found = cls._raw(texts, labels)
        found.slope, found.shift = slope, shift
        found.bar = _bar(found._probability(margins), right)
        return found

    @classmethod
    def _raw(cls, texts: Sequence[str], labels: Sequence[str]) -> Classifier:
        """Without a probability."""
        vectorizers, blocks = {}, []
        for view in VIEWS:
            vectorizer = _vectorizer(view, min_df=2, max_features=MOST_NGRAMS)
            try:
                blocks.append(vectorizer.fit_transform(texts))
            except ValueError:  # nothing of this view in any text
                continue
            vectorizers[view.name] = vectorizer
        if not blocks:
            raise TooFewLabels("the texts have nothing in common")
        counts = Counter(labels)
        classes = sorted(counts)
        targets = np.where(np.array(labels)[:, None] == np.array(classes)[None, :], 1.0, -1.0)
        balanced = np.array([len(labels) / (len(classes) * counts[label]) for label in labels])
        ridge = Ridge(alpha=ALPHA, solver="sparse_cg", tol=1e-3)
        ridge.fit(sparse.hstack(blocks).tocsr().astype(np.float64), targets, sample_weight=balanced)
        weights = np.atleast_2d(ridge.coef_).astype(np.float32)
        return cls(classes, vectorizers, weights, np.asarray(ridge.intercept_, np.float32), 1.0, 0.0, NEVER)

    def scores(self, texts: Sequence[str]) -> Scores:
        """One row a text, one column a class."""
        total: Scores = np.tile(self._intercepts.astype(np.float64), (len(texts), 1))
        start = 0
        for view in VIEWS:
            vectorizer = self._vectorizers.get(view.name)
            if vectorizer is None:
                continue
            seen = vectorizer.transform(texts)
            total += seen @ self._weights[:, start : start + seen.shape[1]].T
            start += seen.shape[1]
        return total

    def guess(self, texts: Sequence[str], most: int = 5) -> list[Guess]:
        """For each text; one without any text gets a guess that is never said."""
        if not texts:
            return []
        scores = self.scores(texts)
        order = np.argsort(-scores, axis=1, kind="stable")
        probabilities = self._probability(_margins(scores))
        return [
            Guess(
                self.classes[row[0]],
                float(probability) if text.strip() else 0.0,
                bool(text.strip()) and bool(probability >= self.bar),
                tuple(self.classes[i] for i in row[:most]),
            )
            for text, row, probability in zip(texts, order, probabilities, strict=True)
        ]

    def _probability(self, margins: Scores) -> Scores:
        found: Scores = 1 / (1 + np.exp(-(self.slope * margins + self.shift)))
        return found

    # --- kept as arrays: nothing that is read back is ever run ---

    def to_bytes(self) -> bytes:
        head = {
            "views": [view.name for view in VIEWS if view.name in self._vectorizers],
            "classes": self.classes,
            "slope": self.slope,
            "shift": self.shift,
            "bar": self.bar,
        }
        arrays: dict[str, NDArray[Any]] = {
            "head": _packed(json.dumps(head, ensure_ascii=False)),
            "weights": self._weights.astype(np.float16),
            "intercepts": self._intercepts,
        }
        for name, vectorizer in self._vectorizers.items():
            words = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
            arrays[f"{name}_ngrams"] = _packed(json.dumps(words, ensure_ascii=False))
            arrays[f"{name}_idf"] = vectorizer.idf_.astype(np.float32)
        out = io.BytesIO()
        np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Classifier:
        """Raises BadModel for whatever `to_bytes` did not write."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(item.file_size for item in archive.infolist()) > MOST_BYTES * 8:
                    raise BadModel("larger than any model of ours")
            kept = np.load(io.BytesIO(data), allow_pickle=False)
            head = json.loads(_text(kept["head"]))
            vectorizers = {}
            for view in VIEWS:
                if view.name in head["views"]:
                    words = json.loads(_text(kept[f"{view.name}_ngrams"]))
                    vectorizer = _vectorizer(view, vocabulary={word: i for i, word in enumerate(words)})
                    vectorizer.idf_ = kept[f"{view.name}_idf"].astype(np.float32)
                    vectorizers[view.name] = vectorizer
            weights, intercepts = kept["weights"].astype(np.float32), kept["intercepts"].astype(np.float32)
            numbers = [float(head[name]) for name in ("slope", "shift", "bar")]
            classes = [str(name) for name in head["classes"]]
        except BadModel:
            raise
        except Exception as error:  # whatever the libraries raise for a broken archive, the answer is one
            raise BadModel(f"this is no classifier ({type(error).__name__})") from error
        width = sum(len(each.vocabulary_) for each in vectorizers.values())
        if weights.shape != (len(classes), width) or intercepts.shape != (len(classes),) or len(classes) < 2:
            raise BadModel("its parts do not fit together")
        if not (np.isfinite(weights).all() and np.isfinite(intercepts).all() and np.isfinite(numbers).all()):
            raise BadModel("not all of its numbers are numbers")
        return cls(classes, vectorizers, weights, intercepts, *numbers)


def _packed(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)


def _text(array: NDArray[np.uint8]) -> str:
    return array.astype(np.uint8).tobytes().decode("utf-8", "surrogatepass")


def _margins(scores: Scores) -> Scores:
    best = np.partition(scores, -2, axis=1)
    found: Scores = best[:, -1] - best[:, -2]
    return found


# --- fitting -------------------------------------------------------------------------------------------------------


def _enough(labels: Sequence[str], problems: Sequence[Hashable]) -> list[int]:
    """Places of the texts whose class has enough different problems."""
    of: dict[str, set[Hashable]] = defaultdict(set)
    for label, problem in zip(labels, problems, strict=True):
        of[label].add(problem)
    kept = {label for label, found in of.items() if len(found) >= FEWEST}
    if len(kept) < 2:
        raise TooFewLabels(f"{len(kept)} classes have labels of {FEWEST} different problems; two are needed")
    return [i for i, label in enumerate(labels) if label in kept]


def folds(problems: Sequence[Hashable], most: int = FOLDS) -> Iterator[tuple[list[int], list[int]]]:
    """Places to learn from and places to try, the problems dealt out in turn."""
    fold = {problem: n % most for n, problem in enumerate(dict.fromkeys(problems))}
    for number in range(most):
        tried = [i for i, problem in enumerate(problems) if fold[problem] == number]
        rest = [i for i, problem in enumerate(problems) if fold[problem] != number]
        if tried and rest:
            yield rest, tried


def _cross_validated(
    texts: Sequence[str], labels: Sequence[str], problems: Sequence[Hashable]
) -> tuple[NDArray[np.bool_], Scores]:
    """Whether each text was told right by a model that never saw its problem, and by how much it was ahead."""
    right, margins = np.zeros(len(texts), bool), np.zeros(len(texts))
    for rest, tried in folds(problems):
        model = Classifier._raw([texts[i] for i in rest], [labels[i] for i in rest])
        scores = model.scores([texts[i] for i in tried])
        if scores.shape[1] > 1:
            right[tried] = [model.classes[best] == labels[i] for best, i in zip(scores.argmax(1), tried, strict=True)]
            margins[tried] = _margins(scores)
    return right, margins


def _calibrated(margins: Scores, right: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and shift (Platt) from how far the best class is ahead to the probability that it is right."""
    # With one class of outcome there is no curve to fit; two made-up ones keep it from saying that it is never wrong.
    table = np.concatenate([margins, [margins.max(), margins.min()]])[:, None]
    outcome = np.concatenate([right, [True, False]])
    model = LogisticRegression(C=1e3).fit(table, outcome)
    return max(0.0, float(model.coef_[0][0])), float(model.intercept_[0])


def _bar(probabilities: Scores, right: NDArray[np.bool_]) -> float:
    """The lowest confidence, of LEAST_SURE at least, above which so many were right as PRECISE asks."""
    order = np.argsort(-probabilities, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(shares >= PRECISE)
    return NEVER if len(good) == 0 else max(LEAST_SURE, float(probabilities[order[good[-1]]]))


# --- how good it is ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Marks:
    """What a model is worth on labels that it has not seen."""

    texts: int
    accuracy: float
    said: float
    """Share of the texts for which it says something."""
    precision: float | None
    """Of what it says, the share that is right."""
    at_90: float
    """Accuracy on the nine tenths that it is surest of."""
    confusion: Mapping[str, Mapping[str, int]]
    """Labelled so: told so, so many times."""

    @property
    def right(self) -> int:
        return round(self.accuracy * self.texts)


def marks(guesses: Sequence[Guess], labels: Sequence[str]) -> Marks:
    """Of labels that are none of the model's classes it gets every one wrong."""
    right = np.array([guess.label == label for guess, label in zip(guesses, labels, strict=True)], bool)
    said = np.array([guess.is_said for guess in guesses], bool)
    surest = np.argsort([-guess.confidence for guess in guesses], kind="stable")[: int(0.9 * len(guesses))]
    confusion: dict[str, dict[str, int]] = {}
    for guess, label in zip(guesses, labels, strict=True):
        row = confusion.setdefault(label, {})
        row[guess.label] = row.get(guess.label, 0) + 1
    return Marks(
        texts=len(labels),
        accuracy=float(right.mean()) if len(right) else 0.0,
        said=float(said.mean()) if len(said) else 0.0,
        precision=float(right[said].mean()) if said.any() else None,
        at_90=float(right[surest].mean()) if len(surest) else 0.0,
        confusion=confusion,
    )
