"""The figure of a problem: whether its words lean on one, and whether two photos show the same."""

from __future__ import annotations

import re

NEAR = 10
"""Bits of 64 by which the hashes of two photos of one figure may differ."""
_NAMED = re.compile(r"[如右左下上]图|图[中示形示所]|看图|附图|统计图|示意图|图象|图像|数轴上|阴影")


def names_figure(text: str) -> bool:
    """Whether a problem says that it has a figure."""
    return _NAMED.search(text) is not None


def same_figure(one: str | None, other: str | None) -> bool:
    """Whether two hashes (16 hexadecimal digits) are of one figure; what is missing is not the same."""
    if one is None or other is None:
        return False
    return (int(one, 16) ^ int(other, 16)).bit_count() <= NEAR
