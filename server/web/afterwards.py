"""The doors of a lecture that is over: its captions, and finding a moment in it."""

import asyncio
import re
from typing import Any

from starlette.responses import Response, StreamingResponse

from media.captions import MOST_BYTES, Caption, read_webvtt, webvtt
from server.actions import lecture_captions
from server.actions.errors import NotHere
from server.domain.people import Role
from server.live import protocol as wire
from server.package import note, over, package_of
from server.store.lines import Record
from server.store.replay_views import duration_ms
from server.web.door import Call, Door

LECTURER, REVIEWER = frozenset({Role.LECTURER}), frozenset({Role.REVIEWER})
WATCHERS = LECTURER | REVIEWER | {Role.STUDENT}
LONGEST_SEARCH = 60
MISTAKES = 20  # that are told of one file
VTT = "text/vtt"
ZIP = "application/zip"
KEEPERS = LECTURER | {Role.OPERATOR}
_FROM = re.compile(r"bytes=(\d{1,15})-")


async def moments(call: Call[None]) -> wire.Moments:
    words = call.query.get("words", "")[:LONGEST_SEARCH]
    return await call.parts.views.replays.moments(call.person, await _watched(call), words)


async def captions(call: Call[None]) -> Response:
    """As a file to be played or kept."""
    lecture = await _watched(call)
    found = await call.parts.views.replays.captions(call.person, lecture)
    if found is None:
        raise NotHere
    text = webvtt([Caption(*cue) for cue in found.cues])
    named = {"Content-Disposition": f'attachment; filename="lecture-{lecture.id}.vtt"'}
    return Response(text, headers=named, media_type=VTT)


async def bring_captions(call: Call[wire.BringCaptions]) -> wire.CaptionsBrought:
    """All or none; what is wrong is told by line."""
    lecture = await _watched(call)
    data = call.body.text.encode("utf-8", "replace")
    cues, faults = await asyncio.to_thread(read_webvtt, data, duration_ms(lecture))
    if not faults:
        async with call.parts.store.work() as work:
            first = call.parts.views.replays_reviewed
            await lecture_captions.bring(work, call.person, lecture.id, cues, reviewed_first=first)
    elif lecture.lecturer_id != call.person.id:
        raise NotHere
    return wire.CaptionsBrought(
        cues=0 if faults else len(cues),
        mistakes=[str(each) for each in faults[:MISTAKES]],
        captions=await call.parts.views.replays.captions_state(call.person, lecture),
    )


async def remove_captions(call: Call[None]) -> None:
    async with call.parts.store.work() as work:
        await lecture_captions.remove(work, call.person, call.id())


async def show_captions(call: Call[wire.ShowCaptions]) -> None:
    async with call.parts.store.work() as work:
        await lecture_captions.show(work, call.person, call.id(), call.body.shown)


async def take_away(call: Call[None]) -> Response:
    """Its package. What was cut goes on by `Range`, as long as nothing of the lecture has changed."""
    parts, person = call.parts, call.person
    lecture = await over(parts, call.id())
    if lecture is None or not (lecture.lecturer_id == person.id or person.is_a(Role.OPERATOR)):
        raise NotHere
    package = await package_of(parts, lecture)
    size, tag = package.size, f'"{package.tag}"'
    asked = _FROM.fullmatch(call.request.headers.get("range", ""))
    begin = int(asked[1]) if asked and call.request.headers.get("if-range", tag) == tag else 0
    named = {
        "Content-Disposition": f'attachment; filename="lecture-{lecture.id}.zip"',
        "Accept-Ranges": "bytes",
        "ETag": tag,
    }
    if begin >= size:
        return Response(status_code=416, headers={**named, "Content-Range": f"bytes */{size}"})
    await note(parts, lecture.id, person.id, begin)
    if begin:
        named["Content-Range"] = f"bytes {begin}-{size - 1}/{size}"
    named["Content-Length"] = str(size - begin)
    return StreamingResponse(package.stream(parts.storage, begin), 206 if begin else 200, headers=named, media_type=ZIP)


async def _watched(call: Call[Any]) -> Record:
    lecture = await call.parts.views.replays.open_to(call.person, call.id())
    if lecture is None:
        raise NotHere
    return lecture


DOORS = (
    Door("GET", "/api/lectures/{id}/moments", moments, WATCHERS, "Where words are written or said in it",
         reply=wire.Moments, tag="afterwards", query=("words",)),
    Door("GET", "/api/lectures/{id}/captions", captions, WATCHERS, "What was said, as WebVTT", tag="afterwards",
         content_type=VTT),
    Door("POST", "/api/lectures/{id}/captions", bring_captions, LECTURER, "Bring captions as WebVTT",
         wire.BringCaptions, wire.CaptionsBrought, tag="afterwards", max_body=3 * MOST_BYTES),
    Door("POST", "/api/lectures/{id}/captions/remove", remove_captions, LECTURER, "Take the captions away",
         tag="afterwards"),
    Door("POST", "/api/lectures/{id}/captions/show", show_captions, REVIEWER, "Whether pupils see the captions",
         wire.ShowCaptions, tag="afterwards"),
    Door("GET", "/api/lectures/{id}/package", take_away, KEEPERS, "All of it as a ZIP, to be kept elsewhere",
         tag="afterwards", content_type=ZIP),
)  # fmt: skip
