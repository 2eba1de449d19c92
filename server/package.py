"""A lecture's package: a ZIP of its video or sound, ink, pages, captions, questions and figures, streamed.

Everything is stored as it is and its sizes are known before: the same lecture gives the same bytes, so a download that
was cut goes on at its byte. Nobody but the lecturer is named in it.
"""

from __future__ import annotations

import json
import struct
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID
from zlib import crc32

from media.captions import Caption, webvtt
from media.storage import FolderStorage, S3Storage
from server.actions.floor import MARK as VOICE
from server.actions.lecture_air import beginning_key, initialisation_key, segment_key
from server.camera import MARK as PICTURE
from server.domain.replay import Segment
from server.parts import Backstage
from server.store.lecture_figures import LectureFigures
from server.store.lecture_views import page_id, page_key
from server.store.lectures import MATERIALS
from server.store.lines import Record
from server.store.rooms import LOG

LARGEST = 2**32 - 1  # of a ZIP without extensions
MOST_OBJECT = 2**32 - 1
PIECE = 256 * 1024
_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
_AFTER = struct.Struct("<4s3I")
_FLAGS = 0x0808  # the check sum comes after the bytes; names are UTF-8
_DAY = (1 << 5) | 1 | ((2026 - 1980) << 9)  # every file's: the package of a lecture does not change with the day

Storage = FolderStorage | S3Storage


class TooLarge(Exception):
    """A package of more than 4 GiB."""


@dataclass(frozen=True)
class Entry:
    """A file of the package: its bytes, or the object that has them."""

    name: str
    size: int
    data: bytes = b""
    key: str = ""

    @property
    def encoded(self) -> bytes:
        return self.name.encode()


@dataclass(frozen=True)
class Package:
    entries: Sequence[Entry]

    @property
    def size(self) -> int:
        """Of the whole ZIP."""
        heads = sum(_LOCAL.size + _AFTER.size + _CENTRAL.size + 2 * len(each.encoded) for each in self.entries)
        whole = heads + sum(each.size for each in self.entries) + _END.size
        if whole > LARGEST or len(self.entries) > 65_535:
            raise TooLarge
        return whole

    @property
    def tag(self) -> str:
        """The same for the same bytes."""
        told = [[each.name, each.size, sha256(each.data).hexdigest(), each.key] for each in self.entries]
        return sha256(json.dumps(told).encode()).hexdigest()[:32]

    async def stream(self, storage: Storage, begin: int = 0) -> AsyncIterator[bytes]:
        """Its bytes from `begin` on. What lies before is read all the same, for the check sums at the end."""
        at = 0
        async for piece in self._whole(storage):
            if at + len(piece) > begin:
                yield piece[max(0, begin - at) :]
            at += len(piece)

    async def _whole(self, storage: Storage) -> AsyncIterator[bytes]:
        central, at = b"", 0
        for each in self.entries:
            offset, name, check = at, each.encoded, 0
            yield _LOCAL.pack(b"PK\3\4", 20, _FLAGS, 0, 0, _DAY, 0, 0, 0, len(name), 0) + name
            length = 0
            async for piece in _bytes(storage, each):
                check, length = crc32(piece, check), length + len(piece)
                yield piece
            assert length == each.size, f"{each.name} has changed while it was read"
            yield _AFTER.pack(b"PK\7\x08", check, length, length)
            at += _LOCAL.size + len(name) + length + _AFTER.size
            head = (b"PK\1\2", 20, 20, _FLAGS, 0, 0, _DAY, check, length, length, len(name), 0, 0, 0, 0, 0, offset)
            central += _CENTRAL.pack(*head) + name
        yield central
        yield _END.pack(b"PK\5\6", 0, 0, len(self.entries), len(self.entries), len(central), at, 0)


async def _bytes(storage: Storage, entry: Entry) -> AsyncIterator[bytes]:
    if not entry.key:
        yield entry.data
        return
    with tempfile.TemporaryDirectory(prefix="dayi-package-") as folder:
        path = Path(folder) / "object"
        await storage.download(entry.key, path, MOST_OBJECT)
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


