"""A policy that can't rule is refused with the line and the reason; the published schema is the one that is read by."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from server.domain.subsidy.document import PolicyRefused
from server.domain.subsidy.policy import in_order, parse, schema
from tests.subsidy.facts import POLICIES, a_policy

ROOT = Path(__file__).parents[2]
GOOD = """\
[policy]
name = "试行"
valid_from = 2026-01-01
levels = ["认定", "名师"]

[[term]]
name = "春"
from = 2026-02-01
to = 2026-07-01

[[rate]]
work = ["session"]
yuan = 20

[[limit]]
per = "month"
max_yuan = 100
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("yuan = 20", "yuan = -20", 13, "must not be negative"),
        ("yuan = 20", "yuan = 20.005", 13, "2 decimals at most"),
        ("yuan = 20", "yuan = 1e400", 13, "0 to 100000"),
        ("yuan = 20", "yuan = nan", 13, "a number"),
        ("yuan = 20", 'yuan = "20"', 13, "a number"),
        ("yuan = 20", "yuan = true", 13, "a number"),
        ("yuan = 20", "yuan = 0", 13, "neither yuan nor points"),
        ("yuan = 20", 'yuan = 20\nlevel = ["特级"]', 14, "unknown level '特级'"),
        ("yuan = 20", "yuan = 20\neffect = true", 14, "there is no [effectiveness]"),
        ("yuan = 20", "yuan = 20\npoints = 1", 11, "points need a section [time_bank]"),
        ("yuan = 20", "yuan = 20\nyaun = 30", 14, "unknown"),
        ("yuan = 20", "yuan = 20 yuan", 13, "this is no TOML"),
        ("yuan = 20", 'yuan = 20\n[[rate]]\nwork = ["session"]\nyuan = 1', 14, "overlaps line 11"),
        ('"session"', '"sesion"', 12, "one of session"),
        ("valid_from = 2026-01-01\n", "", 1, "must be given"),
        ("2026-01-01", '"2026-01-01"', 3, "without quotes"),
        ("2026-01-01", "2026-01-01\nvalid_to = 2025-01-01", 4, "must be after valid_from"),
        ("to = 2026-07-01", "to = 2026-01-01", 9, "a term ends after it begins"),
        ("to = 2026-07-01", 'to = 2026-07-01\n[[term]]\nname="秋"\nfrom=2026-06-01\nto=2026-09-01', 12, "overlaps 春"),
        ("max_yuan = 100", "max_yuan = 100\nmin_yuan = 200", 18, "above the cap on line 17"),
        ("max_yuan = 100", 'max_yuan = 100\n[[limit]]\nper = "piece"\nmin_yuan = 200', 20, "above the cap on line 17"),
        ("max_yuan = 100", "", 15, "neither a floor nor a cap"),
        ("[[limit]]", "[limit]", 15, "write it as [[limit]]"),
        ("[[limit]]", "[[limits]]", 15, "unknown; one of policy"),
        ("max_yuan = 100", 'max_yuan = 100\n[[pool]]\nname = "p"\nwhen_exhausted = "stop"', 18, "give yuan or"),
        (
            "max_yuan = 100",
            'max_yuan = 100\n[[pool]]\nname = "p"\nyuan = 9\nwhen_exhausted = "pro_rata"',
            21,
            "months that are closed",
        ),
        (
            "max_yuan = 100",
            "max_yuan = 100\n" + '[[pool]]\nname = "p"\nyuan = 9\nwhen_exhausted = "stop"\n' * 2,
            22,
            "as the pool on line 18",
        ),
        ("max_yuan = 100", "max_yuan = 100\n[effectiveness]\nlow = 1.2\nhigh = 0.8", 19, "low is above high"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_its_reason(old: str, new: str, line: int, reason: str) -> None:
    parse(GOOD)

    with pytest.raises(PolicyRefused) as refused:
        parse(GOOD.replace(old, new, 1))

    first = refused.value.mistakes[0]
    assert (first.line, reason in first.en) == (line, True), str(refused.value)
    assert f"第 {line} 行" in str(refused.value)


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(PolicyRefused) as refused:
        parse(GOOD.replace("yuan = 20", "yuan = -1").replace("max_yuan = 100", "max_yuan = -1"))

    assert [mistake.line for mistake in refused.value.mistakes] == [13, 17]


@pytest.mark.parametrize(
    ("valid", "word"), [("valid_from = 2026-06-15", "overlaps"), ("valid_from = 2026-07-02", "leaves a gap after")]
)
def test_policies_with_a_gap_or_an_overlap_in_time_are_refused(valid: str, word: str) -> None:
    first = a_policy(valid="valid_from = 2026-01-01\nvalid_to = 2026-07-01")

    with pytest.raises(PolicyRefused) as refused:
        in_order([a_policy(valid=valid), first])

    mistake = refused.value.mistakes[0]
    assert (mistake.line, mistake.path) == (3, "policy.valid_from")
    assert word in mistake.en and "2026-07-01" in mistake.zh


def test_the_published_schema_is_the_one_that_documents_are_read_by() -> None:
    published = json.loads((ROOT / "docs" / "policy.schema.json").read_text())

    assert published == schema(), "write it anew: dayi subsidy schema > docs/policy.schema.json"


@pytest.mark.parametrize("path", sorted(POLICIES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_shipped_policy_fits_the_published_schema(path: Path) -> None:
    document = json.loads(json.dumps(tomllib.loads(path.read_text()), default=str))

    jsonschema.Draft202012Validator(schema()).validate(document)

    assert parse(path.read_text()).rates
