"""`dayi research subjects`: how well the classifier of the service tells the subjects of real exam questions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from matcher.classify import Classifier, marks
from matcher.normalize import normalize


def read(path: Path) -> tuple[list[str], list[str]]:
    """Texts and subjects of a JSONL file with `text` and `subject`."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [row["text"] for row in rows], [row["subject"] for row in rows]


def measure(train: Path, test: Path) -> Iterator[str]:
    """Lines of a Markdown table. Nothing of the test is looked at before the last step."""
    texts, subjects = read(train)
    started = time.process_time()
    model = Classifier.fit(texts, subjects, [normalize(text).text for text in texts])
    fitted = time.process_time() - started
    asked, known = read(test)
    found = marks(model.guess(asked), known)
    right, at_90 = reference(texts, subjects, asked, known)
    size = len(model.to_bytes()) >> 20
    yield f"{len(texts)} texts to learn from, {len(asked)} to tell; learned in {fitted:.0f} s of a core, {size} MiB"
    yield "\n| | accuracy | accuracy at coverage 0.9 |\n|---|---|---|"
    yield f"| ours | {found.accuracy:.4f} | {found.at_90:.4f} |"
    yield f"| TF-IDF of 1 to 3 characters, logistic regression (reference) | {right:.4f} | {at_90:.4f} |"
    precision = "-" if found.precision is None else f"{found.precision:.4f}"
    yield f"\nsaid of {found.said:.1%} at the bar of {model.bar:.2f}: {precision} right"
    for label, row in sorted(found.confusion.items()):
        wrong = ", ".join(f"{name} {count}" for name, count in sorted(row.items()) if name != label)
        yield f"{label}: {row.get(label, 0)} of {sum(row.values())}" + (f"; told {wrong}" if wrong else "")


def reference(
    texts: Sequence[str], subjects: Sequence[str], asked: Sequence[str], known: Sequence[str]
) -> tuple[float, float]:
    """Accuracy, and accuracy on the surest nine tenths."""
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    model = LogisticRegression(C=30, max_iter=1000).fit(vectorizer.fit_transform(texts), subjects)
    sure = model.predict_proba(vectorizer.transform(asked))
    right = model.classes_[sure.argmax(1)] == np.array(known)
    surest = np.argsort(-sure.max(1), kind="stable")[: int(0.9 * len(asked))]
    return float(right.mean()), float(right[surest].mean())
