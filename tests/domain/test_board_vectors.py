"""The board's shared vectors: the pages replay the same file (static/src/board.test.ts)."""

import json
from pathlib import Path
from typing import Any

import pytest

from server.domain.board import Operation, check, replay

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "board.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_log_gives_the_board_that_both_sides_agreed_on(vector: dict[str, Any]):
    log = [Operation(**line) for line in vector["log"]]

    board = replay(log)

    assert (board.seq, board.current, list(board.marks)) == (vector["seq"], vector["current"], vector["marks"])
    assert board.digest() == vector["digest"]


def test_every_operation_in_the_vectors_belongs_on_a_board():
    lines = [line for vector in VECTORS for line in vector["log"]]

    assert all(check(line["kind"], line["body"]) == line["body"] for line in lines)
