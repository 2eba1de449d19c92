"""Money, from a fact to the bank: facts are written, accrued at once, reckoned by the month, closed and paid out.

What accrues is the difference between what the facts come to and what was posted: telling a fact again changes nothing.
A month that was reckoned is left alone; what changes of it later is posted when the next one is reckoned.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from server.actions.errors import BadRequest, Moved, NotAllowed, NotHere, Refusal
from server.domain.people import Person
from server.domain.question import Question
from server.domain.room import attended
from server.domain.subsidy.appraisal import Appraisal, appraise
from server.domain.subsidy.document import PolicyRefused
from server.domain.subsidy.facts import WORKS, FactRefused, Note, day_of, pseudonym
from server.domain.subsidy.policy import FAR, Policy, Term, date_of, day_number, in_order, parse
from server.domain.subsidy.reckon import Line, Statement, entries_of, half_up, month_of, reckon
from server.domain.subsidy.simulate import Comparison, compare
from server.store.books import Books, Posting, Ruling, policies_of
from server.store.work import Record, Store, Work, person_channel
from server.subsidy_file import FactLine, fact_of, line_dict

SHANGHAI = timedelta(hours=8)
APPEAL = timedelta(days=5)  # how long a teacher may object to a statement
THERE = timedelta(minutes=1)  # who looked in for less did not attend a lecture
PLATFORMS_OWN = ("session", "shown", "lecture", "outcome", "review")  # what ids of facts begin with
INK_S = 5.0  # a stroke stands for the seconds before it, in which its writer thought and drew


class SecondPerson(NotAllowed):
    """需要另一个人来做这一步。"""

    code, en = "second_person", "Another person has to do this."


class MonthNotOver(Refusal):
    """这个月还没有结束，或者前一个月还没有结算。"""

    code, en = "month_not_over", "This month is not over, or the one before it has not been reckoned."


class MonthClosed(Moved):
    """这个月已经结算，不能重来；改动记入下个月。"""

    code, en = "month_closed", "This month has been reckoned and is never reopened; changes go to the next."


class AppealsOpen(Refusal):
    """申诉期还没有过，或者还有申诉没有答复。"""

    code, en = "appeals_open", "The time for appeals is not over, or an appeal has no reply."


class PolicyWrong(BadRequest):
    """这份办法有错。"""

    code, en, status = "policy_refused", "This document can't be a policy.", 422


# --- facts of the platform -----------------------------------------------------------------------------------------


async def session_held(
    work: Work, question: Question, session_id: UUID, teacher: UUID, answer: UUID, now: datetime
) -> None:
    """A session became an answer, live or recorded without the pupil: the fact, and what it earns."""
    rows = await work.rows(_SESSION, {"session": session_id, "teacher": teacher})
    found = rows[0]
    spans = [(at / 1000 - INK_S, at / 1000) for at in found.ink or ()]
    spans += [(start / 1000, (start + lasts) / 1000) for start, lasts in found.speech or ()]
    length = (now - found.opened_at).total_seconds()
    books = Books(work)
    flags = [*([] if spans else ["blank_board"]), *(["answered_before"] if found.answered_before else [])]
    flags += await _ties(books, teacher, question.student_id)
    line = FactLine(
        id=f"session:{session_id}",
        kind="session" if found.kind == "live" else "answer",  # recorded without the pupil
        teacher=str(teacher),
        start=found.opened_at,
        end=max(now, found.opened_at),
        active_s=active_seconds(spans, length),
        pupil=pseudonym(question.student_id),
        followers=question.followers,
        flags=tuple(flags),
        evidence=(f"question:{question.id}", f"answer:{answer}", *(f"recording:{id}" for id in found.recordings or ())),
    )
    if await books.add_fact(line, "platform"):
        await accrue(books, teacher, found.opened_at, question.id)


async def answer_judged(work: Work, question: Question, *, solved: bool, now: datetime) -> None:
    """The pupil said "solved", or asked again: a word on the session that answered the question, or, of a video that
    was shown, a piece of work of the teacher who made it."""
    if question.answer_id is None:
        return
    rows = await work.rows(_ANSWERED, {"answer": question.answer_id})
    if not rows:
        return
    made, books = rows[0], Books(work)
    if made.question_id == question.id:
        line = FactLine(
            id=f"outcome:{made.session_id}:{question.version}",
            kind="outcome",
            of=f"session:{made.session_id}",
            resolved=True if solved else None,
            asked_again=None if solved else True,
            recorded=now,
        )
        if await books.fact(line.of) is None:
            return
        added = await books.add_fact(line, "platform", teacher=made.teacher_id)
    elif solved:
        line = FactLine(
            id=f"shown:{question.id}:{question.answer_id}",
            kind="shown",
            teacher=str(made.teacher_id),
            start=now,
            pupil=pseudonym(question.student_id),
            flags=tuple(await _ties(books, made.teacher_id, question.student_id)),
            evidence=(f"question:{question.id}", f"answer:{question.answer_id}"),
        )
        added = await books.add_fact(line, "platform")
    else:
        return
    if added:
        await accrue(books, made.teacher_id, made.opened_at if line.of else now, question.id)


async def answer_rated(work: Work, answer: UUID, stars: int, now: datetime) -> None:
    """The pupil who asked gave stars: a word on the session that became the answer; the last one counts."""
    rows = await work.rows(_ANSWERED, {"answer": answer})
    if not rows:
        return
    made, books = rows[0], Books(work)
    session = f"session:{made.session_id}"
    if await books.fact(session) is None:
        return
    told = await books.count_words(session, "outcome")
    line = FactLine(id=f"outcome:{made.session_id}:stars:{told + 1}", kind="outcome", of=session, rating=stars,
                    recorded=now)  # fmt: skip
    if await books.add_fact(line, "platform", teacher=made.teacher_id):
        await accrue(books, made.teacher_id, made.opened_at, made.question_id)


async def lecture_held(work: Work, lecture: Record, now: datetime) -> None:
    """A lecture is over: the minutes on air within its slot, so that a room left on earns nothing, and how many pupils
    were there for a minute or more. One to which nobody came is held."""
    start, end = lecture.started_at, max(now, lecture.started_at)
    on_air = min(end, lecture.ends_at) - max(start, lecture.starts_at)
    spans: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in await work.rows(_ATTENDED, {"id": lecture.id}):
        spans[row.pupil_id].append((row.from_at, row.until_at))
    pupils = sum(attended(each, start, end) >= THERE for each in spans.values())
    line = FactLine(
        id=f"lecture:{lecture.id}",
        kind="lecture",
        teacher=str(lecture.lecturer_id),
        start=start,
        end=end,
        active_s=max(0, int(on_air.total_seconds())),
        attendance=pupils,
        flags=() if pupils else ("nobody_came",),
        evidence=(f"lecture:{lecture.id}",),
    )
    books = Books(work)
    if await books.add_fact(line, "platform"):
        await accrue(books, lecture.lecturer_id, start)


async def _ties(books: Books, teacher: UUID, student: UUID) -> list[str]:
    """What ties the two together beside the question: held for review, whatever the policy says."""
    ties = await books.ties(teacher, student, pseudonym(student))
    return [flag for flag in ("own_child", "same_device") if getattr(ties, flag)]


def active_seconds(spans: Iterable[tuple[float, float]], length: float) -> int:
    """Whole seconds of the session that the spans of ink and speech cover, overlaps counted once."""
    total, until = 0.0, 0.0
    for start, end in sorted(spans):
        start, end = max(start, until, 0.0), min(end, length)
        if end > start:
            total, until = total + end - start, end
    return min(int(total), int(length))


# --- accruing ------------------------------------------------------------------------------------------------------


async def accrue(books: Books, teacher: UUID, moment: datetime, question: UUID | None = None) -> None:
    """Posts what the teacher's facts come to and is not posted yet, for months that are open; the teacher is told."""
    await books.take_teacher(teacher)
    rulings = await books.policies()
    ruling = _ruling(rulings, _day(moment))
    if ruling is None:
        return
    since = date_of(ruling.policy.from_day)
    done = reckon(await books.facts_of(teacher, since, _pairs(rulings)), policies_of(rulings), pools=False)
    last = await books.last_reckoned()
    open_from = 0 if last is None else _number(last) + 1
    lines = [line for each in done.statements for line in each.lines if each.teacher == str(teacher)]
    open_lines = {line.fact.id: line for line in lines if month_of(line.day) >= open_from}
    posted = await books.posted(since, teacher)
    closed = {line.fact.id for line in lines} - open_lines.keys()
    for id in sorted(posted.keys() | open_lines.keys()):
        line = open_lines.get(id)
        if id in closed or (line is None and not await _is_open(books, id, open_from)):
            continue
        await _stop_at_the_pool(books, line, posted.get(id, {}))
        await _post(books, rulings, teacher, id, line, posted.get(id, {}), None, question)


