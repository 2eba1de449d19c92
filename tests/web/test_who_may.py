"""Who may do what, as a matrix: every door, for every kind of person, on things of one's own and of others.

A door that is not in POLICY fails here, so that nobody adds one without saying who may come in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, insert, update

from server.actions import answer, ask, lecture_room, pulse, teach, upload
from server.actions.ports import Found, Rules
from server.domain.consent import WORDING
from server.domain.lecture import Plan
from server.domain.library import Lesson, QuizQuestion
from server.domain.people import Person, Role, Stage, Subject
from server.domain.pulse import Poll
from server.domain.question import Verdict
from server.parts import Parts
from server.store import tables as t
from server.store.library import Footage, LibraryBook
from server.store.work import Store, open_engine
from server.web.auth import make_token
from server.web.door import Door
from server.web.routes import DOORS
from tests.actions.conftest import SaysSo
from tests.builders import RULES, World
from tests.databases import Databases
from tests.web.conftest import ORIGIN

# Kinds of people. OWNER asked the question, FOLLOWER asks the same while it is answered, TEACHER has it; PUPIL and
# COLLEAGUE have nothing to do with it.
NOBODY, OWNER, PUPIL, TEACHER, COLLEAGUE = "nobody", "owner", "another pupil", "its teacher", "another teacher"
FOLLOWER = "a follower"
LECTURER, GUEST = "lecturer", "another lecturer"  # the lecture is LECTURER's, and open to OWNER's school alone
STAFF = tuple(str(role) for role in Role if role not in {Role.STUDENT, Role.TEACHER})
KINDS = (NOBODY, OWNER, FOLLOWER, PUPIL, TEACHER, COLLEAGUE, GUEST, *STAFF)

PATIENT = Rules(offer_lasts=timedelta(hours=1), lease=timedelta(hours=1))  # a state is made once for many tests

SIGNED_OUT, FORBIDDEN, MISSING, LOST, BAD, FINE = 401, 403, 404, 409, 400, 200

EVERYBODY = dict.fromkeys(KINDS, FINE)
SIGNED_IN = {**EVERYBODY, NOBODY: SIGNED_OUT}
OUTSIDE = {**dict.fromkeys(KINDS, FORBIDDEN), NOBODY: SIGNED_OUT}
PUPILS = {**OUTSIDE, OWNER: FINE, FOLLOWER: FINE, PUPIL: FINE}
TEACHERS = {**OUTSIDE, TEACHER: FINE, COLLEAGUE: FINE}
BOTH = {**PUPILS, TEACHER: FINE, COLLEAGUE: FINE}
THE_OWNER = {**OUTSIDE, OWNER: FINE, FOLLOWER: MISSING, PUPIL: MISSING}
ITS_TEACHER = {**OUTSIDE, TEACHER: FINE, COLLEAGUE: MISSING}
ALL_TEACHERS_MISS = {**OUTSIDE, TEACHER: MISSING, COLLEAGUE: MISSING}  # a pair that was never matched
ITS_TWO = {**BOTH, FOLLOWER: MISSING, PUPIL: MISSING, COLLEAGUE: MISSING}
ITS_THREE = {**ITS_TWO, FOLLOWER: FINE}
FINANCE = {**OUTSIDE, "finance": FINE}
NO_SUCH = {**OUTSIDE, "finance": MISSING}
READERS = {**FINANCE, "auditor": FINE}
ITS_WATCHERS = {**ITS_THREE, "reviewer": FINE}  # who reviews may watch what is ready
REVIEWERS = {**OUTSIDE, "reviewer": FINE}
NO_SUCH_TEACHER = {**OUTSIDE, "reviewer": MISSING}
RESEARCHERS = {**OUTSIDE, "researcher": FINE}
NO_SUCH_TOPIC = {**OUTSIDE, "researcher": MISSING}
NO_SUCH_RESEARCH = {**OUTSIDE, "researcher": MISSING}
PROPOSED_TO = {**TEACHERS, LECTURER: FINE, GUEST: FINE}
NO_SUCH_PROPOSAL = {**ALL_TEACHERS_MISS, LECTURER: MISSING, GUEST: MISSING}
NO_SUCH_COHORT = {**NO_SUCH_RESEARCH, "school_admin": MISSING}
SCHOOL = {**OUTSIDE, "school_admin": FINE}
NO_SUCH_PUPIL = {**OUTSIDE, "school_admin": MISSING}  # of one's own school
GUARDIANS = {**OUTSIDE, "guardian": FINE}
NO_SUCH_CHILD = {**OUTSIDE, "guardian": MISSING}  # of one's own
LECTURERS = {**OUTSIDE, LECTURER: FINE, GUEST: FINE}
ITS_LECTURER = {**OUTSIDE, LECTURER: FINE, GUEST: MISSING}
ITS_KEEPERS = {**ITS_LECTURER, "reviewer": FINE}
ITS_LEARNER = {**OUTSIDE, OWNER: FINE, FOLLOWER: MISSING, PUPIL: MISSING}
NOBODY_ASKED = {**ITS_LEARNER, OWNER: MISSING}
ITS_HALL = {**ITS_LEARNER, LECTURER: FINE, GUEST: MISSING, "reviewer": FINE}
HALL_GOERS = {**OUTSIDE, **dict.fromkeys((OWNER, FOLLOWER, PUPIL, LECTURER, GUEST, "reviewer"), MISSING)}
SEARCHERS = ("researcher", "school_admin")  # of the bank: by a photo, too
SENDERS = {**BOTH, **dict.fromkeys((LECTURER, GUEST, *SEARCHERS), FINE)}
UPLOADER = {**SENDERS, **dict.fromkeys((FOLLOWER, PUPIL, TEACHER, COLLEAGUE, LECTURER, GUEST, *SEARCHERS), MISSING)}


def a_lecture(case: Case, **other: Any) -> dict[str, Any]:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=40)
    end = start + timedelta(hours=1)
    words = {"title": "浮力", "subject": "physics", "stage": "junior", "grades": [8], "capacity": 8}
    return {**words, "starts_at": start.isoformat(), "ends_at": end.isoformat(), **other}


@dataclass
class Case:
    """One question in the state that a door is for, and who is who."""

    people: dict[str, Person]
    question: UUID
    tokens: dict[str, str] = field(default_factory=dict)
    offer: UUID | None = None
    session: UUID | None = None
    answer: UUID | None = None
    upload: UUID | None = None
    lecture: UUID | None = None
    material: UUID | None = None
    film: UUID | None = None
    epoch: int = 0


@dataclass(frozen=True)
class Policy:
    """What each kind of person gets; `at` is how far the question has come, `body` what is sent."""

    outcome: dict[str, int]
    at: str = "asked"
    thing: Callable[[Case], UUID | None] = lambda case: None
    body: Callable[[Case], Any] = lambda case: None
    refused: frozenset[int] = frozenset()  # what a rule may say to somebody whom the policy lets in


POLICY: dict[tuple[str, str], Policy] = {
    ("POST", "/api/sign-in"): Policy(
        EVERYBODY, body=lambda case: {"login": "nobody", "password": "x"}, refused=frozenset({401, 429})
    ),
    ("POST", "/api/activate"): Policy(
        EVERYBODY, body=lambda case: {"login": "n", "code": "x", "password": "x" * 9}, refused=frozenset({401, 429})
    ),
    ("POST", "/api/sign-out"): Policy(SIGNED_IN),
    ("GET", "/api/me"): Policy(SIGNED_IN),
    ("POST", "/api/tickets"): Policy(SIGNED_IN),
    ("GET", "/api/demo"): Policy(EVERYBODY, refused=frozenset({404})),
    ("GET", "/healthz"): Policy(EVERYBODY),
    ("GET", "/readyz"): Policy(EVERYBODY),
    ("GET", "/metrics"): Policy(EVERYBODY),
    ("POST", "/api/uploads"): Policy(SENDERS, body=lambda case: {"kind": "photo", "content_type": "image/jpeg"}),
    ("GET", "/api/uploads/{id}"): Policy(UPLOADER, thing=lambda case: case.upload),
    ("POST", "/api/uploads/{id}/parts"): Policy(
        UPLOADER, thing=lambda case: case.upload, body=lambda c: {"parts": [0]}
    ),
    ("POST", "/api/uploads/{id}/complete"): Policy(
        UPLOADER,
        thing=lambda case: case.upload,
        body=lambda case: {"parts": 1, "size": 1, "sha256": "0" * 64},
        refused=frozenset({409}),  # no part has arrived
    ),
    ("POST", "/api/questions"): Policy(PUPILS, body=lambda case: {"subject": "math", "grade": 8, "text": "3 加 5？"}),
    ("GET", "/api/student"): Policy(PUPILS),
    ("GET", "/api/questions/{id}"): Policy(THE_OWNER, thing=lambda case: case.question),
    ("POST", "/api/questions/{id}/solved"): Policy(THE_OWNER, "answered", lambda case: case.question),
    ("POST", "/api/questions/{id}/back"): Policy(
        THE_OWNER, "answered", lambda case: case.question, lambda case: {"why": "still_stuck"}
    ),
    ("POST", "/api/questions/{id}/correct"): Policy(
        THE_OWNER, "offered", lambda case: case.question, lambda case: {"text": "3 加 6？"}
    ),
    ("POST", "/api/questions/{id}/choose"): Policy(
        THE_OWNER,
        "offered",
        lambda case: case.question,
        lambda case: {"number": 1},
        frozenset({404}),  # of one problem
    ),
    ("POST", "/api/questions/{id}/reopen"): Policy(THE_OWNER, "answered", lambda case: case.question),
    ("POST", "/api/questions/{id}/withdraw"): Policy(THE_OWNER, thing=lambda case: case.question),
    ("GET", "/api/answers/{id}"): Policy(ITS_WATCHERS, "answered", lambda case: case.answer),
    ("POST", "/api/answers/{id}/edit"): Policy(
        ITS_TEACHER, "answered", lambda case: case.answer, lambda case: {"cuts": [{"from_ms": 0, "to_ms": 2000}]}
    ),
    ("POST", "/api/answers/{id}/take-down"): Policy(ITS_TEACHER, "answered", lambda case: case.answer),
    ("GET", "/api/answers/{id}/replay"): Policy(ITS_WATCHERS, "answered", lambda case: case.answer),
    ("POST", "/api/answers/{id}/split"): Policy(
        ITS_TEACHER, "answered", lambda case: case.answer, lambda case: {"at_ms": 9_000, "problem_text": "另一道"}
    ),
    ("POST", "/api/answers/{id}/retake"): Policy(
        ITS_TEACHER, "answered", lambda case: case.answer, lambda case: {"at_ms": 9_000}
    ),
    ("GET", "/api/answers/{id}/editions"): Policy(ITS_TEACHER, "answered", lambda case: case.answer),
    ("POST", "/api/answers/{id}/editions/{number}"): Policy(
        ITS_TEACHER,
        "answered",
        lambda case: case.answer,
        refused=frozenset({404}),  # there is only the one
    ),
    ("GET", "/api/waiting"): Policy(TEACHERS),
    ("POST", "/api/questions/{id}/record"): Policy(
        TEACHERS,
        "offered",
        lambda case: case.question,
        refused=frozenset({409}),  # it is offered, and they are busy
    ),
    ("GET", "/api/lessons"): Policy(TEACHERS),
    ("GET", "/api/library"): Policy({**BOTH, "reviewer": FINE, "researcher": FINE}),
    ("GET", "/api/library/figures"): Policy({**REVIEWERS, "researcher": FINE}),
    ("GET", "/api/library/{id}"): Policy(
        {**BOTH, "reviewer": FINE, "researcher": FINE}, thing=lambda case: case.film
    ),
    ("POST", "/api/library/{id}/watched"): Policy(
        PUPILS, thing=lambda case: case.film, body=lambda case: {"spans": [{"from_ms": 0, "to_ms": 9}]}
    ),
    ("POST", "/api/library/{id}/quiz"): Policy(
        PUPILS, thing=lambda case: case.film, body=lambda case: {"options": [1]}
    ),
    ("POST", "/api/library/{id}/shown"): Policy(
        REVIEWERS, thing=lambda case: case.film, body=lambda case: {"shown": False}
    ),
    ("GET", "/api/questions/{id}/lessons"): Policy(THE_OWNER, thing=lambda case: case.question),
    ("POST", "/api/lessons"): Policy(
        TEACHERS,
        body=lambda case: {"title": "移项", "subject": "math", "grade": 8, "knowledge_point": "一元一次方程"},
        refused=frozenset({409}),
    ),
    ("POST", "/api/sessions/{id}/drop"): Policy(ALL_TEACHERS_MISS, "answering", lambda case: case.session),
    ("GET", "/api/reviews"): Policy(REVIEWERS),
    ("POST", "/api/reviews/{id}"): Policy(
        REVIEWERS, "answered", lambda case: case.answer, lambda case: {"decision": "take_down", "words": "有名字"}
    ),
    ("POST", "/api/reviews/teachers/{id}"): Policy(
        NO_SUCH_TEACHER, thing=lambda case: case.people[OWNER].id, body=lambda case: {"on": True}
    ),
    ("GET", "/api/school/pupils"): Policy(SCHOOL),
    ("POST", "/api/school/pupils/{id}/consent"): Policy(
        NO_SUCH_PUPIL,
        thing=lambda case: case.people[OWNER].id,
        body=lambda case: {"purpose": "recording", "given": True, "wording": WORDING},
    ),
    ("GET", "/api/school/films"): Policy(SCHOOL),
    ("POST", "/api/school/lecture-voice"): Policy(NO_SUCH_PUPIL, body=lambda case: {"on": True}),
    ("GET", "/api/children"): Policy(GUARDIANS),
    ("POST", "/api/children/{id}/consent"): Policy(
        NO_SUCH_CHILD,
        thing=lambda case: case.people[OWNER].id,
        body=lambda case: {"purpose": "recording", "given": True, "wording": WORDING},
    ),
    ("GET", "/api/ice"): Policy(BOTH),
    ("POST", "/api/breath"): Policy(TEACHERS, body=lambda case: {"breath_s": 30}),
    ("POST", "/api/answers/{id}/rate"): Policy(
        THE_OWNER, "answered", lambda case: case.answer, lambda case: {"stars": 4}
    ),
    ("POST", "/api/sessions/{id}/pause"): Policy(
        ITS_TEACHER, "answering", lambda case: case.session, lambda case: {"on": True}
    ),
    ("POST", "/api/sessions/{id}/here"): Policy(ITS_TWO, "answering", lambda case: case.session),
    ("GET", "/api/teacher"): Policy(TEACHERS),
    ("POST", "/api/duty"): Policy(TEACHERS, body=lambda case: {"presence": "ready"}),
    ("POST", "/api/offers/{id}/accept"): Policy(ITS_TEACHER, "offered", lambda case: case.offer),
    ("POST", "/api/offers/{id}/decline"): Policy(ITS_TEACHER, "offered", lambda case: case.offer),
    ("GET", "/api/earnings"): Policy(TEACHERS),
    ("GET", "/api/subsidy/mine"): Policy(TEACHERS),
    ("GET", "/api/subsidy/appraisal"): Policy(TEACHERS),
    ("POST", "/api/subsidy/appraisal"): Policy(
        TEACHERS, body=lambda case: {"first": "2026-03-01", "until": "2026-07-01", "words": "带了两名新教师"}
    ),
    ("GET", "/api/subsidy/appraisal/pdf"): Policy(
        {**TEACHERS, "finance": MISSING, "auditor": MISSING}  # they name a teacher
    ),
    ("POST", "/api/subsidy/appeals"): Policy(
        TEACHERS, body=lambda case: {"statement_id": str(uuid4()), "words": "少算了"}, refused=frozenset({404})
    ),
    ("GET", "/api/subsidy/statements/{id}/pdf"): Policy(
        {**READERS, TEACHER: MISSING, COLLEAGUE: MISSING}, thing=lambda case: uuid4(), refused=frozenset({404})
    ),
    ("GET", "/api/subsidy/office"): Policy(READERS),
    ("GET", "/api/subsidy/statements"): Policy(READERS, refused=frozenset({400})),
    ("POST", "/api/subsidy/months"): Policy(
        FINANCE, body=lambda case: {"month": "2020-01", "step": "close"}, refused=frozenset({404})
    ),
    ("POST", "/api/subsidy/reviews"): Policy(
        FINANCE,
        body=lambda case: {"fact": "no such", "decision": "release", "reason": "看过"},
        refused=frozenset({404}),
    ),
    ("POST", "/api/subsidy/appeals/{id}/reply"): Policy(
        NO_SUCH, thing=lambda case: uuid4(), body=lambda case: {"words": "已补记"}
    ),
    ("POST", "/api/subsidy/policies"): Policy(
        FINANCE, body=lambda case: {"document": "no policy"}, refused=frozenset({422})
    ),
    ("POST", "/api/subsidy/policies/{id}/approve"): Policy(NO_SUCH, thing=lambda case: uuid4()),
    ("POST", "/api/subsidy/simulations"): Policy(
        READERS,
        body=lambda case: {"document": "no policy", "first": "2026-03-01", "until": "2026-04-01"},
        refused=frozenset({422}),
    ),
    ("POST", "/api/subsidy/payouts/{id}"): Policy(
        NO_SUCH, thing=lambda case: uuid4(), body=lambda case: {"outcome": "paid"}
    ),
    ("GET", "/api/subsidy/statements/{id}"): Policy({**NO_SUCH, "auditor": MISSING}, thing=lambda case: uuid4()),
    ("GET", "/api/subsidy/payees"): Policy(READERS),
    ("POST", "/api/subsidy/payees"): Policy(FINANCE, body=lambda case: {"file": "bG9naW4="}),
    ("GET", "/api/subsidy/batch"): Policy(FINANCE, refused=frozenset({400})),
    ("GET", "/api/subsidy/trace"): Policy(READERS, refused=frozenset({404})),
    ("GET", "/api/subsidy/verify"): Policy(READERS),
    ("GET", "/api/subsidy/public"): Policy(EVERYBODY),
    ("GET", "/api/lectures"): Policy(PUPILS),
    ("GET", "/api/lectures/mine"): Policy(PUPILS),
    ("GET", "/api/lectures/{id}"): Policy(ITS_HALL, thing=lambda case: case.lecture),
    ("GET", "/api/lectures/{id}/calendar"): Policy(ITS_HALL, thing=lambda case: case.lecture),
    ("POST", "/api/lectures/{id}/enrol"): Policy(ITS_LEARNER, thing=lambda case: case.lecture),
    ("POST", "/api/lectures/{id}/leave"): Policy(ITS_LEARNER, thing=lambda case: case.lecture),
    ("GET", "/api/lecturer"): Policy(LECTURERS),
    ("POST", "/api/lectures"): Policy(LECTURERS, body=a_lecture),
    ("POST", "/api/lectures/{id}/change"): Policy(
        ITS_LECTURER, thing=lambda case: case.lecture, body=lambda case: a_lecture(case, title="浮力（二）")
    ),
    ("POST", "/api/lectures/{id}/open"): Policy(ITS_LECTURER, thing=lambda case: case.lecture),
    ("POST", "/api/lectures/{id}/cancel"): Policy(
        ITS_LECTURER, thing=lambda case: case.lecture, body=lambda case: {"why": "老师病了"}
    ),
    ("GET", "/api/lectures/{id}/materials"): Policy(
        {**ITS_LECTURER, "reviewer": FINE}, thing=lambda case: case.lecture
    ),
    ("POST", "/api/lectures/{id}/materials"): Policy(
        ITS_LECTURER,
        thing=lambda case: case.lecture,
        body=lambda case: {"material_id": str(uuid4()), "name": "讲义"},
        refused=frozenset({404}),  # there is no such material
    ),
    ("POST", "/api/lectures/{id}/materials/{material_id}/remove"): Policy(
        ITS_LECTURER, thing=lambda case: case.lecture, refused=frozenset({404})
    ),
    ("POST", "/api/lectures/{id}/start"): Policy(ITS_LECTURER, "on air", lambda case: case.lecture),
    ("GET", "/api/lectures/{id}/room"): Policy(ITS_HALL, "on air", lambda case: case.lecture),
    ("POST", "/api/lectures/{id}/say"): Policy(
        ITS_HALL,
        "on air",
        lambda case: case.lecture,
        lambda case: {"line_id": str(uuid4()), "kind": "question", "text": "为什么？"},
        frozenset({429}),  # the same pupil spoke just now
    ),
    ("POST", "/api/lectures/{id}/lines/{number}/vote"): Policy(ITS_LEARNER, "on air", lambda case: case.lecture),
    ("POST", "/api/lectures/{id}/lines/{number}/judge"): Policy(
        ITS_KEEPERS, "on air", lambda case: case.lecture, lambda case: {"becomes": "answered"}
    ),
    ("POST", "/api/lectures/{id}/lines/{number}/author"): Policy(
        ITS_KEEPERS, "on air", lambda case: case.lecture, lambda case: {"rule": "mute"}
    ),
    ("POST", "/api/lectures/{id}/slow"): Policy(
        ITS_KEEPERS, "on air", lambda case: case.lecture, lambda case: {"slow_s": 15}
    ),
    ("POST", "/api/lectures/{id}/polls"): Policy(
        ITS_LECTURER,
        "on air",
        lambda case: case.lecture,
        lambda case: {"poll_id": str(uuid4()), "text": "懂了吗？", "options": ["懂了", "没懂"]},
    ),
    ("POST", "/api/lectures/{id}/polls/{number}/answer"): Policy(
        ITS_LEARNER, "on air", lambda case: case.lecture, lambda case: {"option": 2}
    ),
    ("POST", "/api/lectures/{id}/polls/{number}/close"): Policy(ITS_LECTURER, "on air", lambda case: case.lecture),
    ("POST", "/api/lectures/{id}/hand"): Policy(ITS_LEARNER, "on air", lambda case: case.lecture),
    ("POST", "/api/lectures/{id}/hand/withdraw"): Policy(ITS_LEARNER, "on air", lambda case: case.lecture),
    ("POST", "/api/lectures/{id}/hands/{number}/take"): Policy(ITS_LECTURER, "on air", lambda case: case.lecture),
    ("POST", "/api/lectures/{id}/hands/{number}/done"): Policy(ITS_LECTURER, "on air", lambda case: case.lecture),
    ("POST", "/api/lectures/{id}/hands/{number}/speak"): Policy(
        ITS_LECTURER,
        "on air",
        lambda case: case.lecture,
        refused=frozenset({403}),  # its pupil's school has not said that pupils may
    ),
    ("POST", "/api/lectures/{id}/floor/yes"): Policy(
        NOBODY_ASKED, "on air", lambda case: case.lecture, lambda case: {"page": str(uuid4()), "may_keep": True}
    ),
    ("POST", "/api/lectures/{id}/floor/leave"): Policy(ITS_LEARNER, "on air", lambda case: case.lecture),
    ("POST", "/api/lectures/{id}/floor/cut"): Policy(
        ITS_KEEPERS, "on air", lambda case: case.lecture, lambda case: {"then": None}
    ),
    ("POST", "/api/lectures/{id}/lost"): Policy(ITS_LEARNER, "on air", lambda case: case.lecture),
    ("GET", "/api/on-air"): Policy(REVIEWERS),
    ("GET", "/api/lectures/{id}/figures"): Policy(ITS_KEEPERS, "on air", lambda case: case.lecture),
    ("GET", "/api/lectures/{id}/muted"): Policy(ITS_KEEPERS, "on air", lambda case: case.lecture),
    ("GET", "/api/lectures/{id}/attendance"): Policy(ITS_KEEPERS, "on air", lambda case: case.lecture),
    ("POST", "/api/lectures/{id}/end"): Policy(ITS_KEEPERS, "on air", lambda case: case.lecture),
    ("GET", "/api/lectures/{id}/rewind"): Policy(ITS_HALL, "on air", lambda case: case.lecture),
    ("GET", "/api/lectures/{id}/replay"): Policy(ITS_HALL, "over", lambda case: case.lecture),
    ("GET", "/api/lectures/{id}/package"): Policy(
        {**ITS_LECTURER, "operator": FINE}, "over", lambda case: case.lecture
    ),
    ("GET", "/api/lectures/{id}/moments"): Policy(ITS_HALL, "over", lambda case: case.lecture),
    ("GET", "/api/lectures/{id}/captions"): Policy(
        {**ITS_HALL, OWNER: MISSING, LECTURER: MISSING, "reviewer": MISSING}, "over", lambda case: case.lecture
    ),  # there are none
    ("POST", "/api/lectures/{id}/captions"): Policy(
        ITS_LECTURER, "over", lambda case: case.lecture,
        lambda case: {"text": "WEBVTT\n\n00:00.000 --> 00:00.500\nx\n"},
    ),
    ("POST", "/api/lectures/{id}/captions/remove"): Policy(ITS_LECTURER, "over", lambda case: case.lecture),
    ("POST", "/api/lectures/{id}/captions/show"): Policy(
        {**OUTSIDE, "reviewer": MISSING}, "over", lambda case: case.lecture, lambda case: {"shown": True}
    ),
    ("GET", "/api/lectures/{id}/film"): Policy(
        {**ITS_HALL, "school_admin": MISSING}, "over", lambda case: case.lecture  # the administrator of another school
    ),
    ("POST", "/api/lectures/{id}/film"): Policy(ITS_KEEPERS, "over", lambda case: case.lecture),
    ("POST", "/api/lectures/{id}/replay"): Policy(
        ITS_KEEPERS, "over", lambda case: case.lecture, lambda case: {"shown": False}
    ),
    ("POST", "/api/lectures/{id}/watched"): Policy(
        ITS_HALL, "over", lambda case: case.lecture, lambda case: {"spans": [{"from_ms": 0, "to_ms": 500}]}
    ),
    # An address alone opens nothing: it must be signed, for this person (tests/web/test_sound.py).
    ("GET", "/hls/{grant}/live.m3u8"): Policy(HALL_GOERS),
    ("GET", "/hls/{grant}/rewind.m3u8"): Policy(HALL_GOERS),
    ("GET", "/hls/{grant}/picture.m3u8"): Policy(HALL_GOERS),
    ("GET", "/hls/{grant}/whole.m3u8"): Policy(HALL_GOERS),
    ("GET", "/hls/{grant}/replay.m3u8"): Policy(HALL_GOERS),
    ("GET", "/hls/{grant}/replay-picture.m3u8"): Policy(HALL_GOERS),
    ("GET", "/hls/{grant}/replay-whole.m3u8"): Policy(HALL_GOERS),
    ("GET", "/hls/{grant}/floor.m3u8"): Policy(HALL_GOERS),
    ("GET", "/hls/{grant}/replay-voices.m3u8"): Policy(HALL_GOERS),
    ("GET", "/hls/{grant}/rewind-picture.m3u8"): Policy(HALL_GOERS),
    ("GET", "/hls/{grant}/rewind-whole.m3u8"): Policy(HALL_GOERS),
    ("GET", "/hls/{grant}/rewind-voices.m3u8"): Policy(HALL_GOERS),
    ("GET", "/hls/{seal}/{lecture_id}/{name}"): Policy(dict.fromkeys(KINDS, MISSING)),
    ("GET", "/api/matches"): Policy(TEACHERS),
    ("POST", "/api/questions/{id}/judge"): Policy(
        ALL_TEACHERS_MISS, "offered", lambda case: case.question, lambda case: {"known_id": str(uuid4()), "same": True}
    ),
    ("GET", "/api/research/week"): Policy(RESEARCHERS),
    ("GET", "/api/research/exemplars"): Policy(RESEARCHERS, refused=frozenset({400})),
    ("GET", "/api/research/reliability"): Policy(RESEARCHERS),
    ("GET", "/api/research/taxonomy"): Policy(RESEARCHERS),
    ("GET", "/api/research/projects"): Policy(RESEARCHERS),
    ("POST", "/api/research/projects"): Policy(
        RESEARCHERS,
        body=lambda case: {
            "title": "x", "purpose": "", "first": "2026-01-01", "until": "2026-02-01", "expires_on": "2026-02-01",
        },
        refused=frozenset({400}),
    ),
    ("POST", "/api/research/projects/{id}/decide"): Policy(
        NO_SUCH_RESEARCH, thing=lambda case: uuid4(), body=lambda case: {"approve": True}
    ),
    ("POST", "/api/research/projects/{id}/exports"): Policy(
        NO_SUCH_RESEARCH, thing=lambda case: uuid4(), body=lambda case: {"form": "csv"}
    ),
    ("POST", "/api/research/exports/{id}/fetch"): Policy(
        NO_SUCH_RESEARCH, thing=lambda case: uuid4(), body=lambda case: {"password": "x"}
    ),
    ("GET", "/api/research/reports"): Policy({**RESEARCHERS, "school_admin": FINE}),
    ("GET", "/api/research/reports/{id}"): Policy(NO_SUCH_COHORT, thing=lambda case: uuid4()),
    ("GET", "/api/research/reports/{id}/pdf"): Policy(NO_SUCH_COHORT, thing=lambda case: uuid4()),
    ("GET", "/api/research/taxonomy.csv"): Policy(RESEARCHERS),
    ("GET", "/api/points"): Policy({**TEACHERS, **dict.fromkeys((TEACHER, COLLEAGUE), BAD)}),  # without a subject
    ("GET", "/api/research/to-say"): Policy({**OUTSIDE, "researcher": BAD}),  # without a subject
    ("POST", "/api/research/questions/{id}/label"): Policy(  # of a pupil whose guardian agreed to nothing
        {**OUTSIDE, "researcher": MISSING},
        "asked",
        lambda case: case.question,
        lambda case: {"kind": "difficulty", "value": "method"},
    ),
    ("GET", "/api/research/models"): Policy(RESEARCHERS),
    ("GET", "/api/research/topics"): Policy({**OUTSIDE, "researcher": BAD}),  # without a subject
    ("POST", "/api/research/topics/{number}/rename"): Policy(NO_SUCH_TOPIC, body=lambda case: {"name": "甲"}),
    ("POST", "/api/research/topics/{number}/merge"): Policy(NO_SUCH_TOPIC, body=lambda case: {"into": 2}),
    ("POST", "/api/research/topics/{number}/split"): Policy(NO_SUCH_TOPIC),
    ("GET", "/api/research/topics/{number}/teaching"): Policy(NO_SUCH_TOPIC),
    ("POST", "/api/research/topics/{number}/proposals"): Policy(
        NO_SUCH_TOPIC, body=lambda case: {"form": "lecture", "title": "x", "grades": [8]}
    ),
    ("POST", "/api/research/proposals/{id}/withdraw"): Policy(NO_SUCH_RESEARCH, thing=lambda case: uuid4()),
    ("GET", "/api/proposals"): Policy(PROPOSED_TO),
    ("POST", "/api/proposals/{id}/take"): Policy(NO_SUCH_PROPOSAL, thing=lambda case: uuid4()),
    ("POST", "/api/proposals/{id}/decline"): Policy(NO_SUCH_PROPOSAL, thing=lambda case: uuid4(), body=lambda c: {}),
    ("POST", "/api/proposals/{id}/lecture"): Policy(
        {**OUTSIDE, LECTURER: MISSING, GUEST: MISSING}, thing=lambda case: uuid4(), body=a_lecture
    ),
    ("POST", "/api/proposals/{id}/lesson"): Policy(ALL_TEACHERS_MISS, thing=lambda case: uuid4()),
    ("GET", "/api/research/quotas"): Policy({**RESEARCHERS, "research_head": FINE}),
    ("GET", "/api/research/quotas.csv"): Policy({**RESEARCHERS, "research_head": FINE}),
    ("POST", "/api/research/entries"): Policy(
        RESEARCHERS, body=lambda case: {"kind": "training", "day": "2020-01-01", "note": "x"}, refused=frozenset({409})
    ),
    ("POST", "/api/research/entries/{id}/change"): Policy(
        NO_SUCH_RESEARCH, thing=lambda c: uuid4(), body=lambda c: {"kind": "training", "day": "2026-01-01", "note": "x"}
    ),
    ("POST", "/api/research/entries/{id}/strike"): Policy(NO_SUCH_RESEARCH, thing=lambda case: uuid4()),
    ("POST", "/api/research/staff/{id}/target"): Policy(
        {**OUTSIDE, "research_head": MISSING},
        thing=lambda case: uuid4(),
        body=lambda case: {"quarter": "2026-Q1", "kind": "training", "target": 3},
    ),
    ("GET", "/api/invitations"): Policy(PUPILS),
    ("POST", "/api/invitations/{id}/dismiss"): Policy(
        dict.fromkeys(KINDS, FORBIDDEN) | {NOBODY: SIGNED_OUT, OWNER: MISSING, FOLLOWER: MISSING, PUPIL: MISSING},
        thing=lambda case: uuid4(),
    ),
    ("GET", "/api/research/bank"): Policy(RESEARCHERS),  # a school's staff whose school nobody knows sees nothing
    ("POST", "/api/research/bank/photos"): Policy(NO_SUCH_COHORT, body=lambda case: {"media_id": str(uuid4())}),
    ("GET", "/api/research/bank/photos/{id}"): Policy(NO_SUCH_COHORT, thing=lambda case: uuid4()),
    ("GET", "/api/research/cohorts"): Policy({**RESEARCHERS, "school_admin": FINE}),
    ("POST", "/api/research/cohorts"): Policy(RESEARCHERS, body=lambda case: {"title": "圆", "search": {"q": "圆"}}),
    ("GET", "/api/research/cohorts/{id}"): Policy(NO_SUCH_COHORT, thing=lambda case: uuid4()),
    ("POST", "/api/research/cohorts/{id}"): Policy(
        NO_SUCH_COHORT, thing=lambda case: uuid4(), body=lambda case: {"title": "圆"}
    ),
    ("POST", "/api/research/cohorts/{id}/forget"): Policy(NO_SUCH_COHORT, thing=lambda case: uuid4()),
    ("GET", "/api/held"): Policy(REVIEWERS),
    ("POST", "/api/held/{id}"): Policy(
        REVIEWERS, "asked", lambda case: case.question, lambda case: {"kind": "fitness", "value": "question"}
    ),
    ("GET", "/api/sessions/{id}"): Policy(ITS_THREE, "answering", lambda case: case.session),
    ("POST", "/api/sessions/{id}/finish"): Policy(
        ITS_TEACHER, "answering", lambda case: case.session, lambda case: {"assignment_epoch": case.epoch}
    ),
    ("POST", "/api/sessions/{id}/hand-back"): Policy(
        ITS_TEACHER, "answering", lambda case: case.session, lambda case: {"assignment_epoch": case.epoch}
    ),
}


class Told:
    """Calls doors as anybody, by a program's token (what browsers add is tested beside the doors)."""

    def __init__(self, client: httpx.AsyncClient, case: Case) -> None:
        self._client, self.case = client, case

    async def status(self, kind: str, door: Door, policy: Policy, thing: UUID | None = None) -> int:
        headers = {"Idempotency-Key": str(uuid4())} if door.needs_key else {}
        if kind != NOBODY:
            headers["Authorization"] = f"Bearer {self.case.tokens[kind]}"
        path = door.path.replace("{id}", str(thing or policy.thing(self.case)))
        path = path.replace("{material_id}", str(uuid4())).replace("{number}", "1")
        body = {"json": policy.body(self.case)} if door.body is not None else {}
        answer = await self._client.request(door.method, path, headers=headers, **body)
        return answer.status_code


