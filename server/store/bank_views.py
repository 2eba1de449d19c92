"""What is found in the bank: questions without their pupils, answers that may be watched, and counts by facet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from server.domain.bank import UNLABELLED, Counts, Outcome, Search, chosen, counted, tree, under, without
from server.domain.label import Difficulty
from server.domain.people import Stage, Subject
from server.domain.taxonomy import Point
from server.live import protocol as wire
from server.store import facts, taxonomies
from server.store.lines import Record
from server.store.views import ANSWER_COLUMNS, LISTED, Views
from server.store.work import Work

PAGE = 20
LONGEST = 300  # letters of a problem
TEXTS, OF_A_TEXT, OF_AN_ANSWER, FIGURES = 120, 100, 100, 100  # that a search looks at
MOST_HOLDERS = 400  # texts looked at for one pair of characters
FIGURE_NEAR = 10  # bits, as matcher.figure has it
LEAST_COMMON = 0.5  # of what the pairs of a search tell, that a text has to have
MOST_TOPICS = 40
ANSWERS = 4  # shown above the questions


@dataclass(frozen=True)
class Near:
    """An answer whose problem is near to what is looked for."""

    id: UUID
    sure: float


@dataclass(frozen=True)
class Sought:
    """What is looked for, as the indexes have it: pairs of characters with what each tells, and what is near."""

    pairs: Sequence[str] = ()
    rarities: Sequence[float] = ()
    near: Sequence[Near] = ()
    by_meaning: bool = True  # False: the matcher could not be asked


@dataclass(frozen=True)
class BankViews:
    """Reads views from the store, for somebody who may see one school, or all."""

    views: Views
    work: Work
    school: UUID | None

    async def found(self, search: Search, sought: Sought, skip: int) -> wire.BankView:
        weeks = await facts.weeks_told(self.work)
        _, taxonomy = await taxonomies.in_force(self.work) if search.subject and search.stage else (0, [])
        points = [p for p in taxonomy if (p.subject, p.stage) == (search.subject, search.stage)]
        told, moved = await self._followed(search, points)
        asked = _Asked(told, sought, self.school, points, weeks)
        counts = await self._counts(asked)
        rows = await self._rows(asked, skip)
        return wire.BankView(
            weeks=[str(each) for each in weeks],
            total=counts.total,
            items=await self._items(rows[:PAGE], asked),
            more=len(rows) > PAGE,
            terms=list(sought.pairs),
            by_meaning=sought.by_meaning,
            wordless=bool(told.words) and not sought.pairs,
            answers=await self._answers_found(sought) if skip == 0 else [],
            facets=await self._facets(counts, asked),
            points=[wire.BankPoint(name=b.name, depth=b.depth, asked=b.asked) for b in _tree(points, counts)],
            topics=await self._topics(asked),
            schools=await self._schools(counts),
            without=await self._without(counts, asked),
            moved=moved,
        )

    async def _followed(self, search: Search, points: Sequence[Point]) -> tuple[Search, list[wire.BankMoved]]:
        """What was renamed, replaced or merged is what it became."""
        moved = []
        if search.point not in (None, UNLABELLED) and search.subject and search.stage:
            assert search.point is not None
            now = await taxonomies.now_called(self.work, search.subject, search.stage, search.point)
            if points and now != search.point:
                moved.append(wire.BankMoved(what="point", was=search.point, now=now))
                search = replace(search, point=now or search.point)
        if search.topic is not None:
            found = await self.work.rows(_TOPIC, {"id": search.topic})
            if not found or found[0].now != search.topic:
                now = str(found[0].now) if found else None
                moved.append(wire.BankMoved(what="topic", was=str(search.topic), now=now))
                search = replace(search, topic=found[0].now if found else search.topic)
        return search, moved

    # --- counts ---

    async def _counts(self, asked: "_Asked") -> Counts:
        search = asked.search
        columns = [name for name in _COLUMNS if name != "point" or (search.subject and search.stage)]
        source = asked.rows if search.seeks or search.topic is not None else asked.units
        return counted(await self.work.rows(_counting(columns, source, search), asked.params), search)

    async def _without(self, counts: Counts, asked: "_Asked") -> list[wire.BankCount]:
        """Where nothing is found: what to leave out, the narrowest first."""
        if counts.total > 0:
            return []
        search, found = asked.search, without(counts, asked.search)
        for name, given in (("words", {"words": "", "figure": None}), ("outcome", {"outcome": None}),
                            ("topic", {"topic": None}), ("weeks", {"weeks": 52, "until": None})):  # fmt: skip
            wider: Search = replace(search, **given)
            if wider != search:
                count = (await self._counts(replace(asked, search=wider))).total
                found |= {name: count} if count else {}
        return [wire.BankCount(value=name, asked=n) for name, n in sorted(found.items(), key=lambda pair: pair[1])]

    async def _facets(self, counts: Counts, asked: "_Asked") -> list[wire.BankFacet]:
        """Those whose values the page knows by name; what is coarser than a facet is in none of its values."""
        orders: dict[str, Sequence[str]] = {
            "subject": list(Subject),
            "stage": list(Stage),
            "grade": [str(n) for n in range(1, 13)],
            "outcome": list(Outcome),
            "difficulty": list(Difficulty),
            "week": [str(week) for week in asked.weeks],
        }
        return [
            wire.BankFacet(
                name=name,
                counts=[
                    wire.BankCount(value=str(value), asked=counts.values[name][value])
                    for value in order
                    if value in counts.values.get(name, {})
                ],
            )
            for name, order in orders.items()
        ]

    async def _schools(self, counts: Counts) -> list[wire.BankSchool]:
        names = await facts.schools(self.work)
        found = {UUID(value): n for value, n in counts.values.get("school", {}).items() if value is not None}
        if self.school is not None:
            found = {id: n for id, n in found.items() if id == self.school}
        known = [(names[id], id, n) for id, n in found.items() if id in names]
        return [wire.BankSchool(id=id, name=name, asked=n) for name, id, n in sorted(known, key=lambda each: -each[2])]

    async def _topics(self, asked: "_Asked") -> list[wire.BankTopic]:
        """Of one subject and stage, with all filters but the topic's own."""
        search = asked.search
        if not (search.subject and search.stage):
            return []
        any_topic = replace(asked, search=replace(search, topic=None))
        rows = await self.work.rows(_topics(any_topic), any_topic.params)
        return [wire.BankTopic(number=r.id, name=r.name or "、".join(r.terms), asked=r.asked) for r in rows]

    # --- questions ---

    async def _rows(self, asked: "_Asked", skip: int) -> list[Record]:
        """One more than a page has. Of a search, each text once, the nearest first; else all, the latest first."""
        where = {**asked.params, "skip": skip, "many": PAGE + 1}
        return await self.work.rows(_ranked(asked) if asked.search.seeks else _latest(asked), where)

    async def _items(self, rows: Sequence[Record], asked: "_Asked") -> list[wire.BankItem]:
        texts = await self.work.rows(_TEXTS, {"ids": [row.text_id for row in rows if row.text_id is not None]})
        text_of = {row.id: row.text for row in texts}
        known = {
            row.answer_id: (row, view)
            for row, view in await self._answers([row.answer_id for row in rows if row.answer_id])
        }
        items: dict[Any, wire.BankItem] = {}
        for row in rows:
            key = row.text_id or row.question_id
            answer, view = known.get(row.answer_id, (None, None))
            photo = next(iter((answer.pages or {}).values()), None) if answer is not None else None
            photo_url = None if photo is None else await self.views.sign(photo, None)
            if key in items:  # of the filters alone: the same problem on one page is told once
                item = items[key]
                item.alike += 1
                item.answer, item.photo_url = item.answer or view, item.photo_url or photo_url
                continue
            items[key] = wire.BankItem(
                week=str(row.week),
                subject=row.subject,
                stage=row.stage,
                grade=row.grade,
                point=row.knowledge_point,
                text=text_of.get(row.text_id, "")[:LONGEST],
                outcome=_outcome(row),
                difficulty=row.difficulty,
                answer=view,
                photo_url=photo_url,
                alike=row.alike - 1,
                by_words=row.by_words,
                by_figure=row.by_figure,
                sure=None if row.sure is None else round(row.sure, 2),
            )
        return list(items.values())

    async def _answers_found(self, sought: Sought) -> list[wire.AnswerView]:
        found = {row.answer_id: view for row, view in await self._answers([near.id for near in sought.near])}
        return [found[near.id] for near in sought.near if near.id in found][:ANSWERS]

    async def _answers(self, ids: Sequence[UUID]) -> list[tuple[Record, wire.AnswerView]]:
        """Those that may be watched now, whose they are is not told."""
        found = await self.views.answers(_ANSWERS, {"ids": list(ids)}) if ids else []
        for row, view in found:
            view.teacher_name, view.problem_text = "", row.problem_text[:LONGEST]
        return found


