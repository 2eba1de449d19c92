"""Trees that the verifier learned from labels; a calibration names those that go with it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0140"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "verifiers",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("trees", JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_verifiers"),
    )
    op.add_column("calibrations", sa.Column("verifier_id", sa.Integer()))
    op.create_foreign_key(
        "fk_calibrations_verifier_id_verifiers", "calibrations", "verifiers", ["verifier_id"], ["id"]
    )


def downgrade() -> None:
    op.drop_column("calibrations", "verifier_id")
    op.drop_table("verifiers")
