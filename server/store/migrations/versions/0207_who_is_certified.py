"""Who is certified for a subject and stage is found without reading everybody's certifications."""

from alembic import op

revision = "0207"
down_revision = "0206"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_certifications_subject_stage", "certifications", ["subject", "stage", "account_id"])


def downgrade() -> None:
    op.drop_index("ix_certifications_subject_stage", table_name="certifications")