def _outcome(row: Record) -> Outcome | None:
    """The one that matters most."""
    order = (Outcome.REOPENED, Outcome.STUCK, Outcome.UNANSWERED, Outcome.SOLVED, Outcome.SEEN)
    return next((each for each in order if getattr(row, each)), None)


def _tree(points: Sequence[Point], counts: Counts) -> list[Any]:
    return tree(points, counts.values.get("point", {}))


@dataclass(frozen=True)
class _Asked:
    """A search as statements have it. Parts of statements are of this module; what people typed is a parameter."""

    search: Search
    sought: Sought
    school: UUID | None
    points: Sequence[Point]
    weeks_told: Sequence[date]

    @property
    def weeks(self) -> list[date]:
        """Of the period, the latest first."""
        last, first = self._period
        return [week for week in self.weeks_told if first <= week <= last]

    @property
    def _period(self) -> tuple[date, date]:
        latest = self.weeks_told[0] if self.weeks_told else date.min + timedelta(weeks=60)
        last = self.search.until or latest
        return last, last - timedelta(weeks=self.search.weeks - 1)

    @property
    def params(self) -> Mapping[str, Any]:
        search, (last, first) = self.search, self._period
        point = search.point
        return {
            "first": first,
            "last": last,
            "subject": search.subject and str(search.subject),
            "stage": search.stage and str(search.stage),
            "grade": search.grade,
            "points": [] if point is None else [""] if point == UNLABELLED else under(self.points, point),
            "difficulty": search.difficulty and str(search.difficulty),
            "school": search.school,
            "mine": self.school,
            "topic": search.topic,
            "figure": None if search.figure is None else f"{int(search.figure, 16):064b}",
            "pairs": [f"'{pair}'" for pair in self.sought.pairs],
            "whole": " & ".join(f"'{pair}'" for pair in self.sought.pairs),
            "rarities": list(self.sought.rarities),
            "least": sum(self.sought.rarities) * LEAST_COMMON,
            "near": [near.id for near in self.sought.near],
            "sure": [near.sure for near in self.sought.near],
        }

    @property
    def _given(self) -> str:
        """What holds for all rows, also for those that a facet's own filter leaves out."""
        mine = "" if self.school is None else " AND school_id = %(mine)s"
        return f"week BETWEEN %(first)s AND %(last)s{mine}"

    @property
    def units(self) -> str:
        return f"SELECT * FROM bank_units WHERE {self._given}"  # noqa: S608 - of this module

    @property
    def rows(self) -> str:
        """Questions, as units of one: of a search, those that are hit, with why; else all of the period."""
        sums = ", ".join(f"b.{each}::int AS {each}" for each in Outcome)
        place = "b.question_id, b.week, b.subject, b.stage, b.knowledge_point, b.grade, b.school_id, b.difficulty"
        kept = f"{place}, b.text_id, b.answer_id, 1 AS asked, {sums}"
        topic = "" if self.search.topic is None else f" AND {_IN_TOPIC}"
        if not self.search.seeks:
            why = "NULL::float8 AS score, false AS by_words, false AS by_figure, NULL::float8 AS sure"
            return f"SELECT {kept}, {why} FROM bank_questions b WHERE {self._given}{topic}"  # noqa: S608 - of this module
        figure = _BY_FIGURE if self.search.figure is not None else ""
        return f"""
            SELECT {kept}, hit.score, hit.by_words, hit.by_figure, hit.sure
            FROM ({_HITS.replace("-- figures", figure)}) hit JOIN bank_questions b USING (question_id)
            WHERE {self._given}{topic}
        """  # noqa: S608 - of this module

    @property
    def taken(self) -> str:
        """The condition of all chosen filters."""
        search = self.search
        outcome = [] if search.outcome is None else [f"{search.outcome}::int = 1"]
        return " AND ".join([*(_TAKES[name] for name in chosen(search)), *outcome]) or "true"


