"""The sound of lectures: takes of the microphone, their segments, and who has watched what again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0090"
down_revision = "0095"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lectures", sa.Column("swept_at", sa.DateTime(timezone=True)))
    op.create_table(
        "lecture_takes",
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("muted", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["lecture_id"], ["lectures.id"], name="fk_lecture_takes_lecture_id_lectures"),
        sa.PrimaryKeyConstraint("lecture_id", "number", name="pk_lecture_takes"),
        sa.UniqueConstraint("lecture_id", "name", name="uq_lecture_takes_lecture_id_name"),
        sa.CheckConstraint("start_ms >= 0", name=op.f("ck_lecture_takes_start_ms")),
    )
    op.create_table(
        "lecture_segments",
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("take", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecture_id", "take"],
            ["lecture_takes.lecture_id", "lecture_takes.number"],
            name="fk_lecture_segments_lecture_id_lecture_takes",
        ),
        sa.PrimaryKeyConstraint("lecture_id", "take", "number", name="pk_lecture_segments"),
        sa.CheckConstraint("samples > 0", name=op.f("ck_lecture_segments_samples")),
    )
    op.create_table(
        "lecture_watches",
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("viewer_id", sa.Uuid(), nullable=False),
        sa.Column("spans", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.ForeignKeyConstraint(["lecture_id"], ["lectures.id"], name="fk_lecture_watches_lecture_id_lectures"),
        sa.ForeignKeyConstraint(["viewer_id"], ["accounts.id"], name="fk_lecture_watches_viewer_id_accounts"),
        sa.PrimaryKeyConstraint("lecture_id", "viewer_id", name="pk_lecture_watches"),
    )


def downgrade() -> None:
    for table in ("lecture_watches", "lecture_segments", "lecture_takes"):
        op.drop_table(table)
    op.drop_column("lectures", "swept_at")
