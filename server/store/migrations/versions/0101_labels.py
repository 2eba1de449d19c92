"""Labels of questions, the models that give some, and which questions they have not seen yet."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0101"
down_revision = "0106"
branch_labels = None
depends_on = None

KINDS = "kind IN ('subject', 'stage', 'point', 'difficulty', 'fitness')"
TO_LABEL = """
    CREATE FUNCTION question_is_to_label() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO to_label (question_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
"""
# Once it has its verdict, and again when its words are put right: labels never come before a pupil's answer.
WHEN = """
    CREATE TRIGGER questions_to_label AFTER UPDATE ON questions FOR EACH ROW WHEN (
        NEW.state NOT IN ('received', 'reading', 'matched', 'withdrawn') AND (
            OLD.state IN ('received', 'reading', 'matched') OR OLD.text <> NEW.text OR OLD.read_text <> NEW.read_text
            OR OLD.corrected_text <> NEW.corrected_text))
    EXECUTE FUNCTION question_is_to_label()
"""


def upgrade() -> None:
    op.create_table(
        "label_models",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("weights", sa.LargeBinary()),
        sa.Column("card", JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_label_models"),
        sa.CheckConstraint(KINDS, name=op.f("ck_label_models_kind")),
        sa.CheckConstraint(
            "adopted_at IS NULL OR weights IS NOT NULL", name=op.f("ck_label_models_adopted_has_weights")
        ),
    )
    op.create_index("ix_label_models_serving", "label_models", ["kind", "scope", "adopted_at"])
    op.create_table(
        "labels",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid()),
        sa.Column("model_id", sa.Integer()),
        sa.Column("confidence", sa.Float()),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name="fk_labels_question_id_questions"),
        sa.ForeignKeyConstraint(["person_id"], ["accounts.id"], name="fk_labels_person_id_accounts"),
        sa.ForeignKeyConstraint(["model_id"], ["label_models.id"], name="fk_labels_model_id_label_models"),
        sa.PrimaryKeyConstraint("id", name="pk_labels"),
        sa.CheckConstraint(KINDS, name=op.f("ck_labels_kind")),
        sa.CheckConstraint(
            "source IN ('model', 'teacher', 'researcher', 'reviewer')", name=op.f("ck_labels_source")
        ),
        sa.CheckConstraint(
            "CASE source WHEN 'model' THEN person_id IS NULL AND model_id IS NOT NULL AND confidence BETWEEN 0 AND 1"
            " ELSE person_id IS NOT NULL AND model_id IS NULL AND confidence IS NULL END",
            name=op.f("ck_labels_who"),
        ),
        sa.CheckConstraint("length(value) BETWEEN 1 AND 60", name=op.f("ck_labels_value")),
    )
    op.create_index("ix_labels_question_id_kind", "labels", ["question_id", "kind", "id"])
    op.create_index("ix_labels_of_people", "labels", ["kind", "id"], postgresql_where=sa.text("source <> 'model'"))
    doubts = sa.text("source = 'model' AND kind IN ('subject', 'stage')")
    op.create_index("ix_labels_doubts", "labels", ["id"], postgresql_where=doubts)
    held = sa.text("kind = 'fitness' AND value <> 'question'")
    op.create_index("ix_labels_held", "labels", ["id"], postgresql_where=held)
    op.create_table(
        "to_label",
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("question_id", name="pk_to_label"),
    )
    op.create_table(
        "nights",
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("task", name="pk_nights"),
    )
    op.execute(TO_LABEL)
    op.execute(WHEN)


def downgrade() -> None:
    op.execute("DROP TRIGGER questions_to_label ON questions")
    op.execute("DROP FUNCTION question_is_to_label()")
    for table in ("nights", "to_label", "labels", "label_models"):
        op.drop_table(table)
