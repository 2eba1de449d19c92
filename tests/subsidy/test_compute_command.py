"""`dayi subsidy compute` by its files: the documented formats, the same bytes always, a line for each refusal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server.cli import main
from tests.subsidy.facts import POLICIES

FACTS = [
    {"id": "st:1", "kind": "standing", "teacher": "wang", "start": "2026-01-01T00:00:00+08:00", "level": "骨干"},
    {
        "id": "session:1",
        "kind": "session",
        "teacher": "wang",
        "start": "2026-03-31T15:50:00Z",
        "end": "2026-03-31T16:20:00Z",
        "active_s": 1500,
        "pupil": "p1",
        "evidence": ["answer:1"],
    },
    {"id": "shown:1", "kind": "shown", "teacher": "wang", "start": "2026-04-05T19:00:00+08:00"},
]
POLICY = POLICIES / "yearly-pool-2600000.toml"


def compute(folder: Path, lines: list[str], policy: Path = POLICY) -> int:
    (folder / "F.jsonl").write_text("\n".join(lines))
    files = ["--policy", str(policy), "--facts", str(folder / "F.jsonl"), "--out", str(folder / "S.json")]
    return main(["subsidy", "compute", *files])


def test_statements_are_written_as_documented(tmp_path: Path) -> None:
    assert compute(tmp_path, [json.dumps(fact) for fact in FACTS]) == 0

    written = json.loads((tmp_path / "S.json").read_text())
    assert (written["format"], written["fen"], written["held_fen"]) == ("dayi-statements/1", 8_500, 0)
    march, april = written["statements"]
    assert (march["month"], march["teacher"], march["fen"]) == ("2026-03", "wang", 8_000)
    assert march["lines"] == [
        {
            "fact": "session:1",
            "work": "session",
            "day": "2026-03-31",
            "status": "paid",
            "fen": 8_000,
            "policy": "2026-01-01",
            "rate": "rate.1",
            "units_x100": 100,
            "base_fen": 8_000,
            "pool": "answering",
        }
    ]
    assert april["lines"][0]["fen"] == 500
    assert [use["from_month"] for use in written["pools"]] == ["2026-03", "2026-04"]


def test_the_same_facts_in_another_order_and_told_again_give_the_same_bytes(tmp_path: Path) -> None:
    lines = [json.dumps(fact) for fact in FACTS]
    compute(tmp_path, lines)
    once = (tmp_path / "S.json").read_bytes()

    compute(tmp_path, [*lines[::-1], "", *lines])

    assert (tmp_path / "S.json").read_bytes() == once


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "x"', "line 2"),
        ('{"id": "x", "kind": "session", "teacher": "w", "start": "2026-03-01T19:00:00"}', "a time has an offset"),
        ('{"id": "x", "kind": "session", "teecher": "w"}', "teecher"),
        ('{"id": "x", "kind": "shown", "teacher": "w", "start": "2026-03-01T19:00:00Z", "active_s": 1e400}', "line 2"),
        ('{"id": "session:1", "kind": "void", "replaces": "x"}', "told twice, and differently"),
    ],
)
def test_a_line_that_makes_no_sense_refuses_the_file(
    line: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compute(tmp_path, [json.dumps(FACTS[1]), line]) == 1

    assert said in capsys.readouterr().err
    assert not (tmp_path / "S.json").exists()


def test_a_document_that_is_no_policy_is_told_by_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draft = tmp_path / "draft.toml"
    draft.write_text(POLICY.read_text().replace("yuan = 80\n", "yuan = -80\n"))

    assert main(["subsidy", "check", str(draft)]) == 1
    assert "第 12 行 rate.1.yuan：不能是负数" in capsys.readouterr().err
    assert main(["subsidy", "check", str(POLICY)]) == 0