_COLUMNS = {
    "subject": "subject",
    "stage": "stage",
    "grade": "grade",
    "point": "knowledge_point",
    "difficulty": "difficulty",
    "school": "school_id",
    "week": "week",
}
_TAKES = {
    name: f"{column} = %({name})s" for name, column in _COLUMNS.items() if name not in ("point", "week")
} | {"point": "coalesce(knowledge_point, '') = ANY(%(points)s)"}  # fmt: skip


def _counting(columns: Sequence[str], source: str, search: Search) -> str:
    """One pass over the source by facet and one for the total; a row that two filters leave out is in no count. What is
    hit is found once; sums are read twice, since to keep them between costs more."""
    kept = "MATERIALIZED" if search.seeks or search.topic is not None else "NOT MATERIALIZED"
    mask = " + ".join(
        f"CASE WHEN {_TAKES[name]} THEN 0 ELSE {1 << n} END" for n, name in enumerate(chosen(search))
    )  # fmt: skip
    single = ", ".join(str(1 << n) for n in range(len(chosen(search))))
    some = f"WHERE mask IN (0{', ' + single if single else ''})"
    n = "asked" if search.outcome is None else str(search.outcome)
    facet = " ".join(f"WHEN grouping({_COLUMNS[name]}) = 0 THEN '{name}'" for name in columns)
    value = ", ".join(f"{_COLUMNS[name]}::text" for name in columns)
    sets = ", ".join(f"({_COLUMNS[name]}, mask)" for name in columns)
    sums = ", ".join(f"coalesce(sum({each}), 0)::int AS {each}" for each in Outcome)
    none = ", ".join(f"0 AS {each}" for each in Outcome)
    return f"""
        WITH source AS {kept} (
            SELECT {", ".join(_COLUMNS.values())}, {", ".join(Outcome)}, {n} AS n, {mask or "0"} AS mask
            FROM ({source}) source)
        SELECT CASE {facet} END AS facet, coalesce({value}) AS value, mask, sum(n)::int AS n, {none}
        FROM source {some} GROUP BY GROUPING SETS ({sets})
        UNION ALL SELECT 'total', NULL, 0, coalesce(sum(n), 0)::int, {sums} FROM source WHERE mask = 0
    """  # noqa: S608 - composed of constants of this module