async def package_of(parts: Backstage, lecture: Record) -> Package:
    """Of a lecture that is over. An object that is missing is left out, and listed as missing."""
    id: UUID = lecture.id
    missing: list[str] = []

    async def stored(name: str, key: str) -> list[Entry]:
        found = await parts.storage.stat(key)
        if found is None:
            missing.append(name)
            return []
        return [Entry(name, found.size, key=key)]

    entries: list[Entry] = []
    film = await parts.store.rows("SELECT * FROM lecture_films WHERE lecture_id = %(id)s", {"id": id})
    if film and film[0].state == "ready":
        entries += await stored(f"video.{film[0].video_key.rsplit('.', 1)[1]}", film[0].video_key)
    else:
        segments, voices = await parts.views.replays.segments(id), await parts.views.replays.voices(id)
        if segments or voices:
            entries += await stored("sound/init.mp4", initialisation_key(id))
        for each in segments:
            entries += await stored(_sound_name(each), segment_key(id, each.take, each.number))
        for each in voices:
            entries += await stored(_voice_name(each), segment_key(id, each.take, each.number, VOICE))
    pictures = await parts.views.replays.pictures(id)
    for take in dict.fromkeys(each.take for each in pictures):
        entries += await stored(f"camera/{take:03d}/init.mp4", beginning_key(id, take, PICTURE))
    for each in pictures:
        entries += await stored(_picture_name(each), segment_key(id, each.take, each.number, PICTURE))
    for material in await parts.store.rows(MATERIALS, {"lecture": id}):
        for number in range(1, len(material.pages) + 1):
            name = f"pages/{page_id(material.id, number)}.jpg"
            entries += await stored(name, page_key(material.id, number))
    log = await parts.store.rows(LOG, {"id": id, "after": 0})
    ink = [{"seq": r.seq, "kind": r.kind, "at_ms": r.at_ms, "body": r.body} for r in log]
    captions = await parts.store.rows("SELECT cues FROM lecture_captions WHERE lecture_id = %(id)s", {"id": id})
    if captions:
        entries.append(_text("captions.vtt", webvtt([Caption(*cue) for cue in captions[0].cues])))
    questions = await parts.store.rows(_QUESTIONS, {"id": id})
    told = await LectureFigures(parts.views).of(id)
    figures = {} if told is None else {
        name: getattr(told, name)
        for name in ("minutes", "enrolled", "came", "mean_minutes", "questions", "answered", "chat", "hands", "heard")
    }  # fmt: skip
    whole = bool(film and film[0].state == "ready")
    replays = parts.views.replays
    told_of: list[tuple[str, Segment]] = [] if whole else [
        *((_sound_name(each), each) for each in await replays.segments(id)),
        *((_voice_name(each), each) for each in await replays.voices(id)),
    ]  # fmt: skip
    segments_told = [{"file": name, "at_ms": each.at_ms, "seconds": each.seconds} for name, each in told_of]
    entries += [
        _json("ink.json", ink),
        _json("questions.json", [{"text": r.text, "votes": r.votes, "answered": r.answered} for r in questions]),
        _json("attendance.json", figures),
        _json("lecture.json", {
            "title": lecture.title, "about": lecture.about, "subject": str(lecture.subject),
            "grades": list(lecture.grades), "knowledge_points": list(lecture.knowledge_points),
            "started_at": lecture.started_at.isoformat(), "ended_at": lecture.ended_at.isoformat(),
            "sound": segments_told, "missing": missing,
            "camera": [{"file": _picture_name(e), "at_ms": e.at_ms, "seconds": e.seconds} for e in pictures],
        }),
    ]  # fmt: skip
    return Package(entries)


def _sound_name(segment: Segment) -> str:
    return f"sound/{segment.take:03d}/{segment.number:05d}.m4s"


def _picture_name(segment: Segment) -> str:
    return f"camera/{segment.take:03d}/{segment.number:05d}.m4s"


def _voice_name(segment: Segment) -> str:
    """Of a pupil who spoke, where a guardian's word keeps it; without a name."""
    return f"voices/{segment.take:03d}/{segment.number:05d}.m4s"


def _json(name: str, value: Any) -> Entry:
    return _text(name, json.dumps(value, ensure_ascii=False, indent=1, default=str))


def _text(name: str, text: str) -> Entry:
    data = text.encode()
    return Entry(name, len(data), data)


async def over(parts: Backstage, id: UUID) -> Record | None:
    """The lecture, when it is over and its recording is still there."""
    query = "SELECT * FROM lectures WHERE id = %(id)s AND state = 'over' AND swept_at IS NULL"
    found = await parts.store.rows(query, {"id": id})
    return found[0] if found else None


async def export_to(parts: Backstage, id: UUID, target: Path) -> int:
    """The command `dayi lectures export`: the package into a file; a run that was stopped goes on where it was. The
    bytes that were written now."""
    lecture = await over(parts, id)
    if lecture is None:
        raise LookupError(f"no lecture {id} that is over and kept")
    package = await package_of(parts, lecture)
    part = target.with_name(f"{target.name}.{package.tag}.part")
    begin = part.stat().st_size if part.exists() else 0
    await note(parts, id, None, begin)
    written = 0
    with part.open("ab") as file:
        async for piece in package.stream(parts.storage, begin):
            file.write(piece)
            written += len(piece)
    part.replace(target)
    return written


async def note(parts: Backstage, lecture: UUID, person: UUID | None, begin: int) -> None:
    """That it was taken away; by nobody: by the command."""
    async with parts.store.work() as work:
        await work.rows(_NOTE, {"lecture": lecture, "person": person, "begin": begin})
        await work.commit()


_QUESTIONS = """
    SELECT text, votes, state = 'answered' AS answered FROM lecture_lines
    WHERE lecture_id = %(id)s AND kind = 'question' AND state IN ('shown', 'answered') ORDER BY number
"""
_NOTE = """
    INSERT INTO lecture_exports (lecture_id, person_id, from_byte) VALUES (%(lecture)s, %(person)s, %(begin)s)
    RETURNING id
"""
