"""How far the speech model has heard an edition, and what it heard so far."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0205"
down_revision = "0185"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("editions", sa.Column("heard_ms", sa.Integer()))
    op.add_column("editions", sa.Column("cues", JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb")))


def downgrade() -> None:
    op.drop_column("editions", "cues")
    op.drop_column("editions", "heard_ms")
