"""What the shipped model and the verifier are made from: the problems of a bank whose licence allows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LICENSED = ("m23k", "gaokao", "cmath", "agi")
"""Sources whose licence allows shipping what was trained on them: MIT, Apache-2.0, CC-BY-4.0/MIT, MIT."""
SEED = 20_240
"""Of all chance in what is trained and fitted: the same bytes each time."""


def licensed_texts(bank: Path) -> list[str]:
    """The texts of the bank from the sources that we may train on, in the order of the file."""
    return [row["text"] for row in _licensed(bank)]


def licensed_ids(bank: Path) -> list[str]:
    """Their ids, in the same order."""
    return [str(row["id"]) for row in _licensed(bank)]


def _licensed(bank: Path) -> list[dict[str, Any]]:
    rows = (json.loads(line) for line in bank.read_text(encoding="utf-8").splitlines())
    return [row for row in rows if row["source"].split("-")[0] in LICENSED]
