"""Text questions that reach a web process in one moment are taken in one transaction (docs/adr/0074)."""

import asyncio
import logging
from collections.abc import Sequence

from server.actions.ask import Asked, Asking, ask_texts
from server.store.work import Store
from server.together import Together, in_rounds

log = logging.getLogger(__name__)

AT_ONCE = 32  # in one transaction; who comes next waits for it


def asking(store: Store) -> Together[None, Asking, Asked]:
    """Takes in what pupils ask; what one of them breaks costs the others nothing."""

    async def serve(_: None, asks: Sequence[Asking]) -> Sequence[Asked | Exception]:
        given: dict[int, Asked | Exception] = {}
        for group in in_rounds([*enumerate(asks)], key=lambda each: (each[1].student, each[1].key)):
            found = await together([each for _, each in group])
            given |= {at: what for (at, _), what in zip(group, found, strict=True)}
        return [given[at] for at in range(len(asks))]

    async def together(asks: Sequence[Asking]) -> Sequence[Asked | Exception]:
        try:
            async with store.work(often=True) as work:
                return await ask_texts(work, asks, work.began)
        except Exception as error:
            if len(asks) == 1:
                return [error]
            log.info("questions are taken one by one", extra={"count": len(asks)}, exc_info=True)
            return [one for [one] in await asyncio.gather(*(together([each]) for each in asks))]

    return Together(serve, at_once=AT_ONCE)