async def _is_open(books: Books, fact: str, open_from: int) -> bool:
    """Whether a fact that counts no more is of a month that may still change at once."""
    row = await books.fact(fact)
    return row is None or row.starts_at is None or month_of(_day(row.starts_at)) >= open_from


async def _stop_at_the_pool(books: Books, line: Line | None, posted: Mapping[str, int]) -> None:
    """A pool of the whole city that stops when it is empty is never overdrawn, not even until the month is reckoned."""
    if line is None or line.policy is None or not line.pool or not line.fen:
        return
    pool = next(pool for pool in line.policy.pools if pool.name == line.pool)
    if pool.when_exhausted != "stop" or pool.by != "city" or pool.fen is None or pool.per == "term" or pool.monthly:
        return
    await books.take_pool(pool.name)
    first = line.month if pool.per == "month" else line.month - (line.month - (pool.year_starts_month - 1)) % 12
    until = first + (1 if pool.per == "month" else 12)
    account = f"budget:{pool.name}"
    spent = await books.spent(account, _first_day(first), _first_day(until)) - posted.get(account, 0)
    line.fen = min(line.fen, max(0, pool.fen - spent))


async def _post(
    books: Books,
    rulings: Sequence[Ruling],
    teacher: UUID,
    id: str,
    line: Line | None,
    posted: Mapping[str, int],
    month: int | None,
    question: UUID | None = None,
) -> UUID | None:
    """What the accounts lack of what the line comes to, as one transaction; None when they lack nothing."""
    wanted = {} if line is None else entries_of(line)
    lacking = {a: wanted.get(a, 0) - posted.get(a, 0) for a in sorted(wanted.keys() | posted.keys())}
    if not any(lacking.values()):
        return None
    before = await books.count_postings(id)
    row = await books.fact(id)
    at = line.month if line is not None else month_of(_day(row.starts_at)) if row is not None and row.starts_at else 0
    done_at = row.starts_at if row is not None else None
    if done_at is None:
        assert line is not None
        done_at = datetime.fromtimestamp(line.fact.start, UTC)
    ruling = _ruling(rulings, _day(done_at))
    cause = {"fact": id, "status": "gone"} if line is None else line_dict(line)
    transaction = await books.post(
        Posting(
            key=f"{id}#{before + 1}",
            kind="adjustment" if before else "accrual",
            work=line.fact.kind if line is not None else row.kind if row is not None else "top_up",
            teacher=teacher,
            month=_first_day(month if month is not None else at),
            done_at=done_at,
            entries=lacking,
            fact=id if row is not None else None,
            policy=None if ruling is None else ruling.id,
            question=question if row is not None and row.kind in ("session", "answer", "shown") else None,
            cause=cause,
        )
    )
    if transaction is not None and lacking.get(f"owed:{teacher}"):
        books.work.tell(person_channel(teacher), "earned", transaction)
    return transaction


