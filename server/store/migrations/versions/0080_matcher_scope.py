"""The matcher's entries by subject and stage, so that a narrow scope is compared whole; HNSW holds the answers alone;
and the word index is written at once, as each of a question's pairs would else read all that was not yet sorted in."""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0140"
branch_labels = None
depends_on = None


def upgrade() -> None:
    subject, stage = sa.text("coalesce(subject, '')"), sa.text("coalesce(stage, '')")
    op.create_index("matcher_entries_scope", "matcher_entries", ["model_version", "kind", subject, stage])
    op.execute("ALTER INDEX matcher_entries_grams SET (fastupdate = off)")
    _build("AND kind = 'answer'")


def downgrade() -> None:
    _build("")
    op.execute("ALTER INDEX matcher_entries_grams RESET (fastupdate)")
    op.drop_index("matcher_entries_scope", "matcher_entries")


def _build(which: str) -> None:
    for version, dimension in op.get_bind().execute(sa.text("SELECT version, dimension FROM matcher_models")).all():
        name = f"matcher_entries_{sha256(version.encode()).hexdigest()[:12]}"
        quoted = version.replace("'", "''")
        op.execute(f'DROP INDEX IF EXISTS "{name}"')
        op.execute(sa.text(f"""
            CREATE INDEX "{name}" ON matcher_entries
            USING hnsw ((embedding::halfvec({dimension})) halfvec_cosine_ops) WITH (m = 24, ef_construction = 128)
            WHERE model_version = '{quoted}' {which}
        """.replace(":", "\\:")))
