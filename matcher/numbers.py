"""What became of a problem's numbers in a question: a typed one is what it is, one read from a photo is evidence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise

from matcher.align import Alignment
from matcher.normalize import Problem, canonical
from matcher.words import ONE, is_number


@dataclass(frozen=True, slots=True)
class Numbers:
    """What became of the numbers of the known problem in the asked one."""

    lost: tuple[str, ...]
    """Of the known problem, without any like in the asked one."""
    new: tuple[str, ...]
    """Of the asked problem, without any like in the known one."""
    joined: tuple[tuple[str, str], ...]
    """(asked, known): neighbours without the comma between them."""
    unsigned: tuple[tuple[str, str], ...]
    """(asked, known): all digits are there, the point or the percent sign is not."""
    misread: tuple[tuple[str, str], ...]
    """(asked, known): the camera can have made the one of the other."""
    torn: tuple[str, ...]
    """Fractions of the known problem that left pieces, or nothing, in a photo."""
    contradicted: tuple[tuple[str, str], ...]
    """(asked, known): another number in the same place."""


def numbers_of(asked: Problem, known: Problem, stems: Alignment, read_from_photo: bool) -> Numbers:
    """A typed number is what it is; one read from a photo is evidence: digits get lost, fractions torn apart."""
    mine = _unlabelled(asked, known) if read_from_photo else asked.numbers
    lost, new = list(_difference(known.numbers, mine)), list(_difference(mine, known.numbers))
    _forgive_ones(stems, lost, new)
    joins: list[tuple[str, str]] = []
    misread: list[tuple[str, str]] = []
    unsigned: list[tuple[str, str]] = []
    for joined in [n for n in new if len(n) > 1]:  # "80,81" without its comma, typed or read
        row = next((lost[i:j] for i in range(len(lost)) for j in range(i + 2, i + 5)
                    if "".join(lost[i:j]) == joined), [])
        if row:
            new.remove(joined)
            for part in row:
                lost.remove(part)
            joins.append((joined, ",".join(row)))
    torn = [n for n in lost if "/" in n] if read_from_photo else []
    pieces = [piece for n in torn for piece in _pieces(n)]
    lost = [n for n in lost if n not in torn]
    contradicted = []
    for exchange in stems.exchanges:
        these = [w for w in exchange.asked if w in new]
        those = [w for w in exchange.known if w in lost or w in torn]
        elsewhere = [w for w in exchange.known if is_number(w) and w not in those][:1]
        if read_from_photo:
            for a, k in [(a, k) for k in those for a in these if _may_be_read(a, k, pieces)]:
                if a in these and a in new and k in those and (k in torn or k in lost):
                    these.remove(a)
                    those.remove(k)
                    if k in lost:
                        new.remove(a)
                        lost.remove(k)
                        (unsigned if _lost_its_sign(a, k) else misread).append((a, k))
        if len(these) == 1 and not those:  # the number it replaced also stands elsewhere
            those = elsewhere
        contradicted += [(a, k) for a, k in zip(these, those, strict=False) if a not in pieces]
    new = [n for n in new if n not in pieces]
    contradicted += [(a, k) for a in new for k in lost if _of_one_form(a, k)]
    return Numbers(tuple(lost), tuple(new), tuple(joins), tuple(unsigned), tuple(misread), tuple(torn),
                   tuple(contradicted))


def are_surely_others(asked: Problem, known: Problem) -> bool:
    """Whether typed numbers show, without laying the problems side by side, that each has one the other lacks: what
    `numbers_of` forgives, a 1 for "each" and neighbours without their comma, can't explain it."""
    lost, new = _difference(known.numbers, asked.numbers), _difference(asked.numbers, known.numbers)
    if any(number.startswith(a + b) for number in new for a, b in pairwise(lost)):
        return False
    return any(n != "1" for n in lost) and any(n != "1" for n in new)


def _of_one_form(left: str, right: str) -> bool:
    """As many digits, two at least, in the same places: no stray of the camera."""
    return len(left) == len(right) > 1 and left.translate(_FORM) == right.translate(_FORM)


_FORM = str.maketrans("123456789", "0" * 9)


def swapped(stems: Alignment) -> bool:
    pairs = {(*e.asked, *e.known) for e in stems.exchanges
             if len(e.asked) == len(e.known) == 1 and is_number(e.asked[0]) and is_number(e.known[0])}
    return any((k, a) in pairs for a, k in pairs)


def _forgive_ones(stems: Alignment, lost: list[str], new: list[str]) -> None:
    """1小时, 一小时 and 每小时 are one."""
    for exchange in stems.exchanges:
        for these, those, numbers in ((exchange.asked, exchange.known, new), (exchange.known, exchange.asked, lost)):
            if "1" in these and "1" in numbers and {ONE, "每"} & {*those}:
                numbers.remove("1")


def _pieces(fraction: str) -> tuple[str, ...]:
    """What a photo may show of a stacked fraction."""
    top, _, bottom = fraction.rstrip("%").partition("/")
    return top, bottom, top + bottom, bottom + top, f"{top}1{bottom}"


def _lost_its_sign(read: str, printed: str) -> bool:
    """One mark in ten gets lost in a photo: `2176` for 21.76, `85` for 85%."""
    bare = printed.rstrip("%")
    return read in (bare, bare.replace(".", ""), f"{bare.replace('.', '')}%") and read != printed


def _may_be_read(read: str, printed: str, pieces: Collection[str]) -> bool:
    """Whether a photo may show the number so: a sign or one digit lost, or a piece of a torn fraction stuck to it."""
    if "/" in printed:
        return read in _pieces(printed)
    bare = printed.rstrip("%")
    if _lost_its_sign(read, printed) or (read == bare.partition(".")[0] and read != printed):
        return True
    if len(bare) > 1 and len(read) == len(printed) - 1 and \
            any(printed[:i] + printed[i + 1:] == read for i in range(len(bare))):
        return True
    return any(read in (piece + printed, printed + piece) for piece in pieces)


def _unlabelled(asked: Problem, known: Problem) -> tuple[str, ...]:
    """The numbers asked, the first without the problem's number before it: `14.3年前` is 14. and 3年前."""
    labelled = _LABELLED.match(asked.stem)
    if labelled and known.numbers and canonical(labelled[1]) == known.numbers[0]:
        return (known.numbers[0], *asked.numbers[1:])
    return asked.numbers


_LABELLED = re.compile(r"\d{1,2}\.(\d+)(?![\d./])")


def _difference(these: Iterable[str], those: Iterable[str]) -> tuple[str, ...]:
    """What these have more often than those, in order."""
    spare = Counter(those)
    rest = []
    for item in these:
        if spare[item] > 0:
            spare[item] -= 1
        else:
            rest.append(item)
    return tuple(rest)
