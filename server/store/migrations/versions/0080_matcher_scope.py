"""The matcher's entries by subject and stage: a narrow scope is compared whole."""

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0140"
branch_labels = None
depends_on = None


def upgrade() -> None:
    subject, stage = sa.text("coalesce(subject, '')"), sa.text("coalesce(stage, '')")
    op.create_index("matcher_entries_scope", "matcher_entries", ["model_version", subject, stage])


def downgrade() -> None:
    op.drop_index("matcher_entries_scope", "matcher_entries")
