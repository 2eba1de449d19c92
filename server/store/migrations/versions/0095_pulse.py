"""The pulse of a lecture's room: polls and their answers, raised hands, and who was lost when."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0095"
down_revision = "0100"
branch_labels = None
depends_on = None


def upgrade() -> None:
    polls()
    hands()
    lost()
    op.add_column("lecture_lines", sa.Column("by_hand", sa.Boolean(), nullable=False, server_default=sa.text("false")))


def polls() -> None:
    op.create_table(
        "lecture_polls",
        _lecture(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("options", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("right_option", sa.Integer()),
        sa.Column("counts", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        _now("asked_at"),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("cardinality(options) BETWEEN 2 AND 6", name=op.f("ck_lecture_polls_options")),
        sa.CheckConstraint("cardinality(counts) = cardinality(options)", name=op.f("ck_lecture_polls_counts")),
        sa.CheckConstraint(
            "right_option BETWEEN 1 AND cardinality(options)", name=op.f("ck_lecture_polls_right_option")
        ),
        _to_lecture("lecture_polls"),
        sa.PrimaryKeyConstraint("lecture_id", "number", name="pk_lecture_polls"),
        sa.UniqueConstraint("lecture_id", "poll_id", name="uq_lecture_polls_lecture_id_poll_id"),
    )
    op.create_index(
        "uq_lecture_polls_open", "lecture_polls", ["lecture_id"], unique=True, postgresql_where="closed_at IS NULL"
    )
    op.create_table(
        "lecture_poll_answers",
        _lecture(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        sa.Column("option", sa.Integer(), nullable=False),
        _now("answered_at"),
        sa.ForeignKeyConstraint(
            ["lecture_id", "number"],
            ["lecture_polls.lecture_id", "lecture_polls.number"],
            name="fk_lecture_poll_answers_lecture_id_lecture_polls",
        ),
        _to_pupil("lecture_poll_answers"),
        sa.PrimaryKeyConstraint("lecture_id", "number", "pupil_id", name="pk_lecture_poll_answers"),
    )


def hands() -> None:
    op.create_table(
        "lecture_hands",
        _lecture(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        _now("raised_at"),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state IN ('raised', 'taken', 'done', 'withdrawn')", name=op.f("ck_lecture_hands_state")),
        sa.CheckConstraint("state <> 'taken' OR taken_at IS NOT NULL", name=op.f("ck_lecture_hands_taken")),
        _to_lecture("lecture_hands"),
        _to_pupil("lecture_hands"),
        sa.PrimaryKeyConstraint("lecture_id", "number", name="pk_lecture_hands"),
    )
    up = sa.text("state IN ('raised', 'taken')")
    op.create_index(
        "uq_lecture_hands_up", "lecture_hands", ["lecture_id", "pupil_id"], unique=True, postgresql_where=up
    )
    op.create_index(
        "uq_lecture_hands_taken", "lecture_hands", ["lecture_id"], unique=True, postgresql_where="state = 'taken'"
    )


def lost() -> None:
    op.create_table(
        "lecture_lost",
        _lecture(),
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        _to_lecture("lecture_lost"),
        _to_pupil("lecture_lost"),
        sa.PrimaryKeyConstraint("lecture_id", "window", "pupil_id", name="pk_lecture_lost"),
    )


def _lecture() -> sa.Column[object]:
    return sa.Column("lecture_id", sa.Uuid(), nullable=False)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))


def _to_lecture(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["lecture_id"], ["lectures.id"], name=f"fk_{table}_lecture_id_lectures")


def _to_pupil(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["pupil_id"], ["accounts.id"], name=f"fk_{table}_pupil_id_accounts")


def downgrade() -> None:
    op.drop_column("lecture_lines", "by_hand")
    for table in ("lecture_lost", "lecture_hands", "lecture_poll_answers", "lecture_polls"):
        op.drop_table(table)
