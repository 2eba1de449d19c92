"""The board's shared vectors: the pages replay the same files (static/src/board.test.ts, figure.test.ts)."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from server.domain.board import Board, BoardError, Operation, check, opened, pack, packed, replay, unpack
from server.domain.figure import figure, ruling


def _vectors(name: str) -> list[dict[str, Any]]:
    path = Path(__file__).resolve().parents[1] / "vectors" / f"{name}.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


VECTORS = _vectors("board")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_log_gives_the_board_that_both_sides_agreed_on(vector: dict[str, Any]):
    log = [Operation(**line) for line in vector["log"]]

    board = replay(log)

    assert (board.seq, board.current, list(board.marks)) == (vector["seq"], vector["current"], vector["marks"])
    assert board.digest() == vector["digest"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_snapshot_and_what_came_after_it_give_the_same_board(vector: dict[str, Any]):
    log = sorted({line["seq"]: Operation(**line) for line in vector["log"]}.values(), key=lambda op: op.seq)
    for cut in range(len(log) + 1):
        kept = json.loads(json.dumps(replay(log[:cut]).snapshot()))

        board = Board.restored(kept)
        for op in log[cut:]:
            board.apply(op)

        assert board.digest() == vector["digest"]


def test_every_operation_in_the_vectors_belongs_on_a_board():
    lines = [line for vector in VECTORS for line in vector["log"]]

    assert all(check(line["kind"], line["body"]) == opened(line["body"]) for line in lines)
    assert {line["kind"] for line in lines} >= {"page", "frame", "turn", "order", "lock", "stroke", "shape", "formula"}


@pytest.mark.parametrize("vector", _vectors("figures"), ids=lambda vector: vector["name"])
def test_a_shape_looks_the_same_on_every_side(vector: dict[str, Any]):
    assert asdict(figure(vector["shape"])) == vector["figure"]


@pytest.mark.parametrize("vector", _vectors("papers"), ids=lambda vector: vector["paper"])
def test_a_paper_is_printed_the_same_on_every_side(vector: dict[str, Any]):
    assert [asdict(rule) for rule in ruling(vector["paper"], vector["aspect"])] == vector["ruling"]


@pytest.mark.parametrize("vector", _vectors("ink"), ids=lambda vector: vector["name"])
def test_points_are_packed_and_unpacked_the_same_on_every_side(vector: dict[str, Any]):
    assert pack(vector["points"]) == vector["packed"]
    assert unpack(vector["packed"]) == vector["points"]
    for cut in range(min(4, len(vector["points"]))):
        before, rest = vector["points"][:cut], vector["points"][cut:]
        assert pack(before) + pack(rest, before) == vector["packed"]


@pytest.mark.parametrize(
    "nonsense", ["A", "AAA", "AAAAA", "g", "gggggggA", "AAA A", "ＡAAA", "AAA\x00", '"', "A" * 200_000]
)
def test_what_is_no_ink_is_refused(nonsense: str):
    with pytest.raises(BoardError):
        check("stroke", _stroke(nonsense))


def test_a_stroke_may_come_packed_or_as_a_list():
    points = [[10, 20, 0, 500], [30, 44, 16, 520]]

    assert check("stroke", _stroke(pack(points))) == check("stroke", _stroke(points))
    assert packed(check("stroke", _stroke(points)))["points"] == pack(points)


def test_a_shape_s_places_are_never_packed():
    shape = {"shape": "line", "points": [[0, 0], [9, 9]]}

    assert packed(shape) == shape


def _stroke(points: object) -> dict[str, Any]:
    return {"id": "s", "page": "p1", "tool": "pen", "color": "#000000", "width": 30, "points": points}
