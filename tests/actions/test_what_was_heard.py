"""A voice note becomes words like a photo's, where a speech model is configured; it never keeps a teacher away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from matcher.embed import Embedder
from matcher.match import Matcher
from media.intake import Kind, take_in
from media.storage import FolderStorage
from server import workers
from server.actions import ask
from server.actions.ports import Finder
from server.actions.upkeep import end_late_readings
from server.demo.voice import speak
from server.domain.people import Person
from server.domain.question import Question, State
from server.matching import MatcherFinder
from server.pipeline import HearingProcess, ReadingProcess, hear_question, read_question
from server.settings import Settings, SettingsError
from server.store.views import Views
from server.store.work import Store
from tests.actions.conftest import SaysSo
from tests.actions.test_path_of_a_question import question
from tests.builders import RULES, World
from tests.faults.job_worker import _backstage
from tests.media.uploads import a_film
from tests.service import plain
from tests.speech import make_model
from tests.stand_in import DEADLY, ENDLESS, HEARS, READS

PATIENCE = timedelta(seconds=30)
TYPED = "一座水塔高25米，电视塔是它的12倍，电视塔高多少米？"
SPOKEN = "嗯老师这道题怎么做啊一座水塔高二十五米电视塔是它的十二倍电视塔高多少米"
NOTE = b"what a microphone recorded"


@pytest.fixture
async def storage(tmp_path: Path) -> FolderStorage:
    made = FolderStorage(tmp_path / "objects", "secret of the test's files only")
    await made.prepare()
    return made


@pytest.fixture
async def stopped() -> AsyncIterator[contextlib.AsyncExitStack]:
    async with contextlib.AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def ears(stopped: contextlib.AsyncExitStack) -> HearingProcess:
    made = HearingProcess(SPOKEN, PATIENCE, HEARS)
    stopped.push_async_callback(made.stop)
    return made


async def say(
    store: Store, world: World, storage: FolderStorage, pupil: Person, note: bytes = NOTE, photo: bytes | None = None,
    kind: str = "voice",
) -> UUID:
    """A question of a voice note, or of a film, and a photo before it."""
    id = await world.ask(pupil, text="怎么做？")
    files = {"photo": photo, kind: note}
    ids = {kind: uuid4() for kind, file in files.items() if file is not None}
    async with store.work() as work:
        for kind, media in ids.items():
            file = {"kind": kind, "state": "ready", "content_type": "", "key": f"media/{media}/{kind}"}
            await work.add_media(id=media, owner_id=pupil.id, **file)
            await storage.put(file["key"], files[kind] or b"", "application/octet-stream")
        await work.attach(id, list(ids.values()))
        await work.commit()
    return id


async def read(
    store: Store, storage: FolderStorage, finder: Finder, ears: HearingProcess, id: UUID, printed: str = ""
) -> list[str]:
    """The worker's job, with a child that reads these words of a photo; then the jobs that are to follow."""
    reader = ReadingProcess(PATIENCE, [*READS, printed])
    await read_question(store, storage, finder, RULES, reader, ears, id)
    await reader.stop()
    jobs = "SELECT task_name FROM procrastinate_jobs WHERE queue_name = 'hear' AND args->>'question_id' = %(id)s"
    return [row.task_name for row in await store.rows(jobs, {"id": str(id)})]


async def hear(store: Store, storage: FolderStorage, finder: Finder, ears: HearingProcess, id: UUID) -> Question:
    await hear_question(store, storage, finder, RULES, ears, id)
    return await question(store, id)


async def test_what_is_said_is_matched_shown_and_put_right_like_what_is_read(
    store: Store, world: World, storage: FolderStorage, ears: HearingProcess
) -> None:
    embedder = Embedder.load()
    finder = MatcherFinder(lambda: Matcher(embedder))
    first, pupil = await world.student("first"), await world.student()
    known = await world.ask(first, text=TYPED)
    async with store.work() as work:
        await ask.settle(work, finder, RULES, known, None, await work.now())
    id = await say(store, world, storage, pupil)

    assert await read(store, storage, finder, ears, id) == ["hear_question"]
    assert (await question(store, id)).state is State.READING
    heard = await hear(store, storage, finder, ears, id)

    assert (heard.state, heard.leader_id, heard.read_text, heard.from_photo) == (State.FOLLOWING, known, SPOKEN, True)
    async with store.work() as work:
        assert await ask.correct(work, finder, RULES, pupil, id, "另外一道题：解方程3x=9", await work.now())
    async with store.work() as work:
        await ask.settle(work, finder, RULES, id, None, await work.now())
    assert (await question(store, id)).state is State.WAITING


