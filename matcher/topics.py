"""Topics: questions that are about one thing, grouped by their texts, under an identity that lasts from run to run.

Vectors are of length 1 and cosines count. A topic is kept as the mean of its members' vectors: the product with it is
the mean cosine to them. Every night new questions join the topic that they are near to; what is near to none is
grouped, and what is large enough becomes a topic. Once a week the whole period is grouped anew, and the groups get the
identities of those that they share their questions with; what a person merged stays together, what a person parted
stays apart.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from matcher.embed import Embedder, Vector
from matcher.normalize import normalize

NEAR = 0.5
"""Mean cosine to a topic's questions of one that is about the same."""
SMALLEST = 5
"""Questions of a topic."""
MOST_AT_ONCE = 3_000
"""Linked pair by pair; of more questions it is their small groups that are linked."""
HALF = 0.5
"""Of a group's questions that had a topic: so many must have had this one for the group to be it."""
PARTED = 0.1
"""Share of a group that a parted topic must have for the group to be parted anew."""
AWAKES = 0.8
"""Cosine of a group to a topic without questions that makes it this topic again."""
SEED = 7

Numbers = NDArray[np.int64]


def grouped(vectors: Vector, most_at_once: int = MOST_AT_ONCE) -> Numbers:
    """A group for each vector, -1 for none; the numbers mean nothing."""
    found = np.full(len(vectors), -1, np.int64)
    known = np.flatnonzero(vectors.any(axis=1))
    if len(known) < SMALLEST:
        return found
    given = vectors[known]
    with threadpool_limits(1):
        labels = _linked(given) if len(given) <= most_at_once else _in_two_steps(given, most_at_once)
    sizes = np.bincount(labels)
    found[known] = np.where(sizes[labels] >= SMALLEST, labels, -1)
    return found


def _in_two_steps(given: Vector, most_at_once: int) -> Numbers:
    """Small groups first, of four questions in the mean; then these are linked."""
    from sklearn.cluster import MiniBatchKMeans  # here, since it takes a second and a half to load

    many = min(most_at_once, len(given) // 4)
    small = MiniBatchKMeans(many, random_state=SEED, n_init=1, batch_size=4_096, max_iter=30).fit(given).labels_
    centres = np.zeros((many, given.shape[1]), np.float32)
    np.add.at(centres, small, given)
    used = np.flatnonzero(centres.any(axis=1))
    of = np.full(many, -1, np.int64)
    of[used] = _linked(_unit(centres[used]))
    return np.asarray(of[small], np.int64)


def _linked(given: Vector) -> Numbers:
    if len(given) < 2:
        return np.zeros(len(given), np.int64)
    from sklearn.cluster import AgglomerativeClustering

    linkage = AgglomerativeClustering(n_clusters=None, distance_threshold=1 - NEAR, metric="cosine", linkage="average")
    return np.asarray(linkage.fit_predict(given), np.int64)


def _unit(vectors: Vector) -> Vector:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vector = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-9)
    return unit


