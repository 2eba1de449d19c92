"""The tables; constraints live here, where nothing gets past them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BIT, INT4MULTIRANGE, JSONB, TSVECTOR, ExcludeConstraint
from sqlalchemy.types import TypeDecorator

from server.domain import quota
from server.domain.floor import FloorEnd, FloorState
from server.domain.label import Kind, Source
from server.domain.lecture import LectureState, PlaceState
from server.domain.people import Stage, Subject
from server.domain.proposal import Form, ProposalState
from server.domain.pulse import HandState
from server.domain.question import State, Verdict
from server.domain.room import LineState

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Word(TypeDecorator[Any]):
    """A StrEnum kept as its text."""

    impl = Text
    cache_ok = True

    def __init__(self, enum: type[Any]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else self.enum(value)


def _words(column: str, words: object) -> str:
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"  # type: ignore[attr-defined]


def _time(name: str, *, nullable: bool = False, now: bool = False) -> Column[datetime]:
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=text("now()") if now else None)


def _person(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[UUID]:
    return Column(name, Uuid, ForeignKey("accounts.id"), nullable=nullable, primary_key=primary_key)


# --- people --------------------------------------------------------------------------------------------------------

schools = Table(
    "schools",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("lecture_voice", Boolean, nullable=False, server_default=text("false")),  # its pupils may speak in lectures
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("nickname", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("grade", Integer),
    Column("password_hash", Text),
    Column("activation_hash", LargeBinary),
    _time("activation_expires_at", nullable=True),
    _time("disabled_at", nullable=True),
    _time("trusted_at", nullable=True),  # a teacher whose answers need no reviewer, where the city asks for one
    Column("demo", Boolean, nullable=False, server_default=text("false")),
    _time("created_at", now=True),
    CheckConstraint("grade BETWEEN 1 AND 12", name="grade"),
    CheckConstraint("login = lower(login) AND length(login) BETWEEN 1 AND 64", name="login"),
)

# Real name, school and guardian's contact live here and nowhere else (DESIGN, decision 9).
identities = Table(
    "identities",
    metadata,
    _person("account_id", primary_key=True),
    Column("real_name", Text, nullable=False),
    Column("school_id", Uuid, ForeignKey("schools.id")),
    Column("guardian_contact", Text),
)

certifications = Table(
    "certifications",
    metadata,
    _person("account_id"),
    Column("subject", Word(Subject), nullable=False),
    Column("stage", Word(Stage), nullable=False),
    PrimaryKeyConstraint("account_id", "subject", "stage"),
    CheckConstraint(_words("subject", Subject), name="subject"),
    CheckConstraint(_words("stage", Stage), name="stage"),
    Index("ix_certifications_subject_stage", "subject", "stage", "account_id"),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    _person("account_id"),
    Column("csrf", Text, nullable=False),
    Column("api", Boolean, nullable=False, server_default=text("false")),  # a program's token, not a browser's cookie
    _time("created_at", now=True),
    _time("expires_at"),
    Index("ix_sign_ins_account_id", "account_id"),
)

# Which pupils and teachers signed in on one browser: a keyed hash of its cookie, forgotten 90 days after the last time.
device_sign_ins = Table(
    "device_sign_ins",
    metadata,
    Column("device", LargeBinary, nullable=False),
    _person("account_id"),
    Column("last_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    PrimaryKeyConstraint("device", "account_id"),
    Index("ix_device_sign_ins_account_id", "account_id"),
    Index("ix_device_sign_ins_last_at", "last_at"),
)

# Teachers' own children among the pupils, by the pseudonym that the books know a pupil under.
kinships = Table(
    "kinships",
    metadata,
    _person("teacher_id"),
    Column("pupil", Text, nullable=False),
    PrimaryKeyConstraint("teacher_id", "pupil"),
)

tickets = Table(
    "tickets",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    _person("account_id"),
    Column("sign_in_hash", LargeBinary, nullable=False),
    _time("expires_at"),
    Index("ix_tickets_expires_at", "expires_at"),
)

idempotency = Table(
    "idempotency",
    metadata,
    _person("account_id"),
    Column("key", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("resource", Uuid, nullable=False),
    _time("created_at", now=True),
    PrimaryKeyConstraint("account_id", "key"),
)

# --- what phones send ----------------------------------------------------------------------------------------------

media = Table(
    "media",
    metadata,
    Column("id", Uuid, primary_key=True),
    _person("owner_id"),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("key", Text),
    Column("thumb_key", Text),
    Column("size", BigInteger),
    Column("sha256", Text),
    Column("width", Integer),
    Column("height", Integer),
    Column("duration_ms", Integer),
    Column("peaks", ARRAY(Integer)),
    Column("session_id", Uuid),
    Column("start_ms", Integer, nullable=False, server_default=text("0")),
    Column("pages", JSONB(none_as_null=True)),  # of a material: width and height of each page's picture
    Column("page_texts", JSONB(none_as_null=True)),  # and what each page says, as far as the file knew
    _time("created_at", now=True),
    CheckConstraint("kind IN ('photo', 'voice', 'video', 'recording', 'material')", name="kind"),
    CheckConstraint("state IN ('arriving', 'ready', 'refused')", name="state"),
    CheckConstraint("state <> 'ready' OR key IS NOT NULL", name="ready_has_key"),
    Index("ix_media_owner_id", "owner_id"),
    Index("ix_media_session_id", "session_id"),
)

# --- questions -----------------------------------------------------------------------------------------------------

questions = Table(
    "questions",
    metadata,
    Column("id", Uuid, primary_key=True),
    _person("student_id"),
    Column("subject", Word(Subject), nullable=False),
    Column("grade", Integer, nullable=False),
    _time("received_at"),
    Column("text", Text, nullable=False),
    Column("read_text", Text, nullable=False),
    Column("corrected_text", Text, nullable=False, server_default=text("''")),
    _time("corrected_at", nullable=True),
    Column("chosen", Integer),
    Column("figure", Text),
    Column("confidence", Float),
    Column("state", Word(State), nullable=False),
    _time("state_since"),
    Column("version", Integer, nullable=False),
    Column("verdict", Word(Verdict)),
    Column("leader_id", Uuid, ForeignKey("questions.id")),
    Column("followers", Integer, nullable=False),
    _person("teacher_id", nullable=True),
    Column("assignment_epoch", Integer, nullable=False),
    Column("offers_made", Integer, nullable=False),
    Column("refused_by", ARRAY(Text), nullable=False),
    Column("answer_id", Uuid),
    _time("promised_at", nullable=True),
    _time("answered_at", nullable=True),
    _time("alarmed_at", nullable=True),
    Column("knowledge_point", Text),
    CheckConstraint(_words("state", State), name="state"),
    CheckConstraint(_words("subject", Subject), name="subject"),
    CheckConstraint("(state IN ('offered', 'answering')) <= (teacher_id IS NOT NULL)", name="teacher_named"),
    CheckConstraint("(state = 'following') = (leader_id IS NOT NULL)", name="leader_named"),
    CheckConstraint("state NOT IN ('waiting', 'received', 'reading') OR teacher_id IS NULL", name="teacher_gone"),
    Index("ix_questions_student_id_received_at", "student_id", "received_at"),
    Index("ix_questions_queue", "received_at", "id", postgresql_where=text("state = 'waiting'")),
    Index(
        "ix_questions_place", "subject", "received_at", "id", postgresql_where=text("state IN ('waiting', 'offered')")
    ),
    Index("ix_questions_pipeline", "state_since", postgresql_where=text("state IN ('received', 'reading', 'matched')")),
    Index("ix_questions_leader_id", "leader_id", postgresql_where=text("leader_id IS NOT NULL")),
    Index("ix_questions_answer_id", "answer_id"),
)

question_media = Table(
    "question_media",
    metadata,
    Column("question_id", Uuid, ForeignKey("questions.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("media_id", Uuid, ForeignKey("media.id"), nullable=False, unique=True),
    PrimaryKeyConstraint("question_id", "position"),
)

# The problems of a photo that shows several: the pupil taps the one that is meant. The box is in shares of the photo.
page_problems = Table(
    "page_problems",
    metadata,
    Column("question_id", Uuid, ForeignKey("questions.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("media_id", Uuid, ForeignKey("media.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("box", ARRAY(Float), nullable=False),  # left, top, right, bottom
    Column("figure", Text),
    PrimaryKeyConstraint("question_id", "number"),
)

suggestions = Table(
    "suggestions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("question_id", Uuid, ForeignKey("questions.id"), nullable=False),
    Column("answer_id", Uuid, nullable=False),
    Column("verdict", Word(Verdict), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("reasons", JSONB, nullable=False),
    Column("outcome", Text),
    _time("made_at", now=True),
    CheckConstraint("outcome IN ('solved', 'not_mine', 'still_stuck', 'set_aside')", name="outcome"),
    Index("ix_suggestions_question_id", "question_id"),
    Index("ix_suggestions_answer_id", "answer_id"),
)

# What was said of a question and a known problem (an answer, or the question it followed): the matcher learns from it.
# Pupils' words on videos stand with the suggestion.
match_labels = Table(
    "match_labels",
    metadata,
    Column("question_id", Uuid, ForeignKey("questions.id"), nullable=False),
    Column("known_id", Uuid, nullable=False),
    Column("source", Text, nullable=False),
    Column("same", Boolean, nullable=False),
    Column("confidence", Float),  # that the matcher had
    _person("person_id"),
    _time("made_at", now=True),
    CheckConstraint("source IN ('pupil', 'teacher')", name="source"),
    PrimaryKeyConstraint("question_id", "known_id", "source"),
)

# Trees fitted on labels, on top of those that were shipped.
verifiers = Table(
    "verifiers",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("trees", JSONB, nullable=False),
    _time("made_at", now=True),
)

# The one adopted last is in force, in every process.
calibrations = Table(
    "calibrations",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("made_by", Text, nullable=False),
    Column("slope", Float, nullable=False),
    Column("shift", Float, nullable=False),
    Column("bars", JSONB, nullable=False),
    Column("report", JSONB, nullable=False),
    Column("verifier_id", Integer, ForeignKey("verifiers.id")),
    _time("made_at", now=True),
    _time("adopted_at", nullable=True),
    CheckConstraint("made_by IN ('operator', 'alarm')", name="made_by"),
    Index("ix_calibrations_adopted_at", "adopted_at"),
)

# What pupils said of a teacher's videos, summed up: dispatch asks for it at every question.
ratings = Table(
    "ratings",
    metadata,
    _person("teacher_id", primary_key=True),
    Column("total", Integer, nullable=False),
    Column("count", Integer, nullable=False),
)

offers = Table(
    "offers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("question_id", Uuid, ForeignKey("questions.id"), nullable=False),
    _person("teacher_id"),
    Column("assignment_epoch", Integer, nullable=False),
    Column("state", Text, nullable=False),
    _time("made_at"),
    _time("expires_at"),
    _time("closed_at", nullable=True),
    CheckConstraint("state IN ('open', 'accepted', 'declined', 'lapsed', 'withdrawn')", name="state"),
    # One open offer per question and per teacher: whatever the code believes, the database forbids a second.
    Index("uq_offers_question_open", "question_id", unique=True, postgresql_where=text("state = 'open'")),
    Index("uq_offers_teacher_open", "teacher_id", unique=True, postgresql_where=text("state = 'open'")),
    Index("ix_offers_expires_at", "expires_at", postgresql_where=text("state = 'open'")),
)

# --- answering -----------------------------------------------------------------------------------------------------

presence = Table(
    "presence",
    metadata,
    _person("teacher_id", primary_key=True),
    Column("wish", Text, nullable=False),  # what the teacher chose: ready, away or off
    _time("since"),
    _time("lease_until"),
    Column("lapses", Integer, nullable=False),  # offers in a row that passed unanswered
    Column("breath_s", Integer, nullable=False, server_default=text("0")),  # that the teacher wants between two
    _time("rests_until", nullable=True),
    CheckConstraint("breath_s BETWEEN 0 AND 600", name="breath"),
    CheckConstraint("wish IN ('ready', 'away', 'off')", name="wish"),
    Index("ix_presence_ready", "since", "teacher_id", postgresql_where=text("wish = 'ready'")),
)

shifts = Table(
    "shifts",
    metadata,
    Column("id", Uuid, primary_key=True),
    _person("teacher_id"),
    _time("starts_at"),
    _time("ends_at"),
    CheckConstraint("ends_at > starts_at", name="forward"),
    Index("ix_shifts_ends_at", "ends_at"),
    Index("ix_shifts_teacher_id_ends_at", "teacher_id", "ends_at"),
)

live_sessions = Table(
    "live_sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    # live: with the pupil; answer: a waiting question, alone; lesson: no question behind it; retake: of an answer
    Column("kind", Text, nullable=False, server_default=text("'live'")),
    Column("question_id", Uuid, ForeignKey("questions.id")),
    _person("teacher_id"),
    _person("student_id", nullable=True),
    Column("assignment_epoch", Integer, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("next_seq", Integer, nullable=False, server_default=text("1")),
    _time("opened_at"),
    _time("teacher_seen_at"),
    _time("student_seen_at"),
    _time("ended_at", nullable=True),
    Column("ended_why", Text),
    # The last sign of life of either side: ink, a word, a voice that the page hears, "I'm here".
    Column("active_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    _time("paused_at", nullable=True),
    Column("pen_locked", Boolean, nullable=False, server_default=text("false")),
    # A retake goes on from a moment of another session: its clock begins there, and what was said until then counts.
    Column("goes_on_from", Uuid, ForeignKey("live_sessions.id")),
    Column("from_ms", Integer, nullable=False, server_default=text("0")),
    Column("answer_id", Uuid, ForeignKey("answers.id", use_alter=True)),
    CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="ended"),
    CheckConstraint("kind IN ('live', 'answer', 'lesson', 'retake')", name="kind"),
    CheckConstraint(
        "(kind IN ('live', 'answer')) = (question_id IS NOT NULL AND student_id IS NOT NULL)", name="about"
    ),
    CheckConstraint("(kind = 'retake') = (answer_id IS NOT NULL)", name="retakes"),
    Index("uq_live_sessions_teacher_open", "teacher_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("ix_live_sessions_open", "opened_at", postgresql_where=text("ended_at IS NULL")),
    Index("ix_live_sessions_question_id", "question_id", "opened_at"),
    Index("uq_live_sessions_question_open", "question_id", unique=True, postgresql_where=text("ended_at IS NULL")),
)

lessons = Table(  # what a session of that kind is about
    "lessons",
    metadata,
    Column("session_id", Uuid, ForeignKey("live_sessions.id"), primary_key=True),
    Column("title", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("grade", Integer, nullable=False),
    Column("knowledge_point", Text, nullable=False),
    CheckConstraint("grade BETWEEN 1 AND 12", name="grade"),
    CheckConstraint("length(title) BETWEEN 1 AND 80", name="title"),
)

board_operations = Table(
    "board_operations",
    metadata,
    Column("session_id", Uuid, ForeignKey("live_sessions.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("op_id", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("at_ms", Integer, nullable=False),
    PrimaryKeyConstraint("session_id", "seq"),
    UniqueConstraint("session_id", "op_id"),
    CheckConstraint("author IN ('teacher', 'student')", name="author"),
)

board_snapshots = Table(  # what a board's log amounts to up to `seq`; may be made anew from the log at any time
    "board_snapshots",
    metadata,
    Column("session_id", Uuid, ForeignKey("live_sessions.id"), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("body", Text, nullable=False),
)

answers = Table(
    "answers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("question_id", Uuid, ForeignKey("questions.id")),  # none behind a lesson
    Column("session_id", Uuid, ForeignKey("live_sessions.id"), nullable=False),
    Column("split_from", Uuid, ForeignKey("answers.id")),  # the second part of what one session answered
    Column("title", Text),  # of a lesson
    _person("teacher_id"),
    Column("subject", Word(Subject), nullable=False),
    Column("grade", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("problem_text", Text, nullable=False),
    Column("video_key", Text),
    Column("poster_key", Text),
    Column("duration_ms", Integer),
    Column("version", Integer, nullable=False, server_default=text("1")),
    _time("made_at"),
    _time("published_at", nullable=True),
    Column("voice_key", Text),  # all voices in one file, which begins where the film does
    Column("captions_key", Text),
    Column("start_ms", Integer, nullable=False, server_default=text("0")),  # of the session's clock, there
    Column("progress", Integer, nullable=False, server_default=text("0")),  # percent of the film
    Column("knowledge_points", ARRAY(Text), nullable=False, server_default=text("'{}'")),  # as the teacher confirmed
    Column("stars", Integer),  # of the pupil who asked
    # Spans of the session that are left out: as wanted, and as the voice and the film that can be watched have it.
    Column("cuts", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("shown_cuts", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("masks", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("shown_masks", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("taken_session_id", Uuid, ForeignKey("live_sessions.id")),  # the retake that is its log now
    Column("shown_taken_id", Uuid, ForeignKey("live_sessions.id")),
    Column("pages", JSONB),  # keys of its pages' photos as they may be seen; none before the first film
    Column("has_pupil", Boolean, nullable=False, server_default=text("false")),  # the pupil is heard
    Column("review", Text, nullable=False, server_default=text("'not_needed'")),
    Column("edition", Integer, nullable=False, server_default=text("1")),
    Column("rendered_edition", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
    CheckConstraint("state IN ('rendering', 'published', 'failed', 'withdrawn')", name="state"),
    CheckConstraint("state <> 'published' OR video_key IS NOT NULL", name="published_has_video"),
    CheckConstraint("review IN ('not_needed', 'waiting', 'approved', 'sent_back')", name="review"),
    CheckConstraint("question_id IS NOT NULL OR title IS NOT NULL", name="asked_or_titled"),
    Index("ix_answers_question_id", "question_id"),
    Index("ix_answers_lessons", "subject", "grade", postgresql_where=text("title IS NOT NULL")),
    Index("uq_answers_session_id", "session_id", unique=True, postgresql_where=text("split_from IS NULL")),
    Index("ix_answers_to_review", "made_at", postgresql_where=text("state = 'published' AND review = 'waiting'")),
)

editions = Table(  # what was made of an answer, and the objects that it has; those of a superseded one go
    "editions",
    metadata,
    Column("answer_id", Uuid, ForeignKey("answers.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("taken_session_id", Uuid),
    Column("cuts", JSONB, nullable=False),
    Column("masks", JSONB, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("keys", JSONB, nullable=False),
    Column("heard_ms", Integer),  # as far as the speech model has heard it; none: it does not, or is done
    Column("cues", JSONB, nullable=False, server_default=text("'[]'::jsonb")),  # [from ms, to ms, text]: so far
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    _time("superseded_at", nullable=True),
    _time("files_gone_at", nullable=True),
    PrimaryKeyConstraint("answer_id", "number"),
    Index(
        "ix_editions_superseded_at",
        "superseded_at",
        postgresql_where=text("superseded_at IS NOT NULL AND files_gone_at IS NULL"),
    ),
)

# Append-only, as are the two below: triggers are in the migration 0050.
reviews = Table(
    "reviews",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("answer_id", Uuid, ForeignKey("answers.id"), nullable=False),
    Column("edition", Integer, nullable=False),
    _person("reviewer_id"),
    Column("decision", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    CheckConstraint("decision IN ('approved', 'sent_back', 'taken_down')", name="decision"),
    CheckConstraint("decision = 'approved' OR words <> ''", name="words"),
    Index("ix_reviews_answer_id", "answer_id"),
)

# --- what questions are about --------------------------------------------------------------------------------------

# The version imported last is in force; older ones stay, so that a label of their time can be read.
taxonomies = Table(
    "taxonomies",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("file_name", Text, nullable=False),
    _person("by_id", nullable=True),  # none: the operator, by the command
    Column("relabelled", Integer, nullable=False),  # questions and answers whose point got another name
    _time("made_at", now=True),
)

taxonomy_points = Table(
    "taxonomy_points",
    metadata,
    Column("taxonomy_id", Integer, ForeignKey("taxonomies.id"), nullable=False),
    Column("code", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent", Text),
    Column("subject", Word(Subject), nullable=False),
    Column("stage", Word(Stage), nullable=False),
    Column("first_grade", Integer, nullable=False),
    Column("last_grade", Integer, nullable=False),
    Column("replaces", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    PrimaryKeyConstraint("taxonomy_id", "code"),
    ForeignKeyConstraint(
        ["taxonomy_id", "parent"],
        ["taxonomy_points.taxonomy_id", "taxonomy_points.code"],
        name="fk_taxonomy_points_parent",
        deferrable=True,
        initially="DEFERRED",
    ),
    UniqueConstraint("taxonomy_id", "subject", "stage", "name"),
    CheckConstraint("1 <= first_grade AND first_grade <= last_grade AND last_grade <= 12", name="grades"),
    CheckConstraint("length(name) BETWEEN 1 AND 60", name="name"),
    CheckConstraint("parent <> code", name="no_own_parent"),
)

# Classifiers of one kind and scope (`math:junior` for points, else empty); the one adopted last serves. The card says
# what it learned from and how it did on problems that it never saw.
label_models = Table(
    "label_models",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("kind", Word(Kind), nullable=False),
    Column("scope", Text, nullable=False),
    Column("weights", LargeBinary),
    Column("card", JSONB, nullable=False),
    _time("made_at", now=True),
    _time("adopted_at", nullable=True),
    CheckConstraint(_words("kind", Kind), name="kind"),
    CheckConstraint("adopted_at IS NULL OR weights IS NOT NULL", name="adopted_has_weights"),
    Index("ix_label_models_serving", "kind", "scope", "adopted_at"),
)

# What was said of a question, in the order it was said; nothing is taken back, a later word counts.
labels = Table(
    "labels",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("question_id", Uuid, ForeignKey("questions.id"), nullable=False),
    Column("kind", Word(Kind), nullable=False),
    Column("value", Text, nullable=False),
    Column("source", Word(Source), nullable=False),
    _person("person_id", nullable=True),
    Column("model_id", Integer, ForeignKey("label_models.id")),
    Column("confidence", Float),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    CheckConstraint(_words("kind", Kind), name="kind"),
    CheckConstraint(_words("source", Source), name="source"),
    CheckConstraint(
        "CASE source WHEN 'model' THEN person_id IS NULL AND model_id IS NOT NULL AND confidence BETWEEN 0 AND 1"
        " ELSE person_id IS NOT NULL AND model_id IS NULL AND confidence IS NULL END",
        name="who",
    ),
    CheckConstraint("length(value) BETWEEN 1 AND 60", name="value"),
    Index("ix_labels_question_id_kind", "question_id", "kind", "id"),
    Index("ix_labels_of_people", "kind", "id", postgresql_where=text("source <> 'model'")),
    Index("ix_labels_doubts", "id", postgresql_where=text("source = 'model' AND kind IN ('subject', 'stage')")),
    Index("ix_labels_held", "id", postgresql_where=text("kind = 'fitness' AND value <> 'question'")),
)

# Questions whose text a model has not seen yet: written by a trigger (migration 0101), struck off by the worker. No
# foreign key: who writes here would wait for who is busy with the question.
to_label = Table("to_label", metadata, Column("question_id", Uuid, primary_key=True))

nights = Table(  # what is done once a night, and when it was begun last
    "nights",
    metadata,
    Column("task", Text, primary_key=True),
    _time("begun_at"),
)

# Topics of a subject and stage: what a person named, merged (`merged_into`; `holds` is what others were merged into) or
# parted (`apart` names what it was parted from) stays so. `mean` is of its questions' vectors.
topics = Table(
    "topics",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("subject", Word(Subject), nullable=False),
    Column("stage", Word(Stage), nullable=False),
    Column("name", Text),
    Column("terms", ARRAY(Text), nullable=False),
    Column("mean", LargeBinary, nullable=False),
    Column("exemplars", ARRAY(Uuid), nullable=False),
    Column("merged_into", Integer, ForeignKey("topics.id")),
    Column("holds", Boolean, nullable=False, server_default=text("false")),
    Column("apart", Integer, ForeignKey("topics.id")),
    Column("born_on", Date, nullable=False),
    CheckConstraint("length(name) BETWEEN 1 AND 60", name="name"),
    CheckConstraint("merged_into <> id", name="no_circle"),
    Index("ix_topics_subject_stage", "subject", "stage"),
)

topic_members = Table(
    "topic_members",
    metadata,
    Column("question_id", Uuid, ForeignKey("questions.id"), primary_key=True),
    Column("topic_id", Integer, ForeignKey("topics.id"), nullable=False),
    Index("ix_topic_members_topic_id", "topic_id"),
)

topic_weeks = Table(  # what pages read
    "topic_weeks",
    metadata,
    Column("topic_id", Integer, ForeignKey("topics.id"), nullable=False),
    Column("week", Date, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("askers", Integer, nullable=False),
    PrimaryKeyConstraint("topic_id", "week"),
)

topic_edits = Table(  # who merged, parted or named which topic
    "topic_edits",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("topic_id", Integer, ForeignKey("topics.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    _person("person_id"),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    CheckConstraint("kind IN ('merge', 'split', 'rename')", name="kind"),
)

# --- children ------------------------------------------------------------------------------------------------------

consents = Table(  # the last word on each purpose counts; without one it is no
    "consents",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _person("child_id"),
    Column("purpose", Text, nullable=False),
    Column("given", Boolean, nullable=False),
    Column("wording", Text, nullable=False),  # the version of the words that were agreed to
    Column("source", Text, nullable=False),
    _person("by_id", nullable=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    CheckConstraint("purpose IN ('service', 'recording', 'public_video', 'research', 'lecture')", name="purpose"),
    CheckConstraint("source IN ('import', 'school', 'guardian')", name="source"),
    Index("ix_consents_child_id_purpose", "child_id", "purpose", "id"),
)

guardians = Table(  # who may speak for a child, beside the school that notes what it was told
    "guardians",
    metadata,
    _person("guardian_id"),
    _person("child_id"),
    PrimaryKeyConstraint("guardian_id", "child_id"),
    Index("ix_guardians_child_id", "child_id"),
)

child_reads = Table(  # which of the staff saw or heard which child, and why
    "child_reads",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _person("reader_id"),
    _person("child_id"),
    Column("why", Text, nullable=False),
    Column("thing_id", Uuid),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    Index("ix_child_reads_child_id_at", "child_id", "at"),
)

# --- lectures ------------------------------------------------------------------------------------------------------

lectures = Table(
    "lectures",
    metadata,
    Column("id", Uuid, primary_key=True),
    _person("lecturer_id"),
    Column("state", Word(LectureState), nullable=False),
    Column("title", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("subject", Word(Subject), nullable=False),
    Column("stage", Word(Stage), nullable=False),
    Column("grades", ARRAY(Integer), nullable=False),
    Column("knowledge_points", ARRAY(Text), nullable=False),
    _time("starts_at"),
    _time("ends_at"),
    Column("capacity", Integer, nullable=False),
    Column("school_ids", ARRAY(Uuid), nullable=False),  # empty: open to every school
    Column("cover_id", Uuid, ForeignKey("media.id")),
    # Seats are counted here, under the row's lock; the check below forbids what the code must not do.
    Column("taken", Integer, nullable=False, server_default=text("0")),
    Column("waiting", Integer, nullable=False, server_default=text("0")),
    Column("next_number", Integer, nullable=False, server_default=text("1")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("cancelled_why", Text),
    # On air. The epoch fences a lecturer's other tab; `next_seq` numbers the board's log, `next_line` what is said.
    Column("epoch", Integer, nullable=False, server_default=text("0")),
    Column("next_seq", Integer, nullable=False, server_default=text("1")),
    Column("next_line", Integer, nullable=False, server_default=text("1")),
    Column("slow_s", Integer, nullable=False, server_default=text("0")),
    _time("started_at", nullable=True),
    _time("ended_at", nullable=True),
    Column("replay_shown", Boolean),  # as a reviewer said; null: as the city's setting says
    _time("swept_at", nullable=True),  # its sound, board and talk have served their time
    _time("changed_at", now=True),
    _time("created_at", now=True),
    CheckConstraint(_words("state", LectureState), name="state"),
    CheckConstraint(_words("subject", Subject), name="subject"),
    CheckConstraint(_words("stage", Stage), name="stage"),
    CheckConstraint("ends_at > starts_at", name="forward"),
    CheckConstraint("taken BETWEEN 0 AND capacity", name="never_oversold"),
    CheckConstraint("waiting >= 0", name="waiting"),
    CheckConstraint("(state = 'cancelled') = (cancelled_why IS NOT NULL)", name="cancelled"),
    CheckConstraint("(state IN ('live', 'over')) = (started_at IS NOT NULL)", name="started"),
    CheckConstraint("(state = 'over') = (ended_at IS NOT NULL)", name="ended"),
    Index("ix_lectures_starts_at", "starts_at"),
    Index("ix_lectures_lecturer_id_starts_at", "lecturer_id", "starts_at"),
    Index("ix_lectures_ends_at", "ends_at", postgresql_where=text("state IN ('planned', 'open', 'live')")),
)

# `number` is the order in which pupils came; who leaves and comes again is at the end.
lecture_places = Table(
    "lecture_places",
    metadata,
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), nullable=False),
    _person("pupil_id"),
    Column("number", Integer, nullable=False),
    Column("state", Word(PlaceState), nullable=False),
    _time("asked_at", now=True),
    _time("moved_up_at", nullable=True),
    PrimaryKeyConstraint("lecture_id", "pupil_id"),
    UniqueConstraint("lecture_id", "number"),
    CheckConstraint(_words("state", PlaceState), name="state"),
    Index("ix_lecture_places_pupil_id", "pupil_id", postgresql_where=text("state <> 'left'")),
    Index("ix_lecture_places_waiting", "lecture_id", "number", postgresql_where=text("state = 'waiting'")),
)

lecture_materials = Table(
    "lecture_materials",
    metadata,
    Column("material_id", Uuid, ForeignKey("media.id"), primary_key=True),
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("lecture_id", "position"),
)

# The board of a lecture: only its lecturer draws.
lecture_operations = Table(
    "lecture_operations",
    metadata,
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("op_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("at_ms", Integer, nullable=False),
    PrimaryKeyConstraint("lecture_id", "seq"),
    UniqueConstraint("lecture_id", "op_id"),
)

lecture_snapshots = Table(  # what the log amounts to up to `seq`; may be made anew from the log at any time
    "lecture_snapshots",
    metadata,
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("body", Text, nullable=False),
)

# The lecturer's microphone from when it is switched on until it is lost or switched off, on the lecture's clock.
lecture_takes = Table(
    "lecture_takes",
    metadata,
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", Text, nullable=False),  # of the page's making: a take that was begun twice is one
    Column("epoch", Integer, nullable=False),
    Column("start_ms", Integer, nullable=False),
    Column("muted", Boolean, nullable=False, server_default=text("false")),
    Column("picture", Boolean, nullable=False, server_default=text("false")),  # the camera is on beside it
    _time("begun_at", now=True),
    _time("ended_at", nullable=True),
    PrimaryKeyConstraint("lecture_id", "number"),
    UniqueConstraint("lecture_id", "name"),
    CheckConstraint("start_ms >= 0", name="start_ms"),
)

# Each is an object of the store; one that is missing is a gap in what is heard.
lecture_segments = Table(
    "lecture_segments",
    metadata,
    Column("lecture_id", Uuid, nullable=False),
    Column("take", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    ForeignKeyConstraint(["lecture_id", "take"], [lecture_takes.c.lecture_id, lecture_takes.c.number]),
    PrimaryKeyConstraint("lecture_id", "take", "number"),
    CheckConstraint("samples > 0", name="samples"),
)

# The camera's, which cover the same times as the sound's of the same number.
lecture_pictures = Table(
    "lecture_pictures",
    metadata,
    Column("lecture_id", Uuid, nullable=False),
    Column("take", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("samples", Integer, nullable=False),  # of the sound beside it
    Column("size", Integer, nullable=False),
    ForeignKeyConstraint(["lecture_id", "take"], [lecture_takes.c.lecture_id, lecture_takes.c.number]),
    PrimaryKeyConstraint("lecture_id", "take", "number"),
    CheckConstraint("samples > 0", name="samples"),
)

# What somebody has watched of a replay, in ms of the lecture's clock; seen twice is seen once.
lecture_watches = Table(
    "lecture_watches",
    metadata,
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), nullable=False),
    Column("viewer_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("spans", INT4MULTIRANGE, nullable=False),
    _time("began_at", now=True),
    _time("told_at", now=True),
    Column("at_ms", Integer, nullable=False, server_default=text("0")),  # where the page that spoke last stood
    PrimaryKeyConstraint("lecture_id", "viewer_id"),
)

# One video of all of it, made when it is over.
lecture_films = Table(
    "lecture_films",
    metadata,
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), primary_key=True),
    Column("state", Text, nullable=False),
    Column("progress", Integer, nullable=False, server_default=text("0")),
    Column("video_key", Text),
    Column("poster_key", Text),
    Column("content_type", Text),
    Column("duration_ms", Integer),
    Column("size", BigInteger),
    _time("made_at", nullable=True),
    CheckConstraint("state IN ('making', 'ready', 'failed')", name="state"),
    CheckConstraint("state <> 'ready' OR video_key IS NOT NULL", name="ready"),
)

# What was said, in writing: brought by the lecturer, or heard by the speech model, `heard_ms` being how far that is.
lecture_captions = Table(
    "lecture_captions",
    metadata,
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), primary_key=True),
    Column("source", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("cues", JSONB, nullable=False),  # [from ms, to ms, text], in order
    Column("heard_ms", Integer),
    _time("changed_at", now=True),
    CheckConstraint("source IN ('brought', 'heard')", name="source"),
    CheckConstraint("state IN ('shown', 'waiting', 'refused')", name="state"),
)

lecture_exports = Table(  # who has taken its package away, from which byte on; nobody: by the command
    "lecture_exports",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), nullable=False),
    Column("person_id", Uuid, ForeignKey("accounts.id")),
    Column("from_byte", BigInteger, nullable=False),
    _time("at", now=True),
)

# What its pages and its board say, each from the moment at which it is seen first; for finding it.
lecture_texts = Table(
    "lecture_texts",
    metadata,
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at_ms", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    PrimaryKeyConstraint("lecture_id", "number"),
    CheckConstraint("kind IN ('page', 'board')", name="kind"),
)

# What is said in the room: chat, and questions to the lecturer.
lecture_lines = Table(
    "lecture_lines",
    metadata,
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("line_id", Uuid, nullable=False),  # made by the page: saying it twice is saying it once
    Column("kind", Text, nullable=False),
    _person("author_id"),
    Column("text", Text, nullable=False),
    Column("state", Word(LineState), nullable=False),
    Column("why_held", Text),
    Column("votes", Integer, nullable=False, server_default=text("0")),
    _time("said_at", now=True),
    Column("by_hand", Boolean, nullable=False, server_default=text("false")),  # who said it had the word
    PrimaryKeyConstraint("lecture_id", "number"),
    UniqueConstraint("lecture_id", "author_id", "line_id"),
    CheckConstraint("kind IN ('chat', 'question')", name="kind"),
    CheckConstraint(_words("state", LineState), name="state"),
    Index("ix_lecture_lines_author_id", "lecture_id", "author_id", "said_at"),
)

lecture_votes = Table(
    "lecture_votes",
    metadata,
    Column("lecture_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    _person("pupil_id"),
    PrimaryKeyConstraint("lecture_id", "number", "pupil_id"),
    ForeignKeyConstraint(["lecture_id", "number"], ["lecture_lines.lecture_id", "lecture_lines.number"]),
)

lecture_bans = Table(  # who may not speak, or not be in the room
    "lecture_bans",
    metadata,
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), nullable=False),
    _person("pupil_id"),
    _time("muted_at", nullable=True),
    _time("removed_at", nullable=True),
    _person("by_id"),
    PrimaryKeyConstraint("lecture_id", "pupil_id"),
)

# When somebody had a page of the room open, as the nodes saw it; domain/room.py makes one time of it.
lecture_attendance = Table(
    "lecture_attendance",
    metadata,
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), nullable=False),
    _person("pupil_id"),
    Column("node", Text, nullable=False),
    _time("from_at"),
    _time("until_at"),
    PrimaryKeyConstraint("lecture_id", "pupil_id", "node", "from_at"),
    CheckConstraint("until_at >= from_at", name="forward"),
)

# What the lecturer asks the room. `counts` are those of the answers, by option; one poll is open at a time.
lecture_polls = Table(
    "lecture_polls",
    metadata,
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("poll_id", Uuid, nullable=False),  # made by the page: asking it twice is asking it once
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("text", Text, nullable=False),
    Column("options", ARRAY(Text), nullable=False),
    Column("right_option", Integer),  # of a quiz, counted from 1
    Column("counts", ARRAY(Integer), nullable=False),
    Column("at_ms", Integer, nullable=False),
    _time("asked_at", now=True),
    _time("closed_at", nullable=True),
    PrimaryKeyConstraint("lecture_id", "number"),
    UniqueConstraint("lecture_id", "poll_id"),
    CheckConstraint("cardinality(options) BETWEEN 2 AND 6", name="options"),
    CheckConstraint("cardinality(counts) = cardinality(options)", name="counts"),
    CheckConstraint("right_option BETWEEN 1 AND cardinality(options)", name="right_option"),
    Index("uq_lecture_polls_open", "lecture_id", unique=True, postgresql_where=text("closed_at IS NULL")),
)

lecture_poll_answers = Table(
    "lecture_poll_answers",
    metadata,
    Column("lecture_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    _person("pupil_id"),
    Column("option", Integer, nullable=False),
    _time("answered_at", now=True),
    PrimaryKeyConstraint("lecture_id", "number", "pupil_id"),
    ForeignKeyConstraint(["lecture_id", "number"], ["lecture_polls.lecture_id", "lecture_polls.number"]),
)

# `number` is the order in which hands went up; a pupil has one up at a time, and one pupil has the word.
lecture_hands = Table(
    "lecture_hands",
    metadata,
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), nullable=False),
    Column("number", Integer, nullable=False),
    _person("pupil_id"),
    Column("state", Word(HandState), nullable=False),
    _time("raised_at", now=True),
    _time("taken_at", nullable=True),
    PrimaryKeyConstraint("lecture_id", "number"),
    CheckConstraint(_words("state", HandState), name="state"),
    CheckConstraint("state <> 'taken' OR taken_at IS NOT NULL", name="taken"),
    Index(
        "uq_lecture_hands_up",
        "lecture_id",
        "pupil_id",
        unique=True,
        postgresql_where=text("state IN ('raised', 'taken')"),
    ),
    Index("uq_lecture_hands_taken", "lecture_id", unique=True, postgresql_where=text("state = 'taken'")),
)

# A pupil who has the word is asked to speak, and is heard from the yes on. One at a time: the index says so.
lecture_floors = Table(
    "lecture_floors",
    metadata,
    Column("lecture_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("hand", Integer, nullable=False),
    _person("pupil_id"),
    Column("state", Word(FloorState), nullable=False),
    Column("page", Uuid),  # the one that said yes: no other is heard
    Column("kept", Boolean, nullable=False, server_default=text("false")),  # heard again in the replay
    _time("asked_at", now=True),
    Column("until_at", DateTime(timezone=True), nullable=False),  # then it is over by itself
    _time("opened_at", nullable=True),
    _time("ended_at", nullable=True),
    Column("ended_why", Word(FloorEnd)),
    ForeignKeyConstraint(["lecture_id", "hand"], [lecture_hands.c.lecture_id, lecture_hands.c.number]),
    PrimaryKeyConstraint("lecture_id", "number"),
    CheckConstraint(_words("state", FloorState), name="state"),
    CheckConstraint(_words("ended_why", FloorEnd), name="ended_why"),
    CheckConstraint("(state = 'over') = (ended_at IS NOT NULL AND ended_why IS NOT NULL)", name="over"),
    CheckConstraint("state <> 'open' OR (opened_at IS NOT NULL AND page IS NOT NULL)", name="open"),
    CheckConstraint("NOT kept OR opened_at IS NOT NULL", name="kept"),
    Index("uq_lecture_floors_now", "lecture_id", unique=True, postgresql_where=text("state <> 'over'")),
    Index("ix_lecture_floors_due", "until_at", postgresql_where=text("state <> 'over'")),
    Index("ix_lecture_floors_pupil_id", "pupil_id"),
)

lecture_voices = Table(  # what was recorded of a floor: one recording, or a second one where a node was lost
    "lecture_voices",
    metadata,
    Column("lecture_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("floor", Integer, nullable=False),
    Column("name", Text, nullable=False),  # of the page's making, as a take's
    Column("start_ms", Integer, nullable=False),
    ForeignKeyConstraint(["lecture_id", "floor"], [lecture_floors.c.lecture_id, lecture_floors.c.number]),
    PrimaryKeyConstraint("lecture_id", "number"),
    UniqueConstraint("lecture_id", "name"),
    CheckConstraint("start_ms >= 0", name="start_ms"),
)

lecture_voice_segments = Table(  # of a floor that is kept
    "lecture_voice_segments",
    metadata,
    Column("lecture_id", Uuid, nullable=False),
    Column("voice", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    ForeignKeyConstraint(["lecture_id", "voice"], [lecture_voices.c.lecture_id, lecture_voices.c.number]),
    PrimaryKeyConstraint("lecture_id", "voice", "number"),
    CheckConstraint("samples > 0", name="samples"),
)

lecture_lost = Table(  # "I'm lost", once a window of the lecture's clock; domain/pulse.py says how long one is
    "lecture_lost",
    metadata,
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), nullable=False),
    Column("window", Integer, nullable=False),
    _person("pupil_id"),
    PrimaryKeyConstraint("lecture_id", "window", "pupil_id"),
)

# --- the library ---------------------------------------------------------------------------------------------------

films = Table(  # micro-lessons that a city had before, brought in by `dayi lessons import`
    "films",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False, unique=True),  # its name in the city's own books
    Column("title", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("subject", Word(Subject), nullable=False),
    Column("grade", Integer, nullable=False),
    Column("knowledge_points", ARRAY(Text), nullable=False),
    Column("teacher_name", Text, nullable=False),
    Column("book", Text, nullable=False),
    Column("chapter", Text, nullable=False),
    Column("series", Text, nullable=False),
    Column("place", Integer, nullable=False),
    Column("quiz", JSONB, nullable=False),
    Column("sha256", Text, nullable=False),  # of the file that was brought
    Column("video_key", Text, nullable=False),
    Column("poster_key", Text, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    _time("taken_down_at", nullable=True),
    _time("imported_at", now=True),
    CheckConstraint("grade BETWEEN 1 AND 12", name="grade"),
    CheckConstraint("length(title) BETWEEN 1 AND 80", name="title"),
    CheckConstraint("duration_ms > 0", name="duration"),
    Index("ix_films_subject_grade", "subject", "grade"),
)

lesson_watching = Table(  # what a pupil saw of a film, or of a lesson that a teacher recorded here
    "lesson_watching",
    metadata,
    Column("lesson_id", Uuid, nullable=False),
    _person("pupil_id"),
    Column("spans", JSONB, nullable=False),
    Column("share", Float, nullable=False),
    Column("seen_ms", Integer, nullable=False),
    _time("told_at", now=True),
    PrimaryKeyConstraint("lesson_id", "pupil_id"),
    CheckConstraint("share BETWEEN 0 AND 1", name="share"),
    Index("ix_lesson_watching_pupil_id", "pupil_id"),
)

film_quiz_answers = Table(  # the first tell whether it was understood; the latest are for the pupil
    "film_quiz_answers",
    metadata,
    Column("film_id", Uuid, ForeignKey("films.id"), nullable=False),
    _person("pupil_id"),
    Column("first", ARRAY(Integer), nullable=False),
    Column("latest", ARRAY(Integer), nullable=False),
    Column("first_right", Integer, nullable=False),
    PrimaryKeyConstraint("film_id", "pupil_id"),
)

# --- money ---------------------------------------------------------------------------------------------------------

# A policy is in force once a second person approved it; `valid_to` is what the document says, or the day on which the
# next one begins.
policies = Table(
    "policies",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("document", Text, nullable=False),
    _person("proposed_by", nullable=True),
    _time("proposed_at", now=True),
    _person("approved_by", nullable=True),
    _time("approved_at", nullable=True),
    CheckConstraint("valid_to > valid_from", name="forward"),
    CheckConstraint("approved_by <> proposed_by", name="two_people"),
    ExcludeConstraint(
        (func.daterange(text("valid_from"), text("valid_to")), "&&"),
        name="ex_policies_period",
        where=text("approved_at IS NOT NULL"),
    ),
)

# Append-only, like the ledger and the statements: triggers and rights are in the migration 0030.
subsidy_facts = Table(
    "subsidy_facts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    _person("teacher_id", nullable=True),
    Column("of_id", Text),
    _time("starts_at", nullable=True),
    Column("body", JSONB, nullable=False),  # the rest of the fact, as in a facts file (docs/subsidies.md)
    Column("source", Text, nullable=False),
    _person("written_by", nullable=True),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    CheckConstraint("source IN ('platform', 'import', 'review')", name="source"),
    Index("ix_subsidy_facts_teacher_id_starts_at", "teacher_id", "starts_at"),
    Index("ix_subsidy_facts_of_id", "of_id", postgresql_where=text("of_id IS NOT NULL")),
    Index(
        "ix_subsidy_facts_pupil",
        text("(body->>'pupil')"),
        "starts_at",
        postgresql_where=text("body->>'pupil' IS NOT NULL"),
    ),
)

ledger_transactions = Table(
    "ledger_transactions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("fact_key", Text, nullable=False, unique=True),  # what is posted: once, however often it is told
    Column("kind", Text, nullable=False),
    Column("work", Text, nullable=False),
    Column("policy_id", Uuid, ForeignKey("policies.id")),
    _person("teacher_id"),
    Column("question_id", Uuid, ForeignKey("questions.id")),
    Column("fact_id", Text, ForeignKey("subsidy_facts.id")),
    Column("month", Date, nullable=False),  # of the statement that claims it, or a later one
    Column("cause", JSONB),  # the statement's line, as it stood
    _time("done_at"),
    _time("posted_at", now=True),
    CheckConstraint("kind IN ('accrual', 'adjustment', 'payout', 'bounce')", name="kind"),
    Index("ix_ledger_transactions_teacher_id_done_at", "teacher_id", "done_at"),
    Index("ix_ledger_transactions_fact_id", "fact_id"),
    Index("ix_ledger_transactions_month", "month"),
)

# A transaction that does not sum to zero, or a change of what was posted, ends in an error of the database itself: the
# triggers are in the first migration.
ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("transaction_id", Uuid, ForeignKey("ledger_transactions.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("account", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    PrimaryKeyConstraint("transaction_id", "line"),
    Index("ix_ledger_entries_account", "account"),
)

# Each seal hashes a transaction and the seal before it.
ledger_seals = Table(
    "ledger_seals",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("transaction_id", Uuid, ForeignKey("ledger_transactions.id"), nullable=False, unique=True),
    Column("hash", LargeBinary, nullable=False),
)

subsidy_months = Table(
    "subsidy_months",
    metadata,
    Column("month", Date, primary_key=True),
    _person("reckoned_by"),
    _time("reckoned_at", now=True),
    _time("appeal_until"),
    _person("closed_by", nullable=True),
    _time("closed_at", nullable=True),
    CheckConstraint("closed_by <> reckoned_by", name="two_people"),
    CheckConstraint("(closed_by IS NULL) = (closed_at IS NULL)", name="closed"),
    CheckConstraint("extract(day FROM month) = 1", name="first_day"),
)

subsidy_statements = Table(
    "subsidy_statements",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("month", Date, ForeignKey("subsidy_months.month"), nullable=False),
    _person("teacher_id"),
    Column("fen", BigInteger, nullable=False),
    Column("held_fen", BigInteger, nullable=False),
    UniqueConstraint("month", "teacher_id", name="uq_subsidy_statements_month_teacher_id"),
    Index("ix_subsidy_statements_teacher_id", "teacher_id"),
)

# Which statement a posting is on; one at most, whoever closes at the same moment.
statement_claims = Table(
    "statement_claims",
    metadata,
    Column("transaction_id", Uuid, ForeignKey("ledger_transactions.id"), primary_key=True),
    Column("statement_id", Uuid, ForeignKey("subsidy_statements.id"), nullable=False),
    Index("ix_statement_claims_statement_id", "statement_id"),
)

subsidy_appeals = Table(
    "subsidy_appeals",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("statement_id", Uuid, ForeignKey("subsidy_statements.id"), nullable=False),
    Column("words", Text, nullable=False),
    _time("made_at", now=True),
    Column("reply", Text),
    _person("replied_by", nullable=True),
    CheckConstraint("(reply IS NULL) = (replied_by IS NULL)", name="replied"),
    Index("ix_subsidy_appeals_statement_id", "statement_id"),
)

payouts = Table(
    "payouts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("month", Date, ForeignKey("subsidy_months.month"), nullable=False),
    _person("teacher_id"),
    Column("fen", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    _person("ordered_by"),
    _time("ordered_at", now=True),
    _time("settled_at", nullable=True),
    Column("why", Text),  # the bank's word when it bounced
    CheckConstraint("fen > 0", name="positive"),
    CheckConstraint("state IN ('ordered', 'paid', 'bounced')", name="state"),
    CheckConstraint("(state = 'ordered') = (settled_at IS NULL)", name="settled"),
    Index("uq_payouts_once", "month", "teacher_id", unique=True, postgresql_where=text("state <> 'bounced'")),
)

# Where a teacher is paid. The number is sealed (server/vault.py); its last four digits are what pages show.
payee_accounts = Table(
    "payee_accounts",
    metadata,
    _person("teacher_id", primary_key=True),
    Column("bank", Text, nullable=False),
    Column("branch", Text, nullable=False),  # the bank's number between banks (联行号), or empty
    Column("ending", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    CheckConstraint("length(ending) = 4", name="ending"),
)

# Who set or read a number, and what for; append-only, like the ledger.
payee_log = Table(
    "payee_log",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _person("teacher_id"),
    _person("person_id", nullable=True),  # nobody: by the command line
    Column("act", Text, nullable=False),
    Column("why", Text, nullable=False),
    _time("at", now=True),
    CheckConstraint("act IN ('set', 'read')", name="act"),
    Index("ix_payee_log_teacher_id", "teacher_id"),
    Index("ix_payee_log_at", "at"),
)

appraisal_comments = Table(
    "appraisal_comments",
    metadata,
    _person("teacher_id"),
    Column("first", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("words", Text, nullable=False),
    _time("written_at", now=True),
    PrimaryKeyConstraint("teacher_id", "first", "until"),
    CheckConstraint("until > first", name="forward"),
)

# --- what research counts ------------------------------------------------------------------------------------------

# A line for each change that a fact may follow from; triggers (migration 0105) write it in the change's transaction.
research_due = Table(
    "research_due",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("question_id", Uuid, nullable=False),
)

# A fact for each question whose pupil may be counted; gone with it, hence no foreign keys.
research_facts = Table(
    "research_facts",
    metadata,
    Column("question_id", Uuid, primary_key=True),
    Column("pupil_id", Uuid, nullable=False),
    Column("week", Date, nullable=False),  # its Monday, in the city
    Column("day", Date, nullable=False),
    Column("school_id", Uuid),
    Column("grade", Integer, nullable=False),
    Column("subject", Text, nullable=False),
    Column("knowledge_point", Text),
    Column("pushed", Boolean, nullable=False),
    Column("saw", Boolean, nullable=False),
    Column("solved", Boolean, nullable=False),
    Column("stuck", Boolean, nullable=False),
    Column("reopened", Boolean, nullable=False),
    Column("unanswered", Boolean, nullable=False),
    Column("wait", Integer),  # the bin of it (domain/statistics.py); none before anything came
    Index("ix_research_facts_week", "week", "subject", "knowledge_point"),
    Index("ix_research_facts_day", "day"),
)

research_weeks = Table(
    "research_weeks",
    metadata,
    Column("week", Date, primary_key=True),
    _time("changed_at"),
    _time("told_at", nullable=True),
)

# What is told of a week (domain/release.py): pages, reports and searches show sums of these rows and nothing else.
research_units = Table(
    "research_units",
    metadata,
    Column("week", Date, nullable=False),
    Column("number", Integer, nullable=False),
    Column("subject", Text),
    Column("stage", Text),
    Column("knowledge_point", Text),
    Column("grade", Integer),
    Column("school_id", Uuid),
    Column("level", Integer, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("askers", Integer, nullable=False),
    Column("saw", Integer, nullable=False),
    Column("solved", Integer, nullable=False),
    Column("stuck", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("unanswered", Integer, nullable=False),
    Column("waits", ARRAY(Integer), nullable=False),  # bin, count, bin, count …
    PrimaryKeyConstraint("week", "number"),
    CheckConstraint("askers >= 5", name="k"),
    CheckConstraint("level BETWEEN 0 AND 4", name="level"),
)

# The bank as research staff search it (docs/adr/0107): what is told of a week's questions, each as finely as its unit
# tells it and no finer. Where a question's place is not told, the column is empty; `level` says how far it is.
bank_texts = Table(
    "bank_texts",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("digest", Uuid, nullable=False, unique=True),  # of the text
    Column("text", Text, nullable=False),
    Column("words", TSVECTOR),  # pairs of its atoms; empty until a worker has made them
    Index("ix_bank_texts_words", "words", postgresql_using="gin"),
    Index("ix_bank_texts_wordless", "id", postgresql_where=text("words IS NULL")),
)

bank_loose_texts = Table(  # a question left them; gone when no other has them
    "bank_loose_texts",
    metadata,
    Column("text_id", BigInteger, primary_key=True, autoincrement=False),
)


def _place() -> list[Column[Any]]:
    """Where a question, or a unit, is told of."""
    return [
        Column("week", Date, nullable=False),
        Column("level", SmallInteger, nullable=False),
        Column("subject", Text),
        Column("stage", Text),
        Column("knowledge_point", Text),
        Column("grade", SmallInteger),
        Column("school_id", Uuid),
        Column("difficulty", Text),
    ]


bank_questions = Table(
    "bank_questions",
    metadata,
    Column("question_id", Uuid, primary_key=True),
    *_place(),
    Column("seen", Boolean, nullable=False),
    Column("solved", Boolean, nullable=False),
    Column("stuck", Boolean, nullable=False),
    Column("reopened", Boolean, nullable=False),
    Column("unanswered", Boolean, nullable=False),
    Column("text_id", BigInteger, ForeignKey("bank_texts.id")),
    Column("answer_id", Uuid),
    Column("figure", BIT(64)),
    CheckConstraint("level BETWEEN 0 AND 4", name="level"),
    Index("ix_bank_questions_week", "week", "question_id"),
    Index("ix_bank_questions_text_id", "text_id", "week"),
    Index("ix_bank_questions_answer_id", "answer_id", "week"),
    Index("ix_bank_questions_subject", "subject", "stage", "knowledge_point", "week", "question_id"),
    Index("ix_bank_questions_grade", "grade", "subject", "week", "question_id"),
    Index("ix_bank_questions_school_id", "school_id", "week", "question_id"),
    Index(
        "ix_bank_questions_difficulty",
        "difficulty",
        "subject",
        "week",
        postgresql_where=text("difficulty IS NOT NULL"),
    ),
    Index("ix_bank_questions_figure", "figure", postgresql_where=text("figure IS NOT NULL")),
)

bank_units = Table(  # sums of bank_questions that are told alike
    "bank_units",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    *_place(),
    Column("asked", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("solved", Integer, nullable=False),
    Column("stuck", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("unanswered", Integer, nullable=False),
    Index("ix_bank_units_week", "week"),
)

cohorts = Table(  # searches of the bank that somebody keeps
    "cohorts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("search", JSONB, nullable=False),  # names and values as in the page's address
    Column("taxonomy_id", Integer, ForeignKey("taxonomies.id")),  # in whose words its knowledge point is named
    Column("shared", Boolean, nullable=False, server_default=text("false")),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    UniqueConstraint("owner_id", "title"),
    CheckConstraint("length(title) BETWEEN 1 AND 60", name="title"),
)

bank_photos = Table(  # read once, to search by; forgotten within the hour
    "bank_photos",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("media_id", Uuid, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'reading'")),
    Column("problems", JSONB, nullable=False, server_default=text("'[]'")),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("state IN ('reading', 'read', 'failed')", name="state"),
)

research_enrolled = Table(
    "research_enrolled",
    metadata,
    Column("school_id", Uuid, ForeignKey("schools.id"), nullable=False),
    Column("grade", Integer, nullable=False),
    Column("pupils", Integer, nullable=False),
    PrimaryKeyConstraint("school_id", "grade"),
)

# Data that is taken away: asked for with a purpose, approved by another person, for a time.
research_projects = Table(
    "research_projects",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("first", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("expires_on", Date, nullable=False),  # the last day
    _person("asked_by"),
    _time("asked_at", now=True),
    _person("decided_by", nullable=True),
    Column("approved", Boolean),
    CheckConstraint("length(title) BETWEEN 1 AND 80", name="title"),
    CheckConstraint("length(purpose) BETWEEN 10 AND 1000", name="purpose"),
    CheckConstraint("until > first", name="forward"),
    CheckConstraint("decided_by <> asked_by", name="two_people"),
    CheckConstraint("(approved IS NULL) = (decided_by IS NULL)", name="decided"),
)

research_exports = Table(
    "research_exports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("project_id", Uuid, ForeignKey("research_projects.id"), nullable=False),
    Column("form", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'making'")),
    Column("rows", Integer),
    Column("left_out", Integer),
    Column("size", BigInteger),
    _person("asked_by"),
    _time("asked_at", now=True),
    CheckConstraint("form IN ('parquet', 'csv', 'xlsx')", name="form"),
    CheckConstraint("state IN ('making', 'ready', 'failed', 'gone')", name="state"),
    CheckConstraint("state <> 'ready' OR rows IS NOT NULL", name="ready"),
    Index("ix_research_exports_project_id", "project_id"),
)

# Who did what with a project; append-only (migration 0106).
research_log = Table(
    "research_log",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("project_id", Uuid, ForeignKey("research_projects.id"), nullable=False),
    Column("export_id", Uuid, ForeignKey("research_exports.id")),
    _person("person_id", nullable=True),  # nobody: time did it
    Column("act", Text, nullable=False),
    _time("at", now=True),
    CheckConstraint("act IN ('asked', 'approved', 'refused', 'made', 'downloaded', 'expired')", name="act"),
    Index("ix_research_log_project_id", "project_id"),
)

# What was told of a week when it was over; never changed (migration 0106). Without a school: the city's.
weekly_reports = Table(
    "weekly_reports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("week", Date, nullable=False),
    Column("school_id", Uuid, ForeignKey("schools.id")),
    Column("body", JSONB, nullable=False),
    _time("made_at", now=True),
    Index("uq_weekly_reports_week", "week", text("coalesce(school_id, '00000000-0000-0000-0000-000000000000')"),
          unique=True),
)  # fmt: skip

# --- from finding to teaching, and back ----------------------------------------------------------------------------

# What was proposed from a topic, who took it over, and what it was taught by. `invited` is what is told of how many.
teaching_proposals = Table(
    "teaching_proposals",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("topic_id", Integer, ForeignKey("topics.id"), nullable=False),
    Column("form", Word(Form), nullable=False),
    Column("title", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("grades", ARRAY(Integer), nullable=False),
    Column("knowledge_points", ARRAY(Text), nullable=False),
    _person("wanted_id", nullable=True),  # without one: whoever teaches the subject
    Column("plan", JSONB),  # of a lecture that was planned for somebody, who is to confirm it
    _person("proposed_by"),
    _time("proposed_at", now=True),
    _time("expires_at"),
    Column("state", Word(ProposalState), nullable=False, server_default=text("'open'")),
    _person("taken_by", nullable=True),
    Column("why", Text),  # it was declined
    Column("lecture_id", Uuid, ForeignKey("lectures.id"), unique=True),
    Column("session_id", Uuid, ForeignKey("live_sessions.id"), unique=True),  # in which the micro-lesson was recorded
    _time("invited_at", nullable=True),  # when everybody had been invited
    Column("invited", Integer),
    CheckConstraint(_words("form", Form), name="form"),
    CheckConstraint(_words("state", ProposalState), name="state"),
    CheckConstraint("length(title) BETWEEN 1 AND 60", name="title"),
    CheckConstraint("(state = 'taken') = (taken_by IS NOT NULL)", name="taken"),
    CheckConstraint("plan IS NULL OR form = 'lecture' AND wanted_id IS NOT NULL", name="planned_for_somebody"),
    CheckConstraint("lecture_id IS NULL OR form = 'lecture'", name="lecture"),
    CheckConstraint("session_id IS NULL OR form = 'lesson'", name="lesson"),
    CheckConstraint("invited = 0 OR invited >= 5", name="k"),
    Index("ix_teaching_proposals_topic_id", "topic_id"),
    Index("ix_teaching_proposals_expires_at", "expires_at", postgresql_where=text("state = 'open'")),
)

proposal_declines = Table(  # who does not want one that is open to several
    "proposal_declines",
    metadata,
    Column("proposal_id", Uuid, ForeignKey("teaching_proposals.id"), nullable=False),
    _person("person_id"),
    PrimaryKeyConstraint("proposal_id", "person_id"),
)

# Who asked what a proposal teaches; school and grade are those of the day. Goes with the account.
invitations = Table(
    "invitations",
    metadata,
    Column("proposal_id", Uuid, ForeignKey("teaching_proposals.id"), nullable=False),
    Column("pupil_id", Uuid, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("school_id", Uuid),
    Column("grade", Integer, nullable=False),
    _time("invited_at", now=True),
    _time("dismissed_at", nullable=True),
    PrimaryKeyConstraint("proposal_id", "pupil_id"),
    Index("ix_invitations_pupil_id", "pupil_id"),
)

teaching_effects = Table(  # told once, and not changed when labels or topics are (migration 0165)
    "teaching_effects",
    metadata,
    Column("proposal_id", Uuid, ForeignKey("teaching_proposals.id"), primary_key=True),
    Column("body", JSONB, nullable=False),
    _time("made_at", now=True),
)

# What somebody owes in a quarter, each time that it was set a row: the latest counts. Append-only (migration 0166).
research_quotas = Table(
    "research_quotas",
    metadata,
    Column("number", BigInteger, Identity(), primary_key=True),
    _person("person_id"),
    Column("quarter", Text, nullable=False),
    Column("kind", Word(quota.TeachingWork), nullable=False),
    Column("target", Integer, nullable=False),
    Column("lectures", Boolean, nullable=False),  # lectures that were held count by themselves
    Column("lessons", Boolean, nullable=False),  # micro-lessons that were published too
    _person("set_by"),
    Column("set_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    CheckConstraint(_words("kind", quota.TeachingWork), name="kind"),
    CheckConstraint("target BETWEEN 0 AND 999", name="target"),
    CheckConstraint("quarter ~ '^[0-9]{4}-Q[1-4]$'", name="quarter"),
    Index("ix_research_quotas_quarter", "quarter", "person_id", "kind", "number"),
)

# What was noted, each wording of it a row: the latest counts. Append-only (migration 0166).
research_entries = Table(
    "research_entries",
    metadata,
    Column("number", BigInteger, Identity(), primary_key=True),
    Column("entry_id", Uuid, nullable=False),
    _person("person_id"),
    Column("kind", Word(quota.TeachingWork), nullable=False),
    Column("day", Date, nullable=False),
    Column("note", Text, nullable=False),
    Column("struck", Boolean, nullable=False, server_default=text("false")),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    CheckConstraint(_words("kind", quota.TeachingWork), name="kind"),
    CheckConstraint("length(note) BETWEEN 1 AND 200", name="note"),
    Index("ix_research_entries_person_id_day", "person_id", "day"),
    Index("ix_research_entries_entry_id", "entry_id", "number"),
)

# --- events on their way -------------------------------------------------------------------------------------------

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ref", Uuid, nullable=False),
    Column("body", JSONB),
    _time("at", now=True),
)
