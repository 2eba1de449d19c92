"""Every message between a page and the server, in both directions, and the views that they carry.

`python -m server.live.typescript` writes static/src/protocol.ts from these types, `python -m server.live.protocol_docs`
docs/protocol.md, so the two sides can't drift apart. Times are ISO 8601 in UTC; money is whole fen; ids are UUIDs.
"""

from datetime import datetime
from enum import IntEnum
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from server.domain.bank import Outcome
from server.domain.consent import Purpose
from server.domain.dispatch import Presence
from server.domain.floor import ByVoice
from server.domain.label import Difficulty, Fitness, Kind, Source
from server.domain.lecture import LectureState, PlaceState
from server.domain.people import Role, Stage, Subject
from server.domain.proposal import Form, ProposalState
from server.domain.question import State, Verdict
from server.domain.quota import TeachingWork
from server.domain.room import LineState

MAX_FRAME = 64 * 1024


class Wire(Struct, kw_only=True):
    """Base of everything that crosses the wire."""


# --- views: whole things, each with the version by which a page keeps the newer -----------------------------------


class MediaView(Wire):
    """A stored file; the addresses are signed and last some minutes."""

    id: UUID
    kind: Literal["photo", "voice", "video", "recording", "material"]
    content_type: str
    url: str
    thumb_url: str | None = None
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    peaks: list[int] | None = None


class Reason(Wire):
    """One thing that was compared between the asked and the answered problem."""

    kind: str
    agrees: bool
    asked: str
    known: str


class ProblemView(Wire):
    """One of the problems on a photo that shows several; `box` is left, top, right, bottom in shares of the photo."""

    number: int
    media_id: UUID
    text: str
    box: list[float]


class AnswerView(Wire):
    """An answered problem: its video once rendered, and the text that was asked then."""

    id: UUID
    state: Literal["rendering", "published", "failed", "withdrawn"]
    subject: Subject
    stage: Stage
    problem_text: str
    teacher_name: str
    made_at: datetime
    duration_ms: int | None = None
    video_url: str | None = None
    poster_url: str | None = None
    captions_url: str | None = None
    progress: int = 0  # percent of the video
    knowledge_points: list[str] = []
    stars: int | None = None  # of the pupil who asked
    remaking: bool = False  # another edition is being made; this one is watched meanwhile
    is_cut: bool = False
    is_masked: bool = False
    title: str | None = None  # of a lesson, which answers nobody's question
    review: Literal["not_needed", "waiting", "approved", "sent_back"] = "not_needed"  # before others are shown it
    review_words: str | None = None  # of the reviewer who sent it back


class SuggestionView(Wire):
    """An answered video shown to a pupil, with the reason why it matched."""

    answer: AnswerView
    verdict: Verdict
    confidence: float
    reasons: list[Reason]


class QuestionView(Wire):
    """A question as its pupil sees it; `version` grows with every change."""

    id: UUID
    version: int
    state: State
    subject: Subject
    grade: int
    text: str
    read_text: str
    received_at: datetime
    media: list[MediaView]
    turned_away: bool = False  # withdrawn by a reviewer, who found that it is no question
    corrected: bool = False  # `read_text` is what the pupil put right
    problems: list[ProblemView] = []  # of a photo that shows several
    chosen: int | None = None  # the number of the one that is meant
    verdict: Verdict | None = None
    followers: int = 0
    leader_state: State | None = None  # of the question that this one follows
    place: int | None = None  # who follows has the place of the question it follows
    wait_s: int | None = None
    promised_at: datetime | None = None
    suggestion: SuggestionView | None = None
    worked_examples: list[SuggestionView] = []
    answer: AnswerView | None = None
    more_answers: list[AnswerView] = []  # what the same session answered besides
    being_recorded: bool = False  # a teacher answers it without its pupil
    session_id: UUID | None = None
    watch_id: UUID | None = None  # the open session of the question that this one follows
    teacher_name: str | None = None
    answered_at: datetime | None = None


class OfferView(Wire):
    """A question offered to a teacher, until `expires_at`."""

    id: UUID
    question_id: UUID
    subject: Subject
    grade: int
    text: str
    read_text: str
    media: list[MediaView]
    followers: int
    asked_at: datetime
    made_at: datetime
    expires_at: datetime
    worked_examples: list[SuggestionView] = []


class DutyView(Wire):
    """A teacher's own duty: presence, the one offer, the one session, what waits."""

    version: int
    presence: Presence
    offer: OfferView | None = None
    session_id: UUID | None = None
    alone: bool = False  # the session is a recording without a pupil
    waiting: int = 0
    breath_s: int = 0  # that the teacher wants between two questions
    rests_until: datetime | None = None


class EarningView(Wire):
    """One line of what a teacher earned, with its cause."""

    id: UUID
    amount_fen: int
    work: str
    done_at: datetime
    question_id: UUID | None
    subject: Subject | None
    summary: str


class EarningsView(Wire):
    total_fen: int
    month_fen: int
    lines: list[EarningView]


class BoardLine(Wire):
    """One numbered operation of a board's log; `body` is what `domain/board.py` allows for `kind`."""

    seq: int
    id: str
    author: str
    kind: str
    body: dict[str, Any]
    at_ms: int


class RelatedView(Wire):
    """Something of the same subject that the pupil was explained before."""

    answer_id: UUID
    problem_text: str
    answered_at: datetime


class BoardSnapshot(Wire):
    """What a board's log amounts to up to `seq`: pages in their order, marks and what was said in the log's."""

    seq: int
    current: str | None
    locked: bool
    pages: list[dict[str, Any]]
    marks: list[dict[str, Any]]
    said: list[dict[str, Any]]


class Doubt(Wire):
    """A model takes the question for one of another subject or stage than its pupil chose; nothing is changed by it."""

    kind: Literal["subject", "stage"]
    chosen: str
    told: str
    confidence: float


class SessionView(Wire):
    """A live session (同屏答疑) as either side sees it; `author` values are "teacher" and "student"."""

    id: UUID
    version: int
    question_id: UUID | None  # none behind a lesson or a retake
    state: Literal["open", "ended"]
    me: Literal["teacher", "student", "follower"]  # who follows the question watches, and sees less of the pupil
    teacher_name: str
    assignment_epoch: int
    opened_at: datetime
    ended_at: datetime | None
    subject: Subject
    grade: int
    text: str
    read_text: str
    media: list[MediaView]
    followers: int
    peer_online: bool
    ends_at: datetime
    active_at: datetime  # the last sign of life of either side
    paused_at: datetime | None = None
    ended_why: Literal["finished", "handed_back", "teacher_gone", "silent", "withdrawn", "dropped"] | None = None
    kind: Literal["live", "answer", "lesson", "retake"] = "live"
    title: str = ""  # of a lesson
    keeps_pupil: bool = False  # the guardian agrees that the pupil's voice and words are kept
    # For the teacher alone:
    related: list[RelatedView] = []
    knowledge_points: list[str] = []  # to choose from at the end, the likeliest first
    doubts: list[Doubt] = []  # where a model disagrees with what the pupil chose
    difficulty: Difficulty | None = None  # as a model sees it
    reminder: str = ""


class SessionSnapshot(Wire):
    """A session with its board (what is kept, and the lines since), and the point of its channel to listen on from."""

    session: SessionView
    board: BoardSnapshot | None
    log: list[BoardLine]
    media: dict[str, MediaView]
    epoch: str
    offset: int


class ReplayView(Wire):
    """An answer to be watched as ink and voice, from the moment its session ended; the video comes later.

    `at_ms` of the log, `start_ms` and what is heard count by the session's clock. Until the voice is put together
    (`voice_url`) the ink is all there is, from its first mark on. What was typed is for the two of the session only.
    """

    answer: AnswerView
    log: list[BoardLine]
    media: dict[str, MediaView]
    voice_url: str | None = None
    start_ms: int = 0