# --- facts by hand: imported, reviewed, corrected ------------------------------------------------------------------


async def import_facts(work: Work, lines: Sequence[FactLine], by: UUID | None, now: datetime) -> int:
    """All or none; how many are new. Teachers are named by login. What the platform writes itself can't be imported,
    only corrected. Raises FactRefused."""
    logins = {line.teacher for line in lines if line.teacher} | {line.approved_by for line in lines if line.approved_by}
    rows = await work.rows("SELECT id, login FROM accounts WHERE login = ANY(%(logins)s)", {"logins": list(logins)})
    ids = {row.login: row.id for row in rows}
    books, touched = Books(work), defaultdict[UUID, list[datetime]](list)
    new = 0
    for line in lines:
        fact_of(line)
        if line.id.partition(":")[0] in PLATFORMS_OWN:
            raise FactRefused(f"{line.id}: ids of this kind are the platform's own")
        for login in (line.teacher, line.approved_by):
            if login and login not in ids:
                raise FactRefused(f"{line.id}: nobody signs in as {login!r}")
        teacher, since = await _touched(books, line, ids)
        people = {person for person in (teacher, ids.get(line.teacher)) if person is not None}
        named = str(ids[line.teacher]) if line.teacher else ""
        kept = msgspec.structs.replace(line, teacher=named, recorded=line.recorded or now)
        if await books.add_fact(kept, "import", by, teacher):
            new += 1
        elif not await _is_same(books, line):
            raise FactRefused(f"{line.id}: told before, and differently; a correction is a new fact")
        for person in people:
            touched[person].append(since or line.start or now)
    for each in sorted(touched):
        await accrue(books, each, min(touched[each]))
    for each in sorted({ids[line.teacher] for line in lines if line.kind == Note.REDEMPTION}):
        await _check_points(books, each)
    await work.commit()
    return new


