"""Subsidies: policies as documents, facts, months, statements, payouts; the ledger sealed by a chain of hashes. What
was accrued for finished answers becomes facts of its own, and keeps every fen."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0023"
branch_labels = None
depends_on = None

ZONE = "Asia/Shanghai"
FROZEN = ("subsidy_facts", "ledger_seals", "subsidy_statements", "statement_claims")


def upgrade() -> None:
    policies()
    facts()
    ledger()
    months()
    for table in FROZEN:
        op.execute(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()
        """)
    # The triggers stop everybody; the right is taken from every role but a superuser too. A reference needs the right
    # to change the referenced key (PostgreSQL locks that row), which the trigger still forbids.
    for table in ("ledger_entries", "ledger_transactions", *FROZEN):
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM PUBLIC, CURRENT_USER")
    for table in ("ledger_transactions", "subsidy_facts", "subsidy_statements"):
        op.execute(f"GRANT UPDATE (id) ON {table} TO CURRENT_USER")


def policies() -> None:
    op.drop_constraint(op.f("ck_policies_forward"), "policies")
    for column in ("valid_from", "valid_to"):
        op.alter_column("policies", column, type_=sa.Date(), postgresql_using=f"({column} AT TIME ZONE '{ZONE}')::date")
    op.create_check_constraint(op.f("ck_policies_forward"), "policies", "valid_to > valid_from")
    op.add_column("policies", sa.Column("document", sa.Text()))
    op.execute("""
        UPDATE policies SET document = format(
            E'[policy]\\nname = "每题补贴"\\nvalid_from = %s\\n%slevels = ["认定"]\\n\\n'
            '[[rate]]\\nwork = ["session"]\\nyuan = %s.%s\\n',
            valid_from, CASE WHEN valid_to IS NULL THEN '' ELSE format(E'valid_to = %s\\n', valid_to) END,
            live_answer_fen / 100, lpad((live_answer_fen % 100)::text, 2, '0'))
    """)
    op.alter_column("policies", "document", nullable=False)
    op.drop_constraint(op.f("ck_policies_rate"), "policies")
    op.drop_column("policies", "live_answer_fen")
    for name in ("proposed", "approved"):
        op.add_column("policies", sa.Column(f"{name}_by", sa.Uuid()))
        op.create_foreign_key(f"fk_policies_{name}_by_accounts", "policies", "accounts", [f"{name}_by"], ["id"])
    op.add_column(
        "policies",
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
    )
    op.add_column("policies", sa.Column("approved_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE policies SET approved_at = now()")
    op.create_check_constraint(op.f("ck_policies_two_people"), "policies", "approved_by <> proposed_by")
    op.execute("""
        ALTER TABLE policies ADD CONSTRAINT ex_policies_period
        EXCLUDE USING gist (daterange(valid_from, valid_to) WITH &&) WHERE (approved_at IS NOT NULL)
    """)


def facts() -> None:
    op.create_table(
        "subsidy_facts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("teacher_id", sa.Uuid()),
        sa.Column("of_id", sa.Text()),
        sa.Column("starts_at", sa.DateTime(timezone=True)),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Uuid()),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")
        ),
        sa.CheckConstraint("source IN ('platform', 'import', 'review')", name=op.f("ck_subsidy_facts_source")),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_subsidy_facts_teacher_id_accounts"),
        sa.ForeignKeyConstraint(["written_by"], ["accounts.id"], name="fk_subsidy_facts_written_by_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_subsidy_facts"),
    )
    op.create_index("ix_subsidy_facts_teacher_id_starts_at", "subsidy_facts", ["teacher_id", "starts_at"])
    op.create_index("ix_subsidy_facts_of_id", "subsidy_facts", ["of_id"], postgresql_where=sa.text("of_id IS NOT NULL"))
    op.execute("""
        INSERT INTO subsidy_facts (id, kind, teacher_id, starts_at, body, source, recorded_at)
        SELECT 'session:' || s.id, 'session', l.teacher_id, s.opened_at,
               jsonb_build_object('end', to_jsonb(l.done_at), 'active_s',
                   least(greatest(0, floor(extract(epoch FROM l.done_at - s.opened_at))), 86400)::int,
                   'evidence', jsonb_build_array('question:' || s.question_id, 'answer:' || a.id)),
               'platform', l.posted_at
        FROM ledger_transactions l JOIN answers a ON 'live_answer:' || a.id = l.fact_key
        JOIN live_sessions s ON s.id = a.session_id
    """)


