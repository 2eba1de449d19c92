"""The reviewer's part: what others than those who asked may be shown, where the city wants somebody to look first."""

from uuid import UUID

from server.actions.answer import answer_and_question, into_the_bank, is_listed, tell_both
from server.actions.edition import unlist
from server.actions.errors import BadRequest, Moved, NotAllowed, NotHere
from server.actions.ports import Finder
from server.domain.people import Person, Role
from server.domain.question import Question
from server.store.work import Record, Work

MOST_WORDS = 500


class OwnAnswer(NotAllowed):
    """自己讲的要请别人来审。"""

    code, en = "own_answer", "Somebody else has to look at one's own answer."


async def approve(work: Work, finder: Finder, reviewer: Person, answer_id: UUID) -> None:
    """Into the bank with it."""
    answer, question = await _to_judge(work, reviewer, answer_id)
    if answer.review == "approved":
        return
    if answer.review != "waiting":
        raise Moved
    await work.change_answer(answer_id, review="approved")
    await into_the_bank(work, finder, answer, question)
    await _note(work, reviewer, answer, "approved", "")
    tell_both(work, answer, question)
    await work.commit()


async def send_back(work: Work, finder: Finder, reviewer: Person, answer_id: UUID, words: str) -> None:
    """Those who asked keep it; nobody else is shown it until its teacher has changed it."""
    answer, question = await _to_judge(work, reviewer, answer_id)
    if answer.review != "waiting" and not is_listed(answer):
        raise Moved
    await _note(work, reviewer, answer, "sent_back", words)
    await work.change_answer(answer_id, review="sent_back")
    await finder.forget(work, answer_id)
    tell_both(work, answer, question)
    await work.commit()


async def take_down(work: Work, finder: Finder, reviewer: Person, answer_id: UUID, words: str) -> None:
    """For everybody, and at once."""
    answer, question = await answer_and_question(work, answer_id)
    if answer.state == "withdrawn":
        return
    await _note(work, reviewer, answer, "taken_down", words)
    await unlist(work, finder, answer, question)
    await work.commit()


async def trust(work: Work, reviewer: Person, teacher_id: UUID, on: bool) -> None:
    """Where answers of trusted teachers need no reviewer, whom to trust; what waits already is still looked at."""
    roles = await work.rows("SELECT roles FROM accounts WHERE id = %(id)s", {"id": teacher_id})
    if not roles or Role.TEACHER not in roles[0].roles:
        raise NotHere
    if teacher_id == reviewer.id:
        raise OwnAnswer
    await work.trust(teacher_id, on)
    await work.commit()


async def _to_judge(work: Work, reviewer: Person, answer_id: UUID) -> tuple[Record, Question | None]:
    answer, question = await answer_and_question(work, answer_id)
    if answer.teacher_id == reviewer.id:
        raise OwnAnswer
    if answer.state != "published":
        raise Moved
    return answer, question


async def _note(work: Work, reviewer: Person, answer: Record, decision: str, words: str) -> None:
    words = words.strip()
    if len(words) > MOST_WORDS or (decision != "approved" and not words):
        raise BadRequest("a word to the teacher is wanted")
    row = {"answer_id": answer.id, "edition": answer.rendered_edition, "decision": decision, "words": words}
    await work.add_review(**row, reviewer_id=reviewer.id)
