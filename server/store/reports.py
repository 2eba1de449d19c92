"""Archived weekly reports: what was told of a week when it was over. The database refuses any change."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID, uuid4

import msgspec
from psycopg.types.json import Jsonb

from server.live import protocol as wire
from server.store.lines import Record, insertion
from server.store.work import Work

MOST = 600  # in a list: ten weeks of a city of sixty schools


async def archive(work: Work, week: date, views: Mapping[UUID | None, wire.MondayView]) -> None:
    """One for the city (None) and one for each school; those of a week that is archived stay as they are."""
    rows = [
        {"id": uuid4(), "week": week, "school_id": school, "body": Jsonb(msgspec.to_builtins(view))}
        for school, view in views.items()
    ]
    if rows:
        query, params = insertion("weekly_reports", rows)
        await work.rows(f"{query} ON CONFLICT DO NOTHING RETURNING 1", params)


async def weeks_without(work: Work, since: date) -> list[date]:
    """Weeks that are told and not archived."""
    return [row.week for row in await work.rows(_WITHOUT, {"since": since})]


async def reports(work: Work, school: UUID | None) -> list[Record]:
    """Those of the city or of a school, newest first."""
    return await work.rows(_LIST, {"school": school, "most": MOST})


async def report(work: Work, id: UUID) -> tuple[Record, wire.MondayView] | None:
    found = await work.rows(_ONE, {"id": id})
    return (found[0], msgspec.convert(found[0].body, wire.MondayView)) if found else None


async def schools_with_reports(work: Work) -> list[Record]:
    query = "SELECT id, name FROM schools WHERE id IN (SELECT school_id FROM weekly_reports) ORDER BY name"
    return await work.rows(query)


_WITHOUT = """
    SELECT week FROM research_weeks w WHERE told_at IS NOT NULL AND week >= %(since)s
        AND NOT EXISTS (SELECT FROM weekly_reports r WHERE r.week = w.week) ORDER BY week
"""
_LIST = """
    SELECT r.id, r.week, r.made_at, s.name FROM weekly_reports r LEFT JOIN schools s ON s.id = r.school_id
    WHERE r.school_id IS NOT DISTINCT FROM CAST(%(school)s AS uuid) ORDER BY r.week DESC LIMIT %(most)s
"""
_ONE = """
    SELECT r.*, s.name FROM weekly_reports r LEFT JOIN schools s ON s.id = r.school_id WHERE r.id = %(id)s
"""
