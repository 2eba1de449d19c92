"""A figure beside the text is found and known again on another photo; another figure is another, and text is none."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from matcher.figure import names_figure, same_figure
from matcher.read import Reading, read_photo
from media.fonts import cjk_font
from tests.matcher.test_read import as_jpeg, page

INK = "#202020"
Drawing = list[tuple[float, float]]
TRIANGLE: Drawing = [(0, 1), (1, 1), (0.3, 0), (0, 1), (0.3, 0), (0.3, 1)]
RECTANGLE: Drawing = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0), (1, 1)]


def photo_of(drawing: Drawing, angle: float) -> Reading:
    """A problem with its figure below, held at an angle in another light."""
    image = Image.new("RGB", (1_200, 800), "#f6f4ee")
    draw = ImageDraw.Draw(image)
    draw.text((80, 60), "如图，阴影部分的面积是多少平方厘米？", font=cjk_font(46), fill=INK)
    draw.line([(400 + 380 * x, 220 + 340 * y) for x, y in drawing], fill=INK, width=4, joint="curve")
    turned = np.asarray(image.rotate(angle, fillcolor="#f6f4ee"), float) * np.linspace(0.75, 1, 1_200)[None, :, None]
    return read_photo(as_jpeg(Image.fromarray(turned.astype(np.uint8))))


@pytest.fixture(scope="module")
def hashes() -> dict[str, str]:
    shot = {"rectangle": (RECTANGLE, 0.0), "rectangle again": (RECTANGLE, 2.0), "triangle": (TRIANGLE, -1.0)}
    found = {name: photo_of(drawing, angle).figures for name, (drawing, angle) in shot.items()}
    assert {name: len(figures) for name, figures in found.items()} == dict.fromkeys(shot, 1)
    return {name: figures[0].hash for name, figures in found.items()}


def test_the_same_figure_is_known_again_and_another_is_not(hashes: dict[str, str]) -> None:
    assert same_figure(hashes["rectangle"], hashes["rectangle again"])
    assert not same_figure(hashes["rectangle"], hashes["triangle"])


def test_text_alone_is_no_figure() -> None:
    assert read_photo(page(("水果店运来苹果25箱，每箱重12千克，", "卖出180千克，还剩多少千克苹果？"))).figures == ()


def test_a_missing_figure_is_not_the_same_as_another_missing_one() -> None:
    assert not same_figure(None, None)
    assert not same_figure("0" * 16, None)


@pytest.mark.parametrize(("text", "leans"), [
    ("如图，在三角形ABC中，AB=AC", True), ("看图列式计算", True), ("根据下图回答问题", True),
    ("求阴影部分的面积", True),
    ("小明在图书馆借了3本书", False), ("试图用5元买3支笔", False), ("他企图逃跑", False),
])
def test_a_problem_says_that_it_leans_on_a_figure(text: str, leans: bool) -> None:
    assert names_figure(text) is leans
