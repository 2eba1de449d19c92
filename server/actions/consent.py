"""A guardian's word on what may be done with what a child says: written down, and carried out."""

from uuid import UUID

from server.actions.answer import answer_and_question
from server.actions.edition import tell_watchers
from server.actions.errors import BadRequest, NotHere
from server.actions.ports import Finder
from server.actions.upload import Storage, discard_parts
from server.domain.consent import VOICE, WORDING, Purpose, voice_is_kept
from server.domain.people import Person
from server.store.work import Store, Work


async def say(
    work: Work, finder: Finder, staff: Person, child: UUID, purpose: Purpose, given: bool, wording: str
) -> None:
    """What a guardian of a pupil of one's own school said. A voice that is withdrawn is out of the bank at once, and
    out of the videos as soon as they are made anew."""
    if not await work.is_pupil_of_the_school_of(child, staff.id):
        raise NotHere
    if wording != WORDING:
        raise BadRequest("the words of the consent have changed")
    agreed = await work.consents_of(child)
    if (purpose in agreed) == given:
        return
    row = {"child_id": child, "purpose": purpose, "given": given, "wording": wording}
    await work.add_consents({**row, "source": "school", "by_id": staff.id})
    if not given and purpose in VOICE and voice_is_kept(agreed):
        await _without_the_voice(work, finder, child)
    await work.commit()


async def _without_the_voice(work: Work, finder: Finder, child: UUID) -> None:
    for id in await work.answers_with_pupil(child):
        answer, question = await answer_and_question(work, id)
        gone = {"video_key": None, "voice_key": None, "poster_key": None, "captions_key": None, "has_pupil": False}
        more = gone if answer.state == "published" else {}
        await work.change_answer(id, state="rendering", edition=answer.edition + 1, progress=0, **more)
        await work.supersede(id)
        await finder.forget(work, id)
        work.defer("render_answer", queue="render", lock=f"answer:{id}", answer_id=str(id))
        await tell_watchers(work, answer, question)
    for recording in await work.recordings_by(child):
        await work.change_media(recording.id, state="refused")
    work.defer("forget_voice", queue="read", lock=f"voice:{child}", child_id=str(child))


async def forget_voice(store: Store, storage: Storage, child: UUID) -> None:
    """The recordings of a child whose word was taken back: the objects, then the rows."""
    async with store.work() as work:
        refused = [row for row in await work.recordings_by(child) if row.state == "refused"]
    for recording in refused:
        await discard_parts(storage, recording.id)
        if recording.key:
            await storage.delete(recording.key)
        async with store.work() as work:
            await work.forget_media(recording.id)
            await work.commit()
