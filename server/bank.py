"""What is looked for in the bank, as its indexes have it: a text's pairs of characters, and what is near in meaning."""

import asyncio
import logging
from collections.abc import Sequence
from itertools import product

from matcher.lexical import grams, rarity
from matcher.normalize import normalize
from server.domain.bank import Search
from server.domain.people import Stage, Subject
from server.matching import MatcherFinder
from server.store.bank import Bank
from server.store.bank_views import Near, Sought
from server.store.work import Store, Work

log = logging.getLogger(__name__)

AT_ONCE = 500  # texts whose words are made in one transaction: a quarter of a second of a core
MOST_PAIRS = 40  # of what is looked for, the rarest
NEAR, LEAST_NEAR = 40, 0.5  # answers that are near; the cosine that topics are joined by, too


def pairs(text: str) -> tuple[str, ...]:
    """All pairs that a text is found by; the matcher's own would be the telling ones alone (docs/adr/0108)."""
    return grams(normalize(text).text) or grams(text)


async def index_words(store: Store) -> int:
    """Makes texts findable by their words that are not yet; how many. Safe to repeat and to kill."""
    count = 0
    while True:
        async with store.work() as work:
            bank = Bank(work)
            texts = await bank.wordless(AT_ONCE)
            if not texts:
                return count
            words = await asyncio.to_thread(_words, [row.text for row in texts])
            await bank.set_words([(row.id, found) for row, found in zip(texts, words, strict=True)])
            await work.commit()
        count += len(texts)


def _words(texts: Sequence[str]) -> list[tuple[str, ...]]:
    return [pairs(text) for text in texts]


async def sought(finder: MatcherFinder, work: Work, search: Search) -> Sought:
    """A matcher that is not there costs what is near in meaning, and nothing else."""
    told = sorted(pairs(search.words), key=lambda pair: -rarity(pair))[:MOST_PAIRS] if search.words else []
    by_pairs = Sought(told, [rarity(pair) for pair in told])
    if not told:
        return by_pairs
    scopes = [
        (str(subject), str(stage))
        for subject, stage in product(Subject, Stage)
        if search.subject in (None, subject) and search.stage in (None, stage)
    ]
    if finder.state != "ok":
        return Sought(by_pairs.pairs, by_pairs.rarities, by_meaning=False)
    try:
        async with work.attempt():
            found = await finder.near(work, search.words, scopes, NEAR)
    except Exception:
        log.exception("the bank is searched by words alone")
        return Sought(by_pairs.pairs, by_pairs.rarities, by_meaning=False)
    near = [Near(id, cosine) for id, cosine in found if cosine >= LEAST_NEAR]
    return Sought(by_pairs.pairs, by_pairs.rarities, near)
