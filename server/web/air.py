"""The doors of a lecture's sound and picture: playlists where a browser can't join parts, segments, the replay."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.responses import Response

from media.cmaf import INITIALISATION, MIME, PART, RATE, TYPE
from media.picture_cmaf import FRAME, HEIGHT, KEY_PARTS, SCALE, WIDTH
from media.picture_cmaf import MIME as PICTURE_MIME
from media.picture_cmaf import TYPE as PICTURE_TYPE
from server.actions import lecture_air, lecture_film
from server.actions.errors import NotHere
from server.actions.floor import MARK as VOICE
from server.camera import MARK
from server.domain.lecture import OVERRUN
from server.domain.people import Role
from server.domain.replay import Names, Segment, Shown, live_playlist, replay_playlist, whole_playlist
from server.edges import INIT
from server.grants import SEAL_S
from server.live import protocol as wire
from server.parts import Parts
from server.store.replay_views import duration_ms
from server.web.door import Call, Door

WATCHERS = frozenset({Role.STUDENT, Role.LECTURER, Role.REVIEWER})
KEEPERS = frozenset({Role.LECTURER, Role.REVIEWER})
PLAYLIST = "application/vnd.apple.mpegurl"
REPLAY_GRANT = timedelta(hours=6)
PART_S = PART / RATE
MOST_SPANS = 200
PICTURE_CODEC = PICTURE_TYPE.partition('"')[2].rstrip('"')
HEARD_BITS, SEEN_BITS = 40_000, 150_000  # at the most, with their packing


def sound_of(
    call: Call[Any], sound: str, until: float, *, picture: tuple[str, str] | None = None, voices: str | None = None
) -> wire.SoundView:
    """Good until then, by the names of the playlists: of the lecturer's sound and, where there is one, of picture and
    both, and of pupils' voices."""
    grant = call.parts.grants.grant(call.id(), call.person.id, round(until))

    def at(name: str) -> str:
        return f"/hls/{grant}/{name}.m3u8"

    return wire.SoundView(
        type=TYPE,
        initialisation=INITIALISATION,
        playlist=at(sound),
        picture=wire.PictureView(type=PICTURE_TYPE, playlist=at(picture[0]), whole=at(picture[1])) if picture else None,
        voices=at(voices) if voices else None,
    )


def live_sound(call: Call[Any], lecture: wire.LectureView) -> wire.SoundView:
    """Good until the room is closed at the latest."""
    until = (lecture.ends_at + OVERRUN).timestamp()
    return sound_of(call, "live", until, picture=("picture", "whole"), voices="floor")


async def live(call: Call[None]) -> Response:
    return await _live(call, "", 1)


async def live_picture(call: Call[None]) -> Response:
    return await _live(call, MARK, KEY_PARTS)


async def live_floor(call: Call[None]) -> Response:
    return await _live(call, VOICE, 1)


async def _live(call: Call[None], mark: str, whole_parts: int) -> Response:
    lecture = _granted(call)
    edges = call.parts.edges
    if not await call.parts.listeners.may(call.person, lecture):
        raise NotHere
    number, part = _number(call.query.get("_HLS_msn")), _number(call.query.get("_HLS_part"))
    edge = await (edges.edge(lecture, mark) if number is None else edges.reached(lecture, number, part, mark))
    if edge is None:
        raise NotHere
    names = _Sealed(call.parts, lecture, mark)
    text = live_playlist(edge, names.beginning(edge.take), PART_S, names, whole_parts)
    return Response(text, media_type=PLAYLIST)


async def live_whole(call: Call[None]) -> Response:
    if not await call.parts.listeners.may(call.person, _granted(call)):
        raise NotHere
    return _whole("live", "picture")


async def rewind(call: Call[None]) -> wire.LectureRewind:
    id, views = call.id(), call.parts.views
    lecture = await views.lectures.lecture(id)
    if lecture is None or not await call.parts.listeners.may(call.person, id):
        raise NotHere
    until = (lecture.ends_at + OVERRUN).timestamp()
    lists = sound_of(call, "rewind", until, picture=("rewind-picture", "rewind-whole"), voices="rewind-voices")
    view = await views.replays.rewind(id, _number(call.query.get("after")) or 0, lists)
    if view is None:
        raise NotHere
    return view


async def rewind_list(call: Call[None]) -> Response:
    return await _rewind(call, "")


async def rewind_picture(call: Call[None]) -> Response:
    return await _rewind(call, MARK)


async def rewind_voices(call: Call[None]) -> Response:
    return await _rewind(call, VOICE)


async def _rewind(call: Call[None], mark: str) -> Response:
    """What is kept so far, or what of it ends after `from`, in ms: who knows the rest asks for what is new."""
    id = _granted(call)
    if not await call.parts.listeners.may(call.person, id):
        raise NotHere
    found = await call.parts.store.rows("SELECT started_at FROM lectures WHERE id = %(id)s", {"id": id})
    known = _number(call.query.get("from")) or 0
    segments = [each for each in await _track(call, id, mark) if each.ends_ms > known]
    return _playlist(call, id, segments, found[0].started_at, mark, grows=True)


