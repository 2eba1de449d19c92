"""What time does by itself: offers lapse, absent teachers lose sessions, late readings are given up, alarms ring."""

import asyncio
import logging
from datetime import timedelta

from server.actions import floor
from server.actions.answer import lapse, session_overdue, teacher_gone
from server.actions.ask import give_up_reading, settle
from server.actions.dispatch import dispatch, give_promise
from server.actions.ports import Finder, Rules
from server.actions.studio import time_is_over
from server.actions.teach import keep_time
from server.actions.upload import Storage, sweep
from server.domain.dispatch import ALARM_AFTER
from server.store.floors import FloorBook
from server.store.lectures import LectureBook
from server.store.work import DUTY_CHANNEL, Store

log = logging.getLogger(__name__)

LOADS_AT_MOST_S = 1.0  # that upkeep waits for a matcher, before it sees to everything else
UNMATCHED_AFTER = timedelta(seconds=3)  # a text question that was lost with its process before it was matched


async def upkeep(store: Store, finder: Finder, rules: Rules) -> None:
    """One round, safe to run anywhere and as often as one likes; each step is its own transaction."""
    for step in (
        lapse_offers,
        find_absent,
        end_overdue,
        match_forgotten,
        end_late_readings,
        ring_alarms,
        renew_promises,
        offer_again,
        end_lectures,
        end_floors,
    ):
        try:
            await step(store, finder, rules)
        except Exception:
            log.exception("upkeep step failed", extra={"step": step.__name__})


async def lapse_offers(store: Store, finder: Finder, rules: Rules) -> None:
    async with store.looking() as work:
        now = work.began
        lapsed = await work.lapsed_offers(now)
    for row in lapsed:
        async with store.work() as work:
            await lapse(work, rules, row.id, row.question_id, now)


async def find_absent(store: Store, finder: Finder, rules: Rules) -> None:
    async with store.looking() as work:
        now = work.began
        lost = await work.lost_sessions(rules.gone_after)
    for row in lost:
        async with store.work() as work:
            await teacher_gone(work, rules, row.id, row.question_id, now)


async def end_overdue(store: Store, finder: Finder, rules: Rules) -> None:
    async with store.looking() as work:
        overdue = await work.overdue_sessions(rules.session_lasts)
    for row in overdue:
        async with store.work() as work:
            if row.question_id is None:
                await time_is_over(work, rules, row.id, work.began)
            else:
                await session_overdue(work, rules, row.id, row.question_id, await work.now())


async def match_forgotten(store: Store, finder: Finder, rules: Rules) -> None:
    async with store.looking() as work:
        now = work.began
        forgotten = await work.unread_texts(now - UNMATCHED_AFTER)
    if not forgotten:
        return
    try:
        async with asyncio.timeout(LOADS_AT_MOST_S):
            await finder.ready()
    except TimeoutError:  # their time in the pipeline goes on, and ends with a teacher
        return
    for id in forgotten:
        async with store.work() as work:
            await settle(work, finder, rules, id, None, now)


async def end_late_readings(store: Store, finder: Finder, rules: Rules) -> None:
    async with store.looking() as work:
        now = work.began
        late = await work.stuck_in_pipeline(now - rules.pipeline_budget)
    for id in late:
        async with store.work() as work:
            await give_up_reading(work, rules, id, now)


async def ring_alarms(store: Store, finder: Finder, rules: Rules) -> None:
    async with store.looking() as work:
        now = work.began
        unalarmed = await work.unalarmed(now - ALARM_AFTER)
    for id in unalarmed:
        async with store.work() as work:
            question = await work.question(id)
            if question is not None and question.alarmed_at is None:
                question.alarmed_at = now
                work.tell(DUTY_CHANNEL, "alarm", id)
                await work.commit()


async def renew_promises(store: Store, finder: Finder, rules: Rules) -> None:
    async with store.looking() as work:
        now = work.began
        unpromised = await work.unpromised(now)
    for id in unpromised:
        async with store.work() as work:
            question = await work.waiting_question(id)
            if question is not None:
                before = question.promised_at
                await give_promise(work, question, now)
                if question.promised_at != before:
                    await work.commit()


async def offer_again(store: Store, finder: Finder, rules: Rules) -> None:
    async with store.work() as work:
        await dispatch(work, rules, work.began)
        await work.commit()


async def end_lectures(store: Store, finder: Finder, rules: Rules) -> None:
    async with store.looking() as work:
        now = work.began
        late = await LectureBook(work).past_due()
    for id in late:
        async with store.work() as work:
            await keep_time(work, id, now)


async def forget_superseded(store: Store, storage: Storage, rest: timedelta) -> None:
    """The objects of editions that were replaced or taken down, as soon as the last address given out for them has run
    out."""
    async with store.looking() as work:
        old = await work.superseded(rest)
    for edition in old:
        for key in edition.keys:
            await storage.delete(key)
        async with store.work() as work:
            await work.files_gone(edition.answer_id, edition.number)
            await work.commit()


async def tidy(store: Store, storage: Storage) -> None:
    """What has served its time: tickets, sign-ins, idempotency keys, files that nothing uses."""
    async with store.work() as work:
        await work.forget_expired()
        await work.commit()
    await sweep(store, storage)


async def end_floors(store: Store, finder: Finder, rules: Rules) -> None:
    async with store.looking() as work:
        due = await FloorBook(work).overdue()
    for id in due:
        async with store.work() as work:
            await floor.end_overdue(work, id, work.began)
