"""The one font with every Chinese character that a picture or a video of ours needs, from a Python wheel."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from PIL import ImageDraw, ImageFont

REGULAR, BOLD = 400, 700  # weights on the font's only axis
SMALLER = 0.62  # of the letters' size: what hangs below or stands above the line
BELOW, ABOVE = 0.14, -0.36  # of the letters' size, down from the line they stand on

# The font has no H₂O and no mol⁻¹: these are drawn from its ordinary letters.
_SMALL = {
    **{letter: (plain, BELOW) for letter, plain in zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙₓₐₘ", "0123456789+−=()nxam", strict=True)},
    **{letter: (plain, ABOVE) for letter, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ", "0123456789+−=()n", strict=True)},
}


class FontMissing(RuntimeError):
    """The Chinese font is not installed: pip install justmytype-intl-cjk (Noto Sans SC, SIL Open Font License)."""


@lru_cache(maxsize=64)
def cjk_font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Noto Sans SC at a size in pixels. The same object for the same size: don't change it. Raises FontMissing."""
    font = ImageFont.truetype(font_file(), size, layout_engine=ImageFont.Layout.BASIC)
    font.set_variation_by_axes([BOLD if bold else REGULAR])
    return font


def write(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], line: str, size: int, fill: str | int, bold: bool = False
) -> float:
    """Writes one line, its top left corner at a point, with indices and powers. Returns its width in pixels."""
    x, y = at
    ground = y + cjk_font(size, bold).getmetrics()[0]
    for piece, shift in _pieces(line):
        font = cjk_font(_sized(size, shift), bold)
        draw.text((x, ground + shift * size), piece, fill, font, anchor="ls")
        x += font.getlength(piece)
    return x - at[0]


def width(line: str, size: int, bold: bool = False) -> float:
    """What `write` would take, in pixels."""
    return sum(cjk_font(_sized(size, shift), bold).getlength(piece) for piece, shift in _pieces(line))


def level(line: str) -> str:
    """With indices and powers as ordinary letters on the line, where nothing smaller can be written."""
    return "".join(_SMALL.get(letter, (letter, 0.0))[0] for letter in line)


def height(size: int) -> int:
    """From the top of a line to the top of the next, in pixels."""
    return sum(cjk_font(size).getmetrics())


def _pieces(line: str) -> list[tuple[str, float]]:
    """Runs of letters that stand equally high."""
    letters = [_SMALL.get(letter, (letter, 0.0)) for letter in line]
    runs = groupby(letters, key=lambda letter: letter[1])
    return [("".join(plain for plain, _ in run), shift) for shift, run in runs]


def _sized(size: int, shift: float) -> int:
    return max(1, round(size * SMALLER)) if shift else size


def font_file() -> Path:
    """Where the font lies: a variable TrueType font, 17 MB. Raises FontMissing."""
    spec = find_spec("justmytype_intl_cjk")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, "fonts", "ofl", "notosanssc", "NotoSansSC[wght].ttf")
        if path.is_file():
            return path
    raise FontMissing(FontMissing.__doc__)
