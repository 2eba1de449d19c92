"""Addresses of a lecture's sound: what each opens, for whom, and until when."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, update
from starlette.applications import Starlette

from server.actions import lecture_room
from server.actions.teach import enrol
from server.domain.people import Person, Role
from server.parts import Parts
from server.store import tables as t
from server.store.rooms import RoomBook
from server.web.auth import make_token
from tests.actions.test_lectures import a_plan, opened
from tests.builders import World
from tests.pictures import filmed
from tests.sounds import clicks, recorded
from tests.web.conftest import ORIGIN, a_page

SHOWN = base64.b64encode(filmed(6.0, size=(160, 120), bits=40_000)).decode()


class Hall:
    """A lecture that has been on air for a minute, whose lecturer spoke for nine seconds."""

    def __init__(self, parts: Parts, client: httpx.AsyncClient, id: UUID, lecturer: Person) -> None:
        self.parts, self._client, self.id, self.lecturer = parts, client, id, lecturer
        self._tokens: dict[str, str] = {}

    async def get(self, who: Person | None, path: str, more: dict[str, str] | None = None) -> httpx.Response:
        headers = {"Origin": ORIGIN, **(more or {})}
        if who is not None:
            if who.login not in self._tokens:
                self._tokens[who.login] = await make_token(self.parts.store, who.login, 1)
            headers["Authorization"] = f"Bearer {self._tokens[who.login]}"
        return await self._client.get(path, headers=headers)

    async def address(self, who: Person) -> str:
        answer = await self.get(who, f"/api/lectures/{self.id}/room")
        return str(answer.json()["sound"]["playlist"])

    async def seated(self, login: str) -> Person:
        pupil = await World(self.parts.store).student(login)
        async with self.parts.store.work() as work:
            await enrol(work, self.id, [pupil.id], await work.now())
        return pupil


@pytest.fixture
async def hall(parts: Parts, app: Starlette, program: httpx.AsyncClient) -> Hall:
    world = World(parts.store)
    lecturer = await world.person("lecturer", Role.LECTURER)
    id = await opened(parts.store, lecturer, await a_plan(world, capacity=9))
    lecture = update(t.lectures).where(t.lectures.c.id == id)
    start = func.clock_timestamp() + timedelta(minutes=5)
    async with parts.store.engine.begin() as connection:
        await connection.execute(lecture.values(starts_at=start, ends_at=start + timedelta(hours=1)))
    async with parts.store.work() as work:
        epoch = await lecture_room.start(work, lecturer, id, await work.now())
    async with parts.store.engine.begin() as connection:
        await connection.execute(lecture.values(started_at=func.clock_timestamp() - timedelta(minutes=1)))
    ticket = (await program.post("/api/tickets", headers=await _bearer(parts, lecturer))).json()["ticket"]
    page = await a_page(app, ticket)
    said = base64.b64encode(recorded(clicks(9.0, [1.0, 5.0]))).decode()
    page.say(
        {
            "frame": "air",
            "lecture": str(id),
            "room_epoch": epoch,
            "take": "t",
            "type": "audio/webm;codecs=opus",
            "at": 0,
            "ago_ms": 9_000,
            "bytes": said,
        }
    )
    beside: dict[str, Any] = {
        "frame": "air",
        "lecture": str(id),
        "room_epoch": epoch,
        "ago_ms": 0,
        "bytes": "",
        "at": 0,
    }
    shown = {"take": "c", "track": "camera", "beside": "t", "after_ms": 1_000, "type": "video/webm"}
    page.say({**beside, **shown, "bytes": SHOWN})
    page.say({**beside, "take": "t", "type": "audio/webm;codecs=opus", "last": True})
    for _ in range(3):
        while (frame := await page.hear()).get("frame") != "aired":
            continue
        assert frame["state"] == "on"
    page.leave()
    await page.task
    replays = parts.views.replays
    async with asyncio.timeout(20):  # the store takes them by and by
        while len(await replays.segments(id)) < 3 or len(await replays.pictures(id)) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return Hall(parts, program, id, lecturer)


async def _bearer(parts: Parts, who: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {await make_token(parts.store, who.login, 1)}", "Origin": ORIGIN}


def uris(playlist: str) -> list[str]:
    return re.findall(r"/hls/[^\"\n]+", playlist)


async def test_a_playlist_is_for_one_person_and_its_segments_for_who_holds_their_addresses(hall: Hall) -> None:
    pupil, other = await hall.seated("pupil"), await hall.seated("other")
    address = await hall.address(pupil)

    mine = await hall.get(pupil, address)

    assert mine.status_code == 200 and mine.headers["Cache-Control"] == "no-store"
    assert "#EXT-X-PART-INF" in mine.text and mine.text.count("#EXTINF") == 3
    for who in (other, hall.lecturer, None):  # leaked, shared, without any sign-in
        assert (await hall.get(who, address)).status_code in (401, 404)
    grant = address.split("/")[2]
    late = hall.parts.grants.grant(hall.id, pupil.id, int(time.time()) - 1)
    for token in (late, grant[:-4] + "AAAA", "x", grant.swapcase()):  # out of time, forged
        assert (await hall.get(pupil, f"/hls/{token}/live.m3u8")).status_code == 404
    found = [await hall.get(None, uri) for uri in uris(mine.text)[:-1]]  # the last one is still to come
    assert {each.status_code for each in found} == {200}
    assert all("public" in each.headers["Cache-Control"] for each in found)
    segment = next(uri for uri in uris(mine.text) if uri.endswith("1.0.m4s"))
    for wrong in (segment.replace("1.0.m4s", "1.1.m4s"), segment.replace(str(hall.id), str(pupil.id))):
        assert (await hall.get(pupil, wrong)).status_code == 404
    for wrong in ("?_HLS_msn=x", "?_HLS_msn=-1", "?_HLS_msn=99999999999"):
        assert (await hall.get(pupil, address + wrong)).status_code == 404
    waited = await hall.get(pupil, f"{address}?_HLS_msn=100001&_HLS_part=2")
    assert waited.status_code == 200


async def test_the_picture_has_playlists_of_its_own_and_the_sound_goes_without_it(hall: Hall) -> None:
    pupil, other = await hall.seated("pupil"), await hall.seated("other")
    room = (await hall.get(pupil, f"/api/lectures/{hall.id}/room")).json()
    addresses = room["sound"]["picture"]

    whole = await hall.get(pupil, addresses["whole"])
    picture = await hall.get(pupil, addresses["playlist"])

    assert room["pictures"]["channel"] == f"picture:{hall.id}"
    variants = whole.text.splitlines()
    assert variants[-3:] == ["picture.m3u8", variants[-2], "live.m3u8"]
    assert "avc1.42c00d,mp4a.40.2" in variants[-4] and 'CODECS="mp4a.40.2"' in variants[-2]  # and the sound alone
    assert picture.text.count("#EXTINF") == 2 and "INDEPENDENT" not in picture.text  # it is over: whole segments alone
    for who in (other, hall.lecturer, None):
        for address in (addresses["whole"], addresses["playlist"]):
            assert (await hall.get(who, address)).status_code in (401, 404)
    found = [await hall.get(None, uri) for uri in uris(picture.text)]
    assert [(each.status_code, each.headers["Content-Type"]) for each in found] == [(200, "video/mp4")] * 3
    assert b"avc1" in found[0].content and found[1].content[4:8] == b"moof"
    async with hall.parts.store.work() as work:
        await lecture_room.end(work, hall.lecturer, hall.id, await work.now())
    replay: Any = (await hall.get(pupil, f"/api/lectures/{hall.id}/replay")).json()
    again = await hall.get(pupil, replay["sound"]["picture"]["playlist"])
    assert again.text.count("#EXTINF") == 2 and again.text.endswith("#EXT-X-ENDLIST\n")
    assert "replay-picture.m3u8" in (await hall.get(pupil, replay["sound"]["picture"]["whole"])).text
    assert {(await hall.get(None, uri)).status_code for uri in uris(again.text)} == {200}


async def test_one_steps_back_while_it_is_on_the_air(hall: Hall) -> None:
    pupil, other, removed = [await hall.seated(login) for login in ("pupil", "other", "removed")]
    path = f"/api/lectures/{hall.id}/rewind"
    mine: Any = (await hall.get(pupil, path)).json()
    theirs: Any = (await hall.get(removed, path)).json()
    outsider = await World(hall.parts.store).student("outsider")

    assert [each["kind"] for each in mine["log"]] == ["page"] and mine["lasts_ms"] >= 50_000
    listed = await hall.get(pupil, mine["sound"]["playlist"])
    assert listed.text.count("#EXTINF") == 3 and "ENDLIST" not in listed.text
    assert {(await hall.get(None, uri)).status_code for uri in uris(listed.text)} == {200}
    newer = await hall.get(pupil, mine["sound"]["playlist"] + "?from=59700")
    assert newer.text.count("#EXTINF") == 1  # what is known is not told again
    assert (await hall.get(pupil, path + "?after=1")).json()["log"] == []
    assert (await hall.get(pupil, path + "?after=x")).status_code == 404
    assert (await hall.get(outsider, path)).status_code == 404
    assert (await hall.get(other, mine["sound"]["playlist"])).status_code == 404  # passed on

    async with hall.parts.store.work() as work:
        await RoomBook(work).rule(hall.id, removed.id, hall.lecturer.id, muted=True, removed=True)
        await work.commit()
    hall.parts.listeners._known.clear()  # two seconds later
    for address in (path, theirs["sound"]["playlist"]):
        assert (await hall.get(removed, address)).status_code == 404
    async with hall.parts.store.work() as work:
        await lecture_room.end(work, hall.lecturer, hall.id, await work.now())
    hall.parts.listeners._known.clear()
    for address in (path, mine["sound"]["playlist"]):
        assert (await hall.get(pupil, address)).status_code == 404


async def test_who_is_removed_and_what_is_over_is_heard_no_more(hall: Hall) -> None:
    pupil, removed = await hall.seated("pupil"), await hall.seated("removed")
    addresses = {who.login: await hall.address(who) for who in (pupil, removed)}
    async with hall.parts.store.work() as work:
        await RoomBook(work).rule(hall.id, removed.id, hall.lecturer.id, muted=True, removed=True)
        await work.commit()

    assert (await hall.get(removed, addresses["removed"])).status_code == 404
    assert (await hall.get(removed, f"/api/lectures/{hall.id}/room")).status_code == 404
    assert (await hall.get(pupil, addresses["pupil"])).status_code == 200
    assert (await hall.get(pupil, f"/api/lectures/{hall.id}/replay")).status_code == 404
    async with hall.parts.store.work() as work:
        await lecture_room.end(work, hall.lecturer, hall.id, await work.now())
    hall.parts.listeners._known.clear()  # two seconds later

    assert (await hall.get(pupil, addresses["pupil"])).status_code == 404
    replay: Any = (await hall.get(pupil, f"/api/lectures/{hall.id}/replay")).json()
    listed = await hall.get(pupil, replay["sound"]["playlist"])
    assert listed.text.count("#EXTINF") == 3 and listed.text.endswith("#EXT-X-ENDLIST\n")
    assert {(await hall.get(None, uri)).status_code for uri in uris(listed.text)} == {200}
    assert replay["views"] == 0 and replay["lasts_ms"] >= 60_000
    assert (await hall.get(removed, f"/api/lectures/{hall.id}/replay")).status_code == 404
    assert (await hall.get(removed, replay["sound"]["playlist"])).status_code == 404
