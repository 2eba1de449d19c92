"""The taxonomy of knowledge points, by version."""

import sqlalchemy as sa
from alembic import op

revision = "0100"
down_revision = "0105"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "taxonomies",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid()),
        sa.Column("relabelled", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name="fk_taxonomies_by_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_taxonomies"),
    )
    op.create_table(
        "taxonomy_points",
        sa.Column("taxonomy_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text()),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("first_grade", sa.Integer(), nullable=False),
        sa.Column("last_grade", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["taxonomy_id"], ["taxonomies.id"], name="fk_taxonomy_points_taxonomy_id_taxonomies"),
        sa.PrimaryKeyConstraint("taxonomy_id", "code", name="pk_taxonomy_points"),
        sa.ForeignKeyConstraint(
            ["taxonomy_id", "parent"],
            ["taxonomy_points.taxonomy_id", "taxonomy_points.code"],
            name="fk_taxonomy_points_parent",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.UniqueConstraint(
            "taxonomy_id", "subject", "stage", "name", name="uq_taxonomy_points_taxonomy_id_subject_stage_name"
        ),
        sa.CheckConstraint(
            "1 <= first_grade AND first_grade <= last_grade AND last_grade <= 12",
            name=op.f("ck_taxonomy_points_grades"),
        ),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 60", name=op.f("ck_taxonomy_points_name")),
        sa.CheckConstraint("parent <> code", name=op.f("ck_taxonomy_points_no_own_parent")),
    )


def downgrade() -> None:
    op.drop_table("taxonomy_points")
    op.drop_table("taxonomies")
