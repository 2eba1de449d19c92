"""Starlette on uvicorn as its documentation shows it: a loop over the sockets with `await send_text`.

Usage: python stock.py PORT
"""

from __future__ import annotations

import json
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

sockets: dict[int, WebSocket] = {}


async def live(socket: WebSocket) -> None:
    id = int(socket.query_params["id"])
    await socket.accept()
    sockets[id] = socket
    try:
        async for text in socket.iter_text():
            message = json.loads(text)
            if "all" in message:
                frame = json.dumps({"event": message["all"]})
                for other in list(sockets.values()):
                    try:
                        await other.send_text(frame)
                    except (WebSocketDisconnect, RuntimeError):
                        continue
            elif other := sockets.get(message["to"]):
                await other.send_text(json.dumps({"from": id, "event": message["event"]}))
    finally:
        sockets.pop(id, None)


if __name__ == "__main__":
    uvicorn.run(
        Starlette(routes=[WebSocketRoute("/live", live)]),
        port=int(sys.argv[1]),
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="error",
        loop="uvloop",
    )
