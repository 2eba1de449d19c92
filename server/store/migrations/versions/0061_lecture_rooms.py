"""Lectures on air: the board's log, what is said, votes, who may not speak or be there, and who was there."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0061"
down_revision = "0050"
branch_labels = None
depends_on = None

TABLES = (
    "lecture_attendance",
    "lecture_bans",
    "lecture_votes",
    "lecture_lines",
    "lecture_snapshots",
    "lecture_operations",
)


def upgrade() -> None:
    for name, first in (("epoch", 0), ("next_seq", 1), ("next_line", 1), ("slow_s", 0)):
        op.add_column("lectures", sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text(str(first))))
    for name in ("started_at", "ended_at"):
        op.add_column("lectures", sa.Column(name, sa.DateTime(timezone=True)))
    op.execute("UPDATE lectures SET started_at = starts_at WHERE state IN ('live', 'over')")
    op.execute("UPDATE lectures SET ended_at = ends_at WHERE state = 'over'")
    op.create_check_constraint(
        op.f("ck_lectures_started"), "lectures", "(state IN ('live', 'over')) = (started_at IS NOT NULL)"
    )
    op.create_check_constraint(op.f("ck_lectures_ended"), "lectures", "(state = 'over') = (ended_at IS NOT NULL)")
    board()
    lines()
    people()


def board() -> None:
    op.create_table(
        "lecture_operations",
        _lecture(),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("op_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        _to_lecture("lecture_operations"),
        sa.PrimaryKeyConstraint("lecture_id", "seq", name="pk_lecture_operations"),
        sa.UniqueConstraint("lecture_id", "op_id", name="uq_lecture_operations_lecture_id_op_id"),
    )
    op.create_table(
        "lecture_snapshots",
        _lecture(),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _to_lecture("lecture_snapshots"),
        sa.PrimaryKeyConstraint("lecture_id", name="pk_lecture_snapshots"),
    )


def lines() -> None:
    op.create_table(
        "lecture_lines",
        _lecture(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why_held", sa.Text()),
        sa.Column("votes", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.CheckConstraint("kind IN ('chat', 'question')", name=op.f("ck_lecture_lines_kind")),
        sa.CheckConstraint("state IN ('shown', 'held', 'hidden', 'answered')", name=op.f("ck_lecture_lines_state")),
        _to_lecture("lecture_lines"),
        sa.ForeignKeyConstraint(["author_id"], ["accounts.id"], name="fk_lecture_lines_author_id_accounts"),
        sa.PrimaryKeyConstraint("lecture_id", "number", name="pk_lecture_lines"),
        sa.UniqueConstraint("lecture_id", "author_id", "line_id", name="uq_lecture_lines_lecture_id_author_id_line_id"),
    )
    op.create_index("ix_lecture_lines_author_id", "lecture_lines", ["lecture_id", "author_id", "said_at"])
    op.create_table(
        "lecture_votes",
        _lecture(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecture_id", "number"],
            ["lecture_lines.lecture_id", "lecture_lines.number"],
            name="fk_lecture_votes_lecture_id_lecture_lines",
        ),
        sa.ForeignKeyConstraint(["pupil_id"], ["accounts.id"], name="fk_lecture_votes_pupil_id_accounts"),
        sa.PrimaryKeyConstraint("lecture_id", "number", "pupil_id", name="pk_lecture_votes"),
    )


def people() -> None:
    op.create_table(
        "lecture_bans",
        _lecture(),
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        sa.Column("muted_at", sa.DateTime(timezone=True)),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        _to_lecture("lecture_bans"),
        sa.ForeignKeyConstraint(["pupil_id"], ["accounts.id"], name="fk_lecture_bans_pupil_id_accounts"),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name="fk_lecture_bans_by_id_accounts"),
        sa.PrimaryKeyConstraint("lecture_id", "pupil_id", name="pk_lecture_bans"),
    )
    op.create_table(
        "lecture_attendance",
        _lecture(),
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("until_at >= from_at", name=op.f("ck_lecture_attendance_forward")),
        _to_lecture("lecture_attendance"),
        sa.ForeignKeyConstraint(["pupil_id"], ["accounts.id"], name="fk_lecture_attendance_pupil_id_accounts"),
        sa.PrimaryKeyConstraint("lecture_id", "pupil_id", "node", "from_at", name="pk_lecture_attendance"),
    )


def _lecture() -> sa.Column[object]:
    return sa.Column("lecture_id", sa.Uuid(), nullable=False)


def _to_lecture(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["lecture_id"], ["lectures.id"], name=f"fk_{table}_lecture_id_lectures")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    for constraint in ("started", "ended"):
        op.drop_constraint(op.f(f"ck_lectures_{constraint}"), "lectures")
    for column in ("ended_at", "started_at", "slow_s", "next_line", "next_seq", "epoch"):
        op.drop_column("lectures", column)
