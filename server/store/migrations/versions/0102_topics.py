"""Topics that questions are grouped into, how many asked in which week, and what people did to them."""

import sqlalchemy as sa
from alembic import op

revision = "0102"
down_revision = "0101"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "topics",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("terms", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("mean", sa.LargeBinary(), nullable=False),
        sa.Column("exemplars", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("merged_into", sa.Integer()),
        sa.Column("holds", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("apart", sa.Integer()),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_topics"),
        sa.ForeignKeyConstraint(["merged_into"], ["topics.id"], name="fk_topics_merged_into_topics"),
        sa.ForeignKeyConstraint(["apart"], ["topics.id"], name="fk_topics_apart_topics"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 60", name=op.f("ck_topics_name")),
        sa.CheckConstraint("merged_into <> id", name=op.f("ck_topics_no_circle")),
    )
    op.create_index("ix_topics_subject_stage", "topics", ["subject", "stage"])
    op.create_table(
        "topic_members",
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name="fk_topic_members_question_id_questions"),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name="fk_topic_members_topic_id_topics"),
        sa.PrimaryKeyConstraint("question_id", name="pk_topic_members"),
    )
    op.create_index("ix_topic_members_topic_id", "topic_members", ["topic_id"])
    op.create_table(
        "topic_weeks",
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("askers", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name="fk_topic_weeks_topic_id_topics"),
        sa.PrimaryKeyConstraint("topic_id", "week", name="pk_topic_weeks"),
    )
    op.create_table(
        "topic_edits",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name="fk_topic_edits_topic_id_topics"),
        sa.ForeignKeyConstraint(["person_id"], ["accounts.id"], name="fk_topic_edits_person_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_topic_edits"),
        sa.CheckConstraint("kind IN ('merge', 'split', 'rename')", name=op.f("ck_topic_edits_kind")),
    )


def downgrade() -> None:
    for table in ("topic_edits", "topic_weeks", "topic_members", "topics"):
        op.drop_table(table)