class IceServer(Wire):
    """A STUN or TURN server (RFC 8489, RFC 8656) as browsers take it."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class IceView(Wire):
    """What helps the two of a session to find a path for their voices."""

    servers: list[IceServer]


class Me(Wire):
    """Whoever is signed in."""

    id: UUID
    login: str
    nickname: str
    roles: list[Role]
    grade: int | None
    subjects: list[Subject]
    csrf: str
    demo: bool
    channel: str


class StudentState(Wire):
    """A pupil's page as it stands, and the point of the pupil's channel from which to listen on.

    What is not over is always there; of the rest the newest, and with `?before={earlier}` those before them.
    """

    questions: list[QuestionView]
    epoch: str
    offset: int
    earlier: UUID | None = None


class PairView(Wire):
    """A question beside what it was matched with: an answer, or the question that it follows."""

    question_id: UUID
    known_id: UUID
    subject: Subject
    grade: int
    asked: str
    known: str
    verdict: Verdict
    asked_at: datetime
    confidence: float | None = None
    outcome: Literal["not_mine", "still_stuck"] | None = None


class Pairs(Wire):
    """Matches that a teacher may judge, the most doubtful first."""

    pairs: list[PairView]


class Bin(Wire):
    """Judged matches whose probability lies from `low` to `high`: the mean of it, and the share that were right."""

    low: float
    high: float
    count: int
    mean: float
    share: float


class SubjectReliability(Wire):
    """How sure the matcher was of a subject's matches and how often it was right; bins of fewer than five are left
    out. `bar` is the probability that a push needs, `precision` the share of right pushes."""

    subject: Subject
    labels: int
    bar: float
    bins: list[Bin]
    precision: float | None = None


class Reliability(Wire):
    """`calibration` is the number of the one in force, 0 before any."""

    calibration: int
    since: datetime | None
    subjects: list[SubjectReliability]


class ShareView(Wire):
    """A share, or how much one grew, with its 95 % interval."""

    share: float
    low: float
    high: float


class PointName(Wire):
    """A knowledge point: its name is its own within a subject and stage. None: not labelled yet."""

    subject: Subject
    stage: Stage
    name: str | None


class WeekFigures(Wire):
    """Sums of what is told of a week. `askers` are pupils; waits are in seconds."""

    asked: int
    askers: int
    solved: int
    unanswered: int
    reopened: int
    stuck: ShareView | None = None  # of those who saw a video or an answer
    median_s: float | None = None
    p95_s: float | None = None


class PointWeek(Wire):
    """A knowledge point in a week: the share of the pupils who asked, and how much it grew since."""

    point: PointName
    figures: WeekFigures
    rate: ShareView | None = None
    week: ShareView | None = None
    year: ShareView | None = None


class HeatCell(Wire):
    asked: int
    askers: int
    rate: ShareView | None = None


class HeatRow(Wire):
    """A grade, or a school of the grade that was asked for; neither school nor `enrolled`: all smaller ones."""

    grade: int
    cells: list[HeatCell | None]  # None: fewer than five pupils, or nobody
    school: str | None = None
    school_id: UUID | None = None
    enrolled: int | None = None


class SchoolName(Wire):
    id: UUID
    name: str


class WeekSum(Wire):
    week: str
    asked: int
    unanswered: int


class MondayView(Wire):
    """A week for research: where what was not understood. Every number is a sum of groups of at least five pupils."""

    week: str | None  # its Monday; None: no week is told yet
    weeks: list[str]
    schools: list[SchoolName]
    total: WeekFigures
    before: WeekFigures
    columns: list[PointName]
    rows: list[HeatRow]
    points: list[PointWeek]
    risen: list[PointWeek]
    fallen: list[PointWeek]
    hardest: list[PointWeek]
    line: list[WeekSum]


class ExemplarView(Wire):
    """A question that stands for a cell, without its pupil: what became of it, its answer, and the masked photo that
    the answer's video shows."""

    text: str
    outcome: Literal["solved", "stuck", "reopened", "seen"]
    answer: AnswerView
    photo_url: str | None = None


class Exemplars(Wire):
    exemplars: list[ExemplarView]


class BankCount(Wire):
    """How many questions of the bank have a value; with all other filters."""

    value: str
    asked: int


class BankFacet(Wire):
    """What questions are narrowed down by; values that none has are left out."""

    name: str
    counts: list[BankCount]


class BankPoint(Wire):
    """A knowledge point or an area, with what is below it; `-` are questions that are not labelled yet."""

    name: str
    depth: int
    asked: int


class BankTopic(Wire):
    number: int
    name: str
    asked: int


class BankSchool(Wire):
    id: UUID
    name: str
    asked: int


class BankMoved(Wire):
    """What was looked for has another name now, or is a part of another; None: it is gone."""

    what: Literal["point", "topic"]
    was: str
    now: str | None = None


class BankItem(Wire):
    """A question without its pupil, and why it was found. Its place is told as finely as its week tells it."""

    week: str
    subject: Subject | None
    stage: Stage | None
    grade: int | None
    point: str | None
    text: str
    outcome: Outcome | None
    difficulty: Difficulty | None
    answer: AnswerView | None
    photo_url: str | None
    alike: int  # others with this very text
    by_words: bool
    by_figure: bool
    sure: float | None = None  # how near its problem is in meaning, 0 to 1


class BankView(Wire):
    """What is found in the bank, and how many there are by each facet. Only whole weeks, in units of five pupils."""

    weeks: list[str]  # that may be chosen, the latest first
    total: int
    items: list[BankItem]
    more: bool
    terms: list[str]  # pairs of characters that were looked for
    by_meaning: bool  # False: the matcher could not be asked, and words alone were
    wordless: bool  # nothing of what was typed can be looked for
    answers: list[AnswerView]
    facets: list[BankFacet]
    points: list[BankPoint]  # of the chosen subject and stage
    topics: list[BankTopic]
    schools: list[BankSchool]
    without: list[BankCount]  # when nothing is found: how many there are without a filter, the fewest first
    moved: list[BankMoved]


class ReadPhoto(Wire, forbid_unknown_fields=True):
    """An uploaded photo to search by; it is read and thrown away."""

    media_id: UUID


class BankProblem(Wire):
    """What was read of a photo; `figure` is the hash of the drawing beside it."""

    text: str
    figure: str | None = None


class BankPhoto(Wire):
    id: UUID
    state: Literal["reading", "read", "failed"]
    problems: list[BankProblem]


class KeepCohort(Wire, forbid_unknown_fields=True):
    """A search to be kept under a name; names and values as in the page's address."""

    title: str
    search: dict[str, str]
    shared: bool = False


class ChangeCohort(Wire, forbid_unknown_fields=True):
    """What is left out stays."""

    title: str | None = None
    search: dict[str, str] | None = None
    shared: bool | None = None


class CohortView(Wire):
    """A kept search; opening it gives what the bank has now. `who` is told of what others share."""

    id: UUID
    title: str
    search: dict[str, str]
    shared: bool
    mine: bool
    who: str
    made_at: datetime
    moved: list[BankMoved] = []


class Cohorts(Wire):
    """One's own and those that are shared, by name."""

    cohorts: list[CohortView]


class ReportLine(Wire):
    """An archived report; without a school, the city's."""

    id: UUID
    week: str
    made_at: datetime


class Reports(Wire):
    reports: list[ReportLine]
    schools: list[SchoolName]


class Report(Wire):
    """What was told of a week when it was over; what is labelled anew later leaves it as it is."""

    made_at: datetime
    week: MondayView
    school: str | None = None


class AskProject(Wire, forbid_unknown_fields=True):
    """Days as YYYY-MM-DD; `until` is not included, `expires_on` is."""

    title: str
    purpose: str
    first: str
    until: str
    expires_on: str


class DecideProject(Wire, forbid_unknown_fields=True):
    approve: bool


class MakeExport(Wire, forbid_unknown_fields=True):
    form: Literal["parquet", "csv", "xlsx"]


class ExportLine(Wire):
    """A file of a project; `left_out` counts rows of groups that were too small."""

    id: UUID
    form: Literal["parquet", "csv", "xlsx"]
    state: Literal["making", "ready", "failed", "gone"]
    asked_at: datetime
    rows: int | None = None
    left_out: int | None = None
    size: int | None = None


class ProjectNote(Wire):
    at: datetime
    act: str
    who: str | None


class ProjectView(Wire):
    id: UUID
    title: str
    purpose: str
    first: str
    until: str
    expires_on: str
    state: Literal["asked", "approved", "refused", "expired"]
    asked_by: str
    mine: bool
    exports: list[ExportLine]
    log: list[ProjectNote]
    decided_by: str | None = None


class ColumnView(Wire):
    """A column of an export."""

    name: str
    kind: str
    zh: str
    en: str


