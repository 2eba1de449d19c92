"""Labels move the bars: up when pushes are wrong, down only where enough was judged, never past a veto."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.calibrate import (
    ALL,
    NEVER,
    PRECISE,
    Calibration,
    Label,
    has_dropped,
    refitted,
    reliability,
    report,
    tightened,
)
from matcher.decide import SAME_AT, VETOED_AT_MOST

confidences = st.floats(0, 1)
labels = st.lists(st.builds(Label, st.sampled_from(["math", "physics"]), confidences, st.booleans()), max_size=60)


def judged(subject: str, count: int, wrong: int, low: float = SAME_AT, high: float = 1.0) -> list[Label]:
    rng = random.Random(count + wrong)
    return [Label(subject, rng.uniform(low, high), n >= wrong) for n in range(count)]


def test_without_labels_everything_stays_as_it_is() -> None:
    assert refitted([], Calibration()) == Calibration()


def test_right_pushes_leave_the_bar_where_it_is() -> None:
    assert refitted(judged("math", 400, 0), Calibration()).bar("math") == SAME_AT


def test_wrong_pushes_of_one_subject_raise_its_bar_and_not_that_of_others() -> None:
    given = judged("math", 300, 30, SAME_AT, 0.86) + judged("math", 300, 0, 0.9, 1) + judged("physics", 600, 0)

    proposed = refitted(given, Calibration())

    assert proposed.bar("math") > SAME_AT
    assert proposed.bar("physics") <= proposed.bar("math")
    after = report(given, Calibration(), given, proposed)["math"]["after"]
    assert after["precision"] >= PRECISE


def test_the_bar_is_lowered_only_where_enough_was_judged() -> None:
    sure = judged("math", 300, 0)
    few, many = judged("math", 20, 0, 0.6, 0.69), judged("math", 300, 0, 0.6, 0.69)

    assert refitted(sure + few, Calibration()).bar("math") == SAME_AT
    assert refitted(sure + many, Calibration()).bar("math") < SAME_AT


def test_a_drop_is_told_from_bad_luck() -> None:
    assert not has_dropped(judged("math", 10, 1))
    assert not has_dropped(judged("math", 200, 6))
    assert not has_dropped([])
    assert has_dropped(judged("math", 30, 6))
    assert has_dropped(judged("math", 200, 20))


def test_tightening_goes_one_step_at_least_and_stops_pushing_in_the_end() -> None:
    calibration = Calibration(verifier=2)
    bars = []
    while calibration.bar("math") < NEVER:
        calibration = tightened([], calibration, "math")
        bars.append(calibration.bar("math"))

    assert bars == sorted(set(bars)) and bars[0] > SAME_AT
    assert (calibration.bar("physics"), calibration.verifier) == (SAME_AT, 2)


@given(labels)
def test_whatever_people_say_the_map_keeps_the_order_and_a_veto_stays_a_veto(given: list[Label]) -> None:
    found = refitted(given, Calibration())

    probabilities = [found.probability(n / 100) for n in range(101)]
    vetoed = round(VETOED_AT_MOST * 100) + 1
    above = probabilities[vetoed:]
    assert above == sorted(above)
    assert all(found.probability(n / 100) <= VETOED_AT_MOST < found.bar(ALL) for n in range(vetoed))
    assert all(0.5 <= bar <= NEVER for bar in found.bars.values())


@given(labels)
def test_the_bins_of_the_chart_hold_every_label_once(given: list[Label]) -> None:
    bins = reliability(given, Calibration())

    assert sum(count for _, _, count, _, _ in bins) == len(given)
    assert all(low <= mean <= high and 0 <= share <= 1 for low, high, _, mean, share in bins)


def test_an_overconfident_verifier_is_taken_at_its_labels_word() -> None:
    rng = random.Random(7)
    said = [Label("math", 0.95, rng.random() < 0.8) for _ in range(1_000)] + [
        Label("math", 0.5, rng.random() < 0.4) for _ in range(1_000)]

    found = refitted(said, Calibration())

    assert found.probability(0.95) == pytest.approx(0.8, abs=0.05)
