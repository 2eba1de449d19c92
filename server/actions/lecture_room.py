"""A lecture on air: it begins, the lecturer draws, the room speaks and is kept in order, it ends."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from server.actions.errors import (
    BadRequest,
    Fenced,
    LectureFixed,
    Muted,
    NotHere,
    Refusal,
    RoomClosed,
    SessionOver,
    TooEarly,
    TooFast,
)
from server.actions.lecture_film import leave_behind
from server.actions.pulse import falls_still, lower_hand_of
from server.actions.subsidy import lecture_held
from server.domain.board import MAX_OPERATIONS, Board, BoardError, Operation, check, packed
from server.domain.lecture import LectureState, may_start
from server.domain.people import Person, Role
from server.domain.room import LINE_MOVES, LONGEST_LINE, SLOW_S, LineState, may_speak, plain, why_held
from server.live.protocol import LineView
from server.store.lecture_views import page_id
from server.store.lectures import LectureBook
from server.store.pulse import PulseBook
from server.store.room_views import line_view
from server.store.rooms import LECTURER, RoomBook
from server.store.work import Record, Work, lecture_channel, room_channel, staff_channel

NOT_HERE_KINDS = frozenset({"lock", "lost", "say"})  # of a board: they are of a lesson of two
SNAPSHOT_EVERY = 500
BLANK = {"page": "p1", "paper": "blank", "aspect": 6_000}
ON_AIR = LectureState.LIVE


async def start(work: Work, lecturer: Person, id: UUID, now: datetime) -> int:
    """On air, with the pages that were brought; the epoch of the page that draws from now on. In a lecture that is on
    air already this page takes over: another tab, or a browser that came back."""
    book = LectureBook(work)
    lecture = await book.lecture(id)
    if lecture is None or lecture.lecturer_id != lecturer.id:
        raise NotHere
    state = LectureState(lecture.state)
    epoch = int(lecture.epoch) + 1
    if state is ON_AIR:
        await book.change(id, epoch=epoch)
    elif may_start(state, lecture.starts_at, lecture.ends_at, now):
        await book.change(id, state=ON_AIR, started_at=now, epoch=epoch)
        pages = await _first_pages(book, id)
        last = await RoomBook(work).append(id, *pages)
        for seq, page in enumerate(pages, last - len(pages) + 1):  # for who waits in the room already
            work.tell(room_channel(id), "board", id, {**asdict(page), "seq": seq})
        work.tell(lecture_channel(id), "lecture", id)
    else:
        raise TooEarly if state is LectureState.OPEN and now < lecture.starts_at else LectureFixed
    work.tell(room_channel(id), "room", id)
    await work.commit()
    return epoch


async def _first_pages(book: LectureBook, id: UUID) -> list[Operation]:
    pages = [
        {
            "page": f"m{number}",
            "paper": "photo",
            "aspect": min(50_000, max(1_000, round(10_000 * height / width))),
            "media": str(page_id(material.id, at)),
        }
        for number, (material, at, (width, height)) in enumerate(
            (
                (material, at, size)
                for material in await book.materials(id)
                for at, size in enumerate(material.pages, 1)
            ),
            1,
        )
    ]
    return [
        Operation(0, f"first-{n}", LECTURER, "page", check("page", page), 0) for n, page in enumerate(pages or [BLANK])
    ]


async def end(work: Work, person: Person, id: UUID, now: datetime) -> None:
    """By its lecturer, or by a reviewer who stops it. Ending twice is ending."""
    book = LectureBook(work)
    lecture = await kept_by(book, person, id)
    state = LectureState(lecture.state)
    if state is LectureState.OVER:
        return
    if state is not ON_AIR:
        raise RoomClosed
    await book.clock(lecture, now)
    await book.change(id, state=LectureState.OVER, ended_at=now)
    await falls_still(work, id)
    await lecture_held(work, lecture, now)
    await leave_behind(work, id)
    work.defer("snapshot_lecture", queue="read", lock=f"lecture:{id}", lecture_id=str(id))
    work.tell(lecture_channel(id), "lecture", id)
    work.tell(room_channel(id), "room", id)
    await work.commit()


async def draw(work: Work, person: Person, id: UUID, epoch: int, op_id: str, kind: str, op: Mapping[str, Any]) -> int:
    """One operation of the lecturer's, durable when this returns its number; a repeated id gives the same."""
    book, room = LectureBook(work), RoomBook(work)
    lecture = await book.lecture(id)
    if lecture is None or lecture.lecturer_id != person.id:
        raise NotHere
    known = await room.operation_seq(id, op_id)
    if known is not None:
        return known
    if LectureState(lecture.state) is not ON_AIR or lecture.next_seq > MAX_OPERATIONS:
        raise SessionOver
    if lecture.epoch != epoch:
        raise Fenced
    if not 1 <= len(op_id) <= 64 or kind in NOT_HERE_KINDS:
        raise BadRequest
    try:
        body = packed(check(kind, op))
    except BoardError as error:
        raise BadRequest(str(error)) from error
    if body.get("paper") == "photo" and not await _is_brought(book, id, body["media"]):
        raise BadRequest("that picture is not of this lecture")
    at_ms = await book.clock(lecture, await work.now())
    line = Operation(0, op_id, LECTURER, kind, body, at_ms)
    seq = await room.append(id, line)
    work.tell(room_channel(id), "board", id, {**asdict(line), "seq": seq})
    if seq % SNAPSHOT_EVERY == 0:
        work.defer("snapshot_lecture", queue="read", lock=f"lecture:{id}", lecture_id=str(id))
    await work.commit()
    return seq


