"""The doors of a lecture that is over: its captions, and finding a moment in it."""

import asyncio
from typing import Any

from starlette.responses import Response

from media.captions import MOST_BYTES, Caption, read_webvtt, webvtt
from server.actions import lecture_captions
from server.actions.errors import NotHere
from server.domain.people import Role
from server.live import protocol as wire
from server.store.lines import Record
from server.store.replay_views import duration_ms
from server.web.door import Call, Door

LECTURER, REVIEWER = frozenset({Role.LECTURER}), frozenset({Role.REVIEWER})
WATCHERS = LECTURER | REVIEWER | {Role.STUDENT}
LONGEST_SEARCH = 60
MISTAKES = 20  # that are told of one file
VTT = "text/vtt"


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
)  # fmt: skip
