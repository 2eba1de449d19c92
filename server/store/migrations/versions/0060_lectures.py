"""Lectures: their plan and seats, the pupils' places in them, and the pages that the lecturer brings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0060"
down_revision = "0031"
branch_labels = None
depends_on = None

SUBJECTS = (
    "'chinese', 'math', 'english', 'physics', 'chemistry', 'biology', 'history', 'geography', 'politics', 'science'"
)


def upgrade() -> None:
    op.add_column("media", sa.Column("pages", postgresql.JSONB()))
    _kinds("'photo', 'voice', 'video', 'recording', 'material'")
    lectures()
    places()
    op.create_table(
        "lecture_materials",
        sa.Column("material_id", sa.Uuid(), nullable=False),
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["lecture_id"], ["lectures.id"], name="fk_lecture_materials_lecture_id_lectures"),
        sa.ForeignKeyConstraint(["material_id"], ["media.id"], name="fk_lecture_materials_material_id_media"),
        sa.PrimaryKeyConstraint("material_id", name="pk_lecture_materials"),
        sa.UniqueConstraint("lecture_id", "position", name="uq_lecture_materials_lecture_id_position"),
    )


def lectures() -> None:
    op.create_table(
        "lectures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lecturer_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("grades", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("knowledge_points", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("school_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("cover_id", sa.Uuid()),
        sa.Column("taken", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("waiting", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("next_number", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("cancelled_why", sa.Text()),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.CheckConstraint("state IN ('planned', 'open', 'live', 'over', 'cancelled')", name=op.f("ck_lectures_state")),
        sa.CheckConstraint(f"subject IN ({SUBJECTS})", name=op.f("ck_lectures_subject")),
        sa.CheckConstraint("stage IN ('primary', 'junior', 'senior')", name=op.f("ck_lectures_stage")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_lectures_forward")),
        sa.CheckConstraint("taken BETWEEN 0 AND capacity", name=op.f("ck_lectures_never_oversold")),
        sa.CheckConstraint("waiting >= 0", name=op.f("ck_lectures_waiting")),
        sa.CheckConstraint("(state = 'cancelled') = (cancelled_why IS NOT NULL)", name=op.f("ck_lectures_cancelled")),
        sa.ForeignKeyConstraint(["lecturer_id"], ["accounts.id"], name="fk_lectures_lecturer_id_accounts"),
        sa.ForeignKeyConstraint(["cover_id"], ["media.id"], name="fk_lectures_cover_id_media"),
        sa.PrimaryKeyConstraint("id", name="pk_lectures"),
    )
    op.create_index("ix_lectures_starts_at", "lectures", ["starts_at"])
    op.create_index("ix_lectures_lecturer_id_starts_at", "lectures", ["lecturer_id", "starts_at"])
    op.create_index(
        "ix_lectures_ends_at",
        "lectures",
        ["ends_at"],
        postgresql_where=sa.text("state IN ('planned', 'open', 'live')"),
    )


def places() -> None:
    op.create_table(
        "lecture_places",
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("moved_up_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state IN ('seated', 'waiting', 'left')", name=op.f("ck_lecture_places_state")),
        sa.ForeignKeyConstraint(["lecture_id"], ["lectures.id"], name="fk_lecture_places_lecture_id_lectures"),
        sa.ForeignKeyConstraint(["pupil_id"], ["accounts.id"], name="fk_lecture_places_pupil_id_accounts"),
        sa.PrimaryKeyConstraint("lecture_id", "pupil_id", name="pk_lecture_places"),
        sa.UniqueConstraint("lecture_id", "number", name="uq_lecture_places_lecture_id_number"),
    )
    op.create_index(
        "ix_lecture_places_pupil_id", "lecture_places", ["pupil_id"], postgresql_where=sa.text("state <> 'left'")
    )
    op.create_index(
        "ix_lecture_places_waiting",
        "lecture_places",
        ["lecture_id", "number"],
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _kinds(kinds: str) -> None:
    op.drop_constraint(op.f("ck_media_kind"), "media")
    op.create_check_constraint(op.f("ck_media_kind"), "media", f"kind IN ({kinds})")


def downgrade() -> None:
    for table in ("lecture_materials", "lecture_places", "lectures"):
        op.drop_table(table)
    op.execute("DELETE FROM media WHERE kind = 'material'")
    _kinds("'photo', 'voice', 'video', 'recording'")
    op.drop_column("media", "pages")
