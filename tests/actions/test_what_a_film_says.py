"""What is heard in an answer's film, and what is written down of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy
import pytest
from sqlalchemy import text

from media.voices import SOUND_RATE, listened
from server import workers
from server.actions import answer, edition
from server.actions.upkeep import forget_superseded
from server.domain.consent import Purpose
from server.domain.people import Person
from server.parts import Backstage
from server.pipeline import HearingProcess
from server.settings import Settings
from server.store.work import Record, Store
from tests.actions.conftest import SaysSo
from tests.actions.test_consent import say, school
from tests.actions.test_editions import row
from tests.actions.test_path_of_a_question import accept, finish, question, settle
from tests.builders import RULES, World
from tests.faults.job_worker import _backstage
from tests.media.uploads import a_tone, a_voice
from tests.stand_in import HEARS

__all__ = ["school"]

HERS, HIS = 440, 1_500  # Hz
SENTENCE = "先看开口，再看对称轴。"
AT_ONCE = timedelta()


@pytest.fixture
async def parts(database_url: str, tmp_path: Path) -> AsyncIterator[Backstage]:
    """A worker's, with a speech model that hears SENTENCE in everything."""
    settings = Settings(
        database_url=database_url, redis_url="redis://nowhere.invalid", data_dir=tmp_path, secret="of this test alone"
    )
    async with contextlib.AsyncExitStack() as stack:
        hears = HearingProcess(SENTENCE, timedelta(seconds=30), HEARS)
        stack.push_async_callback(hears.stop)
        made = replace(_backstage(settings), hearer=hears)
        stack.push_async_callback(made.store.engine.dispose)
        await made.storage.prepare()
        yield made


async def taught(store: Store, world: World, finder: SaysSo, pupil: Person, teacher: Person) -> tuple[UUID, UUID]:
    """A session, and the answer that came of it."""
    id = await world.ask(pupil)
    await settle(store, finder, id)
    session = await accept(store, teacher, id)
    return session, await finish(store, teacher, session, id)


async def lasted(store: Store, seconds: int) -> None:
    async with store.engine.begin() as connection:
        await connection.execute(
            text("UPDATE live_sessions SET opened_at = ended_at - :lasted"), {"lasted": timedelta(seconds=seconds)}
        )


async def speak(parts: Backstage, who: Person, session: UUID, hertz: int, seconds: float, place: Path) -> None:
    """A recording that arrived whole."""
    id, clock = uuid4(), numpy.arange(int(seconds * 48_000)) / 48_000
    sound = (12_000 * numpy.sin(2 * numpy.pi * hertz * clock)).astype(numpy.int16)
    voice = a_voice(place / f"{id}.webm", "webm", "libopus", sound)
    await parts.storage.put(f"recordings/{id}", voice, "audio/webm")
    file = {"kind": "recording", "state": "ready", "content_type": "audio/webm", "key": f"recordings/{id}"}
    async with parts.store.work() as work:
        await work.add_media(id=id, owner_id=who.id, session_id=session, start_ms=0, **file)
        await work.commit()


async def film_of(parts: Backstage, made: UUID, place: Path) -> tuple[Record, Path]:
    await workers.render_answer(parts, made)
    film = place / "film.mp4"
    found = await row(parts.store, made)
    await parts.storage.download(found.video_key, film, 10_000_000)
    return found, film


def is_heard(film: Path, hertz: int) -> bool:
    """Whether this tone is among the loud ones."""
    sound = listened(film).astype(numpy.float64)
    loud = numpy.abs(numpy.fft.rfft(sound))
    at = round(hertz * len(sound) / SOUND_RATE)
    return bool(loud[at - 3 : at + 4].max() > 0.1 * loud.max())


async def names(parts: Backstage, person: Person) -> list[bytes]:
    known = await parts.store.rows("SELECT real_name FROM identities WHERE account_id = %(id)s", {"id": person.id})
    return [each.encode() for each in (person.login, person.nickname, *(found.real_name for found in known))]


@pytest.mark.parametrize("agreed", [True, False])
async def test_a_pupil_is_heard_in_the_film_with_the_guardians_word_alone_and_never_named(
    parts: Backstage, world: World, finder: SaysSo, school: tuple[Person, Person], tmp_path: Path, agreed: bool
) -> None:
    staff, pupil = school
    teacher = await world.teacher()
    await say(parts.store, finder, staff, pupil, agreed, Purpose.RECORDING, Purpose.PUBLIC_VIDEO)
    session, made = await taught(parts.store, world, finder, pupil, teacher)
    await lasted(parts.store, 3)
    await speak(parts, teacher, session, HERS, 3, tmp_path)
    await speak(parts, pupil, session, HIS, 3, tmp_path)

    found, film = await film_of(parts, made, tmp_path)

    assert is_heard(film, HERS) and is_heard(film, HIS) == agreed and found.has_pupil == agreed
    kept = await parts.storage.list(f"answers/{made}/", 100)
    assert {stat.key.rsplit("/", 1)[1] for stat in kept} == {"video.mp4", "poster.jpg", "voice.m4a"}
    canaries = await names(parts, pupil)
    assert len(canaries) == 3
    for stat in kept:
        data = await parts.storage.read(stat.key, 10_000_000)
        assert not any(name in data for name in canaries)


