"""Lays two problems side by side; what agrees and what differs as the figures of a verdict."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import compress

from matcher.align import Alignment, Exchange, align, last_place
from matcher.lexical import rarity
from matcher.normalize import Problem, Quantity
from matcher.numbers import Numbers, numbers_of, swapped
from matcher.rules import compared_the_other_way, counted_otherwise, in_other_places, substances_exchanged, words_added
from matcher.words import (
    DECISIVE,
    KINDS,
    LOOK_ALIKE,
    NAME,
    OPERATORS,
    PLAIN_NEGATIONS,
    UNIT_WORDS,
    folded,
    is_decisive,
    is_number,
    is_plain,
    people,
    words,
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two problems side by side, with the figures in the order of FIGURES."""

    stems: Alignment
    figures: tuple[float, ...]
    numbers: Numbers
    numbers_misplaced: bool
    """The same numbers, but playing each other's parts."""
    numbers_swapped: bool
    """Two numbers stand in each other's place."""
    units_exchanged: tuple[tuple[str, str], ...]
    """Behind the same number."""
    words_exchanged: tuple[tuple[str, str], ...]
    """Relations, negations or operators (asked, known) that differ at the same place; one is empty for one only
    added."""
    things_exchanged: tuple[tuple[str, str], ...]
    """(asked, known): in one place one speaks of a thing of the problem, the other of another thing of it; in a short
    question without numbers, of any other thing."""
    people_exchanged: tuple[tuple[str, str], ...]
    """(asked, known): who is one person in the one and two in the other. Other names alone make no other problem."""
    places_exchanged: bool
    """X than Y and Y than X; or the same words in other places, which is not told of a photo: its lines may be read in
    any order."""
    options_differ: tuple[str, ...]
    """Letters whose texts differ."""
    ask_likeness: float


def compare(asked: Problem, known: Problem, cosine: float, lexical: float, read_from_photo: bool) -> Comparison:
    """All that `decide` looks at; pure."""
    stems = align(words(asked.stem), words(known.stem))
    only_asked, only_known = stems.only_asked, stems.only_known
    numbers = numbers_of(asked, known, stems, read_from_photo)
    roles, worst_role, crossed = _roles(asked.quantities, known.quantities)
    units = _units_exchanged(asked.quantities, known.quantities, read_from_photo)
    slips = [e for e in stems.exchanges if _is_slip(e)]
    exchanges = [e for e in stems.exchanges if e not in slips]
    slipped = {w for e in slips for w in (*e.asked, *e.known)}
    added = words_added(stems, asked, known)
    decisive = _decisive_exchanged(exchanges)
    known_ask, asked_ask = words(known.asks), words(asked.asks)
    own = _own_exchanges(stems)
    in_either_ask = {*known_ask, *asked_ask}
    things = tuple(pair for pair in own if {*words(pair[0]), *words(pair[1])} & in_either_ask
                   and not (read_from_photo and _may_look_alike(*pair)))
    things += _facts_exchanged(asked, known, stems, read_from_photo)
    letters, option_share, options_differ = _options(asked, known)
    asked_shared, known_shared = shared(stems.asked, stems.known)
    in_ask = frozenset(known_ask)
    deciding = DECISIVE - slipped
    values = {
        "cosine": cosine,
        "lexical": lexical,
        "photo": float(read_from_photo),
        "length": math.log1p(len(stems.known)),
        "asked_length": math.log1p(len(stems.asked)),
        "known_covered": _covered(stems.known, stems.known_found),
        "asked_covered": _covered(stems.asked, stems.asked_found),
        "known_shared": known_shared,
        "asked_shared": asked_shared,
        "known_missing": _weight(only_known),
        "asked_missing": _weight(only_asked),
        "exchanged_weight": sum(min(_weight(e.asked), _weight(e.known)) for e in stems.exchanges),
        "exchanges": float(len(exchanges)),
        "slips": float(len(slips)),
        "own_exchanges": float(len(own)),
        "odd_exchanges": float(_odd(exchanges, stems.exchanges)),
        "moved": stems.moved / max(1, len(stems.known)),
        "numbers": float(len(known.numbers)),
        "numbers_found": float(len(known.numbers) - len(numbers.lost) - len(numbers.torn)),
        "numbers_lost": float(len(numbers.lost)),
        "numbers_lost_share": len(numbers.lost) / max(1, len(known.numbers)),
        "numbers_torn": float(len(numbers.torn)),
        "numbers_new": float(len(numbers.new)),
        "numbers_unsigned": float(len(numbers.unsigned)),
        "numbers_misread": float(len(numbers.misread)),
        "numbers_contradicted": float(len(numbers.contradicted)),
        "role_likeness": roles,
        "worst_role": worst_role,
        "numbers_crossed": float(crossed),
        "units_exchanged": float(len(units)),
        # the trees were fitted when of the words added only a "not" was looked at
        "decisive_exchanged": float(len(decisive) + sum(not PLAIN_NEGATIONS.isdisjoint(pair) for pair in added)),
        "decisive_only_asked": _count(only_asked, deciding),
        "decisive_only_known": _count(only_known, deciding),
        "ask_decisive_only_asked": _count(_not_found(stems, asked_ask, known=False), deciding),
        "ask_decisive_only_known": _count(only_known, deciding & in_ask),
        "operators_only_asked": _count(only_asked, OPERATORS),
        "operators_only_known": _count(only_known, OPERATORS),
        "units_differ": float(_count_difference(only_asked, only_known, UNIT_WORDS)),
        "latin_only_asked": float(sum(w[0].isascii() and w[0].isalpha() for w in only_asked)),
        "latin_only_known": float(sum(w[0].isascii() and w[0].isalpha() for w in only_known)),
        "plain_only_asked": float(sum(map(is_plain, only_asked))),
        "plain_only_known": float(sum(map(is_plain, only_known))),
        "longest_only_asked": float(_longest_run(stems.asked_found)),
        "longest_only_known": float(_longest_run(stems.known_found)),
        "edges_only_asked": float(_edges(stems.asked_found)),
        "edges_only_known": float(_edges(stems.known_found)),
        "ask_found": (ask := _ask_found(stems, known_ask, known=True)),
        "ask_back": _ask_found(stems, asked_ask, known=False),
        "ask_exchanged": float(sum(bool({*e.known} & in_ask) for e in exchanges)),
        "options_both": float(letters),
        "options_known": float(len(known.options)),
        "options_asked": float(len(asked.options)),
        "option_likeness": option_share,
        "options_differ": float(len(options_differ)),
    }
    assert tuple(values) == FIGURES
    return Comparison(stems, tuple(values.values()), numbers, crossed > 0, swapped(stems),
                      units + counted_otherwise(asked, known), decisive + added,
                      things if read_from_photo else things + substances_exchanged(stems),
                      _people_exchanged(asked, known, stems, read_from_photo),
                      compared_the_other_way(asked, known)
                      or (not read_from_photo and in_other_places(stems, asked, known)), options_differ, ask)


