"""The demo's problems: enough of them, in order, and right."""

import math
import re
from collections import Counter

import pytest

from server.demo.problems import problem, problems, variants
from server.domain.people import Stage, Subject, stage_of

# What the answers must contain, worked out here from the numbers of the problem.
WORKED_OUT = [
    ("math-primary-01", 24 * 35 / 8, "105"),
    ("math-primary-02", 32 * 25 / 10, "80"),
    ("math-primary-03", 420 / (65 + 75), "3"),
    ("math-primary-04", 544 / (72 + 64), "4"),
    ("math-primary-05", 50 - 2.5 * 8.4, "29"),
    ("math-primary-06", 30 - 3.5 * 6.8, "6.2"),
    ("math-primary-07", 36 * 3 / 4 * 1 / 3, "9"),
    ("math-primary-08", 3.14 * (8 * 8 - 6 * 6), "87.92"),
    ("math-primary-09", 3.14 * (8 * 8 - 5 * 5), "122.46"),
    ("math-primary-10", 45 + 45 - 18, "72"),
    ("math-primary-11", (22 * 4 - 76) / (4 - 3), "12"),
    ("math-primary-12", 360 * 1.1 * 0.8, "316.8"),
    ("math-primary-13", 9 + 6 - 8, "7"),
    ("math-junior-01", (5 + 6) / (3 - 2), "11"),
    ("math-junior-02", (9 + 5) / (5 - 3), "7"),
    ("math-junior-03", (-6 + (36 + 28) ** 0.5) / 2, "1"),
    ("math-junior-03", (-6 - (36 + 28) ** 0.5) / 2, "−7"),
    ("math-junior-04", (-8 + (64 + 36) ** 0.5) / 2, "1"),
    ("math-junior-04", (-8 - (64 + 36) ** 0.5) / 2, "−9"),
    ("math-junior-05", 6 * 8 / (6 * 6 + 8 * 8) ** 0.5, "4.8"),
    ("math-junior-06", 9 * 12 / (9 * 9 + 12 * 12) ** 0.5, "7.2"),
    ("math-junior-07", (5 + 4) / (1 + 2), "3"),
    ("math-junior-07", 5 - 3 * 1, "2"),
    ("math-junior-08", max(range(41), key=lambda x: (20 + x) * (200 - 5 * x)) + 60, "70"),
    ("math-junior-08", max((20 + x) * (200 - 5 * x) for x in range(41)), "4500"),
    ("math-junior-09", 27 - 16, "11"),
    ("math-junior-09", 16 - 11, "5"),
    ("math-junior-11", 2 * 3 / 10 * 5, "3"),
    ("math-junior-12", (13**2 - 12**2) ** 0.5, "5"),
    ("math-junior-13", (10**2 - 8**2) ** 0.5, "6"),
    ("math-junior-14", 60 * 6 / (90 - 60), "12"),
    ("math-junior-14", 12 + 6, "18"),
    ("math-junior-15", 6 + 2 + 3, "11"),
    ("math-senior-02", 5 * (1 - (3 / 5) ** 2) ** 0.5, "4"),
    ("math-senior-03", 13 * (1 - (5 / 13) ** 2) ** 0.5, "12"),
    ("math-senior-04", (22 - 7) / 5, "3"),
    ("math-senior-04", sum(3 * n - 2 for n in range(1, 11)), "145"),
    ("math-senior-05", (29 - 9) / 5, "4"),
    ("math-senior-05", sum(4 * n - 3 for n in range(1, 11)), "190"),
    ("math-senior-06", max(x**3 - 3 * x * x - 9 * x + 2 for x in (-2, -1, 3, 4)), "7"),
    ("math-senior-06", min(x**3 - 3 * x * x - 9 * x + 2 for x in (-2, -1, 3, 4)), "−25"),
    ("math-senior-07", 2 * (10 - (5 / 5) ** 2) ** 0.5, "6"),
    ("math-senior-08", 6 * (1 - 20 / 120), "5"),
    ("math-senior-09", ((2 + 2) ** 2 + (4 - 1) ** 2) ** 0.5, "5"),
    ("math-senior-10", 25 - (5 * 3 / 5) ** 2, "16"),
    ("math-senior-11", 3 + 2, "5"),
    ("math-senior-12", 36 * (34 - 18) ** 0.5 / 3, "48"),
    ("math-senior-13", 18 / 3, "6"),
    ("math-senior-13", (3 + 6) ** 2 + (9 - 2) ** 2, "130"),
    ("physics-junior-01", (1400 + 200) / (72 / 3.6), "80"),
    ("physics-junior-02", (1650 + 350) / (90 / 3.6), "80"),
    ("physics-junior-03", 0.8 * (800 - 300) + 300, "700"),
    ("physics-junior-04", 50 * 10 / (2 * 0.02), "12500"),
    ("physics-junior-05", (8.1 - 5.1) / (1000 * 10), "0.0003"),
    ("physics-junior-06", (5.4 - 3.4) / (1000 * 10), "0.0002"),
    ("physics-junior-07", 6 / (10 + 20), "0.2"),
    ("physics-junior-07", 6 / (10 + 20) * 20, "4"),
    ("physics-junior-08", 12 / (15 + 25), "0.3"),
    ("physics-junior-08", 12 / (15 + 25) * 25, "7.5"),
    ("physics-junior-09", 220 * 220 / 40, "1210"),
    ("physics-junior-09", 0.04 * 5 * 30, "6"),
    ("physics-junior-10", 4.2 * 2 * 50 / 100, "4.2"),
    ("physics-junior-11", 4 * 30 / 20, "6"),
    ("physics-junior-12", (2 - 0.5) * 2, "3"),
    ("physics-senior-01", 20 * 20 / (2 * 5), "40"),
    ("physics-senior-02", 24 * 24 / (2 * 6), "48"),
    ("physics-senior-03", (20 - 0.2 * 4 * 10) / 4, "3"),
    ("physics-senior-03", 3 * 3, "9"),
    ("physics-senior-04", 15 * (2 * 20 / 10) ** 0.5, "30"),
    ("physics-senior-04", (15**2 + 20**2) ** 0.5, "25"),
    ("physics-senior-05", (2 * 10 * 0.8) ** 0.5, "4"),
    ("physics-senior-05", 0.5 * 10 + 0.5 * 16 / 0.8, "15"),
    ("physics-senior-06", 4e-4 / 2e-6, "200"),
    ("physics-senior-06", 200 / 0.05, "4000"),
    ("physics-senior-07", 6 / 12, "0.5"),
    ("physics-senior-07", 0.5 * 11, "5.5"),
    ("physics-senior-07", 5.5 * 0.5, "2.75"),
    ("physics-senior-08", 9 / 18, "0.5"),
    ("physics-senior-08", 0.5 * 16, "8"),
    ("physics-senior-08", 8 * 0.5, "4"),
    ("physics-senior-09", 100 * (0.05 - 0.01) / 0.2, "20"),
    ("physics-senior-10", 2 * 6 / 3, "4"),
    ("physics-senior-10", 36 - 24, "12"),
    ("physics-senior-11", 600 * 8 / 2**2, "1200"),
    ("chemistry-junior-01", 2 * 13 / 65, "0.4"),
    ("chemistry-junior-02", 2 * 26 / 65, "0.8"),
    ("chemistry-junior-03", 200 * 0.15 / 0.05 - 200, "400"),
    ("chemistry-junior-04", 150 * 0.2 / 0.08 - 150, "225"),
    ("chemistry-junior-06", 4 * 2 - 1, "7"),
    ("chemistry-senior-01", 11.2 / 22.4 / 0.25, "2"),
    ("chemistry-senior-02", 5.6 / 22.4 / 0.5, "0.5"),
    ("chemistry-senior-03", 2 * (0 + 1), "2"),
    ("chemistry-senior-05", -math.log10(0.1 * 10 / 1000), "3"),
    ("chemistry-senior-06", -math.log10(0.5 * 20 / 100), "1"),
    ("biology-junior-01", 10 * 40, "400"),
    ("biology-junior-04", 4 * (1 - 0.5 * 0.5), "3"),
    ("biology-senior-02", 16 * (3 / 4) * (1 / 4), "3"),
    ("biology-senior-03", (1000 - 2 * 200) / 2, "300"),
    ("biology-senior-03", 200 * 2 + 300 * 3, "1300"),
    ("biology-senior-04", (1200 - 2 * 350) / 2, "250"),
    ("biology-senior-04", 350 * 2 + 250 * 3, "1450"),
    ("biology-senior-06", 60 * 80 / 12, "400"),
    ("geography-junior-01", 6 * 500000 / 100000, "30"),
    ("geography-junior-02", 4 * 800000 / 100000, "32"),
    ("geography-junior-03", 26 - (1700 - 200) / 100 * 0.6, "17"),
    ("geography-senior-01", 20 - (8 + 5), "7"),
    ("geography-senior-04", 90 - (40 - 23.5), "73.5"),
    ("geography-senior-05", 90 - (35 - 23.5), "78.5"),
    ("science-primary-08", (58 + 60 + 62) / 3, "60"),
    ("science-junior-01", 54 / (50 - 30), "2.7"),
    ("science-junior-02", 75 / (70 - 40), "2.5"),
    ("science-junior-04", 2 * 10 * 5, "100"),
]