async def _check_points(books: Books, teacher: UUID) -> None:
    """Leave is taken only for points that are there: an import that says otherwise is refused."""
    rulings = await books.policies()
    if not rulings:
        return
    since = date_of(rulings[0].policy.from_day)
    done = reckon(await books.facts_of(teacher, since, _pairs(rulings)), policies_of(rulings), pools=False)
    for refused in done.refused:
        row = await books.fact(refused.fact)
        if row is not None and row.kind == Note.REDEMPTION and row.teacher_id == teacher:
            raise FactRefused(f"{refused.fact}: {refused.why}")


async def _touched(books: Books, line: FactLine, ids: Mapping[str, UUID]) -> tuple[UUID | None, datetime | None]:
    """Whose books a note or correction touches, and from when on."""
    about = line.of or line.replaces
    if not about:
        return ids.get(line.teacher), line.start
    row = await books.fact(about)
    if row is None:
        raise FactRefused(f"{line.id}: there is no fact {about}")
    return row.teacher_id, row.starts_at


async def _is_same(books: Books, line: FactLine) -> bool:
    row = await books.fact(line.id)
    assert row is not None
    return bool(row.kind == line.kind and row.starts_at == line.start and row.body.get("replaces", "") == line.replaces)


async def review(work: Work, person: Person, fact: str, decision: str, reason: str, now: datetime) -> None:
    """Releases or refuses what was held; never one's own."""
    books = Books(work)
    row = await books.fact(fact)
    if row is None or row.kind not in WORKS:
        raise NotHere
    if row.teacher_id == person.id:
        raise SecondPerson
    if decision not in ("release", "refuse") or not reason.strip():
        raise BadRequest("release or refuse, and a reason")
    told = await books.count_words(fact, "review")
    line = FactLine(
        id=f"review:{fact}:{told + 1}", kind="review", of=fact, decision=decision, reason=reason.strip()[:500],
        recorded=now,
    )  # fmt: skip
    await books.add_fact(line, "review", person.id, row.teacher_id)
    await accrue(books, row.teacher_id, row.starts_at)
    await work.commit()


# --- policies ------------------------------------------------------------------------------------------------------


async def propose(work: Work, person: Person, document: str) -> UUID:
    """A document for a second person to put in force."""
    try:
        policy = parse(document)
    except PolicyRefused as error:
        raise PolicyWrong(str(error)) from error
    until = None if policy.to_day == FAR else date_of(policy.to_day)
    id = await Books(work).propose(policy, date_of(policy.from_day), until, person.id)
    await work.commit()
    return id