class Scenery:
    """Each state that POLICY names, made once as a database of its own, of which a test takes a clone."""

    def __init__(self, databases: Databases, template: str) -> None:
        self._databases, self._template = databases, template
        self._made: dict[str, tuple[str, Case]] = {}

    def at(self, state: str) -> tuple[str, Case]:
        """The name of its database, and who is who there."""
        if state not in self._made:
            name = self._databases.clone(self._template)
            with ThreadPoolExecutor(1) as aside:  # the tests' loop is this thread's
                case = aside.submit(asyncio.run, _made(self._databases.url_of(name), state)).result()
            self._made[state] = name, case
        return self._made[state]

    def clear(self) -> None:
        for name, _ in self._made.values():
            self._databases.drop(name)


@pytest.fixture(scope="module")
def scenery(databases: Databases, template: str) -> Iterator[Scenery]:
    scenery = Scenery(databases, template)
    yield scenery
    scenery.clear()


@pytest.fixture
def state(request: pytest.FixtureRequest) -> str:
    """That the test takes a clone of: the one that its door is for."""
    if "door" not in request.fixturenames:
        return "asked"
    door: Door = request.getfixturevalue("door")
    return POLICY[door.method, door.path].at


@pytest.fixture
def database_url(databases: Databases, scenery: Scenery, state: str) -> Iterator[str]:
    with databases.lent(scenery.at(state)[0]) as name:
        yield databases.url_of(name)