async def rewind_whole(call: Call[None]) -> Response:
    if not await call.parts.listeners.may(call.person, _granted(call)):
        raise NotHere
    return _whole("rewind", "rewind-picture")


async def _track(call: Call[Any], id: UUID, mark: str) -> Sequence[Segment]:
    views = call.parts.views.replays
    return await {"": views.segments, MARK: views.pictures, VOICE: views.voices}[mark](id)


async def replay_list(call: Call[None]) -> Response:
    return await _replay(call, "")


async def replay_picture(call: Call[None]) -> Response:
    return await _replay(call, MARK)


async def replay_voices(call: Call[None]) -> Response:
    return await _replay(call, VOICE)


async def _replay(call: Call[None], mark: str) -> Response:
    id = _granted(call)
    lecture = await call.parts.views.replays.open_to(call.person, id)
    if lecture is None:
        raise NotHere
    return _playlist(call, id, await _track(call, id, mark), lecture.started_at, mark)


async def replay_whole(call: Call[None]) -> Response:
    if await call.parts.views.replays.open_to(call.person, _granted(call)) is None:
        raise NotHere
    return _whole("replay", "replay-picture")


def _whole(sound: str, picture: str) -> Response:
    heard, seen = Shown("mp4a.40.2", HEARD_BITS), Shown(PICTURE_CODEC, SEEN_BITS)
    names = (f"{sound}.m3u8", f"{picture}.m3u8")
    text = whole_playlist(names[0], heard, names[1], seen, (WIDTH, HEIGHT), SCALE / FRAME)
    return Response(text, media_type=PLAYLIST)


def _playlist(
    call: Call[None], id: UUID, segments: Sequence[Segment], began: datetime, mark: str = "", *, grows: bool = False
) -> Response:
    names = _Sealed(call.parts, id, mark)
    addresses = {each: names.segment(each.take, each.number) for each in segments}
    text = replay_playlist(segments, began, names.beginning, addresses, grows=grows)
    return Response(text, media_type=PLAYLIST)


async def segment(call: Call[None]) -> Response:
    """For whoever holds its address; a CDN may keep it."""
    id, name = call.id("lecture_id"), call.path["name"]
    if not call.parts.grants.opens(call.path["seal"], id, name, time.time()):
        raise NotHere
    data = await call.parts.edges.data(id, name)
    if data is None:
        raise NotHere
    mime = PICTURE_MIME if name.startswith(MARK) else MIME
    return Response(data, media_type=mime, headers={"Cache-Control": f"public, max-age={SEAL_S}, immutable"})


async def rerun(call: Call[None]) -> wire.LectureReplay:
    views = call.parts.views.replays
    lecture = await views.open_to(call.person, call.id())
    if lecture is None:
        raise NotHere
    kept = timedelta(days=call.parts.settings.lecture_days)
    picture = ("replay-picture", "replay-whole") if await views.pictures(call.id()) else None
    voices = "replay-voices" if await views.voices(call.id()) else None
    sound = sound_of(call, "replay", time.time() + REPLAY_GRANT.total_seconds(), picture=picture, voices=voices)
    view = await views.replay(call.person, lecture, sound, kept)
    if view is None:
        raise NotHere
    return view


async def film(call: Call[None]) -> wire.LectureFilm:
    views = call.parts.views.replays
    lecture = await views.open_to(call.person, call.id())
    keeper = lecture is not None and (lecture.lecturer_id == call.person.id or call.person.is_a(Role.REVIEWER))
    if lecture is None:
        lecture = await views.for_staff(call.person, call.id())
        keeper = True
    found = None if lecture is None else await views.film(lecture, keeper=keeper)
    if found is None:
        raise NotHere
    return found


async def school_films(call: Call[None]) -> wire.SchoolFilms:
    return await call.parts.views.replays.films_for(call.person)


async def film_again(call: Call[None]) -> wire.LectureFilm:
    async with call.parts.store.work() as work:
        await lecture_film.again(work, call.person, call.id())
    return await film(call)


async def show_or_hide(call: Call[wire.ShowReplay]) -> None:
    async with call.parts.store.work() as work:
        await lecture_air.show_replay(work, call.person, call.id(), call.body.shown)


async def watched(call: Call[wire.WatchedSpans]) -> None:
    lecture = await call.parts.views.replays.open_to(call.person, call.id())
    if lecture is None:
        raise NotHere
    spans = [(span.from_ms, span.to_ms) for span in call.body.spans[:MOST_SPANS]]
    async with call.parts.store.work() as work:
        at_ms = call.body.at_ms if call.body.at_ms is not None else spans[-1][1] if spans else 0
        await lecture_air.watch(work, call.person, call.id(), duration_ms(lecture), spans, at_ms)


