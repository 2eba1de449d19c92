"""From the outbox to the bus: events go out right after their commit, and again by a sweep if their sender died."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from server.live.bus import Bus, BusDown
from server.live.protocol import encode
from server.store.views import Views
from server.store.work import Outgoing, Store

log = logging.getLogger(__name__)

LATE = timedelta(seconds=2)  # who committed an event has long told it by then, or is dead
AT_ONCE = 64


class Relay:
    """Tells what was committed. The bus ignores an id that it has told, so telling twice does no harm."""

    def __init__(self, store: Store, views: Views, bus: Bus) -> None:
        self._store, self._views, self._bus = store, views, bus
        self._under_way: set[asyncio.Task[None]] = set()
        self._told: list[int] = []
        self._marking: asyncio.Task[None] | None = None

    def soon(self, events: Sequence[Outgoing]) -> None:
        """Called by a unit of work right after its commit."""
        task = asyncio.create_task(self._tell(events), name="relay")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _tell(self, events: Sequence[Outgoing]) -> None:
        try:
            await self.tell(events)
        except BusDown:
            log.info("events wait in the outbox: the bus is down", extra={"count": len(events)})
        except Exception:
            log.exception("events wait in the outbox")

    async def tell(self, events: Sequence[Outgoing]) -> None:
        """Read what each event announces, tell it, and strike it off. Raises BusDown when nothing can be told."""
        found = await asyncio.gather(*(self._views.event(event) for event in events))
        await self._bus.publish_many(
            [
                (outgoing.channel, outgoing.id, encode(event))
                for outgoing, event in zip(events, found, strict=True)
                if event is not None
            ]
        )
        self._told.extend(event.id for event in events)
        if self._marking is None or self._marking.done():
            self._marking = asyncio.create_task(self._mark(), name="relay marks")

    async def _mark(self) -> None:
        """One statement for what many commits brought; a mark that fails leaves it to the sweep."""
        await asyncio.sleep(0.05)
        while self._told:
            ids, self._told = self._told, []
            try:
                await self._store.mark_sent(ids)
            except Exception as error:
                log.warning("told events are told once more by the sweep", extra={"why": repr(error)})

    async def sweep(self) -> int:
        """Tell what was committed but not told; the number of events that were looked at."""
        count = last = 0
        while late := await self._store.unsent(LATE, AT_ONCE):
            if late[-1].id <= last:  # what is left could not be told, or not be struck off: the next sweep tries again
                break
            last = late[-1].id
            await self._tell_late(late)
            await self.flush()
            count += len(late)
        return count

    async def _tell_late(self, late: Sequence[Outgoing]) -> None:
        """One that can't be told keeps nobody from hearing the others."""
        try:
            await self.tell(late)
        except BusDown:
            raise
        except Exception:
            log.warning("events are told one by one", extra={"count": len(late)})
        else:
            return
        for event in late:
            try:
                await self.tell([event])
            except BusDown:
                raise
            except Exception:
                log.exception("an event can't be told", extra={"event_id": event.id, "kind": event.kind})

    async def flush(self) -> None:
        """Wait until all that was handed over is told or given up; who stops waiting stops none of it."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        if self._marking is not None:
            await asyncio.wait([self._marking])
