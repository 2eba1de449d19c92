"""The doors of research: the taxonomy, what is labelled by itself, and topics. Nobody is named here."""

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from server.actions import label, topic
from server.actions.errors import BadRequest, NotHere
from server.domain.label import Source
from server.domain.people import Role, Stage, Subject, stage_of
from server.live import protocol as wire
from server.store import label_views, taxonomies, topic_views
from server.taxonomy_file import write_points
from server.topics import parted
from server.web.door import Call, Door

RESEARCHER = frozenset({Role.RESEARCHER})
REVIEWER = frozenset({Role.REVIEWER})
TEACHER = frozenset({Role.TEACHER})

# --- the taxonomy --------------------------------------------------------------------------------------------------


async def taxonomy(call: Call[None]) -> wire.TaxonomyView:
    async with call.parts.store.work() as work:
        _, points = await taxonomies.in_force(work)
    return wire.TaxonomyView(
        points_in_force=[
            wire.TaxonomyPoint(
                code=p.code,
                name=p.name,
                parent=p.parent,
                subject=p.subject,
                stage=p.stage,
                first_grade=p.first_grade,
                last_grade=p.last_grade,
            )
            for p in points
        ],
        versions=[
            wire.TaxonomyVersion(
                number=row.id, file_name=row.file_name, made_at=row.made_at, size=row.points, relabelled=row.relabelled
            )
            for row in await taxonomies.versions(call.parts.store)
        ],
    )


async def points(call: Call[None]) -> wire.PointsView:
    subject, grade = call.query.get("subject", ""), call.query.get("grade", "")
    if subject not in list(Subject) or grade not in map(str, range(1, 13)):
        raise BadRequest
    async with call.parts.store.work() as work:
        _, in_force = await taxonomies.in_force(work)
    stage, names = stage_of(int(grade)), {p.code: p.name for p in in_force}
    here = [p for p in in_force if (p.subject, p.stage) == (subject, stage)]
    return wire.PointsView(points=[wire.FoundPoint(name=p.name, area=names.get(p.parent or "", "")) for p in here])


async def taxonomy_file(call: Call[None]) -> Response:
    async with call.parts.store.work() as work:
        number, points = await taxonomies.in_force(work)
    headers = {"Content-Disposition": f'attachment; filename="taxonomy-{number}.csv"'}
    return Response(write_points(points), media_type="text/csv", headers=headers)


# --- labels --------------------------------------------------------------------------------------------------------


async def to_say(call: Call[None]) -> wire.ToSayList:
    return await label_views.to_say(call.parts.store, *_scope(call))


async def say_label(call: Call[wire.SayLabel]) -> None:
    async with call.parts.store.work() as work:
        await label.say(work, call.person, Source.RESEARCHER, call.id(), call.body.kind, call.body.value)


async def label_models(call: Call[None]) -> wire.LabelModels:
    return await label_views.models(call.parts.store)


async def held(call: Call[None]) -> wire.HeldQuestions:
    return await label_views.held(call.parts.store)


async def judge_held(call: Call[wire.SayLabel]) -> wire.HeldQuestions:
    async with call.parts.store.work() as work:
        finder, rules, body = call.parts.finder, call.parts.rules, call.body
        await label.judge(work, finder, rules, call.person, call.id(), body.kind, body.value)
    return await label_views.held(call.parts.store)


# --- topics --------------------------------------------------------------------------------------------------------


async def topics(call: Call[Any]) -> wire.TopicList:
    subject, stage = _scope(call)
    async with call.parts.store.work() as work:
        now = work.began
    return await topic_views.listed(call.parts.store, subject, stage, now)


async def rename_topic(call: Call[wire.RenameTopic]) -> None:
    async with call.parts.store.work() as work:
        await topic.rename(work, call.person, number_in_path(call), call.body.name)


async def merge_topic(call: Call[wire.MergeTopic]) -> None:
    async with call.parts.store.work() as work:
        await topic.merge(work, call.person, number_in_path(call), call.body.into)


async def split_topic(call: Call[None]) -> None:
    async def part(texts: Sequence[str]) -> list[tuple[list[int], dict[str, Any]]]:
        return await asyncio.to_thread(parted, texts)

    async with call.parts.store.work() as work:
        await topic.split(work, call.person, number_in_path(call), part)


def number_in_path(call: Call[Any]) -> int:
    number = call.path["number"]
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise NotHere
    return int(number)


def _scope(call: Call[Any]) -> tuple[Subject, Stage]:
    try:
        return Subject(call.query.get("subject", "")), Stage(call.query.get("stage", ""))
    except ValueError as error:
        raise BadRequest("subject and stage are needed") from error


DOORS = (
    Door("GET", "/api/research/taxonomy", taxonomy, RESEARCHER, "The knowledge points in force",
         reply=wire.TaxonomyView, tag="research"),
    Door("GET", "/api/research/taxonomy.csv", taxonomy_file, RESEARCHER, "The knowledge points in force, as a file",
         content_type="text/csv", tag="research"),
    Door("GET", "/api/points", points, TEACHER, "The knowledge points that a teacher may name", reply=wire.PointsView,
         tag="research", query=("subject", "grade")),
    Door("GET", "/api/research/to-say", to_say, RESEARCHER, "Questions whose point nobody has said",
         reply=wire.ToSayList, tag="research", query=("subject", "stage")),
    Door("POST", "/api/research/questions/{id}/label", say_label, RESEARCHER, "Say what a question is about",
         wire.SayLabel, tag="research"),
    Door("GET", "/api/research/models", label_models, RESEARCHER, "What models label, and how well",
         reply=wire.LabelModels, tag="research"),
    Door("GET", "/api/held", held, REVIEWER, "What a model takes for no question, or an inappropriate one",
         reply=wire.HeldQuestions, tag="research"),
    Door("POST", "/api/held/{id}", judge_held, REVIEWER, "The reviewer's word on it", wire.SayLabel,
         wire.HeldQuestions, tag="research"),
    Door("GET", "/api/research/topics", topics, RESEARCHER, "What many ask about, and how it grows",
         reply=wire.TopicList, tag="research", query=("subject", "stage")),
    Door("POST", "/api/research/topics/{number}/rename", rename_topic, RESEARCHER, "Give a topic a name",
         wire.RenameTopic, tag="research"),
    Door("POST", "/api/research/topics/{number}/merge", merge_topic, RESEARCHER, "Let a topic be part of another",
         wire.MergeTopic, tag="research"),
    Door("POST", "/api/research/topics/{number}/split", split_topic, RESEARCHER, "Part a topic in two",
         tag="research"),
)  # fmt: skip
