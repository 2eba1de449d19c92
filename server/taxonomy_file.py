"""A taxonomy as a file (CSV or XLSX): read whole, every error told with its row; and written out again."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from server.domain.people import Stage, Subject
from server.domain.taxonomy import GRADES, Fault, Point
from server.people_file import MAX_BYTES, UnreadableFile, read_table

COLUMNS = ("code", "name", "parent", "subject", "stage", "first_grade", "last_grade", "replaces")
NEEDED = ("code", "name", "subject", "stage")
MAX_ROWS = 20_000


def read_points(data: bytes) -> tuple[list[tuple[int, Point]], list[Fault]]:
    """The points with their rows, and the cells that say nothing; the heading is row 1. Raises UnreadableFile."""
    if len(data) > MAX_BYTES:
        raise UnreadableFile("the file is larger than 64 MiB")
    points: list[tuple[int, Point]] = []
    faults: list[Fault] = []
    for number, row in enumerate(read_table(data, COLUMNS, NEEDED), 2):
        if not any(row.values()):
            continue
        if number > MAX_ROWS:
            raise UnreadableFile(f"more than {MAX_ROWS} rows")
        found = list(_faults(number, row))
        faults += found
        if not found:
            points.append((number, _point(row)))
    if not points and not faults:
        raise UnreadableFile("there is no knowledge point in it")
    return points, faults


def read_file(path: Path) -> tuple[list[tuple[int, Point]], list[Fault]]:
    """Raises UnreadableFile and OSError."""
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableFile("the file is larger than 64 MiB")
    return read_points(path.read_bytes())


def _faults(number: int, row: Mapping[str, str]) -> Iterable[Fault]:
    for column in NEEDED:
        if not row[column]:
            yield Fault(number, column, "不能为空", "must not be empty")
    if row["subject"] and row["subject"] not in set(Subject):
        yield Fault(number, "subject", f"只能是 {'、'.join(Subject)}", f"one of {', '.join(Subject)}")
    if row["stage"] and row["stage"] not in set(Stage):
        yield Fault(number, "stage", f"只能是 {'、'.join(Stage)}", f"one of {', '.join(Stage)}")
    for column in ("first_grade", "last_grade"):
        cell = row[column]
        if cell and not (cell.isascii() and cell.isdecimal() and len(cell) <= 2):
            yield Fault(number, column, "年级是 1 到 12", "a grade is 1 to 12")


def _point(row: Mapping[str, str]) -> Point:
    stage = Stage(row["stage"])
    first, last = GRADES[stage]
    return Point(
        code=row["code"],
        name=row["name"],
        parent=row["parent"] or None,
        subject=Subject(row["subject"]),
        stage=stage,
        first_grade=int(row["first_grade"] or first),
        last_grade=int(row["last_grade"] or last),
        replaces=tuple(code.strip() for code in row["replaces"].replace("；", ";").split(";") if code.strip()),
    )


def write_points(points: Sequence[Point]) -> bytes:
    """As CSV that spreadsheets open; importing it again changes nothing."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS[:-1])
    for p in points:
        writer.writerow((p.code, p.name, p.parent or "", p.subject, p.stage, p.first_grade, p.last_grade))
    return out.getvalue().encode("utf-8-sig")
