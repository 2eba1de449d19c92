"""What research staff owe in a quarter, and what they noted for it; both are kept as they were said."""

import sqlalchemy as sa
from alembic import op

revision = "0166"
down_revision = "0165"
branch_labels = None
depends_on = None

KEPT = ("research_quotas", "research_entries")
KINDS = "kind IN ('demonstration', 'training', 'observed')"
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "research_quotas",
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("lectures", sa.Boolean(), nullable=False),
        sa.Column("lessons", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.ForeignKeyConstraint(["person_id"], ["accounts.id"], name="fk_research_quotas_person_id_accounts"),
        sa.ForeignKeyConstraint(["set_by"], ["accounts.id"], name="fk_research_quotas_set_by_accounts"),
        sa.PrimaryKeyConstraint("number", name="pk_research_quotas"),
        sa.CheckConstraint(KINDS, name=op.f("ck_research_quotas_kind")),
        sa.CheckConstraint("target BETWEEN 0 AND 999", name=op.f("ck_research_quotas_target")),
        sa.CheckConstraint("quarter ~ '^[0-9]{4}-Q[1-4]$'", name=op.f("ck_research_quotas_quarter")),
    )
    op.create_index("ix_research_quotas_quarter", "research_quotas", ["quarter", "person_id", "kind", "number"])
    op.create_table(
        "research_entries",
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("struck", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.ForeignKeyConstraint(["person_id"], ["accounts.id"], name="fk_research_entries_person_id_accounts"),
        sa.PrimaryKeyConstraint("number", name="pk_research_entries"),
        sa.CheckConstraint(KINDS, name=op.f("ck_research_entries_kind")),
        sa.CheckConstraint("length(note) BETWEEN 1 AND 200", name=op.f("ck_research_entries_note")),
    )
    op.create_index("ix_research_entries_person_id_day", "research_entries", ["person_id", "day"])
    op.create_index("ix_research_entries_entry_id", "research_entries", ["entry_id", "number"])
    for table in KEPT:
        op.execute(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()
        """)
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM PUBLIC, CURRENT_USER")


def downgrade() -> None:
    for table in KEPT:
        op.drop_table(table)
