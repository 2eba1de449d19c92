"""The path of one question: people, questions, sessions, answers, money, jobs, and the matcher's index."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    tables()
    ledger_rules()
    matcher_index()
    jobs()


def downgrade() -> None:
    raise NotImplementedError("the first migration is undone by dropping the database")


def tables() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("nickname", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("grade", sa.Integer()),
        sa.Column("password_hash", sa.Text()),
        sa.Column("activation_hash", sa.LargeBinary()),
        sa.Column("activation_expires_at", sa.DateTime(timezone=True)),
        sa.Column("disabled_at", sa.DateTime(timezone=True)),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("grade BETWEEN 1 AND 12", name=op.f("ck_accounts_grade")),
        sa.CheckConstraint("login = lower(login) AND length(login) BETWEEN 1 AND 64", name=op.f("ck_accounts_login")),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("login", name="uq_accounts_login"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Uuid(), nullable=False),
        sa.Column("body", postgresql.JSONB()),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True)),
        sa.Column("live_answer_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("live_answer_fen BETWEEN 0 AND 10000000", name=op.f("ck_policies_rate")),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_policies_forward")),
        sa.PrimaryKeyConstraint("id", name="pk_policies"),
    )
    op.create_table(
        "schools",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schools"),
        sa.UniqueConstraint("name", name="uq_schools_name"),
    )
    op.create_table(
        "certifications",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.CheckConstraint("stage IN ('primary', 'junior', 'senior')", name=op.f("ck_certifications_stage")),
        sa.CheckConstraint(
            "subject IN ('chinese', 'math', 'english', 'physics', 'chemistry', 'biology', 'history', 'geography', "
            "'politics', 'science')",
            name=op.f("ck_certifications_subject"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_certifications_account_id_accounts"),
        sa.PrimaryKeyConstraint("account_id", "subject", "stage", name="pk_certifications"),
    )
    op.create_table(
        "idempotency",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("resource", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_idempotency_account_id_accounts"),
        sa.PrimaryKeyConstraint("account_id", "key", name="pk_idempotency"),
    )
    op.create_table(
        "identities",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("real_name", sa.Text(), nullable=False),
        sa.Column("school_id", sa.Uuid()),
        sa.Column("guardian_contact", sa.Text()),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_identities_account_id_accounts"),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_identities_school_id_schools"),
        sa.PrimaryKeyConstraint("account_id", name="pk_identities"),
    )
    op.create_table(
        "media",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("thumb_key", sa.Text()),
        sa.Column("size", sa.BigInteger()),
        sa.Column("sha256", sa.Text()),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("duration_ms", sa.Integer()),
        sa.Column("peaks", postgresql.ARRAY(sa.Integer())),
        sa.Column("session_id", sa.Uuid()),
        sa.Column("start_ms", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('photo', 'voice', 'video', 'recording')", name=op.f("ck_media_kind")),
        sa.CheckConstraint("state <> 'ready' OR key IS NOT NULL", name=op.f("ck_media_ready_has_key")),
        sa.CheckConstraint("state IN ('arriving', 'ready', 'refused')", name=op.f("ck_media_state")),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name="fk_media_owner_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_media"),
    )
    op.create_index("ix_media_owner_id", "media", ["owner_id"])
    op.create_index("ix_media_session_id", "media", ["session_id"])
    op.create_table(
        "presence",
        sa.Column("teacher_id", sa.Uuid(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapses", sa.Integer(), nullable=False),
        sa.CheckConstraint("wish IN ('ready', 'away', 'off')", name=op.f("ck_presence_wish")),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_presence_teacher_id_accounts"),
        sa.PrimaryKeyConstraint("teacher_id", name="pk_presence"),
    )
    op.create_table(
        "questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("read_text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text()),
        sa.Column("leader_id", sa.Uuid()),
        sa.Column("followers", sa.Integer(), nullable=False),
        sa.Column("teacher_id", sa.Uuid()),
        sa.Column("assignment_epoch", sa.Integer(), nullable=False),
        sa.Column("offers_made", sa.Integer(), nullable=False),
        sa.Column("refused_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("answer_id", sa.Uuid()),
        sa.Column("promised_at", sa.DateTime(timezone=True)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("alarmed_at", sa.DateTime(timezone=True)),
        sa.Column("knowledge_point", sa.Text()),
        sa.CheckConstraint("(state = 'following') = (leader_id IS NOT NULL)", name=op.f("ck_questions_leader_named")),
        sa.CheckConstraint(
            "(state IN ('offered', 'answering')) <= (teacher_id IS NOT NULL)", name=op.f("ck_questions_teacher_named")
        ),
        sa.CheckConstraint(
            "state IN ('received', 'reading', 'matched', 'suggested', 'following', 'waiting', 'offered', 'answering', "
            "'answered', 'resolved', 'withdrawn')",
            name=op.f("ck_questions_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('waiting', 'received', 'reading') OR teacher_id IS NULL",
            name=op.f("ck_questions_teacher_gone"),
        ),
        sa.CheckConstraint(
            "subject IN ('chinese', 'math', 'english', 'physics', 'chemistry', 'biology', 'history', 'geography', "
            "'politics', 'science')",
            name=op.f("ck_questions_subject"),
        ),
        sa.ForeignKeyConstraint(["leader_id"], ["questions.id"], name="fk_questions_leader_id_questions"),
        sa.ForeignKeyConstraint(["student_id"], ["accounts.id"], name="fk_questions_student_id_accounts"),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_questions_teacher_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
    )
    op.create_index("ix_questions_answer_id", "questions", ["answer_id"])
    op.create_index(
        "ix_questions_leader_id", "questions", ["leader_id"], postgresql_where=sa.text("leader_id IS NOT NULL")
    )
    op.create_index(
        "ix_questions_pipeline",
        "questions",
        ["state_since"],
        postgresql_where=sa.text("state IN ('received', 'reading', 'matched')"),
    )
    op.create_index(
        "ix_questions_queue", "questions", ["received_at", "id"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index("ix_questions_student_id_received_at", "questions", ["student_id", "received_at"])
    op.create_table(
        "shifts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("teacher_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_shifts_forward")),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_shifts_teacher_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_shifts"),
    )
    op.create_index("ix_shifts_ends_at", "shifts", ["ends_at"])
    op.create_table(
        "sign_ins",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("api", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sign_ins_account_id_accounts"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sign_ins"),
    )
    op.create_index("ix_sign_ins_account_id", "sign_ins", ["account_id"])
    op.create_table(
        "tickets",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("sign_in_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_tickets_account_id_accounts"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_tickets"),
    )
    op.create_index("ix_tickets_expires_at", "tickets", ["expires_at"])
    op.create_table(
        "ledger_transactions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fact_key", sa.Text(), nullable=False),
        sa.Column("work", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("teacher_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid()),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_ledger_transactions_policy_id_policies"),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name="fk_ledger_transactions_question_id_questions"),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_ledger_transactions_teacher_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_transactions"),
        sa.UniqueConstraint("fact_key", name="uq_ledger_transactions_fact_key"),
    )
    op.create_index("ix_ledger_transactions_teacher_id_done_at", "ledger_transactions", ["teacher_id", "done_at"])
    op.create_table(
        "live_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("teacher_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_epoch", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("next_seq", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("teacher_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("student_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_why", sa.Text()),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name=op.f("ck_live_sessions_ended")),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name="fk_live_sessions_question_id_questions"),
        sa.ForeignKeyConstraint(["student_id"], ["accounts.id"], name="fk_live_sessions_student_id_accounts"),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_live_sessions_teacher_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_live_sessions"),
    )
    op.create_index(
        "uq_live_sessions_question_open",
        "live_sessions",
        ["question_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_live_sessions_teacher_open",
        "live_sessions",
        ["teacher_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "offers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("teacher_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_epoch", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'declined', 'lapsed', 'withdrawn')", name=op.f("ck_offers_state")
        ),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name="fk_offers_question_id_questions"),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_offers_teacher_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_offers"),
    )
    op.create_index("ix_offers_expires_at", "offers", ["expires_at"], postgresql_where=sa.text("state = 'open'"))
    op.create_index(
        "uq_offers_question_open", "offers", ["question_id"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(
        "uq_offers_teacher_open", "offers", ["teacher_id"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.create_table(
        "question_media",
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name="fk_question_media_media_id_media"),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name="fk_question_media_question_id_questions"),
        sa.PrimaryKeyConstraint("question_id", "position", name="pk_question_media"),
        sa.UniqueConstraint("media_id", name="uq_question_media_media_id"),
    )
    op.create_table(
        "suggestions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("outcome IN ('solved', 'not_mine', 'still_stuck')", name=op.f("ck_suggestions_outcome")),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name="fk_suggestions_question_id_questions"),
        sa.PrimaryKeyConstraint("id", name="pk_suggestions"),
    )
    op.create_index("ix_suggestions_answer_id", "suggestions", ["answer_id"])
    op.create_index("ix_suggestions_question_id", "suggestions", ["question_id"])
    op.create_table(
        "answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("teacher_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("problem_text", sa.Text(), nullable=False),
        sa.Column("video_key", sa.Text()),
        sa.Column("poster_key", sa.Text()),
        sa.Column("duration_ms", sa.Integer()),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "state <> 'published' OR video_key IS NOT NULL", name=op.f("ck_answers_published_has_video")
        ),
        sa.CheckConstraint("state IN ('rendering', 'published', 'failed', 'withdrawn')", name=op.f("ck_answers_state")),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name="fk_answers_question_id_questions"),
        sa.ForeignKeyConstraint(["session_id"], ["live_sessions.id"], name="fk_answers_session_id_live_sessions"),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_answers_teacher_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_answers"),
        sa.UniqueConstraint("session_id", name="uq_answers_session_id"),
    )
    op.create_index("ix_answers_question_id", "answers", ["question_id"])
    op.create_table(
        "board_operations",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("op_id", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.CheckConstraint("author IN ('teacher', 'student')", name=op.f("ck_board_operations_author")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["live_sessions.id"], name="fk_board_operations_session_id_live_sessions"
        ),
        sa.PrimaryKeyConstraint("session_id", "seq", name="pk_board_operations"),
        sa.UniqueConstraint("session_id", "op_id", name="uq_board_operations_session_id_op_id"),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["ledger_transactions.id"], name="fk_ledger_entries_transaction_id_ledger_transactions"
        ),
        sa.PrimaryKeyConstraint("transaction_id", "line", name="pk_ledger_entries"),
    )
    op.create_index("ix_ledger_entries_account", "ledger_entries", ["account"])


def ledger_rules() -> None:
    """Every transaction sums to zero, and what was posted stays as it is, whoever asks."""
    op.execute("""
        CREATE FUNCTION ledger_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF (SELECT sum(amount_fen) FROM ledger_entries WHERE transaction_id = NEW.transaction_id) <> 0 THEN
                RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.transaction_id;
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE CONSTRAINT TRIGGER ledger_sums_to_zero AFTER INSERT ON ledger_entries
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_sums_to_zero()
    """)
    op.execute("""
        CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the ledger is append-only';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()
    """)
    op.execute("""
        CREATE TRIGGER ledger_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()
    """)


def matcher_index() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.execute("""
        CREATE TABLE matcher_entries (
            id uuid PRIMARY KEY,
            kind text NOT NULL CHECK (kind IN ('answer', 'open')),
            subject text,
            stage text,
            text text NOT NULL,
            embedding halfvec(192) STORAGE PLAIN NOT NULL,
            grams tsvector NOT NULL,
            model_version text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        ) WITH (toast_tuple_target = 512)
    """)
    op.execute("CREATE INDEX matcher_entries_embedding ON matcher_entries USING hnsw (embedding halfvec_cosine_ops)")
    op.execute("CREATE INDEX matcher_entries_grams ON matcher_entries USING gin (grams)")


def jobs() -> None:
    """Procrastinate's own tables. A newer Procrastinate brings changes of its schema as files: a later migration
    runs those, never this one."""
    connection = op.get_bind().connection.driver_connection
    assert connection is not None
    with connection.cursor() as cursor:
        cursor.execute(SchemaManager.get_schema())
