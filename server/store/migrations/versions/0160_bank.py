"""The bank of questions as research staff search it, their saved cohorts, and photos that are read to search by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0160"
down_revision = "0170"
branch_labels = None
depends_on = None

PLACE = (
    sa.Column("week", sa.Date(), nullable=False),
    sa.Column("level", sa.SmallInteger(), nullable=False),
    sa.Column("subject", sa.Text()),
    sa.Column("stage", sa.Text()),
    sa.Column("knowledge_point", sa.Text()),
    sa.Column("grade", sa.SmallInteger()),
    sa.Column("school_id", sa.Uuid()),
    sa.Column("difficulty", sa.Text()),
)
OUTCOMES = ("seen", "solved", "stuck", "reopened", "unanswered")

# What the bank has of a question follows a label of how hard or fit it is, and an answer that is published or taken
# down; a text that no question has any more is looked at by whoever keeps the bank.
DUE = """
    CREATE FUNCTION bank_is_due() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO research_due (question_id) VALUES (NEW.question_id);
        RETURN NULL;
    END $$
"""
LOOSE = """
    CREATE FUNCTION bank_text_is_loose() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO bank_loose_texts SELECT DISTINCT text_id FROM before WHERE text_id IS NOT NULL
            ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
"""
TRIGGERS = {
    "labels_move_the_bank": ("labels", """AFTER INSERT ON labels FOR EACH ROW
        WHEN (NEW.kind IN ('difficulty', 'fitness')) EXECUTE FUNCTION bank_is_due()"""),
    "answers_move_the_bank": ("answers", """AFTER UPDATE ON answers FOR EACH ROW
        WHEN (NEW.question_id IS NOT NULL AND (OLD.state <> NEW.state OR OLD.review <> NEW.review
              OR OLD.has_pupil <> NEW.has_pupil)) EXECUTE FUNCTION bank_is_due()"""),
    "bank_questions_go": ("bank_questions", """AFTER DELETE ON bank_questions REFERENCING OLD TABLE AS before
        FOR EACH STATEMENT EXECUTE FUNCTION bank_text_is_loose()"""),
    "bank_questions_change": ("bank_questions", """AFTER UPDATE ON bank_questions REFERENCING OLD TABLE AS before
        FOR EACH STATEMENT EXECUTE FUNCTION bank_text_is_loose()"""),
}  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "bank_texts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("digest", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR()),
        sa.PrimaryKeyConstraint("id", name="pk_bank_texts"),
        sa.UniqueConstraint("digest", name="uq_bank_texts_digest"),
    )
    op.create_index("ix_bank_texts_words", "bank_texts", ["words"], postgresql_using="gin")
    op.create_index("ix_bank_texts_wordless", "bank_texts", ["id"], postgresql_where=sa.text("words IS NULL"))
    op.create_table(
        "bank_loose_texts",
        sa.Column("text_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("text_id", name="pk_bank_loose_texts"),
    )
    op.create_table(
        "bank_questions",
        sa.Column("question_id", sa.Uuid(), nullable=False),
        *(column._copy() for column in PLACE),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in OUTCOMES),
        sa.Column("text_id", sa.BigInteger()),
        sa.Column("answer_id", sa.Uuid()),
        sa.Column("figure", postgresql.BIT(64)),
        sa.ForeignKeyConstraint(["text_id"], ["bank_texts.id"], name="fk_bank_questions_text_id_bank_texts"),
        sa.PrimaryKeyConstraint("question_id", name="pk_bank_questions"),
        sa.CheckConstraint("level BETWEEN 0 AND 4", name=op.f("ck_bank_questions_level")),
    )
    op.create_index("ix_bank_questions_week", "bank_questions", ["week", "question_id"])
    op.create_index("ix_bank_questions_text_id", "bank_questions", ["text_id", "week"])
    op.create_index("ix_bank_questions_answer_id", "bank_questions", ["answer_id", "week"])
    op.create_index(
        "ix_bank_questions_subject", "bank_questions", ["subject", "stage", "knowledge_point", "week", "question_id"]
    )
    op.create_index("ix_bank_questions_grade", "bank_questions", ["grade", "subject", "week", "question_id"])
    op.create_index("ix_bank_questions_school_id", "bank_questions", ["school_id", "week", "question_id"])
    op.create_index(
        "ix_bank_questions_difficulty",
        "bank_questions",
        ["difficulty", "subject", "week"],
        postgresql_where=sa.text("difficulty IS NOT NULL"),
    )
    op.create_index(
        "ix_bank_questions_figure", "bank_questions", ["figure"], postgresql_where=sa.text("figure IS NOT NULL")
    )
    op.create_table(
        "bank_units",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *(column._copy() for column in PLACE),
        sa.Column("asked", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in OUTCOMES),
        sa.PrimaryKeyConstraint("id", name="pk_bank_units"),
    )
    op.create_index("ix_bank_units_week", "bank_units", ["week"])
    op.create_table(
        "cohorts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("search", postgresql.JSONB(), nullable=False),
        sa.Column("taxonomy_id", sa.Integer()),
        sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name="fk_cohorts_owner_id_accounts"),
        sa.ForeignKeyConstraint(["taxonomy_id"], ["taxonomies.id"], name="fk_cohorts_taxonomy_id_taxonomies"),
        sa.PrimaryKeyConstraint("id", name="pk_cohorts"),
        sa.UniqueConstraint("owner_id", "title", name="uq_cohorts_owner_id_title"),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 60", name=op.f("ck_cohorts_title")),
    )
    op.create_table(
        "bank_photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'reading'")),
        sa.Column("problems", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name="fk_bank_photos_owner_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_bank_photos"),
        sa.CheckConstraint("state IN ('reading', 'read', 'failed')", name=op.f("ck_bank_photos_state")),
    )
    op.execute(DUE)
    op.execute(LOOSE)
    for name, (_, when) in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {when}")
    op.execute("UPDATE research_weeks SET changed_at = now()")  # each is told anew, into the bank too


def downgrade() -> None:
    for name, (table, _) in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {name} ON {table}")
    for table in ("bank_photos", "cohorts", "bank_units", "bank_questions", "bank_loose_texts", "bank_texts"):
        op.drop_table(table)
    op.execute("DROP FUNCTION bank_text_is_loose()")
    op.execute("DROP FUNCTION bank_is_due()")