def _ranked(asked: _Asked) -> str:
    return f"""
        SELECT * FROM (
            SELECT source.*, count(*) OVER (PARTITION BY text) AS alike,
                   row_number() OVER (PARTITION BY text ORDER BY answer_id IS NULL, score DESC, week DESC, question_id)
                       AS turn
            FROM (SELECT *, coalesce(text_id::text, question_id::text) AS text FROM ({asked.rows}) every
                  WHERE {asked.taken}) source) numbered
        WHERE turn = 1 ORDER BY score DESC, week DESC, question_id LIMIT %(many)s OFFSET %(skip)s
    """  # noqa: S608 - composed of constants of this module


def _latest(asked: _Asked) -> str:
    return f"""
        SELECT every.*, 1 AS alike FROM ({asked.rows}) every WHERE {asked.taken}
        ORDER BY week DESC, question_id DESC LIMIT %(many)s OFFSET %(skip)s
    """  # noqa: S608 - composed of constants of this module


def _topics(asked: _Asked) -> str:
    return f"""
        SELECT t.id, t.name, t.terms, count(*)::int AS asked
        FROM (SELECT question_id FROM ({asked.rows}) every WHERE {asked.taken}) taken
        JOIN topic_members m USING (question_id) JOIN topics t ON t.id = m.topic_id
        WHERE t.subject = %(subject)s AND t.stage = %(stage)s AND t.merged_into IS NULL
        GROUP BY t.id ORDER BY 4 DESC, t.id LIMIT {MOST_TOPICS}
    """  # noqa: S608 - composed of constants of this module


