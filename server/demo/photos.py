"""Photographs of printed problems as a phone takes them: paper, angle, light, blur; always the same for a seed."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from media.fonts import cjk_font
from server.domain.board import PAGE_WIDTH

Pixels = NDArray[np.float32]

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels of the sheet
Printed = tuple[str, int, Box]  # a token, its line and where it stands

PAPER_WIDTH = 1400
LINE_SPACING = 1.75
LARGEST_ANGLE = 12.0  # degrees; a worksheet lies flatter than that on any desk
RAISED = str.maketrans("⁰¹⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "01456789+−n")  # ² and ³ are in the font
LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋ₙ", "0123456789+−n")
SMALL = 0.62  # size of raised and lowered characters
TOKEN = re.compile(r"[A-Za-zÀ-ɏ0-9.,'’%°²³⁰¹⁴⁵⁶⁷⁸⁹⁺⁻ⁿ₀₁₂₃₄₅₆₇₈₉₊₋ₙ_]+|\s+|.", re.DOTALL)
CLOSING = frozenset("，。、；：？！）》”’℃%…")
PAPERS = ((252, 250, 244), (248, 248, 246), (250, 244, 232), (240, 243, 246), (253, 252, 250))
DESKS = ((112, 82, 58), (74, 70, 68), (156, 128, 96), (92, 108, 118), (64, 84, 72))


@dataclass(frozen=True)
class Print:
    """How a worksheet was set: font size in pixels, weight, indentation of the margins, colour of the ink."""

    size: int
    bold: bool
    margin: int
    ink: tuple[int, int, int]


@dataclass(frozen=True)
class Word:
    """A printed word, number or character and where the photo shows it: clockwise from the upper left, page units."""

    text: str
    line: int
    corners: tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Photo:
    """A photograph with what a teacher would point at on it."""

    jpeg: bytes
    width: int
    height: int
    words: tuple[Word, ...]

    @property
    def aspect(self) -> int:
        """The height in page units, of which the width has 10,000."""
        return self.height * PAGE_WIDTH // self.width


def photograph(problem_text: str, seed: int, angle: float | None = None) -> bytes:
    """A JPEG 1,540 pixels in width showing the text on paper; `angle` in degrees, drawn by the seed if None.

    The same text, seed and angle give the same bytes; another seed gives another sheet, light and camera position.
    Raises media.fonts.FontMissing.
    """
    return shoot(problem_text, seed, angle).jpeg


def shoot(problem_text: str, seed: int, angle: float | None = None) -> Photo:
    """The same photograph, with the places of its words."""
    assert problem_text.strip(), "a worksheet without a problem"
    assert angle is None or abs(angle) <= LARGEST_ANGLE, f"an angle is at most {LARGEST_ANGLE} degrees"
    rng = np.random.default_rng([seed, int.from_bytes(sha256(problem_text.encode()).digest()[:8], "big")])
    sheet, printed = _worksheet(problem_text, rng)
    turned = float(rng.uniform(-3.5, 3.5)) if angle is None else angle
    view, forward = _seen_from(sheet, turned, rng)
    words = tuple(_word(text, line, box, forward, PAGE_WIDTH / view.width) for text, line, box in printed)
    return Photo(_exposed(view, rng), view.width, view.height, words)


def _worksheet(text: str, rng: np.random.Generator) -> tuple[Image.Image, list[Printed]]:
    """The sheet of paper before the camera: printed text, fibres, sometimes a fold or a ruled line below."""
    print_ = Print(
        size=int(rng.integers(44, 53)),
        bold=bool(rng.random() < 0.2),
        margin=int(rng.integers(80, 130)),
        ink=cast(tuple[int, int, int], tuple(int(value) for value in rng.integers(20, 60, 3))),
    )
    lines = _wrapped(text, print_)
    step = int(print_.size * LINE_SPACING)
    height = max(print_.margin * 2 + step * (len(lines) + 1), PAPER_WIDTH // 2)
    paper = Image.new("RGB", (PAPER_WIDTH, height), PAPERS[int(rng.integers(len(PAPERS)))])
    draw = ImageDraw.Draw(paper)
    printed: list[Printed] = []
    for row, line in enumerate(lines):
        left, top = float(print_.margin), print_.margin + row * step
        for token in TOKEN.findall(line):
            right = _set(draw, left, top, token, print_)
            printed.append((token, row, (left, top + print_.size * 0.15, right, top + print_.size * 1.25)))
            left = right
    _rule_below(draw, print_.margin + (len(lines) + 0.5) * step, height, rng)
    fibres = rng.normal(0, 2.2, (height, PAPER_WIDTH, 1)).astype(np.float32)
    return _image(np.asarray(paper, np.float32) + fibres), printed


def _word(text: str, line: int, box: Box, forward: tuple[float, ...], scale: float) -> Word:
    left, top, right, bottom = box
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    a, b, c, d = (_moved(corner, forward, scale) for corner in corners)
    return Word(text, line, (a, b, c, d))


def _moved(point: tuple[float, float], by: tuple[float, ...], scale: float) -> tuple[int, int]:
    a, b, c, d, e, f, g, h = by
    x, y = point
    depth = g * x + h * y + 1
    return round((a * x + b * y + c) / depth * scale), round((d * x + e * y + f) / depth * scale)


def _wrapped(text: str, print_: Print) -> list[str]:
    """Lines that fit the measure; words and numbers stay whole, closing marks may hang into the margin."""
    measure = PAPER_WIDTH - 2 * print_.margin
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, used = "", 0.0
        for token in TOKEN.findall(paragraph):
            width = _width(token, print_)
            if line and used + width > measure and token not in CLOSING:
                lines.append(line.rstrip())
                line, used = "", 0.0
            if line or not token.isspace():
                line, used = line + token, used + width
        lines.append(line.rstrip())
    return lines


def _width(token: str, print_: Print) -> float:
    return sum(_glyph(character, print_)[2] for character in token)


def _glyph(character: str, print_: Print) -> tuple[str, int, float, float]:
    """What to draw for a character: the glyph, its size, its advance and how far below the line's top it starts."""
    for table, drop in ((RAISED, -0.02), (LOWERED, 0.5)):
        plain = character.translate(table)
        if plain != character:
            size = int(print_.size * SMALL)
            return plain, size, cjk_font(size, print_.bold).getlength(plain), print_.size * drop
    return character, print_.size, cjk_font(print_.size, print_.bold).getlength(character), 0.0


