"""LaTeX of school mathematics -> a picture, without LaTeX: fractions, roots, powers, indices and the usual signs.

Pages show formulas by KaTeX; a film has no browser. What is typed is read by this small grammar and nothing of it is
run. A sign that is not known is written as its name, so that nothing is lost silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

from media import fonts

SMALL, LEAST = 0.7, 6  # of the size: powers and indices; pixels
DEEPEST = 24  # groups within groups: a formula of 300 characters that goes deeper means harm
AIR = 0.22  # of the size, around what relates or joins two sides

SIGNS = {
    "times": "×",
    "div": "÷",
    "pm": "±",
    "mp": "∓",
    "cdot": "·",
    "ast": "∗",
    "le": "≤",
    "leq": "≤",
    "ge": "≥",
    "geq": "≥",
    "ne": "≠",
    "neq": "≠",
    "approx": "≈",
    "equiv": "≡",
    "sim": "∽",
    "cong": "≌",
    "propto": "∝",
    "angle": "∠",
    "triangle": "△",
    "perp": "⊥",
    "parallel": "∥",
    "circ": "°",
    "degree": "°",
    "odot": "⊙",
    "because": "∵",
    "therefore": "∴",
    "infty": "∞",
    "in": "∈",
    "notin": "∉",
    "subset": "⊂",
    "subseteq": "⊆",
    "cup": "∪",
    "cap": "∩",
    "emptyset": "∅",
    "forall": "∀",
    "exists": "∃",
    "to": "→",
    "rightarrow": "→",
    "leftarrow": "←",
    "Rightarrow": "⇒",
    "Leftrightarrow": "⇔",
    "uparrow": "↑",
    "downarrow": "↓",
    "ldots": "…",
    "cdots": "⋯",
    "dots": "…",
    "sum": "∑",
    "prod": "∏",
    "int": "∫",
    "prime": "′",
    "partial": "∂",
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "varepsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "phi": "φ",
    "varphi": "φ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
    "Gamma": "Γ",
    "Delta": "Δ",
    "Theta": "Θ",
    "Lambda": "Λ",
    "Pi": "Π",
    "Sigma": "Σ",
    "Phi": "Φ",
    "Psi": "Ψ",
    "Omega": "Ω",
    "quad": "  ",
    "qquad": "    ",
    ",": " ",
    ";": " ",
    ":": " ",
    " ": " ",
    "!": "",
    "{": "{",
    "}": "}",
    "%": "%",
    "$": "$",
    "#": "#",
    "&": "&",
    "_": "_",
    "lbrace": "{",
    "rbrace": "}",
    "langle": "⟨",
    "rangle": "⟩",
    "mid": "|",
    "lvert": "|",
    "rvert": "|",
    "colon": ":",
    "left": "",
    "right": "",
    "displaystyle": "",
    "limits": "",
    "\\": " ",
}
NAMES = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "arcsin",
        "arccos",
        "arctan",
        "lg",
        "ln",
        "log",
        "lim",
        "max",
        "min",
        "gcd",
        "lcm",
        "mod",
        "sinh",
        "cosh",
        "tanh",
        "exp",
        "det",
    ]
)
PLAIN = frozenset(["text", "mathrm", "mathbf", "mathit", "mathsf", "textbf", "textit", "operatorname", "boldsymbol"])
OVER = {"overline": "", "bar": "", "vec": "→", "hat": "^", "overrightarrow": "→", "dot": "˙"}
JOINS = frozenset("=<>+−×÷±∓≤≥≠≈≡∽≌∝∈∉⊂⊆∪∩→←⇒⇔⊥∥")

_TOKEN = re.compile(r"\\[A-Za-z]+\s?|\\.|\s+|.", re.DOTALL)


@dataclass
class Box:
    """A part of a formula: what is drawn where, counted from the left end of its base line. Pixels."""

    width: float = 0
    above: float = 0
    below: float = 0
    letters: list[tuple[float, float, str, int]] = field(default_factory=list)  # x, y of the base line, text, size
    rules: list[tuple[float, float, float, float]] = field(default_factory=list)  # from and to

    def put(self, other: Box, x: float, y: float = 0) -> None:
        """Another box with its base line's left end at x, y."""
        self.letters += [(x + at, y + base, text, size) for at, base, text, size in other.letters]
        self.rules += [(x + a, y + b, x + c, y + d) for a, b, c, d in other.rules]
        self.width = max(self.width, x + other.width)
        self.above = max(self.above, other.above - y)
        self.below = max(self.below, other.below + y)


def drawn(tex: str, size: int) -> Image.Image:
    """The formula as a mask (white on black) that just holds it, `size` pixels to its letters."""
    box = _row(_Tokens(tex), size, 0, None)
    pad = 2
    mask = Image.new("L", (int(box.width) + 2 * pad + 1, int(box.above + box.below) + 2 * pad + 1))
    brush = ImageDraw.Draw(mask)
    for x, y, text, letters in box.letters:
        font = fonts.cjk_font(letters)
        brush.text((pad + x, pad + box.above + y), text, 255, font, anchor="ls")
    thick = max(1, round(size * 0.05))
    for x, y, u, v in box.rules:
        ends = (pad + x, pad + box.above + y, pad + u, pad + box.above + v)
        brush.line(ends, 255, thick)
    return mask


def _whole(piece: str) -> str:
    """A command ends with its space; a space that is asked for is one."""
    return piece if piece.startswith("\\") and len(piece) == 2 else piece.rstrip() or " "