FIGURES = (
    "cosine", "lexical", "photo", "length", "asked_length", "known_covered", "asked_covered", "known_shared",
    "asked_shared", "known_missing", "asked_missing", "exchanged_weight", "exchanges", "slips", "own_exchanges",
    "odd_exchanges", "moved", "numbers", "numbers_found", "numbers_lost", "numbers_lost_share", "numbers_torn",
    "numbers_new", "numbers_unsigned", "numbers_misread", "numbers_contradicted", "role_likeness", "worst_role",
    "numbers_crossed", "units_exchanged", "decisive_exchanged", "decisive_only_asked", "decisive_only_known",
    "ask_decisive_only_asked", "ask_decisive_only_known", "operators_only_asked", "operators_only_known",
    "units_differ", "latin_only_asked", "latin_only_known", "plain_only_asked", "plain_only_known",
    "longest_only_asked", "longest_only_known", "edges_only_asked", "edges_only_known", "ask_found", "ask_back",
    "ask_exchanged", "options_both", "options_known", "options_asked", "option_likeness", "options_differ",
)
"""What the verifier is given, in this order; training and deciding read the same list."""


def _roles(asked: Sequence[Quantity], known: Sequence[Quantity]) -> tuple[float, float, int]:
    """Mean and worst likeness of the places of equal numbers, and how many stand where another one belongs."""
    likeness, crossed = [], 0
    for quantity in known:
        own = max((_role(a, quantity) for a in asked if a.value == quantity.value), default=None)
        if own is None:
            continue
        likeness.append(own)
        other = max((_role(a, quantity) for a in asked if a.value != quantity.value), default=0.0)
        if other > own + 0.25:
            crossed += 1
    if not likeness:
        return 1.0, 1.0, 0
    return sum(likeness) / len(likeness), min(likeness), crossed


