"""The demo's photographs: like a phone's, the same for a seed, and readable."""

import io
import re
import unicodedata
from functools import cache

import numpy as np
import pytest
from PIL import Image

from matcher.read import Reader, Reading
from server.demo.photos import LARGEST_ANGLE, Photo, photograph, shoot
from server.demo.problems import Problem, problem, problems
from server.domain.board import PAGE_WIDTH

TEXT = problem("math-primary-03").text
SAMPLE = problems()[::13]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@cache  # half a second each, and nobody changes one
def shot(text: str, seed: int, angle: float | None = None) -> Photo:
    return shoot(text, seed, angle)


def comparable(text: str) -> str:
    """Without what a print does not show: blanks, widths of signs, the height of small digits."""
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").replace("“", '"').replace("”", '"')
    return re.sub(r"[\s_]+", "", plain)


def error_rate(printed: str, read: str) -> float:
    """Character error rate: edits (Levenshtein) for each printed character."""
    wanted, got = comparable(printed), comparable(read)
    row = list(range(len(got) + 1))
    for above, left in enumerate(wanted, 1):
        following = [above]
        for at, right in enumerate(got, 1):
            following.append(min(row[at] + 1, following[-1] + 1, row[at - 1] + (left != right)))
        row = following
    return row[-1] / len(wanted)


def as_printed(reading: Reading) -> str:
    """The lines that were read, in the order of the print: rows are told apart along the print's own slope.

    These tests judge the photographs; in which order the reader puts the pieces of a slanting line is its own matter.
    """
    boxes = np.array([line.box for line in reading.lines])
    along = boxes[:, 1] - boxes[:, 0]
    slope = np.median(along[:, 1] / along[:, 0])
    depth = boxes[:, :, 1].mean(1) - slope * boxes[:, :, 0].mean(1)
    height = np.median(boxes[:, 3, 1] - boxes[:, 0, 1])
    order = np.argsort(depth)
    rows = np.cumsum(np.diff(depth[order], prepend=depth[order[0]]) > height / 2)
    placed = sorted(zip(rows, boxes[order, 0, 0], order, strict=True))
    return "".join(reading.lines[at].text for _, _, at in placed)


def test_a_photo_is_the_same_for_the_same_seed() -> None:
    assert photograph(TEXT, seed=4) == photograph(TEXT, seed=4)


def test_two_seeds_give_two_photographs_that_differ_almost_everywhere() -> None:
    first, second = (Image.open(io.BytesIO(shot(TEXT, seed).jpeg)).convert("L").resize((400, 220)) for seed in (1, 2))

    apart = np.abs(np.asarray(first, int) - np.asarray(second, int))

    assert apart.mean() > 5
    assert (apart > 2).mean() > 0.6


def test_an_angle_turns_the_print() -> None:
    level, turned = shoot(TEXT, seed=1, angle=0.0), shoot(TEXT, seed=1, angle=8.0)

    def slope(photo_words: tuple[tuple[int, int], tuple[int, int]]) -> float:
        (left, high), (right, low) = photo_words
        return float(np.degrees(np.arctan2(low - high, right - left)))

    first_line = [[word.corners[0] for word in photo.words if word.line == 0] for photo in (level, turned)]
    was, now = (slope((corners[0], corners[-1])) for corners in first_line)
    assert now - was == pytest.approx(8.0, abs=1.5)


def test_an_angle_at_which_nobody_photographs_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="angle"):
        photograph(TEXT, seed=1, angle=LARGEST_ANGLE + 1)


def test_a_photo_is_a_jpeg_without_a_word_about_the_camera() -> None:
    picture = Image.open(io.BytesIO(shot(TEXT, 1).jpeg))

    assert picture.format == "JPEG"
    assert picture.width >= 1400
    assert not picture.getexif()


@pytest.mark.parametrize("found", SAMPLE, ids=lambda found: found.code)
def test_every_word_lies_on_the_photo(found: Problem) -> None:
    photo = shot(found.text, 9)

    corners = np.array([word.corners for word in photo.words])

    assert "".join(word.text for word in photo.words if not word.text.isspace()) == re.sub(r"\s", "", found.text)
    assert corners.min() >= 0
    assert corners[..., 0].max() <= PAGE_WIDTH
    assert corners[..., 1].max() <= photo.aspect


def test_the_words_are_where_the_ink_is() -> None:
    photo = shot(TEXT, 2)
    grey = np.asarray(Image.open(io.BytesIO(photo.jpeg)).convert("L"), float)
    scale = photo.width / PAGE_WIDTH

    for word in (word for word in photo.words if word.text.isdigit()):
        corners = np.array(word.corners) * scale
        left, top = corners.min(0).astype(int)
        right, bottom = corners.max(0).astype(int)
        inside = grey[top:bottom, left:right]
        assert inside.min() < np.median(grey) - 60, word.text


def test_a_reader_reads_a_sample_of_the_photos_with_fewer_than_one_error_in_ten(reader: Reader) -> None:
    read = {found: as_printed(reader.read(shot(found.text, 9).jpeg)) for found in SAMPLE}

    rates = {found.code: error_rate(found.text, text) for found, text in read.items()}

    assert max(rates.values()) < 0.1, rates


def test_a_photo_taken_at_an_angle_is_read_too(reader: Reader) -> None:
    for angle in (-6.0, 6.0):
        assert error_rate(TEXT, as_printed(reader.read(shot(TEXT, 2, angle).jpeg))) < 0.1
