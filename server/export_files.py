"""Writes exported rows as they come: CSV, XLSX, Parquet by DuckDB (docs/adr/0106); memory does not grow with them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import duckdb

from server.domain.deidentify import COLUMNS
from server.people_file import safe_cell

Form = Literal["parquet", "csv", "xlsx"]
XLSX_ROWS = 1_048_575  # below the heading, of a sheet
MEMORY = "512MB"  # of DuckDB
TYPES = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class TooManyRows(Exception):
    """A sheet holds 1,048,575 rows: take Parquet or CSV, or fewer days."""


class Writer(Protocol):
    """Takes rows in the order of COLUMNS; `done` makes the file whole."""

    def add(self, rows: Iterable[Sequence[Any]]) -> None: ...

    def done(self) -> None: ...


def writer(form: Form, path: Path) -> Writer:
    match form:
        case "csv":
            return _Csv(path)
        case "xlsx":
            return _Xlsx(path)
        case "parquet":
            return _Parquet(path)


class _Csv:
    """With the mark that Chinese spreadsheets look for; no cell is taken for a formula."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerow([name for name, *_ in COLUMNS])

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        self._csv.writerows([_safe(cell) for cell in row] for row in rows)

    def done(self) -> None:
        self._file.close()


class _Xlsx:
    def __init__(self, path: Path) -> None:
        from openpyxl import Workbook  # as in people_file: no start waits for it

        self._path, self._rows = path, 0
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet("questions")
        self._sheet.append([name for name, *_ in COLUMNS])

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            self._rows += 1
            if self._rows > XLSX_ROWS:
                raise TooManyRows(TooManyRows.__doc__)
            self._sheet.append([_safe(cell) for cell in row])

    def done(self) -> None:
        dictionary = self._book.create_sheet("dictionary")
        for name, kind, zh, en in COLUMNS:
            dictionary.append([name, kind, zh, en])
        self._book.save(self._path)


class _Parquet:
    """Rows go to a CSV beside it first, which DuckDB reads in pieces; formulas mean nothing here, so cells stay as they
    are."""

    def __init__(self, path: Path) -> None:
        self._path, self._rows = path, path.with_suffix(".rows")
        self._file = self._rows.open("w", encoding="utf-8", newline="")
        self._csv = csv.writer(self._file)

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        self._csv.writerows(["\\N" if cell is None else cell for cell in row] for row in rows)

    def done(self) -> None:
        self._file.close()
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind, *_ in COLUMNS)
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "threads": 2,
            "temp_directory": str(self._path.parent),
        }
        with duckdb.connect(config=settings) as connection:
            connection.execute(
                f"""COPY (SELECT * FROM read_csv($rows, columns = {{{columns}}}, header = false, nullstr = '\\N'))
                    TO '{self._path}' (FORMAT parquet, COMPRESSION zstd)""",  # noqa: S608 - our own columns and path
                {"rows": str(self._rows)},
            )
        self._rows.unlink()


def _safe(cell: Any) -> Any:
    return safe_cell(cell) if isinstance(cell, str) else cell
