"""Bring a database up to date, and say whether one is."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(url: str) -> None:
    """Run every migration that the database has not seen; safe to call from several nodes at once."""
    command.upgrade(config(url), "head")


async def is_current(connection: AsyncConnection) -> bool:
    try:
        found = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    except ProgrammingError:
        return False
    return found == ScriptDirectory(str(MIGRATIONS)).get_current_head()


def config(url: str) -> Config:
    """Alembic's, for a database with our migrations."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