_IN_TOPIC = "b.question_id IN (SELECT question_id FROM topic_members WHERE topic_id = %(topic)s)"
_TOPIC = "SELECT coalesce(merged_into, id) AS now FROM topics WHERE id = %(id)s"
_TEXTS = "SELECT id, text FROM bank_texts WHERE id = ANY(CAST(%(ids)s AS bigint[]))"
_ANSWERS = f"""
    SELECT {ANSWER_COLUMNS}, a.pages FROM answers a JOIN accounts at ON at.id = a.teacher_id
    WHERE a.id = ANY(CAST(%(ids)s AS uuid[])) AND {LISTED} AND NOT a.has_pupil
"""  # noqa: S608 - composed of constants
# The three ways to be found, fused by reciprocal rank as the matcher does. Texts that have all pairs come first, then
# those that have most of what tells; of a common pair no more texts are looked at than a search needs.
_HITS = f"""
    WITH whole AS MATERIALIZED (
        SELECT id FROM bank_texts WHERE words @@ CAST(nullif(%(whole)s, '') AS tsquery) LIMIT {TEXTS}
    ), most AS MATERIALIZED (
        SELECT holder.id, sum(told.rarity) AS common
        FROM unnest(CAST(%(pairs)s AS text[]), CAST(%(rarities)s AS float8[])) AS told (pair, rarity)
        CROSS JOIN LATERAL (SELECT id FROM bank_texts WHERE words @@ CAST(told.pair AS tsquery) LIMIT {MOST_HOLDERS})
            AS holder
        WHERE (SELECT count(*) FROM whole) < {TEXTS} GROUP BY holder.id HAVING sum(told.rarity) >= %(least)s
    ), texts AS MATERIALIZED (
        SELECT id, rank() OVER (ORDER BY common DESC) AS turn FROM (
            SELECT id, max(common) AS common FROM (
                SELECT id, 'infinity'::float8 AS common FROM whole UNION ALL SELECT id, common FROM most) either
            GROUP BY id ORDER BY 2 DESC, id DESC LIMIT {TEXTS}) best
    ), near AS MATERIALIZED (
        SELECT id, sure, row_number() OVER (ORDER BY sure DESC) AS turn
        FROM unnest(CAST(%(near)s AS uuid[]), CAST(%(sure)s AS float8[])) AS given (id, sure)
    ), hits AS (
        SELECT of.question_id, texts.turn AS by_words, NULL::bigint AS by_near, NULL::float8 AS sure,
               NULL::bigint AS by_figure
        FROM texts CROSS JOIN LATERAL (
            SELECT question_id FROM bank_questions b WHERE b.text_id = texts.id
                AND b.week BETWEEN %(first)s AND %(last)s ORDER BY b.week DESC LIMIT {OF_A_TEXT}) of
        UNION ALL
        SELECT of.question_id, NULL, near.turn, near.sure, NULL FROM near CROSS JOIN LATERAL (
            SELECT question_id FROM bank_questions b WHERE b.answer_id = near.id
                AND b.week BETWEEN %(first)s AND %(last)s ORDER BY b.week DESC LIMIT {OF_AN_ANSWER}) of
        -- figures
    )
    SELECT question_id, min(by_words) IS NOT NULL AS by_words, min(by_figure) IS NOT NULL AS by_figure,
           max(sure) AS sure, coalesce(1.0 / (60 + min(by_words)), 0) + coalesce(1.0 / (60 + min(by_near)), 0)
               + coalesce(1.0 / (60 + min(by_figure)), 0) AS score
    FROM hits GROUP BY question_id
"""  # noqa: S608 - composed of constants of this module
_BY_FIGURE = f"""
    UNION ALL
    SELECT question_id, NULL, NULL, NULL, rank() OVER (ORDER BY far) FROM (
        SELECT question_id, bit_count(figure # CAST(%(figure)s AS bit(64))) AS far FROM bank_questions b
        WHERE figure IS NOT NULL AND b.week BETWEEN %(first)s AND %(last)s ORDER BY far LIMIT {FIGURES}) shapes
    WHERE far <= {FIGURE_NEAR}
"""  # noqa: S608 - composed of constants of this module