@pytest.fixture
def told(program: httpx.AsyncClient, scenery: Scenery, state: str) -> Told:
    return Told(program, replace(scenery.at(state)[1]))


async def _made(database_url: str, at: str) -> Case:
    engine = open_engine(database_url)
    try:
        return await _a_case(Store(engine), at)
    finally:
        await engine.dispose()


async def _a_case(store: Store, at: str) -> Case:
    world = World(store, PATIENT)
    await world.policy()
    people = {str(role): await world.person(f"staff-{role}", role) for role in Role if str(role) in STAFF}
    people |= {OWNER: await world.student("owner"), PUPIL: await world.student("pupil")}
    people |= {FOLLOWER: await world.student("follower")}
    people |= {TEACHER: await world.teacher("teacher")}
    case = Case(people, await world.ask(people[OWNER]))
    case.upload = await upload.start(store, people[OWNER], "photo", "image/jpeg", None, 0)
    await _bring(store, case, "asked" if at in ("on air", "over") else at)
    people[COLLEAGUE] = await world.teacher("colleague")
    people[GUEST] = await world.person("guest", Role.LECTURER)
    case.lecture = await _a_lecture(store, case)
    case.film = await _a_film(store)
    if at in ("on air", "over"):
        await _go_on_air(store, case)
    if at == "over":
        assert case.lecture is not None
        async with store.work() as work:
            await lecture_room.end(work, people[LECTURER], case.lecture, await work.now())
    case.tokens = {kind: await make_token(store, person.login, 1) for kind, person in people.items()}
    return case


