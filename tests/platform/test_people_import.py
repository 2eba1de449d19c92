"""`dayi people import`: a school's roster comes in whole or not at all, and every mistake is told with its row."""

from __future__ import annotations

import asyncio
import csv
import io
import stat
import zipfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from sqlalchemy import func, select, text, update

from server import people_file
from server.app import create_app
from server.cli import main
from server.people_file import MAX_CELL, import_file, read_people
from server.settings import Settings
from server.store import tables as t
from server.store.work import Store, open_engine
from server.web import auth

HEADING = "login,name,roles,school,grade,certifications,guardian_contact"
GOOD = f"""{HEADING}
s8001,赵一,student,实验中学,8,,13900000000
S8002 ,钱二,student,实验中学,8,,
t001,孙三,teacher,实验中学,,math:junior;math:senior,
"""


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    engine = open_engine(database_url)
    yield Store(engine)
    await engine.dispose()


@dataclass
class Command:
    settings: Settings
    folder: Path

    async def run(self, content: str | bytes, codes: Path | None = None, *, dry_run: bool = False) -> int:
        path = self.folder / "roster.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return await import_file(self.settings, path, codes, dry_run=dry_run)


@pytest.fixture
def command(database_url: str, tmp_path: Path) -> Command:
    return Command(Settings(database_url=database_url), tmp_path)


async def logins(store: Store) -> list[str]:
    async with store.reading() as connection:
        return list(await connection.scalars(select(t.accounts.c.login).order_by(t.accounts.c.login)))


async def test_a_roster_comes_in_and_a_pupil_activates_with_the_code(command: Command, store: Store) -> None:
    codes = command.folder / "codes.csv"

    status = await command.run(GOOD, codes)

    with codes.open(encoding="utf-8-sig") as file:
        told = list(csv.DictReader(file))
    assert status == 0
    assert await logins(store) == ["s8001", "s8002", "t001"]
    assert [row["login"] for row in told] == ["s8001", "s8002", "t001"]
    assert stat.S_IMODE(codes.stat().st_mode) == 0o600
    person, _ = await auth._use_code(store, "s8001", told[0]["activation_code"], "a long enough word")
    assert person is not None and person.grade == 8 and person.nickname == "赵同学"
    async with store.reading() as connection:
        kept = (await connection.execute(text("SELECT row_to_json(a)::text FROM accounts a"))).scalars().all()
        certified = (await connection.execute(select(t.certifications.c.subject, t.certifications.c.stage))).all()
    assert not any(row["activation_code"] in line or row["name"] in line for row in told for line in kept)
    assert sorted(map(tuple, certified)) == [("math", "junior"), ("math", "senior")]


async def test_real_names_live_in_one_place(command: Command, store: Store) -> None:
    await command.run(GOOD)

    async with store.reading() as connection:
        tables = await connection.scalars(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        )
        holders = [
            table
            for table in tables.all()
            if await connection.scalar(
                text(f"SELECT EXISTS (SELECT FROM {table} x WHERE to_jsonb(x)::text LIKE '%赵一%')")
            )
        ]
    assert holders == ["identities"]


BAD_ROWS = [
    ("", "甲", "student", "8", "", "login"),
    ("a b", "甲", "student", "8", "", "login"),
    ("a" * 65, "甲", "student", "8", "", "login"),
    ("ok1", "", "student", "8", "", "name"),
    ("ok1", "甲", "", "8", "", "roles"),
    ("ok1", "甲", "headmaster", "8", "", "roles"),
    ("ok1", "甲", "；", "8", "", "roles"),
    ("ok1", "甲", "student", "", "", "grade"),
    ("ok1", "甲", "student", "13", "", "grade"),
    ("ok1", "甲", "student", "-1", "", "grade"),
    ("ok1", "甲", "student", "８½", "", "grade"),
    ("ok1", "甲", "teacher", "", "", "certifications"),
    ("ok1", "甲", "teacher", "", "magic:junior", "certifications"),
    ("ok1", "甲", "teacher", "", "math", "certifications"),
    ("ok1", "甲" * (MAX_CELL + 1), "student", "8", "", "name"),
    ("ok1", "甲\u202e乙", "student", "8", "", "name"),
    ("s8001", "甲", "student", "8", "", "login"),
    ("Ｓ８００１", "甲", "student", "8", "", "login"),
]


