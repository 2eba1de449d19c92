"""The server's WebSocket protocol with a lane: frames that are built once, straight to the transport.

Everything else (handshake, control frames, validation, closing) is uvicorn's own, on the sans-I/O protocol of
`websockets`; on a server with the stock protocol `Connection` goes the long way, and nothing else changes.
"""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State

from server.live.lane import LANE, Lane


class Wire(WebSocketsSansIOProtocol):
    lane: Lane | None = None

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # else the handshake was refused
            self.lane = Lane(self.transport.write)
            self.scope["extensions"] = {**(self.scope["extensions"] or {}), LANE: {"lane": self.lane}}

    # The page reads slowly, or again. uvicorn's own `send` waits in between.

    def pause_writing(self) -> None:
        super().pause_writing()
        self._shut()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.lane and self.conn.state is State.OPEN and not self.disconnected:
            self.lane.turn(True)

    # Whatever begins to close: after a close frame comes no other.

    def handle_close(self, event: Frame) -> None:
        self._shut()
        super().handle_close(event)

    def handle_parser_exception(self) -> None:
        self._shut()
        super().handle_parser_exception()

    def shutdown(self) -> None:
        self._shut()
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._shut()
        super().connection_lost(exc)

    def _shut(self) -> None:
        if self.lane:
            self.lane.turn(False)