async def _a_film(store: Store) -> UUID:
    id, quiz = uuid4(), (QuizQuestion("变号吗？", ("变", "不变"), 1),)
    async with store.work() as work:
        lesson = Lesson("m1", "移项", Subject.MATH, 8, ("方程",), quiz=quiz)
        await LibraryBook(work).keep(id, lesson, Footage("s", "films/v.mp4", "films/p.jpg", 60_000, 9))
        await work.commit()
    return id


async def _a_lecture(store: Store, case: Case) -> UUID:
    """Open for enrolment, to the owner's school alone; the owner has a seat where leaving is what is asked."""
    school, owner, lecturer = uuid4(), case.people[OWNER], case.people[LECTURER]
    async with store.engine.begin() as connection:
        await connection.execute(insert(t.schools).values(id=school, name="甲校"))
        await connection.execute(insert(t.identities).values(account_id=owner.id, real_name="甲", school_id=school))
    async with store.work() as work:
        now = await work.now()
        start = now + timedelta(days=1)
        plan = Plan(
            "浮力",
            "",
            Subject.PHYSICS,
            Stage.JUNIOR,
            (8,),
            (),
            start,
            start + timedelta(hours=1),
            8,
            frozenset({school}),
        )
        id = await teach.plan(work, lecturer, plan, None, "a lecture", now)
    async with store.work() as work:
        await teach.open_up(work, lecturer, id, now)
    async with store.work() as work:
        await teach.enrol(work, id, [owner.id], now)
    return id


