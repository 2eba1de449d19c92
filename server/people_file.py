"""A school's roster as a file (CSV or XLSX): read whole, every error told with its row, and brought in all or none."""

import contextlib
import csv
import io
import os
import sys
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from server.actions.people import Activation, Newcomer, UnknownChildren, bring_in, plain_login
from server.domain.consent import Purpose
from server.domain.people import Certification, Role, Stage, Subject
from server.settings import Settings
from server.store.work import Store, open_engine

COLUMNS = ("login", "name", "nickname", "roles", "school", "grade", "certifications", "guardian_contact", "consents")
IF_THERE = ("children",)  # a roster without this column says nothing of it, and changes nothing
NEEDED = ("login", "name", "roles")
MAX_ROWS = 200_000
MAX_CELL = 200
MAX_LOGIN = 64
MAX_BYTES = 64 * 1024 * 1024
MAX_UNPACKED = 1024 * 1024 * 1024  # bytes of an XLSX, which is a zip archive: a small one may hold any amount
MAX_WIDTH = 100  # cells of a row that are looked at; a sheet with formatted columns says it is 16,384 wide
EXACT = 10**15  # what a spreadsheet keeps of a number without loss
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a cell that begins so


class UnreadableFile(Exception):
    """The file is neither CSV nor XLSX, or has no such columns."""


@dataclass(frozen=True)
class Mistake:
    """What is wrong in one cell; rows count as a spreadsheet shows them, the heading being row 1."""

    row: int
    column: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"第 {self.row} 行 {self.column}：{self.zh} (row {self.row}, {self.column}: {self.en})"


def read_people(path: Path) -> tuple[list[Newcomer], list[Mistake]]:
    """The people of a file and every mistake in it. Raises UnreadableFile."""
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableFile("the file is larger than 64 MiB")
    rows = read_table(path.read_bytes(), COLUMNS, NEEDED, IF_THERE)
    newcomers: list[Newcomer] = []
    mistakes: list[Mistake] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, 2):
        if not any(row.values()):
            continue
        if number > MAX_ROWS:
            raise UnreadableFile(f"more than {MAX_ROWS} rows")
        found = list(_mistakes(number, row))
        login = plain_login(row["login"])
        if login and login in seen:
            found.append(Mistake(number, "login", f"与第 {seen[login]} 行重复", f"repeats row {seen[login]}"))
        seen.setdefault(login, number)
        mistakes += found
        if not found:
            newcomers.append(_newcomer(row))
    return newcomers, mistakes


def _mistakes(number: int, row: Mapping[str, str]) -> Iterable[Mistake]:
    for column, value in row.items():
        if len(value) > MAX_CELL or not value.isprintable():
            yield Mistake(number, column, "太长或含有控制字符", "too long, or with control characters")
            return
    for column in NEEDED:
        if not row[column]:
            yield Mistake(number, column, "不能为空", "must not be empty")
    login = plain_login(row["login"])
    if row["login"] and not all(letter.isalnum() or letter in "._-@" for letter in login):
        yield Mistake(number, "login", "只能用字母、数字和 . _ - @", "letters, digits and . _ - @ only")
    if len(unicodedata.normalize("NFKC", row["login"])) > MAX_LOGIN:
        yield Mistake(number, "login", f"最长 {MAX_LOGIN} 个字符", f"{MAX_LOGIN} characters at most")
    roles = _list(row["roles"])
    if row["roles"] and (not roles or any(role not in set(Role) for role in roles)):
        yield Mistake(number, "roles", f"只能是 {'、'.join(Role)}", f"one of {', '.join(Role)}")
    if Role.STUDENT in roles and not row["grade"]:
        yield Mistake(number, "grade", "学生必须填年级", "a student has a grade")
    if row["grade"] and not (row["grade"].isdecimal() and 1 <= int(row["grade"]) <= 12):
        yield Mistake(number, "grade", "年级是 1 到 12", "a grade is 1 to 12")
    if Role.TEACHER in roles and not row["certifications"]:
        yield Mistake(number, "certifications", "教师必须填认定学科", "a teacher is certified for something")
    for each in _list(row["consents"]):
        if each not in set(Purpose):
            yield Mistake(number, "consents", f"{each!r} 不是 {'、'.join(Purpose)}", f"{each!r} is not a purpose")
    if row["consents"] and Role.STUDENT not in roles:
        yield Mistake(number, "consents", "只有学生有家长同意", "guardians agree for students only")
    for each in _list(row["certifications"]):
        subject, _, stage = each.partition(":")
        if subject not in set(Subject) or stage not in set(Stage):
            yield Mistake(number, "certifications", f"{each!r} 不是 学科:学段", f"{each!r} is not subject:stage")
    children = _logins(row.get("children", ""))
    if children and not {Role.TEACHER, Role.GUARDIAN} & set(roles):
        yield Mistake(number, "children", "只有教师和家长写自己的孩子", "only teachers and guardians name own children")
    if login in children:
        yield Mistake(number, "children", "不能是自己", "nobody is one's own child")


