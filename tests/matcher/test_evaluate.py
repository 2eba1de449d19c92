"""The command by which anybody checks the matcher: what it counts, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from matcher.baselines import thinned
from matcher.decide import Decision, Verdict
from matcher.evaluate import Near, Result, at_threshold, average_precision, recall_at, report
from matcher.normalize import normalize
from server import cli
from tests.matcher.problems import APPLES, RATIO, TRAIN, with_number


def result(confidence: float, same: str = "", ok: str = "", push: str = "a", group: str = "para") -> Result:
    """A query whose best candidate is `push`; it is pushed from 0.7 on."""
    verdict = Verdict.SAME if confidence >= 0.7 else Verdict.NEW
    query = {"qid": "q", "kind": group, "group": group, "same": [same] if same else [], "similar": [], "ok": [ok]}
    near = Near(push, normalize(APPLES), 1.0, 1.0)
    return Result(query, (push,), ((near, Decision(verdict, confidence, 1.0, ())),))


RESULTS = [
    result(0.99, same="a"),
    result(0.95, same="a"),
    result(0.9, group="hard"),  # another problem is pushed
    result(0.8, ok="a"),  # neither right nor wrong
    result(0.75, same="a"),
    result(0.2, same="a"),  # nothing is pushed
]


def test_precision_recall_and_f1_are_counted_as_written() -> None:
    figures = report(RESULTS)

    assert (figures["right"], figures["wrong"], figures["of"]) == (3, 1, 4)
    assert (figures["precision"], figures["recall"], figures["f1"]) == (0.75, 0.75, 0.75)
    assert figures["look_alikes_pushed"] == 1.0
    assert figures["by"]["kind hard"]["wrong"] == 1
    assert figures["average_precision"] == pytest.approx((1 + 1 + 3 / 4 + 4 / 5) / 4, abs=1e-4)


def test_a_threshold_chosen_here_is_applied_there() -> None:
    threshold, recall = recall_at(RESULTS, 0.99)

    assert (threshold, recall) == (0.95, 0.5)
    assert at_threshold(RESULTS, threshold) == (1.0, 0.5)
    assert report(RESULTS, threshold)["by"]["kind para"]["recall_calibrated"] == 0.5
    assert "recall_calibrated" not in report(RESULTS)["by"]["kind para"]
    assert at_threshold([result(0.96, same="b"), result(0.97, same="a")], threshold) == (0.5, 0.5)


def test_nothing_to_count_is_no_mistake() -> None:
    assert report([])["precision"] == 0.0
    assert average_precision([]) == 0.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    bank = [{"id": name, "text": text} for name, text in (("apples", APPLES), ("train", TRAIN), ("ratio", RATIO))]
    queries: list[dict[str, Any]] = [
        {"qid": "1", "kind": "exact", "group": "exact", "text": APPLES, "same": ["apples"], "similar": [], "ok": []},
        {"qid": "2", "kind": "num_one", "group": "similar", "text": with_number(APPLES, 0, "31"), "same": [],
         "similar": ["apples"], "ok": []},
    ]  # fmt: skip
    for name, rows in (("bank", bank), ("queries", queries)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_the_command_writes_predictions_figures_and_a_picture(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bank, queries = str(folder / "bank.jsonl"), str(folder / "queries.jsonl")
    out = {name: folder / name for name in ("predictions.jsonl", "figures.json", "curve.png")}
    arguments = [
        "--bank", bank, "--queries", queries, "--calibrate-on", bank, queries,
        "--predictions", out["predictions.jsonl"], "--json", out["figures.json"], "--curve", out["curve.png"],
    ]  # fmt: skip

    assert cli.main(["matcher", "evaluate", *map(str, arguments)]) == 0

    predictions = [json.loads(line) for line in out["predictions.jsonl"].read_text().splitlines()]
    figures = json.loads(out["figures.json"].read_text())
    assert [line["qid"] for line in predictions] == ["1", "2"]
    assert predictions[0]["push"] == predictions[0]["ranked"][0] == "apples"
    assert (figures["precision"], figures["recall"], figures["other_numbers_pushed"]) == (1.0, 1.0, 0.0)
    assert (figures["precision_calibrated"], figures["recall_calibrated"]) == (1.0, 1.0)
    with Image.open(out["curve.png"]) as picture:
        assert picture.format == "PNG" and len(picture.getcolors(1 << 20) or []) > 3
    assert "kind num_one" in capsys.readouterr().out


def test_the_threshold_comes_from_the_calibration_set_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its own queries would choose one that keeps precision; the other set knows of no such look-alike."""
    wrong = {"qid": "3", "kind": "hard_x", "group": "hard", "text": APPLES, "same": [], "similar": ["apples"], "ok": []}
    measured = folder / "measured.jsonl"
    measured.write_text((folder / "queries.jsonl").read_text() + json.dumps(wrong) + "\n")
    bank, figures = str(folder / "bank.jsonl"), folder / "figures.json"
    calibrating = ["--calibrate-on", bank, str(folder / "queries.jsonl")]

    for queries in (measured, folder / "queries.jsonl"):
        files = ["--bank", bank, "--queries", str(queries), *calibrating, "--json", str(figures)]
        assert cli.main(["matcher", "evaluate", *files]) == 0
        found = json.loads(figures.read_text())
        assert found["precision_calibrated"] == (0.5 if queries == measured else 1.0)
        assert found["by"]["group exact"]["recall_calibrated"] == 1.0
    assert "precision, recall" in capsys.readouterr().out


def test_simpler_matchers_stand_beside_ours(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--bank", str(folder / "bank.jsonl"), "--queries", str(folder / "queries.jsonl")]

    assert cli.main(["matcher", "baselines", *files]) == 0

    rows = capsys.readouterr().out.splitlines()
    assert [row[:10].split(",")[0].strip() for row in rows[1:]] == [
        "BM25", "TF-IDF", "TF-IDF", "our embedd", "+ words in", "+ verifier"]  # fmt: skip
    assert rows[-1].split()[2:6] == ["1.000"] * 4 and rows[-1].split()[6:] == ["0.00%", "0.00%"]


def test_fewer_queries_keep_the_problems_that_they_name() -> None:
    bank = [{"id": name} for name in "abcdef"]
    queries: list[dict[str, Any]] = [
        {"same": [name], "similar": [], "ok": []} for name in "fbcd"]  # fmt: skip

    fewer, chosen = thinned(bank, queries, 3)

    assert (chosen, [row["id"] for row in fewer]) == ([queries[0], queries[3]], ["a", "d", "f"])
