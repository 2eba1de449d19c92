"""A PDF painted page by page: what a lecturer brings becomes pictures, and nothing else of the file survives.

Runs in the limited child of media/intake.py. PDFium draws; forms, scripts and attachments are never loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image

from media.limits import Damaged, Limits, NotADocument, TooManyPages, TooManyPixels
from media.photo import head, write_jpeg

PAGE_SIDE = 1_600  # pixels, longer side: a tablet's width
PAGE_QUALITY = 82
PAGE_TEXT = 4_000  # characters of a page that are kept
NARROWEST = 1 / 5  # of a page's sides: a board's page is at most five times as high as wide


def remake(source: Path, out: Path, limits: Limits) -> dict[str, Any]:
    """Writes page-001.jpg, page-002.jpg, … and says their sizes."""
    if b"%PDF-" not in head(source)[:1024]:
        raise NotADocument
    try:
        document = pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError:
        raise Damaged from None  # or locked with a password
    count = len(document)
    if count < 1:
        raise Damaged
    if count > limits.material_pages:
        raise TooManyPages
    sizes = [_paint(document, number, out) for number in range(count)]
    texts = [_said(document, number) for number in range(count)]
    return {"file": "page-001.jpg", "content_type": "image/jpeg", "pages": sizes, "page_texts": texts}


def _said(document: pypdfium2.PdfDocument, number: int) -> str:
    """What the page says as far as the file knows: a scan says nothing. Only words and figures are kept."""
    try:
        page = document[number]
        text = page.get_textpage().get_text_range()
        page.close()
    except (pypdfium2.PdfiumError, UnicodeError):
        return ""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:PAGE_TEXT]


def _paint(document: pypdfium2.PdfDocument, number: int, out: Path) -> tuple[int, int]:
    try:
        page = document[number]
        width, height = page.get_size()
        if not (0 < width < 20_000 and 0 < height < 20_000):
            raise TooManyPixels
        if min(width, height) / max(width, height) < NARROWEST:
            raise TooManyPixels
        picture = page.render(scale=PAGE_SIDE / max(width, height), may_draw_forms=False).to_pil()
        page.close()
    except pypdfium2.PdfiumError:
        raise Damaged from None
    flat = picture.convert("RGB") if isinstance(picture, Image.Image) else picture
    write_jpeg(flat, out / f"page-{number + 1:03d}.jpg", PAGE_QUALITY)
    size: tuple[int, int] = flat.size
    return size
