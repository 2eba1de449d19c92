"""docs/protocol.md, written from the protocol's types: every frame, event and body with one example.

`python -m server.live.protocol_docs` writes it; a test keeps the written file current.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from server.live import protocol
from server.live.typescript import structs, type_of

TARGET = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"

_CHANNEL = "session:0192f1c0-7b1e-7c3a-9a51-1f2e3d4c5b6a"
_MOMENT = datetime(2026, 3, 2, 11, 30, tzinfo=UTC)

# What an example says in a field of this name; everything else gets a plain value of its type.
_SAID: dict[str, Any] = {
    "login": "xiaoming",
    "password": "correct horse battery",
    "code": "K7Q2-9FXM",
    "nickname": "小明",
    "teacher_name": "林老师",
    "text": "为什么第二步要乘以 2?",
    "read_text": "解方程 2x + 3 = 11",
    "problem_text": "解方程 2x + 3 = 11",
    "summary": "初中数学 · 解方程 2x + 3 = 11",
    "content_type": "image/jpeg",
    "url": "https://school.example/media/…",
    "thumb_url": "https://school.example/media/…",
    "video_url": "https://school.example/media/…",
    "poster_url": "https://school.example/media/…",
    "channel": _CHANNEL,
    "epoch": "k3f9",
    "node": "web-1",
    "csrf": "b64…",
    "ticket": "t_…",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "page": "p1",
    "stroke": "s1",
    "pen": "7f3a",
    "tool": "pen",
    "color": "#0072b2",
    "width": 40,
    "grade": 8,
    "place": 2,
    "wait_s": 240,
    "confidence": 0.997,
    "points": "grCo4BAof8BYgBwC",
    "at": 0,
    "x": 0,
    "y": 0,
    "height": 6000,
    "kind": "stroke",
    "urls": {"0": "https://school.example/media/…"},
    "parts": [0, 1],
    "arrived": [0],
    "part_size": 524288,
    "max_bytes": 20971520,
    "size": 700000,
    "body": {
        "id": "s1",
        "page": "p1",
        "tool": "pen",
        "color": "#0072b2",
        "width": 40,
        "points": "grCo4BAof",
    },
    "data": {"candidate": {"candidate": "candidate:1 1 udp …", "sdpMid": "0", "sdpMLineIndex": 0}},
    "zh": "这道题已经转给别的老师了。",
    "en": "This question has gone to another teacher.",
    "beat_every_s": 20,
    "subject": "math",
    "stage": "junior",
    "after_s": 12.5,
    "amount_fen": 800,
    "total_fen": 4800,
    "month_fen": 4800,
    "work": "live_answer",
    "roles": ["student"],
    "subjects": ["math"],
}
_SAID_BY: dict[tuple[str, str], Any] = {
    ("Reason", "kind"): "number",
    ("Reason", "asked"): "11",
    ("Reason", "known"): "11",
    ("MediaView", "kind"): "photo",
    ("StartUpload", "kind"): "photo",
    ("CompleteUpload", "parts"): 2,
    ("Refused", "code"): "stale_assignment",
    ("Problem", "code"): "stale_assignment",
    ("MediaView", "width"): 1600,
    ("MediaView", "height"): 1200,
    ("Ticket", "ticket"): "t_…",
}

_HEAD = """# The protocol

*Generated from `server/live/protocol.py` by `python -m server.live.protocol_docs`; changes belong there.*

A page, a load generator or a program of a city's own speaks to the service in two ways. **Commands that must not be
lost** (ask, accept, finish, …) are HTTP calls with an `Idempotency-Key`, described in `/api/openapi.json`. **What
happens** arrives on one WebSocket, and so does what is drawn and said in a live session.

All times are ISO 8601 in UTC, money is whole fen, ids are UUIDs as strings, every frame is one JSON text of at most
{max_frame} bytes. Unknown fields in what a page sends are refused; unknown fields in what the server sends are to be
ignored, so that a newer server may say more.

## Connect, step by step

1. Get a token for an account: `dayi token xiaoming` prints it. Send it as `Authorization: Bearer TOKEN` (a browser
   uses its session cookie and the header `X-CSRF-Token` from `Me.csrf` instead).