def _role(left: Quantity, right: Quantity) -> float:
    """How alike two places are: the characters around, those nearest count most; 0 to 1."""
    before = _near(left.before[::-1], right.before[::-1])
    after = _near(left.after, right.after)
    unit = 1.0 if folded(left.unit) == folded(right.unit) else 0.0
    return 0.4 * before + 0.4 * after + 0.2 * unit


def _near(left: str, right: str) -> float:
    if left == right:
        return 1.0
    shares = (0.4, 0.3, 0.2, 0.1)
    return sum(share for share, a, b in zip(shares, left, right, strict=False) if a == b or (a in right and b in left))


def _units_exchanged(asked: Sequence[Quantity], known: Sequence[Quantity],
                     read_from_photo: bool) -> tuple[tuple[str, str], ...]:
    """Units that differ behind the same number in the same place; a photo may lose 千 of 千克 or the ² of m²."""
    found = []
    for quantity in known:
        unit = folded(quantity.unit)
        same = [folded(a.unit) for a in asked
                if a.value == quantity.value and _near(a.before[::-1], quantity.before[::-1]) >= 0.6]
        if unit in UNIT_WORDS and same and all(u in UNIT_WORDS and u != unit for u in same) \
                and not (read_from_photo and unit.endswith(same[0])):
            found.append((same[0], unit))
    return tuple(dict.fromkeys(found))


def _count(row: Iterable[str], group: frozenset[str]) -> float:
    return float(sum(map(group.__contains__, row)))


def _count_difference(only_asked: Iterable[str], only_known: Iterable[str], group: frozenset[str]) -> int:
    left, right = (Counter(w for w in side if w in group) for side in (only_asked, only_known))
    return sum(((left - right) + (right - left)).values())


def _decisive_exchanged(exchanges: Iterable[Exchange]) -> tuple[tuple[str, str], ...]:
    """Deciding words that stand against each other: of one kind (more, fewer), or each alone in its place."""
    found = []
    for exchange in exchanges:
        left = [w for w in exchange.asked if is_decisive(w)]
        right = [w for w in exchange.known if is_decisive(w)]
        alone = len(exchange.asked) == len(exchange.known) == 1
        found += [(a, k) for a in left for k in right
                  if a != k and (a, k) not in LOOK_ALIKE and (alone or KINDS.get(a, a) == KINDS.get(k, k))]
    return tuple(dict.fromkeys(found))


def _is_slip(exchange: Exchange) -> bool:
    """One character typed or read wrong (题积 for 体积): one character apart, and no word that decides."""
    left, right = "".join(exchange.asked), "".join(exchange.known)
    if len(left) != len(right):
        return False
    apart = [(a, b) for a, b in zip(left, right, strict=True) if a != b]
    if len(apart) != 1 or any(is_number(w) for w in (*exchange.asked, *exchange.known)):
        return False
    if not {KINDS.get(w, w) for w in exchange.asked}.isdisjoint(KINDS.get(w, w) for w in exchange.known):
        return False
    a, b = apart[0]
    return not (is_decisive(a) and is_decisive(b)) and not (a in UNIT_WORDS and b in UNIT_WORDS) \
        and not {a, b} & {"不", "非"}


def _own_exchanges(stems: Alignment) -> tuple[tuple[str, str], ...]:
    """Exchanges of a word that the known problem has elsewhere for one that the asked problem has elsewhere."""
    found = []
    in_asked, in_known = {*stems.asked}, {*stems.known}
    for exchange in stems.exchanges:
        if len(exchange.asked) <= 4 and len(exchange.known) <= 4:
            left = "".join(w for w in exchange.asked if w in in_known and not is_number(w))
            right = "".join(w for w in exchange.known if w in in_asked and not is_number(w))
            if left and right:
                found.append((left, right))
    return tuple(found)


FACT_LENGTH = 20
"""Words of a question at most whose every word counts."""


def _facts_exchanged(asked: Problem, known: Problem, stems: Alignment,
                     read_from_photo: bool) -> tuple[tuple[str, str], ...]:
    """Where one says another word in a short question without numbers: who founded the Tang, the Sui. What may be one
    character typed wrong there may as well be another fact, if no options tell. Other options make another question
    anyway."""
    if asked.numbers or known.numbers or len(stems.known) > FACT_LENGTH:
        return ()
    with_options = bool(asked.options and known.options)
    if with_options and (read_from_photo or asked.options != known.options):
        return ()
    return tuple(("".join(e.asked), "".join(e.known)) for e in stems.exchanges
                 if all(any(w.isalpha() for w in side) for side in (e.asked, e.known))
                 and not (with_options and _is_slip(e)))