async def approve(work: Work, person: Person, id: UUID) -> None:
    """In force from its first day, which must be in a month that is open; it ends the open policy before it."""
    books = Books(work)
    await books.take_all()
    row = await books.policy(id)
    if row is None:
        raise NotHere
    if row.approved_at is not None:
        return
    if row.proposed_by == person.id:
        raise SecondPerson
    policy = parse(row.document)
    last = await books.last_reckoned()
    if last is not None and month_of(policy.from_day) <= _number(last):
        raise MonthClosed
    rulings = await books.policies()
    ends = next((r for r in rulings if r.policy.to_day == FAR and r.policy.from_day < policy.from_day), None)
    others = [replace(r.policy, to_day=policy.from_day) if r is ends else r.policy for r in rulings]
    try:
        in_order([*others, policy])
    except PolicyRefused as error:
        raise PolicyWrong(str(error)) from error
    await books.approve(id, person.id, None if ends is None else ends.id, date_of(policy.from_day))
    await work.commit()


# --- months --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Closed:
    """What a reckoned month came to."""

    month: date
    statements: int
    fen: int


async def reckon_month(work: Work, person: Person, month: date, now: datetime, appeal: timedelta = APPEAL) -> Closed:
    """Everything up to the month's end is reckoned, pools included, and claimed by statements; appeals are open."""
    books = Books(work)
    await books.take_all()
    if month.day != 1:
        raise BadRequest("a month is named by its first day")
    last, number = await books.last_reckoned(), _number(month)
    if last is not None and number <= _number(last):
        raise MonthClosed
    first = last if last is not None else await books.first_month()
    follows = first is None or number == _number(first) + (last is not None)
    if not follows or now < _moment(_first_day(number + 1)):
        raise MonthNotOver
    rulings = await books.policies()
    await _settle(books, rulings, number)
    await books.add_month(month, person.id, now + appeal)
    claims: dict[UUID, list[Any]] = defaultdict(list)
    for row in await books.unclaimed(month):
        claims[row.teacher_id].append(row)
    total = 0
    for teacher in sorted(claims):
        rows = claims[teacher]
        fen, held = sum(row.fen for row in rows), sum(row.held for row in rows)
        await books.add_statement(month, teacher, fen, held, [row.id for row in rows])
        work.tell(person_channel(teacher), "duty", teacher)
        total += fen
    await books.seal()
    await work.commit()
    return Closed(month, len(claims), total)


async def _settle(books: Books, rulings: Sequence[Ruling], month: int) -> None:
    """Posts into this month whatever all facts come to by its end and is not posted."""
    if not rulings:
        return
    since = date_of(rulings[0].policy.from_day)  # a correction may be of any policy's time, and pools outlive policies
    done = reckon(await books.facts(since), policies_of(rulings))
    lines = {line.fact.id: line for each in done.statements for line in each.lines}
    posted = await books.posted(since)
    for id in sorted(lines.keys() | posted.keys()):
        line, known = lines.get(id), posted.get(id, {})
        if line is not None and line.month > month:
            if not known or month_of(line.day) > month:
                continue  # its own month comes yet
            line = None  # a pool carries it on: it is posted again when that month is reckoned
        owed = [account for account in known if account.startswith(("owed:", "held:"))]
        teacher = line.fact.teacher if line is not None else owed[0].partition(":")[2]
        await _post(books, rulings, UUID(teacher), id, line, known, month)


async def seal(store: Store) -> None:
    """Adds what was posted since to the chain; month ends and payouts do so themselves."""
    async with store.work() as work:
        if await Books(work).seal():
            await work.commit()


async def close_month(work: Work, person: Person, month: date, now: datetime) -> None:
    """A second person closes, once the time for appeals is over and all have a reply. Nothing opens it again."""
    books = Books(work)
    row = await books.month(month)
    if row is None:
        raise NotHere
    if row.closed_at is not None:
        return
    if row.reckoned_by == person.id:
        raise SecondPerson
    if now < row.appeal_until or await books.open_appeals(month):
        raise AppealsOpen
    await books.close_month(month, person.id)
    await work.commit()


async def appeal(work: Work, teacher: Person, statement: UUID, words: str, now: datetime) -> UUID:
    """A teacher objects to a statement while its window is open."""
    books = Books(work)
    row = await books.statement(statement)
    if row is None or row.teacher_id != teacher.id:
        raise NotHere
    if row.closed_at is not None or now >= row.appeal_until:
        raise MonthClosed
    if not 1 <= len(words.strip()) <= 1_000:
        raise BadRequest("1 to 1,000 characters")
    id = await books.add_appeal(statement, words.strip())
    await work.commit()
    return id