class ProjectsView(Wire):
    projects: list[ProjectView]
    columns: list[ColumnView]


class FetchExport(Wire, forbid_unknown_fields=True):
    """Who takes data away says the password once more."""

    password: str


class ExportAddress(Wire):
    """Signed; it lasts some minutes."""

    url: str


class TaxonomyPoint(Wire):
    """A knowledge point, or an area that holds some; `parent` is a code."""

    code: str
    name: str
    parent: str | None
    subject: Subject
    stage: Stage
    first_grade: int
    last_grade: int


class TaxonomyVersion(Wire):
    """A version that was imported; `relabelled` counts questions and answers whose point got another name by it."""

    number: int
    file_name: str
    made_at: datetime
    size: int
    relabelled: int


class TaxonomyView(Wire):
    """The taxonomy in force, in its file's order, and its versions, the newest first."""

    points_in_force: list[TaxonomyPoint]
    versions: list[TaxonomyVersion]


class FoundPoint(Wire):
    name: str
    area: str  # the one that it belongs to; empty at the top


class PointsView(Wire):
    """The points in force of a subject and a grade's stage, in the taxonomy's order, for teachers to find one by name
    or area."""

    points: list[FoundPoint]


class TopicView(Wire):
    """What many ask about. `askers` and `asked` are of the last whole weeks, the newest first; None where fewer than
    five pupils asked. `name` is a person's; without one the telling terms stand for it."""

    number: int
    name: str | None
    terms: list[str]
    exemplars: list[str]
    born_on: str  # a day
    is_new: bool
    askers: list[int | None]
    asked: list[int | None]
    growth: float | None  # askers of the last week beside the mean of the weeks before; None where either is not told
    proposals: int = 0  # to teach it


class TopicList(Wire):
    """Topics of a subject and stage that five pupils or more asked about in one of the last four weeks."""

    weeks: list[str]  # their Mondays, the newest first
    topics: list[TopicView]


class PersonName(Wire):
    person_id: UUID
    name: str


class PlanView(Wire):
    """When and for whom a lecture was planned for somebody; no schools: all of them."""

    about: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    schools: list[str]


class RatesView(Wire):
    """Questions of 1,000 enrolled pupils a week."""

    before: float
    after: float


class ChangeView(Wire):
    """With its 95 % interval. By schools: questions of 1,000 pupils a week more or fewer than without; by topics: the
    share more or fewer than expected."""

    middle: float
    low: float
    high: float


class EffectView(Wire):
    """What came of teaching a topic. `waits`: it can be told from `told_from` on. `units` are schools that were
    reached, or the topics that are the control; `control_units` schools that were not reached."""

    verdict: Literal["waits", "short", "few", "thin", "told"]
    taught_on: str  # days
    told_from: str
    method: Literal["schools", "topics"] | None = None
    reached: RatesView | None = None
    control: RatesView | None = None
    change: ChangeView | None = None
    units: int = 0
    control_units: int = 0
    grades: list[int] = []


class TaughtBy(Wire):
    """The lecture, or the micro-lesson, that a proposal became."""

    what: Literal["lecture", "lesson"]
    state: Literal["planned", "open", "live", "over", "cancelled", "recording", "shown", "hidden"]
    title: str
    at: datetime | None
    lecture_id: UUID | None = None
    lesson_id: UUID | None = None


class ProposalView(Wire):
    """A proposal as research staff see it. `invited` is None before it was counted, and 0 for fewer than five."""

    proposal_id: UUID
    form: Form
    title: str
    note: str
    grades: list[int]
    knowledge_points: list[str]
    state: ProposalState
    proposed_at: datetime
    expires_at: datetime
    proposed_by: str
    wanted: str | None  # by name; None: whoever teaches the subject
    wanted_gone: bool  # who was wished for may not teach it any more
    taken_by: str | None
    why: str | None
    plan: PlanView | None = None
    taught: TaughtBy | None = None
    invited: int | None = None
    effect: EffectView | None = None


class TopicTeaching(Wire):
    """What was proposed from a topic, the newest first; who may teach it, and the schools that a lecture may be for."""

    proposals: list[ProposalView]
    lecturers: list[PersonName]
    teachers: list[PersonName]
    schools: list[SchoolName]
    knowledge_points: list[str]  # of the topic's questions, the most frequent first


class ProposalOffer(Wire):
    """A proposal as it is offered to who may teach it: what is asked, how many asked in each of the last whole weeks
    (None: fewer than five), examples as they were read; no name of any pupil."""

    proposal_id: UUID
    form: Form
    title: str
    note: str
    subject: Subject
    stage: Stage
    grades: list[int]
    knowledge_points: list[str]
    terms: list[str]
    exemplars: list[str]
    askers: list[int | None]
    proposed_by: str
    expires_at: datetime
    is_mine: bool  # wished of the reader, or taken
    taken: bool
    plan: PlanView | None = None
    taught: TaughtBy | None = None
    invited: int | None = None


class ProposalOffers(Wire):
    proposals: list[ProposalOffer]


class InvitationView(Wire):
    """You asked about this, and it is taught: a lecture to come, its replay, or a micro-lesson."""

    proposal_id: UUID
    what: Literal["lecture", "replay", "lesson"]
    title: str
    about: str  # the topic, or a knowledge point
    teacher_name: str
    starts_at: datetime | None = None
    seats_left: int | None = None
    lecture_id: UUID | None = None
    lesson_id: UUID | None = None


class Invitations(Wire):
    invitations: list[InvitationView]


class ProposedPlan(Wire, forbid_unknown_fields=True):
    """For a lecture that is planned for somebody; no schools: all of them."""

    starts_at: datetime
    ends_at: datetime
    capacity: int
    about: str = ""
    schools: list[UUID] = []


class ProposeTeaching(Wire, forbid_unknown_fields=True):
    """`wanted_id`: who should teach it; without one it is open to all who teach the subject. `plan` needs one."""

    form: Form
    title: str
    grades: list[int]
    knowledge_points: list[str] = []
    note: str = ""
    wanted_id: UUID | None = None
    plan: ProposedPlan | None = None


class DeclineProposal(Wire, forbid_unknown_fields=True):
    why: str = ""


class EntryWording(Wire):
    """How an entry was worded before."""

    kind: TeachingWork
    day: str
    note: str
    made_at: datetime


class WorkEntry(Wire):
    """Something that was done for a quota, as it is worded now, and before, the oldest first."""

    entry_id: UUID
    kind: TeachingWork
    day: str
    note: str
    struck: bool  # counts no more
    made_at: datetime
    before: list[EntryWording]


class QuotaLine(Wire):
    """What somebody owes of a kind: `lectures` held and `lessons` published may count by themselves."""

    kind: TeachingWork
    target: int | None
    lectures: bool
    lessons: bool
    noted: int
    by_itself: int


class QuotaPerson(Wire):
    person_id: UUID
    name: str
    lines: list[QuotaLine]
    entries: list[WorkEntry]


class QuotaBoard(Wire):
    """A quarter (2026-Q1) of one's own, or for the head of research of all the staff."""

    quarter: str
    quarters: list[str]  # the one that runs and those before it
    closed: bool
    may_set: bool
    people: list[QuotaPerson]


class NoteWork(Wire, forbid_unknown_fields=True):
    """The day as YYYY-MM-DD; it decides the quarter."""

    kind: TeachingWork
    day: str
    note: str


class SetTarget(Wire, forbid_unknown_fields=True):
    quarter: str
    kind: TeachingWork
    target: int
    lectures: bool = False
    lessons: bool = False


class RenameTopic(Wire, forbid_unknown_fields=True):
    """Another name; empty: its telling terms again."""

    name: str


class MergeTopic(Wire, forbid_unknown_fields=True):
    """Into which other."""

    into: int


class ToSay(Wire):
    """A question whose point nobody has said; whose it is, is not told. `point` is a model's, where one is sure."""

    question_id: UUID
    subject: Subject
    grade: int
    text: str
    asked_at: datetime
    doubts: list[Doubt]
    point: str | None = None
    point_sure: float | None = None
    difficulty: Difficulty | None = None
    difficulty_by: Source | None = None


class ToSayList(Wire):
    """Those of a subject and stage, doubtful ones first."""

    questions: list[ToSay]


class SayLabel(Wire, forbid_unknown_fields=True):
    """One word on one question."""

    kind: Kind
    value: str


