"""What dispatch and the place in the queue look up at every question: ratings summed up, the queue by
subject, a teacher's shifts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ratings",
        sa.Column("teacher_id", sa.Uuid(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_ratings_teacher_id_accounts"),
        sa.PrimaryKeyConstraint("teacher_id", name="pk_ratings"),
    )
    op.execute("""
        INSERT INTO ratings (teacher_id, total, count)
        SELECT a.teacher_id, sum(CASE s.outcome WHEN 'solved' THEN 5 ELSE 2 END), count(*)
        FROM suggestions s JOIN answers a ON a.id = s.answer_id
        WHERE s.outcome IN ('solved', 'still_stuck') GROUP BY a.teacher_id
    """)
    op.create_index(
        "ix_questions_place",
        "questions",
        ["subject", "received_at", "id"],
        postgresql_where=sa.text("state IN ('waiting', 'offered')"),
    )
    op.create_index("ix_shifts_teacher_id_ends_at", "shifts", ["teacher_id", "ends_at"])


def downgrade() -> None:
    op.drop_index("ix_shifts_teacher_id_ends_at", "shifts")
    op.drop_index("ix_questions_place", "questions")
    op.drop_table("ratings")
