"""What people say of matches, the calibrations fitted on it, and several models' vectors side by side."""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("questions", sa.Column("confidence", sa.Float()))
    op.create_table(
        "match_labels",
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("known_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("confidence", sa.Float()),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("source IN ('pupil', 'teacher')", name=op.f("ck_match_labels_source")),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name="fk_match_labels_question_id_questions"),
        sa.ForeignKeyConstraint(["person_id"], ["accounts.id"], name="fk_match_labels_person_id_accounts"),
        sa.PrimaryKeyConstraint("question_id", "known_id", "source", name="pk_match_labels"),
    )
    op.create_table(
        "calibrations",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("slope", sa.Float(), nullable=False),
        sa.Column("shift", sa.Float(), nullable=False),
        sa.Column("bars", JSONB(), nullable=False),
        sa.Column("report", JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("made_by IN ('operator', 'alarm')", name=op.f("ck_calibrations_made_by")),
        sa.PrimaryKeyConstraint("id", name="pk_calibrations"),
    )
    op.create_index("ix_calibrations_adopted_at", "calibrations", ["adopted_at"])
    models()


def models() -> None:
    """An entry once for each model; each model's vectors have an index of their own dimension."""
    op.execute("DROP INDEX matcher_entries_embedding")
    op.execute("ALTER TABLE matcher_entries ALTER COLUMN embedding TYPE halfvec USING embedding::halfvec")
    op.execute("ALTER TABLE matcher_entries ALTER COLUMN embedding SET STORAGE MAIN")
    op.execute("ALTER TABLE matcher_entries DROP CONSTRAINT matcher_entries_pkey")
    op.execute("ALTER TABLE matcher_entries ADD PRIMARY KEY (id, model_version)")
    op.execute("""
        CREATE TABLE matcher_models (
            version text PRIMARY KEY,
            name text NOT NULL,
            dimension integer NOT NULL,
            state text NOT NULL CHECK (state IN ('filling', 'serving', 'retired')),
            since timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE UNIQUE INDEX matcher_models_one_serves ON matcher_models (state) WHERE state = 'serving'")
    op.execute("""
        INSERT INTO matcher_models (version, name, dimension, state)
        SELECT model_version, '', max(vector_dims(embedding)),
               CASE row_number() OVER (ORDER BY count(*) DESC) WHEN 1 THEN 'serving' ELSE 'retired' END
        FROM matcher_entries GROUP BY model_version
    """)
    for version, dimension in op.get_bind().execute(sa.text("SELECT version, dimension FROM matcher_models")).all():
        name, quoted = sha256(version.encode()).hexdigest()[:12], version.replace("'", "''")
        op.execute(sa.text(f"""
            CREATE INDEX "matcher_entries_{name}" ON matcher_entries
            USING hnsw ((embedding::halfvec({int(dimension)})) halfvec_cosine_ops) WHERE model_version = '{quoted}'
        """.replace(":", "\\:")))


def downgrade() -> None:
    op.execute("DELETE FROM matcher_entries WHERE model_version NOT IN "
               "(SELECT version FROM matcher_models WHERE state = 'serving' AND dimension = 192)")
    for (version,) in op.get_bind().execute(sa.text("SELECT version FROM matcher_models")).all():
        op.execute(f'DROP INDEX IF EXISTS "matcher_entries_{sha256(version.encode()).hexdigest()[:12]}"')
    op.execute("DROP TABLE matcher_models")
    op.execute("ALTER TABLE matcher_entries DROP CONSTRAINT matcher_entries_pkey")
    op.execute("ALTER TABLE matcher_entries ADD PRIMARY KEY (id)")
    op.execute("ALTER TABLE matcher_entries ALTER COLUMN embedding TYPE halfvec(192) USING embedding::halfvec(192)")
    op.execute("ALTER TABLE matcher_entries ALTER COLUMN embedding SET STORAGE PLAIN")
    op.execute("CREATE INDEX matcher_entries_embedding ON matcher_entries USING hnsw (embedding halfvec_cosine_ops)")
    op.drop_table("calibrations")
    op.drop_table("match_labels")
    op.drop_column("questions", "confidence")