class HeldQuestion(Wire):
    """What a model takes for no question, or for an inappropriate one."""

    question_id: UUID
    subject: Subject
    grade: int
    text: str
    asked_at: datetime
    told: Fitness
    confidence: float


class HeldQuestions(Wire):
    """For the reviewer, the latest first."""

    questions: list[HeldQuestion]


class ClassMarks(Wire):
    """Held-out questions that people labelled so: how many, and what the model took them for."""

    label: str
    count: int
    told: dict[str, int]


class LabelMarks(Wire):
    """How a model did on problems that it had not seen. `precision` is of what it says, `said` the share of that."""

    texts: int
    accuracy: float
    said: float
    precision: float | None
    at_90: float


class LabelModel(Wire):
    """The latest model of a kind and scope, and what came of it: `why` says whether it serves and if not, why."""

    number: int
    kind: Kind
    scope: str
    made_at: datetime
    serves: int | None  # the number of the one that serves
    why: str
    labels: int
    problems: int
    bar: float | None
    held_out: LabelMarks | None
    before: LabelMarks | None  # of the one that served before, on the same questions
    confusion: list[ClassMarks]


class LabelModels(Wire):
    """What is labelled by models, and how well."""

    models: list[LabelModel]


class PlaceView(Wire):
    """A pupil's place in a lecture; `ahead` counts those before it on the waiting list."""

    state: PlaceState
    ahead: int | None = None


class MaterialView(Wire):
    """Pages that the lecturer brings to a lecture; `pages` are their pictures, where they are asked for."""

    id: UUID
    name: str
    count: int
    pages: list[MediaView] = []


class LectureView(Wire):
    """A lecture as anybody sees who may; `place` is the reader's own and is never in an event."""

    id: UUID
    version: int
    state: LectureState
    title: str
    about: str
    subject: Subject
    stage: Stage
    grades: list[int]
    knowledge_points: list[str]
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int
    waiting: int
    lecturer_name: str
    channel: str
    cover: MediaView | None = None
    cancelled_why: str | None = None
    place: PlaceView | None = None
    # For its lecturer alone:
    schools: list[UUID] = []
    materials: list[MaterialView] = []


class Lectures(Wire):
    """Lectures in the order in which they begin; `more` says that there are later ones."""

    lectures: list[LectureView]
    more: bool = False


class MyLectures(Wire):
    """The lectures that a pupil holds a place in, and the point of the pupil's channel from which to listen on."""

    lectures: list[LectureView]
    epoch: str
    offset: int


class LectureSnapshot(Wire):
    """A lecture, and the point of its channel from which to listen on."""

    lecture: LectureView
    epoch: str
    offset: int


class LineView(Wire):
    """Something said in a lecture's room. What is held or hidden is told to the lecturer and reviewers alone; to the
    others a hidden line comes without its text."""

    number: int
    kind: Literal["chat", "question"]
    author_name: str
    text: str
    state: LineState
    votes: int
    said_at: datetime
    by_lecturer: bool = False
    why_held: Literal["contact", "link", "abuse"] | None = None
    by_hand: bool = False  # the lecturer had given its author the word


class TakeView(Wire):
    """The lecturer's microphone is on the air; `muted` while only silence is recorded; `picture`: her camera is too."""

    number: int
    muted: bool
    picture: bool = False


class FloorView(Wire):
    """A pupil who has the word by a raised hand is asked to speak or, when it is `open`, is heard; until then at the
    latest. The room is told no name."""

    number: int
    hand: int
    open: bool
    until_at: datetime


class RoomState(Wire):
    """How the room is just now; its version is the lecture's."""

    lecture_id: UUID
    version: int
    state: LectureState
    started_at: datetime | None
    ended_at: datetime | None
    slow_s: int
    epoch: int  # of the lecturer's page that draws; an older one is read-only
    take: TakeView | None = None  # nobody is heard
    has_the_word: int | None = None  # the number of the raised hand that the lecturer took
    floor: FloorView | None = None


class StaffChannel(Wire):
    """Where lines that are held or hidden are told, and the point from which to listen on."""

    channel: str
    epoch: str
    offset: int


class PictureView(Wire):
    """How a lecturer's camera is seen: the type of the track whose parts come as `picture` to who listens to the
    channel; and addresses of playlists for this person alone: of the picture, and of `whole`, in which a browser finds
    the picture and the sound and either without the other."""

    type: str
    playlist: str
    whole: str


class SoundView(Wire):
    """How a lecture is heard: the type and the beginning (base64) of the track whose parts come as `sound`; and, where
    a browser can't join parts, the address of its playlist, for this person alone. `picture` is None where there is
    none, and none to come; `voices` is the playlist of pupils who speak, whose parts come as `spoken`."""

    type: str
    initialisation: str
    playlist: str
    picture: PictureView | None = None
    voices: str | None = None


class PollView(Wire):
    """What the lecturer asks the room, and how many chose each option; `right`, counted from 1, is for the lecturer
    alone until it is closed."""

    number: int
    version: int
    text: str
    options: list[str]
    counts: list[int]
    at_ms: int
    closed: bool
    quiz: bool
    right: int | None = None


class PollAnswer(Wire):
    """A pupil's own, counted from 1."""

    number: int
    option: int


class HandPlace(Wire):
    """A pupil's own raised hand; `ahead` counts those that went up before it. `by_voice` is what may become of it where
    the lecturer asks to hear it: "no", "heard" by the room alone, or "kept" in the replay, too."""

    number: int
    ahead: int
    by_voice: ByVoice = "no"


class HandView(Wire):
    number: int
    nickname: str
    raised_at: datetime
    taken: bool
    may_speak: bool = False  # by voice: the school and the guardian have agreed
    kept: bool = False  # what is said just now is; else the lecturer's own microphone must not hear it


class HandsView(Wire):
    """The line of raised hands for who keeps the room; `count` are those that wait, also where more than are shown."""

    count: int
    hands: list[HandView]


class SayYes(Wire, forbid_unknown_fields=True):
    """A pupil who was asked will speak, on this page; `may_keep` where it was told that the replay keeps it."""

    page: UUID
    may_keep: bool


class FloorOpened(Wire):
    number: int


class CutFloor(Wire, forbid_unknown_fields=True):
    """Whoever is asked or heard is so no more, and may be kept from more."""

    then: Literal["mute", "remove"] | None = None


class MarkView(Wire):
    """A stretch of a lecture in which many were lost, on the lecture's own clock; `most` in its worst half minute."""

    from_ms: int
    to_ms: int
    most: int


class LostView(Wire):
    """How many were lost in each half minute of a lecture, of all who came so far."""

    counts: list[int]
    came: int
    marks: list[MarkView]


class MutedView(Wire):
    """Who may not speak, or not be there; `number` is a line of theirs, by which the rule is taken back."""

    number: int
    nickname: str
    since: datetime
    removed: bool


class Muted(Wire):
    pupils: list[MutedView]


class PictureChannel(Wire):
    """Where the lecturer's camera is told to who wants to see it, and the point from which to listen."""

    channel: str
    epoch: str
    offset: int


class RoomSnapshot(Wire):
    """A lecture's room with its whole board, and the points of its channels from which to listen on."""

    lecture: LectureView
    room: RoomState
    me: Literal["lecturer", "pupil", "reviewer"]
    channel: str
    board: BoardSnapshot | None
    log: list[BoardLine]
    media: dict[str, MediaView]
    lines: list[LineView]
    voted: list[int]
    muted: bool
    epoch: str
    offset: int
    staff: StaffChannel | None = None  # for the lecturer and reviewers
    sound: SoundView | None = None
    pictures: PictureChannel | None = None
    polls: list[PollView] = []
    answered: list[PollAnswer] = []
    hand: HandPlace | None = None  # one's own that is up
    hands: HandsView | None = None  # for the lecturer and reviewers, as is `lost`
    lost: LostView | None = None


class LectureFilm(Wire):
    """One video of a lecture; `progress` in percent. `download_url` is for those who may take it with them."""

    state: Literal["making", "ready", "failed"]
    progress: int
    url: str | None = None
    poster_url: str | None = None
    content_type: str | None = None
    duration_ms: int | None = None
    size: int | None = None
    download_url: str | None = None


