"""An answer can be cut after it was taught: which spans are left out, in which edition, and what is shown just now."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0024"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    none = sa.text("'[]'::jsonb")
    op.add_column("answers", sa.Column("cuts", JSONB(), nullable=False, server_default=none))
    op.add_column("answers", sa.Column("shown_cuts", JSONB(), nullable=False, server_default=none))
    op.add_column("answers", sa.Column("edition", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("answers", sa.Column("rendered_edition", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.execute("UPDATE answers SET rendered_edition = 1 WHERE state <> 'rendering'")


def downgrade() -> None:
    for column in ("rendered_edition", "edition", "shown_cuts", "cuts"):
        op.drop_column("answers", column)
