"""What an open socket may hear and do: the socket's questions to the rest of the service."""

from uuid import UUID

from server.actions import answer, lecture_room
from server.actions.errors import NotHere, Refusal
from server.air import Studio
from server.domain.people import Person, Role
from server.live.connection import Caller, Seat
from server.live.protocol import Ack, Act, Air, Aired, Refused
from server.store import sign_ins
from server.store.views import Views
from server.store.work import DUTY_CHANNEL, Store, gallery_channel, person_channel, room_channel, session_channel


class ServiceDesk:
    """`live.connection.Desk` on the real store; deny by default."""

    def __init__(self, store: Store, views: Views, studio: Studio | None = None) -> None:
        """Without a studio no microphone is taken here."""
        self._store, self._views, self._studio = store, views, studio

    async def redeem(self, ticket: str) -> Caller | None:
        found = await sign_ins.redeem(self._store, ticket)
        return None if found is None else Caller(found.person, found.id)

    async def may_listen(self, person: Person, channel: str) -> bool:
        if channel == person_channel(person.id):
            return True
        if channel == DUTY_CHANNEL:
            return person.is_a(Role.DUTY_ADMIN)
        lecture = _id_in(channel, "lecture")
        if lecture is not None:
            return await self._views.lectures.seen_by(person, lecture) is not None
        room = _id_in(channel, "room") or _id_in(channel, "picture")
        if room is not None:
            return await self._views.rooms.side(person, room) is not None
        backstage = _id_in(channel, "staff")
        if backstage is not None:
            return await self._views.rooms.side(person, backstage) in ("lecturer", "reviewer")
        session, watched = _id_in(channel, "session"), _id_in(channel, "gallery")
        if session is not None:
            return await self._views.side_in_session(person.id, session) in ("teacher", "student")
        return watched is not None and await self._views.side_in_session(person.id, watched) == "follower"

    async def act(self, person: Person, act: Act) -> Ack | Refused:
        """A board is a session's, or a lecture's: they have different ids, and sessions come first."""
        try:
            try:
                async with self._store.work() as work:
                    seq = await answer.draw(work, person, act.session, act.assignment_epoch, act.id, act.kind, act.body)
            except NotHere:
                if not person.is_a(Role.LECTURER):
                    raise
                async with self._store.work() as work:
                    seq = await lecture_room.draw(
                        work, person, act.session, act.assignment_epoch, act.id, act.kind, act.body
                    )
        except Refusal as refusal:
            return Refused(id=act.id, code=refusal.code, zh=refusal.zh, en=refusal.en)
        return Ack(id=act.id, seq=seq)

    async def air(self, person: Person, slice: Air) -> Aired:
        if self._studio is None:
            return Aired(lecture=slice.lecture, take=slice.take, at=0, state="busy")
        return await self._studio.hears(person, slice)

    async def seat(self, person: Person, session: UUID) -> Seat | None:
        held = await self._views.seats(session)
        if held is None and person.is_a(Role.LECTURER):
            return await self._lecturers_seat(person, session)
        if held is None:
            return None
        gallery = gallery_channel(session)
        if person.id == held.teacher_id:
            return Seat("teacher", session_channel(session), gallery=gallery)
        if person.id == held.student_id:
            return Seat("student", session_channel(session), not held.pen_locked, gallery)
        return None

    async def _lecturers_seat(self, person: Person, lecture: UUID) -> Seat | None:
        """Pupils have none: nothing that they send reaches a room by the socket."""
        state = await self._views.rooms.state(lecture)
        if state is None or state.state != "live" or await self._views.rooms.side(person, lecture) != "lecturer":
            return None
        return Seat("teacher", room_channel(lecture))


def _id_in(channel: str, kind: str) -> UUID | None:
    head, _, id = channel.partition(":")
    try:
        return UUID(id) if head == kind and len(id) == 36 else None
    except ValueError:
        return None
