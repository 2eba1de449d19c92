"""Answers that are masked, split, taken anew and reviewed; recordings that a teacher makes alone, with or without a
question behind them; consent of guardians by purpose; who read about which child."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0050"
down_revision = "0055"
branch_labels = None
depends_on = None

NONE = sa.text("'[]'::jsonb")
REVIEWS = "review IN ('not_needed', 'waiting', 'approved', 'sent_back')"


def time(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column[datetime]:
    default = sa.text("clock_timestamp()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def upgrade() -> None:
    sessions()
    answers()
    children()


def sessions() -> None:
    for column in ("question_id", "student_id"):
        op.alter_column("live_sessions", column, nullable=True)
    op.add_column("live_sessions", sa.Column("kind", sa.Text(), nullable=False, server_default=sa.text("'live'")))
    op.add_column("live_sessions", sa.Column("goes_on_from", sa.Uuid()))
    op.add_column("live_sessions", sa.Column("from_ms", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("live_sessions", sa.Column("answer_id", sa.Uuid()))
    op.create_foreign_key(
        "fk_live_sessions_goes_on_from_live_sessions", "live_sessions", "live_sessions", ["goes_on_from"], ["id"]
    )
    op.create_foreign_key("fk_live_sessions_answer_id_answers", "live_sessions", "answers", ["answer_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_live_sessions_kind"), "live_sessions", "kind IN ('live', 'answer', 'lesson', 'retake')"
    )
    op.create_check_constraint(
        op.f("ck_live_sessions_about"),
        "live_sessions",
        "(kind IN ('live', 'answer')) = (question_id IS NOT NULL AND student_id IS NOT NULL)",
    )
    op.create_check_constraint(
        op.f("ck_live_sessions_retakes"), "live_sessions", "(kind = 'retake') = (answer_id IS NOT NULL)"
    )
    op.create_table(
        "lessons",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("knowledge_point", sa.Text(), nullable=False),
        sa.CheckConstraint("grade BETWEEN 1 AND 12", name=op.f("ck_lessons_grade")),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 80", name=op.f("ck_lessons_title")),
        sa.ForeignKeyConstraint(["session_id"], ["live_sessions.id"], name="fk_lessons_session_id_live_sessions"),
        sa.PrimaryKeyConstraint("session_id", name="pk_lessons"),
    )


def answers() -> None:
    op.alter_column("answers", "question_id", nullable=True)
    op.drop_constraint("uq_answers_session_id", "answers")
    op.add_column("answers", sa.Column("split_from", sa.Uuid()))
    op.create_foreign_key("fk_answers_split_from_answers", "answers", "answers", ["split_from"], ["id"])
    op.create_index(
        "uq_answers_session_id", "answers", ["session_id"], unique=True, postgresql_where=sa.text("split_from IS NULL")
    )
    op.add_column("answers", sa.Column("title", sa.Text()))
    for column in ("masks", "shown_masks"):
        op.add_column("answers", sa.Column(column, JSONB(), nullable=False, server_default=NONE))
    op.add_column("answers", sa.Column("pages", JSONB()))
    for column in ("taken_session_id", "shown_taken_id"):
        op.add_column("answers", sa.Column(column, sa.Uuid()))
        op.create_foreign_key(f"fk_answers_{column}_live_sessions", "answers", "live_sessions", [column], ["id"])
    op.add_column("answers", sa.Column("has_pupil", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("answers", sa.Column("review", sa.Text(), nullable=False, server_default=sa.text("'not_needed'")))
    op.create_check_constraint(op.f("ck_answers_review"), "answers", REVIEWS)
    op.create_check_constraint(
        op.f("ck_answers_asked_or_titled"), "answers", "question_id IS NOT NULL OR title IS NOT NULL"
    )
    op.create_index(
        "ix_answers_to_review",
        "answers",
        ["made_at"],
        postgresql_where=sa.text("state = 'published' AND review = 'waiting'"),
    )
    op.create_table(
        "editions",
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("taken_session_id", sa.Uuid()),
        sa.Column("cuts", JSONB(), nullable=False),
        sa.Column("masks", JSONB(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("keys", JSONB(), nullable=False),
        time("made_at", now=True),
        time("superseded_at", nullable=True),
        time("files_gone_at", nullable=True),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"], name="fk_editions_answer_id_answers"),
        sa.PrimaryKeyConstraint("answer_id", "number", name="pk_editions"),
    )
    op.create_index(
        "ix_editions_superseded_at",
        "editions",
        ["superseded_at"],
        postgresql_where=sa.text("superseded_at IS NOT NULL AND files_gone_at IS NULL"),
    )
    op.execute("""
        INSERT INTO editions (answer_id, number, why, cuts, masks, duration_ms, keys)
        SELECT id, rendered_edition, 'made', shown_cuts, '[]', coalesce(duration_ms, 0),
               to_jsonb(array_remove(ARRAY[video_key, poster_key, voice_key, captions_key], NULL))
        FROM answers WHERE state = 'published'
    """)
    op.create_table(
        "reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        time("at", now=True),
        sa.CheckConstraint("decision IN ('approved', 'sent_back', 'taken_down')", name=op.f("ck_reviews_decision")),
        sa.CheckConstraint("decision = 'approved' OR words <> ''", name=op.f("ck_reviews_words")),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"], name="fk_reviews_answer_id_answers"),
        sa.ForeignKeyConstraint(["reviewer_id"], ["accounts.id"], name="fk_reviews_reviewer_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
    )
    op.create_index("ix_reviews_answer_id", "reviews", ["answer_id"])
    op.add_column("accounts", sa.Column("trusted_at", sa.DateTime(timezone=True)))


def children() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid()),
        time("at", now=True),
        sa.CheckConstraint(
            "purpose IN ('service', 'recording', 'public_video', 'research')", name=op.f("ck_consents_purpose")
        ),
        sa.CheckConstraint("source IN ('import', 'school', 'guardian')", name=op.f("ck_consents_source")),
        sa.ForeignKeyConstraint(["child_id"], ["accounts.id"], name="fk_consents_child_id_accounts"),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name="fk_consents_by_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index("ix_consents_child_id_purpose", "consents", ["child_id", "purpose", "id"])
    op.create_table(
        "child_reads",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("thing_id", sa.Uuid()),
        time("at", now=True),
        sa.ForeignKeyConstraint(["reader_id"], ["accounts.id"], name="fk_child_reads_reader_id_accounts"),
        sa.ForeignKeyConstraint(["child_id"], ["accounts.id"], name="fk_child_reads_child_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_child_reads"),
    )
    op.create_index("ix_child_reads_child_id_at", "child_reads", ["child_id", "at"])
    for table in ("consents", "child_reads", "reviews"):
        op.execute(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()
        """)


