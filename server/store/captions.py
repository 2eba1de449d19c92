"""What was said in a lecture, in writing, in the transaction of a unit of work."""

import json
from collections.abc import Sequence
from uuid import UUID

from media.captions import Caption
from server.store.lines import Record, insertion
from server.store.work import Work

SHOWN = "SELECT * FROM lecture_captions WHERE lecture_id = %(id)s AND state = 'shown'"


class CaptionBook:
    """What may be asked and written; nothing here decides."""

    def __init__(self, work: Work) -> None:
        self.work = work

    async def captions(self, lecture: UUID) -> Record | None:
        """Locked until the transaction ends."""
        query = "SELECT * FROM lecture_captions WHERE lecture_id = %(id)s FOR UPDATE"
        found = await self.work.rows(query, {"id": lecture})
        return found[0] if found else None

    async def keep(
        self, lecture: UUID, source: str, state: str, cues: Sequence[Caption], heard_ms: int | None = None
    ) -> None:
        """In the place of those before."""
        told = json.dumps([[each.start_ms, each.end_ms, each.text] for each in cues], ensure_ascii=False)
        row = {"id": lecture, "source": source, "state": state, "cues": told, "heard_ms": heard_ms}
        await self.work.rows(_KEEP, row)

    async def judge(self, lecture: UUID, state: str) -> None:
        query = "UPDATE lecture_captions SET state = %(state)s WHERE lecture_id = %(id)s RETURNING lecture_id"
        await self.work.rows(query, {"id": lecture, "state": state})

    async def drop(self, lecture: UUID) -> None:
        await self.work.rows(
            "DELETE FROM lecture_captions WHERE lecture_id = %(id)s RETURNING lecture_id", {"id": lecture}
        )


class TextBook:
    """What a lecture's pages and board say."""

    def __init__(self, work: Work) -> None:
        self.work = work

    async def keep(self, lecture: UUID, texts: Sequence[tuple[int, str, str]]) -> None:
        """Each its moment, its kind and what it says; in the place of those before."""
        await self.work.rows("DELETE FROM lecture_texts WHERE lecture_id = %(id)s RETURNING number", {"id": lecture})
        rows = [
            {"lecture_id": lecture, "number": number, "at_ms": at_ms, "kind": kind, "text": text}
            for number, (at_ms, kind, text) in enumerate(sorted(texts), 1)
        ]
        if rows:
            query, params = insertion("lecture_texts", rows)
            await self.work.rows(f"{query} RETURNING number", params)


_KEEP = """
    INSERT INTO lecture_captions (lecture_id, source, state, cues, heard_ms)
    VALUES (%(id)s, %(source)s, %(state)s, %(cues)s::jsonb, %(heard_ms)s)
    ON CONFLICT (lecture_id) DO UPDATE SET source = excluded.source, state = excluded.state, cues = excluded.cues,
           heard_ms = excluded.heard_ms, changed_at = clock_timestamp()
    RETURNING lecture_id
"""
