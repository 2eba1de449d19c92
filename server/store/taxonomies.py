"""Versions of the taxonomy, and the labels that go by its names, in the transaction of a unit of work."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from server.domain.people import Stage, Subject
from server.domain.taxonomy import Point, Scope
from server.store.lines import Record, insertion
from server.store.views import STAGE
from server.store.work import Store, Work

_LOCK = 20_268  # of importing: two versions at once would each be checked against the one before
ROWS_AT_ONCE = 2_000  # the driver takes 65,535 parameters in a statement


async def take_turns(work: Work) -> None:
    await work.rows("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _LOCK})


async def in_force(work: Work) -> tuple[int, list[Point]]:
    """Its number and its points in the file's order; 0 and none before the first."""
    rows = await work.rows(_IN_FORCE)
    return (rows[0].taxonomy_id if rows else 0), [_point(row) for row in rows]


async def add(work: Work, points: Sequence[Point], file_name: str, by: UUID | None, relabelled: int) -> int:
    about = {"file_name": file_name, "by_id": by, "relabelled": relabelled}
    query, params = insertion("taxonomies", [about])
    [row] = await work.rows(f"{query} RETURNING id", params)
    lines = [
        {
            "taxonomy_id": row.id,
            "code": point.code,
            "position": position,
            "name": point.name,
            "parent": point.parent,
            "subject": str(point.subject),
            "stage": str(point.stage),
            "first_grade": point.first_grade,
            "last_grade": point.last_grade,
            "replaces": list(point.replaces),
        }
        for position, point in enumerate(points)
    ]
    for start in range(0, len(lines), ROWS_AT_ONCE):
        query, params = insertion("taxonomy_points", lines[start : start + ROWS_AT_ONCE])
        await work.rows(f"{query} RETURNING 1", params)
    return int(row.id)


async def relabel(work: Work, names: Mapping[Scope, Mapping[str, str]]) -> int:
    """Labels get the new names, all at once: two points may exchange theirs. How many questions and answers."""
    done = 0
    for (subject, stage), renamed in names.items():
        given = {"old": list(renamed), "new": list(renamed.values()), "subject": str(subject), "stage": str(stage)}
        for query in (_RELABEL_QUESTIONS, _RELABEL_ANSWERS, _RELABEL_FILMS):
            done += len(await work.rows(query, given))
    return done


async def left_behind(work: Work, gone: Sequence[Point]) -> int:
    """Questions whose point is no longer to be had; their label stays as it was given."""
    found = 0
    for point in gone:
        wanted = {"name": point.name, "subject": str(point.subject), "stage": str(point.stage)}
        [row] = await work.rows(_LEFT_BEHIND, wanted)
        found += row.questions
    return found


async def now_called(work: Work, subject: str, stage: str, name: str, since: int | None = None) -> str | None:
    """The name that the version in force has for a point of an earlier one (the latest with such a name, unless a
    version is given); None for one that is gone, or was in none."""
    rows = await work.rows(_OF_NAME, {"subject": subject, "stage": stage, "name": name, "since": since})
    if not rows:
        return None
    code, now = rows[0].code, name
    for row in await work.rows(_AFTER, {"version": rows[0].taxonomy_id}):
        steps = {step["code"]: step["name"] for step in row.points}
        heirs = {old: step["code"] for step in row.points for old in step["replaces"]}
        if code not in steps and code not in heirs:
            return None
        code = code if code in steps else heirs[code]
        now = steps[code]
    return now


async def versions(store: Store) -> list[Record]:
    """The newest first: number, file, when, how many points, how many labels were renamed."""
    return await store.rows(_VERSIONS, {})


def _point(row: Record) -> Point:
    return Point(
        row.code,
        row.name,
        row.parent,
        Subject(row.subject),
        Stage(row.stage),
        row.first_grade,
        row.last_grade,
        tuple(row.replaces),
    )


_IN_FORCE = """
    SELECT * FROM taxonomy_points WHERE taxonomy_id = (SELECT max(id) FROM taxonomies) ORDER BY position
"""
_OF_NAME = """
    SELECT taxonomy_id, code FROM taxonomy_points
    WHERE name = %(name)s AND subject = %(subject)s AND stage = %(stage)s
      AND (CAST(%(since)s AS int) IS NULL OR taxonomy_id = %(since)s) ORDER BY taxonomy_id DESC LIMIT 1
"""
_AFTER = """
    SELECT jsonb_agg(jsonb_build_object('code', code, 'name', name, 'replaces', replaces)) AS points
    FROM taxonomy_points WHERE taxonomy_id > %(version)s GROUP BY taxonomy_id ORDER BY taxonomy_id
"""
_RENAMED = "unnest(CAST(%(old)s AS text[]), CAST(%(new)s AS text[])) AS renamed (was, becomes)"
_RELABEL_QUESTIONS = f"""
    UPDATE questions q SET knowledge_point = renamed.becomes, version = q.version + 1 FROM {_RENAMED}
    WHERE q.knowledge_point = renamed.was AND q.subject = %(subject)s AND {STAGE.format("q")} = %(stage)s
    RETURNING 1
"""  # noqa: S608 - composed of constants of this module
_RELABEL_ANSWERS = f"""
    UPDATE answers a SET knowledge_points = (
        SELECT array_agg(known.point ORDER BY known.place) FROM (
            SELECT coalesce(renamed.becomes, taught.point) AS point, min(taught.place) AS place
            FROM unnest(a.knowledge_points) WITH ORDINALITY AS taught (point, place)
            LEFT JOIN {_RENAMED} ON renamed.was = taught.point GROUP BY 1) known)
    WHERE a.knowledge_points && CAST(%(old)s AS text[]) AND a.subject = %(subject)s
      AND {STAGE.format("a")} = %(stage)s
    RETURNING 1
"""  # noqa: S608 - composed of constants of this module
_RELABEL_FILMS = _RELABEL_ANSWERS.replace("UPDATE answers a", "UPDATE films a")
_LEFT_BEHIND = f"""
    SELECT count(*) AS questions FROM questions q
    WHERE q.knowledge_point = %(name)s AND q.subject = %(subject)s AND {STAGE.format("q")} = %(stage)s
"""  # noqa: S608 - composed of constants of this module
_VERSIONS = """
    SELECT t.id, t.file_name, t.made_at, t.relabelled, count(p.code) AS points
    FROM taxonomies t LEFT JOIN taxonomy_points p ON p.taxonomy_id = t.id GROUP BY t.id ORDER BY t.id DESC LIMIT 20
"""
