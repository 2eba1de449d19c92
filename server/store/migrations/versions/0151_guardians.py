"""Whose guardian somebody is: who may speak for a child, and for no other."""

import sqlalchemy as sa
from alembic import op

revision = "0151"
down_revision = "0150"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guardians",
        sa.Column("guardian_id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["guardian_id"], ["accounts.id"], name="fk_guardians_guardian_id_accounts"),
        sa.ForeignKeyConstraint(["child_id"], ["accounts.id"], name="fk_guardians_child_id_accounts"),
        sa.PrimaryKeyConstraint("guardian_id", "child_id", name="pk_guardians"),
    )
    op.create_index("ix_guardians_child_id", "guardians", ["child_id"])


def downgrade() -> None:
    op.drop_table("guardians")
