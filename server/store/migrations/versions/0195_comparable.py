"""Each entry's text in comparable form, as its search lays it beside others; entries of before have it made then."""

import sqlalchemy as sa
from alembic import op

revision = "0195"
down_revision = "0171"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("matcher_entries", sa.Column("comparable", sa.Text()))
    op.add_column("matcher_entries", sa.Column("form", sa.SmallInteger()))


def downgrade() -> None:
    op.drop_column("matcher_entries", "form")
    op.drop_column("matcher_entries", "comparable")
