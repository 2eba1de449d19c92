"""What a shape looks like: the lines, filled areas and small texts that a board's `shape` stands for.

Pages draw by the same rules (static/src/figure.ts, tests/vectors/figures.json), films by what this gives.
All in units of the page (see board.py); every result is whole units.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from math import atan2, ceil, cos, degrees, floor, hypot, pi, sin
from typing import Any

from server.domain.board import PAGE_WIDTH, opened

Place = tuple[float, float]
Line = list[list[int]]

ROUND = 72  # corners of an ellipse
STEP = 5  # degrees from corner to corner of an arc
TICK = 60  # half of a tick's length
SQUARE = 500  # of squared paper
STAFF_GAP = 150  # between two of a staff's five lines
RULE = 10  # as wide as printed lines are
FAINT, STRONG = "#d5e3ee", "#7d93a6"  # of printed lines
LETTER = 240  # the size of figures beside an axis, where there is room


@dataclass
class Label:
    """A small text with its middle at x, y."""

    x: int
    y: int
    size: int
    text: str


@dataclass
class Rule:
    """A straight line that is printed on the paper, RULE wide."""

    x: int
    y: int
    to_x: int
    to_y: int
    color: str


@dataclass
class Figure:
    """Lines are drawn as wide as the shape says, areas are filled with its colour."""

    lines: list[Line] = field(default_factory=list)
    areas: list[Line] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)


def figure(shape: Mapping[str, Any]) -> Figure:
    """What a checked `shape` looks like."""
    points: list[Place] = [(x, y) for x, y in shape["points"]]
    width: int = shape["width"]
    drawn = Figure()
    match shape["shape"]:
        case "line":
            drawn.lines = [_whole(points)]
        case "arrow":
            _arrow(drawn, points[0], points[1], width)
        case "rectangle":
            drawn.lines = [_whole(_closed(_box(points)))]
        case "ellipse":
            drawn.lines = [_whole(_ellipse(points))]
        case "polygon":
            drawn.lines = [_whole(_closed(points))]
        case "arc":
            drawn.lines = [_whole(_arc(points[0], _distance(*points), _bearing(*points), shape["sweep"] / 10))]
            drawn.lines.append(_whole([points[0], points[0]]))  # where the compass stood
        case "angle":
            _angle(drawn, points)
        case "numberline":
            _number_line(drawn, points[0], points[1], shape["low"], shape["high"], width)
        case "axes":
            _axes(drawn, points, shape["high"], width)
        case _:
            drawn.areas = [_whole(_box(points))]
    if shape["dashed"]:
        drawn.lines = [piece for line in drawn.lines for piece in _dashes(line, width)]
    return drawn


def ruling(paper: str, aspect: int) -> list[Rule]:
    """The lines printed on a paper of that height."""
    match paper:
        case "squared":
            return _squares(aspect, FAINT)
        case "lined":
            return [Rule(0, y, PAGE_WIDTH, y, FAINT) for y in range(2 * SQUARE, aspect, 600)]
        case "axes":
            middle, half = PAGE_WIDTH // 2, aspect // 2 // SQUARE * SQUARE
            return [
                *_squares(aspect, FAINT),
                Rule(0, half, PAGE_WIDTH, half, STRONG),
                Rule(middle, 0, middle, aspect, STRONG),
            ]
        case "staff":
            tops = range(800, aspect - 4 * STAFF_GAP, 10 * STAFF_GAP)
            lines = [top + line * STAFF_GAP for top in tops for line in range(5)]
            return [Rule(400, y, PAGE_WIDTH - 400, y, STRONG) for y in lines]
        case _:
            return []


def _squares(aspect: int, color: str) -> list[Rule]:
    down = [Rule(x, 0, x, aspect, color) for x in range(SQUARE, PAGE_WIDTH, SQUARE)]
    return down + [Rule(0, y, PAGE_WIDTH, y, color) for y in range(SQUARE, aspect, SQUARE)]


def shown(body: Mapping[str, Any]) -> dict[str, Any]:
    """An operation's body for whoever draws without knowing the rules: points unpacked, shapes and papers as lines."""
    body = opened(body)
    if "shape" in body:
        return {**body, "figure": asdict(figure(body))}
    if "paper" in body:
        return {**body, "ruling": [asdict(rule) for rule in ruling(body["paper"], body["aspect"])]}
    return body


def _arrow(drawn: Figure, begin: Place, end: Place, width: int) -> None:
    length = _distance(begin, end) or 1.0
    head = min(length * 0.6, 90 + 4.0 * width)
    along = ((end[0] - begin[0]) / length, (end[1] - begin[1]) / length)
    neck = (end[0] - along[0] * head, end[1] - along[1] * head)
    half = head * 0.38
    drawn.lines.append(_whole([begin, neck]))
    drawn.areas.append(
        _whole(
            [
                end,
                (neck[0] - along[1] * half, neck[1] + along[0] * half),
                (neck[0] + along[1] * half, neck[1] - along[0] * half),
            ]
        )
    )


def _angle(drawn: Figure, points: list[Place]) -> None:
    """Two arms, the arc between them on its shorter side, and how many degrees it spans."""
    vertex, one, other = points
    begin = _bearing(vertex, one)
    span = (_bearing(vertex, other) - begin + 540) % 360 - 180
    reach = min(700.0, 0.5 * min(_distance(vertex, one), _distance(vertex, other)))
    drawn.lines = [_whole([one, vertex, other]), _whole(_arc(vertex, reach, begin, span))]
    middle = _around(vertex, reach + 260, begin + span / 2)
    drawn.labels = [_label(middle, LETTER, f"{floor(abs(span) + 0.5)}°")]


