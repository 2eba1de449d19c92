"""The few formulas behind research figures: intervals of shares and of their differences, and waits that add up."""

import math
from collections.abc import Mapping

Z = 1.959964  # of a 95 % interval
BINS_PER_DOUBLING = 4  # a bin is 19 % wide, so that a median read from it is at most 9 % off
LAST_BIN = 79  # twelve days: whoever waited longer waited "twelve days"


def wilson(some: int, of: int) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927, "Probable inference", JASA 22, 209-212; without the correction for
    continuity): unlike p ± z·se it stays within 0 and 1, and holds for the small shares that we have."""
    assert 0 <= some <= of and of > 0
    share, z2 = some / of, Z * Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def difference(some: int, of: int, before: int, of_before: int) -> tuple[float, float, float]:
    """How much a share grew, with its interval: the hybrid score interval (Newcombe 1998, Statistics in Medicine 17,
    873-890, method 10)."""
    now, then = some / of, before / of_before
    (low, high), (low_then, high_then) = wilson(some, of), wilson(before, of_before)
    grown = now - then
    return (
        grown,
        grown - math.hypot(now - low, high_then - then),
        grown + math.hypot(high - now, then - low_then),
    )


def bin_of(seconds: float) -> int:
    """The bin of a wait; bins add up, as medians don't."""
    return min(LAST_BIN, int(BINS_PER_DOUBLING * math.log2(max(1.0, seconds))))


def quantile(waits: Mapping[int, int], share: float) -> float | None:
    """The wait in seconds that this share did not exceed: the middle of its bin. None when nobody waited."""
    total = sum(waits.values())
    if not total:
        return None
    wanted, seen = math.ceil(share * total), 0
    for bin in sorted(waits):
        seen += waits[bin]
        if seen >= wanted:
            return float(2 ** ((bin + 0.5) / BINS_PER_DOUBLING))
    raise AssertionError("a share is at most 1")