# --- identity ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """A topic as it was: the mean of its questions; `holds` when a person merged others into it, `apart` names the one
    that a person parted it from (both have it)."""

    id: int
    mean: Vector
    holds: bool = False
    apart: int | None = None


@dataclass(frozen=True)
class Run:
    """Which topic each question is in: its id, -n-1 for the n-th new one, None for none."""

    topics: list[int | None]
    new: int


@dataclass
class _New:
    count: int = 0
    given: dict[object, int] = field(default_factory=dict)

    def of(self, group: object) -> int:
        if group not in self.given:
            self.count += 1
            self.given[group] = -self.count
        return self.given[group]


def joined(vectors: Vector, before: Sequence[int | None], known: Sequence[Known]) -> Run:
    """The nightly step: who has a topic keeps it, the others join one that they are near to, or make new ones."""
    topics: list[int | None] = list(before)
    loose = [i for i, topic in enumerate(topics) if topic is None]
    if loose and known:
        near = vectors[loose] @ np.stack([each.mean for each in known]).T
        for i, row in zip(loose, near, strict=True):
            best = int(row.argmax())
            if row[best] >= NEAR:
                topics[i] = known[best].id
    loose = [i for i in loose if topics[i] is None]
    new = _New()
    for i, group in zip(loose, grouped(vectors[loose]), strict=True):
        topics[i] = None if group < 0 else new.of(int(group))
    return Run(topics, new.count)


def anew(vectors: Vector, before: Sequence[int | None], known: Sequence[Known]) -> Run:
    """The weekly step: everything is grouped again, and groups are given the identities that they had."""
    by_id = {each.id: each for each in known}
    groups: dict[object, list[int]] = defaultdict(list)
    for i, group in enumerate(grouped(vectors)):
        if group >= 0:
            groups[int(group)].append(i)
    groups = _parted(groups, vectors, before, by_id)
    owner = _owners(groups, before, by_id)
    asleep = [each for each in known if each.id not in set(owner.values()) and each.id not in set(before)]
    new = _New()
    topics: list[int | None] = [None] * len(vectors)
    for group, members in groups.items():
        id = owner.get(group)
        if id is None:
            id = _awake(vectors[members], asleep, set(owner.values()))
            if id is None:
                id = new.of(group)
            owner[group] = id
        for i in members:
            topics[i] = id
    return Run(topics, new.count)


def _parted(
    groups: Mapping[object, list[int]], vectors: Vector, before: Sequence[int | None], known: Mapping[int, Known]
) -> dict[object, list[int]]:
    """Groups that run across what a person parted are parted again, each question to where it was, or is nearest."""
    found: dict[object, list[int]] = {}
    for group, members in groups.items():
        had = Counter(topic for i in members if (topic := before[i]) is not None)
        here = {topic for topic, count in had.items() if topic in known and count >= max(2, PARTED * len(members))}
        sides = sorted(topic for topic in here if known[topic].apart in here)
        if len(sides) < 2:
            found[group] = members
            continue
        means = np.stack([known[topic].mean for topic in sides])
        for i in members:
            topic = before[i]
            side = topic if topic in sides else sides[int((means @ vectors[i]).argmax())]
            found.setdefault((group, side), []).append(i)
    return found


def _owners(
    groups: Mapping[object, list[int]], before: Sequence[int | None], known: Mapping[int, Known]
) -> dict[object, int]:
    """The topic that each group is, those first that share most. A topic is one group, unless a person merged some."""
    claims = []
    for order, (group, members) in enumerate(groups.items()):
        had = Counter(topic for i in members if (topic := before[i]) is not None and topic in known)
        total = sum(had.values())
        claims += [(-count, order, group, topic) for topic, count in had.items() if count >= HALF * total]
    owner: dict[object, int] = {}
    taken: set[int] = set()
    for _, _, group, topic in sorted(claims, key=lambda claim: claim[:2]):
        if group not in owner and (topic not in taken or known[topic].holds):
            owner[group] = topic
            taken.add(topic)
    return owner


def _awake(members: Vector, asleep: Sequence[Known], taken: set[int]) -> int | None:
    free = [each for each in asleep if each.id not in taken]
    if not free:
        return None
    mean = _unit(members.mean(axis=0, keepdims=True))[0]
    near = _unit(np.stack([each.mean for each in free])) @ mean
    best = int(near.argmax())
    return free[best].id if near[best] >= AWAKES else None


def halves(vectors: Vector) -> Numbers:
    """Two groups of one, for a person who parts a topic."""
    if len(vectors) < 2 or not np.ptp(vectors, axis=0).any():
        return np.arange(len(vectors), dtype=np.int64) % 2
    from sklearn.cluster import AgglomerativeClustering

    with threadpool_limits(1):
        linkage = AgglomerativeClustering(n_clusters=2, linkage="ward")
        return np.asarray(linkage.fit_predict(vectors), np.int64)


def exemplars(vectors: Vector, most: int) -> list[int]:
    """Places of the questions that are nearest to all others."""
    return [int(i) for i in np.argsort(-(vectors @ vectors.mean(axis=0)), kind="stable")[:most]]


# --- names ---------------------------------------------------------------------------------------------------------

_RUNS = re.compile(r"[\u4e00-\u9fff]{2,}|[A-Za-z]{3,}")
TERMS = 4
LONGEST_TERM = 5
TEXT_LOOKED_AT = 300


def terms(texts: Sequence[str]) -> Counter[str]:
    """In how many of a topic's texts each term occurs: runs of Chinese characters, cut every way, and Latin words."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(set(_pieces(text[:TEXT_LOOKED_AT])))
    return found