@pytest.mark.parametrize("row", BAD_ROWS, ids=lambda row: f"{row[5]}: {'|'.join(row[:5])[:40]}")
async def test_one_mistake_and_nobody_comes_in(
    command: Command, store: Store, capsys: pytest.CaptureFixture[str], row: tuple[str, ...]
) -> None:
    login, name, roles, grade, certifications, column = row

    status = await command.run(GOOD + f"{login},{name},{roles},实验中学,{grade},{certifications},\n")

    said = capsys.readouterr().err
    assert status == 1
    assert f"第 5 行 {column}" in said and f"row 5, {column}" in said
    assert await logins(store) == []


async def test_every_mistake_of_a_file_is_told_at_once(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    await command.run(f"{HEADING}\n,甲,student,,8,,\nok,乙,student,,99,,\n\nok2,丙,boss,,,,\n")

    said = capsys.readouterr().err
    assert [f"第 {row} 行" in said for row in (2, 3, 5)] == [True] * 3
    assert "3 mistakes; nothing was imported" in said


async def test_a_dry_run_changes_nothing(command: Command, store: Store) -> None:
    assert await command.run(GOOD, dry_run=True) == 0
    assert await logins(store) == []


async def test_again_brings_up_to_date_and_gives_codes_to_who_never_came(
    command: Command, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    await command.run(GOOD)
    async with store.engine.begin() as connection:
        await connection.execute(
            update(t.accounts).where(t.accounts.c.login == "s8001").values(password_hash="theirs", activation_hash=None)
        )
    capsys.readouterr()

    await command.run(GOOD.replace("赵一,student,实验中学,8", "赵一,student,第二中学,9"))

    told = capsys.readouterr().out
    async with store.reading() as connection:
        row = (await connection.execute(select(t.accounts).where(t.accounts.c.login == "s8001"))).one()
        people = await connection.scalar(select(func.count()).select_from(t.accounts))
    assert (row.grade, row.password_hash, row.activation_hash) == (9, "theirs", None)
    assert people == 3
    assert "s8001\t" not in told and "s8002\t" in told and "2 activation codes" in told


async def test_codes_are_never_lost_over_a_file_that_is_there_already(
    command: Command, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = command.folder / "codes.csv"
    codes.write_text("last year's")

    assert await command.run(GOOD, codes) == 1

    assert "nothing was imported" in capsys.readouterr().err
    assert codes.read_text() == "last year's"
    assert await logins(store) == []


async def test_a_cell_that_a_spreadsheet_would_run_is_inert_in_the_codes(command: Command) -> None:
    codes = command.folder / "codes.csv"

    await command.run(f"{HEADING}\ns1,=HYPERLINK(1),student,,8,,\ns2,@SUM(1),student,,8,,\n", codes)

    with codes.open(encoding="utf-8-sig") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["'=HYPERLINK(1)", "'@SUM(1)"]


@pytest.mark.parametrize("encode", [lambda s: s.encode("utf-8-sig"), lambda s: s.encode("gb18030")], ids=["BOM", "GBK"])
async def test_what_chinese_spreadsheets_write_is_read(
    command: Command, store: Store, encode: Callable[[str], bytes]
) -> None:
    assert await command.run(encode(GOOD.replace("\n", "\r\n"))) == 0

    async with store.reading() as connection:
        names = set(await connection.scalars(select(t.identities.c.real_name)))
    assert names == {"赵一", "钱二", "孙三"}


def test_a_workbook_is_read_as_a_csv_is(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for line in GOOD.splitlines():
        book.active.append([int(cell) if cell.isdigit() and len(cell) < 3 else cell for cell in line.split(",")])
    book.save(tmp_path / "roster.xlsx")
    (tmp_path / "roster.csv").write_text(GOOD)

    assert read_people(tmp_path / "roster.xlsx") == read_people(tmp_path / "roster.csv")


def workbook(*rows: Sequence[Any]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(list(row))
    into = io.BytesIO()
    book.save(into)
    return into.getvalue()


async def test_a_formula_in_a_workbook_is_computed_by_nobody(command: Command, capsys: Any) -> None:
    status = await command.run(
        workbook(("login", "name", "roles", "grade"), ("s1", '=HYPERLINK("http://evil.test")', "student", 8))
    )

    assert status == 1
    assert "第 2 行 name" in capsys.readouterr().err


async def test_a_workbook_that_is_formatted_to_its_far_corner_is_read_where_it_is_filled(
    command: Command, store: Store
) -> None:
    empty = [()] * 5_000
    wide = ("login", "name", "roles", "grade", *[None] * 3_000, "note")

    status = await command.run(workbook(wide, ("s1", "张　三", "student", 8.0), *empty, ("s2", "李四", "student", 9)))

    assert status == 0
    async with store.reading() as connection:
        people = await connection.execute(
            select(t.accounts.c.login, t.identities.c.real_name, t.accounts.c.grade)
            .join(t.identities, t.identities.c.account_id == t.accounts.c.id)
            .order_by(t.accounts.c.login)
        )
    assert list(map(tuple, people)) == [("s1", "张 三", 8), ("s2", "李四", 9)]


async def test_what_is_too_large_is_refused_before_it_fills_the_memory(
    command: Command, store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/sharedStrings.xml", bytes(4_000_000))
    monkeypatch.setattr(people_file, "MAX_UNPACKED", 3_000_000)
    monkeypatch.setattr(people_file, "MAX_ROWS", 100)
    monkeypatch.setattr(people_file, "MAX_BYTES", 200_000)
    person = "s{n},甲,student,,8,,\n"

    statuses = [
        await command.run(into.getvalue()),
        await command.run(HEADING + "\n" + "".join(person.format(n=n) for n in range(101))),
        await command.run(HEADING + "\n" + "," * 200_000),
        await command.run(HEADING + "\ns1," + "甲" * 50_000 + ",student,,8,,\n"),
    ]

    said = capsys.readouterr().err
    assert statuses == [1, 1, 1, 1]
    for reason in ("unpacks to more", "more than 100 rows", "larger than", "row 2, name"):
        assert reason in said
    assert await logins(store) == []


async def test_a_pupil_of_the_roster_activates_with_the_code_and_signs_in(
    command: Command, redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the command that an operator types and the doors that a page calls."""
    codes, roster = command.folder / "codes.csv", command.folder / "roster.csv"
    roster.write_text(GOOD)
    for name, value in {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "DATA_DIR": str(command.folder)}.items():
        monkeypatch.setenv(f"DAYI_{name}", value)
    arguments = ["people", "import", str(roster), "--codes", str(codes)]

    assert await asyncio.to_thread(main, [*arguments, "--dry-run"]) == 0
    assert not codes.exists()
    assert await asyncio.to_thread(main, arguments) == 0

    with codes.open(encoding="utf-8-sig") as file:
        code = next(csv.DictReader(file))["activation_code"]
    (command.folder / "csp.json").write_text('{"script-src": []}')
    app = create_app(Settings.read(), dist=command.folder)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8000") as phone,
    ):
        account = {"login": "S8001", "password": "a long enough word"}
        activated = await phone.post("/api/activate", json={**account, "code": f" {code.lower()} "})
        again = await phone.post("/api/activate", json={**account, "code": code})
        signed_in = await phone.post("/api/sign-in", json=account)

    assert (activated.status_code, again.status_code, signed_in.status_code) == (200, 401, 200)
    assert (signed_in.json()["roles"], signed_in.json()["grade"]) == (["student"], 8)
    assert "赵一" not in signed_in.text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        "姓名,学校\n甲,一中\n".encode(),
        b"PK\x03\x04 not a workbook",
        b"\xff\xfe\x00\x81\xff" * 9,
        b"login,name,roles\n" + b"a" * 200_000,
    ],
    ids=["empty", "blank", "other columns", "broken workbook", "no text", "one endless cell"],
)
async def test_what_is_no_roster_is_refused_with_the_reason(
    command: Command, store: Store, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    assert await command.run(content) == 1
    assert capsys.readouterr().err.startswith("dayi: ")
    assert await logins(store) == []
