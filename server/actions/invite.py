"""Those who asked about what is taught now are invited, once for each lecture or micro-lesson; a worker's regular work.

A pupil's grade and school decide, as they do when enrolling; an invitation is no seat. Each batch is a transaction, and
who is invited already is passed over: a worker that dies leaves nothing undone and nothing done twice.
"""

from datetime import timedelta
from uuid import UUID

from server.actions.errors import NotHere
from server.actions.facts import SHANGHAI, last_night
from server.domain.people import Person
from server.domain.proposal import ASKED_WITHIN, INVITED_FOR, told_invited
from server.store.proposals import ProposalBook
from server.store.work import Store, Work

AT_ONCE = 500


async def invite(store: Store) -> int:
    """How many there were."""
    async with store.work() as work:
        if await ProposalBook(work).expire():
            await work.commit()
    count = 0
    while (invited := await _some(store)) is not None:
        count += invited
    return count


async def _some(store: Store) -> int | None:
    """A batch of one proposal's; None when there is nothing to do, or somebody else does it."""
    async with store.work() as work:
        book, now = ProposalBook(work), work.began
        if not await book.take_turn():
            return None
        proposal = await book.to_invite(last_night(now), INVITED_FOR)
        if proposal is None:
            return None
        await book.uninvite(proposal.id)
        since = (now - ASKED_WITHIN).astimezone(SHANGHAI).date()
        invited = await book.invite(proposal, since, AT_ONCE)
        if invited < AT_ONCE:
            told = told_invited(await book.invited_by_cell(proposal.id), proposal.invited)
            await book.change(proposal.id, invited=told, invited_at=now + timedelta(microseconds=1))
        await work.commit()
    return invited


async def dismiss(work: Work, pupil: Person, id: UUID) -> None:
    """It does not come back."""
    if not await ProposalBook(work).dismiss(id, pupil.id):
        raise NotHere
    await work.commit()
