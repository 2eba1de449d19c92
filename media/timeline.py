"""A board's log and the voices beside it -> one ordered timeline of what appears when (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from media.cuts import Cuts, after

PAGE_WIDTH = 10_000  # units across a page; the same unit runs down it
LEAD, TAIL = 500, 1500  # ms kept before the first and after the last thing seen or heard
GLOW = 700  # ms that a laser's trail stays
SHORTEST = 1000  # ms; a player shows nothing useful of less


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line that is printed on the paper."""

    x: int
    y: int
    to_x: int
    to_y: int
    color: str


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet of paper, ruled or not, or a photo (media is its key); aspect is its height in units.

    The photo is turned by so many quarters to the right, then cut to (left, top, right, bottom), in ten-thousandths.
    """

    id: str
    aspect: int
    media: str | None
    ruling: tuple[Rule, ...] = ()
    quarter: int = 0
    crop: tuple[int, int, int, int] = (0, 0, PAGE_WIDTH, PAGE_WIDTH)


@dataclass(frozen=True, slots=True)
class Stroke:
    """Points are x, y, milliseconds since pen-down, pressure 0…1000."""

    id: str
    page: str
    tool: Literal["pen", "highlighter", "laser"]
    color: str
    width: int
    points: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Text:
    id: str
    page: str
    x: int
    y: int
    text: str
    color: str
    size: int


@dataclass(frozen=True, slots=True)
class Formula:
    """LaTeX of school mathematics, its upper left corner at x, y."""

    id: str
    page: str
    x: int
    y: int
    tex: str
    color: str
    size: int


@dataclass(frozen=True, slots=True)
class Label:
    """A small text with its middle at x, y."""

    x: int
    y: int
    size: int
    text: str


Line = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Lines of that width, filled areas and labels, all of one colour: what the board says that a shape looks like."""

    id: str
    page: str
    color: str
    width: int
    lines: tuple[Line, ...]
    areas: tuple[Line, ...]
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Turned:
    """Another page lies on top."""

    at_ms: int
    page: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """The pen has come as far as the stroke's first `points` points."""

    at_ms: int
    stroke: Stroke
    points: int


@dataclass(frozen=True, slots=True)
class Written:
    """A text, a formula or a shape is there, all at once."""

    at_ms: int
    text: Text | Formula | Shape


@dataclass(frozen=True, slots=True)
class Erased:
    """A stroke or another mark is gone."""

    at_ms: int
    page: str
    mark: str


Change = Turned | Drawn | Written | Erased


@dataclass(frozen=True, slots=True)
class Said:
    at_ms: int
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """From and to in ms since the session began."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is seen, in order. `start_ms` is where the session's clock stood at our time 0; `at_ms` count from 0."""

    start_ms: int
    duration_ms: int
    pages: Mapping[str, Page]
    changes: tuple[Change, ...]
    said: tuple[Said, ...]


def timeline(
    log: Iterable[Mapping[str, Any]], voices: Iterable[Span] = (), cut: bool = False, cuts: Cuts = ()
) -> Timeline:
    """
    The log's operations in their order, each a mapping with `kind`, `at_ms`, `author` and the board's own fields.
    A stroke enters the log when the pen lifts, so it was begun as much earlier as its last point says. What means
    nothing (an unknown page, a second mark of the same id, erasing another's ink) is left out, as the board does.
    A `shape` carries its `figure` and a `page` its `ruling` (server.domain.figure.shown).
    `voices` are the spans in which somebody is heard; with `cut`, dead time at both ends is cut to a breath. `cuts` are
    left out, and every time of the result counts as if they had never been.
    """
    reading = _Reading()
    for op in log:
        reading.take({**op, "at_ms": after(int(op["at_ms"]), cuts)})
    changes = sorted(reading.changes, key=lambda change: change.at_ms)  # stable: equal times keep the log's order
    live = [change.at_ms for change in changes if not (isinstance(change, Turned) or reading.is_cover(change))]
    live += [said.at_ms for said in reading.said]
    live += [after(moment, cuts) for span in voices for moment in (span.start_ms, span.end_ms)]
    start = max(0, min(live, default=0) - LEAD) if cut else 0
    end = max(live if cut and live else [*live, *(change.at_ms for change in changes)], default=0) + TAIL
    return Timeline(
        start_ms=start,
        duration_ms=max(SHORTEST, end - start),
        pages=reading.pages,
        changes=tuple(replace(change, at_ms=max(0, change.at_ms - start)) for change in changes),
        said=tuple(replace(said, at_ms=said.at_ms - start) for said in reading.said),
    )


