"""A lecture is taken away as a ZIP: whole, without a pupil's name, by those who may, and going on where it was cut."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from media.captions import Caption
from server.actions import lecture_captions, lecture_room
from server.actions.lecture_air import segment_key
from server.domain.people import Role
from server.package import export_to
from tests.builders import World
from tests.pictures import flashes_in
from tests.web.test_lecture_film import ended, film_of
from tests.web.test_sound import Hall, hall

__all__ = ["hall"]


async def test_a_package_is_whole_goes_on_where_it_was_cut_and_names_no_pupil(hall: Hall, tmp_path: Path) -> None:
    pupil = await hall.seated("pupil")
    async with hall.parts.store.work() as work:
        line = lecture_room.Line(pupil, uuid4(), "question", "为什么开口向下")
        await lecture_room.say(work, hall.id, [line], await work.now())
    path = f"/api/lectures/{hall.id}/package"
    assert (await hall.get(hall.lecturer, path)).status_code == 404  # it goes on
    await ended(hall)
    async with hall.parts.store.work() as work:
        cues = [Caption(0, 1_000, "先看开口")]
        await lecture_captions.bring(work, hall.lecturer, hall.id, cues, reviewed_first=False)
    await hall.parts.storage.delete(segment_key(hall.id, 1, 1))

    whole = await hall.get(hall.lecturer, path)

    assert whole.status_code == 200 and len(whole.content) == int(whole.headers["Content-Length"])
    with zipfile.ZipFile(io.BytesIO(whole.content)) as package:
        assert package.testzip() is None
        told: Any = {name: json.loads(package.read(name)) for name in package.namelist() if name.endswith(".json")}
        assert [name for name in package.namelist() if name.startswith("sound")] == [
            "sound/init.mp4", "sound/001/00000.m4s", "sound/001/00002.m4s",
        ]  # fmt: skip
        assert "先看开口" in package.read("captions.vtt").decode()
        camera = [name for name in package.namelist() if name.startswith("camera")]
        assert camera[:2] == ["camera/001/init.mp4", "camera/001/00000.m4s"]
        assert flashes_in(b"".join(package.read(name) for name in camera)) == []  # it can be watched
    assert told["lecture.json"]["missing"] == ["sound/001/00001.m4s"] and len(told["lecture.json"]["sound"]) == 3
    assert told["questions.json"] == [{"text": "为什么开口向下", "votes": 0, "answered": False}]
    assert told["attendance.json"]["questions"] == 1 and told["ink.json"][0]["kind"] == "page"
    assert pupil.nickname.encode() not in whole.content and str(pupil.id).encode() not in whole.content

    again = {"Range": "bytes=700-", "If-Range": whole.headers["ETag"]}
    rest = await hall.get(hall.lecturer, path, again)
    assert rest.status_code == 206 and rest.content == whole.content[700:]
    assert rest.headers["Content-Range"] == f"bytes 700-{len(whole.content) - 1}/{len(whole.content)}"
    stale = await hall.get(hall.lecturer, path, {**again, "If-Range": '"another"'})
    assert stale.status_code == 200 and stale.content == whole.content
    beyond = await hall.get(hall.lecturer, path, {"Range": f"bytes={len(whole.content)}-"})
    assert beyond.status_code == 416
    world = World(hall.parts.store)
    other, operator = [await world.person(f"a {role}", role) for role in (Role.LECTURER, Role.OPERATOR)]
    assert [(await hall.get(who, path)).status_code for who in (other, operator, pupil)] == [404, 200, 403]
    rows = await hall.parts.store.rows("SELECT person_id, from_byte FROM lecture_exports ORDER BY id", {})
    assert [(row.person_id, row.from_byte) for row in rows] == [
        (hall.lecturer.id, 0), (hall.lecturer.id, 700), (hall.lecturer.id, 0), (operator.id, 0),
    ]  # fmt: skip

    # by the command, which was stopped in the middle; and with the film, once it is made
    target = tmp_path / "lecture.zip"
    part = target.with_name(f"lecture.zip.{whole.headers['ETag'].strip(chr(34))}.part")
    part.write_bytes(whole.content[:500])
    assert await export_to(hall.parts, hall.id, target) == len(whole.content) - 500
    assert target.read_bytes() == whole.content and not part.exists()
    film = await film_of(hall)
    await export_to(hall.parts, hall.id, target)
    with zipfile.ZipFile(target) as package:
        assert package.read("video.mp4") == film and package.testzip() is None
    with pytest.raises(LookupError):
        await export_to(hall.parts, uuid4(), target)
