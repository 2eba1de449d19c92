"""Projects that take de-identified data away, their files, and who did what with them; archived weekly reports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0106"
down_revision = "0090"
branch_labels = None
depends_on = None

KEPT = ("research_log", "weekly_reports")


def upgrade() -> None:
    op.create_table(
        "research_projects",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("approved", sa.Boolean()),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name="fk_research_projects_asked_by_accounts"),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name="fk_research_projects_decided_by_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_research_projects"),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 80", name=op.f("ck_research_projects_title")),
        sa.CheckConstraint("length(purpose) BETWEEN 10 AND 1000", name=op.f("ck_research_projects_purpose")),
        sa.CheckConstraint("until > first", name=op.f("ck_research_projects_forward")),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_research_projects_two_people")),
        sa.CheckConstraint("(approved IS NULL) = (decided_by IS NULL)", name=op.f("ck_research_projects_decided")),
    )
    op.create_table(
        "research_exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'making'")),
        sa.Column("rows", sa.Integer()),
        sa.Column("left_out", sa.Integer()),
        sa.Column("size", sa.BigInteger()),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["research_projects.id"], name="fk_research_exports_project_id_research_projects"
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name="fk_research_exports_asked_by_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_research_exports"),
        sa.CheckConstraint("form IN ('parquet', 'csv', 'xlsx')", name=op.f("ck_research_exports_form")),
        sa.CheckConstraint("state IN ('making', 'ready', 'failed', 'gone')", name=op.f("ck_research_exports_state")),
        sa.CheckConstraint("state <> 'ready' OR rows IS NOT NULL", name=op.f("ck_research_exports_ready")),
    )
    op.create_index("ix_research_exports_project_id", "research_exports", ["project_id"])
    op.create_table(
        "research_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("export_id", sa.Uuid()),
        sa.Column("person_id", sa.Uuid()),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["research_projects.id"], name="fk_research_log_project_id_research_projects"
        ),
        sa.ForeignKeyConstraint(
            ["export_id"], ["research_exports.id"], name="fk_research_log_export_id_research_exports"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["accounts.id"], name="fk_research_log_person_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_research_log"),
        sa.CheckConstraint(
            "act IN ('asked', 'approved', 'refused', 'made', 'downloaded', 'expired')", name=op.f("ck_research_log_act")
        ),
    )
    op.create_index("ix_research_log_project_id", "research_log", ["project_id"])
    op.create_table(
        "weekly_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("school_id", sa.Uuid()),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_weekly_reports_school_id_schools"),
        sa.PrimaryKeyConstraint("id", name="pk_weekly_reports"),
    )
    op.create_index(
        "uq_weekly_reports_week",
        "weekly_reports",
        ["week", sa.text("coalesce(school_id, '00000000-0000-0000-0000-000000000000')")],
        unique=True,
    )
    for table in KEPT:
        op.execute(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()
        """)
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM PUBLIC, CURRENT_USER")


def downgrade() -> None:
    for table in ("weekly_reports", "research_log", "research_exports", "research_projects"):
        op.drop_table(table)
