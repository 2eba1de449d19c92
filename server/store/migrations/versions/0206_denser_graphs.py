"""The next REINDEX of each subject's and stage's HNSW index makes it as dense as those of a new bank are."""

import sqlalchemy as sa
from alembic import op

revision = "0206"
down_revision = "0205"
branch_labels = None
depends_on = None

NEW, OLD = "m = 32, ef_construction = 256", "m = 24, ef_construction = 128"


def upgrade() -> None:
    _set(NEW)


def downgrade() -> None:
    _set(OLD)


def _set(options: str) -> None:
    indexes = sa.text("""
        SELECT c.relname FROM pg_class c JOIN pg_am a ON a.oid = c.relam JOIN pg_index i ON i.indexrelid = c.oid
        WHERE a.amname = 'hnsw' AND i.indrelid = 'matcher_entries'::regclass
    """)
    for (name,) in op.get_bind().execute(indexes).all():
        op.execute(f'ALTER INDEX "{name}" SET ({options})')