async def test_a_recording_of_an_hour_is_no_longer_than_its_session(
    parts: Backstage, world: World, finder: SaysSo, tmp_path: Path
) -> None:
    teacher = await world.teacher()
    session, made = await taught(parts.store, world, finder, await world.student(), teacher)
    await lasted(parts.store, 3)
    await speak(parts, teacher, session, HERS, 60, tmp_path)

    found, film = await film_of(parts, made, tmp_path)

    assert found.duration_ms < 10_000 and len(listened(film)) / SOUND_RATE < 10


async def published(
    parts: Backstage, world: World, finder: SaysSo, tmp_path: Path, hears: bool = True
) -> tuple[Person, Person, UUID]:
    """Pupil, teacher, and an answer of 70 s with its voice."""
    pupil, teacher = await world.student(), await world.teacher()
    _, made = await taught(parts.store, world, finder, pupil, teacher)
    await show(parts, finder, made, tmp_path, hears)
    return pupil, teacher, made


async def show(parts: Backstage, finder: SaysSo, made: UUID, place: Path, hears: bool) -> None:
    """The edition that is wanted."""
    wanted = await row(parts.store, made)
    prefix = f"answers/{made}/of-{wanted.edition}"
    voice = a_voice(place / f"{wanted.edition}.m4a", "ipod", "aac", a_tone(70, rate=24_000), 24_000)
    await parts.storage.put(f"{prefix}.m4a", voice, "audio/mp4")
    film = answer.Film(f"{prefix}.mp4", f"{prefix}.jpg", 70_000, f"{prefix}.m4a", shown_cuts=wanted.cuts)
    async with parts.store.work() as work:
        await answer.publish(work, finder, made, wanted.edition, film, await work.now(), hears=hears)


async def hearings(parts: Backstage) -> int:
    [row] = await parts.store.rows("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'hear_answer'", {})
    return int(row.count)


async def words(parts: Backstage, made: UUID) -> bytes | None:
    found = await row(parts.store, made)
    return await parts.storage.read(found.captions_key) if found.captions_key else None


async def test_what_an_answer_says_is_written_beside_its_film_a_minute_at_a_time(
    parts: Backstage, world: World, finder: SaysSo, tmp_path: Path
) -> None:
    pupil, teacher, made = await published(parts, world, finder, tmp_path)

    assert await hearings(parts) == 1
    await workers.hear_answer(parts, made)
    assert await words(parts, made) is None and await hearings(parts) == 2
    await workers.hear_answer(parts, made)
    whole = await words(parts, made)
    await workers.hear_answer(parts, made)  # a job that comes twice
    view = await parts.views.answer(made)
    replay = await parts.views.replay(made, pupil.id)

    assert whole is not None and whole.startswith(b"WEBVTT") and whole.decode().count(SENTENCE) == 5
    assert b"00:01:00.000 --> 00:01:" in whole and await words(parts, made) == whole and await hearings(parts) == 2
    assert view is not None and view.captions_url and replay is not None and replay.answer.captions_url

    # an edition that is cut has its own; those of the one before are gone with it
    async with parts.store.work() as work:
        await edition.edit(work, RULES, teacher, made, [(0, 5_000)])
    await show(parts, finder, made, tmp_path, hears=True)
    assert await words(parts, made) is None
    for _ in range(2):
        await workers.hear_answer(parts, made)
    again = (await row(parts.store, made)).captions_key
    assert again and await words(parts, made) == whole  # of the same voice the same
    await forget_superseded(parts.store, parts.storage, AT_ONCE)
    kept = {stat.key for stat in await parts.storage.list(f"answers/{made}/", 100)}
    assert kept == {f"answers/{made}/of-2.m4a", again}


async def test_of_an_answer_that_is_taken_down_while_it_is_heard_nothing_stays(
    parts: Backstage, world: World, finder: SaysSo, tmp_path: Path
) -> None:
    _, teacher, made = await published(parts, world, finder, tmp_path)
    await workers.hear_answer(parts, made)
    async with parts.store.work() as work:
        await edition.take_down(work, finder, teacher, made)

    await workers.hear_answer(parts, made)
    await forget_superseded(parts.store, parts.storage, AT_ONCE)

    assert await words(parts, made) is None and await parts.storage.list(f"answers/{made}/", 100) == []
    [old] = await parts.store.rows("SELECT cues, heard_ms FROM editions", {})
    assert (old.cues, old.heard_ms) == ([], None)


async def test_an_edition_that_is_replaced_while_it_is_written_down_leaves_no_file(
    parts: Backstage, world: World, finder: SaysSo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, teacher, made = await published(parts, world, finder, tmp_path)
    await workers.hear_answer(parts, made)
    captioned = workers.captioned

    async def taken_down_meanwhile(*piece: object) -> object:
        async with parts.store.work() as work:
            await edition.take_down(work, finder, teacher, made)
        return await captioned(*piece)  # type: ignore[arg-type]

    monkeypatch.setattr(workers, "captioned", taken_down_meanwhile)
    await workers.hear_answer(parts, made)

    assert [stat.key for stat in await parts.storage.list(f"answers/{made}/", 100)] == [f"answers/{made}/of-1.m4a"]


async def test_without_a_speech_model_nothing_is_heard(
    parts: Backstage, world: World, finder: SaysSo, tmp_path: Path
) -> None:
    _, _, made = await published(parts, world, finder, tmp_path, hears=False)

    await workers.hear_answer(parts, made)

    assert await hearings(parts) == 0 and await words(parts, made) is None
    assert (await question(parts.store, (await row(parts.store, made)).question_id)).answer_id == made
