"""Who may hear a lecture just now, asked as often as players ask for a playlist, and looked up every other second."""

import time
from uuid import UUID

from server.domain.people import Person
from server.store.views import Views

BELIEVED_S = 2.0  # who is removed hears nothing new within five seconds, a segment under way included
MOST = 20_000


class Listeners:
    def __init__(self, views: Views) -> None:
        self._views = views
        self._known: dict[tuple[UUID, UUID], tuple[bool, float]] = {}

    async def may(self, person: Person, lecture: UUID) -> bool:
        allowed, until = self._known.get((person.id, lecture), (False, 0.0))
        now = time.monotonic()
        if now < until:
            return allowed
        state = await self._views.rooms.state(lecture)
        live = state is not None and state.state == "live"
        allowed = live and await self._views.rooms.side(person, lecture) is not None
        if len(self._known) >= MOST:
            self._known = {who: held for who, held in self._known.items() if held[1] > now}
        self._known[person.id, lecture] = allowed, now + BELIEVED_S
        return allowed