async def _go_on_air(store: Store, case: Case) -> None:
    """The owner has asked the room's first question and raised a hand; a poll is open."""
    assert case.lecture is not None
    async with store.engine.begin() as connection:
        await connection.execute(update(t.lectures).values(starts_at=func.clock_timestamp()))
    async with store.work() as work:
        await lecture_room.start(work, case.people[LECTURER], case.lecture, await work.now())
    async with store.work() as work:
        owner, now = case.people[OWNER], await work.now()
        line = lecture_room.Line(owner, uuid4(), "question", "为什么？")
        await lecture_room.say(work, case.lecture, [line], now)
    async with store.work() as work:
        await pulse.ask(work, case.people[LECTURER], case.lecture, uuid4(), Poll("懂了吗？", ("懂了", "没懂")), now)
    async with store.work() as work:
        await pulse.raise_hands(work, case.lecture, [owner.id], now)


async def _bring(store: Store, case: Case, at: str) -> None:
    """The question as far as `at`, by the actions themselves."""
    finder, teacher = SaysSo(), case.people[TEACHER]
    if at == "asked":
        return
    async with store.work() as work:
        await ask.settle(work, finder, PATIENT, case.question, None, await work.now())
    async with store.work() as work:
        offer = await work.open_offer_of(case.question)
        assert offer is not None and offer.teacher_id == teacher.id
        case.offer, case.epoch = offer.id, offer.assignment_epoch
    if at == "offered":
        return
    async with store.work() as work:
        case.session = await answer.accept(work, teacher, case.offer, await work.now())
    following = await World(store).ask(case.people[FOLLOWER])
    finder.found = Found(Verdict.OPEN, case.question, 0.99)
    async with store.work() as work:
        await ask.settle(work, finder, PATIENT, following, None, await work.now())
    if at == "answering":
        return
    async with store.work() as work:
        case.answer = await answer.finish(work, PATIENT, teacher, case.session, case.epoch, [], await work.now())
    async with store.work() as work:
        film = answer.Film("answers/v.mp4", "answers/p.jpg", 60_000)
        await answer.publish(work, finder, case.answer, 1, film, await work.now())