class SchoolFilm(Wire):
    """A lecture that was open for a school, and its one video."""

    lecture_id: UUID
    title: str
    lecturer_name: str
    subject: Subject
    grades: list[int]
    held_at: datetime
    film: LectureFilm


class SchoolFilms(Wire):
    films: list[SchoolFilm]
    more: bool  # older ones


class CaptionsState(Wire):
    """What was said, in writing: brought by the lecturer or heard by the speech model; pupils see what is shown."""

    state: Literal["shown", "waiting", "refused"]
    source: Literal["brought", "heard"]


class LectureMoment(Wire):
    """A moment of a lecture at which something is written or said, and what."""

    at_ms: int
    kind: Literal["page", "board", "caption"]
    text: str


class Moments(Wire):
    moments: list[LectureMoment]
    more: bool


class CaptionsBrought(Wire):
    """How many cues a file brought; with any mistake none."""

    cues: int
    mistakes: list[str]
    captions: CaptionsState | None = None


class LectureReplay(Wire):
    """A lecture that is over, as it was: the board's log, and a playlist of its sound with the moment of each take. All
    times are ms from its beginning."""

    lecture: LectureView
    log: list[BoardLine]
    media: dict[str, MediaView]
    sound: SoundView
    started_at: datetime
    lasts_ms: int
    kept_until: datetime
    views: int  # of people who have watched a fair part of it, each once
    marks: list[MarkView]  # where many were lost
    shown: bool  # to pupils
    me: Literal["lecturer", "pupil", "reviewer"]
    film: LectureFilm | None = None
    captions: CaptionsState | None = None
    stopped_ms: int = 0  # where one's own page stood that spoke last


class LectureRewind(Wire):
    """A lecture on the air, as far as one may step back in it: the board's log after the line that was asked for, and a
    playlist of its sound that grows. `lasts_ms` is how far it goes."""

    log: list[BoardLine]
    media: dict[str, MediaView]
    sound: SoundView
    started_at: datetime
    lasts_ms: int


class ListenerView(Wire):
    """A pupil's time in the room, in seconds; `here` is whether just now."""

    nickname: str
    seconds: int
    here: bool


class Attendance(Wire):
    here: int
    listeners: list[ListenerView]


class LectureFigures(Wire):
    """What came of a lecture: minutes on air, seats taken, who came and how long, what was asked, polls, where many
    were lost. `hands` counts pupils, `heard` how often one had the word."""

    minutes: int
    enrolled: int
    came: int
    mean_minutes: int
    questions: int
    answered: int
    chat: int
    hands: int
    heard: int
    polls: list[PollView]
    lost: LostView
    listeners: list[ListenerView]


class OnAirView(Wire):
    """A lecture as a reviewer sees it: how many are there, and how many lines wait for a look."""

    lecture: LectureView
    here: int
    held: int


class OnAir(Wire):
    lectures: list[OnAirView]


class SchoolView(Wire):
    id: UUID
    name: str


class LecturerState(Wire):
    """A lecturer's page as it stands: lectures to come first, then what was; and the schools that one may be for."""

    lectures: list[LectureView]
    schools: list[SchoolView]


class TeacherState(Wire):
    """A teacher's page as it stands, and the point of the teacher's channel from which to listen on."""

    duty: DutyView
    earnings: EarningsView
    epoch: str
    offset: int


# --- HTTP bodies ---------------------------------------------------------------------------------------------------


class SignIn(Wire, forbid_unknown_fields=True):
    login: str
    password: str


class Activate(Wire, forbid_unknown_fields=True):
    """First sign-in of a person from a school's roster."""

    login: str
    code: str
    password: str


class Ticket(Wire):
    """A one-use ticket that opens one socket within 30 seconds."""

    ticket: str
    expires_at: datetime


class StartUpload(Wire, forbid_unknown_fields=True):
    kind: Literal["photo", "voice", "video", "recording", "material"]
    content_type: str
    session_id: UUID | None = None  # a recording belongs to a live session
    ago_ms: int = 0  # since a recording began, by its page's stopwatch: a phone's clock may say any day


class UploadView(Wire):
    """An upload under way: which parts have arrived; each part has its own signed address."""

    id: UUID
    part_size: int
    max_bytes: int
    arrived: list[int]


class SignParts(Wire, forbid_unknown_fields=True):
    """Asks for signed addresses of the parts with these numbers (0, 1, 2, …)."""

    parts: list[int]


class PartUrls(Wire):
    urls: dict[str, str]
    expires_in_s: int


class CompleteUpload(Wire, forbid_unknown_fields=True):
    parts: int
    size: int
    sha256: str


class Ask(Wire, forbid_unknown_fields=True):
    """A new question; the Idempotency-Key header makes a repeat harmless."""

    subject: Subject
    grade: int
    text: str = ""
    media: list[UUID] = []


class Correct(Wire, forbid_unknown_fields=True):
    """The whole problem as it should have been read."""

    text: str


class Choose(Wire, forbid_unknown_fields=True):
    """The number of the problem that is meant, of those on the photo."""

    number: int


class BackToQueue(Wire, forbid_unknown_fields=True):
    why: Literal["not_mine", "still_stuck"]


class Judge(Wire, forbid_unknown_fields=True):
    """Whether the question is the same problem as what it was matched with."""

    known_id: UUID
    same: bool


class GoOnDuty(Wire, forbid_unknown_fields=True):
    presence: Literal["ready", "away", "off"]


class Finish(Wire, forbid_unknown_fields=True):
    """Ends a session with an answer; the epoch fences a teacher who lost the question meanwhile."""

    assignment_epoch: int
    recordings: list[UUID] = []
    knowledge_points: list[str] = []
    difficulty: Difficulty | None = None
    asked_about: Subject | None = None  # as the teacher sees it, where it was asked as another
    asked_at: Stage | None = None


class Pause(Wire, forbid_unknown_fields=True):
    on: bool


class Breathe(Wire, forbid_unknown_fields=True):
    """Seconds between two questions: 0, 30, 60, 120 or 300."""

    breath_s: int


class Span(Wire, forbid_unknown_fields=True):
    """From and to, in ms."""

    from_ms: int
    to_ms: int


class Mask(Wire, forbid_unknown_fields=True):
    """A region of a page that is hidden, in units of the page; from and to in ms of the video, or neither: for good."""

    page: str
    left: int
    top: int
    right: int
    bottom: int
    from_ms: int | None = None
    to_ms: int | None = None


class Edit(Wire, forbid_unknown_fields=True):
    """Spans to leave out, in ms of the video as it is now, and regions to hide; or `whole`: all of it again."""

    cuts: list[Span] = []
    masks: list[Mask] = []
    whole: bool = False


class Split(Wire, forbid_unknown_fields=True):
    """From `at_ms` of the video on it answers another problem."""

    at_ms: int
    problem_text: str


class Moment(Wire, forbid_unknown_fields=True):
    """Of a video, in ms."""

    at_ms: int


class EditionView(Wire):
    """A video that was made of an answer: what is new about it, and whether it is the one that is watched."""

    number: int
    why: Literal["made", "cut", "masked", "retaken", "whole", "made again"]
    made_at: datetime
    duration_ms: int
    is_shown: bool


class Editions(Wire):
    editions: list[EditionView]


class WaitingView(Wire):
    """A question in the queue as a teacher sees it who may answer it by a recording."""

    question_id: UUID
    subject: Subject
    grade: int
    text: str
    photos: int
    followers: int
    asked_at: datetime
    promised_at: datetime | None = None


class Waiting(Wire):
    """The oldest first."""

    questions: list[WaitingView]


class BeginLesson(Wire, forbid_unknown_fields=True):
    """A short lesson on one knowledge point, with no question behind it."""

    title: str
    subject: Subject
    grade: int
    knowledge_point: str


class Lessons(Wire):
    """Lessons of a teacher's own that answer nobody's question."""

    lessons: list[AnswerView]


class LessonView(Wire):
    """A micro-lesson of the library: a film that was imported, or one that a teacher recorded here; `seen` is the share
    that the reader has watched."""

    id: UUID
    source: Literal["film", "recording"]
    title: str
    subject: Subject
    stage: Stage
    grade: int
    knowledge_points: list[str]
    teacher_name: str
    duration_ms: int
    poster_url: str | None
    book: str
    chapter: str
    series: str
    questions: int  # of its quiz
    seen: float


