"""The path of one question: people, questions, sessions, answers, money, jobs, and the matcher's index."""

from alembic import op
from procrastinate.schema import SchemaManager

from matcher.index import Index
from server.store.tables import LEDGER_RULES, metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MATCHER_DIMENSION = 192


def upgrade() -> None:
    bind = op.get_bind()
    metadata.create_all(bind)
    for rule in LEDGER_RULES:
        op.execute(rule)
    for statement in Index.ddl(MATCHER_DIMENSION):
        op.execute(statement)
    assert bind.connection.driver_connection is not None
    with bind.connection.driver_connection.cursor() as cursor:
        cursor.execute(SchemaManager.get_schema())


def downgrade() -> None:
    raise NotImplementedError("the first migration is undone by dropping the database")