def test_every_door_has_a_policy_and_every_policy_a_door() -> None:
    assert {(door.method, door.path) for door in DOORS} == set(POLICY), "say in POLICY who may come in, and who not"


def test_policy_speaks_of_every_kind_of_person() -> None:
    assert all(set(policy.outcome) == set(KINDS) for policy in POLICY.values())


@pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door.method} {door.path}")
async def test_each_gets_what_the_policy_says(door: Door, told: Told) -> None:
    policy = POLICY[door.method, door.path]
    refused_first = sorted(KINDS, key=lambda kind: (policy.outcome[kind] == FINE, kind in {OWNER, TEACHER}))

    wrong = {}
    for kind in refused_first:
        status = await told.status(kind, door, policy)
        wanted = policy.outcome[kind]
        is_right = status == wanted if wanted != FINE else status < 300 or status in policy.refused
        if not is_right:
            wrong[kind] = f"{status} instead of {wanted}"

    assert wrong == {}


@pytest.mark.parametrize("door", [d for d in DOORS if "{id}" in d.path], ids=lambda door: f"{door.method} {door.path}")
async def test_what_is_not_yours_looks_like_what_does_not_exist(door: Door, told: Told) -> None:
    policy = POLICY[door.method, door.path]
    strangers = [kind for kind in KINDS if policy.outcome[kind] == MISSING]

    for kind in strangers:
        assert await told.status(kind, door, policy) == await told.status(kind, door, policy, uuid4()) == MISSING
    if not strangers:  # nothing of the kind is anybody's own
        allowed = next(kind for kind in KINDS if policy.outcome[kind] == FINE)
        assert await told.status(allowed, door, policy, uuid4()) == MISSING