class BookView(Wire):
    """A textbook that there are lessons for, with its chapters."""

    book: str
    chapters: list[str]


class Library(Wire):
    """A page of the catalogue; the first one names the books and series that the others may be narrowed to."""

    lessons: list[LessonView]
    more: bool
    books: list[BookView]
    series: list[str]


class QuizView(Wire):
    text: str
    options: list[str]


class LessonPage(Wire):
    """A lesson to be watched: a film by its address, a recording as the answer that it is."""

    lesson: LessonView
    about: str = ""
    video_url: str | None = None
    quiz: list[QuizView] = []
    series: list[LessonView] = []
    answer: AnswerView | None = None


class QuizResult(Wire):
    """The right options, counted from 1, and how many of the reader's were."""

    right: list[int]
    count: int


class LessonsBeside(Wire):
    """Lessons on what a question is about."""

    lessons: list[LessonView]


class LessonFigures(Wire):
    """How a lesson is watched: pupils, minutes, the share of them who saw it to its end, and the share of its quiz that
    was right at the first go. Of fewer than five pupils nothing is told."""

    lesson_id: UUID
    title: str
    subject: Subject
    grade: int
    pupils: int | None
    minutes: int | None
    whole: float | None
    quiz_right: float | None


class LibraryFigures(Wire):
    lessons: list[LessonFigures]


class ReviewView(Wire):
    """An answer for a reviewer to look at."""

    answer: AnswerView
    teacher_id: UUID
    teacher_trusted: bool
    edition: int
    has_pupil: bool  # the pupil is heard
    earlier: list[str] = []  # what reviewers said of it before


class LectureToReview(Wire):
    """A replay that pupils wait for, or captions that were brought to one."""

    lecture_id: UUID
    what: Literal["replay", "captions"]
    title: str
    lecturer_name: str
    subject: Subject
    since: datetime


class Reviews(Wire):
    """The oldest first; `waiting` counts all answers. `rule` is whose answers are reviewed."""

    rule: Literal["at_once", "trusted", "all"]
    waiting: int
    answers: list[ReviewView]
    lectures: list[LectureToReview] = []


class Decide(Wire, forbid_unknown_fields=True):
    decision: Literal["approve", "send_back", "take_down"]
    words: str = ""


class Trust(Wire, forbid_unknown_fields=True):
    on: bool


class PupilView(Wire):
    """A pupil of one's own school, or one's own child, with what the guardian agrees to. That staff reads this is
    written down."""

    id: UUID
    login: str
    real_name: str
    grade: int | None
    agreed: list[Purpose]
    said_at: datetime | None = None  # the last word
    heard_in: int = 0  # explanations with the child's voice; to the guardian alone


class Children(Wire):
    """A guardian's own."""

    wording: str  # the version of the words on the page
    children: list[PupilView]


class SchoolPupils(Wire):
    school: str
    wording: str  # the version of the words on the page
    pupils: list[PupilView]
    more: bool = False  # than are shown
    lecture_voice: bool = False  # they may speak in lectures, where their guardians agree


class LectureVoice(Wire, forbid_unknown_fields=True):
    """Whether pupils of the school may speak in lectures, where their guardians agree."""

    on: bool


class SayConsent(Wire, forbid_unknown_fields=True):
    """A guardian's word on one purpose, and the version of the words that it is about."""

    purpose: Purpose
    given: bool
    wording: str


class Rate(Wire, forbid_unknown_fields=True):
    """One to five."""

    stars: int


class HandBack(Wire, forbid_unknown_fields=True):
    assignment_epoch: int


class PlanLecture(Wire, forbid_unknown_fields=True):
    """What a lecturer decides; no schools: all of them."""

    title: str
    subject: Subject
    stage: Stage
    grades: list[int]
    starts_at: datetime
    ends_at: datetime
    capacity: int
    about: str = ""
    knowledge_points: list[str] = []
    schools: list[UUID] = []
    cover_id: UUID | None = None


class CancelLecture(Wire, forbid_unknown_fields=True):
    """Why: every pupil with a place reads it."""

    why: str


class AddMaterial(Wire, forbid_unknown_fields=True):
    """An upload of kind `material` that is ready, and the name that it goes by."""

    material_id: UUID
    name: str


class SayInRoom(Wire, forbid_unknown_fields=True):
    """A line of chat, or a question; `line_id` is made by the page and makes a repeat harmless."""

    line_id: UUID
    kind: Literal["chat", "question"]
    text: str


class AskPoll(Wire, forbid_unknown_fields=True):
    """Two to six options; `right`, counted from 1, makes it a quiz. `poll_id` is made by the page and makes a repeat
    harmless."""

    poll_id: UUID
    text: str
    options: list[str]
    right: int | None = None


class AnswerPoll(Wire, forbid_unknown_fields=True):
    """The option, counted from 1."""

    option: int


class Played(Wire, forbid_unknown_fields=True):
    """What of a lesson was played since the last report."""

    spans: list[Span]


class AnswerQuiz(Wire, forbid_unknown_fields=True):
    """One option for each question, counted from 1."""

    options: list[int]


class ShowLesson(Wire, forbid_unknown_fields=True):
    shown: bool


class JudgeLine(Wire, forbid_unknown_fields=True):
    """What becomes of a line: shown, hidden, or a question that was answered."""

    becomes: Literal["shown", "hidden", "answered"]


class ShowReplay(Wire, forbid_unknown_fields=True):
    """Whether pupils may watch it: a reviewer says both, its lecturer takes it away."""

    shown: bool


class WatchedSpans(Wire, forbid_unknown_fields=True):
    """What was played of a replay since the last report, in ms of the lecture's clock; and where it stands."""

    spans: list[Span]
    at_ms: int | None = None


class BringCaptions(Wire, forbid_unknown_fields=True):
    """A WebVTT file."""

    text: str


class ShowCaptions(Wire, forbid_unknown_fields=True):
    shown: bool


class RuleAuthor(Wire, forbid_unknown_fields=True):
    """What its author may do from now on: be silent, speak again, or leave the room for good."""

    rule: Literal["mute", "unmute", "remove"]


class SlowDown(Wire, forbid_unknown_fields=True):
    """Seconds between two lines of one pupil: 0, 5, 15, 30 or 60."""

    slow_s: int


class DemoAccount(Wire):
    login: str
    password: str
    role: Role
    nickname: str


class Demo(Wire):
    """The accounts of a demo; a real service has no such door."""

    accounts: list[DemoAccount]


class Health(Wire):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Wire):
    """Whether questions can be taken (all but `down`), and which part is missing; its feature is what it costs."""

    status: Literal["ok", "degraded", "down"]
    database: Literal["ok", "down", "not migrated"]
    object_store: Literal["ok", "down"]
    redis: Literal["ok", "down"]
    matcher: Literal["loading", "ok", "down"]


class Problem(Wire):
    """Every refusal: a stable code, and the sentence to show in Chinese and English."""

    code: str
    zh: str
    en: str
    detail: str | None = None


# --- events: what the server tells a channel -----------------------------------------------------------------------


class Event(Wire, tag_field="type"):
    """Base of events; each carries the whole view, so that seeing one twice or late does no harm."""


class QuestionChanged(Event, tag="question"):
    question: QuestionView


class DutyChanged(Event, tag="duty"):
    duty: DutyView


class Earned(Event, tag="earned"):
    line: EarningView
    total_fen: int


class BoardGrew(Event, tag="board"):
    line: BoardLine
    media: MediaView | None = None


class SessionChanged(Event, tag="session"):
    session: SessionView


class Alarm(Event, tag="alarm"):
    """For the duty administrator: a question that has waited too long."""

    question_id: UUID
    subject: Subject
    stage: Stage
    waiting_since: datetime


class PrecisionAlarm(Event, tag="precision"):
    """For the duty administrator: matches of a subject were wrong too often; from now on a push needs `bar`."""

    subject: Subject
    bar: float


class LectureChanged(Event, tag="lecture"):
    lecture: LectureView


class PlaceChanged(Event, tag="place"):
    """For the one whose place it is: moved up, or the lecture itself is another now; load one's lectures again."""

    lecture_id: UUID
    title: str
    why: Literal["moved_up", "changed", "cancelled"]


class LineChanged(Event, tag="line"):
    line: LineView


class RoomChanged(Event, tag="room"):
    room: RoomState


class PollChanged(Event, tag="poll"):
    poll: PollView