def written(value: float) -> str:
    return f"{round(value, 9):.10g}".replace("-", "−")


def without_numbers(text: str) -> str:
    return re.sub(r"\d+(\.\d+)?", "#", text)


def test_there_are_problems_for_every_subject_and_stage_that_a_school_teaches() -> None:
    counted = Counter(found.subject for found in problems())
    stages = Counter(found.stage for found in problems())

    assert len(problems()) >= 130
    assert all(counted[subject] >= 8 for subject in Subject)
    assert all(stages[stage] >= 30 for stage in Stage)


def test_every_problem_has_a_code_of_its_own_that_names_its_subject_and_stage() -> None:
    codes = [found.code for found in problems()]

    assert len(set(codes)) == len(codes)
    assert all(found.code.startswith(f"{found.subject}-{found.stage}-") for found in problems())
    assert all(stage_of(found.grade) is found.stage for found in problems())


def test_no_two_problems_are_printed_alike() -> None:
    texts = {re.sub(r"\s", "", found.text) for found in problems()}

    assert len(texts) == len(problems())


def test_every_problem_has_an_answer_and_two_to_four_lines_for_the_board() -> None:
    for found in problems():
        assert found.answer and found.knowledge_point, found.code
        assert 2 <= len(found.explanation) <= 4, found.code
        assert all(line == line.strip() and line for line in found.explanation), found.code


def test_a_choice_offers_its_answer() -> None:
    for found in problems():
        options = re.findall(r"^([A-D])\. ", found.text, re.MULTILINE)
        if options:
            assert options == ["A", "B", "C", "D"], found.code
            assert found.answer in options, found.code


def test_at_least_fifteen_problems_have_a_sibling_that_differs_only_in_numbers() -> None:
    assert len(variants()) >= 15
    for first, sibling in variants():
        assert without_numbers(first.text) == without_numbers(sibling.text), sibling.code
        assert first.text != sibling.text, sibling.code
        assert first.answer != sibling.answer or first.explanation != sibling.explanation, sibling.code
        assert first.variant_of is None and (first.subject, first.grade) == (sibling.subject, sibling.grade)


@pytest.mark.parametrize(("code", "value", "shown"), WORKED_OUT)
def test_an_answer_is_what_its_numbers_give(code: str, value: float, shown: str) -> None:
    assert written(value) == shown
    assert shown in problem(code).answer
