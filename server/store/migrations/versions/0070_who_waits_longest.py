"""Ready teachers by how long they have waited."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0151"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ready = sa.text("wish = 'ready'")
    op.create_index("ix_presence_ready", "presence", ["since", "teacher_id"], postgresql_where=ready)


def downgrade() -> None:
    op.drop_index("ix_presence_ready", "presence")
