"""What a lecture leaves: one video, captions, what its pages say, and where each stopped watching."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0170"
down_revision = "0096"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lecture_films",
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("video_key", sa.Text()),
        sa.Column("poster_key", sa.Text()),
        sa.Column("content_type", sa.Text()),
        sa.Column("duration_ms", sa.Integer()),
        sa.Column("size", sa.BigInteger()),
        sa.Column("made_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["lecture_id"], ["lectures.id"], name="fk_lecture_films_lecture_id_lectures"),
        sa.PrimaryKeyConstraint("lecture_id", name="pk_lecture_films"),
        sa.CheckConstraint("state IN ('making', 'ready', 'failed')", name=op.f("ck_lecture_films_state")),
        sa.CheckConstraint("state <> 'ready' OR video_key IS NOT NULL", name=op.f("ck_lecture_films_ready")),
    )
    op.create_table(
        "lecture_captions",
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cues", postgresql.JSONB(), nullable=False),
        sa.Column("heard_ms", sa.Integer()),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.ForeignKeyConstraint(["lecture_id"], ["lectures.id"], name="fk_lecture_captions_lecture_id_lectures"),
        sa.PrimaryKeyConstraint("lecture_id", name="pk_lecture_captions"),
        sa.CheckConstraint("source IN ('brought', 'heard')", name=op.f("ck_lecture_captions_source")),
        sa.CheckConstraint("state IN ('shown', 'waiting', 'refused')", name=op.f("ck_lecture_captions_state")),
    )
    op.create_table(
        "lecture_texts",
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["lecture_id"], ["lectures.id"], name="fk_lecture_texts_lecture_id_lectures"),
        sa.PrimaryKeyConstraint("lecture_id", "number", name="pk_lecture_texts"),
        sa.CheckConstraint("kind IN ('page', 'board')", name=op.f("ck_lecture_texts_kind")),
    )
    op.add_column("lecture_watches", sa.Column("at_ms", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("media", sa.Column("page_texts", postgresql.JSONB()))


def downgrade() -> None:
    op.drop_column("media", "page_texts")
    op.drop_column("lecture_watches", "at_ms")
    for table in ("lecture_texts", "lecture_captions", "lecture_films"):
        op.drop_table(table)
