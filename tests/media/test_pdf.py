"""A lecturer's PDF becomes pictures of its pages; what is hostile, too large or no PDF is refused in words."""

from __future__ import annotations

import io
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from media.intake import Kind, Taken, take_in
from media.limits import USUAL, Damaged, NotADocument, Refused, TooHeavy, TooManyBytes, TooManyPages, TooManyPixels
from tests.media.uploads import LOCATION, a_picture


def a_pdf(*sizes: tuple[int, int]) -> bytes:
    into = io.BytesIO()
    first, *others = [a_picture(*size) for size in sizes]
    first.save(into, "PDF", save_all=True, append_images=others, title=LOCATION, author=LOCATION)
    return into.getvalue()


def a_page(box: str, content: bytes = b"", more: str = "") -> bytes:
    """A PDF of one page by hand: PDFium mends the missing table of contents."""
    packed = zlib.compress(content, 9)
    return (
        (
            f"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R{more}>>endobj\n"
            f"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
            f"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R>>endobj\n"
            f"4 0 obj<</Length {len(packed)}/Filter/FlateDecode>>stream\n"
        ).encode()
        + packed
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )


async def pages_of(content: bytes, folder: Path, **limits: int) -> Taken:
    source = folder / "upload.pdf"
    source.write_bytes(content)
    return await take_in(source, Kind.MATERIAL, folder / "out", replace(USUAL, **limits))


async def test_each_page_becomes_a_picture_and_no_word_of_the_file_survives(tmp_path: Path) -> None:
    taken = await pages_of(a_pdf((1200, 900), (900, 1200)), tmp_path)

    assert taken.pages == ((1600, 1200), (1200, 1600)) and taken.page_texts == ("", "")  # a scan says nothing
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["page-001.jpg", "page-002.jpg"]
    for name, size in zip(names, taken.pages, strict=True):
        made = (tmp_path / "out" / name).read_bytes()
        assert LOCATION.encode() not in made
        with Image.open(io.BytesIO(made)) as page:
            assert (page.format, page.size) == ("JPEG", size)
            red, _, blue = page.convert("RGB").getpixel((20, 20))  # type: ignore[misc]
            assert red > 200 > blue


async def test_scripts_and_actions_are_not_run(tmp_path: Path) -> None:
    acts = f"/OpenAction<</S/URI/URI(file://{tmp_path}/x)>>/AA<</O<</S/JavaScript/JS(app.alert(1))>>>>"

    taken = await pages_of(a_page("0 0 800 600", b"1 0 0 rg 0 0 400 600 re f", acts), tmp_path)

    assert taken.pages == ((1600, 1200),)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html>%PDF</html>", NotADocument),
        (b"\xff\xd8\xff\xe0" + bytes(2000), NotADocument),
        (b"%PDF-1.7\n" + bytes(500), Damaged),
        (a_page("0 0 800 600").replace(b"/Kids[3 0 R]", b"/Kids[2 0 R]"), Damaged),  # a tree that holds itself
        (a_page("0 0 900000 900000"), TooManyPixels),
        (a_page("0 0 4000 40"), TooManyPixels),
        (a_pdf(*[(40, 30)] * 51), TooManyPages),
    ],
    ids=["a page", "a photo", "garbage", "a circle", "a field", "a strip", "51 pages"],
)
async def test_what_is_no_usable_pdf_is_refused(content: bytes, why: type[Refused], tmp_path: Path) -> None:
    with pytest.raises(why):
        await pages_of(content, tmp_path)

    assert list((tmp_path / "out").glob("*")) == []


async def test_a_hundred_megabytes_are_refused_before_anything_reads_them(tmp_path: Path) -> None:
    source = tmp_path / "upload.pdf"
    with source.open("wb") as file:
        file.write(b"%PDF-1.7\n")
        file.truncate(100 * 1024 * 1024)

    with pytest.raises(TooManyBytes):
        await take_in(source, Kind.MATERIAL, tmp_path / "out")

    assert not (tmp_path / "out").exists()


async def test_a_page_that_never_finishes_is_given_up(tmp_path: Path) -> None:
    endless = b"0 0 m 800 600 l 3 w S 0 0 800 600 re B* " * 1_500_000

    with pytest.raises(TooHeavy):
        await pages_of(a_page("0 0 800 600", endless), tmp_path, cpu_seconds=2)