async def snapshot_board(work: Work, id: UUID) -> None:
    """What the board amounts to so far is kept beside its log: who joins late reads less."""
    room = RoomBook(work)
    kept = await room.snapshot(id)
    board = Board() if kept is None else Board.restored(json.loads(kept))
    for op in await room.log(id, after=board.seq):
        board.apply(op)
    await room.keep_snapshot(id, board.seq, json.dumps(board.snapshot(), ensure_ascii=False))
    await work.commit()


async def _is_brought(book: LectureBook, id: UUID, media: str) -> bool:
    return any(
        media == str(page_id(material.id, at))
        for material in await book.materials(id)
        for at in range(1, len(material.pages) + 1)
    )


# --- the room ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody wants to say: a line of chat, or a question. The same id is said once."""

    author: Person
    id: UUID
    kind: str
    text: str


async def say(work: Work, id: UUID, lines: Sequence[Line], now: datetime) -> list[LineView | Refusal]:
    """What a room says at one moment, in one transaction: each line is shown at once, held for a look, or refused."""
    lecture = await LectureBook(work).look(id)  # a room speaks faster than it could wait for one row; `say` asks again
    if lecture is None or LectureState(lecture.state) is LectureState.PLANNED:
        return [NotHere() for _ in lines]
    speakers = await RoomBook(work).speakers(id, [line.author.id for line in lines])
    said: list[LineView | Refusal] = []
    for line in lines:
        try:
            said.append(await _say(work, lecture, speakers[line.author.id], line, now))
        except Refusal as refusal:
            said.append(refusal)
    await work.commit()
    return said


async def _say(work: Work, lecture: Record, speaker: Record, line: Line, now: datetime) -> LineView:
    room, person = RoomBook(work), line.author
    text = " ".join(plain(line.text).split())
    if not 1 <= len(text) <= LONGEST_LINE:
        raise BadRequest(f"a line has 1 to {LONGEST_LINE} characters")
    speaks_freely = lecture.lecturer_id == person.id or person.is_a(Role.REVIEWER)
    if not (speaks_freely or speaker.is_here):
        raise NotHere
    before = await room.line_of(lecture.id, person.id, line.id)
    if before is not None:
        return _seen(before, lecture)
    if LectureState(lecture.state) is not ON_AIR:
        raise RoomClosed
    held, by_hand = None, False
    if not speaks_freely:
        if speaker.is_muted:
            raise Muted
        by_hand = line.kind == "question" and await PulseBook(work).has_the_word(lecture.id, person.id)
        if not may_speak(await room.last_said(lecture.id, person.id), 0 if by_hand else lecture.slow_s, now):
            raise TooFast
        held = why_held(text)
    state = LineState.SHOWN if held is None else LineState.HELD
    fresh = {"line_id": line.id, "kind": line.kind, "text": text, "state": str(state), "why_held": held}
    row = await room.say(lecture.id, person.id, {**fresh, "said_at": now, "by_hand": by_hand})
    if row is None:
        raise RoomClosed
    view = _seen(row, lecture)
    _tell(work, lecture.id, view)
    return view


