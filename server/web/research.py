"""The doors of research: the taxonomy, what is labelled by itself, and topics. Nobody is named here."""

from starlette.responses import Response

from server.domain.people import Role
from server.live import protocol as wire
from server.store import taxonomies
from server.taxonomy_file import write_points
from server.web.door import Call, Door

RESEARCHER = frozenset({Role.RESEARCHER})

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


async def taxonomy_file(call: Call[None]) -> Response:
    async with call.parts.store.work() as work:
        number, points = await taxonomies.in_force(work)
    headers = {"Content-Disposition": f'attachment; filename="taxonomy-{number}.csv"'}
    return Response(write_points(points), media_type="text/csv", headers=headers)


DOORS = (
    Door("GET", "/api/research/taxonomy", taxonomy, RESEARCHER, "The knowledge points in force",
         reply=wire.TaxonomyView, tag="research"),
    Door("GET", "/api/research/taxonomy.csv", taxonomy_file, RESEARCHER, "The knowledge points in force, as a file",
         content_type="text/csv", tag="research"),
)  # fmt: skip
