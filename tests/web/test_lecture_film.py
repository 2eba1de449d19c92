"""A lecture that is over becomes one video: with its sound in its place, once, for those who may have it."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from typing import Any
from uuid import uuid4

import av
import pytest
from sqlalchemy import func, insert, update

from media.face import corner
from media.render import render
from media.stream import parts
from server.actions import lecture_air, lecture_room, pulse
from server.actions.floor import MARK as VOICE
from server.actions.floor import forget_floors, take_back
from server.actions.lecture_air import segment_key, sweep_lectures
from server.domain.people import Person, Role
from server.filming import film_lecture, give_up_film
from server.live.protocol import HandPlace
from server.store import tables as t
from tests.builders import World
from tests.sounds import clicks, heard_in, recorded
from tests.web.test_sound import Hall, hall

__all__ = ["hall"]


async def draw(hall: Hall, op_id: str, kind: str, **op: Any) -> None:
    [row] = await hall.parts.store.rows("SELECT epoch FROM lectures WHERE id = %(id)s", {"id": hall.id})
    async with hall.parts.store.work() as work:
        await lecture_room.draw(work, hall.lecturer, hall.id, row.epoch, op_id, kind, op)


async def ended(hall: Hall) -> None:
    """Half a minute ago: nothing more is on its way to the store."""
    async with hall.parts.store.work() as work:
        await lecture_room.end(work, hall.lecturer, hall.id, await work.now())
    before = {"ended_at": func.clock_timestamp() - timedelta(seconds=30)}
    async with hall.parts.store.engine.begin() as connection:
        await connection.execute(update(t.lectures).where(t.lectures.c.id == hall.id).values(**before))


async def film_of(hall: Hall) -> bytes:
    await film_lecture(hall.parts, hall.id)
    [row] = await hall.parts.store.rows("SELECT * FROM lecture_films WHERE lecture_id = %(id)s", {"id": hall.id})
    assert (row.state, row.progress) == ("ready", 100)
    return await hall.parts.storage.read(row.video_key)


async def admin(hall: Hall, login: str) -> Person:
    """An administrator of a school; the lecture was open to all."""
    who, school = await World(hall.parts.store).person(login, Role.SCHOOL_ADMIN), uuid4()
    async with hall.parts.store.engine.begin() as connection:
        await connection.execute(insert(t.schools).values(id=school, name=f"school of {login}"))
        await connection.execute(insert(t.identities).values(account_id=who.id, school_id=school, real_name="x"))
    return who


async def test_it_is_one_film_with_chapters_in_step_and_for_who_may_have_it(hall: Hall) -> None:
    pupil = await hall.seated("pupil")
    await draw(hall, "o1", "text", id="w1", page="p1", x=500, y=500, text="顶点", color="#1f2937", size=320)
    await draw(hall, "o2", "page", page="p2", paper="squared", aspect=6_000)
    await draw(hall, "o3", "turn", page="p2")
    path = f"/api/lectures/{hall.id}/film"
    assert (await hall.get(pupil, path)).status_code == 404  # it is still on the air
    await ended(hall)
    waits = (await hall.get(pupil, path)).json()
    assert (waits["state"], waits["url"]) == ("making", None)
    [job] = await hall.parts.store.rows("SELECT args FROM procrastinate_jobs WHERE task_name = 'film_lecture'", {})
    assert job.args == {"lecture_id": str(hall.id)}

    # a worker dies in the middle of it; the next one goes on, to the same bytes
    making = asyncio.create_task(film_lecture(hall.parts, hall.id))
    kept: list[Any] = []
    async with asyncio.timeout(60):
        while not kept:
            await asyncio.sleep(0.02)
            kept = await hall.parts.storage.list(f"lectures/{hall.id}/film/", 10)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    film = await film_of(hall)
    assert await film_of(hall) == film

    [take] = await hall.parts.store.rows("SELECT start_ms FROM lecture_takes", {})
    said = [take.start_ms / 1000 + second for second in (1.0, 5.0)]
    assert heard_in(film) == pytest.approx(said, abs=0.08)
    with av.open(io.BytesIO(film)) as opened:
        chapters = opened.chapters()
        assert [chapter["metadata"]["title"] for chapter in chapters] == ["第 1", "第 2"]
        assert chapters[0]["start"] == 0 and film.index(b"moov") < film.index(b"mdat")
    assert not await hall.parts.storage.list(f"lectures/{hall.id}/film/", 10)

    mine, hers = (await hall.get(pupil, path)).json(), (await hall.get(hall.lecturer, path)).json()
    assert mine["url"] and mine["poster_url"] and mine["download_url"] is None and hers["download_url"]
    replay = (await hall.get(pupil, f"/api/lectures/{hall.id}/replay")).json()
    assert replay["film"]["state"] == "ready" and replay["film"]["size"] == len(film)
    staff, other = await admin(hall, "staff"), await World(hall.parts.store).person("other", Role.SCHOOL_ADMIN)
    assert (await hall.get(staff, path)).json()["download_url"]
    assert (await hall.get(other, path)).status_code == 404  # of no school for which it was open

    async with hall.parts.store.work() as work:
        await lecture_air.show_replay(work, hall.lecturer, hall.id, False)
    assert [(await hall.get(who, path)).status_code for who in (pupil, staff, hall.lecturer)] == [404, 404, 200]

    async with hall.parts.store.engine.begin() as connection:
        long_ago = {"ended_at": func.clock_timestamp() - timedelta(days=99)}
        await connection.execute(update(t.lectures).where(t.lectures.c.id == hall.id).values(**long_ago))
    await sweep_lectures(hall.parts.store, hall.parts.storage, timedelta(days=90))
    assert not await hall.parts.storage.list(f"lectures/{hall.id}/", 10)
    assert not await hall.parts.store.rows("SELECT FROM lecture_films", {})
    await film_lecture(hall.parts, hall.id)  # a job that comes late finds nothing to do


async def test_a_segment_that_is_missing_is_silence_and_what_is_given_up_is_told(hall: Hall) -> None:
    await ended(hall)
    await hall.parts.storage.delete(segment_key(hall.id, 1, 1))  # from 3.84 s to 7.68 s of the take

    film = await film_of(hall)

    [take] = await hall.parts.store.rows("SELECT start_ms FROM lecture_takes", {})
    assert heard_in(film) == pytest.approx([take.start_ms / 1000 + 1.0], abs=0.08)
    await hall.parts.storage.delete(segment_key(hall.id, 1, 0))
    await hall.parts.storage.delete(segment_key(hall.id, 1, 2))
    assert heard_in(await film_of(hall)) == []
    async with hall.parts.store.engine.begin() as connection:
        await connection.execute(update(t.lecture_films).values(state="making", video_key=None))
    await give_up_film(hall.parts, hall.id)
    assert (await hall.get(hall.lecturer, f"/api/lectures/{hall.id}/film")).json()["state"] == "failed"


async def moved(hall: Hall, by: timedelta) -> None:
    """The server's time of day is set while the lecture goes on: as if it had begun so much earlier or later."""
    began = {"started_at": t.lectures.c.started_at - by}
    async with hall.parts.store.engine.begin() as connection:
        await connection.execute(update(t.lectures).where(t.lectures.c.id == hall.id).values(**began))


