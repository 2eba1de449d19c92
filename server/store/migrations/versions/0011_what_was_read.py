"""The pupil has a say in what was read: a correction, and which of a page's problems is meant; and the figure that an
answered problem came with."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("questions", sa.Column("corrected_text", sa.Text(), nullable=False, server_default=""))
    op.add_column("questions", sa.Column("corrected_at", sa.DateTime(timezone=True)))
    op.add_column("questions", sa.Column("chosen", sa.Integer()))
    op.add_column("questions", sa.Column("figure", sa.Text()))
    op.create_table(
        "page_problems",
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("box", sa.ARRAY(sa.Float()), nullable=False),
        sa.Column("figure", sa.Text()),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name="fk_page_problems_question_id_questions"),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name="fk_page_problems_media_id_media"),
        sa.PrimaryKeyConstraint("question_id", "number", name="pk_page_problems"),
    )
    op.drop_constraint(op.f("ck_suggestions_outcome"), "suggestions", type_="check")
    op.create_check_constraint(
        op.f("ck_suggestions_outcome"), "suggestions", "outcome IN ('solved', 'not_mine', 'still_stuck', 'set_aside')"
    )
    op.execute("ALTER TABLE matcher_entries ADD COLUMN figure text")


def downgrade() -> None:
    op.execute("ALTER TABLE matcher_entries DROP COLUMN figure")
    op.execute("UPDATE suggestions SET outcome = NULL WHERE outcome = 'set_aside'")
    op.drop_constraint(op.f("ck_suggestions_outcome"), "suggestions", type_="check")
    op.create_check_constraint(
        op.f("ck_suggestions_outcome"), "suggestions", "outcome IN ('solved', 'not_mine', 'still_stuck')"
    )
    op.drop_table("page_problems")
    for column in ("figure", "chosen", "corrected_at", "corrected_text"):
        op.drop_column("questions", column)
