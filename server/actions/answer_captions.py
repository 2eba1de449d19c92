"""What an answer says, in writing: a speech model hears the voice of each edition when its film is there."""

from collections.abc import Sequence
from uuid import UUID

from media.captions import Caption
from server.actions.answer import answer_and_question, defer_hearing, tell_both
from server.store.work import Work


async def heard(work: Work, id: UUID, number: int, cues: Sequence[Caption], next_ms: int) -> None:
    """So much of an edition; the rest, from this moment on, waits for its turn."""
    await answer_and_question(work, id)
    edition = await work.unheard(id)
    if edition is None or edition.number != number:
        return
    told = [[each.start_ms, each.end_ms, each.text] for each in cues]
    await work.change_edition(id, number, cues=told, heard_ms=next_ms)
    defer_hearing(work, id)
    await work.commit()


async def written(work: Work, id: UUID, number: int, captions_key: str | None) -> bool:
    """All of an edition; without a key nothing was said. False where it is no longer watched."""
    answer, question = await answer_and_question(work, id)
    edition = await work.unheard(id)
    if edition is None or edition.number != number:
        return False
    keys = [*edition.keys, captions_key] if captions_key else edition.keys
    await work.change_edition(id, number, cues=[], heard_ms=None, keys=keys)
    await work.change_answer(id, captions_key=captions_key)
    tell_both(work, answer, question)
    await work.commit()
    return True