async def test_a_workers_jobs_lead_from_the_upload_to_what_was_heard(
    store: Store, world: World, storage: FolderStorage, ears: HearingProcess, database_url: str, tmp_path: Path,
    stopped: contextlib.AsyncExitStack,
) -> None:  # fmt: skip
    settings = Settings(
        database_url=database_url, redis_url="redis://nowhere.invalid", data_dir=tmp_path, secret="of this test alone"
    )
    parts = replace(_backstage(settings), storage=storage, hearer=ears)
    stopped.push_async_callback(parts.store.engine.dispose)
    id = await say(store, world, storage, await world.student())
    async with store.work() as work:
        work.defer("read_question", queue="read", question_id=str(id))
        await work.commit()

    app = workers.jobs(parts, plain(database_url))
    async with app.open_async():
        for queue in ("read", "hear"):
            await app.run_worker_async(queues=[queue], wait=False, install_signal_handlers=False)

    asked = await question(store, id)
    assert (asked.state, asked.read_text) == (State.WAITING, SPOKEN)


async def test_what_is_said_in_a_film_is_heard_where_nothing_is_read_in_its_picture(
    store: Store, world: World, storage: FolderStorage, finder: SaysSo, ears: HearingProcess
) -> None:
    id = await say(store, world, storage, await world.student(), kind="video")

    assert await read(store, storage, finder, ears, id) == ["hear_question"]
    asked = await hear(store, storage, finder, ears, id)

    assert (asked.state, asked.read_text, asked.from_photo) == (State.WAITING, SPOKEN, True)


async def test_pupil_and_teacher_see_what_was_heard(
    store: Store, world: World, storage: FolderStorage, finder: SaysSo, ears: HearingProcess
) -> None:
    teacher, pupil = await world.teacher(), await world.student()
    id = await say(store, world, storage, pupil)
    await read(store, storage, finder, ears, id)
    await hear(store, storage, finder, ears, id)

    async def signed(key: str, filename: str | None = None) -> str:
        return f"/files/{key}"

    views = Views(store, signed)
    seen, offer = await views.question(id), (await views.duty(teacher.id)).offer
    assert seen is not None and offer is not None
    assert (seen.read_text, offer.read_text) == (SPOKEN, SPOKEN)


async def test_beside_a_photo_that_was_read_what_is_said_is_a_remark(
    store: Store, world: World, storage: FolderStorage, finder: SaysSo, ears: HearingProcess
) -> None:
    id = await say(store, world, storage, await world.student(), photo=b"printed")
    unread = await say(store, world, storage, await world.student("other"), photo=b"handwriting")

    assert await read(store, storage, finder, ears, id, printed=TYPED) == []
    assert await read(store, storage, finder, ears, unread, printed="") == ["hear_question"]

    asked = await question(store, id)
    assert (asked.state, asked.read_text) == (State.WAITING, TYPED)


async def test_without_a_speech_model_teachers_alone_hear(
    store: Store, world: World, storage: FolderStorage, finder: SaysSo
) -> None:
    none = HearingProcess("", PATIENCE, HEARS)
    id = await say(store, world, storage, await world.student())

    assert not none.is_on and await none.warm() == ""
    assert await read(store, storage, finder, none, id) == []
    asked = await question(store, id)
    assert (asked.state, asked.read_text) == (State.WAITING, "")


@pytest.mark.parametrize("note", [DEADLY, ENDLESS], ids=["kills it", "hangs it"])
async def test_a_note_that_kills_or_hangs_the_child_goes_unheard_to_a_teacher_and_costs_the_next_one_nothing(
    store: Store, world: World, storage: FolderStorage, finder: SaysSo, stopped: contextlib.AsyncExitStack, note: bytes
) -> None:
    ears = HearingProcess(SPOKEN, timedelta(seconds=0.2) if note == ENDLESS else PATIENCE, HEARS)
    stopped.push_async_callback(ears.stop)
    await world.teacher()
    one, two = await world.student("one"), await world.student("two")
    bad, good = await say(store, world, storage, one, note), await say(store, world, storage, two)

    asked = await hear(store, storage, finder, ears, bad)

    assert (asked.state, asked.read_text) == (State.OFFERED, "")
    assert (await hear(store, storage, finder, ears, good)).read_text == SPOKEN