class _Tokens:
    """What was typed, in pieces, with one to be looked at before it is taken."""

    def __init__(self, tex: str) -> None:
        self._rest: Iterator[str] = (_whole(found.group()) for found in _TOKEN.finditer(tex))
        self.next: str | None = next(self._rest, None)

    def take(self) -> str | None:
        taken, self.next = self.next, next(self._rest, None)
        return taken

    def skip(self) -> None:
        while self.next == " ":
            self.take()


def _row(tokens: _Tokens, size: int, depth: int, end: str | None) -> Box:
    """Parts side by side up to `end`, each with what hangs on it."""
    row = Box(above=size * 0.8, below=size * 0.2)
    while tokens.next is not None:
        if tokens.next == end:
            tokens.take()
            break
        if tokens.next == " ":
            tokens.take()
            continue
        part = _atom(tokens, size, depth) if tokens.next not in ("^", "_") else Box()
        row.put(_with_scripts(tokens, part, size, depth), row.width)
    return row


def _with_scripts(tokens: _Tokens, part: Box, size: int, depth: int) -> Box:
    small = max(LEAST, round(size * SMALL))
    whole = Box()
    whole.put(part, 0)
    beside = part.width + size * 0.03
    while tokens.next in ("^", "_"):
        up = tokens.take() == "^"
        script = _argument(tokens, small, depth)
        is_sign = [text for _, _, text, _ in script.letters] in (["°"], ["′"])
        if is_sign:
            script = _letters("".join(text for _, _, text, _ in script.letters), size)
        rise = 0 if is_sign else max(size * 0.38, part.above - script.above * 0.6)
        whole.put(script, beside, -rise if up else size * 0.22)
    return whole


def _argument(tokens: _Tokens, size: int, depth: int) -> Box:
    tokens.skip()
    return Box() if tokens.next is None else _atom(tokens, size, depth)


def _atom(tokens: _Tokens, size: int, depth: int) -> Box:
    sign = tokens.take()
    assert sign is not None
    if depth >= DEEPEST:
        return _letters(sign, size)
    if sign == "{":
        return _row(tokens, size, depth + 1, "}")
    if not sign.startswith("\\") or len(sign) == 1:
        return _letters("−" if sign == "-" else "′" if sign == "'" else " " if sign == "~" else sign, size)
    name = sign[1:]
    if name in ("frac", "dfrac", "tfrac", "cfrac"):
        return _fraction(tokens, size, depth)
    if name == "sqrt":
        return _root(tokens, size, depth)
    if name in OVER:
        return _overlined(_argument(tokens, size, depth + 1), OVER[name], size)
    if name in PLAIN:
        return _plain(tokens, size)
    if name in SIGNS:
        return _letters(SIGNS[name], size)
    if name in NAMES:
        return _letters(f"{name} ", size)
    return _letters(name, size)


def _letters(text: str, size: int) -> Box:
    font = fonts.cjk_font(size)
    air = AIR * size if text in JOINS else 0.0
    box = Box(font.getlength(text) + 2 * air, size * 0.8, size * 0.2)
    if text.strip():
        box.letters.append((air, 0, text, size))
    return box


def _plain(tokens: _Tokens, size: int) -> Box:
    """Words as they stand, spaces included."""
    tokens.skip()
    if tokens.next != "{":
        return Box()
    tokens.take()
    text, open_ = "", 1
    while tokens.next is not None:
        sign = tokens.take() or ""
        open_ += (sign == "{") - (sign == "}")
        if open_ == 0:
            break
        text += sign
    return _letters(text, size)


def _fraction(tokens: _Tokens, size: int, depth: int) -> Box:
    inner = size if depth == 0 else max(LEAST, round(size * 0.8))
    over, under = _argument(tokens, inner, depth + 1), _argument(tokens, inner, depth + 1)
    width = max(over.width, under.width) + size * 0.2
    axis, gap = size * 0.3, size * 0.14
    box = Box(width + size * 0.1)
    box.put(over, (width - over.width) / 2 + size * 0.05, -axis - gap - over.below)
    box.put(under, (width - under.width) / 2 + size * 0.05, -axis + gap + under.above)
    box.rules.append((size * 0.05, -axis, size * 0.05 + width, -axis))
    box.width = width + size * 0.1
    return box


def _root(tokens: _Tokens, size: int, depth: int) -> Box:
    index = Box()
    tokens.skip()
    if tokens.next == "[":
        tokens.take()
        index = _row(tokens, max(LEAST, round(size * 0.5)), depth + 1, "]")
    inner = _argument(tokens, size, depth + 1)
    top, foot, hook = -inner.above - size * 0.12, inner.below, size * 0.55
    left = max(0.0, index.width - hook * 0.5)
    box = Box(above=-top + size * 0.05, below=foot)
    if index.letters:
        box.put(index, 0, top * 0.5)
    box.rules += [
        (left, foot - (foot - top) * 0.4, left + hook * 0.25, foot - (foot - top) * 0.45),
        (left + hook * 0.25, foot - (foot - top) * 0.45, left + hook * 0.5, foot),
        (left + hook * 0.5, foot, left + hook, top),
        (left + hook, top, left + hook + inner.width + size * 0.05, top),
    ]
    box.put(inner, left + hook)
    box.width += size * 0.08
    return box


def _overlined(inner: Box, sign: str, size: int) -> Box:
    box = Box()
    box.put(inner, 0)
    top = -inner.above - size * 0.08
    box.above += size * 0.2
    if sign in ("^", "˙"):
        mark = _letters(sign, size)
        box.put(mark, (inner.width - mark.width) / 2, -size * 0.25)
        return box
    box.rules.append((0, top, inner.width, top))
    if sign == "→":
        tip = size * 0.12
        box.rules += [
            (inner.width - tip, top - tip, inner.width, top),
            (inner.width - tip, top + tip, inner.width, top),
        ]
    return box
