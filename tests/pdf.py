"""What a reader selects and copies of a PDF: its text, by the tables with which the document maps glyphs to letters."""

from __future__ import annotations

import re
import zlib


def text_of(pdf: bytes) -> str:
    """The text of all pages. Only for documents with one embedded font, as ours are."""
    assert pdf.startswith(b"%PDF")
    streams = [_plain(found) for found in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)]
    letters: dict[int, str] = {}
    for stream in streams:
        if b"begincmap" in stream:
            for block in re.findall(rb"beginbfchar(.*?)endbfchar", stream, re.DOTALL):
                for glyph, letter in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
                    letters[int(glyph, 16)] = bytes.fromhex(letter.decode()).decode("utf-16-be")
    assert letters, "the document maps no glyphs: a picture of text is no text"
    return "\n".join(
        "".join(letters.get(glyph, "") for glyph in _glyphs(shown))
        for stream in streams
        if b"BT" in stream
        for shown in re.findall(rb"\((.*?)(?<!\\)\) ?Tj", stream, re.DOTALL)
    )


def _plain(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def _glyphs(shown: bytes) -> list[int]:
    """Two bytes each, after the escapes of a PDF's text."""
    escapes = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
    plain = re.sub(rb"\\(.)", lambda found: escapes.get(found[1], found[1]), shown, flags=re.DOTALL)
    return [int.from_bytes(plain[n : n + 2], "big") for n in range(0, len(plain), 2)]
