"""Text questions that reach a web process in one moment are taken in one transaction (docs/adr/0074)."""

import asyncio
import logging
from collections.abc import Sequence

from server.actions.ask import Asked, Asking, ask_texts
from server.actions.errors import Refusal
from server.live.protocol import QuestionView
from server.store.views import Views
from server.store.work import Store
from server.together import Together, in_rounds

log = logging.getLogger(__name__)

AT_ONCE = 32  # in one transaction; who comes next waits for it

Taken = tuple[Asked, asyncio.Task[QuestionView | None]]
"""The question, and what its pupil sees of it, which is being read."""


def asking(store: Store, views: Views) -> Together[None, Asking, Taken]:
    """Takes in what pupils ask; what one of them breaks costs the others nothing."""

    async def serve(_: None, asks: Sequence[Asking]) -> Sequence[Taken | Exception]:
        given: dict[int, Taken | Exception] = {}
        for group in in_rounds([*enumerate(asks)], key=lambda each: (each[1].student, each[1].key)):
            found = await together([each for _, each in group])
            given |= {at: what for (at, _), what in zip(group, found, strict=True)}
        return [given[at] for at in range(len(asks))]

    async def together(asks: Sequence[Asking]) -> Sequence[Taken | Exception]:
        try:
            async with store.work(often=True) as work:
                return [*map(taken, await ask_texts(work, asks, work.began))]
        except Exception as error:
            if len(asks) == 1:
                return [error]
            log.info("questions are taken one by one", extra={"count": len(asks)}, exc_info=True)
            return [one for [one] in await asyncio.gather(*(together([each]) for each in asks))]

    def taken(what: Asked | Refusal) -> Taken | Exception:
        """Called right behind the commit: what is told of it just then is the same reading."""
        return what if isinstance(what, Refusal) else (what, asyncio.create_task(views.question(what.question.id)))

    return Together(serve, at_once=AT_ONCE)
