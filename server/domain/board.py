"""The board: an append-only log of operations, and the picture that replaying it gives.

Coordinates are whole numbers in units of a ten-thousandth of the page's width, in both directions; a page's height
is `aspect` units. The same test vectors (tests/vectors/board.json) are replayed here and in static/src/board.ts.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

PAGE_WIDTH = 10_000
MAX_ASPECT = 50_000  # a page five times as high as wide
MAX_POINTS = 4_000  # in one stroke: about a minute of writing at 60 points a second
MAX_TEXT = 500
MAX_OPERATIONS = 50_000
PAPERS = frozenset({"photo", "blank"})
TOOLS = frozenset({"pen", "highlighter"})


class BoardError(ValueError):
    """That does not belong on a board."""


def check(kind: str, op: Mapping[str, Any]) -> dict[str, Any]:
    """The operation with only its known fields, or BoardError; hostile numbers, texts and sizes end here."""
    match kind:
        case "page":
            paper = op.get("paper")
            if paper not in PAPERS:
                raise BoardError("a page is a photo or blank")
            page = {"page": _name(op, "page"), "paper": paper, "aspect": _whole(op, "aspect", 1_000, MAX_ASPECT)}
            return {**page, "media": _name(op, "media")} if paper == "photo" else page
        case "turn":
            return {"page": _name(op, "page")}
        case "stroke":
            if op.get("tool") not in TOOLS:
                raise BoardError("a stroke is made by a pen or a highlighter")
            return {
                "id": _name(op, "id"),
                "page": _name(op, "page"),
                "tool": op["tool"],
                "color": _color(op),
                "width": _whole(op, "width", 5, 600),
                "points": _points(op.get("points")),
            }
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


def _text(op: Mapping[str, Any]) -> str:
    value = op.get("text")
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        raise BoardError(f"a text has 1 to {MAX_TEXT} characters")
    return value


def _points(value: object) -> list[list[int]]:
    """Points are [x, y, milliseconds since pen-down, pressure 0-1000]; at least one, time never runs back."""
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
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    marks: dict[str, dict[str, Any]] = field(default_factory=dict)  # strokes and texts by id, in log order
    said: list[dict[str, Any]] = field(default_factory=list)

    def apply(self, op: Operation) -> bool:
        """Put one operation on the board; False when it was there already (a replay) or means nothing any more."""
        if op.seq <= self.seq:
            return False
        self.seq = op.seq
        body = dict(op.body)
        match op.kind:
            case "page":
                self.pages.setdefault(body["page"], body)
                self.current = self.current or body["page"]
            case "turn":
                if body["page"] not in self.pages:
                    return False
                self.current = body["page"]
            case "stroke" | "text":
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

    def digest(self) -> str:
        """A hash that two boards share exactly when they show the same (SHA-256 over canonical JSON)."""
        shown = {"current": self.current, "pages": self.pages, "marks": list(self.marks.values()), "said": self.said}
        canonical = json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return sha256(canonical.encode()).hexdigest()


def replay(log: Iterable[Operation]) -> Board:
    """The board that a log gives, whatever order its lines arrive in and however often."""
    board = Board()
    for op in sorted({op.seq: op for op in log}.values(), key=lambda op: op.seq):
        board.apply(op)
    return board
