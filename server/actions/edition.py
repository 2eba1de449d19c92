"""What a teacher does to an answer after it was taught: cut it, mask it, split it, go back, take it down."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from media.cuts import before, merged, more
from server.actions.answer import answer_and_question, review_wanted, tell_both
from server.actions.errors import BadRequest, Moved, NotHere
from server.actions.ports import Finder, Rules
from server.domain.board import MAX_ASPECT, PAGE_WIDTH
from server.domain.edition import FOREVER, Mask
from server.domain.people import Person
from server.domain.question import AnswerId, Question
from server.store.work import Record, Work, person_channel

MOST_CUTS = 50
MOST_MASKS = 30
LEAST_LEFT_MS = 1_000
LEAST_MASK = 50  # units of the page: a smaller one was a slip of the pen
LONGEST_PROBLEM = 500


@dataclass(frozen=True)
class Veil:
    """A mask as it is asked for: `from_ms` and `to_ms` of what can be watched now, or neither for good."""

    page: str
    left: int
    top: int
    right: int
    bottom: int
    from_ms: int | None = None
    to_ms: int | None = None


async def edit(
    work: Work,
    rules: Rules,
    teacher: Person,
    answer_id: UUID,
    cuts: Sequence[tuple[int, int]] = (),
    veils: Sequence[Veil] = (),
    whole: bool = False,
) -> None:
    """Another edition: without these spans, in ms of what can be watched now, and with these regions hidden; or, with
    `whole`, all of it again. The edition before is watched until the new one is made.
    """
    if len(cuts) > MOST_CUTS or whole == bool(cuts or veils):
        raise BadRequest
    answer, question = await _ready(work, teacher, answer_id)
    if any(not 0 <= start < end <= 86_400_000 for start, end in cuts):
        raise BadRequest
    if answer.duration_ms - sum(end - start for start, end in merged(cuts)) < LEAST_LEFT_MS:
        raise BadRequest("nothing would be left")
    wanted = [] if whole else _cut(answer, cuts)
    masks = [] if whole else [*answer.shown_masks, *(asdict(_mask(answer, veil)) for veil in veils)]
    if len(masks) > MOST_MASKS:
        raise BadRequest("too many masks")
    await _make(work, rules, answer, question, widens=whole, cuts=wanted, masks=masks)


async def restore(work: Work, rules: Rules, teacher: Person, answer_id: UUID, number: int) -> None:
    """An earlier edition is made anew, as the newest."""
    answer, question = await _ready(work, teacher, answer_id)
    old = await work.edition(answer_id, number)
    if old is None or number == answer.rendered_edition:
        raise NotHere
    spec = {"cuts": old.cuts, "masks": old.masks, "taken_session_id": old.taken_session_id}
    await _make(work, rules, answer, question, widens=True, **spec)


async def split(work: Work, rules: Rules, teacher: Person, answer_id: UUID, at_ms: int, problem_text: str) -> AnswerId:
    """From this moment on it is another answer, to the problem that is named; the first one ends there. Neither shows
    what only the other had on top."""
    text = problem_text.strip()
    if not 1 <= len(text) <= LONGEST_PROBLEM:
        raise BadRequest
    answer, question = await _ready(work, teacher, answer_id)
    if not LEAST_LEFT_MS <= at_ms <= answer.duration_ms - LEAST_LEFT_MS:
        raise BadRequest("both parts last a second or more")
    here = before(answer.start_ms + at_ms, answer.shown_cuts)
    second = await work.write_answer(
        question_id=answer.question_id,
        session_id=answer.session_id,
        split_from=answer.id,
        title=None if answer.title is None else text[:80],
        teacher_id=answer.teacher_id,
        subject=answer.subject,
        grade=answer.grade,
        problem_text=text,
        made_at=await work.now(),
        knowledge_points=answer.knowledge_points,
        cuts=merged([*answer.shown_cuts, (0, here)]),
        masks=answer.shown_masks,
        taken_session_id=answer.shown_taken_id,
        review=await review_wanted(work, rules, teacher.id),
    )
    _defer(work, second)
    first = merged([*answer.shown_cuts, (here, FOREVER)])
    await _make(work, rules, answer, question, widens=False, cuts=first, masks=answer.shown_masks)
    return second


async def take_down(work: Work, finder: Finder, teacher: Person, answer_id: UUID) -> None:
    """The teacher withdraws an answer: nobody finds, watches or is shown it from now on."""
    answer, question = await _own(work, teacher, answer_id)
    await unlist(work, finder, answer, question)
    await work.commit()


async def unlist(work: Work, finder: Finder, answer: Record, question: Question | None) -> None:
    """Gone for everybody at once; its files follow."""
    if answer.state == "withdrawn":
        return
    await work.change_answer(answer.id, state="withdrawn")
    await work.supersede(answer.id)
    await finder.forget(work, answer.id)
    await tell_watchers(work, answer, question)


async def tell_watchers(work: Work, answer: Record, question: Question | None) -> None:
    tell_both(work, answer, question)
    for watcher in await work.watchers_of(answer.id):
        work.tell(person_channel(watcher.student_id), "question", watcher.id)


async def retaken(
    work: Work, rules: Rules, answer: Record, question: Question | None, session: UUID, from_ms: int
) -> None:
    """What was recorded anew from a moment on takes the place of what followed it."""
    cuts = [(start, min(end, from_ms)) for start, end in merged(answer.shown_cuts) if start < from_ms]
    masks = [mask for mask in answer.shown_masks if mask["from_ms"] < from_ms]
    await _make(work, rules, answer, question, widens=True, cuts=cuts, masks=masks, taken_session_id=session)


async def _make(
    work: Work, rules: Rules, answer: Record, question: Question | None, *, widens: bool, **spec: Any
) -> None:
    """One that shows more than the one before is looked at again, where somebody looks at all; one that was sent back
    is shown again."""
    again = widens or answer.review == "sent_back"
    review = await review_wanted(work, rules, answer.teacher_id) if again else answer.review
    await work.change_answer(answer.id, edition=answer.edition + 1, progress=0, review=review, **spec)
    _defer(work, answer.id)
    tell_both(work, answer, question)
    await work.commit()


def _defer(work: Work, answer: UUID) -> None:
    work.defer("render_answer", queue="render", lock=f"answer:{answer}", answer_id=str(answer))


def _cut(answer: Record, cuts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """In ms of the session. What is cut off the end is cut for good: nothing of it shows in the last picture."""
    inner = [(start + answer.start_ms, end + answer.start_ms) for start, end in cuts if end < answer.duration_ms]
    tails = [start for start, end in cuts if end >= answer.duration_ms]
    wanted = more(answer.shown_cuts, inner)
    if tails:
        wanted = merged([*wanted, (before(answer.start_ms + min(tails), answer.shown_cuts), FOREVER)])
    return wanted


def _mask(answer: Record, veil: Veil) -> Mask:
    """In ms of the session."""
    corners = (veil.left, veil.top, veil.right, veil.bottom)
    on_page = veil.left >= 0 and veil.right <= PAGE_WIDTH and veil.top >= 0 and veil.bottom <= MAX_ASPECT
    if not on_page or veil.right - veil.left < LEAST_MASK or veil.bottom - veil.top < LEAST_MASK:
        raise BadRequest("a mask is a region of the page")
    if not 1 <= len(veil.page) <= 64 or (veil.from_ms is None) != (veil.to_ms is None):
        raise BadRequest
    if veil.from_ms is None or veil.to_ms is None:
        return Mask(veil.page, *corners)
    if not 0 <= veil.from_ms < veil.to_ms <= 86_400_000:
        raise BadRequest
    begins = 0 if veil.from_ms == 0 else before(answer.start_ms + veil.from_ms, answer.shown_cuts)
    ends = FOREVER if veil.to_ms >= answer.duration_ms else before(answer.start_ms + veil.to_ms, answer.shown_cuts)
    return Mask(veil.page, *corners, begins, ends)


def mask_of(kept: Mapping[str, Any]) -> Mask:
    return Mask(**kept)


async def _own(work: Work, teacher: Person, answer_id: UUID) -> tuple[Record, Question | None]:
    peeked = await work.answer(answer_id)
    if peeked is None or peeked.teacher_id != teacher.id:
        raise NotHere
    return await answer_and_question(work, answer_id)


async def _ready(work: Work, teacher: Person, answer_id: UUID) -> tuple[Record, Question | None]:
    """To be changed: one edition after the other."""
    answer, question = await _own(work, teacher, answer_id)
    if answer.state != "published" or answer.rendered_edition < answer.edition:
        raise Moved
    return answer, question
