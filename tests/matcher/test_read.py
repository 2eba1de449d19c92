"""Reading: a rendered page gives its text, what shows no text gives none, and nothing raises."""

import io

import pytest
from PIL import Image, ImageDraw

from matcher import layout
from matcher.normalize import normalize
from matcher.read import Reading, read_photo
from media.fonts import cjk_font
from server.demo.photos import photograph
from server.demo.problems import problems
from server.domain.people import Stage, Subject

LINES = ("水果店运来苹果25箱，每箱重12千克，", "卖出180千克，还剩多少千克苹果？")


def page(lines: tuple[str, ...], angle: float = 0.0) -> bytes:
    image = Image.new("RGB", (1_200, 420), "#f6f4ee")
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(lines):
        draw.text((70, 90 + 90 * row), line, font=cjk_font(48), fill="#202020")
    return as_jpeg(image.rotate(angle, expand=True, fillcolor="#f6f4ee"))


def as_jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()


def test_a_page_is_read_line_by_line() -> None:
    reading = read_photo(page(LINES))

    assert normalize(reading.text).text == normalize("".join(LINES)).text
    assert reading.confidence > 0.9
    assert [line.box[0][1] for line in reading.lines] == sorted(line.box[0][1] for line in reading.lines)


def test_a_page_held_a_little_askew_is_read_in_order() -> None:
    assert normalize(read_photo(page(LINES, angle=4)).text).numbers == ("25", "12", "180")


def test_a_stacked_fraction_is_read_as_one() -> None:
    image = Image.new("RGB", (1_200, 300), "#f6f4ee")
    draw = ImageDraw.Draw(image)
    draw.text((70, 110), "一条路修了全长的", font=cjk_font(48), fill="#202020")
    draw.text((480, 88), "3", font=cjk_font(40), fill="#202020")
    draw.line((472, 143, 516, 143), fill="#202020", width=3)
    draw.text((480, 142), "5", font=cjk_font(40), fill="#202020")
    draw.text((540, 110), "，还剩60米，全长多少米？", font=cjk_font(48), fill="#202020")

    assert normalize(read_photo(as_jpeg(image)).text).numbers == ("3/5", "60")


@pytest.mark.parametrize("nothing", [b"", b"no image at all", as_jpeg(Image.new("RGB", (640, 480), "white")),
                                     as_jpeg(Image.new("L", (4, 4))), page(LINES)[:200]])
def test_what_shows_no_text_gives_an_empty_reading(nothing: bytes) -> None:
    assert read_photo(nothing) == Reading()


def test_a_photographed_page_of_twelve_problems_is_read_as_twelve() -> None:
    asked = [found.text for found in problems() if found.subject is Subject.MATH and found.stage is Stage.PRIMARY][:12]
    page = "\n".join(f"{number}. {text}" for number, text in enumerate(asked, 1))

    pieces = layout.problems(read_photo(photograph(page, seed=2)).lines)

    assert [normalize(piece.text).numbers for piece in pieces] == [normalize(text).numbers for text in asked]


def test_scribbles_are_not_taken_for_a_text() -> None:
    image = Image.new("RGB", (1_200, 420), "#f6f4ee")
    draw = ImageDraw.Draw(image)
    for row in range(3):
        for at in range(18):
            x, y = 70 + 58 * at, 80 + 100 * row
            draw.line([(x + 37 * (at * k % 7) / 7, y + 60 * (row + at * k * k % 5) / 6) for k in range(1, 6)],
                      fill="#202020", width=4)

    assert not read_photo(as_jpeg(image)).is_legible
