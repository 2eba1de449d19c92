"""Who has taken a lecture's package away."""

import sqlalchemy as sa
from alembic import op

revision = "0171"
down_revision = "0166"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lecture_exports",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid()),
        sa.Column("from_byte", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.ForeignKeyConstraint(["lecture_id"], ["lectures.id"], name="fk_lecture_exports_lecture_id_lectures"),
        sa.ForeignKeyConstraint(["person_id"], ["accounts.id"], name="fk_lecture_exports_person_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_lecture_exports"),
    )


def downgrade() -> None:
    op.drop_table("lecture_exports")