async def vote(work: Work, id: UUID, number: int, pupils: Sequence[UUID]) -> list[int | Refusal]:
    """Pupils in the room who have the same question: all in one transaction, told as one change."""
    book, room = LectureBook(work), RoomBook(work)
    lecture = await book.lecture(id)
    line = await room.line(id, number)
    if lecture is None or line is None or line.kind != "question" or line.state not in ("shown", "answered"):
        return [NotHere() for _ in pupils]
    if LectureState(lecture.state) is not ON_AIR:
        return [RoomClosed() for _ in pupils]
    fresh = await room.vote(id, number, list(dict.fromkeys(pupils)))
    votes = int(line.votes) + fresh
    if fresh:
        view = msgspec.structs.replace(_seen(line, lecture), votes=votes)
        _tell(work, id, view)
        await work.commit()
    return [votes for _ in pupils]


async def judge(work: Work, person: Person, id: UUID, number: int, to: LineState) -> LineView:
    """The lecturer or a reviewer shows what was held, hides what was shown, marks a question as answered."""
    book, room = LectureBook(work), RoomBook(work)
    lecture = await kept_by(book, person, id)
    line = await room.line(id, number)
    if line is None:
        raise NotHere
    now = LineState(line.state)
    if to is LineState.ANSWERED and line.kind != "question":
        raise BadRequest("only a question is answered")
    if now is not to:
        if to not in LINE_MOVES[now]:
            raise BadRequest(f"a line does not go from {now} to {to}")
        await room.judge(id, number, to)
    view = msgspec.structs.replace(_seen(line, lecture), state=to)
    if now is not to:
        _tell(work, id, view)
        await work.commit()
    return view


async def rule(work: Work, person: Person, id: UUID, number: int, what: str) -> UUID:
    """What the author of a line may do from now on; whose it is."""
    book, room = LectureBook(work), RoomBook(work)
    lecture = await kept_by(book, person, id)
    line = await room.line(id, number)
    if line is None or line.author_id == lecture.lecturer_id:
        raise NotHere
    await room.rule(id, line.author_id, person.id, muted=what != "unmute", removed=what == "remove")
    if what == "remove" and line.state in (LineState.SHOWN, LineState.HELD):
        await room.judge(id, number, LineState.HIDDEN)
        _tell(work, id, msgspec.structs.replace(_seen(line, lecture), state=LineState.HIDDEN))
    if what != "unmute":
        await lower_hand_of(work, id, line.author_id)
    await work.commit()
    return UUID(str(line.author_id))


async def slow_down(work: Work, person: Person, id: UUID, slow_s: int) -> None:
    if slow_s not in SLOW_S:
        raise BadRequest
    book = LectureBook(work)
    await kept_by(book, person, id)
    await book.change(id, slow_s=slow_s)
    work.tell(room_channel(id), "room", id)
    await work.commit()


async def kept_by(book: LectureBook, person: Person, id: UUID) -> Record:
    """The lecture, for who keeps its room in order: its lecturer, or a reviewer."""
    lecture = await book.lecture(id)
    if lecture is None or LectureState(lecture.state) is LectureState.PLANNED:
        raise NotHere
    if lecture.lecturer_id != person.id and not person.is_a(Role.REVIEWER):
        raise NotHere
    return lecture


def _seen(row: Record, lecture: Record) -> LineView:
    return line_view(row, by_lecturer=row.author_id == lecture.lecturer_id)


def _tell(work: Work, id: UUID, view: LineView) -> None:
    """Staff hear all; the room hears what is shown, and of a line that is gone that it is gone."""
    body = msgspec.to_builtins(view)
    if view.state is not LineState.SHOWN and view.state is not LineState.ANSWERED:
        work.tell(staff_channel(id), "line", id, body)
    if view.state is LineState.HIDDEN:
        body = {**body, "text": "", "author_name": "", "why_held": None}
    if view.state is not LineState.HELD:
        work.tell(room_channel(id), "line", id, body)
