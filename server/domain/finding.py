"""Finding a moment of a lecture by what is written or said then (pure)."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from server.domain.board import Operation

SNIPPET = 60  # characters before and after what was looked for
LONGEST = 24  # characters of a caption that is made of what a model heard

_BREAK = re.compile(r"[^，。！？；,.!?;]+[，。！？；,.!?;]*")


def folded(text: str) -> str:
    """As it is compared: full-width as half-width, small, without spaces, which readers put where there are none."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def around(text: str, wanted: str) -> str:
    """The part of a text where `wanted`, which is folded, stands in it."""
    if len(text) <= 2 * SNIPPET:
        return text
    place = next((at for at in range(len(text)) if folded(text[at : at + 2 * SNIPPET]).startswith(wanted)), 0)
    begin, end = max(0, place - SNIPPET), min(len(text), place + len(wanted) + SNIPPET)
    return ("…" if begin else "") + text[begin:end] + ("…" if end < len(text) else "")


def shown_first(log: Iterable[Operation]) -> Iterator[tuple[int, str]]:
    """When each page with a picture is seen first, and its picture."""
    media: dict[str, str] = {}
    begun = False
    for op in log:
        page = str(op.body.get("page", ""))
        if op.kind == "page":
            if "media" in op.body:
                media[page] = str(op.body["media"])
            if begun:
                continue  # it lies behind the one that is seen
            begun = True
        elif op.kind != "turn":
            continue
        if page in media:
            yield op.at_ms, media.pop(page)


def spread(text: str, from_ms: int, to_ms: int) -> list[tuple[int, int, str]]:
    """What was heard in a stretch of time, as lines that can be read, each with its time by its length."""
    lines: list[str] = []
    for part in _BREAK.findall(text):
        while part:
            if lines and len(lines[-1]) + len(part) <= LONGEST:
                lines[-1] += part
                part = ""
            else:
                lines.append(part[:LONGEST])
                part = part[LONGEST:]
    whole = sum(map(len, lines))
    captions: list[tuple[int, int, str]] = []
    before = 0
    for line in lines:
        begin, before = before, before + len(line)
        at, until = (from_ms + (to_ms - from_ms) * each // whole for each in (begin, before))
        if line.strip() and until > at:
            captions.append((at, until, line.strip()))
    return captions
