"""What a session needs: when somebody last did something, a pause, the knowledge points and the stars of its answer;
and a teacher's breath between two."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    now = sa.text("clock_timestamp()")
    active_at = sa.Column("active_at", sa.DateTime(timezone=True), nullable=False, server_default=now)
    op.add_column("live_sessions", active_at)
    op.add_column("live_sessions", sa.Column("paused_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_live_sessions_open", "live_sessions", ["opened_at"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.add_column("presence", sa.Column("breath_s", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("presence", sa.Column("rests_until", sa.DateTime(timezone=True)))
    op.create_check_constraint("breath", "presence", "breath_s BETWEEN 0 AND 600")
    none = sa.text("'{}'")
    op.add_column("answers", sa.Column("knowledge_points", sa.ARRAY(sa.Text()), nullable=False, server_default=none))
    op.add_column("answers", sa.Column("stars", sa.Integer()))
    op.create_check_constraint("stars", "answers", "stars BETWEEN 1 AND 5")


def downgrade() -> None:
    op.drop_column("answers", "stars")
    op.drop_column("answers", "knowledge_points")
    op.drop_column("presence", "rests_until")
    op.drop_column("presence", "breath_s")
    op.drop_index("ix_live_sessions_open", "live_sessions")
    op.drop_column("live_sessions", "paused_at")
    op.drop_column("live_sessions", "active_at")
