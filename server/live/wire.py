"""The server's WebSocket protocol with a short way out: a text frame is built once, however many sockets it goes to.

Everything else (handshake, control frames, validation, closing) is uvicorn's own, on the sans-I/O protocol of
`websockets`; on a server with the stock protocol `Connection` goes the long way, and nothing else changes.
"""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

from server.live.connection import WRITE


class Wire(WebSocketsSansIOProtocol):
    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # else the handshake was refused
            self.scope["extensions"] = {**(self.scope["extensions"] or {}), WRITE: {"write": self.write}}

    def write(self, text: str) -> bool:
        """Only while the page reads and neither side has begun to close."""
        if not self.writable.is_set() or self.disconnected or self.close_sent or self.conn.state is not State.OPEN:
            return False
        self.transport.write(_framed(text))
        return True


_last: tuple[str, bytes] = ("", b"\x81\x00")


def _framed(text: str) -> bytes:
    """A text frame of RFC 6455, unmasked as servers send it; the one before is kept, as a room gets the same."""
    global _last
    known, frame = _last
    if text is known:
        return frame
    payload = text.encode()
    size = len(payload)
    if size < 126:
        frame = b"\x81%c" % size + payload
    elif size < 65536:
        frame = b"\x81\x7e" + size.to_bytes(2) + payload
    else:
        frame = b"\x81\x7f" + size.to_bytes(8) + payload
    _last = text, frame
    return frame
