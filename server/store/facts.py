"""What research counts, in tables: a fact for each question, and what is told of each week. Pages read what is told."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from server.domain.monday import Figures, Filter
from server.domain.people import Stage, stage_of
from server.domain.release import Cell, Crowd, Point, Tally, Unit
from server.domain.statistics import BINS_PER_DOUBLING, LAST_BIN
from server.store.labels import HELD
from server.store.lines import Record, insertion
from server.store.work import Work

AT_ONCE = 5_000  # questions whose facts are made in one statement
ROWS = 1_000  # of an insertion
_LOCK = 20_267  # the advisory lock of whoever keeps the facts


class Facts:
    """Keeps facts in a unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def take_turn(self) -> bool:
        """Whether nobody else keeps them now; until the work ends."""
        [row] = await self._work.rows("SELECT pg_try_advisory_xact_lock(%(lock)s) AS mine", {"lock": _LOCK})
        return bool(row.mine)

    async def wait_turn(self) -> None:
        await self._work.rows("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _LOCK})

    async def due(self, limit: int = AT_ONCE) -> list[UUID]:
        """Questions of which something changed; they are struck off when the work is committed."""
        return [row.question_id for row in await self._work.rows(_DUE, {"limit": limit})]

    async def renew(self, questions: Sequence[UUID]) -> None:
        """Their facts as they follow from everything that is known now, whatever they were: none for a question that is
        gone, or whose pupil is not to be counted. The weeks that a change touched are to be told anew."""
        await self._work.rows(_RENEW, {"questions": list(questions)})

    async def renew_all(self) -> None:
        """The same for every question, from nothing but the questions; the schools that facts were noted at stay."""
        await self._work.rows(_RENEW.replace(_THESE, "true").replace(_THESE_FACTS, "true"))
        await self._work.rows("DELETE FROM research_due RETURNING 1")

    async def weeks_to_tell(self, over: date, since: datetime) -> list[date]:
        """Weeks before this one that changed and were not told since then, oldest first."""
        return [row.week for row in await self._work.rows(_WEEKS_TO_TELL, {"over": over, "since": since})]

    async def weeks_over(self, over: date) -> list[date]:
        query = "SELECT week FROM research_weeks WHERE week < %(over)s ORDER BY week"
        return [row.week for row in await self._work.rows(query, {"over": over})]

    async def cells(self, week: date) -> dict[Cell, Crowd]:
        """Never leaves the process: small groups are in it."""
        numbers: dict[UUID, int] = {}
        cells: dict[Cell, Crowd] = {}
        for row in await self._work.rows(_OF_WEEK, {"week": week}):
            point = Point(row.subject, stage_of(row.grade), row.knowledge_point)
            crowd = cells.setdefault(Cell(point, row.grade, row.school_id), Crowd())
            crowd.pupils.add(numbers.setdefault(row.pupil_id, len(numbers)))
            tally = crowd.tally
            tally.asked += 1
            tally.saw += row.saw
            tally.solved += row.solved
            tally.stuck += row.stuck
            tally.reopened += row.reopened
            tally.unanswered += row.unanswered
            if row.wait is not None:
                tally.waits[row.wait] = tally.waits.get(row.wait, 0) + 1
        return cells

    async def tell(self, week: date, units: Sequence[Unit]) -> None:
        """What is told of the week from now on."""
        await self._work.rows("DELETE FROM research_units WHERE week = %(week)s RETURNING 1", {"week": week})
        rows = [_row(week, number, unit) for number, unit in enumerate(units)]
        for start in range(0, len(rows), ROWS):
            query, params = insertion("research_units", rows[start : start + ROWS])
            await self._work.rows(f"{query} RETURNING 1", params)
        query = "UPDATE research_weeks SET told_at = clock_timestamp() WHERE week = %(week)s RETURNING 1"
        await self._work.rows(query, {"week": week})

    async def count_enrolled(self) -> None:
        """Pupils of each school and grade who are counted when they ask: what rates are taken of."""
        await self._work.rows(_COUNT_ENROLLED)


async def told(work: Work, week: date, subject: str | None = None) -> list[Unit]:
    """The units of a week, of one subject or of all."""
    rows = await work.rows(_TOLD, {"week": week, "subject": subject})
    return [_unit(row) for row in rows]


async def askers_by_point(work: Work, week: date, wanted: Filter) -> dict[Point, int]:
    """Who asked about each point in a week, as it is told."""
    rows = await work.rows(_ASKERS, {"week": week, **asdict(wanted)})
    return {Point(row.subject, Stage(row.stage), row.knowledge_point): row.askers for row in rows}


async def total(work: Work, week: date, wanted: Filter) -> Figures:
    """The sum of what is told of a week."""
    where = {"week": week, **asdict(wanted)}
    [row] = await work.rows(_TOTAL, where)
    waits = {each.bin: each.many for each in await work.rows(_TOTAL_WAITS, where)}
    tally = Tally(row.asked, row.saw, row.solved, row.stuck, row.reopened, row.unanswered, waits)
    return Figures(row.askers, tally)


async def enrolled(work: Work) -> dict[tuple[UUID, int], int]:
    rows = await work.rows("SELECT school_id, grade, pupils FROM research_enrolled")
    return {(row.school_id, row.grade): row.pupils for row in rows}


async def schools(work: Work) -> dict[UUID, str]:
    """Those that have pupils who are counted."""
    query = "SELECT id, name FROM schools WHERE id IN (SELECT school_id FROM research_enrolled) ORDER BY name"
    return {row.id: row.name for row in await work.rows(query)}


async def school_names(work: Work) -> dict[UUID, str]:
    """All of them."""
    return {row.id: row.name for row in await work.rows("SELECT id, name FROM schools")}


async def weeks_told(work: Work) -> list[date]:
    """Newest first."""
    query = "SELECT week FROM research_weeks WHERE told_at IS NOT NULL ORDER BY week DESC"
    return [row.week for row in await work.rows(query)]


async def by_week(work: Work, until: date, weeks: int, wanted: Filter) -> list[Record]:
    """Sums of what is told of each of the weeks up to this one: for a line through time."""
    return await work.rows(_BY_WEEK, {"until": until, "weeks": weeks, **asdict(wanted)})


def _row(week: date, number: int, unit: Unit) -> dict[str, Any]:
    tally = unit.tally
    return {
        "week": week,
        "number": number,
        "level": unit.level,
        "subject": unit.subject,
        "stage": None if unit.point is None else str(unit.point.stage),
        "knowledge_point": None if unit.point is None else unit.point.name,
        "grade": unit.grade,
        "school_id": unit.school,
        "asked": tally.asked,
        "askers": unit.askers,
        "saw": tally.saw,
        "solved": tally.solved,
        "stuck": tally.stuck,
        "reopened": tally.reopened,
        "unanswered": tally.unanswered,
        "waits": [each for bin in sorted(tally.waits) for each in (bin, tally.waits[bin])],
    }


def _unit(row: Record) -> Unit:
    point = None if row.stage is None else Point(row.subject, Stage(row.stage), row.knowledge_point)
    tally = Tally(
        asked=row.asked,
        saw=row.saw,
        solved=row.solved,
        stuck=row.stuck,
        reopened=row.reopened,
        unanswered=row.unanswered,
        waits=dict(zip(row.waits[::2], row.waits[1::2], strict=True)),
    )
    return Unit(row.level, row.subject, point, row.grade, row.school_id, row.askers, tally)


_DUE = """
    WITH taken AS (DELETE FROM research_due WHERE id IN (SELECT id FROM research_due ORDER BY id LIMIT %(limit)s)
                   RETURNING question_id)
    SELECT DISTINCT question_id FROM taken
"""

_FACT = (
    "pupil_id", "week", "day", "school_id", "grade", "subject", "knowledge_point", "pushed", "saw", "solved", "stuck",
    "reopened", "unanswered", "wait",
)  # fmt: skip
_TAKE_ALL = ", ".join(f"{name} = excluded.{name}" for name in _FACT)
_THESE = "q.id = ANY(CAST(%(questions)s AS uuid[]))"
_THESE_FACTS = "f.question_id = ANY(CAST(%(questions)s AS uuid[]))"

# What is held for the reviewer is not counted (docs/adr/0111): whatever reads facts need not ask again.
# A pupil is counted whose guardian agreed to research: the last word counts, and without one it is no. The school is
# the one at which the question was first counted: who moves leaves the old questions where they were asked. A video is
# what was pushed as the same problem; a worked example with other numbers is none. A wait ends with the first video,
# with a teacher on the same screen, or with an answer recorded alone. A week is one of the city's own time.
_RENEW = f"""
    WITH new AS (
        SELECT q.id AS question_id, q.student_id AS pupil_id, date_trunc('week', local.at)::date AS week,
               local.at::date AS day, coalesce(old.school_id, i.school_id) AS school_id, q.grade, q.subject,
               q.knowledge_point, coalesce(s.pushed, false) AS pushed,
               coalesce(s.pushed, false) OR q.answered_at IS NOT NULL AS saw, q.state = 'resolved' AS solved,
               coalesce(s.stuck, false) OR reopened.is AS stuck, reopened.is AS reopened,
               NOT coalesce(s.pushed, false) AND q.answered_at IS NULL AND q.state <> 'withdrawn' AS unanswered,
               CASE WHEN first.at IS NOT NULL THEN least({LAST_BIN}, floor({BINS_PER_DOUBLING} * log(2,
                   greatest(1, extract(epoch FROM first.at - q.received_at)::numeric))))::int END AS wait
        FROM questions q
        JOIN identities i ON i.account_id = q.student_id
        JOIN LATERAL (SELECT given FROM consents c WHERE c.child_id = q.student_id AND c.purpose = 'research'
                      ORDER BY c.id DESC LIMIT 1) word ON word.given
        CROSS JOIN LATERAL (SELECT q.received_at AT TIME ZONE 'Asia/Shanghai' AS at) local
        LEFT JOIN research_facts old ON old.question_id = q.id
        LEFT JOIN LATERAL (SELECT true AS pushed, bool_or(outcome = 'still_stuck') AS stuck, min(made_at) AS first_at
                           FROM suggestions WHERE question_id = q.id AND verdict <> 'similar'
                           HAVING count(*) > 0) s ON true
        CROSS JOIN LATERAL (SELECT min(CASE WHEN kind = 'live' THEN opened_at WHEN ended_why = 'finished' THEN ended_at
                                       END) AS first_at, count(*) FILTER (WHERE ended_why = 'finished') AS finished
                            FROM live_sessions WHERE question_id = q.id) l
        CROSS JOIN LATERAL (SELECT least(s.first_at, l.first_at) AS at) first
        CROSS JOIN LATERAL (SELECT q.answered_at IS NOT NULL AND (l.finished > 1 OR q.state NOT IN
                                ('answered', 'resolved')) AS is) reopened
        WHERE {_THESE} AND NOT {HELD.format("q")}
    ), gone AS (
        DELETE FROM research_facts f WHERE {_THESE_FACTS}
            AND NOT EXISTS (SELECT FROM new WHERE new.question_id = f.question_id) RETURNING f.week
    ), before AS (
        SELECT f.question_id, f.week FROM research_facts f WHERE {_THESE_FACTS}
    ), written AS (
        INSERT INTO research_facts AS f SELECT * FROM new
        ON CONFLICT (question_id) DO UPDATE SET {_TAKE_ALL}
        WHERE f IS DISTINCT FROM excluded
        RETURNING f.question_id, f.week
    )
    INSERT INTO research_weeks AS w (week, changed_at)
    SELECT week, clock_timestamp() FROM (
        SELECT week FROM gone UNION SELECT week FROM written
        UNION SELECT before.week FROM before JOIN written USING (question_id)) touched
    ORDER BY week
    ON CONFLICT (week) DO UPDATE SET changed_at = excluded.changed_at
    RETURNING w.week
"""  # noqa: S608 - composed of constants of this module

_WEEKS_TO_TELL = """
    SELECT week FROM research_weeks
    WHERE week < %(over)s AND (told_at IS NULL OR told_at < changed_at AND told_at < %(since)s) ORDER BY week
"""
_OF_WEEK = """
    SELECT subject, knowledge_point, grade, school_id, pupil_id, saw, solved, stuck, reopened, unanswered, wait
    FROM research_facts WHERE week = %(week)s
"""
_TOLD = """
    SELECT * FROM research_units WHERE week = %(week)s AND (CAST(%(subject)s AS text) IS NULL OR subject = %(subject)s)
    ORDER BY number
"""
_TAKEN = """
    (CAST(%(subject)s AS text) IS NULL OR subject = %(subject)s)
    AND (CAST(%(grade)s AS int) IS NULL OR grade = %(grade)s)
    AND (CAST(%(school)s AS uuid) IS NULL OR school_id = %(school)s)
"""
_ASKERS = f"""
    SELECT subject, stage, knowledge_point, sum(askers)::int AS askers FROM research_units
    WHERE week = %(week)s AND stage IS NOT NULL AND {_TAKEN} GROUP BY 1, 2, 3
"""  # noqa: S608 - composed of constants of this module
_TOTAL = f"""
    SELECT {
    ", ".join(
        f"coalesce(sum({name}), 0)::int AS {name}"
        for name in ("asked", "askers", "saw", "solved", "stuck", "reopened", "unanswered")
    )
}
    FROM research_units WHERE week = %(week)s AND {_TAKEN}
"""  # noqa: S608 - composed of constants of this module
_TOTAL_WAITS = f"""
    SELECT waits[n] AS bin, sum(waits[n + 1])::int AS many
    FROM research_units CROSS JOIN LATERAL generate_series(1, cardinality(waits), 2) n
    WHERE week = %(week)s AND {_TAKEN} GROUP BY 1
"""  # noqa: S608 - composed of constants of this module
_BY_WEEK = f"""
    SELECT week, sum(asked)::int AS asked, sum(unanswered)::int AS unanswered FROM research_units
    WHERE week > CAST(%(until)s AS date) - 7 * %(weeks)s AND week <= %(until)s AND {_TAKEN}
    GROUP BY week ORDER BY week
"""  # noqa: S608 - composed of constants of this module
_COUNT_ENROLLED = """
    WITH counted AS (
        SELECT i.school_id, a.grade, count(*)::int AS pupils
        FROM accounts a JOIN identities i ON i.account_id = a.id
        JOIN LATERAL (SELECT given FROM consents c WHERE c.child_id = a.id AND c.purpose = 'research'
                      ORDER BY c.id DESC LIMIT 1) word ON word.given
        WHERE 'student' = ANY(a.roles) AND a.disabled_at IS NULL AND a.grade IS NOT NULL AND i.school_id IS NOT NULL
        GROUP BY 1, 2
    ), gone AS (
        DELETE FROM research_enrolled e WHERE NOT EXISTS (
            SELECT FROM counted c WHERE c.school_id = e.school_id AND c.grade = e.grade)
    )
    INSERT INTO research_enrolled SELECT * FROM counted
    ON CONFLICT (school_id, grade) DO UPDATE SET pupils = excluded.pupils
    RETURNING 1
"""
