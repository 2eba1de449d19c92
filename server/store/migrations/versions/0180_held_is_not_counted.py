"""What is held for the reviewer is not counted any more: the facts of what was held so far are made anew."""

from alembic import op

revision = "0180"
down_revision = "0195"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """INSERT INTO research_due (question_id)
           SELECT DISTINCT question_id FROM labels WHERE kind = 'fitness' AND value <> 'question'"""
    )


def downgrade() -> None:
    upgrade()
