"""A backup as docs/operations.md makes it gives back every question and every cent, and still guards them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest

from server.embedded import postgres_programs
from server.store.migrate import migrate
from server.store.work import Store, open_engine
from tests.actions.conftest import SaysSo
from tests.actions.test_path_of_a_question import answered, settle
from tests.builders import POLICY_FEN, World
from tests.databases import Databases


async def test_a_restored_backup_has_every_question_and_cent_and_still_guards_them(
    databases: Databases, database_url: str, tmp_path: Path
) -> None:
    engine = open_engine(database_url)
    store, finder = Store(engine), SaysSo()
    world = World(store)
    await world.policy()
    teacher = await world.teacher()
    question = await world.ask(await world.student())
    await settle(store, finder, question)
    await answered(store, finder, teacher, question)
    await engine.dispose()
    dump, copy = tmp_path / "dayi.dump", databases.clone("template0")

    _run("pg_dump", "--format=custom", "--file", str(dump), _plain(database_url))
    _run("pg_restore", "--clean", "--if-exists", "--dbname", _plain(databases.url_of(copy)), str(dump))
    migrate(databases.url_of(copy))

    with psycopg.connect(_plain(databases.url_of(copy))) as restored, psycopg.connect(_plain(database_url)) as original:
        for table in ("questions", "answers", "ledger_entries", "procrastinate_jobs"):
            rows = f"SELECT * FROM {table} ORDER BY 1, 2"
            assert restored.execute(rows).fetchall() == original.execute(rows).fetchall() != []
        earned = restored.execute("SELECT amount_fen FROM ledger_entries WHERE amount_fen > 0").fetchall()
        assert earned == [(POLICY_FEN,)]
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            restored.execute("UPDATE ledger_entries SET amount_fen = 0")
    databases.drop(copy)


def _run(program: str, *arguments: str) -> None:
    subprocess.run([str(postgres_programs() / program), *arguments], check=True, capture_output=True)


def _plain(url: str) -> str:
    return url.replace("+psycopg", "")
