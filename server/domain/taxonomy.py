"""The taxonomy of knowledge points: what a file may say, and what a new version changes for labels of the old one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from server.domain.people import Stage, Subject

LONGEST_NAME, LONGEST_CODE = 60, 40
DEEPEST = 6
CODE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_CODE - 1}}}")
FORMULA = ("=", "+", "-", "@")
GRADES = {Stage.PRIMARY: (1, 6), Stage.JUNIOR: (7, 9), Stage.SENIOR: (10, 12)}


@dataclass(frozen=True)
class Point:
    """A knowledge point, or an area that holds some. Its code stays from version to version, its name may change;
    `replaces` names codes of the version before that it takes over."""

    code: str
    name: str
    parent: str | None
    subject: Subject
    stage: Stage
    first_grade: int
    last_grade: int
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """What is wrong with one point; `row` is its place in the file, counted as whoever reads it counts."""

    row: int
    column: str
    zh: str
    en: str


Scope = tuple[Subject, Stage]


@dataclass(frozen=True)
class Changes:
    """From one version to the next. `names` maps, by subject and stage, an old name to the one that labels get."""

    added: tuple[Point, ...]
    gone: tuple[Point, ...]
    moved: tuple[Point, ...]
    names: Mapping[Scope, Mapping[str, str]]

    @property
    def renamed(self) -> int:
        return sum(map(len, self.names.values()))


def faults(points: Sequence[tuple[int, Point]], old: Sequence[Point] = ()) -> list[Fault]:
    """Everything that forbids these points to be a taxonomy, by row; empty for one that is in order."""
    found: list[Fault] = []
    rows: dict[str, int] = {}
    names: dict[tuple[Subject, Stage, str], int] = {}
    for row, point in points:
        found += _alone(row, point)
        if point.code in rows:
            said = rows[point.code]
            found.append(Fault(row, "code", f"编号与第 {said} 行重复", f"the code of row {said} again"))
        rows.setdefault(point.code, row)
        key = (point.subject, point.stage, point.name)
        if key in names:
            said = names[key]
            found.append(
                Fault(
                    row, "name", f"同一学科学段里与第 {said} 行重名", f"named as row {said}, in one subject and stage"
                )
            )
        names.setdefault(key, row)
    by_code = {point.code: point for _, point in reversed(points)}
    for row, point in points:
        found += _in_the_tree(row, point, by_code)
    found += _against(points, old)
    return sorted(found, key=lambda fault: fault.row)


def _alone(row: int, point: Point) -> Iterable[Fault]:
    if not CODE.fullmatch(point.code):
        yield Fault(
            row,
            "code",
            f"编号是 1 到 {LONGEST_CODE} 个字母、数字和 . _ -",
            f"a code is 1 to {LONGEST_CODE} of A-Z a-z 0-9 . _ -",
        )
    if not 1 <= len(point.name) <= LONGEST_NAME or not point.name.isprintable():
        yield Fault(
            row,
            "name",
            f"名称是 1 到 {LONGEST_NAME} 个字",
            f"a name has 1 to {LONGEST_NAME} characters, none for control",
        )
    elif point.name.startswith(FORMULA):
        yield Fault(row, "name", "名称不能以 = + - @ 开头", "a name does not begin with = + - @: spreadsheets run that")
    first, last = GRADES[point.stage]
    if not first <= point.first_grade <= point.last_grade <= last:
        yield Fault(
            row, "first_grade", f"这个学段的年级是 {first} 到 {last}", f"grades of this stage are {first} to {last}"
        )


def _in_the_tree(row: int, point: Point, by_code: Mapping[str, Point]) -> Iterable[Fault]:
    if point.parent is None:
        return
    parent = by_code.get(point.parent)
    if parent is None:
        yield Fault(row, "parent", f"没有编号为 {point.parent} 的上级", f"no row has the code {point.parent}")
        return
    if (parent.subject, parent.stage) != (point.subject, point.stage):
        yield Fault(row, "parent", "上级属于别的学科或学段", "its parent is of another subject or stage")
    seen, at = [point.code], parent
    while at.code not in seen:
        seen.append(at.code)
        above = by_code.get(at.parent) if at.parent is not None else None
        if above is None:
            if len(seen) > DEEPEST:
                yield Fault(row, "parent", f"最多 {DEEPEST} 层", f"at most {DEEPEST} levels")
            return
        at = above
    if at.code == point.code:  # a circle is told where it is, not at all that hang from it
        yield Fault(
            row, "parent", f"上级绕成了圈：{' → '.join([*seen, at.code])}", f"a circle: {' → '.join([*seen, at.code])}"
        )


def _against(points: Sequence[tuple[int, Point]], old: Sequence[Point]) -> Iterable[Fault]:
    """Labels of the old version must have one meaning in the new one."""
    known = {point.code: point for point in old}
    owner = {(point.subject, point.stage, point.name): point.code for point in old}
    kept = {point.code for _, point in points}
    taken: dict[str, int] = {}
    for row, point in points:
        before = known.get(point.code)
        if before is not None and (before.subject, before.stage) != (point.subject, point.stage):
            yield Fault(
                row,
                "code",
                "编号不能换学科或学段，请用新编号",
                "a code keeps its subject and stage: give it a new code",
            )
        for code in point.replaces:
            replaced = known.get(code)
            if code in kept:
                yield Fault(row, "replaces", f"{code} 还在文件里", f"{code} is still in the file")
            elif replaced is None:
                yield Fault(row, "replaces", f"现用版本里没有 {code}", f"the version in force has no {code}")
            elif (replaced.subject, replaced.stage) != (point.subject, point.stage):
                yield Fault(row, "replaces", f"{code} 属于别的学科或学段", f"{code} is of another subject or stage")
            elif code in taken:
                yield Fault(
                    row, "replaces", f"{code} 已由第 {taken[code]} 行接替", f"row {taken[code]} replaces {code} already"
                )
            taken.setdefault(code, row)
        holder = owner.get((point.subject, point.stage, point.name))
        if holder is not None and holder != point.code and holder not in kept and holder not in point.replaces:
            yield Fault(
                row,
                "name",
                f"这个名称原属 {holder}：若是同一个知识点，请在 replaces 里写上它",
                f"this was the name of {holder}: if it is the same point, say so in replaces",
            )


def changes(old: Sequence[Point], new: Sequence[Point]) -> Changes:
    """What labels and readers of the old version will see."""
    before, after = {point.code: point for point in old}, {point.code: point for point in new}
    names: dict[Scope, dict[str, str]] = {}
    for point in new:
        for code in (point.code, *point.replaces):
            was = before.get(code)
            if was is not None and was.name != point.name:
                names.setdefault((point.subject, point.stage), {})[was.name] = point.name
    replaced = {code for point in new for code in point.replaces}
    return Changes(
        added=tuple(point for point in new if point.code not in before),
        gone=tuple(point for point in old if point.code not in after and point.code not in replaced),
        moved=tuple(p for p in new if p.code in before and before[p.code].parent != p.parent),
        names=names,
    )
