"""What makes two problems others though nearly all words agree: one word more, or the same words in other places.

Of the right pushes of the public half, typed and read from photos, they take back none. The trees do not see them: to
change one, nothing needs to be learned anew.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from matcher.align import Alignment, last_place
from matcher.normalize import Problem
from matcher.words import KINDS, PLAIN_NEGATIONS, is_number, words

_ALONE = PLAIN_NEGATIONS | {"半", "上午", "下午"}
_CHANGES = {word for word, kind in KINDS.items() if kind == KINDS["增加"]} | {"涨", "降", "价", "扩", "缩"}
_TO, _AND = frozenset("到至"), frozenset("和与")
_COUNTED = {"段": "cut", "次": "cut", "刀": "cut", "倍": "times", "折": "times", "成": "times"}
"""Measure words that stand for other things behind the same number: cut into 5 pieces, cut 5 times."""
_SUBSTANCES = frozenset("氢氦锂铍硼碳氮氧氟氖钠镁铝硅磷硫氯氩钾钙锰铁铜锌溴银碘钡汞铅硝盐醋烷烯炔醇醛酯苯")
_THAN = "比"
_CLAUSE = re.compile(r"[,;:。!\s]+|(?<!=)\?")


def words_added(stems: Alignment, asked: Problem, known: Problem) -> tuple[tuple[str, str], ...]:
    """(asked, known) with one of them empty: a word that decides and that only one side has."""
    found = []
    for mine, other, row, is_found, theirs in (
        (asked, known, stems.asked, stems.asked_found, stems.known),
        (known, asked, stems.known, stems.known_found, stems.asked),
    ):
        alone = _ALONE - {word for e in stems.exchanges for word in (*e.asked, *e.known)}
        added = [*_lone(row, is_found, alone), *_to_a_number(row, is_found),
                 *_asked_together(mine, other, row, is_found, theirs)]
        found += [(word, "") if mine is asked else ("", word) for word in added]
    return tuple(found)


def _lone(row: Sequence[str], found: Sequence[bool], these: frozenset[str]) -> Iterator[str]:
    """Those of these words that have no like, and whose neighbours but one have theirs."""
    for i, word in enumerate(row):
        if not found[i] and word in these:
            left = i > 0 and not found[i - 1]
            right = i + 1 < len(row) and not found[i + 1]
            if not (left and right) and not (left and i > 1 and not found[i - 2]) \
                    and not (right and i + 2 < len(row) and not found[i + 2]):
                yield word


def _to_a_number(row: Sequence[str], found: Sequence[bool]) -> Iterator[str]:
    """Lowered by 20 % or to 20 %."""
    for i in range(1, len(row) - 1):
        if row[i] in _TO and not found[i] and found[i - 1] and found[i + 1] and is_number(row[i + 1]) \
                and not _CHANGES.isdisjoint(row[max(0, i - 2):i]):
            yield row[i]


def _asked_together(mine: Problem, other: Problem, row: tuple[str, ...], found: Sequence[bool],
                    theirs: Sequence[str]) -> Iterator[str]:
    """One asks for what the other asks for, and for another of the problem's things together with it."""
    ask, smaller = words(mine.asks), words(other.asks)
    if not smaller or not ask or Counter(smaller) - Counter(ask):
        return
    start = last_place(row, ask)
    if start is None:
        return
    for i in range(start + 1, start + len(ask)):
        thing = row[i - 1]
        if row[i] in _AND and not found[i] and not found[i - 1] and thing in theirs and not is_number(thing):
            yield row[i]


def counted_otherwise(asked: Problem, known: Problem) -> tuple[tuple[str, str], ...]:
    """(asked, known): measure words of other things behind the same number."""
    found = []
    for quantity in known.quantities:
        same = [a.unit for a in asked.quantities if a.value == quantity.value]
        unit = _COUNTED.get(quantity.unit)
        if unit and same and all(_COUNTED.get(s) == unit and s != quantity.unit for s in same):
            found.append((same[0], quantity.unit))
    return tuple(dict.fromkeys(found))


def substances_exchanged(stems: Alignment) -> tuple[tuple[str, str], ...]:
    """(asked, known): sulphuric for hydrochloric acid is no slip of the finger."""
    found = [(*e.asked, *e.known) for e in stems.exchanges if len(e.asked) == len(e.known) == 1]
    return tuple((a, k) for a, k in dict.fromkeys(found) if {a, k} <= _SUBSTANCES)


def in_other_places(stems: Alignment, asked: Problem, known: Problem) -> bool:
    """Whether the two have the same words, but not in the same clauses, or with their numbers in another order within
    one: which has more than which, what is multiplied first. Whole clauses may stand in any order."""
    if stems.asked == stems.known or len(stems.asked) != len(stems.known) \
            or sorted(stems.asked) != sorted(stems.known):
        return False
    mine, theirs = (Counter(_clauses(problem.stem)) for problem in (asked, known))
    other, others = [*(mine - theirs).elements()], [*(theirs - mine).elements()]
    if sorted(map(len, other)) != sorted(map(len, others)):
        return False
    if sorted(map(sorted, other)) != sorted(map(sorted, others)):
        return True
    return sorted(map(_numbers, other)) != sorted(map(_numbers, others))


def compared_the_other_way(asked: Problem, known: Problem) -> bool:
    """Whether the one has X than Y where the other has Y than X, and neither has both."""
    if _THAN not in asked.stem or _THAN not in known.stem:
        return False
    mine, theirs = (_comparisons(problem.stem) for problem in (asked, known))
    for left, right in mine:
        for other_left, other_right in theirs:
            if left and other_left and left != other_left and _begins(right, other_left) and _begins(other_right, left):
                return not _has(theirs, left, other_left) and not _has(mine, other_left, left)
    return False


def _comparisons(stem: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Of each clause with a "than" what stands before it and behind."""
    return [(row[:at], row[at + 1:]) for row in _clauses(stem) if _THAN in row for at in [row.index(_THAN)]]


def _begins(row: tuple[str, ...], part: tuple[str, ...]) -> bool:
    return row[:len(part)] == part


def _has(these: Sequence[tuple[tuple[str, ...], tuple[str, ...]]], left: tuple[str, ...],
         right: tuple[str, ...]) -> bool:
    """Whether one of the comparisons is of this with that."""
    return any(before == left and _begins(behind, right) for before, behind in these)


def _clauses(text: str) -> list[tuple[str, ...]]:
    return [row for part in _CLAUSE.split(text) if (row := words(part))]


def _numbers(row: Sequence[str]) -> list[str]:
    return [word for word in row if is_number(word)]
