"""A page's far end as cheap as Python makes one: a WebSocket and an HTTP client on bare asyncio."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Any
from uuid import uuid4


class Socket(asyncio.Protocol):
    """Speaks WebSocket as a client and takes frames apart; what a text frame means is `heard`'s matter."""

    def __init__(self, path: str) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.code = 0  # of the close, when the server said one
        self.lost = False
        self._path = path
        self._buffer = b""
        self._upgraded = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        request = (
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        transport.write(request.encode())

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"closed before it was ready: {exc}, code {self.code}"))

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        if not self._upgraded:
            head, found, buffer = buffer.partition(b"\r\n\r\n")
            if not found:
                self._buffer = head
                return
            assert b" 101 " in head[:20], head
            self._upgraded = True
            self.opened()
        begin, end = 0, len(buffer)
        while end - begin >= 2:
            length, start = buffer[begin + 1], begin + 2
            if length == 126:
                length, start = int.from_bytes(buffer[start : start + 2]), start + 2
            elif length == 127:
                length, start = int.from_bytes(buffer[start : start + 8]), start + 8
            if start + length > end:
                break
            if buffer[begin] == 0x89:
                self._write(0x8A, buffer[start : start + length])
            elif buffer[begin] == 0x88:
                self.code = int.from_bytes(buffer[start : start + 2])
                self._transport.close()
            elif buffer[begin] == 0x81:
                self.heard(buffer[start : start + length])
            begin = start + length
        self._buffer = buffer[begin:]

    def send(self, text: str) -> None:
        self._write(0x81, text.encode())

    def _write(self, head: int, payload: bytes) -> None:
        """Masked with zeros, which leaves the payload as it is."""
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2)
        self._transport.write(bytes([head]) + length + b"\0\0\0\0" + payload)

    def stop_reading(self) -> None:
        self._transport.pause_reading()

    def read_again(self) -> None:
        self._transport.resume_reading()

    def close(self) -> None:
        self._transport.abort()

    def opened(self) -> None:
        """The handshake is done."""
        self.ready.set_result(None)

    def heard(self, text: bytes) -> None:
        """A text frame."""


class Refused(Exception):
    """The service said no; the message holds status and body."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status}: {body[:300]!r}")
        self.status = status


class Http:
    """Calls of one service over connections that are kept and grow in number as calls overlap."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: deque[_Line] = deque()

    async def call(self, method: str, path: str, token: str = "", body: Any = None, key: bool | str = False) -> Any:
        """The JSON answer. `key` is the Idempotency-Key, or whether to send a new one. Raises Refused for what is no
        success."""
        payload = b"" if body is None else json.dumps(body).encode()
        head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(payload)}"]
        if body is not None:
            head.append("Content-Type: application/json")
        if token:
            head.append(f"Authorization: Bearer {token}")
        if key:
            head.append(f"Idempotency-Key: {uuid4() if key is True else key}")
        status, answer = await self.raw("\r\n".join(head).encode() + b"\r\n\r\n" + payload)
        if status >= 300:
            raise Refused(status, answer)
        return json.loads(answer) if answer else None

    async def put(self, path: str, data: bytes) -> None:
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n\r\n"
        status, answer = await self.raw(head.encode() + data)
        if status >= 300:
            raise Refused(status, answer)

    async def raw(self, request: bytes) -> tuple[int, bytes]:
        """A kept connection may have been closed by the server just now: then once more, on a fresh one."""
        while self._idle:
            line = self._idle.pop()
            if not line.lost:
                try:
                    return await self._ask(line, request)
                except ConnectionError:
                    break
        _, line = await asyncio.get_running_loop().create_connection(_Line, "127.0.0.1", self._port)
        return await self._ask(line, request)

    async def _ask(self, line: _Line, request: bytes) -> tuple[int, bytes]:
        answer = await line.ask(request)
        self._idle.append(line)
        return answer

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


class _Line(asyncio.Protocol):
    """One kept connection; one request at a time."""

    def __init__(self) -> None:
        self.lost = False
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionError(f"the connection was closed: {exc}"))

    def ask(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        status = int(head[9:12])
        at = head.lower().find(b"\r\ncontent-length:")
        length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        if self._answer and not self._answer.done():
            self._answer.set_result((status, rest[:length]))

    def close(self) -> None:
        self._transport.abort()
