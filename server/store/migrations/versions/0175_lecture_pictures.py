"""The lecturer's camera: whether it is on beside a take, and the segments of its picture."""

import sqlalchemy as sa
from alembic import op

revision = "0175"
down_revision = "0160"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lecture_takes", sa.Column("picture", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.create_table(
        "lecture_pictures",
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("take", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecture_id", "take"],
            ["lecture_takes.lecture_id", "lecture_takes.number"],
            name="fk_lecture_pictures_lecture_id_lecture_takes",
        ),
        sa.PrimaryKeyConstraint("lecture_id", "take", "number", name="pk_lecture_pictures"),
        sa.CheckConstraint("samples > 0", name=op.f("ck_lecture_pictures_samples")),
    )


def downgrade() -> None:
    op.drop_table("lecture_pictures")
    op.drop_column("lecture_takes", "picture")
