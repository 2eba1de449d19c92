"""A guardian's word on what may be done with what a child says: written down, and carried out."""

from uuid import UUID

from server.actions.answer import answer_and_question
from server.actions.edition import tell_watchers
from server.actions.errors import BadRequest, NotAllowed, NotHere
from server.actions.floor import take_back
from server.actions.ports import Finder
from server.actions.upload import Storage, discard_parts
from server.domain.consent import VOICE, WORDING, Purpose, voice_is_kept
from server.domain.people import Person, Role
from server.store.work import Store, Work


class GuardianRefused(NotAllowed):
    """家长本人已经撤回，学校不能替家长同意。"""

    code, en = "guardian_refused", "The guardian has taken this back; a school can't agree instead."


async def say(
    work: Work, finder: Finder, who: Person, child: UUID, purpose: Purpose, given: bool, wording: str
) -> None:
    """What a guardian says of the own child, or said to the child's school. A voice that is withdrawn is out of the
    bank at once, and out of the videos as soon as they are made anew."""
    source = await _speaks_as(work, who, child)
    if wording != WORDING:
        raise BadRequest("the words of the consent have changed")
    agreed = await work.consents_of(child)
    if given and source == "school" and await work.guardian_refused(child, purpose):
        raise GuardianRefused
    if (purpose in agreed) == given:
        return
    row = {"child_id": child, "purpose": purpose, "given": given, "wording": wording}
    await work.add_consents({**row, "source": source, "by_id": who.id})
    if not given and purpose in VOICE and voice_is_kept(agreed):
        await _without_the_voice(work, finder, child)
    if not given and (purpose is Purpose.LECTURE or purpose in VOICE):
        await take_back(work, child)
    await work.commit()


async def _speaks_as(work: Work, who: Person, child: UUID) -> str:
    """As whom somebody may speak for a child; to everybody else there is no such child."""
    if who.is_a(Role.GUARDIAN) and await work.is_guardian_of(child, who.id):
        return "guardian"
    if who.is_a(Role.SCHOOL_ADMIN) and await work.is_pupil_of_the_school_of(child, who.id):
        return "school"
    raise NotHere


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
