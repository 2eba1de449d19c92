"""An HNSW index for each subject and stage instead of one for all: a search walks past nothing that is of others."""

from hashlib import sha256
from itertools import product

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None

SUBJECTS = (
    "chinese",
    "math",
    "english",
    "physics",
    "chemistry",
    "biology",
    "history",
    "geography",
    "politics",
    "science",
)
STAGES = ("primary", "junior", "senior")


def upgrade() -> None:
    for version, dimension in _models():
        op.execute(f'DROP INDEX IF EXISTS "{_name(version)}"')
        for subject, stage in product(SUBJECTS, STAGES):
            where = f"kind = 'answer' AND subject = '{subject}' AND stage = '{stage}'"
            _build(f"{_name(version)}_{subject}_{stage}", version, dimension, where)


def downgrade() -> None:
    for version, dimension in _models():
        for subject, stage in product(SUBJECTS, STAGES):
            op.execute(f'DROP INDEX IF EXISTS "{_name(version)}_{subject}_{stage}"')
        _build(_name(version), version, dimension, "kind = 'answer'")


def _models() -> list[tuple[str, int]]:
    found = op.get_bind().execute(sa.text("SELECT version, dimension FROM matcher_models"))
    return [(row.version, row.dimension) for row in found]


def _name(version: str) -> str:
    return f"matcher_entries_{sha256(version.encode()).hexdigest()[:12]}"


def _build(name: str, version: str, dimension: int, where: str) -> None:
    quoted = version.replace("'", "''")
    statement = f"""
        CREATE INDEX "{name}" ON matcher_entries
        USING hnsw ((embedding::halfvec({dimension})) halfvec_cosine_ops) WITH (m = 24, ef_construction = 128)
        WHERE model_version = '{quoted}' AND {where}
    """
    op.execute(sa.text(statement.replace(":", "\\:")))
