"""The migrations, which a city runs, and the tables, which the code believes in, are one schema."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from server.store.migrate import migrate
from server.store.tables import metadata

JOBS = "procrastinate_"
MATCHER = ("matcher_entries", "matcher_models")  # the matcher writes its own SQL


@pytest.fixture
def connection(database_url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_a_migrated_database_has_the_tables_that_the_code_believes_in(connection: sa.Connection) -> None:
    ours = MigrationContext.configure(
        connection,
        opts={
            "compare_server_default": True,
            "include_name": lambda name, kind, _: (
                kind != "table" or not (name.startswith(JOBS) or name in (*MATCHER, "alembic_version"))
            ),
        },
    )

    assert compare_metadata(ours, metadata) == []


def test_the_checks_of_both_are_the_same(connection: sa.Connection) -> None:
    """Alembic compares no CHECKs: a second database made from the tables is asked for its own."""
    migrated = _checks(connection)
    connection.execute(sa.text("DROP SCHEMA public CASCADE"))
    connection.execute(sa.text("CREATE SCHEMA public"))
    metadata.create_all(connection)

    assert migrated == _checks(connection)


def test_migrating_again_changes_nothing(database_url: str, connection: sa.Connection) -> None:
    before = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all()

    migrate(database_url)

    assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all() == before


def _checks(connection: sa.Connection) -> dict[tuple[str, str], str]:
    rows = connection.execute(
        sa.text("""
            SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE contype = 'c' AND connamespace = 'public'::regnamespace
        """)
    )
    tables = {table.name for table in metadata.tables.values()}
    return {(table, name): check for table, name, check in rows if table in tables}
