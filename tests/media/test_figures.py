"""Every tool of the board is drawn in a film, as the board's own description of it says."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
from PIL import Image

from media.ink import Sheet
from media.timeline import Page, Written, timeline
from server.domain.board import check
from server.domain.figure import shown

SIZE = (640, 384)
PAGE = {"kind": "page", "at_ms": 0, "author": "t", "page": "p1", "paper": "blank", "aspect": 6000}
POINTS: dict[str, list[list[int]]] = {
    "polygon": [[1000, 1000], [8000, 1000], [4000, 5000]],
    "angle": [[2000, 4000], [8000, 4000], [6000, 1000]],
    "arc": [[5000, 3000], [7000, 3000]],
}
MORE: dict[str, dict[str, int]] = {"arc": {"sweep": 3600}, "numberline": {"low": -5, "high": 5}, "axes": {"high": 5}}
NAMES = ["line", "arrow", "rectangle", "ellipse", "polygon", "numberline", "axes", "arc", "angle", "mask"]


def op(kind: str, **body: Any) -> dict[str, Any]:
    return {**shown(check(kind, body)), "kind": kind, "at_ms": 1000, "author": "t"}


def shape(name: str, **more: Any) -> dict[str, Any]:
    points = POINTS.get(name, [[1000, 1000], [8000, 5000]])
    given = {"id": "f", "page": "p1", "shape": name, "color": "#d55e00", "width": 60, "points": points}
    return op("shape", **{**given, **MORE.get(name, {}), **more})


def drawn(*ops: dict[str, Any], paper: dict[str, Any] = PAGE) -> tuple[Sheet, list[Any]]:
    line = timeline([paper, *ops])
    sheet = Sheet(line.pages["p1"], None, SIZE)
    return sheet, [sheet.write(change.text) for change in line.changes if isinstance(change, Written)]


def colored(picture: Image.Image) -> int:
    """Pixels of the marks' orange."""
    red, green, blue = (numpy.asarray(band) for band in picture.split())
    return int(((red > 190) & (green > 60) & (green < 130) & (blue < 60)).sum())


@pytest.mark.parametrize("name", NAMES)
def test_every_shape_is_drawn_inside_the_box_that_is_reported(name: str) -> None:
    bare = drawn()[0].picture.copy()

    sheet, boxes = drawn(shape(name))

    assert colored(sheet.picture) > 300
    outside = sheet.picture.copy()
    outside.paste(bare.crop(boxes[0]), boxes[0][:2])
    assert outside.tobytes() == bare.tobytes()


def test_a_rectangle_is_where_the_board_says() -> None:
    sheet, _ = drawn(shape("rectangle", points=[[2000, 1000], [8000, 5000]]))

    side, inside = sheet.picture.getpixel((128, 192)), sheet.picture.getpixel((320, 192))
    assert (side, inside) == ((213, 94, 0), (255, 255, 255))


def test_a_dashed_line_has_gaps() -> None:
    whole, dashed = (drawn(shape("line", dashed=on))[0] for on in (False, True))

    assert 0.3 < colored(dashed.picture) / colored(whole.picture) < 0.8


def test_a_formula_is_written_and_goes_without_a_trace() -> None:
    formula = {"id": "f", "page": "p1", "x": 1000, "y": 1000, "tex": r"\frac{1}{2}", "color": "#d55e00", "size": 900}
    sheet, _ = drawn(op("formula", **formula))
    with_it = colored(sheet.picture)

    sheet.erase("f")

    assert with_it > 100
    assert sheet.picture.tobytes() == drawn()[0].picture.tobytes()


@pytest.mark.parametrize("paper", ["squared", "lined", "axes", "staff"])
def test_a_ruled_paper_is_ruled(paper: str) -> None:
    ruled, _ = drawn(paper={**PAGE, **shown({"page": "p1", "paper": paper, "aspect": 6000})})

    assert ruled.picture.tobytes() != drawn()[0].picture.tobytes()


def test_a_photo_is_turned_and_cut_as_on_the_board() -> None:
    photo = Image.new("RGB", (400, 200), "#ff0000")
    photo.paste("#0000ff", (0, 0, 200, 200))  # the left half; turned to the right it is the upper one
    page = Page("p1", 10_000, "m1", quarter=1, crop=(0, 0, 10_000, 5_000))

    sheet = Sheet(page, photo, (400, 400))

    assert {sheet.picture.getpixel((x, y)) for x in (20, 380) for y in (20, 380)} == {(0, 0, 255)}
