"""What the money needs to know of people: who is whose child, who signed in on which device, and where to pay."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kinships",
        sa.Column("teacher_id", sa.Uuid(), nullable=False),
        sa.Column("pupil", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_kinships_teacher_id_accounts"),
        sa.PrimaryKeyConstraint("teacher_id", "pupil", name="pk_kinships"),
    )
    op.create_table(
        "device_sign_ins",
        sa.Column("device", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "last_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_device_sign_ins_account_id_accounts"),
        sa.PrimaryKeyConstraint("device", "account_id", name="pk_device_sign_ins"),
    )
    op.create_index("ix_device_sign_ins_account_id", "device_sign_ins", ["account_id"])
    op.create_index("ix_device_sign_ins_last_at", "device_sign_ins", ["last_at"])
    # A pair of teacher and pupil is looked at from the pupil's side too.
    op.create_index(
        "ix_subsidy_facts_pupil",
        "subsidy_facts",
        [sa.text("(body->>'pupil')"), "starts_at"],
        postgresql_where=sa.text("body->>'pupil' IS NOT NULL"),
    )
    op.create_table(
        "payee_accounts",
        sa.Column("teacher_id", sa.Uuid(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("ending", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(ending) = 4", name=op.f("ck_payee_accounts_ending")),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_payee_accounts_teacher_id_accounts"),
        sa.PrimaryKeyConstraint("teacher_id", name="pk_payee_accounts"),
    )
    op.create_table(
        "payee_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("teacher_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid()),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.CheckConstraint("act IN ('set', 'read')", name=op.f("ck_payee_log_act")),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_payee_log_teacher_id_accounts"),
        sa.ForeignKeyConstraint(["person_id"], ["accounts.id"], name="fk_payee_log_person_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_payee_log"),
    )
    op.create_index("ix_payee_log_teacher_id", "payee_log", ["teacher_id"])
    op.create_index("ix_payee_log_at", "payee_log", ["at"])
    op.execute("""
        CREATE TRIGGER payee_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payee_log
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()
    """)
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON payee_log FROM PUBLIC, CURRENT_USER")


def downgrade() -> None:
    for table in ("payee_log", "payee_accounts"):
        op.drop_table(table)
    op.drop_index("ix_subsidy_facts_pupil", "subsidy_facts")
    for table in ("device_sign_ins", "kinships"):
        op.drop_table(table)
