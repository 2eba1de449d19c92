"""Spans of a session that are left out of its answer: the clock before and after (pure).

What was drawn in a span that is cut stays on the board; only its time is gone. A cut is (from, to) in session ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Cut = tuple[int, int]
Cuts = Sequence[Cut]


def merged(spans: Iterable[Sequence[int]]) -> list[Cut]:
    """In order, without overlaps and empty ones."""
    found: list[Cut] = []
    for start, end in sorted((max(0, start), end) for start, end in spans):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def after(at_ms: int, cuts: Cuts) -> int:
    """Where a moment of the session comes to lie; one within a cut lies where the cut was."""
    return at_ms - sum(min(at_ms, end) - start for start, end in cuts if start < at_ms)


def before(at_ms: int, cuts: Cuts) -> int:
    """The moment of the session that is shown there; where a cut was, the one behind it."""
    for start, end in cuts:
        if start > at_ms:
            break
        at_ms += end - start
    return at_ms


def more(cuts: Cuts, shown: Iterable[Sequence[int]]) -> list[Cut]:
    """These cuts, and others that were made looking at what they left."""
    return merged([*cuts, *((before(start, cuts) if start > 0 else 0, before(end, cuts)) for start, end in shown)])
