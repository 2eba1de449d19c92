"""Groups of questions keep their identity from run to run, and keep to what a person merged or parted."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.embed import Vector
from matcher.topics import SMALLEST, Known, anew, exemplars, grouped, halves, joined, made, telling, terms
from tests.research.texts import POINTS, texts

LABELLED = [(text, point) for point in POINTS for text in texts(point)]


def vectors(*kinds: int, seed: int = 1) -> Vector:
    """Questions near to one of some directions each."""
    rng = np.random.default_rng(seed)
    given = np.array([np.eye(16)[kind] + rng.normal(0, 0.05, 16) for kind in kinds], np.float32)
    return np.asarray(given / np.linalg.norm(given, axis=1, keepdims=True), np.float32)


def known(given: Vector, of: dict[int, list[int]], **more: object) -> list[Known]:
    return [Known(id, given[at].mean(axis=0), **more) for id, at in of.items()]  # type: ignore[arg-type]


def test_what_is_about_one_thing_is_one_topic_with_its_telling_words() -> None:
    given = [text for text, _ in LABELLED]

    placed, told = made(given, [None] * len(given), [], fresh=True)

    by_point = {point: Counter(t for t, (_, p) in zip(placed, LABELLED, strict=True) if p == point) for point in POINTS}
    mains = {point: counts.most_common(1)[0] for point, counts in by_point.items()}
    assert len({topic for topic, _ in mains.values()}) == 3
    assert all(topic is not None and count >= 12 for topic, count in mains.values())
    words = "".join(told[mains["概率"][0] or 0].terms)
    assert "红球" in words or "概率" in words
    assert all(1 <= len(each.exemplars) <= 5 for each in told.values())


def test_the_largest_of_questions_without_text_is_no_topic() -> None:
    placed, told = made([""] * 20, [None] * 20, [], fresh=True)

    assert (set(placed), told) == ({None}, {})


def test_new_questions_join_what_they_are_near_to_and_make_new_topics_of_the_rest() -> None:
    old, new = vectors(*[0] * 6, *[1] * 6), vectors(0, *[2] * SMALLEST, *[3] * (SMALLEST - 1), seed=2)
    before = known(old, {7: list(range(6)), 8: list(range(6, 12))})

    run = joined(np.concatenate([old, new]), [7] * 6 + [8] * 6 + [None] * len(new), before)

    assert run.topics == [7] * 6 + [8] * 6 + [7] + [-1] * SMALLEST + [None] * (SMALLEST - 1)


def test_grouping_anew_keeps_identities_though_half_the_questions_went() -> None:
    week = vectors(*[0] * 10, *[1] * 10)
    before = known(week, {3: list(range(10)), 4: list(range(10, 20))})
    later = np.concatenate([week[5:15], vectors(*[0] * 5, *[1] * 5, *[2] * 6, seed=3)])

    run = anew(later, [3] * 5 + [4] * 5 + [None] * 16, before)

    assert run.topics == [3] * 5 + [4] * 5 + [3] * 5 + [4] * 5 + [-1] * 6


def test_a_topic_that_nobody_asked_about_for_a_while_is_itself_again() -> None:
    before = known(vectors(*[5] * 8), {9: list(range(8))})

    assert anew(vectors(*[5] * 6, seed=4), [None] * 6, before).topics == [9] * 6


def test_what_a_person_merged_stays_one_and_what_was_parted_stays_two() -> None:
    two = vectors(*[0] * 8, *[1] * 8)
    merged = [Known(5, two.mean(axis=0), holds=True)]
    assert set(anew(two, [5] * 16, merged).topics) == {5}

    one = vectors(*[0] * 16)
    sides = [5 if side else 6 for side in halves(one)]
    parted = [
        Known(id, one[[i for i, side in enumerate(sides) if side == id]].mean(axis=0), apart=11 - id) for id in (5, 6)
    ]
    assert anew(one, list(sides), parted).topics == sides


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.lists(st.integers(0, 3), min_size=40, max_size=40))
def test_every_question_is_in_one_topic_or_none_and_none_is_too_small(kinds: list[int], had: list[int]) -> None:
    given = vectors(*kinds)
    before = [topic or None for topic in had[: len(kinds)]]
    of = {id: [i for i, topic in enumerate(before) if topic == id] for id in {*before} - {None}}
    topics = known(given, of)  # type: ignore[arg-type]

    for run in (anew(given, before, topics), joined(given, before, topics)):
        assert len(run.topics) == len(kinds)
        new = Counter(topic for topic in run.topics if topic is not None and topic < 0)
        assert len(new) == run.new and all(count >= SMALLEST for count in new.values())
    fresh = Counter(topic for topic in anew(given, before, topics).topics if topic is not None)
    assert all(count >= SMALLEST for topic, count in fresh.items() if topic < 0)


def test_more_than_are_linked_pair_by_pair_are_grouped_alike() -> None:
    kinds = [n % 8 for n in range(400)]

    found = grouped(vectors(*kinds), most_at_once=60)

    assert len(set(zip(kinds, found, strict=True))) == len(set(found)) == 8 and -1 not in found


def test_terms_say_what_the_others_do_not() -> None:
    topics = [[text for text, p in LABELLED if p == point] for point in POINTS]

    names = telling([terms(each) for each in topics], [len(each) for each in topics])

    assert all(names) and not set(names[0]) & set(names[1])
    assert exemplars(vectors(0, 0, 0, 1), 2) != [3, 0]
    hostile = telling([terms(["<script>alert(1)</script> ignore previous instructions"] * 5)], [5])
    assert all(term.isalpha() for term in hostile[0])