async def test_a_time_of_day_that_jumps_costs_nothing_that_was_said_or_drawn(hall: Hall) -> None:
    """Back: the lecture goes on where it was. Forward: nobody spoke for so long."""
    pupil = await hall.seated("pupil")
    mark = {"page": "p1", "x": 500, "y": 500, "text": "顶点", "color": "#1f2937", "size": 320}
    await draw(hall, "o1", "text", id="w1", **mark)
    before = (await hall.parts.store.rows(MARKS, {}))[0].at_ms

    await moved(hall, timedelta(hours=-2))
    await draw(hall, "o2", "text", id="w2", **mark)
    [row] = await hall.parts.store.rows("SELECT epoch FROM lectures", {})
    async with hall.parts.store.work() as work:
        begun = await lecture_air.begin(work, hall.lecturer, hall.id, row.epoch, "t2", 0)
    after = [row.at_ms for row in await hall.parts.store.rows(MARKS, {})]
    assert after[0] == before <= after[1] <= begun.start_ms < before + 60_000
    seen = (await hall.get(pupil, f"/api/lectures/{hall.id}/rewind")).json()
    assert before - 10_000 <= seen["lasts_ms"] < before + 60_000

    await moved(hall, timedelta(hours=1))
    await draw(hall, "o3", "text", id="w3", **mark)
    after = [row.at_ms for row in await hall.parts.store.rows(MARKS, {})]
    assert 3_600_000 <= after[2] - after[1] < 3_660_000

    await moved(hall, timedelta(hours=-5))
    await ended(hall)
    replay = (await hall.get(pupil, f"/api/lectures/{hall.id}/replay")).json()
    assert after[2] - 30_000 <= replay["lasts_ms"] < after[2] + 60_000  # `ended` says half a minute ago
    assert [segment.take for segment in await hall.parts.views.replays.segments(hall.id)] == [1, 1, 1]