def _newcomer(row: Mapping[str, str]) -> Newcomer:
    pairs = [each.partition(":") for each in _list(row["certifications"])]
    return Newcomer(
        login=plain_login(row["login"]),
        real_name=row["name"],
        nickname=row["nickname"] or f"{row['name'][:1]}{'同学' if Role.STUDENT in _list(row['roles']) else '老师'}",
        roles=frozenset(Role(role) for role in _list(row["roles"])),
        school=row["school"],
        grade=int(row["grade"]) if row["grade"] else None,
        certifications=frozenset(Certification(Subject(subject), Stage(stage)) for subject, _, stage in pairs),
        guardian_contact=row["guardian_contact"],
        consents=frozenset(Purpose(each) for each in _list(row["consents"])),
        children=frozenset(_logins(row["children"])) if "children" in row else None,
    )


def _logins(cell: str) -> list[str]:
    return [plain_login(each) for each in _list(cell)]


def _list(cell: str) -> list[str]:
    return [part.strip().lower() for part in cell.replace("；", ";").replace(",", ";").split(";") if part.strip()]


def read_table(
    data: bytes, columns: Sequence[str], needed: Sequence[str], if_there: Sequence[str] = ()
) -> Iterator[dict[str, str]]:
    """The rows below the heading of a CSV or XLSX file, as text; other columns are left out. Those of `if_there` stand
    in a row only where the file has them. Raises UnreadableFile."""
    rows = iter(_xlsx(data) if data[:2] == b"PK" else _csv(data))
    heading = [cell.strip().lower() for cell in next(rows, ())]
    missing = [column for column in needed if column not in heading]
    if missing:
        raise UnreadableFile(f"the first row must name the columns; missing: {', '.join(missing)}")
    wanted = [*columns, *(column for column in if_there if column in heading)]
    for row in rows:
        cells = dict(zip(heading, map(_plain, row), strict=False))
        yield {column: cells.get(column, "") for column in wanted}


def _csv(data: bytes) -> Iterator[Sequence[str]]:
    """UTF-8 with or without its mark, or what Chinese spreadsheets write."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise UnreadableFile("the file is neither UTF-8 nor GB18030 text")
    try:
        yield from csv.reader(io.StringIO(text, newline=""))
    except csv.Error as error:
        raise UnreadableFile(f"this is no CSV ({error})") from error


def _xlsx(data: bytes) -> Iterator[Sequence[str]]:
    """A formula counts as what the spreadsheet last computed; nothing is computed here."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > MAX_UNPACKED:
                raise UnreadableFile("the workbook unpacks to more than 1 GiB")
        from openpyxl import load_workbook  # seldom wanted, and slow to import: no start waits for it

        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True, max_col=MAX_WIDTH)
        yield from ([_word(cell) for cell in row] for row in rows)
    except UnreadableFile:
        raise
    except Exception as error:  # whatever the reader raises for a broken archive, the answer is one
        raise UnreadableFile(f"this is no XLSX workbook ({type(error).__name__})") from error


def _word(cell: object) -> str:
    """Some spreadsheets keep every number as a fraction: a grade of 8 comes as 8.0. Of a number with more than 15
    digits a spreadsheet has lost the last ones: it is shown as no number that anybody takes for whole."""
    if isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) >= EXACT:
        return f"{cell:.1e}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def _plain(cell: str) -> str:
    """Rosters put a wide space into names of two characters, so that they stand as wide as those of three."""
    return " ".join(cell.split())


def safe_cell(value: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(FORMULA) else value


def codes_file(path: Path) -> IO[str]:
    """For printing and cutting; readable by its owner only. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="")


def write_codes(activations: Sequence[Activation], file: IO[str]) -> None:
    writer = csv.writer(file)
    writer.writerow(("login", "name", "activation_code"))
    for each in activations:
        writer.writerow((safe_cell(each.login), safe_cell(each.real_name), each.code))


def _discard(codes: Path | None) -> None:
    """A file without codes would be in the way of the next try."""
    if codes is not None:
        codes.unlink()


async def import_file(settings: Settings, path: Path, codes: Path | None, *, dry_run: bool) -> int:
    """The command `dayi people import`: 0 when all came in (or would), 1 when nothing did."""
    try:
        newcomers, mistakes = read_people(path)
    except (UnreadableFile, OSError) as error:
        print(f"dayi: {path}: {error}", file=sys.stderr)
        return 1
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    if mistakes:
        print(
            f"{len(mistakes)} mistakes; nothing was imported. 有 {len(mistakes)} 处错误，没有导入任何人。",
            file=sys.stderr,
        )
        return 1
    if dry_run:
        print(f"{len(newcomers)} people are in order; nothing was changed.")
        return 0
    try:
        file = None if codes is None else codes_file(codes)  # before anything is changed: no code is to get lost
    except OSError as error:
        print(f"dayi: {error}; nothing was imported.", file=sys.stderr)
        return 1
    with file or contextlib.nullcontext():
        engine = open_engine(settings.database_url)
        try:
            activations = await bring_in(Store(engine), newcomers)
        except UnknownChildren as error:
            _discard(codes)
            print(f"dayi: no pupils here: {error}; nothing was imported. 没有这些学生。", file=sys.stderr)
            return 1
        except BaseException:
            _discard(codes)
            raise
        finally:
            await engine.dispose()
        if file is not None:
            write_codes(activations, file)
    if file is None:
        for each in activations:
            print(f"{each.login}\t{each.real_name}\t{each.code}")
    print(f"{len(newcomers)} people imported, {len(activations)} activation codes.")
    return 0