class HandsChanged(Event, tag="hands"):
    hands: HandsView


class LostChanged(Event, tag="lost"):
    lost: LostView


AnyEvent = (
    QuestionChanged
    | DutyChanged
    | Earned
    | BoardGrew
    | SessionChanged
    | Alarm
    | PrecisionAlarm
    | LectureChanged
    | PlaceChanged
    | LineChanged
    | RoomChanged
    | PollChanged
    | HandsChanged
    | LostChanged
)


# --- frames: server to page ----------------------------------------------------------------------------------------


class ServerFrame(Wire, tag_field="frame"):
    """Base of frames that the server sends."""


class Position(Wire):
    epoch: str
    offset: int


class Welcome(ServerFrame, tag="welcome"):
    """The socket is open; `resumed` channels follow with exactly what was missed, `resync` ones want a snapshot."""

    node: str
    now: datetime
    beat_every_s: int
    resumed: dict[str, Position]
    resync: list[str]
    degraded: bool = False


class Told(ServerFrame, tag="event"):
    """An event of a channel; offsets of one epoch grow by one."""

    channel: str
    epoch: str
    offset: int
    event: AnyEvent


class Resync(ServerFrame, tag="resync"):
    """What was missed is no longer kept: load the channel's snapshot over HTTP, then listen on from its position."""

    channel: str


class Subscribed(ServerFrame, tag="subscribed"):
    id: str
    channel: str
    epoch: str
    offset: int


class Ack(ServerFrame, tag="ack"):
    """The command with this id was done; the same id always gets the same answer."""

    id: str
    seq: int


class Refused(ServerFrame, tag="refused"):
    """The command with this id (or an unreadable frame, id "") was not done."""

    id: str
    code: str
    zh: str
    en: str


class InkSeen(ServerFrame, tag="ink"):
    """A stroke that is still being drawn, and packed points of it from `at` on; what was heard of it from there on is
    replaced. `Dots` of this `pen` go on with it. May be dropped, the finished stroke follows as an event."""

    session: UUID
    author: str
    pen: str
    stroke: str
    page: str
    tool: str
    color: str
    width: int
    points: str
    at: int = 0


class DotsSeen(Wire, array_like=True):
    """More points of the stroke that the last `ink` of this pen named: an array, as it comes sixty times a second.

    They are packed as going on from the point before `at`; who has not heard all until there waits for the next `ink`.
    """

    pen: str
    at: int
    points: str


class LookSeen(ServerFrame, tag="look"):
    """The part of a page that the other side looks at, in units of the page; only the last one counts."""

    session: UUID
    author: str
    page: str
    x: int
    y: int
    width: int
    height: int


class Signalled(ServerFrame, tag="signal"):
    """WebRTC signalling from the other side of a session."""

    session: UUID
    author: str
    data: dict[str, Any]


class VoiceHeard(ServerFrame, tag="voice"):
    """A slice of the teacher's voice for who watches; `take` names the recording, its slices are numbered from 0."""

    session: UUID
    take: str
    n: int
    type: str
    bytes: str


class Sound(ServerFrame, tag="sound"):
    """A part of a lecture's sound (base64) that begins `at_ms` after the lecture; the parts of a take are numbered from
    0. May be dropped: what follows is heard all the same."""

    lecture: UUID
    take: int
    n: int
    at_ms: int
    bytes: str


class Spoken(ServerFrame, tag="spoken"):
    """A part (base64) of what a pupil says who has the floor, on the lecture's clock as the lecturer's sound is; the
    parts of a recording are numbered from 0. May be dropped."""

    lecture: UUID
    take: int
    n: int
    at_ms: int
    bytes: str


class Picture(ServerFrame, tag="picture"):
    """A part of the lecturer's camera (base64), over the same time as the sound's of the same number. One that is `key`
    has the track's beginning in it, and may be the first. May be dropped."""

    lecture: UUID
    take: int
    n: int
    at_ms: int
    key: bool
    bytes: str


class Aired(ServerFrame, tag="aired"):
    """So many bytes of a take have arrived. "gone": this node has not got the take, begin another; "fenced": another
    page of the lecturer's is on the air; "over": the lecture is not; "busy": no more can be packed here. `kept` is
    false while the store does not take what is heard: it is on the air, and the replay may miss it."""

    lecture: UUID
    take: str
    at: int
    state: Literal["on", "gone", "fenced", "over", "busy"]
    kept: bool = True


class Watched(ServerFrame, tag="watched"):
    """How many people of one node watch a session; told to its two when that changes, and again each ten seconds."""

    session: UUID
    node: str
    count: int


class Beat(ServerFrame, tag="beat"):
    now: datetime


class Degraded(ServerFrame, tag="degraded"):
    """Events are delayed (`on` true): poll snapshots until `on` is false, then resync every channel."""

    on: bool


class Go(ServerFrame, tag="go"):
    """This node is about to stop: come back after so many seconds."""

    after_s: float


AnyServerFrame = (
    Welcome
    | Told
    | Resync
    | Subscribed
    | Ack
    | Refused
    | InkSeen
    | LookSeen
    | Signalled
    | VoiceHeard
    | Sound
    | Spoken
    | Picture
    | Aired
    | Watched
    | Beat
    | Degraded
    | Go
)


# --- frames: page to server ----------------------------------------------------------------------------------------


class ClientFrame(Wire, tag_field="frame", forbid_unknown_fields=True):
    """Base of frames that a page sends."""


class Hello(ClientFrame, tag="hello"):
    """First frame: the one-use ticket, and where each channel was left."""

    ticket: str
    resume: dict[str, Position] = {}


class Subscribe(ClientFrame, tag="subscribe"):
    """Listen to a channel, from a position if one is known."""

    id: str
    channel: str
    position: Position | None = None


class Unsubscribe(ClientFrame, tag="unsubscribe"):
    channel: str


class Act(ClientFrame, tag="act"):
    """A board operation; durable before it is acknowledged. `id` is made by the page and makes a resend harmless."""

    id: str
    session: UUID
    assignment_epoch: int
    kind: str
    body: dict[str, Any]


class Ink(ClientFrame, tag="ink"):
    """A stroke whose pen is down (a laser pointer's too), and packed points of it from `at` on; never stored.

    Sent when a stroke begins, and again each second, for who has come meanwhile or missed something; between these
    `Dots` go on with it.
    """

    session: UUID
    stroke: str
    page: str
    tool: str
    color: str
    width: int
    points: str
    at: int = 0


class Dots(Wire, array_like=True, forbid_unknown_fields=True):
    """More points of the stroke of this socket's last `ink`, packed as going on from the point before `at`.

    The one frame that is an array: it comes sixty times a second, and a phone pays for each character.
    """

    at: int
    points: str


class Look(ClientFrame, tag="look"):
    """The part of a page that is looked at, in units of the page, for the other side to follow; never stored."""

    session: UUID
    page: str
    x: int
    y: int
    width: int
    height: int


class Signal(ClientFrame, tag="signal"):
    """WebRTC signalling to the other side of a session."""

    session: UUID
    data: dict[str, Any]


class Voice(ClientFrame, tag="voice"):
    """A slice of the teacher's voice (base64 of what a browser records) for who watches the session; never stored."""

    session: UUID
    take: str
    n: int
    type: str
    bytes: str


class Air(ClientFrame, tag="air"):
    """A slice of the lecturer's microphone (base64 of what a browser records) from byte `at` of a take that the page
    has named; answered with `aired`. One that does not follow what has arrived is not taken. `ago_ms` says, in the
    first one, how long ago the take began. A slice of her camera names the take of the microphone that it is `beside`,
    and how long after that it began. A slice of a pupil's voice has the number of the floor as `room_epoch`, and names
    the page that said yes."""

    lecture: UUID
    room_epoch: int
    take: str
    type: str
    at: int
    ago_ms: int
    bytes: str
    muted: bool = False
    last: bool = False
    track: Literal["sound", "camera", "voice"] = "sound"
    beside: str = ""
    after_ms: int = 0


class BeatIn(ClientFrame, tag="beat"):
    """A sign of life; a page sends one every `beat_every_s` seconds."""


AnyClientFrame = Hello | Subscribe | Unsubscribe | Act | Ink | Look | Signal | Voice | Air | BeatIn

# --- money ---------------------------------------------------------------------------------------------------------


