"""An answer's voice, captions and where it begins on its session's clock: for its replay; how far its film is made."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answers", sa.Column("voice_key", sa.Text()))
    op.add_column("answers", sa.Column("captions_key", sa.Text()))
    op.add_column("answers", sa.Column("start_ms", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("answers", sa.Column("progress", sa.Integer(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    for column in ("progress", "start_ms", "captions_key", "voice_key"):
        op.drop_column("answers", column)
