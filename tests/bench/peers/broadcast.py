"""The `websockets` library with its own `broadcast()`. Usage: python broadcast.py PORT"""

from __future__ import annotations

import json
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

sockets: dict[int, ServerConnection] = {}


async def live(socket: ServerConnection) -> None:
    assert socket.request
    id = int(socket.request.path.partition("id=")[2])
    sockets[id] = socket
    try:
        async for text in socket:
            message = json.loads(text)
            if "all" in message:
                broadcast(sockets.values(), json.dumps({"event": message["all"]}))
            elif other := sockets.get(message["to"]):
                await other.send(json.dumps({"from": id, "event": message["event"]}))
    finally:
        sockets.pop(id, None)


async def main(port: int) -> None:
    async with serve(live, "127.0.0.1", port, compression=None, backlog=2048) as server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
