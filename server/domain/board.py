"""The board: an append-only log of operations, and the picture that replaying it gives.

Coordinates are whole numbers in units of a ten-thousandth of the page's width, in both directions; a page's height
is `aspect` units. The same test vectors (tests/vectors/board.json) are replayed here and in static/src/board.ts.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

PAGE_WIDTH = 10_000
MAX_ASPECT = 50_000  # a page five times as high as wide
MAX_POINTS = 4_000  # in one stroke: about a minute of writing at 60 points a second
MAX_TEXT = 500
MAX_TEX = 300  # of a formula as it is typed
MAX_CORNERS = 20
MAX_PAGES = 60
MAX_OPERATIONS = 150_000  # what a socket may send in the longest session, 30 minutes at 80 frames a second
PAPERS = frozenset({"photo", "blank", "squared", "lined", "axes", "staff"})
TOOLS = frozenset({"pen", "highlighter", "laser"})
MARKS = frozenset({"stroke", "text", "shape", "formula"})  # kinds that stay on a page until they are erased
CORNERS = {  # of each shape: how many points it is given by, at least and at most
    "line": (2, 2),
    "arrow": (2, 2),
    "rectangle": (2, 2),  # opposite corners
    "ellipse": (2, 2),  # opposite corners of the box around it
    "polygon": (3, MAX_CORNERS),
    "numberline": (2, 2),
    "axes": (2, 2),  # opposite corners of the box around them
    "arc": (2, 2),  # centre and beginning
    "angle": (3, 3),  # vertex, and a point on each arm
    "mask": (2, 2),  # opposite corners of what is hidden
}
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUES = {digit: value for value, digit in enumerate(DIGITS)}
_LONGEST = 8 * 4 * MAX_POINTS  # characters of packed points, whatever they say


class BoardError(ValueError):
    """That does not belong on a board."""


def check(kind: str, op: Mapping[str, Any]) -> dict[str, Any]:
    """The operation with only its known fields, or BoardError; hostile numbers, texts and sizes end here."""
    match kind:
        case "page":
            paper = op.get("paper")
            if paper not in PAPERS:
                raise BoardError("there is no such paper")
            page = {"page": _name(op, "page"), "paper": paper, "aspect": _whole(op, "aspect", 1_000, MAX_ASPECT)}
            return {**page, "media": _name(op, "media")} if paper == "photo" else page
        case "frame":
            crop = _places(op.get("crop"), 2, 2, PAGE_WIDTH)
            if crop[1][0] - crop[0][0] < 500 or crop[1][1] - crop[0][1] < 500:
                raise BoardError("a photo is cut to no less than a twentieth")
            aspect = _whole(op, "aspect", 1_000, MAX_ASPECT)
            return {"page": _name(op, "page"), "quarter": _whole(op, "quarter", 0, 3), "crop": crop, "aspect": aspect}
        case "turn":
            return {"page": _name(op, "page")}
        case "order":
            return {"page": _name(op, "page"), "to": _whole(op, "to", 0, MAX_PAGES)}
        case "lock":
            return {"locked": _flag(op, "locked")}
        case "stroke":
            if op.get("tool") not in TOOLS:
                raise BoardError("a stroke is made by a pen, a highlighter or a laser pointer")
            return {
                "id": _name(op, "id"),
                "page": _name(op, "page"),
                "tool": op["tool"],
                "color": _color(op),
                "width": _whole(op, "width", 5, 600),
                "points": _points(op.get("points")),
            }
        case "shape":
            return _shape(op)
        case "erase":
            return {"stroke": _name(op, "stroke")}
        case "text":
            return {
                "id": _name(op, "id"),
                "page": _name(op, "page"),
                "x": _whole(op, "x", 0, PAGE_WIDTH),
                "y": _whole(op, "y", 0, MAX_ASPECT),
                "text": _text(op),
                "color": _color(op),
                "size": _whole(op, "size", 100, 2_000),
            }
        case "formula":
            return {
                "id": _name(op, "id"),
                "page": _name(op, "page"),
                "x": _whole(op, "x", 0, PAGE_WIDTH),
                "y": _whole(op, "y", 0, MAX_ASPECT),
                "tex": _text(op, "tex", MAX_TEX),
                "color": _color(op),
                "size": _whole(op, "size", 100, 2_000),
            }
        case "say":
            return {"text": _text(op)}
        case "lost":  # "I'm lost here": a mark on the timeline, nothing on the board
            return {"page": _name(op, "page")}
        case _:
            raise BoardError(f"a board knows no {kind!r}")


def _name(op: Mapping[str, Any], key: str) -> str:
    value = op.get(key)
    if not isinstance(value, str) or not 1 <= len(value) <= 64 or not value.isascii() or not value.isprintable():
        raise BoardError(f"{key} must be a short plain name")
    return value


def _whole(op: Mapping[str, Any], key: str, low: int, high: int) -> int:
    value = op.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise BoardError(f"{key} must be a whole number from {low} to {high}")
    return value


def _color(op: Mapping[str, Any]) -> str:
    value = op.get("color")
    if not isinstance(value, str) or len(value) != 7 or value[0] != "#":
        raise BoardError("a colour is written #rrggbb")
    if any(digit not in "0123456789abcdef" for digit in value[1:]):
        raise BoardError("a colour is written #rrggbb")
    return value


def _text(op: Mapping[str, Any], key: str = "text", longest: int = MAX_TEXT) -> str:
    value = op.get(key)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise BoardError(f"a {key} has 1 to {longest} characters")
    return value


def _flag(op: Mapping[str, Any], key: str) -> bool:
    value = op.get(key, False)
    if not isinstance(value, bool):
        raise BoardError(f"{key} is true or false")
    return value


def _shape(op: Mapping[str, Any]) -> dict[str, Any]:
    name = op.get("shape")
    if not isinstance(name, str) or name not in CORNERS:
        raise BoardError("there is no such shape")
    shape = {
        "id": _name(op, "id"),
        "page": _name(op, "page"),
        "shape": name,
        "color": _color(op),
        "width": _whole(op, "width", 5, 600),
        "dashed": _flag(op, "dashed"),
        "points": _places(op.get("points"), *CORNERS[name], MAX_ASPECT),
    }
    match name:
        case "arc":  # tenths of a degree, clockwise as a page is seen
            return {**shape, "sweep": _whole(op, "sweep", -3_600, 3_600)}
        case "numberline":
            low, high = _whole(op, "low", -100, 99), _whole(op, "high", -99, 100)
            if not 1 <= high - low <= 40:
                raise BoardError("a number line shows 1 to 40 steps")
            return {**shape, "low": low, "high": high}
        case "axes":
            return {**shape, "high": _whole(op, "high", 1, 20)}
        case _:
            return shape


def _places(value: object, least: int, most: int, down: int) -> list[list[int]]:
    """Points are [x, y], at most `down` units down the page."""
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise BoardError(f"it is given by {least} to {most} points")
    for point in value:
        if not isinstance(point, list) or len(point) != 2:
            raise BoardError("a point is [x, y]")
        if any(not isinstance(n, int) or isinstance(n, bool) for n in point):
            raise BoardError("a point is made of whole numbers")
        if not (0 <= point[0] <= PAGE_WIDTH and 0 <= point[1] <= down):
            raise BoardError("a point lies on the page")
    return value


def _points(value: object) -> list[list[int]]:
    """Points are [x, y, milliseconds since pen-down, pressure 0-1000]; at least one, time never runs back."""
    if isinstance(value, str):
        value = unpack(value)
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_POINTS:
        raise BoardError(f"a stroke has 1 to {MAX_POINTS} points")
    last = 0
    for point in value:
        if not isinstance(point, list) or len(point) != 4:
            raise BoardError("a point is [x, y, ms, pressure]")
        if any(not isinstance(n, int) or isinstance(n, bool) for n in point):
            raise BoardError("a point is made of whole numbers")
        x, y, ms, pressure = point
        if not (-500 <= x <= PAGE_WIDTH + 500 and -500 <= y <= MAX_ASPECT and 0 <= pressure <= 1000):
            raise BoardError("a point lies on the page")
        if not last <= ms <= 600_000:
            raise BoardError("a stroke's time never runs back")
        last = ms
    return value


def pack(points: Iterable[Sequence[int]], before: Sequence[Sequence[int]] = ()) -> str:
    """A stroke's points in some six characters each, as they are sent and stored; of a part, with those `before` it.

    The parts one after the other are the whole.

    A hand moves on as it moved: of x, y and the time it is written how far they are from where the last two points
    lead, of the pressure how far it is from the last. Each number is zigzag (0, -1, 1, -2, …) in digits of five bits,
    lowest first, 32 added to all but the last (the numbers of Protocol Buffers and of Google's polylines).
    """
    packed: list[str] = []
    x = y = ms = pressure = dx = dy = dms = 0
    going = bool(before)
    if before:
        x, y, ms, pressure = before[-1]
    if len(before) > 1:
        dx, dy, dms = (before[-1][side] - before[-2][side] for side in range(3))
    for point in points:
        steps = point[0] - x, point[1] - y, point[2] - ms
        for value in (steps[0] - dx, steps[1] - dy, steps[2] - dms, point[3] - pressure):
            rest = value << 1 if value >= 0 else (-value << 1) - 1
            while rest > 31:
                packed.append(DIGITS[rest & 31 | 32])
                rest >>= 5
            packed.append(DIGITS[rest])
        dx, dy, dms = steps if going else (0, 0, 0)  # nothing leads to the first point
        x, y, ms, pressure = point
        going = True
    return "".join(packed)


def unpack(packed: str) -> list[list[int]]:
    """The points that `pack` was given, or BoardError."""
    if len(packed) > _LONGEST:
        raise BoardError("these are too many points")
    numbers: list[int] = []
    value = shift = 0
    for digit in packed:
        five = _VALUES.get(digit, -1)
        if five < 0 or shift > 25:
            raise BoardError("these are no packed points")
        value |= (five & 31) << shift
        shift += 5
        if five < 32:
            numbers.append(value >> 1 if value & 1 == 0 else -(value + 1 >> 1))
            value = shift = 0
    if shift or len(numbers) % 4:
        raise BoardError("these are no packed points")
    points: list[list[int]] = []
    x = y = ms = pressure = dx = dy = dms = 0
    for at in range(0, len(numbers), 4):
        dx, dy, dms = dx + numbers[at], dy + numbers[at + 1], dms + numbers[at + 2]
        x, y, ms, pressure = x + dx, y + dy, ms + dms, pressure + numbers[at + 3]
        points.append([x, y, ms, pressure])
        if at == 0:
            dx = dy = dms = 0
    return points


def packed(body: Mapping[str, Any]) -> dict[str, Any]:
    """An operation's body as it is sent and stored."""
    points = body.get("points")
    return {**body, "points": pack(points)} if "tool" in body and isinstance(points, list) else dict(body)


def opened(body: Mapping[str, Any]) -> dict[str, Any]:
    """An operation's body as `check` gave it, whether it was packed or not."""
    points = body.get("points")
    return {**body, "points": unpack(points)} if isinstance(points, str) else dict(body)


@dataclass(frozen=True)
class Operation:
    """One numbered line of the log; `at_ms` counts from the opening of the session."""

    seq: int
    id: str
    author: str
    kind: str
    body: Mapping[str, Any]
    at_ms: int


@dataclass
class Board:
    """What the log amounts to so far."""

    seq: int = 0
    current: str | None = None
    locked: bool = False  # the pupil's pen
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)  # in the order in which they are leafed through
    marks: dict[str, dict[str, Any]] = field(default_factory=dict)  # what stays on the pages, by id, in log order
    said: list[dict[str, Any]] = field(default_factory=list)

    def apply(self, op: Operation) -> bool:
        """Put one operation on the board; False when it was there already (a replay) or means nothing any more."""
        if op.seq <= self.seq:
            return False
        self.seq = op.seq
        body = opened(op.body)
        match op.kind:
            case "page":
                if len(self.pages) >= MAX_PAGES:
                    return False
                self.pages.setdefault(body["page"], body)
                self.current = self.current or body["page"]
            case "frame":
                return self._frame(body)
            case "turn":
                if body["page"] not in self.pages:
                    return False
                self.current = body["page"]
            case "order":
                return self._order(body["page"], body["to"])
            case "lock":
                self.locked = body["locked"]
            case "stroke" if body["tool"] == "laser":
                return False  # it showed something while it lasted
            case kind if kind in MARKS:
                if body["page"] not in self.pages or body["id"] in self.marks:
                    return False
                self.marks[body["id"]] = {**body, "kind": op.kind, "author": op.author}
            case "erase":
                mark = self.marks.get(body["stroke"])
                if mark is None or mark["author"] != op.author:
                    return False  # one erases one's own ink only
                del self.marks[body["stroke"]]
            case "say":
                self.said.append({"author": op.author, "text": body["text"], "at_ms": op.at_ms})
        return True

    def _frame(self, body: Mapping[str, Any]) -> bool:
        """A photo is turned and cut only while nothing lies on it: marks would lie beside what they mark."""
        page = self.pages.get(body["page"])
        if page is None or page["paper"] != "photo" or any(m["page"] == body["page"] for m in self.marks.values()):
            return False
        self.pages[body["page"]] = {**page, **{name: body[name] for name in ("quarter", "crop", "aspect")}}
        return True

    def _order(self, page: str, to: int) -> bool:
        if page not in self.pages:
            return False
        names = [name for name in self.pages if name != page]
        names.insert(to, page)
        self.pages = {name: self.pages[name] for name in names}
        return True

    def digest(self) -> str:
        """A hash that two boards share exactly when they show the same (SHA-256 over canonical JSON).

        Each mark enters by its own hash, which a page keeps: a full board is hashed again in milliseconds.
        """
        shown = {
            "current": self.current,
            "locked": self.locked,
            "marks": [_hashed(mark) for mark in self.marks.values()],
            "order": list(self.pages),
            "pages": self.pages,
            "said": self.said,
        }
        return _hashed(shown)

    def snapshot(self) -> dict[str, Any]:
        """The whole board as JSON, to be gone on from with the operations after `seq`."""
        return {
            "seq": self.seq,
            "current": self.current,
            "locked": self.locked,
            "pages": list(self.pages.values()),
            "marks": [packed(mark) for mark in self.marks.values()],
            "said": self.said,
        }

    @classmethod
    def restored(cls, snapshot: Mapping[str, Any]) -> "Board":
        """The board that gave the snapshot."""
        return cls(
            seq=snapshot["seq"],
            current=snapshot["current"],
            locked=snapshot["locked"],
            pages={page["page"]: dict(page) for page in snapshot["pages"]},
            marks={mark["id"]: opened(mark) for mark in snapshot["marks"]},
            said=list(snapshot["said"]),
        )


def _hashed(value: object) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(canonical.encode()).hexdigest()


def replay(log: Iterable[Operation]) -> Board:
    """The board that a log gives, whatever order its lines arrive in and however often."""
    board = Board()
    for op in sorted({op.seq: op for op in log}.values(), key=lambda op: op.seq):
        board.apply(op)
    return board
