"""The library of micro-lessons: films that were imported, what pupils saw of lessons, and their quizzes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0096"
down_revision = "0091"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "films",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("knowledge_points", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("teacher_name", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("chapter", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("quiz", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("video_key", sa.Text(), nullable=False),
        sa.Column("poster_key", sa.Text(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("taken_down_at", sa.DateTime(timezone=True)),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.CheckConstraint("grade BETWEEN 1 AND 12", name=op.f("ck_films_grade")),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 80", name=op.f("ck_films_title")),
        sa.CheckConstraint("duration_ms > 0", name=op.f("ck_films_duration")),
        sa.PrimaryKeyConstraint("id", name="pk_films"),
        sa.UniqueConstraint("code", name="uq_films_code"),
    )
    op.create_index("ix_films_subject_grade", "films", ["subject", "grade"])
    op.create_table(
        "lesson_watching",
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        sa.Column("spans", postgresql.JSONB(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("seen_ms", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.CheckConstraint("share BETWEEN 0 AND 1", name=op.f("ck_lesson_watching_share")),
        sa.ForeignKeyConstraint(["pupil_id"], ["accounts.id"], name="fk_lesson_watching_pupil_id_accounts"),
        sa.PrimaryKeyConstraint("lesson_id", "pupil_id", name="pk_lesson_watching"),
    )
    op.create_index("ix_lesson_watching_pupil_id", "lesson_watching", ["pupil_id"])
    op.create_table(
        "film_quiz_answers",
        sa.Column("film_id", sa.Uuid(), nullable=False),
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        sa.Column("first", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("latest", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("first_right", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["film_id"], ["films.id"], name="fk_film_quiz_answers_film_id_films"),
        sa.ForeignKeyConstraint(["pupil_id"], ["accounts.id"], name="fk_film_quiz_answers_pupil_id_accounts"),
        sa.PrimaryKeyConstraint("film_id", "pupil_id", name="pk_film_quiz_answers"),
    )


def downgrade() -> None:
    for table in ("film_quiz_answers", "lesson_watching", "films"):
        op.drop_table(table)
