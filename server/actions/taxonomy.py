"""Bringing in a version of the taxonomy: whole or not at all, and labels of the one before go with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from server.domain.taxonomy import Changes, Fault, Point, changes, faults
from server.store import taxonomies
from server.store.work import Work

MOST_FAULTS = 200  # told at once


@dataclass(frozen=True)
class Imported:
    """What came of it. With faults nothing was changed; `version` is the one in force then."""

    version: int
    points: int
    faults: Sequence[Fault]
    changes: Changes | None = None
    relabelled: int = 0
    left_behind: int = 0
    is_new: bool = False


async def bring_in(
    work: Work,
    points: Sequence[tuple[int, Point]],
    unread: Sequence[Fault],
    file_name: str,
    by: UUID | None,
    *,
    dry_run: bool = False,
) -> Imported:
    await taxonomies.take_turns(work)
    version, old = await taxonomies.in_force(work)
    # A row that could not be read makes orphans of those that hang from it: they are told once it can be.
    found = list(unread) or faults(points, old)
    new = [point for _, point in points]
    if found:
        return Imported(version, len(new), found[:MOST_FAULTS])
    found_changes = changes(old, new)
    if _same(old, new):
        return Imported(version, len(new), (), found_changes)
    relabelled = await taxonomies.relabel(work, found_changes.names)
    left = await taxonomies.left_behind(work, found_changes.gone)
    number = await taxonomies.add(work, new, file_name[:200], by, relabelled)
    if dry_run:
        await work.rollback()
        return Imported(version, len(new), (), found_changes, relabelled, left)
    await work.commit()
    return Imported(number, len(new), (), found_changes, relabelled, left, is_new=True)


def _same(old: Sequence[Point], new: Sequence[Point]) -> bool:
    def plain(points: Sequence[Point]) -> list[tuple[object, ...]]:
        return [(p.code, p.name, p.parent, p.subject, p.stage, p.first_grade, p.last_grade) for p in points]

    return plain(old) == plain(new)