async def test_a_question_whose_time_is_over_first_is_not_heard_and_has_its_teacher(
    store: Store, world: World, storage: FolderStorage, finder: SaysSo, stopped: contextlib.AsyncExitStack
) -> None:
    ears = HearingProcess(SPOKEN, PATIENCE, HEARS)
    stopped.push_async_callback(ears.stop)
    late = await say(store, world, storage, await world.student(), ENDLESS)
    given_up = await say(store, world, storage, await world.student("other"), ENDLESS)
    for id in (late, given_up):
        await read(store, storage, finder, ears, id)
    await store.rows("UPDATE questions SET received_at = received_at - interval '19 s' RETURNING id", {})

    assert (await hear(store, storage, finder, ears, late)).state is State.WAITING
    await store.rows("UPDATE questions SET received_at = received_at - interval '2 s' RETURNING id", {})
    await end_late_readings(store, finder, RULES)

    asked = await hear(store, storage, finder, ears, given_up)
    assert (asked.state, asked.read_text) == (State.WAITING, "")


async def test_who_waits_for_a_turn_no_longer_than_its_time_leaves_the_note_before_it_alone(
    ears: HearingProcess,
) -> None:
    assert await ears.warm() == ""
    first = asyncio.create_task(ears.hear(NOTE, PATIENCE))
    given_up = asyncio.create_task(ears.hear(NOTE, timedelta(microseconds=1)))

    with pytest.raises(Exception, match="its time was over"):
        await given_up
    assert await first == SPOKEN == await ears.hear(NOTE, PATIENCE)


async def test_nothing_is_written_down_of_a_question_that_was_withdrawn_meanwhile(
    store: Store, world: World, storage: FolderStorage, ears: HearingProcess
) -> None:
    pupil, finder = await world.student(), SaysSo(loaded=asyncio.Event())
    id = await say(store, world, storage, pupil)
    await read(store, storage, finder, ears, id)
    hearing = asyncio.create_task(hear(store, storage, finder, ears, id))
    async with store.work() as work:
        await ask.withdraw(work, finder, RULES, pupil, id, await work.now())

    assert finder.loaded is not None
    finder.loaded.set()
    asked = await hearing

    assert (asked.state, asked.read_text) == (State.WITHDRAWN, "")


async def test_a_voice_goes_through_a_real_model_in_a_real_child(
    store: Store, world: World, storage: FolderStorage, finder: SaysSo, tmp_path: Path,
    stopped: contextlib.AsyncExitStack,
) -> None:  # fmt: skip
    """Whose libraries take the child most of the time: on a busy machine longer than a question may be read."""
    unhurried = replace(RULES, pipeline_budget=timedelta(minutes=2))
    words = "解方程3x=9"
    ears = HearingProcess(str(make_model(tmp_path / "whisper", says=words)), PATIENCE)
    stopped.push_async_callback(ears.stop)
    speak("解方程，三x等于九", tmp_path / "voice.m4a")
    note = (tmp_path / "voice.m4a").read_bytes()
    films = []
    for name, sound in (("told", "aac"), ("silent", None)):
        taken = a_film(tmp_path / f"{name}.mp4", "mp4", ("libx264", sound), 1.0, (64, 48))
        films.append((await take_in(taken, Kind.VIDEO, tmp_path / name)).file.read_bytes())
    damaged = await say(store, world, storage, await world.student("other"), note[: len(note) // 2])
    id = await say(store, world, storage, await world.student(), note)
    told, silent = [await say(store, world, storage, await world.student(f"{n}"), film, kind="video")
                    for n, film in enumerate(films)]  # fmt: skip

    assert await ears.warm() == ""
    for each in (damaged, id, told, silent):
        await hear_question(store, storage, finder, unhurried, ears, each)

    heard = [(await question(store, each)).read_text for each in (damaged, id, told, silent)]
    assert heard == ["", words, words, ""]


async def test_a_worker_whose_speech_model_is_not_there_does_not_start_and_says_the_way_out(
    tmp_path: Path, stopped: contextlib.AsyncExitStack
) -> None:
    ears = HearingProcess(str(tmp_path / "nowhere"), PATIENCE)
    stopped.push_async_callback(ears.stop)

    with pytest.raises(SettingsError, match=r"DAYI_SPEECH_MODEL: There is no folder .*leave the setting empty"):
        async with workers._listening(ears):
            pytest.fail("it started")
