"""What must hold of a city whatever was done to it: each figure counts what is wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

from media.storage import open_storage
from server.demo.seed import LIVE_ANSWER_FEN
from tests.faults.city import City


def double_assigned(city: City) -> int:
    """Questions or teachers with two sessions, or two offers, at one time."""
    overlap = (
        "SELECT count(*) FROM {table} a JOIN {table} b ON a.id < b.id AND a.{by} = b.{by} AND"
        " tstzrange(a.{begin}, coalesce(a.{end}, 'infinity')) && tstzrange(b.{begin}, coalesce(b.{end}, 'infinity'))"
    )
    spans = (("live_sessions", "opened_at", "ended_at"), ("offers", "made_at", "closed_at"))
    return sum(
        city.count(overlap.format(table=table, by=by, begin=begin, end=end))
        for table, begin, end in spans
        for by in ("question_id", "teacher_id")
    )


def stale_writes(city: City) -> int:
    """What was drawn in a session after its end, and answers of sessions that were lost or handed back."""
    drawn = city.count(
        "SELECT count(*) FROM board_operations b JOIN live_sessions s ON s.id = b.session_id"
        " WHERE b.at_ms > 1 + extract(epoch FROM s.ended_at - s.opened_at) * 1000"
    )
    return drawn + city.count(
        "SELECT count(*) FROM answers a JOIN live_sessions s ON s.id = a.session_id WHERE s.ended_why <> 'finished'"
    )


def unreconciled_fen(city: City) -> int:
    """Fen by which a posting does not sum to zero, or what a teacher is owed differs from the answers made."""
    unbalanced = city.count(
        "SELECT coalesce(sum(abs(fen)), 0) FROM"
        " (SELECT sum(amount_fen) AS fen FROM ledger_entries GROUP BY transaction_id) posted"
    )
    return unbalanced + city.count(
        "SELECT coalesce(sum(abs(coalesce(made, 0) * %s + coalesce(fen, 0))), 0) FROM"
        " (SELECT teacher_id, count(*) AS made FROM answers GROUP BY 1) worked FULL JOIN"
        " (SELECT l.teacher_id, sum(e.amount_fen) AS fen FROM ledger_entries e"
        "  JOIN ledger_transactions l ON l.id = e.transaction_id"
        "  WHERE l.work = 'session' AND e.account NOT LIKE 'budget:%%' GROUP BY 1) owed"
        " USING (teacher_id)",
        LIVE_ANSWER_FEN,
    )


def dangling_refs(city: City) -> int:
    """Rows that name an object or an answer that is not there."""
    keys = [
        row.key
        for row in city.rows(
            "SELECT key FROM media WHERE state = 'ready'"
            " UNION ALL SELECT thumb_key FROM media WHERE thumb_key IS NOT NULL"
            " UNION ALL SELECT video_key FROM answers WHERE video_key IS NOT NULL"
            " UNION ALL SELECT poster_key FROM answers WHERE poster_key IS NOT NULL"
        )
    ]
    environment = city.environment()
    storage = open_storage(
        city.object_store_url, secret=environment["DAYI_SECRET"], data_dir=Path(environment["DAYI_DATA_DIR"])
    )

    async def missing() -> int:
        return sum([await storage.stat(key) is None for key in keys])

    return asyncio.run(missing()) + city.count(
        "SELECT count(*) FROM questions q WHERE answer_id IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM answers a WHERE a.id = q.answer_id)"
    )
