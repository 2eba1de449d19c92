"""Proposals to teach a topic, invitations of those who asked, and what came of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0165"
down_revision = "0175"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "teaching_proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("grades", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("knowledge_points", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("wanted_id", sa.Uuid()),
        sa.Column("plan", postgresql.JSONB()),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'open'")),
        sa.Column("taken_by", sa.Uuid()),
        sa.Column("why", sa.Text()),
        sa.Column("lecture_id", sa.Uuid()),
        sa.Column("session_id", sa.Uuid()),
        sa.Column("invited_at", sa.DateTime(timezone=True)),
        sa.Column("invited", sa.Integer()),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name="fk_teaching_proposals_topic_id_topics"),
        sa.ForeignKeyConstraint(["wanted_id"], ["accounts.id"], name="fk_teaching_proposals_wanted_id_accounts"),
        sa.ForeignKeyConstraint(["proposed_by"], ["accounts.id"], name="fk_teaching_proposals_proposed_by_accounts"),
        sa.ForeignKeyConstraint(["taken_by"], ["accounts.id"], name="fk_teaching_proposals_taken_by_accounts"),
        sa.ForeignKeyConstraint(["lecture_id"], ["lectures.id"], name="fk_teaching_proposals_lecture_id_lectures"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["live_sessions.id"], name="fk_teaching_proposals_session_id_live_sessions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_teaching_proposals"),
        sa.UniqueConstraint("lecture_id", name="uq_teaching_proposals_lecture_id"),
        sa.UniqueConstraint("session_id", name="uq_teaching_proposals_session_id"),
        sa.CheckConstraint("form IN ('lecture', 'lesson')", name=op.f("ck_teaching_proposals_form")),
        sa.CheckConstraint(
            "state IN ('open', 'taken', 'declined', 'withdrawn', 'expired')", name=op.f("ck_teaching_proposals_state")
        ),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 60", name=op.f("ck_teaching_proposals_title")),
        sa.CheckConstraint("(state = 'taken') = (taken_by IS NOT NULL)", name=op.f("ck_teaching_proposals_taken")),
        sa.CheckConstraint(
            "plan IS NULL OR form = 'lecture' AND wanted_id IS NOT NULL",
            name=op.f("ck_teaching_proposals_planned_for_somebody"),
        ),
        sa.CheckConstraint("lecture_id IS NULL OR form = 'lecture'", name=op.f("ck_teaching_proposals_lecture")),
        sa.CheckConstraint("session_id IS NULL OR form = 'lesson'", name=op.f("ck_teaching_proposals_lesson")),
        sa.CheckConstraint("invited = 0 OR invited >= 5", name=op.f("ck_teaching_proposals_k")),
    )
    op.create_index("ix_teaching_proposals_topic_id", "teaching_proposals", ["topic_id"])
    op.create_index(
        "ix_teaching_proposals_expires_at",
        "teaching_proposals",
        ["expires_at"],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "proposal_declines",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["teaching_proposals.id"], name="fk_proposal_declines_proposal_id_teaching_proposals"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["accounts.id"], name="fk_proposal_declines_person_id_accounts"),
        sa.PrimaryKeyConstraint("proposal_id", "person_id", name="pk_proposal_declines"),
    )
    op.create_table(
        "invitations",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid()),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("dismissed_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["teaching_proposals.id"], name="fk_invitations_proposal_id_teaching_proposals"
        ),
        sa.ForeignKeyConstraint(
            ["pupil_id"], ["accounts.id"], name="fk_invitations_pupil_id_accounts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proposal_id", "pupil_id", name="pk_invitations"),
    )
    op.create_index("ix_invitations_pupil_id", "invitations", ["pupil_id"])
    op.create_table(
        "teaching_effects",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["teaching_proposals.id"], name="fk_teaching_effects_proposal_id_teaching_proposals"
        ),
        sa.PrimaryKeyConstraint("proposal_id", name="pk_teaching_effects"),
    )
    op.execute("""
        CREATE TRIGGER teaching_effects_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON teaching_effects
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()
    """)
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON teaching_effects FROM PUBLIC, CURRENT_USER")


def downgrade() -> None:
    for table in ("teaching_effects", "invitations", "proposal_declines", "teaching_proposals"):
        op.drop_table(table)
