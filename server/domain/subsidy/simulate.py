"""Two reckonings of the same facts side by side: who would gain, who would lose, and when the money would be gone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.domain.subsidy.policy import date_of
from server.domain.subsidy.reckon import Reckoning, month_name

Row = tuple[str, int, int]  # name, fen now, fen under the draft


@dataclass(frozen=True)
class Comparison:
    """What is paid now, and what a draft would pay; rows by name."""

    now_fen: int
    draft_fen: int
    draft_held_fen: int
    gain: int
    lose: int
    same: int
    by_month: list[Row]
    by_school: list[Row]
    by_teacher: list[Row]
    spent: list[Row]  # up to each day on which work was done, by the day of the work
    runs_out: str | None  # the first day whose work a pool of the draft could not pay in full


def compare(now: Reckoning, draft: Reckoning, schools_of: Mapping[str, str]) -> Comparison:
    """`schools_of` names a teacher's school where no standing did."""
    months: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    schools: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    teachers: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    days: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for side, done in enumerate((now, draft)):
        for statement in done.statements:
            months[month_name(statement.month)][side] += statement.fen
            teachers[statement.teacher][side] += statement.fen
            for line in statement.lines:
                days[line.day][side] += line.fen
                schools[line.school or schools_of.get(statement.teacher, "")][side] += line.fen
    exhausted = [use.exhausted_on for use in draft.pools if use.exhausted_on is not None]
    return Comparison(
        now_fen=sum(before for before, _ in teachers.values()),
        draft_fen=sum(after for _, after in teachers.values()),
        draft_held_fen=sum(statement.held_fen for statement in draft.statements),
        gain=sum(after > before for before, after in teachers.values()),
        lose=sum(after < before for before, after in teachers.values()),
        same=sum(after == before for before, after in teachers.values()),
        by_month=_rows(months),
        by_school=_rows(schools),
        by_teacher=_rows(teachers),
        spent=_summed_up(days),
        runs_out=str(date_of(min(exhausted))) if exhausted else None,
    )


def _summed_up(days: Mapping[int, Sequence[int]]) -> list[Row]:
    found: list[Row] = []
    before = after = 0
    for day in sorted(days):
        before, after = before + days[day][0], after + days[day][1]
        found.append((str(date_of(day)), before, after))
    return found


def _rows(found: dict[str, list[int]]) -> list[Row]:
    return [(name, now, draft) for name, (now, draft) in sorted(found.items())]
