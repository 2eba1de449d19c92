"""A TOML document read against a table of fields: every mistake with its line and its reason, in both languages.

The same table gives the JSON Schema that is published (docs/policy.schema.json).
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

MAX_BYTES = 256 * 1024
MAX_YUAN = 1_000_000_000


class Kind(StrEnum):
    """What a field may hold."""

    TEXT = "text"
    ACCOUNT = "account"  # a name that may stand in the ledger
    YUAN = "yuan"  # kept in fen
    HUNDREDTHS = "hundredths"  # a number with two decimals at most, kept times 100
    RATIO = "ratio"  # a number with four decimals at most, kept times 10,000
    COUNT = "count"
    FLAG = "flag"
    DATE = "date"
    DATES = "dates"
    WORD = "word"
    WORDS = "words"
    NAMES = "names"


@dataclass(frozen=True)
class Field:
    """One key of a table; `lowest` and `highest` are in the document's own unit."""

    kind: Kind
    zh: str
    en: str
    needed: bool = False
    default: Any = None
    words: Sequence[str] = ()
    lowest: int = 0
    highest: int = MAX_YUAN


@dataclass(frozen=True)
class Section:
    """One table of the document, or a list of such tables."""

    zh: str
    en: str
    fields: Mapping[str, Field]
    many: bool = False
    needed: bool = False


@dataclass(frozen=True, order=True)
class Mistake:
    """What is wrong, and on which line of the document."""

    line: int
    path: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"第 {self.line} 行 {self.path}：{self.zh} (line {self.line}, {self.path}: {self.en})"


class PolicyRefused(ValueError):
    """A document can't be a policy; `mistakes` says why, line by line."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = list(mistakes)


@dataclass
class Read:
    """A document as its table of fields describes it: sections as dictionaries with every key, and their lines."""

    sections: dict[str, Any]
    lines: dict[str, int]
    mistakes: list[Mistake] = field(default_factory=list)

    def line(self, path: str) -> int:
        """The line of a path, or of the nearest table around it."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path.rpartition(".")[0]
        return 1

    def wrong(self, path: str, zh: str, en: str) -> None:
        """Adds a mistake; of a key the first reason is enough, and of a table those of its keys."""
        if not any(known.path == path or known.path.startswith(f"{path}.") for known in self.mistakes):
            self.mistakes.append(Mistake(self.line(path), path, zh, en))


def read(text: str, sections: Mapping[str, Section]) -> Read:
    """Raises PolicyRefused when it is no TOML at all; else the mistakes are in what it gives."""
    if len(text.encode()) > MAX_BYTES:
        raise PolicyRefused([Mistake(1, "", "文件太大（最大 256 KiB）", "the document is larger than 256 KiB")])
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found.group(1)) if found else text.count("\n") + 1
        raise PolicyRefused([Mistake(line, "", f"不是正确的 TOML：{error}", f"this is no TOML: {error}")]) from error
    done = Read({}, _lines(text))
    for name in raw.keys() - sections.keys():
        done.wrong(name, "没有这一节", f"unknown; one of {', '.join(sections)}")
    for name, section in sections.items():
        done.sections[name] = _section(done, name, section, raw.get(name))
    return done


def _section(done: Read, name: str, section: Section, raw: Any) -> Any:
    if raw is None:
        if section.needed:
            done.wrong(name, "缺少这一节", "this section is missing")
        return [] if section.many else None
    if section.many:
        if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
            done.wrong(name, f"要写成 [[{name}]]", f"write it as [[{name}]]")
            return []
        return [_table(done, f"{name}.{n}", section, each) for n, each in enumerate(raw, 1)]
    if not isinstance(raw, dict):
        done.wrong(name, f"要写成 [{name}]", f"write it as [{name}]")
        return None
    return _table(done, name, section, raw)


def _table(done: Read, path: str, section: Section, raw: dict[str, Any]) -> dict[str, Any]:
    for key in raw.keys() - section.fields.keys():
        done.wrong(f"{path}.{key}", "没有这个名字", f"unknown; one of {', '.join(section.fields)}")
    values = {"path": path}
    for key, each in section.fields.items():
        at = f"{path}.{key}"
        if key not in raw:
            if each.needed:
                done.wrong(at, "必须填写", "must be given")
            values[key] = each.default
            continue
        try:
            values[key] = _value(each, raw[key])
        except _Wrong as wrong:
            done.wrong(at, *wrong.args)
            values[key] = each.default
    return values


class _Wrong(Exception):
    """The reason in Chinese and in English."""