def _number_line(drawn: Figure, begin: Place, end: Place, low: int, high: int, width: int) -> None:
    """Half a step of line before the first and after the last number, and an arrow at the end."""
    length = _distance(begin, end) or 1.0
    _arrow(drawn, begin, end, width)
    along = ((end[0] - begin[0]) / length, (end[1] - begin[1]) / length)
    below = (-along[1], along[0]) if along[0] >= 0 else (along[1], -along[0])
    step = length / (high - low + 1)
    for number in range(low, high + 1):
        at = (number - low + 0.5) * step
        place = (begin[0] + along[0] * at, begin[1] + along[1] * at)
        _tick(drawn, place, below)
        if _is_named(number, step):
            size = _letter(step)
            _name(drawn, place, below, size, number)


def _axes(drawn: Figure, points: list[Place], high: int, width: int) -> None:
    """Both axes through the middle of the box, numbered from -high to high in equal steps."""
    corners = _box(points)
    (left, top), (right, bottom) = corners[0], corners[2]
    middle = ((left + right) / 2, (top + bottom) / 2)
    step = min(right - left, bottom - top) / (2 * high + 2)
    size = _letter(step)
    _arrow(drawn, (left, middle[1]), (right, middle[1]), width)
    _arrow(drawn, (middle[0], bottom), (middle[0], top), width)
    for number in range(-high, high + 1):
        if number == 0:
            continue
        across, up = (middle[0] + number * step, middle[1]), (middle[0], middle[1] - number * step)
        _tick(drawn, across, (0.0, 1.0))
        _tick(drawn, up, (-1.0, 0.0))
        if _is_named(number, step):
            _name(drawn, across, (0.0, 1.0), size, number)
            _name(drawn, up, (-1.0, 0.0), size, number)
    drawn.labels += [
        _label((middle[0] - size * 0.5, middle[1] + size * 0.75), size, "O"),
        _label((right - size * 0.4, middle[1] + size), size, "x"),
        _label((middle[0] + size, top + size * 0.5), size, "y"),
    ]


def _letter(step: float) -> int:
    return max(110, min(LETTER, floor(step * 0.5)))


def _is_named(number: int, step: float) -> bool:
    return step >= 260 or number % 5 == 0


def _tick(drawn: Figure, place: Place, across: Place) -> None:
    (x, y), (dx, dy) = place, (across[0] * TICK, across[1] * TICK)
    drawn.lines.append(_whole([(x - dx, y - dy), (x + dx, y + dy)]))


def _name(drawn: Figure, place: Place, side: Place, size: int, number: int) -> None:
    off = TICK + size * 0.75
    text = str(number) if number >= 0 else f"\N{MINUS SIGN}{-number}"
    drawn.labels.append(_label((place[0] + side[0] * off, place[1] + side[1] * off), size, text))


def _label(place: Place, size: int, text: str) -> Label:
    return Label(_unit(place[0]), _unit(place[1]), size, text)


def _box(points: list[Place]) -> list[Place]:
    """The four corners, from the upper left one clockwise."""
    (a, b), (c, d) = points
    left, right, top, bottom = min(a, c), max(a, c), min(b, d), max(b, d)
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _ellipse(points: list[Place]) -> list[Place]:
    (a, b), (c, d) = points
    middle, wide, high = ((a + c) / 2, (b + d) / 2), abs(c - a) / 2, abs(d - b) / 2
    turns = [2 * pi * corner / ROUND for corner in range(ROUND + 1)]
    return [(middle[0] + wide * cos(turn), middle[1] + high * sin(turn)) for turn in turns]


def _arc(centre: Place, radius: float, begin: float, sweep: float) -> list[Place]:
    """Degrees, clockwise as a page is seen."""
    pieces = max(2, ceil(abs(sweep) / STEP))
    return [_around(centre, radius, begin + sweep * piece / pieces) for piece in range(pieces + 1)]


def _around(centre: Place, radius: float, bearing: float) -> Place:
    return centre[0] + radius * cos(bearing * pi / 180), centre[1] + radius * sin(bearing * pi / 180)


def _bearing(centre: Place, place: Place) -> float:
    return degrees(atan2(place[1] - centre[1], place[0] - centre[0]))


def _distance(one: Place, other: Place) -> float:
    return hypot(other[0] - one[0], other[1] - one[1])


def _closed(points: list[Place]) -> list[Place]:
    return [*points, points[0]]


def _dashes(line: Line, width: int) -> list[Line]:
    """The pieces of a line that are drawn: as long as the gaps between them, from corner to corner."""
    size = 100.0 + 2 * width
    pieces: list[Line] = []
    gone = 0.0  # along the line so far
    for (x, y), (u, v) in pairwise(line):
        length = _distance((x, y), (u, v))
        at = 0.0
        while at < length:
            on = floor((gone + at) / size + 1e-9) % 2 == 0
            until = min(length, (floor((gone + at) / size + 1e-9) + 1) * size - gone)
            if on:
                ends = [at / length, until / length]
                pieces.append(_whole([(x + (u - x) * end, y + (v - y) * end) for end in ends]))
            at = until
        gone += length
    return pieces


def _whole(points: list[Place]) -> Line:
    return [[_unit(x), _unit(y)] for x, y in points]


def _unit(value: float) -> int:
    """The nearest whole unit; of two the greater, as JavaScript rounds, and what is all but a half is one."""
    return floor(value + 0.5 + 1e-9)