class _Reading:
    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.changes: list[Change] = []
        self.said: list[Said] = []
        self._covers: set[str] = set()
        self._made: dict[str, tuple[str, str, str]] = {}  # mark -> its page, its author and its name in the film
        self._names: dict[str, int] = {}  # how often a mark of that name was put on the board

    def take(self, op: Mapping[str, Any]) -> None:
        at, author = int(op["at_ms"]), str(op.get("author", ""))
        match op["kind"]:
            case "page" if op["page"] not in self.pages:
                rules = tuple(Rule(**rule) for rule in op.get("ruling", ()))
                self.pages[op["page"]] = Page(op["page"], op["aspect"], op.get("media"), rules)
                if len(self.pages) == 1:
                    self.changes.append(Turned(at, op["page"]))
            case "frame" if op["page"] in self.pages and all(page != op["page"] for page, _, _ in self._made.values()):
                (left, top), (right, bottom) = op["crop"]
                framed = {"aspect": op["aspect"], "quarter": op["quarter"], "crop": (left, top, right, bottom)}
                self.pages[op["page"]] = replace(self.pages[op["page"]], **framed)
            case "turn" if op["page"] in self.pages:
                self.changes.append(Turned(at, op["page"]))
            case "stroke" if op.get("tool") == "laser":
                self._point(at, op)
            case "stroke" if name := self._new(op, author):
                self._draw(at, op, name)
            case "text" if name := self._new(op, author):
                fields = {key: op[key] for key in ("page", "x", "y", "text", "color", "size")}
                self.changes.append(Written(at, Text(id=name, **fields)))
            case "formula" if name := self._new(op, author):
                fields = {key: op[key] for key in ("page", "x", "y", "tex", "color", "size")}
                self.changes.append(Written(at, Formula(id=name, **fields)))
            case "shape" if name := self._new(op, author):
                self.changes.append(Written(at, _shape(op, name)))
                if op.get("cover"):
                    self._covers.add(name)
            case "erase" if op["stroke"] in self._made and self._made[op["stroke"]][1] == author:
                page, _, name = self._made.pop(op["stroke"])
                self.changes.append(Erased(at, page, name))
            case "say":
                self.said.append(Said(at, author, op["text"]))

    def is_cover(self, change: Change) -> bool:
        """A mask that was laid on afterwards is nothing to wait for."""
        return (isinstance(change, Written) and change.text.id in self._covers) or (
            isinstance(change, Erased) and change.mark in self._covers
        )

    def _new(self, op: Mapping[str, Any], author: str) -> str:
        """The mark's name in the film; "" when it means nothing. What was erased and is put again has a new one."""
        if op["page"] not in self.pages or op["id"] in self._made:
            return ""
        times = self._names[op["id"]] = self._names.get(op["id"], 0) + 1
        name = op["id"] if times == 1 else f"{op['id']} {times}"
        self._made[op["id"]] = (op["page"], author, name)
        return str(name)

    def _point(self, at: int, op: Mapping[str, Any]) -> None:
        """What a laser pointer shows lasts a moment longer than it is pointed."""
        if op["page"] in self.pages and op["points"]:
            self._draw(at, op, name := f"laser {at} {op['id']}")
            self.changes.append(Erased(at + GLOW, op["page"], name))

    def _draw(self, at: int, op: Mapping[str, Any], name: str) -> None:
        points = tuple((x, y, ms, pressure) for x, y, ms, pressure in op["points"])
        stroke = Stroke(name, op["page"], op["tool"], op["color"], op["width"], points)
        if self._names.get(op["id"], 0) > 1:  # put again, not drawn again
            self.changes.append(Drawn(at, stroke, len(points)))
            return
        down = max(0, at - points[-1][2])
        for index, (_, _, ms, _) in enumerate(points):
            self.changes.append(Drawn(min(down + ms, at), stroke, index + 1))


def _shape(op: Mapping[str, Any], name: str) -> Shape:
    figure = op["figure"]
    return Shape(
        id=name,
        page=op["page"],
        color=op["color"],
        width=op["width"],
        lines=tuple(_line(line) for line in figure["lines"]),
        areas=tuple(_line(area) for area in figure["areas"]),
        labels=tuple(Label(**label) for label in figure["labels"]),
    )


def _line(points: Iterable[tuple[int, int]]) -> Line:
    return tuple((x, y) for x, y in points)
