"""A problem answered in another scope than it is asked in: found by its words, judged like any other."""

import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from matcher.calibrate import Calibration
from matcher.index import ELSEWHERE, Kind
from matcher.match import Beyond, Match, Matcher, Outcome
from server import cli
from server.domain.people import Stage, Subject
from server.matching import SCOPES, beside, found_elsewhere
from tests.matcher.problems import ALL, APPLES, RATIO, SHAPE, TRAIN, with_number

PHYSICS = ("physics", "junior")


async def answered(matcher: Matcher, connection: AsyncConnection, *texts: str, subject: str | None = PHYSICS[0],
                   stage: str | None = PHYSICS[1], kind: Kind = Kind.ANSWER) -> list[UUID]:
    ids = [uuid4() for _ in texts]
    for id, text in zip(ids, texts, strict=True):
        await matcher.add(connection, id, kind, matcher.prepare(text), subject, stage)
    return ids


async def elsewhere(matcher: Matcher, connection: AsyncConnection, text: str, from_photo: bool = False) -> Match | None:
    """As asked under mathematics of the same stage."""
    around = beside(Subject.MATH, Stage.JUNIOR)
    [found] = await matcher.match_elsewhere(connection, [Beyond(matcher.prepare(text), around, from_photo)])
    return found


async def test_each_problem_of_another_subject_is_found_as_itself(
        matcher: Matcher, connection: AsyncConnection) -> None:
    ids = await answered(matcher, connection, *ALL)

    matches = [await elsewhere(matcher, connection, "老师，" + text) for text in ALL]

    assert [(m.verdict, m.entry_id, m.scope) for m in matches if m] == [(Outcome.SAME, id, PHYSICS) for id in ids]


async def test_another_stage_of_the_subject_is_looked_through_and_both_at_once_are_not(
        matcher: Matcher, connection: AsyncConnection) -> None:
    [senior] = await answered(matcher, connection, TRAIN, subject="math", stage="senior")
    await answered(matcher, connection, SHAPE, subject="physics", stage="senior")

    match = await elsewhere(matcher, connection, TRAIN)

    assert match is not None and (match.entry_id, match.scope) == (senior, ("math", "senior"))
    assert await elsewhere(matcher, connection, SHAPE) is None


async def test_what_was_judged_before_is_not_found_again(matcher: Matcher, connection: AsyncConnection) -> None:
    """Entries of one's own scope and of none, and open questions: whoever follows waits before its teachers."""
    await answered(matcher, connection, APPLES, subject="math")
    await answered(matcher, connection, TRAIN, subject=None, stage=None)
    await answered(matcher, connection, RATIO, kind=Kind.OPEN)

    assert [await elsewhere(matcher, connection, text) for text in (APPLES, TRAIN, RATIO)] == [None] * 3


@pytest.mark.parametrize("text", [
    with_number(APPLES, 1, "15"), "水果店运来苹果", "", "25", "😭😭😭🙏", "'; DROP TABLE matcher_entries; --",
    "100%_\\ :a & !b", "苹" * 5_000, "解释一下光合作用和呼吸作用有什么区别",
])
async def test_what_is_not_the_same_is_nothing(matcher: Matcher, connection: AsyncConnection, text: str) -> None:
    await answered(matcher, connection, *ALL)

    assert await elsewhere(matcher, connection, text) is None


async def test_a_photo_that_lost_a_fraction_is_not_taken_for_another_there_either(
        matcher: Matcher, connection: AsyncConnection) -> None:
    await answered(matcher, connection, RATIO)

    assert await elsewhere(matcher, connection, RATIO.replace("2/5", "3/7"), from_photo=True) is None


async def test_so_many_are_looked_at_and_the_most_alike_first(matcher: Matcher, connection: AsyncConnection) -> None:
    many = [with_number(APPLES, 0, str(n)) for n in range(30, 40)]
    await answered(matcher, connection, *many, APPLES)
    asked = matcher.prepare(APPLES)

    [found] = await matcher.index.elsewhere(connection, [(asked.vector, asked.problem, [PHYSICS])])

    assert len(found) == ELSEWHERE
    assert found[0].problem.original == APPLES and found[0].cosine > 0.99 and found[0].scope == PHYSICS


def test_what_lies_beside_shares_one_of_subject_and_stage() -> None:
    for subject, stage in SCOPES:
        around = beside(subject, stage)

        assert len(around) == len(set(around)) == len(Subject) + len(Stage) - 2
        assert all((s == subject) != (g == stage) for s, g in around)


BARS = st.dictionaries(st.sampled_from(["math", "physics"]), st.floats(0.5, 1.01))


@given(BARS, st.floats(0.75, 1), st.sampled_from([0.5, 1.0]))
def test_what_is_found_elsewhere_is_sure_enough_for_both_subjects(
        bars: dict[str, float], confidence: float, sureness: float) -> None:
    calibration = Calibration(bars={"*": 0.75, **bars})
    match = Match(Outcome.SAME, UUID(int=1), confidence, (), APPLES, (), PHYSICS)

    said = found_elsewhere(match, calibration, "math", sureness)

    sure = calibration.probability(confidence * sureness)
    assert (said is not None) == (sure >= calibration.bar("math") and sure >= calibration.bar("physics"))
    assert said is None or (said.entry, said.confidence) == (UUID(int=1), sure)


def test_the_command_counts_what_is_found_under_a_wrong_subject(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = {"1": (APPLES, ["apples"], "exact"), "2": (with_number(APPLES, 0, "31"), [], "similar"),
             "3": (SHAPE, [], "novel")}
    bank = [{"id": "apples", "text": APPLES}, {"id": "train", "text": TRAIN}]
    queries = [{"qid": qid, "kind": group, "group": group, "text": text, "same": same, "similar": [], "ok": []}
               for qid, (text, same, group) in asked.items()]
    for name, rows in (("bank", bank), ("queries", queries)):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    files = ["--bank", tmp_path / "bank", "--queries", tmp_path / "queries", "--json", tmp_path / "figures"]

    assert cli.main(["matcher", "evaluate", "--elsewhere", *map(str, files)]) == 0

    found = json.loads((tmp_path / "figures").read_text())["elsewhere"]
    assert (found["right"], found["wrong"], found["of"], found["novel_pushed"]) == (1, 0, 1, 0.0)
    assert "elsewhere" in capsys.readouterr().out
