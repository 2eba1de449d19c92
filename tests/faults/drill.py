"""An evening in seconds: pupils ask, teachers answer, pages listen, a nemesis breaks what carries them. What all of
them saw is then held against what the city knows."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from itertools import cycle, pairwise
from typing import Any
from uuid import uuid4

from websockets.exceptions import WebSocketException

from tests.faults.checker import dangling_refs, double_assigned, stale_writes, unreconciled_fen
from tests.faults.city import City
from tests.service import Address, Page, Program, Refused, is_ready, wait_until

SUBJECTS = ("math", "chinese", "english")
TEACHERS = ("teacher1", "teacher2", "teacher3", "teacher4")
LISTENERS = 4
ANSWERS = 4  # finished in an evening: each is a video to render
PHONE_S = 3.0  # a phone's patience with one call
FAULT_S = 3.0  # the longest that a fault lasts when nothing gets through
REST_S = 0.05  # before somebody tries again whom nobody answered
NOBODY = (OSError, WebSocketException, AssertionError)  # no answer, no socket, a page closed in the middle of its hello
SEEN_ALIKE = ("state", "verdict", "session_id", "teacher_name")  # of a question, by events and by a snapshot


@dataclass
class Verdict:
    ops: int
    acked: int
    lost: int
    dup: int
    double_assigned: int
    stale_write: int
    gaps: int
    unreconciled_fen: int
    dangling_refs: int
    max_unavailable_s: float

    def __str__(self) -> str:
        return " ".join(f"{figure.name} {getattr(self, figure.name)}" for figure in fields(self))

    @property
    def wrong(self) -> dict[str, int]:
        """What must be nothing, and is not."""
        counts = {"ops", "acked", "max_unavailable_s"}
        figures = {figure.name: getattr(self, figure.name) for figure in fields(self) if figure.name not in counts}
        return {name: value for name, value in figures.items() if value}


@dataclass
class History:
    """What the clients saw."""

    ops: int = 0
    ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # key -> the questions told under it
    acked_at: list[float] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)  # writes of a teacher who had lost the question, and that were done
    odd: set[str] = field(default_factory=set)  # answers that nobody should get
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def tried(self) -> None:
        with self._changed:
            self.ops += 1

    def acked(self, key: str, id: str) -> None:
        with self._changed:
            self.ids[key].add(id)
            self.acked_at.append(time.monotonic())
            self._changed.notify_all()

    def wait_acked(self, more: int) -> None:
        """Until so many more are acknowledged, or FAULT_S have passed without."""
        with self._changed:
            enough = len(self.acked_at) + more
            self._changed.wait_for(lambda: len(self.acked_at) >= enough, FAULT_S)


class Place:
    """Where a web node is killed and started again, with the links around it."""

    def __init__(self, city: City) -> None:
        self._city = city
        self.database, self.redis = city.link_to_database(), city.link_to_redis()
        self._settings = city.through(database=self.database, redis=self.redis)
        self.node = city.web(**self._settings)
        self.door = city.link_to(self.node)

    def restart(self) -> None:
        self.node.kill()
        self.node = self._city.start_web(self.node.port, **self._settings)

    def heal(self) -> None:
        for link in (self.database, self.redis, self.door):
            link.delay_s = 0.0
            link.heal()


class Drill:
    def __init__(self, city: City, submits: int, seed: int) -> None:
        self.city, self.submits, self.luck = city, submits, random.Random(seed)
        self.seen = History()
        self.places = [Place(city), Place(city)]
        self.doors: list[Address] = [place.door for place in self.places]
        self._worker = city.worker()
        self._turn = threading.Lock()
        self._asked = self._answered = 0
        self._all_broken = False
        self._evening_over, self._night = threading.Event(), threading.Event()

    def run(self) -> Verdict:
        before = self.city.questions()  # the demo's own
        pupils = [Program(f"pupil{n}", PHONE_S).sign_in(self.doors[n % 2]) for n in range(1, 13)]
        teachers = [Program(login, PHONE_S).sign_in(self.doors[0]) for login in TEACHERS]
        listeners = [Listener(pupil, self.doors, self._night) for pupil in pupils[:LISTENERS]]
        with self._crowd() as crowd:
            others = [crowd.submit(listener.listen) for listener in listeners]
            others += [crowd.submit(self._teach, teacher, random.Random(self.luck.random())) for teacher in teachers]
            others += [crowd.submit(self._break)]
            for each in [crowd.submit(self._ask, pupil, random.Random(self.luck.random())) for pupil in pupils]:
                each.result()
            self._evening_over.set()
            self._come_to_rest()
            gaps = sum(listener.differs() for listener in listeners)
            self._night.set()
            for each in others:
                each.result()
        gaps += sum(listener.gaps() for listener in listeners)
        return self._verdict(self.city.questions() - before, gaps)

    @contextmanager
    def _crowd(self) -> Iterator[ThreadPoolExecutor]:
        with ThreadPoolExecutor(64) as crowd:
            try:
                yield crowd
            finally:
                self._evening_over.set()
                self._night.set()

    # Pupils

    def _ask(self, pupil: Program, luck: random.Random) -> None:
        while (n := self._number()) is not None:
            key, text, subject = str(uuid4()), f"第 {n} 题：{n} 加 {3 * n + 1} 等于几？", luck.choice(SUBJECTS)
            while not self._heard(pupil, luck, key, text, subject):
                self._evening_over.wait(REST_S)
            if luck.random() < 0.1:
                self._heard(pupil, luck, key, text, subject)
            if luck.random() < 0.05 and self._status(pupil, luck, key, "换了内容", subject) not in (422, 503, None):
                self.seen.odd.add("the same key took another question")

    def _number(self) -> int | None:
        """The next question's; None when enough was asked and everything was broken once."""
        with self._turn:
            if self._asked >= self.submits and self._all_broken:
                return None
            self._asked += 1
            return self._asked

    def _heard(self, pupil: Program, luck: random.Random, key: str, text: str, subject: str) -> bool:
        self.seen.tried()
        try:
            self.seen.acked(key, pupil.ask(luck.choice(self.doors), text, key, subject)["id"])
        except OSError:
            return False
        except Refused as refused:
            if refused.status != 503:
                self.seen.odd.add(f"ask: {refused}")
            return False
        return True

    def _status(self, pupil: Program, luck: random.Random, key: str, text: str, subject: str) -> int | None:
        self.seen.tried()
        body = {"subject": subject, "grade": 8, "text": text}
        try:
            return pupil.status(luck.choice(self.doors), "POST", "/api/questions", body, key)
        except OSError:
            return None

    # Teachers

    def _teach(self, teacher: Program, luck: random.Random) -> None:
        while not self._evening_over.wait(REST_S):
            try:
                self._answer_one(teacher, luck)
            except OSError:
                continue
            except Refused as refused:
                if refused.status not in (404, 409, 503):
                    self.seen.odd.add(f"teach: {refused}")

    def _answer_one(self, teacher: Program, luck: random.Random) -> None:
        door = luck.choice(self.doors)
        duty = teacher.duty(door)
        if duty["session_id"]:  # opened by an accept whose answer was lost, or that was not finished
            session = teacher.call(door, "GET", f"/api/sessions/{duty['session_id']}")["session"]
        elif duty["offer"]:
            session = teacher.accept(door, duty["offer"])
        else:
            teacher.ready(door)
            return
        if luck.random() < 0.3 and self._may_finish():
            teacher.finish(door, session)
            return
        epoch = {"assignment_epoch": session["assignment_epoch"]}
        teacher.call(door, "POST", f"/api/sessions/{session['id']}/hand-back", epoch)
        if teacher.status(luck.choice(self.doors), "POST", f"/api/sessions/{session['id']}/finish", epoch) == 200:
            self.seen.stale.append(session["id"])

    def _may_finish(self) -> bool:
        with self._turn:
            self._answered += 1
            return self._answered <= ANSWERS

    # The nemesis

    def _break(self) -> None:
        """One thing after the other, each until some asks got through beside it; all once, then again while any ask."""
        faults = self._faults()
        self.luck.shuffle(faults)
        step = max(10, self.submits // (2 * len(faults)))
        for count, fault in enumerate(cycle(faults), 1):
            fault()
            self.seen.wait_acked(step)
            for place in self.places:
                place.heal()
            self.seen.wait_acked(step)
            self._all_broken = self._all_broken or count == len(faults)
            if self._evening_over.is_set():
                return

    def _faults(self) -> list[Callable[[], None]]:
        a, b = self.places

        def slow() -> None:
            a.door.delay_s = a.database.delay_s = 0.02

        def both() -> None:
            a.restart()
            b.restart()

        def worker() -> None:
            self._worker.kill()
            self._worker = self.city.start_worker()

        return [
            a.restart, b.restart, both, worker, slow,
            a.door.cut, b.door.hold, a.door.lose_replies,
            a.database.cut, b.database.hold, a.database.lose_replies, b.database.lose_replies,
            a.redis.cut, b.redis.hold, a.redis.lose_replies,
        ]  # fmt: skip

    def _come_to_rest(self) -> None:
        for place in self.places:
            place.heal()
            wait_until(lambda node=place.node: is_ready(node), lambda node=place.node: node.said())
        self.city.bury_workers()
        under_way = (
            "SELECT (SELECT count(*) FROM questions WHERE state IN ('received', 'reading', 'matched'))"
            " + (SELECT count(*) FROM answers WHERE state = 'rendering') + (SELECT count(*) FROM outbox)"
        )
        wait_until(lambda: self.city.count(under_way) == 0, lambda: f"no rest:\n{self._worker.said()}")

    # The checker

    def _verdict(self, known: set[str], gaps: int) -> Verdict:
        keys = self.city.count("SELECT count(*) FROM idempotency")
        heard: set[str] = set().union(*self.seen.ids.values())
        return Verdict(
            ops=self.seen.ops,
            acked=len(self.seen.ids),
            lost=len(heard - known),
            dup=sum(len(ids) - 1 for ids in self.seen.ids.values()) + abs(len(known) - keys),
            double_assigned=double_assigned(self.city),
            stale_write=len(self.seen.stale) + stale_writes(self.city),
            gaps=gaps,
            unreconciled_fen=unreconciled_fen(self.city),
            dangling_refs=dangling_refs(self.city),
            max_unavailable_s=round(max(b - a for a, b in pairwise(self.seen.acked_at)), 1),
        )


class Listener:
    """A pupil's page through all of it: it comes back by its last position, or by a snapshot when it is told to."""

    def __init__(self, who: Program, doors: list[Address], over: threading.Event) -> None:
        self._who, self._doors, self._over = who, doors, over
        self._channel: str = who.me["channel"]
        self._pages: list[Page] = []
        self._snapshots: list[Any] = []

    def listen(self) -> None:
        position: Any = None
        for door in cycle(self._doors):
            if self._over.wait(REST_S):
                return
            try:
                if position is None:
                    snapshot = self._who.call(door, "GET", "/api/student")
                    self._snapshots += snapshot["questions"]
                    position = {"epoch": snapshot["epoch"], "offset": snapshot["offset"]}
                page = self._who.page(door, {self._channel: position})
            except (*NOBODY, Refused):
                continue
            self._pages.append(page)
            while page.closed_with is None and self._channel in page.positions and not self._over.wait(REST_S):
                continue
            page.leave()
            position = page.positions.get(self._channel)

    def gaps(self) -> int:
        """Events that came out of turn."""
        return sum(_out_of_turn(page, self._channel) for page in self._pages)

    def differs(self) -> int:
        """Questions that the page shows otherwise than a fresh snapshot does, when everything was told."""
        fresh = self._who.call(self._doors[0], "GET", "/api/student")["questions"]

        def unlike() -> list[Any]:
            shown = self._shown()
            return [q for q in fresh if any(shown.get(q["id"], {}).get(name) != q[name] for name in SEEN_ALIKE)]

        try:
            wait_until(lambda: not unlike(), lambda: "", 15)
        except AssertionError:
            return len(unlike())
        return 0

    def _shown(self) -> dict[str, Any]:
        told = [event["question"] for page in list(self._pages) for event in page.events("question")]
        shown: dict[str, Any] = {}
        for question in [*self._snapshots, *told]:
            if question["version"] >= shown.get(question["id"], question)["version"]:
                shown[question["id"]] = question
        return shown


def _out_of_turn(page: Page, channel: str) -> int:
    last = page.welcome["resumed"].get(channel)
    count = 0
    for frame in page.frames:
        if frame["frame"] == "event":
            place = {"epoch": frame["epoch"], "offset": frame["offset"]}
            count += last is None or place != {**last, "offset": last["offset"] + 1}
            last = place
    return count