async def reply(work: Work, person: Person, appeal_id: UUID, words: str) -> None:
    """The answer to an appeal. What it changes is a new fact, and goes to the next month."""
    if not 1 <= len(words.strip()) <= 1_000:
        raise BadRequest("1 to 1,000 characters")
    if not await Books(work).reply(appeal_id, words.strip(), person.id):
        raise NotHere
    await work.commit()


@dataclass(frozen=True)
class TeachersMonth:
    """A teacher's month as the facts have it now, and until when a statement may be appealed."""

    statement: Statement | None
    policy: str | None
    appeal_until: datetime | None


async def teachers_month(work: Work, teacher: UUID, month: date) -> TeachersMonth:
    """Without the pools, which are settled when a month is reckoned."""
    books, number = Books(work), _number(month)
    rulings = await books.policies()
    ends = day_number(_first_day(number + 1))
    began = [ruling.policy for ruling in rulings if ruling.policy.from_day < ends]
    in_force = [policy for policy in began if policy.to_day > day_number(month)]
    open_months = [row for row in await books.months() if row.closed_at is None and row.appeal_until > await work.now()]
    until = open_months[-1].appeal_until if open_months else None
    if not in_force:
        return TeachersMonth(None, None, until)
    since = date_of(began[0].from_day)  # points live longer than the policy that gave them
    done = reckon(await books.facts_of(teacher, since, _pairs(rulings)), policies_of(rulings), pools=False)
    own = [each for each in done.statements if each.month == number and each.teacher == str(teacher)]
    return TeachersMonth(own[0] if own else None, in_force[-1].name, until)


async def statement_of(work: Work, id: UUID) -> Record | None:
    return await Books(work).statement(id)


def day_now(now: datetime) -> date:
    """The day that it is in Shanghai."""
    return date_of(_day(now))


def month_now(now: datetime) -> date:
    """The month that it is in Shanghai."""
    return _first_day(month_of(_day(now)))


# --- payouts -------------------------------------------------------------------------------------------------------


async def order_payouts(work: Work, person: Person, month: date) -> int:
    """A payout for each teacher to whom closed statements owe something and who has an account; how many are new. The
    others stay owed, and are named beforehand (OfficeView.without_account)."""
    books = Books(work)
    await books.take_all()
    row = await books.month(month)
    if row is None or row.closed_at is None:
        raise NotHere
    rulings = await books.policies()
    ruling = _ruling(rulings, day_number(_first_day(_number(month) + 1)) - 1)
    share = 0 if ruling is None else ruling.policy.withheld_share
    ordered = 0
    for due in await books.due(month):
        if due.fen <= 0:
            continue
        id = await books.order_payout(month, due.teacher_id, due.fen, person.id)
        if id is None:
            continue
        tax = half_up(due.fen * share, 10_000)
        entries = {f"owed:{due.teacher_id}": due.fen, "tax:withheld_elsewhere": -tax, "bank:transfers": tax - due.fen}
        await _move(books, f"payout:{id}", "payout", due.teacher_id, month, entries)
        ordered += 1
    await books.seal()
    await work.commit()
    return ordered


async def settle_payout(work: Work, person: Person, id: UUID, state: str, why: str, now: datetime) -> None:
    """The bank's word. What bounced is owed again, by entries that reverse the first."""
    books = Books(work)
    row = await books.payout(id)
    if row is None:
        raise NotHere
    if state not in ("paid", "bounced") or (state == "bounced" and not why.strip()):
        raise BadRequest("paid, or bounced and why")
    if row.state == state:
        return
    if row.state == "bounced" or (row.state == "paid" and state != "bounced"):
        raise Moved
    await books.settle_payout(id, state, why.strip()[:500] or None)
    if state == "bounced":
        first = await books.entries_of(f"payout:{id}")
        reversed_ = {account: -fen for account, fen in first.items()}
        await _move(books, f"bounce:{id}", "bounce", row.teacher_id, row.month, reversed_)
    await books.seal()
    await work.commit()


