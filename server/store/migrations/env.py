"""Runs migrations on the URL that `server.store.migrate` (or a test) hands over, one transaction each."""

from alembic import context
from sqlalchemy import create_engine, pool

from server.store.tables import metadata


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    assert url, "server.store.migrate gives the URL"
    engine = create_engine(f"postgresql+psycopg://{url.split('://', 1)[1]}", poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_lock(20261)")  # two nodes that start together take turns
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
