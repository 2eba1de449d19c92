"""A board's log and the voices beside it -> one ordered timeline of what appears when (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from media.cuts import Cuts, after

PAGE_WIDTH = 10_000  # units across a page; the same unit runs down it
LEAD, TAIL = 500, 1500  # ms kept before the first and after the last thing seen or heard
SHORTEST = 1000  # ms; a player shows nothing useful of less


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet of paper, blank or with a photo (media is its key); aspect is its height in units."""

    id: str
    aspect: int
    media: str | None


@dataclass(frozen=True, slots=True)
class Stroke:
    """Points are x, y, milliseconds since pen-down, pressure 0…1000."""

    id: str
    page: str
    tool: Literal["pen", "highlighter"]
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
    at_ms: int
    text: Text


@dataclass(frozen=True, slots=True)
class Erased:
    """A stroke or a text is gone."""

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
    `voices` are the spans in which somebody is heard; with `cut`, dead time at both ends is cut to a breath. `cuts` are
    left out, and every time of the result counts as if they had never been.
    """
    reading = _Reading()
    for op in log:
        reading.take({**op, "at_ms": after(int(op["at_ms"]), cuts)})
    changes = sorted(reading.changes, key=lambda change: change.at_ms)  # stable: equal times keep the log's order
    live = [change.at_ms for change in changes if not isinstance(change, Turned)]
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
        self._made: dict[str, tuple[str, str]] = {}  # mark -> its page and author

    def take(self, op: Mapping[str, Any]) -> None:
        at, author = int(op["at_ms"]), str(op.get("author", ""))
        match op["kind"]:
            case "page" if op["page"] not in self.pages:
                self.pages[op["page"]] = Page(op["page"], op["aspect"], op.get("media"))
                if len(self.pages) == 1:
                    self.changes.append(Turned(at, op["page"]))
            case "turn" if op["page"] in self.pages:
                self.changes.append(Turned(at, op["page"]))
            case "stroke" if self._new(op, author):
                self._draw(at, op)
            case "text" if self._new(op, author):
                fields = {name: op[name] for name in ("id", "page", "x", "y", "text", "color", "size")}
                self.changes.append(Written(at, Text(**fields)))
            case "erase" if op["stroke"] in self._made and self._made[op["stroke"]][1] == author:
                page, _ = self._made.pop(op["stroke"])
                self.changes.append(Erased(at, page, op["stroke"]))
            case "say":
                self.said.append(Said(at, author, op["text"]))

    def _new(self, op: Mapping[str, Any], author: str) -> bool:
        if op["page"] not in self.pages or op["id"] in self._made:
            return False
        self._made[op["id"]] = (op["page"], author)
        return True

    def _draw(self, at: int, op: Mapping[str, Any]) -> None:
        points = tuple((x, y, ms, pressure) for x, y, ms, pressure in op["points"])
        stroke = Stroke(op["id"], op["page"], op["tool"], op["color"], op["width"], points)
        down = max(0, at - points[-1][2])
        for index, (_, _, ms, _) in enumerate(points):
            self.changes.append(Drawn(min(down + ms, at), stroke, index + 1))
