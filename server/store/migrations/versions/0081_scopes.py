"""An HNSW index for each subject and stage instead of one for all, and the pairs of the word index with their subject
and stage: a search goes past nothing that is of others."""

from hashlib import sha256
from itertools import product
from zlib import crc32

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
    for version, _ in _models():
        op.execute(f'DROP INDEX IF EXISTS "{_name(version)}"')
    op.drop_index("matcher_entries_grams", "matcher_entries")
    for subject, stage in product(SUBJECTS, STAGES):
        where = f"subject = '{subject}' AND stage = '{stage}'"
        _rewrite(f"pair || ' {crc32(f'{subject} {stage}'.encode()) % 4096:03x}'", where)
    _rewrite("pair || ' '", "subject IS NULL OR stage IS NULL")
    _index_words()
    for version, dimension in _models():
        for subject, stage in product(SUBJECTS, STAGES):
            where = f"kind = 'answer' AND subject = '{subject}' AND stage = '{stage}'"
            _build(f"{_name(version)}_{subject}_{stage}", version, dimension, where)


def downgrade() -> None:
    for version, _ in _models():
        for subject, stage in product(SUBJECTS, STAGES):
            op.execute(f'DROP INDEX IF EXISTS "{_name(version)}_{subject}_{stage}"')
    op.drop_index("matcher_entries_grams", "matcher_entries")
    _rewrite("split_part(pair, ' ', 1)", "true")
    _index_words()
    for version, dimension in _models():
        _build(_name(version), version, dimension, "kind = 'answer'")


def _rewrite(pair: str, where: str) -> None:
    op.execute(f"""
        UPDATE matcher_entries SET grams = coalesce(
            (SELECT array_to_tsvector(array_agg(DISTINCT {pair})) FROM unnest(tsvector_to_array(grams)) AS pair), '')
        WHERE {where}
    """)  # noqa: S608  constants of this file


def _index_words() -> None:
    op.execute("CREATE INDEX matcher_entries_grams ON matcher_entries USING gin (grams) WITH (fastupdate = off)")


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
