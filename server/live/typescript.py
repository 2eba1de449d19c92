"""The protocol's types as TypeScript, so that a page and the server never describe a message twice.

`python -m server.live.typescript` writes static/src/protocol.ts; a test keeps the written file current.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import Enum, IntEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

from msgspec import Struct
from msgspec.structs import fields

from server.live import protocol

TARGET = Path(__file__).resolve().parents[2] / "static" / "src" / "protocol.ts"

_HEAD = """// Generated from server/live/protocol.py by `python -m server.live.typescript`; changes belong there.
// Times are ISO 8601 in UTC, money is whole fen, ids are UUIDs as strings.
"""

_PLAIN: dict[Any, str] = {
    str: "string",
    bytes: "string",  # base64
    UUID: "string",
    datetime: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    NoneType: "null",
    Any: "unknown",
}


def render() -> str:
    """The whole of protocol.ts."""
    return "\n".join([_HEAD, f"export const MAX_FRAME = {protocol.MAX_FRAME};\n", *_declarations()])


def structs() -> Iterator[type[Struct]]:
    """Every message and view in the order of the source; bases that never cross the wire are left out."""
    for value in vars(protocol).values():
        if isinstance(value, type) and issubclass(value, protocol.Wire) and not _is_base(value):
            yield value


def _is_base(struct: type[Struct]) -> bool:
    config = struct.__struct_config__
    return struct is protocol.Wire or (config.tag is not None and config.tag == struct.__name__)


def _declarations() -> Iterator[str]:
    for name, value in vars(protocol).items():
        if isinstance(value, UnionType) and name.startswith("Any"):
            yield f"export type {name} = {' | '.join(part.__name__ for part in get_args(value))};\n"
        elif not isinstance(value, type):
            continue
        elif issubclass(value, IntEnum) and value is not IntEnum:
            yield _numbers(value)
        elif issubclass(value, Enum) and value.__module__.startswith("server."):
            yield f"export type {value.__name__} = {_one_of(member.value for member in value)};\n"
        elif issubclass(value, protocol.Wire) and not _is_base(value):
            yield _interface(value)


def _numbers(enum: type[IntEnum]) -> str:
    members = "".join(f"  {member.name}: {member.value},\n" for member in enum)
    return f"{_comment(enum)}export const {enum.__name__} = {{\n{members}}} as const;\n"


def _interface(struct: type[Struct]) -> str:
    config = struct.__struct_config__
    if config.array_like:
        places = ", ".join(f"{field.encode_name}: {type_of(field.type)}" for field in fields(struct))
        return f"{_comment(struct)}export type {struct.__name__} = [{places}];\n"
    lines = [f"  {config.tag_field}: {json.dumps(config.tag)};\n"] if config.tag is not None else []
    asked_of_pages = (
        config.forbid_unknown_fields
    )  # what the server reads may leave defaults out; what it writes is whole
    for field in fields(struct):
        optional = "?" if asked_of_pages and not field.required else ""
        lines.append(f"  {field.encode_name}{optional}: {type_of(field.type)};\n")
    return f"{_comment(struct)}export interface {struct.__name__} {{\n{''.join(lines)}}}\n"


def _comment(owner: type[Any]) -> str:
    text = owner.__dict__.get("__doc__")
    return f"/** {' '.join(text.split())} */\n" if text else ""


def type_of(kind: Any) -> str:
    """A Python annotation as TypeScript."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, Struct | Enum):
        return kind.__name__
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return _one_of(arguments)
    if origin is list:
        inner = type_of(arguments[0])
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if origin is dict:
        return f"Record<{type_of(arguments[0])}, {type_of(arguments[1])}>"
    if origin in (Union, UnionType):
        return " | ".join(type_of(part) for part in arguments)
    raise TypeError(f"no TypeScript for {kind!r}")


def _one_of(values: Iterable[Any]) -> str:
    return " | ".join(json.dumps(value) for value in values)


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
    print(f"wrote {TARGET}")
