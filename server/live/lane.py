"""A socket's lane: the short way out that a server may offer beside ASGI's `send`, and the frames that take it.

`send` waits, checks and frames anew for every socket. What a whole room gets is framed once, and each open lane takes
the same bytes; the lane itself says when it is shut, so that nobody has to ask before each frame.
"""

from __future__ import annotations

from collections.abc import Callable

LANE = "dayi.lane"  # in the ASGI scope's extensions, of a server that has one (wire.py)

Write = Callable[[bytes], None]


class Lane:
    """Open while the page reads and neither side has begun to close."""

    __slots__ = ("is_open", "on_turn", "write")

    def __init__(self, write: Write) -> None:
        self.write = write  # whole frames, while it is open
        self.is_open = True
        self.on_turn: Callable[[], None] = _nobody

    def turn(self, is_open: bool) -> None:
        """The way is free, or no longer; who uses it hears it at once."""
        if is_open != self.is_open:
            self.is_open = is_open
            self.on_turn()


def framed(text: str) -> bytes:
    """A text frame of RFC 6455, unmasked as servers send it."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return b"\x81%c" % size + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2) + payload
    return b"\x81\x7f" + size.to_bytes(8) + payload


def _nobody() -> None:
    return