def _granted(call: Call[None]) -> UUID:
    """The lecture of an address, for the person it was made for."""
    grant = call.parts.grants.read(call.path["grant"], time.time())
    if grant is None or grant.person != call.person.id:
        raise NotHere
    return grant.lecture


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise NotHere
    return int(text)


class _Sealed(Names):
    def __init__(self, parts: Parts, lecture: UUID, mark: str) -> None:
        self._parts, self._lecture, self._mark, self._now = parts, lecture, mark, time.time()

    def beginning(self, take: int) -> str:
        return self.of(f"{self._mark}{take}.mp4" if self._mark else INIT)

    def segment(self, take: int, number: int) -> str:
        return self.of(f"{self._mark}{take}.{number}.m4s")

    def part(self, take: int, number: int, part: int) -> str:
        return self.of(f"{self._mark}{take}.{number}.{part}.m4s")

    def of(self, name: str) -> str:
        return f"/hls/{self._parts.grants.seal(self._lecture, name, self._now)}/{self._lecture}/{name}"


DOORS = (
    Door("GET", "/hls/{grant}/live.m3u8", live, WATCHERS, "What is heard now, for browsers that can't join parts",
         tag="sound", query=("_HLS_msn", "_HLS_part"), content_type=PLAYLIST),
    Door("GET", "/hls/{grant}/picture.m3u8", live_picture, WATCHERS, "The lecturer's camera, as it is now", tag="sound",
         query=("_HLS_msn", "_HLS_part"), content_type=PLAYLIST),
    Door("GET", "/hls/{grant}/whole.m3u8", live_whole, WATCHERS, "Picture and sound, or the sound alone", tag="sound",
         content_type=PLAYLIST),
    Door("GET", "/hls/{grant}/replay-picture.m3u8", replay_picture, WATCHERS, "All that the camera showed", tag="sound",
         content_type=PLAYLIST),
    Door("GET", "/hls/{grant}/replay-whole.m3u8", replay_whole, WATCHERS, "Both of it, or the sound alone", tag="sound",
         content_type=PLAYLIST),
    Door("GET", "/hls/{grant}/floor.m3u8", live_floor, WATCHERS, "A pupil who has the floor, as it is now", tag="sound",
         query=("_HLS_msn", "_HLS_part"), content_type=PLAYLIST),
    Door("GET", "/hls/{grant}/replay-voices.m3u8", replay_voices, WATCHERS, "What is kept of pupils who spoke",
         tag="sound", content_type=PLAYLIST),
    Door("GET", "/hls/{grant}/rewind-picture.m3u8", rewind_picture, WATCHERS, "A camera on the air, so far",
         tag="sound", query=("from",), content_type=PLAYLIST),
    Door("GET", "/hls/{grant}/rewind-whole.m3u8", rewind_whole, WATCHERS, "Both of it so far, or the sound alone",
         tag="sound", content_type=PLAYLIST),
    Door("GET", "/hls/{grant}/rewind-voices.m3u8", rewind_voices, WATCHERS, "What is kept so far of pupils who spoke",
         tag="sound", query=("from",), content_type=PLAYLIST),
    Door("GET", "/hls/{grant}/rewind.m3u8", rewind_list, WATCHERS, "What was heard so far of a lecture on the air",
         tag="sound", query=("from",), content_type=PLAYLIST),
    Door("GET", "/hls/{grant}/replay.m3u8", replay_list, WATCHERS, "All that was heard", tag="sound",
         content_type=PLAYLIST),
    Door("GET", "/hls/{seal}/{lecture_id}/{name}", segment, "anyone", "A segment or part of a lecture's sound",
         tag="sound", content_type=MIME),
    Door("GET", "/api/lectures/{id}/rewind", rewind, WATCHERS, "A lecture on the air, to step back in it",
         reply=wire.LectureRewind, tag="sound", query=("after",)),
    Door("GET", "/api/lectures/{id}/replay", rerun, WATCHERS, "A lecture that is over, as it was",
         reply=wire.LectureReplay, tag="sound"),
    Door("GET", "/api/lectures/{id}/film", film, WATCHERS | {Role.SCHOOL_ADMIN}, "Its one video, or how far that is",
         reply=wire.LectureFilm, tag="sound"),
    Door("GET", "/api/school/films", school_films, frozenset({Role.SCHOOL_ADMIN}),
         "Videos of lectures that were open for one's school", reply=wire.SchoolFilms, tag="sound"),
    Door("POST", "/api/lectures/{id}/film", film_again, KEEPERS, "Make its video anew", reply=wire.LectureFilm,
         tag="sound"),
    Door("POST", "/api/lectures/{id}/replay", show_or_hide, KEEPERS, "Whether pupils may watch it", wire.ShowReplay,
         tag="sound"),
    Door("POST", "/api/lectures/{id}/watched", watched, WATCHERS, "What was played of its replay", wire.WatchedSpans,
         tag="sound"),
)  # fmt: skip
