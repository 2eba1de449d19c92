"""Lessons are found by subject and grade."""

import sqlalchemy as sa
from alembic import op

revision = "0150"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    where = sa.text("title IS NOT NULL")
    op.create_index("ix_answers_lessons", "answers", ["subject", "grade"], postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_answers_lessons", "answers")
