"""What an edition of an answer shows of its board's log: without what was cut away or masked, which nobody who watches
it can get back. The film and the replay are both made from this and from nothing else.

Times are milliseconds of the session's clock; a cut is (from, to).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from server.domain.board import MARKS, PAGE_WIDTH, Operation, opened, packed

FOREVER = 86_400_000  # a cut or a mask that reaches here has no end
GLOW = 700  # that a laser's trail stays, as in media/timeline.py
COVER = "#4b5563"
Cut = tuple[int, int]
Place = tuple[int, int]


@dataclass(frozen=True)
class Mask:
    """A region of a page that is hidden, in units of the page: for a while, or for good."""

    page: str
    left: int
    top: int
    right: int
    bottom: int
    from_ms: int = 0
    to_ms: int = FOREVER

    def holds(self, at: float) -> bool:
        return self.from_ms <= at < self.to_ms

    def grown(self, by: float) -> tuple[float, float, float, float]:
        return self.left - by, self.top - by, self.right + by, self.bottom + by


@dataclass(frozen=True)
class Picture:
    """A photo as a page shows it: turned by quarters, cut, and painted over in boxes of the page's units."""

    page: str
    media: str
    aspect: int
    quarter: int
    crop: tuple[Place, Place]
    boxes: tuple[tuple[int, int, int, int], ...]


def ends_at(cuts: Sequence[Sequence[int]]) -> int | None:
    """Where an edition ends whose last cut has no end."""
    return next((start for start, end in cuts if end >= FOREVER), None)


def shown(log: Iterable[Operation], cuts: Sequence[Cut] = (), masks: Sequence[Mask] = ()) -> list[Operation]:
    """The log that may be seen, numbered anew."""
    end = ends_at(cuts)
    if not cuts and not masks:  # nothing is taken out of a stroke: it need not be unpacked
        return _numbered(_seen(_steady(log), cuts, end))
    ops = in_order(log)
    if end is not None:
        ops = until(ops, end)
    ops = _without_cut(ops, cuts)
    for number, mask in enumerate(masks):
        ops = _hidden(ops, mask, number)
    return _numbered(_seen(ops, cuts, end))


def _seen(ops: Sequence[Operation], cuts: Sequence[Cut], end: int | None) -> list[Operation]:
    """Without the pages that are never on top, and what lies on them."""
    seen = {page for page, _, _ in _on_top(ops, cuts, end)}
    return [op for op in ops if "page" not in op.body or op.body["page"] in seen]


def _numbered(ops: Iterable[Operation]) -> list[Operation]:
    return [replace(op, seq=seq, body=packed(op.body)) for seq, op in enumerate(ops, 1)]


def pictures(log: Iterable[Operation], cuts: Sequence[Cut] = (), masks: Sequence[Mask] = ()) -> list[Picture]:
    """What `shown` shows of photos. A mask that lies on a page as long as it is seen takes the pixels away; one that
    comes or goes lies on top, for they are seen without it."""
    ops = in_order(log)
    end = ends_at(cuts)
    if end is not None:
        ops = until(ops, end)
    times: dict[str, list[tuple[int, int]]] = {}
    for page, start, stop in _on_top(ops, cuts, end):
        times.setdefault(page, []).append((start, stop))
    found = []
    for page, body in _pages(ops).items():
        if page not in times or "media" not in body:
            continue
        boxes = tuple(
            (mask.left, mask.top, mask.right, mask.bottom)
            for mask in masks
            if mask.page == page and all(mask.from_ms <= a and b <= mask.to_ms for a, b in times[page])
        )
        (left, top), (right, bottom) = body.get("crop", ((0, 0), (PAGE_WIDTH, PAGE_WIDTH)))
        crop = (left, top), (right, bottom)
        found.append(Picture(page, body["media"], body["aspect"], body.get("quarter", 0), crop, boxes))
    return found


def as_pictured(op: Operation, pictures: Mapping[str, Picture]) -> Operation:
    """A page with its picture instead of the photo: by the page's own name, already turned and cut."""
    picture = pictures.get(op.body.get("page", "")) if op.kind == "page" else None
    if picture is None:
        return op
    body = {"page": picture.page, "paper": "photo", "aspect": picture.aspect, "media": picture.page}
    return replace(op, body=body)


def in_order(log: Iterable[Operation]) -> list[Operation]:
    """By number, with the points of strokes as lists."""
    return [replace(op, body=opened(op.body)) for op in _steady(log)]


