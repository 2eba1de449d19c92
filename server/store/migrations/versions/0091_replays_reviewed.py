"""A reviewer says whether the replay of a lecture is shown; until then the city's setting does."""

import sqlalchemy as sa
from alembic import op

revision = "0091"
down_revision = "0102"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lectures", sa.Column("replay_shown", sa.Boolean()))


def downgrade() -> None:
    op.drop_column("lectures", "replay_shown")