class MoneyLine(Wire):
    """A line of a statement: what was done, what it came to, and every rule that changed something."""

    fact: str
    work: str
    at: datetime
    fen: int
    held_fen: int
    points_x100: int
    status: str
    rate: str | None
    units_x100: int
    base_fen: int
    coefficient_x10000: int
    why: list[str]
    summary: str


class StatementView(Wire):
    """A teacher's month as finance closed it; `payout` is how far the money is."""

    id: UUID
    month: str
    teacher_id: UUID
    teacher: str
    fen: int
    held_fen: int
    payout: str | None
    payout_id: UUID | None


class AppealView(Wire):
    id: UUID
    statement_id: UUID
    month: str
    teacher: str
    words: str
    reply: str | None


class TeacherMonth(Wire):
    """A teacher's month as it stands: what the facts come to now, and what was closed before."""

    month: str
    policy: str | None
    fen: int
    held_fen: int
    points_balance_x100: int
    bonus_x100: int
    lines: list[MoneyLine]
    statements: list[StatementView]
    appeals: list[AppealView]
    appeal_until: datetime | None  # of the newest statement that may still be appealed
    account: str | None  # where it is paid to, masked; None: finance has no account


class FigureView(Wire):
    """A figure, its 95 % interval, the quartiles of peers (none where fewer than five), and the facts behind it."""

    value: float | None
    low: float | None
    high: float | None
    peers: list[float]
    facts: list[str]


class TermView(Wire):
    """A school term of the policies; `until` is the day after the last."""

    name: str
    first: str
    until: str


class AppraisalView(Wire):
    """A teacher's term: participation and effectiveness. `until` is the day after the last; `terms` are those that
    have begun, newest first."""

    first: str
    until: str
    terms: list[TermView]
    works: FigureView | None
    minutes: FigureView | None
    resolved: FigureView | None
    rating: FigureView | None
    comment: str


class CommentAppraisal(Wire, forbid_unknown_fields=True):
    first: str
    until: str
    words: str


class MonthView(Wire):
    month: str
    state: str  # open, reckoned, closed
    statements: int
    fen: int
    paid_fen: int
    appeal_until: datetime | None
    reckoned_by: str | None
    closed_by: str | None


class NearbyWork(Wire):
    """Other work of the same teacher at that time, or the shift."""

    fact: str
    work: str
    start: datetime
    end: datetime


class SharedDevice(Wire):
    """When the two sides last signed in on one browser."""

    teacher_at: datetime
    pupil_at: datetime


class HoldView(Wire):
    """Held work with its evidence; ink and speech in thousandths of its time."""

    fact: str
    work: str
    teacher: str
    start: datetime
    end: datetime | None
    active_s: int | None
    fen: int
    why: list[str]
    answer: AnswerView | None
    strokes: int
    ink: list[int]
    speech: list[list[int]]  # from and to
    nearby: list[NearbyWork]
    devices: list[SharedDevice]


class PolicyView(Wire):
    id: UUID
    name: str
    valid_from: str
    valid_to: str | None
    document: str
    in_force: bool
    proposed_by: str | None
    approved_by: str | None
    mine: bool  # who proposed may not approve


class OfficeView(Wire):
    """The books as finance and auditors see them."""

    may_change: bool
    months: list[MonthView]
    holds: list[HoldView]
    policies: list[PolicyView]
    appeals: list[AppealView]
    without_account: list[str]  # who is owed by a closed month, and can't be paid


class ClaimedLine(Wire):
    """A posting on a statement; `fact` can be traced."""

    fact: str
    work: str
    at: datetime
    kind: str  # accrual or adjustment
    status: str
    fen: int
    held_fen: int
    summary: str


class StatementLines(Wire):
    statement: StatementView
    lines: list[ClaimedLine]


class PayeeView(Wire):
    """A teacher's account as pages show it."""

    teacher: str
    login: str
    bank: str
    account: str


class PayeeNote(Wire):
    """Who set or read how many accounts, and what for."""

    at: datetime
    who: str | None  # nobody: at the command line
    act: Literal["set", "read"]
    why: str
    accounts: int


class PayeesView(Wire):
    payees: list[PayeeView]
    missing: list[str]  # teachers without an account
    notes: list[PayeeNote]  # the newest


class ImportPayees(Wire, forbid_unknown_fields=True):
    """A CSV or XLSX file in base64: login, name, bank, account, branch."""

    file: bytes


class PayeesImported(Wire):
    """What a file brought; with any mistake nothing."""

    accounts: int
    mistakes: list[str]


class MonthStatements(Wire):
    month: str
    statements: list[StatementView]


class AppealStatement(Wire, forbid_unknown_fields=True):
    """A teacher objects to a statement."""

    statement_id: UUID
    words: str


class ReplyToAppeal(Wire, forbid_unknown_fields=True):
    words: str


class MoveMonth(Wire, forbid_unknown_fields=True):
    """Reckon a month that is over (YYYY-MM), close one that another person reckoned, or order its payouts."""

    month: str
    step: Literal["reckon", "close", "pay"]


class ReviewHold(Wire, forbid_unknown_fields=True):
    fact: str
    decision: Literal["release", "refuse"]
    reason: str


class ProposePolicy(Wire, forbid_unknown_fields=True):
    document: str


class Simulate(Wire, forbid_unknown_fields=True):
    """Days are YYYY-MM-DD; `until` is the day after the last."""

    document: str
    first: str
    until: str


class SimulatedRow(Wire):
    name: str
    now_fen: int
    draft_fen: int


class SimulationView(Wire):
    """What was paid, and what a draft would have paid. Nothing was written."""

    now_fen: int
    draft_fen: int
    draft_held_fen: int
    gain: int
    lose: int
    same: int
    runs_out: str | None
    months: list[SimulatedRow]
    schools: list[SimulatedRow]
    teachers: list[SimulatedRow]
    spent: list[SimulatedRow]  # up to each day


class SettlePayout(Wire, forbid_unknown_fields=True):
    outcome: Literal["paid", "bounced"]
    why: str = ""


class EntryView(Wire):
    account: str
    fen: int


class PostingView(Wire):
    """One transaction of the ledger; `seal` is its place in the chain."""

    id: UUID
    key: str
    kind: str
    month: str
    posted_at: datetime
    seal: int | None
    entries: list[EntryView]


class FactView(Wire):
    id: str
    kind: str
    recorded_at: datetime
    source: str
    body: dict[str, Any]


class TraceView(Wire):
    """A cent from the video that it was earned by to the payout that it left with."""

    fact: FactView
    teacher: str
    notes: list[FactView]
    answer: AnswerView | None
    postings: list[PostingView]
    statements: list[StatementView]


class VerifyView(Wire):
    """What `dayi ledger verify` says."""

    transactions: int
    sealed: int
    statements: int
    recomputed: int
    head: str
    wrong: list[str]


class PublicRow(Wire):
    """A school's month; None where fewer than k teachers stand behind it, or another could be reckoned from it."""

    school: str
    month: str
    teachers: int | None
    fen: int | None


class PublicView(Wire):
    k: int
    rows: list[PublicRow]


# --- close codes ---------------------------------------------------------------------------------------------------


class Close(IntEnum):
    """Why a socket was closed. Below 4100: come back with backoff; from 4100 on: stay away until a person acts."""

    RESUME = 4008  # you read too slowly: come back and resume
    MOVING = 4009  # this node is stopping
    SILENT = 4010  # no sign of life
    TICKET = 4101  # no ticket, or a used, late or foreign one: get a new one
    SIGNED_OUT = 4102
    TOO_MANY = 4103  # too many sockets of one person
    HOSTILE = 4104  # frames too large, too fast or not JSON


_decoder: msgspec.json.Decoder[AnyClientFrame] = msgspec.json.Decoder(AnyClientFrame)
_dots: msgspec.json.Decoder[Dots] = msgspec.json.Decoder(Dots)
_encoder = msgspec.json.Encoder()


class BadFrame(Exception):
    """这条消息看不懂。"""


def parse(text: str) -> AnyClientFrame | Dots:
    """A page's frame as its type, or BadFrame saying what is wrong with it."""
    try:
        return _dots.decode(text) if text.startswith("[") else _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadFrame(str(error)) from error


def encode(value: object) -> bytes:
    """Any view, event or frame as JSON."""
    return _encoder.encode(value)
