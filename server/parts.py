"""The parts of a running process, as the doors and jobs are handed them; server/app.py puts them together."""

from dataclasses import dataclass
from uuid import UUID

from media.storage import FolderStorage, S3Storage
from server.actions.ask import Asked, Asking
from server.actions.lecture_room import Line
from server.actions.ports import Rules
from server.actions.teach import Place
from server.edges import Edges
from server.grants import Grants
from server.listeners import Listeners
from server.live.bus import Bus, BusDown
from server.live.hub import Hub
from server.live.protocol import HandPlace, LineView, Position, RoomSnapshot
from server.matching import MatcherFinder
from server.pipeline import HearingProcess, ReadingProcess
from server.relay import Relay
from server.settings import Settings
from server.store.sign_ins import SignInRecord
from server.store.views import Views
from server.store.work import Store
from server.texts import Texts
from server.together import Together
from server.web.limits import Limits


@dataclass(frozen=True)
class Backstage:
    """What every process has."""

    settings: Settings
    rules: Rules
    store: Store
    storage: FolderStorage | S3Storage
    views: Views
    finder: MatcherFinder
    bus: Bus
    relay: Relay
    reader: ReadingProcess
    hearer: HearingProcess
    texts: Texts

    async def position(self, channel: str) -> Position:
        """Where a channel stands; nowhere while the bus is down: the page then loads a snapshot when it is back."""
        try:
            return await self.bus.position(channel)
        except BusDown:
            return Position(epoch="", offset=0)


@dataclass(frozen=True)
class Parts(Backstage):
    """And a web process besides."""

    hub: Hub
    limits: Limits
    asking: Together[None, Asking, Asked]  # texts
    recognizing: Together[bool, bytes, SignInRecord | None]  # tokens' hashes, of programs or of browsers
    enrolling: Together[UUID, UUID, Place]  # pupils, by lecture
    voting: Together[tuple[UUID, int], UUID, int]  # pupils, by lecture and question
    saying: Together[UUID, Line, LineView]  # what is said in a room, by lecture
    entering: Together[UUID, UUID, RoomSnapshot]  # pupils, by lecture
    grants: Grants
    edges: Edges
    listeners: Listeners
    polling: Together[tuple[UUID, int], tuple[UUID, int], int]  # pupils and their options, by lecture and poll
    raising: Together[UUID, UUID, HandPlace]  # pupils, by lecture; so are those who are lost
    losing: Together[UUID, UUID, int]