2. `POST /api/tickets` answers a `Ticket`: good once, for 30 seconds, for the one who asked.
3. Fetch a snapshot: `GET /api/student`, `GET /api/teacher` or `GET /api/sessions/ID`. Each carries `epoch` and
   `offset`: the point of its channel that the snapshot already includes.
4. Open the WebSocket `/ws` and send `hello` within ten seconds, with the ticket and the position of every channel:

       {{"frame":"hello","ticket":"t_…","resume":{{"CHANNEL":{{"epoch":"k3f9","offset":41}}}}}}

5. The server answers `welcome`. Channels in `resumed` go on with exactly what was missed; for those in `resync`, and
   whenever a frame `resync` comes, fetch the snapshot again and `subscribe` with its position.
6. Offsets of one epoch grow by one. An offset that was seen is dropped; a gap or another epoch means: snapshot.
7. Send `beat` every `beat_every_s` seconds. After 2.5 beats without any frame, reconnect with full-jitter backoff.
8. Send `act` for what must stay on a board; resend it with the same `id` until `ack` or `refused` comes. `ink` carries
   the points of a stroke while the pen is down and may be dropped: the finished stroke follows as an `act`. After an
   `ink`, frames `[at,"points"]` go on with its stroke, packed as if no frame lay between; send an `ink` again each
   second and on each new socket.
9. While `degraded` is on, poll snapshots every 3 seconds; when it goes off, fetch them once more. After
   `go`, leave and come back after so many seconds.

## Channels

| channel | whose | events |
|---|---|---|
| `Me.channel` | one person's own | `question`, `duty`, `earned`, `session`, `alarm`, `place` |
| `session:ID` | teacher and pupil of a live session | `board`, `session`; frames `ink`, `look`, `signal`, `watched` |
| `gallery:ID` | who follows its question | the same less what the two say; frames `ink`, `look`, `voice` |
| `lecture:ID` | everybody who may see that lecture | `lecture` |
| `room:ID` | who is in that lecture's room | `board`, `line`, `room`; the frames `ink`, `look`, `sound` |
| `staff:ID` | that lecture's lecturer, and reviewers | `line` |

A channel that does not exist and one that is somebody else's are refused alike.

## A board's operations

`body` of an `act`, and of a line in the log, by `kind`. Coordinates are whole numbers in ten-thousandths of the
page's width, in both directions; `aspect` is the page's height in the same unit; a point of ink is
`[x, y, milliseconds since pen-down, pressure 0-1000]`, a place is `[x, y]`. The points of a stroke may be sent as a
list or packed; they are always told packed: of x, y and the time it is written how far they are from where the last two
points lead (for the first point: from 0, for the second: from the first), of the pressure how far it is from the last.
Each number is zigzag (0, -1, 1, -2, …) in digits of five bits, lowest first, 32 added to all digits but the last, and a
digit is one of `A-Z a-z 0-9 - _` (0 to 63).

A `paper` is `photo`, `blank`, `squared`, `lined`, `axes` or `staff`. A photo is turned by `quarter` quarters to the
right, then what lies between the two places of `crop`, in ten-thousandths of the turned photo, is shown. A `tool` is
`pen`, `highlighter` or `laser`. A `shape` is given by places: `line`, `arrow`, `numberline` (with `low` and `high`) by
their ends; `rectangle`, `ellipse`, `axes` (with `high`) and `mask` by opposite corners; `polygon` by its corners; `arc`
by centre and beginning (with `sweep`, tenths of a degree, clockwise); `angle` by its vertex and a place on each arm.

