"""What an auditor does at the command line: verify, export to another program's books, import, simulate."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import msgspec
import psycopg
import pytest
from alembic import command

from server.actions import subsidy
from server.store.audit import export
from server.store.migrate import config, migrate
from server.store.tables import metadata
from server.store.work import Store
from server.subsidy_file import FactLine
from tests.builders import World
from tests.databases import Databases
from tests.subsidy.office import LONG_AFTER, an_office, lesson, rates

MARCH = date(2026, 3, 1)


@pytest.fixture
def hledger() -> str:
    found = shutil.which("hledger")
    assert found, "hledger is missing: run `sh deploy/hledger.sh` as root, or apt-get install hledger"
    return found


def run(*command: str) -> tuple[int, str]:
    """Its status, and what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


async def test_hledger_finds_the_exported_books_in_order_and_comes_to_the_same_sums(
    world: World, store: Store, hledger: str, tmp_path: Path
) -> None:
    """With all that can happen to money: held, corrected, carried to a pool, taxed elsewhere, paid, bounced."""
    taxed = rates("20.25", more="[payout]\nwithheld_share = 0.033")
    office, teacher = await an_office(world, taxed), await world.teacher("wang", on_duty=False)
    await world.teacher("li", on_duty=False)
    await office.facts(
        *(lesson("wang", f"2026-03-0{day} 19:00", id=f"w{day}") for day in range(1, 8)),
        lesson("wang", "2026-03-08 19:00", flags=("same_device",)),
        *(lesson("li", f"2026-03-0{day} 19:00") for day in range(1, 4)),
    )
    await office.facts(lesson("li", "2026-03-01 19:30", replaces="w1"))
    await office.accounts("wang", "li")
    await office.reckon(MARCH)
    await office.close(MARCH)
    async with store.work() as work:
        assert await subsidy.order_payouts(work, office.closer, MARCH) == 2
    bounced, _ = await store.rows("SELECT id FROM payouts ORDER BY fen", {})
    async with store.work() as work:
        await subsidy.settle_payout(work, office.closer, bounced.id, "bounced", "账号不符", LONG_AFTER)
    await office.facts(FactLine(id="late", kind="void", replaces="w2"))
    journal = tmp_path / "dayi.journal"
    journal.write_text("\n".join(await export(store, "hledger")))

    assert run(hledger, "-f", str(journal), "check", "-s") == (0, "")
    _, balances = run(hledger, "-f", str(journal), "balance", "-N", "--flat", "-O", "csv")
    assert {account: fen / 100 for account, fen in (await office.balances()).items()} == {
        account: float(amount.removesuffix(" CNY"))
        for account, amount in (line.strip('"').split('","') for line in balances.splitlines()[1:])
    }
    assert f"held:{teacher.id}" in balances and "tax:withheld_elsewhere" in balances and "bank:transfers" in balances


async def test_the_text_for_beancount_opens_every_account_and_balances(world: World, store: Store) -> None:
    office = await an_office(world, rates())
    await world.teacher("wang", on_duty=False)
    await office.facts(lesson("wang", "2026-03-02 19:00"))

    lines = list(await export(store, "beancount"))

    opened = {line.split()[2] for line in lines if " open " in line}
    posted = [line.split() for line in lines if line.startswith("  ")]
    assert {account for account, _, _ in posted} == opened
    assert all(account.split(":")[0] in ("Expenses", "Liabilities", "Assets") for account in opened)
    assert sum(float(amount) for _, amount, _ in posted) == 0


async def contents(store: Store) -> dict[str, str]:
    """Every row of every table, as a digest for each."""
    digest = "SELECT coalesce(md5(string_agg(row::text, chr(10) ORDER BY row::text)), '') AS rows FROM {} row"
    return {name: (await store.rows(digest.format(name), {}))[0].rows for name in sorted(metadata.tables)}