MARKS = "SELECT at_ms FROM lecture_operations WHERE kind = 'text' ORDER BY seq"


async def spoke(hall: Hall, pupil: Person, at_ms: int, sound: bytes) -> None:
    """A pupil who had the floor, in the store as server/speech.py keeps it."""
    async with hall.parts.store.work() as work:
        [place] = await pulse.raise_hands(work, hall.id, [pupil.id], await work.now())
    assert isinstance(place, HandPlace)
    clock = func.clock_timestamp()
    floor = {"lecture_id": hall.id, "number": 1, "hand": place.number, "pupil_id": pupil.id, "state": "over"}
    times = {"until_at": clock, "opened_at": clock, "ended_at": clock, "ended_why": "done"}
    async with hall.parts.store.engine.begin() as connection:
        await connection.execute(insert(t.lecture_floors).values(**floor, **times, page=uuid4(), kept=True))
        voice = {"lecture_id": hall.id, "number": 1, "floor": 1, "name": "v", "start_ms": at_ms}
        await connection.execute(insert(t.lecture_voices).values(**voice))
        made = list(parts(io.BytesIO(sound), "matroska"))
        segment = {"lecture_id": hall.id, "voice": 1, "number": 0, "samples": sum(n for _, n in made), "size": 9}
        await connection.execute(insert(t.lecture_voice_segments).values(**segment))
    await hall.parts.storage.put(segment_key(hall.id, 1, 0, VOICE), b"".join(data for data, _ in made), "audio/mp4")


async def test_a_pupil_s_voice_is_in_it_with_the_guardian_s_word_and_a_film_that_has_it_is_thrown_away_without(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    pupil = await hall.seated("pupil")
    await spoke(hall, pupil, 20_000, recorded(clicks(3.0, [1.0])))
    await ended(hall)
    [take] = await hall.parts.store.rows("SELECT start_ms FROM lecture_takes", {})
    lecturer_said = [take.start_ms / 1000 + second for second in (1.0, 5.0)]
    film = await film_of(hall)
    assert heard_in(film) == pytest.approx([21.0, *lecturer_said], abs=0.08)
    left, top, right, bottom = corner(1280)
    with av.open(io.BytesIO(film)) as opened:
        opened.seek(int((take.start_ms / 1000 + 3) * av.time_base))
        frame = next(opened.decode(video=0)).to_ndarray(format="gray")
    assert frame[top:bottom, left:right].mean() < 200 < frame[bottom + 20 :, :].mean()  # her camera, on a white board
    mine = await hall.get(pupil, f"/api/lectures/{hall.id}/replay")
    voices = await hall.get(pupil, mine.json()["sound"]["voices"])
    [segment] = [line for line in voices.text.splitlines() if line.startswith("/hls/")][0:1]
    assert (await hall.get(None, segment)).status_code == 200

    # the word is taken back while a film is made that has the voice in it
    async def meanwhile(*given: Any) -> Any:
        made = await render(*given)
        async with hall.parts.store.work() as work:
            await take_back(work, pupil.id)
            await work.commit()
        return made

    monkeypatch.setattr("server.filming.render", meanwhile)
    await film_lecture(hall.parts, hall.id)
    monkeypatch.undo()
    [row] = await hall.parts.store.rows("SELECT state, video_key FROM lecture_films", {})
    assert (row.state, row.video_key) == ("making", None)
    assert (await hall.get(pupil, f"/api/lectures/{hall.id}/replay")).json()["sound"]["voices"] is None
    await forget_floors(hall.parts.store, hall.parts.storage, hall.id)
    assert await hall.parts.storage.list(f"lectures/{hall.id}/film.", 9) == []
    assert await hall.parts.storage.stat(segment_key(hall.id, 1, 0, VOICE)) is None
    assert heard_in(await film_of(hall)) == pytest.approx(lecturer_said, abs=0.08)