def ledger() -> None:
    op.execute("ALTER TABLE ledger_transactions DISABLE TRIGGER ledger_transactions_append_only")
    op.add_column("ledger_transactions", sa.Column("fact_id", sa.Text()))
    op.add_column("ledger_transactions", sa.Column("kind", sa.Text()))
    op.add_column("ledger_transactions", sa.Column("month", sa.Date()))
    op.add_column("ledger_transactions", sa.Column("cause", postgresql.JSONB()))
    op.execute(f"""
        UPDATE ledger_transactions l SET kind = 'accrual', work = 'session',
            done_at = coalesce(began.at, l.done_at),
            month = date_trunc('month', coalesce(began.at, l.done_at) AT TIME ZONE '{ZONE}')::date,
            fact_id = began.fact_id
        FROM ledger_transactions same LEFT JOIN (
            SELECT 'live_answer:' || a.id AS fact_key, 'session:' || s.id AS fact_id, s.opened_at AS at
            FROM answers a JOIN live_sessions s ON s.id = a.session_id) began ON began.fact_key = same.fact_key
        WHERE same.id = l.id
    """)  # noqa: S608 - the zone is ours
    op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    op.alter_column("ledger_transactions", "kind", nullable=False)
    op.alter_column("ledger_transactions", "month", nullable=False)
    op.alter_column("ledger_transactions", "policy_id", nullable=True)
    op.create_check_constraint(
        op.f("ck_ledger_transactions_kind"),
        "ledger_transactions",
        "kind IN ('accrual', 'adjustment', 'payout', 'bounce')",
    )
    op.create_foreign_key(
        "fk_ledger_transactions_fact_id_subsidy_facts", "ledger_transactions", "subsidy_facts", ["fact_id"], ["id"]
    )
    op.create_index("ix_ledger_transactions_fact_id", "ledger_transactions", ["fact_id"])
    op.create_index("ix_ledger_transactions_month", "ledger_transactions", ["month"])
    op.execute("ALTER TABLE ledger_transactions ENABLE TRIGGER ledger_transactions_append_only")
    op.create_table(
        "ledger_seals",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["ledger_transactions.id"], name="fk_ledger_seals_transaction_id_ledger_transactions"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger_seals"),
        sa.UniqueConstraint("transaction_id", name="uq_ledger_seals_transaction_id"),
    )


def months() -> None:
    op.create_table(
        "subsidy_months",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("reckoned_by", sa.Uuid(), nullable=False),
        sa.Column("reckoned_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("appeal_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Uuid()),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("closed_by <> reckoned_by", name=op.f("ck_subsidy_months_two_people")),
        sa.CheckConstraint("(closed_by IS NULL) = (closed_at IS NULL)", name=op.f("ck_subsidy_months_closed")),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_subsidy_months_first_day")),
        sa.ForeignKeyConstraint(["reckoned_by"], ["accounts.id"], name="fk_subsidy_months_reckoned_by_accounts"),
        sa.ForeignKeyConstraint(["closed_by"], ["accounts.id"], name="fk_subsidy_months_closed_by_accounts"),
        sa.PrimaryKeyConstraint("month", name="pk_subsidy_months"),
    )
    op.execute("""
        CREATE FUNCTION month_stays_closed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND OLD.closed_at IS NULL AND NEW.month = OLD.month THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'a month that was reckoned stays, and one that was closed is never reopened';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER subsidy_months_stay_closed BEFORE UPDATE OR DELETE ON subsidy_months
        FOR EACH ROW EXECUTE FUNCTION month_stays_closed()
    """)
    op.create_table(
        "subsidy_statements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("teacher_id", sa.Uuid(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("held_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["month"], ["subsidy_months.month"], name="fk_subsidy_statements_month_subsidy_months"),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_subsidy_statements_teacher_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_subsidy_statements"),
        sa.UniqueConstraint("month", "teacher_id", name="uq_subsidy_statements_month_teacher_id"),
    )
    op.create_index("ix_subsidy_statements_teacher_id", "subsidy_statements", ["teacher_id"])
    op.create_table(
        "statement_claims",
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["ledger_transactions.id"],
            name="fk_statement_claims_transaction_id_ledger_transactions",
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["subsidy_statements.id"], name="fk_statement_claims_statement_id_subsidy_statements"
        ),
        sa.PrimaryKeyConstraint("transaction_id", name="pk_statement_claims"),
    )
    op.create_index("ix_statement_claims_statement_id", "statement_claims", ["statement_id"])
    op.create_table(
        "subsidy_appeals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("reply", sa.Text()),
        sa.Column("replied_by", sa.Uuid()),
        sa.CheckConstraint("(reply IS NULL) = (replied_by IS NULL)", name=op.f("ck_subsidy_appeals_replied")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["subsidy_statements.id"], name="fk_subsidy_appeals_statement_id_subsidy_statements"
        ),
        sa.ForeignKeyConstraint(["replied_by"], ["accounts.id"], name="fk_subsidy_appeals_replied_by_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_subsidy_appeals"),
    )
    op.create_index("ix_subsidy_appeals_statement_id", "subsidy_appeals", ["statement_id"])
    op.create_table(
        "payouts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("teacher_id", sa.Uuid(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ordered_by", sa.Uuid(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("why", sa.Text()),
        sa.CheckConstraint("fen > 0", name=op.f("ck_payouts_positive")),
        sa.CheckConstraint("state IN ('ordered', 'paid', 'bounced')", name=op.f("ck_payouts_state")),
        sa.CheckConstraint("(state = 'ordered') = (settled_at IS NULL)", name=op.f("ck_payouts_settled")),
        sa.ForeignKeyConstraint(["month"], ["subsidy_months.month"], name="fk_payouts_month_subsidy_months"),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_payouts_teacher_id_accounts"),
        sa.ForeignKeyConstraint(["ordered_by"], ["accounts.id"], name="fk_payouts_ordered_by_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_payouts"),
    )
    op.create_index(
        "uq_payouts_once",
        "payouts",
        ["month", "teacher_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'bounced'"),
    )


def downgrade() -> None:
    raise NotImplementedError("money that was reckoned by documents can't go back to one rate; restore a backup")