async def test_facts_are_imported_simulated_without_a_trace_and_verified_at_the_command_line(
    world: World, store: Store, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_office(world, rates())
    await world.teacher("wang", on_duty=False)
    facts = tmp_path / "facts.jsonl"
    facts.write_bytes(msgspec.json.encode(lesson("wang", "2026-03-02 19:00", id="import:a")))
    draft = tmp_path / "draft.toml"
    draft.write_text(rates("30")["document"])

    monkeypatch.setenv("DAYI_DATABASE_URL", database_url)
    monkeypatch.setenv("DAYI_REDIS_URL", "redis://127.0.0.1:1")

    def dayi(*arguments: str) -> tuple[int, str]:
        """In a process of its own: commands run their own event loop."""
        return run(sys.executable, "-m", "server.cli", *arguments)

    assert dayi("subsidy", "import", str(facts)) == (0, "1 facts are in order, 1 of them new.\n")
    simulated = ["simulate", "--policy", str(draft), "--from", "2026-03-01", "--to", "2026-04-01"]
    before = await contents(store)
    code, said = dayi("subsidy", *simulated, "--out", str(tmp_path / "compared.json"))
    assert await contents(store) == before and before["subsidy_facts"]
    assert code == 0 and "now ¥20.00, under the draft ¥30.00" in said and "1 teachers gain, 0 lose" in said
    months, schools, teachers = said.split("\n\n")[1:]
    for part, name in ((months, "2026-03"), (schools, "(no school)"), (teachers, "演示·wang")):
        _, now, draft = part.strip("\n").splitlines()
        assert now.startswith(name) and now.endswith("20.00  " + "░" * 20)
        assert draft.strip().startswith("draft") and draft.endswith("30.00  " + "█" * 30 + "  +10.00")
    assert dayi("subsidy", *simulated[:-1], "2026-03-01")[0] == 1
    assert json.loads((tmp_path / "compared.json").read_text())["by_month"] == [["2026-03", 2_000, 3_000]]
    code, said = dayi("ledger", "verify")
    assert code == 0 and "1 transactions, 0 sealed, 0 statements, 0 facts reckoned again: nothing wrong" in said
    facts.write_text(facts.read_text().replace('"wang"', '"nobody"'))
    assert dayi("subsidy", "import", str(facts))[0] == 1


def test_what_was_accrued_before_keeps_every_fen(databases: Databases) -> None:
    """The books are opened over a service that has run: its answers become facts, its postings stay as they were."""
    name = databases.clone("template0")
    url = databases.url_of(name)
    command.upgrade(config(url), "0002")
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(_BEFORE)

    migrate(url)

    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT account, amount_fen FROM ledger_entries ORDER BY 1").fetchall() == [
            ("budget:answering", 2_050),
            ("owed:00000000-0000-0000-0000-0000000000aa", -2_050),
        ]
        assert connection.execute("SELECT fact_id, month, kind, work FROM ledger_transactions").fetchall() == [
            ("session:00000000-0000-0000-0000-0000000000cc", date(2026, 4, 1), "accrual", "session")
        ]
        fact = connection.execute("SELECT kind, body->>'active_s' FROM subsidy_facts").fetchall()
        assert fact == [("session", "600")]
        document = connection.execute("SELECT document FROM policies").fetchone()
        assert document is not None and "yuan = 20.50" in document[0] and "valid_from = 2026-01-01" in document[0]
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute("UPDATE ledger_transactions SET month = '2026-03-01'")
    databases.drop(name)


_BEFORE = """
    INSERT INTO accounts (id, login, nickname, roles) VALUES
        ('00000000-0000-0000-0000-0000000000aa', 'wang', 'w', '{teacher}'),
        ('00000000-0000-0000-0000-0000000000ab', 'ming', 'm', '{student}');
    INSERT INTO questions (id, student_id, subject, grade, received_at, text, read_text, state, state_since, version,
        followers, assignment_epoch, offers_made, refused_by) VALUES
        ('00000000-0000-0000-0000-0000000000bb', '00000000-0000-0000-0000-0000000000ab', 'math', 8,
         '2026-03-31 15:50Z', 'x', '', 'answered', now(), 1, 0, 1, 1, '{}');
    INSERT INTO live_sessions (id, question_id, teacher_id, student_id, assignment_epoch, opened_at, teacher_seen_at,
        student_seen_at, ended_at, ended_why) VALUES
        ('00000000-0000-0000-0000-0000000000cc', '00000000-0000-0000-0000-0000000000bb',
         '00000000-0000-0000-0000-0000000000aa', '00000000-0000-0000-0000-0000000000ab', 1, '2026-03-31 16:00Z', now(),
         now(), '2026-03-31 16:10Z', 'finished');
    INSERT INTO answers (id, question_id, session_id, teacher_id, subject, grade, state, problem_text, made_at) VALUES
        ('00000000-0000-0000-0000-0000000000dd', '00000000-0000-0000-0000-0000000000bb',
         '00000000-0000-0000-0000-0000000000cc', '00000000-0000-0000-0000-0000000000aa', 'math', 8, 'rendering', 'x',
         now());
    INSERT INTO policies (id, valid_from, live_answer_fen) VALUES
        ('00000000-0000-0000-0000-0000000000ee', '2026-01-01 00:00+08', 2050);
    BEGIN;
    INSERT INTO ledger_transactions (id, fact_key, work, policy_id, teacher_id, question_id, done_at) VALUES
        ('00000000-0000-0000-0000-0000000000ff', 'live_answer:00000000-0000-0000-0000-0000000000dd', 'live_answer',
         '00000000-0000-0000-0000-0000000000ee', '00000000-0000-0000-0000-0000000000aa',
         '00000000-0000-0000-0000-0000000000bb', '2026-03-31 16:10Z');
    INSERT INTO ledger_entries VALUES
        ('00000000-0000-0000-0000-0000000000ff', 0, 'budget:answering', 2050),
        ('00000000-0000-0000-0000-0000000000ff', 1, 'owed:00000000-0000-0000-0000-0000000000aa', -2050);
    COMMIT;
"""