def _people_exchanged(asked: Problem, known: Problem, stems: Alignment,
                      read_from_photo: bool) -> tuple[tuple[str, str], ...]:
    """By the names in what both have in order, where that is nearly all: clauses that moved put one person's words
    beside another's. A photo may make two names of one, but not one of two."""
    if sum(size for _, _, size in stems.runs) < PARALLEL_FROM * max(len(stems.asked), len(stems.known)):
        return ()
    names = [dict(zip((i for i, word in enumerate(row) if word == NAME), people(problem.stem), strict=False))
             for row, problem in ((stems.asked, asked), (stems.known, known))]
    pairs = {(names[0][a + n], names[1][k + n]) for a, k, size in stems.runs if size > 1
             for n in range(size) if stems.asked[a + n] == NAME}
    asked_as, known_as = Counter(left for left, _ in pairs), Counter(right for _, right in pairs)
    return tuple(sorted((left, right) for left, right in pairs
                        if asked_as[left] > 1 or (known_as[right] > 1 and not read_from_photo)))


PARALLEL_FROM = 0.8
"""Share of the words of both that stand in order."""


def _may_look_alike(asked: str, known: str) -> bool:
    """Whether a photo may show one for the other: signs and letters, or a word that lost or won a character."""
    return asked in known or known in asked or not any("\u3400" <= c <= "\u9fff" for c in asked + known)


def _odd(these: Sequence[Exchange], all_of_them: Sequence[Exchange]) -> int:
    """Exchanges made only once: the same one made again is another name, not another meaning."""
    times = Counter((e.asked, e.known) for e in all_of_them)
    return sum(times[e.asked, e.known] == 1 for e in these)


def _weight(row: Iterable[str]) -> float:
    return sum(map(_one_weight, row))


@lru_cache(maxsize=20_000)
def _one_weight(word: str) -> float:
    """Seldom words weigh more; between 0.2 and 1.5."""
    return max(0.2, min(1.5, rarity(word) / 4))


def _covered(row: Sequence[str], found: Sequence[bool]) -> float:
    whole = _weight(row)
    return _weight(compress(row, found)) / whole if whole else 0.0


def shared(asked: Sequence[str], known: Sequence[str]) -> tuple[float, float]:
    """Share of the words of each that the other has anywhere."""
    common = sum(times * _one_weight(word) for word, times in (Counter(asked) & Counter(known)).items())
    wholes = _weight(asked), _weight(known)
    return common / wholes[0] if wholes[0] else 0.0, common / wholes[1] if wholes[1] else 0.0


def _edges(found: Sequence[bool]) -> int:
    """Words without a like at the beginning and at the end: another problem on the page, or a photo cut off."""
    first = next((i for i, f in enumerate(found) if f), len(found))
    last = next((i for i, f in enumerate(reversed(found)) if f), 0)
    return first + last


def _not_found(stems: Alignment, ask: tuple[str, ...], known: bool) -> list[str]:
    """The words of the asking clause without a like."""
    row, found = (stems.known, stems.known_found) if known else (stems.asked, stems.asked_found)
    start = last_place(row, ask)
    return [] if start is None else [w for w, f in zip(ask, found[start:start + len(ask)], strict=True) if not f]


def _longest_run(found: Sequence[bool]) -> int:
    longest = run = 0
    for one in found:
        run = 0 if one else run + 1
        longest = max(longest, run)
    return longest


def _ask_found(stems: Alignment, ask: tuple[str, ...], known: bool) -> float:
    """Share of the words of the asking clause that were found on the other side; 1 when it has none."""
    row, found = (stems.known, stems.known_found) if known else (stems.asked, stems.asked_found)
    other = stems.asked if known else stems.known
    if not ask or last_place(other, ask) is not None or (start := last_place(row, ask)) is None:
        return 1.0
    return _covered(ask, found[start:start + len(ask)])


def _options(asked: Problem, known: Problem) -> tuple[int, float, tuple[str, ...]]:
    """Letters on both sides, mean likeness of their texts (1 when there are none), letters whose texts differ."""
    letters = [letter for letter in known.options if letter in asked.options]
    if not letters:
        return 0, 1.0, ()
    likeness = {letter: _likeness(asked.options[letter], known.options[letter]) for letter in letters}
    return len(letters), sum(likeness.values()) / len(letters), tuple(x for x in letters if likeness[x] < 0.5)


def _likeness(left: str, right: str) -> float:
    if left == right:
        return 1.0
    return SequenceMatcher(None, left[:200], right[:200], autojunk=False).ratio()
