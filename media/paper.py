"""A document whose text is text: A4 pages in the one Chinese font, of which only the letters that are used go along.

Whoever gets it selects, searches and copies it, and a screen reader reads it. The font is variable and 17 MB; its
glyphs are cut out and fixed at one weight first, which takes a second and leaves some ten kilobytes.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from fpdf import FPDF
from fpdf.enums import VAlign
from fpdf.fonts import FontFace

from media.fonts import REGULAR, font_file, level

FAMILY = "dayi"
MARGIN = 18  # mm
ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "第页 /？"  # for page numbers, and for what the font has not
UNNEEDED = ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "STAT"]  # upright lines of single letters
INK, PALE, RULE = 20, 110, 200  # shades of grey


class Paper(FPDF):
    """A4, upright. `words` is everything that will be written on it."""

    def __init__(self, title: str, words: Iterable[str]) -> None:
        super().__init__(format="A4")
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, MARGIN + 4)
        self.set_title(title)
        self.set_lang("zh-CN")
        self.set_creator("dayi")
        with tempfile.NamedTemporaryFile(suffix=".ttf") as file:
            self._known = _cut(ALWAYS + title + "".join(map(level, words)), Path(file.name))
            self.add_font(FAMILY, fname=file.name)
        self.set_font(FAMILY, size=10)
        self.add_page()

    def written(self, text: str) -> str:
        """As the font can write it: indices on the line, a question mark for what it has not."""
        return "".join(letter if letter == "\n" or ord(letter) in self._known else "？" for letter in level(text))

    def line(self, text: str, size: float = 10, shade: int = INK, gap: float = 2) -> None:  # type: ignore[override]
        """A paragraph as wide as the page."""
        self.set_font(FAMILY, size=size)
        self.set_text_color(shade)
        self.multi_cell(0, size * 0.55, self.written(text), new_x="LMARGIN", new_y="NEXT")
        self.ln(gap)

    def rows(self, heading: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int], right: str) -> None:
        """A table whose heading stands on every page; `right` has an R for each column that ends at the right."""
        self.set_font(FAMILY, size=9)
        self.set_text_color(INK)
        self.set_draw_color(RULE)
        with self.table(
            col_widths=tuple(widths),
            text_align=tuple("RIGHT" if each == "R" else "LEFT" for each in right),
            borders_layout="HORIZONTAL_LINES",
            line_height=4.6,
            padding=(1.2, 1),
            v_align=VAlign.T,
            headings_style=FontFace(color=PALE, emphasis=""),
        ) as table:
            for row in (heading, *rows):
                table.row([self.written(cell) for cell in row])
        self.ln(3)

    def footer(self) -> None:
        self.set_y(-MARGIN)
        self.set_font(FAMILY, size=8)
        self.set_text_color(PALE)
        self.cell(0, 5, f"第 {self.page_no()} / {{nb}} 页", align="C")

    def done(self) -> bytes:
        return bytes(self.output())


def _cut(letters: str, path: Path) -> set[int]:
    """Writes a font of just these letters; which of them it has."""
    with font_file().open("rb") as source:
        font = TTFont(source, lazy=True)
        options = Options(hinting=False, notdef_outline=True, drop_tables=[*Options().drop_tables, *UNNEEDED])
        subsetter = Subsetter(options)
        subsetter.populate(text=letters)
        subsetter.subset(font)
        instantiateVariableFont(font, {"wght": REGULAR}, inplace=True)
        out = io.BytesIO()
        font.save(out)
        known = set(font.getBestCmap())
    path.write_bytes(out.getvalue())
    return known