def _steady(log: Iterable[Operation]) -> list[Operation]:
    """A clock that was set back does not turn the order of things round."""
    ops, latest = [], 0
    for op in sorted(log, key=lambda op: op.seq):
        latest = max(latest, op.at_ms)
        ops.append(op if op.at_ms == latest else replace(op, at_ms=latest))
    return ops


def until(ops: Iterable[Operation], end: int) -> list[Operation]:
    """What had happened by then; a stroke that was being drawn ends there."""
    kept = []
    for op in ops:
        if op.at_ms <= end:
            kept.append(op)
        elif op.kind == "stroke":
            points = [point for point in op.body["points"] if _down(op) + point[2] <= end]
            if points:
                kept.append(replace(op, at_ms=min(end, _down(op) + points[-1][2]), body={**op.body, "points": points}))
    return kept


def _down(op: Operation) -> int:
    """When the pen touched the page: a stroke enters the log when it lifts."""
    return max(0, op.at_ms - int(op.body["points"][-1][2])) if op.kind == "stroke" else op.at_ms


def _pages(ops: Iterable[Operation]) -> dict[str, dict[str, Any]]:
    """Each page as it came to be framed."""
    pages: dict[str, dict[str, Any]] = {}
    for op in ops:
        if op.kind == "page":
            pages.setdefault(op.body["page"], dict(op.body))
        elif op.kind == "frame" and op.body["page"] in pages:
            pages[op.body["page"]].update({name: op.body[name] for name in ("quarter", "crop", "aspect")})
    return pages


def _on_top(ops: Sequence[Operation], cuts: Sequence[Cut], end: int | None) -> list[tuple[str, int, int]]:
    """Which page lies on top from when to when, without what a cut leaves out whole."""
    turns: list[tuple[str, int]] = []
    known: set[str] = set()
    for op in ops:
        if op.kind == "page":
            known.add(op.body["page"])
        if (op.kind == "page" and not turns) or (op.kind == "turn" and op.body["page"] in known):
            turns.append((op.body["page"], op.at_ms))
    ends = [at for _, at in turns[1:]] + [FOREVER if end is None else end + 1]
    spans = [(page, start, stop) for (page, start), stop in zip(turns, ends, strict=False)]
    return [(p, a, b) for p, a, b in spans if b > a and not any(start <= a and b <= stop for start, stop in cuts)]


def _lives(ops: Sequence[Operation]) -> tuple[dict[int, float], dict[int, int]]:
    """By its place in the log: when each mark is erased (or never), and which mark each erasing takes away. What the
    board would not have done is in neither."""
    until: dict[int, float] = {}
    erases: dict[int, int] = {}
    there: dict[str, int] = {}
    for n, op in enumerate(ops):
        if op.kind in MARKS and op.body.get("tool") != "laser":
            if op.body["id"] not in there:
                there[op.body["id"]], until[n] = n, float("inf")
        elif op.kind == "erase":
            put = there.get(op.body["stroke"])
            if put is not None and ops[put].author == op.author:
                del there[op.body["stroke"]]
                until[put], erases[n] = op.at_ms, put
    return until, erases


def _without_cut(ops: Sequence[Operation], cuts: Sequence[Cut]) -> list[Operation]:
    """What came and went within one cut was never there; so was what was said in it."""
    if not cuts:
        return list(ops)
    lives, erases = _lives(ops)

    def cut(start: float, end: float) -> bool:
        return any(a <= start and end <= b for a, b in cuts)

    gone = {n for n, end in lives.items() if cut(_down(ops[n]), end)}
    kept = []
    for n, op in enumerate(ops):
        if n in gone or erases.get(n) in gone:
            continue
        fleeting = op.kind in ("say", "lost") or op.body.get("tool") == "laser"
        if not (fleeting and cut(_down(op), op.at_ms + (0 if op.kind != "stroke" else GLOW))):
            kept.append(op)
    return kept


def _hidden(ops: Sequence[Operation], mask: Mask, number: int) -> list[Operation]:
    """The log with the mask laid on: what would lie under it is taken out, or comes when the mask goes."""
    lives, erases = _lives(ops)
    parts: dict[int, list[Operation]] = {}
    seen: set[str] = set()
    out: list[Operation] = []
    lies = 0
    for n, op in enumerate(ops):
        if n in erases:
            out += [replace(op, body={"stroke": part.body["id"]}) for part in parts[erases[n]]]
            continue
        if n in lives:
            parts[n] = [op]
            if op.body["page"] == mask.page and not op.body.get("cover"):
                parts[n] = _parts(op, lives[n], mask, op.body["id"] in seen)
            seen.add(op.body["id"])
            out += parts[n]
        elif op.kind == "stroke" and op.body["page"] == mask.page:  # a laser's
            out += _parts(op, 0, mask, False)
        else:
            out.append(op)
        if op.kind == "page" and op.body["page"] == mask.page:
            lies = op.at_ms
    if any(op.kind == "page" and op.body["page"] == mask.page for op in ops):
        out += _cover(mask, number, max(mask.from_ms, lies))
    return sorted(out, key=lambda op: op.at_ms)


