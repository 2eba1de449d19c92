"""Pupils are heard in lectures: the school's setting, the guardian's word, the floor, and what is kept of it."""

import sqlalchemy as sa
from alembic import op

revision = "0185"
down_revision = "0180"
branch_labels = None
depends_on = None

BEFORE = ("service", "recording", "public_video", "research")
ENDS = ("done", "cut", "declined", "late", "limit", "lost", "taken_back")


def _purposes(*words: str, looks_back: bool = True) -> None:
    name = op.f("ck_consents_purpose")
    op.drop_constraint(name, "consents")
    op.create_check_constraint(name, "consents", f"purpose IN {words}", postgresql_not_valid=not looks_back)


def upgrade() -> None:
    _purposes(*BEFORE, "lecture")
    op.add_column("schools", sa.Column("lecture_voice", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.create_table(
        "lecture_floors",
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hand", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("page", sa.Uuid()),
        sa.Column("kept", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_why", sa.Text()),
        sa.ForeignKeyConstraint(
            ["lecture_id", "hand"],
            ["lecture_hands.lecture_id", "lecture_hands.number"],
            name="fk_lecture_floors_lecture_id_lecture_hands",
        ),
        sa.ForeignKeyConstraint(["pupil_id"], ["accounts.id"], name="fk_lecture_floors_pupil_id_accounts"),
        sa.PrimaryKeyConstraint("lecture_id", "number", name="pk_lecture_floors"),
        sa.CheckConstraint("state IN ('asked', 'open', 'over')", name=op.f("ck_lecture_floors_state")),
        sa.CheckConstraint(f"ended_why IN {ENDS}", name=op.f("ck_lecture_floors_ended_why")),
        sa.CheckConstraint(
            "(state = 'over') = (ended_at IS NOT NULL AND ended_why IS NOT NULL)", name=op.f("ck_lecture_floors_over")
        ),
        sa.CheckConstraint(
            "state <> 'open' OR (opened_at IS NOT NULL AND page IS NOT NULL)", name=op.f("ck_lecture_floors_open")
        ),
        sa.CheckConstraint("NOT kept OR opened_at IS NOT NULL", name=op.f("ck_lecture_floors_kept")),
    )
    now = sa.text("state <> 'over'")
    op.create_index("uq_lecture_floors_now", "lecture_floors", ["lecture_id"], unique=True, postgresql_where=now)
    op.create_index("ix_lecture_floors_due", "lecture_floors", ["until_at"], postgresql_where=now)
    op.create_index("ix_lecture_floors_pupil_id", "lecture_floors", ["pupil_id"])
    op.create_table(
        "lecture_voices",
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecture_id", "floor"],
            ["lecture_floors.lecture_id", "lecture_floors.number"],
            name="fk_lecture_voices_lecture_id_lecture_floors",
        ),
        sa.PrimaryKeyConstraint("lecture_id", "number", name="pk_lecture_voices"),
        sa.UniqueConstraint("lecture_id", "name", name="uq_lecture_voices_lecture_id_name"),
        sa.CheckConstraint("start_ms >= 0", name=op.f("ck_lecture_voices_start_ms")),
    )
    op.create_table(
        "lecture_voice_segments",
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("voice", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecture_id", "voice"],
            ["lecture_voices.lecture_id", "lecture_voices.number"],
            name="fk_lecture_voice_segments_lecture_id_lecture_voices",
        ),
        sa.PrimaryKeyConstraint("lecture_id", "voice", "number", name="pk_lecture_voice_segments"),
        sa.CheckConstraint("samples > 0", name=op.f("ck_lecture_voice_segments_samples")),
    )


def downgrade() -> None:
    for table in ("lecture_voice_segments", "lecture_voices", "lecture_floors"):
        op.drop_table(table)
    op.drop_column("schools", "lecture_voice")
    _purposes(*BEFORE, looks_back=False)  # what guardians said stays: nobody takes a word out of the book
