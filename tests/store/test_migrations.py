"""The migrations, which a city runs, and the tables, which the code believes in, are one schema."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from matcher.index import Index, telltales
from matcher.lexical import telling
from matcher.normalize import normalize
from server.store.migrate import config, migrate
from server.store.tables import metadata

JOBS = "procrastinate_"
MATCHER = ("matcher_entries", "matcher_models")  # the matcher writes its own SQL


@pytest.fixture
def connection(database_url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


# Of more than a hundred tables Alembic reads all, the matcher's too, which it then leaves out.
@pytest.mark.filterwarnings("ignore:Did not recognize type 'halfvec'")
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


@pytest.mark.parametrize(("subject", "stage"), [("math", "primary"), ("math", None)])
def test_entries_written_before_scopes_were_searched_by_themselves_are_found_as_new_ones_are(
    database_url: str, connection: sa.Connection, subject: str | None, stage: str | None
) -> None:
    problem = normalize("小明有25箱苹果，每箱12千克，卖了180千克，还剩多少千克？")
    command.downgrade(config(database_url), "0080")
    connection.execute(sa.text("INSERT INTO matcher_models VALUES ('m', '', 2, 'serving')"))
    of_old = {"id": uuid4(), "text": problem.original, "subject": subject, "stage": stage}
    connection.execute(_OLD_ENTRY, {**of_old, "grams": list(telling(problem.text))})
    connection.commit()

    migrate(database_url)

    kept = connection.execute(sa.text("SELECT tsvector_to_array(grams) FROM matcher_entries")).scalar_one()
    name = {"name": Index(2, "m").index_name("math", "primary")}
    built = connection.execute(sa.text("SELECT to_regclass(quote_ident(:name))"), name).scalar_one()
    assert sorted(kept) == sorted(telltales(problem, subject, stage))
    assert built is not None


_OLD_ENTRY = sa.text("""
    INSERT INTO matcher_entries (id, kind, subject, stage, text, embedding, grams, model_version)
    VALUES (:id, 'answer', :subject, :stage, :text, '[1,0]', array_to_tsvector(CAST(:grams AS text[])), 'm')
""")


def _checks(connection: sa.Connection) -> dict[tuple[str, str], str]:
    rows = connection.execute(
        sa.text("""
            SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE contype = 'c' AND connamespace = 'public'::regnamespace
        """)
    )
    tables = {table.name for table in metadata.tables.values()}
    return {(table, name): check for table, name, check in rows if table in tables}