async def _move(books: Books, key: str, kind: str, teacher: UUID, month: date, entries: Mapping[str, int]) -> None:
    now = await books.work.now()
    posting = Posting(key, kind, kind, teacher, month, now, entries, cause={"fact": key, "status": kind})
    await books.post(posting)


# --- appraisal -----------------------------------------------------------------------------------------------------


async def appraisal(work: Work, teacher: UUID, first: date, until: date) -> tuple[Appraisal | None, str]:
    """A teacher's days from `first` to before `until` beside all teachers', and the teacher's own comment."""
    books = Books(work)
    facts = await books.facts(first)
    found = appraise(facts, policies_of(await books.policies()), day_number(first), day_number(until))
    return found.get(str(teacher)), await books.comment_of(teacher, first, until)


async def terms_begun(work: Work, today: date) -> list[Term]:
    """The terms of all policies that have begun, newest first."""
    rulings = await Books(work).policies()
    found = {(term.from_day, term.to_day): term for ruling in rulings for term in ruling.policy.terms}
    return [found[days] for days in sorted(found, reverse=True) if days[0] <= day_number(today)]


async def comment(work: Work, teacher: Person, first: date, until: date, words: str) -> None:
    if not 1 <= len(words.strip()) <= 2_000 or until <= first:
        raise BadRequest("1 to 2,000 characters, on days that follow each other")
    await Books(work).comment(teacher.id, first, until, words.strip())
    await work.commit()


# --- simulating ----------------------------------------------------------------------------------------------------


async def simulate(work: Work, draft: Policy, first: date, until: date) -> Comparison:
    """What the facts of these days come to under the policies in force, and under the draft. Nothing is written."""
    books = Books(work)
    await books.only_read()
    schools = {str(row.account_id): row.name for row in await work.rows(_SCHOOLS)}
    rulings = policies_of(await books.policies())
    facts = [
        fact for fact in await books.facts(first) if fact.kind not in WORKS or day_of(fact.start) < day_number(until)
    ]
    return compare(reckon(facts, rulings), reckon(facts, [replace(draft, from_day=0, to_day=FAR)]), schools)


# --- days and months -----------------------------------------------------------------------------------------------


def _day(moment: datetime) -> int:
    return day_of(int(moment.timestamp()))


def _number(month: date) -> int:
    return month.year * 12 + month.month - 1


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _moment(day: date) -> datetime:
    """When a day begins in Shanghai."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - SHANGHAI


def _pairs(rulings: Sequence[Ruling]) -> bool:
    """Whether some policy looks at pairs from the pupil's side, and so at works of other teachers."""
    return any(ruling.policy.holds.pair_share for ruling in rulings)


def _ruling(rulings: Sequence[Ruling], day: int) -> Ruling | None:
    return next((ruling for ruling in rulings if ruling.policy.covers(day)), None)


_SESSION = """
    SELECT s.opened_at, s.kind,
           (SELECT array_agg(b.at_ms) FROM board_operations b
            WHERE b.session_id = s.id AND b.author = 'teacher' AND b.kind = 'stroke') AS ink,
           (SELECT json_agg(json_build_array(m.start_ms, coalesce(m.duration_ms, 0))) FROM media m
            WHERE m.session_id = s.id AND m.owner_id = %(teacher)s AND m.kind = 'recording') AS speech,
           (SELECT array_agg(m.id) FROM media m
            WHERE m.session_id = s.id AND m.owner_id = %(teacher)s AND m.kind = 'recording') AS recordings,
           EXISTS (SELECT FROM answers a WHERE a.question_id = s.question_id AND a.teacher_id = %(teacher)s
                   AND a.session_id <> s.id) AS answered_before
    FROM live_sessions s WHERE s.id = %(session)s
"""
_ATTENDED = "SELECT pupil_id, from_at, until_at FROM lecture_attendance WHERE lecture_id = %(id)s"
_SCHOOLS = "SELECT i.account_id, s.name FROM identities i JOIN schools s ON s.id = i.school_id"
_ANSWERED = """
    SELECT a.question_id, a.session_id, a.teacher_id, s.opened_at
    FROM answers a JOIN live_sessions s ON s.id = a.session_id WHERE a.id = %(answer)s
"""
