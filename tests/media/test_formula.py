"""Formulas in a film: what a lesson writes is set, what means harm is written down and does nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from media import formula


def letters(tex: str) -> list[str]:
    box = formula._row(formula._Tokens(tex), 40, 0, None)
    return [text.strip() for _, _, text, _ in box.letters]


@pytest.mark.parametrize(
    ("tex", "written"),
    [
        (r"x^2+1", ["x", "2", "+", "1"]),
        (r"\frac{-b\pm\sqrt{b^2-4ac}}{2a}", ["−", "b", "±", "b", "2", "−", "4", "a", "c", "2", "a"]),
        (r"\angle A=90^\circ", ["∠", "A", "=", "9", "0", "°"]),
        (r"\because a\perp b\ \therefore c", ["∵", "a", "⊥", "b", "∴", "c"]),
        (r"\text{速度 v} \div 3", ["速度 v", "÷", "3"]),
        (r"\sin 30", ["sin", "3", "0"]),
        (r"\href{javascript:x}{y}", ["href", *"javascript:x", "y"]),
        (r"\unheardof", ["unheardof"]),
        (r"a\{b\}", ["a", "{", "b", "}"]),
    ],
)
def test_every_sign_is_written_and_none_is_lost(tex: str, written: list[str]) -> None:
    assert letters(tex) == written


def test_a_fraction_stands_on_two_floors_and_a_power_above_the_line() -> None:
    fraction = formula._row(formula._Tokens(r"\frac{1}{2}"), 40, 0, None)
    power = formula._row(formula._Tokens("x^2"), 40, 0, None)

    (_, over, _, _), (_, under, _, _) = fraction.letters
    (_, x, _, large), (_, two, _, small) = power.letters
    assert over < under and len(fraction.rules) == 1
    assert two < x and small < large


def test_a_formula_grows_with_its_size_and_is_all_inside() -> None:
    small, large = formula.drawn(r"\sqrt[3]{\frac{x+1}{2}}", 20), formula.drawn(r"\sqrt[3]{\frac{x+1}{2}}", 60)

    assert large.width > 2 * small.width and large.height > 2 * small.height
    edge = [large.crop((0, 0, large.width, 1)), large.crop((0, large.height - 1, large.width, large.height))]
    assert [side.getbbox() for side in edge] == [None, None]


@pytest.mark.parametrize(
    "tex", [r"\frac{" * 60, "{" * 300, "^" * 300, r"\def\a{\a\a}\a", r"\sqrt[", r"\text{", "\\", "_", "}"]
)
def test_what_is_broken_is_drawn_as_far_as_it_goes(tex: str) -> None:
    assert isinstance(formula.drawn(tex, 30), Image.Image)


@settings(max_examples=60)
@given(st.text(alphabet=r"\{}^_[]abx12+-= frcsqt分", max_size=80))
def test_whatever_is_typed_gives_a_picture_of_a_sane_size(tex: str) -> None:
    mask = formula.drawn(tex, 24)

    assert mask.width < 24 * 2 * 80 and mask.height < 24 * 80
