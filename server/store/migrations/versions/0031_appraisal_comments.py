"""A teacher's own comment on an appraisal."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appraisal_comments",
        sa.Column("teacher_id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.CheckConstraint("until > first", name=op.f("ck_appraisal_comments_forward")),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_appraisal_comments_teacher_id_accounts"),
        sa.PrimaryKeyConstraint("teacher_id", "first", "until", name="pk_appraisal_comments"),
    )


def downgrade() -> None:
    op.drop_table("appraisal_comments")