def _pieces(text: str) -> Iterable[str]:
    for run in _RUNS.findall(text):
        if run[0].isascii():
            yield run.lower()
            continue
        for length in range(2, LONGEST_TERM + 1):
            for at in range(len(run) - length + 1):
                yield run[at : at + length]


def telling(of: Sequence[Counter[str]], sizes: Sequence[int]) -> list[list[str]]:
    """The terms that a topic has and the others have not (TF-IDF over topics); no term holds another of its topic."""
    topics_with: Counter[str] = Counter()
    for counts, size in zip(of, sizes, strict=True):
        topics_with.update(term for term, count in counts.items() if count >= max(2, size / 5))
    found = []
    for counts, size in zip(of, sizes, strict=True):
        scored = []
        for term, count in counts.items():
            if count >= max(2, size / 5):
                idf = np.log((1 + len(of)) / topics_with[term]) + 0.2
                scored.append((-(count / size) * idf * len(term) ** 0.5, term))
        chosen: list[str] = []
        for _, term in sorted(scored):
            if not any(_overlaps(term, other) for other in chosen):
                chosen.append(term)
            if len(chosen) == TERMS:
                break
        found.append(chosen)
    return found


def _overlaps(a: str, b: str) -> bool:
    """Whether they share two characters in a row: one stretch of text cut twice says the same."""
    return any(a[i : i + 2] in b for i in range(len(a) - 1))


# --- a whole run ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What is kept of a topic; `exemplars` are places among the questions."""

    mean: bytes
    terms: list[str]
    exemplars: list[int]
    size: int


EXEMPLARS = 5


def made(
    texts: Sequence[str], before: Sequence[int | None], known: Sequence[Known], *, fresh: bool
) -> tuple[list[int | None], dict[int, Told]]:
    """One run over the questions of a subject and stage; `fresh` groups all of them anew."""
    vectors = vectors_of(texts)
    run = (anew if fresh else joined)(vectors, before, known)
    members: dict[int, list[int]] = defaultdict(list)
    for i, topic in enumerate(run.topics):
        if topic is not None:
            members[topic].append(i)
    names = telling([terms([texts[i] for i in at]) for at in members.values()], [len(at) for at in members.values()])
    told = {}
    for (topic, at), name in zip(members.items(), names, strict=True):
        own = vectors[at]
        order = [at[i] for i in exemplars(own, len(at))]
        different = list({texts[i].strip(): i for i in reversed(order)}.values())[::-1]
        told[topic] = Told(own.mean(axis=0).astype(np.float32).tobytes(), name, different[:EXEMPLARS], len(at))
    return run.topics, told


def vectors_of(texts: Sequence[str]) -> Vector:
    """By the shipped model, whatever another one matches with: topics last longer than a city's settings."""
    return _shipped().embed([normalize(text).text for text in texts])


@cache
def _shipped() -> Embedder:
    return Embedder.load()


def mean_of(kept: bytes) -> Vector:
    return np.frombuffer(kept, np.float32)
