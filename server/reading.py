"""The child that reads photos for a worker: frames in on standard input, frames out on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from server.child import serve

if TYPE_CHECKING:  # the child alone loads what reads: a worker that imports this for its types stays small
    from matcher.layout import Piece
    from matcher.read import Reading


class OnePhoto(msgspec.Struct):
    """What a worker needs of a reading."""

    text: str = ""
    problems: list[OneProblem] = []
    figure: str | None = None  # the hash of the largest


class OneProblem(msgspec.Struct):
    """`box` is left, top, right, bottom in shares of the photo's width and height, 0 to 1."""

    text: str
    box: list[float]
    figure: str | None = None


def told(reading: Reading) -> OnePhoto:
    """What can't be read for sure is not told: a teacher has eyes."""
    from matcher.layout import problems

    if not reading.is_legible:
        return OnePhoto()
    across, down = reading.width, reading.height
    pieces = problems(reading.lines)
    found = [
        OneProblem(piece.text, [left / across, top / down, right / across, bottom / down], figure)
        for piece in pieces
        for (left, top, right, bottom), figure in [(piece.box, _figure(piece, pieces, reading))]
    ]
    return OnePhoto(reading.text, found, reading.figures[0].hash if reading.figures else None)


def _figure(piece: Piece, pieces: tuple[Piece, ...], reading: Reading) -> str | None:
    """The largest figure that is nearer to this problem than to any other of the page."""

    def distance(other: Piece, box: tuple[float, ...]) -> float:
        left, top, right, bottom = other.box
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return max(left - x, 0, x - right) + max(top - y, 0, y - bottom)

    for figure in reading.figures:
        if min(pieces, key=lambda other: distance(other, figure.box)) is piece:
            return figure.hash
    return None


def main() -> None:
    from matcher.read import read_photo

    serve(lambda photo: told(read_photo(photo)))


if __name__ == "__main__":
    main()
