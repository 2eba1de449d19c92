"""Files that nobody asks with are forgotten, the others stay."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy
import pytest
from sqlalchemy import insert, select, update

from media.storage import FolderStorage
from media.voices import SOUND_RATE, listened
from server.actions import ask, upload
from server.actions.upkeep import tidy
from server.domain.people import Subject
from server.store import tables as t
from server.store.work import Store
from tests.builders import World
from tests.media.uploads import a_tone, a_voice


@pytest.fixture
async def storage(tmp_path: Path) -> FolderStorage:
    storage = FolderStorage(tmp_path / "files", "kept for this test only")
    await storage.prepare()
    return storage


async def test_a_file_that_no_question_uses_is_forgotten_after_a_week(
    store: Store, storage: FolderStorage, world: World
) -> None:
    pupil = await world.student()
    never_whole = await upload.start(store, pupil, "photo", "image/jpeg", None, 0)
    await storage.put(upload.part_key(never_whole, 0), b"half a photo", "application/octet-stream")
    await _photo(store, storage, pupil.id)
    asked_with = await _photo(store, storage, pupil.id)
    async with store.work() as work:
        wanted = ask.Wanted(Subject.MATH, 8, "", [asked_with])
        await ask.ask(work, ask.Asking(pupil.id, wanted, str(uuid4())), await work.now())
    await _age(store, upload.UNUSED_AFTER + timedelta(hours=1))
    yesterday = await _photo(store, storage, pupil.id)

    await tidy(store, storage)

    assert await _rows(store) == {asked_with, yesterday}
    assert {stat.key for stat in await storage.list("", 10)} == {
        f"media/{asked_with}/photo.jpg",
        f"media/{yesterday}/photo.jpg",
    }


async def test_a_sweep_that_was_killed_halfway_is_finished_by_the_next(
    store: Store, storage: FolderStorage, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = await _photo(store, storage, (await world.student()).id)
    await _age(store, upload.UNUSED_AFTER + timedelta(hours=1))

    async def killed(key: str) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(storage, "delete", killed)
        with pytest.raises(ConnectionError):
            await tidy(store, storage)
    half_done = await _rows(store)
    await tidy(store, storage)

    assert half_done == {photo}
    assert await _rows(store) == set()
    assert await storage.list("", 10) == []


@pytest.mark.parametrize("missing", [[], [3], [2, 5, 6]], ids=["none", "one", "some"])
async def test_what_arrived_of_a_lost_browsers_voice_is_kept_in_its_place(
    store: Store, storage: FolderStorage, world: World, tmp_path: Path, missing: list[int]
) -> None:
    recording = await _recording(store, world)
    voice = a_voice(tmp_path / "v.webm", "webm", "libopus", a_tone(8, from_second=6), cluster_time_limit="250")
    whole = voice.read_bytes()
    length = len(whole) // 8
    for n in range(8):
        if n not in missing:
            part = whole[n * length : (n + 1) * length if n < 7 else None]
            await storage.put(upload.part_key(recording, n), part, "application/octet-stream")
    await storage.put(upload.part_key(recording, 1), whole[length : 2 * length], "application/octet-stream")  # twice

    await upload.salvage(store, storage, recording)
    await upload.salvage(store, storage, recording)

    async with store.work() as work:
        kept = await work.media(recording)
    assert kept is not None and kept.state == "ready"
    assert await storage.list(f"incoming/{recording}/", 10) == []
    await storage.download(kept.key, tmp_path / "kept", 1_000_000)
    loud = numpy.flatnonzero(numpy.abs(listened(tmp_path / "kept")) > 3000)
    assert abs(loud[0] / SOUND_RATE - 6) < 0.1 and abs(loud[-1] / SOUND_RATE - 8) < 0.1


async def test_a_voice_without_its_first_part_is_no_recording(
    store: Store, storage: FolderStorage, world: World
) -> None:
    recording = await _recording(store, world)
    await storage.put(upload.part_key(recording, 1), b"the middle of something", "application/octet-stream")

    await upload.salvage(store, storage, recording)

    async with store.work() as work:
        kept = await work.media(recording)
    assert kept is not None and (kept.state, kept.key) == ("refused", None)
    assert await storage.list(f"incoming/{recording}/", 10) == []


async def _recording(store: Store, world: World) -> UUID:
    """Under way, in a session that is over."""
    id = uuid4()
    async with store.work() as work:
        row = {"id": id, "kind": "recording", "state": "arriving", "content_type": "audio/webm", "session_id": uuid4()}
        await work.add_media(owner_id=(await world.teacher()).id, **row)
        await work.commit()
    return id


async def _photo(store: Store, storage: FolderStorage, owner: UUID) -> UUID:
    id = uuid4()
    key = f"media/{id}/photo.jpg"
    await storage.put(key, b"a photo", "image/jpeg")
    async with store.engine.begin() as connection:
        await connection.execute(
            insert(t.media).values(
                id=id, owner_id=owner, kind="photo", state="ready", content_type="image/jpeg", key=key
            )
        )
    return id


async def _age(store: Store, by: timedelta) -> None:
    async with store.engine.begin() as connection:
        await connection.execute(update(t.media).values(created_at=t.media.c.created_at - by))


async def _rows(store: Store) -> set[UUID]:
    async with store.reading() as connection:
        return set(await connection.scalars(select(t.media.c.id)))
