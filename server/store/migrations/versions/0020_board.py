"""The pupil's pen may be locked; what a board amounts to is kept beside its log."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "live_sessions", sa.Column("pen_locked", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.create_table(
        "board_snapshots",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["live_sessions.id"], name="fk_board_snapshots_session_id_live_sessions"
        ),
        sa.PrimaryKeyConstraint("session_id", name="pk_board_snapshots"),
    )


def downgrade() -> None:
    op.drop_table("board_snapshots")
    op.drop_column("live_sessions", "pen_locked")