def _value(each: Field, raw: Any) -> Any:
    match each.kind:
        case Kind.TEXT:
            if not isinstance(raw, str) or not 1 <= len(raw) <= 500:
                raise _Wrong("应是 1 到 500 个字", "a text of 1 to 500 characters")
            return raw
        case Kind.ACCOUNT:
            if not isinstance(raw, str) or not _ACCOUNT.fullmatch(raw):
                raise _Wrong("应是 1 到 40 个字母、汉字、数字或 _ -", "1 to 40 letters, digits, _ and -")
            return raw
        case Kind.YUAN | Kind.HUNDREDTHS:
            return _scaled(each, raw, 100)
        case Kind.RATIO:
            return _scaled(each, raw, 10_000)
        case Kind.COUNT:
            if not isinstance(raw, int) or isinstance(raw, bool):
                raise _Wrong("应是整数", "a whole number")
            return _between(each, raw, 1)
        case Kind.FLAG:
            if not isinstance(raw, bool):
                raise _Wrong("应是 true 或 false", "true or false")
            return raw
        case Kind.DATE:
            return _date(raw)
        case Kind.DATES:
            return frozenset(_date(one) for one in _list(raw))
        case Kind.WORD:
            return _word(each, raw)
        case Kind.WORDS:
            return tuple(_word(each, one) for one in _list(raw))
        case Kind.NAMES:
            names = _list(raw)
            if not names or len(set(map(str, names))) < len(names) or not all(_is_name(one) for one in names):
                raise _Wrong("应是不重复的名字", "names, none of them twice")
            return tuple(names)


def _scaled(each: Field, raw: Any, by: int) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal) or not Decimal(raw).is_finite():
        raise _Wrong("应是数字", "a number")
    scaled = Decimal(raw) * by
    if abs(scaled) < MAX_YUAN * by * 10 and scaled != scaled.to_integral_value():
        places = len(str(by)) - 1
        raise _Wrong(f"最多 {places} 位小数", f"{places} decimals at most")
    return _between(each, scaled, by)


def _between(each: Field, scaled: Decimal | int, by: int) -> int:
    if scaled < 0 and each.lowest >= 0:
        raise _Wrong("不能是负数", "must not be negative")
    if not each.lowest * by <= scaled <= each.highest * by:
        raise _Wrong(f"应在 {each.lowest} 到 {each.highest} 之间", f"{each.lowest} to {each.highest}")
    return int(scaled)


def _date(raw: Any) -> date:
    if isinstance(raw, datetime) or not isinstance(raw, date):
        raise _Wrong("应是日期，如 2026-03-01（不加引号）", "a date such as 2026-03-01, without quotes")
    if not 2000 <= raw.year <= 2200:
        raise _Wrong("年份应在 2000 到 2200 之间", "a year from 2000 to 2200")
    return raw


def _list(raw: Any) -> list[Any]:
    if not isinstance(raw, list) or len(raw) > 1_000:
        raise _Wrong("应是列表", "a list")
    return raw


def _word(each: Field, raw: Any) -> str:
    if raw not in each.words:
        raise _Wrong(f"只能是 {'、'.join(each.words)}", f"one of {', '.join(each.words)}")
    return str(raw)


def _is_name(raw: Any) -> bool:
    return isinstance(raw, str) and 1 <= len(raw) <= 60 and raw.isprintable()


_ACCOUNT = re.compile(r"[\w-]{1,40}")
_TABLE = re.compile(r"\s*\[(\[)?\s*([A-Za-z0-9_.-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")


def _lines(text: str) -> dict[str, int]:
    """The line of every table and key, by its path as in `rate.2.yuan`; tables of a list count from 1."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table, in_text = "", False
    for number, line in enumerate(text.splitlines(), 1):
        opens = not in_text
        in_text ^= (line.count('"""') + line.count("'''")) % 2 == 1
        if not opens:
            continue
        if found := _TABLE.match(line):
            table = found.group(2)
            if found.group(1):
                counts[table] = counts.get(table, 0) + 1
                lines.setdefault(table, number)
                table = f"{table}.{counts[table]}"
            lines.setdefault(table, number)
        elif found := _KEY.match(line):
            lines.setdefault(f"{table}.{found.group(1)}" if table else found.group(1), number)
    return lines


def schema(title: str, sections: Mapping[str, Section]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the document as JSON: TOML's dates are its strings of format "date"."""
    properties = {}
    for name, section in sections.items():
        table = {
            "type": "object",
            "description": f"{section.zh} · {section.en}",
            "additionalProperties": False,
            "properties": {key: _schema_of(each) for key, each in section.fields.items()},
            "required": [key for key, each in section.fields.items() if each.needed],
        }
        properties[name] = {"type": "array", "items": table} if section.many else table
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": [name for name, section in sections.items() if section.needed],
    }


def _schema_of(each: Field) -> dict[str, Any]:
    said = {"description": f"{each.zh} · {each.en}"}
    number = {"type": "number", "minimum": each.lowest, "maximum": each.highest}
    a_date = {"type": "string", "format": "date"}
    match each.kind:
        case Kind.TEXT:
            return {"type": "string", "minLength": 1, "maxLength": 500, **said}
        case Kind.ACCOUNT:
            return {"type": "string", "pattern": "^[\\w-]{1,40}$", **said}
        case Kind.YUAN | Kind.HUNDREDTHS:
            return {**number, "multipleOf": 0.01, **said}
        case Kind.RATIO:
            return {**number, "multipleOf": 0.0001, **said}
        case Kind.COUNT:
            return {**number, "type": "integer", **said}
        case Kind.FLAG:
            return {"type": "boolean", **said}
        case Kind.DATE:
            return {**a_date, **said}
        case Kind.DATES:
            return {"type": "array", "items": a_date, **said}
        case Kind.WORD:
            return {"enum": list(each.words), **said}
        case Kind.WORDS:
            return {"type": "array", "items": {"enum": list(each.words)}, **said}
        case Kind.NAMES:
            return {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True, **said}
