"""Sheets of paper with marks on them: strokes that grow, texts, and what lies under them when they go."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from PIL import Image, ImageChops, ImageDraw

from media import fonts, formula
from media.timeline import PAGE_WIDTH, Formula, Page, Shape, Stroke, Text

FINER = 4  # each pixel of ink is averaged from FINER x FINER: smooth edges without another library
DESK, PAPER = "#e8ecef", "#ffffff"
RULE = 10  # units: how wide a ruled paper's lines are
HIGHLIGHT = 110  # of 255: how much of the colour a highlighter lays on

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the film


@dataclass(slots=True)
class Mark:
    """Colour through a mask: a stroke as far as it is drawn, or a text. Highlighters darken what they cover."""

    box: Box
    mask: Image.Image
    color: str
    highlights: bool = False


class Sheet:
    """One page fitted into the film's frame, on the desk. `picture` shows it with every mark laid so far."""

    def __init__(self, page: Page, photo: Image.Image | None, size: tuple[int, int]) -> None:
        self.scale = min(size[0] / PAGE_WIDTH, size[1] / page.aspect)
        width, height = round(PAGE_WIDTH * self.scale), round(page.aspect * self.scale)
        self.left, self.top = (size[0] - width) // 2, (size[1] - height) // 2
        self._bare = Image.new("RGB", size, DESK)
        if photo is None:
            self._bare.paste(PAPER, (self.left, self.top, self.left + width, self.top + height))
        else:
            fitted = framed(photo, page).resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
            self._bare.paste(fitted, (self.left, self.top))
        brush = ImageDraw.Draw(self._bare)
        for rule in page.ruling:
            ends = [*self._place(rule.x, rule.y), *self._place(rule.to_x, rule.to_y)]
            brush.line(ends, rule.color, max(1, round(RULE * self.scale)))
        self.picture = self._bare.copy()
        self.marks: dict[str, Mark] = {}

    def draw(self, stroke: Stroke, drawn: int, points: int) -> Box:
        """The stroke grows from its first `drawn` points to its first `points`. Returns what changed."""
        touched: Box | None = None
        for index in range(drawn, points):
            box, mask = self._piece(stroke, index)
            self._grow(stroke, box, mask)
            touched = box if touched is None else _around(touched, box)
        assert touched is not None, "a stroke grows by at least a point"
        return self._repaint(touched)

    def write(self, mark: Text | Formula | Shape) -> Box:
        """The whole mark at once. Returns what changed."""
        match mark:
            case Shape():
                return self._figure(mark)
            case Formula():
                return self._formula(mark)
            case Text():
                return self._text(mark)

    def _figure(self, shape: Shape) -> Box:
        places = [place for line in (*shape.lines, *shape.areas) for place in line]
        edge = shape.width / 2 + max((3 * label.size for label in shape.labels), default=0)
        xs = [x for x, _ in places] + [label.x for label in shape.labels]
        ys = [y for _, y in places] + [label.y for label in shape.labels]
        left, top = (int(value) - 1 for value in self._place(min(xs) - edge, min(ys) - edge))
        right, bottom = (int(value) + 2 for value in self._place(max(xs) + edge, max(ys) + edge))
        fine = Image.new("L", ((right - left) * FINER, (bottom - top) * FINER))
        brush = ImageDraw.Draw(fine)
        thick = max(1.2, shape.width * self.scale) * FINER

        def fined(line: tuple[tuple[int, int], ...]) -> list[tuple[float, float]]:
            places = (self._place(x, y) for x, y in line)
            return [((x - left) * FINER, (y - top) * FINER) for x, y in places]

        for line in shape.lines:
            corners = fined(line)
            brush.line(corners, 255, round(thick), joint="curve")
            for x, y in (corners[0], corners[-1]):
                brush.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=255)
        for area in shape.areas:
            brush.polygon(fined(area), fill=255)
        mask = fine.reduce(FINER)
        for label in shape.labels:
            size = max(6, round(label.size * self.scale))
            x, y = self._place(label.x, label.y)
            at = (x - left - fonts.width(label.text, size) / 2, y - top - fonts.height(size) / 2)
            fonts.write(ImageDraw.Draw(mask), at, label.text, size, 255)
        self.marks[shape.id] = Mark((left, top, right, bottom), mask, shape.color)
        return self._repaint((left, top, right, bottom))

    def _formula(self, mark: Formula) -> Box:
        mask = formula.drawn(mark.tex, max(6, round(mark.size * self.scale)))
        x, y = (round(value) for value in self._place(mark.x, mark.y))
        box = (x, y, x + mask.width, y + mask.height)
        self.marks[mark.id] = Mark(box, mask, mark.color)
        return self._repaint(box)

    def _text(self, text: Text) -> Box:
        size = max(6, round(text.size * self.scale))
        x, y = self._place(text.x, text.y)
        edge = self.left + round(PAGE_WIDTH * self.scale)
        lines = _broken(text.text, size, max(1, edge - round(x)))
        mask = Image.new(
            "L", (ceil(max(fonts.width(line, size) for line in lines)) + 2, fonts.height(size) * len(lines))
        )
        for row, line in enumerate(lines):
            fonts.write(ImageDraw.Draw(mask), (0, row * fonts.height(size)), line, size, 255)
        box = (round(x), round(y), round(x) + mask.width, round(y) + mask.height)
        self.marks[text.id] = Mark(box, mask, text.color)
        return self._repaint(box)

    def erase(self, mark: str) -> Box | None:
        gone = self.marks.pop(mark, None)
        return None if gone is None else self._repaint(gone.box)

    def has_ink(self, box: Box) -> bool:
        """Whether something is written there. A mark's own box has room to grow, so its mask is looked at."""
        for mark in self.marks.values():
            shared = _shared(mark.box, box)
            if shared is not None and mark.mask.crop(_moved(shared, mark.box)).getbbox() is not None:
                return True
        return False

    def _place(self, x: float, y: float) -> tuple[float, float]:
        return self.left + x * self.scale, self.top + y * self.scale

    def _piece(self, stroke: Stroke, index: int) -> tuple[Box, Image.Image]:
        """The stretch of a stroke that ends in a point, as wide as the pen was pressed, with round ends."""
        (fx, fy, _, fp), (tx, ty, _, tp) = stroke.points[max(0, index - 1)], stroke.points[index]
        begin, end = self._place(fx, fy), self._place(tx, ty)
        thick = [max(0.6, self._width(stroke, pressure) / 2) for pressure in (fp, tp)]
        reach = max(thick) + 1
        left, top = int(min(begin[0], end[0]) - reach), int(min(begin[1], end[1]) - reach)
        right, bottom = int(max(begin[0], end[0]) + reach) + 1, int(max(begin[1], end[1]) + reach) + 1
        fine = Image.new("L", ((right - left) * FINER, (bottom - top) * FINER))
        brush = ImageDraw.Draw(fine)
        spots = [
            ((x - left) * FINER, (y - top) * FINER, r * FINER) for (x, y), r in zip((begin, end), thick, strict=True)
        ]
        for x, y, r in spots:
            brush.ellipse((x - r, y - r, x + r, y + r), fill=255)
        brush.polygon(_sleeve(*spots), fill=255)
        return (left, top, right, bottom), fine.reduce(FINER)

    def _width(self, stroke: Stroke, pressure: int) -> float:
        pressed = 1.0 if stroke.tool != "pen" else 0.6 + 0.8 * pressure / 1000
        return stroke.width * self.scale * pressed

    def _grow(self, stroke: Stroke, box: Box, mask: Image.Image) -> None:
        mark = self.marks.get(stroke.id)
        if mark is None:
            self.marks[stroke.id] = Mark(box, mask, stroke.color, stroke.tool == "highlighter")
            return
        whole = _around(mark.box, box)
        if whole != mark.box:
            # Room to grow on, so that a long line does not copy its mask with every point.
            roomy = (whole[0] - 32, whole[1] - 32, whole[2] + 32, whole[3] + 32)
            larger = Image.new("L", (roomy[2] - roomy[0], roomy[3] - roomy[1]))
            larger.paste(mark.mask, (mark.box[0] - roomy[0], mark.box[1] - roomy[1]))
            mark.box, mark.mask = roomy, larger
        inside = _moved(box, mark.box)
        # The lighter of the two, not their sum: a stroke does not darken where its own stretches overlap.
        mark.mask.paste(ImageChops.lighter(mark.mask.crop(inside), mask), inside[:2])

    def _repaint(self, box: Box) -> Box:
        """Lays every mark over the bare paper again, inside the box alone."""
        box = _within(box, self.picture.size)
        if box[0] >= box[2] or box[1] >= box[3]:
            return box
        piece = self._bare.crop(box)
        for mark in self.marks.values():
            shared = _shared(mark.box, box)
            if shared is not None:
                mask = mark.mask.crop(_moved(shared, mark.box))
                _lay(piece, mark, mask, _moved(shared, box))
        self.picture.paste(piece, box[:2])
        return box