def _cover(mask: Mask, number: int, at: int) -> list[Operation]:
    id = f"mask~{number}"
    body = {"id": id, "page": mask.page, "shape": "mask", "color": COVER, "width": 5, "dashed": False, "cover": True}
    body["points"] = [[mask.left, mask.top], [mask.right, mask.bottom]]
    put = Operation(0, f"first-{id}", "teacher", "shape", body, at)
    taken = Operation(0, f"last-{id}", "teacher", "erase", {"stroke": id}, mask.to_ms)
    return [put] if mask.to_ms >= FOREVER else [put, taken] if at < mask.to_ms else []


def _parts(op: Operation, end: float, mask: Mask, again: bool) -> list[Operation]:
    """What is left of a mark: itself, pieces of a stroke, or what waits until the mask is gone."""
    if op.kind != "stroke":
        if not (_touches(op, mask) and mask.holds(op.at_ms)):
            return [op]
        return [replace(op, at_ms=mask.to_ms)] if mask.to_ms < min(end, FOREVER) else []
    down, points = _down(op), op.body["points"]
    region = mask.grown(0.7 * op.body["width"] + 20)
    runs: list[tuple[bool, list[list[int]]]] = []
    for n, point in enumerate(points):
        timely = mask.holds(down + point[2] if not again else op.at_ms)
        inside = timely and _in(point, region)
        crosses = timely and n > 0 and _crosses(points[n - 1], point, region)
        if not runs or runs[-1][0] != inside or (crosses and not inside):
            runs.append((inside, []))
        runs[-1][1].append(point)
    if len(runs) == 1 and not runs[0][0]:
        return [op]
    pieces = []
    for n, (inside, run) in enumerate(runs):
        if not inside:
            at = op.at_ms if again else down + run[-1][2]
            moved = [[x, y, ms - run[0][2], pressure] for x, y, ms, pressure in run]
        elif mask.to_ms < min(end, FOREVER):
            at, moved = mask.to_ms, [[x, y, 0, pressure] for x, y, _, pressure in run]
        else:
            continue
        pieces.append(replace(op, at_ms=at, body={**op.body, "id": f"{op.body['id']}~{n}", "points": moved}))
    return pieces


def _in(point: Sequence[int], region: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = region
    return left <= point[0] <= right and top <= point[1] <= bottom


def _crosses(a: Sequence[int], b: Sequence[int], region: tuple[float, float, float, float]) -> bool:
    """Whether the straight line between two points meets the region (Liang and Barsky)."""
    left, top, right, bottom = region
    enters, leaves = 0.0, 1.0
    for start, step, low, high in ((a[0], b[0] - a[0], left, right), (a[1], b[1] - a[1], top, bottom)):
        if step == 0:
            if not low <= start <= high:
                return False
            continue
        near, far = sorted(((low - start) / step, (high - start) / step))
        enters, leaves = max(enters, near), min(leaves, far)
    return enters <= leaves


def _touches(op: Operation, mask: Mask) -> bool:
    """Whether the box around a text, a formula or a shape reaches under the mask; rather too large than too small."""
    left, top, right, bottom = _box(op.body)
    return left <= mask.right and right >= mask.left and top <= mask.bottom and bottom >= mask.top


def _box(body: Mapping[str, Any]) -> tuple[float, float, float, float]:
    if "points" in body:
        xs, ys = [x for x, _ in body["points"]], [y for _, y in body["points"]]
        edge = body["width"] + 500  # the letters beside axes and angles
        if body["shape"] in ("arc", "angle"):
            edge += max(max(xs) - min(xs), max(ys) - min(ys))
        return min(xs) - edge, min(ys) - edge, max(xs) + edge, max(ys) + edge
    x, y, size = body["x"], body["y"], body["size"]
    text = body.get("text", "")
    if "tex" in body:
        return x - size, y - size, PAGE_WIDTH, y + 5 * size
    wide = max(len(line) for line in text.splitlines() or [""]) * size
    lines = sum(1 + len(line) * size // max(1, PAGE_WIDTH - x) for line in text.splitlines() or [""])
    return x, y, min(PAGE_WIDTH, x + wide), y + 1.6 * size * lines