def _set(draw: ImageDraw.ImageDraw, x: float, y: float, token: str, print_: Print) -> float:
    """Prints from x on; returns where the next token starts."""
    for character in token:
        plain, size, advance, drop = _glyph(character, print_)
        draw.text((x, y + drop), plain, font=cjk_font(size, print_.bold), fill=print_.ink)
        x += advance
    return x


def _rule_below(draw: ImageDraw.ImageDraw, top: float, bottom: int, rng: np.random.Generator) -> None:
    """Some worksheets leave a dotted line for the answer."""
    if rng.random() < 0.5 and top < bottom - 20:
        for x in range(120, PAPER_WIDTH - 120, 16):
            draw.line((x, top, x + 7, top), fill=(170, 170, 170), width=2)


def _seen_from(sheet: Image.Image, angle: float, rng: np.random.Generator) -> tuple[Image.Image, tuple[float, ...]]:
    """The sheet on a desk, turned and tilted as seen by a hand-held camera, and the way from sheet to photo."""
    width, height = sheet.size
    frame = (int(width * 1.1), int(height * 1.12 + width * abs(np.sin(np.radians(angle)))))
    centre = np.array(frame) / 2 + rng.uniform(-0.02, 0.02, 2) * width
    turn = np.radians(angle)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    placed = (corners - (width / 2, height / 2)) @ rotation.T + centre
    placed += rng.uniform(-0.014, 0.014, (4, 2)) * width
    warped = sheet.transform(
        frame, Image.Transform.PERSPECTIVE, _perspective(placed, corners), Image.Resampling.BICUBIC
    )
    covered = Image.new("L", sheet.size, 255).transform(
        frame, Image.Transform.PERSPECTIVE, _perspective(placed, corners), Image.Resampling.BILINEAR
    )
    desk = _desk(frame, rng)
    shade = Image.composite(Image.new("L", frame, 90), Image.new("L", frame, 0), covered)
    shade = shade.filter(ImageFilter.GaussianBlur(14))
    desk.paste((20, 16, 12), (6, 8), shade)
    desk.paste(warped, (0, 0), covered)
    return desk, _perspective(corners, placed)


def _perspective(start: NDArray[np.float64], end: NDArray[np.float64]) -> tuple[float, ...]:
    """The eight coefficients, as Pillow orders them, that take four points to four others."""
    rows, values = [], []
    for (x, y), (u, v) in zip(start, end, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return tuple(float(value) for value in np.linalg.solve(np.array(rows), np.array(values)))


def _desk(size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """A table top: one colour with a grain along its length."""
    width, height = size
    colour = np.array(DESKS[int(rng.integers(len(DESKS)))], np.float32)
    grain = np.cumsum(rng.normal(0, 1.6, height)).astype(np.float32)
    grain = (grain - grain.mean()) / max(float(grain.std()), 1.0) * 7
    return _image(np.broadcast_to(colour, (height, width, 3)) + grain[:, None, None])


def _exposed(view: Image.Image, rng: np.random.Generator) -> bytes:
    """Light, lens, sensor and the phone's JPEG."""
    lit = np.asarray(view, np.float32) * _light(view.size, rng)[..., None]
    lit *= rng.uniform(0.98, 1.01, 3).astype(np.float32)  # white balance of a cheap phone
    soft = _image(lit).filter(ImageFilter.GaussianBlur(float(rng.uniform(0.4, 0.9))))
    noise = rng.normal(0, rng.uniform(1.5, 4.0), (view.height, view.width, 3)).astype(np.float32)
    target = io.BytesIO()
    _image(np.asarray(soft, np.float32) + noise).save(target, "JPEG", quality=int(rng.integers(82, 92)))
    return target.getvalue()


def _light(size: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """How bright each pixel is, about 0.6 to 1: a lamp on one side and the soft shadow of a hand or the phone."""
    width, height = size
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    towards, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0.04, 0.14)
    plane = 0.9 + slope * (np.cos(towards) * across + np.sin(towards) * down)
    x, y = rng.uniform(-1.1, 1.1, 2)
    reach, depth = rng.uniform(0.35, 0.8), rng.uniform(0.05, 0.22)
    shadow = depth * np.exp(-((across - x) ** 2 + (down - y) ** 2) / reach**2)
    return cast(Pixels, (plane - shadow).astype(np.float32))


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
