"""A lecture as a calendar's entry (RFC 5545), for the calendar of a phone."""

from dataclasses import dataclass
from datetime import UTC, datetime

LINE = 75  # octets; longer lines are folded


@dataclass(frozen=True)
class Entry:
    uid: str
    title: str
    about: str
    where: str
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    sequence: int
    cancelled: bool = False
    reminded_before_min: int = 15


def ics(entry: Entry) -> str:
    """The whole file."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Dayi//Lectures//ZH",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_text(entry.uid)}",
        f"SEQUENCE:{entry.sequence}",
        f"DTSTAMP:{_time(entry.changed_at)}",
        f"DTSTART:{_time(entry.starts_at)}",
        f"DTEND:{_time(entry.ends_at)}",
        f"SUMMARY:{_text(entry.title)}",
        f"DESCRIPTION:{_text(entry.about)}",
        f"LOCATION:{_text(entry.where)}",
        f"STATUS:{'CANCELLED' if entry.cancelled else 'CONFIRMED'}",
        *(() if entry.cancelled else _alarm(entry)),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _alarm(entry: Entry) -> tuple[str, ...]:
    return (
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"TRIGGER:-PT{entry.reminded_before_min}M",
        f"DESCRIPTION:{_text(entry.title)}",
        "END:VALARM",
    )


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    escaped = escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")
    return "".join(letter for letter in escaped if letter.isprintable())


def _folded(line: str) -> str:
    """At most 75 octets a line, no character cut in two."""
    pieces: list[str] = []
    piece, size = "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > LINE:
            pieces.append(piece)
            piece, size = " ", 1
        piece += letter
        size += octets
    return "\r\n".join([*pieces, piece])
