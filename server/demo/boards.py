"""A demo teacher at the board: a problem's explanation becomes a log of ink, text and turned pages, always the same
for a seed."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from server.demo.handwriting import CAPITAL, Curve, can_write, glyph
from server.demo.handwriting import width as ink_width
from server.demo.photos import Photo, Word
from server.demo.problems import Problem
from server.domain.board import PAGE_WIDTH

Op = dict[str, Any]

PHOTO_PAGE, BLANK_PAGE = "p1", "p2"
BLANK_ASPECT = 7_500
LEFT, TOP, MEASURE, ROW = 750, 900, 8_500, 1_350  # of the lines on the blank page, in page units
GRID = 62  # page units of a grid unit of the pen's alphabet
TEXT_SIZE = 560  # a Chinese character beside it
INK, RED, YELLOW = "#1d3fae", "#d2323c", "#ffd84d"
PEN_WIDTH, THICK, MARKER = 32, 42, 260
PEN_SPEED = 4.5  # page units a millisecond: three digits a second
SPEECH = 0.25  # seconds for a spoken character
SHORTEST, LONGEST = 25_000, 52_000  # milliseconds to the last operation; its words take five seconds more
MOST_UNDERLINED = 4
FULL_WIDTH = {"，": ",", "：": ":", "；": ";", "。": ".", "（": "(", "）": ")", "？": "?"}
NUMBER = re.compile(r".*\d.*")


def answer_board(problem: Problem, photo: Photo, media: str, seed: int) -> list[Op]:
    """The log of an answer of half a minute to a minute: page 1 the photo (`media` names it), page 2 the explanation.

    Each operation is a dict as server.domain.board knows it, with `kind` and `at_ms`, in order of time.
    """
    hand = Hand(np.random.default_rng([seed, *problem.code.encode()]))
    hand.add("page", page=PHOTO_PAGE, paper="photo", aspect=photo.aspect, media=media)
    hand.say(f"同学你好，我们一起看这道题，它考的是{problem.knowledge_point}。")
    _mark_the_photo(hand, photo.words)
    hand.wait_for_voice()
    hand.add("page", page=BLANK_PAGE, paper="blank", aspect=BLANK_ASPECT)
    hand.add("turn", page=BLANK_PAGE)
    right, bottom = LEFT, TOP
    for row, line in enumerate(problem.explanation):
        hand.say(line)
        bottom = TOP + row * ROW
        right = _write(hand, line, bottom)
        hand.wait_for_voice()
    hand.say(f"所以答案是：{problem.answer}")
    _close(hand, right, bottom)
    hand.say("你明白了吗？还有不懂的地方，可以继续问我。")
    return _paced(hand.log)


@dataclass
class Hand:
    """Where the pen is in time; every stroke takes as long as its length."""

    rng: np.random.Generator
    log: list[Op] = field(default_factory=list)
    now: int = 400
    voice_until: int = 0
    marks: int = 0
    page: str = PHOTO_PAGE

    def add(self, kind: str, takes: int = 150, **body: Any) -> None:
        self.log.append({"kind": kind, "at_ms": self.now, **body})
        self.page = body["page"] if kind in ("page", "turn") else self.page
        self.now += takes

    def say(self, text: str) -> None:
        self.wait_for_voice()
        self.add("say", text=text)
        self.voice_until = self.now + int(1000 * SPEECH * len(text))

    def wait_for_voice(self) -> None:
        self.now = max(self.now, self.voice_until)

    def stroke(self, curve: Curve, color: str = INK, tool: str = "pen", width: int = PEN_WIDTH) -> None:
        """A line through points in page units; the pen comes down gently and lifts off."""
        shaken = curve + self._tremor(len(curve), 2.0 if tool == "highlighter" else 9.0)
        lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(shaken, axis=0).T))])
        times = lengths / (PEN_SPEED * self.rng.uniform(0.85, 1.15))
        along = np.linspace(0, 1, len(curve))
        pressure = 420 + 330 * np.sin(np.pi * np.clip(along, 0.08, 0.92)) + self.rng.normal(0, 25, len(curve))
        points = [
            [int(np.clip(x, 0, PAGE_WIDTH)), max(0, int(y)), int(t), int(np.clip(p, 60, 1000))]
            for (x, y), t, p in zip(shaken, times, pressure, strict=True)
        ]
        lifted = int(self.rng.integers(90, 170))
        body: Op = {"page": self.page, "tool": tool, "color": color, "width": width, "points": points}
        self.add("stroke", takes=points[-1][2] + lifted, id=self._mark(), **body)

    def text(self, x: float, y: float, text: str, size: int, color: str = INK) -> None:
        body: Op = {"page": self.page, "x": int(x), "y": int(y), "text": text, "color": color, "size": size}
        self.add("text", takes=150 + 170 * len(text), id=self._mark(), **body)

    def _tremor(self, points: int, most: float) -> Curve:
        """Small slow departures from the line: a hand wavers, it does not tremble at each point."""
        knots = max(2, points // 5)
        drift = self.rng.normal(0, most, (knots, 2))
        along, at = np.linspace(0, 1, points), np.linspace(0, 1, knots)
        return np.stack([np.interp(along, at, drift[:, axis]) for axis in (0, 1)], 1)

    def _mark(self) -> str:
        self.marks += 1
        return f"m{self.marks}"


def _mark_the_photo(hand: Hand, words: Sequence[Word]) -> None:
    """Underline the given numbers, run the marker over what is asked, circle the last number."""
    words = _stem(words)
    numbers = [word for word in words if NUMBER.match(word.text)]
    for word in numbers[:MOST_UNDERLINED]:
        hand.stroke(_under(word), RED, width=THICK)
        hand.now += 350
    asked = _what_is_asked(words)
    if asked:
        hand.stroke(_through(asked), YELLOW, "highlighter", MARKER)
        hand.now += 400
    hand.stroke(_around([numbers[-1]] if numbers else asked[-3:]), RED, width=THICK)


def _stem(words: Sequence[Word]) -> list[Word]:
    """The problem without its options, so that none is pointed at before it is chosen."""
    options = next((at for at, word in enumerate(words) if word.text == "A."), len(words))
    return [word for word in words[:options] if word.text.strip()]


def _what_is_asked(stem: Sequence[Word]) -> list[Word]:
    """The blank to fill, else the end of the last sentence, as far as it stands on one line of the photo."""
    blanks = [word for word in stem if "_" in word.text]
    if blanks:
        return blanks[:1]
    ends = [at for at, word in enumerate(stem) if word.text[-1] in "？?。.（"]
    sentence = stem[: ends[-1]] if ends else stem
    return [word for word in sentence if word.line == sentence[-1].line][-9:]


def _under(word: Word) -> Curve:
    (left, low), (right, lower) = word.corners[3], word.corners[2]
    return np.linspace((left - 20, low + 45), (right + 20, lower + 45), 9)


def _through(words: Sequence[Word]) -> Curve:
    first, last = words[0].corners, words[-1].corners
    return np.linspace(_middle(first[0], first[3]), _middle(last[1], last[2]), 14)


def _middle(a: tuple[int, int], b: tuple[int, int]) -> tuple[float, float]:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def _around(words: Sequence[Word]) -> Curve:
    corners = np.array([corner for word in words for corner in word.corners], float)
    centre, reach = (corners.max(0) + corners.min(0)) / 2, (corners.max(0) - corners.min(0)) / 2
    turn = np.linspace(-2.2, -2.2 + 2 * math.pi + 0.35, 30)
    wide = reach * 1.25 + 90 + np.linspace(0, 25, 30)[:, None]
    return np.asarray(centre + wide * np.stack([np.cos(turn), np.sin(turn)], 1))


@dataclass(frozen=True)
class Run:
    """A part of a line: inked or set as text."""

    text: str
    inked: bool

    @property
    def width(self) -> float:
        return GRID * ink_width(self.text) if self.inked else TEXT_SIZE * text_ems(self.text) + 60


def runs(line: str) -> list[Run]:
    """A line cut into formulas, which are inked, and Chinese words; marks go with the words beside them."""
    kinds = [_inkable(line, at) for at in range(len(line))]
    cut: list[Run] = []
    for character, inked in zip(line, kinds, strict=True):
        written = FULL_WIDTH.get(character, character) if inked else character
        if cut and cut[-1].inked == inked:
            cut[-1] = Run(cut[-1].text + written, inked)
        else:
            cut.append(Run(written, inked))
    return [run for run in cut if run.text.strip()]


def _inkable(line: str, at: int) -> bool:
    if line[at] not in FULL_WIDTH:
        return can_write(line[at])
    beside = line[max(at - 1, 0) : at] + line[at + 1 : at + 2]
    return all(can_write(character) or character in FULL_WIDTH for character in beside)


def text_ems(text: str) -> float:
    """Widths of a Chinese character that a text takes."""
    return sum(0.58 if character.isascii() else 1.0 for character in text)


def _write(hand: Hand, line: str, top: int) -> int:
    """One line of the board, smaller when it would run off the page; returns where it ends."""
    parts = runs(line)
    scale = min(1.0, MEASURE / sum(part.width for part in parts))
    x, slope = float(LEFT), float(hand.rng.normal(0, 0.004))
    for part in parts:
        y = top + (x - LEFT) * slope
        if part.inked:
            _ink(hand, part.text, x, y, GRID * scale)
        else:
            hand.text(x, y - 60 * scale, part.text, int(TEXT_SIZE * scale))
        x += part.width * scale
    return int(x)


def _ink(hand: Hand, formula: str, x: float, y: float, grid: float) -> None:
    for character in formula:
        sign = glyph(character)
        lean = hand.rng.normal(0.05, 0.02)
        for stroke in sign.strokes:
            slanted = stroke + np.stack([(CAPITAL - stroke[:, 1]) * lean, np.zeros(len(stroke))], 1)
            hand.stroke(np.array([x, y + hand.rng.normal(0, 8)]) + slanted * grid)
        x += sign.advance * grid


def _close(hand: Hand, right: int, top: int) -> None:
    """Underline the last line twice, point an arrow at it and tick it."""
    base = top + GRID * (CAPITAL + 3)
    for drop in (0, 90):
        hand.stroke(np.linspace((LEFT, base + drop), (right, base + drop + 15), 16), RED, width=THICK)
    arrow = min(right + 900, PAGE_WIDTH - 300)
    middle = top + GRID * CAPITAL // 2
    if arrow - right > 450:
        hand.stroke(np.linspace((arrow, middle + 320), (right + 120, middle + 40), 10), RED, width=THICK)
        head = np.array([(right + 330, middle - 20), (right + 120, middle + 40), (right + 270, middle + 210)], float)
        hand.stroke(head, RED, width=THICK)
    tick = np.concatenate(
        [
            np.linspace((8_300, base + 420), (8_560, base + 760), 8),
            np.linspace((8_560, base + 760), (9_350, base + 60), 14)[1:],
        ]
    )
    hand.stroke(tick, RED, width=THICK + 18)


def _paced(log: list[Op]) -> list[Op]:
    """The log slowed or hurried into the length of an answer; only pauses stretch, but a hurried pen is quicker too."""
    end = log[-1]["at_ms"]
    factor = max(SHORTEST / end, 1.0) if end < SHORTEST else min(LONGEST / end, 1.0)
    for op in log:
        op["at_ms"] = int(op["at_ms"] * factor)
        if factor < 1 and op["kind"] == "stroke":
            op["points"] = [[x, y, int(t * factor), p] for x, y, t, p in op["points"]]
    return log