def framed(photo: Image.Image, page: Page) -> Image.Image:
    """The photo as it was turned and cut on the board."""
    turns = {1: Image.Transpose.ROTATE_270, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_90}
    turned = photo.transpose(turns[page.quarter]) if page.quarter else photo
    left, top, right, bottom = (value / PAGE_WIDTH for value in page.crop)
    wide, high = turned.size
    box = (round(left * wide), round(top * high), round(right * wide), round(bottom * high))
    return turned if box == (0, 0, wide, high) else turned.crop(box)


def _lay(piece: Image.Image, mark: Mark, mask: Image.Image, where: Box) -> None:
    if not mark.highlights:
        piece.paste(mark.color, where, mask)
        return
    covered = piece.crop(where)
    tinted = ImageChops.multiply(covered, Image.new("RGB", covered.size, mark.color))
    piece.paste(tinted, where, mask.point(_HIGHLIGHTED))


_HIGHLIGHTED = [value * HIGHLIGHT // 255 for value in range(256)]


def _sleeve(begin: tuple[float, float, float], end: tuple[float, float, float]) -> list[tuple[float, float]]:
    """The four corners between two round ends."""
    (x, y, r), (u, v, q) = begin, end
    length = ((u - x) ** 2 + (v - y) ** 2) ** 0.5 or 1.0
    across, along = (y - v) / length, (u - x) / length
    return [
        (x + across * r, y + along * r),
        (u + across * q, v + along * q),
        (u - across * q, v - along * q),
        (x - across * r, y - along * r),
    ]


def _around(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _shared(one: Box, other: Box) -> Box | None:
    box = max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])
    return box if box[0] < box[2] and box[1] < box[3] else None


def _moved(box: Box, origin: Box) -> Box:
    left, top = origin[:2]
    return box[0] - left, box[1] - top, box[2] - left, box[3] - top


def _within(box: Box, size: tuple[int, int]) -> Box:
    """Inside the frame, and on even pixels: colour has half the resolution in a film."""
    left, top = max(0, box[0]) & ~1, max(0, box[1]) & ~1
    return left, top, min(size[0], (box[2] + 1) & ~1), min(size[1], (box[3] + 1) & ~1)


def _broken(text: str, size: int, width: int) -> list[str]:
    """Lines that end where the page does; Chinese may break after any character."""
    lines = []
    for line in text.splitlines() or [""]:
        while fonts.width(line, size) > width and len(line) > 1:
            fits = max(1, next(n for n in range(1, len(line) + 1) if fonts.width(line[:n], size) > width) - 1)
            lines.append(line[:fits])
            line = line[fits:]
        lines.append(line)
    return lines