| kind | body | what it does |
|---|---|---|
| `page` | `page`, `paper`, `aspect`, `media` (a photo's id) | adds a page; the first is shown (teacher) |
| `frame` | `page`, `quarter`, `crop`, `aspect` | turns and cuts a photo that nothing lies on (teacher) |
| `turn` | `page` | both sides look at that page (teacher) |
| `order` | `page`, `to` | the page becomes the one with that number, from 0 (teacher) |
| `lock` | `locked` | the pupil's pen is put away, or given back (teacher) |
| `stroke` | `id`, `page`, `tool`, `color`, `width`, `points` | a finished stroke; a laser's does not stay |
| `shape` | `id`, `page`, `shape`, `color`, `width`, `dashed`, `points`, some `sweep`, `low`, `high` | a figure |
| `text` | `id`, `page`, `x`, `y`, `text`, `color`, `size` | writes on the page |
| `formula` | `id`, `page`, `x`, `y`, `tex`, `color`, `size` | the same with a formula, in LaTeX |
| `erase` | `stroke` | takes back a mark of one's own |
| `say` | `text` | a line of chat |
"""


def render() -> str:
    """The whole page."""
    return "\n".join([_HEAD.format(max_frame=protocol.MAX_FRAME), *_close_codes(), *_chapters()]) + "\n"


def example(struct: type[Struct]) -> Struct:
    """A plausible value of a message type."""
    return struct(**{field.name: _value(struct, field.name, field.type) for field in fields(struct)})


def _close_codes() -> Iterator[str]:
    yield "## Close codes\n"
    yield "Below 4100: come back with backoff. From 4100 on: stay away until a person acts (4101: with a new ticket).\n"
    yield "| code | name |\n|---|---|"
    for code in protocol.Close:
        yield f"| {code.value} | `{code.name}` |"
    yield ""


def _chapters() -> Iterator[str]:
    chapters: dict[str, list[type[Struct]]] = {
        "Frames from the page": [],
        "Frames from the server": [],
        "Events": [],
        "Bodies that a page sends over HTTP": [],
        "Views": [],
    }
    for struct in structs():
        chapters[_chapter(struct)].append(struct)
    for title, members in chapters.items():
        yield f"## {title}\n"
        for struct in members:
            yield from _section(struct)


def _chapter(struct: type[Struct]) -> str:
    if issubclass(struct, protocol.ClientFrame | protocol.Dots):
        return "Frames from the page"
    if issubclass(struct, protocol.ServerFrame | protocol.DotsSeen):
        return "Frames from the server"
    if issubclass(struct, protocol.Event):
        return "Events"
    return "Bodies that a page sends over HTTP" if struct.__struct_config__.forbid_unknown_fields else "Views"


def _section(struct: type[Struct]) -> Iterator[str]:
    tag = struct.__struct_config__.tag
    yield f"### `{struct.__name__}`{f' (`{tag}`)' if tag else ''}\n"
    doc = struct.__dict__.get("__doc__")
    if doc:
        yield " ".join(doc.split()) + "\n"
    for field in fields(struct):
        note = "" if field.required else ", may be left out" if struct.__struct_config__.forbid_unknown_fields else ""
        yield f"- `{field.encode_name}`: {type_of(field.type).replace('|', 'or')}{note}"
    yield f"\n```json\n{msgspec.json.encode(example(struct)).decode()}\n```\n"


def _value(owner: type[Struct], name: str, kind: Any) -> Any:
    said = _SAID_BY.get((owner.__name__, name), _SAID.get(name))
    if said is not None:
        return said
    if isinstance(kind, type) and issubclass(kind, Struct):
        return example(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return arguments[0]
    if origin is list:
        return [_value(owner, "", arguments[0])]
    if origin is dict:
        return {_CHANNEL: _value(owner, "", arguments[1])} if arguments[0] is str else {}
    if origin in (Union, UnionType):
        return None if _is_deep(arguments) else _value(owner, name, arguments[0])
    return _plain(name, kind)


def _is_deep(arguments: tuple[Any, ...]) -> bool:
    """An optional view inside a view is left out of an example, to keep it readable."""
    return NoneType in arguments and any(isinstance(part, type) and issubclass(part, Struct) for part in arguments)


def _plain(name: str, kind: Any) -> Any:
    if kind is Any:
        return None
    if kind is UUID:
        return UUID("0192f1c0-7b1e-7c3a-9a51-1f2e3d4c5b6a")
    if kind is datetime:
        return _MOMENT
    if kind is bool:
        return False
    if kind is int:
        return 3
    if kind is float:
        return 0.5
    if kind is str:
        return name or _CHANNEL
    if kind is bytes:
        return name.encode()
    raise TypeError(f"no example for {name}: {kind!r}")


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(render(), encoding="utf-8")
    print(f"wrote {TARGET}")