@pytest.mark.parametrize("door", [d for d in DOORS if d.path.endswith(("/finish", "/hand-back"))], ids=lambda d: d.path)
async def test_a_teacher_who_lost_the_question_takes_it_from_nobody(door: Door, told: Told, parts: Parts) -> None:
    case = told.case
    async with parts.store.work() as work:
        await answer.hand_back(work, RULES, case.people[TEACHER], case.session, case.epoch, await work.now())
    async with parts.store.work() as work:
        offer = await work.open_offer_of(case.question)
        assert offer is not None and offer.teacher_id == case.people[COLLEAGUE].id
        await answer.accept(work, case.people[COLLEAGUE], offer.id, await work.now())

    status = await told.status(TEACHER, door, POLICY[door.method, door.path])

    assert status == (LOST if door.path.endswith("/finish") else FINE)  # handing back twice is handing back
    async with parts.store.work() as work:
        session = await work.open_session_of(case.question)
    assert session is not None and session.teacher_id == case.people[COLLEAGUE].id


@pytest.mark.parametrize("door", [d for d in DOORS if d.path.endswith(("/finish", "/hand-back"))], ids=lambda d: d.path)
async def test_a_teacher_who_was_gone_for_too_long_hears_that_it_is_over(door: Door, told: Told, parts: Parts) -> None:
    case, at_once = told.case, Rules(gone_after=timedelta(0))
    assert case.session is not None
    async with parts.store.work() as work:
        await answer.teacher_gone(work, at_once, case.session, case.question, await work.now())

    assert await told.status(TEACHER, door, POLICY[door.method, door.path]) == LOST


async def test_an_account_that_was_disabled_is_nobody(parts: Parts, program: httpx.AsyncClient) -> None:
    await World(parts.store).student("leaver")
    token = await make_token(parts.store, "leaver", 1)
    headers = {"Authorization": f"Bearer {token}", "Origin": ORIGIN}
    before = (await program.get("/api/me", headers=headers)).status_code

    async with parts.store.engine.begin() as connection:
        await connection.execute(update(t.accounts).values(disabled_at=func.now()))

    assert (before, (await program.get("/api/me", headers=headers)).status_code) == (200, SIGNED_OUT)