def downgrade() -> None:
    for table in ("child_reads", "consents", "reviews", "editions", "lessons"):
        op.drop_table(table)
    op.drop_column("accounts", "trusted_at")
    op.execute("DELETE FROM answers WHERE question_id IS NULL OR split_from IS NOT NULL")
    for column in (
        "split_from", "title", "masks", "shown_masks", "pages", "taken_session_id", "shown_taken_id", "has_pupil",
        "review",
    ):  # fmt: skip
        op.drop_column("answers", column)
    op.drop_index("uq_answers_session_id", "answers", if_exists=True)
    op.create_unique_constraint("uq_answers_session_id", "answers", ["session_id"])
    op.alter_column("answers", "question_id", nullable=False)
    op.execute("""
        DELETE FROM board_operations WHERE session_id IN (SELECT id FROM live_sessions WHERE question_id IS NULL);
        DELETE FROM board_snapshots WHERE session_id IN (SELECT id FROM live_sessions WHERE question_id IS NULL);
        DELETE FROM media WHERE session_id IN (SELECT id FROM live_sessions WHERE question_id IS NULL);
        DELETE FROM live_sessions WHERE question_id IS NULL
    """)
    for column in ("kind", "goes_on_from", "from_ms", "answer_id"):
        op.drop_column("live_sessions", column)
    for column in ("question_id", "student_id"):
        op.alter_column("live_sessions", column, nullable=False)
